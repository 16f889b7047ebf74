// Counts operations and bytes of a kernel by walking its loops.
//
// In: a par.kernel before any mapping, so loops are the program's own. Out: formulas in dims. Each operation counts as often
// as the loops around it turn; of two branches the dearer one. Bytes are of distinct elements, each moved once: what a
// kernel costs if all that it reuses stays in a cache. Buffers that live inside the kernel move nothing.
#include "compiler/report/Work.h"
#include "dialects/tx/TxOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace texpr::report {

Place placeOf(Operation *op) {
  Place place;
  op->getLoc()->walk([&](Location l) {
    auto file = dyn_cast<FileLineColLoc>(l);
    if (!file)
      return WalkResult::advance();
    place = {file.getLine(), file.getColumn(), file.getFilename().str()};
    return WalkResult::interrupt();
  });
  return place;
}

namespace {

constexpr double kTypicalSize = 1000; // by which two formulas are compared

int64_t bytesOf(Type t) { return t.isInteger(1) ? 1 : t.getIntOrFloatBitWidth() / 8; }

struct Touched {
  Formula accesses;
  bool isGathered = false;
};
using Touches = llvm::MapVector<Value, Touched>;

/// Counts of one run of a block.
struct Tally {
  Formula flops, integers, checks;
  std::map<std::string, Formula> calls;
  Touches reads, writes;

  /// Applies `f` to every count.
  void each(llvm::function_ref<Formula(const Formula &)> f) {
    for (Formula *count : {&flops, &integers, &checks})
      *count = f(*count);
    for (auto &[name, count] : calls)
      count = f(count);
    for (Touches *touches : {&reads, &writes})
      for (auto &[buffer, touched] : *touches)
        touched.accesses = f(touched.accesses);
  }
  void add(const Tally &o) {
    flops += o.flops;
    integers += o.integers;
    checks += o.checks;
    for (auto &[name, count] : o.calls)
      calls[name] += count;
    for (auto [to, from] : {std::pair{&reads, &o.reads}, std::pair{&writes, &o.writes}})
      for (auto &[buffer, touched] : *from) {
        Touched &t = (*to)[buffer];
        t.accesses += touched.accesses;
        t.isGathered |= touched.isGathered;
      }
  }
  double weight() const {
    double sum = flops.at(kTypicalSize) + integers.at(kTypicalSize);
    for (auto &[name, count] : calls)
      sum += 16 * count.at(kTypicalSize);
    return sum;
  }
};

class Counter {
public:
  Counter(Indices &indices, const std::set<Place> &rings) : indices(indices), rings(rings) {}

  Work count(par::KernelOp kernel) {
    this->kernel = kernel;
    Tally all = block(*kernel.getBlock());
    Work work{all.flops, all.calls, all.integers, all.checks, {}, {}};
    for (auto &[buffer, touched] : all.reads)
      work.reads.push_back(traffic(buffer, touched));
    for (auto &[buffer, touched] : all.writes)
      work.writes.push_back(traffic(buffer, touched));
    return work;
  }

private:
  Tally block(Block &b) {
    Tally tally;
    for (Operation &op : b)
      tally.add(visit(&op));
    return tally;
  }
  Tally blocks(Operation *op) {
    Tally tally;
    for (Region &region : op->getRegions())
      for (Block &b : region)
        tally.add(block(b));
    return tally;
  }

  Tally visit(Operation *op) {
    Tally tally;
    if (auto loop = dyn_cast<tx::HasDomain>(op))
      return nest(op, loop);
    if (auto choice = dyn_cast<scf::IfOp>(op))
      return branches(choice);
    if (auto load = dyn_cast<par::LoadOp>(op))
      touch(tally.reads, load.getSource(), load.getIndices());
    else if (auto store = dyn_cast<par::StoreOp>(op))
      touch(tally.writes, store.getDest(), store.getIndices());
    else if (isa<par::FailOp>(op))
      tally.checks = 1;
    else
      arithmetic(op, tally);
    tally.add(blocks(op));
    return tally;
  }

  /// What the chunks of a scan or filter cut, of a loop over one of them: chunk * size / chunks … (chunk + 1) * size / chunks.
  static Value cutBy(par::SeqOp loop, par::ForallOp &chunks) {
    chunks = loop->getParentOfType<par::ForallOp>();
    auto end = loop.getUpper().getDefiningOp<arith::DivUIOp>();
    auto product = end ? end.getLhs().getDefiningOp<arith::MulIOp>() : arith::MulIOp();
    auto next = product ? product.getLhs().getDefiningOp<arith::AddIOp>() : arith::AddIOp();
    bool isCut = chunks && next && chunks.getArgs().size() == 1 &&
                 next.getLhs() == chunks.getArgs()[0] && end.getRhs() == chunks.getUpper()[0];
    return isCut ? product.getRhs() : Value();
  }

  Tally nest(Operation *op, tx::HasDomain loop) {
    Tally tally = blocks(op);
    par::ForallOp chunks;
    // All chunks together run once over what they cut.
    if (auto seq = dyn_cast<par::SeqOp>(op))
      if (Value size = cutBy(seq, chunks)) {
        tally.each([&](const Formula &f) {
          return indices.sum(f, seq.getInductionVar(), chunks.getLower()[0], size,
                             seq.getAxis().str());
        });
        return tally;
      }
    if (isa<par::ForallOp>(op) && llvm::any_of(op->getRegion(0).front(), [&](Operation &inner) {
          auto seq = dyn_cast<par::SeqOp>(inner);
          return seq && cutBy(seq, chunks) && chunks == op;
        }))
      return tally;
    if (auto reduce = dyn_cast<par::ReduceOp>(op))
      tally.add(combining(reduce));
    bool isRing = rings.count(placeOf(op));
    auto names = op->getAttrOfType<ArrayAttr>("axes");
    auto ranges = loop.getAxisRanges(op->getRegion(0));
    for (size_t i = ranges.size(); i-- > 0;) { // a later axis may depend on an earlier one
      auto [axis, lower, upper] = ranges[i];
      std::string name =
          (names ? cast<StringAttr>(names[i]).getValue() : cast<par::SeqOp>(op).getAxis()).str();
      bool isNewRow =
          i == 0 && isRing && indices.dependsOnAxis(lower) && indices.dependsOnAxis(upper);
      tally.each([&, axis = axis, lower = lower, upper = upper](const Formula &f) {
        return isNewRow ? indices.first(f, axis, lower, name)
                        : indices.sum(f, axis, lower, upper, name);
      });
    }
    return tally;
  }

  /// What combining costs: one operation a value, or the body of the user's operator.
  Tally combining(par::ReduceOp reduce) {
    Tally tally;
    if (auto symbol = reduce.getCombinerAttr()) {
      auto combiner = SymbolTable::lookupNearestSymbolFrom<tx::CombinerOp>(reduce, symbol);
      return combiner ? block(*combiner.getBlock()) : tally;
    }
    for (Type t : reduce.getResultTypes())
      operation(t, tally);
    return tally;
  }

  static void operation(Type t, Tally &tally) {
    if (isa<FloatType>(t))
      tally.flops += 1;
    else if (!t.isIndex() && !t.isInteger(1))
      tally.integers += 1;
  }

  static void arithmetic(Operation *op, Tally &tally) {
    if (op->getNumResults() != 1)
      return;
    Type t = op->getResult(0).getType();
    StringRef dialect = op->getDialect() ? op->getDialect()->getNamespace() : "";
    if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp, arith::NegFOp,
            arith::MinimumFOp, arith::MaximumFOp, arith::AddIOp, arith::SubIOp, arith::MulIOp,
            arith::MinSIOp, arith::MaxSIOp, arith::MinUIOp, arith::MaxUIOp, arith::AndIOp,
            arith::OrIOp, arith::XOrIOp, tx::ScalarOp>(op))
      operation(t, tally);
    else if (isa<math::FmaOp>(op))
      tally.flops += 2;
    else if (isa<math::AbsFOp, math::CopySignOp, math::FloorOp, math::CeilOp, math::RoundEvenOp,
                 math::TruncOp>(op))
      tally.flops += 1;
    else if (dialect == "math" && isa<FloatType>(t))
      tally.calls[op->getName().stripDialect().str()] += 1;
  }

  /// The dearer one.
  Tally branches(scf::IfOp choice) {
    Tally yes, no;
    for (Block &b : choice.getThenRegion())
      yes = block(b);
    for (Block &b : choice.getElseRegion())
      no = block(b);
    return yes.weight() >= no.weight() ? yes : no;
  }

  void touch(Touches &touches, Value buffer, ValueRange at) {
    if (kernel.getBody().isAncestor(buffer.getParentRegion()))
      return;
    Touched &t = touches[buffer];
    t.accesses += 1;
    t.isGathered |= llvm::any_of(at, [&](Value i) { return indices.dependsOnData(i); });
  }

  Traffic traffic(Value buffer, const Touched &touched) {
    Traffic out;
    ValueRange extents;
    if (auto bind = buffer.getDefiningOp<par::BindOp>()) {
      extents = bind.getExtents();
      auto arg = dyn_cast<BlockArgument>(bind.getSource());
      auto func = kernel->getParentOfType<func::FuncOp>();
      if (auto name =
              arg ? func.getArgAttrOfType<StringAttr>(arg.getArgNumber(), "tx.name") : StringAttr())
        out.name = name.str();
    } else if (auto alloc = buffer.getDefiningOp<par::AllocOp>()) {
      extents = alloc.getExtents();
      out.name = alloc.getName() ? alloc.getName()->str() : "an intermediate";
    }
    auto type = cast<par::BufType>(buffer.getType());
    Formula size = 1;
    for (Value extent : extents)
      size = size * indices.of(extent);
    bool isPart = touched.isGathered || touched.accesses.at(kTypicalSize) < size.at(kTypicalSize);
    out.bytes =
        (isPart ? touched.accesses : size) * Formula(double(bytesOf(type.getElementType())));
    return out;
  }

  Indices &indices;
  const std::set<Place> &rings;
  par::KernelOp kernel;
};

} // namespace

Work workOf(par::KernelOp kernel, Indices &indices, const std::set<Place> &rings) {
  return Counter(indices, rings).count(kernel);
}

} // namespace texpr::report

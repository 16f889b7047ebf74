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
    place = {file.getLine(), file.getColumn()};
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

class Counter {
public:
  Counter(Indices &indices, const std::set<Place> &rings) : indices(indices), rings(rings) {}

  Work count(par::KernelOp kernel) {
    this->kernel = kernel;
    block(*kernel.getBlock(), 1);
    for (auto &[buffer, touched] : read)
      work.reads.push_back(traffic(buffer, touched));
    for (auto &[buffer, touched] : written)
      work.writes.push_back(traffic(buffer, touched));
    return std::move(work);
  }

private:
  void block(Block &b, const Formula &times) {
    for (Operation &op : b)
      visit(&op, times);
  }

  void visit(Operation *op, const Formula &times) {
    if (auto loop = dyn_cast<tx::HasDomain>(op))
      return nest(op, loop, times);
    if (auto choice = dyn_cast<scf::IfOp>(op))
      return branches(choice, times);
    if (auto load = dyn_cast<par::LoadOp>(op))
      return touch(read, load.getSource(), load.getIndices(), times);
    if (auto store = dyn_cast<par::StoreOp>(op))
      return touch(written, store.getDest(), store.getIndices(), times);
    if (isa<par::FailOp>(op)) {
      work.checks += times;
      return;
    }
    arithmetic(op, times);
    for (Region &region : op->getRegions())
      for (Block &b : region)
        block(b, times);
  }

  void nest(Operation *op, tx::HasDomain loop, const Formula &times) {
    Region &body = op->getRegion(0);
    Formula turns = times;
    bool isRing = rings.count(placeOf(op));
    auto axes = op->getAttrOfType<ArrayAttr>("axes");
    for (auto [i, axis] : llvm::enumerate(loop.getAxisRanges(body))) {
      bool isWindow = i == 0 && isRing && indices.dependsOnAxis(axis.lower) &&
                      indices.dependsOnAxis(axis.upper);
      StringRef name = axes ? cast<StringAttr>(axes[i]).getValue() : cast<par::SeqOp>(op).getAxis();
      if (!isWindow)
        turns = turns * indices.iterations(axis.arg, axis.lower, axis.upper, name);
    }
    for (Region &region : op->getRegions())
      for (Block &b : region)
        block(b, turns);
    if (auto reduce = dyn_cast<par::ReduceOp>(op))
      combine(reduce, turns);
  }

  /// What combining costs: one operation a value, or the body of the user's operator.
  void combine(par::ReduceOp reduce, const Formula &turns) {
    if (auto symbol = reduce.getCombinerAttr()) {
      if (auto combiner = SymbolTable::lookupNearestSymbolFrom<tx::CombinerOp>(reduce, symbol))
        block(*combiner.getBlock(), turns);
      return;
    }
    for (Type t : reduce.getResultTypes())
      operation(t, turns);
  }

  void operation(Type t, const Formula &times) {
    if (isa<FloatType>(t))
      work.flops += times;
    else if (!t.isIndex() && !t.isInteger(1))
      work.integers += times;
  }

  void arithmetic(Operation *op, const Formula &times) {
    if (op->getNumResults() != 1)
      return;
    Type t = op->getResult(0).getType();
    StringRef dialect = op->getDialect() ? op->getDialect()->getNamespace() : "";
    if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp, arith::NegFOp,
            arith::MinimumFOp, arith::MaximumFOp, arith::AddIOp, arith::SubIOp, arith::MulIOp,
            arith::MinSIOp, arith::MaxSIOp, arith::MinUIOp, arith::MaxUIOp, arith::AndIOp,
            arith::OrIOp, arith::XOrIOp, tx::ScalarOp>(op))
      operation(t, times);
    else if (isa<math::FmaOp>(op))
      work.flops += times * Formula(2);
    else if (isa<math::AbsFOp, math::CopySignOp, math::FloorOp, math::CeilOp, math::RoundEvenOp,
                 math::TruncOp>(op))
      work.flops += times;
    else if (dialect == "math" && isa<FloatType>(t))
      work.calls[op->getName().stripDialect().str()] += times;
  }

  void branches(scf::IfOp choice, const Formula &times) {
    Work before = work;
    auto taken = [&](Region &region) {
      work = before;
      for (Block &b : region)
        block(b, times);
      return work;
    };
    Work yes = taken(choice.getThenRegion()), no = taken(choice.getElseRegion());
    work = weight(yes) >= weight(no) ? yes : no;
  }
  static double weight(const Work &w) {
    double sum = w.flops.at(kTypicalSize) + w.integers.at(kTypicalSize);
    for (auto &[name, times] : w.calls)
      sum += 16 * times.at(kTypicalSize);
    return sum;
  }

  using Touches = llvm::MapVector<Value, Touched>;
  void touch(Touches &touches, Value buffer, ValueRange at, const Formula &times) {
    if (kernel.getBody().isAncestor(buffer.getParentRegion()))
      return;
    Touched &t = touches[buffer];
    t.accesses += times;
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
  Work work;
  Touches read, written;
};

} // namespace

Work workOf(par::KernelOp kernel, Indices &indices, const std::set<Place> &rings) {
  return Counter(indices, rings).count(kernel);
}

} // namespace texpr::report

// workspace: buffers placed there become parts of the call's block, whose size is a closed formula.
//
//   %t = par.alloc [%m] {place = "workspace"}       %t = par.slot at %c0 [%m]
//                                              =>   func.func @f.workspace(%m: index) -> index {
//                                                     align64(4 * m) }
//
// A buffer between kernels has a part of its own. One inside a task is owned by the chunk: chunk c
// of the outermost forall has the part  base + c * bytes, and the parts of different kernels
// overlap, since kernels run one after the other. An extent that changes from iteration to
// iteration is replaced by an upper bound made of dims (`Bound`); the checker has accepted only
// extents that have one. Neither formula knows the number of threads. On a machine with blocks each
// of them owns a part, as a chunk does.
#include "compiler/transform/Bound.h"
#include "compiler/transform/Passes.h"
#include "dialects/par/ParOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_WORKSPACE
#include "compiler/transform/Passes.h.inc"

namespace {

constexpr int64_t kAlignment = 64; // a cache line: parts of two tasks never share one

struct Slot {
  par::AllocOp alloc;
  par::ForallOp chunk; // null: lives between kernels
};

class Layout {
public:
  Layout(func::FuncOp func, MutableArrayRef<Slot> slots) : func(func), slots(slots) {}

  /// Emits the whole formula at `b`, with `arguments` for the function's; the total, and each
  /// slot's base and step.
  LogicalResult emit(OpBuilder &b, ValueRange arguments, Value &total,
                     SmallVectorImpl<std::pair<Value, Value>> &parts) {
    Location loc = func.getLoc();
    IRMapping map;
    map.map(func.getArguments(), arguments);
    Bound bound(b, map);
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    Value base = zero;
    parts.assign(slots.size(), {});
    for (auto [i, slot] : llvm::enumerate(slots)) {
      if (slot.chunk)
        continue;
      Value bytes = bytesOf(b, bound, slot.alloc);
      if (!bytes)
        return failure();
      parts[i] = {base, Value()};
      base = arith::AddIOp::create(b, loc, base, bytes);
    }
    total = base;
    // Chunk-owned parts start after those; each kernel starts anew.
    llvm::MapVector<Operation *, Value> ends;
    for (auto [i, slot] : llvm::enumerate(slots)) {
      if (!slot.chunk)
        continue;
      Value bytes = bytesOf(b, bound, slot.alloc);
      Value chunks = countOf(b, bound, slot.chunk);
      if (!chunks)
        slot.chunk.emitError("internal: the number of chunks has no bound in dims");
      if (!bytes || !chunks)
        return failure();
      Value &end = ends.insert({slot.chunk, base}).first->second;
      parts[i] = {end, bytes};
      end = arith::AddIOp::create(b, loc, end, arith::MulIOp::create(b, loc, bytes, chunks));
    }
    for (auto &[chunk, end] : ends)
      total = arith::MaxSIOp::create(b, loc, total, end);
    return success();
  }

private:
  /// Iterations of the loop that owns a part each.
  Value countOf(OpBuilder &b, Bound &bound, par::ForallOp loop) {
    Value count;
    for (Value upper : loop.getUpper()) {
      Value most = bound.upper(upper);
      if (!most)
        return {};
      count = count ? arith::MulIOp::create(b, loop.getLoc(), count, most).getResult() : most;
    }
    return count;
  }

  Value bytesOf(OpBuilder &b, Bound &bound, par::AllocOp alloc) {
    Location loc = alloc.getLoc();
    Type element = cast<par::BufType>(alloc.getType()).getElementType();
    int64_t size = element.isIndex() ? 8 : std::max(1u, element.getIntOrFloatBitWidth() / 8);
    Value bytes = arith::ConstantIndexOp::create(b, loc, size);
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    for (Value extent : alloc.getExtents()) {
      Value most = bound.upper(extent);
      if (!most) {
        alloc.emitError("internal: the extent of a buffer has no bound in dims");
        return {};
      }
      bytes = arith::MulIOp::create(b, loc, bytes, arith::MaxSIOp::create(b, loc, most, zero));
    }
    Value round = arith::AddIOp::create(b, loc, bytes,
                                        arith::ConstantIndexOp::create(b, loc, kAlignment - 1));
    return arith::AndIOp::create(b, loc, round,
                                 arith::ConstantIndexOp::create(b, loc, -kAlignment));
  }

  func::FuncOp func;
  MutableArrayRef<Slot> slots;
};

struct Workspace : impl::WorkspaceBase<Workspace> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> funcs(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp func : funcs)
      if (!func.isExternal() && failed(layOut(func)))
        return signalPassFailure();
  }

  LogicalResult layOut(func::FuncOp func) {
    SmallVector<Slot> slots;
    func.walk([&](par::AllocOp alloc) {
      if (alloc.getPlace() != "workspace")
        return;
      par::ForallOp chunk = alloc->getParentOfType<par::ForallOp>();
      while (chunk && chunk.getLevel() != "thread" && chunk.getLevel() != "block")
        chunk = chunk->getParentOfType<par::ForallOp>();
      slots.push_back({alloc, chunk});
    });
    Layout layout(func, slots);
    Value total;
    SmallVector<std::pair<Value, Value>> parts;
    OpBuilder b = OpBuilder::atBlockBegin(&func.getBody().front());
    if (!slots.empty() && failed(layout.emit(b, func.getArguments(), total, parts)))
      return failure();
    if (failed(makeFormula(func, layout)))
      return failure();
    for (auto [slot, part] : llvm::zip(slots, parts)) {
      b.setInsertionPoint(slot.alloc);
      Location loc = slot.alloc.getLoc();
      Value offset = part.first;
      if (slot.chunk) {
        Value index = indexIn(b, slot.chunk);
        offset = arith::AddIOp::create(b, loc, offset,
                                       arith::MulIOp::create(b, loc, index, part.second));
      }
      auto made =
          par::SlotOp::create(b, loc, slot.alloc.getType(), offset, slot.alloc.getExtents());
      if (StringAttr name = slot.alloc.getNameAttr())
        made->setAttr("par.name", name);
      slot.alloc.replaceAllUsesWith(made.getResult());
      slot.alloc.erase();
    }
    return success();
  }

  /// The number of the iteration that `b` stands in, row-major; its loop counts from 0.
  static Value indexIn(OpBuilder &b, par::ForallOp loop) {
    Value index = loop.getBody().front().getArgument(0);
    for (unsigned d = 1; d < loop.getNumAxes(); ++d) {
      index = arith::MulIOp::create(b, loop.getLoc(), index, loop.getUpper()[d]);
      index = arith::AddIOp::create(b, loop.getLoc(), index, loop.getArgs()[d]);
    }
    return index;
  }

  /// `@f.workspace`, over the dim arguments of `@f`.
  LogicalResult makeFormula(func::FuncOp func, Layout &layout) {
    OpBuilder b(func);
    SmallVector<Type> types;
    for (unsigned i = 0; i < func.getNumArguments(); ++i)
      if (func.getArgAttr(i, "tx.dim"))
        types.push_back(b.getIndexType());
    auto formula = func::FuncOp::create(b, func.getLoc(), (func.getName() + ".workspace").str(),
                                        b.getFunctionType(types, b.getIndexType()));
    formula->setAttr("tx.workspace_of", FlatSymbolRefAttr::get(func));
    Block *body = formula.addEntryBlock();
    b.setInsertionPointToStart(body);
    // Arguments that are no dims have no part in the formula: a bound never needs them.
    SmallVector<Value> arguments;
    unsigned next = 0;
    for (unsigned i = 0; i < func.getNumArguments(); ++i)
      arguments.push_back(func.getArgAttr(i, "tx.dim") ? Value(body->getArgument(next++))
                                                       : Value());
    Value total;
    SmallVector<std::pair<Value, Value>> parts;
    if (failed(layout.emit(b, arguments, total, parts)))
      return failure();
    func::ReturnOp::create(b, func.getLoc(), total);
    return success();
  }
};
} // namespace
} // namespace texpr

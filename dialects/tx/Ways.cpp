// Which algorithms a form allows, by what it combines and how its body is made.
//
//   tx.scan add (%t) = 0 to %n { %r = tx.compute (%j) = 0 to %d { … }  tx.yield %r }    each element of %r has its own chain
//   tx.scan add (%t) = 0 to %n { %s = tx.reduce … ; %r = tx.compute … }                 each of them would do the sum again
#include "dialects/tx/Ways.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace texpr::tx {

bool hasAnyOrder(ScatterOp op) {
  if (!op.getOp() || op.getOp() == Combine::user)
    return false;
  bool isExtreme = op.getOp() == Combine::min || op.getOp() == Combine::max;
  return llvm::all_of(ValueRange(op.getPutValues()).getTypes(), [&](Type t) {
    Type element = getElementTypeOrSelf(t);
    return element.isIntOrIndex() || (isExtreme && isa<FloatType>(element));
  });
}

bool needsNoOrder(ScatterOp op) { return !op.getOp() && op.getDistinct(); }

bool combinesTensors(ScanOp op) {
  return isa<RankedTensorType>(op.getYield().getValues()[0].getType());
}

bool mayGoByColumns(ScanOp op) {
  if (!combinesTensors(op))
    return false;
  ValueRange yielded = op.getYield().getValues();
  for (Operation &inner : op.getBlock()->without_terminator()) {
    auto compute = dyn_cast<ComputeOp>(inner);
    if (!compute && (inner.getNumRegions() > 0 || !isPure(&inner)))
      return false;
    if (compute &&
        llvm::any_of(inner.getUsers(), [&](Operation *user) { return user != op.getYield(); }))
      return false;
  }
  auto rank = cast<RankedTensorType>(yielded[0].getType()).getRank();
  return llvm::all_of(yielded, [&](Value v) {
    auto compute = v.getDefiningOp<ComputeOp>();
    return compute && compute->getBlock() == op.getBlock() && compute.getNumAxes() == rank;
  });
}

/// A failure may be recorded in it, or it changes something.
static bool mayFail(Operation &op) {
  return !isMemoryEffectFree(&op) || op.walk([](Operation *part) {
                                         return part->hasAttr("site") ? WalkResult::interrupt()
                                                                      : WalkResult::advance();
                                       }).wasInterrupted();
}

bool mayHaveOwners(ScatterOp op) {
  return !needsNoOrder(op) &&
         !op->walk([](CheckOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

SmallVector<Operation *> opsOfPlace(ScatterOp op) {
  Block *block = op.getBlock();
  llvm::DenseSet<Operation *> needed;
  auto need = [&](ValueRange values) {
    for (Value v : values)
      if (Operation *def = v.getDefiningOp())
        if (Operation *top = block->findAncestorOpInBlock(*def))
          needed.insert(top);
  };
  need(op.getPlace());
  bool maySkip = op.getSkip() && !op.getInBounds();
  for (Operation &inner : llvm::reverse(block->without_terminator()))
    if (needed.contains(&inner) || (maySkip && mayFail(inner))) {
      needed.insert(&inner);
      inner.walk([&](Operation *part) { need(part->getOperands()); });
    }
  SmallVector<Operation *> ops;
  for (Operation &inner : block->without_terminator())
    if (needed.contains(&inner))
      ops.push_back(&inner);
  return ops;
}

} // namespace texpr::tx

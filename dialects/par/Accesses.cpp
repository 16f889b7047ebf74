// The reads and writes under an op, listed.
//
// A buffer is never carried, chosen or stored, so two accesses touch one buffer exactly where their
// buffers are the same value (a function's arguments are distinct by the call's contract, slots by
// the workspace's layout).
#include "dialects/par/Accesses.h"

using namespace mlir;

namespace texpr::par {

SmallVector<Access> accessesUnder(Operation *root) {
  SmallVector<Access> all;
  root->walk<WalkOrder::PreOrder>([&](Operation *op) {
    using Kind = Access::Kind;
    if (auto load = dyn_cast<LoadOp>(op)) {
      all.push_back(
          {Kind::read, op, load.getSource(), llvm::to_vector(load.getIndices()), load.getMask()});
    } else if (auto store = dyn_cast<StoreOp>(op)) {
      all.push_back(
          {Kind::write, op, store.getDest(), llvm::to_vector(store.getIndices()), store.getMask()});
    } else if (auto atomic = dyn_cast<AtomicOp>(op)) {
      all.push_back(
          {Kind::update, op, atomic.getDest(), llvm::to_vector(atomic.getIndices()), Value()});
    } else if (auto contract = dyn_cast<ContractOp>(op)) {
      all.push_back({Kind::read, op, contract.getA(), {}, Value()});
      all.push_back({Kind::read, op, contract.getB(), {}, Value()});
      all.push_back({Kind::update, op, contract.getC(), {}, Value()});
    }
  });
  return all;
}

bool isLocalTo(Value buffer, Operation *root) {
  Operation *maker = buffer.getDefiningOp();
  if (!maker)
    maker = cast<BlockArgument>(buffer).getOwner()->getParentOp();
  return root->isProperAncestor(maker);
}

} // namespace texpr::par

// Extents of buffers: every buffer is made by an op that names them, or stands for a tensor of an
// island.
//
// In: a buffer. Out: its extents, one value an axis, which dominate wherever the buffer does. Nothing is computed but the
// extents of an island's tensors, at the builder.
#include "dialects/par/Extents.h"
#include "dialects/tx/Extents.h"

using namespace mlir;

namespace texpr::par {

static SmallVector<Value> argumentExtents(OpBuilder &b, BlockArgument arg) {
  auto island = dyn_cast<DoOp>(arg.getOwner()->getParentOp());
  assert(island && "a buffer argument of a function is bound before its extents are asked");
  unsigned inputs = island.getInputs().size();
  if (arg.getArgNumber() < inputs)
    return tx::getExtents(b, island.getInputs()[arg.getArgNumber()]);
  return SmallVector<Value>(island.getExtentsOf(arg.getArgNumber() - inputs));
}

SmallVector<Value> getExtents(OpBuilder &b, Value buffer) {
  if (auto arg = dyn_cast<BlockArgument>(buffer))
    return argumentExtents(b, arg);
  Operation *maker = buffer.getDefiningOp();
  if (auto bind = dyn_cast<BindOp>(maker))
    return SmallVector<Value>(bind.getExtents());
  if (auto alloc = dyn_cast<AllocOp>(maker))
    return SmallVector<Value>(alloc.getExtents());
  return SmallVector<Value>(cast<SlotOp>(maker).getExtents());
}

} // namespace texpr::par

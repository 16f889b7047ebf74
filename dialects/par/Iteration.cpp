// The number of an iteration, by which a failure is reported.
//
// In: a place in a function of stage tx or par. Out: an index, computed there of the arguments of the innermost
// loop around it. It is taken before forms are fused and loops are changed, and goes with the op that it is an
// operand of, so it says the same whatever is done to the loops.
//   tx.compute (%i, %j) to (%m, %n) { … tx.read %x[%k] fail 3 at %i * %n + %j }
#include "dialects/par/Iteration.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace texpr::par {

Value rowMajor(OpBuilder &b, Location loc, ValueRange indices, ValueRange extents) {
  Value place;
  for (auto [i, extent] : llvm::zip_equal(indices, extents)) {
    if (place)
      place =
          b.createOrFold<arith::AddIOp>(loc, b.createOrFold<arith::MulIOp>(loc, place, extent), i);
    else
      place = i;
  }
  return place ? place : arith::ConstantIndexOp::create(b, loc, 0);
}

Value iterationAt(OpBuilder &b, Location loc) {
  Operation *around;
  for (Region *region = b.getInsertionBlock()->getParent(); region;
       region = around->getParentRegion()) {
    around = region->getParentOp();
    if (!around) // a body that is being made
      break;
    auto loop = dyn_cast<tx::HasDomain>(around);
    if (!loop)
      continue;
    SmallVector<Value> indices, extents;
    for (const tx::AxisRange &axis : loop.getAxisRanges(*region)) {
      indices.push_back(axis.arg);
      extents.push_back(axis.upper);
    }
    if (!indices.empty())
      return rowMajor(b, loc, indices, extents);
  }
  return arith::ConstantIndexOp::create(b, loc, 0);
}

} // namespace texpr::par

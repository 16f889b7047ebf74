// tx.check: a test of every iteration; where one fails, the call ends before what relies on it.
//
//   tx.check (%i) = 0 to %m { … tx.yield %ok } site 3    →    par.kernel { par.forall (%i) = 0 to %m {
//                                                               … par.fail 3 if not %ok } }
//                                                             par.stop
// par.stop follows the kernel, on the host (`lowerKernel`). Nothing is stored, so the iterations may run in any
// order; the runtime keeps the lowest site, then the lowest index.
#include "compiler/transform/LowerToPar.h"
#include "dialects/par/Iteration.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace texpr {

void ParLowering::lowerCheck(tx::CheckOp op) {
  Location loc = op.getLoc();
  Block *body = op.getBlock();
  lowerBlock(*body);
  Operation *yield = body->getTerminator();
  b.setInsertionPoint(yield);
  Value yes = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
  Value isBad = arith::XOrIOp::create(b, loc, yield->getOperand(0), yes);
  par::FailOp::create(b, loc, isBad, op.getSiteAttr(), par::iterationAt(b, loc));
  yield->erase();
  if (op.getNumAxes() == 0) {
    op->getBlock()->getOperations().splice(op->getIterator(), body->getOperations());
  } else {
    b.setInsertionPoint(op);
    auto loop = par::ForallOp::create(b, loc, op.getLower(), op.getUpper(), op.getAxes(),
                                      StringAttr(), UnitAttr(), UnitAttr());
    loop.getBody().takeBody(op.getBody());
    b.setInsertionPointToEnd(loop.getBlock());
    par::YieldOp::create(b, loc);
  }
  dead.push_back(op);
}

/// True where a test stands in `op`, which may then have ended the call.
bool ParLowering::holdsCheck(Operation *op) {
  return op->walk([](tx::CheckOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

} // namespace texpr

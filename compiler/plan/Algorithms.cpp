// Algorithms of the forms that have several. A part of plan-fusion: what stands in an iteration is settled there.
//
//   scan, filter   `chunks` where it has a kernel of its own and combines scalars: two passes over pieces of the domain, cut
//                  by its size, a task each; `serial`, one chain, elsewhere or where the source asks for it
//   scatter, sort  the dims choose when the function is called (transform/LowerScatter.cpp, LowerSort.cpp): nothing to decide
#include "compiler/plan/Algorithms.h"
#include "compiler/plan/Pins.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr::plan {

static bool isAlone(Operation *op) {
  for (Operation *at = op->getParentOp(); at; at = at->getParentOp())
    if (!isa<func::FuncOp, scf::IfOp, tx::ForOp>(at))
      return isa<ModuleOp>(at);
  return true;
}

static bool combinesScalars(Operation *op) {
  Operation *yield = op->getRegion(0).front().getTerminator();
  return llvm::none_of(yield->getOperandTypes(), [](Type t) { return isa<RankedTensorType>(t); });
}

static void decide(Operation *op) {
  bool isChain = isa<tx::ScanOp, tx::FilterOp>(op);
  bool mayChunk = isChain && isAlone(op) && combinesScalars(op);
  StringRef asked = isPinned(op, "algo") ? getAlgo(op) : StringRef();
  bool isRight = asked.empty() || (isChain && asked == "serial") || (mayChunk && asked == "chunks");
  if (!isRight) {
    op->removeAttr(algoName);
    emitError(locationOfPin(op, "algo"))
        << "pin: @algo cannot be obeyed here: "
        << (mayChunk  ? "it is done by `chunks` or `serial`"
            : isChain ? "a part of an iteration, or a chain of tensors, is `serial`"
                      : "the dims of a call choose between its ways");
  }
  if (asked.empty() && isChain)
    setAlgo(op, mayChunk ? "chunks" : "serial");
}

void decideAlgorithms(ModuleOp module) {
  applyPins(module, Point::algorithms);
  for (auto func : module.getOps<func::FuncOp>())
    for (Operation *op : candidatesOf(func, Point::algorithms))
      decide(op);
}

} // namespace texpr::plan

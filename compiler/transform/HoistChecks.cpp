// hoist-checks: a test of data stands on the host, before the island or form that it was inlined into.
//
// In: after inlining. Out: every tx.check in the function's own block, or in a choice or loop of the host, where a kernel of its
// own can be followed by par.stop. Inside a kernel the call could not end before what relies on the test.
//   %y = par.do { … tx.check … tx.reduce … }     →     tx.check …   %y = par.do { … tx.reduce … }
// What a test is computed from moves with it. A test of what the island itself stores cannot move: an error.
#include "compiler/transform/Passes.h"
#include "dialects/par/ParOps.h"
#include "dialects/tx/TxOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_HOISTCHECKS
#include "compiler/transform/Passes.h.inc"

namespace {
/// The outermost op around `op` that is no choice or loop of the host; `op` itself where there is none.
Operation *enclosing(Operation *op) {
  SmallVector<Operation *> path;
  for (Operation *at = op; !isa<func::FuncOp>(at); at = at->getParentOp())
    path.push_back(at);
  for (Operation *at : llvm::reverse(path))
    if (!isa<scf::IfOp, tx::ForOp>(at))
      return at;
  return op;
}

/// All that `op` is computed from inside `outer`, in an order to move it. False where something stays.
bool collect(Operation *op, Operation *outer, llvm::SetVector<Operation *> &moved) {
  llvm::SetVector<Value> used;
  used.insert(op->operand_begin(), op->operand_end());
  for (Region &region : op->getRegions())
    getUsedValuesDefinedAbove(region, used);
  for (Value v : used) {
    if (!outer->isAncestor(v.getParentRegion()->getParentOp()))
      continue;
    Operation *def = v.getDefiningOp();
    if (def && moved.contains(def))
      continue;
    // What reads a buffer of the island uses the buffer, which does not move.
    bool isValue = def && (isMemoryEffectFree(def) ||
                           isa<par::DoOp, tx::ComputeOp, tx::ReduceOp, tx::ReadOp>(def));
    if (!isValue || !collect(def, outer, moved))
      return false;
  }
  moved.insert(op);
  return true;
}

struct HoistChecks : impl::HoistChecksBase<HoistChecks> {
  void runOnOperation() override {
    SmallVector<tx::CheckOp> checks;
    getOperation().walk([&](tx::CheckOp check) { checks.push_back(check); });
    for (tx::CheckOp check : checks) {
      Operation *outer = enclosing(check);
      if (outer == check.getOperation())
        continue;
      llvm::SetVector<Operation *> moved;
      bool isChosen = false; // whether the call is made at all
      for (Operation *at = check->getParentOp(); at != outer; at = at->getParentOp())
        isChosen |= isa<scf::IfOp>(at);
      if (isChosen || !collect(check, outer, moved)) {
        check.emitError("the facts on data of a function that is called among parallel statements "
                        "cannot be verified here: call it before or after them");
        return signalPassFailure();
      }
      for (Operation *op : moved)
        op->moveBefore(outer);
    }
  }
};
} // namespace
} // namespace texpr

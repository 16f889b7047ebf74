// plan-classes: for which ranges of its dims a form is compiled apart.
//
// In: forms. Out: plan.class, only where the source pins it: on the CPU no decision changes with the range of a dim, since masks serve
// all lengths and tiles are clipped. A GPU's registers want static sizes: its kernels get classes by the length of their rows, at stage par, where the
// fusion that they share is done.
//   compute m |i| @class(n <= 512) { … }  →  the pinned sets stay, in order, without those that an earlier one contains
#include "compiler/plan/Gpu.h"
#include "compiler/plan/Passes.h"
#include "compiler/plan/Pins.h"
#include "dialects/plan/Plan.h"
#include "llvm/ADT/SmallVector.h"

using namespace mlir;

namespace texpr::plan {
#define GEN_PASS_DEF_PLANCLASSES
#include "compiler/plan/Passes.h.inc"

namespace {
constexpr size_t mostClasses = 3;

struct PlanClasses : impl::PlanClassesBase<PlanClasses> {
  void runOnOperation() override {
    if (gpu::machineOf(getOperation()))
      getOperation().walk([](par::KernelOp kernel) { gpu::decideClasses(kernel); });
    else
      applyPins(getOperation(), Point::classes);
    getOperation().walk([&](Operation *op) {
      if (!op->hasAttr(className))
        return;
      SmallVector<IntegerSet> kept;
      for (IntegerSet set : getClasses(op))
        if (!llvm::is_contained(kept, set))
          kept.push_back(set);
      if (kept.size() >= mostClasses) {
        op->emitError("at most ") << mostClasses << " classes, the rest included";
        return signalPassFailure();
      }
      setClasses(op, kept);
    });
  }
};
} // namespace
} // namespace texpr::plan

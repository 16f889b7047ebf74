// plan-unroll: which reductions become straight-line code.
//
//   %s = par.reduce add (%u, %v) = (0, 0) to (3, 3) { … }   gets   plan.straight
//
// In: stage par, before tiling. The taps of a stencil: indices fold to constants, weights that were chosen by index become
// numbers, and the loop around can be vectorized. More steps than `kMostSteps` would only cost code: the loop's own cost is
// hidden by then. Pins of the source are kept; one that asks for lanes or accumulators asks for a loop.
#include "compiler/plan/Passes.h"
#include "compiler/plan/Pins.h"
#include "compiler/plan/Policy.h"
#include "dialects/par/Straight.h"
#include "dialects/plan/Plan.h"

using namespace mlir;

namespace texpr::plan {
#define GEN_PASS_DEF_PLANUNROLL
#include "compiler/plan/Passes.h.inc"

namespace {
constexpr int64_t kMostSteps = 64;

struct PlanUnroll : impl::PlanUnrollBase<PlanUnroll> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    applyPins(module, Point::unrolling);
    SmallVector<Pin> pins = getPins(module);
    StringRef target = machineName(module);
    for (auto func : module.getOps<func::FuncOp>()) {
      SmallVector<Operation *> candidates = candidatesOf(func, Point::unrolling);
      for (Operation *op : llvm::reverse(candidates)) // inner ones first
        decide(cast<par::ReduceOp>(op), pins, target);
    }
  }

  static bool asksForLoop(par::ReduceOp reduce, ArrayRef<Pin> pins, StringRef target) {
    SourcePlace form = formOf(reduce);
    return form.line && llvm::any_of(pins, [&](const Pin &pin) {
             return pin.form == form && (pin.name == "vector" || pin.name == "unroll") &&
                    (pin.target.empty() || pin.target == target);
           });
  }

  static void decide(par::ReduceOp reduce, ArrayRef<Pin> pins, StringRef target) {
    auto steps = par::straightSteps(reduce);
    if (isPinned(reduce, "straight")) {
      bool isAsked = reduce->hasAttr(straightName);
      if (!steps || (isAsked && *steps > kMostStraightSteps)) {
        reduce->removeAttr(straightName);
        emitError(locationOfPin(reduce, "straight"))
            << "pin: @unroll cannot be obeyed here: "
            << (steps ? "more than " + std::to_string(kMostStraightSteps) + " steps"
                      : "only a reduction by a builtin operator over a constant domain, without "
                        "loops or a `where` inside, is written out");
      }
      return;
    }
    if (!mayBeStraight(reduce) || asksForLoop(reduce, pins, target))
      return;
    if ((*steps <= kMostSteps) != isContrary(reduce->getParentOfType<ModuleOp>()))
      reduce->setAttr(straightName, UnitAttr::get(reduce.getContext()));
  }
};
} // namespace
} // namespace texpr::plan

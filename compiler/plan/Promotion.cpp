// plan-promotion: places of buffers that a machine keeps apart from memory.
//
//   %e = par.alloc [%n], a row under `n <= 1024`    gets  plan.place = "reg"
//
// In: stage `par`, tiled. Out: `plan.place` on each `par.alloc` of a kernel that fits registers or shared memory by its bound,
// written by gpu::decidePlaces; a place that the source names stays. Policy alone: `promote` obeys it.
// On CPUs nothing is written: the frame of a task and the workspace are `promote`'s own choice.
#include "compiler/plan/Gpu.h"
#include "compiler/plan/Passes.h"

using namespace mlir;

namespace texpr::plan {
#define GEN_PASS_DEF_PLANPROMOTION
#include "compiler/plan/Passes.h.inc"

namespace {
struct PlanPromotion : impl::PlanPromotionBase<PlanPromotion> {
  void runOnOperation() override {
    if (auto machine = gpu::machineOf(getOperation()))
      gpu::decidePlaces(getOperation(), *machine);
  }
};
} // namespace
} // namespace texpr::plan

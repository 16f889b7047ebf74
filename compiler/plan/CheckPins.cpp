// check-pins: a pin that the plan cannot obey is an error, never ignored.
//
//   compute n |i| @vector(8) { x[p[i]] }   →  error: pin: @vector cannot be obeyed here: …
//
// In: a module whose loops have their `plan.map`. What the source asked for stands in `plan.pinned`; a scope (`@block`, `@lane`)
// is no pin, and changes nothing where a machine has no such thing. `store` pins were settled by fusion and `tile` by the pass of that name, before. What is left of the table
// of pins met nothing that it could be about. The text begins with "pin:", by which the driver knows a user's mistake from a
// fault of its own.
#include "compiler/plan/Passes.h"
#include "compiler/plan/Pins.h"
#include "dialects/par/ParOps.h"
#include "dialects/plan/Plan.h"

using namespace mlir;

namespace texpr::plan {
#define GEN_PASS_DEF_CHECKPINS
#include "compiler/plan/Passes.h.inc"

namespace {

bool isOutermost(Operation *op) { return !op->getParentOfType<par::ForallOp>(); }

bool hasLevel(par::ForallOp forall, StringRef level) {
  auto levels = forall->getAttrOfType<ArrayAttr>(mapName);
  return levels &&
         llvm::any_of(levels, [&](Attribute a) { return cast<StringAttr>(a).getValue() == level; });
}

bool isInLanes(Operation *op) {
  if (auto reduce = dyn_cast<par::ReduceOp>(op))
    return reduce.getLevel() == "simd";
  auto forall = dyn_cast<par::ForallOp>(op);
  return forall && hasLevel(forall, "simd");
}

/// Why `pin` is not obeyed on `op`; empty where it is.
StringRef objection(Operation *op, StringRef pin) {
  if (pin == "vector" && getCount(op, vectorName) == 1)
    return isInLanes(op) ? "it runs in lanes" : "";
  if (pin == "vector" && !isInLanes(op))
    return "its iterations cannot share a vector: no access is contiguous along the last axis, a "
           "user's operator keeps its order, or the "
           "body holds loops of its own";
  if (pin == "unroll" && !isInLanes(op))
    return "only a loop in vector lanes is unrolled, and this one is not";
  if (llvm::is_contained({"work", "tasks", "least"}, pin) && op->hasAttr(grainName))
    return "its tasks follow from the form: each has a fixed number of iterations";
  if (llvm::is_contained({"grain", "work", "tasks", "least"}, pin) &&
      !(isa<par::ForallOp>(op) && isOutermost(op)))
    return "only the outermost loop of a kernel is cut into tasks, and this one stands inside "
           "another";
  if (pin == "tile" && op->hasAttr(tileName))
    return "it is no loop whose iterations are independent";
  return "";
}

struct CheckPins : impl::CheckPinsBase<CheckPins> {
  void runOnOperation() override {
    bool failed = false;
    auto refuse = [&](Operation *op, StringRef pin, StringRef why) {
      emitError(locationOfPin(op, pin)) << "pin: @" << pin << " cannot be obeyed here: " << why;
      failed = true;
    };
    getOperation().walk([&](Operation *op) {
      if (auto pins = op->getAttrOfType<ArrayAttr>(pinnedName))
        for (Attribute pin : pins)
          if (StringRef name = cast<StringAttr>(pin).getValue(), why = objection(op, name);
              !why.empty())
            refuse(op, name, why);
    });
    failed |= refuseUnused(getOperation());
    if (failed)
      signalPassFailure();
  }
};
} // namespace
} // namespace texpr::plan

// The interpreter's iteration: tx.for with what it stacks, and loops with a condition.
//
// The condition is asked before each step and, where the iteration has a failure site, once more
// after the last step that is allowed.
#include "dialects/par/Machine.h"

using namespace mlir;

namespace texpr::par {

LogicalResult Machine::runWhile(Operation *op) {
  auto form = dyn_cast<tx::ForOp>(op);
  auto seq = dyn_cast<SeqOp>(op);
  Region &body = form ? form.getBody() : seq.getBody();
  Region &condition = form ? form.getWhileRegion() : seq.getWhileRegion();
  int64_t lower = integer(form ? form.getLower() : seq.getLower());
  int64_t upper = integer(form ? form.getUpper() : seq.getUpper());
  SmallVector<Datum> carried;
  for (Value v : form ? form.getInits() : seq.getInits())
    carried.push_back(get(v));
  size_t count = carried.size();
  SmallVector<SmallVector<Datum>> kept;
  auto holds = [&](int64_t i) -> FailureOr<bool> {
    if (condition.empty())
      return true;
    SmallVector<Datum> args = {Datum::ofInteger(i)}, yielded;
    llvm::append_range(args, carried);
    if (failed(runRegion(condition, args, yielded)))
      return failure();
    return yielded.front().integer != 0;
  };
  int64_t i = lower;
  for (; i < upper; ++i) {
    FailureOr<bool> goesOn = holds(i);
    if (failed(goesOn))
      return failure();
    if (!*goesOn)
      break;
    SmallVector<Datum> args = {Datum::ofInteger(i)}, next;
    llvm::append_range(args, carried);
    if (failed(runRegion(body, args, next)))
      return failure();
    kept.emplace_back();
    for (const Datum &d : ArrayRef(next).drop_front(count))
      kept.back().push_back(copyOf(d));
    next.resize(count);
    carried = next;
  }
  if (form && form.getSite() && i >= upper) {
    FailureOr<bool> goesOn = holds(i);
    if (failed(goesOn))
      return failure();
    if (*goesOn)
      fail(*form.getSite());
  }
  if (form)
    return setStacks(form, carried, i - lower, kept);
  set(op->getResults(), carried);
  return success();
}

/// The results of tx.for: the state, the stacks, and the number of steps where there is a
/// condition.
LogicalResult Machine::setStacks(tx::ForOp op, ArrayRef<Datum> carried, int64_t steps,
                                 ArrayRef<SmallVector<Datum>> kept) {
  for (auto [result, v] : llvm::zip(op.getResults(), carried))
    set(result, v);
  steps = std::max<int64_t>(steps, 0);
  if (op.hasWhile())
    set(op.getSteps(), Datum::ofInteger(steps));
  for (unsigned k = 0; k < op.getNumStacks(); ++k) {
    Value result = op.getResult(carried.size() + k);
    Type element = getElementTypeOrSelf(result.getType());
    if (kept.empty()) {
      auto extents = extentsOf(result);
      if (!extents)
        return error(op, "is empty and its extents are not known");
      set(result, Datum::ofArray(element, *extents));
      continue;
    }
    SmallVector<int64_t> extents = {steps};
    llvm::append_range(extents, kept[0][k].extents);
    Datum stack = Datum::ofArray(element, extents);
    for (auto [i, step] : llvm::enumerate(kept))
      if (step[k].extents != kept[0][k].extents || !place(stack, i, step[k]))
        return error(op, "stacks arrays of different extents, or what was never written");
    set(result, stack);
  }
  return success();
}

} // namespace texpr::par

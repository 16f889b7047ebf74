// Iteration: for, while, seq, and calls that change what they are lent.
//
// In: a loop and the values that it carries. Out: the last state and, with `keep`, what the steps
// kept: by index, also where a `for` runs backwards. A range on a carried name was to be proved, so
// a state outside of it is the checker's fault.
#include "compiler/reference/Machine.h"
#include "compiler/reference/Stack.h"
#include <algorithm>

namespace texpr::reference {

void Machine::bindCarried(const std::vector<Carried> &carried, const Value &state) {
  for (size_t c = 0; c < carried.size(); ++c) {
    const Value &v = carried.size() == 1 ? state : state.parts()[c];
    const Decl &decl = *carried[c].decl;
    if (carried[c].declared)
      checkRange(v, *carried[c].declared, decl.name.text, decl.name.range, Failure::Kind::Internal);
    bind(decl, v);
  }
}

Value Machine::startOf(const std::vector<Carried> &carried) {
  std::vector<Value> starts;
  for (const Carried &c : carried)
    starts.push_back(eval(*c.init));
  Value state = carried.size() == 1 ? starts[0] : Value::tuple(std::move(starts));
  bindCarried(carried, state);
  return state;
}

/// One step: the next state, bound to the carried names.
Value Machine::stepOf(const Step &step, const std::vector<Carried> &carried,
                      std::vector<Value> &kept) {
  for (const StmtPtr &s : step.stmts)
    run(*s);
  Value next = eval(*step.next);
  if (step.keep)
    kept.push_back(eval(*step.keep));
  bindCarried(carried, next);
  return next;
}

/// The value of the whole form: the last state and the stack of what was kept.
Value Machine::iterated(const Expr &e, size_t carried, Value state, const Step &step,
                        const std::vector<Value> &kept) {
  if (!step.keep)
    return state;
  std::vector<Value> parts;
  if (carried == 1)
    parts.push_back(std::move(state));
  else
    parts = state.parts();
  if (kept.empty()) {
    parts.push_back(
        filled(e.type.parts.back(), e.range, [](ScalarKind k) { return Scalar{k, 0}; }));
    return Value::tuple(std::move(parts));
  }
  Stack stack({static_cast<int64_t>(kept.size())});
  for (const Value &v : kept)
    if (!stack.push(v))
      internal(e.range, "steps that keep values of different shapes");
  parts.push_back(stack.take(kept[0]));
  return Value::tuple(std::move(parts));
}

Value Machine::forLoop(const ForExpr &e) {
  const int64_t lo = lowerBound(e.axis), hi = evalInt(*e.axis.hi);
  Value state = startOf(e.carried);
  std::vector<Value> kept;
  const int64_t around = frame->iteration;
  for (int64_t n = 0; n < hi - lo; ++n) {
    spend(e.range);
    frame->iteration = lo + n;
    bind(*e.binder, indexScalar(e.reverse ? hi - 1 - n : lo + n));
    state = stepOf(e.step, e.carried, kept);
  }
  frame->iteration = around;
  if (e.reverse)
    std::reverse(kept.begin(), kept.end());
  return iterated(e, e.carried.size(), std::move(state), e.step, kept);
}

/// The condition is asked before each step, and once more after the last one that is allowed.
Value Machine::whileLoop(const WhileExpr &e) {
  const int64_t most = evalInt(*e.bound);
  Value state = startOf(e.carried);
  std::vector<Value> kept;
  const int64_t around = frame->iteration;
  int64_t steps = frame->iteration = 0;
  for (; steps < most && evalBool(*e.cond); frame->iteration = ++steps) {
    spend(e.range);
    state = stepOf(e.step, e.carried, kept);
  }
  frame->iteration = around;
  if (e.elseFail && steps >= most && evalBool(*e.cond))
    report(e.range, "the condition still holds after " + std::to_string(most) + " steps",
           frame->iteration);
  if (e.count)
    frame->symbols[*e.count->asSymbol()] = steps;
  return iterated(e, e.carried.size(), std::move(state), e.step, kept);
}

void Machine::seqStmt(const SeqStmt &s, size_t axis) {
  if (axis == s.domain.size())
    return run(*s.body);
  const int64_t lo = lowerBound(s.domain[axis]), hi = evalInt(*s.domain[axis].hi);
  const int64_t around = frame->iteration;
  for (int64_t n = 0; n < hi - lo; ++n) {
    spend(s.domain[axis].range);
    frame->iteration = lo + n;
    bind(*s.binders[axis], indexScalar(s.reverse ? hi - 1 - n : lo + n));
    seqStmt(s, axis + 1);
  }
  frame->iteration = around;
}

/// What is lent is read, changed by the callee, and stored again; nothing else can touch it between. Which parts
/// of buffers that are is settled before the call. Gives the results, where there are some.
Value Machine::lend(const CallExpr &e) {
  struct Part {
    Value *into;
    std::vector<std::vector<Selection>> path;
    const Decl *param;
    SourceRange range;
  };
  Inputs inputs;
  std::vector<Part> lent;
  for (size_t p = 0; p < e.args.size(); ++p) {
    inputs.params.push_back(eval(*e.args[p]));
    if (!e.fn->params[p].isInout)
      continue;
    std::vector<std::vector<Selection>> path;
    Value *into = place(*e.args[p], path);
    lent.push_back({into, std::move(path), e.fn->params[p].decl.get(), e.args[p]->range});
  }
  Frame entered;
  Value result = callEntered(e, inputs, entered);
  for (const Part &part : lent)
    store(*part.into, part.path, AssignOp::Set, entered.values.at(part.param), part.range);
  return result;
}

} // namespace texpr::reference

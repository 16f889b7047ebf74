// Iteration: for, while, seq, and calls as statements.
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
  for (int64_t n = 0; n < hi - lo; ++n) {
    spend(e.range);
    bind(*e.binder, indexScalar(e.reverse ? hi - 1 - n : lo + n));
    state = stepOf(e.step, e.carried, kept);
  }
  if (e.reverse)
    std::reverse(kept.begin(), kept.end());
  return iterated(e, e.carried.size(), std::move(state), e.step, kept);
}

/// The condition is asked before each step, and once more after the last one that is allowed.
Value Machine::whileLoop(const WhileExpr &e) {
  const int64_t most = evalInt(*e.bound);
  Value state = startOf(e.carried);
  std::vector<Value> kept;
  int64_t steps = 0;
  for (; steps < most && evalBool(*e.cond); ++steps) {
    spend(e.range);
    state = stepOf(e.step, e.carried, kept);
  }
  if (e.elseFail && steps >= most && evalBool(*e.cond))
    fail(Failure::Kind::Data, e.range,
         "the condition still holds after " + std::to_string(most) + " steps");
  if (e.count)
    frame->symbols[*e.count->asSymbol()] = steps;
  return iterated(e, e.carried.size(), std::move(state), e.step, kept);
}

void Machine::seqStmt(const SeqStmt &s, size_t axis) {
  if (axis == s.domain.size())
    return run(*s.body);
  const int64_t lo = lowerBound(s.domain[axis]), hi = evalInt(*s.domain[axis].hi);
  for (int64_t n = 0; n < hi - lo; ++n) {
    spend(s.domain[axis].range);
    bind(*s.binders[axis], indexScalar(s.reverse ? hi - 1 - n : lo + n));
    seqStmt(s, axis + 1);
  }
}

/// What is lent is read, changed by the callee, and stored again; nothing else can touch it between.
void Machine::callStmt(const CallStmt &s) {
  const CallExpr &e = *s.call;
  Inputs inputs;
  for (const ExprPtr &arg : e.args)
    inputs.params.push_back(eval(*arg));
  Frame *const caller = frame;
  std::vector<Value> changed;
  try {
    changed = runEntry(*e.fn, inputs);
    frame = caller;
  } catch (Failure &f) {
    if (f.kind == Failure::Kind::Argument || f.kind == Failure::Kind::Contract)
      internal(e.range, "a call of " + e.fn->name.text + " (" + f.message + ")");
    throw;
  }
  size_t next = e.fn->results.size();
  for (size_t p = 0; p < e.args.size(); ++p) {
    if (!e.fn->params[p].isInout)
      continue;
    std::vector<std::vector<Selection>> path;
    Value *into = place(*e.args[p], path);
    store(*into, path, AssignOp::Set, changed[next++], e.args[p]->range);
  }
}

} // namespace texpr::reference

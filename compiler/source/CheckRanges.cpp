// Ranges of values, and permutations, of what is no parameter: they are proved.
//
// F1, F2: a range of a scalar is proved of its value. F4, F7: that of a tensor, and a permutation, is
// proved of the form that makes it: of the body's value of a `compute`, of both branches, of each
// element of a list; it is handed down as a goal before the expression is checked, and asked where
// the value stands, so that all that is known there counts. What a tensor's elements are known to be
// is kept by its name, and asked again where one is read.
//
//   let q: i64[n] in 0..m = compute n |i| { i % m };    goal of `i % m`, which is in 0..m by a lemma
#include "compiler/source/Checker.h"
#include <algorithm>

namespace texpr {

using facts::Rel;

// ---- what is known of a tensor --------------------------------------------------------------

TensorFacts Checker::declaredFacts(const RType &r) const {
  TensorFacts f;
  f.isPerm = r.perm;
  for (const Span &s : r.set) {
    if (!s.lo || !s.lo->value || (s.hi && !s.hi->value))
      return f;
    TensorFacts::Span span{*s.lo->value, std::nullopt};
    if (s.hi)
      span.end = s.inclusive ? *s.hi->value + FExpr(1) : *s.hi->value;
    f.spans.push_back(span);
  }
  return f;
}

Checker::Cases Checker::rangeCases(const TensorFacts &f, const FExpr &value) const {
  Cases cases;
  for (const TensorFacts::Span &s : f.spans)
    if (s.end)
      cases.push_back({{s.lo, Rel::LE, value}, {value, Rel::LT, *s.end}});
    else
      cases.push_back({{value, Rel::EQ, s.lo}});
  if (cases.empty())
    return {{}};
  return cases;
}

/// What a value is known to have as elements, by what makes it.
std::optional<TensorFacts> Checker::factsOf(const Expr &e) const {
  if (auto *name = llvm::dyn_cast<NameExpr>(&e)) {
    auto f = tensorFacts.find(name->decl);
    return name->decl && f != tensorFacts.end() ? std::optional(f->second) : std::nullopt;
  }
  if (auto *block = llvm::dyn_cast<BlockExpr>(&e))
    return block->block && block->block->value ? factsOf(*block->block->value) : std::nullopt;
  if (auto *index = llvm::dyn_cast<IndexExpr>(&e)) {
    auto f = index->base ? factsOf(*index->base) : std::nullopt;
    if (!f || !e.type.isTensor())
      return std::nullopt;
    f->isPerm = false;
    f->isSorted &= index->indices.size() == 1 && index->indices[0].isSlice;
    for (const IndexArg &arg : index->indices)
      if (arg.bounds == Bounds::Else)
        return std::nullopt;
    return f;
  }
  if (auto *call = llvm::dyn_cast<CallExpr>(&e)) {
    if (call->isReshape && !call->args.empty() && call->args[0]) {
      auto f = factsOf(*call->args[0]);
      if (f)
        f->isPerm = f->isSorted = f->isDistinct = false;
      return f;
    }
    return call->fn ? resultFacts(*call) : std::nullopt;
  }
  if (auto *sort = llvm::dyn_cast<SortExpr>(&e))
    return sortFacts(*sort);
  if (auto *compute = llvm::dyn_cast<ComputeExpr>(&e))
    return compute->body && compute->body->value ? stackFacts(*compute->body->value) : std::nullopt;
  if (auto *filter = llvm::dyn_cast<FilterExpr>(&e))
    return filter->body && filter->body->value ? stackFacts(*filter->body->value) : std::nullopt;
  if (auto *loop = llvm::dyn_cast<ForExpr>(&e))
    if (loop->carried.size() == 1 && !loop->step.keep && loop->carried[0].declared)
      return declaredFacts(*loop->carried[0].declared);
  return std::nullopt;
}

/// What the elements of a stack of values are: what those are, as far as it is the same for all.
std::optional<TensorFacts> Checker::stackFacts(const Expr &value) const {
  std::optional<TensorFacts> f;
  if (value.type.isTensor()) {
    f = factsOf(value);
  } else if (value.type.isScalar() && isInt(value.type.scalar) && value.value) {
    auto lo = dimBound(*value.value, false), hi = dimBound(*value.value, true);
    if (lo && hi) {
      f.emplace();
      f->spans.push_back({*lo, *hi + FExpr(1)});
      f->isTested = restsOnData(*value.value);
    }
  }
  if (!f)
    return std::nullopt;
  f->isPerm = f->isSorted = false;
  for (const TensorFacts::Span &s : f->spans)
    if (!isDimExpr(s.lo) || (s.end && !isDimExpr(*s.end))) {
      f->spans.clear();
      break;
    }
  return f;
}

/// What a callee declares of its result, for the dims and scalars of this call.
std::optional<TensorFacts> Checker::resultFacts(const CallExpr &e) const {
  const FnDecl &fn = *e.fn;
  if (fn.results.size() != 1 || e.dimArgs.size() != fn.dims.size() || e.isElementwise)
    return std::nullopt;
  TensorFacts f = declaredFacts(fn.results[0].declared);
  if (f.spans.empty() && !f.isPerm)
    return std::nullopt;
  std::map<facts::Symbol, FExpr> values;
  for (size_t i = 0; i < fn.dims.size(); ++i)
    if (auto s = fn.dims[i].decl->value ? fn.dims[i].decl->value->asSymbol() : std::nullopt)
      values.insert_or_assign(*s, e.dimArgs[i]);
  for (size_t i = 0; i < fn.params.size() && i < e.args.size(); ++i)
    if (const Decl *p = fn.params[i].decl.get(); p && p->value && p->value->asSymbol() && e.args[i])
      if (e.args[i]->value)
        values.insert_or_assign(*p->value->asSymbol(), *e.args[i]->value);
  auto replace = [&](const FExpr &x) {
    return x.substitute([&](facts::Symbol s) {
      auto found = values.find(s);
      return found == values.end() ? std::nullopt : std::optional(found->second);
    });
  };
  for (TensorFacts::Span &s : f.spans) {
    s.lo = replace(s.lo);
    if (s.end)
      s.end = replace(*s.end);
  }
  return f;
}

/// A name's facts: as declared, else those of its value.
void Checker::setFacts(const Decl &d, const RType *declared, const Expr *init) {
  auto known = init ? factsOf(*init) : std::nullopt;
  TensorFacts f = known.value_or(TensorFacts());
  if (declared && !declared->set.empty())
    f.spans = declaredFacts(*declared).spans;
  if (declared && declared->perm)
    f.isPerm = true;
  if (f.isPerm && f.spans.empty() && d.type.isLeaf() && d.type.shape.size() == 1)
    f.spans.push_back({FExpr(0), d.type.shape[0]});
  if (!f.spans.empty() || f.isPerm || f.isSorted || f.isDistinct)
    tensorFacts[&d] = std::move(f);
  if (auto *name = llvm::dyn_cast_or_null<NameExpr>(init))
    if (name->decl && name->decl->kind != Decl::Kind::Buffer && name->type.isTensor()) {
      auto alias = aliasOf.find(name->decl);
      aliasOf[&d] = alias == aliasOf.end() ? name->decl : alias->second;
    }
}

// ---- goals ----------------------------------------------------------------------------------

void Checker::setGoal(const Expr *e, const RType &range, std::string what, const Type *place) {
  if (e && (!range.set.empty() || range.perm))
    goals[e] = {&range, std::move(what),
                place && place->isLeaf() ? place->shape : std::vector<FExpr>()};
}

/// Before `e` is checked: what makes its elements has the goal.
void Checker::passGoal(Expr &e) {
  auto found = goals.find(&e);
  if (found == goals.end())
    return;
  const Goal goal = found->second;
  std::vector<const Expr *> parts;
  if (auto *compute = llvm::dyn_cast<ComputeExpr>(&e); compute && compute->body) {
    if (goal.range->perm)
      return; // its values are told apart by nothing
    parts = {compute->body->value.get()};
  } else if (auto *filter = llvm::dyn_cast<FilterExpr>(&e); filter && filter->body) {
    if (goal.range->perm)
      return;
    parts = {filter->body->value.get()};
  } else if (auto *block = llvm::dyn_cast<BlockExpr>(&e); block && block->block) {
    parts = {block->block->value.get()};
  } else if (auto *choice = llvm::dyn_cast<IfExpr>(&e); choice && choice->thenBlock) {
    parts = {choice->thenBlock->value.get(), choice->elseExpr.get()};
  } else if (auto *list = llvm::dyn_cast<ListExpr>(&e)) {
    if (goal.range->perm)
      return;
    for (const ExprPtr &element : list->elements)
      parts.push_back(element.get());
  } else {
    return;
  }
  goals.erase(found);
  for (const Expr *part : parts)
    setGoal(part, *goal.range, goal.what);
}

bool Checker::provePermutation(const Expr &e) const {
  auto f = factsOf(e);
  return f && f->isPerm;
}

/// At least one of the cases holds: one of them always, or there is no point where none does.
bool Checker::isProvedAny(const Cases &cases) {
  for (const auto &conjunction : cases)
    if (isProved(conjunction))
      return true;
  if (cases.size() < 2 || cases.size() > 6)
    return false;
  Assuming scope(*this);
  for (const auto &conjunction : cases) {
    Cases none;
    for (const Constraint &c : conjunction)
      if (c.rel == Rel::EQ) {
        none.push_back({{c.lhs, Rel::LT, c.rhs}});
        none.push_back({{c.lhs, Rel::GT, c.rhs}});
      } else {
        none.push_back({facts::negate(c)});
      }
    assumeCases(none);
  }
  return facts.isUnreachable();
}

/// Where `e` stands, after it was checked.
void Checker::settleGoal(const Expr &e) {
  auto found = goals.find(&e);
  if (found == goals.end())
    return;
  const Goal goal = found->second;
  goals.erase(found);
  if (!e.type.isValid())
    return;
  if (goal.range->perm && !provePermutation(e)) {
    diags.error(e.range, goal.what + " is not proved to be a permutation")
        .note("known are parameters that are declared `perm`, and `argsort`");
    return;
  }
  if (goal.range->set.empty())
    return;
  if (e.type.isScalar()) {
    Assuming scope(*this);
    for (const FExpr &extent : goal.fills) // else nothing is filled
      assume(Constraint{extent, Rel::GT, FExpr(0)});
    return proveRange(*goal.range, e, goal.what);
  }
  std::vector<const Type *> leaves;
  e.type.leaves(leaves);
  if (auto f = factsOf(e); f && leaves.size() == 1 && isInt(leaves[0]->scalar)) {
    Assuming scope(*this);
    FExpr element = newSymbol("element", rangeOf(leaves[0]->scalar), SymbolInfo::Kind::Fresh);
    assumeCases(rangeCases(*f, element));
    if (isProvedAny(rangeCases(*goal.range, element)))
      return;
  }
  diags.error(e.range, goal.what + " is not proved to have its elements in the declared range")
      .note("a range of a tensor is proved of the value that a `compute` or a list puts there, or "
            "follows from the range of another tensor");
}

// ---- results, buffers, scalars ----------------------------------------------------------------

/// F2: what a function's tensors are declared to be is asked of the value of its body.
void Checker::setResultGoals(const FnDecl &fn) {
  const Expr *value = fn.body ? fn.body->value.get() : nullptr;
  auto *tuple = llvm::dyn_cast_or_null<TupleExpr>(value);
  for (size_t i = 0; i < fn.results.size(); ++i) {
    const ResultDecl &r = fn.results[i];
    if (!r.type.isTensor() || (r.declared.set.empty() && !r.declared.perm))
      continue;
    const Expr *part = fn.results.size() == 1             ? value
                       : tuple && i < tuple->parts.size() ? tuple->parts[i].get()
                                                          : nullptr;
    if (part)
      setGoal(part, r.declared, "this result");
    else if (value)
      notYet(value->range, "a range of a tensor among results that are no tuple written out");
  }
}

/// And what carried tensors are declared to be, of the next state.
void Checker::setCarriedGoals(const Step &step, const std::vector<Carried> &carried) {
  auto *tuple = llvm::dyn_cast_or_null<TupleExpr>(step.next.get());
  for (size_t i = 0; i < carried.size(); ++i) {
    const Carried &c = carried[i];
    if (!c.decl || !c.declared || !c.decl->type.isTensor() ||
        (c.declared->set.empty() && !c.declared->perm))
      continue;
    const Expr *next = carried.size() == 1                ? step.next.get()
                       : tuple && i < tuple->parts.size() ? tuple->parts[i].get()
                                                          : nullptr;
    if (next)
      setGoal(next, *c.declared, "the next value of `" + c.decl->name.text + "`");
    else if (step.next)
      notYet(step.next->range,
             "a range of a carried tensor whose next value is no tuple written out");
  }
}

/// A buffer's range is proved of each value that is stored to it.
bool Checker::checkBufferRange(BufferStmt &s, const Type &t) {
  if (s.declared.perm) {
    diags.error(s.declared.type.range, "that a buffer holds a permutation is not proved")
        .note("make it by `argsort`, or take it as a parameter");
    return false;
  }
  if (s.declared.set.empty() || !checkRange(s.declared, t, "a range") || !s.decl)
    return false;
  setGoal(s.init.get(), s.declared, "the value of `" + s.decl->name.text + "`", &t);
  bufferRange[s.decl.get()] = &s.declared;
  tensorFacts[s.decl.get()] = declaredFacts(s.declared);
  return true;
}

/// After a store to a buffer with a range: `t[i] += e` is asked with any old element.
void Checker::proveStored(const AssignStmt &s, const Decl &buffer) {
  auto range = bufferRange.find(&buffer);
  if (range == bufferRange.end() || (s.op == AssignOp::Set && !s.atomic) || !s.value ||
      !s.value->type.isValid())
    return;
  Assuming scope(*this);
  FExpr old =
      newSymbol(text(s.place->range), rangeOf(s.place->type.scalar), SymbolInfo::Kind::Fresh);
  assumeCases(rangeCases(tensorFacts[&buffer], old));
  std::optional<FExpr> next; // after an `atomic` of another operator: unknown
  if (s.value->value && s.op == AssignOp::Add)
    next = old + *s.value->value;
  else if (s.value->value && s.op == AssignOp::Sub)
    next = old - *s.value->value;
  else if (s.value->value && s.op == AssignOp::Max)
    next = FExpr::max(old, *s.value->value);
  else if (s.value->value && s.op == AssignOp::Min)
    next = FExpr::min(old, *s.value->value);
  if (next && fits(*next, s.place->type.scalar) &&
      isProvedAny(rangeCases(tensorFacts[&buffer], *next)))
    return;
  diags.error(s.range,
              "what is stored is not proved to be in the range of `" + buffer.name.text + "`");
}

/// `k: i64 in 0..4 or 8` of a scalar: at least one of the cases holds, which an entry check tests by
/// the product of what is 0 in its own case.
void Checker::checkScalarCases(FnDecl &fn, Param &p, const Cases &cases) {
  std::vector<FExpr> off; // 0 exactly where its case holds
  for (const auto &conjunction : cases) {
    FExpr miss(0);
    for (const Constraint &c : conjunction) {
      FExpr below = c.rel == Rel::LT ? c.lhs - c.rhs + FExpr(1) : c.lhs - c.rhs;
      if (c.rel == Rel::EQ)
        miss = miss + FExpr::max(below, -below);
      else
        miss = miss + FExpr::max(below, FExpr(0));
    }
    off.push_back(FExpr::min(miss, FExpr(1)));
  }
  FExpr all = off[0];
  for (size_t i = 1; i < off.size(); ++i)
    all = FExpr::min(all, off[i]);
  require(fn, {all, Rel::EQ, FExpr(0)}, p.decl->name.range,
          p.decl->name.text + " in " + setText(p.declared));
  assumeCases(cases);
}

std::string Checker::setText(const RType &r) const {
  std::string range;
  for (const Span &s : r.set) {
    range += range.empty() ? "" : " or ";
    range += text(s.hi ? spanning(s.lo->range, s.hi->range) : s.lo->range);
  }
  return range;
}

} // namespace texpr

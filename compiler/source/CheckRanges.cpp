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

/// What holds of values of which each is one of `a` or one of `b`.
static std::optional<TensorFacts> eitherOf(std::optional<TensorFacts> a,
                                           const std::optional<TensorFacts> &b) {
  if (!a || !b)
    return std::nullopt;
  a->isTested |= b->isTested;
  a->isSorted &= b->isSorted;
  a->isPerm &= b->isPerm;
  a->isDistinct &= b->isDistinct;
  if (a->spans.empty() || b->spans.empty()) {
    a->spans.clear();
    return a;
  }
  for (const TensorFacts::Span &s : b->spans)
    if (llvm::none_of(a->spans, [&](const TensorFacts::Span &have) {
          return have.lo == s.lo && have.end == s.end;
        }))
      a->spans.push_back(s);
  return a;
}

/// The part of a tuple in which its leaf `leaf` lies, which becomes one of that part.
template <typename Parts, typename TypeOf>
static size_t partWith(const Parts &parts, size_t &leaf, TypeOf typeOf) {
  for (size_t i = 0; i < parts.size(); ++i) {
    size_t count = countLeaves(typeOf(parts[i]));
    if (leaf < count)
      return i;
    leaf -= count;
  }
  return parts.size();
}

/// What a value is known to have as elements, by what makes it.
std::optional<TensorFacts> Checker::factsOf(const Expr &e, size_t leaf) const {
  if (auto *name = llvm::dyn_cast<NameExpr>(&e)) {
    if (auto f = tensorFacts.find(name->decl); name->decl && f != tensorFacts.end())
      return f->second;
    auto init = letInit.find(name->decl);
    return name->decl && init != letInit.end()
               ? factsOf(*init->second.first, init->second.second + leaf)
               : std::nullopt;
  }
  if (auto *field = llvm::dyn_cast<FieldExpr>(&e)) {
    if (!field->base || !field->base->type.isTuple())
      return std::nullopt;
    for (unsigned i = 0; i < field->index; ++i)
      leaf += countLeaves(field->base->type.parts[i]);
    return factsOf(*field->base, leaf);
  }
  if (auto *tuple = llvm::dyn_cast<TupleExpr>(&e)) {
    size_t i = partWith(tuple->parts, leaf, [](const ExprPtr &p) { return p->type; });
    return i < tuple->parts.size() ? factsOf(*tuple->parts[i], leaf) : std::nullopt;
  }
  if (auto *block = llvm::dyn_cast<BlockExpr>(&e))
    return block->block && block->block->value ? factsOf(*block->block->value, leaf) : std::nullopt;
  if (auto *choice = llvm::dyn_cast<IfExpr>(&e))
    return choice->thenBlock && choice->thenBlock->value && choice->elseExpr
               ? eitherOf(factsOf(*choice->thenBlock->value, leaf),
                          factsOf(*choice->elseExpr, leaf))
               : std::nullopt;
  if (auto *index = llvm::dyn_cast<IndexExpr>(&e))
    return accessFacts(*index, leaf, /*isCovered=*/false);
  if (auto *covered = llvm::dyn_cast<ElseExpr>(&e))
    return coveredFacts(*covered, leaf);
  if (auto *call = llvm::dyn_cast<CallExpr>(&e)) {
    if (call->isReshape && !call->args.empty() && call->args[0]) {
      auto f = factsOf(*call->args[0]);
      if (f)
        f->isPerm = f->isSorted = f->isDistinct = false;
      return f;
    }
    return call->fn ? resultFacts(*call, leaf) : std::nullopt;
  }
  if (auto *sort = llvm::dyn_cast<SortExpr>(&e))
    return sortFacts(*sort);
  if (auto *compute = llvm::dyn_cast<ComputeExpr>(&e))
    return compute->body && compute->body->value ? stackFacts(*compute->body->value, leaf)
                                                 : std::nullopt;
  if (auto *filter = llvm::dyn_cast<FilterExpr>(&e))
    return filter->body && filter->body->value
               ? keptFacts(*filter, leaf, stackFacts(*filter->body->value, leaf))
               : std::nullopt;
  if (auto *loop = llvm::dyn_cast<ForExpr>(&e))
    return carriedFacts(loop->carried, loop->step, leaf);
  if (auto *loop = llvm::dyn_cast<WhileExpr>(&e))
    return carriedFacts(loop->carried, loop->step, leaf);
  return std::nullopt;
}

/// A part of a tensor. Where an index may lie outside, what stands there is not of the tensor.
std::optional<TensorFacts> Checker::accessFacts(const IndexExpr &e, size_t leaf,
                                                bool isCovered) const {
  auto f = e.base ? factsOf(*e.base, leaf) : std::nullopt;
  std::vector<const Type *> leaves;
  if (f)
    e.base->type.leaves(leaves);
  if (leaf >= leaves.size() || !e.type.isValid() || e.indices.empty())
    return std::nullopt;
  bool isInside = !isCovered && !e.base->isTotal;
  f->isPerm = false;
  f->isSorted &= isInside && e.indices.size() == 1 && e.indices[0].isSlice;
  f->isDistinct &=
      isInside && (e.indices.size() < leaves[leaf]->shape.size() || e.indices.back().isSlice);
  return f;
}

/// `x[lo..hi] else v`, `x else v`: the elements are those of `x`, and `v`; 0 after a failure.
std::optional<TensorFacts> Checker::coveredFacts(const ElseExpr &e, size_t leaf) const {
  if (!e.access)
    return std::nullopt;
  auto *index = llvm::dyn_cast<IndexExpr>(e.access.get());
  auto f = index ? accessFacts(*index, leaf, /*isCovered=*/true) : factsOf(*e.access, leaf);
  std::optional<TensorFacts> other;
  if (!e.alternative)
    other.emplace().spans.push_back({FExpr(0), std::nullopt});
  else if (auto v = leafValue(*e.alternative, leaf))
    other.emplace().spans.push_back({*v, std::nullopt});
  else
    other = factsOf(*e.alternative, leaf);
  return eitherOf(std::move(f), other);
}

/// What a loop ends with is what its carried names are declared to be; behind them, what it keeps.
std::optional<TensorFacts> Checker::carriedFacts(const std::vector<Carried> &carried,
                                                 const Step &step, size_t leaf) const {
  if (llvm::any_of(carried, [](const Carried &c) { return !c.decl; }))
    return std::nullopt;
  size_t i = partWith(carried, leaf, [](const Carried &c) { return c.decl->type; });
  if (i == carried.size())
    return step.keep ? stackFacts(*step.keep, leaf) : std::nullopt;
  return carried[i].declared ? std::optional(declaredFacts(*carried[i].declared)) : std::nullopt;
}

/// What the elements of a stack of values are: what those are, as far as it is the same for all.
std::optional<TensorFacts> Checker::stackFacts(const Expr &value, size_t leaf) const {
  std::vector<const Type *> leaves;
  value.type.leaves(leaves);
  if (leaf >= leaves.size())
    return std::nullopt;
  std::optional<TensorFacts> f;
  if (!leaves[leaf]->isScalar()) {
    f = factsOf(value, leaf);
  } else if (auto v = isInt(leaves[leaf]->scalar) ? leafValue(value, leaf) : std::nullopt) {
    auto lo = dimBound(*v, false), hi = dimBound(*v, true);
    if (lo && hi) {
      f.emplace();
      f->spans.push_back({*lo, *hi + FExpr(1)});
      f->isTested = restsOnData(*v);
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
std::optional<TensorFacts> Checker::resultFacts(const CallExpr &e, size_t leaf) const {
  const FnDecl &fn = *e.fn;
  size_t r = partWith(fn.results, leaf, [](const ResultDecl &r) { return r.type; });
  if (r == fn.results.size() || e.dimArgs.size() != fn.dims.size() || e.isElementwise)
    return std::nullopt;
  TensorFacts f = declaredFacts(fn.results[r].declared);
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
void Checker::setFacts(const Decl &d, const RType *declared, const Expr *init, size_t leaf) {
  auto known = init && init->type.isValid() ? factsOf(*init, leaf) : std::nullopt;
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

void Checker::addGoal(const Expr *e, Goal goal) {
  if (e && (!goal.range->set.empty() || goal.range->perm))
    goals[e].push_back(std::move(goal));
}

void Checker::setGoal(const Expr *e, const RType &range, std::string what, const Type *place,
                      std::optional<unsigned> part) {
  addGoal(e, {&range, std::move(what),
              place && place->isLeaf() ? place->shape : std::vector<FExpr>(), part});
}

/// What makes the elements that `goal` speaks of, and stands inside `e`; nothing where that is `e`.
static std::vector<const Expr *> madeBy(const Expr &e, bool isPerm) {
  if (auto *block = llvm::dyn_cast<BlockExpr>(&e); block && block->block)
    return {block->block->value.get()};
  if (auto *choice = llvm::dyn_cast<IfExpr>(&e); choice && choice->thenBlock)
    return {choice->thenBlock->value.get(), choice->elseExpr.get()};
  if (isPerm) // the values of a form are told apart by nothing
    return {};
  if (auto *compute = llvm::dyn_cast<ComputeExpr>(&e); compute && compute->body)
    return {compute->body->value.get()};
  if (auto *filter = llvm::dyn_cast<FilterExpr>(&e); filter && filter->body)
    return {filter->body->value.get()};
  std::vector<const Expr *> parts;
  if (auto *list = llvm::dyn_cast<ListExpr>(&e))
    for (const ExprPtr &element : list->elements)
      parts.push_back(element.get());
  return parts;
}

/// What each step keeps, where that is the part of a loop that is asked for.
static const Expr *keptBy(const Expr &e, std::optional<unsigned> part) {
  if (auto *loop = llvm::dyn_cast<ForExpr>(&e); loop && part == loop->carried.size())
    return loop->step.keep.get();
  if (auto *loop = llvm::dyn_cast<WhileExpr>(&e); loop && part == loop->carried.size())
    return loop->step.keep.get();
  return nullptr;
}

/// Before `e` is checked: what makes its elements has the goals.
void Checker::passGoal(Expr &e) {
  auto found = goals.find(&e);
  if (found == goals.end())
    return;
  std::vector<Goal> own, all = std::exchange(found->second, {});
  for (Goal &goal : all) {
    std::vector<const Expr *> parts = madeBy(e, goal.range->perm);
    if (auto *tuple = llvm::dyn_cast<TupleExpr>(&e); tuple && goal.part) {
      if (*goal.part < tuple->parts.size()) // else its type is wrong
        addGoal(tuple->parts[*goal.part].get(), {goal.range, goal.what, {}, std::nullopt});
    } else if (const Expr *kept = keptBy(e, goal.part); kept && !goal.range->perm) {
      addGoal(kept, {goal.range, goal.what, {}, std::nullopt});
    } else if (parts.empty()) {
      own.push_back(std::move(goal));
    }
    for (const Expr *part : parts)
      addGoal(part, {goal.range, goal.what, {}, goal.part});
  }
  goals.erase(&e);
  if (!own.empty())
    goals[&e] = std::move(own);
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
void Checker::settleGoals(const Expr &e) {
  auto found = goals.find(&e);
  if (found == goals.end())
    return;
  const std::vector<Goal> all = std::move(found->second);
  goals.erase(found);
  for (const Goal &goal : all)
    if (e.type.isValid())
      settleGoal(e, goal);
}

void Checker::settleGoal(const Expr &e, const Goal &goal) {
  const Type *t = &e.type;
  size_t leaf = 0;
  if (goal.part) {
    if (!t->isTuple() || *goal.part >= t->parts.size())
      return; // which is an error of its own
    for (unsigned i = 0; i < *goal.part; ++i)
      leaf += countLeaves(t->parts[i]);
    t = &t->parts[*goal.part];
  }
  auto f = factsOf(e, leaf);
  if (goal.range->perm && !(f && f->isPerm)) {
    diags.error(e.range, goal.what + " is not proved to be a permutation")
        .note("known are parameters that are declared `perm`, and `argsort`");
    return;
  }
  if (goal.range->set.empty())
    return;
  if (t->isScalar()) {
    Assuming scope(*this);
    for (const FExpr &extent : goal.fills) // else nothing is filled
      assume(Constraint{extent, Rel::GT, FExpr(0)});
    return proveRange(*goal.range, e, goal.what, leaf);
  }
  if (f && t->isLeaf() && isInt(t->scalar)) {
    Assuming scope(*this);
    FExpr element = newSymbol("element", rangeOf(t->scalar), SymbolInfo::Kind::Fresh);
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
  for (unsigned i = 0; i < fn.results.size(); ++i)
    if (const ResultDecl &r = fn.results[i]; r.type.isTensor())
      setGoal(value, r.declared, "this result", nullptr,
              fn.results.size() > 1 ? std::optional(i) : std::nullopt);
}

/// And what carried tensors are declared to be, of the next state.
void Checker::setCarriedGoals(const Step &step, const std::vector<Carried> &carried) {
  for (unsigned i = 0; i < carried.size(); ++i)
    if (const Carried &c = carried[i]; c.decl && c.declared && c.decl->type.isTensor())
      setGoal(step.next.get(), *c.declared, "the next value of `" + c.decl->name.text + "`",
              nullptr, carried.size() > 1 ? std::optional(i) : std::nullopt);
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

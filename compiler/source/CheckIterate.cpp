// Iteration: `for` and `while`, and ranges of values on what they carry.
//
// The carried names start as values that are checked outside, and stand inside for any state: of an
// integer nothing is known there but its type and its declared range, which is proved of the first
// value and of the next one (F2). `keep h` stacks h of every step: element t - lo of a `for`, also
// under `rev`. A condition of `while` is known inside a step.
//
// A range is proved where a value is made: in the branches of an `if`, of each part of a tuple,
// behind the names of `let`s. What was known at the end of a branch is kept for that (`knownAt`).
#include "compiler/source/Checker.h"
#include "llvm/ADT/StringExtras.h"

namespace texpr {

using facts::Rel;

size_t countLeaves(const Type &t) {
  std::vector<const Type *> leaves;
  t.leaves(leaves);
  return leaves.size();
}

// ---- ranges -----------------------------------------------------------------------------------

std::optional<facts::Expr> Checker::leafValue(const Expr &e, size_t leaf) const {
  if (e.type.isScalar())
    return e.value;
  if (auto *tuple = llvm::dyn_cast<TupleExpr>(&e)) {
    for (const ExprPtr &part : tuple->parts) {
      size_t count = part ? countLeaves(part->type) : 0;
      if (leaf < count)
        return leafValue(*part, leaf);
      leaf -= count;
    }
    return std::nullopt;
  }
  if (auto *block = llvm::dyn_cast<BlockExpr>(&e))
    return block->block && block->block->value ? leafValue(*block->block->value, leaf)
                                               : std::nullopt;
  if (auto *name = llvm::dyn_cast<NameExpr>(&e)) {
    auto found = letInit.find(name->decl);
    return found == letInit.end() ? std::nullopt
                                  : leafValue(*found->second.first, found->second.second + leaf);
  }
  if (auto *field = llvm::dyn_cast<FieldExpr>(&e)) {
    if (!field->base || !field->base->type.isTuple())
      return std::nullopt;
    for (unsigned i = 0; i < field->index; ++i)
      leaf += countLeaves(field->base->type.parts[i]);
    return leafValue(*field->base, leaf);
  }
  auto found = leafValues.find(&e);
  return found != leafValues.end() && leaf < found->second.size() ? found->second[leaf]
                                                                  : std::nullopt;
}

/// The value of a branch, with what was known at its end.
bool Checker::isInRangeWithin(const RType &r, const Expr *branch, size_t leaf, RangeFault &fault) {
  if (!branch)
    return true;
  Assuming scope(*this);
  std::set<const Known *> here;
  for (const Known *k = known.get(); k; k = k->before.get())
    here.insert(k);
  std::vector<const Known *> inside;
  if (auto found = knownAt.find(branch); found != knownAt.end())
    for (const Known *k = found->second.get(); k && !here.count(k); k = k->before.get())
      inside.push_back(k);
  for (auto k = inside.rbegin(); k != inside.rend(); ++k)
    assumeCases((*k)->cases);
  return isInRange(r, *branch, leaf, fault);
}

bool Checker::isInRange(const RType &r, const Expr &e, size_t leaf, RangeFault &fault) {
  std::optional<FExpr> value = leafValue(e, leaf);
  Cases cases = value ? rangeCases(r, *value) : Cases();
  if (isProvedAny(cases))
    return true;
  if (auto *choice = llvm::dyn_cast<IfExpr>(&e))
    return isInRangeWithin(r, choice->thenBlock ? choice->thenBlock->value.get() : nullptr, leaf,
                           fault) &&
           isInRangeWithin(r, choice->elseExpr.get(), leaf, fault);
  if (auto *block = llvm::dyn_cast<BlockExpr>(&e); block && block->block && block->block->value)
    return isInRange(r, *block->block->value, leaf, fault);
  if (auto *tuple = llvm::dyn_cast<TupleExpr>(&e))
    for (const ExprPtr &part : tuple->parts) {
      size_t count = countLeaves(part->type);
      if (leaf < count)
        return isInRange(r, *part, leaf, fault);
      leaf -= count;
    }
  if (auto *name = llvm::dyn_cast<NameExpr>(&e))
    if (auto found = letInit.find(name->decl); found != letInit.end()) {
      bool isFine = isInRange(r, *found->second.first, found->second.second + leaf, fault);
      fault.at = &e;
      return isFine;
    }
  if (auto *field = llvm::dyn_cast<FieldExpr>(&e); field && field->base->type.isTuple()) {
    for (unsigned i = 0; i < field->index; ++i)
      leaf += countLeaves(field->base->type.parts[i]);
    return isInRange(r, *field->base, leaf, fault);
  }
  fault.at = &e;
  if (cases.size() == 1)
    for (const Constraint &c : cases[0])
      if (facts::Answer answer = facts.prove(c); !answer) {
        std::string example = counterExample(answer, {c.lhs, c.rhs});
        fault.why = ": `" + facts.str(c) + "`" + (example.empty() ? "" : ", not so for " + example);
        break;
      }
  return false;
}

/// F2: a range on a `let`, a carried name or a result is proved.
void Checker::proveRange(const RType &r, const Expr &e, const std::string &what, size_t leaf) {
  RangeFault fault;
  if (isInRange(r, e, leaf, fault))
    return;
  diags.error(fault.at ? fault.at->range : e.range,
              what + " is not proved to be in its declared range" + fault.why);
}

// ---- what is carried --------------------------------------------------------------------------

static bool hasRange(const Carried &c) { return c.declared && !c.declared->set.empty(); }

/// The carried names with their first values, which are checked outside the loop.
void Checker::checkCarried(std::vector<Carried> &carried, bool keeps, const Type *expected) {
  size_t values = carried.size() + keeps;
  for (size_t i = 0; i < carried.size(); ++i) {
    Carried &c = carried[i];
    const Type *place = values == 1 ? expected : nullptr;
    if (expected && expected->isTuple() && expected->parts.size() == values && values > 1)
      place = &expected->parts[i];
    std::optional<Type> declared;
    if (c.declared) {
      declared = resolveType(c.declared->type, false);
      place = declared ? &*declared : nullptr;
      if (declared && declared->isTensor() && checkRange(*c.declared, *declared, "a range"))
        setGoal(c.init.get(), *c.declared, "the first value of `" + c.decl->name.text + "`");
    }
    checkExpr(c.init, place);
    if (!c.decl || !c.init || !c.init->type.isValid() || (c.declared && !declared))
      continue;
    if (declared && !expectType(*c.init, *declared, "`" + c.decl->name.text + "`"))
      continue;
    c.decl->type = declared ? *declared : c.init->type;
    if (hasRange(c) && c.decl->type.isScalar() && checkRange(*c.declared, c.decl->type, "a range"))
      proveRange(*c.declared, *c.init, "the first value of `" + c.decl->name.text + "`");
  }
}

/// The carried names inside a step. N3: two equal names in one list are an error.
void Checker::bindCarried(std::vector<Carried> &carried) {
  llvm::StringMap<const Decl *> seen;
  for (Carried &c : carried) {
    if (!c.decl)
      continue;
    if (auto [old, isNew] = seen.try_emplace(c.decl->name.text, c.decl.get()); !isNew)
      diags.error(c.decl->name.range, "`" + c.decl->name.text + "` stands twice in this list")
          .note(old->second->name.range, "first here");
    if (c.decl->type.isScalar() && isInt(c.decl->type.scalar)) {
      c.decl->value =
          newSymbol(c.decl->name.text, rangeOf(c.decl->type.scalar), SymbolInfo::Kind::Fresh);
      if (hasRange(c))
        assumeCases(rangeCases(*c.declared, *c.decl->value));
    }
    if (c.declared && c.decl->type.isTensor())
      setFacts(*c.decl, &*c.declared, nullptr);
    declare(*c.decl);
  }
}

/// One step: statements, the next state, what is kept. False where the next state is no state.
bool Checker::checkStep(Step &step, std::vector<Carried> &carried, const Type &want) {
  bool isRight = want.isValid();
  for (const Carried &c : carried)
    isRight &= c.decl && c.decl->type.isValid();
  nameLending(step.stmts, step.next);
  checkStmts(step.stmts);
  setCarriedGoals(step, carried);
  checkExpr(step.next, isRight ? &want : nullptr);
  if (step.keep)
    checkExpr(step.keep);
  boundFoundLets(step.stmts, {step.next.get(), step.keep.get()});
  if (!isRight || !step.next || !step.next->type.isValid() ||
      !expectType(*step.next, want, "the next state"))
    return false;
  size_t leaf = 0;
  for (const Carried &c : carried) {
    if (hasRange(c) && c.decl->type.isScalar())
      proveRange(*c.declared, *step.next, "the next value of `" + c.decl->name.text + "`", leaf);
    leaf += countLeaves(c.decl->type);
  }
  return !step.keep || step.keep->type.isValid();
}

/// The type of the whole form and what is known of its integers.
void Checker::finishIteration(Expr &e, const std::vector<Carried> &carried, const Step &step,
                              const Type &state, const FExpr &length, facts::Symbol mark) {
  if (!step.keep) {
    e.type = state;
  } else {
    const Type &kept = step.keep->type;
    if (auto s = innerSymbol(kept, mark, symbols)) {
      diags.error(step.keep->range, "each step would keep a value of its own shape " + str(kept) +
                                        ": it depends on `" + facts.name(*s) + "`");
      return;
    }
    std::vector<Type> parts;
    for (const Carried &c : carried)
      parts.push_back(c.decl->type);
    parts.push_back(kept.withOuter({length}));
    e.type = Type::tuple(std::move(parts));
  }
  setFreshValue(e);
  auto &values = leafValues[&e];
  for (const Carried &c : carried) {
    std::optional<FExpr> value;
    if (hasRange(c) && c.decl->type.isScalar()) {
      value = e.value ? *e.value
                      : newSymbol(c.decl->name.text, rangeOf(c.decl->type.scalar),
                                  SymbolInfo::Kind::Fresh);
      assumeCases(rangeCases(*c.declared, *value));
    }
    values.resize(values.size() + countLeaves(c.decl->type));
    values.back() = value;
  }
}

static Type stateOf(const std::vector<Carried> &carried) {
  std::vector<Type> state;
  for (const Carried &c : carried) {
    if (!c.decl || !c.decl->type.isValid())
      return Type();
    state.push_back(c.decl->type);
  }
  return state.size() == 1 ? state[0] : Type::tuple(state);
}

void Checker::checkFor(ForExpr &e, const Type *expected) {
  checkAxis(e.axis);
  checkCarried(e.carried, e.step.keep != nullptr, expected);
  checkAttrs(e.attrs, AttrPlace::For, nullptr, nullptr);
  bool isRight = e.axis.loValue && e.axis.hiValue;
  FExpr length;
  if (e.step.keep && isRight) {
    length = lengthOf(*e.axis.loValue, *e.axis.hiValue);
    isRight = checkExtentIsDim(length, e.axis.range, &e.axis, nullptr);
  }
  Type want = stateOf(e.carried);
  facts::Symbol mark = symbols.size();
  {
    Scope names(*this);
    Assuming scope(*this);
    Frame frame;
    frame.range = e.range;
    frame.known = known;
    frame.mark = mark;
    frame.accessMark = accesses.size();
    if (e.binder) {
      bindAxis(e.axis, *e.binder, frame);
      declare(*e.binder);
    }
    bindCarried(e.carried);
    frames.push_back(std::move(frame));
    isRight &= checkStep(e.step, e.carried, want);
    frames.pop_back();
  }
  if (isRight)
    finishIteration(e, e.carried, e.step, want, length, mark);
}

/// `while c with (…) max N`: c holds at the start of each step. N is any integer; what is kept has
/// room for N and a length that is found while running (D10).
void Checker::checkWhile(WhileExpr &e, const Type *expected) {
  checkCarried(e.carried, e.step.keep != nullptr, expected);
  auto bound = bodyBound(e.bound);
  checkAttrs(e.attrs, AttrPlace::For, nullptr, nullptr);
  bool isRight = bound.has_value();
  FExpr most;
  if (e.step.keep && isRight) {
    most = lengthOf(FExpr(0), *bound);
    isRight = checkExtentIsDim(most, e.bound->range, nullptr, e.bound.get());
  }
  Type want = stateOf(e.carried);
  facts::Symbol mark = symbols.size();
  {
    Scope names(*this);
    Assuming scope(*this);
    Frame frame;
    frame.range = e.range;
    frame.known = known;
    frame.mark = mark;
    frame.accessMark = accesses.size();
    bindCarried(e.carried);
    frames.push_back(std::move(frame));
    if (checkCondition(e.cond))
      assume(formula(*e.cond));
    else
      isRight = false;
    isRight &= checkStep(e.step, e.carried, want);
    frames.pop_back();
  }
  if (!isRight)
    return;
  if (e.elseFail)
    addSite(e,
            "`while " + text(e.cond->range) + "` ends within " + text(e.bound->range) + " steps");
  if (e.step.keep)
    e.count = newFoundDim("steps", most);
  finishIteration(e, e.carried, e.step, want, e.count.value_or(FExpr()), mark);
}

/// The text of a program without its attributes: what a failure says is the same with every decision pinned.
static std::string withoutAttributes(const std::string &text) {
  std::string kept;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, " @") != 0) {
      kept += text[i];
      continue;
    }
    for (i += 2; i < text.size() && (llvm::isAlnum(text[i]) || text[i] == '_');)
      ++i;
    for (int depth = 0; i < text.size() && (depth > 0 || text[i] == '('); ++i)
      if (text[i] == '(' || text[i] == ')')
        if ((depth += text[i] == '(' ? 1 : -1) == 0) {
          ++i;
          break;
        }
    --i;
  }
  return kept;
}

int64_t Checker::addSite(const Expr &e, std::string text) {
  out.sites.push_back({currentFn, ~0u, e.range, withoutAttributes(text), &e});
  return out.sites.size() - 1;
}

} // namespace texpr

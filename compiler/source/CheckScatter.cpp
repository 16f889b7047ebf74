// scatter: values put at places that are computed.
//
//   scatter(+) [k] over n |i| { at bin[i] or skip put 1 }
//   scatter [n] over n |i| { at p[i] put x[i] }
//
// S1: a place is inside the result: proved (perhaps by a range that the data are tested for), or
// `or skip` passes over it. S2: without an operator no place is put at twice: proved, as two
// iterations that put at one place are the same; a permutation has its elements once each; what is
// not proved is tested while running. S3: what is put nowhere else has a value: zero, the
// operator's identity, or `from`.
#include "compiler/source/Checker.h"
#include <algorithm>

namespace texpr {

using facts::Rel;
using facts::Symbol;

/// D6, D7: the extents of the result, which are not negative.
std::optional<std::vector<facts::Expr>> Checker::checkScatterShape(ScatterExpr &e) {
  std::vector<FExpr> shape;
  bool isRight = true;
  for (ExprPtr &written : e.extents) {
    auto extent = bodyBound(written);
    if (!extent) {
      isRight = false;
      continue;
    }
    shape.push_back(*extent);
    isRight &= checkExtentIsDim(*extent, written->range, nullptr, written.get());
    Constraint c{*extent, Rel::GE, FExpr(0)};
    if (!isRight || isProved(c))
      continue;
    if (isDimExpr(*extent) && currentFn && extent->constant().value_or(0) >= 0) {
      require(const_cast<FnDecl &>(*currentFn), c, written->range, text(written->range) + " >= 0");
    } else {
      diags.error(written->range,
                  extent->constant()
                      ? "an extent is not negative, but this is " + str(*extent)
                      : "an extent is not negative: `" + facts.str(c) + "` is not proved");
      isRight = false;
    }
  }
  return isRight ? std::optional(shape) : std::nullopt;
}

/// S1. `at` gets the value of each index.
bool Checker::checkPlaces(ScatterExpr &e, const std::vector<FExpr> &shape, std::vector<FExpr> &at) {
  bool isRight = e.at.size() == e.extents.size();
  if (!isRight && !e.at.empty())
    diags.error(spanning(e.at.front()->range, e.at.back()->range),
                "a place in a tensor of " + std::to_string(e.extents.size()) +
                    (e.extents.size() == 1 ? " axis" : " axes") + " has as many indices, not " +
                    std::to_string(e.at.size()));
  for (ExprPtr &index : e.at) {
    checkExpr(index);
    if (!index || !index->type.isValid()) {
      isRight = false;
    } else if (!index->type.isScalar() || !isInt(index->type.scalar)) {
      auto error =
          diags.error(index->range, "an index is an integer, but this is " + str(index->type));
      if (index->type.isScalar() && isFloat(index->type.scalar))
        error.fix(index->range, "i64(" + text(index->range) + ")", "write the conversion");
      isRight = false;
    } else {
      at.push_back(*index->value);
    }
  }
  if (!isRight || shape.size() != at.size())
    return false;
  e.isInside = true;
  for (size_t axis = 0; axis < at.size(); ++axis)
    for (const Constraint &c :
         {Constraint{at[axis], Rel::GE, FExpr(0)}, Constraint{at[axis], Rel::LT, shape[axis]}}) {
      if (isProved(c))
        continue;
      e.isInside = false;
      if (e.orSkip)
        continue;
      facts::Answer answer = facts.prove(c);
      std::string example = counterExample(answer, {at[axis], shape[axis]});
      auto error = diags.error(e.at[axis]->range,
                               "the place `" + text(e.at[axis]->range) +
                                   "` is not proved inside the result: `" + facts.str(c) + "`" +
                                   (example.empty() ? " does not follow from what is known here"
                                                    : " does not hold for " + example));
      auto unknown =
          at[axis].asSymbol() ? std::optional(symbols[*at[axis].asSymbol()].kind) : std::nullopt;
      if (unknown == SymbolInfo::Kind::Data)
        error.note("give the data a range where it is declared, as `in 0.." + str(shape[axis]) +
                   "`; it is tested as it is read");
      error.fix(after(e.at.back()->range), " or skip", "pass over what lies outside");
      return false;
    }
  bool onData = std::any_of(at.begin(), at.end(), [&](const FExpr &v) { return restsOnData(v); });
  SourceRange range = spanning(e.at.front()->range, e.at.back()->range);
  if (e.isInside)
    note(onData ? CheckNote::Kind::Verified : CheckNote::Kind::Proved, range,
         "the place lies inside the result");
  else
    note(CheckNote::Kind::Else, range, "a place outside is passed over, by `or skip`");
  return true;
}

// ---- distinct places ----------------------------------------------------------------------------

/// Elements of permutations among `about` that are the same in both iterations stand at the same
/// index. True where that says something new.
bool Checker::assumeEqualIndices(Symbol mark, const std::vector<FExpr> &about) {
  std::vector<Symbol> used;
  for (const FExpr &e : about)
    e.symbols(used);
  bool isNew = false;
  for (Symbol s : used) {
    auto found = s >= mark ? elementOf.find(s) : elementOf.end();
    if (found == elementOf.end() || !found->second->decl || found->second->at.empty())
      continue;
    auto known = tensorFacts.find(found->second->decl);
    bool isOnce = known != tensorFacts.end() && found->second->path.empty() &&
                  (known->second.isPerm || known->second.isDistinct);
    FExpr v = FExpr::symbol(s);
    if (!isOnce || !isProved({v, Rel::EQ, inOtherIteration(v, mark)}))
      continue;
    std::vector<FExpr> at = found->second->at;
    bool isSameRow = true;
    for (size_t k = 0; k + 1 < at.size(); ++k)
      isSameRow &= isProved({at[k], Rel::EQ, inOtherIteration(at[k], mark)});
    Constraint same{at.back(), Rel::EQ, inOtherIteration(at.back(), mark)};
    if (isSameRow && !isProved(same)) {
      assume(same);
      isNew = true;
      assumeEqualIndices(mark, at);
    }
  }
  return isNew;
}

/// Two iterations, both as known here, that put at one place are the same one.
bool Checker::areDistinct(const Frame &frame, const std::vector<FExpr> &at) {
  Assuming scope(*this);
  otherIteration.clear();
  std::vector<const Known *> inside;
  for (const Known *k = known.get(); k && k != frame.known.get(); k = k->before.get())
    inside.push_back(k);
  std::reverse(inside.begin(), inside.end());
  for (const Known *k : inside) {
    Cases cases = k->cases;
    for (auto &conjunction : cases)
      for (Constraint &c : conjunction)
        c = {inOtherIteration(c.lhs, frame.mark), c.rel, inOtherIteration(c.rhs, frame.mark)};
    assumeCases(cases);
  }
  for (const FExpr &index : at)
    assume(Constraint{index, Rel::EQ, inOtherIteration(index, frame.mark)});
  if (facts.isUnreachable())
    return true;
  for (unsigned round = 0; round < 4 && assumeEqualIndices(frame.mark, at); ++round) {
  }
  return std::all_of(frame.loops.begin(), frame.loops.end(), [&](const Loop &loop) {
    FExpr s = FExpr::symbol(loop.symbol);
    return isProved({s, Rel::EQ, inOtherIteration(s, frame.mark)});
  });
}

/// S2.
void Checker::proveDistinct(ScatterExpr &e, const Frame &frame, const std::vector<FExpr> &shape,
                            const std::vector<FExpr> &at) {
  SourceRange range = spanning(e.at.front()->range, e.at.back()->range);
  {
    Assuming scope(*this);
    for (size_t axis = 0; axis < at.size(); ++axis) { // nothing is put outside
      assume(Constraint{FExpr(0), Rel::LE, at[axis]});
      assume(Constraint{at[axis], Rel::LT, shape[axis]});
    }
    e.isDistinct = areDistinct(frame, at);
  }
  if (e.isDistinct) {
    note(CheckNote::Kind::Proved, range, "no two iterations put at one place");
    return;
  }
  note(CheckNote::Kind::Verified, range, "that no two iterations put at one place");
  addSite(e, "`at " + text(range) + "`: no two iterations put at one place");
}

// ---- the form -----------------------------------------------------------------------------------

void Checker::checkScatter(ScatterExpr &e, const Type *expected) {
  auto shape = checkScatterShape(e);
  if (e.from)
    checkExpr(e.from, expected);
  bool hasBase = e.from && e.from->type.isValid();
  Scope names(*this);
  Assuming scope(*this);
  Frame frame;
  frame.range = e.range;
  bool isRight = checkDomain(e.domain, e.binders, false, "scatter", frame);
  checkAttrs(e.attrs, AttrPlace::Form, &e.binders, nullptr);
  frames.push_back(frame);
  if (e.where && checkCondition(e.where))
    assume(formula(*e.where));
  checkStmts(e.stmts);
  std::vector<FExpr> at;
  isRight &= shape && checkPlaces(e, *shape, at);
  auto op = e.op ? opByName.find(e.op->name.text) : opByName.end();
  bool isUser = op != opByName.end();
  Type inner;
  if (const Type *whole = hasBase ? &e.from->type : expected)
    inner = withoutOuter(*whole, e.extents.size());
  if (isUser && op->second->lhs.decl && op->second->lhs.decl->type.isValid())
    checkExpr(e.put, &op->second->lhs.decl->type);
  else
    checkExpr(e.put, inner.isValid() ? &inner : nullptr);
  if (isRight && !e.op)
    proveDistinct(e, frame, *shape, at);
  std::vector<const Expr *> after{e.put.get()};
  for (const ExprPtr &index : e.at)
    after.push_back(index.get());
  boundFoundLets(e.stmts, after);
  frames.pop_back();
  if (!e.put || !e.put->type.isValid() || !isRight || (e.from && !hasBase))
    return;
  const Type &t = e.put->type;
  if (e.op && !checkCombine(*e.op, t, e.put->range))
    return;
  if (e.op && e.op->op && !e.op->op->identity && !e.from) {
    diags
        .error(e.op->name.range,
               "op `" + e.op->name.text + "` has no identity, which stands where nothing is put")
        .note("give the op an `identity`, or start `from` a tensor");
    return;
  }
  if (auto s = innerSymbol(t, frame.mark, symbols)) {
    diags.error(e.put->range, "what this `scatter` puts differs in shape: " + str(t) +
                                  " depends on `" + facts.name(*s) + "`");
    return;
  }
  Type result = t.withOuter(*shape);
  if (e.from && !expectType(*e.from, result, "what this `scatter` starts from"))
    return;
  e.type = result;
}

} // namespace texpr

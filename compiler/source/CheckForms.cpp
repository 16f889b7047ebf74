// The value forms: compute, reduce.
//
// Each opens a scope with its binders and assumes that "this iteration exists": `lo <= i < hi` for
// every axis, and the `where` of a reduce. What is made inside may not be seen outside by its
// extents: D9, a tensor has one shape for all indices of the form around it.
#include "compiler/source/Checker.h"
#include <algorithm>

namespace texpr {

using facts::Rel;

// ---- domains --------------------------------------------------------------------------------

void Checker::checkAxis(Axis &axis) {
  axis.loValue = axis.lo ? bodyBound(axis.lo) : std::optional(FExpr(0));
  axis.hiValue = bodyBound(axis.hi);
}

void Checker::bindAxis(const Axis &axis, Decl &binder, Frame &frame) {
  binder.type = Type::leaf(ScalarKind::I64);
  FExpr lo = axis.loValue.value_or(FExpr(0)), hi = axis.hiValue.value_or(FExpr(0));
  facts::Range below = interval(lo), above = interval(hi);
  // Not empty even where the loop is: a symbol's range holds everywhere, what is assumed of it below only here.
  facts::Range range{std::min(below.lo.value_or(INT64_MIN), INT64_MAX - 1), INT64_MAX - 1};
  if (above.hi)
    range.hi = std::max(*above.hi, *range.lo + 1) - 1;
  FExpr s = newSymbol(binder.name.text, range, SymbolInfo::Kind::Binder);
  binder.value = s;
  SymbolInfo &info = symbols[*s.asSymbol()];
  info.lo = lo;
  info.hi = hi;
  frame.loops.push_back({*s.asSymbol(), lo, hi});
  frame.binders.push_back(&binder);
  if (!axis.loValue ||
      !axis.hiValue) { // said: nothing that the binder is used for is an error of its own
    binder.type = Type();
    return;
  }
  assume(Constraint{lo, Rel::LE, s});
  assume(Constraint{s, Rel::LT, hi});
  if (!isDimExpr(lo))
    symbols[*s.asSymbol()].least = dimBound(lo, false);
  if (auto most = isDimExpr(hi) ? std::nullopt : dimBound(hi, true))
    symbols[*s.asSymbol()].most = *most - FExpr(1);
}

/// D8: one binder an axis; a bound may use earlier binders of its list, except in `compute` and `scan`.
bool Checker::checkDomain(std::vector<Axis> &domain, const Binders &binders, bool independent,
                          const char *form, Frame &frame) {
  bool isRight = binders.size() == domain.size();
  if (!isRight && !binders.empty() && !domain.empty())
    diags.error(spanning(binders.front()->name.range, binders.back()->name.range),
                std::string("`") + form + "` over " + std::to_string(domain.size()) +
                    (domain.size() == 1 ? " axis" : " axes") + " has " +
                    std::to_string(binders.size()) +
                    (binders.size() == 1 ? " binder" : " binders"));
  if (independent)
    for (Axis &axis : domain) {
      bool dependent = false;
      auto visit = [&](Expr &e) {
        auto *name = llvm::dyn_cast<NameExpr>(&e);
        if (!name || lookUp(name->text))
          return;
        for (const auto &b : binders)
          if (b && b->name.text == name->text && !dependent) {
            diags
                .error(name->range, std::string("a bound of `") + form + "` may not depend on `" +
                                        name->text + "` of the same list")
                .note(
                    form == std::string("scan")
                        ? "its result has the shape of its domain, a box: scan over the flat "
                          "range, as `row[0]..row[m]`, by an op on (flag, value) that begins "
                          "anew at each flag, or cover the largest box"
                        : "a tensor is a box: cover the largest one, and choose inside with `if`");
            dependent = true;
          }
      };
      Walker walker{visit, nullptr};
      walker.expr(axis.lo.get());
      walker.expr(axis.hi.get());
      if (!dependent)
        checkAxis(axis);
      isRight &= axis.loValue && axis.hiValue;
    }
  frame.known = known;
  frame.mark = symbols.size();
  frame.accessMark = accesses.size();
  for (size_t i = 0; i < domain.size(); ++i) {
    if (!independent)
      checkAxis(domain[i]);
    isRight &= domain[i].loValue && domain[i].hiValue;
    if (frame.asksNonEmpty && isRight)
      frame.isNonEmpty &= isProved({*domain[i].loValue, Rel::LT, *domain[i].hiValue});
    if (frame.asksLengths && isRight)
      frame.lengths.push_back(lengthOf(*domain[i].loValue, *domain[i].hiValue));
    if (i < binders.size() && binders[i]) {
      bindAxis(domain[i], *binders[i], frame);
      if (!independent)
        declare(*binders[i]);
    }
  }
  declareList(binders);
  for (size_t i = domain.size(); i < binders.size(); ++i)
    if (binders[i])
      binders[i]->type = Type();
  return isRight;
}

facts::Expr Checker::lengthOf(FExpr lo, FExpr hi) {
  FExpr length = hi - lo;
  if (auto c = length.constant())
    return FExpr(std::max<int64_t>(*c, 0));
  return isProved({lo, Rel::LE, hi}) ? length : FExpr::max(length, FExpr(0));
}

bool Checker::insideForm() const {
  for (const Frame &f : frames)
    if (f.kind != Frame::Kind::Value)
      return true;
  return false;
}

/// Integer parameters among `values` that could be dims.
void Checker::noteScalars(Diagnostics::Entry error, const std::vector<FExpr> &values) const {
  for (const FExpr &e : values) {
    std::vector<facts::Symbol> used;
    e.symbols(used);
    for (facts::Symbol s : used)
      if (symbols[s].kind == SymbolInfo::Kind::Scalar)
        error.note("an integer parameter is a dim where the signature uses it: add `where " +
                   facts.name(s) + " >= 0`");
  }
}

/// D7: memory is planned before a call runs, so each extent is over dims or has a bound that is.
bool Checker::checkExtentIsDim(const FExpr &extent, SourceRange range, const Axis *axis,
                               const Expr *expr) {
  if (extent.constant().value_or(0) > (int64_t(1) << 47)) {
    diags.error(range, "an extent is at most 2^47");
    return false;
  }
  if (isDimExpr(extent))
    return true;
  if (!insideForm() && !isRunningDim(extent)) {
    auto error = diags.error(range, "an extent outside every form is made of dims, but `" +
                                        str(extent) + "` is known only while running");
    noteScalars(error, {extent});
    return false;
  }
  auto bound = dimBound(extent, true);
  if (!bound) {
    auto error = diags.error(range, "no upper bound of the extent `" + str(extent) + "` is known");
    error.note("memory is planned for the largest one: bound it, as in `min(" + text(range) +
               ", n)`");
    noteScalars(error, {extent});
    return false;
  }
  if (axis)
    out.axisBound[axis] = *bound;
  if (expr)
    out.extentBound[expr] = *bound;
  if (isMadeOfData(extent)) {
    out.dataLimit.insert_or_assign(extent.hash(), *bound);
    note(CheckNote::Kind::Planned, range,
         "`" + str(extent) + "` is data: memory is planned for " + str(*bound) + ", per worker");
  }
  return true;
}

Type withoutOuter(const Type &t, size_t axes) {
  if (t.isTuple()) {
    std::vector<Type> parts;
    for (const Type &part : t.parts)
      parts.push_back(withoutOuter(part, axes));
    Type inner = Type::tuple(std::move(parts));
    inner.nominal = structOf(t.nominal, inner);
    return inner;
  }
  if (!t.isLeaf())
    return t;
  return Type::leaf(t.scalar, {t.shape.begin() + std::min(axes, t.shape.size()), t.shape.end()});
}

std::optional<facts::Symbol> innerSymbol(const Type &t, facts::Symbol mark,
                                         const std::vector<SymbolInfo> &symbols) {
  std::vector<const Type *> leaves;
  t.leaves(leaves);
  for (const Type *leaf : leaves)
    for (const facts::Expr &extent : leaf->shape) {
      std::vector<facts::Symbol> used;
      extent.symbols(used);
      for (facts::Symbol s : used)
        if (s >= mark && symbols[s].kind != SymbolInfo::Kind::Dim)
          return s;
    }
  return std::nullopt;
}

// ---- compute and reduce ---------------------------------------------------------------------

void Checker::checkCompute(ComputeExpr &e, const Type *expected) {
  Scope names(*this);
  Assuming scope(*this);
  Frame frame;
  frame.range = e.range;
  bool isRight = checkDomain(e.domain, e.binders, true, "compute", frame);
  checkAttrs(e.attrs, AttrPlace::Form, &e.binders, e.body.get());
  facts::Symbol mark = frame.mark;
  std::vector<FExpr> shape;
  for (Axis &axis : e.domain) {
    if (!axis.loValue || !axis.hiValue)
      continue;
    shape.push_back(lengthOf(*axis.loValue, *axis.hiValue));
    isRight &= checkExtentIsDim(shape.back(), axis.range, &axis, nullptr);
  }
  frames.push_back(std::move(frame));
  Type inner = expected ? withoutOuter(*expected, e.domain.size()) : Type();
  if (e.body)
    checkBlockValue(*e.body, expected ? &inner : nullptr, "a `compute`");
  frames.pop_back();
  if (!isRight || !e.body || !e.body->value || !e.body->value->type.isValid())
    return;
  const Type &t = e.body->value->type;
  if (auto s = innerSymbol(t, mark, symbols)) {
    diags.error(e.body->value->range, "each index of this `compute` would have its own shape " +
                                          str(t) + ": it depends on `" + facts.name(*s) + "`");
    return;
  }
  e.type = t.withOuter(shape);
}

/// T9: a builtin operator combines numbers leaf by leaf; a user's op takes values of its type,
/// element by element.
bool Checker::checkCombine(CombineOp &op, const Type &value, SourceRange range) {
  const std::string &name = op.name.text;
  std::vector<const Type *> leaves;
  value.leaves(leaves);
  if (auto combiner = findCombiner(name); combiner && !holdsStruct(value)) {
    for (const Type *leaf : leaves)
      if (!combinerTakes(*combiner, leaf->scalar)) {
        diags.error(range, "`" + name + "` does not combine " + str(*leaf));
        return false;
      }
    return true;
  }
  if (holdsStruct(value) && findCombiner(name)) {
    op.op = combinerOfStruct(name, value, range);
    if (!op.op)
      return false;
  } else if (auto found = opByName.find(name); found != opByName.end()) {
    op.op = found->second->typeParams.empty() ? found->second
                                              : instanceFor(*found->second, value, range);
    if (!op.op)
      return false;
  } else {
    if (isPartial)
      return false;
    auto error = diags.error(op.name.range, "no operator is named `" + name + "`");
    error.note("a reduction combines by + * min max and or xor, or by an `op` of this program");
    std::string near;
    for (const auto &o : program.ops)
      if (llvm::StringRef(name).edit_distance(o->name.text) <= 2)
        near = o->name.text;
    if (!near.empty())
      error.fix(op.name.range, near, "did you mean `" + near + "`?");
    return false;
  }
  if (badOps.count(op.op))
    return false;
  const Type &want = op.op->lhs.decl->type;
  if (!sameScalars(want, value)) {
    diags.error(range, "op `" + name + "` combines values of type " + str(want) + ", but this is " +
                           str(value));
    return false;
  }
  for (const Type *leaf : leaves)
    if (!sameShape(*leaf, *leaves[0])) {
      diags.error(range, "op `" + name + "` combines values element by element: the parts of " +
                             str(value) + " differ in shape");
      return false;
    }
  return true;
}

void Checker::checkReduce(ReduceExpr &e, const Type *expected) {
  checkTerms(e, expected);
  valueOfSum(e);
  setFreshValue(e);
}

void Checker::checkTerms(ReduceExpr &e, const Type *expected) {
  Scope names(*this);
  Assuming scope(*this);
  Frame frame;
  frame.range = e.range;
  auto op = opByName.find(e.op.name.text);
  frame.asksNonEmpty = op != opByName.end() ? !op->second->identity : !structOps.empty();
  bool isRight = checkDomain(e.domain, e.binders, false, "reduce", frame);
  checkAttrs(e.attrs, AttrPlace::Form, &e.binders, e.body.get());
  facts::Symbol mark = frame.mark;
  bool isNonEmpty = !e.where && frame.isNonEmpty;
  frames.push_back(std::move(frame));
  if (e.where && checkCondition(e.where))
    assume(formula(*e.where));
  bool byUserOp =
      op != opByName.end() && op->second->lhs.decl && op->second->lhs.decl->type.isValid();
  if (e.body)
    checkBlockValue(*e.body, byUserOp ? &op->second->lhs.decl->type : expected, "a `reduce`");
  frames.pop_back();
  if (!e.body || !e.body->value || !e.body->value->type.isValid())
    return;
  const Type &t = e.body->value->type;
  if (!checkCombine(e.op, t, e.body->value->range) || !isRight)
    return;
  if (e.op.op && !e.op.op->identity && !isNonEmpty)
    diags
        .error(e.op.name.range,
               "op `" + e.op.name.text +
                   "` has no identity, and nothing proves that there is something to combine")
        .note("give the op an `identity`, or add a `where` fact, as `n > 0`");
  if (auto s = innerSymbol(t, mark, symbols)) {
    diags.error(e.body->value->range, "the terms of this `reduce` differ in shape: " + str(t) +
                                          " depends on `" + facts.name(*s) + "`");
    return;
  }
  e.type = t;
}

} // namespace texpr

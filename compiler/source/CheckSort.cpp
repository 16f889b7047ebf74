// argsort and top: the indices of an axis in the order of their keys.
//
//   argsort n |i| { (group[i], desc(score[i])) }     top(k) n |i| { desc(x[i]) }
//
// S4: one axis; a key is a scalar or a tuple of scalars; `desc` stands around a key, or a part of
// it. S5: the `k` of `top(k)` is at least 0 and at most the length: proved, or tested at entry
// where dims say so. What is known of the result: every element is an index of the axis, and
// stands once; all of an axis from 0 are a permutation.
#include "compiler/source/Checker.h"

namespace texpr {

using facts::Rel;

/// One part of a key, perhaps under `desc`.
bool Checker::checkSortKey(ExprPtr &key, SortExpr &sort) {
  auto *call = llvm::dyn_cast_or_null<CallExpr>(key.get());
  bool isDescending = call && call->callee.text == "desc";
  if (isDescending) {
    if (call->args.size() != 1 || !call->typeArgs.empty()) {
      diags.error(call->range, "`desc` takes one key");
      return false;
    }
    checkExpr(call->args[0]);
    call->isDescending = true;
    call->type = call->args[0] ? call->args[0]->type : Type();
    call->value = call->args[0] ? call->args[0]->value : std::nullopt;
  } else {
    checkExpr(key);
  }
  if (!key || !key->type.isValid())
    return false;
  std::vector<const Type *> leaves;
  key->type.leaves(leaves);
  for (const Type *leaf : leaves)
    if (refuseF8(*leaf, key->range, "a key"))
      return false;
  for (const Type *leaf : leaves) {
    if (!leaf->isScalar()) {
      diags
          .error(key->range,
                 "a key is a scalar or a tuple of scalars, but this is " + str(key->type))
          .note(
              "sort by one element after the other: name them in a tuple, as `(x[i, 0], x[i, 1])`");
      return false;
    }
    sort.descending.push_back(isDescending);
  }
  return true;
}

/// S5: 0 <= k <= length.
bool Checker::isSmallTop(SortExpr &e, const FExpr &length) {
  auto k = bodyBound(e.top);
  if (!k || !checkExtentIsDim(*k, e.top->range, nullptr, e.top.get()))
    return false;
  for (const Constraint &c : {Constraint{*k, Rel::GE, FExpr(0)}, Constraint{*k, Rel::LE, length}}) {
    if (isProved(c))
      continue;
    bool isNever = (c.lhs - c.rhs).constant().has_value();
    if (isDimExpr(*k) && isDimExpr(length) && currentFn && !isNever) {
      require(const_cast<FnDecl &>(*currentFn), c, e.top->range, facts.str(c));
      continue;
    }
    std::string example = counterExample(facts.prove(c), {*k, length});
    diags
        .error(e.top->range, "`top(" + text(e.top->range) + ")` of " + str(length) +
                                 " elements: `" + facts.str(c) + "` is not proved" +
                                 (example.empty() ? "" : ", and not so for " + example))
        .note("bound it, as in `top(min(" + text(e.top->range) + ", " + str(length) + "))`");
    return false;
  }
  return true;
}

void Checker::checkSort(SortExpr &e, const Type *) {
  const char *form = e.top ? "top" : "argsort";
  e.descending.clear();
  Scope names(*this);
  Assuming scope(*this);
  Frame frame;
  frame.range = e.range;
  if (e.domain.size() > 1) {
    diags
        .error(spanning(e.domain.front().range, e.domain.back().range),
               std::string("`") + form + "` sorts the indices of one axis, not of " +
                   std::to_string(e.domain.size()))
        .note("sort each row by itself: `compute m |i| { " + std::string(form) +
              (e.top ? "(k)" : "") + " n |j| { … } }`");
    return;
  }
  FExpr length;
  bool isRight = true;
  {
    // `k` is outside of the iteration.
    Axis &axis = e.domain[0];
    isRight = checkDomain(e.domain, e.binders, true, form, frame);
    if (isRight) {
      length = lengthOf(*axis.loValue, *axis.hiValue);
      isRight = checkExtentIsDim(length, axis.range, &axis, nullptr);
    }
  }
  checkAttrs(e.attrs, AttrPlace::Form, &e.binders, e.body.get());
  frames.push_back(frame);
  if (e.body) {
    Scope inside(*this);
    checkStmts(e.body->stmts);
    auto *tuple = llvm::dyn_cast_or_null<TupleExpr>(e.body->value.get());
    if (!e.body->value) {
      diags.error(e.body->range, std::string("a `") + form + "` needs a key as its last line");
      isRight = false;
    } else if (tuple) {
      std::vector<Type> parts;
      for (ExprPtr &part : tuple->parts) {
        isRight &= checkSortKey(part, e);
        parts.push_back(part ? part->type : Type());
      }
      if (isRight)
        tuple->type = Type::tuple(parts);
    } else {
      isRight &= checkSortKey(e.body->value, e);
    }
    boundFoundLets(e.body->stmts, {e.body->value.get()});
  }
  frames.pop_back();
  if (!isRight || !e.body)
    return;
  FExpr count = length;
  if (e.top) {
    if (!isSmallTop(e, length))
      return;
    count = *e.top->value;
  }
  e.type = Type::leaf(ScalarKind::I64, {count});
}

TensorFacts Checker::sortFacts(const SortExpr &e) const {
  TensorFacts known;
  const Axis &axis = e.domain[0];
  if (!axis.loValue || !axis.hiValue)
    return known;
  known.spans.push_back({*axis.loValue, *axis.hiValue});
  known.isDistinct = true;
  known.isPerm = !e.top && axis.loValue->constant() == 0;
  return known;
}

} // namespace texpr

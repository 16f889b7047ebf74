// `else`: accesses that it covers, and total views.
//
// B4: `access else v` covers one access; v is of the access's type, or a scalar for each element.
// `access else fail` reports where an index is outside. B6: `let xp = x else v;` is a total view: x
// as it is then, which may be indexed and sliced anywhere, with the scalar v outside of it (or a
// failure). It is a view only as long as it is named: what is computed from it, passed or returned,
// is the tensor x.
#include "compiler/source/Checker.h"

namespace texpr {

/// True where the leaves of `v` are those of `t`, or scalars for its tensors.
bool Checker::spreadsTo(const Type &v, const Type &t) {
  std::vector<const Type *> given, wanted;
  v.leaves(given);
  t.leaves(wanted);
  if (!sameScalars(v, t))
    return false;
  for (size_t i = 0; i < wanted.size(); ++i)
    if (!given[i]->isScalar() && !sameShape(*given[i], *wanted[i]))
      return false;
  return true;
}

/// The type of one element: what a literal after `else` adapts to.
static Type elementType(const Type &t) {
  if (!t.isTuple())
    return t.isLeaf() ? Type::leaf(t.scalar) : t;
  std::vector<Type> parts;
  for (const Type &part : t.parts)
    parts.push_back(elementType(part));
  return Type::tuple(std::move(parts), t.nominal);
}

void Checker::checkTotalView(ElseExpr &e) {
  checkExpr(e.access);
  Type element = e.access && e.access->type.isValid() ? elementType(e.access->type) : Type();
  checkExpr(e.alternative, element.isValid() ? &element : nullptr);
  if (!element.isValid() || (e.alternative && !e.alternative->type.isValid()))
    return;
  std::vector<const Type *> leaves;
  e.access->type.leaves(leaves);
  for (const Type *leaf : leaves)
    if (leaf->isScalar()) {
      diags.error(e.range,
                  "`else` covers an access, as in `x[i] else 0`, or a tensor as a whole; `" +
                      text(e.access->range) + "` is neither");
      return;
    }
  if (!e.alternative)
    addSite(e, "every index of `" + text(e.access->range) + "` is inside");
  else if (!expectType(*e.alternative, element, "the value after `else`"))
    return;
  e.type = e.access->type;
  e.isTotal = true;
}

void Checker::checkElse(ElseExpr &e, const Type *expected) {
  auto *index = llvm::dyn_cast_or_null<IndexExpr>(e.access.get());
  if (!index)
    return checkTotalView(e);
  checkIndex(*index, true);
  if (!index->type.isValid()) {
    checkExpr(e.alternative, expected);
    return;
  }
  if (!e.alternative) {
    addSite(e, "the index of `" + text(index->range) + "` is inside");
    for (IndexArg &arg : index->indices)
      arg.bounds = Bounds::Fail;
  } else {
    checkExpr(e.alternative, &index->type);
    if (!e.alternative->type.isValid())
      return;
    if (!spreadsTo(e.alternative->type, index->type) &&
        !expectType(*e.alternative, index->type, "the value after `else`"))
      return;
  }
  e.type = index->type;
  setFreshValue(e);
  auto f = e.value ? coveredFacts(e, 0) : std::nullopt;
  if (!f)
    return;
  assumeCases(rangeCases(*f, *e.value));
  symbols[*e.value->asSymbol()].isVerified = f->isTested;
}

} // namespace texpr

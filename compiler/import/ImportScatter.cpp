// scatter: one tx.scatter for all leaves, unless a builtin operator compares some as signed and
// some as unsigned numbers.
//
// In: extents, perhaps a start, a domain, a place and a value an index. Out: tensors.
//   scatter(+) [k] over n |i| { at bin[i] put w[i] }
//   →  tx.scatter [%k] by add over (%i) = (0) to (%n) { tx.yield %bin[%i], %w[%i] }
// What must hold: the checker has shown which places lie inside, and which differ; the rest has a
// failure site.
#include "compiler/import/Ragged.h"

using namespace mlir;

namespace texpr::importer {

/// `min` and `max` of unsigned numbers differ from those of all else.
static bool comparesUnsigned(const std::optional<CombineOp> &op, ScalarKind k) {
  return op && combineOf(*op, k).second;
}

Val FnImporter::scatter(const ScatterExpr &e) {
  auto types = leavesOf(e.type);
  SmallVector<Value> base;
  if (e.from)
    base = frozenWith(expr(*e.from), e.type);
  Val result;
  result.leaves.resize(types.size());
  for (bool isUnsigned : {false, true}) {
    SmallVector<unsigned> leaves;
    for (auto [k, t] : llvm::enumerate(types))
      if (comparesUnsigned(e.op, t->scalar) == isUnsigned)
        leaves.push_back(k);
    if (leaves.empty())
      continue;
    SmallVector<Value> start;
    for (unsigned k : leaves)
      if (!base.empty())
        start.push_back(base[k]);
    auto values = scatterLeaves(e, leaves, start, isUnsigned);
    for (auto [k, v] : llvm::zip_equal(leaves, values))
      result.leaves[k] = {v, types[k]->scalar};
  }
  return result;
}

SmallVector<Value> FnImporter::scatterLeaves(const ScatterExpr &e, ArrayRef<unsigned> leaves,
                                             ValueRange start, bool isUnsigned) {
  auto types = leavesOf(e.type);
  size_t axes = e.domain.size();
  SmallVector<mlir::Type> results;
  for (unsigned k : leaves)
    results.push_back(valueType(*types[k]));
  SmallVector<Value> extents, lower, upper;
  for (size_t axis = 0; axis < e.extents.size(); ++axis) {
    bound(e.extents[axis].get(), types[0]->shape[axis]); // names the symbols of one that is data
    extents.push_back(extent(types[0]->shape[axis]));
  }
  for (const Type *t : types)
    extentsOf(t->shape);
  std::optional<int64_t> site;
  for (auto [k, s] : llvm::enumerate(program.checked.sites))
    if (s.expr == &e)
      site = k;
  if (independentAxes(e.domain, e.binders, 0) < axes) {
    SmallVector<Value> shapes;
    for (unsigned k : leaves)
      llvm::append_range(shapes, extentsOf(types[k]->shape));
    RaggedScatter ragged{
        *this, e, leaves, isUnsigned, site ? b.getI64IntegerAttr(*site) : IntegerAttr(), extents};
    return ragged.build(results, shapes, start);
  }
  bounds(e.domain, 0, axes, lower, upper);
  auto flag = [&](bool holds) { return holds ? b.getUnitAttr() : UnitAttr(); };
  auto form = tx::ScatterOp::create(
      b, loc, results, extents, start, lower, upper,
      e.op ? tx::CombineAttr::get(context, combineOf(*e.op, ScalarKind::I64).first)
           : tx::CombineAttr(),
      e.op && e.op->op ? program.combiner(*e.op->op, {.onElements = true}) : FlatSymbolRefAttr(),
      flag(isUnsigned), flag(e.orSkip), flag(e.isInside), flag(e.isDistinct),
      site ? b.getI64IntegerAttr(*site) : IntegerAttr(), axisNames(e.binders, 0, axes));
  auto bind = [&](ValueRange args) {
    for (size_t i = 0; i < axes; ++i)
      bindBinder(*e.binders[i], args[i]);
  };
  if (e.where) {
    Body body(*this, form.getWhereRegion(), form.getLower().getTypes());
    bind(body.args);
    tx::YieldOp::create(b, loc, scalar(*e.where));
  }
  Body body(*this, form.getBody(), form.getLower().getTypes());
  bind(body.args);
  std::vector<const Expr *> after{e.put.get()};
  for (const ExprPtr &at : e.at)
    after.push_back(at.get());
  statements(e.stmts, after);
  SmallVector<Value> yielded;
  for (const ExprPtr &at : e.at)
    yielded.push_back(index(*at));
  Val v = frozen(expr(*e.put));
  auto put = leavesOf(e.put->type);
  for (unsigned k : leaves) {
    const Leaf &l = v.leaves[k];
    yielded.push_back(l.isTensor() ? withExtents(l, put[k]->shape).value
                                   : scalars().toElement(l.kind, l.value));
  }
  tx::YieldOp::create(b, loc, yielded);
  return SmallVector<Value>(form.getResults());
}

} // namespace texpr::importer

// The forms compute and reduce.
//
// compute: always from 0, so that equal extents are one value; a lower bound is added to the index.
//   compute 1..n - 1 |i| { x[i] }      →  tx.compute (%i0) = (0) to (n - 2) { i = i0 + 1; x[i] }
// reduce: a bound that uses an earlier index of the list nests. Builtin operators start from a
// neutral identity, so nesting is exact; a user's identity is neutral for nobody, so nested partial
// results carry whether they are present, and only the last one looks.
//   reduce(+) n, 0..i |i, j| { e }     →  tx.reduce add (%i) = 0 to n { tx.reduce add (%j) = 0 to i
//   { e } }
#include "compiler/import/Importer.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr::importer {

FnImporter::Body::Body(FnImporter &i, Region &region, TypeRange arguments, bool staysInPlace)
    : i(i), guard(i.b), before(i.inPlace) {
  mlir::Block *block = i.b.createBlock(&region, region.end(), arguments,
                                       SmallVector<Location>(arguments.size(), i.loc));
  args = block->getArguments();
  i.inPlace = i.inPlace && staysInPlace;
}

tx::ComputeOp FnImporter::makeCompute(TypeRange results, ValueRange extents, ArrayAttr axes) {
  SmallVector<Value> lower;
  if (!extents.empty())
    lower.assign(extents.size(), arith::ConstantIndexOp::create(b, loc, 0));
  return tx::ComputeOp::create(b, loc, results, lower, extents, axes);
}

void FnImporter::bindBinder(const Decl &d, Value v) {
  bindSymbol(d.value, v, ScalarKind::I64);
  Val &slot = env[&d];
  slot = {};
  slot.leaves.push_back({v, ScalarKind::I64});
}

/// Ends the body of a form that stacks: elements of tensors, with the extents that the type says.
void FnImporter::yieldElements(const Val &v, const Type &type) {
  SmallVector<Value> values;
  auto leaves = leavesOf(type);
  for (auto [k, l] : llvm::enumerate(frozen(v).leaves))
    values.push_back(l.isTensor() ? withExtents(l, leaves[k]->shape).value
                                  : scalars().toElement(l.kind, l.value));
  tx::YieldOp::create(b, loc, values);
}

Val FnImporter::compute(const ComputeExpr &e) {
  size_t axes = e.domain.size();
  auto leaves = leavesOf(e.type);
  SmallVector<Value> lower, extents;
  for (size_t i = 0; i < axes; ++i) {
    lower.push_back(e.domain[i].lo ? bound(e.domain[i].lo.get(), e.domain[i].loValue) : Value());
    bound(e.domain[i].hi.get(), e.domain[i].hiValue); // names the symbols of a bound that is data
    extents.push_back(extent(leaves[0]->shape[i]));
  }
  auto form = makeCompute(valueTypes(e.type), extents, shiftedAxes(e));
  Body body(*this, form.getBody(), form.getLower().getTypes());
  for (size_t i = 0; i < axes; ++i)
    bindBinder(*e.binders[i], lower[i] ? b.createOrFold<arith::AddIOp>(loc, lower[i], body.args[i])
                                       : body.args[i]);
  Val v = block(*e.body);
  yieldElements(v, e.body->value->type);
  Val result;
  for (auto [k, t] : llvm::enumerate(leaves))
    result.leaves.push_back({form.getResult(k), t->scalar});
  return result;
}

// ---- domains ----

/// How many axes from `from` on have bounds that do not use the binders between.
size_t FnImporter::independentAxes(const std::vector<Axis> &domain, const Binders &binders,
                                   size_t from) {
  size_t to = from + 1;
  for (; to < domain.size(); ++to) {
    DeclSet uses;
    collectUses(domain[to].lo.get(), uses);
    collectUses(domain[to].hi.get(), uses);
    for (size_t i = from; i < to; ++i)
      if (uses.contains(binders[i].get()))
        return to;
  }
  return to;
}

Value FnImporter::bound(const Expr *e, const std::optional<facts::Expr> &value) {
  if (value && (isOfEntry(*value) || program.checked.dataLimit.count(value->hash())))
    return extent(*value);
  Leaf l = leaf(*e);
  bindSymbolOnce(value, l.value, l.kind);
  return scalars().toIndex(l.kind, l.value);
}

void FnImporter::bounds(const std::vector<Axis> &domain, size_t from, size_t to,
                        SmallVectorImpl<Value> &lower, SmallVectorImpl<Value> &upper) {
  for (size_t i = from; i < to; ++i) {
    lower.push_back(domain[i].lo ? bound(domain[i].lo.get(), domain[i].loValue)
                                 : arith::ConstantIndexOp::create(b, loc, 0).getResult());
    upper.push_back(bound(domain[i].hi.get(), domain[i].hiValue));
  }
}

// ---- reduce ----

std::pair<tx::Combine, bool> combineOf(const CombineOp &op, ScalarKind k) {
  if (op.op)
    return {tx::Combine::user, false};
  bool isUnsigned = !isFloat(k) && !isSigned(k);
  switch (*findCombiner(op.name.text)) {
  case Combiner::Add:
    return {tx::Combine::add, false};
  case Combiner::Mul:
    return {tx::Combine::mul, false};
  case Combiner::Min:
    return {tx::Combine::min, isUnsigned};
  case Combiner::Max:
    return {tx::Combine::max, isUnsigned};
  case Combiner::And:
    return {tx::Combine::and_op, false};
  case Combiner::Or:
    return {tx::Combine::or_op, false};
  case Combiner::Xor:
    return {tx::Combine::xor_op, false};
  }
  llvm_unreachable("no such operator");
}

static bool mixesSigns(const Type &t) {
  bool hasSigned = false, hasUnsigned = false;
  for (const Type *leaf : leavesOf(t))
    (isFloat(leaf->scalar) || isSigned(leaf->scalar) ? hasSigned : hasUnsigned) = true;
  return hasSigned && hasUnsigned;
}

/// One tx.reduce for all leaves of one shape; a user's op has leaves of one shape only.
Val FnImporter::reduce(const ReduceExpr &e) {
  bool isNested = independentAxes(e.domain, e.binders, 0) < e.domain.size();
  auto types = leavesOf(e.type);
  if (!e.op.op && mixesSigns(e.type) && combineOf(e.op, ScalarKind::U8).second)
    error(e.range, "a tuple of signed and unsigned numbers under one `min` or `max`");
  for (const Type *t : types)
    extentsOf(t->shape);
  Val v;
  v.leaves.resize(types.size());
  for (size_t k = 0; k < types.size(); ++k) {
    if (v.leaves[k].value)
      continue;
    Reduction r;
    r.form.isOptional = isNested && e.op.op;
    r.form.onElements = !types[k]->shape.empty();
    r.shape = types[k]->shape;
    for (size_t other = k; other < types.size(); ++other)
      if (types[other]->shape == r.shape)
        r.leaves.push_back(other);
    auto values = reduceFrom(e, 0, r);
    for (auto [at, value] :
         llvm::zip_equal(r.leaves, ArrayRef(values).drop_front(r.form.isOptional)))
      v.leaves[at] = {value, types[at]->scalar};
  }
  return v;
}

/// The reduction over the axes from `axis` on. Optional: a first value says whether there was any
/// term.
SmallVector<Value> FnImporter::reduceFrom(const ReduceExpr &e, size_t axis, const Reduction &r) {
  size_t to = independentAxes(e.domain, e.binders, axis);
  bool isLast = to == e.domain.size();
  SmallVector<Value> lower, upper;
  bounds(e.domain, axis, to, lower, upper);
  SmallVector<mlir::Type> types;
  if (r.form.isOptional)
    types.push_back(valueType(Type::leaf(ScalarKind::Bool, r.shape)));
  auto leaves = leavesOf(e.type);
  for (unsigned k : r.leaves)
    types.push_back(valueType(*leaves[k]));
  auto [combine, isUnsigned] = combineOf(e.op, leaves[r.leaves[0]]->scalar);
  FlatSymbolRefAttr combiner = e.op.op ? program.combiner(*e.op.op, r.form) : FlatSymbolRefAttr();
  auto form = tx::ReduceOp::create(b, loc, types, lower, upper, combine, combiner, isUnsigned,
                                   axisNames(e.binders, axis, to - axis));
  auto bind = [&](ValueRange args) {
    for (size_t i = axis; i < to; ++i)
      bindBinder(*e.binders[i], args[i - axis]);
  };
  if (isLast && e.where) {
    Body body(*this, form.getWhereRegion(), form.getLower().getTypes());
    bind(body.args);
    tx::YieldOp::create(b, loc, scalar(*e.where));
  }
  Body body(*this, form.getBody(), form.getLower().getTypes());
  bind(body.args);
  SmallVector<Value> values;
  if (isLast) {
    auto all = frozenWith(block(*e.body), e.type);
    if (r.form.isOptional)
      values.push_back(presence(r.shape));
    for (unsigned k : r.leaves)
      values.push_back(all[k]);
  } else {
    values = reduceFrom(e, to, r);
  }
  tx::YieldOp::create(b, loc, values);
  return SmallVector<Value>(form.getResults());
}

/// "There is a term", for each element of a shape.
Value FnImporter::presence(const std::vector<facts::Expr> &shape) {
  auto yes = [&](ArrayRef<Value>) { return scalars().integer(ScalarKind::Bool, 1); };
  return elementwise(Type::leaf(ScalarKind::Bool, shape), {}, yes).value;
}

} // namespace texpr::importer

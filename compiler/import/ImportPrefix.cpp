// scan and filter, and the dims that filters find.
//
//   scan(+, exclusive) n |i| { x[i] }        →  %y = tx.scan add (%i) = (0) to (%n) {exclusive} { x[i] }
//   let u: f32[k] = filter n |i| where c { e }  →  %k, %u = tx.filter (%i) = (0) to (%n) where { c } { e }
// The domain is a box that starts at 0, as that of a compute; a filter over another one: ImportRaggedFilter.cpp. Elements
// are those of tensors (i64 is i64), and so are the operands of a user's op. A function returns the dims that it finds behind its results, and a
// call of it has them as results.
#include "compiler/import/RaggedFilter.h"

using namespace mlir;

namespace texpr::importer {

/// The bounds of a box that starts at 0, with their own bound where they are data; what is added to its indices.
SmallVector<Value> FnImporter::boxUppers(ArrayRef<Axis> domain, SmallVectorImpl<Value> &offsets) {
  SmallVector<Value> uppers;
  for (const Axis &axis : domain) {
    offsets.push_back(axis.lo ? bound(axis.lo.get(), axis.loValue) : Value());
    Value upper = bound(axis.hi.get(), axis.hiValue);
    if (offsets.back()) {
      Value zero = arith::ConstantIndexOp::create(b, loc, 0);
      upper = b.createOrFold<arith::SubIOp>(loc, upper, offsets.back());
      upper = b.createOrFold<arith::MaxSIOp>(loc, upper, zero);
    }
    if (auto most = program.checked.axisBound.find(&axis); most != program.checked.axisBound.end())
      upper = b.createOrFold<arith::MinSIOp>(loc, upper, extent(most->second));
    uppers.push_back(upper);
  }
  return uppers;
}

void FnImporter::bindBox(const Binders &binders, ValueRange args, ArrayRef<Value> offsets) {
  for (auto [binder, arg, offset] : llvm::zip_equal(binders, args, offsets))
    bindBinder(*binder, offset ? b.createOrFold<arith::AddIOp>(loc, offset, arg) : Value(arg));
}

/// One tx.scan for all leaves of one shape; a user's op has leaves of one shape only.
Val FnImporter::scan(const ScanExpr &e) {
  auto types = leavesOf(e.type);
  size_t axes = e.domain.size();
  for (const Type *t : types)
    extentsOf(t->shape);
  SmallVector<Value> offsets, lower, upper;
  for (size_t i = 0; i < axes; ++i) {
    offsets.push_back(e.domain[i].lo ? bound(e.domain[i].lo.get(), e.domain[i].loValue) : Value());
    bound(e.domain[i].hi.get(), e.domain[i].hiValue);
    lower.push_back(arith::ConstantIndexOp::create(b, loc, 0));
    upper.push_back(extent(types[0]->shape[i]));
  }
  Val v;
  v.leaves.resize(types.size());
  for (size_t k = 0; k < types.size(); ++k) {
    if (v.leaves[k].value)
      continue;
    SmallVector<size_t> group;
    SmallVector<mlir::Type> results;
    for (size_t other = k; other < types.size(); ++other)
      if (types[other]->shape == types[k]->shape && !v.leaves[other].value) {
        group.push_back(other);
        results.push_back(valueType(*types[other]));
      }
    auto [combine, isUnsigned] = combineOf(e.op, types[k]->scalar);
    FlatSymbolRefAttr combiner =
        e.op.op ? program.combiner(*e.op.op, {false, /*onElements=*/true}) : FlatSymbolRefAttr();
    auto form = tx::ScanOp::create(b, loc, results, lower, upper, combine, combiner, isUnsigned,
                                   e.exclusive, e.reverse, axisNames(e.binders, 0, axes));
    Body body(*this, form.getBody(), form.getLower().getTypes());
    bindBox(e.binders, body.args, offsets);
    SmallVector<Value> all = elementsOf(block(*e.body), e.body->value->type), values;
    for (auto [r, leaf] : llvm::enumerate(group)) {
      values.push_back(all[leaf]);
      v.leaves[leaf] = {form.getResult(r), types[leaf]->scalar};
    }
    tx::YieldOp::create(b, loc, values);
  }
  return v;
}

/// The leaves of a value as elements of tensors, with the extents that its type says.
SmallVector<Value> FnImporter::elementsOf(Val v, const Type &type) {
  SmallVector<Value> values;
  auto leaves = leavesOf(type);
  for (auto [k, l] : llvm::enumerate(frozen(std::move(v)).leaves))
    values.push_back(l.isTensor() ? withExtents(l, leaves[k]->shape).value
                                  : scalars().toElement(l.kind, l.value));
  return values;
}

Val FnImporter::filter(const FilterExpr &e) {
  if (e.most)
    return RaggedFilter{*this, e}.build();
  auto types = leavesOf(e.type);
  for (const Type *t : types)
    for (const facts::Expr &inner : llvm::drop_begin(t->shape))
      extent(inner);
  SmallVector<Value> offsets, upper = boxUppers(e.domain, offsets);
  SmallVector<Value> lower(upper.size(), arith::ConstantIndexOp::create(b, loc, 0));
  auto form = tx::FilterOp::create(b, loc, b.getIndexType(), valueTypes(e.type), lower, upper,
                                   axisNames(e.binders, 0, upper.size()));
  {
    Body where(*this, form.getWhereRegion(), form.getLower().getTypes());
    bindBox(e.binders, where.args, offsets);
    tx::YieldOp::create(b, loc, scalar(*e.where));
  }
  Val v;
  {
    Body body(*this, form.getBody(), form.getLower().getTypes());
    bindBox(e.binders, body.args, offsets);
    tx::YieldOp::create(b, loc, elementsOf(block(*e.body), e.body->value->type));
  }
  bindSymbol(e.count, form.getCount(), ScalarKind::I64);
  for (auto [k, t] : llvm::enumerate(types))
    v.leaves.push_back({form.getKept()[k], t->scalar});
  return v;
}

/// At the end of a body: the dims of the signature that it has found, in their order.
SmallVector<Value> FnImporter::foundDims(const FnDecl &fn) {
  SmallVector<Value> values;
  for (const DimBinding &d : fn.dims)
    if (d.how == DimBinding::How::Found) {
      values.push_back(extent(*d.foundValue));
      bindSymbol(d.decl->value, values.back(), ScalarKind::I64);
    }
  return values;
}

/// The dims that a call has found, behind its `leaves` results.
void FnImporter::bindCallDims(const CallExpr &e, func::CallOp call, size_t leaves) {
  for (auto [d, value] : llvm::zip_equal(e.fn->dims, e.dimArgs))
    if (d.how == DimBinding::How::Found)
      bindSymbol(value, call.getResult(leaves++), ScalarKind::I64);
}

} // namespace texpr::importer

// argsort and top: a tx.sort whose body yields the scalars of the key.
//
//   top(k) n |i| { (g[i], desc(x[i])) }
//   →  tx.sort (%i) = 0 to %n top %k {descending = [false, true]} { tx.yield %g[%i], %x[%i] }
//
// In: a checked form; its key is a scalar or a tuple of them, `desc` only around parts. Out: a tensor of i64 indices.
#include "compiler/import/Importer.h"

using namespace mlir;

namespace texpr::importer {

Val FnImporter::sort(const SortExpr &e) {
  // Between data, the indices are counted from 0: memory is planned for the most of them.
  bool isBetweenData = e.domain[0].lo && program.checked.axisBound.count(&e.domain[0]);
  SmallVector<Value> lower, upper, offsets{Value()};
  if (isBetweenData) {
    offsets.clear();
    upper = boxUppers(e.domain, offsets);
    lower.push_back(arith::ConstantIndexOp::create(b, loc, 0));
  } else {
    bounds(e.domain, 0, 1, lower, upper);
  }
  Value top;
  if (e.top) {
    bound(e.top.get(), e.top->value); // names the symbols of one that is data
    top = extent(e.type.shape[0]);
  }
  SmallVector<bool> descending(e.descending.begin(), e.descending.end()), areUnsigned;
  for (const Type *t : leavesOf(e.body->value->type))
    areUnsigned.push_back(isInt(t->scalar) && !isSigned(t->scalar));
  auto marks = [&](ArrayRef<bool> values) {
    return llvm::is_contained(values, true) ? b.getDenseBoolArrayAttr(values)
                                            : DenseBoolArrayAttr();
  };
  auto form = tx::SortOp::create(b, loc, tensorType(ScalarKind::I64, 1), lower[0], upper[0], top,
                                 e.binders[0]->name.text, marks(descending), marks(areUnsigned));
  Leaf result{form.getResult(), ScalarKind::I64};
  {
    Body body(*this, form.getBody(), {b.getIndexType()});
    bindBox(e.binders, body.args, offsets);
    SmallVector<Value> keys;
    for (const Leaf &key : frozen(block(*e.body)).leaves)
      keys.push_back(key.value);
    tx::YieldOp::create(b, loc, keys);
  }
  return {{isBetweenData ? moved(result, offsets[0], extent(e.type.shape[0])) : result}};
}

/// `indices` and a number.
Leaf FnImporter::moved(const Leaf &indices, Value by, Value extent) {
  auto form = makeCompute({tensorType(ScalarKind::I64, 1)}, extent, axisLabels('v', 1));
  form->setAttr("plan.store", b.getStringAttr("inline"));
  Body body(*this, form.getBody(), form.getLower().getTypes());
  Value v = arith::AddIOp::create(b, loc, readElement(indices, body.args), by);
  tx::YieldOp::create(b, loc, scalars().toElement(indices.kind, v));
  return {form.getResult(0), indices.kind};
}

} // namespace texpr::importer

// filter over a domain whose bounds use earlier indices of the list.
//
//   filter m, row[i]..row[i + 1] |i, p| where c { e }
//   →  %all, %n = par.do outs(%most, ) |%b, %bn| {
//        par.forall (%i) = 0 to %m { par.store (how many p of row i are kept), %before[%i] }
//        par.seq (%i) = 0 to %m    { %before[%i] becomes the number that is kept before row i }
//        par.forall (%i) = 0 to %m { par.seq (%p) = row[i] to row[i + 1] with (%k = %before[%i])
//                                      { if c { par.store e, %b[%k] }  par.yield %k + c } }
//        par.store (the number of all), %bn }      and a view of %all with the extent %n
// The rows are the points of the first axes whose bounds use nothing of the list: each thread counts, then fills some of
// them. Inside of a form, and where what is done stands in an iteration already, one pass in order instead.
// What must hold: %most, which the checker has found, is at least the number of all points.
#include "compiler/import/RaggedFilter.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr::importer {

Value RaggedFilter::constant(int64_t v) { return arith::ConstantIndexOp::create(i.b, i.loc, v); }

/// The loops from `axis` on, behind `number` elements: how many there are then.
Value RaggedFilter::loops(size_t axis, Value number, bool stores) {
  if (axis == e.domain.size())
    return point(number, stores);
  SmallVector<Value> lower, upper;
  i.bounds(e.domain, axis, axis + 1, lower, upper);
  mlir::Type index = i.b.getIndexType();
  auto seq = par::SeqOp::create(i.b, i.loc, TypeRange(index), lower[0], upper[0],
                                ValueRange(number), i.b.getStringAttr(e.binders[axis]->name.text));
  FnImporter::Body body(i, seq.getBody(), {index, index}, /*staysInPlace=*/true);
  i.bindBinder(*e.binders[axis], body.args[0]);
  Value next = loops(axis + 1, body.args[1], stores);
  par::YieldOp::create(i.b, i.loc, next);
  return seq.getResult(0);
}

/// What one point of the domain adds.
Value RaggedFilter::point(Value number, bool stores) {
  Value keeps = i.scalar(*e.where);
  if (stores) {
    auto choice = scf::IfOp::create(i.b, i.loc, keeps, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(i.b);
    i.b.setInsertionPoint(choice.thenBlock()->getTerminator());
    Val v = i.frozen(i.block(*e.body));
    auto types = leavesOf(e.body->value->type);
    for (auto [k, l] : llvm::enumerate(v.leaves)) {
      auto store = [&](ValueRange inner) {
        SmallVector<Value> at{number};
        llvm::append_range(at, inner);
        Value element = l.isScalar() ? l.value : i.readElement(l, inner);
        par::StoreOp::create(i.b, i.loc, i.scalars().toElement(kept[k].kind, element),
                             kept[k].value, at);
      };
      if (types[k]->shape.empty())
        store({});
      else
        i.forall(i.extentsOf(types[k]->shape), store);
    }
  }
  Value next = arith::AddIOp::create(i.b, i.loc, number, constant(1));
  return arith::SelectOp::create(i.b, i.loc, keeps, next, number);
}

/// `body` for each row at once, with its place counted from 0.
void RaggedFilter::rows(size_t box, llvm::function_ref<void(ValueRange)> body) {
  SmallVector<Value> lower, upper;
  i.bounds(e.domain, 0, box, lower, upper);
  auto op = par::ForallOp::create(i.b, i.loc, lower, upper, i.axisNames(e.binders, 0, box),
                                  StringAttr(), UnitAttr(), UnitAttr());
  FnImporter::Body inside(i, op.getBody(), ValueRange(lower).getTypes(), /*staysInPlace=*/true);
  SmallVector<Value> place;
  for (size_t axis = 0; axis < box; ++axis) {
    i.bindBinder(*e.binders[axis], inside.args[axis]);
    place.push_back(i.b.createOrFold<arith::SubIOp>(i.loc, inside.args[axis], lower[axis]));
  }
  body(place);
  par::YieldOp::create(i.b, i.loc);
}

/// Each row's count becomes the number before it; the number of all.
Value RaggedFilter::total(size_t box, size_t axis, Value before, SmallVectorImpl<Value> &at,
                          Value number) {
  mlir::Type index = i.b.getIndexType();
  if (axis == box) {
    Value own = par::LoadOp::create(i.b, i.loc, before, at);
    Value start = arith::IndexCastOp::create(i.b, i.loc, i.b.getI64Type(), number);
    par::StoreOp::create(i.b, i.loc, start, before, at);
    own = arith::IndexCastOp::create(i.b, i.loc, index, own);
    return arith::AddIOp::create(i.b, i.loc, number, own);
  }
  SmallVector<Value> lower, upper;
  i.bounds(e.domain, axis, axis + 1, lower, upper);
  Value length = i.b.createOrFold<arith::SubIOp>(i.loc, upper[0], lower[0]);
  auto seq = par::SeqOp::create(i.b, i.loc, TypeRange(index), constant(0), length,
                                ValueRange(number), i.b.getStringAttr(e.binders[axis]->name.text));
  if (axis == 0)
    plan::setWhy(seq, "on one thread: where a row's elements begin follows from the rows before");
  FnImporter::Body body(i, seq.getBody(), {index, index}, /*staysInPlace=*/true);
  at.push_back(body.args[0]);
  Value next = total(box, axis + 1, before, at, body.args[1]);
  at.pop_back();
  par::YieldOp::create(i.b, i.loc, next);
  return seq.getResult(0);
}

/// Fills `kept`: the number of its elements.
Value RaggedFilter::fill() {
  size_t box = i.independentAxes(e.domain, e.binders, 0);
  if (!isAlone)
    return loops(0, constant(0), /*stores=*/true);
  SmallVector<Value> lower, upper, extents;
  i.bounds(e.domain, 0, box, lower, upper);
  for (size_t axis = 0; axis < box; ++axis) {
    Value length = i.b.createOrFold<arith::SubIOp>(i.loc, upper[axis], lower[axis]);
    length = i.b.createOrFold<arith::MaxSIOp>(i.loc, length, constant(0));
    if (const auto &most = e.mostOfAxis[axis])
      length = i.b.createOrFold<arith::MinSIOp>(i.loc, length, i.extent(*most));
    extents.push_back(length);
  }
  Value before = par::AllocOp::create(i.b, i.loc, i.b.getI64Type(), extents, "before");
  rows(box, [&](ValueRange at) {
    Value own = loops(box, constant(0), /*stores=*/false);
    own = arith::IndexCastOp::create(i.b, i.loc, i.b.getI64Type(), own);
    par::StoreOp::create(i.b, i.loc, own, before, at);
  });
  SmallVector<Value> at;
  Value number = total(box, 0, before, at, constant(0));
  rows(box, [&](ValueRange row) {
    Value start = par::LoadOp::create(i.b, i.loc, before, row);
    loops(box, arith::IndexCastOp::create(i.b, i.loc, i.b.getIndexType(), start), true);
  });
  return number;
}

/// True where nothing around is done at once, or makes a value of its own for each index.
static bool standsAlone(Operation *op) {
  for (; op; op = op->getParentOp())
    if (!isa<ModuleOp, func::FuncOp, scf::IfOp, tx::ForOp, par::DoOp, par::SeqOp>(op))
      return false;
  return true;
}

/// An island, whose length is read from it; inside another one, memory of its own there.
Val RaggedFilter::build() {
  auto types = leavesOf(e.type);
  Value most = i.extent(*e.most), number;
  SmallVector<SmallVector<Value>> shapes;
  for (const texpr::Type *t : types) {
    shapes.push_back({most});
    for (const facts::Expr &inner : llvm::drop_begin(t->shape))
      shapes.back().push_back(i.extent(inner));
  }
  isAlone = standsAlone(i.b.getInsertionBlock()->getParentOp());
  SmallVector<Leaf> all;
  if (i.inPlace) {
    for (auto [t, shape] : llvm::zip_equal(types, shapes)) {
      mlir::Type element = cast<RankedTensorType>(i.valueType(*t)).getElementType();
      kept.push_back({par::AllocOp::create(i.b, i.loc, element, shape, "kept"), t->scalar});
    }
    number = fill();
    all = kept;
  } else {
    SmallVector<mlir::Type> results = i.valueTypes(e.type), arguments;
    results.push_back(RankedTensorType::get({}, i.b.getI64Type()));
    for (mlir::Type t : results)
      arguments.push_back(par::BufType::get(i.context, cast<RankedTensorType>(t).getRank(),
                                            cast<RankedTensorType>(t).getElementType()));
    SmallVector<Value> extents;
    for (auto &shape : shapes)
      llvm::append_range(extents, shape);
    auto island = par::DoOp::create(i.b, i.loc, results, ValueRange(), extents);
    auto outer = std::move(i.resultBuffers);
    i.resultBuffers.clear();
    {
      FnImporter::Body inside(i, island.getBody(), arguments);
      i.inPlace = true;
      for (auto [k, t] : llvm::enumerate(types))
        kept.push_back({inside.args[k], t->scalar});
      Value found = fill();
      found = arith::IndexCastOp::create(i.b, i.loc, i.b.getI64Type(), found);
      par::StoreOp::create(i.b, i.loc, found, inside.args.back(), ValueRange());
      par::YieldOp::create(i.b, i.loc);
    }
    i.resultBuffers = std::move(outer);
    for (auto [k, t] : llvm::enumerate(types))
      all.push_back({island.getResult(k), t->scalar});
    number = i.readElement({island.getResults().back(), ScalarKind::I64}, {});
  }
  // Which changes nothing, and tells every later stage the bound.
  number = arith::MinSIOp::create(i.b, i.loc, number, most);
  number = arith::MaxSIOp::create(i.b, i.loc, number, constant(0));
  i.bindSymbol(e.count, number, ScalarKind::I64);
  Val v;
  for (auto [leaf, shape] : llvm::zip_equal(all, shapes)) {
    shape[0] = number;
    v.leaves.push_back(i.view(leaf, shape));
  }
  return v;
}

} // namespace texpr::importer

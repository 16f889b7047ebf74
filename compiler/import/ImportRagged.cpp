// scatter over a domain whose bounds use earlier indices of the list: loops in order, on one thread.
//
// In: the scatter, and the leaves that one operator combines. Out: tensors, of an island of stores.
//   scatter(+) [n] over m, row[i]..row[i + 1] |i, p| { at col[p] put val[p] }
//   →  %t = par.do outs(%n) |%bt| { par.forall (%e) { par.store 0, %bt[%e] }
//        par.seq (%i) = 0 to %m { par.seq (%p) = row[i] to row[i + 1] {
//          %o = par.load %bt[col[p]]  par.store (%o + val[p]), %bt[col[p]] } } }
// What must hold: as for tx.scatter, whose start, order and tests these are.
#include "compiler/import/Ragged.h"
#include "dialects/par/Combine.h"
#include "dialects/par/Extents.h"
#include "dialects/par/Iteration.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr::importer {

static mlir::Type elementOf(Value buffer) {
  return cast<par::BufType>(buffer.getType()).getElementType();
}

Value RaggedScatter::flag(bool value) {
  return arith::ConstantOp::create(i.b, i.loc, i.b.getBoolAttr(value));
}

void RaggedScatter::fill(Value buffer, Value v) {
  SmallVector<Value> ext = par::getExtents(i.b, buffer);
  i.forall(ext, [&](ValueRange at) { par::StoreOp::create(i.b, i.loc, v, buffer, at); });
}

tx::CombinerOp RaggedScatter::combiner() {
  auto symbol = i.program.combiner(*e.op->op, {.isOptional = false, .onElements = true});
  return i.program.module.lookupSymbol<tx::CombinerOp>(symbol.getAttr());
}

/// S3: what stands where nothing is put.
void RaggedScatter::start(ValueRange base) {
  SmallVector<Value> identity;
  if (isUser() && base.empty())
    identity = par::inlineIdentity(i.b, combiner());
  for (auto [k, to] : llvm::enumerate(buffers)) {
    mlir::Type element = elementOf(to.value);
    if (!base.empty())
      i.store(to, {}, {base[k], to.kind}, AssignOp::Set);
    else if (isUser())
      fill(to.value, identity[k]);
    else if (e.op)
      fill(to.value, par::buildIdentity(i.b, i.loc, combineOf(*e.op, ScalarKind::I64).first,
                                        isUnsigned, element));
    else
      fill(to.value, arith::ConstantOp::create(i.b, i.loc, i.b.getZeroAttr(element)));
  }
  if (e.op ? !isUser() || !base.empty() : e.isDistinct)
    return;
  flags = par::AllocOp::create(i.b, i.loc, i.b.getI1Type(), extents, "put");
  fill(flags, flag(false));
}

/// The loops from `axis` on, the insertion point being where they stand.
void RaggedScatter::loops(size_t axis) {
  if (axis == e.domain.size())
    return point();
  SmallVector<Value> lower, upper;
  i.bounds(e.domain, axis, axis + 1, lower, upper);
  auto seq = par::SeqOp::create(i.b, i.loc, TypeRange(), lower[0], upper[0], ValueRange(),
                                i.b.getStringAttr(e.binders[axis]->name.text));
  if (axis == 0 && isOutermost)
    plan::setWhy(seq, "on one thread, as a bound uses an earlier index");
  FnImporter::Body body(i, seq.getBody(), {i.b.getIndexType()}, /*staysInPlace=*/true);
  i.bindBinder(*e.binders[axis], body.args[0]);
  loops(axis + 1);
  par::YieldOp::create(i.b, i.loc);
}

/// Goes on inside an `if`, until the guard of the caller ends.
void RaggedScatter::openIf(Value condition) {
  auto choice = scf::IfOp::create(i.b, i.loc, condition, /*withElseRegion=*/false);
  i.b.setInsertionPoint(choice.thenBlock()->getTerminator());
}

/// What one point of the domain puts.
void RaggedScatter::point() {
  OpBuilder::InsertionGuard guard(i.b);
  if (e.where)
    openIf(i.scalar(*e.where));
  for (const StmtPtr &s : e.stmts)
    i.statement(*s);
  SmallVector<Value> at;
  for (const ExprPtr &index : e.at)
    at.push_back(i.index(*index));
  Val v = i.frozen(i.expr(*e.put));
  if (!e.isInside) {
    Value inside = flag(true);
    for (auto [index, extent] : llvm::zip_equal(at, extents)) {
      Value ok = arith::CmpIOp::create(i.b, i.loc, arith::CmpIPredicate::ult, index, extent);
      inside = arith::AndIOp::create(i.b, i.loc, inside, ok);
    }
    openIf(inside);
  }
  Value seen;
  if (flags) {
    seen = par::LoadOp::create(i.b, i.loc, i.b.getI1Type(), flags, at, Value(), Value());
    par::StoreOp::create(i.b, i.loc, flag(true), flags, at);
    if (!e.op)
      par::FailOp::create(i.b, i.loc, seen, site, par::iterationAt(i.b, i.loc));
  }
  SmallVector<Leaf> values;
  for (unsigned k : leaves)
    values.push_back(v.leaves[k]);
  auto put = leavesOf(e.put->type);
  if (isUser()) { // its leaves have one shape
    SmallVector<unsigned> all = llvm::to_vector(llvm::seq<unsigned>(0, values.size()));
    return over(*put[leaves[0]], [&](ValueRange inner) { element(all, at, inner, values, seen); });
  }
  for (unsigned k = 0; k < values.size(); ++k)
    over(*put[leaves[k]], [&](ValueRange inner) { element({k}, at, inner, values, seen); });
}

void RaggedScatter::over(const texpr::Type &t, llvm::function_ref<void(ValueRange)> body) {
  if (t.shape.empty())
    return body({});
  i.forall(i.extentsOf(t.shape), body);
}

/// An element of some leaves at one place is combined with what stands there.
void RaggedScatter::element(ArrayRef<unsigned> which, ValueRange place, ValueRange inner,
                            ArrayRef<Leaf> values, Value seen) {
  SmallVector<Value> at(place), old, next;
  llvm::append_range(at, inner);
  for (unsigned k : which) {
    Value v = values[k].isScalar() ? values[k].value : i.readElement(values[k], inner);
    next.push_back(i.scalars().toElement(buffers[k].kind, v));
    if (e.op)
      old.push_back(par::LoadOp::create(i.b, i.loc, elementOf(buffers[k].value), buffers[k].value,
                                        at, Value(), Value()));
  }
  if (isUser()) {
    SmallVector<Value> both = par::inlineCombiner(i.b, combiner(), old, next);
    for (auto [to, combined] : llvm::zip_equal(next, both))
      to = seen ? arith::SelectOp::create(i.b, i.loc, seen, combined, to).getResult() : combined;
  } else if (e.op) {
    next[0] = par::buildCombine(i.b, i.loc, combineOf(*e.op, ScalarKind::I64).first, isUnsigned,
                                old[0], next[0]);
  }
  for (auto [v, k] : llvm::zip_equal(next, which))
    par::StoreOp::create(i.b, i.loc, v, buffers[k].value, at);
}

/// An island; inside another one, memory of its own there.
SmallVector<Value> RaggedScatter::build(TypeRange types, ValueRange shapes, ValueRange base) {
  auto all = leavesOf(e.type);
  SmallVector<Value> results;
  if (i.inPlace) {
    for (auto [k, type] : llvm::enumerate(types)) {
      auto t = cast<RankedTensorType>(type);
      SmallVector<Value> ext = i.extentsOf(all[leaves[k]]->shape);
      Value memory = par::AllocOp::create(i.b, i.loc, t.getElementType(), ext, "scattered");
      buffers.push_back({memory, all[leaves[k]]->scalar});
    }
    start(base);
    loops(0);
    for (const Leaf &l : buffers)
      results.push_back(i.snapshot(l).value);
    return results;
  }
  auto island = par::DoOp::create(i.b, i.loc, types, ValueRange(), shapes);
  SmallVector<mlir::Type> arguments;
  for (mlir::Type t : types)
    arguments.push_back(par::BufType::get(i.context, cast<RankedTensorType>(t).getRank(),
                                          cast<RankedTensorType>(t).getElementType()));
  isOutermost = isa<func::FuncOp>(island->getParentOp());
  auto outer = std::move(i.resultBuffers);
  i.resultBuffers.clear();
  {
    FnImporter::Body inside(i, island.getBody(), arguments);
    i.inPlace = true;
    for (auto [k, buffer] : llvm::enumerate(inside.args))
      buffers.push_back({buffer, all[leaves[k]]->scalar});
    start(base);
    loops(0);
    par::YieldOp::create(i.b, i.loc);
  }
  i.resultBuffers = std::move(outer);
  return SmallVector<Value>(island.getResults());
}

} // namespace texpr::importer

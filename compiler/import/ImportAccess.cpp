// Accesses: one element is a read or load; a sub-tensor or slice is a view, a tx.compute of one
// read that is never stored.
//
// In: x[i, j], x[i], x[lo..hi, j], each perhaps under `else`. Out: a scalar, or a view whose
// extents are those of the type.
//   x[lo..hi, j]          →  tx.compute (%v0) = (0) to (hi - lo) { x[lo + v0, j] } {plan.store =
//   "inline"} x[i] else v           →  tx.read %x[%i] else { v } t[i] else v (buffer)  →  scf.if (0
//   <= i < n) { par.load } else { v }
// What must hold: an access without `else` was proved in bounds, or depends on an element of a
// tx.verify.
#include "compiler/import/Importer.h"
#include "dialects/par/Extents.h"
#include "dialects/par/Iteration.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr::importer {

/// The alternative yields what an element is; so does the access.
Value FnImporter::readElement(const Leaf &base, ValueRange indices, Alternative alternative) {
  if (base.isBuffer()) {
    if (alternative)
      return readGuardedBuffer(base, indices, alternative);
    return scalars().fromElement(base.kind, par::LoadOp::create(b, loc, base.value, indices));
  }
  auto read = tx::ReadOp::create(b, loc, base.value, indices);
  if (alternative) {
    Body body(*this, read.getElseRegion(), {}, /*staysInPlace=*/true);
    tx::YieldOp::create(b, loc, scalars().toElement(base.kind, alternative()));
  }
  return scalars().fromElement(base.kind, read.getResult());
}

Value FnImporter::zeroOf(ScalarKind k) {
  return isFloat(k) ? scalars().real(k, "0.0") : scalars().integer(k, 0);
}

Value FnImporter::insideOf(ValueRange indices, ArrayRef<Value> extents) {
  Value inside;
  for (auto [i, extent] : llvm::zip_equal(indices, extents)) {
    Value ok = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, i, extent);
    inside = inside ? arith::AndIOp::create(b, loc, inside, ok).getResult() : ok;
  }
  return inside;
}

Value FnImporter::readGuardedBuffer(const Leaf &base, ValueRange indices, Alternative alternative) {
  Value inside = insideOf(indices, par::getExtents(b, base.value));
  auto choice = scf::IfOp::create(b, loc, TypeRange{scalarType(context, base.kind)}, inside,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(choice.thenBlock());
  scf::YieldOp::create(b, loc, readElement(base, indices));
  b.setInsertionPointToEnd(choice.elseBlock());
  scf::YieldOp::create(b, loc, alternative());
  return choice.getResult(0);
}

FnImporter::Subscript FnImporter::subscript(const IndexExpr &e) {
  Subscript s;
  for (const IndexArg &arg : e.indices) {
    s.isKept.push_back(arg.isSlice);
    if (!arg.isSlice)
      s.fixed.push_back(index(*arg.index));
    else
      s.fixed.push_back(arg.lo ? index(*arg.lo) : Value());
  }
  return s;
}

bool FnImporter::Subscript::isElement(size_t rank) const {
  return rank == fixed.size() && llvm::none_of(isKept, [](bool k) { return k; });
}

SmallVector<Value> FnImporter::Subscript::at(OpBuilder &b, Location loc, ValueRange kept,
                                             size_t rank) const {
  SmallVector<Value> indices;
  size_t next = 0;
  for (size_t axis = 0; axis < rank; ++axis) {
    if (axis >= fixed.size() || (isKept[axis] && !fixed[axis]))
      indices.push_back(kept[next++]);
    else if (isKept[axis])
      indices.push_back(b.createOrFold<arith::AddIOp>(loc, fixed[axis], kept[next++]));
    else
      indices.push_back(fixed[axis]);
  }
  return indices;
}

/// An element, or 0 and a failure where an index is outside. Among parallel statements the test is one of them:
/// it is made whether something uses the value or not.
Value FnImporter::readOrFail(const Leaf &base, ValueRange indices, int64_t site) {
  if (!base.isBuffer() && inPlace) {
    Value inside = insideOf(indices, leafExtents(base));
    par::FailOp::create(b, loc, scalars().unary(UnaryOp::Not, ScalarKind::Bool, inside),
                        b.getI64IntegerAttr(site), par::iterationAt(b, loc));
    return readElement(base, indices, [&] { return zeroOf(base.kind); });
  }
  if (!base.isBuffer())
    return scalars().fromElement(
        base.kind, tx::ReadOp::create(b, loc, base.value, indices, site, par::iterationAt(b, loc))
                       .getResult());
  return readGuardedBuffer(base, indices, [&]() -> Value {
    par::FailOp::create(b, loc, scalars().integer(ScalarKind::Bool, 1), b.getI64IntegerAttr(site),
                        par::iterationAt(b, loc));
    return zeroOf(base.kind);
  });
}

Val FnImporter::access(const IndexExpr &e, const Expr *alternative,
                       std::optional<int64_t> failure) {
  Val base = expr(*e.base);
  bool isCovered = alternative || failure;
  if (!isCovered)
    failure = base.failure;
  Subscript where = subscript(e);
  Val result, other; // a tensor as alternative is one value for all elements
  auto types = leavesOf(e.type);
  if (alternative &&
      llvm::any_of(leavesOf(alternative->type), [](const Type *t) { return !t->shape.empty(); }))
    other = expr(*alternative);
  for (auto [k, l] : llvm::enumerate(base.leaves)) {
    auto read = [&, k = k, l = l](ValueRange kept) {
      auto indices = where.at(b, loc, kept, l.rank());
      if (failure)
        return readOrFail(l, indices, *failure);
      if (!alternative && base.outside.empty())
        return readElement(l, indices);
      return readElement(l, indices, [&]() -> Value {
        if (!alternative)
          return base.outside[k].value;
        Leaf l = other.leaves.empty() ? expr(*alternative).leaves[k] : other.leaves[k];
        return l.isScalar() ? l.value : readElement(l, kept);
      });
    };
    const Type &t = *types[k];
    if (where.isElement(l.rank())) {
      result.leaves.push_back({read({}), l.kind});
      continue;
    }
    auto form = makeCompute({tensorType(l.kind, t.shape.size())}, extentsOf(t.shape),
                            axisLabels('v', t.shape.size()));
    if (l.isTensor())
      form->setAttr("plan.store", b.getStringAttr("inline"));
    Body body(*this, form.getBody(), form.getLower().getTypes());
    tx::YieldOp::create(b, loc, scalars().toElement(l.kind, read(body.args)));
    result.leaves.push_back({form.getResult(0), l.kind});
  }
  return result;
}

/// reshape(x, [m, n]) → a view that reads x at the same position in row-major order; axes that are
/// equal at either end keep their indices.
Val FnImporter::reshape(const CallExpr &e) {
  Leaf from = leaf(*e.args[0]);
  const std::vector<facts::Expr> &have = e.args[0]->type.shape, &want = e.type.shape;
  size_t least = std::min(have.size(), want.size()), lead = 0, tail = 0;
  while (lead < least && have[lead] == want[lead])
    ++lead;
  while (tail < least - lead && have.rbegin()[tail] == want.rbegin()[tail])
    ++tail;
  SmallVector<Value> given = extentsOf(have), wanted = extentsOf(want);
  auto form =
      makeCompute({tensorType(from.kind, want.size())}, wanted, axisLabels('v', want.size()));
  if (from.isTensor())
    form->setAttr("plan.store", b.getStringAttr("inline"));
  Body body(*this, form.getBody(), form.getLower().getTypes());
  Value position = arith::ConstantIndexOp::create(b, loc, 0);
  for (size_t i = lead; i < want.size() - tail; ++i) {
    Value before = b.createOrFold<arith::MulIOp>(loc, position, wanted[i]);
    position = b.createOrFold<arith::AddIOp>(loc, before, body.args[i]);
  }
  SmallVector<Value> at(have.size());
  for (size_t i = 0; i < lead; ++i)
    at[i] = body.args[i];
  for (size_t i = 0; i < tail; ++i)
    at.rbegin()[i] = body.args[want.size() - 1 - i];
  for (size_t i = have.size() - tail; i-- > lead;) {
    auto part = [&](tx::ScalarKind k) {
      return tx::ScalarOp::create(b, loc, b.getIndexType(), k, ValueRange{position, given[i]});
    };
    at[i] = i == lead ? position : part(tx::ScalarKind::mod);
    if (i > lead)
      position = part(tx::ScalarKind::floordiv);
  }
  tx::YieldOp::create(b, loc, scalars().toElement(from.kind, readElement(from, at)));
  return {{{form.getResult(0), from.kind}}};
}

Val FnImporter::elseExpr(const ElseExpr &e) {
  std::optional<int64_t> failure = e.alternative ? std::nullopt : program.site(e);
  if (auto *index = llvm::dyn_cast<IndexExpr>(e.access.get()))
    return access(*index, e.alternative.get(), failure);
  Val v = expr(*e.access);
  v.failure = failure;
  v.outside.clear();
  if (e.alternative)
    v.outside = frozen(expr(*e.alternative)).leaves;
  return v;
}

} // namespace texpr::importer

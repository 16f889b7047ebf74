// Extents of values of tensor type, found from the op that makes them.
//
//   %t = tx.compute (%i, %j) = (%c0, %lo) to (%m, %hi) …      extents: %m and max(%hi - %lo, 0)
//   %u = scf.if %c -> tensor<?xf32> { … }                     the then branch's: the language gave
//   both branches one type
//
// A lower bound that is the constant 0 is dropped, with the rule that the upper bound is then not
// negative; so the common case returns the dim's own value. An extent computed inside a region (a
// callee's dims after inlining) is computed again in front, which is legal because index arithmetic
// is pure and total.
#include "dialects/tx/Extents.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr::tx {

static SmallVector<Extent> fromValues(ValueRange values) {
  SmallVector<Extent> extents;
  for (Value v : values)
    extents.push_back({Value(), v, std::nullopt});
  return extents;
}

static SmallVector<Extent> fromBounds(ValueRange lower, ValueRange upper) {
  SmallVector<Extent> extents;
  for (auto [lo, hi] : llvm::zip_equal(lower, upper))
    extents.push_back({matchPattern(lo, m_Zero()) ? Value() : lo, hi, std::nullopt});
  return extents;
}

/// `outer` followed by the extents of the yielded value, which may be a scalar.
static Extents stacked(SmallVector<Extent> outer, Value yielded) {
  if (!isa<RankedTensorType>(yielded.getType()))
    return outer;
  Extents inner = knownExtents(yielded);
  if (!inner)
    return std::nullopt;
  llvm::append_range(outer, *inner);
  return outer;
}

Extents BindOp::getKnownExtents(unsigned) { return fromValues(getExtents()); }
Extents VerifyOp::getKnownExtents(unsigned) { return knownExtents(getSource()); }
Extents ComputeOp::getKnownExtents(unsigned result) {
  return stacked(fromBounds(getLower(), getUpper()), getYield().getValues()[result]);
}
Extents ReduceOp::getKnownExtents(unsigned result) {
  return stacked({}, getYield().getValues()[result]);
}
/// A carried tensor keeps the extents of its init; a stack has one element a step.
Extents ForOp::getKnownExtents(unsigned result) {
  if (result < getInits().size())
    return knownExtents(getInits()[result]);
  Value next = getYield().getValues()[result];
  if (hasWhile())
    return stacked({{Value(), getSteps(), std::nullopt}}, next);
  return stacked(fromBounds(getLower(), getUpper()), next);
}
Extents ScanOp::getKnownExtents(unsigned result) {
  return stacked(fromBounds(getLower(), getUpper()), getYield().getValues()[result]);
}
Extents ScatterOp::getKnownExtents(unsigned result) {
  return stacked(fromValues(getExtents()), getPutValues()[result]);
}
Extents FilterOp::getKnownExtents(unsigned result) {
  return stacked({{Value(), getCount(), std::nullopt}}, getYield().getValues()[result - 1]);
}
Extents SortOp::getKnownExtents(unsigned) {
  if (getTop())
    return SmallVector<Extent>{{Value(), getTop(), std::nullopt}};
  return fromBounds(getLower(), getUpper());
}
/// An extent that the kernel finds leaves it too.
Extents KernelOp::getKnownExtents(unsigned result) {
  auto yielded = getYield().getValues();
  Extents extents = knownExtents(yielded[result]);
  if (extents)
    for (Extent &e : *extents)
      for (auto [v, outside] : llvm::zip_equal(yielded, getResults()))
        if (e.upper == v)
          e.upper = outside;
  return extents;
}

Extents ListOp::getKnownExtents(unsigned) {
  SmallVector<Extent> leading = {{Value(), Value(), int64_t(getElements().size())}};
  return getElements().empty() ? leading : stacked(leading, getElements().front());
}

/// Canonicalization makes it of an `if` whose branches only name a tensor.
static Extents selectExtents(arith::SelectOp op) {
  Extents extents = knownExtents(op.getTrueValue());
  return extents ? extents : knownExtents(op.getFalseValue());
}

static Extents branchExtents(scf::IfOp op, unsigned result) {
  for (Block *block : {op.thenBlock(), op.elseBlock()})
    if (block)
      if (Extents extents = knownExtents(block->getTerminator()->getOperand(result)))
        return extents;
  return std::nullopt;
}

/// A carried tensor keeps the extents of its init.
static Extents argumentExtents(BlockArgument arg) {
  Operation *parent = arg.getOwner()->getParentOp();
  if (auto loop = dyn_cast<ForOp>(parent); loop && arg.getArgNumber() > 0)
    return knownExtents(loop.getInits()[arg.getArgNumber() - 1]);
  return std::nullopt;
}

static Extents findExtents(Value tensor) {
  if (auto arg = dyn_cast<BlockArgument>(tensor))
    return argumentExtents(arg);
  auto result = cast<OpResult>(tensor);
  if (auto maker = dyn_cast<HasExtents>(result.getOwner()))
    return maker.getKnownExtents(result.getResultNumber());
  if (auto branches = dyn_cast<scf::IfOp>(result.getOwner()))
    return branchExtents(branches, result.getResultNumber());
  if (auto select = dyn_cast<arith::SelectOp>(result.getOwner()))
    return selectExtents(select);
  return std::nullopt;
}

/// Asked on hand-written text before dominance is verified, a tensor may be its own source: the walk is bounded.
static constexpr unsigned kMaxDepth = 4000;
static thread_local unsigned depth = 0;

Extents knownExtents(Value tensor) {
  if (depth >= kMaxDepth)
    return std::nullopt;
  ++depth;
  Extents extents = findExtents(tensor);
  --depth;
  return extents;
}

//===- building -----------------------------------------------------------===//

/// `v`, or a copy of its computation at `b` where it is defined inside `maker`.
static Value outside(OpBuilder &b, Value v, Operation *maker, IRMapping &copies) {
  Operation *def = v.getDefiningOp();
  if (!def || !maker->isProperAncestor(def))
    return v;
  if (Value copy = copies.lookupOrNull(v))
    return copy;
  assert(isPure(def) && def->getNumRegions() == 0 && "an extent is index arithmetic");
  for (Value operand : def->getOperands())
    copies.map(operand, outside(b, operand, maker, copies));
  b.clone(*def, copies);
  return copies.lookup(v);
}

static Value difference(OpBuilder &b, Location loc, Value lower, Value upper) {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  return arith::MaxSIOp::create(b, loc, arith::SubIOp::create(b, loc, upper, lower), zero);
}

Value buildAffine(OpBuilder &b, Location loc, AffineExpr e, ValueRange dims, ValueRange symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(e))
    return arith::ConstantIndexOp::create(b, loc, constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(e))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(e))
    return symbols[symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(e);
  Value lhs = buildAffine(b, loc, binary.getLHS(), dims, symbols);
  Value rhs = buildAffine(b, loc, binary.getRHS(), dims, symbols);
  auto scalar = [&](ScalarKind kind, Value x, Value y) -> Value {
    return ScalarOp::create(b, loc, x.getType(), kind, ValueRange{x, y});
  };
  switch (e.getKind()) {
  case AffineExprKind::Add:
    return arith::AddIOp::create(b, loc, lhs, rhs);
  case AffineExprKind::Mul:
    return arith::MulIOp::create(b, loc, lhs, rhs);
  case AffineExprKind::FloorDiv:
    return scalar(ScalarKind::floordiv, lhs, rhs);
  case AffineExprKind::Mod:
    return scalar(ScalarKind::mod, lhs, rhs);
  case AffineExprKind::CeilDiv: {
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    Value negated = arith::SubIOp::create(b, loc, zero, lhs);
    return arith::SubIOp::create(b, loc, zero, scalar(ScalarKind::floordiv, negated, rhs));
  }
  default:
    llvm_unreachable("not a binary expression");
  }
}

/// The callee's result attribute `tx.ext` maps its index arguments to the extents.
static SmallVector<Value> callExtents(OpBuilder &b, func::CallOp call, unsigned result) {
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr());
  auto ext = callee ? callee.getResultAttrOfType<AffineMapAttr>(result, "tx.ext") : nullptr;
  assert(ext && "a call of tensor type names its callee's extents");
  SmallVector<Value> symbols;
  for (Value operand : call.getOperands())
    if (operand.getType().isIndex())
      symbols.push_back(operand);
  SmallVector<Value> extents;
  for (AffineExpr e : ext.getValue().getResults())
    extents.push_back(buildAffine(b, call.getLoc(), e, {}, symbols));
  return extents;
}

SmallVector<Value> getExtents(OpBuilder &b, Value tensor) {
  Operation *maker = tensor.getDefiningOp();
  if (auto call = dyn_cast_or_null<func::CallOp>(maker))
    return callExtents(b, call, cast<OpResult>(tensor).getResultNumber());
  Extents known = knownExtents(tensor);
  assert(
      known &&
      "the extents of this tensor are not known: a bound, computed or carried value is expected");
  SmallVector<Value> extents;
  IRMapping copies;
  for (Extent e : *known) {
    if (e.constant) {
      extents.push_back(arith::ConstantIndexOp::create(b, tensor.getLoc(), *e.constant));
      continue;
    }
    Value upper = maker ? outside(b, e.upper, maker, copies) : e.upper;
    if (e.lower)
      upper = difference(b, tensor.getLoc(), maker ? outside(b, e.lower, maker, copies) : e.lower,
                         upper);
    extents.push_back(upper);
  }
  return extents;
}

SmallVector<Value> extentSources(Value tensor) {
  SmallVector<Value> sources;
  if (Extents known = knownExtents(tensor))
    for (Extent e : *known)
      for (Value v : {e.lower, e.upper})
        if (v)
          sources.push_back(v);
  return sources;
}

} // namespace texpr::tx

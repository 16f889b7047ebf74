// Interval arithmetic on SSA values: what depends on dims alone is cloned, a loop's variable is its
// bounds.
//
//   %i in 0 … m-1:   upper(%i + 1) = m,   upper(min(%i + 2, h) - max(%i - 1, 0)) = min(3, h)
//
// A difference of a min and a max is bounded by each pair of their sides whose difference is a
// constant: the window of a stencil, whose two ends move together. Data (a load) has no bound.
#include "compiler/transform/Bound.h"
#include "dialects/par/ParOps.h"
#include "dialects/par/Stride.h"
#include "dialects/tx/TxOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr {

static bool isArithmetic(Operation *op) {
  return op->getNumRegions() == 0 && isMemoryEffectFree(op) && !isa<par::SlotOp, par::BindOp>(op);
}

/// `v` itself, recomputed at the builder, where it is made of the function's arguments alone.
Value Bound::exact(Value v) {
  if (Value known = map.lookupOrNull(v))
    return known;
  Operation *op = v.getDefiningOp();
  if (!op || !isArithmetic(op))
    return {};
  for (Value operand : op->getOperands())
    if (!exact(operand))
      return {};
  return b.clone(*op, map)->getResult(cast<OpResult>(v).getResultNumber());
}

/// Never below 0, whatever the dims are.
static bool isNotNegative(Value v) {
  APInt c;
  if (matchPattern(v, m_ConstantInt(&c)))
    return !c.isNegative();
  if (auto arg = dyn_cast<BlockArgument>(v)) {
    auto loop = dyn_cast<tx::HasDomain>(arg.getOwner()->getParentOp());
    if (loop)
      for (tx::AxisRange axis : loop.getAxisRanges(*arg.getOwner()->getParent()))
        if (axis.arg == v)
          return isNotNegative(axis.lower);
    return false;
  }
  Operation *op = v.getDefiningOp();
  if (isa<arith::MaxSIOp>(op))
    return isNotNegative(op->getOperand(0)) || isNotNegative(op->getOperand(1));
  return isa<arith::AddIOp, arith::MulIOp, arith::MinSIOp>(op) &&
         llvm::all_of(op->getOperands(), isNotNegative);
}

Value Bound::ofArgument(BlockArgument arg, bool isUpper) {
  Operation *loop = arg.getOwner()->getParentOp();
  unsigned axis = arg.getArgNumber();
  Value lo, hi;
  if (auto forall = dyn_cast<par::ForallOp>(loop)) {
    lo = forall.getLower()[axis];
    hi = forall.getUpper()[axis];
  } else if (auto reduce = dyn_cast<par::ReduceOp>(loop)) {
    lo = reduce.getLower()[axis];
    hi = reduce.getUpper()[axis];
  } else if (auto seq = dyn_cast<par::SeqOp>(loop); seq && axis == 0) {
    lo = seq.getLower();
    hi = seq.getUpper();
  } else {
    return {};
  }
  if (!isUpper)
    return lower(lo);
  Value most = upper(hi);
  if (!most)
    return {};
  return arith::SubIOp::create(b, arg.getLoc(), most,
                               arith::ConstantIndexOp::create(b, arg.getLoc(), 1));
}

/// The least constant that is `a - c` for a side `a` of a min and a side `c` of a max.
Value Bound::ofDifference(Operation *sub) {
  std::optional<int64_t> least;
  for (Value high : par::minSides(sub->getOperand(0)))
    for (Value low : par::maxSides(sub->getOperand(1)))
      if (auto d = par::constantDifference(high, low))
        least = least ? std::min(*least, *d) : *d;
  if (!least)
    return {};
  return arith::ConstantIndexOp::create(b, sub->getLoc(), *least);
}

/// Of (a + (d - 1)) / d: a and d.
static std::pair<Value, Value> ceilQuotient(Operation *op) {
  auto sum = isa_and_nonnull<arith::DivUIOp>(op) ? op->getOperand(0).getDefiningOp<arith::AddIOp>()
                                                 : arith::AddIOp();
  auto less = sum ? sum.getRhs().getDefiningOp<arith::SubIOp>() : arith::SubIOp();
  if (!less || less.getLhs() != op->getOperand(1) || !matchPattern(less.getRhs(), m_One()))
    return {};
  return {sum.getLhs(), op->getOperand(1)};
}

/// ceil(a / max(ceil(a / n), 1)) is at most n: a divided in n pieces, where n depends on data.
static Value piecesOf(Operation *op) {
  auto [whole, size] = ceilQuotient(op);
  auto atLeastOne = size ? size.getDefiningOp<arith::MaxSIOp>() : arith::MaxSIOp();
  if (!atLeastOne || !matchPattern(atLeastOne.getRhs(), m_One()))
    return {};
  auto [again, pieces] = ceilQuotient(atLeastOne.getLhs().getDefiningOp());
  return again == whole ? pieces : Value();
}

/// An element that is tested where it is read (sink-verify): `lo <= x && x < hi ? x : lo`.
Value Bound::ofTested(arith::SelectOp select, bool isUpper) {
  auto plain = [](Value v) {
    auto cast = v.getDefiningOp<arith::IndexCastOp>();
    return cast ? cast.getIn() : v;
  };
  auto both = select.getCondition().getDefiningOp<arith::AndIOp>();
  auto above = both ? both.getLhs().getDefiningOp<arith::CmpIOp>() : arith::CmpIOp();
  auto below = both ? both.getRhs().getDefiningOp<arith::CmpIOp>() : arith::CmpIOp();
  auto isSame = [&](Value v, Value w) {
    APInt c, d;
    return plain(v) == plain(w) ||
           (matchPattern(v, m_ConstantInt(&c)) && matchPattern(w, m_ConstantInt(&d)) &&
            c.getSExtValue() == d.getSExtValue());
  };
  Value x = select.getTrueValue();
  if (!above || !below || above.getPredicate() != arith::CmpIPredicate::sge ||
      below.getPredicate() != arith::CmpIPredicate::slt || !isSame(above.getLhs(), x) ||
      !isSame(below.getLhs(), x) || !isSame(above.getRhs(), select.getFalseValue()))
    return {};
  Value least = bound(above.getRhs(), isUpper);
  if (!isUpper || !least)
    return least;
  Value end = bound(below.getRhs(), true);
  if (!end)
    return {};
  Location loc = select.getLoc();
  Value most = arith::SubIOp::create(b, loc, end, arith::ConstantIndexOp::create(b, loc, 1));
  return arith::MaxSIOp::create(b, loc, most, least);
}

/// A sum or a difference, each side at its own end.
Value Bound::ofSum(Operation *op, bool isUpper) {
  Location loc = op->getLoc();
  Value l = bound(op->getOperand(0), isUpper);
  if (isa<arith::AddIOp>(op)) {
    Value r = l ? bound(op->getOperand(1), isUpper) : Value();
    return r ? arith::AddIOp::create(b, loc, l, r).getResult() : Value();
  }
  Value window = isUpper ? ofDifference(op) : Value();
  Value r = l ? bound(op->getOperand(1), !isUpper) : Value();
  if (!r)
    return window;
  Value plain = arith::SubIOp::create(b, loc, l, r);
  return window ? arith::MinSIOp::create(b, loc, window, plain) : plain;
}

/// A min is below each of its sides, a max above; their other ends need both.
Value Bound::ofExtreme(Operation *op, bool isUpper) {
  Value l = bound(op->getOperand(0), isUpper), r = bound(op->getOperand(1), isUpper);
  bool isMin = isa<arith::MinSIOp>(op);
  if (!l || !r)
    return isMin != isUpper ? Value() : (l ? l : r);
  return isMin ? arith::MinSIOp::create(b, op->getLoc(), l, r).getResult()
               : arith::MaxSIOp::create(b, op->getLoc(), l, r).getResult();
}

/// Extents are products of lengths: bounded where both sides are known not to be negative.
Value Bound::ofProduct(arith::MulIOp op, bool isUpper) {
  if (!isUpper && isNotNegative(op.getLhs()) && isNotNegative(op.getRhs()))
    return arith::ConstantIndexOp::create(b, op.getLoc(), 0);
  auto isNonNegative = [&](Value v) {
    APInt least;
    Value low = lower(v);
    return low && matchPattern(low, m_ConstantInt(&least)) && !least.isNegative();
  };
  Value l = bound(op.getLhs(), isUpper), r = bound(op.getRhs(), isUpper);
  if (!l || !r || !isNonNegative(op.getLhs()) || !isNonNegative(op.getRhs()))
    return {};
  return arith::MulIOp::create(b, op.getLoc(), l, r);
}

/// Digits of a linear index: 0 <= x % y < y, x / y grows with x.
Value Bound::ofDigit(Operation *op, bool isUpper) {
  Location loc = op->getLoc();
  if (!isUpper)
    return arith::ConstantIndexOp::create(b, loc, 0);
  if (Value pieces = piecesOf(op))
    return upper(pieces);
  Value divisor = exact(op->getOperand(1));
  if (!divisor)
    return {};
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  if (isa<arith::RemUIOp>(op))
    return arith::SubIOp::create(b, loc, divisor, one);
  Value positive = arith::MaxSIOp::create(b, loc, divisor, one);
  Value l = upper(op->getOperand(0));
  return l ? arith::FloorDivSIOp::create(b, loc, l, positive).getResult() : Value();
}

Value Bound::ofSelect(arith::SelectOp select, bool isUpper) {
  if (Value tested = ofTested(select, isUpper))
    return tested;
  Value l = bound(select.getTrueValue(), isUpper), r = bound(select.getFalseValue(), isUpper);
  if (!l || !r)
    return {};
  return isUpper ? arith::MaxSIOp::create(b, select.getLoc(), l, r).getResult()
                 : arith::MinSIOp::create(b, select.getLoc(), l, r).getResult();
}

/// A floor division by a positive constant grows with what is divided.
Value Bound::ofQuotient(Operation *op, bool isUpper) {
  APInt divisor;
  if (!matchPattern(op->getOperand(1), m_ConstantInt(&divisor)) || !divisor.isStrictlyPositive())
    return {};
  Value l = bound(op->getOperand(0), isUpper);
  if (!l)
    return {};
  Value by = arith::ConstantIndexOp::create(b, op->getLoc(), divisor.getSExtValue());
  return arith::FloorDivSIOp::create(b, op->getLoc(), l, by);
}

Value Bound::bound(Value v, bool isUpper) {
  if (Value e = exact(v))
    return e;
  if (auto arg = dyn_cast<BlockArgument>(v))
    return ofArgument(arg, isUpper);
  Operation *op = v.getDefiningOp();
  if (isa<arith::AddIOp, arith::SubIOp>(op))
    return ofSum(op, isUpper);
  if (isa<arith::MinSIOp, arith::MaxSIOp>(op))
    return ofExtreme(op, isUpper);
  if (auto product = dyn_cast<arith::MulIOp>(op))
    return ofProduct(product, isUpper);
  if (isa<arith::RemUIOp, arith::DivUIOp>(op))
    return ofDigit(op, isUpper);
  if (isa<arith::IndexCastOp>(op))
    return bound(op->getOperand(0), isUpper);
  if (auto select = dyn_cast<arith::SelectOp>(op))
    return ofSelect(select, isUpper);
  auto scalar = dyn_cast<tx::ScalarOp>(op);
  if (isa<arith::FloorDivSIOp>(op) || (scalar && scalar.getKind() == tx::ScalarKind::floordiv))
    return ofQuotient(op, isUpper);
  return {};
}

} // namespace texpr

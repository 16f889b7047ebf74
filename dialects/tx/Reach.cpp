// Ranges of indices relative to an axis, found by walking their arithmetic.
//
//   %p = arith.addi %i, %u ; %q = arith.subi %p, %c2       %u in 0 to 5:   reach(%q, %i) = [-2, 2]
//   %r = arith.minsi %q, (%h - 1) ; arith.maxsi %r, %c0    %i in 0 to %h:  the same, as 0 and h - 1 lie on the axis
//
// The answer holds in every iteration, so a window of rows [i + lo, i + hi] contains all that the index reads. Arithmetic is that of
// the checker's proofs: it does not wrap.
#include "dialects/tx/Reach.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr::tx {

static constexpr int64_t limit = int64_t(1) << 40;

static std::optional<Reach> checked(int64_t lo, int64_t hi) {
  if (lo < -limit || hi > limit)
    return std::nullopt;
  return Reach{lo, hi};
}

static std::optional<int64_t> constantOf(Value v) {
  APInt c;
  if (v && matchPattern(v, m_ConstantInt(&c)) && c.getSignificantBits() <= 62)
    return c.getSExtValue();
  return std::nullopt;
}

std::optional<int64_t> constantTrip(Value lower, Value upper) {
  auto lo = constantOf(lower), hi = constantOf(upper);
  if (!lo || !hi)
    return std::nullopt;
  return std::max<int64_t>(*hi - *lo, 0);
}

AxisBounds boundsOf(Value axis) {
  auto arg = dyn_cast_or_null<BlockArgument>(axis);
  if (!arg)
    return {};
  Operation *parent = arg.getOwner()->getParentOp();
  unsigned k = arg.getArgNumber();
  if (auto form = dyn_cast_or_null<ComputeOp>(parent))
    return {form.getLower()[k], form.getUpper()[k]};
  if (auto form = dyn_cast_or_null<ReduceOp>(parent))
    return {form.getLower()[k], form.getUpper()[k]};
  if (auto form = dyn_cast_or_null<ForOp>(parent); form && k == 0)
    return {form.getLower(), form.getUpper()};
  if (isa_and_nonnull<ScanOp, ScatterOp, FilterOp, SortOp>(parent)) {
    AxisRange axis = cast<HasDomain>(parent).getAxisRanges(*arg.getOwner()->getParent())[k];
    return {axis.lower, axis.upper};
  }
  return {};
}

namespace {
/// Combines the ranges of operands as the operation does; the leaves are the callers'.
template <typename Leaf> std::optional<Reach> hullOfChoice(Value v, Leaf walk) {
  auto hull = [](std::optional<Reach> a, std::optional<Reach> b) -> std::optional<Reach> {
    if (!a || !b)
      return std::nullopt;
    return Reach{std::min(a->lo, b->lo), std::max(a->hi, b->hi)};
  };
  if (auto select = v.getDefiningOp<arith::SelectOp>())
    return hull(walk(select.getTrueValue()), walk(select.getFalseValue()));
  auto choice = v.getDefiningOp<scf::IfOp>();
  if (!choice || !choice.elseBlock())
    return std::nullopt;
  unsigned k = cast<OpResult>(v).getResultNumber();
  return hull(walk(choice.thenYield().getOperand(k)), walk(choice.elseYield().getOperand(k)));
}
} // namespace

static std::optional<Reach> rangeOfProduct(Reach a, Reach b) {
  int64_t bound = int64_t(1) << 20;
  if (std::max({std::abs(a.lo), std::abs(a.hi), std::abs(b.lo), std::abs(b.hi)}) > bound)
    return std::nullopt;
  int64_t p[] = {a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi};
  return checked(*std::min_element(p, p + 4), *std::max_element(p, p + 4));
}

std::optional<Reach> constantRange(Value v) {
  if (auto c = constantOf(v))
    return checked(*c, *c);
  if (AxisBounds axis = boundsOf(v)) {
    auto lo = constantRange(axis.lower), hi = constantRange(axis.upper);
    if (lo && hi && hi->hi > lo->lo)
      return Reach{lo->lo, hi->hi - 1};
    return std::nullopt;
  }
  Operation *op = v.getDefiningOp();
  if (!op)
    return std::nullopt;
  if (auto choice = hullOfChoice(v, constantRange))
    return choice;
  if (isa<arith::IndexCastOp, arith::ExtSIOp>(op))
    return constantRange(op->getOperand(0));
  if (!isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::MinSIOp, arith::MaxSIOp>(op))
    return std::nullopt;
  auto a = constantRange(op->getOperand(0)), b = constantRange(op->getOperand(1));
  if (!a || !b)
    return std::nullopt;
  if (isa<arith::AddIOp>(op))
    return checked(a->lo + b->lo, a->hi + b->hi);
  if (isa<arith::SubIOp>(op))
    return checked(a->lo - b->hi, a->hi - b->lo);
  if (isa<arith::MulIOp>(op))
    return rangeOfProduct(*a, *b);
  if (isa<arith::MinSIOp>(op))
    return Reach{std::min(a->lo, b->lo), std::min(a->hi, b->hi)};
  return Reach{std::max(a->lo, b->lo), std::max(a->hi, b->hi)};
}

/// `v` is the last index of the axis: its upper bound less one.
static bool isLastOf(Value v, Value upper) {
  if (auto sub = v.getDefiningOp<arith::SubIOp>())
    return sub.getLhs() == upper && constantOf(sub.getRhs()) == 1;
  if (auto add = v.getDefiningOp<arith::AddIOp>())
    return (add.getLhs() == upper && constantOf(add.getRhs()) == -1) ||
           (add.getRhs() == upper && constantOf(add.getLhs()) == -1);
  return false;
}

std::optional<Reach> reach(Value index, Value axis) {
  if (index == axis)
    return Reach{0, 0};
  Operation *op = index.getDefiningOp();
  if (!op)
    return std::nullopt;
  if (auto choice = hullOfChoice(index, [&](Value v) { return reach(v, axis); }))
    return choice;
  if (op->getNumOperands() != 2)
    return std::nullopt;
  Value lhs = op->getOperand(0), rhs = op->getOperand(1);
  if (isa<arith::AddIOp>(op)) {
    auto a = reach(lhs, axis);
    auto b = a ? constantRange(rhs) : constantRange(lhs);
    if (!a)
      a = reach(rhs, axis);
    return a && b ? checked(a->lo + b->lo, a->hi + b->hi) : std::nullopt;
  }
  if (isa<arith::SubIOp>(op)) {
    auto a = reach(lhs, axis), b = constantRange(rhs);
    return a && b ? checked(a->lo - b->hi, a->hi - b->lo) : std::nullopt;
  }
  AxisBounds bounds = boundsOf(axis);
  if (isa<arith::MinSIOp>(op) && bounds) {
    bool isRight = isLastOf(rhs, bounds.upper);
    auto a = isRight                       ? reach(lhs, axis)
             : isLastOf(lhs, bounds.upper) ? reach(rhs, axis)
                                           : std::nullopt;
    return a ? std::optional(Reach{std::min<int64_t>(a->lo, 0), a->hi}) : std::nullopt;
  }
  if (isa<arith::MaxSIOp>(op) && bounds && constantOf(bounds.lower) == 0) {
    auto a = constantOf(rhs) == 0   ? reach(lhs, axis)
             : constantOf(lhs) == 0 ? reach(rhs, axis)
                                    : std::nullopt;
    return a ? std::optional(Reach{a->lo, std::max<int64_t>(a->hi, 0)}) : std::nullopt;
  }
  return std::nullopt;
}

Follow follow(ReadOp read, ComputeOp producer, ComputeOp consumer) {
  Follow result;
  unsigned axes = std::min(producer.getNumAxes(), consumer.getNumAxes());
  for (unsigned k = 0; k < axes; ++k) {
    bool sameBounds = producer.getUpper()[k] == consumer.getUpper()[k] &&
                      constantOf(producer.getLower()[k]) == 0 &&
                      constantOf(consumer.getLower()[k]) == 0;
    if (!sameBounds)
      return result;
    if (read.getIndices()[k] != consumer.getArgs()[k]) {
      result.next = reach(read.getIndices()[k], consumer.getArgs()[k]);
      return result;
    }
    ++result.exact;
  }
  return result;
}

} // namespace texpr::tx

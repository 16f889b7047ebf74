// Coefficients of loop variables in index arithmetic, by walking up the definitions.
//
// An index is followed through sums, differences, products with constants and casts; anything else
// that depends on the loop variable has no constant stride. Values defined by other loops or by
// memory inside the loop's body depend on the variable only through their operands, except carried
// values, which may differ every iteration.
#include "dialects/par/Stride.h"
#include "dialects/facts/Facts.h"
#include "dialects/par/ParOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseMap.h"

using namespace mlir;

namespace texpr::par {

namespace {
/// True where `op` stands inside the loop whose variable `iv` is.
bool isInside(Operation *op, Value iv) {
  auto arg = dyn_cast<BlockArgument>(iv);
  return arg && arg.getOwner()->getParentOp()->isProperAncestor(op);
}

bool depends(Value v, Value iv, DenseMap<Value, bool> &known) {
  if (v == iv)
    return true;
  auto [it, isNew] = known.try_emplace(v, false);
  if (!isNew)
    return it->second;
  bool result = false;
  if (auto arg = dyn_cast<BlockArgument>(v)) {
    // Another loop's variable or a carried value: it moves with `iv` where its loop's bounds or
    // states may.
    Operation *loop = arg.getOwner()->getParentOp();
    if (loop && isInside(loop, iv)) {
      if (auto seq = dyn_cast<SeqOp>(loop))
        result = arg.getArgNumber() > 0 || depends(seq.getLower(), iv, known);
      else
        result = llvm::any_of(loop->getOperands(), [&](Value o) { return depends(o, iv, known); });
    }
  } else {
    Operation *op = v.getDefiningOp();
    // What a nested region computes may use `iv` without having it as an operand.
    bool mayVary = op->getNumRegions() > 0 && isInside(op, iv);
    result =
        mayVary || llvm::any_of(op->getOperands(), [&](Value o) { return depends(o, iv, known); });
  }
  known[v] = result;
  return result;
}
} // namespace

bool dependsOn(Value v, Value iv) {
  DenseMap<Value, bool> known;
  return depends(v, iv, known);
}

std::optional<int64_t> strideOf(Value v, Value iv) {
  if (v == iv)
    return 1;
  if (!dependsOn(v, iv))
    return 0;
  Operation *op = v.getDefiningOp();
  if (!op)
    return std::nullopt;
  if (isa<arith::IndexCastOp>(op))
    return strideOf(op->getOperand(0), iv);
  if (!isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op))
    return std::nullopt;
  auto lhs = strideOf(op->getOperand(0), iv), rhs = strideOf(op->getOperand(1), iv);
  if (!lhs || !rhs)
    return std::nullopt;
  if (isa<arith::AddIOp>(op))
    return *lhs + *rhs;
  if (isa<arith::SubIOp>(op))
    return *lhs - *rhs;
  APInt c;
  if (matchPattern(op->getOperand(1), m_ConstantInt(&c)))
    return *lhs * c.getSExtValue();
  if (matchPattern(op->getOperand(0), m_ConstantInt(&c)))
    return *rhs * c.getSExtValue();
  return std::nullopt;
}

namespace {
/// Index values as expressions, so that equal parts of two sides cancel.
class Normal {
public:
  facts::Expr of(Value v) {
    APInt c;
    if (matchPattern(v, m_ConstantInt(&c)))
      return facts::Expr(c.getSExtValue());
    if (Operation *op = v.getDefiningOp()) {
      if (isa<arith::AddIOp>(op))
        return of(op->getOperand(0)) + of(op->getOperand(1));
      if (isa<arith::SubIOp>(op))
        return of(op->getOperand(0)) - of(op->getOperand(1));
      if (isa<arith::MulIOp>(op))
        return of(op->getOperand(0)) * of(op->getOperand(1));
    }
    auto [it, isNew] = symbols.try_emplace(v, symbols.size());
    return facts::Expr::symbol(it->second);
  }

private:
  DenseMap<Value, facts::Symbol> symbols;
};

template <typename Op> void flatten(Value v, SmallVectorImpl<Value> &out) {
  if (auto op = v.getDefiningOp<Op>()) {
    flatten<Op>(op.getLhs(), out);
    flatten<Op>(op.getRhs(), out);
  } else {
    out.push_back(v);
  }
}
} // namespace

std::optional<int64_t> constantDifference(Value a, Value b) {
  Normal normal;
  return (normal.of(a) - normal.of(b)).constant();
}

SmallVector<Value> minSides(Value v) {
  SmallVector<Value> sides;
  flatten<arith::MinSIOp>(v, sides);
  return sides;
}

SmallVector<Value> maxSides(Value v) {
  SmallVector<Value> sides;
  flatten<arith::MaxSIOp>(v, sides);
  return sides;
}

Lane laneOf(ValueRange indices, Value iv) {
  Lane lane = Lane::Invariant;
  for (auto [d, index] : llvm::enumerate(indices)) {
    auto stride = strideOf(index, iv);
    if (stride == 0)
      continue;
    bool isLast = d + 1 == indices.size();
    lane = isLast && stride == 1 && lane == Lane::Invariant ? Lane::Unit : Lane::Strided;
  }
  return lane;
}

} // namespace texpr::par

// Indices as affine expressions over the axes of a nest, found by walking their arithmetic.
//
//   %p = arith.muli %i, %c4 ; %q = arith.addi %p, %u ; tx.read %x[%q, %j]    axes (%i, %j) ->
//   (d0 * 4 + s0, d1), symbols (%u)
//
// A value that does not depend on the axes is a symbol, whatever made it; so only the part of an
// index between the axes and the access is looked at. A product of an axis and a symbol is no
// affine expression: it is `strided`, which is still regular. What passes through a read is
// `gathered`.
#include "dialects/tx/AccessMap.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace texpr::tx {

bool dependsOn(Value v, ValueRange axes) {
  if (llvm::is_contained(axes, v))
    return true;
  Operation *def = v.getDefiningOp();
  if (!def)
    return false;
  // An op that the axes' block does not contain cannot use them.
  bool dominated = llvm::any_of(axes, [&](Value axis) {
    Operation *nest = axis.getParentBlock()->getParentOp();
    return nest->isProperAncestor(def);
  });
  if (!dominated)
    return false;
  auto uses = [&](Value operand) { return dependsOn(operand, axes); };
  if (llvm::any_of(def->getOperands(), uses))
    return true;
  bool found = false;
  for (Region &region : def->getRegions())
    region.walk([&](Operation *op) { found |= llvm::any_of(op->getOperands(), uses); });
  return found;
}

namespace {
class Walker {
public:
  explicit Walker(AccessMap &map) : map(map) {}

  IndexMap walk(Value v) {
    if (auto known = seen.find(v); known != seen.end())
      return known->second;
    IndexMap result = compute(v);
    seen[v] = result;
    return result;
  }

private:
  AccessMap &map;
  llvm::DenseMap<Value, IndexMap> seen;
  using Kind = IndexMap::Kind;

  IndexMap affine(AffineExpr e) { return {Kind::affine, e}; }
  static IndexMap other(Kind kind) { return {kind, {}}; }

  IndexMap compute(Value v) {
    APInt constant;
    if (matchPattern(v, m_ConstantInt(&constant)) && constant.getSignificantBits() <= 64)
      return affine(getAffineConstantExpr(constant.getSExtValue(), map.context));
    if (auto axis = llvm::find(map.axes, v); axis != map.axes.end())
      return affine(getAffineDimExpr(axis - map.axes.begin(), map.context));
    if (!dependsOn(v, map.axes))
      return affine(symbol(v));
    return arithmetic(v.getDefiningOp());
  }

  AffineExpr symbol(Value v) {
    auto at = llvm::find(map.symbols, v);
    unsigned position = at - map.symbols.begin();
    if (at == map.symbols.end())
      map.symbols.push_back(v);
    return getAffineSymbolExpr(position, map.context);
  }

  IndexMap arithmetic(Operation *op) {
    if (!op)
      return other(Kind::gathered);
    if (isa<arith::IndexCastOp, arith::ExtSIOp>(op))
      return walk(op->getOperand(0));
    if (isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op)) {
      IndexMap lhs = walk(op->getOperand(0)), rhs = walk(op->getOperand(1));
      return combine(op, lhs, rhs);
    }
    if (auto scalar = dyn_cast<ScalarOp>(op))
      return division(scalar);
    return other(Kind::gathered);
  }

  IndexMap combine(Operation *op, IndexMap lhs, IndexMap rhs) {
    Kind worst = std::max(lhs.kind, rhs.kind);
    if (worst != Kind::affine)
      return other(worst);
    if (isa<arith::AddIOp>(op))
      return affine(lhs.expr + rhs.expr);
    if (isa<arith::SubIOp>(op))
      return affine(lhs.expr - rhs.expr);
    bool constant = isa<AffineConstantExpr>(lhs.expr) || isa<AffineConstantExpr>(rhs.expr);
    if (constant)
      return affine(lhs.expr * rhs.expr);
    bool bothUseAxes = usesAxes(lhs.expr) && usesAxes(rhs.expr);
    return other(bothUseAxes ? Kind::gathered : Kind::strided);
  }

  static bool usesAxes(AffineExpr e) {
    bool found = false;
    e.walk([&](AffineExpr part) { found |= isa<AffineDimExpr>(part); });
    return found;
  }

  IndexMap division(ScalarOp op) {
    APInt divisor;
    bool known = (op.getKind() == ScalarKind::floordiv || op.getKind() == ScalarKind::mod) &&
                 matchPattern(op.getOperands()[1], m_ConstantInt(&divisor)) &&
                 divisor.isStrictlyPositive();
    IndexMap dividend = walk(op.getOperands()[0]);
    if (!known || dividend.kind != Kind::affine)
      return other(Kind::gathered);
    int64_t by = divisor.getSExtValue();
    return affine(op.getKind() == ScalarKind::floordiv ? dividend.expr.floorDiv(by)
                                                       : dividend.expr % by);
  }
};
} // namespace

AccessMap accessMap(ValueRange indices, ValueRange axes) {
  AccessMap map;
  map.axes.assign(axes.begin(), axes.end());
  if (!indices.empty())
    map.context = indices.front().getContext();
  else if (!axes.empty())
    map.context = axes.front().getContext();
  Walker walker(map);
  for (Value index : indices)
    map.indices.push_back(walker.walk(index));
  for (IndexMap &index : map.indices)
    if (index.expr)
      index.expr = simplifyAffineExpr(index.expr, map.axes.size(), map.symbols.size());
  return map;
}

bool AccessMap::isAffine() const {
  return llvm::all_of(indices, [](const IndexMap &m) { return m.kind == IndexMap::Kind::affine; });
}

bool AccessMap::isFreeOf(unsigned axis) const {
  return llvm::all_of(indices, [&](const IndexMap &m) {
    return m.kind == IndexMap::Kind::affine && !m.expr.isFunctionOfDim(axis);
  });
}

AffineMap AccessMap::getAffineMap() const {
  assert(isAffine() && "asked of an access that is not affine");
  SmallVector<AffineExpr> results;
  for (const IndexMap &m : indices)
    results.push_back(m.expr);
  return AffineMap::get(axes.size(), symbols.size(), results, context);
}

std::optional<AffineExpr> matchOffset(const AccessMap &map, unsigned index, unsigned axis) {
  const IndexMap &m = map.indices[index];
  if (m.kind != IndexMap::Kind::affine)
    return std::nullopt;
  AffineExpr rest = simplifyAffineExpr(m.expr - getAffineDimExpr(axis, map.context),
                                       map.axes.size(), map.symbols.size());
  if (rest.isFunctionOfDim(axis))
    return std::nullopt;
  return rest;
}

} // namespace texpr::tx

// What an integer is bounded by, where it is made of what is no integer expression: of a float, and of many terms.
//
//   i64(clamp(x * 9.0, 0.0, 9.0))           0 to 9, for a conversion truncates, saturates and turns a NaN into 0
//   i64(max(fy, 0.0))                       at least 0
//   reduce(+) n |i| where x[i] > 0 { 1 }    0 to n: terms that are not negative, in number those of the domain
//
// Floats have an interval, NaN aside, of f64: constants as their types round them, what is monotone end by end, of sums,
// products and quotients the sign. A name has that of its `let`. The bounds of a sum hold where it cannot wrap.
#include "compiler/source/Builtins.h"
#include "compiler/source/Checker.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/Error.h"
#include <cmath>
#include <numeric>

namespace texpr {
using FExpr = facts::Expr;

static FloatRange hull(FloatRange a, FloatRange b) {
  return {std::min(a.lo, b.lo), std::max(a.hi, b.hi)};
}

/// A decimal as the type rounds it.
static FloatRange constantOf(const std::string &decimal, ScalarKind k) {
  const llvm::fltSemantics &type = k == ScalarKind::F64    ? llvm::APFloat::IEEEdouble()
                                   : k == ScalarKind::F32  ? llvm::APFloat::IEEEsingle()
                                   : k == ScalarKind::BF16 ? llvm::APFloat::BFloat()
                                                           : llvm::APFloat::IEEEhalf();
  llvm::APFloat v(type);
  auto status = v.convertFromString(decimal, llvm::APFloat::rmNearestTiesToEven);
  if (!status) {
    llvm::consumeError(status.takeError());
    return {};
  }
  bool loses = false;
  v.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &loses);
  return {v.convertToDouble(), v.convertToDouble()};
}

template <class F> static FloatRange eachEnd(FloatRange r, F f) { return {f(r.lo), f(r.hi)}; }

FloatRange Checker::floatRangeOfCall(const CallExpr &e) const {
  const FloatRange all, positive{0, all.hi};
  if (e.conversion) {
    const Expr &from = *e.args[0];
    if (from.value)
      return interval(*from.value).lo.value_or(-1) >= 0 ? positive : all;
    FloatRange r = floatRange(from);
    if (from.type.isScalar() && isFloat(from.type.scalar) &&
        bitWidth(from.type.scalar) < bitWidth(*e.conversion))
      return r;
    return r.lo >= 0 ? positive : all;
  }
  const BuiltinInfo *info = e.fn || e.op ? nullptr : findBuiltin(e.callee.text);
  if (!info)
    return all;
  std::vector<FloatRange> of;
  for (const ExprPtr &arg : e.args)
    of.push_back(floatRange(*arg));
  auto least = [](FloatRange a, FloatRange b) {
    return FloatRange{std::min(a.lo, b.lo), std::min(a.hi, b.hi)};
  };
  auto most = [](FloatRange a, FloatRange b) {
    return FloatRange{std::max(a.lo, b.lo), std::max(a.hi, b.hi)};
  };
  switch (info->id) {
  case Builtin::Min:
    return std::accumulate(of.begin() + 1, of.end(), of[0], least);
  case Builtin::Max:
    return std::accumulate(of.begin() + 1, of.end(), of[0], most);
  case Builtin::Clamp:
    return least(most(of[0], of[1]), of[2]);
  case Builtin::Abs:
    return {0, std::max(std::abs(of[0].lo), std::abs(of[0].hi))};
  case Builtin::Floor:
    return eachEnd(of[0], [](double v) { return std::floor(v); });
  case Builtin::Ceil:
    return eachEnd(of[0], [](double v) { return std::ceil(v); });
  case Builtin::Trunc:
    return eachEnd(of[0], [](double v) { return std::trunc(v); });
  case Builtin::Round:
    return eachEnd(of[0], [](double v) { return std::nearbyint(v); });
  case Builtin::Sqrt:
  case Builtin::Exp:
  case Builtin::Exp2:
    return positive;
  case Builtin::Select:
    return hull(of[1], of[2]);
  default:
    return all;
  }
}

/// Bounds of a float that is no NaN.
FloatRange Checker::floatRange(const Expr &e) const {
  const FloatRange all, positive{0, all.hi};
  if (!e.type.isScalar() || !isFloat(e.type.scalar) || isF8(e.type.scalar))
    return all;
  auto ofBlock = [&](const Block &b) { return b.value ? floatRange(*b.value) : all; };
  switch (e.kind) {
  case ExprKind::FloatLit:
    return constantOf(llvm::cast<FloatLitExpr>(e).text, e.type.scalar);
  case ExprKind::IntLit: {
    auto &i = llvm::cast<IntLitExpr>(e);
    double v = double(i.magnitude);
    return i.negative ? FloatRange{-v, -v} : FloatRange{v, v};
  }
  case ExprKind::Name: {
    const Decl *d = llvm::cast<NameExpr>(e).decl;
    auto known = floatRanges.find(d);
    return d && d->kind == Decl::Kind::Let && known != floatRanges.end() ? known->second : all;
  }
  case ExprKind::Block:
    return ofBlock(*llvm::cast<BlockExpr>(e).block);
  case ExprKind::If: {
    auto &i = llvm::cast<IfExpr>(e);
    return i.elseExpr ? hull(ofBlock(*i.thenBlock), floatRange(*i.elseExpr)) : all;
  }
  case ExprKind::Unary: {
    auto &u = llvm::cast<UnaryExpr>(e);
    FloatRange r = floatRange(*u.operand);
    return u.op == UnaryOp::Neg ? FloatRange{-r.hi, -r.lo} : all;
  }
  case ExprKind::Binary: {
    auto &b = llvm::cast<BinaryExpr>(e);
    bool keepsSign = b.op == BinaryOp::Add || b.op == BinaryOp::Mul || b.op == BinaryOp::Div;
    return keepsSign && floatRange(*b.lhs).lo >= 0 && floatRange(*b.rhs).lo >= 0 ? positive : all;
  }
  case ExprKind::Call:
    return floatRangeOfCall(llvm::cast<CallExpr>(e));
  default:
    return all;
  }
}

/// The bounds of a float as an integer of type `k`.
facts::Range Checker::truncated(const Expr &from, ScalarKind k) const {
  FloatRange r = floatRange(from);
  facts::Range type = rangeOf(k);
  auto inside = [](double v) { return v > -9e18 && v < 9e18; };
  facts::Range out = type;
  if (inside(r.lo)) // a NaN gives 0
    out.lo = std::max(*type.lo, std::min(int64_t(r.lo), int64_t(0)));
  if (inside(r.hi) && (!type.hi || int64_t(r.hi) < *type.hi))
    out.hi = std::max(int64_t(r.hi), int64_t(0));
  return out;
}

/// A sum of terms that are not negative is not either, and at most their number times the largest.
void Checker::valueOfSum(ReduceExpr &e) {
  if (!e.type.isScalar() || !isInt(e.type.scalar) || e.op.op || e.op.name.text != "+" || !e.body ||
      !e.body->value || !e.body->value->value)
    return;
  facts::Range term = interval(*e.body->value->value);
  if (term.lo.value_or(-1) < 0 || !term.hi)
    return;
  std::vector<facts::Symbol> own;
  for (const auto &b : e.binders)
    if (b->value)
      b->value->symbols(own);
  FExpr most(*term.hi); // the largest sum
  for (const Axis &axis : e.domain) {
    if (!axis.hiValue)
      return;
    FExpr extent = *axis.hiValue - axis.loValue.value_or(FExpr(0));
    std::vector<facts::Symbol> used;
    extent.symbols(used);
    for (facts::Symbol s : used)
      if (std::find(own.begin(), own.end(), s) != own.end())
        return;
    most = most * (interval(extent).lo.value_or(-1) >= 0 ? extent : FExpr::max(extent, FExpr(0)));
  }
  if (!fits(most, e.type.scalar))
    return;
  facts::Range range{0, rangeOf(e.type.scalar).hi};
  if (auto hi = interval(most).hi)
    range.hi = range.hi ? std::min(*range.hi, *hi) : *hi;
  e.value = freshFor(e, range);
  assume(facts::Constraint{*e.value, facts::Rel::LE, most});
}

} // namespace texpr

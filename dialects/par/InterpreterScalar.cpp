// Arithmetic of the interpreter: integers through APInt at their width, floats through double, rounded to their type.
//
// One operation on f16, bf16 or f32 in double, then rounded, is correctly rounded (53 >= 2 * 24 + 2), so the results
// are those of IEEE arithmetic in the type. Functions of `math` are the host's, rounded: within an ulp, and the same
// before and after a pass, which is what they are for.
#include "dialects/par/InterpreterScalar.h"
#include "dialects/tx/Scalar.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;

namespace texpr::par {

static unsigned widthOf(Type t) { return t.isIndex() ? 64 : t.getIntOrFloatBitWidth(); }

static APInt bits(Type type, const Datum &d) {
  return APInt(64, uint64_t(d.integer), /*isSigned=*/true).sextOrTrunc(widthOf(type));
}

static Datum integer(const APInt &v) {
  return Datum::ofInteger(v.getBitWidth() == 1 ? int64_t(v.getZExtValue()) : v.getSExtValue());
}

static Datum real(Type type, double v) { return Datum::ofReal(roundTo(type, v)); }
static Datum boolean(bool v) { return Datum::ofInteger(v); }

Datum constantOf(Attribute value) {
  if (auto i = dyn_cast<IntegerAttr>(value))
    return integer(i.getType().isIndex() ? i.getValue().sextOrTrunc(64) : i.getValue());
  return Datum::ofReal(cast<FloatAttr>(value).getValueAsDouble());
}

//===- minimum and maximum ------------------------------------------------===//

/// NaN propagates, -0 is below +0.
static double minimum(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return std::nan("");
  return a == b ? (std::signbit(a) ? a : b) : std::min(a, b);
}
static double maximum(double a, double b) { return -minimum(-a, -b); }

Datum combine(tx::Combine op, bool isUnsigned, Type type, const Datum &a, const Datum &b) {
  using tx::Combine;
  if (isa<FloatType>(type)) {
    switch (op) {
    case Combine::add:
      return real(type, a.real + b.real);
    case Combine::mul:
      return real(type, a.real * b.real);
    case Combine::min:
      return real(type, minimum(a.real, b.real));
    default:
      return real(type, maximum(a.real, b.real));
    }
  }
  APInt x = bits(type, a), y = bits(type, b);
  // A bool is ordered false < true.
  bool unsignedOrder = isUnsigned || x.getBitWidth() == 1;
  bool less = unsignedOrder ? x.ult(y) : x.slt(y);
  switch (op) {
  case Combine::add:
    return integer(x + y);
  case Combine::mul:
    return integer(x * y);
  case Combine::min:
    return integer(less ? x : y);
  case Combine::max:
    return integer(less ? y : x);
  case Combine::and_op:
    return integer(x & y);
  case Combine::or_op:
    return integer(x | y);
  default:
    return integer(x ^ y);
  }
}

Datum identityOf(tx::Combine op, bool isUnsigned, Type type) {
  using tx::Combine;
  if (isa<FloatType>(type)) {
    double infinity = std::numeric_limits<double>::infinity();
    return Datum::ofReal(op == Combine::mul   ? 1
                         : op == Combine::min ? infinity
                         : op == Combine::max ? -infinity
                                              : 0);
  }
  unsigned width = widthOf(type);
  bool unsignedOrder = isUnsigned || width == 1;
  switch (op) {
  case Combine::mul:
    return integer(APInt(width, 1));
  case Combine::min:
    return integer(unsignedOrder ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width));
  case Combine::max:
    return integer(unsignedOrder ? APInt::getMinValue(width) : APInt::getSignedMinValue(width));
  case Combine::and_op:
    return integer(APInt::getAllOnes(width));
  default:
    return integer(APInt::getZero(width));
  }
}

//===- arith --------------------------------------------------------------===//

static bool compare(arith::CmpIPredicate p, const APInt &x, const APInt &y) {
  return arith::applyCmpPredicate(p, x, y);
}

static bool compare(arith::CmpFPredicate p, double x, double y) {
  return arith::applyCmpPredicate(p, APFloat(x), APFloat(y));
}

/// Two integers of one type to one of the same.
static std::optional<APInt> integerOp(Operation *op, const APInt &x, const APInt &y) {
  using Kind = tx::ScalarKind;
  auto total = [&](Kind kind) { return tx::evaluateScalar(kind, x, y); };
  return llvm::TypeSwitch<Operation *, std::optional<APInt>>(op)
      .Case<arith::AddIOp>([&](auto) { return x + y; })
      .Case<arith::SubIOp>([&](auto) { return x - y; })
      .Case<arith::MulIOp>([&](auto) { return x * y; })
      .Case<arith::AndIOp>([&](auto) { return x & y; })
      .Case<arith::OrIOp>([&](auto) { return x | y; })
      .Case<arith::XOrIOp>([&](auto) { return x ^ y; })
      .Case<arith::MinSIOp>([&](auto) { return x.slt(y) ? x : y; })
      .Case<arith::MaxSIOp>([&](auto) { return x.slt(y) ? y : x; })
      .Case<arith::MinUIOp>([&](auto) { return x.ult(y) ? x : y; })
      .Case<arith::MaxUIOp>([&](auto) { return x.ult(y) ? y : x; })
      .Case<arith::DivSIOp>([&](auto) { return total(Kind::quot); })
      .Case<arith::RemSIOp>([&](auto) { return total(Kind::rem); })
      .Case<arith::DivUIOp>([&](auto) { return total(Kind::divu); })
      .Case<arith::RemUIOp>([&](auto) { return total(Kind::remu); })
      .Case<arith::FloorDivSIOp>([&](auto) { return total(Kind::floordiv); })
      .Case<arith::CeilDivSIOp>([&](auto) { return -tx::evaluateScalar(Kind::floordiv, -x, y); })
      .Case<arith::CeilDivUIOp>([&](auto) {
        return y.isZero() ? y : x.isZero() ? x : (x - 1).udiv(y) + 1;
      })
      .Case<arith::ShLIOp>([&](auto) { return total(Kind::shl); })
      .Case<arith::ShRSIOp>([&](auto) { return total(Kind::shrs); })
      .Case<arith::ShRUIOp>([&](auto) { return total(Kind::shru); })
      .Default([](Operation *) { return std::nullopt; });
}

/// Floats of one type to one of the same, before rounding.
static std::optional<double> floatOp(Operation *op, ArrayRef<double> v) {
  using R = std::optional<double>;
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case<arith::AddFOp>([&](auto) -> R { return v[0] + v[1]; })
      .Case<arith::SubFOp>([&](auto) -> R { return v[0] - v[1]; })
      .Case<arith::MulFOp>([&](auto) -> R { return v[0] * v[1]; })
      .Case<arith::DivFOp>([&](auto) -> R { return v[0] / v[1]; })
      .Case<arith::RemFOp>([&](auto) -> R { return std::fmod(v[0], v[1]); })
      .Case<arith::NegFOp>([&](auto) -> R { return -v[0]; })
      .Case<arith::MinimumFOp>([&](auto) -> R { return minimum(v[0], v[1]); })
      .Case<arith::MaximumFOp>([&](auto) -> R { return maximum(v[0], v[1]); })
      .Case<arith::MinNumFOp>([&](auto) -> R { return std::fmin(v[0], v[1]); })
      .Case<arith::MaxNumFOp>([&](auto) -> R { return std::fmax(v[0], v[1]); })
      .Case<arith::ExtFOp, arith::TruncFOp>([&](auto) -> R { return v[0]; })
      .Case<math::FmaOp>([&](auto) -> R { return std::fma(v[0], v[1], v[2]); })
      .Case<math::CopySignOp>([&](auto) -> R { return std::copysign(v[0], v[1]); })
      .Case<math::Atan2Op>([&](auto) -> R { return std::atan2(v[0], v[1]); })
      .Case<math::PowFOp>([&](auto) -> R { return std::pow(v[0], v[1]); })
      .Case<math::AbsFOp>([&](auto) -> R { return std::fabs(v[0]); })
      .Case<math::FloorOp>([&](auto) -> R { return std::floor(v[0]); })
      .Case<math::CeilOp>([&](auto) -> R { return std::ceil(v[0]); })
      .Case<math::RoundOp>([&](auto) -> R { return std::round(v[0]); })
      .Case<math::RoundEvenOp>([&](auto) -> R { return std::nearbyint(v[0]); })
      .Case<math::TruncOp>([&](auto) -> R { return std::trunc(v[0]); })
      .Case<math::SqrtOp>([&](auto) -> R { return std::sqrt(v[0]); })
      .Case<math::RsqrtOp>([&](auto) -> R { return 1 / std::sqrt(v[0]); })
      .Case<math::CbrtOp>([&](auto) -> R { return std::cbrt(v[0]); })
      .Case<math::ExpOp>([&](auto) -> R { return std::exp(v[0]); })
      .Case<math::Exp2Op>([&](auto) -> R { return std::exp2(v[0]); })
      .Case<math::ExpM1Op>([&](auto) -> R { return std::expm1(v[0]); })
      .Case<math::LogOp>([&](auto) -> R { return std::log(v[0]); })
      .Case<math::Log2Op>([&](auto) -> R { return std::log2(v[0]); })
      .Case<math::Log10Op>([&](auto) -> R { return std::log10(v[0]); })
      .Case<math::Log1pOp>([&](auto) -> R { return std::log1p(v[0]); })
      .Case<math::SinOp>([&](auto) -> R { return std::sin(v[0]); })
      .Case<math::CosOp>([&](auto) -> R { return std::cos(v[0]); })
      .Case<math::TanOp>([&](auto) -> R { return std::tan(v[0]); })
      .Case<math::AsinOp>([&](auto) -> R { return std::asin(v[0]); })
      .Case<math::AcosOp>([&](auto) -> R { return std::acos(v[0]); })
      .Case<math::AtanOp>([&](auto) -> R { return std::atan(v[0]); })
      .Case<math::SinhOp>([&](auto) -> R { return std::sinh(v[0]); })
      .Case<math::CoshOp>([&](auto) -> R { return std::cosh(v[0]); })
      .Case<math::TanhOp>([&](auto) -> R { return std::tanh(v[0]); })
      .Case<math::ErfOp>([&](auto) -> R { return std::erf(v[0]); })
      .Case<math::ErfcOp>([&](auto) -> R { return std::erfc(v[0]); })
      .Default([](Operation *) -> R { return std::nullopt; });
}

static std::optional<Datum> integerMath(Operation *op, Type type, const APInt &x) {
  using R = std::optional<Datum>;
  unsigned width = widthOf(type);
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case<math::AbsIOp>([&](auto) -> R { return integer(x.abs()); })
      .Case<math::CtPopOp>([&](auto) -> R { return integer(APInt(width, x.popcount())); })
      .Case<math::CountLeadingZerosOp>(
          [&](auto) -> R { return integer(APInt(width, x.countl_zero())); })
      .Case<math::CountTrailingZerosOp>(
          [&](auto) -> R { return integer(APInt(width, x.countr_zero())); })
      .Default([](Operation *) -> R { return std::nullopt; });
}

static Datum bitcast(Type from, Type to, const Datum &d) {
  Datum box = Datum::ofArray(from, {1});
  box.set(0, d);
  box.element = to;
  return *box.get(0);
}

/// Conversions, comparisons and what mixes types.
static std::optional<Datum> mixed(Operation *op, Type type, ArrayRef<Datum> v) {
  using R = std::optional<Datum>;
  Type from = op->getOperand(0).getType();
  auto wide = [&] { return bits(from, v[0]); };
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case<arith::CmpIOp>([&](auto cmp) -> R {
        return boolean(compare(cmp.getPredicate(), bits(from, v[0]), bits(from, v[1])));
      })
      .Case<arith::CmpFOp>(
          [&](auto cmp) -> R { return boolean(compare(cmp.getPredicate(), v[0].real, v[1].real)); })
      .Case<arith::SelectOp>([&](auto) -> R { return v[0].integer ? v[1] : v[2]; })
      .Case<arith::ExtSIOp, arith::TruncIOp, arith::IndexCastOp>(
          [&](auto) -> R { return integer(wide().sextOrTrunc(widthOf(type))); })
      .Case<arith::ExtUIOp, arith::IndexCastUIOp>(
          [&](auto) -> R { return integer(wide().zextOrTrunc(widthOf(type))); })
      .Case<arith::SIToFPOp>([&](auto) -> R {
        APFloat f(cast<FloatType>(type).getFloatSemantics());
        f.convertFromAPInt(wide(), /*IsSigned=*/true, APFloat::rmNearestTiesToEven);
        return Datum::ofReal(f.convertToDouble());
      })
      .Case<arith::UIToFPOp>([&](auto) -> R {
        APFloat f(cast<FloatType>(type).getFloatSemantics());
        f.convertFromAPInt(wide(), /*IsSigned=*/false, APFloat::rmNearestTiesToEven);
        return Datum::ofReal(f.convertToDouble());
      })
      .Case<arith::FPToSIOp>([&](auto) -> R {
        return integer(
            tx::evaluateConversion(tx::ScalarKind::fptosi, APFloat(v[0].real), widthOf(type)));
      })
      .Case<arith::FPToUIOp>([&](auto) -> R {
        return integer(
            tx::evaluateConversion(tx::ScalarKind::fptoui, APFloat(v[0].real), widthOf(type)));
      })
      .Case<arith::BitcastOp>([&](auto) -> R { return bitcast(from, type, v[0]); })
      .Case<math::IsNaNOp>([&](auto) -> R { return boolean(std::isnan(v[0].real)); })
      .Case<math::IsInfOp>([&](auto) -> R { return boolean(std::isinf(v[0].real)); })
      .Case<math::IsFiniteOp>([&](auto) -> R { return boolean(std::isfinite(v[0].real)); })
      .Case<math::FPowIOp>(
          [&](auto) -> R { return real(type, std::pow(v[0].real, double(v[1].integer))); })
      .Case<tx::ScalarOp>([&](auto scalar) -> R {
        if (v.size() == 1)
          return integer(
              tx::evaluateConversion(scalar.getKind(), APFloat(v[0].real), widthOf(type)));
        return integer(tx::evaluateScalar(scalar.getKind(), bits(type, v[0]), bits(type, v[1])));
      })
      .Default([](Operation *) -> R { return std::nullopt; });
}

std::optional<Datum> evaluateScalarOp(Operation *op, ArrayRef<Datum> operands) {
  if (op->getNumResults() != 1 || operands.empty())
    return std::nullopt;
  Type type = op->getResult(0).getType();
  if (auto result = mixed(op, type, operands))
    return result;
  if (isa<FloatType>(type)) {
    SmallVector<double> values;
    for (const Datum &d : operands)
      values.push_back(d.real);
    if (auto v = floatOp(op, values))
      return real(type, *v);
    return std::nullopt;
  }
  if (!isa<IntegerType, IndexType>(type))
    return std::nullopt;
  if (operands.size() == 1)
    return integerMath(op, type, bits(type, operands[0]));
  if (auto v = integerOp(op, bits(type, operands[0]), bits(type, operands[1])))
    return integer(*v);
  return std::nullopt;
}

} // namespace texpr::par

// The exact operations on scalars.
//
// In: scalars as bits. Out: scalars as bits. Integers are computed in 64 bits and cut to their
// width, which is wrapping. f32 and f64 use the machine's own arithmetic (this folder is compiled
// with -ffp-contract=off). f16 and bf16 are computed in double and rounded once more: a double has
// more than 2p + 2 bits for their p, so the second rounding is innocuous for + - * / and sqrt
// (Figueroa 1995); fma rounds to odd in between (Boldo and Melquiond 2008), as its sum does not
// fit. What must hold: no undefined behaviour for any bits; every result is cut by `integer` or
// made by `rounded`.
#include "compiler/reference/Scalar.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/ErrorHandling.h"
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace texpr::reference {

namespace {

struct Format {
  int precision;   // bits of the significand, the hidden one included
  int minExponent; // of the smallest normal number, as 1.f * 2^e
  int maxExponent;
  int bias = maxExponent;
};

Format formatOf(ScalarKind k) {
  switch (k) {
  case ScalarKind::F64:
    return {53, -1022, 1023};
  case ScalarKind::F32:
    return {24, -126, 127};
  case ScalarKind::F16:
    return {11, -14, 15};
  case ScalarKind::BF16:
    return {8, -126, 127};
  case ScalarKind::F8E5M2:
    return {3, -14, 15};
  case ScalarKind::F8E4M3: // no infinities: the largest exponent is one of numbers
    return {4, -6, 8, 7};
  default:
    llvm_unreachable("not a float of this language level");
  }
}

const llvm::fltSemantics &semanticsOf(ScalarKind k) {
  switch (k) {
  case ScalarKind::F64:
    return llvm::APFloat::IEEEdouble();
  case ScalarKind::F32:
    return llvm::APFloat::IEEEsingle();
  case ScalarKind::F16:
    return llvm::APFloat::IEEEhalf();
  default:
    return llvm::APFloat::BFloat();
  }
}

uint64_t lowMask(unsigned bits) { return bits >= 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1; }
uint64_t signMask(ScalarKind k) { return uint64_t(1) << (byteSize(k) * 8 - 1); }

/// The pattern of a finite or infinite value that `k` holds exactly.
uint64_t encode(ScalarKind k, long double x) {
  const Format f = formatOf(k);
  const uint64_t sign = std::signbit(x) ? signMask(k) : 0;
  x = std::fabs(x);
  const uint64_t bias = static_cast<uint64_t>(f.bias);
  if (std::isinf(x))
    return sign | (2 * bias + 1) << (f.precision - 1);
  if (x == 0)
    return sign;
  const int exponent = std::max(std::ilogb(x), f.minExponent);
  const auto significand = static_cast<uint64_t>(std::ldexp(x, f.precision - 1 - exponent));
  const uint64_t hidden = uint64_t(1) << (f.precision - 1);
  if (significand < hidden) // subnormal
    return sign | significand;
  return sign | (static_cast<uint64_t>(exponent) + bias) << (f.precision - 1) |
         (significand - hidden);
}

long double decode(ScalarKind k, uint64_t bits) {
  const Format f = formatOf(k);
  const int fractionBits = f.precision - 1;
  const uint64_t fraction = bits & lowMask(fractionBits);
  const int biased = static_cast<int>((bits & (signMask(k) - 1)) >> fractionBits);
  long double x;
  if (k == ScalarKind::F8E4M3 && (bits & 0x7f) == 0x7f)
    return std::numeric_limits<long double>::quiet_NaN();
  if (biased == 2 * f.maxExponent + 1)
    x = fraction ? std::numeric_limits<long double>::quiet_NaN()
                 : std::numeric_limits<long double>::infinity();
  else if (biased == 0)
    x = std::ldexp(static_cast<long double>(fraction), f.minExponent - fractionBits);
  else
    x = std::ldexp(static_cast<long double>(fraction | uint64_t(1) << fractionBits),
                   biased - f.bias - fractionBits);
  return bits & signMask(k) ? -x : x;
}

/// The largest finite value.
long double largestOf(ScalarKind k) {
  if (k == ScalarKind::F8E4M3) // 1.111 x 2^8 is NaN
    return 448;
  const Format f = formatOf(k);
  return std::ldexp(2 - std::ldexp(1.0L, 1 - f.precision), f.maxExponent);
}

Scalar canonicalNan(ScalarKind k) {
  if (k == ScalarKind::F8E4M3)
    return {k, 0x7f};
  const Format f = formatOf(k);
  const uint64_t exponent = lowMask(byteSize(k) * 8 - f.precision);
  return {k, exponent << (f.precision - 1) | uint64_t(1) << (f.precision - 2)};
}

Scalar ofFloat(float x) { return {ScalarKind::F32, std::bit_cast<uint32_t>(x)}; }
Scalar ofDouble(double x) { return {ScalarKind::F64, std::bit_cast<uint64_t>(x)}; }
float asFloat(Scalar s) { return std::bit_cast<float>(static_cast<uint32_t>(s.bits)); }
double asDouble(Scalar s) { return std::bit_cast<double>(s.bits); }

template <typename T> T floatArithmetic(BinaryOp op, T a, T b) {
  switch (op) {
  case BinaryOp::Add:
    return a + b;
  case BinaryOp::Sub:
    return a - b;
  case BinaryOp::Mul:
    return a * b;
  case BinaryOp::Div:
    return a / b;
  default:
    llvm_unreachable("not an operator of floats");
  }
}

Scalar floatBinary(BinaryOp op, Scalar a, Scalar b) {
  switch (a.kind) {
  case ScalarKind::F32:
    return ofFloat(floatArithmetic(op, asFloat(a), asFloat(b)));
  case ScalarKind::F64:
    return ofDouble(floatArithmetic(op, asDouble(a), asDouble(b)));
  default:
    return rounded(a.kind,
                   floatArithmetic(op, static_cast<double>(real(a)), static_cast<double>(real(b))));
  }
}

template <typename T> bool compares(BinaryOp op, T a, T b) {
  switch (op) {
  case BinaryOp::Eq:
    return a == b;
  case BinaryOp::Ne:
    return a != b;
  case BinaryOp::Lt:
    return a < b;
  case BinaryOp::Le:
    return a <= b;
  case BinaryOp::Gt:
    return a > b;
  case BinaryOp::Ge:
    return a >= b;
  default:
    llvm_unreachable("not a comparison");
  }
}

int64_t floorDivide(int64_t a, int64_t b) {
  if (b == 0)
    return 0;
  if (b == -1)
    return static_cast<int64_t>(0 - static_cast<uint64_t>(a)); // the lowest value wraps
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

int64_t floorModulo(int64_t a, int64_t b) {
  if (b == 0 || b == -1)
    return 0;
  const int64_t r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

uint64_t shifted(BinaryOp op, Scalar a, Scalar amount) {
  const unsigned width = bitWidth(a.kind);
  const uint64_t by = amount.bits; // a negative amount reads as a huge one
  if (op == BinaryOp::Shl)
    return by >= width ? 0 : a.bits << by;
  if (isSigned(a.kind))
    return static_cast<uint64_t>(toInt(a) >> std::min<uint64_t>(by, width - 1));
  return by >= width ? 0 : a.bits >> by;
}

Scalar intBinary(BinaryOp op, Scalar a, Scalar b) {
  const ScalarKind k = a.kind;
  switch (op) {
  case BinaryOp::Add:
    return integer(k, a.bits + b.bits);
  case BinaryOp::Sub:
    return integer(k, a.bits - b.bits);
  case BinaryOp::Mul:
    return integer(k, a.bits * b.bits);
  case BinaryOp::Div:
    if (isSigned(k))
      return integer(k, static_cast<uint64_t>(floorDivide(toInt(a), toInt(b))));
    return integer(k, b.bits ? a.bits / b.bits : 0);
  case BinaryOp::Mod:
    if (isSigned(k))
      return integer(k, static_cast<uint64_t>(floorModulo(toInt(a), toInt(b))));
    return integer(k, b.bits ? a.bits % b.bits : 0);
  case BinaryOp::And:
  case BinaryOp::BitAnd:
    return integer(k, a.bits & b.bits);
  case BinaryOp::Or:
  case BinaryOp::BitOr:
    return integer(k, a.bits | b.bits);
  case BinaryOp::BitXor:
    return integer(k, a.bits ^ b.bits);
  case BinaryOp::Shl:
  case BinaryOp::Shr:
    return integer(k, shifted(op, a, b));
  default:
    llvm_unreachable("a comparison is handled before");
  }
}

} // namespace

// ---- making and reading

size_t byteSize(ScalarKind k) { return k == ScalarKind::Bool ? 1 : bitWidth(k) / 8; }

Scalar boolean(bool b) { return {ScalarKind::Bool, b}; }

Scalar integer(ScalarKind k, uint64_t v) { return {k, v & lowMask(bitWidth(k))}; }

Scalar rounded(ScalarKind k, long double x) {
  if (std::isnan(x))
    return canonicalNan(k);
  if (k == ScalarKind::F32)
    return ofFloat(static_cast<float>(x));
  if (k == ScalarKind::F64)
    return ofDouble(static_cast<double>(x));
  if (isF8(k) && std::fabs(x) > largestOf(k)) // saturates
    return {k, encode(k, std::copysign(largestOf(k), x))};
  if (x == 0 || std::isinf(x))
    return {k, encode(k, x)};
  const Format f = formatOf(k);
  // One unit in the last place of the result; scaling by a power of two is exact, rintl rounds to
  // even.
  const int unit = std::max(std::ilogb(x), f.minExponent) - (f.precision - 1);
  const long double r = std::ldexp(std::rint(std::ldexp(x, -unit)), unit);
  const long double limit = std::ldexp(1.0L, f.maxExponent + 1);
  const long double infinity = std::numeric_limits<long double>::infinity();
  return {k, encode(k, std::fabs(r) >= limit ? std::copysign(infinity, r) : r)};
}

Scalar literal(ScalarKind k, uint64_t magnitude, bool negative) {
  if (!isFloat(k))
    return integer(k, negative ? 0 - magnitude : magnitude);
  const auto x = static_cast<long double>(magnitude);
  return rounded(k, negative ? -x : x);
}

std::optional<Scalar> literal(ScalarKind k, llvm::StringRef text) {
  if (isF8(k)) {
    auto wide = literal(ScalarKind::F64, text);
    return wide ? std::optional(convert(k, *wide)) : std::nullopt;
  }
  llvm::APFloat value(semanticsOf(k));
  auto status = value.convertFromString(text, llvm::APFloat::rmNearestTiesToEven);
  if (!status) {
    llvm::consumeError(status.takeError());
    return std::nullopt;
  }
  return Scalar{k, value.bitcastToAPInt().getZExtValue()};
}

Scalar constant(ScalarKind k, llvm::StringRef member) {
  if (isFloat(k)) {
    const Format f = formatOf(k);
    const long double largest = largestOf(k);
    if (member == "max" || member == "min")
      return rounded(k, member == "max" ? largest : -largest);
    if (member == "eps")
      return rounded(k, std::ldexp(1.0L, 1 - f.precision));
    return predeclared(k, member == "inf" ? Predeclared::Inf : Predeclared::Nan);
  }
  if (member == "min")
    return integer(k, isSigned(k) ? uint64_t(1) << (bitWidth(k) - 1) : 0);
  return integer(k, isSigned(k) ? lowMask(bitWidth(k) - 1) : ~uint64_t(0));
}

Scalar predeclared(ScalarKind k, Predeclared which) {
  switch (which) {
  case Predeclared::Pi:
    return *literal(k, "3.14159265358979323846264338327950288419716939937510582097494459");
  case Predeclared::Inf:
    return {k, k == ScalarKind::F32 || k == ScalarKind::F64
                   ? rounded(k, std::numeric_limits<long double>::infinity()).bits
                   : encode(k, std::numeric_limits<long double>::infinity())};
  case Predeclared::Nan:
    return canonicalNan(k);
  }
  llvm_unreachable("no such name");
}

bool truth(Scalar s) { return s.bits != 0; }

int64_t toInt(Scalar s) {
  const auto v = static_cast<int64_t>(s.bits);
  if (!isSigned(s.kind))
    return v;
  const unsigned unused = 64 - bitWidth(s.kind);
  return static_cast<int64_t>(s.bits << unused) >> unused;
}

uint64_t toUnsigned(Scalar s) { return s.bits; }

long double real(Scalar s) {
  if (s.kind == ScalarKind::F32)
    return asFloat(s);
  if (s.kind == ScalarKind::F64)
    return asDouble(s);
  if (isFloat(s.kind))
    return decode(s.kind, s.bits);
  return isSigned(s.kind) ? static_cast<long double>(toInt(s)) : static_cast<long double>(s.bits);
}

bool isNan(Scalar s) { return isFloat(s.kind) && std::isnan(real(s)); }

// ---- operators

Scalar binary(BinaryOp op, Scalar a, Scalar b) {
  if (op >= BinaryOp::Eq && op <= BinaryOp::Ge) {
    if (isFloat(a.kind))
      return boolean(compares(op, real(a), real(b)));
    return boolean(isSigned(a.kind) ? compares(op, toInt(a), toInt(b))
                                    : compares(op, a.bits, b.bits));
  }
  return isFloat(a.kind) ? floatBinary(op, a, b) : intBinary(op, a, b);
}

Scalar unary(UnaryOp op, Scalar a) {
  switch (op) {
  case UnaryOp::Neg:
    // Of a float, negation is a change of the sign bit: -0.0 from 0.0, and no NaN is made.
    return isFloat(a.kind) ? Scalar{a.kind, a.bits ^ signMask(a.kind)}
                           : integer(a.kind, 0 - a.bits);
  case UnaryOp::Not:
    return boolean(!truth(a));
  case UnaryOp::BitNot:
    return integer(a.kind, ~a.bits);
  }
  llvm_unreachable("no such operator");
}

Scalar convert(ScalarKind to, Scalar a) {
  if (to == a.kind)
    return a;
  if (to == ScalarKind::Bool)
    return boolean(real(a) != 0);
  if (isFloat(to))
    return rounded(to, real(a));
  if (!isFloat(a.kind))
    return integer(to, static_cast<uint64_t>(toInt(a)));
  const long double x = std::trunc(real(a));
  if (std::isnan(x))
    return integer(to, 0);
  const Scalar lowest = constant(to, "min"), largest = constant(to, "max");
  if (x <= real(lowest))
    return lowest;
  if (x >= real(largest))
    return largest;
  return integer(to,
                 x < 0 ? static_cast<uint64_t>(static_cast<int64_t>(x)) : static_cast<uint64_t>(x));
}

Scalar bitcast(ScalarKind to, Scalar a) { return {to, a.bits}; }

} // namespace texpr::reference

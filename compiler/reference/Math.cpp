// exp, sin and their like through the long double functions of libm.
//
// In: floats of any kind, exact in long double. Out: the value in long double and, rounded once, in
// the operands' kind. f64 results are thus nearly always correctly rounded (wrong only within 2^-11
// ulp of a tie); the narrower kinds always are, for every practical purpose. __float128 would be
// tighter but needs a library of its own.
#include "compiler/reference/Math.h"
#include "llvm/Support/ErrorHandling.h"
#include <cmath>
#include <limits>

namespace texpr::reference {

bool isApproximate(Builtin f) { return f <= Builtin::Pow && f != Builtin::Sqrt; }

/// IEEE's; the C library's is wrong for an infinite base and an exponent of -2^63.
static long double power(long double x, long double y) {
  if (!std::isinf(x) || std::isnan(y) || y == 0)
    return std::pow(x, y);
  const long double magnitude = y > 0 ? std::numeric_limits<long double>::infinity() : 0;
  const bool isOdd = std::fmod(y, 2) == 1 || std::fmod(y, 2) == -1;
  return x < 0 && isOdd ? -magnitude : magnitude;
}

long double mathValue(Builtin f, llvm::ArrayRef<long double> args) {
  const long double x = args[0];
  switch (f) {
  case Builtin::Exp:
    return std::exp(x);
  case Builtin::Exp2:
    return std::exp2(x);
  case Builtin::Expm1:
    return std::expm1(x);
  case Builtin::Log:
    return std::log(x);
  case Builtin::Log2:
    return std::log2(x);
  case Builtin::Log1p:
    return std::log1p(x);
  case Builtin::Sin:
    return std::sin(x);
  case Builtin::Cos:
    return std::cos(x);
  case Builtin::Tan:
    return std::tan(x);
  case Builtin::Atan2:
    return std::atan2(x, args[1]);
  case Builtin::Tanh:
    return std::tanh(x);
  case Builtin::Erf:
    return std::erf(x);
  case Builtin::Erfc:
    return std::erfc(x);
  case Builtin::Rsqrt:
    return 1 / std::sqrt(x);
  case Builtin::Pow:
    return power(x, args[1]);
  default:
    llvm_unreachable("an exact function");
  }
}

Scalar mathFunction(Builtin f, llvm::ArrayRef<Scalar> args) {
  long double values[2] = {};
  for (size_t i = 0; i < args.size(); ++i)
    values[i] = real(args[i]);
  return rounded(args[0].kind, mathValue(f, llvm::ArrayRef(values, args.size())));
}

double ulpDistance(Scalar got, long double exact) {
  const long double x = real(got);
  const double never = std::numeric_limits<double>::infinity();
  if (std::isnan(x) || std::isnan(exact))
    return std::isnan(x) && std::isnan(exact) ? 0 : never;
  if (x == exact)
    return 0;
  if (std::isinf(exact))
    return never;
  // The distance from 1 to the next float and the smallest positive one give the unit at any
  // magnitude.
  const int fraction = -std::ilogb(real(constant(got.kind, "eps")));
  const int least = std::ilogb(real(Scalar{got.kind, 1}));
  const int exponent = exact == 0 ? least : std::ilogb(exact);
  const long double unit = std::ldexp(1.0L, std::max(exponent - fraction, least));
  const long double largest = real(constant(got.kind, "max"));
  const long double seen = std::isinf(x) ? std::copysign(largest + unit, x) : x;
  return static_cast<double>(std::fabs(seen - exact) / unit);
}

} // namespace texpr::reference

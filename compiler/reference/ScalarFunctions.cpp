// The builtin functions that are exact or correctly rounded, and the combining operators.
//
// In: scalars of the kinds that Builtins.h allows. Out: one scalar. Integer overflow wraps (abs of
// the lowest value is itself); by zero quot and rem give 0; min and max propagate NaN and put -0
// below +0, so they are independent of the order of their operands.
#include "compiler/reference/Scalar.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/raw_ostream.h"
#include <bit>
#include <cmath>

namespace texpr::reference {

namespace {

Scalar smallerOrNan(Scalar a, Scalar b) {
  if (isNan(a) || isNan(b))
    return predeclared(a.kind, Predeclared::Nan);
  if (isFloat(a.kind) && real(a) == real(b)) // equal, or the two zeros
    return std::signbit(real(a)) ? a : b;
  return truth(binary(BinaryOp::Lt, b, a)) ? b : a;
}

Scalar largerOrNan(Scalar a, Scalar b) {
  if (isNan(a) || isNan(b))
    return predeclared(a.kind, Predeclared::Nan);
  if (isFloat(a.kind) && real(a) == real(b))
    return std::signbit(real(a)) ? b : a;
  return truth(binary(BinaryOp::Gt, b, a)) ? b : a;
}

Scalar absolute(Scalar a) {
  if (isFloat(a.kind))
    return std::signbit(real(a)) ? unary(UnaryOp::Neg, a) : a;
  return isSigned(a.kind) && toInt(a) < 0 ? unary(UnaryOp::Neg, a) : a;
}

/// -1, 0 or 1; of floats a zero keeps its sign, and NaN is NaN.
Scalar signOf(Scalar a) {
  if (isFloat(a.kind)) {
    const long double x = real(a);
    return std::isnan(x) || x == 0 ? a : rounded(a.kind, x < 0 ? -1 : 1);
  }
  if (a.bits == 0)
    return a;
  return integer(a.kind, isSigned(a.kind) && toInt(a) < 0 ? ~uint64_t(0) : 1);
}

Scalar squareRoot(Scalar a) {
  if (a.kind == ScalarKind::F32)
    return rounded(a.kind, std::sqrt(static_cast<float>(real(a))));
  return rounded(a.kind, std::sqrt(static_cast<double>(real(a))));
}

/// a * b + c in double, rounded to odd: a last bit of 1 remembers that something was lost.
double oddFma(double a, double b, double c) {
  const double product = a * b; // exact: the operands have at most 11 bits
  const double sum = product + c;
  if (!std::isfinite(sum))
    return sum;
  const double shift = sum - product;
  const double lost = (product - (sum - shift)) + (c - shift); // Knuth's two-sum
  auto bits = std::bit_cast<int64_t>(sum);
  if (lost != 0 && !(bits & 1))
    bits += (lost > 0) == (sum > 0) ? 1 : -1;
  return std::bit_cast<double>(bits);
}

Scalar fusedMultiplyAdd(Scalar a, Scalar b, Scalar c) {
  if (a.kind == ScalarKind::F64)
    return rounded(a.kind, std::fma(static_cast<double>(real(a)), static_cast<double>(real(b)),
                                    static_cast<double>(real(c))));
  if (a.kind == ScalarKind::F32)
    return rounded(a.kind, std::fma(static_cast<float>(real(a)), static_cast<float>(real(b)),
                                    static_cast<float>(real(c))));
  return rounded(a.kind, oddFma(static_cast<double>(real(a)), static_cast<double>(real(b)),
                                static_cast<double>(real(c))));
}

Scalar copySign(Scalar a, Scalar from) {
  const uint64_t sign = uint64_t(1) << (byteSize(a.kind) * 8 - 1);
  return {a.kind, (a.bits & ~sign) | (from.bits & sign)};
}

Scalar quotient(Scalar a, Scalar b) {
  if (b.bits == 0)
    return integer(a.kind, 0);
  if (!isSigned(a.kind))
    return integer(a.kind, a.bits / b.bits);
  if (toInt(b) == -1)
    return integer(a.kind, 0 - a.bits);
  return integer(a.kind, static_cast<uint64_t>(toInt(a) / toInt(b)));
}

/// a - b * quot(a, b), but 0 where b is 0.
Scalar remainder(Scalar a, Scalar b) {
  if (b.bits == 0)
    return integer(a.kind, 0);
  return integer(a.kind, a.bits - b.bits * quotient(a, b).bits);
}

Scalar rotated(Scalar a, Scalar amount, bool left) {
  const unsigned width = bitWidth(a.kind);
  const unsigned by = (left ? amount.bits : 0 - amount.bits) % width;
  return integer(a.kind, by == 0 ? a.bits : a.bits << by | a.bits >> (width - by));
}

Scalar ofFloat(Builtin f, Scalar a) {
  const long double x = real(a);
  switch (f) {
  case Builtin::Floor:
    return std::isnan(x) ? a : rounded(a.kind, std::floor(x));
  case Builtin::Ceil:
    return std::isnan(x) ? a : rounded(a.kind, std::ceil(x));
  case Builtin::Round: // to nearest even
    return std::isnan(x) ? a : rounded(a.kind, std::rint(x));
  case Builtin::Trunc:
    return std::isnan(x) ? a : rounded(a.kind, std::trunc(x));
  case Builtin::IsNan:
    return boolean(std::isnan(x));
  case Builtin::IsInf:
    return boolean(std::isinf(x));
  case Builtin::IsFinite:
    return boolean(std::isfinite(x));
  default:
    llvm_unreachable("not an exact function of one float");
  }
}

} // namespace

Scalar exactBuiltin(Builtin f, llvm::ArrayRef<Scalar> args, std::optional<ScalarKind> to) {
  const Scalar a = args[0];
  switch (f) {
  case Builtin::Min:
  case Builtin::Max: {
    Scalar r = a;
    for (Scalar s : args.drop_front())
      r = f == Builtin::Min ? smallerOrNan(r, s) : largerOrNan(r, s);
    return r;
  }
  case Builtin::Clamp: // clamp(x, lo, hi)
    return smallerOrNan(largerOrNan(a, args[1]), args[2]);
  case Builtin::Select:
    return truth(a) ? args[1] : args[2];
  case Builtin::Abs:
    return absolute(a);
  case Builtin::Sign:
    return signOf(a);
  case Builtin::Sqrt:
    return squareRoot(a);
  case Builtin::Fma:
    return fusedMultiplyAdd(a, args[1], args[2]);
  case Builtin::Copysign:
    return copySign(a, args[1]);
  case Builtin::Quot:
    return quotient(a, args[1]);
  case Builtin::Rem:
    return remainder(a, args[1]);
  case Builtin::Popcount:
    return integer(a.kind, std::popcount(a.bits));
  case Builtin::Clz:
    return integer(a.kind, std::countl_zero(a.bits) - (64 - bitWidth(a.kind)));
  case Builtin::Ctz:
    return integer(a.kind, std::min<unsigned>(std::countr_zero(a.bits), bitWidth(a.kind)));
  case Builtin::Rotl:
  case Builtin::Rotr:
    return rotated(a, args[1], f == Builtin::Rotl);
  case Builtin::Bitcast:
    return bitcast(*to, a);
  default:
    return ofFloat(f, a);
  }
}

Scalar combine(Combiner c, Scalar a, Scalar b) {
  switch (c) {
  case Combiner::Add:
    return binary(BinaryOp::Add, a, b);
  case Combiner::Mul:
    return binary(BinaryOp::Mul, a, b);
  case Combiner::Min:
    return smallerOrNan(a, b);
  case Combiner::Max:
    return largerOrNan(a, b);
  case Combiner::And:
    return binary(BinaryOp::BitAnd, a, b);
  case Combiner::Or:
    return binary(BinaryOp::BitOr, a, b);
  case Combiner::Xor:
    return binary(BinaryOp::BitXor, a, b);
  }
  llvm_unreachable("no such operator");
}

Scalar identity(Combiner c, ScalarKind k) {
  switch (c) {
  case Combiner::Add:
  case Combiner::Or:
  case Combiner::Xor:
    return {k, 0};
  case Combiner::Mul:
    return literal(k, 1, false);
  case Combiner::Min:
    return constant(k, isFloat(k) ? "inf" : "max");
  case Combiner::Max:
    return isFloat(k) ? unary(UnaryOp::Neg, constant(k, "inf")) : constant(k, "min");
  case Combiner::And:
    return integer(k, ~uint64_t(0));
  }
  llvm_unreachable("no such operator");
}

std::string describe(Scalar s) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << spelling(s.kind) << ' ';
  if (s.kind == ScalarKind::Bool)
    os << (truth(s) ? "true" : "false");
  else if (isFloat(s.kind)) {
    char digits[64];
    std::snprintf(digits, sizeof digits, "%.17Lg", real(s));
    os << digits << " (0x";
    os.write_hex(s.bits);
    os << ")";
  } else if (isSigned(s.kind))
    os << toInt(s);
  else
    os << s.bits;
  return text;
}

} // namespace texpr::reference

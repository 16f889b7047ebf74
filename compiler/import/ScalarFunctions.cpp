// The builtin functions (source/Builtins.h) on scalars: a row of the table is a case here.
//
// In: the function, the kinds and values of its operands. Out: one SSA value. f16 and bf16 use the
// same ops as f32 and round after each; how a target computes a function within its ulps is the
// target's matter.
//   max(a, b, c)  (f32)  →  arith.maximumf (arith.maximumf a, b), c        sign(x)  →  copysign(1,
//   x), or x where it is 0 or NaN
#include "compiler/import/Scalars.h"
#include "dialects/tx/TxOps.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace texpr::importer {

Value ScalarBuilder::extremum(bool isMax, ScalarKind k, Value x, Value y) {
  if (isFloat(k)) {
    if (isMax)
      return arith::MaximumFOp::create(b, loc, x, y);
    return arith::MinimumFOp::create(b, loc, x, y);
  }
  if (isSigned(k))
    return isMax ? b.createOrFold<arith::MaxSIOp>(loc, x, y)
                 : b.createOrFold<arith::MinSIOp>(loc, x, y);
  return isMax ? b.createOrFold<arith::MaxUIOp>(loc, x, y)
               : b.createOrFold<arith::MinUIOp>(loc, x, y);
}

/// -1, 0 or 1; of floats a zero keeps its sign, and NaN is NaN.
Value ScalarBuilder::sign(ScalarKind k, Value x) {
  if (isFloat(k)) {
    Value zero = real(k, "0.0");
    Value isSided = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ONE, x, zero);
    Value unit = math::CopySignOp::create(b, loc, real(k, "1.0"), x);
    return arith::SelectOp::create(b, loc, isSided, unit, x);
  }
  Value atMost = extremum(false, k, x, integer(k, 1));
  return isSigned(k) ? extremum(true, k, atMost, integer(k, ~uint64_t(0))) : atMost;
}

template <typename Op> Value ScalarBuilder::count(ScalarKind k, Value x) {
  return fromElement(k, Op::create(b, loc, toElement(k, x)));
}

Value ScalarBuilder::floatFunction(Builtin f, ArrayRef<Value> v) {
  switch (f) {
  case Builtin::Exp:
    return math::ExpOp::create(b, loc, v[0]);
  case Builtin::Exp2:
    return math::Exp2Op::create(b, loc, v[0]);
  case Builtin::Expm1:
    return math::ExpM1Op::create(b, loc, v[0]);
  case Builtin::Log:
    return math::LogOp::create(b, loc, v[0]);
  case Builtin::Log2:
    return math::Log2Op::create(b, loc, v[0]);
  case Builtin::Log1p:
    return math::Log1pOp::create(b, loc, v[0]);
  case Builtin::Sin:
    return math::SinOp::create(b, loc, v[0]);
  case Builtin::Cos:
    return math::CosOp::create(b, loc, v[0]);
  case Builtin::Tan:
    return math::TanOp::create(b, loc, v[0]);
  case Builtin::Atan2:
    return math::Atan2Op::create(b, loc, v[0], v[1]);
  case Builtin::Tanh:
    return math::TanhOp::create(b, loc, v[0]);
  case Builtin::Erf:
    return math::ErfOp::create(b, loc, v[0]);
  case Builtin::Erfc:
    return math::ErfcOp::create(b, loc, v[0]);
  case Builtin::Sqrt:
    return math::SqrtOp::create(b, loc, v[0]);
  case Builtin::Rsqrt:
    return math::RsqrtOp::create(b, loc, v[0]);
  case Builtin::Pow:
    return math::PowFOp::create(b, loc, v[0], v[1]);
  case Builtin::Floor:
    return math::FloorOp::create(b, loc, v[0]);
  case Builtin::Ceil:
    return math::CeilOp::create(b, loc, v[0]);
  case Builtin::Round:
    return math::RoundEvenOp::create(b, loc, v[0]);
  case Builtin::Trunc:
    return math::TruncOp::create(b, loc, v[0]);
  case Builtin::Fma:
    return math::FmaOp::create(b, loc, v[0], v[1], v[2]);
  case Builtin::Copysign:
    return math::CopySignOp::create(b, loc, v[0], v[1]);
  case Builtin::IsNan:
    return math::IsNaNOp::create(b, loc, v[0]);
  case Builtin::IsInf:
    return math::IsInfOp::create(b, loc, v[0]);
  case Builtin::IsFinite:
    return math::IsFiniteOp::create(b, loc, v[0]);
  default:
    llvm_unreachable("not a function of floats alone");
  }
}

Value ScalarBuilder::builtin(Builtin f, ArrayRef<ScalarKind> kinds, ArrayRef<Value> v,
                             ScalarKind to) {
  ScalarKind k = kinds[0];
  switch (f) {
  case Builtin::Abs:
    if (isFloat(k))
      return math::AbsFOp::create(b, loc, v[0]);
    return isSigned(k) ? extremum(true, k, v[0], unary(UnaryOp::Neg, k, v[0])) : v[0];
  case Builtin::Sign:
    return sign(k, v[0]);
  case Builtin::Min:
  case Builtin::Max: {
    Value r = v[0];
    for (Value next : v.drop_front())
      r = extremum(f == Builtin::Max, k, r, next);
    return r;
  }
  case Builtin::Clamp:
    return extremum(false, k, extremum(true, k, v[0], v[1]), v[2]);
  case Builtin::Select:
    return b.createOrFold<arith::SelectOp>(loc, v[0], v[1], v[2]);
  case Builtin::Quot:
  case Builtin::Rem: {
    using S = tx::ScalarKind;
    S kind =
        f == Builtin::Quot ? (isSigned(k) ? S::quot : S::divu) : (isSigned(k) ? S::rem : S::remu);
    return division(kind, v[0], v[1]);
  }
  case Builtin::Popcount:
    return count<math::CtPopOp>(k, v[0]);
  case Builtin::Clz:
    return count<math::CountLeadingZerosOp>(k, v[0]);
  case Builtin::Ctz:
    return count<math::CountTrailingZerosOp>(k, v[0]);
  case Builtin::Rotl:
  case Builtin::Rotr:
    return rotate(k, v[0], v[1], kinds[1], f == Builtin::Rotl);
  case Builtin::Bitcast:
    return bitCast(k, to, v[0]);
  default:
    return floatFunction(f, v);
  }
}

} // namespace texpr::importer

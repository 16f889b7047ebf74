// The exact scalar operations against expected bits written by hand, and f16 and bf16 arithmetic
// against llvm::APFloat, which rounds in software by another method.
#include "compiler/reference/Scalar.h"
#include "llvm/ADT/APFloat.h"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

using namespace texpr;
using namespace texpr::reference;
using K = ScalarKind;
using B = BinaryOp;

namespace {

Scalar f32(float x) { return rounded(K::F32, x); }
Scalar f64(double x) { return rounded(K::F64, x); }
Scalar i(K k, int64_t v) { return integer(k, static_cast<uint64_t>(v)); }
Scalar bits(K k, uint64_t b) { return {k, b}; }
const float inf = std::numeric_limits<float>::infinity();
const Scalar nan32 = predeclared(K::F32, Predeclared::Nan);

TEST(IntegerOps, WrapInTheirWidth) {
  EXPECT_EQ(binary(B::Add, i(K::I8, 127), i(K::I8, 1)), i(K::I8, -128));
  EXPECT_EQ(binary(B::Sub, i(K::U8, 0), i(K::U8, 1)), i(K::U8, 255));
  EXPECT_EQ(binary(B::Mul, i(K::I16, 300), i(K::I16, 300)), i(K::I16, 90000 - 65536));
  EXPECT_EQ(binary(B::Add, constant(K::I64, "max"), i(K::I64, 1)), constant(K::I64, "min"));
  EXPECT_EQ(binary(B::Mul, constant(K::U64, "max"), constant(K::U64, "max")), i(K::U64, 1));
  EXPECT_EQ(unary(UnaryOp::Neg, i(K::I32, INT32_MIN)), i(K::I32, INT32_MIN));
  EXPECT_EQ(unary(UnaryOp::Neg, i(K::U16, 1)), i(K::U16, 65535));
}

TEST(IntegerOps, DivideToTheFloor) {
  struct Row {
    int64_t a, b, quotient, modulus, quot, rem;
  };
  for (Row r : {Row{7, 2, 3, 1, 3, 1}, Row{-7, 2, -4, 1, -3, -1}, Row{7, -2, -4, -1, -3, 1},
                Row{-7, -2, 3, -1, 3, -1}, Row{6, -2, -3, 0, -3, 0}, Row{0, 5, 0, 0, 0, 0},
                Row{5, 0, 0, 0, 0, 0}, Row{-5, 0, 0, 0, 0, 0}, Row{-128, -1, -128, 0, -128, 0},
                Row{127, -1, -127, 0, -127, 0}, Row{-1, 127, -1, 126, 0, -1}}) {
    const Scalar a = i(K::I8, r.a), b = i(K::I8, r.b);
    EXPECT_EQ(binary(B::Div, a, b), i(K::I8, r.quotient)) << r.a << " / " << r.b;
    EXPECT_EQ(binary(B::Mod, a, b), i(K::I8, r.modulus)) << r.a << " % " << r.b;
    EXPECT_EQ(exactBuiltin(Builtin::Quot, {a, b}), i(K::I8, r.quot));
    EXPECT_EQ(exactBuiltin(Builtin::Rem, {a, b}), i(K::I8, r.rem));
  }
  const Scalar lowest = constant(K::I64, "min");
  EXPECT_EQ(binary(B::Div, lowest, i(K::I64, -1)), lowest);
  EXPECT_EQ(binary(B::Mod, lowest, i(K::I64, -1)), i(K::I64, 0));
  EXPECT_EQ(exactBuiltin(Builtin::Quot, {lowest, i(K::I64, -1)}), lowest);
  EXPECT_EQ(binary(B::Div, i(K::U8, 250), i(K::U8, 7)), i(K::U8, 35));
  EXPECT_EQ(binary(B::Mod, i(K::U8, 250), i(K::U8, 7)), i(K::U8, 5));
  EXPECT_EQ(binary(B::Mod, i(K::U32, 9), i(K::U32, 0)), i(K::U32, 0));
}

TEST(IntegerOps, FloorLawHoldsForAllBytes) {
  for (int a = -128; a < 128; ++a)
    for (int b = -128; b < 128; ++b) {
      const int64_t q = toInt(binary(B::Div, i(K::I8, a), i(K::I8, b)));
      const int64_t m = toInt(binary(B::Mod, i(K::I8, a), i(K::I8, b)));
      if (b == 0) {
        EXPECT_EQ(q, 0);
        EXPECT_EQ(m, 0);
        continue;
      }
      EXPECT_EQ(static_cast<int8_t>(q * b + m), a);
      EXPECT_TRUE(b > 0 ? 0 <= m && m < b : b < m && m <= 0) << a << " " << b;
    }
}

TEST(IntegerOps, ShiftsBeyondTheWidth) {
  EXPECT_EQ(binary(B::Shl, i(K::I32, 1), i(K::I32, 31)), i(K::I32, INT32_MIN));
  EXPECT_EQ(binary(B::Shl, i(K::I32, 1), i(K::I32, 32)), i(K::I32, 0));
  EXPECT_EQ(binary(B::Shr, i(K::I32, -8), i(K::U8, 1)), i(K::I32, -4));
  EXPECT_EQ(binary(B::Shr, i(K::I32, -8), i(K::I64, 99)), i(K::I32, -1));
  EXPECT_EQ(binary(B::Shr, i(K::U32, 0x80000000), i(K::I8, 31)), i(K::U32, 1));
  EXPECT_EQ(binary(B::Shr, i(K::U32, 0x80000000), i(K::I8, 32)), i(K::U32, 0));
  EXPECT_EQ(binary(B::Shl, i(K::U8, 3), i(K::I8, -1)), i(K::U8, 0));
  EXPECT_EQ(binary(B::Shr, i(K::I8, -3), i(K::I8, -1)), i(K::I8, -1));
  EXPECT_EQ(binary(B::Shl, i(K::U64, 1), i(K::U64, 64)), i(K::U64, 0));
}

TEST(IntegerOps, BitsAndCounts) {
  EXPECT_EQ(binary(B::BitXor, i(K::U8, 0xf0), i(K::U8, 0xff)), i(K::U8, 0x0f));
  EXPECT_EQ(unary(UnaryOp::BitNot, i(K::I16, 0)), i(K::I16, -1));
  EXPECT_EQ(exactBuiltin(Builtin::Clz, {i(K::U16, 0)}), i(K::U16, 16));
  EXPECT_EQ(exactBuiltin(Builtin::Ctz, {i(K::I32, 0)}), i(K::I32, 32));
  EXPECT_EQ(exactBuiltin(Builtin::Clz, {i(K::I8, -1)}), i(K::I8, 0));
  EXPECT_EQ(exactBuiltin(Builtin::Clz, {i(K::I64, 1)}), i(K::I64, 63));
  EXPECT_EQ(exactBuiltin(Builtin::Ctz, {i(K::I8, -128)}), i(K::I8, 7));
  EXPECT_EQ(exactBuiltin(Builtin::Popcount, {i(K::I16, -1)}), i(K::I16, 16));
  EXPECT_EQ(exactBuiltin(Builtin::Rotl, {i(K::U8, 0x81), i(K::I32, 1)}), i(K::U8, 0x03));
  EXPECT_EQ(exactBuiltin(Builtin::Rotl, {i(K::U8, 0x81), i(K::I32, 8)}), i(K::U8, 0x81));
  EXPECT_EQ(exactBuiltin(Builtin::Rotr, {i(K::U8, 0x81), i(K::I32, 1)}), i(K::U8, 0xc0));
  EXPECT_EQ(exactBuiltin(Builtin::Rotl, {i(K::I64, 1), i(K::I8, -1)}), constant(K::I64, "min"));
  EXPECT_EQ(exactBuiltin(Builtin::Abs, {i(K::I8, -128)}), i(K::I8, -128));
  EXPECT_EQ(exactBuiltin(Builtin::Sign, {i(K::I32, -7)}), i(K::I32, -1));
  EXPECT_EQ(exactBuiltin(Builtin::Sign, {i(K::U8, 200)}), i(K::U8, 1));
  EXPECT_EQ(exactBuiltin(Builtin::Clamp, {i(K::I32, 9), i(K::I32, 0), i(K::I32, 5)}), i(K::I32, 5));
}

TEST(Comparisons, SignednessAndNan) {
  EXPECT_FALSE(truth(binary(B::Lt, i(K::U8, 200), i(K::U8, 100))));
  EXPECT_TRUE(truth(binary(B::Lt, i(K::I8, 200), i(K::I8, 100)))); // -56 < 100
  EXPECT_TRUE(truth(binary(B::Gt, constant(K::U64, "max"), i(K::U64, 1))));
  for (B op : {B::Eq, B::Lt, B::Le, B::Gt, B::Ge})
    EXPECT_FALSE(truth(binary(op, nan32, f32(0))));
  EXPECT_TRUE(truth(binary(B::Ne, nan32, nan32)));
  EXPECT_TRUE(truth(binary(B::Eq, f32(0), f32(-0.0f))));
}

TEST(FloatOps, MinMaxOrderZerosAndPropagateNan) {
  const Scalar zero = f32(0), minus = bits(K::F32, 0x80000000);
  EXPECT_EQ(exactBuiltin(Builtin::Min, {zero, minus}), minus);
  EXPECT_EQ(exactBuiltin(Builtin::Min, {minus, zero}), minus);
  EXPECT_EQ(exactBuiltin(Builtin::Max, {zero, minus}), zero);
  EXPECT_EQ(exactBuiltin(Builtin::Max, {minus, zero}), zero);
  EXPECT_TRUE(isNan(exactBuiltin(Builtin::Max, {f32(1), nan32, f32(inf)})));
  EXPECT_TRUE(isNan(exactBuiltin(Builtin::Min, {nan32, f32(-inf)})));
  EXPECT_TRUE(isNan(exactBuiltin(Builtin::Clamp, {nan32, f32(0), f32(1)})));
  EXPECT_EQ(exactBuiltin(Builtin::Max, {f32(1), f32(3), f32(2)}), f32(3));
}

TEST(FloatOps, SpecialValues) {
  EXPECT_EQ(unary(UnaryOp::Neg, f32(0)), bits(K::F32, 0x80000000));
  EXPECT_EQ(binary(B::Div, f32(1), f32(-0.0f)), f32(-inf));
  EXPECT_TRUE(isNan(binary(B::Div, f32(0), f32(0))));
  EXPECT_TRUE(isNan(binary(B::Sub, f32(inf), f32(inf))));
  EXPECT_EQ(binary(B::Add, f32(16777216), f32(1)), f32(16777216)); // a tie goes to even
  EXPECT_EQ(binary(B::Mul, bits(K::F32, 1), f32(0.5f)), f32(0));   // half the least subnormal
  EXPECT_EQ(binary(B::Div, f64(1), f64(3)), bits(K::F64, 0x3fd5555555555555));
  EXPECT_EQ(exactBuiltin(Builtin::Round, {f32(2.5f)}), f32(2));
  EXPECT_EQ(exactBuiltin(Builtin::Round, {f32(-0.5f)}), bits(K::F32, 0x80000000));
  EXPECT_EQ(exactBuiltin(Builtin::Ceil, {f32(-0.5f)}), bits(K::F32, 0x80000000));
  EXPECT_EQ(exactBuiltin(Builtin::Floor, {f32(-0.5f)}), f32(-1));
  EXPECT_EQ(exactBuiltin(Builtin::Trunc, {f64(1e300)}), f64(1e300));
  EXPECT_EQ(exactBuiltin(Builtin::Sign, {f32(-0.0f)}), bits(K::F32, 0x80000000));
  EXPECT_TRUE(isNan(exactBuiltin(Builtin::Sign, {nan32})));
  EXPECT_EQ(exactBuiltin(Builtin::Abs, {f32(-0.0f)}), f32(0));
  EXPECT_EQ(exactBuiltin(Builtin::Sqrt, {f32(2)}), bits(K::F32, 0x3fb504f3));
  EXPECT_EQ(exactBuiltin(Builtin::Sqrt, {f64(2)}), bits(K::F64, 0x3ff6a09e667f3bcd));
  EXPECT_TRUE(isNan(exactBuiltin(Builtin::Sqrt, {f32(-1)})));
  EXPECT_EQ(exactBuiltin(Builtin::Copysign, {f32(3), f32(-0.0f)}), f32(-3));
  // 1 + 2^-12 squared needs 25 bits: only the fused form keeps the last.
  const Scalar a = f32(1 + 0x1p-12f), c = f32(-1 - 0x1p-11f);
  EXPECT_EQ(exactBuiltin(Builtin::Fma, {a, a, c}), f32(0x1p-24f));
  EXPECT_EQ(binary(B::Add, binary(B::Mul, a, a), c), f32(0));
}

TEST(Constants, OfEveryKind) {
  EXPECT_EQ(constant(K::F16, "max"), bits(K::F16, 0x7bff));
  EXPECT_EQ(constant(K::F16, "min"), bits(K::F16, 0xfbff));
  EXPECT_EQ(constant(K::F16, "eps"), bits(K::F16, 0x1400));
  EXPECT_EQ(constant(K::BF16, "max"), bits(K::BF16, 0x7f7f));
  EXPECT_EQ(constant(K::BF16, "inf"), bits(K::BF16, 0x7f80));
  EXPECT_EQ(constant(K::F32, "max"), f32(std::numeric_limits<float>::max()));
  EXPECT_EQ(constant(K::F64, "eps"), f64(0x1p-52));
  EXPECT_EQ(constant(K::I8, "min"), i(K::I8, -128));
  EXPECT_EQ(constant(K::U16, "max"), i(K::U16, 65535));
  EXPECT_EQ(constant(K::U16, "min"), i(K::U16, 0));
  EXPECT_EQ(predeclared(K::F32, Predeclared::Pi), bits(K::F32, 0x40490fdb));
  EXPECT_EQ(predeclared(K::F16, Predeclared::Pi), bits(K::F16, 0x4248));
  EXPECT_EQ(identity(Combiner::Max, K::BF16), bits(K::BF16, 0xff80));
  EXPECT_EQ(identity(Combiner::Min, K::U8), i(K::U8, 255));
  EXPECT_EQ(identity(Combiner::And, K::Bool), boolean(true));
  EXPECT_EQ(identity(Combiner::Mul, K::F16), bits(K::F16, 0x3c00));
}

TEST(Literals, AreRoundedOnce) {
  EXPECT_EQ(*literal(K::F32, "0.1"), bits(K::F32, 0x3dcccccd));
  EXPECT_EQ(*literal(K::F64, "-1e-400"), bits(K::F64, 0x8000000000000000));
  EXPECT_EQ(*literal(K::F16, "65519.99"), bits(K::F16, 0x7bff));
  EXPECT_EQ(*literal(K::F16, "65520"), bits(K::F16, 0x7c00));
  // 1 + 2^-11 is the tie of 1 and the next f16; one part in 10^40 above it, it must round up.
  EXPECT_EQ(*literal(K::F16, "1.00048828125"), bits(K::F16, 0x3c00));
  EXPECT_EQ(*literal(K::F16, "1.0004882812500000000000000000000000000001"), bits(K::F16, 0x3c01));
  EXPECT_EQ(literal(K::I64, uint64_t(1) << 63, true), constant(K::I64, "min"));
  EXPECT_EQ(literal(K::F32, 16777217, false), f32(16777216));
}

TEST(Conversions, Saturate) {
  EXPECT_EQ(convert(K::I8, f32(300)), i(K::I8, 127));
  EXPECT_EQ(convert(K::I8, f32(-300)), i(K::I8, -128));
  EXPECT_EQ(convert(K::I8, f32(-1.9f)), i(K::I8, -1));
  EXPECT_EQ(convert(K::U8, f32(-0.5f)), i(K::U8, 0));
  EXPECT_EQ(convert(K::U8, f32(-5)), i(K::U8, 0));
  EXPECT_EQ(convert(K::I32, nan32), i(K::I32, 0));
  EXPECT_EQ(convert(K::I64, f32(inf)), constant(K::I64, "max"));
  EXPECT_EQ(convert(K::I64, f64(-1e30)), constant(K::I64, "min"));
  EXPECT_EQ(convert(K::U64, f64(18446744073709549568.0)), i(K::U64, -2048));
  EXPECT_EQ(convert(K::U64, f64(1e30)), constant(K::U64, "max"));
  EXPECT_EQ(convert(K::I32, f32(2147483648.0f)), i(K::I32, INT32_MAX));
  EXPECT_EQ(convert(K::I32, f64(-2147483648.9)), i(K::I32, INT32_MIN));
}

TEST(Conversions, WrapAndRound) {
  EXPECT_EQ(convert(K::I8, i(K::I64, 511)), i(K::I8, -1));
  EXPECT_EQ(convert(K::U64, i(K::I8, -1)), constant(K::U64, "max"));
  EXPECT_EQ(convert(K::I64, i(K::U8, 255)), i(K::I64, 255));
  EXPECT_EQ(convert(K::F32, i(K::I64, INT64_MAX)), f32(0x1p63f));
  EXPECT_EQ(convert(K::F32, i(K::I32, 16777219)), f32(16777220));
  EXPECT_EQ(convert(K::F16, i(K::U16, 65535)), bits(K::F16, 0x7c00));
  EXPECT_EQ(convert(K::F16, i(K::I64, 2049)), bits(K::F16, 0x6800));
  EXPECT_EQ(convert(K::I32, boolean(true)), i(K::I32, 1));
  EXPECT_EQ(convert(K::F32, boolean(true)), f32(1));
  // Just above a tie of f16, by less than a float can say: rounding by way of f32 would be wrong.
  EXPECT_EQ(convert(K::F16, f64(1 + 0x1p-11 + 0x1p-40)), bits(K::F16, 0x3c01));
  EXPECT_EQ(convert(K::BF16, f32(std::bit_cast<float>(0x3f808000u))), bits(K::BF16, 0x3f80));
  EXPECT_EQ(convert(K::BF16, f32(std::bit_cast<float>(0x3f818000u))), bits(K::BF16, 0x3f82));
  EXPECT_EQ(convert(K::BF16, f32(std::numeric_limits<float>::max())), bits(K::BF16, 0x7f80));
  EXPECT_EQ(convert(K::F16, f32(0x1p-25f)), bits(K::F16, 0));
  EXPECT_EQ(convert(K::F16, f32(0x1.8p-25f)), bits(K::F16, 1));
  EXPECT_EQ(bitcast(K::U32, f32(1)), i(K::U32, 0x3f800000));
}

// ---- the narrow floats against APFloat

llvm::APFloat soft(Scalar s) {
  const llvm::fltSemantics &sem =
      s.kind == K::F16 ? llvm::APFloat::IEEEhalf() : llvm::APFloat::BFloat();
  return llvm::APFloat(sem, llvm::APInt(16, s.bits));
}
bool same(Scalar s, const llvm::APFloat &x) {
  return x.isNaN() ? isNan(s) : s.bits == x.bitcastToAPInt().getZExtValue();
}

class NarrowFloat : public ::testing::TestWithParam<K> {};

TEST_P(NarrowFloat, EveryPatternSurvivesTheRoundTrip) {
  for (uint64_t b = 0; b < 65536; ++b) {
    const Scalar s{GetParam(), b};
    if (isNan(s))
      EXPECT_TRUE(soft(s).isNaN());
    else
      ASSERT_EQ(rounded(GetParam(), real(s)), s);
  }
}

TEST_P(NarrowFloat, EveryTieBetweenNeighboursGoesToEven) {
  for (uint64_t b = 0; b < 0x7800; ++b) {
    const Scalar lower{GetParam(), b}, upper{GetParam(), b + 1};
    if (std::isinf(real(upper)) || isNan(upper))
      break;
    const long double middle = (real(lower) + real(upper)) / 2;
    ASSERT_EQ(rounded(GetParam(), middle), b % 2 ? upper : lower);
    ASSERT_EQ(rounded(GetParam(), std::nextafter(middle, 0.0L)), lower);
    ASSERT_EQ(rounded(GetParam(), std::nextafter(middle, static_cast<long double>(inf))), upper);
  }
}

TEST_P(NarrowFloat, ArithmeticIsCorrectlyRounded) {
  std::mt19937 random(1);
  std::vector<uint64_t> partners = {0,      0x8000, 1,      0x8001, 0x3c00, 0x3f80,
                                    0x7bff, 0x7f7f, 0x7c00, 0x7f80, 0x7e00, 0x0400};
  for (int n = 0; n < 24; ++n)
    partners.push_back(random() & 0xffff);
  for (uint64_t a = 0; a < 65536; ++a)
    for (uint64_t b : partners) {
      const Scalar x{GetParam(), a}, y{GetParam(), b};
      for (B op : {B::Add, B::Sub, B::Mul, B::Div}) {
        llvm::APFloat r = soft(x);
        constexpr auto even = llvm::APFloat::rmNearestTiesToEven;
        (void)(op == B::Add   ? r.add(soft(y), even)
               : op == B::Sub ? r.subtract(soft(y), even)
               : op == B::Mul ? r.multiply(soft(y), even)
                              : r.divide(soft(y), even));
        ASSERT_TRUE(same(binary(op, x, y), r)) << describe(x) << " " << describe(y);
      }
    }
}

TEST_P(NarrowFloat, FmaIsCorrectlyRounded) {
  std::mt19937 random(2);
  for (int n = 0; n < 2000000; ++n) {
    const Scalar x{GetParam(), random() & 0xffff}, y{GetParam(), random() & 0xffff};
    Scalar z{GetParam(), random() & 0xffff};
    if (n % 2 && !isNan(binary(B::Mul, x, y))) { // near cancellation, where rounding is hard
      z = unary(UnaryOp::Neg, binary(B::Mul, x, y));
      z.bits ^= random() % 4;
    }
    llvm::APFloat r = soft(x);
    r.fusedMultiplyAdd(soft(y), soft(z), llvm::APFloat::rmNearestTiesToEven);
    ASSERT_TRUE(same(exactBuiltin(Builtin::Fma, {x, y, z}), r))
        << describe(x) << " " << describe(y) << " " << describe(z);
  }
}

TEST_P(NarrowFloat, SquareRootIsTheNearest) {
  for (uint64_t b = 0; b < 0x7800; ++b) {
    const Scalar x{GetParam(), b};
    if (isNan(x) || std::isinf(real(x)))
      break;
    const Scalar r = exactBuiltin(Builtin::Sqrt, {x});
    if (b == 0)
      continue;
    // Half-way to both neighbours brackets the root; squares of those are exact in long double.
    const long double below = (real(r) + real({GetParam(), r.bits - 1})) / 2;
    const long double above = (real(r) + real({GetParam(), r.bits + 1})) / 2;
    ASSERT_LE(below * below, real(x));
    ASSERT_GE(above * above, real(x));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, NarrowFloat, ::testing::Values(K::F16, K::BF16),
                         [](const auto &info) { return std::string(spelling(info.param)); });

} // namespace

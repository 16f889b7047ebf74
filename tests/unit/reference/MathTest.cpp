// Math functions at points whose values are known, and the measure of ulps.
#include "compiler/reference/Math.h"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace texpr;
using namespace texpr::reference;
using K = ScalarKind;

namespace {

Scalar call(Builtin f, K k, long double x) { return mathFunction(f, {rounded(k, x)}); }
const long double inf = std::numeric_limits<long double>::infinity();

TEST(Math, KnownBits) {
  // Decimal expansions are from tables (OEIS A001113, A002162, A049541 and others), rounded by
  // APFloat.
  EXPECT_EQ(call(Builtin::Exp, K::F64, 1), *literal(K::F64, "2.71828182845904523536028747135266"));
  EXPECT_EQ(call(Builtin::Exp, K::F16, 1), *literal(K::F16, "2.71828182845904523536028747135266"));
  EXPECT_EQ(call(Builtin::Log, K::F64, 2), *literal(K::F64, "0.69314718055994530941723212145818"));
  EXPECT_EQ(call(Builtin::Exp2, K::F32, 0.5),
            *literal(K::F32, "1.41421356237309504880168872420970"));
  EXPECT_EQ(call(Builtin::Sin, K::F64, 1), *literal(K::F64, "0.84147098480789650665250232163030"));
  EXPECT_EQ(call(Builtin::Cos, K::F64, 1), *literal(K::F64, "0.54030230586813971740093660744298"));
  EXPECT_EQ(call(Builtin::Tan, K::F32, 1), *literal(K::F32, "1.55740772465490223050697480745836"));
  EXPECT_EQ(call(Builtin::Tanh, K::F64, 1), *literal(K::F64, "0.76159415595576488811945828260479"));
  EXPECT_EQ(call(Builtin::Erf, K::F64, 1), *literal(K::F64, "0.84270079294971486934122063508261"));
  EXPECT_EQ(call(Builtin::Erfc, K::F64, 1), *literal(K::F64, "0.15729920705028513065877936491739"));
  EXPECT_EQ(call(Builtin::Rsqrt, K::F32, 2),
            *literal(K::F32, "0.70710678118654752440084436210485"));
  EXPECT_EQ(call(Builtin::Log1p, K::BF16, 1), *literal(K::BF16, "0.69314718055994530941723212145"));
  EXPECT_EQ(call(Builtin::Log2, K::F32, 8), rounded(K::F32, 3));
  EXPECT_EQ(mathFunction(Builtin::Pow, {rounded(K::F32, 2), rounded(K::F32, 0.5)}),
            *literal(K::F32, "1.41421356237309504880168872420970"));
  EXPECT_EQ(mathFunction(Builtin::Atan2, {rounded(K::F64, 1), rounded(K::F64, 1)}),
            *literal(K::F64, "0.78539816339744830961566084581988"));
}

TEST(Math, EdgesOfTheDomain) {
  EXPECT_EQ(call(Builtin::Exp, K::F32, -inf), rounded(K::F32, 0));
  EXPECT_EQ(call(Builtin::Exp, K::F16, 12), rounded(K::F16, inf));
  EXPECT_EQ(call(Builtin::Log, K::F32, 0), rounded(K::F32, -inf));
  EXPECT_TRUE(isNan(call(Builtin::Log, K::F32, -1)));
  EXPECT_EQ(call(Builtin::Rsqrt, K::F32, 0), rounded(K::F32, inf));
  EXPECT_EQ(call(Builtin::Rsqrt, K::F32, inf), rounded(K::F32, 0));
  EXPECT_EQ(call(Builtin::Erf, K::F64, inf), rounded(K::F64, 1));
  EXPECT_TRUE(isNan(call(Builtin::Sin, K::F32, inf)));
  // exp of the least normal's log and below: subnormals are not flushed.
  EXPECT_GT(real(call(Builtin::Exp, K::F32, -100)), 0);
  EXPECT_LT(real(call(Builtin::Exp, K::F32, -100)), 0x1p-126L);
}

TEST(Ulps, AreMeasuredAtTheExactValue) {
  const Scalar one = rounded(K::F32, 1);
  EXPECT_EQ(ulpDistance(one, 1), 0);
  EXPECT_EQ(ulpDistance({K::F32, one.bits + 1}, 1), 1);
  EXPECT_EQ(ulpDistance({K::F32, one.bits - 1}, 1), 0.5);
  EXPECT_EQ(ulpDistance(one, 1 + 0x1p-25L), 0.25);
  EXPECT_EQ(ulpDistance({K::F32, 3}, 0x1p-149L), 2);
  EXPECT_EQ(ulpDistance({K::F16, 0x7c00}, 65504), 1);
  EXPECT_EQ(ulpDistance(rounded(K::F32, inf), inf), 0);
  EXPECT_TRUE(std::isinf(ulpDistance(one, inf)));
  EXPECT_EQ(ulpDistance(rounded(K::F64, NAN), NAN), 0);
  EXPECT_TRUE(std::isinf(ulpDistance(rounded(K::F64, NAN), 1)));
}

} // namespace

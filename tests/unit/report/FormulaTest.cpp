// Formulas in dims: arithmetic, order of terms, growth.
#include "compiler/report/Formula.h"
#include <gtest/gtest.h>

using texpr::report::Formula;

namespace {
const Formula m = Formula::atom("m"), n = Formula::atom("n");

TEST(Formula, PrintsTheHighestDegreeFirst) {
  EXPECT_EQ((m + m * n * 4 + 7).str(), "4*m*n + m + 7");
  EXPECT_EQ((n * m).str(), "m*n");
  EXPECT_EQ((n - m).str(), "-m + n");
  EXPECT_EQ((m * m - m - 1).str(), "m*m - m - 1");
  EXPECT_EQ(Formula().str(), "0");
  EXPECT_EQ(Formula(-3).str(), "-3");
}

TEST(Formula, TermsThatCancelAreGone) {
  EXPECT_TRUE((m * n - n * m).isZero());
  EXPECT_EQ((m + 5 - m).constant(), 5);
  EXPECT_TRUE((m + 5 - m).isConstant());
  EXPECT_FALSE((m + 5).isConstant());
}

TEST(Formula, SumsOverAnAxis) {
  const Formula i = Formula::atom("#1#");
  EXPECT_EQ((i + 1).sumOver("#1#", 0, n, "i").str(), "n*n/2 + n/2");
  EXPECT_EQ((i + 1).sumOver("#1#", 0, n, "i").at(100), 5050);
  // Products of lengths that depend on one axis are no products of means.
  EXPECT_EQ(((n - i - 1) * i * 2).sumOver("#1#", 0, n, "i").str(), "n*n*n/3 - n*n + 2*n/3");
  EXPECT_EQ(i.sumOver("#1#", m, m + 1, "i").str(), "m");
  EXPECT_EQ((i * i * i).sumOver("#1#", 0, Formula(5), "i").str(), "100");
  EXPECT_EQ(Formula::atom("floor(#1# / 2)").sumOver("#1#", 0, n, "i").str(), "floor(i / 2)*n");
}

TEST(Formula, ComparesByGrowth) {
  EXPECT_LT((m * 100).at(1000), (m * n).at(1000));
  EXPECT_TRUE((m * n + 3).isNonNegative());
  EXPECT_FALSE((m - n).isNonNegative());
}
} // namespace

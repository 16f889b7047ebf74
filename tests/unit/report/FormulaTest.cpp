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

TEST(Formula, TrianglesHaveHalves) {
  Formula mean = (n - 1) * Formula(0.5);
  EXPECT_EQ((n * (mean + 1)).str(), "0.5*n*n + 0.5*n");
  EXPECT_EQ((n * (mean + 1)).at(100), 5050);
}

TEST(Formula, ComparesByGrowth) {
  EXPECT_LT((m * 100).at(1000), (m * n).at(1000));
  EXPECT_TRUE((m * n + 3).isNonNegative());
  EXPECT_FALSE((m - n).isNonNegative());
}
} // namespace

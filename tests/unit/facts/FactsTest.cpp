// The stack, the cache, ranges and the limits.
#include "World.h"

using namespace texpr::facts;

namespace {

Expr div(Expr a, Expr b) { return Expr::floorDiv(a, b); }

TEST(Facts, AssumptionsAreAStack) {
  World w;
  Expr n = w.dim("n");
  w.refutes(n, Rel::GE, 1);
  w.push();
  w.is(n, Rel::GE, 1);
  w.proves(n, Rel::GE, 1);
  w.push();
  w.is(n, Rel::LE, 4);
  w.proves(n, Rel::GE, 1);
  w.proves(n, Rel::LE, 4);
  w.pop();
  w.refutes(n, Rel::LE, 4);
  w.pop();
  w.refutes(n, Rel::GE, 1);
  w.pop(); // one too many is ignored
}

TEST(Facts, AnswersFollowTheAssumptions) {
  World w;
  Expr n = w.dim("n");
  w.refutes(n, Rel::LE, 7);
  w.is(n, Rel::LE, 7);
  w.proves(n, Rel::LE, 7);
  w.push();
  w.is(n, Rel::EQ, 9);
  EXPECT_TRUE(w.isUnreachable());
  w.pop();
  EXPECT_FALSE(w.isUnreachable());
}

TEST(Facts, ContradictionElsewhereIsNoCounterExample) {
  World w;
  Expr n = w.dim("n"), x = w.dim("x");
  w.is(x, Rel::LT, 0);
  EXPECT_TRUE(w.isUnreachable());
  EXPECT_NE(w.prove({n, Rel::GE, 1}).kind, Answer::Kind::Refuted);
}

TEST(Facts, EmptyDisjunction) {
  World w;
  Expr n = w.dim("n");
  w.assumeAny({});
  EXPECT_TRUE(w.isUnreachable());
  EXPECT_NE(w.prove({n, Rel::GE, 1}).kind, Answer::Kind::Refuted);
}

TEST(Facts, ProveAll) {
  World w;
  Expr n = w.dim("n"), i = w.in("i", 0, n);
  EXPECT_TRUE(w.proveAll({{i, Rel::GE, 0}, {i, Rel::LT, n}}));
  EXPECT_EQ(w.proveAll({{i, Rel::GE, 0}, {i, Rel::LT, n - 1}}).kind, Answer::Kind::Refuted);
  EXPECT_TRUE(w.proveAll({}));
}

TEST(Facts, Constants) {
  World w;
  w.proves(3, Rel::LT, 4);
  EXPECT_EQ(w.prove({4, Rel::LT, 3}).kind, Answer::Kind::Refuted);
  w.proves(3, Rel::NE, 4);
}

TEST(Facts, CounterExampleNamesWhatIsConnected) {
  World w;
  Expr n = w.dim("n"), m = w.dim("m"), other = w.dim("other"), i = w.in("i", 0, n);
  w.is(m, Rel::EQ, 2 * n);
  w.is(other, Rel::GE, 3);
  Answer a = w.prove({i, Rel::LT, n - 1});
  ASSERT_EQ(a.kind, Answer::Kind::Refuted);
  EXPECT_EQ(w.describe(a), "refuted: n = 1 m = 2 i = 0");
}

TEST(Facts, RangesOfDims) {
  World w;
  Expr n = w.dim("n");
  EXPECT_EQ(w.range(n).lo, 0);
  EXPECT_EQ(w.range(n).hi, maxDim);
  Expr i = w.in("i", 0, n);
  EXPECT_EQ(w.range(n).lo, 1);
  EXPECT_EQ(w.range(i).lo, 0);
  EXPECT_EQ(w.range(i).hi, maxDim - 1);
  EXPECT_EQ(w.range(i + 1).lo, 1);
  EXPECT_EQ(w.range(4 * i + 3).hi, 4 * maxDim - 1);
  EXPECT_EQ(w.range(Expr(5)).lo, 5);
  EXPECT_EQ(w.range(n - i).lo, 1);
  EXPECT_EQ(w.range(Expr::mod(i, 32)).hi, 31);
  EXPECT_EQ(w.range(Expr::mod(i, 32)).lo, 0);
}

TEST(Facts, RangesOfProducts) {
  World w;
  Expr m = Expr::symbol(w.newSymbol("m", {0, 1000})), n = Expr::symbol(w.newSymbol("n", {0, 1000}));
  Expr i = w.in("i", 0, m), j = w.in("j", 0, n);
  Range r = w.range(i * n + j);
  EXPECT_EQ(r.lo, 0);
  ASSERT_TRUE(r.hi);
  EXPECT_LE(*r.hi, 1000 * 1000);
  Expr big = w.dim("big");
  EXPECT_EQ(w.range(big * big).lo, 0);
  EXPECT_FALSE(w.range(big * big).hi); // 2^94
  EXPECT_EQ(w.range(-(m * n)).lo, -1000 * 1000);
  Expr x = Expr::symbol(w.newSymbol("x", {-3, 4}));
  EXPECT_EQ(w.range(x * x).lo, 0);
  EXPECT_EQ(w.range(x * m).lo, -3000);
  EXPECT_EQ(w.range(x * m).hi, 4000);
}

TEST(Facts, RangesOfMinAndMax) {
  World w;
  Expr n = w.dim("n"), x = w.any("x"), y = w.dim("y");
  EXPECT_EQ(w.range(Expr::min(n, 100)).hi, 100);
  EXPECT_EQ(w.range(Expr::min(n, 100)).lo, 0);
  EXPECT_EQ(w.range(Expr::max(0, Expr::min(x, 31))).lo, 0);
  EXPECT_EQ(w.range(Expr::max(0, Expr::min(x, 31))).hi, 31);
  EXPECT_EQ(w.range(Expr::max(n, y)).hi, maxDim);
  EXPECT_FALSE(w.range(x).lo);
}

TEST(Facts, RangesUnderChoices) {
  World w;
  Expr x = w.any("x");
  w.assumeAny({{{x, Rel::GE, 0}, {x, Rel::LT, 10}}, {{x, Rel::EQ, -100}}});
  EXPECT_EQ(w.range(x).lo, -100);
  EXPECT_EQ(w.range(x).hi, 9);
}

TEST(Facts, QuotientsByZeroSayNothing) {
  World w;
  Expr n = w.dim("n"), d = w.dim("d");
  EXPECT_NE(w.prove({div(n, 0), Rel::GE, 0}).kind, Answer::Kind::Proved);
  EXPECT_NE(w.prove({Expr::mod(n, d), Rel::LT, d}).kind, Answer::Kind::Proved);
  w.is(d, Rel::GE, 1);
  w.proves(Expr::mod(n, d), Rel::LT, d);
}

TEST(Facts, OverflowIsUnknown) {
  World w;
  Expr n = w.any("n");
  Expr huge = Expr(INT64_MAX) * n;
  EXPECT_EQ(w.prove({huge + huge, Rel::GE, 5}).kind == Answer::Kind::Proved, false);
  EXPECT_FALSE(w.range(huge).hi);
  w.proves(n, Rel::LE, n);
}

TEST(Facts, ManySymbolsStayWithinTheLimits) {
  World w;
  Expr sum;
  for (int k = 0; k < 200; ++k) {
    Expr n = w.dim("n" + std::to_string(k));
    sum = sum + w.in("i" + std::to_string(k), 0, n) * n;
  }
  w.prove({sum, Rel::GE, 0}); // an answer is not promised, an end is
  w.range(sum);
}

TEST(Facts, LongChains) {
  World w;
  Expr first = w.dim("x0"), last = first;
  for (int k = 1; k < 40; ++k) {
    Expr next = w.dim("x" + std::to_string(k));
    w.is(last, Rel::LE, next);
    last = next;
  }
  w.proves(first, Rel::LE, last);
  w.refutes(last, Rel::LE, first);
}

TEST(Facts, Text) {
  World w;
  Expr n = w.dim("n"), i = w.in("i", 0, n);
  EXPECT_EQ(w.str({i + 1, Rel::LT, n}), "i + 1 < n");
  EXPECT_EQ(w.str(Constraint{div(i, n), Rel::NE, 0}), "i / n != 0");
}

} // namespace

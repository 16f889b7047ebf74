// A Facts with short ways to declare dims and loop binders, for the tests of this folder.
#pragma once
#include "dialects/facts/Facts.h"
#include <algorithm>
#include <gtest/gtest.h>
#include <map>

namespace texpr::facts {

constexpr int64_t maxDim = int64_t(1) << 47;

struct World : Facts {
  Expr dim(const std::string &name) { return Expr::symbol(newSymbol(name, {0, maxDim})); }
  Expr any(const std::string &name) { return Expr::symbol(newSymbol(name)); }
  /// lo <= binder < hi
  Expr in(const std::string &name, Expr lo, Expr hi) {
    Expr s = any(name);
    assume({s, Rel::GE, lo});
    assume({s, Rel::LT, hi});
    return s;
  }
  void is(Expr a, Rel r, Expr b) { assume({a, r, b}); }

  void proves(Expr a, Rel r, Expr b) {
    Answer answer = prove({a, r, b});
    EXPECT_TRUE(answer) << str(Constraint{a, r, b}) << " is " << describe(answer);
  }
  /// 0 <= index < extent
  void inBounds(Expr index, Expr extent) {
    proves(index, Rel::GE, 0);
    proves(index, Rel::LT, extent);
  }
  void refutes(Expr a, Rel r, Expr b) {
    Answer answer = prove({a, r, b});
    EXPECT_EQ(answer.kind, Answer::Kind::Refuted) << str(Constraint{a, r, b});
    if (answer.kind == Answer::Kind::Refuted)
      expectBroken({a, r, b}, answer);
  }
  void expectBroken(const Constraint &c, const Answer &answer) {
    std::map<Symbol, int64_t> values(answer.counterExample.begin(), answer.counterExample.end());
    auto value = [&](Symbol s) { return values.at(s); };
    auto l = c.lhs.evaluate(value), r = c.rhs.evaluate(value);
    ASSERT_TRUE(l && r);
    EXPECT_FALSE(compare(*l, c.rel, *r)) << str(c) << " holds at " << describe(answer);
  }
  static bool compare(int64_t a, Rel r, int64_t b) {
    switch (r) {
    case Rel::EQ:
      return a == b;
    case Rel::NE:
      return a != b;
    case Rel::LT:
      return a < b;
    case Rel::LE:
      return a <= b;
    case Rel::GT:
      return a > b;
    case Rel::GE:
      return a >= b;
    }
    return false;
  }
  std::string describe(const Answer &a) const {
    if (a.kind != Answer::Kind::Refuted)
      return a ? "proved" : "unknown";
    std::string out = "refuted:";
    for (auto &[s, v] : a.counterExample)
      out += " " + name(s) + " = " + std::to_string(v);
    return out;
  }
};

} // namespace texpr::facts

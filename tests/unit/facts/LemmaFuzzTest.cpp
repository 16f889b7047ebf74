// Soundness of the lemmas: systems made as programs make them, from dims, their products and quotients, with every
// proof checked on all small dims, and every range too.
#include "World.h"
#include <random>

using namespace texpr::facts;

namespace {

constexpr int64_t dimLimit = 4; // dims are checked below this

struct Program {
  std::mt19937_64 rng;
  World w;
  std::vector<Expr> dims, binders;
  std::vector<std::pair<Expr, Expr>> domains; // of the binders
  std::vector<Constraint> facts;

  explicit Program(uint64_t seed) : rng(seed) {
    for (int i = 0; i < 3; ++i)
      dims.push_back(w.dim(std::string(1, char('a' + i))));
    for (int i = int(pick(0, 2)); i > 0; --i)
      fact();
    for (int i = 0; i < 2; ++i) {
      Expr lo = pick(0, 3) ? Expr(0) : pick(0, 1) && i ? binders[0] : dim();
      Expr hi = extent();
      binders.push_back(w.in(std::string(1, char('i' + i)), lo, hi));
      domains.push_back({lo, hi});
    }
    for (int i = int(pick(0, 1)); i > 0; --i)
      fact();
  }
  int64_t pick(int64_t lo, int64_t hi) {
    return std::uniform_int_distribution<int64_t>(lo, hi)(rng);
  }
  Expr dim() { return dims[pick(0, dims.size() - 1)]; }
  Expr extent() {
    Expr a = dim(), b = dim();
    switch (pick(0, 8)) {
    case 0:
      return a * b;
    case 1:
      return a * dims[1] * dims[2];
    case 2:
      return Expr::floorDiv(a, 2);
    case 3:
      return Expr::floorDiv(a, b);
    case 4:
      return Expr::floorDiv(a + b - 1, b);
    case 5:
      return a + b;
    case 6:
      return Expr::min(a, b + 1);
    default:
      return a;
    }
  }
  Expr index() {
    Expr i = binders[pick(0, 1)], j = binders[pick(0, 1)], a = dim(), b = dim();
    switch (pick(0, 9)) {
    case 0:
      return i * a + j;
    case 1:
      return Expr::floorDiv(i, a);
    case 2:
      return Expr::mod(i, a);
    case 3:
      return (i * a + j) * b + i;
    case 4:
      return Expr::mod(Expr::floorDiv(i, a), b);
    case 5:
      return Expr::floorDiv(i * a + j, b);
    case 6:
      return i * a * b + j * b;
    case 7:
      return Expr::max(i, a) - j;
    case 8:
      return i + j;
    default:
      return 2 * i + pick(-1, 1);
    }
  }
  void fact() {
    Expr a = dim(), b = dim();
    const Constraint choices[] = {{a, Rel::GE, 1},
                                  {Expr::mod(a, 2), Rel::EQ, 0},
                                  {Expr::mod(a, b), Rel::EQ, 0},
                                  {a, Rel::EQ, b * dims[0]},
                                  {a, Rel::LE, b},
                                  {a * b, Rel::LE, dims[2]},
                                  {a, Rel::NE, b}};
    facts.push_back(choices[pick(0, 6)]);
    w.assume(facts.back());
  }

  static bool holds(const Constraint &c, const std::vector<int64_t> &v) {
    auto value = [&](Symbol s) { return v[s]; };
    auto l = c.lhs.evaluate(value), r = c.rhs.evaluate(value);
    return l && r && World::compare(*l, c.rel, *r);
  }
  /// All points with small dims; each holds every assumption.
  template <class F> void points(F f) {
    std::vector<int64_t> v(5);
    auto value = [&](Symbol s) { return v[s]; };
    for (v[0] = 0; v[0] < dimLimit; ++v[0])
      for (v[1] = 0; v[1] < dimLimit; ++v[1])
        for (v[2] = 0; v[2] < dimLimit; ++v[2]) {
          auto lo = domains[0].first.evaluate(value), hi = domains[0].second.evaluate(value);
          for (int64_t i = lo.value_or(0); hi && i < *hi; ++i) {
            v[3] = i;
            auto from = domains[1].first.evaluate(value), to = domains[1].second.evaluate(value);
            for (int64_t j = from.value_or(0); lo && from && to && j < *to; ++j) {
              v[4] = j;
              if (std::all_of(facts.begin(), facts.end(),
                              [&](const Constraint &c) { return holds(c, v); }) &&
                  !f(v))
                return;
            }
          }
        }
  }
  std::string text() const {
    std::string out;
    for (const Constraint &c : facts)
      out += "\n  " + w.str(c);
    for (size_t i = 0; i < binders.size(); ++i)
      out += "\n  " + w.str(binders[i]) + " in " + w.str(domains[i].first) + ".." +
             w.str(domains[i].second);
    return out;
  }
};

TEST(LemmaFuzz, ProofsHoldOnAllSmallDims) {
  int proved = 0, refuted = 0, unknown = 0;
  for (uint64_t seed = 0; seed < 200 && !HasFailure(); ++seed) {
    Program p(seed);
    for (int k = 0; k < 4 && !HasFailure(); ++k) {
      Constraint c{p.index(), k % 2 ? Rel::LT : Rel::GE, k % 2 ? p.extent() : Expr(0)};
      Answer a = p.w.prove(c);
      ++(a ? proved : a.kind == Answer::Kind::Refuted ? refuted : unknown);
      if (a.kind == Answer::Kind::Refuted)
        p.w.expectBroken(c, a);
      if (!a)
        continue;
      p.points([&](const auto &v) {
        auto value = [&](Symbol s) { return v[s]; };
        bool good = !c.lhs.evaluate(value) || !c.rhs.evaluate(value) || Program::holds(c, v);
        EXPECT_TRUE(good) << "seed " << seed << ": " << p.w.str(c) << p.text();
        return good;
      });
    }
    Expr e = p.index();
    Range r = p.w.range(e);
    p.points([&](const auto &v) {
      auto x = e.evaluate([&](Symbol s) { return v[s]; });
      bool good = !x || ((!r.lo || *r.lo <= *x) && (!r.hi || *x <= *r.hi));
      EXPECT_TRUE(good) << "seed " << seed << ": range of " << p.w.str(e) << p.text();
      return good;
    });
  }
  EXPECT_GT(proved, 200);
  EXPECT_GT(refuted, 130);
  RecordProperty("unknown", unknown);
}

} // namespace

// The normal form: its identities, and that it never changes a value.
#include "World.h"
#include <random>
#include <thread>

using namespace texpr::facts;

namespace {

Expr S(int i) { return Expr::symbol(Symbol(i)); }
std::string letters(Symbol s) { return std::string(1, char('a' + s)); }
std::string text(Expr e) { return e.str(letters); }
const Expr a = S(0), b = S(1), c = S(2), i = S(8), j = S(9), n = S(13), p = S(15), w = S(22);

TEST(Expr, SumsAndProducts) {
  EXPECT_EQ(a * b, b * a);
  EXPECT_EQ((a + b) * (a - b), a * a - b * b);
  EXPECT_EQ(a + b - a, b);
  EXPECT_EQ(a - a, Expr(0));
  EXPECT_EQ(a * 0, Expr());
  EXPECT_EQ((a + 1) * (b + 1), a * b + b + a + 1);
  EXPECT_NE(a * b, a * c);
  EXPECT_EQ(-(a - b), b - a);
  EXPECT_EQ(2 * a + 3 - a, 3 + a);
}

TEST(Expr, QuotientsByConstants) {
  EXPECT_EQ(Expr::floorDiv(32 * i + 7, 32), i);
  EXPECT_EQ(Expr::floorDiv(32 * i - 1, 32), i - 1);
  EXPECT_EQ(Expr::floorDiv(32 * i + j, 32), i + Expr::floorDiv(j, 32));
  EXPECT_EQ(Expr::floorDiv(Expr::floorDiv(p, 4), 8), Expr::floorDiv(p, 32));
  EXPECT_EQ(Expr::floorDiv(Expr::floorDiv(p, 4) + 3, 8), Expr::floorDiv(p + 12, 32));
  EXPECT_EQ(Expr::floorDiv(2 * n, 2), n);
  EXPECT_EQ(Expr::floorDiv(4 * n + 6, 8), Expr::floorDiv(2 * n + 3, 4));
  EXPECT_EQ(Expr::floorDiv(2 * n + 1, 4), Expr::floorDiv(n, 2));
  EXPECT_EQ(Expr::floorDiv(a, 1), a);
  EXPECT_EQ(Expr::floorDiv(a, -1), -a);
  EXPECT_EQ(Expr::floorDiv(a, -3), Expr::floorDiv(-a, 3));
  EXPECT_EQ(Expr::floorDiv(-7, 2).constant(), -4);
  EXPECT_EQ(Expr::floorDiv(7, -2).constant(), -4);
  EXPECT_EQ(Expr::mod(-7, 2).constant(), 1);
  EXPECT_EQ(Expr::floorDiv(n - 1, 32) + 1, Expr::floorDiv(n + 31, 32));
}

TEST(Expr, QuotientsBySymbols) {
  EXPECT_EQ(Expr::floorDiv(a * w, w), a);
  EXPECT_EQ(Expr::floorDiv(a * b * w, w * b), a);
  EXPECT_EQ(Expr::floorDiv(a * w, b * w), Expr::floorDiv(a, b));
  EXPECT_EQ(Expr::floorDiv(6 * a * w, 4 * w), a + Expr::floorDiv(a, 2));
  EXPECT_EQ(Expr::floorDiv((n + 1) * i + j, n + 1), i + Expr::floorDiv(j, n + 1));
  EXPECT_EQ(Expr::mod(n * i, n), Expr(0));
  EXPECT_NE(Expr::floorDiv(i * n + j, n), i); // that takes facts
}

TEST(Expr, QuotientAndRemainderRecombine) {
  EXPECT_EQ(Expr::floorDiv(p, 32) * 32 + Expr::mod(p, 32), p);
  EXPECT_EQ(Expr::floorDiv(p, n) * n + Expr::mod(p, n), p);
  EXPECT_EQ(Expr::floorDiv(p + j, n + 1) * (n + 1) + Expr::mod(p + j, n + 1), p + j);
  Expr q = Expr::floorDiv(p, w);
  EXPECT_EQ((Expr::floorDiv(q, n) * n + Expr::mod(q, n)) * w + Expr::mod(p, w), p);
}

TEST(Expr, MinAndMax) {
  EXPECT_EQ(Expr::min(a, a), a);
  EXPECT_EQ(Expr::min(a, b), Expr::min(b, a));
  EXPECT_EQ(Expr::min(a, Expr::min(b, c)), Expr::min(Expr::min(c, a), b));
  EXPECT_EQ(Expr::min(a + 1, a), a);
  EXPECT_EQ(Expr::max(a + 1, a), a + 1);
  EXPECT_EQ(Expr::min(3, 5).constant(), 3);
  EXPECT_EQ(Expr::max(Expr::max(a, 3), 5), Expr::max(5, a));
  EXPECT_NE(Expr::min(a, b), Expr::max(a, b));
}

TEST(Expr, OverflowStaysSound) {
  const int64_t big = INT64_MAX;
  Expr twice = Expr(big) * 2;
  EXPECT_FALSE(twice.constant());
  EXPECT_FALSE(twice.evaluate([](Symbol) { return 0; }));
  Expr mixed = a * big + a * big;
  EXPECT_EQ(mixed.evaluate([](Symbol) { return 0; }), 0);
  EXPECT_FALSE(mixed.evaluate([](Symbol) { return 1; }));
  EXPECT_EQ(mixed - mixed, Expr(0));
  Expr lowest = Expr(INT64_MIN) * a;
  EXPECT_EQ((-lowest).evaluate([](Symbol) { return 0; }), 0);
  EXPECT_FALSE((-lowest).evaluate([](Symbol) { return 1; }));
  EXPECT_FALSE(Expr::floorDiv(INT64_MIN, -1).constant());
  EXPECT_FALSE(Expr::floorDiv(a, 0).evaluate([](Symbol) { return 1; }));
  EXPECT_EQ(Expr::min(INT64_MIN, INT64_MAX).constant(), INT64_MIN);
}

TEST(Expr, GrowthIsBounded) {
  Expr e = 1, sum;
  for (int k = 0; k < 64; ++k) // (n + 1)^64
    e = e * (n + 1);
  EXPECT_EQ(e.evaluate([](Symbol) { return 0; }), 1);
  for (int k = 0; k < 2000; ++k)
    sum = sum + S(100 + k);
  EXPECT_EQ(sum.evaluate([](Symbol) { return 1; }), 2000);
}

TEST(Expr, Structure) {
  EXPECT_EQ((a + 1).kind(), Expr::Kind::Sum);
  EXPECT_EQ((2 * a * b).kind(), Expr::Kind::Product);
  EXPECT_EQ((2 * a * b).operands(), (std::vector<Expr>{2, a, b}));
  EXPECT_EQ((2 * a * b + 1).operands(), (std::vector<Expr>{2 * a * b, 1}));
  EXPECT_EQ(Expr::floorDiv(a, b).operands(), (std::vector<Expr>{a, b}));
  EXPECT_EQ(Expr::min(a, b).kind(), Expr::Kind::Min);
  EXPECT_EQ(a.asSymbol(), Symbol(0));
  EXPECT_FALSE((2 * a).asSymbol());
  std::vector<Symbol> symbols;
  (b * a + Expr::floorDiv(c, n) + a).symbols(symbols);
  std::sort(symbols.begin(), symbols.end());
  EXPECT_EQ(symbols, (std::vector<Symbol>{0, 1, 2, 13}));
  EXPECT_TRUE(Expr::floorDiv(c, n).uses(13));
  EXPECT_FALSE(a.uses(1));
}

TEST(Expr, Text) {
  EXPECT_EQ(text(i * n + j - 1), "i * n + j - 1");
  EXPECT_EQ(text(Expr::mod(p, 32)), "p % 32");
  EXPECT_EQ(text(Expr::mod(Expr::floorDiv(p, w), n)), "p / w % n");
  EXPECT_EQ(text(Expr::floorDiv(p, w) * 2 + 1), "2 * (p / w) + 1");
  EXPECT_EQ(text(Expr::mod(p, 32) * w + 1), "w * (p % 32) + 1");
  EXPECT_EQ(text(-a), "-a");
  EXPECT_EQ(text(Expr::min(n, i + 1)), "min(i + 1, n)");
  EXPECT_EQ(text(Expr::floorDiv(a + b, c * n)), "(a + b) / (c * n)");
  EXPECT_EQ(text(Expr()), "0");
}

TEST(Expr, Substitute) {
  auto set = [](Symbol from, Expr to) {
    return [=](Symbol s) { return s == from ? std::optional<Expr>(to) : std::nullopt; };
  };
  EXPECT_EQ((a * b + a).substitute(set(0, c + 1)), (c + 1) * b + c + 1);
  EXPECT_EQ(Expr::floorDiv(p, 32).substitute(set(15, 32 * i + 3)), i);
  EXPECT_EQ(Expr::min(a, b).substitute(set(0, b)), b);
}

/// The value of a random tree, computed beside its normal form; nothing where it has none.
struct Random {
  std::mt19937_64 rng;
  std::vector<int64_t> values;
  int64_t pick(int64_t lo, int64_t hi) {
    return std::uniform_int_distribution<int64_t>(lo, hi)(rng);
  }

  std::pair<Expr, std::optional<int64_t>> tree(int depth) {
    if (depth == 0 || pick(0, 5) == 0) {
      if (pick(0, 2) == 0) {
        int64_t k = pick(-9, 9);
        return {k, k};
      }
      int s = int(pick(0, 4));
      return {S(s), values[s]};
    }
    auto [x, vx] = tree(depth - 1);
    auto [y, vy] = tree(depth - 1);
    int op = int(pick(0, 6));
    std::optional<int64_t> v;
    if (!vx || !vy)
      return {make(op, x, y), v};
    int64_t r = 0;
    switch (op) {
    case 0:
      v = *vx + *vy;
      break;
    case 1:
      v = *vx - *vy;
      break;
    case 2:
      if (!__builtin_mul_overflow(*vx, *vy, &r) && std::abs(r) < int64_t(1) << 40)
        v = r;
      break;
    case 3:
    case 4:
      if (*vy != 0) {
        int64_t q = *vx / *vy - (*vx % *vy != 0 && (*vx < 0) != (*vy < 0));
        v = op == 3 ? q : *vx - *vy * q;
      }
      break;
    case 5:
      v = std::min(*vx, *vy);
      break;
    default:
      v = std::max(*vx, *vy);
    }
    return {make(op, x, y), v};
  }
  static Expr make(int op, Expr x, Expr y) {
    switch (op) {
    case 0:
      return x + y;
    case 1:
      return x - y;
    case 2:
      return x * y;
    case 3:
      return Expr::floorDiv(x, y);
    case 4:
      return Expr::mod(x, y);
    case 5:
      return Expr::min(x, y);
    default:
      return Expr::max(x, y);
    }
  }
};

TEST(Expr, RandomTreesKeepTheirValue) {
  Random r{std::mt19937_64(7), {}};
  int compared = 0;
  for (int k = 0; k < 20000; ++k) {
    r.values.clear();
    for (int s = 0; s < 5; ++s)
      r.values.push_back(r.pick(-6, 12));
    auto [e, v] = r.tree(int(r.pick(1, 5)));
    if (!v)
      continue; // a divisor of 0 or too large: the normal form may have cancelled it
    auto got = e.evaluate([&](Symbol s) { return r.values[s]; });
    if (!got) // an intermediate of the expanded form may leave int64; not at these sizes
      continue;
    ++compared;
    ASSERT_EQ(*got, *v) << text(e);
    Expr same = e.substitute([](Symbol s) { return std::optional<Expr>(S(int(s))); });
    auto again = same.evaluate([&](Symbol s) { return r.values[s]; });
    if (again) {
      ASSERT_EQ(*again, *v) << text(e) << " | " << text(same);
    }
  }
  EXPECT_GT(compared, 12000);
}

TEST(Expr, ExtremeConstants) {
  const int64_t extremes[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX, int64_t(1) << 62, -1, 0, 1, 3};
  Random r{std::mt19937_64(11), {}};
  for (int k = 0; k < 4000; ++k) {
    int64_t x = extremes[r.pick(0, 7)], y = extremes[r.pick(0, 7)], z = r.pick(-3, 3);
    int first = int(r.pick(0, 6)), second = int(r.pick(0, 6));
    auto direct = [](int op, __int128 u, __int128 v) -> std::optional<__int128> {
      __int128 q = op == 3 || op == 4 ? v : 1;
      if (q == 0)
        return std::nullopt;
      q = u / q - (u % q != 0 && (u < 0) != (q < 0));
      __int128 all[] = {u + v, u - v, u * v, q, u - v * q, std::min(u, v), std::max(u, v)};
      return all[op];
    };
    auto fits = [](auto v) { return v && *v >= INT64_MIN && *v <= INT64_MAX; };
    Expr e = Random::make(second, Random::make(first, x * a, Expr(y)), b * z);
    auto got = e.evaluate([&](Symbol s) { return s == 0 ? 1 : z; });
    auto half = direct(first, x, y);
    auto whole = fits(half) ? direct(second, *half, z * z) : std::nullopt;
    if (got && fits(whole)) {
      ASSERT_EQ(*got, int64_t(*whole)) << text(e);
    }
    World w;
    Expr s = w.any("s"), t = w.dim("t");
    Constraint c{Random::make(first, x * s, Expr(y)), Rel::LE, Random::make(second, t, Expr(x))};
    w.assume(c);
    w.proves(c.lhs, Rel::LE, c.rhs);
    w.range(c.lhs);
  }
}

TEST(Expr, ThreadsShareTheTable) {
  std::vector<Expr> results(4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      Expr e;
      for (int k = 0; k < 2000; ++k)
        e = Expr::floorDiv(e + S(k % 50) * S(k % 7) + k, 1 + k % 5);
      results[t] = e;
    });
  for (auto &t : threads)
    t.join();
  for (int t = 1; t < 4; ++t)
    EXPECT_EQ(results[0], results[t]);
}

} // namespace

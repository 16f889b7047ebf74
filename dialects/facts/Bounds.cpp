// Constant bounds of an expression: the optimum of the linear view, with products and extrema
// bounded by intervals.
//
// In: a problem and an expression. Out: an interval that holds its value in every solution. The
// bounds of a product's factors, found in the same system, multiply to bounds of the product (a
// side that leaves int64 stays open); those of a minimum's operands bound it. Where a side is still
// open, a few case splits are tried and the results joined.
#include "dialects/facts/Problem.h"

namespace texpr::facts {
namespace {

constexpr int maxSplitDepth = 2;

std::optional<int64_t> narrow(__int128 v) {
  if (v < INT64_MIN || v > INT64_MAX)
    return std::nullopt;
  return static_cast<int64_t>(v);
}

/// The interval product; a side is absent where it cannot be told.
Range times(const Range &a, const Range &b) {
  Range out;
  if (a.lo && a.hi && b.lo && b.hi) {
    __int128 lo = 0, hi = 0;
    bool first = true;
    for (__int128 x : {*a.lo, *a.hi})
      for (__int128 y : {*b.lo, *b.hi}) {
        lo = first ? x * y : std::min(lo, x * y);
        hi = first ? x * y : std::max(hi, x * y);
        first = false;
      }
    return {narrow(lo), narrow(hi)};
  }
  if (a.lo && b.lo && *a.lo >= 0 && *b.lo >= 0)
    out.lo = narrow(static_cast<__int128>(*a.lo) * *b.lo);
  return out;
}

Range rangeOf(System &system, const Row &row) { return {system.minimum(row), system.maximum(row)}; }

void bound(System &system, int column, const Range &r) {
  if (r.lo)
    if (auto row = addRows({{{column, 1}}, 0}, -1, {{}, *r.lo}))
      system.require(*row, false);
  if (r.hi)
    if (auto row = addRows({{}, *r.hi}, -1, {{{column, 1}}, 0}))
      system.require(*row, false);
}

void boundProducts(System &system) {
  std::vector<int> order;
  for (size_t c = 0; c < system.columns.size(); ++c)
    if (system.columns[c].factors.size() > 1)
      order.push_back(int(c));
  auto key = [&](int c) { return std::make_pair(system.columns[c].factors.size(), c); };
  std::sort(order.begin(), order.end(), [&](int a, int b) { return key(a) < key(b); });
  for (int c : order) {
    const auto factors = system.columns[c].factors;
    Range r = rangeOf(system, {{{factors[0], 1}}, 0});
    for (size_t i = 1; i < factors.size(); ++i)
      r = times(r, rangeOf(system, {{{factors[i], 1}}, 0}));
    if (std::set<int>(factors.begin(), factors.end()).size() == 1 && factors.size() % 2 == 0)
      r.lo = std::max(r.lo.value_or(0), int64_t(0));
    bound(system, c, r);
  }
}

void boundExtrema(System &system) {
  for (int c : std::vector<int>(system.extrema)) {
    const Node *n = system.columns[c].node;
    auto a = system.linearize(n->args[0]), b = system.linearize(n->args[1]);
    if (!a || !b)
      continue;
    Range r, x = rangeOf(system, *a), y = rangeOf(system, *b);
    if (n->kind == Expr::Kind::Min && x.lo && y.lo)
      r.lo = std::min(*x.lo, *y.lo);
    if (n->kind == Expr::Kind::Max && x.hi && y.hi)
      r.hi = std::max(*x.hi, *y.hi);
    bound(system, c, r);
  }
}

Range either(const Range &a, const Range &b) { return {a.lo ? a.lo : b.lo, a.hi ? a.hi : b.hi}; }

struct Bounds {
  bool empty = false;
  Range range;
};

Bounds search(Problem p, Expr e, Effort &effort, int depth) {
  size_t before = p.solved.size();
  eliminate(p);
  for (size_t i = before; i < p.solved.size(); ++i)
    e = e.substitute([&](Symbol s) {
      return s == p.solved[i].first ? std::optional<Expr>(p.solved[i].second) : std::nullopt;
    });
  if (auto c = e.constant())
    return {false, {*c, *c}};
  System system(effort);
  auto row = system.linearize(Node::of(e));
  if (!row)
    return {};
  Bounds best;
  for (bool huge : {false, true}) {
    requireFacts(system, p, huge);
    if (!huge && !system.isEmpty())
      applyLemmas(system, effort);
    boundProducts(system);
    boundExtrema(system);
    best.empty = system.isEmpty();
    best.range = either(best.range, rangeOf(system, *row));
    if (best.range.lo && best.range.hi)
      break;
  }
  if (best.empty || (best.range.lo && best.range.hi) || depth >= maxSplitDepth || effort.spent())
    return best;
  auto all = splits(system, p);
  if (all.empty())
    return best;
  Bounds joined{true, {}};
  for (const Conjunction &c : all[0]) {
    Problem q = p;
    q.facts.insert(q.facts.end(), c.begin(), c.end());
    Bounds b = search(std::move(q), e, effort, depth + 1);
    if (b.empty)
      continue;
    bool first = joined.empty;
    Range &j = joined.range;
    j.lo = first ? b.range.lo : j.lo && b.range.lo ? std::min(j.lo, b.range.lo) : std::nullopt;
    j.hi = first ? b.range.hi : j.hi && b.range.hi ? std::max(j.hi, b.range.hi) : std::nullopt;
    joined.empty = false;
  }
  if (joined.empty)
    return joined;
  return {false, either(best.range, joined.range)};
}

} // namespace

Range boundsOf(const Problem &p, const Expr &e, Effort effort) {
  Effort more = effort;
  Range r = search(p, e, effort, 0).range;
  Problem other = p;
  eliminate(other);
  if ((r.lo && r.hi) || !replacedSum(other))
    return r;
  other = p;
  other.keepSums = true;
  Range s = search(other, e, more, 0).range;
  return either(r, s);
}

} // namespace texpr::facts

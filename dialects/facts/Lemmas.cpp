// The lemmas: what products and symbolic quotients, opaque to the linear view, are known to satisfy.
//
// In: a system of rows over columns. Out: the same system with more rows, each a consequence of the
// others over the integers. Per round, for the columns that occur:
//   sign       factors that the rows bound by 0 or 1 below get that as a row; products of them too
//   quotient   b > 0 proved: b * (a / b) <= a <= b * (a / b) + b - 1
//   multiply   r >= 0 and s >= 0 give r * s >= 0, where every product in it is a column: then
//              q <= a - 1, r <= b - 1 give q * b + r < a * b; x <= y, z >= 0 give x * z <= y * z
//   cancel     z >= 0 and x * z > z * a give x > a; x * z < z * a give x < a. Tried for a are 0 and
//              the multiples of z that other rows have, so p < h * w gives p / w < h
// Rounds end when nothing is new, the system is empty, or half of the effort is spent.
#include "dialects/facts/System.h"

namespace texpr::facts {
namespace {

constexpr int maxRounds = 4;
constexpr size_t maxCancelColumns = 20; // in larger systems cancel serves quotients alone
constexpr size_t maxMultipliedRows = 40, maxCandidates = 5;
constexpr int64_t maxNumber = int64_t(1) << 31; // in a row made by multiplication

class Lemmas {
public:
  Lemmas(System &system, const Effort &effort)
      : system(system), effort(effort), reserve(effort.left / 2) {}

  void run() {
    for (int round = 0; round < maxRounds && !done(); ++round) {
      size_t before = system.rows.size();
      divisors();
      signs();
      quotients();
      multiply();
      cancel();
      if (system.rows.size() == before)
        return;
    }
  }

private:
  bool done() const { return system.isEmpty() || effort.left <= reserve; }
  void divisors();
  void signs();
  void quotients();
  void cancel();
  void cancelFactor(int x, const Row &z);
  void multiply();

  bool atLeast(int column, int64_t bound) const {
    return size_t(column) < lower.size() && lower[column] >= bound;
  }
  std::optional<Row> times(const Row &a, const Row &b);
  std::vector<Row> candidates(int x, int product, const std::vector<int> &z) const;
  std::optional<Row> multiplesOf(const std::vector<int> &z, const Row &row, int except) const;

  System &system;
  const Effort &effort;
  int64_t reserve;        // what is left to the questions that follow
  std::vector<int> lower; // of each column: 1, 0, or -1 for nothing known
  std::vector<bool> quotientDone;
};

/// Σ k * row + constant; nothing on overflow.
std::optional<Row> sum(std::initializer_list<std::pair<int64_t, const Row *>> parts,
                       int64_t constant) {
  std::optional<Row> out = Row{{}, constant};
  for (auto &[k, row] : parts)
    if (out)
      out = addRows(*out, k, *row);
  return out;
}

bool isSmall(const Row &row) {
  auto small = [](int64_t v) { return v < maxNumber && v > -maxNumber; };
  return small(row.constant) &&
         std::all_of(row.terms.begin(), row.terms.end(), [&](auto &t) { return small(t.second); });
}

Row rowOf(int column) { return {{{column, 1}}, 0}; }

/// Columns for what the lemmas want to name: of two products the part that they share, of small
/// ones every part, and x * y between squares x * x and y * y.
void Lemmas::divisors() {
  auto part = [&](const std::vector<const Node *> &factors) {
    if (factors.size() > 1)
      system.column(monomialOf(factors));
  };
  for (size_t c = 0; c < system.columns.size(); ++c) {
    const std::vector<const Node *> factors = system.columns[c].node->factors;
    for (size_t i = 0; factors.size() == 3 && i < 3 && system.columns.size() < 32; ++i)
      part({factors[i == 0], factors[2 - (i == 2)]});
    for (size_t d = 0; factors.size() > 1 && d < c; ++d) {
      const std::vector<int> x = system.columns[c].factors, y = system.columns[d].factors;
      if (x.size() == 2 && y.size() == 2 && x[0] == x[1] && y[0] == y[1])
        part({system.columns[x[0]].node, system.columns[y[0]].node});
      if (x.size() < 2 || y.size() < 2)
        continue;
      std::vector<int> shared;
      std::set_intersection(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(shared));
      if (shared.size() < 2)
        continue;
      std::vector<const Node *> z;
      for (int f : shared)
        z.push_back(system.columns[f].node);
      part(z);
    }
  }
}

void Lemmas::signs() {
  std::vector<bool> matters(system.columns.size());
  for (const auto &column : system.columns)
    if (column.factors.size() > 1)
      for (int f : column.factors)
        matters[f] = true;
  for (int q : system.quotients)
    if (auto b = Node::of(Node::wrap(system.columns[q].node->args[1])); b->isAtom())
      if (int c = system.column(b); c >= 0 && size_t(c) < matters.size())
        matters[c] = true;
  lower.resize(system.columns.size(), -1);
  for (size_t c = 0; c < matters.size() && !done(); ++c)
    for (int bound = lower[c] + 1; matters[c] && bound <= 1; ++bound) {
      Row row{{{int(c), 1}}, -bound};
      if (!system.entails(row))
        break;
      lower[c] = bound;
      system.require(row, false);
    }
  for (size_t c = 0; c < system.columns.size() && !done(); ++c) {
    const auto &factors = system.columns[c].factors;
    if (factors.size() < 2)
      continue;
    int least = 1;
    for (int f : factors)
      least = std::min(least, lower[f]);
    if (least == 0 && system.entails({{{int(c), 1}}, -1})) {
      least = 1; // a positive product of what is not negative
      for (int f : factors) {
        lower[f] = 1;
        system.require({{{f, 1}}, -1}, false);
      }
    }
    if (least < 0 && std::set<int>(factors.begin(), factors.end()).size() == 1 &&
        factors.size() % 2 == 0)
      least = 0; // a square
    if (least > lower[c]) {
      lower[c] = least;
      system.require({{{int(c), 1}}, -least}, false);
    }
  }
}

void Lemmas::quotients() {
  for (size_t i = 0; i < system.quotients.size() && !done(); ++i) {
    quotientDone.resize(system.quotients.size());
    if (quotientDone[i])
      continue;
    const Node *n = system.columns[system.quotients[i]].node;
    Expr a = Node::wrap(n->args[0]), b = Node::wrap(n->args[1]), q = Node::wrap(n);
    auto divisor = system.linearize(n->args[1]);
    auto positive = divisor ? addRows({{}, -1}, 1, *divisor) : std::nullopt;
    if (!positive || !system.entails(*positive))
      continue;
    quotientDone[i] = true;
    system.require(*positive, false);
    system.require(Node::of(a - b * q), false);
    system.require(Node::of(b * q + b - 1 - a), false);
  }
  divisors();
}

/// The product of two rows, where all its monomials are columns.
std::optional<Row> Lemmas::times(const Row &a, const Row &b) {
  for (auto &[c, k] : a.terms)
    for (auto &[d, l] : b.terms)
      if (system.product(c, d) < 0)
        return std::nullopt;
  std::map<int, int64_t> sum;
  Row out;
  auto add = [](int64_t &to, int64_t x, int64_t y) {
    int64_t p;
    return !__builtin_mul_overflow(x, y, &p) && !__builtin_add_overflow(to, p, &to);
  };
  if (!add(out.constant, a.constant, b.constant))
    return std::nullopt;
  for (auto &[c, k] : a.terms)
    if (b.constant != 0 && !add(sum[c], k, b.constant))
      return std::nullopt;
  for (auto &[c, k] : b.terms)
    if (a.constant != 0 && !add(sum[c], k, a.constant))
      return std::nullopt;
  for (auto &[c, k] : a.terms)
    for (auto &[d, l] : b.terms) {
      int p = system.product(c, d);
      if (p < 0 || !add(sum[p], k, l))
        return std::nullopt;
    }
  for (auto &[c, k] : sum)
    if (k != 0)
      out.terms.push_back({c, k});
  return out;
}

/// The terms of a row that z divides, divided by it; nothing where there is none.
std::optional<Row> Lemmas::multiplesOf(const std::vector<int> &z, const Row &row,
                                       int except) const {
  Row out;
  for (auto &[c, k] : row.terms) {
    const auto &f = system.columns[c].factors;
    if (c == except || !std::includes(f.begin(), f.end(), z.begin(), z.end()))
      continue;
    std::vector<int> rest;
    std::set_difference(f.begin(), f.end(), z.begin(), z.end(), std::back_inserter(rest));
    if (rest.empty()) {
      out.constant = k;
      continue;
    }
    int d = system.find(rest);
    if (d < 0)
      return std::nullopt;
    out.terms.push_back({d, k});
  }
  if (out.terms.empty() && out.constant == 0)
    return std::nullopt;
  std::sort(out.terms.begin(), out.terms.end());
  bool flip = out.terms.empty() ? out.constant < 0 : out.terms[0].second < 0;
  return flip ? addRows({}, -1, out) : out;
}

std::vector<Row> Lemmas::candidates(int x, int product, const std::vector<int> &z) const {
  std::vector<Row> out{{}};
  for (auto &[row, equality] : system.rows) {
    if (out.size() >= maxCandidates)
      break;
    auto part = multiplesOf(z, row, product);
    if (part && std::find(out.begin(), out.end(), *part) == out.end() &&
        std::none_of(part->terms.begin(), part->terms.end(), [&](auto &t) { return t.first == x; }))
      out.push_back(std::move(*part));
  }
  return out;
}

/// Bounds of x from bounds of x * z.
void Lemmas::cancelFactor(int x, const Row &z) {
  const Row column = rowOf(x);
  auto product = times(column, z);
  if (!product)
    return;
  bool monomial = z.terms.size() == 1 && z.constant == 0;
  std::vector<Row> all{{}};
  if (monomial)
    all = candidates(x, product->terms[0].first, system.columns[z.terms[0].first].factors);
  for (const Row &a : all) {
    auto za = times(z, a);
    if (!za)
      continue;
    for (int shift : {-1, 0}) {
      if (done())
        return;
      // x * z > z * (a + shift), so x >= a + shift + 1; and the mirror image.
      auto above = sum({{1, &*product}, {-1, &*za}, {-shift, &z}}, -1);
      auto below = sum({{1, &*za}, {-shift, &z}, {-1, &*product}}, -1);
      auto more = sum({{1, &column}, {-1, &a}}, -(shift + 1));
      auto less = sum({{1, &a}, {-1, &column}}, -(shift + 1));
      if (!above || !below || !more || !less)
        continue;
      if (system.entails(*above) && !system.entails(*more))
        system.require(*more, false);
      if (system.entails(*below) && !system.entails(*less))
        system.require(*less, false);
    }
  }
}

void Lemmas::cancel() {
  size_t count = system.columns.size();
  for (size_t c = 0; c < count && !done(); ++c) {
    const std::vector<int> factors = system.columns[c].factors;
    if (factors.size() < 2)
      continue;
    for (size_t i = 0; i < factors.size(); ++i) {
      if (i > 0 && factors[i] == factors[i - 1])
        continue;
      std::vector<int> rest = factors;
      rest.erase(rest.begin() + i);
      int z = system.find(rest);
      bool quotient = system.columns[factors[i]].node->kind == Expr::Kind::FloorDiv;
      if (z >= 0 && atLeast(z, 0) && (quotient || count <= maxCancelColumns))
        cancelFactor(factors[i], rowOf(z));
    }
  }
  for (size_t i = 0; i < system.quotients.size() && i < quotientDone.size() && !done(); ++i) {
    int q = system.quotients[i];
    auto divisor = system.linearize(system.columns[q].node->args[1]);
    if (quotientDone[i] && divisor && (divisor->terms.size() > 1 || divisor->constant != 0))
      cancelFactor(q, *divisor);
  }
}

void Lemmas::multiply() {
  std::vector<bool> divides(system.columns.size());
  for (const auto &column : system.columns)
    for (size_t i = 0; column.factors.size() > 1 && i < column.factors.size(); ++i) {
      divides[column.factors[i]] = true;
      std::vector<int> rest = column.factors;
      rest.erase(rest.begin() + i);
      if (int z = system.find(rest); z >= 0)
        divides[z] = true;
    }
  std::vector<std::pair<Row, bool>> usable;
  for (const auto &entry : system.rows) {
    const Row &row = entry.first;
    if (usable.size() < maxMultipliedRows && isSmall(row) &&
        std::all_of(row.terms.begin(), row.terms.end(), [&](auto &t) { return divides[t.first]; }))
      usable.push_back(entry);
  }
  for (size_t i = 0; i < usable.size() && !done(); ++i)
    for (size_t j = i; j < usable.size() && !done(); ++j) {
      auto &[r, rZero] = usable[i];
      auto &[s, sZero] = usable[j];
      if (i == j && (rZero || r.terms.size() == 1))
        continue;
      if (auto product = times(r, s); product && isSmall(*product))
        system.require(*product, rZero || sZero);
    }
  // An equality may be multiplied by what has no sign.
  for (size_t i = 0; i < usable.size(); ++i)
    for (size_t c = 0; usable[i].second && c < divides.size() && !done(); ++c)
      if (divides[c])
        if (auto product = times(usable[i].first, rowOf(int(c))); product && isSmall(*product))
          system.require(*product, true);
}

} // namespace

void applyLemmas(System &system, const Effort &effort) {
  if (system.hasProducts || !system.quotients.empty())
    Lemmas(system, effort).run();
}

} // namespace texpr::facts

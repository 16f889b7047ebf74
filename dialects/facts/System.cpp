// Rows and columns over one simplex tableau of MLIR's Presburger library.
//
// In: polynomials that are >= 0 or == 0. Out: emptiness, entailment, bounds, an integer point. An
// inequality is divided by the common factor of its coefficients and its constant rounded down, an
// equality that the factor does not divide is a contradiction; the rest of integrality is branch
// and bound with a fixed number of nodes, because the library's own search has no limit on its
// time. All checks here are exact (arbitrary precision); rows whose coefficients leave int64 are
// dropped.
#include "dialects/facts/System.h"
#include "mlir/Analysis/Presburger/Simplex.h"
#include <numeric>

namespace texpr::facts {

using llvm::DynamicAPInt;
using mlir::presburger::Fraction;
using mlir::presburger::Simplex;
using Coefficients = llvm::SmallVector<DynamicAPInt, 8>;

/// The library's tableau, and a measure of the length of its numbers.
class Tableau : public Simplex {
public:
  using Simplex::Simplex;
  /// Beyond int64 each operation allocates and is some fifty times slower: it counts for as much.
  int64_t costFactor() const {
    static const DynamicAPInt small(int64_t(1) << 31), large(int64_t(1) << 61);
    int64_t factor = 1;
    for (unsigned r = 0; r < getNumRows(); ++r)
      for (unsigned c : {0, 1}) // the common denominator, and the constant
        if (DynamicAPInt v = abs(tableau(r, c)); v > small)
          factor = std::max<int64_t>(factor, v > large ? 400 : 8);
    return factor;
  }
};

namespace {

uint64_t magnitude(int64_t v) { return v < 0 ? uint64_t(0) - uint64_t(v) : uint64_t(v); }

enum class Shape { Row, True, False };

/// Divides by the common factor of the coefficients.
Shape reduce(Row &row, bool equality) {
  uint64_t g = 0;
  for (auto &[c, k] : row.terms)
    g = std::gcd(g, magnitude(k));
  if (row.terms.empty())
    return (equality ? row.constant == 0 : row.constant >= 0) ? Shape::True : Shape::False;
  if (g > 1 && g <= uint64_t(INT64_MAX)) {
    int64_t d = int64_t(g);
    if (equality && row.constant % d != 0)
      return Shape::False;
    for (auto &[c, k] : row.terms)
      k /= d;
    row.constant = floorDivide(row.constant, d);
  }
  if (equality && row.terms[0].second < 0)
    if (auto negated = addRows({}, -1, row))
      row = *negated;
  return Shape::Row;
}

Coefficients dense(const Row &row, size_t columns) {
  Coefficients out(columns + 1, DynamicAPInt(0));
  for (auto &[c, k] : row.terms)
    out[c] = DynamicAPInt(k);
  out[columns] = DynamicAPInt(row.constant);
  return out;
}

std::optional<int64_t> toInt64(const DynamicAPInt &v) {
  if (v < DynamicAPInt(INT64_MIN) || v > DynamicAPInt(INT64_MAX))
    return std::nullopt;
  return int64_t(v);
}

} // namespace

std::optional<Row> addRows(const Row &a, int64_t k, const Row &b) {
  Row out;
  int64_t scaled;
  if (__builtin_mul_overflow(k, b.constant, &scaled) ||
      __builtin_add_overflow(a.constant, scaled, &out.constant))
    return std::nullopt;
  size_t i = 0, j = 0;
  while (i < a.terms.size() || j < b.terms.size()) {
    if (j == b.terms.size() || (i < a.terms.size() && a.terms[i].first < b.terms[j].first)) {
      out.terms.push_back(a.terms[i++]);
      continue;
    }
    auto [c, v] = b.terms[j++];
    if (__builtin_mul_overflow(k, v, &v))
      return std::nullopt;
    if (i < a.terms.size() && a.terms[i].first == c &&
        __builtin_add_overflow(v, a.terms[i++].second, &v))
      return std::nullopt;
    if (v != 0)
      out.terms.push_back({c, v});
  }
  return out;
}

System::System(Effort &effort)
    : effort(effort), simplex(std::make_unique<Tableau>(0u)),
      products(maxColumns * maxColumns, unknown) {}
System::~System() = default;

bool System::charge() {
  effort.left -= int64_t(rows.size() + 4) * int64_t(columns.size() + 4) * simplex->costFactor();
  return effort.left > 0;
}

int System::product(int a, int b) {
  int &known = products[size_t(a) * maxColumns + size_t(b)];
  if (known == unknown)
    known = findProduct(a, b);
  return known;
}

int System::findProduct(int a, int b) const {
  std::vector<int> factors;
  const auto &x = columns[a].factors, &y = columns[b].factors;
  std::merge(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(factors));
  return find(factors);
}

int System::find(const std::vector<int> &factors) const {
  auto it = productOf.find(factors);
  return it == productOf.end() ? -1 : it->second;
}

int System::column(const Node *m) {
  if (auto it = columnOf.find(m); it != columnOf.end())
    return it->second;
  std::vector<int> factors;
  if (!m->isAtom())
    for (const Node *f : m->factors) {
      int c = column(f);
      if (c < 0)
        return -1;
      factors.push_back(c);
    }
  if (columns.size() >= maxColumns)
    return -1;
  int c = int(columns.size());
  if (m->isAtom())
    factors = {c};
  std::sort(factors.begin(), factors.end());
  columnOf[m] = c;
  productOf[factors] = c;
  std::fill(products.begin(), products.end(), unknown);
  columns.push_back({m, factors});
  simplex->appendVariable();
  if (m->isAtom())
    define(c);
  else
    hasProducts = true;
  return c;
}

/// What an atom is, as far as that is linear.
void System::define(int c) {
  const Node *n = columns[c].node;
  if (n->opaque || n->kind == Expr::Kind::Symbol)
    return;
  Expr self = Node::wrap(n), a = Node::wrap(n->args[0]), b = Node::wrap(n->args[1]);
  if (n->kind == Expr::Kind::Min || n->kind == Expr::Kind::Max) {
    int64_t sign = n->kind == Expr::Kind::Min ? 1 : -1;
    for (Expr x : {a, b})
      require(Node::of(sign * (x - self)), false);
    extrema.push_back(c);
    return;
  }
  auto divisor = b.constant();
  if (!divisor)
    quotients.push_back(c);
  if (divisor.value_or(0) <= 0)
    return; // by 0: no value, so nothing to say
  Expr rest = a - b * self;
  require(Node::of(rest), false);
  require(Node::of(b - 1 - rest), false);
}

std::optional<Row> System::linearize(const Node *e) {
  Row row;
  for (const Term &t : e->terms) {
    if (!t.monomial) {
      row.constant = t.coefficient;
      continue;
    }
    int c = column(t.monomial);
    if (c < 0)
      return std::nullopt;
    row.terms.push_back({c, t.coefficient});
  }
  std::sort(row.terms.begin(), row.terms.end());
  return row;
}

void System::require(const Node *e, bool equality) {
  if (auto row = linearize(e))
    require(*row, equality);
}

void System::require(const Row &given, bool equality) {
  if (empty)
    return;
  Row row = given;
  Shape shape = reduce(row, equality);
  if (shape == Shape::False)
    empty = true;
  if (shape != Shape::Row || rows.size() >= maxRows || !known.insert({row, equality}).second)
    return;
  rows.push_back({row, equality});
  append(row, equality);
}

void System::append(const Row &row, bool equality) {
  charge();
  if (equality)
    simplex->addEquality(dense(row, columns.size()));
  else
    simplex->addInequality(dense(row, columns.size()));
  empty = empty || simplex->isEmpty();
}

bool System::excludes(const std::vector<std::pair<Row, bool>> &extra) {
  if (empty)
    return true;
  if (!charge())
    return false;
  unsigned mark = simplex->getSnapshot();
  bool none = false;
  for (auto [row, equality] : extra) {
    Shape shape = reduce(row, equality);
    if (shape == Shape::True)
      continue;
    if (shape == Shape::Row)
      append(row, equality);
    none = empty || shape == Shape::False;
    empty = false;
    if (none)
      break;
  }
  simplex->rollback(mark);
  return none;
}

bool System::entails(const Row &row) {
  auto negated = addRows({{}, -1}, -1, row);
  return negated && excludes({{*negated, false}});
}

std::optional<int64_t> System::minimum(const Row &row) {
  if (empty || !charge())
    return std::nullopt;
  auto best = simplex->computeOptimum(Simplex::Direction::Down, dense(row, columns.size()));
  return best.isBounded() ? toInt64(ceil(*best)) : std::nullopt;
}

std::optional<int64_t> System::maximum(const Row &row) {
  if (empty || !charge())
    return std::nullopt;
  auto best = simplex->computeOptimum(Simplex::Direction::Up, dense(row, columns.size()));
  return best.isBounded() ? toInt64(floor(*best)) : std::nullopt;
}

/// Whether the tableau has an integer point: `exact` turns false where nodes ran out before that
/// was known.
bool System::feasible(int nodes, bool &exact, std::vector<int64_t> *point) {
  std::vector<Tableau> open{*simplex};
  while (!open.empty()) {
    Tableau s = std::move(open.back());
    open.pop_back();
    if (s.isEmpty())
      continue;
    effort.left -= int64_t(rows.size() + 4) * int64_t(columns.size() + 4) * s.costFactor();
    if (nodes-- <= 0 || effort.spent()) {
      exact = false;
      return true;
    }
    auto sample = s.getRationalSample();
    if (!sample) {
      exact = false;
      return true;
    }
    size_t i = 0;
    while (i < sample->size() && (*sample)[i].num % (*sample)[i].den == 0)
      ++i;
    if (i == sample->size()) {
      point->clear();
      for (const Fraction &f : *sample) {
        auto v = toInt64(f.getAsInteger());
        if (!v)
          point->clear();
        if (!v)
          break;
        point->push_back(*v);
      }
      return true;
    }
    Coefficients row(columns.size() + 1, DynamicAPInt(0));
    Tableau up = s;
    row[i] = DynamicAPInt(1);
    row[columns.size()] = -ceil((*sample)[i]);
    up.addInequality(row);
    row[i] = DynamicAPInt(-1);
    row[columns.size()] = floor((*sample)[i]);
    s.addInequality(row);
    open.push_back(std::move(up));
    open.push_back(std::move(s));
  }
  return false;
}

System::Integer System::solveIntegers(int nodes) {
  Integer result;
  if (empty) {
    result.empty = true;
    return result;
  }
  bool exact = true;
  result.empty = !feasible(nodes, exact, &result.point) && exact;
  return result;
}

} // namespace texpr::facts

// The hash-consing of expression nodes: one node a normal form, so that equality is identity of
// pointers.
//
// In: the pieces of a node (sorted terms, atoms, two operands). Out: the one node that has them,
// made on first use and kept for the life of the process. One mutex guards the table, so
// expressions may be built on any thread. Orders between nodes (of terms, of factors) come from the
// structure alone, never from addresses or from the time of making: what is printed and decided is
// the same in every run.
#include "dialects/facts/Node.h"
#include <memory>
#include <mutex>
#include <unordered_map>

namespace texpr::facts {
namespace {

uint64_t mix(uint64_t h, uint64_t v) {
  h ^= v + 0x9e3779b97f4a7c15ull + (h << 6) + (h >> 2);
  h *= 0xff51afd7ed558ccdull;
  return h ^ (h >> 32);
}

uint64_t shapeOf(const Node *n) { return n ? n->shape : 1; }

/// Same pieces; of terms only those that are not the node itself.
bool samePieces(const Node &a, const Node &b) {
  if (a.kind != b.kind || a.opaque != b.opaque || a.monomial != b.monomial ||
      a.symbol != b.symbol || a.args[0] != b.args[0] || a.args[1] != b.args[1])
    return false;
  if (a.monomial)
    return a.isAtom() || a.factors == b.factors;
  return a.terms == b.terms;
}

struct Table {
  std::mutex mutex;
  std::unordered_map<uint64_t, std::vector<std::unique_ptr<Node>>> nodes;
};

Table &table() {
  static Table *t = new Table; // never freed: expressions may outlive every static object
  return *t;
}

void addSymbols(Node &n, const Node *part) {
  if (!part)
    return;
  std::vector<Symbol> merged;
  std::set_union(n.symbols.begin(), n.symbols.end(), part->symbols.begin(), part->symbols.end(),
                 std::back_inserter(merged));
  n.symbols = std::move(merged);
  n.size = std::min<uint64_t>(n.size + part->size, uint64_t(1) << 40);
}

const Node *intern(Node &&proto) {
  uint64_t h =
      mix(static_cast<uint64_t>(proto.kind) * 4 + proto.opaque * 2 + proto.monomial, proto.symbol);
  h = mix(mix(h, shapeOf(proto.args[0])), shapeOf(proto.args[1]));
  for (const Node *f : proto.factors)
    h = mix(h, f->shape);
  for (const Term &t : proto.terms)
    h = mix(mix(h, static_cast<uint64_t>(t.coefficient)), shapeOf(t.monomial));
  Table &t = table();
  std::lock_guard<std::mutex> lock(t.mutex);
  auto &bucket = t.nodes[h];
  for (auto &n : bucket)
    if (samePieces(*n, proto))
      return n.get();
  bucket.push_back(std::make_unique<Node>(std::move(proto)));
  Node &n = *bucket.back();
  n.shape = h;
  if (n.kind == Expr::Kind::Symbol)
    n.symbols = {n.symbol};
  for (const Node *part : {n.args[0], n.args[1]})
    addSymbols(n, part);
  for (const Node *f : n.factors)
    addSymbols(n, f);
  for (const Term &term : n.terms)
    addSymbols(n, term.monomial);
  if (n.monomial) {
    n.terms = {{1, &n}};
    if (n.isAtom())
      n.factors = {&n};
  }
  return &n;
}

int compare(const Node *a, const Node *b);

int compareTerms(const Node *a, const Node *b) {
  if (a->terms.size() != b->terms.size())
    return a->terms.size() < b->terms.size() ? -1 : 1;
  for (size_t i = 0; i < a->terms.size(); ++i) {
    const Term &x = a->terms[i], &y = b->terms[i];
    if (x.coefficient != y.coefficient)
      return x.coefficient < y.coefficient ? -1 : 1;
    if (x.monomial != y.monomial)
      return monomialBefore(x.monomial, y.monomial) ? -1 : 1;
  }
  return 0;
}

/// A total order of atoms: symbols by number, then the others by size and shape.
int compare(const Node *a, const Node *b) {
  if (a == b)
    return 0;
  bool sa = a->kind == Expr::Kind::Symbol, sb = b->kind == Expr::Kind::Symbol;
  if (sa != sb)
    return sa ? -1 : 1;
  if (sa)
    return a->symbol < b->symbol ? -1 : 1;
  if (a->kind != b->kind)
    return a->kind < b->kind ? -1 : 1;
  if (a->size != b->size)
    return a->size < b->size ? -1 : 1;
  if (a->shape != b->shape)
    return a->shape < b->shape ? -1 : 1;
  int c = compareTerms(a->args[0], b->args[0]); // equal hashes of different nodes: all but never
  return c ? c : compareTerms(a->args[1], b->args[1]);
}

bool atomBefore(const Node *a, const Node *b) { return compare(a, b) < 0; }

} // namespace

bool monomialBefore(const Node *a, const Node *b) {
  if (a == b || !a || !b)
    return a && !b;
  if (a->factors.size() != b->factors.size())
    return a->factors.size() > b->factors.size();
  for (size_t i = 0; i < a->factors.size(); ++i)
    if (int c = compare(a->factors[i], b->factors[i]))
      return c < 0;
  return false;
}

const Node *polynomial(Terms terms) {
  if (terms.size() == 1 && terms[0].monomial && terms[0].coefficient == 1)
    return terms[0].monomial;
  Node n;
  if (terms.empty() || (terms.size() == 1 && !terms[0].monomial))
    n.kind = Expr::Kind::Constant;
  else
    n.kind = terms.size() == 1 ? Expr::Kind::Product : Expr::Kind::Sum;
  n.terms = std::move(terms);
  return intern(std::move(n));
}

const Node *monomialOf(std::vector<const Node *> factors) {
  if (factors.empty())
    return nullptr;
  if (factors.size() == 1)
    return factors[0];
  std::sort(factors.begin(), factors.end(), atomBefore);
  Node n;
  n.kind = Expr::Kind::Product;
  n.monomial = true;
  n.factors = std::move(factors);
  return intern(std::move(n));
}

const Node *atom(Expr::Kind kind, const Node *a, const Node *b, bool opaque) {
  Node n;
  n.kind = kind;
  n.opaque = opaque;
  n.monomial = true;
  n.args[0] = a;
  n.args[1] = b;
  return intern(std::move(n));
}

Expr Expr::symbol(Symbol s) {
  Node n;
  n.kind = Kind::Symbol;
  n.monomial = true;
  n.symbol = s;
  return Expr(*intern(std::move(n)));
}

bool divides(const Node *b, const Node *a, const Node *&quotient) {
  std::vector<const Node *> rest;
  size_t i = 0;
  for (const Node *f : a->factors) {
    if (i < b->factors.size() && b->factors[i] == f)
      ++i;
    else
      rest.push_back(f);
  }
  if (i < b->factors.size())
    return false;
  quotient = monomialOf(std::move(rest));
  return true;
}

std::optional<Terms> addScaled(const Terms &a, int64_t k, const Terms &b) {
  Terms out;
  out.reserve(a.size() + b.size());
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (j == b.size() || (i < a.size() && monomialBefore(a[i].monomial, b[j].monomial))) {
      out.push_back(a[i++]);
      continue;
    }
    Term t{0, b[j].monomial};
    if (__builtin_mul_overflow(k, b[j].coefficient, &t.coefficient))
      return std::nullopt;
    ++j;
    if (i < a.size() && a[i].monomial == t.monomial &&
        __builtin_add_overflow(a[i++].coefficient, t.coefficient, &t.coefficient))
      return std::nullopt;
    if (t.coefficient != 0)
      out.push_back(t);
  }
  return out;
}

} // namespace texpr::facts

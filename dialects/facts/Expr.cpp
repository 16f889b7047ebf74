// Expressions: sums, products, min and max in normal form, and the questions that need no facts.
//
// Sums and products expand to a polynomial of atoms with int64 coefficients. Where a coefficient
// overflows or the expansion grows past a limit, the operands are kept as one opaque atom instead:
// nothing ever wraps, and the value is the same. min and max are flattened, sorted, rid of
// duplicates and of operands that differ by a constant. Quotients are in Quotient.cpp.
#include "dialects/facts/Node.h"
#include <unordered_map>

namespace texpr::facts {
namespace {

constexpr size_t maxTerms = 256, maxProductTerms = 64, maxDegree = 8, maxMinMax = 16;

const Node *sum(const Node *a, int64_t k, const Node *b) {
  auto terms = addScaled(a->terms, k, b->terms);
  if (terms && terms->size() <= maxTerms)
    return polynomial(std::move(*terms));
  const Node *kb = k == 1 ? b : Node::of(Node::wrap(b) * Expr(k));
  return atom(Expr::Kind::Sum, a, kb, true);
}

const Node *opaqueProduct(const Node *a, const Node *b) {
  if (monomialBefore(b->terms.empty() ? nullptr : b->terms[0].monomial,
                     a->terms.empty() ? nullptr : a->terms[0].monomial))
    std::swap(a, b);
  return atom(Expr::Kind::Product, a, b, true);
}

/// The terms of a, each times one term of b; sorted. Nothing on overflow or too high a degree.
std::optional<Terms> timesTerm(const Terms &a, const Term &b) {
  Terms out;
  out.reserve(a.size());
  for (const Term &t : a) {
    Term p{0, t.monomial ? t.monomial : b.monomial};
    if (__builtin_mul_overflow(t.coefficient, b.coefficient, &p.coefficient))
      return std::nullopt;
    if (t.monomial && b.monomial) {
      std::vector<const Node *> factors = t.monomial->factors;
      factors.insert(factors.end(), b.monomial->factors.begin(), b.monomial->factors.end());
      if (factors.size() > maxDegree)
        return std::nullopt;
      p.monomial = monomialOf(std::move(factors));
    }
    out.push_back(p);
  }
  std::sort(out.begin(), out.end(),
            [](const Term &x, const Term &y) { return monomialBefore(x.monomial, y.monomial); });
  return out;
}

bool isOpaque(const Node *n) {
  for (const Term &t : n->terms)
    for (const Node *f : t.monomial ? t.monomial->factors : std::vector<const Node *>{})
      if (f->opaque)
        return true;
  return false;
}

const Node *product(const Node *a, const Node *b) {
  if (a->terms.empty() || b->terms.empty())
    return Node::of(Expr());
  // What was not expanded stays so, or (n + 1)^64 would double with every factor.
  bool keep = (isOpaque(a) && b->terms.size() > 1) || (isOpaque(b) && a->terms.size() > 1);
  if (keep || a->terms.size() * b->terms.size() > maxProductTerms)
    return opaqueProduct(a, b);
  Terms all;
  for (const Term &t : b->terms) {
    auto part = timesTerm(a->terms, t);
    if (part)
      part = addScaled(all, 1, *part);
    if (!part)
      return opaqueProduct(a, b);
    all = std::move(*part);
  }
  return polynomial(std::move(all));
}

void flatten(Expr::Kind kind, const Node *n, std::vector<const Node *> &out) {
  while (n->isAtom() && n->kind == kind) {
    flatten(kind, n->args[0], out);
    n = n->args[1];
  }
  out.push_back(n);
}

/// A stable, structural order of operands.
bool operandBefore(const Node *a, const Node *b) {
  if (a->isConstant() != b->isConstant())
    return b->isConstant();
  size_t k = std::min(a->terms.size(), b->terms.size());
  for (size_t i = 0; i < k; ++i) {
    if (a->terms[i].monomial != b->terms[i].monomial)
      return monomialBefore(a->terms[i].monomial, b->terms[i].monomial);
    if (a->terms[i].coefficient != b->terms[i].coefficient)
      return a->terms[i].coefficient < b->terms[i].coefficient;
  }
  return a->terms.size() < b->terms.size();
}

const Node *extremum(Expr::Kind kind, const Node *a, const Node *b) {
  std::vector<const Node *> all, kept;
  flatten(kind, a, all);
  flatten(kind, b, all);
  if (all.size() > maxMinMax)
    return atom(kind, a, b);
  for (const Node *n : all) {
    bool drop = false;
    for (const Node *&k : kept) {
      if (n->isConstant() && k->isConstant()) {
        if ((kind == Expr::Kind::Min) == (n->constantTerm() < k->constantTerm()))
          k = n;
        drop = true;
        break;
      }
      auto difference = addScaled(n->terms, -1, k->terms);
      if (!difference || difference->size() > 1 ||
          (!difference->empty() && difference->front().monomial))
        continue;
      int64_t d = difference->empty() ? 0 : difference->front().coefficient;
      if ((kind == Expr::Kind::Min) == (d < 0))
        k = n;
      drop = true;
      break;
    }
    if (!drop)
      kept.push_back(n);
  }
  std::sort(kept.begin(), kept.end(), operandBefore);
  const Node *result = kept.back();
  for (size_t i = kept.size() - 1; i-- > 0;)
    result = atom(kind, kept[i], result);
  return result;
}

} // namespace

Expr::Expr() : Expr(int64_t(0)) {}
Expr::Expr(int64_t constant) : node(polynomial(constant ? Terms{{constant, nullptr}} : Terms{})) {}

Expr Expr::operator+(Expr o) const { return Expr(*sum(node, 1, o.node)); }
Expr Expr::operator-(Expr o) const { return Expr(*sum(node, -1, o.node)); }
Expr Expr::operator*(Expr o) const { return Expr(*product(node, o.node)); }
Expr Expr::operator-() const { return Expr(*sum(Expr().node, -1, node)); }
Expr Expr::min(Expr a, Expr b) { return Expr(*extremum(Kind::Min, a.node, b.node)); }
Expr Expr::max(Expr a, Expr b) { return Expr(*extremum(Kind::Max, a.node, b.node)); }
Expr Expr::mod(Expr a, Expr b) { return a - b * floorDiv(a, b); }

std::optional<int64_t> Expr::constant() const {
  return node->isConstant() ? std::optional<int64_t>(node->constantTerm()) : std::nullopt;
}

std::optional<Symbol> Expr::asSymbol() const {
  return node->kind == Kind::Symbol ? std::optional<Symbol>(node->symbol) : std::nullopt;
}

bool Expr::uses(Symbol s) const {
  return std::binary_search(node->symbols.begin(), node->symbols.end(), s);
}

void Expr::symbols(std::vector<Symbol> &out) const {
  auto known = [&](Symbol s) { return std::find(out.begin(), out.end(), s) != out.end(); };
  if (std::all_of(node->symbols.begin(), node->symbols.end(), known))
    return;
  for (const Term &t : node->terms) {
    if (!t.monomial)
      continue;
    for (const Node *f : t.monomial->factors) {
      if (f->kind != Kind::Symbol) {
        Expr(*f->args[0]).symbols(out);
        Expr(*f->args[1]).symbols(out);
      } else if (!known(f->symbol)) {
        out.push_back(f->symbol);
      }
    }
  }
}

Expr Expr::substitute(const std::function<std::optional<Expr>(Symbol)> &f) const {
  std::unordered_map<const Node *, Expr> done;
  std::function<Expr(const Node *)> rebuild = [&](const Node *n) -> Expr {
    if (auto it = done.find(n); it != done.end())
      return it->second;
    Expr result;
    if (n->kind == Kind::Symbol) {
      result = f(n->symbol).value_or(Expr(*n));
    } else if (n->isAtom()) {
      Expr a = rebuild(n->args[0]), b = rebuild(n->args[1]);
      switch (n->kind) {
      case Kind::FloorDiv:
        result = floorDiv(a, b);
        break;
      case Kind::Min:
        result = min(a, b);
        break;
      case Kind::Max:
        result = max(a, b);
        break;
      case Kind::Sum:
        result = a + b;
        break;
      default:
        result = a * b;
      }
    } else {
      for (const Term &t : n->terms) {
        Expr part(t.coefficient);
        if (t.monomial)
          for (const Node *factor : t.monomial->factors)
            part = part * rebuild(factor);
        result = result + part;
      }
    }
    done.emplace(n, result);
    return result;
  };
  return rebuild(node);
}

std::optional<int64_t> Expr::evaluate(const std::function<int64_t(Symbol)> &f) const {
  if (node->size > (uint64_t(1) << 24))
    return std::nullopt; // shared parts would be walked again and again
  return evaluateNode(node, [&](Symbol s) { return std::optional<int64_t>(f(s)); });
}

Expr::Kind Expr::kind() const { return node->kind; }

std::vector<Expr> Expr::operands() const {
  std::vector<Expr> out;
  if (node->kind == Kind::Sum && !node->opaque) {
    for (const Term &t : node->terms)
      out.push_back(Expr(*polynomial({t})));
  } else if (node->kind == Kind::Product && !node->opaque) {
    const Term &t = node->terms[0];
    if (t.coefficient != 1)
      out.push_back(Expr(t.coefficient));
    for (const Node *f : t.monomial->factors)
      out.push_back(Expr(*f));
  } else if (node->args[0]) {
    out = {Expr(*node->args[0]), Expr(*node->args[1])};
  }
  return out;
}

Constraint negate(const Constraint &c) {
  switch (c.rel) {
  case Rel::EQ:
    return {c.lhs, Rel::NE, c.rhs};
  case Rel::NE:
    return {c.lhs, Rel::EQ, c.rhs};
  case Rel::LT:
    return {c.lhs, Rel::GE, c.rhs};
  case Rel::LE:
    return {c.lhs, Rel::GT, c.rhs};
  case Rel::GT:
    return {c.lhs, Rel::LE, c.rhs};
  case Rel::GE:
    return {c.lhs, Rel::LT, c.rhs};
  }
  return c;
}

} // namespace texpr::facts

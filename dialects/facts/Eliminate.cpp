// Equalities solved for a symbol, and the symbol substituted everywhere: m == h * w, oh == (h - k)
// / s + 1, m % 32 == 0.
//
// In: a problem's facts. Out: the same problem over fewer symbols; what was replaced is recorded
// for the witness.
//   x + rest == 0, x nowhere else in it        x := -rest
//   x - b * (F) - k == 0, F = x / b            a fresh t for F: x := b * t + k, and F of that is t
// The second is `C % G == 0 makes C = G * (C / G)`: afterwards (C / G) is t by the identities of
// the normal form. Products over replaced symbols then expand and cancel, where opaque columns
// would have to be related by lemmas.
#include "dialects/facts/Problem.h"

namespace texpr::facts {
namespace {

bool monomialUses(const Node *m, Symbol x) {
  return m && std::binary_search(m->symbols.begin(), m->symbols.end(), x);
}

/// A fact's expression with a node replaced wherever it is a factor of a term.
Expr replaceFactor(const Node *e, const Node *factor, Expr by) {
  Expr out;
  for (const Term &t : e->terms) {
    Expr part(t.coefficient);
    if (t.monomial)
      for (const Node *f : t.monomial->factors)
        part = part * (f == factor ? by : Node::wrap(f));
    out = out + part;
  }
  return out;
}

struct Solution {
  Symbol symbol;
  Expr value;
  /// F == t, where a quotient F was replaced by a fresh t.
  const Node *quotient = nullptr;
  Symbol fresh = 0;
};

std::optional<Solution> solveFor(const Node *e, const Term &term, Symbol nextFresh) {
  const Node *x = term.monomial;
  const Node *quotient = nullptr;
  for (const Term &t : e->terms) {
    if (&t == &term || !monomialUses(t.monomial, x->symbol))
      continue;
    for (const Node *f : t.monomial->factors) {
      if (!monomialUses(f, x->symbol))
        continue;
      if (f->kind != Expr::Kind::FloorDiv || (quotient && quotient != f) ||
          monomialUses(f->args[1], x->symbol))
        return std::nullopt;
      quotient = f;
    }
  }
  Expr whole = Node::wrap(e);
  Expr t = Expr::symbol(nextFresh);
  if (quotient)
    whole = replaceFactor(e, quotient, t);
  Expr rest = whole - term.coefficient * Node::wrap(x);
  if (rest.uses(x->symbol))
    return std::nullopt;
  Expr value = term.coefficient == 1 ? -rest : rest;
  if (Node::of(value)->size > 64)
    return std::nullopt;
  return Solution{x->symbol, value, quotient, nextFresh};
}

std::optional<Solution> solve(const Node *e, Symbol nextFresh) {
  std::optional<Solution> best;
  for (const Term &t : e->terms) {
    if (!t.monomial || t.monomial->kind != Expr::Kind::Symbol ||
        (t.coefficient != 1 && t.coefficient != -1))
      continue;
    auto s = solveFor(e, t, nextFresh);
    // Without a fresh symbol first; then the younger symbol, which tends to be defined by the older
    // ones.
    if (s && (!best || (best->quotient && !s->quotient) ||
              (!best->quotient == !s->quotient && s->symbol > best->symbol)))
      best = s;
  }
  return best;
}

void substitute(Problem &p, Symbol x, Expr value) {
  auto replace = [&](Fact &f) {
    if (f.e.uses(x))
      f.e = f.e.substitute(
          [&](Symbol s) { return s == x ? std::optional<Expr>(value) : std::nullopt; });
  };
  for (Fact &f : p.facts)
    replace(f);
  for (Choice &choice : p.choices)
    for (Conjunction &c : choice)
      for (Fact &f : c)
        replace(f);
}

} // namespace

void eliminate(Problem &p) {
  for (size_t i = 0; i < p.facts.size() && p.solved.size() < 48;) {
    const Node *e = Node::of(p.facts[i].e);
    auto s = p.facts[i].kind == Fact::Zero ? solve(e, firstFresh + p.fresh) : std::nullopt;
    bool isSum = s && Node::of(s->value)->terms.size() > 1;
    if (!s || (s->quotient && p.fresh >= 16) || (isSum && p.keepSums)) {
      ++i;
      continue;
    }
    p.facts.erase(p.facts.begin() + i);
    if (s->quotient) {
      // F of the solution is t by the normal form, or stays as a fact; as an inequality pair it is
      // not solved again.
      Expr t = Expr::symbol(s->fresh);
      Expr f = Node::wrap(s->quotient).substitute([&](Symbol y) {
        return y == s->symbol ? std::optional<Expr>(s->value) : std::nullopt;
      });
      if (f != t) {
        p.facts.push_back({Fact::Positive, f - t});
        p.facts.push_back({Fact::Positive, t - f});
      }
      ++p.fresh;
    }
    substitute(p, s->symbol, s->value);
    p.solved.push_back({s->symbol, s->value});
    i = 0;
  }
}

bool replacedSum(const Problem &p) {
  return std::any_of(p.solved.begin(), p.solved.end(),
                     [](auto &entry) { return Node::of(entry.second)->terms.size() > 1; });
}

} // namespace texpr::facts

// floorDiv in normal form, by identities that hold for every divisor but 0.
//
//   (b * q + r) / b == q + r / b          what b divides term by term leaves the quotient
//   (g * x) / (g * y) == x / y            a common factor goes (a constant g > 0 rounds the
//   constant term down) (e / a + c) / b == (e + c * a) / (a * b)   for constants a, b > 0 a / -b ==
//   -a / b                      a divisor's first coefficient is positive
//
// So with mod(a, b) = a - b * (a / b), (p / n) * n + p % n == p for a constant and for a symbolic
// n, and (32 * i + 7) / 32 == i; (i * n + j) / n == i + j / n, where j / n == 0 is a matter of
// facts.
#include "dialects/facts/Node.h"
#include <numeric>

namespace texpr::facts {
namespace {

struct Division {
  Terms quotient, rest;
};

/// Adds c * m to sorted terms; false on overflow.
bool addTerm(Terms &terms, int64_t c, const Node *m) {
  auto sum = addScaled(terms, 1, {{c, m}});
  if (sum)
    terms = std::move(*sum);
  return sum.has_value();
}

/// a == b * quotient + rest for a constant b > 0: of each coefficient what b divides; the constant
/// term is left in 0 … b - 1.
std::optional<Division> byConstant(const Terms &a, int64_t b) {
  Division d;
  for (const Term &t : a) {
    int64_t q = t.monomial ? t.coefficient / b : floorDivide(t.coefficient, b);
    int64_t r = t.coefficient - q * b;
    if (q)
      d.quotient.push_back({q, t.monomial});
    if (r)
      d.rest.push_back({r, t.monomial});
  }
  return d;
}

/// The same for a divisor with symbols: long division by its first term. With several terms a step
/// is taken only where it makes the rest shorter.
std::optional<Division> byPolynomial(const Terms &a, const Terms &b) {
  Division d{{}, a};
  const Term lead = b[0];
  for (size_t i = 0, steps = 0; i < d.rest.size() && steps < 32; ++steps) {
    const Term t = d.rest[i];
    const Node *m = nullptr;
    if (!t.monomial || t.coefficient % lead.coefficient != 0 ||
        !divides(lead.monomial, t.monomial, m)) {
      ++i;
      continue;
    }
    int64_t k = t.coefficient / lead.coefficient;
    Terms step;
    for (const Term &x : b) {
      std::vector<const Node *> factors;
      for (const Node *part : {x.monomial, m})
        if (part)
          factors.insert(factors.end(), part->factors.begin(), part->factors.end());
      if (!addTerm(step, x.coefficient, monomialOf(std::move(factors))))
        return std::nullopt;
    }
    auto rest = k == INT64_MIN ? std::nullopt : addScaled(d.rest, -k, step);
    if (!rest)
      return std::nullopt;
    if (rest->size() >= d.rest.size()) {
      ++i;
      continue;
    }
    if (!addTerm(d.quotient, k, m))
      return std::nullopt;
    d.rest = std::move(*rest);
  }
  return d;
}

uint64_t magnitude(int64_t v) { return v < 0 ? uint64_t(0) - uint64_t(v) : uint64_t(v); }

uint64_t content(const Terms &a, bool withConstant) {
  uint64_t g = 0;
  for (const Term &t : a)
    if (t.monomial || withConstant)
      g = std::gcd(g, magnitude(t.coefficient));
  return g;
}

void divideCoefficients(Terms &a, int64_t g) {
  for (Term &t : a)
    t.coefficient = t.monomial ? t.coefficient / g : floorDivide(t.coefficient, g);
  if (!a.empty() && !a.back().monomial && a.back().coefficient == 0)
    a.pop_back();
}

/// Removes an atom that all terms of both sides have; true where there was one.
bool cancelAtom(Terms &a, Terms &b) {
  if (a.empty() || !a.back().monomial || !b.back().monomial)
    return false;
  for (const Node *f : b[0].monomial->factors) {
    auto without = [&](const Terms &terms) -> std::optional<Terms> {
      Terms out;
      for (const Term &t : terms) {
        const Node *rest;
        if (!divides(f, t.monomial, rest) || !addTerm(out, t.coefficient, rest))
          return std::nullopt;
      }
      return out;
    };
    auto x = without(a), y = without(b);
    if (x && y) {
      a = std::move(*x);
      b = std::move(*y);
      return true;
    }
  }
  return false;
}

} // namespace

Expr Expr::floorDiv(Expr dividend, Expr divisor) {
  Terms a = dividend.node->terms, b = divisor.node->terms;
  Expr asIs(*atom(Kind::FloorDiv, dividend.node, divisor.node));
  if (b.empty() || b[0].coefficient == INT64_MIN || (b.size() == 1 && b[0].coefficient == 0))
    return asIs;
  if (a.empty())
    return Expr();
  if (b[0].coefficient < 0) {
    auto minusA = addScaled({}, -1, a), minusB = addScaled({}, -1, b);
    if (!minusA || !minusB)
      return asIs;
    a = *minusA;
    b = *minusB;
  }
  while (b[0].monomial && cancelAtom(a, b)) {
  }
  bool constantDivisor = !b[0].monomial;
  auto d = constantDivisor ? byConstant(a, b[0].coefficient) : byPolynomial(a, b);
  if (!d)
    return asIs;
  Expr q(*polynomial(d->quotient));
  if (d->rest.empty())
    return q;
  // Of a constant divisor the rest's constant term may be rounded down, of another one it must
  // divide evenly.
  uint64_t g = std::gcd(content(d->rest, !constantDivisor), content(b, true));
  if (g == 0) // the rest is a constant in 0 … b - 1
    return q;
  if (constantDivisor && content(d->rest, false) == 0)
    return q;
  if (g > 1 && g <= uint64_t(INT64_MAX)) {
    divideCoefficients(d->rest, int64_t(g));
    divideCoefficients(b, int64_t(g));
    return q + floorDiv(Expr(*polynomial(d->rest)), Expr(*polynomial(b)));
  }
  if (constantDivisor) {
    const Term &t = d->rest[0];
    int64_t c = d->rest.size() == 2 && !d->rest[1].monomial ? d->rest[1].coefficient : 0;
    const Node *inner = t.coefficient == 1 ? t.monomial : nullptr;
    if (inner && inner->kind == Kind::FloorDiv && d->rest.size() == (c ? 2 : 1)) {
      auto by = Expr(*inner->args[1]).constant();
      int64_t whole, shift;
      if (by && *by > 0 && !__builtin_mul_overflow(*by, b[0].coefficient, &whole) &&
          !__builtin_mul_overflow(*by, c, &shift))
        return q + floorDiv(Expr(*inner->args[0]) + Expr(shift), Expr(whole));
    }
  }
  return q + Expr(*atom(Kind::FloorDiv, polynomial(d->rest), polynomial(b)));
}

} // namespace texpr::facts

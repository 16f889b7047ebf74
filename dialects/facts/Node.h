// The inside of an expression, for the files of this folder only.
//
// Every node carries its value as a polynomial: `terms` are integer multiples of monomials. A
// monomial is a node too (coefficient 1): an atom, or a Product of two and more atoms. An atom is a
// symbol, a floordiv, a min, a max, or an `opaque` Sum or Product that was not expanded because
// coefficients or size would have grown too far.
#pragma once
#include "dialects/facts/Facts.h"
#include <algorithm>

namespace texpr::facts {

struct Term {
  int64_t coefficient;
  const Node *monomial; // null: the constant term
  bool operator==(const Term &o) const {
    return coefficient == o.coefficient && monomial == o.monomial;
  }
};

struct Node {
  Expr::Kind kind = Expr::Kind::Constant;
  bool opaque = false;     // an unexpanded Sum or Product
  bool monomial = false;   // coefficient 1: may stand in a Term
  Symbol symbol = 0;       // Kind::Symbol
  std::vector<Term> terms; // by degree, highest first; the constant last; of a monomial: itself
  std::vector<const Node *> factors; // of a monomial: its atoms, sorted; an atom has itself
  const Node *args[2] = {nullptr, nullptr};
  std::vector<Symbol> symbols; // all that occur, sorted
  uint64_t shape = 0;          // a hash of the structure, the same in every run
  uint64_t size = 1;           // of the tree, saturating

  bool isAtom() const { return monomial && (opaque || kind != Expr::Kind::Product); }
  bool isConstant() const { return kind == Expr::Kind::Constant; }
  int64_t constantTerm() const {
    return !terms.empty() && !terms.back().monomial ? terms.back().coefficient : 0;
  }
  static const Node *of(const Expr &e) { return e.node; }
  static Expr wrap(const Node *n) { return Expr(*n); }
};

using Terms = std::vector<Term>;

/// The interned node of a polynomial whose terms are sorted, each monomial once, no coefficient 0.
const Node *polynomial(Terms terms);
/// The interned product of atoms (sorted here); null for none.
const Node *monomialOf(std::vector<const Node *> factors);
/// An interned atom of two operands, taken as it is.
const Node *atom(Expr::Kind kind, const Node *a, const Node *b, bool opaque = false);
/// The order of terms: by degree, highest first, then by atoms; null (the constant) last.
bool monomialBefore(const Node *a, const Node *b);
/// a / b as monomials, where b divides a: `quotient` is null for 1.
bool divides(const Node *b, const Node *a, const Node *&quotient);
/// Exact sum of a + k * b; nothing where a coefficient overflows.
std::optional<Terms> addScaled(const Terms &a, int64_t k, const Terms &b);
/// Floor division of integers; the divisor is positive.
inline int64_t floorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/// Exact value, `value` giving a symbol's as std::optional<int64_t>; nothing on overflow or a
/// divisor of 0.
template <class F> std::optional<int64_t> evaluateNode(const Node *n, const F &value) {
  auto pair = [&](int64_t &a, int64_t &b) {
    auto x = evaluateNode(n->args[0], value), y = evaluateNode(n->args[1], value);
    if (!x || !y)
      return false;
    a = *x, b = *y;
    return true;
  };
  int64_t a, b, r;
  if (n->isAtom()) {
    if (n->kind == Expr::Kind::Symbol)
      return value(n->symbol);
    if (!pair(a, b))
      return std::nullopt;
    switch (n->kind) {
    case Expr::Kind::FloorDiv:
      if (b == 0 || (b == -1 && a == INT64_MIN))
        return std::nullopt;
      return a / b - (a % b != 0 && (a < 0) != (b < 0));
    case Expr::Kind::Min:
      return std::min(a, b);
    case Expr::Kind::Max:
      return std::max(a, b);
    case Expr::Kind::Sum:
      return __builtin_add_overflow(a, b, &r) ? std::nullopt : std::optional<int64_t>(r);
    default:
      return __builtin_mul_overflow(a, b, &r) ? std::nullopt : std::optional<int64_t>(r);
    }
  }
  if (n->monomial) {
    r = 1;
    for (const Node *f : n->factors) {
      auto x = evaluateNode(f, value);
      if (!x || __builtin_mul_overflow(r, *x, &r))
        return std::nullopt;
    }
    return r;
  }
  __int128 sum = 0;
  for (const Term &t : n->terms) {
    auto x = t.monomial ? evaluateNode(t.monomial, value) : std::optional<int64_t>(1);
    if (!x)
      return std::nullopt;
    sum += static_cast<__int128>(t.coefficient) * *x;
  }
  if (sum < INT64_MIN || sum > INT64_MAX)
    return std::nullopt;
  return static_cast<int64_t>(sum);
}

} // namespace texpr::facts

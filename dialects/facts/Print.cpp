// Expressions as text, for diagnostics: `i * n + j - 1`, `p % 32` for p - 32 * (p / 32), the
// constant last.
//
// The normal form holds a remainder as a difference; printing finds it again: a term k * d * (a /
// d) with -k * a among the other terms is -k * (a % d).
#include "dialects/facts/Node.h"

namespace texpr::facts {
namespace {

using Name = std::function<std::string(Symbol)>;
using Factors = std::vector<const Node *>;
enum Level { Sum, Product, Atom };

std::string text(const Node *n, const Name &name, Level level);

std::string atomText(const Node *n, const Name &name) {
  std::string a, b;
  switch (n->kind) {
  case Expr::Kind::Symbol:
    return name(n->symbol);
  case Expr::Kind::Min:
  case Expr::Kind::Max:
    return std::string(n->kind == Expr::Kind::Min ? "min(" : "max(") + text(n->args[0], name, Sum) +
           ", " + text(n->args[1], name, Sum) + ")";
  case Expr::Kind::FloorDiv:
    return "(" + text(n->args[0], name, Product) + " / " + text(n->args[1], name, Atom) + ")";
  case Expr::Kind::Sum:
    return "(" + text(n->args[0], name, Sum) + " + " + text(n->args[1], name, Product) + ")";
  default:
    return "(" + text(n->args[0], name, Product) + " * " + text(n->args[1], name, Atom) + ")";
  }
}

std::string monomialText(int64_t c, const Node *m, const Name &name) {
  std::string out;
  if (!m || c != 1)
    out = std::to_string(c);
  if (m)
    for (const Node *f : m->factors)
      out += (out.empty() ? "" : " * ") + atomText(f, name);
  // A lone quotient needs no parentheses of its own.
  if (c == 1 && m && m->kind == Expr::Kind::FloorDiv)
    out = out.substr(1, out.size() - 2);
  return out;
}

struct Piece {
  int64_t coefficient;
  std::string text; // empty: the coefficient alone
  bool closed;      // may follow a coefficient as it is
};

/// The remainder that `terms[i]`, with factor f, is the subtracted part of; its terms leave
/// `terms`.
std::optional<Piece> remainder(Terms &terms, size_t i, const Node *f, const Name &name) {
  const Node *rest, *divisor = f->args[1];
  if (f->kind != Expr::Kind::FloorDiv || divisor->terms.size() != 1 ||
      !divides(f, terms[i].monomial, rest))
    return std::nullopt;
  const Term &d = divisor->terms[0];
  if (terms[i].coefficient == INT64_MIN || terms[i].coefficient % d.coefficient != 0 ||
      (d.monomial && (!rest || !divides(d.monomial, rest, rest))))
    return std::nullopt;
  int64_t k = -(terms[i].coefficient / d.coefficient);
  Expr outer = rest ? Node::wrap(rest) : Expr(1);
  const Node *whole = Node::of(Node::wrap(f->args[0]) * outer);
  Terms without = terms;
  without.erase(without.begin() + i);
  auto left = addScaled(without, -k, whole->terms);
  if (!left || left->size() + whole->terms.size() != without.size())
    return std::nullopt;
  terms = std::move(*left);
  std::string text = texpr::facts::text(f->args[0], name, Product) + " % " +
                     texpr::facts::text(divisor, name, Atom);
  if (!rest)
    return Piece{k, text, false};
  return Piece{k, monomialText(1, rest, name) + " * (" + text + ")", true};
}

std::vector<Piece> remainders(Terms &terms, const Name &name) {
  std::vector<Piece> out;
  for (size_t i = 0; i < terms.size(); ++i)
    for (const Node *f : terms[i].monomial ? terms[i].monomial->factors : Factors{})
      if (auto piece = remainder(terms, i, f, name)) {
        out.push_back(*piece);
        i = size_t(-1); // the terms have moved
        break;
      }
  return out;
}

std::string text(const Node *n, const Name &name, Level level) {
  Terms terms = n->terms;
  std::vector<Piece> pieces;
  if (n->kind == Expr::Kind::Sum && !n->opaque)
    pieces = remainders(terms, name);
  for (const Term &t : terms) {
    bool quotient = t.monomial && t.monomial->kind == Expr::Kind::FloorDiv;
    pieces.push_back(
        {t.coefficient, t.monomial ? monomialText(1, t.monomial, name) : "", !quotient});
  }
  if (pieces.empty())
    return "0";
  std::string out;
  for (const Piece &p : pieces) {
    bool negative = p.coefficient < 0;
    std::string factor = std::to_string(p.coefficient).substr(negative);
    out += out.empty() ? (negative ? "-" : "") : (negative ? " - " : " + ");
    if (p.text.empty() || factor != "1")
      out += factor + (p.text.empty() ? "" : " * ");
    bool bare = p.closed || (factor == "1" && !negative);
    out += bare ? p.text : "(" + p.text + ")";
  }
  bool word = out.find(' ') == std::string::npos && out[0] != '-';
  bool chain = pieces.size() == 1 && pieces[0].coefficient > 0; // a * b, a / b, a % b
  return level == Sum || word || (level == Product && chain) ? out : "(" + out + ")";
}

} // namespace

std::string Expr::str(const std::function<std::string(Symbol)> &name) const {
  return text(node, name, Sum);
}

} // namespace texpr::facts

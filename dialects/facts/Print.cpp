// Expressions as text, for diagnostics: `i * n + j - 1`, `p % 32` for p - 32 * (p / 32), the
// constant last.
//
// The normal form holds a remainder as a difference; printing finds it again: a term k * d * (a /
// d) with -k * a among the other terms is -k * (a % d).
#include "dialects/facts/Node.h"

namespace texpr::facts {
namespace {

using Name = std::function<std::string(Symbol)>;
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
};

/// Takes the remainders out of `terms`.
std::vector<Piece> remainders(Terms &terms, const Name &name) {
  std::vector<Piece> out;
  for (size_t i = 0; i < terms.size(); ++i) {
    const Node *m = terms[i].monomial;
    for (const Node *f : m ? m->factors : std::vector<const Node *>{}) {
      if (f->kind != Expr::Kind::FloorDiv || f->args[1]->terms.size() != 1)
        continue;
      const Term &d = f->args[1]->terms[0];
      Expr whole = Node::wrap(f) * Node::wrap(f->args[1]);
      const Terms &w = Node::of(whole)->terms;
      if (w.size() != 1 || w[0].monomial != m || terms[i].coefficient % d.coefficient != 0 ||
          terms[i].coefficient == INT64_MIN)
        continue;
      int64_t k = -(terms[i].coefficient / d.coefficient);
      Terms without = terms;
      without.erase(without.begin() + i);
      auto rest = addScaled(without, -k, f->args[0]->terms);
      if (!rest || rest->size() + f->args[0]->terms.size() != without.size())
        continue;
      out.push_back({k, text(f->args[0], name, Product) + " % " + text(f->args[1], name, Atom)});
      terms = std::move(*rest);
      --i;
      break;
    }
  }
  return out;
}

std::string text(const Node *n, const Name &name, Level level) {
  Terms terms = n->terms;
  std::vector<Piece> pieces;
  if (n->kind == Expr::Kind::Sum && !n->opaque)
    pieces = remainders(terms, name);
  bool remainderOnly = !pieces.empty();
  for (const Term &t : terms) {
    bool constant = !t.monomial;
    pieces.push_back({t.coefficient, constant ? "" : monomialText(1, t.monomial, name)});
  }
  if (pieces.empty())
    return "0";
  std::string out;
  for (size_t i = 0; i < pieces.size(); ++i) {
    Piece p = pieces[i];
    bool compound = i == 0 && remainderOnly ? true : p.text.find(" % ") != std::string::npos;
    bool negative = p.coefficient < 0;
    out += out.empty() ? (negative ? "-" : "") : (negative ? " - " : " + ");
    std::string c = std::to_string(p.coefficient);
    if (negative)
      c = c.substr(1);
    bool quotient = p.text.find(" / ") != std::string::npos;
    if (p.text.empty())
      out += c;
    else if (c == "1" && !negative)
      out += p.text;
    else if (compound || quotient)
      out += (c == "1" ? "" : c + " * ") + "(" + p.text + ")";
    else
      out += (c == "1" ? "" : c + " * ") + p.text;
  }
  bool single = pieces.size() == 1;
  bool bare = single && pieces[0].text.find(' ') == std::string::npos;
  bool atomic = bare && (pieces[0].coefficient == 1 ||
                         (pieces[0].text.empty() && pieces[0].coefficient >= 0));
  bool simple = atomic || level == Sum ||
                (level == Product && single && pieces[0].coefficient > 0 && !remainderOnly);
  return simple ? out : "(" + out + ")";
}

} // namespace

std::string Expr::str(const std::function<std::string(Symbol)> &name) const {
  return text(node, name, Sum);
}

} // namespace texpr::facts

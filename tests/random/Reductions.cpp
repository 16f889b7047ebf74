// reduce and for … with, as scalar expressions.
//
// In: the kind wanted. Out: text, with the term's bits bounded so that a sum over the domain is
// exact in every order; where the estimate is wrong the interpreter notices, and the run is drawn
// again.
#include "tests/random/Writer.h"

namespace texpr::random {

using K = ScalarKind;

const char *Writer::combiner(ScalarKind k) {
  static const std::vector<const char *> numbers = {"+", "+", "+", "min", "max", "*"};
  static const std::vector<const char *> bits = {"+", "min", "max", "*", "and", "or", "xor"};
  static const std::vector<const char *> truths = {"and", "or", "xor"};
  if (k == K::Bool)
    return dice.pick(truths);
  return isFloat(k) ? dice.pick(numbers) : dice.pick(bits);
}

/// Axes with fresh binders, which come into scope.
std::string Writer::domain(unsigned rank, std::string &binders) {
  std::string text;
  for (unsigned axis = 0; axis < rank; ++axis) {
    const std::string name = fresh("k");
    std::string extent;
    Extent bound =
        dice.percent(75) ? Extent{Extent::Kind::Name, dice.pick(dims), "", 0} : drawExtent();
    if (!indicesInScope.empty() && dice.percent(15)) { // a triangle
      const Index outer = dice.pick(indicesInScope);
      bound = outer.bound;
      extent = "0.." + outer.name + (dice.percent(50) ? " + 1" : "");
    } else {
      extent = dice.percent(10) ? "1.." + bound.text() : bound.text();
    }
    indicesInScope.push_back({name, bound});
    text += (axis ? ", " : "") + extent;
    binders += (axis ? ", " : "|") + name;
  }
  binders += "|";
  return text;
}

Piece Writer::reduction(ScalarKind k, unsigned depth) {
  if (dice.percent(20))
    if (auto row = rowReduction(k, depth))
      return *row;
  if (dice.percent(35))
    if (auto user = opReduction(k))
      return *user;
  Scope scope(*this);
  ++loops;
  const unsigned rank = 1 + (loops < 2 && dice.percent(25));
  const std::string op = combiner(k);
  std::string binders;
  const std::string axes = domain(rank, binders);
  const int growth = op == "+" ? 6 * static_cast<int>(rank) : 0;
  const int room = op == "*" ? 2 : precision(k) - growth;
  Piece body = op == "min" || op == "max" ? scalar(k, depth) : term(k, depth, room);
  if (op == "+" && isFloat(k) && dice.percent(50)) { // a product feeds the sum
    const Piece a = term(k, 0, room / 2), b = term(k, 0, room / 2);
    body = {a.text + " * " + b.text, a.bits + b.bits};
  }
  const std::string filter = dice.percent(20) ? " where " + scalar(K::Bool, 1).text : "";
  --loops;
  return {"(reduce(" + op + ") " + axes + " " + binders + filter + " { " + body.text + " })",
          op == "*" ? anyBits : body.bits + growth};
}

/// A reduction by one of the function's own ops, of which one part is used.
std::optional<Piece> Writer::opReduction(ScalarKind k) {
  for (const UserOp &op : ops)
    for (size_t part = 0; part < op.parts.size(); ++part) {
      if (op.parts[part] != k)
        continue;
      Scope scope(*this);
      ++loops;
      std::string binders, values;
      const std::string axes = domain(1, binders);
      for (ScalarKind p : op.parts)
        values += (values.empty() ? "" : ", ") + scalar(p, 1).text;
      --loops;
      const std::string name = fresh("w");
      return Piece{"{ let " + name + " = reduce(" + op.name + ") " + axes + " " + binders + " { (" +
                       values + ") }; " + name + "." + std::to_string(part) + " }",
                   anyBits};
    }
  return std::nullopt;
}

/// A reduction over a range of positions that data gives.
std::optional<Piece> Writer::rowReduction(ScalarKind k, unsigned depth) {
  for (const Tensor &row : tensorsInScope) {
    if (!row.isSwitch)
      continue;
    for (const Index &i : indicesInScope) {
      if (i.bound.kind != Extent::Kind::Name || i.bound.a != row.shape[0].a)
        continue;
      const std::string at = i.name;
      Scope scope(*this);
      ++loops;
      const std::string name = fresh("p"), op = combiner(k);
      indicesInScope.push_back({name, *row.range});
      const int room = op == "*" ? 2 : op == "+" ? precision(k) - 6 : anyBits;
      const Piece body = term(k, depth, room);
      --loops;
      return Piece{"(reduce(" + op + ") " + row.name + "[" + at + "].." + row.name + "[" + at +
                       " + 1] |" + name + "| { " + body.text + " })",
                   body.bits + 6};
    }
  }
  return std::nullopt;
}

/// `for` with one or two carried scalars.
Piece Writer::iteration(ScalarKind k, unsigned depth) {
  if (dice.percent(35))
    return stopping(k, depth);
  Scope scope(*this);
  ++loops;
  const std::string t = fresh("t"), u = fresh("u"), w = fresh("u");
  const bool isPair = dice.percent(40);
  const K second = drawKind();
  const Piece init = scalar(k, 1), init2 = scalar(second, 1);
  const Extent bound = dice.percent(50) ? Extent{Extent::Kind::Name, dice.pick(dims), "", 0}
                                        : Extent{Extent::Kind::Constant, "", "", 3};
  indicesInScope.push_back({t, bound});
  scalarsInScope.push_back({u, k, anyBits});
  if (isPair)
    scalarsInScope.push_back({w, second, anyBits});
  const std::string next = scalar(k, depth).text;
  const std::string next2 = scalar(second, 1).text;
  --loops;
  const std::string head = "for " + t + " in 0.." + bound.text() + " with (" + u + ": " +
                           spelling(k) + " = " + init.text;
  if (!isPair)
    return {"(" + head + ") { " + next + " })", anyBits};
  const std::string r = fresh("v");
  return {"{ let (" + r + ", _) = " + head + ", " + w + ": " + spelling(second) + " = " +
              init2.text + ") { (" + next + ", " + next2 + ") }; " + r + " }",
          anyBits};
}

} // namespace texpr::random

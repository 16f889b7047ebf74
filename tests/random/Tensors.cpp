// Tensor values and the `let`s of the pure level.
//
// In: a kind and a shape, or nothing (a `let` draws its own). Out: text of a tensor value of
// exactly that type; what a `let` names comes into scope.
#include "tests/random/Writer.h"

namespace texpr::random {

using K = ScalarKind;

/// A tensor in scope as a whole, or a part of one: a row, or a slice without its borders.
std::optional<Piece> Writer::whole(ScalarKind k, const std::vector<Extent> &shape) {
  std::vector<Piece> found;
  for (const Tensor &t : tensorsInScope) {
    if (t.kind != k || t.shape.empty())
      continue;
    const std::vector<Extent> inner(t.shape.begin() + 1, t.shape.end());
    if (t.shape == shape && shape.size() == 1 && shape[0].kind == Extent::Kind::Name &&
        dice.percent(20)) { // shifted, beyond one end or both
      const std::string by = std::to_string(dice.between(1, 3)), n = shape[0].a;
      found.push_back({"(" + t.name +
                           (dice.percent(50) ? "[-" + by + ".." + n + " - " + by + "]"
                                             : "[" + by + ".." + n + " + " + by + "]") +
                           " else " + literal(k, false).text + ")",
                       std::max(t.bits, 4)});
    } else if (t.shape == shape)
      found.push_back({t.name, t.bits});
    else if (inner == shape && safeIndex(t.shape[0]))
      found.push_back({t.name + "[" + *safeIndex(t.shape[0]) + "]", t.bits});
    else if (t.shape.size() == 1 && shape.size() == 1 && shape[0].kind == Extent::Kind::Name &&
             t.shape[0].a == shape[0].a && t.shape[0].kind != Extent::Kind::Product &&
             t.shape[0].kind != Extent::Kind::Constant && t.shape[0].kind != Extent::Kind::Name) {
      const std::string n = shape[0].a;
      found.push_back({dice.percent(50) && t.shape[0].kind != Extent::Kind::Twice
                           ? t.name + "[1.." + n + " + 1]"
                           : t.name + "[0.." + n + "]",
                       t.bits});
    }
  }
  if (found.empty())
    return std::nullopt;
  return dice.pick(found);
}

Piece Writer::computed(ScalarKind k, const std::vector<Extent> &shape, unsigned depth) {
  Scope scope(*this);
  // Some axes by this form, the rest by the value of its body.
  const size_t outer = shape.size() > 1 && dice.percent(30) ? 1 : shape.size();
  std::string axes, binders;
  for (size_t axis = 0; axis < outer; ++axis) {
    const std::string name = fresh("i");
    axes += (axis ? ", " : "") + shape[axis].text();
    binders += (axis ? ", " : "|") + name;
    indicesInScope.push_back({name, shape[axis]});
  }
  loops += outer > 1 ? 2 : 1;
  std::string stmts;
  if (dice.percent(30))
    stmts = letScalar();
  const Piece body =
      outer == shape.size() ? scalar(k, depth) : tensor(k, {shape.begin() + 1, shape.end()}, depth);
  loops -= outer > 1 ? 2 : 1;
  return {"compute " + axes + " " + binders + "| {\n" + stmts + "    " + body.text + "\n  }",
          body.bits};
}

Piece Writer::elementwise(ScalarKind k, const std::vector<Extent> &shape, unsigned depth) {
  if (k == K::Bool) {
    K of = drawKind();
    of = of == K::Bool ? K::F32 : of;
    static const std::vector<std::string> ops = {" < ", " <= ", " == ", " != "};
    return {"(" + tensor(of, shape, depth).text + dice.pick(ops) + tensor(of, shape, depth).text +
                ")",
            1};
  }
  const Piece a = tensor(k, shape, depth);
  switch (dice.below(6)) {
  case 5: {
    const Piece c = tensor(K::Bool, shape, 0), b = tensor(k, shape, depth);
    return {"select(" + c.text + ", " + a.text + ", " + b.text + ")", std::max(a.bits, b.bits)};
  }
  case 0: {
    const Piece b = tensor(k, shape, depth);
    return {"(" + a.text + " * " + b.text + ")", a.bits + b.bits};
  }
  case 1: {
    const Piece s = literal(k);
    return {"(" + a.text + " + " + s.text + ")", std::max(a.bits, s.bits) + 1};
  }
  case 2: {
    const Piece b = tensor(k, shape, depth);
    return {"max(" + a.text + ", " + b.text + ")", std::max(a.bits, b.bits)};
  }
  case 3: {
    K from = drawKind();
    if (from == K::Bool || from == k)
      return a;
    const Piece b = tensor(from, shape, depth);
    return {std::string(spelling(k)) + "(" + b.text + ")",
            isFloat(from) && precision(from) <= precision(k) ? b.bits : anyBits};
  }
  default: {
    const Piece b = tensor(k, shape, depth);
    return {"(" + a.text + " - " + b.text + ")", std::max(a.bits, b.bits) + 1};
  }
  }
}

std::optional<Piece> Writer::combined(ScalarKind k, const std::vector<Extent> &shape) {
  if (k == K::Bool)
    return std::nullopt;
  Scope scope(*this);
  ++loops;
  std::string binders;
  const std::string op = combiner(k), axes = domain(1, binders);
  Piece body = tensor(k, shape, 0);
  if ((op == "+" && body.bits + 6 > precision(k)) || op == "*")
    body = {"compute " + shape[0].text() + " |_| { " + literal(k).text + " }", 3};
  --loops;
  if (shape.size() > 1 && body.bits == 3)
    return std::nullopt;
  return Piece{"(reduce(" + op + ") " + axes + " " + binders + " { " + body.text + " })", anyBits};
}

std::optional<Piece> Writer::listed(ScalarKind k, const std::vector<Extent> &shape) {
  if (shape[0].kind != Extent::Kind::Constant)
    return std::nullopt;
  std::string text;
  int bits = 0;
  for (int i = 0; i < shape[0].constant; ++i) {
    const Piece p = tensor(k, {shape.begin() + 1, shape.end()}, 0);
    text += (i ? ", " : "[") + p.text;
    bits = std::max(bits, p.bits);
  }
  return Piece{text + "]", bits};
}

std::optional<Piece> Writer::carried(ScalarKind k, const std::vector<Extent> &shape) {
  if (loops > 0)
    return std::nullopt;
  Scope scope(*this);
  const std::string t = fresh("t"), u = fresh("u");
  const Piece init = tensor(k, shape, 0);
  tensorsInScope.push_back({u, k, shape, anyBits, {}, false});
  const std::string next = computed(k, shape, 1).text;
  return Piece{"(for " + t + " in 0.." + std::to_string(1 + dice.below(3)) + " with (" + u + " = " +
                   init.text + ") { " + next + " })",
               anyBits};
}

std::optional<Piece> Writer::called(ScalarKind k, const std::vector<Extent> &shape) {
  for (const Helper &h : helpers) {
    if (h.kind == k && !h.isTensor) { // element by element, one side perhaps a scalar
      const std::string a = tensor(k, shape, 0).text;
      const std::string b = dice.percent(50) ? tensor(k, shape, 0).text : scalar(k, 1).text;
      return Piece{h.name + "(" + a + ", " + b + ")", anyBits};
    }
    if (!h.isTensor || h.kind != k || shape.size() != 1)
      continue;
    const Extent longer{Extent::Kind::PlusOne, shape[0].a, "", 0};
    if (h.isShorter && shape[0].kind != Extent::Kind::Name)
      continue;
    const std::string x = tensor(k, {h.isShorter ? longer : shape[0]}, 0).text;
    return Piece{h.name + "(" + x + ", " + scalar(k, 1).text + ")", anyBits};
  }
  return std::nullopt;
}

Piece Writer::tensor(ScalarKind k, const std::vector<Extent> &shape, unsigned depth) {
  if (shape.empty())
    return scalar(k, depth);
  if (depth == 0 || --budget < 0) {
    if (auto t = whole(k, shape))
      return *t;
    return computed(k, shape, 0);
  }
  std::optional<Piece> drawn;
  switch (dice.below(14)) {
  case 12:
    return scanned(k, shape, depth - 1);
  case 13:
    return scattered(k, shape, depth - 1);
  case 0:
  case 1:
    return elementwise(k, shape, depth - 1);
  case 2:
    drawn = whole(k, shape);
    break;
  case 3: {
    const Piece a = tensor(k, shape, depth - 1), b = tensor(k, shape, depth - 1);
    return {"(if " + scalar(K::Bool, 1).text + " { " + a.text + " } else { " + b.text + " })",
            std::max(a.bits, b.bits)};
  }
  case 4:
    drawn = combined(k, shape);
    break;
  case 5:
    drawn = listed(k, shape);
    break;
  case 6:
    drawn = carried(k, shape);
    break;
  case 7:
    drawn = called(k, shape);
    break;
  default:
    break;
  }
  return drawn ? *drawn : computed(k, shape, depth);
}

std::string Writer::letTensor() {
  const K k = drawKind();
  const std::vector<Extent> shape = drawShape(2);
  budget += 12;
  const Piece p = tensor(k, shape, 3);
  std::string name = fresh("y");
  if (dice.percent(10)) { // a new meaning for an old name
    const auto old =
        tensorsInScope.begin() + dice.below(static_cast<unsigned>(tensorsInScope.size()));
    if (old->name[0] == 'y') {
      name = old->name;
      tensorsInScope.erase(old);
    }
  }
  tensorsInScope.push_back({name, k, shape, p.bits, {}, false});
  return "  let " + name + " = " + p.text + ";\n";
}

std::string Writer::letScalar() {
  const K k = drawKind();
  budget += 8;
  const Piece p = scalar(k, 3);
  const std::string name = fresh("s");
  scalarsInScope.push_back({name, k, p.bits});
  return "  let " + name + ": " + spelling(k) + " = " + p.text + ";\n";
}

/// Two results of one compute or of one reduce.
std::string Writer::letTuple() {
  const K a = drawKind(), b = drawKind();
  const std::string p = fresh("y"), q = fresh("y");
  budget += 12;
  if (dice.percent(50) && isFloat(a) && isFloat(b)) {
    Scope scope(*this);
    ++loops;
    std::string binders;
    const std::string axes = domain(1, binders);
    const Piece x = term(a, 2, precision(a) - 6), y = term(b, 2, precision(b) - 6);
    --loops;
    const std::string text = "  let (" + p + ", " + q + ") = reduce(+) " + axes + " " + binders +
                             " { (" + x.text + ", " + y.text + ") };\n";
    return text; // unused by name: the scope ends here
  }
  const std::vector<Extent> shape = drawShape(1);
  Piece x, y;
  std::string binder;
  {
    Scope scope(*this);
    binder = fresh("i");
    indicesInScope.push_back({binder, shape[0]});
    ++loops;
    x = scalar(a, 2);
    y = scalar(b, 2);
    --loops;
  }
  tensorsInScope.push_back({p, a, shape, x.bits, {}, false});
  tensorsInScope.push_back({q, b, shape, y.bits, {}, false});
  return "  let (" + p + ", " + q + ") = compute " + shape[0].text() + " |" + binder + "| { (" +
         x.text + ", " + y.text + ") };\n";
}

} // namespace texpr::random

// The forms whose iterations depend on each other or on data: scan, scatter, filter, argsort, top, while, what a loop keeps, total views.
//
// In: a kind and a shape, or nothing (a `let` draws its own). Out: text; what a `let` names comes into scope. A sort's places come into
// scope as indices that are in range, so that later accesses gather by them. Terms of sums are bounded as those of reductions are.
#include "tests/random/Writer.h"

namespace texpr::random {

using K = ScalarKind;

/// The value of one term of `op` over an axis of at most 65 indices.
Piece Writer::termOf(const std::string &op, ScalarKind k, unsigned depth) {
  if (op == "min" || op == "max")
    return scalar(k, depth);
  return term(k, depth, op == "*" ? 2 : precision(k) - 7);
}

static const char *directionOf(Dice &dice) {
  static const std::vector<const char *> directions = {"", "", ", exclusive", ", rev",
                                                       ", exclusive, rev"};
  return dice.pick(directions);
}

/// `(scan(op) n |i| { e })`, by a builtin operator; of two axes one is inside the terms, or both are scanned.
Piece Writer::scanned(ScalarKind k, const std::vector<Extent> &shape, unsigned depth) {
  Scope scope(*this);
  ++loops;
  const std::string op = combiner(k), way = directionOf(dice);
  std::string axes, binders;
  const size_t outer =
      shape.size() > 1 && op != "+" && op != "*" && dice.percent(50) ? 1 : shape.size();
  for (size_t axis = 0; axis < outer; ++axis) {
    const std::string i = fresh("i");
    axes += (axis ? ", " : "") + shape[axis].text();
    binders += (axis ? ", " : "") + i;
    indicesInScope.push_back({i, shape[axis]});
  }
  const bool isSum = op == "+" && isFloat(k) && shape.size() > 1;
  const Piece body = isSum                  ? literal(k)
                     : outer < shape.size() ? tensor(k, {shape.begin() + 1, shape.end()}, 0)
                                            : termOf(op, k, depth);
  --loops;
  return {"(scan(" + op + way + ") " + axes + " |" + binders + "| { " + body.text + " })", anyBits};
}

/// `(scatter(op) [n] from base over m |i| where c { at p or skip put v })`
Piece Writer::scattered(ScalarKind k, const std::vector<Extent> &shape, unsigned depth) {
  std::string extents, base;
  for (size_t axis = 0; axis < shape.size(); ++axis)
    extents += (axis ? ", " : "[") + shape[axis].text();
  if (dice.percent(30))
    if (auto start = whole(k, shape); start && start->bits < 12)
      base = " from (" + start->text + ")";
  Scope scope(*this);
  ++loops;
  const std::string op = combiner(k);
  std::string binders, places;
  const std::string axes = domain(1, binders);
  bool isInside = true;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    auto safe = dice.percent(70) ? safeIndex(shape[axis]) : std::nullopt;
    isInside &= safe.has_value();
    places += (axis ? ", " : "") + (safe ? *safe : anyIndex());
  }
  const Piece value = termOf(op, k, depth);
  const std::string where = dice.percent(20) ? " where " + scalar(K::Bool, 1).text : "";
  --loops;
  return {"(scatter(" + op + ") " + extents + "]" + base + " over " + axes + " " + binders + where +
              " { at " + places + (isInside && dice.percent(80) ? "" : " or skip") + " put " +
              value.text + " })",
          anyBits};
}

/// `let (p, q) = scan(op) n |i| { (a, b) };` by one of the function's own ops.
std::string Writer::letOpScan() {
  if (ops.empty())
    return letTensor();
  const UserOp op = dice.pick(ops);
  const Extent extent = drawExtent();
  std::string binder, values, names;
  {
    Scope scope(*this);
    ++loops;
    binder = fresh("i");
    indicesInScope.push_back({binder, extent});
    for (ScalarKind p : op.parts)
      values += (values.empty() ? "" : ", ") + scalar(p, 1).text;
    --loops;
  }
  for (ScalarKind p : op.parts) {
    const std::string name = fresh("y");
    names += (names.empty() ? "" : ", ") + name;
    tensorsInScope.push_back({name, p, {extent}, anyBits, {}, false});
  }
  return "  let (" + names + ") = scan(" + op.name + directionOf(dice) + ") " + extent.text() +
         " |" + binder + "| { (" + values + ") };\n";
}

/// Keys of one index: one or two, each perhaps `desc`.
std::string Writer::keys() {
  auto key = [&] {
    const std::string text = scalar(drawKind(), 1).text;
    return dice.percent(30) ? "desc(" + text + ")" : text;
  };
  const std::string first = key();
  return dice.percent(40) ? "(" + first + ", " + key() + ")" : first;
}

/// `let p = argsort n |i| { key };`, `top(k)`, now and then its inverse.
std::string Writer::letOrder() {
  const Extent extent = drawExtent();
  std::string binder, key, text, form = "argsort";
  {
    Scope scope(*this);
    ++loops;
    binder = fresh("i");
    indicesInScope.push_back({binder, extent});
    key = keys();
    --loops;
  }
  std::vector<Extent> shape = {extent};
  if (extent.kind == Extent::Kind::PlusTwo && dice.percent(70)) {
    shape = {dice.percent(50) ? Extent{Extent::Kind::Name, extent.a, "", 0}
                              : Extent{Extent::Kind::Constant, "", "", 2}};
    form = "top(" + shape[0].text() + ")";
  }
  const std::string p = fresh("p");
  tensorsInScope.push_back({p, K::I64, shape, anyBits, extent, false});
  text = "  let " + p + " = " + form + " " + extent.text() + " |" + binder + "| { " + key + " };\n";
  if (form != "argsort" || dice.percent(60))
    return text;
  const std::string q = fresh("p");
  tensorsInScope.push_back({q, K::I64, shape, anyBits, {}, false});
  return text + "  let " + q + " = scatter [" + extent.text() + "] over " + extent.text() +
         " |i| { at " + p + "[i] put i };\n";
}

/// A filter under a name for its length, over an axis or several of which bounds may use others, and what later code makes
/// of it.
std::string Writer::letFilter() {
  const K k = drawKind();
  std::string axes;
  const std::string u = fresh("u"), q = fresh("q"), s = fresh("s"), op = combiner(k);
  std::string binders, condition, value;
  {
    Scope scope(*this);
    ++loops;
    if (dice.percent(40)) {
      axes = domain(2 + dice.below(2), binders);
    } else {
      const Extent extent = drawExtent();
      const std::string binder = fresh("i");
      indicesInScope.push_back({binder, extent});
      axes = extent.text();
      binders = "|" + binder + "|";
    }
    condition = scalar(K::Bool, 2).text;
    value = termOf(op, k, 1).text;
    --loops;
  }
  std::string text = "  let " + u + ": " + spelling(k) + "[" + q + "] = filter " + axes + " " +
                     binders + " where " + condition + " { " + value + " };\n";
  scalarsInScope.push_back({s, k, anyBits});
  text +=
      "  let " + s + ": " + spelling(k) + " = reduce(" + op + ") " + q + " |j| { " + u + "[j] };\n";
  if (dice.percent(30)) {
    extraResults.push_back({std::string(spelling(k)) + "[" + q + "]", u});
    if (dice.percent(30)) {
      const std::string v = fresh("u");
      text += "  let " + v + " = compute " + q + " |j| { " + u + "[" + q + " - 1 - j] };\n";
      extraResults.push_back({std::string(spelling(k)) + "[" + q + "]", v});
    }
  }
  return text;
}

/// A loop that stops by a condition or by its bound, and one that keeps its steps.
std::string Writer::letLoop() {
  const K k = drawKind();
  const std::string v = fresh("s"), u = fresh("u"), t = fresh("t");
  const Piece init = scalar(k, 1);
  if (dice.percent(50)) {
    Scope scope(*this);
    ++loops;
    scalarsInScope.push_back({u, k, anyBits});
    const std::string limit = std::to_string(1 + dice.below(6)),
                      condition = scalar(K::Bool, 1).text;
    scalarsInScope.push_back({t, K::I64, 4});
    const std::string next = scalar(k, 2).text;
    --loops;
    return "  let (" + v + ", _) = while " + t + " < " + limit + " && " + condition + " with (" +
           u + ": " + spelling(k) + " = " + init.text + ", " + t + ": i64 = 0) max 8 { (" + next +
           ", " + t + " + 1) };\n";
  }
  const K kept = drawKind();
  const Extent extent = drawExtent();
  const std::string h = fresh("y");
  std::string next, keep;
  {
    Scope scope(*this);
    ++loops;
    scalarsInScope.push_back({u, k, anyBits});
    indicesInScope.push_back({t, extent});
    next = scalar(k, 2).text;
    keep = scalar(kept, 2).text;
    --loops;
  }
  const char *way = dice.percent(50) ? " rev" : "";
  tensorsInScope.push_back({h, kept, {extent}, anyBits, {}, false});
  return "  let (_, " + h + ") = for " + t + " in 0.." + extent.text() + way + " with (" + u +
         ": " + spelling(k) + " = " + init.text + ") { " + next + " keep " + keep + " };\n";
}

/// A loop that each element leaves when its own condition ends.
Piece Writer::stopping(ScalarKind k, unsigned depth) {
  Scope scope(*this);
  ++loops;
  const std::string u = fresh("u"), t = fresh("t"), v = fresh("v");
  const Piece init = scalar(k, 1);
  scalarsInScope.push_back({u, k, anyBits});
  scalarsInScope.push_back({t, K::I64, 4});
  const std::string condition = scalar(K::Bool, 2).text, next = scalar(k, depth).text;
  --loops;
  return {"{ let (" + v + ", _) = while " + condition + " with (" + u + ": " + spelling(k) + " = " +
              init.text + ", " + t + ": i64 = 0) max " + std::to_string(2 + dice.below(5)) +
              " { (" + next + ", " + t + " + 1) }; " + v + " }",
          anyBits};
}

/// A tensor that may be asked anywhere.
std::string Writer::letView() {
  std::vector<const Tensor *> vectors;
  for (const Tensor &t : tensorsInScope)
    if (t.shape.size() == 1)
      vectors.push_back(&t);
  if (vectors.empty())
    return letTensor();
  const Tensor t = *dice.pick(vectors);
  const std::string view = fresh("v"), y = fresh("y"), binder = fresh("i");
  const Extent extent = drawExtent();
  std::string element;
  {
    Scope scope(*this);
    indicesInScope.push_back({binder, extent});
    element = view + "[" + anyIndex() + "]";
    if (t.kind != K::Bool && dice.percent(50))
      element = "max(" + element + ", " + view + "[" + anyIndex() + "])";
  }
  tensorsInScope.push_back({y, t.kind, {extent}, std::max(t.bits, 4), {}, false});
  return "  let " + view + " = " + t.name + " else " + literal(t.kind, false).text + ";\n  let " +
         y + " = compute " + extent.text() + " |" + binder + "| { " + element + " };\n";
}

std::string Writer::letForm() {
  budget += 8;
  switch (dice.below(8)) {
  case 0:
    return letOpScan();
  case 1:
  case 2:
    return letOrder();
  case 3:
  case 4:
    return letFilter();
  case 5:
  case 6:
    return letLoop();
  default:
    return letView();
  }
}

} // namespace texpr::random

// The frame of a generated function: dims, parameters, ops, helpers, body, results.
//
//   op f3_op0(a: (f32, i64), b: (f32, i64)) -> … commutative-free combiners that are associative on
//   all values local fn f3_h0(x: f32[k], a: f32) -> (y: f32[k]) { … } fn f3(n: i64, x: f32[m, n],
//   ids: i32[m + 1] in 0..n) -> (r0: f32[m], r1: i64) { … }
//
// What must hold: every dim is bound, by an integer parameter or by a bare name on an axis.
#include "tests/random/Writer.h"

namespace texpr::random {

uint64_t Dice::next() {
  uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::string Extent::text() const {
  switch (kind) {
  case Kind::Name:
    return a;
  case Kind::PlusOne:
    return a + " + 1";
  case Kind::PlusTwo:
    return a + " + 2";
  case Kind::Twice:
    return "2 * " + a;
  case Kind::Product:
    return a + " * " + b;
  case Kind::Constant:
    return std::to_string(constant);
  }
  return "";
}

int inputBits(ScalarKind k) {
  if (k == ScalarKind::F64 || k == ScalarKind::F32)
    return 5;
  return k == ScalarKind::F16 ? 4 : 3;
}

int precision(ScalarKind k) {
  switch (k) {
  case ScalarKind::F64:
    return 53;
  case ScalarKind::F32:
    return 24;
  case ScalarKind::F16:
    return 11;
  case ScalarKind::BF16:
    return 8;
  default:
    return anyBits;
  }
}

ScalarKind Writer::drawKind() {
  using K = ScalarKind;
  static const std::vector<K> kinds = {
      K::F32, K::F32, K::F32, K::F32, K::F32, K::F32, K::F64, K::F64, K::F16, K::F16, K::BF16,
      K::I32, K::I32, K::I64, K::I64, K::I8,  K::I16, K::U8,  K::U16, K::U32, K::U64, K::Bool};
  return dice.pick(kinds);
}

Extent Writer::drawExtent() {
  const std::string a = dice.pick(dims), b = dice.pick(dims);
  switch (dice.below(12)) {
  case 0:
    return {Extent::Kind::PlusOne, a, "", 0};
  case 1:
    return {Extent::Kind::PlusTwo, a, "", 0};
  case 2:
    return {Extent::Kind::Twice, a, "", 0};
  case 3:
    if (a != b)
      return {Extent::Kind::Product, a, b, 0};
    return {Extent::Kind::Name, a, "", 0};
  case 4:
    return {Extent::Kind::Constant, "", "", static_cast<int>(1 + dice.below(5))};
  default:
    return {Extent::Kind::Name, a, "", 0};
  }
}

std::vector<Extent> Writer::drawShape(unsigned maxRank) {
  static const std::vector<unsigned> ranks = {1, 1, 1, 2, 2, 3};
  std::vector<Extent> shape;
  for (unsigned rank = std::min(dice.pick(ranks), maxRank); rank > 0; --rank)
    shape.push_back(drawExtent());
  return shape;
}

static std::string shapeText(const std::vector<Extent> &shape) {
  std::string text;
  for (const Extent &e : shape)
    text += (text.empty() ? "[" : ", ") + e.text();
  return text.empty() ? text : text + "]";
}

void Writer::drawDims() {
  static const std::vector<std::string> names = {"m", "n", "k", "h"};
  dims.assign(names.begin(), names.begin() + 1 + dice.below(4));
}

void Writer::drawParameters() {
  auto add = [&](const std::string &text) { signature += (signature.empty() ? "" : ", ") + text; };
  std::vector<Extent> bare; // the dims that no integer parameter binds
  for (const std::string &dim : dims)
    if (dice.percent(25))
      add(dim + ": i64");
    else
      bare.push_back({Extent::Kind::Name, dim, "", 0});
  auto addTensor = [&](std::vector<Extent> shape) {
    Tensor t{fresh("x"), drawKind(), std::move(shape), 0, {}, false};
    t.bits = inputBits(t.kind);
    add(t.name + ": " + spelling(t.kind) + shapeText(t.shape));
    tensorsInScope.push_back(t);
  };
  while (!bare.empty()) {
    const size_t rank = std::min<size_t>(bare.size(), 1 + dice.below(2));
    addTensor({bare.begin(), bare.begin() + rank});
    bare.erase(bare.begin(), bare.begin() + rank);
  }
  for (unsigned more = 1 + dice.below(3); more > 0; --more)
    addTensor(drawShape(3));
  if (dice.percent(30)) { // indices to gather by
    static const std::vector<ScalarKind> kinds = {ScalarKind::I32, ScalarKind::I64, ScalarKind::U8,
                                                  ScalarKind::U32, ScalarKind::I16};
    Tensor t{fresh("ids"), dice.pick(kinds), {drawExtent()}, anyBits, {}, false};
    t.range = Extent{Extent::Kind::Name, dice.pick(dims), "", 0};
    add(t.name + ": " + spelling(t.kind) + shapeText(t.shape) + " in 0.." + t.range->text());
    tensorsInScope.push_back(t);
  }
  if (dice.percent(20)) { // ranges of positions
    Tensor t{fresh("row"), dice.percent(50) ? ScalarKind::I64 : ScalarKind::I32, {}, anyBits, {},
             true};
    t.shape = {{Extent::Kind::PlusOne, dice.pick(dims), "", 0}};
    t.range = Extent{Extent::Kind::Name, dice.pick(dims), "", 0};
    add(t.name + ": " + spelling(t.kind) + shapeText(t.shape) + " in 0..=" + t.range->text());
    tensorsInScope.push_back(t);
  }
  for (unsigned more = dice.below(3); more > 0; --more) {
    const ScalarKind k = drawKind();
    scalarsInScope.push_back({fresh("a"), k, inputBits(k)});
    add(scalarsInScope.back().name + ": " + spelling(k));
  }
  if (dice.percent(10))
    facts.push_back(dims[0] + " <= " + std::to_string(100 + dice.below(100)));
}

static std::string tupleText(const std::vector<ScalarKind> &parts) {
  std::string text;
  for (ScalarKind k : parts)
    text += (text.empty() ? "(" : ", ") + std::string(spelling(k));
  return text + ")";
}

/// Combiners that are associative on every pair of numbers; those on floats not with NaN.
void Writer::drawOps() {
  if (!dice.percent(35))
    return;
  static const std::vector<ScalarKind> floats = {ScalarKind::F32, ScalarKind::F64, ScalarKind::F16};
  static const std::vector<ScalarKind> ints = {ScalarKind::I32, ScalarKind::I64, ScalarKind::U32,
                                               ScalarKind::U8};
  UserOp op{function + "_op" + std::to_string(ops.size()), {}};
  std::string identity, body;
  switch (dice.below(4)) {
  case 0: { // the first place of the largest
    const ScalarKind f = dice.pick(floats);
    op.parts = {f, ScalarKind::I64};
    identity = "(-inf, i64.max)";
    body = "if b.0 > a.0 || (b.0 == a.0 && b.1 < a.1) { b } else { a }";
    hasFloatOp = true;
    break;
  }
  case 1: { // the smallest and how often
    const ScalarKind f = dice.pick(floats), i = dice.pick(ints);
    op.parts = {f, i};
    identity = "(inf, 0)";
    body = "if a.0 < b.0 { a } else { if b.0 < a.0 { b } else { (a.0, a.1 + b.1) } }";
    hasFloatOp = true;
    break;
  }
  case 2: { // composition of x * p + q, which does not commute
    const ScalarKind i = dice.pick(ints);
    op.parts = {i, i};
    identity = "(1, 0)";
    body = "(a.0 * b.0, a.1 * b.0 + b.1)";
    break;
  }
  default: { // the last that is set
    const ScalarKind i = dice.pick(ints);
    op.parts = {ScalarKind::Bool, i};
    identity = "(false, 0)";
    body = "if b.0 { b } else { a }";
    break;
  }
  }
  const std::string type = tupleText(op.parts);
  declarations += "op " + op.name + "(a: " + type + ", b: " + type + ") -> " + type + " identity " +
                  identity + " {\n  " + body + "\n}\n";
  ops.push_back(op);
}

/// Local functions, each drawn in a scope of its own.
void Writer::drawHelpers() {
  for (unsigned more = dice.below(3); more > 0; --more) {
    Writer inner(dice.next(), function);
    inner.budget = 8;
    inner.counter = 100 * static_cast<unsigned>(1 + helpers.size());
    Helper h{function + "_h" + std::to_string(helpers.size()), drawKind(), dice.percent(50)};
    const std::string k = spelling(h.kind);
    inner.scalarsInScope = {{"a", h.kind, inputBits(h.kind)}};
    if (h.isTensor) {
      h.isShorter = dice.percent(30);
      inner.dims = {"d"};
      const Extent d{Extent::Kind::Name, "d", "", 0}, longer{Extent::Kind::PlusOne, "d", "", 0};
      inner.tensorsInScope = {
          {"x", h.kind, {h.isShorter ? longer : d}, inputBits(h.kind), {}, false}};
      std::string body;
      if (dice.percent(30)) { // written on the parallel level
        inner.indicesInScope.push_back({"i", d});
        body =
            "y: " + k + "[d];\n  par d |i| { y[i] = " + inner.scalar(h.kind, 2).text + "; }\n  y";
      } else {
        body = inner.tensor(h.kind, {d}, 2).text;
      }
      declarations += "local fn " + h.name + "(x: " + k + (h.isShorter ? "[d + 1]" : "[d]") +
                      ", a: " + k + ") -> (y: " + k + "[d]) {\n  " + body + "\n}\n";
    } else {
      inner.loops = 3; // no forms: it has no dims
      inner.scalarsInScope.push_back({"b", h.kind, inputBits(h.kind)});
      const std::string body = inner.scalar(h.kind, 2).text;
      declarations += "local fn " + h.name + "(a: " + k + ", b: " + k + ") -> (y: " + k +
                      ") {\n  " + body + "\n}\n";
    }
    helpers.push_back(h);
  }
}

std::string Writer::pureBody() {
  std::string text;
  for (unsigned more = 1 + dice.below(4); more > 0; --more)
    switch (dice.below(6)) {
    case 0:
      text += letScalar();
      break;
    case 1:
      text += letTuple();
      break;
    case 2:
    case 3:
      text += letForm();
      break;
    default:
      text += letTensor();
    }
  return text;
}

/// The last expression, and the declaration of the results. What was declared last is returned
/// first.
std::string Writer::results(const std::vector<Tensor> &tensors,
                            const std::vector<ScalarName> &scalars) {
  std::string types, values;
  unsigned count = 0;
  auto add = [&](const std::string &type, const std::string &value) {
    types += (count ? ", r" : "r") + std::to_string(count) + ": " + type;
    values += (count ? ", " : "") + value;
    ++count;
  };
  for (auto t = tensors.rbegin(); t != tensors.rend() && count < 3; ++t)
    add(spelling(t->kind) + shapeText(t->shape), t->name);
  for (auto s = scalars.rbegin(); s != scalars.rend() && count < 4; ++s)
    add(spelling(s->kind), s->name);
  for (const auto &[type, value] : extraResults)
    add(type, value);
  if (count == 0 || dice.percent(40)) {
    const ScalarKind k = drawKind();
    const std::vector<Extent> shape = drawShape(2);
    add(spelling(k) + shapeText(shape), tensor(k, shape, 3).text);
  }
  if (dice.percent(15)) { // an approximated function of what is exact
    static const std::vector<std::string> functions = {"exp",   "exp2",  "log",   "log2", "sin",
                                                       "cos",   "tanh",  "erf",   "erfc", "tan",
                                                       "expm1", "log1p", "rsqrt", "sqrt"};
    const ScalarKind k = dice.percent(70) ? ScalarKind::F32 : ScalarKind::F64;
    const std::vector<Extent> shape = drawShape(1);
    math = dice.pick(functions);

    add(spelling(k) + shapeText(shape), math + "(" + tensor(k, shape, 1).text + ")");
  }
  signature += ") -> (" + types + ")";
  return "  " + (count == 1 ? values : "(" + values + ")") + "\n";
}

GeneratedFunction Writer::write() {
  drawDims();
  drawOps();
  drawHelpers();
  drawParameters();
  const size_t tensors = tensorsInScope.size(), scalars = scalarsInScope.size();
  std::string body = dice.percent(30) ? idiom() : "";
  body += dice.percent(25) ? pattern() : "";
  body += dice.percent(60) ? pureBody() : parallelBody();
  const std::vector<Tensor> newTensors(tensorsInScope.begin() + tensors, tensorsInScope.end());
  const std::vector<ScalarName> newScalars(scalarsInScope.begin() + scalars, scalarsInScope.end());
  const std::string last = results(newTensors, newScalars);
  std::string where;
  for (const std::string &fact : facts)
    where += (where.empty() ? "\nwhere " : ", ") + fact;
  const bool specials = !hasFloatOp && dice.percent(15);
  return {function,
          declarations + "fn " + function + "(" + signature + where + " {\n" + body + last + "}\n",
          math, specials, ""};
}

GeneratedFunction generateFunction(uint64_t seed, const std::string &name) {
  const bool isWide = Dice(~seed).percent(8);
  return isWide ? Writer(seed, name).writeWide() : Writer(seed, name).write();
}

} // namespace texpr::random

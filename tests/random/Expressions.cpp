// Scalar expressions of every type.
//
// In: the kind wanted, how deep it may be, what is in scope. Out: text in parentheses wherever
// precedence could matter, and an estimate of the significant bits of its values (`term` draws
// until they fit an exact sum).
#include "tests/random/Writer.h"

namespace texpr::random {

using K = ScalarKind;

static std::string parenthesised(const std::string &text) { return "(" + text + ")"; }

/// A typed literal says its kind, for places where nothing else does.
Piece Writer::literal(ScalarKind k, bool isTyped) {
  if (k == K::Bool)
    return {dice.percent(50) ? "true" : "false", 1};
  if (isFloat(k)) {
    static const std::vector<std::string> values = {"0.0",  "0.5", "1.0",  "2.0", "-0.5",
                                                    "-1.0", "3.0", "0.25", "1.5"};
    const std::string v = dice.pick(values);
    return {isTyped && k != K::F32 ? std::string(spelling(k)) + "(" + v + ")" : v, 3};
  }
  const int64_t v = dice.between(isSigned(k) ? -4 : 0, 9);
  const std::string text = v < 0 ? parenthesised(std::to_string(v)) : std::to_string(v);
  return {isTyped && k != K::I64 ? std::string(spelling(k)) + "(" + text + ")" : text, 4};
}

/// An element or a scalar of kind `k` in scope, if there is one.
std::optional<Piece> Writer::readOf(ScalarKind k) {
  std::vector<const Tensor *> tensors;
  std::vector<const ScalarName *> scalars;
  for (const Tensor &t : tensorsInScope)
    if (t.kind == k)
      tensors.push_back(&t);
  for (const ScalarName &s : scalarsInScope)
    if (s.kind == k)
      scalars.push_back(&s);
  if (!tensors.empty() && (scalars.empty() || dice.percent(70))) {
    const Tensor &t = *dice.pick(tensors);
    return Piece{access(t), t.bits};
  }
  if (scalars.empty())
    return std::nullopt;
  const ScalarName &s = *dice.pick(scalars);
  return Piece{s.name, s.bits};
}

Piece Writer::leaf(ScalarKind k) {
  if (k == K::I64 && !dims.empty() && dice.percent(30)) {
    if (!indicesInScope.empty() && dice.percent(70))
      return {dice.pick(indicesInScope).name, 8};
    return {dice.pick(dims), 8};
  }
  if (dice.percent(85))
    if (auto read = readOf(k))
      return *read;
  if (dice.percent(60) && k != K::Bool) { // an element of another kind, converted
    const K from = drawKind();
    if (from != K::Bool)
      if (auto read = readOf(from)) {
        if (isFloat(k) && !isFloat(from))
          read->bits = std::max(read->bits, 8);
        return {std::string(spelling(k)) + "(" + read->text + ")",
                isFloat(k) ? read->bits : anyBits};
      }
  }
  return literal(k);
}

Piece Writer::scalar(ScalarKind k, unsigned depth) {
  if (--budget < 0 || depth == 0 || dice.percent(12))
    return leaf(k);
  if (dice.percent(25))
    return anyExpr(k, depth - 1);
  if (isFloat(k))
    return floatExpr(k, depth - 1);
  return k == K::Bool ? boolExpr(depth - 1) : intExpr(k, depth - 1);
}

/// A scalar whose values need at most `bits`, or a literal.
Piece Writer::term(ScalarKind k, unsigned depth, int bits) {
  for (int tries = 0; tries < 6; ++tries) {
    Piece p = scalar(k, depth > static_cast<unsigned>(tries) ? depth - tries : 0);
    if (!isFloat(k) || p.bits <= bits)
      return p;
  }
  return literal(k);
}

/// The right side of an operator: now and then a bare literal, which takes the type of the left.
Piece Writer::partner(ScalarKind k, unsigned depth, bool &isLiteral) {
  isLiteral = dice.percent(20);
  return isLiteral ? literal(k, false) : scalar(k, depth);
}

static bool isLiteralText(const std::string &text) {
  return text.find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos;
}

Piece Writer::floatExpr(ScalarKind k, unsigned depth) {
  bool bare = false;
  switch (dice.below(14)) {
  case 0:
  case 1:
  case 2:
  case 3: {
    Piece a = scalar(k, depth), b = partner(k, depth, bare);
    if (bare && isLiteralText(a.text))
      return a;
    static const std::vector<std::string> ops = {" + ", " - "};
    return {parenthesised(a.text + dice.pick(ops) + b.text), std::max(a.bits, b.bits) + 1};
  }
  case 4:
  case 5:
  case 6: {
    Piece a = scalar(k, depth), b = partner(k, depth, bare);
    if (bare && isLiteralText(a.text))
      return a;
    return {parenthesised(a.text + " * " + b.text), a.bits + b.bits};
  }
  case 7: {
    Piece a = scalar(k, depth), b = scalar(k, depth);
    return {parenthesised(a.text + " / " + b.text), anyBits};
  }
  case 8: {
    Piece a = scalar(k, depth), b = scalar(k, depth);
    if (dice.percent(15)) // the sign of a NaN is unspecified, so none may lend it
      return {"copysign(" + a.text + ", " + literal(k).text + ")", a.bits};
    static const std::vector<std::string> f = {"min", "max"};
    return {dice.pick(f) + "(" + a.text + ", " + b.text + ")", std::max(a.bits, b.bits)};
  }
  case 9: {
    Piece a = scalar(k, depth);
    static const std::vector<std::string> f = {"abs", "floor", "ceil", "round", "trunc", "sign"};
    return {dice.pick(f) + "(" + a.text + ")", a.bits};
  }
  case 10: {
    Piece a = scalar(k, depth);
    return {parenthesised("-" + parenthesised(a.text)), a.bits};
  }
  case 11: {
    Piece a = scalar(k, depth);
    return {"sqrt(abs(" + a.text + "))", anyBits};
  }
  case 12: {
    Piece a = scalar(k, depth), b = scalar(k, depth), c = scalar(k, depth);
    return {"fma(" + a.text + ", " + b.text + ", " + c.text + ")",
            std::max(a.bits + b.bits, c.bits) + 1};
  }
  default: {
    Piece a = scalar(k, depth);
    return {"clamp(" + a.text + ", " + literal(k).text + ", " + literal(k).text + ")",
            std::max(a.bits, 5)};
  }
  }
}

Piece Writer::intExpr(ScalarKind k, unsigned depth) {
  bool bare = false;
  Piece a = scalar(k, depth);
  switch (dice.below(8)) {
  case 0:
  case 1:
  case 2: {
    Piece b = partner(k, depth, bare);
    if (isLiteralText(a.text))
      return a;
    static const std::vector<std::string> ops = {" + ", " - ", " * ", " / ", " % "};
    return {parenthesised(a.text + dice.pick(ops) + b.text), anyBits};
  }
  case 3: {
    Piece b = scalar(k, depth);
    static const std::vector<std::string> ops = {" & ", " | ", " ^ "};
    return {parenthesised(a.text + dice.pick(ops) + b.text), anyBits};
  }
  case 4: {
    static const std::vector<ScalarKind> amounts = {K::I64, K::I32, K::U8};
    const Piece by = dice.percent(50) ? literal(K::I64) : scalar(dice.pick(amounts), depth);
    static const std::vector<std::string> ops = {" << ", " >> "};
    return {parenthesised(a.text + dice.pick(ops) + by.text), anyBits};
  }
  case 5: {
    Piece b = scalar(k, depth);
    static const std::vector<std::string> f = {"min", "max", "quot", "rem", "rotl", "rotr"};
    return {dice.pick(f) + "(" + a.text + ", " + b.text + ")", anyBits};
  }
  case 6: {
    static const std::vector<std::string> f = {"abs", "sign", "popcount", "clz", "ctz"};
    return {dice.pick(f) + "(" + a.text + ")", anyBits};
  }
  default: {
    static const std::vector<std::string> ops = {"-", "~"};
    return {parenthesised(dice.pick(ops) + parenthesised(a.text)), anyBits};
  }
  }
}

Piece Writer::boolExpr(unsigned depth) {
  switch (dice.below(6)) {
  case 0: {
    static const std::vector<std::string> ops = {" && ", " || "};
    return {
        parenthesised(scalar(K::Bool, depth).text + dice.pick(ops) + scalar(K::Bool, depth).text),
        1};
  }
  case 1:
    return {"!" + parenthesised(scalar(K::Bool, depth).text), 1};
  case 2: {
    static const std::vector<std::string> f = {"isnan", "isinf", "isfinite"};
    return {dice.pick(f) + "(" + scalar(K::F32, depth).text + ")", 1};
  }
  default: {
    K k = drawKind();
    if (k == K::Bool)
      k = K::I64;
    static const std::vector<std::string> ops = {" < ", " <= ", " > ", " >= ", " == ", " != "};
    return {parenthesised(scalar(k, depth).text + dice.pick(ops) + scalar(k, depth).text), 1};
  }
  }
}

Piece Writer::choice(ScalarKind k, unsigned depth) {
  const std::string c = scalar(K::Bool, depth).text;
  const Piece a = scalar(k, depth), b = scalar(k, depth);
  const int bits = std::max(a.bits, b.bits);
  if (dice.percent(30))
    return {"select(" + c + ", " + a.text + ", " + b.text + ")", bits};
  return {parenthesised("if " + c + " { " + a.text + " } else { " + b.text + " }"), bits};
}

Piece Writer::blockExpr(ScalarKind k, unsigned depth) {
  Scope scope(*this);
  const K inner = drawKind();
  const Piece init = scalar(inner, depth);
  const std::string name = fresh("v");
  scalarsInScope.push_back({name, inner, init.bits});
  const Piece value = scalar(k, depth);
  return {"{ let " + name + " = " + init.text + "; " + value.text + " }", value.bits};
}

Piece Writer::conversion(ScalarKind k, unsigned depth) {
  const K from = drawKind();
  if (k == K::Bool || (from == K::Bool && isFloat(k)))
    return leaf(k);
  static const std::vector<std::pair<K, K>> casts = {
      {K::U32, K::F32}, {K::F32, K::U32}, {K::I64, K::F64}, {K::U16, K::F16}, {K::U16, K::BF16}};
  for (auto [to, of] : casts) // bits of what is no NaN: its payload is nobody's business
    if (k == to && !isFloat(to) && dice.percent(20))
      return {"bitcast<" + std::string(spelling(to)) + ">(abs(" + literal(of).text + "))", anyBits};
  const Piece p = scalar(from, depth);
  const int bits = isFloat(from) && precision(from) <= precision(k) ? p.bits : anyBits;
  return {std::string(spelling(k)) + "(" + p.text + ")", bits};
}

Piece Writer::helperCall(ScalarKind k, unsigned depth) {
  for (const Helper &h : helpers)
    if (!h.isTensor && h.kind == k)
      return {h.name + "(" + scalar(k, depth).text + ", " + scalar(k, depth).text + ")", anyBits};
  return leaf(k);
}

/// The forms that every kind has.
Piece Writer::anyExpr(ScalarKind k, unsigned depth) {
  switch (dice.below(8)) {
  case 0:
    return choice(k, depth);
  case 1:
    return blockExpr(k, depth);
  case 2:
    return conversion(k, depth);
  case 3:
    return helperCall(k, depth);
  case 4:
    if (auto guarded = guardedAccess(k))
      return *guarded;
    return leaf(k);
  case 5:
    return loops < 3 ? iteration(k, depth) : leaf(k);
  default:
    return loops < 3 && k != K::Bool ? reduction(k, depth) : leaf(k);
  }
}

} // namespace texpr::random

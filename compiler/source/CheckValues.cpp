// What an expression of the program is as an integer, and what a condition says about integers.
//
// B1: an operation enters a proof only where the proved range of its result lies in its type; else
// its value is an unknown of that type. So `i + k < n` says nothing of `i` where `i + k` may wrap.
// Ranges are first computed by intervals, which is cheap and covers polynomials of dims; only then
// is the proof engine asked.
#include "compiler/source/Checker.h"
#include <algorithm>

namespace texpr {

using facts::Range;
using facts::Rel;

Range Checker::rangeOf(ScalarKind k) {
  switch (k) {
  case ScalarKind::I8:
    return {INT8_MIN, INT8_MAX};
  case ScalarKind::I16:
    return {INT16_MIN, INT16_MAX};
  case ScalarKind::I32:
    return {INT32_MIN, INT32_MAX};
  case ScalarKind::I64:
    return {INT64_MIN, INT64_MAX};
  case ScalarKind::U8:
    return {0, UINT8_MAX};
  case ScalarKind::U16:
    return {0, UINT16_MAX};
  case ScalarKind::U32:
    return {0, UINT32_MAX};
  case ScalarKind::U64:
    return {0, std::nullopt};
  case ScalarKind::Bool:
    return {0, 1};
  default:
    return {};
  }
}

// ---- intervals ------------------------------------------------------------------------------

using Wide = __int128;
static std::optional<int64_t> narrow(Wide v) {
  if (v < INT64_MIN || v > INT64_MAX)
    return std::nullopt;
  return int64_t(v);
}

static Range sum(Range a, Range b) {
  Range r;
  if (a.lo && b.lo)
    r.lo = narrow(Wide(*a.lo) + *b.lo);
  if (a.hi && b.hi)
    r.hi = narrow(Wide(*a.hi) + *b.hi);
  return r;
}

static Range product(Range a, Range b) {
  if (a.lo && a.hi && b.lo && b.hi) {
    Wide p[] = {Wide(*a.lo) * *b.lo, Wide(*a.lo) * *b.hi, Wide(*a.hi) * *b.lo, Wide(*a.hi) * *b.hi};
    return {narrow(*std::min_element(p, p + 4)), narrow(*std::max_element(p, p + 4))};
  }
  if (a.lo && b.lo && *a.lo >= 0 && *b.lo >= 0)
    return {narrow(Wide(*a.lo) * *b.lo), std::nullopt};
  return {};
}

static int64_t floorQuotient(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static Range quotient(Range a, Range b) {
  if (!b.lo || *b.lo < 1)
    return {};
  Range r;
  if (a.lo)
    r.lo = *a.lo >= 0 ? (b.hi ? *a.lo / *b.hi : 0) : floorQuotient(*a.lo, *b.lo);
  if (a.hi)
    r.hi = *a.hi >= 0 ? *a.hi / *b.lo : (b.hi ? floorQuotient(*a.hi, *b.hi) : -1);
  return r;
}

/// Of a product: a constant times an extent that is bounded as a whole; `x / d * d`, which is in x - d + 1 ..= x; or factor by factor.
Range Checker::productInterval(std::vector<FExpr> parts, unsigned depth) const {
  Range r{1, 1};
  auto rest = [&] {
    FExpr e(1);
    for (const FExpr &p : parts)
      e = e * p;
    return e;
  };
  if (auto c = parts[0].constant()) {
    r = {*c, *c};
    parts.erase(parts.begin());
    if (auto known = bounded.find(rest().hash()); known != bounded.end())
      return product(r, known->second);
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].kind() != FExpr::Kind::FloorDiv)
      continue;
    FExpr dividend = parts[i].operands()[0], divisor = parts[i].operands()[1];
    auto same = std::find(parts.begin(), parts.end(), divisor);
    Range x = interval(dividend, depth + 1), d = interval(divisor, depth + 1);
    if (same == parts.end() || d.lo.value_or(0) < 1)
      continue;
    r = product(r, {sum(x, {d.hi ? std::optional(1 - *d.hi) : std::nullopt, {}}).lo, x.hi});
    size_t other = same - parts.begin();
    parts.erase(parts.begin() + std::max(i, other));
    parts.erase(parts.begin() + std::min(i, other));
    i = size_t(-1);
  }
  for (const FExpr &p : parts)
    r = product(r, interval(p, depth + 1));
  return r;
}

Range Checker::interval(const FExpr &e, unsigned depth) const {
  if (auto c = e.constant())
    return {*c, *c};
  if (depth > 24)
    return {};
  if (auto known = bounded.find(e.hash()); known != bounded.end())
    return known->second;
  auto parts = e.operands();
  auto part = [&](size_t i) { return interval(parts[i], depth + 1); };
  switch (e.kind()) {
  case FExpr::Kind::Constant:
    return {};
  case FExpr::Kind::Symbol:
    return symbols[*e.asSymbol()].range;
  case FExpr::Kind::Sum: {
    Range r = part(0);
    for (size_t i = 1; i < parts.size(); ++i)
      r = sum(r, part(i));
    return r;
  }
  case FExpr::Kind::Product:
    return productInterval(parts, depth);
  case FExpr::Kind::FloorDiv:
    return quotient(part(0), part(1));
  case FExpr::Kind::Mod: {
    Range divisor = part(1);
    if (!divisor.lo || *divisor.lo < 1)
      return {};
    return {0, divisor.hi ? std::optional(*divisor.hi - 1) : std::nullopt};
  }
  case FExpr::Kind::Min:
  case FExpr::Kind::Max: {
    Range a = part(0), b = part(1), r;
    bool isMin = e.kind() == FExpr::Kind::Min;
    if (a.lo && b.lo)
      r.lo = isMin ? std::min(*a.lo, *b.lo) : std::max(*a.lo, *b.lo);
    else if (!isMin)
      r.lo = a.lo ? a.lo : b.lo;
    if (a.hi && b.hi)
      r.hi = isMin ? std::min(*a.hi, *b.hi) : std::max(*a.hi, *b.hi);
    else if (isMin)
      r.hi = a.hi ? a.hi : b.hi;
    return r;
  }
  }
  return {};
}

/// A key of `unknownOf` beside the operators: the value of an exact expression, wrapped to its type.
static constexpr unsigned wrapped = ~0u;

static bool within(Range r, Range type, bool unboundedAbove) {
  return r.lo && r.hi && *r.lo >= *type.lo && (unboundedAbove || *r.hi <= *type.hi);
}

bool Checker::fits(const FExpr &e, ScalarKind k) {
  Range type = rangeOf(k);
  bool isU64 = k == ScalarKind::U64;
  if (e.asSymbol() && isU64 && symbols[*e.asSymbol()].range.lo.value_or(-1) >= 0)
    return true; // no symbol of any type exceeds u64
  if (within(interval(e), type, isU64))
    return true;
  auto hi = dimBound(e, true), lo = dimBound(e, false);
  if (hi && lo && within({interval(*lo).lo, interval(*hi).hi}, type, isU64))
    return true;
  return within(facts.range(e, isU64 ? Range{type.lo, std::nullopt} : type), type, isU64);
}

facts::Expr Checker::fitOrFresh(const FExpr &e, ScalarKind k, const Expr &source) {
  return fits(e, k) ? e : unknownOf(source, wrapped, e, FExpr(), rangeOf(k));
}

facts::Expr Checker::unknownOf(const Expr &e, unsigned operation, const FExpr &a, const FExpr &b,
                               Range range) {
  auto [found, isNew] = unknowns.try_emplace({operation, e.type.scalar, a.hash(), b.hash()});
  if (isNew)
    found->second = freshFor(e, range);
  return found->second;
}

/// An integer scalar of which nothing more is known than its type.
void Checker::setFreshValue(Expr &e) {
  if (e.type.isScalar() && isInt(e.type.scalar) && !e.value)
    e.value = freshFor(e, rangeOf(e.type.scalar));
}

// ---- operations -----------------------------------------------------------------------------

void Checker::valueOfBinary(BinaryExpr &e) {
  if (!e.type.isScalar() || !isInt(e.type.scalar) || !e.lhs->value || !e.rhs->value)
    return setFreshValue(e);
  ScalarKind k = e.type.scalar;
  const FExpr &a = *e.lhs->value, &b = *e.rhs->value;
  switch (e.op) {
  case BinaryOp::Add:
    e.value = fitOrFresh(a + b, k, e);
    return;
  case BinaryOp::Sub:
    e.value = fitOrFresh(a - b, k, e);
    return;
  case BinaryOp::Mul:
    e.value = fitOrFresh(a * b, k, e);
    return;
  case BinaryOp::Div:
  case BinaryOp::Mod:
    if (interval(b).lo.value_or(0) > 0 || isProved({b, Rel::GT, FExpr(0)}))
      e.value = e.op == BinaryOp::Div ? FExpr::floorDiv(a, b) : FExpr::mod(a, b);
    break;
  case BinaryOp::Shl:
  case BinaryOp::Shr:
  case BinaryOp::BitAnd:
  case BinaryOp::BitOr:
  case BinaryOp::BitXor:
    e.value = valueOfBits(e, a, b, k);
    return;
  default:
    break;
  }
  if (!e.value)
    e.value = unknownOf(e, unsigned(e.op), a, b, rangeOf(k));
}

void Checker::valueOfUnary(UnaryExpr &e) {
  if (e.op == UnaryOp::Neg && e.type.isScalar() && isInt(e.type.scalar) && e.operand->value)
    e.value = fitOrFresh(-*e.operand->value, e.type.scalar, e);
  setFreshValue(e);
}

void Checker::valueOfConversion(CallExpr &e) {
  if (!e.type.isScalar() || !isInt(e.type.scalar))
    return;
  const Expr &from = *e.args[0];
  if (from.value && isInt(from.type.scalar))
    e.value = fitOrFresh(*from.value, e.type.scalar, e);
  else if (from.type.isScalar(ScalarKind::Bool))
    e.value = freshFor(e, {0, 1});
  else if (from.type.isScalar() && isFloat(from.type.scalar))
    e.value = freshFor(e, truncated(from, e.type.scalar));
  setFreshValue(e);
}

void Checker::valueOfBuiltin(CallExpr &e, const BuiltinInfo &info) {
  if (!e.type.isScalar() || !isInt(e.type.scalar))
    return;
  ScalarKind k = e.type.scalar;
  std::vector<FExpr> v;
  for (const ExprPtr &arg : e.args)
    if (arg->value)
      v.push_back(*arg->value);
  if (v.size() != e.args.size() && info.id != Builtin::Select)
    return setFreshValue(e);
  switch (info.id) {
  case Builtin::Min:
  case Builtin::Max: {
    FExpr m = v[0];
    for (size_t i = 1; i < v.size(); ++i)
      m = info.id == Builtin::Min ? FExpr::min(m, v[i]) : FExpr::max(m, v[i]);
    e.value = m;
    break;
  }
  case Builtin::Clamp: // min(max(x, lo), hi), also where lo > hi
    e.value = FExpr::min(FExpr::max(v[0], v[1]), v[2]);
    break;
  case Builtin::Abs:
    e.value = fitOrFresh(FExpr::max(v[0], -v[0]), k, e);
    break;
  case Builtin::Sign:
    e.value = FExpr::min(FExpr::max(v[0], FExpr(-1)), FExpr(1));
    break;
  case Builtin::Quot:
  case Builtin::Rem: // as floor division and modulo where nothing is negative
    if (isProved({v[0], Rel::GE, FExpr(0)}) && isProved({v[1], Rel::GT, FExpr(0)}))
      e.value = info.id == Builtin::Quot ? FExpr::floorDiv(v[0], v[1]) : FExpr::mod(v[0], v[1]);
    break;
  case Builtin::Popcount:
  case Builtin::Clz:
  case Builtin::Ctz:
    e.value = freshFor(e, {0, bitWidth(k)});
    break;
  case Builtin::Select:
    if (e.args[1]->value && e.args[2]->value)
      return valueOfChoice(e, formula(*e.args[0]), *e.args[1], *e.args[2]);
    break;
  default:
    break;
  }
  setFreshValue(e);
}

/// The value of `if`: an unknown that is the one or the other.
void Checker::valueOfChoice(Expr &e, const Formula &cond, const Expr &a, const Expr &b) {
  if (!e.type.isScalar() || !isInt(e.type.scalar))
    return;
  if (!a.value || !b.value)
    return setFreshValue(e);
  if (*a.value == *b.value) {
    e.value = a.value;
    return;
  }
  Range ra = interval(*a.value), rb = interval(*b.value), type = rangeOf(e.type.scalar);
  Range r;
  r.lo = ra.lo && rb.lo ? std::optional(std::min(*ra.lo, *rb.lo)) : type.lo;
  r.hi = ra.hi && rb.hi ? std::optional(std::max(*ra.hi, *rb.hi)) : type.hi;
  e.value = freshFor(e, r);
  Cases yes = cond.cases(), no = cond.negated().cases(), all;
  for (auto &c : yes) {
    c.push_back({*e.value, Rel::EQ, *a.value});
    all.push_back(c);
  }
  for (auto &c : no) {
    c.push_back({*e.value, Rel::EQ, *b.value});
    all.push_back(c);
  }
  assumeCases(all);
}

// ---- conditions -----------------------------------------------------------------------------

static std::optional<Rel> relation(BinaryOp op) {
  switch (op) {
  case BinaryOp::Eq:
    return Rel::EQ;
  case BinaryOp::Ne:
    return Rel::NE;
  case BinaryOp::Lt:
    return Rel::LT;
  case BinaryOp::Le:
    return Rel::LE;
  case BinaryOp::Gt:
    return Rel::GT;
  case BinaryOp::Ge:
    return Rel::GE;
  default:
    return std::nullopt;
  }
}

Formula Checker::formula(const Expr &e) const {
  if (auto *name = llvm::dyn_cast<NameExpr>(&e)) {
    auto found = boolLets.find(name->decl);
    return name->decl && found != boolLets.end() ? found->second : Formula();
  }
  if (auto *unary = llvm::dyn_cast<UnaryExpr>(&e))
    return unary->op == UnaryOp::Not ? formula(*unary->operand).negated() : Formula();
  if (auto *block = llvm::dyn_cast<BlockExpr>(&e))
    return block->block && block->block->value ? formula(*block->block->value) : Formula();
  auto *binary = llvm::dyn_cast<BinaryExpr>(&e);
  if (!binary || !binary->lhs || !binary->rhs)
    return {};
  if (binary->op == BinaryOp::And || binary->op == BinaryOp::Or)
    return Formula::join(binary->op == BinaryOp::And ? Formula::Kind::And : Formula::Kind::Or,
                         formula(*binary->lhs), formula(*binary->rhs));
  auto rel = relation(binary->op);
  const Expr &a = *binary->lhs, &b = *binary->rhs;
  if (!rel || !a.type.isScalar() || !isInt(a.type.scalar) || !a.value || !b.value)
    return {};
  return Formula::of({*a.value, *rel, *b.value});
}

} // namespace texpr

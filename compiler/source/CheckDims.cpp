// Expressions of dims: in signatures, where they have the meaning of unbounded integers and are
// tested at entry; and in bodies, as extents and bounds of loops.
//
// D2: a signature's dims are made of dims, integer parameters and literals by `+ - * / % min max`.
// D3: a divisor is proved > 0, or tested at entry. D7: an extent outside every form is over dims;
// inside, it has an upper bound that is.
#include "compiler/source/Checker.h"

namespace texpr {

using facts::Rel;

bool Checker::isDimExpr(const FExpr &e) const {
  std::vector<facts::Symbol> used;
  e.symbols(used);
  for (facts::Symbol s : used)
    if (symbols[s].kind != SymbolInfo::Kind::Dim)
      return false;
  return true;
}

/// The operation of a dim expression, once both sides are known.
static std::optional<facts::Expr> dimOperation(BinaryOp op, facts::Expr a, facts::Expr b) {
  switch (op) {
  case BinaryOp::Add:
    return a + b;
  case BinaryOp::Sub:
    return a - b;
  case BinaryOp::Mul:
    return a * b;
  case BinaryOp::Div:
    return facts::Expr::floorDiv(a, b);
  case BinaryOp::Mod:
    return facts::Expr::mod(a, b);
  default:
    return std::nullopt;
  }
}

std::optional<facts::Expr> Checker::signatureDim(ExprPtr &e) {
  if (!e)
    return std::nullopt;
  if (e->value)
    return e->value;
  e->type = Type::leaf(ScalarKind::I64);
  auto wrong = [&](const std::string &message) -> std::optional<FExpr> {
    diags.error(e->range, message)
        .note("a dim is made of dims, integer parameters and literals by + - * / % min max");
    return std::nullopt;
  };
  if (auto *literal = llvm::dyn_cast<IntLitExpr>(e.get())) {
    checkLiteral(*literal, nullptr);
    return e->value;
  }
  if (auto *name = llvm::dyn_cast<NameExpr>(e.get())) {
    name->decl = lookUp(name->text);
    if (!name->decl) {
      unknownName({name->text, name->range}, false);
      return std::nullopt;
    }
    if (!name->decl->value)
      return wrong("`" + name->text + "` is no integer that is known at the call");
    e->type = name->decl->type.isScalar() ? name->decl->type : e->type;
    return e->value = name->decl->value;
  }
  if (auto *unary = llvm::dyn_cast<UnaryExpr>(e.get()); unary && unary->op == UnaryOp::Neg) {
    if (auto v = signatureDim(unary->operand))
      e->value = -*v;
    return e->value;
  }
  if (auto *binary = llvm::dyn_cast<BinaryExpr>(e.get()); binary && binary->op <= BinaryOp::Mod) {
    auto a = signatureDim(binary->lhs), b = signatureDim(binary->rhs);
    if (!a || !b)
      return std::nullopt;
    if (binary->op == BinaryOp::Div || binary->op == BinaryOp::Mod) {
      if (b->constant().value_or(1) <= 0) {
        diags.error(binary->rhs->range, "a divisor in a dim is at least 1, not " + str(*b));
        return std::nullopt;
      }
      if (!b->constant())
        divisors.push_back({*b, binary->rhs->range});
    }
    return e->value = dimOperation(binary->op, *a, *b);
  }
  if (auto *call = llvm::dyn_cast<CallExpr>(e.get())) {
    bool isMin = call->callee.text == "min";
    if ((isMin || call->callee.text == "max") && call->args.size() >= 2) {
      call->isBuiltin = true;
      std::optional<FExpr> v;
      for (ExprPtr &arg : call->args) {
        auto a = signatureDim(arg);
        if (!a)
          return std::nullopt;
        v = !v ? *a : isMin ? FExpr::min(*v, *a) : FExpr::max(*v, *a);
      }
      return e->value = v;
    }
  }
  if (e->kind == ExprKind::Index || e->kind == ExprKind::Call) {
    diags.error(e->range, "a dim, or the end of a range, does not follow from data")
        .note("a fact on elements stands in `where`, as in `row[m] == z` where the type of a "
              "parameter says what `z` is");
    return std::nullopt;
  }
  return wrong("this is no expression of dims");
}

std::optional<facts::Expr> Checker::exactDim(const Expr &e, std::vector<Divisor> *found) const {
  if (auto *name = llvm::dyn_cast<NameExpr>(&e)) {
    if (auto exact = exactLet.find(name->decl); exact != exactLet.end())
      return exact->second;
    return e.value && isDimExpr(*e.value) ? e.value : std::nullopt;
  }
  if (e.kind == ExprKind::IntLit)
    return e.value;
  if (auto *call = llvm::dyn_cast<CallExpr>(&e)) {
    bool isMin = call->callee.text == "min", isMax = call->callee.text == "max";
    if (call->conversion == ScalarKind::I64 && call->args.size() == 1)
      return isInt(call->args[0]->type.scalar) ? exactDim(*call->args[0], found) : std::nullopt;
    if (!call->isBuiltin || !(isMin || isMax))
      return std::nullopt;
    std::optional<FExpr> v;
    for (const ExprPtr &arg : call->args) {
      auto a = exactDim(*arg, found);
      if (!a)
        return std::nullopt;
      v = !v ? *a : isMin ? FExpr::min(*v, *a) : FExpr::max(*v, *a);
    }
    return v;
  }
  auto *binary = llvm::dyn_cast<BinaryExpr>(&e);
  if (!binary || binary->op > BinaryOp::Mod || !e.type.isScalar(ScalarKind::I64))
    return std::nullopt;
  auto a = exactDim(*binary->lhs, found), b = exactDim(*binary->rhs, found);
  if (!a || !b)
    return std::nullopt;
  if (binary->op == BinaryOp::Div || binary->op == BinaryOp::Mod) {
    if (b->constant().value_or(1) <= 0 || !found)
      return b->constant().value_or(0) > 0 ? dimOperation(binary->op, *a, *b) : std::nullopt;
    if (!b->constant())
      found->push_back({*b, binary->rhs->range});
  }
  return dimOperation(binary->op, *a, *b);
}

/// The value of an extent or loop bound. Where it is one of dims that may wrap, or divide by what
/// may be 0, the call is refused at entry.
std::optional<facts::Expr> Checker::bodyBound(ExprPtr &e) {
  checkExpr(e);
  if (!e || !e->type.isValid())
    return std::nullopt;
  if (!e->type.isScalar() || !isInt(e->type.scalar)) {
    auto error = diags.error(e->range, "a bound is an integer, but this is " + str(e->type));
    if (e->type.isScalar() && isFloat(e->type.scalar))
      error.fix(e->range, "i64(" + text(e->range) + ")", "write the conversion");
    return std::nullopt;
  }
  if (!e->value || isDimExpr(*e->value) || !currentFn)
    return e->value;
  std::vector<Divisor> found;
  auto exact = exactDim(*e, &found);
  if (!exact)
    return e->value;
  FnDecl &fn = const_cast<FnDecl &>(*currentFn);
  for (const Divisor &d : found)
    if (!isProved({d.value, Rel::GT, FExpr(0)}))
      require(fn, {d.value, Rel::GT, FExpr(0)}, d.range, text(d.range) + " > 0", true);
  if (!fits(*exact, ScalarKind::I64)) {
    FExpr limit(int64_t(1) << 47);
    if (!isProved({*exact, Rel::LE, limit}))
      require(fn, {*exact, Rel::LE, limit}, e->range, text(e->range) + " <= 2^47");
    if (!isProved({-limit, Rel::LE, *exact}))
      require(fn, {-limit, Rel::LE, *exact}, e->range, "-2^47 <= " + text(e->range));
  }
  e->value = exact;
  return exact;
}

// ---- bounds of extents ----------------------------------------------------------------------

/// An expression over dims that is at least (at most) `e`: each other symbol is replaced by the end
/// of its range.
std::optional<facts::Expr> Checker::dimBound(const FExpr &e, bool upper, unsigned depth) const {
  if (isDimExpr(e))
    return e;
  if (depth > 12)
    return std::nullopt;
  auto parts = e.operands();
  auto part = [&](size_t i, bool up) { return dimBound(parts[i], up, depth + 1); };
  switch (e.kind()) {
  case FExpr::Kind::Symbol: {
    const SymbolInfo &info = symbols[*e.asSymbol()];
    const auto &end = upper ? info.hi : info.lo;
    if (end)
      if (auto bound = dimBound(*end, upper, depth + 1))
        return upper ? *bound - FExpr(1) : *bound;
    if (auto bound = elementBound(*e.asSymbol(), upper))
      return bound;
    if (const auto &known = upper ? info.most : info.least)
      return known;
    auto constant = upper ? info.range.hi : info.range.lo;
    return constant && *constant < (int64_t(1) << 47) && *constant > -(int64_t(1) << 47)
               ? std::optional(FExpr(*constant))
               : std::nullopt;
  }
  case FExpr::Kind::Sum: {
    FExpr total(0);
    for (size_t i = 0; i < parts.size(); ++i) {
      auto bound = part(i, upper);
      if (!bound)
        return std::nullopt;
      total = total + *bound;
    }
    return total;
  }
  case FExpr::Kind::Product: {
    if (auto factor = parts[0].constant()) {
      FExpr rest(1);
      for (size_t i = 1; i < parts.size(); ++i)
        rest = rest * parts[i];
      auto bound = dimBound(rest, *factor > 0 ? upper : !upper, depth + 1);
      return bound ? std::optional(*bound * parts[0]) : std::nullopt;
    }
    FExpr total(1);
    for (size_t i = 0; i < parts.size(); ++i) {
      auto bound = part(i, upper);
      if (!bound)
        return std::nullopt;
      if (interval(parts[i]).lo.value_or(-1) < 0)
        if (auto least = part(i, false); !least || interval(*least).lo.value_or(-1) < 0)
          return std::nullopt;
      total = total * *bound;
    }
    return total;
  }
  case FExpr::Kind::FloorDiv: {
    auto bound = part(0, upper);
    if (!bound || parts[1].constant().value_or(0) < 1)
      return std::nullopt;
    return FExpr::floorDiv(*bound, parts[1]);
  }
  case FExpr::Kind::Mod: {
    if (!upper)
      return FExpr(0);
    auto divisor = part(1, true);
    return divisor ? std::optional(*divisor - FExpr(1)) : std::nullopt;
  }
  case FExpr::Kind::Min:
  case FExpr::Kind::Max: {
    auto a = part(0, upper), b = part(1, upper);
    bool isMin = e.kind() == FExpr::Kind::Min;
    if (a && b)
      return isMin ? FExpr::min(*a, *b) : FExpr::max(*a, *b);
    return isMin == upper ? (a ? a : b) : std::nullopt;
  }
  default:
    return std::nullopt;
  }
}

} // namespace texpr

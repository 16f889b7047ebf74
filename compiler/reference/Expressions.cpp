// Expressions that are no forms: names, literals, operators, functions, choice, tuples, lists.
//
// In: an expression and the current frame. Out: its value. On tensors operators and functions work
// element by element; what `if`, `&&` and `||` do not choose is not evaluated.
#include "compiler/reference/Machine.h"
#include "compiler/reference/Math.h"
#include <cmath>

namespace texpr::reference {

Value Machine::eval(const Expr &e) {
  spend(e.range);
  Value v = evalKind(e);
  // Shapes of forms may speak of this value by the symbol that the checker gave it.
  if (e.value && v.isScalar() && e.kind != ExprKind::Name)
    if (auto symbol = e.value->asSymbol())
      frame->symbols[*symbol] = toInt(v.scalar());
  return v;
}

Value Machine::evalKind(const Expr &e) {
  switch (e.kind) {
  case ExprKind::IntLit: {
    auto &lit = llvm::cast<IntLitExpr>(e);
    return literal(e.type.isValid() ? e.type.scalar : ScalarKind::I64, lit.magnitude, lit.negative);
  }
  case ExprKind::FloatLit:
    if (auto s = literal(e.type.scalar, llvm::cast<FloatLitExpr>(e).text))
      return *s;
    internal(e.range, "a literal that is no number");
  case ExprKind::BoolLit:
    return boolean(llvm::cast<BoolLitExpr>(e).value);
  case ExprKind::ScalarConst:
    return constant(llvm::cast<ScalarConstExpr>(e).scalar,
                    llvm::cast<ScalarConstExpr>(e).member.text);
  case ExprKind::Name:
    return name(llvm::cast<NameExpr>(e));
  case ExprKind::Unary:
    return unaryOp(llvm::cast<UnaryExpr>(e));
  case ExprKind::Binary:
    return binaryOp(llvm::cast<BinaryExpr>(e));
  case ExprKind::Call:
    return call(llvm::cast<CallExpr>(e));
  case ExprKind::Index:
    return index(llvm::cast<IndexExpr>(e));
  case ExprKind::Field:
    return settled(operand(e), e.range);
  case ExprKind::Else:
    return otherwise(llvm::cast<ElseExpr>(e));
  case ExprKind::Tuple: {
    std::vector<Value> parts;
    for (const ExprPtr &part : llvm::cast<TupleExpr>(e).parts)
      parts.push_back(eval(*part));
    return Value::tuple(std::move(parts));
  }
  case ExprKind::List:
    return list(llvm::cast<ListExpr>(e));
  case ExprKind::Block:
    return block(*llvm::cast<BlockExpr>(e).block);
  case ExprKind::If:
    return choice(llvm::cast<IfExpr>(e));
  case ExprKind::Compute:
    return compute(llvm::cast<ComputeExpr>(e));
  case ExprKind::Reduce:
    return reduce(llvm::cast<ReduceExpr>(e));
  case ExprKind::Scatter:
    return scatter(llvm::cast<ScatterExpr>(e));
  case ExprKind::Sort:
    return sort(llvm::cast<SortExpr>(e));
  case ExprKind::Scan:
    return scan(llvm::cast<ScanExpr>(e));
  case ExprKind::Filter:
    return filter(llvm::cast<FilterExpr>(e));
  case ExprKind::For:
    return forLoop(llvm::cast<ForExpr>(e));
  case ExprKind::While:
    return whileLoop(llvm::cast<WhileExpr>(e));
  default:
    internal(e.range, "a form that this version does not have");
  }
}

Scalar Machine::evalScalar(const Expr &e) {
  const Value v = eval(e);
  if (!v.isScalar())
    internal(e.range, "a tensor where a scalar must stand");
  return v.scalar();
}

int64_t Machine::evalInt(const Expr &e) { return toInt(evalScalar(e)); }

bool Machine::evalBool(const Expr &e) { return truth(evalScalar(e)); }

Value Machine::name(const NameExpr &e) {
  if (!e.decl)
    return predeclared(e.type.scalar, *findPredeclared(e.text));
  return settled(operand(e), e.range);
}

Value Machine::map(const std::vector<Value> &args, SourceRange site,
                   const std::function<Scalar(llvm::ArrayRef<Scalar>)> &f) {
  if (auto v = mapScalars(args, f))
    return std::move(*v);
  internal(site, "operands of different shapes");
}

Value Machine::unaryOp(const UnaryExpr &e) {
  return map({eval(*e.operand)}, e.range,
             [&](llvm::ArrayRef<Scalar> a) { return unary(e.op, a[0]); });
}

/// A product is exact where fusing it into a sum would not change the sum.
static bool isExactProduct(Scalar a, Scalar b, Scalar product) {
  const long double x = real(a), y = real(b), p = real(product);
  if (!std::isfinite(x) || !std::isfinite(y))
    return true;
  if (a.kind != ScalarKind::F64)
    return x * y == p;
  return std::fma(static_cast<double>(x), static_cast<double>(y), -static_cast<double>(p)) == 0;
}

Value Machine::binaryOp(const BinaryExpr &e) {
  const Value lhs = eval(*e.lhs);
  if (lhs.isScalar() && e.op == BinaryOp::And && !truth(lhs.scalar()))
    return boolean(false);
  if (lhs.isScalar() && e.op == BinaryOp::Or && truth(lhs.scalar()))
    return boolean(true);
  return map({lhs, eval(*e.rhs)}, e.range, [&](llvm::ArrayRef<Scalar> a) {
    const Scalar r = binary(e.op, a[0], a[1]);
    if (sumDepth && options.exactness && e.op == BinaryOp::Mul && isFloat(r.kind) &&
        !isExactProduct(a[0], a[1], r))
      noteInexact("a product in a sum is rounded");
    return r;
  });
}

Value Machine::call(const CallExpr &e) {
  if (e.fn)
    return callFunction(e);
  if (e.isReshape)
    return reshape(e);
  if (e.laneOp != LaneOp::None)
    return laneOp(e);
  if (e.isDescending) // the order is the sort's
    return eval(*e.args[0]);
  std::vector<Value> args;
  for (const ExprPtr &arg : e.args)
    args.push_back(eval(*arg));
  if (e.op && e.isElementwise)
    return eachElement(args, e.type, e.range,
                       [&](std::vector<Value> at) { return applyOp(*e.op, at[0], at[1]); });
  if (e.op)
    return applyOp(*e.op, args[0], args[1]);
  if (e.conversion)
    return map(args, e.range,
               [&](llvm::ArrayRef<Scalar> a) { return convert(*e.conversion, a[0]); });
  const BuiltinInfo *info = findBuiltin(e.callee.text);
  if (!info)
    internal(e.range, "a call of an unknown function");
  const auto to = e.typeArgs.empty() ? std::nullopt : e.typeArgs[0].scalar;
  return map(args, e.range, [&](llvm::ArrayRef<Scalar> a) {
    return isApproximate(info->id) ? mathFunction(info->id, a) : exactBuiltin(info->id, a, to);
  });
}

Value Machine::reshape(const CallExpr &e) {
  Array a = eval(*e.args[0]).tensor();
  a.shape.clear();
  for (const ExprPtr &extent : llvm::cast<ListExpr>(*e.args[1]).elements)
    a.shape.push_back(evalInt(*extent));
  if (elementCount(a.shape) != a.count())
    internal(e.range, "a `reshape` to another number of elements");
  return a;
}

Value Machine::block(const Block &b) {
  for (const StmtPtr &s : b.stmts)
    run(*s);
  if (!b.value)
    internal(b.range, "a block without a value");
  return eval(*b.value);
}

Value Machine::choice(const IfExpr &e) {
  return evalBool(*e.cond) ? block(*e.thenBlock) : eval(*e.elseExpr);
}

} // namespace texpr::reference

// Expressions: names, literals, operators, choice, tuples and lists. On tensors every operator is a
// tx.compute of reads.
//
// In: a checked expression. Out: its leaves as SSA values. Evaluation is where the insertion point
// stands; `&&`, `||` and `if` keep what they do not choose unevaluated.
//   x + 2 * y   (f32[n])   →   %t = tx.compute (%i) … { 2 * y[i] }   %z = tx.compute (%i) … { x[i]
//   + t[i] }
#include "compiler/import/Importer.h"
#include "dialects/par/Extents.h"
#include "dialects/tx/Extents.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr::importer {

unsigned Leaf::rank() const {
  if (auto buffer = dyn_cast<par::BufType>(value.getType()))
    return buffer.getRank();
  auto tensor = dyn_cast<RankedTensorType>(value.getType());
  return tensor ? tensor.getRank() : 0;
}

size_t leafCount(const Type &t) { return leavesOf(t).size(); }

std::vector<const Type *> leavesOf(const Type &t) {
  std::vector<const Type *> out;
  t.leaves(out);
  return out;
}

/// What has a place for attributes: pins find it by its location.
static bool isForm(ExprKind kind) {
  return llvm::is_contained({ExprKind::Compute, ExprKind::Reduce, ExprKind::Scan, ExprKind::Scatter,
                             ExprKind::Filter, ExprKind::Sort, ExprKind::For, ExprKind::While},
                            kind);
}

Val FnImporter::expr(const Expr &e) {
  At at(*this, e.range, isForm(e.kind));
  Val v = dispatch(e);
  if (e.type.isScalar() && v.leaves.size() == 1)
    bindSymbolOnce(e.value, v.leaves[0].value, v.leaves[0].kind);
  return v;
}

Leaf FnImporter::leaf(const Expr &e) { return expr(e).leaves.front(); }
Value FnImporter::scalar(const Expr &e) { return leaf(e).value; }
Value FnImporter::index(const Expr &e) {
  Leaf l = leaf(e);
  return scalars().toIndex(l.kind, l.value);
}

Val FnImporter::dispatch(const Expr &e) {
  // What is known of dims alone is made once, behind the arguments.
  if (e.type.isScalar(ScalarKind::I64) && e.value && isOfEntry(*e.value))
    return {{{extent(*e.value), ScalarKind::I64}}};
  switch (e.kind) {
  case ExprKind::IntLit:
    return {{{scalars().literal(llvm::cast<IntLitExpr>(e)), e.type.scalar}}};
  case ExprKind::FloatLit:
    return {{{scalars().real(e.type.scalar, llvm::cast<FloatLitExpr>(e).text), e.type.scalar}}};
  case ExprKind::BoolLit:
    return {{{scalars().integer(ScalarKind::Bool, llvm::cast<BoolLitExpr>(e).value),
              ScalarKind::Bool}}};
  case ExprKind::ScalarConst:
    return {{{scalars().constant(e.type.scalar, llvm::cast<ScalarConstExpr>(e).member.text),
              e.type.scalar}}};
  case ExprKind::Name:
    return name(llvm::cast<NameExpr>(e));
  case ExprKind::Unary: {
    auto &unary = llvm::cast<UnaryExpr>(e);
    Leaf operand = leaf(*unary.operand);
    return {{elementwise(e.type, {operand}, [&](ArrayRef<Value> v) {
      return scalars().unary(unary.op, operand.kind, v[0]);
    })}};
  }
  case ExprKind::Binary:
    return binary(llvm::cast<BinaryExpr>(e));
  case ExprKind::Call:
    return call(llvm::cast<CallExpr>(e));
  case ExprKind::Index:
    return access(llvm::cast<IndexExpr>(e), nullptr, std::nullopt);
  case ExprKind::Field:
    return field(llvm::cast<FieldExpr>(e));
  case ExprKind::Else:
    return elseExpr(llvm::cast<ElseExpr>(e));
  case ExprKind::Tuple:
    return tuple(llvm::cast<TupleExpr>(e));
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
    return loop(llvm::cast<ForExpr>(e));
  case ExprKind::While:
    return whileLoop(llvm::cast<WhileExpr>(e));
  default:
    error(e.range, "a form that the checker should have refused");
    return {{{scalars().integer(ScalarKind::I64, 0), ScalarKind::I64}}};
  }
}

// ---- names and parts ----

Val FnImporter::name(const NameExpr &e) {
  if (!e.decl)
    return {{{scalars().predeclared(e.type.scalar, *findPredeclared(e.text)), e.type.scalar}}};
  auto found = env.find(e.decl);
  if (found == env.end()) {
    error(e.range, "no value for `" + llvm::Twine(e.text) + "`");
    return {{{scalars().integer(ScalarKind::I64, 0), ScalarKind::I64}}};
  }
  Val v = found->second;
  for (Leaf &l : v.leaves)
    if (l.isBuffer() && l.rank() == 0)
      l.value = readElement(l, {});
  return v;
}

Val FnImporter::field(const FieldExpr &e) {
  Val base = expr(*e.base);
  size_t first = 0;
  for (unsigned i = 0; i < e.index; ++i)
    first += leafCount(e.base->type.parts[i]);
  Val part;
  size_t count = leafCount(e.type);
  part.leaves.assign(base.leaves.begin() + first, base.leaves.begin() + first + count);
  if (!base.outside.empty())
    part.outside.assign(base.outside.begin() + first, base.outside.begin() + first + count);
  part.failure = base.failure;
  return part;
}

Val FnImporter::tuple(const TupleExpr &e) {
  Val v;
  for (const ExprPtr &part : e.parts)
    llvm::append_range(v.leaves, expr(*part).leaves);
  return v;
}

Val FnImporter::list(const ListExpr &e) {
  auto leaves = leavesOf(e.type);
  std::vector<SmallVector<Value>> columns(leaves.size());
  for (const ExprPtr &element : e.elements) {
    Val v = frozen(expr(*element));
    for (auto [k, l] : llvm::enumerate(v.leaves))
      columns[k].push_back(l.isScalar() ? scalars().toElement(l.kind, l.value) : l.value);
  }
  Val v;
  for (auto [k, t] : llvm::enumerate(leaves))
    v.leaves.push_back(
        {tx::ListOp::create(b, loc, tensorType(t->scalar, t->shape.size()), columns[k]),
         t->scalar});
  return v;
}

// ---- operators ----

Val FnImporter::binary(const BinaryExpr &e) {
  if (e.op == BinaryOp::And || e.op == BinaryOp::Or)
    return {{{logic(e), ScalarKind::Bool}}};
  Leaf lhs = leaf(*e.lhs), rhs = leaf(*e.rhs);
  auto op = [&](ArrayRef<Value> v) {
    return scalars().binary(e.op, lhs.kind, v[0], v[1], rhs.kind);
  };
  return {{elementwise(e.type, {lhs, rhs}, op)}};
}

/// True where everything in the block may run although it was not asked for.
static bool isSpeculatableBlock(mlir::Block &block) {
  return llvm::all_of(block.without_terminator(),
                      [](Operation &op) { return isSpeculatable(&op) && isMemoryEffectFree(&op); });
}

/// `a && b`: arith.andi where b is free to evaluate and cannot go wrong, else scf.if.
Value FnImporter::logic(const BinaryExpr &e) {
  bool isAnd = e.op == BinaryOp::And;
  Value lhs = scalar(*e.lhs);
  auto choice = scf::IfOp::create(b, loc, TypeRange{b.getI1Type()}, lhs, /*withElseRegion=*/true);
  mlir::Block *asked = isAnd ? choice.thenBlock() : choice.elseBlock();
  mlir::Block *known = isAnd ? choice.elseBlock() : choice.thenBlock();
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(known);
  scf::YieldOp::create(b, loc, scalars().integer(ScalarKind::Bool, !isAnd));
  b.setInsertionPointToEnd(asked);
  Value rhs = scalar(*e.rhs);
  auto yield = scf::YieldOp::create(b, loc, rhs);
  if (!isSpeculatableBlock(*asked))
    return choice.getResult(0);
  choice->getBlock()->getOperations().splice(choice->getIterator(), asked->getOperations(),
                                             asked->begin(), yield->getIterator());
  b.setInsertionPoint(choice);
  Value both = isAnd ? b.createOrFold<arith::AndIOp>(loc, lhs, rhs)
                     : b.createOrFold<arith::OrIOp>(loc, lhs, rhs);
  choice.erase();
  return both;
}

Val FnImporter::builtin(const CallExpr &e) {
  const BuiltinInfo *info = findBuiltin(e.callee.text);
  Leaves args;
  SmallVector<ScalarKind> kinds;
  for (const ExprPtr &arg : e.args) {
    args.push_back(leaf(*arg));
    kinds.push_back(args.back().kind);
  }
  ScalarKind to = e.type.scalar;
  return {{elementwise(
      e.type, args, [&](ArrayRef<Value> v) { return scalars().builtin(info->id, kinds, v, to); })}};
}

Val FnImporter::conversion(const CallExpr &e) {
  Leaf from = leaf(*e.args[0]);
  auto op = [&](ArrayRef<Value> v) { return scalars().convert(from.kind, *e.conversion, v[0]); };
  return {{elementwise(e.type, {from}, op)}};
}

/// Names for axes that have none in the source: e0, e1, …
ArrayAttr FnImporter::axisLabels(char letter, size_t count) {
  SmallVector<Attribute> labels;
  for (size_t i = 0; i < count; ++i)
    labels.push_back(b.getStringAttr(letter + std::to_string(i)));
  return b.getArrayAttr(labels);
}

Leaf FnImporter::elementwise(const Type &type, ArrayRef<Leaf> args,
                             llvm::function_ref<Value(ArrayRef<Value>)> op) {
  if (type.isScalar()) {
    SmallVector<Value> values;
    for (const Leaf &arg : args)
      values.push_back(arg.value);
    return {op(values), type.scalar};
  }
  auto form =
      makeCompute(valueTypes(type), extentsOf(type.shape), axisLabels('e', type.shape.size()));
  Body body(*this, form.getBody(), form.getLower().getTypes());
  SmallVector<Value> values;
  for (const Leaf &arg : args)
    values.push_back(arg.isScalar() ? arg.value : readElement(arg, body.args));
  tx::YieldOp::create(b, loc, scalars().toElement(type.scalar, op(values)));
  return {form.getResult(0), type.scalar};
}

// ---- choice ----

Val FnImporter::branch(const Block *block, const Expr *other, const Type &type) {
  Val v = frozen(block ? this->block(*block) : expr(*other));
  auto leaves = leavesOf(type);
  for (auto [k, l] : llvm::enumerate(v.leaves))
    if (l.isTensor())
      l = withExtents(l, leaves[k]->shape);
  return v;
}

Val FnImporter::choice(const IfExpr &e) {
  Value cond = scalar(*e.cond);
  for (const Type *t : leavesOf(e.type)) // outside, for both branches
    extentsOf(t->shape);
  auto op = scf::IfOp::create(b, loc, valueTypes(e.type), cond, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  for (bool isThen : {true, false}) {
    b.setInsertionPointToEnd(isThen ? op.thenBlock() : op.elseBlock());
    Val v = branch(isThen ? e.thenBlock.get() : nullptr, e.elseExpr.get(), e.type);
    SmallVector<Value> values;
    for (const Leaf &l : v.leaves)
      values.push_back(l.value);
    scf::YieldOp::create(b, loc, values);
  }
  Val v;
  for (auto [k, t] : llvm::enumerate(leavesOf(e.type)))
    v.leaves.push_back({op.getResult(k), t->scalar});
  return v;
}

// ---- tensors as they are ----

SmallVector<Value> FnImporter::leafExtents(const Leaf &l) {
  if (l.isScalar())
    return {};
  return l.isBuffer() ? par::getExtents(b, l.value) : tx::getExtents(b, l.value);
}

/// The tensor of `l` by index: a copy of a buffer as it is now, or another name for a tensor.
Leaf FnImporter::view(const Leaf &l, ValueRange extents) {
  auto form =
      makeCompute({tensorType(l.kind, extents.size())}, extents, axisLabels('v', extents.size()));
  if (l.isTensor())
    form->setAttr("plan.store", b.getStringAttr("inline"));
  Body body(*this, form.getBody(), form.getLower().getTypes());
  tx::YieldOp::create(b, loc, scalars().toElement(l.kind, readElement(l, body.args)));
  return {form.getResult(0), l.kind};
}

Leaf FnImporter::snapshot(const Leaf &l) {
  if (!l.isBuffer())
    return l;
  return l.rank() == 0 ? Leaf{readElement(l, {}), l.kind} : view(l, leafExtents(l));
}

Val FnImporter::frozen(Val v) {
  for (Leaf &l : v.leaves)
    l = snapshot(l);
  return v;
}

Leaf FnImporter::withExtents(const Leaf &l, const std::vector<facts::Expr> &shape) {
  SmallVector<Value> wanted = extentsOf(shape);
  if (tx::Extents known = tx::knownExtents(l.value)) {
    bool same = true;
    for (auto [have, want] : llvm::zip_equal(*known, wanted))
      same &= !have.lower && have.upper == want;
    if (same)
      return l;
  }
  return view(l, wanted);
}

/// With the extents that the type says.
Val FnImporter::frozenAs(Val v, const Type &type) {
  v = frozen(std::move(v));
  auto leaves = leavesOf(type);
  for (auto [k, l] : llvm::enumerate(v.leaves))
    if (l.isTensor())
      l = withExtents(l, leaves[k]->shape);
  return v;
}

SmallVector<Value> FnImporter::frozenWith(Val v, const Type &type) {
  SmallVector<Value> values;
  auto leaves = leavesOf(type);
  for (auto [k, l] : llvm::enumerate(frozen(std::move(v)).leaves))
    values.push_back(l.isTensor() ? withExtents(l, leaves[k]->shape).value : l.value);
  return values;
}

} // namespace texpr::importer

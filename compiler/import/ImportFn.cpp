// Functions: the signature's dims, parameters and facts; calls; user ops.
//
// In: a checked function and its declared func.func. Out: its body. Arguments are the dims in the
// order of the C signature, then the leaves of the parameters. A dim that `where` defines is no
// argument but arithmetic at the start.
//   fn f(x: f32[m], p: i32[m] in 0..v, …)  →  %x = tx.bind %xa [%m]   %p1 = tx.verify (tx.bind %pa
//   [%m]) in [0 to %v] site 0
// A call passes dims first; its tensors are seen through views with the caller's extents, so no
// callee is asked for them.
#include "compiler/import/Importer.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr::importer {

SmallVector<bool> servesAsDim(const FnDecl &fn) {
  SmallVector<bool> serves(fn.params.size(), false);
  for (const DimBinding &d : fn.dims)
    if (d.how == DimBinding::How::ScalarParam)
      serves[d.param] = true;
  return serves;
}

FnImporter::FnImporter(ProgramImporter &program)
    : program(program), context(&program.context), b(&program.context),
      loc(UnknownLoc::get(&program.context)) {}

void FnImporter::importFn(const FnDecl &fn, func::FuncOp func, Variant variant) {
  At at(*this, fn.range);
  mlir::Block &entry = *func.addEntryBlock();
  entryBlock = &entry;
  isInside = variant.isInside;
  b.setInsertionPointToStart(&entry);
  unsigned arg = 0;
  bindDims(fn, entry, arg);
  bindParams(fn, entry, arg);
  for (const EntryCheck &check : fn.entryChecks) {
    At at(*this, check.range);
    emitFact(check.constraint, check.text, true);
  }
  testRanges(fn);
  auto body = [&] {
    std::vector<const Decl *> lent = lentTo(fn);
    statements(fn.body->stmts, {fn.body->value.get()}, lent);
    Val result = fn.body->value ? frozen(expr(*fn.body->value)) : Val();
    SmallVector<Value> values, found = foundDims(fn);
    size_t k = 0;
    for (const ResultDecl &r : fn.results)
      for (const Type *t : leavesOf(r.type)) {
        const Leaf &l = result.leaves[k++];
        values.push_back(l.isTensor() ? withExtents(l, t->shape).value : l.value);
      }
    llvm::append_range(values, found);
    for (const Decl *d : lent)
      for (const Leaf &l : env[d].leaves)
        values.push_back(l.value);
    return values;
  };
  SmallVector<Value> values;
  if (Value held = isInside && !variant.isTrusted ? testFacts(fn) : Value()) {
    values = whereHeld(fn, held, body);
  } else {
    if (!variant.isTrusted)
      verifyFacts(fn);
    values = body();
  }
  func::ReturnOp::create(b, loc, values);
}

// ---- dims and parameters ----

void FnImporter::bindDims(const FnDecl &fn, mlir::Block &entry, unsigned &arg) {
  for (const DimBinding &d : fn.dims) {
    if (!isArgument(d))
      continue;
    const Decl &decl = d.how == DimBinding::How::ScalarParam ? *fn.params[d.param].decl : *d.decl;
    Value v = entry.getArgument(arg++);
    for (const Decl *name : {static_cast<const Decl *>(d.decl.get()), &decl}) {
      if (!name)
        continue;
      bindSymbol(name->value, v, ScalarKind::I64);
      if (name->value && name->value->asSymbol())
        entrySymbols.insert(*name->value->asSymbol());
      ScalarKind k = name->type.isScalar() ? name->type.scalar : ScalarKind::I64;
      Value typed =
          k == ScalarKind::I64
              ? v
              : arith::IndexCastOp::create(b, loc, elementType(context, k), v).getResult();
      if (typed != v)
        lastEntryOp = typed.getDefiningOp();
      env[name] = {{{typed, k}}};
    }
  }
}

void FnImporter::bindParams(const FnDecl &fn, mlir::Block &entry, unsigned arg) {
  auto isDim = servesAsDim(fn);
  unsigned firstLeaf = arg;
  // Scalars first: extents may use them.
  for (auto [p, param] : llvm::enumerate(fn.params)) {
    if (isDim[p])
      continue;
    auto leaves = leavesOf(param.decl->type);
    if (leaves.size() == 1 && leaves[0]->shape.empty()) {
      Value v = entry.getArgument(arg);
      bindSymbol(param.decl->value, v, leaves[0]->scalar);
      if (param.decl->value && param.decl->value->asSymbol())
        entrySymbols.insert(*param.decl->value->asSymbol());
      env[param.decl.get()] = {{{v, leaves[0]->scalar}}};
    }
    arg += leaves.size();
  }
  for (const DimBinding &d : fn.dims)
    if (d.how == DimBinding::How::Defined && d.decl->value)
      env[d.decl.get()] = {{{extent(*d.decl->value), ScalarKind::I64}}};
  arg = firstLeaf;
  for (auto [p, param] : llvm::enumerate(fn.params)) {
    if (isDim[p])
      continue;
    At at(*this, param.decl->name.range);
    Val v;
    for (const Type *t : leavesOf(param.decl->type)) {
      Value argument = entry.getArgument(arg++);
      v.leaves.push_back(t->shape.empty() ? Leaf{argument, t->scalar}
                                          : bindTensor(fn, p, *t, argument));
    }
    env[param.decl.get()] = v;
  }
}

Leaf FnImporter::bindTensor(const FnDecl &fn, unsigned param, const Type &leaf, Value argument) {
  Value v = tx::BindOp::create(b, loc, argument.getType(), argument, extentsOf(leaf.shape));
  if (!fn.params[param].declared.set.empty() && isInt(leaf.scalar) && !fn.params[param].isInout)
    v = verified(fn, param, leaf.scalar, v);
  return {v, leaf.scalar};
}

/// The hull of the spans: what an access needs is tested where it is made.
Value FnImporter::verified(const FnDecl &fn, unsigned param, ScalarKind kind, Value tensor) {
  auto site = program.site(fn, param);
  if (!site)
    return tensor;
  Value lower, upper;
  for (const Span &span : fn.params[param].declared.set) {
    Value lo = index(*span.lo), hi = span.hi ? index(*span.hi) : lo;
    if (span.inclusive || !span.hi)
      hi = b.createOrFold<arith::AddIOp>(loc, hi, arith::ConstantIndexOp::create(b, loc, 1));
    lower = lower ? b.createOrFold<arith::MinSIOp>(loc, lower, lo) : lo;
    upper = upper ? b.createOrFold<arith::MaxSIOp>(loc, upper, hi) : hi;
  }
  auto op = tx::VerifyOp::create(b, loc, tensor.getType(), tensor, lower, upper,
                                 b.getI64IntegerAttr(*site));
  if (fn.params[param].declared.set.size() > 1)
    op->setAttr("tx.hull", b.getUnitAttr());
  if (!isSigned(kind))
    op->setAttr("tx.unsigned", b.getUnitAttr());
  return op;
}

// ---- calls ----

Val FnImporter::call(const CallExpr &e) {
  if (e.conversion)
    return conversion(e);
  if (e.isBuiltin)
    return builtin(e);
  if (e.op)
    return callOp(e);
  if (e.isReshape)
    return reshape(e);
  if (e.laneOp != LaneOp::None)
    return laneOp(e);
  if (e.isDescending) // the order is the sort's
    return expr(*e.args[0]);
  if (!lentTo(*e.fn).empty())
    return lend(e);
  std::vector<Val> args;
  for (const ExprPtr &arg : e.args)
    args.push_back(frozen(expr(*arg)));
  if (e.isElementwise)
    return callElementwise(e, args);
  SmallVector<mlir::Type> types = valueTypes(e.type);
  size_t leaves = types.size();
  for (const DimBinding &d : e.fn->dims)
    if (d.how == DimBinding::How::Found)
      types.push_back(b.getIndexType());
  auto op = func::CallOp::create(b, loc, program.callee(*e.fn, variantOf(e)), types,
                                 callOperands(e, args));
  bindCallDims(e, op, leaves);
  Val result;
  for (auto [k, t] : llvm::enumerate(leavesOf(e.type))) {
    Leaf l{op.getResult(k), t->scalar};
    result.leaves.push_back(t->shape.empty() ? l : view(l, extentsOf(t->shape)));
  }
  return result;
}

/// The operands of the call in the order of the callee's signature: dims, then leaves.
SmallVector<Value> FnImporter::callOperands(const CallExpr &e, ArrayRef<Val> args) {
  const FnDecl &fn = *e.fn;
  auto isDim = servesAsDim(fn);
  SmallVector<Value> operands;
  for (auto [d, value] : llvm::zip_equal(fn.dims, e.dimArgs)) {
    if (!isArgument(d))
      continue;
    if (d.how == DimBinding::How::ScalarParam) {
      const Leaf &l = args[d.param].leaves[0];
      operands.push_back(isOfEntry(value) ? extent(value) : scalars().toIndex(l.kind, l.value));
    } else {
      operands.push_back(extent(value));
    }
  }
  for (size_t p = 0; p < args.size(); ++p)
    if (!isDim[p])
      for (const Leaf &l : args[p].leaves)
        operands.push_back(l.value);
  return operands;
}

/// A function of scalars on tensors: one tx.compute whose body calls it with the elements.
Val FnImporter::callElementwise(const CallExpr &e, ArrayRef<Val> args) {
  auto leaves = leavesOf(e.type);
  const std::vector<facts::Expr> &shape = leaves[0]->shape;
  auto form = makeCompute(valueTypes(e.type), extentsOf(shape), axisLabels('e', shape.size()));
  Body body(*this, form.getBody(), form.getLower().getTypes());
  std::vector<Val> elements(args);
  for (Val &arg : elements)
    for (Leaf &l : arg.leaves)
      if (!l.isScalar())
        l.value = readElement(l, body.args);
  SmallVector<mlir::Type> types;
  for (const Type *t : leaves)
    types.push_back(valueType(Type::leaf(t->scalar)));
  auto op = func::CallOp::create(b, loc, program.callee(*e.fn, variantOf(e)), types,
                                 callOperands(e, elements));
  SmallVector<Value> values;
  Val result;
  for (auto [k, t] : llvm::enumerate(leaves)) {
    values.push_back(scalars().toElement(t->scalar, op.getResult(k)));
    result.leaves.push_back({form.getResult(k), t->scalar});
  }
  tx::YieldOp::create(b, loc, values);
  return result;
}

/// The leaves of both operands, by the names of the op's parameters.
void FnImporter::bindOperands(const OpDecl &op, ValueRange values) {
  size_t next = 0;
  for (const Decl *d : {op.lhs.decl.get(), op.rhs.decl.get()}) {
    Val v;
    for (const Type *t : leavesOf(d->type))
      v.leaves.push_back({values[next++], t->scalar});
    if (v.leaves.size() == 1)
      bindSymbol(d->value, v.leaves[0].value, v.leaves[0].kind);
    env[d] = v;
  }
}

Val FnImporter::callOp(const CallExpr &e) {
  Leaves operands;
  for (const ExprPtr &arg : e.args)
    llvm::append_range(operands, frozen(expr(*arg)).leaves);
  auto apply = [&](ValueRange at) {
    SmallVector<Value> values;
    for (const Leaf &l : operands)
      values.push_back(l.isScalar() ? l.value : readElement(l, at));
    bindOperands(*e.op, values);
    return block(*e.op->body);
  };
  if (!e.isElementwise)
    return apply({});
  auto leaves = leavesOf(e.type);
  const std::vector<facts::Expr> &shape = leaves[0]->shape;
  auto form = makeCompute(valueTypes(e.type), extentsOf(shape), axisLabels('e', shape.size()));
  Body body(*this, form.getBody(), form.getLower().getTypes());
  SmallVector<Value> values;
  Val result;
  for (auto [k, l] : llvm::enumerate(apply(body.args).leaves)) {
    values.push_back(scalars().toElement(l.kind, l.value));
    result.leaves.push_back({form.getResult(k), l.kind});
  }
  tx::YieldOp::create(b, loc, values);
  return result;
}

// ---- user ops ----

SmallVector<Value> FnImporter::identityValues(const OpDecl &op) {
  SmallVector<Value> values;
  for (const Leaf &l : expr(*op.identity).leaves)
    values.push_back(l.value);
  return values;
}

/// The optional form puts a presence before each operand: absent combines as nothing, so it is a
/// neutral element.
void FnImporter::importCombiner(const OpDecl &op, tx::CombinerOp combiner, CombinerForm form) {
  At at(*this, op.range);
  auto types = leavesOf(op.lhs.decl->type);
  SmallVector<mlir::Type> leaves;
  if (form.isOptional)
    leaves.push_back(b.getI1Type());
  for (const Type *t : types)
    leaves.push_back(form.onElements ? elementType(context, t->scalar) : valueType(*t));
  SmallVector<mlir::Type> arguments(leaves);
  llvm::append_range(arguments, leaves);
  auto asElements = [&](MutableArrayRef<Value> values) {
    for (auto [v, t] : llvm::zip_equal(values, types))
      v = form.onElements ? scalars().toElement(t->scalar, v) : v;
  };
  {
    Body body(*this, combiner.getBody(), arguments);
    entryBlock = b.getInsertionBlock();
    ValueRange lhs = body.args.take_front(leaves.size()), rhs = body.args.drop_front(leaves.size());
    SmallVector<Value> operands;
    for (ValueRange side : {lhs, rhs})
      for (auto [v, t] : llvm::zip_equal(side.drop_front(form.isOptional), types))
        operands.push_back(form.onElements ? scalars().fromElement(t->scalar, v) : v);
    bindOperands(op, operands);
    SmallVector<Value> values;
    for (const Leaf &l : block(*op.body).leaves)
      values.push_back(l.value);
    asElements(values);
    if (form.isOptional) {
      for (auto [v, l, r] : llvm::zip_equal(values, lhs.drop_front(), rhs.drop_front())) {
        Value right = arith::SelectOp::create(b, loc, rhs[0], v, l);
        v = arith::SelectOp::create(b, loc, lhs[0], right, r);
      }
      values.insert(values.begin(), arith::OrIOp::create(b, loc, lhs[0], rhs[0]).getResult());
    }
    tx::YieldOp::create(b, loc, values);
  }
  symbols.clear();
  extents.clear();
  lastEntryOp = nullptr;
  if (!op.identity && !form.isOptional)
    return;
  Body body(*this, combiner.getIdentity(), {});
  entryBlock = b.getInsertionBlock();
  SmallVector<Value> values;
  if (op.identity)
    values = identityValues(op);
  else
    for (const Type *t : types)
      values.push_back(isFloat(t->scalar) ? scalars().real(t->scalar, "0.0")
                                          : scalars().integer(t->scalar, 0));
  asElements(values);
  if (form.isOptional)
    values.insert(values.begin(), scalars().integer(ScalarKind::Bool, 0));
  tx::YieldOp::create(b, loc, values);
}

} // namespace texpr::importer

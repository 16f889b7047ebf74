// A copy of a piece of the syntax tree, with type parameters replaced by scalar types.
//
// In: a tree as parsed. Out: another one with the same places in the source, so that what is wrong with an instance of a
// generic function is said where it is written. What the checker writes on a tree is not copied: an instance is checked
// on its own.
//   fn f<T: float>(x: T[n]) … { T(0.5) * x }, T = f16   →   fn f(x: f16[n]) … { f16(0.5) * x }
#include "compiler/source/Clone.h"

namespace texpr {

namespace {

class Cloner {
public:
  explicit Cloner(const ScalarNames &scalars) : scalars(scalars) {}

  ExprPtr expr(const ExprPtr &e) { return e ? expr(*e) : nullptr; }
  ExprPtr expr(const Expr &e) {
    ExprPtr out = e.kind < ExprKind::Block ? simple(e) : form(e);
    out->range = e.range;
    return out;
  }
  TypeExpr type(const TypeExpr &t) {
    TypeExpr out;
    out.range = t.range;
    out.kind = t.kind;
    out.scalar = t.scalar;
    out.name = t.name;
    out.nominal = t.nominal;
    out.hasShape = t.hasShape;
    for (const TypeExpr &part : t.parts)
      out.parts.push_back(type(part));
    out.shape = exprs(t.shape);
    if (auto scalar = scalars.find(t.name.text);
        t.kind == TypeExpr::Kind::Named && scalar != scalars.end()) {
      out.kind = TypeExpr::Kind::Scalar;
      out.scalar = scalar->second;
    }
    return out;
  }
  std::unique_ptr<FnDecl> fn(const FnDecl &fn);
  std::unique_ptr<OpDecl> op(const OpDecl &op);

private:
  template <typename T> static std::unique_ptr<T> node() { return std::make_unique<T>(); }

  std::vector<ExprPtr> exprs(const std::vector<ExprPtr> &es) {
    std::vector<ExprPtr> out;
    for (const ExprPtr &e : es)
      out.push_back(expr(e));
    return out;
  }
  std::unique_ptr<Decl> decl(const std::unique_ptr<Decl> &d) {
    if (!d)
      return nullptr;
    auto out = node<Decl>();
    out->kind = d->kind;
    out->name = d->name;
    return out;
  }
  Binders binders(const Binders &bs) {
    Binders out;
    for (const auto &b : bs)
      out.push_back(decl(b));
    return out;
  }
  Axis axis(const Axis &a) {
    Axis out;
    out.range = a.range;
    out.lo = expr(a.lo);
    out.hi = expr(a.hi);
    return out;
  }
  std::vector<Axis> domain(const std::vector<Axis> &axes) {
    std::vector<Axis> out;
    for (const Axis &a : axes)
      out.push_back(axis(a));
    return out;
  }
  std::vector<Span> set(const std::vector<Span> &spans) {
    std::vector<Span> out;
    for (const Span &s : spans) {
      Span copy;
      copy.lo = expr(s.lo);
      copy.hi = expr(s.hi);
      copy.inclusive = s.inclusive;
      out.push_back(std::move(copy));
    }
    return out;
  }
  RType rtype(const RType &r) {
    RType out;
    out.type = type(r.type);
    out.perm = r.perm;
    out.set = set(r.set);
    return out;
  }
  std::optional<RType> rtype(const std::optional<RType> &r) {
    return r ? std::optional(rtype(*r)) : std::nullopt;
  }
  Attrs attrs(const Attrs &as) {
    Attrs out;
    for (const Attr &a : as) {
      Attr copy;
      copy.name = a.name;
      copy.range = a.range;
      for (const AttrArg &arg : a.args)
        copy.args.push_back({arg.key, expr(arg.value)});
      out.push_back(std::move(copy));
    }
    return out;
  }
  std::vector<Carried> carried(const std::vector<Carried> &cs) {
    std::vector<Carried> out;
    for (const Carried &c : cs) {
      Carried copy;
      copy.decl = decl(c.decl);
      copy.declared = rtype(c.declared);
      copy.init = expr(c.init);
      out.push_back(std::move(copy));
    }
    return out;
  }
  Step step(const Step &s) {
    Step out;
    out.range = s.range;
    out.stmts = stmts(s.stmts);
    out.next = expr(s.next);
    out.keep = expr(s.keep);
    return out;
  }
  BlockPtr block(const BlockPtr &b) {
    if (!b)
      return nullptr;
    auto out = node<Block>();
    out->range = b->range;
    out->stmts = stmts(b->stmts);
    out->value = expr(b->value);
    return out;
  }
  Pattern pattern(const Pattern &p) {
    Pattern out;
    out.range = p.range;
    out.decl = decl(p.decl);
    out.isTuple = p.isTuple;
    for (const Pattern &part : p.parts)
      out.parts.push_back(pattern(part));
    return out;
  }
  Param param(const Param &p) {
    Param out;
    out.decl = decl(p.decl);
    out.declared = rtype(p.declared);
    out.isInout = p.isInout;
    return out;
  }
  Fact fact(const Fact &f);
  std::vector<Fact> facts(const std::vector<Fact> &fs) {
    std::vector<Fact> out;
    for (const Fact &f : fs)
      out.push_back(fact(f));
    return out;
  }
  std::vector<StmtPtr> stmts(const std::vector<StmtPtr> &ss) {
    std::vector<StmtPtr> out;
    for (const StmtPtr &s : ss)
      out.push_back(s ? stmt(*s) : nullptr);
    return out;
  }
  StmtPtr stmt(const Stmt &s) {
    StmtPtr out = stmtKind(s);
    out->range = s.range;
    return out;
  }

  ExprPtr simple(const Expr &e);
  ExprPtr literal(const Expr &e);
  std::unique_ptr<CallExpr> call(const CallExpr &e);
  ExprPtr form(const Expr &e);
  ExprPtr loop(const Expr &e);
  std::unique_ptr<AsmExpr> asmExpr(const AsmExpr &e);
  StmtPtr stmtKind(const Stmt &s);
  std::unique_ptr<IfStmt> choice(const IfStmt &s);

  const ScalarNames &scalars;
};

// ---- expressions --------------------------------------------------------------------------------

ExprPtr Cloner::literal(const Expr &e) {
  if (auto *lit = llvm::dyn_cast<IntLitExpr>(&e)) {
    auto out = node<IntLitExpr>();
    out->magnitude = lit->magnitude;
    out->negative = lit->negative;
    return out;
  }
  if (auto *lit = llvm::dyn_cast<FloatLitExpr>(&e)) {
    auto out = node<FloatLitExpr>();
    out->text = lit->text;
    out->negative = lit->negative;
    return out;
  }
  if (auto *lit = llvm::dyn_cast<QuantityLitExpr>(&e)) {
    auto out = node<QuantityLitExpr>();
    out->amount = lit->amount;
    out->unit = lit->unit;
    return out;
  }
  if (auto *lit = llvm::dyn_cast<BoolLitExpr>(&e)) {
    auto out = node<BoolLitExpr>();
    out->value = lit->value;
    return out;
  }
  auto &constant = llvm::cast<ScalarConstExpr>(e);
  auto out = node<ScalarConstExpr>();
  out->scalar = constant.scalar;
  out->member = constant.member;
  return out;
}

std::unique_ptr<CallExpr> Cloner::call(const CallExpr &e) {
  auto out = node<CallExpr>();
  out->range = e.range;
  out->callee = e.callee;
  if (auto scalar = scalars.find(e.callee.text); scalar != scalars.end())
    out->callee.text = spelling(scalar->second);
  for (const CallExpr::TypeArg &arg : e.typeArgs) {
    out->typeArgs.push_back(arg);
    if (auto scalar = scalars.find(arg.name.text); scalar != scalars.end())
      out->typeArgs.back().scalar = scalar->second;
  }
  out->args = exprs(e.args);
  return out;
}

ExprPtr Cloner::simple(const Expr &e) {
  if (e.kind <= ExprKind::ScalarConst)
    return literal(e);
  if (auto *name = llvm::dyn_cast<NameExpr>(&e)) {
    auto out = node<NameExpr>();
    out->text = name->text;
    return out;
  }
  if (auto *unary = llvm::dyn_cast<UnaryExpr>(&e)) {
    auto out = node<UnaryExpr>();
    out->op = unary->op;
    out->operand = expr(unary->operand);
    return out;
  }
  if (auto *binary = llvm::dyn_cast<BinaryExpr>(&e)) {
    auto out = node<BinaryExpr>();
    out->op = binary->op;
    out->opRange = binary->opRange;
    out->lhs = expr(binary->lhs);
    out->rhs = expr(binary->rhs);
    return out;
  }
  if (auto *c = llvm::dyn_cast<CallExpr>(&e))
    return call(*c);
  if (auto *index = llvm::dyn_cast<IndexExpr>(&e)) {
    auto out = node<IndexExpr>();
    out->base = expr(index->base);
    for (const IndexArg &arg : index->indices) {
      IndexArg copy;
      copy.range = arg.range;
      copy.isSlice = arg.isSlice;
      copy.index = expr(arg.index);
      copy.lo = expr(arg.lo);
      copy.hi = expr(arg.hi);
      out->indices.push_back(std::move(copy));
    }
    return out;
  }
  if (auto *field = llvm::dyn_cast<FieldExpr>(&e)) {
    auto *base = llvm::dyn_cast_or_null<NameExpr>(field->base.get());
    if (auto scalar = base ? scalars.find(base->text) : scalars.end(); scalar != scalars.end()) {
      auto out = node<ScalarConstExpr>(); // T.max
      out->scalar = scalar->second;
      out->member = {field->name, field->nameRange};
      return out;
    }
    auto out = node<FieldExpr>();
    out->base = expr(field->base);
    out->name = field->name;
    out->nameRange = field->nameRange;
    return out;
  }
  if (auto *method = llvm::dyn_cast<MethodCallExpr>(&e)) {
    auto out = node<MethodCallExpr>();
    out->base = expr(method->base);
    out->method = method->method;
    out->args = exprs(method->args);
    return out;
  }
  if (auto *covered = llvm::dyn_cast<ElseExpr>(&e)) {
    auto out = node<ElseExpr>();
    out->access = expr(covered->access);
    out->alternative = expr(covered->alternative);
    return out;
  }
  if (auto *tuple = llvm::dyn_cast<TupleExpr>(&e)) {
    auto out = node<TupleExpr>();
    out->parts = exprs(tuple->parts);
    out->nominal = tuple->nominal;
    return out;
  }
  auto out = node<ListExpr>();
  out->elements = exprs(llvm::cast<ListExpr>(e).elements);
  return out;
}

ExprPtr Cloner::form(const Expr &e) {
  if (auto *b = llvm::dyn_cast<BlockExpr>(&e)) {
    auto out = node<BlockExpr>();
    out->block = block(b->block);
    return out;
  }
  if (auto *choice = llvm::dyn_cast<IfExpr>(&e)) {
    auto out = node<IfExpr>();
    out->cond = expr(choice->cond);
    out->thenBlock = block(choice->thenBlock);
    out->elseExpr = expr(choice->elseExpr);
    return out;
  }
  auto common = [&](auto &out, const auto &from) {
    out.domain = domain(from.domain);
    out.binders = binders(from.binders);
    out.attrs = attrs(from.attrs);
  };
  if (auto *compute = llvm::dyn_cast<ComputeExpr>(&e)) {
    auto out = node<ComputeExpr>();
    common(*out, *compute);
    out->body = block(compute->body);
    return out;
  }
  if (auto *reduce = llvm::dyn_cast<ReduceExpr>(&e)) {
    auto out = node<ReduceExpr>();
    common(*out, *reduce);
    out->op.name = reduce->op.name;
    out->where = expr(reduce->where);
    out->body = block(reduce->body);
    return out;
  }
  if (auto *scan = llvm::dyn_cast<ScanExpr>(&e)) {
    auto out = node<ScanExpr>();
    common(*out, *scan);
    out->op.name = scan->op.name;
    out->exclusive = scan->exclusive;
    out->reverse = scan->reverse;
    out->body = block(scan->body);
    return out;
  }
  if (auto *scatter = llvm::dyn_cast<ScatterExpr>(&e)) {
    auto out = node<ScatterExpr>();
    common(*out, *scatter);
    if (scatter->op)
      out->op.emplace().name = scatter->op->name;
    out->extents = exprs(scatter->extents);
    out->from = expr(scatter->from);
    out->where = expr(scatter->where);
    out->stmts = stmts(scatter->stmts);
    out->at = exprs(scatter->at);
    out->orSkip = scatter->orSkip;
    out->put = expr(scatter->put);
    return out;
  }
  if (auto *filter = llvm::dyn_cast<FilterExpr>(&e)) {
    auto out = node<FilterExpr>();
    common(*out, *filter);
    out->where = expr(filter->where);
    out->body = block(filter->body);
    return out;
  }
  if (auto *sort = llvm::dyn_cast<SortExpr>(&e)) {
    auto out = node<SortExpr>();
    common(*out, *sort);
    out->top = expr(sort->top);
    out->body = block(sort->body);
    return out;
  }
  if (auto *value = llvm::dyn_cast<StructExpr>(&e)) {
    auto out = node<StructExpr>();
    out->name = value->name;
    for (const auto &[name, field] : value->fields)
      out->fields.emplace_back(name, expr(field));
    return out;
  }
  if (auto *a = llvm::dyn_cast<AsmExpr>(&e))
    return asmExpr(*a);
  return loop(e);
}

ExprPtr Cloner::loop(const Expr &e) {
  if (auto *loop = llvm::dyn_cast<ForExpr>(&e)) {
    auto out = node<ForExpr>();
    out->binder = decl(loop->binder);
    out->axis = axis(loop->axis);
    out->reverse = loop->reverse;
    out->carried = carried(loop->carried);
    out->attrs = attrs(loop->attrs);
    out->step = step(loop->step);
    return out;
  }
  auto &loop = llvm::cast<WhileExpr>(e);
  auto out = node<WhileExpr>();
  out->cond = expr(loop.cond);
  out->carried = carried(loop.carried);
  out->bound = expr(loop.bound);
  out->elseFail = loop.elseFail;
  out->attrs = attrs(loop.attrs);
  out->step = step(loop.step);
  return out;
}

std::unique_ptr<AsmExpr> Cloner::asmExpr(const AsmExpr &e) {
  auto out = node<AsmExpr>();
  out->range = e.range;
  out->arch = e.arch;
  out->text = e.text;
  for (const AsmOperand &o : e.operands) {
    AsmOperand copy;
    copy.range = o.range;
    copy.word = o.word;
    copy.value = expr(o.value);
    copy.contiguous = o.contiguous;
    copy.align = o.align;
    copy.group = o.group;
    for (const auto &[name, value] : o.cost)
      copy.cost.emplace_back(name, expr(value));
    out->operands.push_back(std::move(copy));
  }
  out->means = block(e.means);
  if (e.elseAsm)
    out->elseAsm = asmExpr(*e.elseAsm);
  out->elseBlock = block(e.elseBlock);
  return out;
}

// ---- statements ---------------------------------------------------------------------------------

std::unique_ptr<IfStmt> Cloner::choice(const IfStmt &s) {
  auto out = node<IfStmt>();
  out->range = s.range;
  out->cond = expr(s.cond);
  out->thenBlock = block(s.thenBlock);
  if (s.elseIf)
    out->elseIf = choice(*s.elseIf);
  out->elseBlock = block(s.elseBlock);
  return out;
}

StmtPtr Cloner::stmtKind(const Stmt &s) {
  if (auto *let = llvm::dyn_cast<LetStmt>(&s)) {
    auto out = node<LetStmt>();
    out->pattern = pattern(let->pattern);
    out->declared = rtype(let->declared);
    out->init = expr(let->init);
    return out;
  }
  if (auto *buffer = llvm::dyn_cast<BufferStmt>(&s)) {
    auto out = node<BufferStmt>();
    out->placement = buffer->placement;
    out->decl = decl(buffer->decl);
    out->declared = rtype(buffer->declared);
    out->attrs = attrs(buffer->attrs);
    out->init = expr(buffer->init);
    return out;
  }
  if (auto *assign = llvm::dyn_cast<AssignStmt>(&s)) {
    auto out = node<AssignStmt>();
    out->place = expr(assign->place);
    out->op = assign->op;
    out->value = expr(assign->value);
    out->attrs = attrs(assign->attrs);
    out->atomic = assign->atomic;
    out->old = decl(assign->old);
    return out;
  }
  if (auto *par = llvm::dyn_cast<ParStmt>(&s)) {
    auto out = node<ParStmt>();
    out->fully = par->fully;
    out->domain = domain(par->domain);
    out->binders = binders(par->binders);
    out->attrs = attrs(par->attrs);
    out->body = block(par->body);
    return out;
  }
  if (auto *seq = llvm::dyn_cast<SeqStmt>(&s)) {
    auto out = node<SeqStmt>();
    out->domain = domain(seq->domain);
    out->binders = binders(seq->binders);
    out->reverse = seq->reverse;
    out->attrs = attrs(seq->attrs);
    out->body = block(seq->body);
    return out;
  }
  if (auto *c = llvm::dyn_cast<IfStmt>(&s))
    return choice(*c);
  if (auto *c = llvm::dyn_cast<CallStmt>(&s)) {
    auto out = node<CallStmt>();
    out->call = call(*c->call);
    return out;
  }
  if (auto *wait = llvm::dyn_cast<WaitStmt>(&s)) {
    auto out = node<WaitStmt>();
    out->group = wait->group;
    out->pending = wait->pending;
    return out;
  }
  if (auto *assume = llvm::dyn_cast<AssumeStmt>(&s)) {
    auto out = node<AssumeStmt>();
    out->fact = fact(assume->fact);
    return out;
  }
  if (auto *a = llvm::dyn_cast<AsmStmt>(&s)) {
    auto out = node<AsmStmt>();
    out->asmExpr = asmExpr(*a->asmExpr);
    return out;
  }
  return node<BarrierStmt>();
}

// ---- declarations -------------------------------------------------------------------------------

Fact Cloner::fact(const Fact &f) {
  Fact out;
  out.range = f.range;
  out.chain = exprs(f.chain);
  out.rels = f.rels;
  for (const auto &[name, value] : f.at)
    out.at.emplace_back(name, expr(value));
  out.isAll = f.isAll;
  out.domain = domain(f.domain);
  out.binders = binders(f.binders);
  for (const Fact::Each &each : f.each) {
    Fact::Each copy;
    copy.chain = exprs(each.chain);
    copy.rels = each.rels;
    copy.set = set(each.set);
    out.each.push_back(std::move(copy));
  }
  return out;
}

std::unique_ptr<FnDecl> Cloner::fn(const FnDecl &fn) {
  auto out = node<FnDecl>();
  out->range = fn.range;
  out->isLocal = fn.isLocal;
  out->name = fn.name;
  out->typeParams = fn.typeParams;
  for (const Param &p : fn.params)
    out->params.push_back(param(p));
  for (const ResultDecl &r : fn.results) {
    ResultDecl copy;
    copy.name = r.name;
    copy.declared = rtype(r.declared);
    out->results.push_back(std::move(copy));
  }
  out->attrs = attrs(fn.attrs);
  out->where = facts(fn.where);
  out->ensures = facts(fn.ensures);
  out->body = block(fn.body);
  return out;
}

std::unique_ptr<OpDecl> Cloner::op(const OpDecl &op) {
  auto out = node<OpDecl>();
  out->range = op.range;
  out->name = op.name;
  out->typeParams = op.typeParams;
  out->lhs = param(op.lhs);
  out->rhs = param(op.rhs);
  out->result = rtype(op.result);
  out->identity = expr(op.identity);
  out->commutative = op.commutative;
  out->body = block(op.body);
  return out;
}

} // namespace

ExprPtr clone(const Expr &e, const ScalarNames &scalars) { return Cloner(scalars).expr(e); }
TypeExpr clone(const TypeExpr &t, const ScalarNames &scalars) { return Cloner(scalars).type(t); }
std::unique_ptr<FnDecl> clone(const FnDecl &fn, const ScalarNames &scalars) {
  return Cloner(scalars).fn(fn);
}
std::unique_ptr<OpDecl> clone(const OpDecl &op, const ScalarNames &scalars) {
  return Cloner(scalars).op(op);
}

} // namespace texpr

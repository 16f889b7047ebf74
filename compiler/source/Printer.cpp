// The syntax tree as text: declarations in the order of the source, two blanks a level, a block on
// one line where it is one short expression, parentheses only where the grammar needs them.
//
// Comments and the base of a number are not in the tree, so they are not in the text. What reads
// back differently without parentheses: a struct value before a block, a negated positive literal,
// `else` under an access, an `if` that begins the last expression of a block.
#include "compiler/source/Printer.h"
#include "compiler/source/PrinterState.h"
#include "llvm/Support/ErrorHandling.h"

using namespace texpr;

// ---- levels of binding
// -----------------------------------------------------------------------------

const char *texpr::symbol(BinaryOp op) {
  switch (op) {
  case BinaryOp::Add:
    return "+";
  case BinaryOp::Sub:
    return "-";
  case BinaryOp::Mul:
    return "*";
  case BinaryOp::Div:
    return "/";
  case BinaryOp::Mod:
    return "%";
  case BinaryOp::Eq:
    return "==";
  case BinaryOp::Ne:
    return "!=";
  case BinaryOp::Lt:
    return "<";
  case BinaryOp::Le:
    return "<=";
  case BinaryOp::Gt:
    return ">";
  case BinaryOp::Ge:
    return ">=";
  case BinaryOp::And:
    return "&&";
  case BinaryOp::Or:
    return "||";
  case BinaryOp::BitAnd:
    return "&";
  case BinaryOp::BitOr:
    return "|";
  case BinaryOp::BitXor:
    return "^";
  case BinaryOp::Shl:
    return "<<";
  case BinaryOp::Shr:
    return ">>";
  }
  llvm_unreachable("a binary operator");
}

static unsigned level(BinaryOp op) {
  switch (op) {
  case BinaryOp::Or:
    return 1;
  case BinaryOp::And:
    return 2;
  case BinaryOp::BitOr:
    return Printer::bitsLevel;
  case BinaryOp::BitXor:
    return 5;
  case BinaryOp::BitAnd:
    return 6;
  case BinaryOp::Shl:
  case BinaryOp::Shr:
    return 7;
  case BinaryOp::Add:
  case BinaryOp::Sub:
    return Printer::sumLevel;
  case BinaryOp::Mul:
  case BinaryOp::Div:
  case BinaryOp::Mod:
    return 9;
  default:
    return Printer::comparisonLevel;
  }
}

static bool isNegative(const Expr &e) {
  if (auto *i = llvm::dyn_cast<IntLitExpr>(&e))
    return i->negative;
  auto *f = llvm::dyn_cast<FloatLitExpr>(&e);
  return f && f->negative;
}

static bool isNumber(const Expr &e) { return llvm::isa<IntLitExpr, FloatLitExpr>(e); }

static unsigned level(const Expr &e) {
  if (auto *b = llvm::dyn_cast<BinaryExpr>(&e))
    return level(b->op);
  if (llvm::isa<UnaryExpr>(e) || isNegative(e))
    return Printer::unaryLevel;
  return llvm::isa<ElseExpr>(e) ? Printer::elseLevel : Printer::accessLevel;
}

// ---- expressions
// -----------------------------------------------------------------------------------

/// `e` where the grammar wants something that binds at least as tightly as `least`.
void Printer::expr(const Expr &e, unsigned least) {
  tooLong |= flat && out.size() > flatEnd;
  if (flat && tooLong)
    return;
  unsigned l = level(e);
  bool paren =
      l < least || (options.allParens && l < accessLevel) || (noStruct && llvm::isa<StructExpr>(e));
  if (!paren)
    return bare(e);
  SetFor flag(noStruct, false);
  out += '(';
  bare(e);
  out += ')';
}

void Printer::list(const std::vector<ExprPtr> &es, unsigned least) {
  each(es, [&](const ExprPtr &e) { expr(*e, least); });
}

void Printer::bare(const Expr &e) {
  switch (e.kind) {
  case ExprKind::IntLit: {
    auto &i = llvm::cast<IntLitExpr>(e);
    out += (i.negative ? "-" : "") + std::to_string(i.magnitude);
    return;
  }
  case ExprKind::FloatLit:
    out += llvm::cast<FloatLitExpr>(e).text;
    return;
  case ExprKind::QuantityLit: {
    auto &q = llvm::cast<QuantityLitExpr>(e);
    out += std::to_string(q.amount) + q.unit;
    return;
  }
  case ExprKind::BoolLit:
    out += llvm::cast<BoolLitExpr>(e).value ? "true" : "false";
    return;
  case ExprKind::ScalarConst: {
    auto &c = llvm::cast<ScalarConstExpr>(e);
    out += std::string(spelling(c.scalar)) + "." + c.member.text;
    return;
  }
  case ExprKind::Name:
    out += llvm::cast<NameExpr>(e).text;
    return;
  case ExprKind::Unary:
    return unary(llvm::cast<UnaryExpr>(e));
  case ExprKind::Binary: {
    auto &b = llvm::cast<BinaryExpr>(e);
    unsigned l = level(b.op);
    expr(*b.lhs, l == comparisonLevel ? l + 1 : l);
    out += std::string(" ") + symbol(b.op) + " ";
    expr(*b.rhs, l + 1);
    return;
  }
  case ExprKind::Call:
    return call(llvm::cast<CallExpr>(e));
  case ExprKind::Index:
  case ExprKind::Field:
  case ExprKind::MethodCall:
  case ExprKind::Else:
    return access(e);
  case ExprKind::Tuple:
    return bracketed('(', llvm::cast<TupleExpr>(e).parts, ')');
  case ExprKind::List:
    return bracketed('[', llvm::cast<ListExpr>(e).elements, ']');
  case ExprKind::Block:
    return block(*llvm::cast<BlockExpr>(e).block);
  case ExprKind::If:
    return ifExpr(llvm::cast<IfExpr>(e));
  case ExprKind::Struct:
    return structValue(llvm::cast<StructExpr>(e));
  case ExprKind::Asm:
    return asmExpr(llvm::cast<AsmExpr>(e));
  default:
    return form(e);
  }
}

void Printer::bracketed(char open, const std::vector<ExprPtr> &es, char close) {
  SetFor flag(noStruct, false);
  out += open;
  list(es);
  out += close;
}

void Printer::unary(const UnaryExpr &u) {
  out += u.op == UnaryOp::Neg ? '-' : u.op == UnaryOp::Not ? '!' : '~';
  bool literal = u.op == UnaryOp::Neg && isNumber(*u.operand) && !isNegative(*u.operand);
  if (!literal)
    return expr(*u.operand, unaryLevel);
  out += '(';
  bare(*u.operand);
  out += ')';
}

void Printer::call(const CallExpr &c) {
  out += c.callee.text;
  if (!c.typeArgs.empty()) {
    out += '<';
    each(c.typeArgs, [&](const CallExpr::TypeArg &a) { out += a.name.text; });
    out += '>';
  }
  bracketed('(', c.args, ')');
}

/// What an index, a field or an `else` hangs on.
void Printer::base(const Expr &e) {
  if (!isNumber(e))
    return expr(e, accessLevel);
  out += '(';
  bare(e);
  out += ')';
}

void Printer::access(const Expr &e) {
  if (auto *i = llvm::dyn_cast<IndexExpr>(&e)) {
    base(*i->base);
    SetFor flag(noStruct, false);
    out += '[';
    each(i->indices, [&](const IndexArg &a) {
      if (!a.isSlice)
        return expr(*a.index);
      if (a.lo)
        expr(*a.lo, sumLevel);
      out += "..";
      if (a.hi)
        expr(*a.hi, sumLevel);
    });
    out += ']';
  } else if (auto *f = llvm::dyn_cast<FieldExpr>(&e)) {
    base(*f->base);
    out += "." + f->name;
  } else if (auto *m = llvm::dyn_cast<MethodCallExpr>(&e)) {
    base(*m->base);
    out += "." + m->method.text;
    bracketed('(', m->args, ')');
  } else {
    auto &x = llvm::cast<ElseExpr>(e);
    base(*x.access);
    out += " else ";
    auto *name = llvm::dyn_cast_or_null<NameExpr>(x.alternative.get());
    if (!x.alternative)
      out += "fail";
    else if (name && name->text == "fail")
      out += "(fail)";
    else
      expr(*x.alternative, unaryLevel);
  }
}

void Printer::condition(const Expr &e) {
  SetFor flag(noStruct, true);
  expr(e);
}

void Printer::ifExpr(const IfExpr &e) {
  out += "if ";
  condition(*e.cond);
  out += ' ';
  block(*e.thenBlock);
  if (!e.elseExpr)
    return;
  out += " else ";
  bare(*e.elseExpr);
}

void Printer::structValue(const StructExpr &s) {
  SetFor flag(noStruct, false);
  out += s.name.text + " { ";
  each(s.fields, [&](const auto &f) {
    out += f.first.text + ": ";
    expr(*f.second);
  });
  out += " }";
}

// ---- forms
// -----------------------------------------------------------------------------------------

void Printer::axis(const Axis &a) {
  if (a.lo) {
    expr(*a.lo, sumLevel);
    out += "..";
  }
  expr(*a.hi, sumLevel);
}

void Printer::domain(const std::vector<Axis> &axes, const Binders &binders) {
  SetFor flag(noStruct, false);
  each(axes, [&](const Axis &a) { axis(a); });
  out += " |";
  each(binders, [&](const std::unique_ptr<Decl> &d) { out += d->name.text; });
  out += "|";
}

void Printer::where(const ExprPtr &e) {
  if (!e)
    return;
  out += " where ";
  condition(*e);
}

void Printer::form(const Expr &e) {
  if (auto *c = llvm::dyn_cast<ComputeExpr>(&e)) {
    out += "compute ";
    domain(c->domain, c->binders);
    body(c->attrs, *c->body);
  } else if (auto *r = llvm::dyn_cast<ReduceExpr>(&e)) {
    out += "reduce(" + r->op.name.text + ") ";
    domain(r->domain, r->binders);
    where(r->where);
    body(r->attrs, *r->body);
  } else if (auto *s = llvm::dyn_cast<ScanExpr>(&e)) {
    out += "scan(" + s->op.name.text + (s->exclusive ? ", exclusive" : "") +
           (s->reverse ? ", rev" : "") + ") ";
    domain(s->domain, s->binders);
    body(s->attrs, *s->body);
  } else if (auto *f = llvm::dyn_cast<FilterExpr>(&e)) {
    out += "filter ";
    domain(f->domain, f->binders);
    where(f->where);
    body(f->attrs, *f->body);
  } else if (auto *s = llvm::dyn_cast<SortExpr>(&e)) {
    sort(*s);
  } else if (auto *s = llvm::dyn_cast<ScatterExpr>(&e)) {
    scatter(*s);
  } else if (auto *l = llvm::dyn_cast<ForExpr>(&e)) {
    out += "for " + l->binder->name.text + " in ";
    axis(l->axis);
    out += l->reverse ? " rev" : "";
    carried(l->carried);
    attrs(l->attrs);
    step(l->step);
  } else {
    whileExpr(llvm::cast<WhileExpr>(e));
  }
}

void Printer::body(const Attrs &a, const Block &b) {
  attrs(a);
  out += ' ';
  block(b);
}

void Printer::sort(const SortExpr &s) {
  if (s.top) {
    out += "top(";
    SetFor flag(noStruct, false);
    expr(*s.top);
    out += ") ";
  } else {
    out += "argsort ";
  }
  domain(s.domain, s.binders);
  body(s.attrs, *s.body);
}

void Printer::scatter(const ScatterExpr &s) {
  out += "scatter";
  if (s.op)
    out += "(" + s.op->name.text + ")";
  SetFor flag(noStruct, false);
  out += " [";
  list(s.extents, sumLevel);
  out += "]";
  if (s.from) {
    out += " from ";
    expr(*s.from, unaryLevel);
  }
  out += " over ";
  domain(s.domain, s.binders);
  where(s.where);
  attrs(s.attrs);
  open();
  stmts(s.stmts);
  line();
  out += "at ";
  list(s.at, sumLevel);
  out += s.orSkip ? " or skip put " : " put ";
  expr(*s.put);
  close();
}

void Printer::whileExpr(const WhileExpr &w) {
  out += "while ";
  condition(*w.cond);
  carried(w.carried);
  out += " max ";
  if (llvm::isa<IntLitExpr, NameExpr>(*w.bound) && !isNegative(*w.bound)) {
    bare(*w.bound);
  } else {
    out += '(';
    bare(*w.bound);
    out += ')';
  }
  out += w.elseFail ? " else fail" : "";
  attrs(w.attrs);
  step(w.step);
}

void Printer::carried(const std::vector<Carried> &all) {
  SetFor flag(noStruct, false);
  out += " with (";
  each(all, [&](const Carried &c) {
    out += c.decl->name.text;
    if (c.declared) {
      out += ": ";
      rtype(*c.declared);
    }
    out += " = ";
    expr(*c.init);
  });
  out += ")";
}

void Printer::step(const Step &s) {
  SetFor flag(noStruct, false);
  open();
  stmts(s.stmts);
  line();
  value(*s.next);
  if (s.keep) {
    out += " keep ";
    expr(*s.keep);
  }
  close();
}

void Printer::asmExpr(const AsmExpr &a) {
  out += "asm";
  if (a.arch)
    out += " @" + a.arch->text + " ";
  out += "(";
  string(a.text);
  SetFor flag(noStruct, false);
  for (const AsmOperand &o : a.operands) {
    out += ", ";
    asmOperand(o);
  }
  out += ")";
  if (a.means) {
    out += " means ";
    block(*a.means);
  }
  if (!a.elseAsm && !a.elseBlock)
    return;
  out += " else ";
  if (a.elseAsm)
    asmExpr(*a.elseAsm);
  else
    block(*a.elseBlock);
}

void Printer::asmOperand(const AsmOperand &o) {
  if (!o.word.empty())
    out += o.word + (o.word == "cost" ? "" : " ");
  if (o.word == "contiguous") {
    out += std::to_string(o.contiguous);
    if (o.align)
      out += " align " + std::to_string(o.align);
  } else if (o.word == "async") {
    out += o.group.text;
  } else if (o.word == "cost") {
    out += "(";
    each(o.cost, [&](const auto &c) {
      out += c.first.text + " = ";
      expr(*c.second);
    });
    out += ")";
  } else {
    expr(*o.value);
  }
}

// ---- entries
// ---------------------------------------------------------------------------------------

std::string texpr::print(const Expr &e, PrintOptions options) {
  Printer p(options);
  p.expr(e);
  return p.take();
}

std::string texpr::print(const TypeExpr &t) {
  Printer p({});
  p.type(t);
  return p.take();
}

std::string texpr::print(const RType &t) {
  Printer p({});
  p.rtype(t);
  return p.take();
}

std::string texpr::print(const Fact &f) {
  Printer p({});
  p.fact(f);
  return p.take();
}

std::string texpr::printHead(const FnDecl &f) {
  Printer p({});
  p.fnHead(f);
  return p.take();
}

std::string texpr::print(const Program &program, PrintOptions options) {
  Printer p(options);
  p.program(program);
  return p.take();
}

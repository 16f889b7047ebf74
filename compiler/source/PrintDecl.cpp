// Statements and declarations as text; the half of the printer that makes lines.
//
// In: a syntax tree, checked or not. Out: text that parses to the same tree, which `explain --pins` relies on: parentheses
// stand where precedence asks for them and nowhere else, a statement whose value would be taken for the block's gets its `;`,
// and a block stays on one line where it is short and has one expression. Comments are no part of the tree.
#include "compiler/source/Pinned.h"
#include "compiler/source/PrinterState.h"
#include "llvm/ADT/STLExtras.h"
#include <functional>

using namespace texpr;

void Printer::string(const std::string &s) {
  out += '"';
  for (char c : s) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : std::string(1, c);
  }
  out += '"';
}

// ---- statements
// ------------------------------------------------------------------------------------

/// On one line where it is one expression that fits there and `mayBeFlat`. The attempt stops at the
/// end of that line, so nested blocks do not multiply the work.
void Printer::block(const Block &b, bool mayBeFlat) {
  constexpr size_t longestLine = 100;
  SetFor flag(noStruct, false);
  if (b.stmts.empty() && !b.value) {
    out += "{}";
    return;
  }
  if (flat) {
    tooLong |= !b.stmts.empty();
    if (!tooLong)
      flatBlock(*b.value);
    return;
  }
  if (b.stmts.empty() && mayBeFlat) {
    size_t begin = out.size();
    flatEnd = out.rfind('\n') + 1 + longestLine; // npos + 1 is 0: the first line
    tooLong = false;
    {
      SetFor once(flat, true);
      flatBlock(*b.value);
    }
    if (!tooLong && out.size() <= flatEnd)
      return;
    out.resize(begin);
  }
  out += '{';
  indent += 2;
  stmts(b.stmts);
  if (b.value) {
    line();
    value(*b.value);
  }
  close();
}

void Printer::flatBlock(const Expr &e) {
  out += "{ ";
  value(e);
  out += " }";
}

static const Expr &leftmost(const Expr &e) {
  if (auto *b = llvm::dyn_cast<BinaryExpr>(&e))
    return leftmost(*b->lhs);
  if (auto *i = llvm::dyn_cast<IndexExpr>(&e))
    return leftmost(*i->base);
  if (auto *f = llvm::dyn_cast<FieldExpr>(&e))
    return leftmost(*f->base);
  if (auto *m = llvm::dyn_cast<MethodCallExpr>(&e))
    return leftmost(*m->base);
  if (auto *x = llvm::dyn_cast<ElseExpr>(&e))
    return leftmost(*x->access);
  return e;
}

/// The last expression of a block. One that only begins with an `if` is put in parentheses, else
/// the `if` is a statement.
void Printer::value(const Expr &e) {
  bool paren = !llvm::isa<IfExpr>(e) && llvm::isa<IfExpr>(leftmost(e));
  out += paren ? "(" : "";
  expr(e);
  out += paren ? ")" : "";
}

void Printer::stmts(const std::vector<StmtPtr> &all) {
  for (const StmtPtr &s : all) {
    line();
    stmt(*s);
  }
}

void Printer::pattern(const Pattern &p) {
  if (p.decl) {
    out += p.decl->name.text;
  } else if (p.isTuple) {
    out += '(';
    each(p.parts, [&](const Pattern &part) { pattern(part); });
    out += ')';
  } else {
    out += '_';
  }
}

void Printer::stmt(const Stmt &s) {
  switch (s.kind) {
  case StmtKind::Let: {
    auto &l = llvm::cast<LetStmt>(s);
    out += "let ";
    pattern(l.pattern);
    if (l.declared) {
      out += ": ";
      rtype(*l.declared);
    }
    out += " = ";
    expr(*l.init);
    break;
  }
  case StmtKind::Buffer:
    buffer(llvm::cast<BufferStmt>(s));
    break;
  case StmtKind::Assign:
    assign(llvm::cast<AssignStmt>(s));
    break;
  case StmtKind::Par: {
    auto &p = llvm::cast<ParStmt>(s);
    out += p.fully ? "fully par " : "par ";
    domain(p.domain, p.binders);
    return body(p.attrs, *p.body);
  }
  case StmtKind::Seq: {
    auto &q = llvm::cast<SeqStmt>(s);
    out += "seq ";
    domain(q.domain, q.binders);
    out += q.reverse ? " rev" : "";
    return body(q.attrs, *q.body);
  }
  case StmtKind::If:
    return ifStmt(llvm::cast<IfStmt>(s));
  case StmtKind::Call:
    call(*llvm::cast<CallStmt>(s).call);
    break;
  case StmtKind::Barrier:
    out += "barrier";
    break;
  case StmtKind::Wait: {
    auto &w = llvm::cast<WaitStmt>(s);
    out += "wait " + w.group.text + ", " + std::to_string(w.pending);
    break;
  }
  case StmtKind::Assume:
    out += "assume ";
    fact(llvm::cast<AssumeStmt>(s).fact);
    break;
  case StmtKind::Asm:
    asmExpr(*llvm::cast<AsmStmt>(s).asmExpr);
    break;
  }
  out += ';';
}

void Printer::buffer(const BufferStmt &b) {
  out += b.placement == Placement::Reg ? "reg " : b.placement == Placement::Shared ? "shared " : "";
  out += b.decl->name.text + ": ";
  rtype(b.declared);
  attrs(b.attrs);
  if (!b.init)
    return;
  out += " = ";
  expr(*b.init);
}

void Printer::assign(const AssignStmt &a) {
  constexpr const char *ops[] = {
      "=", "+=", "-=", "*=", "/=", "&=", "|=", "^=", "max=", "min=", "and=", "or=", "xor="};
  if (a.old)
    out += "let " + a.old->name.text + " = ";
  out += a.atomic ? "atomic " : "";
  expr(*a.place);
  out += std::string(" ") + ops[unsigned(a.op)] + " ";
  expr(*a.value);
  attrs(a.attrs);
}

void Printer::ifStmt(const IfStmt &i) {
  out += "if ";
  condition(*i.cond);
  out += ' ';
  block(*i.thenBlock);
  if (!i.elseIf && !i.elseBlock)
    return;
  out += " else ";
  if (i.elseIf)
    ifStmt(*i.elseIf);
  else
    block(*i.elseBlock);
}

// ---- types and facts
// -------------------------------------------------------------------------------

void Printer::type(const TypeExpr &t) {
  switch (t.kind) {
  case TypeExpr::Kind::Scalar:
    out += spelling(t.scalar);
    break;
  case TypeExpr::Kind::Named:
    out += t.name.text;
    break;
  case TypeExpr::Kind::Tuple:
    out += '(';
    each(t.parts, [&](const TypeExpr &p) { type(p); });
    out += ')';
    break;
  }
  if (!t.hasShape)
    return;
  SetFor flag(noStruct, false);
  out += '[';
  list(t.shape, sumLevel);
  out += ']';
}

void Printer::rtype(const RType &t) {
  type(t.type);
  if (t.perm)
    out += " perm";
  if (!t.set.empty()) {
    out += " in ";
    set(t.set);
  }
}

void Printer::set(const std::vector<Span> &spans) {
  bool first = true;
  for (const Span &s : spans) {
    out += first ? "" : " or ";
    first = false;
    expr(*s.lo, sumLevel);
    if (!s.hi)
      continue;
    out += s.inclusive ? "..=" : "..";
    expr(*s.hi, sumLevel);
  }
}

void Printer::attrs(const Attrs &as) {
  for (const Attr &a : as) {
    out += " @" + a.name.text;
    if (a.args.empty())
      continue;
    if (std::string machine = targetOfAttr(a); a.name.text == "on" && !machine.empty()) {
      out += "(" + machine + ")"; // `x86-64-v3` reads as a difference
      continue;
    }
    SetFor flag(noStruct, false);
    out += '(';
    each(a.args, [&](const AttrArg &arg) {
      if (arg.key)
        out += arg.key->text + " = ";
      expr(*arg.value);
    });
    out += ')';
  }
}

void Printer::relations(const std::vector<ExprPtr> &chain, const std::vector<BinaryOp> &rels) {
  expr(*chain[0], bitsLevel);
  for (size_t i = 0; i < rels.size(); ++i) {
    out += std::string(" ") + symbol(rels[i]) + " ";
    expr(*chain[i + 1], bitsLevel);
  }
}

void Printer::fact(const Fact &f) {
  if (!f.isAll) {
    relations(f.chain, f.rels);
    if (f.at.empty())
      return;
    SetFor flag(noStruct, false);
    out += " at (";
    each(f.at, [&](const auto &a) {
      out += a.first.text + " = ";
      expr(*a.second);
    });
    out += ')';
    return;
  }
  SetFor flag(noStruct, false);
  out += "all ";
  domain(f.domain, f.binders);
  out += " { ";
  bool first = true;
  for (const Fact::Each &e : f.each) {
    out += first ? "" : " && ";
    first = false;
    relations(e.chain, e.rels);
    if (e.set.empty())
      continue;
    out += " in ";
    set(e.set);
  }
  out += " }";
}

void Printer::facts(const char *word, const std::vector<Fact> &fs) {
  if (fs.empty())
    return;
  out += word;
  each(fs, [&](const Fact &f) { fact(f); });
}

// ---- declarations
// ----------------------------------------------------------------------------------

void Printer::typeParams(const std::vector<TypeParam> &ps) {
  if (ps.empty())
    return;
  out += '<';
  each(ps, [&](const TypeParam &p) { out += p.name.text + ": " + p.bound.text; });
  out += '>';
}

void Printer::param(const Param &p) {
  out += (p.isInout ? "inout " : "") + p.decl->name.text + ": ";
  rtype(p.declared);
}

void Printer::fnHead(const FnDecl &f) {
  SetFor flag(noStruct, true);
  out += (f.isLocal ? "local fn " : "fn ") + f.name.text;
  typeParams(f.typeParams);
  out += '(';
  each(f.params, [&](const Param &p) { param(p); });
  out += ')';
  if (!f.results.empty()) {
    bool named = f.results.front().name.has_value();
    SetFor inParens(noStruct, !named);
    out += named ? " -> (" : " -> ";
    each(f.results, [&](const ResultDecl &r) {
      if (r.name)
        out += r.name->text + ": ";
      rtype(r.declared);
    });
    out += named ? ")" : "";
  }
  attrs(f.attrs);
  facts("\nwhere ", f.where);
  facts("\nensure ", f.ensures);
}

void Printer::fn(const FnDecl &f) {
  fnHead(f);
  out += ' ';
  block(*f.body, false);
  out += '\n';
}

void Printer::op(const OpDecl &o) {
  out += "op " + o.name.text;
  typeParams(o.typeParams);
  out += '(';
  param(o.lhs);
  out += ", ";
  param(o.rhs);
  out += ") -> ";
  rtype(o.result);
  if (o.identity) {
    out += " identity ";
    condition(*o.identity);
  }
  out += o.commutative ? " commutative " : " ";
  block(*o.body);
  out += '\n';
}

void Printer::structDecl(const StructDecl &s) {
  out += "struct " + s.name.text + " { ";
  each(s.fields, [&](const auto &f) {
    out += f.first.text + ": ";
    type(f.second);
  });
  out += " }\n";
}

void Printer::program(const Program &p) {
  std::vector<std::pair<uint32_t, std::function<void()>>> decls;
  for (const UseDecl &u : p.uses)
    decls.emplace_back(u.range.begin, [&] {
      out += "use ";
      string(u.path);
      out += ";\n";
    });
  for (const auto &s : p.structs)
    decls.emplace_back(s->range.begin, [&] { structDecl(*s); });
  for (const auto &o : p.ops)
    decls.emplace_back(o->range.begin, [&] { op(*o); });
  for (const auto &f : p.fns)
    decls.emplace_back(f->range.begin, [&] { fn(*f); });
  llvm::sort(decls, [](auto &a, auto &b) { return a.first < b.first; });
  bool first = true;
  for (auto &d : decls) {
    out += first ? "" : "\n";
    first = false;
    d.second();
  }
}

// Which declarations a piece of the tree refers to: what an island must hand on, and which bounds
// depend on which binders.
//
// In: an expression, statement or block of a checked tree. Out: the set of declarations named in
// it, whether declared inside or outside.
#include "compiler/import/Importer.h"

namespace texpr::importer {

static void ofDomain(const std::vector<Axis> &domain, DeclSet &uses) {
  for (const Axis &axis : domain) {
    collectUses(axis.lo.get(), uses);
    collectUses(axis.hi.get(), uses);
  }
}

static void ofForm(const std::vector<Axis> &domain, const Expr *where, const Block *body,
                   DeclSet &uses) {
  ofDomain(domain, uses);
  collectUses(where, uses);
  if (body)
    collectUses(*body, uses);
}

static void ofStep(const std::vector<Carried> &carried, const Step &step, DeclSet &uses) {
  for (const Carried &c : carried)
    collectUses(c.init.get(), uses);
  for (const StmtPtr &s : step.stmts)
    collectUses(*s, uses);
  collectUses(step.next.get(), uses);
  collectUses(step.keep.get(), uses);
}

static void ofIndex(const IndexExpr &e, DeclSet &uses) {
  collectUses(e.base.get(), uses);
  for (const IndexArg &arg : e.indices) {
    collectUses(arg.index.get(), uses);
    collectUses(arg.lo.get(), uses);
    collectUses(arg.hi.get(), uses);
  }
}

static void ofAll(const std::vector<ExprPtr> &es, DeclSet &uses) {
  for (const ExprPtr &e : es)
    collectUses(e.get(), uses);
}

void collectUses(const Expr *e, DeclSet &uses) {
  if (!e)
    return;
  switch (e->kind) {
  case ExprKind::Name:
    if (const Decl *d = llvm::cast<NameExpr>(e)->decl)
      uses.insert(d);
    return;
  case ExprKind::Unary:
    return collectUses(llvm::cast<UnaryExpr>(e)->operand.get(), uses);
  case ExprKind::Binary:
    collectUses(llvm::cast<BinaryExpr>(e)->lhs.get(), uses);
    return collectUses(llvm::cast<BinaryExpr>(e)->rhs.get(), uses);
  case ExprKind::Call:
    return ofAll(llvm::cast<CallExpr>(e)->args, uses);
  case ExprKind::Index:
    return ofIndex(*llvm::cast<IndexExpr>(e), uses);
  case ExprKind::Field:
    return collectUses(llvm::cast<FieldExpr>(e)->base.get(), uses);
  case ExprKind::Else:
    collectUses(llvm::cast<ElseExpr>(e)->access.get(), uses);
    return collectUses(llvm::cast<ElseExpr>(e)->alternative.get(), uses);
  case ExprKind::Tuple:
    return ofAll(llvm::cast<TupleExpr>(e)->parts, uses);
  case ExprKind::List:
    return ofAll(llvm::cast<ListExpr>(e)->elements, uses);
  case ExprKind::Block:
    return collectUses(*llvm::cast<BlockExpr>(e)->block, uses);
  case ExprKind::If: {
    auto *choice = llvm::cast<IfExpr>(e);
    collectUses(choice->cond.get(), uses);
    collectUses(*choice->thenBlock, uses);
    return collectUses(choice->elseExpr.get(), uses);
  }
  case ExprKind::Compute: {
    auto *form = llvm::cast<ComputeExpr>(e);
    return ofForm(form->domain, nullptr, form->body.get(), uses);
  }
  case ExprKind::Reduce: {
    auto *form = llvm::cast<ReduceExpr>(e);
    return ofForm(form->domain, form->where.get(), form->body.get(), uses);
  }
  case ExprKind::Scatter: {
    auto *form = llvm::cast<ScatterExpr>(e);
    ofAll(form->extents, uses);
    collectUses(form->from.get(), uses);
    ofDomain(form->domain, uses);
    collectUses(form->where.get(), uses);
    for (const StmtPtr &s : form->stmts)
      collectUses(*s, uses);
    ofAll(form->at, uses);
    return collectUses(form->put.get(), uses);
  }
  case ExprKind::Sort: {
    auto *form = llvm::cast<SortExpr>(e);
    collectUses(form->top.get(), uses);
    return ofForm(form->domain, nullptr, form->body.get(), uses);
  }
  case ExprKind::Scan: {
    auto *form = llvm::cast<ScanExpr>(e);
    return ofForm(form->domain, nullptr, form->body.get(), uses);
  }
  case ExprKind::Filter: {
    auto *form = llvm::cast<FilterExpr>(e);
    return ofForm(form->domain, form->where.get(), form->body.get(), uses);
  }
  case ExprKind::For: {
    auto *form = llvm::cast<ForExpr>(e);
    collectUses(form->axis.lo.get(), uses);
    collectUses(form->axis.hi.get(), uses);
    return ofStep(form->carried, form->step, uses);
  }
  case ExprKind::While: {
    auto *form = llvm::cast<WhileExpr>(e);
    collectUses(form->cond.get(), uses);
    collectUses(form->bound.get(), uses);
    return ofStep(form->carried, form->step, uses);
  }
  default:
    return;
  }
}

static void ofAsm(const AsmExpr &e, DeclSet &uses) {
  for (const AsmOperand &o : e.operands)
    collectUses(o.value.get(), uses);
  for (const Block *block : {e.means.get(), e.elseBlock.get()})
    if (block)
      collectUses(*block, uses);
  if (e.elseAsm)
    ofAsm(*e.elseAsm, uses);
}

void collectUses(const Stmt &s, DeclSet &uses) {
  switch (s.kind) {
  case StmtKind::Let:
    return collectUses(llvm::cast<LetStmt>(s).init.get(), uses);
  case StmtKind::Buffer: {
    auto &buffer = llvm::cast<BufferStmt>(s);
    collectUses(buffer.init.get(), uses);
    return ofAll(buffer.declared.type.shape, uses);
  }
  case StmtKind::Assign:
    collectUses(llvm::cast<AssignStmt>(s).place.get(), uses);
    return collectUses(llvm::cast<AssignStmt>(s).value.get(), uses);
  case StmtKind::Par:
    return ofForm(llvm::cast<ParStmt>(s).domain, nullptr, llvm::cast<ParStmt>(s).body.get(), uses);
  case StmtKind::Seq:
    return ofForm(llvm::cast<SeqStmt>(s).domain, nullptr, llvm::cast<SeqStmt>(s).body.get(), uses);
  case StmtKind::If: {
    auto &choice = llvm::cast<IfStmt>(s);
    collectUses(choice.cond.get(), uses);
    collectUses(*choice.thenBlock, uses);
    if (choice.elseIf)
      collectUses(*choice.elseIf, uses);
    if (choice.elseBlock)
      collectUses(*choice.elseBlock, uses);
    return;
  }
  case StmtKind::Call:
    return collectUses(llvm::cast<CallStmt>(s).call.get(), uses);
  case StmtKind::Asm:
    return ofAsm(*llvm::cast<AsmStmt>(s).asmExpr, uses);
  default:
    return;
  }
}

void collectUses(const Block &b, DeclSet &uses) {
  for (const StmtPtr &s : b.stmts)
    collectUses(*s, uses);
  collectUses(b.value.get(), uses);
}

} // namespace texpr::importer

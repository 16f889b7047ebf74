// The children of every node, in the order of the source; of an `asm` its operands, what it means and its alternatives.
//
// In: any piece of a tree, checked or not (parts may be null after a syntax error). Out: calls of the Walker's functions, a node before
// its parts. Nothing is changed here.
#include "compiler/source/Walk.h"

namespace texpr {

void Walker::exprs(std::vector<ExprPtr> &es) {
  for (ExprPtr &e : es)
    expr(e.get());
}

void Walker::stmts(std::vector<StmtPtr> &ss) {
  for (StmtPtr &s : ss)
    stmt(s.get());
}

void Walker::domain(std::vector<Axis> &axes, Binders &binders) {
  for (Axis &axis : axes) {
    expr(axis.lo.get());
    expr(axis.hi.get());
  }
  for (auto &b : binders)
    if (b && onBinder)
      onBinder(*b);
}

void Walker::type(TypeExpr &t) {
  if (onType)
    onType(t);
  for (TypeExpr &part : t.parts)
    type(part);
  exprs(t.shape);
}

void Walker::rtype(RType &t) {
  type(t.type);
  for (Span &s : t.set) {
    expr(s.lo.get());
    expr(s.hi.get());
  }
}

void Walker::carried(std::vector<Carried> &cs) {
  for (Carried &c : cs) {
    if (c.declared)
      rtype(*c.declared);
    expr(c.init.get());
  }
}

void Walker::step(Step &s) {
  stmts(s.stmts);
  expr(s.next.get());
  expr(s.keep.get());
}

void Walker::block(Block *b) {
  if (!b)
    return;
  stmts(b->stmts);
  expr(b->value.get());
}

void Walker::expr(Expr *e) {
  if (!e)
    return;
  onExpr(*e);
  if (e->kind < ExprKind::Block)
    simple(*e);
  else
    form(*e);
}

void Walker::simple(Expr &e) {
  if (auto *unary = llvm::dyn_cast<UnaryExpr>(&e)) {
    expr(unary->operand.get());
  } else if (auto *binary = llvm::dyn_cast<BinaryExpr>(&e)) {
    expr(binary->lhs.get());
    expr(binary->rhs.get());
  } else if (auto *call = llvm::dyn_cast<CallExpr>(&e)) {
    exprs(call->args);
  } else if (auto *index = llvm::dyn_cast<IndexExpr>(&e)) {
    expr(index->base.get());
    for (IndexArg &arg : index->indices) {
      expr(arg.index.get());
      expr(arg.lo.get());
      expr(arg.hi.get());
    }
  } else if (auto *field = llvm::dyn_cast<FieldExpr>(&e)) {
    expr(field->base.get());
  } else if (auto *method = llvm::dyn_cast<MethodCallExpr>(&e)) {
    expr(method->base.get());
    exprs(method->args);
  } else if (auto *covered = llvm::dyn_cast<ElseExpr>(&e)) {
    expr(covered->access.get());
    expr(covered->alternative.get());
  } else if (auto *tuple = llvm::dyn_cast<TupleExpr>(&e)) {
    exprs(tuple->parts);
  } else if (auto *list = llvm::dyn_cast<ListExpr>(&e)) {
    exprs(list->elements);
  }
}

void Walker::form(Expr &e) {
  if (auto *b = llvm::dyn_cast<BlockExpr>(&e)) {
    block(b->block.get());
  } else if (auto *choice = llvm::dyn_cast<IfExpr>(&e)) {
    expr(choice->cond.get());
    block(choice->thenBlock.get());
    expr(choice->elseExpr.get());
  } else if (auto *compute = llvm::dyn_cast<ComputeExpr>(&e)) {
    domain(compute->domain, compute->binders);
    block(compute->body.get());
  } else if (auto *reduce = llvm::dyn_cast<ReduceExpr>(&e)) {
    domain(reduce->domain, reduce->binders);
    expr(reduce->where.get());
    block(reduce->body.get());
  } else if (auto *scan = llvm::dyn_cast<ScanExpr>(&e)) {
    domain(scan->domain, scan->binders);
    block(scan->body.get());
  } else if (auto *scatter = llvm::dyn_cast<ScatterExpr>(&e)) {
    exprs(scatter->extents);
    expr(scatter->from.get());
    domain(scatter->domain, scatter->binders);
    expr(scatter->where.get());
    stmts(scatter->stmts);
    exprs(scatter->at);
    expr(scatter->put.get());
  } else if (auto *filter = llvm::dyn_cast<FilterExpr>(&e)) {
    domain(filter->domain, filter->binders);
    expr(filter->where.get());
    block(filter->body.get());
  } else if (auto *sort = llvm::dyn_cast<SortExpr>(&e)) {
    expr(sort->top.get());
    domain(sort->domain, sort->binders);
    block(sort->body.get());
  } else if (auto *loop = llvm::dyn_cast<ForExpr>(&e)) {
    expr(loop->axis.lo.get());
    expr(loop->axis.hi.get());
    if (loop->binder && onBinder)
      onBinder(*loop->binder);
    carried(loop->carried);
    step(loop->step);
  } else if (auto *loop = llvm::dyn_cast<WhileExpr>(&e)) {
    carried(loop->carried);
    expr(loop->cond.get());
    expr(loop->bound.get());
    step(loop->step);
  } else if (auto *value = llvm::dyn_cast<StructExpr>(&e)) {
    for (auto &field : value->fields)
      expr(field.second.get());
  }
}

void Walker::stmt(Stmt *s) {
  if (!s)
    return;
  if (onStmt)
    onStmt(*s);
  if (auto *let = llvm::dyn_cast<LetStmt>(s)) {
    if (let->declared)
      rtype(*let->declared);
    expr(let->init.get());
  } else if (auto *buffer = llvm::dyn_cast<BufferStmt>(s)) {
    rtype(buffer->declared);
    expr(buffer->init.get());
  } else if (auto *assign = llvm::dyn_cast<AssignStmt>(s)) {
    expr(assign->place.get());
    expr(assign->value.get());
  } else if (auto *par = llvm::dyn_cast<ParStmt>(s)) {
    domain(par->domain, par->binders);
    block(par->body.get());
  } else if (auto *seq = llvm::dyn_cast<SeqStmt>(s)) {
    domain(seq->domain, seq->binders);
    block(seq->body.get());
  } else if (auto *choice = llvm::dyn_cast<IfStmt>(s)) {
    expr(choice->cond.get());
    block(choice->thenBlock.get());
    stmt(choice->elseIf.get());
    block(choice->elseBlock.get());
  } else if (auto *call = llvm::dyn_cast<CallStmt>(s)) {
    expr(call->call.get());
  } else if (auto *instruction = llvm::dyn_cast<AsmStmt>(s)) {
    for (AsmExpr *a = instruction->asmExpr.get(); a; a = a->elseAsm.get()) {
      for (AsmOperand &o : a->operands)
        expr(o.value.get());
      block(a->means.get());
      block(a->elseBlock.get());
    }
  }
}

} // namespace texpr

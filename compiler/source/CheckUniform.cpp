// Which values of the body of a `fully par` differ between its iterations.
//
// L4: `barrier` and what lanes do together stand where all iterations arrive: under conditions and bounds
// that no lane sees differently. In: a checked body. Varying are the lane's index, what is computed from
// it or from an element of another's buffer, and what is stored under a varying condition; the walk is
// done again until nothing is added. Out: an error where a barrier or a lane operation stands under what
// varies.
#include "compiler/source/Checker.h"
#include <set>

namespace texpr {

namespace {

/// Which names of the body of a `fully par` differ between its iterations.
class Uniformity {
public:
  Uniformity(ParStmt &s, Diagnostics &diags) : diags(diags) {
    for (const auto &b : s.binders)
      if (b)
        varying.insert(b.get());
    size_t before;
    do {
      before = varying.size();
      block(*s.body, false);
    } while (varying.size() != before);
    reports = true;
    block(*s.body, false);
  }

private:
  Diagnostics &diags;
  std::set<const Decl *> varying;
  std::set<const Decl *> own; // buffers of one iteration; an element of another is one for all
  bool reports = false;
  struct Cause {
    SourceRange range;
    const char *what;
  };
  std::vector<Cause> causes; // why not all iterations arrive here, the innermost last

  void mark(const Decl *d, bool varies) {
    if (d && varies)
      varying.insert(d);
  }
  void mark(const Pattern &p, bool varies) {
    mark(p.decl.get(), varies);
    for (const Pattern &part : p.parts)
      mark(part, varies);
  }

  /// Whether `e` may differ between iterations; its parts are gone through for what stands in them.
  bool expr(Expr *e);
  bool call(CallExpr &e);
  bool parts(Expr &e);
  bool form(Expr &e);
  void block(Block &b, bool under);
  void stmts(std::vector<StmtPtr> &list, bool under) {
    for (StmtPtr &s : list)
      if (s)
        stmt(*s, under);
  }
  void stmt(Stmt &s, bool under);
  void assign(AssignStmt &s, bool under);
  bool rightSide(Expr *e, bool under);
  void loop(std::vector<Axis> &axes, Binders &binders, Block &body, SourceRange range, bool under,
            bool isFull);
  void instruction(AsmExpr &e, bool under);
  void storedTo(const Expr *place, bool varies);
  void choice(IfStmt &s, bool under);
  template <typename F> void because(bool varies, SourceRange range, const char *what, F &&inside) {
    if (varies)
      causes.push_back({range, what});
    inside();
    if (varies)
      causes.pop_back();
  }
  void report(SourceRange range, const std::string &what) {
    if (!reports || causes.empty())
      return;
    diags.error(range, what + " stands where not all iterations of `fully par` arrive")
        .note(causes.back().range, causes.back().what)
        .note("move it out, or assert by `uniform(…)` that all lanes have one value there");
  }
};

bool Uniformity::expr(Expr *e) {
  if (!e)
    return false;
  if (auto *name = llvm::dyn_cast<NameExpr>(e))
    return name->decl && varying.count(name->decl);
  if (auto *c = llvm::dyn_cast<CallExpr>(e))
    return call(*c);
  if (auto *logic = llvm::dyn_cast<BinaryExpr>(e);
      logic && (logic->op == BinaryOp::And || logic->op == BinaryOp::Or)) {
    bool left = expr(logic->lhs.get()), right = false;
    because(left, logic->lhs->range,
            "lanes differ in this condition, which leaves the right side out",
            [&] { right = expr(logic->rhs.get()); });
    return left || right;
  }
  if (auto *c = llvm::dyn_cast<IfExpr>(e)) {
    bool cond = expr(c->cond.get()), a = false, b = false;
    because(cond, c->cond->range, "lanes differ in this condition", [&] {
      if (c->thenBlock) {
        stmts(c->thenBlock->stmts, cond);
        a = expr(c->thenBlock->value.get());
      }
      b = expr(c->elseExpr.get());
    });
    return cond || a || b;
  }
  if (auto *guarded = llvm::dyn_cast<ElseExpr>(e)) {
    bool a = expr(guarded->access.get()), b = false;
    because(a, guarded->access->range, "lanes differ in this access, whose `else` some may take",
            [&] { b = expr(guarded->alternative.get()); });
    return a || b;
  }
  if (auto *b = llvm::dyn_cast<BlockExpr>(e)) {
    stmts(b->block->stmts, false);
    return expr(b->block->value.get());
  }
  return parts(*e);
}

/// The parts of an operator or access, and of a value form, in which lanes do nothing together.
bool Uniformity::parts(Expr &e) {
  bool varies = false;
  auto all = [&](auto &list) {
    for (auto &part : list)
      varies |= expr(part.get());
  };
  if (auto *unary = llvm::dyn_cast<UnaryExpr>(&e))
    return expr(unary->operand.get());
  if (auto *binary = llvm::dyn_cast<BinaryExpr>(&e)) {
    varies = expr(binary->lhs.get());
    return expr(binary->rhs.get()) || varies;
  }
  if (auto *field = llvm::dyn_cast<FieldExpr>(&e))
    return expr(field->base.get());
  if (auto *index = llvm::dyn_cast<IndexExpr>(&e)) {
    varies = expr(index->base.get());
    for (IndexArg &arg : index->indices)
      for (Expr *part : {arg.index.get(), arg.lo.get(), arg.hi.get()})
        varies |= expr(part);
  } else if (auto *tuple = llvm::dyn_cast<TupleExpr>(&e)) {
    all(tuple->parts);
  } else if (auto *list = llvm::dyn_cast<ListExpr>(&e)) {
    all(list->elements);
  } else if (auto *value = llvm::dyn_cast<StructExpr>(&e)) {
    for (auto &field : value->fields)
      varies |= expr(field.second.get());
  } else {
    varies = form(e);
  }
  return varies;
}

/// A form is as its names are; all that it binds is taken to be so, too.
bool Uniformity::form(Expr &e) {
  bool varies = false;
  Walker walker;
  walker.onExpr = [&](Expr &inner) {
    if (auto *name = llvm::dyn_cast<NameExpr>(&inner))
      varies |= name->decl && varying.count(name->decl);
    auto *c = llvm::dyn_cast<CallExpr>(&inner);
    if (reports && c && c->laneOp != LaneOp::None)
      diags.error(c->callee.range, "`" + c->callee.text + "` cannot stand in the bounds of a form")
          .note("give it a name by `let` first");
  };
  walker.expr(&e);
  return varies;
}

bool Uniformity::call(CallExpr &e) {
  std::vector<bool> varies;
  for (ExprPtr &arg : e.args)
    varies.push_back(expr(arg.get()));
  if (e.laneOp != LaneOp::None && e.laneOp != LaneOp::Below)
    report(e.callee.range, "`" + e.callee.text + "`");
  switch (e.laneOp) {
  case LaneOp::Shuffle: // else a value that all have, or one lane's
    return varies[0] && varies[1];
  case LaneOp::Match:
    return varies[0];
  case LaneOp::Below:
    return true;
  case LaneOp::None:
    return llvm::is_contained(varies, true);
  default:
    return false;
  }
}

void Uniformity::block(Block &b, bool under) {
  stmts(b.stmts, under);
  expr(b.value.get());
}

/// What is stored to memory of one iteration makes it differ; other memory is one for all.
void Uniformity::storedTo(const Expr *place, bool varies) {
  while (place) {
    if (auto *index = llvm::dyn_cast<IndexExpr>(place)) {
      for (const IndexArg &arg : index->indices)
        for (Expr *part : {arg.index.get(), arg.lo.get(), arg.hi.get()})
          varies |= expr(part);
      place = index->base.get();
    } else if (auto *field = llvm::dyn_cast<FieldExpr>(place)) {
      place = field->base.get();
    } else if (auto *method = llvm::dyn_cast<MethodCallExpr>(place)) {
      place = method->base.get();
    } else {
      break;
    }
  }
  if (auto *name = llvm::dyn_cast_or_null<NameExpr>(place); name && own.count(name->decl))
    mark(name->decl, varies);
}

void Uniformity::assign(AssignStmt &s, bool under) {
  storedTo(s.place.get(), rightSide(s.value.get(), under) || under);
  mark(s.old.get(), true);
}

void Uniformity::instruction(AsmExpr &e, bool under) {
  for (AsmOperand &o : e.operands)
    if (o.word == "out" || o.word == "inout" || o.word == "writes")
      storedTo(o.value.get(), true);
    else
      expr(o.value.get());
  if (e.means)
    block(*e.means, under);
  if (e.elseAsm)
    instruction(*e.elseAsm, under);
  if (e.elseBlock)
    block(*e.elseBlock, under);
}

void Uniformity::loop(std::vector<Axis> &axes, Binders &binders, Block &body, SourceRange range,
                      bool under, bool isFull) {
  bool varies = false;
  for (Axis &axis : axes) {
    varies |= expr(axis.lo.get());
    varies |= expr(axis.hi.get());
  }
  for (const auto &b : binders)
    mark(b.get(), varies || isFull);
  // Who meets inside another `fully par` is a question of its own.
  bool before = std::exchange(reports, reports && !isFull);
  because(varies, range, "lanes differ in the bounds of this loop",
          [&] { block(body, under || varies); });
  reports = before;
}

void Uniformity::choice(IfStmt &s, bool under) {
  bool cond = expr(s.cond.get());
  because(cond, s.cond->range, "lanes differ in this condition", [&] {
    if (s.thenBlock)
      block(*s.thenBlock, under || cond);
    if (s.elseIf)
      choice(*s.elseIf, under || cond);
    if (s.elseBlock)
      block(*s.elseBlock, under || cond);
  });
}

/// All of the right side of a statement: a call there may change what it is lent, by all that it takes.
bool Uniformity::rightSide(Expr *e, bool under) {
  const bool varies = expr(e);
  if (auto *call = llvm::dyn_cast_or_null<CallExpr>(e); call && call->fn)
    for (size_t i = 0; i < std::min(call->args.size(), call->fn->params.size()); ++i)
      if (call->fn->params[i].isInout)
        storedTo(call->args[i].get(), varies || under);
  return varies;
}

void Uniformity::stmt(Stmt &s, bool under) {
  if (auto *let = llvm::dyn_cast<LetStmt>(&s)) {
    mark(let->pattern, rightSide(let->init.get(), under));
  } else if (auto *buffer = llvm::dyn_cast<BufferStmt>(&s)) {
    own.insert(buffer->decl.get());
    mark(buffer->decl.get(), rightSide(buffer->init.get(), under));
  } else if (auto *a = llvm::dyn_cast<AssignStmt>(&s)) {
    assign(*a, under);
  } else if (auto *c = llvm::dyn_cast<IfStmt>(&s)) {
    choice(*c, under);
  } else if (auto *seq = llvm::dyn_cast<SeqStmt>(&s)) {
    loop(seq->domain, seq->binders, *seq->body, s.range, under, false);
  } else if (auto *par = llvm::dyn_cast<ParStmt>(&s)) {
    loop(par->domain, par->binders, *par->body, s.range, under, par->fully);
  } else if (llvm::isa<BarrierStmt>(&s)) {
    report(s.range, "`barrier`");
  } else if (auto *call = llvm::dyn_cast<CallStmt>(&s)) {
    rightSide(call->call.get(), under);
  } else if (auto *a = llvm::dyn_cast<AsmStmt>(&s)) {
    instruction(*a->asmExpr, under);
  }
}

} // namespace

void Checker::checkUniformity(ParStmt &s) {
  if (s.body)
    Uniformity(s, diags);
}

} // namespace texpr

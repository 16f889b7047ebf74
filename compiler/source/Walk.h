// One way to look at every part of a piece of the syntax tree, whatever it is.
#pragma once
#include "compiler/source/Ast.h"
#include <functional>

namespace texpr {

struct Walker {
  std::function<void(Expr &)> onExpr;               // before its parts
  std::function<void(const Decl &)> onBinder;       // may be empty
  std::function<void(TypeExpr &)> onType = nullptr; // before its parts
  std::function<void(Stmt &)> onStmt = nullptr;     // before its parts
  void expr(Expr *e);
  void stmt(Stmt *s);
  void block(Block *b);
  void type(TypeExpr &t);

private:
  void exprs(std::vector<ExprPtr> &es);
  void stmts(std::vector<StmtPtr> &ss);
  void domain(std::vector<Axis> &axes, Binders &binders);
  void rtype(RType &t);
  void step(Step &s);
  void carried(std::vector<Carried> &cs);
  void simple(Expr &e);
  void form(Expr &e);
};

} // namespace texpr

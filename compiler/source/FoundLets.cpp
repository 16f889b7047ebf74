// In: a checked block. Out: which lets of found lengths may be made before its first buffer or store, and what leaves
// the statements from there to the last store.
//
//   y: f32[n] = 0;  let u: f32[k] = filter n |i| where x[i] > 0 { x[i] };  par k |i| { y[i] = u[i]; }
// Those statements are imported as one (import/ImportIslands.cpp), whose results have extents that are known before
// it. So a value with a length of its own is made before, if it needs nothing of what stands inside; else it stays
// inside, and leaves, if it is used behind, in memory of the most that its length may be.
#include "compiler/source/FoundLets.h"
#include "compiler/source/Walk.h"
#include <algorithm>
#include <set>

namespace texpr {

static bool findsLength(const Expr &e) {
  auto *loop = llvm::dyn_cast<WhileExpr>(&e);
  return e.kind == ExprKind::Filter || (loop && loop->step.keep);
}

bool isParallel(const Stmt &s) {
  auto *let = llvm::dyn_cast<LetStmt>(&s);
  if (!let)
    return s.kind != StmtKind::Assume;
  auto *call = llvm::dyn_cast_or_null<CallExpr>(let->init.get());
  return call && call->fn &&
         std::any_of(call->fn->params.begin(), call->fn->params.end(),
                     [](const Param &p) { return p.isInout; });
}

static bool hasFoundLength(const LetStmt &s) {
  if (!s.foundDims.empty() || (s.init && findsLength(*s.init)))
    return true;
  auto *call = llvm::dyn_cast_or_null<CallExpr>(s.init.get());
  return call && call->fn &&
         std::any_of(call->fn->dims.begin(), call->fn->dims.end(),
                     [](const DimBinding &d) { return d.how == DimBinding::How::Found; });
}

static void namesOf(const Pattern &p, std::set<const Decl *> &out) {
  if (p.decl)
    out.insert(p.decl.get());
  for (const Pattern &part : p.parts)
    namesOf(part, out);
}

static std::set<const Decl *> declaredBy(const Stmt &s) {
  std::set<const Decl *> out;
  if (auto *let = llvm::dyn_cast<LetStmt>(&s)) {
    namesOf(let->pattern, out);
    for (const auto &d : let->foundDims)
      out.insert(d.get());
  }
  if (auto *buffer = llvm::dyn_cast<BufferStmt>(&s))
    out.insert(buffer->decl.get());
  return out;
}

FoundLets foundLets(const std::vector<StmtPtr> &stmts, const std::vector<const Expr *> &after,
                    const std::vector<const Decl *> &lent) {
  FoundLets result;
  result.isEarly.resize(stmts.size());
  size_t first = stmts.size(), last = 0;
  for (size_t i = 0; i < stmts.size(); ++i)
    if (stmts[i] && isParallel(*stmts[i])) {
      first = std::min(first, i);
      last = i;
    }
  if (first == stmts.size())
    return result;
  std::set<const Decl *> inside(lent.begin(), lent.end()), used;
  if (!lent.empty()) // all of the body is
    first = 0;
  auto visit = [&](Expr &e) {
    if (auto *name = llvm::dyn_cast<NameExpr>(&e))
      used.insert(name->decl);
  };
  Walker walker{visit, nullptr};
  std::vector<BufferStmt *> buffers;
  for (size_t i = first; i <= last; ++i) {
    if (!stmts[i])
      continue;
    if (auto *let = llvm::dyn_cast<LetStmt>(stmts[i].get());
        let && !isParallel(*let) && hasFoundLength(*let)) {
      used.clear();
      walker.expr(let->init.get());
      result.isEarly[i] = std::none_of(inside.begin(), inside.end(),
                                       [&](const Decl *d) { return used.count(d) != 0; });
    }
    if (result.isEarly[i])
      continue;
    if (auto *buffer = llvm::dyn_cast<BufferStmt>(stmts[i].get()))
      buffers.push_back(buffer);
    inside.merge(declaredBy(*stmts[i]));
  }
  used.clear();
  for (size_t i = last + 1; i < stmts.size(); ++i)
    walker.stmt(stmts[i].get());
  for (const Expr *e : after)
    walker.expr(const_cast<Expr *>(e));
  // A buffer that is used behind takes along what its extents name.
  for (BufferStmt *buffer : buffers)
    if (used.count(buffer->decl.get()))
      walker.type(buffer->declared.type);
  std::copy_if(inside.begin(), inside.end(), std::back_inserter(result.leaving),
               [&](const Decl *d) {
                 return used.count(d) != 0 && std::find(lent.begin(), lent.end(), d) == lent.end();
               });
  return result;
}

} // namespace texpr

// In: a checked block. Out: which lets of found lengths may be made before its first buffer or store.
//
//   y: f32[n] = 0;  let u: f32[k] = filter n |i| where x[i] > 0 { x[i] };  par k |i| { y[i] = u[i]; }
// Statements from the first buffer or store to the last are imported as one (import/ImportIslands.cpp), whose
// results have extents that are known before it. So a value with a length of its own either is made before, if it
// needs nothing of what stands inside, or stays inside.
#include "compiler/source/FoundLets.h"
#include "compiler/source/Walk.h"
#include <algorithm>
#include <set>

namespace texpr {

static bool findsLength(const Expr &e) {
  auto *loop = llvm::dyn_cast<WhileExpr>(&e);
  return e.kind == ExprKind::Filter || (loop && loop->step.keep);
}

static bool isStore(const Stmt &s) { return s.kind != StmtKind::Let && s.kind != StmtKind::Assume; }

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

FoundLets foundLets(const std::vector<StmtPtr> &stmts, const std::vector<const Expr *> &after) {
  FoundLets result;
  result.isEarly.resize(stmts.size());
  size_t first = stmts.size(), last = 0;
  for (size_t i = 0; i < stmts.size(); ++i)
    if (stmts[i] && isStore(*stmts[i])) {
      first = std::min(first, i);
      last = i;
    }
  std::set<const Decl *> inside, used;
  auto visit = [&](Expr &e) {
    if (auto *name = llvm::dyn_cast<NameExpr>(&e))
      used.insert(name->decl);
  };
  Walker walker{visit, nullptr};
  auto usesAny = [&](const std::set<const Decl *> &names) {
    return std::any_of(names.begin(), names.end(),
                       [&](const Decl *d) { return used.count(d) != 0; });
  };
  std::vector<const LetStmt *> staying;
  std::vector<BufferStmt *> buffers;
  for (size_t i = first; i < last; ++i) {
    auto *let = llvm::dyn_cast_or_null<LetStmt>(stmts[i].get());
    if (let && hasFoundLength(*let)) {
      used.clear();
      walker.expr(let->init.get());
      result.isEarly[i] = !usesAny(inside);
      if (!result.isEarly[i])
        staying.push_back(let);
    }
    auto *buffer = llvm::dyn_cast_or_null<BufferStmt>(stmts[i].get());
    if (buffer)
      buffers.push_back(buffer);
    if (stmts[i] && !result.isEarly[i]) {
      auto names = declaredBy(*stmts[i]);
      inside.insert(names.begin(), names.end());
    }
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
  for (const LetStmt *let : staying)
    if (!result.late && usesAny(declaredBy(*let)))
      result.late = let;
  return result;
}

} // namespace texpr

// Which declarations a piece of the tree refers to: what an island must hand on, and which bounds
// depend on which binders.
//
// In: an expression or statement of a checked tree. Out: the set of declarations named in
// it, whether declared inside or outside, those of extents and ranges among them.
#include "compiler/import/Importer.h"
#include "compiler/source/Walk.h"

namespace texpr::importer {

/// Walkers may change what they visit; this one does not.
static Walker collector(DeclSet &uses) {
  Walker walker;
  walker.onExpr = [&uses](Expr &e) {
    if (auto *name = llvm::dyn_cast<NameExpr>(&e); name && name->decl)
      uses.insert(name->decl);
  };
  return walker;
}

void collectUses(const Expr *e, DeclSet &uses) { collector(uses).expr(const_cast<Expr *>(e)); }

void collectUses(const Stmt &s, DeclSet &uses) { collector(uses).stmt(const_cast<Stmt *>(&s)); }

} // namespace texpr::importer

// What stands among the stores of a block: lengths that are found there, and what is used behind them.
#pragma once
#include "compiler/source/Ast.h"

namespace texpr {

/// A statement of the parallel level: a buffer, a store, a loop, a call that lends, also one that gives a value.
bool isParallel(const Stmt &s);

struct FoundLets {
  /// A statement each: a `let` of a length that is found there that rests on nothing that the block has stored to
  /// or declared from its first buffer or store on, so that it may as well be made before.
  std::vector<bool> isEarly;
  /// What the other statements from the first of those to the last declare, and what stands behind uses.
  std::vector<const Decl *> leaving;
};

/// Of checked statements, and of what stands behind them. `lent`: what the function whose body they are is lent.
FoundLets foundLets(const std::vector<StmtPtr> &stmts, const std::vector<const Expr *> &after,
                    const std::vector<const Decl *> &lent = {});

} // namespace texpr

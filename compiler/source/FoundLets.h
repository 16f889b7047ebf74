// Where a length that is found while running stands among the stores of a block.
#pragma once
#include "compiler/source/Ast.h"

namespace texpr {

struct FoundLets {
  /// A statement each: a `let` of such a length that rests on nothing that the block has stored to or declared from its
  /// first buffer or store on, so that it may as well be made before.
  std::vector<bool> isEarly;
  /// One that is used behind the last store and is not early, or null.
  const LetStmt *late = nullptr;
};

/// Of checked statements, and of what stands behind them.
FoundLets foundLets(const std::vector<StmtPtr> &stmts, const std::vector<const Expr *> &after);

} // namespace texpr

// What is known at a point of a program, as a question to the engine of proofs.
#pragma once
#include "dialects/facts/Facts.h"
#include "dialects/tx/TxOps.h"
#include "llvm/ADT/DenseMap.h"

namespace texpr::tx {

/// The facts that hold where `at` stands: tx.fact, enclosing domains and conditions, verified ranges of what is read.
/// Built for one point and asked there; a rewrite in between does not make it stale as long as its values live.
class FactsAt {
public:
  explicit FactsAt(mlir::Operation *at);

  bool proves(mlir::Value lhs, facts::Rel rel, mlir::Value rhs);
  /// lower <= index < upper.
  bool provesInRange(mlir::Value index, mlir::Value lower, mlir::Value upper);
  /// Constant bounds of a value.
  facts::Range range(mlir::Value v);

  /// The value as an unbounded integer; a new unknown where its arithmetic may wrap or is not followed.
  facts::Expr expr(mlir::Value v);
  facts::Facts &get() { return facts; }

private:
  facts::Facts facts;
  llvm::DenseMap<mlir::Value, facts::Expr> known;

  facts::Expr unknown(mlir::Value v);
  facts::Expr follow(mlir::Value v);
  std::optional<facts::Expr> arithmetic(mlir::Operation *op);
  std::optional<facts::Expr> division(mlir::Operation *op);
  bool fits(const facts::Expr &e, mlir::Type type);

  void enter(mlir::Operation *parent, mlir::Region &region);
  void assumeFacts(mlir::Operation *before);
  void assumeSet(FactOp fact);
  void assumeCondition(mlir::Value condition, bool holds);
  std::optional<facts::Expr> affine(mlir::AffineExpr e, mlir::ValueRange symbols);
};

/// One question: lower <= index < upper where `at` stands.
bool proveInRange(mlir::Value index, mlir::Value lower, mlir::Value upper, mlir::Operation *at);

} // namespace texpr::tx

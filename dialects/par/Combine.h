// What a combining operator does to two values, and where it starts: shared by every pass that expands a reduction.
#pragma once
#include "dialects/tx/TxOps.h"
#include "mlir/IR/Builders.h"

namespace texpr::par {

/// The identity of a builtin operator on a scalar, `index` or vector type. `add` on floats: +0, as the language has it.
mlir::Value buildIdentity(mlir::OpBuilder &b, mlir::Location loc, tx::Combine op, bool isUnsigned,
                          mlir::Type type);

/// One step of a builtin operator, on scalars or vectors.
mlir::Value buildCombine(mlir::OpBuilder &b, mlir::Location loc, tx::Combine op, bool isUnsigned,
                         mlir::Value lhs, mlir::Value rhs);

/// The combiner's body on the leaves of `lhs` and `rhs`, in place.
llvm::SmallVector<mlir::Value> inlineCombiner(mlir::OpBuilder &b, tx::CombinerOp combiner,
                                              mlir::ValueRange lhs, mlir::ValueRange rhs);
/// The combiner's identity, in place; empty where it has none.
llvm::SmallVector<mlir::Value> inlineIdentity(mlir::OpBuilder &b, tx::CombinerOp combiner);

} // namespace texpr::par

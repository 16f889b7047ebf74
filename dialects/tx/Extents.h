// The extents of a tensor as SSA values: the only source of shapes (no type carries one).
//
// Every op that makes tensors knows them: as operands, through its inits, or through what its
// region yields. Equality of extents is identity of values wherever the program named one dim.
#pragma once
#include "dialects/tx/TxOps.h"

namespace texpr::tx {

/// The extents of `tensor`. Values that dominate it where such exist; otherwise (a difference of
/// bounds, a dim computed inside the region that yields the tensor) arithmetic is built at `b`'s
/// insertion point, where the tensor is visible. The tensor's maker must know them: a verified
/// program's always does, an entry argument before its tx.bind does not.
llvm::SmallVector<mlir::Value> getExtents(mlir::OpBuilder &b, mlir::Value tensor);

/// The extents without building anything.
Extents knownExtents(mlir::Value tensor);

/// The values that the extents are computed from.
llvm::SmallVector<mlir::Value> extentSources(mlir::Value tensor);

/// Arithmetic for an affine expression; division by what is not positive is total (tx.scalar).
mlir::Value buildAffine(mlir::OpBuilder &b, mlir::Location loc, mlir::AffineExpr e,
                        mlir::ValueRange dims, mlir::ValueRange symbols);

} // namespace texpr::tx

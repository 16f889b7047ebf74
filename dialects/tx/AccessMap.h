// How a tensor's or a buffer's indices depend on the axes of a nest: an analysis, never stored
// beside the code.
#pragma once
#include "dialects/tx/TxOps.h"
#include "mlir/IR/AffineMap.h"

namespace texpr::tx {

/// One index as a function of the axes.
struct IndexMap {
  enum class Kind {
    affine, // `expr` over the axes (dims) and the outside values (symbols), linear in the axes with
            // constant factors
    strided,  // a sum that multiplies an axis by an outside value, e.g. i * n + j
    gathered, // depends on the axes through a read or other data
  } kind = Kind::affine;
  mlir::AffineExpr expr; // affine only
};

/// The indices of one access over the axes.
struct AccessMap {
  llvm::SmallVector<mlir::Value> axes;    // d0 …
  llvm::SmallVector<mlir::Value> symbols; // s0 …: values that do not depend on the axes
  llvm::SmallVector<IndexMap> indices;
  mlir::MLIRContext *context = nullptr;

  bool isAffine() const;
  /// True where no index depends on this axis; a gathered index may, so it answers no.
  bool isFreeOf(unsigned axis) const;
  /// All indices as one map; the access is affine.
  mlir::AffineMap getAffineMap() const;
};

/// Follows arith (add, sub, mul, casts) and tx.scalar (floordiv, mod by positive constants) from
/// `indices` to `axes`.
AccessMap accessMap(mlir::ValueRange indices, mlir::ValueRange axes);

/// `index` = `axis` + rest where rest does not use the axis: the rest, over the same dims and
/// symbols.
std::optional<mlir::AffineExpr> matchOffset(const AccessMap &map, unsigned index, unsigned axis);

/// True where `v` depends on one of `axes` (through operands, also those captured by regions).
bool dependsOn(mlir::Value v, mlir::ValueRange axes);

} // namespace texpr::tx

// Is a nest a sum of products, and which axes play which part? Asked by plan and by transform.
#pragma once
#include "dialects/par/ParOps.h"
#include "dialects/tx/AccessMap.h"

namespace texpr::par {

/// One factor of the product.
struct Factor {
  mlir::Value value; // before the widening casts
  LoadOp load;       // null where the factor is more than a load without a mask
  tx::AccessMap map; // of the load, over all axes of the contraction
  /// Used in place: an affine read of a buffer made outside the nest. Else it is staged.
  bool isPlain() const { return load && map.isAffine(); }
};

/// forall (…) { %s = par.reduce add (…) { a * b }; … }
struct Contraction {
  ForallOp nest;
  ReduceOp reduce;
  Factor a, b; // a is used by M, b by N
  mlir::Value product;
  /// The forall's axes, then the reduction's; the lists below hold positions in it, ascending.
  llvm::SmallVector<mlir::Value> axes;
  llvm::SmallVector<unsigned> m, n, k, batch;

  unsigned getNumParallel() { return nest.getNumAxes(); }
  mlir::Type getAccumulatorType() { return reduce.getResult(0).getType(); }
  /// The name of an axis in the source.
  llvm::StringRef getAxisName(unsigned axis);
  /// The reduction has no condition, and its bounds do not depend on the forall's axes.
  bool isRectangular();

  /// Nothing where the nest is no contraction.
  static std::optional<Contraction> match(ForallOp nest);
};

} // namespace texpr::par

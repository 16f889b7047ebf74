// Where a failure is: the number of an iteration.
#pragma once
#include "dialects/par/ParOps.h"

namespace texpr::par {

/// The iteration of the innermost loop around the place of `b`: its indices, row-major in a box of the
/// upper bounds. 0 outside of loops.
mlir::Value iterationAt(mlir::OpBuilder &b, mlir::Location loc);

/// `indices` row-major in a box of `extents`; 0 where there are none.
mlir::Value rowMajor(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange indices,
                     mlir::ValueRange extents);

} // namespace texpr::par

// The extents of a buffer as SSA values.
#pragma once
#include "dialects/par/ParOps.h"

namespace texpr::par {

/// The extents of `buffer`: operands of what makes it (bind, alloc, slot); inside an island, those
/// of the tensor that it stands for (built at `b` where the tensor has a difference of bounds).
mlir::SmallVector<mlir::Value> getExtents(mlir::OpBuilder &b, mlir::Value buffer);

} // namespace texpr::par

// How an index moves with a loop: the question that vector width, coalescing and mapping all ask.
#pragma once
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>

namespace texpr::par {

/// True where `v` may change when `iv` does: it is computed from it, by whatever means.
bool dependsOn(mlir::Value v, mlir::Value iv);

/// d(v) / d(iv), where `v` is an affine function of `iv` with a constant coefficient; 0 where it does not depend on it.
std::optional<int64_t> strideOf(mlir::Value v, mlir::Value iv);

/// a - b, where the two differ by a constant once equal parts cancel.
std::optional<int64_t> constantDifference(mlir::Value a, mlir::Value b);

/// The sides of nested `min`s (of `max`es); a value that is none is its only side.
llvm::SmallVector<mlir::Value> minSides(mlir::Value v);
llvm::SmallVector<mlir::Value> maxSides(mlir::Value v);

/// How the elements at `indices` of a row-major buffer lie along `iv`.
enum class Lane { Invariant, Unit, Strided };
Lane laneOf(mlir::ValueRange indices, mlir::Value iv);

} // namespace texpr::par

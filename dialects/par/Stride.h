// How an index moves with a loop: the question that vector width, coalescing and mapping all ask.
#pragma once
#include "mlir/IR/Value.h"
#include <optional>

namespace texpr::par {

/// True where `v` may change when `iv` does: it is computed from it, by whatever means.
bool dependsOn(mlir::Value v, mlir::Value iv);

/// d(v) / d(iv), where `v` is an affine function of `iv` with a constant coefficient; 0 where it does not depend on it.
std::optional<int64_t> strideOf(mlir::Value v, mlir::Value iv);

/// How the elements at `indices` of a row-major buffer lie along `iv`.
enum class Lane { Invariant, Unit, Strided };
Lane laneOf(mlir::ValueRange indices, mlir::Value iv);

} // namespace texpr::par

// How far an index strays from an axis: what tells a stencil from a gather.
#pragma once
#include "dialects/tx/TxOps.h"

namespace texpr::tx {

/// An inclusive range of constants.
struct Reach {
  int64_t lo = 0, hi = 0;
};

/// Constant bounds of an integer, found through arithmetic, choices and axes with constant bounds.
std::optional<Reach> constantRange(mlir::Value v);

/// lo, hi with axis + lo <= index <= axis + hi in every iteration. A clamp to [0, extent - 1] of the axis keeps the reach.
std::optional<Reach> reach(mlir::Value index, mlir::Value axis);

/// The bounds of an argument of a compute, reduce or for; null for others.
struct AxisBounds {
  mlir::Value lower, upper;
  explicit operator bool() const { return bool(upper); }
};
AxisBounds boundsOf(mlir::Value axis);

/// The number of iterations, where it is a constant.
std::optional<int64_t> constantTrip(mlir::Value lower, mlir::Value upper);

/// How a read of a compute's result follows the axes of the compute around it: the first `exact` indices are the consumer's first
/// axes, over equal bounds; the next one strays from the next axis by `next`, where that is known and the bounds are equal.
struct Follow {
  unsigned exact = 0;
  std::optional<Reach> next;
};
Follow follow(ReadOp read, ComputeOp producer, ComputeOp consumer);

} // namespace texpr::tx

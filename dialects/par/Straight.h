// Which reductions can be written out, step by step: asked by policy and mechanism.
#pragma once
#include "dialects/par/ParOps.h"
#include <optional>

namespace texpr::par {

/// [lower, upper) of each axis; nothing where a bound is no constant, or an axis is empty.
std::optional<llvm::SmallVector<std::pair<int64_t, int64_t>>> constantDomain(ReduceOp reduce);

/// The steps of a reduction that can become straight-line code: constant bounds, a builtin operator, no condition and no
/// loop or store inside. Nothing where it cannot.
std::optional<int64_t> straightSteps(ReduceOp reduce);

} // namespace texpr::par

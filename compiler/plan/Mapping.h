// Which loop runs on which level of the machine.
#pragma once
#include "mlir/IR/BuiltinOps.h"

namespace texpr::plan {

/// Writes `plan.map` (a level an axis), `plan.vector` (lanes) and `plan.unroll` (accumulators) on every forall and reduce of the
/// stage `par` of a CPU module, from its `par.machine`. Pinned values are kept.
void planCpuMapping(mlir::ModuleOp module);

} // namespace texpr::plan

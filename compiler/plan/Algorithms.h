// Which of several algorithms a scan, filter, scatter or sort takes, and with which numbers.
#pragma once
#include "mlir/IR/BuiltinOps.h"

namespace texpr::plan {

/// Writes plan.algo where there is a choice; a pin that asks for what there is not is an error.
void decideAlgorithms(mlir::ModuleOp module);

} // namespace texpr::plan

// Dialects and passes of all tools, registered in one place.
#pragma once
#include "mlir/IR/DialectRegistry.h"

namespace texpr {
void registerDialects(mlir::DialectRegistry &registry);
void registerPasses();
} // namespace texpr

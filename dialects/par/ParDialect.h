// The dialect class alone: for registration and dependent dialects. Types and ops are in ParOps.h.
#pragma once
#include "mlir/IR/Dialect.h"

#include "dialects/par/ParDialect.h.inc"

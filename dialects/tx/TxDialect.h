// The dialect class alone: for registration and dependent dialects. The ops are in TxOps.h.
#pragma once
#include "mlir/IR/Dialect.h"

#include "dialects/tx/TxDialect.h.inc"

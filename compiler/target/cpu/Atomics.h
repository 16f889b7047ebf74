// par.atomic on the CPU; used by cpu-memory.
#pragma once
#include "dialects/par/ParOps.h"

namespace texpr::cpu {

/// Replaces `op`, whose element lies at `pointer`, by loads and stores or by atomic instructions.
void lowerAtomic(par::AtomicOp op, mlir::Value pointer);

} // namespace texpr::cpu

// The type !par.buf, the attribute #par.layout and the ops of par.
#pragma once
#include "dialects/par/Layout.h"
#include "dialects/par/ParDialect.h"
#include "dialects/tx/TxOps.h"

#define GET_TYPEDEF_CLASSES
#include "dialects/par/ParTypes.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/par/ParAttrs.h.inc"

namespace texpr::par {
inline BufType getBufType(mlir::Value buffer) { return llvm::cast<BufType>(buffer.getType()); }
/// The buffer type of a tensor's rank and element.
BufType bufferOf(mlir::Type tensor);
} // namespace texpr::par

#define GET_OP_CLASSES
#include "dialects/par/ParOps.h.inc"

// The exact meaning of tx.scalar on values.
#pragma once
#include "dialects/tx/TxOps.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APInt.h"

namespace texpr::tx {

/// Kinds of two integer operands of one width.
llvm::APInt evaluateScalar(ScalarKind kind, const llvm::APInt &a, const llvm::APInt &b);
/// fptosi, fptoui: to zero, saturating, NaN is 0.
llvm::APInt evaluateConversion(ScalarKind kind, const llvm::APFloat &a, unsigned width);

} // namespace texpr::tx

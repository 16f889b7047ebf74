// Scalar operations of arith, math and tx.scalar on data: the interpreter's arithmetic unit.
#pragma once
#include "dialects/par/Interpreter.h"

namespace texpr::par {

/// The result of an op on scalars; nothing where the op is not known here.
std::optional<Datum> evaluateScalarOp(mlir::Operation *op, llvm::ArrayRef<Datum> operands);
/// One step of a builtin reduction.
Datum combine(tx::Combine op, bool isUnsigned, mlir::Type type, const Datum &a, const Datum &b);
/// Where it starts.
Datum identityOf(tx::Combine op, bool isUnsigned, mlir::Type type);
/// The value of a constant attribute.
Datum constantOf(mlir::Attribute value);

} // namespace texpr::par

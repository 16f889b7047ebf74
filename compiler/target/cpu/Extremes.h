// The largest or smallest float of many, as three extremes of integers. Used by cpu-vectorize.
#pragma once
#include "compiler/target/Target.h"
#include "dialects/par/ParOps.h"

namespace texpr::cpu {

/// Whether `reduce` keeps three extremes a result instead of one float.
bool keepsExtremes(par::ReduceOp reduce, const Target &target);

/// Signed maximum, unsigned minimum and unsigned maximum of the bits of the floats so far.
using Extremes = llvm::SmallVector<mlir::Value>;
Extremes startExtremes(mlir::OpBuilder &b, mlir::Location loc, mlir::Value identity);
Extremes stepExtremes(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange extremes,
                      mlir::Value term);
/// The float that they stand for: the largest, or the smallest.
mlir::Value finishExtremes(mlir::OpBuilder &b, mlir::Location loc, bool isMax,
                           mlir::ValueRange extremes);

} // namespace texpr::cpu

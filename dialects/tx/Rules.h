// Rules that ops of tx and par share: iteration domains, reductions, and what a region yields.
#pragma once
#include "dialects/tx/TxOps.h"

namespace texpr::tx {

/// Bounds, names and arguments of a domain are as many as its axes, and of index type.
mlir::LogicalResult verifyDomain(mlir::Operation *op, mlir::ValueRange lower,
                                 mlir::ValueRange upper, mlir::ArrayAttr axes, mlir::Region &body);
/// The operator fits the types of the results; a condition yields one bool.
mlir::LogicalResult verifyReduction(mlir::Operation *op, Combine combine,
                                    mlir::FlatSymbolRefAttr combiner, bool isUnsigned,
                                    mlir::Region &where, size_t axes);
/// The terminator of `region` yields values of `types`.
mlir::LogicalResult verifyYields(mlir::Operation *op, mlir::Region &region, mlir::TypeRange types);
/// The arguments of `region` are of `types`.
mlir::LogicalResult verifyArguments(mlir::Operation *op, mlir::Region &region,
                                    mlir::TypeRange types);
/// `combiner` names a tx.combiner whose leaves are the elements of `results`.
mlir::LogicalResult verifyCombinerUse(mlir::Operation *op, mlir::FlatSymbolRefAttr combiner,
                                      mlir::TypeRange results,
                                      mlir::SymbolTableCollection &symbols);

} // namespace texpr::tx

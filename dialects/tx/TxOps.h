// The ops of tx, their enums and the interface of extents.
#pragma once
#include "dialects/tx/TxDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/IntegerSet.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <optional>

namespace texpr::tx {
/// Fills a region at the builder's place, given the region's arguments, and ends it with a yield.
using BodyBuilder = llvm::function_ref<void(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

/// One extent of a tensor: max(upper - lower, 0), `upper` where `lower` is absent, or a constant.
struct Extent {
  mlir::Value lower, upper;
  std::optional<int64_t> constant;
  bool operator==(const Extent &o) const {
    return lower == o.lower && upper == o.upper && constant == o.constant;
  }
};
/// lower <= arg < upper.
struct AxisRange {
  mlir::Value arg, lower, upper;
};
using Extents = std::optional<llvm::SmallVector<Extent>>;
} // namespace texpr::tx

#include "dialects/tx/TxEnums.h.inc"

#include "dialects/tx/TxInterfaces.h.inc"

#define GET_OP_CLASSES
#include "dialects/tx/TxOps.h.inc"

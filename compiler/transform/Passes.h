// The passes of the middle road, as Passes.td declares them.
#pragma once
#include "dialects/par/ParDialect.h"
#include "dialects/tx/TxDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace texpr {
#define GEN_PASS_DECL
#include "compiler/transform/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/transform/Passes.h.inc"
/// True where `par.machine` has the level `lane`: a full forall is what it says there.
bool hasLanes(mlir::ModuleOp module);
} // namespace texpr

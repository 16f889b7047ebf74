// The named stages of the road and what may stand in a module at each.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include <optional>

namespace texpr {

/// `tx`: values. `par`: nests over buffers. `mapped`: every nest has a level, every buffer a place.
/// `target`: the LLVM dialect.
enum class Stage { tx, par, mapped, target };

llvm::StringRef name(Stage stage);
std::optional<Stage> parseStage(llvm::StringRef name);

/// The stage that a module says it is at (`texpr.stage`).
std::optional<Stage> stageOf(mlir::ModuleOp module);

/// Fails with an error at the first op that has no place at `stage`. Run by the driver after each
/// stage, besides the verifiers.
mlir::LogicalResult checkStage(mlir::ModuleOp module, Stage stage);

} // namespace texpr

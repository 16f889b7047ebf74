// The policies of machines whose levels are blocks, warps and lanes; each fills the plan attributes of one pass. What they
// know of a machine is `par.machine` alone.
#pragma once
#include "dialects/par/ParOps.h"
#include "dialects/plan/Plan.h"

namespace texpr::plan::gpu {

inline constexpr int64_t kWarps = 8;            // of a block
inline constexpr int64_t kRowOfWarp = 1024;     // elements that a warp holds in registers
inline constexpr int64_t kRowOfBlock = 4096;    // elements that a block holds in registers
inline constexpr int64_t kMostElements = 16384; // of any tile

struct Machine {
  int64_t lanes = 32, vectorBytes = 16, sharedBytes = 0;
  mlir::ArrayAttr instrs;
};
/// Nothing where the module's machine has no blocks.
std::optional<Machine> machineOf(mlir::ModuleOp module);

/// The most iterations that an axis can have, as far as the facts at `at` say.
std::optional<int64_t> mostTrips(mlir::Value lower, mlir::Value upper, mlir::Operation *at);

/// Loops directly or indirectly inside `op`.
bool hasForall(mlir::Operation *op);

/// The row of the table for these operands: exact types first, then one that computes in `c`.
mlir::DictionaryAttr findRow(const Machine &machine, mlir::Type a, mlir::Type b, mlir::Type c);

/// One iteration of a reduction reads neighbours of the last one's, and its order is free: lanes may share it.
bool mayShareReduce(par::ReduceOp reduce);

/// The elements of a buffer that a nest touches at its own iteration, counted from the lower bounds.
bool isOwnAccess(mlir::Operation *access, mlir::Operation *nest);

void decideClasses(par::KernelOp kernel);
void decideTiles(mlir::ModuleOp module, const Machine &machine);
void decidePlaces(mlir::ModuleOp module, const Machine &machine);
void decideLevels(mlir::ModuleOp module, const Machine &machine);

} // namespace texpr::plan::gpu

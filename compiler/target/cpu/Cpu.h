// The CPU's part of the road: from nests with levels and places to the LLVM dialect.
//
// A function of the stage `mapped` becomes one function a machine:
//   i32 @NAME.VARIANT(i64 dims…, scalars…, ptr buffers…, ptr workspace, ptr call, ptr slot)
// where index is i64, bool i8 and a half i16, `call` the caller's tx_call (may be null) and `slot` a tx_report
// that the entry has zeroed. It returns slot->status: TX_OK, TX_ERR_DATA with the lowest site and
// index in the slot, or what the host's parallel_for gave. @NAME.workspace becomes i64
// @NAME.workspace.VARIANT(i64 dims…).
#pragma once
#include "compiler/target/Target.h"
#include "mlir/IR/Builders.h"
#include "mlir/Pass/PassManager.h"

namespace texpr::cpu {

#define GEN_PASS_DECL
#include "compiler/target/cpu/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/target/cpu/Passes.h.inc"

/// All passes of this folder in order, from `mapped` to the LLVM dialect alone.
void buildPipeline(mlir::OpPassManager &passes, const Target &target);

/// The machine that a pass's option names; reports an unknown name at `op` and returns null.
const Target *findMachine(mlir::Operation *op, llvm::StringRef name);

/// The f32 or f64 `to`, a scalar or a vector, of an f8 of type `format` that is held as its byte.
mlir::Value widenF8(mlir::OpBuilder &b, mlir::Location loc, mlir::Value bytes, mlir::Type format,
                    mlir::Type to, const Target &target);

// Memory, shared by the passes that make accesses. A bool lies in memory as one byte, an index
// as 8.

mlir::Type storageType(mlir::Type element);
int64_t storageBytes(mlir::Type element);
/// The buffer's address; resolved by cpu-memory, which gives every buffer its pointer.
mlir::Value bufferPointer(mlir::OpBuilder &b, mlir::Value buffer);
/// The row-major place of an element.
mlir::Value linearIndex(mlir::OpBuilder &b, mlir::Location loc, mlir::Value buffer,
                        mlir::ValueRange indices);
/// pointer + place * size of the element.
mlir::Value elementPointer(mlir::OpBuilder &b, mlir::Location loc, mlir::Value pointer,
                           mlir::Value place, mlir::Type element);

/// One step of a reduction: `acc` combined with `value`, both scalars or both vectors. Where
/// `mayFuse`, a product that is made only for a sum of f32 or f64 is fused into it.
mlir::Value combineStep(mlir::OpBuilder &b, mlir::Location loc, mlir::Operation *reduce,
                        mlir::Value acc, mlir::Value value, bool mayFuse);

} // namespace texpr::cpu

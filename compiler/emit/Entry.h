// The C entry points of an object: `NAME` and `NAME_workspace`, and what the header says of them.
#pragma once
#include "compiler/emit/Header.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace llvm {
class Module;
}

namespace texpr::emit {

/// The code of one machine inside an object: functions `NAME.<suffix>` that need at least `level`.
struct Variant {
  std::string suffix;  // "v3"
  int64_t level;       // what the runtime's cpu_level must report; 0: any
  std::string machine; // "x86-64-v3", for the error text
};

/// The C view of an exported function of the stage `par`, from its argument attributes.
AbiFunction abiOf(mlir::func::FuncOp func);
std::vector<AbiFunction> abiOf(mlir::ModuleOp module);

/// Defines the entry points of every exported function of `parStage` in `into`: all checks of docs/abi.md, the workspace,
/// and the choice of a variant. `variants` may be in any order; the one with the highest level that runs is taken.
void emitEntries(mlir::ModuleOp parStage, llvm::Module &into, llvm::ArrayRef<Variant> variants);

} // namespace texpr::emit

// What a loop nest reads through a copy, on CPUs.
#pragma once
#include "dialects/par/Contraction.h"
#include "mlir/IR/BuiltinOps.h"

namespace texpr::plan::cpu {

/// Refuses pins that ask for what a CPU has not, and takes them from the nest.
void checkStages(par::ForallOp nest);

/// The contraction whose b is not contiguous along the columns, where a copy of it will be; nothing where none will.
std::optional<par::Contraction> copied(par::ForallOp nest, std::optional<par::Contraction> c);

/// Writes `plan.stage`, `plan.blocks` and the pieces of the sum of a contraction that has its register tile, where that
/// pays or the source asks for it.
void decideStages(mlir::ModuleOp module, par::Contraction &c, mlir::DictionaryAttr instr);

} // namespace texpr::plan::cpu

// From the typed syntax tree to the stage `tx`: the last place that knows of the language.
//
// In: a program that the checker accepted. Out: a module with `texpr.stage = "tx"`, one func.func a
// function of the program (private where nothing outside may call it), values as ops of `tx`,
// statements as `par.do` islands. Nothing is decided here: only pins of the source are copied to
// `plan.*` attributes.
#pragma once
#include "compiler/source/Check.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace texpr {

/// Null after an internal error, which has been emitted on `context`. `isChecked`: what the checker took as known is
/// tested, and what `instrument-checks` looks for is marked.
mlir::OwningOpRef<mlir::ModuleOp> importProgram(const CheckedProgram &program,
                                                const SourceFiles &files,
                                                mlir::MLIRContext &context, bool isChecked = false);

/// The dialects of the stage `tx`; call before `importProgram`.
void loadImportDialects(mlir::MLIRContext &context);

} // namespace texpr

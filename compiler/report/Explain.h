// `explain`: what the compiler decided for a program, and why, as text.
#pragma once
#include "compiler/source/Check.h"
#include "compiler/target/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include <string>

namespace texpr::report {

/// What is looked at: the checked program, and the module after some passes of the road for one target.
struct ExplainInput {
  const CheckedProgram &checked;
  const SourceFiles &files;
  const Target &target;
  mlir::ModuleOp inlined;    // after plan-inline: which values are computed again
  mlir::ModuleOp fused;      // after plan-fusion: where all others live
  mlir::ModuleOp par;        // after lower-to-par: the loops of the program
  mlir::ModuleOp rolled;     // after roll-windows: rings
  mlir::ModuleOp mapped;     // after workspace
  mlir::ModuleOp vectorized; // after cpu-vectorize: what declined
};
/// The passes, in the order of the modules.
inline constexpr const char *explainedPasses[] = {"plan-inline",  "plan-fusion", "lower-to-par",
                                                  "roll-windows", "workspace",   "cpu-vectorize"};

struct ExplainOptions {
  std::string function; // empty: every exported one
  bool isVerbose = false;
  unsigned level = 2; // of optimization, for the heading
};

std::string explain(const ExplainInput &input, const ExplainOptions &options);

} // namespace texpr::report

// Finds the first pass that changes what a module computes.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace texpr {

struct BisectOptions {
  std::vector<std::string> passes; // in order, in the syntax of --pass-pipeline
  std::string function;            // empty: every exported one
  unsigned runs = 4;               // sets of arguments a function
  uint64_t steps = 2'000'000; // of the module as it came: arguments that take more are drawn again
  unsigned seed = 1;
  int64_t lowest = 0, highest = 2; // of integer elements: small, since they may be indices
  double tolerance = 1e-5;         // of floats, relative to the largest of an array; 0: every bit
  std::string save;                // prefix of the files that get the module before and after
};

enum class BisectOutcome { equal, differs, cannotRun };

/// Runs the passes one by one on `module`; reports to stdout. The module is left as the last pass made it.
BisectOutcome bisect(mlir::ModuleOp module, const BisectOptions &options);

} // namespace texpr

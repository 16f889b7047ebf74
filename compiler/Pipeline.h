// The order of all passes: the map of the middle road.
#pragma once
#include "compiler/Stage.h"
#include "compiler/target/Target.h"
#include "mlir/Pass/PassManager.h"

namespace texpr {

/// What a checked build verifies while it runs: all but NaN, or that too.
enum class Checked { none, all, nan };

struct PipelineOptions {
  unsigned optLevel = 2;           // -O0 … -O3
  Checked checked = Checked::none; // with optLevel 0
  std::string stopAfter;           // a pass: what follows it is left out
};

/// A list of passes that ends where the user asked to stop.
class PassList {
public:
  PassList(mlir::OpPassManager &passes, const PipelineOptions &options)
      : passes(passes), options(options) {}
  void add(std::unique_ptr<mlir::Pass> pass);
  bool isStopped() const { return stopped; }

private:
  mlir::OpPassManager &passes;
  const PipelineOptions &options;
  bool stopped = false;
};

/// Stage `tx`, what is done once for all machines: calls, indices.
void buildSharedPipeline(PassList &list, const PipelineOptions &options);
/// Stage `tx`, for one machine: fusion, kernels. Ends with stage `par`.
void buildTxPipeline(PassList &list, const PipelineOptions &options);
/// Stage `par` to `mapped`.
void buildParPipeline(PassList &list, const PipelineOptions &options);
/// Stage `mapped` to `target`.
void buildTargetPipeline(PassList &list, mlir::OpPassManager &passes, const Target &target);

/// The facts that mechanism passes read, as the module's `par.machine`.
void setMachine(mlir::ModuleOp module, const Target &target, unsigned optLevel);

} // namespace texpr

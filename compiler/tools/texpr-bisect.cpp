// Names the first pass that changes what a program computes.
//
//   texprc x.tx --stop-after=import > x.mlir && texpr-bisect x.mlir --target=x86-64-v3 --save=x
//
// In: a module of stage tx, par or mapped. The passes of the road (or those of --passes) run one by one, and after each the
// interpreter of `par` runs the exported functions on the same drawn arguments. Out: the pass after which a result differs, and with
// --save the module before and after it. Exit code 0: all agree, 1: one differs, 2: nothing could be compared.
#include "compiler/Pipeline.h"
#include "compiler/Register.h"
#include "compiler/tools/Bisect.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>

using namespace mlir;
using namespace texpr;

/// Every pass of the middle road, or those that the user named, as text.
static std::vector<std::string> listPasses(MLIRContext *context, const std::string &text,
                                           const PipelineOptions &options) {
  PassManager manager(context, "builtin.module");
  if (!text.empty()) {
    if (failed(parsePassPipeline(text, manager)))
      return {};
  } else {
    PassList list(manager, options);
    buildSharedPipeline(list, options);
    buildTxPipeline(list, options);
    buildParPipeline(list, options);
  }
  std::vector<std::string> passes;
  for (Pass &pass : manager.getPasses()) {
    llvm::raw_string_ostream stream(passes.emplace_back());
    pass.printAsTextualPipeline(stream);
  }
  return passes;
}

int main(int argc, char **argv) {
  CLI::App app{"texpr-bisect runs passes one by one and interprets the module after each.",
               "texpr-bisect"};
  std::string file, target = "x86-64-v4", passes;
  BisectOptions options;
  PipelineOptions pipeline;
  app.add_option("FILE", file, "an .mlir file of stage tx, par or mapped")->required();
  app.add_option("--target", target, "the machine whose facts the passes read");
  app.add_option("--passes", passes, "a comma list; by default the whole middle road");
  app.add_option("-O", pipeline.optLevel, "0 to 3");
  app.add_option("--function", options.function, "one function; by default all exported ones");
  app.add_option("--runs", options.runs, "sets of arguments a function");
  app.add_option("--steps", options.steps, "of a call; arguments that take more are drawn again");
  app.add_option("--seed", options.seed, "of the arguments");
  app.add_option("--lowest", options.lowest, "of integer elements");
  app.add_option("--highest", options.highest, "of integer elements");
  app.add_option("--tolerance", options.tolerance, "of floats, relative; 0: every bit");
  app.add_option("--save", options.save, "prefix of .before.mlir and .after.mlir");
  CLI11_PARSE(app, argc, argv);

  DialectRegistry registry;
  registerDialects(registry);
  registerPasses();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(file, &context);
  const Target *machine = lookupTarget(target);
  if (!module || !machine) {
    llvm::errs() << "texpr-bisect: " << (module ? "unknown target" : "cannot read the module")
                 << "\n";
    return 2;
  }
  setMachine(*module, *machine, pipeline.optLevel);
  options.passes = listPasses(&context, passes, pipeline);
  return int(bisect(*module, options));
}

// The order of the CPU's passes, from `mapped` to the LLVM dialect.
#include "compiler/target/cpu/Cpu.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace texpr::cpu {

void buildPipeline(OpPassManager &passes, const Target &target) {
  std::string machine = target.name.str();
  passes.addPass(createCpuStoreF8({machine})); // beyond this point there is no f8
  passes.addPass(createCpuExpandScalars());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCpuMicroKernels({machine}));
  passes.addPass(createCpuVectorize({machine}));
  passes.addPass(createCpuLoops({machine}));
  passes.addPass(createCpuFuseProducts({machine}));
  passes.addPass(createCpuMemory({machine})); // beyond this point nothing adds a buffer
  passes.addPass(createCpuThreads());
  passes.addPass(createCpuMath({machine}));
  passes.addPass(createCpuLegalizeFloats({machine}));
  passes.addPass(createCSEPass());
  passes.addPass(createCpuToLlvm());
}

} // namespace texpr::cpu

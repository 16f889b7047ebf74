// The order of the CPU's passes, from `mapped` to the LLVM dialect.
//
// In: a module of stage `mapped`, every loop with its level and every buffer with its place, for one machine. Out: stage
// `target`: functions of the LLVM dialect alone. Each pass takes something away for good (f8, scalars that no instruction
// computes, register tiles, lanes, loops, buffers, threads, functions of math, f16 where the machine has none), which those
// behind it rely on; so what may stand before what is seen from what is still there.
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

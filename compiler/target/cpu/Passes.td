// The CPU's passes, in the order of Pipeline.cpp.
#ifndef TEXPR_TARGET_CPU_PASSES
#define TEXPR_TARGET_CPU_PASSES
include "mlir/Pass/PassBase.td"

class CpuPass<string name> : Pass<name, "::mlir::ModuleOp"> {
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect", "::mlir::math::MathDialect",
      "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect"];
}

class MachinePass<string name> : CpuPass<name> {
  let options = [Option<"machine", "machine", "std::string", "\"x86-64-v3\"", "Name of the machine in the target table">];
}

def CpuStoreF8 : MachinePass<"cpu-store-f8"> {
  let summary = "f8 as its bits; conversions as integer arithmetic";
}
def CpuExpandScalars : CpuPass<"cpu-expand-scalars"> {
  let summary = "Total division, shifts and float-to-integer conversion as plain arith; facts go";
}
def CpuMicroKernels : MachinePass<"cpu-micro-kernels"> {
  let summary = "par.contract as a register-tiled nest of vector multiply-adds";
}
def CpuVectorize : MachinePass<"cpu-vectorize"> {
  let summary = "Nests and reductions at level simd as loops over vectors";
}
def CpuLoops : MachinePass<"cpu-loops"> {
  let summary = "Serial nests and reductions as scf loops";
}
def CpuFuseProducts : MachinePass<"cpu-fuse-products"> {
  let summary = "The product that feeds a reduction's sum, fused into it";
}
def CpuMemory : MachinePass<"cpu-memory"> {
  let summary = "Buffers as pointers; the function's final signature";
}
def CpuThreads : CpuPass<"cpu-threads"> {
  let summary = "The outermost nest of a kernel as tasks of the runtime";
}
def CpuMath : MachinePass<"cpu-math"> {
  let summary = "Transcendental functions as our own expansions, libm for f64";
}
def CpuLegalizeFloats : MachinePass<"cpu-legalize-floats"> {
  let summary = "f16 and bf16 arithmetic as f32 with rounding after each operation";
}
def CpuToLlvm : CpuPass<"cpu-to-llvm"> {
  let summary = "What is left (scf, arith, math, vector, func) as the LLVM dialect";
}
#endif

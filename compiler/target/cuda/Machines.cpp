// The GPUs, as rows of Target. Sizes are of the CUDA C++ Programming Guide's table of compute
// capabilities; the instructions are those of the PTX manual's section on warp-level matrix
// operations.
#include "compiler/target/Target.h"

namespace texpr {

namespace {
constexpr llvm::StringRef levels[] = {"block", "warp", "lane", "step"};

constexpr InstrRow ampereInstrs[] = {
    {"mma_m16n8k16", "f16", "f16", "f32", 16, 8, 16, false, true},
    {"mma_m16n8k16", "bf16", "bf16", "f32", 16, 8, 16, false, true},
    {"mma_m8n8k4", "f64", "f64", "f64", 8, 8, 4, false, false},
    {"mma_m16n8k32", "i8", "i8", "i32", 16, 8, 32, false, true},
    {"fma", "f32", "f32", "f32", 8, 8, 1, true, false},
    {"fma", "f64", "f64", "f64", 4, 4, 1, true, false},
};

const Target sm80 = {
    .name = "sm_80",
    .kind = TargetKind::cuda,
    .variant = "sm_80",
    .triple = "nvptx64-nvidia-cuda",
    .cpu = "sm_80",
    .features = "+ptx70",
    .levels = levels,
    .level = 80,
    .vectorBytes = 16,
    .vectorRegisters = 255,
    .fma = true,
    .halfConvert = true,
    .gather = true,
    .masks = true,
    .l1 = 192 << 10,
    .l2 = 40 << 20,
    .l3 = 0,
    .stackBytes = 0,
    .maxChunks = 0,
    .warp = 32,
    .sharedBytes = 163 << 10,
    .registers = 65536,
    .instrs = ampereInstrs,
};
} // namespace

const Target *lookupCudaTarget(llvm::StringRef name) { return name == sm80.name ? &sm80 : nullptr; }

} // namespace texpr

// The GPUs, as rows of Target. Sizes are of the CUDA C++ Programming Guide's table of compute
// capabilities; the instructions are those of the PTX manual's section on warp-level matrix
// operations.
#include "compiler/target/Target.h"

namespace texpr {

namespace {
constexpr llvm::StringRef levels[] = {"block", "warp", "lane", "step"};

// Fragments of the matrix instructions: a row of a or c, a column of b, belongs to four lanes, each
// with neighbouring elements.
constexpr llvm::StringLiteral
    a16 = "[m:16, k:16] reg=[(0, 1), (8, 0), (0, 8)] "
          "lane=[(0, 2), (0, 4), (1, 0), (2, 0), (4, 0)]",
    b16 = "[k:16, n:8] reg=[(1, 0), (8, 0)] lane=[(2, 0), (4, 0), (0, 1), (0, 2), (0, 4)]",
    c16 = "[m:16, n:8] reg=[(0, 1), (8, 0)] lane=[(0, 2), (0, 4), (1, 0), (2, 0), (4, 0)]",
    a8 = "[m:16, k:32] reg=[(0, 1), (0, 2), (8, 0), (0, 16)] "
         "lane=[(0, 4), (0, 8), (1, 0), (2, 0), (4, 0)]",
    b8 = "[k:32, n:8] reg=[(1, 0), (2, 0), (16, 0)] "
         "lane=[(4, 0), (8, 0), (0, 1), (0, 2), (0, 4)]",
    a64 = "[m:8, k:4] lane=[(0, 1), (0, 2), (1, 0), (2, 0), (4, 0)]",
    b64 = "[k:4, n:8] lane=[(1, 0), (2, 0), (0, 1), (0, 2), (0, 4)]",
    c64 = "[m:8, n:8] reg=[(0, 1)] lane=[(0, 2), (0, 4), (1, 0), (2, 0), (4, 0)]",
    // Plain multiply-adds: a lane has a tile of its own.
    aOfLane = "[m:8, k:1] reg=[(1, 0), (2, 0), (4, 0)]",
    bOfLane = "[k:1, n:8] reg=[(0, 1), (0, 2), (0, 4)]",
    cOfLane = "[m:8, n:8] reg=[(0, 1), (0, 2), (0, 4), (1, 0), (2, 0), (4, 0)]";

constexpr InstrRow ampereInstrs[] = {
    {"mma_m16n8k16", "f16", "f16", "f32", 16, 8, 16, false, true, a16, b16, c16},
    {"mma_m16n8k16", "bf16", "bf16", "f32", 16, 8, 16, false, true, a16, b16, c16},
    {"mma_m8n8k4", "f64", "f64", "f64", 8, 8, 4, false, false, a64, b64, c64},
    {"mma_m16n8k32", "i8", "i8", "i32", 16, 8, 32, false, true, a8, b8, c16},
    {"fma", "f32", "f32", "f32", 8, 8, 1, true, false, aOfLane, bOfLane, cOfLane},
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

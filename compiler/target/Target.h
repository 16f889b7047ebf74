// What the compiler knows about a machine, as data. Policy reads it, mechanism sees only what the
// driver copies into the module's `par.machine` and into the attributes of the plan; each machine
// is a row of one file under target/<t>/.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>

namespace texpr {

/// A way to run a contraction: `c += a * b` on a tile of m x n with k products at a time.
struct InstrRow {
  llvm::StringRef name;    // "fma", "mma_m16n8k16"
  llvm::StringRef a, b, c; // element types: "f32", "bf16", …
  int64_t m, n,
      k;       // CPU: rows and columns of the register tile, k = 1; GPU: the instruction's shape
  bool widens; // a and b may be narrower: they are converted to c's type when loaded
  bool exactProducts; // products are exact, accumulation is at least as wide as c
  // GPU: which register of which lane holds which element of the operands, as #par.layout's text.
  llvm::StringRef layoutA = {}, layoutB = {}, layoutC = {};
};

enum class TargetKind { cpu, cuda };

struct Target {
  llvm::StringRef name; // as on the command line
  TargetKind kind;
  llvm::StringRef variant;                // suffix of the functions of this target: "v3"
  llvm::StringRef triple, cpu, features;  // LLVM's
  llvm::ArrayRef<llvm::StringRef> levels; // outermost first
  int64_t level; // what the CPU must report for the variant to run; GPU: compute capability * 10

  int64_t vectorBytes, vectorRegisters; // CPU: SIMD; GPU: widest load, registers a thread
  bool fma, halfConvert, gather;        // fused multiply-add, f16 <-> f32, gathering loads
  bool masks;                           // masked memory operations cost no more than plain ones
  bool floatExtremes = false;           // min and max of floats with NaN and -0 are instructions

  int64_t l1, l2, l3; // bytes, data
  int64_t stackBytes; // what one task may keep on its stack
  int64_t maxChunks;  // cut of the outermost loop where memory is owned by a chunk

  int64_t warp, sharedBytes, registers; // GPU: lanes, shared memory and 32-bit registers a block
  llvm::ArrayRef<InstrRow> instrs;      // best first for each element type
};

/// The row named so; "native" is the machine that this runs on. Null where there is none.
const Target *lookupTarget(llvm::StringRef name);

/// The first row for these element types, null where there is none.
const InstrRow *findInstr(const Target &target, llvm::StringRef a, llvm::StringRef b,
                          llvm::StringRef c);

/// All names that lookupTarget knows, "native" excluded.
llvm::ArrayRef<llvm::StringRef> targetNames();

// One a folder.
const Target *lookupCpuTarget(llvm::StringRef name);
const Target *lookupCudaTarget(llvm::StringRef name);

} // namespace texpr

// The CPUs, as rows of Target: the levels of the x86-64 psABI, one aarch64, and the machine that
// texprc runs on.
//
// The register tiles of `fma` are measured (m x n, run-time row strides, so m <= 8): 16 registers
// leave room for 4 x 3 vectors of accumulators, 32 for 8 x 3. Cache sizes are those of the smallest
// common server core of the level.
#include "compiler/target/Target.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <string>

namespace texpr {

namespace {
constexpr llvm::StringRef levels[] = {"thread", "simd", "step"};

constexpr InstrRow instrs128[] = {
    {"fma", "f32", "f32", "f32", 4, 12, 1, true, false},
    {"fma", "f64", "f64", "f64", 4, 6, 1, true, false},
    {"fma", "i32", "i32", "i32", 4, 12, 1, true, true},
    {"fma", "i64", "i64", "i64", 4, 6, 1, true, true},
};
constexpr InstrRow instrs256[] = {
    {"fma", "f32", "f32", "f32", 6, 16, 1, true, false},
    {"fma", "f64", "f64", "f64", 6, 8, 1, true, false},
    {"fma", "i32", "i32", "i32", 6, 16, 1, true, true},
    {"fma", "i64", "i64", "i64", 4, 8, 1, true, true},
};
constexpr InstrRow instrs512[] = {
    {"fma", "f32", "f32", "f32", 8, 48, 1, true, false},
    {"fma", "f64", "f64", "f64", 6, 32, 1, true, false},
    {"fma", "i32", "i32", "i32", 6, 64, 1, true, true},
    {"fma", "i64", "i64", "i64", 6, 32, 1, true, true},
};
constexpr InstrRow instrsNeon[] = {
    {"fma", "f32", "f32", "f32", 6, 16, 1, true, false},
    {"fma", "f64", "f64", "f64", 6, 8, 1, true, false},
    {"fma", "i32", "i32", "i32", 6, 16, 1, true, true},
    {"fma", "i64", "i64", "i64", 4, 8, 1, true, true},
};

constexpr llvm::StringRef linuxX86 = "x86_64-pc-linux-gnu";

Target makeX86(llvm::StringRef name, llvm::StringRef variant, int64_t level) {
  bool v3 = level >= 3, v4 = level >= 4;
  Target t = {};
  t.name = name;
  t.kind = TargetKind::cpu;
  t.variant = variant;
  t.triple = linuxX86;
  t.cpu = name;
  t.levels = levels;
  t.level = level;
  t.vectorBytes = v4 ? 64 : v3 ? 32 : 16;
  t.vectorRegisters = v4 ? 32 : 16;
  t.fma = t.halfConvert = t.gather = v3;
  t.masks = v4;
  t.l1 = v4 ? 48 << 10 : 32 << 10;
  t.l2 = v4 ? 1 << 20 : 256 << 10;
  t.l3 = 8 << 20;
  t.stackBytes = 64 << 10;
  t.maxChunks = 64;
  t.warp = 1;
  t.instrs = v4   ? llvm::ArrayRef<InstrRow>(instrs512)
             : v3 ? llvm::ArrayRef<InstrRow>(instrs256)
                  : llvm::ArrayRef<InstrRow>(instrs128);
  return t;
}

Target makeAarch64() {
  Target t = makeX86("aarch64", "neon", 0);
  t.triple = "aarch64-linux-gnu";
  t.cpu = "generic";
  t.features = "+neon,+fp-armv8";
  t.vectorRegisters = 32;
  t.fma = t.halfConvert = t.floatExtremes = true;
  t.l1 = 64 << 10;
  t.l2 = 512 << 10;
  t.instrs = instrsNeon;
  return t;
}

/// The host's level decides the tables; LLVM is told the exact model and features.
Target makeNative() {
  static std::string cpu = llvm::sys::getHostCPUName().str(), features;
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  std::vector<std::string> sorted;
  for (const auto &feature : host)
    sorted.push_back((feature.second ? "+" : "-") + feature.first().str());
  llvm::sort(sorted);
  for (const std::string &feature : sorted)
    features += (features.empty() ? "" : ",") + feature;
  auto has = [&](llvm::StringRef feature) { return host.lookup(feature); };
  bool v3 = has("avx2") && has("fma") && has("f16c") && has("bmi2");
  bool v4 = v3 && has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl");
  bool arm = llvm::Triple(llvm::sys::getDefaultTargetTriple()).isAArch64();
  Target t = arm ? makeAarch64() : makeX86("native", "native", v4 ? 4 : v3 ? 3 : 2);
  t.name = t.variant = "native";
  t.cpu = cpu;
  t.features = features;
  return t;
}
} // namespace

const Target *lookupCpuTarget(llvm::StringRef name) {
  static const Target table[] = {makeX86("x86-64-v2", "v2", 2), makeX86("x86-64-v3", "v3", 3),
                                 makeX86("x86-64-v4", "v4", 4), makeAarch64()};
  for (const Target &target : table)
    if (target.name == name)
      return &target;
  if (name != "native")
    return nullptr;
  static const Target native = makeNative();
  return &native;
}

} // namespace texpr

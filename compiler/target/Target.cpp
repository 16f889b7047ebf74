// The table of machines: asks the folder of each kind in turn.
//
// In: a name of the command line, of `@on` or of a dump. Out: the row of that machine, one object for each name as long as the
// process runs, or null. `targetNames` lists what is found by name, for messages and completeness tests; `native` is not in
// it, since it is one of the others. A new machine is a row in target/cpu or target/cuda, and its name here.
#include "compiler/target/Target.h"

namespace texpr {

const Target *lookupTarget(llvm::StringRef name) {
  if (const Target *cpu = lookupCpuTarget(name))
    return cpu;
  return lookupCudaTarget(name);
}

llvm::ArrayRef<llvm::StringRef> targetNames() {
  static const llvm::StringRef names[] = {"x86-64-v2", "x86-64-v3", "x86-64-v4", "aarch64",
                                          "sm_80"};
  return names;
}

const InstrRow *findInstr(const Target &target, llvm::StringRef a, llvm::StringRef b,
                          llvm::StringRef c) {
  for (const InstrRow &row : target.instrs) {
    bool same = row.a == a && row.b == b;
    if (row.c == c && (same || row.widens))
      return &row;
  }
  return nullptr;
}

} // namespace texpr

// The contrary policy, for tests: every decision that is not pinned is taken otherwise.
//
// A module with the attribute `texpr.contrary` gets other vectors, other fusion, other tiles, other tasks, other algorithms,
// all of them right. A program whose decisions are all pinned makes the same object with it, byte for byte: what differs is a
// decision without a spelling (tests/run/check_pins.py).
#pragma once
#include "mlir/IR/BuiltinOps.h"

namespace texpr::plan {

inline constexpr llvm::StringLiteral contraryName = "texpr.contrary";

inline bool isContrary(mlir::ModuleOp module) { return module->hasAttr(contraryName); }

/// Another number of the same kind: powers of two stay such.
inline int64_t otherThan(int64_t number) { return number > 1 ? number / 2 : 2; }

} // namespace texpr::plan

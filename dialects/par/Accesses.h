// What a piece of parallel code reads and writes.
#pragma once
#include "dialects/par/ParOps.h"

namespace texpr::par {

struct Access {
  enum class Kind { read, write, update } kind; // update: a contraction's C, an atomic
  mlir::Operation *op;
  mlir::Value buffer;
  llvm::SmallVector<mlir::Value> indices; // empty for a contraction, whose maps say the region
  mlir::Value mask;                       // null: always

  bool isWrite() const { return kind != Kind::read; }
};

/// Every access under `root`, itself included, in the order of the program.
llvm::SmallVector<Access> accessesUnder(mlir::Operation *root);

/// True where `buffer` is made inside `root` (and so invisible outside).
bool isLocalTo(mlir::Value buffer, mlir::Operation *root);

} // namespace texpr::par

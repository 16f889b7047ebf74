// Computes of one block that can share their outer axes: what fusion decides on, and what nesting builds.
#pragma once
#include "dialects/tx/Reach.h"

namespace texpr::tx {

/// One compute of a cluster. Its window says which iterations of the last shared axis an iteration of the cluster needs
/// of it: [i + window.lo, i + window.hi]; [0, 0] is the iteration itself.
struct Member {
  ComputeOp op;
  Reach window;
  bool isWindowed() const { return window.lo != 0 || window.hi != 0; }
};

struct Cluster {
  llvm::SmallVector<Member> members; // in program order
  unsigned depth = 0;                // the number of shared axes
  /// Ops between the members that use them, and so go behind the last one.
  llvm::SmallVector<mlir::Operation *> behind;
  Member *find(mlir::Operation *op);
};

/// The reads of a compute's results, and whether it has other uses (it leaves its block as a whole).
struct Readers {
  llvm::SmallVector<ReadOp> reads;
  bool leaves = false;
};
Readers readersOf(ComputeOp op);

/// The compute whose scalars are all that a reduction of tensors combines, where nothing else uses it: no memory needs to hold
/// a term. Null where there is no such.
ComputeOp termOf(ReduceOp op);
bool isTerm(ComputeOp op);

/// The op of the block that contains `op`; null where none does.
mlir::Operation *ancestorIn(mlir::Operation *op, mlir::Block *block);

/// The cluster of `seed` and everything that shares axes with it: a compute and its readers, where `depthOf` says how many axes a compute
/// shares with its readers (0: none). Nothing where the axes do not match or the order of the program forbids it; `why` says so.
std::optional<Cluster> clusterOf(ComputeOp seed, llvm::function_ref<int64_t(ComputeOp)> depthOf,
                                 std::string &why);

} // namespace texpr::tx

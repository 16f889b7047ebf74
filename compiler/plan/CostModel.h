// Counted costs of values: operations an element, how often an element is read. The decisions of fusion rest on these counts alone.
#pragma once
#include "dialects/tx/Cluster.h"
#include "llvm/ADT/DenseMap.h"
#include <string>

namespace texpr::plan {

/// Operations of one evaluation. Unbounded: it holds a loop whose length is not a small constant.
struct Cost {
  double operations = 0;
  bool isUnbounded = false;
};

/// What one element of a compute's results costs: arithmetic 1, division and roots 4, other functions 16, an element read 1;
/// index arithmetic and conversions are free.
Cost costOf(tx::ComputeOp op);

/// True where nothing is computed: elements are read by other indices.
bool isView(tx::ComputeOp op);

/// How often an element is evaluated if every read evaluates it: reads at one place count once, an axis that does not take part in the index
/// multiplies. Unbounded: by an axis whose length is no small constant.
struct Evaluations {
  double count = 0;
  bool isUnbounded = false;
};
/// `evaluated`: the counts of computes that are inlined, since they take along what they read.
Evaluations evaluationsOf(tx::ComputeOp op,
                          const llvm::DenseMap<mlir::Operation *, Evaluations> &evaluated);

/// A sum of products over axes of unknown length, an element of at least two axes: what register tiles are for.
bool isContraction(tx::ComputeOp op);

/// Reads a buffer: what it holds now. Only there may it be evaluated, or where nothing was stored to the buffer since.
bool isSnapshot(tx::ComputeOp op);
bool mayMoveToReads(tx::ComputeOp snapshot);

/// How many axes an element can share with all its readers, and why not more.
struct Sharing {
  unsigned depth = 0;
  bool isWindowed = false;
  std::string why;
};
Sharing sharingOf(tx::ComputeOp op);

/// Bytes of an element, over all results.
int64_t elementBytes(tx::ComputeOp op);

} // namespace texpr::plan

// The state of one function's lowering from values to buffers; private to LowerToPar*.cpp.
#pragma once
#include "dialects/par/ParOps.h"
#include "dialects/tx/TxOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

namespace texpr {

/// Where a tensor value lives: the part of a buffer whose leading indices are `prefix`.
struct Place {
  mlir::Value buffer;
  llvm::SmallVector<mlir::Value> prefix;

  llvm::SmallVector<mlir::Value> at(mlir::ValueRange indices) const {
    llvm::SmallVector<mlir::Value> all(prefix);
    all.append(indices.begin(), indices.end());
    return all;
  }
};

/// Rewrites a function in place, innermost last: each op is visited once, in program order, after
/// the places of what it reads are known. Tensor ops stay, dead, until the end, because extents are
/// asked of them; `finish` erases them.
class ParLowering {
public:
  explicit ParLowering(mlir::func::FuncOp func) : func(func), b(func.getContext()) {}
  mlir::LogicalResult run();

private:
  // LowerToPar.cpp: functions, kernels, islands, control
  void lowerSignature();
  void lowerBlock(mlir::Block &block);
  void lowerOp(mlir::Operation *op);
  void lowerKernel(tx::KernelOp op);
  void lowerDo(par::DoOp op);
  void lowerIf(mlir::scf::IfOp op);
  void lowerRead(tx::ReadOp op);

  // LowerForms.cpp: forms that make values
  void lowerCompute(tx::ComputeOp op);
  void lowerReduce(tx::ReduceOp op);
  void lowerTensorReduce(tx::ReduceOp op);
  void finishAccumulation(llvm::ArrayRef<par::SeqOp> loops, mlir::Operation *yield,
                          mlir::Value seen);
  void lowerFor(tx::ForOp op);
  void settleStates(tx::ForOp op, mlir::Operation *yield, llvm::MutableArrayRef<Place> nexts,
                    llvm::ArrayRef<Place> states);
  void lowerList(tx::ListOp op);
  void accumulate(tx::ReduceOp op, mlir::Value seen, llvm::ArrayRef<Place> into);
  llvm::SmallVector<mlir::Value> combine(tx::ReduceOp op, mlir::Value seen, mlir::ValueRange old,
                                         mlir::ValueRange next);
  par::ForallOp forallOver(mlir::Location loc, mlir::ValueRange extents,
                           llvm::function_ref<void(mlir::ValueRange)> body);

  /// The place of a result: what its only consumer asked for, else a fresh allocation here.
  Place placeOf(mlir::Value result, llvm::StringRef name = "");
  /// Asks the op that defines `v`, if it stands in `block` and has no place yet, to write to
  /// `place`. True where it will.
  bool request(mlir::Value v, const Place &place, mlir::Block *block);
  /// Copies `from` to `to`, unless they are one place.
  void copyTo(const Place &from, const Place &to, mlir::ValueRange extents, mlir::Location loc);
  /// Puts what a terminator yields at `to`: stores a scalar, copies a tensor that lives elsewhere.
  void deliver(mlir::Value v, const Place &to, mlir::Location loc);
  mlir::Value load(mlir::Location loc, const Place &place, mlir::ValueRange indices);
  mlir::Value constantIndex(mlir::Location loc, int64_t v);
  llvm::SmallVector<mlir::Value> extents(mlir::Value tensor);
  /// Notes the extents of an op's results before its regions are taken.
  void keepExtents(mlir::Operation *op);

  mlir::func::FuncOp func;
  mlir::OpBuilder b;
  llvm::DenseMap<mlir::Value, Place> places;   // of values that exist
  llvm::DenseMap<mlir::Value, Place> requests; // of values to come
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::Value>> extentsBefore;
  llvm::SmallVector<mlir::Operation *> dead;
};

bool isTensor(mlir::Value v);

} // namespace texpr

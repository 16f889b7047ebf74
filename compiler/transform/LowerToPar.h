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
  void dropSelfCopies();
  void lowerBlock(mlir::Block &block);
  void lowerOp(mlir::Operation *op);
  void lowerKernel(tx::KernelOp op);
  void lowerDo(par::DoOp op);
  void lowerIf(mlir::scf::IfOp op);
  void lowerRead(tx::ReadOp op);

  // LowerCheck.cpp
  void lowerCheck(tx::CheckOp op);
  static bool holdsCheck(mlir::Operation *op);

  // LowerForms.cpp: forms that make values
  void lowerCompute(tx::ComputeOp op);
  void lowerReduce(tx::ReduceOp op);
  void lowerTensorReduce(tx::ReduceOp op);
  void finishAccumulation(llvm::ArrayRef<par::SeqOp> loops, mlir::Operation *yield,
                          mlir::Value seen);
  void lowerList(tx::ListOp op);
  void startAccumulation(tx::ReduceOp op, llvm::ArrayRef<Place> outs);
  void enterWhere(tx::ReduceOp op, mlir::ValueRange ivs, mlir::Value seen);
  void accumulate(tx::ReduceOp op, mlir::Value seen, llvm::ArrayRef<Place> into);
  void accumulateTerm(tx::ReduceOp op, tx::ComputeOp term, mlir::Value seen,
                      llvm::ArrayRef<Place> into);
  llvm::SmallVector<mlir::Value> zeroBased(mlir::Location loc, mlir::ValueRange args,
                                           mlir::ValueRange lowers);
  llvm::SmallVector<mlir::Value> combine(tx::ReduceOp op, mlir::Value seen, mlir::ValueRange old,
                                         mlir::ValueRange next);
  using IndexBody = llvm::function_ref<void(mlir::ValueRange)>;
  par::ForallOp forallOver(mlir::Location loc, mlir::ValueRange extents, IndexBody body);
  par::ForallOp forallIn(mlir::Location loc, mlir::ValueRange lower, mlir::ValueRange upper,
                         mlir::ArrayAttr axes, bool isDisjoint, IndexBody body);
  par::ForallOp tasksOver(mlir::Location loc, mlir::Value count, llvm::StringRef axis,
                          bool isDisjoint, llvm::function_ref<void(mlir::Value)> body);

  // LowerScan.cpp, LowerFilter.cpp
  void lowerScan(tx::ScanOp op);
  void scanInChunks(tx::ScanOp op, llvm::ArrayRef<Place> outs);
  void scanColumns(tx::ScanOp op, llvm::ArrayRef<Place> outs);
  void scanTensors(tx::ScanOp op, llvm::ArrayRef<Place> outs);
  llvm::SmallVector<mlir::Value> scanRange(tx::ScanOp op, llvm::ArrayRef<Place> outs,
                                           mlir::Value from, mlir::Value to,
                                           mlir::ValueRange carried, bool stores);
  void combineRows(tx::ScanOp op, llvm::ArrayRef<Place> outs, llvm::ArrayRef<Place> so,
                   mlir::ValueRange point, mlir::Value seen);
  void storeAt(mlir::Location loc, mlir::ValueRange values, llvm::ArrayRef<Place> outs,
               mlir::ValueRange point, mlir::ValueRange lower);
  void lowerFilter(tx::FilterOp op);
  mlir::Value filterRange(tx::FilterOp op, llvm::ArrayRef<Place> outs, mlir::Value from,
                          mlir::Value to, mlir::Value number, bool stores, mlir::Value limit);
  mlir::Value filterInChunks(tx::FilterOp op, llvm::ArrayRef<Place> outs, mlir::Value size);
  void storeKept(tx::FilterOp op, llvm::ArrayRef<Place> outs, mlir::ValueRange point,
                 mlir::Value number);
  std::optional<llvm::SmallVector<mlir::Value>> roomOf(mlir::Value v);
  std::optional<mlir::Value> mostOf(mlir::Value v);
  mlir::Value mostFound(mlir::Operation *finder);
  mlir::Value within(mlir::Location loc, mlir::Value number, mlir::Value most);
  void renameExtent(mlir::Value from, mlir::Value to);
  llvm::SmallVector<mlir::Value>
  bodyAt(mlir::Block &body, mlir::ValueRange at,
         llvm::function_ref<void(mlir::Operation *)> beforeLowering = nullptr);
  llvm::SmallVector<mlir::Value>
  chain(mlir::Location loc, mlir::Value lower, mlir::Value upper, llvm::StringRef axis,
        mlir::ValueRange start,
        llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> step);
  mlir::Value sizeOf(mlir::Location loc, mlir::ValueRange lower, mlir::ValueRange upper);
  llvm::SmallVector<mlir::Value> pointAt(mlir::Location loc, mlir::Value position,
                                         mlir::ValueRange lower, mlir::ValueRange upper);
  mlir::Value chunksOf(mlir::Operation *op, mlir::Value size);
  void forChunks(mlir::Location loc, mlir::Value chunks, mlir::Value size,
                 llvm::function_ref<void(mlir::Value, mlir::Value, mlir::Value)> body);
  mlir::Value chunkBuffer(mlir::Operation *op, mlir::Type element);
  bool goesInChunks(mlir::Operation *op);

  // LowerScatter.cpp, LowerSort.cpp
  void lowerScatter(tx::ScatterOp op);
  void scatterInOrder(tx::ScatterOp op, llvm::ArrayRef<Place> outs);
  void scatterByDims(tx::ScatterOp op, llvm::ArrayRef<Place> outs, mlir::Value tasks,
                     llvm::function_ref<void(mlir::Value)> inTasks);
  void scatterByCopies(tx::ScatterOp op, llvm::ArrayRef<Place> outs, mlir::Value chunks);
  void scatterInto(tx::ScatterOp op, llvm::ArrayRef<Place> outs, const Place &flags,
                   mlir::ValueRange args);
  void putTerm(tx::ScatterOp op, llvm::ArrayRef<Place> outs, const Place &flags,
               mlir::ValueRange yielded, mlir::ValueRange args);
  void openLoops(tx::ScatterOp op, llvm::SmallVectorImpl<mlir::Value> &args);
  void openSeqs(tx::ScatterOp op, mlir::ValueRange lowers, mlir::ValueRange uppers,
                llvm::SmallVectorImpl<mlir::Value> &args);
  mlir::Value isInside(tx::ScatterOp op, mlir::ValueRange at, mlir::ValueRange args);
  tx::ScatterOp cloneScatter(tx::ScatterOp op);
  void startScatter(tx::ScatterOp op, llvm::ArrayRef<Place> outs);
  Place clearedFlags(tx::ScatterOp op);
  mlir::Value copiesOf(tx::ScatterOp op);
  mlir::Value termsOf(tx::ScatterOp op);
  void fillCopies(tx::ScatterOp op, llvm::ArrayRef<Place> copies, mlir::Value chunks);
  void mergeCopies(tx::ScatterOp op, llvm::ArrayRef<Place> outs, llvm::ArrayRef<Place> copies,
                   mlir::Value chunks);
  void putValues(tx::ScatterOp op, llvm::ArrayRef<Place> outs, mlir::Value seen,
                 mlir::ValueRange at, mlir::ValueRange values);
  void lowerSort(tx::SortOp op);

  // ScatterOwners.cpp
  /// The places that a task may change, linear: from `begin` up to `end`.
  struct Owned {
    mlir::Value begin, end;
  };
  void scatterByOwners(tx::ScatterOp op, llvm::ArrayRef<Place> outs, mlir::Value owners);
  void putOwn(tx::ScatterOp op, tx::ScatterOp walk, llvm::ArrayRef<Place> outs, const Place &flags,
              const Owned &owned);
  mlir::Value isOwned(tx::ScatterOp walk, mlir::ValueRange args, const Owned &owned);
  mlir::Value ownersOf(tx::ScatterOp op);
  mlir::Value placesOf(tx::ScatterOp op);
  tx::ScatterOp walkOf(tx::ScatterOp op);

  /// Moves what a region computes to the insertion point, with `args` for its arguments, and lowers
  /// it. Its terminator goes; what that had is returned.
  llvm::SmallVector<mlir::Value> inlineRegion(mlir::Region &region, mlir::ValueRange args);

  // LowerIterate.cpp
  struct State {       // a carried tensor
    size_t number = 0; // among the carried values
    Place place;
    llvm::SmallVector<mlir::Value> extents;
    bool isConstant = false; // never changed
    bool isReplaced = false; // the next state is stored over the present one
    bool isHalved = false;   // a buffer of two; the place is that of the first
  };
  void lowerFor(tx::ForOp op);
  llvm::SmallVector<State> startStates(tx::ForOp op);
  void enterStates(tx::ForOp op, mlir::Block &block, llvm::ArrayRef<State> states,
                   mlir::Value half);
  llvm::SmallVector<mlir::Value> lowerStep(tx::ForOp op, mlir::Block &body, mlir::Value lower,
                                           llvm::ArrayRef<State> states,
                                           llvm::ArrayRef<Place> stacks);
  void settleStates(tx::ForOp op, mlir::Operation *yield, llvm::ArrayRef<State> states,
                    llvm::ArrayRef<Place> nexts);
  void lowerCondition(tx::ForOp op, par::SeqOp seq, llvm::ArrayRef<State> states);
  void finishStates(tx::ForOp op, par::SeqOp seq, llvm::ArrayRef<State> states);
  void reportIfGoing(tx::ForOp op, par::SeqOp seq, mlir::Region &condition);
  mlir::Value halfAt(mlir::Location loc, mlir::Value t, mlir::Value lower);

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
  llvm::SmallVector<mlir::Value> outArguments;          // of the function's results
  llvm::DenseMap<mlir::Value, mlir::Value> lentBuffers; // by argument
};

bool isTensor(mlir::Value v);

} // namespace texpr

// The state of the interpreter while it runs a function; private to Interpreter*.cpp.
#pragma once
#include "dialects/par/Interpreter.h"
#include "llvm/ADT/DenseMap.h"
#include <random>

namespace texpr::par {

class Machine {
public:
  Machine(const InterpreterOptions &options, InterpreterResult &result)
      : options(options), result(result), random(options.seed) {}

  /// Arguments with nothing in them are arrays that their bind asks for.
  mlir::LogicalResult runFunction(mlir::func::FuncOp f, llvm::ArrayRef<std::optional<Datum>> args,
                                  llvm::SmallVectorImpl<Datum> &results, bool outermost);

private:
  using Values = llvm::DenseMap<mlir::Value, Datum>;
  const InterpreterOptions &options;
  InterpreterResult &result;
  std::mt19937_64 random;
  Values *values = nullptr;
  mlir::func::FuncOp function;
  std::shared_ptr<Storage> workspace;
  uint64_t steps = 0;

  // Interpreter.cpp: control.
  mlir::LogicalResult runBlock(mlir::Block &block);
  mlir::LogicalResult runOp(mlir::Operation *op);
  mlir::LogicalResult runRegion(mlir::Region &region, llvm::ArrayRef<Datum> args,
                                llvm::SmallVectorImpl<Datum> &yielded);
  mlir::LogicalResult runBranch(mlir::Operation *op);
  mlir::LogicalResult runLoop(mlir::Operation *op, mlir::Region &body, mlir::Value lower,
                              mlir::Value upper, mlir::Value step, mlir::ValueRange inits);
  mlir::LogicalResult runForall(ForallOp op);
  /// tx.for and par.seq with a condition.
  mlir::LogicalResult runWhile(mlir::Operation *op);
  mlir::LogicalResult setStacks(tx::ForOp op, llvm::ArrayRef<Datum> carried, int64_t steps,
                                llvm::ArrayRef<llvm::SmallVector<Datum>> kept);
  mlir::LogicalResult runCall(mlir::Operation *op);
  mlir::LogicalResult runControl(mlir::Operation *op, bool &known);
  /// Every point of a domain, in row-major order or shuffled.
  mlir::LogicalResult forEach(llvm::ArrayRef<int64_t> lower, llvm::ArrayRef<int64_t> upper,
                              bool anyOrder,
                              llvm::function_ref<mlir::LogicalResult(llvm::ArrayRef<Datum>)> f);

  // InterpreterMemory.cpp: buffers.
  mlir::LogicalResult runMemory(mlir::Operation *op, bool &known);
  mlir::LogicalResult bind(mlir::Operation *op, mlir::Value source, mlir::ValueRange extents,
                           mlir::Type element);
  mlir::LogicalResult slot(SlotOp op);
  mlir::LogicalResult load(LoadOp op);
  mlir::LogicalResult store(StoreOp op);
  mlir::LogicalResult atomic(AtomicOp op);
  mlir::LogicalResult contract(ContractOp op);

  // InterpreterLanes.cpp: the lanes of a full forall, in step.
  std::vector<Values> *lanes = nullptr;
  mlir::LogicalResult runFull(ForallOp op);
  mlir::LogicalResult runInStep(mlir::Block &block);
  mlir::LogicalResult runTogether(mlir::Operation *op);
  mlir::LogicalResult runLane(LaneOp op);
  mlir::LogicalResult runChoice(mlir::Operation *op);
  mlir::LogicalResult runSteps(SeqOp op);
  mlir::LogicalResult together(mlir::Operation *op, mlir::Value v, int64_t &value);
  mlir::LogicalResult makeWorkspace();
  /// The place of an element, or an error where it is outside.
  std::optional<int64_t> linear(mlir::Operation *op, const Datum &array,
                                llvm::ArrayRef<int64_t> indices);
  std::optional<Datum> read(mlir::Operation *op, const Datum &array,
                            llvm::ArrayRef<int64_t> indices);

  // InterpreterTx.cpp: values.
  mlir::LogicalResult runTx(mlir::Operation *op, bool &known);
  mlir::LogicalResult fact(tx::FactOp op);
  mlir::LogicalResult verify(tx::VerifyOp op);
  mlir::LogicalResult check(tx::CheckOp op);
  bool stopped = false; // by a test that failed
  mlir::LogicalResult readTensor(tx::ReadOp op);
  mlir::LogicalResult compute(tx::ComputeOp op);
  mlir::LogicalResult list(tx::ListOp op);
  mlir::LogicalResult scan(tx::ScanOp op);
  mlir::LogicalResult filter(tx::FilterOp op);
  mlir::LogicalResult scatter(tx::ScatterOp op);
  mlir::LogicalResult scatterStart(tx::ScatterOp op, llvm::SmallVector<Datum> &sums);
  mlir::LogicalResult put(tx::ScatterOp op, int64_t at, bool isFirst,
                          llvm::SmallVector<Datum> values, llvm::SmallVector<Datum> &sums);
  mlir::LogicalResult sort(tx::SortOp op);
  mlir::LogicalResult island(DoOp op);
  mlir::LogicalResult reduce(mlir::Operation *op, tx::Combine combine,
                             mlir::FlatSymbolRefAttr combiner, bool isUnsigned,
                             mlir::ValueRange lower, mlir::ValueRange upper, mlir::Region &body,
                             mlir::Region &where);
  std::optional<llvm::SmallVector<int64_t>> extentsOf(mlir::Value tensor);
  mlir::LogicalResult startOf(mlir::Operation *op, tx::Combine combine, tx::CombinerOp combiner,
                              bool isUnsigned, llvm::SmallVectorImpl<Datum> &sums);
  mlir::LogicalResult combineInto(mlir::Operation *op, tx::Combine combine, tx::CombinerOp combiner,
                                  bool isUnsigned, mlir::TypeRange types,
                                  llvm::SmallVectorImpl<Datum> &sums, llvm::ArrayRef<Datum> values);

  mlir::LogicalResult error(mlir::Operation *op, const llvm::Twine &message);
  const Datum &get(mlir::Value v) const;
  int64_t integer(mlir::Value v) const { return get(v).integer; }
  llvm::SmallVector<int64_t> integers(mlir::ValueRange vs) const;
  void set(mlir::Value v, Datum d) { (*values)[v] = std::move(d); }
  void set(mlir::ValueRange vs, llvm::ArrayRef<Datum> ds);
  void fail(int64_t site) { result.failures.push_back(site); }
};

/// Copies a scalar or an array to the elements that begin at `position` times its size.
bool place(Datum &array, int64_t position, const Datum &part);
Datum copyOf(const Datum &d);

} // namespace texpr::par

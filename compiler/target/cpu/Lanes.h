// The body of a nest for several iterations at once: each scalar becomes one value for all lanes, an arithmetic progression,
// or a vector. Used by cpu-vectorize for foralls and for reductions.
#pragma once
#include "compiler/target/Target.h"
#include "dialects/par/ParOps.h"
#include "llvm/ADT/DenseSet.h"
#include <string>

namespace texpr::cpu {

/// The values of a nest's body that may differ between lanes, and why the body cannot run in lanes (empty: it can).
struct Varying {
  llvm::DenseSet<mlir::Value> values;
  std::string obstacle;

  /// Lane l of `axis` is iteration base + l.
  Varying(mlir::Operation *nest, mlir::Value axis);
  bool operator()(mlir::Value v) const { return values.contains(v); }

private:
  void visit(mlir::Block &block);
  void visit(mlir::Operation &op);
  void visitLoop(mlir::Operation &op);
  bool visitCondition(par::SeqOp seq);
  void mark(mlir::Value v, bool varies) {
    if (varies)
      values.insert(v);
  }
  bool any(mlir::ValueRange range) const {
    return llvm::any_of(range, [&](mlir::Value v) { return values.contains(v); });
  }
};

/// A scalar of the source in all lanes.
struct LaneValue {
  mlir::Value scalar; // the value of lane 0; null for a general vector
  int64_t stride = 0; // lane l is scalar + l * stride; only for index and i64
  mlir::Value vector; // set where `scalar` is null

  bool isUniform() const { return scalar && stride == 0; }
};

class LaneEmitter {
public:
  LaneEmitter(mlir::OpBuilder &b, int64_t lanes, const Varying &varying, const Target &target)
      : b(b), lanes(lanes), varying(varying), target(target) {}

  void map(mlir::Value source, LaneValue value) {
    values[source] = value;
    if (value.stride)
      first = value.scalar;
  }
  /// The lanes below `count` run; null: all do.
  void setTail(mlir::Value count);
  /// Restricts what follows to the lanes of `condition`.
  void setCondition(LaneValue condition);
  mlir::Value getMask() const { return mask; }

  /// All of the block but its terminator.
  void emit(mlir::Block &block);
  LaneValue get(mlir::Value source) const;
  mlir::Value asVector(mlir::Location loc, mlir::Value source) {
    return asVector(loc, get(source), source.getType());
  }
  /// `value` where the mask holds (or there is none), else `otherwise`.
  mlir::Value selectActive(mlir::Location loc, mlir::Value value, mlir::Value otherwise);

private:
  mlir::OpBuilder &b;
  int64_t lanes;
  const Varying &varying;
  const Target &target;
  llvm::DenseMap<mlir::Value, LaneValue> values;
  mlir::Value first;       // the iteration of lane 0
  mlir::Value mask;        // i1 a lane; null: all lanes
  bool predicated = false; // the mask may be empty: some condition of the body is in it

  // Lanes.cpp
  void emit(mlir::Operation &op);
  void emitScalar(mlir::Operation &op);
  void emitElementwise(mlir::Operation &op);
  bool emitProgression(mlir::Operation &op);
  bool emitCompare(mlir::Operation &op);
  mlir::Value compareLanes(mlir::Location loc, mlir::arith::CmpIPredicate predicate,
                           mlir::Value base, mlir::Value limit);
  void emitDivision(mlir::Operation &op);
  bool emitQuotient(mlir::Operation &op);
  mlir::VectorType vectorOf(mlir::Type element) const {
    return mlir::VectorType::get({lanes}, element);
  }
  mlir::Value asVector(mlir::Location loc, LaneValue value, mlir::Type type);
  mlir::Value constantLanes(mlir::Location loc, mlir::Type element, int64_t stride);
  mlir::Value andMask(mlir::Location loc, mlir::Value x, mlir::Value y);
  mlir::Value anyActive(mlir::Location loc, mlir::Value condition);

  // LaneControl.cpp
  void emitIf(mlir::scf::IfOp op);
  void emitChoice(mlir::scf::IfOp op);
  void emitSeq(par::SeqOp op);
  void emitWhile(par::SeqOp op);
  mlir::Value emitCondition(par::SeqOp op, mlir::Value step, bool stopsApart);
  void emitForall(par::ForallOp op);
  void emitReduce(par::ReduceOp op);
  void emitNest(mlir::Location loc, mlir::ValueRange lower, mlir::ValueRange upper,
                mlir::ValueRange args, llvm::ArrayRef<mlir::Value> inits,
                llvm::SmallVector<mlir::Value> &results,
                llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::ValueRange)> body);
  llvm::SmallVector<mlir::Value> emitTerm(par::ReduceOp op, mlir::ValueRange acc);
  mlir::Value carriedValue(mlir::Location loc, mlir::Value source, bool asLanes);
  LaneValue lanesOf(mlir::Value emitted, bool asLanes) const {
    return asLanes ? LaneValue{nullptr, 0, emitted} : LaneValue{emitted, 0, nullptr};
  }

  // LaneMemory.cpp
  struct Place {
    mlir::Value scalar;                // of lane 0 as far as it does not vary
    std::optional<int64_t> stride = 0; // lane l is scalar + l * stride, where known as a constant
    mlir::Value offsets;               // else an i64 a lane, added to scalar
    int64_t interleave = 0;            // 2 … 4: the lanes are every so many elements of a run
  };
  Place placeOf(mlir::Location loc, mlir::Value buffer, mlir::ValueRange indices);
  mlir::Value loadInterleaved(par::LoadOp op, const Place &place, mlir::VectorType type);
  mlir::Value pointersOf(mlir::Location loc, mlir::Value buffer, const Place &place);
  void emitLoad(par::LoadOp op);
  void emitStore(par::StoreOp op);
  void emitFail(par::FailOp op);
  LaneValue loadUniform(par::LoadOp op, mlir::Value place);
  mlir::Value accessMask(mlir::Location loc, mlir::Value condition);
  mlir::Value allTrue(mlir::Location loc);
};

/// The largest constant extent a lane count may have, and its form: a power of two.
bool isLaneCount(int64_t lanes);

} // namespace texpr::cpu

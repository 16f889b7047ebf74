// cpu-vectorize: what the plan gave to level `simd` runs in lanes along its last axis.
//
//   before: par.forall (%i) = (%lo) to (%hi) level "simd" {plan.vector = 16} { %v = par.load %x[%i]; … par.store %r, %y[%i] }
//   after:  scf.for %i = %lo to %mid step 16 { vector load; …; vector store }     %mid = %lo + (%hi - %lo) / 16 * 16
//           if (%mid < %hi) the same once under a mask of %hi - %mid lanes
//
//   before: %s = par.reduce add (%j) = (%lo) to (%hi) level "simd" {plan.vector = 16, plan.unroll = 4} { … }
//   after:  scf.for … step 64 with 4 vectors of accumulators; a masked loop for what is left, on the first of them;
//           the accumulators in a tree, then the lanes in a tree: the order depends on the extents and the plan alone
//           (an accumulator is one vector a result, or the three of Extremes.cpp)
//
// A masked lane keeps its accumulator. Machines whose masked accesses cost more run the full vectors of a reduction's rest
// unmasked first. A nest that cannot run in lanes becomes `step` and says why in `plan.why`.
#include "compiler/target/cpu/Cpu.h"
#include "compiler/target/cpu/Extremes.h"
#include "compiler/target/cpu/Lanes.h"
#include "dialects/par/Combine.h"
#include "dialects/plan/Pins.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace texpr::cpu {
#define GEN_PASS_DEF_CPUVECTORIZE
#include "compiler/target/cpu/Passes.h.inc"

namespace {
int64_t planNumber(Operation *op, StringRef name, int64_t otherwise) {
  auto attribute = op->getAttrOfType<IntegerAttr>(name);
  return attribute ? attribute.getInt() : otherwise;
}

/// Scalar loops over all axes but the last, then `inner` in the innermost; carried values as in scf.
SmallVector<Value> buildOuterLoops(OpBuilder &b, Location loc, ValueRange lower, ValueRange upper,
                                   SmallVector<Value> &indices, SmallVector<Value> carried,
                                   function_ref<SmallVector<Value>(ArrayRef<Value>)> inner) {
  if (lower.size() == 1)
    return inner(carried);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto loop = scf::ForOp::create(b, loc, lower[0], upper[0], one, carried,
                                 [](OpBuilder &, Location, Value, ValueRange) {});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(loop.getBody());
  indices.push_back(loop.getInductionVar());
  SmallVector<Value> next = buildOuterLoops(b, loc, lower.drop_front(), upper.drop_front(), indices,
                                            SmallVector<Value>(loop.getRegionIterArgs()), inner);
  scf::YieldOp::create(b, loc, next);
  return SmallVector<Value>(loop.getResults());
}

/// lower + the largest multiple of `step` in max(upper - lower, 0).
Value fullEnd(OpBuilder &b, Location loc, Value lower, Value upper, int64_t step) {
  Value length = arith::SubIOp::create(b, loc, upper, lower);
  length = arith::MaxSIOp::create(b, loc, length, arith::ConstantIndexOp::create(b, loc, 0));
  Value full = arith::AndIOp::create(b, loc, length, arith::ConstantIndexOp::create(b, loc, -step));
  return arith::AddIOp::create(b, loc, lower, full);
}

struct Nest {
  OpBuilder b;
  Location loc;
  Varying varying;
  int64_t lanes, unroll;
  const Target &target;

  Nest(Operation *op, Value axis, const Target &target)
      : b(op), loc(op->getLoc()), varying(op, axis), target(target) {
    lanes = planNumber(op, "plan.vector", target.vectorBytes / 4);
    unroll = planNumber(op, "plan.unroll", 1);
    if (!isLaneCount(lanes) || !isLaneCount(unroll * 2))
      varying.obstacle = "plan.vector and plan.unroll are not powers of two";
  }

  LaneEmitter emitter(ValueRange args, ArrayRef<Value> outer, Value base) {
    LaneEmitter e(b, lanes, varying, target);
    for (auto [arg, index] : llvm::zip(args, outer))
      e.map(arg, {index, 0, nullptr});
    e.map(args.back(), {base, 1, nullptr});
    return e;
  }

  Value remaining(Value upper, Value base) { return arith::SubIOp::create(b, loc, upper, base); }

  //===- forall -----------------------------------------------------------===//

  void emitForall(par::ForallOp op) {
    SmallVector<Value> outer;
    buildOuterLoops(b, loc, op.getLower(), op.getUpper(), outer, {}, [&](ArrayRef<Value>) {
      emitAxis(op, outer);
      return SmallVector<Value>();
    });
    op.erase();
  }

  /// The steps of `copies` whole vectors in [lower, upper); where they end.
  Value emitFull(par::ForallOp op, ArrayRef<Value> outer, Value lower, Value upper,
                 int64_t copies) {
    Value end = fullEnd(b, loc, lower, upper, lanes * copies);
    Value step = arith::ConstantIndexOp::create(b, loc, lanes * copies);
    auto loop = scf::ForOp::create(b, loc, lower, end, step);
    b.setInsertionPointToStart(loop.getBody());
    for (int64_t copy = 0; copy < copies; ++copy) {
      Value offset = arith::ConstantIndexOp::create(b, loc, copy * lanes);
      Value base = arith::AddIOp::create(b, loc, loop.getInductionVar(), offset);
      emitter(op.getArgs(), outer, base).emit(*op.getBlock());
    }
    b.setInsertionPointAfter(loop);
    return end;
  }

  void emitAxis(par::ForallOp op, ArrayRef<Value> outer) {
    OpBuilder::InsertionGuard guard(b);
    Value lower = op.getLower().back(), upper = op.getUpper().back();
    if (unroll > 1)
      lower = emitFull(op, outer, lower, upper, unroll);
    Value middle = emitFull(op, outer, lower, upper, 1);
    Value ragged = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, middle, upper);
    auto tail = scf::IfOp::create(b, loc, ragged, /*withElseRegion=*/false);
    b.setInsertionPointToStart(&tail.getThenRegion().front());
    LaneEmitter masked = emitter(op.getArgs(), outer, middle);
    masked.setTail(remaining(upper, middle));
    masked.emit(*op.getBlock());
  }

  //===- reduce -----------------------------------------------------------===//

  Value identity(par::ReduceOp op, Type type) {
    return par::buildIdentity(b, loc, op.getOp(), op.getIsUnsigned(), type);
  }

  /// How many vectors an accumulator of one result has.
  size_t width(par::ReduceOp op) { return keepsExtremes(op, target) ? 3 : 1; }

  SmallVector<Value> start(par::ReduceOp op, Type type) {
    Value first = identity(op, VectorType::get({lanes}, type));
    return width(op) == 1 ? SmallVector<Value>{first} : startExtremes(b, loc, first);
  }

  SmallVector<Value> step(par::ReduceOp op, ValueRange acc, Value term, bool isUsedOnce) {
    if (width(op) > 1)
      return stepExtremes(b, loc, acc, term);
    return {combineStep(b, loc, op, acc[0], term, target.fma && isUsedOnce)};
  }

  Value finish(par::ReduceOp op, ValueRange acc) {
    bool isMax = op.getOp() == tx::Combine::max;
    return width(op) == 1 ? acc[0] : finishExtremes(b, loc, isMax, acc);
  }

  /// The accumulators after the term at `base`; one a result.
  SmallVector<Value> emitTerm(par::ReduceOp op, ArrayRef<Value> outer, Value base,
                              ArrayRef<Value> acc, Value upper) {
    LaneEmitter e = emitter(op.getArgs(), outer, base);
    if (upper)
      e.setTail(remaining(upper, base));
    if (op.hasWhere()) {
      Block &where = op.getWhereRegion().front();
      for (auto [from, to] : llvm::zip_equal(where.getArguments(), op.getArgs()))
        e.map(from, e.get(to));
      e.emit(where);
      e.setCondition(e.get(where.getTerminator()->getOperand(0)));
    }
    e.emit(*op.getBlock());
    SmallVector<Value> next;
    for (Value value : op.getYield().getValues()) {
      ValueRange old = acc.slice(next.size(), width(op));
      SmallVector<Value> combined = step(op, old, e.asVector(loc, value), value.hasOneUse());
      for (auto [c, a] : llvm::zip_equal(combined, old))
        next.push_back(e.selectActive(loc, c, a));
    }
    return next;
  }

  /// A loop from `lower` to `upper` by `step` elements, over `count` groups of accumulators.
  SmallVector<Value> emitLoop(par::ReduceOp op, ArrayRef<Value> outer, Value lower, Value upper,
                              int64_t count, ArrayRef<Value> acc, bool masked) {
    Value step = arith::ConstantIndexOp::create(b, loc, lanes * count);
    auto loop = scf::ForOp::create(b, loc, lower, upper, step, acc,
                                   [](OpBuilder &, Location, Value, ValueRange) {});
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(loop.getBody());
    SmallVector<Value> carried(loop.getRegionIterArgs()), next;
    size_t size = op.getNumResults() * width(op);
    for (int64_t u = 0; u < count; ++u) {
      Value offset = arith::ConstantIndexOp::create(b, loc, u * lanes);
      Value base = arith::AddIOp::create(b, loc, loop.getInductionVar(), offset);
      ArrayRef<Value> group = ArrayRef(carried).slice(u * size, size);
      llvm::append_range(next, emitTerm(op, outer, base, group, masked ? upper : Value()));
    }
    llvm::append_range(next, ArrayRef(carried).drop_front(next.size()));
    scf::YieldOp::create(b, loc, next);
    return SmallVector<Value>(loop.getResults());
  }

  SmallVector<Value> emitReduceAxis(par::ReduceOp op, ArrayRef<Value> outer,
                                    ArrayRef<Value> inits) {
    Value lower = op.getLower().back(), upper = op.getUpper().back();
    Value middle = fullEnd(b, loc, lower, upper, lanes * unroll);
    SmallVector<Value> acc = emitLoop(op, outer, lower, middle, unroll, inits, false);
    if (!target.masks && unroll > 1) {
      Value end = fullEnd(b, loc, middle, upper, lanes);
      acc = emitLoop(op, outer, middle, end, 1, acc, false);
      middle = end;
    }
    return emitLoop(op, outer, middle, upper, 1, acc, true);
  }

  void emitReduce(par::ReduceOp op) {
    SmallVector<Value> inits, outer;
    for (int64_t u = 0; u < unroll; ++u)
      for (Type type : op.getResultTypes())
        llvm::append_range(inits, start(op, type));
    SmallVector<Value> acc = buildOuterLoops(
        b, loc, op.getLower(), op.getUpper(), outer, inits,
        [&](ArrayRef<Value> carried) { return emitReduceAxis(op, outer, carried); });
    size_t results = op.getNumResults();
    for (size_t r = 0; r < results; ++r) {
      SmallVector<Value> groups;
      for (int64_t u = 0; u < unroll; ++u)
        groups.push_back(finish(op, ArrayRef(acc).slice((u * results + r) * width(op), width(op))));
      op.getResult(r).replaceAllUsesWith(combineLanes(op, combineGroups(op, groups)));
    }
    op.erase();
  }

  Value combine(par::ReduceOp op, Value x, Value y) {
    return par::buildCombine(b, loc, op.getOp(), op.getIsUnsigned(), x, y);
  }

  /// Neighbours first; the count is a power of two.
  Value combineGroups(par::ReduceOp op, SmallVector<Value> groups) {
    for (; groups.size() > 1; groups.truncate(groups.size() / 2))
      for (size_t i = 0; i < groups.size() / 2; ++i)
        groups[i] = combine(op, groups[2 * i], groups[2 * i + 1]);
    return groups[0];
  }

  /// The upper half onto the lower one, until one lane is left.
  Value combineLanes(par::ReduceOp op, Value v) {
    for (int64_t n = lanes; n > 1; n /= 2) {
      SmallVector<int64_t> low, high;
      for (int64_t l = 0; l < n / 2; ++l) {
        low.push_back(l);
        high.push_back(n / 2 + l);
      }
      Value x = vector::ShuffleOp::create(b, loc, v, v, low),
            y = vector::ShuffleOp::create(b, loc, v, v, high);
      v = combine(op, x, y);
    }
    return vector::ExtractOp::create(b, loc, v, ArrayRef<int64_t>{0});
  }
};

struct VectorizePass : impl::CpuVectorizeBase<VectorizePass> {
  using CpuVectorizeBase::CpuVectorizeBase;

  void runOnOperation() override {
    const Target *target = findMachine(getOperation(), machine);
    if (!target)
      return signalPassFailure();
    SmallVector<Operation *> nests;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      auto forall = dyn_cast<par::ForallOp>(op);
      auto reduce = dyn_cast<par::ReduceOp>(op);
      bool simd =
          (forall && forall.getLevel() == "simd") || (reduce && reduce.getLevel() == "simd");
      if (simd)
        nests.push_back(op);
      return simd && !declines(op, *target) ? WalkResult::skip() : WalkResult::advance();
    });
    for (Operation *op : nests)
      if (op->getAttrOfType<StringAttr>("level").getValue() == "simd")
        vectorize(op, *target);
  }

  static Value lastAxis(Operation *op) { return op->getRegion(0).front().getArguments().back(); }

  /// Marks the nest `step` where it cannot run in lanes, so that nests inside it get their turn.
  static bool declines(Operation *op, const Target &target) {
    std::string obstacle;
    auto reduce = dyn_cast<par::ReduceOp>(op);
    if (op->getRegion(0).front().getNumArguments() == 0)
      obstacle = "it has no axis";
    else if (reduce && reduce.getOp() == tx::Combine::user)
      obstacle = "a user's operator keeps index order";
    else
      obstacle = Nest(op, lastAxis(op), target).varying.obstacle;
    if (obstacle.empty())
      return false;
    if (plan::isPinned(op, "vector"))
      emitError(plan::locationOfPin(op, "vector"))
          << "pin: @vector cannot be obeyed here: " << obstacle;
    op->setAttr("level", StringAttr::get(op->getContext(), "step"));
    op->setAttr("plan.why", StringAttr::get(op->getContext(), "not in lanes: " + obstacle));
    return true;
  }

  static void vectorize(Operation *op, const Target &target) {
    Nest nest(op, lastAxis(op), target);
    if (auto forall = dyn_cast<par::ForallOp>(op))
      nest.emitForall(forall);
    else
      nest.emitReduce(cast<par::ReduceOp>(op));
  }
};
} // namespace
} // namespace texpr::cpu

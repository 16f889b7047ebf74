// Counting operations and reads.
//
// In: a compute and the nests around its reads. Out: numbers of a machine-free kind: one multiply, one element read and one store are
// about equal in cost while they stay in a cache, a transcendental function is 16 of them.
//   y = compute m, n |i, j| { t[i] * x[i, j] }     an element of t is evaluated n times (j takes no part): unbounded
//   y = compute n |i| { t[i - 1] + t[i] + t[i + 1] }     3 times
#include "compiler/plan/CostModel.h"
#include "dialects/par/Accesses.h"
#include "dialects/par/ParOps.h"
#include "dialects/tx/AccessMap.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/DenseSet.h"
#include <cmath>
#include <set>

using namespace mlir;

namespace texpr::plan {

static constexpr int64_t smallTrip = 64;
static constexpr double unknownTrip = 256;
static constexpr int64_t largestWindow = 16;

// ---- operations ----

static bool isIndexArithmetic(Operation &op) {
  return llvm::all_of(op.getResultTypes(), [](Type t) { return t.isIndex() || t.isInteger(1); });
}

static double operationCost(Operation &op) {
  if (op.hasTrait<OpTrait::ConstantLike>() || isIndexArithmetic(op))
    return isa<arith::CmpFOp, math::IsNaNOp, math::IsInfOp, math::IsFiniteOp>(op) ? 1 : 0;
  if (isa<arith::ExtFOp, arith::TruncFOp, arith::ExtSIOp, arith::ExtUIOp, arith::TruncIOp,
          arith::IndexCastOp, arith::IndexCastUIOp, arith::BitcastOp, arith::SIToFPOp,
          arith::UIToFPOp>(op))
    return 0;
  if (isa<arith::DivFOp, math::SqrtOp, math::RsqrtOp, tx::ScalarOp>(op))
    return 4;
  if (isa<math::AbsFOp, math::FmaOp, math::FloorOp, math::CeilOp, math::RoundEvenOp, math::TruncOp,
          math::CopySignOp, math::CtPopOp, math::CountLeadingZerosOp, math::CountTrailingZerosOp>(
          op))
    return 1;
  if (isa<math::MathDialect>(op.getDialect()))
    return 16;
  return 1;
}

static Cost costOfRegion(Region &region);

static void addScaled(Cost &sum, const Cost &c, double factor) {
  sum.operations += c.operations * factor;
  sum.isUnbounded |= c.isUnbounded;
}

static void addLoop(Cost &sum, Operation &op, ValueRange lower, ValueRange upper) {
  Cost body;
  for (Region &region : op.getRegions())
    addScaled(body, costOfRegion(region), 1);
  double trips = 1;
  for (auto [lo, hi] : llvm::zip_equal(lower, upper)) {
    auto trip = tx::constantTrip(lo, hi);
    if (!trip || *trip > smallTrip)
      body.isUnbounded = true;
    trips *= trip ? double(*trip) : unknownTrip;
  }
  addScaled(sum, body, trips);
}

static Cost costOfBlock(Block &block) {
  Cost sum;
  for (Operation &op : block.without_terminator()) {
    if (auto form = dyn_cast<tx::ComputeOp>(op)) {
      addLoop(sum, op, form.getLower(), form.getUpper());
    } else if (auto form = dyn_cast<tx::ReduceOp>(op)) {
      addLoop(sum, op, form.getLower(), form.getUpper());
    } else if (auto form = dyn_cast<tx::ForOp>(op)) {
      addLoop(sum, op, ValueRange(form.getLower()), ValueRange(form.getUpper()));
    } else if (isa<tx::ScanOp, tx::ScatterOp, tx::FilterOp, tx::SortOp>(op)) {
      SmallVector<Value> lower, upper;
      for (tx::AxisRange axis : cast<tx::HasDomain>(op).getAxisRanges(op.getRegion(0))) {
        lower.push_back(axis.lower);
        upper.push_back(axis.upper);
      }
      addLoop(sum, op, lower, upper);
      sum.isUnbounded = true;
    } else if (isa<par::DoOp>(op)) {
      sum.operations += unknownTrip;
      sum.isUnbounded = true;
    } else {
      sum.operations += isa<tx::ReadOp, par::LoadOp>(op) ? 1 : operationCost(op);
      for (Region &region :
           op.getRegions()) // `else` and choices: all of them, as vectors run both sides
        addScaled(sum, costOfRegion(region), 1);
    }
  }
  return sum;
}

static Cost costOfRegion(Region &region) {
  return region.empty() ? Cost() : costOfBlock(region.front());
}

Cost costOf(tx::ComputeOp op) { return costOfRegion(op.getBody()); }

bool isView(tx::ComputeOp op) {
  unsigned reads = 0;
  bool isPlain = true;
  op.getBody().walk([&](Operation *inner) {
    if (isa<tx::ReadOp>(inner))
      ++reads;
    else if (isa<par::LoadOp>(inner) ||
             (!isa<tx::YieldOp, scf::YieldOp>(inner) && operationCost(*inner) > 0))
      isPlain = false;
    if (isa<tx::ComputeOp, tx::ReduceOp, tx::ForOp, tx::ListOp, tx::ScanOp, tx::ScatterOp,
            tx::FilterOp, tx::SortOp, par::DoOp>(inner))
      isPlain = false;
  });
  return isPlain && reads <= op.getNumResults();
}

int64_t elementBytes(tx::ComputeOp op) {
  int64_t bytes = 0;
  for (Type t : op.getResultTypes())
    bytes += std::max<int64_t>(1, cast<RankedTensorType>(t).getElementTypeBitWidth() / 8);
  return bytes;
}

// ---- reads ----

namespace {
struct LoopAxis {
  Value arg, lower, upper;
};
} // namespace

/// The axes between the block of `op` and a read, outermost last.
static SmallVector<LoopAxis> axesAround(Operation *read, Block *outside) {
  SmallVector<LoopAxis> axes;
  for (Operation *at = read; at->getBlock() != outside; at = at->getParentOp()) {
    if (auto form = dyn_cast<tx::HasDomain>(at->getParentOp()))
      for (tx::AxisRange axis : form.getAxisRanges(*at->getParentRegion()))
        axes.push_back({axis.arg, axis.lower, axis.upper});
  }
  return axes;
}

/// The chunks of a scan of scalars, or of a filter, that is a kernel of its own are passed twice (transform/LowerScan.cpp): by all that
/// the scan reads, and by the filter's condition.
static bool isPassedTwice(tx::ReadOp read, Operation *form) {
  bool isInside = false;
  for (Operation *op = form->getParentOp(); op; op = op->getParentOp())
    isInside |= isa<tx::HasDomain>(op) && !isa<tx::ForOp>(op);
  if (isInside)
    return false;
  if (auto scan = dyn_cast<tx::ScanOp>(form))
    return !isa<RankedTensorType>(scan.getYield().getValues()[0].getType());
  auto filter = dyn_cast<tx::FilterOp>(form);
  return filter && filter.getWhereRegion().isAncestor(read->getParentRegion());
}

/// Each index is paid for by one axis that it uses, the longest; the axes that are left evaluate elements again.
static void addRead(Evaluations &sum, tx::ReadOp read, tx::ComputeOp producer,
                    const llvm::DenseMap<Operation *, Evaluations> &evaluated) {
  SmallVector<LoopAxis> axes = axesAround(read, producer->getBlock());
  llvm::DenseSet<Value> paying;
  for (Value index : read.getIndices().take_front(producer.getNumAxes())) {
    const LoopAxis *best = nullptr;
    int64_t bestTrip = 0;
    for (const LoopAxis &axis : axes) {
      if (paying.contains(axis.arg) || !tx::dependsOn(index, axis.arg))
        continue;
      int64_t trip = tx::constantTrip(axis.lower, axis.upper).value_or(INT64_MAX);
      if (!best || trip > bestTrip) {
        best = &axis;
        bestTrip = trip;
      }
    }
    if (best)
      paying.insert(best->arg);
  }
  double factor = isPassedTwice(read, tx::ancestorIn(read, producer->getBlock())) ? 2 : 1;
  for (const LoopAxis &axis : axes) {
    if (paying.contains(axis.arg))
      continue;
    auto trip = tx::constantTrip(axis.lower, axis.upper);
    if (!trip || *trip > smallTrip)
      sum.isUnbounded = true;
    factor *= trip ? double(*trip) : unknownTrip;
  }
  // What is evaluated again takes along what it reads.
  for (Operation *at = read; at->getBlock() != producer->getBlock();) {
    at = at->getParentOp();
    auto inlined = dyn_cast<tx::ComputeOp>(at);
    auto times = inlined ? evaluated.find(at) : evaluated.end();
    if (times == evaluated.end())
      continue;
    factor *= times->second.count;
    sum.isUnbounded |= times->second.isUnbounded;
  }
  sum.count += factor;
}

Evaluations evaluationsOf(tx::ComputeOp op,
                          const llvm::DenseMap<Operation *, Evaluations> &evaluated) {
  Evaluations sum;
  std::set<std::vector<void *>> places;
  for (tx::ReadOp read : tx::readersOf(op).reads) {
    std::vector<void *> place = {read->getBlock()};
    for (Value index : read.getIndices())
      place.push_back(index.getAsOpaquePointer());
    if (read.hasElse())
      place.push_back(read);
    if (places.insert(place).second)
      addRead(sum, read, op, evaluated);
  }
  return sum;
}

// ---- what kind of value ----

static Value withoutCasts(Value v) {
  while (Operation *op = v.getDefiningOp()) {
    if (!isa<arith::ExtFOp, arith::TruncFOp, arith::ExtSIOp, arith::ExtUIOp>(op))
      break;
    v = op->getOperand(0);
  }
  return v;
}

bool isContraction(tx::ComputeOp op) {
  if (op.getNumAxes() < 2)
    return false;
  bool found = false;
  op.getBody().walk([&](tx::ReduceOp reduce) {
    if (reduce.getOp() != tx::Combine::add || reduce->getNumResults() != 1)
      return;
    bool isLong = false;
    for (auto [lo, hi] : llvm::zip_equal(reduce.getLower(), reduce.getUpper()))
      isLong |= tx::constantTrip(lo, hi).value_or(INT64_MAX) > smallTrip;
    Value term = withoutCasts(reduce.getYield().getValues()[0]);
    found |= isLong && isa_and_nonnull<arith::MulFOp, arith::MulIOp>(term.getDefiningOp());
  });
  return found;
}

bool isSnapshot(tx::ComputeOp op) {
  return op.getBody().walk([](par::LoadOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

/// Nothing between the snapshot and its reads, loops around the reads included, stores to a buffer that it loads.
bool mayMoveToReads(tx::ComputeOp snapshot) {
  llvm::DenseSet<Value> loaded;
  snapshot.walk([&](par::LoadOp load) { loaded.insert(load.getSource()); });
  for (tx::ReadOp read : tx::readersOf(snapshot).reads) {
    Operation *until = tx::ancestorIn(read, snapshot->getBlock());
    for (Operation *op = snapshot->getNextNode();; op = op->getNextNode()) {
      for (const par::Access &access : par::accessesUnder(op))
        if (access.isWrite() && loaded.contains(access.buffer))
          return false;
      if (op == until)
        break;
    }
  }
  return true;
}

// ---- sharing ----

/// The axes of one iteration that are left when `depth` are shared: a row is kept in a cache, a plane only if it is small.
static bool fitsAfter(tx::ComputeOp op, unsigned depth) {
  unsigned unknown = 0;
  for (unsigned k = depth; k < op.getNumAxes(); ++k)
    unknown += tx::constantTrip(op.getLower()[k], op.getUpper()[k]).value_or(INT64_MAX) > smallTrip;
  unsigned inner = cast<RankedTensorType>(op.getResultTypes()[0]).getRank() - op.getNumAxes();
  return unknown + inner <= 1;
}

Sharing sharingOf(tx::ComputeOp op) {
  tx::Readers readers = tx::readersOf(op);
  if (readers.reads.empty())
    return {0, false, "nothing reads it by element"};
  unsigned exact = op.getNumAxes();
  std::optional<tx::Reach> window = tx::Reach{0, 0};
  SmallVector<tx::Follow> follows;
  for (tx::ReadOp read : readers.reads) {
    auto reader = dyn_cast_or_null<tx::ComputeOp>(tx::ancestorIn(read, op->getBlock()));
    if (!reader)
      return {0, false, "it is read by a form without axes to share"};
    if (isContraction(reader) && reader.getNumAxes() > op.getNumAxes())
      return {0, false, "it feeds a contraction, whose tiles reuse it"};
    tx::Follow f = tx::follow(read, op, reader);
    bool isWhole = f.exact == op.getNumAxes() && f.exact == reader.getNumAxes();
    if (isContraction(reader) && !isWhole)
      return {0, false, "it feeds a contraction, whose tiles reuse it"};
    exact = std::min(exact, f.exact);
    follows.push_back(f);
  }
  for (tx::Follow &f : follows) {
    if (f.exact > exact)
      continue;
    if (!f.next || exact == op.getNumAxes() || !window) {
      window = std::nullopt;
      break;
    }
    window = tx::Reach{std::min(window->lo, f.next->lo), std::max(window->hi, f.next->hi)};
  }
  if (exact < op.getNumAxes() && isContraction(op))
    return {0, false, "a contraction keeps its own tiles"};
  if (exact > 0 && fitsAfter(op, exact))
    return {exact, false,
            exact == op.getNumAxes() ? "every read is at the same point"
                                     : "all readers share its leading axes"};
  if (!window || exact == op.getNumAxes())
    return {0, false,
            exact > 0 ? "a slice of it does not stay in a cache"
                      : "the axes of a reader do not match"};
  if (window->lo < -largestWindow || window->hi > largestWindow)
    return {0, false, "the window of a reader is too large"};
  if (!fitsAfter(op, exact + 1))
    return {0, false, "a slice of it does not stay in a cache"};
  return {exact + 1, true,
          "a window of rows [" + std::to_string(window->lo) + ", " + std::to_string(window->hi) +
              "] serves all readers"};
}

} // namespace texpr::plan

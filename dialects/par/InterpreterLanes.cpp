// The interpreter's full foralls: all iterations at once, a table of values a lane, in step.
//
// An op that no meeting (par.lane, par.barrier) stands in runs for one lane after the other, in index order
// or shuffled. One that holds a meeting runs for all together: its condition and bounds must be the same in
// all lanes, or the program has no meaning, which is an error.
#include "dialects/par/Machine.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <numeric>

using namespace mlir;

namespace texpr::par {

/// A meeting of the lanes at hand stands in `op`; those of another full forall inside are its own.
static bool meets(Operation *op) {
  if (isa<LaneOp, BarrierOp>(op))
    return true;
  if (auto forall = dyn_cast<ForallOp>(op); forall && forall.getFull())
    return false;
  for (Region &region : op->getRegions())
    for (Operation &inner : region.getOps())
      if (meets(&inner))
        return true;
  return false;
}

LogicalResult Machine::runFull(ForallOp op) {
  std::vector<Values> own;
  SmallVector<int64_t> lower = integers(op.getLower()), upper = integers(op.getUpper());
  LogicalResult made = forEach(lower, upper, /*anyOrder=*/false, [&](ArrayRef<Datum> point) {
    Values lane = *values;
    for (auto [arg, d] : llvm::zip_equal(op.getArgs(), point))
      lane[arg] = d;
    own.push_back(std::move(lane));
    return success();
  });
  if (failed(made) || own.empty())
    return made;
  Values *outer = values;
  std::vector<Values> *around = std::exchange(lanes, &own);
  LogicalResult done = runInStep(*op.getBlock());
  values = outer;
  lanes = around;
  return done;
}

LogicalResult Machine::runInStep(Block &block) {
  std::vector<Values> &mine = *lanes;
  std::vector<size_t> order(mine.size());
  std::iota(order.begin(), order.end(), 0);
  for (Operation &op : block.without_terminator()) {
    if (meets(&op)) {
      if (failed(runTogether(&op)))
        return failure();
      continue;
    }
    if (options.shuffle)
      std::shuffle(order.begin(), order.end(), random);
    for (size_t l : order) {
      if (++steps > options.maxSteps)
        return error(&op, "too many steps");
      values = &mine[l];
      lanes = nullptr;
      LogicalResult done = runOp(&op);
      lanes = &mine;
      if (failed(done))
        return failure();
    }
  }
  return success();
}

LogicalResult Machine::runTogether(Operation *op) {
  if (auto lane = dyn_cast<LaneOp>(op))
    return runLane(lane);
  if (isa<BarrierOp>(op))
    return success();
  if (isa<scf::IfOp>(op))
    return runChoice(op);
  if (auto seq = dyn_cast<SeqOp>(op); seq && !seq.hasWhile())
    return runSteps(seq);
  return error(op, "cannot hold a meeting of lanes");
}

/// The one value that `v` has in all lanes.
LogicalResult Machine::together(Operation *op, Value v, int64_t &value) {
  for (auto [l, lane] : llvm::enumerate(*lanes)) {
    int64_t own = lane.at(v).integer;
    if (l == 0)
      value = own;
    else if (own != value)
      return error(op, "lanes 0 and " + Twine(l) + " differ in what decides where they meet");
  }
  return success();
}

LogicalResult Machine::runChoice(Operation *op) {
  auto choice = cast<scf::IfOp>(op);
  int64_t taken = 0;
  if (failed(together(op, choice.getCondition(), taken)))
    return failure();
  Region &region = taken ? choice.getThenRegion() : choice.getElseRegion();
  if (region.empty())
    return success();
  if (failed(runInStep(region.front())))
    return failure();
  for (Values &lane : *lanes)
    for (auto [result, v] :
         llvm::zip_equal(op->getResults(), region.front().getTerminator()->getOperands()))
      lane[result] = Datum(lane.at(v));
  return success();
}

LogicalResult Machine::runSteps(SeqOp op) {
  int64_t from = 0, to = 0;
  if (failed(together(op, op.getLower(), from)) || failed(together(op, op.getUpper(), to)))
    return failure();
  for (Values &lane : *lanes)
    for (auto [carried, init] : llvm::zip_equal(op.getCarried(), op.getInits()))
      lane[carried] = Datum(lane.at(init));
  for (int64_t i = from; i < to; ++i) {
    for (Values &lane : *lanes)
      lane[op.getInductionVar()] = Datum::ofInteger(i);
    if (failed(runInStep(*op.getBlock())))
      return failure();
    for (Values &lane : *lanes) {
      SmallVector<Datum> next;
      for (Value v : op.getYield().getValues())
        next.push_back(lane.at(v));
      for (auto [carried, d] : llvm::zip_equal(op.getCarried(), next))
        lane[carried] = d;
    }
  }
  for (Values &lane : *lanes)
    for (auto [result, carried] : llvm::zip_equal(op.getResults(), op.getCarried()))
      lane[result] = Datum(lane.at(carried));
  return success();
}

LogicalResult Machine::runLane(LaneOp op) {
  std::vector<Values> &all = *lanes;
  size_t count = all.size();
  StringRef kind = op.getKind();
  auto operand = [&](size_t l, unsigned i) { return all[l].at(op.getOperand(i)); };
  auto mask = [&](function_ref<bool(size_t)> holds) {
    uint32_t bits = 0;
    for (size_t l = 0; l < count; ++l)
      bits |= uint32_t(holds(l)) << l;
    return Datum::ofInteger(int32_t(bits));
  };
  std::vector<Datum> results;
  for (size_t l = 0; l < count; ++l) {
    if (kind == "shuffle") {
      int64_t from = operand(l, 1).integer % int64_t(count);
      results.push_back(operand(from < 0 ? from + count : from, 0));
    } else if (kind == "ballot") {
      results.push_back(mask([&](size_t o) { return operand(o, 0).integer != 0; }));
    } else if (kind == "match") {
      results.push_back(
          mask([&](size_t o) { return operand(o, 0).integer == operand(l, 0).integer; }));
    } else if (kind == "below") {
      results.push_back(mask([&](size_t o) { return o < l; }));
    } else {
      size_t yes =
          llvm::count_if(llvm::seq(count), [&](size_t o) { return operand(o, 0).integer != 0; });
      results.push_back(Datum::ofInteger(kind == "any" ? yes > 0 : yes == count));
    }
  }
  for (auto [lane, d] : llvm::zip_equal(all, results))
    lane[op.getResult()] = d;
  return success();
}

} // namespace texpr::par

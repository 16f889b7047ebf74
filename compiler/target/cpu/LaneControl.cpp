// Control inside lanes.
//
//   scf.if on a uniform condition     stays scf.if; what differs between lanes leaves it as a vector
//   scf.if on a varying condition     both branches run, each under its mask; results by select
//   seq, forall, step reductions      one trip count for all lanes (Varying saw to it): scalar loops around vector bodies
//   seq with a condition              goes on while any lane does; a lane that has stopped is masked off and keeps what it carries
//
// A reduction's `where` that differs between lanes is a mask around the term and a select of the accumulator.
#include "compiler/target/cpu/Cpu.h"
#include "compiler/target/cpu/Lanes.h"
#include "dialects/par/Combine.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace texpr::cpu {

Value LaneEmitter::carriedValue(Location loc, Value source, bool asLanes) {
  return asLanes ? asVector(loc, source) : get(source).scalar;
}

void LaneEmitter::emitIf(scf::IfOp op) {
  Location loc = op.getLoc();
  SmallVector<Type> types;
  for (Value result : op.getResults())
    types.push_back(varying(result) ? Type(vectorOf(result.getType())) : result.getType());
  auto choice =
      scf::IfOp::create(b, loc, types, get(op.getCondition()).scalar, !op.getElseRegion().empty());
  for (auto [from, to] : llvm::zip_equal(op->getRegions(), choice->getRegions())) {
    if (from.empty())
      continue;
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&to.front());
    emit(from.front());
    SmallVector<Value> results;
    for (auto [value, result] :
         llvm::zip_equal(from.front().getTerminator()->getOperands(), op.getResults()))
      results.push_back(carriedValue(loc, value, varying(result)));
    if (!results.empty())
      scf::YieldOp::create(b, loc, results);
  }
  for (auto [from, to] : llvm::zip_equal(op.getResults(), choice.getResults()))
    values[from] = lanesOf(to, varying(from));
}

void LaneEmitter::emitChoice(scf::IfOp op) {
  Location loc = op.getLoc();
  Value condition = asVector(loc, op.getCondition());
  Value outer = mask;
  bool outerPredicated = predicated;
  predicated = true;
  mask = andMask(loc, outer, condition);
  emit(op.getThenRegion().front());
  if (!op.getElseRegion().empty()) {
    Value inverse = arith::XOrIOp::create(b, loc, condition, allTrue(loc));
    mask = andMask(loc, outer, inverse);
    emit(op.getElseRegion().front());
  }
  mask = outer;
  predicated = outerPredicated;
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    Value x = asVector(loc, op.thenYield().getOperand(i)),
          y = asVector(loc, op.elseYield().getOperand(i));
    values[result] = {nullptr, 0, arith::SelectOp::create(b, loc, condition, x, y)};
  }
}

/// A perfect nest of scalar loops; `args` are mapped to the induction variables.
void LaneEmitter::emitNest(Location loc, ValueRange lower, ValueRange upper, ValueRange args,
                           ArrayRef<Value> inits, SmallVector<Value> &results,
                           function_ref<SmallVector<Value>(ValueRange)> body) {
  if (args.empty()) {
    results = body(inits);
    return;
  }
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto loop = scf::ForOp::create(b, loc, get(lower[0]).scalar, get(upper[0]).scalar, one, inits,
                                 [](OpBuilder &, Location, Value, ValueRange) {});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(loop.getBody());
  values[args[0]] = {loop.getInductionVar(), 0, nullptr};
  SmallVector<Value> next, carried(loop.getRegionIterArgs());
  emitNest(loc, lower.drop_front(), upper.drop_front(), args.drop_front(), carried, next, body);
  scf::YieldOp::create(b, loc, next);
  results.assign(loop->result_begin(), loop->result_end());
}

void LaneEmitter::emitForall(par::ForallOp op) {
  SmallVector<Value> results;
  emitNest(op.getLoc(), op.getLower(), op.getUpper(), op.getArgs(), {}, results, [&](ValueRange) {
    emit(*op.getBlock());
    return SmallVector<Value>();
  });
}

/// The condition of a step within the loop's bounds: a bool, or a mask of the lanes that go on.
Value LaneEmitter::emitCondition(par::SeqOp op, Value step, bool stopsApart) {
  Location loc = op.getLoc();
  Block &condition = op.getWhileRegion().front();
  Value inRange =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, step, get(op.getUpper()).scalar);
  Type type = stopsApart ? Type(vectorOf(b.getI1Type())) : Type(b.getI1Type());
  auto asked = scf::IfOp::create(b, loc, type, inRange, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&asked.getElseRegion().front());
  scf::YieldOp::create(b, loc, Value(arith::ConstantOp::create(b, loc, type, b.getZeroAttr(type))));
  b.setInsertionPointToStart(&asked.getThenRegion().front());
  emit(condition);
  Value goesOn = condition.getTerminator()->getOperand(0);
  scf::YieldOp::create(b, loc,
                       stopsApart ? andMask(loc, mask, asVector(loc, goesOn)) : get(goesOn).scalar);
  return asked.getResult(0);
}

void LaneEmitter::emitWhile(par::SeqOp op) {
  Location loc = op.getLoc();
  bool stopsApart = varying(op.getWhileRegion().front().getTerminator()->getOperand(0));
  Value outer = mask;
  bool outerPredicated = predicated;
  // Carried: the step, the lanes that still go on, then what the source carries.
  SmallVector<Value> inits = {get(op.getLower()).scalar};
  if (stopsApart)
    inits.push_back(outer ? outer : allTrue(loc));
  const size_t own = inits.size();
  for (auto [init, carried] : llvm::zip_equal(op.getInits(), op.getCarried()))
    inits.push_back(carriedValue(loc, init, varying(carried)));
  SmallVector<Type> types(ValueRange(inits).getTypes());
  SmallVector<Location> locs(types.size(), loc);
  auto loop = scf::WhileOp::create(b, loc, types, inits);
  auto enter = [&](Region &region, ValueRange sources) {
    Block *block = b.createBlock(&region, {}, types, locs);
    values[sources[0]] = {block->getArgument(0), 0, nullptr};
    for (auto [from, carried, to] : llvm::zip_equal(sources.drop_front(), op.getCarried(),
                                                    block->getArguments().drop_front(own)))
      values[from] = lanesOf(to, varying(carried));
    if (stopsApart) {
      mask = block->getArgument(1);
      predicated = true;
    }
    return block;
  };
  OpBuilder::InsertionGuard guard(b);
  Block *before = enter(loop.getBefore(), op.getWhileRegion().getArguments());
  Value goesOn = emitCondition(op, before->getArgument(0), stopsApart);
  SmallVector<Value> passed(before->getArguments());
  if (stopsApart)
    passed[1] = goesOn;
  scf::ConditionOp::create(b, loc, stopsApart ? anyActive(loc, goesOn) : goesOn, passed);

  Block *after = enter(loop.getAfter(), op.getArgs());
  emit(*op.getBlock());
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  SmallVector<Value> next = {arith::AddIOp::create(b, loc, after->getArgument(0), one)};
  if (stopsApart)
    next.push_back(mask);
  for (auto [value, carried, old] : llvm::zip_equal(op.getYield().getValues(), op.getCarried(),
                                                    after->getArguments().drop_front(own))) {
    Value v = carriedValue(loc, value, varying(carried));
    next.push_back(stopsApart ? selectActive(loc, v, old) : v);
  }
  scf::YieldOp::create(b, loc, next);
  mask = outer;
  predicated = outerPredicated;
  for (auto [from, carried, to] :
       llvm::zip_equal(op.getResults(), op.getCarried(), loop.getResults().drop_front(own)))
    values[from] = lanesOf(to, varying(carried));
}

void LaneEmitter::emitSeq(par::SeqOp op) {
  if (op.hasWhile())
    return emitWhile(op);
  Location loc = op.getLoc();
  SmallVector<Value> inits, results;
  for (auto [init, carried] : llvm::zip_equal(op.getInits(), op.getCarried()))
    inits.push_back(carriedValue(loc, init, varying(carried)));
  emitNest(loc, op.getLower(), op.getUpper(), op.getInductionVar(), inits, results,
           [&](ValueRange carried) {
             for (auto [from, to] : llvm::zip_equal(op.getCarried(), carried))
               values[from] = lanesOf(to, varying(from));
             emit(*op.getBlock());
             SmallVector<Value> next;
             for (auto [value, from] : llvm::zip_equal(op.getYield().getValues(), op.getCarried()))
               next.push_back(carriedValue(loc, value, varying(from)));
             return next;
           });
  for (auto [from, to, carried] : llvm::zip_equal(op.getResults(), results, op.getCarried()))
    values[from] = lanesOf(to, varying(carried));
}

void LaneEmitter::emitReduce(par::ReduceOp op) {
  Location loc = op.getLoc();
  SmallVector<Value> inits, results;
  for (Value result : op.getResults()) {
    Type type = varying(result) ? Type(vectorOf(result.getType())) : result.getType();
    inits.push_back(par::buildIdentity(b, loc, op.getOp(), op.getIsUnsigned(), type));
  }
  emitNest(loc, op.getLower(), op.getUpper(), op.getArgs(), inits, results,
           [&](ValueRange acc) { return emitTerm(op, acc); });
  for (auto [from, to] : llvm::zip_equal(op.getResults(), results))
    values[from] = lanesOf(to, varying(from));
}

/// One term of an inner reduction, combined into the accumulators.
SmallVector<Value> LaneEmitter::emitTerm(par::ReduceOp op, ValueRange acc) {
  Location loc = op.getLoc();
  Value condition;
  bool choose = false;
  if (op.hasWhere()) {
    Block &where = op.getWhereRegion().front();
    values[where.getArgument(0)] = get(op.getArgs()[0]);
    for (auto [from, to] : llvm::zip_equal(where.getArguments(), op.getArgs()))
      values[from] = get(to);
    emit(where);
    condition = where.getTerminator()->getOperand(0);
    choose = varying(condition);
  }
  auto step = [&]() {
    emit(*op.getBlock());
    SmallVector<Value> next;
    for (auto [a, value, result] :
         llvm::zip_equal(acc, op.getYield().getValues(), op.getResults())) {
      Value term = carriedValue(loc, value, varying(result));
      next.push_back(combineStep(b, loc, op, a, term, target.fma && value.hasOneUse()));
    }
    return next;
  };
  if (!condition)
    return step();
  if (choose) {
    Value outer = mask;
    bool outerPredicated = predicated;
    setCondition(get(condition));
    SmallVector<Value> next = step();
    mask = outer;
    predicated = outerPredicated;
    Value lanesTaken = asVector(loc, condition);
    for (auto [value, a] : llvm::zip_equal(next, acc))
      value = arith::SelectOp::create(b, loc, lanesTaken, value, a);
    return next;
  }
  auto guarded =
      scf::IfOp::create(b, loc, acc.getTypes(), get(condition).scalar, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&guarded.getThenRegion().front());
  scf::YieldOp::create(b, loc, step());
  b.setInsertionPointToStart(&guarded.getElseRegion().front());
  scf::YieldOp::create(b, loc, acc);
  return SmallVector<Value>(guarded.getResults());
}

} // namespace texpr::cpu

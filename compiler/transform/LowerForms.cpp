// lower-to-par, the forms that make values: compute, reduce, list (see LowerToPar.cpp).
//
//   compute   a forall whose body stores what the lambda yields
//   reduce    par.reduce on scalars; on tensors an accumulator buffer and a seq that combines
//             element by element
//   list      stores
//
// What must hold: an accumulated buffer is never the destination of the value that is
// made from it.
#include "compiler/transform/LowerToPar.h"
#include "dialects/par/Combine.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr {

par::ForallOp ParLowering::forallOver(Location loc, ValueRange ext,
                                      function_ref<void(ValueRange)> body) {
  SmallVector<Value> zeros(ext.size(), ext.empty() ? Value() : constantIndex(loc, 0));
  SmallVector<Attribute> axes;
  for (size_t d = 0; d < ext.size(); ++d)
    axes.push_back(b.getStringAttr("e" + std::to_string(d)));
  auto forall = par::ForallOp::create(b, loc, zeros, ext, b.getArrayAttr(axes), StringAttr(),
                                      UnitAttr(), UnitAttr());
  OpBuilder::InsertionGuard guard(b);
  Block *block =
      b.createBlock(&forall.getBody(), {}, SmallVector<Type>(ext.size(), b.getIndexType()),
                    SmallVector<Location>(ext.size(), loc));
  body(block->getArguments());
  par::YieldOp::create(b, loc);
  return forall;
}

void ParLowering::lowerCompute(tx::ComputeOp op) {
  Location loc = op.getLoc();
  keepExtents(op);
  SmallVector<Place> outs;
  for (Value result : op.getResults())
    outs.push_back(placeOf(result));
  b.setInsertionPoint(op);
  auto forall = par::ForallOp::create(b, loc, op.getLower(), op.getUpper(), op.getAxesAttr(),
                                      StringAttr(), UnitAttr(), UnitAttr());
  plan::copyPlan(op, forall);
  forall.getBody().takeBody(op.getBody());
  Block &body = forall.getBody().front();
  Operation *yield = body.getTerminator();

  // Results are zero-based: element (arg - lower) is what the body yields.
  b.setInsertionPointToStart(&body);
  SmallVector<Value> index;
  for (auto [arg, lower] : llvm::zip(body.getArguments(), op.getLower()))
    index.push_back(getConstantIntValue(lower) == 0
                        ? Value(arg)
                        : arith::SubIOp::create(b, loc, arg, lower).getResult());
  SmallVector<Place> element;
  for (Place &out : outs)
    element.push_back({out.buffer, out.at(index)});
  for (auto [v, place] : llvm::zip(yield->getOperands(), element))
    request(v, place, &body);
  lowerBlock(body);
  b.setInsertionPoint(yield);
  for (auto [v, place] : llvm::zip(yield->getOperands(), element))
    deliver(v, place, loc);
  par::YieldOp::create(b, loc);
  yield->erase();
  dead.push_back(op);
}

static void lowerYields(OpBuilder &b, Region &region) {
  for (Block &block : region) {
    Operation *yield = block.getTerminator();
    b.setInsertionPoint(yield);
    par::YieldOp::create(b, yield->getLoc(), yield->getOperands());
    yield->erase();
  }
}

void ParLowering::lowerReduce(tx::ReduceOp op) {
  auto reduce = par::ReduceOp::create(b, op.getLoc(), op.getResultTypes(), op.getLower(),
                                      op.getUpper(), op.getOpAttr(), op.getCombinerAttr(),
                                      op.getIsUnsignedAttr(), op.getAxesAttr(), StringAttr());
  plan::copyPlan(op, reduce);
  reduce.getBody().takeBody(op.getBody());
  reduce.getWhereRegion().takeBody(op.getWhereRegion());
  for (Region *region : {&reduce.getBody(), &reduce.getWhereRegion()}) {
    for (Block &block : *region)
      lowerBlock(block);
    lowerYields(b, *region);
  }
  op->replaceAllUsesWith(reduce);
  dead.push_back(op);
}

// ---- reductions of tensors ---------------------------------------------------------------------

/// `old op next`, or `next` alone where nothing has been combined yet (a user's op without a
/// neutral start).
SmallVector<Value> ParLowering::combine(tx::ReduceOp op, Value seen, ValueRange old,
                                        ValueRange next) {
  Location loc = op.getLoc();
  SmallVector<Value> out;
  if (op.getOp() != tx::Combine::user) {
    for (auto [x, y] : llvm::zip(old, next))
      out.push_back(par::buildCombine(b, loc, op.getOp(), op.getIsUnsigned(), x, y));
    return out;
  }
  auto combiner = SymbolTable::lookupNearestSymbolFrom<tx::CombinerOp>(op, op.getCombinerAttr());
  auto combined = par::inlineCombiner(b, combiner, old, next);
  for (auto [x, y] : llvm::zip(combined, next))
    out.push_back(arith::SelectOp::create(b, loc, seen, x, y));
  return out;
}

/// Combines what the reduce's body, whose block is current, yields into the accumulators, element
/// by element.
void ParLowering::accumulate(tx::ReduceOp op, Value seen, ArrayRef<Place> into) {
  Location loc = op.getLoc();
  Operation *yield = b.getInsertionBlock()->getTerminator();
  SmallVector<Value> values(yield->getOperands());
  SmallVector<Place> from;
  for (Value v : values)
    from.push_back(places.lookup(v));
  SmallVector<Value> ext = extents(values[0]);
  forallOver(loc, ext, [&](ValueRange indices) {
    SmallVector<Value> old, next;
    for (auto [acc, value] : llvm::zip(into, from)) {
      old.push_back(load(loc, acc, indices));
      next.push_back(load(loc, value, indices));
    }
    for (auto [v, acc] : llvm::zip(combine(op, seen, old, next), into))
      par::StoreOp::create(b, loc, v, acc.buffer, acc.at(indices), Value());
  });
}

void ParLowering::lowerTensorReduce(tx::ReduceOp op) {
  Location loc = op.getLoc();
  bool isUser = op.getOp() == tx::Combine::user;
  keepExtents(op);
  SmallVector<Place> outs;
  for (Value result : op.getResults())
    outs.push_back(placeOf(result));

  // Start: the builtin's identity, or the user's where the domain is empty.
  forallOver(loc, extents(op.getResult(0)), [&](ValueRange indices) {
    SmallVector<Value> start;
    if (isUser)
      start = par::inlineIdentity(
          b, SymbolTable::lookupNearestSymbolFrom<tx::CombinerOp>(op, op.getCombinerAttr()));
    for (auto [i, out] : llvm::enumerate(outs)) {
      Type element = cast<par::BufType>(out.buffer.getType()).getElementType();
      Value v = !isUser ? par::buildIdentity(b, loc, op.getOp(), op.getIsUnsigned(), element)
                : !start.empty() ? start[i]
                                 : Value(arith::ConstantOp::create(b, loc, b.getZeroAttr(element)));
      par::StoreOp::create(b, loc, v, out.buffer, out.at(indices), Value());
    }
  });

  // One seq an axis; a user's op also carries "something has been combined".
  Value seen = isUser ? Value(arith::ConstantIntOp::create(b, loc, 0, 1)) : Value();
  SmallVector<par::SeqOp> loops;
  SmallVector<Value> ivs;
  for (auto [d, lower, upper] : llvm::enumerate(op.getLower(), op.getUpper())) {
    SmallVector<Value> carried;
    if (seen)
      carried.push_back(seen);
    auto seq = par::SeqOp::create(b, loc, ValueRange(carried).getTypes(), lower, upper, carried,
                                  cast<StringAttr>(op.getAxes()[d]));
    Block *block = b.createBlock(&seq.getBody());
    ivs.push_back(block->addArgument(b.getIndexType(), loc));
    if (seen)
      seen = block->addArgument(b.getI1Type(), loc);
    loops.push_back(seq);
  }
  if (!op.getWhereRegion().empty()) {
    Block &where = op.getWhereRegion().front();
    Operation *yield = where.getTerminator();
    Block *current = b.getInsertionBlock();
    current->getOperations().splice(current->end(), where.getOperations());
    for (auto [arg, iv] : llvm::zip(where.getArguments(), ivs))
      arg.replaceAllUsesWith(iv);
    for (Operation &nested : llvm::make_early_inc_range(*current))
      if (&nested != yield)
        lowerOp(&nested);
    b.setInsertionPoint(yield);
    Value cond = yield->getOperand(0);
    yield->erase();
    b.setInsertionPointToEnd(current);
    auto ifOp = scf::IfOp::create(b, loc, seen ? TypeRange{b.getI1Type()} : TypeRange{}, cond, true,
                                  bool(seen));
    if (seen) {
      b.setInsertionPointToEnd(&ifOp.getElseRegion().front());
      scf::YieldOp::create(b, loc, seen);
      b.setInsertionPointToEnd(current);
      par::YieldOp::create(b, loc, ifOp.getResults());
    }
    b.setInsertionPointToStart(&ifOp.getThenRegion().front());
  }
  Block *target = b.getInsertionBlock();
  Block &body = op.getBody().front();
  for (auto [arg, iv] : llvm::zip(body.getArguments(), ivs))
    arg.replaceAllUsesWith(iv);
  Operation *yield = body.getTerminator();
  SmallVector<Operation *> work;
  for (Operation &nested : body)
    work.push_back(&nested);
  target->getOperations().splice(target->begin(), body.getOperations());
  for (Operation *nested : work)
    if (nested != yield)
      lowerOp(nested);
  b.setInsertionPoint(yield);
  accumulate(op, seen, outs);
  b.setInsertionPoint(yield);
  finishAccumulation(loops, yield, seen);
  dead.push_back(op);
}

/// Replaces the moved terminator by the terminators of the seqs (and of the `where`), innermost
/// first.
void ParLowering::finishAccumulation(ArrayRef<par::SeqOp> loops, Operation *yield, Value seen) {
  Location loc = yield->getLoc();
  SmallVector<Value> done;
  if (seen)
    done.push_back(arith::ConstantIntOp::create(b, loc, 1, 1));
  bool inWhere = isa<scf::IfOp>(yield->getParentOp());
  if (!inWhere)
    par::YieldOp::create(b, loc, done);
  else
    scf::YieldOp::create(b, loc, done);
  yield->erase();
  if (inWhere && !seen) {
    b.setInsertionPointToEnd(&par::SeqOp(loops.back()).getBody().front());
    par::YieldOp::create(b, loc);
  }
  for (par::SeqOp loop : loops.drop_front()) {
    b.setInsertionPointToEnd(loop->getBlock());
    par::YieldOp::create(b, loc, loop.getResults());
  }
  b.setInsertionPointAfter(par::SeqOp(loops.front()));
}

// ---- lists -------------------------------------------------------------------------------------

void ParLowering::lowerList(tx::ListOp op) {
  Location loc = op.getLoc();
  Place out = placeOf(op.getResult());
  for (auto [i, element] : llvm::enumerate(op.getElements()))
    deliver(element, {out.buffer, out.at(constantIndex(loc, i))}, loc);
  dead.push_back(op);
}

} // namespace texpr

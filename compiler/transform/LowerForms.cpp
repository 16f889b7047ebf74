// lower-to-par, the forms that make values: compute, reduce, list (see LowerToPar.cpp).
//
//   compute   a forall whose body stores what the lambda yields
//   reduce    par.reduce on scalars; on tensors an accumulator buffer and a seq that combines
//             element by element, a term that is marked `inline` as it is made
//   list      stores
//
// What must hold: an accumulated buffer is never the destination of the value that is
// made from it.
#include "compiler/transform/LowerToPar.h"
#include "dialects/par/Combine.h"
#include "dialects/plan/Plan.h"
#include "dialects/tx/Cluster.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr {

par::ForallOp ParLowering::forallIn(Location loc, ValueRange lower, ValueRange upper,
                                    ArrayAttr axes, bool isDisjoint, IndexBody body) {
  auto forall = par::ForallOp::create(b, loc, lower, upper, axes, StringAttr(), UnitAttr(),
                                      isDisjoint ? b.getUnitAttr() : UnitAttr());
  OpBuilder::InsertionGuard guard(b);
  Block *block =
      b.createBlock(&forall.getBody(), {}, SmallVector<Type>(upper.size(), b.getIndexType()),
                    SmallVector<Location>(upper.size(), loc));
  body(block->getArguments());
  b.setInsertionPointToEnd(block);
  par::YieldOp::create(b, loc);
  return forall;
}

par::ForallOp ParLowering::forallOver(Location loc, ValueRange ext, IndexBody body) {
  SmallVector<Value> zeros(ext.size(), ext.empty() ? Value() : constantIndex(loc, 0));
  SmallVector<Attribute> axes;
  for (size_t d = 0; d < ext.size(); ++d)
    axes.push_back(b.getStringAttr("e" + std::to_string(d)));
  return forallIn(loc, zeros, ext, b.getArrayAttr(axes), /*isDisjoint=*/false, body);
}

/// Each iteration is a task.
par::ForallOp ParLowering::tasksOver(Location loc, Value count, StringRef axis, bool isDisjoint,
                                     function_ref<void(Value)> body) {
  auto forall = forallIn(loc, constantIndex(loc, 0), count, b.getStrArrayAttr({axis}), isDisjoint,
                         [&](ValueRange args) { body(args[0]); });
  plan::setCount(forall, plan::grainName, 1);
  return forall;
}

/// Where an iteration's element stands: arg - lower.
SmallVector<Value> ParLowering::zeroBased(Location loc, ValueRange args, ValueRange lowers) {
  SmallVector<Value> index;
  for (auto [arg, lower] : llvm::zip(args, lowers))
    index.push_back(getConstantIntValue(lower) == 0
                        ? Value(arg)
                        : arith::SubIOp::create(b, loc, arg, lower).getResult());
  return index;
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

  b.setInsertionPointToStart(&body);
  SmallVector<Value> index = zeroBased(loc, body.getArguments(), op.getLower());
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

/// The compute whose elements are combined one by one as they are made, where the plan says so: all that the body yields, and
/// nothing else reads it.
static tx::ComputeOp inlinedTermOf(tx::ReduceOp op) {
  tx::ComputeOp term = tx::termOf(op);
  return term && plan::getStore(term) == plan::Store::inlined ? term : tx::ComputeOp();
}

/// The same without a buffer for the term: its loop combines what it makes.
void ParLowering::accumulateTerm(tx::ReduceOp op, tx::ComputeOp term, Value seen,
                                 ArrayRef<Place> into) {
  Location loc = term.getLoc();
  auto forall = par::ForallOp::create(b, loc, term.getLower(), term.getUpper(), term.getAxesAttr(),
                                      StringAttr(), UnitAttr(), UnitAttr());
  plan::copyPlan(term, forall);
  forall.getBody().takeBody(term.getBody());
  Block &body = forall.getBody().front();
  lowerBlock(body);
  Operation *yield = body.getTerminator();
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(yield);
  SmallVector<Value> index = zeroBased(loc, body.getArguments(), term.getLower()), old;
  for (const Place &acc : into)
    old.push_back(load(loc, acc, index));
  SmallVector<Value> combined = combine(op, seen, old, yield->getOperands());
  for (auto [v, acc, next] : llvm::zip(combined, into, yield->getOperands())) {
    if (auto sum = v.getDefiningOp<arith::AddFOp>(); sum && next.getDefiningOp<arith::MulFOp>())
      sum->setAttr("par.fuse", b.getUnitAttr()); // the licence of a reduction
    par::StoreOp::create(b, loc, v, acc.buffer, acc.at(index), Value());
  }
  par::YieldOp::create(b, loc);
  yield->erase();
  dead.push_back(term);
}

/// Fills the accumulators: the builtin's identity, or the user's where the domain is empty.
void ParLowering::startAccumulation(tx::ReduceOp op, ArrayRef<Place> outs) {
  Location loc = op.getLoc();
  bool isUser = op.getOp() == tx::Combine::user;
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
}

/// Moves the reduce's `where` to the end of the current block, behind it an `if` that hands `seen` on; the builder then stands in
/// the branch of the terms that count.
void ParLowering::enterWhere(tx::ReduceOp op, ValueRange ivs, Value seen) {
  Location loc = op.getLoc();
  Block &where = op.getWhereRegion().front();
  Operation *yield = where.getTerminator();
  Block *current = b.getInsertionBlock();
  current->getOperations().splice(current->end(), where.getOperations());
  for (auto [arg, iv] : llvm::zip(where.getArguments(), ivs))
    arg.replaceAllUsesWith(iv);
  for (Operation &nested : llvm::make_early_inc_range(*current))
    if (&nested != yield)
      lowerOp(&nested);
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

/// One seq an axis; a user's op also carries "something has been combined".
void ParLowering::lowerTensorReduce(tx::ReduceOp op) {
  Location loc = op.getLoc();
  keepExtents(op);
  SmallVector<Place> outs;
  for (Value result : op.getResults())
    outs.push_back(placeOf(result));
  startAccumulation(op, outs);
  Value seen;
  if (op.getOp() == tx::Combine::user)
    seen = arith::ConstantIntOp::create(b, loc, 0, 1);
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
  if (!op.getWhereRegion().empty())
    enterWhere(op, ivs, seen);
  tx::ComputeOp term = inlinedTermOf(op);
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
    if (nested != yield && nested != term)
      lowerOp(nested);
  b.setInsertionPoint(yield);
  if (term)
    accumulateTerm(op, term, seen, outs);
  else
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

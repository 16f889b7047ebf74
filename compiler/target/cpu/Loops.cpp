// cpu-loops: what is left to run serially becomes scf.for; scalars that a reduction or a seq
// carries become iter_args.
//
//   before: %s = par.reduce add (%j) = (%c0) to (%n) … { %v = …; par.yield %v : f32 } : f32
//   after:  %s = scf.for %j = %c0 to %n step %c1 iter_args(%acc = 0.0) { %v = …; %t = arith.addf
//   %acc, %v; scf.yield %t }
//
// A user's operator keeps index order, and its identity is the value of an empty domain alone: a
// flag beside the accumulators says whether there was a first value. A product that feeds the sum
// of a reduction is fused where the machine has fma (the language's licence; nothing else is
// contracted). Foralls at level `thread` stay for cpu-threads.
#include "compiler/target/cpu/Cpu.h"
#include "dialects/par/Combine.h"
#include "dialects/par/ParOps.h"

using namespace mlir;

namespace texpr::cpu {
#define GEN_PASS_DEF_CPULOOPS
#include "compiler/target/cpu/Passes.h.inc"

Value combineStep(OpBuilder &b, Location loc, Operation *reduceOp, Value acc, Value value,
                  bool mayFuse) {
  auto reduce = cast<par::ReduceOp>(reduceOp);
  Type element = getElementTypeOrSelf(value.getType());
  auto product = value.getDefiningOp<arith::MulFOp>();
  if (mayFuse && product && reduce.getOp() == tx::Combine::add &&
      (element.isF32() || element.isF64()))
    return math::FmaOp::create(b, loc, product.getLhs(), product.getRhs(), acc);
  return par::buildCombine(b, loc, reduce.getOp(), reduce.getIsUnsigned(), acc, value);
}

namespace {
struct LoopsPass : impl::CpuLoopsBase<LoopsPass> {
  using CpuLoopsBase::CpuLoopsBase;

  void runOnOperation() override {
    const Target *target = findMachine(getOperation(), machine);
    if (!target)
      return signalPassFailure();
    fma = target->fma;
    // Inner ones first, so a body is moved when it is already plain.
    SmallVector<Operation *> work;
    getOperation().walk([&](Operation *op) {
      auto forall = dyn_cast<par::ForallOp>(op);
      if (isa<par::SeqOp, par::ReduceOp>(op) || (forall && forall.getLevel() != "thread"))
        work.push_back(op);
    });
    for (Operation *op : work) {
      IRRewriter rewriter(op);
      if (auto seq = dyn_cast<par::SeqOp>(op))
        lowerSeq(seq, rewriter);
      else if (auto reduce = dyn_cast<par::ReduceOp>(op))
        lowerReduce(reduce, rewriter);
      else
        lowerForall(cast<par::ForallOp>(op), rewriter);
    }
  }

  bool fma = false;

  /// Index and carried values go round together, and the condition is asked before the body.
  void lowerWhile(par::SeqOp op, IRRewriter &b) {
    Location loc = op.getLoc();
    SmallVector<Value> inits = {op.getLower()};
    llvm::append_range(inits, op.getInits());
    SmallVector<Type> types(ValueRange(inits).getTypes());
    auto loop = scf::WhileOp::create(b, loc, types, inits);
    SmallVector<Location> locs(types.size(), loc);
    Block *before = b.createBlock(&loop.getBefore(), {}, types, locs);
    Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, before->getArgument(0),
                                         op.getUpper());
    auto asked = scf::IfOp::create(b, loc, TypeRange{b.getI1Type()}, inside,
                                   /*addThen=*/true, /*addElse=*/true);
    Block &condition = op.getWhileRegion().front();
    Operation *more = condition.getTerminator();
    b.inlineBlockBefore(&condition, &asked.getThenRegion().front(),
                        asked.getThenRegion().front().end(), before->getArguments());
    b.setInsertionPoint(more);
    b.replaceOpWithNewOp<scf::YieldOp>(more, more->getOperands());
    b.setInsertionPointToEnd(&asked.getElseRegion().front());
    scf::YieldOp::create(b, loc, arith::ConstantIntOp::create(b, loc, 0, 1).getResult());
    b.setInsertionPointToEnd(before);
    scf::ConditionOp::create(b, loc, asked.getResult(0), before->getArguments());
    Block *after = b.createBlock(&loop.getAfter(), {}, types, locs);
    par::YieldOp yield = op.getYield();
    b.inlineBlockBefore(op.getBlock(), after, after->end(), after->getArguments());
    b.setInsertionPoint(yield);
    SmallVector<Value> next = {arith::AddIOp::create(b, loc, after->getArgument(0),
                                                     arith::ConstantIndexOp::create(b, loc, 1))};
    llvm::append_range(next, yield.getValues());
    b.replaceOpWithNewOp<scf::YieldOp>(yield, next);
    b.replaceOp(op, loop.getResults().drop_front());
  }

  void lowerSeq(par::SeqOp op, IRRewriter &b) {
    if (op.hasWhile())
      return lowerWhile(op, b);
    Value one = arith::ConstantIndexOp::create(b, op.getLoc(), 1);
    auto loop = scf::ForOp::create(b, op.getLoc(), op.getLower(), op.getUpper(), one, op.getInits(),
                                   [](OpBuilder &, Location, Value, ValueRange) {});
    par::YieldOp yield = op.getYield();
    b.inlineBlockBefore(op.getBlock(), loop.getBody(), loop.getBody()->end(),
                        loop.getBody()->getArguments());
    b.setInsertionPoint(yield);
    b.replaceOpWithNewOp<scf::YieldOp>(yield, yield.getValues());
    b.replaceOp(op, loop.getResults());
  }

  /// A perfect nest; `body` gets the carried values in the innermost loop and gives the next ones.
  ValueRange buildNest(IRRewriter &b, Location loc, ValueRange lower, ValueRange upper,
                       ValueRange inits, SmallVector<Value> &indices,
                       function_ref<SmallVector<Value>(ValueRange)> body) {
    if (indices.size() == upper.size()) {
      SmallVector<Value> next = body(inits);
      scf::YieldOp::create(b, loc, next);
      return {};
    }
    unsigned axis = indices.size();
    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    auto loop = scf::ForOp::create(b, loc, lower[axis], upper[axis], one, inits,
                                   [](OpBuilder &, Location, Value, ValueRange) {});
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(loop.getBody());
    indices.push_back(loop.getInductionVar());
    ValueRange inner = buildNest(b, loc, lower, upper, loop.getRegionIterArgs(), indices, body);
    if (axis + 1 < upper.size())
      scf::YieldOp::create(b, loc, inner);
    return loop.getResults();
  }

  void lowerForall(par::ForallOp op, IRRewriter &b) {
    if (op.getUpper().empty()) { // runs once
      b.eraseOp(op.getBlock()->getTerminator());
      b.inlineBlockBefore(op.getBlock(), op);
      b.eraseOp(op);
      return;
    }
    SmallVector<Value> indices;
    buildNest(b, op.getLoc(), op.getLower(), op.getUpper(), {}, indices, [&](ValueRange) {
      Operation *yield = op.getBlock()->getTerminator();
      b.inlineBlockBefore(op.getBlock(), b.getInsertionBlock(), b.getInsertionBlock()->end(),
                          indices);
      b.eraseOp(yield);
      b.setInsertionPointToEnd(b.getInsertionBlock());
      return SmallVector<Value>();
    });
    b.eraseOp(op);
  }

  SmallVector<Value> initialValues(par::ReduceOp op, tx::CombinerOp combiner, IRRewriter &b) {
    SmallVector<Value> inits;
    if (combiner) {
      inits = par::inlineIdentity(b, combiner);
      if (inits.empty())
        for (Type type : op.getResultTypes())
          inits.push_back(arith::ConstantOp::create(b, op.getLoc(), b.getZeroAttr(type)));
      inits.push_back(arith::ConstantOp::create(b, op.getLoc(), b.getBoolAttr(false)));
      return inits;
    }
    for (Type type : op.getResultTypes())
      inits.push_back(par::buildIdentity(b, op.getLoc(), op.getOp(), op.getIsUnsigned(), type));
    return inits;
  }

  SmallVector<Value> combine(par::ReduceOp op, tx::CombinerOp combiner, ValueRange acc,
                             ValueRange values, IRRewriter &b) {
    Location loc = op.getLoc();
    SmallVector<Value> next;
    if (!combiner) {
      for (auto [a, v] : llvm::zip_equal(acc, values))
        next.push_back(combineStep(b, loc, op, a, v, fma && v.hasOneUse()));
      return next;
    }
    auto choice = scf::IfOp::create(b, loc, values.getTypes(), acc.back(), /*withElseRegion=*/true);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToEnd(&choice.getThenRegion().front());
      scf::YieldOp::create(b, loc, par::inlineCombiner(b, combiner, acc.drop_back(), values));
      b.setInsertionPointToEnd(&choice.getElseRegion().front());
      scf::YieldOp::create(b, loc, values);
    }
    next.append(choice.result_begin(), choice.result_end());
    next.push_back(arith::ConstantOp::create(b, loc, b.getBoolAttr(true)));
    return next;
  }

  /// The body at the end of the current block, then one step of the operator.
  SmallVector<Value> oneTerm(par::ReduceOp op, tx::CombinerOp combiner, ValueRange indices,
                             ValueRange acc, IRRewriter &b) {
    par::YieldOp yield = op.getYield();
    b.inlineBlockBefore(op.getBlock(), b.getInsertionBlock(), b.getInsertionBlock()->end(),
                        indices);
    b.setInsertionPoint(yield);
    SmallVector<Value> next = combine(op, combiner, acc, yield.getValues(), b);
    Block *block = yield->getBlock();
    b.eraseOp(yield);
    b.setInsertionPointToEnd(block);
    return next;
  }

  SmallVector<Value> guardedTerm(par::ReduceOp op, tx::CombinerOp combiner, ValueRange indices,
                                 ValueRange acc, IRRewriter &b) {
    Block *where = &op.getWhereRegion().front();
    auto yield = cast<par::YieldOp>(where->getTerminator());
    b.inlineBlockBefore(where, b.getInsertionBlock(), b.getInsertionBlock()->end(), indices);
    Value condition = yield.getValues()[0];
    b.eraseOp(yield);
    b.setInsertionPointToEnd(b.getInsertionBlock());
    auto choice =
        scf::IfOp::create(b, op.getLoc(), acc.getTypes(), condition, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&choice.getThenRegion().front());
    SmallVector<Value> next = oneTerm(op, combiner, indices, acc, b);
    scf::YieldOp::create(b, op.getLoc(), next);
    b.setInsertionPointToEnd(&choice.getElseRegion().front());
    scf::YieldOp::create(b, op.getLoc(), acc);
    return SmallVector<Value>(choice.getResults());
  }

  void lowerReduce(par::ReduceOp op, IRRewriter &b) {
    tx::CombinerOp combiner;
    if (op.getOp() == tx::Combine::user)
      combiner = SymbolTable::lookupNearestSymbolFrom<tx::CombinerOp>(op, op.getCombinerAttr());
    SmallVector<Value> inits = initialValues(op, combiner, b), indices;
    ValueRange results = buildNest(
        b, op.getLoc(), op.getLower(), op.getUpper(), inits, indices, [&](ValueRange acc) {
          return op.hasWhere() ? guardedTerm(op, combiner, indices, acc, b)
                               : oneTerm(op, combiner, indices, acc, b);
        });
    b.replaceOp(op, results.take_front(op.getNumResults()));
  }
};
} // namespace
} // namespace texpr::cpu

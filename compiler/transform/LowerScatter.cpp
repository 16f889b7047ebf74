// lower-to-par, scatter: the start, then a loop over the domain that changes the places.
//
//   %h = tx.scatter [%k] by add over (%i) = 0 to %n { tx.yield %p, %w }
//   →  par.forall (%e0) { par.store 0, %h[%e0] }
//      par.seq (%i) = 0 to %n { %o = par.load %h[%p]  par.store (%o + %w), %h[%p] }
//
// Distinct places without an operator are stored to by a forall. Else plan.algo says how it is done:
//   serial   in the order of the indices, on one thread, which a float sum depends on
//   owners   tasks own ranges of the places; each walks all indices in their order and puts what is its own:
//            the bits of the order, on any number of threads (ScatterOwners.cpp)
//   copies   where every order gives the same bits (integers, minima, maxima): chunks of the first axis fill
//            copies of their own, which are merged in their order
// How many owners or copies there are is asked of the dims; fewer than two are the serial loop. A place that is not
// known to lie inside is tested by one unsigned comparison an axis; a second put by a flag a place. A user's operator keeps a
// flag a place too: its identity is the value of places where nothing is put, and combined with nothing.
#include "compiler/transform/LowerToPar.h"
#include "dialects/par/Combine.h"
#include "dialects/par/Iteration.h"
#include "dialects/plan/Plan.h"
#include "dialects/tx/Ways.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr {

SmallVector<Value> ParLowering::inlineRegion(Region &region, ValueRange args) {
  Block &from = region.front();
  for (auto [arg, v] : llvm::zip_equal(from.getArguments(), args))
    arg.replaceAllUsesWith(v);
  Operation *terminator = from.getTerminator();
  Block *into = b.getInsertionBlock();
  Block::iterator at = b.getInsertionPoint();
  SmallVector<Operation *> moved;
  for (Operation &op : from.without_terminator())
    moved.push_back(&op);
  for (Operation *op : moved)
    op->moveBefore(into, at);
  for (Operation *op : moved)
    lowerOp(op);
  b.setInsertionPoint(into, at);
  SmallVector<Value> yielded(terminator->getOperands());
  terminator->erase();
  return yielded;
}

static bool isUser(tx::ScatterOp op) { return op.getOp() == tx::Combine::user; }

/// A flag a place: something was put there.
static bool needsFlags(tx::ScatterOp op) {
  return op.getOp() ? isUser(op) && op.getBase().empty() : !op.getDistinct();
}

static Value zeroOf(OpBuilder &b, Location loc, Type type) {
  return arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
}

static Type elementOf(const Place &place) {
  return cast<par::BufType>(place.buffer.getType()).getElementType();
}

/// Why its loop goes in order, on one thread.
static const char *whyInOrder(tx::ScatterOp op) {
  if (tx::hasAnyOrder(op))
    return "on one thread";
  if (!op.getOp())
    return "on one thread, as each place is tested to be put at once";
  return isUser(op) ? "on one thread, as a user's operator is"
                    : "on one thread, as the sums at one place have an order";
}

/// Nested loops in order; the insertion point is inside, `args` are the indices.
void ParLowering::openSeqs(tx::ScatterOp op, ValueRange lowers, ValueRange uppers,
                           SmallVectorImpl<Value> &args) {
  Location loc = op.getLoc();
  for (auto [d, lower, upper] : llvm::enumerate(lowers, uppers)) {
    auto seq = par::SeqOp::create(b, loc, TypeRange(), lower, upper, ValueRange(),
                                  cast<StringAttr>(op.getAxes()[d]));
    if (d == 0)
      plan::copyPlan(op, seq);
    Block *body = b.createBlock(&seq.getBody(), {}, b.getIndexType(), loc);
    args.push_back(body->getArgument(0));
    b.setInsertionPoint(par::YieldOp::create(b, loc));
  }
}

/// Opens the loops over the domain of a scatter that is done in order, or needs none.
void ParLowering::openLoops(tx::ScatterOp op, SmallVectorImpl<Value> &args) {
  if (!tx::needsNoOrder(op)) {
    openSeqs(op, op.getLower(), op.getUpper(), args);
    if (isa<par::KernelOp>(op->getParentOp()))
      plan::setWhy(args[0].getParentBlock()->getParentOp(), whyInOrder(op));
    return;
  }
  Location loc = op.getLoc();
  auto forall = par::ForallOp::create(b, loc, op.getLower(), op.getUpper(), op.getAxesAttr(),
                                      StringAttr(), UnitAttr(), b.getUnitAttr());
  plan::copyPlan(op, forall);
  SmallVector<Type> types(op.getNumAxes(), b.getIndexType());
  Block *body =
      b.createBlock(&forall.getBody(), {}, types, SmallVector<Location>(types.size(), loc));
  args.append(body->args_begin(), body->args_end());
  b.setInsertionPoint(par::YieldOp::create(b, loc));
}

/// Goes on inside an `if`.
static void openIf(OpBuilder &b, Location loc, Value condition) {
  auto choice = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
  b.setInsertionPoint(choice.thenBlock()->getTerminator());
}

/// Whether the place lies inside, where that is not known.
Value ParLowering::isInside(tx::ScatterOp op, ValueRange at, ValueRange args) {
  Location loc = op.getLoc();
  if (op.getInBounds())
    return {};
  Value inside;
  for (auto [index, extent] : llvm::zip_equal(at, op.getExtents())) {
    Value ok = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, index, extent);
    inside = inside ? arith::AndIOp::create(b, loc, inside, ok).getResult() : ok;
  }
  if (!op.getSkip()) {
    Value yes = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
    par::FailOp::create(b, loc, arith::XOrIOp::create(b, loc, inside, yes), op.getSiteAttr(),
                        par::rowMajor(b, loc, args, op.getUpper()));
  }
  return inside;
}

/// Old values and new ones to what stands at a place; `seen` says whether there are old ones.
static SmallVector<Value> combined(OpBuilder &b, tx::ScatterOp op, Value seen, ValueRange old,
                                   ValueRange next) {
  Location loc = op.getLoc();
  SmallVector<Value> out;
  if (!isUser(op)) {
    for (auto [x, y] : llvm::zip_equal(old, next))
      out.push_back(par::buildCombine(b, loc, *op.getOp(), op.getIsUnsigned(), x, y));
    return out;
  }
  auto combiner = SymbolTable::lookupNearestSymbolFrom<tx::CombinerOp>(op, op.getCombinerAttr());
  for (auto [x, y] : llvm::zip_equal(par::inlineCombiner(b, combiner, old, next), next))
    out.push_back(seen ? arith::SelectOp::create(b, loc, seen, x, y).getResult() : x);
  return out;
}

void ParLowering::startScatter(tx::ScatterOp op, ArrayRef<Place> outs) {
  Location loc = op.getLoc();
  SmallVector<Value> identity;
  if (isUser(op) && op.getBase().empty())
    identity = par::inlineIdentity(
        b, SymbolTable::lookupNearestSymbolFrom<tx::CombinerOp>(op, op.getCombinerAttr()));
  for (auto [i, out] : llvm::enumerate(outs)) {
    SmallVector<Value> ext = extents(op.getResult(i));
    if (!op.getBase().empty()) {
      copyTo(places.lookup(op.getBase()[i]), out, ext, loc);
      continue;
    }
    Type element = elementOf(out);
    Value start = isUser(op) ? identity[i]
                  : op.getOp()
                      ? par::buildIdentity(b, loc, *op.getOp(), op.getIsUnsigned(), element)
                      : zeroOf(b, loc, element);
    forallOver(loc, ext, [&](ValueRange indices) {
      par::StoreOp::create(b, loc, start, out.buffer, out.at(indices), Value());
    });
  }
}

/// What is put at `at` changes the results there.
void ParLowering::putValues(tx::ScatterOp op, ArrayRef<Place> outs, Value seen, ValueRange at,
                            ValueRange values) {
  Location loc = op.getLoc();
  bool haveTensors = llvm::any_of(values, isTensor);
  auto putElement = [&](ArrayRef<unsigned> which, ValueRange inner) {
    SmallVector<Value> old, next;
    SmallVector<SmallVector<Value>> where;
    for (unsigned i : which) {
      SmallVector<Value> indices(at);
      llvm::append_range(indices, inner);
      where.push_back(outs[i].at(indices));
      if (op.getOp())
        old.push_back(par::LoadOp::create(b, loc, elementOf(outs[i]), outs[i].buffer, where.back(),
                                          Value(), Value()));
      next.push_back(isTensor(values[i]) ? load(loc, places.lookup(values[i]), inner) : values[i]);
    }
    if (op.getOp())
      next = combined(b, op, seen, old, next);
    for (auto [k, i] : llvm::enumerate(which))
      par::StoreOp::create(b, loc, next[k], outs[i].buffer, where[k], Value());
  };
  if (isUser(op) || !haveTensors) { // leaves of one shape
    SmallVector<unsigned> all = llvm::to_vector(llvm::seq<unsigned>(0, values.size()));
    if (!haveTensors)
      return putElement(all, {});
    forallOver(loc, extents(values[0]), [&](ValueRange inner) { putElement(all, inner); });
    return;
  }
  for (unsigned i = 0; i < values.size(); ++i) {
    if (!isTensor(values[i]))
      putElement({i}, {});
    else
      forallOver(loc, extents(values[i]), [&](ValueRange inner) { putElement({i}, inner); });
  }
}

/// One index of the domain.
void ParLowering::scatterInto(tx::ScatterOp op, ArrayRef<Place> outs, const Place &flags,
                              ValueRange args) {
  Location loc = op.getLoc();
  if (op.hasWhere())
    openIf(b, loc, inlineRegion(op.getWhereRegion(), args)[0]);
  SmallVector<Value> yielded = inlineRegion(op.getBody(), args);
  if (Value inside = isInside(op, ValueRange(yielded).take_front(op.getExtents().size()), args))
    openIf(b, loc, inside);
  putTerm(op, outs, flags, yielded, args);
}

/// What the body has yielded goes to its place, which lies inside.
void ParLowering::putTerm(tx::ScatterOp op, ArrayRef<Place> outs, const Place &flags,
                          ValueRange yielded, ValueRange args) {
  Location loc = op.getLoc();
  ValueRange at = yielded.take_front(op.getExtents().size());
  Value seen;
  if (flags.buffer) {
    seen = load(loc, flags, at);
    Value yes = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
    par::StoreOp::create(b, loc, yes, flags.buffer, at, Value());
    if (!op.getOp())
      par::FailOp::create(b, loc, seen, op.getSiteAttr(),
                          par::rowMajor(b, loc, args, op.getUpper()));
  }
  putValues(op, outs, seen, at, yielded.drop_front(at.size()));
}

/// A flag a place, none of them set; no buffer where nothing asks for them.
Place ParLowering::clearedFlags(tx::ScatterOp op) {
  Location loc = op.getLoc();
  Place flags;
  if (!needsFlags(op))
    return flags;
  SmallVector<Value> ext(op.getExtents());
  flags.buffer =
      par::AllocOp::create(b, loc, par::BufType::get(b.getContext(), ext.size(), b.getI1Type()),
                           ext, StringAttr(), b.getStringAttr("put"), UnitAttr());
  Value no = arith::ConstantOp::create(b, loc, b.getBoolAttr(false));
  forallOver(loc, ext, [&](ValueRange indices) {
    par::StoreOp::create(b, loc, no, flags.buffer, indices, Value());
  });
  return flags;
}

void ParLowering::scatterInOrder(tx::ScatterOp op, ArrayRef<Place> outs) {
  startScatter(op, outs);
  Place flags = clearedFlags(op);
  SmallVector<Value> args;
  OpBuilder::InsertionGuard guard(b);
  openLoops(op, args);
  scatterInto(op, outs, flags, args);
}

/// The number of indices of the domain.
Value ParLowering::termsOf(tx::ScatterOp op) {
  Location loc = op.getLoc();
  Value terms;
  for (auto [lower, upper] : llvm::zip_equal(op.getLower(), op.getUpper())) {
    Value length = arith::MaxSIOp::create(b, loc, b.createOrFold<arith::SubIOp>(loc, upper, lower),
                                          constantIndex(loc, 0));
    terms = terms ? b.createOrFold<arith::MulIOp>(loc, terms, length) : length;
  }
  return terms;
}

// ---- copies a chunk ----------------------------------------------------------------------------

/// Chunks of the first axis: each costs a start and a merge of all places.
Value ParLowering::copiesOf(tx::ScatterOp op) {
  Location loc = op.getLoc();
  auto number = [&](StringRef name) {
    return constantIndex(loc, plan::getAlgoNumber(op, name).value_or(1));
  };
  Value cost = constantIndex(loc, 2);
  for (Value extent : op.getExtents())
    cost = b.createOrFold<arith::MulIOp>(loc, cost, extent);
  cost = b.createOrFold<arith::AddIOp>(loc, cost, number("least"));
  Value count = arith::DivUIOp::create(b, loc, termsOf(op), cost);
  count = arith::MinSIOp::create(b, loc, count, number("tasks"));
  Value first = b.createOrFold<arith::SubIOp>(loc, op.getUpper()[0], op.getLower()[0]);
  first = arith::MaxSIOp::create(b, loc, first, constantIndex(loc, 0));
  return arith::MinSIOp::create(b, loc, count, first);
}

void ParLowering::scatterByCopies(tx::ScatterOp op, ArrayRef<Place> outs, Value chunks) {
  Location loc = op.getLoc();
  SmallVector<Place> copies;
  SmallVector<Value> ext = {chunks};
  llvm::append_range(ext, op.getExtents());
  for (const Place &out : outs) {
    Type element = elementOf(out);
    copies.push_back(
        {par::AllocOp::create(b, loc, par::BufType::get(b.getContext(), ext.size(), element), ext,
                              StringAttr(), b.getStringAttr("copies"), UnitAttr()),
         {}});
    Value start = par::buildIdentity(b, loc, *op.getOp(), op.getIsUnsigned(), element);
    forallOver(loc, ext, [&](ValueRange indices) {
      par::StoreOp::create(b, loc, start, copies.back().buffer, indices, Value());
    });
  }
  fillCopies(op, copies, chunks);
  mergeCopies(op, outs, copies, chunks);
}

void ParLowering::fillCopies(tx::ScatterOp op, ArrayRef<Place> copies, Value chunks) {
  Location loc = op.getLoc();
  Value lower = op.getLower()[0], upper = op.getUpper()[0], one = constantIndex(loc, 1);
  Value length = b.createOrFold<arith::SubIOp>(loc, upper, lower);
  Value size = b.createOrFold<arith::AddIOp>(
      loc, length, arith::SubIOp::create(b, loc, chunks, one).getResult());
  size = arith::DivUIOp::create(b, loc, size, chunks);
  tasksOver(loc, chunks, "copy", /*isDisjoint=*/true, [&](Value chunk) {
    Value begin = arith::AddIOp::create(b, loc, lower, arith::MulIOp::create(b, loc, chunk, size));
    Value end = arith::MinSIOp::create(b, loc, arith::AddIOp::create(b, loc, begin, size), upper);
    SmallVector<Value> args, lowers(op.getLower()), uppers(op.getUpper());
    lowers[0] = begin;
    uppers[0] = end;
    openSeqs(op, lowers, uppers, args);
    SmallVector<Place> own(copies);
    for (Place &copy : own)
      copy.prefix = {chunk};
    scatterInto(op, own, Place(), args);
  });
}

/// The start combined with all copies, in their order.
void ParLowering::mergeCopies(tx::ScatterOp op, ArrayRef<Place> outs, ArrayRef<Place> copies,
                              Value chunks) {
  Location loc = op.getLoc();
  for (auto [i, out] : llvm::enumerate(outs)) {
    Type element = elementOf(out);
    forallOver(loc, SmallVector<Value>(op.getExtents()), [&](ValueRange at) {
      auto sum =
          par::ReduceOp::create(b, loc, TypeRange{element}, ValueRange{constantIndex(loc, 0)},
                                ValueRange{chunks}, *op.getOp(), FlatSymbolRefAttr(),
                                op.getIsUnsigned(), b.getStrArrayAttr({"copy"}), StringAttr());
      {
        OpBuilder::InsertionGuard guard(b);
        Block *body = b.createBlock(&sum.getBody(), {}, b.getIndexType(), loc);
        SmallVector<Value> indices = {body->getArgument(0)};
        llvm::append_range(indices, at);
        par::YieldOp::create(b, loc, load(loc, copies[i], indices));
      }
      Value v = sum.getResult(0);
      if (!op.getBase().empty())
        v = par::buildCombine(b, loc, *op.getOp(), op.getIsUnsigned(),
                              load(loc, places.lookup(op.getBase()[i]), at), v);
      par::StoreOp::create(b, loc, v, out.buffer, out.at(at), Value());
    });
  }
}

/// In `tasks` where the dims ask for more than one, else in order.
void ParLowering::scatterByDims(tx::ScatterOp op, ArrayRef<Place> outs, Value tasks,
                                function_ref<void(Value)> inTasks) {
  Location loc = op.getLoc();
  Value one = constantIndex(loc, 1);
  Value areSeveral = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt, tasks, one);
  Value several = arith::SelectOp::create(b, loc, areSeveral, tasks, one);
  auto choice = scf::IfOp::create(b, loc, areSeveral, /*withElseRegion=*/true);
  b.setInsertionPointToStart(choice.elseBlock());
  tx::ScatterOp inOrder = cloneScatter(op);
  b.setInsertionPoint(inOrder);
  scatterInOrder(inOrder, outs);
  b.setInsertionPoint(choice.thenBlock()->getTerminator());
  inTasks(several);
}

/// A copy at the insertion point, which is erased in the end.
tx::ScatterOp ParLowering::cloneScatter(tx::ScatterOp op) {
  auto copy = cast<tx::ScatterOp>(b.clone(*op));
  dead.push_back(copy);
  OpBuilder::InsertionGuard guard(b);
  copy->walk([&](Operation *inner) {
    b.setInsertionPoint(inner);
    keepExtents(inner);
  });
  return copy;
}

void ParLowering::lowerScatter(tx::ScatterOp op) {
  keepExtents(op);
  SmallVector<Place> outs;
  for (Value result : op.getResults())
    outs.push_back(placeOf(result));
  dead.push_back(op);
  StringRef algo = plan::getAlgo(op);
  if (algo == "copies" && tx::hasAnyOrder(op))
    scatterByDims(op, outs, copiesOf(op), [&](Value n) { scatterByCopies(op, outs, n); });
  else if (algo == "owners" && tx::mayHaveOwners(op))
    scatterByDims(op, outs, ownersOf(op), [&](Value n) { scatterByOwners(op, outs, n); });
  else
    scatterInOrder(op, outs);
}

} // namespace texpr

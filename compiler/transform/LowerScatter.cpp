// lower-to-par, scatter: the start, then a loop over the domain that changes the places.
//
//   %h = tx.scatter [%k] by add over (%i) = 0 to %n { tx.yield %p, %w }
//   →  par.forall (%e0) { par.store 0, %h[%e0] }
//      par.seq (%i) = 0 to %n { %o = par.load %h[%p]  par.store (%o + %w), %h[%p] }
//
// Distinct places without an operator are stored to by a forall; all else goes in the order of the
// indices, which a float sum depends on. A place that is not known to lie inside is tested by one
// unsigned comparison an axis; a second put by a flag a place. A user's operator keeps a flag a
// place too: its identity is the value of places where nothing is put, and combined with nothing.
#include "compiler/transform/LowerToPar.h"
#include "dialects/par/Combine.h"
#include "dialects/plan/Plan.h"
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

/// Opens the loops over the domain; the insertion point is inside, `args` are the indices.
static void openLoops(OpBuilder &b, tx::ScatterOp op, bool isParallel,
                      SmallVectorImpl<Value> &args) {
  Location loc = op.getLoc();
  Type index = b.getIndexType();
  if (isParallel) {
    auto forall = par::ForallOp::create(b, loc, op.getLower(), op.getUpper(), op.getAxesAttr(),
                                        StringAttr(), UnitAttr(), UnitAttr());
    plan::copyPlan(op, forall);
    forall.setDisjoint(true);
    Block *body = b.createBlock(&forall.getBody(), {}, SmallVector<Type>(op.getNumAxes(), index),
                                SmallVector<Location>(op.getNumAxes(), loc));
    args.append(body->args_begin(), body->args_end());
    b.setInsertionPoint(par::YieldOp::create(b, loc));
    return;
  }
  for (auto [d, lower, upper] : llvm::enumerate(op.getLower(), op.getUpper())) {
    auto seq = par::SeqOp::create(b, loc, TypeRange(), lower, upper, ValueRange(),
                                  cast<StringAttr>(op.getAxes()[d]));
    if (d == 0)
      plan::copyPlan(op, seq);
    Block *body = b.createBlock(&seq.getBody(), {}, index, loc);
    args.push_back(body->getArgument(0));
    b.setInsertionPoint(par::YieldOp::create(b, loc));
  }
}

/// Goes on inside an `if`.
static void openIf(OpBuilder &b, Location loc, Value condition) {
  auto choice = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
  b.setInsertionPoint(choice.thenBlock()->getTerminator());
}

/// Whether the place lies inside, where that is not known.
static Value testPlace(OpBuilder &b, Location loc, tx::ScatterOp op, ValueRange at) {
  if (op.getInBounds())
    return {};
  Value inside;
  for (auto [index, extent] : llvm::zip_equal(at, op.getExtents())) {
    Value ok = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, index, extent);
    inside = inside ? arith::AndIOp::create(b, loc, inside, ok).getResult() : ok;
  }
  if (!op.getSkip()) {
    Value yes = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
    par::FailOp::create(b, loc, arith::XOrIOp::create(b, loc, inside, yes), op.getSiteAttr());
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

void ParLowering::lowerScatter(tx::ScatterOp op) {
  Location loc = op.getLoc();
  keepExtents(op);
  SmallVector<Place> outs;
  for (Value result : op.getResults())
    outs.push_back(placeOf(result));
  startScatter(op, outs);
  Place flags;
  if (needsFlags(op)) {
    SmallVector<Value> ext(op.getExtents());
    flags.buffer =
        par::AllocOp::create(b, loc, par::BufType::get(b.getContext(), ext.size(), b.getI1Type()),
                             ext, StringAttr(), b.getStringAttr("put"), UnitAttr());
    Value no = arith::ConstantOp::create(b, loc, b.getBoolAttr(false));
    forallOver(loc, ext, [&](ValueRange indices) {
      par::StoreOp::create(b, loc, no, flags.buffer, indices, Value());
    });
  }
  SmallVector<Value> args;
  openLoops(b, op, !op.getOp() && op.getDistinct(), args);
  if (op.hasWhere())
    openIf(b, loc, inlineRegion(op.getWhereRegion(), args)[0]);
  SmallVector<Value> yielded = inlineRegion(op.getBody(), args);
  ValueRange at = ValueRange(yielded).take_front(op.getExtents().size());
  ValueRange values = ValueRange(yielded).drop_front(op.getExtents().size());
  if (Value inside = testPlace(b, loc, op, at))
    openIf(b, loc, inside);
  Value seen;
  if (flags.buffer) {
    seen = load(loc, flags, at);
    Value yes = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
    par::StoreOp::create(b, loc, yes, flags.buffer, at, Value());
    if (!op.getOp())
      par::FailOp::create(b, loc, seen, op.getSiteAttr());
  }
  putValues(op, outs, seen, at, values);
  dead.push_back(op);
}

} // namespace texpr

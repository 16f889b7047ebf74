// lower-to-par, scatter by owners: tasks own ranges of the places, and every task walks all indices in their order.
//
//   par.forall (%owner) = 0 to %owners {
//     par.seq (%block) { par.seq (%i) of the block, with %count { mine[%count] = %i; %count + (%p is between the borders) }
//                        par.seq (%e) = 0 to %count { put the term of mine[%e] } } }
//
// All terms of a place are put by one task, in their order: the bits are those of one thread. Which terms are its own is not to
// be guessed by a branch, so the indices of a block of the last axis are noted first, each behind the last one that is, and
// what is put is only made for those. To find a place, what it takes of the body is evaluated again (tx::opsOfPlace), under the
// form's condition. A place outside is nobody's; its failure is recorded by everybody, which is one failure.
#include "compiler/transform/LowerToPar.h"
#include "dialects/plan/Plan.h"
#include "dialects/tx/Ways.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr {

/// All places, linear.
Value ParLowering::placesOf(tx::ScatterOp op) {
  Value all = constantIndex(op.getLoc(), 1);
  for (Value extent : op.getExtents())
    all = b.createOrFold<arith::MulIOp>(op.getLoc(), all, extent);
  return all;
}

/// As many as the work of a term pays for, each of which walks past the terms of the others, and as all terms pay for. A table that
/// no cache holds makes a put cost more.
Value ParLowering::ownersOf(tx::ScatterOp op) {
  Location loc = op.getLoc();
  auto number = [&](StringRef name) {
    return constantIndex(loc, plan::getAlgoNumber(op, name).value_or(1));
  };
  auto lesser = [&](Value x, Value y) { return b.createOrFold<arith::MinSIOp>(loc, x, y); };
  auto product = [&](Value x, Value y) { return b.createOrFold<arith::MulIOp>(loc, x, y); };
  Value elements = constantIndex(loc, 0);
  for (Value result : op.getResults()) {
    SmallVector<Value> all = extents(result);
    Value count = constantIndex(loc, 1);
    for (Value extent : ArrayRef<Value>(all).drop_front(op.getExtents().size()))
      count = product(count, extent);
    elements = b.createOrFold<arith::AddIOp>(loc, elements, count);
  }
  Value isFar = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt,
                                      product(placesOf(op), elements), number("far"));
  // More than so many elements ask for all owners in any case, and their work stays in 64 bits.
  Value work = product(lesser(elements, constantIndex(loc, int64_t(1) << 30)), number("work"));
  Value more = b.createOrFold<arith::AddIOp>(loc, work, number("miss"));
  work = arith::SelectOp::create(b, loc, isFar, more, work);
  Value owners = arith::DivUIOp::create(b, loc, work, number("walk"));
  Value enough = arith::DivUIOp::create(b, loc, termsOf(op), number("least"));
  return lesser(lesser(owners, enough), number("tasks"));
}

/// A copy of the form whose body finds the place, and nothing else.
tx::ScatterOp ParLowering::walkOf(tx::ScatterOp op) {
  tx::ScatterOp walk = cloneScatter(op);
  SmallVector<Operation *> needed = tx::opsOfPlace(walk), others;
  walk.getYield()->setOperands(SmallVector<Value>(walk.getPlace()));
  for (Operation &inner : walk.getBlock()->without_terminator())
    if (!llvm::is_contained(needed, &inner))
      others.push_back(&inner);
  for (Operation *inner : llvm::reverse(others))
    inner->erase();
  return walk;
}

/// Whether the index has a term, whose place is of this task: one unsigned comparison of the linear place.
Value ParLowering::isOwned(tx::ScatterOp walk, ValueRange args, const Owned &owned) {
  Location loc = walk.getLoc();
  auto isBetween = [&]() -> Value {
    SmallVector<Value> at = bodyAt(*walk.getBlock(), args);
    Value place = at[0];
    for (auto [index, extent] :
         llvm::zip_equal(ArrayRef<Value>(at).drop_front(), walk.getExtents().drop_front())) {
      place = arith::MulIOp::create(b, loc, place, extent);
      place = arith::AddIOp::create(b, loc, place, index);
    }
    Value inside = isInside(walk, at, args);
    Value from = arith::SubIOp::create(b, loc, place, owned.begin);
    Value length = arith::SubIOp::create(b, loc, owned.end, owned.begin);
    Value own = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, from, length);
    return inside ? arith::AndIOp::create(b, loc, inside, own).getResult() : own;
  };
  if (!walk.hasWhere())
    return isBetween();
  Value holds = bodyAt(walk.getWhereRegion().front(), args)[0];
  auto choice = scf::IfOp::create(b, loc, TypeRange{b.getI1Type()}, holds, /*addThenBlock=*/true,
                                  /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(&choice.getThenRegion().front());
  Value own = isBetween();
  scf::YieldOp::create(b, loc, own);
  b.setInsertionPointToEnd(&choice.getElseRegion().front());
  Value no = arith::ConstantOp::create(b, loc, b.getBoolAttr(false));
  scf::YieldOp::create(b, loc, no);
  return choice.getResult(0);
}

void ParLowering::scatterByOwners(tx::ScatterOp op, ArrayRef<Place> outs, Value owners) {
  Location loc = op.getLoc();
  startScatter(op, outs);
  Place flags = clearedFlags(op);
  Value all = placesOf(op);
  tx::ScatterOp walk = walkOf(op);
  auto border = [&](Value owner) -> Value {
    return arith::DivUIOp::create(b, loc, arith::MulIOp::create(b, loc, owner, all), owners);
  };
  tasksOver(loc, owners, "owner", /*isDisjoint=*/true, [&](Value owner) {
    Value next = arith::AddIOp::create(b, loc, owner, constantIndex(loc, 1));
    putOwn(op, walk, outs, flags, Owned{border(owner), border(next)});
  });
}

/// All that one task does.
void ParLowering::putOwn(tx::ScatterOp op, tx::ScatterOp walk, ArrayRef<Place> outs,
                         const Place &flags, const Owned &owned) {
  Location loc = op.getLoc();
  StringRef axis = cast<StringAttr>(op.getAxes()[op.getNumAxes() - 1]).getValue();
  Value block = constantIndex(loc, plan::getAlgoNumber(op, "block").value_or(256));
  Value zero = constantIndex(loc, 0), one = constantIndex(loc, 1);
  Place mine{par::AllocOp::create(b, loc, par::BufType::get(b.getContext(), 1, b.getI64Type()),
                                  block, StringAttr(), b.getStringAttr("mine"), UnitAttr()),
             {}};
  SmallVector<Value> outer;
  openSeqs(op, op.getLower().drop_back(), op.getUpper().drop_back(), outer);
  Value lower = op.getLower().back(), upper = op.getUpper().back();
  Value last = arith::AddIOp::create(b, loc, sizeOf(loc, lower, upper),
                                     arith::SubIOp::create(b, loc, block, one));
  auto argsAt = [&](Value i) {
    SmallVector<Value> args(outer);
    args.push_back(i);
    return args;
  };
  Value blocks = arith::DivUIOp::create(b, loc, last, block);
  chain(loc, zero, blocks, "block", {}, [&](Value number, ValueRange) -> SmallVector<Value> {
    Value from = arith::AddIOp::create(b, loc, lower, arith::MulIOp::create(b, loc, number, block));
    Value to = arith::MinSIOp::create(b, loc, arith::AddIOp::create(b, loc, from, block), upper);
    auto note = [&](Value i, ValueRange so) -> SmallVector<Value> {
      deliver(i, {mine.buffer, {so[0]}}, loc);
      Value own = isOwned(walk, argsAt(i), owned);
      Value more = arith::AddIOp::create(b, loc, so[0], one);
      return {arith::SelectOp::create(b, loc, own, more, so[0]).getResult()};
    };
    Value count = chain(loc, from, to, axis, zero, note)[0];
    chain(loc, zero, count, "own", {}, [&](Value e, ValueRange) -> SmallVector<Value> {
      Value noted = load(loc, mine, e);
      SmallVector<Value> args =
          argsAt(arith::IndexCastOp::create(b, loc, b.getIndexType(), noted).getResult());
      putTerm(op, outs, flags, inlineRegion(op.getBody(), args), args);
      return {};
    });
    return {};
  });
}

} // namespace texpr

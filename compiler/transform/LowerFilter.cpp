// lower-to-par, filter: kept elements behind each other, and how many they are.
//
//   inside a form      par.seq that carries the number so far:  if c { u[number] = e; number + 1 }
//   a kernel of its own, in chunks cut by the extents alone (LowerScan.cpp):
//     forall chunk { count[chunk] = number of kept in the chunk }
//     seq chunk    { count[chunk] = number of kept before it }
//     forall chunk { the loop above, from count[chunk] on }
// The buffer of what is kept has room for the whole domain: its leading extent is no stride, so the elements
// lie as densely as in a buffer of just the length. The length itself is put between 0 and the domain's size
// again, which changes nothing and tells every later stage its bound.
//
// Data decides what is kept, so a branch would be guessed wrongly half of the time: where the body can be evaluated
// anyway, each element is stored behind the last one and counted only if it is kept. A chunk stops storing where
// the next one's elements begin.
#include "compiler/transform/LowerToPar.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr {

/// The form that finds a length and makes a value with it: a filter, or a `for` with a condition;
/// itself or inside the kernel that the value leaves.
static Operation *finderOf(Value v) {
  Operation *def = v.getDefiningOp();
  if (auto kernel = dyn_cast_or_null<tx::KernelOp>(def); kernel && !kernel.getBody().empty())
    return finderOf(kernel.getYield().getValues()[cast<OpResult>(v).getResultNumber()]);
  auto loop = dyn_cast_or_null<tx::ForOp>(def);
  bool isFound =
      loop ? loop.hasWhile() && cast<OpResult>(v).getResultNumber() >= loop.getInits().size()
           : isa_and_nonnull<tx::FilterOp>(def);
  return isFound ? def : nullptr;
}

/// The length that `finder` finds is at most this.
Value ParLowering::mostFound(Operation *finder) {
  if (auto filter = dyn_cast<tx::FilterOp>(finder))
    return sizeOf(filter.getLoc(), filter.getLower(), filter.getUpper());
  auto loop = cast<tx::ForOp>(finder);
  return sizeOf(loop.getLoc(), ValueRange(loop.getLower()), ValueRange(loop.getUpper()));
}

/// Extents that hold whatever is kept; nothing where `v` is no tensor of a length that is found.
std::optional<SmallVector<Value>> ParLowering::roomOf(Value v) {
  Operation *finder = finderOf(v);
  if (!finder || !isTensor(v))
    return std::nullopt;
  SmallVector<Value> room = extents(v);
  room[0] = mostFound(finder);
  return room;
}

/// The bound of a length that is found, where `v` is one.
std::optional<Value> ParLowering::mostOf(Value v) {
  Operation *finder = finderOf(v);
  if (!finder || isTensor(v))
    return std::nullopt;
  return mostFound(finder);
}

Value ParLowering::within(Location loc, Value number, Value most) {
  number = arith::MinSIOp::create(b, loc, number, most);
  return arith::MaxSIOp::create(b, loc, number, constantIndex(loc, 0));
}

/// `from` is no value any more: extents that were noted speak of `to`.
void ParLowering::renameExtent(Value from, Value to) {
  from.replaceAllUsesWith(to);
  for (auto &[tensor, known] : extentsBefore)
    llvm::replace(known, from, to);
}

/// True where the body is cheap and safe whatever the condition is: arithmetic on what the condition reads, too.
static bool isEvaluatedAnyway(tx::FilterOp op) {
  Block &where = op.getWhereRegion().front(), &body = op.getBody().front();
  auto isSame = [&](Value a, Value b) {
    auto x = dyn_cast<BlockArgument>(a), y = dyn_cast<BlockArgument>(b);
    return a == b || (x && y && x.getOwner() == &body && y.getOwner() == &where &&
                      x.getArgNumber() == y.getArgNumber());
  };
  auto isReadBy = [&](tx::ReadOp read) {
    return llvm::any_of(where.getOps<tx::ReadOp>(), [&](tx::ReadOp other) {
      return !other.isGuarded() && read.getSource() == other.getSource() &&
             llvm::all_of(llvm::zip_equal(read.getIndices(), other.getIndices()),
                          [&](auto pair) { return isSame(std::get<0>(pair), std::get<1>(pair)); });
    });
  };
  return llvm::all_of(body.without_terminator(), [&](Operation &inner) {
    if (auto read = dyn_cast<tx::ReadOp>(inner))
      return !read.isGuarded() && isReadBy(read);
    return inner.getNumRegions() == 0 && isPure(&inner) &&
           isa<arith::ArithDialect>(inner.getDialect());
  });
}

void ParLowering::lowerFilter(tx::FilterOp op) {
  Location loc = op.getLoc();
  keepExtents(op);
  SmallVector<Place> outs;
  for (Value kept : op.getKept())
    outs.push_back(placeOf(kept));
  b.setInsertionPoint(op);
  Value size = sizeOf(loc, op.getLower(), op.getUpper()), zero = constantIndex(loc, 0);
  Value number = goesInChunks(op) ? filterInChunks(op, outs, size)
                                  : filterRange(op, outs, zero, size, zero, true, Value());
  renameExtent(op.getCount(), within(loc, number, size));
  dead.push_back(op);
}

/// The positions `from` to `to`, behind `number` elements and, with `stores`, before the `limit`-th: how many
/// elements there are then.
Value ParLowering::filterRange(tx::FilterOp op, ArrayRef<Place> outs, Value from, Value to,
                               Value number, bool stores, Value limit) {
  Location loc = op.getLoc();
  bool isAnyway = isEvaluatedAnyway(op);
  auto step = [&](Value position, ValueRange carried) -> SmallVector<Value> {
    SmallVector<Value> point = pointAt(loc, position, op.getLower(), op.getUpper());
    Value keeps = bodyAt(op.getWhereRegion().front(), point)[0];
    Value next = arith::AddIOp::create(b, loc, carried[0], constantIndex(loc, 1));
    if (stores && isAnyway && !limit) {
      storeKept(op, outs, point, carried[0]);
    } else if (stores) {
      Value hasPlace = keeps;
      if (isAnyway)
        hasPlace = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, carried[0], limit);
      auto choice = scf::IfOp::create(b, loc, TypeRange(), hasPlace, /*addThenBlock=*/true,
                                      /*addElseBlock=*/false);
      OpBuilder::InsertionGuard guard(b);
      Block *then = &choice.getThenRegion().front();
      then->clear(); // its terminator comes last
      b.setInsertionPointToEnd(then);
      storeKept(op, outs, point, carried[0]);
      b.setInsertionPointToEnd(then);
      scf::YieldOp::create(b, loc);
    }
    return {arith::SelectOp::create(b, loc, keeps, next, carried[0]).getResult()};
  };
  return chain(loc, from, to, cast<StringAttr>(op.getAxes()[0]), number, step)[0];
}

Value ParLowering::filterInChunks(tx::FilterOp op, ArrayRef<Place> outs, Value size) {
  Location loc = op.getLoc();
  Value zero = constantIndex(loc, 0), one = constantIndex(loc, 1);
  Value counts = chunkBuffer(op, b.getI64Type()), chunks = chunksOf(op, size);
  auto countAt = [&](Value chunk) -> Value {
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), load(loc, {counts, {}}, chunk));
  };
  auto setCount = [&](Value chunk, Value v) {
    v = arith::IndexCastOp::create(b, loc, b.getI64Type(), v);
    par::StoreOp::create(b, loc, v, counts, chunk, Value());
  };
  forChunks(loc, chunks, size, [&](Value chunk, Value begin, Value end) {
    setCount(chunk, filterRange(op, outs, begin, end, zero, false, Value()));
  });
  Value number = chain(loc, zero, chunks, "chunk", zero,
                       [&](Value chunk, ValueRange before) -> SmallVector<Value> {
                         Value own = countAt(chunk);
                         setCount(chunk, before[0]);
                         return {arith::AddIOp::create(b, loc, before[0], own).getResult()};
                       })[0];
  forChunks(loc, chunks, size, [&](Value chunk, Value begin, Value end) {
    // The last chunk's limit is the number of all.
    Value next = arith::AddIOp::create(b, loc, chunk, one);
    Value last = arith::SubIOp::create(b, loc, chunks, one);
    Value isLast = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, chunk, last);
    Value behind = countAt(arith::MinSIOp::create(b, loc, next, last));
    Value limit = arith::SelectOp::create(b, loc, isLast, number, behind);
    filterRange(op, outs, begin, end, countAt(chunk), true, limit);
  });
  return number;
}

/// Evaluates the body at a point and puts it behind `number` elements: tensors are made there.
void ParLowering::storeKept(tx::FilterOp op, ArrayRef<Place> outs, ValueRange point, Value number) {
  Location loc = op.getLoc();
  Block *block = b.getInsertionBlock();
  SmallVector<Place> to;
  for (const Place &out : outs)
    to.push_back({out.buffer, out.at(number)});
  SmallVector<Value> values = bodyAt(op.getBody().front(), point, [&](Operation *yield) {
    for (auto [v, place] : llvm::zip_equal(yield->getOperands(), to))
      request(v, place, block);
  });
  for (auto [v, place] : llvm::zip_equal(values, to))
    deliver(v, place, loc);
}

} // namespace texpr

// lower-to-par, scan: a chain of combinations, in one thread or in chunks.
//
//   inside a form, or of tensors       par.seq that carries the combination so far and stores it
//   a kernel of its own, of scalars    up to 64 chunks of at least 16384 indices, cut by the extents alone:
//     forall chunk { total[chunk] = combination of the chunk }
//     seq chunk    { total[chunk] = combination of the totals before it }
//     forall chunk { the chain, from total[chunk] on }
// So the order depends on the extents and not on the number of threads, the operands keep the order of their
// indices, and the body is evaluated twice (plan/CostModel.cpp counts it so). A user's op has no neutral start:
// "something was combined" is carried beside the value. A reverse chain counts down: step t is index n - 1 - t.
#include "compiler/transform/LowerToPar.h"
#include "dialects/par/Combine.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace texpr {

static constexpr int64_t kMaxChunks = 64; // totals that one thread combines between the two passes
static constexpr int64_t kChunkIndices =
    16384; // pays for handing a task to a thread, of cheap bodies too

// ---- what filters share -------------------------------------------------------------------------

/// Clones the body at the end of the current block, with `at` for its arguments, and lowers it: what it yields.
SmallVector<Value> ParLowering::bodyAt(Block &body, ValueRange at,
                                       function_ref<void(Operation *)> beforeLowering) {
  Block *block = b.getInsertionBlock();
  b.setInsertionPointToEnd(block);
  IRMapping map;
  map.map(body.getArguments(), at);
  SmallVector<Operation *> clones;
  for (Operation &op : body)
    clones.push_back(b.clone(op, map));
  // Nested values are in no mapping of ours, but two walks meet them in the same order.
  SmallVector<Value> theirs, ours;
  auto collect = [](Operation &op, SmallVector<Value> &values) {
    op.walk<WalkOrder::PreOrder>([&](Operation *inner) {
      llvm::append_range(values, inner->getResults());
      for (Region &region : inner->getRegions())
        for (Block &nested : region)
          llvm::append_range(values, nested.getArguments());
    });
  };
  for (auto [op, clone] : llvm::zip_equal(body, clones)) {
    collect(op, theirs);
    collect(*clone, ours);
  }
  for (auto [from, to] : llvm::zip_equal(theirs, ours))
    map.map(from, to);
  for (auto [from, to] : llvm::zip_equal(theirs, ours))
    if (auto known = extentsBefore.find(from); known != extentsBefore.end()) {
      SmallVector<Value> mapped;
      for (Value e : known->second)
        mapped.push_back(map.lookupOrDefault(e));
      extentsBefore[to] = mapped;
    }
  Operation *yield = clones.back();
  if (beforeLowering)
    beforeLowering(yield);
  for (Operation *clone : ArrayRef(clones).drop_back())
    lowerOp(clone);
  SmallVector<Value> values(yield->getOperands());
  yield->erase();
  b.setInsertionPointToEnd(block);
  return values;
}

/// A serial loop; `step` gets the index and what is carried, and returns what is carried on.
SmallVector<Value> ParLowering::chain(Location loc, Value lower, Value upper, StringRef axis,
                                      ValueRange start,
                                      function_ref<SmallVector<Value>(Value, ValueRange)> step) {
  auto seq =
      par::SeqOp::create(b, loc, start.getTypes(), lower, upper, start, b.getStringAttr(axis));
  OpBuilder::InsertionGuard guard(b);
  Block *block = b.createBlock(&seq.getBody());
  Value iv = block->addArgument(b.getIndexType(), loc);
  SmallVector<Value> carried;
  for (Value v : start)
    carried.push_back(block->addArgument(v.getType(), loc));
  auto next = step(iv, carried);
  b.setInsertionPointToEnd(block);
  par::YieldOp::create(b, loc, next);
  return SmallVector<Value>(seq.getResults());
}

/// The number of indices of a box.
Value ParLowering::sizeOf(Location loc, ValueRange lower, ValueRange upper) {
  Value size;
  for (auto [lo, hi] : llvm::zip_equal(lower, upper)) {
    Value length = hi;
    if (getConstantIntValue(lo) != 0) {
      length = arith::SubIOp::create(b, loc, hi, lo);
      length = arith::MaxSIOp::create(b, loc, length, constantIndex(loc, 0));
    }
    size = size ? arith::MulIOp::create(b, loc, size, length).getResult() : length;
  }
  return size ? size : constantIndex(loc, 1);
}

/// The indices of the `position`-th point of a box, row-major.
SmallVector<Value> ParLowering::pointAt(Location loc, Value position, ValueRange lower,
                                        ValueRange upper) {
  SmallVector<Value> point(upper.size());
  for (size_t d = upper.size(); d-- > 0;) {
    Value digit = position;
    if (d > 0) {
      Value length = sizeOf(loc, lower[d], upper[d]);
      digit = arith::RemUIOp::create(b, loc, position, length);
      position = arith::DivUIOp::create(b, loc, position, length);
    }
    point[d] = getConstantIntValue(lower[d]) == 0
                   ? digit
                   : arith::AddIOp::create(b, loc, digit, lower[d]).getResult();
  }
  return point;
}

/// How many chunks `size` indices make: a matter of the shape alone.
Value ParLowering::chunksOf(Location loc, Value size) {
  Value many = arith::DivUIOp::create(b, loc, size, constantIndex(loc, kChunkIndices));
  many = arith::MinSIOp::create(b, loc, many, constantIndex(loc, kMaxChunks));
  return arith::MaxSIOp::create(b, loc, many, constantIndex(loc, 1));
}

/// Runs `body(chunk, begin, end)` for every chunk of `size` indices, in parallel. None is empty unless all are.
void ParLowering::forChunks(Location loc, Value chunks, Value size,
                            function_ref<void(Value, Value, Value)> body) {
  auto forall =
      par::ForallOp::create(b, loc, constantIndex(loc, 0), chunks, b.getStrArrayAttr({"chunk"}),
                            StringAttr(), UnitAttr(), UnitAttr());
  forall->setAttr("plan.grain", b.getI64IntegerAttr(1));
  OpBuilder::InsertionGuard guard(b);
  Block *block = b.createBlock(&forall.getBody(), {}, b.getIndexType(), loc);
  Value chunk = block->getArgument(0);
  auto border = [&](Value c) {
    Value product = arith::MulIOp::create(b, loc, c, size);
    return arith::DivUIOp::create(b, loc, product, chunks).getResult();
  };
  Value begin = border(chunk);
  Value next = arith::AddIOp::create(b, loc, chunk, constantIndex(loc, 1));
  body(chunk, begin, border(next));
  b.setInsertionPointToEnd(block);
  par::YieldOp::create(b, loc);
}

Value ParLowering::chunkBuffer(Location loc, Type element) {
  return par::AllocOp::create(b, loc, par::BufType::get(b.getContext(), 1, element),
                              constantIndex(loc, kMaxChunks), StringAttr(), StringAttr(),
                              UnitAttr());
}

/// True where the op is a kernel: nothing but the kernel is around it, and the plan does not ask for one thread.
bool ParLowering::standsAlone(Operation *op) {
  return isa<par::KernelOp>(op->getParentOp()) && plan::getAlgo(op) != "serial";
}

// ---- scan ---------------------------------------------------------------------------------------

namespace {
/// One scan's operator.
struct Chain {
  OpBuilder &b;
  tx::ScanOp op;
  tx::CombinerOp combiner; // null: builtin
  bool isUser() const { return bool(combiner); }

  SmallVector<Value> combine(ValueRange so, ValueRange next) {
    if (op.getReverse()) // what was combined stands right of what comes
      std::swap(so, next);
    if (isUser())
      return par::inlineCombiner(b, combiner, so, next);
    SmallVector<Value> out;
    for (auto [x, y] : llvm::zip_equal(so, next))
      out.push_back(par::buildCombine(b, op.getLoc(), op.getOp(), op.getIsUnsigned(), x, y));
    return out;
  }

  /// What a chain starts with: the identity; a user's: "nothing yet", and zeros.
  SmallVector<Value> start(ArrayRef<Type> elements) {
    SmallVector<Value> out;
    for (Type t : elements)
      out.push_back(isUser()
                        ? Value(arith::ConstantOp::create(b, op.getLoc(), b.getZeroAttr(t)))
                        : par::buildIdentity(b, op.getLoc(), op.getOp(), op.getIsUnsigned(), t));
    return out;
  }

  SmallVector<Value> choose(Value cond, ValueRange yes, ValueRange no) {
    SmallVector<Value> out;
    for (auto [x, y] : llvm::zip_equal(yes, no))
      out.push_back(arith::SelectOp::create(b, op.getLoc(), cond, x, y));
    return out;
  }

  /// The value of an index, from what was combined before it and what comes: (stored, carried on).
  std::pair<SmallVector<Value>, SmallVector<Value>> step(Value seen, ValueRange so,
                                                         ValueRange next) {
    SmallVector<Value> combined = combine(so, next);
    if (seen)
      combined = choose(seen, combined, next);
    if (!op.getExclusive())
      return {combined, combined};
    if (!seen)
      return {SmallVector<Value>(so), combined};
    return {choose(seen, so, par::inlineIdentity(b, combiner)), combined};
  }
};
} // namespace

static SmallVector<Type> elementTypes(tx::ScanOp op) {
  SmallVector<Type> types;
  for (Type t : op.getResultTypes())
    types.push_back(cast<RankedTensorType>(t).getElementType());
  return types;
}

static tx::CombinerOp combinerOf(tx::ScanOp op) {
  if (!op.getCombinerAttr())
    return {};
  return SymbolTable::lookupNearestSymbolFrom<tx::CombinerOp>(op, op.getCombinerAttr());
}

/// The position in the domain of step `t` of a chain over `size` positions.
static Value positionOf(OpBuilder &b, tx::ScanOp op, Value size, Value t) {
  if (!op.getReverse())
    return t;
  Value one = arith::ConstantIndexOp::create(b, op.getLoc(), 1);
  Value last = arith::SubIOp::create(b, op.getLoc(), size, one);
  return arith::SubIOp::create(b, op.getLoc(), last, t);
}

/// A point counted from 0, as results are.
static SmallVector<Value> fromZero(OpBuilder &b, Location loc, ValueRange point, ValueRange lower) {
  SmallVector<Value> index;
  for (auto [at, lo] : llvm::zip_equal(point, lower))
    index.push_back(
        getConstantIntValue(lo) == 0 ? at : arith::SubIOp::create(b, loc, at, lo).getResult());
  return index;
}

void ParLowering::lowerScan(tx::ScanOp op) {
  Location loc = op.getLoc();
  keepExtents(op);
  SmallVector<Place> outs;
  for (Value result : op.getResults())
    outs.push_back(placeOf(result));
  b.setInsertionPoint(op);
  if (isa<RankedTensorType>(op.getYield().getValues()[0].getType())) {
    scanTensors(op, outs);
    dead.push_back(op);
    return;
  }
  Chain with{b, op, combinerOf(op)};
  SmallVector<Type> elements = elementTypes(op);
  Value size = sizeOf(loc, op.getLower(), op.getUpper());
  // Steps `from` to `to` of the chain; with `stores` it stores, and else only combines.
  auto run = [&](Value from, Value to, Value seen, ValueRange so, bool stores) {
    SmallVector<Value> start(so);
    if (seen)
      start.push_back(seen);
    return chain(loc, from, to, cast<StringAttr>(op.getAxes()[0]), start,
                 [&](Value t, ValueRange carried) {
                   Value at = positionOf(b, op, size, t);
                   SmallVector<Value> point = pointAt(loc, at, op.getLower(), op.getUpper());
                   SmallVector<Value> next = bodyAt(op.getBody().front(), point);
                   Value was = seen ? carried.back() : Value();
                   auto [stored, on] = with.step(was, carried.take_front(elements.size()), next);
                   if (stores)
                     storeAt(loc, stored, outs, point, op.getLower());
                   if (seen)
                     on.push_back(arith::ConstantIntOp::create(b, loc, 1, 1));
                   return on;
                 });
  };
  auto flag = [&](bool v) -> Value {
    return with.isUser() ? arith::ConstantIntOp::create(b, loc, v, 1).getResult() : Value();
  };
  Value zero = constantIndex(loc, 0);
  if (!standsAlone(op)) {
    run(zero, size, flag(false), with.start(elements), true);
    dead.push_back(op);
    return;
  }
  SmallVector<Value> totals;
  for (Type t : elements)
    totals.push_back(chunkBuffer(loc, t));
  auto loadAll = [&](Value chunk) {
    SmallVector<Value> values;
    for (Value total : totals)
      values.push_back(load(loc, {total, {}}, chunk));
    return values;
  };
  auto storeAll = [&](Value chunk, ValueRange values) {
    for (auto [total, v] : llvm::zip_equal(totals, values))
      par::StoreOp::create(b, loc, v, total, chunk, Value());
  };
  Value chunks = chunksOf(loc, size);
  forChunks(loc, chunks, size, [&](Value chunk, Value begin, Value end) {
    auto total = run(begin, end, flag(false), with.start(elements), false);
    storeAll(chunk, ArrayRef(total).take_front(elements.size()));
  });
  SmallVector<Value> start = with.start(elements);
  if (with.isUser())
    start.push_back(flag(false));
  chain(loc, zero, chunks, "chunk", start, [&](Value chunk, ValueRange carried) {
    SmallVector<Value> total = loadAll(chunk);
    ValueRange so = carried.take_front(elements.size());
    storeAll(chunk, so);
    SmallVector<Value> on = with.combine(so, total);
    if (with.isUser()) {
      on = with.choose(carried.back(), on, total);
      on.push_back(flag(true));
    }
    return on;
  });
  forChunks(loc, chunks, size, [&](Value chunk, Value begin, Value end) {
    Value seen;
    if (with.isUser())
      seen = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, chunk, zero);
    run(begin, end, seen, loadAll(chunk), true);
  });
  dead.push_back(op);
}

/// Stores scalars at a point of the results, which count from 0.
void ParLowering::storeAt(Location loc, ValueRange values, ArrayRef<Place> outs, ValueRange point,
                          ValueRange lower) {
  SmallVector<Value> index = fromZero(b, loc, point, lower);
  for (auto [v, out] : llvm::zip_equal(values, outs))
    par::StoreOp::create(b, loc, v, out.buffer, out.at(index), Value());
}

/// Of tensors: the steps in order, each element by element in parallel; what was combined lives in buffers.
void ParLowering::scanTensors(tx::ScanOp op, ArrayRef<Place> outs) {
  Location loc = op.getLoc();
  Chain with{b, op, combinerOf(op)};
  SmallVector<Type> elements = elementTypes(op);
  SmallVector<Value> inner(ArrayRef<Value>(extents(op.getResult(0))).drop_front(op.getNumAxes()));
  SmallVector<Place> so;
  for (Type t : elements)
    so.push_back({par::AllocOp::create(b, loc, par::BufType::get(b.getContext(), inner.size(), t),
                                       inner, StringAttr(), StringAttr(), UnitAttr()),
                  {}});
  forallOver(loc, inner, [&](ValueRange at) {
    for (auto [v, place] : llvm::zip_equal(with.start(elements), so))
      par::StoreOp::create(b, loc, v, place.buffer, place.at(at), Value());
  });
  Value size = sizeOf(loc, op.getLower(), op.getUpper());
  SmallVector<Value> start;
  if (with.isUser())
    start.push_back(arith::ConstantIntOp::create(b, loc, 0, 1));
  chain(loc, constantIndex(loc, 0), size, cast<StringAttr>(op.getAxes()[0]), start,
        [&](Value t, ValueRange carried) {
          Value position = positionOf(b, op, size, t);
          SmallVector<Value> point = pointAt(loc, position, op.getLower(), op.getUpper());
          SmallVector<Value> next = bodyAt(op.getBody().front(), point);
          SmallVector<Place> from;
          for (Value v : next)
            from.push_back(places.lookup(v));
          SmallVector<Value> index = fromZero(b, loc, point, op.getLower());
          forallOver(loc, inner, [&](ValueRange at) {
            SmallVector<Value> before, now;
            for (auto [old, place] : llvm::zip_equal(so, from)) {
              before.push_back(load(loc, old, at));
              now.push_back(load(loc, place, at));
            }
            Value seen = carried.empty() ? Value() : carried[0];
            auto [stored, on] = with.step(seen, before, now);
            for (auto [v, out] : llvm::zip_equal(stored, outs)) {
              SmallVector<Value> all(index);
              llvm::append_range(all, at);
              par::StoreOp::create(b, loc, v, out.buffer, out.at(all), Value());
            }
            for (auto [v, place] : llvm::zip_equal(on, so))
              par::StoreOp::create(b, loc, v, place.buffer, place.at(at), Value());
          });
          SmallVector<Value> on;
          if (with.isUser())
            on.push_back(arith::ConstantIntOp::create(b, loc, 1, 1));
          return on;
        });
}

} // namespace texpr

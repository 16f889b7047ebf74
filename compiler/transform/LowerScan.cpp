// lower-to-par, scan: a chain of combinations, in one thread or in chunks, as plan.algo says.
//
//   serial     par.seq that carries the combination so far and stores it; of tensors, in buffers
//   columns    of tensors: forall element { the chain of that element, of scalars }
//   chunks     of scalars, a kernel of its own: pieces of the domain, cut by the extents alone:
//     forall chunk { total[chunk] = combination of the chunk }
//     seq chunk    { total[chunk] = combination of the totals before it }
//     forall chunk { the chain, from total[chunk] on }
// So the order depends on the extents and not on the number of threads, the operands keep the order of their
// indices, and the body is evaluated twice (plan/CostModel.cpp counts it so). A user's op has no neutral start:
// "something was combined" is carried beside the value. A reverse chain counts down: step t is index n - 1 - t.
#include "compiler/transform/LowerToPar.h"
#include "dialects/par/Combine.h"
#include "dialects/plan/Plan.h"
#include "dialects/tx/Ways.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace texpr {

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
Value ParLowering::chunksOf(Operation *op, Value size) {
  Location loc = op->getLoc();
  auto number = [&](StringRef name) {
    return constantIndex(loc, plan::getAlgoNumber(op, name).value_or(1));
  };
  Value many = arith::DivUIOp::create(b, loc, size, number("least"));
  many = arith::MinSIOp::create(b, loc, many, number("tasks"));
  return arith::MaxSIOp::create(b, loc, many, constantIndex(loc, 1));
}

/// Runs `body(chunk, begin, end)` for every chunk of `size` indices, in parallel. None is empty unless all are.
void ParLowering::forChunks(Location loc, Value chunks, Value size,
                            function_ref<void(Value, Value, Value)> body) {
  tasksOver(loc, chunks, "chunk", /*isDisjoint=*/false, [&](Value chunk) {
    auto border = [&](Value c) {
      Value product = arith::MulIOp::create(b, loc, c, size);
      return arith::DivUIOp::create(b, loc, product, chunks).getResult();
    };
    Value begin = border(chunk);
    Value next = arith::AddIOp::create(b, loc, chunk, constantIndex(loc, 1));
    body(chunk, begin, border(next));
  });
}

/// An element for each of the most chunks that there are.
Value ParLowering::chunkBuffer(Operation *op, Type element) {
  Location loc = op->getLoc();
  Value most = constantIndex(loc, plan::getAlgoNumber(op, "tasks").value_or(1));
  return par::AllocOp::create(b, loc, par::BufType::get(b.getContext(), 1, element), most,
                              StringAttr(), StringAttr(), UnitAttr());
}

/// The plan asks for chunks, and the op is a kernel: nothing but the kernel is around it.
bool ParLowering::goesInChunks(Operation *op) {
  return isa<par::KernelOp>(op->getParentOp()) && plan::getAlgo(op) == "chunks";
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

  /// What a chain of scalars carries at first: the start; of a user's op also that there is nothing yet.
  SmallVector<Value> begin(ArrayRef<Type> elements) {
    SmallVector<Value> carried = start(elements);
    if (isUser())
      carried.push_back(flag(false));
    return carried;
  }

  /// As `step`, of what a chain of scalars carries.
  std::pair<SmallVector<Value>, SmallVector<Value>> stepOf(ValueRange carried, ValueRange next) {
    Value seen = isUser() ? carried.back() : Value();
    auto result = step(seen, carried.take_front(next.size()), next);
    if (isUser())
      result.second.push_back(flag(true));
    return result;
  }

  /// What is carried, and a combination of what comes behind it.
  SmallVector<Value> joined(ValueRange carried, ValueRange total) {
    SmallVector<Value> on = combine(carried.take_front(total.size()), total);
    if (isUser()) {
      on = choose(carried.back(), on, total);
      on.push_back(flag(true));
    }
    return on;
  }

  Value flag(bool v) { return arith::ConstantIntOp::create(b, op.getLoc(), v, 1); }
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
  dead.push_back(op);
  if (plan::getAlgo(op) == "columns" && tx::mayGoByColumns(op))
    return scanColumns(op, outs);
  if (tx::combinesTensors(op))
    return scanTensors(op, outs);
  if (goesInChunks(op))
    return scanInChunks(op, outs);
  Value size = sizeOf(loc, op.getLower(), op.getUpper());
  SmallVector<Value> start = Chain{b, op, combinerOf(op)}.begin(elementTypes(op));
  scanRange(op, outs, constantIndex(loc, 0), size, start, /*stores=*/true);
}

/// Steps `from` to `to` of the chain; with `stores` it stores, and else only combines. What is carried: the combination, and of a
/// user's op whether there is one.
SmallVector<Value> ParLowering::scanRange(tx::ScanOp op, ArrayRef<Place> outs, Value from, Value to,
                                          ValueRange carried, bool stores) {
  Location loc = op.getLoc();
  Chain with{b, op, combinerOf(op)};
  Value size = sizeOf(loc, op.getLower(), op.getUpper());
  return chain(loc, from, to, cast<StringAttr>(op.getAxes()[0]), carried,
               [&](Value t, ValueRange before) {
                 Value at = positionOf(b, op, size, t);
                 SmallVector<Value> point = pointAt(loc, at, op.getLower(), op.getUpper());
                 SmallVector<Value> next = bodyAt(op.getBody().front(), point);
                 auto [stored, on] = with.stepOf(before, next);
                 if (stores)
                   storeAt(loc, stored, outs, point, op.getLower());
                 return on;
               });
}

void ParLowering::scanInChunks(tx::ScanOp op, ArrayRef<Place> outs) {
  Location loc = op.getLoc();
  Chain with{b, op, combinerOf(op)};
  SmallVector<Type> elements = elementTypes(op);
  SmallVector<Value> totals;
  for (Type t : elements)
    totals.push_back(chunkBuffer(op, t));
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
  Value zero = constantIndex(loc, 0), size = sizeOf(loc, op.getLower(), op.getUpper());
  Value chunks = chunksOf(op, size);
  forChunks(loc, chunks, size, [&](Value chunk, Value begin, Value end) {
    auto total = scanRange(op, outs, begin, end, with.begin(elements), /*stores=*/false);
    storeAll(chunk, ArrayRef(total).take_front(elements.size()));
  });
  chain(loc, zero, chunks, "chunk", with.begin(elements), [&](Value chunk, ValueRange before) {
    SmallVector<Value> total = loadAll(chunk);
    storeAll(chunk, before.take_front(elements.size()));
    return with.joined(before, total);
  });
  forChunks(loc, chunks, size, [&](Value chunk, Value begin, Value end) {
    SmallVector<Value> before = loadAll(chunk);
    if (with.isUser())
      before.push_back(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, chunk, zero));
    scanRange(op, outs, begin, end, before, /*stores=*/true);
  });
}

// ---- of tensors ---------------------------------------------------------------------------------

/// The body's computes are taken apart: it takes their indices, too, and yields one element of each.
static void yieldElements(OpBuilder &b, tx::ScanOp op, unsigned rank) {
  Location loc = op.getLoc();
  Block *block = op.getBlock();
  SmallVector<Value> columns;
  for (unsigned d = 0; d < rank; ++d)
    columns.push_back(block->addArgument(b.getIndexType(), loc));
  Operation *yield = block->getTerminator();
  OpBuilder::InsertionGuard guard(b);
  for (OpOperand &operand : yield->getOpOperands()) {
    auto compute = operand.get().getDefiningOp<tx::ComputeOp>();
    b.setInsertionPoint(yield);
    IRMapping map;
    for (auto [arg, lower, column] :
         llvm::zip_equal(compute.getBlock()->getArguments(), compute.getLower(), columns))
      map.map(arg, b.createOrFold<arith::AddIOp>(loc, column, lower));
    for (Operation &inner : compute.getBlock()->without_terminator())
      b.clone(inner, map);
    Value element = compute.getBlock()->getTerminator()->getOperand(
        cast<OpResult>(operand.get()).getResultNumber());
    operand.set(map.lookupOrDefault(element));
  }
  for (auto compute : llvm::make_early_inc_range(block->getOps<tx::ComputeOp>()))
    if (compute->use_empty())
      compute->erase();
}

/// Each column is a chain of scalars, beside the others.
void ParLowering::scanColumns(tx::ScanOp op, ArrayRef<Place> outs) {
  Location loc = op.getLoc();
  Chain with{b, op, combinerOf(op)};
  SmallVector<Type> elements = elementTypes(op);
  SmallVector<Value> inner(ArrayRef<Value>(extents(op.getResult(0))).drop_front(op.getNumAxes()));
  yieldElements(b, op, inner.size());
  op.getBody().walk([&](Operation *nested) {
    b.setInsertionPoint(nested);
    keepExtents(nested);
  });
  b.setInsertionPoint(op);
  Value size = sizeOf(loc, op.getLower(), op.getUpper());
  forallOver(loc, inner, [&](ValueRange column) {
    chain(loc, constantIndex(loc, 0), size, cast<StringAttr>(op.getAxes()[0]), with.begin(elements),
          [&](Value t, ValueRange before) {
            Value position = positionOf(b, op, size, t);
            SmallVector<Value> point = pointAt(loc, position, op.getLower(), op.getUpper());
            SmallVector<Value> args(point), index = fromZero(b, loc, point, op.getLower());
            llvm::append_range(args, column);
            llvm::append_range(index, column);
            auto [stored, on] = with.stepOf(before, bodyAt(op.getBody().front(), args));
            for (auto [v, out] : llvm::zip_equal(stored, outs))
              par::StoreOp::create(b, loc, v, out.buffer, out.at(index), Value());
            return on;
          });
  });
}

/// The steps in order, each element by element in parallel; what was combined lives in buffers.
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
        [&](Value t, ValueRange seen) {
          Value position = positionOf(b, op, size, t);
          SmallVector<Value> point = pointAt(loc, position, op.getLower(), op.getUpper());
          combineRows(op, outs, so, point, seen.empty() ? Value() : seen[0]);
          SmallVector<Value> on;
          if (with.isUser())
            on.push_back(arith::ConstantIntOp::create(b, loc, 1, 1));
          return on;
        });
}

/// One step: the row of a point, combined with the rows before it.
void ParLowering::combineRows(tx::ScanOp op, ArrayRef<Place> outs, ArrayRef<Place> so,
                              ValueRange point, Value seen) {
  Location loc = op.getLoc();
  Chain with{b, op, combinerOf(op)};
  SmallVector<Value> next = bodyAt(op.getBody().front(), point);
  SmallVector<Place> from;
  for (Value v : next)
    from.push_back(places.lookup(v));
  SmallVector<Value> index = fromZero(b, loc, point, op.getLower());
  SmallVector<Value> all = extents(op.getResult(0));
  forallOver(loc, ArrayRef<Value>(all).drop_front(op.getNumAxes()), [&](ValueRange at) {
    SmallVector<Value> before, now;
    for (auto [old, place] : llvm::zip_equal(so, from)) {
      before.push_back(load(loc, old, at));
      now.push_back(load(loc, place, at));
    }
    auto [stored, on] = with.step(seen, before, now);
    for (auto [v, out] : llvm::zip_equal(stored, outs)) {
      SmallVector<Value> place(index);
      llvm::append_range(place, at);
      par::StoreOp::create(b, loc, v, out.buffer, out.at(place), Value());
    }
    for (auto [v, place] : llvm::zip_equal(on, so))
      par::StoreOp::create(b, loc, v, place.buffer, place.at(at), Value());
  });
}

/// Stores scalars at a point of the results, which count from 0.
void ParLowering::storeAt(Location loc, ValueRange values, ArrayRef<Place> outs, ValueRange point,
                          ValueRange lower) {
  SmallVector<Value> index = fromZero(b, loc, point, lower);
  for (auto [v, out] : llvm::zip_equal(values, outs))
    par::StoreOp::create(b, loc, v, out.buffer, out.at(index), Value());
}

} // namespace texpr

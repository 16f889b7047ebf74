// lower-to-par, argsort and top: a stable merge sort whose steps are foralls.
//
//   1 keys    forall (i): the key's scalars, as signed integers in whose order they are to stand
//   2 runs    forall (q): the rank of an element among the `run` (16) of its run is its place there
//   3 merges  seq (level): pairs of runs of 16 << level; forall (c) pieces of `piece` (2048) places, each of
//             which finds by bisection where its first place lies in both runs ("merge path", Odeh,
//             Green, Mwassi, Shmueli, Birk 2012), and merges from there on
//   4 result  forall (e): the first places, as indices of the axis
//
// `top` of few keeps a list of so many instead where plan.algo is "list", which each element is offered to: in
// chunks of the axis where the sort has a kernel of its own, whose lists are then offered to the first. Most
// elements are refused by one comparison with the last of the list. A list that the dims make too long is a sort.
//
// Keys and positions move together between the two halves of their buffers; a level reads one and
// writes the other. O(n log n) for all data, no recursion; all of it is cut by the length alone.
// A float's bits, below zero turned around, are ordered as −inf … −0 < +0 … inf; a NaN becomes the
// largest integer; `desc` is the complement; an unsigned number has its highest bit turned.
#include "compiler/transform/LowerToPar.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace texpr {

/// The numbers of the plan; without one, some that are right.
static int64_t planned(tx::SortOp op, StringRef name, int64_t absent) {
  return plan::getAlgoNumber(op, name).value_or(absent);
}

namespace {
using P = arith::CmpIPredicate;

class Sorter {
public:
  Sorter(OpBuilder &b, tx::SortOp op, Value length)
      : b(b), loc(op.getLoc()), length(length), runLength(planned(op, "run", 16)),
        pieceLength(planned(op, "piece", 2048)), longestList(planned(op, "longest", 32)),
        leastPerPlace(planned(op, "each", 4)), chunkLength(planned(op, "least", 16384)),
        mostChunks(planned(op, "tasks", 16)) {
    for (Type t : op.getYield().getOperandTypes())
      keys.push_back(alloc(keyType(t), "key"));
    positions = alloc(b.getI64Type(), "order");
  }

  /// Keeps the keys of the element at `position`, in the half that the runs are ranked from.
  void keep(tx::SortOp op, Value position, ValueRange values) {
    for (auto [k, v] : llvm::enumerate(values))
      store(ordered(v, op.isUnsigned(k), op.isDescending(k)), keys[k], index(1), position);
  }

  /// `use` gets what answers which position stands at a place.
  using Use = function_ref<void(function_ref<Value(Value)>)>;

  void sort(Use use) {
    rank();
    Value half = merge();
    use([&](Value place) { return asIndex(load(positions, half, place)); });
  }

  /// A list of `count` is worth it.
  Value isShort(Value count) {
    Value few = both(compare(P::sge, count, index(1)), compare(P::sle, count, index(longestList)));
    Value all = make<arith::MulIOp>(count, index(leastPerPlace));
    return both(few, compare(P::sle, all, length));
  }

  /// The first `count`, by a list that each element is offered to.
  void select(Value count, bool inChunks, Use use) {
    Value chunks = index(1);
    if (inChunks)
      chunks = arith::MaxSIOp::create(
          b, loc, least(make<arith::DivUIOp>(length, index(chunkLength)), index(mostChunks)),
          index(1));
    List list = openList(chunks);
    Value size = pieces(length, chunks);
    auto fill = [&](Value c) {
      Value begin = make<arith::MulIOp>(c, size), end = least(add(begin, size), length);
      loop(begin, end, "i", [&](Value i) { offer(list, c, count, keysAt(index(1), i), i); });
    };
    forall(chunks, "list", fill, /*grain=*/1);
    // Into the first list, in which its own elements stand.
    loop(index(1), chunks, "list", [&](Value c) {
      loop(index(0), count, "e", [&](Value e) {
        Value position = asIndex(load(list.positions, c, e));
        onlyIf(compare(P::slt, position, length),
               [&] { offer(list, index(0), count, at(list.keys, c, e), position); });
      });
    });
    use([&](Value place) { return asIndex(load(list.positions, index(0), place)); });
  }

private:
  OpBuilder &b;
  Location loc;
  Value length;
  int64_t runLength;               // of what is ranked by all pairs; a power of two
  int64_t pieceLength;             // places that one iteration merges; a power of two
  int64_t longestList;             // of `top`; a longer one is the beginning of a sort
  int64_t leastPerPlace;           // elements a place of the list, or it is too long
  int64_t chunkLength, mostChunks; // of the axis, each with a list
  SmallVector<Value> keys;         // buffers [2, length]
  Value positions;

  IntegerType keyType(Type t) {
    unsigned width = t.isIndex() ? 64 : t.getIntOrFloatBitWidth();
    return b.getIntegerType(std::max(width, 8u));
  }

  Value alloc(Type element, StringRef name) {
    return par::AllocOp::create(b, loc, par::BufType::get(b.getContext(), 2, element),
                                ValueRange{index(2), length}, StringAttr(), b.getStringAttr(name),
                                UnitAttr());
  }

  /// Lists [chunks, longestList]; a place that holds no element has the position `length`.
  struct List {
    SmallVector<Value> keys;
    Value positions;
  };

  List openList(Value chunks) {
    List list;
    auto make = [&](Type element) -> Value {
      return par::AllocOp::create(b, loc, par::BufType::get(b.getContext(), 2, element),
                                  ValueRange{chunks, index(longestList)}, StringAttr(),
                                  b.getStringAttr("list"), UnitAttr());
    };
    for (Value buffer : keys)
      list.keys.push_back(make(elementOf(buffer)));
    list.positions = make(b.getI64Type());
    forall(chunks, "list", [&](Value c) {
      loop(index(0), index(longestList), "e", [&](Value e) {
        for (Value buffer : list.keys) {
          auto type = cast<IntegerType>(elementOf(buffer));
          store(integer(type, APInt::getSignedMaxValue(type.getWidth())), buffer, c, e);
        }
        store(asElement(length), list.positions, c, e);
      });
    });
    return list;
  }

  /// Puts an element before those that come after it; the last one falls off.
  void offer(const List &list, Value c, Value count, ValueRange key, Value position) {
    onlyIf(isAhead(list, c, sub(count, index(1)), key), [&] {
      // From the place that it takes on, every element moves by one.
      SmallVector<Value> carried(key), buffers(list.keys);
      carried.push_back(asElement(position));
      carried.push_back(arith::ConstantOp::create(b, loc, b.getBoolAttr(false)));
      buffers.push_back(list.positions);
      seq(index(0), count, "e", carried, [&](Value e, ValueRange mine) {
        Value moves = either(mine.back(), isAhead(list, c, e, mine.take_front(list.keys.size())));
        SmallVector<Value> next;
        for (auto [buffer, own] : llvm::zip_equal(buffers, mine.drop_back())) {
          Value theirs = load(buffer, c, e);
          store(choose(moves, own, theirs), buffer, c, e);
          next.push_back(choose(moves, theirs, own));
        }
        next.push_back(moves);
        return next;
      });
    });
  }

  /// The place holds nothing, or what comes after the key.
  Value isAhead(const List &list, Value c, Value e, ValueRange key) {
    Value isEmpty = compare(P::eq, asIndex(load(list.positions, c, e)), length);
    return either(isEmpty, isBefore(key, at(list.keys, c, e)));
  }

  // ---- arithmetic
  Value index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }
  Value integer(Type type, const APInt &v) {
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, v));
  }
  template <typename Op> Value make(Value x, Value y) { return b.createOrFold<Op>(loc, x, y); }
  Value add(Value x, Value y) { return make<arith::AddIOp>(x, y); }
  Value sub(Value x, Value y) { return make<arith::SubIOp>(x, y); }
  Value least(Value x, Value y) { return make<arith::MinSIOp>(x, y); }
  Value compare(P p, Value x, Value y) { return arith::CmpIOp::create(b, loc, p, x, y); }
  Value both(Value x, Value y) { return make<arith::AndIOp>(x, y); }
  Value either(Value x, Value y) { return make<arith::OrIOp>(x, y); }
  Value choose(Value c, Value x, Value y) { return arith::SelectOp::create(b, loc, c, x, y); }
  Value asElement(Value v) { return arith::IndexCastOp::create(b, loc, b.getI64Type(), v); }
  static Type elementOf(Value buffer) {
    return cast<par::BufType>(buffer.getType()).getElementType();
  }
  Value asIndex(Value v) { return arith::IndexCastOp::create(b, loc, b.getIndexType(), v); }
  /// Rounded up; both are positive or 0.
  Value pieces(Value n, Value size) {
    return make<arith::DivUIOp>(add(n, sub(size, index(1))), size);
  }

  Value load(Value buffer, Value half, Value at) {
    return par::LoadOp::create(b, loc, elementOf(buffer), buffer, ValueRange{half, at}, Value(),
                               Value());
  }
  void store(Value v, Value buffer, Value half, Value at) {
    par::StoreOp::create(b, loc, v, buffer, ValueRange{half, at}, Value());
  }
  SmallVector<Value> keysAt(Value half, Value place) { return at(keys, half, place); }
  SmallVector<Value> at(ArrayRef<Value> buffers, Value row, Value place) {
    SmallVector<Value> values;
    for (Value buffer : buffers)
      values.push_back(load(buffer, row, place));
    return values;
  }

  // ---- order
  /// The signed integer whose order is that of the key.
  Value ordered(Value v, bool isUnsigned, bool isDescending) {
    IntegerType type = keyType(v.getType());
    unsigned width = type.getWidth();
    Value key = v;
    if (v.getType().isIndex()) {
      key = arith::IndexCastOp::create(b, loc, type, v);
      if (isUnsigned)
        key = make<arith::XOrIOp>(key, integer(type, APInt::getSignMask(width)));
    } else if (v.getType().isInteger(1)) {
      key = arith::ExtUIOp::create(b, loc, type, v);
    } else if (isa<FloatType>(v.getType())) {
      Value bits = arith::BitcastOp::create(b, loc, type, v);
      Value sign = arith::ShRSIOp::create(b, loc, bits, integer(type, APInt(width, width - 1)));
      Value magnitude = make<arith::AndIOp>(sign, integer(type, APInt::getSignedMaxValue(width)));
      Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, v, v);
      key = choose(isNan, integer(type, APInt::getSignedMaxValue(width)),
                   make<arith::XOrIOp>(bits, magnitude));
    } else if (isUnsigned) {
      key = make<arith::XOrIOp>(v, integer(type, APInt::getSignMask(width)));
    }
    return isDescending ? make<arith::XOrIOp>(key, integer(type, APInt::getAllOnes(width))) : key;
  }

  /// x comes before y by the keys alone.
  Value isBefore(ValueRange x, ValueRange y) {
    Value before;
    for (size_t k = x.size(); k-- > 0;) {
      Value less = compare(P::slt, x[k], y[k]);
      before = before ? either(less, both(compare(P::eq, x[k], y[k]), before)) : less;
    }
    return before;
  }

  // ---- loops
  void forall(Value count, StringRef axis, function_ref<void(Value)> body, int64_t grain = 0) {
    auto loop =
        par::ForallOp::create(b, loc, ValueRange{index(0)}, ValueRange{count},
                              b.getStrArrayAttr({axis}), StringAttr(), UnitAttr(), b.getUnitAttr());
    if (grain)
      plan::setCount(loop, plan::grainName, grain);
    OpBuilder::InsertionGuard guard(b);
    Block *block = b.createBlock(&loop.getBody(), {}, b.getIndexType(), loc);
    body(block->getArgument(0));
    par::YieldOp::create(b, loc);
  }

  void loop(Value lower, Value upper, StringRef axis, function_ref<void(Value)> body) {
    seq(lower, upper, axis, {}, [&](Value i, ValueRange) {
      body(i);
      return SmallVector<Value>();
    });
  }

  void onlyIf(Value condition, function_ref<void()> body) {
    auto choice = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(choice.thenBlock()->getTerminator());
    body();
  }

  /// The carried values after the last iteration.
  SmallVector<Value> seq(Value lower, Value upper, StringRef axis, ValueRange inits,
                         function_ref<SmallVector<Value>(Value, ValueRange)> body) {
    auto loop =
        par::SeqOp::create(b, loc, inits.getTypes(), lower, upper, inits, b.getStringAttr(axis));
    OpBuilder::InsertionGuard guard(b);
    SmallVector<Type> types = {b.getIndexType()};
    llvm::append_range(types, inits.getTypes());
    Block *block =
        b.createBlock(&loop.getBody(), {}, types, SmallVector<Location>(types.size(), loc));
    SmallVector<Value> next =
        body(block->getArgument(0), ValueRange(block->getArguments()).drop_front());
    par::YieldOp::create(b, loc, next);
    return SmallVector<Value>(loop.getResults());
  }

  // ---- steps
  /// Half 1 to runs in half 0.
  void rank() {
    forall(length, "q", [&](Value q) {
      Value first =
          make<arith::MulIOp>(make<arith::DivUIOp>(q, index(runLength)), index(runLength));
      Value last = least(add(first, index(runLength)), length);
      SmallVector<Value> mine = keysAt(index(1), q);
      auto count = par::ReduceOp::create(
          b, loc, TypeRange{b.getI64Type()}, ValueRange{first}, ValueRange{last}, tx::Combine::add,
          FlatSymbolRefAttr(), /*is_unsigned=*/false, b.getStrArrayAttr({"r"}), StringAttr());
      {
        OpBuilder::InsertionGuard guard(b);
        Block *block = b.createBlock(&count.getBody(), {}, b.getIndexType(), loc);
        Value r = block->getArgument(0);
        SmallVector<Value> other = keysAt(index(1), r);
        Value isEarlier = both(compare(P::slt, r, q), notBefore(mine, other));
        Value counts = either(isBefore(other, mine), isEarlier);
        par::YieldOp::create(b, loc,
                             arith::ExtUIOp::create(b, loc, b.getI64Type(), counts).getResult());
      }
      Value place = add(first, asIndex(count.getResult(0)));
      for (auto [buffer, key] : llvm::zip_equal(keys, mine))
        store(key, buffer, index(0), place);
      store(arith::IndexCastOp::create(b, loc, b.getI64Type(), q), positions, index(0), place);
    });
  }

  /// x does not come before y.
  Value notBefore(ValueRange x, ValueRange y) {
    Value yes = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
    return arith::XOrIOp::create(b, loc, isBefore(x, y), yes);
  }

  /// Levels until one run is left: the bits of the number of runs less one.
  Value levels() {
    Value most =
        sub(arith::MaxSIOp::create(b, loc, pieces(length, index(runLength)), index(1)), index(1));
    Value bits = arith::IndexCastOp::create(b, loc, b.getI64Type(), most);
    Value zeros = math::CountLeadingZerosOp::create(b, loc, bits);
    return sub(index(64), asIndex(zeros));
  }

  Value merge() {
    Value count = levels();
    seq(index(0), count, "level", {}, [&](Value level, ValueRange) {
      Value from = make<arith::AndIOp>(level, index(1)), to = sub(index(1), from);
      Value width = arith::ShLIOp::create(b, loc, index(runLength), level);
      Value pair = add(width, width), size = least(pair, index(pieceLength));
      forall(pieces(length, index(pieceLength)), "c", [&](Value c) {
        Value begin = make<arith::MulIOp>(c, index(pieceLength));
        seq(index(0), arith::DivUIOp::create(b, loc, index(pieceLength), size), "s", {},
            [&](Value s, ValueRange) {
              Value first = add(begin, make<arith::MulIOp>(s, size));
              auto some = scf::IfOp::create(b, loc, compare(P::slt, first, length),
                                            /*withElseRegion=*/false);
              OpBuilder::InsertionGuard guard(b);
              b.setInsertionPoint(some.thenBlock()->getTerminator());
              mergePiece(first, least(add(first, size), length), width, level, from, to);
              return SmallVector<Value>();
            });
      });
      return SmallVector<Value>();
    });
    return make<arith::AndIOp>(count, index(1));
  }

  /// Places first … last - 1 of a pair of runs of `width`; `first` is a place.
  void mergePiece(Value first, Value last, Value width, Value level, Value from, Value to) {
    Value pair = add(width, width);
    Value begin = make<arith::MulIOp>(arith::DivUIOp::create(b, loc, first, pair), pair);
    Value middle = least(add(begin, width), length), end = least(add(begin, pair), length);
    Value left = split(first, begin, middle, end, level, from);
    Value right = add(middle, sub(sub(first, begin), sub(left, begin)));
    Value highest = sub(length, index(1));
    seq(first, last, "o", ValueRange{left, right}, [&](Value o, ValueRange at) {
      Value x = least(at[0], highest), y = least(at[1], highest);
      SmallVector<Value> a = keysAt(from, x), c = keysAt(from, y);
      Value isRight =
          both(compare(P::slt, at[1], end), either(compare(P::sge, at[0], middle), isBefore(c, a)));
      for (auto [buffer, l, r] : llvm::zip_equal(keys, a, c))
        store(choose(isRight, r, l), buffer, to, o);
      store(choose(isRight, load(positions, from, y), load(positions, from, x)), positions, to, o);
      Value step = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), isRight);
      return SmallVector<Value>{add(at[0], sub(index(1), step)), add(at[1], step)};
    });
  }

  /// Where in the left run the merge stands at place `first`: the least such that what follows in
  /// it belongs behind what the right run has given by then.
  Value split(Value first, Value begin, Value middle, Value end, Value level, Value from) {
    Value taken = sub(first, begin);
    Value low = arith::MaxSIOp::create(b, loc, sub(taken, sub(end, middle)), index(0));
    Value high = least(taken, sub(middle, begin));
    auto bounds =
        seq(index(0), add(level, index(llvm::Log2_64(runLength) + 1)), "bit", ValueRange{low, high},
            [&](Value, ValueRange at) {
              Value half = arith::ShRUIOp::create(b, loc, add(at[0], at[1]), index(1));
              Value isOpen = compare(P::slt, at[0], at[1]);
              // Where nothing is left to find both reads are of the first place of the pair.
              Value x = choose(isOpen, add(begin, half), begin);
              Value y = choose(isOpen, sub(add(middle, sub(taken, half)), index(1)), begin);
              SmallVector<Value> left = keysAt(from, x), right = keysAt(from, y);
              Value isAfter = isBefore(right, left);
              return SmallVector<Value>{
                  choose(both(isOpen, notBefore(right, left)), add(half, index(1)), at[0]),
                  choose(both(isOpen, isAfter), half, at[1])};
            });
    return add(begin, bounds[0]);
  }
};
} // namespace

void ParLowering::lowerSort(tx::SortOp op) {
  Location loc = op.getLoc();
  keepExtents(op);
  Place out = placeOf(op.getResult());
  Value lower = op.getLower(), length = op.getUpper();
  if (getConstantIntValue(lower) != 0)
    length = arith::MaxSIOp::create(b, loc, arith::SubIOp::create(b, loc, length, lower),
                                    constantIndex(loc, 0));
  Value count = op.getTop() ? Value(op.getTop()) : length;
  Sorter sorter(b, op, length);
  forallIn(loc, lower, op.getUpper(), b.getArrayAttr({op.getAxisAttr()}), /*isDisjoint=*/false,
           [&](ValueRange i) {
             auto keys = inlineRegion(op.getBody(), i);
             sorter.keep(op, b.createOrFold<arith::SubIOp>(loc, i[0], lower), keys);
           });
  auto finish = [&](function_ref<Value(Value)> positionAt) {
    forallOver(loc, count, [&](ValueRange at) {
      Value v = b.createOrFold<arith::AddIOp>(loc, positionAt(at[0]), lower);
      v = arith::IndexCastOp::create(b, loc, b.getI64Type(), v);
      par::StoreOp::create(b, loc, v, out.buffer, out.at(at), Value());
    });
  };
  dead.push_back(op);
  if (!op.getTop() || plan::getAlgo(op) != "list")
    return sorter.sort(finish);
  bool ownsKernel = isa<par::KernelOp>(op->getParentOp());
  auto choice = scf::IfOp::create(b, loc, sorter.isShort(count), /*withElseRegion=*/true);
  b.setInsertionPoint(choice.thenBlock()->getTerminator());
  sorter.select(count, ownsKernel, finish);
  b.setInsertionPoint(choice.elseBlock()->getTerminator());
  sorter.sort(finish);
}

} // namespace texpr

// The interpreter's forms whose places are data: tx.scatter in the order of its domain, tx.sort by
// keys, then indices.
//
// A place outside and a second put are recorded failures where the op names a site, as they will be
// at run time, and the put is passed over; without a site they are errors.
#include "dialects/par/InterpreterScalar.h"
#include "dialects/par/Machine.h"
#include <algorithm>
#include <cmath>

using namespace mlir;

namespace texpr::par {

/// The part of an array that stands at `place`, whose own extents are `inner`.
static std::optional<Datum> partOf(const Datum &array, int64_t place, ArrayRef<int64_t> inner) {
  if (inner.empty())
    return array.get(place);
  Datum part = Datum::ofArray(array.element, inner);
  for (int64_t i = 0, n = part.count(); i < n; ++i) {
    auto v = array.get(place * n + i);
    if (!v)
      return std::nullopt;
    part.set(i, *v);
  }
  return part;
}

/// The user's operator, where it is one.
static tx::CombinerOp combinerOf(tx::ScatterOp op) {
  auto name = op.getCombinerAttr();
  return name ? SymbolTable::lookupNearestSymbolFrom<tx::CombinerOp>(op, name) : tx::CombinerOp();
}

/// What the results hold before anything is put: `from`, an operator's start, or zeros.
LogicalResult Machine::scatterStart(tx::ScatterOp op, SmallVector<Datum> &sums) {
  if (op.getBase().empty() && op.getOp()) {
    tx::CombinerOp combiner = combinerOf(op);
    return startOf(op, *op.getOp(), combiner, op.getIsUnsigned(), sums);
  }
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    auto extents =
        op.getBase().empty() ? extentsOf(result) : std::optional(get(op.getBase()[i]).extents);
    if (!extents)
      return error(op, "puts tensors whose extents are not known");
    sums.push_back(Datum::ofArray(getElementTypeOrSelf(result.getType()), *extents));
    for (int64_t k = 0, n = sums.back().count(); k < n; ++k) {
      auto v = op.getBase().empty() ? Datum() : get(op.getBase()[i]).get(k);
      if (!v)
        return error(op, "starts from what was never written");
      sums.back().set(k, *v);
    }
  }
  return success();
}

/// Puts `values` at the linear place `at`, combined with what stands there.
LogicalResult Machine::put(tx::ScatterOp op, int64_t at, bool isFirst, SmallVector<Datum> values,
                           SmallVector<Datum> &sums) {
  tx::CombinerOp combiner = combinerOf(op);
  if (op.getOp() && (!combiner || !isFirst || !op.getBase().empty())) {
    SmallVector<Datum> parts;
    for (auto [sum, value] : llvm::zip_equal(sums, values)) {
      auto part = partOf(sum, at, value.extents);
      if (!part)
        return error(op, "combines what was never written");
      parts.push_back(*part);
    }
    if (failed(combineInto(op, *op.getOp(), combiner, op.getIsUnsigned(), op->getResultTypes(),
                           parts, values)))
      return failure();
    values = parts;
  }
  for (auto [sum, value] : llvm::zip_equal(sums, values))
    if (!place(sum, at, value))
      return error(op, "puts what was never written");
  return success();
}

LogicalResult Machine::scatter(tx::ScatterOp op) {
  SmallVector<Datum> sums;
  if (failed(scatterStart(op, sums)))
    return failure();
  SmallVector<int64_t> extents = integers(op.getExtents());
  int64_t places = 1;
  for (int64_t e : extents)
    places *= e;
  std::vector<bool> isPut(std::max<int64_t>(places, 0));
  auto step = [&](ArrayRef<Datum> point) -> LogicalResult {
    SmallVector<Datum> condition, yielded;
    if (op.hasWhere()) {
      if (failed(runRegion(op.getWhereRegion(), point, condition)))
        return failure();
      if (!condition.front().integer)
        return success();
    }
    if (failed(runRegion(op.getBody(), point, yielded)))
      return failure();
    int64_t at = 0;
    bool isInside = true;
    for (auto [index, extent] : llvm::zip(yielded, extents)) {
      isInside &= index.integer >= 0 && index.integer < extent;
      at = at * extent + (isInside ? index.integer : 0);
    }
    bool isSecond = isInside && !op.getOp() && isPut[at];
    if (!isInside && op.getSkip())
      return success();
    if (!isInside || isSecond) {
      if (!op.getSite() || (isSecond && op.getDistinct()) || (!isInside && op.getInBounds()))
        return error(op, isInside ? "puts twice at one place" : "puts outside");
      fail(*op.getSite());
      return success();
    }
    bool isFirst = !isPut[at];
    isPut[at] = true;
    return put(op, at, isFirst, SmallVector<Datum>(ArrayRef(yielded).drop_front(extents.size())),
               sums);
  };
  if (failed(forEach(integers(op.getLower()), integers(op.getUpper()), /*anyOrder=*/false, step)))
    return failure();
  set(op->getResults(), sums);
  return success();
}

/// Below 0: `a` comes first; floats as −inf … −0 < +0 … inf < NaN.
static int order(Type type, bool isUnsigned, const Datum &a, const Datum &b) {
  auto compare = [](auto x, auto y) { return int(x > y) - int(x < y); };
  if (!isa<FloatType>(type)) {
    // A bool is 0 or 1; unsigned numbers are kept as their bits, sign-extended or not.
    if (!isUnsigned && !type.isInteger(1))
      return compare(a.integer, b.integer);
    uint64_t mask = type.isIndex() || type.getIntOrFloatBitWidth() >= 64
                        ? ~uint64_t(0)
                        : (uint64_t(1) << type.getIntOrFloatBitWidth()) - 1;
    return compare(uint64_t(a.integer) & mask, uint64_t(b.integer) & mask);
  }
  if (std::isnan(a.real) || std::isnan(b.real))
    return int(std::isnan(a.real)) - int(std::isnan(b.real));
  if (int c = compare(a.real, b.real))
    return c;
  return int(std::signbit(b.real)) - int(std::signbit(a.real));
}

LogicalResult Machine::sort(tx::SortOp op) {
  int64_t lower = integer(op.getLower()), upper = integer(op.getUpper());
  std::vector<SmallVector<Datum>> keys;
  for (int64_t i = lower; i < upper; ++i) {
    keys.emplace_back();
    if (failed(runRegion(op.getBody(), {Datum::ofInteger(i)}, keys.back())))
      return failure();
  }
  std::vector<int64_t> indices(keys.size());
  for (size_t i = 0; i < indices.size(); ++i)
    indices[i] = i;
  TypeRange types = op.getYield().getOperandTypes();
  llvm::sort(indices, [&](int64_t a, int64_t b) {
    for (auto [k, type] : llvm::enumerate(types))
      if (int c = order(type, op.isUnsigned(k), keys[a][k], keys[b][k]))
        return op.isDescending(k) ? c > 0 : c < 0;
    return a < b;
  });
  int64_t count = op.getTop() ? integer(op.getTop()) : int64_t(indices.size());
  if (count < 0 || count > int64_t(indices.size()))
    return error(op, "takes more than there are");
  Datum result = Datum::ofArray(IntegerType::get(op.getContext(), 64), {count});
  for (int64_t i = 0; i < count; ++i)
    result.set(i, Datum::ofInteger(lower + indices[i]));
  set(op.getResult(), result);
  return success();
}

} // namespace texpr::par

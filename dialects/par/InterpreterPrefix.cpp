// The interpreter's scan and filter: whole, in the order of the domain.
//
// A scan keeps what was combined beside the place that it writes; by a user's operator it begins with the first
// value, and the identity is the first value of an exclusive one only. A filter's length is known when all
// conditions are.
#include "dialects/par/InterpreterScalar.h"
#include "dialects/par/Machine.h"

using namespace mlir;

namespace texpr::par {

/// Values of their own: what is combined into them must not change where they came from.
static SmallVector<Datum> copiesOf(ArrayRef<Datum> values) {
  SmallVector<Datum> copies;
  for (const Datum &v : values)
    copies.push_back(copyOf(v));
  return copies;
}

LogicalResult Machine::scan(tx::ScanOp op) {
  tx::CombinerOp combiner;
  if (op.getCombinerAttr())
    combiner = SymbolTable::lookupNearestSymbolFrom<tx::CombinerOp>(op, op.getCombinerAttr());
  SmallVector<int64_t> lower = integers(op.getLower()), upper = integers(op.getUpper());
  std::vector<SmallVector<Datum>> terms;
  auto collect = [&](ArrayRef<Datum> point) -> LogicalResult {
    SmallVector<Datum> yielded;
    if (failed(runRegion(op.getBody(), point, yielded)))
      return failure();
    terms.push_back(copiesOf(yielded));
    return success();
  };
  if (failed(forEach(lower, upper, /*anyOrder=*/false, collect)))
    return failure();
  SmallVector<Datum> results, start, so;
  for (OpResult result : op->getResults()) {
    auto extents = extentsOf(result);
    if (!extents)
      return error(op, "scans tensors whose extents are not known");
    results.push_back(Datum::ofArray(getElementTypeOrSelf(result.getType()), *extents));
  }
  // The identity in every element of a value.
  if (!terms.empty() && (!combiner || op.getExclusive())) {
    SmallVector<Datum> identities;
    if (combiner && !combiner.hasIdentity())
      return error(op, "is exclusive and its combiner has no identity");
    if (combiner && failed(runRegion(combiner.getIdentity(), {}, identities)))
      return failure();
    start = copiesOf(terms.front());
    for (auto [i, v] : llvm::enumerate(start)) {
      Datum identity =
          combiner ? identities[i] : identityOf(op.getOp(), op.getIsUnsigned(), results[i].element);
      if (!v.isArray())
        v = identity;
      for (int64_t k = 0, n = v.isArray() ? v.count() : 0; k < n; ++k)
        v.set(k, identity);
    }
    if (!combiner)
      so = copiesOf(start);
  }
  for (size_t step = 0; step < terms.size(); ++step) {
    size_t at = op.getReverse() ? terms.size() - 1 - step : step;
    SmallVector<Datum> next = copiesOf(terms[at]);
    if (!so.empty()) {
      SmallVector<Datum> left = copiesOf(op.getReverse() ? next : so);
      if (failed(combineInto(op, op.getOp(), combiner, op.getIsUnsigned(), op.getResultTypes(),
                             left, op.getReverse() ? so : next)))
        return failure();
      next = left;
    }
    ArrayRef<Datum> stored = !op.getExclusive() ? ArrayRef(next) : so.empty() ? start : so;
    for (auto [array, v] : llvm::zip_equal(results, stored))
      if (!place(array, at, v))
        return error(op, "combines what was never written");
    so = next;
  }
  set(op.getResults(), results);
  return success();
}

LogicalResult Machine::filter(tx::FilterOp op) {
  std::vector<SmallVector<Datum>> kept;
  auto test = [&](ArrayRef<Datum> point) -> LogicalResult {
    SmallVector<Datum> condition, yielded;
    if (failed(runRegion(op.getWhereRegion(), point, condition)))
      return failure();
    if (!condition.front().integer)
      return success();
    if (failed(runRegion(op.getBody(), point, yielded)))
      return failure();
    kept.push_back(copiesOf(yielded));
    return success();
  };
  if (failed(forEach(integers(op.getLower()), integers(op.getUpper()), /*anyOrder=*/false, test)))
    return failure();
  Datum count;
  count.integer = kept.size();
  set(op.getCount(), count);
  for (auto [i, result] : llvm::enumerate(op.getKept())) {
    auto extents = extentsOf(result);
    if (!extents)
      return error(op, "keeps tensors whose extents are not known");
    Datum array = Datum::ofArray(getElementTypeOrSelf(result.getType()), *extents);
    for (size_t position = 0; position < kept.size(); ++position)
      if (!place(array, position, kept[position][i]))
        return error(op, "keeps what was never written");
    set(result, array);
  }
  return success();
}

} // namespace texpr::par

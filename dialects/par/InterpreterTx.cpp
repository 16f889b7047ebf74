// The interpreter's tensors: forms of tx evaluated whole where they stand, reductions in index order, islands.
//
// A fact that does not hold is an error, because whoever asked for the run chose the arguments. A value that
// tx.verify finds outside of its range is a recorded failure, as it will be at run time.
#include "dialects/par/InterpreterScalar.h"
#include "dialects/par/Machine.h"
#include "dialects/tx/Extents.h"
#include "mlir/IR/IntegerSet.h"

using namespace mlir;

namespace texpr::par {

LogicalResult Machine::runTx(Operation *op, bool &known) {
  if (auto bindOp = dyn_cast<tx::BindOp>(op))
    return bind(op, bindOp.getSource(), bindOp.getExtents(),
                getElementTypeOrSelf(bindOp.getResult().getType()));
  if (auto factOp = dyn_cast<tx::FactOp>(op))
    return fact(factOp);
  if (auto verifyOp = dyn_cast<tx::VerifyOp>(op))
    return verify(verifyOp);
  if (auto readOp = dyn_cast<tx::ReadOp>(op))
    return readTensor(readOp);
  if (auto computeOp = dyn_cast<tx::ComputeOp>(op))
    return compute(computeOp);
  if (auto r = dyn_cast<tx::ReduceOp>(op))
    return reduce(op, r.getOp(), r.getCombinerAttr(), r.getIsUnsigned(), r.getLower(), r.getUpper(),
                  r.getBody(), r.getWhereRegion());
  if (auto r = dyn_cast<ReduceOp>(op))
    return reduce(op, r.getOp(), r.getCombinerAttr(), r.getIsUnsigned(), r.getLower(), r.getUpper(),
                  r.getBody(), r.getWhereRegion());
  if (auto checkOp = dyn_cast<tx::CheckOp>(op))
    return check(checkOp);
  if (auto listOp = dyn_cast<tx::ListOp>(op))
    return list(listOp);
  if (auto scanOp = dyn_cast<tx::ScanOp>(op))
    return scan(scanOp);
  if (auto filterOp = dyn_cast<tx::FilterOp>(op))
    return filter(filterOp);
  if (auto scatterOp = dyn_cast<tx::ScatterOp>(op))
    return scatter(scatterOp);
  if (auto sortOp = dyn_cast<tx::SortOp>(op))
    return sort(sortOp);
  if (auto doOp = dyn_cast<DoOp>(op))
    return island(doOp);
  known = false;
  return success();
}

/// The value of an affine expression over symbols; nothing for a division by what is not positive.
static std::optional<int64_t> evaluate(AffineExpr e, ArrayRef<int64_t> symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(e))
    return constant.getValue();
  if (auto symbol = dyn_cast<AffineSymbolExpr>(e))
    return symbols[symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(e);
  auto lhs = evaluate(binary.getLHS(), symbols), rhs = evaluate(binary.getRHS(), symbols);
  if (!lhs || !rhs)
    return std::nullopt;
  if (e.getKind() == AffineExprKind::Add)
    return *lhs + *rhs;
  if (e.getKind() == AffineExprKind::Mul)
    return *lhs * *rhs;
  if (*rhs <= 0)
    return std::nullopt;
  int64_t rest = ((*lhs % *rhs) + *rhs) % *rhs;
  if (e.getKind() == AffineExprKind::Mod)
    return rest;
  int64_t quotient = (*lhs - rest) / *rhs;
  return e.getKind() == AffineExprKind::CeilDiv && rest ? quotient + 1 : quotient;
}

LogicalResult Machine::fact(tx::FactOp op) {
  SmallVector<int64_t> symbols = integers(op.getOperands());
  IntegerSet set = op.getSet();
  for (unsigned i = 0; i < set.getNumConstraints(); ++i) {
    auto v = evaluate(set.getConstraint(i), symbols);
    if (!v || (set.isEq(i) ? *v != 0 : *v < 0))
      return error(op, op.getText() ? "does not hold: " + *op.getText() : "does not hold");
  }
  return success();
}

LogicalResult Machine::verify(tx::VerifyOp op) {
  const Datum &source = get(op.getSource());
  int64_t lower = integer(op.getLower()), upper = integer(op.getUpper());
  for (int64_t i = 0; i < source.count(); ++i) {
    auto v = source.get(i);
    if (!v)
      return error(op, "reads what was never written");
    if (v->integer < lower || v->integer >= upper) {
      fail(op.getSite());
      break;
    }
  }
  set(op.getResult(), source);
  return success();
}

/// What follows a test that failed does not run.
LogicalResult Machine::check(tx::CheckOp op) {
  bool holds = true;
  LogicalResult done = forEach(integers(op.getLower()), integers(op.getUpper()), /*anyOrder=*/true,
                               [&](ArrayRef<Datum> point) {
                                 SmallVector<Datum> yielded;
                                 if (failed(runRegion(op.getBody(), point, yielded)))
                                   return failure();
                                 holds &= yielded[0].integer != 0;
                                 return success();
                               });
  if (failed(done) || holds)
    return done;
  fail(op.getSite());
  stopped = true;
  return failure();
}

LogicalResult Machine::readTensor(tx::ReadOp op) {
  const Datum source = get(op.getSource());
  SmallVector<int64_t> indices = integers(op.getIndices());
  bool inside = llvm::all_of(llvm::zip_equal(indices, source.extents), [](auto pair) {
    return std::get<0>(pair) >= 0 && std::get<0>(pair) < std::get<1>(pair);
  });
  if (inside || !op.isGuarded()) {
    auto value = read(op, source, indices);
    if (!value)
      return failure();
    set(op.getResult(), *value);
    return success();
  }
  if (op.getSite()) {
    fail(*op.getSite());
    set(op.getResult(), Datum());
    return success();
  }
  SmallVector<Datum> yielded;
  if (failed(runRegion(op.getElseRegion(), {}, yielded)))
    return failure();
  set(op.getResult(), yielded.front());
  return success();
}

bool place(Datum &array, int64_t position, const Datum &part) {
  if (!part.isArray()) {
    array.set(position, part);
    return true;
  }
  for (int64_t i = 0, n = part.count(); i < n; ++i) {
    auto v = part.get(i);
    if (!v)
      return false;
    array.set(position * n + i, *v);
  }
  return true;
}

LogicalResult Machine::compute(tx::ComputeOp op) {
  SmallVector<int64_t> lower = integers(op.getLower()), upper = integers(op.getUpper()), extents;
  for (auto [lo, hi] : llvm::zip_equal(lower, upper))
    extents.push_back(std::max<int64_t>(0, hi - lo));
  SmallVector<Datum> results(op.getNumResults());
  int64_t position = 0;
  LogicalResult done =
      forEach(lower, upper, /*anyOrder=*/false, [&](ArrayRef<Datum> point) -> LogicalResult {
        SmallVector<Datum> yielded;
        if (failed(runRegion(op.getBody(), point, yielded)))
          return failure();
        for (auto [array, part, type] : llvm::zip_equal(results, yielded, op.getResultTypes())) {
          SmallVector<int64_t> all = extents;
          llvm::append_range(all, part.extents);
          if (!array.isArray())
            array = Datum::ofArray(getElementTypeOrSelf(type), all);
          if (array.extents != all)
            return error(op, "yields arrays of different extents");
          if (!place(array, position, part))
            return error(op, "yields what was never written");
        }
        ++position;
        return success();
      });
  if (failed(done))
    return failure();
  for (auto [array, type] : llvm::zip_equal(results, op.getResultTypes()))
    if (!array.isArray()) { // an empty domain
      auto all = extentsOf(op.getResult(&array - results.begin()));
      if (!all)
        return error(op, "is empty and its extents are not known");
      array = Datum::ofArray(getElementTypeOrSelf(type), *all);
    }
  set(op.getResults(), results);
  return success();
}

LogicalResult Machine::list(tx::ListOp op) {
  const Datum &first = get(op.getElements().front());
  SmallVector<int64_t> extents = {int64_t(op.getElements().size())};
  llvm::append_range(extents, first.extents);
  Datum array = Datum::ofArray(getElementTypeOrSelf(op.getResult().getType()), extents);
  for (auto [i, element] : llvm::enumerate(op.getElements())) {
    if (get(element).extents != first.extents)
      return error(op, "lists arrays of different extents");
    if (!place(array, i, get(element)))
      return error(op, "lists what was never written");
  }
  set(op.getResult(), array);
  return success();
}

LogicalResult Machine::island(DoOp op) {
  SmallVector<Datum> args, results, none;
  for (Value v : op.getInputs())
    args.push_back(get(v));
  for (unsigned i = 0; i < op.getNumResults(); ++i) {
    Type element = getElementTypeOrSelf(op.getResult(i).getType());
    results.push_back(Datum::ofArray(element, integers(op.getExtentsOf(i))));
  }
  llvm::append_range(args, results);
  if (failed(runRegion(op.getBody(), args, none)))
    return failure();
  set(op.getResults(), results);
  return success();
}

//===- reductions ---------------------------------------------------------===//

/// Element by element where the values are tensors. What is built in combines each value by itself, so that a tensor may
/// stand beside a number; a user's operator takes the same element of all.
LogicalResult Machine::combineInto(Operation *op, tx::Combine how, tx::CombinerOp combiner,
                                   bool isUnsigned, TypeRange types, SmallVectorImpl<Datum> &sums,
                                   ArrayRef<Datum> values) {
  auto take = [](const Datum &d, int64_t i) { return d.isArray() ? d.get(i) : std::optional(d); };
  auto put = [](Datum &sum, int64_t i, const Datum &v) {
    if (sum.isArray())
      sum.set(i, v);
    else
      sum = v;
  };
  auto countOf = [](const Datum &d) { return d.isArray() ? d.count() : 1; };
  if (!combiner) {
    for (auto [sum, value, type] : llvm::zip_equal(sums, values, types))
      for (int64_t i = 0, n = countOf(value); i < n; ++i) {
        auto part = take(value, i);
        if (!part)
          return error(op, "reduces what was never written");
        put(sum, i,
            combine(how, isUnsigned, getElementTypeOrSelf(type), take(sum, i).value_or(Datum()),
                    *part));
      }
    return success();
  }
  for (int64_t i = 0, n = countOf(values.front()); i < n; ++i) {
    SmallVector<Datum> args, parts, next;
    for (auto [sum, value] : llvm::zip_equal(sums, values)) {
      args.push_back(take(sum, i).value_or(Datum()));
      auto part = take(value, i);
      if (!part)
        return error(op, "reduces what was never written");
      parts.push_back(*part);
    }
    llvm::append_range(args, parts);
    if (failed(runRegion(combiner.getBody(), args, next)))
      return failure();
    for (auto [sum, v] : llvm::zip_equal(sums, next))
      put(sum, i, v);
  }
  return success();
}

/// The extents of a tensor from its maker's operands, before it is computed.
std::optional<SmallVector<int64_t>> Machine::extentsOf(Value tensor) {
  auto known = tx::knownExtents(tensor);
  if (!known)
    return std::nullopt;
  SmallVector<int64_t> extents;
  for (const tx::Extent &e : *known) {
    if ((e.upper && !values->contains(e.upper)) || (e.lower && !values->contains(e.lower)))
      return std::nullopt;
    extents.push_back(e.constant ? *e.constant
                      : e.lower  ? std::max<int64_t>(0, integer(e.upper) - integer(e.lower))
                                 : integer(e.upper));
  }
  return extents;
}

/// Where a reduction starts: the identity, for tensors in every element.
LogicalResult Machine::startOf(Operation *op, tx::Combine how, tx::CombinerOp combiner,
                               bool isUnsigned, SmallVectorImpl<Datum> &sums) {
  if (combiner && !combiner.hasIdentity())
    return error(op, "is empty and its combiner has no identity");
  SmallVector<Datum> identities;
  if (combiner && failed(runRegion(combiner.getIdentity(), {}, identities)))
    return failure();
  for (auto [i, result] : llvm::enumerate(op->getResults())) {
    Type element = getElementTypeOrSelf(result.getType());
    Datum identity = combiner ? identities[i] : identityOf(how, isUnsigned, element);
    if (!isa<RankedTensorType>(result.getType())) {
      sums.push_back(identity);
      continue;
    }
    auto extents = extentsOf(result);
    if (!extents)
      return error(op, "reduces tensors whose extents are not known");
    sums.push_back(Datum::ofArray(element, *extents));
    for (int64_t k = 0, n = sums.back().count(); k < n; ++k)
      sums.back().set(k, identity);
  }
  return success();
}

/// An array of its own: a sum must not change the value that it began as.
Datum copyOf(const Datum &d) {
  if (!d.isArray())
    return d;
  Datum copy = Datum::ofArray(d.element, d.extents);
  place(copy, 0, d);
  return copy;
}

LogicalResult Machine::reduce(Operation *op, tx::Combine how, FlatSymbolRefAttr name,
                              bool isUnsigned, ValueRange lower, ValueRange upper, Region &body,
                              Region &where) {
  tx::CombinerOp combiner;
  if (name)
    combiner = SymbolTable::lookupNearestSymbolFrom<tx::CombinerOp>(op, name);
  SmallVector<Datum> sums;
  if (!combiner && failed(startOf(op, how, combiner, isUnsigned, sums)))
    return failure();
  auto step = [&](ArrayRef<Datum> point) -> LogicalResult {
    SmallVector<Datum> condition, values;
    if (!where.empty()) {
      if (failed(runRegion(where, point, condition)))
        return failure();
      if (!condition.front().integer)
        return success();
    }
    if (failed(runRegion(body, point, values)))
      return failure();
    if (!sums.empty())
      return combineInto(op, how, combiner, isUnsigned, op->getResultTypes(), sums, values);
    // A user's operator starts from the first value: its identity is that of an empty domain only.
    for (const Datum &v : values)
      sums.push_back(copyOf(v));
    return success();
  };
  if (failed(forEach(integers(lower), integers(upper), /*anyOrder=*/false, step)))
    return failure();
  if (sums.empty() && failed(startOf(op, how, combiner, isUnsigned, sums)))
    return failure();
  set(op->getResults(), sums);
  return success();
}

} // namespace texpr::par

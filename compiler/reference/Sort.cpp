// argsort and top: the indices of an axis, stably sorted by their keys.
//
// In: an axis and for each index a key, of one or more scalars. Out: the indices, all or the first
// `k`. Scalars are ordered by value, false before true, floats as −inf … −0 < +0 … inf < NaN with
// all NaNs equal; a scalar under `desc` the other way; what is equal in all of them stays in the
// order of the indices.
#include "compiler/reference/Machine.h"
#include <algorithm>

namespace texpr::reference {

/// Below 0: `a` comes first. 0: neither does.
static int order(Scalar a, Scalar b) {
  if (a.kind == ScalarKind::Bool)
    return int(truth(a)) - int(truth(b));
  if (isFloat(a.kind) && (isNan(a) || isNan(b)))
    return int(isNan(a)) - int(isNan(b));
  if (truth(binary(BinaryOp::Lt, a, b)))
    return -1;
  if (truth(binary(BinaryOp::Gt, a, b)))
    return 1;
  auto isNegative = [](Scalar s) { return int(s.bits >> (8 * byteSize(s.kind) - 1) & 1); };
  return isFloat(a.kind) ? isNegative(b) - isNegative(a) : 0;
}

Value Machine::sort(const SortExpr &e) {
  const int64_t lo = lowerBound(e.domain[0]), hi = evalInt(*e.domain[0].hi);
  int64_t count = std::max<int64_t>(hi - lo, 0);
  std::vector<std::vector<Scalar>> keys;
  forDomain(e.domain, e.binders, [&] {
    const Value v = block(*e.body);
    std::vector<const Value *> leaves;
    v.leaves(leaves);
    keys.emplace_back();
    for (const Value *leaf : leaves)
      keys.back().push_back(leaf->scalar());
  });
  std::vector<int64_t> indices(count);
  for (int64_t i = 0; i < count; ++i)
    indices[i] = i;
  std::sort(indices.begin(), indices.end(), [&](int64_t a, int64_t b) {
    for (size_t k = 0; k < keys[a].size(); ++k)
      if (const int c = order(keys[a][k], keys[b][k]))
        return e.descending[k] ? c > 0 : c < 0;
    return a < b;
  });
  if (e.top) {
    const int64_t k = evalInt(*e.top);
    if (k < 0 || k > count)
      internal(e.top->range, "the first " + std::to_string(k) + " of " + std::to_string(count));
    indices.resize(k);
    count = k;
  }
  Array result(ScalarKind::I64, {count});
  for (int64_t i = 0; i < count; ++i)
    result.set(i, indexScalar(lo + indices[i]));
  return result;
}

} // namespace texpr::reference

// Constant domains of reductions.
//
//   par.reduce add (%u, %v) = (0, 0) to (3, 3)   nine steps;   (%k) = (0) to (%n)   nothing
//
// In: a reduction. Out: the number of its steps where all its bounds are constants and its body is straight; nothing is changed.
#include "dialects/par/Straight.h"
#include "dialects/plan/Plan.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr::par {

static constexpr int64_t kMostTrips = int64_t(1) << 20; // products stay far from overflow

std::optional<SmallVector<std::pair<int64_t, int64_t>>> constantDomain(ReduceOp reduce) {
  SmallVector<std::pair<int64_t, int64_t>> domain;
  for (auto [lower, upper] : llvm::zip(reduce.getLower(), reduce.getUpper())) {
    APInt lo, hi;
    if (!matchPattern(lower, m_ConstantInt(&lo)) || !matchPattern(upper, m_ConstantInt(&hi)) ||
        hi.sle(lo))
      return std::nullopt;
    domain.push_back({lo.getSExtValue(), hi.getSExtValue()});
  }
  return domain;
}

static bool isStraight(ReduceOp reduce) {
  if (reduce.getOp() == tx::Combine::user || !reduce.getWhereRegion().empty())
    return false;
  return llvm::all_of(reduce.getBody().front(), [](Operation &op) {
    bool isWrittenOut = isa<ReduceOp>(op) && op.hasAttr(plan::straightName);
    return isWrittenOut || (op.getNumRegions() == 0 && !isa<AllocOp, StoreOp>(op));
  });
}

std::optional<int64_t> straightSteps(ReduceOp reduce) {
  auto domain = constantDomain(reduce);
  if (!domain || domain->empty() || !isStraight(reduce))
    return std::nullopt;
  int64_t steps = 1;
  for (auto [lower, upper] : *domain) {
    if (upper - lower > kMostTrips / steps)
      return std::nullopt;
    steps *= upper - lower;
  }
  return steps;
}

} // namespace texpr::par

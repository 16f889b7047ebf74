// unroll-reduces: a reduction over a few constant iterations becomes straight-line code.
//
//   %s = par.reduce add (%u, %v) = (0, 0) to (3, 3) { %a = load …; yield %a * %w }
// becomes
//   %s0 = 0.0 + %a00 * %w00;  %s1 = %s0 + %a01 * %w01;  … nine steps, in index order
//
// The taps of a stencil: indices fold to constants, weights that were chosen by index become
// numbers, and the loop around it can be vectorized. A sum whose value is a product keeps the
// language's licence to be fused, as `par.fuse` on the addition; the target decides.
#include "compiler/transform/Passes.h"
#include "dialects/par/Combine.h"
#include "dialects/par/ParOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_UNROLLREDUCES
#include "compiler/transform/Passes.h.inc"

namespace {

constexpr int64_t kMostSteps =
    64; // more would only cost code: the loop's own cost is hidden by then

/// [lower, upper) of each axis, where all are constants and the steps few.
std::optional<SmallVector<std::pair<int64_t, int64_t>>> smallDomain(par::ReduceOp reduce) {
  SmallVector<std::pair<int64_t, int64_t>> domain;
  int64_t steps = 1;
  for (auto [lower, upper] : llvm::zip(reduce.getLower(), reduce.getUpper())) {
    APInt lo, hi;
    if (!matchPattern(lower, m_ConstantInt(&lo)) || !matchPattern(upper, m_ConstantInt(&hi)))
      return std::nullopt;
    int64_t trips = hi.getSExtValue() - lo.getSExtValue();
    if (trips <= 0 || trips > kMostSteps || (steps *= trips) > kMostSteps)
      return std::nullopt;
    domain.push_back({lo.getSExtValue(), hi.getSExtValue()});
  }
  return domain;
}

bool isStraight(par::ReduceOp reduce) {
  if (reduce.getOp() == tx::Combine::user || !reduce.getWhereRegion().empty())
    return false;
  return llvm::all_of(reduce.getBody().front(), [](Operation &op) {
    return op.getNumRegions() == 0 && !isa<par::AllocOp, par::StoreOp>(op);
  });
}

bool isProduct(Value v) {
  Operation *def = v.getDefiningOp();
  return def && isa<arith::MulFOp>(def) && v.hasOneUse();
}

void unroll(par::ReduceOp reduce, ArrayRef<std::pair<int64_t, int64_t>> domain) {
  OpBuilder b(reduce);
  Location loc = reduce.getLoc();
  Block &body = reduce.getBody().front();
  Operation *yield = body.getTerminator();
  SmallVector<Value> acc;
  for (Type t : reduce.getResultTypes())
    acc.push_back(par::buildIdentity(b, loc, reduce.getOp(), reduce.getIsUnsigned(), t));
  SmallVector<int64_t> at;
  for (auto [lo, hi] : domain)
    at.push_back(lo);
  while (true) {
    IRMapping map;
    for (auto [arg, i] : llvm::zip(body.getArguments(), at))
      map.map(arg, arith::ConstantIndexOp::create(b, loc, i));
    for (Operation &op : body.without_terminator())
      b.clone(op, map);
    for (auto [a, v] : llvm::zip(acc, yield->getOperands())) {
      a = par::buildCombine(b, loc, reduce.getOp(), reduce.getIsUnsigned(), a,
                            map.lookupOrDefault(v));
      if (auto sum = a.getDefiningOp<arith::AddFOp>(); sum && isProduct(v))
        sum->setAttr("par.fuse", b.getUnitAttr());
    }
    unsigned d = at.size();
    while (d > 0 && ++at[d - 1] == domain[d - 1].second) {
      at[d - 1] = domain[d - 1].first;
      --d;
    }
    if (d == 0)
      break;
  }
  reduce->replaceAllUsesWith(acc);
  reduce.erase();
}

struct UnrollReduces : impl::UnrollReducesBase<UnrollReduces> {
  void runOnOperation() override {
    getOperation().walk([](par::ReduceOp reduce) {
      auto domain = smallDomain(reduce);
      if (domain && !domain->empty() && isStraight(reduce))
        unroll(reduce, *domain);
    });
  }
};
} // namespace
} // namespace texpr

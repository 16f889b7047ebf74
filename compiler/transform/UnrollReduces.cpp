// unroll-reduces: a reduction with `plan.straight` becomes straight-line code.
//
//   %s = par.reduce add (%u, %v) = (0, 0) to (3, 3) { %a = load …; yield %a * %w }
// becomes
//   %s0 = 0.0 + %a00 * %w00;  %s1 = %s0 + %a01 * %w01;  … nine steps, in index order
//
// The taps of a stencil: indices fold to constants, weights that were chosen by index become
// numbers, and the loop around it can be vectorized (plan-unroll chooses). A sum whose value is a product keeps the
// language's licence to be fused, as `par.fuse` on the addition; the target decides.
#include "compiler/transform/Passes.h"
#include "dialects/par/Combine.h"
#include "dialects/par/Straight.h"
#include "dialects/plan/Plan.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_UNROLLREDUCES
#include "compiler/transform/Passes.h.inc"

namespace {

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
      if (reduce->hasAttr(plan::straightName) && par::straightSteps(reduce))
        unroll(reduce, *par::constantDomain(reduce));
    });
  }
};
} // namespace
} // namespace texpr

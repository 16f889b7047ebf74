// Recognition of contractions at the level of nests (matmul, convolution, attention's two
// products).
//
//   forall (i, j) { s = reduce add (l) { extf(x[i, l]) * extf(w[l, j]) }; … }
//   C is used by i, j; a by i, l; b by l, j      so M = {i}, N = {j}, K = {l}; used by a, b and C:
//   batch
//
// One reduction only, so that the rest of the body is prologue (pure) and epilogue. An axis of the
// forall that neither factor uses, or one of the reduction that only one uses, is no contraction:
// the sum would be taken out first.
#include "dialects/par/Contraction.h"

using namespace mlir;

namespace texpr::par {

/// Zero extension stays: a contraction widens integers with their sign.
static Value stripWidening(Value v) {
  while (Operation *def = v.getDefiningOp()) {
    if (!isa<arith::ExtFOp, arith::ExtSIOp>(def))
      break;
    v = def->getOperand(0);
  }
  return v;
}

/// The only reduction of the nest, where nothing else in its body loops.
static ReduceOp onlyReduction(ForallOp nest) {
  ReduceOp found;
  for (Operation &op : *nest.getBlock()) {
    if (auto reduce = dyn_cast<ReduceOp>(op)) {
      if (found)
        return {};
      found = reduce;
    } else if (isa<ForallOp, SeqOp, ContractOp>(op)) {
      return {};
    }
  }
  return found;
}

static Factor describe(Value factor, ForallOp nest, ValueRange axes) {
  Factor f;
  f.value = stripWidening(factor);
  auto load = f.value.getDefiningOp<LoadOp>();
  if (!load || load.getMask())
    return f;
  Operation *maker = load.getSource().getDefiningOp();
  if (maker && nest->isProperAncestor(maker))
    return f;
  f.load = load;
  f.map = tx::accessMap(load.getIndices(), axes);
  return f;
}

static bool uses(const Factor &f, ValueRange axes, unsigned axis) {
  if (f.isPlain())
    return !f.map.isFreeOf(axis);
  return tx::dependsOn(f.value, axes[axis]);
}

/// Sorts the axes; false where one has no part.
static bool classify(Contraction &c) {
  for (unsigned i = 0; i < c.axes.size(); ++i) {
    bool inA = uses(c.a, c.axes, i), inB = uses(c.b, c.axes, i);
    bool parallel = i < c.getNumParallel();
    if (parallel ? !(inA || inB) : !(inA && inB))
      return false;
    SmallVector<unsigned> &part = !parallel ? c.k : inA && inB ? c.batch : inA ? c.m : c.n;
    part.push_back(i);
  }
  return true;
}

/// True where an iteration changes what its own reduction then reads: the sum cannot be taken out.
static bool isStoredBefore(const Factor &factor, ReduceOp reduce) {
  if (!factor.load)
    return false;
  Value source = LoadOp(factor.load).getSource();
  return llvm::any_of(source.getUsers(), [&](Operation *user) {
    auto store = dyn_cast<StoreOp>(user);
    Operation *top = store ? reduce->getBlock()->findAncestorOpInBlock(*user) : nullptr;
    return top && top != reduce.getOperation() && top->isBeforeInBlock(reduce);
  });
}

std::optional<Contraction> Contraction::match(ForallOp nest) {
  ReduceOp reduce = onlyReduction(nest);
  if (!reduce || reduce.getOp() != tx::Combine::add || reduce.getNumResults() != 1)
    return std::nullopt;
  Operation *product = reduce.getYield().getValues().front().getDefiningOp();
  if (!product || !isa<arith::MulFOp, arith::MulIOp>(product) ||
      product->getParentRegion() != &reduce.getBody())
    return std::nullopt;
  Contraction c;
  c.nest = nest;
  c.reduce = reduce;
  c.product = product->getResult(0);
  c.axes.assign(nest.getArgs().begin(), nest.getArgs().end());
  c.axes.append(reduce.getArgs().begin(), reduce.getArgs().end());
  c.a = describe(product->getOperand(0), nest, c.axes);
  c.b = describe(product->getOperand(1), nest, c.axes);
  // The last axis of the forall is contiguous in C: it should be an N.
  if (c.getNumParallel() > 0) {
    unsigned last = c.getNumParallel() - 1;
    if (uses(c.a, c.axes, last) && !uses(c.b, c.axes, last))
      std::swap(c.a, c.b);
  }
  if (isStoredBefore(c.a, reduce) || isStoredBefore(c.b, reduce) || !classify(c))
    return std::nullopt;
  return c;
}

StringRef Contraction::getAxisName(unsigned axis) {
  unsigned parallel = getNumParallel();
  Attribute name = axis < parallel ? nest.getAxes()[axis] : reduce.getAxes()[axis - parallel];
  return cast<StringAttr>(name).getValue();
}

bool Contraction::isRectangular() {
  auto fixed = [&](Value bound) { return !tx::dependsOn(bound, nest.getArgs()); };
  return !reduce.hasWhere() && llvm::all_of(reduce.getLower(), fixed) &&
         llvm::all_of(reduce.getUpper(), fixed);
}

} // namespace texpr::par

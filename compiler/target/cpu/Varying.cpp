// Which values of a body differ between lanes: those computed from the lane's index, by data flow or by a choice that it takes.
//
// In: a nest and the argument that the lanes count along. Out: the set, or the first obstacle: a loop whose bounds differ
// between lanes, a buffer or a contraction inside, a user's operator. Carried values reach a fixed point in a few rounds, since
// values are only ever added.
#include "compiler/target/cpu/Lanes.h"

using namespace mlir;

namespace texpr::cpu {

Varying::Varying(Operation *nest, Value axis) {
  values.insert(axis);
  if (auto reduce = dyn_cast<par::ReduceOp>(nest); reduce && reduce.hasWhere())
    values.insert(reduce.getWhereRegion().getArguments().back());
  for (Region &region :
       llvm::reverse(nest->getRegions())) // a reduction's `where` comes before its body
    if (!region.empty())
      visit(region.front());
}

void Varying::visit(Block &block) {
  for (Operation &op : block)
    visit(op);
}

static ValueRange yielded(Region &region) { return region.front().getTerminator()->getOperands(); }

/// par.seq, par.forall and par.reduce: one trip count for all lanes.
void Varying::visitLoop(Operation &op) {
  if (auto forall = dyn_cast<par::ForallOp>(op)) {
    if (any(forall.getLower()) || any(forall.getUpper()))
      obstacle = "the bounds of an inner loop differ between lanes";
    return visit(*forall.getBlock());
  }
  if (auto reduce = dyn_cast<par::ReduceOp>(op)) {
    if (reduce.getOp() == tx::Combine::user)
      obstacle = "an inner reduction has a user's operator";
    if (any(reduce.getLower()) || any(reduce.getUpper()))
      obstacle = "the bounds of an inner reduction differ between lanes";
    bool varies = false;
    for (Region &region : reduce->getRegions())
      if (!region.empty()) {
        visit(region.front());
        varies |= any(yielded(region));
      }
    for (Value result : reduce.getResults())
      mark(result, varies);
    return;
  }
  auto seq = cast<par::SeqOp>(op);
  if (values.contains(seq.getLower()) || values.contains(seq.getUpper()))
    obstacle = "the bounds of an inner loop differ between lanes";
  for (auto [carried, init] : llvm::zip_equal(seq.getCarried(), seq.getInits()))
    mark(carried, values.contains(init));
  size_t before;
  do {
    before = values.size();
    bool stopsApart = seq.hasWhile() && visitCondition(seq);
    visit(*seq.getBlock());
    for (auto [carried, next, result] :
         llvm::zip_equal(seq.getCarried(), seq.getYield().getValues(), seq.getResults())) {
      mark(carried, stopsApart || values.contains(next));
      mark(result, values.contains(carried));
    }
  } while (values.size() != before);
}

/// True where lanes may stop at different steps: what they carry differs then, whatever it is made of.
bool Varying::visitCondition(par::SeqOp seq) {
  Region &condition = seq.getWhileRegion();
  for (auto [arg, carried] :
       llvm::zip_equal(condition.getArguments().drop_front(), seq.getCarried()))
    mark(arg, values.contains(carried));
  visit(condition.front());
  return any(yielded(condition));
}

void Varying::visit(Operation &op) {
  if (isa<par::SeqOp, par::ForallOp, par::ReduceOp>(op))
    return visitLoop(op);
  if (auto choice = dyn_cast<scf::IfOp>(op)) {
    bool condition = values.contains(choice.getCondition());
    for (Region &region : op.getRegions())
      if (!region.empty())
        visit(region.front());
    for (auto [i, result] : llvm::enumerate(choice.getResults()))
      mark(result, condition || values.contains(yielded(choice.getThenRegion())[i]) ||
                       values.contains(yielded(choice.getElseRegion())[i]));
    return;
  }
  bool known = isa<par::LoadOp, par::StoreOp, par::FailOp>(op) ||
               op.hasTrait<OpTrait::IsTerminator>() || OpTrait::hasElementwiseMappableTraits(&op) ||
               isa<arith::ConstantOp>(op);
  if (!known)
    obstacle = "it contains " + op.getName().getStringRef().str();
  bool varies = any(op.getOperands());
  for (Value result : op.getResults())
    mark(result, varies);
}

} // namespace texpr::cpu

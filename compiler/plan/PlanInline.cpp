// plan-inline: which values are computed again where they are read.
//
// In: the forms of a function. Out: plan.store = "inline" and plan.why on those; pins are left as they are. By counted cost:
//   a view                                   inline: nothing is computed
//   each element evaluated once              inline: nothing is computed twice
//   the term of a reduction of tensors       inline: each element is combined as it is made
//   a loop inside, or evaluated unboundedly  not
//   else      inline where (evaluations - 1) · operations of an element <= a store and the loads that it saves: 1 each while a
//             shared row holds it, 1 a byte where it would go through memory
// No element is evaluated more than 32 times, each a copy of its body. At -O0 only views.
#include "compiler/plan/CostModel.h"
#include "compiler/plan/Passes.h"
#include "compiler/plan/Pins.h"
#include "compiler/plan/Policy.h"
#include "dialects/plan/Plan.h"
#include <cmath>

using namespace mlir;

namespace texpr::plan {
#define GEN_PASS_DEF_PLANINLINE
#include "compiler/plan/Passes.h.inc"

namespace {
std::string number(double v) { return std::to_string(int64_t(std::min(v, 1e15))); }

/// Beyond so many evaluations of an element none is cheaper than a load from where it was stored.
constexpr double kMostCopies = 32;

struct PlanInline : impl::PlanInlineBase<PlanInline> {
  using PlanInlineBase::PlanInlineBase;

  /// Of what is inlined: readers are decided before what they read.
  llvm::DenseMap<Operation *, Evaluations> evaluated;

  void runOnOperation() override {
    evaluated.clear();
    SmallVector<Operation *> pinned = applyPins(getOperation(), Point::inlining);
    for (auto func : getOperation().getOps<func::FuncOp>())
      decideRegion(func.getBody());
    for (Operation *op : pinned)
      if (getStore(op) != Store::inlined)
        for (StringRef settled : {storeName, depthName, pinnedName})
          op->removeAttr(settled);
  }

  void decideRegion(Region &region) {
    for (Block &block : region)
      for (Operation &op : llvm::reverse(block)) {
        if (auto form = dyn_cast<tx::ComputeOp>(op))
          decide(form);
        for (Region &inner : op.getRegions())
          decideRegion(inner);
      }
  }

  void decide(tx::ComputeOp op) {
    Evaluations evaluations = evaluationsOf(op, evaluated);
    std::string why = reasonToInline(op, evaluations);
    if (why.empty()) {
      tx::Readers readers = tx::readersOf(op);
      if (!isPinned(op, "store") && (readers.reads.empty() || readers.leaves))
        op->removeAttr(storeName); // a view that is used as a whole
      return;
    }
    setStore(op, Store::inlined);
    setWhy(op, why);
    if (!tx::isTerm(op)) // which keeps its loop
      evaluated[op] = evaluations;
  }

  /// Empty: it is not inlined.
  std::string reasonToInline(tx::ComputeOp op, Evaluations evaluations) {
    if (auto store = getStore(op); store && isPinned(op, "store"))
      return *store == Store::inlined ? "pinned" : "";
    if (level > 0 && tx::isTerm(op) && !isContrary(op->getParentOfType<ModuleOp>()))
      return "a term: each element is combined as it is made";
    // Pins of a loop speak of a loop: it stays one.
    if (hasPinnedLoop(op))
      return "";
    tx::Readers readers = tx::readersOf(op);
    if (readers.reads.empty() || readers.leaves || op->hasAttr(className))
      return "";
    if (isSnapshot(op) && (level == 0 || !mayMoveToReads(op)))
      return "";
    if (isView(op))
      return "a view: nothing is computed";
    if (level == 0)
      return "";
    // Before common subexpressions meet again, each evaluation is a copy of the body: a chain of values that are read twice would double
    // with every link.
    if (evaluations.count > kMostCopies)
      return "";
    std::string why = gain(op, evaluations);
    if (isContrary(op->getParentOfType<ModuleOp>()))
      return why.empty() ? "contrary" : "";
    return why;
  }

  /// What is gained by evaluating it again; empty: nothing.
  std::string gain(tx::ComputeOp op, Evaluations evaluations) {
    if (evaluations.count <= 1 && !evaluations.isUnbounded)
      return "every element is read once";
    Cost cost = costOf(op);
    if (cost.isUnbounded)
      return "";
    if (evaluations.isUnbounded)
      return cost.operations <= double(readsIn(op)) ? "only a conversion of what it reads" : "";
    bool isNested = !isa<func::FuncOp>(op->getParentOp()) && !isa<tx::ForOp>(op->getParentOp());
    bool staysInCache = isNested || sharingOf(op).depth > 0;
    double again = (evaluations.count - 1) * cost.operations;
    double saved = (1 + evaluations.count) * (staysInCache ? 1 : double(elementBytes(op)));
    if (again > saved)
      return "";
    return number(again) + " operations more an element, " + number(saved) + " accesses less";
  }

  static unsigned readsIn(tx::ComputeOp op) {
    unsigned reads = 0;
    op.walk([&](tx::ReadOp) { ++reads; });
    return reads;
  }
};
} // namespace
} // namespace texpr::plan

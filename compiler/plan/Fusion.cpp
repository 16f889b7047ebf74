// plan-fusion: where each value lives that is not computed again: once per iteration of axes that its readers share, or in memory.
//
// In: the forms of a function after tx-inline. Out: plan.store = "tile" with plan.depth, or "memory", and plan.why.
//   softmax by three forms: maximum (m), exponentials (m, n), sum (m) share the axis m with the last form   →   one kernel
// An element that is read at other places of an axis too may share it by a window (a stencil's rows). A contraction never loses its own
// axes to sharing, nor does one that reads it: its tiles are worth more than the traffic. Inside a form every value is a tile already.
// Whether all that share axes can stand together is asked of tx::clusterOf; what breaks a cluster goes to memory. At -O0 all does.
#include "compiler/plan/Algorithms.h"
#include "compiler/plan/CostModel.h"
#include "compiler/plan/Passes.h"
#include "compiler/plan/Pins.h"
#include "compiler/plan/Policy.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/DenseMap.h"

using namespace mlir;

namespace texpr::plan {
#define GEN_PASS_DEF_PLANFUSION
#include "compiler/plan/Passes.h.inc"

namespace {
struct PlanFusion : impl::PlanFusionBase<PlanFusion> {
  using PlanFusionBase::PlanFusionBase;

  void runOnOperation() override {
    applyPins(getOperation(), Point::fusion);
    decideAlgorithms(getOperation());
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (!func.isExternal())
        decideBlock(func.getBody().front());
  }

  /// A block that the host runs: forms in it are kernels, loops and choices hold further ones.
  void decideBlock(Block &block) {
    Decisions decisions;
    for (auto op : block.getOps<tx::ComputeOp>())
      if (!getStore(op) || *getStore(op) == Store::tile)
        decisions.propose(op, level);
    decisions.settle(block);
    for (Operation &op : block) {
      if (auto form = dyn_cast<tx::ComputeOp>(op))
        decisions.write(form);
      if (isa<scf::IfOp, tx::ForOp>(op))
        for (Region &region : op.getRegions())
          for (Block &inner : region)
            decideBlock(inner);
      else
        decideNested(op);
    }
  }

  void decideNested(Operation &op) {
    for (Region &region : op.getRegions())
      region.walk([](tx::ComputeOp form) {
        if (getStore(form))
          return;
        setStore(form, Store::tile);
        setWhy(form, "it belongs to one iteration of what is around it");
      });
  }

  /// For promises: where a value goes to memory, and why.
  static void recordStored(tx::ComputeOp op, StringRef why) {
    auto func = op->getParentOfType<func::FuncOp>();
    SourcePlace place = placeOf(op);
    if (!func->hasAttr(ensureName) || place.line == 0)
      return;
    Builder b(op.getContext());
    SmallVector<Attribute> all;
    if (auto old = func->getAttrOfType<ArrayAttr>(storedName))
      all.append(old.begin(), old.end());
    auto text = [&](StringRef s) { return b.getStringAttr(s); };
    all.push_back(b.getDictionaryAttr(
        {b.getNamedAttr("why", text(why)),
         b.getNamedAttr("place", b.getArrayAttr({text(place.file), b.getI64IntegerAttr(place.line),
                                                 b.getI64IntegerAttr(place.column)}))}));
    func->setAttr(storedName, b.getArrayAttr(all));
  }

  struct Decisions {
    llvm::DenseMap<Operation *, Sharing> sharing;

    int64_t depthOf(tx::ComputeOp op) const {
      auto it = sharing.find(op);
      return it == sharing.end() ? 0 : it->second.depth;
    }

    void propose(tx::ComputeOp op, unsigned level) {
      if (getStore(op) == Store::tile && isPinned(op, "store"))
        sharing[op] = {unsigned(getDepth(op)), false, "pinned"};
      else if (level == 0)
        sharing[op] = {0, false, "-O0: every form is a kernel"};
      else if (op->hasAttr(className))
        sharing[op] = {0, false, "it is compiled by classes of its dims"};
      else if (!tx::readersOf(op).reads.empty() && hasPinnedLoop(op))
        sharing[op] = {0, false, "its loop is pinned"};
      else
        sharing[op] = sharingOf(op);
      bool isOpen = level > 0 && !isPinned(op, "store") && !op->hasAttr(className) &&
                    !hasPinnedLoop(op) && !tx::readersOf(op).reads.empty();
      if (isOpen && isContrary(op->getParentOfType<ModuleOp>()))
        sharing[op] = {sharing[op].depth > 0 ? 0u : 1u, false, "contrary"};
    }

    /// Takes values out of clusters until all clusters can be built.
    void settle(Block &block) {
      for (bool changed = true; changed;) {
        changed = false;
        for (auto op : block.getOps<tx::ComputeOp>()) {
          if (depthOf(op) == 0)
            continue;
          std::string why;
          auto cluster = tx::clusterOf(op, [&](tx::ComputeOp o) { return depthOf(o); }, why);
          if (cluster)
            continue;
          if (isPinned(op, "store"))
            emitError(locationOfPin(op, "store")) << "pin: @keep cannot be obeyed here: " << why;
          sharing[op] = {0, false, why};
          changed = true;
        }
      }
    }

    void write(tx::ComputeOp op) {
      auto it = sharing.find(op);
      if (it == sharing.end()) {
        if (getStore(op) == Store::memory && isPinned(op, "store"))
          recordStored(op, "@materialize asks for it");
        return;
      }
      const Sharing &s = it->second;
      setStore(op, s.depth > 0 ? Store::tile : Store::memory);
      if (s.depth > 0)
        setDepth(op, s.depth);
      bool isResult = tx::readersOf(op).reads.empty();
      setWhy(op, isResult ? "a result" : s.why);
      if (s.depth == 0 && !isResult)
        recordStored(op, s.why);
    }
  };
};
} // namespace
} // namespace texpr::plan

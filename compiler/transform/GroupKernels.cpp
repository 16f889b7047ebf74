// group-kernels: every value that is made in memory leaves a tx.kernel.
//
// In: fused values. Out: a function body of dim arithmetic, binds, facts, kernels, choices and loops around kernels; beyond this pass
// no value is recomputed or stored elsewhere.
//   %y = tx.compute (m) { … }     →   %y = tx.kernel { %v = tx.compute (m) { … }  tx.yield %v }
// A loop or choice that makes tensors stays on the host and holds kernels; one of scalars alone is a kernel if it reads memory. A
// function that returns an argument, or one value twice, returns a copy: each result is memory of its own.
#include "compiler/transform/Passes.h"
#include "dialects/par/ParOps.h"
#include "dialects/plan/Plan.h"
#include "dialects/tx/Extents.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_GROUPKERNELS
#include "compiler/transform/Passes.h.inc"

namespace {
bool makesTensors(Operation *op) {
  auto isTensor = [](Type t) { return isa<RankedTensorType>(t); };
  return llvm::any_of(op->getResultTypes(), isTensor);
}

/// True where the op, or what is in it, touches memory: it must run inside a kernel.
bool needsKernel(Operation *op) {
  bool found = false;
  op->walk([&](Operation *inner) {
    found |= isa<tx::ComputeOp, tx::ReduceOp, tx::ScanOp, tx::ScatterOp, tx::FilterOp, tx::SortOp,
                 tx::CheckOp, tx::ReadOp, tx::ListOp, par::DoOp, par::FailOp>(inner);
  });
  return found;
}

/// Tensors of its own inside: worth kernels of their own.
bool holdsTensors(Operation *op) {
  bool found = makesTensors(op);
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Operation &inner : block)
        found |= isa<tx::ComputeOp, tx::ScanOp, tx::ScatterOp, tx::FilterOp, tx::SortOp, tx::ListOp,
                     tx::CheckOp, par::DoOp>(inner) ||
                 (isa<scf::IfOp, tx::ForOp>(inner) && holdsTensors(&inner));
  return found;
}

struct GroupKernels : impl::GroupKernelsBase<GroupKernels> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      if (func.isExternal())
        continue;
      separateResults(func);
      group(func.getBody().front());
    }
  }

  void separateResults(func::FuncOp func) {
    Operation *ret = func.getBody().front().getTerminator();
    llvm::DenseSet<Value> seen;
    for (OpOperand &operand : ret->getOpOperands()) {
      Value v = operand.get();
      if (!isa<RankedTensorType>(v.getType()) ||
          func.getResultAttr(operand.getOperandNumber(), "tx.tied"))
        continue;
      Operation *def = v.getDefiningOp();
      bool isOwn = def && !isa<tx::BindOp, tx::VerifyOp>(def);
      if (isOwn && seen.insert(v).second)
        continue;
      OpBuilder b(ret);
      operand.set(copyOf(b, v));
    }
  }

  static Value copyOf(OpBuilder &b, Value v) {
    SmallVector<std::string> texts;
    auto extents = tx::getExtents(b, v);
    for (size_t i = 0; i < extents.size(); ++i)
      texts.push_back("v" + std::to_string(i));
    SmallVector<StringRef> names(texts.begin(), texts.end());
    auto copy = tx::ComputeOp::create(b, v.getLoc(), extents, b.getStrArrayAttr(names),
                                      [&](OpBuilder &b, Location loc, ValueRange at) {
                                        tx::YieldOp::create(
                                            b, loc, tx::ReadOp::create(b, loc, v, at).getResult());
                                      });
    plan::setStore(copy, plan::Store::memory);
    plan::setWhy(copy, "a result is memory of its own");
    return copy.getResult(0);
  }

  void group(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block.without_terminator())) {
      if (isa<tx::BindOp, tx::VerifyOp, tx::FactOp, tx::KernelOp>(op) || !needsKernel(&op))
        continue;
      if (isa<scf::IfOp, tx::ForOp>(op) && holdsTensors(&op)) {
        for (Region &region : op.getRegions())
          for (Block &inner : region)
            group(inner);
        continue;
      }
      enclose(&op);
    }
  }

  static void enclose(Operation *op) {
    OpBuilder b(op);
    auto kernel = tx::KernelOp::create(b, op->getLoc(), op->getResultTypes());
    Block *body = b.createBlock(&kernel.getBody());
    op->replaceAllUsesWith(kernel);
    op->moveBefore(body, body->end());
    b.setInsertionPointToEnd(body);
    tx::YieldOp::create(b, op->getLoc(), op->getResults());
  }
};
} // namespace
} // namespace texpr

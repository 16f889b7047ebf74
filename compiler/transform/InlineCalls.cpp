// inline-calls: no call is left; only exported functions remain.
//
// In: functions after import. Out: each exported function alone, its callees' bodies in it.
//   %r = func.call @local(%n, %x)   →   the callee's dims are the operands, its tx.bind gives way to the operand,
//   %v = tx.compute … { %r[i] }         and its facts stay as facts that the caller's checker proved (no `entry`)
// The inliner is upstream's, which needs to be told that tx and par may be inlined and inlined into; what operators call is inlined behind
// it. A function that is both exported and called is first split: the callers get a private copy without entry checks.
#include "compiler/transform/Passes.h"
#include "dialects/par/ParOps.h"
#include "dialects/tx/Extents.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Inliner.h"
#include "mlir/Transforms/InliningUtils.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_INLINECALLS
#include "compiler/transform/Passes.h.inc"

namespace {
struct AlwaysInline : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Operation *, bool) const final { return true; }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final { return true; }
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final { return true; }
};

struct InlineCalls : impl::InlineCallsBase<InlineCalls> {
  LogicalResult initialize(MLIRContext *context) override {
    for (Dialect *d : {static_cast<Dialect *>(context->getLoadedDialect<tx::TxDialect>()),
                       static_cast<Dialect *>(context->getLoadedDialect<par::ParDialect>())})
      if (d && !d->getRegisteredInterface<DialectInlinerInterface>())
        d->addInterfaces<AlwaysInline>();
    return success();
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    splitCalledExports(module);
    for (auto func : module.getOps<func::FuncOp>())
      if (func.isPrivate())
        func.walk([](tx::FactOp fact) { fact.removeEntryAttr(); });
    OpPassManager inliner(ModuleOp::getOperationName());
    inliner.addPass(createInlinerPass({}, [](OpPassManager &) {}));
    if (failed(runPipeline(inliner, module)))
      return signalPassFailure();
    for (auto combiner : module.getOps<tx::CombinerOp>())
      if (failed(inlineInto(combiner)))
        return signalPassFailure();
    SymbolTable symbols(module);
    for (auto func : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      if (func.isPrivate() && SymbolTable::symbolKnownUseEmpty(func, module))
        symbols.erase(func);
    for (auto func : module.getOps<func::FuncOp>())
      settleBinds(func, &func.getBody().front());
  }

  /// A user's operator is no node of the call graph. The functions that it calls have no calls left.
  LogicalResult inlineInto(tx::CombinerOp combiner) {
    SmallVector<func::CallOp> calls;
    combiner.walk([&](func::CallOp call) { calls.push_back(call); });
    InlinerInterface interface(&getContext());
    InlinerConfig config;
    for (func::CallOp call : calls) {
      auto callee = getOperation().lookupSymbol<func::FuncOp>(call.getCallee());
      if (failed(inlineCall(interface, config.getCloneCallback(), call, callee, &callee.getBody())))
        return failure();
      call.erase();
    }
    settleBinds(combiner, nullptr);
    return success();
  }

  void splitCalledExports(ModuleOp module) {
    llvm::MapVector<StringRef, SmallVector<func::CallOp>> calls;
    module.walk([&](func::CallOp call) { calls[call.getCallee()].push_back(call); });
    for (auto &[name, users] : calls) {
      auto callee = module.lookupSymbol<func::FuncOp>(name);
      if (!callee || callee.isPrivate())
        continue;
      auto copy = cast<func::FuncOp>(callee->clone());
      copy.setName((name + ".inlined").str());
      copy.setPrivate();
      copy->removeAttr("tx.export");
      module.insert(callee, copy);
      for (func::CallOp call : users)
        call.setCallee(copy.getName());
    }
    // The copies call copies too: their calls were cloned before some were renamed.
    module.walk([&](func::CallOp call) {
      std::string inlined = (call.getCallee() + ".inlined").str();
      if (module.lookupSymbol(inlined))
        call.setCallee(inlined);
    });
  }

  /// A bind of what is no argument of the function: another name for the caller's tensor, with the callee's extents.
  void settleBinds(Operation *within, Block *entry) {
    SmallVector<tx::BindOp> binds;
    within->walk([&](tx::BindOp bind) {
      auto arg = dyn_cast<BlockArgument>(bind.getSource());
      if (!arg || arg.getOwner() != entry)
        binds.push_back(bind);
    });
    for (tx::BindOp bind : binds) {
      OpBuilder b(bind);
      Value source = bind.getSource();
      if (!hasExtents(source, bind.getExtents()))
        source = viewOf(b, bind.getLoc(), source, bind.getExtents());
      bind.replaceAllUsesWith(source);
      bind.erase();
    }
  }

  static bool hasExtents(Value tensor, ValueRange extents) {
    tx::Extents known = tx::knownExtents(tensor);
    return known && llvm::all_of(llvm::zip_equal(*known, extents), [](auto pair) {
             return !std::get<0>(pair).lower && std::get<0>(pair).upper == std::get<1>(pair);
           });
  }

  static Value viewOf(OpBuilder &b, Location loc, Value source, ValueRange extents) {
    SmallVector<std::string> texts;
    for (size_t i = 0; i < extents.size(); ++i)
      texts.push_back("v" + std::to_string(i));
    SmallVector<StringRef> names(texts.begin(), texts.end());
    auto view = tx::ComputeOp::create(
        b, loc, extents, b.getStrArrayAttr(names), [&](OpBuilder &b, Location loc, ValueRange at) {
          tx::YieldOp::create(b, loc, tx::ReadOp::create(b, loc, source, at).getResult());
        });
    view->setAttr("plan.store", b.getStringAttr("inline"));
    return view.getResult(0);
  }
};
} // namespace
} // namespace texpr

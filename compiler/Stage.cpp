// What holds at each stage, executed.
//
//   tx      func, arith, math, scf, tx and islands of par; no buffer outside an island
//   par     no tensors, no tx but facts, combiners and total scalars
//   mapped  as par, and every forall and reduce has a level, every alloc a place
//   target  the LLVM dialect alone
#include "compiler/Stage.h"
#include "dialects/par/ParOps.h"
#include "dialects/tx/TxOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace texpr {

StringRef name(Stage stage) {
  switch (stage) {
  case Stage::tx:
    return "tx";
  case Stage::par:
    return "par";
  case Stage::mapped:
    return "mapped";
  case Stage::target:
    return "target";
  }
  llvm_unreachable("all stages are named");
}

std::optional<Stage> parseStage(StringRef name) {
  return llvm::StringSwitch<std::optional<Stage>>(name)
      .Case("tx", Stage::tx)
      .Case("par", Stage::par)
      .Case("mapped", Stage::mapped)
      .Case("target", Stage::target)
      .Default(std::nullopt);
}

std::optional<Stage> stageOf(ModuleOp module) {
  auto attr = module->getAttrOfType<StringAttr>("texpr.stage");
  return attr ? parseStage(attr.getValue()) : std::nullopt;
}

namespace {
bool hasTensor(Operation *op) {
  auto isTensor = [](Type t) { return isa<TensorType>(t); };
  return llvm::any_of(op->getResultTypes(), isTensor) ||
         llvm::any_of(op->getOperandTypes(), isTensor);
}

/// Why `op` has no place at `stage`; empty where it has.
StringRef objection(Operation *op, Stage stage) {
  StringRef dialect = op->getName().getDialectNamespace();
  if (stage == Stage::target)
    return dialect == "llvm" || dialect == "builtin" ? "" : "only the LLVM dialect is legal";
  bool known =
      llvm::is_contained({"builtin", "func", "arith", "math", "scf", "tx", "par"}, dialect);
  if (!known)
    return "its dialect is not legal";
  if (stage == Stage::tx)
    return isa<par::KernelOp, par::SlotOp, par::BindOp>(op) ? "it belongs to later stages" : "";
  if (hasTensor(op))
    return "tensors have become buffers";
  if (dialect == "tx" && !isa<tx::FactOp, tx::CombinerOp, tx::ScalarOp>(op) &&
      !op->getParentOfType<tx::CombinerOp>())
    return "values have become nests";
  if (isa<par::DoOp>(op))
    return "islands have been opened";
  if (stage == Stage::par)
    return "";
  if (auto forall = dyn_cast<par::ForallOp>(op); forall && !forall.getLevel())
    return "it has no level";
  if (auto reduce = dyn_cast<par::ReduceOp>(op); reduce && !reduce.getLevel())
    return "it has no level";
  if (auto alloc = dyn_cast<par::AllocOp>(op); alloc && !alloc.getPlace())
    return "it has no place";
  return "";
}
} // namespace

LogicalResult checkStage(ModuleOp module, Stage stage) {
  auto result = module.walk([&](Operation *op) {
    StringRef why = objection(op, stage);
    if (why.empty())
      return WalkResult::advance();
    op->emitError() << "internal: not legal at the stage '" << name(stage) << "': " << why;
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

} // namespace texpr

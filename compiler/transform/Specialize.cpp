// specialize: one kernel for each listed value of a dim, and one for all others.
//
// In: functions with tx.specialize = {dim = "k", values = [64, 128]}, at the stage par. Out: where each kernel stood, a chain of
// choices by the dim; in each copy the dim is a constant, and so is the index arithmetic outside that is made of it.
//   par.kernel { par.forall to (%k) … }   →   scf.if (%k == 64) { par.kernel { par.forall to (64) … } } else { par.kernel … }
// Why kernels and not functions: the dim is known at the call, so a test costs nothing beside a kernel; there is one entry,
// one workspace and one set of facts, and whatever follows (unrolling, tiles, vectors) sees a constant.
#include "compiler/transform/Passes.h"
#include "dialects/par/ParOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_SPECIALIZE
#include "compiler/transform/Passes.h.inc"

namespace {
/// A kernel where `dim` is `constant`.
class Copy {
public:
  Copy(OpBuilder &b, Value dim, Value constant) : b(b) { map.map(dim, constant); }

  void of(par::KernelOp kernel) {
    llvm::SetVector<Value> used;
    getUsedValuesDefinedAbove(kernel->getRegions(), used);
    for (Value operand : kernel->getOperands())
      used.insert(operand);
    for (Value v : used)
      remade(v);
    b.clone(*kernel, map);
  }

private:
  OpBuilder &b;
  IRMapping map;
  llvm::DenseSet<Value> same;

  /// Index arithmetic that the constant changes is made again.
  Value remade(Value v) {
    if (map.contains(v) || same.contains(v))
      return map.lookupOrDefault(v);
    Operation *op = v.getDefiningOp();
    bool isArithmetic =
        op && isa<arith::ArithDialect>(op->getDialect()) && op->getNumResults() == 1;
    bool changes = false;
    if (isArithmetic)
      for (Value operand : op->getOperands())
        changes |= remade(operand) != operand;
    if (!changes) {
      same.insert(v);
      return v;
    }
    return b.clone(*op, map)->getResult(0);
  }
};

struct Specialize : impl::SpecializeBase<Specialize> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      auto asked = func->getAttrOfType<DictionaryAttr>("tx.specialize");
      if (!asked)
        continue;
      func->removeAttr("tx.specialize");
      Value dim = dimNamed(func, asked.getAs<StringAttr>("dim"));
      if (!dim) {
        func.emitError("specializes no dim of its own");
        return signalPassFailure();
      }
      SmallVector<par::KernelOp> kernels;
      func.walk([&](par::KernelOp kernel) { kernels.push_back(kernel); });
      for (par::KernelOp kernel : kernels)
        choose(kernel, dim, asked.getAs<DenseI64ArrayAttr>("values").asArrayRef());
    }
  }

  static Value dimNamed(func::FuncOp func, StringAttr name) {
    for (BlockArgument arg : func.getArguments())
      if (func.getArgAttr(arg.getArgNumber(), "tx.dim") == name)
        return arg;
    return {};
  }

  static void choose(par::KernelOp kernel, Value dim, ArrayRef<int64_t> values) {
    Location loc = kernel.getLoc();
    OpBuilder b(kernel);
    for (int64_t value : values) {
      Value constant = arith::ConstantIndexOp::create(b, loc, value);
      Value isIt = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, dim, constant);
      auto choice = scf::IfOp::create(b, loc, TypeRange(), isIt, /*withElseRegion=*/true);
      b.setInsertionPointToStart(choice.thenBlock());
      Copy(b, dim, constant).of(kernel);
      b.setInsertionPointToStart(choice.elseBlock());
    }
    kernel->moveBefore(b.getInsertionBlock(), b.getInsertionPoint());
  }
};
} // namespace
} // namespace texpr

// cpu-fuse-products: the language's licence to fuse the product that feeds a sum, used.
//
//   %p = arith.mulf %a, %b                           %s = math.fma %a, %b, %c
//   %s = arith.addf %c, %p {par.fuse}           =>
//
// Only additions that `unroll-reduces` marked are touched (the combining + of a reduction, docs/language.md), only f32 and f64,
// and only where the machine multiplies and adds in one instruction: elsewhere fma would be a call.
#include "compiler/target/cpu/Cpu.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace texpr::cpu {
#define GEN_PASS_DEF_CPUFUSEPRODUCTS
#include "compiler/target/cpu/Passes.h.inc"

namespace {
struct CpuFuseProducts : impl::CpuFuseProductsBase<CpuFuseProducts> {
  using CpuFuseProductsBase::CpuFuseProductsBase;

  void runOnOperation() override {
    const Target *target = findMachine(getOperation(), machine);
    if (!target)
      return signalPassFailure();
    if (!target->fma)
      return;
    SmallVector<arith::AddFOp> sums;
    getOperation().walk([&](arith::AddFOp sum) {
      if (sum->hasAttr("par.fuse"))
        sums.push_back(sum);
    });
    for (arith::AddFOp sum : sums)
      fuse(sum);
  }

  static void fuse(arith::AddFOp sum) {
    auto product = sum.getRhs().getDefiningOp<arith::MulFOp>();
    Type element = getElementTypeOrSelf(sum.getType());
    if (!product || !product->hasOneUse() || !(element.isF32() || element.isF64()))
      return;
    OpBuilder b(sum);
    Value fused =
        math::FmaOp::create(b, sum.getLoc(), product.getLhs(), product.getRhs(), sum.getLhs());
    sum.replaceAllUsesWith(fused);
    sum.erase();
    product.erase();
  }
};
} // namespace
} // namespace texpr::cpu

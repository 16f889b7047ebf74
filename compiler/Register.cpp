// What every tool can read and run: our dialects, upstream's that our stages use, our passes and a
// few of upstream's.
//
// Single upstream passes are named: `registerAllPasses` would drag every target of MLIR in.
#include "compiler/Register.h"
#include "compiler/plan/Passes.h"
#include "compiler/target/cpu/Cpu.h"
#include "compiler/transform/Passes.h"
#include "dialects/par/ParDialect.h"
#include "dialects/plan/Plan.h"
#include "dialects/tx/TxDialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Transforms/Passes.h"

namespace texpr {

void registerDialects(mlir::DialectRegistry &registry) {
  registry
      .insert<tx::TxDialect, par::ParDialect, mlir::func::FuncDialect, mlir::arith::ArithDialect,
              mlir::math::MathDialect, mlir::scf::SCFDialect, mlir::affine::AffineDialect>();
  mlir::func::registerInlinerExtension(registry);
}

void registerPasses() {
  mlir::registerCanonicalizerPass();
  plan::registerTexprPlanPasses();
  registerTexprTransformPasses();
  mlir::registerCSEPass();
  mlir::registerInlinerPass();
  mlir::registerSymbolDCEPass();
  mlir::registerLoopInvariantCodeMotionPass();
  cpu::registerTexprTargetCpuPasses();
}

} // namespace texpr

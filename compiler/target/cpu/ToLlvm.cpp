// cpu-to-llvm: all that is left (func, scf, cf, arith, math, vector, ub) becomes the LLVM dialect,
// in one conversion.
//
// One pass instead of upstream's eight: each of theirs walks the whole module. scf goes through cf,
// as upstream does it. Vectors are one-dimensional here, so the vector dialect's plain patterns
// suffice. Holds afterwards: only the LLVM dialect.
#include "compiler/target/cpu/Cpu.h"
#include "dialects/par/ParOps.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace texpr::cpu {
#define GEN_PASS_DEF_CPUTOLLVM
#include "compiler/target/cpu/Passes.h.inc"

namespace {
struct ToLlvmPass : impl::CpuToLlvmBase<ToLlvmPass> {
  void getDependentDialects(DialectRegistry &registry) const override {
    CpuToLlvmBase::getDependentDialects(registry);
    registry.insert<cf::ControlFlowDialect>();
  }

  void runOnOperation() override {
    if (failed(convertControl()))
      return signalPassFailure();
    lowerStops();
    if (failed(convertRest()))
      return signalPassFailure();
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>()) {
      for (StringRef name : {"tx.export", "tx.signature", "tx.workspace_of"})
        function->removeAttr(name);
      if (function.isPrivate() && !function.isExternal())
        function.setLinkage(LLVM::Linkage::Internal);
    }
  }

  LogicalResult convertControl() {
    RewritePatternSet patterns(&getContext());
    populateSCFToControlFlowConversionPatterns(patterns);
    ConversionTarget target(getContext());
    target.addIllegalDialect<scf::SCFDialect>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    return applyPartialConversion(getOperation(), target, std::move(patterns));
  }

  /// par.stop returns the status of the call, the last argument, where it is no success. Between the conversions,
  /// as control is blocks by now.
  void lowerStops() {
    SmallVector<par::StopOp> stops;
    getOperation().walk([&](par::StopOp stop) { stops.push_back(stop); });
    for (par::StopOp stop : stops) {
      auto function = stop->getParentOfType<func::FuncOp>();
      OpBuilder b(stop);
      Location loc = stop.getLoc();
      Value slot = function.getArguments().back();
      Value status = LLVM::LoadOp::create(b, loc, b.getI32Type(), slot);
      Value zero = arith::ConstantIntOp::create(b, loc, 0, 32);
      Value isBad = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, status, zero);
      Block *before = stop->getBlock(), *after = before->splitBlock(stop);
      Block *exit = b.createBlock(&function.getBody(), function.getBody().end());
      func::ReturnOp::create(b, loc, status);
      b.setInsertionPointToEnd(before);
      cf::CondBranchOp::create(b, loc, isBad, exit, ValueRange(), after, ValueRange());
      stop.erase();
    }
  }

  LogicalResult convertRest() {
    LowerToLLVMOptions options(&getContext());
    LLVMTypeConverter converter(&getContext(), options);
    RewritePatternSet patterns(&getContext());
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    ub::populateUBToLLVMConversionPatterns(converter, patterns);
    LLVMConversionTarget target(getContext());
    target.addLegalOp<ModuleOp>();
    return applyFullConversion(getOperation(), target, std::move(patterns));
  }
};
} // namespace
} // namespace texpr::cpu

// Every pass of the middle road. One entry, one .cpp, one test file; the order is compiler/Pipeline.cpp's.
#ifndef TEXPR_TRANSFORM_PASSES
#define TEXPR_TRANSFORM_PASSES
include "mlir/Pass/PassBase.td"

def LowerToPar : Pass<"lower-to-par", "::mlir::ModuleOp"> {
  let summary = "Values become buffers, index lambdas become nests";
  let dependentDialects = ["::texpr::par::ParDialect", "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

def ReuseResults : Pass<"reuse-results", "::mlir::ModuleOp"> {
  let summary = "A buffer that only feeds the loop which overwrites a part of a result is that part";
}

def Promote : Pass<"promote", "::mlir::ModuleOp"> {
  let summary = "Every buffer gets a place: the stack, or the workspace";
  let dependentDialects = ["::texpr::par::ParDialect"];
}

def Map : Pass<"map", "::mlir::ModuleOp"> {
  let summary = "Every forall gets its level; what goes to threads is cut into chunks";
  let dependentDialects = ["::texpr::par::ParDialect", "::mlir::arith::ArithDialect"];
}

def Workspace : Pass<"workspace", "::mlir::ModuleOp"> {
  let summary = "Buffers placed in the workspace become parts of one block, whose size is a closed formula";
  let dependentDialects = ["::texpr::par::ParDialect", "::mlir::arith::ArithDialect"];
}
#endif

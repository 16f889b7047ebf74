// Every pass of the middle road. One entry, one .cpp, one test file; the order is compiler/Pipeline.cpp's.
#ifndef TEXPR_TRANSFORM_PASSES
#define TEXPR_TRANSFORM_PASSES
include "mlir/Pass/PassBase.td"

def InlineCalls : Pass<"inline-calls", "::mlir::ModuleOp"> {
  let summary = "Calls give way to bodies; only exported functions remain";
}

def PlaceTests : Pass<"place-tests", "::mlir::ModuleOp"> {
  let summary = "A test of data of a call stands where it is made once, and there ends the call";
  let dependentDialects = ["::texpr::tx::TxDialect", "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

def SimplifyIndices : Pass<"simplify-indices", "::mlir::ModuleOp"> {
  let summary = "Index arithmetic in normal form, equal dims merged, guards dropped that always hold";
  let dependentDialects = ["::texpr::tx::TxDialect", "::mlir::arith::ArithDialect"];
}

def SplitClasses : Pass<"split-classes", "::mlir::ModuleOp"> {
  let summary = "A cluster is cloned for each class of its dims, told apart by comparisons on dims";
  let dependentDialects = ["::mlir::scf::SCFDialect"];
}

def TxInline : Pass<"tx-inline", "::mlir::ModuleOp"> {
  let summary = "What is marked `inline` is recomputed where it is read";
  let dependentDialects = ["::texpr::tx::TxDialect", "::mlir::scf::SCFDialect"];
}

def TxNest : Pass<"tx-nest", "::mlir::ModuleOp"> {
  let summary = "What is marked `tile` lives once per iteration of the axes that it shares with its readers";
  let dependentDialects = ["::texpr::tx::TxDialect", "::mlir::arith::ArithDialect"];
}

def SinkVerify : Pass<"sink-verify", "::mlir::ModuleOp"> {
  let summary = "Promises on elements become tests at the accesses that rely on them";
  let dependentDialects = ["::texpr::par::ParDialect", "::mlir::arith::ArithDialect"];
}

def GroupKernels : Pass<"group-kernels", "::mlir::ModuleOp"> {
  let summary = "Every value that is made in memory leaves a tx.kernel";
  let dependentDialects = ["::texpr::tx::TxDialect"];
}

def LowerToPar : Pass<"lower-to-par", "::mlir::ModuleOp"> {
  let summary = "Values become buffers, index lambdas become nests";
  let dependentDialects = ["::texpr::par::ParDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect"];
}

def SplitLanes : Pass<"split-lanes", "::mlir::ModuleOp"> {
  let summary = "Full foralls, whose iterations meet, as foralls between the meetings";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect", "::texpr::par::ParDialect"];
}

def InstrumentLanes : Pass<"instrument-lanes", "::mlir::ModuleOp"> {
  let summary = "A checked build counts the epochs between the barriers of full foralls";
  let dependentDialects = ["::texpr::par::ParDialect", "::mlir::arith::ArithDialect"];
}

def InstrumentLaws : Pass<"instrument-laws", "::mlir::ModuleOp"> {
  let summary = "A checked build tests whether a user's operator is associative and has an identity";
  let dependentDialects = ["::texpr::par::ParDialect", "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

def InstrumentChecks : Pass<"instrument-checks", "::mlir::ModuleOp"> {
  let summary = "A checked build tests every access, division and operator while it runs";
  let dependentDialects = ["::texpr::par::ParDialect", "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
  let options = [Option<"nan", "nan", "bool", "false", "report the first place that makes a NaN">];
}

def Specialize : Pass<"specialize", "::mlir::ModuleOp"> {
  let summary = "A kernel is cloned for each listed value of a dim, which is a constant in the copy";
  let dependentDialects = ["::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect"];
}

def UnrollReduces : Pass<"unroll-reduces", "::mlir::ModuleOp"> {
  let summary = "A reduction over a few constant iterations becomes straight-line code";
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def Tile : Pass<"tile", "::mlir::ModuleOp"> {
  let summary = "Strip-mines a forall by plan.tile, grid axes outside in plan.order";
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def StagePanels : Pass<"stage-panels", "::mlir::ModuleOp"> {
  let summary = "A contraction whose factors are staged runs by blocks, on copies of their panels";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

def StageBoxes : Pass<"stage-boxes", "::mlir::ModuleOp"> {
  let summary = "What a tile of a plain nest reads of a tensor is copied first, by plan.stage";
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def Distribute : Pass<"distribute", "::mlir::ModuleOp"> {
  let summary = "A tile of a contraction becomes a fragment, a par.contract and an epilogue";
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def HoistChecks : Pass<"hoist-checks", "::mlir::ModuleOp"> {
  let summary = "A test of data stands on the host, before the island that it was inlined into";
}

def StageTiles : Pass<"stage-tiles", "::mlir::ModuleOp"> {
  let summary = "Factors of a contraction are copied to tiles of their own by plan.stage, padded with zeros";
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def ReuseResults : Pass<"reuse-results", "::mlir::ModuleOp"> {
  let summary = "A buffer that only feeds the loop which overwrites a part of a result is that part";
}

def Promote : Pass<"promote", "::mlir::ModuleOp"> {
  let summary = "Every buffer gets a place: the stack, or the workspace";
  let dependentDialects = ["::texpr::par::ParDialect", "::mlir::arith::ArithDialect"];
}

def Map : Pass<"map", "::mlir::ModuleOp"> {
  let summary = "Every forall gets its level; what goes to threads is cut into chunks";
  let dependentDialects = ["::texpr::par::ParDialect", "::mlir::arith::ArithDialect"];
}

def RollWindows : Pass<"roll-windows", "::mlir::ModuleOp"> {
  let summary = "Rows of a stencil's producer are kept from one iteration to the next, in a ring";
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def Workspace : Pass<"workspace", "::mlir::ModuleOp"> {
  let summary = "Buffers placed in the workspace become parts of one block, whose size is a closed formula";
  let dependentDialects = ["::texpr::par::ParDialect", "::mlir::arith::ArithDialect"];
}
#endif

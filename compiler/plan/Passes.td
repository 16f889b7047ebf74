// The decisions, as passes that write attributes and change nothing else. Order: compiler/Pipeline.cpp.
#ifndef TEXPR_PLAN_PASSES
#define TEXPR_PLAN_PASSES
include "mlir/Pass/PassBase.td"

def PlanTiling : Pass<"plan-tiling", "::mlir::ModuleOp"> {
  let summary = "Tile sizes, loop order and instruction of each contraction";
}

def PlanMapping : Pass<"plan-mapping", "::mlir::ModuleOp"> {
  let summary = "Which loop runs on which level of the machine";
}
#endif

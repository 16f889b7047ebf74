// The decisions, as passes that write attributes and change nothing else. Order: compiler/Pipeline.cpp.
#ifndef TEXPR_PLAN_PASSES
#define TEXPR_PLAN_PASSES
include "mlir/Pass/PassBase.td"

def PlanClasses : Pass<"plan-classes", "::mlir::ModuleOp"> {
  let summary = "Ranges of dims that are compiled apart";
}

def PlanInline : Pass<"plan-inline", "::mlir::ModuleOp"> {
  let summary = "Which values are computed again where they are read";
  let options = [Option<"level", "level", "unsigned", "2", "The level of optimization, 0 to 3">];
}

def PlanFusion : Pass<"plan-fusion", "::mlir::ModuleOp"> {
  let summary = "Which values live once per iteration of shared axes, which in memory";
  let options = [Option<"level", "level", "unsigned", "2", "The level of optimization, 0 to 3">];
}

def PlanUnroll : Pass<"plan-unroll", "::mlir::ModuleOp"> {
  let summary = "Which reductions of a few steps are written out";
}

def PlanTiling : Pass<"plan-tiling", "::mlir::ModuleOp"> {
  let summary = "Tile sizes, loop order and instruction of each contraction";
  let options = [Option<"level", "level", "unsigned", "2", "The level of optimization, 0 to 3; below 2 what is pinned alone">];
}

def CheckPins : Pass<"check-pins", "::mlir::ModuleOp"> {
  let summary = "A pin that the plan cannot obey is an error";
}

def CheckPromises : Pass<"check-promises", "::mlir::ModuleOp"> {
  let summary = "A promise of `ensure` that is not kept is an error";
}

def PlanPromotion : Pass<"plan-promotion", "::mlir::ModuleOp"> {
  let summary = "Which buffers live in registers or in shared memory";
}

def PlanMapping : Pass<"plan-mapping", "::mlir::ModuleOp"> {
  let summary = "Which loop runs on which level of the machine";
}
#endif

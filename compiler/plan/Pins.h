// Where the pins of the source meet the policies: before a policy decides, what is pinned is written on its candidates.
#pragma once
#include "dialects/par/ParOps.h"
#include "dialects/plan/Pins.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace texpr::plan {

/// The policies that the source can pin, in the order of the road.
enum class Point { classes, inlining, fusion, algorithms, unrolling, tiling, mapping };
/// Those whose decisions explain prints; classes are the source's alone.
inline constexpr Point points[] = {Point::inlining,  Point::fusion, Point::algorithms,
                                   Point::unrolling, Point::tiling, Point::mapping};

/// What `@at(KIND, …)` counts at the point: value, tensor, form, sum, nest, loop.
llvm::StringRef kindOf(Point point);

/// What the policy of the point decides on, in program order: the numbers of `@at`, from 1.
llvm::SmallVector<mlir::Operation *> candidatesOf(mlir::func::FuncOp func, Point point);

/// Whether a decision of that name can be taken for this candidate.
bool isAbout(mlir::Operation *op, Point point, llvm::StringRef name);

/// The most steps of a reduction that the source may have written out, and whether there are at most so many.
inline constexpr int64_t kMostStraightSteps = 1024;
bool mayBeStraight(par::ReduceOp reduce);

/// Writes the pins that hold here as attributes, with their names in `plan.pinned`. Returns what has got one. Of a number and
/// a form that both pin a candidate the number wins.
llvm::SmallVector<mlir::Operation *> applyPins(mlir::ModuleOp module, Point point);

/// At the first two points: an attribute of the form speaks of a loop, so it has to stay one.
bool hasPinnedLoop(mlir::Operation *op);

/// Refuses every pin that nothing was left for. Returns whether there was one.
bool refuseUnused(mlir::ModuleOp module);

/// "x86-64-v4": the machine that the module is compiled for; empty in hand-written modules.
llvm::StringRef machineName(mlir::ModuleOp module);

} // namespace texpr::plan

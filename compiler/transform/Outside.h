// Values of a nest's body, recomputed outside of it with its loop variables at chosen places.
#pragma once
#include "dialects/par/Stride.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace texpr {

class Outside {
public:
  Outside(mlir::OpBuilder &b, mlir::Operation *nest) : b(b), nest(nest) {}

  void place(mlir::Value variable, mlir::Value at) { known.map(variable, at); }

  /// `v` computed at the builder's place.
  mlir::Value of(mlir::Value v) {
    if (mlir::Value there = known.lookupOrNull(v))
      return there;
    mlir::Operation *op = v.getDefiningOp();
    if (!op || !nest->isProperAncestor(op))
      return v;
    for (mlir::Value operand : op->getOperands())
      of(operand);
    return b.clone(*op, known)->getResult(llvm::cast<mlir::OpResult>(v).getResultNumber());
  }

  /// An index as an affine expression of `axes` counted from where they were placed; what does not
  /// move is a symbol: the index there.
  mlir::AffineExpr affine(mlir::Value index, llvm::ArrayRef<mlir::Value> axes,
                          llvm::SmallVectorImpl<mlir::Value> &symbols) {
    mlir::AffineExpr e = b.getAffineSymbolExpr(symbols.size());
    for (auto [d, axis] : llvm::enumerate(axes))
      e = e + b.getAffineDimExpr(d) * *par::strideOf(index, axis);
    symbols.push_back(of(index));
    return e;
  }

private:
  mlir::OpBuilder &b;
  mlir::Operation *nest;
  mlir::IRMapping known;
};

} // namespace texpr

// Upper bounds of index values, as code over the function's dims.
#pragma once
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace texpr {

/// Emits, at one place outside every loop, values that are never below (`upper`) or above (`lower`)
/// what an index value inside the loops can be. `map` gives the function's arguments there. Null
/// where no bound was found.
class Bound {
public:
  Bound(mlir::OpBuilder &b, mlir::IRMapping &map) : b(b), map(map) {}
  mlir::Value upper(mlir::Value v) { return bound(v, true); }
  mlir::Value lower(mlir::Value v) { return bound(v, false); }

private:
  mlir::Value exact(mlir::Value v);
  mlir::Value bound(mlir::Value v, bool isUpper);
  mlir::Value ofArgument(mlir::BlockArgument arg, bool isUpper);
  mlir::Value ofDifference(mlir::Operation *sub);
  mlir::Value ofTested(mlir::arith::SelectOp select, bool isUpper);
  mlir::Value ofSum(mlir::Operation *op, bool isUpper);
  mlir::Value ofExtreme(mlir::Operation *op, bool isUpper);
  mlir::Value ofProduct(mlir::arith::MulIOp op, bool isUpper);
  mlir::Value ofDigit(mlir::Operation *op, bool isUpper);
  mlir::Value ofSelect(mlir::arith::SelectOp select, bool isUpper);
  mlir::Value ofQuotient(mlir::Operation *op, bool isUpper);

  mlir::OpBuilder &b;
  mlir::IRMapping &map;
};

} // namespace texpr

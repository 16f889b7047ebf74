// The builtin operators on values of any width, and a user's operator by inlining its body.
//
// Every place that turns a reduction into loops (accumulators of a tile, lanes of a vector, partial
// results of a chunk) starts from `buildIdentity` and goes on by `buildCombine`, so that the
// meaning of an operator stands once: `min` and `max` of floats propagate NaN and order -0 below
// +0, integers wrap.
#include "dialects/par/Combine.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace texpr::par {

namespace {
TypedAttr splatIfVector(Type type, TypedAttr scalar) {
  if (auto vector = dyn_cast<VectorType>(type))
    return DenseElementsAttr::get(vector, scalar);
  return scalar;
}

APInt integerIdentity(tx::Combine op, bool isUnsigned, unsigned width) {
  switch (op) {
  case tx::Combine::add:
  case tx::Combine::or_op:
  case tx::Combine::xor_op:
    return APInt::getZero(width);
  case tx::Combine::mul:
    return APInt(width, 1);
  case tx::Combine::and_op:
    return APInt::getAllOnes(width);
  case tx::Combine::min:
    return isUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width);
  case tx::Combine::max:
    return isUnsigned ? APInt::getMinValue(width) : APInt::getSignedMinValue(width);
  case tx::Combine::user:
    break;
  }
  llvm_unreachable("a user's operator has its own identity");
}

APFloat floatIdentity(tx::Combine op, const llvm::fltSemantics &semantics) {
  switch (op) {
  case tx::Combine::add:
    return APFloat::getZero(semantics);
  case tx::Combine::mul:
    return APFloat::getOne(semantics);
  case tx::Combine::min:
    return APFloat::getInf(semantics);
  case tx::Combine::max:
    return APFloat::getInf(semantics, /*Negative=*/true);
  default:
    llvm_unreachable("no such operator on floats");
  }
}
} // namespace

Value buildIdentity(OpBuilder &b, Location loc, tx::Combine op, bool isUnsigned, Type type) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr scalar;
  if (auto floatType = dyn_cast<FloatType>(element))
    scalar = FloatAttr::get(floatType, floatIdentity(op, floatType.getFloatSemantics()));
  else {
    unsigned width = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
    // i1 is a bool: `min`, `max`, `and`, `or` compare it as 0 and 1.
    scalar = IntegerAttr::get(element, integerIdentity(op, isUnsigned || width == 1, width));
  }
  return arith::ConstantOp::create(b, loc, splatIfVector(type, scalar));
}

Value buildCombine(OpBuilder &b, Location loc, tx::Combine op, bool isUnsigned, Value lhs,
                   Value rhs) {
  Type element = getElementTypeOrSelf(lhs.getType());
  bool isFloat = isa<FloatType>(element);
  bool unsignedOrder = isUnsigned || element.isInteger(1);
  switch (op) {
  case tx::Combine::add:
    return isFloat ? Value(arith::AddFOp::create(b, loc, lhs, rhs))
                   : Value(arith::AddIOp::create(b, loc, lhs, rhs));
  case tx::Combine::mul:
    return isFloat ? Value(arith::MulFOp::create(b, loc, lhs, rhs))
                   : Value(arith::MulIOp::create(b, loc, lhs, rhs));
  case tx::Combine::min:
    if (isFloat)
      return arith::MinimumFOp::create(b, loc, lhs, rhs);
    return unsignedOrder ? Value(arith::MinUIOp::create(b, loc, lhs, rhs))
                         : Value(arith::MinSIOp::create(b, loc, lhs, rhs));
  case tx::Combine::max:
    if (isFloat)
      return arith::MaximumFOp::create(b, loc, lhs, rhs);
    return unsignedOrder ? Value(arith::MaxUIOp::create(b, loc, lhs, rhs))
                         : Value(arith::MaxSIOp::create(b, loc, lhs, rhs));
  case tx::Combine::and_op:
    return arith::AndIOp::create(b, loc, lhs, rhs);
  case tx::Combine::or_op:
    return arith::OrIOp::create(b, loc, lhs, rhs);
  case tx::Combine::xor_op:
    return arith::XOrIOp::create(b, loc, lhs, rhs);
  case tx::Combine::user:
    break;
  }
  llvm_unreachable("a user's operator is inlined");
}

static SmallVector<Value> inlineBlock(OpBuilder &b, Block &block, ValueRange arguments) {
  IRMapping map;
  map.map(block.getArguments(), arguments);
  for (Operation &op : block.without_terminator())
    b.clone(op, map);
  SmallVector<Value> results;
  for (Value v : block.getTerminator()->getOperands())
    results.push_back(map.lookupOrDefault(v));
  return results;
}

SmallVector<Value> inlineCombiner(OpBuilder &b, tx::CombinerOp combiner, ValueRange lhs,
                                  ValueRange rhs) {
  SmallVector<Value> arguments(lhs);
  arguments.append(rhs.begin(), rhs.end());
  return inlineBlock(b, combiner.getBody().front(), arguments);
}

SmallVector<Value> inlineIdentity(OpBuilder &b, tx::CombinerOp combiner) {
  if (combiner.getIdentity().empty())
    return {};
  return inlineBlock(b, combiner.getIdentity().front(), {});
}

} // namespace texpr::par

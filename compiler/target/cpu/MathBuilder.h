// Arithmetic on a scalar or on all lanes of a vector, short enough to write polynomials with. Used by cpu-math and by
// cpu-legalize-floats.
#pragma once
#include "compiler/target/Target.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"

namespace texpr::cpu {

struct MathBuilder {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type shape; // any type with the lanes of the values
  const Target &target;

  using V = mlir::Value;
  using FP = mlir::arith::CmpFPredicate;
  using IP = mlir::arith::CmpIPredicate;

  mlir::Type like(mlir::Type element) const {
    auto vector = mlir::dyn_cast<mlir::VectorType>(shape);
    return vector ? mlir::Type(vector.cloneWith(std::nullopt, element)) : element;
  }
  mlir::Type f32() const { return like(b.getF32Type()); }
  mlir::Type f64() const { return like(b.getF64Type()); }
  mlir::Type integer(unsigned width) const { return like(b.getIntegerType(width)); }

  V constant(mlir::Type type, mlir::TypedAttr scalar) {
    if (auto vector = mlir::dyn_cast<mlir::VectorType>(type))
      scalar = mlir::DenseElementsAttr::get(vector, scalar);
    return mlir::arith::ConstantOp::create(b, loc, scalar);
  }
  /// A float constant of the type of `like`.
  V real(V like, double v) {
    mlir::Type type = like.getType();
    return constant(type, b.getFloatAttr(mlir::getElementTypeOrSelf(type), v));
  }
  V number(V like, uint64_t v) {
    mlir::Type type = like.getType(), element = mlir::getElementTypeOrSelf(type);
    return constant(type, b.getIntegerAttr(element, llvm::APInt(element.getIntOrFloatBitWidth(), v,
                                                                false, true)));
  }

  V add(V x, V y) { return mlir::arith::AddFOp::create(b, loc, x, y); }
  V sub(V x, V y) { return mlir::arith::SubFOp::create(b, loc, x, y); }
  V mul(V x, V y) { return mlir::arith::MulFOp::create(b, loc, x, y); }
  V div(V x, V y) { return mlir::arith::DivFOp::create(b, loc, x, y); }
  V add(V x, double y) { return add(x, real(x, y)); }
  V sub(V x, double y) { return sub(x, real(x, y)); }
  V mul(V x, double y) { return mul(x, real(x, y)); }
  V neg(V x) { return mlir::arith::NegFOp::create(b, loc, x); }
  V abs(V x) { return mlir::math::AbsFOp::create(b, loc, x); }
  V copySign(V x, V sign) { return mlir::math::CopySignOp::create(b, loc, x, sign); }
  /// x * y + z, fused where the machine does it.
  V mad(V x, V y, V z) {
    return target.fma ? V(mlir::math::FmaOp::create(b, loc, x, y, z)) : add(mul(x, y), z);
  }
  /// The polynomial with these coefficients, lowest degree first.
  V horner(V x, llvm::ArrayRef<double> coefficients) {
    V sum = real(x, coefficients.back());
    for (double c : llvm::reverse(coefficients.drop_back()))
      sum = mad(sum, x, real(x, c));
    return sum;
  }

  V compare(FP predicate, V x, V y) { return mlir::arith::CmpFOp::create(b, loc, predicate, x, y); }
  V compare(FP predicate, V x, double y) { return compare(predicate, x, real(x, y)); }
  V compare(IP predicate, V x, V y) { return mlir::arith::CmpIOp::create(b, loc, predicate, x, y); }
  V less(V x, double y) { return compare(FP::OLT, x, y); }
  V greater(V x, double y) { return compare(FP::OGT, x, y); }
  V equal(V x, double y) { return compare(FP::OEQ, x, y); }
  V isNan(V x) { return compare(FP::UNO, x, x); }
  V select(V c, V x, V y) { return mlir::arith::SelectOp::create(b, loc, c, x, y); }
  V both(V x, V y) { return mlir::arith::AndIOp::create(b, loc, x, y); }
  V either(V x, V y) { return mlir::arith::OrIOp::create(b, loc, x, y); }
  V flip(V x) { return mlir::arith::XOrIOp::create(b, loc, x, number(x, 1)); }
  /// Keeps a NaN.
  V clamp(V x, double low, double high) {
    x = select(less(x, low), real(x, low), x);
    return select(greater(x, high), real(x, high), x);
  }

  V addI(V x, V y) { return mlir::arith::AddIOp::create(b, loc, x, y); }
  V subI(V x, V y) { return mlir::arith::SubIOp::create(b, loc, x, y); }
  V mulI(V x, V y) { return mlir::arith::MulIOp::create(b, loc, x, y); }
  V andI(V x, V y) { return mlir::arith::AndIOp::create(b, loc, x, y); }
  V orI(V x, V y) { return mlir::arith::OrIOp::create(b, loc, x, y); }
  V xorI(V x, V y) { return mlir::arith::XOrIOp::create(b, loc, x, y); }
  V addI(V x, uint64_t y) { return addI(x, number(x, y)); }
  V subI(V x, uint64_t y) { return subI(x, number(x, y)); }
  V andI(V x, uint64_t y) { return andI(x, number(x, y)); }
  V orI(V x, uint64_t y) { return orI(x, number(x, y)); }
  V shl(V x, V y) { return mlir::arith::ShLIOp::create(b, loc, x, y); }
  V shr(V x, V y) { return mlir::arith::ShRUIOp::create(b, loc, x, y); }
  V shl(V x, uint64_t y) { return shl(x, number(x, y)); }
  V shr(V x, uint64_t y) { return shr(x, number(x, y)); }
  V sar(V x, uint64_t y) { return mlir::arith::ShRSIOp::create(b, loc, x, number(x, y)); }
  V compare(IP predicate, V x, uint64_t y) { return compare(predicate, x, number(x, y)); }

  V bits(V x) {
    return bitcast(x, integer(mlir::getElementTypeOrSelf(x.getType()).getIntOrFloatBitWidth()));
  }
  V bitcast(V x, mlir::Type type) { return mlir::arith::BitcastOp::create(b, loc, type, x); }
  V widen(V x) { return mlir::arith::ExtFOp::create(b, loc, f64(), x); }
  V narrow(V x) { return mlir::arith::TruncFOp::create(b, loc, f32(), x); }
  V zeroExtend(V x, unsigned width) {
    return mlir::arith::ExtUIOp::create(b, loc, integer(width), x);
  }
  V truncate(V x, unsigned width) {
    return mlir::arith::TruncIOp::create(b, loc, integer(width), x);
  }
  V toReal(V x, mlir::Type type) { return mlir::arith::SIToFPOp::create(b, loc, type, x); }
  V any(V c) {
    return mlir::isa<mlir::VectorType>(c.getType())
               ? V(mlir::vector::ReductionOp::create(b, loc, mlir::vector::CombiningKind::OR, c))
               : c;
  }
};

// MathF32.cpp: single precision throughout; the machine must have fma.
mlir::Value expF32(MathBuilder &m, mlir::Value x);
mlir::Value exp2F32(MathBuilder &m, mlir::Value x);
mlir::Value logF32(MathBuilder &m, mlir::Value x);
mlir::Value tanhF32(MathBuilder &m, mlir::Value x);
mlir::Value erfF32(MathBuilder &m, mlir::Value x);

// MathF64.cpp: f32 in and out by way of double precision, for any machine.
mlir::Value viaF64(MathBuilder &m, llvm::StringRef function, mlir::ValueRange arguments);

} // namespace texpr::cpu

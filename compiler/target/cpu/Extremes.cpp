// min and max of floats, as the language defines them (a NaN stays, -0 is below +0), by three integer operations an element.
//
//   s = max(s, x)     the bits of x as a signed integer
//   l = min(l, x)     as an unsigned one
//   h = max(h, x)     as an unsigned one
//
// Floats of one sign are ordered as their bits are, or against them. So the largest float is s if any element has no sign,
// else l, the smallest magnitude; the smallest float is h if any element has a sign, else l. A NaN has larger bits than any
// number of its sign and shows in s or in h. x86's own maximum knows neither NaN nor the zeros: it needs three selects and a
// comparison around it, 11 micro-operations a vector of AVX2.
#include "compiler/target/cpu/Extremes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace texpr::cpu {

bool keepsExtremes(par::ReduceOp reduce, const Target &target) {
  bool isOrder = reduce.getOp() == tx::Combine::min || reduce.getOp() == tx::Combine::max;
  return isOrder && !target.floatExtremes &&
         llvm::all_of(reduce.getResultTypes(), [](Type type) { return type.isF32(); });
}

static Value bitsOf(OpBuilder &b, Location loc, Value lanes) {
  auto type = cast<VectorType>(lanes.getType());
  return arith::BitcastOp::create(b, loc, type.cloneWith(std::nullopt, b.getI32Type()), lanes);
}

Extremes startExtremes(OpBuilder &b, Location loc, Value identity) {
  return Extremes(3, bitsOf(b, loc, identity));
}

Extremes stepExtremes(OpBuilder &b, Location loc, ValueRange extremes, Value term) {
  Value bits = bitsOf(b, loc, term);
  return {arith::MaxSIOp::create(b, loc, extremes[0], bits),
          arith::MinUIOp::create(b, loc, extremes[1], bits),
          arith::MaxUIOp::create(b, loc, extremes[2], bits)};
}

Value finishExtremes(OpBuilder &b, Location loc, bool isMax, ValueRange extremes) {
  auto type = cast<VectorType>(extremes[0].getType());
  auto compare = [&](arith::CmpIPredicate predicate, Value x, uint32_t y) -> Value {
    auto bound = DenseElementsAttr::get(type, APInt(32, y));
    return arith::CmpIOp::create(b, loc, predicate, x, arith::ConstantOp::create(b, loc, bound));
  };
  auto select = [&](Value condition, Value x, Value y) -> Value {
    return arith::SelectOp::create(b, loc, condition, x, y);
  };
  constexpr uint32_t infinity = 0x7f800000, sign = 0x80000000;
  Value s = extremes[0], l = extremes[1], h = extremes[2], bits;
  if (isMax) {
    bits = select(compare(arith::CmpIPredicate::sge, s, 0), s, l);
    bits = select(compare(arith::CmpIPredicate::ugt, h, sign | infinity), h, bits);
  } else {
    bits = select(compare(arith::CmpIPredicate::slt, h, 0), h, l);
    bits = select(compare(arith::CmpIPredicate::sgt, s, infinity), s, bits);
  }
  return arith::BitcastOp::create(b, loc, type.cloneWith(std::nullopt, b.getF32Type()), bits);
}

} // namespace texpr::cpu

// cpu-legalize-floats: f16 and bf16 are storage; arithmetic on them is done in f32 and rounded after every operation.
//
//   before: %c = arith.addf %a, %b : f16
//   after:  %c = truncf(addf(extf %a, extf %b) : f32)
//
// Rounding twice is innocuous for + - * / and sqrt, since f32 has more than twice the bits (Figueroa, "When is double rounding
// innocuous?", 1995). f64 goes to half by way of an f32 that is rounded to odd, so only the second rounding counts. The
// conversions of f16 use the machine's instructions where it has them; all others are integer operations, never a library
// call. Last, every bf16 that is only moved (a phi, a select, a load) becomes an i16: LLVM would
// carry it through blocks as f32, and narrow it by a library call. NaN stays NaN; denormals and infinities are exact.
#include "compiler/target/cpu/Cpu.h"
#include "compiler/target/cpu/MathBuilder.h"

using namespace mlir;

namespace texpr::cpu {
#define GEN_PASS_DEF_CPULEGALIZEFLOATS
#include "compiler/target/cpu/Passes.h.inc"

namespace {
bool isHalf(Value v) {
  Type element = getElementTypeOrSelf(v.getType());
  return element.isF16() || element.isBF16();
}

using IP = MathBuilder::IP;
using FP = MathBuilder::FP;

Value halfToSingle(MathBuilder &m, Value h) {
  Value word = m.zeroExtend(m.bits(h), 32);
  if (getElementTypeOrSelf(h.getType()).isBF16())
    return m.bitcast(m.shl(word, uint64_t(16)), m.f32());
  Value sign = m.shl(m.andI(word, uint64_t(0x8000)), uint64_t(16));
  Value moved = m.shl(m.andI(word, uint64_t(0x7fff)), uint64_t(13));
  Value special = m.compare(IP::uge, moved, uint64_t(0x7c00) << 13);
  Value finite = m.bits(
      m.mul(m.bitcast(moved, m.f32()), 0x1p112)); // the exponent's new bias; exact for denormals
  Value magnitude = m.select(special, m.orI(moved, uint64_t(0x7f800000)), finite);
  return m.bitcast(m.orI(magnitude, sign), m.f32());
}

Value singleToBrain(MathBuilder &m, Value x, Type result) {
  Value word = m.bits(x);
  Value odd = m.andI(m.shr(word, uint64_t(16)), uint64_t(1));
  Value rounded = m.addI(m.addI(word, uint64_t(0x7fff)), odd);
  Value nan = m.orI(word, uint64_t(0x400000));
  Value high = m.shr(m.select(m.isNan(x), nan, rounded), uint64_t(16));
  return m.bitcast(m.truncate(high, 16), result);
}

Value singleToHalf(MathBuilder &m, Value x, Type result) {
  Value word = m.bits(x);
  Value magnitude = m.andI(word, uint64_t(0x7fffffff)), sign = m.andI(word, uint64_t(0x80000000));
  Value odd = m.andI(m.shr(magnitude, uint64_t(13)), uint64_t(1));
  Value rounded = m.addI(m.addI(magnitude, uint64_t(uint32_t((15 - 127) << 23) + 0xfff)), odd);
  Value normal = m.shr(rounded, uint64_t(13));
  Value shifted =
      m.add(m.bitcast(magnitude, m.f32()), 0.5); // the sum's last bit is the smallest denormal
  Value denormal = m.subI(m.bits(shifted), uint64_t(0x3f000000));
  Value nan = m.compare(IP::ugt, magnitude, uint64_t(0x7f800000));
  Value special = m.select(nan, m.number(word, 0x7e00), m.number(word, 0x7c00));
  Value value = m.select(m.compare(IP::ult, magnitude, uint64_t(0x38800000)), denormal, normal);
  value = m.select(m.compare(IP::uge, magnitude, uint64_t(0x47800000)), special, value);
  value = m.orI(value, m.shr(sign, uint64_t(16)));
  return m.bitcast(m.truncate(value, 16), result);
}

/// f64 to f32, to odd where inexact.
Value roundToOdd(MathBuilder &m, Value x) {
  Value nearest = m.narrow(x), back = m.widen(nearest), word = m.bits(nearest);
  Value inexact = m.compare(FP::ONE, back, x);
  Value outside = m.compare(FP::OGT, m.abs(back), m.abs(x));
  Value inward = m.select(outside, m.subI(word, uint64_t(1)), word);
  return m.bitcast(m.select(inexact, m.orI(inward, uint64_t(1)), word), m.f32());
}

/// The same lanes with i16 for bf16; null where nothing is to be done.
Type movedType(Type type) {
  if (!getElementTypeOrSelf(type).isBF16())
    return {};
  Type word = IntegerType::get(type.getContext(), 16);
  auto vector = dyn_cast<VectorType>(type);
  return vector ? vector.cloneWith(std::nullopt, word) : word;
}

void moveConstant(arith::ConstantOp op, Type type) {
  if (auto elements = dyn_cast<DenseElementsAttr>(op.getValue()))
    op.setValueAttr(elements.bitcast(getElementTypeOrSelf(type)));
  else
    op.setValueAttr(
        IntegerAttr::get(type, cast<FloatAttr>(op.getValue()).getValue().bitcastToAPInt()));
}

/// What is left of bf16 only moves bits: all of it becomes i16.
void moveAsWords(ModuleOp module) {
  module.walk([](Block *block) {
    for (BlockArgument arg : block->getArguments())
      if (Type type = movedType(arg.getType()))
        arg.setType(type);
  });
  SmallVector<arith::BitcastOp> casts;
  module.walk([&](Operation *op) {
    if (auto cast = dyn_cast<arith::BitcastOp>(op))
      casts.push_back(cast);
    for (Value result : op->getResults())
      if (Type type = movedType(result.getType())) {
        if (auto constant = dyn_cast<arith::ConstantOp>(op))
          moveConstant(constant, type);
        result.setType(type);
      }
  });
  for (arith::BitcastOp cast : casts)
    if (cast.getType() == cast.getIn().getType()) {
      cast.replaceAllUsesWith(cast.getIn());
      cast.erase();
    }
}

struct LegalizeFloatsPass : impl::CpuLegalizeFloatsBase<LegalizeFloatsPass> {
  using CpuLegalizeFloatsBase::CpuLegalizeFloatsBase;

  void runOnOperation() override {
    target = findMachine(getOperation(), machine);
    if (!target)
      return signalPassFailure();
    SmallVector<Operation *> work;
    getOperation().walk([&](Operation *op) {
      bool moves = isa<arith::ConstantOp, arith::SelectOp, arith::BitcastOp>(op);
      if (isa<arith::ArithDialect>(op->getDialect()) && !moves &&
          (llvm::any_of(op->getOperands(), isHalf) || llvm::any_of(op->getResults(), isHalf)))
        work.push_back(op);
    });
    for (Operation *op : work)
      lower(op);
    moveAsWords(getOperation());
  }

  const Target *target = nullptr;

  void lower(Operation *op) {
    OpBuilder b(op);
    MathBuilder m{b, op->getLoc(), op->getResult(0).getType(), *target};
    Value result;
    if (auto extend = dyn_cast<arith::ExtFOp>(op))
      result = widen(m, extend.getIn(), extend.getType());
    else if (auto truncate = dyn_cast<arith::TruncFOp>(op))
      result = narrow(m, truncate.getIn(), truncate.getType());
    else if (isa<arith::SIToFPOp, arith::UIToFPOp>(op))
      result = fromInteger(m, op);
    else
      result = throughSingle(m, op);
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
  }

  /// From a half.
  Value widen(MathBuilder &m, Value v, Type type) {
    bool native = target->halfConvert && getElementTypeOrSelf(v.getType()).isF16();
    Value single =
        native ? Value(arith::ExtFOp::create(m.b, m.loc, m.f32(), v)) : halfToSingle(m, v);
    return getElementTypeOrSelf(type).isF64() ? m.widen(single) : single;
  }

  /// To a half.
  Value narrow(MathBuilder &m, Value v, Type type) {
    if (getElementTypeOrSelf(v.getType()).isF64())
      v = roundToOdd(m, v);
    if (getElementTypeOrSelf(type).isBF16())
      return singleToBrain(m, v, type);
    return target->halfConvert ? Value(arith::TruncFOp::create(m.b, m.loc, type, v))
                               : singleToHalf(m, v, type);
  }

  /// By way of f64, which holds 32-bit integers; of wider ones, what lies below bit 11 only matters as being zero or not.
  Value fromInteger(MathBuilder &m, Operation *op) {
    Value v = op->getOperand(0);
    bool isSigned = isa<arith::SIToFPOp>(op);
    auto convert = [&](Value v) -> Value {
      return isSigned ? Value(arith::SIToFPOp::create(m.b, m.loc, m.f64(), v))
                      : Value(arith::UIToFPOp::create(m.b, m.loc, m.f64(), v));
    };
    if (getElementTypeOrSelf(v.getType()).getIntOrFloatBitWidth() < 64)
      return narrow(m, convert(v), op->getResult(0).getType());
    Value sticky = arith::ExtUIOp::create(
        m.b, m.loc, v.getType(), m.compare(IP::ne, m.andI(v, uint64_t(0x7ff)), uint64_t(0)));
    Value coarse = m.orI(m.shl(isSigned ? m.sar(v, 11) : m.shr(v, uint64_t(11)), uint64_t(11)),
                         m.shl(sticky, uint64_t(11)));
    Value magnitude = isSigned ? m.xorI(v, m.sar(v, 63)) : v;
    Value large = m.compare(IP::uge, magnitude, uint64_t(1) << 52);
    return narrow(m, convert(m.select(large, coarse, v)), op->getResult(0).getType());
  }

  /// The same operation on f32.
  Value throughSingle(MathBuilder &m, Operation *op) {
    OperationState state(op->getLoc(), op->getName());
    for (Value v : op->getOperands())
      state.operands.push_back(isHalf(v) ? widen(m, v, m.f32()) : v);
    Type result = op->getResult(0).getType();
    bool round = isHalf(op->getResult(0));
    state.types.push_back(round ? m.f32() : result);
    state.propertiesAttr = op->getPropertiesAsAttribute();
    Value value = m.b.create(state)->getResult(0);
    return round ? narrow(m, value, result) : value;
  }
};
} // namespace
} // namespace texpr::cpu

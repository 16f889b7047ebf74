// cpu-store-f8: an f8 is its bits, an i8; what converts is integer arithmetic.
//
//   before: %v = par.load %x[%i] : !par.buf<?xf8E4M3FN>      %f = arith.extf %v : f8E4M3FN to f32
//   after:  %v = par.load %x[%i] : !par.buf<?xi8>            %f = the exponent moved to its place in an f32, times 2^120
//
// No arithmetic is done on f8 (the language refuses it), so only conversions know of the formats, and they are plain
// operations that the vectorizer takes like any other. To an f8 the value has been clamped to its finite ones before, so
// only rounding to nearest even is left; an f64 goes through an f32 that is rounded to odd, so that it is rounded once.
// First of the CPU's passes: nothing after it meets an f8, but for the names of the formats that a contraction's operands
// had (`f8.a`, `f8.b`), which its micro-kernel widens by widenF8.
#include "compiler/target/cpu/Cpu.h"
#include "compiler/target/cpu/MathBuilder.h"
#include "dialects/par/ParOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace texpr::cpu {
#define GEN_PASS_DEF_CPUSTOREF8
#include "compiler/target/cpu/Passes.h.inc"

namespace {
using IP = MathBuilder::IP;

bool isF8(Type type) { return isa<Float8E4M3FNType, Float8E5M2Type>(getElementTypeOrSelf(type)); }

/// A format, seen from f32.
struct Format {
  unsigned shift;    // of the exponent, from its place in the byte to that in a word
  double scale;      // what the other bias amounts to
  uint64_t smallest; // the bits of the smallest normal number
  double step;       // an f32 whose last bit is that of the denormals
  int bias;
  bool hasInfinity;
};

Format formatOf(Type type) {
  if (isa<Float8E4M3FNType>(getElementTypeOrSelf(type)))
    return {20, 0x1p120, 0x3c800000, 0x1p14, 7, false};
  return {21, 0x1p112, 0x38800000, 0x1p7, 15, true};
}

Value toSingle(MathBuilder &m, Value byte, const Format &f) {
  Value word = m.zeroExtend(byte, 32), magnitude = m.andI(word, uint64_t(0x7f));
  Value sign = m.shl(m.andI(word, uint64_t(0x80)), uint64_t(24));
  Value moved = m.shl(magnitude, uint64_t(f.shift));
  Value finite = m.bits(m.mul(m.bitcast(moved, m.f32()), f.scale)); // exact, denormals too
  Value special = f.hasInfinity ? m.orI(moved, uint64_t(0x7f800000)) : m.number(word, 0x7fc00000);
  Value isSpecial = m.compare(IP::uge, magnitude, uint64_t(f.hasInfinity ? 0x7c : 0x7f));
  return m.bitcast(m.orI(m.select(isSpecial, special, finite), sign), m.f32());
}

} // namespace

Value widenF8(OpBuilder &b, Location loc, Value bytes, Type format, Type to, const Target &target) {
  MathBuilder m{b, loc, to, target};
  Value single = toSingle(m, bytes, formatOf(format));
  return getElementTypeOrSelf(to).isF64() ? m.widen(single) : single;
}

namespace {
Value fromSingle(MathBuilder &m, Value x, const Format &f) {
  Value word = m.bits(x), magnitude = m.andI(word, uint64_t(0x7fffffff));
  Value sign = m.andI(m.shr(word, uint64_t(24)), uint64_t(0x80));
  Value odd = m.andI(m.shr(magnitude, uint64_t(f.shift)), uint64_t(1));
  uint64_t half = (uint64_t(1) << (f.shift - 1)) - 1;
  uint64_t rebias = uint32_t((f.bias - 127) * (1 << 23)) + half;
  Value normal =
      m.shr(m.addI(m.addI(magnitude, uint64_t(uint32_t(rebias))), odd), uint64_t(f.shift));
  Value shifted = m.add(m.bitcast(magnitude, m.f32()), f.step);
  Value denormal = m.subI(m.bits(shifted), m.bits(m.real(x, f.step)));
  Value value = m.select(m.compare(IP::ult, magnitude, f.smallest), denormal, normal);
  Value isNan = m.compare(IP::ugt, magnitude, uint64_t(0x7f800000));
  value = m.select(isNan, m.number(word, 0x7f), value);
  return m.truncate(m.orI(value, sign), 8);
}

/// f64 to f32, to odd where inexact.
Value toOdd(MathBuilder &m, Value x) {
  Value nearest = m.narrow(x), back = m.widen(nearest), word = m.bits(nearest);
  Value inexact = m.compare(MathBuilder::FP::ONE, back, x);
  Value outside = m.compare(MathBuilder::FP::OGT, m.abs(back), m.abs(x));
  Value inward = m.select(outside, m.subI(word, uint64_t(1)), word);
  return m.bitcast(m.select(inexact, m.orI(inward, uint64_t(1)), word), m.f32());
}

struct StoreF8Pass : impl::CpuStoreF8Base<StoreF8Pass> {
  using CpuStoreF8Base::CpuStoreF8Base;

  void runOnOperation() override {
    target = findMachine(getOperation(), machine);
    if (!target)
      return signalPassFailure();
    SmallVector<Operation *> conversions;
    getOperation().walk([&](Operation *op) {
      if (isa<arith::ExtFOp, arith::TruncFOp>(op) &&
          (isF8(op->getOperand(0).getType()) || isF8(op->getResult(0).getType())))
        conversions.push_back(op);
    });
    for (Operation *op : conversions)
      convert(op);
    getOperation().walk([&](par::ContractOp op) { nameFormats(op); });
    getOperation().walk([&](Operation *op) { moveAsBytes(op); });
    getOperation().walk([&](arith::BitcastOp cast) {
      if (cast.getIn().getType() != cast.getType())
        return;
      cast.replaceAllUsesWith(cast.getIn());
      cast.erase();
    });
  }

  const Target *target = nullptr;

  /// `op` on bytes; what else is an f8 becomes one afterwards.
  void convert(Operation *op) {
    OpBuilder b(op);
    Value in = op->getOperand(0);
    Type from = in.getType(), to = op->getResult(0).getType();
    MathBuilder m{b, op->getLoc(), to, *target};
    Value result;
    if (isF8(from)) {
      result = widenF8(b, op->getLoc(), m.bitcast(in, m.integer(8)), from, to, *target);
    } else {
      Value single = getElementTypeOrSelf(from).isF64() ? toOdd(m, in) : in;
      result = m.bitcast(fromSingle(m, single, formatOf(to)), to);
    }
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
  }

  static void nameFormats(par::ContractOp op) {
    for (auto [name, buffer] : {std::pair("f8.a", op.getA()), std::pair("f8.b", op.getB())})
      if (Type element = par::getBufType(buffer).getElementType(); isF8(element))
        op->setAttr(name, TypeAttr::get(element));
  }

  /// The type with i8 for f8; null where it has none.
  static Type moved(Type type) {
    Type byte = IntegerType::get(type.getContext(), 8);
    if (auto buffer = dyn_cast<par::BufType>(type))
      return isF8(buffer.getElementType())
                 ? Type(par::BufType::get(type.getContext(), buffer.getRank(), byte))
                 : Type();
    if (auto shaped = dyn_cast<ShapedType>(type))
      return isF8(shaped.getElementType()) ? Type(shaped.cloneWith(std::nullopt, byte)) : Type();
    return isF8(type) ? byte : Type();
  }

  static void moveAsBytes(Operation *op) {
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (BlockArgument arg : block.getArguments())
          if (Type type = moved(arg.getType()))
            arg.setType(type);
    if (auto func = dyn_cast<func::FuncOp>(op)) {
      SmallVector<Type> inputs(func.getArgumentTypes()), results(func.getResultTypes());
      for (SmallVector<Type> *types : {&inputs, &results})
        for (Type &type : *types)
          if (Type byte = moved(type))
            type = byte;
      func.setFunctionType(FunctionType::get(op->getContext(), inputs, results));
    }
    for (Value result : op->getResults())
      if (Type type = moved(result.getType())) {
        if (auto constant = dyn_cast<arith::ConstantOp>(op))
          constant.setValueAttr(IntegerAttr::get(
              type, cast<FloatAttr>(constant.getValue()).getValue().bitcastToAPInt()));
        result.setType(type);
      }
  }
};
} // namespace
} // namespace texpr::cpu

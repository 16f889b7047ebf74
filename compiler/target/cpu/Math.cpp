// cpu-math: the functions that no instruction computes.
//
//   f32         our own expansions, scalar and vector alike: MathF32.cpp where speed matters and the machine has fma, else
//               MathF64.cpp; so the bits do not depend on the lane count or on the system's libm
//   f64         the C library's function, lane by lane
//   f16, bf16   every operation of `math` through f32, rounded once (cpu-legalize-floats expands the conversions)
//
// absf, floor, ceil, trunc, roundeven, sqrt, copysign and fma of f32 and f64 stay: LLVM has them.
#include "compiler/target/cpu/Cpu.h"
#include "compiler/target/cpu/MathBuilder.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace texpr::cpu {
#define GEN_PASS_DEF_CPUMATH
#include "compiler/target/cpu/Passes.h.inc"

namespace {
bool isHalf(Type element) { return element.isF16() || element.isBF16(); }

StringRef functionName(Operation *op) { return op->getName().stripDialect(); }

/// The C library's name of a function that LLVM does not compute itself; empty for the others.
StringRef libraryName(StringRef name) {
  static constexpr StringLiteral same[] = {"exp", "exp2", "expm1", "log",   "log2", "log1p", "sin",
                                           "cos", "tan",  "tanh",  "atan2", "erf",  "erfc"};
  if (name == "powf")
    return "pow";
  return llvm::is_contained(same, name) ? name : StringRef();
}

struct MathPass : impl::CpuMathBase<MathPass> {
  using CpuMathBase::CpuMathBase;

  void runOnOperation() override {
    target = findMachine(getOperation(), machine);
    if (!target)
      return signalPassFailure();
    SmallVector<Operation *> work;
    getOperation().walk([&](Operation *op) {
      if (isa<math::MathDialect>(op->getDialect()) &&
          isa<FloatType>(getElementTypeOrSelf(op->getOperand(0).getType())))
        work.push_back(op);
    });
    for (Operation *op : work)
      lower(op);
  }

  const Target *target = nullptr;

  void lower(Operation *op) {
    OpBuilder b(op);
    Type type = op->getOperand(0).getType(), element = getElementTypeOrSelf(type);
    MathBuilder m{b, op->getLoc(), type, *target};
    if (isHalf(element)) {
      if (Operation *wide = throughF32(m, op))
        lower(wide);
      return;
    }
    Value result;
    if (functionName(op) == "rsqrt")
      result = m.div(m.real(op->getOperand(0), 1.0),
                     math::SqrtOp::create(b, op->getLoc(), op->getOperand(0)));
    else if (functionName(op) == "isinf")
      result = m.equal(m.abs(op->getOperand(0)), INFINITY);
    else if (libraryName(functionName(op)).empty())
      return;
    else
      result =
          element.isF64() ? callLibrary(m, op) : expand(m, functionName(op), op->getOperands());
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
  }

  /// The same operation on f32; null where nothing is left to do.
  Operation *throughF32(MathBuilder &m, Operation *op) {
    bool isFma = isa<math::FmaOp>(op);
    Type wide = isFma ? m.f64() : m.f32();
    OperationState state(op->getLoc(), op->getName());
    for (Value v : op->getOperands())
      state.operands.push_back(isa<FloatType>(getElementTypeOrSelf(v.getType()))
                                   ? Value(arith::ExtFOp::create(m.b, m.loc, wide, v))
                                   : v);
    Type result = op->getResult(0).getType();
    bool floatResult = isa<FloatType>(getElementTypeOrSelf(result));
    state.types.push_back(floatResult ? wide : result);
    state.propertiesAttr = op->getPropertiesAsAttribute();
    Operation *made = isFma ? nullptr : m.b.create(state);
    Value value = isFma ? fmaToOdd(m, state.operands) : made->getResult(0);
    Value narrow = floatResult ? Value(arith::TruncFOp::create(m.b, m.loc, result, value)) : value;
    op->getResult(0).replaceAllUsesWith(narrow);
    op->erase();
    return made;
  }

  /// x * y + z of values that were halves: the product is exact in double; the sum is rounded to odd, so that the rounding
  /// to half that follows is the only one (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
  static Value fmaToOdd(MathBuilder &m, ValueRange v) {
    Value product = m.mul(v[0], v[1]), sum = m.add(product, v[2]);
    Value part = m.sub(sum, product);
    Value error = m.add(m.sub(product, m.sub(sum, part)), m.sub(v[2], part));
    Value word = m.bits(sum);
    Value even = m.compare(MathBuilder::IP::eq, m.andI(word, uint64_t(1)), uint64_t(0));
    Value inexact = m.compare(MathBuilder::FP::ONE, error, 0.0);
    Value outward = m.compare(MathBuilder::IP::sge, m.xorI(m.bits(error), word), uint64_t(0));
    Value one = m.number(word, 1);
    Value moved = m.select(outward, m.addI(word, one), m.subI(word, one));
    return m.bitcast(m.select(m.both(even, inexact), moved, word), m.f64());
  }

  Value expand(MathBuilder &m, StringRef name, ValueRange arguments) {
    if (target->fma) {
      if (name == "exp")
        return expF32(m, arguments[0]);
      if (name == "exp2")
        return exp2F32(m, arguments[0]);
      if (name == "log")
        return logF32(m, arguments[0]);
      if (name == "tanh")
        return tanhF32(m, arguments[0]);
      if (name == "erf")
        return erfF32(m, arguments[0]);
    }
    return viaF64(m, name, arguments);
  }

  Value callLibrary(MathBuilder &m, Operation *op) {
    StringRef name = declareLibrary(libraryName(functionName(op)), op->getNumOperands());
    auto call = [&](ValueRange arguments) {
      return LLVM::CallOp::create(m.b, m.loc, m.b.getF64Type(), name, arguments).getResult();
    };
    auto vector = dyn_cast<VectorType>(op->getResult(0).getType());
    if (!vector)
      return call(op->getOperands());
    SmallVector<Value> lanes;
    for (int64_t l = 0; l < vector.getNumElements(); ++l) {
      SmallVector<Value> arguments;
      for (Value v : op->getOperands())
        arguments.push_back(vector::ExtractOp::create(m.b, m.loc, v, l));
      lanes.push_back(call(arguments));
    }
    return vector::FromElementsOp::create(m.b, m.loc, vector, lanes);
  }

  StringRef declareLibrary(StringRef name, unsigned arguments) {
    if (getOperation().lookupSymbol(name))
      return name;
    OpBuilder b = OpBuilder::atBlockBegin(getOperation().getBody());
    Type f64 = b.getF64Type();
    auto type = LLVM::LLVMFunctionType::get(f64, SmallVector<Type>(arguments, f64));
    auto function = LLVM::LLVMFuncOp::create(b, getOperation().getLoc(), name, type);
    // nobuiltin: LLVM would make pow(2^k, y) an exp2 that is off by 8 ulps, and fold constants by the host's library.
    function.setPassthroughAttr(
        b.getStrArrayAttr({"nobuiltin", "nounwind", "willreturn", "nofree"}));
    return name;
  }
};
} // namespace
} // namespace texpr::cpu

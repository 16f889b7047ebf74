// cpu-expand-scalars: tx.scalar, which is defined for all operands, as arith operations that never
// meet a case of theirs that is undefined. So a later pass may run the code under a mask, for lanes
// whose values mean nothing.
//
//   before: %q = tx.scalar floordiv %a, %b
//   after:  %s = select(%b in {0, -1}, 1, %b); %q = %a / %s adjusted to -inf; 0 where %b is 0, -%a
//   where %b is -1
//
// A constant divisor leaves only what it needs: a shift for a power of two. Facts (tx.fact), which are no code, go: nothing behind
// reads them, and in a loop they would keep it from lanes.
#include "compiler/target/cpu/Cpu.h"
#include "dialects/tx/TxOps.h"

using namespace mlir;

namespace texpr::cpu {
#define GEN_PASS_DEF_CPUEXPANDSCALARS
#include "compiler/target/cpu/Passes.h.inc"

namespace {
struct Expander {
  OpBuilder b;
  Location loc;
  Type type; // of the integer operands

  Expander(tx::ScalarOp op) : b(op), loc(op.getLoc()), type(op.getOperands()[0].getType()) {}

  unsigned width(Type t) const { return t.isIndex() ? 64 : t.getIntOrFloatBitWidth(); }
  Value integer(Type t, APInt v) {
    return arith::ConstantOp::create(b, loc, IntegerAttr::get(t, v));
  }
  Value number(int64_t v) { return integer(type, APInt(width(type), uint64_t(v), true, true)); }
  Value compare(arith::CmpIPredicate p, Value x, Value y) {
    return arith::CmpIOp::create(b, loc, p, x, y);
  }
  Value select(Value c, Value x, Value y) { return arith::SelectOp::create(b, loc, c, x, y); }
  Value isZero(Value y) { return compare(arith::CmpIPredicate::eq, y, number(0)); }

  /// Signed, to -inf (`floor`) or to zero; the remainder where `remainder`.
  Value signedDivision(Value x, Value y, bool floor, bool remainder) {
    APInt constant;
    if (matchPattern(y, m_ConstantInt(&constant)) && constant.isStrictlyPositive())
      return byPositive(x, y, constant, floor, remainder);
    Value isMinusOne = compare(arith::CmpIPredicate::eq, y, number(-1));
    Value special = arith::OrIOp::create(b, loc, isZero(y), isMinusOne);
    Value safe = select(special, number(1), y);
    Value quotient = arith::DivSIOp::create(b, loc, x, safe);
    Value rest = arith::SubIOp::create(b, loc, x, arith::MulIOp::create(b, loc, quotient, safe));
    if (floor) {
      Value signsDiffer =
          compare(arith::CmpIPredicate::slt, arith::XOrIOp::create(b, loc, rest, safe), number(0));
      Value inexact = compare(arith::CmpIPredicate::ne, rest, number(0));
      Value adjust = arith::AndIOp::create(b, loc, signsDiffer, inexact);
      rest = select(adjust, arith::AddIOp::create(b, loc, rest, safe), rest);
      quotient = select(adjust, arith::SubIOp::create(b, loc, quotient, number(1)), quotient);
    }
    if (remainder)
      return select(special, number(0), rest);
    Value negated = arith::SubIOp::create(b, loc, number(0), x);
    return select(isZero(y), number(0), select(isMinusOne, negated, quotient));
  }

  Value byPositive(Value x, Value y, APInt divisor, bool floor, bool remainder) {
    if (floor && divisor.isPowerOf2()) {
      if (remainder)
        return arith::AndIOp::create(b, loc, x, integer(type, divisor - 1));
      return arith::ShRSIOp::create(b, loc, x, number(divisor.logBase2()));
    }
    Value quotient = arith::DivSIOp::create(b, loc, x, y);
    if (!floor && !remainder)
      return quotient;
    Value rest = arith::SubIOp::create(b, loc, x, arith::MulIOp::create(b, loc, quotient, y));
    if (!floor)
      return rest;
    Value below = compare(arith::CmpIPredicate::slt, rest, number(0));
    if (remainder)
      return select(below, arith::AddIOp::create(b, loc, rest, y), rest);
    return select(below, arith::SubIOp::create(b, loc, quotient, number(1)), quotient);
  }

  Value unsignedDivision(Value x, Value y, bool remainder) {
    Value safe = select(isZero(y), number(1), y);
    Value result = remainder ? Value(arith::RemUIOp::create(b, loc, x, safe))
                             : Value(arith::DivUIOp::create(b, loc, x, safe));
    return select(isZero(y), number(0), result);
  }

  /// `amount` as a value of the shifted type; what does not fit is at least the width anyhow.
  Value toShiftedType(Value amount) {
    Type from = amount.getType();
    if (from == type)
      return amount;
    if (from.isIndex() || type.isIndex())
      return arith::IndexCastUIOp::create(b, loc, type, amount);
    if (width(from) > width(type))
      return arith::TruncIOp::create(b, loc, type, amount);
    return arith::ExtUIOp::create(b, loc, type, amount);
  }

  Value shift(tx::ScalarKind kind, Value x, Value amount) {
    unsigned bits = width(type);
    Type amountType = amount.getType();
    Value last = integer(amountType, APInt(width(amountType), bits - 1));
    Value inside = compare(arith::CmpIPredicate::ule, amount, last);
    Value safe = toShiftedType(select(inside, amount, last));
    if (kind == tx::ScalarKind::shrs)
      return arith::ShRSIOp::create(b, loc, x, safe);
    Value shifted = kind == tx::ScalarKind::shl ? Value(arith::ShLIOp::create(b, loc, x, safe))
                                                : Value(arith::ShRUIOp::create(b, loc, x, safe));
    return select(inside, shifted, number(0));
  }

  Value real(Type t, double v) { return arith::ConstantOp::create(b, loc, b.getFloatAttr(t, v)); }
  Value compareF(arith::CmpFPredicate p, Value x, Value y) {
    return arith::CmpFOp::create(b, loc, p, x, y);
  }

  /// Saturates; NaN gives 0.
  Value toInteger(Value x, Type result, bool isSigned) {
    Type floatType = x.getType();
    if (floatType.getIntOrFloatBitWidth() < 32)
      x = arith::ExtFOp::create(b, loc, floatType = b.getF32Type(), x);
    Type to = result.isIndex() ? b.getI64Type() : result;
    unsigned bits = width(to);
    double limit = std::ldexp(1.0, isSigned ? bits - 1 : bits);
    Value above = compareF(isSigned ? arith::CmpFPredicate::OGE : arith::CmpFPredicate::OGT, x,
                           real(floatType, isSigned ? -limit : -1.0));
    Value below = compareF(arith::CmpFPredicate::OLT, x, real(floatType, limit));
    Value inside = arith::AndIOp::create(b, loc, above, below);
    Value safe = select(inside, x, real(floatType, 0));
    Value converted = isSigned ? Value(arith::FPToSIOp::create(b, loc, to, safe))
                               : Value(arith::FPToUIOp::create(b, loc, to, safe));
    Value zero = real(floatType, 0);
    Value top = integer(to, isSigned ? APInt::getSignedMaxValue(bits) : APInt::getMaxValue(bits));
    Value bottom = integer(to, isSigned ? APInt::getSignedMinValue(bits) : APInt(bits, 0));
    Value positive = compareF(arith::CmpFPredicate::OGT, x, zero),
          negative = compareF(arith::CmpFPredicate::OLT, x, zero);
    Value outside = select(positive, top, select(negative, bottom, integer(to, APInt(bits, 0))));
    Value chosen = select(inside, converted, outside);
    return result.isIndex() ? Value(arith::IndexCastOp::create(b, loc, result, chosen)) : chosen;
  }

  Value expand(tx::ScalarOp op) {
    Value x = op.getOperands()[0], y = op.getOperands().size() > 1 ? op.getOperands()[1] : Value();
    switch (op.getKind()) {
    case tx::ScalarKind::floordiv:
      return signedDivision(x, y, true, false);
    case tx::ScalarKind::mod:
      return signedDivision(x, y, true, true);
    case tx::ScalarKind::quot:
      return signedDivision(x, y, false, false);
    case tx::ScalarKind::rem:
      return signedDivision(x, y, false, true);
    case tx::ScalarKind::divu:
      return unsignedDivision(x, y, false);
    case tx::ScalarKind::remu:
      return unsignedDivision(x, y, true);
    case tx::ScalarKind::shl:
    case tx::ScalarKind::shrs:
    case tx::ScalarKind::shru:
      return shift(op.getKind(), x, y);
    case tx::ScalarKind::fptosi:
      return toInteger(x, op.getType(), true);
    case tx::ScalarKind::fptoui:
      return toInteger(x, op.getType(), false);
    }
    llvm_unreachable("a kind of tx.scalar without an expansion");
  }
};

struct ExpandScalarsPass : impl::CpuExpandScalarsBase<ExpandScalarsPass> {
  void runOnOperation() override {
    getOperation().walk([](tx::ScalarOp op) {
      op.replaceAllUsesWith(Expander(op).expand(op));
      op.erase();
    });
    getOperation().walk([](tx::FactOp fact) { fact.erase(); });
  }
};
} // namespace
} // namespace texpr::cpu

// Literals, operators and conversions of scalars (docs/language.md), each as the fewest ops that have its
// exact meaning.
//
// In: kinds and SSA values. Out: one SSA value. What must hold: nothing here is undefined or poison
// for any operand: division, shifts and float-to-integer conversions are tx.scalar, whose meaning
// is total.
//   a / b  (i32)   →  tx.scalar floordiv a, b          i64(x)  (x: f32)  →  index_cast (tx.scalar
//   fptosi x : f32 → i64)
#include "compiler/import/Scalars.h"
#include "dialects/tx/TxOps.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/Error.h"

using namespace mlir;

namespace texpr::importer {

mlir::Type elementType(MLIRContext *context, ScalarKind k) {
  Builder b(context);
  switch (k) {
  case ScalarKind::F64:
    return b.getF64Type();
  case ScalarKind::F32:
    return b.getF32Type();
  case ScalarKind::F16:
    return b.getF16Type();
  case ScalarKind::BF16:
    return b.getBF16Type();
  case ScalarKind::F8E4M3:
    return Float8E4M3FNType::get(context);
  case ScalarKind::F8E5M2:
    return Float8E5M2Type::get(context);
  default:
    return b.getIntegerType(bitWidth(k));
  }
}

mlir::Type scalarType(MLIRContext *context, ScalarKind k) {
  return k == ScalarKind::I64 ? IndexType::get(context) : elementType(context, k);
}

// ---- literals ----

Value ScalarBuilder::integer(ScalarKind k, uint64_t bits) {
  if (k == ScalarKind::I64)
    return arith::ConstantIndexOp::create(b, loc, int64_t(bits));
  auto type = cast<IntegerType>(elementType(b.getContext(), k));
  APInt value(64, bits);
  return arith::ConstantOp::create(b, loc,
                                   b.getIntegerAttr(type, value.zextOrTrunc(type.getWidth())));
}

Value ScalarBuilder::real(ScalarKind k, StringRef text) {
  auto type = cast<FloatType>(elementType(b.getContext(), k));
  APFloat value(type.getFloatSemantics());
  auto status = value.convertFromString(text, APFloat::rmNearestTiesToEven);
  if (!status)
    llvm::consumeError(status.takeError());
  return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value));
}

Value ScalarBuilder::literal(const IntLitExpr &e) {
  ScalarKind k = e.type.scalar;
  if (!isFloat(k))
    return integer(k, e.negative ? 0 - e.magnitude : e.magnitude);
  return real(k, (e.negative ? "-" : "") + std::to_string(e.magnitude));
}

Value ScalarBuilder::constant(ScalarKind k, StringRef member) {
  if (!isFloat(k)) {
    uint64_t ones = ~uint64_t(0) >> (64 - bitWidth(k));
    uint64_t top = uint64_t(1) << (bitWidth(k) - 1);
    if (member == "min")
      return integer(k, isSigned(k) ? top : 0);
    return integer(k, isSigned(k) ? ones >> 1 : ones);
  }
  auto type = cast<FloatType>(elementType(b.getContext(), k));
  const llvm::fltSemantics &s = type.getFloatSemantics();
  APFloat value = APFloat::getLargest(s, member == "min");
  if (member == "eps") {
    value = APFloat(s, 1);
    value = scalbn(value, 1 - int(APFloat::semanticsPrecision(s)), APFloat::rmNearestTiesToEven);
  } else if (member == "inf") {
    value = APFloat::getInf(s);
  } else if (member == "nan") {
    value = APFloat::getQNaN(s);
  }
  return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value));
}

Value ScalarBuilder::predeclared(ScalarKind k, Predeclared which) {
  if (which == Predeclared::Pi)
    return real(k, "3.14159265358979323846264338327950288419716939937510582097494459");
  return constant(k, which == Predeclared::Inf ? "inf" : "nan");
}

// ---- i64 is index ----

Value ScalarBuilder::toElement(ScalarKind k, Value scalar) {
  if (k != ScalarKind::I64)
    return scalar;
  return b.createOrFold<arith::IndexCastOp>(loc, b.getI64Type(), scalar);
}

Value ScalarBuilder::fromElement(ScalarKind k, Value element) {
  if (k != ScalarKind::I64)
    return element;
  return b.createOrFold<arith::IndexCastOp>(loc, b.getIndexType(), element);
}

Value ScalarBuilder::toIndex(ScalarKind k, Value scalar) {
  if (scalar.getType().isIndex())
    return scalar;
  if (isSigned(k))
    return b.createOrFold<arith::IndexCastOp>(loc, b.getIndexType(), scalar);
  return b.createOrFold<arith::IndexCastUIOp>(loc, b.getIndexType(), scalar);
}

// ---- operators ----

Value ScalarBuilder::unary(UnaryOp op, ScalarKind k, Value a) {
  switch (op) {
  case UnaryOp::Neg:
    if (isFloat(k))
      return arith::NegFOp::create(b, loc, a);
    return b.createOrFold<arith::SubIOp>(loc, integer(k, 0), a);
  case UnaryOp::Not:
    return b.createOrFold<arith::XOrIOp>(loc, a, integer(k, 1));
  case UnaryOp::BitNot:
    return b.createOrFold<arith::XOrIOp>(loc, a, integer(k, ~uint64_t(0)));
  }
  llvm_unreachable("no such operator");
}

Value ScalarBuilder::compare(BinaryOp op, ScalarKind k, Value x, Value y) {
  unsigned at = unsigned(op) - unsigned(BinaryOp::Eq);
  if (isFloat(k)) {
    using P = arith::CmpFPredicate;
    static const P table[] = {P::OEQ, P::UNE, P::OLT, P::OLE, P::OGT, P::OGE};
    return arith::CmpFOp::create(b, loc, table[at], x, y);
  }
  using P = arith::CmpIPredicate;
  static const P ofSigned[] = {P::eq, P::ne, P::slt, P::sle, P::sgt, P::sge};
  static const P ofUnsigned[] = {P::eq, P::ne, P::ult, P::ule, P::ugt, P::uge};
  return b.createOrFold<arith::CmpIOp>(loc, isSigned(k) ? ofSigned[at] : ofUnsigned[at], x, y);
}

Value ScalarBuilder::floatBinary(BinaryOp op, Value x, Value y) {
  switch (op) {
  case BinaryOp::Add:
    return arith::AddFOp::create(b, loc, x, y);
  case BinaryOp::Sub:
    return arith::SubFOp::create(b, loc, x, y);
  case BinaryOp::Mul:
    return arith::MulFOp::create(b, loc, x, y);
  default:
    return arith::DivFOp::create(b, loc, x, y);
  }
}

static Value total(OpBuilder &b, Location loc, tx::ScalarKind kind, mlir::Type type,
                   ValueRange operands) {
  return tx::ScalarOp::create(b, loc, type, kind, operands);
}

Value ScalarBuilder::division(tx::ScalarKind kind, Value x, Value y) {
  Value v = total(b, loc, kind, x.getType(), {x, y});
  if (isChecked)
    v.getDefiningOp()->setAttr("checked.div", b.getUnitAttr());
  return v;
}

Value ScalarBuilder::binary(BinaryOp op, ScalarKind k, Value x, Value y, ScalarKind rhsKind) {
  using S = tx::ScalarKind;
  if (op >= BinaryOp::Eq && op <= BinaryOp::Ge)
    return compare(op, k, x, y);
  if (isFloat(k))
    return floatBinary(op, x, y);
  switch (op) {
  case BinaryOp::Add:
    return b.createOrFold<arith::AddIOp>(loc, x, y);
  case BinaryOp::Sub:
    return b.createOrFold<arith::SubIOp>(loc, x, y);
  case BinaryOp::Mul:
    return b.createOrFold<arith::MulIOp>(loc, x, y);
  case BinaryOp::Div:
    return division(isSigned(k) ? S::floordiv : S::divu, x, y);
  case BinaryOp::Mod:
    return division(isSigned(k) ? S::mod : S::remu, x, y);
  case BinaryOp::And:
  case BinaryOp::BitAnd:
    return b.createOrFold<arith::AndIOp>(loc, x, y);
  case BinaryOp::Or:
  case BinaryOp::BitOr:
    return b.createOrFold<arith::OrIOp>(loc, x, y);
  case BinaryOp::BitXor:
    return b.createOrFold<arith::XOrIOp>(loc, x, y);
  default:
    return shift(op, k, x, y, rhsKind);
  }
}

/// The amount is taken as an unsigned number of its own width; cut to the width of `x` it stays at
/// or above that width.
Value ScalarBuilder::shift(BinaryOp op, ScalarKind k, Value x, Value amount,
                           ScalarKind amountKind) {
  using S = tx::ScalarKind;
  unsigned width = bitWidth(k), amountWidth = bitWidth(amountKind);
  if (amountWidth > width) {
    Value limit = integer(amountKind, width);
    amount = b.createOrFold<arith::MinUIOp>(loc, amount, limit);
  }
  if (amountWidth != width || amount.getType() != x.getType()) {
    ScalarKind asUnsigned = amountKind;
    if (amountWidth < width && isSigned(amountKind)) // a negative amount is a huge one
      asUnsigned = amountKind == ScalarKind::I8    ? ScalarKind::U8
                   : amountKind == ScalarKind::I16 ? ScalarKind::U16
                                                   : ScalarKind::U32;
    amount = convert(asUnsigned, k, amount);
  }
  S kind = op == BinaryOp::Shl ? S::shl : isSigned(k) ? S::shrs : S::shru;
  return total(b, loc, kind, x.getType(), {x, amount});
}

Value ScalarBuilder::rotate(ScalarKind k, Value x, Value amount, ScalarKind amountKind, bool left) {
  using S = tx::ScalarKind;
  unsigned width = bitWidth(k);
  Value by = toElement(k, convert(amountKind, k, amount));
  Value raw = toElement(k, x);
  ScalarKind bits = k == ScalarKind::I64 ? ScalarKind::U64 : k;
  if (!left)
    by = unary(UnaryOp::Neg, bits, by);
  by = b.createOrFold<arith::AndIOp>(loc, by, integer(bits, width - 1));
  Value rest = b.createOrFold<arith::SubIOp>(loc, integer(bits, width), by);
  Value high = total(b, loc, S::shl, raw.getType(), {raw, by});
  Value low = total(b, loc, S::shru, raw.getType(), {raw, rest}); // by the width: 0
  return fromElement(k, b.createOrFold<arith::OrIOp>(loc, high, low));
}

// ---- conversions ----

/// To an f8: clamped to its finite values, NaN staying NaN, and then rounded once. An integer or a half is first an f32,
/// which holds all that is in the range of an f8 exactly.
Value ScalarBuilder::toF8(ScalarKind from, ScalarKind to, Value a) {
  if (from != ScalarKind::F64 && from != ScalarKind::F32) {
    a = convert(from, ScalarKind::F32, a);
    from = ScalarKind::F32;
  }
  StringRef largest = to == ScalarKind::F8E4M3 ? "448.0" : "57344.0";
  a = arith::MinimumFOp::create(b, loc, a, real(from, largest));
  a = arith::MaximumFOp::create(b, loc, a, real(from, ("-" + largest).str()));
  return arith::TruncFOp::create(b, loc, elementType(b.getContext(), to), a);
}

/// Float to integer saturates and NaN is 0; to a narrower integer wraps; to bool asks whether it is
/// not 0.
Value ScalarBuilder::convert(ScalarKind from, ScalarKind to, Value a) {
  if (from == to)
    return a;
  MLIRContext *context = b.getContext();
  mlir::Type type = elementType(context, to);
  if (to == ScalarKind::Bool)
    return compare(BinaryOp::Ne, from, a, isFloat(from) ? real(from, "0.0") : integer(from, 0));
  if (isF8(to))
    return toF8(from, to, a);
  if (isF8(from) && to != ScalarKind::F32) // exact in f32
    return convert(ScalarKind::F32, to,
                   arith::ExtFOp::create(b, loc, b.getF32Type(), a).getResult());
  if (isFloat(from) && isFloat(to)) {
    if (bitWidth(from) < bitWidth(to))
      return arith::ExtFOp::create(b, loc, type, a);
    if (bitWidth(from) == bitWidth(to)) // f16 and bf16: exact in f32, then one rounding
      a = arith::ExtFOp::create(b, loc, b.getF32Type(), a);
    return arith::TruncFOp::create(b, loc, type, a);
  }
  if (isFloat(from))
    return fromElement(
        to, total(b, loc, isSigned(to) ? tx::ScalarKind::fptosi : tx::ScalarKind::fptoui, type, a));
  Value raw = toElement(from, a);
  if (isFloat(to)) {
    if (isSigned(from))
      return arith::SIToFPOp::create(b, loc, type, raw);
    return arith::UIToFPOp::create(b, loc, type, raw);
  }
  if (from != ScalarKind::I64 && to == ScalarKind::I64)
    return toIndex(from, raw);
  if (bitWidth(to) < bitWidth(from))
    raw = b.createOrFold<arith::TruncIOp>(loc, type, raw);
  else if (bitWidth(to) > bitWidth(from))
    raw = isSigned(from) ? b.createOrFold<arith::ExtSIOp>(loc, type, raw)
                         : b.createOrFold<arith::ExtUIOp>(loc, type, raw);
  return raw;
}

Value ScalarBuilder::bitCast(ScalarKind from, ScalarKind to, Value x) {
  Value raw = toElement(from, x);
  mlir::Type type = elementType(b.getContext(), to);
  if (raw.getType() != type)
    raw = arith::BitcastOp::create(b, loc, type, raw);
  return fromElement(to, raw);
}

} // namespace texpr::importer

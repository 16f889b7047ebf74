// The plain operations of a body in lanes.
//
//   all operands uniform             the scalar operation, once
//   index arithmetic on lanes        stays a progression (base and constant stride): an address needs no vector
//   all else elementwise             the same operation on vectors; a uniform operand is broadcast
//
// What must hold: an operation under a mask may meet any values in its idle lanes, so integer division gets a safe divisor
// there. A comparison of a progression with a uniform value is made in 32 bits: one compare instead of a vector of indices.
#include "compiler/target/cpu/Lanes.h"
#include "compiler/target/cpu/Cpu.h"
#include "compiler/target/cpu/MathBuilder.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace texpr::cpu {

bool isLaneCount(int64_t lanes) { return lanes >= 2 && lanes <= 64 && (lanes & (lanes - 1)) == 0; }

LaneValue LaneEmitter::get(Value source) const {
  auto found = values.find(source);
  return found == values.end() ? LaneValue{source, 0, nullptr} : found->second;
}

/// 0, stride, 2 * stride, … of an integer type.
Value LaneEmitter::constantLanes(Location loc, Type element, int64_t stride) {
  unsigned width = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  SmallVector<APInt> elements;
  for (int64_t l = 0; l < lanes; ++l)
    elements.push_back(APInt(width, uint64_t(l * stride), true, true));
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(vectorOf(element), elements));
}

Value LaneEmitter::asVector(Location loc, LaneValue value, Type type) {
  if (value.vector)
    return value.vector;
  Value splat = vector::BroadcastOp::create(b, loc, vectorOf(type), value.scalar);
  return value.stride
             ? Value(arith::AddIOp::create(b, loc, splat, constantLanes(loc, type, value.stride)))
             : splat;
}

//===- masks --------------------------------------------------------------===//

void LaneEmitter::setTail(Value count) {
  Location loc = count.getLoc();
  Value most = arith::MinSIOp::create(b, loc, count, arith::ConstantIndexOp::create(b, loc, lanes));
  Value narrow = arith::IndexCastOp::create(b, loc, b.getI32Type(), most);
  Value limit = vector::BroadcastOp::create(b, loc, vectorOf(b.getI32Type()), narrow);
  mask = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt,
                               constantLanes(loc, b.getI32Type(), 1), limit);
}

void LaneEmitter::setCondition(LaneValue condition) {
  Location loc = (condition.vector ? condition.vector : condition.scalar).getLoc();
  mask = andMask(loc, mask, asVector(loc, condition, b.getI1Type()));
  predicated = true;
}

Value LaneEmitter::andMask(Location loc, Value x, Value y) {
  if (!x || !y)
    return x ? x : y;
  return arith::AndIOp::create(b, loc, x, y);
}

Value LaneEmitter::selectActive(Location loc, Value value, Value otherwise) {
  return mask ? Value(arith::SelectOp::create(b, loc, mask, value, otherwise)) : value;
}

Value LaneEmitter::anyActive(Location loc, Value condition) {
  return vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, condition);
}

//===- operations ---------------------------------------------------------===//

void LaneEmitter::emit(Block &block) {
  for (Operation &op : block.without_terminator())
    emit(op);
}

void LaneEmitter::emit(Operation &op) {
  if (auto load = dyn_cast<par::LoadOp>(op))
    return emitLoad(load);
  if (auto store = dyn_cast<par::StoreOp>(op))
    return emitStore(store);
  if (auto fail = dyn_cast<par::FailOp>(op))
    return emitFail(fail);
  if (auto choice = dyn_cast<scf::IfOp>(op))
    return varying(choice.getCondition()) ? emitChoice(choice) : emitIf(choice);
  if (auto seq = dyn_cast<par::SeqOp>(op))
    return emitSeq(seq);
  if (auto forall = dyn_cast<par::ForallOp>(op))
    return emitForall(forall);
  if (auto reduce = dyn_cast<par::ReduceOp>(op))
    return emitReduce(reduce);
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp>(op) && mask)
    return emitDivision(op);
  if (llvm::all_of(op.getOperands(), [&](Value v) { return get(v).isUniform(); }))
    return emitScalar(op);
  if (emitProgression(op) || emitCompare(op) || emitQuotient(op))
    return;
  emitElementwise(op);
}

void LaneEmitter::emitScalar(Operation &op) {
  IRMapping map;
  for (Value v : op.getOperands())
    map.map(v, get(v).scalar);
  Operation *made = b.clone(op, map);
  for (auto [from, to] : llvm::zip_equal(op.getResults(), made->getResults()))
    values[from] = {to, 0, nullptr};
}

void LaneEmitter::emitElementwise(Operation &op) {
  OperationState state(op.getLoc(), op.getName());
  auto select = dyn_cast<arith::SelectOp>(op);
  for (Value v : op.getOperands()) {
    bool scalarCondition = select && v == select.getCondition() && get(v).isUniform();
    state.operands.push_back(scalarCondition ? get(v).scalar : asVector(op.getLoc(), v));
  }
  for (Type type : op.getResultTypes())
    state.types.push_back(vectorOf(type));
  state.addAttributes(op.getDiscardableAttrDictionary().getValue());
  state.propertiesAttr = op.getPropertiesAsAttribute();
  Operation *made = b.create(state);
  for (auto [from, to] : llvm::zip_equal(op.getResults(), made->getResults()))
    values[from] = {nullptr, 0, to};
}

/// Sums of progressions and their products with constants, on index and i64.
bool LaneEmitter::emitProgression(Operation &op) {
  Type type = op.getNumResults() == 1 ? op.getResult(0).getType() : Type();
  if (!type || !(type.isIndex() || type.isInteger(64)))
    return false;
  for (Value v : op.getOperands())
    if (!get(v).scalar || !(v.getType().isIndex() || v.getType().isInteger(64)))
      return false;
  Location loc = op.getLoc();
  LaneValue x = get(op.getOperand(0)),
            y = op.getNumOperands() > 1 ? get(op.getOperand(1)) : LaneValue();
  LaneValue &result = values[op.getResult(0)];
  if (isa<arith::IndexCastOp>(op)) {
    result = {arith::IndexCastOp::create(b, loc, type, x.scalar), x.stride, nullptr};
  } else if (isa<arith::AddIOp>(op)) {
    result = {arith::AddIOp::create(b, loc, x.scalar, y.scalar), x.stride + y.stride, nullptr};
  } else if (isa<arith::SubIOp>(op)) {
    result = {arith::SubIOp::create(b, loc, x.scalar, y.scalar), x.stride - y.stride, nullptr};
  } else if (isa<arith::MulIOp>(op)) {
    IntegerAttr factor;
    Value other = x.stride ? op.getOperand(1) : op.getOperand(0);
    if (!get(other).isUniform() || !matchPattern(get(other).scalar, m_Constant(&factor))) {
      values.erase(op.getResult(0));
      return false;
    }
    result = {arith::MulIOp::create(b, loc, x.scalar, y.scalar),
              (x.stride + y.stride) * factor.getInt(), nullptr};
  } else {
    values.erase(op.getResult(0));
    return false;
  }
  return true;
}

/// base + l <=> limit, signed, as l <=> limit - base, where the difference is clamped to what decides the
/// same for all lanes.
Value LaneEmitter::compareLanes(Location loc, arith::CmpIPredicate predicate, Value base,
                                Value limit) {
  auto number = [&](int64_t v) {
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(base.getType(), v)).getResult();
  };
  Value above = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, limit, base);
  Value distance = arith::SubIOp::create(b, loc, limit, base);
  distance = arith::MinUIOp::create(b, loc, distance, number(lanes));
  distance = arith::SelectOp::create(b, loc, above, distance, number(-1));
  Value narrow = distance.getType().isIndex()
                     ? Value(arith::IndexCastOp::create(b, loc, b.getI32Type(), distance))
                     : Value(arith::TruncIOp::create(b, loc, b.getI32Type(), distance));
  Value splat = vector::BroadcastOp::create(b, loc, vectorOf(b.getI32Type()), narrow);
  return arith::CmpIOp::create(b, loc, predicate, constantLanes(loc, b.getI32Type(), 1), splat);
}

static arith::CmpIPredicate swapped(arith::CmpIPredicate predicate) {
  using P = arith::CmpIPredicate;
  switch (predicate) {
  case P::slt:
    return P::sgt;
  case P::sle:
    return P::sge;
  case P::sgt:
    return P::slt;
  case P::sge:
    return P::sle;
  case P::ult:
    return P::ugt;
  case P::ule:
    return P::uge;
  case P::ugt:
    return P::ult;
  case P::uge:
    return P::ule;
  default:
    return predicate;
  }
}

/// A progression against a uniform value. Unsigned `<`, the test of a range from 0: not negative and below, where the limit
/// is not negative; else either.
bool LaneEmitter::emitCompare(Operation &op) {
  using P = arith::CmpIPredicate;
  auto compare = dyn_cast<arith::CmpIOp>(op);
  if (!compare)
    return false;
  Location loc = op.getLoc();
  LaneValue x = get(compare.getLhs()), y = get(compare.getRhs());
  P predicate = compare.getPredicate();
  if (x.isUniform() && y.scalar) {
    std::swap(x, y);
    predicate = swapped(predicate);
  }
  bool isSigned = predicate < P::ult;
  if (!x.scalar || x.stride != 1 || !y.isUniform() || !(isSigned || predicate == P::ult))
    return false;
  Value result;
  if (isSigned) {
    result = compareLanes(loc, predicate, x.scalar, y.scalar);
  } else {
    Type type = x.scalar.getType();
    Value zero = arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, 0));
    Value low = compareLanes(loc, P::sge, x.scalar, zero);
    Value high = compareLanes(loc, P::slt, x.scalar, y.scalar);
    Value wraps = arith::CmpIOp::create(b, loc, P::slt, y.scalar, zero);
    Value either =
        arith::AndIOp::create(b, loc, arith::OrIOp::create(b, loc, low, high),
                              vector::BroadcastOp::create(b, loc, vectorOf(b.getI1Type()), wraps));
    result = arith::OrIOp::create(b, loc, arith::AndIOp::create(b, loc, low, high), either);
  }
  values[op.getResult(0)] = {nullptr, 0, result};
  return true;
}

/// Idle lanes may hold a zero divisor, or the one overflow; they divide by 1. A uniform quotient stays uniform: its divisor
/// is tested for what no active lane can hold.
void LaneEmitter::emitDivision(Operation &op) {
  Location loc = op.getLoc();
  Type type = op.getResult(0).getType();
  LaneValue x = get(op.getOperand(0)), y = get(op.getOperand(1));
  bool uniform = x.isUniform() && y.isUniform();
  auto number = [&](APInt v) -> Value {
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, v.getSExtValue()));
  };
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  Value one = number(APInt(width, 1)), left, safe;
  if (uniform) {
    auto equal = [&](Value v, APInt c) {
      return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, v, number(c)).getResult();
    };
    Value bad = equal(y.scalar, APInt(width, 0));
    Value overflow = arith::AndIOp::create(b, loc, equal(y.scalar, APInt::getAllOnes(width)),
                                           equal(x.scalar, APInt::getSignedMinValue(width)));
    if (isa<arith::DivSIOp, arith::RemSIOp>(op))
      bad = arith::OrIOp::create(b, loc, bad, overflow);
    left = x.scalar;
    safe = arith::SelectOp::create(b, loc, bad, one, y.scalar);
  } else {
    left = asVector(loc, x, type);
    Value ones = vector::BroadcastOp::create(b, loc, vectorOf(type), one);
    safe = arith::SelectOp::create(b, loc, mask, asVector(loc, y, type), ones);
  }
  OperationState state(loc, op.getName(), {left, safe}, {left.getType()});
  values[op.getResult(0)] = lanesOf(b.create(state)->getResult(0), !uniform);
}

/// x / d of floats for one d in all lanes, correctly rounded by three multiply-adds and 1 / d: q = x * r, then
/// q + (x - q * d) * r (Markstein, "Computation of elementary functions on the IBM RISC System/6000", 1990). The theorem
/// needs exponents from which nothing underflows or overflows; a vector with any other lane, a zero included, is divided.
/// Division is the slowest vector operation there is: 16 cycles against 4.
bool LaneEmitter::emitQuotient(Operation &op) {
  auto quotient = dyn_cast<arith::DivFOp>(op);
  Type type = quotient ? quotient.getType() : Type();
  if (!quotient || !target.fma || !(type.isF32() || type.isF64()) ||
      !get(quotient.getRhs()).isUniform())
    return false;
  Location loc = op.getLoc();
  Value d = get(quotient.getRhs()).scalar, x = asVector(loc, quotient.getLhs());
  MathBuilder scalar{b, loc, type, target}, m{b, loc, x.getType(), target};
  unsigned mantissa = type.isF32() ? 23 : 52, bias = type.isF32() ? 127 : 1023;
  uint64_t sign = uint64_t(1) << (type.getIntOrFloatBitWidth() - 1);
  auto outside = [&](MathBuilder &m, Value v, uint64_t limit) { // |exponent| >= limit, or no number
    uint64_t low = uint64_t(bias - limit) << mantissa, range = uint64_t(2 * limit) << mantissa;
    Value magnitude = m.andI(m.bits(v), sign - 1);
    return m.compare(MathBuilder::IP::uge, m.subI(magnitude, low), range);
  };
  Value badDivisor = outside(scalar, d, type.isF32() ? 24 : 100);
  Value badLanes = outside(m, x, type.isF32() ? 100 : 800);
  Value bad = scalar.either(badDivisor, anyActive(loc, andMask(loc, badLanes, mask)));
  Value reciprocal = scalar.div(scalar.real(d, 1.0), d);
  Value splat = vector::BroadcastOp::create(b, loc, x.getType(), d);
  auto choice = scf::IfOp::create(b, loc, TypeRange(x.getType()), bad, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&choice.getThenRegion().front());
    scf::YieldOp::create(b, loc, m.div(x, splat));
    b.setInsertionPointToStart(&choice.getElseRegion().front());
    Value r = vector::BroadcastOp::create(b, loc, x.getType(), reciprocal);
    Value q = m.mul(x, r);
    Value rest = m.mad(m.neg(q), splat, x);
    scf::YieldOp::create(b, loc, m.mad(rest, r, q));
  }
  values[op.getResult(0)] = {nullptr, 0, choice.getResult(0)};
  return true;
}

} // namespace texpr::cpu

// Loads and stores in lanes, by how the address moves from lane to lane:
//
//   not at all      one scalar load, in all lanes (under a condition: only if any lane runs)
//   by 1            a vector at the first lane's address, masked where there is a mask
//   else            a gather or scatter at base + an offset a lane
//
// What must hold: an idle lane touches no memory. A bool is a byte, loaded as `!= 0`. Loads of f16 and bf16 travel as i16.
#include "compiler/target/cpu/Cpu.h"
#include "compiler/target/cpu/Lanes.h"
#include "dialects/par/Extents.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace texpr::cpu {

Value LaneEmitter::allTrue(Location loc) {
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(vectorOf(b.getI1Type()), true));
}

/// The lanes of an access: the current mask and the access's own condition.
Value LaneEmitter::accessMask(Location loc, Value condition) {
  return andMask(loc, mask, condition ? asVector(loc, condition) : Value());
}

LaneEmitter::Place LaneEmitter::placeOf(Location loc, Value buffer, ValueRange indices) {
  SmallVector<Value> extents = par::getExtents(b, buffer);
  Place place;
  place.scalar = arith::ConstantIndexOp::create(b, loc, 0);
  Value weight; // elements that one step of the axis skips; null: 1
  auto weighted = [&](Value v) {
    return weight ? Value(arith::MulIOp::create(b, loc, v, weight)) : v;
  };
  Type offsetType = vectorOf(b.getIndexType());
  auto addOffsets = [&](Value offsets) {
    place.offsets =
        place.offsets ? Value(arith::AddIOp::create(b, loc, place.offsets, offsets)) : offsets;
  };
  for (int d = int(indices.size()) - 1; d >= 0; --d) {
    LaneValue index = get(indices[d]);
    if (index.scalar)
      place.scalar = arith::AddIOp::create(b, loc, place.scalar, weighted(index.scalar));
    if (index.scalar && index.stride && (!weight || getConstantIntValue(weight)) &&
        !place.offsets) {
      place.stride = *place.stride + index.stride * (weight ? *getConstantIntValue(weight) : 1);
    } else if (index.scalar && index.stride) {
      Value step = weighted(arith::ConstantIndexOp::create(b, loc, index.stride));
      Value splat = vector::BroadcastOp::create(b, loc, offsetType, step);
      addOffsets(arith::MulIOp::create(b, loc, splat, constantLanes(loc, b.getIndexType(), 1)));
    } else if (index.vector) {
      Value offsets = index.vector;
      if (weight)
        offsets = arith::MulIOp::create(b, loc, offsets,
                                        vector::BroadcastOp::create(b, loc, offsetType, weight));
      addOffsets(offsets);
    }
    if (d)
      weight = weight ? Value(arith::MulIOp::create(b, loc, weight, get(extents[d]).scalar))
                      : get(extents[d]).scalar;
  }
  if (!place.offsets && *place.stride >= 2 && *place.stride <= 4)
    place.interleave = *place.stride;
  if (place.offsets || (*place.stride != 0 && *place.stride != 1)) {
    if (*place.stride)
      addOffsets(constantLanes(loc, b.getIndexType(), *place.stride));
    place.stride.reset();
  }
  return place;
}

static Value toI64(OpBuilder &b, Location loc, Value index) {
  Type type = b.getI64Type();
  if (auto vector = dyn_cast<VectorType>(index.getType()))
    type = vector.cloneWith(std::nullopt, b.getI64Type());
  return arith::IndexCastOp::create(b, loc, type, index);
}

/// One pointer a lane.
Value LaneEmitter::pointersOf(Location loc, Value buffer, const Place &place) {
  Type element = par::getBufType(buffer).getElementType();
  Value base = elementPointer(b, loc, bufferPointer(b, buffer), place.scalar, element);
  Type pointers = LLVM::getVectorType(base.getType(), lanes);
  return LLVM::GEPOp::create(b, loc, pointers, storageType(element), base,
                             ArrayRef<LLVM::GEPArg>{toI64(b, loc, place.offsets)});
}

/// How vectors of an element travel: halves as integers, for which masked accesses are legal everywhere.
static Type travelType(OpBuilder &b, Type element) {
  return element.isF16() || element.isBF16() ? b.getI16Type() : storageType(element);
}

LaneValue LaneEmitter::loadUniform(par::LoadOp op, Value place) {
  Location loc = op.getLoc();
  auto load = [&] {
    Type stored = storageType(op.getType());
    Value pointer = elementPointer(b, loc, bufferPointer(b, op.getSource()), place, op.getType());
    Value value = LLVM::LoadOp::create(b, loc, stored, pointer, storageBytes(op.getType()));
    if (!op.getType().isInteger(1))
      return value;
    Value zero = arith::ConstantIntOp::create(b, loc, 0, 8);
    return Value(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, value, zero));
  };
  Value condition = op.getMask() ? get(op.getMask()).scalar : Value();
  if (predicated)
    condition = andMask(loc, condition, anyActive(loc, mask));
  if (!condition)
    return {load(), 0, nullptr};
  auto guarded =
      scf::IfOp::create(b, loc, TypeRange(op.getType()), condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&guarded.getThenRegion().front());
  scf::YieldOp::create(b, loc, load());
  b.setInsertionPointToStart(&guarded.getElseRegion().front());
  Value other = op.getOther()
                    ? get(op.getOther()).scalar
                    : Value(arith::ConstantOp::create(b, loc, b.getZeroAttr(op.getType())));
  scf::YieldOp::create(b, loc, other);
  return {guarded.getResult(0), 0, nullptr};
}

/// Every s-th element of a run: all from the first lane's to the last lane's in one load, then picked. Nothing outside
/// the run is touched.
Value LaneEmitter::loadInterleaved(par::LoadOp op, const Place &place, VectorType type) {
  Location loc = op.getLoc();
  int64_t run = (lanes - 1) * place.interleave + 1;
  Value pointer =
      elementPointer(b, loc, bufferPointer(b, op.getSource()), place.scalar, op.getType());
  auto runType = VectorType::get(run, type.getElementType());
  Value all = LLVM::LoadOp::create(b, loc, runType, pointer, storageBytes(op.getType()));
  SmallVector<int64_t> picks;
  for (int64_t lane = 0; lane < lanes; ++lane)
    picks.push_back(lane * place.interleave);
  return vector::ShuffleOp::create(b, loc, all, all, picks);
}

void LaneEmitter::emitLoad(par::LoadOp op) {
  Location loc = op.getLoc();
  Type element = op.getType(), travel = travelType(b, element);
  Place place = placeOf(loc, op.getSource(), op.getIndices());
  if (place.stride == 0 && !varying(op.getResult())) {
    values[op.getResult()] = loadUniform(op, place.scalar);
    return;
  }
  Value active = accessMask(loc, op.getMask());
  VectorType type = vectorOf(travel);
  Value otherwise;
  if (op.getMask()) {
    otherwise = asVector(loc, op.getOther());
    if (element.isInteger(1))
      otherwise = arith::ExtUIOp::create(b, loc, type, otherwise);
    else if (travel != element)
      otherwise = arith::BitcastOp::create(b, loc, type, otherwise);
  } else {
    otherwise = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  }
  Value loaded;
  if (place.stride == 1) {
    Value pointer = elementPointer(b, loc, bufferPointer(b, op.getSource()), place.scalar, element);
    if (active)
      loaded = LLVM::MaskedLoadOp::create(b, loc, type, pointer, active, otherwise,
                                          storageBytes(element));
    else
      loaded = LLVM::LoadOp::create(b, loc, type, pointer, storageBytes(element));
  } else if (place.interleave && !active) {
    loaded = loadInterleaved(op, place, type);
  } else {
    if (!place.offsets) // a varying mask on one place
      place.offsets = constantLanes(loc, b.getIndexType(), 0);
    Value pointers = pointersOf(loc, op.getSource(), place);
    loaded = LLVM::masked_gather::create(b, loc, type, pointers, active ? active : allTrue(loc),
                                         ValueRange(otherwise), storageBytes(element));
  }
  if (element.isInteger(1))
    loaded = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, loaded,
                                   arith::ConstantOp::create(b, loc, b.getZeroAttr(type)));
  else if (element.isIndex())
    loaded = arith::IndexCastOp::create(b, loc, vectorOf(element), loaded);
  else if (travel != element)
    loaded = arith::BitcastOp::create(b, loc, vectorOf(element), loaded);
  values[op.getResult()] = {nullptr, 0, loaded};
}

void LaneEmitter::emitStore(par::StoreOp op) {
  Location loc = op.getLoc();
  Type element = op.getValue().getType(), travel = travelType(b, element);
  Place place = placeOf(loc, op.getDest(), op.getIndices());
  Value active = accessMask(loc, op.getMask());
  Value value = asVector(loc, op.getValue());
  if (element.isInteger(1))
    value = arith::ExtUIOp::create(b, loc, vectorOf(travel), value);
  else if (element.isIndex())
    value = arith::IndexCastOp::create(b, loc, vectorOf(travel), value);
  else if (travel != element)
    value = arith::BitcastOp::create(b, loc, vectorOf(travel), value);
  if (place.stride == 1) {
    Value pointer = elementPointer(b, loc, bufferPointer(b, op.getDest()), place.scalar, element);
    if (active)
      LLVM::MaskedStoreOp::create(b, loc, value, pointer, active, storageBytes(element));
    else
      LLVM::StoreOp::create(b, loc, value, pointer, storageBytes(element));
    return;
  }
  if (!place.offsets)
    place.offsets = constantLanes(loc, b.getIndexType(), 0);
  LLVM::masked_scatter::create(b, loc, value, pointersOf(loc, op.getDest(), place),
                               active ? active : allTrue(loc), storageBytes(element));
}

/// Where any active lane fails, a loop over the lanes reports each with its own iteration.
void LaneEmitter::emitFail(par::FailOp op) {
  Location loc = op.getLoc();
  LaneValue condition = get(op.getCondition());
  LaneValue index = op.getIndex() ? get(op.getIndex()) : LaneValue();
  if (condition.isUniform() && !predicated && !index.vector) { // the first lane's is the lowest
    par::FailOp::create(b, loc, condition.scalar, op.getSiteAttr(), index.scalar);
    return;
  }
  Value failing = andMask(loc, asVector(loc, op.getCondition()), mask);
  OpBuilder::InsertionGuard guard(b);
  auto cold = scf::IfOp::create(b, loc, anyActive(loc, failing), /*withElseRegion=*/false);
  b.setInsertionPointToStart(&cold.getThenRegion().front());
  Value end = arith::AddIOp::create(b, loc, first, arith::ConstantIndexOp::create(b, loc, lanes));
  auto loop = scf::ForOp::create(b, loc, first, end, arith::ConstantIndexOp::create(b, loc, 1));
  b.setInsertionPointToStart(loop.getBody());
  Value lane = arith::SubIOp::create(b, loc, loop.getInductionVar(), first);
  Value fails = vector::ExtractOp::create(b, loc, failing, ArrayRef<OpFoldResult>{lane});
  Value where = index.scalar;
  if (index.vector)
    where = vector::ExtractOp::create(b, loc, index.vector, ArrayRef<OpFoldResult>{lane});
  else if (index.stride)
    where = b.createOrFold<arith::AddIOp>(
        loc, where,
        b.createOrFold<arith::MulIOp>(loc, lane,
                                      arith::ConstantIndexOp::create(b, loc, index.stride)));
  par::FailOp::create(b, loc, fails, op.getSiteAttr(), where);
}

} // namespace texpr::cpu

// cpu-micro-kernels: a contraction on a tile becomes a register-tiled nest of vector multiply-adds.
//
//   before: par.contract %c (i, j) += %a (i0 + i, k) * %b (k, j0 + j) (%rows, %cols, %K) {instr m = 6, n = 64}
//   after:  if all 6 rows: one kernel of 6 rows, else kernels of 4, 2, 1 rows for the bits of %rows; in each,
//           if all 64 columns: 4 vectors at once, else one masked vector at a time:
//             acc[r][v] = C; scf.for %k { b[v] = load B; for r { x = broadcast A[r]; acc[r][v] = fma(x, b[v], acc[r][v]) } }
//             C = acc
//
// The accumulators are values, so they stay in registers for the whole of k. A row's elements of A are read as scalars
// wherever they lie, B needs unit stride along the columns; operands are widened when read. Any other form (and machines'
// -O0) gets plain loops. A sum may be fused: it is a reduction's (docs/language.md). Integers multiply and add.
#include "compiler/target/cpu/Cpu.h"
#include "dialects/par/Extents.h"
#include "dialects/par/ParOps.h"
#include "dialects/tx/Extents.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace texpr::cpu {
#define GEN_PASS_DEF_CPUMICROKERNELS
#include "compiler/target/cpu/Passes.h.inc"

namespace {
enum Axis { m, n, k };

/// A buffer's accesses as base + i * step(m) + j * step(n) + k * step(k), in elements.
struct Operand {
  Value pointer, base;
  Type element;
  Value step[3];       // index values; null: does not move
  bool isUnit[3] = {}; // the step is the constant 1
};

struct Emitter {
  par::ContractOp op;
  const Target &target;
  OpBuilder b;
  Location loc;
  unsigned position[3] = {}; // of m, n, k among the op's axes
  int64_t tileRows = 0, tileColumns = 0, lanes = 0;
  Type element;
  Operand a, w, c;

  Emitter(par::ContractOp op, const Target &target)
      : op(op), target(target), b(op), loc(op.getLoc()),
        element(par::getBufType(op.getC()).getElementType()) {}

  Value index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulIOp::create(b, loc, x, y); }
  Value extent(Axis axis) { return op.getExtents()[position[axis]]; }

  //===- form -------------------------------------------------------------===//

  /// Fills the fields; false where only plain loops will do.
  bool match() {
    DictionaryAttr instr = op.getInstrAttr();
    if (!instr || op.getKinds().size() != 3 || !readKinds())
      return false;
    auto size = [&](StringRef key) {
      auto attribute = instr.getAs<IntegerAttr>(key);
      return attribute ? attribute.getInt() : 0;
    };
    tileRows = size("m");
    tileColumns = size("n");
    lanes = target.vectorBytes / storageBytes(element);
    bool known = (isa<FloatType>(element) && element.getIntOrFloatBitWidth() >= 32) ||
                 element.isInteger(32) || element.isInteger(64) || element.isInteger(16);
    return known && tileRows >= 1 && tileRows <= 8 && lanes >= 2 && tileColumns >= lanes &&
           tileColumns % lanes == 0 && readOperand(op.getA(), op.getMapA(), a) &&
           readOperand(op.getB(), op.getMapB(), w) && readOperand(op.getC(), op.getMapC(), c) &&
           w.isUnit[n] && c.isUnit[n] && !w.step[m] && !a.step[n] && !c.step[k];
  }

  bool readKinds() {
    bool seen[3] = {};
    for (auto [i, kind] : llvm::enumerate(op.getKinds().getAsValueRange<StringAttr>())) {
      Axis axis = kind == "m" ? m : kind == "n" ? n : Axis::k;
      if (kind == "batch" || seen[axis])
        return false;
      seen[axis] = true;
      position[axis] = i;
    }
    return true;
  }

  bool readOperand(Value buffer, AffineMap map, Operand &operand) {
    SmallVector<Value> extents = par::getExtents(b, buffer), zeros(3, index(0)), start;
    SmallVector<int64_t> coefficients[3];
    for (AffineExpr e : map.getResults()) {
      if (!e.isPureAffine())
        return false;
      start.push_back(tx::buildAffine(b, loc, e, zeros, op.getSymbols()));
      for (Axis axis : {m, n, Axis::k}) {
        std::optional<int64_t> coefficient = coefficientOf(e, position[axis]);
        if (!coefficient)
          return false;
        coefficients[axis].push_back(*coefficient);
      }
    }
    operand.pointer = bufferPointer(b, buffer);
    operand.element = par::getBufType(buffer).getElementType();
    operand.base = linearIndex(b, loc, buffer, start);
    for (Axis axis : {m, n, Axis::k})
      readStep(operand, axis, coefficients[axis], extents);
    return true;
  }

  /// The factor of dim `d` where the expression is a sum of terms; nothing where the dim stands in a quotient.
  static std::optional<int64_t> coefficientOf(AffineExpr e, unsigned d) {
    if (!e.isFunctionOfDim(d))
      return 0;
    if (isa<AffineDimExpr>(e))
      return 1;
    auto binary = dyn_cast<AffineBinaryOpExpr>(e);
    if (!binary)
      return std::nullopt;
    auto left = coefficientOf(binary.getLHS(), d), right = coefficientOf(binary.getRHS(), d);
    if (!left || !right)
      return std::nullopt;
    if (e.getKind() == AffineExprKind::Add)
      return *left + *right;
    auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
    if (e.getKind() == AffineExprKind::Mul && factor)
      return *left * factor.getValue();
    return std::nullopt;
  }

  void readStep(Operand &operand, Axis axis, ArrayRef<int64_t> coefficients,
                ArrayRef<Value> extents) {
    Value weight; // null: 1
    int64_t moving = 0;
    for (int d = int(coefficients.size()) - 1; d >= 0; --d) {
      if (coefficients[d]) {
        ++moving;
        Value part = weight ? mul(weight, index(coefficients[d])) : index(coefficients[d]);
        operand.isUnit[axis] = !weight && coefficients[d] == 1 && moving == 1;
        operand.step[axis] = operand.step[axis] ? add(operand.step[axis], part) : part;
      }
      if (d)
        weight = weight ? mul(weight, extents[d]) : extents[d];
    }
  }

  //===- kernels ----------------------------------------------------------===//

  void emit() {
    Value rows = extent(m), columns = extent(n);
    Value allRows = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, rows, index(tileRows));
    Value allColumns =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, columns, index(tileColumns));
    auto whole = scf::IfOp::create(b, loc, allRows, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&whole.getThenRegion().front());
    emitColumns(index(0), tileRows, allColumns);
    b.setInsertionPointToStart(&whole.getElseRegion().front());
    Value row = index(0);
    for (int64_t part = llvm::PowerOf2Ceil(tileRows) / 2; part >= 1; part /= 2) {
      Value bit = arith::AndIOp::create(b, loc, rows, index(part));
      Value present = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, bit, index(0));
      auto taken = scf::IfOp::create(b, loc, present, /*withElseRegion=*/false);
      {
        OpBuilder::InsertionGuard inner(b);
        b.setInsertionPointToStart(&taken.getThenRegion().front());
        emitColumns(row, part, allColumns);
      }
      row = add(row, bit);
    }
  }

  void emitColumns(Value row, int64_t rows, Value allColumns) {
    auto whole = scf::IfOp::create(b, loc, allColumns, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&whole.getThenRegion().front());
    emitKernel(row, rows, index(0), tileColumns / lanes, Value());
    b.setInsertionPointToStart(&whole.getElseRegion().front());
    auto loop = scf::ForOp::create(b, loc, index(0), extent(n), index(lanes));
    b.setInsertionPointToStart(loop.getBody());
    Value column = loop.getInductionVar();
    emitKernel(row, rows, column, 1, tailMask(arith::SubIOp::create(b, loc, extent(n), column)));
  }

  VectorType vectorOf(Type type) { return VectorType::get({lanes}, type); }

  Value tailMask(Value count) {
    Value most = arith::MinSIOp::create(b, loc, count, index(lanes));
    Value narrow = arith::IndexCastOp::create(b, loc, b.getI32Type(), most);
    SmallVector<int32_t> iota(lanes);
    for (int64_t l = 0; l < lanes; ++l)
      iota[l] = int32_t(l);
    Value lane = arith::ConstantOp::create(b, loc, b.getI32VectorAttr(iota));
    Value limit = vector::BroadcastOp::create(b, loc, vectorOf(b.getI32Type()), narrow);
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, lane, limit);
  }

  Value at(const Operand &operand, Value place) {
    return elementPointer(b, loc, operand.pointer, place, operand.element);
  }

  Value moved(const Operand &operand, Value place, Axis axis, Value count) {
    return operand.step[axis] ? add(place, mul(operand.step[axis], count)) : place;
  }

  Value loadVector(const Operand &operand, Value place, Value mask) {
    bool half = operand.element.isF16() || operand.element.isBF16();
    Type travel = half ? b.getI16Type() : storageType(operand.element);
    VectorType type = vectorOf(travel);
    int64_t bytes = storageBytes(operand.element);
    Value pointer = at(operand, place), loaded;
    if (mask) {
      Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
      loaded = LLVM::MaskedLoadOp::create(b, loc, type, pointer, mask, zero, bytes);
    } else {
      loaded = LLVM::LoadOp::create(b, loc, type, pointer, bytes);
    }
    return half ? Value(arith::BitcastOp::create(b, loc, vectorOf(operand.element), loaded))
                : loaded;
  }

  /// To C's element, with the sign; `format` names an attribute that stands where an operand's bytes are an f8's.
  Value widened(Value v, StringRef format) {
    Type to = isa<VectorType>(v.getType()) ? Type(vectorOf(element)) : element;
    if (auto f8 = op->getAttrOfType<TypeAttr>(format))
      return widenF8(b, loc, v, f8.getValue(), to, target);
    if (v.getType() == to)
      return v;
    if (isa<FloatType>(element))
      return arith::ExtFOp::create(b, loc, to, v);
    return arith::ExtSIOp::create(b, loc, to, v);
  }

  Value multiplyAdd(Value x, Value y, Value acc) {
    if (!isa<FloatType>(element))
      return arith::AddIOp::create(b, loc, acc, arith::MulIOp::create(b, loc, x, y));
    if (target.fma)
      return math::FmaOp::create(b, loc, x, y, acc);
    return arith::AddFOp::create(b, loc, acc, arith::MulFOp::create(b, loc, x, y));
  }

  /// `rows` x `vectors` accumulators over all of k.
  void emitKernel(Value row, int64_t rows, Value column, int64_t vectors, Value mask) {
    SmallVector<Value> acc, places, rowsOfA;
    for (int64_t r = 0; r < rows; ++r) {
      Value at = add(row, index(r));
      Value place = moved(c, moved(c, c.base, m, at), n, column);
      rowsOfA.push_back(moved(a, a.base, m, at));
      for (int64_t v = 0; v < vectors; ++v) {
        places.push_back(add(place, index(v * lanes)));
        acc.push_back(loadVector(c, places.back(), mask));
      }
    }
    Value columnOfB = moved(w, w.base, n, column);
    // Worth the code only for the whole tile, where the loop itself still shows beside few products.
    bool whole = rows == tileRows && vectors * lanes == tileColumns;
    int64_t unroll = whole && rows * vectors <= 16 ? 4 : 1;
    Value start = index(0);
    for (int64_t step = unroll; step >= 1; step = step > 1 ? 1 : 0) {
      Value rest = arith::AndIOp::create(b, loc, extent(k), index(step - 1));
      Value end = step > 1 ? Value(arith::SubIOp::create(b, loc, extent(k), rest)) : extent(k);
      auto loop = scf::ForOp::create(b, loc, start, end, index(step), acc,
                                     [](OpBuilder &, Location, Value, ValueRange) {});
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToEnd(loop.getBody());
      SmallVector<Value> next(loop.getRegionIterArgs());
      for (int64_t u = 0; u < step; ++u)
        next = emitProducts(add(loop.getInductionVar(), index(u)), next, rowsOfA, columnOfB,
                            vectors, mask);
      scf::YieldOp::create(b, loc, next);
      acc.assign(loop->result_begin(), loop->result_end());
      start = end;
    }
    for (auto [place, value] : llvm::zip_equal(places, acc)) {
      int64_t bytes = storageBytes(element);
      if (mask)
        LLVM::MaskedStoreOp::create(b, loc, value, at(c, place), mask, bytes);
      else
        LLVM::StoreOp::create(b, loc, value, at(c, place), bytes);
    }
  }

  /// The accumulators after the products of one k.
  SmallVector<Value> emitProducts(Value position, ArrayRef<Value> acc, ArrayRef<Value> rowsOfA,
                                  Value columnOfB, int64_t vectors, Value mask) {
    Value place = moved(w, columnOfB, Axis::k, position);
    SmallVector<Value> columns, next;
    for (int64_t v = 0; v < vectors; ++v)
      columns.push_back(widened(loadVector(w, add(place, index(v * lanes)), mask), "f8.b"));
    for (auto [r, rowOfA] : llvm::enumerate(rowsOfA)) {
      Value pointer = at(a, moved(a, rowOfA, Axis::k, position));
      Value scalar =
          LLVM::LoadOp::create(b, loc, storageType(a.element), pointer, storageBytes(a.element));
      Value splat = vector::BroadcastOp::create(b, loc, vectorOf(element), widened(scalar, "f8.a"));
      for (int64_t v = 0; v < vectors; ++v)
        next.push_back(multiplyAdd(splat, columns[v], acc[r * vectors + v]));
    }
    return next;
  }

  //===- plain loops ------------------------------------------------------===//

  /// Every axis a loop, the sum's outermost: C is read and written each time.
  void emitPlain() {
    SmallVector<Value> indices;
    OpBuilder::InsertionGuard guard(b);
    for (Value upper : op.getExtents()) {
      auto loop = scf::ForOp::create(b, loc, index(0), upper, index(1));
      b.setInsertionPointToStart(loop.getBody());
      indices.push_back(loop.getInductionVar());
    }
    auto places = [&](AffineMap map) {
      SmallVector<Value> result;
      for (AffineExpr e : map.getResults())
        result.push_back(tx::buildAffine(b, loc, e, indices, op.getSymbols()));
      return result;
    };
    SmallVector<Value> placeOfC = places(op.getMapC());
    Value left = widened(par::LoadOp::create(b, loc, op.getA(), places(op.getMapA())), "f8.a");
    Value right = widened(par::LoadOp::create(b, loc, op.getB(), places(op.getMapB())), "f8.b");
    Value sum = multiplyAdd(left, right, par::LoadOp::create(b, loc, op.getC(), placeOfC));
    par::StoreOp::create(b, loc, sum, op.getC(), placeOfC);
  }
};

struct MicroKernelsPass : impl::CpuMicroKernelsBase<MicroKernelsPass> {
  using CpuMicroKernelsBase::CpuMicroKernelsBase;

  void runOnOperation() override {
    const Target *target = findMachine(getOperation(), machine);
    if (!target)
      return signalPassFailure();
    SmallVector<par::ContractOp> work;
    getOperation().walk([&](par::ContractOp op) { work.push_back(op); });
    for (par::ContractOp op : work) {
      Emitter emitter(op, *target);
      if (emitter.match())
        emitter.emit();
      else
        emitter.emitPlain();
      op.erase();
    }
  }
};
} // namespace
} // namespace texpr::cpu

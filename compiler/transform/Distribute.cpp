// distribute: a tile whose body is a reduction and an epilogue becomes three nests around a fragment.
//
//   par.forall (%i, %j) = (%i0, %j0) to (%i1, %j1) {plan.instr = {… m = 6, n = 64}} {
//     %s = par.reduce add (%k) = to (%K) { extf(load x[i,k]) * extf(load w[k,j]) }
//     epilogue(%s) }
// becomes
//   %acc = par.alloc [6, 64] {place = "reg"}
//   par.forall (%i, %j) = to (%i1 - %i0, %j1 - %j0) { store 0, %acc[i, j] }
//   par.contract %acc (i, j) += %x (i0 + i, k) * %w (k, j0 + j) (%i1 - %i0, %j1 - %j0, %K) {instr}
//   par.forall (%i, %j) = (%i0, %j0) to (%i1, %j1) { epilogue(load %acc[i - i0, j - j0]) }
//
// With sizes of the whole tile in `plan.tile`, the reduction's own among them, the contraction runs
// in a seq over pieces of that size; with `plan.stage` each piece carries what is staged, and the
// fragment is filled whole, since staged tiles are padded with zeros.
//
// This is scalar expansion at the size of the tile, never at full size. Several axes of the
// reduction: the last is the contraction's, the others are seqs around it (the accumulator outlives
// them). Only what `plan-tiling` marked comes here.
#include "compiler/transform/Outside.h"
#include "compiler/transform/Passes.h"
#include "dialects/par/Combine.h"
#include "dialects/par/Contraction.h"
#include "dialects/par/ParOps.h"
#include "dialects/par/Stride.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_DISTRIBUTE
#include "compiler/transform/Passes.h.inc"

namespace {

class Distributor {
public:
  Distributor(par::ForallOp tile, par::Contraction &c)
      : tile(tile), c(c), b(tile), loc(tile.getLoc()) {}

  LogicalResult run() {
    row = c.m.back();
    column = c.n.back();
    if (tile.getLower().size() != 2 || row != 0 || column != 1)
      return failure();
    if (!hasStrides(c.a) || !hasStrides(c.b))
      return failure();
    instr = tile->getAttrOfType<DictionaryAttr>("plan.instr");
    stage = tile->getAttrOfType<DictionaryAttr>("plan.stage");
    sizes = tile->getAttrOfType<DictionaryAttr>("plan.tile");
    Value acc = makeFragment();
    SmallVector<Value> lengths = {difference(0), difference(1)};
    SmallVector<Value> filled = lengths;
    if (stage)
      filled = {constant(rows), constant(columns)};
    fill(acc, filled);
    contract(acc, lengths);
    epilogue(acc);
    return success();
  }

private:
  /// Quotients in an index are affine but have no stride.
  bool hasStrides(const par::Factor &factor) {
    for (Value index : par::LoadOp(factor.load).getIndices())
      for (Value axis : c.axes)
        if (!par::strideOf(index, axis))
          return false;
    return true;
  }
  Value difference(unsigned d) {
    return arith::SubIOp::create(b, loc, tile.getUpper()[d], tile.getLower()[d]);
  }
  Value constant(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

  /// The size of an axis of the contraction in the plan's tile.
  std::optional<int64_t> sizeOf(unsigned axis) {
    auto size = sizes ? sizes.getAs<IntegerAttr>(c.getAxisName(axis)) : IntegerAttr();
    return size ? std::optional(size.getInt()) : std::nullopt;
  }

  Value makeFragment() {
    auto type = par::BufType::get(b.getContext(), 2, c.getAccumulatorType());
    rows = sizeOf(row).value_or(instr.getAs<IntegerAttr>("m").getInt());
    columns = sizeOf(column).value_or(instr.getAs<IntegerAttr>("n").getInt());
    return par::AllocOp::create(b, loc, type, ValueRange{constant(rows), constant(columns)},
                                b.getStringAttr("reg"), StringAttr(), UnitAttr());
  }

  void fill(Value acc, ValueRange lengths) {
    Value zero = constant(0);
    auto nest = par::ForallOp::create(b, loc, ValueRange{zero, zero}, lengths, tile.getAxes(),
                                      StringAttr(), UnitAttr(), UnitAttr());
    OpBuilder::InsertionGuard guard(b);
    Block *body =
        b.createBlock(&nest.getBody(), {}, {b.getIndexType(), b.getIndexType()}, {loc, loc});
    Value start = par::buildIdentity(b, loc, tx::Combine::add, false, c.getAccumulatorType());
    par::StoreOp::create(b, loc, start, acc, body->getArguments(), Value());
    par::YieldOp::create(b, loc);
  }

  void contract(Value acc, ValueRange lengths) {
    par::ReduceOp reduce = c.reduce;
    unsigned axes = reduce.getLower().size();
    OpBuilder::InsertionGuard guard(b);
    Outside atStart(b, tile);
    for (unsigned d = 0; d < 2; ++d)
      atStart.place(tile.getBody().front().getArgument(d), tile.getLower()[d]);
    // Bounds of the reduction may be computed in the tile's body.
    SmallVector<Value> lower, upper;
    for (unsigned d = 0; d < axes; ++d) {
      lower.push_back(atStart.of(reduce.getLower()[d]));
      upper.push_back(atStart.of(reduce.getUpper()[d]));
    }
    Block &body = reduce.getBody().front();
    for (unsigned d = 0; d + 1 < axes; ++d) {
      auto seq = par::SeqOp::create(b, loc, TypeRange{}, lower[d], upper[d], ValueRange{},
                                    cast<StringAttr>(reduce.getAxes()[d]));
      Block *inner = b.createBlock(&seq.getBody(), {}, b.getIndexType(), loc);
      par::YieldOp::create(b, loc);
      b.setInsertionPointToStart(inner);
      atStart.place(body.getArgument(d), inner->getArgument(0));
    }
    Value from = lower[axes - 1], to = upper[axes - 1];
    auto piece = sizeOf(c.k.back());
    if (piece)
      std::tie(from, to) =
          openPieces(from, to, *piece, cast<StringAttr>(reduce.getAxes()[axes - 1]));
    atStart.place(body.getArgument(axes - 1), from);
    SmallVector<Value> ivs = {tile.getBody().front().getArgument(0),
                              tile.getBody().front().getArgument(1), body.getArgument(axes - 1)};
    SmallVector<Value> symbols;
    SmallVector<AffineExpr> a, w;
    for (Value index : c.a.load.getIndices())
      a.push_back(atStart.affine(index, ivs, symbols));
    for (Value index : c.b.load.getIndices())
      w.push_back(atStart.affine(index, ivs, symbols));
    unsigned count = symbols.size();
    auto map = [&](ArrayRef<AffineExpr> e) { return AffineMap::get(3, count, e, b.getContext()); };
    AffineMap mapC = map({b.getAffineDimExpr(0), b.getAffineDimExpr(1)});
    Value trips = arith::SubIOp::create(b, loc, to, from);
    trips = arith::MaxSIOp::create(b, loc, trips, constant(0));
    SmallVector<Value> extents = {lengths[0], lengths[1], trips};
    auto made = par::ContractOp::create(b, loc, c.a.load.getSource(), c.b.load.getSource(), acc,
                                        extents, symbols, map(a), map(w), mapC,
                                        b.getStrArrayAttr({"m", "n", "k"}), instr);
    if (stage && piece) {
      made->setAttr("plan.stage", stage);
      auto size = [&](StringRef name, int64_t n) {
        return b.getNamedAttr(name, b.getI64IntegerAttr(n));
      };
      made->setAttr("plan.tile",
                    b.getDictionaryAttr({size("m", rows), size("n", columns), size("k", *piece)}));
    }
  }

  /// The seq over pieces of the reduction; leaves the builder in its body. Returns the piece's bounds.
  std::pair<Value, Value> openPieces(Value lower, Value upper, int64_t size, StringAttr axis) {
    Value length = arith::SubIOp::create(b, loc, upper, lower);
    length = arith::MaxSIOp::create(b, loc, length, constant(0));
    Value rounded = arith::AddIOp::create(b, loc, length, constant(size - 1));
    Value pieces = arith::DivUIOp::create(b, loc, rounded, constant(size));
    auto seq = par::SeqOp::create(b, loc, TypeRange{}, constant(0), pieces, ValueRange{},
                                  b.getStringAttr(axis.getValue() + ".0"));
    Block *inner = b.createBlock(&seq.getBody(), {}, b.getIndexType(), loc);
    par::YieldOp::create(b, loc);
    b.setInsertionPointToStart(inner);
    Value from = arith::MulIOp::create(b, loc, inner->getArgument(0), constant(size));
    from = arith::AddIOp::create(b, loc, from, lower);
    Value to = arith::AddIOp::create(b, loc, from, constant(size));
    return {from, arith::MinSIOp::create(b, loc, to, upper)};
  }

  /// The tile itself stays, its reduction replaced by a load of the fragment.
  void epilogue(Value acc) {
    Block &body = tile.getBody().front();
    b.setInsertionPoint(c.reduce);
    SmallVector<Value> index;
    for (unsigned d = 0; d < 2; ++d)
      index.push_back(arith::SubIOp::create(b, loc, body.getArgument(d), tile.getLower()[d]));
    Value s = par::LoadOp::create(b, loc, c.getAccumulatorType(), acc, index, Value(), Value());
    c.reduce.getResult(0).replaceAllUsesWith(s);
    c.reduce.erase();
    forget(tile);
  }

public:
  static void forget(par::ForallOp tile) {
    for (StringRef done : {"plan.instr", "plan.stage", "plan.tile"})
      tile->removeAttr(done);
  }

private:
  par::ForallOp tile;
  par::Contraction &c;
  OpBuilder b;
  Location loc;
  DictionaryAttr instr, stage, sizes;
  int64_t rows = 0, columns = 0;
  unsigned row = 0, column = 0;
};

struct Distribute : impl::DistributeBase<Distribute> {
  void runOnOperation() override {
    SmallVector<par::ForallOp> tiles;
    getOperation().walk([&](par::ForallOp op) {
      if (op->hasAttr("plan.instr"))
        tiles.push_back(op);
    });
    for (par::ForallOp tile : tiles) {
      auto c = par::Contraction::match(tile);
      if (!c || !c->a.isPlain() || !c->b.isPlain() || c->m.empty() || c->n.empty() ||
          !c->isRectangular() || failed(Distributor(tile, *c).run()))
        Distributor::forget(tile); // stays a nest around a reduction: correct, not fast
    }
  }
};
} // namespace
} // namespace texpr

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
// This is scalar expansion at the size of the tile, never at full size. Several axes of the
// reduction: the last is the contraction's, the others are seqs around it (the accumulator outlives
// them). Only what `plan-tiling` marked comes here.
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
    Value acc = makeFragment();
    SmallVector<Value> lengths = {difference(0), difference(1)};
    fill(acc, lengths);
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

  Value makeFragment() {
    auto type = par::BufType::get(b.getContext(), 2, c.getAccumulatorType());
    int64_t m = instr.getAs<IntegerAttr>("m").getInt(), n = instr.getAs<IntegerAttr>("n").getInt();
    return par::AllocOp::create(b, loc, type, ValueRange{constant(m), constant(n)},
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

  /// Index `v` of a factor as an affine expression of (row, column, k); what does not move is a
  /// symbol's value, computed here with the loop variables at their lower bounds.
  AffineExpr affine(Value v, ArrayRef<Value> ivs, IRMapping &atStart,
                    SmallVectorImpl<Value> &symbols) {
    AffineExpr e = b.getAffineSymbolExpr(symbols.size());
    for (auto [d, iv] : llvm::enumerate(ivs))
      e = e + b.getAffineDimExpr(d) * *par::strideOf(v, iv);
    symbols.push_back(cloneAt(v, atStart));
    return e;
  }

  /// `v` recomputed here, the loop variables replaced.
  Value cloneAt(Value v, IRMapping &atStart) {
    if (Value known = atStart.lookupOrNull(v))
      return known;
    Operation *op = v.getDefiningOp();
    if (!op || !tile->isProperAncestor(op))
      return v;
    for (Value operand : op->getOperands())
      cloneAt(operand, atStart);
    return b.clone(*op, atStart)->getResult(cast<OpResult>(v).getResultNumber());
  }

  void contract(Value acc, ValueRange lengths) {
    par::ReduceOp reduce = c.reduce;
    unsigned axes = reduce.getLower().size();
    OpBuilder::InsertionGuard guard(b);
    IRMapping atStart;
    for (unsigned d = 0; d < 2; ++d)
      atStart.map(tile.getBody().front().getArgument(d), tile.getLower()[d]);
    // Bounds of the reduction may be computed in the tile's body.
    SmallVector<Value> lower, upper;
    for (unsigned d = 0; d < axes; ++d) {
      lower.push_back(cloneAt(reduce.getLower()[d], atStart));
      upper.push_back(cloneAt(reduce.getUpper()[d], atStart));
    }
    Block &body = reduce.getBody().front();
    for (unsigned d = 0; d + 1 < axes; ++d) {
      auto seq = par::SeqOp::create(b, loc, TypeRange{}, lower[d], upper[d], ValueRange{},
                                    cast<StringAttr>(reduce.getAxes()[d]));
      Block *inner = b.createBlock(&seq.getBody(), {}, b.getIndexType(), loc);
      par::YieldOp::create(b, loc);
      b.setInsertionPointToStart(inner);
      atStart.map(body.getArgument(d), inner->getArgument(0));
    }
    atStart.map(body.getArgument(axes - 1), lower[axes - 1]);
    SmallVector<Value> ivs = {tile.getBody().front().getArgument(0),
                              tile.getBody().front().getArgument(1), body.getArgument(axes - 1)};
    SmallVector<Value> symbols;
    SmallVector<AffineExpr> a, w;
    for (Value index : c.a.load.getIndices())
      a.push_back(affine(index, ivs, atStart, symbols));
    for (Value index : c.b.load.getIndices())
      w.push_back(affine(index, ivs, atStart, symbols));
    unsigned count = symbols.size();
    auto map = [&](ArrayRef<AffineExpr> e) { return AffineMap::get(3, count, e, b.getContext()); };
    AffineMap mapC = map({b.getAffineDimExpr(0), b.getAffineDimExpr(1)});
    Value trips = arith::SubIOp::create(b, loc, upper[axes - 1], lower[axes - 1]);
    trips = arith::MaxSIOp::create(b, loc, trips, constant(0));
    SmallVector<Value> extents = {lengths[0], lengths[1], trips};
    par::ContractOp::create(b, loc, c.a.load.getSource(), c.b.load.getSource(), acc, extents,
                            symbols, map(a), map(w), mapC, b.getStrArrayAttr({"m", "n", "k"}),
                            instr);
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
    tile->removeAttr("plan.instr");
  }

  par::ForallOp tile;
  par::Contraction &c;
  OpBuilder b;
  Location loc;
  DictionaryAttr instr;
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
        tile->removeAttr("plan.instr"); // stays a nest around a reduction: correct, not fast
    }
  }
};
} // namespace
} // namespace texpr

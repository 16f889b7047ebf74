// tile: strip-mines a forall by `plan.tile`, grid axes outside in `plan.order`.
//
//   par.forall (%i, %j) = to (%m, %n) {plan.tile = {i = 6, j = 64},
//                                      plan.order = ["j", "i"]} { body }
// becomes
//   par.forall (%jb, %ib) = to (ceil(%n, 64), ceil(%m, 6)) axes ["j.0", "i.0"] {
//     par.forall (%i, %j) = (%ib * 6, %jb * 64)
//                       to (min(%ib * 6 + 6, %m), min(%jb * 64 + 64, %n)) { body } }
//
// `plan.blocks` is done first, in the order of the axes: larger tiles around those of `plan.tile`, one after the other in a
// task. An order without sizes reorders the loops.
//
// The body keeps its absolute indices, so it is not touched. Axes without a size stay in the grid.
// A size of an axis that is not the forall's stays with the tile, for `distribute`. The other
// attributes of the forall go with the tile; ragged edges are the inner forall's bounds.
#include "compiler/transform/Passes.h"
#include "dialects/par/ParOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_TILE
#include "compiler/transform/Passes.h.inc"

namespace {

class Tiler {
public:
  Tiler(par::ForallOp forall, StringRef attribute)
      : forall(forall), b(forall), loc(forall.getLoc()), attribute(attribute) {}

  LogicalResult run() {
    auto planned = forall->getAttrOfType<DictionaryAttr>(attribute);
    unsigned axes = forall.getLower().size();
    for (unsigned d = 0; d < axes; ++d) {
      auto size = planned.getAs<IntegerAttr>(axisName(d));
      sizes[d] = size ? size.getInt() : 0;
      if (size && size.getInt() < 1)
        return forall.emitError("internal: a tile has a size below 1");
    }
    SmallVector<unsigned> order = gridOrder();
    if (isOfBlocks()) // what has no size is walked over inside
      llvm::erase_if(order, [&](unsigned d) { return sizes[d] == 0; });
    makeGrid(order);
    return success();
  }

private:
  bool isOfBlocks() const { return attribute == "plan.blocks"; }
  StringAttr axisName(unsigned d) { return cast<StringAttr>(forall.getAxes()[d]); }

  /// Positions of the axes, outermost first: as `plan.order` names them, the rest before.
  SmallVector<unsigned> gridOrder() {
    SmallVector<unsigned> order;
    auto names = isOfBlocks() ? ArrayAttr() : forall->getAttrOfType<ArrayAttr>("plan.order");
    auto isNamed = [&](unsigned d) { return names && llvm::is_contained(names, axisName(d)); };
    for (unsigned d = 0; d < forall.getLower().size(); ++d)
      if (!isNamed(d))
        order.push_back(d);
    if (names)
      for (Attribute name : names)
        for (unsigned d = 0; d < forall.getLower().size(); ++d)
          if (axisName(d) == name && !llvm::is_contained(order, d))
            order.push_back(d);
    return order;
  }

  Value constant(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

  void makeGrid(ArrayRef<unsigned> order) {
    SmallVector<Value> lower, upper;
    SmallVector<Attribute> names;
    for (unsigned d : order) {
      Value lo = forall.getLower()[d], hi = forall.getUpper()[d];
      if (sizes[d] == 0) {
        lower.push_back(lo);
        upper.push_back(hi);
        names.push_back(axisName(d));
        continue;
      }
      Value length =
          matchPattern(lo, m_Zero()) ? hi : arith::SubIOp::create(b, loc, hi, lo).getResult();
      length = arith::MaxSIOp::create(b, loc, length, constant(0));
      Value rounded = arith::AddIOp::create(b, loc, length, constant(sizes[d] - 1));
      lower.push_back(constant(0));
      upper.push_back(arith::DivUIOp::create(b, loc, rounded, constant(sizes[d])));
      names.push_back(b.getStringAttr(axisName(d).getValue() + ".0"));
    }
    auto grid = par::ForallOp::create(b, loc, lower, upper, b.getArrayAttr(names),
                                      forall.getLevelAttr(), UnitAttr(), forall.getDisjointAttr());
    for (StringRef kept : {"plan.grain"})
      if (Attribute value = forall->getAttr(kept))
        grid->setAttr(kept, value);
    Block *body =
        b.createBlock(&grid.getBody(), {}, SmallVector<Type>(order.size(), b.getIndexType()),
                      SmallVector<Location>(order.size(), loc));
    par::YieldOp::create(b, loc);
    b.setInsertionPointToStart(body);
    makeTile(order, body->getArguments());
  }

  void makeTile(ArrayRef<unsigned> order, ValueRange ivs) {
    unsigned axes = forall.getLower().size();
    SmallVector<Value> lower(axes), upper(axes);
    SmallVector<Value> whole(axes); // the grid's own variable of an axis that is not tiled
    for (unsigned d = 0; d < axes; ++d)
      if (sizes[d] == 0) {
        lower[d] = forall.getLower()[d];
        upper[d] = forall.getUpper()[d];
      }
    for (auto [iv, d] : llvm::zip(ivs, order)) {
      if (sizes[d] == 0) {
        whole[d] = iv;
        continue;
      }
      Value lo = forall.getLower()[d];
      lower[d] = arith::MulIOp::create(b, loc, iv, constant(sizes[d]));
      if (!matchPattern(lo, m_Zero()))
        lower[d] = arith::AddIOp::create(b, loc, lower[d], lo);
      Value end = arith::AddIOp::create(b, loc, lower[d], constant(sizes[d]));
      upper[d] = arith::MinSIOp::create(b, loc, end, forall.getUpper()[d]);
    }
    Block &old = forall.getBody().front();
    SmallVector<Value> tileLower, tileUpper;
    SmallVector<Attribute> names;
    llvm::BitVector gone(axes);
    for (unsigned d = 0; d < axes; ++d) {
      if (whole[d]) {
        old.getArgument(d).replaceAllUsesWith(whole[d]);
        gone.set(d);
        continue;
      }
      tileLower.push_back(lower[d]);
      tileUpper.push_back(upper[d]);
      names.push_back(axisName(d));
    }
    old.eraseArguments(gone);
    auto tile = par::ForallOp::create(b, loc, tileLower, tileUpper, b.getArrayAttr(names),
                                      StringAttr(), UnitAttr(), forall.getDisjointAttr());
    tile.getBody().takeBody(forall.getBody());
    for (NamedAttribute attr : forall->getDiscardableAttrs())
      if (attr.getName() != attribute && attr.getName() != "plan.grain" &&
          (isOfBlocks() || attr.getName() != "plan.order"))
        tile->setAttr(attr.getName(), attr.getValue());
    if (!isOfBlocks())
      keepInnerSizes(tile);
    forall.erase();
    made = tile;
  }

  /// Sizes of axes that are none of the nest's belong to what is inside: the reduction of a
  /// contraction.
  void keepInnerSizes(par::ForallOp tile) {
    auto planned = forall->getAttrOfType<DictionaryAttr>("plan.tile");
    if (llvm::any_of(planned, [&](NamedAttribute size) {
          return !llvm::is_contained(forall.getAxes(), size.getName());
        }))
      tile->setAttr("plan.tile", planned);
  }

  par::ForallOp forall;
  OpBuilder b;
  Location loc;
  StringRef attribute;
  DenseMap<unsigned, int64_t> sizes;

public:
  par::ForallOp made; // the tile
};

/// The same loop with its axes as `plan.order` names them; those that it does not name come first.
void reorder(par::ForallOp forall) {
  auto names = forall->getAttrOfType<ArrayAttr>("plan.order");
  unsigned axes = forall.getNumAxes();
  SmallVector<unsigned> order;
  for (unsigned d = 0; d < axes; ++d)
    if (!llvm::is_contained(names, forall.getAxes()[d]))
      order.push_back(d);
  for (Attribute name : names)
    for (unsigned d = 0; d < axes; ++d)
      if (forall.getAxes()[d] == name && !llvm::is_contained(order, d))
        order.push_back(d);
  OpBuilder b(forall);
  SmallVector<Value> lower, upper;
  SmallVector<Attribute> labels;
  for (unsigned d : order) {
    lower.push_back(forall.getLower()[d]);
    upper.push_back(forall.getUpper()[d]);
    labels.push_back(forall.getAxes()[d]);
  }
  auto made = par::ForallOp::create(b, forall.getLoc(), lower, upper, b.getArrayAttr(labels),
                                    forall.getLevelAttr(), UnitAttr(), forall.getDisjointAttr());
  made->setDiscardableAttrs(forall->getDiscardableAttrDictionary());
  made->removeAttr("plan.order");
  made.getBody().takeBody(forall.getBody());
  Block &body = made.getBody().front();
  SmallVector<BlockArgument> old(body.getArguments());
  SmallVector<BlockArgument> fresh;
  for (unsigned k = 0; k < axes; ++k)
    fresh.push_back(body.addArgument(b.getIndexType(), forall.getLoc()));
  for (auto [k, d] : llvm::enumerate(order))
    old[d].replaceAllUsesWith(fresh[k]);
  body.eraseArguments(0, axes);
  forall.erase();
}

struct Tile : impl::TileBase<Tile> {
  void runOnOperation() override {
    SmallVector<par::ForallOp> planned;
    getOperation().walk([&](par::ForallOp op) {
      if (op->hasAttr("plan.tile") || op->hasAttr("plan.blocks") || op->hasAttr("plan.order"))
        planned.push_back(op);
    });
    for (par::ForallOp op : planned)
      if (failed(tile(op)))
        return signalPassFailure();
  }

  static LogicalResult tile(par::ForallOp op) {
    for (StringRef attribute : {"plan.blocks", "plan.tile"}) {
      if (!op->hasAttr(attribute))
        continue;
      Tiler tiler(op, attribute);
      if (failed(tiler.run()))
        return failure();
      op = tiler.made;
    }
    if (op->hasAttr("plan.order") && !op->hasAttr("plan.tile"))
      reorder(op);
    return success();
  }
};
} // namespace
} // namespace texpr

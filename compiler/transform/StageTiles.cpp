// stage-tiles: factors of a contraction are copied to tiles of their own, by `plan.stage`.
//
//   par.contract %acc (i, j) += %x (i0 + i, l0 + l) * %w (l0 + l, j0 + j) (%m', %n', %k')
//     {plan.stage = {a = "shared", b = "shared"}, plan.tile = {m = 128, n = 128, k = 32}}
// becomes
//   %xs = par.alloc [128, 32] {place = "shared"}
//   par.forall (%i, %l) = to (128, 32) { store (load %x[i0 + i, l0 + l] mask i < %m' && l < %k' other 0), %xs }
//   … %ws likewise …
//   par.contract %acc (i, j) += %xs (i, l) * %ws (l, j) (128, 128, 32)
//
// What is outside the ragged extents is zero, so that the contraction has static ones and adds +0 to
// sums that began at +0: no bit changes. The accumulator covers the whole tile. Both factors are
// staged or none.
#include "compiler/transform/Passes.h"
#include "dialects/par/ParOps.h"
#include "dialects/tx/Extents.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_STAGETILES
#include "compiler/transform/Passes.h.inc"

namespace {

class Stager {
public:
  explicit Stager(par::ContractOp contract)
      : contract(contract), b(contract), loc(contract.getLoc()),
        stage(contract->getAttrOfType<DictionaryAttr>("plan.stage")) {
    auto sizes = contract->getAttrOfType<DictionaryAttr>("plan.tile");
    for (auto [axis, kind] : llvm::enumerate(contract.getKinds().getAsValueRange<StringAttr>()))
      extents.push_back(sizes.getAs<IntegerAttr>(kind).getInt());
  }

  void run() {
    Value a = copy(contract.getA(), contract.getMapA(), "a");
    Value w = copy(contract.getB(), contract.getMapB(), "b");
    SmallVector<Value> whole;
    for (int64_t extent : extents)
      whole.push_back(constant(extent));
    auto map = [&](AffineMap old) {
      SmallVector<AffineExpr> dims;
      for (unsigned axis : axesOf(old))
        dims.push_back(b.getAffineDimExpr(axis));
      return AffineMap::get(extents.size(), 0, dims, b.getContext());
    };
    par::ContractOp::create(b, loc, a, w, contract.getC(), whole, ValueRange{},
                            map(contract.getMapA()), map(contract.getMapB()),
                            map(contract.getMapC()), contract.getKinds(), contract.getInstrAttr());
    contract.erase();
  }

private:
  Value constant(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

  /// The axes that a factor moves with, in the order of its indices as far as those tell.
  SmallVector<unsigned> axesOf(AffineMap map) {
    SmallVector<unsigned> axes;
    for (AffineExpr index : map.getResults())
      for (unsigned d = 0; d < map.getNumDims(); ++d)
        if (index.isFunctionOfDim(d) && !llvm::is_contained(axes, d))
          axes.push_back(d);
    return axes;
  }

  /// The tile of one factor and the nest that fills it.
  Value copy(Value source, AffineMap map, StringRef name) {
    Type element = par::getBufType(source).getElementType();
    SmallVector<unsigned> axes = axesOf(map);
    SmallVector<Value> lower, upper;
    SmallVector<StringRef> names;
    for (unsigned axis : axes) {
      lower.push_back(constant(0));
      upper.push_back(constant(extents[axis]));
      names.push_back(cast<StringAttr>(contract.getKinds()[axis]).getValue());
    }
    auto type = par::BufType::get(b.getContext(), axes.size(), element);
    auto tile = par::AllocOp::create(b, loc, type, upper, stage.getAs<StringAttr>(name),
                                     StringAttr(), UnitAttr());
    auto nest = par::ForallOp::create(b, loc, lower, upper, b.getStrArrayAttr(names), StringAttr(),
                                      UnitAttr(), UnitAttr());
    OpBuilder::InsertionGuard guard(b);
    Block *body =
        b.createBlock(&nest.getBody(), {}, SmallVector<Type>(axes.size(), b.getIndexType()),
                      SmallVector<Location>(axes.size(), loc));
    fill(source, map, tile, axes, body->getArguments());
    par::YieldOp::create(b, loc);
    return tile;
  }

  void fill(Value source, AffineMap map, Value tile, ArrayRef<unsigned> axes, ValueRange ivs) {
    SmallVector<Value> dims(extents.size(), constant(0));
    Value inside;
    for (auto [axis, iv] : llvm::zip_equal(axes, ivs)) {
      dims[axis] = iv;
      Value ok =
          arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, iv, contract.getExtents()[axis]);
      inside = inside ? arith::AndIOp::create(b, loc, inside, ok).getResult() : ok;
    }
    SmallVector<Value> indices;
    for (AffineExpr index : map.getResults())
      indices.push_back(tx::buildAffine(b, loc, index, dims, contract.getSymbols()));
    Type element = par::getBufType(source).getElementType();
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
    Value v = par::LoadOp::create(b, loc, element, source, indices, inside, zero);
    par::StoreOp::create(b, loc, v, tile, ivs, Value());
  }

  par::ContractOp contract;
  OpBuilder b;
  Location loc;
  DictionaryAttr stage;
  SmallVector<int64_t> extents;
};

struct StageTiles : impl::StageTilesBase<StageTiles> {
  void runOnOperation() override {
    SmallVector<par::ContractOp> staged;
    getOperation().walk([&](par::ContractOp op) {
      if (op->hasAttr("plan.stage"))
        staged.push_back(op);
    });
    for (par::ContractOp op : staged)
      Stager(op).run();
  }
};
} // namespace
} // namespace texpr

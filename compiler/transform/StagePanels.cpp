// stage-panels: a contraction whose factors are staged runs by blocks, on copies of their panels.
//
//   par.forall (%i, %j) = to (%m, %n) {plan.instr = {… m = 8, n = 48}, plan.stage = {b = {place = "stack"}},
//       plan.blocks = {i = 256, j = 48}, plan.tile = {i = 8, j = 48, l = 256}} {
//     %s = par.reduce add (%l) = to (%k) { load a[i, l] * load b[l, j] };  store %s, %y[i, j] }
// becomes
//   par.forall (%ib, %jb) = to (ceil(%m / 256), ceil(%n / 48)) axes ["i.0", "j.0"] {
//     %p = par.alloc [256, 48] {name = "b"};  par.forall (%i, %j) { store 0, %y[i, j] }
//     par.seq (%lb) = to ceil(%k / 256) {
//       par.forall (%l, %j) { store (load b[l, j]), %p[l - l0, j - j0] }
//       par.seq (%jt) { par.seq (%it) { par.contract %y += %a * %p (8, 48, 256) } } } }
//
// The sums rest in the result between the pieces where it has their type and the body stores each element once; else in a
// buffer of the block, which the body then reads (`ReuseResults` is about loads and stores alone). A copy holds what its
// factor moves with, columns last for b: so a factor that is not contiguous along the columns becomes so. Every sum has its
// terms in the same order as without copies. With `least`, the nest as it was stays beside, for fewer rows or terms.
#include "compiler/transform/Outside.h"
#include "compiler/transform/Passes.h"
#include "dialects/par/Combine.h"
#include "dialects/par/ParOps.h"
#include "dialects/par/Staging.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_STAGEPANELS
#include "compiler/transform/Passes.h.inc"

namespace {

class Blocker {
public:
  Blocker(par::Contraction &c, par::StoreOp home)
      : nest(c.nest), c(c), home(home), b(nest), loc(nest.getLoc()) {
    row = c.m.back();
    column = c.n.back();
    term = c.k.back();
    instr = plan::getInstr(nest);
    stage = nest->getAttrOfType<DictionaryAttr>(plan::stageName);
    tile[row] = instr.getAs<IntegerAttr>("m").getInt();
    tile[column] = instr.getAs<IntegerAttr>("n").getInt();
    auto blocks = nest->getAttrOfType<DictionaryAttr>(plan::blocksName);
    for (unsigned axis : {row, column})
      block[axis] = blocks.getAs<IntegerAttr>(c.getAxisName(axis)).getInt();
    block[term] = *plan::getTile(nest, c.getAxisName(term));
  }

  void run() {
    for (auto [factor, isOfRows] : {std::pair(&c.a, true), std::pair(&c.b, false)})
      if (auto how = par::stagingOf(nest, stage, par::LoadOp(factor->load).getSource()))
        panels.push_back({factor, how, Value(), isOfRows ? row : term, isOfRows ? term : column});
    openGrid();
    makeBuffers();
    overBlock([&](ValueRange ivs) { storeZero(ivs); });
    openSums();
    for (Panel &panel : panels)
      fill(panel);
    openTiles();
    contract();
    b.setInsertionPointToEnd(grid.getBlock());
    finish();
  }

private:
  struct Panel {
    par::Factor *factor;
    DictionaryAttr how;
    Value copy;
    unsigned first, second; // its axes
  };

  Value constant(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }
  Value sub(Value x, Value y) { return arith::SubIOp::create(b, loc, x, y); }
  Value pieces(Value lower, Value upper, int64_t size) {
    Value length = arith::MaxSIOp::create(b, loc, sub(upper, lower), constant(0));
    return arith::DivUIOp::create(b, loc, arith::AddIOp::create(b, loc, length, constant(size - 1)),
                                  constant(size));
  }
  /// [from, to) of piece `number` of an axis that runs from `lower` to `upper`.
  std::pair<Value, Value> piece(Value number, Value lower, Value upper, int64_t size) {
    Value from = arith::MulIOp::create(b, loc, number, constant(size));
    if (!matchPattern(lower, m_Zero()))
      from = arith::AddIOp::create(b, loc, from, lower);
    Value to = arith::AddIOp::create(b, loc, from, constant(size));
    return {from, arith::MinSIOp::create(b, loc, to, upper)};
  }
  /// A seq; leaves the builder in its body.
  Value openSeq(Value lower, Value upper, StringRef axis) {
    auto seq = par::SeqOp::create(b, loc, lower, upper, ValueRange{}, axis,
                                  [](OpBuilder &, Location, ValueRange) {});
    b.setInsertionPointToStart(&seq.getBody().front());
    return seq.getInductionVar();
  }

  //===- the block --------------------------------------------------------===//

  /// A task of its own for each block of rows and columns, and for each iteration of what else there is.
  void openGrid() {
    SmallVector<unsigned> order;
    for (unsigned d = 0; d < c.getNumParallel(); ++d)
      if (d != row && d != column)
        order.push_back(d);
    order.append({row, column});
    SmallVector<Value> lower, upper;
    SmallVector<Attribute> names;
    for (unsigned d : order) {
      Value lo = nest.getLower()[d], hi = nest.getUpper()[d];
      bool isCut = d == row || d == column;
      lower.push_back(isCut ? constant(0) : lo);
      upper.push_back(isCut ? pieces(lo, hi, block[d]) : hi);
      names.push_back(b.getStringAttr(c.getAxisName(d) + (isCut ? ".0" : "")));
    }
    grid = par::ForallOp::create(b, loc, lower, upper, b.getArrayAttr(names),
                                 [](OpBuilder &, Location, ValueRange) {});
    grid.setLevelAttr(nest.getLevelAttr());
    grid.setDisjointAttr(nest.getDisjointAttr());
    for (StringRef kept : {plan::grainName, plan::pinnedName})
      if (Attribute value = nest->getAttr(kept))
        grid->setAttr(kept, value);
    b.setInsertionPointToStart(grid.getBlock());
    for (auto [d, iv] : llvm::zip_equal(order, grid.getArgs())) {
      if (d == row || d == column)
        std::tie(from[d], to[d]) = piece(iv, nest.getLower()[d], nest.getUpper()[d], block[d]);
      else
        fixed.push_back({c.axes[d], iv});
    }
  }

  Outside outside() {
    Outside at(b, nest);
    for (auto [variable, value] : fixed)
      at.place(variable, value);
    return at;
  }

  void makeBuffers() {
    auto alloc = [&](Type element, ArrayRef<unsigned> axes, StringAttr place, StringRef name) {
      SmallVector<Value> extents;
      for (unsigned axis : axes)
        extents.push_back(constant(block[axis]));
      auto type = par::BufType::get(b.getContext(), axes.size(), element);
      return par::AllocOp::create(b, loc, type, extents, place, b.getStringAttr(name), UnitAttr());
    };
    if (!home)
      sums = alloc(c.getAccumulatorType(), {row, column}, StringAttr(), "sums");
    for (Panel &panel : panels) {
      Value source = par::LoadOp(panel.factor->load).getSource();
      panel.copy = alloc(par::getBufType(source).getElementType(), {panel.first, panel.second},
                         panel.how.getAs<StringAttr>("place"), "copy of " + nameOf(source));
    }
  }

  std::string nameOf(Value source) {
    std::string key = par::keyOf(nest, source);
    return isdigit(key.front()) ? "tensor " + key : key;
  }

  /// A nest over the rows and columns of the block.
  void overBlock(llvm::function_ref<void(ValueRange)> body) { overAxes({row, column}, body); }
  void overAxes(ArrayRef<unsigned> axes, llvm::function_ref<void(ValueRange)> body) {
    SmallVector<Value> lower, upper;
    SmallVector<Attribute> names;
    for (unsigned axis : axes) {
      lower.push_back(from[axis]);
      upper.push_back(to[axis]);
      names.push_back(b.getStringAttr(c.getAxisName(axis)));
    }
    OpBuilder::InsertionGuard guard(b);
    auto loop = par::ForallOp::create(b, loc, lower, upper, b.getArrayAttr(names),
                                      [](OpBuilder &, Location, ValueRange) {});
    b.setInsertionPointToStart(loop.getBlock());
    body(loop.getArgs());
  }

  /// The place of a sum at absolute row and column.
  std::pair<Value, SmallVector<Value>> placeOfSum(Value i, Value j) {
    if (!home)
      return {sums, {sub(i, from[row]), sub(j, from[column])}};
    Outside at = outside();
    at.place(c.axes[row], i);
    at.place(c.axes[column], j);
    SmallVector<Value> indices;
    for (Value index : home.getIndices())
      indices.push_back(at.of(index));
    return {home.getDest(), indices};
  }

  void storeZero(ValueRange ivs) {
    auto [buffer, indices] = placeOfSum(ivs[0], ivs[1]);
    Value zero = par::buildIdentity(b, loc, tx::Combine::add, false, c.getAccumulatorType());
    par::StoreOp::create(b, loc, zero, buffer, indices, Value());
  }

  //===- the sums ---------------------------------------------------------===//

  /// The loops over the other axes of the sum, then over pieces of the last.
  void openSums() {
    par::ReduceOp reduce = c.reduce;
    Outside at = outside();
    SmallVector<std::pair<Value, Value>> bounds;
    for (auto [lower, upper] : llvm::zip_equal(reduce.getLower(), reduce.getUpper()))
      bounds.push_back({at.of(lower), at.of(upper)});
    for (unsigned d = 0; d + 1 < bounds.size(); ++d) {
      Value iv = openSeq(bounds[d].first, bounds[d].second,
                         cast<StringAttr>(reduce.getAxes()[d]).getValue());
      fixed.push_back({reduce.getArgs()[d], iv});
    }
    auto [lower, upper] = bounds.back();
    Value number =
        openSeq(constant(0), pieces(lower, upper, block[term]), (c.getAxisName(term) + ".0").str());
    std::tie(from[term], to[term]) = piece(number, lower, upper, block[term]);
  }

  /// Along the source's neighbours, whichever way the copy lies.
  void fill(Panel &panel) {
    par::LoadOp load = panel.factor->load;
    unsigned first = panel.first, second = panel.second;
    if (par::laneOf(load.getIndices(), c.axes[first]) == par::Lane::Unit)
      std::swap(first, second);
    overAxes({first, second}, [&](ValueRange ivs) {
      Outside at = outside();
      at.place(c.axes[first], ivs[0]);
      at.place(c.axes[second], ivs[1]);
      SmallVector<Value> indices;
      for (Value index : load.getIndices())
        indices.push_back(at.of(index));
      Value v =
          par::LoadOp::create(b, loc, load.getType(), load.getSource(), indices, Value(), Value());
      SmallVector<Value> place = {sub(ivs[0], from[first]), sub(ivs[1], from[second])};
      if (first != panel.first)
        std::swap(place[0], place[1]);
      par::StoreOp::create(b, loc, v, panel.copy, place, Value());
    });
  }

  /// The loops over register tiles, as `plan.order` has them.
  void openTiles() {
    auto order = nest->getAttrOfType<ArrayAttr>(plan::orderName);
    bool isRowsFirst = false;
    for (Attribute name : order ? order : b.getArrayAttr({})) {
      if (name == b.getStringAttr(c.getAxisName(row)))
        isRowsFirst = true;
      else if (name == b.getStringAttr(c.getAxisName(column)))
        break;
    }
    SmallVector<unsigned> axes = {column, row};
    if (isRowsFirst)
      std::swap(axes[0], axes[1]);
    for (unsigned axis : axes) {
      Value number = openSeq(constant(0), pieces(from[axis], to[axis], tile[axis]),
                             (c.getAxisName(axis) + ".1").str());
      std::tie(start[axis], end[axis]) = piece(number, from[axis], to[axis], tile[axis]);
    }
    start[term] = from[term];
    end[term] = to[term];
  }

  void contract() {
    SmallVector<unsigned> axes = {row, column, term};
    SmallVector<Value> symbols, ivs, lengths;
    Outside at = outside();
    for (unsigned axis : axes) {
      ivs.push_back(c.axes[axis]);
      at.place(c.axes[axis], start[axis]);
      lengths.push_back(sub(end[axis], start[axis]));
    }
    SmallVector<Value> buffers;
    SmallVector<SmallVector<AffineExpr>> maps;
    for (par::Factor *factor : {&c.a, &c.b}) {
      auto panel = llvm::find_if(panels, [&](Panel &p) { return p.factor == factor; });
      SmallVector<AffineExpr> &map = maps.emplace_back();
      if (panel == panels.end()) {
        buffers.push_back(par::LoadOp(factor->load).getSource());
        for (Value index : par::LoadOp(factor->load).getIndices())
          map.push_back(at.affine(index, ivs, symbols));
        continue;
      }
      buffers.push_back(panel->copy);
      for (unsigned axis : {panel->first, panel->second})
        map.push_back(moving(axes, axis, sub(start[axis], from[axis]), symbols));
    }
    SmallVector<AffineExpr> &sum = maps.emplace_back();
    buffers.push_back(home ? home.getDest() : sums);
    if (home)
      for (Value index : home.getIndices())
        sum.push_back(at.affine(index, ivs, symbols));
    else
      for (unsigned axis : {row, column})
        sum.push_back(moving(axes, axis, sub(start[axis], from[axis]), symbols));
    auto map = [&](unsigned k) {
      return AffineMap::get(3, symbols.size(), maps[k], b.getContext());
    };
    par::ContractOp::create(b, loc, buffers[0], buffers[1], buffers[2], lengths, symbols, map(0),
                            map(1), map(2), b.getStrArrayAttr({"m", "n", "k"}), instr);
  }

  AffineExpr moving(ArrayRef<unsigned> axes, unsigned axis, Value offset,
                    SmallVectorImpl<Value> &symbols) {
    AffineExpr e = b.getAffineDimExpr(llvm::find(axes, axis) - axes.begin()) +
                   b.getAffineSymbolExpr(symbols.size());
    symbols.push_back(offset);
    return e;
  }

  //===- the rest of the body ---------------------------------------------===//

  /// The nest itself over the block, with its sum read where it rests; nothing where it only stores that there.
  void finish() {
    b.setInsertionPoint(grid.getBlock()->getTerminator());
    bool isDone = home && home.getValue() == c.reduce.getResult(0) &&
                  c.reduce.getResult(0).hasOneUse() &&
                  llvm::all_of(*nest.getBlock(), [&](Operation &op) {
                    return &op == home.getOperation() || &op == c.reduce.getOperation() ||
                           isMemoryEffectFree(&op);
                  });
    if (!isDone)
      overBlock([&](ValueRange ivs) {
        IRMapping map;
        for (auto [variable, value] : fixed)
          map.map(variable, value);
        map.map(c.axes[row], ivs[0]);
        map.map(c.axes[column], ivs[1]);
        for (Operation &op : nest.getBlock()->without_terminator()) {
          if (&op != c.reduce.getOperation()) {
            b.clone(op, map);
            continue;
          }
          auto [buffer, indices] = placeOfSum(ivs[0], ivs[1]);
          map.map(op.getResult(0), par::LoadOp::create(b, loc, c.getAccumulatorType(), buffer,
                                                       indices, Value(), Value())
                                       .getResult());
        }
      });
    nest.erase();
  }

  par::ForallOp nest, grid;
  par::Contraction &c;
  par::StoreOp home;
  OpBuilder b;
  Location loc;
  DictionaryAttr instr, stage;
  unsigned row, column, term;
  std::map<unsigned, int64_t> tile, block;    // sizes by axis
  std::map<unsigned, Value> from, to;         // of the block, and of the piece of the sum
  std::map<unsigned, Value> start, end;       // of the register tile
  SmallVector<std::pair<Value, Value>> fixed; // variables of the nest that are values here
  SmallVector<Panel, 2> panels;
  Value sums;
};

/// The most that any of the staged asks for by `name`; 0: nothing.
int64_t mostOf(par::ForallOp nest, StringRef name) {
  int64_t most = 0;
  for (NamedAttribute entry : nest->getAttrOfType<DictionaryAttr>(plan::stageName))
    if (auto n = cast<DictionaryAttr>(entry.getValue()).getAs<IntegerAttr>(name))
      most = std::max(most, n.getInt());
  return most;
}

/// Rows and terms are at least so many, and terms times columns so many elements.
Value buildTest(par::Contraction &c, int64_t least, int64_t elements) {
  par::ForallOp nest = c.nest;
  OpBuilder b(nest);
  Location loc = nest.getLoc();
  Outside at(b, nest);
  auto lengthOf = [&](Value lower, Value upper) {
    return arith::SubIOp::create(b, loc, at.of(upper), at.of(lower)).getResult();
  };
  auto isAtLeast = [&](Value x, int64_t n) {
    Value bound = arith::ConstantIndexOp::create(b, loc, n);
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, x, bound).getResult();
  };
  unsigned row = c.m.back(), column = c.n.back();
  Value rows = lengthOf(nest.getLower()[row], nest.getUpper()[row]);
  Value columns = lengthOf(nest.getLower()[column], nest.getUpper()[column]);
  Value terms = lengthOf(c.reduce.getLower().back(), c.reduce.getUpper().back());
  Value product = arith::MulIOp::create(b, loc, terms, columns);
  Value test = arith::AndIOp::create(b, loc, isAtLeast(rows, least), isAtLeast(terms, least));
  return arith::AndIOp::create(b, loc, test, isAtLeast(product, elements));
}

/// The nest as it is without copies: without a register tile, too, where only a copy of b has neighbours along the columns.
void forget(par::ForallOp nest, StringRef term, bool hasTile) {
  nest->removeAttr(plan::stageName);
  nest->removeAttr(plan::blocksName);
  if (!hasTile) {
    for (StringRef name : {plan::tileName, plan::orderName, plan::instrName})
      nest->removeAttr(name);
    return;
  }
  NamedAttrList sizes(nest->getAttrOfType<DictionaryAttr>(plan::tileName));
  sizes.erase(term);
  nest->setAttr(plan::tileName, sizes.getDictionary(nest.getContext()));
}

struct StagePanels : impl::StagePanelsBase<StagePanels> {
  void runOnOperation() override {
    SmallVector<par::ForallOp> staged;
    getOperation().walk([&](par::ForallOp op) {
      auto stage = op->getAttrOfType<DictionaryAttr>(plan::stageName);
      if (stage && plan::getInstr(op) && op->hasAttr(plan::blocksName) &&
          llvm::all_of(stage, [](NamedAttribute e) { return isa<DictionaryAttr>(e.getValue()); }))
        staged.push_back(op);
    });
    for (par::ForallOp nest : staged)
      if (auto c = par::Contraction::match(nest))
        stage(*c);
  }

  static void stage(par::Contraction &c) {
    par::ForallOp nest = c.nest;
    par::StoreOp home = par::homeOf(c);
    int64_t least = mostOf(nest, "least"), elements = mostOf(nest, "elements");
    if (least || elements) {
      Value test = buildTest(c, least, elements);
      OpBuilder b(nest);
      auto choice = scf::IfOp::create(b, nest.getLoc(), test, /*withElse=*/true);
      std::string why = "rows and terms of the sum are " + std::to_string(least) + " or more";
      if (elements)
        why += ", and terms x columns " + std::to_string(elements);
      plan::setWhy(choice, why);
      b.setInsertionPointToStart(&choice.getElseRegion().front());
      bool hasTile =
          par::laneOf(par::LoadOp(c.b.load).getIndices(), c.axes[c.n.back()]) == par::Lane::Unit;
      forget(cast<par::ForallOp>(b.clone(*nest)), c.getAxisName(c.k.back()), hasTile);
      nest->moveBefore(choice.getThenRegion().front().getTerminator());
    }
    Blocker(c, home).run();
  }
};
} // namespace
} // namespace texpr

// plan-promotion and plan-mapping, GPU: places of the buffers inside kernels, levels and layouts of the nests.
//
//   forall (i) { reduce max (j) x[i,j]; forall (j) … e[j] … }    i: block; j: lane, in one layout; e: reg, in that layout
//   forall (i.0) { forall (i < 8) { forall (j) … } }             i.0: block; i: warp; j: lane
//   contract %acc += %a * %b {instr}                             acc: reg, the instruction's fragment repeated over the
//                                                                tile; a, b: shared; nests around it follow
//
// A buffer whose every access is its nest's own element lives in registers; one that is short, in
// shared memory; others stay open. A layout starts as a vector a lane and goes on by lanes, warps and
// registers; a nest longer than its layout walks over it. Only attributes are written.
#include "compiler/plan/Gpu.h"
#include "dialects/tx/FactsAt.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace texpr::plan::gpu {

namespace {

int64_t bytesOf(Type element) {
  return element.isIndex() ? 8 : std::max(1u, element.getIntOrFloatBitWidth() / 8);
}

/// The innermost loop around an access.
Operation *nestOf(Operation *access) {
  Operation *p = access->getParentOp();
  while (p && !isa<par::ForallOp, par::ReduceOp, par::SeqOp, par::KernelOp>(p))
    p = p->getParentOp();
  return p;
}

std::optional<SmallVector<int64_t>> mostExtents(par::AllocOp alloc) {
  SmallVector<int64_t> sizes;
  int64_t elements = 1;
  OpBuilder b(alloc);
  for (Value extent : alloc.getExtents()) {
    tx::FactsAt facts(alloc);
    auto most = facts.range(extent).hi;
    if (!most || *most > kMostElements)
      return std::nullopt;
    sizes.push_back(llvm::PowerOf2Ceil(std::max<int64_t>(*most, 1)));
    elements *= sizes.back();
    if (elements > kMostElements)
      return std::nullopt;
  }
  return sizes;
}

void decidePlace(par::AllocOp alloc, const Machine &machine) {
  if (alloc.getPlace() || alloc->hasAttr(placeName) || !alloc->getParentOfType<par::ForallOp>())
    return;
  auto sizes = mostExtents(alloc);
  if (!sizes)
    return;
  int64_t elements = 1;
  for (int64_t size : *sizes)
    elements *= size;
  bool own = llvm::all_of(alloc->getUsers(), [](Operation *user) {
    return isa<par::LoadOp, par::StoreOp>(user) && isOwnAccess(user, nestOf(user));
  });
  int64_t bytes = elements * bytesOf(par::getBufType(alloc.getResult()).getElementType());
  if (own && elements <= kRowOfBlock)
    setPlace(alloc, "reg");
  else if (bytes * kWarps <= machine.sharedBytes)
    setPlace(alloc, "shared");
}

/// Levels and layouts of one outermost nest.
class Mapper {
public:
  Mapper(par::ForallOp outermost, const Machine &machine) : outermost(outermost), machine(machine) {
    int64_t widest = 1;
    outermost.walk([&](Operation *op) {
      if (auto load = dyn_cast<par::LoadOp>(op))
        widest = std::max(widest, bytesOf(load.getType()));
      else if (auto store = dyn_cast<par::StoreOp>(op))
        widest = std::max(widest, bytesOf(store.getValue().getType()));
    });
    vector = std::max<int64_t>(1, machine.vectorBytes / widest);
  }

  void run() {
    outermost.walk([&](par::ContractOp contract) { layOutFragment(contract); });
    setLevels(outermost, "block");
    units = {{"lane", machine.lanes}, {"warp", kWarps}};
    planBody(outermost, /*inBlock=*/true);
    outermost.walk([&](par::AllocOp alloc) { layOutAlloc(alloc); });
  }

private:
  static void setLevels(par::ForallOp forall, StringRef level) {
    if (forall->hasAttr(mapName))
      return;
    SmallVector<StringRef> levels(forall.getNumAxes(), level);
    forall->setAttr(mapName, OpBuilder(forall.getContext()).getStrArrayAttr(levels));
  }
  static void setLayout(Operation *op, const par::Layout &layout) {
    if (!op->hasAttr(layoutName))
      op->setAttr(layoutName, par::LayoutAttr::get(op->getContext(), layout));
  }
  static std::optional<par::Layout> layoutOf(Operation *op) {
    auto attr = op->getAttrOfType<par::LayoutAttr>(layoutName);
    return attr ? std::optional(attr.getLayout()) : std::nullopt;
  }
  static SmallVector<StringRef> namesOf(ArrayAttr axes) {
    return llvm::to_vector(axes.getAsValueRange<StringAttr>());
  }

  /// The tile of the accumulator: the instruction's fragment, repeated over registers and warps.
  void layOutFragment(par::ContractOp contract) {
    auto alloc = contract.getC().getDefiningOp<par::AllocOp>();
    auto row = contract.getInstrAttr();
    auto base = row ? row.getAs<par::LayoutAttr>("layout_c") : par::LayoutAttr();
    auto sizes = alloc ? mostExtents(alloc) : std::nullopt;
    if (!base || !sizes || sizes->size() != 2)
      return;
    par::Layout layout = base.getLayout();
    // Fewer lanes than a warp: each holds one instruction's tile, in rows of a quarter of the warp.
    if (layout.getWidth("lane") == 1)
      layout = layout.repeated(1, machine.lanes / 4, "lane").repeated(0, 4, "lane");
    int64_t m = layout.getAxes()[0].size, n = layout.getAxes()[1].size;
    int64_t rows = 0; // of warps; the squarest warp tile that holds a fragment
    int64_t best = 0;
    for (int64_t w = 1; w <= kWarps; w *= 2) {
      int64_t tileM = (*sizes)[0] / w, tileN = (*sizes)[1] / (kWarps / w);
      if (tileM < m || tileN < n)
        continue;
      int64_t skew = std::max(tileM, tileN) / std::min(tileM, tileN);
      if (rows == 0 || skew < best) {
        rows = w;
        best = skew;
      }
    }
    if (rows == 0)
      return;
    int64_t columns = kWarps / rows;
    layout = layout.repeated(1, (*sizes)[1] / columns / n, "reg")
                 .repeated(0, (*sizes)[0] / rows / m, "reg")
                 .repeated(1, columns, "warp")
                 .repeated(0, rows, "warp");
    setLayout(alloc, layout);
  }

  void planBody(Operation *parent, bool inBlock) {
    for (Region &region : parent->getRegions())
      for (Operation &op : region.getOps())
        planOp(&op, inBlock);
  }

  void planOp(Operation *op, bool inBlock) {
    if (auto reduce = dyn_cast<par::ReduceOp>(op)) {
      planReduce(reduce);
      return;
    }
    auto forall = dyn_cast<par::ForallOp>(op);
    if (!forall) {
      if (op->getNumRegions() > 0)
        planBody(op, false);
      return;
    }
    if (!hasForall(forall)) {
      planLeaf(forall);
      return;
    }
    auto trips = forall.getNumAxes() == 1
                     ? mostTrips(forall.getLower()[0], forall.getUpper()[0], forall)
                     : std::nullopt;
    if (!inBlock || trips != kWarps) {
      setLevels(forall, "step");
      planBody(forall, false);
      return;
    }
    // A warp an iteration: what is inside has the lanes of one.
    setLevels(forall, "warp");
    setLayout(forall, par::Layout::spread({{namesOf(forall.getAxes())[0].str(), kWarps}}, 1,
                                          {{"warp", kWarps}}));
    units.pop_back();
    planBody(forall, false);
    units.push_back({"warp", kWarps});
  }

  /// A reduction beside nests: shared by the lanes, or serial.
  void planReduce(par::ReduceOp reduce) {
    if (!mayShareReduce(reduce)) {
      reduce.setLevel("step");
      reduce.getBody().walk([](par::ReduceOp inner) { inner.setLevel("step"); });
      return;
    }
    reduce.setLevel("lane");
    setLayout(reduce,
              layoutFor(reduce, namesOf(reduce.getAxes()), reduce.getLower(), reduce.getUpper()));
  }

  void planLeaf(par::ForallOp leaf) {
    leaf.walk([](par::ReduceOp reduce) { reduce.setLevel("step"); });
    // A lane has no memory whose size is not known.
    bool open = leaf.walk([](par::AllocOp alloc) {
                      bool placed = alloc.getPlace() || alloc->hasAttr(placeName);
                      return placed ? WalkResult::advance() : WalkResult::interrupt();
                    })
                    .wasInterrupted();
    setLevels(leaf, open ? "step" : "lane");
    if (!open)
      setLayout(leaf, layoutFor(leaf, namesOf(leaf.getAxes()), leaf.getLower(), leaf.getUpper()));
  }

  /// The layout of the fragment that the nest works on, else a spread of its own length.
  par::Layout layoutFor(Operation *nest, ArrayRef<StringRef> names, ValueRange lower,
                        ValueRange upper) {
    std::optional<par::Layout> fragment;
    nest->walk([&](Operation *op) {
      if (!isa<par::LoadOp, par::StoreOp>(op) || !isOwnAccess(op, nest))
        return;
      auto alloc = op->getOperand(isa<par::StoreOp>(op) ? 1 : 0).getDefiningOp<par::AllocOp>();
      if (alloc && !fragment)
        fragment = layoutOf(alloc);
    });
    if (fragment)
      return fragment->renamed(names);
    SmallVector<par::Layout::Axis> axes;
    for (StringRef name : names)
      axes.push_back({name.str(), 1});
    int64_t width = vector, left = kMostElements;
    for (auto [unit, size] : units)
      width *= size;
    for (size_t d = axes.size(); d-- > 0;) {
      auto most = mostTrips(lower[d], upper[d], nest);
      if (!most || *most > kMostElements)
        most = width; // the nest walks over the layout
      int64_t size = llvm::PowerOf2Ceil(std::max<int64_t>(1, *most));
      axes[d].size = std::min(size, left);
      left /= axes[d].size;
      width = std::max<int64_t>(1, width / axes[d].size);
    }
    return par::Layout::spread(axes, vector, units);
  }

  /// Registers: the layout of the nests that use them. Shared memory: row-major.
  void layOutAlloc(par::AllocOp alloc) {
    StringRef place = alloc.getPlace().value_or(getPlace(alloc));
    auto sizes = mostExtents(alloc);
    if (alloc->hasAttr(layoutName) || !sizes || (place != "reg" && place != "shared"))
      return;
    SmallVector<par::Layout::Axis> axes;
    int64_t elements = 1;
    for (auto [d, size] : llvm::enumerate(*sizes)) {
      axes.push_back({"d" + std::to_string(d), size});
      elements *= size;
    }
    if (place == "shared") {
      setLayout(alloc, par::Layout::spread(axes, 1, {{"offset", elements}}));
      return;
    }
    auto around = alloc->getParentOfType<par::ForallOp>();
    auto levels = around->getAttrOfType<ArrayAttr>(mapName);
    bool ofLane = levels && llvm::is_contained(levels.getAsValueRange<StringAttr>(), "lane");
    if (ofLane) {
      setLayout(alloc, par::Layout::spread(axes, elements, {}));
      return;
    }
    for (Operation *user : alloc->getUsers())
      if (auto layout = layoutOf(nestOf(user)))
        if (llvm::equal(layout->getAxes(), axes,
                        [](const auto &a, const auto &b) { return a.size == b.size; })) {
          SmallVector<StringRef> names;
          for (const auto &axis : axes)
            names.push_back(axis.name);
          setLayout(alloc, layout->renamed(names));
          return;
        }
    setPlace(alloc, "shared");
    setLayout(alloc, par::Layout::spread(axes, 1, {{"offset", elements}}));
  }

  par::ForallOp outermost;
  const Machine &machine;
  int64_t vector = 1;
  SmallVector<std::pair<StringRef, int64_t>> units;
};
} // namespace

void decidePlaces(ModuleOp module, const Machine &machine) {
  module.walk([&](par::AllocOp alloc) { decidePlace(alloc, machine); });
}

void decideLevels(ModuleOp module, const Machine &machine) {
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (auto forall = dyn_cast<par::ForallOp>(op)) {
      if (!forall.getLevel())
        Mapper(forall, machine).run();
      return WalkResult::skip();
    }
    if (auto reduce = dyn_cast<par::ReduceOp>(op)) {
      reduce.walk([](par::ReduceOp inner) { inner.setLevel("step"); });
      return WalkResult::skip();
    }
    return WalkResult::advance();
  });
}

} // namespace texpr::plan::gpu

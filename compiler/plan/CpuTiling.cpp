// plan-tiling, CPU: contractions get the register tile of the machine.
//
//   par.forall (%i, %j) { %s = par.reduce add (%k) { load a[i,k] * load b[k,j] }; … }
// gets  plan.tile = {i = 6, j = 64}, plan.order = ["j", "i"], plan.instr = {name = "fma", m = 6, n = 64, …}
//
// A contraction is found by its accesses, not by a name: a sum of products where one factor moves
// with a row axis and not with the column axis, the other with unit stride along the column axis
// and not with the row axis. The tile is the first row of the machine's table for the element type
// (`par.machine.instrs`). Columns go outermost, so that a panel of b stays in the second cache
// while the rows of a stream past it. Only attributes are written; pins are kept, and a tile that the source gives
// takes the instruction too where it fits.
#include "compiler/plan/CpuStages.h"
#include "compiler/plan/Gpu.h"
#include "compiler/plan/Passes.h"
#include "compiler/plan/Pins.h"
#include "compiler/plan/Policy.h"
#include "dialects/par/Contraction.h"
#include "dialects/par/ParOps.h"
#include "dialects/par/Stride.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace texpr::plan {
#define GEN_PASS_DEF_PLANTILING
#include "compiler/plan/Passes.h.inc"

namespace {

constexpr int64_t kMostRows = 8; // of a register tile, and vectors in one of its rows
constexpr int64_t kMostVectors = 6;

std::string elementName(Type t) {
  std::string s;
  llvm::raw_string_ostream os(s);
  os << t;
  return s;
}

/// The first row of the machine's table that accumulates in `c`.
DictionaryAttr findRow(ModuleOp module, Type c) {
  auto machine = module->getAttrOfType<DictionaryAttr>("par.machine");
  auto rows = machine ? machine.getAs<ArrayAttr>("instrs") : ArrayAttr();
  if (!rows)
    return {};
  for (Attribute row : rows)
    if (cast<DictionaryAttr>(row).getAs<StringAttr>("c").getValue() == elementName(c))
      return cast<DictionaryAttr>(row);
  return {};
}

struct PlanTiling : impl::PlanTilingBase<PlanTiling> {
  using PlanTilingBase::PlanTilingBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    applyPins(module, Point::tiling);
    if (auto gpu = gpu::machineOf(module); gpu && level < 2)
      return;
    else if (gpu)
      return gpu::decideTiles(module, *gpu);
    for (auto func : module.getOps<func::FuncOp>())
      for (Operation *op : candidatesOf(func, Point::tiling))
        if (auto nest = cast<par::ForallOp>(op);
            level > 1 || isPinned(op, "tile") || isPinned(op, "instr") || isPinned(op, "stage")) {
          cpu::checkStages(nest);
          decide(module, nest);
        }
  }

  /// The contraction that a register tile can take: the innermost row and column; what else there is stays outside.
  /// `isCopied`: b is, and lies as the tile needs it then.
  static std::optional<par::Contraction> tileable(par::ForallOp forall, bool isCopied) {
    auto c = par::Contraction::match(forall);
    if (!c || !c->a.isPlain() || !c->b.isPlain() || c->m.empty() || c->n.empty() ||
        !c->isRectangular())
      return std::nullopt;
    unsigned row = c->m.back(), column = c->n.back();
    // Two axes of one name: a pin could not tell them apart.
    if (row > column || c->getAxisName(row) == c->getAxisName(column) ||
        (!isCopied && par::laneOf(c->b.load.getIndices(), c->axes[column]) != par::Lane::Unit))
      return std::nullopt;
    SmallVector<unsigned> moving = {row, column};
    llvm::append_range(moving, c->k);
    for (const par::Factor *factor : {&c->a, &c->b})
      for (Value index : par::LoadOp(factor->load).getIndices())
        for (unsigned axis : moving)
          if (!par::strideOf(index, c->axes[axis])) // a quotient is affine but has no stride
            return std::nullopt;
    return c;
  }

  /// The row of the table with the sizes that the source gave the tile; null where it cannot have them.
  static DictionaryAttr resized(ModuleOp module, par::ForallOp forall, par::Contraction &c,
                                DictionaryAttr row) {
    auto tile = forall->getAttrOfType<DictionaryAttr>(tileName);
    if (!tile || !row)
      return row;
    StringRef m = c.getAxisName(c.m.back()), n = c.getAxisName(c.n.back());
    auto rows = getTile(forall, m), columns = getTile(forall, n);
    SmallVector<StringRef> known = {m, n};
    known.push_back(c.getAxisName(c.k.back()));
    for (NamedAttribute size : tile)
      if (!llvm::is_contained(known, size.getName().strref()))
        return {};
    auto machine = module->getAttrOfType<DictionaryAttr>("par.machine");
    auto bytes = machine ? machine.getAs<IntegerAttr>("vector_bytes") : IntegerAttr();
    int64_t lanes = bytes ? bytes.getInt() * 8 / c.getAccumulatorType().getIntOrFloatBitWidth() : 0;
    if (!rows || !columns || *rows > kMostRows || lanes < 2 || *columns % lanes != 0 ||
        *columns > kMostVectors * lanes)
      return {};
    NamedAttrList list(row);
    Builder b(forall.getContext());
    list.set("m", b.getI64IntegerAttr(*rows));
    list.set("n", b.getI64IntegerAttr(*columns));
    return list.getDictionary(forall.getContext());
  }

  void decide(ModuleOp module, par::ForallOp forall) {
    DictionaryAttr asked = isPinned(forall, "instr") ? getInstr(forall) : DictionaryAttr();
    StringRef wanted = asked ? asked.getAs<StringAttr>("name").getValue() : StringRef();
    bool isHandWritten = forall->hasAttr(tileName) && !isPinned(forall, "tile");
    if (isHandWritten)
      return;
    auto c = wanted == "none" ? std::nullopt : tileable(forall, /*isCopied=*/false);
    if (!c && wanted != "none" && level > 1)
      c = cpu::copied(forall, tileable(forall, /*isCopied=*/true));
    DictionaryAttr row = c ? findRow(module, c->getAccumulatorType()) : DictionaryAttr();
    DictionaryAttr instr = c ? resized(module, forall, *c, row) : DictionaryAttr();
    if (asked)
      forall->removeAttr(instrName);
    if (asked && wanted != "none" &&
        (!instr || instr.getAs<StringAttr>("name").getValue() != wanted))
      emitError(locationOfPin(forall, "instr"))
          << "pin: @instr cannot be obeyed here: "
          << (!c     ? "it is no sum of products of two tensors, one contiguous along the columns"
              : !row ? "the machine has no tile for these elements"
              : !instr
                  ? "the tile of @tile takes 1 to 8 rows, and columns in whole vectors, up to 6"
                  : "the machine has no instruction of that name");
    if (!instr)
      return;
    bool isContrary = plan::isContrary(module);
    if (isContrary && !forall->hasAttr(tileName) && !asked)
      return;
    StringRef m = c->getAxisName(c->m.back()), n = c->getAxisName(c->n.back());
    Builder b(forall.getContext());
    if (!forall->hasAttr(tileName))
      forall->setAttr(tileName, b.getDictionaryAttr({b.getNamedAttr(m, instr.get("m")),
                                                     b.getNamedAttr(n, instr.get("n"))}));
    setInstr(forall, instr);
    if (level > 1 || isPinned(forall, "stage"))
      cpu::decideStages(module, *c, instr);
    if (forall->hasAttr(orderName))
      return;
    SmallVector<Attribute> order;
    for (unsigned i = 0; i < c->getNumParallel(); ++i)
      if (i != c->m.back() && i != c->n.back())
        order.push_back(b.getStringAttr(c->getAxisName(i)));
    order.append({b.getStringAttr(n), b.getStringAttr(m)});
    if (isContrary)
      std::reverse(order.begin(), order.end());
    forall->setAttr(orderName, b.getArrayAttr(order));
  }
};
} // namespace
} // namespace texpr::plan

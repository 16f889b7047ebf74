// plan-tiling, CPU: contractions get the register tile of the machine.
//
//   par.forall (%i, %j) { %s = par.reduce add (%k) { load a[i,k] * load b[k,j] }; … }
// gets  plan.tile = {i = 6, j = 64}, plan.order = ["j", "i"], plan.instr = {name = "fma", m = 6, n = 64, …}
//
// A contraction is found by its accesses, not by a name: a sum of products where one factor moves
// with a row axis and not with the column axis, the other with unit stride along the column axis
// and not with the row axis. The tile is the first row of the machine's table for the element type
// (`par.machine.instrs`). Columns go outermost, so that a panel of b stays in the second cache
// while the rows of a stream past it. Only attributes are written; pins are kept.
#include "compiler/plan/Gpu.h"
#include "compiler/plan/Passes.h"
#include "dialects/par/Contraction.h"
#include "dialects/par/ParOps.h"
#include "dialects/par/Stride.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace texpr::plan {
#define GEN_PASS_DEF_PLANTILING
#include "compiler/plan/Passes.h.inc"

namespace {

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
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (auto gpu = gpu::machineOf(module))
      return gpu::decideTiles(module, *gpu);
    module.walk([&](par::ForallOp forall) {
      if (!forall->hasAttr("plan.tile"))
        decide(module, forall);
    });
  }

  static void decide(ModuleOp module, par::ForallOp forall) {
    auto c = par::Contraction::match(forall);
    if (!c || !c->a.isPlain() || !c->b.isPlain() || c->m.empty() || c->n.empty() ||
        !c->isRectangular())
      return;
    // The innermost row and column; what else there is stays outside the tile.
    unsigned row = c->m.back(), column = c->n.back();
    if (par::laneOf(c->b.load.getIndices(), c->axes[column]) != par::Lane::Unit)
      return;
    DictionaryAttr instr = findRow(module, c->getAccumulatorType());
    StringRef m = c->getAxisName(row), n = c->getAxisName(column);
    if (!instr || m == n) // two axes of one name: a pin could not tell them apart
      return;
    Builder b(forall.getContext());
    forall->setAttr("plan.tile", b.getDictionaryAttr({b.getNamedAttr(m, instr.get("m")),
                                                      b.getNamedAttr(n, instr.get("n"))}));
    SmallVector<Attribute> order;
    for (unsigned i = 0; i < c->getNumParallel(); ++i)
      if (i != row && i != column)
        order.push_back(b.getStringAttr(c->getAxisName(i)));
    order.append({b.getStringAttr(n), b.getStringAttr(m)});
    forall->setAttr("plan.order", b.getArrayAttr(order));
    forall->setAttr("plan.instr", instr);
  }
};
} // namespace
} // namespace texpr::plan

// Classes and tiles, GPU: what needs static sizes gets them here.
//
//   kernel { forall (i) { … forall (j to n) … } }    plan.class = [n <= 1024, n <= 4096]: a row fits the registers of a warp,
//                                                    of a block; the rest walks over the row
//   forall (i), rows of at most 1024                 plan.tile = {i = 8}: a warp a row, eight to a block
//   forall (i, j) { reduce add (l) a * b }           plan.tile = {i = 128, j = 128, l = 32}, plan.instr = the row for the
//                                                    element types, plan.stage = {a, b = "shared"}
//   forall (i), nothing shared inside                plan.tile = {i = 1024}: a vector a lane
//
// Kernels are told apart by their loops, never by names. Only attributes are written; pins are kept.
#include "compiler/plan/Gpu.h"
#include "dialects/par/Contraction.h"
#include "dialects/par/Stride.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr::plan::gpu {

/// The dim that the rows inside the kernel's nests are as long as; null where there is none, or more than one.
static Value rowDim(par::KernelOp kernel) {
  Value dim;
  bool several = false;
  kernel.walk([&](par::ForallOp inner) {
    if (!inner->getParentOfType<par::ForallOp>())
      return;
    for (Value upper : inner.getUpper()) {
      auto arg = dyn_cast<BlockArgument>(upper);
      if (!arg || !isa<func::FuncOp>(arg.getOwner()->getParentOp()))
        continue;
      several |= dim && dim != upper;
      dim = upper;
    }
  });
  return several ? Value() : dim;
}

void decideClasses(par::KernelOp kernel) {
  auto arg = dyn_cast_or_null<BlockArgument>(rowDim(kernel));
  auto func = kernel->getParentOfType<func::FuncOp>();
  if (!arg || !func || kernel->hasAttr(className) || !func.getArgAttr(arg.getArgNumber(), "tx.dim"))
    return;
  unsigned dims = 0, position = 0;
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    if (!func.getArgAttr(i, "tx.dim"))
      continue;
    position = i == arg.getArgNumber() ? dims : position;
    ++dims;
  }
  auto *context = kernel.getContext();
  SmallVector<IntegerSet> classes;
  for (int64_t most : {kRowOfWarp, kRowOfBlock})
    classes.push_back(
        IntegerSet::get(0, dims, {most - getAffineSymbolExpr(position, context)}, {false}));
  setClasses(kernel, classes);
}

static bool tileContraction(const Machine &machine, par::ForallOp forall) {
  auto c = par::Contraction::match(forall);
  if (!c || !c->a.isPlain() || !c->b.isPlain() || c->m.empty() || c->n.empty() || c->k.empty() ||
      !c->isRectangular())
    return false;
  DictionaryAttr row =
      findRow(machine, c->a.value.getType(), c->b.value.getType(), c->getAccumulatorType());
  StringRef m = c->getAxisName(c->m.back()), n = c->getAxisName(c->n.back()),
            k = c->getAxisName(c->k.back());
  if (!row || !row.get("layout_c") || m == n || m == k || n == k)
    return false;
  // 64 registers of 32 bits a lane for the accumulator.
  int64_t side = c->getAccumulatorType().getIntOrFloatBitWidth() > 32 ? 64 : 128;
  setTile(forall, {{m, side}, {n, side}, {k, 32}});
  Builder b(forall.getContext());
  SmallVector<Attribute> order;
  for (unsigned i = 0; i < c->getNumParallel(); ++i)
    if (i != c->m.back() && i != c->n.back())
      order.push_back(b.getStringAttr(c->getAxisName(i)));
  order.append({b.getStringAttr(m), b.getStringAttr(n)});
  forall->setAttr(orderName, b.getArrayAttr(order));
  setInstr(forall, row);
  Attribute shared = b.getStringAttr("shared");
  forall->setAttr(stageName,
                  b.getDictionaryAttr({b.getNamedAttr("a", shared), b.getNamedAttr("b", shared)}));
  return true;
}

/// Rows that a warp holds: eight of them a block. Only where every loop inside is known to be short.
static bool tileRows(par::ForallOp forall) {
  int64_t most = 0;
  bool bounded = true;
  forall.walk([&](Operation *op) {
    auto see = [&](ValueRange lower, ValueRange upper) {
      int64_t elements = 1;
      for (auto [lo, hi] : llvm::zip(lower, upper)) {
        auto n = mostTrips(lo, hi, op);
        bounded &= bool(n);
        elements *= std::min(n.value_or(1), kMostElements);
      }
      most = std::max(most, elements);
    };
    if (op == forall.getOperation() || !bounded)
      return;
    if (auto inner = dyn_cast<par::ForallOp>(op))
      see(inner.getLower(), inner.getUpper());
    else if (auto reduce = dyn_cast<par::ReduceOp>(op))
      see(reduce.getLower(), reduce.getUpper());
  });
  if (!bounded || most > kRowOfWarp)
    return false;
  setTile(forall, {{cast<StringAttr>(forall.getAxes().getValue().back()).getValue(), kWarps}});
  return true;
}

static void tileLeaf(const Machine &machine, par::ForallOp forall) {
  bool shares = false;
  forall.walk([&](par::ReduceOp reduce) { shares |= mayShareReduce(reduce); });
  auto names = forall.getAxes().getAsValueRange<StringAttr>();
  SmallVector<StringRef> axes(names.begin(), names.end());
  // Lanes share the reduction, or two axes of one name: an iteration a block.
  if (shares || axes.empty() || (axes.size() > 1 && axes.back() == axes[axes.size() - 2]))
    return;
  int64_t whole = kWarps * machine.lanes * 4;
  if (axes.size() == 1)
    setTile(forall, {{axes[0], whole}});
  else
    setTile(forall, {{axes[axes.size() - 2], kWarps}, {axes.back(), whole / kWarps}});
}

void decideTiles(ModuleOp module, const Machine &machine) {
  module.walk<WalkOrder::PreOrder>([&](par::ForallOp forall) {
    if (forall->hasAttr(tileName) || forall.getLevel())
      return WalkResult::skip();
    if (hasForall(forall))
      tileRows(forall);
    else if (!tileContraction(machine, forall))
      tileLeaf(machine, forall);
    return WalkResult::skip();
  });
}

} // namespace texpr::plan::gpu

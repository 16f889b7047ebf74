// plan-tiling, CPU: which factors of a contraction are copied, and the blocks that share a copy.
//
//   forall (i, j) { reduce add (l) a[i, l] * b[l, j] }, a register tile of 8 x 48
//   gets  plan.stage = {b = {place = "stack", least = 64, elements = 524288}}, plan.blocks = {i = 256, j = 48},
//         plan.tile = {…, l = 256}
//
// A panel of b is read once for each tile of rows. Where it lies, its rows are far apart: with rows of 4 KiB all of it falls
// into a sixteenth of the second cache's sets, and every term begins another page. Its copy of 256 x 48 elements stays in
// the first two caches while the rows of a block stream past, for 256 multiply-adds an element copied. A b that is
// not much larger than the second cache is read as it lies, unless its rows are the columns of the product: then a copy is
// what makes vectors of them. The sizes keep the copy, and sums that have no place in the result, within a task's
// stack, so that nothing comes to the workspace. Pins are kept; what they leave open is decided as if nobody had asked.
#include "compiler/plan/CpuStages.h"
#include "compiler/plan/Pins.h"
#include "dialects/par/Staging.h"
#include "dialects/par/Stride.h"
#include "dialects/plan/Plan.h"

using namespace mlir;

namespace texpr::plan::cpu {

static constexpr int64_t kLeast = 64;       // rows, and terms of the sum, that pay for the copies
static constexpr int64_t kRows = 256;       // of a block
static constexpr int64_t kTerms = 256;      // of a piece of the sum
static constexpr int64_t kPanel = 48 << 10; // bytes of a copy, where the sums rest in the result
static constexpr int64_t kSmallPanel = kPanel / 2;
static constexpr int64_t kFewElements = 4096; // of a b that no vector can read as it lies

static int64_t numberOf(ModuleOp module, StringRef key) {
  auto machine = module->getAttrOfType<DictionaryAttr>("par.machine");
  auto n = machine ? machine.getAs<IntegerAttr>(key) : IntegerAttr();
  return n ? n.getInt() : 0;
}

static void refuse(par::ForallOp nest, const Twine &why) {
  emitError(locationOfPin(nest, "stage")) << "pin: @stage cannot be obeyed here: " << why;
  nest->removeAttr(stageName);
}

void checkStages(par::ForallOp nest) {
  auto stage = nest->getAttrOfType<DictionaryAttr>(stageName);
  if (!stage || !isPinned(nest, "stage"))
    return;
  for (NamedAttribute entry : stage) {
    auto how = cast<DictionaryAttr>(entry.getValue());
    if (auto place = how.getAs<StringAttr>("place"); place && place == "shared")
      return refuse(nest, "`shared` is memory of a GPU's block; on a CPU a copy lies in `stack` or "
                          "`workspace`");
    if (auto stages = how.getAs<IntegerAttr>("stages"); stages && stages.getInt() > 1)
      return refuse(nest, "a CPU's copies are made before they are read: a ring of stages is for "
                          "GPUs, whose copies run beside the loop");
  }
}

/// A size that is not given yet.
static void setSize(Operation *op, StringRef attribute, StringRef axis, int64_t size) {
  NamedAttrList sizes;
  if (auto old = op->getAttrOfType<DictionaryAttr>(attribute))
    sizes = NamedAttrList(old);
  if (!sizes.get(axis))
    sizes.set(axis, IntegerAttr::get(IntegerType::get(op->getContext(), 64), size));
  op->setAttr(attribute, sizes.getDictionary(op->getContext()));
}

static int64_t sizeOf(DictionaryAttr row, StringRef key) {
  return row.getAs<IntegerAttr>(key).getInt();
}

namespace {
struct Sizes {
  int64_t rows, columns, terms;
};
} // namespace

/// Of a block, so that a copy of b and the sums fit the stack.
static Sizes sizesFor(ModuleOp module, par::Contraction &c, DictionaryAttr instr) {
  Value tensor = par::LoadOp(c.b.load).getSource();
  int64_t m = sizeOf(instr, "m"), n = sizeOf(instr, "n");
  Sizes sizes = {kRows, n, kTerms};
  bool rests = bool(par::homeOf(c));
  int64_t fitting = (rests ? kPanel : kSmallPanel) / par::bytesOf(tensor, n);
  sizes.terms = std::min(sizes.terms, std::max<int64_t>(16, fitting / 16 * 16));
  if (!rests) {
    int64_t room = numberOf(module, "stack_bytes") - par::bytesOf(tensor, sizes.terms * n);
    int64_t row = n * c.getAccumulatorType().getIntOrFloatBitWidth() / 8;
    sizes.rows = std::min(sizes.rows, room / row);
  }
  sizes.rows = std::max(m, sizes.rows / m * m);
  return sizes;
}

/// Why the copies that the source asks for cannot be; empty where they can.
static std::string objection(ModuleOp module, par::Contraction &c) {
  par::ForallOp nest = c.nest;
  auto stage = nest->getAttrOfType<DictionaryAttr>(stageName);
  auto blocks = nest->getAttrOfType<DictionaryAttr>(blocksName);
  for (NamedAttribute axis : blocks)
    if (axis.getName() != c.getAxisName(c.m.back()) && axis.getName() != c.getAxisName(c.n.back()))
      return "with copies, `@tile(thread, …)` has sizes of rows and columns alone";
  int64_t rows = sizeOf(blocks, c.getAxisName(c.m.back())),
          columns = sizeOf(blocks, c.getAxisName(c.n.back())),
          terms = *getTile(nest, c.getAxisName(c.k.back()));
  Value a = par::LoadOp(c.a.load).getSource(), b = par::LoadOp(c.b.load).getSource();
  if (a == b)
    return "both factors are the same tensor";
  int64_t room = numberOf(module, "stack_bytes"), used = 0;
  for (NamedAttribute entry : stage) {
    Value tensor = par::tensorOf(nest, entry.getName());
    if (tensor != a && tensor != b)
      return "of a contraction the factors are staged, and `" + entry.getName().str() + "` is none";
    if (rows > (1 << 20) || columns > (1 << 20) || terms > (1 << 20))
      return "a copy has the sizes of `@tile`, and these are too large";
    int64_t bytes = par::bytesOf(tensor, terms * (tensor == a ? rows : columns));
    auto place = cast<DictionaryAttr>(entry.getValue()).getAs<StringAttr>("place");
    if (place && place == "stack" && (used += bytes) > room)
      return "the copies take " + std::to_string(used) + " bytes, and a task's stack has " +
             std::to_string(room) + ": `workspace`, or smaller sizes of `@tile`";
  }
  return "";
}

/// The policy's own case: one sum, in a nest of its own, on a machine whose tasks have a stack.
static bool mayStage(par::Contraction &c) {
  par::ForallOp nest = c.nest;
  if (numberOf(nest->getParentOfType<ModuleOp>(), "stack_bytes") == 0)
    return false;
  StringRef terms = c.getAxisName(c.k.back());
  return terms != c.getAxisName(c.m.back()) && terms != c.getAxisName(c.n.back()) &&
         c.k.size() == 1 && !nest->getParentOfType<par::ForallOp>() &&
         par::LoadOp(c.b.load).getSource() != par::LoadOp(c.a.load).getSource();
}

static bool isPinnedOtherwise(par::ForallOp nest) {
  return llvm::any_of(ArrayRef<StringRef>{"tile", "blocks", "order", "instr", "stage"},
                      [&](StringRef name) { return isPinned(nest, name); });
}

std::optional<par::Contraction> copied(par::ForallOp nest, std::optional<par::Contraction> c) {
  if (!c || !mayStage(*c))
    return std::nullopt;
  auto stage = nest->getAttrOfType<DictionaryAttr>(stageName);
  bool isAsked = stage && par::stagingOf(nest, stage, par::LoadOp(c->b.load).getSource());
  return isAsked || !isPinnedOtherwise(nest) ? c : std::nullopt;
}

void decideStages(ModuleOp module, par::Contraction &c, DictionaryAttr instr) {
  par::ForallOp nest = c.nest;
  StringRef rows = c.getAxisName(c.m.back()), columns = c.getAxisName(c.n.back()),
            terms = c.getAxisName(c.k.back());
  bool isAsked = nest->hasAttr(stageName);
  Value tensor = par::LoadOp(c.b.load).getSource();
  if (terms == rows || terms == columns) {
    if (isAsked)
      refuse(nest, "two of its axes have one name");
    return;
  }
  if (!isAsked && (isPinnedOtherwise(nest) || !mayStage(c)))
    return;
  Sizes sizes = sizesFor(module, c, instr);
  setSize(nest, tileName, terms, sizes.terms);
  setSize(nest, blocksName, rows, sizes.rows);
  setSize(nest, blocksName, columns, sizes.columns);
  if (isAsked) {
    if (std::string why = objection(module, c); !why.empty())
      refuse(nest, why);
    return;
  }
  Builder b(nest.getContext());
  auto entry = [&](StringRef name, Attribute value) { return b.getNamedAttr(name, value); };
  bool isUnit =
      par::laneOf(par::LoadOp(c.b.load).getIndices(), c.axes[c.n.back()]) == par::Lane::Unit;
  int64_t elements = isUnit ? 2 * numberOf(module, "l2") / par::bytesOf(tensor, 1) : kFewElements;
  Attribute how = b.getDictionaryAttr({entry("place", b.getStringAttr("stack")),
                                       entry("least", b.getI64IntegerAttr(kLeast)),
                                       entry("elements", b.getI64IntegerAttr(elements))});
  nest->setAttr(stageName, b.getDictionaryAttr({entry(par::keyOf(nest, tensor), how)}));
}

} // namespace texpr::plan::cpu

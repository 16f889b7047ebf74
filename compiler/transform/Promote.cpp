// promote: every buffer gets a place.
//
//   %t = par.alloc [%n]          inside a task, n unbounded  =>  {place = "workspace"}, the chunk's
//   %t = par.alloc [%c8]         static and small            =>  {place = "stack"}
//   %t = par.alloc [%m, %n]      between kernels             =>  {place = "workspace"}
//
// A planned place is obeyed; extents under a layout become its sizes, so that registers and shared
// memory are static. A pinned `reg` or `shared` is kept where the frame has room. The limit of the stack comes from
// `par.machine`; extents must be constants for it, since a task's frame has a static size.
#include "compiler/transform/Passes.h"
#include "dialects/par/ParOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_PROMOTE
#include "compiler/transform/Passes.h.inc"

namespace {

std::optional<int64_t> staticBytes(par::AllocOp alloc) {
  Type element = cast<par::BufType>(alloc.getType()).getElementType();
  int64_t bytes = element.isIndex() ? 8 : std::max(1u, element.getIntOrFloatBitWidth() / 8);
  for (Value extent : alloc.getExtents()) {
    APInt c;
    if (!matchPattern(extent, m_ConstantInt(&c)) || c.getSExtValue() > (1 << 24))
      return std::nullopt;
    bytes *= c.getSExtValue();
    if (bytes > (1 << 24))
      return std::nullopt;
  }
  return bytes;
}

struct Promote : impl::PromoteBase<Promote> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    int64_t stackBytes = 0;
    bool isShared = false;
    if (auto facts = module->getAttrOfType<DictionaryAttr>("par.machine")) {
      if (auto n = facts.getAs<IntegerAttr>("stack_bytes"))
        stackBytes = n.getInt();
      isShared = bool(facts.getAs<IntegerAttr>("shared_bytes"));
    }
    SmallVector<par::AllocOp> allocs;
    module.walk([&](par::AllocOp op) { allocs.push_back(op); });
    for (par::AllocOp alloc : allocs) // what is there by plan takes its room first
      if (auto bytes = staticBytes(alloc); bytes && alloc.getPlace() == "stack")
        usedBytes[frameOf(alloc)] += *bytes;
    for (par::AllocOp alloc : allocs) {
      if (alloc->use_empty()) {
        alloc.erase();
        continue;
      }
      obey(alloc);
      if (alloc.getPlace() &&
          (isShared || (alloc.getPlace() != "reg" && alloc.getPlace() != "shared")))
        continue;
      place(alloc, stackBytes);
    }
  }

  static void obey(par::AllocOp alloc) {
    if (auto place = dyn_cast_or_null<StringAttr>(alloc->removeAttr("plan.place")))
      alloc.setPlaceAttr(place);
    auto layout = alloc->getAttrOfType<par::LayoutAttr>(par::LayoutAttr::attributeName());
    if (!layout)
      return;
    OpBuilder b(alloc);
    for (auto [d, size] : llvm::enumerate(layout.getSizes()))
      alloc.getExtentsMutable()[d].set(arith::ConstantIndexOp::create(b, alloc.getLoc(), size));
  }

  static Operation *frameOf(par::AllocOp alloc) {
    Operation *frame = alloc->getParentOfType<par::ForallOp>();
    while (frame && frame->getParentOfType<par::ForallOp>())
      frame = frame->getParentOfType<par::ForallOp>();
    return frame ? frame : alloc->getParentOfType<func::FuncOp>();
  }

  /// The frame of a task holds the small ones, first come first served; a rank-0 buffer is a
  /// register by mem2reg.
  void place(par::AllocOp alloc, int64_t stackBytes) {
    auto bytes = staticBytes(alloc);
    int64_t &used = usedBytes[frameOf(alloc)];
    if (bytes && used + *bytes <= stackBytes) {
      used += *bytes;
      if (alloc.getPlace() != "reg")
        alloc.setPlace("stack");
      return;
    }
    alloc.setPlace("workspace");
  }

  DenseMap<Operation *, int64_t> usedBytes;
};
} // namespace
} // namespace texpr

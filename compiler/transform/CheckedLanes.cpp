// Before `split-lanes`, in a checked build: each `fully par` counts its epochs, which end at a barrier.
//
// In: full foralls with their barriers. Out: the same, each with a number (`checked.lanes`) and a clock, a scalar buffer
// (`checked.epoch`) that is advanced by the number of lanes where the forall begins and behind each of its barriers. The
// advance is one op for all lanes, so split-lanes puts it between the foralls that it makes, under the same conditions and
// in the same loops as the barrier was; it also marks the arrays that it makes for the lanes' values (`checked.own`).
//   par.forall (%l) to (32) full {         atomic clock += 32    par.forall (%l) to (32) full {checked.lanes = 0} {
//     …  par.barrier  … }            →       …  par.barrier   atomic clock += 32 {checked.epoch = 0}  … }
// Lane l of an epoch has the number clock + 1 + l. `instrument-checks` takes accesses by two numbers of one epoch as a race:
// a shuffle is a meeting, but makes nothing visible. Where the machine has lanes, nothing is cut, and nothing counted.
#include "compiler/transform/Checked.h"
#include "compiler/transform/Passes.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_INSTRUMENTLANES
#include "compiler/transform/Passes.h.inc"

namespace {
struct InstrumentLanes : impl::InstrumentLanesBase<InstrumentLanes> {
  int64_t number = 0;

  void runOnOperation() override {
    if (hasLanes(getOperation()))
      return;
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      SmallVector<par::ForallOp> all;
      func.walk([&](par::ForallOp op) {
        if (op.getFull())
          all.push_back(op);
      });
      for (par::ForallOp op : all)
        count(func, op);
    }
  }

  void count(func::FuncOp func, par::ForallOp op) {
    Location loc = op.getLoc();
    OpBuilder b = OpBuilder::atBlockBegin(&func.getBody().front());
    IntegerAttr id = b.getI64IntegerAttr(number++);
    op->setAttr(checked::kLanes, id);
    auto clock = par::AllocOp::create(b, loc, b.getI64Type(), ValueRange());
    clock->setAttr(checked::kEpoch, id);
    auto kernel = par::KernelOp::create(b, loc);
    b.createBlock(&kernel.getBody());
    par::StoreOp::create(b, loc, arith::ConstantIntOp::create(b, loc, 0, 64), clock, ValueRange());

    b.setInsertionPoint(op);
    Value lanes = arith::ConstantIndexOp::create(b, loc, 1);
    for (auto [lower, upper] : llvm::zip_equal(op.getLower(), op.getUpper()))
      lanes = arith::MulIOp::create(b, loc, lanes, arith::SubIOp::create(b, loc, upper, lower));
    lanes = arith::IndexCastOp::create(b, loc, b.getI64Type(), lanes);
    advance(b, loc, clock, lanes, id);
    op.getBody().walk<WalkOrder::PreOrder>([&](Operation *inner) {
      if (auto forall = dyn_cast<par::ForallOp>(inner); forall && forall.getFull())
        return WalkResult::skip(); // its barriers are its own
      if (isa<par::BarrierOp>(inner)) {
        b.setInsertionPointAfter(inner);
        advance(b, loc, clock, lanes, id);
      }
      return WalkResult::advance();
    });
  }

  static void advance(OpBuilder &b, Location loc, Value clock, Value lanes, IntegerAttr id) {
    auto op = par::AtomicOp::create(
        b, loc, clock, ValueRange(), [&](OpBuilder &inner, Location, ValueRange args) {
          Value next = arith::AddIOp::create(inner, loc, args[0], lanes);
          par::YieldOp::create(inner, loc, next);
        });
    op->setAttr(checked::kEpoch, id);
  }
};
} // namespace
} // namespace texpr

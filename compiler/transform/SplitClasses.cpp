// split-classes: one clone of a form for each class of its dims.
//
// In: a form with plan.class = [set…] over the function's dims, in the order of its arguments. Out: a chain of scf.if on the dims;
// each clone's class is a fact inside, the last clone is for all other dims.
//   %y = tx.compute … {plan.class = [(s0 <= 512)]}  →  %y = scf.if (%n <= 512) { tx.fact (s0 <= 512)  %a = tx.compute … } else { %c = … }
// Why a choice and not functions: the dims are known at the call, so the test costs nothing, and later passes see both.
#include "compiler/transform/Passes.h"
#include "dialects/plan/Pins.h"
#include "dialects/plan/Plan.h"
#include "dialects/tx/Extents.h"
#include "mlir/IR/IntegerSet.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_SPLITCLASSES
#include "compiler/transform/Passes.h.inc"

namespace {
SmallVector<Value> dimsOf(func::FuncOp func) {
  SmallVector<Value> dims;
  for (BlockArgument arg : func.getArguments())
    if (func.getArgAttr(arg.getArgNumber(), "tx.dim"))
      dims.push_back(arg);
  return dims;
}

Value holds(OpBuilder &b, Location loc, IntegerSet set, ValueRange dims) {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0), all;
  for (auto [k, c] : llvm::enumerate(set.getConstraints())) {
    Value v = tx::buildAffine(b, loc, c, {}, dims);
    auto predicate = set.isEq(k) ? arith::CmpIPredicate::eq : arith::CmpIPredicate::sge;
    Value ok = arith::CmpIOp::create(b, loc, predicate, v, zero);
    all = all ? arith::AndIOp::create(b, loc, all, ok).getResult() : ok;
  }
  return all;
}

struct SplitClasses : impl::SplitClassesBase<SplitClasses> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      SmallVector<Operation *> roots;
      func.walk([&](Operation *op) {
        if (op->hasAttr(plan::className))
          roots.push_back(op);
      });
      for (Operation *op : roots)
        split(op, dimsOf(func));
    }
  }

  void split(Operation *op, ArrayRef<Value> dims) {
    SmallVector<IntegerSet> classes = plan::getClasses(op);
    op->removeAttr(plan::className);
    if (classes.empty())
      return;
    for (IntegerSet set : classes)
      if (set.getNumSymbols() != dims.size() || set.getNumDims() != 0) {
        op->emitError("a class is a set over the function's ") << dims.size() << " dims";
        return signalPassFailure();
      }
    OpBuilder b(op);
    Operation *first = choose(b, op, classes, dims);
    op->replaceAllUsesWith(first->getResults());
    op->erase();
  }

  /// A choice without results has its terminators already.
  static void yield(OpBuilder &b, Operation *made) {
    if (made->getNumResults() > 0)
      scf::YieldOp::create(b, made->getLoc(), made->getResults());
  }

  /// Its location says for which class it is, so that pins of a class find it.
  static Operation *cloneFor(OpBuilder &b, Operation *op, unsigned number) {
    Operation *clone = b.clone(*op);
    clone->walk([&](Operation *inner) { inner->setLoc(plan::inClass(inner->getLoc(), number)); });
    clone->removeAttr(plan::pinnedName);
    return clone;
  }

  Operation *choose(OpBuilder &b, Operation *op, ArrayRef<IntegerSet> classes, ArrayRef<Value> dims,
                    unsigned number = 1) {
    if (classes.empty())
      return cloneFor(b, op, number);
    Location loc = op->getLoc();
    auto choice = scf::IfOp::create(b, loc, op->getResultTypes(),
                                    holds(b, loc, classes.front(), dims), /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    tx::FactOp::create(b, loc, dims, IntegerSetAttr::get(classes.front()), UnitAttr(),
                       StringAttr());
    yield(b, cloneFor(b, op, number));
    b.setInsertionPointToStart(choice.elseBlock());
    yield(b, choose(b, op, classes.drop_front(), dims, number + 1));
    return choice;
  }
};
} // namespace
} // namespace texpr

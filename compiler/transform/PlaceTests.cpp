// place-tests: a test of data where it is made once, and there ends the call.
//
// In: after inlining. Tests of calls, where the calls stand (`tx.test`), and choices on what they found. Out: a test
// of what does not change in the forms and loops around it, or that stands on the host already, is a tx.check,
// and its value is true; every other one is where it was.
//   %y = tx.compute (%i) { %ok = tx.reduce and (…) {…} {tx.test}  scf.if %ok {…} }
//     →  scf.if 0 < %b { tx.check (…) {…} }      %y = tx.compute (%i) { scf.if true {…} }
// What must hold: a test runs only where the call is made, so it is asked first whether the forms around have any
// iteration; nothing that a condition chooses moves. What was done stands in `texpr.tests` of the function, for
// `explain`.
#include "compiler/transform/Passes.h"
#include "dialects/par/ParOps.h"
#include "dialects/tx/TxOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_PLACETESTS
#include "compiler/transform/Passes.h.inc"

namespace {
using Slice = llvm::SetVector<Operation *>;

/// Kernels of their own may stand in the op's regions: a choice, or a loop that carries tensors.
bool isOfHost(Operation *op) {
  if (auto loop = dyn_cast<tx::ForOp>(op))
    return llvm::any_of(loop.getResultTypes(), [](Type t) { return isa<RankedTensorType>(t); });
  return isa<func::FuncOp, scf::IfOp>(op);
}

bool standsOnHost(Operation *op) {
  for (Operation *at = op; !isa<func::FuncOp>(at); at = at->getParentOp()) {
    Operation *parent = at->getParentOp();
    bool isWhile = isa<tx::ForOp>(parent) && at->getParentRegion() != &parent->getRegion(0);
    if (!isOfHost(parent) || isWhile)
      return false;
  }
  return true;
}

/// True, or a choice of it by what is true.
bool isTrue(Value v) {
  if (auto choice = v.getDefiningOp<scf::IfOp>())
    return isTrue(choice.getCondition()) &&
           isTrue(choice.thenYield().getOperand(cast<OpResult>(v).getResultNumber()));
  return matchPattern(v, m_One());
}

/// Every iteration of `parent` runs what `inner` is part of.
bool alwaysRuns(Operation *parent, Operation *inner) {
  if (auto choice = dyn_cast<scf::IfOp>(parent))
    return isTrue(choice.getCondition()) &&
           choice.getThenRegion().isAncestor(inner->getParentRegion());
  if (isa<par::DoOp>(parent))
    return true;
  bool isPlain = parent->getNumRegions() == 1 ||
                 (parent->getNumRegions() == 2 && parent->getRegion(1).empty());
  return isa<tx::HasDomain>(parent) && isPlain;
}

/// What `v` is computed from inside `outer`, in an order to copy it. False where something stays.
bool collect(Value v, Operation *outer, Slice &slice);
bool collectInputs(Operation *op, Operation *outer, Slice &slice) {
  llvm::SetVector<Value> used;
  used.insert(op->operand_begin(), op->operand_end());
  for (Region &region : op->getRegions())
    getUsedValuesDefinedAbove(region, used);
  return llvm::all_of(used, [&](Value v) { return collect(v, outer, slice); });
}
bool collect(Value v, Operation *outer, Slice &slice) {
  if (!outer->isAncestor(v.getParentRegion()->getParentOp()))
    return true;
  Operation *def = v.getDefiningOp();
  if (!def || (!isMemoryEffectFree(def) && !isa<par::DoOp, tx::ComputeOp, tx::ReduceOp>(def)))
    return false;
  // What reads a buffer of an island uses the buffer, which stays.
  if (!slice.contains(def) && !collectInputs(def, outer, slice))
    return false;
  slice.insert(def);
  return true;
}

struct PlaceTests : impl::PlaceTestsBase<PlaceTests> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      SmallVector<tx::ReduceOp> tests;
      func.walk<WalkOrder::PreOrder>([&](tx::ReduceOp op) {
        if (op->hasAttr("tx.test"))
          tests.push_back(op);
      });
      SmallVector<Attribute> placed;
      for (tx::ReduceOp test : tests)
        placed.push_back(place(test));
      if (!placed.empty())
        func->setAttr("texpr.tests", ArrayAttr::get(&getContext(), placed));
    }
  }

  static par::FailOp failureOf(tx::ReduceOp test) {
    return cast<par::FailOp>(test.getYield()->getPrevNode());
  }

  /// What `explain` says of it: the loops around that it leaves, or those in which it is made.
  static Attribute remark(tx::ReduceOp test, ArrayRef<Operation *> left) {
    Builder b(test.getContext());
    SmallVector<StringRef> axes;
    Operation *from = left.empty() ? test.getOperation() : left.back();
    for (Operation *op = from->getParentOp(); op; op = op->getParentOp())
      if (auto names = op->getAttrOfType<ArrayAttr>("axes"))
        for (Attribute name : llvm::reverse(names))
          axes.insert(axes.begin(), cast<StringAttr>(name).getValue());
      else if (auto name = op->getAttrOfType<StringAttr>("axis"))
        axes.insert(axes.begin(), name.getValue());
    int64_t line = 0;
    if (auto call = dyn_cast<CallSiteLoc>(test.getLoc())) {
      while (auto outer = dyn_cast<CallSiteLoc>(call.getCaller()))
        call = outer;
      if (auto at = call.getCaller()->findInstanceOf<FileLineColLoc>())
        line = at.getLine();
    }
    return b.getDictionaryAttr(
        {b.getNamedAttr("site", failureOf(test).getSiteAttr()),
         b.getNamedAttr("before", b.getBoolAttr(llvm::any_of(left, llvm::IsaPred<tx::HasDomain>))),
         b.getNamedAttr("axes", b.getStrArrayAttr(axes)),
         b.getNamedAttr("line", b.getI64IntegerAttr(line))});
  }

  /// Moves the test where it ends the call, if there is such a place; as far out as it goes.
  static Attribute place(tx::ReduceOp test) {
    SmallVector<Operation *> around; // from the inside
    for (Operation *at = test; !isa<func::FuncOp>(at->getParentOp()); at = at->getParentOp()) {
      if (!alwaysRuns(at->getParentOp(), at))
        break;
      around.push_back(at->getParentOp());
    }
    for (; !around.empty(); around.pop_back())
      if (standsOnHost(around.back())) {
        Attribute said = remark(test, around);
        if (!moveBefore(test, around))
          continue;
        replace(test);
        return said;
      }
    Attribute said = remark(test, {});
    if (standsOnHost(test)) {
      OpBuilder b(test);
      makeCheck(b, test, IRMapping());
      replace(test);
    }
    return said;
  }

  /// A copy of the test before the outermost of the ops, where all of them have iterations.
  static bool moveBefore(tx::ReduceOp test, ArrayRef<Operation *> around) {
    Operation *outer = around.back();
    Slice slice, bounds;
    SmallVector<tx::AxisRange> axes;
    for (Operation *op : around)
      if (auto domain = dyn_cast<tx::HasDomain>(op))
        llvm::append_range(axes, domain.getAxisRanges(op->getRegion(0)));
    for (const tx::AxisRange &axis : axes)
      if (!collect(axis.lower, outer, bounds) || !collect(axis.upper, outer, bounds))
        return false;
    if (!collectInputs(test, outer, slice))
      return false;
    OpBuilder b(outer);
    Location loc = test.getLoc();
    IRMapping mapping;
    for (Operation *op : bounds)
      b.clone(*op, mapping);
    Value some;
    for (const tx::AxisRange &axis : axes) {
      Value lower = mapping.lookupOrDefault(axis.lower),
            upper = mapping.lookupOrDefault(axis.upper);
      Value is = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, lower, upper);
      some = some ? arith::AndIOp::create(b, loc, some, is).getResult() : is;
    }
    if (some) {
      auto choice = scf::IfOp::create(b, loc, some, /*withElseRegion=*/false);
      b.setInsertionPointToStart(choice.thenBlock());
    }
    for (Operation *op : slice)
      if (!bounds.contains(op))
        b.clone(*op, mapping);
    makeCheck(b, test, mapping);
    return true;
  }

  static void makeCheck(OpBuilder &b, tx::ReduceOp test, IRMapping mapping) {
    auto here = [&](ValueRange values) {
      return llvm::map_to_vector(values, [&](Value v) { return mapping.lookupOrDefault(v); });
    };
    par::FailOp failure = failureOf(test);
    auto check = tx::CheckOp::create(b, test.getLoc(), here(test.getLower()), here(test.getUpper()),
                                     failure.getSiteAttr(), test.getAxes());
    test.getBody().cloneInto(&check.getBody(), mapping);
    check.getYield()->getPrevNode()->erase(); // its failure
  }

  /// Behind it the fact holds.
  static void replace(tx::ReduceOp test) {
    OpBuilder b(test);
    Value yes = arith::ConstantOp::create(b, test.getLoc(), b.getBoolAttr(true));
    test.getResult(0).replaceAllUsesWith(yes);
    test.erase();
  }
};
} // namespace
} // namespace texpr

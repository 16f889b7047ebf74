// check-promises: what functions promise by `ensure` is counted on the mapped module; the build fails where it is not kept.
//
//   ensure kernels == 1, workspace <= 64KiB at (n = 4096), fused
//   →  error: pin: `kernels == 1` is not kept on x86-64-v4: a call runs 2 kernels
//      note: `t` goes to memory here: a slice of it does not stay in a cache
//
// In: stage mapped, with `tx.ensure` on functions. Kernels are counted as a call runs them: by choices on dims and in loops of
// the host, at the sizes of `at` or for all sizes. The workspace is the formula of the `NAME.workspace` beside the function.
// Out: the same module without the promises. What plan-fusion sent to memory, and why, stands in `plan.stored`.
#include "compiler/plan/Passes.h"
#include "compiler/plan/Pins.h"
#include "compiler/plan/Sizes.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <set>

using namespace mlir;

namespace texpr::plan {
#define GEN_PASS_DEF_CHECKPROMISES
#include "compiler/plan/Passes.h.inc"

namespace {

/// A count that is at least `least` and at most `most`; no `most`: it grows with the dims.
struct Count {
  int64_t least = 0;
  std::optional<int64_t> most = 0;
  Count &operator+=(const Count &o) {
    least += o.least;
    most = most && o.most ? std::optional(*most + *o.most) : std::nullopt;
    return *this;
  }
  static Count either(const Count &a, const Count &b) {
    return {std::min(a.least, b.least),
            a.most && b.most ? std::optional(std::max(*a.most, *b.most)) : std::nullopt};
  }
  std::string str() const {
    if (most == least)
      return std::to_string(least);
    return std::to_string(least) + " to " + std::to_string(*most);
  }
};

Count kernelsOf(Block &block, const Sizes &sizes) {
  Count sum;
  for (Operation &op : block) {
    if (isa<par::KernelOp>(op)) {
      sum += {1, 1};
    } else if (auto choice = dyn_cast<scf::IfOp>(op)) {
      auto taken = sizes.eval(choice.getCondition());
      Count yes = kernelsOf(*choice.thenBlock(), sizes);
      Count no = choice.elseBlock() ? kernelsOf(*choice.elseBlock(), sizes) : Count();
      sum += taken ? (*taken ? yes : no) : Count::either(yes, no);
    } else if (auto loop = dyn_cast<par::SeqOp>(op)) {
      Count inner = kernelsOf(*loop.getBlock(), sizes);
      auto lower = sizes.eval(loop.getLower()), upper = sizes.eval(loop.getUpper());
      bool isKnown = lower && upper && !loop.hasWhile();
      int64_t trips = isKnown ? std::max<int64_t>(0, *upper - *lower) : 0;
      if (inner.most == 0)
        continue;
      if (!isKnown)
        sum += {0, std::nullopt};
      else
        sum +=
            {inner.least * trips, inner.most ? std::optional(*inner.most * trips) : std::nullopt};
    }
  }
  return sum;
}

class Promises {
public:
  Promises(func::FuncOp func, StringRef target)
      : func(func), target(target.empty() ? StringRef("this machine") : target) {}

  bool check(DictionaryAttr promise) {
    this->promise = promise;
    sizes = Sizes(func);
    if (auto at = promise.getAs<DictionaryAttr>("at"))
      for (NamedAttribute size : at)
        sizes.set(size.getName(), cast<IntegerAttr>(size.getValue()).getInt());
    StringRef subject = promise.getAs<StringAttr>("subject").getValue();
    if (subject == "kernels")
      return holds(kernelsOf(func.getBody().front(), sizes), "a call runs ", " kernels", true);
    if (subject == "workspace")
      return checkWorkspace();
    if (subject == "fused")
      return checkFused();
    return refuse("only code for a GPU can answer it, and " + target.str() +
                  " is a CPU; take it away, or compile for that GPU");
  }

private:
  bool refuse(const Twine &why) {
    auto place = promise.getAs<ArrayAttr>("place");
    auto error = emitError(FileLineColLoc::get(
        func.getContext(), cast<StringAttr>(place[0]).getValue(),
        cast<IntegerAttr>(place[1]).getInt(), cast<IntegerAttr>(place[2]).getInt()));
    error << "pin: `" << promise.getAs<StringAttr>("text").getValue() << "` is not kept on "
          << target << ": " << why;
    diagnostic = &error;
    notes();
    diagnostic = nullptr;
    return false;
  }

  bool holds(const Count &count, StringRef before, StringRef after, bool isAboutKernels) {
    int64_t least = promise.getAs<IntegerAttr>("least").getInt();
    auto most = promise.getAs<IntegerAttr>("most");
    bool isRight = count.least >= least && (!most || (count.most && *count.most <= most.getInt()));
    if (isRight)
      return true;
    showsKernels = isAboutKernels;
    if (!count.most) {
      std::string open = sizes.missing();
      return refuse("how many kernels a call runs depends on its dims" +
                    (open.empty() ? "" : "; sizes decide: `at (" + open + ")`"));
    }
    return refuse(before + count.str() + after);
  }

  bool checkWorkspace() {
    auto formula = func->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(
        (func.getName() + ".workspace").str());
    if (!formula)
      return true;
    Sizes inFormula = sizes.in(formula);
    Value bytes = formula.getBody().front().getTerminator()->getOperand(0);
    showsSlots = true;
    if (auto n = inFormula.eval(bytes))
      return holds({*n, *n}, "a call needs ", " bytes", false);
    std::string open = sizes.missing();
    return refuse("its workspace grows with its dims" +
                  (open.empty() ? "" : "; sizes decide: `at (" + open + ")`"));
  }

  /// One kernel, and nothing between its forms in memory.
  bool checkFused() {
    Count kernels = kernelsOf(func.getBody().front(), sizes);
    bool hasSlots = func.walk([](par::SlotOp) { return WalkResult::interrupt(); }).wasInterrupted();
    if (kernels.most && *kernels.most <= 1 && !hasSlots)
      return true;
    showsKernels = !kernels.most || *kernels.most > 1;
    showsSlots = true;
    return refuse(!kernels.most  ? std::string("loops of the host run its kernels")
                  : showsKernels ? "a call runs " + kernels.str() + " kernels"
                                 : std::string("a value passes through the workspace"));
  }

  // ---- the lines that stand in the way ----

  void note(const SourcePlace &place, const Twine &text) {
    if (place.line && seen.insert({place.line, place.column}).second)
      diagnostic->attachNote(toLocation(func.getContext(), place)) << text;
  }

  void notes() {
    seen.clear();
    if (auto stored = func->getAttrOfType<ArrayAttr>(storedName))
      for (Attribute entry : stored) {
        auto row = cast<DictionaryAttr>(entry);
        if (!showsKernels && !showsSlots)
          break;
        auto place = row.getAs<ArrayAttr>("place");
        note({cast<StringAttr>(place[0]).getValue(), unsigned(cast<IntegerAttr>(place[1]).getInt()),
              unsigned(cast<IntegerAttr>(place[2]).getInt())},
             "this goes to memory: " + row.getAs<StringAttr>("why").getValue());
      }
    func.walk([&](Operation *op) {
      if (showsSlots && isa<par::SlotOp>(op))
        note(placeOf(op), "this is kept in the workspace");
      if (auto kernel = dyn_cast<par::KernelOp>(op); kernel && showsKernels)
        for (Operation &inner : llvm::reverse(*kernel.getBlock()))
          if (isa<par::ForallOp, par::SeqOp, par::ReduceOp>(inner)) {
            note(placeOf(&inner), "a kernel of its own");
            break;
          }
    });
  }

  func::FuncOp func;
  StringRef target;
  DictionaryAttr promise;
  Sizes sizes{func};
  InFlightDiagnostic *diagnostic = nullptr;
  bool showsKernels = false, showsSlots = false;
  std::set<std::pair<unsigned, unsigned>> seen;
};

struct CheckPromises : impl::CheckPromisesBase<CheckPromises> {
  void runOnOperation() override {
    StringRef target = machineName(getOperation());
    bool failed = false;
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      auto promises = func->getAttrOfType<ArrayAttr>(ensureName);
      if (!promises || func.isExternal())
        continue;
      for (Attribute promise : promises)
        failed |= !Promises(func, target).check(cast<DictionaryAttr>(promise));
      func->removeAttr(ensureName);
      func->removeAttr(storedName);
    }
    if (failed)
      signalPassFailure();
  }
};
} // namespace
} // namespace texpr::plan

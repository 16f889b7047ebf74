// Applies the table of pins (dialects/plan/Pins.h) at each policy, and refuses what nothing obeys.
//
//   compute m, n |i, j| @vector(8) { … }   at plan-mapping:  every innermost loop made for this form gets plan.vector = 8
//   fn f(…) @at(loop, 3) @vector(8)                          the third loop of f does
//
// In: a module before a policy. Out: `plan.*` on the candidates, the names in `plan.pinned`; rows of the table that met one
// are marked, and what is left at the end is an error at the pin: never ignored. The policy keeps what it finds.
#include "compiler/plan/Pins.h"
#include "dialects/par/Staging.h"
#include "dialects/par/Straight.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace texpr::plan {

StringRef kindOf(Point point) {
  switch (point) {
  case Point::classes:
    return "class";
  case Point::inlining:
    return "value";
  case Point::fusion:
    return "tensor";
  case Point::algorithms:
    return "form";
  case Point::unrolling:
    return "sum";
  case Point::tiling:
    return "nest";
  case Point::mapping:
    return "loop";
  }
  llvm_unreachable("every point is named");
}

/// The blocks that the host runs: forms in them are kernels.
static void collectHostForms(Block &block, SmallVectorImpl<Operation *> &out) {
  for (Operation &op : block) {
    if (isa<tx::ComputeOp>(op))
      out.push_back(&op);
    if (isa<scf::IfOp, tx::ForOp>(op))
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          collectHostForms(inner, out);
  }
}

SmallVector<Operation *> candidatesOf(func::FuncOp func, Point point) {
  SmallVector<Operation *> out;
  if (func.isExternal())
    return out;
  if (point == Point::fusion || point == Point::classes) {
    collectHostForms(func.getBody().front(), out);
    return out;
  }
  func.walk<WalkOrder::PreOrder>([&](Operation *op) {
    bool isCandidate = point == Point::inlining ? isa<tx::ComputeOp>(op)
                       : point == Point::algorithms
                           ? isa<tx::ScanOp, tx::FilterOp, tx::ScatterOp, tx::SortOp>(op)
                       : point == Point::unrolling ? isa<par::ReduceOp>(op)
                       : point == Point::tiling    ? isa<par::ForallOp>(op)
                                                   : isa<par::ForallOp, par::ReduceOp>(op);
    if (isCandidate)
      out.push_back(op);
  });
  return out;
}

static bool isOutermost(Operation *op) {
  return isa<par::ForallOp>(op) && !op->getParentOfType<par::ForallOp>();
}

static bool isLeaf(Operation *op) {
  return !op->walk([&](par::ForallOp inner) {
              return inner.getOperation() == op ? WalkResult::advance() : WalkResult::interrupt();
            }).wasInterrupted();
}

static bool isOfGrain(StringRef name) {
  return name == "grain" || name == "work" || name == "tasks" || name == "least";
}

bool isAbout(Operation *op, Point point, StringRef name) {
  switch (point) {
  case Point::classes:
    return name == "class";
  case Point::inlining:
  case Point::fusion:
    return name == "store";
  case Point::algorithms:
    return name == "algo";
  case Point::unrolling:
    return name == "straight";
  case Point::tiling:
    return llvm::is_contained({"tile", "order", "instr", "blocks", "stage"}, name);
  case Point::mapping:
    if (isOfGrain(name))
      return isOutermost(op);
    return (name == "vector" || name == "unroll") && (isa<par::ReduceOp>(op) || isLeaf(op));
  }
  llvm_unreachable("every point is handled");
}

bool mayBeStraight(par::ReduceOp reduce) {
  auto steps = par::straightSteps(reduce);
  return steps && *steps <= kMostStraightSteps;
}

// ---- tiles: the part that concerns a nest ----

/// The axes of the nest, and of the reductions that stand in it.
static llvm::StringSet<> axesOf(par::ForallOp nest) {
  llvm::StringSet<> axes;
  for (StringRef axis : nest.getAxes().getAsValueRange<StringAttr>())
    axes.insert(axis);
  nest.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<par::ForallOp>(op) && op != nest.getOperation())
      return WalkResult::skip();
    if (auto reduce = dyn_cast<par::ReduceOp>(op))
      for (StringRef axis : reduce.getAxes().getAsValueRange<StringAttr>())
        axes.insert(axis);
    return WalkResult::advance();
  });
  return axes;
}

static bool hasOwn(par::ForallOp nest, StringRef axis) {
  return llvm::is_contained(nest.getAxes().getAsValueRange<StringAttr>(), axis);
}

/// What of `value` is written on `op`; null: nothing. `landed`: the axes that have found their nest.
static Attribute partFor(Operation *op, const Pin &pin, llvm::StringSet<> &landed) {
  auto nest = dyn_cast<par::ForallOp>(op);
  if (auto sizes = dyn_cast<DictionaryAttr>(pin.value);
      sizes && nest && (pin.name == "tile" || pin.name == "blocks")) {
    llvm::StringSet<> axes = axesOf(nest);
    SmallVector<NamedAttribute> kept;
    bool isOwn = false;
    for (NamedAttribute size : sizes) {
      isOwn |= hasOwn(nest, size.getName());
      if (axes.contains(size.getName()))
        kept.push_back(size);
    }
    if (!isOwn)
      return {};
    for (NamedAttribute size : kept)
      landed.insert(size.getName());
    return DictionaryAttr::get(op->getContext(), kept);
  }
  if (pin.name == "stage") {
    StringRef tensor = cast<DictionaryAttr>(pin.value).begin()->getName();
    return nest && par::tensorOf(nest, tensor) ? pin.value : Attribute();
  }
  if (pin.name == "order") {
    for (Attribute axis : cast<ArrayAttr>(pin.value))
      if (!nest || !hasOwn(nest, cast<StringAttr>(axis).getValue()))
        return {};
  }
  return pin.value;
}

static bool hasLanded(const Pin &pin, const llvm::StringSet<> &landed) {
  auto sizes = dyn_cast<DictionaryAttr>(pin.value);
  if (!sizes || (pin.name != "tile" && pin.name != "blocks"))
    return true;
  return llvm::all_of(sizes, [&](NamedAttribute size) { return landed.contains(size.getName()); });
}

// ---- application ----

StringRef machineName(ModuleOp module) {
  auto machine = module->getAttrOfType<DictionaryAttr>("par.machine");
  auto name = machine ? machine.getAs<StringAttr>("name") : StringAttr();
  return name ? name.getValue() : StringRef();
}

static bool isPinOfLoop(StringRef name) {
  return name != "store" && name != "algo" && name != "class";
}

bool hasPinnedLoop(Operation *op) {
  auto pins = op->getAttrOfType<ArrayAttr>(pinnedName);
  return pins && llvm::any_of(pins.getAsValueRange<StringAttr>(), isPinOfLoop);
}

namespace {
/// One point of one module.
class Application {
public:
  Application(ModuleOp module, Point point)
      : module(module), point(point), target(machineName(module)), pins(getPins(module)) {}

  SmallVector<Operation *> run() {
    if (pins.empty())
      return {};
    llvm::SmallVector<llvm::StringSet<>> landed(pins.size());
    for (auto func : module.getOps<func::FuncOp>())
      for (auto [index, op] : llvm::enumerate(candidatesOf(func, point)))
        for (bool byNumber : {false, true}) // a number wins: it comes last
          for (auto [k, pin] : llvm::enumerate(pins))
            if (pin.kind.empty() != byNumber && holds(pin, func, op, index + 1))
              write(op, pin, landed[k]);
    for (auto [pin, axes] : llvm::zip(pins, landed))
      if (point == Point::tiling && !hasLanded(pin, axes))
        pin.isUsed = false;
    setPins(module, pins);
    return SmallVector<Operation *>(touched.begin(), touched.end());
  }

private:
  bool holds(const Pin &pin, func::FuncOp func, Operation *op, int64_t number) const {
    if (!pin.target.empty() && pin.target != target)
      return false;
    if (!pin.classes.empty() && !llvm::is_contained(pin.classes, int64_t(classOf(op))))
      return false;
    if (pin.name == "class" && pin.function != func.getName())
      return false; // a copy in a caller, whose dims are others
    if (pin.name == "stage" && pin.function != func.getName() &&
        !isdigit(cast<DictionaryAttr>(pin.value).begin()->getName().strref().front()))
      return false; // and whose parameters
    if (!pin.kind.empty())
      return pin.kind == kindOf(point) && pin.function == func.getName() &&
             llvm::is_contained(pin.numbers, number);
    return pin.form.line && formOf(op) == pin.form;
  }

  void write(Operation *op, Pin &pin, llvm::StringSet<> &landed) {
    bool isOfValues = point == Point::inlining || point == Point::fusion;
    if (isOfValues && pin.kind.empty() && isPinOfLoop(pin.name)) {
      plan::pin(op, pin.name); // it speaks of a loop: the value stays one
      touched.insert(op);
      return;
    }
    if (!isAbout(op, point, pin.name))
      return;
    Attribute value = partFor(op, pin, landed);
    if (!value)
      return;
    set(op, pin.name, value);
    plan::pin(op, pin.name);
    touched.insert(op);
    // Whose axes are shared is settled by fusion alone.
    pin.isUsed |= !(point == Point::inlining && isa<IntegerAttr>(value));
  }

  /// `keep` has its depth with it; a loop that is not to be written out has nothing but the pin's name.
  static void set(Operation *op, StringRef name, Attribute value) {
    if (auto depth = dyn_cast<IntegerAttr>(value); depth && name == "store") {
      setStore(op, Store::tile);
      op->setAttr(depthName, depth);
      return;
    }
    if (name == "straight" && isa<BoolAttr>(value)) {
      op->removeAttr(straightName);
      return;
    }
    if (name == "store")
      op->removeAttr(depthName);
    if (auto old = op->getAttrOfType<DictionaryAttr>(stageName); old && name == "stage") {
      NamedAttrList both(old);
      for (NamedAttribute entry : cast<DictionaryAttr>(value))
        both.set(entry.getName(), entry.getValue());
      value = both.getDictionary(op->getContext());
    }
    op->setAttr(("plan." + name).str(), value);
  }

  ModuleOp module;
  Point point;
  StringRef target;
  SmallVector<Pin> pins;
  llvm::SetVector<Operation *> touched;
};
} // namespace

SmallVector<Operation *> applyPins(ModuleOp module, Point point) {
  return Application(module, point).run();
}

// ---- what was not obeyed ----

/// Why nothing obeyed the pin; `left`: what was made for its form and is still there.
static std::string whyUnused(ModuleOp module, const Pin &pin, ArrayRef<Operation *> left) {
  if (!pin.kind.empty()) {
    std::string numbers;
    for (int64_t n : pin.numbers)
      numbers += (numbers.empty() ? "" : ", ") + std::to_string(n);
    return "`" + pin.function.str() + "` has no " + pin.kind.str() + " " + numbers +
           " that it could be about, or is inlined itself; `texprc explain --pins` has the numbers";
  }
  if (isa<UnitAttr>(pin.value) && pin.name != "straight") {
    std::string machine = machineName(module).str();
    return StringRef(machine).starts_with("sm_")
               ? "no pass of this version decides it for " + machine
               : "it is a decision for GPUs; behind `@on(sm_90a)` it is for that machine alone";
  }
  bool hasLoop = llvm::any_of(left, [](Operation *op) { return isa<par::ForallOp>(op); });
  if (pin.name == "store" && isa<IntegerAttr>(pin.value) && !left.empty())
    return "the value lives in one iteration of what is around it already";
  if (pin.name == "store")
    return "no tensor stands here: it is used as a whole, by nothing, or equals another that "
           "stands for it";
  if (pin.name == "stage")
    return "no loop of this form reads a parameter of that name, or so many tensors, from memory";
  if (pin.name == "algo")
    return "there is one way to do this; algorithms are for `scan`, `scatter`, `filter` and sorts";
  if (pin.name == "class")
    return "no tensor that kernels of their own make stands here";
  if (left.empty())
    return "no loop is left of this form: it is evaluated where it is read, or an equal one stands "
           "for it";
  if (pin.name == "straight")
    return "only a reduction by a builtin operator without loops inside is written out";
  if (pin.name == "vector" || pin.name == "unroll")
    return "its iterations hold loops of their own; the attribute stands on an inner form";
  if (isOfGrain(pin.name))
    return "only the outermost loop of a kernel is cut into tasks, and this one stands inside "
           "another";
  if (!hasLoop)
    return "it is no loop whose iterations are independent";
  if (pin.name == "tile" || pin.name == "blocks")
    return "its axes are those of several loops, or of none";
  if (pin.name == "order")
    return "its axes are not those of one loop";
  return "nothing here is decided by it";
}

bool refuseUnused(ModuleOp module) {
  StringRef target = machineName(module);
  bool any = false;
  for (const Pin &pin : getPins(module)) {
    if (pin.isUsed || (!pin.target.empty() && pin.target != target))
      continue;
    SmallVector<Operation *> left;
    module.walk([&](Operation *op) {
      if (pin.form.line && isa<par::ForallOp, par::ReduceOp, par::SeqOp>(op) &&
          formOf(op) == pin.form)
        left.push_back(op);
    });
    emitError(toLocation(module.getContext(), pin.at))
        << "pin: " << pin.spelling << " cannot be obeyed here: " << whyUnused(module, pin, left);
    any = true;
  }
  return any;
}

} // namespace texpr::plan

// stage-boxes: what a tile of a plain nest reads of a tensor is copied first, by `plan.stage`.
//
//   par.forall (%i, %j) = (%i0, %j0) to (min(%i0 + 32, %m), min(%j0 + 64, %n)) {plan.stage = {x = {}}} {
//     … load x[i - 1, j] mask %a … load x[i + 1, j] mask %b … }
// becomes
//   %c = par.alloc [34, 64] {name = "copy of x"}
//   par.forall (%r, %s) = (max(%i0 - 1, 0), %j0) to (min(%i0 + 33, %m), …) { store (load x[r, s]), %c[r - (i0 - 1), s - j0] }
//   par.forall (%i, %j) = … { … load %c[i - 1 - (i0 - 1), j - j0] mask %a … }
//
// The box is the image of the tile: every index moves by constant steps with the loops around the read, whose lengths are
// constants, and the reads differ by constants. Only what lies in the tensor is copied: a read without a mask is in bounds,
// one with a mask keeps it. In: the tiles, after `tile`; out: no values change. What cannot be copied so is an error at the
// pin.
#include "compiler/transform/Outside.h"
#include "compiler/transform/Passes.h"
#include "dialects/par/Extents.h"
#include "dialects/par/Staging.h"
#include "dialects/plan/Pins.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_STAGEBOXES
#include "compiler/transform/Passes.h.inc"

namespace {

/// A loop around a read: its variable, and how far that goes at most.
struct Axis {
  Value variable, lower, upper;
  int64_t length;
};

class Boxer {
public:
  Boxer(par::ForallOp nest, Value tensor, DictionaryAttr how, int64_t room)
      : nest(nest), tensor(tensor), how(how), room(room), b(nest), loc(nest.getLoc()) {}

  /// Empty, or why it cannot be.
  StringRef run() {
    nest.walk([&](par::LoadOp load) {
      if (load.getSource() == tensor)
        loads.push_back(load);
    });
    for (Operation *user : tensor.getUsers())
      if (nest->isProperAncestor(user) && !isa<par::LoadOp>(user))
        return "the loop writes what it reads here, or hands it on";
    if (loads.empty())
      return "a loop inside reads the tensor, and this one does not";
    if (StringRef why = measure(); !why.empty())
      return why;
    int64_t elements = 1;
    for (int64_t extent : extents)
      if ((elements *= extent) > (1 << 24))
        return "its copy has too many elements";
    auto place = how.getAs<StringAttr>("place");
    if (place && place == "stack" && par::bytesOf(tensor, elements) > room)
      return "its copy is larger than a task's stack: `workspace`, or smaller sizes of `@tile`";
    copy(place);
    return "";
  }

private:
  static std::optional<int64_t> lengthOf(Value lower, Value upper) {
    for (Value side : par::minSides(upper))
      if (auto length = par::constantDifference(side, lower))
        return std::max<int64_t>(*length, 1);
    return std::nullopt;
  }

  /// The loops of the nest around `load`, and the nest itself; nothing where one has no constant length.
  std::optional<SmallVector<Axis>> axesAround(par::LoadOp load) {
    SmallVector<Axis> axes;
    for (Operation *op = load->getParentOp();; op = op->getParentOp()) {
      auto domain = dyn_cast<tx::HasDomain>(op);
      ValueRange variables, lower, upper;
      if (auto forall = dyn_cast<par::ForallOp>(op)) {
        variables = forall.getArgs(), lower = forall.getLower(), upper = forall.getUpper();
      } else if (auto reduce = dyn_cast<par::ReduceOp>(op)) {
        variables = reduce.getArgs(), lower = reduce.getLower(), upper = reduce.getUpper();
      } else if (domain) {
        return std::nullopt;
      }
      for (auto [v, lo, hi] : llvm::zip(variables, lower, upper)) {
        bool moves =
            llvm::any_of(load.getIndices(), [&](Value index) { return par::dependsOn(index, v); });
        auto length = lengthOf(lo, hi);
        if (moves && !length)
          return std::nullopt;
        if (moves)
          axes.push_back({v, lo, hi, *length});
      }
      if (op == nest)
        return axes;
    }
  }

  /// The box: its lowest indices, computed before the nest, and its extents.
  StringRef measure() {
    par::LoadOp first = loads.front();
    auto axes = axesAround(first);
    if (!axes)
      return "the copy has a constant size, and a loop around the read has none: `@tile` gives it";
    for (auto [d, index] : llvm::enumerate(first.getIndices())) {
      int64_t least = 0, most = 0;
      for (par::LoadOp other : loads) {
        auto apart = par::constantDifference(other.getIndices()[d], index);
        if (!apart)
          return "its reads of the tensor are not one window that moves with the tile";
        least = std::min(least, *apart);
        most = std::max(most, *apart);
      }
      int64_t extent = most - least + 1;
      for (const Axis &axis : *axes) {
        auto step = par::strideOf(index, axis.variable);
        if (!step)
          return "an index of the tensor does not move by constant steps";
        extent += std::abs(*step) * (axis.length - 1);
      }
      extents.push_back(extent);
      lowest.push_back(add(lowestOf(index, *axes), least));
    }
    return "";
  }

  /// The index with every loop where it is lowest.
  Value lowestOf(Value index, ArrayRef<Axis> axes) {
    Outside at(b, nest);
    for (const Axis &axis : llvm::reverse(axes)) { // bounds of inner loops may use outer ones
      bool isDown = *par::strideOf(index, axis.variable) < 0;
      at.place(axis.variable, isDown ? add(at.of(axis.upper), -1) : at.of(axis.lower));
    }
    return at.of(index);
  }

  Value constant(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }
  Value add(Value x, int64_t n) {
    return n ? arith::AddIOp::create(b, loc, x, constant(n)).getResult() : x;
  }

  void copy(StringAttr place) {
    SmallVector<Value> sizes, from, to;
    SmallVector<Attribute> names;
    std::string name = par::keyOf(nest, tensor);
    name = isdigit(name.front()) ? "tensor " + name : name;
    for (auto [d, whole] : llvm::enumerate(par::getExtents(b, tensor))) {
      sizes.push_back(constant(extents[d]));
      from.push_back(arith::MaxSIOp::create(b, loc, lowest[d], constant(0)));
      to.push_back(arith::MinSIOp::create(b, loc, add(lowest[d], extents[d]), whole));
      names.push_back(b.getStringAttr(name + "." + std::to_string(d)));
    }
    auto made = par::AllocOp::create(b, loc, tensor.getType(), sizes, place,
                                     b.getStringAttr("copy of " + name), UnitAttr());
    par::ForallOp::create(
        b, loc, from, to, b.getArrayAttr(names), [&](OpBuilder &in, Location, ValueRange ivs) {
          Value v =
              par::LoadOp::create(in, loc, loads.front().getType(), tensor, ivs, Value(), Value());
          par::StoreOp::create(in, loc, v, made, inBox(in, ivs), Value());
        });
    for (par::LoadOp load : loads) {
      OpBuilder in(load);
      SmallVector<Value> indices = inBox(in, load.getIndices());
      load.getSourceMutable().assign(made);
      load.getIndicesMutable().assign(indices);
    }
  }

  SmallVector<Value> inBox(OpBuilder &in, ValueRange indices) {
    SmallVector<Value> out;
    for (auto [index, low] : llvm::zip_equal(indices, lowest))
      out.push_back(arith::SubIOp::create(in, loc, index, low));
    return out;
  }

  par::ForallOp nest;
  Value tensor;
  DictionaryAttr how;
  int64_t room;
  OpBuilder b;
  Location loc;
  SmallVector<par::LoadOp> loads;
  SmallVector<Value> lowest;
  SmallVector<int64_t> extents;
};

struct StageBoxes : impl::StageBoxesBase<StageBoxes> {
  void runOnOperation() override {
    int64_t room = 0;
    if (auto machine = getOperation()->getAttrOfType<DictionaryAttr>("par.machine"))
      if (auto bytes = machine.getAs<IntegerAttr>("stack_bytes"))
        room = bytes.getInt();
    SmallVector<par::ForallOp> staged;
    getOperation().walk([&](par::ForallOp op) {
      auto stage = op->getAttrOfType<DictionaryAttr>(plan::stageName);
      if (stage && !plan::getInstr(op) &&
          llvm::all_of(stage, [](NamedAttribute e) { return isa<DictionaryAttr>(e.getValue()); }))
        staged.push_back(op);
    });
    for (par::ForallOp nest : staged) {
      // All tensors first: a copy changes what the numbers count.
      auto stage = nest->getAttrOfType<DictionaryAttr>(plan::stageName);
      SmallVector<std::pair<Value, DictionaryAttr>> tensors;
      for (NamedAttribute entry : stage)
        if (Value tensor = par::tensorOf(nest, entry.getName()))
          tensors.push_back({tensor, cast<DictionaryAttr>(entry.getValue())});
      for (auto [tensor, how] : tensors)
        if (StringRef why = Boxer(nest, tensor, how, room).run(); !why.empty()) {
          emitError(plan::locationOfPin(nest, "stage"))
              << "pin: @stage cannot be obeyed here: " << why;
          signalPassFailure();
          break;
        }
      nest->removeAttr(plan::stageName);
    }
  }
};
} // namespace
} // namespace texpr

// roll-windows: rows of a stencil's producer are kept from one iteration to the next, in a ring.
//
//   par.seq (%r) = %begin to %end {                    lo = max(%r - 1, 0), hi = min(%r + 2, h)
//     %t = par.alloc [hi - lo, w]
//     par.forall (%y, %x) = (lo, 0) to (hi, w) { store f(%y, %x), %t[%y - lo, %x] }
//     … load %t[%r + d - lo, x] … }
// becomes
//   %t = par.alloc [4, w]
//   par.seq (%r) = %begin to %end {
//     %from = %r == %begin ? lo : max(lo, min(%r + 1, h))          only the rows that are new
//     par.forall (%y, %x) = (%from, 0) to (hi, w) { store f(%y, %x), %t[%y & 3, %x] }
//     … load %t[(%r + d) & 3, x] … }
//
// Holds: both ends of the window move by one an iteration; what the producer makes of a row depends
// on the row alone, not on the iteration that asks for it. Guards against the window of another
// buffer ("is row y - 1 there?") depend on the iteration; they are replaced by guards against the
// whole of its rows where the window is shown to cover what is asked. A ring belongs to a chunk of
// rows, so workspace grows with the width alone. Chains roll together: each adds one row.
#include "compiler/transform/Passes.h"
#include "dialects/par/ParOps.h"
#include "dialects/par/Stride.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_ROLLWINDOWS
#include "compiler/transform/Passes.h.inc"

namespace {

/// One end of a window: a side that moves with the loop, and what clips it.
struct End {
  Value moving;
  SmallVector<Value> clips;
};

/// A buffer of the rows [lo, hi) of an iteration.
struct Window {
  par::AllocOp alloc;
  par::ForallOp producer;
  Value lo, hi;
  End low, high;
  int64_t rows = 0;                  // the most that an iteration sees
  SmallVector<arith::SubIOp> places; // y - lo, first index of an access
};

SmallVector<Value> indicesOf(Operation *access) {
  if (auto load = dyn_cast<par::LoadOp>(access))
    return load.getIndices();
  return cast<par::StoreOp>(access).getIndices();
}

class Roller {
public:
  explicit Roller(par::SeqOp seq) : seq(seq), body(seq.getBody().front()), r(body.getArgument(0)) {}

  void run() {
    for (auto alloc : body.getOps<par::AllocOp>())
      if (auto window = describe(alloc))
        windows.insert({alloc, *window});
    while (dropOne()) {
    }
    if (windows.empty())
      return;
    for (auto &[op, window] : windows)
      guardByWhole(window);
    for (auto &[op, window] : windows)
      roll(window);
  }

private:
  std::optional<End> end(ArrayRef<Value> sides) {
    End e;
    for (Value side : sides) {
      auto stride = par::strideOf(side, r);
      if (stride == 0)
        e.clips.push_back(side);
      else if (stride == 1 && !e.moving)
        e.moving = side;
      else
        return std::nullopt;
    }
    return e.moving ? std::optional<End>(e) : std::nullopt;
  }

  std::optional<Window> describe(par::AllocOp alloc) {
    Window w;
    w.alloc = alloc;
    if (alloc.getExtents().empty() || alloc.getPlace())
      return std::nullopt;
    for (Operation *user : alloc->getUsers()) {
      if (!isa<par::LoadOp, par::StoreOp>(user))
        return std::nullopt;
      auto place = indicesOf(user)[0].getDefiningOp<arith::SubIOp>();
      if (!place || (w.lo && place.getRhs() != w.lo))
        return std::nullopt;
      w.lo = place.getRhs();
      if (!llvm::is_contained(w.places, place))
        w.places.push_back(place);
      if (!isa<par::StoreOp>(user))
        continue;
      auto producer = dyn_cast_or_null<par::ForallOp>(body.findAncestorOpInBlock(*user));
      if (!producer || (w.producer && w.producer != producer) ||
          place.getLhs() != producer.getBody().front().getArgument(0))
        return std::nullopt;
      w.producer = producer;
    }
    if (!w.producer || w.producer.getLower()[0] != w.lo)
      return std::nullopt;
    w.hi = w.producer.getUpper()[0];
    // A row is whole, whichever iteration made it.
    for (ValueRange bounds : {w.producer.getLower(), w.producer.getUpper()})
      for (Value bound : bounds.drop_front())
        if (par::dependsOn(bound, r))
          return std::nullopt;
    auto low = end(par::maxSides(w.lo)), high = end(par::minSides(w.hi));
    if (!low || !high)
      return std::nullopt;
    w.low = *low;
    w.high = *high;
    auto rows = par::constantDifference(w.high.moving, w.low.moving);
    if (!rows || *rows < 1 || *rows > 64)
      return std::nullopt;
    w.rows = *rows;
    // The other extents stay as they are, outside the loop.
    for (Value extent : alloc.getExtents().drop_front())
      if (!isOutside(extent))
        return std::nullopt;
    for (Value clip : llvm::concat<Value>(w.low.clips, w.high.clips))
      if (!isOutside(clip))
        return std::nullopt;
    return w;
  }

  bool isOutside(Value v) { return !seq.getBody().isAncestor(v.getParentRegion()); }

  /// Removes a window whose producer asks for more than the row, and says whether there was one.
  bool dropOne() {
    for (auto &[op, window] : windows)
      if (!mayRoll(window)) {
        windows.erase(op);
        return true;
      }
    return false;
  }

  bool mayRoll(Window &w) {
    auto result = w.producer.walk([&](Operation *op) {
      if (auto store = dyn_cast<par::StoreOp>(op))
        if (!isWindowOf(store.getDest(), w.producer) &&
            isa_and_nonnull<par::AllocOp>(store.getDest().getDefiningOp()) &&
            !w.producer->isAncestor(store.getDest().getDefiningOp()))
          return WalkResult::interrupt();
      if (auto store = dyn_cast<par::StoreOp>(op);
          store && !store.getDest().getDefiningOp<par::AllocOp>())
        return WalkResult::interrupt(); // a result must be written in every iteration
      if (auto load = dyn_cast<par::LoadOp>(op))
        if (auto from = load.getSource().getDefiningOp<par::AllocOp>();
            from && seq->isAncestor(from) && !w.producer->isAncestor(from) &&
            !windows.contains(from))
          return WalkResult::interrupt();
      for (Value operand : op->getOperands())
        if (!mayUse(w, op, operand))
          return WalkResult::interrupt();
      return WalkResult::advance();
    });
    return !result.wasInterrupted();
  }

  bool isWindowOf(Value buffer, par::ForallOp producer) {
    auto it = windows.find(buffer.getDefiningOp());
    return it != windows.end() && it->second.producer == producer;
  }

  /// What a producer may know of the iteration: ends of windows, as the origin of an index or in a guard that covers.
  bool mayUse(Window &w, Operation *user, Value v) {
    if (w.producer.getBody().isAncestor(v.getParentRegion()) || isOutside(v) ||
        !par::dependsOn(v, r) || v.getDefiningOp<par::AllocOp>())
      return true;
    if (user == w.producer.getOperation())
      return true; // its bounds
    if (auto place = dyn_cast<arith::SubIOp>(user); place && place.getRhs() == v)
      return llvm::all_of(place->getUsers(),
                          [&](Operation *next) { return isPlaceOrGuard(w, place, next); });
    if (auto guard = dyn_cast<arith::CmpIOp>(user); guard && guard.getRhs() == v)
      return bool(coveredWindow(w, guard));
    return false;
  }

  bool isPlaceOrGuard(Window &w, arith::SubIOp place, Operation *user) {
    if (isa<par::LoadOp, par::StoreOp>(user)) {
      Value buffer = isa<par::LoadOp>(user) ? cast<par::LoadOp>(user).getSource()
                                            : cast<par::StoreOp>(user).getDest();
      auto it = windows.find(buffer.getDefiningOp());
      return it != windows.end() && it->second.lo == place.getRhs() &&
             indicesOf(user)[0] == place.getResult() &&
             !llvm::is_contained(ArrayRef<Value>(indicesOf(user)).drop_front(), place.getResult());
    }
    auto guard = dyn_cast<arith::CmpIOp>(user);
    return guard && bool(coveredWindow(w, guard));
  }

  /// `(y + d) - lo' <u hi' - lo'` inside the producer of `w`: the window [lo', hi') if it covers all y + d of w's rows, so that the
  /// guard only asks whether the row exists at all.
  Window *coveredWindow(Window &w, arith::CmpIOp guard) {
    auto place = guard.getLhs().getDefiningOp<arith::SubIOp>();
    if (!place || guard.getPredicate() != arith::CmpIPredicate::ult)
      return nullptr;
    Value y = w.producer.getBody().front().getArgument(0);
    auto d = par::constantDifference(place.getLhs(), y);
    if (!d)
      return nullptr;
    for (auto &[op, other] : windows) {
      if (other.lo != place.getRhs() || !isLengthOf(other, guard.getRhs()))
        continue;
      auto below = par::constantDifference(w.low.moving, other.low.moving);
      auto above = par::constantDifference(other.high.moving, w.high.moving);
      if (below && above && *below + *d >= 0 && *above - *d >= 0)
        return &other;
    }
    return nullptr;
  }

  static bool isLengthOf(Window &w, Value v) {
    if (v == w.alloc.getExtents()[0])
      return true;
    auto sub = v.getDefiningOp<arith::SubIOp>();
    return sub && sub.getLhs() == w.hi && sub.getRhs() == w.lo;
  }

  /// Guards inside `w`'s producer ask for the row itself from now on: max(clips) <= y + d < min(clips).
  void guardByWhole(Window &w) {
    SmallVector<std::pair<arith::CmpIOp, Window *>> guards;
    w.producer.walk([&](arith::CmpIOp guard) {
      if (par::dependsOn(guard.getRhs(), r) && isOutsideOf(w.producer, guard.getRhs()))
        if (Window *other = coveredWindow(w, guard))
          guards.push_back({guard, other});
    });
    for (auto [guard, other] : guards) {
      OpBuilder b(guard);
      Location loc = guard.getLoc();
      Value row = guard.getLhs().getDefiningOp<arith::SubIOp>().getLhs();
      Value all;
      auto test = [&](arith::CmpIPredicate p, Value clip) {
        Value ok = arith::CmpIOp::create(b, loc, p, row, clip);
        all = all ? arith::AndIOp::create(b, loc, all, ok).getResult() : ok;
      };
      for (Value clip : other->low.clips)
        test(arith::CmpIPredicate::sge, clip);
      for (Value clip : other->high.clips)
        test(arith::CmpIPredicate::slt, clip);
      if (!all)
        all = arith::ConstantIntOp::create(b, loc, 1, 1);
      guard.replaceAllUsesWith(all);
      guard.erase();
    }
  }

  static bool isOutsideOf(par::ForallOp nest, Value v) {
    return !nest.getBody().isAncestor(v.getParentRegion());
  }

  void roll(Window &w) {
    Location loc = w.alloc.getLoc();
    OpBuilder b(seq);
    int64_t slots = llvm::PowerOf2Ceil(w.rows);
    SmallVector<Value> extents(w.alloc.getExtents());
    extents[0] = arith::ConstantIndexOp::create(b, loc, slots);
    auto ring = par::AllocOp::create(b, loc, w.alloc.getType(), extents, StringAttr(),
                                     w.alloc.getNameAttr(), UnitAttr());
    for (arith::SubIOp place : w.places) {
      b.setInsertionPoint(place);
      Value slot = arith::AndIOp::create(b, loc, place.getLhs(),
                                         arith::ConstantIndexOp::create(b, loc, slots - 1));
      for (Operation *user : llvm::make_early_inc_range(place->getUsers()))
        if (isa<par::LoadOp, par::StoreOp>(user) &&
            llvm::is_contained(user->getOperands(), w.alloc.getResult()))
          setFirstIndex(user, slot);
    }
    w.alloc.replaceAllUsesWith(ring.getResult());
    w.alloc.erase();
    w.producer->setAttr("par.ring", b.getI64IntegerAttr(slots)); // for `explain`
    if (rolled.insert(w.producer).second)
      onlyNewRows(w);
  }

  static void setFirstIndex(Operation *access, Value slot) {
    SmallVector<Value> indices = indicesOf(access);
    indices[0] = slot;
    if (auto load = dyn_cast<par::LoadOp>(access))
      load.getIndicesMutable().assign(indices);
    else
      cast<par::StoreOp>(access).getIndicesMutable().assign(indices);
  }

  void onlyNewRows(Window &w) {
    OpBuilder b(w.producer);
    Location loc = w.producer.getLoc();
    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    Value before = arith::SubIOp::create(b, loc, w.high.moving, one);
    for (Value clip : w.high.clips)
      before = arith::MinSIOp::create(b, loc, before, clip);
    Value next = arith::MaxSIOp::create(b, loc, w.lo, before);
    Value isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, r, seq.getLower());
    Value from = arith::SelectOp::create(b, loc, isFirst, w.lo, next);
    SmallVector<Value> lower(w.producer.getLower());
    lower[0] = from;
    w.producer.getLowerMutable().assign(lower);
  }

  par::SeqOp seq;
  Block &body;
  Value r;
  llvm::MapVector<Operation *, Window> windows;
  DenseSet<Operation *> rolled;
};

struct RollWindows : impl::RollWindowsBase<RollWindows> {
  void runOnOperation() override {
    SmallVector<par::SeqOp> loops;
    getOperation().walk([&](par::SeqOp seq) {
      auto chunk = dyn_cast<par::ForallOp>(seq->getParentOp());
      if (chunk && chunk.getLevel() == "thread")
        loops.push_back(seq);
    });
    for (par::SeqOp seq : loops)
      Roller(seq).run();
  }
};
} // namespace
} // namespace texpr

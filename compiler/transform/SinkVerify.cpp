// sink-verify: promises on elements become tests of the elements that something relies on.
//
// In: tx.verify. Out: none; the elements that an access, a bound or a condition around one depends on are tested
// where they are read, and reported by their place in the tensor, row-major; whatever depends on one is guarded.
//   %c = tx.verify %c0 in [0 to %n] site 2     →    %e = tx.read %c0[%p]   par.fail 2 if not 0 <= %e < %n at %p
//   %e = tx.read %c[%p]   %v = tx.read %x[%e]       %v = tx.read %x[%e] else 0
// * A read, load or store whose index depends on such an element (through arithmetic, tensors, buffers, choices) is guarded,
//   unless its indices are axes over its very extents. So is one that only runs under a condition that depends on it.
// * Where the elements do not say it all, of a range with markers (`in 0..c or -100`) and of a tensor that is used as a
//   whole, the access reports what it needs, by the element if there is one in sight.
// * An element that ends up as the bound of a domain is replaced by the range's begin where it fails: a loop of 2^60
//   iterations would report its error too late.
// What must hold: no access relies on data that was not tested. Where all tests pass, the promise held for all that was used.
#include "compiler/transform/Passes.h"
#include "dialects/par/Extents.h"
#include "dialects/par/Iteration.h"
#include "dialects/par/ParOps.h"
#include "dialects/tx/Extents.h"
#include "dialects/tx/Reach.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_SINKVERIFY
#include "compiler/transform/Passes.h.inc"

namespace {

/// A read of an element, or all uses of a verified tensor that are none.
struct Source {
  tx::VerifyOp verify;
  tx::ReadOp read;
  /// A test of the element says all that the promise says.
  bool isTestable() { return read && !verify->hasAttr("tx.hull"); }
};

/// Which values depend on verified elements, and on which.
class Taint {
public:
  using Set = llvm::SmallBitVector; // of sources

  explicit Taint(func::FuncOp func) {
    func.walk([&](tx::VerifyOp v) {
      bool isUsedWhole = false;
      for (Operation *user : v.getResult().getUsers())
        if (auto read = dyn_cast<tx::ReadOp>(user))
          all.push_back({v, read});
        else if (!isa<tx::VerifyOp>(user))
          isUsedWhole = true;
      if (isUsedWhole)
        all.push_back({v, {}});
    });
    for (auto [k, source] : llvm::enumerate(all))
      mark(source.read ? source.read.getResult() : source.verify.getResult(), only(k));
    do {
      changed = false;
      func.walk<WalkOrder::PreOrder>([&](Operation *op) { visit(op); });
    } while (changed);
  }

  ArrayRef<Source> sources() const { return all; }

  Set of(Value v) const {
    auto it = sets.find(v);
    return it == sets.end() ? Set(all.size()) : it->second;
  }
  Set of(ValueRange values) const {
    Set set(all.size());
    for (Value v : values)
      set |= of(v);
    return set;
  }
  /// Those of the conditions and domains around `op`.
  Set around(Operation *op) const {
    Set set(all.size());
    for (; op; op = op->getParentOp())
      if (auto it = control.find(op); it != control.end())
        set |= it->second;
    return set;
  }

private:
  SmallVector<Source> all;
  llvm::DenseMap<Value, Set> sets;
  llvm::DenseMap<Operation *, Set> control; // ops whose regions run only as verified elements say
  bool changed = false;

  Set only(size_t k) const {
    Set set(all.size());
    set.set(k);
    return set;
  }
  template <typename Map, typename Key> void add(Map &map, Key key, const Set &set) {
    if (set.none())
      return;
    Set &known = map.try_emplace(key, all.size()).first->second;
    if (set.test(known)) { // something that is new
      known |= set;
      changed = true;
    }
  }
  void mark(Value v, const Set &set) { add(sets, v, set); }
  void markAll(ValueRange values, const Set &set) {
    for (Value v : values)
      mark(v, set);
  }
  void markControl(Operation *op, const Set &set) { add(control, op, set); }
  static ValueRange yielded(Region &region) {
    return region.empty() ? ValueRange()
                          : ValueRange(region.front().getTerminator()->getOperands());
  }

  void visit(Operation *op) {
    if (isa<tx::VerifyOp, tx::FactOp>(op))
      return;
    if (auto store = dyn_cast<par::StoreOp>(op))
      return mark(store.getDest(), of(store.getValue()));
    if (auto atomic = dyn_cast<par::AtomicOp>(op)) {
      mark(atomic.getBlock()->getArgument(0), of(atomic.getDest()));
      mark(atomic.getOld(), of(atomic.getDest()));
      return mark(atomic.getDest(), of(yielded(atomic.getBody())));
    }
    if (op->getNumRegions() == 0)
      return markAll(op->getResults(), of(op->getOperands()));
    if (auto read = dyn_cast<tx::ReadOp>(op)) {
      if (read.getSource().getDefiningOp<tx::VerifyOp>()) // by itself, and by which one it is
        mark(read.getResult(), of(read.getIndices()));
      else if (of(read.getSource()).any())
        mark(read.getResult(), of(read.getSource()) |= of(read.getIndices()));
      else
        mark(read.getResult(), of(yielded(read.getElseRegion())));
    } else if (auto choice = dyn_cast<scf::IfOp>(op))
      markControl(op, of(choice.getCondition()));
    else if (isa<tx::HasDomain, par::AllocOp>(op))
      visitDomain(op);
    if (auto scatter = dyn_cast<tx::ScatterOp>(op)) {
      for (ValueRange values : {ValueRange(scatter.getBase()), yielded(scatter.getBody()),
                                yielded(scatter.getWhereRegion())})
        markAll(op->getResults(), of(values));
      return;
    }
    if (auto filter = dyn_cast<tx::FilterOp>(op)) {
      markAll(filter.getKept(), of(yielded(filter.getBody())));
      return;
    }
    if (isa<tx::SortOp>(op)) // indices of the domain, whatever the keys are
      return;
    if (auto loop = dyn_cast<tx::ForOp>(op)) {
      ValueRange next = loop.getYield().getValues();
      carry(loop.getInits(), loop.getCarried(), next.take_front(loop.getInits().size()));
      if (loop.hasWhile()) { // how often it runs, too
        markAll(loop.getWhileRegion().getArguments().drop_front(), of(loop.getCarried()));
        markControl(op, of(yielded(loop.getWhileRegion())));
        markAll(op->getResults(), of(yielded(loop.getWhileRegion())));
      }
      for (auto [result, v] : llvm::zip(op->getResults(), next))
        mark(result, of(v));
      return;
    }
    if (auto island = dyn_cast<par::DoOp>(op)) {
      for (auto [result, buffer] : llvm::zip_equal(op->getResults(), island.getResultBuffers()))
        mark(result, of(buffer));
      return;
    }
    // A result may be what any region yields.
    for (Region &region : op->getRegions()) {
      ValueRange values = yielded(region);
      if (values.size() == op->getNumResults())
        for (auto [result, v] : llvm::zip_equal(op->getResults(), values))
          mark(result, of(v));
    }
  }

  /// Bounds that are data make the axes data, and what depends on how often the body runs.
  void visitDomain(Operation *op) {
    auto scatter = dyn_cast<tx::ScatterOp>(op);
    Set set = scatter ? of(scatter.getLower()) : of(op->getOperands());
    if (scatter)
      set |= of(scatter.getUpper());
    if (isa<tx::ReduceOp, tx::ScatterOp, tx::FilterOp>(op))
      markControl(op, of(yielded(op->getRegion(1))));
    if (set.none())
      return;
    markControl(op, set);
    for (Region &region : op->getRegions())
      if (!region.empty())
        for (BlockArgument arg : region.getArguments())
          if (arg.getType().isIndex())
            mark(arg, set);
    if (isa<tx::ReduceOp, par::ReduceOp, tx::ScanOp, tx::ScatterOp, tx::FilterOp, tx::SortOp>(op))
      markAll(op->getResults(), set);
  }

  void carry(ValueRange inits, ValueRange carried, ValueRange next) {
    for (auto [init, arg, v] : llvm::zip_equal(inits, carried, next)) {
      mark(arg, of(init));
      mark(arg, of(v));
    }
  }
};

/// Every index is an axis that runs over just the extent: in range whatever the data are.
bool areOwnAxes(ValueRange indices, ArrayRef<Value> extents) {
  return llvm::all_of(llvm::zip_equal(indices, extents), [](auto pair) {
    tx::AxisBounds bounds = tx::boundsOf(std::get<0>(pair));
    return bounds && bounds.upper == std::get<1>(pair) && matchPattern(bounds.lower, m_Zero());
  });
}

Value inRange(OpBuilder &b, Location loc, ValueRange indices, ArrayRef<Value> extents) {
  Value inside;
  for (auto [i, extent] : llvm::zip_equal(indices, extents)) {
    Value ok = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, i, extent);
    inside = inside ? arith::AndIOp::create(b, loc, inside, ok).getResult() : ok;
  }
  return inside;
}

Value isOutside(OpBuilder &b, Location loc, Value ok) {
  Value yes = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
  return arith::XOrIOp::create(b, loc, ok, yes);
}

struct SinkVerify : impl::SinkVerifyBase<SinkVerify> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      Taint taint(func);
      if (!taint.sources().empty())
        Sinking{func, taint, Taint::Set(taint.sources().size())}.run();
      func.walk([](tx::VerifyOp v) {
        v.replaceAllUsesWith(v.getSource());
        v.erase();
      });
    }
  }

  struct Sinking {
    func::FuncOp func;
    const Taint &taint;
    Taint::Set tested; // sources on which something relies, and whose elements say all

    void run() {
      SmallVector<Operation *> accesses;
      func.walk([&](Operation *op) {
        if (isa<tx::ReadOp, tx::ScatterOp, par::LoadOp, par::StoreOp, par::AtomicOp>(op))
          accesses.push_back(op);
      });
      for (Operation *op : accesses)
        guard(op);
      llvm::DenseSet<Value> bounds = usedAsBounds(func);
      for (auto [k, source] : llvm::enumerate(SmallVector<Source>(taint.sources()))) {
        bool isBound = source.read && bounds.contains(source.read.getResult());
        if (isBound || tested.test(k))
          testElement(source.read, source.verify, isBound);
      }
    }

    // ---- accesses

    /// Why an access is guarded, and what it reports itself.
    struct Reason {
      bool isGuarded = false;
      std::optional<int64_t> site;
      tx::ReadOp element;
    };

    Reason reasonOf(Operation *op, ValueRange indices) {
      Taint::Set set = taint.of(indices);
      if (set.none())
        set = taint.around(op);
      Reason reason{set.any(), std::nullopt, {}};
      for (unsigned k : set.set_bits()) {
        Source source = taint.sources()[k];
        if (source.isTestable()) {
          tested.set(k);
        } else if (!reason.site) {
          reason.site = source.verify.getSite();
          reason.element = source.read;
        }
      }
      return reason;
    }

    void guard(Operation *op) {
      if (auto read = dyn_cast<tx::ReadOp>(op))
        guardRead(read);
      else if (auto scatter = dyn_cast<tx::ScatterOp>(op))
        guardPlace(scatter);
      else if (auto load = dyn_cast<par::LoadOp>(op); load && !load.getMask())
        guardLoad(load);
      else if (auto store = dyn_cast<par::StoreOp>(op); store && !store.getMask())
        guardStore(store);
      else if (auto atomic = dyn_cast<par::AtomicOp>(op))
        guardAtomic(atomic);
    }

    void guardRead(tx::ReadOp read) {
      OpBuilder b(read);
      Location loc = read.getLoc();
      if (read.isGuarded() || areOwnAxes(read.getIndices(), tx::getExtents(b, read.getSource())))
        return;
      Reason reason = reasonOf(read, read.getIndices());
      if (!reason.isGuarded)
        return;
      if (reason.site) {
        read.getAtMutable().assign(indexOf(b, loc, read, reason.element));
        return read.setSite(*reason.site);
      }
      b.createBlock(&read.getElseRegion());
      tx::YieldOp::create(
          b, loc, arith::ConstantOp::create(b, loc, b.getZeroAttr(read.getType())).getResult());
    }

    /// The place of the element that an access relies on, or the iteration.
    Value indexOf(OpBuilder &b, Location loc, Operation *access, tx::ReadOp element) {
      if (!element || !element->getParentRegion()->isAncestor(access->getParentRegion()))
        return par::iterationAt(b, loc);
      return placeOf(b, element);
    }
    static Value placeOf(OpBuilder &b, tx::ReadOp element) {
      return par::rowMajor(b, element.getLoc(), element.getIndices(),
                           tx::getExtents(b, element.getSource()));
    }

    /// Its places are tested again.
    void guardPlace(tx::ScatterOp scatter) {
      SmallVector<Value> extents(scatter.getExtents());
      if (!scatter.getInBounds() || areOwnAxes(scatter.getPlace(), extents))
        return;
      Reason reason = reasonOf(scatter.getYield(), scatter.getPlace());
      if (!reason.isGuarded)
        return;
      scatter.setInBounds(false);
      if (reason.site && !scatter.getSite())
        scatter.setSite(*reason.site);
      if (!scatter.getSite()) // the elements report; what is outside is left out
        scatter.setSkip(true);
    }

    /// Whether the place is inside; tested, and reported where elements do not.
    Value inside(OpBuilder &b, Operation *op, ValueRange indices, Value buffer) {
      Location loc = op->getLoc();
      auto extents = par::getExtents(b, buffer);
      if (indices.empty() || areOwnAxes(indices, extents))
        return {};
      Reason reason = reasonOf(op, indices);
      if (!reason.isGuarded)
        return {};
      Value ok = inRange(b, loc, indices, extents);
      if (reason.site)
        par::FailOp::create(b, loc, isOutside(b, loc, ok), b.getI64IntegerAttr(*reason.site),
                            indexOf(b, loc, op, reason.element));
      return ok;
    }

    void guardLoad(par::LoadOp load) {
      OpBuilder b(load);
      Value ok = inside(b, load, load.getIndices(), load.getSource());
      if (!ok)
        return;
      Value zero =
          arith::ConstantOp::create(b, load.getLoc(), b.getZeroAttr(load.getResult().getType()));
      load.getMaskMutable().assign(ok);
      load.getOtherMutable().assign(zero);
    }

    void guardStore(par::StoreOp store) {
      OpBuilder b(store);
      if (Value ok = inside(b, store, store.getIndices(), store.getDest()))
        store.getMaskMutable().assign(ok);
    }

    /// Under a choice: nothing is touched outside, and the value before is zero there.
    void guardAtomic(par::AtomicOp atomic) {
      OpBuilder b(atomic);
      Location loc = atomic.getLoc();
      Value ok = inside(b, atomic, atomic.getIndices(), atomic.getDest());
      if (!ok)
        return;
      Type type = atomic.getOld().getType();
      auto choice = scf::IfOp::create(b, loc, TypeRange{type}, ok, /*withElseRegion=*/true);
      atomic.getOld().replaceAllUsesWith(choice.getResult(0));
      b.setInsertionPointToStart(choice.elseBlock());
      Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
      scf::YieldOp::create(b, loc, zero);
      atomic->moveBefore(choice.thenBlock(), choice.thenBlock()->end());
      b.setInsertionPointToEnd(choice.thenBlock());
      scf::YieldOp::create(b, loc, atomic.getOld());
    }

    // ---- elements

    /// Every value from which the bound of a domain is computed, by arithmetic alone.
    static llvm::DenseSet<Value> usedAsBounds(func::FuncOp func) {
      llvm::DenseSet<Value> seen;
      SmallVector<Value> work;
      func.walk([&](Operation *op) {
        if (auto loop = dyn_cast<tx::ForOp>(op))
          work.append({loop.getLower(), loop.getUpper()});
        else if (auto seq = dyn_cast<par::SeqOp>(op))
          work.append({seq.getLower(), seq.getUpper()});
        else if (isa<tx::HasDomain, par::AllocOp>(op))
          llvm::append_range(work, op->getOperands());
      });
      while (!work.empty()) {
        Value v = work.pop_back_val();
        Operation *def = v.getDefiningOp();
        if (seen.insert(v).second && def && def->getNumRegions() == 0)
          llvm::append_range(work, def->getOperands());
      }
      return seen;
    }

    /// Fails where the element is outside of its range; a bound is the range's begin there.
    static void testElement(tx::ReadOp read, tx::VerifyOp v, bool isBound) {
      OpBuilder b(read->getContext());
      b.setInsertionPointAfter(read);
      Location loc = read.getLoc();
      Value element = read.getResult(), index = element;
      Type wide = b.getIndexType();
      if (!element.getType().isIndex() && v->hasAttr("tx.unsigned"))
        index = arith::IndexCastUIOp::create(b, loc, wide, element);
      else if (!element.getType().isIndex())
        index = arith::IndexCastOp::create(b, loc, wide, element);
      using P = arith::CmpIPredicate;
      Value ok;
      if (matchPattern(v.getLower(), m_Zero()) && isExtent(v.getUpper())) { // as accesses test it
        ok = arith::CmpIOp::create(b, loc, P::ult, index, v.getUpper());
      } else {
        Value above = arith::CmpIOp::create(b, loc, P::sge, index, v.getLower());
        Value below = arith::CmpIOp::create(b, loc, P::slt, index, v.getUpper());
        ok = arith::AndIOp::create(b, loc, above, below);
      }
      if (read.isGuarded()) { // an alternative is no element
        Value inside = inRange(b, loc, read.getIndices(), tx::getExtents(b, read.getSource()));
        ok = arith::OrIOp::create(b, loc, ok, isOutside(b, loc, inside));
      }
      par::FailOp::create(b, loc, isOutside(b, loc, ok), v.getSiteAttr(), placeOf(b, read));
      if (!isBound)
        return;
      Value begin = v.getLower();
      if (begin.getType() != element.getType())
        begin = arith::IndexCastOp::create(b, loc, element.getType(), begin);
      auto tested = arith::SelectOp::create(b, loc, ok, element, begin);
      element.replaceUsesWithIf(tested.getResult(), [&](OpOperand &use) {
        Operation *user = use.getOwner();
        return user != tested.getOperation() && user != index.getDefiningOp();
      });
    }

    /// It is not negative.
    static bool isExtent(Value v) {
      APInt number;
      if (matchPattern(v, m_ConstantInt(&number)))
        return !number.isNegative();
      if (auto arg = dyn_cast<BlockArgument>(v)) // a dim that is a length
        if (auto func = dyn_cast<func::FuncOp>(arg.getOwner()->getParentOp());
            func && func.getArgAttr(arg.getArgNumber(), "tx.dim") &&
            !func.getArgAttr(arg.getArgNumber(), "tx.position"))
          return true;
      return llvm::any_of(v.getUsers(), [&](Operation *user) {
        auto bind = dyn_cast<tx::BindOp>(user);
        return bind && llvm::is_contained(bind.getExtents(), v);
      });
    }
  };
};
} // namespace
} // namespace texpr

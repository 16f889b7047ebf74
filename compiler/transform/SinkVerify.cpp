// sink-verify: promises on elements become tests at the accesses that rely on them.
//
// In: tx.verify. Out: none; whatever depends on an element of one is guarded.
//   %c = tx.verify %c0 in [0 to %n] site 2       %v = tx.read %x[%c[p]]   →   %v = tx.read %x[%c0[p]] fail 2
// * A read, load or store whose index depends on such an element (through arithmetic, tensors, buffers, choices) is guarded with the
//   site, unless its indices are axes over its very extents. So is one that only runs under a condition that depends on it.
// * An element that ends up as the bound of a domain is tested where it is read, and replaced by the range's begin where it
//   fails: a loop of 2^60 iterations would report its error too late.
// What must hold: no access relies on data that was not tested. Where all tests pass, the promise held for all that was used.
#include "compiler/transform/Passes.h"
#include "dialects/par/Extents.h"
#include "dialects/par/ParOps.h"
#include "dialects/tx/Extents.h"
#include "dialects/tx/Reach.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_SINKVERIFY
#include "compiler/transform/Passes.h.inc"

namespace {

/// Which values depend on verified elements: the site of the first verify that each does.
class Taint {
public:
  explicit Taint(func::FuncOp func) {
    func.walk([&](tx::VerifyOp v) { sites[v.getResult()] = v.getSite(); });
    do {
      changed = false;
      func.walk<WalkOrder::PreOrder>([&](Operation *op) { visit(op); });
    } while (changed);
  }

  std::optional<int64_t> of(Value v) const {
    auto it = sites.find(v);
    return it == sites.end() ? std::nullopt : std::optional(it->second);
  }
  std::optional<int64_t> of(ValueRange values) const {
    for (Value v : values)
      if (auto site = of(v))
        return site;
    return std::nullopt;
  }
  /// The site of a condition or domain, around `op`, that depends on verified elements.
  std::optional<int64_t> around(Operation *op) const {
    for (; op; op = op->getParentOp()) {
      auto it = control.find(op);
      if (it != control.end())
        return it->second;
    }
    return std::nullopt;
  }
  bool isEmpty() const { return sites.empty(); }

private:
  llvm::DenseMap<Value, int64_t> sites;
  llvm::DenseMap<Operation *, int64_t>
      control; // ops whose regions run only as verified elements say
  bool changed = false;

  void mark(Value v, std::optional<int64_t> site) {
    if (site && sites.try_emplace(v, *site).second)
      changed = true;
  }
  void markAll(ValueRange values, std::optional<int64_t> site) {
    for (Value v : values)
      mark(v, site);
  }
  void markControl(Operation *op, std::optional<int64_t> site) {
    if (site && control.try_emplace(op, *site).second)
      changed = true;
  }
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
    if (isa<tx::ReadOp>(op))
      markAll(op->getResults(),
              of(op->getOperand(0)) ? of(op->getOperands()) : of(yielded(op->getRegion(0))));
    else if (auto choice = dyn_cast<scf::IfOp>(op))
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
    auto site = scatter ? of(scatter.getLower()) : of(op->getOperands());
    if (scatter && !site)
      site = of(scatter.getUpper());
    if (isa<tx::ReduceOp, tx::ScatterOp, tx::FilterOp>(op))
      markControl(op, of(yielded(op->getRegion(1))));
    if (!site)
      return;
    markControl(op, site);
    for (Region &region : op->getRegions())
      if (!region.empty())
        for (BlockArgument arg : region.getArguments())
          if (arg.getType().isIndex())
            mark(arg, site);
    if (isa<tx::ReduceOp, par::ReduceOp, tx::ScanOp, tx::ScatterOp, tx::FilterOp, tx::SortOp>(op))
      markAll(op->getResults(), site);
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

Value failUnless(OpBuilder &b, Location loc, Value ok, int64_t site) {
  Value yes = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
  Value isBad = arith::XOrIOp::create(b, loc, ok, yes);
  par::FailOp::create(b, loc, isBad, b.getI64IntegerAttr(site));
  return ok;
}

struct SinkVerify : impl::SinkVerifyBase<SinkVerify> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      Taint taint(func);
      if (!taint.isEmpty())
        sink(func, taint);
    }
  }

  void sink(func::FuncOp func, const Taint &taint) {
    SmallVector<Operation *> accesses;
    SmallVector<tx::VerifyOp> verifies;
    func.walk([&](Operation *op) {
      if (isa<tx::ReadOp, tx::ScatterOp, par::LoadOp, par::StoreOp, par::AtomicOp>(op))
        accesses.push_back(op);
      else if (auto v = dyn_cast<tx::VerifyOp>(op))
        verifies.push_back(v);
    });
    for (Operation *op : accesses)
      guard(op, taint);
    llvm::DenseSet<Value> bounds = usedAsBounds(func);
    for (tx::VerifyOp v : verifies) {
      for (Operation *user : v.getResult().getUsers())
        if (auto read = dyn_cast<tx::ReadOp>(user); read && bounds.contains(read.getResult()))
          testElement(read, v);
      v.replaceAllUsesWith(v.getSource());
      v.erase();
    }
  }

  void guard(Operation *op, const Taint &taint) {
    if (auto read = dyn_cast<tx::ReadOp>(op)) {
      auto site = siteOf(read, read.getIndices(), taint);
      OpBuilder b(op);
      if (site && !read.isGuarded() &&
          !areOwnAxes(read.getIndices(), tx::getExtents(b, read.getSource())))
        read.setSite(*site);
    } else if (auto scatter = dyn_cast<tx::ScatterOp>(op)) {
      guardPlace(scatter, taint);
    } else if (auto load = dyn_cast<par::LoadOp>(op)) {
      if (auto site = siteOf(op, load.getIndices(), taint); site && !load.getMask())
        guardLoad(load, *site);
    } else if (auto store = dyn_cast<par::StoreOp>(op)) {
      if (auto site = siteOf(op, store.getIndices(), taint); site && !store.getMask())
        guardStore(store, *site);
    } else if (auto atomic = dyn_cast<par::AtomicOp>(op)) {
      if (auto site = siteOf(op, atomic.getIndices(), taint))
        guardAtomic(atomic, *site);
    }
  }

  static std::optional<int64_t> siteOf(Operation *op, ValueRange indices, const Taint &taint) {
    auto site = taint.of(indices);
    return site ? site : taint.around(op);
  }

  /// Its places are tested again, and report the data that they rest on.
  static void guardPlace(tx::ScatterOp scatter, const Taint &taint) {
    auto site = siteOf(scatter.getYield(), scatter.getPlace(), taint);
    SmallVector<Value> extents(scatter.getExtents());
    if (!site || !scatter.getInBounds() || areOwnAxes(scatter.getPlace(), extents))
      return;
    scatter.setInBounds(false);
    if (!scatter.getSite())
      scatter.setSite(*site);
  }

  void guardLoad(par::LoadOp load, int64_t site) {
    OpBuilder b(load);
    Location loc = load.getLoc();
    auto extents = par::getExtents(b, load.getSource());
    if (load.getIndices().empty() || areOwnAxes(load.getIndices(), extents))
      return;
    Value ok = failUnless(b, loc, inRange(b, loc, load.getIndices(), extents), site);
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(load.getResult().getType()));
    load.getMaskMutable().assign(ok);
    load.getOtherMutable().assign(zero);
  }

  void guardStore(par::StoreOp store, int64_t site) {
    OpBuilder b(store);
    Location loc = store.getLoc();
    auto extents = par::getExtents(b, store.getDest());
    if (store.getIndices().empty() || areOwnAxes(store.getIndices(), extents))
      return;
    store.getMaskMutable().assign(
        failUnless(b, loc, inRange(b, loc, store.getIndices(), extents), site));
  }

  /// Under a choice: nothing is touched outside, and the value before is zero there.
  void guardAtomic(par::AtomicOp atomic, int64_t site) {
    OpBuilder b(atomic);
    Location loc = atomic.getLoc();
    auto extents = par::getExtents(b, atomic.getDest());
    if (atomic.getIndices().empty() || areOwnAxes(atomic.getIndices(), extents))
      return;
    Value ok = failUnless(b, loc, inRange(b, loc, atomic.getIndices(), extents), site);
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

  /// The element, or the begin of its range where it lies outside.
  void testElement(tx::ReadOp read, tx::VerifyOp v) {
    OpBuilder b(read->getContext());
    b.setInsertionPointAfter(read);
    Location loc = read.getLoc();
    Value element = read.getResult();
    Value index = element.getType().isIndex()
                      ? element
                      : arith::IndexCastOp::create(b, loc, b.getIndexType(), element).getResult();
    using P = arith::CmpIPredicate;
    Value above = arith::CmpIOp::create(b, loc, P::sge, index, v.getLower());
    Value below = arith::CmpIOp::create(b, loc, P::slt, index, v.getUpper());
    Value ok = failUnless(b, loc, arith::AndIOp::create(b, loc, above, below), v.getSite());
    Value begin = v.getLower();
    if (begin.getType() != element.getType())
      begin = arith::IndexCastOp::create(b, loc, element.getType(), begin);
    auto tested = arith::SelectOp::create(b, loc, ok, element, begin);
    element.replaceUsesWithIf(tested.getResult(), [&](OpOperand &use) {
      Operation *user = use.getOwner();
      return user != tested.getOperation() && user != index.getDefiningOp();
    });
  }
};
} // namespace
} // namespace texpr

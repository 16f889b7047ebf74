// Checks of memory: each access lies inside, reads what was written, and races with no other
// iteration.
//
// In: loads, stores and atomics on buffers. Out: the same, each behind its tests. Beside a buffer
// that the function makes stands `written`, a bool an element, false at first. Beside a buffer that
// iterations of a `par` share stand, for each such par, the number of the iteration that stored to
// an element last (and that changed it by an atomic), and of one that read it; negative where several did.
// Numbers grow over all iterations of all runs of the par, so nothing is ever cleared:
//   %base = load clock; clock = %base + iterations      iteration (i, j): %base + 1 + i * n + j
//   a store by iteration k races where an owner is above %base and is not k
// Iterations run one after the other, so what they touched is known exactly. Iteration numbers of a
// par that ran before are at most %base, and count as nobody. The foralls that split-lanes has made of
// a `fully par` are one team with a clock of its own, which advances at each barrier (CheckedLanes.cpp):
// what was touched in another epoch counts as nobody's, too.
#include "compiler/transform/Checked.h"
#include "dialects/par/Extents.h"
#include "dialects/par/Iteration.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace texpr::checked {

namespace {

/// Who touched the elements of a buffer in one `par`: buffers of iteration numbers.
struct Owners {
  Value writer, reader;
  Value changer;          // null where there is no atomic
  bool isChanged = false; // by an atomic
};

struct Shadow {
  Value written;
  llvm::MapVector<Operation *, Owners> owners; // by the par: of a team, its first one
};

enum class Access { load, store, atomic };

struct Memory {
  func::FuncOp func;
  Sites &sites;
  OpBuilder b;
  Value clock;
  llvm::MapVector<Value, Shadow> shadows; // by buffer
  struct Iteration {
    Value base, number;
  };
  DenseMap<Operation *, Iteration> iterations;
  struct Team {
    SmallVector<par::ForallOp> foralls;
    Value clock;
  };
  llvm::MapVector<int64_t, Team> teams;

  Memory(func::FuncOp func, Sites &sites) : func(func), sites(sites), b(func.getContext()) {}

  // ---- buffers

  static Value bufferOf(Operation *op) {
    if (auto load = dyn_cast<par::LoadOp>(op))
      return load.getSource();
    if (auto store = dyn_cast<par::StoreOp>(op))
      return store.getDest();
    return cast<par::AtomicOp>(op).getDest();
  }
  static ValueRange indicesOf(Operation *op) {
    if (auto load = dyn_cast<par::LoadOp>(op))
      return load.getIndices();
    if (auto store = dyn_cast<par::StoreOp>(op))
      return store.getIndices();
    return cast<par::AtomicOp>(op).getIndices();
  }

  // ---- teams of lanes

  static std::optional<int64_t> numberOf(Operation *op, StringRef attribute) {
    auto number = op->getAttrOfType<IntegerAttr>(attribute);
    return number ? std::optional(number.getInt()) : std::nullopt;
  }
  void findTeams() {
    func.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (auto forall = dyn_cast<par::ForallOp>(op))
        if (auto team = numberOf(op, kLanes); team && !forall.getFull())
          teams[*team].foralls.push_back(forall);
      if (auto alloc = dyn_cast<par::AllocOp>(op))
        if (auto team = numberOf(op, kEpoch))
          teams[*team].clock = alloc;
    });
  }
  /// What stands for the par that `op` is one of; null where it is none.
  Operation *parOf(Operation *op) {
    if (auto team = numberOf(op, kLanes); team && teams.contains(*team))
      return teams[*team].foralls.front();
    return op->hasAttr("checked.par") ? op : nullptr;
  }
  /// The forall around `op` that `par` stands for.
  par::ForallOp memberAround(Operation *op, Operation *par) {
    for (Operation *p = op->getParentOp(); p != func; p = p->getParentOp())
      if (parOf(p) == par)
        return cast<par::ForallOp>(p);
    return {};
  }
  /// Each lane has elements of its own in it.
  static bool isOwn(Value buffer, Operation *par) {
    auto alloc = buffer.getDefiningOp<par::AllocOp>();
    auto own = alloc ? alloc->getAttrOfType<ArrayAttr>(kOwn) : ArrayAttr();
    return own && llvm::is_contained(own, par->getAttr(kLanes));
  }
  static bool isClock(Value buffer) {
    auto alloc = buffer.getDefiningOp<par::AllocOp>();
    return alloc && alloc->hasAttr(kEpoch);
  }

  bool has(Value buffer, StringRef attribute) {
    auto bind = buffer.getDefiningOp<par::BindOp>();
    auto arg = bind ? dyn_cast<BlockArgument>(bind.getSource()) : BlockArgument();
    return arg && func.getArgAttr(arg.getArgNumber(), attribute);
  }
  /// What is lent is written already.
  bool isResult(Value buffer) { return has(buffer, "tx.out") && !has(buffer, "tx.tied"); }

  Value number(Location loc, int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

  /// What touches memory stands in a kernel.
  void inKernel(Location loc, function_ref<void()> body) {
    if (b.getInsertionBlock()->getParentOp() != func)
      return body();
    auto kernel = par::KernelOp::create(b, loc);
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&kernel.getBody());
    body();
  }

  void overElements(Location loc, ValueRange extents, function_ref<void(ValueRange)> body) {
    if (extents.empty())
      return body({});
    SmallVector<Value> lower(extents.size(), number(loc, 0));
    SmallVector<StringRef> names(extents.size(), "v0");
    par::ForallOp::create(b, loc, lower, extents, b.getStrArrayAttr(names),
                          [&](OpBuilder &inner, Location, ValueRange at) {
                            OpBuilder::InsertionGuard guard(b);
                            b.setInsertionPointToEnd(inner.getInsertionBlock());
                            body(at);
                            inner.setInsertionPointToEnd(b.getInsertionBlock());
                          });
  }

  /// A buffer of the same extents, filled with 0.
  Value beside(Value buffer, Type element) {
    Location loc = buffer.getLoc();
    auto extents = par::getExtents(b, buffer);
    Value made = par::AllocOp::create(b, loc, element, extents);
    inKernel(loc, [&] {
      Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
      overElements(loc, extents,
                   [&](ValueRange at) { par::StoreOp::create(b, loc, zero, made, at); });
    });
    return made;
  }

  /// The pars around `op` that share `buffer`, and in which it changes.
  SmallVector<Operation *> parsSharing(Operation *op, Value buffer,
                                       const DenseSet<std::pair<Value, Operation *>> &changing) {
    SmallVector<Operation *> pars;
    for (Operation *p = op->getParentOp(); p != func; p = p->getParentOp()) {
      Operation *par = parOf(p);
      if (par && changing.contains({buffer, par}) && !isOwn(buffer, par) &&
          !p->isAncestor(buffer.getParentRegion()->getParentOp()))
        pars.push_back(par);
    }
    return pars;
  }

  void makeShadows(ArrayRef<Operation *> accesses) {
    DenseSet<std::pair<Value, Operation *>> changing;
    for (Operation *op : accesses)
      if (!isa<par::LoadOp>(op))
        for (Operation *p = op->getParentOp(); p != func; p = p->getParentOp())
          if (Operation *par = parOf(p))
            changing.insert({bufferOf(op), par});
    for (Operation *op : accesses) {
      Value buffer = bufferOf(op);
      Shadow &shadow = shadows[buffer];
      for (Operation *p : parsSharing(op, buffer, changing))
        shadow.owners[p].isChanged |= isa<par::AtomicOp>(op);
    }
    for (auto &[buffer, shadow] : shadows) {
      b.setInsertionPointAfterValue(buffer);
      Type i64 = b.getI64Type();
      if (isResult(buffer) || buffer.getDefiningOp<par::AllocOp>())
        shadow.written = beside(buffer, b.getI1Type());
      for (auto &[par, owners] : shadow.owners) {
        owners.writer = beside(buffer, i64);
        owners.reader = beside(buffer, i64);
        if (owners.isChanged)
          owners.changer = beside(buffer, i64);
      }
    }
  }

  // ---- iterations

  /// max(upper - lower, 0) of each axis.
  SmallVector<Value> lengths(par::ForallOp op) {
    SmallVector<Value> all;
    Location loc = op.getLoc();
    for (auto [lower, upper] : llvm::zip_equal(op.getLower(), op.getUpper()))
      all.push_back(arith::MaxSIOp::create(b, loc, arith::SubIOp::create(b, loc, upper, lower),
                                           number(loc, 0)));
    return all;
  }

  /// Numbers the iterations of the pars that share something.
  void numberIterations() {
    llvm::SetVector<Operation *> pars;
    for (auto &[buffer, shadow] : shadows)
      for (auto &[par, owners] : shadow.owners)
        pars.insert(par);
    if (pars.empty())
      return;
    Location loc = func.getLoc();
    b.setInsertionPointToStart(&func.getBody().front());
    clock = par::AllocOp::create(b, loc, b.getI64Type(), ValueRange());
    inKernel(loc, [&] {
      par::StoreOp::create(b, loc, arith::ConstantIntOp::create(b, loc, 0, 64), clock,
                           ValueRange());
    });
    for (Operation *op : pars) {
      if (auto team = numberOf(op, kLanes))
        for (par::ForallOp forall : teams[*team].foralls)
          numberIterations(forall, teams[*team].clock);
      else
        numberIterations(cast<par::ForallOp>(op), Value());
    }
  }

  /// A team's clock is advanced elsewhere.
  void numberIterations(par::ForallOp op, Value epoch) {
    Location loc = op.getLoc();
    b.setInsertionPoint(op);
    SmallVector<Value> length = lengths(op);
    Value base = par::LoadOp::create(b, loc, epoch ? epoch : clock, ValueRange());
    if (!epoch) {
      Value total = number(loc, 1);
      for (Value l : length)
        total = arith::MulIOp::create(b, loc, total, l);
      Value next = arith::AddIOp::create(b, loc, base, toI64(loc, total));
      par::StoreOp::create(b, loc, next, clock, ValueRange());
    }
    b.setInsertionPointToStart(op.getBlock());
    Value linear = number(loc, 0);
    for (auto [i, l, lower] : llvm::zip_equal(op.getArgs(), length, op.getLower()))
      linear = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, linear, l),
                                     arith::SubIOp::create(b, loc, i, lower));
    Value first = arith::AddIOp::create(b, loc, base, arith::ConstantIntOp::create(b, loc, 1, 64));
    iterations[op] = {base, arith::AddIOp::create(b, loc, first, toI64(loc, linear))};
  }

  Value toI64(Location loc, Value v) {
    return arith::IndexCastOp::create(b, loc, b.getI64Type(), v);
  }

  // ---- accesses

  static StringRef verb(Access how) {
    return how == Access::load ? "reads" : how == Access::store ? "writes" : "changes";
  }
  /// "`x`[{}, {}]", or "element [{}, {}] of a value"; a scalar has no indices.
  static std::string element(Value buffer, size_t rank) {
    std::string name = nameOf(buffer), indices;
    for (size_t i = 0; i < rank; ++i)
      indices += i ? ", {}" : "[{}";
    if (!rank)
      return name;
    return name == "a value" ? "element " + indices + "] of a value" : name + indices + "]";
  }

  void access(Operation *op) {
    Value buffer = bufferOf(op);
    SmallVector<Value> indices(indicesOf(op));
    Access how = isa<par::LoadOp>(op)    ? Access::load
                 : isa<par::StoreOp>(op) ? Access::store
                                         : Access::atomic;
    Value mask;
    if (auto load = dyn_cast<par::LoadOp>(op))
      mask = load.getMask();
    else if (auto store = dyn_cast<par::StoreOp>(op))
      mask = store.getMask();
    Location loc = op->getLoc();
    b.setInsertionPoint(op);
    const Shadow &shadow = shadows[buffer];
    if (indices.empty() && !shadow.written && shadow.owners.empty())
      return;
    OpBuilder::InsertionGuard guard(b);
    if (mask) {
      auto choice = scf::IfOp::create(b, loc, mask, /*withElseRegion=*/false);
      b.setInsertionPointToStart(choice.thenBlock());
    }
    checkBounds(op, how, buffer, indices);
    if (how == Access::load && shadow.written)
      checkWritten(op, buffer, indices, shadow.written);
    for (auto &[par, owners] : shadow.owners)
      if (par::ForallOp member = memberAround(op, par))
        checkRace(op, how, buffer, indices, member, owners);
    if (how == Access::store && shadow.written)
      par::StoreOp::create(b, loc, arith::ConstantIntOp::create(b, loc, 1, 1), shadow.written,
                           indices);
  }

  void checkBounds(Operation *op, Access how, Value buffer, ArrayRef<Value> indices) {
    if (indices.empty())
      return;
    Location loc = op->getLoc();
    SmallVector<Value> extents = par::getExtents(b, buffer);
    Value bad;
    for (auto [index, extent] : llvm::zip_equal(indices, extents)) {
      Value outside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, index, extent);
      bad = bad ? arith::OrIOp::create(b, loc, bad, outside).getResult() : outside;
    }
    Around around(op);
    std::string text = (verb(how) + " " + element(buffer, indices.size()) + ", which has ").str();
    for (size_t i = 0; i < extents.size(); ++i)
      text += i ? " x {}" : "{}";
    text += " elements";
    SmallVector<Value> values(indices);
    values.append(extents);
    values.append(around.values);
    int64_t site = sites.add(loc, text + around.text, values.size());
    failIf(b, loc, bad, site, [&](OpBuilder &) { return values; });
  }

  void checkWritten(Operation *op, Value buffer, ArrayRef<Value> indices, Value written) {
    Location loc = op->getLoc();
    Value is = par::LoadOp::create(b, loc, written, indices);
    Value bad = arith::XOrIOp::create(b, loc, is, arith::ConstantIntOp::create(b, loc, 1, 1));
    Around around(op);
    SmallVector<Value> values(indices);
    values.append(around.values);
    int64_t site = sites.add(
        loc, "reads " + element(buffer, indices.size()) + ", which was never written" + around.text,
        values.size());
    failIf(b, loc, bad, site, [&](OpBuilder &) { return values; });
  }

  /// Fails where `owner` has a number of this run that is not ours; a negative one is one of several.
  void checkOwner(Operation *op, Access how, StringRef did, Value buffer, ArrayRef<Value> indices,
                  par::ForallOp par, Value owner) {
    Location loc = op->getLoc();
    Iteration mine = iterations.lookup(par);
    using P = arith::CmpIPredicate;
    Value who = par::LoadOp::create(b, loc, owner, indices);
    Value several =
        arith::CmpIOp::create(b, loc, P::slt, who, arith::ConstantIntOp::create(b, loc, 0, 64));
    Value magnitude = arith::SelectOp::create(
        b, loc, several,
        arith::SubIOp::create(b, loc, arith::ConstantIntOp::create(b, loc, 0, 64), who), who);
    Value isOfNow = arith::CmpIOp::create(b, loc, P::sgt, magnitude, mine.base);
    Value isOther = arith::CmpIOp::create(b, loc, P::ne, who, mine.number);
    Value bad = arith::AndIOp::create(b, loc, isOfNow, isOther);
    Around around(op);
    SmallVector<std::string> names;
    for (Attribute name : par.getAxes())
      names.push_back(cast<StringAttr>(name).getValue().str());
    std::string other;
    for (const std::string &name : names)
      other += (other.empty() ? "" : ", ") + name + " = {}";
    bool isTeam = par->hasAttr(kLanes);
    std::string text = "a race: " + verb(how).str() + " " + element(buffer, indices.size()) +
                       ", which another iteration of the `" + (isTeam ? "fully par" : "par") +
                       "` (" + other + ") " + did.str() +
                       (isTeam ? " with no `barrier` between" : "") + around.text;
    int64_t site = sites.add(loc, text, indices.size() + names.size() + around.values.size());
    failIf(b, loc, bad, site, [&](OpBuilder &inside) {
      SmallVector<Value> values(indices);
      Value one = arith::ConstantIntOp::create(inside, loc, 1, 64);
      Value linear = arith::IndexCastOp::create(
          inside, loc, inside.getIndexType(),
          arith::SubIOp::create(inside, loc,
                                arith::SubIOp::create(inside, loc, magnitude, mine.base), one));
      SmallVector<Value> other(names.size());
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(inside.getInsertionBlock(), inside.getInsertionPoint());
      SmallVector<Value> length = lengths(par);
      for (size_t i = names.size(); i-- > 0;) {
        Value rest = arith::RemSIOp::create(b, loc, linear, length[i]);
        other[i] = arith::AddIOp::create(b, loc, rest, par.getLower()[i]);
        linear = arith::DivSIOp::create(b, loc, linear, length[i]);
      }
      values.append(other);
      values.append(around.values);
      inside.setInsertionPointToEnd(b.getInsertionBlock());
      return values;
    });
  }

  void checkRace(Operation *op, Access how, Value buffer, ArrayRef<Value> indices,
                 par::ForallOp par, const Owners &owners) {
    Location loc = op->getLoc();
    Value mine = iterations.lookup(par).number;
    checkOwner(op, how, "wrote", buffer, indices, par, owners.writer);
    if (how != Access::load)
      checkOwner(op, how, "read", buffer, indices, par, owners.reader);
    if (how != Access::atomic && owners.changer)
      checkOwner(op, how, "changed by an atomic", buffer, indices, par, owners.changer);
    Value target = how == Access::load    ? owners.reader
                   : how == Access::store ? owners.writer
                                          : owners.changer;
    if (how != Access::store)
      mine = joined(loc, target, indices, par, mine);
    par::StoreOp::create(b, loc, mine, target, indices);
  }

  /// The number to keep: ours, or minus that where another iteration of this run came before.
  Value joined(Location loc, Value owner, ArrayRef<Value> indices, par::ForallOp par, Value mine) {
    using P = arith::CmpIPredicate;
    Value base = iterations.lookup(par).base;
    Value zero = arith::ConstantIntOp::create(b, loc, 0, 64);
    Value who = par::LoadOp::create(b, loc, owner, indices);
    Value minus = arith::SubIOp::create(b, loc, zero, who);
    Value magnitude = arith::MaxSIOp::create(b, loc, who, minus);
    Value isOfNow = arith::CmpIOp::create(b, loc, P::sgt, magnitude, base);
    Value isOther = arith::CmpIOp::create(b, loc, P::ne, who, mine);
    Value several = arith::AndIOp::create(b, loc, isOfNow, isOther);
    Value marked = arith::MinSIOp::create(b, loc, who, minus);
    return arith::SelectOp::create(b, loc, several, marked, mine);
  }

  // ---- results

  /// Those of a result: where a length was found while running, that one.
  SmallVector<Value> usedExtents(Value buffer) {
    SmallVector<Value> extents = par::getExtents(b, buffer);
    auto arg = cast<BlockArgument>(buffer.getDefiningOp<par::BindOp>().getSource());
    auto lengths = func.getArgAttrOfType<ArrayAttr>(arg.getArgNumber(), "checked.short");
    if (!lengths)
      return extents;
    Location loc = buffer.getLoc();
    for (auto [extent, name] : llvm::zip(extents, lengths.getAsRange<StringAttr>()))
      if (Value found = name == "" ? Value() : foundDim(name)) {
        Value length = par::LoadOp::create(b, loc, found, ValueRange());
        length = arith::IndexCastOp::create(b, loc, b.getIndexType(), length);
        extent = arith::MinSIOp::create(b, loc, extent, length);
      }
    return extents;
  }
  /// The result that holds a dim that is found.
  Value foundDim(StringAttr name) {
    for (auto &[buffer, shadow] : shadows)
      if (isResult(buffer) && has(buffer, "tx.found")) {
        auto arg = cast<BlockArgument>(buffer.getDefiningOp<par::BindOp>().getSource());
        if (func.getArgAttr(arg.getArgNumber(), "tx.name") == name)
          return buffer;
      }
    return {};
  }

  /// What is returned is read.
  void checkResults() {
    auto ret = cast<func::ReturnOp>(func.getBody().front().getTerminator());
    for (auto &[buffer, shadow] : shadows) {
      if (!isResult(buffer))
        continue;
      Location loc = buffer.getLoc();
      b.setInsertionPoint(ret);
      size_t rank = cast<par::BufType>(buffer.getType()).getRank();
      int64_t site =
          sites.add(loc, element(buffer, rank) + " is returned and was never written", rank);
      inKernel(loc, [&] {
        SmallVector<Value> extents = usedExtents(buffer);
        overElements(loc, extents, [&](ValueRange at) {
          Value is = par::LoadOp::create(b, loc, shadow.written, at);
          Value bad = arith::XOrIOp::create(b, loc, is, arith::ConstantIntOp::create(b, loc, 1, 1));
          failIf(
              b, loc, bad, site, [&](OpBuilder &) { return SmallVector<Value>(at); },
              par::rowMajor(b, loc, at, extents));
        });
      });
    }
  }

  void run() {
    SmallVector<Operation *> accesses;
    func.walk([&](Operation *op) {
      if (isa<par::LoadOp, par::StoreOp, par::AtomicOp>(op) && !isClock(bufferOf(op)))
        accesses.push_back(op);
    });
    findTeams();
    makeShadows(accesses);
    numberIterations();
    for (Operation *op : accesses)
      access(op);
    checkResults();
  }
};
} // namespace

void instrumentMemory(func::FuncOp func, Sites &sites) { Memory(func, sites).run(); }

} // namespace texpr::checked

// lower-to-par: values become buffers, index lambdas become nests.
//
// In: stage `tx` after group-kernels. Out: stage `par`: no tensors; results are buffer arguments
// after the inputs.
//   %y = tx.kernel { %t = tx.compute (%i) … {        par.kernel {
//          %s = tx.reduce add (%k) … { … }             par.forall (%i) = … {
//          tx.yield %s : f32 }                   =>      %s = par.reduce add (%k) … { … }
//        tx.yield %t }                                   par.store %s, %y[%i] } }
//
// A value is made where it is consumed: what a terminator yields is written straight to the place
// of the enclosing op's result ("destination passing"), so softmax's last compute stores into y's
// row and nothing is copied. Views have no op: a value that lives inside another is a buffer with
// leading indices (`Place`). Upstream bufferization is not used: every buffer is known from birth,
// and data-dependent domains have no destination style there.
#include "compiler/transform/LowerToPar.h"
#include "compiler/transform/Passes.h"
#include "dialects/tx/Extents.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_LOWERTOPAR
#include "compiler/transform/Passes.h.inc"

bool isTensor(Value v) { return isa<RankedTensorType>(v.getType()); }

static par::BufType bufferOf(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return par::BufType::get(type.getContext(), tensor.getRank(), tensor.getElementType());
  return par::BufType::get(type.getContext(), 0,
                           type.isIndex() ? IntegerType::get(type.getContext(), 64) : type);
}

Value ParLowering::constantIndex(Location loc, int64_t v) {
  return arith::ConstantIndexOp::create(b, loc, v);
}

SmallVector<Value> ParLowering::extents(Value tensor) {
  auto it = extentsBefore.find(tensor);
  return it != extentsBefore.end() ? it->second : tx::getExtents(b, tensor);
}

void ParLowering::keepExtents(Operation *op) {
  for (Value result : op->getResults())
    if (isTensor(result) && !extentsBefore.contains(result))
      extentsBefore[result] = tx::getExtents(b, result);
}

Value ParLowering::load(Location loc, const Place &place, ValueRange indices) {
  auto element = cast<par::BufType>(place.buffer.getType()).getElementType();
  return par::LoadOp::create(b, loc, element, place.buffer, place.at(indices), Value(), Value());
}

Place ParLowering::placeOf(Value result, StringRef name) {
  auto it = requests.find(result);
  Place place;
  if (it != requests.end()) {
    place = it->second;
  } else {
    SmallVector<Value> ext = isTensor(result) ? extents(result) : SmallVector<Value>();
    if (auto room = roomOf(result))
      ext = *room;
    StringAttr nameAttr = name.empty() ? StringAttr() : b.getStringAttr(name);
    place.buffer = par::AllocOp::create(b, result.getLoc(), bufferOf(result.getType()), ext,
                                        StringAttr(), nameAttr, UnitAttr());
  }
  places[result] = place;
  return place;
}

bool ParLowering::request(Value v, const Place &place, Block *block) {
  Operation *def = v.getDefiningOp();
  // A bind is the caller's memory, a verify its source's: those are copied.
  if (!def || def->getBlock() != block || isa<tx::BindOp, tx::VerifyOp>(def) || requests.count(v))
    return false;
  if (!isTensor(v) && !isa<tx::KernelOp>(def))
    return false;
  requests[v] = place;
  return true;
}

void ParLowering::copyTo(const Place &from, const Place &to, ValueRange ext, Location loc) {
  if (from.buffer == to.buffer && from.prefix == to.prefix)
    return;
  if (ext.empty()) {
    par::StoreOp::create(b, loc, load(loc, from, {}), to.buffer, to.prefix, Value());
    return;
  }
  forallOver(loc, ext, [&](ValueRange indices) {
    par::StoreOp::create(b, loc, load(loc, from, indices), to.buffer, to.at(indices), Value());
  });
}

void ParLowering::deliver(Value v, const Place &to, Location loc) {
  if (isTensor(v)) {
    copyTo(places.lookup(v), to, extents(v), loc);
    return;
  }
  auto element = cast<par::BufType>(to.buffer.getType()).getElementType();
  if (v.getType() != element)
    v = arith::IndexCastOp::create(b, loc, element, v);
  par::StoreOp::create(b, loc, v, to.buffer, to.prefix, Value());
}

// ---- signature ---------------------------------------------------------------------------------

/// Tensor arguments become buffers, results become buffer arguments; their extents come from the
/// returned values.
void ParLowering::lowerSignature() {
  Block &entry = func.getBody().front();
  for (BlockArgument arg : entry.getArguments())
    if (isTensor(arg))
      arg.setType(bufferOf(arg.getType()));
  auto ret = cast<func::ReturnOp>(entry.getTerminator());
  SmallVector<DictionaryAttr> argAttrs;
  func.getAllArgAttrs(argAttrs);
  argAttrs.resize(entry.getNumArguments());
  for (DictionaryAttr &a : argAttrs)
    if (!a)
      a = b.getDictionaryAttr({});
  b.setInsertionPoint(ret);
  for (auto [i, v] : llvm::enumerate(ret.getOperands())) {
    if (auto tied = func.getResultAttrOfType<IntegerAttr>(i, "tx.tied")) {
      NamedAttrList attrs(argAttrs[tied.getInt()]);
      attrs.set("tx.inout", b.getUnitAttr());
      argAttrs[tied.getInt()] = attrs.getDictionary(b.getContext());
      outArguments.push_back(entry.getArgument(tied.getInt()));
      continue;
    }
    NamedAttrList attrs(func.getResultAttrDict(i));
    attrs.set("tx.out", b.getUnitAttr());
    argAttrs.push_back(attrs.getDictionary(b.getContext()));
    outArguments.push_back(entry.addArgument(bufferOf(v.getType()), v.getLoc()));
  }
  func.removeResAttrsAttr();
  func.setType(b.getFunctionType(entry.getArgumentTypes(), {}));
  func.setAllArgAttrs(argAttrs);
}

LogicalResult ParLowering::run() {
  Block &entry = func.getBody().front();
  auto ret = cast<func::ReturnOp>(entry.getTerminator());
  lowerSignature();
  // Extents are found through regions: all are asked before the first region moves.
  SmallVector<Operation *> makers;
  func.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (llvm::any_of(op->getResults(), isTensor))
      makers.push_back(op);
  });
  for (Operation *op : makers) {
    b.setInsertionPoint(op);
    keepExtents(op);
  }
  // The extents of results are made by the dims at the top, so that the binds may stand there.
  SmallVector<Place> outs;
  for (auto [i, v] : llvm::enumerate(ret.getOperands())) {
    b.setInsertionPoint(v.getDefiningOp() ? v.getDefiningOp() : ret.getOperation());
    SmallVector<Value> ext = isTensor(v) ? extents(v) : SmallVector<Value>();
    if (auto room = roomOf(v))
      ext = *room;
    // Binds go after the last of the extents; each of them dominates the value's op.
    b.setInsertionPointToStart(&entry);
    for (Value e : ext)
      if (Operation *def = e.getDefiningOp(); def && def->getBlock() == &entry)
        if (b.getInsertionPoint() == entry.begin() ||
            std::prev(b.getInsertionPoint())->isBeforeInBlock(def))
          b.setInsertionPointAfter(def);
    Value arg = outArguments[i];
    outs.push_back({par::BindOp::create(b, v.getLoc(), arg.getType(), arg, ext), {}});
    lentBuffers[arg] = outs.back().buffer;
  }
  SmallVector<bool> inPlace;
  for (auto [v, out] : llvm::zip(ret.getOperands(), outs))
    inPlace.push_back(request(v, out, &entry));
  lowerBlock(entry);
  b.setInsertionPoint(ret);
  for (auto [v, out, done] : llvm::zip(ret.getOperands(), outs, inPlace))
    if (!done)
      deliver(v, out, v.getLoc());
  ret->setOperands({});
  for (Operation *op : llvm::reverse(dead)) {
    op->dropAllUses();
    op->erase();
  }
  dropSelfCopies();
  return success();
}

/// What is lent starts as itself: a loop that stores each element where it has loaded it is nothing.
void ParLowering::dropSelfCopies() {
  SmallVector<par::ForallOp> copies;
  func.walk([&](par::ForallOp forall) {
    par::LoadOp load;
    for (Operation &op : forall.getBlock()->without_terminator()) {
      if (auto store = dyn_cast<par::StoreOp>(op)) {
        Value v = store.getValue();
        while (auto cast = v.getDefiningOp<arith::IndexCastOp>())
          v = cast.getIn();
        if (load && v == load.getResult() && store.getDest() == load.getSource() &&
            !store.getMask() && !load.getMask() &&
            ValueRange(store.getIndices()) == ValueRange(load.getIndices()) &&
            op.getNextNode() == forall.getBlock()->getTerminator())
          copies.push_back(forall);
        return;
      }
      if (auto next = dyn_cast<par::LoadOp>(op); next && !load)
        load = next;
      else if (!isa<arith::IndexCastOp>(op))
        return;
    }
  });
  for (par::ForallOp copy : copies)
    copy->erase();
}

// ---- the walk ----------------------------------------------------------------------------------

void ParLowering::lowerBlock(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block.without_terminator()))
    lowerOp(&op);
}

void ParLowering::lowerOp(Operation *op) {
  b.setInsertionPoint(op);
  if (auto bind = dyn_cast<tx::BindOp>(op); bind && lentBuffers.contains(bind.getSource())) {
    places[bind.getResult()] = {lentBuffers.lookup(bind.getSource()),
                                {}}; // what is lent is the result
    dead.push_back(op);
  } else if (bind) {
    places[bind.getResult()] = {par::BindOp::create(b, op->getLoc(), bind.getSource().getType(),
                                                    bind.getSource(), bind.getExtents()),
                                {}};
    dead.push_back(op);
  } else if (auto verify = dyn_cast<tx::VerifyOp>(op)) {
    places[verify.getResult()] = places.lookup(verify.getSource());
    dead.push_back(op);
  } else if (auto compute = dyn_cast<tx::ComputeOp>(op)) {
    lowerCompute(compute);
  } else if (auto reduce = dyn_cast<tx::ReduceOp>(op)) {
    if (isTensor(reduce.getResult(0)))
      lowerTensorReduce(reduce);
    else
      lowerReduce(reduce);
  } else if (auto loop = dyn_cast<tx::ForOp>(op)) {
    lowerFor(loop);
  } else if (auto scan = dyn_cast<tx::ScanOp>(op)) {
    lowerScan(scan);
  } else if (auto filter = dyn_cast<tx::FilterOp>(op)) {
    lowerFilter(filter);
  } else if (auto scatter = dyn_cast<tx::ScatterOp>(op)) {
    lowerScatter(scatter);
  } else if (auto sort = dyn_cast<tx::SortOp>(op)) {
    lowerSort(sort);
  } else if (auto list = dyn_cast<tx::ListOp>(op)) {
    lowerList(list);
  } else if (auto check = dyn_cast<tx::CheckOp>(op)) {
    lowerCheck(check);
  } else if (auto read = dyn_cast<tx::ReadOp>(op)) {
    lowerRead(read);
  } else if (auto kernel = dyn_cast<tx::KernelOp>(op)) {
    lowerKernel(kernel);
  } else if (auto island = dyn_cast<par::DoOp>(op)) {
    lowerDo(island);
  } else if (auto ifOp = dyn_cast<scf::IfOp>(op)) {
    lowerIf(ifOp);
  } else {
    for (Region &region : op->getRegions())
      for (Block &block : region)
        lowerBlock(block);
  }
}

/// What leaves a kernel gets its place before it; a scalar passes through a word of memory.
void ParLowering::lowerKernel(tx::KernelOp op) {
  Location loc = op.getLoc();
  keepExtents(op);
  SmallVector<Place> outs;
  SmallVector<std::optional<Value>> most;
  for (Value result : op.getResults()) {
    outs.push_back(placeOf(result));
    most.push_back(mostOf(result));
  }
  auto kernel = par::KernelOp::create(b, loc);
  if (holdsCheck(op))
    par::StopOp::create(b, loc);
  kernel.getBody().takeBody(op.getBody());
  kernel->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  Block &body = kernel.getBody().front();
  Operation *yield = body.getTerminator();
  for (auto [v, out] : llvm::zip(yield->getOperands(), outs))
    request(v, out, &body);
  lowerBlock(body);
  b.setInsertionPoint(yield);
  for (auto [v, out] : llvm::zip(yield->getOperands(), outs))
    deliver(v, out, loc);
  for (OpResult result : op->getResults())
    if (!isTensor(result)) {
      b.setInsertionPointAfter(kernel);
      Value v = load(loc, places[result], {});
      if (result.getType().isIndex())
        v = arith::IndexCastOp::create(b, loc, b.getIndexType(), v);
      if (auto bound = most[result.getResultNumber()])
        v = within(loc, v, *bound);
      renameExtent(result, v);
    }
  dead.push_back(op);
  yield->erase();
}

/// An island's buffers are its inputs' and its results' places.
void ParLowering::lowerDo(par::DoOp op) {
  SmallVector<Place> bound;
  for (Value input : op.getInputs())
    bound.push_back(places.lookup(input));
  for (Value result : op.getResults())
    bound.push_back(placeOf(result));
  Block &body = op.getBody().front();
  for (auto [arg, place] : llvm::zip(body.getArguments(), bound)) {
    if (!place.prefix.empty())
      for (Operation *user : llvm::make_early_inc_range(arg.getUsers())) {
        if (auto loadOp = dyn_cast<par::LoadOp>(user))
          loadOp.getIndicesMutable().assign(place.at(loadOp.getIndices()));
        else if (auto store = dyn_cast<par::StoreOp>(user))
          store.getIndicesMutable().assign(place.at(store.getIndices()));
        else if (auto atomic = dyn_cast<par::AtomicOp>(user))
          atomic.getIndicesMutable().assign(place.at(atomic.getIndices()));
      }
    arg.replaceAllUsesWith(place.buffer);
  }
  body.getTerminator()->erase();
  body.eraseArguments(0, body.getNumArguments());
  Block *into = op->getBlock();
  Operation *first = body.empty() ? nullptr : &body.front();
  into->getOperations().splice(op->getIterator(), body.getOperations());
  dead.push_back(op);
  for (Operation *next = first; next && next != op.getOperation();) {
    Operation *after = next->getNextNode();
    lowerOp(next);
    next = after;
  }
}

/// Tensors that leave an `if` have one place, which each branch fills.
void ParLowering::lowerIf(scf::IfOp op) {
  Location loc = op.getLoc();
  keepExtents(op);
  SmallVector<Place> outs;
  SmallVector<Type> scalars;
  for (Value result : op.getResults()) {
    if (isTensor(result))
      outs.push_back(placeOf(result));
    else
      scalars.push_back(result.getType());
  }
  if (outs.empty()) {
    for (Region &region : op->getRegions())
      for (Block &block : region)
        lowerBlock(block);
    return;
  }
  auto ifOp =
      scf::IfOp::create(b, loc, scalars, op.getCondition(), /*addThen=*/false, /*addElse=*/false);
  for (auto [from, to] : llvm::zip(op->getRegions(), ifOp->getRegions())) {
    to.takeBody(from);
    Block &block = to.front();
    Operation *yield = block.getTerminator();
    unsigned tensor = 0;
    for (Value v : yield->getOperands())
      if (isTensor(v))
        request(v, outs[tensor++], &block);
    lowerBlock(block);
    b.setInsertionPoint(yield);
    tensor = 0;
    for (Value v : yield->getOperands())
      if (isTensor(v))
        deliver(v, outs[tensor++], loc);
    SmallVector<Value> kept;
    for (Value v : yield->getOperands())
      if (!isTensor(v))
        kept.push_back(v);
    yield->setOperands(kept);
  }
  unsigned scalar = 0;
  for (Value result : op.getResults())
    if (!isTensor(result))
      result.replaceAllUsesWith(ifOp.getResult(scalar++));
  dead.push_back(op);
}

static Value inRange(OpBuilder &b, Location loc, ValueRange indices, ValueRange extents) {
  Value all;
  for (auto [index, extent] : llvm::zip(indices, extents)) {
    // One unsigned comparison is both bounds: a negative index is a large one.
    Value ok = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, index, extent);
    all = all ? arith::AndIOp::create(b, loc, all, ok).getResult() : ok;
  }
  return all;
}

/// True where evaluating the block early costs nothing and can do no harm.
static bool isCheap(Block &block) {
  return llvm::all_of(block.without_terminator(),
                      [](Operation &op) { return op.hasTrait<OpTrait::ConstantLike>(); });
}

void ParLowering::lowerRead(tx::ReadOp op) {
  Location loc = op.getLoc();
  const Place place = places.lookup(op.getSource());
  Type type = op.getResult().getType();
  bool guarded = !op.getElseRegion().empty(), fails = bool(op.getSite());
  Value result;
  if (!guarded && !fails) {
    result = load(loc, place, op.getIndices());
  } else {
    Value ok = inRange(b, loc, op.getIndices(), extents(op.getSource()));
    if (fails) {
      Value bad = arith::XOrIOp::create(b, loc, ok, arith::ConstantIntOp::create(b, loc, 1, 1));
      par::FailOp::create(b, loc, bad, op.getSiteAttr(), op.getAt());
    }
    Value other;
    if (fails) {
      other = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    } else if (Block &alt = op.getElseRegion().front(); isCheap(alt)) {
      for (Operation &c : llvm::make_early_inc_range(alt.without_terminator()))
        c.moveBefore(op);
      other = alt.getTerminator()->getOperand(0);
    }
    if (other) {
      result =
          par::LoadOp::create(b, loc, type, place.buffer, place.at(op.getIndices()), ok, other);
    } else {
      auto ifOp =
          scf::IfOp::create(b, loc, TypeRange{type}, ok, /*addThen=*/true, /*addElse=*/false);
      b.setInsertionPointToStart(&ifOp.getThenRegion().front());
      Value v = load(loc, place, op.getIndices());
      scf::YieldOp::create(b, loc, v);
      ifOp.getElseRegion().takeBody(op.getElseRegion());
      Block &alt2 = ifOp.getElseRegion().front();
      lowerBlock(alt2);
      Operation *yield = alt2.getTerminator();
      b.setInsertionPoint(yield);
      scf::YieldOp::create(b, loc, yield->getOperands());
      yield->erase();
      result = ifOp.getResult(0);
    }
  }
  op.getResult().replaceAllUsesWith(result);
  dead.push_back(op);
}

namespace {
struct LowerToPar : impl::LowerToParBase<LowerToPar> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    for (auto func : module.getOps<func::FuncOp>())
      if (!func.isExternal() && failed(ParLowering(func).run()))
        return signalPassFailure();
    module->setAttr("texpr.stage", StringAttr::get(&getContext(), "par"));
  }
};
} // namespace
} // namespace texpr

// lower-to-par, iteration: tx.for becomes par.seq (see LowerToPar.cpp).
//
// Before: %u, %s = tx.for (%t) = lo to hi with (%v = %v0) { … tx.yield %next, %h }
// After:  scalars are carried by par.seq; what is stacked is stored to its place, element t - lo.
// A carried tensor lives
//   in its result's place  where the next state is stored after everything that reads the present
//                          one, or element by element from it; and, small and inside a kernel,
//                          where it is copied after the step;
//   in two halves          [2, …] of one buffer: a step reads one and writes the other, so nothing
//                          is copied but, where the result has a place of its own, once at the end.
// What must hold: the next state of one carried tensor is never stored where another step's
// present state is still read.
#include "compiler/transform/LowerToPar.h"
#include "dialects/par/Extents.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace texpr {

// ---- where the next state may go ---------------------------------------------------------------

/// Every use of a value, also of the same data under the name of a verify.
static void collectReads(Value v, SmallVectorImpl<Operation *> &reads) {
  for (Operation *user : v.getUsers()) {
    if (auto verify = dyn_cast<tx::VerifyOp>(user))
      collectReads(verify.getResult(), reads);
    else
      reads.push_back(user);
  }
}

/// True where `compute` reads `state` only at the element that it makes.
static bool readsOwnElement(tx::ComputeOp compute, Value state, Operation *read) {
  auto access = dyn_cast<tx::ReadOp>(read);
  Operation *around = read->getParentOp();
  while (isa<scf::IfOp>(around))
    around = around->getParentOp();
  return access && access.getSource() == state && around == compute &&
         llvm::all_of(compute.getLower(), [](Value v) { return getConstantIntValue(v) == 0; }) &&
         ValueRange(access.getIndices()) == compute.getArgs() &&
         !isTensor(compute.getYield().getOperand(0));
}

/// True where `next` may be stored over the carried tensor `state` while it is made: whatever reads
/// the state comes before, or reads just the element that is stored next.
static bool mayReplace(Value next, Value state, Operation *yield) {
  SmallVector<Operation *> reads;
  collectReads(state, reads);
  Operation *def = next.getDefiningOp();
  if (!def || def->getBlock() != yield->getBlock() || llvm::count(yield->getOperands(), next) != 1)
    return false;
  for (Block *block = yield->getBlock(); def; block = def->getBlock()) {
    bool isLast = !isa<tx::KernelOp>(def);
    auto compute = dyn_cast<tx::ComputeOp>(def);
    for (Operation *read : reads) {
      Operation *at = block->findAncestorOpInBlock(*read);
      if (!at)
        continue; // in front of the kernel at hand, which was asked before
      if (at == def && !isLast)
        continue;
      if (at == def ? !compute || !readsOwnElement(compute, state, read)
                    : !at->isBeforeInBlock(def) || at == yield)
        return false;
    }
    if (isLast)
      return compute != nullptr;
    Operation *inner = def->getRegion(0).front().getTerminator();
    Value yielded = inner->getOperand(cast<OpResult>(next).getResultNumber());
    if (llvm::count(inner->getOperands(), yielded) != 1)
      return false;
    next = yielded;
    def = next.getDefiningOp();
    if (def && def->getBlock() != inner->getBlock())
      return false;
  }
  return false;
}

/// A state that fits registers and lives inside a kernel is cheaper to copy than to address.
static bool isSmallInKernel(Operation *op, ValueRange extents) {
  if (!op->getParentOfType<par::KernelOp>())
    return false;
  int64_t elements = 1;
  for (Value e : extents) {
    auto constant = getConstantIntValue(e);
    if (!constant || *constant > 1024)
      return false;
    elements *= *constant;
  }
  return elements <= 1024;
}

// ---- the loop ----------------------------------------------------------------------------------

/// (t - lower) mod 2: the half that holds the present state.
Value ParLowering::halfAt(Location loc, Value t, Value lower) {
  Value step =
      getConstantIntValue(lower) == 0 ? t : arith::SubIOp::create(b, loc, t, lower).getResult();
  return arith::AndIOp::create(b, loc, step, constantIndex(loc, 1));
}

SmallVector<ParLowering::State> ParLowering::startStates(tx::ForOp op) {
  Location loc = op.getLoc();
  SmallVector<State> states;
  Operation *yield = op.getBlock()->getTerminator();
  for (auto [i, init] : llvm::enumerate(op.getInits())) {
    if (!isTensor(init))
      continue;
    State s;
    s.number = i;
    s.extents = extents(init);
    Value next = yield->getOperand(i), arg = op.getCarried()[i];
    s.isConstant = next == arg;
    s.isReplaced = s.isConstant || mayReplace(next, arg, yield);
    if (s.isReplaced || isSmallInKernel(op, s.extents)) {
      s.place = placeOf(op.getResult(i));
    } else {
      SmallVector<Value> both = {constantIndex(loc, 2)};
      llvm::append_range(both, s.extents);
      auto type = par::BufType::get(b.getContext(), both.size(),
                                    cast<RankedTensorType>(init.getType()).getElementType());
      s.isHalved = true;
      s.place.buffer =
          par::AllocOp::create(b, loc, type, both, StringAttr(), StringAttr(), UnitAttr());
      s.place.prefix = {constantIndex(loc, 0)};
    }
    copyTo(places.lookup(init), s.place, s.extents, loc);
    states.push_back(std::move(s));
  }
  return states;
}

/// Gives the arguments of a region their places, and loses those of tensors at its end.
void ParLowering::enterStates(tx::ForOp op, Block &block, ArrayRef<State> states, Value half) {
  for (const State &s : states) {
    Value arg = block.getArgument(s.number + 1);
    extentsBefore[arg] = s.extents;
    places[arg] = s.place;
    if (s.isHalved)
      places[arg].prefix = {half};
  }
}

static void dropTensors(Block &block) {
  for (unsigned i = block.getNumArguments(); i-- > 1;)
    if (isTensor(block.getArgument(i))) {
      block.getArgument(i).dropAllUses();
      block.eraseArgument(i);
    }
}

/// The step: what the next state and the stacks ask of it, its ops, and what it yields.
SmallVector<Value> ParLowering::lowerStep(tx::ForOp op, Block &body, Value lower,
                                          ArrayRef<State> states, ArrayRef<Place> stacks) {
  Location loc = op.getLoc();
  Operation *yield = body.getTerminator();
  size_t carried = op.getInits().size();
  b.setInsertionPointToStart(&body);
  Value t = body.getArgument(0), half, other;
  if (llvm::any_of(states, [](const State &s) { return s.isHalved; })) {
    half = halfAt(loc, t, lower);
    other = arith::SubIOp::create(b, loc, constantIndex(loc, 1), half);
  }
  enterStates(op, body, states, half);
  SmallVector<Place> nexts;
  for (const State &s : states) {
    Place next = s.place;
    if (s.isHalved)
      next.prefix = {other};
    if ((s.isHalved || s.isReplaced) && !s.isConstant)
      request(yield->getOperand(s.number), next, &body);
    nexts.push_back(next);
  }
  SmallVector<Place> elements;
  Value number = getConstantIntValue(lower) == 0 || stacks.empty()
                     ? t
                     : arith::SubIOp::create(b, loc, t, lower).getResult();
  for (auto [k, stack] : llvm::enumerate(stacks)) {
    elements.push_back({stack.buffer, stack.at(number)});
    request(yield->getOperand(carried + k), elements.back(), &body);
  }
  lowerBlock(body);
  b.setInsertionPoint(yield);
  for (auto [k, element] : llvm::enumerate(elements))
    deliver(yield->getOperand(carried + k), element, loc);
  settleStates(op, yield, states, nexts);
  SmallVector<Value> scalars;
  for (size_t i = 0; i < carried; ++i)
    if (!isTensor(yield->getOperand(i)))
      scalars.push_back(yield->getOperand(i));
  b.setInsertionPoint(yield);
  return scalars;
}

/// Puts what is not yet in its place there. A next state that is another carried buffer which is
/// written now (`(b, a)`) is saved first.
void ParLowering::settleStates(tx::ForOp op, Operation *yield, ArrayRef<State> states,
                               ArrayRef<Place> nexts) {
  Location loc = op.getLoc();
  SmallVector<Place> from;
  for (const State &s : states) {
    Place place = places.lookup(yield->getOperand(s.number));
    bool isOtherState = !s.isHalved && llvm::any_of(states, [&](const State &o) {
      return o.number != s.number && !o.isHalved && o.place.buffer == place.buffer &&
             o.place.prefix == place.prefix;
    });
    if (isOtherState) {
      Place saved;
      saved.buffer = par::AllocOp::create(
          b, loc,
          par::BufType::get(b.getContext(), s.extents.size(),
                            cast<par::BufType>(place.buffer.getType()).getElementType()),
          s.extents, StringAttr(), StringAttr(), UnitAttr());
      copyTo(place, saved, s.extents, loc);
      place = saved;
    }
    from.push_back(place);
  }
  // Halves first: they read the present states, which the others overwrite.
  for (bool isHalved : {true, false})
    for (auto [s, place, next] : llvm::zip(states, from, nexts))
      if (s.isHalved == isHalved)
        copyTo(place, next, s.extents, loc);
}

void ParLowering::lowerFor(tx::ForOp op) {
  Location loc = op.getLoc();
  keepExtents(op);
  size_t carried = op.getInits().size();
  SmallVector<State> states = startStates(op);
  SmallVector<Place> stacks;
  for (unsigned k = 0; k < op.getNumStacks(); ++k)
    stacks.push_back(placeOf(op.getResult(carried + k)));
  SmallVector<Value> inits;
  for (Value init : op.getInits())
    if (!isTensor(init))
      inits.push_back(init);
  if (op.hasWhile())
    inits.push_back(constantIndex(loc, 0)); // the number of steps
  auto axis = op->getAttrOfType<StringAttr>("axis");
  auto seq = par::SeqOp::create(b, loc, ValueRange(inits).getTypes(), op.getLower(), op.getUpper(),
                                inits, axis ? axis : b.getStringAttr("t"));
  plan::copyPlan(op, seq);
  Region last; // the condition, to be asked after the last step
  IRMapping mapping;
  if (op.getSite())
    op.getWhileRegion().cloneInto(&last, mapping);
  seq.getBody().takeBody(op.getBody());
  Block &body = seq.getBody().front();
  SmallVector<Value> next = lowerStep(op, body, op.getLower(), states, stacks);
  if (op.hasWhile()) {
    Value steps = body.addArgument(b.getIndexType(), loc);
    next.push_back(arith::AddIOp::create(b, loc, steps, constantIndex(loc, 1)));
  }
  Operation *yield = body.getTerminator();
  par::YieldOp::create(b, loc, next);
  yield->erase();
  dropTensors(body);
  if (op.hasWhile())
    lowerCondition(op, seq, states);
  b.setInsertionPointAfter(seq);
  finishStates(op, seq, states);
  if (op.getSite())
    reportIfGoing(op, seq, last);
  dead.push_back(op);
}

void ParLowering::lowerCondition(tx::ForOp op, par::SeqOp seq, ArrayRef<State> states) {
  Location loc = op.getLoc();
  seq.getWhileRegion().takeBody(op.getWhileRegion());
  Block &block = seq.getWhileRegion().front();
  b.setInsertionPointToStart(&block);
  Value half;
  if (llvm::any_of(states, [](const State &s) { return s.isHalved; }))
    half = halfAt(loc, block.getArgument(0), op.getLower());
  enterStates(op, block, states, half);
  lowerBlock(block);
  Operation *yield = block.getTerminator();
  b.setInsertionPoint(yield);
  par::YieldOp::create(b, loc, yield->getOperands());
  yield->erase();
  dropTensors(block);
  block.addArgument(b.getIndexType(), loc);
}

/// The results: scalars of the loop, and each tensor where the last step has left it.
void ParLowering::finishStates(tx::ForOp op, par::SeqOp seq, ArrayRef<State> states) {
  Location loc = op.getLoc();
  Value steps;
  if (seq.hasWhile()) { // the condition is the seq's now
    steps = within(loc, seq.getResults().back(),
                   sizeOf(loc, ValueRange(op.getLower()), ValueRange(op.getUpper())));
    renameExtent(op.getResults().back(), steps);
  }
  unsigned scalar = 0;
  for (Value result : op.getResults().take_front(op.getInits().size()))
    if (!isTensor(result))
      renameExtent(result, seq.getResult(scalar++));
  for (const State &s : states) {
    if (!s.isHalved)
      continue;
    if (!steps) {
      Value length = arith::SubIOp::create(b, loc, op.getUpper(), op.getLower());
      steps = arith::MaxSIOp::create(b, loc, length, constantIndex(loc, 0));
    }
    Place place{s.place.buffer, {arith::AndIOp::create(b, loc, steps, constantIndex(loc, 1))}};
    Value result = op.getResult(s.number);
    if (auto wanted = requests.find(result); wanted != requests.end()) {
      places[result] = wanted->second;
      copyTo(place, wanted->second, s.extents, loc);
    } else {
      places[result] = place;
    }
  }
}

/// After as many steps as are allowed: a failure where the condition still holds.
void ParLowering::reportIfGoing(tx::ForOp op, par::SeqOp seq, Region &condition) {
  Location loc = op.getLoc();
  Value end = arith::AddIOp::create(b, loc, op.getLower(), seq.getResults().back());
  Value isLast = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, end, op.getUpper());
  auto choice = scf::IfOp::create(b, loc, TypeRange(), isLast, /*addThen=*/true, /*addElse=*/false);
  Block &block = condition.front();
  Block &into = choice.getThenRegion().front();
  block.getArgument(0).replaceAllUsesWith(end);
  unsigned scalar = 0;
  for (size_t i = 0; i < op.getInits().size(); ++i) {
    Value result = op.getResult(i);
    block.getArgument(i + 1).replaceAllUsesWith(isTensor(result) ? result
                                                                 : seq.getResult(scalar++));
  }
  if (into.empty() || !into.mightHaveTerminator()) {
    b.setInsertionPointToEnd(&into);
    scf::YieldOp::create(b, loc);
  }
  Operation *yield = block.getTerminator();
  into.getOperations().splice(into.begin(), block.getOperations());
  for (Operation &nested : llvm::make_early_inc_range(into)) {
    if (&nested == yield)
      break;
    lowerOp(&nested);
  }
  b.setInsertionPoint(yield);
  par::FailOp::create(b, loc, yield->getOperand(0), op.getSiteAttr(), op.getAt());
  yield->erase();
  b.setInsertionPointAfter(choice);
}

} // namespace texpr

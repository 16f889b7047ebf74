// The interpreter's control: functions, blocks, branches, loops. Memory and tensors are in their own files.
//
// Every op is executed where it stands, with a table from SSA values to data; a forall's iterations run one after
// another in index order or shuffled, which must not matter. An op that is not known is an error: a stage that the
// interpreter cannot run is a stage without a meaning.
#include "dialects/par/Interpreter.h"
#include "dialects/par/InterpreterScalar.h"
#include "dialects/par/Machine.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <numeric>

using namespace mlir;

namespace texpr::par {

LogicalResult Machine::error(Operation *op, const Twine &message) {
  if (!result.error) {
    std::string text;
    llvm::raw_string_ostream(text) << op->getLoc() << ": " << op->getName() << ": " << message;
    result.error = text;
  }
  return failure();
}

const Datum &Machine::get(Value v) const {
  auto at = values->find(v);
  assert(at != values->end() && "a value is used before it is computed");
  return at->second;
}

SmallVector<int64_t> Machine::integers(ValueRange vs) const {
  return llvm::map_to_vector(vs, [&](Value v) { return integer(v); });
}

void Machine::set(ValueRange vs, ArrayRef<Datum> ds) {
  for (auto [v, d] : llvm::zip_equal(vs, ds))
    set(v, d);
}

LogicalResult Machine::runFunction(func::FuncOp f, ArrayRef<std::optional<Datum>> args,
                                   SmallVectorImpl<Datum> &results, bool outermost) {
  Values local;
  Values *outerValues = std::exchange(values, &local);
  func::FuncOp outerFunction = std::exchange(function, f);
  for (auto [parameter, arg] : llvm::zip_equal(f.getArguments(), args))
    if (arg)
      local[parameter] = *arg;
  LogicalResult done = runBlock(f.getBody().front());
  if (succeeded(done)) {
    for (Value v : f.getBody().front().getTerminator()->getOperands())
      results.push_back(get(v));
    for (unsigned i = 0; outermost && i < f.getNumArguments(); ++i)
      if (f.getArgAttr(i, "tx.out"))
        for (Operation *user : f.getArgument(i).getUsers())
          results.push_back(get(user->getResult(0)));
    for (unsigned i = 0; outermost && i < f.getNumArguments(); ++i)
      if (f.getArgAttr(i, "tx.inout"))
        results.push_back(get((*f.getArgument(i).user_begin())->getResult(0)));
  }
  values = outerValues;
  function = outerFunction;
  return done;
}

LogicalResult Machine::runBlock(Block &block) {
  for (Operation &op : block) {
    if (++steps > options.maxSteps)
      return error(&op, "too many steps");
    if (stopped)
      return failure();
    if (!op.hasTrait<OpTrait::IsTerminator>() && failed(runOp(&op)))
      return failure();
  }
  return success();
}

LogicalResult Machine::runRegion(Region &region, ArrayRef<Datum> args,
                                 SmallVectorImpl<Datum> &yielded) {
  set(region.getArguments(), args);
  Block &block = region.front();
  if (failed(runBlock(block)))
    return failure();
  yielded.clear();
  if (block.mightHaveTerminator())
    for (Value v : block.getTerminator()->getOperands())
      yielded.push_back(get(v));
  return success();
}

LogicalResult Machine::runOp(Operation *op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    set(constant.getResult(), constantOf(constant.getValue()));
    return success();
  }
  bool known = true;
  for (auto run : {&Machine::runControl, &Machine::runMemory, &Machine::runTx}) {
    known = true;
    LogicalResult done = (this->*run)(op, known);
    if (known)
      return done;
  }
  SmallVector<Datum> operands;
  for (Value v : op->getOperands())
    operands.push_back(get(v));
  auto value = evaluateScalarOp(op, operands);
  if (!value)
    return error(op, "has no meaning here");
  set(op->getResult(0), *value);
  return success();
}

LogicalResult Machine::runControl(Operation *op, bool &known) {
  if (isa<scf::IfOp, scf::WhileOp>(op))
    return runBranch(op);
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return runLoop(op, loop.getRegion(), loop.getLowerBound(), loop.getUpperBound(), loop.getStep(),
                   loop.getInitArgs());
  if (auto loop = dyn_cast<SeqOp>(op))
    return loop.hasWhile()
               ? runWhile(op)
               : runLoop(op, loop.getBody(), loop.getLower(), loop.getUpper(), {}, loop.getInits());
  if (isa<tx::ForOp>(op))
    return runWhile(op);
  if (auto forall = dyn_cast<ForallOp>(op))
    return runForall(forall);
  if (isa<func::CallOp>(op))
    return runCall(op);
  SmallVector<Datum> yielded;
  if (isa<KernelOp, tx::KernelOp>(op)) {
    if (failed(runRegion(op->getRegion(0), {}, yielded)))
      return failure();
    set(op->getResults(), yielded);
    return success();
  }
  known = isa<tx::CombinerOp>(op);
  return success();
}

LogicalResult Machine::runBranch(Operation *op) {
  SmallVector<Datum> state;
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    Region &taken =
        integer(branch.getCondition()) ? branch.getThenRegion() : branch.getElseRegion();
    if (!taken.empty() && failed(runRegion(taken, {}, state)))
      return failure();
    set(op->getResults(), state);
    return success();
  }
  auto loop = cast<scf::WhileOp>(op);
  for (Value v : loop.getInits())
    state.push_back(get(v));
  while (true) {
    SmallVector<Datum> next;
    if (failed(runRegion(loop.getBefore(), state, next)))
      return failure();
    bool goesOn = next.front().integer;
    next.erase(next.begin());
    if (!goesOn) {
      set(op->getResults(), next);
      return success();
    }
    if (failed(runRegion(loop.getAfter(), next, state)))
      return failure();
  }
}

LogicalResult Machine::runLoop(Operation *op, Region &body, Value lower, Value upper, Value step,
                               ValueRange inits) {
  SmallVector<Datum> carried;
  for (Value v : inits)
    carried.push_back(get(v));
  int64_t by = step ? integer(step) : 1;
  if (by <= 0)
    return error(op, "has a step of " + Twine(by));
  for (int64_t i = integer(lower), end = integer(upper); i < end; i += by) {
    SmallVector<Datum> args = {Datum::ofInteger(i)}, next;
    llvm::append_range(args, carried);
    if (failed(runRegion(body, args, next)))
      return failure();
    carried = next;
  }
  set(op->getResults(), carried);
  return success();
}

LogicalResult Machine::forEach(ArrayRef<int64_t> lower, ArrayRef<int64_t> upper, bool anyOrder,
                               function_ref<LogicalResult(ArrayRef<Datum>)> f) {
  SmallVector<int64_t> widths;
  int64_t total = 1;
  for (auto [lo, hi] : llvm::zip_equal(lower, upper)) {
    widths.push_back(std::max<int64_t>(0, hi - lo));
    total *= widths.back();
  }
  std::vector<int64_t> order;
  if (anyOrder && options.shuffle) {
    order.resize(total);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
  }
  SmallVector<Datum> point(lower.size());
  for (int64_t i = 0; i < total; ++i) {
    int64_t rest = order.empty() ? i : order[i];
    for (size_t d = lower.size(); d-- > 0; rest /= widths[d])
      point[d] = Datum::ofInteger(lower[d] + rest % widths[d]);
    if (failed(f(point)))
      return failure();
  }
  return success();
}

LogicalResult Machine::runForall(ForallOp op) {
  if (op.getFull())
    return runFull(op);
  return forEach(integers(op.getLower()), integers(op.getUpper()), /*anyOrder=*/true,
                 [&](ArrayRef<Datum> point) {
                   SmallVector<Datum> none;
                   return runRegion(op.getBody(), point, none);
                 });
}

LogicalResult Machine::runCall(Operation *op) {
  auto call = cast<func::CallOp>(op);
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(op, call.getCalleeAttr());
  if (!callee || callee.isExternal())
    return error(op, "calls what has no body");
  SmallVector<std::optional<Datum>> args;
  for (Value v : op->getOperands())
    args.push_back(get(v));
  SmallVector<Datum> results;
  if (failed(runFunction(callee, args, results, /*outermost=*/false)))
    return failure();
  set(op->getResults(), results);
  return success();
}

InterpreterResult interpret(func::FuncOp f, ArrayRef<Datum> scalars,
                            const InterpreterOptions &options) {
  InterpreterResult result;
  Machine machine(options, result);
  SmallVector<std::optional<Datum>> args;
  for (Type type : f.getArgumentTypes()) {
    if (isa<RankedTensorType, BufType>(type)) {
      args.push_back(std::nullopt);
      continue;
    }
    assert(!scalars.empty() && "one datum for every scalar argument");
    args.push_back(scalars.front());
    scalars = scalars.drop_front();
  }
  SmallVector<Datum> results;
  if (succeeded(machine.runFunction(f, args, results, /*outermost=*/true)))
    result.results.assign(results.begin(), results.end());
  return result;
}

} // namespace texpr::par

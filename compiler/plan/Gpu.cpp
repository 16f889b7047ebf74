// What all policies for GPUs ask: the machine, bounds of loops, which accesses are a nest's own.
//
// In: a module of stage `par` with the machine's facts in `par.machine`; one without the level "block" is no GPU's, and the
// policies then leave it alone. Out: answers, no attribute and no change: the decisions are GpuTiling's and GpuMapping's. An
// answer is on the safe side: no bound where the facts give none, not its own where an index is not seen to be the nest's.
#include "compiler/plan/Gpu.h"
#include "dialects/par/Stride.h"
#include "dialects/tx/FactsAt.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr::plan::gpu {

std::optional<Machine> machineOf(ModuleOp module) {
  auto facts = module->getAttrOfType<DictionaryAttr>("par.machine");
  auto levels = facts ? facts.getAs<ArrayAttr>("levels") : ArrayAttr();
  if (!levels || !llvm::is_contained(levels.getAsValueRange<StringAttr>(), "block"))
    return std::nullopt;
  Machine machine;
  auto number = [&](StringRef key, int64_t &to) {
    if (auto n = facts.getAs<IntegerAttr>(key))
      to = n.getInt();
  };
  number("warp", machine.lanes);
  number("vector_bytes", machine.vectorBytes);
  number("shared_bytes", machine.sharedBytes);
  machine.instrs = facts.getAs<ArrayAttr>("instrs");
  return machine;
}

std::optional<int64_t> mostTrips(Value lower, Value upper, Operation *at) {
  std::optional<int64_t> most;
  auto see = [&](int64_t n) { most = std::min(most.value_or(n), std::max<int64_t>(n, 0)); };
  for (Value hi : par::minSides(upper))
    for (Value lo : par::maxSides(lower)) {
      APInt from, to;
      if (matchPattern(lo, m_ConstantInt(&from)) && matchPattern(hi, m_ConstantInt(&to)))
        see(to.getSExtValue() - from.getSExtValue());
      else if (auto n = par::constantDifference(hi, lo))
        see(*n);
    }
  tx::FactsAt facts(at);
  if (auto hi = facts.get().range(facts.expr(upper) - facts.expr(lower)).hi)
    see(*hi);
  return most;
}

bool hasForall(Operation *op) {
  return op
      ->walk([&](par::ForallOp inner) {
        return inner.getOperation() == op ? WalkResult::advance() : WalkResult::interrupt();
      })
      .wasInterrupted();
}

static std::string nameOf(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

DictionaryAttr findRow(const Machine &machine, Type a, Type b, Type c) {
  auto is = [](DictionaryAttr row, StringRef key, Type type) {
    return row.getAs<StringAttr>(key).getValue() == nameOf(type);
  };
  if (!machine.instrs)
    return {};
  for (auto row : machine.instrs.getAsRange<DictionaryAttr>())
    if (is(row, "a", a) && is(row, "b", b) && is(row, "c", c))
      return row;
  for (auto row : machine.instrs.getAsRange<DictionaryAttr>())
    if (is(row, "a", c) && is(row, "b", c) && is(row, "c", c))
      return row;
  return {};
}

static ValueRange indicesOf(Operation *access) {
  if (auto load = dyn_cast<par::LoadOp>(access))
    return load.getIndices();
  return cast<par::StoreOp>(access).getIndices();
}

bool mayShareReduce(par::ReduceOp reduce) {
  if (reduce.getOp() == tx::Combine::user)
    return false;
  Value iv = reduce.getBody().front().getArguments().back();
  bool neighbours = false, blocked = false;
  reduce.walk([&](Operation *op) {
    if (isa<par::LoadOp>(op))
      neighbours |= par::laneOf(indicesOf(op), iv) == par::Lane::Unit;
    blocked |= isa<par::AllocOp, par::SeqOp>(op) || (isa<par::ReduceOp>(op) && op != reduce);
  });
  return neighbours && !blocked;
}

bool isOwnAccess(Operation *access, Operation *nest) {
  auto own = [&](ValueRange lower, ValueRange ivs) {
    ValueRange indices = indicesOf(access);
    return indices.size() == ivs.size() &&
           llvm::all_of(llvm::zip(indices, ivs, lower), [](auto part) {
             auto [index, iv, low] = part;
             if (index == iv)
               return matchPattern(low, m_Zero());
             auto sub = index.template getDefiningOp<arith::SubIOp>();
             return sub && sub.getLhs() == iv && sub.getRhs() == low;
           });
  };
  if (auto forall = dyn_cast<par::ForallOp>(nest))
    return own(forall.getLower(), forall.getArgs());
  if (auto reduce = dyn_cast<par::ReduceOp>(nest))
    return own(reduce.getLower(), reduce.getArgs());
  return false;
}

} // namespace texpr::plan::gpu

// Algorithms of the forms that have several, with their numbers. A part of plan-fusion: what stands in an iteration is settled there.
//
//   %y = tx.scan add …    gets    plan.algo = {name = "chunks", least = 16384 : i64, tasks = 64 : i64}
//
//   scan, filter   `chunks` where it has a kernel of its own and combines scalars: two passes over pieces of the domain, cut
//                  by its size, a task each; `columns` of tensors: each element a chain beside the others; else `serial`
//   scatter        `copies` of scalars where every order gives the same bits: chunks fill their own, which are merged;
//                  `owners`: each task walks all the indices and puts what falls into its places; else `serial`
//   argsort, top   `merge`: runs, then merges of pieces; `list` of top: the first so many, which each element is offered to
//
// A form may have several ways: the first is what the policy takes, pins may ask for any. Numbers say where the dims of a call choose
// (transform/LowerScan.cpp, LowerScatter.cpp, LowerSort.cpp). What a scatter without an order does is no choice.
#include "compiler/plan/Algorithms.h"
#include "compiler/plan/Pins.h"
#include "compiler/plan/Policy.h"
#include "dialects/plan/Plan.h"
#include "dialects/tx/Ways.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace texpr::plan {

namespace {
struct Way {
  StringRef name;
  SmallVector<AlgoNumber, 8> numbers;
};

struct Limit {
  StringRef name;
  int64_t most;
  bool isPowerOfTwo;
};
} // namespace

// Memory is planned for the most tasks and the longest list; all pairs of a run are compared.
static constexpr Limit limits[] = {{"tasks", 1024, false},
                                   {"longest", 1024, false},
                                   {"run", 256, true},
                                   {"block", 4096, false},
                                   {"piece", 1 << 20, true}};

static constexpr int64_t kChunkIndices = 16384; // pays for a task, of cheap bodies too
static constexpr int64_t kMaxChunks = 64; // totals that one thread combines between the two passes

// Of owners, in operations: to pass a term is to read its place, compare, and note it; to put an element of a row is one of a
// vector's lanes; a put into a table that no cache holds waits for memory.
static constexpr int64_t kWalk = 12, kMiss = 32;
static constexpr int64_t kElement = 1, kScalar = 4, kLoop = 64;
static constexpr int64_t kFarElements = 1 << 20;
static constexpr int64_t kOwnerTerms = 4096, kOwnerBlock = 256;

static bool isAlone(Operation *op) {
  for (Operation *at = op->getParentOp(); at; at = at->getParentOp())
    if (!isa<func::FuncOp, scf::IfOp, tx::ForOp>(at))
      return isa<ModuleOp>(at);
  return true;
}

/// What an element of a term costs that its owner alone makes and puts; kWalk is to pass it.
static int64_t workOf(tx::ScatterOp op) {
  SmallVector<Operation *> walked = tx::opsOfPlace(op);
  bool isRow = llvm::any_of(ValueRange(op.getPutValues()).getTypes(),
                            [](Type t) { return isa<RankedTensorType>(t); });
  int64_t work = isRow ? kElement : kScalar;
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (llvm::is_contained(walked, &inner))
      continue;
    inner.walk([&](Operation *part) {
      bool isLoop = isa<tx::HasDomain>(part) && !(isRow && part == &inner);
      work += isLoop ? kLoop : isa<math::MathDialect>(part->getDialect()) ? 2 * kScalar : 0;
    });
  }
  return work;
}

static SmallVector<Way> waysOf(tx::ScatterOp op) {
  Way owners{"owners",
             {{"block", kOwnerBlock},
              {"far", kFarElements},
              {"least", kOwnerTerms},
              {"miss", kMiss},
              {"tasks", 16},
              {"walk", kWalk},
              {"work", workOf(op)}}};
  Way copies{"copies", {{"least", 8192}, {"tasks", 16}}}, serial{"serial", {}};
  bool isRow =
      llvm::any_of(op.getPutValues().getTypes(), [](Type t) { return isa<RankedTensorType>(t); });
  if (tx::needsNoOrder(op))
    return {};
  if (!isAlone(op))
    return {serial};
  if (!tx::mayHaveOwners(op))
    return tx::hasAnyOrder(op) ? SmallVector<Way>{copies, serial} : SmallVector<Way>{serial};
  if (!tx::hasAnyOrder(op))
    return {owners, serial};
  return isRow ? SmallVector<Way>{owners, copies, serial}
               : SmallVector<Way>{copies, owners, serial};
}

/// The first is the policy's; empty: there is one way.
static SmallVector<Way> waysOf(Operation *op) {
  Way chunks{"chunks", {{"least", kChunkIndices}, {"tasks", kMaxChunks}}}, serial{"serial", {}};
  auto scan = dyn_cast<tx::ScanOp>(op);
  if (scan && tx::combinesTensors(scan))
    return tx::mayGoByColumns(scan) ? SmallVector<Way>{{"columns", {}}, serial}
                                    : SmallVector<Way>{serial};
  if (isa<tx::ScanOp, tx::FilterOp>(op))
    return isAlone(op) ? SmallVector<Way>{chunks, serial} : SmallVector<Way>{serial};
  if (auto scatter = dyn_cast<tx::ScatterOp>(op))
    return waysOf(scatter);
  Way merge{"merge", {{"run", 16}, {"piece", 2048}}};
  if (!cast<tx::SortOp>(op).getTop())
    return {merge};
  // The numbers of a sort are those of a list that the dims make too long.
  Way list{"list", {{"longest", 32}, {"each", 4}, {"least", kChunkIndices}, {"tasks", 16}}};
  llvm::append_range(list.numbers, merge.numbers);
  return {list, merge};
}

static std::string quotedList(ArrayRef<StringRef> names) {
  std::string text;
  for (auto [k, name] : llvm::enumerate(names))
    text += (k == 0 ? "`" : k + 1 == names.size() ? " or `" : ", `") + name.str() + "`";
  return text;
}

/// What is wrong with the pin; empty: it can be obeyed.
static std::string objection(Operation *op, ArrayRef<Way> ways) {
  StringRef asked = getAlgo(op);
  if (ways.empty())
    return "places that differ are put to in any order: there is one way";
  const Way *way = llvm::find_if(ways, [&](const Way &w) { return w.name == asked; });
  if (way == ways.end()) {
    SmallVector<StringRef> names;
    for (const Way &w : ways)
      names.push_back(w.name);
    bool isInside = ways.size() == 1 && !isa<tx::SortOp>(op);
    return (isInside ? "a part of an iteration, a chain of tensors with loops of their own, or "
                       "what tests facts, is "
                     : "it is done by ") +
           quotedList(names);
  }
  for (NamedAttribute entry : op->getAttrOfType<DictionaryAttr>(algoName)) {
    StringRef name = entry.getName().strref();
    if (name == "name")
      continue;
    if (llvm::none_of(way->numbers, [&](const AlgoNumber &n) { return n.first == name; }))
      return ("`" + asked + "` has no number `" + name + "`").str();
    int64_t value = cast<IntegerAttr>(entry.getValue()).getInt();
    for (const Limit &limit : limits)
      if (limit.name == name &&
          (value > limit.most || (limit.isPowerOfTwo && !llvm::isPowerOf2_64(value))))
        return ("`" + name + "` is " + (limit.isPowerOfTwo ? "a power of two " : "") + "up to " +
                Twine(limit.most))
            .str();
  }
  return "";
}

/// `asked`, where the source does; numbers that it leaves open are the policy's.
static void write(Operation *op, const Way &way, bool isContrary) {
  SmallVector<AlgoNumber> numbers;
  for (auto [name, value] : way.numbers) {
    auto asked = getAlgo(op) == way.name ? getAlgoNumber(op, name) : std::nullopt;
    numbers.push_back({name, asked.value_or(isContrary ? otherThan(value) : value)});
  }
  setAlgo(op, way.name, numbers);
}

static void decide(Operation *op, bool isContrary) {
  SmallVector<Way> ways = waysOf(op);
  bool isAsked = isPinned(op, "algo");
  if (std::string why = isAsked ? objection(op, ways) : ""; !why.empty()) {
    emitError(locationOfPin(op, "algo")) << "pin: @algo cannot be obeyed here: " << why;
    op->removeAttr(algoName);
    return;
  }
  if (ways.empty())
    return;
  StringRef name = isAsked ? getAlgo(op) : isContrary ? ways.back().name : ways.front().name;
  write(op, *llvm::find_if(ways, [&](const Way &w) { return w.name == name; }), isContrary);
}

void decideAlgorithms(ModuleOp module) {
  applyPins(module, Point::algorithms);
  for (auto func : module.getOps<func::FuncOp>())
    for (Operation *op : candidatesOf(func, Point::algorithms))
      decide(op, isContrary(module));
}

} // namespace texpr::plan

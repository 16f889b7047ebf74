// plan-mapping, CPU: the outermost forall of a kernel goes to threads, one loop of each leaf nest
// to vector lanes.
//
//   forall (i) { reduce max (j) x[i,j]; forall (j) … }   i: thread;  both j: simd
//   forall (i, j) { reduce add (k) a[i,k] * b[k,j] }     i: thread;  j: simd (b contiguous in j)
//   forall (i, j) { reduce add (k) a[i,k] * b[j,k] }     i, j: thread; k: simd
//
// A leaf is a forall without foralls inside. Its vector axis is the loop along which its innermost
// accesses lie best: a unit stride costs 1, a broadcast less, anything else a lane each. Reductions
// by a user's operator keep their order and stay serial. Only attributes are written; `map` obeys.
#include "compiler/plan/Gpu.h"
#include "compiler/plan/Passes.h"
#include "compiler/plan/Pins.h"
#include "compiler/plan/Policy.h"
#include "dialects/par/Extents.h"
#include "dialects/par/ParOps.h"
#include "dialects/par/Stride.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr::plan {
#define GEN_PASS_DEF_PLANMAPPING
#include "compiler/plan/Passes.h.inc"

namespace {

constexpr int64_t kSmallTable = 4096; // elements; a histogram's bins
constexpr int64_t kAccumulators = 4;  // enough to hide the latency of an add at one or two a cycle

constexpr int64_t kChunkWindows =
    8; // rows of a chunk, in windows: the first window of each is made twice

constexpr int64_t kTaskWork = 1 << 16; // element operations that pay for handing a task to a thread

struct Machine {
  int64_t vectorBytes = 0, maxTasks = 64;
  bool isContrary = false;
  int64_t number(int64_t wanted) const { return isContrary ? otherThan(wanted) : wanted; }
};

template <typename Op> bool contains(Operation *op) {
  return op
      ->walk([&](Op inner) {
        return inner.getOperation() == op ? WalkResult::advance() : WalkResult::interrupt();
      })
      .wasInterrupted();
}

/// The widest element that the nest computes with, in bytes: all of its vectors have the same
/// number of lanes.
int64_t widestBytes(Operation *nest) {
  int64_t bytes = 1;
  auto see = [&](Type t) {
    if (t.isIntOrFloat() && !t.isInteger(1))
      bytes = std::max<int64_t>(bytes, t.getIntOrFloatBitWidth() / 8);
  };
  nest->walk([&](Operation *op) {
    if (isa<par::LoadOp>(op))
      see(op->getResult(0).getType());
    else if (auto store = dyn_cast<par::StoreOp>(op))
      see(store.getValue().getType());
    else
      for (Value v : op->getResults())
        see(v.getType());
    // An index that becomes data, or is carried as data, takes 64-bit lanes.
    if (isa<arith::IndexCastOp>(op) && op->getResult(0).getType().isInteger())
      bytes = std::max<int64_t>(bytes, 8);
    if (isa<par::ReduceOp>(op) &&
        llvm::any_of(op->getResultTypes(), [](Type t) { return t.isIndex(); }))
      bytes = std::max<int64_t>(bytes, 8);
  });
  return bytes;
}

/// The loads and stores that run most often: those of the innermost reduces, or of the leaf itself.
SmallVector<Operation *> innermostAccesses(Operation *nest) {
  SmallVector<Operation *> inLoops, all;
  nest->walk([&](Operation *op) {
    if (!isa<par::LoadOp, par::StoreOp>(op))
      return;
    all.push_back(op);
    Operation *loop = op->getParentOp();
    while (loop != nest && !isa<par::ReduceOp, par::SeqOp>(loop))
      loop = loop->getParentOp();
    if (loop != nest)
      inLoops.push_back(op);
  });
  return inLoops.empty() ? all : inLoops;
}

ValueRange indicesOf(Operation *access) {
  if (auto load = dyn_cast<par::LoadOp>(access))
    return load.getIndices();
  return cast<par::StoreOp>(access).getIndices();
}

struct Score {
  double cost = 0;
  unsigned unit = 0;
};
Score scoreOf(ArrayRef<Operation *> accesses, Value iv, int64_t lanes) {
  Score score;
  for (Operation *access : accesses) {
    switch (par::laneOf(indicesOf(access), iv)) {
    case par::Lane::Unit:
      score.cost += 1;
      ++score.unit;
      break;
    case par::Lane::Invariant:
      score.cost += 0.5;
      break;
    case par::Lane::Strided:
      score.cost += double(lanes);
      break;
    }
  }
  return score;
}

/// A loop around which lanes may be put: no memory of its own, no serial loop whose trips differ a
/// lane.
bool mayVectorizeForall(par::ForallOp leaf) {
  Value iv = leaf.getBody().front().getArguments().back();
  return !leaf.walk([&](Operation *op) {
                bool blocks = isa<par::AllocOp, par::ContractOp, par::AtomicOp, scf::WhileOp>(op);
                if (auto reduce = dyn_cast<par::ReduceOp>(op))
                  blocks |= reduce.getOp() == tx::Combine::user ||
                            llvm::any_of(reduce->getOperands(),
                                         [&](Value o) { return par::dependsOn(o, iv); });
                if (auto seq = dyn_cast<par::SeqOp>(op))
                  blocks |=
                      par::dependsOn(seq.getLower(), iv) || par::dependsOn(seq.getUpper(), iv);
                return blocks ? WalkResult::interrupt() : WalkResult::advance();
              })
              .wasInterrupted();
}

bool mayVectorizeReduce(par::ReduceOp reduce) {
  return reduce.getOp() != tx::Combine::user && !contains<par::ReduceOp>(reduce) &&
         !contains<par::SeqOp>(reduce) && !contains<par::AllocOp>(reduce) &&
         !contains<par::AtomicOp>(reduce) && !contains<scf::WhileOp>(reduce);
}

/// Little work but atomics of a table of constant size: one thread, which needs no atomic instructions, is faster
/// than several that pass its lines to and fro.
bool meetsInSmallTable(par::ForallOp forall) {
  bool meets = false;
  bool isLight =
      !forall
           .walk([&](Operation *op) {
             auto atomic = dyn_cast<par::AtomicOp>(op);
             int64_t elements = 1;
             OpBuilder at(op);
             if (atomic)
               for (Value extent : par::getExtents(at, atomic.getDest()))
                 elements *= getConstantIntValue(extent).value_or(kSmallTable + 1);
             meets |= atomic && elements <= kSmallTable;
             bool isHeavy =
                 op != forall && isa<par::ForallOp, par::ReduceOp, par::SeqOp, scf::WhileOp>(op);
             isHeavy |= op->getDialect()->getNamespace() == "math";
             return isHeavy ? WalkResult::interrupt() : WalkResult::advance();
           })
           .wasInterrupted();
  return meets && isLight;
}

class Planner {
public:
  explicit Planner(Machine machine) : machine(machine) {}

  void planOutermost(par::ForallOp forall) {
    unsigned axes = forall.getLower().size();
    SmallVector<StringRef> levels(axes, "thread");
    bool isTask = forall.getLevel() == "block"; // the user's: an iteration is a task
    if (isTask && !forall->hasAttr("plan.grain"))
      forall->setAttr("plan.grain", index(forall, 1));
    if (!isTask && isOneTask(forall)) {
      setWhy(forall,
             isPinned(forall, "tasks")
                 ? "one task is asked for"
                 : "its updates meet in a table so small that tasks would wait for each other");
      setCount(forall, tasksName, 1);
      return write(forall, SmallVector<StringRef>(axes, "step"));
    }
    int64_t rows = contains<par::ForallOp>(forall) ? windowRows(forall) : 0;
    planTasks(forall, rows);
    if (contains<par::ForallOp>(forall)) {
      planNested(forall);
    } else if (planLeaf(forall) && !isTask) {
      levels.back() = "simd";
    }
    write(forall, levels);
  }

  void planReduce(par::ReduceOp reduce) {
    int64_t lanes = lanesOf(reduce);
    bool can =
        lanes >= 2 && mayVectorizeReduce(reduce) &&
        scoreOf(innermostAccesses(reduce), reduce.getBody().front().getArguments().back(), lanes)
                .unit > 0;
    reduce.setLevel(can ? "simd" : "step");
    if (!can) {
      setWhy(reduce, lanes == 0                   ? "no vectors at -O0"
                     : isPinned(reduce, "vector") ? "pinned"
                     : lanes == 1                 ? "a vector holds one element of it"
                     : !mayVectorizeReduce(reduce)
                         ? "it has loops, memory or an operator of the user inside"
                         : "no access has neighbours along its last axis");
      return;
    }
    setLanes(reduce, lanes);
    if (!reduce->hasAttr("plan.unroll"))
      reduce->setAttr("plan.unroll", index(reduce, machine.number(kAccumulators)));
  }

private:
  /// A leaf with atomics that goes in order on one thread: there are no atomic instructions then.
  bool isOneTask(par::ForallOp forall) {
    if (forall->hasAttr(grainName) || !contains<par::AtomicOp>(forall) ||
        contains<par::ForallOp>(forall))
      return false;
    if (isPinned(forall, "tasks"))
      return getCount(forall, tasksName) == 1;
    return meetsInSmallTable(forall) != machine.isContrary;
  }

  /// How the iterations are cut into tasks: by shape alone, never by the number of threads.
  void planTasks(par::ForallOp forall, int64_t rows) {
    if (forall->hasAttr(grainName))
      return;
    auto decide = [&](StringRef name, int64_t value) {
      if (!forall->hasAttr(name))
        setCount(forall, name, machine.number(value));
    };
    decide(workName, kTaskWork);
    decide(tasksName, machine.maxTasks);
    if (rows > 0)
      decide(leastName, kChunkWindows * rows);
  }

  /// The widest window of rows that an iteration of `outer` asks of a producer inside it; 0: none.
  static int64_t windowRows(par::ForallOp outer) {
    Value iv = outer.getBody().front().getArgument(0);
    int64_t most = 0;
    outer.walk([&](par::ForallOp inner) {
      if (inner == outer || inner.getLower().empty())
        return;
      for (Value hi : par::minSides(inner.getUpper()[0]))
        for (Value lo : par::maxSides(inner.getLower()[0]))
          if (par::strideOf(lo, iv) == 1 && par::strideOf(hi, iv) == 1)
            most = std::max(most, par::constantDifference(hi, lo).value_or(0));
    });
    return most;
  }

  void planNested(Operation *outer) {
    outer->walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (op == outer)
        return WalkResult::advance();
      auto forall = dyn_cast<par::ForallOp>(op);
      if (!forall) {
        // A reduction beside the inner foralls, not inside one.
        if (auto reduce = dyn_cast<par::ReduceOp>(op)) {
          planReduce(reduce);
          return WalkResult::skip();
        }
        return WalkResult::advance();
      }
      SmallVector<StringRef> levels(forall.getLower().size(), "step");
      bool isLeaf = !contains<par::ForallOp>(forall);
      if (isLeaf && planLeaf(forall))
        levels.back() = "simd";
      write(forall, levels);
      return isLeaf ? WalkResult::skip() : WalkResult::advance();
    });
  }

  /// True where the forall's last axis takes the lanes; else its reductions may.
  bool planLeaf(par::ForallOp leaf) {
    int64_t lanes = lanesOf(leaf);
    SmallVector<par::ReduceOp> reduces;
    leaf.walk([&](par::ReduceOp r) { reduces.push_back(r); });
    if (lanes < 2) { // too wide, or @vector(1): what is inside may still take lanes
      leaf.walk<WalkOrder::PreOrder>([&](par::ReduceOp r) { planReduce(r); });
      return false;
    }
    auto accesses = innermostAccesses(leaf);
    Score mine = scoreOf(accesses, leaf.getBody().front().getArguments().back(), lanes);
    bool pinned = leaf->hasAttr("plan.vector") || leaf.getLevel() == "lane";
    bool can = mayVectorizeForall(leaf) && (mine.unit > 0 || accesses.empty() || pinned);
    if (machine.isContrary && !pinned)
      can = mayVectorizeForall(leaf) && !can;
    for (par::ReduceOp r : reduces) {
      if (!mayVectorizeReduce(r) || pinned)
        continue;
      Score theirs =
          scoreOf(innermostAccesses(r), r.getBody().front().getArguments().back(), lanes);
      if (isPinned(r, "vector") || (theirs.unit > 0 && (!can || theirs.cost < mine.cost)))
        can = false;
    }
    if (leaf.getLevel() == "block")
      can = false;
    if (can) {
      setLanes(leaf, lanes);
      for (par::ReduceOp r : reduces)
        r.setLevel("step");
      return true;
    }
    leaf.walk<WalkOrder::PreOrder>([&](par::ReduceOp r) { planReduce(r); });
    return false;
  }

  int64_t lanesOf(Operation *op) {
    if (machine.vectorBytes == 0) // -O0, whoever asks
      return 0;
    if (auto pinned = op->getAttrOfType<IntegerAttr>("plan.vector"))
      return pinned.getInt();
    int64_t lanes = machine.vectorBytes / widestBytes(op);
    return lanes > 2 ? machine.number(lanes) : lanes;
  }
  static IntegerAttr index(Operation *op, int64_t v) {
    return IntegerAttr::get(IntegerType::get(op->getContext(), 64), v);
  }
  static void setLanes(Operation *op, int64_t lanes) {
    op->setAttr("plan.vector", index(op, lanes));
  }

  static void write(par::ForallOp forall, ArrayRef<StringRef> levels) {
    if (forall->hasAttr("plan.map"))
      return;
    forall->setAttr("plan.map", OpBuilder(forall.getContext()).getStrArrayAttr(levels));
  }

  Machine machine;
};

struct PlanMapping : impl::PlanMappingBase<PlanMapping> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    applyPins(module, Point::mapping);
    if (auto gpu = gpu::machineOf(module))
      return gpu::decideLevels(module, *gpu);
    Machine machine;
    if (auto facts = module->getAttrOfType<DictionaryAttr>("par.machine")) {
      if (auto bytes = facts.getAs<IntegerAttr>("vector_bytes"))
        machine.vectorBytes = bytes.getInt();
      if (auto tasks = facts.getAs<IntegerAttr>("max_chunks"))
        machine.maxTasks = tasks.getInt();
    }
    machine.isContrary = isContrary(module);
    Planner planner(machine);
    module.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (auto forall = dyn_cast<par::ForallOp>(op)) {
        planner.planOutermost(forall);
        return WalkResult::skip();
      }
      if (auto reduce = dyn_cast<par::ReduceOp>(op)) {
        planner.planReduce(reduce);
        return WalkResult::skip();
      }
      return WalkResult::advance();
    });
  }
};
} // namespace
} // namespace texpr::plan

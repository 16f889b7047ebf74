// Clusters: closed under "is read by, sharing axes", with a window for every member and an order that can be kept.
//
//   %a = compute (r, c) …   %b = compute (r, c) { a[r - 1, c] + a[r + 1, c] }   %y = compute (r, c) { b[r, c] - b[r, c - 1] }
//   depth 1:  y [0, 0], b [0, 0], a [-1, 1]
// The windows are found from the last reader back. A member may not depend on an op outside that depends on a member, since all
// members become one op.
#include "dialects/tx/Cluster.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace texpr::tx {

Member *Cluster::find(Operation *op) {
  for (Member &m : members)
    if (m.op.getOperation() == op)
      return &m;
  return nullptr;
}

Readers readersOf(ComputeOp op) {
  Readers r;
  for (Operation *user : op->getUsers()) {
    if (auto read = dyn_cast<ReadOp>(user)) {
      if (!llvm::is_contained(r.reads, read))
        r.reads.push_back(read);
    } else {
      r.leaves = true;
    }
  }
  return r;
}

ComputeOp termOf(ReduceOp op) {
  auto yielded = op.getBody().front().getTerminator()->getOperands();
  auto term = yielded.empty() ? ComputeOp() : yielded[0].getDefiningOp<ComputeOp>();
  if (!term || term->getParentOp() != op || !llvm::equal(yielded, term->getResults()) ||
      !llvm::all_of(yielded, [](Value v) { return v.hasOneUse(); }) ||
      llvm::any_of(term.getYield().getValues().getTypes(), llvm::IsaPred<RankedTensorType>))
    return {};
  return term;
}

bool isTerm(ComputeOp op) {
  auto reduce = dyn_cast<ReduceOp>(op->getParentOp());
  return reduce && termOf(reduce) == op;
}

Operation *ancestorIn(Operation *op, Block *block) {
  while (op && op->getBlock() != block)
    op = op->getParentOp();
  return op;
}

namespace {
class Finder {
public:
  Finder(ComputeOp seed, llvm::function_ref<int64_t(ComputeOp)> depthOf, std::string &why)
      : block(seed->getBlock()), seed(seed), depthOf(depthOf), why(why) {}

  std::optional<Cluster> run() {
    if (!collect() || !setWindows() || !findBehind())
      return std::nullopt;
    return std::move(cluster);
  }

private:
  Block *block;
  ComputeOp seed;
  llvm::function_ref<int64_t(ComputeOp)> depthOf;
  std::string &why;
  Cluster cluster;

  bool fail(StringRef reason) {
    why = reason.str();
    return false;
  }

  /// The producers that `op` reads and that share axes with their readers.
  SmallVector<ComputeOp> producersOf(ComputeOp op) {
    SmallVector<ComputeOp> found;
    op.walk([&](ReadOp read) {
      auto p = read.getSource().getDefiningOp<ComputeOp>();
      if (p && p->getBlock() == block && depthOf(p) > 0)
        found.push_back(p);
    });
    return found;
  }

  bool collect() {
    llvm::SetVector<Operation *> all;
    SmallVector<ComputeOp> work = {seed};
    int64_t depth = INT64_MAX;
    while (!work.empty()) {
      ComputeOp op = work.pop_back_val();
      if (!all.insert(op))
        continue;
      llvm::append_range(work, producersOf(op));
      if (depthOf(op) <= 0)
        continue;
      depth = std::min(depth, depthOf(op));
      for (ReadOp read : readersOf(op).reads) {
        auto reader = dyn_cast_or_null<ComputeOp>(ancestorIn(read, block));
        if (!reader)
          return fail("a reader is no compute beside it");
        work.push_back(reader);
      }
    }
    if (all.size() < 2)
      return fail("nothing reads it beside it");
    cluster.depth = depth;
    SmallVector<Operation *> sorted(all.begin(), all.end());
    llvm::sort(sorted, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    for (Operation *op : sorted)
      cluster.members.push_back({cast<ComputeOp>(op), {}});
    return true;
  }

  bool setWindows() {
    unsigned depth = cluster.depth;
    for (Member &m : cluster.members)
      if (m.op.getNumAxes() < depth)
        return fail("a reader has fewer axes");
    for (Member &m : llvm::reverse(cluster.members)) {
      if (depthOf(m.op) <= 0)
        continue;
      bool first = !readersOf(m.op).leaves;
      for (ReadOp read : readersOf(m.op).reads) {
        Member &reader = *cluster.find(ancestorIn(read, block));
        Follow f = follow(read, m.op, reader.op);
        Reach stray;
        if (f.exact < depth) {
          if (f.exact + 1 < depth || !f.next)
            return fail("a reader's axes do not match");
          stray = *f.next;
        }
        Reach needed{reader.window.lo + stray.lo, reader.window.hi + stray.hi};
        m.window = first
                       ? needed
                       : Reach{std::min(m.window.lo, needed.lo), std::max(m.window.hi, needed.hi)};
        first = false;
      }
    }
    // What is not read inside must still have the axes of the others.
    ComputeOp last = cluster.members.back().op;
    for (Member &m : cluster.members)
      for (unsigned k = 0; k < depth; ++k)
        if (m.op.getUpper()[k] != last.getUpper()[k] || !matchPattern(m.op.getLower()[k], m_Zero()))
          return fail("the extents differ");
    return true;
  }

  bool findBehind() {
    llvm::DenseSet<Operation *> moved;
    Operation *last = cluster.members.back().op;
    for (Operation *op = cluster.members.front().op; op != last; op = op->getNextNode()) {
      bool isMember = cluster.find(op);
      bool depends = false;
      op->walk([&](Operation *inner) {
        for (Value v : inner->getOperands())
          if (Operation *def = v.getDefiningOp())
            depends |= moved.contains(def) || (!isMember && cluster.find(def));
      });
      if (!depends)
        continue;
      if (isMember)
        return fail("something between depends on one and feeds the other");
      moved.insert(op);
      cluster.behind.push_back(op);
    }
    bool lastDepends = false;
    last->walk([&](Operation *inner) {
      for (Value v : inner->getOperands())
        lastDepends |= v.getDefiningOp() && moved.contains(v.getDefiningOp());
    });
    return !lastDepends || fail("something between depends on one and feeds the other");
  }
};
} // namespace

std::optional<Cluster> clusterOf(ComputeOp seed, llvm::function_ref<int64_t(ComputeOp)> depthOf,
                                 std::string &why) {
  return Finder(seed, depthOf, why).run();
}

} // namespace texpr::tx

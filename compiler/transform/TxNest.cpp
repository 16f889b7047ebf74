// tx-nest: what is marked `tile` lives once per iteration of the axes that it shares with its readers.
//
// In: computes with plan.store = "tile" and plan.depth = d > 0. Out: one compute over the d common axes, with the former ones as
// siblings inside, in program order: the canonical form of a kernel (dialects/plan/README.md).
//   %t = compute (m, n) {t'}  %s = compute (m) {reduce t[i, ·]}  %y = compute (m, n) {t[i, j] / s[i]}
//   →  %y = compute (m) |i| { %t = compute (n) {t'}  %s = reduce t[·]  %r = compute (n) {t[j] / s}  yield %r }
// A stencil's producer is computed for a window of rows, in absolute indices; its readers subtract the window's begin:
//   %a = compute (r', c) = (max(r - 1, 0), 0) to (min(r + 2, h), w) {a'}      a[r - 1, c]  →  %a[r - 1 - max(r - 1, 0), c]
// so a guarded read is inside the window just where it was inside the tensor. Rows that windows share are computed again here; rings
// of rows remove that on the par level.
#include "compiler/transform/Passes.h"
#include "dialects/plan/Pins.h"
#include "dialects/plan/Plan.h"
#include "dialects/tx/Cluster.h"
#include "dialects/tx/Extents.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_TXNEST
#include "compiler/transform/Passes.h.inc"

namespace {

/// A member inside the new compute.
struct Nested {
  SmallVector<Value>
      values; // what stands for each result: a scalar, or a tensor over the remaining axes
  bool isInner = false; // the values are results of an inner compute
  Value begin;          // of the window; null where there is none
};

class Nester {
public:
  Nester(tx::Cluster &cluster)
      : cluster(cluster), last(cluster.members.back().op), b(last), depth(cluster.depth) {}

  tx::ComputeOp run() {
    collectLeaving();
    SmallVector<Type> types;
    for (Value v : leaving)
      types.push_back(v.getType());
    SmallVector<Attribute> axes(last.getAxes().begin(), last.getAxes().begin() + depth);
    outer = tx::ComputeOp::create(b, last.getLoc(), types, last.getLower().take_front(depth),
                                  last.getUpper().take_front(depth), b.getArrayAttr(axes));
    Block *body = b.createBlock(&outer.getBody(), {}, SmallVector<Type>(depth, b.getIndexType()),
                                SmallVector<Location>(depth, last.getLoc()));
    for (tx::Member &m : cluster.members) {
      b.setInsertionPointToEnd(body);
      nested.push_back(nest(m));
    }
    for (auto [m, n] : llvm::zip_equal(cluster.members, nested))
      redirect(m, n);
    yield(body);
    finish();
    return outer;
  }

private:
  tx::Cluster &cluster;
  tx::ComputeOp last, outer;
  OpBuilder b;
  unsigned depth;
  SmallVector<Value> leaving;
  SmallVector<Nested> nested;

  bool isInside(Operation *user) {
    Operation *at = tx::ancestorIn(user, last->getBlock());
    return at && (cluster.find(at) || at == outer.getOperation());
  }

  void collectLeaving() {
    for (tx::Member &m : cluster.members)
      for (Value result : m.op.getResults())
        if (result.use_empty() ? m.op == last : llvm::any_of(result.getUsers(), [&](Operation *u) {
              return !isInside(u);
            }))
          leaving.push_back(result);
  }

  Value offset(Value v, int64_t by) {
    if (by == 0)
      return v;
    return arith::AddIOp::create(b, last.getLoc(), v,
                                 arith::ConstantIndexOp::create(b, last.getLoc(), by));
  }

  /// Moves the member's body into the new compute: as it is where all its axes are shared, else under an inner compute.
  Nested nest(tx::Member &m) {
    Nested n;
    bool isWindowed = m.isWindowed();
    unsigned shared = isWindowed ? depth - 1 : depth;
    Block *from = m.op.getBlock();
    SmallVector<Value> yielded(m.op.getYield().getValues());
    ValueRange args = outer.getArgs();
    Block *into = outer.getBlock();
    n.isInner = isWindowed || m.op.getNumAxes() > depth;
    tx::ComputeOp inner;
    if (n.isInner) {
      SmallVector<Value> lower(m.op.getLower().drop_front(shared)),
          upper(m.op.getUpper().drop_front(shared));
      if (isWindowed) {
        Location loc = m.op.getLoc();
        Value row = args[depth - 1], zero = arith::ConstantIndexOp::create(b, loc, 0);
        n.begin = offset(row, m.window.lo);
        if (m.window.lo < 0)
          n.begin = arith::MaxSIOp::create(b, loc, n.begin, zero);
        lower[0] = n.begin;
        Value end = offset(row, m.window.hi + 1);
        upper[0] = arith::MinSIOp::create(b, loc, end, upper[0]);
      }
      inner = innerCompute(m, shared, lower, upper);
      into = inner.getBlock();
    }
    Operation *terminator = from->getTerminator();
    into->getOperations().splice(into->end(), from->getOperations(), from->begin(),
                                 terminator->getIterator());
    for (unsigned k = 0; k < shared; ++k)
      from->getArgument(k).replaceAllUsesWith(args[k]);
    for (unsigned k = shared; k < m.op.getNumAxes(); ++k)
      from->getArgument(k).replaceAllUsesWith(inner.getArgs()[k - shared]);
    for (Value &v : yielded)
      if (auto arg = dyn_cast<BlockArgument>(v); arg && arg.getOwner() == from)
        v = arg.getArgNumber() < shared ? args[arg.getArgNumber()]
                                        : inner.getArgs()[arg.getArgNumber() - shared];
    if (!inner) {
      n.values = yielded;
      return n;
    }
    OpBuilder end = OpBuilder::atBlockEnd(inner.getBlock());
    tx::YieldOp::create(end, m.op.getLoc(), yielded);
    n.values.assign(inner.getResults().begin(), inner.getResults().end());
    return n;
  }

  tx::ComputeOp innerCompute(tx::Member &m, unsigned shared, ValueRange lower, ValueRange upper) {
    SmallVector<Type> types;
    for (Value r : m.op.getResults()) {
      auto t = cast<RankedTensorType>(r.getType());
      types.push_back(RankedTensorType::get(t.getShape().drop_front(shared), t.getElementType()));
    }
    auto axes = m.op.getAxes().getValue().drop_front(shared);
    auto inner = tx::ComputeOp::create(b, m.op.getLoc(), types, lower, upper, b.getArrayAttr(axes));
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&inner.getBody(), {}, SmallVector<Type>(lower.size(), b.getIndexType()),
                  SmallVector<Location>(lower.size(), m.op.getLoc()));
    plan::copyPlan(m.op, inner);
    int64_t rest = m.isWindowed() ? 0 : plan::getDepth(m.op) - int64_t(depth);
    inner->removeAttr(plan::depthName);
    plan::setStore(inner, plan::Store::tile);
    if (rest > 0 && m.op.getOperation() != last.getOperation())
      plan::setDepth(inner, rest);
    return inner;
  }

  /// Reads of a member inside the cluster go to its nested value.
  void redirect(tx::Member &m, Nested &n) {
    for (tx::ReadOp read : tx::readersOf(m.op).reads) {
      if (!isInside(read))
        continue;
      Value v = n.values[cast<OpResult>(read.getSource()).getResultNumber()];
      OpBuilder at(read);
      SmallVector<Value> indices(read.getIndices().drop_front(depth));
      if (n.begin) {
        Value row = read.getIndices()[depth - 1];
        indices.insert(indices.begin(),
                       arith::SubIOp::create(at, read.getLoc(), row, n.begin).getResult());
      }
      if (isa<RankedTensorType>(v.getType())) {
        auto moved = tx::ReadOp::create(at, read.getLoc(), v, indices);
        moved.getElseRegion().takeBody(read.getElseRegion());
        moved->setDiscardableAttrs(read->getDiscardableAttrDictionary());
        v = moved.getResult();
      }
      for (Nested &other : nested) // a member whose value is the read itself
        llvm::replace(other.values, read.getResult(), v);
      read.replaceAllUsesWith(v);
      read.erase();
    }
  }

  /// What stands for a result in one iteration: of a windowed member, its own row.
  Value ownRow(tx::Member &m, Nested &n, unsigned result) {
    Value v = n.values[result];
    if (!n.begin)
      return v;
    Location loc = m.op.getLoc();
    Value row = arith::SubIOp::create(b, loc, outer.getArgs()[depth - 1], n.begin);
    if (cast<RankedTensorType>(v.getType()).getRank() == 1)
      return tx::ReadOp::create(b, loc, v, ValueRange{row});
    SmallVector<Value> extents(tx::getExtents(b, v));
    SmallVector<std::string> texts;
    for (size_t i = 1; i < extents.size(); ++i)
      texts.push_back("v" + std::to_string(i));
    SmallVector<StringRef> names(texts.begin(), texts.end());
    auto own = tx::ComputeOp::create(
        b, loc, ValueRange(extents).drop_front(), b.getStrArrayAttr(names),
        [&](OpBuilder &b, Location loc, ValueRange at) {
          SmallVector<Value> indices = {row};
          llvm::append_range(indices, at);
          tx::YieldOp::create(b, loc, tx::ReadOp::create(b, loc, v, indices).getResult());
        });
    return own.getResult(0);
  }

  void yield(Block *body) {
    b.setInsertionPointToEnd(body);
    SmallVector<Value> values;
    for (Value v : leaving) {
      auto result = cast<OpResult>(v);
      tx::Member *m = cluster.find(result.getOwner());
      values.push_back(ownRow(*m, nested[m - cluster.members.begin()], result.getResultNumber()));
    }
    tx::YieldOp::create(b, last.getLoc(), values);
  }

  void finish() {
    for (auto [old, result] : llvm::zip_equal(leaving, outer.getResults()))
      old.replaceAllUsesWith(result);
    plan::copyPlan(last, outer);
    outer->removeAttr(plan::depthName);
    if (nested.back().isInner)
      for (StringRef ofInner : {plan::vectorName, plan::unrollName})
        outer->removeAttr(ofInner);
    Operation *after = outer;
    for (Operation *op : cluster.behind) {
      op->moveAfter(after);
      after = op;
    }
    for (tx::Member &m : llvm::reverse(cluster.members))
      m.op.erase();
  }
};

struct TxNest : impl::TxNestBase<TxNest> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>())
      for (Block &block : func.getBody())
        nestBlock(block);
    // Where values live is settled: why, and by whom, must not tell equal ops apart.
    getOperation().walk([](tx::ComputeOp op) {
      op->removeAttr(plan::whyName);
      op->removeAttr(plan::pinnedName);
    });
  }

  static int64_t depthOf(tx::ComputeOp op) {
    return plan::getStore(op) == plan::Store::tile ? plan::getDepth(op) : 0;
  }

  void nestBlock(Block &block) {
    while (nestOne(block)) {
    }
    for (Operation &op : block)
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          nestBlock(inner);
  }

  /// Builds one cluster of the block. What cannot be nested is stored; a pin that asks for it is an error.
  bool nestOne(Block &block) {
    for (auto op : block.getOps<tx::ComputeOp>()) {
      if (depthOf(op) <= 0)
        continue;
      std::string why;
      auto cluster = tx::clusterOf(op, depthOf, why);
      if (cluster) {
        Nester(*cluster).run();
        return true;
      }
      if (plan::isPinned(op, "store")) {
        emitError(plan::locationOfPin(op, "store")) << "pin: @keep cannot be obeyed here: " << why;
        signalPassFailure();
      }
      op->removeAttr(plan::depthName);
      plan::setStore(op, plan::Store::memory);
      plan::setWhy(op, why);
      return true;
    }
    return false;
  }
};
} // namespace
} // namespace texpr

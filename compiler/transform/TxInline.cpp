// tx-inline: what is marked `inline` is recomputed where it is read.
//
// In: computes with plan.store = "inline". Out: none of them that is read; the body stands at each read, its axes replaced
// by the indices. A guarded read keeps its guard as a choice. A short list of scalars is read by choice, so that it needs no memory. Results that nobody uses go too.
//   %t = tx.compute (%i) {exp(x[i])}   %y = tx.compute (%j) {t[j + 1] * 2}   →   %y = tx.compute (%j) {exp(x[j + 1]) * 2}
// What must hold: the body is evaluated only where the read was; so nothing is speculated.
#include "compiler/transform/Passes.h"
#include "dialects/plan/Pins.h"
#include "dialects/plan/Plan.h"
#include "dialects/tx/Cluster.h"
#include "dialects/tx/Extents.h"
#include "dialects/tx/Reach.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_TXINLINE
#include "compiler/transform/Passes.h.inc"

namespace {

/// True where the index is an axis that runs over just this extent.
bool isAxisOver(Value index, Value extent) {
  tx::AxisBounds bounds = tx::boundsOf(index);
  return bounds && bounds.upper == extent && matchPattern(bounds.lower, m_Zero());
}

/// The body of the producer at the indices of the read; null without an element there.
Value evaluate(OpBuilder &b, tx::ReadOp read, tx::ComputeOp producer) {
  Location loc = read.getLoc();
  unsigned axes = producer.getNumAxes();
  IRMapping map;
  for (unsigned k = 0; k < axes; ++k) {
    Value at = read.getIndices()[k], lower = producer.getLower()[k];
    if (!matchPattern(lower, m_Zero()))
      at = arith::AddIOp::create(b, loc, at, lower);
    map.map(producer.getArgs()[k], at);
  }
  for (Operation &op : producer.getBlock()->without_terminator())
    b.clone(op, map);
  unsigned k = cast<OpResult>(read.getSource()).getResultNumber();
  Value v = map.lookupOrDefault(producer.getYield().getValues()[k]);
  if (read.getIndices().size() == axes)
    return v;
  return tx::ReadOp::create(b, loc, v, read.getIndices().drop_front(axes)).getResult();
}

/// Whether the read is inside, as i1; null where that is plain.
Value isInside(OpBuilder &b, tx::ReadOp read) {
  Location loc = read.getLoc();
  Value inside;
  for (auto [at, extent] :
       llvm::zip_equal(read.getIndices(), tx::getExtents(b, read.getSource()))) {
    if (isAxisOver(at, extent))
      continue;
    Value ok = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, at, extent);
    inside = inside ? arith::AndIOp::create(b, loc, inside, ok).getResult() : ok;
  }
  return inside;
}

/// What the producer is another name of: it yields an element of a tensor of its own extents at its own axes.
Value renamed(tx::ComputeOp producer, unsigned result) {
  auto inner = producer.getYield().getValues()[result].getDefiningOp<tx::ReadOp>();
  if (!inner || inner.isGuarded() || inner->getBlock() != producer.getBlock() ||
      inner.getIndices() != ValueRange(producer.getArgs()))
    return {};
  tx::Extents known = tx::knownExtents(inner.getSource());
  if (!known)
    return {};
  for (auto [extent, lower, upper] :
       llvm::zip_equal(*known, producer.getLower(), producer.getUpper()))
    if (extent.lower || extent.upper != upper || !matchPattern(lower, m_Zero()))
      return {};
  return inner.getSource();
}

void inlineRead(tx::ReadOp read, tx::ComputeOp producer) {
  OpBuilder b(read);
  Location loc = read.getLoc();
  Value inside = read.hasElse() ? isInside(b, read) : Value();
  if (!inside) {
    read.replaceAllUsesWith(evaluate(b, read, producer));
    read.erase();
    return;
  }
  auto choice = scf::IfOp::create(b, loc, TypeRange{read.getResult().getType()}, inside,
                                  /*withElseRegion=*/true);
  b.setInsertionPointToEnd(choice.thenBlock());
  scf::YieldOp::create(b, loc, evaluate(b, read, producer));
  Block &alternative = read.getElseRegion().front();
  Operation *yield = alternative.getTerminator();
  choice.elseBlock()->getOperations().splice(choice.elseBlock()->end(),
                                             alternative.getOperations());
  b.setInsertionPoint(yield);
  scf::YieldOp::create(b, loc, yield->getOperands());
  yield->erase();
  read.replaceAllUsesWith(choice.getResult(0));
  read.erase();
}

constexpr size_t longestChoice = 8;

/// `[a, b, c][i]` as a chain of selects. The index is proved in range, or the read is guarded.
bool inlineListRead(tx::ReadOp read, tx::ListOp list) {
  auto elements = list.getElements();
  bool areScalars =
      llvm::none_of(elements.getTypes(), [](Type t) { return isa<RankedTensorType>(t); });
  if (!areScalars || read.isGuarded() || read.getIndices().size() != 1)
    return false;
  Value index = read.getIndices()[0];
  APInt c;
  if (matchPattern(index, m_ConstantInt(&c)) && c.ult(elements.size())) {
    read.replaceAllUsesWith(Value(elements[c.getZExtValue()]));
    read.erase();
    return true;
  }
  if (elements.empty() || elements.size() > longestChoice)
    return false;
  OpBuilder b(read);
  Location loc = read.getLoc();
  Value v = elements.back();
  for (size_t k = elements.size() - 1; k-- > 0;) {
    Value isHere = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, index,
                                         arith::ConstantIndexOp::create(b, loc, k));
    v = arith::SelectOp::create(b, loc, isHere, elements[k], v);
  }
  read.replaceAllUsesWith(v);
  read.erase();
  return true;
}

SmallVector<tx::ReadOp> readsOf(Operation *producer) {
  SmallVector<tx::ReadOp> reads;
  for (Operation *user : producer->getUsers())
    if (auto read = dyn_cast<tx::ReadOp>(user); read && !llvm::is_contained(reads, read))
      reads.push_back(read);
  return reads;
}

/// The compute without the results that nobody uses.
void pruneResults(tx::ComputeOp op) {
  SmallVector<Type> types;
  SmallVector<Value> kept, yielded;
  for (auto [result, v] : llvm::zip_equal(op.getResults(), op.getYield().getValues()))
    if (!result.use_empty()) {
      kept.push_back(result);
      yielded.push_back(v);
    }
  if (kept.empty() || kept.size() == op.getNumResults())
    return;
  OpBuilder b(op);
  auto slim = tx::ComputeOp::create(b, op.getLoc(), ValueRange(kept).getTypes(), op.getLower(),
                                    op.getUpper(), op.getAxes());
  slim->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  op.getYield().getValuesMutable().assign(yielded);
  slim.getBody().takeBody(op.getBody());
  for (auto [old, result] : llvm::zip_equal(kept, slim.getResults()))
    old.replaceAllUsesWith(result);
  op.erase();
}

struct TxInline : impl::TxInlineBase<TxInline> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      while (inlineOnce(func)) {
      }
      func.walk([&](tx::ComputeOp op) {
        if (plan::getStore(op) == plan::Store::inlined && !tx::isTerm(op))
          keep(op);
      });
      SmallVector<tx::ComputeOp> forms;
      func.walk([&](tx::ComputeOp op) { forms.push_back(op); });
      for (tx::ComputeOp op : llvm::reverse(forms)) // readers before what they read
        pruneResults(op);
    }
  }

  bool inlineOnce(func::FuncOp func) {
    SmallVector<tx::ComputeOp> producers;
    SmallVector<tx::ListOp> lists;
    func.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (auto compute = dyn_cast<tx::ComputeOp>(op);
          compute && plan::getStore(op) == plan::Store::inlined)
        producers.push_back(compute);
      if (auto list = dyn_cast<tx::ListOp>(op))
        lists.push_back(list);
    });
    bool changed = false;
    for (tx::ListOp list : lists)
      for (tx::ReadOp read : readsOf(list))
        changed |= inlineListRead(read, list);
    // Readers before what they read, so that a chain is cloned once; what stands inside before what is around.
    for (tx::ComputeOp producer : llvm::reverse(producers)) {
      for (OpResult result : producer->getResults())
        if (Value source = renamed(producer, result.getResultNumber());
            source && !result.use_empty()) {
          result.replaceAllUsesWith(source); // guards stay guards
          changed = true;
        }
      for (tx::ReadOp read : readsOf(producer)) {
        if (read.getSite() || producer->isAncestor(read))
          continue;
        inlineRead(read, producer);
        changed = true;
      }
      if (producer->use_empty())
        producer.erase();
    }
    return changed;
  }

  /// Something else than reads uses it: where it lives is left to plan-fusion.
  void keep(tx::ComputeOp producer) {
    if (plan::isPinned(producer, "store")) {
      emitError(plan::locationOfPin(producer, "store"))
          << "pin: @inline cannot be obeyed here: the value is used as a whole";
      signalPassFailure();
    }
    producer->removeAttr(plan::storeName);
    producer->removeAttr(plan::whyName);
  }
};
} // namespace
} // namespace texpr

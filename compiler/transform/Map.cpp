// map: gives every forall its level, by `plan.map`; cuts what goes to threads into chunks.
//
//   par.forall (%i) = (%c0) to (%m) {plan.map = ["thread"]} { body }
// becomes, with total = m, chunks = min(total, plan.tasks, ceil(total * operations / plan.work)) and
// size = ceil(total / chunks), or `plan.grain` iterations each:
//   par.forall (%c) = (%c0) to (%chunks) {level = "thread", plan.grain = 1} {
//     par.seq (%t) = %c * %size to min((%c + 1) * %size, %total) { %i = %t; body } }
//
// Chunks are counted by the shape alone, never by the number of threads, so results and workspace
// do not depend on it. Several thread axes are walked as one (row-major); a simd axis stays a
// forall inside the chunk; a single axis that is both is cut into pieces of whole vectors. Levels
// that are no threads (`block`, `warp`, `lane`) need no chunks: they are set as planned, with the
// layouts.
#include "compiler/transform/Passes.h"
#include "dialects/par/ParOps.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_MAP
#include "compiler/transform/Passes.h.inc"

namespace {

constexpr int64_t kPieceRound = 64; // pieces of a vectorized axis are whole vectors of any width

class Mapper {
public:
  explicit Mapper(par::ForallOp forall) : forall(forall), b(forall), loc(forall.getLoc()) {}

  void run() {
    auto levels = levelsOf(forall);
    unsigned axes = forall.getLower().size();
    bool simd = levels.back() == "simd";
    unsigned threads = llvm::count(levels, "thread");
    if (threads == 0 && !(simd && axes == 1)) {
      setInnerLevel(forall, levels);
      return;
    }
    if (threads == 0)
      cutVectorAxis();
    else
      cutThreadAxes(threads, simd);
  }

  static SmallVector<StringRef> levelsOf(par::ForallOp op) {
    SmallVector<StringRef> levels;
    if (auto plan = op->getAttrOfType<ArrayAttr>("plan.map"))
      for (Attribute a : plan)
        levels.push_back(cast<StringAttr>(a).getValue());
    levels.resize(op.getLower().size(), "step");
    return levels;
  }

  static void setInnerLevel(par::ForallOp op, ArrayRef<StringRef> levels) {
    op.setLevel(levels.empty() ? "step" : levels.back());
    op->removeAttr("plan.map");
  }

private:
  Value constant(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }
  Value mul(Value x, Value y) { return arith::MulIOp::create(b, loc, x, y); }
  Value ceilDiv(Value x, Value y) {
    Value sum = arith::AddIOp::create(b, loc, x, arith::SubIOp::create(b, loc, y, constant(1)));
    return arith::DivUIOp::create(b, loc, sum, y);
  }
  Value length(unsigned axis) {
    Value lower = forall.getLower()[axis], upper = forall.getUpper()[axis];
    if (matchPattern(lower, m_Zero()))
      return upper;
    return arith::MaxSIOp::create(b, loc, arith::SubIOp::create(b, loc, upper, lower), constant(0));
  }

  /// Element operations of one iteration: the ops of each loop inside times its trips, where those
  /// are known before the loop.
  Value workOf(Operation *loop, unsigned depth = 0) {
    Value work = constant(std::max<int64_t>(1, directOps(loop)));
    if (depth > 4)
      return work;
    DominanceInfo dominance(forall->getParentOp());
    for (Operation *inner : loopsInside(loop)) {
      Value trips;
      for (auto [lower, upper] : bounds(inner)) {
        bool known = dominance.properlyDominates(upper, forall.getOperation()) &&
                     matchPattern(lower, m_Zero());
        Value n = known ? upper : constant(16);
        trips = trips ? mul(trips, n) : n;
      }
      work = arith::AddIOp::create(b, loc, work, mul(trips, workOf(inner, depth + 1)));
    }
    return work;
  }
  static SmallVector<std::pair<Value, Value>> bounds(Operation *loop) {
    SmallVector<std::pair<Value, Value>> all;
    auto zip = [&](auto op) {
      for (auto pair : llvm::zip(op.getLower(), op.getUpper()))
        all.push_back({std::get<0>(pair), std::get<1>(pair)});
    };
    if (auto f = dyn_cast<par::ForallOp>(loop))
      zip(f);
    else if (auto r = dyn_cast<par::ReduceOp>(loop))
      zip(r);
    else if (auto s = dyn_cast<par::SeqOp>(loop))
      all.push_back({s.getLower(), s.getUpper()});
    return all;
  }
  static bool isLoop(Operation *op) { return isa<par::ForallOp, par::ReduceOp, par::SeqOp>(op); }
  static SmallVector<Operation *> loopsInside(Operation *loop) {
    SmallVector<Operation *> all;
    loop->walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (op == loop || !isLoop(op))
        return WalkResult::advance();
      all.push_back(op);
      return WalkResult::skip();
    });
    return all;
  }
  static int64_t directOps(Operation *loop) {
    int64_t count = 0;
    loop->walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (op != loop && isLoop(op))
        return WalkResult::skip();
      count += op->getDialect()->getNamespace() == "math" ? 16 : 1;
      return WalkResult::advance();
    });
    return count;
  }

  int64_t planned(StringRef name, int64_t absent) {
    auto number = forall->getAttrOfType<IntegerAttr>(name);
    return number ? number.getInt() : absent;
  }

  /// The number of pieces and the iterations of each. Without a plan: one piece.
  std::pair<Value, Value> cut(Value total, Value work, int64_t round) {
    if (auto grain = forall->getAttrOfType<IntegerAttr>("plan.grain")) {
      Value size = constant(std::max<int64_t>(1, grain.getInt()));
      return {ceilDiv(total, size), size};
    }
    Value chunks = ceilDiv(mul(total, work), constant(planned("plan.work", 1 << 16)));
    chunks = arith::MinSIOp::create(b, loc, chunks, constant(planned("plan.tasks", 1)));
    chunks = arith::MinSIOp::create(b, loc, chunks, total);
    chunks = arith::MaxSIOp::create(b, loc, chunks, constant(1));
    Value size = ceilDiv(total, chunks);
    if (auto least = forall->getAttrOfType<IntegerAttr>("plan.least"))
      size = arith::MaxSIOp::create(b, loc, size, constant(least.getInt()));
    if (round > 1)
      size = mul(ceilDiv(size, constant(round)), constant(round));
    size = arith::MaxSIOp::create(b, loc, size, constant(1));
    return {ceilDiv(total, size), size};
  }

  /// The forall over chunks; leaves the builder in its body. Returns [begin, end) of the chunk.
  std::pair<Value, Value> openChunks(Value total, Value work, int64_t round) {
    auto [chunks, size] = cut(total, work, round);
    auto outer = par::ForallOp::create(b, loc, ValueRange{constant(0)}, ValueRange{chunks},
                                       b.getStrArrayAttr({"chunk"}), b.getStringAttr("thread"),
                                       UnitAttr(), forall.getDisjointAttr());
    outer->setAttr("plan.grain", b.getI64IntegerAttr(1));
    for (StringRef name : {"grain", "work", "tasks", "least"})
      if (plan::isPinned(forall, name))
        plan::pin(outer, name);
    Block *body = b.createBlock(&outer.getBody(), {}, b.getIndexType(), loc);
    par::YieldOp::create(b, loc);
    b.setInsertionPointToStart(body);
    Value begin = mul(body->getArgument(0), size);
    Value end = arith::MinSIOp::create(b, loc, arith::AddIOp::create(b, loc, begin, size), total);
    return {begin, end};
  }

  void cutVectorAxis() {
    Value total = length(0), lower = forall.getLower()[0];
    auto [begin, end] = openChunks(total, workOf(forall), kPieceRound);
    Value from = arith::AddIOp::create(b, loc, begin, lower),
          to = arith::AddIOp::create(b, loc, end, lower);
    auto inner =
        par::ForallOp::create(b, loc, ValueRange{from}, ValueRange{to}, forall.getAxesAttr(),
                              b.getStringAttr("simd"), UnitAttr(), forall.getDisjointAttr());
    moveTo(inner);
  }

  void moveTo(par::ForallOp inner) {
    for (NamedAttribute attr : forall->getDiscardableAttrs())
      if (!llvm::is_contained({"plan.map", "plan.grain", "plan.work", "plan.tasks", "plan.least"},
                              attr.getName().getValue()))
        inner->setAttr(attr.getName(), attr.getValue());
    inner.getBody().takeBody(forall.getBody());
    forall.erase();
  }

  void cutThreadAxes(unsigned threads, bool simd) {
    unsigned axes = forall.getLower().size();
    SmallVector<Value> lengths;
    Value total;
    for (unsigned d = 0; d < threads; ++d) {
      lengths.push_back(length(d));
      total = total ? mul(total, lengths.back()) : lengths.back();
    }
    Value work = workOf(forall);
    for (unsigned d = threads; d < axes; ++d)
      work = mul(work, length(d));
    SmallVector<Value> innerLower(forall.getLower().drop_front(threads)),
        innerUpper(forall.getUpper().drop_front(threads));
    auto [begin, end] = openChunks(total, work, 1);
    auto seq = par::SeqOp::create(b, loc, TypeRange{}, begin, end, ValueRange{},
                                  cast<StringAttr>(forall.getAxes()[0]));
    Block *body = b.createBlock(&seq.getBody(), {}, b.getIndexType(), loc);
    par::YieldOp::create(b, loc);
    b.setInsertionPointToStart(body);
    SmallVector<Value> ivs(threads);
    Value rest = body->getArgument(0);
    for (unsigned d = threads; d-- > 0;) {
      Value digit = rest;
      if (d > 0) {
        digit = arith::RemUIOp::create(b, loc, rest, lengths[d]);
        rest = arith::DivUIOp::create(b, loc, rest, lengths[d]);
      }
      ivs[d] = matchPattern(forall.getLower()[d], m_Zero())
                   ? digit
                   : arith::AddIOp::create(b, loc, digit, forall.getLower()[d]).getResult();
    }
    Block &old = forall.getBody().front();
    for (unsigned d = 0; d < threads; ++d)
      old.getArgument(d).replaceAllUsesWith(ivs[d]);
    old.eraseArguments(0, threads);
    if (axes == threads) {
      old.getTerminator()->erase();
      body->getOperations().splice(std::prev(body->end()), old.getOperations());
      forall.erase();
      return;
    }
    SmallVector<Attribute> names(forall.getAxes().begin() + threads, forall.getAxes().end());
    auto inner = par::ForallOp::create(b, loc, innerLower, innerUpper, b.getArrayAttr(names),
                                       b.getStringAttr(simd ? "simd" : "step"), UnitAttr(),
                                       forall.getDisjointAttr());
    moveTo(inner);
  }

  par::ForallOp forall;
  OpBuilder b;
  Location loc;
};

struct Map : impl::MapBase<Map> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<par::ForallOp> outermost, inner;
    module.walk([&](par::ForallOp op) {
      (op->getParentOfType<par::ForallOp>() ? inner : outermost).push_back(op);
    });
    for (par::ForallOp op : inner)
      Mapper::setInnerLevel(op, Mapper::levelsOf(op));
    for (par::ForallOp op : outermost)
      Mapper(op).run();
    module.walk([&](par::ReduceOp op) {
      if (!op.getLevel())
        op.setLevel("step");
    });
    module.walk([](Operation *op) {
      if (Attribute layout = op->removeAttr("plan.layout"))
        op->setAttr(par::LayoutAttr::attributeName(), layout);
    });
    module->setAttr("texpr.stage", StringAttr::get(&getContext(), "mapped"));
  }
};
} // namespace
} // namespace texpr

// split-lanes: a full forall, whose iterations meet, as ordinary foralls between the meetings.
//
//   par.forall (%l) = (0) to (32) level "lane" full {      %a = par.alloc [32], %b = par.alloc [32]
//     %v = par.load %x[%l]                                 par.forall (%l) { %v = par.load %x[%l]  store %v, %a[%l] }
//     %s = par.lane "shuffle" %v, %src             =>      par.forall (%l) { %w = load %a[%src mod 32]  store %w, %b[%l] }
//     %r = %v + %s                                         par.forall (%l) { %r = load %a[%l] + load %b[%l]
//     par.store %r, %y[%l] }                                                 par.store %r, %y[%l] }
//
// For machines without lanes; where `par.machine` has the level `lane` nothing changes. The body is cut at each
// meeting (par.lane, par.barrier); an `if` or `seq` that holds one stays, around foralls, since its condition and
// bounds are the same in all lanes: the first lane's are taken. A value that lives across a cut is kept in an
// array with one element a lane, a buffer of the body gets a last axis of lanes, so that lanes lie side by side
// and the foralls can become vectors; a shuffle reads that array where its value is used. What does not depend on
// the lane is computed once, arithmetic on its index alone wherever it is used. Inner full foralls
// come first, so that the barriers that are left belong to the one at hand. A race between two barriers would
// show in the order of the lanes; the checker has excluded it.
#include "compiler/transform/Checked.h"
#include "compiler/transform/Passes.h"
#include "dialects/par/ParOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_SPLITLANES
#include "compiler/transform/Passes.h.inc"

namespace {

constexpr int64_t kSmall = 16;

bool meets(Operation *op) {
  return op
      ->walk([](Operation *inner) {
        return isa<par::LaneOp, par::BarrierOp>(inner) ? WalkResult::interrupt()
                                                       : WalkResult::advance();
      })
      .wasInterrupted();
}

class Splitter {
public:
  explicit Splitter(par::ForallOp full) : full(full), b(full), loc(full.getLoc()) {}

  LogicalResult run() {
    if (!meets(full)) {
      full.setFull(false);
      return success();
    }
    if (!full->getParentOfType<par::ForallOp>()) { // one task, which owns the arrays
      Value zero = constant(0), one = constant(1);
      auto task =
          par::ForallOp::create(b, loc, ValueRange{zero}, ValueRange{one},
                                b.getStrArrayAttr({"all"}), StringAttr(), UnitAttr(), UnitAttr());
      if (full->hasAttr(checked::kLanes))
        task->setAttr(checked::kMade, b.getUnitAttr());
      b.createBlock(&task.getBody(), {}, b.getIndexType(), loc);
      par::YieldOp::create(b, loc);
      b.setInsertionPointToStart(task.getBlock());
    }
    for (auto [lower, upper] : llvm::zip_equal(full.getLower(), full.getUpper()))
      widths.push_back(
          b.createOrFold<arith::SubIOp>(loc, upper, lower)); // the checker's lower bound is 0
    if (failed(emitBlock(*full.getBlock())))
      return failure();
    full.erase();
    return success();
  }

private:
  par::ForallOp full;
  OpBuilder b;
  Location loc;
  SmallVector<Value> widths;
  IRMapping uniform;                  // what is one value for all lanes
  DenseMap<Value, Value> arrays;      // what is a value a lane: its array
  DenseMap<Value, par::LaneOp> taken; // shuffles whose value is taken where it is needed
  llvm::DenseSet<Value> remade;       // arithmetic on the lane alone: done again where it is needed
  DenseMap<Value, Value> expanded;    // buffers of the body: with an axis a lane axis

  Value constant(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

  bool isOutside(Value v) {
    Operation *maker = v.getDefiningOp();
    if (!maker)
      maker = cast<BlockArgument>(v).getOwner()->getParentOp();
    return maker != full.getOperation() && !full->isProperAncestor(maker);
  }
  Value uniformOf(Value v) { return isOutside(v) ? v : uniform.lookupOrNull(v); }

  // ---- arrays, an element a lane

  static Type storedType(Type type) {
    return type.isIndex() ? IntegerType::get(type.getContext(), 64) : type;
  }
  Value newArray(Type type) {
    Type element = storedType(type);
    auto made =
        par::AllocOp::create(b, loc, par::BufType::get(b.getContext(), widths.size(), element),
                             widths, StringAttr(), StringAttr(), UnitAttr());
    markOwn(made, ArrayAttr());
    return made;
  }
  /// In a checked build: each lane has elements of its own.
  void markOwn(par::AllocOp made, ArrayAttr before) {
    Attribute lanes = full->getAttr(checked::kLanes);
    if (!lanes)
      return;
    SmallVector<Attribute> all;
    if (before)
      llvm::append_range(all, before);
    all.push_back(lanes);
    made->setAttr(checked::kOwn, b.getArrayAttr(all));
  }
  Value loadFrom(Value array, ValueRange at, Type type) {
    Value v = par::LoadOp::create(b, loc, storedType(type), array, at, Value(), Value());
    return type.isIndex() ? arith::IndexCastOp::create(b, loc, type, v).getResult() : v;
  }
  void storeTo(Value v, Value array, ValueRange at) {
    if (v.getType().isIndex())
      v = arith::IndexCastOp::create(b, loc, b.getI64Type(), v);
    par::StoreOp::create(b, loc, v, array, at, Value());
  }

  /// A forall over the lanes.
  void forLanes(function_ref<void(ValueRange)> body) {
    SmallVector<Value> zeros(widths.size(), constant(0));
    auto loop = par::ForallOp::create(b, loc, zeros, widths, full.getAxesAttr(), StringAttr(),
                                      UnitAttr(), full.getDisjointAttr());
    loop->setDiscardableAttrs(full->getDiscardableAttrDictionary());
    OpBuilder::InsertionGuard guard(b);
    Block *block = b.createBlock(&loop.getBody(), {}, ValueRange(zeros).getTypes(),
                                 SmallVector<Location>(zeros.size(), loc));
    par::YieldOp::create(b, loc);
    b.setInsertionPointToStart(block);
    body(block->getArguments());
  }

  /// The value of lane `at`.
  Value valueIn(Value v, ValueRange at) {
    if (Value one = uniformOf(v))
      return one;
    auto arg = dyn_cast<BlockArgument>(v);
    if (arg && arg.getOwner() == full.getBlock())
      return at[arg.getArgNumber()];
    if (remade.contains(v)) {
      IRMapping map;
      for (Value operand : v.getDefiningOp()->getOperands())
        map.map(operand, valueIn(operand, at));
      return b.clone(*v.getDefiningOp(), map)->getResult(cast<OpResult>(v).getResultNumber());
    }
    if (par::LaneOp shuffle = taken.lookup(v))
      return valueIn(shuffle.getOperand(0), ValueRange{inWarp(valueIn(shuffle.getOperand(1), at))});
    return loadFrom(arrays.at(v), at, v.getType());
  }
  /// What decides for all lanes: the first one's.
  Value first(Value v) { return valueIn(v, SmallVector<Value>(widths.size(), constant(0))); }

  // ---- runs of ops between meetings

  static bool isFree(Operation &op) {
    return op.getNumRegions() == 0 && isMemoryEffectFree(&op) && !isa<par::AllocOp>(op);
  }

  static bool isCheap(Operation &op) {
    return isFree(op) && op.getDialect()->getNamespace() == "arith";
  }
  bool isOfLane(Value v) {
    return uniformOf(v) || remade.contains(v) || llvm::is_contained(full.getArgs(), v);
  }

  LogicalResult emitBlock(Block &block) {
    SmallVector<Operation *> run;
    for (Operation &op : block.without_terminator()) {
      if (Attribute clock = op.getAttr(checked::kEpoch);
          clock && clock == full->getAttr(checked::kLanes)) {
        emitRun(run);
        run.clear();
        b.clone(op, uniform);
      } else if (isFree(op) &&
                 llvm::all_of(op.getOperands(), [&](Value v) { return uniformOf(v); })) {
        b.clone(op, uniform);
      } else if (isCheap(op) &&
                 llvm::all_of(op.getOperands(), [&](Value v) { return isOfLane(v); })) {
        remade.insert_range(op.getResults());
      } else if (!meets(&op)) {
        run.push_back(&op);
      } else {
        emitRun(run);
        run.clear();
        if (failed(emitMeeting(&op)))
          return failure();
      }
    }
    emitRun(run);
    return success();
  }

  static bool isUsedBehind(Value v, const llvm::DenseSet<Operation *> &run) {
    return llvm::any_of(v.getUsers(), [&](Operation *user) {
      for (Operation *at = user; at; at = at->getParentOp())
        if (run.contains(at))
          return false;
      return true;
    });
  }

  /// One forall that does all of `run`, keeping what later code needs.
  void emitRun(ArrayRef<Operation *> ops) {
    if (ops.empty())
      return;
    llvm::DenseSet<Operation *> run(ops.begin(), ops.end());
    SmallVector<Value> given, kept;
    for (Value v : usedBy(ops))
      if (arrays.contains(v) || remade.contains(v) || taken.contains(v))
        given.push_back(v);
    for (Operation *op : ops)
      for (Value v : op->getResults())
        if (auto alloc = dyn_cast<par::AllocOp>(op)) {
          if (isUsedBehind(v, run) || isSmall(alloc))
            expand(alloc);
        } else if (isUsedBehind(v, run)) {
          kept.push_back(v);
          arrays[v] = newArray(v.getType());
        }
    forLanes([&](ValueRange at) {
      IRMapping map = uniform;
      for (auto [arg, now] : llvm::zip_equal(full.getArgs(), at))
        map.map(arg, now);
      for (Value v : given)
        map.map(v, valueIn(v, at));
      for (Operation *op : ops)
        if (!expanded.contains(op->getNumResults() ? op->getResult(0) : Value()))
          addLanes(b.clone(*op, map), at);
      for (Value v : kept)
        storeTo(map.lookup(v), arrays.at(v), at);
    });
  }

  /// A few elements: kept side by side they become vectors.
  static bool isSmall(par::AllocOp op) {
    int64_t elements = 1;
    for (Value extent : op.getExtents()) {
      APInt size;
      if (!matchPattern(extent, m_ConstantInt(&size)) || size.getSExtValue() > kSmall)
        return false;
      elements *= size.getSExtValue();
    }
    return elements <= kSmall;
  }

  static llvm::SetVector<Value> usedBy(ArrayRef<Operation *> ops) {
    llvm::SetVector<Value> used;
    for (Operation *op : ops)
      op->walk([&](Operation *inner) { used.insert_range(inner->getOperands()); });
    return used;
  }

  /// A buffer that lives across a meeting: the lanes' side by side, in the last axes.
  void expand(par::AllocOp op) {
    SmallVector<Value> extents;
    for (Value extent : op.getExtents())
      extents.push_back(first(extent));
    llvm::append_range(extents, widths);
    par::BufType type = par::getBufType(op.getResult());
    auto wide = par::AllocOp::create(
        b, op.getLoc(), par::BufType::get(b.getContext(), extents.size(), type.getElementType()),
        extents, op.getPlaceAttr(), op.getNameAttr(), op.getPinnedAttr());
    markOwn(wide, op->getAttrOfType<ArrayAttr>(checked::kOwn));
    expanded[op.getResult()] = wide;
  }

  /// Accesses of expanded buffers go to this lane's part.
  void addLanes(Operation *root, ValueRange at) {
    root->walk([&](Operation *op) {
      auto redirect = [&](OpOperand &buffer, MutableOperandRange indices) {
        auto found = expanded.find(buffer.get());
        if (found == expanded.end())
          return;
        buffer.set(found->second);
        indices.append(at);
      };
      if (auto load = dyn_cast<par::LoadOp>(op))
        redirect(load.getSourceMutable(), load.getIndicesMutable());
      else if (auto store = dyn_cast<par::StoreOp>(op))
        redirect(store.getDestMutable(), store.getIndicesMutable());
      else if (auto atomic = dyn_cast<par::AtomicOp>(op))
        redirect(atomic.getDestMutable(), atomic.getIndicesMutable());
    });
  }

  // ---- meetings

  LogicalResult emitMeeting(Operation *op) {
    if (isa<par::BarrierOp>(op))
      return success();
    if (auto lane = dyn_cast<par::LaneOp>(op))
      return emitLane(lane);
    if (auto choice = dyn_cast<scf::IfOp>(op))
      return emitChoice(choice);
    if (auto seq = dyn_cast<par::SeqOp>(op); seq && !seq.hasWhile())
      return emitSeq(seq);
    return op->emitOpError("holds a meeting of the lanes around it");
  }

  void perLane(par::LaneOp op, function_ref<Value(ValueRange)> value) {
    Value array = newArray(op.getResult().getType());
    forLanes([&](ValueRange at) { storeTo(value(at), array, at); });
    arrays[op.getResult()] = array;
  }

  /// The lane that an index names: modulo their number, which is a power of two.
  Value inWarp(Value lane) {
    Value mask = b.createOrFold<arith::SubIOp>(loc, widths[0], constant(1));
    return arith::AndIOp::create(b, loc, lane, mask);
  }

  Value reduceLanes(tx::Combine op, function_ref<Value(Value)> term) {
    Value zero = constant(0);
    auto reduce =
        par::ReduceOp::create(b, loc, op, ValueRange{zero}, ValueRange{widths[0]},
                              full.getAxesAttr(), [&](OpBuilder &, Location, ValueRange at) {
                                OpBuilder::InsertionGuard guard(b);
                                b.setInsertionPointToEnd(at[0].getParentBlock());
                                Value v = term(at[0]);
                                par::YieldOp::create(b, loc, ValueRange{v});
                              });
    return reduce.getResult(0);
  }

  /// A bit for each lane of which `holds`.
  Value maskOf(function_ref<Value(Value)> holds) {
    Type word = b.getI32Type();
    return reduceLanes(tx::Combine::or_op, [&](Value lane) -> Value {
      Value one = arith::ConstantIntOp::create(b, loc, 1, 32);
      Value bit =
          arith::ShLIOp::create(b, loc, one, arith::IndexCastOp::create(b, loc, word, lane));
      Value none = arith::ConstantIntOp::create(b, loc, 0, 32);
      return arith::SelectOp::create(b, loc, holds(lane), bit, none);
    });
  }

  LogicalResult emitLane(par::LaneOp op) {
    if (widths.size() != 1)
      return op.emitOpError("stands among lanes of several axes");
    StringRef kind = op.getKind();
    Value result = op.getResult(), given = op.getNumOperands() ? op.getOperand(0) : Value();
    Type word = b.getI32Type();
    if (kind == "shuffle") {
      if (Value one = uniformOf(given)) {
        uniform.map(result, one);
      } else if (Value source = uniformOf(op.getOperand(1))) {
        uniform.map(result, valueIn(given, ValueRange{inWarp(source)}));
      } else if (given.getDefiningOp() || remade.contains(given)) {
        taken[result] = op;
      } else { // carried: the next state may overwrite it lane by lane
        perLane(op, [&](ValueRange at) {
          return valueIn(given, ValueRange{inWarp(valueIn(op.getOperand(1), at))});
        });
      }
    } else if (kind == "any" || kind == "all") {
      Value one = uniformOf(given);
      tx::Combine with = kind == "any" ? tx::Combine::or_op : tx::Combine::and_op;
      uniform.map(result,
                  one ? one : reduceLanes(with, [&](Value lane) { return valueIn(given, lane); }));
    } else if (kind == "ballot") {
      uniform.map(result, maskOf([&](Value lane) { return valueIn(given, lane); }));
    } else if (kind == "match") {
      perLane(op, [&](ValueRange at) {
        Value mine = valueIn(given, at);
        return maskOf([&](Value lane) -> Value {
          return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, valueIn(given, lane),
                                       mine);
        });
      });
    } else { // below
      perLane(op, [&](ValueRange at) -> Value {
        Value one = arith::ConstantIntOp::create(b, loc, 1, 32);
        Value bit =
            arith::ShLIOp::create(b, loc, one, arith::IndexCastOp::create(b, loc, word, at[0]));
        return arith::SubIOp::create(b, loc, bit, one);
      });
    }
    return success();
  }

  LogicalResult emitChoice(scf::IfOp op) {
    for (Value result : op.getResults())
      arrays[result] = newArray(result.getType());
    auto choice = scf::IfOp::create(b, loc, TypeRange(), first(op.getCondition()),
                                    !op.getElseRegion().empty());
    for (auto [from, to] : llvm::zip_equal(op->getRegions(), choice->getRegions())) {
      if (from.empty())
        continue;
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(&to.front());
      if (failed(emitBlock(from.front())))
        return failure();
      keep(from.front().getTerminator()->getOperands(), op.getResults());
    }
    return success();
  }

  /// Stores `values` to the arrays of `to`, all read before any is written.
  void keep(ValueRange values, ValueRange to) {
    if (values.empty())
      return;
    forLanes([&](ValueRange at) {
      SmallVector<Value> read;
      for (Value v : values)
        read.push_back(valueIn(v, at));
      for (auto [v, into] : llvm::zip_equal(read, to))
        storeTo(v, arrays.at(into), at);
    });
  }

  LogicalResult emitSeq(par::SeqOp op) {
    for (auto [carried, result] : llvm::zip_equal(op.getCarried(), op.getResults()))
      arrays[carried] = arrays[result] = newArray(result.getType());
    keep(op.getInits(), op.getResults());
    auto seq = par::SeqOp::create(b, loc, first(op.getLower()), first(op.getUpper()), ValueRange(),
                                  op.getAxis(), [](OpBuilder &, Location, ValueRange) {});
    seq->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(seq.getBlock()->getTerminator());
    uniform.map(op.getInductionVar(), seq.getInductionVar());
    if (failed(emitBlock(*op.getBlock())))
      return failure();
    keep(op.getYield().getValues(), op.getCarried());
    return success();
  }
};

struct SplitLanes : impl::SplitLanesBase<SplitLanes> {
  void runOnOperation() override {
    if (hasLanes(getOperation()))
      return;
    SmallVector<par::ForallOp> work; // inner ones first
    getOperation().walk([&](par::ForallOp op) {
      if (op.getFull())
        work.push_back(op);
    });
    for (par::ForallOp op : work)
      if (failed(Splitter(op).run()))
        return signalPassFailure();
  }
};
} // namespace

bool hasLanes(ModuleOp module) {
  auto facts = module->getAttrOfType<DictionaryAttr>("par.machine");
  auto levels = facts ? facts.getAs<ArrayAttr>("levels") : ArrayAttr();
  return levels && llvm::is_contained(levels, StringAttr::get(module.getContext(), "lane"));
}
} // namespace texpr

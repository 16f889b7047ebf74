// par.atomic: an element that several tasks may change.
//
// In: the op and the element's pointer, when loops are scf already. Out:
//   one task alone sees the buffer      a load, the region, a store
//   x + v, x & v, max(x, v), … , v      llvm.atomicrmw
//   any other region                    a loop: the region on what was seen, cmpxchg on the bits, until it holds
// All are relaxed: what tasks leave to each other is handed over where a kernel ends. A bool and a half are
// changed as the integer of their bytes.
#include "compiler/target/cpu/Atomics.h"
#include "compiler/target/cpu/Cpu.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace texpr::cpu {

namespace {
class AtomicLowering {
public:
  AtomicLowering(par::AtomicOp op, Value pointer)
      : op(op), pointer(pointer), element(op.getOld().getType()),
        bits(IntegerType::get(op.getContext(), storageBytes(element) * 8)), b(op),
        loc(op.getLoc()) {}

  void run() {
    Value old;
    if (isOwn())
      old = plain();
    else if (auto instruction = match())
      old = LLVM::AtomicRMWOp::create(b, loc, instruction->first, pointer, instruction->second,
                                      LLVM::AtomicOrdering::monotonic);
    else
      old = loop();
    op.getOld().replaceAllUsesWith(old);
    op.erase();
  }

private:
  par::AtomicOp op;
  Value pointer;
  Type element;
  IntegerType bits;
  OpBuilder b;
  Location loc;

  /// No other task sees the buffer.
  bool isOwn() {
    auto task = op->getParentOfType<par::ForallOp>();
    while (task && task.getLevel() != "thread")
      task = task->getParentOfType<par::ForallOp>();
    Operation *maker = op.getDest().getDefiningOp();
    return !task || (maker && task->isProperAncestor(maker));
  }

  Value toBits(Value v) {
    if (element.isInteger(1))
      return arith::ExtUIOp::create(b, loc, bits, v);
    return v.getType() == bits ? v : arith::BitcastOp::create(b, loc, bits, v).getResult();
  }
  Value fromBits(Value v) {
    if (element.isInteger(1))
      return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, v,
                                   arith::ConstantIntOp::create(b, loc, 0, 8));
    return v.getType() == element ? v : arith::BitcastOp::create(b, loc, element, v).getResult();
  }

  /// The region at the insertion point, on `old`; what it yields.
  Value next(Value old) {
    Block *body = op.getBlock();
    Operation *yield = body->getTerminator();
    body->getArgument(0).replaceAllUsesWith(old);
    Value result = yield->getOperand(0) == body->getArgument(0) ? old : yield->getOperand(0);
    for (Operation &inner : llvm::make_early_inc_range(body->without_terminator()))
      inner.moveBefore(b.getInsertionBlock(), b.getInsertionPoint());
    return result;
  }

  Value plain() {
    Value old = fromBits(LLVM::LoadOp::create(b, loc, bits, pointer, storageBytes(element)));
    Value value = toBits(next(old));
    LLVM::StoreOp::create(b, loc, value, pointer, storageBytes(element));
    return old;
  }

  Value loop() {
    using Ordering = LLVM::AtomicOrdering;
    Value first = LLVM::LoadOp::create(b, loc, bits, pointer, storageBytes(element),
                                       /*isVolatile=*/false, /*isNonTemporal=*/false,
                                       /*isInvariant=*/false, /*isInvariantGroup=*/false,
                                       Ordering::monotonic);
    auto retry = scf::WhileOp::create(b, loc, TypeRange(bits), ValueRange(first));
    OpBuilder::InsertionGuard guard(b);
    Block *attempt = b.createBlock(&retry.getBefore(), {}, TypeRange(bits), loc);
    Value seen = attempt->getArgument(0);
    Value value = toBits(next(fromBits(seen)));
    Value pair = LLVM::AtomicCmpXchgOp::create(b, loc, pointer, seen, value, Ordering::monotonic,
                                               Ordering::monotonic);
    Value found = LLVM::ExtractValueOp::create(b, loc, pair, 0);
    Value ok = LLVM::ExtractValueOp::create(b, loc, pair, 1);
    Value again = arith::XOrIOp::create(b, loc, ok, arith::ConstantIntOp::create(b, loc, 1, 1));
    scf::ConditionOp::create(b, loc, again, found);
    Block *after = b.createBlock(&retry.getAfter(), {}, TypeRange(bits), loc);
    scf::YieldOp::create(b, loc, after->getArguments());
    b.setInsertionPointAfter(retry);
    return fromBits(retry.getResult(0));
  }

  // ---- what one instruction does

  static Value withoutCasts(Value v) {
    while (auto cast = v.getDefiningOp<arith::IndexCastOp>())
      v = cast.getIn();
    return v;
  }

  bool isInside(Value v) {
    Operation *def = v.getDefiningOp();
    return def ? op->isProperAncestor(def) : v == op.getBlock()->getArgument(0);
  }

  static std::optional<LLVM::AtomicBinOp> instructionOf(Operation *def) {
    using B = LLVM::AtomicBinOp;
    return llvm::TypeSwitch<Operation *, std::optional<B>>(def)
        .Case<arith::AddIOp>([](auto) { return B::add; })
        .Case<arith::SubIOp>([](auto) { return B::sub; })
        .Case<arith::AndIOp>([](auto) { return B::_and; })
        .Case<arith::OrIOp>([](auto) { return B::_or; })
        .Case<arith::XOrIOp>([](auto) { return B::_xor; })
        .Case<arith::MaxSIOp>([](auto) { return B::max; })
        .Case<arith::MinSIOp>([](auto) { return B::min; })
        .Case<arith::MaxUIOp>([](auto) { return B::umax; })
        .Case<arith::MinUIOp>([](auto) { return B::umin; })
        .Case<arith::AddFOp>([](auto) { return B::fadd; })
        .Case<arith::SubFOp>([](auto) { return B::fsub; })
        .Default([](Operation *) { return std::nullopt; });
  }

  /// Of integers and of f32 and f64, whose rounding the instruction keeps.
  std::optional<std::pair<LLVM::AtomicBinOp, Value>> match() {
    if (element.isInteger(1) || element.isF16() || element.isBF16())
      return std::nullopt;
    Value yielded = withoutCasts(op.getYield().getValues()[0]);
    Value arg = op.getBlock()->getArgument(0);
    auto outside = [&](Value v) -> std::pair<LLVM::AtomicBinOp, Value> {
      if (v.getType() != element)
        v = arith::IndexCastOp::create(b, loc, element, v);
      return {LLVM::AtomicBinOp::xchg, v};
    };
    if (!isInside(yielded))
      return outside(yielded);
    Operation *def = yielded.getDefiningOp();
    auto instruction = def ? instructionOf(def) : std::nullopt;
    if (!instruction)
      return std::nullopt;
    Value x = withoutCasts(def->getOperand(0)), y = withoutCasts(def->getOperand(1));
    bool commutes = !isa<arith::SubIOp, arith::SubFOp>(def);
    if (commutes && y == arg)
      std::swap(x, y);
    if (x != arg || isInside(y))
      return std::nullopt;
    return std::pair(*instruction, outside(y).second);
  }
};
} // namespace

void lowerAtomic(par::AtomicOp op, Value pointer) { AtomicLowering(op, pointer).run(); }

} // namespace texpr::cpu

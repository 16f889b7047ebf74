// simplify-indices: index arithmetic in a normal form, and one name for dims that are equal.
//
// In: index values as inlining left them. Out: sums of multiples without what cancels, quotients by constants divided out.
//   %a = %i + 2 ; %b = %a - %i      →  2            tx.scalar floordiv (4 * %i + 3), 4  →  %i       tx.scalar mod (4 * %i + 3), 4  →  3
//   tx.fact (s0 - s1 == 0)[%m, %n]  →  behind it, %m stands for %n: equality of extents is identity again
//   tx.read %x[%i] else {…}, %i in 0 to %n  →  tx.read %x[%i]            tx.scalar mod %i, %d, %d > 0  →  arith.remui %i, %d
// Sums are exact modulo 2^64. A quotient is divided out only where nothing can wrap: its leaves are dims and axes, below 2^47.
#include "compiler/transform/Passes.h"
#include "dialects/tx/Extents.h"
#include "dialects/tx/FactsAt.h"
#include "dialects/tx/Reach.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_SIMPLIFYINDICES
#include "compiler/transform/Passes.h.inc"

namespace {

/// Σ factor · value + constant, in order of first use.
struct Linear {
  llvm::SmallMapVector<Value, int64_t, 4> terms;
  int64_t constant = 0;

  void add(const Linear &o, int64_t factor) {
    for (auto [v, f] : o.terms)
      terms[v] += int64_t(uint64_t(f) * uint64_t(factor));
    constant += int64_t(uint64_t(o.constant) * uint64_t(factor));
    terms.remove_if([](auto &t) { return t.second == 0; });
  }
  /// The one value that this is, if it is one.
  Value single() const {
    return terms.size() == 1 && constant == 0 && terms.front().second == 1 ? terms.front().first
                                                                           : Value();
  }
};

std::optional<int64_t> constantOf(Value v) {
  APInt c;
  if (matchPattern(v, m_ConstantInt(&c)) && c.getSignificantBits() <= 64)
    return c.getSExtValue();
  return std::nullopt;
}

constexpr unsigned maxDepth = 16;
constexpr size_t maxTerms = 16;

Linear linearOf(Value v, unsigned depth = 0) {
  Linear l;
  if (auto c = constantOf(v)) {
    l.constant = *c;
    return l;
  }
  Operation *op = v.getDefiningOp();
  if (depth < maxDepth && isa_and_nonnull<arith::AddIOp, arith::SubIOp>(op)) {
    l.add(linearOf(op->getOperand(0), depth + 1), 1);
    l.add(linearOf(op->getOperand(1), depth + 1), isa<arith::AddIOp>(op) ? 1 : -1);
    if (l.terms.size() <= maxTerms)
      return l;
  } else if (depth < maxDepth && isa_and_nonnull<arith::MulIOp>(op)) {
    for (unsigned k : {0u, 1u})
      if (auto c = constantOf(op->getOperand(k))) {
        l.add(linearOf(op->getOperand(1 - k), depth + 1), *c);
        return l;
      }
  }
  l = {};
  l.terms[v] = 1;
  return l;
}

/// A dim or an axis: not negative, and below 2^47.
bool isBounded(Value v) {
  if (tx::AxisBounds axis = tx::boundsOf(v))
    return matchPattern(axis.lower, m_Zero());
  auto arg = dyn_cast<BlockArgument>(v);
  auto func = arg ? dyn_cast<func::FuncOp>(arg.getOwner()->getParentOp()) : func::FuncOp();
  return func && func.getArgAttr(arg.getArgNumber(), "tx.dim") &&
         !func.getArgAttr(arg.getArgNumber(), "tx.type");
}

bool cannotWrap(const Linear &l) {
  constexpr int64_t largest = 1 << 12; // 2^47 · 2^12 · 16 terms < 2^63
  return llvm::all_of(
             l.terms,
             [&](auto &t) { return isBounded(t.first) && std::abs(t.second) <= largest; }) &&
         std::abs(l.constant) < (int64_t(1) << 47) && l.terms.size() <= 8;
}

struct SimplifyIndices : impl::SimplifyIndicesBase<SimplifyIndices> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>())
      mergeDims(func);
    SmallVector<Operation *> work;
    getOperation().walk([&](Operation *op) {
      if (op->getNumResults() == 1 && op->getResult(0).getType().isIndex() &&
          isa<arith::AddIOp, arith::SubIOp, tx::ScalarOp>(op))
        work.push_back(op);
    });
    for (Operation *op : work) {
      OpBuilder b(op);
      Value v = isa<tx::ScalarOp>(op) ? quotient(b, cast<tx::ScalarOp>(op)) : sum(b, op);
      if (v && v != op->getResult(0))
        op->getResult(0).replaceAllUsesWith(v);
    }
    useFacts();
  }

  /// Drops guards that always hold and the total forms of quotients whose operands are known, as far as the facts at hand prove it.
  void useFacts() {
    SmallVector<Operation *> work;
    getOperation().walk([&](Operation *op) {
      auto read = dyn_cast<tx::ReadOp>(op);
      auto scalar = dyn_cast<tx::ScalarOp>(op);
      if ((read && read.hasElse()) || (scalar && isSymbolicQuotient(scalar)))
        work.push_back(op);
    });
    if (work.size() > mostQuestions)
      return;
    for (Operation *op : work) {
      if (auto read = dyn_cast<tx::ReadOp>(op))
        dropGuard(read);
      else
        makePartial(cast<tx::ScalarOp>(op));
    }
  }

  static constexpr size_t mostQuestions = 500;

  static bool isSymbolicQuotient(tx::ScalarOp op) {
    bool isQuotient =
        op.getKind() == tx::ScalarKind::floordiv || op.getKind() == tx::ScalarKind::mod;
    return isQuotient && op.getResult().getType().isIndex() && !constantOf(op.getOperands()[1]);
  }

  /// Arithmetic on dims and axes: no data, whose promises may not hold.
  static bool isFreeOfData(Value v, unsigned depth = 0) {
    Operation *op = v.getDefiningOp();
    if (!op)
      return true;
    if (depth > maxDepth || !isa<arith::ArithDialect, tx::TxDialect>(op->getDialect()) ||
        isa<tx::ReadOp>(op) || op->getNumRegions())
      return false;
    return llvm::all_of(op->getOperands(), [&](Value o) { return isFreeOfData(o, depth + 1); });
  }

  static void dropGuard(tx::ReadOp read) {
    if (!llvm::all_of(read.getIndices(), [](Value v) { return isFreeOfData(v); }))
      return;
    tx::Extents known = tx::knownExtents(read.getSource());
    if (!known)
      return;
    tx::FactsAt facts(read);
    OpBuilder b(read);
    Value zero = arith::ConstantIndexOp::create(b, read.getLoc(), 0);
    for (auto [index, extent] : llvm::zip_equal(read.getIndices(), *known)) {
      Value upper = extent.upper;
      if (extent.constant)
        upper = arith::ConstantIndexOp::create(b, read.getLoc(), *extent.constant);
      if (extent.lower || !facts.provesInRange(index, zero, upper))
        return;
    }
    auto plain = tx::ReadOp::create(b, read.getLoc(), read.getSource(), read.getIndices());
    read.replaceAllUsesWith(plain.getResult());
    read.erase();
  }

  static void makePartial(tx::ScalarOp op) {
    Value dividend = op.getOperands()[0], divisor = op.getOperands()[1];
    if (!isFreeOfData(dividend) || !isFreeOfData(divisor))
      return;
    tx::FactsAt facts(op);
    OpBuilder b(op);
    Location loc = op.getLoc();
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    if (!facts.proves(divisor, facts::Rel::GT, zero) ||
        !facts.proves(dividend, facts::Rel::GE, zero))
      return;
    Value v = op.getKind() == tx::ScalarKind::mod
                  ? arith::RemUIOp::create(b, loc, dividend, divisor).getResult()
                  : arith::DivUIOp::create(b, loc, dividend, divisor).getResult();
    op.getResult().replaceAllUsesWith(v);
    op.erase();
  }

  static Value sum(OpBuilder &b, Operation *op) {
    Linear l = linearOf(op->getResult(0));
    if (Value v = l.single())
      return v;
    if (l.terms.empty())
      return arith::ConstantIndexOp::create(b, op->getLoc(), l.constant);
    if (l.terms.size() != 1 || l.terms.front().second != 1)
      return {};
    bool isPlain = isa<arith::AddIOp>(op) && op->getOperand(0) == l.terms.front().first;
    if (isPlain)
      return {};
    Value c = arith::ConstantIndexOp::create(b, op->getLoc(), l.constant);
    return arith::AddIOp::create(b, op->getLoc(), l.terms.front().first, c);
  }

  static Value quotient(OpBuilder &b, tx::ScalarOp op) {
    bool isDiv = op.getKind() == tx::ScalarKind::floordiv,
         isMod = op.getKind() == tx::ScalarKind::mod;
    if (!isDiv && !isMod)
      return {};
    auto divisor = constantOf(op.getOperands()[1]);
    Linear l = linearOf(op.getOperands()[0]);
    if (!divisor || *divisor <= 0 || !cannotWrap(l))
      return {};
    if (llvm::any_of(l.terms, [&](auto &t) { return t.second % *divisor != 0; }))
      return {};
    Location loc = op.getLoc();
    int64_t rest = ((l.constant % *divisor) + *divisor) % *divisor;
    if (isMod)
      return arith::ConstantIndexOp::create(b, loc, rest);
    Value v = arith::ConstantIndexOp::create(b, loc, (l.constant - rest) / *divisor);
    for (auto [term, factor] : l.terms) {
      Value part = term;
      if (factor != *divisor)
        part = arith::MulIOp::create(b, loc, term,
                                     arith::ConstantIndexOp::create(b, loc, factor / *divisor));
      v = b.createOrFold<arith::AddIOp>(loc, part, v);
    }
    return v;
  }

  /// Facts say that two arguments are equal: the earlier one stands for both.
  static void mergeDims(func::FuncOp func) {
    func.walk([&](tx::FactOp fact) {
      IntegerSet set = fact.getSet();
      if (set.getNumConstraints() != 1 || !set.isEq(0) || fact.getOperands().size() != 2)
        return;
      MLIRContext *context = func.getContext();
      AffineExpr difference = getAffineSymbolExpr(0, context) - getAffineSymbolExpr(1, context);
      AffineExpr c = set.getConstraint(0);
      if (simplifyAffineExpr(c - difference, 0, 2) != 0 &&
          simplifyAffineExpr(c + difference, 0, 2) != 0)
        return;
      auto a = dyn_cast<BlockArgument>(fact.getOperands()[0]),
           d = dyn_cast<BlockArgument>(fact.getOperands()[1]);
      if (!a || !d || a.getOwner() != &func.getBody().front() || d.getOwner() != a.getOwner())
        return;
      if (a.getArgNumber() > d.getArgNumber())
        std::swap(a, d);
      d.replaceUsesWithIf(a, [](OpOperand &use) { return !isa<tx::FactOp>(use.getOwner()); });
    });
  }
};
} // namespace
} // namespace texpr

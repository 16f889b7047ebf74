// From SSA values to the engine of proofs: symbols for what is not followed, sums for arithmetic that cannot wrap.
//
//   func(%n {tx.dim}) … tx.compute (%i) = 0 to %n { scf.if %i > 0 { <at> } }     0 <= n <= 2^47, 0 <= i < n, i > 0
//
// Every expression has the meaning of unbounded integers; so a sum or product enters only where the proved range of
// its result fits the 64 bits of an index, else the value is a new unknown. Dims are at most 2^47: entry checks it.
#include "dialects/tx/FactsAt.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace texpr::tx {

using facts::Constraint;
using facts::Expr;
using facts::Range;
using facts::Rel;

static constexpr int64_t maxDim = int64_t(1) << 47;

FactsAt::FactsAt(Operation *at) {
  SmallVector<Region *> enclosing;
  for (Region *r = at->getParentRegion(); r; r = r->getParentRegion()) {
    enclosing.push_back(r);
    if (isa<FunctionOpInterface>(r->getParentOp()))
      break;
  }
  // Outermost first: bounds of inner axes are expressions over outer ones.
  for (Region *region : llvm::reverse(enclosing)) {
    enter(region->getParentOp(), *region);
    if (Operation *here = region->findAncestorOpInRegion(*at))
      assumeFacts(here);
  }
}

void FactsAt::enter(Operation *parent, Region &region) {
  if (auto domain = dyn_cast<HasDomain>(parent))
    for (AxisRange axis : domain.getAxisRanges(region)) {
      Expr arg = expr(axis.arg);
      facts.assume({expr(axis.lower), Rel::LE, arg});
      facts.assume({arg, Rel::LT, expr(axis.upper)});
    }
  if (auto branch = dyn_cast<scf::IfOp>(parent))
    assumeCondition(branch.getCondition(), &region == &branch.getThenRegion());
  // `where`: the second region.
  if (!isa<ReduceOp, ScatterOp, FilterOp>(parent) || parent->getRegion(1).empty() ||
      &region == &parent->getRegion(1))
    return;
  // The condition speaks of its own arguments, which are the body's.
  Region &where = parent->getRegion(1);
  for (auto [theirs, ours] : llvm::zip(where.getArguments(), region.getArguments()))
    known.insert({theirs, expr(ours)});
  assumeCondition(where.front().getTerminator()->getOperand(0), true);
}

void FactsAt::assumeFacts(Operation *before) {
  for (Operation &op : *before->getBlock()) {
    if (&op == before)
      return;
    if (auto fact = dyn_cast<FactOp>(op))
      assumeSet(fact);
  }
}

void FactsAt::assumeSet(FactOp fact) {
  IntegerSet set = fact.getSet();
  for (unsigned i = 0; i < set.getNumConstraints(); ++i)
    if (auto e = affine(set.getConstraint(i), fact.getOperands()))
      facts.assume({*e, set.isEq(i) ? Rel::EQ : Rel::GE, Expr(0)});
}

std::optional<Expr> FactsAt::affine(AffineExpr e, ValueRange symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(e))
    return Expr(constant.getValue());
  if (auto symbol = dyn_cast<AffineSymbolExpr>(e))
    return expr(symbols[symbol.getPosition()]);
  auto binary = dyn_cast<AffineBinaryOpExpr>(e);
  if (!binary)
    return std::nullopt;
  auto lhs = affine(binary.getLHS(), symbols), rhs = affine(binary.getRHS(), symbols);
  if (!lhs || !rhs)
    return std::nullopt;
  if (e.getKind() == AffineExprKind::Add)
    return *lhs + *rhs;
  if (e.getKind() == AffineExprKind::Mul)
    return *lhs * *rhs;
  if (!facts.prove({*rhs, Rel::GT, Expr(0)}))
    return std::nullopt;
  if (e.getKind() == AffineExprKind::FloorDiv)
    return Expr::floorDiv(*lhs, *rhs);
  if (e.getKind() == AffineExprKind::Mod)
    return Expr::mod(*lhs, *rhs);
  return -Expr::floorDiv(-*lhs, *rhs);
}

//===- conditions ---------------------------------------------------------===//

static std::optional<Rel> relation(arith::CmpIPredicate predicate) {
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return Rel::EQ;
  case arith::CmpIPredicate::ne:
    return Rel::NE;
  case arith::CmpIPredicate::slt:
    return Rel::LT;
  case arith::CmpIPredicate::sle:
    return Rel::LE;
  case arith::CmpIPredicate::sgt:
    return Rel::GT;
  case arith::CmpIPredicate::sge:
    return Rel::GE;
  default:
    return std::nullopt;
  }
}

void FactsAt::assumeCondition(Value condition, bool holds) {
  // and, where it holds; or, where it does not: both sides.
  Operation *def = condition.getDefiningOp();
  if (def && (holds ? isa<arith::AndIOp>(def) : isa<arith::OrIOp>(def))) {
    assumeCondition(def->getOperand(0), holds);
    assumeCondition(def->getOperand(1), holds);
    return;
  }
  auto compare = dyn_cast_or_null<arith::CmpIOp>(def);
  if (!compare)
    return;
  Expr lhs = expr(compare.getLhs()), rhs = expr(compare.getRhs());
  // x <u n with n >= 0 is 0 <= x < n.
  if (holds && compare.getPredicate() == arith::CmpIPredicate::ult &&
      facts.prove({rhs, Rel::GE, Expr(0)})) {
    facts.assume({lhs, Rel::GE, Expr(0)});
    facts.assume({lhs, Rel::LT, rhs});
  }
  if (auto rel = relation(compare.getPredicate())) {
    Constraint c = {lhs, *rel, rhs};
    facts.assume(holds ? c : facts::negate(c));
  }
}

//===- values -------------------------------------------------------------===//

Expr FactsAt::expr(Value v) {
  if (auto at = known.find(v); at != known.end())
    return at->second;
  Expr e = follow(v);
  known.insert({v, e});
  return e;
}

static int64_t lowest(Type type) {
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  return width >= 64 ? INT64_MIN : -(int64_t(1) << (width - 1));
}

static int64_t highest(Type type) { return -(lowest(type) + 1); }

Expr FactsAt::unknown(Value v) {
  Range range{lowest(v.getType()), highest(v.getType())};
  auto arg = dyn_cast<BlockArgument>(v);
  auto function =
      arg ? dyn_cast<FunctionOpInterface>(arg.getOwner()->getParentOp()) : FunctionOpInterface();
  if (function && function.getArgAttr(arg.getArgNumber(), "tx.dim"))
    range = {0, maxDim};
  std::string name = "v" + std::to_string(known.size());
  return Expr::symbol(facts.newSymbol(name, range));
}

bool FactsAt::fits(const Expr &e, Type type) {
  Range range = facts.range(e);
  return range.lo && range.hi && *range.lo >= lowest(type) && *range.hi <= highest(type);
}

/// The range that tx.verify promises of what is read.
static VerifyOp verifiedSource(Operation *op) {
  auto read = dyn_cast<ReadOp>(op);
  return read && !read.isGuarded() ? read.getSource().getDefiningOp<VerifyOp>() : VerifyOp();
}

Expr FactsAt::follow(Value v) {
  APInt constant;
  if (matchPattern(v, m_ConstantInt(&constant)) && constant.getBitWidth() > 1)
    return Expr(constant.getSExtValue());
  Operation *op = v.getDefiningOp();
  if (!op || !isa<IndexType, IntegerType>(v.getType()))
    return unknown(v);
  if (auto e = arithmetic(op); e && fits(*e, v.getType()))
    return *e;
  Expr result = unknown(v);
  if (VerifyOp verify = verifiedSource(op)) {
    facts.assume({expr(verify.getLower()), Rel::LE, result});
    facts.assume({result, Rel::LT, expr(verify.getUpper())});
  }
  if (auto filter = dyn_cast<FilterOp>(op)) {
    facts.assume({Expr(0), Rel::LE, result});
    Expr most(1); // of one axis that is empty, all are
    for (auto [lo, hi] : llvm::zip_equal(filter.getLower(), filter.getUpper()))
      most = most * Expr::max(expr(hi) - expr(lo), Expr(0));
    facts.assume({result, Rel::LE, most});
  }
  if (auto loop = dyn_cast<ForOp>(op); loop && loop.hasWhile() && v == loop.getSteps()) {
    facts.assume({Expr(0), Rel::LE, result});
    facts.assume(
        {result, Rel::LE, Expr::max(expr(loop.getUpper()) - expr(loop.getLower()), Expr(0))});
  }
  auto read = dyn_cast<ReadOp>(op);
  if (auto sort = read && !read.isGuarded() ? read.getSource().getDefiningOp<SortOp>() : SortOp()) {
    facts.assume({expr(sort.getLower()), Rel::LE, result});
    facts.assume({result, Rel::LT, expr(sort.getUpper())});
  }
  return result;
}

std::optional<Expr> FactsAt::arithmetic(Operation *op) {
  if (isa<arith::IndexCastOp, arith::ExtSIOp>(op))
    return expr(op->getOperand(0));
  if (isa<ScalarOp, arith::DivSIOp, arith::RemSIOp, arith::FloorDivSIOp>(op))
    return division(op);
  if (!isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::MinSIOp, arith::MaxSIOp>(op))
    return std::nullopt;
  Expr lhs = expr(op->getOperand(0)), rhs = expr(op->getOperand(1));
  if (isa<arith::AddIOp>(op))
    return lhs + rhs;
  if (isa<arith::SubIOp>(op))
    return lhs - rhs;
  if (isa<arith::MulIOp>(op))
    return lhs * rhs;
  return isa<arith::MinSIOp>(op) ? Expr::min(lhs, rhs) : Expr::max(lhs, rhs);
}

/// Division by what is positive. Truncation is floor where the dividend is not negative.
std::optional<Expr> FactsAt::division(Operation *op) {
  bool floor = isa<arith::FloorDivSIOp>(op), quotient = floor || isa<arith::DivSIOp>(op);
  if (auto scalar = dyn_cast<ScalarOp>(op)) {
    ScalarKind kind = scalar.getKind();
    floor = kind == ScalarKind::floordiv || kind == ScalarKind::mod;
    quotient = kind == ScalarKind::floordiv || kind == ScalarKind::quot;
    if (!floor && !quotient && kind != ScalarKind::rem)
      return std::nullopt;
  }
  Expr lhs = expr(op->getOperand(0)), rhs = expr(op->getOperand(1));
  if (!facts.prove({rhs, Rel::GT, Expr(0)}))
    return std::nullopt;
  if (!floor && !facts.prove({lhs, Rel::GE, Expr(0)}))
    return std::nullopt;
  return quotient ? Expr::floorDiv(lhs, rhs) : Expr::mod(lhs, rhs);
}

//===- questions ----------------------------------------------------------===//

bool FactsAt::proves(Value lhs, Rel rel, Value rhs) {
  return bool(facts.prove({expr(lhs), rel, expr(rhs)}));
}

bool FactsAt::provesInRange(Value index, Value lower, Value upper) {
  Expr e = expr(index);
  return bool(facts.proveAll({{expr(lower), Rel::LE, e}, {e, Rel::LT, expr(upper)}}));
}

Range FactsAt::range(Value v) { return facts.range(expr(v)); }

bool proveInRange(Value index, Value lower, Value upper, Operation *at) {
  return FactsAt(at).provesInRange(index, lower, upper);
}

} // namespace texpr::tx

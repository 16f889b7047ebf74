// Checks of numbers: divisions by zero, and on request the first place that makes a NaN.
//
// In: `tx.scalar` with `checked.div`, which import/ puts on the divisions that the source has (those of
// index arithmetic are the compiler's own). With `nan`: every operation on floats. Out: the same, each
// behind (a division) or before (a NaN is seen when it is made) its test.
//   %r = arith.divf %x, %y   →   … scf.if isnan(%r) && !isnan(%x) && !isnan(%y) { par.fail … }
// A sum or product of a reduction is made by its operator, so with `nan` that becomes an operator of
// the module that tests what it makes; a sum starts from +0, which is added behind it.
#include "compiler/transform/Checked.h"
#include "dialects/par/Combine.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace texpr::checked {

static void checkDivision(tx::ScalarOp op, Sites &sites) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  Value divisor = op.getOperands()[1];
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(divisor.getType()));
  Value bad = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, divisor, zero);
  failAround(b, sites, op, bad, "a division by zero");
}

static bool isFloat(Value v) { return isa<FloatType>(v.getType()); }

/// Makes a float of floats; a select, a constant and a load make nothing, and a conversion makes no NaN of a number.
static bool makesFloat(Operation *op) {
  return isa<arith::ArithDialect, math::MathDialect>(op->getDialect()) &&
         !isa<arith::SelectOp, arith::BitcastOp, arith::ExtFOp, arith::TruncFOp>(op) &&
         op->getNumResults() == 1 && isFloat(op->getResult(0)) &&
         llvm::any_of(op->getOperands(), isFloat);
}

static Value isNan(OpBuilder &b, Location loc, Value v) {
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, v, v);
}

/// The NaN that `result` is, of operands that are none.
static Value isNewNan(OpBuilder &b, Location loc, Value result, ValueRange operands) {
  Value bad = isNan(b, loc, result);
  for (Value v : operands)
    if (isFloat(v)) {
      Value fine = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, v, v);
      bad = arith::AndIOp::create(b, loc, bad, fine);
    }
  return bad;
}

static void checkNan(Operation *op, Sites &sites) {
  OpBuilder b(op->getContext());
  b.setInsertionPointAfter(op);
  failAround(b, sites, op, isNewNan(b, op->getLoc(), op->getResult(0), op->getOperands()),
             "a NaN is made of operands that are none");
}

/// A float sum or product as the operator of its own that says where a NaN is made.
static void checkNan(par::ReduceOp op, Sites &sites, unsigned number) {
  if (op.getOp() != tx::Combine::add && op.getOp() != tx::Combine::mul)
    return;
  if (!llvm::all_of(op.getResults(), isFloat))
    return;
  auto module = op->getParentOfType<ModuleOp>();
  Location loc = op.getLoc();
  tx::Combine how = op.getOp();
  Around around(op);
  int64_t site =
      sites.add(loc, "a NaN is made of terms that are none, by a reduction" + around.text, 0);
  OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
  std::string name = "checked.reduce." + std::to_string(number);
  tx::CombinerOp::create(
      b, loc, name, op.getResultTypes(), /*commutative=*/false,
      [&](OpBuilder &b, Location loc, ValueRange args) {
        SmallVector<Value> results;
        size_t n = args.size() / 2;
        for (size_t k = 0; k < n; ++k) {
          Value r = par::buildCombine(b, loc, how, false, args[k], args[n + k]);
          failIf(b, loc, isNewNan(b, loc, r, {args[k], args[n + k]}), site,
                 [](OpBuilder &) { return SmallVector<Value>(); });
          results.push_back(r);
        }
        tx::YieldOp::create(b, loc, results);
      },
      [&](OpBuilder &b, Location loc, ValueRange) {
        SmallVector<Value> results;
        for (Type type : op.getResultTypes())
          results.push_back(par::buildIdentity(b, loc, how, false, type));
        tx::YieldOp::create(b, loc, results);
      });
  op.setOp(tx::Combine::user);
  op.setCombinerAttr(FlatSymbolRefAttr::get(module.getContext(), name));
  if (how != tx::Combine::add)
    return;
  b.setInsertionPointAfter(op);
  for (Value r : op.getResults()) {
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(r.getType()));
    auto sum = arith::AddFOp::create(b, loc, r, zero);
    r.replaceAllUsesExcept(sum, sum);
  }
}

void instrumentNumbers(ModuleOp module, Sites &sites, bool nan) {
  SmallVector<tx::ScalarOp> divisions;
  SmallVector<Operation *> floats;
  SmallVector<par::ReduceOp> reduces;
  module.walk([&](Operation *op) {
    if (auto scalar = dyn_cast<tx::ScalarOp>(op); scalar && op->hasAttr("checked.div"))
      divisions.push_back(scalar);
    else if (nan && makesFloat(op))
      floats.push_back(op);
    else if (auto reduce = dyn_cast<par::ReduceOp>(op); nan && reduce)
      reduces.push_back(reduce);
  });
  for (tx::ScalarOp op : divisions)
    checkDivision(op, sites);
  for (Operation *op : floats)
    checkNan(op, sites);
  for (auto [k, op] : llvm::enumerate(reduces))
    checkNan(op, sites, k);
}

} // namespace texpr::checked

// Checks of users' operators: associativity and the identity, on the values that they meet.
//
// In: tx.combiner. Out: the same, which tests at every step of whatever form it serves
//   (a·a)·b = a·(a·b)     (a·b)·b = a·(b·b)     identity·b = b     of one that is `commutative`: a·b = b·a
// so no form needs to know, and every operand is a value that the program made. Integers and bools
// are compared exactly. A float is compared where it is one of the operands' own, as in a choice
// (argmax); a float that was computed may round, so a result with one is not compared at all, and
// neither is one of NaN. In the optional form, where a leading bool says whether there is a value,
// an absent one is equal to every other absent one.
#include "compiler/transform/Checked.h"
#include "dialects/par/Combine.h"

using namespace mlir;

namespace texpr::checked {

namespace {
struct Laws {
  tx::CombinerOp op;
  /// The operator without tests, of which the law's sides are made.
  tx::CombinerOp plain;
  bool isOptional;
  OpBuilder b;
  Location loc;
  using Leaves = SmallVector<Value>;

  Laws(tx::CombinerOp op, tx::CombinerOp plain)
      : op(op), plain(plain), isOptional(op->hasAttr("checked.optional")), b(op.getContext()),
        loc(op.getLoc()) {
    b.setInsertionPoint(op.getBlock()->getTerminator());
  }

  Leaves combine(ValueRange x, ValueRange y) { return par::inlineCombiner(b, plain, x, y); }
  Value both(Value x, Value y) { return arith::AndIOp::create(b, loc, x, y); }
  Value either(Value x, Value y) { return arith::OrIOp::create(b, loc, x, y); }
  Value equalFloats(Value x, Value y) {
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, x, y);
  }

  /// True where leaf `k` of `result` is that of an operand.
  Value isChosen(Value result, size_t k, ArrayRef<Leaves> operands) {
    Value any;
    for (const Leaves &o : operands) {
      Value same = equalFloats(result, o[k]);
      any = any ? either(any, same) : same;
    }
    return any;
  }

  /// True where the results can be compared and differ.
  Value differ(ArrayRef<Value> x, ArrayRef<Value> y, ArrayRef<Leaves> operands) {
    Value comparable = arith::ConstantIntOp::create(b, loc, 1, 1);
    Value differs = arith::ConstantIntOp::create(b, loc, 0, 1);
    for (auto [k, pair] : llvm::enumerate(llvm::zip_equal(x, y))) {
      auto [l, r] = pair;
      if (isa<FloatType>(l.getType())) {
        comparable = both(comparable, both(isChosen(l, k, operands), isChosen(r, k, operands)));
        differs = either(differs, arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ONE, l, r));
      } else {
        differs = either(differs, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, l, r));
      }
    }
    if (isOptional) // presence is equal by construction
      comparable = both(comparable, both(x[0], y[0]));
    return both(comparable, differs);
  }

  void require(Sites &sites, ArrayRef<Value> x, ArrayRef<Value> y, ArrayRef<Leaves> operands,
               const Twine &law) {
    StringRef name = op.getSymName();
    int64_t site = sites.add(loc, "op `" + name.take_until([](char c) {
      return c == '.';
    }) + "` " + law + ", on values that it met",
                             0);
    failIf(b, loc, differ(x, y, operands), site, [](OpBuilder &) { return Leaves(); });
  }

  void run(Sites &sites) {
    size_t n = op.getNumLeaves();
    Leaves x(op.getBody().getArguments().take_front(n)),
        y(op.getBody().getArguments().drop_front(n));
    Leaves xy(op.getBlock()->getTerminator()->getOperands());
    require(sites, combine(combine(x, x), y), combine(x, xy), {x, y},
            "is not associative: (a a) b is not a (a b)");
    require(sites, combine(xy, y), combine(x, combine(y, y)), {x, y},
            "is not associative: (a b) b is not a (b b)");
    if (op.getCommutative())
      require(sites, xy, combine(y, x), {x, y}, "is not commutative: a b is not b a");
    if (op.getIdentity().empty() || isOptional)
      return;
    Leaves one = par::inlineIdentity(b, plain);
    require(sites, combine(one, y), y, {one, y},
            "has an identity that is none: identity a is not a");
  }
};
} // namespace

void instrumentLaws(ModuleOp module, Sites &sites) {
  SmallVector<tx::CombinerOp> all(module.getOps<tx::CombinerOp>());
  for (tx::CombinerOp op : all) {
    tx::CombinerOp plain = op.clone();
    Laws(op, plain).run(sites);
    plain.erase();
  }
}

} // namespace texpr::checked

// Facts on data that are tested where a call stands: what relies on them runs only where they hold.
//
// In: a function that verifies facts, called in a form, a loop, an `if` or among stores, where a failing test cannot
// end the call at once. Out: its copy `f.inside`, whose facts are values, each of which is tested where those
// before it hold, and whose body is a choice. A failing test reports its site as it is found.
//   %ok = tx.reduce and (%i) = 0 to m { %h = row[i] <= row[i + 1]  par.fail 2 if not %h  yield %h } {tx.test}
//   %y = scf.if %ok { … the body … } else { … the first value of each result's range, or zeros … }
// What must hold: what stands for a result is as the result is declared (the checker's F6), so a caller's proofs
// hold there, too. `place-tests` moves a test to where it is made once.
#include "compiler/import/Importer.h"
#include "dialects/par/Iteration.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr::importer {

/// Whether a call of the function tests anything.
bool FnImporter::verifies(const FnDecl &fn, bool isTrusted) const {
  auto isOwn = [&](const DataCheck &check) { return check.fn == &fn; };
  return program.isChecked || program.checked.testingFns.count(&fn) != 0 ||
         (!isTrusted && llvm::any_of(program.checked.dataChecks, isOwn));
}

/// In a function's own block, and in none that is called inside, a failing test ends the call.
Variant FnImporter::variantOf(const CallExpr &e) const {
  bool isTrusted = program.checked.trustedCalls.count(&e) != 0;
  bool mayEnd = !isInside && !inPlace && isa<func::FuncOp>(b.getInsertionBlock()->getParentOp());
  if (program.checked.endingCalls.count(&e))
    return {isTrusted, false};
  return {isTrusted, !mayEnd && verifies(*e.fn, isTrusted)};
}

/// Whether all facts hold; null where the function states none.
Value FnImporter::testFacts(const FnDecl &fn) {
  Tests all;
  Tests *outer = std::exchange(tests, &all);
  verifyFacts(fn);
  tests = outer;
  return all.hold;
}

/// A fact may rely on those before it: it is tested where they hold.
void FnImporter::testWhereHeld(llvm::function_ref<void()> test) {
  if (!tests || !tests->hold)
    return test();
  Value before = std::exchange(tests->hold, Value());
  auto choice = scf::IfOp::create(b, loc, b.getI1Type(), before, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  test();
  scf::YieldOp::create(b, loc, tests->hold);
  b.setInsertionPointToStart(choice.elseBlock());
  scf::YieldOp::create(b, loc, scalars().integer(ScalarKind::Bool, 0));
  tests->hold = choice.getResult(0);
}

/// A single relation has one iteration, so that a test is one op.
void FnImporter::test(ValueRange lower, ValueRange upper, ArrayAttr axes, int64_t site,
                      llvm::function_ref<Value(ValueRange)> holds) {
  SmallVector<Value> from(lower), to(upper);
  if (from.empty()) {
    from = {arith::ConstantIndexOp::create(b, loc, 0)};
    to = {arith::ConstantIndexOp::create(b, loc, 1)};
    axes = b.getStrArrayAttr({"fact"});
  }
  auto form = tx::ReduceOp::create(b, loc, {b.getI1Type()}, from, to, tx::Combine::and_op,
                                   FlatSymbolRefAttr(), false, axes);
  form->setAttr("tx.test", b.getUnitAttr());
  Body body(*this, form.getBody(), ValueRange(from).getTypes());
  Value held = holds(lower.empty() ? ValueRange() : body.args);
  Value isBad = scalars().unary(UnaryOp::Not, ScalarKind::Bool, held);
  par::FailOp::create(b, loc, isBad, b.getI64IntegerAttr(site), par::iterationAt(b, loc));
  tx::YieldOp::create(b, loc, held);
  tests->hold = form.getResult(0);
}

/// The body's results where the facts hold, and else what stands for them.
SmallVector<Value> FnImporter::whereHeld(const FnDecl &fn, Value held,
                                         llvm::function_ref<SmallVector<Value>()> body) {
  SmallVector<mlir::Type> types;
  SmallVector<SmallVector<Value>> extents; // outside, for both branches
  for (const ResultDecl &r : fn.results)
    for (const Type *t : leavesOf(r.type)) {
      types.push_back(valueType(*t));
      extents.push_back(extentsOf(t->shape));
    }
  auto choice = scf::IfOp::create(b, loc, types, held, /*withElseRegion=*/!types.empty());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  SmallVector<Value> results = body();
  if (types.empty())
    return {};
  scf::YieldOp::create(b, loc, results);
  b.setInsertionPointToStart(choice.elseBlock());
  SmallVector<Value> others;
  size_t next = 0;
  for (const ResultDecl &r : fn.results)
    for (const Type *t : leavesOf(r.type))
      others.push_back(standIn(r, *t, extents[next++]));
  scf::YieldOp::create(b, loc, others);
  return SmallVector<Value>(choice.getResults());
}

/// The first value of the range, a permutation, or zeros.
Value FnImporter::standIn(const ResultDecl &r, const Type &leaf, ValueRange extents) {
  bool isTensor = !leaf.shape.empty();
  mlir::Type type = isTensor ? elementType(context, leaf.scalar) : scalarType(context, leaf.scalar);
  auto element = [&](Value index) {
    if (isTensor)
      return scalars().toElement(leaf.scalar,
                                 scalars().convert(ScalarKind::I64, leaf.scalar, index));
    return scalars().convert(ScalarKind::I64, leaf.scalar, index);
  };
  auto value = [&](ValueRange at) -> Value {
    if (r.declared.perm)
      return element(at[0]);
    if (!r.declared.set.empty())
      return element(index(*r.declared.set[0].lo));
    return arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  };
  if (!isTensor)
    return value({});
  auto form = makeCompute({tensorType(leaf.scalar, extents.size())}, extents,
                          axisLabels('v', extents.size()));
  Body body(*this, form.getBody(), form.getLower().getTypes());
  tx::YieldOp::create(b, loc, value(body.args));
  return form.getResult(0);
}

} // namespace texpr::importer

// Facts on data as tx.check, before the body.
//
// In: the `dataChecks` of a function. Out: a tx.check for each relation, for `sorted`, and for each group of
// conjuncts of an `all` of which none makes the reads of another safe; what follows may rely on it.
//   sorted(row)   →  tx.check (%i) = 0 to m { row[i] <= row[i + 1] } site k
//   p perm        →  tx.check (%i) = 0 to n { p[i] <u n }     %q = par.do { par.seq (%i) { q[p[i]] = i } }
//                    tx.check (%i) = 0 to n { q[p[i]] == i }
// Where two indices have one element, one of them is stored last, and the other one is found.
#include "compiler/import/Importer.h"
#include "compiler/source/Walk.h"
#include "dialects/plan/Plan.h"

using namespace mlir;

namespace texpr::importer {

void FnImporter::verifyFacts(const FnDecl &fn) {
  for (const DataCheck &check : program.checked.dataChecks) {
    if (check.fn != &fn)
      continue;
    if (check.isRange && tests) // a caller knows it of what it lends
      continue;
    At at(*this, program.checked.sites[check.site].range);
    testWhereHeld([&] {
      if (check.isRange)
        verifyRange(fn.params[check.param], check.site);
      else if (check.fact)
        verifyFact(*check.fact, check.site);
      else
        verifyPermutation(*fn.params[check.param].decl, check.site);
    });
  }
}

void FnImporter::makeCheck(ValueRange lower, ValueRange upper, ArrayAttr axes, int64_t site,
                           llvm::function_ref<Value(ValueRange)> holds) {
  if (tests)
    return test(lower, upper, axes, site, holds);
  bool isInForm = !isa<func::FuncOp>(b.getInsertionBlock()->getParentOp());
  if (program.isChecked &&
      (inPlace || isInForm || isInside)) // what follows does not run where it fails
    return testInPlace(lower, upper, axes, site, holds);
  auto op = tx::CheckOp::create(b, loc, lower, upper, b.getI64IntegerAttr(site), axes);
  Body body(*this, op.getBody(), lower.getTypes());
  tx::YieldOp::create(b, loc, holds(body.args));
}

/// One axis, 0 to `n`.
void FnImporter::checkEach(Value n, int64_t site, llvm::function_ref<Value(Value)> holds) {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  makeCheck({zero}, {n}, b.getStrArrayAttr({"i"}), site,
            [&](ValueRange args) { return holds(args[0]); });
}

Value FnImporter::both(Value a, Value c) {
  return a ? b.createOrFold<arith::AndIOp>(loc, a, c) : c;
}

void FnImporter::verifyFact(const Fact &fact, int64_t site) {
  if (fact.isAll)
    return verifyAll(fact, site);
  if (fact.rels.empty()) {
    Leaf row = leaf(*llvm::cast<CallExpr>(fact.chain[0].get())->args[0]);
    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    Value last = b.createOrFold<arith::SubIOp>(loc, leafExtents(row)[0], one);
    checkEach(last, site, [&](Value i) {
      Value next = b.createOrFold<arith::AddIOp>(loc, i, one);
      return scalars().binary(BinaryOp::Le, row.kind, readElement(row, {i}),
                              readElement(row, {next}), row.kind);
    });
    return;
  }
  makeCheck({}, {}, b.getStrArrayAttr({}), site,
            [&](ValueRange) { return relations(fact.chain, fact.rels); });
}

/// `a <= b < c`; integers of two types as indices.
Value FnImporter::relations(const std::vector<ExprPtr> &chain, const std::vector<BinaryOp> &rels) {
  SmallVector<Leaf> values;
  for (const ExprPtr &e : chain)
    values.push_back(leaf(*e));
  Value all;
  for (auto [k, rel] : llvm::enumerate(rels)) {
    Leaf lhs = values[k], rhs = values[k + 1];
    if (lhs.kind != rhs.kind) {
      lhs = {scalars().toIndex(lhs.kind, lhs.value), ScalarKind::I64};
      rhs = {scalars().toIndex(rhs.kind, rhs.value), ScalarKind::I64};
    }
    all = both(all, scalars().binary(rel, lhs.kind, lhs.value, rhs.value, rhs.kind));
  }
  return all;
}

/// `v in 0..c or -100`. A number above every i64 is in no range.
Value FnImporter::inSet(const Leaf &value, const std::vector<Span> &set) {
  Value v = scalars().toIndex(value.kind, value.value), any;
  auto compare = [&](BinaryOp op, Value x, Value y) {
    return scalars().binary(op, ScalarKind::I64, x, y, ScalarKind::I64);
  };
  for (const Span &span : set) {
    Value lo = index(*span.lo), holds;
    if (!span.hi)
      holds = compare(BinaryOp::Eq, v, lo);
    else
      holds = both(compare(BinaryOp::Le, lo, v),
                   compare(span.inclusive ? BinaryOp::Le : BinaryOp::Lt, v, index(*span.hi)));
    any = any ? b.createOrFold<arith::OrIOp>(loc, any, holds) : holds;
  }
  if (value.kind == ScalarKind::U64) {
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    any = both(compare(BinaryOp::Le, zero, v), any);
  }
  return any;
}

/// Every element of a parameter, whether it is used or not.
void FnImporter::verifyRange(const Param &param, int64_t site) {
  Leaf l = env[param.decl.get()].leaves[0];
  SmallVector<Value> upper = leafExtents(l),
                     lower(upper.size(), arith::ConstantIndexOp::create(b, loc, 0));
  SmallVector<std::string> texts;
  for (size_t i = 0; i < upper.size(); ++i)
    texts.push_back(upper.size() == 1 ? "element" : "axis " + std::to_string(i));
  SmallVector<StringRef> names(texts.begin(), texts.end());
  makeCheck(lower, upper, b.getStrArrayAttr(names), site,
            [&](ValueRange i) { return inSet({readElement(l, i), l.kind}, param.declared.set); });
}

// ---- all ----

/// What a conjunct says beside elements at its binders: it may make the reads of another one safe.
static bool speaksOfBinders(const Fact &fact, const Fact::Each &each) {
  bool found = false;
  size_t inside = 0; // names that stand in an index
  size_t names = 0;
  auto isBinder = [&](const Expr &e) {
    auto *name = llvm::dyn_cast<NameExpr>(&e);
    return name && llvm::any_of(fact.binders, [&](const auto &d) { return d.get() == name->decl; });
  };
  auto countIn = [&](Expr *e, size_t &count) {
    Walker walker{[&](Expr &part) { count += isBinder(part); }, nullptr};
    walker.expr(e);
  };
  for (const ExprPtr &e : each.chain) {
    countIn(e.get(), names);
    Walker walker{[&](Expr &part) {
                    if (auto *index = llvm::dyn_cast<IndexExpr>(&part))
                      for (IndexArg &arg : index->indices)
                        countIn(arg.index.get(), inside);
                  },
                  nullptr};
    walker.expr(e.get());
  }
  for (const Span &span : each.set)
    for (Expr *end : {span.lo.get(), span.hi.get()}) {
      size_t count = 0;
      countIn(end, count);
      found |= count != 0;
    }
  return found || names > inside;
}

static bool readsAtElements(const Fact::Each &each) {
  unsigned found = 0;
  Walker nested{[&](Expr &e) { found += e.kind == ExprKind::Index; }, nullptr};
  Walker walker{[&](Expr &e) {
                  if (auto *index = llvm::dyn_cast<IndexExpr>(&e))
                    for (IndexArg &arg : index->indices)
                      nested.expr(arg.index.get());
                },
                nullptr};
  for (const ExprPtr &e : each.chain)
    walker.expr(e.get());
  return found != 0;
}

Value FnImporter::holdsEach(ArrayRef<const Fact::Each *> group) {
  Value all;
  for (const Fact::Each *each : group)
    all = both(all, each->set.empty() ? relations(each->chain, each->rels)
                                      : inSet(leaf(*each->chain[0]), each->set));
  return all;
}

/// Axes whose bounds depend on earlier ones are a reduction inside.
Value FnImporter::holdsFrom(const Fact &fact, size_t axis, ArrayRef<const Fact::Each *> group) {
  if (axis == fact.domain.size())
    return holdsEach(group);
  size_t to = independentAxes(fact.domain, fact.binders, axis);
  SmallVector<Value> lower, upper;
  bounds(fact.domain, axis, to, lower, upper);
  auto form =
      tx::ReduceOp::create(b, loc, {b.getI1Type()}, lower, upper, tx::Combine::and_op,
                           FlatSymbolRefAttr(), false, axisNames(fact.binders, axis, to - axis));
  Body body(*this, form.getBody(), ValueRange(lower).getTypes());
  for (size_t i = axis; i < to; ++i)
    bindBinder(*fact.binders[i], body.args[i - axis]);
  tx::YieldOp::create(b, loc, holdsFrom(fact, to, group));
  return form.getResult(0);
}

void FnImporter::verifyAll(const Fact &fact, int64_t site) {
  size_t to = independentAxes(fact.domain, fact.binders, 0);
  for (size_t from = 0; from < fact.each.size();) {
    SmallVector<const Fact::Each *> group = {&fact.each[from++]};
    while (from < fact.each.size() && !readsAtElements(fact.each[from]) &&
           !llvm::any_of(group, [&](auto *each) { return speaksOfBinders(fact, *each); }))
      group.push_back(&fact.each[from++]);
    testWhereHeld([&] {
      SmallVector<Value> lower, upper;
      bounds(fact.domain, 0, to, lower, upper);
      makeCheck(lower, upper, axisNames(fact.binders, 0, to), site, [&](ValueRange args) {
        for (size_t i = 0; i < to; ++i)
          bindBinder(*fact.binders[i], args[i]);
        return holdsFrom(fact, to, group);
      });
    });
  }
}

// ---- perm ----

void FnImporter::verifyPermutation(const Decl &param, int64_t site) {
  Leaf p = env[&param].leaves[0];
  Value n = leafExtents(p)[0];
  auto element = [&](const Leaf &from, Value i) {
    return scalars().toIndex(from.kind, readElement(from, {i}));
  };
  checkEach(n, site, [&](Value i) {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, element(p, i), n).getResult();
  });
  testWhereHeld([&] {
    auto island = par::DoOp::create(
        b, loc, {tensorType(ScalarKind::I64, 1)}, {p.value}, {n},
        [&](OpBuilder &, Location, ValueRange buffers) {
          Value zero = arith::ConstantIndexOp::create(b, loc, 0);
          auto seq =
              par::SeqOp::create(b, loc, TypeRange(), zero, n, ValueRange(), b.getStringAttr("i"));
          plan::setWhy(seq, "on one thread, as two elements may have one place");
          Body body(*this, seq.getBody(), {b.getIndexType()});
          Value at = element({buffers[0], p.kind}, body.args[0]);
          par::StoreOp::create(b, loc, scalars().toElement(ScalarKind::I64, body.args[0]),
                               buffers[1], ValueRange{at});
          par::YieldOp::create(b, loc);
        });
    Leaf inverse{island.getResult(0), ScalarKind::I64};
    checkEach(n, site, [&](Value i) {
      return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                   element(inverse, element(p, i)), i)
          .getResult();
    });
  });
}

} // namespace texpr::importer

// The checks at entry: relations of dims, facts of `where`, ranges of values.
//
// In: a frame with parameters and dims. Out: nothing, or the failure. What the checker has turned
// into entry checks is tested in its order and without overflow; facts and ranges are evaluated as
// they are written.
#include "compiler/reference/Machine.h"
#include "llvm/Support/ErrorHandling.h"

namespace texpr::reference {

bool Machine::inSet(Scalar s, const std::vector<Span> &set) {
  for (const Span &span : set) {
    const Scalar lo = convert(s.kind, evalScalar(*span.lo));
    if (!span.hi) {
      if (truth(binary(BinaryOp::Eq, s, lo)))
        return true;
      continue;
    }
    // Compared in their own types, both integers: a bound may not fit the elements' type.
    const int64_t low = evalInt(*span.lo), high = evalInt(*span.hi);
    if (s.kind == ScalarKind::U64 && toInt(s) < 0)
      continue; // above every i64
    if (low <= toInt(s) && (span.inclusive ? toInt(s) <= high : toInt(s) < high))
      return true;
  }
  return set.empty();
}

void Machine::checkRange(const Value &v, const RType &type, const std::string &name,
                         SourceRange site, Failure::Kind kind) {
  std::vector<const Value *> leaves;
  v.leaves(leaves);
  for (const Value *leaf : leaves) {
    const int64_t count = leaf->isScalar() ? 1 : leaf->tensor().count();
    std::vector<bool> seen(type.perm ? count : 0);
    for (int64_t i = 0; i < count && (type.perm || !type.set.empty()); ++i) {
      const Scalar s = leaf->isScalar() ? leaf->scalar() : leaf->tensor().get(i);
      if (!inSet(s, type.set))
        fail(kind, site, name + ": " + describe(s) + " is outside of its range", i);
      if (!type.perm)
        continue;
      if (toInt(s) < 0 || toInt(s) >= count || seen[toInt(s)])
        fail(kind, site, name + " is no permutation", i);
      seen[toInt(s)] = true;
    }
  }
}

bool Machine::holdsChain(const std::vector<ExprPtr> &chain, const std::vector<BinaryOp> &rels) {
  if (rels.empty())
    return evalBool(*chain[0]);
  for (size_t r = 0; r < rels.size(); ++r)
    if (!truth(binary(rels[r], evalScalar(*chain[r]), evalScalar(*chain[r + 1]))))
      return false;
  return true;
}

static bool isSorted(const Array &a) {
  for (int64_t i = 0; i + 1 < a.count(); ++i)
    if (truth(binary(BinaryOp::Gt, a.get(i), a.get(i + 1))))
      return false;
  return true;
}

bool Machine::holds(const Fact &fact) {
  if (!fact.isAll) {
    if (auto *c = fact.rels.empty() ? llvm::dyn_cast<CallExpr>(fact.chain[0].get()) : nullptr)
      if (c->callee.text == "sorted" && !c->fn)
        return isSorted(eval(*c->args[0]).tensor());
    return holdsChain(fact.chain, fact.rels);
  }
  bool all = true;
  forDomain(fact.domain, fact.binders, [&] {
    for (const Fact::Each &each : fact.each)
      all = all && (each.set.empty() ? holdsChain(each.chain, each.rels)
                                     : inSet(evalScalar(*each.chain[0]), each.set));
  });
  return all;
}

/// A fact that reads elements is about data, any other about dims.
void Machine::checkFact(const Fact &fact) {
  const bool isData = fact.isAll || llvm::any_of(fact.chain, [](const ExprPtr &e) {
                        return llvm::isa<IndexExpr>(e.get()) ||
                               (llvm::isa<CallExpr>(e.get()) && e->type.isScalar(ScalarKind::Bool));
                      });
  if (!holds(fact))
    fail(isData ? Failure::Kind::Data : Failure::Kind::Contract, fact.range,
         "a fact of `where` does not hold");
}

void Machine::checkEntry(const FnDecl &fn) {
  auto compare = [](int64_t a, facts::Rel rel, int64_t b) {
    switch (rel) {
    case facts::Rel::EQ:
      return a == b;
    case facts::Rel::NE:
      return a != b;
    case facts::Rel::LT:
      return a < b;
    case facts::Rel::LE:
      return a <= b;
    case facts::Rel::GT:
      return a > b;
    case facts::Rel::GE:
      return a >= b;
    }
    llvm_unreachable("no such relation");
  };
  for (const EntryCheck &check : fn.entryChecks) {
    const auto lhs = evaluate(check.constraint.lhs), rhs = evaluate(check.constraint.rhs);
    if (!lhs || !rhs || !compare(*lhs, check.constraint.rel, *rhs))
      fail(Failure::Kind::Contract, check.range, "does not hold: " + check.text);
  }
}

} // namespace texpr::reference

// The checks at entry: relations of dims, ranges of values.
//
// In: a frame with parameters and dims. Out: nothing, or the failure. What the checker has turned
// into entry checks is tested in its order and without overflow; ranges are evaluated as they are
// written (facts: DataFacts.cpp).
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
    std::vector<int64_t> last(type.perm ? count : 0); // that has an element
    for (int64_t i = 0; i < count && (type.perm || !type.set.empty()); ++i) {
      const Scalar s = leaf->isScalar() ? leaf->scalar() : leaf->tensor().get(i);
      if (!inSet(s, type.set))
        fail(kind, site, name + ": " + describe(s) + " is outside of its range", i);
      if (!type.perm)
        continue;
      if (toInt(s) < 0 || toInt(s) >= count)
        fail(kind, site, name + " is no permutation", i);
      last[toInt(s)] = i;
    }
    for (size_t i = 0; i < last.size(); ++i) // of two that are equal the first one
      if (last[toInt(leaf->tensor().get(i))] != int64_t(i))
        fail(kind, site, name + " is no permutation", i);
  }
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

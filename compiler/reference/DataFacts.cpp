// Facts on data and assumptions: evaluated as they are written.
//
// In: a frame with parameters and dims bound. Out: nothing, or a failure: of kind Data where a fact of `where`
// on elements, a range or a `perm` does not hold, or an `assume` is wrong. Integers of two types compare as the
// numbers that they are.
#include "compiler/reference/Machine.h"
#include "compiler/source/Walk.h"

namespace texpr::reference {

bool Machine::compareInts(BinaryOp op, Scalar a, Scalar b) {
  if (a.kind == b.kind || isFloat(a.kind) || isFloat(b.kind))
    return truth(binary(op, a, b));
  return truth(binary(op, indexScalar(toInt(a)), indexScalar(toInt(b))));
}

bool Machine::holdsChain(const std::vector<ExprPtr> &chain, const std::vector<BinaryOp> &rels) {
  if (rels.empty())
    return evalBool(*chain[0]);
  for (size_t r = 0; r < rels.size(); ++r)
    if (!compareInts(rels[r], evalScalar(*chain[r]), evalScalar(*chain[r + 1])))
      return false;
  return true;
}

/// The first element that is above the next one.
static std::optional<int64_t> firstFall(const Array &a) {
  for (int64_t i = 0; i + 1 < a.count(); ++i)
    if (truth(binary(BinaryOp::Gt, a.get(i), a.get(i + 1))))
      return i;
  return std::nullopt;
}

/// `sorted(x)`, `written(x)`; null for any other fact.
static const CallExpr *property(const Fact &fact) {
  if (fact.isAll || !fact.rels.empty())
    return nullptr;
  auto *call = llvm::dyn_cast<CallExpr>(fact.chain[0].get());
  return call && !call->fn && (call->callee.text == "sorted" || call->callee.text == "written")
             ? call
             : nullptr;
}

/// The element or iteration at which a fact does not hold; 0 of one that is not about several.
std::optional<int64_t> Machine::broken(const Fact &fact) {
  if (!fact.isAll) {
    if (auto *c = property(fact))
      return firstFall(eval(*c->args[0]).tensor());
    return holdsChain(fact.chain, fact.rels) ? std::nullopt : std::optional<int64_t>(0);
  }
  std::optional<int64_t> first;
  forDomain(fact.domain, fact.binders, [&] {
    bool all = true;
    for (const Fact::Each &each : fact.each) // from left to right, as far as they hold
      all = all && (each.set.empty() ? holdsChain(each.chain, each.rels)
                                     : inSet(evalScalar(*each.chain[0]), each.set));
    if (!all && !first)
      first = frame->iteration;
  });
  return first;
}

bool Machine::isAboutData(const Fact &fact) {
  bool reads = fact.isAll || property(fact);
  auto visit = [&](Expr &e) { reads |= e.kind == ExprKind::Index; };
  Walker walker{visit, nullptr};
  for (const ExprPtr &e : fact.chain)
    walker.expr(e.get());
  return reads;
}

/// A fact that reads elements is about data, any other about dims.
void Machine::checkFact(const Fact &fact) {
  if (std::optional<int64_t> at = broken(fact))
    fail(isAboutData(fact) ? Failure::Kind::Data : Failure::Kind::Contract, fact.range,
         "a fact of `where` does not hold", *at);
}

/// The facts of `where` on dims, or those on data.
void Machine::checkFacts(const FnDecl &fn, bool onData) {
  for (const Fact &fact : fn.where)
    if (isAboutData(fact) == onData && !speaksOfFound(fn, fact))
      checkFact(fact);
}

void Machine::markWritten(Value &v) {
  if (v.isTensor())
    v.own().markWritten();
  else if (v.isTuple())
    for (Value &part : v.parts())
      markWritten(part);
}

/// What is assumed is tested here; what is assumed written holds zeros.
void Machine::assumeStmt(const AssumeStmt &s) {
  const CallExpr *c = property(s.fact);
  if (c && c->callee.text == "written") {
    auto *name = llvm::cast<NameExpr>(c->args[0].get());
    return markWritten(*frame->find(*name->decl));
  }
  if (std::optional<int64_t> at = broken(s.fact))
    fail(Failure::Kind::Data, s.range, "what is assumed does not hold", *at);
}

} // namespace texpr::reference

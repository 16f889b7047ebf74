// Facts on data at calls: what a callee verifies of its arguments follows from what the caller knows,
// or is tested where the call stands.
//
// `where row[0] == 0, sorted(row)` of a callee, said of the arguments: the callee's elements become the
// caller's at the same indices, and each fact is proved in the order of the list, as one may rely on
// those before it.
//
//   fn f(row: i64[m + 1], …) where row[0] == 0, sorted(row) { compute b |i| { ends(row, x[i]) } }
// In: a call whose dims are solved. Out: `trustedCalls`, those of which every fact is proved; no code tests
// them again. The facts of every other call are tested at run time, and the caller knows none of them. Where a
// failing test cannot end the call at once (in a form, a loop, an `if`, of a function that is lent something),
// other values stand for its results, so F6: these have what the results are declared to have.
#include "compiler/source/Checker.h"

namespace texpr {

using facts::Rel;
using facts::Symbol;

/// The number of conditions that say all of the fact.
static size_t relationsIn(const Fact &fact) {
  size_t count = fact.rels.size();
  for (const Fact::Each &each : fact.each)
    count += each.set.empty() ? each.rels.size() : 1;
  return count;
}

/// What a call must know of the fact: its elements are copied, those that stand in an index first.
void Checker::keepCallFact(const FnDecl &fn, const Fact *fact, const Decl *vector, AllFact all) {
  bool isWhole = vector || all.conditions.size() == relationsIn(*fact);
  CallFact kept{fact, vector, isWhole, std::move(all.loops), {}, std::move(all.conditions)};
  std::set<Symbol> seen;
  std::function<void(const FExpr &)> collect = [&](const FExpr &e) {
    std::vector<Symbol> used;
    e.symbols(used);
    for (Symbol s : used) {
      auto found = elementOf.find(s);
      if (found == elementOf.end() || !seen.insert(s).second)
        continue;
      const ElementSymbol element = *found->second;
      for (const FExpr &index : element.at)
        collect(index);
      kept.elements.push_back(element);
    }
  };
  for (const Loop &loop : kept.loops)
    collect(loop.lo), collect(loop.hi);
  for (const Cases &cases : kept.conditions)
    for (const auto &conjunction : cases)
      for (const Constraint &c : conjunction)
        collect(c.lhs), collect(c.rhs);
  fnInfo[&fn].callFacts.push_back(std::move(kept));
}

/// The argument that stands for a parameter.
static const Expr *argumentOf(const CallExpr &e, const FnDecl &fn, const Decl *param) {
  for (size_t i = 0; i < fn.params.size() && i < e.args.size(); ++i)
    if (fn.params[i].decl.get() == param)
      return e.args[i].get();
  return nullptr;
}

/// A tensor that nothing changes. A range that is tested as elements are read says nothing of those that a
/// fact reads.
const Decl *Checker::trustedTensor(const CallExpr &e, const FnDecl &fn, const Decl *param) const {
  const Expr *arg = argumentOf(e, fn, param);
  const Decl *d = arg ? tensorNamed(*arg) : nullptr;
  if (!d || d->kind == Decl::Kind::Buffer)
    return nullptr;
  auto f = tensorFacts.find(d);
  return f != tensorFacts.end() && f->second.isTested && !f->second.spans.empty() ? nullptr : d;
}

bool Checker::isFactKnown(const CallExpr &e, const FnDecl &fn, const CallFact &fact,
                          const llvm::DenseMap<Symbol, FExpr> &solved) {
  if (fact.vector) {
    const Expr *arg = argumentOf(e, fn, fact.vector);
    auto f = arg ? factsOf(*arg) : std::nullopt;
    return f && (fact.fact ? f->isSorted : f->isPerm);
  }
  if (!fact.isWhole)
    return false;
  std::optional<Assuming> indices; // that there are such says nothing outside
  if (!fact.loops.empty())
    indices.emplace(*this);
  std::map<Symbol, FExpr> values;
  for (const auto &[symbol, value] : solved)
    values.emplace(symbol, value);
  auto here = [&](const FExpr &x) {
    return x.substitute([&](Symbol s) {
      auto found = values.find(s);
      return found == values.end() ? std::nullopt : std::optional(found->second);
    });
  };
  for (const Loop &loop : fact.loops) {
    FExpr i = newSymbol(str(FExpr::symbol(loop.symbol)), rangeOf(ScalarKind::I64),
                        SymbolInfo::Kind::Fresh);
    assume(Constraint{here(loop.lo), Rel::LE, i});
    assume(Constraint{i, Rel::LT, here(loop.hi)});
    values.insert_or_assign(loop.symbol, i);
  }
  for (const ElementSymbol &element : fact.elements) {
    const Decl *d = trustedTensor(e, fn, element.decl);
    if (!d)
      return false;
    std::vector<FExpr> at;
    std::string name = d->name.text;
    for (const FExpr &index : element.at) {
      at.push_back(here(index));
      name += (at.size() == 1 ? "[" : ", ") + str(at.back());
    }
    const Type *leaf = &d->type;
    for (unsigned part : element.path)
      leaf = &leaf->parts[part];
    ElementSymbol &mine = elementAt(*d, element.path, at, leaf->scalar, name + "]", nullptr);
    assumeElement(mine);
    values.insert_or_assign(*element.value.asSymbol(), mine.value);
  }
  for (const Cases &cases : fact.conditions) {
    Cases wanted = cases;
    for (auto &conjunction : wanted)
      for (Constraint &c : conjunction)
        c = {here(c.lhs), c.rel, here(c.rhs)};
    if (!isProvedAny(wanted))
      return false;
    assumeCases(wanted);
  }
  return true;
}

/// What stands for a result where a test fails is the first value of its range, or for a `perm` 0, 1, 2, …; a
/// result of which this is not proved to be what it is declared to be.
const ResultDecl *Checker::openResult(const FnDecl &fn,
                                      const llvm::DenseMap<Symbol, FExpr> &solved) {
  auto here = [&](const FExpr &x) {
    return x.substitute([&](Symbol s) {
      auto found = solved.find(s);
      return found == solved.end() ? std::nullopt : std::optional(found->second);
    });
  };
  for (const ResultDecl &r : fn.results) {
    if (r.declared.set.empty() || !r.type.isLeaf())
      continue;
    const TensorFacts declared = declaredFacts(r.declared);
    if (r.declared.perm || declared.spans.empty())
      return &r;
    Assuming scope(*this);
    for (const FExpr &extent : r.type.shape) // else there is no element
      assume(Constraint{FExpr(0), Rel::LT, here(extent)});
    const FExpr lo = here(declared.spans[0].lo);
    facts::Range most = rangeOf(r.type.scalar);
    if (r.type.scalar == ScalarKind::I64) // as every end of a range
      most = {};
    if ((declared.spans[0].end && !isProved({lo, Rel::LT, here(*declared.spans[0].end)})) ||
        (most.lo && !isProved({FExpr(*most.lo), Rel::LE, lo})) ||
        (most.hi && !isProved({lo, Rel::LE, FExpr(*most.hi)})))
      return &r;
  }
  return nullptr;
}

/// Where a failing test ends the call at once: anything that follows may rely on it.
bool Checker::mayEndHere(const FnDecl &fn) const {
  return !insideForm() && choiceDepth == 0 && !hasInout(fn);
}

/// F6. `open`: a fact that is tested.
void Checker::checkTestedCall(const CallExpr &e, const FnDecl &fn, const CallFact &open,
                              const llvm::DenseMap<Symbol, FExpr> &solved) {
  const bool findsDims =
      llvm::any_of(fn.dims, [](const DimBinding &d) { return d.how == DimBinding::How::Found; });
  const ResultDecl *result = openResult(fn, solved);
  if (!result && !findsDims)
    return;
  if (mayEndHere(fn)) {
    out.endingCalls.insert(&e);
    if (auto caller = fnInfo.find(currentFn); caller != fnInfo.end() && !caller->second.ending)
      caller->second.ending = &e;
    return;
  }
  auto error = diags.error(
      e.range, "the facts of `" + fn.name.text + "` are tested at this call, " +
                   (result ? "and where one fails the first value of its result's range stands "
                             "for it: that there is one is not proved here"
                           : "but a length that it finds is not yet supported there"));
  if (result)
    error.note(result->declared.set[0].lo->range, "of this range");
  if (open.fact)
    error.note(open.fact->range, "state this one of the argument in `where` of the caller, and it "
                                 "is not tested here");
  else
    error.note(open.vector->name.range,
               "declare the argument `perm` in the caller, and this is not tested here");
}

/// Marks the call where all that its function verifies is known.
void Checker::checkFactsOfCall(const CallExpr &e, const FnDecl &fn,
                               const llvm::DenseMap<Symbol, FExpr> &solved) {
  const FnInfo &info = fnInfo[&fn];
  const CallFact *open = nullptr;
  {
    Assuming scope(*this);
    for (const CallFact &fact : info.callFacts)
      if (!e.isElementwise &&
          isFactKnown(e, fn, fact, solved)) // its conditions are known to the next
        continue;
      else if (!open)
        open = &fact;
  }
  out.trustedCalls.erase(&e);
  out.endingCalls.erase(&e);
  if (!info.callFacts.empty() && !open) {
    out.trustedCalls.insert(&e);
    note(CheckNote::Kind::CallData, e.range,
         "`" + fn.name.text + "`: its facts on data are known here, nothing is tested");
  }
  if (!open && !info.verifiesInside)
    return;
  if (auto caller = fnInfo.find(currentFn); caller != fnInfo.end()) {
    caller->second.verifiesInside = true;
    out.testingFns.insert(currentFn);
  }
  if (open && mayEndHere(fn))
    note(CheckNote::Kind::CallData, e.range,
         "`" + fn.name.text + "`: its facts on data are not known here, and tested at the call");
  if (open)
    checkTestedCall(e, fn, *open, solved);
  if (!info.ending)
    return;
  if (mayEndHere(fn)) {
    out.endingCalls.insert(&e);
    if (auto caller = fnInfo.find(currentFn); caller != fnInfo.end() && !caller->second.ending)
      caller->second.ending = info.ending;
    return;
  }
  diags
      .error(e.range,
             "`" + fn.name.text +
                 "` calls a function whose facts are tested there, and "
                 "relies on what that declares of its result: it is called where a failing "
                 "test can end the call, outside of forms, loops and `if` statements")
      .note(info.ending->range, "this call; state its facts in `where` of `" + fn.name.text + "`");
}

} // namespace texpr

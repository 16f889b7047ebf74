// `inout` parameters and the calls that lend them.
//
// P5: an `inout` parameter is a tensor (or a tuple of them) that the caller lends: inside it is a
// buffer, written from the start. A function without a result has one. P6: a call of such a function
// is a statement, `f(a, b[i]);`, or all of the right side of one, `let s = f(a);`, since its order
// counts: what is lent is a buffer, a part or a sub-tensor of one, all of it written, and lent once;
// the other arguments are values, taken before the call. F8: a range of what is lent is the same on
// both sides; each store is proved to keep it, so that it holds again after the call.
//
//   { … step(a, x) }    →    { … let result = step(a, x); result }     before it is checked
#include "compiler/source/Checker.h"

namespace texpr {

using facts::Rel;

bool Checker::hasInout(const FnDecl &fn) {
  return llvm::any_of(fn.params, [](const Param &p) { return p.isInout; });
}

/// P5, of a signature whose types are known.
void Checker::checkInoutParams(FnDecl &fn) {
  for (Param &p : fn.params) {
    if (!p.isInout || !p.decl || !p.decl->type.isValid())
      continue;
    std::vector<const Type *> leaves;
    p.decl->type.leaves(leaves);
    if (llvm::any_of(leaves, [](const Type *leaf) { return leaf->isScalar(); }))
      diags
          .error(p.decl->name.range,
                 "`inout` lends a tensor, but `" + p.decl->name.text + "` is " + str(p.decl->type))
          .note("return the new value instead");
    if (p.declared.perm) // F4
      diags
          .error(p.declared.type.range, "`" + p.decl->name.text +
                                            "` is lent: it does not stay a permutation while its "
                                            "elements are stored, one by one")
          .note("take it as a parameter that is not lent, and return the new one; or give it a "
                "range, as in `inout " +
                p.decl->name.text + ": " + str(p.decl->type) + " in 0..n`, which stores keep");
    p.decl->kind = Decl::Kind::Buffer;
    p.decl->isMutable = true;
  }
  if (fn.results.empty() && fn.body && !hasInout(fn))
    diags.error(fn.name.range, "`" + fn.name.text +
                                   "` gives nothing: it has neither a result nor "
                                   "an `inout` parameter");
}

/// Before a body: what is lent is written.
void Checker::enterInout(FnDecl &fn) {
  for (Param &p : fn.params)
    if (p.isInout && p.decl) {
      BufferInfo info;
      info.full = true;
      info.range = p.decl->name.range;
      buffers[p.decl.get()] = std::move(info);
    }
}

/// A place that is a whole buffer, or a whole part of one, by any index of it.
void Checker::coverWhole(Place &place, const Type &t) {
  std::vector<const Type *> leaves;
  t.leaves(leaves);
  if (!place.at.empty() || leaves.empty())
    return;
  for (const FExpr &extent : leaves[0]->shape) {
    place.at.push_back(anyIndex(*place.buffer, FExpr(0), extent));
    place.slices.push_back({*place.at.back().asSymbol(), FExpr(0), extent});
  }
}

// ---- calls ----------------------------------------------------------------------------------

/// A call, as it is written, of a function that is lent something.
bool Checker::isLending(const Expr *e, bool withoutResult) const {
  auto *call = llvm::dyn_cast_or_null<CallExpr>(e);
  auto fn = call ? fnByName.find(call->callee.text) : fnByName.end();
  return fn != fnByName.end() && hasInout(*fn->second) &&
         (!withoutResult || fn->second->results.empty());
}

/// The value of a block that is such a call is made by the last of its statements.
void Checker::nameLending(std::vector<StmtPtr> &stmts, ExprPtr &value) {
  if (!isLending(value.get()) || isLending(value.get(), /*withoutResult=*/true))
    return;
  auto let = std::make_unique<LetStmt>();
  let->range = let->pattern.range = value->range;
  let->pattern.decl = std::make_unique<Decl>();
  let->pattern.decl->name = {"result", value->range};
  auto name = std::make_unique<NameExpr>();
  name->range = value->range;
  name->text = "result";
  if (auto found = goals.find(value.get()); found != goals.end()) {
    auto moved = std::move(found->second);
    goals.erase(found);
    goals[name.get()] = std::move(moved);
  }
  let->init = std::exchange(value, std::move(name));
  stmts.push_back(std::move(let));
}

/// P6: its order counts, so it stands where that is seen.
void Checker::refuseLending(const CallExpr &e, const FnDecl &fn) {
  const std::string &name = fn.name.text;
  if (fn.results.empty())
    diags.error(e.range, "`" + name + "` changes an `inout` parameter: its call is a statement")
        .note("write `" + name + "(…);` where statements stand");
  else
    diags
        .error(e.range,
               "`" + name +
                   "` changes an `inout` parameter: its call is a statement, or all of the "
                   "right side of one")
        .note("name what it gives before: `let r = " + name + "(…);`");
}

bool Checker::checkInoutArg(ExprPtr &arg, std::vector<Lent> &lent) {
  Place place;
  if (!arg || !checkPlace(*arg, place) || !mayWrite(place, arg->range))
    return false;
  for (const Lent &other : lent)
    if (other.place.buffer == place.buffer) {
      diags
          .error(arg->range, "`" + place.buffer->name.text +
                                 "` is lent twice: what one `inout` parameter changes, no other "
                                 "one may touch")
          .note(other.range, "first here");
      return false;
    }
  coverWhole(place, arg->type);
  lent.push_back({std::move(place), arg->range});
  return true;
}

/// F8: what the caller knows of the elements that it lends is what the callee relies on, and keeps.
bool Checker::checkLentRange(const CallExpr &e, const FnDecl &fn, const Lent &lent,
                             const llvm::DenseMap<facts::Symbol, FExpr> &solved) {
  const Param &p = fn.params[lent.param];
  const Decl &buffer = *lent.place.buffer;
  auto own = bufferRange.find(&buffer);
  const bool isMine = own != bufferRange.end(), isTheirs = !p.declared.set.empty();
  if (!isMine && !isTheirs)
    return true;
  std::vector<const Type *> leaves;
  p.decl->type.leaves(leaves);
  FExpr element = newSymbol("element", rangeOf(leaves[0]->scalar), SymbolInfo::Kind::Fresh);
  Cases mine, theirs;
  if (isMine)
    mine = rangeCases(declaredFacts(*own->second), element);
  if (isTheirs)
    theirs = rangeCases(declaredFacts(p.declared), element);
  for (auto &conjunction : theirs)
    for (Constraint &c : conjunction)
      for (FExpr *side : {&c.lhs, &c.rhs})
        *side = side->substitute([&](facts::Symbol s) {
          auto found = solved.find(s);
          return found == solved.end() ? std::nullopt : std::optional(found->second);
        });
  auto follows = [&](const Cases &from, const Cases &to) {
    Assuming scope(*this);
    assumeCases(from);
    return isProvedAny(to);
  };
  const std::string param = "`" + p.decl->name.text + "` of `" + fn.name.text + "`";
  if (isTheirs && (!isMine || !follows(mine, theirs))) {
    auto error =
        diags.error(lent.range, param + " has its elements in `" + setText(p.declared) +
                                    "`, which is not known of those of `" + buffer.name.text + "`");
    error.note(p.decl->name.range, "declared here");
    error.note(buffer.name.range, "declare this one with the range, as in `" + buffer.name.text +
                                      ": " + str(buffer.type) +
                                      " in …`; each store to it is then proved to keep it");
    return false;
  }
  if (isMine && (!isTheirs || !follows(theirs, mine))) {
    auto error =
        diags.error(lent.range, "`" + fn.name.text + "` may store to `" + buffer.name.text +
                                    "` what is not in its range `" + setText(*own->second) + "`");
    error.note(buffer.name.range, "declared here");
    error.note(p.decl->name.range,
               "a range of this parameter that says the same is proved of each store");
    return false;
  }
  return true;
}

/// A statement, or all of the right side of one. What is lent is read, and written, as a whole.
void Checker::checkLendingCall(CallExpr &e, FnDecl &fn, const std::set<const Expr *> &done) {
  if (!expectCount(e.args.size(), fn, e.range))
    return;
  std::vector<Lent> lent;
  bool isRight = fnInfo[&fn].isValid;
  for (size_t i = 0; i < e.args.size(); ++i) {
    if (!fn.params[i].isInout) {
      if (!done.count(e.args[i].get()))
        checkExpr(e.args[i], fn.params[i].decl ? &fn.params[i].decl->type : nullptr);
    } else if (checkInoutArg(e.args[i], lent)) {
      lent.back().param = i;
    } else {
      isRight = false;
    }
  }
  llvm::DenseMap<facts::Symbol, FExpr> solved;
  if (!isRight || !checkFnArgs(e, fn, solved))
    return;
  for (const Lent &l : lent)
    isRight &= checkLentRange(e, fn, l, solved);
  if (!isRight)
    return;
  finishCall(e, fn, solved, {});
  for (Lent &l : lent) {
    readBuffer(*l.place.buffer, l.place.path, l.place.at, l.range);
    writeBuffer(*l.place.buffer, l.place.path, l.place.at, l.place.slices, l.range, false);
    l.place.buffer->isMutable = true;
  }
}

/// Its value, where it has one, is dropped.
void Checker::checkCallStmt(CallStmt &s) {
  if (!s.call)
    return;
  unsigned before = diags.errorCount();
  dispatch(*s.call, nullptr);
  if (diags.errorCount() == before && !isLending(s.call.get()))
    diags.error(s.call->range, "the value of this call is not used")
        .note("a call is a statement where it changes an `inout` parameter");
}

} // namespace texpr

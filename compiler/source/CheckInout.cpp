// `inout` parameters and the calls that lend them.
//
// P5: an `inout` parameter is a tensor (or a tuple of them) that the caller lends: inside it is a
// buffer, written from the start. A function without a result has one. P6: such a function is
// called as a statement, `f(a, b[i]);`: what is lent is a buffer, a part or a sub-tensor of one,
// all of it written, and lent once; the other arguments are values, taken before the call.
#include "compiler/source/Checker.h"

namespace texpr {

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
    if (!p.declared.set.empty())
      notYet(p.declared.type.range, "a range of the values of an `inout` parameter");
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

void Checker::checkCallStmt(CallStmt &s) {
  if (!s.call)
    return;
  CallExpr &e = *s.call;
  auto found = fnByName.find(e.callee.text);
  if (found == fnByName.end() || !hasInout(*found->second)) {
    unsigned before = diags.errorCount();
    dispatch(e, nullptr);
    if (diags.errorCount() == before)
      diags.error(e.range, "the value of this call is not used")
          .note("a call is a statement where it changes an `inout` parameter");
    return;
  }
  std::set<const Expr *> done; // arguments that are checked
  FnDecl *instance = found->second;
  if (!instance->typeParams.empty())
    instance = instanceFor(e, *instance, done);
  if (!instance)
    return;
  FnDecl &fn = *instance;
  e.fn = &fn;
  if (!fn.results.empty())
    return notYet(e.range, "a call of a function with `inout` parameters and a result");
  if (!expectCount(e.args.size(), fn, e.range))
    return;
  std::vector<Lent> lent;
  bool isRight = fnInfo[&fn].isValid;
  for (size_t i = 0; i < e.args.size(); ++i) {
    if (fn.params[i].isInout)
      isRight &= checkInoutArg(e.args[i], lent);
    else if (!done.count(e.args[i].get()))
      checkExpr(e.args[i], fn.params[i].decl ? &fn.params[i].decl->type : nullptr);
  }
  llvm::DenseMap<facts::Symbol, FExpr> solved;
  if (!isRight || !checkFnArgs(e, fn, solved))
    return;
  proveRequired(e, fn, solved);
  checkFactsOfCall(e, fn, solved);
  for (const DimBinding &dim : fn.dims)
    e.dimArgs.push_back(dim.decl->value->substitute([&](facts::Symbol symbol) {
      auto value = solved.find(symbol);
      return value == solved.end() ? std::nullopt : std::optional(value->second);
    }));
  for (Lent &l : lent) {
    readBuffer(*l.place.buffer, l.place.path, l.place.at, l.range);
    writeBuffer(*l.place.buffer, l.place.path, l.place.at, l.place.slices, l.range, false);
    l.place.buffer->isMutable = true;
  }
}

} // namespace texpr

// scan, filter, and dims that are found while running.
//
// D8, D9: a scan gives a value for each index of its domain, which is a box of values of one shape; O3: an exclusive
// one starts with the identity of its operator. D10: the length of a filter is a dim of its own that nothing
// but its bound is known of, 0 <= k <= n. A `let` or a result names it by its type; what a signature says
// of such a dim is proved at the end of the body, since no entry can test it.
//
// In: a filter, a `let … : T[k] = e`, a result `-> (u: T[k])`, a call of such a function. Out: symbols of kind
// Found with their bound in dims; DimBinding::How::Found; FnInfo::promised proved.
#include "compiler/source/Checker.h"
#include "compiler/source/FoundLets.h"
#include <algorithm>

namespace texpr {

using facts::Rel;

static constexpr int64_t dimLimit = int64_t(1) << 47;

// ---- dims that are found while running ------------------------------------------------------------

bool Checker::isRunningDim(const FExpr &e) const {
  std::vector<facts::Symbol> used;
  e.symbols(used);
  return std::all_of(used.begin(), used.end(), [&](facts::Symbol s) {
    return symbols[s].kind == SymbolInfo::Kind::Dim || symbols[s].kind == SymbolInfo::Kind::Found;
  });
}

bool Checker::usesFound(const FExpr &e) const {
  std::vector<facts::Symbol> used;
  e.symbols(used);
  return std::any_of(used.begin(), used.end(),
                     [&](facts::Symbol s) { return symbols[s].kind == SymbolInfo::Kind::Found; });
}

/// A length of 0 to `bound`, of which nothing else is known. Call it where the facts are to be in force.
facts::Expr Checker::newFoundDim(std::string name, const FExpr &bound) {
  int64_t most = std::min(interval(bound).hi.value_or(dimLimit), dimLimit);
  FExpr s = newSymbol(std::move(name), {0, std::max<int64_t>(most, 0)}, SymbolInfo::Kind::Found);
  SymbolInfo &info = symbols[*s.asSymbol()];
  info.lo = FExpr(0);
  info.hi = bound + FExpr(1);
  assume(Constraint{s, Rel::LE, bound});
  return s;
}

/// The extent of `t` where the type as written has the bare name `name`; nothing where it has none.
static std::optional<facts::Expr> extentNamed(TypeExpr &written, const std::string &name,
                                              const Type &t) {
  std::vector<const Type *> leaves;
  t.leaves(leaves);
  auto extents = extentsByLeaf(written);
  for (size_t l = 0; l < std::min(leaves.size(), extents.size()); ++l)
    for (size_t axis = 0; axis < std::min(leaves[l]->shape.size(), extents[l].size()); ++axis)
      if (auto *bare = llvm::dyn_cast_or_null<NameExpr>(extents[l][axis]->get());
          bare && bare->text == name)
        return leaves[l]->shape[axis];
  return std::nullopt;
}

// ---- in signatures --------------------------------------------------------------------------------

/// True where something in the body may have a length that is found while running.
bool Checker::mayFindDims(const FnDecl &fn) const {
  bool may = false;
  auto visit = [&](Expr &e) {
    if (auto *call = llvm::dyn_cast<CallExpr>(&e))
      may |= fnByName.count(call->callee.text) != 0;
    may |= e.kind == ExprKind::Filter || e.kind == ExprKind::While;
  };
  Walker walker{visit, nullptr};
  walker.block(fn.body.get());
  return may;
}

/// D10: a dim that is an axis of a result, and that nothing else binds, is found while running.
bool Checker::bindFoundDims(FnDecl &fn) {
  bool progress = false;
  if (!mayFindDims(fn))
    return false;
  for (DimBinding &dim : fn.dims) {
    if (!unbound.count(dim.decl.get()))
      continue;
    for (unsigned r = 0; r < fn.results.size() && dim.how != DimBinding::How::Found; ++r) {
      auto leaves = extentsByLeaf(fn.results[r].declared.type);
      for (unsigned leaf = 0; leaf < leaves.size(); ++leaf)
        for (unsigned axis = 0; axis < leaves[leaf].size(); ++axis) {
          auto *bare = llvm::dyn_cast_or_null<NameExpr>(leaves[leaf][axis]->get());
          if (!bare || bare->text != dim.decl->name.text || dim.how == DimBinding::How::Found)
            continue;
          dim.how = DimBinding::How::Found;
          dim.param = r;
          dim.leaf = leaf;
          dim.axis = axis;
        }
    }
    if (dim.how != DimBinding::How::Found)
      continue;
    symbols[*dim.decl->value->asSymbol()].kind = SymbolInfo::Kind::Found;
    unbound.erase(dim.decl.get());
    progress = true;
  }
  return progress;
}

/// D1: nothing gives `dim` its value.
void Checker::reportUnbound(FnDecl &fn, const DimBinding &dim) {
  const std::string &name = dim.decl->name.text;
  auto error = diags.error(dim.decl->name.range, "nothing says what the dim `" + name + "` is");
  error.note("a dim is bound by an axis of a parameter that is its name or linear in it (`f32[" +
             name + "]`, `f32[2 * " + name + " + 1]`), by an integer parameter `" + name +
             ": i64`, by `where " + name +
             " == …`, or, as an axis of a result, by the length of a `filter`");
  std::string near;
  for (const DimBinding &other : fn.dims)
    if (&other != &dim && !unbound.count(other.decl.get()) && name.size() > 2 &&
        other.how != DimBinding::How::Found &&
        llvm::StringRef(name).edit_distance(other.decl->name.text) == 1)
      near = other.decl->name.text;
  if (!near.empty())
    error.fix(dim.decl->name.range, near, "did you mean `" + near + "`?");
}

/// At the end of the body: each found dim is the length that its value has there.
bool Checker::settleFoundDims(FnDecl &fn, const Type &value) {
  for (DimBinding &dim : fn.dims) {
    if (dim.how != DimBinding::How::Found)
      continue;
    const Type *part = &value;
    if (fn.results.size() > 1) {
      if (!value.isTuple() || value.parts.size() != fn.results.size())
        return true; // the type of the result says so
      part = &value.parts[dim.param];
    }
    auto length = extentNamed(fn.results[dim.param].declared.type, dim.decl->name.text, *part);
    if (!length)
      return true;
    if (!usesFound(*length)) {
      reportUnbound(fn, dim);
      return false;
    }
    dim.foundValue = length;
    dim.foundBound = dimBound(*length, true);
    assume(Constraint{*dim.decl->value, Rel::EQ, *length});
  }
  return true;
}

/// D10: what the signature says of found dims is proved.
void Checker::provePromised(FnDecl &fn) {
  for (const WherePart &part : fnInfo[&fn].promised) {
    facts::Answer answer = facts.prove(part.constraint);
    if (answer)
      continue;
    std::string example = counterExample(answer, {part.constraint.lhs, part.constraint.rhs});
    diags
        .error(part.range, "`" + part.text + "` is not proved of the result" +
                               (example.empty() ? "" : ": not so for " + example))
        .note("a dim that is found while running cannot be tested at entry: of the length of a "
              "`filter` is known that it is at most that of its domain");
  }
}

// ---- named by `let`, and at calls -----------------------------------------------------------------

/// `let u: f32[k] = …`: a name of the type that nothing declares will be a length of the value.
void Checker::declareFoundDims(LetStmt &s) {
  auto collect = [&](auto &self, TypeExpr &t) -> void {
    for (TypeExpr &part : t.parts)
      self(self, part);
    for (ExprPtr &e : t.shape) {
      auto *bare = llvm::dyn_cast_or_null<NameExpr>(e.get());
      if (!bare || lookUp(bare->text))
        continue;
      auto d = std::make_unique<Decl>();
      d->kind = Decl::Kind::Dim;
      d->name = {bare->text, bare->range};
      d->type = Type::leaf(ScalarKind::I64);
      d->value = newSymbol(bare->text, {0, dimLimit}, SymbolInfo::Kind::Found);
      declare(*d);
      s.foundDims.push_back(std::move(d));
    }
  };
  collect(collect, s.declared->type);
}

/// D7: what has a length of its own, and leaves the stores among which it stands, gets memory for the most
/// that this may be.
void Checker::boundFoundLets(const std::vector<StmtPtr> &stmts,
                             const std::vector<const Expr *> &after) {
  if (!frames.empty() && frames.back().kind != Frame::Kind::Form &&
      frames.back().kind != Frame::Kind::Value)
    return;
  std::vector<const Decl *> lent;
  if (currentFn && currentFn->body && &currentFn->body->stmts == &stmts)
    for (const Param &p : currentFn->params)
      if (p.isInout)
        lent.push_back(p.decl.get());
  auto boundSymbols = [&](const FExpr &e) {
    std::vector<facts::Symbol> used;
    e.symbols(used);
    for (facts::Symbol s : used)
      if (const FExpr length = FExpr::symbol(s); !isDimExpr(length))
        if (auto most = dimBound(length, true))
          out.leavingBound.insert_or_assign(length.hash(), *most);
  };
  for (const Decl *d : foundLets(stmts, after, lent).leaving) {
    std::vector<const Type *> leaves;
    d->type.leaves(leaves);
    if (d->value)
      boundSymbols(*d->value);
    for (const Type *leaf : leaves)
      for (const FExpr &extent : leaf->shape)
        boundSymbols(extent);
    for (const Type *leaf : leaves)
      for (const FExpr &extent : leaf->shape)
        if (isDimExpr(extent)) {
          continue;
        } else if (auto most = dimBound(extent, true)) {
          out.leavingBound.insert_or_assign(extent.hash(), *most);
        } else {
          diags.error(d->name.range,
                      "no upper bound of the extent `" + str(extent) + "` of `" + d->name.text +
                          "` is known, which is used behind the stores of this block");
          return;
        }
  }
}

/// The names of the type get the lengths of the value, and stand in scope from here on.
bool Checker::settleFoundDims(LetStmt &s) {
  for (const auto &d : s.foundDims) {
    auto length = s.init && s.init->type.isValid()
                      ? extentNamed(s.declared->type, d->name.text, s.init->type)
                      : std::nullopt;
    if (!length || !usesFound(*length)) {
      if (s.init && s.init->type.isValid())
        unknownName(d->name, false);
      return false;
    }
    d->value = length;
    declare(*d);
  }
  return true;
}

/// The lengths that a call finds: new unknowns, with the callee's bounds and promises.
void Checker::findCallDims(CallExpr &e, FnDecl &fn, llvm::DenseMap<facts::Symbol, FExpr> &known) {
  auto here = [&](const FExpr &x) {
    return x.substitute([&](facts::Symbol s) -> std::optional<FExpr> {
      auto found = known.find(s);
      return found == known.end() ? std::nullopt : std::optional(found->second);
    });
  };
  bool any = false;
  for (const DimBinding &dim : fn.dims) {
    if (dim.how != DimBinding::How::Found)
      continue;
    any = true;
    FExpr bound = dim.foundBound ? here(*dim.foundBound) : FExpr(dimLimit);
    known[*dim.decl->value->asSymbol()] = newFoundDim(dim.decl->name.text, bound);
  }
  if (any)
    for (const WherePart &part : fnInfo[&fn].promised)
      assume(Constraint{here(part.constraint.lhs), part.constraint.rel, here(part.constraint.rhs)});
}

// ---- scan -----------------------------------------------------------------------------------------

std::optional<std::vector<facts::Expr>> Checker::boxOf(std::vector<Axis> &domain) {
  std::vector<FExpr> shape;
  bool isRight = true;
  for (Axis &axis : domain) {
    if (!axis.loValue || !axis.hiValue)
      return std::nullopt;
    shape.push_back(lengthOf(*axis.loValue, *axis.hiValue));
    isRight &= checkExtentIsDim(shape.back(), axis.range, &axis, nullptr);
  }
  if (!isRight)
    return std::nullopt;
  // The points are counted: of several axes that no tensor bounds, the call is refused where they are too many.
  FExpr size(1);
  for (const FExpr &extent : shape)
    size = size * extent;
  auto most = dimBound(size, true);
  if (shape.size() > 1 && currentFn && most && !isProved({*most, Rel::LE, FExpr(dimLimit)}))
    require(const_cast<FnDecl &>(*currentFn), {*most, Rel::LE, FExpr(dimLimit)},
            spanning(domain.front().range, domain.back().range), str(*most) + " <= 2^47");
  return shape;
}

void Checker::checkScan(ScanExpr &e, const Type *expected) {
  Scope names(*this);
  Assuming scope(*this);
  Frame frame;
  frame.range = e.range;
  auto op = opByName.find(e.op.name.text);
  bool isUser = op != opByName.end();
  bool isRight = checkDomain(e.domain, e.binders, true, "scan", frame);
  checkAttrs(e.attrs, AttrPlace::Form, &e.binders, e.body.get());
  facts::Symbol mark = frame.mark;
  auto shape = boxOf(e.domain);
  frames.push_back(std::move(frame));
  Type inner = expected ? withoutOuter(*expected, e.domain.size()) : Type();
  bool byUserOp = isUser && op->second->lhs.decl && op->second->lhs.decl->type.isValid();
  if (e.body)
    checkBlockValue(*e.body,
                    byUserOp   ? &op->second->lhs.decl->type
                    : expected ? &inner
                               : nullptr,
                    "a `scan`");
  frames.pop_back();
  if (!e.body || !e.body->value || !e.body->value->type.isValid())
    return;
  const Type &t = e.body->value->type;
  if (!checkCombine(e.op, t, e.body->value->range) || !isRight || !shape)
    return;
  if (e.exclusive && e.op.op && !e.op.op->identity) {
    diags
        .error(e.op.name.range, "an exclusive `scan` starts with the identity of its operator, and "
                                "op `" +
                                    e.op.name.text + "` has none")
        .note(e.op.op->name.range,
              "give the op an `identity`, a value that changes nothing it is combined with");
    return;
  }
  if (auto s = innerSymbol(t, mark, symbols)) {
    diags.error(e.body->value->range, "the values of this `scan` differ in shape: " + str(t) +
                                          " depends on `" + facts.name(*s) + "`");
    return;
  }
  e.type = t.withOuter(*shape);
}

// ---- filter ---------------------------------------------------------------------------------------

/// The name that the place of a filter gives its length.
static std::string lengthName(const Type *expected, const std::vector<SymbolInfo> &symbols,
                              const facts::Facts &facts) {
  std::vector<const Type *> leaves;
  if (expected && expected->isValid())
    expected->leaves(leaves);
  if (!leaves.empty() && !leaves[0]->shape.empty())
    if (auto s = leaves[0]->shape[0].asSymbol(); s && symbols[*s].kind == SymbolInfo::Kind::Found)
      return facts.name(*s);
  return "kept";
}

/// D10: at most as many are kept as there are.
void Checker::checkFilter(FilterExpr &e, const Type *expected) {
  std::string name = lengthName(expected, symbols, facts);
  std::optional<FExpr> most;
  const Expr *value = nullptr;
  {
    Scope names(*this);
    Assuming scope(*this);
    Frame frame;
    frame.range = e.range;
    frame.asksLengths = true;
    bool isRight = checkDomain(e.domain, e.binders, false, "filter", frame);
    checkAttrs(e.attrs, AttrPlace::Form, &e.binders, e.body.get());
    facts::Symbol mark = frame.mark;
    if (isRagged(e.domain, e.binders)) {
      if (isRight && frame.lengths.size() == e.domain.size())
        e.most = most = mostPoints(e.domain, frame, e.mostOfAxis);
    } else if (auto shape = boxOf(e.domain)) {
      most = FExpr(1);
      for (const FExpr &extent : *shape)
        most = *most * extent;
    }
    frames.push_back(std::move(frame));
    if (e.where && checkCondition(e.where))
      assume(formula(*e.where));
    Type inner = expected ? withoutOuter(*expected, 1) : Type();
    if (e.body)
      checkBlockValue(*e.body, expected ? &inner : nullptr, "a `filter`");
    frames.pop_back();
    if (!isRight || !most || !e.body || !e.body->value || !e.body->value->type.isValid())
      return;
    value = e.body->value.get();
    if (auto s = innerSymbol(value->type, mark, symbols)) {
      diags.error(value->range, "the elements of this `filter` differ in shape: " +
                                    str(value->type) + " depends on `" + facts.name(*s) + "`");
      return;
    }
  }
  if (e.most && !isProved({FExpr(0), Rel::LE, *most}))
    e.most = most = FExpr::max(*most, FExpr(0));
  e.count = newFoundDim(name, *most);
  e.type = value->type.withOuter({*e.count});
}

} // namespace texpr

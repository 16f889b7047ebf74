// The signature of a function: its dims, the types of parameters and results, and what is tested at
// entry.
//
// The dims are bound first (CheckDimBinding.cpp). What then remains of the signature (`where` facts that
// define no dim, divisors > 0, extents >= 0, ranges of scalars) becomes entry checks, which are
// assumed in the body and proved at calls.
//
// In: FnDecl as parsed. Out: its `dims`, `entryChecks`, the types and values of parameters and
// results; `FnInfo` for calls.
#include "compiler/source/Checker.h"

namespace texpr {

using facts::Rel;

static constexpr int64_t dimLimit = int64_t(1) << 47;
static constexpr size_t maxRank = 16;

static bool hasDivision(const facts::Expr &e) {
  if (e.kind() == facts::Expr::Kind::FloorDiv || e.kind() == facts::Expr::Kind::Mod)
    return true;
  if (e.kind() == facts::Expr::Kind::Symbol || e.kind() == facts::Expr::Kind::Constant)
    return false;
  for (const facts::Expr &part : e.operands())
    if (hasDivision(part))
      return true;
  return false;
}

void Checker::checkSignature(FnDecl &fn) {
  unsigned errorsBefore = diags.errorCount();
  currentFn = &fn;
  inSignature = true;
  priorChecks = 0;
  unbound.clear();
  divisors.clear();
  whereParts.clear();
  checkAttrs(fn.attrs, AttrPlace::Fn, nullptr, nullptr);
  Scope names(*this);
  Assuming scope(*this);
  known = nullptr;
  if (fn.typeParams.empty()) {
    declareParams(fn);
    declareDims(fn);
    bindDims(fn);
    checkTypes(fn);
    requireScalarDims(fn);
    collectWhere(fn);
    requireWhere(fn, false);
    requireDivisors(fn);
    requireWhere(fn, true);
    checkExtents(fn);
    checkRanges(fn);
    checkDataFacts(fn);
    checkEnsure(fn);
    undo.clear();
    if (diags.errorCount() == errorsBefore && facts.isUnreachable())
      diags.error(fn.name.range, "no call satisfies the dims and `where` facts of `" +
                                     fn.name.text + "`: they contradict each other");
  }
  checkSpecialize(fn);
  FnInfo &info = fnInfo[&fn];
  info.isValid = diags.errorCount() == errorsBefore;
  info.known = known;
  inSignature = false;
  currentFn = nullptr;
}

/// Before the body: the signature's names and facts again.
void Checker::enterSignature(FnDecl &fn) {
  for (DimBinding &dim : fn.dims)
    if (dim.how != DimBinding::How::ScalarParam && dim.how != DimBinding::How::Found)
      declare(*dim.decl);
  for (Param &p : fn.params)
    if (p.decl)
      declare(*p.decl);
  enterInout(fn);
  std::vector<const Known *> facts;
  for (const Known *k = fnInfo[&fn].known.get(); k; k = k->before.get())
    facts.push_back(k);
  known = nullptr;
  for (auto k = facts.rbegin(); k != facts.rend(); ++k)
    assumeCases((*k)->cases);
  enterDataFacts(fn);
}

// ---- types ----------------------------------------------------------------------------------

std::optional<Type> Checker::resolveType(TypeExpr &t, bool inSignature) {
  Type result;
  if (t.kind == TypeExpr::Kind::Scalar) {
    result = Type::leaf(t.scalar);
  } else if (t.kind == TypeExpr::Kind::Tuple) {
    std::vector<Type> parts;
    for (TypeExpr &part : t.parts) {
      auto type = resolveType(part, inSignature);
      if (!type)
        return std::nullopt;
      parts.push_back(std::move(*type));
    }
    result = Type::tuple(std::move(parts), t.nominal);
  } else {
    // A struct that is left here has an error of its own.
    if (!t.name.text.empty() && !isPartial && !structByName.count(t.name.text))
      diags.error(t.name.range, "no type is named `" + t.name.text + "`")
          .note("types are f64 f32 f16 bf16 f8e4m3 f8e5m2, i8 … i64, u8 … u64, bool, structs, "
                "tuples and "
                "tensors of them");
    return std::nullopt;
  }
  std::vector<FExpr> shape;
  for (ExprPtr &e : t.shape) {
    auto extent = inSignature ? signatureDim(e) : bodyBound(e);
    if (!extent)
      return std::nullopt;
    shape.push_back(*extent);
  }
  if (shape.empty())
    return result;
  if (shape.size() > maxRank) {
    diags.error(t.range, "a tensor has at most " + std::to_string(maxRank) + " axes, not " +
                             std::to_string(shape.size()));
    return std::nullopt;
  }
  return result.withOuter(shape);
}

/// A type that uses a dim of which nothing is known, and which has been reported.
static bool usesAny(const Type &t, const std::set<const Decl *> &unbound) {
  std::vector<const Type *> leaves;
  t.leaves(leaves);
  for (const Type *leaf : leaves)
    for (const facts::Expr &extent : leaf->shape)
      for (const Decl *d : unbound)
        if (extent.uses(*d->value->asSymbol()))
          return true;
  return false;
}

void Checker::checkTypes(FnDecl &fn) {
  for (Param &p : fn.params) {
    if (!p.decl || p.decl->value)
      continue;
    if (auto t = resolveType(p.declared.type, true); t && !usesAny(*t, unbound))
      p.decl->type = *t;
  }
  llvm::StringMap<SourceRange> seen;
  for (ResultDecl &r : fn.results) {
    if (r.name)
      if (auto [old, isNew] = seen.try_emplace(r.name->text, r.name->range); !isNew)
        diags.error(r.name->range, "`" + r.name->text + "` stands twice in this list")
            .note(old->second, "first here");
    if (auto t = resolveType(r.declared.type, true); t && !usesAny(*t, unbound))
      r.type = *t;
  }
  checkInoutParams(fn);
}

// ---- what is tested at entry ----------------------------------------------------------------

/// What holds for a whole call and bounds a symbol, or an expression, by a constant.
void Checker::tighten(const Constraint &c) {
  auto bound = c.rhs.constant();
  facts::Range *r = nullptr;
  if (auto s = c.lhs.asSymbol(); s && bound)
    r = &symbols[*s].range;
  else if (bound && c.rel == Rel::LE)
    r = &bounded.try_emplace(c.lhs.hash(), interval(c.lhs)).first->second;
  if (!r)
    return;
  facts::Range tight = *r;
  if (c.rel == Rel::GE || c.rel == Rel::GT || c.rel == Rel::EQ)
    tight.lo =
        std::max(r->lo.value_or(INT64_MIN), std::min(*bound, INT64_MAX - 1) + (c.rel == Rel::GT));
  if (c.rel == Rel::LE || c.rel == Rel::LT || c.rel == Rel::EQ)
    tight.hi =
        std::min(r->hi.value_or(INT64_MAX), std::max(*bound, INT64_MIN + 1) - (c.rel == Rel::LT));
  if (!tight.lo || !tight.hi || *tight.lo <= *tight.hi)
    *r = tight; // else the signature contradicts itself, which is reported
}

void Checker::require(FnDecl &fn, Constraint c, SourceRange range, std::string text, bool prior) {
  if (usesFound(c.lhs) || usesFound(c.rhs)) { // no entry can test it
    fnInfo[&fn].promised.push_back({c, range, std::move(text)});
    return;
  }
  assume(c);
  tighten(c);
  for (const EntryCheck &other : fn.entryChecks)
    if (other.constraint.lhs == c.lhs && other.constraint.rhs == c.rhs &&
        other.constraint.rel == c.rel)
      return;
  note(CheckNote::Kind::Entry, range, "tested at entry: " + text);
  EntryCheck check{c, range, text};
  fn.entryChecks.insert(prior ? fn.entryChecks.begin() + priorChecks : fn.entryChecks.end(), check);
  priorChecks += prior;
  fnInfo[&fn].required.push_back(c);
  fnInfo[&fn].requiredText.push_back({range, std::move(text)});
}

/// D6: an integer parameter that serves as a dim is within 2^47, and not negative where it is an
/// extent.
void Checker::requireScalarDims(FnDecl &fn) {
  for (const DimBinding &dim : fn.dims) {
    if (dim.how != DimBinding::How::ScalarParam)
      continue;
    const Decl &p = *fn.params[dim.param].decl;
    facts::Range type = rangeOf(p.type.scalar), r = symbols[*p.value->asSymbol()].range;
    if (*r.lo > *type.lo)
      require(fn, {*p.value, Rel::GE, FExpr(*r.lo)}, p.name.range,
              p.name.text + (*r.lo == 0 ? " >= 0" : " >= -2^47"), true);
    if (!type.hi || *r.hi < *type.hi)
      require(fn, {*p.value, Rel::LE, FExpr(*r.hi)}, p.name.range, p.name.text + " <= 2^47", true);
  }
}

bool Checker::isSupportedFact(const Fact &fact) {
  if (fact.isAll || !fact.at.empty() || fact.chain.size() < 2) {
    if (!fact.at.empty())
      diags.error(fact.range, "`at (…)` says for which dims a promise of `ensure` is made; a fact "
                              "of `where` holds at every call");
    else if (fact.isAll || !fact.chain.empty())
      diags.error(fact.range,
                  "a fact is a relation of integers, `sorted(x)`, or `all` of elements");
    return false;
  }
  for (const ExprPtr &e : fact.chain)
    if (!e)
      return false;
  return true;
}

static Rel relation(BinaryOp op) {
  static const Rel rels[] = {Rel::EQ, Rel::NE, Rel::LT, Rel::LE, Rel::GT, Rel::GE};
  return rels[unsigned(op) - unsigned(BinaryOp::Eq)];
}

static const char *relationText(BinaryOp op) {
  static const char *const texts[] = {"==", "!=", "<", "<=", ">", ">="};
  return texts[unsigned(op) - unsigned(BinaryOp::Eq)];
}

/// The relations of `where`, but for those that define a dim.
void Checker::collectWhere(FnDecl &fn) {
  for (Fact &fact : fn.where) {
    if (definitions.count(&fact) || isDataFact(fact) || !isSupportedFact(fact))
      continue;
    std::vector<FExpr> values;
    for (ExprPtr &e : fact.chain) {
      auto v = signatureDim(e);
      if (!v)
        break;
      values.push_back(*v);
    }
    if (values.size() != fact.chain.size())
      continue;
    for (size_t i = 0; i < fact.rels.size(); ++i) {
      const Expr &a = *fact.chain[i], &b = *fact.chain[i + 1];
      whereParts.push_back(
          {{values[i], relation(fact.rels[i]), values[i + 1]},
           spanning(a.range, b.range),
           text(a.range) + " " + relationText(fact.rels[i]) + " " + text(b.range)});
    }
  }
}

void Checker::requireWhere(FnDecl &fn, bool withDivision) {
  for (const WherePart &part : whereParts)
    if ((hasDivision(part.constraint.lhs) || hasDivision(part.constraint.rhs)) == withDivision)
      require(fn, part.constraint, part.range, part.text, !withDivision);
}

/// D3: a divisor is proved > 0, or tested at entry before what it divides.
void Checker::requireDivisors(FnDecl &fn) {
  for (const Divisor &d : divisors)
    if (!isProved({d.value, Rel::GT, FExpr(0)}))
      require(fn, {d.value, Rel::GT, FExpr(0)}, d.range, str(d.value) + " > 0", true);
}

void Checker::checkExtent(FnDecl &fn, ExprPtr &extent) {
  if (!extent || !extent->value)
    return;
  Constraint c{*extent->value, Rel::GE, FExpr(0)};
  if (extent->value->constant().value_or(0) < 0) {
    diags.error(extent->range, "an extent is not negative, but this is " + str(*extent->value));
    return;
  }
  if (extent->value->constant().value_or(0) > dimLimit) {
    diags.error(extent->range, "an extent is at most 2^47");
    return;
  }
  if (!isProved(c))
    require(fn, c, extent->range, text(extent->range) + " >= 0");
  if (!fits(*extent->value,
            ScalarKind::I64)) // a product, which a tensor of no elements does not bound
    require(fn, {*extent->value, Rel::LE, FExpr(dimLimit)}, extent->range,
            text(extent->range) + " <= 2^47");
}

/// D6: extents are not negative, and a tensor has at most 2^47 bytes.
void Checker::checkExtents(FnDecl &fn) {
  auto visit = [&](TypeExpr &t) {
    std::vector<ExprPtr *> shapes;
    collectShapes(t, shapes);
    for (ExprPtr *e : shapes)
      checkExtent(fn, *e);
  };
  for (Param &p : fn.params)
    visit(p.declared.type);
  for (ResultDecl &r : fn.results)
    visit(r.declared.type);
  for (Param &p : fn.params)
    if (p.decl)
      assumeBytes(p.decl->type);
  for (ResultDecl &r : fn.results)
    assumeBytes(r.type);
  for (const DimBinding &dim :
       fn.dims) // a dim solved from a compound extent: not negative at a call
    if (dim.how == DimBinding::How::Axis) {
      FnInfo &info = fnInfo[&fn];
      info.required.push_back({*dim.decl->value, Rel::GE, FExpr(0)});
      info.requiredText.push_back({dim.decl->name.range, dim.decl->name.text + " >= 0"});
    }
}

void Checker::assumeBytes(const Type &t) {
  std::vector<const Type *> leaves;
  t.leaves(leaves);
  for (const Type *leaf : leaves) {
    if (leaf->shape.empty())
      continue;
    FExpr elements(1);
    for (const FExpr &extent : leaf->shape)
      elements = elements * extent;
    int64_t bytes = std::max(1u, bitWidth(leaf->scalar) / 8);
    if (elements.constant() || elements.asSymbol())
      continue;
    Constraint c{elements, Rel::LE, FExpr(dimLimit / bytes)};
    assume(c);
    tighten(c);
  }
}

// ---- ranges of values -----------------------------------------------------------------------

void Checker::checkScalarRange(FnDecl &fn, Param &p) {
  Cases cases = rangeCases(p.declared, *p.decl->value);
  if (cases.size() != 1)
    return checkScalarCases(fn, p, cases);
  for (const Constraint &c : cases[0])
    require(fn, c, p.decl->name.range, facts.str(c));
}

/// F1: a range stands on integers; on a scalar it is tested at entry, on a tensor at each element
/// that is read.
void Checker::checkRanges(FnDecl &fn) {
  for (unsigned i = 0; i < fn.params.size(); ++i) {
    Param &p = fn.params[i];
    if (!p.decl || (p.declared.set.empty() && !p.declared.perm) || !p.decl->type.isValid())
      continue;
    if (!checkRange(p.declared, p.decl->type, "a range"))
      continue;
    if (p.declared.perm && !p.isInout)
      setFacts(*p.decl, &p.declared, nullptr);
    if (p.declared.set.empty())
      continue;
    if (p.decl->value) {
      checkScalarRange(fn, p);
      continue;
    }
    setFacts(*p.decl, &p.declared, nullptr);
    if (p.isInout) { // all of it is tested first, and each store proved to keep it
      bufferRange[p.decl.get()] = &p.declared;
      continue;
    }
    tensorFacts[p.decl.get()].isTested = true;
    std::string range = setText(p.declared);
    out.sites.push_back(
        {&fn, i, p.decl->name.range, p.decl->name.text + ": every element is in " + range});
  }
  for (ResultDecl &r : fn.results) {
    if (r.type.isValid())
      checkRange(r.declared, r.type, "a range");
  }
}

} // namespace texpr

// How each dim of a signature gets its value at a call.
//
// D1: a dim is bound by an axis that is its bare name, by an integer parameter of its name, by an
// axis that is linear in it, or by `where d == …`; all dims stand in the order of their first
// appearance, which is that of the C signature.
//
// In: the types of parameters and results, and `where`, as parsed. Out: FnDecl::dims; each dim's value, a
// symbol or, where it is defined, its definition; the values of integer parameters.
#include "compiler/source/Checker.h"

namespace texpr {

static constexpr int64_t dimLimit = int64_t(1) << 47;

static void collectNames(Expr *e, std::vector<NameExpr *> &out) {
  auto visit = [&](Expr &part) {
    if (auto *name = llvm::dyn_cast<NameExpr>(&part))
      out.push_back(name);
  };
  Walker walker{visit, nullptr};
  walker.expr(e);
}

/// Every extent written in a type, left to right.
void Checker::collectShapes(TypeExpr &t, std::vector<ExprPtr *> &out) {
  for (TypeExpr &part : t.parts)
    collectShapes(part, out);
  for (ExprPtr &e : t.shape)
    if (e)
      out.push_back(&e);
}

static std::vector<NameExpr *> namesOf(const Fact &fact) {
  std::vector<NameExpr *> names;
  for (const ExprPtr &e : fact.chain)
    collectNames(e.get(), names);
  return names;
}

static bool isIntScalar(const RType &t) {
  return t.type.kind == TypeExpr::Kind::Scalar && !t.type.hasShape && isInt(t.type.scalar);
}

/// The names of the parameters, and the values of those that are integers. N2: no two parameters
/// have one name.
void Checker::declareParams(FnDecl &fn) {
  std::set<std::string> asDim, asExtent;
  auto collect = [&](TypeExpr &t) {
    std::vector<ExprPtr *> shapes;
    collectShapes(t, shapes);
    for (ExprPtr *e : shapes) {
      std::vector<NameExpr *> names;
      collectNames(e->get(), names);
      for (NameExpr *n : names)
        asDim.insert(n->text);
      if (auto *bare = llvm::dyn_cast<NameExpr>(e->get()))
        asExtent.insert(bare->text);
    }
  };
  for (Param &p : fn.params)
    collect(p.declared.type);
  for (ResultDecl &r : fn.results)
    collect(r.declared.type);
  for (const Fact &fact : fn.where)
    for (NameExpr *n : namesOf(fact))
      asDim.insert(n->text);
  llvm::StringMap<const Decl *> seen;
  for (Param &p : fn.params) {
    if (!p.decl)
      continue;
    Decl &d = *p.decl;
    if (auto [old, isNew] = seen.try_emplace(d.name.text, &d); !isNew)
      diags.error(d.name.range, "`" + d.name.text + "` stands twice in this list")
          .note(old->second->name.range, "first here");
    if (isIntScalar(p.declared)) {
      facts::Range r = rangeOf(p.declared.type.scalar);
      bool isDim = asDim.count(d.name.text);
      if (isDim) {
        r.lo = std::max(asExtent.count(d.name.text) ? 0 : -dimLimit, *r.lo);
        r.hi = std::min(dimLimit, r.hi.value_or(dimLimit));
      }
      d.type = Type::leaf(p.declared.type.scalar);
      d.value = newSymbol(d.name.text, r, isDim ? SymbolInfo::Kind::Dim : SymbolInfo::Kind::Scalar);
      d.isDimExpr = isDim;
    }
    declare(d);
  }
}

void Checker::addDim(FnDecl &fn, const NameExpr &use) {
  for (const DimBinding &dim : fn.dims)
    if (dim.decl->name.text == use.text)
      return;
  Decl *declared = lookUp(use.text);
  if (declared && !declared->isDimExpr)
    return; // a float or a tensor: `signatureDim` says so
  DimBinding dim;
  dim.decl = std::make_unique<Decl>();
  dim.decl->kind = Decl::Kind::Dim;
  dim.decl->name = {use.text, use.range};
  dim.decl->type = Type::leaf(ScalarKind::I64);
  dim.decl->isDimExpr = true;
  if (declared) {
    dim.how = DimBinding::How::ScalarParam;
    dim.decl->value = declared->value;
    for (unsigned i = 0; i < fn.params.size(); ++i)
      if (fn.params[i].decl.get() == declared)
        dim.param = i;
  } else {
    dim.decl->value = newSymbol(use.text, {0, dimLimit}, SymbolInfo::Kind::Dim);
    unbound.insert(dim.decl.get());
    declare(*dim.decl);
  }
  fn.dims.push_back(std::move(dim));
}

/// All dims, in the order of their first appearance in the text.
void Checker::declareDims(FnDecl &fn) {
  auto addShapes = [&](TypeExpr &t) {
    std::vector<ExprPtr *> shapes;
    collectShapes(t, shapes);
    for (ExprPtr *e : shapes) {
      std::vector<NameExpr *> names;
      collectNames(e->get(), names);
      for (NameExpr *n : names)
        addDim(fn, *n);
    }
  };
  for (Param &p : fn.params) {
    if (p.decl && p.decl->isDimExpr) {
      NameExpr self;
      self.text = p.decl->name.text;
      self.range = p.decl->name.range;
      addDim(fn, self);
    }
    addShapes(p.declared.type);
  }
  for (ResultDecl &r : fn.results)
    addShapes(r.declared.type);
  for (const Fact &fact :
       fn.where) // a name of `where` alone is a dim only where it is defined there
    if (fact.chain.size() == 2 && fact.rels[0] == BinaryOp::Eq)
      for (const ExprPtr &side : fact.chain)
        if (auto *name = llvm::dyn_cast_or_null<NameExpr>(side.get()))
          addDim(fn, *name);
}

/// True where `extent` is `a * dim + b` with `a` and `b` free of `dim`.
bool Checker::isLinearIn(FnDecl &fn, ExprPtr &extent, const Decl &dim) {
  auto value = signatureDim(extent);
  if (!value)
    return true; // reported
  facts::Symbol d = *dim.value->asSymbol();
  auto with = [&](FExpr v) {
    return value->substitute(
        [&](facts::Symbol s) { return s == d ? std::optional(v) : std::nullopt; });
  };
  FExpr rest = with(FExpr(0)), factor = with(FExpr(1)) - rest;
  if (rest.uses(d) || factor.uses(d) || factor * *dim.value + rest != *value ||
      factor.constant() == 0)
    return false;
  if (!factor.constant())
    divisors.push_back({factor, extent->range});
  return true;
}

std::vector<std::vector<ExprPtr *>> extentsByLeaf(TypeExpr &type) {
  std::vector<std::vector<ExprPtr *>> leaves;
  auto visit = [&](auto &self, TypeExpr &t, std::vector<ExprPtr *> outer) -> void {
    for (ExprPtr &e : t.shape)
      outer.push_back(&e);
    for (TypeExpr &part : t.parts)
      self(self, part, outer);
    if (t.parts.empty())
      leaves.push_back(std::move(outer));
  };
  visit(visit, type, {});
  return leaves;
}

bool Checker::bindByAxes(FnDecl &fn, bool bareOnly) {
  bool progress = false;
  for (unsigned p = 0; p < fn.params.size(); ++p) {
    TypeExpr &type = fn.params[p].declared.type;
    auto leaves = extentsByLeaf(type);
    for (unsigned leaf = 0; leaf < leaves.size(); ++leaf)
      for (unsigned axis = 0; axis < leaves[leaf].size(); ++axis) {
        ExprPtr &extent = *leaves[leaf][axis];
        std::vector<NameExpr *> names;
        collectNames(extent.get(), names);
        std::set<Decl *> open;
        for (NameExpr *n : names)
          if (Decl *d = lookUp(n->text); d && unbound.count(d))
            open.insert(d);
        bool isBare = extent && extent->kind == ExprKind::Name;
        if (open.size() != 1 || (bareOnly && !isBare))
          continue;
        Decl *d = *open.begin();
        if (!isBare && !isLinearIn(fn, extent, *d))
          continue;
        for (DimBinding &dim : fn.dims)
          if (dim.decl.get() == d) {
            dim.how = DimBinding::How::Axis;
            dim.param = p;
            dim.leaf = leaf;
            dim.axis = axis;
          }
        unbound.erase(d);
        progress = true;
      }
  }
  return progress;
}

/// `where d == e` with all dims of `e` bound defines `d`: its value is `e` from here on.
bool Checker::defineByWhere(FnDecl &fn) {
  for (Fact &fact : fn.where) {
    if (fact.chain.size() != 2 || fact.rels[0] != BinaryOp::Eq || definitions.count(&fact))
      continue;
    for (unsigned side = 0; side < 2; ++side) {
      auto *name = llvm::dyn_cast_or_null<NameExpr>(fact.chain[side].get());
      Decl *d = name ? lookUp(name->text) : nullptr;
      if (!d || !unbound.count(d))
        continue;
      std::vector<NameExpr *> names;
      collectNames(fact.chain[1 - side].get(), names);
      bool isOpen = false;
      for (NameExpr *n : names)
        if (Decl *other = lookUp(n->text))
          isOpen |= unbound.count(other) != 0;
      if (isOpen)
        continue;
      definitions.insert(&fact);
      unbound.erase(d);
      auto value = signatureDim(fact.chain[1 - side]);
      if (value)
        d->value = value;
      name->decl = d;
      name->type = d->type;
      name->value = d->value;
      for (DimBinding &dim : fn.dims)
        if (dim.decl.get() == d)
          dim.how = DimBinding::How::Defined;
      return true;
    }
  }
  return false;
}

/// D1: every dim is found from the parameters.
void Checker::bindDims(FnDecl &fn) {
  bindByAxes(fn, true);
  while (!unbound.empty() && (bindByAxes(fn, false) || defineByWhere(fn)))
    ;
  if (!unbound.empty())
    bindFoundDims(fn);
  for (const DimBinding &dim : fn.dims) {
    if (unbound.count(dim.decl.get()))
      reportUnbound(fn, dim);
  }
}

} // namespace texpr

// `inout`: what a caller lends is a buffer of one island that is the function's whole body; its
// result is tied to the parameter, and after lowering both are one buffer.
//
//   fn f(inout a: f32[n]) { par n |i| { a[i] = a[i] + 1; } }
//     →  %a = par.do outs[%n] (%b) { copy %x to %b; par.forall … }   return %a   {tx.tied = 1}
// A call is the callee's body in place of the statement, over the buffers that are lent; a part of
// one (`f(a[i]);`) is copied, changed, and copied back. The other arguments are values. What the call
// gives is the value of that body, taken where it ends.
#include "compiler/import/Importer.h"
#include "dialects/par/Extents.h"

using namespace mlir;

namespace texpr::importer {

std::vector<const Decl *> lentTo(const FnDecl &fn) {
  std::vector<const Decl *> lent;
  for (const Param &p : fn.params)
    if (p.isInout)
      lent.push_back(p.decl.get());
  return lent;
}

/// The values of the callee's dims and value parameters, by its names.
void FnImporter::bindCallee(const CallExpr &e) {
  const FnDecl &fn = *e.fn;
  auto isDim = servesAsDim(fn);
  std::vector<Val> args(e.args.size());
  for (size_t p = 0; p < e.args.size(); ++p)
    if (!fn.params[p].isInout)
      args[p] = frozenAs(expr(*e.args[p]), e.args[p]->type);
  SmallVector<std::pair<const Decl *, Value>> dims;
  for (auto [d, value] : llvm::zip_equal(fn.dims, e.dimArgs))
    if (d.how == DimBinding::How::ScalarParam)
      dims.push_back({d.decl.get(), scalars().toIndex(args[d.param].leaves[0].kind,
                                                      args[d.param].leaves[0].value)});
    else if (d.how != DimBinding::How::Found)
      dims.push_back({d.decl.get(), extent(value)});
  for (auto [d, value] : dims) {
    bindSymbol(d->value, value, ScalarKind::I64);
    env[d] = {{{value, ScalarKind::I64}}};
  }
  for (size_t p = 0; p < e.args.size(); ++p) {
    if (fn.params[p].isInout)
      continue;
    const Decl &decl = *fn.params[p].decl;
    env[&decl] = args[p];
    if (args[p].leaves.size() == 1 && args[p].leaves[0].isScalar() && !isDim[p])
      bindSymbol(decl.value, args[p].leaves[0].value, args[p].leaves[0].kind);
  }
  for (size_t p = 0; p < e.args.size(); ++p) // ranges may name dims and scalars
    if (!fn.params[p].isInout)
      for (Leaf &l : env[fn.params[p].decl.get()].leaves)
        if (l.isTensor() && isInt(l.kind) && !fn.params[p].declared.set.empty())
          l.value = verified(fn, p, l.kind, l.value);
}

/// A buffer that holds the part of another that `where` selects.
Leaf FnImporter::copyOfPart(const Leaf &whole, const Subscript &where, const Type &type) {
  SmallVector<Value> extents = extentsOf(type.shape);
  Leaf part{par::AllocOp::create(b, loc, elementType(context, whole.kind), extents), whole.kind};
  copyPart(whole, where, part, extents, /*isBack=*/false);
  return part;
}

void FnImporter::copyPart(const Leaf &whole, const Subscript &where, const Leaf &part,
                          ValueRange extents, bool isBack) {
  forall(extents, [&](ValueRange at) {
    SmallVector<Value> inWhole = where.at(b, loc, at, whole.rank());
    if (isBack)
      storeElement(whole, inWhole, readElement(part, at), AssignOp::Set);
    else
      storeElement(part, at, readElement(whole, inWhole), AssignOp::Set);
  });
}

/// At the end of a body that stands in place of a call: the leaves of its results, as they are now.
SmallVector<Value> FnImporter::resultsOf(const FnDecl &fn) {
  SmallVector<Value> values;
  if (!fn.body->value)
    return values;
  Val result = frozen(expr(*fn.body->value));
  foundDims(fn);
  size_t k = 0;
  for (const ResultDecl &r : fn.results)
    for (const Type *t : leavesOf(r.type)) {
      const Leaf &l = result.leaves[k++];
      values.push_back(l.isTensor() ? withExtents(l, t->shape).value : l.value);
    }
  return values;
}

/// What the callee's names stand for belongs to the call.
void FnImporter::forgetCallee(llvm::DenseMap<facts::Symbol, SymbolValue> before) {
  llvm::SmallVector<size_t> stale;
  for (auto &[hash, entry] : extents) {
    std::vector<facts::Symbol> used;
    entry.first.symbols(used);
    for (facts::Symbol symbol : used)
      if (auto old = before.find(symbol);
          old == before.end() || old->second.value != symbols[symbol].value) {
        stale.push_back(hash);
        break;
      }
  }
  for (size_t hash : stale)
    extents.erase(hash);
  symbols = std::move(before);
}

/// Gives what the call's results are.
Val FnImporter::lend(const CallExpr &e) {
  auto symbolsBefore = symbols;
  bindCallee(e);
  struct Lent {
    Leaf whole, part;
    Subscript where;
    SmallVector<Value> extents;
  };
  SmallVector<Lent> parts;
  for (size_t p = 0; p < e.args.size(); ++p) {
    if (!e.fn->params[p].isInout)
      continue;
    Val v;
    v.leaves = place(*e.args[p]);
    Subscript where;
    const Expr *at = e.args[p].get();
    if (auto *field = llvm::dyn_cast<FieldExpr>(at);
        field && llvm::isa<IndexExpr>(field->base.get()))
      at = field->base.get();
    if (auto *index = llvm::dyn_cast<IndexExpr>(at))
      where = subscript(*index);
    auto types = leavesOf(e.args[p]->type);
    if (!where.fixed.empty())
      for (auto [k, l] : llvm::enumerate(v.leaves)) {
        Leaf part = copyOfPart(l, where, *types[k]);
        parts.push_back({l, part, where, extentsOf(types[k]->shape)});
        l = part;
      }
    env[e.fn->params[p].decl.get()] = v;
  }
  auto body = [&] {
    inBody(*e.fn->body);
    return resultsOf(*e.fn);
  };
  Value held = program.checked.trustedCalls.count(&e) ? Value() : testFacts(*e.fn);
  SmallVector<Value> results = held ? whereHeld(*e.fn, held, body) : body(), found;
  for (const Lent &l : parts)
    copyPart(l.whole, l.where, l.part, l.extents, /*isBack=*/true);
  for (const DimBinding &d : e.fn->dims)
    if (d.how == DimBinding::How::Found)
      found.push_back(extent(*d.decl->value));
  forgetCallee(std::move(symbolsBefore));
  size_t next = 0;
  for (auto [d, value] : llvm::zip_equal(e.fn->dims, e.dimArgs))
    if (d.how == DimBinding::How::Found)
      bindSymbol(value, found[next++], ScalarKind::I64);
  Val v;
  auto types = leavesOf(e.type);
  for (auto [k, value] : llvm::enumerate(results)) {
    Leaf l{value, types[k]->scalar};
    v.leaves.push_back(l.isTensor() ? withExtents(l, types[k]->shape) : l);
  }
  return v;
}

} // namespace texpr::importer

// Blocks. One with statements of the parallel level becomes a par.do island: tensors out, pure from
// outside.
//
// In: a block. Out: its value. The island reaches from the first such statement to the last; what
// it declares and later parts use leaves it as a result, so a pure end of the block stays outside,
// where it can fuse.
//   t: f32[n]; par n |i| { t[i] = e; }  compute n |i| { t[i] + 1 }
//   →  %t = par.do outs(%n) |%bt| { par.forall (%i) { par.store e, %bt[i] } }    %r = tx.compute
//   (%i) { %t[i] + 1 }
// What has a length that is found inside leaves in memory of the most that this may be, with the length:
//   y: f32[n] = …; let u: f32[k] = filter n |i| where y[i] > 0 { y[i] }; y[0] = 1; u
//   →  %u, %k = par.do outs(%n) |%bu, %bk| { … store u[i] to %bu[i] for i < k }    tx.compute (%i) = 0 to k { %u[i] }
// A block that stands where statements do (inside another island, in no form) adds to that island
// instead.
#include "compiler/import/Importer.h"
#include "compiler/source/FoundLets.h"

using namespace mlir;

namespace texpr::importer {

Val FnImporter::block(const Block &body) {
  statements(body.stmts, {body.value.get()});
  return body.value ? expr(*body.value) : Val();
}

void FnImporter::statements(const std::vector<StmtPtr> &stmts, ArrayRef<const Expr *> after,
                            ArrayRef<const Decl *> lent) {
  size_t first = stmts.size(), last = 0;
  for (size_t i = 0; i < stmts.size(); ++i)
    if (isParallel(*stmts[i])) {
      first = std::min(first, i);
      last = i;
    }
  if (first == stmts.size() || inPlace) {
    for (const StmtPtr &s : stmts)
      statement(*s);
    return;
  }
  if (!lent.empty())
    first = 0;
  for (size_t i = 0; i < first; ++i)
    statement(*stmts[i]);
  std::vector<bool> isEarly = foundLets(stmts, after.vec(), lent.vec()).isEarly;
  for (size_t i = first; i < last; ++i)
    if (isEarly[i])
      statement(*stmts[i]);
  island(stmts, first, last, after, lent);
  for (size_t i = last + 1; i < stmts.size(); ++i)
    statement(*stmts[i]);
}

static void declaredBy(const Pattern &p, std::vector<const Decl *> &out) {
  if (p.decl)
    out.push_back(p.decl.get());
  for (const Pattern &part : p.parts)
    declaredBy(part, out);
}

/// `lengths`: the names that a `let` gives to what it finds.
static void declaredBy(const Stmt &s, std::vector<const Decl *> &out,
                       std::vector<const Decl *> &lengths) {
  if (auto *let = llvm::dyn_cast<LetStmt>(&s)) {
    declaredBy(let->pattern, out);
    for (const auto &d : let->foundDims)
      lengths.push_back(d.get());
  }
  if (auto *buffer = llvm::dyn_cast<BufferStmt>(&s))
    out.push_back(buffer->decl.get());
  if (auto *assign = llvm::dyn_cast<AssignStmt>(&s); assign && assign->old)
    out.push_back(assign->old.get());
}

/// What leaves an island for a name: its leaves and, of a total view, a scalar each for outside.
static std::vector<Type> leavingLeaves(const Decl &d) {
  std::vector<Type> types;
  for (const Type *t : leavesOf(d.type))
    types.push_back(*t);
  for (size_t k = 0, count = types.size(); d.isTotal && k < count; ++k)
    types.push_back(Type::leaf(types[k].scalar));
  return types;
}

/// What of the extents stands for nothing yet, and is made by what the island declares.
bool FnImporter::collectFound(const std::vector<facts::Expr> &shape, const DeclSet &declared,
                              SmallVectorImpl<facts::Symbol> &found) {
  bool any = false;
  for (const facts::Expr &e : shape) {
    std::vector<facts::Symbol> used;
    e.symbols(used);
    for (facts::Symbol s : used) {
      if (auto known = symbols.find(s); known != symbols.end() && isVisible(known->second.value))
        continue;
      auto source = program.checked.symbolSource.find(s);
      DeclSet names;
      if (source != program.checked.symbolSource.end())
        collectUses(source->second, names);
      if (!names.empty() &&
          llvm::none_of(names, [&](const Decl *d) { return declared.contains(d); }))
        continue;
      any = true;
      if (!llvm::is_contained(found, s))
        found.push_back(s);
    }
  }
  return any;
}

/// What leaves an island: `bounded` is what has extents that are `found` inside.
FnImporter::Leaving FnImporter::leavingOf(const std::vector<StmtPtr> &stmts, size_t first,
                                          size_t last, ArrayRef<const Expr *> after,
                                          ArrayRef<const Decl *> lent,
                                          const std::vector<bool> &isEarly) {
  DeclSet usedAfter;
  for (size_t i = last + 1; i < stmts.size(); ++i)
    collectUses(*stmts[i], usedAfter);
  for (const Expr *e : after)
    collectUses(e, usedAfter);
  Leaving all;
  all.decls.assign(lent.begin(), lent.end());
  std::vector<const Decl *> declared, lengths;
  for (size_t i = first; i <= last; ++i)
    if (!isEarly[i])
      declaredBy(*stmts[i], declared, lengths);
  for (const Decl *d : declared)
    if (usedAfter.contains(d) &&
        !(d->kind != Decl::Kind::Buffer && d->type.isScalar() && d->value && isOfEntry(*d->value)))
      all.decls.push_back(d);
  DeclSet inside(declared.begin(), declared.end());
  for (const Decl *d : all.decls)
    for (const Type *t : leavesOf(d->type))
      if (collectFound(t->shape, inside, all.found))
        all.bounded.insert(d);
  for (const Decl *d : lengths)
    if (usedAfter.contains(d)) {
      all.lengths.push_back(d);
      collectFound({*d->value}, inside, all.found);
    }
  return all;
}

void FnImporter::island(const std::vector<StmtPtr> &stmts, size_t first, size_t last,
                        ArrayRef<const Expr *> after, ArrayRef<const Decl *> lent) {
  std::vector<bool> isEarly = foundLets(stmts, after.vec(), lent.vec()).isEarly;
  Leaving leaving = leavingOf(stmts, first, last, after, lent, isEarly);
  SmallVector<mlir::Type> types;
  SmallVector<Value> shapes;
  for (const Decl *d : leaving.decls)
    for (const Type &t : leavingLeaves(*d)) {
      types.push_back(tensorType(t.scalar, t.shape.size()));
      for (const facts::Expr &e : t.shape) {
        auto most = program.checked.leavingBound.find(e.hash());
        bool isFound = leaving.bounded.contains(d) && most != program.checked.leavingBound.end();
        shapes.push_back(extent(isFound ? most->second : e));
      }
    }
  types.append(leaving.found.size(), tensorType(ScalarKind::I64, 0));
  auto island = par::DoOp::create(b, loc, types, ValueRange(), shapes);
  {
    SmallVector<mlir::Type> buffers;
    for (mlir::Type t : types)
      buffers.push_back(par::BufType::get(context, cast<RankedTensorType>(t).getRank(),
                                          cast<RankedTensorType>(t).getElementType()));
    auto outer = std::move(resultBuffers);
    resultBuffers.clear();
    Body inside(*this, island.getBody(), buffers);
    inPlace = true;
    size_t next = 0;
    llvm::DenseMap<const Decl *, Leaves> atEnd;
    for (const Decl *d : leaving.decls)
      for (const Type &t : leavingLeaves(*d))
        (leaving.bounded.contains(d) ? atEnd : resultBuffers)[d].push_back(
            {inside.args[next++], t.scalar});
    for (const Decl *d : lent) {
      Leaves given = std::exchange(env[d].leaves, resultBuffers[d]);
      for (auto [to, from] : llvm::zip_equal(Leaves(resultBuffers[d]), given))
        store(to, {}, from, AssignOp::Set);
    }
    for (size_t i = first; i <= last; ++i)
      if (!isEarly[i])
        statement(*stmts[i]);
    for (const Decl *d : leaving.decls)
      if (leaving.bounded.contains(d))
        storeFound(*d, atEnd[d]);
    for (facts::Symbol s : leaving.found)
      store({inside.args[next++], ScalarKind::I64}, {},
            {extent(facts::Expr::symbol(s)), ScalarKind::I64}, AssignOp::Set);
    par::YieldOp::create(b, loc);
    resultBuffers = std::move(outer);
  }
  bindLeaving(leaving, island.getResults());
}

/// Behind an island: its results by their names, and the lengths that it has found, which stand last.
void FnImporter::bindLeaving(const Leaving &leaving, ValueRange results) {
  size_t next = results.size() - leaving.found.size();
  for (facts::Symbol s : leaving.found) {
    facts::Expr length = facts::Expr::symbol(s);
    Value v =
        scalars().toIndex(ScalarKind::I64, readElement({results[next++], ScalarKind::I64}, {}));
    if (auto most = program.checked.leavingBound.find(length.hash());
        most != program.checked.leavingBound.end()) // what memory is planned for
      v = arith::MinSIOp::create(b, loc, v, extent(most->second));
    bindSymbol(length, v, ScalarKind::I64);
  }
  for (const Decl *d : leaving.lengths)
    env[d] = {{{extent(*d->value), ScalarKind::I64}}};
  next = 0;
  for (const Decl *d : leaving.decls) {
    Val v;
    v.failure = env[d].failure;
    size_t count = leafCount(d->type);
    for (const Type &t : leavingLeaves(*d)) {
      Leaf l{results[next++], t.scalar};
      Leaves &into = v.leaves.size() < count ? v.leaves : v.outside;
      if (t.shape.empty())
        l.value = readElement(l, {});
      else if (leaving.bounded.contains(d))
        l = withExtents(l, t.shape);
      into.push_back(l);
    }
    if (d->kind != Decl::Kind::Buffer && v.leaves.size() == 1 && v.leaves[0].isScalar())
      bindSymbolOnce(d->value, v.leaves[0].value, v.leaves[0].kind); // it may be one of the lengths
    env[d] = v;
  }
}

/// At the end of an island: what is as long as was found, into memory of the most that this may be.
void FnImporter::storeFound(const Decl &d, const Leaves &into) {
  auto types = leavingLeaves(d);
  Leaves from = leavingValues(env[&d]);
  for (auto [k, to] : llvm::enumerate(into)) {
    if (to.rank() == 0) {
      store(to, {}, from[k], AssignOp::Set);
      continue;
    }
    forall(extentsOf(types[k].shape),
           [&](ValueRange at) { storeElement(to, at, readElement(from[k], at), AssignOp::Set); });
  }
}

void FnImporter::bindPattern(const Pattern &p, const Type &t, ArrayRef<Leaf> leaves) {
  if (p.isTuple) {
    for (auto [part, type] : llvm::zip(p.parts, t.parts)) {
      size_t count = leafCount(type);
      bindPattern(part, type, leaves.take_front(count));
      leaves = leaves.drop_front(count);
    }
    return;
  }
  if (!p.decl)
    return;
  Val v;
  v.leaves.assign(leaves.begin(), leaves.end());
  if (leaves.size() == 1 && leaves[0].isScalar())
    bindSymbolOnce(p.decl->value, leaves[0].value, leaves[0].kind);
  env[p.decl.get()] = v;
}

} // namespace texpr::importer

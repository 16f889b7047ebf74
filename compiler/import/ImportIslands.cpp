// Blocks. One with statements of the parallel level becomes a par.do island: tensors out, pure from
// outside.
//
// In: a block. Out: its value. The island reaches from the first such statement to the last; what
// it declares and later parts use leaves it as a result, so a pure end of the block stays outside,
// where it can fuse.
//   t: f32[n]; par n |i| { t[i] = e; }  compute n |i| { t[i] + 1 }
//   →  %t = par.do outs(%n) |%bt| { par.forall (%i) { par.store e, %bt[i] } }    %r = tx.compute
//   (%i) { %t[i] + 1 }
// A block that stands where statements do (inside another island, in no form) adds to that island
// instead.
#include "compiler/import/Importer.h"
#include "compiler/source/FoundLets.h"

using namespace mlir;

namespace texpr::importer {

static bool isParallel(const Stmt &s) {
  return s.kind != StmtKind::Let && s.kind != StmtKind::Assume;
}

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
  std::vector<bool> isEarly = foundLets(stmts, after.vec()).isEarly;
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

static void declaredBy(const Stmt &s, std::vector<const Decl *> &out) {
  if (auto *let = llvm::dyn_cast<LetStmt>(&s))
    declaredBy(let->pattern, out);
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

void FnImporter::island(const std::vector<StmtPtr> &stmts, size_t first, size_t last,
                        ArrayRef<const Expr *> after, ArrayRef<const Decl *> lent) {
  DeclSet usedAfter;
  for (size_t i = last + 1; i < stmts.size(); ++i)
    collectUses(*stmts[i], usedAfter);
  for (const Expr *e : after)
    collectUses(e, usedAfter);
  std::vector<const Decl *> declared, leaving(lent.begin(), lent.end());
  std::vector<bool> isEarly = foundLets(stmts, after.vec()).isEarly;
  for (size_t i = first; i <= last; ++i)
    if (!isEarly[i])
      declaredBy(*stmts[i], declared);
  for (const Decl *d : declared)
    if (usedAfter.contains(d) &&
        !(d->kind != Decl::Kind::Buffer && d->type.isScalar() && d->value && isOfEntry(*d->value)))
      leaving.push_back(d);

  SmallVector<mlir::Type> types;
  SmallVector<Value> shapes;
  for (const Decl *d : leaving)
    for (const Type &t : leavingLeaves(*d)) {
      types.push_back(tensorType(t.scalar, t.shape.size()));
      llvm::append_range(shapes, extentsOf(t.shape));
    }
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
    for (const Decl *d : leaving)
      for (const Type &t : leavingLeaves(*d))
        resultBuffers[d].push_back({inside.args[next++], t.scalar});
    for (const Decl *d : lent) {
      Leaves given = std::exchange(env[d].leaves, resultBuffers[d]);
      for (auto [to, from] : llvm::zip_equal(Leaves(resultBuffers[d]), given))
        store(to, {}, from, AssignOp::Set);
    }
    for (size_t i = first; i <= last; ++i)
      if (!isEarly[i])
        statement(*stmts[i]);
    par::YieldOp::create(b, loc);
    resultBuffers = std::move(outer);
  }
  size_t next = 0;
  for (const Decl *d : leaving) {
    Val v;
    v.failure = env[d].failure;
    size_t count = leafCount(d->type);
    for (const Type &t : leavingLeaves(*d)) {
      Leaf l{island.getResult(next++), t.scalar};
      Leaves &into = v.leaves.size() < count ? v.leaves : v.outside;
      into.push_back(t.shape.empty() ? Leaf{readElement(l, {}), l.kind} : l);
    }
    if (d->kind != Decl::Kind::Buffer && v.leaves.size() == 1 && v.leaves[0].isScalar())
      bindSymbol(d->value, v.leaves[0].value, v.leaves[0].kind);
    env[d] = v;
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

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

using namespace mlir;

namespace texpr::importer {

static bool isParallel(const Stmt &s) {
  return s.kind != StmtKind::Let && s.kind != StmtKind::Assume;
}

Val FnImporter::block(const Block &body) {
  size_t first = body.stmts.size(), last = 0;
  for (size_t i = 0; i < body.stmts.size(); ++i)
    if (isParallel(*body.stmts[i])) {
      first = std::min(first, i);
      last = i;
    }
  if (inPlace || first == body.stmts.size())
    return blockValue(body, 0);
  for (size_t i = 0; i < first; ++i)
    statement(*body.stmts[i]);
  return island(body, first, last);
}

Val FnImporter::blockValue(const Block &body, size_t from) {
  for (size_t i = from; i < body.stmts.size(); ++i)
    statement(*body.stmts[i]);
  return body.value ? expr(*body.value) : Val();
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
}

Val FnImporter::island(const Block &body, size_t first, size_t last) {
  DeclSet usedAfter;
  for (size_t i = last + 1; i < body.stmts.size(); ++i)
    collectUses(*body.stmts[i], usedAfter);
  collectUses(body.value.get(), usedAfter);
  std::vector<const Decl *> declared, leaving;
  for (size_t i = first; i <= last; ++i)
    declaredBy(*body.stmts[i], declared);
  for (const Decl *d : declared)
    if (usedAfter.contains(d) &&
        !(d->kind != Decl::Kind::Buffer && d->type.isScalar() && d->value && isOfEntry(*d->value)))
      leaving.push_back(d);

  SmallVector<mlir::Type> types;
  SmallVector<Value> shapes;
  for (const Decl *d : leaving)
    for (const Type *t : leavesOf(d->type)) {
      types.push_back(tensorType(t->scalar, t->shape.size()));
      llvm::append_range(shapes, extentsOf(t->shape));
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
      for (const Type *t : leavesOf(d->type))
        resultBuffers[d].push_back({inside.args[next++], t->scalar});
    for (size_t i = first; i <= last; ++i)
      statement(*body.stmts[i]);
    par::YieldOp::create(b, loc);
    resultBuffers = std::move(outer);
  }
  size_t next = 0;
  for (const Decl *d : leaving) {
    Val v;
    for (const Type *t : leavesOf(d->type)) {
      Leaf l{island.getResult(next++), t->scalar};
      v.leaves.push_back(t->shape.empty() ? Leaf{readElement(l, {}), l.kind} : l);
    }
    if (d->kind != Decl::Kind::Buffer && v.leaves.size() == 1 && v.leaves[0].isScalar())
      bindSymbol(d->value, v.leaves[0].value, v.leaves[0].kind);
    env[d] = v;
  }
  return blockValue(body, last + 1);
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

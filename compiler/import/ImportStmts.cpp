// Statements of the parallel level, inside an island: buffers, stores, par, seq, if.
//
// In: a statement; the insertion point is where it stands. Out: par.alloc, par.forall, par.seq,
// par.store, scf.if. The right side of an assignment is evaluated first; of a buffer it is a
// snapshot (a tx.compute of loads, which stands where it is evaluated).
//   x[lo..hi, j] += e    →  %v = e   par.forall (%v0) = 0 to hi - lo { par.store (load x[lo + v0,
//   j]) + %v[v0], x[lo + v0, j] } par n |i| @block { } →  par.forall (%i) = 0 to %n level "block" {
//   }
#include "compiler/import/Importer.h"
#include "dialects/par/Extents.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace texpr::importer {

void FnImporter::statement(const Stmt &s) {
  At at(*this, s.range, s.kind == StmtKind::Par || s.kind == StmtKind::Seq);
  switch (s.kind) {
  case StmtKind::Let:
    return let(llvm::cast<LetStmt>(s));
  case StmtKind::Buffer:
    return buffer(llvm::cast<BufferStmt>(s));
  case StmtKind::Assign:
    return assign(llvm::cast<AssignStmt>(s));
  case StmtKind::Par:
    return parallel(llvm::cast<ParStmt>(s), 0);
  case StmtKind::Seq:
    return sequential(llvm::cast<SeqStmt>(s), 0);
  case StmtKind::If:
    return conditional(llvm::cast<IfStmt>(s));
  case StmtKind::Assume:
    return testAssumed(llvm::cast<AssumeStmt>(s));
  case StmtKind::Call:
    lend(*llvm::cast<CallStmt>(s).call);
    return;
  case StmtKind::Barrier:
    par::BarrierOp::create(b, loc);
    return;
  case StmtKind::Wait: // what an asm began is done where it stands
    return;
  case StmtKind::Asm:
    return instruction(*llvm::cast<AsmStmt>(s).asmExpr);
  default:
    return error(s.range, "a statement that the checker should have refused");
  }
}

/// A name for a value; of a buffer, for what it holds now. What leaves the island at hand is also
/// stored to its result.
void FnImporter::let(const LetStmt &s) {
  Val v = frozen(expr(*s.init));
  for (const auto &d : s.foundDims)
    env[d.get()] = {{{extent(*d->value), ScalarKind::I64}}};
  bindPattern(s.pattern, s.init->type, v.leaves);
  if (s.pattern.decl) {
    env[s.pattern.decl.get()].outside = v.outside;
    env[s.pattern.decl.get()].failure = v.failure;
    auto found = resultBuffers.find(s.pattern.decl.get());
    if (found == resultBuffers.end())
      return;
    for (auto [to, from] : llvm::zip(Leaves(found->second), leavingValues(v)))
      store(to, {}, from, AssignOp::Set);
    return;
  }
  std::vector<const Pattern *> work;
  for (const Pattern &part : s.pattern.parts)
    work.push_back(&part);
  while (!work.empty()) {
    const Pattern *p = work.back();
    work.pop_back();
    for (const Pattern &part : p->parts)
      work.push_back(&part);
    auto found = p->decl ? resultBuffers.find(p->decl.get()) : resultBuffers.end();
    if (found != resultBuffers.end())
      for (auto [to, from] :
           llvm::zip_equal(Leaves(found->second), Leaves(env[p->decl.get()].leaves)))
        store(to, {}, from, AssignOp::Set);
  }
}

Leaves FnImporter::leavingValues(const Val &v) {
  Leaves leaving = v.leaves;
  llvm::append_range(leaving, v.outside);
  for (const Leaf &l : v.leaves)
    if (v.failure)
      leaving.push_back(
          {isFloat(l.kind) ? scalars().real(l.kind, "0.0") : scalars().integer(l.kind, 0), l.kind});
  return leaving;
}

void FnImporter::buffer(const BufferStmt &s) {
  Val init;
  if (s.init)
    init = expr(*s.init);
  Val v;
  auto types = leavesOf(s.decl->type);
  auto result = resultBuffers.find(s.decl.get());
  for (auto [k, t] : llvm::enumerate(types)) {
    if (result != resultBuffers.end()) {
      v.leaves.push_back(result->second[k]);
      continue;
    }
    std::string name = s.decl->name.text + (types.size() > 1 ? "_" + std::to_string(k) : "");
    auto alloc =
        par::AllocOp::create(b, loc, elementType(context, t->scalar), extentsOf(t->shape), name);
    if (s.placement != Placement::Open) {
      alloc.setPlace(s.placement == Placement::Reg ? "reg" : "shared");
      alloc.setPinned(true);
    }
    v.leaves.push_back({alloc, t->scalar});
  }
  env[s.decl.get()] = v;
  if (!s.init)
    return;
  for (auto [k, l] : llvm::enumerate(v.leaves))
    store(l, {}, init.leaves.size() == 1 ? init.leaves[0] : init.leaves[k], AssignOp::Set);
}

// ---- stores ----

/// The buffers that a place names; an index on it is looked at by `assign`.
Leaves FnImporter::place(const Expr &e) {
  if (auto *field = llvm::dyn_cast<FieldExpr>(&e)) {
    Leaves base = place(*field->base);
    size_t first = 0;
    for (unsigned i = 0; i < field->index; ++i)
      first += leafCount(field->base->type.parts[i]);
    return Leaves(base.begin() + first, base.begin() + first + leafCount(field->type));
  }
  if (auto *index = llvm::dyn_cast<IndexExpr>(&e))
    return place(*index->base);
  return env[llvm::cast<NameExpr>(&e)->decl].leaves;
}

void FnImporter::assign(const AssignStmt &s) {
  Val value = expr(*s.value);
  Leaves buffers = place(*s.place);
  Subscript where;
  const Expr *at = s.place.get();
  while (auto *field = llvm::dyn_cast<FieldExpr>(at)) // x[i].0 = e
    at = field->base.get();
  if (auto *index = llvm::dyn_cast<IndexExpr>(at))
    where = subscript(*index);
  auto types = leavesOf(s.place->type);
  for (auto [k, l] : llvm::enumerate(buffers)) {
    const Leaf &from = value.leaves.size() == 1 ? value.leaves[0] : value.leaves[k];
    keptExtents = types[k]->shape;
    store(l, where, from, s.op, s.atomic ? &s : nullptr);
  }
}

/// Stores at one place, or over the kept axes of a place. A buffer on the right is read element by
/// element, which is only right where it is not the one on the left.
void FnImporter::store(const Leaf &buffer, const Subscript &where, const Leaf &value, AssignOp op,
                       const AssignStmt *atomic) {
  std::vector<facts::Expr> shape = std::exchange(keptExtents, {});
  if (buffer.rank() == 0 || where.isElement(buffer.rank()))
    return storeElement(buffer, where.at(b, loc, {}, buffer.rank()), snapshot(value).value, op,
                        atomic);
  Leaf from = value.isBuffer() && value.value == buffer.value ? snapshot(value) : value;
  SmallVector<Value> kept;
  if (where.fixed.empty())
    kept = par::getExtents(b, buffer.value);
  else
    kept = extentsOf(shape);
  if (from.isBuffer() && from.rank() == 0)
    from = snapshot(from);
  forall(kept, [&](ValueRange at) {
    Value v = from.isScalar() ? from.value : readElement(from, at);
    storeElement(buffer, where.at(b, loc, at, buffer.rank()), v, op, atomic);
  });
}

void FnImporter::storeElement(const Leaf &buffer, ValueRange indices, Value value, AssignOp op,
                              const AssignStmt *atomic) {
  if (atomic) {
    Value old = atomicElement(buffer, indices, value, op);
    if (atomic->old)
      bindOld(*atomic->old, old, buffer.kind);
    return;
  }
  if (op != AssignOp::Set)
    value = updated(op, buffer.kind, readElement(buffer, indices), value);
  par::StoreOp::create(b, loc, scalars().toElement(buffer.kind, value), buffer.value, indices);
}

void FnImporter::forall(ValueRange extents, llvm::function_ref<void(ValueRange)> body) {
  SmallVector<std::string> texts;
  for (size_t i = 0; i < extents.size(); ++i)
    texts.push_back("v" + std::to_string(i));
  SmallVector<StringRef> names(texts.begin(), texts.end());
  SmallVector<Value> lower(extents.size(), arith::ConstantIndexOp::create(b, loc, 0));
  auto op = par::ForallOp::create(b, loc, lower, extents, b.getStrArrayAttr(names), StringAttr(),
                                  UnitAttr(), UnitAttr());
  Body inside(*this, op.getBody(), ValueRange(lower).getTypes(), /*staysInPlace=*/true);
  body(inside.args);
  par::YieldOp::create(b, loc);
}

// ---- loops and choice ----

void FnImporter::inBody(const Block &body) {
  for (const StmtPtr &s : body.stmts)
    statement(*s);
}

static StringRef levelOf(const Attrs &attrs) {
  for (const Attr &a : attrs)
    if (llvm::is_contained({"cluster", "block", "warpgroup", "warp", "lane"}, a.name.text))
      return a.name.text;
  return {};
}

static bool hasAttr(const Attrs &attrs, StringRef name) {
  return llvm::any_of(attrs, [&](const Attr &a) { return a.name.text == name; });
}

/// Axes whose bounds use earlier indices nest.
void FnImporter::parallel(const ParStmt &s, size_t axis) {
  size_t to = independentAxes(s.domain, s.binders, axis);
  SmallVector<Value> lower, upper;
  bounds(s.domain, axis, to, lower, upper);
  StringRef level = levelOf(s.attrs);
  auto op = par::ForallOp::create(b, loc, lower, upper, axisNames(s.binders, axis, to - axis),
                                  level.empty() ? StringAttr() : b.getStringAttr(level),
                                  s.fully ? b.getUnitAttr() : UnitAttr(),
                                  hasAttr(s.attrs, "disjoint") ? b.getUnitAttr() : UnitAttr());
  if (program.isChecked && !s.fully) // lanes meet, and share what they like
    op->setAttr("checked.par", b.getUnitAttr());
  Body body(*this, op.getBody(), ValueRange(lower).getTypes(), /*staysInPlace=*/true);
  for (size_t i = axis; i < to; ++i)
    bindBinder(*s.binders[i], body.args[i - axis]);
  Value outerLane = laneIndex;
  if (s.fully && level == "lane")
    laneIndex = body.args[0];
  if (to < s.domain.size())
    parallel(s, to);
  else
    inBody(*s.body);
  laneIndex = outerLane;
  par::YieldOp::create(b, loc);
}

/// What the loop's own variable is: in a checked build, which prints it, not the index that runs backwards.
static std::string indexName(const SeqStmt &s, size_t axis, bool isChecked) {
  return (s.reverse && isChecked ? "last - " : "") + s.binders[axis]->name.text;
}

void FnImporter::sequential(const SeqStmt &s, size_t axis) {
  SmallVector<Value> lower, upper;
  bounds(s.domain, axis, axis + 1, lower, upper);
  auto op = par::SeqOp::create(b, loc, TypeRange(), lower[0], upper[0], ValueRange(),
                               b.getStringAttr(indexName(s, axis, program.isChecked)));
  Body body(*this, op.getBody(), {b.getIndexType()}, /*staysInPlace=*/true);
  Value i = body.args[0];
  if (s.reverse) { // the index runs from the last one: lower + upper - 1 - i
    Value last = b.createOrFold<arith::AddIOp>(loc, lower[0], upper[0]);
    last = b.createOrFold<arith::SubIOp>(loc, last, arith::ConstantIndexOp::create(b, loc, 1));
    i = b.createOrFold<arith::SubIOp>(loc, last, i);
  }
  bindBinder(*s.binders[axis], i);
  if (axis + 1 < s.domain.size())
    sequential(s, axis + 1);
  else
    inBody(*s.body);
  par::YieldOp::create(b, loc);
}

void FnImporter::conditional(const IfStmt &s) {
  Value cond = scalar(*s.cond);
  bool hasElse = s.elseIf || s.elseBlock;
  auto op = scf::IfOp::create(b, loc, TypeRange(), cond, hasElse);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  inBody(*s.thenBlock);
  if (!hasElse)
    return;
  b.setInsertionPointToStart(op.elseBlock());
  if (s.elseIf)
    statement(*s.elseIf);
  else
    inBody(*s.elseBlock);
}

} // namespace texpr::importer

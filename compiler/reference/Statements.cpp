// Statements: names, buffers, stores, and the loops of the parallel level.
//
// In: a statement. Out: changes of the frame. `par` runs its iterations one after another, in index
// order or, to expose a dependence between them, in a random one; the checker has excluded that the
// order can be seen.
#include "compiler/reference/Machine.h"
#include <algorithm>

namespace texpr::reference {

void Machine::run(const Block &b) {
  for (const StmtPtr &s : b.stmts)
    run(*s);
  if (b.value)
    internal(b.value->range, "a value that nothing takes");
}

void Machine::run(const Stmt &s) {
  spend(s.range);
  switch (s.kind) {
  case StmtKind::Let:
    return letStmt(llvm::cast<LetStmt>(s));
  case StmtKind::Buffer:
    return bufferStmt(llvm::cast<BufferStmt>(s));
  case StmtKind::Assign:
    return assignStmt(llvm::cast<AssignStmt>(s));
  case StmtKind::Assume:
    return assumeStmt(llvm::cast<AssumeStmt>(s));
  case StmtKind::If:
    return ifStmt(llvm::cast<IfStmt>(s));
  case StmtKind::Par:
    return llvm::cast<ParStmt>(s).fully ? fullPar(llvm::cast<ParStmt>(s))
                                        : parStmt(llvm::cast<ParStmt>(s));
  case StmtKind::Barrier:
    return barrier(llvm::cast<BarrierStmt>(s));
  case StmtKind::Asm:
    return asmStmt(*llvm::cast<AsmStmt>(s).asmExpr);
  case StmtKind::Wait: // what an asm began is done here
    return;
  case StmtKind::Seq:
    return seqStmt(llvm::cast<SeqStmt>(s), 0);
  case StmtKind::Call:
    lend(*llvm::cast<CallStmt>(s).call);
    return;
  default:
    internal(s.range, "a statement that this version does not have");
  }
}

void Machine::letStmt(const LetStmt &s) {
  const Value v = eval(*s.init);
  for (const auto &d : s.foundDims)
    if (auto length = evaluate(*d->value))
      bind(*d, indexScalar(*length));
  if (s.declared)
    checkRange(v, *s.declared, "a let", s.range, Failure::Kind::Internal);
  bindPattern(s.pattern, v);
}

void Machine::bindPattern(const Pattern &p, const Value &v) {
  if (p.decl)
    bind(*p.decl, v);
  if (!p.isTuple)
    return;
  if (!v.isTuple() || v.parts().size() != p.parts.size())
    internal(p.range, "a pattern that does not fit its value");
  for (size_t i = 0; i < p.parts.size(); ++i)
    bindPattern(p.parts[i], v.parts()[i]);
}

/// A tuple type as the tuple of its buffers, all unwritten. Scalars are arrays without axes.
static Value unwritten(const TypeExpr &type, const std::vector<LeafShape> &leaves, size_t &at) {
  if (type.kind != TypeExpr::Kind::Tuple) {
    Array a(leaves[at].kind, leaves[at].shape);
    ++at;
    a.markUnwritten();
    return a;
  }
  std::vector<Value> parts;
  for (const TypeExpr &part : type.parts)
    parts.push_back(unwritten(part, leaves, at));
  return Value::tuple(std::move(parts));
}

void Machine::bufferStmt(const BufferStmt &s) {
  const std::vector<LeafShape> leaves = leafShapes(s.declared.type);
  for (const LeafShape &leaf : leaves)
    if (!elementCount(leaf.shape))
      internal(s.range, "a buffer with extents " + describe(leaf.shape));
  std::optional<Value> start;
  if (s.init)
    start = eval(*s.init);
  size_t at = 0;
  Value buffer = unwritten(s.declared.type, leaves, at);
  if (start)
    store(buffer, {}, AssignOp::Set, *start, s.range);
  bind(*s.decl, std::move(buffer));
}

void Machine::assignStmt(const AssignStmt &s) {
  const bool isSum = s.op == AssignOp::Add || s.op == AssignOp::Sub;
  sumDepth += isSum;
  const Value v = eval(*s.value); // the right side first
  sumDepth -= isSum;
  std::vector<std::vector<Selection>> path;
  if (s.old)
    bind(*s.old, eval(*s.place));
  Value *into = place(*s.place, path);
  store(*into, path, s.op, v, s.range);
}

void Machine::ifStmt(const IfStmt &s) {
  if (evalBool(*s.cond))
    run(*s.thenBlock);
  else if (s.elseIf)
    ifStmt(*s.elseIf);
  else if (s.elseBlock)
    run(*s.elseBlock);
}

void Machine::parStmt(const ParStmt &s) {
  if (!options.shuffleParallel)
    return forDomain(s.domain, s.binders, [&] { run(*s.body); });
  std::vector<std::pair<int64_t, std::vector<Value>>> points;
  forDomain(s.domain, s.binders, [&] {
    std::vector<Value> point;
    for (const auto &binder : s.binders)
      point.push_back(*frame->find(*binder));
    points.push_back({frame->iteration, std::move(point)});
  });
  std::shuffle(points.begin(), points.end(), random);
  const int64_t around = frame->iteration;
  for (const auto &[iteration, point] : points) {
    frame->iteration = iteration;
    for (size_t b = 0; b < point.size(); ++b)
      bind(*s.binders[b], point[b]);
    run(*s.body);
  }
  frame->iteration = around;
}

} // namespace texpr::reference

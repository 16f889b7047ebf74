// Statements: names, buffers, stores, and the loops of the parallel level.
//
// P1: only a buffer is stored to, and a value form (compute, reduce, for, a block or `if` that is a
// value) stores to its own buffers alone, so that it stays a value. P2: what is stored has the type of
// its place, or is a scalar that fills it. What a `par` touches is checked when its body is done
// (CheckRaces.cpp); what a buffer holds is followed by CheckInit.cpp.
#include "compiler/source/Checker.h"

namespace texpr {

using facts::Rel;

/// All of the right side: what may be a call that lends.
static const Expr *rightSide(const Stmt &s) {
  if (auto *let = llvm::dyn_cast<LetStmt>(&s))
    return let->init.get();
  if (auto *buffer = llvm::dyn_cast<BufferStmt>(&s))
    return buffer->init.get();
  if (auto *assign = llvm::dyn_cast<AssignStmt>(&s))
    return assign->value.get();
  auto *call = llvm::dyn_cast<CallStmt>(&s);
  return call ? call->call.get() : nullptr;
}

void Checker::checkBlock(Block &b, const Type *expected) {
  Scope names(*this);
  nameLending(b.stmts, b.value);
  checkStmts(b.stmts);
  checkExpr(b.value, expected);
  boundFoundLets(b.stmts, {b.value.get()});
}

void Checker::checkStmts(std::vector<StmtPtr> &stmts) {
  for (StmtPtr &s : stmts)
    if (s && !diags.isFull())
      checkStmt(*s);
}

void Checker::checkStmt(Stmt &s) {
  wholeRight = rightSide(s);
  if (s.kind != StmtKind::Call && isLending(wholeRight, /*withoutResult=*/true))
    wholeRight = nullptr;
  switch (s.kind) {
  case StmtKind::Let:
    return checkLet(llvm::cast<LetStmt>(s));
  case StmtKind::Buffer:
    return checkBuffer(llvm::cast<BufferStmt>(s));
  case StmtKind::Assign:
    return checkAssign(llvm::cast<AssignStmt>(s));
  case StmtKind::Par:
    return checkPar(llvm::cast<ParStmt>(s));
  case StmtKind::Seq:
    return checkSeq(llvm::cast<SeqStmt>(s));
  case StmtKind::If:
    return checkIfStmt(llvm::cast<IfStmt>(s));
  case StmtKind::Call:
    return checkCallStmt(llvm::cast<CallStmt>(s));
  case StmtKind::Barrier:
    return checkBarrier(llvm::cast<BarrierStmt>(s));
  case StmtKind::Wait:
    return checkWait(llvm::cast<WaitStmt>(s));
  case StmtKind::Assume:
    return checkAssume(llvm::cast<AssumeStmt>(s));
  case StmtKind::Asm:
    return checkAsm(*llvm::cast<AsmStmt>(s).asmExpr);
  }
}

// ---- let ------------------------------------------------------------------------------------

void Checker::checkLet(LetStmt &s) {
  std::optional<Type> declared;
  if (s.declared) {
    Scope names(*this);
    declareFoundDims(s);
    declared = resolveType(s.declared->type, false);
    if (declared && declared->isTensor() && checkRange(*s.declared, *declared, "a range"))
      setGoal(s.init.get(), *s.declared, "this `let`");
  }
  checkExpr(s.init, declared ? &*declared : nullptr);
  if (!s.foundDims.empty() && declared)
    declared = settleFoundDims(s) ? resolveType(s.declared->type, false) : std::nullopt;
  Type t = s.init ? s.init->type : Type();
  if (s.declared) {
    if (!declared || !t.isValid() || !expectType(*s.init, *declared, "this `let`"))
      t = declared.value_or(Type());
    else
      t = *declared;
    if (t.isScalar() && s.init->type.isValid() && !s.declared->set.empty() &&
        checkRange(*s.declared, t, "a range"))
      proveRange(*s.declared, *s.init, "the value");
  }
  llvm::StringMap<SourceRange> seen;
  bindPattern(s.pattern, t, s.init.get(), seen);
  if (s.pattern.decl && s.declared && t.isTensor())
    setFacts(*s.pattern.decl, &*s.declared, s.init.get());
}

/// N3: two equal names in one pattern are an error; otherwise a `let` may shadow.
void Checker::bindPattern(Pattern &p, const Type &t, const Expr *init,
                          llvm::StringMap<SourceRange> &seen, size_t leaf) {
  if (p.isTuple) {
    bool fits = t.isTuple() && t.parts.size() == p.parts.size();
    if (t.isValid() && !fits)
      diags.error(p.range, "a pattern of " + std::to_string(p.parts.size()) +
                               " names takes a tuple of as many parts, not " + str(t));
    auto *tuple = llvm::dyn_cast_or_null<TupleExpr>(init);
    for (size_t i = 0; i < p.parts.size(); ++i) {
      bool isPart = fits && tuple && leaf == 0 && tuple->parts.size() == p.parts.size();
      bindPattern(p.parts[i], fits ? t.parts[i] : Type(),
                  isPart ? tuple->parts[i].get()
                  : fits ? init
                         : nullptr,
                  seen, isPart ? 0 : leaf);
      leaf += fits && !isPart ? countLeaves(t.parts[i]) : 0;
    }
    return;
  }
  if (!p.decl)
    return;
  Decl &d = *p.decl;
  if (auto [old, isNew] = seen.try_emplace(d.name.text, d.name.range); !isNew)
    diags.error(d.name.range, "`" + d.name.text + "` stands twice in this pattern")
        .note(old->second, "first here");
  d.type = t;
  bool isWhole = init && countLeaves(init->type) == countLeaves(t);
  std::optional<FExpr> value = init && t.isScalar() ? leafValue(*init, leaf) : std::nullopt;
  if (init)
    letInit[&d] = {init, leaf};
  if (t.isTensor())
    setFacts(d, nullptr, init, leaf);
  if (!isWhole)
    init = nullptr;
  d.isTotal = init && init->isTotal;
  if (value)
    d.value = value;
  else if (t.isScalar() && isInt(t.scalar))
    d.value = newSymbol(d.name.text, rangeOf(t.scalar), SymbolInfo::Kind::Fresh);
  d.isDimExpr = d.value && isDimExpr(*d.value);
  if (init && d.value && !d.isDimExpr)
    if (auto exact = exactDim(*init))
      exactLet[&d] = *exact;
  if (init && t.isScalar(ScalarKind::Bool))
    boolLets[&d] = formula(*init);
  floatRanges[&d] = init ? floatRange(*init) : FloatRange();
  declare(d);
}

/// F1: a range stands on integers, and its ends are integers.
bool Checker::checkRange(RType &r, const Type &t, const std::string &what) {
  std::vector<const Type *> leaves;
  t.leaves(leaves);
  if (r.perm && (leaves.size() != 1 || leaves[0]->shape.size() != 1 || !isInt(leaves[0]->scalar))) {
    diags.error(r.type.range, "a permutation is a vector of integers, not " + str(t));
    return false;
  }
  if (r.set.empty())
    return true;
  if (leaves.size() != 1 || !isInt(leaves[0]->scalar)) {
    diags.error(r.type.range, what + " of values stands on integers, not on " + str(t));
    return false;
  }
  bool isRight = true;
  for (Span &s : r.set)
    for (ExprPtr *end : {&s.lo, &s.hi}) {
      if (!*end)
        continue;
      isRight &= inSignature ? signatureDim(*end).has_value() : bodyBound(*end).has_value();
    }
  return isRight;
}

// ---- buffers and stores ---------------------------------------------------------------------

bool Checker::checkBufferExtents(BufferStmt &s, const Type &t) {
  std::vector<const Type *> leaves;
  t.leaves(leaves);
  bool isRight = true;
  std::vector<ExprPtr *> written;
  auto collect = [&](auto &self, TypeExpr &type) -> void {
    for (TypeExpr &part : type.parts)
      self(self, part);
    for (ExprPtr &e : type.shape)
      written.push_back(&e);
  };
  collect(collect, s.declared.type);
  for (ExprPtr *e : written) {
    const FExpr &extent = *(*e)->value;
    isRight &= checkExtentIsDim(extent, (*e)->range, nullptr, e->get());
    if (isProved({extent, Rel::GE, FExpr(0)}))
      continue;
    if (isDimExpr(extent) && currentFn && extent.constant().value_or(0) >= 0)
      require(const_cast<FnDecl &>(*currentFn), {extent, Rel::GE, FExpr(0)}, (*e)->range,
              text((*e)->range) + " >= 0");
    else
      diags.error((*e)->range,
                  "an extent is not negative: `" + str(extent) + " >= 0` is not proved"),
          isRight = false;
  }
  return isRight;
}

/// N4: a buffer takes a new name.
void Checker::checkBuffer(BufferStmt &s) {
  checkAttrs(s.attrs, AttrPlace::Buffer, nullptr, nullptr);
  auto t = resolveType(s.declared.type, false);
  if (t && !checkBufferExtents(s, *t))
    t.reset();
  if (t)
    checkBufferRange(s, *t);
  checkExpr(s.init, t ? &*t : nullptr);
  if (!s.decl)
    return;
  Decl &d = *s.decl;
  d.kind = Decl::Kind::Buffer;
  if (Decl *old = lookUp(d.name.text))
    diags
        .error(d.name.range,
               "a buffer may not take the name of another value, as `" + d.name.text + "` does")
        .note(old->name.range, "which is declared here");
  if (t) {
    d.type = *t;
    checkPlacement(s, *t);
  }
  BufferInfo info;
  info.frameDepth = frames.size();
  info.full = s.init != nullptr;
  info.range = d.name.range;
  if (s.init && s.init->type.isValid() && t) {
    bool spreads = s.init->type.isScalar() && t->isLeaf() && s.init->type.scalar == t->scalar;
    if (!spreads)
      expectType(*s.init, *t, "buffer `" + d.name.text + "`");
  }
  buffers[&d] = std::move(info);
  declare(d);
}

/// Types a place, and says what it covers. The indices are proved in bounds; nothing is read or
/// written yet.
bool Checker::checkPlace(Expr &e, Place &place) {
  if (auto *name = llvm::dyn_cast<NameExpr>(&e)) {
    checkName(*name, nullptr, true);
    if (!name->decl) {
      if (!name->type.isValid())
        return false;
      diags.error(e.range, "`" + name->text + "` is a constant, and only a buffer is stored to");
      return false;
    }
    if (name->decl->kind != Decl::Kind::Buffer) {
      if (name->decl->type.isValid())
        diags.error(e.range, "`" + name->text + "` is a value: only a buffer is stored to")
            .note(name->decl->name.range, "declared here; a buffer is declared as `" + name->text +
                                              "_: " + str(name->decl->type) + ";`");
      return false;
    }
    place.buffer = name->decl;
  } else if (auto *field = llvm::dyn_cast<FieldExpr>(&e)) {
    if (!field->base || !checkPlace(*field->base, place))
      return false;
    const Type &t = field->base->type;
    auto part = partNamed(t, field->name);
    if (!part) {
      if (t.isValid())
        diags.error(field->nameRange, str(t) + " has no part ." + field->name);
      return false;
    }
    field->index = *part;
    field->type = t.parts[*part];
    place.path.push_back(*part);
    return field->type.isValid();
  } else if (auto *index = llvm::dyn_cast<IndexExpr>(&e)) {
    std::vector<unsigned> path;
    resolveParts(e);
    const NameExpr *root = index->base ? rootName(*index->base, path) : nullptr;
    if (!root) {
      diags.error(e.range, "a store goes to a buffer's name, its parts and elements");
      return false;
    }
    if (!checkPlace(*index->base, place))
      return false;
    checkIndex(*index, false, true);
    if (!index->type.isValid())
      return false;
    facts::Symbol mark = symbols.size();
    place.at = bufferElement(*index, *place.buffer);
    for (facts::Symbol s = mark; s < symbols.size(); ++s)
      place.slices.push_back({s, *symbols[s].lo, *symbols[s].hi});
    return true;
  } else {
    diags.error(e.range, "a store goes to a buffer, its parts and elements");
    return false;
  }
  return e.type.isValid();
}

/// P1: a value form writes nothing from outside.
bool Checker::mayWrite(const Place &place, SourceRange range) {
  const BufferInfo &info = buffers[place.buffer];
  for (size_t i = info.frameDepth; i < frames.size(); ++i)
    if (frames[i].kind == Frame::Kind::Form || frames[i].kind == Frame::Kind::Value) {
      diags
          .error(range, "a value form may not store to `" + place.buffer->name.text +
                            "`, which is declared outside of it")
          .note(frames[i].range, "this is a value")
          .note("use `par` or `seq` to write memory");
      return false;
    }
  return true;
}

bool Checker::checkAssignOp(const AssignStmt &s, const Type &t) {
  static const char *const names[] = {
      "=", "+=", "-=", "*=", "/=", "&=", "|=", "^=", "max=", "min=", "and=", "or=", "xor="};
  if (s.op == AssignOp::Set)
    return true;
  if (!t.isLeaf()) {
    diags.error(s.place->range,
                std::string("`") + names[unsigned(s.op)] + "` takes numbers, not " + str(t));
    return false;
  }
  if (refuseF8(t, s.place->range, std::string("`") + names[unsigned(s.op)] + "`"))
    return false;
  bool isNumeric = s.op <= AssignOp::Div || s.op == AssignOp::Max || s.op == AssignOp::Min;
  if (isNumeric ? t.scalar != ScalarKind::Bool : !isFloat(t.scalar))
    return true;
  diags.error(s.place->range, std::string("`") + names[unsigned(s.op)] + "` takes " +
                                  (isNumeric ? "numbers" : "integers or bool") + ", but this is " +
                                  str(t));
  return false;
}

void Checker::checkAssign(AssignStmt &s) {
  checkAttrs(s.attrs, AttrPlace::Assign, nullptr, nullptr);
  if (!s.place)
    return checkExpr(s.value);
  makeUpdate(s);
  Place place;
  bool isRight = checkPlace(*s.place, place);
  if (auto range = bufferRange.find(place.buffer); range != bufferRange.end())
    if (isRight && s.op == AssignOp::Set && !s.atomic)
      setGoal(s.value.get(), *range->second, "what is stored", &s.place->type);
  checkExpr(s.value, isRight ? &s.place->type : nullptr);
  if (isRight)
    proveStored(s, *place.buffer);
  if (s.old) {
    declare(*s.old);
    if (isRight)
      s.old->type = s.place->type;
    if (isRight && s.old->type.isScalar() && isInt(s.old->type.scalar))
      s.old->value =
          newSymbol(s.old->name.text, rangeOf(s.old->type.scalar), SymbolInfo::Kind::Fresh);
  }
  if (!isRight)
    return;
  place.buffer->isMutable = true;
  const Type &t = s.place->type;
  if (s.value && s.value->type.isValid()) {
    bool spreads = t.isTensor() && s.value->type.isScalar(t.scalar);
    isRight = (spreads || expectType(*s.value, t, "what is stored")) && checkAssignOp(s, t);
  }
  if (!mayWrite(place, s.place->range) || (s.atomic && !checkAtomic(s)))
    return;
  coverWhole(place, t);
  if (s.atomic)
    atomicAccess = s.op;
  if (s.op != AssignOp::Set || s.old)
    readBuffer(*place.buffer, place.path, place.at, s.place->range);
  writeBuffer(*place.buffer, place.path, place.at, place.slices, s.place->range,
              hasAttr(s.attrs, "disjoint"));
  atomicAccess.reset();
}

// ---- loops and choice -----------------------------------------------------------------------

/// P3: a loop of the parallel level has no value.
void Checker::checkPar(ParStmt &s) {
  auto marks = writtenMarks();
  Frame frame;
  {
    Scope names(*this);
    Assuming scope(*this);
    frame.kind = Frame::Kind::Par;
    frame.range = s.range;
    frame.disjoint = hasAttr(s.attrs, "disjoint");
    frame.nondeterministic = hasAttr(s.attrs, "nondeterministic");
    frame.isFull = s.fully;
    bool isRight = checkDomain(s.domain, s.binders, false, "par", frame);
    checkAttrs(s.attrs, AttrPlace::Par, &s.binders, s.body.get());
    checkScope(s, frame);
    frame.segment = s.fully ? newSegment() : 0;
    frames.push_back(frame);
    if (s.fully) {
      checkFullPar(s);
      fullMarks.push_back(marks);
    }
    if (s.body)
      checkBlock(*s.body, nullptr);
    if (s.fully) {
      fullMarks.pop_back();
      checkUniformity(s);
    }
    if (s.body && s.body->value && s.body->value->type.isValid())
      diags.error(s.body->value->range,
                  "a `par` has no value; store to a buffer, or use `compute`");
    frames.pop_back();
    if (!isRight)
      return;
  }
  checkRaces(frame);
  closeLoops(marks, frame.loops);
}

void Checker::checkSeq(SeqStmt &s) {
  auto marks = writtenMarks();
  Frame frame;
  frame.isReverse = s.reverse;
  {
    Scope names(*this);
    Assuming scope(*this);
    frame.kind = Frame::Kind::Seq;
    frame.range = s.range;
    bool isRight = checkDomain(s.domain, s.binders, false, "seq", frame);
    checkAttrs(s.attrs, AttrPlace::Seq, &s.binders, s.body.get());
    frame.nondeterministic = hasAttr(s.attrs, "nondeterministic");
    frames.push_back(frame);
    size_t firstPending = pending.size();
    auto segments = segmentsHere();
    if (s.body)
      checkBlock(*s.body, nullptr);
    joinSegmentsHere(segments);
    if (s.body && s.body->value && s.body->value->type.isValid())
      diags.error(s.body->value->range, "a `seq` has no value; store to a buffer, or use `for`");
    frames.pop_back();
    settlePending(firstPending, marks, frame);
    if (!isRight)
      return;
  }
  closeLoops(marks, frame.loops);
}

void Checker::checkIfStmt(IfStmt &s) {
  Formula cond;
  if (checkCondition(s.cond))
    cond = formula(*s.cond);
  auto marks = writtenMarks();
  ++choiceDepth;
  auto segments = segmentsHere();
  {
    Assuming scope(*this);
    assume(cond);
    if (s.thenBlock)
      checkBlock(*s.thenBlock, nullptr);
  }
  auto middle = writtenMarks();
  auto aside = setWrittenAside(marks); // the other branch does not see them
  auto afterThen = segmentsHere();
  restoreSegments(segments);
  {
    Assuming scope(*this);
    assume(cond.negated());
    if (s.elseIf)
      checkIfStmt(*s.elseIf);
    if (s.elseBlock)
      checkBlock(*s.elseBlock, nullptr);
  }
  --choiceDepth;
  putWrittenBack(marks, std::move(aside));
  for (Block *b : {s.thenBlock.get(), s.elseBlock.get()})
    if (b && b->value && b->value->type.isValid())
      diags.error(b->value->range, "the value of this `if` is not used");
  joinSegmentsHere(afterThen);
  guardWritten(marks, middle, cond);
}

} // namespace texpr

// Scopes of the parallel level, `fully par`, and what its iterations do together.
//
// L2: a scope says what one iteration of a `par` gets; scopes nest from the larger to the smaller.
// L3: the iterations of `fully par` are all resident, so their number is a constant: the 32 lanes of a
//     warp, or so many warps or blocks.
// L4: `barrier` and what lanes do together (`shuffle`, …) stand where all iterations arrive: in `fully par`,
//     under conditions and bounds that no lane sees differently. Which values differ between lanes is found
//     by a fixed point over the body: the lane's index, what is computed from it, what is stored under it.
// L5: a `shared` buffer belongs to an iteration of a block, a `reg` buffer to one of any `par`; their
//     extents are constants.
// Stores of other lanes are seen after a barrier: accesses get the segment that they stand in, and only
// those of one segment can race (P4). Paths that may go around a barrier join the segments at their ends.
#include "compiler/source/Checker.h"
#include "llvm/ADT/StringSwitch.h"
#include <algorithm>

namespace texpr {

// ---- segments -------------------------------------------------------------------------------

size_t Checker::findSegment(size_t s) {
  while (segmentOf[s] != s)
    s = segmentOf[s];
  return s;
}

size_t Checker::newSegment() {
  segmentOf.push_back(segmentOf.size());
  return segmentOf.size() - 1;
}

void Checker::joinSegments(size_t a, size_t b) { segmentOf[findSegment(a)] = findSegment(b); }

std::vector<size_t> Checker::segmentsHere() const {
  std::vector<size_t> all;
  for (const Frame &f : frames)
    if (f.isFull)
      all.push_back(f.segment);
  return all;
}

void Checker::joinSegmentsHere(const std::vector<size_t> &others) {
  auto other = others.begin();
  for (const Frame &f : frames)
    if (f.isFull)
      joinSegments(f.segment, *other++);
}

void Checker::restoreSegments(const std::vector<size_t> &segments) {
  auto segment = segments.begin();
  for (Frame &f : frames)
    if (f.isFull)
      f.segment = *segment++;
}

// ---- scopes ---------------------------------------------------------------------------------

static const char *const scopeNames[] = {"cluster", "block", "warpgroup", "warp", "lane"};
enum : int { kBlock = 1, kWarp = 3, kLane = 4 };
static constexpr int64_t kWarpLanes = 32, kMostResident = 1024;

void Checker::checkScope(ParStmt &s, Frame &frame) {
  const Attr *scope = nullptr;
  for (const Attr &a : s.attrs)
    for (int level = 0; level <= kLane; ++level)
      if (a.name.text == scopeNames[level]) {
        if (scope) {
          diags.error(a.range, "an iteration gets one scope, `@" + scope->name.text + "` or `@" +
                                   a.name.text + "`");
          return;
        }
        scope = &a;
        frame.level = level;
      }
  if (!scope)
    return;
  for (auto f = frames.rbegin(); f != frames.rend(); ++f)
    if (f->level >= 0) {
      if (f->level >= frame.level)
        diags
            .error(scope->range, "`@" + scope->name.text + "` cannot stand inside `@" +
                                     scopeNames[f->level] +
                                     "`: scopes nest as @cluster, @block, @warpgroup, @warp, @lane")
            .note(f->range,
                  "an iteration of this `par` is one " + std::string(scopeNames[f->level]));
      return;
    }
}

/// What `fully par` asks beside what every `par` does.
void Checker::checkFullPar(ParStmt &s) {
  const Frame &frame = frames.back();
  if (frame.level < 0) {
    diags.error(s.range, "`fully par` says what its iterations are: `@lane`, or `@warp`, `@block`…")
        .note("as in `fully par 32 |lane| @lane { … }`");
    return;
  }
  int64_t count = 1;
  for (const Axis &axis : s.domain) {
    if (!axis.loValue || !axis.hiValue)
      return;
    auto lo = axis.loValue->constant(), hi = axis.hiValue->constant();
    if (!lo || !hi || *lo != 0 || *hi < 1 || *hi > kMostResident) {
      diags.error(axis.range,
                  "all iterations of `fully par` are resident at once, so their number is a "
                  "constant from 1 to " +
                      std::to_string(kMostResident));
      return;
    }
    count *= *hi;
  }
  if (frame.level == kLane && (s.domain.size() != 1 || count != kWarpLanes))
    diags.error(s.domain.empty() ? s.range : s.domain[0].range,
                "the iterations of `fully par … @lane` are the 32 lanes of a warp: write "
                "`fully par 32 |lane| @lane`");
  else if (count > kMostResident)
    diags.error(s.domain[0].range, "at most " + std::to_string(kMostResident) +
                                       " iterations are resident at once, not " +
                                       std::to_string(count));
}

void Checker::checkPlacement(BufferStmt &s, const Type &t) {
  for (const Attr &a : s.attrs)
    note(CheckNote::Kind::Planned, a.range,
         "`" + text(a.range) + "` of `" + s.decl->name.text + "` is for GPUs: nothing on a CPU");
  if (s.placement == Placement::Open)
    return;
  const char *word = s.placement == Placement::Reg ? "reg" : "shared";
  std::vector<const Type *> leaves;
  t.leaves(leaves);
  for (const Type *leaf : leaves)
    for (const FExpr &extent : leaf->shape)
      if (!extent.constant()) {
        diags
            .error(s.declared.type.range, std::string("the extents of a `") + word +
                                              "` buffer are constants, but `" + str(extent) +
                                              "` is known only at the call")
            .note(s.placement == Placement::Reg
                      ? "registers have no addresses; leave the placement open for a buffer of any "
                        "size"
                      : "shared memory is laid out before a launch; leave the placement open for a "
                        "buffer of any size");
        return;
      }
  bool inPar = false;
  for (const Frame &f : frames) {
    inPar |= f.kind == Frame::Kind::Par;
    if (s.placement == Placement::Shared && f.level >= kWarp) {
      diags
          .error(s.range,
                 std::string("a `shared` buffer belongs to a block, and here stands inside `@") +
                     scopeNames[f.level] + "`")
          .note(f.range, "declare it before this `par`");
      return;
    }
  }
  if (!inPar)
    diags.error(s.range,
                std::string("a `") + word + "` buffer stands inside a `par`: it belongs to " +
                    (s.placement == Placement::Reg ? "an iteration" : "the block of an iteration"));
}

// ---- barriers -------------------------------------------------------------------------------

/// The `fully par` whose iterations meet here; null, with an error: there is none.
const Frame *Checker::fullAround(SourceRange range, const std::string &what) {
  for (auto f = frames.rbegin(); f != frames.rend(); ++f) {
    if (f->kind == Frame::Kind::Form) {
      diags
          .error(range,
                 what + " cannot stand inside a value form, whose terms come in no fixed order")
          .note(f->range, "this form; a `seq` over a buffer does the same in step");
      return nullptr;
    }
    if (f->kind != Frame::Kind::Par)
      continue;
    if (f->isFull)
      return &*f;
    diags
        .error(range, what + " stands in `fully par`: the iterations of a plain `par` may come one "
                             "after another")
        .note(f->range, "this `par`");
    return nullptr;
  }
  auto error =
      diags.error(range, what + " stands inside `fully par`, whose iterations are all there");
  if (what == "`barrier`")
    error.note(
        "elsewhere the compiler makes memory visible by itself, on entering and leaving a `par`");
  return nullptr;
}

void Checker::checkBarrier(BarrierStmt &s) {
  const Frame *full = fullAround(s.range, "`barrier`");
  if (!full)
    return;
  frames[full - frames.data()].segment = newSegment();
  settleAtBarrier(*full, fullMarks.back());
}

/// What an iteration of `full` has stored by now, all have: reads of other lanes' elements are covered.
void Checker::settleAtBarrier(const Frame &full, const Marks &marks) {
  std::set<facts::Symbol> fixed; // binders of the loops in which all iterations are in step
  for (size_t i = &full - frames.data() + 1; i < frames.size(); ++i)
    for (const Loop &loop : frames[i].loops)
      fixed.insert(loop.symbol);
  for (const auto &[decl, mark] : marks) {
    auto &written = buffers[decl].written;
    for (size_t i = mark, end = written.size(); i < end; ++i) {
      Written w = written[i];
      std::map<facts::Symbol, FExpr> others;
      std::vector<Loop> loops;
      for (const Loop &loop : full.loops) {
        FExpr other = newSymbol(facts.name(loop.symbol), symbols[loop.symbol].range,
                                SymbolInfo::Kind::Binder);
        others.emplace(loop.symbol, other);
        loops.push_back({*other.asSymbol(), loop.lo, loop.hi});
      }
      bool isOwn = true;
      auto replace = [&](FExpr &e) {
        std::vector<facts::Symbol> used;
        e.symbols(used);
        for (facts::Symbol s : used)
          isOwn &= s < full.mark || others.count(s) || fixed.count(s) ||
                   std::any_of(
                       w.loops.begin(), w.loops.end(),
                       [&](const Loop &inner) { return inner.symbol == s; });
        e = e.substitute([&](facts::Symbol s) {
          auto found = others.find(s);
          return found == others.end() ? std::nullopt : std::optional(found->second);
        });
      };
      for (FExpr &e : w.at)
        replace(e);
      for (Loop &inner : w.loops) {
        replace(inner.lo);
        replace(inner.hi);
      }
      for (Constraint &c : w.guards) {
        replace(c.lhs);
        replace(c.rhs);
      }
      if (!isOwn)
        continue;
      w.loops.insert(w.loops.begin(), loops.begin(), loops.end());
      written.push_back(std::move(w));
    }
  }
}

// ---- what lanes do together -----------------------------------------------------------------

static LaneOp laneOpNamed(llvm::StringRef name) {
  return llvm::StringSwitch<LaneOp>(name)
      .Case("shuffle", LaneOp::Shuffle)
      .Case("ballot", LaneOp::Ballot)
      .Case("match", LaneOp::Match)
      .Case("any", LaneOp::Any)
      .Case("all", LaneOp::All)
      .Case("lanes_below", LaneOp::Below)
      .Case("uniform", LaneOp::Uniform)
      .Default(LaneOp::None);
}

/// True where `e` is an operation of lanes, right or wrong.
bool Checker::checkLaneCall(CallExpr &e, const Type *expected) {
  const std::string &name = e.callee.text;
  LaneOp op = laneOpNamed(name);
  if (op == LaneOp::None)
    return false;
  size_t wanted = op == LaneOp::Shuffle ? 2 : op == LaneOp::Below ? 0 : 1;
  bool takesPlace = op == LaneOp::Shuffle || op == LaneOp::Uniform;
  for (size_t i = 0; i < e.args.size(); ++i)
    checkExpr(e.args[i], takesPlace && i == 0 ? expected : nullptr);
  std::string what = "`" + name + "`";
  if (e.args.size() != wanted || !e.typeArgs.empty()) {
    diags.error(e.range, what + (wanted == 0   ? " takes nothing"
                                 : wanted == 1 ? " takes one value"
                                               : " takes a value and the lane that it comes from"));
    return true;
  }
  const Frame *full = fullAround(e.range, what);
  if (!full)
    return true;
  if (full->level != kLane) {
    diags
        .error(e.range, what + " is an operation of the lanes of a warp: it stands in "
                               "`fully par 32 |lane| @lane`")
        .note(full->range, "this is the `par` around it");
    return true;
  }
  for (const ExprPtr &arg : e.args)
    if (!arg || !arg->type.isValid())
      return true;
  auto takes = [&](const Expr &arg, bool isRight, const char *kinds) {
    if (!isRight || !arg.type.isScalar())
      diags.error(arg.range, what + " takes " + kinds + ", but this is " + str(arg.type));
    return isRight && arg.type.isScalar();
  };
  Type t = e.args.empty() ? Type() : e.args[0]->type;
  bool isRight = true;
  switch (op) {
  case LaneOp::Shuffle:
    isRight = takes(*e.args[0], true, "a scalar") &&
              takes(*e.args[1], isInt(e.args[1]->type.scalar), "the index of a lane, an integer");
    break;
  case LaneOp::Uniform:
    isRight = takes(*e.args[0], true, "a scalar");
    break;
  case LaneOp::Match:
    isRight = takes(*e.args[0], !isFloat(t.scalar), "an integer or bool");
    break;
  case LaneOp::Ballot:
  case LaneOp::Any:
  case LaneOp::All:
    isRight = takes(*e.args[0], t.scalar == ScalarKind::Bool, "a bool");
    break;
  case LaneOp::Below:
  case LaneOp::None:
    break;
  }
  if (!isRight)
    return true;
  e.laneOp = op;
  if (op == LaneOp::Any || op == LaneOp::All)
    e.type = Type::leaf(ScalarKind::Bool);
  else
    e.type = takesPlace ? t : Type::leaf(ScalarKind::U32);
  if (!isInt(e.type.scalar))
    return true;
  facts::Range range = rangeOf(e.type.scalar);
  if (takesPlace && e.args[0]->value) { // of some lane: what bounds all bounds it
    facts::Range all = interval(*e.args[0]->value);
    range = {all.lo ? all.lo : range.lo, all.hi ? all.hi : range.hi};
  }
  e.value = freshFor(e, range);
  return true;
}

// ---- uniform and varying --------------------------------------------------------------------

namespace {

/// Which names of the body of a `fully par` differ between its iterations.
class Uniformity {
public:
  Uniformity(ParStmt &s, Diagnostics &diags) : diags(diags) {
    for (const auto &b : s.binders)
      if (b)
        varying.insert(b.get());
    size_t before;
    do {
      before = varying.size();
      block(*s.body, false);
    } while (varying.size() != before);
    reports = true;
    block(*s.body, false);
  }

private:
  Diagnostics &diags;
  std::set<const Decl *> varying;
  std::set<const Decl *> own; // buffers of one iteration; an element of another is one for all
  bool reports = false;
  struct Cause {
    SourceRange range;
    const char *what;
  };
  std::vector<Cause> causes; // why not all iterations arrive here, the innermost last

  void mark(const Decl *d, bool varies) {
    if (d && varies)
      varying.insert(d);
  }
  void mark(const Pattern &p, bool varies) {
    mark(p.decl.get(), varies);
    for (const Pattern &part : p.parts)
      mark(part, varies);
  }

  /// Whether `e` may differ between iterations; its parts are gone through for what stands in them.
  bool expr(Expr *e);
  bool call(CallExpr &e);
  bool parts(Expr &e);
  bool form(Expr &e);
  void block(Block &b, bool under);
  void stmts(std::vector<StmtPtr> &list, bool under) {
    for (StmtPtr &s : list)
      if (s)
        stmt(*s, under);
  }
  void stmt(Stmt &s, bool under);
  void assign(AssignStmt &s, bool under);
  void loop(std::vector<Axis> &axes, Binders &binders, Block &body, SourceRange range, bool under,
            bool isFull);
  void instruction(AsmExpr &e, bool under);
  void storedTo(const Expr *place, bool varies);
  void choice(IfStmt &s, bool under);
  template <typename F> void because(bool varies, SourceRange range, const char *what, F &&inside) {
    if (varies)
      causes.push_back({range, what});
    inside();
    if (varies)
      causes.pop_back();
  }
  void report(SourceRange range, const std::string &what) {
    if (!reports || causes.empty())
      return;
    diags.error(range, what + " stands where not all iterations of `fully par` arrive")
        .note(causes.back().range, causes.back().what)
        .note("move it out, or assert by `uniform(…)` that all lanes have one value there");
  }
};

bool Uniformity::expr(Expr *e) {
  if (!e)
    return false;
  if (auto *name = llvm::dyn_cast<NameExpr>(e))
    return name->decl && varying.count(name->decl);
  if (auto *c = llvm::dyn_cast<CallExpr>(e))
    return call(*c);
  if (auto *logic = llvm::dyn_cast<BinaryExpr>(e);
      logic && (logic->op == BinaryOp::And || logic->op == BinaryOp::Or)) {
    bool left = expr(logic->lhs.get()), right = false;
    because(left, logic->lhs->range,
            "lanes differ in this condition, which leaves the right side out",
            [&] { right = expr(logic->rhs.get()); });
    return left || right;
  }
  if (auto *c = llvm::dyn_cast<IfExpr>(e)) {
    bool cond = expr(c->cond.get()), a = false, b = false;
    because(cond, c->cond->range, "lanes differ in this condition", [&] {
      if (c->thenBlock) {
        stmts(c->thenBlock->stmts, cond);
        a = expr(c->thenBlock->value.get());
      }
      b = expr(c->elseExpr.get());
    });
    return cond || a || b;
  }
  if (auto *guarded = llvm::dyn_cast<ElseExpr>(e)) {
    bool a = expr(guarded->access.get()), b = false;
    because(a, guarded->access->range, "lanes differ in this access, whose `else` some may take",
            [&] { b = expr(guarded->alternative.get()); });
    return a || b;
  }
  if (auto *b = llvm::dyn_cast<BlockExpr>(e)) {
    stmts(b->block->stmts, false);
    return expr(b->block->value.get());
  }
  return parts(*e);
}

/// The parts of an operator or access, and of a value form, in which lanes do nothing together.
bool Uniformity::parts(Expr &e) {
  bool varies = false;
  auto all = [&](auto &list) {
    for (auto &part : list)
      varies |= expr(part.get());
  };
  if (auto *unary = llvm::dyn_cast<UnaryExpr>(&e))
    return expr(unary->operand.get());
  if (auto *binary = llvm::dyn_cast<BinaryExpr>(&e)) {
    varies = expr(binary->lhs.get());
    return expr(binary->rhs.get()) || varies;
  }
  if (auto *field = llvm::dyn_cast<FieldExpr>(&e))
    return expr(field->base.get());
  if (auto *index = llvm::dyn_cast<IndexExpr>(&e)) {
    varies = expr(index->base.get());
    for (IndexArg &arg : index->indices)
      for (Expr *part : {arg.index.get(), arg.lo.get(), arg.hi.get()})
        varies |= expr(part);
  } else if (auto *tuple = llvm::dyn_cast<TupleExpr>(&e)) {
    all(tuple->parts);
  } else if (auto *list = llvm::dyn_cast<ListExpr>(&e)) {
    all(list->elements);
  } else if (auto *value = llvm::dyn_cast<StructExpr>(&e)) {
    for (auto &field : value->fields)
      varies |= expr(field.second.get());
  } else {
    varies = form(e);
  }
  return varies;
}

/// A form is as its names are; all that it binds is taken to be so, too.
bool Uniformity::form(Expr &e) {
  bool varies = false;
  Walker walker;
  walker.onExpr = [&](Expr &inner) {
    if (auto *name = llvm::dyn_cast<NameExpr>(&inner))
      varies |= name->decl && varying.count(name->decl);
    auto *c = llvm::dyn_cast<CallExpr>(&inner);
    if (reports && c && c->laneOp != LaneOp::None)
      diags.error(c->callee.range, "`" + c->callee.text + "` cannot stand in the bounds of a form")
          .note("give it a name by `let` first");
  };
  walker.expr(&e);
  return varies;
}

bool Uniformity::call(CallExpr &e) {
  std::vector<bool> varies;
  for (ExprPtr &arg : e.args)
    varies.push_back(expr(arg.get()));
  if (e.laneOp != LaneOp::None && e.laneOp != LaneOp::Below)
    report(e.callee.range, "`" + e.callee.text + "`");
  switch (e.laneOp) {
  case LaneOp::Shuffle: // else a value that all have, or one lane's
    return varies[0] && varies[1];
  case LaneOp::Match:
    return varies[0];
  case LaneOp::Below:
    return true;
  case LaneOp::None:
    return llvm::is_contained(varies, true);
  default:
    return false;
  }
}

void Uniformity::block(Block &b, bool under) {
  stmts(b.stmts, under);
  expr(b.value.get());
}

/// What is stored to memory of one iteration makes it differ; other memory is one for all.
void Uniformity::storedTo(const Expr *place, bool varies) {
  while (place) {
    if (auto *index = llvm::dyn_cast<IndexExpr>(place)) {
      for (const IndexArg &arg : index->indices)
        for (Expr *part : {arg.index.get(), arg.lo.get(), arg.hi.get()})
          varies |= expr(part);
      place = index->base.get();
    } else if (auto *field = llvm::dyn_cast<FieldExpr>(place)) {
      place = field->base.get();
    } else if (auto *method = llvm::dyn_cast<MethodCallExpr>(place)) {
      place = method->base.get();
    } else {
      break;
    }
  }
  if (auto *name = llvm::dyn_cast_or_null<NameExpr>(place); name && own.count(name->decl))
    mark(name->decl, varies);
}

void Uniformity::assign(AssignStmt &s, bool under) {
  storedTo(s.place.get(), expr(s.value.get()) || under);
  mark(s.old.get(), true);
}

void Uniformity::instruction(AsmExpr &e, bool under) {
  for (AsmOperand &o : e.operands)
    if (o.word == "out" || o.word == "inout" || o.word == "writes")
      storedTo(o.value.get(), true);
    else
      expr(o.value.get());
  if (e.means)
    block(*e.means, under);
  if (e.elseAsm)
    instruction(*e.elseAsm, under);
  if (e.elseBlock)
    block(*e.elseBlock, under);
}

void Uniformity::loop(std::vector<Axis> &axes, Binders &binders, Block &body, SourceRange range,
                      bool under, bool isFull) {
  bool varies = false;
  for (Axis &axis : axes) {
    varies |= expr(axis.lo.get());
    varies |= expr(axis.hi.get());
  }
  for (const auto &b : binders)
    mark(b.get(), varies || isFull);
  // Who meets inside another `fully par` is a question of its own.
  bool before = std::exchange(reports, reports && !isFull);
  because(varies, range, "lanes differ in the bounds of this loop",
          [&] { block(body, under || varies); });
  reports = before;
}

void Uniformity::choice(IfStmt &s, bool under) {
  bool cond = expr(s.cond.get());
  because(cond, s.cond->range, "lanes differ in this condition", [&] {
    if (s.thenBlock)
      block(*s.thenBlock, under || cond);
    if (s.elseIf)
      choice(*s.elseIf, under || cond);
    if (s.elseBlock)
      block(*s.elseBlock, under || cond);
  });
}

void Uniformity::stmt(Stmt &s, bool under) {
  if (auto *let = llvm::dyn_cast<LetStmt>(&s)) {
    mark(let->pattern, expr(let->init.get()));
  } else if (auto *buffer = llvm::dyn_cast<BufferStmt>(&s)) {
    own.insert(buffer->decl.get());
    mark(buffer->decl.get(), expr(buffer->init.get()));
  } else if (auto *a = llvm::dyn_cast<AssignStmt>(&s)) {
    assign(*a, under);
  } else if (auto *c = llvm::dyn_cast<IfStmt>(&s)) {
    choice(*c, under);
  } else if (auto *seq = llvm::dyn_cast<SeqStmt>(&s)) {
    loop(seq->domain, seq->binders, *seq->body, s.range, under, false);
  } else if (auto *par = llvm::dyn_cast<ParStmt>(&s)) {
    loop(par->domain, par->binders, *par->body, s.range, under, par->fully);
  } else if (llvm::isa<BarrierStmt>(&s)) {
    report(s.range, "`barrier`");
  } else if (auto *call = llvm::dyn_cast<CallStmt>(&s)) {
    bool varies = expr(call->call.get());
    for (ExprPtr &arg : call->call->args)
      storedTo(arg.get(), varies || under);
  } else if (auto *a = llvm::dyn_cast<AsmStmt>(&s)) {
    instruction(*a->asmExpr, under);
  }
}

} // namespace

void Checker::checkUniformity(ParStmt &s) {
  if (s.body)
    Uniformity(s, diags);
}

} // namespace texpr

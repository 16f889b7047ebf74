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
  // In the order of the text: symbols are numbered as they are made, and addresses differ between runs.
  std::vector<std::pair<const Decl *, size_t>> inOrder(marks.begin(), marks.end());
  std::sort(inOrder.begin(), inOrder.end(), [](const auto &a, const auto &b) {
    return a.first->name.range.begin < b.first->name.range.begin;
  });
  for (const auto &[decl, mark] : inOrder) {
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
      w.forEachExpr(replace);
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

} // namespace texpr

// Facts on data: `where row[0] == 0, sorted(row)`, `all z |p| { ix[p, 0] in 0..n }`, `perm`, `assume`.
//
// F3: a fact of `where` on the elements of parameters is verified before the body runs, in the order
// of the list (permutations first), so one may rely on those before it. What it says is instantiated
// where an element is used: the elements of a sorted vector that are in sight are ordered by their
// indices, and a fact on all elements is matched against the index at hand.
//
//   where row[0] == 0, row[m] == z, sorted(row)
//   row[i]..row[i + 1]        0 == row[0] <= row[i] <= row[i + 1] <= row[m] == z, as 0 <= i < i + 1 <= m
//
// In: FnDecl as parsed. Out: `dataChecks`, a failure site each, and what the checker knows.
#include "compiler/source/Checker.h"
#include <algorithm>

namespace texpr {

using facts::Rel;
using facts::Symbol;

static constexpr size_t maxInSight = 24;

static Rel relation(BinaryOp op) {
  static const Rel rels[] = {Rel::EQ, Rel::NE, Rel::LT, Rel::LE, Rel::GT, Rel::GE};
  return rels[unsigned(op) - unsigned(BinaryOp::Eq)];
}

static CallExpr *callOf(const Fact &fact, llvm::StringRef name) {
  if (fact.isAll || !fact.rels.empty() || fact.chain.size() != 1)
    return nullptr;
  auto *call = llvm::dyn_cast_or_null<CallExpr>(fact.chain[0].get());
  return call && call->callee.text == name ? call : nullptr;
}

/// A fact that reads elements, or says something of all of them.
bool Checker::isDataFact(const Fact &fact) {
  if (fact.isAll || callOf(fact, "sorted"))
    return true;
  bool reads = false;
  auto visit = [&](Expr &e) { reads |= e.kind == ExprKind::Index; };
  Walker walker{visit, nullptr};
  for (const ExprPtr &e : fact.chain)
    walker.expr(e.get());
  return reads;
}

// ---- facts as written -----------------------------------------------------------------------

/// `a <= b < c`: scalars of one type; integers of two types compare as the numbers that they are.
bool Checker::checkFactChain(std::vector<ExprPtr> &chain, const std::vector<BinaryOp> &rels,
                             std::vector<Cases> &conditions) {
  const Type *partner = nullptr;
  for (bool literals : {false, true})
    for (ExprPtr &e : chain) {
      if (!e)
        return false;
      if (isFlexible(e.get()) != literals)
        continue;
      checkExpr(e, literals ? partner : nullptr);
      if (!e->type.isValid())
        return false;
      if (!e->type.isScalar()) {
        diags.error(e->range, "a fact compares scalars, but this is " + str(e->type));
        return false;
      }
      partner = partner ? partner : &e->type;
    }
  for (size_t i = 0; i < rels.size(); ++i) {
    const Expr &a = *chain[i], &b = *chain[i + 1];
    bool areInts = isInt(a.type.scalar) && isInt(b.type.scalar);
    bool isWide = a.type.scalar == ScalarKind::U64 || b.type.scalar == ScalarKind::U64;
    if (a.type.scalar != b.type.scalar && (!areInts || isWide)) {
      mismatch(spanning(a.range, b.range), a.type, b.type, "a fact", &a, &b);
      return false;
    }
    if (areInts && a.value && b.value)
      conditions.push_back({{{*a.value, relation(rels[i]), *b.value}}});
  }
  return true;
}

/// The tensor that a name stands for, an alias followed; null for anything else.
const Decl *Checker::tensorNamed(const Expr &e) const {
  auto *name = llvm::dyn_cast<NameExpr>(&e);
  if (!name || !name->decl || !name->decl->type.isTensor())
    return nullptr;
  auto alias = aliasOf.find(name->decl);
  return alias == aliasOf.end() ? name->decl : alias->second;
}

/// `sorted(row)`: a vector of integers that nothing changes.
const Decl *Checker::checkSorted(Fact &fact) {
  CallExpr &call = *callOf(fact, "sorted");
  call.type = Type::leaf(ScalarKind::Bool);
  if (call.args.size() != 1 || !call.args[0]) {
    diags.error(fact.range, "`sorted` takes one vector, as in `sorted(row)`");
    return nullptr;
  }
  checkExpr(call.args[0]);
  const Type &t = call.args[0]->type;
  const Decl *d = tensorNamed(*call.args[0]);
  if (d && d->kind != Decl::Kind::Buffer && t.isLeaf() && t.shape.size() == 1 && isInt(t.scalar))
    return d;
  if (t.isValid())
    diags.error(call.args[0]->range,
                "`sorted` takes the name of a vector of integers that nothing changes" +
                    (d ? ", but this is " + str(t) : std::string()));
  return nullptr;
}

/// A relation or `value in set`, one conjunct of an `all`.
bool Checker::checkEach(Fact::Each &each, std::vector<Cases> &conditions) {
  if (each.set.empty())
    return checkFactChain(each.chain, each.rels, conditions);
  if (each.chain.size() != 1 || !each.chain[0])
    return false;
  ExprPtr &e = each.chain[0];
  checkExpr(e);
  if (!e->type.isValid())
    return false;
  if (!e->type.isScalar() || !isInt(e->type.scalar)) {
    diags.error(e->range, "a range of values stands on integers, not on " + str(e->type));
    return false;
  }
  Cases cases;
  for (Span &s : each.set) {
    auto lo = bodyBound(s.lo), hi = s.hi ? bodyBound(s.hi) : lo;
    if (!lo || !hi)
      return false;
    if (!s.hi)
      cases.push_back({{*e->value, Rel::EQ, *lo}});
    else
      cases.push_back(
          {{*lo, Rel::LE, *e->value}, {*e->value, s.inclusive ? Rel::LE : Rel::LT, *hi}});
  }
  conditions.push_back(std::move(cases));
  return true;
}

/// Registers what holds for all elements with each tensor that it speaks of.
bool Checker::checkAllFact(Fact &fact) {
  AllFact all;
  {
    Scope names(*this);
    Assuming scope(*this);
    Frame frame;
    frame.range = fact.range;
    if (!checkDomain(fact.domain, fact.binders, false, "all", frame))
      return false;
    all.loops = frame.loops;
    frames.push_back(std::move(frame));
    bool isRight = true;
    for (Fact::Each &each : fact.each) { // each relies on those to its left
      size_t before = all.conditions.size();
      isRight = isRight && checkEach(each, all.conditions);
      for (size_t i = before; i < all.conditions.size(); ++i)
        assumeCases(all.conditions[i]);
    }
    frames.pop_back();
    if (!isRight)
      return false;
  }
  std::set<const Decl *> about;
  std::set<Symbol> seen;
  for (const Cases &cases : all.conditions)
    for (const auto &conjunction : cases)
      for (const Constraint &c : conjunction)
        for (const FExpr &side : {c.lhs, c.rhs}) {
          std::vector<Symbol> used;
          side.symbols(used);
          for (Symbol s : used)
            if (auto e = elementOf.find(s); e != elementOf.end() && seen.insert(s).second) {
              all.elements.push_back(e->second);
              about.insert(e->second->decl);
            }
        }
  for (const Decl *d : about) {
    allFacts[d].push_back(all);
    undo.push_back([this, d] { allFacts[d].pop_back(); });
  }
  return true;
}

/// Types a fact on data and takes it as known. `what` is where it stands.
bool Checker::checkDataFact(Fact &fact, const std::string &what) {
  if (!fact.at.empty()) {
    diags.error(fact.range, "`at` stands in `ensure` only");
    return false;
  }
  if (fact.isAll)
    return checkAllFact(fact);
  if (callOf(fact, "sorted")) {
    const Decl *d = checkSorted(fact);
    if (d)
      setSorted(*d);
    return d != nullptr;
  }
  if (fact.rels.empty()) {
    diags.error(fact.range, "a fact of " + what + " compares, or is `sorted(x)` or `all …`");
    return false;
  }
  std::vector<Cases> conditions;
  if (!checkFactChain(fact.chain, fact.rels, conditions))
    return false;
  for (const Cases &cases : conditions) {
    assumeCases(cases);
    const Constraint &c = cases[0][0];
    if (c.rel != Rel::EQ)
      continue;
    for (auto [element, other] : {std::pair(c.lhs, c.rhs), std::pair(c.rhs, c.lhs)})
      if (auto s = element.asSymbol(); s && elementOf.count(*s) && isDimExpr(other))
        elementOf[*s]->equalTo = other;
  }
  return true;
}

void Checker::setSorted(const Decl &d) {
  TensorFacts &f = tensorFacts[&d];
  if (f.isSorted)
    return;
  f.isSorted = true;
  undo.push_back([this, &d] { tensorFacts[&d].isSorted = false; });
  for (ElementSymbol *e : elementsOf[&d])
    if (isInForce(e->assumed))
      orderElement(*e);
}

// ---- signatures and calls -------------------------------------------------------------------

void Checker::addDataCheck(DataCheck check, SourceRange range, std::string text) {
  check.site = out.sites.size();
  out.sites.push_back({check.fn, ~0u, range, text});
  out.dataChecks.push_back(check);
}

static std::string onOneLine(const std::string &text) {
  std::string line;
  for (char c : text)
    if (!isspace(static_cast<unsigned char>(c)))
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  return line;
}

/// After the dims, ranges and relations of dims: all that may stand in a fact is known.
void Checker::checkDataFacts(FnDecl &fn) {
  for (unsigned i = 0; i < fn.params.size(); ++i) {
    const Param &p = fn.params[i];
    if (!p.declared.perm || !p.decl || !p.decl->type.isValid())
      continue;
    addDataCheck({&fn, nullptr, i}, p.decl->name.range,
                 p.decl->name.text + ": a permutation of 0.." + str(p.decl->type.shape[0]));
    note(CheckNote::Kind::Fact, p.decl->name.range,
         "`" + p.decl->name.text + "` is a permutation: verified first, by " +
             str(p.decl->type.shape[0]) + " stores and two passes");
  }
  for (Fact &fact : fn.where) {
    if (definitions.count(&fact) || !isDataFact(fact) || !checkDataFact(fact, "`where`"))
      continue;
    std::string what = onOneLine(text(fact.range)), cost = "one test";
    if (fact.isAll || callOf(fact, "sorted")) {
      const FExpr extent = fact.isAll ? FExpr(0) : callOf(fact, "sorted")->args[0]->type.shape[0];
      cost = "one pass" + (fact.isAll ? std::string() : " over " + str(extent) + " elements");
    }
    addDataCheck({&fn, &fact}, fact.range, what);
    note(CheckNote::Kind::Fact, fact.range, "`" + what + "`: verified first, by " + cost);
  }
}

/// Before the body: what `where` says of single elements is in force again, and so is their order.
void Checker::enterDataFacts(FnDecl &fn) {
  for (const Param &p : fn.params)
    for (ElementSymbol *e : elementsOf[p.decl.get()]) {
      bool isFixed = true;
      for (const FExpr &index : e->at) {
        std::vector<Symbol> used;
        index.symbols(used);
        for (Symbol s : used)
          isFixed &= symbols[s].kind != SymbolInfo::Kind::Binder;
      }
      if (isFixed)
        assumeElement(*e);
    }
}

/// A callee verifies its facts itself, which a form could not stop at: such a call stands outside.
void Checker::checkFactsOfCall(const CallExpr &e, const FnDecl &fn) {
  bool hasFacts = std::any_of(out.dataChecks.begin(), out.dataChecks.end(),
                              [&](const DataCheck &c) { return c.fn == &fn; });
  if (hasFacts && (insideForm() || choiceDepth != 0))
    notYet(e.range, std::string("a call inside ") +
                        (insideForm() ? "a form" : "an `if` statement") + " of `" + fn.name.text +
                        "`, which verifies facts on its arguments,");
}

// ---- assume ---------------------------------------------------------------------------------

/// F5: `assume` opts out of a proof; it is listed by `explain`.
void Checker::checkAssume(AssumeStmt &s) {
  note(CheckNote::Kind::Assumed, s.fact.range, "`" + onOneLine(text(s.fact.range)) + "`");
  if (CallExpr *call = callOf(s.fact, "written"))
    return assumeWritten(*call);
  checkDataFact(s.fact, "`assume`");
}

void Checker::assumeWritten(const CallExpr &e) {
  auto *name = e.args.size() == 1 ? llvm::dyn_cast_or_null<NameExpr>(e.args[0].get()) : nullptr;
  Decl *d = name ? lookUp(name->text) : nullptr;
  if (!d || d->kind != Decl::Kind::Buffer) {
    diags.error(e.range, "`written` takes the name of a buffer, as in `assume written(y)`");
    return;
  }
  const_cast<NameExpr *>(name)->decl = d;
  const_cast<NameExpr *>(name)->type = d->type;
  const_cast<CallExpr &>(e).type = Type::leaf(ScalarKind::Bool);
  BufferInfo &info = buffers[d];
  if (!info.full)
    undo.push_back([this, d] { buffers[d].full = false; });
  info.full = true;
}

// ---- elements -------------------------------------------------------------------------------

ElementSymbol &Checker::elementAt(const Decl &d, const std::vector<unsigned> &path,
                                  const std::vector<FExpr> &at, ScalarKind k, std::string name,
                                  const Expr *source) {
  std::vector<size_t> key(path.begin(), path.end());
  for (const FExpr &index : at)
    key.push_back(index.hash());
  auto [found, isNew] = elements.try_emplace({&d, key});
  ElementSymbol &e = found->second;
  if (!isNew)
    return e;
  e.value = newSymbol(std::move(name), rangeOf(k), SymbolInfo::Kind::Data, source);
  e.decl = &d;
  e.path = path;
  e.at = at;
  elementOf[*e.value.asSymbol()] = &e;
  elementsOf[&d].push_back(&e);
  if (auto f = tensorFacts.find(&d); f != tensorFacts.end() && !f->second.spans.empty()) {
    SymbolInfo &info = symbols[*e.value.asSymbol()];
    info.isVerified = f->second.isTested;
    if (f->second.spans.size() == 1 && f->second.spans[0].end) {
      info.lo = f->second.spans[0].lo;
      info.hi = f->second.spans[0].end;
    }
  }
  return e;
}

bool Checker::isInForce(const KnownList &list) const {
  for (const Known *k = known.get(); k && list; k = k->before.get())
    if (k == list.get())
      return true;
  return false;
}

/// What is known of an element, where it is used. `depth` bounds elements that only facts bring in.
void Checker::assumeElement(ElementSymbol &e, unsigned depth) {
  bool isKnown = isInForce(e.assumed);
  if (isKnown && (!e.isPartial || depth > 0))
    return;
  e.assumed = known;
  e.isPartial = depth > 0;
  auto f = tensorFacts.find(e.decl);
  if (f != tensorFacts.end() && !isKnown)
    assumeCases(rangeCases(f->second, e.value));
  if (auto all = allFacts.find(e.decl); all != allFacts.end() && depth == 0)
    for (size_t i = 0; i < all->second.size(); ++i)
      instantiate(AllFact(all->second[i]), e, depth);
  if (f != tensorFacts.end() && f->second.isSorted)
    orderElement(e);
  e.assumed = known;
}

/// Elements of a sorted vector are ordered as their indices are, as far as that is proved here.
void Checker::orderElement(ElementSymbol &e) {
  const auto &all = elementsOf[e.decl];
  size_t count = 0;
  for (auto other = all.rbegin(); other != all.rend() && count < maxInSight; ++other) {
    ElementSymbol &o = **other;
    if (&o == &e || o.path != e.path || o.at.size() != 1 || !isInForce(o.assumed))
      continue;
    ++count;
    if (isProved({e.at[0], Rel::LE, o.at[0]}))
      assume(Constraint{e.value, Rel::LE, o.value});
    else if (isProved({o.at[0], Rel::LE, e.at[0]}))
      assume(Constraint{o.value, Rel::LE, e.value});
  }
}

/// The binders for which a pattern is the element at `at`, where each index is a binder, or one and a
/// number, or free of binders.
static bool matchBinders(const std::vector<facts::Expr> &pattern,
                         const std::vector<facts::Expr> &at, const std::vector<Loop> &loops,
                         std::map<Symbol, facts::Expr> &binders) {
  if (pattern.size() != at.size())
    return false;
  for (size_t axis = 0; axis < at.size(); ++axis)
    for (const Loop &loop : loops)
      if (pattern[axis].uses(loop.symbol))
        binders.try_emplace(loop.symbol,
                            at[axis] - (pattern[axis] - facts::Expr::symbol(loop.symbol)));
  if (binders.size() != loops.size())
    return false;
  auto bound = [&](Symbol s) {
    auto found = binders.find(s);
    return found == binders.end() ? std::nullopt : std::optional(found->second);
  };
  for (size_t axis = 0; axis < at.size(); ++axis)
    if (pattern[axis].substitute(bound) != at[axis])
      return false;
  return true;
}

void Checker::instantiate(const AllFact &fact, const ElementSymbol &e, unsigned depth) {
  for (const ElementSymbol *pattern : fact.elements) {
    std::map<Symbol, FExpr> binders;
    if (pattern->decl != e.decl || pattern->path != e.path ||
        !matchBinders(pattern->at, e.at, fact.loops, binders))
      continue;
    std::map<Symbol, FExpr> values = binders;
    auto replace = [&](const FExpr &x) {
      return x.substitute([&](Symbol s) {
        auto found = values.find(s);
        return found == values.end() ? std::nullopt : std::optional(found->second);
      });
    };
    bool exists = std::all_of(fact.loops.begin(), fact.loops.end(), [&](const Loop &loop) {
      const FExpr i = binders.at(loop.symbol);
      return isProved({replace(loop.lo), Rel::LE, i}) && isProved({i, Rel::LT, replace(loop.hi)});
    });
    if (!exists)
      continue;
    for (const ElementSymbol *other : fact.elements) {
      std::vector<FExpr> at;
      std::string name = other->decl->name.text;
      for (const FExpr &index : other->at) {
        at.push_back(replace(index));
        name += (at.size() == 1 ? "[" : ", ") + str(at.back());
      }
      Symbol s = *other->value.asSymbol();
      const Type *leaf = &other->decl->type;
      for (unsigned part : other->path)
        leaf = &leaf->parts[part];
      ElementSymbol &instance =
          elementAt(*other->decl, other->path, at, leaf->scalar, name + "]", nullptr);
      values.insert_or_assign(s, instance.value);
      if (&instance != &e)
        assumeElement(instance, depth + 1);
    }
    for (const Cases &cases : fact.conditions) {
      Cases here = cases;
      for (auto &conjunction : here)
        for (Constraint &c : conjunction)
          c = {replace(c.lhs), c.rel, replace(c.rhs)};
      assumeCases(here);
    }
  }
}

/// Elements of one iteration and of the other one of a `par`: those of a permutation are different
/// unless they stand at one index, those of a sorted vector are ordered as their indices are.
void Checker::relateElements(Symbol mark, const std::vector<std::vector<const Known *>> &known,
                             const std::vector<std::vector<FExpr>> &at) {
  std::map<const Decl *, std::vector<const ElementSymbol *>> about;
  std::set<Symbol> seen;
  auto visit = [&](const FExpr &e) {
    std::vector<Symbol> used;
    e.symbols(used);
    for (Symbol s : used) {
      auto found = s >= mark ? elementOf.find(s) : elementOf.end();
      if (found == elementOf.end() || found->second->at.size() != 1 || !seen.insert(s).second)
        continue;
      auto f = tensorFacts.find(found->second->decl);
      if (f != tensorFacts.end() && (f->second.isPerm || f->second.isSorted))
        about[found->second->decl].push_back(found->second);
    }
  };
  for (const auto &indices : at)
    for (const FExpr &index : indices)
      visit(index);
  for (const auto &list : known)
    for (const Known *k : list)
      for (const auto &conjunction : k->cases)
        for (const Constraint &c : conjunction)
          visit(c.lhs), visit(c.rhs);
  for (const auto &[decl, here] : about) {
    if (here.size() > 4)
      continue;
    const TensorFacts &f = tensorFacts[decl];
    for (const ElementSymbol *e : here)
      for (const ElementSymbol *o : here) {
        const FExpr &v = e->value, &i = e->at[0];
        const FExpr w = inOtherIteration(o->value, mark), j = inOtherIteration(o->at[0], mark);
        if (f.isPerm)
          assumeCases({{{v, Rel::LT, w}}, {{v, Rel::GT, w}}, {{i, Rel::EQ, j}}});
        if (f.isSorted) {
          assumeCases({{{i, Rel::GT, j}}, {{v, Rel::LE, w}}});
          assumeCases({{{i, Rel::LT, j}}, {{v, Rel::GE, w}}});
        }
      }
  }
}

/// The index at which a permutation has `target`, where `element` is one of its elements: each number
/// below its length stands somewhere. Known of it are its range alone.
std::optional<facts::Expr> Checker::inverseOf(const FExpr &element, const FExpr &target) {
  auto s = element.asSymbol();
  auto found = s ? elementOf.find(*s) : elementOf.end();
  if (found == elementOf.end() || found->second->at.size() != 1)
    return std::nullopt;
  const ElementSymbol &e = *found->second;
  auto f = tensorFacts.find(e.decl);
  const FExpr n = e.decl->type.shape.empty() ? FExpr(0) : e.decl->type.shape[0];
  if (f == tensorFacts.end() || !f->second.isPerm || !isProved({FExpr(0), Rel::LE, target}) ||
      !isProved({target, Rel::LT, n}))
    return std::nullopt;
  FExpr at = newSymbol("place of " + str(target), {0, int64_t(1) << 47}, SymbolInfo::Kind::Binder);
  assume(Constraint{FExpr(0), Rel::LE, at});
  assume(Constraint{at, Rel::LT, n});
  return at;
}

/// `loop` runs over row[i + c]..row[i + c + 1], for the i of an open loop a..b: where row[a + c] <=
/// `index` < row[b + c], some row of those holds it (a sequence of integers that begins at or below
/// a number and ends above it passes it). Gives the open symbol and a new one for that row.
std::optional<std::pair<Symbol, facts::Expr>> Checker::rowWith(const Loop &loop, const FExpr &index,
                                                               const std::vector<Loop> &loops,
                                                               const std::set<Symbol> &open) {
  auto lo = loop.lo.asSymbol(), hi = loop.hi.asSymbol();
  auto first = lo ? elementOf.find(*lo) : elementOf.end();
  auto last = hi ? elementOf.find(*hi) : elementOf.end();
  if (first == elementOf.end() || last == elementOf.end() ||
      first->second->decl != last->second->decl || first->second->path != last->second->path ||
      first->second->at.size() != 1 || last->second->at[0] - first->second->at[0] != FExpr(1))
    return std::nullopt;
  const ElementSymbol &element = *first->second;
  for (const Loop &rows : loops) {
    FExpr offset = element.at[0] - FExpr::symbol(rows.symbol);
    std::vector<Symbol> used;
    offset.symbols(used);
    for (const FExpr &end : {rows.lo, rows.hi})
      end.symbols(used);
    if (!open.count(rows.symbol) || std::any_of(used.begin(), used.end(), [&](Symbol s) {
          return open.count(s) || symbols[s].kind == SymbolInfo::Kind::Binder;
        }))
      continue;
    const FExpr begin = rows.lo + offset, end = rows.hi + offset;
    const Type *leaf = &element.decl->type;
    for (unsigned part : element.path)
      leaf = &leaf->parts[part];
    if (!isProved({FExpr(0), Rel::LE, begin}) || !isProved({begin, Rel::LE, end}) ||
        !isProved({end, Rel::LT, leaf->shape[0]}))
      return std::nullopt;
    auto at = [&](const FExpr &i) -> const FExpr & {
      ElementSymbol &e = elementAt(*element.decl, element.path, {i}, leaf->scalar,
                                   element.decl->name.text + "[" + str(i) + "]", nullptr);
      assumeElement(e);
      return e.value;
    };
    if (!isProved({at(begin), Rel::LE, index}) || !isProved({index, Rel::LT, at(end)}))
      return std::nullopt;
    FExpr row = newSymbol("row of " + str(index), {0, int64_t(1) << 47}, SymbolInfo::Kind::Binder);
    assume(Constraint{rows.lo, Rel::LE, row});
    assume(Constraint{row, Rel::LT, rows.hi});
    assume(Constraint{at(row + offset), Rel::LE, index});
    assume(Constraint{index, Rel::LT, at(row + offset + FExpr(1))});
    return std::pair(rows.symbol, row);
  }
  return std::nullopt;
}

bool Checker::isMadeOfData(const FExpr &e) const {
  std::vector<Symbol> used;
  e.symbols(used);
  return std::any_of(used.begin(), used.end(), [&](Symbol s) {
    return symbols[s].kind == SymbolInfo::Kind::Data || symbols[s].kind == SymbolInfo::Kind::Fresh;
  });
}

/// A bound over dims of an element of a sorted vector: that of an element further on, or before it.
std::optional<facts::Expr> Checker::elementBound(Symbol s, bool upper) const {
  auto found = elementOf.find(s);
  if (found == elementOf.end())
    return std::nullopt;
  const ElementSymbol &e = *found->second;
  if (e.equalTo)
    return e.equalTo;
  auto f = tensorFacts.find(e.decl);
  if (f == tensorFacts.end() || !f->second.isSorted)
    return std::nullopt;
  for (const ElementSymbol *other : elementsOf.at(e.decl))
    if (other->equalTo && other->path == e.path &&
        facts.prove(upper ? Constraint{e.at[0], Rel::LE, other->at[0]}
                          : Constraint{other->at[0], Rel::LE, e.at[0]}))
      return other->equalTo;
  return std::nullopt;
}

} // namespace texpr

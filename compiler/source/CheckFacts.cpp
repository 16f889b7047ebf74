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
bool Checker::checkAllFact(Fact &fact, AllFact &all) {
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

/// Types a fact on data and takes it as known. `what` is where it stands; `all` becomes what it says of numbers.
bool Checker::checkDataFact(Fact &fact, const std::string &what, AllFact &all) {
  if (!fact.at.empty()) {
    diags.error(fact.range, "`at` stands in `ensure` only");
    return false;
  }
  if (fact.isAll)
    return checkAllFact(fact, all);
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
  if (!checkFactChain(fact.chain, fact.rels, all.conditions))
    return false;
  for (const Cases &cases : all.conditions) {
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

/// F3: a fact speaks of what nothing changes. True, with an error, where it names what is lent.
bool Checker::refuseOfLent(const FnDecl &fn, Fact &fact) {
  const NameExpr *lent = nullptr;
  auto visit = [&](Expr &e) {
    auto *name = llvm::dyn_cast<NameExpr>(&e);
    if (name && !lent && llvm::any_of(fn.params, [&](const Param &p) {
          return p.isInout && p.decl && p.decl->name.text == name->text;
        }))
      lent = name;
  };
  Walker walker{visit, nullptr};
  for (const ExprPtr &e : fact.chain)
    walker.expr(e.get());
  for (const Fact::Each &each : fact.each)
    for (const ExprPtr &e : each.chain)
      walker.expr(e.get());
  if (!lent)
    return false;
  diags
      .error(lent->range, "a fact of `where` speaks of what nothing changes, and `" + lent->text +
                              "` is lent: the first store may break it")
      .note("a range of its elements is kept by the stores, as in `inout " + lent->text +
            ": i32[n] in 0..m`")
      .note("or take what the fact is about as another parameter");
  return true;
}

/// After the dims, ranges and relations of dims: all that may stand in a fact is known.
void Checker::checkDataFacts(FnDecl &fn) {
  for (unsigned i = 0; i < fn.params.size(); ++i) {
    const Param &p = fn.params[i];
    if (!p.isInout || !p.decl || !bufferRange.count(p.decl.get()))
      continue;
    const std::string range = setText(p.declared);
    addDataCheck({&fn, nullptr, i, 0, true}, p.decl->name.range,
                 p.decl->name.text + ": every element is in " + range);
    note(CheckNote::Kind::Fact, p.decl->name.range,
         "`" + p.decl->name.text + " in " + range +
             "`: verified first, by one pass; each store is proved to keep it");
  }
  for (unsigned i = 0; i < fn.params.size(); ++i) {
    const Param &p = fn.params[i];
    if (!p.declared.perm || p.isInout || !p.decl || !p.decl->type.isValid())
      continue;
    keepCallFact(fn, nullptr, p.decl.get(), {});
    addDataCheck({&fn, nullptr, i}, p.decl->name.range,
                 p.decl->name.text + ": a permutation of 0.." + str(p.decl->type.shape[0]));
    note(CheckNote::Kind::Fact, p.decl->name.range,
         "`" + p.decl->name.text + "` is a permutation: verified first, by " +
             str(p.decl->type.shape[0]) + " stores and two passes");
  }
  for (Fact &fact : fn.where) {
    AllFact all;
    if (definitions.count(&fact) || !isDataFact(fact) || refuseOfLent(fn, fact) ||
        !checkDataFact(fact, "`where`", all))
      continue;
    const CallExpr *sorted = callOf(fact, "sorted");
    keepCallFact(fn, &fact, sorted ? tensorNamed(*sorted->args[0]) : nullptr, std::move(all));
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
  for (const Param &p : fn.params) {
    const auto elements = elementsOf[p.decl.get()]; // what is assumed of one may speak of new ones
    for (ElementSymbol *e : elements) {
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
}

// ---- assume ---------------------------------------------------------------------------------

/// F5: `assume` opts out of a proof; it is listed by `explain`.
void Checker::checkAssume(AssumeStmt &s) {
  note(CheckNote::Kind::Assumed, s.fact.range, "`" + onOneLine(text(s.fact.range)) + "`");
  if (CallExpr *call = callOf(s.fact, "written"))
    return assumeWritten(*call);
  AllFact all;
  checkDataFact(s.fact, "`assume`", all);
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

} // namespace texpr

// Elements of tensors that nothing changes, and what facts say of them where they are used.
//
// An element is one symbol for each tensor and index. Where it is used, its range is known; facts on all
// elements are instantiated for its index; it is ordered among the elements in sight of a sorted
// vector. Two iterations of a `par` are told apart by elements of permutations and sorted vectors, and
// a store over all rows of a ragged tensor, or at all places of a permutation, meets every element.
// Bounded: 24 elements of a vector in sight, one step from one fact to the next.
#include "compiler/source/Checker.h"
#include "llvm/ADT/MapVector.h"
#include <algorithm>

namespace texpr {

using facts::Rel;
using facts::Symbol;

static constexpr size_t maxInSight = 24;

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
  llvm::MapVector<const Decl *, std::vector<const ElementSymbol *>> about;
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

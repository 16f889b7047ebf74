// I1: an element of a buffer that is read is written before.
//
// A store is kept as a set of elements: its index, for all values of the loops around it that are
// done, under the conditions around it. A read is covered where values of those loops can be named
// for which the store meets the element: the index is solved for them, an axis at a time (`i + c`;
// in tiles `b * T + i` by quotient and remainder), and the proof engine is asked whether they lie
// in the loops' ranges. Several stores may share the elements between them. Within a `seq`, a read
// may also be covered by earlier iterations, which is asked when the loop is done.
#include "compiler/source/Checker.h"
#include <algorithm>

namespace texpr {

using facts::Rel;
using facts::Symbol;

// ---- reads and writes -----------------------------------------------------------------------

/// What the unknown indices of slices and whole axes are.
void Checker::assumeIndices(const std::vector<FExpr> &at) {
  for (const FExpr &index : at) {
    std::vector<Symbol> used;
    index.symbols(used);
    for (Symbol s : used)
      if (symbols[s].isIndex) {
        assume(Constraint{*symbols[s].lo, Rel::LE, FExpr::symbol(s)});
        assume(Constraint{FExpr::symbol(s), Rel::LT, *symbols[s].hi});
      }
  }
}

void Checker::recordAccess(Access access) {
  size_t depth = buffers[access.buffer].frameDepth;
  for (size_t i = depth; i < frames.size(); ++i)
    if (frames[i].kind == Frame::Kind::Par) {
      access.atomic = atomicAccess;
      access.segments = segmentsHere();
      accesses.push_back(std::move(access));
      return;
    }
}

static const Type &partOf(const Type &t, const std::vector<unsigned> &path, size_t from = 0) {
  return from == path.size() ? t : partOf(t.parts[path[from]], path, from + 1);
}

void Checker::readBuffer(const Decl &d, std::vector<unsigned> path, std::vector<FExpr> at,
                         SourceRange range) {
  BufferInfo &info = buffers[&d];
  if (d.type.isValid())
    if (const Type &part = partOf(d.type, path); part.isTuple()) {
      for (unsigned i = 0; i < part.parts.size(); ++i) {
        std::vector<unsigned> leaf = path;
        leaf.push_back(i);
        readBuffer(d, leaf, at, range);
      }
      return;
    }
  Assuming scope(*this);
  assumeIndices(at);
  Access access{&d, std::move(path), std::move(at), false, false, range, known};
  recordAccess(access);
  if (info.full || !d.type.isValid() || isWritten(info.written, access.path, access.at))
    return;
  if (mayBeCarried(info))
    pending.push_back(std::move(access));
  else
    reportUnwritten(d, range);
}

/// Every leaf of a buffer, or of a part of one, as a whole.
void Checker::readWhole(const Decl &d, const std::vector<unsigned> &path, SourceRange range) {
  const Type &t = partOf(d.type, path);
  if (t.isTuple()) {
    for (unsigned i = 0; i < t.parts.size(); ++i) {
      std::vector<unsigned> part = path;
      part.push_back(i);
      readWhole(d, part, range);
    }
    return;
  }
  std::vector<FExpr> at;
  for (const FExpr &extent : t.shape)
    at.push_back(anyIndex(d, FExpr(0), extent));
  readBuffer(d, path, std::move(at), range);
}

void Checker::writeBuffer(const Decl &d, std::vector<unsigned> path, std::vector<FExpr> at,
                          std::vector<Loop> slices, SourceRange range, bool disjoint) {
  BufferInfo &info = buffers[&d];
  {
    Assuming scope(*this);
    assumeIndices(at);
    recordAccess({&d, path, at, true, disjoint, range, known});
  }
  if (!info.full)
    info.written.push_back({std::move(path), std::move(at), std::move(slices), {}});
}

void Checker::reportUnwritten(const Decl &d, SourceRange range) {
  buffers[&d].full = true; // one error a buffer
  auto error = diags.error(range, "`" + text(range) + "` is read, but nothing proves that " +
                                      (text(range) == d.name.text ? "every element of it" : "it") +
                                      " is written before");
  error.note(d.name.range, "declared here without a value: `= 0` fills it");
  error.note("known are stores by loops over whole extents, also in tiles, and under conditions "
             "that the read implies");
}

// ---- coverage -------------------------------------------------------------------------------

static constexpr size_t maxTogether = 9;  // stores that share the elements between them
static constexpr size_t maxInBranch = 32; // stores of the other branch that one is compared with

static bool covers(const std::vector<unsigned> &outer, const std::vector<unsigned> &path) {
  return outer.size() <= path.size() && std::equal(outer.begin(), outer.end(), path.begin());
}

bool Checker::isWritten(const std::vector<Written> &written, const std::vector<unsigned> &path,
                        const std::vector<FExpr> &at) {
  std::vector<std::vector<Constraint>> conditions;
  for (auto w = written.rbegin(); w != written.rend(); ++w) {
    if (!covers(w->path, path) || w->at.size() != at.size())
      continue;
    auto holds = witness(*w, at);
    if (!holds)
      continue;
    std::vector<Constraint> open;
    for (const Constraint &c : *holds)
      if (!isProved(c))
        open.push_back(c);
    if (open.empty())
      return true;
    conditions.push_back(std::move(open));
  }
  if (conditions.size() < 2 || conditions.size() > maxTogether)
    return facts.isUnreachable();
  Assuming scope(
      *this); // several stores together: an element that none of them meets does not exist
  for (const auto &holds : conditions) {
    Cases none;
    for (const Constraint &c : holds)
      none.push_back({c.rel == Rel::EQ ? Constraint{c.lhs, Rel::NE, c.rhs} : facts::negate(c)});
    assumeCases(none);
  }
  return facts.isUnreachable();
}

static size_t factors(const facts::Expr &e) {
  return e.kind() == facts::Expr::Kind::Product ? e.operands().size() : 1;
}

/// The number that a sum ends with.
static std::optional<int64_t> constantTerm(const facts::Expr &e) {
  if (auto c = e.constant())
    return c;
  if (e.kind() != facts::Expr::Kind::Sum)
    return 0;
  return e.operands().back().constant().value_or(0);
}

/// Solves `index == target` for the open symbols of `index`, which is linear in them: the largest
/// factor first, by quotients.
bool Checker::solveAxis(const FExpr &index, const FExpr &target, std::map<Symbol, FExpr> &solved,
                        const std::set<Symbol> &open, const std::vector<Loop> &loops) const {
  auto with = [&](std::optional<Symbol> one) {
    return index.substitute([&](Symbol s) {
      return open.count(s) ? std::optional(FExpr(one == s ? 1 : 0)) : std::nullopt;
    });
  };
  FExpr rest = with(std::nullopt), sum = rest;
  std::vector<std::pair<Symbol, FExpr>> terms;
  std::vector<Symbol> used;
  index.symbols(used);
  for (Symbol s : used) {
    if (!open.count(s))
      continue;
    FExpr factor = with(s) - rest;
    terms.push_back({s, factor});
    sum = sum + factor * FExpr::symbol(s);
  }
  if (sum != index)
    return false;
  std::map<Symbol, FExpr> last; // of loops that run down: their index is counted from there
  for (auto &[symbol, factor] : terms) {
    auto loop = std::find_if(loops.begin(), loops.end(),
                             [s = symbol](const Loop &l) { return l.symbol == s; });
    if (terms.size() < 2 || factor.constant().value_or(0) >= 0 || loop == loops.end())
      continue;
    std::vector<Symbol> inEnd;
    loop->hi.symbols(inEnd);
    if (std::any_of(inEnd.begin(), inEnd.end(), [&](Symbol s) { return open.count(s) != 0; }))
      return false;
    last.insert_or_assign(symbol, loop->hi - FExpr(1));
    rest = rest + factor * last.at(symbol);
    factor = -factor;
  }
  std::sort(terms.begin(), terms.end(), [](const auto &a, const auto &b) {
    auto ca = a.second.constant(), cb = b.second.constant();
    if (!ca != !cb)
      return !ca;
    if (ca && *ca != *cb)
      return *ca > *cb;
    if (!ca && factors(a.second) != factors(b.second))
      return factors(a.second) > factors(b.second);
    return a.first < b.first;
  });
  // Of y[2 * i + 1] the 1 stays: stores that share a stride then differ in the remainder alone.
  if (auto stride = terms.empty() ? std::nullopt : terms.back().second.constant();
      stride && *stride > 1)
    if (auto constant = constantTerm(rest))
      rest = rest - FExpr(*constant - (*constant / *stride - (*constant % *stride < 0)) * *stride);
  FExpr left = target - rest;
  for (size_t i = 0; i < terms.size(); ++i) {
    const auto &[symbol, factor] = terms[i];
    bool isLast = i + 1 == terms.size();
    if (isLast && factor.constant() == 1) {
      solved[symbol] = left;
    } else if (isLast && factor.constant() == -1) {
      solved[symbol] = -left;
    } else {
      if (factor.constant().value_or(1) <= 0)
        return false;
      if (!factor.constant() && !facts.prove({factor, Rel::GT, FExpr(0)}))
        return false;
      solved[symbol] = FExpr::floorDiv(left, factor);
      left = FExpr::mod(left, factor);
    }
    if (auto end = last.find(symbol); end != last.end())
      solved[symbol] = end->second - solved[symbol];
  }
  return true;
}

/// What a digit of `s` counts: 1 in `s % k`, d in `s / d` and `s / d % k`; nothing elsewhere.
static std::optional<facts::Expr> weightOf(const facts::Expr &digit, Symbol s) {
  using K = facts::Expr::Kind;
  auto parts = digit.kind() == K::Sum ? digit.operands() : std::vector<facts::Expr>{digit};
  for (const facts::Expr &part : parts)
    if (part.asSymbol() == s)
      return facts::Expr(1);
  for (const facts::Expr &part : parts)
    if (part.kind() == K::FloorDiv && part.operands()[0].asSymbol() == s)
      return part.operands()[1];
  return std::nullopt;
}

/// y[p / n, p % n]: the one open symbol is the sum of the digits by what each counts. That these are
/// its digits is among the conditions.
bool Checker::solveDigits(const std::vector<FExpr> &indices, const std::vector<FExpr> &target,
                          std::map<Symbol, FExpr> &solved, const std::set<Symbol> &open) const {
  std::optional<Symbol> symbol;
  FExpr value(0);
  for (size_t axis = 0; axis < indices.size(); ++axis) {
    std::vector<Symbol> used;
    indices[axis].symbols(used);
    std::erase_if(used, [&](Symbol s) { return !open.count(s); });
    if (used.empty())
      continue;
    if (used.size() > 1 || (symbol && *symbol != used[0]))
      return false;
    symbol = used[0];
    auto weight = weightOf(indices[axis], *symbol);
    if (!weight)
      return false;
    value = value + target[axis] * *weight;
  }
  if (symbol)
    solved.insert_or_assign(*symbol, value);
  return symbol.has_value();
}

/// The value of `s` that a condition `s == e` leaves, where `e` is older than the loop over `s`, so not another one in each
/// of its iterations.
static std::optional<facts::Expr> onlyOne(Symbol s, const std::vector<facts::Constraint> &guards) {
  for (const facts::Constraint &c : guards) {
    if (c.rel != Rel::EQ || (c.lhs.asSymbol() != s && c.rhs.asSymbol() != s))
      continue;
    const facts::Expr &other = c.lhs.asSymbol() == s ? c.rhs : c.lhs;
    std::vector<Symbol> used;
    other.symbols(used);
    if (std::all_of(used.begin(), used.end(), [&](Symbol older) { return older < s; }))
      return other;
  }
  return std::nullopt;
}

/// Conditions under which the store `w` meets the element `at`, in the order in which they are to
/// be proved.
std::optional<std::vector<facts::Constraint>> Checker::witness(const Written &w,
                                                               const std::vector<FExpr> &at) {
  std::map<Symbol, FExpr> solved;
  std::set<Symbol> open;
  for (const Loop &loop : w.loops)
    open.insert(loop.symbol);
  auto replace = [&](const FExpr &e) {
    return e.substitute([&](Symbol s) {
      auto found = solved.find(s);
      return found == solved.end() ? std::nullopt : std::optional(found->second);
    });
  };
  auto openIn = [&](const FExpr &e) {
    std::vector<Symbol> used;
    e.symbols(used);
    return std::count_if(used.begin(), used.end(), [&](Symbol s) { return open.count(s) != 0; });
  };
  std::vector<Constraint> conditions;
  std::vector<bool> done(at.size()), isInverse(at.size());
  for (size_t round = 0; round < at.size(); ++round) { // the axis with the fewest unknowns first
    size_t best = at.size();
    for (size_t axis = 0; axis < at.size(); ++axis)
      if (!done[axis] &&
          (best == at.size() || openIn(replace(w.at[axis])) < openIn(replace(w.at[best]))))
        best = axis;
    done[best] = true;
    FExpr index = replace(w.at[best]);
    if (auto place = inverseOf(w.at[best], at[best])) { // a permutation stores everywhere
      if (!solveAxis(replace(elementOf[*w.at[best].asSymbol()]->at[0]), *place, solved, open,
                     w.loops))
        return std::nullopt;
      for (const auto &entry : solved)
        open.erase(entry.first);
      isInverse[best] = true;
      continue;
    }
    if (openIn(index) == 0)
      continue;
    if (!solveAxis(index, at[best], solved, open, w.loops) && !solveDigits(w.at, at, solved, open))
      return std::nullopt;
    for (const auto &entry : solved)
      open.erase(entry.first);
  }
  std::set<Symbol> inRow; // loops over a row of a ragged tensor, which was chosen to hold its index
  for (const Loop &loop : w.loops)
    if (auto found = solved.find(loop.symbol); found != solved.end()) {
      if (auto row = rowWith(loop, found->second, w.loops, open)) {
        solved[row->first] = row->second;
        open.erase(row->first);
        inRow.insert(loop.symbol);
      } else if (openIn(replace(loop.lo)) != 0 && // the block that holds it: b of b * T..
                 solveAxis(replace(loop.lo), found->second, solved, open, w.loops)) {
        for (const auto &entry : solved)
          open.erase(entry.first);
      }
    }
  for (const Loop &loop : w.loops) {
    if (open.count(
            loop.symbol)) { // any iteration will do: the one of `if lane == 7`, else the first
      solved[loop.symbol] = replace(onlyOne(loop.symbol, w.guards).value_or(loop.lo));
      open.erase(loop.symbol);
    }
  }
  for (const Loop &loop : w.loops) {
    if (inRow.count(loop.symbol))
      continue;
    conditions.push_back({replace(loop.lo), Rel::LE, solved[loop.symbol]});
    conditions.push_back({solved[loop.symbol], Rel::LT, replace(loop.hi)});
  }
  for (const Constraint &c : w.guards)
    conditions.push_back({replace(c.lhs), c.rel, replace(c.rhs)});
  for (size_t axis = 0; axis < at.size(); ++axis)
    if (!isInverse[axis])
      conditions.push_back({replace(w.at[axis]), Rel::EQ, at[axis]});
  return conditions;
}

// ---- loops and choice -----------------------------------------------------------------------

Checker::Marks Checker::writtenMarks() const {
  Marks marks;
  for (const auto &[decl, info] : buffers)
    marks[decl] = info.written.size();
  return marks;
}

/// A loop is done: its stores are made for all of its iterations.
void Checker::closeLoops(const Marks &marks, const std::vector<Loop> &loops) {
  for (const auto &[decl, mark] : marks) {
    auto &written = buffers[decl].written;
    for (size_t i = mark; i < written.size(); ++i)
      written[i].loops.insert(written[i].loops.begin(), loops.begin(), loops.end());
  }
}

/// The stores since `marks`, which are as if not made until they are put back.
std::map<const Decl *, std::vector<Written>> Checker::setWrittenAside(const Marks &marks) {
  std::map<const Decl *, std::vector<Written>> aside;
  for (auto &[decl, info] : buffers) {
    auto mark = marks.find(decl);
    size_t from = mark == marks.end() ? 0 : mark->second;
    aside[decl].assign(info.written.begin() + from, info.written.end());
    info.written.resize(from);
  }
  return aside;
}

void Checker::putWrittenBack(const Marks &marks,
                             std::map<const Decl *, std::vector<Written>> aside) {
  for (auto &[decl, stores] : aside) {
    auto &written = buffers[decl].written;
    auto mark = marks.find(decl);
    written.insert(written.begin() + (mark == marks.end() ? 0 : mark->second), stores.begin(),
                   stores.end());
  }
}

/// True where each element that the store `w` meets is written by the stores `other`, too.
bool Checker::isWrittenToo(const Written &w, const std::vector<Written> &other) {
  if (other.empty() || other.size() > maxInBranch)
    return false;
  Assuming scope(*this);
  for (const Loop &loop : w.loops) {
    assume(Constraint{loop.lo, Rel::LE, FExpr::symbol(loop.symbol)});
    assume(Constraint{FExpr::symbol(loop.symbol), Rel::LT, loop.hi});
  }
  for (const Constraint &c : w.guards)
    assume(c);
  return isWritten(other, w.path, w.at);
}

/// An `if` is done: its stores are made under its condition, or, where the other side stores to the same elements, in any case.
void Checker::guardWritten(const Marks &marks, const Marks &middle, const Formula &cond) {
  auto yes = cond.conjunction(), no = cond.negated().conjunction();
  for (const auto &[decl, mark] : marks) {
    auto &written = buffers[decl].written;
    auto half = middle.find(decl);
    const size_t split = half == middle.end() ? written.size() : half->second;
    const std::vector<Written> sides[] = {{written.begin() + mark, written.begin() + split},
                                          {written.begin() + split, written.end()}};
    written.resize(mark);
    for (bool isElse : {false, true})
      for (Written w : sides[isElse]) {
        const auto &guard = isElse ? no : yes;
        const bool inBoth = isWrittenToo(w, sides[!isElse]);
        if (!inBoth && !guard)
          continue;
        if (!inBoth)
          w.guards.insert(w.guards.end(), guard->begin(), guard->end());
        written.push_back(std::move(w));
      }
  }
}

// ---- reads of earlier iterations ------------------------------------------------------------

bool Checker::mayBeCarried(const BufferInfo &b) const {
  for (size_t i = b.frameDepth; i < frames.size(); ++i)
    if (frames[i].kind == Frame::Kind::Seq)
      return true;
  return false;
}

/// The stores of the iterations of `seq` before the one at hand, and those before the loop. Over
/// several axes an earlier iteration has the same indices up to one axis, an earlier index of that
/// one, and any of those that follow.
std::vector<Written> Checker::writtenBefore(const BufferInfo &b, size_t mark, const Frame &seq) {
  std::vector<Written> all(b.written.begin(), b.written.begin() + mark);
  for (size_t i = mark; i < b.written.size(); ++i)
    for (size_t axis = 0; axis < seq.loops.size(); ++axis)
      if (auto w = inEarlierIteration(b.written[i], seq, axis))
        all.push_back(std::move(*w));
  return all;
}

/// `w` as iterations made it that differ from the one at hand in `axis` first; nothing where it
/// depends on what else belongs to an iteration.
std::optional<Written> Checker::inEarlierIteration(Written w, const Frame &seq, size_t axis) {
  std::map<Symbol, FExpr> earlier;
  for (size_t k = axis; k < seq.loops.size(); ++k) {
    Symbol s = seq.loops[k].symbol;
    earlier[s] = newSymbol(facts.name(s), symbols[s].range, SymbolInfo::Kind::Binder);
  }
  std::vector<Loop> outer;
  bool isSelfContained = true;
  auto replace = [&](FExpr &e) {
    e = e.substitute([&](Symbol s) {
      auto found = earlier.find(s);
      return found == earlier.end() ? std::nullopt : std::optional(found->second);
    });
    std::vector<Symbol> used;
    e.symbols(used);
    for (Symbol s : used) {
      bool isOwn = s < seq.mark;
      for (const Loop &loop : seq.loops)
        isOwn |= loop.symbol == s;
      for (const auto &[from, to] : earlier)
        isOwn |= to.asSymbol() == s;
      for (const Loop &inner : w.loops)
        isOwn |= inner.symbol == s;
      isSelfContained &= isOwn;
    }
  };
  for (size_t k = axis; k < seq.loops.size(); ++k) {
    const Loop &loop = seq.loops[k];
    Loop before{*earlier[loop.symbol].asSymbol(), loop.lo, loop.hi};
    replace(before.lo);
    replace(before.hi);
    FExpr here = FExpr::symbol(loop.symbol);
    if (k == axis)
      (seq.isReverse ? before.lo : before.hi) = seq.isReverse ? here + FExpr(1) : here;
    outer.push_back(before);
  }
  w.forEachExpr(replace);
  if (!isSelfContained)
    return std::nullopt;
  w.loops.insert(w.loops.begin(), outer.begin(), outer.end());
  return w;
}

void Checker::settlePending(size_t first, const Marks &marks, const Frame &seq) {
  std::vector<Access> open(pending.begin() + first, pending.end());
  pending.resize(first);
  for (Access &read : open) {
    auto mark = marks.find(read.buffer);
    if (mark == marks.end()) { // of a buffer inside: another loop inside was to cover it
      reportUnwritten(*read.buffer, read.range);
      continue;
    }
    const BufferInfo &info = buffers[read.buffer];
    bool isCovered = false;
    if (!seq.loops.empty()) {
      Assuming scope(*this);
      std::vector<const Known *> inside;
      for (const Known *k = read.known.get(); k && k != known.get(); k = k->before.get())
        inside.push_back(k);
      for (auto k = inside.rbegin(); k != inside.rend(); ++k)
        assumeCases((*k)->cases);
      isCovered = isWritten(writtenBefore(info, mark->second, seq), read.path, read.at);
    }
    if (isCovered)
      continue;
    if (mayBeCarried(info))
      pending.push_back(std::move(read));
    else
      reportUnwritten(*read.buffer, read.range);
  }
}

} // namespace texpr

// P4: two iterations of a `par` touch no element of which one of them is a store.
//
// For each pair of accesses of one buffer from outside, of which one stores: take two copies of
// everything that belongs to an iteration (binders, inner loops, data), assume for each copy what
// is known where its access stands, assume that both touch one element, and prove that the
// iterations are the same. `@disjoint` takes the responsibility.
#include "compiler/source/Checker.h"
#include <algorithm>

namespace texpr {

using facts::Rel;
using facts::Symbol;

facts::Expr Checker::inOtherIteration(const FExpr &e, Symbol mark) {
  return e.substitute([&](Symbol s) -> std::optional<FExpr> {
    if (s < mark)
      return std::nullopt;
    auto found = otherIteration.find(s);
    if (found == otherIteration.end()) {
      FExpr other = newSymbol(facts.name(s) + "'", symbols[s].range, symbols[s].kind);
      found = otherIteration.emplace(s, other).first;
    }
    return found->second;
  });
}

static bool overlap(const std::vector<unsigned> &a, const std::vector<unsigned> &b) {
  return std::equal(a.begin(), a.begin() + std::min(a.size(), b.size()), b.begin());
}

/// P4: updates by one operator meet in any order; a sum takes differences, too.
static bool areAtomic(const Access &a, const Access &b) {
  if (!a.atomic || !b.atomic)
    return false;
  auto isSum = [](AssignOp op) { return op == AssignOp::Add || op == AssignOp::Sub; };
  return a.atomic == b.atomic || (isSum(*a.atomic) && isSum(*b.atomic));
}

void Checker::checkRaces(const Frame &par) {
  size_t depth = frames.size();
  std::vector<Access> inside;
  auto isOutside = [&](const Access &a) {
    return buffers[a.buffer].frameDepth <= depth && a.buffer->type.isValid();
  };
  for (size_t i = par.accessMark; i < accesses.size(); ++i) {
    const Access &a = accesses[i];
    auto same = [&](const Access &b) {
      return a.buffer == b.buffer && a.path == b.path && a.at == b.at && a.disjoint == b.disjoint &&
             a.atomic == b.atomic && a.segments == b.segments && a.known == b.known &&
             (b.isWrite || !a.isWrite);
    };
    if (isOutside(a) && std::none_of(inside.begin(), inside.end(), same))
      inside.push_back(a);
  }
  otherIteration.clear();
  std::set<const Decl *> reported;
  size_t full = segmentsHere().size(); // of this par among those around an access
  auto isApart = [&](const Access &a, const Access &b) {
    return par.isFull && findSegment(a.segments[full]) != findSegment(b.segments[full]);
  };
  for (size_t i = 0; i < inside.size(); ++i)
    for (size_t j = i; j < inside.size(); ++j) {
      const Access &a = inside[i], &b = inside[j];
      if (a.buffer != b.buffer || !(a.isWrite || b.isWrite) || !overlap(a.path, b.path) ||
          reported.count(a.buffer))
        continue;
      if (areAtomic(a, b) || isApart(a, b))
        continue;
      if (par.disjoint || a.disjoint || b.disjoint) {
        note(CheckNote::Kind::Disjoint, a.range,
             "`@disjoint`: iterations are taken to touch distinct elements of `" +
                 a.buffer->name.text + "`");
        continue;
      }
      facts::Answer answer;
      size_t binder = 0;
      if (isRaceFree(par, a, b, answer, binder)) {
        note(CheckNote::Kind::Race, a.range,
             "iterations touch distinct elements of `" + a.buffer->name.text + "`");
        continue;
      }
      reported.insert(a.buffer);
      reportRace(par, a, b, answer, binder);
    }
  bool isInner = std::any_of(frames.begin(), frames.end(),
                             [](const Frame &f) { return f.kind == Frame::Kind::Par; });
  if (!isInner)
    accesses.resize(par.accessMark);
}

bool Checker::isRaceFree(const Frame &par, const Access &a, const Access &b, facts::Answer &answer,
                         size_t &binder) {
  Assuming scope(*this);
  auto inside = [&](const Access &access) {
    std::vector<const Known *> list;
    for (const Known *k = access.known.get(); k && k != par.known.get(); k = k->before.get())
      list.push_back(k);
    std::reverse(list.begin(), list.end());
    return list;
  };
  for (const Known *k : inside(a))
    assumeCases(k->cases);
  for (const Known *k : inside(b)) {
    Cases cases = k->cases;
    for (auto &conjunction : cases)
      for (Constraint &c : conjunction)
        c = {inOtherIteration(c.lhs, par.mark), c.rel, inOtherIteration(c.rhs, par.mark)};
    assumeCases(cases);
  }
  for (size_t axis = 0; axis < std::min(a.at.size(), b.at.size()); ++axis)
    assume(Constraint{a.at[axis], Rel::EQ, inOtherIteration(b.at[axis], par.mark)});
  relateElements(par.mark, {inside(a), inside(b)}, {a.at, b.at});
  for (binder = 0; binder < par.loops.size(); ++binder) {
    FExpr s = FExpr::symbol(par.loops[binder].symbol);
    answer = facts.prove({s, Rel::EQ, inOtherIteration(s, par.mark)});
    if (!answer)
      return facts.isUnreachable();
  }
  return true;
}

void Checker::reportRace(const Frame &par, const Access &a, const Access &b,
                         const facts::Answer &answer, size_t binder) {
  const Access &store = a.isWrite ? a : b, &other = a.isWrite ? b : a;
  std::string what = "`" + text(store.range) + "`", pair;
  if (answer.kind == facts::Answer::Kind::Refuted) {
    auto valueOf = [&](Symbol s) {
      for (const auto &[symbol, value] : answer.counterExample)
        if (symbol == s)
          return value;
      return std::max<int64_t>(0, symbols[s].range.lo.value_or(0));
    };
    std::vector<int64_t> first, second;
    for (const Loop &loop : par.loops) {
      first.push_back(valueOf(loop.symbol));
      second.push_back(valueOf(*inOtherIteration(FExpr::symbol(loop.symbol), par.mark).asSymbol()));
    }
    if (second < first)
      std::swap(first, second);
    auto iteration = [&](const std::vector<int64_t> &at) {
      std::string s;
      for (size_t i = 0; i < at.size(); ++i)
        s += (s.empty() ? "" : ", ") + facts.name(par.loops[i].symbol) + " = " +
             std::to_string(at[i]);
      return "(" + s + ")";
    };
    pair = "the iterations " + iteration(first) + " and " + iteration(second) +
           " of this `par` may touch one element of `" + a.buffer->name.text + "`";
  } else {
    pair = "nothing proves that two iterations of this `par` touch distinct elements of `" +
           a.buffer->name.text + "`";
  }
  auto error = diags.error(store.range, "a race: " + pair);
  bool isSelf = store.range.begin == other.range.begin && store.range.end == other.range.end;
  error.note(other.range, isSelf          ? "the same store in both"
                          : other.isWrite ? "the other store"
                                          : "the read");
  if (par.isFull)
    error.note("what another iteration stored is there after a `barrier` between the two");
  else if (a.atomic || b.atomic)
    error.note("an `atomic` agrees only with another of the same operator on that element");
  error.note(
      "let each iteration store to its own elements, use `seq`, `atomic`, or combine values by "
      "`reduce`; `@disjoint` takes the responsibility");
}

} // namespace texpr

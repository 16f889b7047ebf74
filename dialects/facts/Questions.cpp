// Questions: which assumptions matter to one, its refutation, and the counter-example where that
// fails.
//
// A question takes part with the assumptions that it is connected to by shared symbols; the others
// can contribute nothing but their own contradiction. `Refuted` is said only of values under which
// every assumption and the negated question were evaluated exactly, and where the unconnected
// assumptions were shown to have values of their own.
#include "dialects/facts/State.h"

namespace texpr::facts {
namespace {

constexpr int64_t effortOfQuestion = 3'000'000, effortOfBounds = 3'000'000;
constexpr size_t maxConnected = 96;

/// The cases in which a fact does not hold.
Choice negationsOf(const Fact &f) {
  switch (f.kind) {
  case Fact::Positive:
    return {{{Fact::Positive, -1 - f.e}}};
  case Fact::Zero:
    return {{{Fact::Positive, f.e - 1}}, {{Fact::Positive, -1 - f.e}}};
  case Fact::NonZero:
    return {{{Fact::Zero, f.e}}};
  }
  return {};
}

bool admits(const Range &r, int64_t v) { return (!r.lo || v >= *r.lo) && (!r.hi || v <= *r.hi); }

bool refuteBothWays(Problem p, std::vector<OpenCase> &open) {
  Effort effort{effortOfQuestion};
  if (refute(p, effort, 0, open))
    return true;
  Problem replaced = p;
  eliminate(replaced);
  if (!replacedSum(replaced))
    return false;
  std::vector<OpenCase> more; // the first ones have fewer symbols to search
  p.keepSums = true;
  effort = {effortOfQuestion};
  return refute(p, effort, 0, more);
}

auto lookup(const Values &values) {
  return [&values](Symbol s) {
    auto it = values.find(s);
    return it == values.end() ? std::nullopt : std::optional<int64_t>(it->second);
  };
}

} // namespace

Facts::State::Component Facts::State::component(std::vector<Symbol> from, Reach reach) const {
  Component c;
  std::vector<size_t> waiting; // huge ones, near
  c.symbols = std::move(from);
  std::vector<bool> taken(assumptions.size()), seen(symbols.size());
  for (Symbol s : c.symbols)
    seen[s] = true;
  for (size_t a = 0; a < assumptions.size();
       ++a) // constants, which are contradictions, belong to all
    if (assumptions[a].symbols.empty()) {
      taken[a] = true;
      c.assumptions.push_back(a);
    }
  for (size_t i = 0; i < c.symbols.size(); ++i)
    for (size_t a : symbols[c.symbols[i]].assumptions) {
      if (taken[a])
        continue;
      taken[a] = true;
      if (reach == Reach::Near && assumptions[a].huge) {
        waiting.push_back(a);
        continue;
      }
      c.assumptions.push_back(a);
      for (Symbol s : assumptions[a].symbols)
        if (!seen[s]) {
          seen[s] = true;
          c.symbols.push_back(s);
        }
    }
  for (size_t a : waiting)
    if (std::all_of(assumptions[a].symbols.begin(), assumptions[a].symbols.end(),
                    [&](Symbol s) { return seen[s]; }))
      c.assumptions.push_back(a);
  return c;
}

std::vector<Facts::State::Component> Facts::State::components() const {
  std::vector<Component> all;
  std::vector<bool> taken(assumptions.size());
  for (size_t i = 0; i < assumptions.size(); ++i) {
    if (taken[i])
      continue;
    Component c = component(assumptions[i].symbols);
    for (size_t a : c.assumptions)
      taken[a] = true;
    all.push_back(std::move(c));
  }
  return all;
}

Problem Facts::State::problem(const Component &c, Huge huge) const {
  Problem p;
  size_t count = std::min(c.assumptions.size(), maxConnected);
  for (size_t i = 0; i < count; ++i) {
    const Assumption &a = assumptions[c.assumptions[i]];
    if (a.choice.empty())
      p.facts.insert(p.facts.end(), a.facts.begin(), a.facts.end());
    else
      p.choices.push_back(a.choice);
  }
  for (Symbol s : c.symbols) {
    const Range &r = symbols[s].range;
    bool all = huge == Huge::Keep;
    if (r.lo && (all || *r.lo > -hugeBound))
      p.facts.push_back({Fact::Positive, Expr::symbol(s) - Expr(*r.lo)});
    if (r.hi && (all || *r.hi < hugeBound))
      p.facts.push_back({Fact::Positive, Expr(*r.hi) - Expr::symbol(s)});
  }
  return p;
}

/// Values of a case, and for symbols that it does not mention any that their ranges admit.
Values Facts::State::completed(const Component &c, const Values &values) const {
  Values all;
  for (Symbol s : c.symbols) {
    auto it = values.find(s);
    const Range &r = symbols[s].range;
    int64_t any = r.lo && *r.lo > 0 ? *r.lo : r.hi && *r.hi < 0 ? *r.hi : 0;
    all[s] = it == values.end() ? any : it->second;
  }
  return all;
}

bool Facts::State::satisfies(const Component &c, const Values &values) const {
  auto value = lookup(values);
  auto all = [&](const Conjunction &facts) {
    return std::all_of(facts.begin(), facts.end(),
                       [&](const Fact &f) { return holds(f, value) == true; });
  };
  for (Symbol s : c.symbols)
    if (!admits(symbols[s].range, values.at(s)))
      return false;
  return std::all_of(c.assumptions.begin(), c.assumptions.end(), [&](size_t i) {
    const Assumption &a = assumptions[i];
    return a.choice.empty() ? all(a.facts) : std::any_of(a.choice.begin(), a.choice.end(), all);
  });
}

Facts::State::Status Facts::State::status(const Component &c) {
  std::vector<uint64_t> key;
  for (size_t a : c.assumptions)
    key.push_back(assumptions[a].serial);
  std::sort(key.begin(), key.end());
  if (auto it = statusOf.find(key); it != statusOf.end())
    return it->second;
  Effort effort{effortOfQuestion};
  std::vector<OpenCase> open;
  Status status = Status::Unknown;
  if (refute(problem(c, Huge::Drop), effort, 0, open))
    status = Status::Empty;
  for (const OpenCase &o : open)
    if (status == Status::Unknown &&
        findWitness(o, [&](const Values &values) { return satisfies(c, completed(c, values)); }))
      status = Status::Satisfiable;
  statusOf[key] = status;
  return status;
}

bool Facts::State::othersSatisfiable(const Component &c) {
  for (const Info &s : symbols)
    if (s.range.lo && s.range.hi && *s.range.lo > *s.range.hi)
      return false;
  std::vector<bool> connected(assumptions.size());
  for (size_t a : c.assumptions)
    connected[a] = true;
  for (const Component &other : components())
    if (!connected[other.assumptions[0]] && status(other) != Status::Satisfiable)
      return false;
  return true;
}

bool Facts::State::isUnreachable() {
  for (const Info &s : symbols)
    if (s.range.lo && s.range.hi && *s.range.lo > *s.range.hi)
      return true;
  for (const Component &c : components())
    if (status(c) == Status::Empty)
      return true;
  return false;
}

Answer Facts::State::ask(const Constraint &c, const Fact &q) {
  std::vector<Symbol> from;
  c.lhs.symbols(from);
  c.rhs.symbols(from);
  Component near = component(from, Reach::Near), whole = component(std::move(from));
  for (size_t a : whole.assumptions)
    if (const Conjunction &f = assumptions[a].facts; std::find(f.begin(), f.end(), q) != f.end())
      return {Answer::Kind::Proved, {}};
  std::vector<OpenCase> open;
  auto isProved = [&](const Component &c) {
    open.clear();
    bool proved = true;
    for (const Conjunction &negated : negationsOf(q)) {
      Problem p = problem(c, Huge::Drop);
      p.facts.insert(p.facts.end(), negated.begin(), negated.end());
      proved = refuteBothWays(p, open) && proved;
    }
    return proved;
  };
  bool narrower = near.assumptions.size() < whole.assumptions.size();
  if ((narrower && isProved(near)) || isProved(whole) ||
      (q.kind == Fact::Positive && range(q.e, {0, std::nullopt}).lo.value_or(-1) >= 0))
    return {Answer::Kind::Proved, {}};
  for (const OpenCase &o : open) {
    auto found = findWitness(o, [&](const Values &values) {
      Values all = completed(whole, values);
      // Where a quotient cancelled in the difference, a side may have no value though the difference has.
      auto value = lookup(all);
      return satisfies(whole, all) && holds(q, value) == false &&
             evaluateNode(Node::of(c.lhs), value) && evaluateNode(Node::of(c.rhs), value);
    });
    if (!found)
      continue;
    if (!othersSatisfiable(whole))
      break;
    Answer refuted{Answer::Kind::Refuted, {}};
    Values all = completed(whole, *found);
    for (auto &[s, v] : all)
      refuted.counterExample.push_back({s, v});
    std::sort(refuted.counterExample.begin(), refuted.counterExample.end());
    return refuted;
  }
  return {};
}

Range Facts::State::range(const Expr &e, const Range &enough) {
  if (auto c = e.constant())
    return {*c, *c};
  std::vector<Symbol> from;
  e.symbols(from);
  Component near = component(from, Reach::Near), whole = component(std::move(from));
  Range r;
  if (near.assumptions.size() < whole.assumptions.size()) {
    r = boundsOf(problem(near, Huge::Keep), e, {effortOfBounds});
    if ((!enough.lo || (r.lo && *r.lo >= *enough.lo)) &&
        (!enough.hi || (r.hi && *r.hi <= *enough.hi)) && (enough.lo || enough.hi))
      return r;
  }
  Range s = boundsOf(problem(whole, Huge::Keep), e, {effortOfBounds});
  if (r.lo && (!s.lo || *r.lo > *s.lo))
    s.lo = r.lo;
  if (r.hi && (!s.hi || *r.hi < *s.hi))
    s.hi = r.hi;
  return s;
}

} // namespace texpr::facts

// The stack of assumptions, and the memory of what was asked under it.
//
// Answers are remembered by the question's normal form, level by level. A proof outlives further
// assumptions of its level and serves all levels above; anything else lasts until the next
// assumption or the pop of its level. A Facts object is used by one thread at a time; expressions
// may be shared between threads.
#include "dialects/facts/State.h"

namespace texpr::facts {

void Facts::State::add(Assumption a) {
  a.serial = nextSerial++;
  a.huge = a.choice.empty() && std::all_of(a.facts.begin(), a.facts.end(), isHuge);
  for (Symbol s : a.symbols)
    symbols[s].assumptions.push_back(assumptions.size());
  assumptions.push_back(std::move(a));
  Level &level = levels.back();
  level.answers.clear();
  level.ranges.clear();
}

void Facts::State::pop() {
  if (levels.size() == 1)
    return;
  for (; assumptions.size() > levels.back().assumptions; assumptions.pop_back())
    for (Symbol s : assumptions.back().symbols)
      symbols[s].assumptions.pop_back();
  levels.pop_back();
}

Answer Facts::State::answer(const Constraint &c) {
  Fact q = toFact(c);
  Key asked{static_cast<int>(c.rel), Node::of(c.lhs), Node::of(c.rhs)};
  Key proof{-1 - q.kind, Node::of(q.e), nullptr};
  if (auto it = levels.back().answers.find(asked); it != levels.back().answers.end())
    return it->second;
  Answer a;
  if (std::any_of(levels.begin(), levels.end(),
                  [&](const Level &l) { return l.proofs.count(proof) != 0; }))
    a.kind = Answer::Kind::Proved;
  else
    a = ask(c, q);
  if (a)
    levels.back().proofs.insert(proof);
  else
    levels.back().answers.emplace(asked, a);
  return a;
}

Facts::Facts() : state(std::make_unique<State>()) {}
Facts::~Facts() = default;

Symbol Facts::newSymbol(std::string name, Range range) {
  state->symbols.push_back({std::move(name), range, {}});
  return Symbol(state->symbols.size() - 1);
}

const std::string &Facts::name(Symbol s) const { return state->symbols[s].name; }
std::string Facts::str(const Expr &e) const {
  return e.str([&](Symbol s) { return name(s); });
}

std::string Facts::str(const Constraint &c) const {
  static const char *const text[] = {" == ", " != ", " < ", " <= ", " > ", " >= "};
  return str(c.lhs) + text[static_cast<int>(c.rel)] + str(c.rhs);
}

void Facts::push() { state->levels.push_back({state->assumptions.size(), {}, {}, {}}); }
void Facts::pop() { state->pop(); }

void Facts::suspend() {
  State::Aside aside{std::move(state->assumptions), std::move(state->levels), {}};
  for (State::Info &info : state->symbols)
    aside.ofSymbols.push_back(std::exchange(info.assumptions, {}));
  state->asides.push_back(std::move(aside));
  state->assumptions.clear();
  state->levels = std::vector<State::Level>(1);
}

void Facts::resume() {
  State::Aside aside = std::move(state->asides.back());
  state->asides.pop_back();
  state->assumptions = std::move(aside.assumptions);
  state->levels = std::move(aside.levels);
  for (State::Info &info : state->symbols)
    info.assumptions.clear();
  for (size_t s = 0; s < aside.ofSymbols.size(); ++s)
    state->symbols[s].assumptions = std::move(aside.ofSymbols[s]);
}

void Facts::assume(const Constraint &c) {
  Fact fact = toFact(c);
  if (fact.e.constant() && holds(fact, [](Symbol) { return std::optional<int64_t>(); }) == true)
    return;
  Assumption a{{fact}, {}, {}, 0, false};
  fact.e.symbols(a.symbols);
  state->add(std::move(a));
}

void Facts::assumeAny(const std::vector<std::vector<Constraint>> &cases) {
  if (cases.size() == 1) {
    for (const Constraint &c : cases[0])
      assume(c);
    return;
  }
  Assumption a{};
  for (const auto &conjunction : cases) {
    a.choice.emplace_back();
    for (const Constraint &c : conjunction) {
      a.choice.back().push_back(toFact(c));
      a.choice.back().back().e.symbols(a.symbols);
    }
  }
  if (cases.empty())
    a.facts = {{Fact::Zero, Expr(1)}};
  state->add(std::move(a));
}

Answer Facts::prove(const Constraint &c) const { return state->answer(c); }

Answer Facts::proveAll(const std::vector<Constraint> &cs) const {
  Answer all{Answer::Kind::Proved, {}};
  for (const Constraint &c : cs) {
    Answer a = prove(c);
    if (a.kind == Answer::Kind::Refuted)
      return a;
    if (!a)
      all.kind = Answer::Kind::Unknown;
  }
  return all;
}

bool Facts::isUnreachable() const { return state->isUnreachable(); }

Range Facts::range(const Expr &e, const Range &enough) const {
  auto &ranges = state->levels.back().ranges;
  std::tuple key{Node::of(e), enough.lo, enough.hi};
  if (auto it = ranges.find(key); it != ranges.end())
    return it->second;
  Range r = state->range(e, enough);
  ranges[key] = r;
  return r;
}

} // namespace texpr::facts

// The stack of assumptions and the questions asked of it.
//
// A question is refuted together with the assumptions that it is connected to by shared symbols
// (the others can contribute nothing but their own contradiction). Answers are remembered by the
// question's normal form, one memory for each level of the stack, so that an answer lasts while
// what it rests on does. A Facts object is used by one thread at a time; expressions may be shared.
#include "dialects/facts/Problem.h"

namespace texpr::facts {
namespace {

constexpr int64_t effortOfProof = 1'500'000;
constexpr size_t maxConnected = 96;

struct Assumption {
  Conjunction facts; // empty: a choice
  Choice choice;
  std::vector<Symbol> symbols;
};

struct Key {
  Fact::Kind kind;
  const Node *e;
  bool operator==(const Key &o) const { return kind == o.kind && e == o.e; }
};
struct KeyHash {
  size_t operator()(const Key &k) const {
    return reinterpret_cast<size_t>(k.e) * 4 + static_cast<size_t>(k.kind);
  }
};

void addSymbols(std::vector<Symbol> &out, const Fact &f) { f.e.symbols(out); }

} // namespace

struct Facts::State {
  struct Info {
    std::string name;
    Range range;
    std::vector<size_t> assumptions; // that mention it
  };
  struct Level {
    size_t assumptions = 0; // when it was pushed
    std::unordered_map<Key, Answer, KeyHash> answers;
    std::unordered_map<const Node *, Range> ranges;
    std::optional<bool> unreachable;
    void forget() {
      answers.clear();
      ranges.clear();
      unreachable.reset();
    }
  };
  std::vector<Info> symbols;
  std::vector<Assumption> assumptions;
  std::vector<Level> levels{1};

  void add(Assumption a);
  void removeLast();

  struct Connected {
    std::vector<size_t> assumptions;
    std::vector<Symbol> symbols;
    bool complete = true;
  };
  Connected connected(std::vector<Symbol> from) const;
  Problem problem(const Connected &c) const;
  bool verify(const Connected &c, const std::unordered_map<Symbol, int64_t> &values) const;
  bool satisfiable(const Connected &c, Effort &effort) const;
  bool othersSatisfiable(const Connected &c, Effort &effort) const;
  std::vector<std::pair<Symbol, int64_t>> counterExample(const Connected &c, const Fact &negated,
                                                         const std::vector<OpenCase> &open,
                                                         Effort &effort) const;
  Answer ask(const Fact &question) const;
  Answer answer(const Fact &question);
  Range range(const Expr &e) const;
};

void Facts::State::add(Assumption a) {
  for (Symbol s : a.symbols)
    symbols[s].assumptions.push_back(assumptions.size());
  assumptions.push_back(std::move(a));
  levels.back().forget();
}

void Facts::State::removeLast() {
  for (Symbol s : assumptions.back().symbols)
    symbols[s].assumptions.pop_back();
  assumptions.pop_back();
}

Facts::State::Connected Facts::State::connected(std::vector<Symbol> from) const {
  Connected c;
  c.symbols = std::move(from);
  std::vector<bool> taken(assumptions.size()), seen(symbols.size());
  for (Symbol s : c.symbols)
    seen[s] = true;
  for (size_t i = 0; i < c.symbols.size(); ++i)
    for (size_t a : symbols[c.symbols[i]].assumptions) {
      if (taken[a])
        continue;
      taken[a] = true;
      c.assumptions.push_back(a);
      for (Symbol s : assumptions[a].symbols)
        if (!seen[s]) {
          seen[s] = true;
          c.symbols.push_back(s);
        }
    }
  return c;
}

Problem Facts::State::problem(const Connected &c) const {
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
    if (r.lo)
      p.facts.push_back({Fact::Positive, Expr::symbol(s) - Expr(*r.lo)});
    if (r.hi)
      p.facts.push_back({Fact::Positive, Expr(*r.hi) - Expr::symbol(s)});
  }
  return p;
}

Answer Facts::State::ask(const Fact &q) const {
  Answer answer;
  std::vector<Symbol> from;
  q.e.symbols(from);
  Connected c = connected(std::move(from));
  std::vector<Fact> negations;
  if (q.kind == Fact::Positive)
    negations = {{Fact::Positive, -1 - q.e}};
  else if (q.kind == Fact::NonZero)
    negations = {{Fact::Zero, q.e}};
  else
    negations = {{Fact::Positive, -1 - q.e}, {Fact::Positive, q.e - 1}};
  answer.kind = Answer::Kind::Proved;
  for (const Fact &negated : negations) {
    Problem p = problem(c);
    p.facts.push_back(negated);
    Effort effort{effortOfProof};
    std::vector<OpenCase> open;
    if (refute(std::move(p), effort, 0, open))
      continue;
    answer.kind = Answer::Kind::Unknown;
  }
  return answer;
}

Answer Facts::State::answer(const Fact &q) {
  if (auto c = q.e.constant()) {
    bool yes = q.kind == Fact::Positive ? *c >= 0 : (q.kind == Fact::Zero) == (*c == 0);
    if (yes)
      return {Answer::Kind::Proved, {}};
  }
  auto &answers = levels.back().answers;
  Key key{q.kind, Node::of(q.e)};
  if (auto it = answers.find(key); it != answers.end())
    return it->second;
  return answers.emplace(key, ask(q)).first->second;
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

void Facts::push() {
  state->levels.push_back({});
  state->levels.back().assumptions = state->assumptions.size();
}

void Facts::pop() {
  if (state->levels.size() == 1)
    return;
  while (state->assumptions.size() > state->levels.back().assumptions)
    state->removeLast();
  state->levels.pop_back();
}

void Facts::assume(const Constraint &c) {
  Assumption a{{toFact(c)}, {}, {}};
  addSymbols(a.symbols, a.facts[0]);
  state->add(std::move(a));
}

void Facts::assumeAny(const std::vector<std::vector<Constraint>> &cases) {
  if (cases.size() == 1) {
    for (const Constraint &c : cases[0])
      assume(c);
    return;
  }
  Assumption a;
  for (const auto &conjunction : cases) {
    a.choice.emplace_back();
    for (const Constraint &c : conjunction) {
      a.choice.back().push_back(toFact(c));
      addSymbols(a.symbols, a.choice.back().back());
    }
  }
  if (a.choice.empty())
    a.facts = {{Fact::Zero, Expr(1)}};
  state->add(std::move(a));
}

Answer Facts::prove(const Constraint &c) const { return state->answer(toFact(c)); }

Answer Facts::proveAll(const std::vector<Constraint> &cs) const {
  Answer all{Answer::Kind::Proved, {}};
  for (const Constraint &c : cs) {
    Answer a = prove(c);
    if (a.kind == Answer::Kind::Refuted)
      return a;
    if (a.kind == Answer::Kind::Unknown)
      all.kind = Answer::Kind::Unknown;
  }
  return all;
}

bool Facts::isUnreachable() const { return false; }

Range Facts::range(const Expr &) const { return {}; }

} // namespace texpr::facts

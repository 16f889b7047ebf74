// What a Facts object holds, for the files of this folder only.
#pragma once
#include "dialects/facts/Problem.h"

namespace texpr::facts {

struct Assumption {
  Conjunction facts; // empty: a choice
  Choice choice;
  std::vector<Symbol> symbols;
  uint64_t serial; // never used twice
  bool
      huge; // a bound from 2^31 on, as those of tensors' sizes are, which connect most dims of a program
};

struct Facts::State {
  struct Info {
    std::string name;
    Range range;
    std::vector<size_t> assumptions; // that mention it, oldest first
  };
  using Key = std::tuple<int, const Node *, const Node *>;
  /// What was asked while this level was the top of the stack: all answers since its last assumption, and proofs, which
  /// further assumptions leave alone, by the normal form of the question.
  struct Level {
    size_t assumptions = 0; // when it was pushed
    std::set<Key> proofs;
    std::map<Key, Answer> answers;
    std::map<std::tuple<const Node *, std::optional<int64_t>, std::optional<int64_t>>, Range>
        ranges;
  };
  /// What hangs together by shared symbols.
  struct Component {
    std::vector<size_t> assumptions; // nearest first
    std::vector<Symbol> symbols;
  };
  enum class Status { Empty, Satisfiable, Unknown };

  void add(Assumption a);
  void pop();
  Answer answer(const Constraint &c);
  /// `enough`: a range within it may be wider than what could be found.
  Range range(const Expr &e, const Range &enough);
  bool isUnreachable();

private:
  /// Near: what hangs together without huge assumptions, and those of them that add no symbol.
  enum class Reach { Near, All };
  Component component(std::vector<Symbol> from, Reach reach = Reach::All) const;
  std::vector<Component> components() const;
  enum class Huge { Keep, Drop };
  Problem problem(const Component &c, Huge huge) const;
  Status status(const Component &c);
  bool satisfies(const Component &c, const Values &values) const;
  Values completed(const Component &c, const Values &values) const;
  bool othersSatisfiable(const Component &c);
  Answer ask(const Constraint &c, const Fact &question);

public:
  std::vector<Info> symbols;
  std::vector<Assumption> assumptions;
  std::vector<Level> levels{1};
  /// Assumptions that are set aside, innermost last.
  struct Aside {
    std::vector<Assumption> assumptions;
    std::vector<Level> levels;
    std::vector<std::vector<size_t>> ofSymbols;
  };
  std::vector<Aside> asides;

private:
  uint64_t nextSerial = 0;
  std::map<std::vector<uint64_t>, Status> statusOf; // by the serials of a component's assumptions
};

} // namespace texpr::facts

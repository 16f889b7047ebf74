// What a Facts object holds, for the files of this folder only.
#pragma once
#include "dialects/facts/Problem.h"

namespace texpr::facts {

struct Assumption {
  Conjunction facts; // empty: a choice
  Choice choice;
  std::vector<Symbol> symbols;
  uint64_t serial; // never used twice
};

struct Facts::State {
  struct Info {
    std::string name;
    Range range;
    std::vector<size_t> assumptions; // that mention it, oldest first
  };
  struct Key {
    Fact::Kind kind;
    const Node *e;
    bool operator<(const Key &o) const { return std::tie(kind, e) < std::tie(o.kind, o.e); }
  };
  /// What was asked while this level was the top of the stack, since its last assumption; proofs
  /// for longer.
  struct Level {
    size_t assumptions = 0; // when it was pushed
    std::map<Key, Answer> answers;
    std::map<const Node *, Range> ranges;
  };
  /// What hangs together by shared symbols.
  struct Component {
    std::vector<size_t> assumptions; // nearest first
    std::vector<Symbol> symbols;
  };
  enum class Status { Empty, Satisfiable, Unknown };

  void add(Assumption a);
  void pop();
  Answer answer(const Fact &question);
  Range range(const Expr &e);
  bool isUnreachable();

private:
  Component component(std::vector<Symbol> from) const;
  std::vector<Component> components() const;
  enum class Huge { Keep, Drop };
  Problem problem(const Component &c, Huge huge) const;
  Status status(const Component &c);
  bool satisfies(const Component &c, const Values &values) const;
  Values completed(const Component &c, const Values &values) const;
  bool othersSatisfiable(const Component &c);
  Answer ask(const Fact &question);

public:
  std::vector<Info> symbols;
  std::vector<Assumption> assumptions;
  std::vector<Level> levels{1};

private:
  uint64_t nextSerial = 0;
  std::map<std::vector<uint64_t>, Status> statusOf; // by the serials of a component's assumptions
};

} // namespace texpr::facts

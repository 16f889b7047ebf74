// Refutation: shows that a conjunction with choices has no integer solution.
//
// In order of cost: constants that contradict, the simplex over the linear view, the lemmas, then
// case splits (choices, e != 0 as < or >, min and max as one of their operands) where a case that
// the rows exclude goes at once, and at last branch and bound for integrality. A case in which all
// of that fails is left open, with bounds and a sample for whoever looks for a counter-example.
#include "dialects/facts/Problem.h"

namespace texpr::facts {
namespace {

constexpr int maxDepth = 8, integerNodes = 24;
constexpr size_t maxOpen = 3;

bool contradicts(const Fact &f) {
  auto c = f.e.constant();
  return c && (f.kind == Fact::Positive ? *c < 0 : (f.kind == Fact::Zero) != (*c == 0));
}

bool isTrue(const Fact &f) { return f.e.constant() && !contradicts(f); }

/// The rows of a conjunction; what has none (e != 0, too many columns) is left out.
std::vector<std::pair<Row, bool>> rowsOf(System &system, const Conjunction &facts) {
  std::vector<std::pair<Row, bool>> rows;
  for (const Fact &f : facts) {
    if (f.kind == Fact::NonZero)
      continue;
    if (auto row = system.linearize(Node::of(f.e)))
      rows.push_back({*row, f.kind == Fact::Zero});
  }
  return rows;
}

bool entailed(System &system, const Fact &f) {
  auto row = system.linearize(Node::of(f.e));
  if (!row)
    return false;
  Row minus;
  auto negative = addRows(minus, -1, *row);
  auto below = negative ? addRows({{}, -1}, 1, *negative) : std::nullopt;
  auto above = addRows({{}, -1}, 1, *row);
  switch (f.kind) {
  case Fact::Positive:
    return system.entails(*row);
  case Fact::Zero:
    return negative && system.entails(*row) && system.entails(*negative);
  case Fact::NonZero:
    return below && above && (system.entails(*below) || system.entails(*above));
  }
  return false;
}

Choice lessOrGreater(Expr e) { return {{{Fact::Positive, -1 - e}}, {{Fact::Positive, e - 1}}}; }

/// A minimum is at least one of its operands.
Choice extremumChoice(const Node *n) {
  Expr self = Node::wrap(n), a = Node::wrap(n->args[0]), b = Node::wrap(n->args[1]);
  int64_t sign = n->kind == Expr::Kind::Min ? 1 : -1;
  return {{{Fact::Positive, sign * (self - a)}, {Fact::Positive, sign * (b - a)}},
          {{Fact::Positive, sign * (self - b)}, {Fact::Positive, sign * (a - b)}}};
}

struct Split {
  std::vector<Conjunction> cases;
  bool settled = false; // some case holds already
};

Split examine(System &system, const Choice &choice) {
  Split s;
  for (const Conjunction &c : choice) {
    if (std::any_of(c.begin(), c.end(), contradicts))
      continue;
    if (std::all_of(c.begin(), c.end(),
                    [&](const Fact &f) { return isTrue(f) || entailed(system, f); })) {
      s.settled = true;
      return s;
    }
    if (!system.excludes(rowsOf(system, c)))
      s.cases.push_back(c);
  }
  return s;
}

OpenCase openCase(System &system, const Problem &p, const std::vector<int64_t> &point) {
  OpenCase open{p, {}};
  for (size_t c = 0; c < system.columns.size(); ++c) {
    const Node *n = system.columns[c].node;
    if (n->kind != Expr::Kind::Symbol)
      continue;
    Row row{{{int(c), 1}}, 0};
    OpenCase::Guess g{n->symbol, system.minimum(row), system.maximum(row), std::nullopt};
    if (c < point.size())
      g.point = point[c];
    open.guesses.push_back(g);
  }
  return open;
}

} // namespace

Fact toFact(const Constraint &c) {
  switch (c.rel) {
  case Rel::EQ:
    return {Fact::Zero, c.lhs - c.rhs};
  case Rel::NE:
    return {Fact::NonZero, c.lhs - c.rhs};
  case Rel::LT:
    return {Fact::Positive, c.rhs - c.lhs - 1};
  case Rel::LE:
    return {Fact::Positive, c.rhs - c.lhs};
  case Rel::GT:
    return {Fact::Positive, c.lhs - c.rhs - 1};
  case Rel::GE:
    return {Fact::Positive, c.lhs - c.rhs};
  }
  return {Fact::Zero, Expr()};
}

bool isHuge(const Fact &f) {
  int64_t c = Node::of(f.e)->constantTerm();
  return c >= hugeBound || c <= -hugeBound;
}

std::vector<Choice> splits(const System &system, const Problem &p) {
  std::vector<Choice> all = p.choices;
  for (const Fact &f : p.facts)
    if (f.kind == Fact::NonZero)
      all.push_back(lessOrGreater(f.e));
  for (int c : system.extrema)
    all.push_back(extremumChoice(system.columns[c].node));
  return all;
}

void requireFacts(System &system, const Problem &p, bool huge) {
  for (const Fact &f : p.facts) {
    if (f.kind != Fact::NonZero && isHuge(f) == huge)
      system.require(Node::of(f.e), f.kind == Fact::Zero);
    else if (isHuge(f))
      system.linearize(Node::of(f.e)); // the lemmas shall see its products
  }
}

bool refute(Problem p, Effort &effort, int depth, std::vector<OpenCase> &open) {
  eliminate(p);
  std::erase_if(p.facts, isTrue);
  if (std::any_of(p.facts.begin(), p.facts.end(), contradicts))
    return true;
  System system(effort);
  requireFacts(system, p, false);
  if (!system.isEmpty())
    applyLemmas(system, effort);
  requireFacts(system, p, true);
  if (system.isEmpty())
    return true;
  std::optional<Split> best;
  for (const Choice &choice : splits(system, p)) {
    Split s = examine(system, choice);
    if (s.settled)
      continue;
    if (s.cases.empty())
      return true;
    if (!best || s.cases.size() < best->cases.size())
      best = s;
  }
  if (best && depth < maxDepth && !effort.spent()) {
    bool all = true;
    for (const Conjunction &c : best->cases) {
      Problem q = p;
      q.facts.insert(q.facts.end(), c.begin(), c.end());
      all = refute(std::move(q), effort, depth + 1, open) && all;
      if (!all && (open.size() >= maxOpen || effort.spent()))
        return false;
    }
    return all;
  }
  auto integers = system.solveIntegers(integerNodes);
  if (integers.empty)
    return true;
  if (open.size() < maxOpen)
    open.push_back(openCase(system, p, integers.point));
  return false;
}

} // namespace texpr::facts

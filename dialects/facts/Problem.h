// A question as a conjunction that must have no solution, for the files of this folder only.
#pragma once
#include "dialects/facts/System.h"

namespace texpr::facts {

/// e >= 0, e == 0 or e != 0.
struct Fact {
  enum Kind { Positive, Zero, NonZero } kind;
  Expr e;
  bool operator==(const Fact &o) const { return kind == o.kind && e == o.e; }
};
using Conjunction = std::vector<Fact>;
/// At least one of the conjunctions holds.
using Choice = std::vector<Conjunction>;

Fact toFact(const Constraint &c);
/// A bound from `hugeBound` on.
bool isHuge(const Fact &f);
/// Holds, does not, or has no value (overflow, a divisor of 0).
template <class F> std::optional<bool> holds(const Fact &fact, const F &value) {
  auto v = evaluateNode(Node::of(fact.e), value);
  if (!v)
    return std::nullopt;
  return fact.kind == Fact::Positive ? *v >= 0 : (fact.kind == Fact::Zero) == (*v == 0);
}

/// Symbols that a question makes for itself are numbered from here.
constexpr Symbol firstFresh = 0x80000000u;
/// Bounds from here on (those of dims) only make a tableau's numbers long: refutation leaves them to `boundsOf`.
constexpr int64_t hugeBound = int64_t(1) << 31;

struct Problem {
  Conjunction facts;
  std::vector<Choice> choices;
  /// Symbols that elimination replaced, in order; a value holds only symbols that were not replaced
  /// by then.
  std::vector<std::pair<Symbol, Expr>> solved;
  unsigned fresh = 0;
  /// Symbols whose value is a sum stay, as linear equalities: substituted, they would expand every product that they
  /// are in. Neither way proves all that the other does.
  bool keepSums = false;
};
/// Whether elimination replaced a symbol by a sum.
bool replacedSum(const Problem &p);

/// Solves equalities for symbols and substitutes them everywhere. `C % G == k` becomes C = G * t +
/// k with a fresh t, so that C / G and multiples of C fall out of the normal form.
void eliminate(Problem &p);

/// A conjunction without choices that could not be refuted.
struct OpenCase {
  Problem problem;
  /// Of each free symbol, bounds over the rational solutions, and its value in an integer point,
  /// where there is one.
  struct Guess {
    Symbol symbol;
    std::optional<int64_t> lo, hi, point;
  };
  std::vector<Guess> guesses;
};

/// The splits that a problem still has: its choices, e != 0 as < or >, min and max as one of their
/// operands.
std::vector<Choice> splits(const System &system, const Problem &p);

/// True where the problem has no solution. Cases that stay open are appended to `open`, up to a
/// limit.
bool refute(Problem p, Effort &effort, int depth, std::vector<OpenCase> &open);

/// Requires those facts of a problem, elimination done, that have huge constants, or the others;
/// e != 0 is left to splits. The huge ones make the tableau's numbers long: they come last.
void requireFacts(System &system, const Problem &p, bool huge);

using Values = std::unordered_map<Symbol, int64_t>;
using Accept = std::function<bool(const Values &)>;
/// Looks for values that satisfy an open case: small ones first, then those around the guesses.
/// They have a value for each free, fresh and replaced symbol of the case, and `accept` has the
/// last word.
std::optional<Values> findWitness(const OpenCase &open, const Accept &accept);

/// Constant bounds of e under the problem.
Range boundsOf(const Problem &p, const Expr &e, Effort effort);

} // namespace texpr::facts

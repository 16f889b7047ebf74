// The one engine of proofs: integer expressions in a normal form, a stack of assumptions, and
// questions.
//
// Expressions have the meaning of unbounded integers: whoever builds one from a program's
// arithmetic has shown that it cannot wrap, or takes a fresh symbol instead. A question is answered
// by MLIR's Presburger library over the linear view of the assumptions (products, and quotients by
// what is no constant, are opaque symbols), helped by a fixed list of lemmas for those
// (docs/language.md). Effort is bounded: an answer may be `Unknown`, never wrong.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace texpr::facts {

/// A named integer unknown. Numbered from 0 in the order of `newSymbol`.
using Symbol = uint32_t;
struct Node;

/// An immutable integer expression, hash-consed in its normal form: a sorted sum of integer
/// multiples of products of atoms; an atom is a symbol, floordiv, mod, min or max. `==` is identity
/// of the normal form, which is a sound and incomplete equality (h * w == w * h; (2 * n) / 2 == n).
class Expr {
public:
  Expr(); // 0
  Expr(int64_t constant);
  static Expr symbol(Symbol s);
  static Expr floorDiv(Expr a, Expr b); // b == 0 is never asked: guard first
  static Expr mod(Expr a, Expr b);      // a - b * floorDiv(a, b)
  static Expr min(Expr a, Expr b);
  static Expr max(Expr a, Expr b);
  Expr operator+(Expr o) const;
  Expr operator-(Expr o) const;
  Expr operator*(Expr o) const;
  Expr operator-() const;
  friend Expr operator+(int64_t a, Expr b) { return Expr(a) + b; }
  friend Expr operator-(int64_t a, Expr b) { return Expr(a) - b; }
  friend Expr operator*(int64_t a, Expr b) { return Expr(a) * b; }
  bool operator==(const Expr &o) const { return node == o.node; }
  bool operator!=(const Expr &o) const { return node != o.node; }

  std::optional<int64_t> constant() const;
  std::optional<Symbol> asSymbol() const;
  bool uses(Symbol s) const;
  void symbols(std::vector<Symbol> &out) const; // each once, in order of first use
  Expr substitute(const std::function<std::optional<Expr>(Symbol)> &f) const;
  /// Exact value; nothing where a step overflows int64 or divides by 0, or a tree has more than 2^24 nodes.
  std::optional<int64_t> evaluate(const std::function<int64_t(Symbol)> &f) const;
  std::string str(const std::function<std::string(Symbol)> &name) const;

  /// Structural access, for whoever emits code for an expression. A remainder is a Sum, a - b * (a / b): no node has
  /// Kind::Mod. A Sum or Product that was not expanded has two operands of any kind.
  enum class Kind { Constant, Symbol, Sum, Product, FloorDiv, Mod, Min, Max };
  Kind kind() const;
  /// Sum: terms. Product: factors (a constant first, where it is not 1). FloorDiv … Max: the two
  /// operands.
  std::vector<Expr> operands() const;
  size_t hash() const { return reinterpret_cast<size_t>(node); }

private:
  explicit Expr(const Node &n) : node(&n) {} // a reference: `Expr(0)` stays the constant
  const Node *node;
  friend struct Node;
};

enum class Rel { EQ, NE, LT, LE, GT, GE };
struct Constraint {
  Expr lhs;
  Rel rel;
  Expr rhs;
};
Constraint negate(const Constraint &c);

struct Range {
  std::optional<int64_t> lo, hi; // inclusive; absent: unbounded
};

struct Answer {
  enum class Kind { Proved, Refuted, Unknown } kind = Kind::Unknown;
  /// Refuted: values under which every assumption holds and the question does not.
  std::vector<std::pair<Symbol, int64_t>> counterExample;
  explicit operator bool() const { return kind == Kind::Proved; }
};

/// Symbols and what is assumed of them at one point of a program.
class Facts {
public:
  Facts();
  ~Facts();
  Facts(const Facts &) = delete;
  Facts &operator=(const Facts &) = delete;

  Symbol newSymbol(std::string name, Range range = {});
  const std::string &name(Symbol s) const;
  std::string str(const Expr &e) const;
  std::string str(const Constraint &c) const;

  /// Assumptions are a stack; symbols are not.
  void push();
  void pop();
  /// Sets all assumptions aside; until `resume` only what is assumed in between is known.
  void suspend();
  void resume();
  void assume(const Constraint &c);
  /// A disjunction: at least one of the conjunctions holds.
  void assumeAny(const std::vector<std::vector<Constraint>> &cases);

  Answer prove(const Constraint &c) const;
  Answer proveAll(const std::vector<Constraint> &cs) const;
  /// True where the assumptions contradict each other: the point is never reached.
  bool isUnreachable() const;
  /// Proved constant bounds of `e` (for wrap-around); each side absent where none was found. What lies within `enough`,
  /// where that has a side, may be wider than need be: it is found sooner.
  Range range(const Expr &e, const Range &enough = {}) const;

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace texpr::facts

// What the checker knows at a point of the program, as plain data; private to `source/Check*.cpp`.
//
// Conditions, assumptions in force, the loops and values around, what is read, written and found of
// buffers, and what facts say of the elements of tensors. Checker.h has who fills and asks them.
#pragma once
#include "compiler/source/Check.h"
#include <limits>
#include <memory>

namespace texpr {

/// A condition over integers, as far as it is one: `Unknown` is a condition that says nothing.
struct Formula {
  enum class Kind { Unknown, Atom, And, Or } kind = Kind::Unknown;
  facts::Constraint atom{};
  std::vector<Formula> parts;

  static Formula of(facts::Constraint c) { return {Kind::Atom, c, {}}; }
  static Formula join(Kind k, Formula a, Formula b) {
    return {k, {}, {std::move(a), std::move(b)}};
  }
  Formula negated() const;
  /// Cases of which one holds where the formula does; {{}} says nothing.
  std::vector<std::vector<facts::Constraint>> cases() const;
  /// The constraints whose conjunction *is* the formula, where it is one.
  std::optional<std::vector<facts::Constraint>> conjunction() const;
};

/// Assumptions as a persistent list: a point of the program is the head of its list.
struct Known {
  std::vector<std::vector<facts::Constraint>> cases;
  std::shared_ptr<const Known> before;
};
using KnownList = std::shared_ptr<const Known>;

/// A binder of a loop and its range `lo <= symbol < hi`.
struct Loop {
  facts::Symbol symbol = 0;
  facts::Expr lo, hi;
};

/// What stands around a point inside a function.
struct Frame {
  enum class Kind { Form, Value, Par, Seq } kind = Kind::Form;
  SourceRange range;
  KnownList known;        // at entry
  facts::Symbol mark = 0; // symbols from here on belong to one iteration
  std::vector<Loop> loops;
  std::vector<const Decl *> binders;
  bool isReverse = false; // the loops run from their last index
  size_t accessMark = 0;  // accesses from here on are inside
  bool disjoint = false;
  bool isFull = false;           // `fully par`
  int level = -1;                // Par: which scope an iteration gets, by `levelOf`; -1: none
  size_t segment = 0;            // isFull: what no barrier separates from the point at hand
  bool nondeterministic = false; // `@nondeterministic` stands on it
  bool asksNonEmpty = false, isNonEmpty = true; // whether every axis is proved to have an index
  bool asksLengths = false;
  std::vector<facts::Expr> lengths; // of the axes, each where the binders before it are known
};

/// A read or write of a part of a buffer: one element at `at`, over all values of the symbols that
/// it uses.
struct Access {
  const Decl *buffer = nullptr;
  std::vector<unsigned> path; // the leaf, for a buffer of tuples; empty: all
  std::vector<facts::Expr> at;
  bool isWrite = false, disjoint = false;
  SourceRange range;
  KnownList known;
  std::optional<AssignOp> atomic = {}; // updated as one
  std::vector<size_t> segments = {};   // of each `fully par` around, outermost first
};

/// Elements of a buffer that are written: `at` for all values of `loops` (outermost first) under
/// which `guards` hold.
struct Written {
  std::vector<unsigned> path;
  std::vector<facts::Expr> at;
  std::vector<Loop> loops;
  std::vector<facts::Constraint> guards;

  template <typename F> void forEachExpr(F visit) {
    for (facts::Expr &e : at)
      visit(e);
    for (Loop &loop : loops)
      visit(loop.lo), visit(loop.hi);
    for (facts::Constraint &c : guards)
      visit(c.lhs), visit(c.rhs);
  }
};

struct BufferInfo {
  size_t frameDepth = 0; // number of frames around the declaration
  bool full = false;     // written as a whole
  std::vector<Written> written;
  SourceRange range;
};

/// A relation of `where`.
struct WherePart {
  facts::Constraint constraint;
  SourceRange range;
  std::string text;
};

struct SymbolInfo {
  /// Found: the length of a filter, a dim that is known while running.
  enum class Kind { Dim, Scalar, Binder, Data, Fresh, Found } kind = Kind::Fresh;
  facts::Range range;
  std::optional<facts::Expr> lo, hi; // Binder: lo <= s < hi. Data with one range: the same
  std::optional<facts::Expr> least,
      most;                // Binder between data: over dims, as proved where it is bound
  bool isVerified = false; // Data: by a range that code tests
  bool isIndex = false;    // Binder: any index that a slice or a whole axis covers
};

/// What is known of the elements of a tensor that never changes.
struct TensorFacts {
  struct Span {
    facts::Expr lo;
    std::optional<facts::Expr> end; // exclusive; absent: the one value `lo`
  };
  std::vector<Span> spans; // each element is in one of them; empty: any
  bool isTested = false;   // the spans, as each element is used
  bool isSorted = false, isPerm = false;
  bool isDistinct = false; // elements that differ in the last index alone are different
};

/// An element of an immutable tensor.
struct ElementSymbol {
  facts::Expr value;
  const Decl *decl = nullptr;
  std::vector<unsigned> path;
  std::vector<facts::Expr> at;
  KnownList assumed;                  // where what is known of it is in force
  bool isPartial = false;             // but for facts on all elements
  std::optional<facts::Expr> equalTo; // by a fact, over dims
};

/// A fact `all d… |…| { … }`: for all `loops`, one case of each of the conditions holds of the `elements`.
struct AllFact {
  std::vector<Loop> loops;
  std::vector<const ElementSymbol *> elements;
  std::vector<std::vector<std::vector<facts::Constraint>>> conditions;
};

/// A fact on data as a call proves it: of a whole vector (sorted, or without `fact` a permutation), or that for all
/// `loops` one case of each of the conditions holds. The elements in their order of evaluation.
struct CallFact {
  const Fact *fact = nullptr;
  const Decl *vector = nullptr;
  bool isWhole = true; // nothing of it says something of others than integers
  std::vector<Loop> loops;
  std::vector<ElementSymbol> elements;
  std::vector<std::vector<std::vector<facts::Constraint>>> conditions;
};

/// What a call needs of a function's signature beside Ast.h.
struct FnInfo {
  std::vector<facts::Constraint> required; // over its symbols
  std::vector<std::pair<SourceRange, std::string>> requiredText;
  std::vector<WherePart> promised; // of dims that are found while running: proved in the body
  bool isValid = false;            // the signature has no errors
  KnownList known;                 // what it assumes
  std::vector<CallFact> callFacts; // what is verified of data, in that order
  bool verifiesInside = false;     // its body calls a function that verifies facts
  const CallExpr *ending =
      nullptr; // such a call, after which the body relies on what a failing test leaves open
};

/// The struct that a value of type `t`, which may have lost axes, still is.
const StructDecl *structOf(const StructDecl *nominal, const Type &t);

/// `t` without its first axes.
Type withoutOuter(const Type &t, size_t axes);
/// A symbol of `t`'s extents that belongs to one iteration.
std::optional<facts::Symbol> innerSymbol(const Type &t, facts::Symbol mark,
                                         const std::vector<SymbolInfo> &symbols);
size_t countLeaves(const Type &t);
/// The extents that are written in a type, by leaf, outer ones first.
std::vector<std::vector<ExprPtr *>> extentsByLeaf(TypeExpr &type);

/// A float that is no NaN lies in it.
struct FloatRange {
  double lo = -std::numeric_limits<double>::infinity(), hi = -lo;
};

} // namespace texpr

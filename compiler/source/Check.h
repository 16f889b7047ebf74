// The checker: from a parsed program to one that every later stage may trust.
//
//   CheckedProgram checked;
//   if (!check(std::move(program), files, diags, checked)) … diags has the errors
//
// What holds afterwards, and is relied on by the interpreter, `import/` and `explain`:
// * Every field marked [checker] in Ast.h is filled. No type is Invalid, no access is Unchecked.
// * `Expr::value` and `Decl::value` are set for every integer scalar: an expression over dims,
// integer parameters, binders and
//   fresh symbols. A fresh symbol stands for a value that is no index expression (data, an
//   operation that may wrap); where it stands for one expression, `symbolSource` names that. The
//   value of a dim that `where` defines is its definition.
// * An extent in a `Type` is over the same symbols; outside every form it is over dims alone.
// * `FnDecl::dims` are in the order of the C signature. A dim that is bound by an axis is in
// 0..=2^47 (callers of the object
//   pass it by name; whoever has arrays instead solves `shape[axis] == length` for it, which is
//   linear in the dim).
// * `FnDecl::entryChecks` are in the order in which they must be tested: a divisor before the
// expressions that it divides. They are
//   exact: code that tests them may not overflow. Not among them: the ranges of axis dims and the
//   limit of 2^47 bytes a tensor.
// * A parameter's range of values (`RType::set`) on a tensor is a promise of the caller's data:
// code tests each element that it
//   reads (`FailureSite`), or all of what is `inout` first (`DataCheck`); on a scalar it is an entry check.
#pragma once
#include "compiler/source/Diagnostics.h"
#include <set>
#include <unordered_map>

namespace texpr {

/// Something that generated code tests while it runs: a range of the elements of a parameter, or
/// what a form or access reports (`else fail`).
struct FailureSite {
  const FnDecl *fn = nullptr;
  unsigned param = 0; // ~0u: of `expr`
  SourceRange range;  // of the parameter's declaration, or of `expr`
  std::string text;   // "ids: every element is in 0..v"
  const Expr *expr = nullptr;
};

/// A fact on data that generated code verifies before the body runs, in this order; `site` is what
/// it reports.
struct DataCheck {
  const FnDecl *fn = nullptr;
  const Fact *fact = nullptr; // null: parameter `param` is a permutation
  unsigned param = 0;
  size_t site = 0;
  bool isRange = false; // no permutation, but `inout`: its elements are in its range
};

/// One line of `explain`: why an access is safe, a par free of races, a buffer written.
struct CheckNote {
  enum class Kind {
    Proved,
    Else,
    Verified,
    Entry,
    Race,
    Disjoint,
    Written,
    CallFact,
    CallData,
    Fact,
    Assumed,
    Planned
  };
  Kind kind = Kind::Proved;
  const FnDecl *fn = nullptr; // null: in an op
  SourceRange range;
  std::string text;
};

struct CheckedProgram {
  std::unique_ptr<facts::Facts> facts; // owns the names of all symbols
  std::unique_ptr<Program> program;
  std::vector<FailureSite> sites; // those of parameters first
  std::vector<DataCheck> dataChecks;
  std::set<const Expr *>
      trustedCalls; // of functions with facts on data, all of which are proved there
  /// Calls after which the caller relies on what stands only where no test fails: a failing one ends the call there.
  std::set<const Expr *> endingCalls;
  /// Functions whose bodies call one that tests facts on data.
  std::set<const FnDecl *> testingFns;
  std::vector<CheckNote> notes;         // in the order of the walk
  std::vector<SourceRange> machineOnly; // asm that says neither `means` nor what to do instead
  /// The expression that a fresh symbol stands for: an element, a wrapping operation, an `if`.
  std::unordered_map<facts::Symbol, const Expr *> symbolSource;
  /// Axes of `compute` and extents of buffers whose length is no expression of dims: an upper bound
  /// that is one.
  std::unordered_map<const Axis *, facts::Expr> axisBound;
  std::unordered_map<const Expr *, facts::Expr> extentBound;
  /// Of those, what is made of data, by `hash`: memory is planned for the bound.
  std::unordered_map<size_t, facts::Expr> dataLimit;
  /// Of extents of what is found among the stores of a block and used behind them, by `hash`: an upper bound over dims.
  std::unordered_map<size_t, facts::Expr> leavingBound;
};

/// Checks `program`, which `out` then owns, and reports what is wrong. True: the program is right, and `diags` has no
/// errors. After syntax errors `program` is partial: declarations that hold one are dropped from it, and
/// the others are checked.
bool check(std::unique_ptr<Program> program, const SourceFiles &files, Diagnostics &diags,
           CheckedProgram &out);

/// `f32[m, n + 1]`, `(f32, i64)`
std::string str(const Type &t, const facts::Facts &facts);

} // namespace texpr

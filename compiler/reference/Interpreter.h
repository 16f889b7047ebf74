// The reference interpreter: what a .tx program means, executed on the typed tree.
//
// It is the oracle that every back end must agree with (docs/testing.md), so it is written to be read, not
// to be fast: one short function a form, no analysis, nothing shared with the compiler but the
// tree. It evaluates the source expressions themselves, also for extents and dims, and takes from
// the checker only names, types and entry checks.
//
// Files: Interpreter.cpp entry and calls · Dims.cpp, EntryFacts.cpp what is bound and tested first ·
// Expressions.cpp names, operators, functions, choice · Forms.cpp compute, reduce, for · Prefix.cpp scan, filter ·
// Access.cpp elements, slices, `else`, places · Statements.cpp buffers, stores, par, seq.
#pragma once
#include "compiler/reference/Value.h"
#include <map>

namespace texpr::reference {

/// Why a run ended without results.
struct Failure {
  enum class Kind {
    Argument, // an input that is no value of its parameter's type
    Contract, // a relation of dims or a `where` fact does not hold
    Data,     // a fact on elements does not hold, `else fail`
    Fuel,     // Options::fuel is used up
    Internal, // the checker let something through that it must refuse: a bug of texpr
  };
  Kind kind = Kind::Internal;
  SourceRange site;
  std::string message;
  int64_t index = -1; // Data: of the element, row-major
};
const char *spelling(Failure::Kind k);

template <typename T> struct Result {
  std::optional<T> value;
  Failure failure; // where `value` is absent
  explicit operator bool() const { return value.has_value(); }
  T &operator*() { return *value; }
  T *operator->() { return &*value; }
};

struct Inputs {
  std::vector<Value> params;
  /// Dims by name, as the C entry takes them; those left out are found from the shapes.
  std::map<std::string, int64_t> dims;
};

/// Whether reassociation and fusion of products into sums could change a bit of the results of a
/// run.
struct Exactness {
  bool isExact = true;
  std::string why;
};

struct Options {
  uint64_t fuel = 0;                       // expressions to evaluate; 0: no limit
  std::optional<uint64_t> shuffleParallel; // a seed: `par` runs its iterations in a random order
  Exactness *exactness = nullptr;          // filled where given
};

/// Runs `fn` of a checked program. The results are one value each, then the new values of `inout`
/// parameters. A range of values of a tensor
/// parameter is tested on all its elements at entry; an object may test only those that it reads.
Result<std::vector<Value>> interpret(const Program &program, const FnDecl &fn, const Inputs &inputs,
                                     const Options &options = {});

/// The dims of a call, by name, in the order of the C signature.
Result<std::vector<std::pair<std::string, int64_t>>> dimsOf(const Program &program,
                                                            const FnDecl &fn, const Inputs &inputs);

/// The kind and shape of a leaf.
struct LeafShape {
  ScalarKind kind;
  Shape shape;
};

/// What a caller must bring for one parameter, once the dims are chosen.
struct ParamNeed {
  std::vector<LeafShape> leaves;
  bool isDim = false;                               // an integer parameter that serves as a dim
  std::optional<std::pair<int64_t, int64_t>> range; // inclusive: `in 0..n`; of several, the first
};
/// `dims` by name, integer parameters among them; those that `where` defines are not needed.
Result<std::vector<ParamNeed>> parameterNeeds(const Program &program, const FnDecl &fn,
                                              const std::map<std::string, int64_t> &dims);

/// Kind and shape of each leaf of each result, for given dims: what a caller has to allocate. A dim that is found while
/// running is what it is at most.
Result<std::vector<std::vector<LeafShape>>> resultShapes(const Program &program, const FnDecl &fn,
                                                         const Inputs &inputs);

} // namespace texpr::reference

// From `name=value` on the command line to the values of a call.
#pragma once
#include "compiler/Driver.h"
#include "compiler/reference/Value.h"
#include <map>

namespace texpr {

/// One leaf of a parameter or result, as the C entry sees it.
struct CallLeaf {
  std::string name; // "x", "z_0"
  const Type *type = nullptr;
};
std::vector<CallLeaf> leavesOf(const std::string &name, const Type &type);
/// The leaves of all results, named as in the generated header.
std::vector<CallLeaf> resultLeaves(const FnDecl &fn);
/// Those, then the leaves of what is lent: what a call gives.
std::vector<CallLeaf> outputLeaves(const FnDecl &fn);

/// Everything that a call needs. Dims are by name, in the order of the C signature.
struct CallValues {
  std::vector<reference::Value> leaves; // of the parameters, in order
  std::vector<std::pair<std::string, int64_t>> dims;
  std::vector<reference::Array> results; // zeroed, of the right kinds and shapes
  /// What dims and integer parameters are. A dim that is found while running is what it is at most, here and in `dims`
  /// and the shapes of results, until `shrink`.
  std::map<facts::Symbol, int64_t> symbols;
  std::vector<int64_t> found; // the dims that a call has found, in order
  /// Gives the results the shapes that were found.
  void shrink(const FnDecl &fn);
  /// Copies what a call has changed in place behind the results.
  void takeLent(const FnDecl &fn);

  /// The parameters, one value each: leaves put back into tuples.
  std::vector<reference::Value> params(const FnDecl &fn) const;
};

/// Reads the arrays, parses the scalars, solves the dims. What is wrong goes to stderr: exitUsage, exitEnvironment where
/// a file cannot be read, exitProgram where no dims fit.
ExitCode readArguments(const FnDecl &fn, const facts::Facts &facts,
                       const std::vector<std::string> &assignments, CallValues &out);

/// "; did you mean 'x'?" where a name is near, else empty.
std::string nearName(llvm::StringRef name, const std::vector<std::string> &known);

/// Prints `texprc: error: …`; gives `code`.
ExitCode refuse(ExitCode code, const std::string &message);

} // namespace texpr

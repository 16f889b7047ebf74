// The C header of a generated object, as text. Plain C++: what an entry point looks like from C,
// and nothing else.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace texpr::emit {

/// One C parameter of an entry: a leaf of a parameter or of a result.
struct AbiLeaf {
  std::string name;     // as in the source, with the leaf's path: "x", "x_0", "z_re"
  std::string scalar;   // "f32", "bool", … as .tx spells it
  bool isTensor = true; // a pointer; else by value (a result is a pointer all the same)
  bool isInout = false; // a parameter that is changed in place
  bool isDim = false; // an integer scalar that stands as a dim: the workspace formula takes it too
};

/// An exported function. Dims that an integer parameter serves as are not in `dims` but marked in
/// `params`.
struct AbiFunction {
  std::string name;
  std::string signature;              // the .tx text, for the comment
  std::vector<std::string> dims;      // by first appearance
  std::vector<AbiLeaf> params;        // leaves in order
  std::vector<AbiLeaf> results;       // leaves in order
  std::vector<std::string> foundDims; // dims found while running: `int64_t *k`, after the results
  std::vector<std::string> foundMost = {}; // what each is at most, as text over the dims
};

/// A parameter of the C prototype: `type` ends in a blank or a star.
struct CParameter {
  std::string type, name;
};

/// The parameters of NAME: dims, parameters, results, found dims, call. Their names are unique and
/// no C or C++ word: a result that shares its name with a parameter or a dim gets `_out`; any other
/// clash a trailing underscore.
std::vector<CParameter> entryParameters(const AbiFunction &fn);

/// The parameters of NAME_workspace: dims, parameters that serve as dims, call, bytes. Named as in
/// the entry.
std::vector<CParameter> workspaceParameters(const AbiFunction &fn);

/// The C type of a scalar: "float", "uint8_t" for bool, "tx_f16" for f16.
std::string_view cType(std::string_view scalar);

/// True for a keyword of C or C++, a name of the standard headers that is often a macro, or a name
/// that C reserves: no entry may have it.
bool isReservedInC(std::string_view name);

struct HeaderFile {
  std::string name;   // "softmax.h", without folders: comment and guard
  std::string source; // "softmax.tx"
  std::string object; // "softmax.o"
  std::string version;
  std::vector<AbiFunction> functions;
};

std::string headerText(const HeaderFile &file);

} // namespace texpr::emit

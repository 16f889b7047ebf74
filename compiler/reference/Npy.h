// Arrays in files: NumPy's .npy, versions 1 to 3, little endian, C order.
//
// bf16 has no name in NumPy: it is written as `<u2` (its bit patterns) and read from `<u2` where
// the caller says that bf16 is expected. A file without axes is a scalar.
#pragma once
#include "compiler/reference/Value.h"

namespace texpr::reference {

/// The array in `bytes`, or why it is none. `expected`: the kind that the array must have; `<u2`
/// serves as bf16 then.
struct NpyArray {
  std::optional<Array> array;
  std::string error;
};
NpyArray parseNpy(llvm::StringRef bytes, std::optional<ScalarKind> expected = {});
NpyArray readNpy(const std::string &path, std::optional<ScalarKind> expected = {});

std::string formatNpy(const Array &a);
/// Writes to a temporary file beside `path` and renames it. The error, or nothing.
std::optional<std::string> writeNpy(const std::string &path, const Array &a);

} // namespace texpr::reference

// The files of a program: those of the command line and, by `use`, all that they need.
#pragma once
#include "compiler/source/Diagnostics.h"
#include <string>
#include <utility>
#include <vector>

namespace texpr {

/// Parses the files `roots`, reads and parses what they use, and makes one program of them all. Names of used files are
/// written `file::name` in it. Always gives a program; `diags` tells whether it is whole.
std::unique_ptr<Program> parseProgram(SourceFiles &files, const std::vector<unsigned> &roots,
                                      Diagnostics &diags);

/// The standard library: ("std/nn.tx", its text), sorted by name.
const std::vector<std::pair<std::string, std::string>> &library();
/// The files of the standard library that declare a function `name`.
std::vector<std::string> librariesWith(llvm::StringRef name);

} // namespace texpr

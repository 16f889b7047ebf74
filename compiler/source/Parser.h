// From the text of a file to its syntax tree.
#pragma once
#include "compiler/source/Diagnostics.h"

namespace texpr {

/// Parses one file by docs/grammar.ebnf. Always gives a program: what could be parsed; `diags`
/// tells whether it is whole. The height of the tree is bounded, so that recursive visitors,
/// destructors among them, cannot overflow the stack.
std::unique_ptr<Program> parse(const SourceFiles &files, unsigned file, Diagnostics &diags);

/// The largest height of a syntax tree: nodes on a path from a declaration down.
inline constexpr unsigned maxTreeHeight = 1000;
/// The deepest nesting of a text: brackets, blocks, prefix operators.
inline constexpr unsigned maxNesting = 256;

} // namespace texpr

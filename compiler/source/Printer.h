// Prints a syntax tree as canonical .tx: parse(print(tree)) is the same tree.
#pragma once
#include "compiler/source/Ast.h"

namespace texpr {

struct PrintOptions {
  /// Parentheses around every operator: two trees are alike exactly where these texts are.
  bool allParens = false;
};

std::string print(const Program &p, PrintOptions options = {});
std::string print(const Expr &e, PrintOptions options = {});
std::string print(const TypeExpr &t);
std::string print(const RType &t);
std::string print(const Fact &f);
/// `fn …` up to its body.
std::string printHead(const FnDecl &f);

} // namespace texpr

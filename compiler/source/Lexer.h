// The tokens of .tx, as the head of docs/grammar.ebnf describes them.
#pragma once
#include "compiler/source/Diagnostics.h"

namespace texpr {

// clang-format off
#define TEXPR_KEYWORDS(X) \
  X(Fn, "fn") X(Op, "op") X(Struct, "struct") X(Use, "use") X(Let, "let") X(If, "if") \
  X(Else, "else") X(Compute, "compute") X(Reduce, "reduce") X(Scan, "scan") \
  X(Scatter, "scatter") X(Filter, "filter") X(Argsort, "argsort") X(For, "for") \
  X(While, "while") X(Par, "par") X(Seq, "seq") X(Where, "where") X(Ensure, "ensure") \
  X(True, "true") X(False, "false")

/// Longer ones before their prefixes: the lexer takes the first that fits.
#define TEXPR_PUNCTUATION(X) \
  X(DotDotEq, "..=") X(DotDot, "..") X(Arrow, "->") X(Shl, "<<") X(Shr, ">>") X(Le, "<=") \
  X(Ge, ">=") X(EqEq, "==") X(Ne, "!=") X(AndAnd, "&&") X(OrOr, "||") X(PlusEq, "+=") \
  X(MinusEq, "-=") X(StarEq, "*=") X(SlashEq, "/=") X(AndEq, "&=") X(OrEq, "|=") \
  X(CaretEq, "^=") X(LBrace, "{") X(RBrace, "}") X(LParen, "(") X(RParen, ")") X(LBracket, "[") \
  X(RBracket, "]") X(Lt, "<") X(Gt, ">") X(Comma, ",") X(Semi, ";") X(Colon, ":") X(Dot, ".") \
  X(Eq, "=") X(Plus, "+") X(Minus, "-") X(Star, "*") X(Slash, "/") X(Percent, "%") X(And, "&") \
  X(Or, "|") X(Caret, "^") X(Tilde, "~") X(Bang, "!") X(At, "@")
// clang-format on

enum class Tok : uint8_t {
  End,
  Bad, // an error that is reported already
  Ident,
  Underscore,
  Scalar,
  Int,
  Float,
  Quantity,
  String,
#define X(name, spelling) Kw##name,
  TEXPR_KEYWORDS(X)
#undef X
#define X(name, spelling) name,
      TEXPR_PUNCTUATION(X)
#undef X
};

/// The text of a keyword or a punctuation; of the other kinds, what they are.
llvm::StringRef spelling(Tok kind);
inline bool isKeyword(Tok k) { return k >= Tok::KwFn && k <= Tok::KwFalse; }

struct Token {
  Tok kind = Tok::End;
  ScalarKind scalar = ScalarKind::F32; // of Tok::Scalar
  uint32_t begin = 0, end = 0;
};

/// All tokens of `file`, `End` last. A file that is not UTF-8 gives one error and no token.
std::vector<Token> lex(const SourceFiles &files, unsigned file, Diagnostics &diags);

/// What a string token means: without its quotes, escapes replaced.
std::string stringValue(llvm::StringRef token);

} // namespace texpr

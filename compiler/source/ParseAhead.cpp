// Questions about the tokens to come, for the few places where one token does not tell what begins.
//
// In: the parser's place. Out: an answer; nothing is read. Each answer looks at a bounded number of tokens, brackets
// skipped whole, so that parsing stays linear.
#include "compiler/source/ParserState.h"

using namespace texpr;

/// Whether the token `ahead` can begin an expression: a word before it is then no name.
bool Parser::startsExpr(size_t ahead) const {
  switch (peek(ahead).kind) {
  case Tok::Ident:
  case Tok::Scalar:
  case Tok::Int:
  case Tok::Float:
  case Tok::Quantity:
  case Tok::LParen:
  case Tok::LBracket:
  case Tok::LBrace:
  case Tok::Minus:
  case Tok::Bang:
  case Tok::Tilde:
    return true;
  case Tok::KwElse:
  case Tok::KwWhere:
    return false;
  default:
    return isKeyword(peek(ahead).kind);
  }
}

/// "<" ( ID | SCALAR ) % "," ">" "(" behind the current token
bool Parser::atTypeArgs() const {
  if (!at(Tok::Lt, 1))
    return false;
  size_t k = 2;
  while (true) {
    if (!atName(k) && !at(Tok::Scalar, k))
      return false;
    if (at(Tok::Gt, k + 1))
      return at(Tok::LParen, k + 2);
    if (!at(Tok::Comma, k + 1))
      return false;
    k += 2;
  }
}

/// `name { field: … }` with the body of an op behind it: a struct value.
bool Parser::atBareStruct() const {
  if (!atName() || !at(Tok::LBrace, 1) || !(atName(2) || isKeyword(peek(2).kind)) ||
      !at(Tok::Colon, 3))
    return false;
  const size_t behind = matching(pos + 1) - pos + 1;
  return at(Tok::LBrace, behind) || (atWord("commutative", behind) && at(Tok::LBrace, behind + 1));
}

/// Over extents, from `i` on, by the alternation of operands and operators; the position of the
/// `|` behind them, or 0. What is longer than the look-ahead is no domain: parsing stays linear.
size_t Parser::skipExtents(size_t i) const {
  constexpr unsigned lookAhead = 256;
  bool operand = true; // one must come
  for (unsigned n = 0; n < lookAhead && i < tokens.size(); ++n, ++i) {
    switch (tokens[i].kind) {
    case Tok::LParen:
    case Tok::LBracket:
    case Tok::LBrace:
      i = matching(i);
      operand = false;
      break;
    case Tok::Plus:
    case Tok::Star:
    case Tok::Slash:
    case Tok::Percent:
    case Tok::Comma:
    case Tok::Dot:
    case Tok::DotDot:
      if (operand)
        return 0;
      operand = true;
      break;
    case Tok::Minus:
    case Tok::Bang:
    case Tok::Tilde:
    case Tok::KwElse:
      operand = true;
      break;
    case Tok::Ident:
    case Tok::Scalar:
    case Tok::Int:
    case Tok::Float:
    case Tok::KwTrue:
    case Tok::KwFalse:
      if (!operand)
        return 0;
      operand = false;
      break;
    case Tok::Or:
      return operand ? 0 : i;
    default: // a form: to the end of its block
      if (!operand || !isKeyword(tokens[i].kind) || atDeclaration(i - pos))
        return 0;
      for (; n < lookAhead && tokens[i].kind != Tok::LBrace && tokens[i].kind != Tok::End; ++n)
        ++i;
      i = matching(i);
      operand = false;
    }
  }
  return 0;
}

/// extent % "," "|" ( ID | "_" ) % "," "|" and what may follow a domain
bool Parser::atDomain(size_t from) const {
  size_t bar = skipExtents(pos + from);
  if (bar == 0)
    return false;
  size_t k = bar - pos + 1;
  while (atName(k) || at(Tok::Underscore, k)) {
    if (at(Tok::Or, k + 1))
      return at(Tok::LBrace, k + 2) || at(Tok::At, k + 2);
    if (!at(Tok::Comma, k + 1))
      return false;
    k += 2;
  }
  return false;
}

/// `top` is a form only where `(…)` and a domain follow.
bool Parser::atTop() const {
  return atWord("top") && at(Tok::LParen, 1) && atDomain(matching(pos + 1) - pos + 1);
}

// Expressions: operators by precedence, access, primaries. The forms with a domain are in
// ParseForm.
//
// A chain of one precedence is a loop, and every operator adds to the height of the tree, which is
// limited. A chain of comparisons is an error outside facts. `-` before a number makes one literal
// of the two.
#include "compiler/source/ParserState.h"
#include "llvm/ADT/StringExtras.h"

using namespace texpr;

namespace {
struct Operator {
  BinaryOp op;
  unsigned precedence; // || 1, && 2, comparisons 3, | 4, ^ 5, & 6, shifts 7, sums 8, products 9
};
} // namespace

static std::optional<Operator> binaryOperator(Tok k) {
  switch (k) {
  case Tok::OrOr:
    return Operator{BinaryOp::Or, 1};
  case Tok::AndAnd:
    return Operator{BinaryOp::And, 2};
  case Tok::Lt:
    return Operator{BinaryOp::Lt, 3};
  case Tok::Le:
    return Operator{BinaryOp::Le, 3};
  case Tok::EqEq:
    return Operator{BinaryOp::Eq, 3};
  case Tok::Ne:
    return Operator{BinaryOp::Ne, 3};
  case Tok::Ge:
    return Operator{BinaryOp::Ge, 3};
  case Tok::Gt:
    return Operator{BinaryOp::Gt, 3};
  case Tok::Or:
    return Operator{BinaryOp::BitOr, 4};
  case Tok::Caret:
    return Operator{BinaryOp::BitXor, 5};
  case Tok::And:
    return Operator{BinaryOp::BitAnd, 6};
  case Tok::Shl:
    return Operator{BinaryOp::Shl, 7};
  case Tok::Shr:
    return Operator{BinaryOp::Shr, 7};
  case Tok::Plus:
    return Operator{BinaryOp::Add, 8};
  case Tok::Minus:
    return Operator{BinaryOp::Sub, 8};
  case Tok::Star:
    return Operator{BinaryOp::Mul, 9};
  case Tok::Slash:
    return Operator{BinaryOp::Div, 9};
  case Tok::Percent:
    return Operator{BinaryOp::Mod, 9};
  default:
    return std::nullopt;
  }
}

/// An expression that a block follows.
ExprPtr Parser::condition() {
  SetFor flag(noStruct, true);
  ExprPtr e = expr();
  while (!panic && (at(Tok::Eq) || atWord("and") || atWord("or"))) {
    const char *meant = at(Tok::Eq) ? "==" : atWord("and") ? "&&" : "||";
    report(here(), "`" + text(peek()).str() + "` has no meaning in a condition")
        .fix(here(), meant, std::string("write `") + meant + "`");
    advance();
    e = expr();
  }
  return e;
}

ExprPtr Parser::binary(unsigned minimum) {
  if (panic)
    return nullptr;
  Height scope(*this);
  return continueBinary(unary(), minimum);
}

ExprPtr Parser::continueBinary(ExprPtr lhs, unsigned minimum) {
  constexpr unsigned comparison = 3;
  bool compared = false; // `lhs` is a comparison that this loop made
  while (!panic && lhs) {
    std::optional<Operator> o = binaryOperator(peek().kind);
    if (!o || o->precedence < minimum)
      break;
    if (o->precedence == comparison && compared) {
      SourceRange middle = llvm::cast<BinaryExpr>(*lhs).rhs->range;
      report(here(), "comparisons do not chain here")
          .fix({file, begin(), begin()}, "&& " + files.text(middle).str() + " ", "compare twice");
    }
    auto e = std::make_unique<BinaryExpr>();
    uint32_t start = lhs->range.begin;
    e->op = o->op;
    e->opRange = range(advance());
    e->lhs = std::move(lhs);
    e->rhs = binary(o->precedence + 1);
    grow();
    lhs = finish(std::move(e), start);
    compared = o->precedence == comparison;
  }
  return lhs;
}

ExprPtr Parser::unary() {
  Nest nest(*this);
  if (panic)
    return nullptr;
  uint32_t start = begin();
  if (!at(Tok::Minus) && !at(Tok::Bang) && !at(Tok::Tilde))
    return continuePostfix(primary());
  Tok op = advance().kind;
  bool number = op == Tok::Minus && (at(Tok::Int) || at(Tok::Float));
  ExprPtr operand = unary();
  if (panic)
    return nullptr;
  if (auto *i = llvm::dyn_cast<IntLitExpr>(operand.get()); i && number) {
    if (i->magnitude > uint64_t(1) << 63)
      report(since(start), "the literal is too small: the least integer is -9223372036854775808");
    i->negative = true;
    return finish(std::move(operand), start);
  }
  if (auto *f = llvm::dyn_cast<FloatLitExpr>(operand.get()); f && number) {
    f->negative = true;
    f->text.insert(0, "-");
    return finish(std::move(operand), start);
  }
  auto e = std::make_unique<UnaryExpr>();
  e->op = op == Tok::Minus ? UnaryOp::Neg : op == Tok::Bang ? UnaryOp::Not : UnaryOp::BitNot;
  e->operand = std::move(operand);
  return finish(std::move(e), start);
}

// ---- access
// ----------------------------------------------------------------------------------------

/// index | [ sum ] ".." [ sum ]
IndexArg Parser::index() {
  IndexArg a;
  if (panic)
    return a;
  Height scope(*this);
  uint32_t start = begin();
  ExprPtr first;
  if (!at(Tok::DotDot))
    first = continueBinary(unary(), 8);
  if (!panic && at(Tok::DotDotEq)) {
    report(here(), "a slice does not include its end").note("write `lo..hi + 1`");
    panic = true;
  }
  if (!panic && accept(Tok::DotDot)) {
    a.isSlice = true;
    a.lo = std::move(first);
    if (!at(Tok::Comma) && !at(Tok::RBracket))
      a.hi = sum();
  } else {
    a.index = continueBinary(std::move(first), 1);
  }
  a.range = since(start);
  return a;
}

ExprPtr Parser::indexed(ExprPtr base) {
  uint32_t start = base->range.begin;
  auto e = std::make_unique<IndexExpr>();
  e->base = std::move(base);
  SourceRange open = range(advance());
  SetFor flag(noStruct, false);
  list(Tok::RBracket, [&] { e->indices.push_back(index()); });
  expectClose(Tok::RBracket, open);
  grow();
  return finish(std::move(e), start);
}

/// `.0`, `.name`, and `.name(…)` where `callsToo`
ExprPtr Parser::field(ExprPtr base, bool callsToo) {
  uint32_t start = base->range.begin;
  advance();
  Ident member;
  if (at(Tok::Int)) {
    Token t = advance();
    member = {text(t).str(), range(t)};
  } else {
    member = name("a field's name or a tuple part's number after `.`");
  }
  grow();
  if (panic)
    return nullptr;
  if (callsToo && at(Tok::LParen) && !llvm::isDigit(member.text.front())) {
    auto e = std::make_unique<MethodCallExpr>();
    e->base = std::move(base);
    e->method = std::move(member);
    SourceRange open = range(advance());
    SetFor flag(noStruct, false);
    list(Tok::RParen, [&] { e->args.push_back(expr()); });
    expectClose(Tok::RParen, open);
    return finish(std::move(e), start);
  }
  auto e = std::make_unique<FieldExpr>();
  e->base = std::move(base);
  e->name = std::move(member.text);
  e->nameRange = member.range;
  return finish(std::move(e), start);
}

ExprPtr Parser::elseAlternative(ExprPtr access) {
  uint32_t start = access->range.begin;
  advance();
  auto e = std::make_unique<ElseExpr>();
  e->access = std::move(access);
  bool fail = atWord("fail") && !at(Tok::LParen, 1) && !at(Tok::LBracket, 1) && !at(Tok::Dot, 1);
  if (fail)
    advance();
  else
    e->alternative = unary();
  grow();
  return finish(std::move(e), start);
}

ExprPtr Parser::continuePostfix(ExprPtr base) {
  while (!panic && base && (at(Tok::LBracket) || at(Tok::Dot)))
    base = at(Tok::Dot) ? field(std::move(base), true) : indexed(std::move(base));
  if (!panic && base && at(Tok::KwElse))
    base = elseAlternative(std::move(base));
  return panic ? nullptr : std::move(base);
}

/// ID { "[" index % "," "]" | "." ( ID | INT ) }
ExprPtr Parser::place() {
  if (panic)
    return nullptr;
  Height scope(*this);
  auto n = std::make_unique<NameExpr>();
  uint32_t start = begin();
  n->text = name("the name of a buffer").text;
  ExprPtr e = finish(std::move(n), start);
  while (!panic && e && (at(Tok::LBracket) || at(Tok::Dot)))
    e = at(Tok::Dot) ? field(std::move(e), false) : indexed(std::move(e));
  return e;
}

// ---- primaries
// -------------------------------------------------------------------------------------

ExprPtr Parser::primary() {
  switch (peek().kind) {
  case Tok::Int:
  case Tok::Float:
  case Tok::Quantity:
  case Tok::KwTrue:
  case Tok::KwFalse:
    return literal();
  case Tok::Scalar:
    return scalarPrimary();
  case Tok::Ident:
    return namePrimary();
  case Tok::LParen:
    return parenthesized();
  case Tok::LBracket: {
    uint32_t start = begin();
    auto e = std::make_unique<ListExpr>();
    SourceRange open = range(advance());
    SetFor flag(noStruct, false);
    list(Tok::RBracket, [&] { e->elements.push_back(expr()); });
    expectClose(Tok::RBracket, open);
    return finish(std::move(e), start);
  }
  case Tok::LBrace: {
    uint32_t start = begin();
    auto e = std::make_unique<BlockExpr>();
    e->block = block();
    return finish(std::move(e), start);
  }
  case Tok::KwIf:
    return ifExpr();
  case Tok::KwCompute:
    return compute();
  case Tok::KwReduce:
    return reduce();
  case Tok::KwScan:
    return scan();
  case Tok::KwScatter:
    return scatter();
  case Tok::KwFilter:
    return filter();
  case Tok::KwArgsort:
    return sort();
  case Tok::KwFor:
    return forExpr();
  case Tok::KwWhile:
    return whileExpr();
  default: {
    bool half = at(Tok::Dot) && at(Tok::Int, 1);
    auto entry = expected("an expression");
    if (half)
      entry.fix({file, begin(), begin()}, "0", "a float has digits on both sides of its point");
    return nullptr;
  }
  }
}

/// The value of an integer token; a quantity's digits.
uint64_t Parser::integer(const Token &t) {
  llvm::SmallString<32> digits;
  for (char c : text(t))
    if (c != '_')
      digits += c;
  llvm::StringRef s = digits;
  unsigned radix = 10;
  if (s.starts_with("0x") || s.starts_with("0b")) {
    radix = s[1] == 'x' ? 16 : 2;
    s = s.drop_front(2);
  }
  if (t.kind == Tok::Quantity)
    s = s.take_while(llvm::isDigit);
  uint64_t value = 0;
  if (s.getAsInteger(radix, value)) // a malformed one has its error at this range
    report(range(t), "the literal is too large: the greatest integer is 18446744073709551615");
  return value;
}

ExprPtr Parser::literal() {
  Token t = advance();
  switch (t.kind) {
  case Tok::Int: {
    auto e = std::make_unique<IntLitExpr>();
    e->magnitude = integer(t);
    return finish(std::move(e), t.begin);
  }
  case Tok::Float: {
    auto e = std::make_unique<FloatLitExpr>();
    for (char c : text(t))
      if (c != '_')
        e->text += c;
    return finish(std::move(e), t.begin);
  }
  case Tok::Quantity: {
    auto e = std::make_unique<QuantityLitExpr>();
    e->amount = integer(t);
    e->unit = text(t).drop_while([](char c) { return llvm::isDigit(c) || c == '_'; }).str();
    if (!inEnsure)
      report(range(t),
             "a quantity such as `" + text(t).take_front(40).str() + "` stands in `ensure` only");
    return finish(std::move(e), t.begin);
  }
  default: {
    auto e = std::make_unique<BoolLitExpr>();
    e->value = t.kind == Tok::KwTrue;
    return finish(std::move(e), t.begin);
  }
  }
}

ExprPtr Parser::scalarPrimary() {
  if (at(Tok::LParen, 1) || atTypeArgs())
    return call();
  Token t = peek();
  if (!at(Tok::Dot, 1)) {
    report(range(t), "`" + text(t).str() + "` is a type, not a value")
        .note("a conversion is `" + text(t).str() + "(x)`, a constant `" + text(t).str() + ".max`");
    panic = true;
    return nullptr;
  }
  advance();
  advance();
  auto e = std::make_unique<ScalarConstExpr>();
  e->scalar = t.scalar;
  e->member = name("a constant of the type, such as `max`");
  return finish(std::move(e), t.begin);
}

ExprPtr Parser::namePrimary() {
  if (atTop())
    return sort();
  if (at(Tok::LParen, 1) || atTypeArgs())
    return call();
  bool field = (atName(2) || isKeyword(peek(2).kind)) && at(Tok::Colon, 3);
  if (at(Tok::LBrace, 1) && !noStruct && field)
    return structValue();
  auto e = std::make_unique<NameExpr>();
  Token t = advance();
  e->text = text(t).str();
  return finish(std::move(e), t.begin);
}

ExprPtr Parser::call() {
  auto e = std::make_unique<CallExpr>();
  Token callee = advance();
  e->callee = {text(callee).str(), range(callee)};
  if (accept(Tok::Lt)) {
    list(Tok::Gt, [&] {
      Token t = advance();
      CallExpr::TypeArg arg{{text(t).str(), range(t)}, std::nullopt};
      if (t.kind == Tok::Scalar)
        arg.scalar = t.scalar;
      e->typeArgs.push_back(std::move(arg));
    });
    advance();
  }
  SourceRange open = range(advance());
  SetFor flag(noStruct, false);
  if (!at(Tok::RParen))
    list(Tok::RParen, [&] { e->args.push_back(expr()); });
  expectClose(Tok::RParen, open);
  return finish(std::move(e), callee.begin);
}

ExprPtr Parser::structValue() {
  auto e = std::make_unique<StructExpr>();
  uint32_t start = begin();
  e->name = name("a struct's name");
  SourceRange open = range(advance());
  SetFor quantities(inEnsure, false);
  list(Tok::RBrace, [&] {
    Ident field = name("a field's name");
    expect(Tok::Colon, "and the field's value");
    ExprPtr value = expr();
    e->fields.emplace_back(std::move(field), std::move(value));
  });
  expectClose(Tok::RBrace, open);
  return finish(std::move(e), start);
}

/// One expression in parentheses is itself, with a wider range; several are a tuple.
ExprPtr Parser::parenthesized() {
  uint32_t start = begin();
  SourceRange open = range(advance());
  SetFor flag(noStruct, false);
  std::vector<ExprPtr> parts;
  list(Tok::RParen, [&] { parts.push_back(expr()); });
  expectClose(Tok::RParen, open);
  if (panic)
    return nullptr;
  if (parts.size() == 1)
    return finish(std::move(parts.front()), start);
  auto e = std::make_unique<TupleExpr>();
  e->parts = std::move(parts);
  return finish(std::move(e), start);
}

ExprPtr Parser::ifExpr() {
  std::unique_ptr<IfStmt> chain = ifChain();
  if (panic)
    return nullptr;
  const IfStmt *last = chain.get();
  while (last->elseIf)
    last = last->elseIf.get();
  if (last->elseBlock)
    return toExpr(std::move(chain));
  if (at(Tok::End)) {
    expected("`else`");
    return nullptr;
  }
  report({file, chain->range.begin, chain->range.begin + 2},
         "an `if` that is a value needs an `else`");
  panic = !at(Tok::Semi) && !at(Tok::Comma) && !at(Tok::RParen) && !at(Tok::RBrace);
  return toExpr(std::move(chain));
}

// ---- the bound of `while`
// --------------------------------------------------------------------------

/// Sums and products of INT, ID and parentheses, so that a block may follow.
ExprPtr Parser::bound(unsigned minimum) {
  if (panic)
    return nullptr;
  Height scope(*this);
  ExprPtr lhs = boundTerm();
  while (!panic && lhs) {
    std::optional<Operator> o = binaryOperator(peek().kind);
    if (!o || o->precedence < std::max(minimum, 8u) || o->op == BinaryOp::Mod)
      break;
    auto e = std::make_unique<BinaryExpr>();
    uint32_t start = lhs->range.begin;
    e->op = o->op;
    e->opRange = range(advance());
    e->lhs = std::move(lhs);
    e->rhs = bound(o->precedence + 1);
    grow();
    lhs = finish(std::move(e), start);
  }
  return lhs;
}

ExprPtr Parser::boundTerm() {
  if (at(Tok::Int))
    return literal();
  if (at(Tok::LParen)) {
    Nest nest(*this);
    uint32_t start = begin();
    SourceRange open = range(advance());
    SetFor flag(noStruct, false);
    ExprPtr e = expr();
    expectClose(Tok::RParen, open);
    return panic ? nullptr : finish(std::move(e), start);
  }
  auto n = std::make_unique<NameExpr>();
  uint32_t start = begin();
  n->text = name("a bound: an integer, a name or an expression in parentheses").text;
  return finish(std::move(n), start);
}

// The forms with a domain (compute, reduce, scan, scatter, filter, argsort, top, for, while), and asm.
//
// In: the tokens from the form's word on. Out: its node, with the range of all its text; null after an error. One function a
// rule of docs/grammar.ebnf, named as the rule; a domain ends at its `|`, so its bounds are sums, and what stands before a
// block (`where`, the condition of `while`) takes no struct value. Nothing is known of names or types here.
#include "compiler/source/ParserState.h"

using namespace texpr;

// ---- domains
// ---------------------------------------------------------------------------------------

/// sum [ ".." sum ]
Axis Parser::axis() {
  Axis a;
  uint32_t start = begin();
  a.hi = sum();
  if (!panic && at(Tok::DotDotEq)) {
    report(here(), "a domain does not include its end").fix(here(), "..", "write `lo..hi + 1`");
    panic = true;
  }
  if (!panic && accept(Tok::DotDot)) {
    a.lo = std::move(a.hi);
    a.hi = sum();
  }
  a.range = since(start);
  return a;
}

std::unique_ptr<Decl> Parser::binder() {
  if (at(Tok::Underscore)) {
    Token t = advance();
    return decl(Decl::Kind::Binder, {"_", range(t)});
  }
  return decl(Decl::Kind::Binder, name("an index's name"));
}

void Parser::binders(Binders &out) {
  if (panic)
    return;
  if (!at(Tok::Or)) {
    auto e = expected("`|` and the names of the indices");
    e.note(
        "a domain is written `m, n |i, j|`; an operator weaker than `+` needs parentheses there");
    return;
  }
  SourceRange open = range(advance());
  list(Tok::Or, [&] { out.push_back(binder()); });
  expectClose(Tok::Or, open);
}

void Parser::domain(std::vector<Axis> &axes, Binders &out) {
  if (panic)
    return;
  SetFor flag(noStruct, false);
  do
    axes.push_back(axis());
  while (!panic && accept(Tok::Comma));
  binders(out);
}

CombineOp Parser::combineOp() {
  CombineOp op;
  if (at(Tok::Plus) || at(Tok::Star)) {
    Token t = advance();
    op.name = {text(t).str(), range(t)};
  } else {
    op.name = name("`+`, `*`, `min`, `max`, `and`, `or`, `xor` or the name of an op");
  }
  return op;
}

// ---- values over a domain
// --------------------------------------------------------------------------

ExprPtr Parser::compute() {
  auto e = std::make_unique<ComputeExpr>();
  uint32_t start = begin();
  advance();
  domain(e->domain, e->binders);
  e->attrs = attrs();
  e->body = block();
  return finish(std::move(e), start);
}

ExprPtr Parser::reduce() {
  auto e = std::make_unique<ReduceExpr>();
  uint32_t start = begin();
  advance();
  expect(Tok::LParen, "and the operator, as in `reduce(+)`");
  if (!panic)
    e->op = combineOp();
  expect(Tok::RParen, "after the operator");
  domain(e->domain, e->binders);
  if (!panic && accept(Tok::KwWhere))
    e->where = condition();
  e->attrs = attrs();
  e->body = block();
  return finish(std::move(e), start);
}

ExprPtr Parser::scan() {
  auto e = std::make_unique<ScanExpr>();
  uint32_t start = begin();
  advance();
  expect(Tok::LParen, "and the operator, as in `scan(+)`");
  if (!panic)
    e->op = combineOp();
  while (!panic && accept(Tok::Comma)) {
    if (acceptWord("exclusive"))
      e->exclusive = true;
    else if (acceptWord("rev"))
      e->reverse = true;
    else
      expected("`exclusive` or `rev`");
  }
  expect(Tok::RParen, "after the operator");
  domain(e->domain, e->binders);
  e->attrs = attrs();
  e->body = block();
  return finish(std::move(e), start);
}

ExprPtr Parser::scatter() {
  auto e = std::make_unique<ScatterExpr>();
  uint32_t start = begin();
  advance();
  if (accept(Tok::LParen)) {
    e->op = combineOp();
    expect(Tok::RParen, "after the operator");
  }
  SourceRange open = here();
  expect(Tok::LBracket, "and the shape of the result, as in `scatter(+) [n] over …`");
  if (!panic) {
    SetFor flag(noStruct, false);
    list(Tok::RBracket, [&] { e->extents.push_back(sum()); });
  }
  expectClose(Tok::RBracket, open);
  if (!panic && acceptWord("from"))
    e->from = unary();
  expectWord("over", "and the domain");
  domain(e->domain, e->binders);
  if (!panic && accept(Tok::KwWhere))
    e->where = condition();
  e->attrs = attrs();
  putBlock(*e);
  return finish(std::move(e), start);
}

ExprPtr Parser::filter() {
  auto e = std::make_unique<FilterExpr>();
  uint32_t start = begin();
  advance();
  domain(e->domain, e->binders);
  expect(Tok::KwWhere, "and the condition for keeping an element");
  if (!panic)
    e->where = condition();
  e->attrs = attrs();
  e->body = block();
  return finish(std::move(e), start);
}

/// argsort …, top(k) …
ExprPtr Parser::sort() {
  auto e = std::make_unique<SortExpr>();
  uint32_t start = begin();
  if (advance().kind == Tok::Ident) {
    SourceRange open = range(advance());
    SetFor flag(noStruct, false);
    e->top = expr();
    expectClose(Tok::RParen, open);
  }
  domain(e->domain, e->binders);
  e->attrs = attrs();
  e->body = block();
  return finish(std::move(e), start);
}

// ---- loops with state
// ------------------------------------------------------------------------------

std::vector<Carried> Parser::carried(const char *what) {
  std::vector<Carried> all;
  if (panic)
    return all;
  if (!atWord("with")) {
    auto e = expected("`with` and the state that the loop carries");
    e.note(std::string("a `") + what +
           "` is a value: `with (u = start)` and a block that ends with the next `u`; for effects "
           "on buffers "
           "there are `seq` and `par`");
    return all;
  }
  advance();
  SourceRange open = here();
  expect(Tok::LParen, "and the names that the loop carries, as in `with (u = 0)`");
  SetFor flag(noStruct, false);
  if (!panic)
    list(Tok::RParen, [&] {
      Carried c;
      c.decl = decl(Decl::Kind::Carried, name("a name that the loop carries"));
      if (!panic && accept(Tok::Colon))
        c.declared = rtype();
      expect(Tok::Eq, "and the value at the start");
      c.init = expr();
      all.push_back(std::move(c));
    });
  expectClose(Tok::RParen, open);
  return all;
}

ExprPtr Parser::forExpr() {
  auto e = std::make_unique<ForExpr>();
  uint32_t start = begin();
  advance();
  e->binder = binder();
  expectWord("in", "and the range of the index, as in `for t in 0..n`");
  if (!panic)
    e->axis = axis();
  if (!panic)
    e->reverse = acceptWord("rev");
  e->carried = carried("for");
  e->attrs = attrs();
  e->step = step("for");
  return finish(std::move(e), start);
}

ExprPtr Parser::whileExpr() {
  auto e = std::make_unique<WhileExpr>();
  uint32_t start = begin();
  advance();
  e->cond = condition();
  e->carried = carried("while");
  expectWord("max", "and the greatest number of iterations");
  e->bound = bound(8);
  if (!panic && accept(Tok::KwElse)) {
    expectWord("fail", "after `else`");
    e->elseFail = true;
  }
  e->attrs = attrs();
  e->step = step("while");
  return finish(std::move(e), start);
}

// ---- asm
// -------------------------------------------------------------------------------------------

bool Parser::atAsm() const {
  return atWord("asm") && (at(Tok::At, 1) || (at(Tok::LParen, 1) && at(Tok::String, 2)));
}

std::unique_ptr<AsmExpr> Parser::asmExpr() {
  Nest nest(*this);
  auto a = std::make_unique<AsmExpr>();
  if (panic)
    return a;
  uint32_t start = begin();
  advance();
  if (accept(Tok::At))
    a->arch = name("an architecture after `@`");
  SourceRange open = here();
  expect(Tok::LParen, "and the text of the instruction");
  if (!panic && at(Tok::String))
    a->text = stringValue(text(advance()));
  else
    expected("the text of the instruction, in quotes");
  SetFor flag(noStruct, false);
  while (!panic && accept(Tok::Comma))
    a->operands.push_back(asmOperand());
  expectClose(Tok::RParen, open);
  if (!panic && acceptWord("means"))
    a->means = block();
  if (!panic && accept(Tok::KwElse)) {
    if (atWord("asm"))
      a->elseAsm = asmExpr();
    else
      a->elseBlock = block();
  }
  return finish(std::move(a), start);
}

AsmOperand Parser::asmOperand() {
  AsmOperand o;
  uint32_t start = begin();
  asmOperandBody(o);
  o.range = since(start);
  return o;
}

void Parser::asmOperandBody(AsmOperand &o) {
  auto word = [&](const char *w) {
    o.word = w;
    advance();
  };
  if ((atWord("reads") || atWord("writes")) && atName(1)) {
    word(atWord("reads") ? "reads" : "writes");
    o.value = place();
    return;
  }
  if (atWord("contiguous") && at(Tok::Int, 1)) {
    word("contiguous");
    o.contiguous = integer(advance());
    if (atWord("align")) {
      advance();
      if (at(Tok::Int))
        o.align = integer(advance());
      else
        expected("an integer after `align`");
    }
    return;
  }
  if (atWord("async") && atName(1)) {
    word("async");
    o.group = name("the name of an async group");
    return;
  }
  if (atWord("cost") && at(Tok::LParen, 1) && at(Tok::Eq, 3)) {
    word("cost");
    SourceRange open = range(advance());
    list(Tok::RParen, [&] {
      Ident key = name("what is counted, such as `flops`");
      expect(Tok::Eq, "and the count");
      ExprPtr value = expr();
      o.cost.emplace_back(std::move(key), std::move(value));
    });
    expectClose(Tok::RParen, open);
    return;
  }
  for (const char *w : {"out", "inout", "imm", "pred"})
    if (atWord(w) && startsExpr(1)) {
      word(w);
      break;
    }
  o.value = expr();
}

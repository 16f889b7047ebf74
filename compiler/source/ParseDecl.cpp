// Declarations, types, facts and attributes: everything outside a body.
//
// A function whose head is wrong still has its body read, for the errors in it, and is then
// dropped.
#include "compiler/source/ParserState.h"

using namespace texpr;

std::unique_ptr<Program> Parser::program() {
  auto program = std::make_unique<Program>();
  if (at(Tok::End) && !diags.hasErrors())
    report(here(), "the file defines no function").note("a function begins with `fn`");
  while (!at(Tok::End) && !diags.isFull()) {
    if (at(Tok::KwUse)) {
      program->uses.push_back(useDecl());
    } else if (at(Tok::KwStruct)) {
      if (auto d = structDecl())
        program->structs.push_back(std::move(d));
    } else if (at(Tok::KwOp)) {
      if (auto d = opDecl())
        program->ops.push_back(std::move(d));
    } else if (atDeclaration()) {
      if (auto d = fnDecl())
        program->fns.push_back(std::move(d));
    } else if (at(Tok::RBrace)) {
      report(here(), "this `}` closes nothing");
      advance();
    } else {
      expected("`fn`, `op`, `struct` or `use`");
    }
    if (panic)
      skipToDeclaration();
    panic = gaveUp;
  }
  return program;
}

UseDecl Parser::useDecl() {
  uint32_t start = begin();
  advance();
  UseDecl use;
  if (at(Tok::String))
    use.path = stringValue(text(advance()));
  else
    expected("a path in quotes after `use`");
  expectSemi("the path");
  use.range = since(start);
  return use;
}

std::unique_ptr<StructDecl> Parser::structDecl() {
  uint32_t start = begin();
  advance();
  auto s = std::make_unique<StructDecl>();
  s->name = name("the struct's name");
  SourceRange open = here();
  expect(Tok::LBrace, "and the fields of the struct");
  if (!panic)
    list(Tok::RBrace, [&] {
      Ident field = name("a field's name");
      expect(Tok::Colon, "and the field's type");
      TypeExpr t = type();
      s->fields.emplace_back(std::move(field), std::move(t));
    });
  expectClose(Tok::RBrace, open);
  if (panic)
    return nullptr;
  return finish(std::move(s), start);
}

std::vector<TypeParam> Parser::typeParams() {
  std::vector<TypeParam> params;
  if (panic || !at(Tok::Lt))
    return params;
  SourceRange open = range(advance());
  list(Tok::Gt, [&] {
    TypeParam p;
    p.name = name("a type parameter's name");
    expect(Tok::Colon, "and its kind: `float`, `int`, `number` or `scalar`");
    p.bound = name("`float`, `int`, `number` or `scalar`");
    params.push_back(std::move(p));
  });
  expectClose(Tok::Gt, open);
  return params;
}

std::unique_ptr<OpDecl> Parser::opDecl() {
  uint32_t start = begin();
  advance();
  auto op = std::make_unique<OpDecl>();
  if (at(Tok::Plus) || at(Tok::Minus) || at(Tok::Star) || at(Tok::Slash)) {
    Token t = advance();
    op->name = {text(t).str(), range(t)};
  } else {
    op->name = name("the op's name, or `+`, `-`, `*`, `/`");
  }
  op->typeParams = typeParams();
  expect(Tok::LParen, "and the op's two operands");
  op->lhs = param();
  expect(Tok::Comma, "and the second operand: an op takes two");
  op->rhs = param();
  expect(Tok::RParen, "after the op's two operands");
  expect(Tok::Arrow, "and the op's result");
  uint32_t resultBegin = begin();
  if (!panic)
    op->result.type = type();
  op->result.type.range = since(resultBegin);
  if (!panic && acceptWord("identity")) {
    const bool isBare = atBareStruct();
    SetFor flag(noStruct, !isBare);
    op->identity = expr();
    if (isBare && !panic)
      report(op->identity->range, "a struct value in front of a block stands in parentheses")
          .fix(op->identity->range, "(" + files.text(op->identity->range).str() + ")",
               "else its `{` would begin the body of the op");
  }
  if (!panic)
    op->commutative = acceptWord("commutative");
  op->body = block();
  if (panic)
    return nullptr;
  return finish(std::move(op), start);
}

std::unique_ptr<FnDecl> Parser::fnDecl() {
  uint32_t start = begin();
  auto fn = std::make_unique<FnDecl>();
  fnHead(*fn);
  bool whole = !panic;
  if (panic && !gaveUp) { // on to the body
    while (!at(Tok::End) && !at(Tok::LBrace) && !atDeclaration())
      advance();
    if (!at(Tok::LBrace))
      return nullptr;
    panic = false;
  }
  fn->body = block();
  if (panic || !whole)
    return nullptr;
  return finish(std::move(fn), start);
}

void Parser::fnHead(FnDecl &fn) {
  fn.isLocal = acceptWord("local");
  advance();
  fn.name = name("the function's name");
  fn.typeParams = typeParams();
  SourceRange open = here();
  expect(Tok::LParen, "and the parameters of the function");
  if (!panic && !at(Tok::RParen))
    list(Tok::RParen, [&] { fn.params.push_back(param()); });
  expectClose(Tok::RParen, open);
  if (panic)
    return;
  SetFor flag(noStruct, true);
  if (accept(Tok::Arrow))
    fn.results = results();
  fn.attrs = attrs();
  if (!panic && accept(Tok::KwWhere))
    fn.where = facts();
  if (!panic && accept(Tok::KwEnsure)) {
    SetFor quantities(inEnsure, true);
    fn.ensures = facts();
  }
  if (panic || at(Tok::LBrace))
    return;
  auto e = expected("`{` and the body of the function");
  if (fn.results.empty() && at(Tok::Scalar))
    e.fix(afterPrevious(), " ->", "a result follows `->`");
  if (fn.results.empty() && at(Tok::Colon))
    e.fix(here(), " ->", "a result follows `->`");
}

Param Parser::param() {
  Param p;
  if (panic)
    return p;
  if (atWord("inout") && (atName(1) || isKeyword(peek(1).kind))) {
    p.isInout = true;
    advance();
  }
  p.decl = decl(Decl::Kind::Param, name("a parameter's name"));
  expect(Tok::Colon, "and the parameter's type");
  p.declared = rtype();
  return p;
}

std::vector<ResultDecl> Parser::results() {
  std::vector<ResultDecl> results;
  auto one = [&](bool named) {
    ResultDecl r;
    if (named) {
      r.name = name("a result's name");
      expect(Tok::Colon, "and the result's type");
    }
    r.declared = rtype();
    results.push_back(std::move(r));
  };
  bool named = at(Tok::LParen) && (atName(1) || isKeyword(peek(1).kind)) && at(Tok::Colon, 2);
  if (!named) {
    one(false);
    return results;
  }
  SourceRange open = range(advance());
  SetFor flag(noStruct, false);
  list(Tok::RParen, [&] { one(true); });
  expectClose(Tok::RParen, open);
  return results;
}

// ---- types
// -----------------------------------------------------------------------------------------

RType Parser::rtype() {
  RType r;
  if (panic)
    return r;
  r.type = type();
  if (panic)
    return r;
  if (acceptWord("perm"))
    r.perm = true;
  else if (acceptWord("in"))
    r.set = set();
  return r;
}

TypeExpr Parser::type() {
  TypeExpr t;
  if (panic)
    return t;
  Nest nest(*this);
  uint32_t start = begin();
  if (at(Tok::Scalar)) {
    t.kind = TypeExpr::Kind::Scalar;
    t.scalar = advance().scalar;
  } else if (at(Tok::LParen)) {
    t.kind = TypeExpr::Kind::Tuple;
    SourceRange open = range(advance());
    list(Tok::RParen, [&] { t.parts.push_back(type()); });
    expectClose(Tok::RParen, open);
    if (t.parts.size() == 1 && !panic)
      report(since(start), "a tuple has at least two parts")
          .note("write the type without parentheses");
  } else if (atName()) {
    t.kind = TypeExpr::Kind::Named;
    t.name = name("a type");
  } else {
    expected("a type");
  }
  if (!panic && at(Tok::LBracket)) {
    SourceRange open = range(advance());
    SetFor flag(noStruct, false);
    t.hasShape = true;
    list(Tok::RBracket, [&] { t.shape.push_back(sum()); });
    expectClose(Tok::RBracket, open);
  }
  t.range = since(start);
  return t;
}

std::vector<Span> Parser::set() {
  std::vector<Span> spans;
  do {
    Span s;
    s.lo = sum();
    if (!panic && (at(Tok::DotDot) || at(Tok::DotDotEq))) {
      s.inclusive = advance().kind == Tok::DotDotEq;
      s.hi = sum();
    }
    spans.push_back(std::move(s));
  } while (!panic && acceptWord("or"));
  return spans;
}

Attrs Parser::attrs() {
  Attrs attrs;
  while (!panic && at(Tok::At)) {
    uint32_t start = begin();
    advance();
    Attr a;
    a.name = name("an attribute's name after `@`");
    if (!panic && at(Tok::LParen)) {
      SourceRange open = range(advance());
      SetFor flag(noStruct, false);
      list(Tok::RParen, [&] {
        AttrArg arg;
        if (atName() && at(Tok::Eq, 1)) {
          arg.key = name("a name");
          advance();
        }
        arg.value = expr();
        a.args.push_back(std::move(arg));
      });
      expectClose(Tok::RParen, open);
    }
    a.range = since(start);
    attrs.push_back(std::move(a));
  }
  return attrs;
}

// ---- facts
// -----------------------------------------------------------------------------------------

std::vector<Fact> Parser::facts() {
  std::vector<Fact> facts;
  list(Tok::LBrace, [&] { facts.push_back(fact()); });
  return facts;
}

bool Parser::atAll() const { return atWord("all") && atDomain(1); }

static std::optional<BinaryOp> relation(Tok k) {
  switch (k) {
  case Tok::Lt:
    return BinaryOp::Lt;
  case Tok::Le:
    return BinaryOp::Le;
  case Tok::EqEq:
    return BinaryOp::Eq;
  case Tok::Ne:
    return BinaryOp::Ne;
  case Tok::Ge:
    return BinaryOp::Ge;
  case Tok::Gt:
    return BinaryOp::Gt;
  default:
    return std::nullopt;
  }
}

/// bits { REL bits }
void Parser::relations(std::vector<ExprPtr> &chain, std::vector<BinaryOp> &rels) {
  chain.push_back(bits());
  while (!panic) {
    std::optional<BinaryOp> rel = relation(peek().kind);
    if (at(Tok::Eq)) {
      report(here(), "a relation is written `==`").fix(here(), "==", "write `==`");
      rel = BinaryOp::Eq;
    }
    if (!rel)
      return;
    advance();
    rels.push_back(*rel);
    chain.push_back(bits());
  }
}

Fact Parser::fact() {
  Fact f;
  if (panic)
    return f;
  Nest nest(*this);
  uint32_t start = begin();
  if (atAll()) {
    advance();
    f.isAll = true;
    domain(f.domain, f.binders);
    SourceRange open = here();
    SetFor flag(noStruct, false), quantities(inEnsure, false);
    expect(Tok::LBrace, "and the relations that hold for every element");
    do
      f.each.push_back(each());
    while (!panic && accept(Tok::AndAnd));
    if (!panic && !accept(Tok::RBrace))
      expected("`&&` or `}`").note(open, "opened here");
  } else {
    relations(f.chain, f.rels);
    if (!panic && at(Tok::AndAnd)) {
      report(here(), "facts are separated by `,`").fix(here(), ",", "write `,`");
      panic = true;
    }
    if (!panic && atWord("at") && at(Tok::LParen, 1)) {
      advance();
      SourceRange open = range(advance());
      SetFor flag(noStruct, false);
      list(Tok::RParen, [&] {
        Ident dim = name("a dim's name");
        expect(Tok::Eq, "and the dim's value");
        ExprPtr value = expr();
        f.at.emplace_back(std::move(dim), std::move(value));
      });
      expectClose(Tok::RParen, open);
    }
  }
  f.range = since(start);
  return f;
}

Fact::Each Parser::each() {
  Fact::Each e;
  if (panic)
    return e;
  relations(e.chain, e.rels);
  if (panic)
    return e;
  if (e.rels.empty() && acceptWord("in"))
    e.set = set();
  else if (e.rels.empty())
    expected("a relation such as `<`, or `in` and a range");
  return e;
}

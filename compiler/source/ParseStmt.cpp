// Blocks and statements.
//
// A statement that begins like an expression is parsed as one; what follows tells what it is: an
// assignment to a place, a call, or the value of the block. An `if` is a statement unless it is the
// last thing of its block and its branches have values; `if … { a } else { b } + 1` goes on as an
// expression.
#include "compiler/source/ParserState.h"

using namespace texpr;

BlockPtr Parser::block() {
  auto b = std::make_unique<Block>();
  uint32_t start = begin();
  SourceRange open = here();
  if (!expect(Tok::LBrace, "and a block"))
    return b;
  SetFor flag(noStruct, false), quantities(inEnsure, false);
  items(Body::Block, b->stmts, b->value);
  if (!gaveUp && !accept(Tok::RBrace)) {
    expected("`}`").note(open, "the block that begins here is not closed");
  }
  return finish(std::move(b), start);
}

/// { stmt } [ expr ], up to what closes the block; a broken statement is dropped.
void Parser::items(Body body, std::vector<StmtPtr> &stmts, ExprPtr &value) {
  while (!at(Tok::RBrace) && !at(Tok::End) && !atDeclaration() && !diags.isFull()) {
    if (body == Body::Put && atPutClause())
      return;
    if (at(Tok::Semi)) {
      report(here(), "this `;` ends nothing").fix(here(), "", "remove the `;`");
      advance();
      continue;
    }
    size_t start = pos;
    StmtPtr s = stmt(body, value);
    if (!panic) {
      if (s)
        stmts.push_back(std::move(s));
      if (value)
        return;
      continue;
    }
    value = nullptr;
    if (gaveUp)
      return;
    skipStatement();
    if (pos == start && !at(Tok::RBrace) && !atDeclaration())
      advance();
    panic = false;
  }
}

StmtPtr Parser::stmt(Body body, ExprPtr &value) {
  Nest nest(*this);
  if (panic)
    return nullptr;
  switch (peek().kind) {
  case Tok::KwLet:
    return letStmt();
  case Tok::KwPar:
    return parStmt();
  case Tok::KwSeq:
    return seqStmt();
  case Tok::KwIf:
    return ifStmt(body, value);
  case Tok::Ident:
    if (StmtPtr s = wordStmt())
      return s;
    return panic ? nullptr : exprStmt(body, value);
  default:
    return exprStmt(body, value);
  }
}

/// The statements that begin with a word which elsewhere is a name; null without panic: none of
/// them.
StmtPtr Parser::wordStmt() {
  uint32_t start = begin();
  bool placed = (atWord("reg") || atWord("shared")) && atName(1) && at(Tok::Colon, 2);
  if (at(Tok::Colon, 1) || placed)
    return bufferStmt();
  if (assignOp(1))
    return nullptr;
  if (atWord("atomic") && atName(1))
    return atomicStmt();
  if (atWord("fully") && at(Tok::KwPar, 1))
    return parStmt();
  if (atWord("barrier") && at(Tok::Semi, 1)) {
    advance();
    expectSemi("`barrier`");
    return finish(std::make_unique<BarrierStmt>(), start);
  }
  if (atWord("wait") && atName(1)) {
    advance();
    auto w = std::make_unique<WaitStmt>();
    w->group = name("the name of an async group");
    expect(Tok::Comma, "and the number of groups that may still be pending");
    if (!panic && at(Tok::Int))
      w->pending = integer(advance());
    else
      expected("the number of groups that may still be pending");
    expectSemi("`wait`");
    return finish(std::move(w), start);
  }
  if (atAsm()) {
    auto a = std::make_unique<AsmStmt>();
    a->asmExpr = asmExpr();
    expectSemi("`asm`");
    return finish(std::move(a), start);
  }
  // a name after all: `assume()`, `assume[0]`, and `assume(x)` as the value of the block
  bool call =
      at(Tok::LParen, 1) && (at(Tok::RParen, 2) || at(Tok::RBrace, matching(pos + 1) - pos + 1));
  if (!startsExpr(1) || at(Tok::LBracket, 1) || call)
    return nullptr;
  if (atWord("assume"))
    return assumeStmt();
  if (atWord("return")) {
    report(here(),
           "there is no `return`: the last expression of a block, without `;`, is its value");
    panic = true;
  }
  return nullptr;
}

// ---- let, buffers, assignments
// ---------------------------------------------------------------------

Pattern Parser::pattern() {
  Pattern p;
  if (panic)
    return p;
  Nest nest(*this);
  uint32_t start = begin();
  if (accept(Tok::Underscore)) {
    p.range = since(start);
    return p;
  }
  if (at(Tok::LParen)) {
    SourceRange open = range(advance());
    p.isTuple = true;
    list(Tok::RParen, [&] { p.parts.push_back(pattern()); });
    expectClose(Tok::RParen, open);
  } else {
    p.decl = decl(Decl::Kind::Let, name("a name, `_` or a list of names in parentheses"));
  }
  p.range = since(start);
  return p;
}

StmtPtr Parser::letStmt() {
  uint32_t start = begin();
  advance();
  if (atWord("mut") && (atName(1) || at(Tok::Underscore, 1))) {
    report(here(), "a `let` never changes")
        .note("what changes is a buffer, `x: f32 = 0;`, or a carried name of `for … with`");
    panic = true;
    return nullptr;
  }
  Pattern p = pattern();
  std::optional<RType> declared;
  if (!panic && accept(Tok::Colon))
    declared = rtype();
  if (!panic && at(Tok::Semi) && declared && p.decl) {
    SourceRange let{file, start, start + 3};
    report(here(), "a `let` needs a value").fix(let, "", "without `let` it declares a buffer");
    panic = true;
  }
  expect(Tok::Eq, "and the value of the `let`");
  if (!panic && !declared && p.decl && atWord("atomic") && atName(1))
    return oldAtomic(start, std::move(p));
  auto s = std::make_unique<LetStmt>();
  s->pattern = std::move(p);
  s->declared = std::move(declared);
  if (!panic)
    s->init = expr();
  expectSemi("the value of the `let`");
  return finish(std::move(s), start);
}

/// `let old = atomic place op= e;`
StmtPtr Parser::oldAtomic(uint32_t begin, Pattern pattern) {
  auto s = std::make_unique<AssignStmt>();
  s->old = std::move(pattern.decl);
  s->atomic = true;
  advance();
  s->place = place();
  assignment(*s);
  return finish(std::move(s), begin);
}

StmtPtr Parser::atomicStmt() {
  uint32_t start = begin();
  advance();
  auto s = std::make_unique<AssignStmt>();
  s->atomic = true;
  s->place = place();
  assignment(*s);
  return finish(std::move(s), start);
}

StmtPtr Parser::bufferStmt() {
  uint32_t start = begin();
  auto s = std::make_unique<BufferStmt>();
  if (at(Tok::Colon, 1))
    s->placement = Placement::Open;
  else
    s->placement = text(advance()) == "reg" ? Placement::Reg : Placement::Shared;
  s->decl = decl(Decl::Kind::Buffer, name("the buffer's name"));
  expect(Tok::Colon, "and the buffer's type");
  s->declared = rtype();
  s->attrs = attrs();
  if (!panic && accept(Tok::Eq))
    s->init = expr();
  expectSemi("the declaration of a buffer");
  return finish(std::move(s), start);
}

std::optional<AssignOp> Parser::assignOp(size_t ahead) const {
  switch (peek(ahead).kind) {
  case Tok::Eq:
    return AssignOp::Set;
  case Tok::PlusEq:
    return AssignOp::Add;
  case Tok::MinusEq:
    return AssignOp::Sub;
  case Tok::StarEq:
    return AssignOp::Mul;
  case Tok::SlashEq:
    return AssignOp::Div;
  case Tok::AndEq:
    return AssignOp::BitAnd;
  case Tok::OrEq:
    return AssignOp::BitOr;
  case Tok::CaretEq:
    return AssignOp::BitXor;
  case Tok::Ident:
    break;
  default:
    return std::nullopt;
  }
  // `max=`: a word and `=` without a blank
  if (!at(Tok::Eq, ahead + 1) || peek(ahead).end != peek(ahead + 1).begin)
    return std::nullopt;
  constexpr std::pair<const char *, AssignOp> words[] = {{"max", AssignOp::Max},
                                                         {"min", AssignOp::Min},
                                                         {"and", AssignOp::And},
                                                         {"or", AssignOp::Or},
                                                         {"xor", AssignOp::Xor}};
  for (auto [word, op] : words)
    if (atWord(word, ahead))
      return op;
  return std::nullopt;
}

AssignOp Parser::takeAssignOp() {
  AssignOp op = *assignOp();
  if (at(Tok::Ident))
    advance();
  advance();
  return op;
}

/// asgop expr { attr } ";"
void Parser::assignment(AssignStmt &s) {
  if (panic)
    return;
  if (!assignOp()) {
    expected("`=` or an operator such as `+=`");
    return;
  }
  s.op = takeAssignOp();
  s.value = expr();
  s.attrs = attrs();
  expectSemi("the assignment");
}

bool Parser::isPlace(const Expr *e) const {
  while (true) {
    if (llvm::isa<NameExpr>(e))
      return true;
    if (auto *i = llvm::dyn_cast<IndexExpr>(e))
      e = i->base.get();
    else if (auto *f = llvm::dyn_cast<FieldExpr>(e))
      e = f->base.get();
    else
      return false;
  }
}

// ---- loops and conditions
// --------------------------------------------------------------------------

StmtPtr Parser::parStmt() {
  uint32_t start = begin();
  auto s = std::make_unique<ParStmt>();
  s->fully = acceptWord("fully");
  advance();
  domain(s->domain, s->binders);
  s->attrs = attrs();
  s->body = block();
  return finish(std::move(s), start);
}

StmtPtr Parser::seqStmt() {
  uint32_t start = begin();
  advance();
  auto s = std::make_unique<SeqStmt>();
  domain(s->domain, s->binders);
  if (!panic)
    s->reverse = acceptWord("rev");
  s->attrs = attrs();
  s->body = block();
  return finish(std::move(s), start);
}

StmtPtr Parser::assumeStmt() {
  uint32_t start = begin();
  advance();
  auto s = std::make_unique<AssumeStmt>();
  s->fact = fact();
  expectSemi("the assumed fact");
  return finish(std::move(s), start);
}

std::unique_ptr<IfStmt> Parser::ifChain() {
  Nest nest(*this);
  if (panic)
    return nullptr;
  uint32_t start = begin();
  advance();
  auto s = std::make_unique<IfStmt>();
  s->cond = condition();
  s->thenBlock = block();
  if (!panic && accept(Tok::KwElse)) {
    if (at(Tok::KwIf))
      s->elseIf = ifChain();
    else if (at(Tok::LBrace))
      s->elseBlock = block();
    else
      expected("`if` or a block after `else`");
  }
  return finish(std::move(s), start);
}

static bool isComplete(const IfStmt &s) {
  const IfStmt *last = &s;
  while (last->elseIf)
    last = last->elseIf.get();
  return last->elseBlock != nullptr;
}

static bool hasValue(const IfStmt &s) {
  for (const IfStmt *i = &s; i; i = i->elseIf.get())
    if (i->thenBlock->value || (i->elseBlock && i->elseBlock->value))
      return true;
  return false;
}

std::unique_ptr<IfExpr> texpr::toExpr(std::unique_ptr<IfStmt> chain) {
  auto e = std::make_unique<IfExpr>();
  e->range = chain->range;
  e->cond = std::move(chain->cond);
  e->thenBlock = std::move(chain->thenBlock);
  if (chain->elseIf) {
    e->elseExpr = toExpr(std::move(chain->elseIf));
  } else if (chain->elseBlock) {
    auto b = std::make_unique<BlockExpr>();
    b->range = chain->elseBlock->range;
    b->block = std::move(chain->elseBlock);
    e->elseExpr = std::move(b);
  }
  return e;
}

/// Whether `k` behind an `if … else …` makes it an operand. `-` and `[` may also begin the next
/// thing.
static bool continues(Tok k, bool isValue) {
  switch (k) {
  case Tok::Minus:
  case Tok::LBracket:
    return isValue;
  case Tok::Dot:
  case Tok::KwElse:
  case Tok::Plus:
  case Tok::Star:
  case Tok::Slash:
  case Tok::Percent:
  case Tok::Shl:
  case Tok::Shr:
  case Tok::And:
  case Tok::Or:
  case Tok::Caret:
  case Tok::AndAnd:
  case Tok::OrOr:
  case Tok::Lt:
  case Tok::Le:
  case Tok::Gt:
  case Tok::Ge:
  case Tok::EqEq:
  case Tok::Ne:
    return true;
  default:
    return false;
  }
}

bool Parser::endsValue(Body body) const {
  return at(Tok::RBrace) || (body == Body::Step && atWord("keep"));
}

StmtPtr Parser::ifStmt(Body body, ExprPtr &value) {
  Token first = peek();
  std::unique_ptr<IfStmt> chain = ifChain();
  if (panic || !isComplete(*chain))
    return chain;
  bool isValue = hasValue(*chain);
  if (continues(peek().kind, isValue)) {
    ExprPtr e = continuePostfix(toExpr(std::move(chain)));
    return afterExpr(body, first, continueBinary(std::move(e), 1), value);
  }
  if (endsValue(body) && (isValue || body == Body::Step)) {
    value = toExpr(std::move(chain));
    return nullptr;
  }
  return chain;
}

// ---- statements that begin like an expression
// ------------------------------------------------------

StmtPtr Parser::exprStmt(Body body, ExprPtr &value) {
  Token first = peek();
  ExprPtr e = expr();
  return afterExpr(body, first, std::move(e), value);
}

StmtPtr Parser::afterExpr(Body body, const Token &first, ExprPtr e, ExprPtr &value) {
  if (panic || !e)
    return nullptr;
  if (assignOp()) {
    if (first.kind != Tok::Ident || !isPlace(e.get())) {
      report(e->range, "this cannot be assigned to")
          .note("a place is a name, an element `x[i]` or a field `x.f`");
      panic = true;
      return nullptr;
    }
    auto s = std::make_unique<AssignStmt>();
    s->place = std::move(e);
    assignment(*s);
    return finish(std::move(s), first.begin);
  }
  if (endsValue(body) || at(Tok::End) || atDeclaration()) { // a missing `}` is the block's to say
    value = std::move(e);
    return nullptr;
  }
  auto *called = llvm::dyn_cast<CallExpr>(e.get());
  if (called && first.kind == Tok::Ident && called->typeArgs.empty()) {
    expectSemi("the call");
    auto s = std::make_unique<CallStmt>();
    s->call.reset(llvm::cast<CallExpr>(e.release()));
    return finish(std::move(s), first.begin);
  }
  return unusedValue(*e);
}

/// An expression where a statement should be: says what is missing around it.
StmtPtr Parser::unusedValue(const Expr &e) {
  if (accept(Tok::Semi)) {
    SourceRange semi{file, previousEnd - 1, previousEnd};
    auto entry = report(e.range, "the value of this expression is not used");
    auto *n = llvm::dyn_cast<NameExpr>(&e);
    if (const char *note = n ? habitOf(n->text) : nullptr)
      entry.note(note);
    else if (at(Tok::RBrace))
      entry.fix(semi, "", "without `;` it is the value of the block");
    else
      entry.note(
          "a statement is a `let`, an assignment, a loop or a call for its `inout` parameters");
    return nullptr;
  }
  if (auto *n = llvm::dyn_cast<NameExpr>(&e); n && (atName() || at(Tok::Scalar))) {
    auto entry =
        report(e.range, "expected a statement, found the name `" + n->text.substr(0, 40) + "`");
    const char *note = n->text == "const" || n->text == "static" ? nullptr : habitOf(n->text);
    entry.note(note ? note
                    : "a value is named by `let x = e;`, a buffer declared as `x: f32 = e;`");
    panic = true;
    return nullptr;
  }
  expected("an operator, `=`, `;`, or the `}` that ends the block");
  return nullptr;
}

// ---- the blocks of loops with state, and of scatter
// ------------------------------------------------

/// { stmt } expr [ "keep" expr ]
Step Parser::step(const char *what) {
  Step s;
  uint32_t start = begin();
  SourceRange open = here();
  if (!expect(Tok::LBrace, "and the step"))
    return s;
  SetFor flag(noStruct, false), quantities(inEnsure, false);
  unsigned errors = diags.errorCount();
  items(Body::Step, s.stmts, s.next);
  if (!s.next && diags.errorCount() == errors && (at(Tok::RBrace) || atWord("keep")))
    report(here(), std::string("the block of a `") + what + "` ends with the next state");
  if (s.next && !panic && acceptWord("keep"))
    s.keep = expr();
  if (!gaveUp && !panic && !accept(Tok::RBrace))
    expected("`}`").note(open, "the block that begins here is not closed");
  s.range = since(start);
  return s;
}

/// `at` begins the last line of a scatter's block, unless it is plainly a name.
bool Parser::atPutClause() const {
  if (!atWord("at") || assignOp(1))
    return false;
  if (at(Tok::Colon, 1) || at(Tok::Dot, 1))
    return false;
  if (!at(Tok::LParen, 1) && !at(Tok::LBracket, 1))
    return true;
  size_t close = matching(pos + 1) - pos;
  return !at(Tok::Semi, close + 1) && !assignOp(close + 1);
}

/// A sum: other operators stand in parentheses, and are read all the same.
ExprPtr Parser::placeIndex() {
  SourceRange start = here();
  ExprPtr index = sum();
  const Token op = peek();
  bool isMore = false;
  for (Tok k : {Tok::And, Tok::Or, Tok::Caret, Tok::Shl, Tok::Shr})
    isMore |= at(k);
  if (panic || !isMore)
    return index;
  while (!panic &&
         (at(Tok::And) || at(Tok::Or) || at(Tok::Caret) || at(Tok::Shl) || at(Tok::Shr))) {
    advance();
    index = sum();
  }
  if (panic)
    return index;
  SourceRange whole{start.file, start.begin, previousEnd};
  report(range(op), "a place after `at` is a sum: other operators stand in parentheses")
      .fix(whole, "(" + files.text(whole).str() + ")", "put it in parentheses");
  return index;
}

/// { stmt } "at" sum % "," [ "or" "skip" ] "put" expr
void Parser::putBlock(ScatterExpr &s) {
  SourceRange open = here();
  if (!expect(Tok::LBrace, "and a block that ends with `at … put …`"))
    return;
  SetFor flag(noStruct, false), quantities(inEnsure, false);
  ExprPtr value;
  unsigned errors = diags.errorCount();
  items(Body::Put, s.stmts, value);
  if (!atWord("at") && (value || at(Tok::RBrace))) {
    if (diags.errorCount() == errors)
      report(value ? value->range : here(), "the block of a `scatter` ends with `at … put …`");
    panic = !accept(Tok::RBrace);
    return;
  }
  expectWord("at", "and the place");
  if (!panic)
    do
      s.at.push_back(placeIndex());
    while (!panic && accept(Tok::Comma));
  if (!panic && acceptWord("or")) {
    expectWord("skip", "after `or`");
    s.orSkip = true;
  }
  expectWord("put", "and the value that goes there");
  if (!panic)
    s.put = expr();
  if (!gaveUp && !panic && !accept(Tok::RBrace))
    expected("`}`").note(open, "the block that begins here is not closed");
}

// The parser's hands: taking tokens, saying what was expected, skipping to where parsing can go on,
// and the limits.
//
// A skip stops behind a `;` or before the `}` of the block at hand, before a keyword that begins a
// declaration, and before a line that begins a statement. Limits: nesting (recursion of the parser)
// and the height of the tree (recursion of everything after it); where one is passed, one error is
// reported and the rest of the file is left unread.
#include "compiler/source/ParserState.h"

using namespace texpr;

std::unique_ptr<Program> texpr::parse(const SourceFiles &files, unsigned file, Diagnostics &diags) {
  return Parser(files, file, diags).program();
}

// ---- tokens
// ----------------------------------------------------------------------------------------

Token Parser::advance() {
  Token t = peek();
  if (t.kind != Tok::End) {
    previousEnd = t.end;
    ++pos;
  }
  return t;
}

bool Parser::accept(Tok k) {
  if (!at(k))
    return false;
  advance();
  return true;
}

bool Parser::acceptWord(llvm::StringRef word) {
  if (!atWord(word))
    return false;
  advance();
  return true;
}

bool Parser::onNewLine() const {
  return files.text(file).slice(previousEnd, begin()).find_first_of("\r\n") !=
         llvm::StringRef::npos;
}

static int nesting(Tok k) {
  switch (k) {
  case Tok::LParen:
  case Tok::LBracket:
  case Tok::LBrace:
    return 1;
  case Tok::RParen:
  case Tok::RBracket:
  case Tok::RBrace:
    return -1;
  default:
    return 0;
  }
}

/// All brackets are matched once: looking ahead over them costs nothing.
void Parser::matchBrackets() {
  closes.assign(tokens.size(), uint32_t(tokens.size() - 1));
  std::vector<uint32_t> open;
  for (uint32_t i = 0; i < tokens.size(); ++i) {
    int n = nesting(tokens[i].kind);
    if (n > 0)
      open.push_back(i);
    if (n >= 0 || open.empty())
      continue;
    closes[open.back()] = i;
    open.pop_back();
  }
}

// ---- errors
// ----------------------------------------------------------------------------------------

Diagnostics::Entry Parser::report(SourceRange r, std::string message) {
  if (panic)
    return Diagnostics::Entry::silent();
  return diags.error(r, std::move(message));
}

std::string Parser::found() const {
  const Token &t = peek();
  if (t.kind == Tok::End)
    return "the end of the file";
  llvm::StringRef s = text(t);
  std::string shown = "`" + s.take_front(40).str() + (s.size() > 40 ? "…`" : "`");
  if (t.kind == Tok::String)
    return "a string";
  return (isKeyword(t.kind) ? "the keyword " : "") + shown;
}

Diagnostics::Entry Parser::expected(const std::string &what) {
  bool known = at(Tok::Bad);
  auto entry = known ? Diagnostics::Entry::silent()
                     : report(here(), "expected " + what + ", found " + found());
  if (const char *note = known ? nullptr : habit())
    entry.note(note);
  panic = true;
  return entry;
}

bool Parser::expect(Tok k, const char *where) {
  if (panic)
    return false;
  if (accept(k))
    return true;
  expected("`" + spelling(k).str() + "` " + where);
  return false;
}

bool Parser::expectWord(const char *word, const char *where) {
  if (panic)
    return false;
  if (acceptWord(word))
    return true;
  expected(std::string("`") + word + "` " + where);
  return false;
}

bool Parser::expectClose(Tok k, SourceRange open) {
  if (panic)
    return false;
  if (accept(k))
    return true;
  expected("`,` or `" + spelling(k).str() + "`").note(open, "opened here");
  return false;
}

/// A statement goes on behind a missing `;` where the next thing is surely a new one.
void Parser::expectSemi(const char *what) {
  if (panic || accept(Tok::Semi))
    return;
  if (at(Tok::Bad)) {
    panic = true;
    return;
  }
  bool fresh = onNewLine() || at(Tok::RBrace) || at(Tok::KwLet) || at(Tok::End);
  SourceRange end = at(Tok::End) ? here() : afterPrevious(); // there, one error with a missing `}`
  auto entry =
      report(end, std::string("expected `;` after ") + what + (fresh ? "" : ", found " + found()));
  if (const char *note = fresh ? nullptr : habit())
    entry.note(note);
  else
    entry.fix(afterPrevious(), ";", "add `;`");
  panic = !fresh;
}

Ident Parser::name(const char *what) {
  if (panic)
    return {};
  if (atName()) {
    Token t = advance();
    return {text(t).str(), range(t)};
  }
  bool reserved = isKeyword(peek().kind) || at(Tok::Scalar);
  bool plausible = false; // the keyword stands where the name would end
  for (Tok k : {Tok::Eq, Tok::Colon, Tok::Comma, Tok::RParen, Tok::Or, Tok::LParen, Tok::Semi})
    plausible |= at(k, 1);
  if (!reserved || !plausible) {
    auto entry = expected(what);
    if (reserved)
      entry.note("keywords cannot be names");
    return {};
  }
  Token t = advance();
  std::string word = text(t).str();
  report(range(t), "the keyword `" + word + "` cannot be a name")
      .fix(range(t), word + "_", "choose another name");
  return {word, range(t)};
}

bool Parser::trailingComma(Tok close) {
  if (!at(close))
    return false;
  SourceRange comma{file, previousEnd - 1, previousEnd};
  report(comma, "a `,` stands between two things; nothing follows this one")
      .fix(comma, "", "remove the `,`");
  return true;
}

void Parser::giveUp(std::string message) {
  if (gaveUp)
    return;
  report(here(), std::move(message));
  panic = gaveUp = true;
  pos = tokens.size() - 1;
}

bool Parser::atDeclaration(size_t ahead) const {
  return at(Tok::KwFn, ahead) || at(Tok::KwOp, ahead) || at(Tok::KwStruct, ahead) ||
         at(Tok::KwUse, ahead) || (atWord("local", ahead) && at(Tok::KwFn, ahead + 1));
}

void Parser::skipStatement() {
  int level = 0;
  while (!at(Tok::End) && !atDeclaration()) {
    if (level == 0 && at(Tok::RBrace))
      return;
    bool starts = at(Tok::KwLet) || at(Tok::KwPar) || at(Tok::KwSeq);
    if (level == 0 && starts && onNewLine())
      return;
    level = std::max(0, level + nesting(peek().kind));
    if (advance().kind == Tok::Semi && level == 0)
      return;
  }
}

void Parser::skipToDeclaration() {
  while (!at(Tok::End) && !atDeclaration())
    advance();
}

// ---- limits
// ----------------------------------------------------------------------------------------

Parser::Nest::Nest(Parser &p) : p(p), saved(p.height) {
  p.height = 0;
  if (++p.depth > maxNesting)
    p.giveUp("nested more than " + std::to_string(maxNesting) + " levels deep, the limit");
}

Parser::Nest::~Nest() {
  --p.depth;
  p.grow();
  p.height = std::max(saved, p.height);
}

void Parser::grow() {
  if (++height > maxTreeHeight)
    giveUp("more than " + std::to_string(maxTreeHeight) +
           " operations in one another, the limit; name parts of this with `let`");
}

// The recursive-descent parser, one function a rule of docs/grammar.ebnf; ParseDecl, ParseStmt,
// ParseExpr and ParseForm hold its parts.
//
// Errors: the first error of a statement puts the parser in panic. Then nothing more is reported,
// functions return early (possibly null), and whoever holds a list of statements or declarations
// skips to the next one and drops the broken one. What is merely misspelt (a missing `;`, `=` for
// `==`) is reported without panic, and parsing goes on as if it were right.
#pragma once
#include "compiler/source/Lexer.h"
#include "compiler/source/Parser.h"

namespace texpr {

class Parser {
public:
  Parser(const SourceFiles &files, unsigned file, Diagnostics &diags)
      : files(files), file(file), diags(diags), tokens(lex(files, file, diags)) {
    matchBrackets();
  }
  std::unique_ptr<Program> program();

private:
  // ---- tokens (Parser.cpp)
  const Token &peek(size_t ahead = 0) const {
    return tokens[pos + ahead < tokens.size() ? pos + ahead : tokens.size() - 1];
  }
  bool at(Tok k, size_t ahead = 0) const { return peek(ahead).kind == k; }
  bool atName(size_t ahead = 0) const { return at(Tok::Ident, ahead); }
  bool atWord(llvm::StringRef word, size_t ahead = 0) const {
    return atName(ahead) && text(peek(ahead)) == word;
  }
  llvm::StringRef text(const Token &t) const { return files.text(range(t)); }
  SourceRange range(const Token &t) const { return {file, t.begin, t.end}; }
  SourceRange here() const { return range(peek()); }
  uint32_t begin() const { return peek().begin; }
  /// From `begin` to the end of the last token taken.
  SourceRange since(uint32_t begin) const { return {file, begin, std::max(begin, previousEnd)}; }
  SourceRange afterPrevious() const { return {file, previousEnd, previousEnd}; }
  bool onNewLine() const;
  Token advance();
  bool accept(Tok k);
  bool acceptWord(llvm::StringRef word);
  /// The position of the bracket that closes the one at `open`; the end where none does.
  size_t matching(size_t open) const { return closes[open]; }
  void matchBrackets();

  // ---- errors (Parser.cpp)
  Diagnostics::Entry report(SourceRange r, std::string message);
  /// "expected WHAT, found …" at the current token, and panic.
  Diagnostics::Entry expected(const std::string &what);
  std::string found() const;
  /// Habits.cpp: how that is written here which stands at hand as elsewhere; null where it is nothing known.
  const char *habit() const;
  llvm::StringRef callBefore() const;
  bool expect(Tok k, const char *where);
  bool expectWord(const char *word, const char *where);
  bool expectClose(Tok k, SourceRange open);
  void expectSemi(const char *what);
  /// A name; a keyword in its place is named as such.
  Ident name(const char *what);
  void giveUp(std::string message);
  void skipStatement();
  void skipToDeclaration();
  bool atDeclaration(size_t ahead = 0) const;

  /// item { "," item } up to `close`, which stays; a comma before it is reported.
  template <class Item> void list(Tok close, Item item) {
    do
      item();
    while (!panic && accept(Tok::Comma) && !trailingComma(close));
  }
  bool trailingComma(Tok close);

  /// One level of nesting; on the way out it adds a node to the height of the tree.
  class Nest {
  public:
    explicit Nest(Parser &p);
    ~Nest();

  private:
    Parser &p;
    unsigned saved;
  };
  /// The height of what is parsed in this scope, apart from what was parsed before it.
  class Height {
  public:
    explicit Height(Parser &p) : p(p), saved(p.height) { p.height = 0; }
    ~Height() { p.height = std::max(saved, p.height); }

  private:
    Parser &p;
    unsigned saved;
  };
  void grow();
  class SetFor {
  public:
    SetFor(bool &flag, bool value) : flag(flag), saved(flag) { flag = value; }
    ~SetFor() { flag = saved; }

  private:
    bool &flag;
    bool saved;
  };

  // ---- declarations (ParseDecl.cpp)
  UseDecl useDecl();
  std::unique_ptr<StructDecl> structDecl();
  std::unique_ptr<OpDecl> opDecl();
  std::unique_ptr<FnDecl> fnDecl();
  void fnHead(FnDecl &fn);
  std::vector<TypeParam> typeParams();
  Param param();
  std::vector<ResultDecl> results();
  RType rtype();
  TypeExpr type();
  std::vector<Span> set();
  Attrs attrs();
  std::vector<Fact> facts();
  Fact fact();
  void relations(std::vector<ExprPtr> &chain, std::vector<BinaryOp> &rels);
  Fact::Each each();
  bool atAll() const;

  // ---- statements (ParseStmt.cpp)
  enum class Body { Block, Step, Put };
  BlockPtr block();
  void items(Body body, std::vector<StmtPtr> &stmts, ExprPtr &value);
  StmtPtr stmt(Body body, ExprPtr &value);
  StmtPtr wordStmt();
  StmtPtr letStmt();
  StmtPtr oldAtomic(uint32_t begin, Pattern pattern);
  StmtPtr bufferStmt();
  StmtPtr atomicStmt();
  StmtPtr parStmt();
  StmtPtr seqStmt();
  StmtPtr assumeStmt();
  StmtPtr ifStmt(Body body, ExprPtr &value);
  StmtPtr exprStmt(Body body, ExprPtr &value);
  StmtPtr afterExpr(Body body, const Token &first, ExprPtr e, ExprPtr &value);
  StmtPtr unusedValue(const Expr &e);
  void assignment(AssignStmt &s);
  std::optional<AssignOp> assignOp(size_t ahead = 0) const;
  AssignOp takeAssignOp();
  bool isPlace(const Expr *e) const;
  bool endsValue(Body body) const;
  Pattern pattern();
  std::unique_ptr<IfStmt> ifChain();
  bool atPutClause() const;
  Step step(const char *what);
  void putBlock(ScatterExpr &s);
  ExprPtr placeIndex();

  // ---- expressions (ParseExpr.cpp)
  ExprPtr expr() { return binary(1); }
  ExprPtr bits() { return binary(4); }
  ExprPtr sum() { return binary(8); }
  ExprPtr condition();
  ExprPtr binary(unsigned minimum);
  ExprPtr continueBinary(ExprPtr lhs, unsigned minimum);
  ExprPtr unary();
  ExprPtr continuePostfix(ExprPtr base);
  ExprPtr place();
  ExprPtr indexed(ExprPtr base);
  ExprPtr field(ExprPtr base, bool callsToo);
  IndexArg index();
  ExprPtr elseAlternative(ExprPtr access);
  ExprPtr primary();
  ExprPtr literal();
  ExprPtr scalarPrimary();
  ExprPtr namePrimary();
  ExprPtr call();
  ExprPtr structValue();
  ExprPtr parenthesized();
  ExprPtr ifExpr();
  ExprPtr bound(unsigned minimum);
  ExprPtr boundTerm();
  uint64_t integer(const Token &t);
  bool atTypeArgs() const;
  bool atBareStruct() const;
  bool atTop() const;
  bool startsExpr(size_t ahead) const;
  /// Whether a domain with its binders begins `from` tokens ahead.
  bool atDomain(size_t from) const;
  size_t skipExtents(size_t i) const;

  // ---- forms (ParseForm.cpp)
  void domain(std::vector<Axis> &axes, Binders &binders);
  Axis axis();
  void binders(Binders &out);
  std::unique_ptr<Decl> binder();
  CombineOp combineOp();
  ExprPtr compute();
  ExprPtr reduce();
  ExprPtr scan();
  ExprPtr scatter();
  ExprPtr filter();
  ExprPtr sort();
  ExprPtr forExpr();
  ExprPtr whileExpr();
  std::vector<Carried> carried(const char *what);
  std::unique_ptr<AsmExpr> asmExpr();
  bool atAsm() const;
  AsmOperand asmOperand();
  void asmOperandBody(AsmOperand &o);

  template <class T> std::unique_ptr<T> finish(std::unique_ptr<T> node, uint32_t begin) {
    node->range = since(begin);
    return node;
  }
  static std::unique_ptr<Decl> decl(Decl::Kind kind, Ident name) {
    auto d = std::make_unique<Decl>();
    d->kind = kind;
    d->name = std::move(name);
    return d;
  }

  const SourceFiles &files;
  unsigned file;
  Diagnostics &diags;
  std::vector<Token> tokens;
  std::vector<uint32_t>
      closes; // of an opening bracket, the closing one; the end where there is none
  size_t pos = 0;
  uint32_t previousEnd = 0;
  bool panic = false;
  bool gaveUp = false;   // a limit is passed: panic to the end
  bool noStruct = false; // a block may follow, so `name {` begins no struct value
  bool inEnsure = false; // quantities may stand
  unsigned depth = 0, height = 0;
};

/// Habits.cpp: what stands here for a word of another language; null for all others.
const char *habitOf(llvm::StringRef word);

/// The `if` chain as an expression: every branch a block.
std::unique_ptr<IfExpr> toExpr(std::unique_ptr<IfStmt> chain);

} // namespace texpr

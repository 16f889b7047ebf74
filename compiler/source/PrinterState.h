// The printer of syntax trees: one function a kind of node. Printer holds expressions, PrintDecl
// the rest.
#pragma once
#include "compiler/source/Printer.h"

namespace texpr {

class Printer {
public:
  /// How tightly things bind, as the grammar's rules: expr, cmp, bits, sum, unary, `… else`,
  /// access.
  enum : unsigned {
    exprLevel = 1,
    comparisonLevel = 3,
    bitsLevel = 4,
    sumLevel = 8,
    unaryLevel = 10,
    elseLevel = 11,
    accessLevel = 12
  };

  explicit Printer(PrintOptions options) : options(options) {}
  std::string take() { return std::move(out); }

  void program(const Program &p);
  void fnHead(const FnDecl &f);
  void expr(const Expr &e, unsigned least = exprLevel);
  void type(const TypeExpr &t);
  void rtype(const RType &t);
  void fact(const Fact &f);

private:
  class SetFor {
  public:
    SetFor(bool &flag, bool value) : flag(flag), saved(flag) { flag = value; }
    ~SetFor() { flag = saved; }

  private:
    bool &flag;
    bool saved;
  };

  // ---- layout
  template <class C, class F> void each(const C &items, F print) {
    bool first = true;
    for (const auto &i : items) {
      if (!first)
        out += ", ";
      first = false;
      print(i);
    }
  }
  void line() {
    out += '\n';
    out.append(indent, ' ');
  }
  void open() {
    tooLong = true;
    out += " {";
    indent += 2;
  }
  void close() {
    indent -= 2;
    line();
    out += '}';
  }
  void string(const std::string &s);

  // ---- expressions
  void bare(const Expr &e);
  void list(const std::vector<ExprPtr> &es, unsigned least = exprLevel);
  void bracketed(char open, const std::vector<ExprPtr> &es, char close);
  void unary(const UnaryExpr &u);
  void call(const CallExpr &c);
  void base(const Expr &e);
  void access(const Expr &e);
  void condition(const Expr &e);
  void ifExpr(const IfExpr &e);
  void structValue(const StructExpr &s);
  void axis(const Axis &a);
  void domain(const std::vector<Axis> &axes, const Binders &binders);
  void where(const ExprPtr &e);
  void form(const Expr &e);
  void body(const Attrs &a, const Block &b);
  void sort(const SortExpr &s);
  void scatter(const ScatterExpr &s);
  void whileExpr(const WhileExpr &w);
  void carried(const std::vector<Carried> &all);
  void step(const Step &s);
  void asmExpr(const AsmExpr &a);
  void asmOperand(const AsmOperand &o);

  // ---- statements
  void block(const Block &b, bool mayBeFlat = true);
  void flatBlock(const Expr &e);
  void value(const Expr &e);
  void stmts(const std::vector<StmtPtr> &all);
  void stmt(const Stmt &s);
  void pattern(const Pattern &p);
  void buffer(const BufferStmt &b);
  void assign(const AssignStmt &a);
  void ifStmt(const IfStmt &i);

  // ---- declarations
  void fn(const FnDecl &f);
  void op(const OpDecl &o);
  void structDecl(const StructDecl &s);
  void typeParams(const std::vector<TypeParam> &ps);
  void param(const Param &p);
  void set(const std::vector<Span> &spans);
  void attrs(const Attrs &as);
  void facts(const char *word, const std::vector<Fact> &fs);
  void relations(const std::vector<ExprPtr> &chain, const std::vector<BinaryOp> &rels);

  PrintOptions options;
  std::string out;
  unsigned indent = 0;
  bool flat = false;    // a try at one line, up to `flatEnd`
  bool tooLong = false; // it does not fit there
  size_t flatEnd = 0;
  bool noStruct = false; // a block may follow: a struct value stands in parentheses
};

const char *symbol(BinaryOp op);

} // namespace texpr

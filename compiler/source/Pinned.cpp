// Finds the places of attributes in a tree.
//
// In: a body. Out: its forms and statements with attributes, or with a place for some, each before what is inside it. The
// names of machines are written with signs (`x86-64-v4`, `sm_90a`), so the tree has them as differences of names and numbers.
#include "compiler/source/Pinned.h"
#include "compiler/source/Walk.h"

namespace texpr {

namespace {
class Finder {
public:
  explicit Finder(llvm::function_ref<void(const PinnedForm &)> f) : report(f) {
    walker.onExpr = [this](Expr &e) { expr(e); };
    walker.onStmt = [this](Stmt &s) { stmt(s); };
  }
  void run(const Block &body) { walker.block(const_cast<Block *>(&body)); }

private:
  void found(SourceRange range, const Attrs &attrs, const Binders *binders, uint32_t at,
             bool isCompute = false) {
    report({range, &attrs, binders, at, isCompute, false});
  }

  template <typename Form> bool form(Expr &e) {
    auto *f = llvm::dyn_cast<Form>(&e);
    if (f)
      found(e.range, f->attrs, &f->binders, f->body->range.begin, e.kind == ExprKind::Compute);
    return f;
  }
  template <typename Loop> bool loop(Expr &e) {
    auto *f = llvm::dyn_cast<Loop>(&e);
    if (f)
      found(e.range, f->attrs, nullptr, f->step.range.begin);
    return f;
  }
  void expr(Expr &e) {
    if (form<ComputeExpr>(e) || form<ReduceExpr>(e) || form<ScanExpr>(e) || form<FilterExpr>(e) ||
        form<SortExpr>(e) || loop<ForExpr>(e) || loop<WhileExpr>(e))
      return;
    if (auto *scatter = llvm::dyn_cast<ScatterExpr>(&e)) { // its braces have no node
      const SourceRange before =
          scatter->where ? scatter->where->range : scatter->binders.back()->name.range;
      report({e.range, &scatter->attrs, &scatter->binders, before.end, false, true});
    }
  }
  void stmt(Stmt &s) {
    if (auto *par = llvm::dyn_cast<ParStmt>(&s))
      found(s.range, par->attrs, &par->binders, par->body->range.begin);
    else if (auto *seq = llvm::dyn_cast<SeqStmt>(&s))
      found(s.range, seq->attrs, &seq->binders, seq->body->range.begin);
  }

  llvm::function_ref<void(const PinnedForm &)> report;
  Walker walker;
};

void spell(const Expr &e, std::string &out) {
  if (auto *name = llvm::dyn_cast<NameExpr>(&e)) {
    out += name->text;
  } else if (auto *number = llvm::dyn_cast<IntLitExpr>(&e)) {
    out += std::to_string(number->magnitude);
  } else if (auto *minus = llvm::dyn_cast<BinaryExpr>(&e); minus && minus->op == BinaryOp::Sub) {
    spell(*minus->lhs, out);
    out += '-';
    spell(*minus->rhs, out);
  }
}
} // namespace

void eachPinned(const Block &body, llvm::function_ref<void(const PinnedForm &)> f) {
  Finder(f).run(body);
}

std::string targetOfAttr(const Attr &on) {
  std::string name;
  if (on.args.size() == 1 && !on.args[0].key && on.args[0].value)
    spell(*on.args[0].value, name);
  return name;
}

} // namespace texpr

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

/// Adds `factor * e`; false where `e` is not linear or the numbers grow large.
bool addTo(ClassBound &bound, const Expr &e, int64_t factor) {
  constexpr int64_t most = int64_t(1) << 31;
  if (auto *number = llvm::dyn_cast<IntLitExpr>(&e)) {
    if (number->magnitude > uint64_t(most))
      return false;
    bound.constant +=
        factor * (number->negative ? -int64_t(number->magnitude) : int64_t(number->magnitude));
    return true;
  }
  if (auto *name = llvm::dyn_cast<NameExpr>(&e)) {
    bound.terms.emplace_back(name, factor);
    return true;
  }
  auto *op = llvm::dyn_cast<BinaryExpr>(&e);
  if (!op)
    return false;
  if (op->op == BinaryOp::Add || op->op == BinaryOp::Sub)
    return addTo(bound, *op->lhs, factor) &&
           addTo(bound, *op->rhs, op->op == BinaryOp::Add ? factor : -factor);
  if (op->op != BinaryOp::Mul)
    return false;
  for (bool isLeft : {true, false}) {
    auto *number = llvm::dyn_cast<IntLitExpr>((isLeft ? op->lhs : op->rhs).get());
    if (number && number->magnitude <= 4096 && std::abs(factor) <= 4096)
      return addTo(
          bound, isLeft ? *op->rhs : *op->lhs,
          factor * (number->negative ? -int64_t(number->magnitude) : int64_t(number->magnitude)));
  }
  return false;
}

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

std::optional<ClassBound> boundOf(const Expr &condition) {
  auto *relation = llvm::dyn_cast<BinaryExpr>(&condition);
  if (!relation)
    return std::nullopt;
  ClassBound bound;
  int64_t sign = 1; // of right - left
  switch (relation->op) {
  case BinaryOp::Eq:
    bound.isEquality = true;
    break;
  case BinaryOp::Le:
    break;
  case BinaryOp::Lt:
    bound.constant = -1;
    break;
  case BinaryOp::Ge:
    sign = -1;
    break;
  case BinaryOp::Gt:
    sign = -1;
    bound.constant = -1;
    break;
  default:
    return std::nullopt;
  }
  if (!addTo(bound, *relation->rhs, sign) || !addTo(bound, *relation->lhs, -sign))
    return std::nullopt;
  return bound;
}

std::string targetOfAttr(const Attr &on) {
  std::string name;
  if (on.args.size() == 1 && !on.args[0].key && on.args[0].value)
    spell(*on.args[0].value, name);
  return name;
}

} // namespace texpr

// Types as the checker compares, prints and gives them to literals.
//
// Nothing converts by itself (T1): a literal alone takes the type of its partner or place, and one
// that does not fit there is an error (T3). Extents are equal where their normal forms are, or
// where the facts in force prove it (T4).
#include "compiler/source/Checker.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APInt.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Error.h"

namespace texpr {

std::string str(const Type &t, const facts::Facts &facts) {
  if (!t.isValid())
    return "?";
  std::string s;
  if (t.isStruct()) { // the extents before those of the fields
    std::vector<const Type *> leaves, fields;
    t.leaves(leaves);
    t.nominal->type.leaves(fields);
    for (size_t i = 0; i + fields[0]->shape.size() < leaves[0]->shape.size(); ++i)
      s += (i ? ", " : "[") + facts.str(leaves[0]->shape[i]);
    return t.nominal->name.text + (s.empty() ? s : s + "]");
  }
  if (t.isTuple()) {
    for (const Type &part : t.parts)
      s += (s.empty() ? "(" : ", ") + str(part, facts);
    return s + ")";
  }
  s = spelling(t.scalar);
  for (size_t i = 0; i < t.shape.size(); ++i)
    s += (i ? ", " : "[") + facts.str(t.shape[i]);
  return t.shape.empty() ? s : s + "]";
}

std::string Checker::str(const Type &t) const { return texpr::str(t, facts); }

std::string Checker::text(SourceRange r) const {
  if (r.file >= files.size() || r.end < r.begin || r.end > files.text(r.file).size())
    return "";
  return files.text(r).str();
}

bool Checker::sameExtent(const FExpr &a, const FExpr &b) {
  return a == b || bool(facts.prove({a, Rel::EQ, b}));
}

bool Checker::sameShape(const Type &a, const Type &b) {
  if (a.shape.size() != b.shape.size())
    return false;
  for (size_t i = 0; i < a.shape.size(); ++i)
    if (!sameExtent(a.shape[i], b.shape[i]))
      return false;
  return true;
}

bool Checker::sameType(const Type &a, const Type &b) {
  if (a.kind != b.kind || a.nominal != b.nominal || a.parts.size() != b.parts.size())
    return false;
  if (a.isLeaf() && (a.scalar != b.scalar || !sameShape(a, b)))
    return false;
  for (size_t i = 0; i < a.parts.size(); ++i)
    if (!sameType(a.parts[i], b.parts[i]))
      return false;
  return true;
}

bool Checker::sameScalars(const Type &a, const Type &b) const {
  if (a.kind != b.kind || a.nominal != b.nominal || a.parts.size() != b.parts.size())
    return false;
  if (a.isLeaf() && a.scalar != b.scalar)
    return false;
  for (size_t i = 0; i < a.parts.size(); ++i)
    if (!sameScalars(a.parts[i], b.parts[i]))
      return false;
  return true;
}

// ---- literals -------------------------------------------------------------------------------

/// True for what is made of literals alone, so that it takes the type of its partner.
bool Checker::isFlexible(const Expr *e) const {
  if (!e)
    return false;
  if (auto *name = llvm::dyn_cast<NameExpr>(e))
    return !lookUp(name->text) && findPredeclared(name->text);
  if (auto *unary = llvm::dyn_cast<UnaryExpr>(e))
    return unary->op != UnaryOp::Not && isFlexible(unary->operand.get());
  if (auto *binary = llvm::dyn_cast<BinaryExpr>(e))
    return (binary->op <= BinaryOp::Mod || binary->op >= BinaryOp::BitAnd) &&
           isFlexible(binary->lhs.get()) && isFlexible(binary->rhs.get());
  if (auto *block = llvm::dyn_cast<BlockExpr>(e))
    return block->block && block->block->stmts.empty() && isFlexible(block->block->value.get());
  if (auto *choice = llvm::dyn_cast<IfExpr>(e))
    return choice->thenBlock && choice->thenBlock->stmts.empty() &&
           isFlexible(choice->thenBlock->value.get()) && isFlexible(choice->elseExpr.get());
  if (auto *call = llvm::dyn_cast<CallExpr>(e)) {
    const BuiltinInfo *info = findBuiltin(call->callee.text);
    if (!info || info->result != ResultKind::SameAsOperand || info->id == Builtin::Select)
      return false;
    for (const ExprPtr &arg : call->args)
      if (!isFlexible(arg.get()))
        return false;
    return !call->args.empty();
  }
  return e->kind == ExprKind::IntLit || e->kind == ExprKind::FloatLit;
}

static const llvm::fltSemantics &semantics(ScalarKind k) {
  switch (k) {
  case ScalarKind::F64:
    return llvm::APFloat::IEEEdouble();
  case ScalarKind::F16:
    return llvm::APFloat::IEEEhalf();
  case ScalarKind::BF16:
    return llvm::APFloat::BFloat();
  default:
    return llvm::APFloat::IEEEsingle();
  }
}

static std::string rangeText(ScalarKind k) {
  unsigned width = bitWidth(k);
  llvm::APInt lo =
      isSigned(k) ? llvm::APInt::getSignedMinValue(width) : llvm::APInt::getMinValue(width);
  llvm::APInt hi =
      isSigned(k) ? llvm::APInt::getSignedMaxValue(width) : llvm::APInt::getMaxValue(width);
  llvm::SmallString<24> a, b;
  lo.toString(a, 10, isSigned(k));
  hi.toString(b, 10, isSigned(k));
  return std::string(a) + " to " + std::string(b);
}

/// T3: a literal fits the type that it takes.
void Checker::checkLiteral(IntLitExpr &e, const Type *expected) {
  ScalarKind k = expected && expected->isLeaf() && !isF8(expected->scalar) ? expected->scalar
                                                                           : ScalarKind::I64;
  if (k == ScalarKind::Bool) {
    e.type = Type::leaf(ScalarKind::I64); // the place will say that it wants a bool
  } else if (isFloat(k)) {
    e.type = Type::leaf(k);
    llvm::APFloat f(semantics(k));
    auto status =
        f.convertFromAPInt(llvm::APInt(65, e.magnitude), false, llvm::APFloat::rmNearestTiesToEven);
    if (status & llvm::APFloat::opOverflow)
      diags.error(e.range, "`" + text(e.range) + "` does not fit " + spelling(k));
    else if (status & llvm::APFloat::opInexact)
      diags.error(e.range, std::string("no ") + spelling(k) + " is exactly `" + text(e.range) + "`")
          .fix(after(e.range), ".0", "write it as a float to have it rounded");
    return;
  } else {
    e.type = Type::leaf(k);
    unsigned bits = bitWidth(k);
    uint64_t limit = bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
    if (isSigned(k))
      limit = (limit >> 1) + (e.negative ? 1 : 0);
    else if (e.negative)
      limit = 0;
    if (e.magnitude > limit) {
      auto error = diags.error(e.range, "`" + text(e.range) + "` does not fit " + spelling(k));
      error.note(std::string(spelling(k)) + " holds " + rangeText(k));
      e.type = Type();
      return;
    }
  }
  if (e.negative || e.magnitude <= uint64_t(INT64_MAX))
    e.value = FExpr(e.negative ? int64_t(0 - e.magnitude) : int64_t(e.magnitude));
  else
    e.value = freshFor(e, rangeOf(ScalarKind::U64));
}

void Checker::checkLiteral(FloatLitExpr &e, const Type *expected) {
  bool fits =
      expected && expected->isLeaf() && isFloat(expected->scalar) && !isF8(expected->scalar);
  ScalarKind k = fits ? expected->scalar : ScalarKind::F32;
  e.type = Type::leaf(k);
  llvm::APFloat f(semantics(k));
  auto status = f.convertFromString(e.text, llvm::APFloat::rmNearestTiesToEven);
  if (!status) {
    llvm::consumeError(status.takeError());
    e.type = Type();
    return;
  }
  bool isZero = e.text.find_first_of("123456789") == std::string::npos ||
                e.text.find_first_of("123456789") > e.text.find_first_of("eE");
  if (*status & llvm::APFloat::opOverflow)
    diags.error(e.range, "`" + text(e.range) + "` is too large for " + spelling(k));
  else if (f.isZero() && !isZero)
    diags.error(e.range,
                "`" + text(e.range) + "` is too small for " + spelling(k) + ": it would be 0");
}

/// T11: an f8 is stored, loaded and converted; what computes takes wider types.
bool Checker::refuseF8(const Type &t, SourceRange range, const std::string &what) {
  if (!t.isLeaf() || !isF8(t.scalar))
    return false;
  diags
      .error(range,
             what + " does not compute with " + spelling(t.scalar) + ": it is a type of storage")
      .note(std::string("convert first, as in f32(x), and back by ") + spelling(t.scalar) + "(…)");
  return true;
}

// ---- mismatches -----------------------------------------------------------------------------

/// U6: parts are scalars and tensors of their own down the road, and values of twice the parts of another
/// are written in one line: 31 of those make two thousand million.
static constexpr size_t maxParts = 256;

bool Checker::expectFewParts(const Type &t, SourceRange range) {
  size_t count = countLeaves(t);
  if (count <= maxParts)
    return true;
  diags.error(range, "a tuple or struct has at most " + std::to_string(maxParts) +
                         " scalars and tensors in all, not " + std::to_string(count));
  return false;
}

bool Checker::expectType(const Expr &e, const Type &want, const std::string &what) {
  if (!e.type.isValid() || !want.isValid())
    return false;
  if (sameType(e.type, want))
    return true;
  auto error = diags.error(e.range, what + " is " + str(want) + ", but this is " + str(e.type));
  if (str(want) == str(e.type))
    error.note("lengths that different forms have found may have one name here, yet nothing proves "
               "them equal");
  if (e.type.isScalar() && want.isScalar() && e.type.scalar != ScalarKind::Bool &&
      want.scalar != ScalarKind::Bool)
    error.fix(e.range, std::string(spelling(want.scalar)) + "(" + text(e.range) + ")",
              "nothing converts by itself: write the conversion");
  else if (sameScalars(e.type, want) && e.type.isLeaf() && e.type.shape.size() == want.shape.size())
    for (size_t i = 0; i < want.shape.size(); ++i)
      if (!sameExtent(e.type.shape[i], want.shape[i])) {
        error.note("axis " + std::to_string(i) + ": `" + str(e.type.shape[i]) +
                   "` is not proved equal to `" + str(want.shape[i]) + "`");
        break;
      }
  return false;
}

void Checker::mismatch(SourceRange range, const Type &a, const Type &b, const std::string &what,
                       const Expr *lhs, const Expr *rhs) {
  auto error =
      diags.error(range, what + " takes two values of one type, not " + str(a) + " and " + str(b));
  if (!a.isLeaf() || !b.isLeaf() || a.scalar == ScalarKind::Bool || b.scalar == ScalarKind::Bool ||
      a.scalar == b.scalar)
    return;
  // The wider, or the float, is what was most likely meant.
  bool toLeft = isFloat(a.scalar) != isFloat(b.scalar) ? isFloat(a.scalar)
                                                       : bitWidth(a.scalar) > bitWidth(b.scalar);
  const Expr *from = toLeft ? rhs : lhs;
  ScalarKind to = toLeft ? a.scalar : b.scalar;
  auto *name = llvm::dyn_cast_or_null<NameExpr>(from);
  if (name && name->decl && name->decl->kind == Decl::Kind::Carried)
    error.note(name->decl->name.range, "it has the type of its first value, and a literal alone is "
                                       "an i64 or f32; a type may stand here: `" +
                                           name->text + ": " + spelling(to) + " = …`");
  if (from)
    error.fix(from->range, std::string(spelling(to)) + "(" + text(from->range) + ")",
              "nothing converts by itself: write the conversion");
}

} // namespace texpr

// Expressions: names, operators, tuples, blocks and choice; the other forms are dispatched from
// here.
//
// `expected` is the type of the place that an expression stands in. It only gives literals their
// type; whoever has the place compares afterwards. An expression whose type stays Invalid has been
// reported already, and poisons what holds it in silence.
#include "compiler/source/Checker.h"

namespace texpr {

void Checker::notYet(SourceRange range, const std::string &what) {
  diags.error(range, what + " is not yet supported");
}

/// L6: what the grammar has among expressions for `asm` alone.
void Checker::checkMethod(const MethodCallExpr &e) {
  diags.error(e.range, "`." + e.method.text + "(…)` is an operand of `asm` only")
      .note("a value has parts, as in `z.re`, and no methods; call a function of it");
}

void Checker::checkExpr(ExprPtr &e, const Type *expected) {
  if (!e || diags.isFull())
    return;
  passGoal(*e);
  dispatch(*e, expected);
  settleGoals(*e);
  settleStructs(e);
}

void Checker::dispatch(Expr &e, const Type *expected) {
  switch (e.kind) {
  case ExprKind::IntLit:
    return checkLiteral(llvm::cast<IntLitExpr>(e), expected);
  case ExprKind::FloatLit:
    return checkLiteral(llvm::cast<FloatLitExpr>(e), expected);
  case ExprKind::BoolLit:
    e.type = Type::leaf(ScalarKind::Bool);
    return;
  case ExprKind::ScalarConst:
    return checkScalarConst(llvm::cast<ScalarConstExpr>(e));
  case ExprKind::Name:
    return checkName(llvm::cast<NameExpr>(e), expected);
  case ExprKind::Unary:
    return checkUnary(llvm::cast<UnaryExpr>(e), expected);
  case ExprKind::Binary:
    return checkBinary(llvm::cast<BinaryExpr>(e), expected);
  case ExprKind::Call:
    return checkCall(llvm::cast<CallExpr>(e), expected);
  case ExprKind::Index:
    return checkIndex(llvm::cast<IndexExpr>(e), false);
  case ExprKind::Field:
    return checkField(llvm::cast<FieldExpr>(e));
  case ExprKind::MethodCall:
    return checkMethod(llvm::cast<MethodCallExpr>(e));
  case ExprKind::Else:
    return checkElse(llvm::cast<ElseExpr>(e), expected);
  case ExprKind::Tuple:
    return checkTuple(llvm::cast<TupleExpr>(e), expected);
  case ExprKind::List:
    return checkList(llvm::cast<ListExpr>(e), expected);
  case ExprKind::Block:
    return checkBlockExpr(llvm::cast<BlockExpr>(e), expected);
  case ExprKind::If:
    return checkIf(llvm::cast<IfExpr>(e), expected);
  case ExprKind::Struct:
    return checkStructValue(llvm::cast<StructExpr>(e));
  case ExprKind::Compute:
    return checkCompute(llvm::cast<ComputeExpr>(e), expected);
  case ExprKind::Reduce:
    return checkReduce(llvm::cast<ReduceExpr>(e), expected);
  case ExprKind::Scatter:
    return checkScatter(llvm::cast<ScatterExpr>(e), expected);
  case ExprKind::Sort:
    return checkSort(llvm::cast<SortExpr>(e), expected);
  case ExprKind::Scan:
    return checkScan(llvm::cast<ScanExpr>(e), expected);
  case ExprKind::Filter:
    return checkFilter(llvm::cast<FilterExpr>(e), expected);
  case ExprKind::For:
    return checkFor(llvm::cast<ForExpr>(e), expected);
  case ExprKind::While:
    return checkWhile(llvm::cast<WhileExpr>(e), expected);
  default:
    return;
  }
}

// ---- names ----------------------------------------------------------------------------------

void Checker::checkName(NameExpr &e, const Type *expected, bool isPlace) {
  e.decl = lookUp(e.text);
  if (!e.decl) {
    if (!findPredeclared(e.text))
      return unknownName({e.text, e.range}, false);
    bool fits =
        expected && expected->isLeaf() && isFloat(expected->scalar) && !isF8(expected->scalar);
    e.type = Type::leaf(fits ? expected->scalar : ScalarKind::F32);
    return;
  }
  e.type = e.decl->type;
  e.isTotal = e.decl->isTotal;
  if (e.decl->kind != Decl::Kind::Buffer) {
    e.value = e.decl->value;
    return;
  }
  if (isPlace || !e.type.isValid())
    return;
  readWhole(*e.decl, {}, e.range);
  setFreshValue(e);
}

/// T2: `f32.max`, `i64.min`, `f32.eps`.
void Checker::checkScalarConst(ScalarConstExpr &e) {
  if (!hasScalarConst(e.scalar, e.member.text)) {
    diags
        .error(e.member.range,
               std::string(spelling(e.scalar)) + " has no constant `" + e.member.text + "`")
        .note(e.scalar == ScalarKind::F8E4M3 ? "f8e4m3 has `max`, `min`, `eps` and `nan`"
              : isFloat(e.scalar)            ? "floats have `max`, `min`, `eps`, `inf` and `nan`"
                                             : "integers have `max` and `min`");
    return;
  }
  e.type = Type::leaf(e.scalar);
  if (!isInt(e.scalar))
    return;
  facts::Range r = rangeOf(e.scalar);
  auto v = e.member.text == "max" ? r.hi : r.lo;
  e.value = v ? FExpr(*v) : freshFor(e, r);
}

/// The parts, a chain of them, of a buffer or of an access to one: nothing is read.
void Checker::typePath(Expr &e) {
  if (auto *name = llvm::dyn_cast<NameExpr>(&e))
    return checkName(*name, nullptr, true);
  if (auto *index = llvm::dyn_cast<IndexExpr>(&e))
    return checkIndex(*index, false, false, false);
  checkField(llvm::cast<FieldExpr>(e), true);
}

/// `b.0`, `b[i].0` and so on: the buffer, its access if there is one, and the path to the leaf.
Decl *Checker::bufferUnder(const Expr &e, const IndexExpr *&access,
                           std::vector<unsigned> &path) const {
  std::vector<unsigned> after;
  const Expr *at = &e;
  while (auto *field = llvm::dyn_cast_or_null<FieldExpr>(at)) {
    after.insert(after.begin(), field->index);
    at = field->base.get();
  }
  access = llvm::dyn_cast_or_null<IndexExpr>(at);
  if (access)
    at = access->base.get();
  const NameExpr *root = at ? rootName(*at, path) : nullptr;
  path.insert(path.end(), after.begin(), after.end());
  Decl *d = root ? lookUp(root->text) : nullptr;
  return d && d->kind == Decl::Kind::Buffer ? d : nullptr;
}

void Checker::checkField(FieldExpr &e, bool isPlace) {
  std::vector<unsigned> path;
  const IndexExpr *access = nullptr;
  resolveParts(e);
  Decl *buffer = bufferUnder(e, access, path);
  if (buffer)
    typePath(*e.base);
  else
    checkExpr(e.base);
  if (!e.base || !e.base->type.isValid())
    return;
  const Type &t = e.base->type;
  if (!t.isTuple()) {
    diags.error(e.nameRange, "`." + e.name + "` takes a part of a tuple, but this is " + str(t));
    return;
  }
  auto part = partNamed(t, e.name);
  if (!part) {
    diags.error(e.nameRange, t.isStruct() ? "no part is named ." + e.name + ": " + partsText(t)
                                          : "a tuple of " + std::to_string(t.parts.size()) +
                                                " has no part ." + e.name);
    return;
  }
  unsigned index = *part;
  e.index = index;
  e.type = t.parts[index];
  e.isTotal = e.base->isTotal;
  if (buffer && !isPlace && access)
    readBuffer(*buffer, path, bufferElement(*access, *buffer), e.range);
  else if (buffer && !isPlace)
    readWhole(*buffer, path, e.range);
  if (e.type.isScalar() && isInt(e.type.scalar) && !buffer) {
    size_t leaf = 0;
    for (unsigned i = 0; i < e.index; ++i)
      leaf += countLeaves(t.parts[i]);
    e.value = leafValue(*e.base, leaf);
  }
  setFreshValue(e);
}

// ---- operators ------------------------------------------------------------------------------

void Checker::checkUnary(UnaryExpr &e, const Type *expected) {
  checkExpr(e.operand, e.op == UnaryOp::Not ? nullptr : expected);
  if (!e.operand || !e.operand->type.isValid())
    return;
  const Type &t = e.operand->type;
  if (refuseF8(t, e.range, e.op == UnaryOp::Neg ? "`-`" : "this operator"))
    return;
  const char *sign = e.op == UnaryOp::Neg ? "-" : e.op == UnaryOp::Not ? "!" : "~";
  const char *takes = e.op == UnaryOp::Neg ? "numbers" : e.op == UnaryOp::Not ? "bool" : "integers";
  bool isRight = t.isLeaf() && (e.op == UnaryOp::Neg   ? isInt(t.scalar) || isFloat(t.scalar)
                                : e.op == UnaryOp::Not ? t.scalar == ScalarKind::Bool
                                                       : isInt(t.scalar));
  if (!isRight) {
    auto error = diags.error(e.range, std::string("`") + sign + "` takes " + takes +
                                          ", but this is " + str(t));
    if (t.isStruct() && e.op == UnaryOp::Neg)
      error.note("a struct has no `-` of one operand: subtract from a zero, as in " +
                 t.nominal->name.text + " { … } - " + text(e.operand->range));
    return;
  }
  e.type = t;
  valueOfUnary(e);
}

/// T1: two operands of one type, where a literal adapts to its partner.
void Checker::checkPair(ExprPtr &a, ExprPtr &b, const Type *expected) {
  if (!a || !b) {
    checkExpr(a, expected);
    checkExpr(b, expected);
    return;
  }
  bool aFlexible = isFlexible(a.get()), bFlexible = isFlexible(b.get());
  bool aIsInt = a->kind == ExprKind::IntLit;
  if (aFlexible && (!bFlexible || aIsInt)) {
    checkExpr(b, expected);
    checkExpr(a, b->type.isValid() ? &b->type : expected);
    return;
  }
  checkExpr(a, expected);
  checkExpr(b, bFlexible && a->type.isValid() ? &a->type : expected);
}

static const char *operatorText(BinaryOp op) {
  static const char *const names[] = {"+", "-",  "*",  "/",  "%", "==", "!=", "<",  "<=",
                                      ">", ">=", "&&", "||", "&", "|",  "^",  "<<", ">>"};
  return names[unsigned(op)];
}

/// T8: the classes of types that operators take.
void Checker::checkBinary(BinaryExpr &e, const Type *expected) {
  if (e.op == BinaryOp::And || e.op == BinaryOp::Or)
    return checkLogic(e);
  if (e.op == BinaryOp::Shl || e.op == BinaryOp::Shr)
    return checkShift(e, expected);
  bool isCompare = e.op >= BinaryOp::Eq && e.op <= BinaryOp::Ge;
  checkPair(e.lhs, e.rhs, isCompare ? nullptr : expected);
  if (!e.lhs || !e.rhs || !e.lhs->type.isValid() || !e.rhs->type.isValid())
    return;
  const Type &a = e.lhs->type, &b = e.rhs->type;
  std::string what = std::string("`") + operatorText(e.op) + "`";
  if (checkStructOperands(e, operatorText(e.op)))
    return;
  if (!a.isLeaf() || !b.isLeaf()) {
    diags.error(e.opRange, what + " takes numbers, not tuples: " + str(a.isLeaf() ? b : a));
    return;
  }
  if (refuseF8(a, e.opRange, what) || refuseF8(b, e.opRange, what))
    return;
  if (a.scalar != b.scalar)
    return mismatch(e.opRange, a, b, what, e.lhs.get(), e.rhs.get());
  ScalarKind k = a.scalar;
  bool isBit = e.op == BinaryOp::BitAnd || e.op == BinaryOp::BitOr || e.op == BinaryOp::BitXor;
  bool isEqual = e.op == BinaryOp::Eq || e.op == BinaryOp::Ne;
  bool isRight = isBit                   ? !isFloat(k)
                 : e.op == BinaryOp::Mod ? isInt(k)
                                         : isEqual || k != ScalarKind::Bool;
  if (!isRight) {
    diags.error(
        e.opRange,
        what + (isBit || e.op == BinaryOp::Mod ? " takes integers, not " : " takes numbers, not ") +
            str(a));
    return;
  }
  auto shape = commonShape({e.lhs.get(), e.rhs.get()}, e.opRange, what);
  if (!shape)
    return;
  e.type = Type::leaf(isCompare ? ScalarKind::Bool : k, *shape);
  valueOfBinary(e);
}

/// `&&` and `||`: the right side is evaluated, and checked, only where the left one leaves it open.
void Checker::checkLogic(BinaryExpr &e) {
  bool left = checkCondition(e.lhs);
  Assuming scope(*this);
  if (left && e.lhs) {
    Formula f = formula(*e.lhs);
    assume(e.op == BinaryOp::And ? f : f.negated());
  }
  bool right = checkCondition(e.rhs);
  if (left && right)
    e.type = Type::leaf(ScalarKind::Bool);
}

bool Checker::checkCondition(ExprPtr &e) {
  checkExpr(e);
  if (!e || !e->type.isValid())
    return false;
  if (e->type.isScalar(ScalarKind::Bool))
    return true;
  auto error = diags.error(e->range, "a condition is bool, but this is " + str(e->type));
  if (e->type.isScalar() && isInt(e->type.scalar))
    error.fix(after(e->range), " != 0", "compare it");
  return false;
}

/// T5: a shift has the type of its left side; the amount may be of any integer type.
void Checker::checkShift(BinaryExpr &e, const Type *expected) {
  checkExpr(e.lhs, expected);
  checkExpr(e.rhs);
  if (!e.lhs || !e.rhs || !e.lhs->type.isValid() || !e.rhs->type.isValid())
    return;
  const Type &a = e.lhs->type, &b = e.rhs->type;
  if (!a.isLeaf() || !b.isLeaf() || !isInt(a.scalar) || !isInt(b.scalar)) {
    diags.error(e.opRange, std::string("`") + operatorText(e.op) + "` takes integers, not " +
                               str(a) + " and " + str(b));
    return;
  }
  auto shape = commonShape({e.lhs.get(), e.rhs.get()}, e.opRange,
                           std::string("`") + operatorText(e.op) + "`");
  if (!shape)
    return;
  e.type = Type::leaf(a.scalar, *shape);
  valueOfBinary(e);
}

/// T4: shapes are equal dim by dim; a scalar spreads; nothing else broadcasts.
std::optional<std::vector<facts::Expr>>
Checker::commonShape(const std::vector<Expr *> &args, SourceRange range, const std::string &what) {
  std::vector<const Type *> types;
  for (const Expr *arg : args)
    types.push_back(&arg->type);
  return commonShapeOf(types, range, what);
}

std::optional<std::vector<facts::Expr>>
Checker::commonShapeOf(const std::vector<const Type *> &leaves, SourceRange range,
                       const std::string &what) {
  const Type *shaped = nullptr;
  for (const Type *leaf : leaves) {
    if (leaf->isScalar())
      continue;
    if (!shaped) {
      shaped = leaf;
      continue;
    }
    if (sameShape(*shaped, *leaf))
      continue;
    const Type &a = *shaped, &b = *leaf;
    auto error =
        diags.error(range, what + " takes tensors of one shape, not " + str(a) + " and " + str(b));
    if (a.shape.size() == b.shape.size()) {
      for (size_t i = 0; i < a.shape.size(); ++i)
        if (!sameExtent(a.shape[i], b.shape[i])) {
          error.note("axis " + std::to_string(i) + ": `" + str(a.shape[i]) +
                     "` is not proved equal to `" + str(b.shape[i]) + "`");
          break;
        }
    } else {
      error.note(
          "only a scalar spreads by itself; write the index: compute … |i, j| { a[i, j] + b[j] }");
    }
    return std::nullopt;
  }
  return shaped ? shaped->shape : std::vector<FExpr>{};
}

// ---- tuples, lists, blocks, choice ----------------------------------------------------------

void Checker::checkTuple(TupleExpr &e, const Type *expected) {
  std::vector<Type> parts;
  bool isValid = true;
  for (size_t i = 0; i < e.parts.size(); ++i) {
    bool fits = expected && expected->isTuple() && expected->parts.size() == e.parts.size();
    checkExpr(e.parts[i], fits ? &expected->parts[i] : nullptr);
    isValid &= e.parts[i] && e.parts[i]->type.isValid();
    parts.push_back(e.parts[i] ? e.parts[i]->type : Type());
  }
  Type whole = Type::tuple(std::move(parts));
  if (isValid && expectFewParts(whole, e.range))
    e.type = std::move(whole);
}

void Checker::checkList(ListExpr &e, const Type *expected) {
  Type inner;
  if (expected && expected->isTensor())
    inner = Type::leaf(expected->scalar, {expected->shape.begin() + 1, expected->shape.end()});
  const Expr *leader = nullptr; // the first that is no literal gives the others their type
  for (ExprPtr &element : e.elements)
    if (!leader && element && !isFlexible(element.get())) {
      checkExpr(element, inner.isValid() ? &inner : nullptr);
      leader = element.get();
    }
  const Type *place = leader && leader->type.isValid() ? &leader->type
                      : inner.isValid()                ? &inner
                                                       : nullptr;
  for (ExprPtr &element : e.elements) {
    if (element.get() != leader)
      checkExpr(element, place);
    if (!element || !element->type.isValid())
      return;
    if (!place)
      place = &element->type;
    if (!expectType(*element, *place, "an element of this list"))
      return;
  }
  if (place)
    e.type = place->withOuter({FExpr(int64_t(e.elements.size()))});
}

void Checker::checkBlockExpr(BlockExpr &e, const Type *expected) {
  if (!e.block)
    return;
  Frame frame;
  frame.kind = Frame::Kind::Value;
  frame.range = e.range;
  frames.push_back(std::move(frame));
  checkBlockValue(*e.block, expected, "this block");
  frames.pop_back();
  if (e.block->value) {
    e.type = e.block->value->type;
    e.value = e.block->value->value;
  }
}

void Checker::checkBlockValue(Block &b, const Type *expected, const std::string &what) {
  checkBlock(b, expected);
  if (!b.value && b.range.end > b.range.begin)
    diags.error({b.range.file, b.range.end - 1, b.range.end},
                what + " needs a value: an expression without `;` as its last line");
}

void Checker::checkIf(IfExpr &e, const Type *expected) {
  Formula cond;
  if (checkCondition(e.cond))
    cond = formula(*e.cond);
  Frame frame;
  frame.kind = Frame::Kind::Value;
  frame.range = e.range;
  auto branch = [&](const Formula &f, const Type *place, bool first) {
    Assuming scope(*this);
    assume(f);
    frames.push_back(frame);
    if (!first)
      checkExpr(e.elseExpr, place);
    else if (e.thenBlock)
      checkBlockValue(*e.thenBlock, place, "this branch");
    const Expr *value = !first        ? e.elseExpr.get()
                        : e.thenBlock ? e.thenBlock->value.get()
                                      : nullptr;
    knownAt[value] = known;
    frames.pop_back();
  };
  auto thenValue = [&]() -> const Expr * {
    return e.thenBlock ? e.thenBlock->value.get() : nullptr;
  };
  bool elseFirst = thenValue() && isFlexible(thenValue()) && !isFlexible(e.elseExpr.get());
  if (elseFirst) {
    branch(cond.negated(), expected, false);
    branch(cond, e.elseExpr && e.elseExpr->type.isValid() ? &e.elseExpr->type : expected, true);
  } else {
    branch(cond, expected, true);
    bool adapts = isFlexible(e.elseExpr.get()) && thenValue() && thenValue()->type.isValid();
    branch(cond.negated(), adapts ? &thenValue()->type : expected, false);
  }
  const Expr *a = thenValue(), *b = e.elseExpr.get();
  if (!a || !b || !a->type.isValid() || !b->type.isValid())
    return;
  if (!sameType(a->type, b->type))
    return mismatch(spanning(b->range, b->range), a->type, b->type, "`if`", a, b);
  e.type = a->type;
  valueOfChoice(e, cond, *a, *b);
}

} // namespace texpr

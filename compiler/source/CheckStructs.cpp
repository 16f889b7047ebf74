// Structs: named tuples, as types and values, and the operators that a program gives them.
//
// Below the checker a struct is the tuple of its fields. So a struct's name in a type becomes the tuple of the fields'
// types (which remembers the name), `c32 { re: a, im: b }` a tuple in the order of the fields, `z.re` part 0 of `z`, and
// `a + b` a call of `op +`. Two structs of the same fields are different types, and no tuple is one of them (U3).
//   z: c32[n]                 →   z: (f32, f32)[n]
//   c32 { im: 1.0, re: x }    →   (x, 1.0)
//   a * b                     →   op *(a, b), element by element where there is a tensor
#include "compiler/source/Checker.h"
#include "compiler/source/Clone.h"
#include "compiler/source/Parser.h"
#include <algorithm>

namespace texpr {

// ---- declarations -------------------------------------------------------------------------------

/// U1: structs have distinct names, the fields of one distinct names; U2: none holds itself.
void Checker::declareStructs() {
  for (auto &s : program.structs) {
    auto [old, isNew] = structByName.try_emplace(s->name.text, s.get());
    if (!isNew)
      diags.error(s->name.range, "a struct named `" + s->name.text + "` is declared twice")
          .note(old->second->name.range, "first here");
    llvm::StringMap<SourceRange> fields;
    for (auto &[name, type] : s->fields)
      if (auto [first, isFirst] = fields.try_emplace(name.text, name.range); !isFirst)
        diags.error(name.range, "`" + name.text + "` stands twice in this struct")
            .note(first->second, "first here");
  }
  std::vector<StructDecl *> path;
  for (auto &s : program.structs)
    resolveStruct(*s, path);
}

/// The type of a struct: its fields are scalars, structs, tuples, and tensors of fixed extents.
bool Checker::resolveStruct(StructDecl &s, std::vector<StructDecl *> &path) {
  if (s.type.isValid() || isBadStruct.count(&s))
    return s.type.isValid();
  if (auto from = std::find(path.begin(), path.end(), &s); from != path.end()) {
    std::string cycle;
    for (; from != path.end(); ++from)
      cycle += "`" + (*from)->name.text + "` → ";
    diags.error(s.name.range, "a struct may not hold itself: " + cycle + "`" + s.name.text + "`");
    isBadStruct.insert(&s);
    return false;
  }
  if (path.size() >= maxNesting) {
    diags.error(s.name.range, "structs more than " + std::to_string(maxNesting) +
                                  " deep in one another, the limit");
    isBadStruct.insert(&s);
    return false;
  }
  path.push_back(&s);
  std::vector<Type> parts;
  for (auto &[name, type] : s.fields)
    if (auto t = fieldType(type, path))
      parts.push_back(std::move(*t));
  path.pop_back();
  Type whole = Type::tuple(std::move(parts), &s);
  if (whole.parts.size() == s.fields.size() && !isBadStruct.count(&s) &&
      expectFewParts(whole, s.name.range))
    s.type = std::move(whole);
  else
    isBadStruct.insert(&s);
  return s.type.isValid();
}

std::optional<Type> Checker::fieldType(TypeExpr &t, std::vector<StructDecl *> &path) {
  for (TypeExpr &part : t.parts)
    if (!fieldType(part, path))
      return std::nullopt;
  if (t.kind == TypeExpr::Kind::Named)
    if (auto inner = structByName.find(t.name.text); inner != structByName.end())
      if (!resolveStruct(*inner->second, path))
        return std::nullopt;
  for (ExprPtr &extent : t.shape) {
    auto *literal = llvm::dyn_cast_or_null<IntLitExpr>(extent.get());
    if (literal && !literal->negative && literal->magnitude > 0)
      continue;
    if (extent)
      diags.error(extent->range, "an extent in a struct is a number, as in f32[3]");
    return std::nullopt;
  }
  expandType(t);
  return resolveType(t, true);
}

/// A struct's name in a type becomes the tuple of its fields' types.
void Checker::expandType(TypeExpr &t) {
  for (TypeExpr &part : t.parts)
    expandType(part);
  if (t.kind != TypeExpr::Kind::Named)
    return;
  auto found = structByName.find(t.name.text);
  if (found == structByName.end() || !found->second->type.isValid())
    return;
  t.kind = TypeExpr::Kind::Tuple;
  t.nominal = found->second;
  for (const auto &[name, type] : found->second->fields)
    t.parts.push_back(clone(type));
}

void Checker::expandTypes(FnDecl &fn) {
  auto visit = [&](TypeExpr &t) { expandType(t); };
  for (Param &p : fn.params)
    visit(p.declared.type);
  for (ResultDecl &r : fn.results)
    visit(r.declared.type);
  Walker walker{[](Expr &) {}, nullptr, visit};
  walker.block(fn.body.get());
}

void Checker::expandTypes(OpDecl &op) {
  auto visit = [&](TypeExpr &t) { expandType(t); };
  for (RType *r : {&op.lhs.declared, &op.rhs.declared, &op.result})
    visit(r->type);
  Walker walker{[](Expr &) {}, nullptr, visit};
  walker.block(op.body.get());
}

void Checker::expandTypes() {
  for (auto &fn : program.fns)
    if (fn->typeParams.empty())
      expandTypes(*fn);
  for (auto &op : program.ops)
    if (op->typeParams.empty())
      expandTypes(*op);
}

// ---- parts --------------------------------------------------------------------------------------

std::optional<unsigned> Checker::partNamed(const Type &t, const std::string &name) const {
  for (size_t i = 0; t.isTuple() && i < t.parts.size(); ++i)
    if (t.partName(i) == name)
      return i;
  return std::nullopt;
}

std::string Checker::partsText(const Type &t) const {
  std::string all;
  for (size_t i = 0; i < t.parts.size(); ++i)
    all += (i ? ", ." : ".") + t.partName(i);
  return str(t) + " has " + all;
}

const Type *Checker::resolveParts(Expr &e) {
  if (auto *name = llvm::dyn_cast<NameExpr>(&e)) {
    Decl *d = lookUp(name->text);
    return d && d->type.isValid() ? &d->type : nullptr;
  }
  if (auto *index = llvm::dyn_cast<IndexExpr>(&e))
    return index->base ? resolveParts(*index->base) : nullptr;
  auto *field = llvm::dyn_cast<FieldExpr>(&e);
  const Type *t = field && field->base ? resolveParts(*field->base) : nullptr;
  auto part = t ? partNamed(*t, field->name) : std::nullopt;
  if (!part)
    return nullptr;
  field->index = *part;
  return &t->parts[*part];
}

/// The struct that a value of type `t`, which has lost axes, still is.
const StructDecl *structOf(const StructDecl *nominal, const Type &t) {
  if (!nominal)
    return nullptr;
  std::vector<const Type *> leaves, fields;
  t.leaves(leaves);
  nominal->type.leaves(fields);
  for (size_t i = 0; i < leaves.size() && i < fields.size(); ++i)
    if (leaves[i]->shape.size() < fields[i]->shape.size())
      return nullptr;
  return nominal;
}

// ---- values -------------------------------------------------------------------------------------

/// U4: a value names each field once; all of them are scalars of one element, or tensors with the same extents before
/// their own.
void Checker::checkStructValue(StructExpr &e) {
  auto found = structByName.find(e.name.text);
  if (found == structByName.end() || !found->second->type.isValid()) {
    for (auto &[name, value] : e.fields)
      checkExpr(value);
    if (found == structByName.end() && !isPartial)
      diags.error(e.name.range, "no struct is named `" + e.name.text + "`");
    return;
  }
  const StructDecl &s = *found->second;
  std::vector<bool> isGiven(s.fields.size());
  std::optional<std::vector<FExpr>> outer;
  bool isRight = true;
  for (auto &[name, value] : e.fields) {
    auto part = partNamed(s.type, name.text);
    checkExpr(value, part ? &s.type.parts[*part] : nullptr);
    isRight &= part && value && value->type.isValid();
    if (!part) {
      diags.error(name.range, "`" + s.name.text + "` has no field `" + name.text + "`")
          .note(s.name.range, partsText(s.type));
      continue;
    }
    if (isGiven[*part])
      diags.error(name.range, "`" + name.text + "` stands twice in this value");
    isGiven[*part] = true;
    if (!isRight)
      continue;
    std::vector<const Type *> given, wanted;
    value->type.leaves(given);
    s.type.parts[*part].leaves(wanted);
    if (!outer && given[0]->shape.size() >= wanted[0]->shape.size())
      outer.emplace(given[0]->shape.begin(), given[0]->shape.end() - wanted[0]->shape.size());
    isRight &=
        expectType(*value, s.type.parts[*part].withOuter(outer.value_or(std::vector<FExpr>{})),
                   "field `" + name.text + "` of `" + s.name.text + "`");
  }
  std::string missing;
  for (size_t i = 0; i < isGiven.size(); ++i)
    if (!isGiven[i])
      missing += (missing.empty() ? "`" : ", `") + s.fields[i].first.text + "`";
  if (!missing.empty())
    diags.error(e.range, "this `" + s.name.text + "` has no value for " + missing)
        .note(s.name.range, "declared here");
  if (isRight && missing.empty() && outer)
    e.type = s.type.withOuter(*outer);
}

/// What a checked struct value and an operator of structs become.
void Checker::settleStructs(ExprPtr &e) {
  if (auto *value = llvm::dyn_cast<StructExpr>(e.get()); value && value->type.isValid()) {
    auto tuple = std::make_unique<TupleExpr>();
    tuple->range = e->range;
    tuple->type = e->type;
    tuple->nominal = e->type.nominal;
    tuple->parts.resize(e->type.parts.size());
    for (auto &[name, field] : value->fields)
      tuple->parts[*partNamed(e->type, name.text)] = std::move(field);
    e = std::move(tuple);
    return;
  }
  auto *binary = llvm::dyn_cast<BinaryExpr>(e.get());
  if (!binary || !binary->userOp)
    return;
  auto call = std::make_unique<CallExpr>();
  call->range = e->range;
  call->type = e->type;
  call->callee = {binary->userOp->name.text, binary->opRange};
  call->op = binary->userOp;
  std::vector<const Type *> leaves;
  e->type.leaves(leaves);
  call->isElementwise = !leaves[0]->shape.empty();
  call->args.push_back(std::move(binary->lhs));
  call->args.push_back(std::move(binary->rhs));
  e = std::move(call);
}

// ---- operators ----------------------------------------------------------------------------------

/// U5: `op + - * /` combine two values of one struct.
void Checker::declareOperator(OpDecl &op) {
  const std::string &sign = op.name.text;
  const StructDecl *s = op.lhs.declared.type.nominal;
  if (!s || op.lhs.declared.type.hasShape) {
    diags.error(op.name.range, "`op " + sign + "` gives an operator to a struct")
        .note("its operands are two values of one struct, as in op " + sign +
              "(a: c32, b: c32) -> c32 { … }");
    badOps.insert(&op);
    return;
  }
  auto [old, isNew] = structOps.try_emplace({sign, s}, &op);
  if (!isNew)
    diags.error(op.name.range, "`op " + sign + "` of `" + s->name.text + "` is declared twice")
        .note(old->second->name.range, "first here");
}

OpDecl *Checker::structOp(const std::string &sign, const Type &t, SourceRange range) {
  auto found = structOps.find({sign, t.nominal});
  if (found != structOps.end())
    return badOps.count(found->second) ? nullptr : found->second;
  const std::string &name = t.nominal->name.text;
  if (!isPartial)
    diags.error(range, "`" + name + "` has no operator `" + sign + "`")
        .note("declare it: op " + sign + "(a: " + name + ", b: " + name + ") -> " + name +
              " { … }");
  return nullptr;
}

bool Checker::holdsStruct(const Type &t) {
  return t.isStruct() || std::any_of(t.parts.begin(), t.parts.end(), holdsStruct);
}

/// What reduces or scans values that are, or hold, structs: the struct's own `+` or `*`.
OpDecl *Checker::combinerOfStruct(const std::string &name, const Type &t, SourceRange range) {
  if (t.isStruct() && (name == "+" || name == "*"))
    return structOp(name, t, range);
  auto error = diags.error(range, "`" + name + "` does not combine " + str(t));
  if (t.isStruct())
    error.note("declare an op of two `" + t.nominal->name.text + "`, and combine by its name");
  else
    error.note("combine the struct in a reduction of its own, or declare an op of the whole tuple");
  return nullptr;
}

/// An operator between structs, or tensors of them; true where one operand is a struct, and all has been said.
bool Checker::checkStructOperands(BinaryExpr &e, const std::string &sign) {
  const Type &a = e.lhs->type, &b = e.rhs->type;
  if (!a.isStruct() && !b.isStruct())
    return false;
  const Type &t = a.isStruct() ? a : b;
  if (e.op > BinaryOp::Div) {
    auto error = diags.error(e.opRange, "`" + sign + "` takes numbers, not " + str(t));
    if (e.op == BinaryOp::Eq || e.op == BinaryOp::Ne)
      error.note("compare the fields: " + partsText(t));
    return true;
  }
  if (!sameScalars(a, b)) {
    mismatch(e.opRange, a, b, "`" + sign + "`", nullptr, nullptr);
    return true;
  }
  OpDecl *op = structOp(sign, t, e.opRange);
  std::vector<const Type *> leaves;
  a.leaves(leaves);
  b.leaves(leaves);
  auto shape = op ? commonShapeOf(leaves, e.opRange, "`" + sign + "`") : std::nullopt;
  if (!shape)
    return true;
  e.userOp = op;
  e.type = t.nominal->type.withOuter(*shape);
  return true;
}

/// `z[i] += w` of a struct is `z[i] = z[i] + w`.
void Checker::makeUpdate(AssignStmt &s) {
  static const BinaryOp ops[] = {BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul, BinaryOp::Div};
  if (!s.place || !s.value || s.atomic || s.op < AssignOp::Add || s.op > AssignOp::Div)
    return;
  const Type *t = resolveParts(*s.place);
  if (!t || !t->isStruct())
    return;
  auto sum = std::make_unique<BinaryExpr>();
  sum->op = ops[unsigned(s.op) - unsigned(AssignOp::Add)];
  sum->range = spanning(s.place->range, s.value->range);
  sum->opRange = s.place->range;
  sum->lhs = clone(*s.place);
  sum->rhs = std::move(s.value);
  s.value = std::move(sum);
  s.op = AssignOp::Set;
}

} // namespace texpr

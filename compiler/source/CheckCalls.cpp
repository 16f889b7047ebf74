// Calls: conversions, builtin functions, user ops and functions of the program.
//
// A call of a function solves the callee's dims from the extents of the arguments, substitutes them
// in its signature, and proves what the callee would otherwise test at entry (D5): inside a program
// nothing is left to a run-time test of dims.
#include "compiler/source/Checker.h"
#include "llvm/ADT/StringSwitch.h"

namespace texpr {

using facts::Rel;
using Solved = llvm::DenseMap<facts::Symbol, facts::Expr>;

static std::optional<ScalarKind> scalarNamed(llvm::StringRef name) {
  for (unsigned k = 0; k <= unsigned(ScalarKind::Bool); ++k)
    if (name == spelling(ScalarKind(k)))
      return ScalarKind(k);
  return std::nullopt;
}

static facts::Expr substitute(const facts::Expr &e, const Solved &known) {
  return e.substitute([&](facts::Symbol s) -> std::optional<facts::Expr> {
    auto found = known.find(s);
    return found == known.end() ? std::nullopt : std::optional(found->second);
  });
}

static Type substitute(Type t, const Solved &known) {
  for (facts::Expr &extent : t.shape)
    extent = substitute(extent, known);
  for (Type &part : t.parts)
    part = substitute(std::move(part), known);
  return t;
}

void Checker::checkCall(CallExpr &e, const Type *expected) {
  const std::string &name = e.callee.text;
  if (auto scalar = scalarNamed(name)) {
    return checkConversion(e, *scalar);
  }
  if (auto fn = fnByName.find(name); fn != fnByName.end()) {
    return checkFnCall(e, *fn->second);
  }
  if (auto op = opByName.find(name); op != opByName.end()) {
    return checkOpCall(e, *op->second);
  }
  if (const BuiltinInfo *info = findBuiltin(name)) {
    if (!e.typeArgs.empty() && info->id != Builtin::Bitcast) {
      diags.error(e.callee.range, "`" + name + "` takes no type argument");
      return;
    }
    return checkBuiltin(e, *info, expected);
  }
  if (name == "wide")
    return checkWide(e, expected);
  if (name == "reshape")
    return checkReshape(e);
  if (checkLaneCall(e, expected))
    return;
  if (name == "desc") { // S4
    diags.error(e.callee.range, "`desc` stands around a key of `argsort` or `top`")
        .note("as in `argsort n |i| { (a[i], desc(b[i])) }`; a number is turned around by `-`");
    return;
  }
  if (refuseFactCall(e))
    return;
  for (ExprPtr &arg : e.args)
    checkExpr(arg);
  unknownName(e.callee, true);
}

/// What looks like a call, and is one in its place only. True, with an error that says where.
bool Checker::refuseFactCall(const CallExpr &e) {
  const std::string &name = e.callee.text;
  if (name == "addr") // L6
    diags
        .error(e.callee.range,
               "`addr` is an operand of `asm`, and no value: the language has no pointers")
        .note("read an element by its indices, as in `x[i, j]`");
  else if (name == "sorted") // F3
    diags
        .error(e.callee.range,
               "`sorted` is a fact, and no value: it stands in `where` and `assume`")
        .note("to test it here: `reduce(and) n - 1 |i| { x[i] <= x[i + 1] }`");
  else if (name == "perm") // F4
    diags.error(e.callee.range,
                "`perm` is no function: it stands behind a type, as in `p: i64[n] perm`");
  else if (name == "written") // F5
    diags.error(e.callee.range, "`written` is a fact, and no value: it stands in `assume`");
  else
    return false;
  return true;
}

// ---- conversions and builtins ---------------------------------------------------------------

/// `1.0 / 3.0` is of the type it is converted to, as a literal alone is; `1 / 2` and `7 | 3` are
/// i64 first.
static bool takesFloatPlace(const Expr *e, bool isOperand = false) {
  if (auto *binary = llvm::dyn_cast_or_null<BinaryExpr>(e))
    return takesFloatPlace(binary->lhs.get(), true) || takesFloatPlace(binary->rhs.get(), true);
  if (auto *unary = llvm::dyn_cast_or_null<UnaryExpr>(e))
    return takesFloatPlace(unary->operand.get(), isOperand);
  return !isOperand || llvm::isa_and_nonnull<FloatLitExpr, NameExpr>(e);
}

/// T6: a conversion takes a number or a bool, element by element; to bool, compare.
void Checker::checkConversion(CallExpr &e, ScalarKind to) {
  e.conversion = to;
  if (e.args.size() != 1) {
    diags.error(e.range, std::string("`") + spelling(to) + "(…)` converts one value");
    return;
  }
  Type place = Type::leaf(to);
  auto *literal = llvm::dyn_cast_or_null<IntLitExpr>(e.args[0].get());
  bool adapts = isFlexible(e.args[0].get()) &&
                ((isFloat(to) && !isF8(to) && takesFloatPlace(e.args[0].get())) ||
                 (to == ScalarKind::U64 && literal && !literal->negative));
  checkExpr(e.args[0], adapts ? &place : nullptr);
  if (!e.args[0] || !e.args[0]->type.isValid())
    return;
  const Type &t = e.args[0]->type;
  if (!t.isLeaf()) {
    diags.error(e.range, std::string("`") + spelling(to) + "(…)` converts a number, not " + str(t));
    return;
  }
  if (to == ScalarKind::Bool && t.scalar != ScalarKind::Bool) {
    diags.error(e.range, "nothing converts to bool")
        .fix(e.range, text(e.args[0]->range) + " != 0", "compare it");
    return;
  }
  e.type = Type::leaf(to, t.shape);
  valueOfConversion(e);
}

/// The type that sums of `k` are made in.
static ScalarKind wideOf(ScalarKind k) {
  if (isFloat(k))
    return bitWidth(k) < 32 ? ScalarKind::F32 : k;
  if (!isInt(k) || bitWidth(k) >= 32)
    return k;
  return isSigned(k) ? ScalarKind::I32 : ScalarKind::U32;
}

/// T12: `wide(x)` converts to the type that sums of x are made in.
void Checker::checkWide(CallExpr &e, const Type *expected) {
  if (e.args.size() != 1) {
    diags.error(e.range, "`wide` converts one value");
    return;
  }
  checkExpr(e.args[0], expected);
  if (!e.args[0] || !e.args[0]->type.isValid())
    return;
  const Type &t = e.args[0]->type;
  if (!t.isLeaf() || t.scalar == ScalarKind::Bool) {
    diags.error(e.range, "`wide` takes numbers, but this is " + str(t));
    return;
  }
  e.conversion = wideOf(t.scalar);
  e.type = Type::leaf(*e.conversion, t.shape);
  valueOfConversion(e);
}

static std::string arityText(const BuiltinInfo &info) {
  if (info.maxArgs == ~0u)
    return "at least " + std::to_string(info.minArgs) + " arguments";
  return std::to_string(info.minArgs) + (info.minArgs == 1 ? " argument" : " arguments");
}

/// T7: the operands of a builtin function are of one type of its class.
void Checker::checkBuiltin(CallExpr &e, const BuiltinInfo &info, const Type *expected) {
  e.isBuiltin = true;
  if (e.args.size() < info.minArgs || e.args.size() > info.maxArgs) {
    diags.error(e.range, std::string("`") + info.name + "` takes " + arityText(info) + ", not " +
                             std::to_string(e.args.size()));
    return;
  }
  if (info.id == Builtin::Select)
    return checkSelect(e, expected);
  if (info.id == Builtin::Bitcast)
    return checkBitcast(e);
  bool isRotate = info.id == Builtin::Rotl || info.id == Builtin::Rotr;
  const Type *place = info.result == ResultKind::SameAsOperand ? expected : nullptr;
  Expr *leader = nullptr;
  for (ExprPtr &arg : e.args)
    if (!leader && arg && !isFlexible(arg.get())) {
      checkExpr(arg, place);
      leader = arg.get();
    }
  if (leader && leader->type.isValid())
    place = &leader->type;
  for (ExprPtr &arg : e.args) {
    if (arg.get() != leader)
      checkExpr(arg, isRotate && arg != e.args[0] ? nullptr : place);
    if (!place && arg && arg->type.isValid())
      place = &arg->type;
  }
  std::vector<Expr *> args;
  for (ExprPtr &arg : e.args) {
    if (!arg || !arg->type.isValid())
      return;
    const Type &t = arg->type;
    if (refuseF8(t, arg->range, std::string("`") + info.name + "`"))
      return;
    bool isRight =
        t.isLeaf() && (info.operands == OperandClass::Float ? isFloat(t.scalar)
                       : info.operands == OperandClass::Int ? isInt(t.scalar)
                                                            : t.scalar != ScalarKind::Bool);
    if (!isRight) {
      const char *takes = info.operands == OperandClass::Float ? "floats"
                          : info.operands == OperandClass::Int ? "integers"
                                                               : "numbers";
      auto error = diags.error(arg->range, std::string("`") + info.name + "` takes " + takes +
                                               ", but this is " + str(t));
      if (t.isScalar() && isInt(t.scalar) && info.operands == OperandClass::Float)
        error.fix(arg->range, "f32(" + text(arg->range) + ")",
                  "nothing converts by itself: write the conversion");
      return;
    }
    if (!isRotate && t.scalar != e.args[0]->type.scalar)
      return mismatch(e.callee.range, e.args[0]->type, t, std::string("`") + info.name + "`",
                      e.args[0].get(), arg.get());
    args.push_back(arg.get());
  }
  auto shape = commonShape(args, e.callee.range, std::string("`") + info.name + "`");
  if (!shape)
    return;
  e.type = Type::leaf(info.result == ResultKind::Bool ? ScalarKind::Bool : e.args[0]->type.scalar,
                      *shape);
  valueOfBuiltin(e, info);
}

/// `select(c, a, b)`: both values are evaluated; c is bool.
void Checker::checkSelect(CallExpr &e, const Type *expected) {
  checkExpr(e.args[0]);
  checkPair(e.args[1], e.args[2], expected);
  for (const ExprPtr &arg : e.args)
    if (!arg || !arg->type.isValid())
      return;
  const Type &c = e.args[0]->type, &a = e.args[1]->type, &b = e.args[2]->type;
  if (!c.isLeaf() || c.scalar != ScalarKind::Bool) {
    diags.error(e.args[0]->range, "the first argument of `select` is bool, but this is " + str(c));
    return;
  }
  if (!a.isLeaf() || !b.isLeaf() || a.scalar != b.scalar)
    return mismatch(e.callee.range, a, b, "`select`", e.args[1].get(), e.args[2].get());
  auto shape =
      commonShape({e.args[0].get(), e.args[1].get(), e.args[2].get()}, e.callee.range, "`select`");
  if (!shape)
    return;
  e.type = Type::leaf(a.scalar, *shape);
  valueOfBuiltin(e, builtinInfo(Builtin::Select));
}

void Checker::checkBitcast(CallExpr &e) {
  checkExpr(e.args[0]);
  if (e.typeArgs.size() != 1 || !e.typeArgs[0].scalar) {
    diags.error(e.callee.range, "`bitcast` takes one scalar type: bitcast<u32>(x)");
    return;
  }
  ScalarKind to = *e.typeArgs[0].scalar;
  if (!e.args[0] || !e.args[0]->type.isValid())
    return;
  const Type &t = e.args[0]->type;
  if (!t.isLeaf() || t.scalar == ScalarKind::Bool || to == ScalarKind::Bool ||
      bitWidth(t.scalar) != bitWidth(to)) {
    diags.error(e.range, "`bitcast` keeps the width: " + str(t) + " is no " +
                             std::to_string(bitWidth(to)) + "-bit number");
    return;
  }
  e.type = Type::leaf(to, t.shape);
  const Expr &from = *e.args[0];
  if (e.type.isScalar() && isInt(to) && from.value && fits(*from.value, to))
    e.value = from.value;
  setFreshValue(e);
}

/// B5: `reshape(x, [m * n])`: the elements of x, in order, in another shape of as many.
void Checker::checkReshape(CallExpr &e) {
  e.isReshape = true;
  auto *list = e.args.size() == 2 ? llvm::dyn_cast_or_null<ListExpr>(e.args[1].get()) : nullptr;
  if (!list || list->elements.empty()) {
    diags.error(e.range, "`reshape` takes a tensor and its new shape: reshape(x, [m * n])");
    return;
  }
  checkExpr(e.args[0]);
  FExpr given(1), wanted(1);
  std::vector<FExpr> shape;
  for (ExprPtr &extent : list->elements) {
    auto value = bodyBound(extent);
    if (!value || !checkExtentIsDim(*value, extent->range, nullptr, nullptr))
      return;
    if (!isProved({FExpr(0), Rel::LE, *value})) {
      diags.error(extent->range,
                  "an extent is not negative, but `0 <= " + str(*value) + "` is not proved");
      return;
    }
    wanted = wanted * *value;
    shape.push_back(*value);
  }
  if (!e.args[0] || !e.args[0]->type.isValid())
    return;
  const Type &t = e.args[0]->type;
  if (!t.isTensor()) {
    diags.error(e.args[0]->range, "`reshape` takes a tensor, but this is " + str(t));
    return;
  }
  for (const FExpr &extent : t.shape)
    given = given * extent;
  if (!sameExtent(given, wanted)) {
    diags.error(e.range, "`reshape` keeps the number of elements: `" + str(given) +
                             "` is not proved equal to `" + str(wanted) + "`");
    return;
  }
  e.type = Type::leaf(t.scalar, std::move(shape));
}

/// A user's op called as a function: two operands of its type, or tensors of them, element by element.
void Checker::checkOpCall(CallExpr &e, OpDecl &declared) {
  OpDecl *instance = &declared;
  bool isDone = !declared.typeParams.empty();
  if (isDone) {
    for (ExprPtr &arg : e.args)
      checkExpr(arg);
    if (e.args.empty() || !e.args[0] || !e.args[0]->type.isValid())
      return;
    instance = instanceFor(declared, e.args[0]->type, e.args[0]->range);
    if (!instance)
      return;
  }
  OpDecl &op = *instance;
  e.op = &op;
  const Type *types[] = {op.lhs.decl ? &op.lhs.decl->type : nullptr,
                         op.rhs.decl ? &op.rhs.decl->type : nullptr};
  for (size_t i = 0; i < e.args.size() && !isDone; ++i)
    checkExpr(e.args[i], i < 2 ? types[i] : nullptr);
  if (badOps.count(&op) || !types[0] || !types[1])
    return;
  if (e.args.size() != 2) {
    diags.error(e.range, "op `" + op.name.text + "` takes 2 arguments, not " +
                             std::to_string(e.args.size()));
    return;
  }
  std::vector<const Type *> leaves;
  for (size_t i = 0; i < 2; ++i) {
    if (!e.args[i] || !e.args[i]->type.isValid() ||
        (!sameScalars(e.args[i]->type, *types[i]) &&
         !expectType(*e.args[i], *types[i], "an operand of op `" + op.name.text + "`")))
      return;
    e.args[i]->type.leaves(leaves);
  }
  auto shape = commonShapeOf(leaves, e.callee.range, "op `" + op.name.text + "`");
  if (!shape)
    return;
  e.isElementwise = !shape->empty();
  e.type = types[0]->withOuter(*shape);
  setFreshValue(e);
}

// ---- functions ------------------------------------------------------------------------------

bool Checker::expectCount(size_t given, const FnDecl &fn, SourceRange range) {
  size_t want = fn.params.size();
  if (given == want)
    return true;
  diags
      .error(range, "`" + fn.name.text + "` takes " + std::to_string(want) +
                        (want == 1 ? " argument" : " arguments") + ", not " + std::to_string(given))
      .note(fn.name.range, "declared here");
  return false;
}

void Checker::checkFnCall(CallExpr &e, FnDecl &callee) {
  const bool mayLend = wholeRight == &e;
  std::set<const Expr *> done; // arguments that are checked
  FnDecl *instance = callee.typeParams.empty() ? &callee : instanceFor(e, callee, done);
  if (!instance)
    return;
  FnDecl &fn = *instance;
  e.fn = &fn;
  if (callee.typeParams.empty() && !e.typeArgs.empty()) {
    diags.error(e.callee.range, "`" + fn.name.text + "` takes no type argument")
        .note(fn.name.range, "declared here");
    return;
  }
  if (hasInout(fn))
    return mayLend ? checkLendingCall(e, fn, done) : refuseLending(e, fn);
  for (size_t i = 0; i < e.args.size(); ++i)
    if (!done.count(e.args[i].get()))
      checkExpr(e.args[i],
                i < fn.params.size() && fn.params[i].decl ? &fn.params[i].decl->type : nullptr);
  if (!expectCount(e.args.size(), fn, e.range))
    return;
  if (!fnInfo[&fn].isValid)
    return;
  Solved solved;
  std::vector<FExpr> outer; // of an elementwise call
  e.isElementwise = isByElement(e, fn);
  if (e.isElementwise) {
    auto shape = checkElementArgs(e, fn, solved);
    if (!shape)
      return;
    outer = *shape;
  } else if (!checkFnArgs(e, fn, solved)) {
    return;
  }
  finishCall(e, fn, solved, outer);
}

/// With the callee's dims: what it demands, and what it gives.
void Checker::finishCall(CallExpr &e, FnDecl &fn, const Solved &dims,
                         const std::vector<FExpr> &outer) {
  Solved solved = dims;
  proveRequired(e, fn, solved);
  checkFactsOfCall(e, fn, solved);
  findCallDims(e, fn, solved);
  for (const DimBinding &dim : fn.dims) {
    e.dimArgs.push_back(substitute(*dim.decl->value, solved));
    if (dim.how == DimBinding::How::Axis &&
        isMadeOfData(e.dimArgs.back())) // of memory in the callee
      if (auto most = dimBound(e.dimArgs.back(), true))
        out.dataLimit.insert_or_assign(e.dimArgs.back().hash(), *most);
  }
  std::vector<Type> results;
  for (const ResultDecl &r : fn.results)
    results.push_back(substitute(r.type, solved).withOuter(outer));
  if (results.empty())
    return;
  e.type = results.size() == 1 ? results[0] : Type::tuple(std::move(results));
  if (hasInout(fn) && e.type.isScalar() && isInt(e.type.scalar)) // what is lent changes once
    e.value = newSymbol(fn.name.text, rangeOf(e.type.scalar), SymbolInfo::Kind::Fresh);
  setFreshValue(e);
  for (const ResultDecl &r : fn.results) { // a range of a scalar result is known here, too
    std::optional<FExpr> value;
    if (r.type.isScalar() && isInt(r.type.scalar) && outer.empty() && !r.declared.set.empty()) {
      value = e.value ? *e.value
                      : newSymbol(r.name ? r.name->text : fn.name.text, rangeOf(r.type.scalar),
                                  SymbolInfo::Kind::Fresh);
      Cases cases = rangeCases(r.declared, *value);
      for (auto &conjunction : cases)
        for (Constraint &c : conjunction)
          c = {substitute(c.lhs, solved), c.rel, substitute(c.rhs, solved)};
      assumeCases(cases);
    }
    auto &values = leafValues[&e];
    values.resize(values.size() + countLeaves(r.type));
    if (value)
      values.back() = value;
  }
}

/// D4: the callee's dims follow from the extents of the arguments.
bool Checker::solveDims(CallExpr &e, FnDecl &fn, Solved &known) {
  for (size_t i = 0; i < fn.params.size(); ++i)
    if (const Decl &p = *fn.params[i].decl; p.value && e.args[i]->value && p.value->asSymbol())
      known[*p.value->asSymbol()] = *e.args[i]->value;
  for (bool progress = true; progress;) {
    progress = false;
    for (const DimBinding &dim : fn.dims) {
      if (dim.how != DimBinding::How::Axis || known.count(*dim.decl->value->asSymbol()))
        continue;
      std::vector<const Type *> given, wanted;
      e.args[dim.param]->type.leaves(given);
      fn.params[dim.param].decl->type.leaves(wanted);
      facts::Symbol d = *dim.decl->value->asSymbol();
      FExpr want = substitute(wanted[dim.leaf]->shape[dim.axis], known),
            have = given[dim.leaf]->shape[dim.axis];
      auto with = [&](FExpr v) {
        return want.substitute(
            [&](facts::Symbol s) { return s == d ? std::optional(v) : std::nullopt; });
      };
      FExpr rest = with(FExpr(0)), factor = with(FExpr(1)) - rest;
      std::vector<facts::Symbol> open;
      (rest + factor).symbols(open);
      bool isOpen = false;
      for (const DimBinding &other : fn.dims)
        for (facts::Symbol s : open)
          isOpen |= other.decl->value->asSymbol() == s && !known.count(s);
      if (isOpen)
        continue;
      known[d] = factor.constant() == 1 ? have - rest : FExpr::floorDiv(have - rest, factor);
      progress = true;
    }
  }
  return true;
}

bool Checker::checkFnArgs(CallExpr &e, FnDecl &fn, Solved &known) {
  bool isRight = true;
  for (size_t i = 0; i < e.args.size(); ++i) {
    if (!e.args[i] || !e.args[i]->type.isValid())
      return false;
    const Type &want = fn.params[i].decl->type, &have = e.args[i]->type;
    std::vector<const Type *> w, h;
    want.leaves(w);
    have.leaves(h);
    bool ranks = sameScalars(want, have);
    for (size_t leaf = 0; ranks && leaf < w.size(); ++leaf)
      ranks = w[leaf]->shape.size() == h[leaf]->shape.size();
    if (ranks)
      continue;
    isRight = false;
    expectType(*e.args[i], want,
               "parameter `" + fn.params[i].decl->name.text + "` of `" + fn.name.text + "`");
  }
  if (!isRight || !solveDims(e, fn, known))
    return false;
  // The first one only: dims that it gave to others would make them wrong too.
  for (size_t i = 0; i < e.args.size(); ++i)
    if (!expectType(*e.args[i], substitute(fn.params[i].decl->type, known),
                    "parameter `" + fn.params[i].decl->name.text + "` of `" + fn.name.text + "`"))
      return false;
  return true;
}

/// T10: true where a function of scalars to scalars gets a tensor.
bool Checker::isByElement(const CallExpr &e, const FnDecl &fn) const {
  std::vector<const Type *> leaves, given;
  for (const Param &p : fn.params)
    p.decl->type.leaves(leaves);
  for (const ResultDecl &r : fn.results)
    r.type.leaves(leaves);
  for (const ExprPtr &arg : e.args)
    if (arg && arg->type.isValid())
      arg->type.leaves(given);
  auto isTensor = [](const Type *leaf) { return !leaf->shape.empty(); };
  return llvm::none_of(leaves, isTensor) && llvm::any_of(given, isTensor);
}

/// The shape of an elementwise call: of all tensors among the arguments. Of an element nothing is
/// known but its type.
std::optional<std::vector<facts::Expr>> Checker::checkElementArgs(CallExpr &e, FnDecl &fn,
                                                                  Solved &known) {
  std::vector<const Type *> leaves;
  bool isRight = true;
  for (size_t i = 0; i < e.args.size(); ++i) {
    if (!e.args[i] || !e.args[i]->type.isValid())
      return std::nullopt;
    const Expr &arg = *e.args[i];
    const Decl &p = *fn.params[i].decl;
    if (!sameScalars(p.type, arg.type))
      isRight &=
          expectType(arg, p.type, "parameter `" + p.name.text + "` of `" + fn.name.text + "`");
    arg.type.leaves(leaves);
    if (!p.value || !p.value->asSymbol())
      continue;
    known[*p.value->asSymbol()] = arg.value
                                      ? *arg.value
                                      : newSymbol("an element of " + text(arg.range),
                                                  rangeOf(p.type.scalar), SymbolInfo::Kind::Fresh);
  }
  return isRight ? commonShapeOf(leaves, e.callee.range, "`" + fn.name.text + "`") : std::nullopt;
}

/// D5: what the callee demands of its dims and scalars is proved at the call.
void Checker::proveRequired(CallExpr &e, FnDecl &fn, const Solved &known) {
  FnInfo &info = fnInfo[&fn];
  for (size_t i = 0; i < info.required.size(); ++i) {
    const Constraint &c = info.required[i];
    Constraint here{substitute(c.lhs, known), c.rel, substitute(c.rhs, known)};
    facts::Answer answer = facts.prove(here);
    if (answer) {
      note(CheckNote::Kind::CallFact, e.range,
           "`" + facts.str(here) + "`, which `" + fn.name.text + "` requires, is proved");
      continue;
    }
    std::string example = counterExample(answer, {here.lhs, here.rhs});
    auto error =
        diags.error(e.range, "`" + fn.name.text + "` requires `" + info.requiredText[i].second +
                                 "`, which is not proved here" +
                                 (example.empty() ? "" : ": not so for " + example));
    error.note(info.requiredText[i].first, "required here");
    if (isDimExpr(here.lhs) && isDimExpr(here.rhs))
      error.note("add `where " + facts.str(here) + "` to this function");
    noteScalars(error, {here.lhs, here.rhs});
    return;
  }
}

} // namespace texpr

// Instances of generic functions and ops: `f<f32>`.
//
// In: a call of a function with type parameters, or a reduction by such an op. Out: a copy of it in which each type
// parameter is a scalar type, checked like any function, once for each choice of types. G1: a parameter has a bound
// (float, int, number, scalar), and what stands for it is of its class. G2: what stands for it is given, f<f16>(x), or
// follows from the arguments. G3: a generic function that nothing calls is checked for the first type of each bound, so
// that a mistake shows where it is made. An instance is no function of the C header.
//
// A call is met in the middle of a body; what is known there says nothing about the instance. So all that belongs to the
// function at hand is set aside (`Suspended`) while the instance is checked.
#include "compiler/source/Checker.h"
#include "compiler/source/Clone.h"

namespace texpr {

static constexpr size_t maxInstances = 200;
using TypeList = std::vector<ScalarKind>;

struct Checker::Suspended {
  Checker &c;
  std::vector<llvm::StringMap<Decl *>> scopes;
  std::vector<Frame> frames;
  KnownList known;
  const FnDecl *currentFn;
  std::set<const Decl *> unbound;
  std::vector<WherePart> whereParts;
  unsigned priorChecks;
  std::vector<Divisor> divisors;
  std::map<std::tuple<unsigned, ScalarKind, size_t, size_t>, FExpr> unknowns;
  decltype(Checker::elements) elements;
  bool isStore, inSignature;
  decltype(Checker::buffers) buffers;
  std::vector<Access> pending, accesses;
  std::map<facts::Symbol, FExpr> otherIteration;
  std::vector<size_t> segmentOf = {0};
  std::vector<Marks> fullMarks;
  llvm::StringSet<> asyncGroups;
  std::optional<AssignOp> atomicAccess;
  std::vector<std::function<void()>> undo;

  explicit Suspended(Checker &c)
      : c(c), known(c.known), currentFn(c.currentFn), priorChecks(c.priorChecks),
        isStore(c.isStore), inSignature(c.inSignature) {
    swap();
    c.known = nullptr;
    c.currentFn = nullptr;
    c.inSignature = false;
    c.facts.suspend();
  }
  ~Suspended() {
    c.facts.resume();
    swap();
    c.known = known;
    c.currentFn = currentFn;
    c.priorChecks = priorChecks;
    c.isStore = isStore;
    c.inSignature = inSignature;
  }
  void swap() {
    std::swap(scopes, c.scopes);
    std::swap(frames, c.frames);
    std::swap(unbound, c.unbound);
    std::swap(whereParts, c.whereParts);
    std::swap(divisors, c.divisors);
    std::swap(unknowns, c.unknowns);
    std::swap(elements, c.elements);
    std::swap(buffers, c.buffers);
    std::swap(pending, c.pending);
    std::swap(accesses, c.accesses);
    std::swap(otherIteration, c.otherIteration);
    std::swap(segmentOf, c.segmentOf);
    std::swap(fullMarks, c.fullMarks);
    std::swap(asyncGroups, c.asyncGroups);
    std::swap(atomicAccess, c.atomicAccess);
    std::swap(undo, c.undo);
  }
};

bool Checker::isOfLibrary(SourceRange r) const {
  return r.file < files.size() && llvm::StringRef(files.name(r.file)).starts_with("std/");
}

// ---- type parameters ------------------------------------------------------------------------------

static bool isOfBound(ScalarKind k, llvm::StringRef bound) {
  bool isF8 = k == ScalarKind::F8E4M3 || k == ScalarKind::F8E5M2;
  if (bound == "float")
    return isFloat(k) && !isF8;
  if (bound == "int")
    return isInt(k);
  if (bound == "number")
    return k != ScalarKind::Bool && !isF8;
  return bound == "scalar";
}

/// G1: distinct names, each with a bound that exists.
bool Checker::checkTypeParams(const std::vector<TypeParam> &params) {
  llvm::StringMap<SourceRange> seen;
  bool isRight = true;
  for (const TypeParam &p : params) {
    if (auto [old, isNew] = seen.try_emplace(p.name.text, p.name.range); !isNew) {
      diags.error(p.name.range, "`" + p.name.text + "` stands twice in this list")
          .note(old->second, "first here");
      isRight = false;
    }
    if (structByName.count(p.name.text)) {
      diags.error(p.name.range, "`" + p.name.text + "` is the name of a struct");
      isRight = false;
    }
    llvm::StringRef bound = p.bound.text;
    if (bound == "float" || bound == "int" || bound == "number" || bound == "scalar")
      continue;
    diags.error(p.bound.range, "no kind of types is named `" + p.bound.text + "`")
        .note("a type parameter is a `float`, an `int`, a `number` (either of them) or a `scalar` "
              "(bool and f8 too)");
    isRight = false;
  }
  return isRight;
}

static std::optional<size_t> indexOf(const std::vector<TypeParam> &params,
                                     const std::string &name) {
  for (size_t i = 0; i < params.size(); ++i)
    if (params[i].name.text == name)
      return i;
  return std::nullopt;
}

// ---- what stands for them -------------------------------------------------------------------------

/// Types that the call gives: f<f16>(x).
bool Checker::typeArguments(const CallExpr &e, const std::vector<TypeParam> &params,
                            TypeArgs &out) {
  out.assign(params.size(), std::nullopt);
  if (e.typeArgs.empty())
    return true;
  if (e.typeArgs.size() != params.size()) {
    diags.error(e.callee.range, "`" + e.callee.text + "` has " + std::to_string(params.size()) +
                                    " type parameters, not " + std::to_string(e.typeArgs.size()));
    return false;
  }
  for (size_t i = 0; i < params.size(); ++i) {
    if (!e.typeArgs[i].scalar) {
      diags.error(e.typeArgs[i].name.range,
                  "a type argument is a scalar type, as in " + e.callee.text + "<f32>(…)");
      return false;
    }
    out[i] = e.typeArgs[i].scalar;
  }
  return true;
}

/// What `given` says about the type parameters in `written`; false, with an error, where it contradicts what is known.
bool Checker::inferFrom(const TypeExpr &written, const Type &given,
                        const std::vector<TypeParam> &params, TypeArgs &out, SourceRange range) {
  if (written.kind == TypeExpr::Kind::Tuple) {
    bool isRight = true;
    for (size_t i = 0; i < std::min(written.parts.size(), given.parts.size()); ++i)
      isRight &= inferFrom(written.parts[i], given.parts[i], params, out, range);
    return isRight;
  }
  auto at =
      written.kind == TypeExpr::Kind::Named ? indexOf(params, written.name.text) : std::nullopt;
  if (!at || !given.isLeaf())
    return true;
  std::optional<ScalarKind> &known = out[*at];
  if (!known)
    known = given.scalar;
  if (*known == given.scalar)
    return true;
  diags
      .error(range, "`" + params[*at].name.text + "` is " + spelling(*known) +
                        " here, but this is " + str(given))
      .note(params[*at].name.range, "one type parameter is one type");
  return false;
}

/// G2: each type parameter is known, and of its class.
bool Checker::isComplete(const std::vector<TypeParam> &params, const TypeArgs &args,
                         const Ident &name, SourceRange range) {
  for (size_t i = 0; i < params.size(); ++i) {
    const std::string &param = params[i].name.text, &bound = params[i].bound.text;
    if (!args[i]) {
      diags.error(range, "nothing says what `" + param + "` of `" + name.text + "` is")
          .note(params[i].name.range, "write it: " + name.text + "<f32>(…)");
      return false;
    }
    if (isOfBound(*args[i], bound))
      continue;
    diags
        .error(range, "`" + param + "` of `" + name.text + "` is a " + bound + ", and " +
                          spelling(*args[i]) + " is not")
        .note(params[i].name.range, "declared here");
    return false;
  }
  return true;
}

// ---- instances ------------------------------------------------------------------------------------

static std::string instanceName(const std::string &name, const TypeList &args) {
  std::string text = name;
  for (size_t i = 0; i < args.size(); ++i)
    text += (i ? ", " : "<") + std::string(spelling(args[i]));
  return text + ">";
}

template <typename Decl>
static std::unique_ptr<Decl> copyFor(const Decl &generic, const TypeList &args) {
  ScalarNames names;
  for (size_t i = 0; i < args.size(); ++i)
    names[generic.typeParams[i].name.text] = args[i];
  auto copy = clone(generic, names);
  copy->typeParams.clear();
  copy->typeArgs = args;
  copy->name.text = instanceName(generic.name.text, args);
  return copy;
}

static TypeList listOf(const std::vector<std::optional<ScalarKind>> &args) {
  TypeList list;
  for (const auto &arg : args)
    list.push_back(*arg);
  return list;
}

FnDecl *Checker::instantiate(FnDecl &fn, const TypeArgs &args, SourceRange range) {
  TypeList list = listOf(args);
  auto [slot, isNew] = fnInstances.try_emplace(instanceName(fn.name.text, list), nullptr);
  if (!isNew)
    return slot->second;
  if (fnInstances.size() > maxInstances) {
    diags.error(range,
                "more than " + std::to_string(maxInstances) + " instances of generic functions");
    return nullptr;
  }
  auto copy = copyFor(fn, list);
  copy->isLocal = true;
  FnDecl *instance = copy.get();
  slot->second = instance;
  newFns.push_back(std::move(copy));
  Suspended others(*this);
  Diagnostics::Context where(diags, range, "in `" + instance->name.text + "`, called here");
  expandTypes(*instance);
  checkSignature(*instance);
  if (fnInfo[instance].isValid)
    checkFnBody(*instance);
  return instance;
}

OpDecl *Checker::instantiate(OpDecl &op, const TypeArgs &args, SourceRange range) {
  TypeList list = listOf(args);
  auto [slot, isNew] = opInstances.try_emplace(instanceName(op.name.text, list), nullptr);
  if (!isNew)
    return slot->second;
  auto copy = copyFor(op, list);
  OpDecl *instance = copy.get();
  slot->second = instance;
  newOps.push_back(std::move(copy));
  Suspended others(*this);
  Diagnostics::Context where(diags, range, "in op `" + instance->name.text + "`, used here");
  expandTypes(*instance);
  checkOpSignature(*instance);
  checkOpBody(*instance);
  return instance;
}

/// The instance that a call is of. Arguments that are no literals are checked here, and say what the type parameters are;
/// where they do not, literals do, by the type that they have alone.
FnDecl *Checker::instanceFor(CallExpr &e, FnDecl &fn, std::set<const Expr *> &done) {
  TypeArgs args;
  if (badGenerics.count(&fn) || !typeArguments(e, fn.typeParams, args))
    return nullptr;
  bool isRight = true;
  for (bool flexible : {false, true})
    for (size_t i = 0; i < e.args.size(); ++i) {
      ExprPtr &arg = e.args[i];
      if (!arg || isFlexible(arg.get()) != flexible)
        continue;
      bool isOpen =
          i < fn.params.size() && mentionsOpen(fn.params[i].declared.type, fn.typeParams, args);
      if (flexible && !isOpen)
        continue;
      if (i < fn.params.size() && fn.params[i].isInout) { // a place, which the call checks
        if (const Type *t = resolveParts(*arg))
          isRight &= inferFrom(fn.params[i].declared.type, *t, fn.typeParams, args, arg->range);
        continue;
      }
      checkExpr(arg);
      done.insert(arg.get());
      isRight &= arg->type.isValid();
      if (isRight && i < fn.params.size())
        isRight &=
            inferFrom(fn.params[i].declared.type, arg->type, fn.typeParams, args, arg->range);
    }
  if (!isRight)
    return nullptr;
  if (!expectCount(e.args.size(), fn, e.range))
    return nullptr;
  if (!isComplete(fn.typeParams, args, fn.name, e.callee.range))
    return nullptr;
  return instantiate(fn, args, e.callee.range);
}

/// True where the type has a type parameter that is not known yet.
bool Checker::mentionsOpen(const TypeExpr &t, const std::vector<TypeParam> &params,
                           const TypeArgs &args) {
  for (const TypeExpr &part : t.parts)
    if (mentionsOpen(part, params, args))
      return true;
  auto at = t.kind == TypeExpr::Kind::Named ? indexOf(params, t.name.text) : std::nullopt;
  return at && !args[*at];
}

/// The instance of a generic op that combines values of type `value`.
OpDecl *Checker::instanceFor(OpDecl &op, const Type &value, SourceRange range) {
  TypeArgs args(op.typeParams.size());
  if (badOps.count(&op) || !inferFrom(op.lhs.declared.type, value, op.typeParams, args, range) ||
      !isComplete(op.typeParams, args, op.name, range))
    return nullptr;
  return instantiate(op, args, range);
}

// ---- the declarations ------------------------------------------------------------------------------

/// The first type of a bound, for which a generic function that nothing calls is checked.
static ScalarKind firstOf(llvm::StringRef bound) {
  return bound == "int" ? ScalarKind::I32 : ScalarKind::F32;
}

static std::vector<std::optional<ScalarKind>> firstTypes(const std::vector<TypeParam> &params) {
  std::vector<std::optional<ScalarKind>> args;
  for (const TypeParam &p : params)
    args.push_back(firstOf(p.bound.text));
  return args;
}

/// G1, before any call.
void Checker::declareGenerics() {
  for (auto &fn : program.fns)
    if (!fn->typeParams.empty() && !checkTypeParams(fn->typeParams))
      badGenerics.insert(fn.get());
  for (auto &op : program.ops)
    if (!op->typeParams.empty() && !checkTypeParams(op->typeParams))
      badOps.insert(op.get());
}

/// G3: what nothing calls is checked all the same. Then the program is what is left without type parameters: the
/// instances stand before those that call them.
void Checker::settleGenerics() {
  auto hasInstance = [](const auto &instances, const std::string &name) {
    auto next = instances.lower_bound(name + "<");
    return next != instances.end() && llvm::StringRef(next->first).starts_with(name + "<");
  };
  for (auto &fn : program.fns)
    if (!fn->typeParams.empty() && !badGenerics.count(fn.get()) && !isOfLibrary(fn->range) &&
        !hasInstance(fnInstances, fn->name.text))
      instantiate(*fn, firstTypes(fn->typeParams), fn->name.range);
  for (auto &op : program.ops)
    if (!op->typeParams.empty() && !badOps.count(op.get()) && !isOfLibrary(op->range) &&
        !hasInstance(opInstances, op->name.text))
      instantiate(*op, firstTypes(op->typeParams), op->name.range);
  auto part = [](auto &all, auto &generic, auto &instances) {
    std::erase_if(all, [&](auto &decl) {
      if (decl->typeParams.empty())
        return false;
      generic.push_back(std::move(decl));
      return true;
    });
    for (auto &instance : instances)
      all.push_back(std::move(instance));
  };
  part(program.fns, program.asideFns, newFns);
  part(program.ops, program.asideOps, newOps);
  dropUncalled();
}

/// Functions of used files, and instances, that no function of the command line's files calls.
void Checker::dropUncalled() {
  std::set<const FnDecl *> called;
  std::vector<const FnDecl *> open;
  auto reach = [&](const FnDecl *fn) {
    if (fn && called.insert(fn).second)
      open.push_back(fn);
  };
  auto visit = [&](Expr &e) {
    if (auto *call = llvm::dyn_cast<CallExpr>(&e))
      reach(call->fn);
  };
  Walker walker{visit, nullptr};
  for (auto &fn : program.fns)
    if (!fn->isUsed && fn->typeArgs.empty())
      reach(fn.get());
  for (auto &op : program.ops)
    walker.block(op->body.get());
  while (!open.empty()) {
    const FnDecl *fn = open.back();
    open.pop_back();
    walker.block(fn->body.get());
  }
  std::erase_if(program.fns, [&](auto &fn) {
    if (called.count(fn.get()))
      return false;
    program.asideFns.push_back(std::move(fn));
    return true;
  });
}

} // namespace texpr

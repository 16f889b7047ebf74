// Entry and calls: dims from shapes, the checks before any work, and the frames of functions and
// ops.
//
// In: a checked function and values for its parameters. Out: its results, or the first failure in
// the order of the C entry: arguments, dims, relations, ranges of data. What must hold afterwards:
// every result has the kind and shape that its declaration says, else the checker is wrong.
#include "compiler/reference/Machine.h"
#include "llvm/Support/ErrorHandling.h"

namespace texpr::reference {

const char *spelling(Failure::Kind k) {
  switch (k) {
  case Failure::Kind::Argument:
    return "argument";
  case Failure::Kind::Contract:
    return "contract";
  case Failure::Kind::Data:
    return "data";
  case Failure::Kind::Fuel:
    return "fuel";
  case Failure::Kind::Internal:
    return "internal";
  }
  llvm_unreachable("no such kind");
}

void Machine::fail(Failure::Kind kind, SourceRange site, std::string message, int64_t index) const {
  throw Failure{kind, site, std::move(message), index};
}

void Machine::internal(SourceRange site, const std::string &message) const {
  fail(Failure::Kind::Internal, site, "the checker let through " + message);
}

void Machine::spend(SourceRange site) {
  if (options.fuel && ++spent > options.fuel)
    fail(Failure::Kind::Fuel, site, "the interpreter's fuel is used up");
}

void Machine::noteInexact(const std::string &why) const {
  if (!options.exactness || !options.exactness->isExact)
    return;
  options.exactness->isExact = false;
  options.exactness->why = why;
}

std::optional<int64_t> Machine::evaluate(const facts::Expr &e) const {
  std::vector<facts::Symbol> used;
  e.symbols(used);
  for (facts::Symbol s : used)
    if (!frame->symbols.count(s))
      return std::nullopt;
  return e.evaluate([&](facts::Symbol s) { return frame->symbols.at(s); });
}

void Machine::bind(const Decl &decl, Value v) {
  if (decl.value && v.isScalar() && !isFloat(v.scalarKind()))
    if (auto symbol = decl.value->asSymbol())
      frame->symbols[*symbol] = toInt(v.scalar());
  frame->values[&decl] = std::move(v);
}

// ---- types as written
// ------------------------------------------------------------------------------

static void leafTypes(const TypeExpr &type, std::vector<const Expr *> outer,
                      std::vector<LeafType> &out) {
  for (const ExprPtr &extent : type.shape)
    outer.push_back(extent.get());
  if (type.kind == TypeExpr::Kind::Tuple)
    for (const TypeExpr &part : type.parts)
      leafTypes(part, outer, out);
  else
    out.push_back({type.scalar, outer});
}

static std::vector<LeafType> leafTypes(const TypeExpr &type) {
  std::vector<LeafType> out;
  leafTypes(type, {}, out);
  return out;
}

static std::string ordinal(const std::string &name, size_t leaf, size_t leaves) {
  return leaves == 1 ? name : name + "." + std::to_string(leaf);
}

std::vector<LeafShape> Machine::leafShapes(const TypeExpr &type) {
  std::vector<LeafShape> out;
  for (const LeafType &leaf : leafTypes(type)) {
    Shape shape;
    for (const Expr *extent : leaf.extents)
      shape.push_back(evalInt(*extent));
    out.push_back({leaf.kind, std::move(shape)});
  }
  return out;
}

/// The leaves of `v` are of the kinds and ranks of `type`.
void Machine::matchType(const Value &v, const TypeExpr &type, const std::string &name,
                        SourceRange site) {
  std::vector<const Value *> leaves;
  v.leaves(leaves);
  const std::vector<LeafType> types = leafTypes(type);
  if (leaves.size() != types.size())
    fail(Failure::Kind::Argument, site,
         name + ": " + std::to_string(types.size()) + " leaves expected, " +
             std::to_string(leaves.size()) + " came");
  for (size_t l = 0; l < leaves.size(); ++l) {
    const std::string leaf = ordinal(name, l, leaves.size());
    if (leaves[l]->scalarKind() != types[l].kind)
      fail(Failure::Kind::Argument, site,
           leaf + ": " + spelling(types[l].kind) + " expected, " +
               spelling(leaves[l]->scalarKind()) + " came");
    if (leaves[l]->shape().size() != types[l].extents.size())
      fail(Failure::Kind::Argument, site,
           leaf + ": rank " + std::to_string(types[l].extents.size()) + " expected, shape " +
               describe(leaves[l]->shape()) + " came");
  }
}

void Machine::checkShape(const Value &v, const TypeExpr &type, const std::string &what,
                         SourceRange site, Failure::Kind kind) {
  std::vector<const Value *> leaves;
  v.leaves(leaves);
  const std::vector<LeafShape> types = leafShapes(type);
  if (leaves.size() != types.size())
    internal(site, what + " with a wrong number of leaves");
  for (size_t l = 0; l < leaves.size(); ++l) {
    if (leaves[l]->scalarKind() != types[l].kind)
      internal(site, what + " of a wrong scalar type");
    if (leaves[l]->shape() != types[l].shape)
      fail(kind, site,
           ordinal(what, l, leaves.size()) + ": shape " + describe(types[l].shape) + " expected, " +
               describe(leaves[l]->shape()) + " came");
    if (!elementCount(types[l].shape))
      fail(Failure::Kind::Argument, site, what + ": more than 2^47 bytes");
  }
}

// ---- dims
// ------------------------------------------------------------------------------------------

/// True where every name of an index expression has a value, `except` aside.
bool Machine::isKnown(const Expr &e, const Decl *except) const {
  if (auto *name = llvm::dyn_cast<NameExpr>(&e))
    return !name->decl || name->decl == except || frame->values.count(name->decl);
  if (auto *unary = llvm::dyn_cast<UnaryExpr>(&e))
    return isKnown(*unary->operand, except);
  if (auto *binary = llvm::dyn_cast<BinaryExpr>(&e))
    return isKnown(*binary->lhs, except) && isKnown(*binary->rhs, except);
  if (auto *call = llvm::dyn_cast<CallExpr>(&e))
    return llvm::all_of(call->args, [&](const ExprPtr &a) { return isKnown(*a, except); });
  return true;
}

/// `extent(unknown) == length`, linear in `unknown`: two values of the line give its slope.
std::optional<int64_t> Machine::solveExtent(const Decl &unknown, const Expr &extent,
                                            int64_t length) {
  bind(unknown, indexScalar(0));
  const int64_t atZero = evalInt(extent);
  bind(unknown, indexScalar(1));
  const int64_t slope = evalInt(extent) - atZero;
  frame->values.erase(&unknown);
  if (slope == 0)
    return length == atZero ? std::optional<int64_t>(0) : std::nullopt;
  if ((length - atZero) % slope != 0)
    return std::nullopt;
  return (length - atZero) / slope;
}

/// The other side of an equation of `where` with `decl` alone on one side, or null.
static const Expr *definition(const FnDecl &fn, const Decl &decl) {
  auto isName = [&](const Expr &e) {
    auto *name = llvm::dyn_cast<NameExpr>(&e);
    return name && name->decl == &decl;
  };
  for (const Fact &fact : fn.where)
    for (size_t r = 0; r < fact.rels.size(); ++r) {
      if (fact.rels[r] != BinaryOp::Eq)
        continue;
      if (isName(*fact.chain[r]))
        return fact.chain[r + 1].get();
      if (isName(*fact.chain[r + 1]))
        return fact.chain[r].get();
    }
  return nullptr;
}

/// Gives `dim` its value; false where another dim must be known first.
bool Machine::bindDim(const FnDecl &fn, const DimBinding &dim, const Inputs &inputs) {
  const Decl &decl = *dim.decl;
  const auto given = inputs.dims.find(decl.name.text);
  std::optional<int64_t> value;
  if (dim.how == DimBinding::How::ScalarParam && inputs.params.empty()) {
    if (given == inputs.dims.end())
      fail(Failure::Kind::Argument, decl.name.range, "no value for " + decl.name.text);
    value = given->second;
  } else if (dim.how == DimBinding::How::ScalarParam) {
    value = toInt(inputs.params[dim.param].scalar());
  } else if (dim.how == DimBinding::How::Defined) {
    const Expr *e = definition(fn, decl);
    if (!e)
      internal(decl.name.range, "a dim without a definition");
    if (!isKnown(*e, nullptr))
      return false;
    value = evalInt(*e);
  } else if (given != inputs.dims.end()) {
    value = given->second;
  } else if (inputs.params.empty()) {
    fail(Failure::Kind::Argument, decl.name.range, "no value for " + decl.name.text);
  } else {
    const Param &param = fn.params[dim.param];
    const Expr &extent = *leafTypes(param.declared.type)[dim.leaf].extents[dim.axis];
    std::vector<const Value *> leaves;
    inputs.params[dim.param].leaves(leaves);
    if (!isKnown(extent, &decl))
      return false;
    value = solveExtent(decl, extent, leaves[dim.leaf]->shape()[dim.axis]);
    if (!value)
      fail(Failure::Kind::Contract, param.decl->name.range,
           "no " + decl.name.text + " gives axis " + std::to_string(dim.axis) + " of " +
               param.decl->name.text + " its length " +
               std::to_string(leaves[dim.leaf]->shape()[dim.axis]));
  }
  if (dim.how == DimBinding::How::Axis && (*value < 0 || *value > int64_t(1) << 47))
    fail(Failure::Kind::Argument, decl.name.range,
         decl.name.text + " is " + std::to_string(*value) + ", a dim is in 0..=2^47");
  bind(decl, indexScalar(*value));
  if (dim.how == DimBinding::How::ScalarParam) // names may stand for the parameter itself
    bind(*fn.params[dim.param].decl,
         integer(fn.params[dim.param].declared.type.scalar, static_cast<uint64_t>(*value)));
  return true;
}

void Machine::bindDims(const FnDecl &fn, const Inputs &inputs) {
  std::vector<const DimBinding *> open;
  for (const DimBinding &dim : fn.dims)
    open.push_back(&dim);
  while (!open.empty()) {
    const size_t before = open.size();
    llvm::erase_if(open, [&](const DimBinding *dim) { return bindDim(fn, *dim, inputs); });
    if (open.size() == before)
      internal(open.front()->decl->name.range, "dims that define each other");
  }
}

// ---- facts
// -----------------------------------------------------------------------------------------

bool Machine::inSet(Scalar s, const std::vector<Span> &set) {
  for (const Span &span : set) {
    const Scalar lo = convert(s.kind, evalScalar(*span.lo));
    if (!span.hi) {
      if (truth(binary(BinaryOp::Eq, s, lo)))
        return true;
      continue;
    }
    // Compared in their own types, both integers: a bound may not fit the elements' type.
    const int64_t low = evalInt(*span.lo), high = evalInt(*span.hi);
    if (s.kind == ScalarKind::U64 && toInt(s) < 0)
      continue; // above every i64
    if (low <= toInt(s) && (span.inclusive ? toInt(s) <= high : toInt(s) < high))
      return true;
  }
  return set.empty();
}

void Machine::checkRange(const Value &v, const RType &type, const std::string &name,
                         SourceRange site, Failure::Kind kind) {
  std::vector<const Value *> leaves;
  v.leaves(leaves);
  for (const Value *leaf : leaves) {
    const int64_t count = leaf->isScalar() ? 1 : leaf->tensor().count();
    std::vector<bool> seen(type.perm ? count : 0);
    for (int64_t i = 0; i < count && (type.perm || !type.set.empty()); ++i) {
      const Scalar s = leaf->isScalar() ? leaf->scalar() : leaf->tensor().get(i);
      if (!inSet(s, type.set))
        fail(kind, site, name + ": " + describe(s) + " is outside of its range", i);
      if (!type.perm)
        continue;
      if (toInt(s) < 0 || toInt(s) >= count || seen[toInt(s)])
        fail(kind, site, name + " is no permutation", i);
      seen[toInt(s)] = true;
    }
  }
}

bool Machine::holdsChain(const std::vector<ExprPtr> &chain, const std::vector<BinaryOp> &rels) {
  if (rels.empty())
    return evalBool(*chain[0]);
  for (size_t r = 0; r < rels.size(); ++r)
    if (!truth(binary(rels[r], evalScalar(*chain[r]), evalScalar(*chain[r + 1]))))
      return false;
  return true;
}

static bool isSorted(const Array &a) {
  for (int64_t i = 0; i + 1 < a.count(); ++i)
    if (truth(binary(BinaryOp::Gt, a.get(i), a.get(i + 1))))
      return false;
  return true;
}

bool Machine::holds(const Fact &fact) {
  if (!fact.isAll) {
    if (auto *c = fact.rels.empty() ? llvm::dyn_cast<CallExpr>(fact.chain[0].get()) : nullptr)
      if (c->callee.text == "sorted" && !c->fn)
        return isSorted(eval(*c->args[0]).tensor());
    return holdsChain(fact.chain, fact.rels);
  }
  bool all = true;
  forDomain(fact.domain, fact.binders, [&] {
    for (const Fact::Each &each : fact.each)
      all = all && (each.set.empty() ? holdsChain(each.chain, each.rels)
                                     : inSet(evalScalar(*each.chain[0]), each.set));
  });
  return all;
}

/// A fact that reads elements is about data, any other about dims.
void Machine::checkFact(const Fact &fact) {
  const bool isData = fact.isAll || llvm::any_of(fact.chain, [](const ExprPtr &e) {
                        return llvm::isa<IndexExpr>(e.get()) ||
                               (llvm::isa<CallExpr>(e.get()) && e->type.isScalar(ScalarKind::Bool));
                      });
  if (!holds(fact))
    fail(isData ? Failure::Kind::Data : Failure::Kind::Contract, fact.range,
         "a fact of `where` does not hold");
}

void Machine::checkEntry(const FnDecl &fn) {
  auto compare = [](int64_t a, facts::Rel rel, int64_t b) {
    switch (rel) {
    case facts::Rel::EQ:
      return a == b;
    case facts::Rel::NE:
      return a != b;
    case facts::Rel::LT:
      return a < b;
    case facts::Rel::LE:
      return a <= b;
    case facts::Rel::GT:
      return a > b;
    case facts::Rel::GE:
      return a >= b;
    }
    llvm_unreachable("no such relation");
  };
  for (const EntryCheck &check : fn.entryChecks) {
    const auto lhs = evaluate(check.constraint.lhs), rhs = evaluate(check.constraint.rhs);
    if (!lhs || !rhs || !compare(*lhs, check.constraint.rel, *rhs))
      fail(Failure::Kind::Contract, check.range, "does not hold: " + check.text);
  }
}

// ---- entry and calls
// -------------------------------------------------------------------------------

/// A frame with everything bound and checked that holds at the entry of `fn`.
Frame Machine::enter(const FnDecl &fn, const Inputs &inputs) {
  Frame fresh;
  Frame *const caller = frame;
  frame = &fresh;
  if (inputs.params.size() != fn.params.size())
    fail(Failure::Kind::Argument, fn.name.range,
         std::to_string(fn.params.size()) + " arguments expected, " +
             std::to_string(inputs.params.size()) + " came");
  for (size_t p = 0; p < fn.params.size(); ++p) {
    const Param &param = fn.params[p];
    matchType(inputs.params[p], param.declared.type, param.decl->name.text, param.decl->name.range);
    bind(*param.decl, inputs.params[p]);
  }
  bindDims(fn, inputs);
  checkEntry(fn);
  for (size_t p = 0; p < fn.params.size(); ++p) {
    const Param &param = fn.params[p];
    checkShape(inputs.params[p], param.declared.type, param.decl->name.text, param.decl->name.range,
               Failure::Kind::Contract);
  }
  for (const Fact &fact : fn.where)
    checkFact(fact);
  for (size_t p = 0; p < fn.params.size(); ++p) {
    const Param &param = fn.params[p];
    checkRange(inputs.params[p], param.declared, param.decl->name.text, param.decl->name.range,
               inputs.params[p].isScalar() ? Failure::Kind::Contract : Failure::Kind::Data);
  }
  frame = caller;
  return fresh;
}

/// The value of the body, in the current frame; held against what the results declare.
Value Machine::body(const FnDecl &fn) {
  Value v = block(*fn.body);
  for (size_t r = 0; r < fn.results.size(); ++r) {
    const RType &declared = fn.results[r].declared;
    const Value &part = fn.results.size() == 1 ? v : v.parts()[r];
    const std::string name = fn.results[r].name ? fn.results[r].name->text : "the result";
    checkShape(part, declared.type, name, fn.name.range, Failure::Kind::Internal);
    checkRange(part, declared, name, fn.name.range, Failure::Kind::Internal);
  }
  return v;
}

std::vector<Value> Machine::runEntry(const FnDecl &fn, const Inputs &inputs) {
  Frame entered = enter(fn, inputs);
  frame = &entered;
  Value v = body(fn);
  if (fn.results.size() == 1)
    return {v};
  return v.parts();
}

Value Machine::callFunction(const CallExpr &e) {
  Inputs inputs;
  for (const ExprPtr &arg : e.args)
    inputs.params.push_back(eval(*arg));
  Frame *const caller = frame;
  try {
    Frame entered = enter(*e.fn, inputs);
    frame = &entered;
    Value v = body(*e.fn);
    frame = caller;
    return v;
  } catch (Failure &f) { // what the callee demands of its arguments was to be proved, but for data
    if (f.kind == Failure::Kind::Argument || f.kind == Failure::Kind::Contract)
      internal(e.range, "a call of " + e.fn->name.text + " (" + f.message + ")");
    throw;
  }
}

Value Machine::applyOp(const OpDecl &op, const Value &a, const Value &b) {
  Frame fresh;
  Frame *const caller = frame;
  frame = &fresh;
  bind(*op.lhs.decl, a);
  bind(*op.rhs.decl, b);
  Value v = block(*op.body);
  frame = caller;
  return v;
}

template <typename T, typename F> static Result<T> guarded(F &&f) {
  try {
    return {f(), {}};
  } catch (Failure &failure) {
    return {std::nullopt, std::move(failure)};
  } catch (std::bad_alloc &) {
    return {std::nullopt, {Failure::Kind::Fuel, {}, "out of memory", -1}};
  }
}

Result<std::vector<Value>> interpret(const Program &program, const FnDecl &fn, const Inputs &inputs,
                                     const Options &options) {
  return guarded<std::vector<Value>>([&] { return Machine(options).runEntry(fn, inputs); });
}

Result<std::vector<std::pair<std::string, int64_t>>>
dimsOf(const Program &program, const FnDecl &fn, const Inputs &inputs) {
  using Dims = std::vector<std::pair<std::string, int64_t>>;
  return guarded<Dims>([&] {
    const Options options;
    Frame entered = Machine(options).enter(fn, inputs);
    Dims dims;
    for (const DimBinding &dim : fn.dims)
      dims.emplace_back(dim.decl->name.text, toInt(entered.values.at(dim.decl.get()).scalar()));
    return dims;
  });
}

std::vector<ParamNeed> Machine::needs(const FnDecl &fn, const Inputs &dims) {
  Frame fresh;
  frame = &fresh;
  bindDims(fn, dims);
  std::vector<ParamNeed> out;
  for (const Param &param : fn.params) {
    ParamNeed need;
    need.leaves = leafShapes(param.declared.type);
    for (const DimBinding &dim : fn.dims)
      need.isDim |= dim.how == DimBinding::How::ScalarParam && &fn.params[dim.param] == &param;
    if (!param.declared.set.empty()) {
      const Span &span = param.declared.set[0];
      const int64_t lo = evalInt(*span.lo), hi = span.hi ? evalInt(*span.hi) : lo;
      need.range = {lo, span.inclusive || !span.hi ? hi : hi - 1};
    }
    out.push_back(std::move(need));
  }
  return out;
}

Result<std::vector<ParamNeed>> parameterNeeds(const Program &program, const FnDecl &fn,
                                              const std::map<std::string, int64_t> &dims) {
  return guarded<std::vector<ParamNeed>>([&] {
    const Options options;
    return Machine(options).needs(fn, {{}, dims});
  });
}

Result<std::vector<std::vector<LeafShape>>> resultShapes(const Program &program, const FnDecl &fn,
                                                         const Inputs &inputs) {
  return guarded<std::vector<std::vector<LeafShape>>>([&] {
    const Options options;
    Machine machine(options);
    Frame entered = machine.enter(fn, inputs);
    machine.frame = &entered;
    std::vector<std::vector<LeafShape>> shapes;
    for (const ResultDecl &result : fn.results)
      shapes.push_back(machine.leafShapes(result.declared.type));
    return shapes;
  });
}

} // namespace texpr::reference

// Entry and calls: the order of the checks before any work, and the frames of functions and ops.
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

static bool isBefore(const Failure &a, const Failure &b) {
  auto place = [](const Failure &f) { return std::tuple(f.site.file, f.site.begin, f.index); };
  return place(a) < place(b);
}

void Machine::report(SourceRange site, std::string message, int64_t index) {
  Failure failure{Failure::Kind::Data, site, std::move(message), index};
  if (!reported || isBefore(failure, *reported))
    reported = std::move(failure);
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
    if (!frame->find(s))
      return std::nullopt;
  return e.evaluate([&](facts::Symbol s) { return *frame->find(s); });
}

Value *Frame::find(const Decl &decl) {
  const auto found = values.find(&decl);
  if (found != values.end())
    return &found->second;
  return outer ? outer->find(decl) : nullptr;
}

std::optional<int64_t> Frame::find(facts::Symbol symbol) const {
  const auto found = symbols.find(symbol);
  if (found != symbols.end())
    return found->second;
  return outer ? outer->find(symbol) : std::nullopt;
}

void Machine::bind(const Decl &decl, Value v) {
  if (decl.value && v.isScalar() && !isFloat(v.scalarKind()))
    if (auto symbol = decl.value->asSymbol())
      frame->symbols[*symbol] = toInt(v.scalar());
  if (!decl.isTotal)
    v.clearOutside();
  frame->values[&decl] = std::move(v);
}

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
  checkFacts(fn, /*onData=*/false);
  for (size_t p = 0; p < fn.params.size(); ++p) {
    const Param &param = fn.params[p];
    checkRange(inputs.params[p], param.declared, param.decl->name.text, param.decl->name.range,
               inputs.params[p].isScalar() ? Failure::Kind::Contract : Failure::Kind::Data);
  }
  checkFacts(fn, /*onData=*/true); // they may rely on the ranges
  frame = caller;
  return fresh;
}

/// The value of the body, in the current frame; held against what the results, and what is lent, declare.
Value Machine::body(const FnDecl &fn) {
  Value v;
  if (fn.results.empty())
    run(*fn.body);
  else
    v = block(*fn.body);
  for (const Param &p : fn.params)
    if (p.isInout)
      checkRange(frame->values.at(p.decl.get()), p.declared, p.decl->name.text, p.decl->name.range,
                 Failure::Kind::Internal);
  bindFoundDims(fn, v);
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
  std::vector<Value> results;
  if (Value v = body(fn); fn.results.size() == 1)
    results = {v};
  else if (!fn.results.empty())
    results = v.parts();
  for (const Param &p : fn.params)
    if (p.isInout)
      results.push_back(frame->values.at(p.decl.get()));
  return results;
}

Value Machine::callFunction(const CallExpr &e) {
  if (llvm::any_of(e.fn->params, [](const Param &p) { return p.isInout; }))
    return lend(e);
  std::vector<Value> args;
  for (const ExprPtr &arg : e.args)
    args.push_back(eval(*arg));
  if (!e.isElementwise)
    return callWith(e, std::move(args));
  return eachElement(args, e.type, e.range,
                     [&](std::vector<Value> at) { return callWith(e, std::move(at)); });
}

Value Machine::callWith(const CallExpr &e, std::vector<Value> args) {
  Inputs inputs;
  inputs.params = std::move(args);
  Frame entered;
  return callEntered(e, inputs, entered);
}

/// The value of a call; `entered` gets the callee's names, as they are at its end.
Value Machine::callEntered(const CallExpr &e, const Inputs &inputs, Frame &entered) {
  Frame *const caller = frame;
  try {
    entered = enter(*e.fn, inputs);
    frame = &entered;
    Value v = body(*e.fn);
    frame = caller;
    for (size_t d = 0; d < e.fn->dims.size(); ++d)
      if (const DimBinding &dim = e.fn->dims[d]; dim.how == DimBinding::How::Found)
        frame->symbols[*e.dimArgs[d].asSymbol()] =
            toInt(entered.values.at(dim.decl.get()).scalar());
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
  return guarded<std::vector<Value>>([&] {
    Machine machine(options);
    std::vector<Value> results;
    try {
      results = machine.runEntry(fn, inputs);
    } catch (Failure &failure) { // a 0 in the place of a value may break anything
      bool isFirst = failure.kind == Failure::Kind::Data && machine.reported &&
                     isBefore(failure, *machine.reported);
      if (!machine.reported || isFirst)
        throw;
    }
    if (machine.reported)
      throw *machine.reported;
    return results;
  });
}

Result<std::vector<std::pair<std::string, int64_t>>>
dimsOf(const Program &program, const FnDecl &fn, const Inputs &inputs) {
  using Dims = std::vector<std::pair<std::string, int64_t>>;
  return guarded<Dims>([&] {
    const Options options;
    Frame entered = Machine(options).enter(fn, inputs);
    Dims dims;
    for (const DimBinding &dim : fn.dims)
      if (dim.how != DimBinding::How::Found)
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
    machine.bindMostFound(fn);
    std::vector<std::vector<LeafShape>> shapes;
    for (const ResultDecl &result : fn.results)
      shapes.push_back(machine.leafShapes(result.declared.type));
    for (const Param &p : fn.params)
      if (p.isInout)
        shapes.push_back(machine.leafShapes(p.declared.type));
    return shapes;
  });
}

} // namespace texpr::reference

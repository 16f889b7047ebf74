// The program as a whole: its declarations, what they are called in C, and calls that form a cycle.
//
// In: a Program as parsed. Out: the fields marked [checker], or errors. Signatures first, all of
// them, so that calls may go in any order; then bodies, those that are called before those that
// call, since a body may add entry checks that its callers must prove.
#include "compiler/source/CNames.h"
#include "compiler/source/Checker.h"
#include <algorithm>
#include <utility>

namespace texpr {

bool check(std::unique_ptr<Program> program, const SourceFiles &files, Diagnostics &diags,
           CheckedProgram &out) {
  out.facts = std::make_unique<facts::Facts>();
  out.program = std::move(program);
  if (!out.program)
    return false;
  Checker(*out.program, files, diags, out).run();
  return !diags.hasErrors();
}

/// What the parser dropped is missing: then a declaration with a syntax error inside is passed over, and so are calls of
/// what is not there.
void Checker::passOverBroken() {
  isPartial = diags.hasErrors();
  if (!isPartial)
    return;
  auto isBroken = [&](const auto &decl) {
    for (const Diagnostic *d : diags.sorted())
      if (d->severity == Severity::Error && d->range && d->range->file == decl->range.file &&
          d->range->begin >= decl->range.begin && d->range->begin <= decl->range.end)
        return true;
    return false;
  };
  for (auto &fn : program.fns)
    if (!fn->body || isBroken(fn))
      broken.insert(fn->name.text);
  for (auto &op : program.ops)
    if (!op->body || isBroken(op))
      broken.insert(op->name.text);
  std::erase_if(program.fns, [&](const auto &fn) { return broken.count(fn->name.text) != 0; });
  std::erase_if(program.ops, [&](const auto &op) { return broken.count(op->name.text) != 0; });
}

void Checker::run() {
  passOverBroken();
  declareStructs();
  expandTypes();
  declareFns();
  declareOps();
  declareGenerics();
  checkCNames();
  for (auto &op : program.ops)
    checkOpSignature(*op);
  for (auto &fn : program.fns)
    checkSignature(*fn);
  checkCycles();
  for (auto &op : program.ops)
    checkOpBody(*op);
  for (FnDecl *fn : bodyOrder)
    checkFnBody(*fn);
  settleGenerics();
  for (auto &op : program.ops)
    checkOpCalls(*op);
}

// ---- declarations ---------------------------------------------------------------------------

/// N5: functions and ops have distinct names, none of which is a builtin's.
void Checker::declareFns() {
  for (auto &fn : program.fns) {
    const std::string &name = fn->name.text;
    if (findBuiltin(name) || findPredeclared(name))
      diags.error(fn->name.range, "`" + name + "` is a builtin function")
          .note("give this one another name");
    auto [old, isNew] = fnByName.try_emplace(name, fn.get());
    if (!isNew)
      diags.error(fn->name.range, "a function named `" + name + "` is declared twice")
          .note(old->second->name.range, "first here");
  }
}

void Checker::declareOps() {
  for (auto &op : program.ops) {
    const std::string &name = op->name.text;
    if (name == "+" || name == "-" || name == "*" || name == "/") {
      declareOperator(*op);
      continue;
    }
    if (findBuiltin(name) || findCombiner(name))
      diags.error(op->name.range, "`" + name + "` is a builtin function")
          .note("give this op another name");
    if (auto fn = fnByName.find(name); fn != fnByName.end())
      diags.error(op->name.range, "`" + name + "` is also a function")
          .note(fn->second->name.range, "declared here");
    auto [old, isNew] = opByName.try_emplace(name, op.get());
    if (!isNew)
      diags.error(op->name.range, "an op named `" + name + "` is declared twice")
          .note(old->second->name.range, "first here");
  }
}

/// N6: an exported function keeps its name in C, next to NAME_workspace and NAME_report_text.
void Checker::checkCNames() {
  llvm::StringMap<const FnDecl *> taken;
  for (const auto &fn : program.fns)
    if (!fn->isLocal && fn->typeParams.empty())
      taken[fn->name.text] = fn.get();
  for (const auto &fn : program.fns) {
    if (fn->isLocal || !fn->typeParams.empty())
      continue;
    const std::string &name = fn->name.text;
    if (const char *why = whyNoCName(name); why && !findBuiltin(name) && !findPredeclared(name))
      diags.error(fn->name.range, "`" + name + "` cannot be exported: in C this name is " + why)
          .fix(fn->name.range, name + "_", "rename it")
          .note("or make it `local`: it then has no name in C");
    if (name.size() > 200)
      diags.error(fn->name.range, "the name of an exported function has at most 200 letters");
    for (const char *suffix : {"_workspace", "_report_text"})
      if (auto other = taken.find(name + suffix); other != taken.end())
        diags
            .error(other->second->name.range,
                   "`" + name + suffix + "` is also the name that `" + name + "` gives to its " +
                       (suffix[1] == 'w' ? "workspace query" : "report's text") + " in C")
            .note(fn->name.range, "declared here");
    checkCParams(*fn);
  }
}

static void leafNames(const std::string &name, const TypeExpr &t, std::vector<std::string> &out) {
  if (t.kind != TypeExpr::Kind::Tuple)
    return out.push_back(name);
  for (size_t i = 0; i < t.parts.size(); ++i)
    leafNames(name + "_" + (t.nominal ? t.nominal->fields[i].first.text : std::to_string(i)),
              t.parts[i], out);
}

/// N7: the leaves of parameters and results have distinct names in C: `x.0` is `x_0` there, a
/// result `y` beside a parameter `y` is `y_out`.
void Checker::checkCParams(const FnDecl &fn) {
  llvm::StringMap<std::pair<SourceRange, bool>> taken;
  std::set<std::string> params;
  auto add = [&](const std::string &name, SourceRange range, bool isWritten) {
    auto [old, isNew] = taken.try_emplace(name, range, isWritten);
    if (!isNew &&
        !(isWritten && old->second.second)) // equal names as written are reported elsewhere
      diags.error(range, "two parameters of the C function would be named `" + name + "`")
          .note(old->second.first, "the other one");
  };
  for (const Param &p : fn.params)
    if (p.decl) {
      params.insert(p.decl->name.text);
      std::vector<std::string> names;
      leafNames(p.decl->name.text, p.declared.type, names);
      for (const std::string &n : names)
        add(n, p.decl->name.range, n == p.decl->name.text);
    }
  for (const ResultDecl &r : fn.results)
    if (r.name) {
      std::vector<std::string> names;
      leafNames(params.count(r.name->text) ? r.name->text + "_out" : r.name->text, r.declared.type,
                names);
      for (const std::string &n : names)
        add(n, r.name->range, n == r.name->text);
    }
}

// ---- ops ------------------------------------------------------------------------------------

/// O1: an op combines two values of one type, a scalar or a tuple of scalars, into a third.
void Checker::checkOpSignature(OpDecl &op) {
  if (badOps.count(&op))
    return;
  unsigned before = diags.errorCount();
  auto bad = [&] { badOps.insert(&op); };
  if (!op.typeParams.empty())
    return; // its instances are checked
  inSignature = true;
  std::vector<Type> types;
  bool isScalar = true;
  for (RType *r : {&op.lhs.declared, &op.rhs.declared, &op.result}) {
    std::vector<const Type *> leaves;
    auto t = resolveType(r->type, true);
    if (t)
      t->leaves(leaves);
    for (const Type *leaf : leaves)
      if (!leaf->shape.empty() && std::exchange(isScalar, false)) {
        diags.error(r->type.range, "an op combines scalars and tuples of them; a reduction applies "
                                   "it to tensors element by element");
      }
    if (t && (r->perm || !r->set.empty()))
      diags.error(r->type.range, "an op combines all values of its type: a range stands on a "
                                 "`let`, a carried value or a result");
    types.push_back(t.value_or(Type()));
  }
  inSignature = false;
  if (!isScalar || !types[0].isValid() || !types[1].isValid() || !types[2].isValid() ||
      !op.lhs.decl || !op.rhs.decl)
    return bad();
  if (!sameType(types[0], types[1]) || !sameType(types[0], types[2]))
    diags.error(op.name.range, "an op combines two values of one type into a third: not " +
                                   str(types[0]) + " and " + str(types[1]) + " into " +
                                   str(types[2]));
  op.lhs.decl->type = types[0];
  op.rhs.decl->type = types[1];
  if (op.lhs.decl->name.text == op.rhs.decl->name.text && op.lhs.decl->name.text != "_")
    diags
        .error(op.rhs.decl->name.range,
               "`" + op.rhs.decl->name.text + "` stands twice in this list")
        .note(op.lhs.decl->name.range, "first here");
  if (diags.errorCount() != before)
    bad();
}

static bool isFormOrList(const Expr &e) {
  switch (e.kind) {
  case ExprKind::Compute:
  case ExprKind::Reduce:
  case ExprKind::Scan:
  case ExprKind::Scatter:
  case ExprKind::Sort:
  case ExprKind::Filter:
  case ExprKind::For:
  case ExprKind::While:
  case ExprKind::List:
    return true;
  default:
    return false;
  }
}

/// O2, of what an op calls, directly or through others: its body is made of scalars too.
void Checker::checkOpCalls(OpDecl &op) {
  std::set<const FnDecl *> seen;
  std::optional<SourceRange> offence;
  std::function<void(Block *)> look = [&](Block *body) {
    Walker walker;
    walker.onExpr = [&](Expr &e) {
      if (isFormOrList(e) && !offence)
        offence = e.range;
      auto *call = llvm::dyn_cast<CallExpr>(&e);
      if (call && call->fn && seen.insert(call->fn).second)
        look(call->fn->body.get());
    };
    walker.onStmt = [&](Stmt &s) {
      if (s.kind != StmtKind::Let && !offence)
        offence = s.range;
    };
    walker.block(body);
  };
  Walker calls;
  calls.onExpr = [&](Expr &e) {
    auto *call = llvm::dyn_cast<CallExpr>(&e);
    if (!call || !call->fn || offence)
      return;
    look(call->fn->body.get());
    if (offence)
      diags
          .error(call->range,
                 "the body of an op is made of scalars, that of `" + call->callee.text + "` is not")
          .note(*offence, "this needs a loop or memory");
  };
  calls.expr(op.identity.get());
  calls.block(op.body.get());
}

/// O2: the body is a value of the op's type, made of scalars; O3: so is the identity, which names
/// nothing of the op.
void Checker::checkOpBody(OpDecl &op) {
  if (!op.lhs.decl || !op.lhs.decl->type.isValid())
    return;
  known = nullptr;
  Assuming scope(*this);
  const Type &t = op.lhs.decl->type;
  checkExpr(op.identity, &t);
  if (op.identity)
    expectType(*op.identity, t, "the identity of op `" + op.name.text + "`");
  Scope names(*this);
  for (Decl *d : {op.lhs.decl.get(), op.rhs.decl.get()}) {
    if (d->type.isScalar() && isInt(d->type.scalar))
      d->value = newSymbol(d->name.text, rangeOf(d->type.scalar), SymbolInfo::Kind::Fresh);
    declare(*d);
  }
  if (!op.body)
    return;
  bool isScalar = true;
  auto visit = [&](Expr &e) {
    if (isScalar && isFormOrList(e)) {
      diags.error(e.range, "the body of an op is made of scalars");
      isScalar = false;
    }
  };
  Walker walker{visit, nullptr};
  walker.block(op.body.get());
  for (const StmtPtr &s : op.body->stmts)
    if (s && isScalar && s->kind != StmtKind::Let) {
      diags.error(s->range, "the body of an op is a value: `let` and one expression");
      isScalar = false;
    }
  if (!isScalar)
    return;
  checkBlockValue(*op.body, &t, "an op");
  if (op.body->value)
    expectType(*op.body->value, t, "op `" + op.name.text + "`");
}

// ---- functions ------------------------------------------------------------------------------

void Checker::checkFnBody(FnDecl &fn) {
  if (!fn.body || !fn.typeParams.empty())
    return;
  currentFn = &fn;
  Scope names(*this);
  Assuming scope(*this);
  enterSignature(fn);
  std::vector<Type> results;
  bool isRight = true;
  for (const ResultDecl &r : fn.results) {
    results.push_back(r.type);
    isRight &= r.type.isValid();
  }
  Type want = results.size() == 1 ? results[0] : Type::tuple(results);
  bool hasResult = !results.empty();
  setResultGoals(fn);
  if (hasResult)
    checkBlockValue(*fn.body, isRight ? &want : nullptr, "`" + fn.name.text + "`");
  else
    checkBlock(*fn.body, nullptr);
  if (!hasResult && fn.body->value && fn.body->value->type.isValid())
    diags
        .error(fn.body->value->range,
               "`" + fn.name.text + "` has no result: nothing takes this value")
        .note("an `inout` parameter keeps what is stored to it");
  if (hasResult && isRight && fn.body->value && settleFoundDims(fn, fn.body->value->type) &&
      expectType(*fn.body->value, want, "the result of `" + fn.name.text + "`"))
    for (size_t i = 0; i < fn.results.size(); ++i) {
      if (fn.results[i].declared.set.empty() || !results[i].isScalar())
        continue;
      size_t leaf = 0;
      for (size_t before = 0; before < i; ++before)
        leaf += countLeaves(results[before]);
      proveRange(fn.results[i].declared, *fn.body->value, "this result", leaf);
    }
  provePromised(fn);
  for (const Access &read : pending)
    reportUnwritten(*read.buffer, read.range);
  pending.clear();
  accesses.clear();
  buffers.clear();
  unknowns.clear();
  asyncGroups.clear();
  currentFn = nullptr;
}

// ---- calls ----------------------------------------------------------------------------------

/// The calls of a body, by name, also those by an op in a reduction.
std::vector<Checker::CallEdge> Checker::callsOf(Block *body) const {
  std::vector<CallEdge> edges;
  auto visit = [&](Expr &e) {
    if (auto *call = llvm::dyn_cast<CallExpr>(&e))
      edges.push_back({call->callee.text, call->callee.range});
    if (auto *reduce = llvm::dyn_cast<ReduceExpr>(&e))
      edges.push_back({reduce->op.name.text, reduce->op.name.range});
    if (auto *scan = llvm::dyn_cast<ScanExpr>(&e))
      edges.push_back({scan->op.name.text, scan->op.name.range});
  };
  Walker walker{visit, nullptr};
  walker.block(body);
  return edges;
}

/// A call is compiled into its caller, each time anew.
static constexpr uint64_t maxCalls = 1 << 14;
static constexpr size_t maxChain = 1000; // of functions that call one another

/// N8: no function calls itself, directly or through others. Limits how much all its calls are.
void Checker::checkCycles() {
  for (auto &fn : program.fns)
    calls[fn->name.text] = callsOf(fn->body.get());
  for (auto &op : program.ops)
    calls[op->name.text] = callsOf(op->body.get());
  std::map<std::string, int> state; // 1: on the path, 2: done
  std::vector<std::string> path;
  std::map<std::string, uint64_t> weight; // calls that a call of it makes
  auto weigh = [&](const std::string &name) {
    uint64_t all = 0;
    for (const CallEdge &edge : calls[name]) {
      if (!calls.count(edge.callee))
        continue;
      all += 1 + weight[edge.callee];
      if (all <= maxCalls)
        continue;
      diags
          .error(edge.range, "`" + name + "` makes more than " + std::to_string(maxCalls) +
                                 " calls, with those inside of what it calls; that is the limit")
          .note("each call is compiled into its caller anew: let one `let` or form make what "
                "several of them do");
      all = 0;
      break;
    }
    weight[name] = all;
  };
  bool isTooDeep = false;
  auto visit = [&](auto &self, const std::string &name) -> void {
    state[name] = 1;
    path.push_back(name);
    for (const CallEdge &edge : calls[name]) {
      if (!calls.count(edge.callee))
        continue;
      if (state[edge.callee] == 1) {
        std::string cycle;
        auto from = std::find(path.begin(), path.end(), edge.callee);
        for (auto p = from; p != path.end(); ++p)
          cycle += "`" + *p + "` → ";
        diags.error(edge.range,
                    "a function may not call itself: " + cycle + "`" + edge.callee + "`");
      } else if (state[edge.callee] == 0 && path.size() < maxChain) {
        self(self, edge.callee);
      } else if (state[edge.callee] == 0 && !isTooDeep) {
        isTooDeep = true;
        diags.error(edge.range, "more than " + std::to_string(maxChain) +
                                    " functions that call one another in a chain, the limit");
      }
    }
    path.pop_back();
    weigh(name);
    state[name] = 2;
    if (auto fn = fnByName.find(name); fn != fnByName.end())
      bodyOrder.push_back(fn->second);
  };
  for (auto &fn : program.fns)
    if (state[fn->name.text] == 0)
      visit(visit, fn->name.text);
  for (auto &op : program.ops)
    if (state[op->name.text] == 0)
      visit(visit, op->name.text);
  for (auto &fn : program.fns) // a second declaration of a name
    if (fnByName.lookup(fn->name.text) != fn.get())
      bodyOrder.push_back(fn.get());
}

} // namespace texpr

// Scopes of names, symbols, and what is assumed at a point.
//
// Assumptions live twice: on the stack of `Facts`, which answers questions, and in a persistent
// list, so that an access can keep what was known where it stands and a race check can tell two
// iterations apart later. `Assuming` undoes both.
#include "compiler/source/Checker.h"
#include "compiler/source/Modules.h"
#include <algorithm>
#include <cassert>

namespace texpr {

using facts::Rel;

static Rel negatedRel(Rel r) {
  switch (r) {
  case Rel::EQ:
    return Rel::NE;
  case Rel::NE:
    return Rel::EQ;
  case Rel::LT:
    return Rel::GE;
  case Rel::LE:
    return Rel::GT;
  case Rel::GT:
    return Rel::LE;
  case Rel::GE:
    return Rel::LT;
  }
  return r;
}

Formula Formula::negated() const {
  switch (kind) {
  case Kind::Unknown:
    return {};
  case Kind::Atom:
    return of({atom.lhs, negatedRel(atom.rel), atom.rhs});
  case Kind::And:
    return join(Kind::Or, parts[0].negated(), parts[1].negated());
  case Kind::Or:
    return join(Kind::And, parts[0].negated(), parts[1].negated());
  }
  return {};
}

std::vector<std::vector<facts::Constraint>> Formula::cases() const {
  if (kind == Kind::Unknown)
    return {{}};
  if (kind == Kind::Atom)
    return {{atom}};
  auto a = parts[0].cases(), b = parts[1].cases();
  if (kind == Kind::Or) {
    a.insert(a.end(), b.begin(), b.end());
    return a.size() > 16 ? std::vector<std::vector<facts::Constraint>>{{}} : a;
  }
  if (a.size() * b.size() > 16)
    return a.size() < b.size() ? a : b;
  std::vector<std::vector<facts::Constraint>> both;
  for (const auto &x : a)
    for (const auto &y : b) {
      both.push_back(x);
      both.back().insert(both.back().end(), y.begin(), y.end());
    }
  return both;
}

std::optional<std::vector<facts::Constraint>> Formula::conjunction() const {
  if (kind == Kind::Atom)
    return std::vector<facts::Constraint>{atom};
  if (kind != Kind::And)
    return std::nullopt;
  auto a = parts[0].conjunction(), b = parts[1].conjunction();
  if (!a || !b)
    return std::nullopt;
  a->insert(a->end(), b->begin(), b->end());
  return a;
}

// ---- names ----------------------------------------------------------------------------------

Decl *Checker::lookUp(llvm::StringRef name) const {
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope)
    if (auto found = scope->find(name); found != scope->end())
      return found->second;
  return nullptr;
}

void Checker::declare(Decl &d) {
  if (d.name.text != "_")
    scopes.back()[d.name.text] = &d;
}

/// N3: two equal names in one list are an error.
void Checker::declareList(const Binders &binders) {
  llvm::StringMap<const Decl *> seen;
  for (const auto &b : binders) {
    if (!b)
      continue;
    if (b->name.text != "_") {
      auto [old, isNew] = seen.try_emplace(b->name.text, b.get());
      if (!isNew)
        diags.error(b->name.range, "`" + b->name.text + "` stands twice in this list")
            .note(old->second->name.range, "first here");
    }
    declare(*b);
  }
}

std::string Checker::nearName(llvm::StringRef name, bool functions) const {
  std::string best;
  unsigned bestDistance = name.size() <= 2 ? 1 : name.size() <= 5 ? 2 : 3;
  auto consider = [&](llvm::StringRef candidate) {
    unsigned distance = name.edit_distance(candidate, true, bestDistance);
    if (distance > bestDistance || distance >= name.size() ||
        (distance == bestDistance && !best.empty()))
      return;
    best = candidate.str();
    bestDistance = distance;
  };
  if (functions) {
    for (const auto &fn : program.fns)
      consider(fn->name.text);
    for (const auto &op : program.ops)
      consider(op->name.text);
    for (const BuiltinInfo &b : allBuiltins())
      consider(b.name);
    return best;
  }
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
    std::vector<llvm::StringRef> names; // sorted: the order of a StringMap is no one's choice
    for (const auto &entry : *scope)
      names.push_back(entry.first());
    std::sort(names.begin(), names.end());
    for (llvm::StringRef n : names)
      consider(n);
  }
  for (const char *n : {"pi", "inf", "nan"})
    consider(n);
  return best;
}

/// N1: every name is declared.
void Checker::unknownName(const Ident &name, bool isCall) {
  if (name.text.empty() || (isCall && isPartial))
    return;
  auto entry = diags.error(name.range, std::string(isCall ? "no function" : "nothing") +
                                           " is named `" + name.text + "` here");
  std::vector<std::string> libraries;
  if (isCall)
    libraries = librariesWith(name.text);
  for (const std::string &library : libraries)
    entry.fix({name.range.file, 0, 0}, "use \"" + library + "\";\n",
              "the standard library has one: use \"" + library + "\"");
  if (!libraries.empty())
    return;
  static const std::map<llvm::StringRef, const char *> spelt = {
      {"sum", "a sum is `reduce(+) n |i| { x[i] }`"},
      {"prod", "a product is `reduce(*) n |i| { x[i] }`"},
      {"cumsum", "running sums are `scan(+) n |i| { x[i] }`"},
      {"any", "write `reduce(or) n |i| { c[i] }`"},
      {"all", "write `reduce(and) n |i| { c[i] }`"},
      {"range", "a range is `lo..hi`, or `n` for `0..n`"},
      {"len", "a length has the name that the tensor's type gives it: `n` of `x: f32[n]`"},
      {"size", "a length has the name that the tensor's type gives it: `n` of `x: f32[n]`"},
      {"shape", "a length has the name that the tensor's type gives it: `n` of `x: f32[n]`"},
      {"zeros", "a tensor of one value is `compute n |_| { 0.0 }`, a buffer `y: f32[n] = 0;`"},
      {"sort", "an order is `argsort n |i| { x[i] }`"},
      {"where", "a choice by element is `select(c, a, b)`"}};
  if (auto s = spelt.find(name.text); isCall && s != spelt.end())
    entry.note(s->second);
  else if (std::string near = nearName(name.text, isCall); !near.empty())
    entry.fix(name.range, near, "did you mean `" + near + "`?");
  else if (!isCall && (fnByName.count(name.text) || findBuiltin(name.text)))
    entry.note("`" + name.text + "` is a function: call it with `(…)`");
}

// ---- symbols and assumptions ----------------------------------------------------------------

facts::Expr Checker::newSymbol(std::string name, facts::Range range, SymbolInfo::Kind kind,
                               const Expr *source) {
  assert((!range.lo || !range.hi || *range.lo <= *range.hi) &&
         "an empty range contradicts everything");
  facts::Symbol s = facts.newSymbol(std::move(name), range);
  symbols.resize(std::max<size_t>(symbols.size(), s + 1));
  symbols[s].kind = kind;
  symbols[s].range = range;
  if (source)
    out.symbolSource[s] = source;
  return FExpr::symbol(s);
}

facts::Expr Checker::freshFor(const Expr &e, facts::Range range) {
  std::string name = text(e.range);
  if (name.size() > 40 || name.find('\n') != std::string::npos)
    name = name.substr(0, std::min<size_t>(24, name.find('\n'))) + "…";
  return newSymbol(name, range, SymbolInfo::Kind::Fresh, &e);
}

void Checker::assume(const Constraint &c) {
  facts.assume(c);
  known = std::make_shared<const Known>(Known{{{c}}, known});
}

void Checker::assumeCases(const Cases &cases) {
  for (const auto &c : cases)
    if (c.empty())
      return; // says nothing
  if (cases.size() == 1) {
    for (const Constraint &c : cases[0])
      assume(c);
    return;
  }
  if (cases.empty())
    return;
  facts.assumeAny(cases);
  known = std::make_shared<const Known>(Known{cases, known});
}

void Checker::assume(const Formula &f) {
  if (f.kind == Formula::Kind::And) {
    assume(f.parts[0]);
    assume(f.parts[1]);
    return;
  }
  assumeCases(f.cases());
}

/// Intervals answer most questions about dims at once. Under a signature with errors nothing is asked: what does not hold there follows
/// from them.
bool Checker::isProved(const Constraint &c) {
  // A signature that is wrong has been reported: what rests on it is not.
  if (auto info = fnInfo.find(currentFn);
      !inSignature && info != fnInfo.end() && !info->second.isValid)
    return true;
  facts::Range d = interval(c.lhs - c.rhs);
  switch (c.rel) {
  case Rel::GE:
    if (d.lo && *d.lo >= 0)
      return true;
    break;
  case Rel::GT:
    if (d.lo && *d.lo > 0)
      return true;
    break;
  case Rel::LE:
    if (d.hi && *d.hi <= 0)
      return true;
    break;
  case Rel::LT:
    if (d.hi && *d.hi < 0)
      return true;
    break;
  default:
    break;
  }
  return bool(facts.prove(c));
}
bool Checker::isProved(const std::vector<Constraint> &cs) {
  for (const Constraint &c : cs)
    if (!isProved(c))
      return false;
  return true;
}

} // namespace texpr

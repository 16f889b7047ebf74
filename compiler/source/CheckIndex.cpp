// Accesses: elements, sub-tensors, slices, and the proof that each stays inside its tensor.
//
// B2: an index is in 0..n of its axis, by the facts in force, or covered by `else`. B3: a slice
// lo..hi has 0 <= lo <= hi <= n. What is not proved is an error that shows values for which the
// access leaves the tensor. An element of a tensor that never changes is one unknown for each
// index, so that what is said of `row[i]` holds wherever `row[i]` is written; F1: its declared
// range is known.
#include "compiler/source/Checker.h"
#include <algorithm>

namespace texpr {

using facts::Rel;

/// The name under a chain of tuple parts, and the parts from the name on; null for anything else.
const NameExpr *Checker::rootName(const Expr &e, std::vector<unsigned> &path) {
  if (auto *name = llvm::dyn_cast<NameExpr>(&e))
    return name;
  auto *field = llvm::dyn_cast<FieldExpr>(&e);
  if (!field || !field->base)
    return nullptr;
  const NameExpr *name = rootName(*field->base, path);
  if (name)
    path.push_back(field->index);
  return name;
}

Checker::Cases Checker::rangeCases(const RType &r, const FExpr &value) const {
  Cases cases;
  for (const Span &s : r.set) {
    if (!s.lo || !s.lo->value || (s.hi && !s.hi->value))
      return {{}};
    if (!s.hi)
      cases.push_back({{value, Rel::EQ, *s.lo->value}});
    else
      cases.push_back(
          {{*s.lo->value, Rel::LE, value}, {value, s.inclusive ? Rel::LE : Rel::LT, *s.hi->value}});
  }
  return cases;
}

// ---- what is indexed ------------------------------------------------------------------------

/// The leaf whose extents an index of `t` meets: the first; of a tuple of tensors, all have the
/// same outer ones.
static const Type *indexedLeaf(const Type &t) {
  std::vector<const Type *> leaves;
  t.leaves(leaves);
  return leaves.empty() ? nullptr : leaves[0];
}

/// `t` after its first axes are indexed: `kept` are the lengths of the slices among them.
static Type afterIndex(const Type &t, size_t indexed, const std::vector<facts::Expr> &kept) {
  if (t.isTuple()) {
    std::vector<Type> parts;
    for (const Type &part : t.parts)
      parts.push_back(afterIndex(part, indexed, kept));
    Type after = Type::tuple(std::move(parts));
    after.nominal = structOf(t.nominal, after);
    return after;
  }
  std::vector<facts::Expr> shape = kept;
  shape.insert(shape.end(), t.shape.begin() + indexed, t.shape.end());
  return Type::leaf(t.scalar, std::move(shape));
}

/// Types the base and the indices; `at` gets one expression an index, of which those of slices are
/// their begins.
bool Checker::checkIndexArgs(IndexExpr &e, std::vector<FExpr> &at) {
  std::vector<unsigned> path;
  if (e.base)
    resolveParts(*e.base);
  const NameExpr *root = e.base ? rootName(*e.base, path) : nullptr;
  Decl *buffer = root ? lookUp(root->text) : nullptr;
  if (buffer && buffer->kind == Decl::Kind::Buffer)
    typePath(*e.base);
  else
    checkExpr(e.base);
  bool isRight = e.base && e.base->type.isValid();
  auto integer = [&](ExprPtr &index) {
    checkExpr(index);
    if (!index || !index->type.isValid())
      return false;
    if (index->type.isScalar() && isInt(index->type.scalar))
      return true;
    auto error =
        diags.error(index->range, "an index is an integer, but this is " + str(index->type));
    if (index->type.isScalar() && isFloat(index->type.scalar))
      error.fix(index->range, "i64(" + text(index->range) + ")", "write the conversion");
    return false;
  };
  for (IndexArg &arg : e.indices) {
    if (!arg.isSlice) {
      isRight &= integer(arg.index);
      at.push_back(arg.index && arg.index->value ? *arg.index->value : FExpr(0));
      continue;
    }
    if (arg.lo)
      isRight &= integer(arg.lo);
    if (arg.hi)
      isRight &= integer(arg.hi);
    at.push_back(arg.lo && arg.lo->value ? *arg.lo->value : FExpr(0));
  }
  if (!isRight)
    return false;
  std::vector<const Type *> leaves;
  e.base->type.leaves(leaves);
  for (const Type *leaf : leaves) {
    if (leaf->shape.size() < e.indices.size()) {
      diags.error(e.range,
                  "`" + text(e.base->range) + "` is " + str(e.base->type) + ": it has " +
                      (leaf->shape.empty() ? std::string("no axes")
                                           : std::to_string(leaf->shape.size()) +
                                                 (leaf->shape.size() == 1 ? " axis" : " axes")) +
                      ", not " + std::to_string(e.indices.size()));
      return false;
    }
    for (size_t i = 0; i < e.indices.size(); ++i)
      if (!sameExtent(leaf->shape[i], leaves[0]->shape[i])) {
        diags
            .error(e.range, "the parts of " + str(e.base->type) + " differ in axis " +
                                std::to_string(i) + ": index one part")
            .fix(after(e.base->range), ".0", "as in");
        return false;
      }
  }
  return true;
}

void Checker::checkIndex(IndexExpr &e, bool covered, bool isPlace, bool reads) {
  std::vector<FExpr> at;
  if (!checkIndexArgs(e, at))
    return;
  covered |= e.base->isTotal && !isPlace;
  isStore = isPlace;
  const Type &t = e.base->type;
  const Type *leaf = indexedLeaf(t);
  std::vector<FExpr> kept;
  for (unsigned i = 0; i < e.indices.size(); ++i) {
    IndexArg &arg = e.indices[i];
    if (arg.isSlice) {
      FExpr lo = at[i], hi = arg.hi ? *arg.hi->value : leaf->shape[i];
      if (!covered)
        proveSlice(e, i, leaf->shape[i]);
      else if (!checkGuardedSlice(arg, lo, hi))
        return;
      kept.push_back(covered ? lengthOf(lo, hi) : hi - lo);
    } else if (covered) {
      arg.bounds = Bounds::Else;
    } else {
      proveIndex(e, i, leaf->shape[i]);
    }
  }
  if (covered)
    note(CheckNote::Kind::Else, e.range, "`" + text(e.range) + "` is covered by `else`");
  e.type = afterIndex(t, e.indices.size(), kept);
  if (isPlace || !reads)
    return;
  std::vector<unsigned> path;
  const NameExpr *root = rootName(*e.base, path);
  if (root && root->decl && root->decl->kind == Decl::Kind::Buffer) {
    std::vector<FExpr> element = bufferElement(e, *root->decl);
    Assuming scope(*this);
    for (size_t i = 0; covered && i < e.indices.size(); ++i) { // what lies outside is not read
      assume(Constraint{FExpr(0), Rel::LE, element[i]});
      assume(Constraint{element[i], Rel::LT, leaf->shape[i]});
    }
    readBuffer(*root->decl, path, std::move(element), e.range);
  }
  valueOfElement(e, at);
}

/// B4: a slice under `else` may lie anywhere; its length is planned for, as every extent is.
bool Checker::checkGuardedSlice(IndexArg &arg, const FExpr &lo, const FExpr &hi) {
  arg.bounds = Bounds::Else;
  if (!fits(hi - lo, ScalarKind::I64)) {
    diags.error(arg.range, "no bound of the length `" + str(hi - lo) + "` of this slice is known");
    return false;
  }
  return checkExtentIsDim(lengthOf(lo, hi), arg.range, nullptr, nullptr);
}

/// An unknown index in lo..hi: what a slice or a whole axis of a buffer covers.
facts::Expr Checker::anyIndex(const Decl &d, FExpr lo, FExpr hi) {
  FExpr s = newSymbol("index of " + d.name.text, {0, int64_t(1) << 47}, SymbolInfo::Kind::Binder);
  SymbolInfo &info = symbols[*s.asSymbol()];
  info.lo = lo;
  info.hi = hi;
  info.isIndex = true;
  return s;
}

/// What an access touches, as one element over all values of the unknowns that it holds.
std::vector<facts::Expr> Checker::bufferElement(const IndexExpr &e, const Decl &d) {
  const Type *leaf = indexedLeaf(e.base->type);
  std::vector<FExpr> at;
  for (size_t i = 0; i < leaf->shape.size(); ++i) {
    if (i >= e.indices.size()) {
      at.push_back(anyIndex(d, FExpr(0), leaf->shape[i]));
      continue;
    }
    const IndexArg &arg = e.indices[i];
    if (!arg.isSlice) {
      at.push_back(*arg.index->value);
      continue;
    }
    FExpr lo = arg.lo ? *arg.lo->value : FExpr(0), hi = arg.hi ? *arg.hi->value : leaf->shape[i];
    at.push_back(lo + anyIndex(d, FExpr(0), hi - lo));
  }
  return at;
}

// ---- proofs ---------------------------------------------------------------------------------

/// True where a proof about `e` rests on the range of data, which code tests while it runs.
bool Checker::restsOnData(const FExpr &e) const {
  std::vector<facts::Symbol> used;
  e.symbols(used);
  return std::any_of(used.begin(), used.end(),
                     [&](facts::Symbol s) { return symbols[s].isVerified; });
}

void Checker::proveIndex(IndexExpr &e, unsigned axis, const FExpr &extent) {
  IndexArg &arg = e.indices[axis];
  const FExpr &v = *arg.index->value;
  for (const Constraint &c : {Constraint{v, Rel::GE, FExpr(0)}, Constraint{v, Rel::LT, extent}}) {
    if (isProved(c))
      continue;
    return reportBounds(e, axis, *arg.index, c, facts.prove(c), extent);
  }
  arg.bounds = restsOnData(v) ? Bounds::Verified : Bounds::Proved;
  note(arg.bounds == Bounds::Verified ? CheckNote::Kind::Verified : CheckNote::Kind::Proved,
       arg.range, "0 <= " + str(v) + " < " + str(extent));
}

void Checker::proveSlice(IndexExpr &e, unsigned axis, const FExpr &extent) {
  IndexArg &arg = e.indices[axis];
  FExpr lo = arg.lo ? *arg.lo->value : FExpr(0), hi = arg.hi ? *arg.hi->value : extent;
  const Expr *at[] = {arg.lo.get(), arg.hi ? arg.hi.get() : arg.lo.get(), arg.hi.get()};
  const Constraint wanted[] = {{FExpr(0), Rel::LE, lo}, {lo, Rel::LE, hi}, {hi, Rel::LE, extent}};
  for (unsigned i = 0; i < 3; ++i) {
    if (isProved(wanted[i]))
      continue;
    facts::Answer answer = facts.prove(wanted[i]);
    std::string example = counterExample(answer, {lo, hi, extent});
    auto error = diags.error(at[i] ? at[i]->range : arg.range,
                             "the slice `" + text(arg.range) + "` may be no part of axis " +
                                 std::to_string(axis) + " of `" + text(e.base->range) + "`: `" +
                                 facts.str(wanted[i]) + "` is not proved" +
                                 (example.empty() ? "" : ", and not so for " + example));
    if (isDimExpr(lo) && isDimExpr(hi))
      error.note("add `where " + facts.str(wanted[i]) + "` to the function");
    return;
  }
  arg.bounds = restsOnData(lo) || restsOnData(hi) ? Bounds::Verified : Bounds::Proved;
  note(CheckNote::Kind::Proved, arg.range,
       "0 <= " + str(lo) + " <= " + str(hi) + " <= " + str(extent));
}

/// "n = 1, i = 0": what a refuted question gives to the symbols of `about`.
std::string Checker::counterExample(const facts::Answer &a, const std::vector<FExpr> &about) const {
  if (a.kind != facts::Answer::Kind::Refuted)
    return "";
  std::vector<facts::Symbol> used;
  for (const FExpr &e : about)
    e.symbols(used);
  std::string s;
  std::set<facts::Symbol> seen;
  for (facts::Symbol symbol : used) {
    if (!seen.insert(symbol).second)
      continue;
    auto value = std::find_if(a.counterExample.begin(), a.counterExample.end(),
                              [&](const auto &p) { return p.first == symbol; });
    int64_t v = value != a.counterExample.end()
                    ? value->second
                    : std::max<int64_t>(0, symbols[symbol].range.lo.value_or(0));
    s += (s.empty() ? "" : ", ") + facts.name(symbol) + " = " + std::to_string(v);
  }
  return s;
}

/// Of an index an operation on integers that may wrap; null where there is none.
const Expr *Checker::wrappingPart(const FExpr &index) const {
  std::vector<facts::Symbol> used;
  index.symbols(used);
  for (facts::Symbol s : used) {
    auto source = out.symbolSource.find(s);
    auto *operation =
        source == out.symbolSource.end() ? nullptr : llvm::dyn_cast<BinaryExpr>(source->second);
    if (operation && symbols[s].kind == SymbolInfo::Kind::Fresh &&
        (operation->op == BinaryOp::Add || operation->op == BinaryOp::Sub ||
         operation->op == BinaryOp::Mul))
      return operation;
  }
  return nullptr;
}

void Checker::reportBounds(const IndexExpr &e, unsigned axis, const Expr &index,
                           const Constraint &failed, const facts::Answer &answer,
                           const FExpr &extent) {
  std::string name = text(e.base->range), what = "`" + text(index.range) + "`";
  const FExpr &v = *index.value;
  std::string example = counterExample(answer, {extent, v});
  std::string message, verb = isStore ? "writes " : "reads ";
  auto valueIn = [&](const FExpr &x) {
    return x.evaluate([&](facts::Symbol s) -> int64_t {
      for (const auto &[symbol, value] : answer.counterExample)
        if (symbol == s)
          return value;
      return std::max<int64_t>(0, symbols[s].range.lo.value_or(0));
    });
  };
  auto at = valueIn(v), length = valueIn(extent);
  std::string ofAxis = e.base->type.isTensor() && e.base->type.shape.size() > 1
                           ? "axis " + std::to_string(axis) + " of " + name
                           : name;
  if (answer.kind == facts::Answer::Kind::Refuted && at && length && (*at < 0 || *at >= *length)) {
    std::string read = e.indices.size() > 1 ? "index " + std::to_string(*at)
                                            : name + "[" + std::to_string(*at) + "]";
    message = "index " + what + " leaves `" + name +
              "`: " + (example.empty() ? "this " + verb : "for " + example + " this " + verb) +
              read + ", but " + ofAxis + " has length " + std::to_string(*length);
  } else {
    message = "index " + what + " is not proved inside `" + name + "`: `" + facts.str(failed) +
              "` does not follow from what is known here";
  }
  auto error = diags.error(index.range, message);
  if ((failed.lhs - failed.rhs).constant())
    return; // wrong for every size: no fact would help
  auto unknown = v.asSymbol() ? std::optional(symbols[*v.asSymbol()].kind) : std::nullopt;
  if (isDimExpr(v) && isDimExpr(extent))
    error.note("add `where " + facts.str(failed) + "` to the function, which is tested at entry");
  else if (unknown == SymbolInfo::Kind::Data)
    error.note("give the data a range where it is declared, as `in 0.." + str(extent) +
               "`; it is tested as it is read");
  else if (auto *sum = llvm::dyn_cast<BinaryExpr>(&index); unknown == SymbolInfo::Kind::Fresh &&
                                                           sum && sum->type.isScalar() &&
                                                           sum->type.scalar != ScalarKind::I64)
    error.note(what + " is computed in " + str(sum->type) +
               ", where it may wrap: convert what it is made of, as in `i64(" +
               text(sum->lhs->range) + ")`");
  else if (unknown == SymbolInfo::Kind::Fresh)
    error.note(what + " is an unknown of its type: it is data, or an operation that may wrap");
  else if (const Expr *operation = wrappingPart(v))
    error.note("`" + text(operation->range) +
               "` may wrap, so nothing is known of it but its type: a `where` fact that bounds "
               "it, as `a * b <= 1_000_000_000_000` of dims, says that it does not");
  if (isStore)
    error.note("or guard the store: `if " + facts.str(failed) + " { … }`");
  else
    error.note("or cover the access: `" + text(e.range) + " else 0`; or guard it: `if " +
               facts.str(failed) + " { … }`");
}

/// The value of an integer element: one unknown for each element of a tensor that never changes,
/// else a new one.
void Checker::valueOfElement(IndexExpr &e, const std::vector<FExpr> &at) {
  if (!e.type.isScalar() || !isInt(e.type.scalar))
    return;
  std::vector<unsigned> path;
  const NameExpr *root = rootName(*e.base, path);
  const Decl *d = root ? root->decl : nullptr;
  bool isCovered = std::any_of(e.indices.begin(), e.indices.end(),
                               [](const IndexArg &a) { return a.bounds == Bounds::Else; });
  if (!d || d->kind == Decl::Kind::Buffer || isCovered) {
    setFreshValue(e);
    auto f = tensorFacts.find(d);
    if (d && (!isCovered || d->isTotal) && f != tensorFacts.end())
      assumeCases(rangeCases(f->second, *e.value));
    return;
  }
  auto alias = aliasOf.find(d);
  ElementSymbol &element = elementAt(alias == aliasOf.end() ? *d : *alias->second, path, at,
                                     e.type.scalar, text(e.range), &e);
  e.value = element.value;
  assumeElement(element);
}

} // namespace texpr

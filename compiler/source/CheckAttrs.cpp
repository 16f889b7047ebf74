// Attributes: pins of decisions.
//
// A1: an attribute is known, stands where it means something, once, has its arguments, and names axes of its form.
// A2: on a function, those of forms stand behind `@at`; a class is a comparison of dims. A5: `@specialize` lists a dim's values.
// In: the attributes behind a binder, a buffer's type, a store or a head. Out: the same, all right, as the table below has
// them; nothing else changes. One that the compiler does not obey yet is an error, never ignored; whether a pass *can* obey a
// right one, on this form and machine, is said later, at the same place (plan/CheckPins.cpp).
#include "compiler/source/Checker.h"
#include "compiler/source/Pinned.h"

namespace texpr {

namespace {
/// What an attribute takes, and where it may stand (bits of `At`).
enum At : unsigned { Form = 1, Par = 2, Seq = 4, Assign = 8, Fn = 16, Buffer = 32, For = 64 };
enum class Takes {
  Nothing,
  Count,
  PowerOfTwo,
  Steps,
  Axes,
  Axis,
  Sizes,
  Tasks,
  Word,
  Algorithm,
  Target,
  Classes,
  Values,
  Numbers,
  Staged,
  Off,
  Any
};
struct Row {
  const char *name;
  Takes takes;
  unsigned where;
};
} // namespace

static const Row obeyed[] = {
    {"inline", Takes::Nothing, Form | Fn},
    {"materialize", Takes::Nothing, Form | Fn},
    {"keep", Takes::Axis, Form | Fn},
    {"vector", Takes::PowerOfTwo, Form | Par | For | Fn},
    {"unroll", Takes::Steps, Form | Par | Seq | For | Fn},
    {"grain", Takes::Tasks, Form | Par | For | Fn},
    {"tile", Takes::Sizes, Form | Par | Fn},
    {"order", Takes::Axes, Form | Par | Fn},
    {"instr", Takes::Word, Form | Par | Fn},
    {"algo", Takes::Algorithm, Form | Fn},
    {"stage", Takes::Staged, Form | Par | Fn},
    {"online", Takes::Off, Form | Fn},
    {"split_k", Takes::Count, Form | Par | Fn},
    {"map", Takes::Any, Form | Par | Fn},
    {"gemm", Takes::Any, Form | Par | Fn},
    {"raster", Takes::Count, Form | Par | Fn},
    {"index", Takes::Count, Form | Par | Fn},
    {"pipeline", Takes::Count, Form | Par | Seq | Fn},
    {"class", Takes::Classes, Form},
    {"specialize", Takes::Values, Fn},
    {"on", Takes::Target, Form | Par | Seq | For | Fn},
    {"at", Takes::Numbers, Fn},
    {"block", Takes::Nothing, Par},
    {"warp", Takes::Nothing, Par},
    {"lane", Takes::Nothing, Par},
    {"cluster", Takes::Nothing, Par},
    {"warpgroup", Takes::Nothing, Par},
    {"disjoint", Takes::Nothing, Par | Assign},
    {"nondeterministic", Takes::Nothing, Fn | Par | Seq | Assign},
    {"layout", Takes::Any, Buffer},
    {"swizzle", Takes::Count, Buffer},
    {"stages", Takes::Count, Buffer},
};

static const char *const later[] = {"split", "chain", "shard", "place"};

static constexpr unsigned mostClasses = 2; // and the rest

static const Row *findRow(llvm::StringRef name) {
  for (const Row &row : obeyed)
    if (name == row.name)
      return &row;
  return nullptr;
}

/// `@on`, `@class` and `@at` say where the attributes behind them hold.
static bool isScope(const Attr &a) {
  return a.name.text == "on" || a.name.text == "class" || a.name.text == "at";
}

/// `@unroll(none)`, `@online(off)`
static bool isWord(const Attr &a, llvm::StringRef text) {
  auto *word = a.args.size() == 1 && !a.args[0].key
                   ? llvm::dyn_cast_or_null<NameExpr>(a.args[0].value.get())
                   : nullptr;
  return word && word->text == text;
}

/// What may stand once. `@unroll` and `@unroll(4)` are two things, and so are tiles of tasks and of registers, and copies of
/// two tensors.
static std::string keyOf(const Attr &a) {
  bool isOther = (a.name.text == "unroll" && (a.args.empty() || isWord(a, "none"))) ||
                 (a.name.text == "tile" && !a.args.empty() && !a.args[0].key);
  const Expr *tensor = a.name.text == "stage" && !a.args.empty() ? a.args[0].value.get() : nullptr;
  if (auto *name = llvm::dyn_cast_or_null<NameExpr>(tensor))
    return "stage " + name->text;
  if (auto *number = llvm::dyn_cast_or_null<IntLitExpr>(tensor))
    return "stage " + std::to_string(number->magnitude);
  return a.name.text + (isOther ? "'" : "");
}

static std::optional<uint64_t> countOf(const AttrArg &arg) {
  auto *literal = llvm::dyn_cast_or_null<IntLitExpr>(arg.value.get());
  if (!literal || literal->negative || literal->magnitude == 0 ||
      literal->magnitude > (uint64_t(1) << 31))
    return std::nullopt;
  return literal->magnitude;
}

std::vector<int64_t> valuesOf(const Attr &a) {
  std::vector<int64_t> values;
  auto collect = [&](auto &self, const Expr *e) -> bool {
    if (auto *either = llvm::dyn_cast_or_null<BinaryExpr>(e);
        either && either->op == BinaryOp::BitOr)
      return self(self, either->lhs.get()) && self(self, either->rhs.get());
    auto *literal = llvm::dyn_cast_or_null<IntLitExpr>(e);
    if (!literal || literal->negative || literal->magnitude > (uint64_t(1) << 31) ||
        llvm::is_contained(values, int64_t(literal->magnitude)))
      return false;
    values.push_back(int64_t(literal->magnitude));
    return values.size() <= 4;
  };
  return a.args.size() == 1 && collect(collect, a.args[0].value.get()) ? values
                                                                       : std::vector<int64_t>();
}

static bool isPowerOfTwo(const Attr &a) {
  auto count = a.args.size() == 1 && !a.args[0].key ? countOf(a.args[0]) : std::nullopt;
  return count && (*count & (*count - 1)) == 0 && *count <= 64;
}

/// `(chunks)`, `(chunks, least = 4096, tasks = 8)`
static bool isAlgorithm(const Attr &a) {
  if (a.args.empty() || a.args[0].key || !llvm::isa_and_nonnull<NameExpr>(a.args[0].value.get()))
    return false;
  llvm::StringSet<> seen;
  return llvm::all_of(llvm::drop_begin(a.args), [&](const AttrArg &arg) {
    return arg.key && arg.key->text != "name" && countOf(arg) && seen.insert(arg.key->text).second;
  });
}

/// `@stage(b)`, `@stage(b, stack, least = 64, elements = 1024)`, `@stage(2, shared, 3)`
static bool isStaged(const Attr &a) {
  llvm::StringSet<> seen;
  for (auto [k, arg] : llvm::enumerate(a.args)) {
    auto *word = llvm::dyn_cast_or_null<NameExpr>(arg.value.get());
    bool isRight = k == 0    ? !arg.key && (word || countOf(arg))
                   : arg.key ? countOf(arg) && seen.insert(arg.key->text).second &&
                                   llvm::is_contained({"least", "elements"}, arg.key->text)
                   : k == 1
                       ? word && llvm::is_contained({"stack", "workspace", "shared"}, word->text)
                       : k == 2 && !a.args[1].key && countOf(arg);
    if (!isRight)
      return false;
  }
  return !a.args.empty();
}

bool Checker::hasAttr(const Attrs &attrs, llvm::StringRef name) {
  for (const Attr &a : attrs)
    if (a.name.text == name)
      return true;
  return false;
}

/// Checks the attributes of a form or statement. The axes that they may name are its own and those
/// of the forms inside.
void Checker::checkAttrs(const Attrs &attrs, AttrPlace place, const Binders *binders,
                         const Block *body) {
  if (attrs.empty())
    return;
  llvm::StringSet<> axes;
  if (binders)
    for (const auto &b : *binders)
      if (b)
        axes.insert(b->name.text);
  auto onExpr = [](Expr &) {};
  auto onBinder = [&](const Decl &d) { axes.insert(d.name.text); };
  Walker walker{onExpr, onBinder};
  walker.block(const_cast<Block *>(body));
  llvm::StringMap<SourceRange> seen;
  bool isNumbered = false;
  unsigned classes = 0;
  for (const Attr &a : attrs) {
    if (isScope(a)) { // what follows is about something else
      seen.clear();
      isNumbered = a.name.text == "at";
      if (a.name.text == "class" && !a.args.empty() && a.args[0].value && boundOf(*a.args[0].value))
        classes += a.args.size();
      if (a.name.text == "class" && classes > mostClasses) {
        diags.error(a.range, "at most " + std::to_string(mostClasses) + " classes, and the rest");
        classes = 0;
      }
      checkAttr(a, place, axes);
      continue;
    }
    if (const Row *row = findRow(a.name.text); row && place == AttrPlace::Fn && !isNumbered &&
                                               a.name.text != "inline" && (row->where & Form)) {
      diags
          .error(a.range, "`@" + a.name.text +
                              "` on a function stands behind `@at`, which says "
                              "what it is about, as in `@at(loop, 1) @vector(8)`")
          .note("`texprc explain --pins` prints a program with all decisions and their numbers");
      continue;
    }
    if (auto [old, isNew] = seen.try_emplace(keyOf(a), a.range); !isNew) {
      diags.error(a.range, "`@" + a.name.text + "` stands twice here")
          .note(old->second, "first here");
      continue;
    }
    checkAttr(a, place, axes);
  }
}

/// A1: a name that no attribute has, and the nearest that one has.
void Checker::unknownAttr(const Attr &a) {
  const std::string &name = a.name.text;
  for (const char *l : later)
    if (name == l)
      return notYet(a.range, "`@" + name + "`");
  auto error = diags.error(a.range, "no attribute is named `@" + name + "`");
  std::string near;
  unsigned best = 3;
  for (const Row &r : obeyed)
    if (unsigned d = llvm::StringRef(name).edit_distance(r.name); d < best && d < name.size()) {
      near = r.name;
      best = d;
    }
  if (!near.empty())
    error.fix(a.name.range, near, "did you mean `@" + near + "`?");
}

/// How the attribute is written, behind its name, where its arguments are none of those; empty where they are right, or are
/// checked by a function of their own.
static std::string rightForm(const Attr &a, Takes takes) {
  auto unless = [](bool isRight, const char *form) { return isRight ? "" : form; };
  bool isWordOnly = a.args.size() == 1 && !a.args[0].key &&
                    llvm::isa_and_nonnull<NameExpr>(a.args[0].value.get());
  bool isCount = a.args.size() == 1 && !a.args[0].key && countOf(a.args[0]);
  switch (takes) {
  case Takes::Nothing:
    return unless(a.args.empty(), "`, without arguments");
  case Takes::Count:
    return unless(isCount, "(8)`, with a number of at least 1");
  case Takes::PowerOfTwo:
    return unless(isPowerOfTwo(a), "(8)`, with a power of two up to 64");
  case Takes::Steps:
    return unless(
        a.args.empty() || isPowerOfTwo(a) || isWord(a, "none"),
        "` for all steps written out, `@unroll(none)` for a loop, or `@unroll(8)`, with a "
        "power of two up to 64");
  case Takes::Word:
    return unless(isWordOnly, "(name)`, with one name");
  case Takes::Algorithm:
    return unless(isAlgorithm(a),
                  "(chunks, least = 4096)`: a name, and numbers of at least 1 by theirs");
  case Takes::Target:
    return unless(!targetOfAttr(a).empty(), "(x86-64-v3)`, with the name of a machine");
  case Takes::Values:
    return unless(a.args.size() == 1 && a.args[0].key && !valuesOf(a).empty(),
                  "(k = 64 | 128)`: a dim, and up to 4 values of it");
  case Takes::Staged:
    return unless(
        isStaged(a),
        "(b, stack)`: a tensor that the loop reads, by its parameter's name or its number "
        "among those, and where its copy lies: `stack` or `workspace`, for GPUs `shared` "
        "and the stages of a ring");
  case Takes::Off:
    return unless(isWord(a, "off"), "(off)`: sums are not rewritten without being asked to");
  case Takes::Any:
    return unless(!a.args.empty(), "(…)`, with what it chooses");
  case Takes::Axis:
    return unless(a.args.size() == 1, "(i)`, with the last of the axes that are shared");
  case Takes::Axes:
  case Takes::Sizes:
  case Takes::Tasks:
  case Takes::Classes:
  case Takes::Numbers:
    return "";
  }
  llvm_unreachable("every kind of argument is handled");
}

void Checker::checkAttr(const Attr &a, AttrPlace place, const llvm::StringSet<> &axes) {
  const std::string &name = a.name.text;
  const Row *row = findRow(name);
  if (!row)
    return unknownAttr(a);
  static const At bits[] = {Fn, Form, For, Par, Seq, Buffer, Assign}; // as AttrPlace
  if (!(row->where & bits[unsigned(place)])) {
    static const char *const places[] = {"a function", "this form", "a `for`", "a `par`",
                                         "a `seq`",    "a buffer",  "a store"};
    diags.error(a.range, "`@" + name + "` means nothing on " + places[unsigned(place)]);
    return;
  }
  if (std::string form = rightForm(a, row->takes); !form.empty()) {
    diags.error(a.range, "`@" + name + "` is written `@" + name + form);
    return;
  }
  bool isTensor = row->takes == Takes::Staged && llvm::isa<NameExpr>(a.args[0].value.get());
  if (isTensor && currentFn && currentFn->isLocal)
    diags.error(a.args[0].value->range,
                "`@stage` in a local function takes the number of the tensor among those that "
                "the loop reads, as in `@stage(2)`: its parameters are gone where it is inlined");
  switch (row->takes) {
  case Takes::Tasks:
    return checkTasks(a);
  case Takes::Classes:
    return checkClasses(a);
  case Takes::Numbers:
    return checkNumbers(a);
  case Takes::Axis:
    if (place == AttrPlace::Fn && countOf(a.args[0]))
      return;
    [[fallthrough]];
  case Takes::Axes:
  case Takes::Sizes:
    return checkAxes(a, row->takes == Takes::Sizes, place, axes);
  default:
    return;
  }
}

/// `@grain(4096)`: iterations a task. `@grain(work = 65536, tasks = 64, least = 8)`: by what it is counted.
void Checker::checkTasks(const Attr &a) {
  bool isRight = !a.args.empty();
  llvm::StringSet<> seen;
  for (const AttrArg &arg : a.args)
    isRight &=
        countOf(arg) && (arg.key ? llvm::is_contained({"work", "tasks", "least"}, arg.key->text) &&
                                       seen.insert(arg.key->text).second
                                 : a.args.size() == 1);
  if (!isRight)
    diags.error(
        a.range,
        "`@grain` is written `@grain(8)`, with the iterations of a task, or "
        "`@grain(work = 65536, tasks = 64, least = 8)`: the operations that pay for one, the most "
        "tasks, the fewest iterations");
}

static const std::string &nameOfDim(const FnDecl &fn, const DimBinding &d) {
  return d.how == DimBinding::How::ScalarParam ? fn.params[d.param].decl->name.text
                                               : d.decl->name.text;
}

/// A5: what is specialized is a dim that a call of the exported function brings.
void Checker::checkSpecialize(const FnDecl &fn) {
  for (const Attr &a : fn.attrs) {
    if (a.name.text != "specialize" || a.args.size() != 1 || !a.args[0].key)
      continue;
    const std::string &name = a.args[0].key->text;
    bool isDim = llvm::any_of(fn.dims, [&](const DimBinding &d) {
      return d.how != DimBinding::How::Defined && d.how != DimBinding::How::Found &&
             nameOfDim(fn, d) == name;
    });
    if (!isDim)
      diags.error(a.args[0].key->range,
                  "`" + name + "` is no dim that a call of `" + fn.name.text + "` brings");
    else if (fn.isLocal)
      diags.error(a.range, "`@specialize` tells calls apart: it stands on an exported function");
  }
}

/// `@class(n <= 512, n <= 4096)`, `@class(rest)`, `@class(all)`
void Checker::checkClasses(const Attr &a) {
  auto *word = a.args.size() == 1 && !a.args[0].key
                   ? llvm::dyn_cast_or_null<NameExpr>(a.args[0].value.get())
                   : nullptr;
  if (word && (word->text == "rest" || word->text == "all"))
    return;
  if (currentFn && currentFn->isLocal) {
    diags.error(a.range, "`@class` tells sizes of a call apart: it stands in an exported function");
    return;
  }
  bool isRight = !a.args.empty();
  for (const AttrArg &arg : a.args) {
    auto bound = !arg.key && arg.value ? boundOf(*arg.value) : std::nullopt;
    isRight &= bound.has_value();
    for (size_t k = 0; bound && k < bound->terms.size(); ++k) {
      const NameExpr &name = *bound->terms[k].first;
      if (!currentFn || llvm::none_of(currentFn->dims, [&](const DimBinding &d) {
            return d.how != DimBinding::How::Defined && d.how != DimBinding::How::Found &&
                   nameOfDim(*currentFn, d) == name.text;
          }))
        diags.error(name.range, "`@class`: a class is a condition on dims that a call brings, and "
                                "`" +
                                    name.text + "` is none");
    }
  }
  if (!isRight)
    diags.error(a.range, "`@class` is written `@class(n <= 512)`: comparisons of dims, or `rest`, "
                         "or `all`");
}

/// `@at(loop, 1, 3)`
void Checker::checkNumbers(const Attr &a) {
  auto *kind = a.args.empty() ? nullptr : llvm::dyn_cast_or_null<NameExpr>(a.args[0].value.get());
  bool isRight = kind && a.args.size() > 1 &&
                 llvm::is_contained({"value", "tensor", "form", "sum", "nest", "loop"}, kind->text);
  for (size_t k = 1; isRight && k < a.args.size(); ++k)
    isRight = !a.args[k].key && countOf(a.args[k]);
  if (!isRight)
    diags.error(a.range, "`@at` is written `@at(loop, 1)`: one of value, tensor, form, sum, nest, "
                         "loop, and its numbers");
}

/// Names of axes, or sizes by axis. On a function they are those of what a number stands for.
void Checker::checkAxes(const Attr &a, bool sizes, AttrPlace place, const llvm::StringSet<> &axes) {
  const std::string &name = a.name.text;
  auto wrong = [&](const std::string &form) {
    diags.error(a.range, "`@" + name + "` is written `@" + name + form + "`");
  };
  if (a.args.empty())
    wrong(sizes ? "(i = 32, j = 64)`" : "(i)`");
  llvm::StringSet<> seen;
  for (const AttrArg &arg : a.args) {
    auto *bare = llvm::dyn_cast_or_null<NameExpr>(arg.value.get());
    if (sizes && !arg.key && bare && &arg == a.args.data() && a.args.size() > 1) {
      if (bare->text != "thread")
        diags.error(bare->range,
                    "`@tile`: a level of a CPU's tiles is `thread`: what a task walks over");
      continue;
    }
    if (sizes ? !arg.key || !countOf(arg) : arg.key.has_value() || !bare) {
      wrong(sizes ? "(i = 32, j = 64)`, with sizes of at least 1" : "(i)`, with names of axes");
      return;
    }
    const std::string &axis = sizes ? arg.key->text : bare->text;
    SourceRange range = sizes ? arg.key->range : bare->range;
    if (!axes.count(axis) && place != AttrPlace::Fn)
      diags.error(range, "`@" + name + "`: no axis of this form is named `" + axis + "`");
    else if (!seen.insert(axis).second)
      diags.error(range, "`@" + name + "`: the axis `" + axis + "` stands twice");
  }
}

} // namespace texpr

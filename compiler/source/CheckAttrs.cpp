// Attributes: pins of decisions. A1: an attribute is known, stands where it means something, has
// its arguments, and is obeyed; one that the compiler does not obey yet is an error, never ignored.
#include "compiler/source/Checker.h"

namespace texpr {

namespace {
/// What an attribute takes, and where it may stand (bits of `At`).
enum At : unsigned { Form = 1, Par = 2, Seq = 4, Assign = 8 };
enum class Takes { Nothing, Count, PowerOfTwo, Axes, Sizes };
struct Row {
  const char *name;
  Takes takes;
  unsigned where;
};
} // namespace

static const Row obeyed[] = {
    {"inline", Takes::Nothing, Form},
    {"materialize", Takes::Nothing, Form},
    {"keep", Takes::Axes, Form},
    {"vector", Takes::PowerOfTwo, Form | Par},
    {"unroll", Takes::PowerOfTwo, Form | Par | Seq},
    {"grain", Takes::Count, Form | Par},
    {"tile", Takes::Sizes, Form | Par},
    {"block", Takes::Nothing, Par},
    {"warp", Takes::Nothing, Par},
    {"lane", Takes::Nothing, Par},
    {"disjoint", Takes::Nothing, Par | Assign},
};

static const char *const later[] = {"specialize",
                                    "class",
                                    "online",
                                    "split_k",
                                    "map",
                                    "stage",
                                    "stages",
                                    "swizzle",
                                    "layout",
                                    "order",
                                    "algo",
                                    "gemm",
                                    "instr",
                                    "raster",
                                    "index",
                                    "on",
                                    "cluster",
                                    "warpgroup",
                                    "nondeterministic",
                                    "pipeline",
                                    "split",
                                    "chain",
                                    "shard",
                                    "place"};

static const Row *findRow(llvm::StringRef name) {
  for (const Row &row : obeyed)
    if (name == row.name)
      return &row;
  return nullptr;
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
  for (const Attr &a : attrs) {
    if (auto [old, isNew] = seen.try_emplace(a.name.text, a.range); !isNew) {
      diags.error(a.range, "`@" + a.name.text + "` stands twice here")
          .note(old->second, "first here");
      continue;
    }
    checkAttr(a, place, axes);
  }
}

static std::optional<uint64_t> countOf(const AttrArg &arg) {
  auto *literal = llvm::dyn_cast_or_null<IntLitExpr>(arg.value.get());
  if (!literal || literal->negative || literal->magnitude == 0 ||
      literal->magnitude > (uint64_t(1) << 31))
    return std::nullopt;
  return literal->magnitude;
}

void Checker::checkAttr(const Attr &a, AttrPlace place, const llvm::StringSet<> &axes) {
  const std::string &name = a.name.text;
  const Row *row = findRow(name);
  if (!row) {
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
    return;
  }
  unsigned here = place == AttrPlace::Form     ? Form
                  : place == AttrPlace::Par    ? Par
                  : place == AttrPlace::Seq    ? Seq
                  : place == AttrPlace::Assign ? Assign
                                               : 0;
  if (!(row->where & here)) {
    static const char *const places[] = {"a function", "this form", "a `for`", "a `par`",
                                         "a `seq`",    "a buffer",  "a store"};
    diags.error(a.range, "`@" + name + "` means nothing on " + places[unsigned(place)]);
    return;
  }
  auto wrong = [&](const std::string &form) {
    diags.error(a.range, "`@" + name + "` is written `@" + name + form + "`");
  };
  switch (row->takes) {
  case Takes::Nothing:
    if (!a.args.empty())
      wrong("`, without arguments");
    return;
  case Takes::Count:
  case Takes::PowerOfTwo: {
    auto count = a.args.size() == 1 && !a.args[0].key ? countOf(a.args[0]) : std::nullopt;
    bool isPower = count && (*count & (*count - 1)) == 0 && *count <= 64;
    if (!count || (row->takes == Takes::PowerOfTwo && !isPower))
      wrong(row->takes == Takes::Count ? "(8)`, with a number of at least 1"
                                       : "(8)`, with a power of two up to 64");
    return;
  }
  case Takes::Axes:
  case Takes::Sizes:
    break;
  }
  bool sizes = row->takes == Takes::Sizes;
  if (a.args.empty())
    wrong(sizes ? "(i = 32, j = 64)`" : "(i)`");
  llvm::StringSet<> seen;
  for (const AttrArg &arg : a.args) {
    auto *bare = llvm::dyn_cast_or_null<NameExpr>(arg.value.get());
    if (sizes ? !arg.key || !countOf(arg) : arg.key.has_value() || !bare) {
      if (sizes && !arg.key && bare)
        notYet(a.range, "a level in `@tile`");
      else
        wrong(sizes ? "(i = 32, j = 64)`, with sizes of at least 1" : "(i)`, with names of axes");
      return;
    }
    const std::string &axis = sizes ? arg.key->text : bare->text;
    SourceRange range = sizes ? arg.key->range : bare->range;
    if (!axes.count(axis))
      diags.error(range, "`@" + name + "`: no axis of this form is named `" + axis + "`");
    else if (!seen.insert(axis).second)
      diags.error(range, "`@" + name + "`: the axis `" + axis + "` stands twice");
  }
}

} // namespace texpr

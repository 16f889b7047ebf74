// Writes a program with all decisions filled in, so that policy has nothing left to decide.
//
// In: the checked program, and for each machine the modules after the five policies. Out: the text of the file with
// attributes inserted, lines unmoved:
//   compute m, n |i, j| { … }   →   compute m, n |i, j| @keep(i) @on(x86-64-v3) @vector(8) @on(x86-64-v4) @vector(16) { … }
// A decision stands at its form where all that was made for the form got the same; else, and where no form stands for it
// (`x + y` on tensors, the copies of a loop's state, a callee inlined twice with different decisions), it stands at the
// exported function by the number of what it is about: `@at(loop, 3) @vector(8)`. What all machines share comes first.
// What must hold: plan::applyPins finds for every candidate exactly what is printed for it here.
#include "compiler/report/Pins.h"
#include "compiler/plan/Pins.h"
#include "compiler/source/Pinned.h"
#include "dialects/plan/Plan.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <set>

using namespace mlir;

namespace texpr::report {

using plan::Point;
static constexpr const char *notInlined = "@materialize";

// ---- what was decided, as text ----

static std::string countText(Operation *op, StringRef attribute, StringRef spelling) {
  auto n = plan::getCount(op, attribute);
  return n ? ("@" + spelling + "(" + llvm::Twine(*n) + ")").str() : "";
}

static std::string sizesText(Operation *op, StringRef attribute, StringRef head) {
  auto sizes = op->getAttrOfType<DictionaryAttr>(attribute);
  if (!sizes)
    return "";
  std::string text = ("@tile(" + head).str();
  for (auto [k, size] : llvm::enumerate(sizes))
    text += (k ? ", " : "") + size.getName().str() + " = " +
            std::to_string(cast<IntegerAttr>(size.getValue()).getInt());
  return text + ")";
}

static std::string grainText(Operation *op) {
  if (plan::getCount(op, plan::grainName))
    return countText(op, plan::grainName, "grain");
  std::string text;
  for (StringRef name : {plan::workName, plan::tasksName, plan::leastName})
    if (auto n = plan::getCount(op, name))
      text += (text.empty() ? "" : ", ") + name.drop_front(StringRef("plan.").size()).str() +
              " = " + std::to_string(*n);
  return text.empty() ? "" : "@grain(" + text + ")";
}

static std::string orderText(Operation *op) {
  auto order = op->getAttrOfType<ArrayAttr>(plan::orderName);
  if (!order)
    return "";
  return "@order(" + llvm::join(order.getAsValueRange<StringAttr>(), ", ") + ")";
}

static std::string algoText(Operation *op) {
  std::string text = "@algo(" + plan::getAlgo(op).str();
  auto algo = op->getAttrOfType<DictionaryAttr>(plan::algoName);
  if (!algo)
    return "";
  for (NamedAttribute entry : algo)
    if (auto number = dyn_cast<IntegerAttr>(entry.getValue()))
      text += ", " + entry.getName().str() + " = " + std::to_string(number.getInt());
  return text + ")";
}

/// `@stage(b, stack, least = 64)`, of each tensor that is copied.
static std::string stageText(Operation *op) {
  std::string text;
  auto stage = op->getAttrOfType<DictionaryAttr>(plan::stageName);
  for (NamedAttribute entry : stage ? stage : DictionaryAttr::get(op->getContext())) {
    auto how = dyn_cast<DictionaryAttr>(entry.getValue());
    if (!how)
      continue;
    text += (text.empty() ? "@stage(" : " @stage(") + entry.getName().str();
    if (auto place = how.getAs<StringAttr>("place"))
      text += ", " + place.str();
    for (StringRef number : {"least", "elements"})
      if (auto n = how.getAs<IntegerAttr>(number))
        text += ", " + number.str() + " = " + std::to_string(n.getInt());
    text += ")";
  }
  return text;
}

static std::string instrText(Operation *op) {
  if (DictionaryAttr row = plan::getInstr(op))
    return "@instr(" + row.getAs<StringAttr>("name").str() + ")";
  bool isDeclined = op->hasAttr(plan::tileName) || plan::isPinned(op, "instr");
  return isDeclined ? "@instr(none)" : "";
}

/// `@vector(16)`; 1 where a loop was asked and stays in order, nothing where nobody asked.
static std::string vectorText(Operation *op) {
  bool inLanes = false, isAsked = true;
  if (auto reduce = dyn_cast<par::ReduceOp>(op)) {
    inLanes = reduce.getLevel() == "simd";
    isAsked = inLanes || !plan::getWhy(op).empty();
  } else if (auto levels = op->getAttrOfType<ArrayAttr>(plan::mapName)) {
    inLanes = cast<StringAttr>(levels[levels.size() - 1]).getValue() == "simd";
  }
  return inLanes ? countText(op, plan::vectorName, "vector") : isAsked ? "@vector(1)" : "";
}

static std::string unrollText(Operation *op) {
  auto reduce = dyn_cast<par::ReduceOp>(op);
  bool counts = reduce ? reduce.getLevel() == "simd" : plan::isPinned(op, "unroll");
  return counts ? countText(op, plan::unrollName, "unroll") : "";
}

static std::string storeText(Operation *op) {
  auto store = plan::getStore(op);
  if (!store)
    return "";
  int64_t depth = plan::getDepth(op);
  if (*store != plan::Store::tile)
    return *store == plan::Store::inlined ? "@inline" : "@materialize";
  auto axes = cast<tx::ComputeOp>(op).getAxes();
  if (depth < 1 || depth > int64_t(axes.size()))
    return "";
  return "@keep(" + cast<StringAttr>(axes[depth - 1]).getValue().str() + ")";
}

/// The attributes of a candidate by what they decide: names as isAbout knows them.
static std::map<std::string, std::string> takenBy(Operation *op, Point point) {
  std::map<std::string, std::string> taken;
  auto put = [&](StringRef name, std::string text) {
    if (plan::isAbout(op, point, name))
      taken[name.str()] = std::move(text);
  };
  switch (point) {
  case Point::classes:
    break;
  case Point::inlining:
    put("store", plan::getStore(op) == plan::Store::inlined ? "@inline" : notInlined);
    break;
  case Point::fusion:
    put("store", storeText(op));
    break;
  case Point::algorithms:
    put("algo", algoText(op));
    break;
  case Point::unrolling:
    put("straight", op->hasAttr(plan::straightName)                ? "@unroll"
                    : plan::mayBeStraight(cast<par::ReduceOp>(op)) ? "@unroll(none)"
                                                                   : "");
    break;
  case Point::tiling:
    put("blocks", sizesText(op, plan::blocksName, "thread, "));
    put("tile", sizesText(op, plan::tileName, ""));
    put("order", orderText(op));
    put("instr", instrText(op));
    put("stage", stageText(op));
    break;
  case Point::mapping:
    put("vector", vectorText(op));
    put("unroll", unrollText(op));
    put("grain", grainText(op));
    break;
  }
  return taken;
}

/// Only moves elements: evaluated where it is read, whatever is decided.
static bool isAlwaysInlined(Operation *op) {
  return plan::getWhy(op) == "a view: nothing is computed";
}

std::vector<PinWriter::Candidate> PinWriter::candidates(ModuleOp module, unsigned k) const {
  std::vector<Candidate> out;
  if (!module)
    return out;
  Point point = plan::points[k];
  for (auto func : module.getOps<func::FuncOp>())
    for (auto [index, op] : llvm::enumerate(plan::candidatesOf(func, point))) {
      Candidate c;
      c.function = func.getName().str();
      c.number = index + 1;
      plan::SourcePlace form = plan::formOf(op);
      if (form.line && form.file == files.name(0))
        c.form = {form.line, form.column};
      c.isOpen = point != Point::inlining || c.form.first || !isAlwaysInlined(op);
      c.depth = plan::getDepth(op);
      c.taken = takenBy(op, point);
      out.push_back(std::move(c));
    }
  return out;
}

// ---- where it is printed ----

namespace {
/// The forms of the file that have a place for attributes, and the names that these may use.
struct FormInfo {
  SourceRange range;
  const Attrs *attrs = nullptr;
  uint32_t insertAt = 0;
  std::set<std::string> axes;
  bool isCompute = false;
  std::string function = {}; // that exports it; empty in a local one
};

std::map<std::pair<unsigned, unsigned>, FormInfo> formsOf(const CheckedProgram &checked,
                                                          const SourceFiles &files) {
  std::map<std::pair<unsigned, unsigned>, FormInfo> out;
  auto add = [&](const FnDecl &fn) {
    if (fn.range.file != 0)
      return;
    eachPinned(*fn.body, [&](const PinnedForm &pinned) {
      auto at = files.place(0, pinned.range.begin);
      FormInfo info{pinned.range, pinned.attrs, pinned.insertAt, {}, pinned.isCompute};
      info.function = fn.isLocal ? "" : fn.name.text;
      if (pinned.isBeforeBrace)
        info.insertAt = files.text(0).find('{', pinned.insertAt);
      if (pinned.binders)
        for (const auto &binder : *pinned.binders)
          if (binder)
            info.axes.insert(binder->name.text);
      out.emplace(std::pair(at.line, at.column), std::move(info));
    });
  };
  for (const auto &fn : checked.program->fns)
    add(*fn);
  return out;
}

/// Numbers with the same attributes, written once: `@at(loop, 1, 3) @vector(8)`.
class Numbered {
public:
  explicit Numbered(StringRef kind) : kind(kind) {}
  void add(const std::string &function, unsigned number, const std::string &text) {
    std::string &all = texts[{function, number}];
    all += (all.empty() ? "" : " ") + text;
  }
  void writeTo(std::map<std::string, std::vector<std::string>> &out) const {
    std::map<std::pair<std::string, std::string>, std::string> groups; // function, attributes
    std::vector<std::pair<std::string, std::string>> order;
    for (auto &[key, text] : texts) {
      std::string &numbers = groups[{key.first, text}];
      if (numbers.empty())
        order.push_back({key.first, text});
      numbers += ", " + std::to_string(key.second);
    }
    for (auto &[function, text] : order)
      out[function].push_back("@at(" + kind + groups[{function, text}] + ") " + text);
  }

private:
  std::string kind;
  std::map<std::pair<std::string, unsigned>, std::string> texts;
};

/// Names in a tile or an order that the form does not have.
bool namesOthers(const std::string &text, const std::set<std::string> &axes) {
  StringRef rest(text);
  if (!rest.starts_with("@tile") && !rest.starts_with("@order"))
    return false;
  rest = rest.drop_front(rest.find('(') + 1).drop_back();
  for (StringRef part : llvm::split(rest, ", "))
    if (StringRef name = part.split(" = ").first; name != "thread" && !axes.count(name.str()))
      return true;
  return false;
}
} // namespace

void PinWriter::settle(Texts &texts, const std::vector<Candidate> &all, unsigned k) const {
  static const std::vector<std::string> names = {"algo",  "straight", "blocks", "tile",   "order",
                                                 "instr", "stage",    "vector", "unroll", "grain"};
  auto forms = formsOf(checked, files);
  Numbered numbered(plan::kindOf(plan::points[k]));
  for (const std::string &name : names) {
    std::map<PlaceKey, std::set<std::string>> values;
    for (const Candidate &c : all)
      if (auto it = c.taken.find(name); it != c.taken.end() && forms.count(c.form))
        values[c.form].insert(it->second);
    std::set<PlaceKey> single, elsewhere;
    for (const Candidate &c : all) // a copy names a parameter of the function that it is in
      if (name == "stage" && forms.count(c.form) && forms[c.form].function != c.function)
        elsewhere.insert(c.form);
    for (auto &[form, seen] : values)
      if (seen.size() == 1 && !elsewhere.count(form) &&
          !namesOthers(*seen.begin(), forms[form].axes)) {
        single.insert(form);
        if (!seen.begin()->empty())
          texts.ofForms[form].push_back(*seen.begin());
      }
    for (const Candidate &c : all)
      if (auto it = c.taken.find(name);
          it != c.taken.end() && !it->second.empty() && !single.count(c.form))
        numbered.add(c.function, c.number, it->second);
  }
  numbered.writeTo(texts.ofFunctions);
}

/// Inlining and fusion share an attribute: a form is inlined everywhere, or lives the same everywhere, or is numbered.
void PinWriter::settleStores(Texts &texts, const std::vector<Candidate> &inlining,
                             const std::vector<Candidate> &fusion) const {
  auto forms = formsOf(checked, files);
  auto isForm = [&](const Candidate &c) {
    auto it = forms.find(c.form);
    return it != forms.end() && it->second.isCompute;
  };
  std::map<PlaceKey, std::set<std::string>> early, late;
  for (const Candidate &c : inlining)
    if (isForm(c))
      early[c.form].insert(c.taken.at("store"));
  for (const Candidate &c : fusion)
    if (isForm(c))
      late[c.form].insert(c.taken.at("store"));
  std::set<PlaceKey> single;
  for (auto &[form, seen] : early) {
    const std::set<std::string> &lives = late[form];
    bool isInlined = seen.count("@inline");
    if (seen.size() > 1 || lives.size() > 1 || (isInlined && !lives.empty()) ||
        (!lives.empty() && lives.begin()->empty()))
      continue;
    single.insert(form);
    texts.ofForms[form].push_back(lives.empty() ? *seen.begin() : *lives.begin());
  }
  Numbered values(plan::kindOf(Point::inlining)), tensors(plan::kindOf(Point::fusion));
  for (const Candidate &c : inlining)
    if (c.isOpen && !single.count(c.form))
      values.add(c.function, c.number, c.taken.at("store"));
  for (const Candidate &c : fusion)
    if (!single.count(c.form) && !c.taken.at("store").empty()) {
      bool isKept = StringRef(c.taken.at("store")).starts_with("@keep");
      tensors.add(c.function, c.number,
                  isKept ? "@keep(" + std::to_string(c.depth) + ")" : c.taken.at("store"));
    }
  values.writeTo(texts.ofFunctions);
  tensors.writeTo(texts.ofFunctions);
}

void PinWriter::see(StringRef target, ArrayRef<ModuleOp> after) {
  Texts texts;
  settleStores(texts, candidates(after[0], 0), candidates(after[1], 1));
  for (unsigned k = 2; k < std::size(plan::points); ++k)
    settle(texts, candidates(after[k], k), k);
  targets.push_back({target.str(), std::move(texts)});
}

// ---- the text ----

/// What all machines share, then each machine's own.
std::string
PinWriter::merged(llvm::function_ref<std::vector<std::string>(const Texts &)> of) const {
  std::vector<std::vector<std::string>> all;
  for (auto &[name, texts] : targets)
    all.push_back(of(texts));
  auto isShared = [&](const std::string &text) {
    return llvm::all_of(all, [&](auto &own) { return llvm::is_contained(own, text); });
  };
  std::string out;
  auto put = [&](const std::string &text) { out += (out.empty() ? "" : " ") + text; };
  for (const std::string &text : all.front())
    if (isShared(text))
      put(text);
  for (size_t k = 0; k < targets.size(); ++k) {
    bool isFirst = true;
    for (const std::string &text : all[k])
      if (!isShared(text)) {
        if (isFirst)
          put("@on(" + targets[k].first + ")");
        isFirst = false;
        put(text);
      }
  }
  return out;
}

/// The attributes that are no decisions; or those for machines that are not asked about.
std::string PinWriter::kept(const Attrs &attrs, bool elsewhere) const {
  static const std::set<std::string> decided = {"inline", "materialize", "keep", "vector",
                                                "unroll", "grain",       "tile", "order",
                                                "instr",  "stage",       "algo"};
  std::string text, target, classes;
  for (const Attr &a : attrs) {
    if (a.name.text == "class") {
      for (const AttrArg &arg : a.args)
        if (arg.value && boundOf(*arg.value))
          classes += (classes.empty() ? "" : ", ") + files.text(arg.value->range).str();
      continue;
    }
    if (a.name.text == "on")
      target = targetOfAttr(a);
    bool isElsewhere =
        !target.empty() && llvm::none_of(targets, [&](auto &t) { return t.first == target; });
    bool isOwn = !decided.count(a.name.text) && a.name.text != "on" && a.name.text != "at";
    if (isElsewhere == elsewhere && (isElsewhere || isOwn))
      text += " " + files.text(a.range).str();
  }
  if (!elsewhere && !classes.empty()) // what follows is for all of them
    text += " @class(" + classes + ") @class(all)";
  return text;
}

namespace {
struct Edit {
  uint32_t begin, end;
  std::string text;
};

/// Where attributes of a function without any go: before `where`, `ensure` or the body.
uint32_t afterHead(const FnDecl &fn, StringRef text) {
  auto before = [&](StringRef word, uint32_t begin) {
    return uint32_t(text.take_front(begin).rfind(word));
  };
  if (!fn.where.empty())
    return before("where", fn.where.front().range.begin);
  if (!fn.ensures.empty())
    return before("ensure", fn.ensures.front().range.begin);
  return fn.body->range.begin;
}
} // namespace

std::string PinWriter::write() const {
  StringRef text = files.text(0);
  std::vector<Edit> edits;
  auto edit = [&](const Attrs &attrs, uint32_t insertAt, std::string pins) {
    std::string all = kept(attrs, false);
    if (!pins.empty())
      all += " " + pins;
    all += kept(attrs, true);
    StringRef trimmed = StringRef(all).ltrim();
    if (attrs.empty()) {
      if (!trimmed.empty())
        edits.push_back({insertAt, insertAt, trimmed.str() + " "});
      return;
    }
    uint32_t begin = attrs.front().range.begin, end = attrs.back().range.end;
    std::string lines(text.slice(begin, end).count('\n'), '\n'); // what follows keeps its line
    edits.push_back({begin, end, trimmed.str() + lines});
  };
  for (auto &[place, form] : formsOf(checked, files)) {
    PlaceKey key = place;
    edit(*form.attrs, form.insertAt, merged([&](const Texts &t) {
      auto it = t.ofForms.find(key);
      return it == t.ofForms.end() ? std::vector<std::string>() : it->second;
    }));
  }
  for (const auto &fn : checked.program->fns) {
    if (fn->range.file != 0 || !fn->typeArgs.empty())
      continue;
    edit(fn->attrs, afterHead(*fn, text), merged([&](const Texts &t) {
           auto it = t.ofFunctions.find(fn->name.text);
           return it == t.ofFunctions.end() ? std::vector<std::string>() : it->second;
         }));
  }
  llvm::sort(edits, [](const Edit &x, const Edit &y) { return x.begin < y.begin; });
  std::string out;
  uint32_t at = 0;
  for (const Edit &e : edits) {
    out += text.slice(at, e.begin).str() + e.text;
    at = e.end;
  }
  return out + text.substr(at).str();
}

} // namespace texpr::report

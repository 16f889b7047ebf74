// The pins of the source, as the module's table (dialects/plan/Pins.h).
//
// In: the attributes of functions, forms and statements. Out: a row each, with the place of its form, the machine of the `@on`
// before it, and for a function the numbers of its `@at`.
//   compute m, n |i, j| @keep(i) @on(x86-64-v4) @vector(16) { … }
//   →  {name = "store", value = 1 : i64, form = …}  {name = "vector", value = 16 : i64, target = "x86-64-v4", form = …}
// Forms of functions that nothing exported reaches have no rows: they are not compiled.
#include "compiler/import/Importer.h"
#include "compiler/source/Ensure.h"
#include "compiler/source/Pinned.h"
#include "compiler/source/Walk.h"
#include "dialects/plan/Pins.h"
#include "dialects/plan/Plan.h"
#include "mlir/IR/IntegerSet.h"

using namespace mlir;

namespace texpr::importer {

namespace {
int64_t numberOf(const AttrArg &arg) {
  auto *literal = llvm::dyn_cast_or_null<IntLitExpr>(arg.value.get());
  return literal ? int64_t(literal->magnitude) : 0;
}

/// The function, and all that it calls.
void reach(const FnDecl &fn, llvm::DenseSet<const FnDecl *> &seen) {
  if (!seen.insert(&fn).second)
    return;
  Walker walker;
  walker.onExpr = [&](texpr::Expr &e) {
    if (auto *call = llvm::dyn_cast<CallExpr>(&e); call && call->fn)
      reach(*call->fn, seen);
  };
  walker.block(fn.body.get());
}

class PinReader {
public:
  PinReader(const SourceFiles &files, MLIRContext &context) : files(files), b(&context) {}

  void function(const FnDecl &fn) {
    current = &fn;
    form = {};
    read(fn.attrs, nullptr);
    eachPinned(*fn.body, [&](const PinnedForm &pinned) {
      form = place(pinned.range);
      read(*pinned.attrs, pinned.binders);
    });
  }

  void writeTo(ModuleOp module) { plan::setPins(module, pins); }

private:
  plan::SourcePlace place(SourceRange r) const {
    auto at = files.place(r.file, r.begin);
    return {StringAttr::get(b.getContext(), files.name(r.file)).getValue(), at.line, at.column};
  }

  StringRef kept(StringRef text) const { return StringAttr::get(b.getContext(), text).getValue(); }

  void read(const Attrs &attrs, const Binders *binders) {
    target = kind = {};
    numbers.clear();
    classes.clear();
    bounds.clear();
    for (const Attr &a : attrs) {
      if (!form.line && kind.empty() && (a.name.text == "inline" || a.name.text == "specialize"))
        continue; // of the function as a whole
      if (a.name.text == "on") {
        target = kept(targetOfAttr(a));
        kind = {};
        numbers.clear();
        classes.clear();
      } else if (a.name.text == "class") {
        openClasses(a);
      } else if (a.name.text == "at") {
        auto *word = llvm::dyn_cast_or_null<NameExpr>(a.args[0].value.get());
        kind = kept(word ? word->text : "");
        numbers.clear();
        for (const AttrArg &arg : llvm::drop_begin(a.args))
          numbers.push_back(numberOf(arg));
      } else {
        pinsOf(a, binders);
      }
    }
    if (bounds.empty())
      return;
    target = {};
    classes.clear();
    add(*firstClass, "class", b.getArrayAttr(bounds));
    for (plan::Pin &pin : pins) // the rest is known by its number now
      if (pin.form == form)
        for (int64_t &number : pin.classes)
          number = number == 0 ? int64_t(bounds.size()) + 1 : number;
  }

  /// Conditions open classes, each the next number; words go back to the rest or to all.
  void openClasses(const Attr &a) {
    classes.clear();
    auto *word = llvm::dyn_cast_or_null<NameExpr>(a.args[0].value.get());
    if (word && word->text == "rest")
      classes.push_back(0);
    if (word)
      return;
    if (bounds.empty())
      firstClass = &a;
    for (const AttrArg &arg : a.args) {
      bounds.push_back(setOf(*boundOf(*arg.value)));
      classes.push_back(bounds.size());
    }
  }

  /// Over the dims that are arguments, in their order.
  Attribute setOf(const ClassBound &bound) const {
    MLIRContext *context = b.getContext();
    AffineExpr sum = getAffineConstantExpr(bound.constant, context);
    unsigned count = 0;
    for (const DimBinding &d : current->dims) {
      if (!isArgument(d))
        continue;
      bool isParam = d.how == DimBinding::How::ScalarParam;
      const Decl &decl = isParam ? *current->params[d.param].decl : *d.decl;
      for (auto &[name, factor] : bound.terms)
        if (name->text == decl.name.text)
          sum = sum + getAffineSymbolExpr(count, context) * factor;
      ++count;
    }
    return IntegerSetAttr::get(IntegerSet::get(0, count, {sum}, {bound.isEquality}));
  }

  void add(const Attr &a, StringRef name, Attribute value) {
    plan::Pin pin;
    pin.name = kept(name);
    pin.value = value;
    pin.form = form;
    pin.function = kept(current->name.text);
    pin.kind = kind;
    pin.numbers = numbers;
    pin.classes = classes;
    pin.target = target;
    pin.spelling = kept("@" + a.name.text);
    pin.at = place(a.range);
    // An instance of a generic function repeats the pins of its text.
    for (const plan::Pin &old : pins)
      if (old.at == pin.at && old.name == pin.name &&
          (old.form.line || old.function == pin.function))
        return;
    pins.push_back(std::move(pin));
  }

  void count(const Attr &a, StringRef name, const AttrArg &arg) {
    add(a, name, b.getI64IntegerAttr(numberOf(arg)));
  }

  void pinsOf(const Attr &a, const Binders *binders) {
    StringRef name = a.name.text;
    if (name == "vector") {
      count(a, name, a.args[0]);
    } else if (name == "unroll") {
      if (a.args.empty())
        add(a, "straight", b.getUnitAttr());
      else if (llvm::isa_and_nonnull<NameExpr>(a.args[0].value.get()))
        add(a, "straight", b.getBoolAttr(false)); // `none`
      else
        count(a, name, a.args[0]);
    } else if (name == "grain") {
      for (const AttrArg &arg : a.args)
        count(a, arg.key ? StringRef(arg.key->text) : name, arg);
    } else if (name == "inline" || name == "materialize") {
      add(a, "store", b.getStringAttr(name == "inline" ? "inline" : "memory"));
    } else if (name == "keep") {
      add(a, "store", b.getI64IntegerAttr(depthOf(a, binders)));
    } else if (name == "tile") {
      tile(a);
    } else if (name == "order") {
      SmallVector<Attribute> axes;
      for (const AttrArg &arg : a.args)
        axes.push_back(b.getStringAttr(llvm::cast<NameExpr>(arg.value.get())->text));
      add(a, name, b.getArrayAttr(axes));
    } else if (name == "instr") {
      auto *word = llvm::cast<NameExpr>(a.args[0].value.get());
      add(a, name, b.getDictionaryAttr({b.getNamedAttr("name", b.getStringAttr(word->text))}));
    } else if (name == "stage") {
      staged(a);
    } else if (name == "algo") {
      algorithm(a);
    } else if (llvm::is_contained({"split_k", "map", "gemm", "raster", "index", "pipeline"},
                                  name)) {
      add(a, name, b.getUnitAttr()); // no pass decides these: where one is asked for, it is refused
    }
  }

  void algorithm(const Attr &a) {
    NamedAttrList row;
    row.set("name", b.getStringAttr(llvm::cast<NameExpr>(a.args[0].value.get())->text));
    for (const AttrArg &arg : llvm::drop_begin(a.args))
      row.set(arg.key->text, b.getI64IntegerAttr(numberOf(arg)));
    add(a, "algo", row.getDictionary(b.getContext()));
  }

  /// {b = {place = "stack", stages = 3, least = 64}}: what is left out is the compiler's choice.
  void staged(const Attr &a) {
    NamedAttrList how;
    for (const AttrArg &arg : llvm::drop_begin(a.args)) {
      auto *place = llvm::dyn_cast_or_null<NameExpr>(arg.value.get());
      if (place)
        how.set("place", b.getStringAttr(place->text));
      else
        how.set(arg.key ? StringRef(arg.key->text) : StringRef("stages"),
                b.getI64IntegerAttr(numberOf(arg)));
    }
    auto *tensor = llvm::dyn_cast_or_null<NameExpr>(a.args[0].value.get());
    std::string key = tensor ? tensor->text : std::to_string(numberOf(a.args[0]));
    add(a, "stage", b.getDictionaryAttr({b.getNamedAttr(key, how.getDictionary(b.getContext()))}));
  }

  /// `@keep(i)` of a form's own axes; of a form whose value lives in one iteration already, the count that `@keep(2)` states.
  int64_t depthOf(const Attr &a, const Binders *binders) const {
    if (int64_t depth = numberOf(a.args[0]))
      return depth;
    int64_t depth = 0;
    auto *axis = llvm::dyn_cast<NameExpr>(a.args[0].value.get());
    if (axis && binders)
      for (auto [k, binder] : llvm::enumerate(*binders))
        if (binder->name.text == axis->text)
          depth = k + 1;
    return depth;
  }

  void tile(const Attr &a) {
    SmallVector<NamedAttribute> sizes;
    bool isOfThreads = false;
    for (const AttrArg &arg : a.args) {
      isOfThreads |= !arg.key;
      if (arg.key)
        sizes.push_back(b.getNamedAttr(arg.key->text, b.getI64IntegerAttr(numberOf(arg))));
    }
    add(a, isOfThreads ? "blocks" : "tile", b.getDictionaryAttr(sizes));
  }

  const SourceFiles &files;
  mutable Builder b;
  const FnDecl *current = nullptr;
  plan::SourcePlace form;
  StringRef target, kind;
  SmallVector<int64_t, 4> numbers, classes;
  SmallVector<Attribute> bounds; // of the classes of the form at hand
  const Attr *firstClass = nullptr;
  SmallVector<plan::Pin> pins;
};
} // namespace

/// What the function promises: subject, bounds, sizes, text and place of each.
ArrayAttr ProgramImporter::promisesOf(const FnDecl &fn) {
  Builder b(&context);
  SmallVector<Attribute> all;
  for (const Fact &f : fn.ensures) {
    auto promise = promiseOf(f);
    if (!promise)
      continue;
    NamedAttrList row;
    row.set("subject", b.getStringAttr(promise->subject));
    row.set("text", b.getStringAttr(files.text(f.range)));
    row.set("least", b.getI64IntegerAttr(promise->least));
    if (promise->most)
      row.set("most", b.getI64IntegerAttr(*promise->most));
    SmallVector<NamedAttribute> sizes;
    for (auto &[dim, size] : promise->at)
      sizes.push_back(b.getNamedAttr(dim, b.getI64IntegerAttr(size)));
    row.set("at", b.getDictionaryAttr(sizes));
    auto place = files.place(f.range.file, f.range.begin);
    row.set("place",
            b.getArrayAttr({b.getStringAttr(files.name(f.range.file)),
                            b.getI64IntegerAttr(place.line), b.getI64IntegerAttr(place.column)}));
    all.push_back(row.getDictionary(&context));
  }
  return b.getArrayAttr(all);
}

void ProgramImporter::setPins() {
  llvm::DenseSet<const FnDecl *> reached;
  for (const auto &fn : checked.program->fns)
    if (!fn->isLocal)
      reach(*fn, reached);
  PinReader reader(files, context);
  for (const auto &fn : checked.program->fns)
    if (reached.contains(fn.get()))
      reader.function(*fn);
  reader.writeTo(module);
}

} // namespace texpr::importer

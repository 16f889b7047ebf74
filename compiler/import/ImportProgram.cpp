// The module: symbols of functions and combiners, locations, failure sites, and small things that
// every piece uses.
//
// In: a checked program. Out: a verified module at the stage `tx`. Functions are declared before
// any body is imported, so a call finds its callee. What must hold: `verify` finds nothing; if it
// does, that is a fault of this folder.
#include "compiler/import/Importer.h"
#include "compiler/source/Pinned.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace texpr::importer {

ProgramImporter::ProgramImporter(const CheckedProgram &checked, const SourceFiles &files,
                                 MLIRContext &context, bool isChecked)
    : checked(checked), files(files), context(context), isChecked(isChecked) {}

Location ProgramImporter::loc(SourceRange r) const {
  auto place = files.place(r.file, r.begin);
  return FileLineColLoc::get(&context, files.name(r.file), place.line, place.column);
}

OwningOpRef<ModuleOp> ProgramImporter::run() {
  OwningOpRef<ModuleOp> owner = ModuleOp::create(UnknownLoc::get(&context));
  module = *owner;
  module->setAttr("texpr.stage", StringAttr::get(&context, "tx"));
  setSites();
  setPins();
  std::vector<func::FuncOp> funcs;
  // A local function that changes what it is lent stands where it is called.
  for (const auto &fn : checked.program->fns)
    if (!fn->isLocal || lentTo(*fn).empty())
      callee(*fn, {});
  for (size_t k = 0; k < toImport.size(); ++k) { // a body may ask for further copies
    const auto [fn, variant] = toImport[k];
    FnImporter(*this).importFn(*fn, copies.at({fn, variant}), variant);
  }
  if (failed || mlir::failed(verify(module)))
    return nullptr;
  return owner;
}

void ProgramImporter::setSites() {
  Builder b(&context);
  SmallVector<Attribute> sites;
  for (const FailureSite &site : checked.sites) {
    auto place = files.place(site.range.file, site.range.begin);
    sites.push_back(
        b.getDictionaryAttr({b.getNamedAttr("text", b.getStringAttr(site.text)),
                             b.getNamedAttr("file", b.getStringAttr(files.name(site.range.file))),
                             b.getNamedAttr("line", b.getI64IntegerAttr(place.line)),
                             b.getNamedAttr("col", b.getI64IntegerAttr(place.column))}));
  }
  module->setAttr("texpr.sites", b.getArrayAttr(sites));
}

std::optional<int64_t> ProgramImporter::site(const FnDecl &fn, unsigned param) const {
  for (auto [k, site] : llvm::enumerate(checked.sites))
    if (site.fn == &fn && site.param == param)
      return k;
  return std::nullopt;
}

std::optional<int64_t> ProgramImporter::site(const Expr &e) const {
  for (auto [k, site] : llvm::enumerate(checked.sites))
    if (site.expr == &e)
      return k;
  return std::nullopt;
}

/// The head of the function as it is written, on one line.
std::string ProgramImporter::signatureText(const FnDecl &fn) const {
  auto piece = [&](uint32_t begin, uint32_t end) {
    return files.text(SourceRange{fn.range.file, begin, end}).str();
  };
  const uint32_t begin = fn.range.begin, end = fn.body->range.begin;
  const bool isPinned = !fn.attrs.empty(); // pins are the compiler's, not the caller's
  const std::string written =
      isPinned ? piece(begin, fn.attrs.front().range.begin) + piece(fn.attrs.back().range.end, end)
               : piece(begin, end);
  StringRef text = written;
  std::string line;
  while (!text.empty()) {
    auto [head, rest] = text.split('\n');
    for (StringRef word : llvm::split(head.split("//").first, ' '))
      if (word = word.trim(); !word.empty())
        line += (line.empty() ? "" : " ") + word.str();
    text = rest;
  }
  StringRef head(line);
  head.consume_front("local ");
  // Facts stay: a caller sees from them how a dim that is not passed follows from the others.
  return head.split(" ensure ").first.trim().str();
}

// ---- signatures ----

namespace {
/// The types and attributes of a func.func, from a signature.
struct Signature {
  MLIRContext *context;
  SmallVector<mlir::Type> inputs, results;
  SmallVector<DictionaryAttr> inputAttrs, resultAttrs;

  DictionaryAttr attrs(StringRef key, StringRef name, const NamedAttribute *more) {
    Builder b(context);
    SmallVector<NamedAttribute> list = {b.getNamedAttr(key, b.getStringAttr(name))};
    if (more)
      list.push_back(*more);
    return b.getDictionaryAttr(list);
  }
  mlir::Type typeOf(const Type &leaf) {
    if (leaf.shape.empty())
      return scalarType(context, leaf.scalar);
    return RankedTensorType::get(SmallVector<int64_t>(leaf.shape.size(), ShapedType::kDynamic),
                                 elementType(context, leaf.scalar));
  }
  void addLeaves(const Type &t, const std::string &name, bool isInput) {
    if (t.isTuple()) {
      for (auto [k, part] : llvm::enumerate(t.parts))
        addLeaves(part, name + "_" + t.partName(k), isInput);
      return;
    }
    Builder b(context);
    NamedAttribute isUnsigned = b.getNamedAttr("tx.unsigned", b.getUnitAttr());
    bool mark = isInt(t.scalar) && !isSigned(t.scalar);
    (isInput ? inputs : results).push_back(typeOf(t));
    (isInput ? inputAttrs : resultAttrs)
        .push_back(attrs("tx.name", name, mark ? &isUnsigned : nullptr));
    SmallVector<Attribute> lengths; // an axis; the buffer may have the bound's extents
    for (const facts::Expr &extent : t.shape) {
      auto symbol = extent.asSymbol();
      auto dim = llvm::find_if(found, [&](auto &d) { return symbol && d.first == *symbol; });
      lengths.push_back(b.getStringAttr(dim == found.end() ? "" : dim->second));
    }
    if (!isInput && llvm::any_of(lengths, [](Attribute l) { return cast<StringAttr>(l) != ""; })) {
      NamedAttrList all(resultAttrs.back());
      all.set("checked.short", b.getArrayAttr(lengths));
      resultAttrs.back() = all.getDictionary(context);
    }
  }
  /// In a checked build: dims that are found while running, and the results that hold them.
  SmallVector<std::pair<facts::Symbol, std::string>> found;
};
} // namespace

static std::string resultName(const FnDecl &fn, size_t k) {
  const ResultDecl &r = fn.results[k];
  if (!r.name)
    return fn.results.size() == 1 ? "result" : "result_" + std::to_string(k);
  for (const Param &p : fn.params)
    if (p.decl->name.text == r.name->text)
      return r.name->text + "_out";
  return r.name->text;
}

/// The place of a parameter among the C parameters: one a leaf.
static int64_t leavesBefore(const FnDecl &fn, unsigned param) {
  int64_t count = 0;
  for (unsigned p = 0; p < param; ++p)
    count += leavesOf(fn.params[p].decl->type).size();
  return count;
}

static std::string nameOf(const FnDecl &fn, Variant variant) {
  return fn.name.text + (variant.isInside ? ".inside" : "") + (variant.isTrusted ? ".trusted" : "");
}

std::string ProgramImporter::callee(const FnDecl &fn, Variant variant) {
  if (func::FuncOp &copy = copies[{&fn, variant}]; !copy) {
    copy = declare(fn, variant);
    toImport.push_back({&fn, variant});
  }
  return nameOf(fn, variant);
}

func::FuncOp ProgramImporter::declare(const FnDecl &fn, Variant variant) {
  Builder b(&context);
  Signature s{&context, {}, {}, {}, {}, {}};
  for (const DimBinding &d : fn.dims) {
    if (!isArgument(d))
      continue;
    bool isParam = d.how == DimBinding::How::ScalarParam;
    const Decl &decl = isParam ? *fn.params[d.param].decl : *d.decl;
    s.inputs.push_back(b.getIndexType());
    NamedAttrList attrs;
    attrs.set("tx.dim", b.getStringAttr(decl.name.text));
    if (isParam) {
      attrs.set("tx.position", b.getI64IntegerAttr(leavesBefore(fn, d.param)));
      attrs.set("tx.type", b.getStringAttr(spelling(decl.type.scalar)));
    }
    s.inputAttrs.push_back(attrs.getDictionary(&context));
  }
  auto isDim = servesAsDim(fn);
  SmallVector<std::pair<const Param *, size_t>> lent; // and their first argument
  for (auto [p, param] : llvm::enumerate(fn.params)) {
    if (param.isInout)
      lent.push_back({&param, s.inputs.size()});
    if (!isDim[p])
      s.addLeaves(param.decl->type, param.decl->name.text, true);
  }
  for (const DimBinding &d : fn.dims)
    if (isChecked && d.how == DimBinding::How::Found && d.decl->value && d.decl->value->asSymbol())
      s.found.push_back({*d.decl->value->asSymbol(), d.decl->name.text});
  for (auto [k, r] : llvm::enumerate(fn.results))
    s.addLeaves(r.type, resultName(fn, k), false);
  for (const DimBinding &d : fn.dims)
    if (d.how == DimBinding::How::Found) {
      std::string most = d.foundBound ? checked.facts->str(*d.foundBound) : "";
      NamedAttribute isFound = b.getNamedAttr("tx.found", b.getStringAttr(most));
      s.results.push_back(b.getIndexType());
      s.resultAttrs.push_back(s.attrs("tx.name", d.decl->name.text, &isFound));
    }
  for (auto [param, argument] : lent) { // the new value of what is lent
    size_t first = s.results.size();
    s.addLeaves(param->decl->type, param->decl->name.text, false);
    for (size_t k = first; k < s.results.size(); ++k) {
      NamedAttrList attrs(s.resultAttrs[k]);
      attrs.set("tx.tied", b.getI64IntegerAttr(argument + k - first));
      s.resultAttrs[k] = attrs.getDictionary(&context);
    }
  }
  auto func = func::FuncOp::create(loc(fn.range), nameOf(fn, variant),
                                   b.getFunctionType(s.inputs, s.results),
                                   ArrayRef<NamedAttribute>{}, s.inputAttrs);
  func.setAllResultAttrs(s.resultAttrs);
  if (variant != Variant()) {
    func.setPrivate();
    module.push_back(func);
    return func;
  }
  if (fn.isLocal)
    func.setPrivate();
  else
    func->setAttr("tx.export", b.getUnitAttr());
  func->setAttr("tx.signature", b.getStringAttr(signatureText(fn)));
  for (const Attr &a : fn.attrs)
    if (a.name.text == "specialize")
      func->setAttr(
          "tx.specialize",
          b.getDictionaryAttr({b.getNamedAttr("dim", b.getStringAttr(a.args[0].key->text)),
                               b.getNamedAttr("values", b.getDenseI64ArrayAttr(valuesOf(a)))}));
  if (!fn.ensures.empty() && !isChecked) // of a build for speed
    func->setAttr(plan::ensureName, promisesOf(fn));
  module.push_back(func);
  return func;
}

FlatSymbolRefAttr ProgramImporter::combiner(const OpDecl &op, CombinerForm form) {
  FlatSymbolRefAttr &symbol = combiners[{&op, form.isOptional, form.onElements}];
  if (symbol)
    return symbol;
  // An op may have the name of a function, or be an operator sign.
  std::string name = op.name.text;
  if (!isalpha(name[0]) && name[0] != '_')
    name = "operator" + name + op.lhs.decl->type.nominal->name.text;
  name += form.isOptional ? ".optional" : ".op";
  name += form.onElements ? ".elements" : "";
  OpBuilder b(&context);
  b.setInsertionPointToStart(module.getBody());
  UnitAttr commutative = op.commutative ? b.getUnitAttr() : UnitAttr();
  auto decl = tx::CombinerOp::create(b, loc(op.range), b.getStringAttr(name), commutative);
  if (isChecked && form.isOptional)
    decl->setAttr("checked.optional", b.getUnitAttr());
  symbol = FlatSymbolRefAttr::get(&context, name);
  FnImporter(*this).importCombiner(op, decl, form);
  return symbol;
}

// ---- what every piece uses ----

RankedTensorType FnImporter::tensorType(ScalarKind k, size_t rank) {
  return RankedTensorType::get(SmallVector<int64_t>(rank, ShapedType::kDynamic),
                               elementType(context, k));
}

mlir::Type FnImporter::valueType(const Type &leaf) {
  return leaf.shape.empty() ? scalarType(context, leaf.scalar)
                            : mlir::Type(tensorType(leaf.scalar, leaf.shape.size()));
}

SmallVector<mlir::Type> FnImporter::valueTypes(const Type &t) {
  SmallVector<mlir::Type> types;
  for (const Type *leaf : leavesOf(t))
    types.push_back(valueType(*leaf));
  return types;
}

ArrayAttr FnImporter::axisNames(const Binders &binders, size_t from, size_t count) {
  SmallVector<StringRef> names;
  for (size_t i = from; i < from + count; ++i)
    names.push_back(binders[i]->name.text);
  return b.getStrArrayAttr(names);
}

void FnImporter::error(SourceRange range, const llvm::Twine &what) {
  mlir::emitError(program.loc(range)) << "internal: " << what.str();
  program.failed = true;
}

} // namespace texpr::importer

mlir::OwningOpRef<mlir::ModuleOp> texpr::importProgram(const CheckedProgram &program,
                                                       const SourceFiles &files,
                                                       mlir::MLIRContext &context, bool isChecked) {
  return importer::ProgramImporter(program, files, context, isChecked).run();
}

void texpr::loadImportDialects(mlir::MLIRContext &context) {
  context.loadDialect<tx::TxDialect, par::ParDialect, mlir::arith::ArithDialect,
                      mlir::math::MathDialect, mlir::scf::SCFDialect, mlir::func::FuncDialect>();
}

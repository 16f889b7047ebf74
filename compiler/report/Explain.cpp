// Writes the report of `texprc explain`: a section a function.
//
// In: the checked program and modules at six points of the road. Out: text, the same for the same input. The order is the
// reader's: what a caller must bring, why the accesses are safe, what was fused, then each kernel with its work, its loops
// and its memory. Nothing is decided here: every line is read off the tree or off an attribute.
#include "compiler/report/Explain.h"
#include "compiler/report/Loops.h"
#include "compiler/report/Values.h"
#include "compiler/report/Work.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace texpr::report {

namespace {

class Explanation {
public:
  Explanation(const ExplainInput &input, const ExplainOptions &options)
      : input(input), options(options), names(namesOf(input.checked, input.files)), os(text) {
    if (this->input.rolled)
      this->input.rolled.walk([&](Operation *op) {
        if (op->hasAttr("par.ring"))
          rings.insert(placeOf(op));
      });
  }

  std::string write() {
    for (auto &fn : input.checked.program->fns)
      if (!fn->isLocal && (options.function.empty() || fn->name.text == options.function))
        function(*fn);
    return std::move(text);
  }

private:
  /// "  dims       m: …", the label only on the first line of a group.
  void row(StringRef label, const Twine &what) {
    os << "  " << llvm::left_justify(label == lastLabel ? "" : label, 11) << what << "\n";
    lastLabel = label;
  }
  std::string lineOf(SourceRange r) const {
    return std::to_string(input.files.place(r.file, r.begin).line);
  }

  void function(const FnDecl &fn) {
    lastLabel = "";
    if (!text.empty())
      os << "\n";
    auto mapped = input.mapped.lookupSymbol<func::FuncOp>(fn.name.text);
    auto signature = mapped ? mapped->getAttrOfType<StringAttr>("tx.signature") : StringAttr();
    os << (signature ? signature.getValue() : StringRef(fn.name.text)) << "\n";
    os << "  " << input.files.name(fn.range.file) << ":" << lineOf(fn.range) << ", for "
       << input.target.name << " at -O" << options.level << "\n";
    dims(fn);
    promises(fn);
    calls(fn);
    proofs(fn);
    values(fn);
    if (mapped)
      kernels(fn, mapped);
  }

  // ---- what a caller brings ----

  void dims(const FnDecl &fn) {
    for (const DimBinding &dim : fn.dims) {
      std::string how = "is an argument";
      if (dim.how == DimBinding::How::Axis)
        how = "axis " + std::to_string(dim.axis) + " of " + fn.params[dim.param].decl->name.text;
      else if (dim.how == DimBinding::How::Defined)
        how = "= " + input.checked.facts->str(*dim.decl->value);
      else if (dim.how == DimBinding::How::Found)
        how = "found while running, at most " + input.checked.facts->str(*dim.foundBound);
      row("dims", dim.decl->name.text + ": " + how);
    }
  }

  void promises(const FnDecl &fn) {
    for (const EntryCheck &check : fn.entryChecks)
      row("at entry", check.text + "  (line " + lineOf(check.range) + ")");
    for (const FailureSite &site : input.checked.sites)
      if (bool isFact = site.param == ~0u && !site.expr; site.fn == &fn && !isFact)
        row("data", site.text + "; tested where it is relied on");
    for (auto [kind, title] :
         {std::pair(CheckNote::Kind::Fact, "data"), std::pair(CheckNote::Kind::Assumed, "assumed"),
          std::pair(CheckNote::Kind::Planned, "memory")})
      for (const CheckNote &note : input.checked.notes)
        if (note.fn == &fn && note.kind == kind)
          row(title, note.text + "  (line " + lineOf(note.range) + ")");
  }

  /// What a test of the fact costs, as the checker notes it.
  std::string costOf(const FailureSite &site) const {
    for (const CheckNote &note : input.checked.notes)
      if (note.kind == CheckNote::Kind::Fact && note.fn == site.fn &&
          note.range.begin == site.range.begin)
        return StringRef(note.text).rsplit("verified first, by ").second.str();
    return "one test";
  }

  /// Facts on data of the functions that are called: known, or tested where.
  void calls(const FnDecl &fn) {
    for (const CheckNote &note : input.checked.notes)
      if (note.fn == &fn && note.kind == CheckNote::Kind::CallData)
        row("calls", note.text + "  (line " + lineOf(note.range) + ")");
    auto func = input.inlined ? input.inlined.lookupSymbol<func::FuncOp>(fn.name.text) : nullptr;
    auto tests = func ? func->getAttrOfType<ArrayAttr>("texpr.tests") : ArrayAttr();
    std::set<std::string> seen; // a fact may take several passes
    for (Attribute attr : tests ? tests.getValue() : ArrayRef<Attribute>()) {
      auto test = cast<DictionaryAttr>(attr);
      const FailureSite &site = input.checked.sites[test.getAs<IntegerAttr>("site").getInt()];
      std::string where = test.getAs<BoolAttr>("before").getValue()
                              ? "tested before the loops around the call"
                              : "tested at the call";
      for (auto [k, axis] :
           llvm::enumerate(test.getAs<ArrayAttr>("axes").getAsValueRange<StringAttr>()))
        where += (k ? ", `" : ", for each `") + axis.str() + "`";
      where += ", by ";
      int64_t line = test.getAs<IntegerAttr>("line").getInt();
      std::string what = "`" + site.text + "` of `" + site.fn->name.text + "`: " + where +
                         costOf(site) + (line ? "  (line " + std::to_string(line) + ")" : "");
      if (seen.insert(what).second)
        row("calls", what);
    }
  }

  // ---- why it is safe ----

  void proofs(const FnDecl &fn) {
    static constexpr std::pair<CheckNote::Kind, const char *> kinds[] = {
        {CheckNote::Kind::Proved, "in bounds by proof"},
        {CheckNote::Kind::Else, "covered by else"},
        {CheckNote::Kind::Verified, "by a fact on data"},
        {CheckNote::Kind::Race, "pairs free of races by proof"},
        {CheckNote::Kind::Disjoint, "races excluded by @disjoint"},
        {CheckNote::Kind::Written, "buffers written before they are read"},
        {CheckNote::Kind::CallFact, "facts of calls proved"}};
    std::string summary;
    for (auto [kind, what] : kinds) {
      size_t n = llvm::count_if(input.checked.notes, [&](const CheckNote &note) {
        return note.fn == &fn && note.kind == kind;
      });
      if (n)
        summary += (summary.empty() ? "" : ", ") + std::to_string(n) + " " + what;
    }
    row("accesses", summary.empty() ? "none to show" : summary);
    if (!options.isVerbose)
      return;
    for (const CheckNote &note : input.checked.notes)
      if (note.fn == &fn)
        os << "    " << input.files.name(note.range.file) << ":" << lineOf(note.range) << ": "
           << note.text << "\n";
  }

  // ---- what was fused ----

  /// The line of a place, in whichever file it is.
  StringRef textAt(const Place &place) const {
    for (unsigned file = 0; file < input.files.size(); ++file)
      if (input.files.name(file) == place.file)
        return input.files.line(file, place.line);
    return "";
  }

  /// Of a used file with its name.
  std::string lineOf(const FnDecl &fn, const Place &place) const {
    bool isOwn = input.files.name(fn.range.file) == place.file;
    return (isOwn ? "line " : place.file + ":") + std::to_string(place.line);
  }

  /// The name, or the source itself where it has none.
  std::string nameAt(const FnDecl &fn, Place place) const {
    auto it = names.find(place);
    if (it != names.end() || place.line == 0)
      return it != names.end() ? it->second : "a value";
    constexpr size_t kLongest = 40;
    StringRef source = textAt(place).substr(place.column - 1).rtrim();
    return "`" +
           (source.size() > kLongest ? source.take_front(kLongest).str() + "…" : source.str()) +
           "`";
  }

  void values(const FnDecl &fn) {
    for (const Decision &d : decisionsOf(input.inlined, input.fused, fn.name.text)) {
      std::string ring = rings.count(d.place) ? "; its rows are kept in a ring" : "";
      row("values", nameAt(fn, d.place) + " (" + lineOf(fn, d.place) + ") " + d.decision + ": " +
                        d.why + ring);
    }
  }

  // ---- kernels ----

  static SmallVector<par::KernelOp> kernelsOf(ModuleOp module, StringRef name) {
    SmallVector<par::KernelOp> out;
    if (auto func = module ? module.lookupSymbol<func::FuncOp>(name) : func::FuncOp())
      func.walk([&](par::KernelOp k) { out.push_back(k); });
    return out;
  }

  /// The last loop nest that stands in the kernel: what it was made for.
  Place anchorOf(par::KernelOp kernel) const {
    Place place;
    for (Operation &op : *kernel.getBlock())
      if (isa<tx::HasDomain>(op) && placeOf(&op).line)
        place = placeOf(&op);
    return place;
  }

  /// Of a specialized function: which value of the dim the kernel is for.
  static std::string valueOf(const FnDecl &fn, par::KernelOp kernel) {
    auto isAsked = [](const Attr &a) { return a.name.text == "specialize"; };
    if (llvm::none_of(fn.attrs, isAsked))
      return "";
    std::string other;
    for (Operation *op = kernel; auto choice = op->getParentOfType<scf::IfOp>(); op = choice) {
      auto test = choice.getCondition().getDefiningOp<arith::CmpIOp>();
      auto func = choice->getParentOfType<func::FuncOp>();
      auto dim = test ? dyn_cast<BlockArgument>(test.getLhs()) : BlockArgument();
      IntegerAttr value;
      if (!dim || dim.getOwner() != &func.front() ||
          test.getPredicate() != arith::CmpIPredicate::eq ||
          !matchPattern(test.getRhs(), m_Constant(&value)))
        continue;
      auto name = func.getArgAttrOfType<StringAttr>(dim.getArgNumber(), "tx.dim");
      if (name && choice.getThenRegion().isAncestor(kernel->getParentRegion()))
        return ", where " + name.str() + " == " + std::to_string(value.getInt());
      if (name)
        other = ", for every other " + name.str();
    }
    return other;
  }

  void kernels(const FnDecl &fn, func::FuncOp mapped) {
    auto counted = kernelsOf(input.par, fn.name.text);
    auto shown = kernelsOf(input.mapped, fn.name.text);
    row("kernels", std::to_string(shown.size()));
    for (size_t k = 0; k < shown.size(); ++k) {
      Place anchor = anchorOf(k < counted.size() ? counted[k] : shown[k]);
      os << "  kernel " << k + 1 << valueOf(fn, shown[k]);
      if (anchor.line)
        os << ", " << lineOf(fn, anchor) << ": " << textAt(anchor).trim();
      os << "\n";
      if (counted.size() == shown.size())
        work(fn, counted[k]);
      loops(shown[k]);
    }
    declined(fn);
    workspace(fn, mapped);
  }

  void detail(StringRef label, const Twine &what) {
    os << "    " << llvm::left_justify(label, 9) << what << "\n";
  }

  /// Extents that the signature names, computed ones among them.
  static void nameExtents(const FnDecl &fn, func::FuncOp func, Indices &indices) {
    std::map<std::string, const TypeExpr *> types;
    for (const Param &param : fn.params)
      types[param.decl->name.text] = &param.declared.type;
    for (const ResultDecl &result : fn.results)
      types[result.name ? result.name->text : "result"] = &result.declared.type;
    func.walk([&](par::BindOp bind) {
      auto arg = dyn_cast<BlockArgument>(bind.getSource());
      auto name =
          arg ? func.getArgAttrOfType<StringAttr>(arg.getArgNumber(), "tx.name") : StringAttr();
      auto it = name ? types.find(name.str()) : types.end();
      if (it == types.end() || it->second->shape.size() != bind.getExtents().size())
        return;
      for (auto [extent, written] : llvm::zip(bind.getExtents(), it->second->shape))
        if (auto *dim = llvm::dyn_cast<NameExpr>(written.get()))
          indices.setName(extent, dim->text);
    });
  }

  /// How often the host's loops around it run a kernel.
  static Formula runsOf(par::KernelOp kernel, Indices &indices) {
    Formula runs = 1;
    for (Operation *op = kernel->getParentOp(); op; op = op->getParentOp())
      if (auto seq = dyn_cast<par::SeqOp>(op))
        runs =
            indices.sum(runs, seq.getInductionVar(), seq.getLower(), seq.getUpper(), seq.getAxis());
    return runs;
  }

  void work(const FnDecl &fn, par::KernelOp kernel) {
    auto func = kernel->getParentOfType<func::FuncOp>();
    Indices indices(func);
    nameExtents(fn, func, indices);
    Formula runs = runsOf(kernel, indices);
    if (!(runs == Formula(1)))
      detail("runs", runs.str() + " times; each:");
    Work w = workOf(kernel, indices, rings);
    detail("flops", w.flops.str());
    std::string calls;
    for (auto &[name, times] : w.calls)
      calls += (calls.empty() ? "" : ", ") + name + " " + times.str();
    if (!calls.empty())
      detail("calls", calls);
    if (!w.integers.isZero())
      detail("integer", w.integers.str() + " operations");
    if (!w.checks.isZero())
      detail("tests", w.checks.str() + " of facts on data");
    detail("reads", traffic(w.reads));
    detail("writes", traffic(w.writes));
    where(indices);
  }

  static std::string traffic(const std::vector<Traffic> &all) {
    std::string text;
    for (const Traffic &t : all)
      text += (text.empty() ? "" : ", ") + t.name + " " + t.bytes.str();
    return text.empty() ? "nothing" : text + " bytes";
  }

  void where(const Indices &indices) {
    for (auto &[name, definition] : indices.definitions())
      detail("where", name + " = " + definition);
  }

  void loops(par::KernelOp kernel) {
    Indices indices(kernel->getParentOfType<func::FuncOp>(), {}, Indices::Axes::named);
    StringRef label = "loops";
    for (const std::string &line : loopsOf(kernel, indices)) {
      detail(label, line);
      label = "";
    }
    Scratch scratch = scratchOf(kernel);
    detail(
        "stack",
        std::to_string(scratch.stack) + " bytes a task" +
            (scratch.registers ? ", " + std::to_string(scratch.registers) + " in registers" : ""));
  }

  /// Loops that were to run in lanes and could not.
  void declined(const FnDecl &fn) {
    auto func = input.vectorized ? input.vectorized.lookupSymbol<func::FuncOp>(fn.name.text)
                                 : func::FuncOp();
    if (!func)
      return;
    std::set<Decision> reasons;
    func.walk([&](Operation *op) {
      StringRef why = plan::getWhy(op);
      if (isa<par::ForallOp, par::ReduceOp>(op) && why.starts_with("not in lanes"))
        reasons.insert({placeOf(op), "", why.str()});
    });
    for (const Decision &d : reasons)
      row("declined", lineOf(fn, d.place) + ": " + d.why);
  }

  void workspace(const FnDecl &fn, func::FuncOp mapped) {
    auto formula = input.mapped.lookupSymbol<func::FuncOp>(fn.name.text + ".workspace");
    if (!formula)
      return;
    std::vector<std::string> dims;
    for (unsigned i = 0; i < mapped.getNumArguments(); ++i)
      if (auto dim = mapped.getArgAttrOfType<StringAttr>(i, "tx.dim"))
        dims.push_back(dim.str());
    Indices indices(formula, dims);
    Formula bytes = indices.of(formula.getBody().front().getTerminator()->getOperand(0));
    row("workspace", bytes.str() + " bytes");
    for (auto &[name, definition] : indices.definitions())
      row("workspace", "where " + name + " = " + definition);
  }

  ExplainInput input;
  const ExplainOptions &options;
  std::map<Place, std::string> names;
  std::set<Place> rings;
  std::string text;
  llvm::raw_string_ostream os;
  std::string lastLabel;
};

} // namespace

std::string explain(const ExplainInput &input, const ExplainOptions &options) {
  return Explanation(input, options).write();
}

} // namespace texpr::report

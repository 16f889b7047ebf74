// compile(): source → tx → par → mapped → target → object, one flat road.
//
// What a user did wrong is said by the front end, at a line and column, before any MLIR exists.
// Every error that MLIR reports on a program of ours is therefore a fault of texprc: it is printed
// as `internal`, with a reproducer. The module is cloned for each machine once what is common to
// all is done; the clones meet again in one object.
#include "compiler/Driver.h"
#include "compiler/Pipeline.h"
#include "compiler/Register.h"
#include "compiler/emit/Entry.h"
#include "compiler/emit/Output.h"
#include "compiler/emit/Outputs.h"
#include "compiler/import/Import.h"
#include "compiler/source/Modules.h"
#include "compiler/source/Pinned.h"
#include "compiler/target/cpu/Object.h"
#include "dialects/plan/Pins.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include <iterator>
#include <map>

using namespace mlir;

namespace texpr {

namespace {
ExitCode environment(const std::string &message) {
  llvm::errs() << "texprc: error: " << message << "\n";
  return exitEnvironment;
}
ExitCode usage(const std::string &message) {
  llvm::errs() << "texprc: error: " << message << "\n";
  return exitUsage;
}
ExitCode notGenerated(const Target &target) {
  return usage("target '" + target.name.str() +
               "': code for GPUs is not generated yet; its mapped stage can be seen by "
               "--stop-after=mapped");
}
} // namespace

// ---- the front end -----------------------------------------------------------------------------

static void printDiagnostics(const Diagnostics &diags, const SourceFiles &files, bool json) {
  if (json)
    diags.printJson(llvm::errs(), files);
  else
    diags.print(llvm::errs(), files, llvm::sys::Process::StandardErrHasColors());
}

/// The machines of `@on` are in the table.
void FrontEnd::checkMachines() {
  auto see = [&](const Attrs &attrs) {
    for (const Attr &a : attrs) {
      std::string name = a.name.text == "on" ? targetOfAttr(a) : "native";
      if (lookupTarget(name) || llvm::StringRef(name).starts_with("sm_"))
        continue;
      std::string known;
      for (llvm::StringRef target : targetNames())
        known += (known.empty() ? "" : ", ") + target.str();
      diags.error(a.range, "no machine is named `" + name + "`").note("machines are " + known);
    }
  };
  for (const auto &fn : checked.program->fns) {
    see(fn->attrs);
    eachPinned(*fn->body, [&](const PinnedForm &form) { see(*form.attrs); });
  }
}

ExitCode FrontEnd::load(const std::vector<std::string> &inputs, bool json) {
  auto print = [&] { printDiagnostics(diags, files, json); };
  std::vector<unsigned> roots;
  for (const std::string &input : inputs)
    if (auto file = files.open(input, diags))
      roots.push_back(*file);
  if (roots.size() < inputs.size()) {
    print();
    return exitEnvironment;
  }
  bool ok = check(parseProgram(files, roots, diags), files, diags, checked);
  if (ok)
    checkMachines();
  print();
  return ok && !diags.hasErrors() ? exitDone : exitProgram;
}

std::vector<const Target *> parseTargets(const std::string &list, std::string &error) {
  std::vector<const Target *> targets;
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef(list).split(names, ',');
  auto add = [&](llvm::StringRef name) {
    const Target *target = lookupTarget(name);
    if (!target) {
      error = "unknown target '" + name.str() + "'; known: cpu, native";
      for (llvm::StringRef known : targetNames())
        error += ", " + known.str();
      return false;
    }
    if (!targets.empty() && targets.front()->triple != target->triple) {
      error = "targets of two architectures cannot share an object: '" +
              targets.front()->name.str() + "' and '" + name.str() + "'; compile once for each";
      return false;
    }
    if (!llvm::is_contained(targets, target))
      targets.push_back(target);
    return true;
  };
  for (llvm::StringRef name : names) {
    bool ok = name == "cpu" ? add("x86-64-v2") && add("x86-64-v3") && add("x86-64-v4") : add(name);
    if (!ok)
      return {};
  }
  return targets;
}

// ---- the road ----------------------------------------------------------------------------------

namespace {
/// Keeps a copy of the module after each pass whose name is a key of `seen`.
struct Watch : PassInstrumentation {
  using Seen = std::map<std::string, OwningOpRef<ModuleOp>, std::less<>>;
  explicit Watch(Seen &seen) : seen(seen) {}
  void runAfterPass(Pass *pass, Operation *op) override {
    auto it = seen.find(std::string_view(pass->getArgument()));
    auto at = dyn_cast<ModuleOp>(op);
    if (it != seen.end() && at)
      it->second = at.clone();
  }
  Seen &seen;
};

class Compilation {
public:
  explicit Compilation(const CompileOptions &options)
      : options(options), context(registry(), MLIRContext::Threading::DISABLED) {
    pipeline.optLevel = options.checked.empty() ? options.optLevel : 0;
    pipeline.checked = options.checked.empty()    ? Checked::none
                       : options.checked == "nan" ? Checked::nan
                                                  : Checked::all;
    if (!options.stopAfter.empty() && !parseStage(options.stopAfter))
      pipeline.stopAfter = options.stopAfter;
  }
  ExitCode run();
  ExitCode
  inspect(const std::vector<std::string> &passes,
          const std::function<void(const FrontEnd &, const Target &, const ModuleAfter &)> &look,
          bool everyTarget);

private:
  static DialectRegistry registry() {
    DialectRegistry registry;
    registerDialects(registry);
    registerCpuTranslation(registry);
    return registry;
  }
  ExitCode readModule();
  ExitCode lower(ModuleOp module, const Target &target, ModuleOp *parStage);
  ExitCode runPasses(ModuleOp module, Stage reached,
                     llvm::function_ref<void(PassList &, OpPassManager &)> build);
  ExitCode save(ModuleOp module, llvm::StringRef what);
  ExitCode internal(ModuleOp module, const std::string &message);
  ExitCode writeObject(llvm::ArrayRef<CpuVariant> variants, ModuleOp parStage);
  ExitCode writeHeader(ModuleOp parStage);
  ExitCode printStopped(ModuleOp module);
  std::vector<std::string> filesRead();
  ExitCode checkOutputs();
  ExitCode writeDepfile();
  ExitCode readShared();
  void keepError(mlir::Diagnostic &d) {
    if (keepRefusal(d))
      return;
    llvm::raw_string_ostream(internalErrors) << d.getLocation() << ": " << d << "\n";
  }
  ExitCode refuseMachineOnly();
  FrontEnd &frontEnd() { return options.frontEnd ? *options.frontEnd : ownFrontEnd; }
  bool stopsAt(Stage stage) const { return stopped || options.stopAfter == name(stage); }
  std::string outputPath(llvm::StringRef extension) const;
  bool hasHeader() const {
    return options.emit == EmitKind::object || options.emit == EmitKind::shared;
  }
  std::string headerPath() const;
  ExitCode write(const std::string &path, llvm::StringRef bytes);

  const CompileOptions &options;
  PipelineOptions pipeline;
  MLIRContext context;
  FrontEnd ownFrontEnd;
  OwningOpRef<ModuleOp> module;
  std::vector<std::string> written; // the outputs, for the depfile
  std::map<std::string, OwningOpRef<ModuleOp>, std::less<>>
      seen; // by `inspect`: what each watched pass left
  std::optional<SourceRange> rangeOf(Location location);
  bool keepRefusal(mlir::Diagnostic &d);
  Diagnostics refusals;       // pins that cannot be obeyed: the user's to mend
  std::string internalErrors; // what else MLIR reported
  bool stopped = false;       // by --stop-after=PASS
  bool isMlirInput = false;
  unsigned savedStages = 0;
};

static llvm::StringRef extensionOf(EmitKind kind) {
  switch (kind) {
  case EmitKind::shared:
    return "so";
  case EmitKind::assembly:
    return "s";
  case EmitKind::llvm:
    return "ll";
  case EmitKind::header:
    return "h";
  default:
    return "o";
  }
}

std::string Compilation::outputPath(llvm::StringRef extension) const {
  if (!options.output.empty())
    return options.output;
  llvm::SmallString<128> path(llvm::sys::path::filename(options.inputs.front()));
  llvm::sys::path::replace_extension(path, extension);
  return path.str().str();
}

std::string Compilation::headerPath() const {
  llvm::SmallString<128> path(outputPath(extensionOf(options.emit)));
  if (hasHeader())
    llvm::sys::path::replace_extension(path, "h");
  return path.str().str();
}

ExitCode Compilation::write(const std::string &path, llvm::StringRef bytes) {
  if (path == "-") {
    llvm::outs() << bytes;
    llvm::outs().flush();
    if (!llvm::outs().has_error())
      return exitDone;
    std::string reason = llvm::outs().error().message();
    llvm::outs().clear_error();
    return environment("standard output: " + reason);
  }
  std::string error;
  if (!emit::writeFile(path, bytes, error))
    return environment(error);
  written.push_back(path);
  return exitDone;
}

/// All files that are read: those of the command line, and what they use.
std::vector<std::string> Compilation::filesRead() {
  std::vector<std::string> read = options.inputs;
  const SourceFiles &files = frontEnd().files;
  for (unsigned file = options.inputs.size(); file < files.size(); ++file)
    if (!llvm::StringRef(files.name(file)).starts_with("std/"))
      read.push_back(files.name(file));
  return read;
}

/// Asked before anything is written: nothing that is read is lost, and no output under another one.
ExitCode Compilation::checkOutputs() {
  std::vector<std::string> outputs;
  const bool isPrinted =
      !options.stopAfter.empty() || options.emit == EmitKind::tx || options.emit == EmitKind::par;
  if (!isPrinted || !options.output.empty())
    outputs.push_back(outputPath(extensionOf(options.emit)));
  if (!isPrinted && hasHeader() && outputs[0] != "-")
    outputs.push_back(headerPath());
  if (!options.depfile.empty())
    outputs.push_back(options.depfile);
  if (!isPrinted && options.output.empty() && options.inputs.front() == "-")
    return usage("a program of standard input has no name; name the output by -o");
  std::string clash = emit::clashOf(outputs, filesRead());
  if (clash.empty() && !isPrinted && options.emit == EmitKind::shared && outputs[0] == "-")
    clash = "a shared object is linked into a file; name it by -o";
  if (llvm::StringRef(clash).starts_with("two outputs"))
    clash +=
        ": the object, its header (of the same name with .h) and the depfile each have their own";
  return clash.empty() ? exitDone : usage(clash);
}

ExitCode Compilation::writeDepfile() {
  if (options.depfile.empty())
    return exitDone;
  return write(options.depfile, emit::dependencyRule(written, filesRead()));
}

/// The innermost place of a location, in the files of the program.
std::optional<SourceRange> Compilation::rangeOf(Location location) {
  FileLineColLoc place;
  location->walk([&](Location at) {
    place = dyn_cast<FileLineColLoc>(at);
    return place ? WalkResult::interrupt() : WalkResult::advance();
  });
  const SourceFiles &files = frontEnd().files;
  for (unsigned file = 0; place && file < files.size(); ++file)
    if (files.name(file) == place.getFilename().getValue()) {
      uint32_t at = files.lineBegin(file, place.getLine()) + place.getColumn() - 1;
      return SourceRange{file, at, at + 1};
    }
  return std::nullopt;
}

/// A pass that cannot obey a pin, or keep a promise, says "pin: …" at its place in the source.
bool Compilation::keepRefusal(mlir::Diagnostic &d) {
  std::string words = d.str();
  llvm::StringRef text = words;
  auto range = rangeOf(d.getLocation());
  if (!text.consume_front("pin: ") || (!range && !isMlirInput))
    return false;
  if (!range) {
    refusals.fileError(options.inputs.front(), text.str());
    return true;
  }
  auto error = refusals.error(*range, text.str());
  for (mlir::Diagnostic &note : d.getNotes()) {
    auto place = rangeOf(note.getLocation());
    place ? error.note(*place, note.str()) : error.note(note.str());
  }
  return true;
}

/// A fault of ours: says so, and leaves the module where it can be looked at.
ExitCode Compilation::internal(ModuleOp at, const std::string &message) {
  llvm::errs() << "texprc: internal error: " << message << "\n" << internalErrors;
  if (!at)
    return exitInternal;
  std::string text, error, path = outputPath("reproducer.mlir");
  if (path != "-" && !options.output.empty())
    path += ".reproducer.mlir";
  llvm::raw_string_ostream os(text);
  at->print(os, OpPrintingFlags().assumeVerified().printGenericOpForm());
  if (path == "-" || !emit::writeFile(path, text, error))
    path.clear();
  llvm::errs() << "texprc: this is a bug of texprc, not of your program";
  if (!path.empty())
    llvm::errs() << "; please report it with " << path;
  llvm::errs() << "\n";
  return exitInternal;
}

/// L7: code is made for CPUs.
ExitCode Compilation::refuseMachineOnly() {
  Diagnostics diags;
  for (SourceRange range : frontEnd().checked.machineOnly)
    diags
        .error(
            range,
            "this asm runs on its own machine alone, so the function cannot be compiled for a CPU")
        .note("say what it does by `means { … }`, or what to do instead by `else { … }`");
  printDiagnostics(diags, frontEnd().files, options.jsonDiagnostics);
  return exitProgram;
}

ExitCode Compilation::readModule() {
  llvm::StringRef first = options.inputs.front();
  isMlirInput = first.ends_with(".mlir");
  if (!isMlirInput) {
    if (!options.frontEnd)
      if (ExitCode code = ownFrontEnd.load(options.inputs, options.jsonDiagnostics))
        return code;
    if (!frontEnd().checked.machineOnly.empty())
      return refuseMachineOnly();
    loadImportDialects(context);
    module = importProgram(frontEnd().checked, frontEnd().files, context, !options.checked.empty());
    if (!module || failed(verify(*module)))
      return internal(module ? *module : ModuleOp(), "the program could not be imported");
    return exitDone;
  }
  if (options.inputs.size() > 1)
    return usage("one .mlir file at a time");
  module = parseSourceFile<ModuleOp>(first, &context);
  if (!module) {
    llvm::errs() << internalErrors;
    return exitProgram;
  }
  if (!stageOf(*module)) {
    llvm::errs() << first
                 << ": error: the module does not say its stage: texpr.stage = \"tx\", \"par\", "
                    "\"mapped\" or \"target\"\n";
    return exitProgram;
  }
  return exitDone;
}

/// Pins are found by places: a module that has some is printed with its locations, so that it can be fed back.
static OpPrintingFlags printing(ModuleOp module) {
  return OpPrintingFlags().enableDebugInfo(module->hasAttr(plan::pinsName));
}

ExitCode Compilation::save(ModuleOp at, llvm::StringRef what) {
  if (options.saveStages.empty())
    return exitDone;
  if (std::error_code code = llvm::sys::fs::create_directories(options.saveStages))
    return environment(options.saveStages + ": " + code.message());
  std::string text, error, number = std::to_string(++savedStages);
  llvm::raw_string_ostream os(text);
  at->print(os, printing(at));
  llvm::SmallString<128> path(options.saveStages);
  llvm::sys::path::append(path, std::string(number.size() < 2 ? "0" : "") + number + "-" +
                                    what.str() + ".mlir");
  return emit::writeFile(path.str().str(), text, error) ? exitDone : environment(error);
}

/// One leg of the road: its passes, the check of the stage that it reaches.
ExitCode Compilation::runPasses(ModuleOp at, Stage reached,
                                llvm::function_ref<void(PassList &, OpPassManager &)> build) {
  PassManager passes(&context);
  passes.enableVerifier(false); // once a stage, below; texpr-opt does it after each pass
  PassList list(passes, pipeline);
  build(list, passes);
  if (!seen.empty())
    passes.addInstrumentation(std::make_unique<Watch>(seen));
  bool ok = succeeded(passes.run(at));
  if (refusals.hasErrors()) {
    printDiagnostics(refusals, frontEnd().files, options.jsonDiagnostics);
    return exitProgram;
  }
  if (!ok)
    return internal(at, "a pass on the way to stage '" + name(reached).str() + "' failed");
  stopped = list.isStopped();
  if (stopped)
    return exitDone;
  at->setAttr("texpr.stage", StringAttr::get(&context, name(reached)));
  if (failed(verify(at)) || failed(checkStage(at, reached)))
    return internal(at, "the stage '" + name(reached).str() + "' does not hold what it promises");
  return exitDone;
}

ExitCode Compilation::printStopped(ModuleOp at) {
  std::string text;
  llvm::raw_string_ostream os(text);
  at->print(os, printing(at));
  text += "\n";
  return write(options.output.empty() ? "-" : options.output, text);
}

/// Takes a clone from its stage to `target`. `parStage`: where to keep a copy of the stage `par`,
/// which the entries are made from.
ExitCode Compilation::lower(ModuleOp at, const Target &target, ModuleOp *parStage) {
  setMachine(at, target, pipeline.optLevel);
  std::string tag = target.name.str();
  if (stageOf(at) == Stage::tx) {
    if (ExitCode code = runPasses(at, Stage::par, [&](PassList &list, OpPassManager &) {
          buildTxPipeline(list, pipeline);
        }))
      return code;
    if (ExitCode code = save(at, tag + "-par"))
      return code;
    if (stopsAt(Stage::par))
      return exitDone;
  }
  if (parStage && stageOf(at) != Stage::target)
    *parStage = at.clone();
  if (stageOf(at) == Stage::par) {
    if (ExitCode code = runPasses(at, Stage::mapped, [&](PassList &list, OpPassManager &) {
          buildParPipeline(list, pipeline);
        }))
      return code;
    if (ExitCode code = save(at, tag + "-mapped"))
      return code;
    if (stopsAt(Stage::mapped))
      return exitDone;
  }
  if (target.kind == TargetKind::cuda)
    return stopped ? exitDone : notGenerated(target);
  if (stageOf(at) == Stage::mapped) {
    auto build = [&](PassList &list, OpPassManager &passes) {
      buildTargetPipeline(list, passes, target);
    };
    if (ExitCode code = runPasses(at, Stage::target, build))
      return code;
    if (ExitCode code = save(at, tag + "-target"))
      return code;
  }
  return exitDone;
}

ExitCode Compilation::writeHeader(ModuleOp parStage) {
  std::string object = outputPath(options.emit == EmitKind::shared ? "so" : "o"),
              path = headerPath();
  if (object == "-" && options.emit != EmitKind::header)
    return exitDone; // an object on standard output has no file beside it; --emit=header prints it
  emit::HeaderFile header;
  header.name = llvm::sys::path::filename(path).str();
  header.source = llvm::sys::path::filename(options.inputs.front()).str();
  header.object = llvm::sys::path::filename(object).str();
  header.version = version;
  header.functions = emit::abiOf(parStage);
  return write(path, emit::headerText(header));
}

ExitCode Compilation::writeObject(llvm::ArrayRef<CpuVariant> variants, ModuleOp parStage) {
  std::vector<emit::Variant> machines;
  for (const CpuVariant &v : variants)
    machines.push_back({v.target->variant.str(), v.target->level, v.target->name.str()});
  std::vector<std::string> exported;
  for (const emit::AbiFunction &fn : emit::abiOf(parStage)) {
    exported.push_back(fn.name);
    exported.push_back(fn.name + "_workspace");
  }
  ObjectRequest request;
  request.variants = variants;
  request.addEntries = [&](llvm::Module &into) { emit::emitEntries(parStage, into, machines); };
  request.exported = exported;
  request.optimize = options.optLevel > 0;
  request.output = options.emit == EmitKind::assembly ? CpuOutput::assembly
                   : options.emit == EmitKind::llvm   ? CpuOutput::llvm
                                                      : CpuOutput::object;
  std::string error;
  auto bytes = emitObject(request, error);
  if (failed(bytes))
    return internal(ModuleOp(), error);
  const std::string path = outputPath(extensionOf(options.emit));
  if (options.emit == EmitKind::shared) {
    if (!emit::linkShared(path, *bytes, error))
      return environment(error);
    written.push_back(path);
  } else if (ExitCode code = write(path, *bytes)) {
    return code;
  }
  if (!hasHeader())
    return exitDone;
  return writeHeader(parStage);
}

/// What is done once for all machines: up to stage `tx`, calls inlined.
ExitCode Compilation::readShared() {
  if (ExitCode code = readModule())
    return code;
  if (ExitCode code = save(*module, "import"))
    return code;
  if (stageOf(*module) != Stage::tx || options.stopAfter == "import")
    return exitDone;
  auto build = [&](PassList &list, OpPassManager &) { buildSharedPipeline(list, pipeline); };
  if (ExitCode code = runPasses(*module, Stage::tx, build))
    return code;
  return save(*module, "tx");
}

ExitCode Compilation::inspect(
    const std::vector<std::string> &passes,
    const std::function<void(const FrontEnd &, const Target &, const ModuleAfter &)> &look,
    bool everyTarget) {
  ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) { keepError(d); });
  std::string error;
  auto targets = parseTargets(options.targets, error);
  if (targets.empty())
    return usage(error);
  if (!everyTarget)
    targets = {targets.back()};
  if (ExitCode code = readShared())
    return code;
  for (const Target *target : targets) {
    seen.clear();
    for (const std::string &pass : passes)
      seen[pass];
    OwningOpRef<ModuleOp> clone = module->clone();
    if (ExitCode code = lower(*clone, *target, nullptr))
      return code;
    look(frontEnd(), *target, [&](llvm::StringRef pass) { return *seen.at(pass.str()); });
  }
  return exitDone;
}

ExitCode Compilation::run() {
  ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) { keepError(d); });
  std::string error;
  auto targets = parseTargets(options.targets, error);
  if (targets.empty())
    return usage(error);
  if (targets.back()->kind == TargetKind::cuda && options.stopAfter.empty() &&
      options.emit != EmitKind::tx)
    return notGenerated(*targets.back());
  if (ExitCode code = readShared())
    return code;
  if (ExitCode code = checkOutputs())
    return code;
  if (options.emit == EmitKind::tx || stopsAt(Stage::tx) || options.stopAfter == "import")
    return printStopped(*module);

  std::vector<OwningOpRef<ModuleOp>> clones;
  std::vector<CpuVariant> variants;
  ModuleOp parStage;
  for (const Target *target : targets) {
    clones.push_back(module->clone());
    if (ExitCode code = lower(*clones.back(), *target, parStage ? nullptr : &parStage))
      return code;
    if (stopped || stopsAt(Stage::par) || stopsAt(Stage::mapped) || stopsAt(Stage::target))
      return printStopped(*clones.back());
    variants.push_back({target, *clones.back()});
    if (options.emit == EmitKind::par || options.emit == EmitKind::header)
      break;
  }
  OwningOpRef<ModuleOp> kept(parStage);
  if (!parStage)
    return usage("a module of the stage 'target' has no entry points to make an object of");
  if (!pipeline.stopAfter.empty())
    return usage("--stop-after=" + options.stopAfter + ": no such stage or pass");
  if (options.emit == EmitKind::par)
    return printStopped(*kept);
  ExitCode code =
      options.emit == EmitKind::header ? writeHeader(*kept) : writeObject(variants, *kept);
  return code ? code : writeDepfile();
}
} // namespace

ExitCode compile(const CompileOptions &options) { return Compilation(options).run(); }

ExitCode
inspect(const CompileOptions &options, const std::vector<std::string> &passes,
        const std::function<void(const FrontEnd &, const Target &, const ModuleAfter &)> &look,
        bool everyTarget) {
  return Compilation(options).inspect(passes, look, everyTarget);
}

} // namespace texpr

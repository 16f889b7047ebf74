// `texprc run`: front end, arguments, a call of the object or of the interpreter, results.
//
//   texprc run softmax.tx x=in.npy -o y=out.npy --time
//
// What is wrong with the command line or with an array ends with 2, with a file 3; what the function refuses (a relation
// of dims, an element outside its range) is the program's own answer: its text, and 1.
#include "compiler/tools/Run.h"
#include "compiler/emit/Output.h"
#include "compiler/emit/Outputs.h"
#include "compiler/reference/Interpreter.h"
#include "compiler/reference/Npy.h"
#include "compiler/tools/ArrayText.h"
#include "compiler/tools/RunObject.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <chrono>
#include <functional>

namespace texpr {

namespace {

constexpr double kTimedSeconds = 1;
constexpr size_t kTimedAtLeast = 3, kTimedAtMost = 1000;

std::string list(const std::vector<std::string> &names) {
  std::string text;
  for (const std::string &name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

class Runner {
public:
  explicit Runner(const RunOptions &options) : options(options) {}

  ExitCode run() {
    if (llvm::StringRef(options.file).ends_with(".mlir"))
      return refuse(exitUsage,
                    "run needs a .tx file: the types of the arguments are in its signature");
    if (ExitCode code = frontEnd.load({options.file}, options.compile.jsonDiagnostics))
      return code;
    if (ExitCode code = choose())
      return code;
    if (ExitCode code = matchOutputs())
      return code;
    if (ExitCode code = readArguments(*fn, *frontEnd.checked.facts, options.assignments, values))
      return code;
    if (ExitCode code = options.isInterpreted ? interpret() : call())
      return code;
    if (ExitCode code = writeResults())
      return code;
    return report();
  }

private:
  /// The function to run: the one that is named, or the only one.
  ExitCode choose() {
    std::vector<std::string> names;
    for (auto &candidate : frontEnd.checked.program->fns) {
      if (candidate->isLocal)
        continue;
      names.push_back(candidate->name.text);
      if (options.function.empty() || candidate->name.text == options.function)
        fn = candidate.get();
    }
    if (names.empty())
      return refuse(exitUsage, options.file + " exports no function");
    if (options.function.empty() && names.size() > 1)
      return refuse(exitUsage,
                    options.file + " exports several functions; name one of " + list(names));
    if (!fn)
      return refuse(exitUsage, options.file + " exports no function '" + options.function + "'" +
                                   nearName(options.function, names) + "; it has " + list(names));
    return exitDone;
  }

  ExitCode matchOutputs() {
    std::vector<std::string> names;
    for (const CallLeaf &leaf : outputLeaves(*fn))
      names.push_back(leaf.name);
    paths.resize(names.size());
    for (const std::string &output : options.outputs) {
      auto [name, path] = llvm::StringRef(output).split('=');
      bool isBare = output.find('=') == std::string::npos;
      if (isBare && names.size() != 1)
        return refuse(exitUsage, "-o " + output + ": which result? NAME=PATH, NAME being one of " +
                                     list(names));
      auto found = isBare ? names.begin() : llvm::find(names, name);
      if (found == names.end())
        return refuse(exitUsage, "-o " + output + ": '" + name.str() + "' is no result of " +
                                     fn->name.text + nearName(name, names) + "; it has " +
                                     list(names));
      std::string &place = paths[found - names.begin()];
      if (!place.empty() || (!isBare && path.empty()))
        return refuse(exitUsage, "-o " + output + ": " +
                                     (place.empty() ? "no path" : "the result has a path already"));
      place = isBare ? output : path.str();
    }
    std::vector<std::string> given;
    llvm::copy_if(paths, std::back_inserter(given),
                  [](const std::string &path) { return !path.empty(); });
    std::string clash =
        emit::clashOf(given, {options.file}); // an array may be written in its place
    return clash.empty() ? exitDone : refuse(exitUsage, clash);
  }

  /// The code runs in this process: it must be for this architecture.
  ExitCode checkTarget() const {
    std::string error;
    auto targets = parseTargets(options.compile.targets, error);
    const Target *here = lookupTarget("native");
    if (targets.empty() || !here || targets.front()->triple == here->triple)
      return targets.empty() ? refuse(exitUsage, error) : exitDone;
    return refuse(exitUsage, "run calls the code on this machine; target '" +
                                 targets.front()->name.str() + "' is for another");
  }

  ExitCode call() {
    if (ExitCode code = checkTarget())
      return code;
    RunObject object;
    CompileOptions compileOptions = options.compile;
    compileOptions.inputs = {options.file};
    compileOptions.frontEnd = &frontEnd;
    if (ExitCode code = object.load(*fn, compileOptions))
      return code;
    if (ExitCode code = object.prepare(*fn, values, options.threads))
      return code;
    ExitCode code = timed([&] { return object.call(); }, [&] { object.restoreLent(); });
    if (code == exitDone) {
      values.shrink(*fn);
      values.takeLent(*fn);
    }
    return code;
  }

  ExitCode interpret() {
    reference::Inputs inputs{values.params(*fn), {}};
    for (auto &[name, value] : values.dims)
      inputs.dims[name] = value;
    return timed([&] {
      auto result = reference::interpret(*frontEnd.checked.program, *fn, inputs);
      if (!result)
        return explainFailure(result.failure);
      values.results.clear();
      for (const reference::Value &value : *result) {
        std::vector<const reference::Value *> leaves;
        value.leaves(leaves);
        for (const reference::Value *leaf : leaves)
          values.results.push_back(arrayOf(*leaf));
      }
      return exitDone;
    });
  }

  static reference::Array arrayOf(const reference::Value &leaf) {
    if (leaf.isTensor())
      return leaf.tensor();
    reference::Array scalar(leaf.scalarKind(), {});
    scalar.set(0, leaf.scalar());
    return scalar;
  }

  /// What the interpreter refused, at its place in the source.
  ExitCode explainFailure(const reference::Failure &failure) {
    bool isOurs = failure.kind == reference::Failure::Kind::Internal;
    std::string message = (isOurs ? "internal error: " : "") + failure.message;
    if (failure.index >= 0)
      message += " (index " + std::to_string(failure.index) + ")";
    Diagnostics said;
    said.error(failure.site, message);
    said.print(llvm::errs(), frontEnd.files, llvm::sys::Process::StandardErrHasColors());
    return isOurs ? exitInternal : exitProgram;
  }

  /// Runs `once`, each time after `before`; with --time again and again, for about a second.
  template <typename F> ExitCode timed(F &&once, const std::function<void()> &before = nullptr) {
    double total = 0;
    do {
      if (before)
        before();
      auto begin = std::chrono::steady_clock::now();
      if (ExitCode code = once())
        return code;
      seconds.push_back(
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
      total += seconds.back();
    } while (options.isTimed && seconds.size() < kTimedAtMost &&
             (total < kTimedSeconds || seconds.size() < kTimedAtLeast));
    return exitDone;
  }

  ExitCode writeResults() {
    auto leaves = outputLeaves(*fn);
    for (size_t r = 0; r < leaves.size(); ++r) {
      const reference::Array &array = values.results[r];
      std::string error;
      if (!paths[r].empty()) {
        if (!emit::writeFile(paths[r], reference::formatNpy(array), error))
          return refuse(exitEnvironment, error);
        continue;
      }
      // Where the other results go to files and the time is asked for, the numbers are of no interest.
      if (options.isTimed)
        continue;
      llvm::outs() << leaves[r].name << ": " << typeText(array)
                   << (array.shape.empty() ? " = " : "\n") << arrayText(array) << "\n";
    }
    return exitDone;
  }

  ExitCode report() {
    if (options.isTimed) {
      llvm::sort(seconds);
      llvm::outs() << fn->name.text << ": minimum " << timeText(seconds.front()) << ", median "
                   << timeText(seconds[seconds.size() / 2]) << ", " << seconds.size() << " runs";
      for (auto &[name, value] : values.dims)
        llvm::outs() << ", " << name << " = " << value;
      llvm::outs() << "\n";
    }
    llvm::outs().flush();
    if (!llvm::outs().has_error())
      return exitDone;
    std::error_code code = llvm::outs().error();
    llvm::outs().clear_error();
    return refuse(exitEnvironment, "standard output: " + code.message());
  }

  static std::string timeText(double s) {
    std::string text;
    llvm::raw_string_ostream os(text);
    if (s < 1e-3)
      os << llvm::format("%.2f us", s * 1e6);
    else if (s < 1)
      os << llvm::format("%.3f ms", s * 1e3);
    else
      os << llvm::format("%.3f s", s);
    return text;
  }

  const RunOptions &options;
  FrontEnd frontEnd;
  const FnDecl *fn = nullptr;
  CallValues values;
  std::vector<std::string> paths; // of each result leaf; empty: printed
  std::vector<double> seconds;
};

} // namespace

ExitCode run(const RunOptions &options) {
  try {
    return Runner(options).run();
  } catch (const std::bad_alloc &) {
    return refuse(exitEnvironment, "out of memory: the arrays are too large for this machine");
  }
}

} // namespace texpr

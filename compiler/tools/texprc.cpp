// The command: parses its line and calls one function of the driver, or of a command beside it.
//
// In: the arguments. Out: an exit code (0 done, 1 the program is wrong, 2 the command line is wrong, 3 the environment failed, 4 a
// fault of texprc's own). What must hold: nothing is written for a wrong line.
#include "compiler/Driver.h"
#include "compiler/report/Explain.h"
#include "compiler/report/Pins.h"
#include "compiler/tools/Run.h"
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>

namespace {
using namespace texpr;

/// Options that more than one command has.
void addTarget(CLI::App &app, CompileOptions &options, const char *text) {
  app.add_option("--target", options.targets, text);
}
void addLevel(CLI::App &app, CompileOptions &options) {
  app.add_option("-O", options.optLevel,
                 "0: one kernel a form, no vectors; 1: fusion and vectors; 2 (default): "
                 "everything; 3: the same as 2 today")
      ->check(CLI::Range(0, 3));
}
void addChecked(CLI::App &app, CompileOptions &options) {
  app.add_flag("--checked{all}", options.checked,
               "verify bounds, races, initialization, divisions, promises and operators while "
               "running, serially; --checked=nan: also the first place that makes a NaN")
      ->check(CLI::IsMember({"all", "nan"}));
}
void addDiagnostics(CLI::App &app, CompileOptions &options) {
  app.add_option_function<std::string>(
         "--diagnostics", [&](const std::string &v) { options.jsonDiagnostics = v == "json"; },
         "text (default) or json: one object a line, on standard error")
      ->check(CLI::IsMember({"text", "json"}));
}

std::string notEmpty(const std::string &path) { return path.empty() ? "a path is empty" : ""; }

void addBuild(CLI::App &app, CompileOptions &options) {
  static const std::map<std::string, EmitKind> kinds = {
      {"obj", EmitKind::object}, {"so", EmitKind::shared},     {"asm", EmitKind::assembly},
      {"llvm", EmitKind::llvm},  {"header", EmitKind::header}, {"tx", EmitKind::tx},
      {"par", EmitKind::par}};
  app.add_option(
      "FILE", options.inputs,
      ".tx files that make one object, or one .mlir file of any stage ('-': standard input)");
  app.add_option("-o", options.output,
                 "the output; beside it, with the extension .h, goes the header")
      ->check(&notEmpty, "");
  addTarget(
      app, options,
      "cpu (x86-64-v2, v3 and v4 in one object), x86-64-v2|v3|v4, aarch64, native; a comma list");
  app.add_option_function<std::string>(
      "--emit",
      [&](const std::string &name) {
        auto kind = kinds.find(name);
        if (kind == kinds.end())
          throw CLI::ValidationError("--emit",
                                     "there is no kind '" + name +
                                         "'; kinds are obj, so, asm, llvm, header, tx, par");
        options.emit = kind->second;
      },
      "what to write: obj, so, asm, llvm, header, tx, par");
  addLevel(app, options);
  addChecked(app, options);
  app.add_option("--stop-after", options.stopAfter,
                 "print the module after a stage (import, tx, par, mapped, target) or a pass");
  app.add_option("--save-stages", options.saveStages,
                 "a folder that gets the module at every stage, as numbered files");
  app.add_option("--depfile", options.depfile,
                 "write a make rule: the outputs depend on the inputs");
  addDiagnostics(app, options);
  app.footer(
      "Examples:\n"
      "  texprc softmax.tx -o softmax.o             object and softmax.h, for every x86-64\n"
      "  texprc softmax.tx --emit=so -o softmax.so  for ctypes and dlopen\n"
      "  texprc check softmax.tx                    errors only\n"
      "  texprc run softmax.tx x=in.npy -o y=y.npy  on real arrays\n"
      "  texprc explain softmax.tx                  what was fused, and what each kernel costs\n"
      "  texprc softmax.tx --stop-after=mapped      what each loop became\n"
      "Exit codes: 0 done, 1 the program is wrong, 2 the command line is wrong, 3 the environment "
      "failed (no file, "
      "disk full), 4 a bug of texprc.\n"
      "texprc COMMAND --help has more.");
}

ExitCode usage(const std::string &message) {
  std::fprintf(stderr, "texprc: error: %s\n", message.c_str());
  return exitUsage;
}

/// Writes to standard output; says where that fails.
ExitCode print(const std::string &text) {
  if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0)
    return exitDone;
  std::fprintf(stderr, "texprc: error: standard output: %s\n", std::strerror(errno));
  return exitEnvironment;
}

struct CheckOptions {
  std::vector<std::string> files;
  bool isVerbose = false;
  CompileOptions compile;
};

CLI::App *addCheck(CLI::App &app, CheckOptions &options) {
  CLI::App *check = app.add_subcommand("check", "read and check the files, write nothing");
  check->add_option("FILE", options.files, ".tx files ('-': standard input)")->required();
  check->add_flag("-v,--verbose", options.isVerbose, "say what was checked");
  addDiagnostics(*check, options.compile);
  check->footer("Examples:\n"
                "  texprc check softmax.tx                     silent and 0 where it is right\n"
                "  texprc check -v *.tx\n"
                "  texprc check --diagnostics=json softmax.tx  for an editor");
  return check;
}

CLI::App *addRun(CLI::App &app, RunOptions &options, std::vector<std::string> &words) {
  CLI::App *run =
      app.add_subcommand("run", "compile, load and call a function on real arrays and scalars");
  run->add_option("FILE", options.file, "a .tx file")->required();
  run->add_option("FN|NAME=VALUE", words,
                  "the function, where the file exports several; for each parameter an array in a "
                  ".npy file, or a scalar; "
                  "a dim that the arrays leave open");
  run->add_option("-o", options.outputs,
                  "NAME=PATH: write a result as .npy instead of printing it; again for another")
      ->type_name("NAME=PATH")
      ->allow_extra_args(false);
  run->add_flag("--time", options.isTimed,
                "call for about a second; print minimum and median instead of the results");
  run->add_option("--threads", options.threads, "at most so many threads (default: all)")
      ->check(CLI::Range(1, 1024));
  run->add_flag("--interpret", options.isInterpreted,
                "by the reference interpreter: slow, the meaning of the language");
  options.compile.targets = "native";
  addTarget(*run, options.compile, "native (default), cpu, x86-64-v2|v3|v4");
  addLevel(*run, options.compile);
  addChecked(*run, options.compile);
  addDiagnostics(*run, options.compile);
  run->footer(
      "Examples:\n"
      "  texprc run softmax.tx x=in.npy                   prints y\n"
      "  texprc run softmax.tx x=in.npy -o y=out.npy\n"
      "  texprc run nn.tx layernorm x=x.npy gamma=g.npy beta=b.npy eps=1e-5 --time --threads 1\n"
      "  texprc run softmax.tx x=in.npy --interpret       slow, the meaning of the language");
  return run;
}

struct ExplainCommand {
  std::string file;
  report::ExplainOptions options;
  CompileOptions compile;
  bool asPins = false;
};

CLI::App *addExplain(CLI::App &app, ExplainCommand &command) {
  CLI::App *explain = app.add_subcommand(
      "explain", "say what was decided: dims, proofs, fusion, kernels and their cost");
  explain->add_option("FILE", command.file, "a .tx file")->required();
  explain->add_option("FN", command.options.function,
                      "one function; by default every exported one");
  explain->add_flag("-v,--verbose", command.options.isVerbose,
                    "with a line for each access, race and fact");
  explain->add_flag(
      "--pins", command.asPins,
      "print the program with every decision as an attribute; it makes the same object");
  addTarget(*explain, command.compile,
            "the machine; of a list the last one. cpu (default) is x86-64-v4 here");
  addLevel(*explain, command.compile);
  addDiagnostics(*explain, command.compile);
  explain->footer("Examples:\n"
                  "  texprc explain softmax.tx\n"
                  "  texprc explain -v nn.tx layernorm --target=x86-64-v3\n"
                  "  texprc explain --pins nn.tx > pinned/nn.tx\n"
                  "flops, calls and bytes are counts of one call, as formulas in the dims: n*m is "
                  "a product, up64(x) is x "
                  "rounded up to a\nmultiple of 64, |p| the length of a range that data gives.");
  return explain;
}

ExitCode printPins(FrontEnd &frontEnd, const CompileOptions &options) {
  report::PinWriter writer(frontEnd.checked, frontEnd.files);
  std::vector<std::string> passes(std::begin(report::pinnedPasses), std::end(report::pinnedPasses));
  auto see = [&](const FrontEnd &, const Target &target, const ModuleAfter &after) {
    std::vector<mlir::ModuleOp> modules;
    for (const std::string &pass : passes)
      modules.push_back(after(pass));
    writer.see(target.name, modules);
  };
  ExitCode code = inspect(options, passes, see, /*everyTarget=*/true);
  return code ? code : print(writer.write());
}

ExitCode runExplain(ExplainCommand &command) {
  FrontEnd frontEnd;
  command.compile.inputs = {command.file};
  if (command.file.ends_with(".mlir"))
    return usage("explain needs a .tx file: it shows decisions beside the source");
  if (ExitCode code = frontEnd.load(command.compile.inputs, command.compile.jsonDiagnostics))
    return code;
  bool found = command.options.function.empty();
  for (auto &fn : frontEnd.checked.program->fns)
    found |= !fn->isLocal && fn->name.text == command.options.function;
  if (!found)
    return usage(command.file + " exports no function '" + command.options.function + "'");
  command.compile.frontEnd = &frontEnd;
  if (command.asPins)
    return printPins(frontEnd, command.compile);
  command.options.level = command.compile.optLevel;
  std::string text;
  std::vector<std::string> passes(std::begin(report::explainedPasses),
                                  std::end(report::explainedPasses));
  ExitCode code =
      inspect(command.compile, passes,
              [&](const FrontEnd &, const Target &target, const ModuleAfter &after) {
                report::ExplainInput input{frontEnd.checked, frontEnd.files,   target,
                                           after(passes[0]), after(passes[1]), after(passes[2]),
                                           after(passes[3]), after(passes[4]), after(passes[5])};
                text = report::explain(input, command.options);
              });
  return code ? code : print(text);
}

ExitCode runCheck(const CheckOptions &options) {
  FrontEnd frontEnd;
  ExitCode code = frontEnd.load(options.files, options.compile.jsonDiagnostics);
  if (code == exitDone && options.isVerbose)
    return print(std::to_string(options.files.size()) + " files, " +
                 std::to_string(frontEnd.checked.program->fns.size()) + " functions: no errors; " +
                 std::to_string(frontEnd.checked.notes.size()) +
                 " accesses, races and facts shown to hold, " +
                 std::to_string(frontEnd.checked.sites.size()) + " checks while running\n");
  return code;
}

/// Options of the build that stand before a command would be lost in silence.
std::string misplaced(CLI::App &app) {
  for (CLI::Option *option : app.get_options())
    if (option->count() > 0)
      return option->get_name();
  return "";
}

/// A word without an extension that names no file was meant as a command.
ExitCode refuseCommand(const std::vector<std::string> &inputs) {
  for (const std::string &word : inputs)
    if (word.find_first_of("./-") == std::string::npos && !std::filesystem::exists(word))
      return usage("'" + word +
                   "' is neither a file nor a command; commands are check, run and explain");
  return exitDone;
}

/// The first word with `=` ends the search for a function's name.
ExitCode splitWords(const std::vector<std::string> &words, RunOptions &options) {
  for (const std::string &word : words) {
    if (word.find('=') != std::string::npos)
      options.assignments.push_back(word);
    else if (options.function.empty())
      options.function = word;
    else
      return usage("'" + word + "' is neither the function (that is '" + options.function +
                   "') nor NAME=VALUE");
  }
  return exitDone;
}
} // namespace

int main(int argc, char **argv) {
  CLI::App app{"texprc compiles .tx files, a small language of tensor expressions, to object files "
               "with a C header.",
               "texprc"};
  app.set_version_flag("--version", std::string("texprc ") + texpr::version);
  CompileOptions options;
  addBuild(app, options);
  CheckOptions checkOptions;
  CLI::App *check = addCheck(app, checkOptions);
  RunOptions runOptions;
  std::vector<std::string> words;
  CLI::App *run = addRun(app, runOptions, words);
  ExplainCommand explainCommand;
  CLI::App *explain = addExplain(app, explainCommand);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &e) {
    if (e.get_exit_code() == 0)
      return app.exit(e);
    return usage(std::string(e.what()) + "; see texprc --help");
  }
  if (!app.get_subcommands().empty())
    if (std::string name = misplaced(app); !name.empty())
      return usage(name + " stands before the command; options of a command come after it");
  if (*check)
    return runCheck(checkOptions);
  if (*explain)
    return runExplain(explainCommand);
  if (*run) {
    ExitCode code = splitWords(words, runOptions);
    return code ? code : texpr::run(runOptions);
  }
  if (options.inputs.empty())
    return usage("no input; try texprc --help");
  if (ExitCode code = refuseCommand(options.inputs))
    return code;
  return compile(options);
}

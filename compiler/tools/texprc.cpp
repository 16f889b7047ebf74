// The command: parses its line and calls one function of the driver.
#include "compiler/Driver.h"
#include <CLI/CLI.hpp>
#include <cstdio>

namespace {
using namespace texpr;

void addBuild(CLI::App &app, CompileOptions &options) {
  static const std::map<std::string, EmitKind> kinds = {
      {"obj", EmitKind::object}, {"so", EmitKind::shared},     {"asm", EmitKind::assembly},
      {"llvm", EmitKind::llvm},  {"header", EmitKind::header}, {"tx", EmitKind::tx},
      {"par", EmitKind::par}};
  app.add_option(
      "FILE", options.inputs,
      ".tx files that make one object, or one .mlir file of any stage ('-': standard input)");
  app.add_option("-o", options.output,
                 "the output; beside it, with the extension .h, goes the header");
  app.add_option(
      "--target", options.targets,
      "cpu (x86-64-v2, v3 and v4 in one object), x86-64-v2|v3|v4, aarch64, native; a comma list");
  app.add_option("--emit", options.emit, "what to write: obj, so, asm, llvm, header, tx, par")
      ->transform(CLI::CheckedTransformer(kinds).description(""));
  app.add_option("-O", options.optLevel,
                 "0: one kernel a form, no vectors; 1: fusion and vectors; 2 (default): "
                 "everything; 3: a wider search")
      ->check(CLI::Range(0, 3));
  app.add_option("--stop-after", options.stopAfter,
                 "print the module after a stage (import, tx, par, mapped, target) or a pass");
  app.add_option("--save-stages", options.saveStages,
                 "a folder that gets the module at every stage, as numbered files");
  app.add_option("--depfile", options.depfile, "write a make rule that names the inputs");
}
} // namespace

int main(int argc, char **argv) {
  CLI::App app{"texprc compiles .tx files, a small language of tensor expressions, to object files "
               "with a C header.",
               "texprc"};
  app.footer("Examples:\n"
             "  texprc softmax.tx -o softmax.o            object and softmax.h, for every x86-64\n"
             "  texprc softmax.tx --emit=so -o softmax.so for ctypes and dlopen\n"
             "  texprc check softmax.tx                   errors only\n"
             "  texprc softmax.tx --stop-after=mapped     what each loop became\n");
  app.set_version_flag("--version", "texprc 0.1");
  CompileOptions options;
  addBuild(app, options);
  std::string diagnostics = "text";
  app.add_option("--diagnostics", diagnostics, "text or json")
      ->check(CLI::IsMember({"text", "json"}));

  CLI::App *check = app.add_subcommand("check", "read and check the files, write nothing");
  std::vector<std::string> checkFiles;
  check->add_option("FILE", checkFiles, ".tx files")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &e) {
    return app.exit(e) == 0 ? exitDone : exitUsage;
  }
  options.jsonDiagnostics = diagnostics == "json";
  if (*check)
    return FrontEnd().load(checkFiles, options.jsonDiagnostics);
  if (options.inputs.empty()) {
    std::fprintf(stderr, "texprc: error: no input; try texprc --help\n");
    return exitUsage;
  }
  return compile(options);
}

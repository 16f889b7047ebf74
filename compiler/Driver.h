// From files to files: what every command of texprc is made of.
#pragma once
#include "compiler/source/Check.h"
#include "compiler/target/Target.h"
#include <functional>
#include <string>
#include <vector>

namespace mlir {
class ModuleOp;
}

namespace texpr {

inline constexpr const char *version = "0.1";

/// What a process returns. 4 comes with a reproducer.
enum ExitCode {
  exitDone = 0,
  exitProgram = 1,
  exitUsage = 2,
  exitEnvironment = 3,
  exitInternal = 4
};

enum class EmitKind { object, shared, assembly, llvm, header, tx, par };

struct FrontEnd;

struct CompileOptions {
  std::vector<std::string> inputs; // .tx files, or one .mlir
  std::string output;              // empty: beside the first input
  std::string targets = "cpu";     // a comma list
  EmitKind emit = EmitKind::object;
  unsigned optLevel = 2;
  std::string checked;    // "", "all" or "nan": what a checked build verifies
  std::string stopAfter;  // a stage or a pass: prints the module there
  std::string saveStages; // a folder for numbered files
  std::string depfile;
  bool jsonDiagnostics = false;
  FrontEnd *frontEnd = nullptr; // the inputs, where they are loaded already
};

/// The front end alone: what `check`, `explain` and `run` start with.
struct FrontEnd {
  SourceFiles files;
  Diagnostics diags;
  CheckedProgram checked;

  /// Reads, parses and checks; prints what is wrong to stderr. exitDone or exitProgram
  /// (exitEnvironment: unreadable).
  ExitCode load(const std::vector<std::string> &inputs, bool json);

private:
  void checkMachines();
};

/// The targets of a comma list, `cpu` being the x86-64 levels; empty with `error` where one is
/// unknown.
std::vector<const Target *> parseTargets(const std::string &list, std::string &error);

ExitCode compile(const CompileOptions &options);

/// Takes the program to the end of the road for the last of the targets and hands over the modules that `passes` left, by
/// their names; a null module: the pass did not run. `everyTarget`: for each of them, one after the other.
using ModuleAfter = std::function<mlir::ModuleOp(llvm::StringRef pass)>;
ExitCode
inspect(const CompileOptions &options, const std::vector<std::string> &passes,
        const std::function<void(const FrontEnd &, const Target &, const ModuleAfter &)> &look,
        bool everyTarget = false);

} // namespace texpr

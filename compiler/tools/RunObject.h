// A compiled function, loaded into this process and called through its C entry.
#pragma once
#include "compiler/tools/RunArguments.h"
#include "runtime/include/texpr/abi.h"

namespace texpr {

class RunObject {
public:
  RunObject() = default;
  RunObject(const RunObject &) = delete;
  RunObject &operator=(const RunObject &) = delete;
  ~RunObject();

  /// Compiles the program with `options` (whose front end is loaded), links it with a small C caller, loads it.
  ExitCode load(const FnDecl &fn, CompileOptions options);
  /// Takes the workspace that the call asks for, and points at arguments and results. exitProgram: refused.
  ExitCode prepare(const FnDecl &fn, CallValues &values, int threads);
  /// One call. A refusal is printed, exitProgram; one that data caused at its place in the source.
  ExitCode call();
  /// Gives what is lent its first contents again.
  void restoreLent();

private:
  using Entry = int (*)(void *const *);
  ExitCode failed(int status) const;
  void keepLent(const FnDecl &fn, CallValues &values);

  void *library = nullptr;
  Entry entry = nullptr, query = nullptr;
  std::string function;
  std::vector<void *> entryArguments, queryArguments;
  std::vector<int64_t> dims; // by value: the arguments point here, and into the next
  std::vector<uint64_t> scalars;
  tx_call context = {};
  tx_report report = {};
  const FrontEnd *frontEnd = nullptr;
  bool isChecked = false; // its texts have their places
  char errorText[512] = {};
  size_t workspaceBytes = 0;
  std::vector<uint8_t> workspace;
  std::vector<std::pair<std::vector<uint8_t> *, std::vector<uint8_t>>> lent;
};

} // namespace texpr

// Runs cases as compiled code: texprc, dlopen, the C entry, in a child process.
#pragma once
#include "tests/random/Case.h"

namespace texpr::random {

struct Tools {
  std::string texprc;
  std::string folder; // for sources and objects; emptied by the caller
  std::vector<std::string> levels = {"-O0", "-O2"};
  std::vector<int> workers = {1, 2};
};

struct Mismatch {
  size_t index; // of the case in the batch
  std::string text;
};

/// Compiles all cases as one file, at each level, and calls each on its runs, with each number of
/// workers. What differs from the interpreter, at most one a case.
std::vector<Mismatch> runObjects(const std::vector<const Case *> &cases, const Tools &tools);

/// Runs a program without a shell; its exit code (128 + signal where it was killed), its output.
struct Outcome {
  int code;
  std::string output;
};
Outcome runProgram(const std::vector<std::string> &arguments, unsigned seconds);

} // namespace texpr::random

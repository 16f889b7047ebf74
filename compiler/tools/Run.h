// `texprc run`: a function on real arrays and scalars.
#pragma once
#include "compiler/Driver.h"

namespace texpr {

struct RunOptions {
  std::string file, function;           // function: empty where the file exports one
  std::vector<std::string> assignments; // "x=in.npy", "eps=1e-5", "n=5"
  std::vector<std::string> outputs;     // "y=out.npy"; a bare path where there is one result
  bool isTimed = false, isInterpreted = false;
  int threads = 0; // 0: all
  CompileOptions compile;
};

ExitCode run(const RunOptions &options);

} // namespace texpr

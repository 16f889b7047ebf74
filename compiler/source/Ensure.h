// What a function promises of its compiled code.
#pragma once
#include "compiler/source/Ast.h"

namespace texpr {

enum class PromiseUnit { None, Count, Bytes, Time };

/// `1 <= kernels <= 2 at (n = 4096)`; bytes and nanoseconds where a unit is written.
struct Promise {
  std::string subject; // kernels, workspace, fused, smem, registers, no_spill, time
  int64_t least = 0;
  std::optional<int64_t> most;
  std::vector<std::pair<std::string, int64_t>> at;
};

/// Nothing where the fact is no promise.
std::optional<Promise> promiseOf(const Fact &f);

} // namespace texpr

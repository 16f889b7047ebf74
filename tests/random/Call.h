// One call of a compiled function through the C ABI, with guards around all memory that it is
// given.
#pragma once
#include "runtime/include/texpr/abi.h"
#include "tests/random/Case.h"

namespace texpr::random {

/// C text of a function `int call_NAME(void *entry, void **args)` and of `workspace_NAME`: the shim
/// knows the types, so that the call itself needs no foreign-function library.
std::string shimText(const Checked &checked, const std::string &name);

using Shim = int (*)(void *entry, void **args);

/// Calls `entry` on a run. What is wrong: a status, a result, a written input, a damaged guard; or
/// nothing.
std::optional<std::string> callEntry(const Case &c, const Run &run, Shim call, Shim workspace,
                                     void *entry, void *workspaceEntry, int workers);

} // namespace texpr::random

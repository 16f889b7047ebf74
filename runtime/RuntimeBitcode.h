// The runtime as texprc carries it: LLVM bitcode to link into an object, and the text that opens
// each header.
//
// The functions of runtime/include/texpr/runtime.h are named prefix() + name
// ("tx_rt_0123456789ab_parallel_for"). In the bitcode they are weak and hidden, state included. An
// emitter that links them into a module should turn every weak definition whose name starts with
// prefix() into linkonce_odr with a COMDAT of its own name, so that two objects keep one copy of
// the code and a module drops what it does not call.
#pragma once
#include <string_view>

namespace texpr::runtime {

/// The module of an architecture ("x86_64", "aarch64"); empty where texprc was built without it.
/// 8-byte aligned.
std::string_view bitcode(std::string_view arch);

/// "tx_rt_<hash>_": what every symbol of the runtime starts with.
std::string_view prefix();

/// From `#ifndef TEXPR_ABI_1` to its `#endif` and a newline: the block that is the same in every
/// header.
std::string_view abiText();

} // namespace texpr::runtime

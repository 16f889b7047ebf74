// The loops of a mapped kernel, as an indented list.
#pragma once
#include "compiler/report/Indices.h"
#include "dialects/par/ParOps.h"

namespace texpr::report {

/// Loops, contractions and buffers, a line each: "i, j: 16 lanes along j".
std::vector<std::string> loopsOf(par::KernelOp kernel, Indices &indices);

/// Bytes on the stack and in registers of one task.
struct Scratch {
  int64_t stack = 0, registers = 0;
};
Scratch scratchOf(par::KernelOp kernel);

} // namespace texpr::report

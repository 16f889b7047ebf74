// What most files of this folder include: the ops of par, and the two heavy upstream dialects that
// only this folder names.
#pragma once
#include "dialects/Pch.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

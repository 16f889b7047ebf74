// The tensors that a nest reads by name or number, and which of them `plan.stage` copies: asked by plan and by transform.
//
//   {plan.stage = {b = {place = "stack", least = 64 : i64}, "1" = {}}}
//   b: the parameter of that name; 1: the first tensor that the nest reads. `place` left out: the compiler's choice;
//   `least`: where fewer rows or fewer terms of the sum are at hand, the tensor is read as it lies.
#pragma once
#include "dialects/par/Contraction.h"

namespace texpr::par {

/// What the nest itself loads from outside, in the order of the first load; not what nests inside it load.
llvm::SmallVector<mlir::Value> tensorsRead(ForallOp nest);

/// The parameter that a buffer is; empty for any other.
llvm::StringRef parameterOf(mlir::Value tensor);

/// The parameter's name, or the number of the tensor in the nest, as pins have it.
std::string keyOf(ForallOp nest, mlir::Value tensor);

/// The tensor of that name or number; null where the nest reads none.
mlir::Value tensorOf(ForallOp nest, llvm::StringRef key);

/// How `tensor` is staged by `stage`; null: it is not.
mlir::DictionaryAttr stagingOf(ForallOp nest, mlir::DictionaryAttr stage, mlir::Value tensor);

/// Constant copies of `elements` of the tensor take so many bytes.
int64_t bytesOf(mlir::Value tensor, int64_t elements);

/// The store of a contraction's nest whose place may hold the sums while they grow, as it is to a result, of their type,
/// once for each; null where there is none.
StoreOp homeOf(Contraction &c);

} // namespace texpr::par

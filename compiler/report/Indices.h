// Index values of a function as formulas in its dims.
#pragma once
#include "compiler/report/Formula.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include <set>

namespace texpr::report {

class Indices {
public:
  /// What an axis of a loop is called: by a variable of its own, to be summed over, or as in the source.
  enum class Axes { summed, named };
  /// `dims`: the names of the function's arguments, in order, where they are no attributes.
  explicit Indices(mlir::func::FuncOp func, std::vector<std::string> dims = {},
                   Axes axes = Axes::summed);
  /// Calls `v` by a name, where it is no constant and no argument.
  void setName(mlir::Value v, llvm::StringRef name);

  /// The value as a formula; what is none is a variable with its text.
  Formula of(mlir::Value v);
  /// `f` summed over an axis of a loop; a window of rows that moves with an outer axis is as wide as
  /// inside the tensor.
  Formula sum(const Formula &f, mlir::Value axis, mlir::Value lower, mlir::Value upper,
              llvm::StringRef name);
  /// `f` at the first value of an axis.
  Formula first(const Formula &f, mlir::Value axis, mlir::Value lower, llvm::StringRef name);
  bool dependsOnAxis(mlir::Value v);
  bool dependsOnData(mlir::Value v);

  /// "t1 = ceil(h / 64)": long parts, named once.
  const std::vector<std::pair<std::string, std::string>> &definitions() const { return named; }

private:
  std::string variable(mlir::Value axis);
  Formula compute(mlir::Value v);
  Formula quotient(mlir::Value dividend, mlir::Value divisor, bool roundsUp);
  Formula choice(mlir::Operation *op, bool isMax);
  Formula atom(const std::string &text);
  bool reaches(mlir::Value v, llvm::function_ref<bool(mlir::Value)> goal);

  Axes axes;
  llvm::DenseMap<mlir::Value, Formula> known;
  std::vector<std::pair<std::string, std::string>> named;
  std::set<std::string> dimNames;
  llvm::DenseMap<mlir::Value, std::string> variables; // of axes
};

} // namespace texpr::report

// Index arithmetic at given sizes of the dims.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include <map>
#include <optional>
#include <string>

namespace texpr::plan {

class Sizes {
public:
  /// Sizes are of the arguments that are dims, and of other integers, by their names.
  explicit Sizes(mlir::func::FuncOp func);
  void set(llvm::StringRef dim, int64_t size) {
    sizes[dim.str()] = size;
    known.clear();
  }
  /// The same sizes for a function whose arguments are the dims alone, in their order.
  Sizes in(mlir::func::FuncOp formula) const;

  /// The value of index arithmetic or of a condition on it; nothing where a dim without a size, or data, takes part.
  std::optional<int64_t> eval(mlir::Value v) const;
  /// "m = …, n = …": the dims that have no size.
  std::string missing() const;

private:
  std::optional<int64_t> compute(mlir::Value v) const;

  mlir::Block *entry = nullptr;
  llvm::SmallVector<std::string> names; // by argument; empty: no integer
  llvm::SmallVector<std::string> dims;  // those of the names that are dims
  mutable llvm::DenseMap<mlir::Value, std::optional<int64_t>> known;
  std::map<std::string, int64_t> sizes;
};

} // namespace texpr::plan

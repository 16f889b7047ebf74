// The executable meaning of the stages tx, par and mapped: runs a function on concrete arrays.
//
// Slow on purpose and independent of every pass: what a pass changes and must not change is found by running before and after it.
#pragma once
#include "dialects/par/ParOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace texpr::par {

/// Bytes that remember which of them were ever written.
struct Storage {
  std::vector<uint8_t> bytes;
  std::vector<bool> written;
  explicit Storage(size_t size) : bytes(size), written(size) {}
};

/// One value of a program: an integer (sign-extended; a bool is 0 or 1), a float, or an array.
struct Datum {
  int64_t integer = 0;
  double real = 0;

  // Arrays: tensors and buffers.
  std::shared_ptr<Storage> storage;
  int64_t offset = 0; // in bytes
  mlir::Type element;
  llvm::SmallVector<int64_t> extents;

  static Datum ofInteger(int64_t v);
  static Datum ofReal(double v);
  /// A new array of which nothing is written.
  static Datum ofArray(mlir::Type element, llvm::ArrayRef<int64_t> extents);

  bool isArray() const { return storage != nullptr; }
  int64_t count() const;
  int64_t elementBytes() const;
  /// Elements by linear index; `get` answers nothing where a byte was never written.
  std::optional<Datum> get(int64_t linear) const;
  void set(int64_t linear, const Datum &value);
};

/// Bytes of an element in memory: a bool takes one.
int64_t bytesOf(mlir::Type element);
/// `v` rounded to a float type.
double roundTo(mlir::Type type, double v);

struct InterpreterOptions {
  /// Iterations of forall in an order drawn from `seed`, not in index order.
  bool shuffle = false;
  uint64_t seed = 1;
  uint64_t maxSteps = 2'000'000'000;
  /// Gives the contents of an array argument when its extents are known.
  std::function<Datum(unsigned argument, mlir::Type element, llvm::ArrayRef<int64_t> extents)>
      input;
};

struct InterpreterResult {
  /// What the program must never do: out of bounds, read of what was never written, and where.
  std::optional<std::string> error;
  /// Sites of failures, in the order they were recorded.
  std::vector<int64_t> failures;
  /// Returned values, or the contents of the arguments marked tx.out.
  std::vector<Datum> results;
};

/// Runs `f`. `scalars` are its arguments that are no arrays, in order; arrays come from `options.input`.
InterpreterResult interpret(mlir::func::FuncOp f, llvm::ArrayRef<Datum> scalars,
                            const InterpreterOptions &options);

} // namespace texpr::par

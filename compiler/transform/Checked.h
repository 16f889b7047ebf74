// What the parts of `instrument-checks` share: where a failure is, and how it is worded.
//
// A check is `if bad { par.fail SITE values(…); par.stop }`. The code is serial and ends there, so
// the first failure in the order of the program is the one that is reported, and nothing behind it
// runs. The site's text has a `{}` for each value.
#pragma once
#include "dialects/par/ParOps.h"
#include "dialects/tx/TxOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace texpr::checked {

/// On a full forall, and on what split-lanes makes of it: its number.
inline constexpr llvm::StringLiteral kLanes = "checked.lanes";
/// On the clock of a full forall, and on what advances it: that number.
inline constexpr llvm::StringLiteral kEpoch = "checked.epoch";
/// On a loop that the source does not have.
inline constexpr llvm::StringLiteral kMade = "checked.made";
/// On a buffer in which each lane has elements of its own: the numbers of those foralls.
inline constexpr llvm::StringLiteral kOwn = "checked.own";

/// The module's `texpr.sites`, to which each check adds one.
class Sites {
public:
  explicit Sites(mlir::ModuleOp module);
  /// `text` begins with the place of `loc`.
  int64_t add(mlir::Location loc, const llvm::Twine &text, size_t values);
  /// What a site says that was there before, with its place.
  std::string text(int64_t site) const;
  /// True of those that `add` made.
  bool isOurs(int64_t site) const;
  void write();

private:
  mlir::ModuleOp module;
  llvm::SmallVector<mlir::Attribute> all;
};

/// The indices of the loops around an op, outermost first: " at i = {}, j = {}".
struct Around {
  explicit Around(mlir::Operation *op);
  std::string text;
  llvm::SmallVector<mlir::Value> values;
};

/// Emits a check at the builder. `values` is called where it fails. Without an index it reports the iteration.
void failIf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value bad, int64_t site,
            llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &)> values,
            mlir::Value index = {});
/// The same with the loops around as values; `text` gets their names.
void failAround(mlir::OpBuilder &b, Sites &sites, mlir::Operation *op, mlir::Value bad,
                const llvm::Twine &text, mlir::Value index = {});

/// What a buffer is called: "`x`", or "a value" where it has no name.
std::string nameOf(mlir::Value buffer);

/// Bounds, initialization and races of one function.
void instrumentMemory(mlir::func::FuncOp func, Sites &sites);
/// Divisions that the source has; with `nan` also what makes a NaN.
void instrumentNumbers(mlir::ModuleOp module, Sites &sites, bool nan);
/// Associativity and identity of users' operators.
void instrumentLaws(mlir::ModuleOp module, Sites &sites);

} // namespace texpr::checked

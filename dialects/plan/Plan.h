// The decisions of the compiler as attributes: names, typed access, and when one is well formed.
//
// All are plain builtin attributes with the prefix `plan.`: policy, pins, tuner and tests write
// them by one door, the pass named in README.md reads each.
#pragma once
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/IntegerSet.h"
#include "mlir/IR/Operation.h"
#include <optional>

namespace texpr::plan {

inline constexpr llvm::StringLiteral storeName = "plan.store";
inline constexpr llvm::StringLiteral depthName = "plan.depth";
inline constexpr llvm::StringLiteral whyName = "plan.why";
inline constexpr llvm::StringLiteral tileName = "plan.tile";
inline constexpr llvm::StringLiteral blocksName = "plan.blocks";
inline constexpr llvm::StringLiteral orderName = "plan.order";
inline constexpr llvm::StringLiteral grainName = "plan.grain";
inline constexpr llvm::StringLiteral workName = "plan.work";
inline constexpr llvm::StringLiteral tasksName = "plan.tasks";
inline constexpr llvm::StringLiteral leastName = "plan.least";
inline constexpr llvm::StringLiteral vectorName = "plan.vector";
inline constexpr llvm::StringLiteral unrollName = "plan.unroll";
inline constexpr llvm::StringLiteral straightName = "plan.straight";
inline constexpr llvm::StringLiteral mapName = "plan.map";
inline constexpr llvm::StringLiteral algoName = "plan.algo";
inline constexpr llvm::StringLiteral className = "plan.class";
inline constexpr llvm::StringLiteral placeName = "plan.place";
inline constexpr llvm::StringLiteral layoutName = "plan.layout";
inline constexpr llvm::StringLiteral stageName = "plan.stage";
inline constexpr llvm::StringLiteral instrName = "plan.instr";
inline constexpr llvm::StringLiteral pinnedName = "plan.pinned";
inline constexpr llvm::StringLiteral storedName = "plan.stored";
/// Not a decision: what a function promises.
inline constexpr llvm::StringLiteral ensureName = "tx.ensure";

/// Where a produced value lives: cloned into its readers, once per iteration of the first `depth`
/// axes, in memory.
enum class Store { inlined, tile, memory };
std::optional<Store> getStore(mlir::Operation *op);
void setStore(mlir::Operation *op, Store store);
llvm::StringRef stringify(Store store);

/// The depth of `tile`; 0 where absent.
int64_t getDepth(mlir::Operation *op);
void setDepth(mlir::Operation *op, int64_t depth);

/// Why the decision was taken, in words for `explain`; empty where absent.
llvm::StringRef getWhy(mlir::Operation *op);
void setWhy(mlir::Operation *op, const llvm::Twine &why);

/// Tile sizes by axis name.
std::optional<int64_t> getTile(mlir::Operation *op, llvm::StringRef axis);
void setTile(mlir::Operation *op, llvm::ArrayRef<std::pair<llvm::StringRef, int64_t>> sizes);

/// `grainName`, `workName`, `tasksName`, `leastName`, `vectorName`, `unrollName`: positive counts.
std::optional<int64_t> getCount(mlir::Operation *op, llvm::StringRef name);
void setCount(mlir::Operation *op, llvm::StringRef name, int64_t count);

/// The algorithm of a scan, filter, scatter or sort, empty where it is open; and one of its numbers.
llvm::StringRef getAlgo(mlir::Operation *op);
std::optional<int64_t> getAlgoNumber(mlir::Operation *op, llvm::StringRef name);
using AlgoNumber = std::pair<llvm::StringRef, int64_t>;
void setAlgo(mlir::Operation *op, llvm::StringRef algo, llvm::ArrayRef<AlgoNumber> numbers = {});

/// The classes of dims, in the order of the tests; what none holds is the rest.
llvm::SmallVector<mlir::IntegerSet> getClasses(mlir::Operation *op);
void setClasses(mlir::Operation *op, llvm::ArrayRef<mlir::IntegerSet> classes);

/// `reg`, `stack`, `shared`, `workspace` or `result`; empty where open.
llvm::StringRef getPlace(mlir::Operation *op);
void setPlace(mlir::Operation *op, llvm::StringRef place);

/// The row of the target's table; null where absent. Its `name` is always there.
mlir::DictionaryAttr getInstr(mlir::Operation *op);
void setInstr(mlir::Operation *op, mlir::DictionaryAttr row);

/// A decision that the user took: no policy may change it.
bool isPinned(mlir::Operation *op, llvm::StringRef name);
void pin(mlir::Operation *op, llvm::StringRef name);

/// Copies every decision of `from` to `to`.
void copyPlan(mlir::Operation *from, mlir::Operation *to);

/// Checks the attributes of this prefix; holds no ops.
class PlanDialect : public mlir::Dialect {
public:
  explicit PlanDialect(mlir::MLIRContext *context);
  static constexpr llvm::StringLiteral getDialectNamespace() { return llvm::StringLiteral("plan"); }
  mlir::LogicalResult verifyOperationAttribute(mlir::Operation *op,
                                               mlir::NamedAttribute attribute) override;
};

} // namespace texpr::plan

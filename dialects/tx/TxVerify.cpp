// The rules of tx's ops that hold at every stage: ranks, counts, types, what regions yield. Each is
// numbered T<n> and refused once in tests/dialects/tx/tx-errors.mlir; those of domains and
// reductions are in RulesVerify.cpp.
#include "dialects/tx/Extents.h"
#include "dialects/tx/Rules.h"
#include "dialects/tx/TxOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace texpr::tx;

static RankedTensorType tensorOf(Value v) { return cast<RankedTensorType>(v.getType()); }

LogicalResult BindOp::verify() {
  // T1 one extent an axis
  if (int64_t(getExtents().size()) != tensorOf(getSource()).getRank())
    return emitOpError("gives ") << getExtents().size() << " extents to a tensor of rank "
                                 << tensorOf(getSource()).getRank();
  auto arg = dyn_cast<BlockArgument>(getSource());
  bool entry = arg && isa<FunctionOpInterface>(arg.getOwner()->getParentOp());
  // T2 an argument of the function has no other use (a value that a call was given may, until it is
  // folded)
  if (entry && !arg.hasOneUse())
    return emitOpError("is not the only use of its argument");
  return success();
}

LogicalResult FactOp::verify() {
  IntegerSet set = getSet();
  // T3 the operands are the set's symbols
  if (set.getNumDims() != 0 || set.getNumSymbols() != getOperands().size())
    return emitOpError("has ") << getOperands().size() << " operands for a set of "
                               << set.getNumDims() << " dims and " << set.getNumSymbols()
                               << " symbols";
  // T4 a test at entry has words for its refusal
  if (getEntry() && !getText())
    return emitOpError("is tested at entry and has no text");
  return success();
}

LogicalResult VerifyOp::verify() {
  // T5 a range is of integers
  if (!isa<IntegerType>(tensorOf(getSource()).getElementType()))
    return emitOpError("gives a range to ") << tensorOf(getSource());
  return success();
}

LogicalResult ReadOp::verify() {
  // T6 one index an axis
  if (int64_t(getIndices().size()) != getSourceType().getRank())
    return emitOpError("has ") << getIndices().size() << " indices for rank "
                               << getSourceType().getRank();
  // T7 the result is an element
  if (getResult().getType() != getSourceType().getElementType())
    return emitOpError("reads ") << getResult().getType() << " from " << getSourceType();
  // T8 one guard at most
  if (hasElse() && getSite())
    return emitOpError("has both `else` and `fail`");
  return success();
}

LogicalResult ReadOp::verifyRegions() {
  if (!hasElse())
    return success();
  if (failed(verifyArguments(*this, getElseRegion(), {})))
    return failure();
  return verifyYields(*this, getElseRegion(), getResult().getType());
}

/// The extents of a yielded tensor are known, and made outside of `op` where `outside` is asked.
static LogicalResult verifyYieldedExtents(Operation *op, ValueRange values, bool outside) {
  for (Value v : values) {
    if (!isa<RankedTensorType>(v.getType()))
      continue;
    // T9 a yielded tensor was bound, computed or carried
    if (!knownExtents(v))
      return op->emitOpError("yields a tensor whose extents are not known");
    for (Value source : extentSources(v))
      // T10 the extents of a yielded tensor do not change with the iteration
      if (outside && op->isAncestor(source.getParentRegion()->getParentOp()))
        return op->emitOpError("yields a tensor whose extents are defined inside");
  }
  return success();
}

LogicalResult ComputeOp::verifyRegions() {
  if (failed(verifyDomain(*this, getLower(), getUpper(), getAxes(), getBody())))
    return failure();
  ValueRange values = getYield().getValues();
  // T11 one result a yielded value
  if (values.size() != getNumResults())
    return emitOpError("yields ") << values.size() << " values for " << getNumResults()
                                  << " results";
  for (auto [value, result] : llvm::zip_equal(values, getResults())) {
    auto inner = dyn_cast<RankedTensorType>(value.getType());
    int64_t rank = getNumAxes() + (inner ? inner.getRank() : 0);
    // T12 a result's rank is that of the domain and of the yielded value together
    if (tensorOf(result).getRank() != rank ||
        tensorOf(result).getElementType() != getElementTypeOrSelf(value.getType()))
      return emitOpError("yields ") << value.getType() << " over " << getNumAxes()
                                    << " axes for the result " << result.getType();
  }
  return verifyYieldedExtents(*this, values, /*outside=*/true);
}

LogicalResult ReduceOp::verifyRegions() {
  if (failed(verifyDomain(*this, getLower(), getUpper(), getAxes(), getBody())) ||
      failed(verifyReduction(*this, getOp(), getCombinerAttr(), getIsUnsigned(), getWhereRegion(),
                             getNumAxes())) ||
      failed(verifyYields(*this, getBody(), getResultTypes())))
    return failure();
  return verifyYieldedExtents(*this, getYield().getValues(), /*outside=*/true);
}

LogicalResult ReduceOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyCombinerUse(*this, getCombinerAttr(), getResultTypes(), symbols);
}

LogicalResult ListOp::verify() {
  // T14 something is listed
  if (getElements().empty())
    return emitOpError("lists nothing");
  Type first = getElements().front().getType();
  // T15 all elements have one type
  if (!llvm::all_equal(getElements().getTypes()))
    return emitOpError("lists different types");
  auto inner = dyn_cast<RankedTensorType>(first);
  // T16 the result adds an axis
  if (tensorOf(getResult()).getRank() != 1 + (inner ? inner.getRank() : 0) ||
      tensorOf(getResult()).getElementType() != getElementTypeOrSelf(first))
    return emitOpError("lists ") << first << " as " << getResult().getType();
  return success();
}

static bool isConversion(ScalarKind kind) {
  return kind == ScalarKind::fptosi || kind == ScalarKind::fptoui;
}

LogicalResult ScalarOp::verify() {
  size_t count = isConversion(getKind()) ? 1 : 2;
  // T17 two operands, one for a conversion
  if (getOperands().size() != count)
    return emitOpError("has ") << getOperands().size() << " operands, expected " << count;
  Type operand = getOperands().front().getType();
  // T18 the result is an integer
  if (!isa<IntegerType, IndexType>(getResult().getType()))
    return emitOpError("results in ") << getResult().getType();
  // T19 a conversion takes a float, the others two integers of the result's type
  bool fits = isConversion(getKind()) ? isa<FloatType>(operand)
                                      : llvm::all_of(getOperands().getTypes(), [&](Type t) {
                                          return t == getResult().getType();
                                        });
  if (!fits)
    return emitOpError("does not take (")
           << getOperands().getTypes() << ") to " << getResult().getType();
  return success();
}

LogicalResult CombinerOp::verifyRegions() {
  SmallVector<Type> types(getBody().getArgumentTypes());
  size_t leaves = getNumLeaves();
  ArrayRef<Type> half = ArrayRef(types).take_front(leaves);
  // T20 the leaves of a, then of b, of the same types
  if (leaves == 0 || types.size() != 2 * leaves || half != ArrayRef(types).drop_front(leaves))
    return emitOpError("takes (") << types << "), which are not two equal halves";
  // T21 leaves are scalars
  for (Type type : types)
    if (!type.isIntOrIndexOrFloat())
      return emitOpError("combines ") << type;
  if (failed(verifyYields(*this, getBody(), half)))
    return failure();
  if (!hasIdentity())
    return success();
  if (failed(verifyArguments(*this, getIdentity(), {})))
    return failure();
  return verifyYields(*this, getIdentity(), half);
}

LogicalResult KernelOp::verifyRegions() {
  // T22 kernels do not nest
  if (getOperation()->getParentOfType<KernelOp>())
    return emitOpError("stands inside another kernel");
  if (failed(verifyArguments(*this, getBody(), {})) ||
      failed(verifyYields(*this, getBody(), getResultTypes())))
    return failure();
  return verifyYieldedExtents(*this, getYield().getValues(), /*outside=*/false);
}

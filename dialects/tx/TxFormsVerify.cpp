// The rules of for, scan, scatter, filter, sort and check: what their regions take and yield. Each is numbered T<n> and refused once in
// tests/dialects/tx/forms-errors.mlir.
//
// In: one such op. Out: success, or one error that names the rule. Behind it, lowerings may zip what a region yields with the results.
#include "dialects/tx/Rules.h"

using namespace mlir;
using namespace texpr::tx;

/// The type of a stack of `outer` axes over a yielded value is `result`.
static bool isStackOf(Type result, Type yielded, size_t outer) {
  auto inner = dyn_cast<RankedTensorType>(yielded);
  auto tensor = dyn_cast<RankedTensorType>(result);
  return tensor && tensor.getRank() == int64_t(outer) + (inner ? inner.getRank() : 0) &&
         tensor.getElementType() == getElementTypeOrSelf(yielded);
}

static bool areStacksOf(TypeRange results, TypeRange yielded, size_t outer) {
  return results.size() == yielded.size() &&
         llvm::all_of(llvm::zip(results, yielded), [&](auto pair) {
           return isStackOf(std::get<0>(pair), std::get<1>(pair), outer);
         });
}

LogicalResult ForOp::verifyRegions() {
  SmallVector<Type> arguments = {IndexType::get(getContext())};
  llvm::append_range(arguments, getInits().getTypes());
  if (failed(verifyArguments(*this, getBody(), arguments)))
    return failure();
  Type boolean = IntegerType::get(getContext(), 1);
  if (hasWhile() && (failed(verifyArguments(*this, getWhileRegion(), arguments)) ||
                     failed(verifyYields(*this, getWhileRegion(), boolean))))
    return failure();
  size_t carried = getInits().size(), stacks = getNumStacks();
  TypeRange results = getResultTypes(), yielded = getYield().getOperandTypes();
  // T13 the results are the carried values, the stacks of what else is yielded and, with `while`, the number of steps
  if (getNumResults() < carried + hasWhile() || yielded.size() != carried + stacks ||
      results.take_front(carried) != getInits().getTypes() ||
      yielded.take_front(carried) != getInits().getTypes() ||
      !areStacksOf(results.slice(carried, stacks), yielded.drop_front(carried), 1) ||
      (hasWhile() && !results.back().isIndex()))
    return emitOpError("carries (") << getInits().getTypes() << "), yields (" << yielded
                                    << ") and results in (" << results << ")";
  // T23 a failure is of a condition
  if (getSite() && !hasWhile())
    return emitOpError("has a failure site and no `while`");
  return success();
}

LogicalResult ScanOp::verifyRegions() {
  Region none;
  if (failed(verifyDomain(*this, getLower(), getUpper(), getAxes(), getBody())) ||
      failed(
          verifyReduction(*this, getOp(), getCombinerAttr(), getIsUnsigned(), none, getNumAxes())))
    return failure();
  // T24 a scan has one element an index, of what is yielded
  if (!areStacksOf(getResultTypes(), getYield().getOperandTypes(), getNumAxes()))
    return emitOpError("yields (") << getYield().getOperandTypes() << ") over " << getNumAxes()
                                   << " axes for the results (" << getResultTypes() << ")";
  return success();
}

LogicalResult ScanOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyCombinerUse(*this, getCombinerAttr(), getResultTypes(), symbols);
}

LogicalResult ScatterOp::verifyRegions() {
  if (failed(verifyDomain(*this, getLower(), getUpper(), getAxes(), getBody())) ||
      (getOp() && failed(verifyReduction(*this, *getOp(), getCombinerAttr(), getIsUnsigned(),
                                         getWhereRegion(), getNumAxes()))))
    return failure();
  TypeRange yielded = getYield().getOperandTypes();
  size_t axes = getExtents().size();
  // T25 a place has one index an extent
  if (yielded.size() < axes || !llvm::all_of(yielded.take_front(axes), llvm::IsaPred<IndexType>))
    return emitOpError("puts at (") << yielded << ") in a tensor of " << axes << " extents";
  // T26 the results are tensors of what is put
  if (!areStacksOf(getResultTypes(), yielded.drop_front(axes), axes))
    return emitOpError("puts (") << yielded.drop_front(axes) << ") into (" << getResultTypes()
                                 << ")";
  // T27 a start is of the results' types
  if (!getBase().empty() && getBase().getTypes() != getResultTypes())
    return emitOpError("starts from (")
           << getBase().getTypes() << ") and makes (" << getResultTypes() << ")";
  // T28 what may fail says where
  if (!getSite() && ((!getSkip() && !getInBounds()) || (!getOp() && !getDistinct())))
    return emitOpError("tests its places and has no failure site");
  return success();
}

LogicalResult ScatterOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyCombinerUse(*this, getCombinerAttr(), getResultTypes(), symbols);
}

LogicalResult FilterOp::verifyRegions() {
  Type boolean = IntegerType::get(getContext(), 1);
  if (failed(verifyDomain(*this, getLower(), getUpper(), getAxes(), getBody())) ||
      failed(verifyArguments(*this, getWhereRegion(), getBody().getArgumentTypes())) ||
      failed(verifyYields(*this, getWhereRegion(), boolean)))
    return failure();
  // T29 what is kept has one leading axis
  if (!areStacksOf(getKept().getTypes(), getYield().getOperandTypes(), 1))
    return emitOpError("keeps (") << getYield().getOperandTypes() << ") as ("
                                  << getKept().getTypes() << ")";
  return success();
}

LogicalResult SortOp::verifyRegions() {
  if (failed(verifyArguments(*this, getBody(), IndexType::get(getContext()))))
    return failure();
  TypeRange keys = getYield().getOperandTypes();
  // T30 keys are numbers
  if (keys.empty() || !llvm::all_of(keys, llvm::IsaPred<IntegerType, IndexType, FloatType>))
    return emitOpError("sorts by (") << keys << "), expected scalars";
  // T31 each key says how it is ordered
  if ((getDescending() && getDescending()->size() != keys.size()) ||
      (getAreUnsigned() && getAreUnsigned()->size() != keys.size()))
    return emitOpError("orders other than its ") << keys.size() << " keys";
  auto result = cast<RankedTensorType>(getResult().getType());
  // T32 the result is a list of indices
  if (result.getRank() != 1 || !result.getElementType().isInteger(64))
    return emitOpError("makes ") << result << ", expected tensor<?xi64>";
  return success();
}

LogicalResult CheckOp::verifyRegions() {
  if (failed(verifyDomain(*this, getLower(), getUpper(), getAxes(), getBody())))
    return failure();
  return verifyYields(*this, getBody(), IntegerType::get(getContext(), 1));
}

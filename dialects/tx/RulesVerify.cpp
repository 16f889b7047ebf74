// The rules that tx and par share, written once. Each is numbered S<n> and refused once in
// tests/dialects/tx/shared-errors.mlir.
//
// In: an op of either dialect with a domain, a combiner or guarded access. Out: success, or one error that names the rule.
#include "dialects/tx/Rules.h"

using namespace mlir;

namespace texpr::tx {

LogicalResult verifyArguments(Operation *op, Region &region, TypeRange types) {
  // S1 a region's arguments are those that the op gives it
  if (TypeRange(region.getArgumentTypes()) != types)
    return op->emitOpError("has a region with arguments (")
           << region.getArgumentTypes() << "), expected (" << types << ")";
  return success();
}

LogicalResult verifyYields(Operation *op, Region &region, TypeRange types) {
  Operation *end = region.front().getTerminator();
  // S2 a region yields what its op promises
  if (TypeRange(end->getOperandTypes()) != types)
    return op->emitOpError("has a region that yields (")
           << end->getOperandTypes() << "), expected (" << types << ")";
  return success();
}

LogicalResult verifyDomain(Operation *op, ValueRange lower, ValueRange upper, ArrayAttr axes,
                           Region &body) {
  // S3 as many lower bounds as upper bounds
  if (lower.size() != upper.size())
    return op->emitOpError("has ")
           << lower.size() << " lower and " << upper.size() << " upper bounds";
  // S4 as many names as axes
  if (axes.size() != upper.size())
    return op->emitOpError("names ") << axes.size() << " axes of " << upper.size();
  SmallVector<Type> index(upper.size(), IndexType::get(op->getContext()));
  return verifyArguments(op, body, index);
}

/// Does a builtin operator take this element?
static bool accepts(Combine combine, Type element) {
  bool isInteger = isa<IntegerType, IndexType>(element);
  switch (combine) {
  case Combine::and_op:
  case Combine::or_op:
  case Combine::xor_op:
    return isInteger;
  case Combine::user:
    return true;
  default:
    return isInteger || isa<FloatType>(element);
  }
}

LogicalResult verifyReduction(Operation *op, Combine combine, FlatSymbolRefAttr combiner,
                              bool isUnsigned, Region &where, size_t axes) {
  // S5 a combiner is named exactly by `user`
  if ((combine == Combine::user) != bool(combiner))
    return op->emitOpError(combiner ? "names a combiner but is no `user` reduction"
                                    : "is a `user` reduction without a combiner");
  // S6 something is reduced
  if (op->getNumResults() == 0)
    return op->emitOpError("reduces nothing");
  for (Type type : op->getResultTypes()) {
    Type element = getElementTypeOrSelf(type);
    // S7 a builtin operator is defined on the element
    if (!accepts(combine, element))
      return op->emitOpError("cannot reduce ")
             << type << " with `" << stringifyCombine(combine) << "`";
    bool ordered = combine == Combine::min || combine == Combine::max;
    // S8 only the order of integers has a sign
    if (isUnsigned && !(ordered && isa<IntegerType, IndexType>(element)))
      return op->emitOpError("is `unsigned` but does not compare integers");
  }
  if (where.empty())
    return success();
  Type index = IndexType::get(op->getContext()), boolean = IntegerType::get(op->getContext(), 1);
  if (failed(verifyArguments(op, where, SmallVector<Type>(axes, index))))
    return failure();
  return verifyYields(op, where, boolean);
}

LogicalResult verifyCombinerUse(Operation *op, FlatSymbolRefAttr combiner, TypeRange results,
                                SymbolTableCollection &symbols) {
  if (!combiner)
    return success();
  auto callee = symbols.lookupNearestSymbolFrom<CombinerOp>(op, combiner);
  // S9 the combiner exists
  if (!callee)
    return op->emitOpError("names ") << combiner << ", which is no tx.combiner";
  SmallVector<Type> leaves;
  for (Type type : results)
    leaves.push_back(getElementTypeOrSelf(type));
  auto arguments = callee.getBody().getArguments().take_front(callee.getNumLeaves());
  // S10 its leaves are the reduced elements
  if (ValueRange(arguments).getTypes() != TypeRange(leaves))
    return op->emitOpError("reduces (") << leaves << "), which are not the leaves of " << combiner;
  return success();
}

} // namespace texpr::tx

// The rules of par's ops that hold at every stage: ranks, counts, types, races that show without a
// proof. Each is numbered P<n> and refused once in tests/dialects/par/par-errors.mlir; those of
// domains and reductions are tx's.
#include "dialects/par/Accesses.h"
#include "dialects/par/ParOps.h"
#include "dialects/tx/AccessMap.h"
#include "dialects/tx/Rules.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace texpr;
using namespace texpr::par;

static unsigned rankOf(Value buffer) { return getBufType(buffer).getRank(); }
static Type elementOf(Value buffer) { return getBufType(buffer).getElementType(); }

static LogicalResult verifyExtents(Operation *op, ValueRange extents, Value buffer) {
  // P1 one extent an axis
  if (extents.size() != rankOf(buffer))
    return op->emitOpError("gives ")
           << extents.size() << " extents to a buffer of rank " << rankOf(buffer);
  return success();
}

LogicalResult BindOp::verify() {
  auto arg = dyn_cast<BlockArgument>(getSource());
  // P2 a buffer argument of the function is used by its bind alone
  if (!arg || !isa<FunctionOpInterface>(arg.getOwner()->getParentOp()) || !arg.hasOneUse())
    return emitOpError("is not the only use of an argument of the function");
  return verifyExtents(*this, getExtents(), getResult());
}

LogicalResult DoOp::verifyRegions() {
  SmallVector<Type> arguments;
  for (Value v : getInputs())
    arguments.push_back(bufferOf(v.getType()));
  unsigned ranks = 0;
  for (Value v : getResults()) {
    arguments.push_back(bufferOf(v.getType()));
    ranks += rankOf(getBody().getArgument(arguments.size() - 1));
  }
  if (failed(tx::verifyArguments(*this, getBody(), arguments)))
    return failure();
  // P3 the extents are those of all results together
  if (getExtents().size() != ranks)
    return emitOpError("has ") << getExtents().size() << " extents for results of " << ranks
                               << " axes together";
  for (const Access &access : accessesUnder(*this))
    // P4 an input is read only
    if (access.isWrite() && llvm::is_contained(getInputBuffers(), access.buffer))
      return emitOpError("stores to an input");
  return success();
}

LogicalResult KernelOp::verifyRegions() {
  // P5 kernels do not nest
  if (getOperation()->getParentOfType<KernelOp>())
    return emitOpError("stands inside another kernel");
  return success();
}

static LogicalResult verifyLevel(Operation *op, std::optional<StringRef> level) {
  static constexpr StringLiteral known[] = {"cluster", "block",  "warpgroup", "warp",
                                            "lane",    "thread", "simd",      "step"};
  // P6 a level is one of the source's or of a machine's
  if (level && !llvm::is_contained(known, *level))
    return op->emitOpError("has no such level: \"") << *level << "\"";
  return success();
}

/// Two iterations of `nest` surely store the same element: unguarded, and no index depends on an
/// axis that runs.
static bool storesTwice(ForallOp nest, const Access &access) {
  if (!access.isWrite() || access.mask || isa<ContractOp, AtomicOp>(access.op))
    return false;
  for (Operation *p = access.op->getParentOp(); p != nest; p = p->getParentOp()) {
    auto inner = dyn_cast<ForallOp>(p);
    // Inner bounds that follow an outer axis cut its domain into parts: nothing is sure then.
    bool parts = inner && llvm::any_of(inner->getOperands(), [&](Value bound) {
                   return llvm::any_of(nest.getArgs(),
                                       [&](Value axis) { return tx::dependsOn(bound, axis); });
                 });
    if (!isa<ForallOp, KernelOp>(p) || parts)
      return false;
  }
  for (auto [axis, upper] : llvm::zip_equal(nest.getArgs(), nest.getUpper())) {
    bool uses = llvm::any_of(access.indices, [&](Value v) { return tx::dependsOn(v, axis); });
    if (!uses && !matchPattern(upper, m_One()))
      return true;
  }
  return false;
}

LogicalResult ForallOp::verifyRegions() {
  if (failed(tx::verifyDomain(*this, getLower(), getUpper(), getAxes(), getBody())) ||
      failed(tx::verifyYields(*this, getBody(), {})) || failed(verifyLevel(*this, getLevel())))
    return failure();
  if (getDisjoint())
    return success();
  for (const Access &access : accessesUnder(*this))
    // P7 no element is stored by two iterations, where that shows in the indices alone
    if (!isLocalTo(access.buffer, *this) && storesTwice(*this, access)) {
      auto error = emitOpError("stores one element in several iterations");
      error.attachNote(access.op->getLoc()) << "this store does not depend on every axis";
      return error;
    }
  return success();
}

LogicalResult SeqOp::verifyRegions() {
  SmallVector<Type> arguments = {IndexType::get(getContext())};
  llvm::append_range(arguments, getInits().getTypes());
  if (failed(tx::verifyArguments(*this, getBody(), arguments)) ||
      failed(tx::verifyYields(*this, getBody(), getInits().getTypes())))
    return failure();
  if (hasWhile() &&
      (failed(tx::verifyArguments(*this, getWhileRegion(), arguments)) ||
       failed(tx::verifyYields(*this, getWhileRegion(), IntegerType::get(getContext(), 1)))))
    return failure();
  // P8 the results are the carried values
  if (getResultTypes() != getInits().getTypes())
    return emitOpError("carries (")
           << getInits().getTypes() << ") and results in (" << getResultTypes() << ")";
  // P9 a buffer is never carried, so that its root is found by walking up
  if (llvm::any_of(getInits().getTypes(), llvm::IsaPred<BufType>))
    return emitOpError("carries a buffer");
  return success();
}

LogicalResult ReduceOp::verifyRegions() {
  if (failed(tx::verifyDomain(*this, getLower(), getUpper(), getAxes(), getBody())) ||
      failed(tx::verifyReduction(*this, getOp(), getCombinerAttr(), getIsUnsigned(),
                                 getWhereRegion(), getNumAxes())) ||
      failed(tx::verifyYields(*this, getBody(), getResultTypes())) ||
      failed(verifyLevel(*this, getLevel())))
    return failure();
  for (Type type : getResultTypes())
    // P10 a reduction at this level is of scalars
    if (!type.isIntOrIndexOrFloat())
      return emitOpError("reduces ") << type << ", which is no scalar";
  return success();
}

LogicalResult ReduceOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return tx::verifyCombinerUse(*this, getCombinerAttr(), getResultTypes(), symbols);
}

LogicalResult AllocOp::verify() {
  static constexpr StringLiteral known[] = {"reg", "stack", "shared", "workspace"};
  // P11 a place is one of those that `promote` gives
  if (getPlace() && !llvm::is_contained(known, *getPlace()))
    return emitOpError("has no such place: \"") << *getPlace() << "\"";
  return verifyExtents(*this, getExtents(), getResult());
}

LogicalResult SlotOp::verify() {
  APInt offset;
  // P12 a slot begins at a multiple of 64 bytes
  if (matchPattern(getOffset(), m_ConstantInt(&offset)) &&
      (offset.isNegative() || offset.urem(64) != 0))
    return emitOpError("begins at ") << offset.getSExtValue() << ", no multiple of 64";
  return verifyExtents(*this, getExtents(), getResult());
}

static LogicalResult verifyIndices(Operation *op, ValueRange indices, Value buffer) {
  // P13 one index an axis
  if (indices.size() != rankOf(buffer))
    return op->emitOpError("has ") << indices.size() << " indices for rank " << rankOf(buffer);
  return success();
}

LogicalResult LoadOp::verify() {
  // P14 the result is an element
  if (getResult().getType() != elementOf(getSource()))
    return emitOpError("loads ") << getResult().getType() << " from " << getSource().getType();
  // P15 a masked load names its other value
  if (bool(getMask()) != bool(getOther()))
    return emitOpError("has a mask without the other value, or that without a mask");
  // P16 the other value is an element
  if (getOther() && getOther().getType() != getResult().getType())
    return emitOpError("has ") << getOther().getType() << " as its other value";
  return verifyIndices(*this, getIndices(), getSource());
}

LogicalResult StoreOp::verify() {
  // P17 the value is an element
  if (getValue().getType() != elementOf(getDest()))
    return emitOpError("stores ") << getValue().getType() << " to " << getDest().getType();
  return verifyIndices(*this, getIndices(), getDest());
}

//===- par.contract -------------------------------------------------------===//

/// An axis of a kind is used by exactly these of A, B, C.
static bool fitsKind(ContractOp op, unsigned axis, StringRef kind) {
  bool a = op.getMapA().isFunctionOfDim(axis), b = op.getMapB().isFunctionOfDim(axis),
       c = op.getMapC().isFunctionOfDim(axis);
  if (kind == "m")
    return a && !b && c;
  if (kind == "n")
    return !a && b && c;
  if (kind == "k")
    return a && b && !c;
  return kind == "batch" && a && b && c;
}

/// C has a result that is this axis alone, up to an offset; all parallel axes together then make C
/// injective.
static bool standsAlone(AffineMap map, unsigned axis) {
  AffineExpr dim = getAffineDimExpr(axis, map.getContext());
  return llvm::any_of(map.getResults(), [&](AffineExpr e) {
    AffineExpr rest = simplifyAffineExpr(e - dim, map.getNumDims(), map.getNumSymbols());
    return llvm::none_of(llvm::seq(map.getNumDims()),
                         [&](unsigned d) { return rest.isFunctionOfDim(d); });
  });
}

static bool widens(Type from, Type to) {
  if (from == to)
    return true;
  bool floats = isa<FloatType>(from) && isa<FloatType>(to);
  bool integers = isa<IntegerType>(from) && isa<IntegerType>(to);
  return (floats || integers) && from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth();
}

LogicalResult ContractOp::verify() {
  std::pair<AffineMap, Value> parts[] = {
      {getMapA(), getA()}, {getMapB(), getB()}, {getMapC(), getC()}};
  for (auto [map, buffer] : parts) {
    // P18 the maps are over the extents and the symbols
    if (map.getNumDims() != getExtents().size() || map.getNumSymbols() != getSymbols().size())
      return emitOpError("has a map of ")
             << map.getNumDims() << " dims and " << map.getNumSymbols() << " symbols";
    // P19 a map gives one index an axis
    if (map.getNumResults() != rankOf(buffer))
      return emitOpError("has a map of ")
             << map.getNumResults() << " results for rank " << rankOf(buffer);
  }
  // P20 one kind an axis
  if (getKinds().size() != getExtents().size())
    return emitOpError("has ") << getKinds().size() << " kinds for " << getExtents().size()
                               << " axes";
  for (auto [axis, kind] : llvm::enumerate(getKinds().getAsValueRange<StringAttr>())) {
    // P21 an axis is used as its kind says
    if (!fitsKind(*this, axis, kind))
      return emitOpError("does not use axis ") << axis << " as \"" << kind << "\"";
    // P22 C is injective over the parallel axes
    if (kind != "k" && !standsAlone(getMapC(), axis))
      return emitOpError("may add to one element of C from several values of axis ") << axis;
  }
  // P23 the factors widen to C's element; bytes that are an f8 (cpu-store-f8) as that one
  for (auto [factor, format] : {std::pair(getA(), "f8.a"), std::pair(getB(), "f8.b")}) {
    auto f8 = (*this)->getAttrOfType<TypeAttr>(format);
    Type from = f8 && elementOf(factor).isInteger(8) ? f8.getValue() : elementOf(factor);
    if (!widens(from, elementOf(getC())))
      return emitOpError("cannot widen ") << from << " to " << elementOf(getC());
  }
  return success();
}

LogicalResult AtomicOp::verifyRegions() {
  BufType type = getBufType(getDest());
  // P24 one index an axis
  if (getIndices().size() != type.getRank())
    return emitOpError("has ") << getIndices().size() << " indices for rank " << type.getRank();
  if (failed(tx::verifyArguments(*this, getBody(), type.getElementType())))
    return failure();
  return tx::verifyYields(*this, getBody(), type.getElementType());
}

LogicalResult LaneOp::verify() {
  size_t operands = llvm::StringSwitch<size_t>(getKind())
                        .Case("shuffle", 2)
                        .Cases({"ballot", "match", "any", "all"}, 1)
                        .Case("below", 0)
                        .Default(3);
  // P25 a kind that exists, with its operands
  if (getOperands().size() != operands)
    return emitOpError("is no operation `")
           << getKind() << "` of " << getOperands().size() << " operands";
  return success();
}

// The rules of layouts: by themselves, and on the ops that they stand on. Each is numbered L<n> and
// refused once in tests/dialects/par/layout-errors.mlir.
//
// In: an attribute, or an op that has one. Out: success, or one error that names the rule; in what passes
// every element of the tile is held by someone.
#include "dialects/par/ParOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace texpr::par;

LogicalResult LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<StringAttr> axes, ArrayRef<int64_t> sizes,
                                 ArrayRef<StringAttr> units, ArrayRef<int64_t> counts,
                                 ArrayRef<int64_t> bases) {
  int64_t bits = 0;
  for (int64_t count : counts)
    bits += count;
  assert(axes.size() == sizes.size() && units.size() == counts.size() &&
         bases.size() == bits * axes.size() && "the parser counts");
  // L1 sizes are powers of two
  unsigned rows = 0;
  for (int64_t size : sizes) {
    if (size < 1 || !llvm::isPowerOf2_64(size))
      return emitError() << "the size " << size << " of a layout's axis is no power of two";
    rows += llvm::Log2_64(size);
  }
  // L2 elements and bits are numbered by 64-bit integers
  if (rows > 62 || bits > 62)
    return emitError() << "a layout has at most 62 bits";
  // L3 a basis vector stands inside the tile
  for (auto [i, part] : llvm::enumerate(bases))
    if (part < 0 || part >= sizes[i % sizes.size()])
      return emitError() << "the basis vector " << part << " leaves an axis of "
                         << sizes[i % sizes.size()];
  // L4 a unit is named once
  for (auto [i, unit] : llvm::enumerate(units))
    if (llvm::is_contained(units.take_front(i), unit))
      return emitError() << "the unit " << unit << " stands twice in a layout";
  BitMatrix matrix(rows);
  for (ArrayRef<int64_t> rest = bases; !rest.empty(); rest = rest.drop_front(axes.size())) {
    uint64_t column = 0;
    for (auto [size, part] : llvm::zip(sizes, rest))
      column = column << llvm::Log2_64(size) | uint64_t(part);
    matrix.add(column);
  }
  // L5 every element is held by someone
  if (matrix.rank() != rows)
    return emitError() << "a layout does not reach every element of its tile";
  return success();
}

LogicalResult ParDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() != LayoutAttr::attributeName())
    return success();
  auto layout = dyn_cast<LayoutAttr>(attribute.getValue());
  // L6 it is a layout
  if (!layout)
    return op->emitError("`par.layout` is no layout");
  ValueRange extents;
  size_t axes = 0;
  if (auto forall = dyn_cast<ForallOp>(op)) {
    axes = forall.getNumAxes();
  } else if (auto reduce = dyn_cast<ReduceOp>(op)) {
    axes = reduce.getNumAxes();
  } else if (auto alloc = dyn_cast<AllocOp>(op)) {
    extents = alloc.getExtents();
    axes = extents.size();
  } else {
    // L7 it stands on what has a tile
    return op->emitError("`par.layout` belongs on par.forall, par.reduce and par.alloc");
  }
  // L8 one axis an axis
  if (layout.getAxes().size() != axes)
    return op->emitError("has a layout of ") << layout.getAxes().size() << " axes for " << axes;
  for (auto [extent, size] : llvm::zip(extents, layout.getSizes())) {
    APInt known;
    // L9 an allocation's layout covers it exactly
    if (matchPattern(extent, m_ConstantInt(&known)) && known.getSExtValue() != size)
      return op->emitError("has a layout of size ")
             << size << " for the extent " << known.getSExtValue();
  }
  return success();
}

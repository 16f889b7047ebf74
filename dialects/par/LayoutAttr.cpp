// #par.layout: its text, its rules, and where it may stand.
//
//   #par.layout<[i:16, j:8] reg=[(0, 1), (8, 0)] lane=[(0, 2), (0, 4), (1, 0), (2, 0), (4, 0)]>
//
// One axis: a basis vector is a bare number. Rules: sizes are powers of two, a basis vector is
// inside the tile, the vectors together reach every element. On an op the axes are the op's: as many
// as it has, and constant extents of an allocation are the tile's.
#include "dialects/par/ParOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace texpr::par;

#define GET_ATTRDEF_CLASSES
#include "dialects/par/ParAttrs.cpp.inc"

void ParDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/par/ParAttrs.cpp.inc"
      >();
}

LayoutAttr LayoutAttr::get(MLIRContext *context, const Layout &layout) {
  SmallVector<StringAttr> axes, units;
  SmallVector<int64_t> sizes, counts, bases;
  for (const Layout::Axis &axis : layout.getAxes()) {
    axes.push_back(StringAttr::get(context, axis.name));
    sizes.push_back(axis.size);
  }
  for (const Layout::Unit &unit : layout.getUnits()) {
    units.push_back(StringAttr::get(context, unit.name));
    counts.push_back(unit.bits.size());
    for (const Layout::Basis &bit : unit.bits)
      llvm::append_range(bases, bit);
  }
  return get(context, axes, sizes, units, counts, bases);
}

Layout LayoutAttr::getLayout() const {
  SmallVector<Layout::Axis> axes;
  for (auto [name, size] : llvm::zip_equal(getAxes(), getSizes()))
    axes.push_back({name.str(), size});
  SmallVector<Layout::Unit> units;
  ArrayRef<int64_t> rest = getBases();
  for (auto [name, count] : llvm::zip_equal(getUnits(), getCounts())) {
    Layout::Unit unit{name.str(), {}};
    for (int64_t b = 0; b < count; ++b, rest = rest.drop_front(axes.size()))
      unit.bits.push_back(Layout::Basis(rest.take_front(axes.size())));
    units.push_back(unit);
  }
  return Layout(axes, units);
}

LogicalResult LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<StringAttr> axes, ArrayRef<int64_t> sizes,
                                 ArrayRef<StringAttr> units, ArrayRef<int64_t> counts,
                                 ArrayRef<int64_t> bases) {
  // L1 one size an axis, one vector a bit
  int64_t bits = 0;
  for (int64_t count : counts)
    bits += count;
  if (axes.size() != sizes.size() || units.size() != counts.size() ||
      bases.size() != bits * axes.size())
    return emitError() << "the counts of a layout's parts do not agree";
  // L2 sizes are powers of two
  unsigned rows = 0;
  for (int64_t size : sizes) {
    if (size < 1 || !llvm::isPowerOf2_64(size))
      return emitError() << "the size " << size << " of a layout's axis is no power of two";
    rows += llvm::Log2_64(size);
  }
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

static ParseResult parseVector(AsmParser &parser, size_t axes, SmallVectorImpl<int64_t> &bases) {
  if (axes == 1)
    return parser.parseInteger(bases.emplace_back());
  size_t before = bases.size();
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren,
                                     [&] { return parser.parseInteger(bases.emplace_back()); }))
    return failure();
  if (bases.size() - before != axes)
    return parser.emitError(loc, "a basis vector has one number an axis");
  return success();
}

Attribute LayoutAttr::parse(AsmParser &parser, Type) {
  SmallVector<StringAttr> axes, units;
  SmallVector<int64_t> sizes, counts, bases;
  auto *context = parser.getContext();
  std::string name;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() -> ParseResult {
        if (parser.parseKeywordOrString(&name) || parser.parseColon() ||
            parser.parseInteger(sizes.emplace_back()))
          return failure();
        axes.push_back(StringAttr::get(context, name));
        return success();
      }))
    return {};
  while (succeeded(parser.parseOptionalKeywordOrString(&name))) {
    units.push_back(StringAttr::get(context, name));
    int64_t &count = counts.emplace_back(0);
    if (parser.parseEqual() || parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
          ++count;
          return parseVector(parser, axes.size(), bases);
        }))
      return {};
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<LayoutAttr>(loc, context, axes, sizes, units, counts, bases);
}

void LayoutAttr::print(AsmPrinter &p) const {
  p << "<[";
  llvm::interleaveComma(llvm::zip_equal(getAxes(), getSizes()), p.getStream(), [&](auto axis) {
    p.printKeywordOrString(std::get<0>(axis).getValue());
    p << ':' << std::get<1>(axis);
  });
  p << ']';
  ArrayRef<int64_t> rest = getBases();
  for (auto [unit, count] : llvm::zip_equal(getUnits(), getCounts())) {
    p << ' ';
    p.printKeywordOrString(unit.getValue());
    p << "=[";
    for (int64_t b = 0; b < count; ++b, rest = rest.drop_front(getAxes().size())) {
      p << (b > 0 ? ", " : "");
      if (getAxes().size() != 1)
        p << '(';
      llvm::interleaveComma(rest.take_front(getAxes().size()), p.getStream());
      if (getAxes().size() != 1)
        p << ')';
    }
    p << ']';
  }
  p << '>';
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

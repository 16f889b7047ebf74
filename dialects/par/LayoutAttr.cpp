// #par.layout: its text, and the way from a Layout and back.
//
//   #par.layout<[i:16, j:8] reg=[(0, 1), (8, 0)] lane=[(0, 2), (0, 4), (1, 0), (2, 0), (4, 0)]>
//
// One axis: a basis vector is a bare number.
#include "dialects/par/ParOps.h"
#include "mlir/IR/DialectImplementation.h"
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

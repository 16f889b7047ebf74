// Registration of par: its type, its ops, how it inlines.
//
// Inlining is always legal: islands and nests move with the function that they stand in.
#include "dialects/par/ParDialect.h"
#include "dialects/par/ParOps.h"
#include "dialects/tx/TxDialect.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Transforms/InliningUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace texpr::par;

#include "dialects/par/ParDialect.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/par/ParTypes.cpp.inc"

namespace {
struct ParInliner : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Operation *, bool) const final { return true; }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final { return true; }
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final { return true; }
};
} // namespace

void ParDialect::initialize() {
  registerAttributes();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/par/ParTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/par/ParOps.cpp.inc"
      >();
  addInterfaces<ParInliner>();
}

/// `<?x?xf32>`, `<f32>`: every extent is `?`.
Type BufType::parse(AsmParser &parser) {
  SmallVector<int64_t> extents;
  Type element;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseDimensionList(extents, /*allowDynamic=*/true) ||
      parser.parseType(element) || parser.parseGreater())
    return {};
  if (llvm::any_of(extents, [](int64_t e) { return !ShapedType::isDynamic(e); })) {
    parser.emitError(loc, "a buffer's extents are values: write `?`");
    return {};
  }
  return get(parser.getContext(), extents.size(), element);
}

void BufType::print(AsmPrinter &p) const {
  p << '<';
  for (unsigned i = 0; i < getRank(); ++i)
    p << "?x";
  p << getElementType() << '>';
}

BufType texpr::par::bufferOf(Type tensor) {
  auto type = cast<RankedTensorType>(tensor);
  return BufType::get(tensor.getContext(), type.getRank(), type.getElementType());
}

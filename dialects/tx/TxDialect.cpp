// Registration of tx: its ops, how it inlines, how its folders make constants.
//
// Inlining is always legal: regions of tx hold no control flow of their own, and a call's results
// replace its uses.
#include "dialects/tx/TxDialect.h"
#include "dialects/plan/Plan.h"
#include "dialects/tx/TxOps.h"
#include "mlir/Transforms/InliningUtils.h"

using namespace mlir;
using namespace texpr::tx;

#include "dialects/tx/TxDialect.cpp.inc"

namespace {
struct TxInliner : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Operation *, bool) const final { return true; }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final { return true; }
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final { return true; }
};
} // namespace

void TxDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/tx/TxOps.cpp.inc"
      >();
  addInterfaces<TxInliner>();
}

Operation *TxDialect::materializeConstant(OpBuilder &b, Attribute value, Type type, Location loc) {
  return arith::ConstantOp::materialize(b, value, type, loc);
}

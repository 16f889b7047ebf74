// Folds of tx.
#include "dialects/tx/TxOps.h"

using namespace mlir;
using namespace texpr::tx;

OpFoldResult ScalarOp::fold(FoldAdaptor) { return {}; }
OpFoldResult ReadOp::fold(FoldAdaptor) { return {}; }
void ReadOp::getCanonicalizationPatterns(RewritePatternSet &, MLIRContext *) {}

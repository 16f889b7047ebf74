// reuse-results: a buffer that only feeds the loop which overwrites a part of a result is that part.
//
//   %e = par.alloc [%n]                                   (gone)
//   par.forall (%j) { store exp(…), %e[%j] }              par.forall (%j) { store exp(…), %y[%i, %j] }
//   %s = par.reduce add (%j) { load %e[%j] }         =>   %s = par.reduce add (%j) { load %y[%i, %j] }
//   par.forall (%j) { store (load %e[%j]) / %s,           par.forall (%j) { store (load %y[%i, %j]) / %s,
//                           %y[%i, %j] }                                         %y[%i, %j] }
//
// This is why softmax needs no workspace. Holds: the last loop reads the buffer at its own indices
// alone and writes the result there; nothing else touches the result before; every enclosing
// iteration has a part of its own. Outputs overlap nothing, so no input can be changed by it.
#include "compiler/transform/Passes.h"
#include "dialects/par/ParOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_REUSERESULTS
#include "compiler/transform/Passes.h.inc"

namespace {

/// Buffer `alloc` may be the part of `result` at `prefix`: found by `findHome`.
struct Home {
  Value result;
  SmallVector<Value> prefix;
};

bool isOutput(Value buffer) {
  auto bind = buffer.getDefiningOp<par::BindOp>();
  if (!bind)
    return false;
  auto arg = cast<BlockArgument>(bind.getSource());
  auto func = cast<func::FuncOp>(arg.getOwner()->getParentOp());
  return bool(func.getArgAttr(arg.getArgNumber(), "tx.out"));
}

/// The ancestor of `op` that stands in `block`.
Operation *ancestorIn(Block *block, Operation *op) { return block->findAncestorOpInBlock(*op); }

SmallVector<Value> indicesOf(Operation *access) {
  if (auto load = dyn_cast<par::LoadOp>(access))
    return load.getIndices();
  return cast<par::StoreOp>(access).getIndices();
}

/// The last loop that reads `alloc` stores each element of it, transformed, to the same place of a
/// result that nothing else touches before: then the two may be one memory.
std::optional<Home> findHome(par::AllocOp alloc) {
  Block *block = alloc->getBlock();
  unsigned rank = alloc.getExtents().size();
  if (rank == 0)
    return std::nullopt;
  Operation *last = nullptr;
  for (Operation *user : alloc->getUsers()) {
    if (!isa<par::LoadOp, par::StoreOp>(user))
      return std::nullopt;
    Operation *top = ancestorIn(block, user);
    if (!last || last->isBeforeInBlock(top))
      last = top;
  }
  auto loop = dyn_cast_or_null<par::ForallOp>(last);
  if (!loop || loop.getLower().size() != rank)
    return std::nullopt;
  Block &body = loop.getBody().front();
  for (auto [lower, upper, extent] :
       llvm::zip(loop.getLower(), loop.getUpper(), alloc.getExtents()))
    if (!matchPattern(lower, m_Zero()) || upper != extent)
      return std::nullopt;
  // In the last loop: loads of the buffer at the loop's own indices, no stores to it.
  SmallVector<Value> own(body.getArguments());
  for (Operation *user : alloc->getUsers())
    if (loop->isAncestor(user) &&
        (!isa<par::LoadOp>(user) || indicesOf(user) != own || user->getBlock() != &body))
      return std::nullopt;
  // One store to a result, at prefix ++ own.
  par::StoreOp home;
  for (auto store : body.getOps<par::StoreOp>())
    if (isOutput(store.getDest()) &&
        cast<par::BufType>(store.getDest().getType()).getElementType() ==
            cast<par::BufType>(alloc.getType()).getElementType()) {
      SmallVector<Value> indices = indicesOf(store);
      if (indices.size() < rank ||
          ArrayRef<Value>(indices).take_back(rank) != ArrayRef<Value>(own) || store.getMask())
        continue;
      if (home)
        return std::nullopt;
      home = store;
    }
  if (!home)
    return std::nullopt;
  // An element is read before its place is overwritten.
  for (Operation *user : alloc->getUsers())
    if (user->getBlock() == &body && !user->isBeforeInBlock(home))
      return std::nullopt;
  SmallVector<Value> prefix = indicesOf(home);
  prefix.truncate(prefix.size() - rank);
  // The prefix is fixed while the buffer lives, and names another part of the result in every
  // iteration.
  for (Value v : prefix) {
    if (Operation *def = v.getDefiningOp();
        def && def->getBlock() == block && !def->isBeforeInBlock(alloc))
      return std::nullopt;
    if (loop->isAncestor(v.getParentRegion()->getParentOp()))
      return std::nullopt;
  }
  for (Operation *user : home.getDest().getUsers())
    if (user != home.getOperation() &&
        (isa<par::LoadOp>(user) || loop->getParentOp()->isAncestor(user)))
      return std::nullopt;
  // Each iteration of every enclosing forall must own its part: its variables are among the prefix.
  for (Operation *p = alloc->getParentOp(); p && !isa<func::FuncOp>(p); p = p->getParentOp()) {
    if (auto forall = dyn_cast<par::ForallOp>(p)) {
      for (Value iv : forall.getBody().front().getArguments())
        if (!llvm::is_contained(prefix, iv))
          return std::nullopt;
    } else if (!isa<par::KernelOp, scf::IfOp>(p)) {
      return std::nullopt;
    }
  }
  return Home{home.getDest(), prefix};
}

void moveInto(par::AllocOp alloc, const Home &home) {
  for (Operation *user : llvm::make_early_inc_range(alloc->getUsers())) {
    SmallVector<Value> indices(home.prefix);
    llvm::append_range(indices, indicesOf(user));
    if (auto load = dyn_cast<par::LoadOp>(user)) {
      load.getSourceMutable().assign(home.result);
      load.getIndicesMutable().assign(indices);
    } else {
      auto store = cast<par::StoreOp>(user);
      store.getDestMutable().assign(home.result);
      store.getIndicesMutable().assign(indices);
    }
  }
  alloc.erase();
}

struct ReuseResults : impl::ReuseResultsBase<ReuseResults> {
  void runOnOperation() override {
    SmallVector<par::AllocOp> allocs;
    getOperation().walk([&](par::AllocOp op) { allocs.push_back(op); });
    for (par::AllocOp alloc : allocs)
      if (!alloc.getPlace() && !alloc->hasAttr("plan.place") && !alloc->use_empty())
        if (auto home = findHome(alloc))
          moveInto(alloc, *home);
  }
};
} // namespace
} // namespace texpr

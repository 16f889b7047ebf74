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

/// The last forall that touches `alloc`, where it goes over all of it and reads each element at its own
/// indices alone.
par::ForallOp lastReader(par::AllocOp alloc) {
  Operation *last = nullptr;
  for (Operation *user : alloc->getUsers()) {
    if (!isa<par::LoadOp, par::StoreOp>(user))
      return {};
    Operation *top = ancestorIn(alloc->getBlock(), user);
    if (!last || last->isBeforeInBlock(top))
      last = top;
  }
  auto loop = dyn_cast_or_null<par::ForallOp>(last);
  if (!loop || loop.getLower().size() != alloc.getExtents().size())
    return {};
  for (auto [lower, upper, extent] :
       llvm::zip(loop.getLower(), loop.getUpper(), alloc.getExtents()))
    if (!matchPattern(lower, m_Zero()) || upper != extent)
      return {};
  Block &body = loop.getBody().front();
  SmallVector<Value> own(body.getArguments());
  for (Operation *user : alloc->getUsers())
    if (loop->isAncestor(user) &&
        (!isa<par::LoadOp>(user) || indicesOf(user) != own || user->getBlock() != &body))
      return {};
  return loop;
}

/// The one store of the loop to a result, at a prefix and the loop's own indices, where every element of
/// `alloc` is read before its place is overwritten.
par::StoreOp storeHome(par::AllocOp alloc, par::ForallOp loop) {
  Block &body = loop.getBody().front();
  SmallVector<Value> own(body.getArguments());
  par::StoreOp home;
  for (auto store : body.getOps<par::StoreOp>()) {
    SmallVector<Value> indices = indicesOf(store);
    if (!isOutput(store.getDest()) || store.getMask() || indices.size() < own.size() ||
        ArrayRef<Value>(indices).take_back(own.size()) != ArrayRef<Value>(own) ||
        cast<par::BufType>(store.getDest().getType()).getElementType() !=
            cast<par::BufType>(alloc.getType()).getElementType())
      continue;
    if (home)
      return {};
    home = store;
  }
  for (Operation *user : alloc->getUsers())
    if (home && user->getBlock() == &body && !user->isBeforeInBlock(home))
      return {};
  return home;
}

/// The prefix is fixed while the buffer lives, and nothing else touches the result in that time.
bool isFreeFor(par::AllocOp alloc, par::ForallOp loop, par::StoreOp home, ArrayRef<Value> prefix) {
  for (Value v : prefix) {
    Operation *def = v.getDefiningOp();
    if (def && def->getBlock() == alloc->getBlock() && !def->isBeforeInBlock(alloc))
      return false;
    if (loop->isAncestor(v.getParentRegion()->getParentOp()))
      return false;
  }
  return llvm::none_of(home.getDest().getUsers(), [&](Operation *user) {
    return user != home.getOperation() &&
           (isa<par::LoadOp>(user) || loop->getParentOp()->isAncestor(user));
  });
}

/// Each iteration of every enclosing forall must own its part: its variables are among the prefix.
bool isOwnPart(par::AllocOp alloc, ArrayRef<Value> prefix) {
  for (Operation *p = alloc->getParentOp(); p && !isa<func::FuncOp>(p); p = p->getParentOp()) {
    if (auto forall = dyn_cast<par::ForallOp>(p)) {
      for (Value iv : forall.getBody().front().getArguments())
        if (!llvm::is_contained(prefix, iv))
          return false;
    } else if (!isa<par::KernelOp, scf::IfOp>(p)) {
      return false;
    }
  }
  return true;
}

/// The last loop that reads `alloc` stores each element of it, transformed, to the same place of a
/// result that nothing else touches before: then the two may be one memory.
std::optional<Home> findHome(par::AllocOp alloc) {
  if (alloc.getExtents().empty())
    return std::nullopt;
  par::ForallOp loop = lastReader(alloc);
  par::StoreOp home = loop ? storeHome(alloc, loop) : par::StoreOp();
  if (!home)
    return std::nullopt;
  SmallVector<Value> prefix = indicesOf(home);
  prefix.truncate(prefix.size() - alloc.getExtents().size());
  if (!isFreeFor(alloc, loop, home, prefix) || !isOwnPart(alloc, prefix))
    return std::nullopt;
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

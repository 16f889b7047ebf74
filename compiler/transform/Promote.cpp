// promote: every buffer gets a place.
//
//   %t = par.alloc [%n] : !par.buf<?xf32>        inside a task, n unbounded  =>  {place =
//   "workspace"}, owned by the chunk %t = par.alloc [%c8] : !par.buf<?xf32>       static and small
//   =>  {place = "stack"} %t = par.alloc [%m, %n] : …                  between kernels =>  {place =
//   "workspace"} %e, which only feeds the loop that overwrites a part of a result at the same
//   indices  =>  that part itself
//
// The last is why softmax needs no workspace: exp(x - max) waits in y's own row. Pinned places are
// kept. The limit of the stack comes from `par.machine`; extents must be constants for it, since a
// task's frame has a static size.
#include "compiler/transform/Passes.h"
#include "dialects/par/Extents.h"
#include "dialects/par/ParOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace texpr {
#define GEN_PASS_DEF_PROMOTE
#include "compiler/transform/Passes.h.inc"

namespace {

// ---- a buffer that can live in a result
// ----------------------------------------------------------

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
    } else if (!isa<par::KernelOp>(p)) {
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

// ---- places
// --------------------------------------------------------------------------------------

std::optional<int64_t> staticBytes(par::AllocOp alloc) {
  Type element = cast<par::BufType>(alloc.getType()).getElementType();
  int64_t bytes = element.isIndex() ? 8 : std::max(1u, element.getIntOrFloatBitWidth() / 8);
  for (Value extent : alloc.getExtents()) {
    APInt c;
    if (!matchPattern(extent, m_ConstantInt(&c)) || c.getSExtValue() > (1 << 24))
      return std::nullopt;
    bytes *= c.getSExtValue();
    if (bytes > (1 << 24))
      return std::nullopt;
  }
  return bytes;
}

struct Promote : impl::PromoteBase<Promote> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    int64_t stackBytes = 0;
    if (auto facts = module->getAttrOfType<DictionaryAttr>("par.machine"))
      if (auto n = facts.getAs<IntegerAttr>("stack_bytes"))
        stackBytes = n.getInt();
    SmallVector<par::AllocOp> allocs;
    module.walk([&](par::AllocOp op) { allocs.push_back(op); });
    for (par::AllocOp alloc : allocs) {
      if (alloc->use_empty()) {
        alloc.erase();
        continue;
      }
      if (alloc.getPlace() && alloc.getPlace() != "reg" && alloc.getPlace() != "shared")
        continue;
      if (!alloc.getPlace())
        if (auto home = findHome(alloc)) {
          moveInto(alloc, *home);
          continue;
        }
      place(alloc, stackBytes);
    }
  }

  /// The frame of a task holds the small ones, first come first served; a rank-0 buffer is a
  /// register by mem2reg.
  void place(par::AllocOp alloc, int64_t stackBytes) {
    Operation *frame = alloc->getParentOfType<par::ForallOp>();
    while (frame && frame->getParentOfType<par::ForallOp>())
      frame = frame->getParentOfType<par::ForallOp>();
    if (!frame)
      frame = alloc->getParentOfType<func::FuncOp>();
    auto bytes = staticBytes(alloc);
    int64_t &used = usedBytes[frame];
    if (bytes && used + *bytes <= stackBytes) {
      used += *bytes;
      if (alloc.getPlace() != "reg")
        alloc.setPlace("stack");
      return;
    }
    alloc.setPlace("workspace");
  }

  DenseMap<Operation *, int64_t> usedBytes;
};
} // namespace
} // namespace texpr

// Names and numbers of the tensors that a nest reads.
//
// In: a nest, before tiles or after. Out: its tensors in the order of the walk, which every compilation repeats, so that a
// number means the same tensor in a pin that was printed and in the program that it was printed for.
#include "dialects/par/Staging.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace texpr::par {

SmallVector<Value> tensorsRead(ForallOp nest) {
  SmallVector<Value> tensors;
  nest->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<ForallOp>(op) && op != nest.getOperation())
      return WalkResult::skip();
    auto load = dyn_cast<LoadOp>(op);
    Operation *maker = load ? load.getSource().getDefiningOp() : nullptr;
    if (load && !(maker && nest->isProperAncestor(maker)) &&
        !llvm::is_contained(tensors, load.getSource()))
      tensors.push_back(load.getSource());
    return WalkResult::advance();
  });
  return tensors;
}

/// An attribute of the argument that a buffer is; null where it is none.
static Attribute ofArgument(Value buffer, StringRef name) {
  auto bind = buffer.getDefiningOp<BindOp>();
  auto arg = bind ? dyn_cast<BlockArgument>(bind.getSource()) : BlockArgument();
  auto func = arg ? dyn_cast<func::FuncOp>(arg.getOwner()->getParentOp()) : func::FuncOp();
  return func ? func.getArgAttr(arg.getArgNumber(), name) : Attribute();
}

static bool isResult(Value buffer) { return bool(ofArgument(buffer, "tx.out")); }

StringRef parameterOf(Value tensor) {
  auto name = dyn_cast_or_null<StringAttr>(ofArgument(tensor, "tx.name"));
  return name && !isResult(tensor) ? name.getValue() : StringRef();
}

std::string keyOf(ForallOp nest, Value tensor) {
  if (StringRef name = parameterOf(tensor); !name.empty())
    return name.str();
  SmallVector<Value> tensors = tensorsRead(nest);
  return std::to_string(llvm::find(tensors, tensor) - tensors.begin() + 1);
}

Value tensorOf(ForallOp nest, StringRef key) {
  SmallVector<Value> tensors = tensorsRead(nest);
  unsigned number = 0;
  if (!key.getAsInteger(10, number))
    return number >= 1 && number <= tensors.size() ? tensors[number - 1] : Value();
  auto found = llvm::find_if(tensors, [&](Value t) { return parameterOf(t) == key; });
  return found == tensors.end() ? Value() : *found;
}

DictionaryAttr stagingOf(ForallOp nest, DictionaryAttr stage, Value tensor) {
  for (NamedAttribute entry : stage ? stage : DictionaryAttr::get(nest.getContext()))
    if (tensorOf(nest, entry.getName()) == tensor)
      return dyn_cast<DictionaryAttr>(entry.getValue());
  return {};
}

int64_t bytesOf(Value tensor, int64_t elements) {
  Type element = getBufType(tensor).getElementType();
  return elements *
         (element.isIndex() ? 8 : std::max<int64_t>(1, element.getIntOrFloatBitWidth() / 8));
}

StoreOp homeOf(Contraction &c) {
  auto stores = c.nest.getBlock()->getOps<StoreOp>();
  StoreOp home;
  for (StoreOp store : stores) {
    if (!isResult(store.getDest()) || store.getMask() ||
        getBufType(store.getDest()).getElementType() != c.getAccumulatorType())
      continue;
    if (!home)
      home = store;
  }
  if (!home || home.getIndices().empty() || home.getIndices().back() != c.axes[c.n.back()])
    return {};
  // Every iteration has an element of its own, and moves along rows and columns by whole steps.
  ValueRange ivs = c.nest.getArgs();
  for (Value index : home.getIndices())
    if (!llvm::is_contained(ivs, index) && tx::dependsOn(index, ivs))
      return {};
  for (Value iv : ivs)
    if (llvm::count(home.getIndices(), iv) != 1)
      return {};
  auto kernel = c.nest->getParentOfType<KernelOp>();
  bool isAlone = kernel && llvm::all_of(home.getDest().getUsers(), [&](Operation *user) {
                   return user == home.getOperation() || !kernel->isProperAncestor(user);
                 });
  return isAlone ? home : StoreOp();
}

} // namespace texpr::par

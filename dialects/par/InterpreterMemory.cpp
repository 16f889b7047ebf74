// The interpreter's memory: buffers with bounds checks, masks, the workspace, contractions by their definition.
//
// An argument's array is made when its bind gives the extents: inputs by the caller's function, outputs with nothing
// written. Slots share the bytes of one workspace, so that slots which overlap by mistake are seen.
#include "dialects/par/InterpreterScalar.h"
#include "dialects/par/Machine.h"
#include "mlir/IR/AffineMap.h"

using namespace mlir;

namespace texpr::par {

LogicalResult Machine::runMemory(Operation *op, bool &known) {
  if (auto bindOp = dyn_cast<BindOp>(op))
    return bind(op, bindOp.getSource(), bindOp.getExtents(),
                getBufType(bindOp.getResult()).getElementType());
  if (auto alloc = dyn_cast<AllocOp>(op)) {
    SmallVector<int64_t> extents = integers(alloc.getExtents());
    if (llvm::any_of(extents, [](int64_t e) { return e < 0; }))
      return error(op, "allocates a negative extent");
    set(alloc.getResult(), Datum::ofArray(getBufType(alloc.getResult()).getElementType(), extents));
    return success();
  }
  if (auto slotOp = dyn_cast<SlotOp>(op))
    return slot(slotOp);
  if (auto loadOp = dyn_cast<LoadOp>(op))
    return load(loadOp);
  if (auto storeOp = dyn_cast<StoreOp>(op))
    return store(storeOp);
  if (auto atomicOp = dyn_cast<AtomicOp>(op))
    return atomic(atomicOp);
  if (auto contractOp = dyn_cast<ContractOp>(op))
    return contract(contractOp);
  if (isa<StopOp>(op)) {
    stopped = !result.failures.empty();
    return failure(stopped);
  }
  if (auto failOp = dyn_cast<FailOp>(op)) {
    if (integer(failOp.getCondition()))
      fail(failOp.getSite());
    return success();
  }
  known = false;
  return success();
}

LogicalResult Machine::bind(Operation *op, Value source, ValueRange extents, Type element) {
  unsigned position = cast<BlockArgument>(source).getArgNumber();
  bool isLent = function.getArgAttr(position, "tx.inout") != nullptr; // changed, not the caller's
  if (values->contains(source)) {
    set(op->getResult(0), isLent ? copyOf(get(source)) : get(source));
    return success();
  }
  SmallVector<int64_t> sizes = integers(extents);
  if (llvm::any_of(sizes, [](int64_t e) { return e < 0; }))
    return error(op, "binds a negative extent");
  bool isOutput = function.getArgAttr(position, "tx.out") != nullptr;
  set(op->getResult(0),
      isOutput ? Datum::ofArray(element, sizes) : options.input(position, element, sizes));
  return success();
}

/// The function that gives the bytes is run on the dims, the arguments of type index, in order.
LogicalResult Machine::makeWorkspace() {
  func::FuncOp bytes;
  for (auto f : function->getParentOfType<ModuleOp>().getOps<func::FuncOp>()) {
    auto of = f->getAttrOfType<FlatSymbolRefAttr>("tx.workspace_of");
    if (of && of.getValue() == function.getName())
      bytes = f;
  }
  if (!bytes)
    return error(function, "has slots and no workspace function");
  SmallVector<std::optional<Datum>> dims;
  for (Value arg : function.getArguments())
    if (arg.getType().isIndex() && dims.size() < bytes.getNumArguments())
      dims.push_back(get(arg));
  SmallVector<Datum> size;
  if (failed(runFunction(bytes, dims, size, /*outermost=*/false)))
    return failure();
  workspace = std::make_shared<Storage>(size_t(size.front().integer));
  return success();
}

LogicalResult Machine::slot(SlotOp op) {
  if (!workspace && failed(makeWorkspace()))
    return failure();
  Datum d;
  d.element = getBufType(op.getResult()).getElementType();
  d.extents = integers(op.getExtents());
  d.offset = integer(op.getOffset());
  d.storage = workspace;
  if (d.offset % 64 != 0)
    return error(op, "begins at " + Twine(d.offset));
  if (d.offset < 0 || d.offset + d.count() * d.elementBytes() > int64_t(workspace->bytes.size()))
    return error(op, "leaves the workspace of " + Twine(workspace->bytes.size()) + " bytes");
  set(op.getResult(), d);
  return success();
}

std::optional<int64_t> Machine::linear(Operation *op, const Datum &array,
                                       ArrayRef<int64_t> indices) {
  int64_t at = 0;
  for (auto [axis, pair] : llvm::enumerate(llvm::zip_equal(indices, array.extents))) {
    auto [index, extent] = pair;
    if (index < 0 || index >= extent) {
      (void)error(op, "index " + Twine(index) + " of axis " + Twine(axis) + " is outside of 0 to " +
                          Twine(extent));
      return std::nullopt;
    }
    at = at * extent + index;
  }
  return at;
}

std::optional<Datum> Machine::read(Operation *op, const Datum &array, ArrayRef<int64_t> indices) {
  auto at = linear(op, array, indices);
  if (!at)
    return std::nullopt;
  auto value = array.get(*at);
  if (!value)
    (void)error(op, "reads what was never written");
  return value;
}

LogicalResult Machine::load(LoadOp op) {
  if (op.getMask() && !integer(op.getMask())) {
    set(op.getResult(), get(op.getOther()));
    return success();
  }
  auto value = read(op, get(op.getSource()), integers(op.getIndices()));
  if (!value)
    return failure();
  set(op.getResult(), *value);
  return success();
}

LogicalResult Machine::store(StoreOp op) {
  if (op.getMask() && !integer(op.getMask()))
    return success();
  Datum array = get(op.getDest());
  auto at = linear(op, array, integers(op.getIndices()));
  if (!at)
    return failure();
  array.set(*at, get(op.getValue()));
  return success();
}

LogicalResult Machine::atomic(AtomicOp op) {
  Datum array = get(op.getDest());
  SmallVector<int64_t> indices = integers(op.getIndices());
  auto at = linear(op, array, indices);
  auto old = at ? read(op, array, indices) : std::nullopt;
  SmallVector<Datum> next;
  if (!old || failed(runRegion(op.getBody(), *old, next)))
    return failure();
  array.set(*at, next.front());
  set(op.getOld(), *old);
  return success();
}

LogicalResult Machine::contract(ContractOp op) {
  Datum a = get(op.getA()), b = get(op.getB()), c = get(op.getC());
  SmallVector<int64_t> symbols = integers(op.getSymbols());
  SmallVector<int64_t> upper = integers(op.getExtents()), lower(upper.size(), 0);
  auto multiply = tx::Combine::mul, add = tx::Combine::add;
  return forEach(lower, upper, /*anyOrder=*/false, [&](ArrayRef<Datum> point) -> LogicalResult {
    SmallVector<int64_t> operands;
    for (const Datum &d : point)
      operands.push_back(d.integer);
    llvm::append_range(operands, symbols);
    SmallVector<Attribute> constants;
    for (int64_t v : operands)
      constants.push_back(IntegerAttr::get(IndexType::get(op.getContext()), v));
    auto indices = [&](AffineMap map) {
      SmallVector<Attribute> folded;
      (void)map.constantFold(constants, folded);
      return llvm::map_to_vector(folded, [](Attribute v) { return cast<IntegerAttr>(v).getInt(); });
    };
    auto x = read(op, a, indices(op.getMapA())), y = read(op, b, indices(op.getMapB()));
    SmallVector<int64_t> place = indices(op.getMapC());
    auto sum = read(op, c, place);
    if (!x || !y || !sum)
      return failure();
    Datum product = combine(multiply, false, c.element, *x, *y);
    c.set(*linear(op, c, place), combine(add, false, c.element, *sum, product));
    return success();
  });
}

} // namespace texpr::par

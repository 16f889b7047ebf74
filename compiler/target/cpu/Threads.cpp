// cpu-threads: a kernel's forall at level `thread` becomes tasks of the runtime; the kernel itself
// dissolves into its function.
//
//   before: par.kernel { par.forall (%i, %j) = … level "thread" attributes {plan.grain = 4} { BODY
//   } } after:  func.func @f.v3.task0.body(captures…, %lo, %hi) { scf.for %l = %lo to %hi { %i, %j
//   of %l; BODY } }
//           llvm.func @f.v3.task0(%arg: ptr, %t: i64) { captures out of *%arg; body(…, %t * 4,
//           min(%t * 4 + 4, total)) }
//           @f.v3: one task: body(…, 0, total); else parallel_for(%call, tasks, @f.v3.task0,
//           &captures) and its status
//
// The body is a function of its own, with pointers as noalias arguments, because what is read back
// from the struct of captures has lost that. Constants are rebuilt inside instead of being
// captured; static allocas move to the body's entry. In: after cpu-memory (captures are scalars and
// pointers). The axes become one linear index, whose order is row-major.
#include "compiler/target/cpu/Cpu.h"
#include "dialects/par/ParOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Transforms/RegionUtils.h"
#include "runtime/RuntimeBitcode.h"

using namespace mlir;

namespace texpr::cpu {
#define GEN_PASS_DEF_CPUTHREADS
#include "compiler/target/cpu/Passes.h.inc"

namespace {
struct Outliner {
  par::ForallOp forall;
  func::FuncOp function;
  OpBuilder b;
  Location loc;
  std::string name;
  SmallVector<Operation *> constants;
  SmallVector<Value> captures;
  SmallVector<Type> types; // of the captures, in the struct

  Outliner(par::ForallOp forall, unsigned number)
      : forall(forall), function(forall->getParentOfType<func::FuncOp>()), b(forall),
        loc(forall.getLoc()), name((function.getName() + ".task" + Twine(number)).str()) {}

  Type pointerType() { return LLVM::LLVMPointerType::get(b.getContext()); }
  Value indexConstant(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

  void outline() {
    Value total = countIterations();
    collectCaptures();
    func::FuncOp body = buildBody();
    LLVM::LLVMFuncOp task = buildTask(body, grain());
    b.setInsertionPoint(forall);
    buildCall(body, task, total);
    forall.erase();
  }

  int64_t grain() {
    auto attribute = forall->getAttrOfType<IntegerAttr>("plan.grain");
    return attribute ? std::max<int64_t>(attribute.getInt(), 1) : 1;
  }

  /// max(upper - lower, 0) of every axis, and their product.
  SmallVector<Value> lengths;
  Value countIterations() {
    b.setInsertionPoint(forall);
    Value zero = indexConstant(0), total = indexConstant(1);
    for (auto [lower, upper] : llvm::zip_equal(forall.getLower(), forall.getUpper())) {
      Value length =
          arith::MaxSIOp::create(b, loc, arith::SubIOp::create(b, loc, upper, lower), zero);
      lengths.push_back(length);
      total = arith::MulIOp::create(b, loc, total, length);
    }
    return total;
  }

  /// Halves travel as their bits (see cpu-memory).
  Type passedType(Type type) { return type.isF16() || type.isBF16() ? b.getI16Type() : type; }

  Value passed(Value v) {
    Type type = passedType(v.getType());
    return type == v.getType() ? v : arith::BitcastOp::create(b, loc, type, v).getResult();
  }

  void collectCaptures() {
    llvm::SetVector<Value> values;
    getUsedValuesDefinedAbove(forall.getBody(), forall.getBody(), values);
    for (Value v : forall.getLower())
      values.insert(v);
    for (Value v : lengths)
      values.insert(v);
    for (Value v : values) {
      if (Operation *maker = v.getDefiningOp(); maker && matchPattern(v, m_Constant())) {
        constants.push_back(maker);
        continue;
      }
      captures.push_back(v);
      types.push_back(v.getType().isIndex() ? b.getI64Type() : passedType(v.getType()));
    }
  }

  func::FuncOp buildBody() {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(function);
    SmallVector<Type> arguments;
    for (Value v : captures)
      arguments.push_back(passedType(v.getType()));
    arguments.append(2, b.getIndexType());
    auto body = func::FuncOp::create(b, loc, name + ".body", b.getFunctionType(arguments, {}));
    body.setPrivate();
    for (auto [i, v] : llvm::enumerate(captures))
      if (auto arg = dyn_cast<BlockArgument>(v); arg && arg.getOwner()->getParentOp() == function)
        body.setArgAttrs(i, pointerAttributes(arg));
    fillBody(body);
    return body;
  }

  DictionaryAttr pointerAttributes(BlockArgument arg) {
    SmallVector<NamedAttribute> kept;
    if (DictionaryAttr all = function.getArgAttrDict(arg.getArgNumber()))
      for (NamedAttribute attribute : all)
        if (attribute.getName().strref().starts_with("llvm."))
          kept.push_back(attribute);
    return b.getDictionaryAttr(kept);
  }

  void fillBody(func::FuncOp body) {
    Block *entry = body.addEntryBlock();
    b.setInsertionPointToStart(entry);
    IRMapping map;
    for (auto [v, arg] : llvm::zip_equal(captures, entry->getArguments().drop_back(2)))
      map.map(v, arg.getType() == v.getType()
                     ? Value(arg)
                     : arith::BitcastOp::create(b, loc, v.getType(), arg).getResult());
    for (Operation *constant : constants)
      if (!map.contains(constant->getResult(0)))
        b.clone(*constant, map);
    Value lower = entry->getArgument(captures.size()),
          upper = entry->getArgument(captures.size() + 1);
    auto loop = scf::ForOp::create(b, loc, lower, upper, indexConstant(1));
    func::ReturnOp::create(b, loc);
    hoistAllocas(entry, map);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    mapIndices(loop.getInductionVar(), map);
    for (Operation &op : forall.getBlock()->without_terminator())
      if (!map.contains(op.getNumResults() ? op.getResult(0) : Value()))
        b.clone(op, map);
  }

  void hoistAllocas(Block *entry, IRMapping &map) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(entry);
    for (auto alloca : forall.getBlock()->getOps<LLVM::AllocaOp>()) {
      b.clone(*alloca.getArraySize().getDefiningOp(), map);
      b.clone(*alloca, map);
    }
  }

  /// The last axis varies fastest.
  void mapIndices(Value linear, IRMapping &map) {
    for (int d = int(lengths.size()) - 1; d >= 0; --d) {
      Value part = linear;
      if (d) {
        Value length = map.lookupOrDefault(lengths[d]);
        part = arith::RemUIOp::create(b, loc, linear, length);
        linear = arith::DivUIOp::create(b, loc, linear, length);
      }
      Value lower = map.lookupOrDefault(forall.getLower()[d]);
      map.map(forall.getArgs()[d], arith::AddIOp::create(b, loc, lower, part));
    }
  }

  Value field(Type structure, Value pointer, unsigned index) {
    return LLVM::GEPOp::create(b, loc, pointerType(), structure, pointer,
                               ArrayRef<LLVM::GEPArg>{0, int32_t(index)});
  }

  Type captureStruct() {
    SmallVector<Type> fields(types);
    fields.push_back(b.getI64Type()); // total
    return LLVM::LLVMStructType::getLiteral(b.getContext(), fields);
  }

  Value toIndex(Value v) { return arith::IndexCastOp::create(b, loc, b.getIndexType(), v); }
  Value toI64(Value v) { return arith::IndexCastOp::create(b, loc, b.getI64Type(), v); }

  LLVM::LLVMFuncOp buildTask(func::FuncOp body, int64_t grain) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(function);
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()),
                                            {pointerType(), b.getI64Type()});
    auto task = LLVM::LLVMFuncOp::create(b, loc, name, type, LLVM::Linkage::Internal);
    Block *entry = task.addEntryBlock(b);
    b.setInsertionPointToStart(entry);
    Type structure = captureStruct();
    SmallVector<Value> arguments;
    for (auto [i, v] : llvm::enumerate(captures)) {
      Value loaded =
          LLVM::LoadOp::create(b, loc, types[i], field(structure, entry->getArgument(0), i));
      arguments.push_back(v.getType().isIndex() ? toIndex(loaded) : loaded);
    }
    Value total = toIndex(LLVM::LoadOp::create(
        b, loc, b.getI64Type(), field(structure, entry->getArgument(0), captures.size())));
    Value lower =
        arith::MulIOp::create(b, loc, toIndex(entry->getArgument(1)), indexConstant(grain));
    Value upper = arith::MinSIOp::create(
        b, loc, arith::AddIOp::create(b, loc, lower, indexConstant(grain)), total);
    arguments.append({lower, upper});
    func::CallOp::create(b, loc, body, arguments);
    LLVM::ReturnOp::create(b, loc, ValueRange());
    return task;
  }

  void buildCall(func::FuncOp body, LLVM::LLVMFuncOp task, Value total) {
    Value tasks = arith::CeilDivUIOp::create(b, loc, total, indexConstant(grain()));
    Value single =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule, tasks, indexConstant(1));
    auto choice = scf::IfOp::create(b, loc, single, /*withElseRegion=*/true);
    b.setInsertionPointToStart(&choice.getThenRegion().front());
    SmallVector<Value> arguments;
    for (Value v : captures)
      arguments.push_back(passed(v));
    arguments.append({indexConstant(0), total});
    func::CallOp::create(b, loc, body, arguments);
    b.setInsertionPointToStart(&choice.getElseRegion().front());
    buildParallelCall(task, tasks, total);
  }

  void buildParallelCall(LLVM::LLVMFuncOp task, Value tasks, Value total) {
    Type structure = captureStruct();
    Value frame;
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(&function.getBody().front());
      Value one = LLVM::ConstantOp::create(b, loc, b.getI64Type(), 1);
      frame = LLVM::AllocaOp::create(b, loc, pointerType(), structure, one, 16);
    }
    for (auto [i, v] : llvm::enumerate(captures)) {
      Value stored = v.getType().isIndex() ? toI64(v) : passed(v);
      LLVM::StoreOp::create(b, loc, stored, field(structure, frame, i));
    }
    LLVM::StoreOp::create(b, loc, toI64(total), field(structure, frame, captures.size()));
    unsigned arguments = function.getNumArguments();
    Value call = function.getArgument(arguments - 2), slot = function.getArgument(arguments - 1);
    Value address = LLVM::AddressOfOp::create(b, loc, task);
    Value status = LLVM::CallOp::create(b, loc, b.getI32Type(),
                                        std::string(runtime::prefix()) + "parallel_for",
                                        ValueRange{call, toI64(tasks), address, frame})
                       .getResult();
    Value zero = arith::ConstantIntOp::create(b, loc, 0, 32);
    Value failed = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, status, zero);
    auto guarded = scf::IfOp::create(b, loc, failed, /*withElseRegion=*/false);
    b.setInsertionPointToStart(&guarded.getThenRegion().front());
    LLVM::StoreOp::create(b, loc, status, slot);
  }
};

struct ThreadsPass : impl::CpuThreadsBase<ThreadsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<par::ForallOp> foralls;
    module.walk<WalkOrder::PreOrder>([&](par::ForallOp forall) { foralls.push_back(forall); });
    if (!foralls.empty())
      declareParallelFor(module);
    for (auto [i, forall] : llvm::enumerate(foralls))
      Outliner(forall, i).outline();
    SmallVector<par::KernelOp> kernels;
    module.walk([&](par::KernelOp kernel) { kernels.push_back(kernel); });
    for (par::KernelOp kernel : kernels) {
      Block *block = kernel.getBlock();
      kernel->getBlock()->getOperations().splice(Block::iterator(kernel), block->getOperations());
      kernel.erase();
    }
  }

  static void declareParallelFor(ModuleOp module) {
    OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
    Type pointer = LLVM::LLVMPointerType::get(b.getContext());
    auto type =
        LLVM::LLVMFunctionType::get(b.getI32Type(), {pointer, b.getI64Type(), pointer, pointer});
    LLVM::LLVMFuncOp::create(b, module.getLoc(), std::string(runtime::prefix()) + "parallel_for",
                             type);
  }
};
} // namespace
} // namespace texpr::cpu

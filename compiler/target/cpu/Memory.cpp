// cpu-memory: buffers become pointers, accesses become loads and stores at pointer + linear index,
// and the function gets the signature of Cpu.h.
//
//   before: func.func @f(%n: index, %xa: !par.buf<?xf32>, …) { %x = par.bind %xa [%n]; … par.load
//   %x[%i] … } after:  func.func @f.v3(%n: index, %x: !llvm.ptr {readonly}, …, %workspace, %call,
//   %slot) -> i32
//             { … llvm.load (llvm.getelementptr %x[%i]) … llvm.return (llvm.load %slot) }
//
// No memref: extents are SSA values already, so a descriptor would only add work. Indices are
// row-major in 64 bits; they do not wrap, for the entry bounds each tensor's bytes by 2^47. `reg`
// and `stack` allocations become static allocas at the start of the task (the body of the forall at
// level `thread`) or of the function; a bounded one takes the machine's whole stack allowance.
// par.fail calls the runtime's report, on a cold path.
#include "compiler/target/cpu/Atomics.h"
#include "compiler/target/cpu/Cpu.h"
#include "dialects/par/Extents.h"
#include "dialects/par/ParOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "runtime/RuntimeBitcode.h"

using namespace mlir;

namespace texpr::cpu {
#define GEN_PASS_DEF_CPUMEMORY
#include "compiler/target/cpu/Passes.h.inc"

Type storageType(Type element) {
  if (element.isInteger(1))
    return IntegerType::get(element.getContext(), 8);
  return element.isIndex() ? IntegerType::get(element.getContext(), 64) : element;
}

int64_t storageBytes(Type element) {
  return (storageType(element).getIntOrFloatBitWidth() + 7) / 8;
}

Value bufferPointer(OpBuilder &b, Value buffer) {
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  return UnrealizedConversionCastOp::create(b, buffer.getLoc(), pointer, buffer).getResult(0);
}

Value linearIndex(OpBuilder &b, Location loc, Value buffer, ValueRange indices) {
  if (indices.empty())
    return arith::ConstantIndexOp::create(b, loc, 0);
  auto flags = arith::IntegerOverflowFlags::nsw;
  SmallVector<Value> extents = par::getExtents(b, buffer);
  Value place = indices[0];
  for (size_t d = 1; d < indices.size(); ++d) {
    place = arith::MulIOp::create(b, loc, place, extents[d], flags);
    place = arith::AddIOp::create(b, loc, place, indices[d], flags);
  }
  return place;
}

Value elementPointer(OpBuilder &b, Location loc, Value pointer, Value place, Type element) {
  if (place.getType().isIndex())
    place = arith::IndexCastOp::create(b, loc, b.getI64Type(), place);
  return LLVM::GEPOp::create(b, loc, pointer.getType(), storageType(element), pointer,
                             ArrayRef<LLVM::GEPArg>{place});
}

const Target *findMachine(Operation *op, StringRef name) {
  const Target *target = lookupCpuTarget(name);
  if (!target)
    op->emitError("no machine is named '") << name << "'";
  return target;
}

namespace {
/// The block at whose start the allocas of `op` belong: of its task, else of its function.
Block *taskBlock(Operation *op) {
  Block *block = nullptr;
  for (Operation *parent = op->getParentOp(); parent; parent = parent->getParentOp()) {
    if (auto forall = dyn_cast<par::ForallOp>(parent); forall && forall.getLevel() == "thread")
      return forall.getBlock();
    if (auto function = dyn_cast<func::FuncOp>(parent))
      block = &function.getBody().front();
  }
  return block;
}

constexpr int32_t kReportWords = 2; // of 8 bytes: status and site, index

struct Function {
  func::FuncOp function;
  const Target &target;
  OpBuilder b;
  DenseMap<Value, Value> pointers; // of buffers
  Value workspace, slot;

  Function(func::FuncOp function, const Target &target)
      : function(function), target(target), b(function.getContext()) {}

  Type pointerType() { return LLVM::LLVMPointerType::get(b.getContext()); }

  void lower() {
    lowerSignature();
    SmallVector<Operation *> buffers, work;
    function.walk([&](Operation *op) {
      bool isBuffer = isa<par::BindOp, par::AllocOp, par::SlotOp>(op);
      (isBuffer ? buffers : work).push_back(op);
    });
    for (Operation *op : buffers)
      placeBuffer(op);
    for (Operation *op : work) {
      b.setInsertionPoint(op);
      if (auto load = dyn_cast<par::LoadOp>(op))
        lowerLoad(load);
      else if (auto store = dyn_cast<par::StoreOp>(op))
        lowerStore(store);
      else if (auto atomic = dyn_cast<par::AtomicOp>(op))
        lowerAtomic(atomic, place(atomic.getLoc(), atomic.getDest(), atomic.getIndices()));
      else if (auto fail = dyn_cast<par::FailOp>(op))
        lowerFail(fail);
      else if (auto cast = dyn_cast<UnrealizedConversionCastOp>(op))
        lowerCast(cast);
    }
    for (Operation *op : llvm::reverse(buffers))
      op->erase();
    lowerReturn();
  }

  //===- signature --------------------------------------------------------===//

  void lowerSignature() {
    Block &entry = function.getBody().front();
    b.setInsertionPointToStart(&entry);
    SmallVector<DictionaryAttr> attributes;
    for (auto [i, arg] : llvm::enumerate(entry.getArguments())) {
      attributes.push_back(argumentAttributes(i, arg.getType()));
      if (isa<par::BufType>(arg.getType()))
        replaceBuffer(arg);
      else if (arg.getType().isInteger(1))
        replaceBool(arg);
      else if (isa<FloatType>(arg.getType()) && arg.getType().getIntOrFloatBitWidth() == 16)
        replaceHalf(arg);
    }
    Location loc = function.getLoc();
    workspace = entry.addArgument(pointerType(), loc);
    entry.addArgument(pointerType(), loc); // call
    slot = entry.addArgument(pointerType(), loc);
    NamedAttribute noalias(LLVM::LLVMDialect::getNoAliasAttrName(), b.getUnitAttr());
    attributes.push_back(b.getDictionaryAttr(noalias));
    attributes.append(2, b.getDictionaryAttr({}));
    function.setFunctionType(b.getFunctionType(entry.getArgumentTypes(), b.getI32Type()));
    function.setAllArgAttrs(attributes);
    function.removeResAttrsAttr();
  }

  /// Outputs overlap nothing. Inputs may overlap each other, but then nobody writes them: noalias
  /// holds for both.
  DictionaryAttr argumentAttributes(unsigned index, Type type) {
    SmallVector<NamedAttribute> attributes;
    auto buffer = dyn_cast<par::BufType>(type);
    if (!buffer)
      return b.getDictionaryAttr({});
    attributes.emplace_back(LLVM::LLVMDialect::getNoAliasAttrName(), b.getUnitAttr());
    if (!isWritten(function.getArgument(index)))
      attributes.emplace_back(LLVM::LLVMDialect::getReadonlyAttrName(), b.getUnitAttr());
    return b.getDictionaryAttr(attributes);
  }

  static bool isWritten(Value argument) {
    for (Operation *user : argument.getUsers())
      for (Operation *access : user->getResults().getUsers())
        if (!isa<par::LoadOp>(access))
          return true;
    return false;
  }

  void replaceBuffer(BlockArgument arg) {
    for (Operation *user : llvm::make_early_inc_range(arg.getUsers())) {
      auto bind = cast<par::BindOp>(user);
      pointers[bind.getResult()] = arg;
    }
    // The bind keeps a value of buffer type until it is erased.
    auto cast = UnrealizedConversionCastOp::create(b, arg.getLoc(), arg.getType(), ValueRange(arg));
    arg.replaceAllUsesExcept(cast.getResult(0), cast);
    arg.setType(pointerType());
  }

  /// As its bits: LLVM would pass it through f32, with a library call for bf16.
  void replaceHalf(BlockArgument arg) {
    Type type = arg.getType();
    arg.setType(b.getI16Type());
    auto value = arith::BitcastOp::create(b, arg.getLoc(), type, arg);
    arg.replaceAllUsesExcept(value, value);
  }

  void replaceBool(BlockArgument arg) {
    Value zero = arith::ConstantIntOp::create(b, arg.getLoc(), 0, 8);
    arg.setType(b.getI8Type());
    auto test = arith::CmpIOp::create(b, arg.getLoc(), arith::CmpIPredicate::ne, arg, zero);
    arg.replaceAllUsesExcept(test, test);
  }

  void lowerReturn() {
    auto ret = cast<func::ReturnOp>(function.getBody().front().getTerminator());
    b.setInsertionPoint(ret);
    Value status = LLVM::LoadOp::create(b, ret.getLoc(), b.getI32Type(), slot);
    func::ReturnOp::create(b, ret.getLoc(), status);
    ret.erase();
  }

  //===- buffers ----------------------------------------------------------===//

  void placeBuffer(Operation *op) {
    Value buffer = op->getResult(0);
    Type element = par::getBufType(buffer).getElementType();
    if (auto slot = dyn_cast<par::SlotOp>(op)) {
      b.setInsertionPoint(op);
      pointers[buffer] =
          elementPointer(b, op->getLoc(), workspace, slot.getOffset(), b.getI8Type());
    } else if (auto alloc = dyn_cast<par::AllocOp>(op)) {
      b.setInsertionPointToStart(taskBlock(op));
      Value count = LLVM::ConstantOp::create(b, op->getLoc(), b.getI64Type(), stackElements(alloc));
      pointers[buffer] =
          LLVM::AllocaOp::create(b, op->getLoc(), pointerType(), storageType(element), count, 64);
    }
  }

  int64_t stackElements(par::AllocOp alloc) {
    int64_t bytes = storageBytes(par::getBufType(alloc.getResult()).getElementType()), elements = 1;
    for (Value extent : alloc.getExtents()) {
      IntegerAttr constant;
      if (!matchPattern(extent, m_Constant(&constant)))
        return target.stackBytes / bytes;
      elements *= constant.getInt();
    }
    return std::max<int64_t>(elements, 1);
  }

  Value place(Location loc, Value buffer, ValueRange indices) {
    Value linear = linearIndex(b, loc, buffer, indices);
    return elementPointer(b, loc, pointers.at(buffer), linear,
                          par::getBufType(buffer).getElementType());
  }

  void lowerCast(UnrealizedConversionCastOp cast) {
    if (cast.getNumOperands() == 1 && isa<par::BufType>(cast.getOperand(0).getType())) {
      cast.getResult(0).replaceAllUsesWith(pointers.at(cast.getOperand(0)));
      cast.erase();
    }
  }

  //===- accesses ---------------------------------------------------------===//

  Value loadFrom(Location loc, Value pointer, Type element) {
    Type stored = storageType(element);
    Value value = LLVM::LoadOp::create(b, loc, stored, pointer, storageBytes(element));
    if (!element.isInteger(1))
      return value;
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, value,
                                 arith::ConstantIntOp::create(b, loc, 0, 8));
  }

  void lowerLoad(par::LoadOp op) {
    Location loc = op.getLoc();
    Type element = op.getType();
    Value result;
    if (!op.getMask()) {
      result = loadFrom(loc, place(loc, op.getSource(), op.getIndices()), element);
    } else {
      auto guarded =
          scf::IfOp::create(b, loc, TypeRange(element), op.getMask(), /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(&guarded.getThenRegion().front());
      Value loaded = loadFrom(loc, place(loc, op.getSource(), op.getIndices()), element);
      scf::YieldOp::create(b, loc, loaded);
      b.setInsertionPointToStart(&guarded.getElseRegion().front());
      scf::YieldOp::create(b, loc, op.getOther());
      result = guarded.getResult(0);
    }
    op.replaceAllUsesWith(result);
    op.erase();
  }

  void lowerStore(par::StoreOp op) {
    Location loc = op.getLoc();
    OpBuilder::InsertionGuard guard(b);
    if (op.getMask()) {
      auto guarded = scf::IfOp::create(b, loc, op.getMask(), /*withElseRegion=*/false);
      b.setInsertionPointToStart(&guarded.getThenRegion().front());
    }
    Value value = op.getValue();
    Type element = value.getType();
    if (element.isInteger(1))
      value = arith::ExtUIOp::create(b, loc, b.getI8Type(), value);
    Value pointer = place(loc, op.getDest(), op.getIndices());
    LLVM::StoreOp::create(b, loc, value, pointer, storageBytes(element));
    op.erase();
  }

  void lowerFail(par::FailOp op) {
    Location loc = op.getLoc();
    auto guarded = scf::IfOp::create(b, loc, op.getCondition(), /*withElseRegion=*/false);
    b.setInsertionPointToStart(&guarded.getThenRegion().front());
    Value site = arith::ConstantIntOp::create(b, loc, op.getSite(), 32);
    Value index = op.getIndex();
    if (!index)
      index = arith::ConstantIndexOp::create(b, loc, 0);
    index = arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
    // Values stand behind the tx_report of the slot: of a checked build, whose first failure is its last.
    for (auto [k, v] : llvm::enumerate(op.getValues())) {
      Value at = LLVM::GEPOp::create(b, loc, pointerType(), b.getI64Type(), slot,
                                     ArrayRef<LLVM::GEPArg>{int32_t(kReportWords + k)});
      LLVM::StoreOp::create(b, loc, arith::IndexCastOp::create(b, loc, b.getI64Type(), v), at);
    }
    LLVM::CallOp::create(b, loc, TypeRange(), runtimeName("report"), ValueRange{slot, site, index});
    op.erase();
  }

  static std::string runtimeName(StringRef name) {
    return std::string(runtime::prefix()) + name.str();
  }
};

struct MemoryPass : impl::CpuMemoryBase<MemoryPass> {
  using CpuMemoryBase::CpuMemoryBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    const Target *target = findMachine(module, machine);
    if (!target)
      return signalPassFailure();
    for (Operation &op : llvm::make_early_inc_range(*module.getBody()))
      if (isa<tx::CombinerOp>(op))
        op.erase();
    bool fails = false;
    module.walk([&](par::FailOp) { fails = true; });
    if (fails)
      declareReport(module);
    for (auto function : module.getOps<func::FuncOp>()) {
      if (!function->hasAttr("tx.workspace_of"))
        Function(function, *target).lower();
      function.setName((function.getName() + "." + target->variant).str());
    }
  }

  static void declareReport(ModuleOp module) {
    OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
    Type pointer = LLVM::LLVMPointerType::get(b.getContext());
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()),
                                            {pointer, b.getI32Type(), b.getI64Type()});
    auto report =
        LLVM::LLVMFuncOp::create(b, module.getLoc(), Function::runtimeName("report"), type);
    report.setPassthroughAttr(b.getStrArrayAttr({"cold"}));
  }
};
} // namespace
} // namespace texpr::cpu

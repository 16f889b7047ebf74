// The C entry points: every check before any write, the workspace, the choice of the code.
//
//   status = check_call(call)                          size, abi, device
//   each dim in 0 … 2^47, each tx.fact {entry}, each tensor <= 2^47 bytes, not NULL, aligned
//   acquire workspace; f.v4 / f.v3 / f.v2 by cpu_level(); release
//
// What a check computes, it computes without overflow: index values of the function (sums, products
// and quotients of dims) are evaluated in 128 bits, clamped to +-2^63, and a clamp anywhere refuses
// the call. A result whose extent is found while running has the size of the bound. LLVM IR is built directly: an
// entry is straight-line code with exits, which MLIR would only make longer.
#include "compiler/emit/Entry.h"
#include "dialects/par/ParOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IntegerSet.h"
#include "mlir/IR/Matchers.h"
#include "runtime/RuntimeBitcode.h"
#include "texpr/abi.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"

using namespace mlir;

namespace texpr::emit {
namespace {

constexpr int64_t kMaxBytes = int64_t(1) << 47; // of one tensor, and the largest dim

class EntryBuilder {
public:
  EntryBuilder(func::FuncOp func, llvm::Module &module, llvm::ArrayRef<Variant> variants)
      : func(func), abi(abiOf(func)), module(module), variants(variants), ir(module.getContext()) {}
  void buildCall();
  void buildWorkspace();

private:
  llvm::Function *declare(const std::string &name, const std::vector<CParameter> &params);
  llvm::FunctionCallee runtime(llvm::StringRef name, llvm::Type *result,
                               llvm::ArrayRef<llvm::Type *> params);
  llvm::FunctionCallee errorFunction();
  llvm::StructType *reportType();
  llvm::StructType *slotType();
  llvm::Value *text(const std::string &s);
  void bindDims(llvm::Function *fn, bool withParams);
  void bind(unsigned i, llvm::Value *arg);
  void refuseIf(llvm::Value *bad, tx_status status, const std::string &message,
                llvm::ArrayRef<llvm::Value *> values);
  void checkCall();
  void checkDims();
  void checkFacts();
  void checkTensors();
  void checkTensor(llvm::Value *pointer, const std::string &name, Type element, ValueRange extents);

  bool isKnown(mlir::Value v) const;
  llvm::Value *end(mlir::Value v, bool isUpper);
  llvm::Value *endOf(Operation *op, bool isUpper);
  llvm::Value *eval(mlir::Value v);
  llvm::Value *evalOp(Operation *op);
  llvm::Value *eval(AffineExpr e, llvm::ArrayRef<llvm::Value *> symbols);
  llvm::Value *clamp(llvm::Value *wide);
  llvm::Value *floorDiv(llvm::Value *a, llvm::Value *b);
  llvm::Value *wide(int64_t v) { return llvm::ConstantInt::getSigned(i128(), v); }
  llvm::Type *i128() { return ir.getInt128Ty(); }
  std::vector<llvm::Value *> dimArguments();
  std::vector<llvm::Value *> variantArguments(llvm::Value *workspace, llvm::Value *report);
  llvm::Value *wordDataError(llvm::Value *report);

  func::FuncOp func;
  AbiFunction abi;
  llvm::Module &module;
  llvm::ArrayRef<Variant> variants;
  llvm::IRBuilder<> ir;
  llvm::Function *fn = nullptr;
  llvm::Value *call = nullptr;
  llvm::Value *overflow = nullptr;                   // i1: some value was clamped
  llvm::DenseMap<mlir::Value, llvm::Value *> values; // index values, in 128 bits
  llvm::DenseMap<unsigned, llvm::Value *>
      arguments; // C arguments by the function's argument number
};

llvm::Type *irType(llvm::IRBuilder<> &ir, llvm::StringRef cType) {
  if (cType.ends_with("*"))
    return ir.getPtrTy();
  cType = cType.rtrim();
  if (cType == "float")
    return ir.getFloatTy();
  if (cType == "double")
    return ir.getDoubleTy();
  if (cType == "tx_f16" || cType == "tx_bf16" || cType.contains("16"))
    return ir.getInt16Ty();
  if (cType.contains("64"))
    return ir.getInt64Ty();
  if (cType.contains("32"))
    return ir.getInt32Ty();
  return ir.getInt8Ty();
}

llvm::Function *EntryBuilder::declare(const std::string &name,
                                      const std::vector<CParameter> &params) {
  std::vector<llvm::Type *> types;
  for (const CParameter &p : params)
    types.push_back(irType(ir, p.type));
  auto *type = llvm::FunctionType::get(ir.getInt32Ty(), types, false);
  auto *f = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, module);
  f->setDSOLocal(true);
  f->addFnAttr(llvm::Attribute::NoUnwind);
  for (auto [arg, p] : llvm::zip(f->args(), params)) {
    arg.setName(p.name);
    // Narrow integers arrive extended, as the C ABI of every target of ours has it.
    if (arg.getType()->isIntegerTy(8) || arg.getType()->isIntegerTy(16))
      arg.addAttr(llvm::StringRef(p.type).starts_with("int") ? llvm::Attribute::SExt
                                                             : llvm::Attribute::ZExt);
  }
  ir.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "entry", f));
  values.clear();
  arguments.clear();
  overflow = ir.getFalse();
  return f;
}

llvm::FunctionCallee EntryBuilder::runtime(llvm::StringRef name, llvm::Type *result,
                                           llvm::ArrayRef<llvm::Type *> params) {
  std::string full = std::string(runtime::prefix()) + name.str();
  return module.getOrInsertFunction(full, llvm::FunctionType::get(result, params, false));
}

llvm::FunctionCallee EntryBuilder::errorFunction() {
  return runtime("error", ir.getInt32Ty(),
                 {ir.getPtrTy(), ir.getInt32Ty(), ir.getInt32Ty(), ir.getInt64Ty(), ir.getPtrTy(),
                  ir.getPtrTy()});
}

/// tx_report of abi.h.
llvm::StructType *EntryBuilder::reportType() {
  return llvm::StructType::get(module.getContext(),
                               {ir.getInt32Ty(), ir.getInt32Ty(), ir.getInt64Ty()});
}

/// Behind it stand the numbers that the text of a checked build's failure words.
llvm::StructType *EntryBuilder::slotType() {
  int64_t most = 0;
  if (auto sites = func->getParentOfType<ModuleOp>()->getAttrOfType<ArrayAttr>("texpr.sites"))
    for (Attribute entry : sites)
      if (auto values = cast<DictionaryAttr>(entry).getAs<IntegerAttr>("values"))
        most = std::max(most, values.getInt());
  return llvm::StructType::get(module.getContext(),
                               {reportType(), llvm::ArrayType::get(ir.getInt64Ty(), most)});
}

llvm::Value *EntryBuilder::text(const std::string &s) {
  return ir.CreateGlobalString(s, "tx.text");
}

/// Binds the C arguments to the function's arguments, integers as 128-bit values.
void EntryBuilder::bindDims(llvm::Function *f, bool withParams) {
  // C order: dims, then parameters with the integer ones that serve as dims at their places, then
  // results.
  std::vector<unsigned> order, params, outs;
  std::vector<std::pair<int64_t, unsigned>> placed;
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    if (auto position = func.getArgAttrOfType<IntegerAttr>(i, "tx.position"))
      placed.emplace_back(position.getInt(), i);
    else if (func.getArgAttr(i, "tx.dim"))
      order.push_back(i);
    else if (withParams)
      (func.getArgAttr(i, "tx.out") ? outs : params).push_back(i);
  }
  llvm::sort(placed);
  for (auto [position, i] : placed)
    params.insert(params.begin() + std::min<size_t>(position, params.size()), i);
  order.insert(order.end(), params.begin(), params.end());
  order.insert(order.end(), outs.begin(), outs.end());
  for (auto [c, i] : llvm::enumerate(order))
    bind(i, f->getArg(c));
}

void EntryBuilder::bind(unsigned i, llvm::Value *arg) {
  arguments[i] = arg;
  Type type = func.getArgument(i).getType();
  if (!type.isIntOrIndex() || arg->getType()->isPointerTy())
    return;
  auto declared = func.getArgAttrOfType<StringAttr>(i, "tx.type");
  bool isUnsigned =
      func.getArgAttr(i, "tx.unsigned") || (declared && declared.getValue().starts_with("u"));
  values[func.getArgument(i)] =
      isUnsigned ? ir.CreateZExt(arg, i128()) : ir.CreateSExt(arg, i128());
}

void EntryBuilder::refuseIf(llvm::Value *bad, tx_status status, const std::string &message,
                            llvm::ArrayRef<llvm::Value *> numbers) {
  llvm::LLVMContext &c = module.getContext();
  auto *fail = llvm::BasicBlock::Create(c, "refuse", fn),
       *next = llvm::BasicBlock::Create(c, "", fn);
  llvm::MDBuilder md(c);
  ir.CreateCondBr(bad, fail, next, md.createUnlikelyBranchWeights());
  ir.SetInsertPoint(fail);
  auto *arrayType = llvm::ArrayType::get(ir.getInt64Ty(), std::max<size_t>(1, numbers.size()));
  llvm::Value *array = ir.CreateAlloca(arrayType);
  for (auto [i, n] : llvm::enumerate(numbers))
    ir.CreateStore(ir.CreateSExtOrTrunc(n, ir.getInt64Ty()),
                   ir.CreateConstGEP2_64(arrayType, array, 0, i));
  ir.CreateRet(
      ir.CreateCall(errorFunction(), {call, ir.getInt32(status), ir.getInt32(-1), ir.getInt64(0),
                                      text(abi.name + ": " + message), array}));
  ir.SetInsertPoint(next);
}

// ---- index values in 128 bits ------------------------------------------------------------------

llvm::Value *EntryBuilder::clamp(llvm::Value *v) {
  llvm::Value *hi = ir.CreateShl(wide(1), wide(63)), *lo = ir.CreateNeg(hi);
  llvm::Value *above = ir.CreateICmpSGT(v, hi), *below = ir.CreateICmpSLT(v, lo);
  overflow = ir.CreateOr(overflow, ir.CreateOr(above, below));
  return ir.CreateSelect(above, hi, ir.CreateSelect(below, lo, v));
}

llvm::Value *EntryBuilder::floorDiv(llvm::Value *a, llvm::Value *b) {
  // 128-bit division would be a library call: both operands fit 64 bits after `clamp`, up to 2^63
  // itself, which no accepted dim or product of an accepted call reaches.
  llvm::Type *i64 = ir.getInt64Ty();
  auto narrow = [&](llvm::Value *v) {
    llvm::Value *t = ir.CreateTrunc(v, i64);
    overflow = ir.CreateOr(overflow, ir.CreateICmpNE(ir.CreateSExt(t, i128()), v));
    return t;
  };
  llvm::Value *x = narrow(a), *y = narrow(b);
  llvm::Value *zero = ir.getInt64(0), *isZero = ir.CreateICmpEQ(y, zero);
  llvm::Value *isMinusOne = ir.CreateICmpEQ(y, ir.getInt64(-1));
  llvm::Value *safe = ir.CreateSelect(ir.CreateOr(isZero, isMinusOne), ir.getInt64(1), y);
  llvm::Value *q = ir.CreateSDiv(x, safe), *r = ir.CreateSRem(x, safe);
  llvm::Value *adjust =
      ir.CreateAnd(ir.CreateICmpNE(r, zero), ir.CreateICmpSLT(ir.CreateXor(r, safe), zero));
  q = ir.CreateSub(q, ir.CreateZExt(adjust, i64));
  llvm::Value *result = ir.CreateSExt(q, i128());
  result = ir.CreateSelect(isMinusOne, ir.CreateNeg(a), result);
  return ir.CreateSelect(isZero, wide(0), result);
}

bool EntryBuilder::isKnown(mlir::Value v) const {
  if (values.contains(v))
    return true;
  Operation *op = v.getDefiningOp();
  return op && !isa<par::ParDialect>(op->getDialect()) &&
         llvm::all_of(op->getOperands(), [&](mlir::Value o) { return isKnown(o); });
}

/// The value, or what it is at most (at least) where it rests on a dim that is found while running; null: no bound.
llvm::Value *EntryBuilder::end(mlir::Value v, bool isUpper) {
  if (isKnown(v))
    return eval(v);
  return v.getDefiningOp() ? endOf(v.getDefiningOp(), isUpper) : nullptr;
}

llvm::Value *EntryBuilder::endOf(Operation *op, bool isUpper) {
  auto at = [&](unsigned i, bool upper) { return end(op->getOperand(i), upper); };
  auto both = [&](llvm::Value *l, llvm::Value *r, auto make) -> llvm::Value * {
    return l && r ? make(l, r) : nullptr;
  };
  if (isa<arith::AddIOp>(op))
    return both(at(0, isUpper), at(1, isUpper),
                [&](auto *l, auto *r) { return clamp(ir.CreateAdd(l, r)); });
  if (isa<arith::SubIOp>(op))
    return both(at(0, isUpper), at(1, !isUpper),
                [&](auto *l, auto *r) { return clamp(ir.CreateSub(l, r)); });
  if (isa<arith::MulIOp>(op)) // of lengths, which are not negative
    return both(at(0, isUpper), at(1, isUpper),
                [&](auto *l, auto *r) { return clamp(ir.CreateMul(l, r)); });
  if (isa<arith::MinSIOp, arith::MaxSIOp>(op)) {
    bool isMin = isa<arith::MinSIOp>(op);
    llvm::Value *l = at(0, isUpper), *r = at(1, isUpper);
    if (l && r)
      return ir.CreateBinaryIntrinsic(isMin ? llvm::Intrinsic::smin : llvm::Intrinsic::smax, l, r);
    return isMin == isUpper ? (l ? l : r) : nullptr; // a min is below each side
  }
  if (isa<arith::IndexCastOp>(op))
    return at(0, isUpper);
  auto scalar = dyn_cast<tx::ScalarOp>(op);
  if (!scalar || !isKnown(op->getOperand(1)))
    return nullptr;
  if (scalar.getKind() == tx::ScalarKind::mod)
    return isUpper ? ir.CreateSub(at(1, true), wide(1)) : wide(0);
  llvm::Value *dividend = at(0, isUpper);
  return scalar.getKind() == tx::ScalarKind::floordiv && dividend ? floorDiv(dividend, at(1, true))
                                                                  : nullptr;
}

llvm::Value *EntryBuilder::eval(mlir::Value v) {
  if (auto it = values.find(v); it != values.end())
    return it->second;
  APInt constant;
  llvm::Value *result;
  if (matchPattern(v, m_ConstantInt(&constant)))
    result = wide(constant.getSExtValue());
  else
    result = evalOp(v.getDefiningOp());
  values[v] = result;
  return result;
}

llvm::Value *EntryBuilder::evalOp(Operation *op) {
  auto at = [&](unsigned i) { return eval(op->getOperand(i)); };
  if (isa<arith::AddIOp>(op))
    return clamp(ir.CreateAdd(at(0), at(1)));
  if (isa<arith::SubIOp>(op))
    return clamp(ir.CreateSub(at(0), at(1)));
  if (isa<arith::MulIOp>(op))
    return clamp(ir.CreateMul(at(0), at(1)));
  if (isa<arith::MinSIOp>(op))
    return ir.CreateBinaryIntrinsic(llvm::Intrinsic::smin, at(0), at(1));
  if (isa<arith::MaxSIOp>(op))
    return ir.CreateBinaryIntrinsic(llvm::Intrinsic::smax, at(0), at(1));
  if (isa<arith::FloorDivSIOp>(op))
    return floorDiv(at(0), at(1));
  if (isa<arith::CeilDivSIOp>(op))
    return ir.CreateNeg(floorDiv(ir.CreateNeg(at(0)), at(1)));
  if (isa<arith::IndexCastOp, arith::ExtSIOp, arith::ExtUIOp, arith::IndexCastUIOp>(op))
    return at(0);
  if (auto scalar = dyn_cast<tx::ScalarOp>(op)) {
    llvm::Value *q = floorDiv(at(0), at(1));
    if (scalar.getKind() == tx::ScalarKind::floordiv)
      return q;
    llvm::Value *mod = ir.CreateSub(at(0), ir.CreateMul(q, at(1)));
    return ir.CreateSelect(ir.CreateICmpEQ(at(1), wide(0)), wide(0), mod);
  }
  llvm::report_fatal_error(llvm::Twine("an entry cannot compute ") + op->getName().getStringRef());
}

llvm::Value *EntryBuilder::eval(AffineExpr e, llvm::ArrayRef<llvm::Value *> symbols) {
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return wide(c.getValue());
  if (auto s = dyn_cast<AffineSymbolExpr>(e))
    return symbols[s.getPosition()];
  if (auto d = dyn_cast<AffineDimExpr>(e))
    return symbols[d.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(e);
  llvm::Value *l = eval(binary.getLHS(), symbols), *r = eval(binary.getRHS(), symbols);
  switch (e.getKind()) {
  case AffineExprKind::Add:
    return clamp(ir.CreateAdd(l, r));
  case AffineExprKind::Mul:
    return clamp(ir.CreateMul(l, r));
  case AffineExprKind::FloorDiv:
    return floorDiv(l, r);
  case AffineExprKind::CeilDiv:
    return ir.CreateNeg(floorDiv(ir.CreateNeg(l), r));
  default:
    return ir.CreateSub(l, ir.CreateMul(floorDiv(l, r), r));
  }
}

// ---- the checks --------------------------------------------------------------------------------

void EntryBuilder::checkCall() {
  auto check = runtime("check_call", ir.getInt32Ty(), {ir.getPtrTy()});
  llvm::Value *status = ir.CreateCall(check, {call});
  llvm::LLVMContext &c = module.getContext();
  auto *fail = llvm::BasicBlock::Create(c, "refuse", fn),
       *next = llvm::BasicBlock::Create(c, "", fn);
  ir.CreateCondBr(ir.CreateICmpNE(status, ir.getInt32(0)), fail, next);
  ir.SetInsertPoint(fail);
  ir.CreateRet(status);
  ir.SetInsertPoint(next);
}

void EntryBuilder::checkDims() {
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    auto dim = func.getArgAttrOfType<StringAttr>(i, "tx.dim");
    if (!dim)
      continue;
    llvm::Value *v = values[func.getArgument(i)];
    if (!func.getArgAttr(i, "tx.position")) {
      llvm::Value *bad =
          ir.CreateOr(ir.CreateICmpSLT(v, wide(0)), ir.CreateICmpSGT(v, wide(kMaxBytes)));
      refuseIf(bad, TX_ERR_ARGUMENT,
               dim.getValue().str() + " is {}, expected a length of 0 to 2^47", {v});
      continue;
    }
    // An integer parameter in the arithmetic of dims may be negative where no extent says otherwise.
    llvm::Value *bad =
        ir.CreateOr(ir.CreateICmpSLT(v, wide(-kMaxBytes)), ir.CreateICmpSGT(v, wide(kMaxBytes)));
    refuseIf(bad, TX_ERR_ARGUMENT,
             dim.getValue().str() + " is {}, expected at most 2^47 in magnitude", {v});
  }
}

void EntryBuilder::checkFacts() {
  for (auto fact : func.getOps<tx::FactOp>()) {
    if (!fact.getEntry())
      continue;
    // The workspace's formula does not take every scalar: what speaks of those is the call's to
    // check.
    if (!llvm::all_of(fact.getOperands(), [&](mlir::Value v) { return isKnown(v); }))
      continue;
    std::vector<llvm::Value *> symbols;
    for (mlir::Value v : fact.getOperands())
      symbols.push_back(eval(v));
    IntegerSet set = fact.getSet();
    llvm::Value *bad = ir.getFalse();
    for (unsigned i = 0; i < set.getNumConstraints(); ++i) {
      llvm::Value *v = eval(set.getConstraint(i), symbols);
      llvm::Value *fails = set.isEq(i) ? ir.CreateICmpNE(v, wide(0)) : ir.CreateICmpSLT(v, wide(0));
      bad = ir.CreateOr(bad, fails);
    }
    bad = ir.CreateOr(bad, overflow);
    std::string message = fact.getText() ? fact.getText()->str() + " does not hold"
                                         : "a relation of dims does not hold";
    std::vector<llvm::Value *> numbers;
    for (unsigned i = 0; i < func.getNumArguments(); ++i)
      if (auto dim = func.getArgAttrOfType<StringAttr>(i, "tx.dim")) {
        message += (numbers.empty() ? ", with " : ", ") + dim.getValue().str() + " = {}";
        numbers.push_back(values[func.getArgument(i)]);
      }
    refuseIf(bad, TX_ERR_CONTRACT, message, numbers);
  }
}

static unsigned bytesOf(Type element) {
  return element.isIndex() ? 8 : std::max(1u, element.getIntOrFloatBitWidth() / 8);
}

void EntryBuilder::checkTensor(llvm::Value *pointer, const std::string &name, Type element,
                               ValueRange extents) {
  unsigned bytes = bytesOf(element);
  llvm::Value *total = wide(bytes), *isEmpty = ir.getFalse(), *negative = ir.getFalse();
  llvm::Value *limit = wide(kMaxBytes + 1);
  for (mlir::Value e : extents) {
    llvm::Value *v = end(e, /*isUpper=*/true);
    if (!v)
      llvm::report_fatal_error("an extent of a result has no bound in dims");
    isEmpty = ir.CreateOr(isEmpty, ir.CreateICmpEQ(v, wide(0)));
    negative = ir.CreateOr(negative, ir.CreateICmpSLT(v, wide(0)));
    total = ir.CreateBinaryIntrinsic(llvm::Intrinsic::smin, ir.CreateMul(total, v), limit);
  }
  llvm::Value *tooLarge = ir.CreateAnd(ir.CreateNot(isEmpty), ir.CreateICmpSGE(total, limit));
  refuseIf(ir.CreateOr(negative, overflow), TX_ERR_CONTRACT,
           "a length of " + name + " is negative or overflows", {});
  refuseIf(tooLarge, TX_ERR_ARGUMENT, name + " has more than 2^47 bytes", {});
  llvm::Value *needed = ir.CreateAnd(ir.CreateIsNull(pointer), ir.CreateNot(isEmpty));
  llvm::Value *count = ir.CreateUDiv(ir.CreateTrunc(total, ir.getInt64Ty()), ir.getInt64(bytes));
  refuseIf(needed, TX_ERR_ARGUMENT, name + " is NULL, expected {} elements", {count});
  if (bytes > 1) {
    llvm::Value *address = ir.CreatePtrToInt(pointer, ir.getInt64Ty());
    llvm::Value *off = ir.CreateAnd(address, ir.getInt64(bytes - 1));
    refuseIf(ir.CreateAnd(ir.CreateICmpNE(off, ir.getInt64(0)), ir.CreateNot(isEmpty)),
             TX_ERR_ARGUMENT,
             name + " is not aligned to its element, " + std::to_string(bytes) + " bytes", {});
  }
}

void EntryBuilder::checkTensors() {
  for (auto bind : func.getOps<par::BindOp>()) {
    unsigned i = cast<BlockArgument>(bind.getSource()).getArgNumber();
    auto name = func.getArgAttrOfType<StringAttr>(i, "tx.name");
    checkTensor(arguments[i], name ? name.getValue().str() : "an argument",
                cast<par::BufType>(bind.getSource().getType()).getElementType(), bind.getExtents());
  }
}

// ---- calling the code --------------------------------------------------------------------------

std::vector<llvm::Value *> EntryBuilder::dimArguments() {
  std::vector<llvm::Value *> args;
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    if (func.getArgAttr(i, "tx.dim"))
      args.push_back(ir.CreateTrunc(values[func.getArgument(i)], ir.getInt64Ty()));
  return args;
}

std::vector<llvm::Value *> EntryBuilder::variantArguments(llvm::Value *workspace,
                                                          llvm::Value *report) {
  std::vector<llvm::Value *> args = dimArguments();
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    if (func.getArgAttr(i, "tx.dim"))
      continue;
    // A half comes and goes as its bits.
    args.push_back(arguments[i]);
  }
  args.insert(args.end(), {workspace, call, report});
  return args;
}

/// Words the data error that the slot holds: the text of its site, and the index.
llvm::Value *EntryBuilder::wordDataError(llvm::Value *report) {
  llvm::Value *site = ir.CreateLoad(ir.getInt32Ty(), ir.CreateStructGEP(reportType(), report, 1));
  llvm::Value *index = ir.CreateLoad(ir.getInt64Ty(), ir.CreateStructGEP(reportType(), report, 2));
  llvm::Value *message = text(abi.name + ": an element is not what was promised (index {})");
  llvm::Value *array = ir.CreateAlloca(ir.getInt64Ty());
  ir.CreateStore(index, array);
  llvm::Value *behind = ir.CreateConstGEP1_32(reportType(), report, 1);
  if (auto sites = func->getParentOfType<ModuleOp>()->getAttrOfType<ArrayAttr>("texpr.sites"))
    for (auto [i, entry] : llvm::enumerate(sites)) {
      auto words = cast<DictionaryAttr>(entry).getAs<StringAttr>("text");
      if (!words)
        continue;
      bool isWorded = bool(cast<DictionaryAttr>(entry).get("values")); // of a checked build
      llvm::Value *own = text(abi.name + ": " + words.getValue().str() +
                              (isWorded ? "" : " does not hold (index {})"));
      llvm::Value *isIt = ir.CreateICmpEQ(site, ir.getInt32(i));
      message = ir.CreateSelect(isIt, own, message);
      if (isWorded)
        array = ir.CreateSelect(isIt, behind, array);
    }
  return ir.CreateCall(errorFunction(),
                       {call, ir.getInt32(TX_ERR_DATA), site, index, message, array});
}

static llvm::FunctionCallee variantFunction(llvm::Module &module, const std::string &name,
                                            llvm::Type *result,
                                            llvm::ArrayRef<llvm::Value *> args) {
  std::vector<llvm::Type *> types;
  for (llvm::Value *a : args)
    types.push_back(a->getType());
  return module.getOrInsertFunction(name, llvm::FunctionType::get(result, types, false));
}

void EntryBuilder::buildCall() {
  fn = declare(abi.name, entryParameters(abi));
  call = fn->getArg(fn->arg_size() - 1);
  bindDims(fn, /*withParams=*/true);
  checkCall();
  checkDims();
  checkFacts();
  checkTensors();

  llvm::LLVMContext &c = module.getContext();
  llvm::Value *slot = ir.CreateAlloca(ir.getPtrTy());
  llvm::Value *report = ir.CreateAlloca(slotType());
  ir.CreateStore(llvm::Constant::getNullValue(reportType()), report);
  std::vector<Variant> order(variants.begin(), variants.end());
  llvm::sort(order, [](const Variant &x, const Variant &y) { return x.level > y.level; });
  llvm::Value *level = ir.CreateCall(runtime("cpu_level", ir.getInt32Ty(), {}));
  std::string machines;
  for (const Variant &v : order) {
    machines += (machines.empty() ? "" : ", ") + v.machine;
    auto *run = llvm::BasicBlock::Create(c, "run." + v.suffix, fn),
         *next = llvm::BasicBlock::Create(c, "", fn);
    ir.CreateCondBr(ir.CreateICmpSGE(level, ir.getInt32(v.level)), run, next);
    ir.SetInsertPoint(run);
    auto dims = dimArguments();
    llvm::Value *bytes = ir.CreateCall(
        variantFunction(module, abi.name + ".workspace." + v.suffix, ir.getInt64Ty(), dims), dims);
    llvm::Value *status = ir.CreateCall(
        runtime("acquire", ir.getInt32Ty(), {ir.getPtrTy(), ir.getInt64Ty(), ir.getPtrTy()}),
        {call, bytes, slot});
    auto *go = llvm::BasicBlock::Create(c, "", fn), *give = llvm::BasicBlock::Create(c, "", fn);
    ir.CreateCondBr(ir.CreateICmpEQ(status, ir.getInt32(0)), go, give);
    ir.SetInsertPoint(give);
    ir.CreateRet(status);
    ir.SetInsertPoint(go);
    llvm::Value *workspace = ir.CreateLoad(ir.getPtrTy(), slot);
    llvm::Value *saved = ir.CreateCall(runtime("fp_enter", ir.getInt64Ty(), {}));
    auto args = variantArguments(workspace, report);
    status = ir.CreateCall(
        variantFunction(module, abi.name + "." + v.suffix, ir.getInt32Ty(), args), args);
    ir.CreateCall(runtime("fp_leave", ir.getVoidTy(), {ir.getInt64Ty()}), {saved});
    ir.CreateCall(runtime("release", ir.getVoidTy(), {ir.getPtrTy(), ir.getPtrTy()}),
                  {call, workspace});
    auto *data = llvm::BasicBlock::Create(c, "data", fn),
         *done = llvm::BasicBlock::Create(c, "", fn);
    ir.CreateCondBr(ir.CreateICmpEQ(status, ir.getInt32(TX_ERR_DATA)), data, done);
    ir.SetInsertPoint(data);
    ir.CreateRet(wordDataError(report));
    ir.SetInsertPoint(done);
    ir.CreateRet(status);
    ir.SetInsertPoint(next);
  }
  refuseIf(ir.getTrue(), TX_ERR_NO_VARIANT, "this CPU runs none of " + machines, {});
  ir.CreateUnreachable();
}

void EntryBuilder::buildWorkspace() {
  fn = declare(abi.name + "_workspace", workspaceParameters(abi));
  call = fn->getArg(fn->arg_size() - 2);
  llvm::Value *out = fn->getArg(fn->arg_size() - 1);
  bindDims(fn, /*withParams=*/false);
  checkCall();
  refuseIf(ir.CreateIsNull(out), TX_ERR_ARGUMENT, "bytes is NULL", {});
  checkDims();
  checkFacts();
  llvm::Value *most = ir.getInt64(0);
  for (const Variant &v : variants) {
    auto dims = dimArguments();
    llvm::Value *bytes = ir.CreateCall(
        variantFunction(module, abi.name + ".workspace." + v.suffix, ir.getInt64Ty(), dims), dims);
    most = ir.CreateBinaryIntrinsic(llvm::Intrinsic::smax, most, bytes);
  }
  ir.CreateStore(most, out);
  ir.CreateRet(ir.getInt32(TX_OK));
}

} // namespace

void emitEntries(ModuleOp parStage, llvm::Module &into, llvm::ArrayRef<Variant> variants) {
  for (auto func : parStage.getOps<func::FuncOp>())
    if (func->hasAttr("tx.export")) {
      EntryBuilder builder(func, into, variants);
      builder.buildCall();
      builder.buildWorkspace();
    }
}

} // namespace texpr::emit

// Several variants and their entry points become one object.
//
// In: modules of the LLVM dialect, one a machine, whose functions have distinct names, and the
// module of the C entry points. Each is translated, its functions get the machine's `target-cpu`
// and features, all are linked into one LLVM module and optimized, and what they call of the
// runtime's bitcode, which is optimized already, joins them. Out: a relocatable object (or its assembly, or LLVM IR). Holds: only the exported names
// are visible; the runtime's symbols are hidden and linkonce_odr in a COMDAT of their own name, so
// two objects of one version share them and keep only what they call; no contraction of floats, no
// unwind tables; nothing of the machine that texprc runs on enters, so the bytes are reproducible.
#include "compiler/target/cpu/Object.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "runtime/RuntimeBitcode.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/IPO/Internalize.h"
#include "llvm/Transforms/Utils/LoopUtils.h"

using namespace llvm;

namespace texpr {

void registerCpuTranslation(mlir::DialectRegistry &registry) {
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
}

namespace {
StringRef runtimePrefix() { return {runtime::prefix().data(), runtime::prefix().size()}; }

const llvm::Target *initialise(const Triple &triple, std::string &error) {
  if (triple.isAArch64()) {
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeAArch64AsmParser();
  } else {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser(); // the runtime has inline assembly
  }
  return TargetRegistry::lookupTarget(triple, error);
}

std::unique_ptr<TargetMachine> makeMachine(const Triple &triple, bool optimize,
                                           std::string &error) {
  const llvm::Target *target = initialise(triple, error);
  if (!target)
    return nullptr;
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Strict;
  StringRef base = triple.isAArch64() ? "generic" : "x86-64";
  std::unique_ptr<TargetMachine> machine(
      target->createTargetMachine(triple, base, "", options, Reloc::PIC_, std::nullopt,
                                  optimize ? CodeGenOptLevel::Default : CodeGenOptLevel::None));
  if (!machine)
    error = "LLVM has no code generator for " + triple.str();
  return machine;
}

/// Loops of unknown length are not unrolled again: vector bodies have their accumulators already, and
/// copies cost a third of the compile time (measured on softmax) without being faster.
void keepLoopsSmall(Function &function) {
  DominatorTree dominators(function);
  LoopInfo loops(dominators);
  for (Loop *loop : loops.getLoopsInPreorder())
    addStringMetadataToLoop(loop, "llvm.loop.unroll.runtime.disable");
}

/// One module of the LLVM dialect as LLVM IR; its functions are for `target`.
std::unique_ptr<Module> translate(mlir::ModuleOp source, const texpr::Target &target,
                                  const TargetMachine &machine, LLVMContext &context,
                                  std::string &error) {
  std::unique_ptr<Module> module = mlir::translateModuleToLLVMIR(source, context, "texpr");
  if (!module) {
    error = "the module cannot be translated to LLVM IR";
    return nullptr;
  }
  module->setTargetTriple(machine.getTargetTriple());
  module->setDataLayout(machine.createDataLayout());
  for (Function &function : *module) {
    if (function.isDeclaration())
      continue;
    keepLoopsSmall(function);
    function.addFnAttr(Attribute::NoUnwind);
    function.addFnAttr("target-cpu", target.cpu);
    if (!target.features.empty())
      function.addFnAttr("target-features", target.features);
    function.addFnAttr("prefer-vector-width", std::to_string(target.vectorBytes * 8));
  }
  return module;
}

bool linkRuntime(Module &module, std::string &error) {
  std::string_view bytes =
      runtime::bitcode(Triple(module.getTargetTriple()).isAArch64() ? "aarch64" : "x86_64");
  if (bytes.empty()) {
    error = "texprc was built without the runtime for " + module.getTargetTriple().str();
    return false;
  }
  MemoryBufferRef buffer(StringRef(bytes.data(), bytes.size()), "runtime");
  Expected<std::unique_ptr<Module>> lazy = getLazyBitcodeModule(buffer, module.getContext());
  if (!lazy) {
    error = toString(lazy.takeError());
    return false;
  }
  (*lazy)->setTargetTriple(module.getTargetTriple());
  (*lazy)->setDataLayout(module.getDataLayout());
  if (Linker::linkModules(module, std::move(*lazy), Linker::LinkOnlyNeeded)) {
    error = "the runtime cannot be linked";
    return false;
  }
  return true;
}

/// The runtime's definitions are shared between objects, and are for the machine of the entries.
void shareRuntime(Module &module) {
  for (Function &function : module)
    if (function.getFnAttribute("tune-cpu").isValid())
      for (StringRef attribute : {"target-cpu", "target-features", "tune-cpu"})
        function.removeFnAttr(attribute);
  for (GlobalObject &object : module.global_objects()) {
    if (object.isDeclaration() || !object.getName().starts_with(runtimePrefix()))
      continue;
    object.setLinkage(GlobalValue::LinkOnceODRLinkage);
    object.setVisibility(GlobalValue::HiddenVisibility);
    object.setComdat(module.getOrInsertComdat(object.getName()));
  }
}

/// What the object says of itself must not depend on the order of linking or on who compiled the
/// runtime.
void setFlags(Module &module) {
  module.setModuleFlag(Module::Max, "PIC Level", 2);
  module.setSourceFileName("texpr");
  module.setModuleIdentifier("texpr");
  if (NamedMDNode *ident = module.getNamedMetadata("llvm.ident"))
    ident->eraseFromParent();
}

/// What of O2 makes our code faster, in its order; the rest doubles the time. Loops are vector loops, calls were inlined,
/// and induction variables are 64 bits wide already.
constexpr const char *optimizations =
    "function(sroa,early-cse<memssa>,simplifycfg,instcombine<no-verify-fixpoint>,"
    "loop-mssa(loop-rotate,licm,simple-loop-unswitch<no-nontrivial;trivial>),"
    "loop(loop-idiom,loop-deletion,loop-unroll-full),"
    "sroa,gvn,dse,instcombine<no-verify-fixpoint>,simplifycfg),globaldce";

void runOptimizer(Module &module, TargetMachine &machine) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager calls;
  ModuleAnalysisManager modules;
  PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(calls);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, calls, modules);
  ModulePassManager passes;
  cantFail(builder.parsePassPipeline(passes, optimizations));
  passes.run(module, modules);
}

std::unique_ptr<Module> linkVariants(const ObjectRequest &request, const TargetMachine &machine,
                                     LLVMContext &context, std::string &error) {
  auto whole = std::make_unique<Module>("texpr", context);
  whole->setTargetTriple(machine.getTargetTriple());
  whole->setDataLayout(machine.createDataLayout());
  auto add = [&](mlir::ModuleOp source, const texpr::Target &target) {
    std::unique_ptr<Module> part = translate(source, target, machine, context, error);
    if (!part)
      return false;
    if (!Linker::linkModules(*whole, std::move(part)))
      return true;
    error = "two variants define one name";
    return false;
  };
  for (const CpuVariant &variant : request.variants)
    if (!add(variant.module, *variant.target))
      return nullptr;
  if (request.addEntries)
    request.addEntries(*whole);
  internalizeModule(*whole, [&](const GlobalValue &value) {
    return is_contained(request.exported, value.getName());
  });
  return whole;
}
} // namespace

mlir::FailureOr<std::string> emitObject(const ObjectRequest &request, std::string &error) {
  assert(!request.variants.empty());
  Triple triple(request.variants.front().target->triple);
  std::unique_ptr<TargetMachine> machine = makeMachine(triple, request.optimize, error);
  if (!machine)
    return mlir::failure();
  LLVMContext context;
  std::unique_ptr<Module> module = linkVariants(request, *machine, context, error);
  if (!module)
    return mlir::failure();
  if (request.optimize)
    runOptimizer(*module, *machine);
  if (!linkRuntime(*module, error))
    return mlir::failure();
  shareRuntime(*module);
  setFlags(*module);

  SmallVector<char, 0> bytes;
  raw_svector_ostream out(bytes);
  if (request.output == CpuOutput::llvm) {
    module->print(out, nullptr);
    return std::string(bytes.data(), bytes.size());
  }
  legacy::PassManager passes;
  passes.add(new TargetLibraryInfoWrapperPass(triple));
  CodeGenFileType type = request.output == CpuOutput::assembly ? CodeGenFileType::AssemblyFile
                                                               : CodeGenFileType::ObjectFile;
  if (machine->addPassesToEmitFile(passes, out, nullptr, type, /*DisableVerify=*/true)) {
    error = "LLVM cannot write this kind of file";
    return mlir::failure();
  }
  passes.run(*module);
  return std::string(bytes.data(), bytes.size());
}

} // namespace texpr

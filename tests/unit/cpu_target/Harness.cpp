// Compiles with the passes of target/cpu alone, links with the system's cc, loads with dlopen.
#include "tests/unit/cpu_target/Harness.h"
#include "compiler/target/cpu/Cpu.h"
#include "compiler/target/cpu/Object.h"
#include "dialects/par/ParDialect.h"
#include "dialects/tx/TxDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <dlfcn.h>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace mlir;

static MLIRContext &context() {
  static MLIRContext *made = [] {
    DialectRegistry registry;
    registry.insert<func::FuncDialect, arith::ArithDialect, math::MathDialect, scf::SCFDialect,
                    vector::VectorDialect, LLVM::LLVMDialect, texpr::tx::TxDialect,
                    texpr::par::ParDialect>();
    texpr::registerCpuTranslation(registry);
    auto *context = new MLIRContext(registry, MLIRContext::Threading::DISABLED);
    context->loadAllAvailableDialects();
    return context;
  }();
  return *made;
}

std::string compileText(const std::string &text, const std::vector<std::string> &machines,
                        int kind) {
  OwningOpRef<ModuleOp> source = parseSourceString<ModuleOp>(text, &context());
  EXPECT_TRUE(source) << "cannot be parsed";
  if (!source)
    return "";
  std::vector<OwningOpRef<ModuleOp>> modules;
  std::vector<texpr::CpuVariant> variants;
  std::vector<std::string> exported;
  for (const std::string &machine : machines) {
    const texpr::Target *target = texpr::lookupTarget(machine);
    modules.push_back(source->clone());
    PassManager passes(&context());
    texpr::cpu::buildPipeline(passes, *target);
    if (const char *trace = getenv("TEXPR_TRACE")) {
      (void)trace;
      passes.enableIRPrinting();
    }
    if (failed(passes.run(*modules.back()))) {
      ADD_FAILURE() << "the passes fail for " << machine;
      return "";
    }
    variants.push_back({target, *modules.back()});
    source->walk(
        [&](func::FuncOp f) { exported.push_back((f.getName() + "." + target->variant).str()); });
    source->walk([&](LLVM::LLVMFuncOp f) { exported.push_back(f.getName().str()); });
  }
  std::string error;
  texpr::ObjectRequest request;
  request.variants = variants;
  request.exported = exported;
  request.output = texpr::CpuOutput(kind);
  FailureOr<std::string> bytes = texpr::emitObject(request, error);
  EXPECT_TRUE(succeeded(bytes)) << error;
  return failed(bytes) ? "" : *bytes;
}

Library::Library(const std::string &text, const std::string &machine)
    : machine(machine), text(text) {
  std::string bytes = compileText(text, {machine}, 0);
  objectBytes = bytes.size();
  if (bytes.empty())
    return;
  llvm::SmallString<128> base;
  llvm::sys::fs::createUniquePath("texpr-%%%%%%%%", base, /*MakeAbsolute=*/true);
  std::string object = (base + ".o").str(), library = (base + ".so").str();
  std::ofstream(object, std::ios::binary) << bytes;
  std::string command = "cc -shared -o " + library + " " + object + " -lm -lpthread";
  EXPECT_EQ(system(command.c_str()), 0);
  handle = dlopen(library.c_str(), RTLD_NOW);
  EXPECT_TRUE(handle) << dlerror();
  unlink(object.c_str());
  unlink(library.c_str());
}

Library::~Library() {
  if (handle)
    dlclose(handle);
}

void *Library::symbol(const std::string &name) {
  if (!handle)
    return nullptr;
  std::string full = name + "." + texpr::lookupTarget(machine)->variant.str();
  void *found = dlsym(handle, full.c_str());
  if (!found)
    found = dlsym(handle, name.c_str());
  EXPECT_TRUE(found) << full;
  return found;
}

std::string Library::assembly() const { return compileText(text, {machine}, 1); }

std::vector<std::string> runnableMachines() {
  std::vector<std::string> names = {"x86-64-v2"};
  if (__builtin_cpu_supports("x86-64-v3"))
    names.push_back("x86-64-v3");
  if (__builtin_cpu_supports("x86-64-v4"))
    names.push_back("x86-64-v4");
  return names;
}

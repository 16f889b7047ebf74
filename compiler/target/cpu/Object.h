// From modules of the LLVM dialect to the bytes of one object file.
#pragma once
#include "compiler/target/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Support/LLVM.h"
#include <functional>
#include <string>

namespace llvm {
class Module;
}
namespace mlir {
class DialectRegistry;
}

namespace texpr {

/// The functions of one machine, already in the LLVM dialect.
struct CpuVariant {
  const Target *target;
  mlir::ModuleOp module;
};

enum class CpuOutput { object, assembly, llvm };

struct ObjectRequest {
  llvm::ArrayRef<CpuVariant> variants; // of one architecture
  /// Defines the C entry points in the linked module; may be empty.
  std::function<void(llvm::Module &)> addEntries;
  llvm::ArrayRef<std::string> exported; // the only names that stay visible
  CpuOutput output = CpuOutput::object;
  bool optimize = true; // false: -O0
};

/// The bytes of the output, the same for the same request; failure with `error` filled.
mlir::FailureOr<std::string> emitObject(const ObjectRequest &request, std::string &error);

/// What translation to LLVM IR needs; call it on the registry of the context that holds the
/// modules.
void registerCpuTranslation(mlir::DialectRegistry &registry);

} // namespace texpr

// Runs passes on .mlir files of any stage: the tool of the tests, and of whoever looks at one pass.
//
//   texpr-opt --pass-pipeline='builtin.module(canonicalize,cse)' x.mlir
#include "compiler/Register.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  texpr::registerDialects(registry);
  texpr::registerPasses();
  return mlir::failed(mlir::MlirOptMain(argc, argv, "texpr's passes, one by one\n", registry));
}

// A module from text, and its values by the names of attributes: what every test here starts from.
#pragma once
#include "dialects/par/ParOps.h"
#include "dialects/plan/Plan.h"
#include "dialects/tx/TxOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

namespace texpr::test {

struct Module {
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;

  explicit Module(llvm::StringRef text) {
    context
        .loadDialect<tx::TxDialect, par::ParDialect, mlir::func::FuncDialect,
                     mlir::arith::ArithDialect, mlir::math::MathDialect, mlir::scf::SCFDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module) << "the text of the test does not parse";
  }
  mlir::func::FuncOp function() { return *module->getOps<mlir::func::FuncOp>().begin(); }
  mlir::Value argument(unsigned i) { return function().getArgument(i); }
  /// The op with the attribute `at = "name"`.
  mlir::Operation *op(llvm::StringRef name) {
    mlir::Operation *found = nullptr;
    module->walk([&](mlir::Operation *op) {
      auto at = op->getAttrOfType<mlir::StringAttr>("at");
      if (at && at.getValue() == name)
        found = op;
    });
    EXPECT_TRUE(found) << "no op is marked " << name.str();
    return found;
  }
  mlir::Value value(llvm::StringRef name, unsigned i = 0) { return op(name)->getResult(i); }
  template <typename Op> Op first() {
    Op found;
    module->walk([&](Op op) {
      if (!found)
        found = op;
    });
    return found;
  }
};

template <typename T> std::string str(T value) {
  std::string text;
  llvm::raw_string_ostream(text) << value;
  return text;
}

} // namespace texpr::test

// A scatter whose bounds use earlier indices of its list: see ImportRagged.cpp.
#pragma once
#include "compiler/import/Importer.h"

namespace texpr::importer {

struct RaggedScatter {
  FnImporter &i;
  const ScatterExpr &e;
  llvm::ArrayRef<unsigned> leaves; // of the value, those that are put here
  bool isUnsigned;
  mlir::IntegerAttr site;
  llvm::SmallVector<Value> extents; // of the places
  llvm::SmallVector<Leaf> buffers = {};
  Value flags = {};         // a place each: something was put there
  bool isOutermost = false; // it stands in no loop

  llvm::SmallVector<Value> build(mlir::TypeRange types, ValueRange shapes, ValueRange base);

private:
  bool isUser() const { return e.op && e.op->op; }
  Value flag(bool value);
  void fill(Value buffer, Value v);
  tx::CombinerOp combiner();
  void start(ValueRange base);
  void loops(size_t axis);
  void openIf(Value condition);
  void point();
  void over(const texpr::Type &t, llvm::function_ref<void(ValueRange)> body);
  void element(llvm::ArrayRef<unsigned> which, ValueRange place, ValueRange inner,
               llvm::ArrayRef<Leaf> values, Value seen);
};

} // namespace texpr::importer

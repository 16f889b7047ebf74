// A filter whose bounds use earlier indices of its list: see ImportRaggedFilter.cpp.
#pragma once
#include "compiler/import/Importer.h"

namespace texpr::importer {

struct RaggedFilter {
  FnImporter &i;
  const FilterExpr &e;
  llvm::SmallVector<Leaf> kept = {}; // with room for all
  Value count = {};                  // of one place
  bool isAlone = false;              // in no iteration of anything that is done at once

  Val build();

private:
  Value constant(int64_t v);
  Value loops(size_t axis, Value number, bool stores);
  Value point(Value number, bool stores);
  void rows(size_t box, llvm::function_ref<void(ValueRange)> body);
  Value total(size_t box, size_t axis, Value before, llvm::SmallVectorImpl<Value> &at,
              Value number);
  Value fill();
};

} // namespace texpr::importer

// `asm`: what it means, in its place.
//
// In: an asm of a checked tree. Out: the statements of its `means` block, else of what its `else` says,
// down the list of alternatives: no machine that is compiled for today runs the text itself. One that says
// neither is an error here, where code is made; the checker lets it pass.
#include "compiler/import/Importer.h"

namespace texpr::importer {

void FnImporter::instruction(const AsmExpr &e) {
  for (const AsmExpr *a = &e; a; a = a->elseAsm.get()) {
    if (a->means)
      return inBody(*a->means);
    if (a->elseBlock)
      return inBody(*a->elseBlock);
  }
  error(e.range, "an asm without a meaning, which the driver should have refused");
}

} // namespace texpr::importer

// `asm` and `wait`: what an instruction means.
//
// In: an asm of the checked tree. Out: its `means` block is run, which by its author's word does what the
// instruction does; where it has none, what its `else` says. One that says neither has no meaning here.
#include "compiler/reference/Machine.h"

namespace texpr::reference {

void Machine::asmStmt(const AsmExpr &e) {
  if (e.means)
    return run(*e.means);
  if (e.elseAsm)
    return asmStmt(*e.elseAsm);
  if (e.elseBlock)
    return run(*e.elseBlock);
  fail(Failure::Kind::Contract, e.range,
       "this asm runs on its own machine alone: it has neither `means` nor an `else` block");
}

} // namespace texpr::reference

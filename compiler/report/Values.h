// The values of a function and where each lives.
#pragma once
#include "compiler/report/Work.h"
#include "compiler/source/Check.h"

namespace texpr::report {

/// The names of `let`s and buffers by the place of what they stand for.
std::map<Place, std::string> namesOf(const CheckedProgram &checked, const SourceFiles &files);

/// One decision: `inlined`, `fused` or `in memory`, and its reason.
struct Decision {
  Place place;
  std::string decision, why;
  bool operator<(const Decision &o) const {
    return std::tie(place, decision, why) < std::tie(o.place, o.decision, o.why);
  }
};
/// Of the forms of `function`, by their places; `inlined` and `fused` are the modules after the two passes.
std::set<Decision> decisionsOf(mlir::ModuleOp inlined, mlir::ModuleOp fused,
                               llvm::StringRef function);

} // namespace texpr::report

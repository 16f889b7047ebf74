// `explain --pins`: the program with every decision of the compiler as an attribute.
#pragma once
#include "compiler/source/Check.h"
#include "mlir/IR/BuiltinOps.h"
#include <map>
#include <string>
#include <vector>

namespace texpr::report {

/// After these passes the decisions of the points of compiler/plan/Pins.h can be read, in their order.
inline constexpr const char *pinnedPasses[] = {"plan-inline", "plan-fusion", "plan-fusion",
                                               "plan-unroll", "plan-tiling", "plan-mapping"};

/// Collects the decisions of each machine, then writes the source with them.
class PinWriter {
public:
  PinWriter(const CheckedProgram &checked, const SourceFiles &files)
      : checked(checked), files(files) {}

  /// The modules that the passes left on the way to one machine; null where a pass did not run.
  void see(llvm::StringRef target, llvm::ArrayRef<mlir::ModuleOp> after);
  /// The text of the first file.
  std::string write() const;

private:
  using PlaceKey = std::pair<unsigned, unsigned>; // line, column in the first file
  /// What a candidate of a point got: attributes by what they decide, "" where nothing was decided.
  struct Candidate {
    std::string function;
    unsigned number = 0;
    PlaceKey form;      // line 0: it has no form in the file
    bool isOpen = true; // it could have been decided otherwise
    int64_t depth = 0;  // of @keep
    std::map<std::string, std::string> taken;
  };
  /// The text of attributes, of one machine.
  struct Texts {
    std::map<PlaceKey, std::vector<std::string>> ofForms;
    std::map<std::string, std::vector<std::string>> ofFunctions;
  };

  std::vector<Candidate> candidates(mlir::ModuleOp module, unsigned point) const;
  void settle(Texts &texts, const std::vector<Candidate> &all, unsigned point) const;
  void settleStores(Texts &texts, const std::vector<Candidate> &inlining,
                    const std::vector<Candidate> &fusion) const;
  std::string merged(llvm::function_ref<std::vector<std::string>(const Texts &)> of) const;
  std::string kept(const Attrs &attrs, bool elsewhere) const;

  const CheckedProgram &checked;
  const SourceFiles &files;
  std::vector<std::pair<std::string, Texts>> targets;
};

} // namespace texpr::report

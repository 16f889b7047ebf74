// A random program with inputs, and what the interpreter says of it.
#pragma once
#include "compiler/reference/Interpreter.h"
#include "compiler/source/Check.h"
#include "tests/random/Generator.h"

namespace texpr::random {

/// A program that the checker accepted.
struct Checked {
  SourceFiles files;
  Diagnostics diags;
  CheckedProgram program;
  const FnDecl *fn = nullptr; // the exported one
};
/// Null where it was refused; `why` is the first error then.
std::unique_ptr<Checked> checkText(const std::string &text, std::string &why);

struct Run {
  /// Agree: results as expected. Refused: the dims break the contract, the call says so and writes nothing. Spoiled: an
  /// element is outside of its promised range; the call may say so, and stays inside its memory.
  enum class Kind { Agree, Refused, Spoiled } kind = Kind::Agree;
  reference::Inputs inputs;
  std::vector<std::pair<std::string, int64_t>> dims; // in the order of the C signature
  std::vector<reference::Value> expected;
  std::vector<int64_t>
      most; // elements that each leaf of the results may have: a dim that is found while running is what it is at most
  std::vector<double> allowed; // for sums of wide data: how far each element may be off
};

struct Case {
  GeneratedFunction function;
  std::unique_ptr<Checked> checked;
  std::vector<Run> runs;
};

/// How often what was drawn was thrown away, and why.
struct Tally {
  unsigned drawn = 0, rejected = 0, inexact = 0, fuel = 0, contract = 0, data = 0;
  std::vector<std::string> reasons; // of the checker, one a rejection
};

/// Interprets `c` on `runs` sets of inputs that follow from `seed`. What is wrong, or nothing: an
/// internal error of the interpreter, results that depend on the order of a `par`.
std::optional<std::string> interpretCase(Case &c, uint64_t seed, unsigned runs, Tally &tally);

/// The inputs of a run as a text that can be read back by eye.
std::string describeInputs(const Checked &checked, const Run &run);

} // namespace texpr::random

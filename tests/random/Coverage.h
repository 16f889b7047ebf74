// What the programs that were drawn consist of: a table of forms by scalar types.
#pragma once
#include "tests/random/Case.h"
#include <array>
#include <map>
#include <set>

namespace texpr::random {

class Coverage {
public:
  /// Counts each form of `program` once a program and type.
  void add(const Program &program);
  /// The table; a form stands in it even where it was never drawn.
  std::string table() const;
  /// The forms and types that no program had.
  std::vector<std::string> missing() const;

private:
  std::map<std::string, std::array<unsigned, 15>> counts; // by form; columns are ScalarKind's
};

} // namespace texpr::random

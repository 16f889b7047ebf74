// Makes well-typed random programs as text.
//
// A function is drawn form by form, with a record of what is in scope: tensors with their extents,
// scalars, and indices with the extent that bounds them. Accesses are mostly of patterns that the
// checker can prove (`x[i]`, `x[2 * i + 1]` of 2 * n, a gather by a checked index, a guard); the
// checker has the last word, and what it refuses is drawn again. Deterministic: the same seed gives
// the same text on every machine (no std:: distributions).
#pragma once
#include <cstdint>
#include <string>

namespace texpr::random {

/// Small numbers from a seed: xorshift-multiply (Vigna's splitmix64).
class Dice {
public:
  explicit Dice(uint64_t seed) : state(seed) {}
  uint64_t next();
  /// 0 … n - 1
  unsigned below(unsigned n) { return static_cast<unsigned>(next() % n); }
  int64_t between(int64_t lo, int64_t hi) {
    return lo + static_cast<int64_t>(next() % (hi - lo + 1));
  }
  bool percent(unsigned p) { return below(100) < p; }
  template <typename C> auto &pick(C &&from) {
    return from[below(static_cast<unsigned>(from.size()))];
  }

private:
  uint64_t state;
};

struct GeneratedFunction {
  std::string name;
  std::string text;         // with the local functions and ops that it uses
  std::string math;         // the approximated function of exact values that gives the last result
  bool hasSpecials = false; // inputs may be NaN and infinite
  std::string
      companion; // for sums of wide data: the function that gives their error bound (Wide.cpp)
};

/// One exported function, `name`, whose helpers are called `name_…`.
GeneratedFunction generateFunction(uint64_t seed, const std::string &name);

} // namespace texpr::random

// Random pins on the forms of a program: whatever the compiler is told to do, the results stay.
#pragma once
#include "tests/random/Case.h"

namespace texpr::random {

/// The text of `c` with attributes drawn on its forms, less those that `texprc` refuses as not to be obeyed. `refused` counts
/// these; `folder` is for its files.
struct PinTally {
  unsigned drawn = 0, refused = 0;
};
std::string withPins(const Case &c, uint64_t seed, const std::string &texprc,
                     const std::string &folder, PinTally &tally);

} // namespace texpr::random

// The names that a generated C header cannot declare: keywords and usual macros of C and C++, and
// names of libc and libm.
#pragma once
#include "llvm/ADT/StringRef.h"

namespace texpr {

/// Why no function of a C header may have this name ("a keyword of C++"), or null.
const char *whyNoCName(llvm::StringRef name);

} // namespace texpr

// Values as text, as NumPy prints them.
#pragma once
#include "compiler/reference/Value.h"

namespace texpr {

/// "f32[2, 3]"
std::string typeText(const reference::Array &a);
/// The elements in nested brackets, in columns of one width; of more than 1000, three from each end of each axis. A scalar
/// is its value.
std::string arrayText(const reference::Array &a);

} // namespace texpr

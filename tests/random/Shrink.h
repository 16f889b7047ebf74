// Makes a failing program smaller.
#pragma once
#include <functional>
#include <string>

namespace texpr::random {

/// Deletes statements and replaces parts of expressions while `fails` holds, for at most `seconds`.
/// `fails` gets texts that may well be no programs.
std::string shrink(std::string text, const std::function<bool(const std::string &)> &fails,
                   unsigned seconds);

} // namespace texpr::random

// Files that appear whole or not at all.
#pragma once
#include "llvm/ADT/StringRef.h"
#include <string>

namespace texpr::emit {

/// Writes beside `path` and renames: a crash or a full disk leaves the old file or none. `/dev/…`
/// and pipes are written to directly. False with `error` ("softmax.o: No space left on device").
bool writeFile(const std::string &path, llvm::StringRef bytes, std::string &error);

/// Links an object to a shared one with the system's `cc`, beside `path`, and renames.
bool linkShared(const std::string &path, llvm::StringRef object, std::string &error);

} // namespace texpr::emit

// Which files a compile writes, and that they are files of their own.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include <string>

namespace texpr::emit {

/// What is wrong with writing `outputs`, where `inputs` are read: one is an input, or two are one file. Empty: nothing.
std::string clashOf(llvm::ArrayRef<std::string> outputs, llvm::ArrayRef<std::string> inputs);

/// `softmax.o softmax.h: softmax.tx`, as make and ninja read it.
std::string dependencyRule(llvm::ArrayRef<std::string> outputs, llvm::ArrayRef<std::string> inputs);

} // namespace texpr::emit

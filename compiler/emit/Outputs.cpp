// The files of one compile among each other.
//
// In: the paths of all that will be written and of all that is read, files named by `use` among them; `-` is a standard
// stream, and no file. Out: the reason why that would lose something (a source, or one of two outputs of one name), which is
// asked before the first byte is written; and the rule for make. Two names of one file (`x` and `./x`, links) are one: those
// that exist are compared by what they name, the others by their text without `.` and `..`.
#include "compiler/emit/Outputs.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace texpr::emit {
namespace {

std::string plain(const std::string &path) {
  llvm::SmallString<256> full(path);
  llvm::sys::fs::make_absolute(full);
  llvm::sys::path::remove_dots(full, /*remove_dot_dot=*/true);
  return full.str().str();
}

bool isOneFile(const std::string &a, const std::string &b) {
  if (a == "-" || b == "-")
    return false;
  bool same = false;
  if (!llvm::sys::fs::equivalent(a, b, same))
    return same;
  return plain(a) == plain(b);
}

/// Devices and pipes take any number of outputs.
bool isFile(const std::string &path) {
  llvm::sys::fs::file_status status;
  return llvm::sys::fs::status(path, status) ||
         status.type() == llvm::sys::fs::file_type::regular_file;
}

std::string escaped(const std::string &path) {
  std::string out;
  for (char c : path) {
    if (c == ' ' || c == '#' || c == '\\')
      out += '\\';
    out += c == '$' ? "$$" : std::string(1, c);
  }
  return out;
}

} // namespace

std::string clashOf(llvm::ArrayRef<std::string> outputs, llvm::ArrayRef<std::string> inputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    for (const std::string &input : inputs)
      if (isOneFile(outputs[i], input))
        return "the output " + outputs[i] + " is an input";
    for (size_t j = 0; j < i; ++j)
      if (isFile(outputs[i]) && isOneFile(outputs[i], outputs[j]))
        return "two outputs would be one file, " + outputs[i];
  }
  return "";
}

std::string dependencyRule(llvm::ArrayRef<std::string> outputs,
                           llvm::ArrayRef<std::string> inputs) {
  std::string text;
  for (const std::string &output : outputs)
    text += (text.empty() ? "" : " ") + escaped(output);
  text += ":";
  for (const std::string &input : inputs)
    if (input != "-")
      text += " " + escaped(input);
  return text + "\n";
}

} // namespace texpr::emit

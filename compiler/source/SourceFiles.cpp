// Reads source files and answers where an offset lies.
//
// In: a path. Out: a buffer without its byte order mark, or an error with the system's own reason.
// Nothing is read beyond the limit, so /dev/zero ends; a FIFO is refused by its kind, since opening
// one may wait for ever. What the bytes mean is the lexer's business: any content is accepted here.
#include "compiler/source/Diagnostics.h"
#include "llvm/ADT/ScopeExit.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace texpr;

/// The whole of `fd` up to the limit; false: `reason` says why not.
static bool readAll(int fd, std::string &text, std::string &reason) {
  char chunk[1 << 16];
  while (true) {
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      reason = std::string("cannot be read: ") + std::strerror(errno);
      return false;
    }
    if (n == 0)
      return true;
    if (text.size() + size_t(n) > SourceFiles::maxBytes) {
      reason = "is larger than 16 MiB, the limit for a source file";
      return false;
    }
    text.append(chunk, size_t(n));
  }
}

static bool readFile(const std::string &path, std::string &text, std::string &reason) {
  if (path == "-")
    return readAll(STDIN_FILENO, text, reason);
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    reason = std::string("cannot be opened: ") + std::strerror(errno);
    return false;
  }
  if (S_ISDIR(info.st_mode)) {
    reason = std::string("cannot be read: ") + std::strerror(EISDIR);
    return false;
  }
  if (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode)) {
    reason = "is a pipe or a socket, not a file; `-` reads standard input";
    return false;
  }
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    reason = std::string("cannot be opened: ") + std::strerror(errno);
    return false;
  }
  llvm::scope_exit close([&] { ::close(fd); });
  return readAll(fd, text, reason);
}

std::optional<unsigned> SourceFiles::open(const std::string &path, Diagnostics &diags) {
  std::string reason;
  auto file = open(path, reason);
  if (!file)
    diags.fileError(path == "-" ? "standard input" : path, reason);
  return file;
}

std::optional<unsigned> SourceFiles::open(const std::string &path, std::string &reason) {
  std::string text;
  if (!readFile(path, text, reason))
    return std::nullopt;
  return add(path == "-" ? "<stdin>" : path, std::move(text));
}

unsigned SourceFiles::add(std::string name, std::string text) {
  if (llvm::StringRef(text).starts_with("\xEF\xBB\xBF"))
    text.erase(0, 3);
  File file{std::move(name), std::move(text), {0}};
  const std::string &t = file.text;
  for (size_t i = 0; i < t.size(); ++i)
    if (t[i] == '\n' || (t[i] == '\r' && (i + 1 == t.size() || t[i + 1] != '\n')))
      file.lineBegins.push_back(uint32_t(i + 1));
  files.push_back(std::move(file));
  return unsigned(files.size() - 1);
}

SourceFiles::Place SourceFiles::place(unsigned file, uint32_t offset) const {
  const std::vector<uint32_t> &begins = files[file].lineBegins;
  auto next = std::upper_bound(begins.begin(), begins.end(), offset);
  return {unsigned(next - begins.begin()), offset - *(next - 1) + 1};
}

llvm::StringRef SourceFiles::line(unsigned file, unsigned line) const {
  const File &f = files[file];
  uint32_t begin = f.lineBegins[line - 1];
  uint32_t end = line < f.lineBegins.size() ? f.lineBegins[line] : uint32_t(f.text.size());
  return llvm::StringRef(f.text).slice(begin, end).rtrim("\r\n");
}

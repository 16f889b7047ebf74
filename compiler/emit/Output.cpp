// Files that appear whole or not at all.
//
// The bytes go to a new file in the folder of the output (`.softmax.o.tmp-…`), are synced, and take
// the output's name by one rename: a reader sees the old file or the new one. The temporary is
// removed on every error and on the signals that a user sends. No shell is ever involved, so a path
// may hold any byte.
#include "compiler/emit/Output.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace texpr::emit {
namespace {

bool fail(std::string &error, const std::string &path, int code) {
  error = path + ": " + std::generic_category().message(code);
  return false;
}

bool writeAll(int fd, llvm::StringRef bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      errno = n == 0 ? ENOSPC : errno;
      return false;
    }
    bytes = bytes.drop_front(n);
  }
  return true;
}

/// True where `path` names something that is written in place: a device, a pipe, a socket.
bool isSpecial(const std::string &path) {
  llvm::sys::fs::file_status status;
  if (llvm::sys::fs::status(path, status))
    return false;
  return status.type() != llvm::sys::fs::file_type::regular_file &&
         status.type() != llvm::sys::fs::file_type::directory_file;
}

bool writeInPlace(const std::string &path, llvm::StringRef bytes, std::string &error) {
  int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return fail(error, path, errno);
  bool ok = writeAll(fd, bytes);
  int code = errno;
  if (::close(fd) != 0 && ok) {
    ok = false;
    code = errno;
  }
  return ok || fail(error, path, code);
}

/// A name in the folder of `path` that nothing has; a long file name is shortened to leave room.
std::string temporaryModel(const std::string &path) {
  llvm::SmallString<256> folder(llvm::sys::path::parent_path(path));
  std::string name = llvm::sys::path::filename(path).substr(0, 200).str();
  std::string escaped;
  for (char c : name) // '%' would be a random digit of the model
    escaped += c == '%' ? '_' : c;
  llvm::sys::path::append(folder, "." + escaped + ".tmp-%%%%%%%%");
  return folder.str().str();
}

class Temporary {
public:
  ~Temporary() {
    if (path.empty())
      return;
    ::unlink(path.c_str());
    llvm::sys::DontRemoveFileOnSignal(path);
  }
  bool create(const std::string &output, std::string &error) {
    llvm::SmallString<256> made;
    if (std::error_code code = llvm::sys::fs::createUniqueFile(temporaryModel(output), fd, made))
      return fail(error, output, code.value());
    path = made.str().str();
    llvm::sys::RemoveFileOnSignal(path);
    return true;
  }
  bool renameTo(const std::string &output, std::string &error) {
    if (::rename(path.c_str(), output.c_str()) != 0)
      return fail(error, output, errno);
    llvm::sys::DontRemoveFileOnSignal(path);
    path.clear();
    return true;
  }
  int fd = -1;
  std::string path;
};

/// Where a link points, so that the rename replaces the file and not the link.
std::string resolve(const std::string &path) {
  llvm::SmallString<256> real;
  if (llvm::sys::fs::is_symlink_file(path) && !llvm::sys::fs::real_path(path, real))
    return real.str().str();
  return path;
}
} // namespace

bool writeFile(const std::string &path, llvm::StringRef bytes, std::string &error) {
  if (isSpecial(path))
    return writeInPlace(path, bytes, error);
  std::string output = resolve(path);
  Temporary temporary;
  if (!temporary.create(output, error))
    return false;
  mode_t mask = ::umask(0);
  ::umask(mask);
  bool ok = writeAll(temporary.fd, bytes) && ::fchmod(temporary.fd, 0666 & ~mask) == 0 &&
            ::fsync(temporary.fd) == 0;
  int code = errno;
  if (::close(temporary.fd) != 0 && ok) {
    ok = false;
    code = errno;
  }
  if (!ok)
    return fail(error, output, code);
  return temporary.renameTo(output, error);
}

bool linkShared(const std::string &path, llvm::StringRef object, std::string &error) {
  if (isSpecial(path)) { // a rename would replace the device
    error = path + ": a shared object is linked into a file, and this is none";
    return false;
  }
  llvm::ErrorOr<std::string> cc = llvm::sys::findProgramByName("cc");
  if (!cc) {
    error = "cannot link a shared object: no `cc` on PATH; install a C compiler (Debian: gcc)";
    return false;
  }
  std::string output = resolve(path);
  Temporary input, linked;
  if (!input.create(output + ".o", error) || !linked.create(output, error))
    return false;
  bool ok = writeAll(input.fd, object);
  int code = errno;
  ::close(input.fd);
  ::close(linked.fd);
  if (!ok)
    return fail(error, output, code);
  std::string reason;
  llvm::StringRef args[] = {*cc,    "-shared",  "-o",  linked.path, "-x",
                            "none", input.path, "-lm", "-lpthread"};
  int status =
      llvm::sys::ExecuteAndWait(*cc, args, std::nullopt, {}, /*SecondsToWait=*/60, 0, &reason);
  if (status != 0) {
    error = "linking failed: " + *cc + " -shared returned " + std::to_string(status) +
            (reason.empty() ? "" : ": " + reason);
    return false;
  }
  return linked.renameTo(output, error);
}

} // namespace texpr::emit

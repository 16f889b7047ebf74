// Reading and writing .npy.
//
// In: the bytes of a file, nothing trusted: lengths are checked before they are used, and a header
// is parsed by a small reader of the one Python dictionary that it may be. Out: an array, or an
// error that says what was found. Format: NEP 1, "\x93NUMPY" major minor, header length (2 bytes in
// version 1, 4 after), header padded by blanks, elements.
#include "compiler/reference/Npy.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

namespace texpr::reference {

namespace {

struct Code {
  ScalarKind kind;
  const char *name;
};
constexpr Code codes[] = {
    {ScalarKind::F64, "f8"}, {ScalarKind::F32, "f4"}, {ScalarKind::F16, "f2"},
    {ScalarKind::I8, "i1"},  {ScalarKind::I16, "i2"}, {ScalarKind::I32, "i4"},
    {ScalarKind::I64, "i8"}, {ScalarKind::U8, "u1"},  {ScalarKind::U16, "u2"},
    {ScalarKind::U32, "u4"}, {ScalarKind::U64, "u8"}, {ScalarKind::Bool, "b1"},
};

struct Header {
  std::string descr;
  bool isFortran = false;
  Shape shape;
};

/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, keys in any order.
class HeaderReader {
public:
  explicit HeaderReader(llvm::StringRef text) : text(text) {}

  bool read(Header &h) {
    if (!take("{"))
      return false;
    bool sawDescr = false, sawOrder = false, sawShape = false;
    while (!take("}")) {
      std::string key;
      if (!quoted(key) || !take(":"))
        return false;
      if (key == "descr")
        sawDescr = quoted(h.descr);
      else if (key == "fortran_order")
        sawOrder = boolean(h.isFortran);
      else if (key == "shape")
        sawShape = tuple(h.shape);
      else
        return false;
      if (!take(",") && !text.ltrim().starts_with("}"))
        return false;
    }
    return sawDescr && sawOrder && sawShape && text.trim().empty();
  }

private:
  bool take(llvm::StringRef token) {
    text = text.ltrim();
    return text.consume_front(token);
  }
  bool quoted(std::string &out) {
    if (!take("'"))
      return false;
    const size_t end = text.find('\'');
    if (end == llvm::StringRef::npos)
      return false;
    out = text.take_front(end).str();
    text = text.drop_front(end + 1);
    return true;
  }
  bool boolean(bool &out) {
    out = take("True");
    return out || take("False");
  }
  bool tuple(Shape &out) {
    if (!take("("))
      return false;
    while (!take(")")) {
      int64_t extent;
      text = text.ltrim();
      if (text.consumeInteger(10, extent))
        return false;
      out.push_back(extent);
      if (!take(",") && !text.ltrim().starts_with(")"))
        return false;
    }
    return true;
  }

  llvm::StringRef text;
};

NpyArray refused(std::string why) { return {std::nullopt, std::move(why)}; }

std::optional<uint64_t> littleEndian(llvm::StringRef bytes, size_t at, size_t size) {
  if (bytes.size() < at + size)
    return std::nullopt;
  uint64_t v = 0;
  for (size_t b = 0; b < size; ++b)
    v |= uint64_t(static_cast<uint8_t>(bytes[at + b])) << (8 * b);
  return v;
}

std::optional<ScalarKind> kindOf(llvm::StringRef descr, std::optional<ScalarKind> expected) {
  const llvm::StringRef name = descr.substr(1); // behind the order of bytes
  if (name == "u2" && expected == ScalarKind::BF16)
    return ScalarKind::BF16;
  if (name == "u1" && expected && isF8(*expected))
    return *expected;
  for (const Code &code : codes)
    if (name == code.name)
      return code.kind;
  return std::nullopt;
}

} // namespace

NpyArray parseNpy(llvm::StringRef bytes, std::optional<ScalarKind> expected) {
  if (!bytes.starts_with("\x93NUMPY") || bytes.size() < 8)
    return refused("not a .npy file: it does not begin with \\x93NUMPY");
  const int major = static_cast<uint8_t>(bytes[6]);
  if (major < 1 || major > 3)
    return refused("version " + std::to_string(major) + " of .npy; 1 to 3 can be read");
  const size_t sizeBytes = major == 1 ? 2 : 4;
  const auto headerSize = littleEndian(bytes, 8, sizeBytes);
  if (!headerSize || bytes.size() - 8 - sizeBytes < *headerSize)
    return refused("truncated within its header");
  Header h;
  if (!HeaderReader(bytes.substr(8 + sizeBytes, *headerSize)).read(h))
    return refused("a header that is not a dictionary of descr, fortran_order and shape");
  if (h.descr.size() >= 3 && h.descr[0] == '>' && h.descr.substr(2) != "1")
    return refused("elements '" + h.descr + "'; little endian is needed");
  const auto kind = kindOf(h.descr, expected);
  if (!kind)
    return refused("elements '" + h.descr + "' are no type of the language");
  if (expected && *kind != *expected)
    return refused("elements are " + std::string(spelling(*kind)) + ", " + spelling(*expected) +
                   " expected");
  if (h.isFortran && h.shape.size() > 1)
    return refused("in Fortran order; write it with numpy.ascontiguousarray");
  const auto count = elementCount(h.shape);
  if (!count)
    return refused("shape " + describe(h.shape) + " is impossible");
  const llvm::StringRef data = bytes.drop_front(8 + sizeBytes + *headerSize);
  if (data.size() != *count * byteSize(*kind))
    return refused(std::string(data.size() < *count * byteSize(*kind) ? "truncated" : "too long") +
                   ": " + std::to_string(data.size()) + " bytes of elements, shape " +
                   describe(h.shape) + " needs " + std::to_string(*count * byteSize(*kind)));
  Array a(*kind, h.shape);
  std::copy(data.bytes_begin(), data.bytes_end(), a.bytes.begin());
  for (uint8_t &b : a.bytes)
    if (*kind == ScalarKind::Bool && b > 1)
      return refused("a bool that is neither 0 nor 1");
  return {std::move(a), ""};
}

NpyArray readNpy(const std::string &path, std::optional<ScalarKind> expected) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return refused(path + ": " + file.getError().message());
  NpyArray result = parseNpy((*file)->getBuffer(), expected);
  if (!result.array)
    result.error = path + ": " + result.error;
  return result;
}

std::string formatNpy(const Array &a) {
  const char *name = isF8(a.kind) ? "u1" : "u2"; // the bits of f8 and bf16
  for (const Code &code : codes)
    if (code.kind == a.kind)
      name = code.name;
  std::string header = "{'descr': '" + std::string(byteSize(a.kind) == 1 ? "|" : "<") + name +
                       "', 'fortran_order': False, 'shape': (";
  for (int64_t extent : a.shape)
    header += std::to_string(extent) + ", ";
  header += "), }";
  constexpr size_t prefix = 10, alignment = 64;
  header.resize((prefix + header.size() + 1 + alignment - 1) / alignment * alignment - prefix - 1,
                ' ');
  header += '\n';
  std::string out = "\x93NUMPY";
  out += {'\1', '\0', static_cast<char>(header.size()), static_cast<char>(header.size() >> 8)};
  out += header;
  return out.append(a.bytes.begin(), a.bytes.end());
}

std::optional<std::string> writeNpy(const std::string &path, const Array &a) {
  auto error = llvm::writeToOutput(path, [&](llvm::raw_ostream &os) {
    os << formatNpy(a);
    return llvm::Error::success();
  });
  if (error)
    return path + ": " + llvm::toString(std::move(error));
  return std::nullopt;
}

} // namespace texpr::reference

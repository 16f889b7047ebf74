// Collects errors and prints them like a modern compiler does.
//
// In: errors in any order, from any stage. Out: text or JSON lines, ordered by file and place. What
// comes from a source line or a path is made printable first: tabs become blanks, control
// characters, bytes that are no UTF-8 and invisible characters (a bidirectional override could hide
// what a line says) become `<U+202E>` or `<FF>`, and a long line is cut to a window around the
// caret, so the caret is always under its token and no output is longer than the errors deserve.
#include "compiler/source/Diagnostics.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Unicode.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <tuple>

using namespace texpr;
using llvm::raw_ostream;
using llvm::StringRef;

// ---- collecting
// ------------------------------------------------------------------------------------

static bool same(const SourceRange &a, const SourceRange &b) {
  return a.file == b.file && a.begin == b.begin && a.end == b.end;
}

Diagnostics::Entry Diagnostics::put(Severity severity, SourceRange range, std::string message) {
  for (const Diagnostic &d : kept)
    if (d.severity == severity && d.range && same(*d.range, range))
      return Entry(nullptr);
  if (severity == Severity::Error && errors++ >= maxErrors)
    return Entry(nullptr);
  if (kept.size() >= 2 * maxErrors) // a flood of warnings
    return Entry(nullptr);
  kept.push_back(
      {severity, range, "", std::move(message), {contexts.rbegin(), contexts.rend()}, {}});
  return Entry(&kept.back());
}

Diagnostics::Entry Diagnostics::error(SourceRange range, std::string message) {
  return put(Severity::Error, range, std::move(message));
}

Diagnostics::Entry Diagnostics::warning(SourceRange range, std::string message) {
  return put(Severity::Warning, range, std::move(message));
}

Diagnostics::Entry Diagnostics::fileError(std::string path, std::string message) {
  if (errors++ >= maxErrors)
    return Entry(nullptr);
  kept.push_back({Severity::Error, std::nullopt, std::move(path), std::move(message), {}, {}});
  return Entry(&kept.back());
}

Diagnostics::Entry &Diagnostics::Entry::note(SourceRange range, std::string message) {
  if (diagnostic)
    diagnostic->notes.push_back({range, std::move(message)});
  return *this;
}

Diagnostics::Entry &Diagnostics::Entry::note(std::string message) {
  if (diagnostic)
    diagnostic->notes.push_back({std::nullopt, std::move(message)});
  return *this;
}

Diagnostics::Entry &Diagnostics::Entry::fix(SourceRange range, std::string replacement,
                                            std::string text) {
  if (diagnostic)
    diagnostic->fixes.push_back({range, std::move(replacement), std::move(text)});
  return *this;
}

std::vector<const Diagnostic *> Diagnostics::sorted() const {
  std::vector<std::tuple<bool, uint32_t, uint32_t, size_t>> keys;
  for (const Diagnostic &d : kept) {
    SourceRange r = d.range.value_or(SourceRange());
    keys.emplace_back(d.range.has_value(), r.file, r.begin, keys.size());
  }
  std::sort(keys.begin(), keys.end());
  std::vector<const Diagnostic *> order;
  for (auto &key : keys)
    order.push_back(&kept[std::get<3>(key)]);
  return order;
}

// ---- text
// ------------------------------------------------------------------------------------------

namespace {
/// A source line, or a part of it, as it is shown, with the columns of what is marked.
struct Excerpt {
  std::string text;
  unsigned markBegin = 0, markEnd = 0;
};
} // namespace

/// The bytes of the character that `s` begins with; 0: not UTF-8.
static unsigned characterBytes(StringRef s) {
  unsigned n = llvm::getNumBytesForUTF8(llvm::UTF8(s.front()));
  const auto *b = reinterpret_cast<const llvm::UTF8 *>(s.data());
  return n <= s.size() && llvm::isLegalUTF8Sequence(b, b + n) ? n : 0;
}

/// Appends the first character of `s` in a printable form; returns its bytes and adds its width to
/// `column`.
static unsigned appendPrintable(StringRef s, std::string &out, unsigned &column) {
  unsigned bytes = characterBytes(s);
  if (s.front() == '\t') {
    unsigned width = 4 - column % 4;
    out.append(width, ' ');
    column += width;
    return 1;
  }
  int width = bytes ? llvm::sys::unicode::columnWidthUTF8(s.take_front(bytes)) : -1;
  if (width > 0) {
    out += s.take_front(bytes);
    column += unsigned(width);
    return bytes;
  }
  std::string escape;
  llvm::raw_string_ostream os(escape);
  if (bytes) {
    const auto *b = reinterpret_cast<const llvm::UTF8 *>(s.data());
    llvm::UTF32 point = 0;
    llvm::convertUTF8Sequence(&b, b + bytes, &point, llvm::strictConversion);
    os << llvm::format("<U+%04X>", unsigned(point));
  } else {
    os << llvm::format("<%02X>", unsigned(uint8_t(s.front())));
  }
  out += escape;
  column += unsigned(escape.size());
  return bytes ? bytes : 1;
}

static std::string printable(StringRef s) {
  std::string out;
  unsigned column = 0;
  while (!s.empty())
    s = s.drop_front(appendPrintable(s, out, column));
  return out;
}

/// `line` with the bytes [begin, end) marked.
static Excerpt excerpt(StringRef line, size_t begin, size_t end) {
  constexpr size_t before = 80, window = 200;
  size_t first = line.size() > window && begin > before ? begin - before : 0;
  while (first > 0 && (uint8_t(line[first]) & 0xC0) == 0x80)
    --first;
  size_t last = std::min(line.size(), first + window);
  Excerpt e;
  unsigned column = 0;
  if (first > 0) {
    e.text = "…";
    column = 1;
  }
  size_t i = first;
  while (i < last) {
    if (i <= begin)
      e.markBegin = column;
    i += appendPrintable(line.substr(i), e.text, column);
    if (i <= end)
      e.markEnd = column;
  }
  if (begin >= i)
    e.markBegin = column;
  if (i < line.size())
    e.text += "…";
  return e;
}

namespace {
class TextPrinter {
public:
  TextPrinter(raw_ostream &os, const SourceFiles &files, bool colour)
      : os(os), files(files), colour(colour) {}

  void print(const Diagnostic &d) {
    if (d.range)
      head(*d.range);
    else
      os << bold() << printable(d.path) << ": ";
    bool isError = d.severity == Severity::Error;
    os << style(isError ? "\033[1;31m" : "\033[1;35m") << (isError ? "error: " : "warning: ")
       << bold() << d.message << reset() << '\n';
    if (d.range)
      source(*d.range);
    for (const Diagnostic::Note &n : d.notes)
      note(n);
    for (const Diagnostic::Fix &f : d.fixes)
      fix(f);
  }

private:
  const char *style(const char *code) const { return colour ? code : ""; }
  const char *bold() const { return style("\033[0;1m"); }
  const char *reset() const { return style("\033[0m"); }

  void head(SourceRange r) {
    SourceFiles::Place p = files.place(r.file, r.begin);
    os << bold() << printable(files.name(r.file)) << ':' << p.line << ':' << p.column << ": ";
  }

  void marked(const Excerpt &e, char first, char rest) {
    os << "  " << e.text << '\n';
    if (!first)
      return;
    os << "  " << std::string(e.markBegin, ' ') << style("\033[1;32m") << first;
    for (unsigned c = e.markBegin + 1; c < e.markEnd; ++c)
      os << rest;
    os << reset() << '\n';
  }

  void source(SourceRange r) {
    SourceFiles::Place p = files.place(r.file, r.begin);
    StringRef line = files.line(r.file, p.line);
    size_t begin = p.column - 1;
    marked(excerpt(line, begin, std::min<size_t>(begin + (r.end - r.begin), line.size())), '^',
           '~');
  }

  void note(const Diagnostic::Note &n) {
    if (n.range)
      head(*n.range);
    os << style("\033[1;36m") << "note: " << reset() << n.message << '\n';
    if (n.range)
      source(*n.range);
  }

  /// `help: text`, and the line as it would be, where the fix stays inside one line.
  void fix(const Diagnostic::Fix &f) {
    os << style("\033[1;32m") << "help: " << reset() << f.text << '\n';
    SourceFiles::Place from = files.place(f.range.file, f.range.begin);
    SourceFiles::Place to = files.place(f.range.file, f.range.end);
    if (from.line != to.line || f.replacement.find('\n') != std::string::npos)
      return;
    std::string line = files.line(f.range.file, from.line).str();
    size_t begin = std::min<size_t>(from.column - 1, line.size());
    line.replace(begin, f.range.end - f.range.begin, f.replacement);
    marked(excerpt(line, begin, begin + f.replacement.size()), f.replacement.empty() ? 0 : '+',
           '+');
  }

  raw_ostream &os;
  const SourceFiles &files;
  bool colour;
};
} // namespace

void Diagnostics::print(raw_ostream &os, const SourceFiles &files, bool colour) const {
  TextPrinter printer(os, files, colour);
  for (const Diagnostic *d : sorted())
    printer.print(*d);
  if (errors > maxErrors)
    os << "too many errors: the first " << maxErrors << " are shown\n";
}

// ---- JSON
// ------------------------------------------------------------------------------------------

static void putRange(llvm::json::Object &o, const SourceFiles &files, SourceRange r) {
  SourceFiles::Place begin = files.place(r.file, r.begin), end = files.place(r.file, r.end);
  o["file"] = llvm::json::fixUTF8(files.name(r.file));
  o["line"] = begin.line;
  o["column"] = begin.column;
  o["endLine"] = end.line;
  o["endColumn"] = end.column;
}

static llvm::json::Object toJson(const Diagnostic &d, const SourceFiles &files) {
  llvm::json::Object o{{"severity", d.severity == Severity::Error ? "error" : "warning"},
                       {"message", llvm::json::fixUTF8(d.message)}};
  if (d.range)
    putRange(o, files, *d.range);
  else
    o["file"] = llvm::json::fixUTF8(d.path);
  llvm::json::Array notes, fixes;
  for (const Diagnostic::Note &n : d.notes) {
    llvm::json::Object note{{"message", llvm::json::fixUTF8(n.message)}};
    if (n.range)
      putRange(note, files, *n.range);
    notes.push_back(std::move(note));
  }
  for (const Diagnostic::Fix &f : d.fixes) {
    llvm::json::Object fix{{"message", llvm::json::fixUTF8(f.text)},
                           {"replacement", llvm::json::fixUTF8(f.replacement)}};
    putRange(fix, files, f.range);
    fixes.push_back(std::move(fix));
  }
  o["notes"] = std::move(notes);
  o["fixes"] = std::move(fixes);
  return o;
}

void Diagnostics::printJson(raw_ostream &os, const SourceFiles &files) const {
  for (const Diagnostic *d : sorted())
    os << llvm::json::Value(toJson(*d, files)) << '\n';
}

// Source text and what is said about it.
//
// `SourceFiles` owns the buffers; a `SourceRange` is a range of bytes of one of them. `Diagnostics`
// collects errors from every stage of the front end and prints them once, in the order of the
// source:
//
//   file:line:col: error: …        columns count bytes, from 1
//   the source line
//        ^~~~~
//   file:line:col: note: …         with its own line and caret
//   help: …                        with the line as it would be
//
//   diags.error(range, "…").note(other, "…").fix(place, "replacement", "add `;`");
#pragma once
#include "compiler/source/Ast.h"
#include "llvm/ADT/StringRef.h"
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
}

namespace texpr {

class Diagnostics;

/// From the begin of `a` to the end of `b`, which are of one file.
inline SourceRange spanning(SourceRange a, SourceRange b) {
  return {a.file, a.begin, b.end < a.begin ? a.end : b.end};
}
/// The place just after `r`: where something is missing.
inline SourceRange after(SourceRange r) { return {r.file, r.end, r.end}; }

/// The buffers of a compilation, without their byte order marks. Their names and texts stay where
/// they are.
class SourceFiles {
public:
  static constexpr size_t maxBytes = size_t(16) << 20;
  struct Place {
    unsigned line = 1, column = 1; // from 1; columns count bytes
  };

  /// Reads `path` (`-`: standard input). Where it cannot be read or is too large: an error without
  /// a place, and nothing.
  std::optional<unsigned> open(const std::string &path, Diagnostics &diags);
  /// The same for a file that another one names: `reason` says why not.
  std::optional<unsigned> open(const std::string &path, std::string &reason);
  /// Adds a text that is already at hand.
  unsigned add(std::string name, std::string text);

  unsigned size() const { return files.size(); }
  const std::string &name(unsigned file) const { return files[file].name; }
  llvm::StringRef text(unsigned file) const { return files[file].text; }
  llvm::StringRef text(SourceRange r) const {
    return text(r.file).substr(r.begin, r.end - r.begin);
  }
  Place place(unsigned file, uint32_t offset) const;
  /// The line, from 1, without its end; LF, CRLF and CR end a line.
  llvm::StringRef line(unsigned file, unsigned line) const;
  uint32_t lineBegin(unsigned file, unsigned line) const {
    return files[file].lineBegins[line - 1];
  }

private:
  struct File {
    std::string name, text;
    std::vector<uint32_t> lineBegins;
  };
  std::deque<File> files;
};

enum class Severity { Error, Warning };

struct Diagnostic {
  struct Note {
    std::optional<SourceRange> range;
    std::string message;
  };
  /// What to write instead of `range`; an empty range inserts.
  struct Fix {
    SourceRange range;
    std::string replacement, text;
  };
  Severity severity = Severity::Error;
  std::optional<SourceRange> range; // absent: about a whole file, named by `path`
  std::string path, message;
  std::vector<Note> notes;
  std::vector<Fix> fixes;
};

/// The sink of errors. Keeps at most `maxErrors`; a second error at the very range of another is
/// dropped as its follow-on, with the notes and fixes that would be put on it.
class Diagnostics {
public:
  static constexpr unsigned maxErrors = 50;

  /// What `error` gives, to put notes and fixes on. Use it at once.
  class Entry {
  public:
    Entry &note(SourceRange range, std::string message);
    Entry &note(std::string message);
    Entry &fix(SourceRange range, std::string replacement, std::string text);

    /// An entry that takes notes and fixes and drops them.
    static Entry silent() { return Entry(nullptr); }

  private:
    friend class Diagnostics;
    explicit Entry(Diagnostic *d) : diagnostic(d) {}
    Diagnostic *diagnostic; // null: dropped
  };

  /// A note on every error of a scope: from where a piece of the source is looked at again.
  class Context {
  public:
    Context(Diagnostics &diags, SourceRange range, std::string message) : diags(diags) {
      diags.contexts.push_back({range, std::move(message)});
    }
    ~Context() { diags.contexts.pop_back(); }
    Context(const Context &) = delete;
    Context &operator=(const Context &) = delete;

  private:
    Diagnostics &diags;
  };

  Entry error(SourceRange range, std::string message);
  Entry warning(SourceRange range, std::string message);
  /// About a file as a whole: it cannot be read.
  Entry fileError(std::string path, std::string message);

  unsigned errorCount() const { return errors; }
  bool hasErrors() const { return errors != 0; }
  /// So many errors that a stage should stop looking for more.
  bool isFull() const { return errors >= maxErrors; }
  /// All that is kept, in the order of files and places.
  std::vector<const Diagnostic *> sorted() const;

  void print(llvm::raw_ostream &os, const SourceFiles &files, bool colour = false) const;
  /// One JSON object a line: severity, file, line, column, endLine, endColumn, message, notes,
  /// fixes.
  void printJson(llvm::raw_ostream &os, const SourceFiles &files) const;

private:
  Entry put(Severity severity, SourceRange range, std::string message);
  std::deque<Diagnostic> kept;
  std::vector<Diagnostic::Note> contexts; // innermost last
  unsigned errors = 0;                    // the dropped ones of a full sink too
};

} // namespace texpr

// What the tests of the front half share: a text, parsed, with its errors as text.
#pragma once
#include "compiler/source/Parser.h"
#include "compiler/source/Printer.h"
#include "llvm/Support/raw_ostream.h"

namespace texpr::test {

struct Parsed {
  SourceFiles files;
  Diagnostics diags;
  std::unique_ptr<Program> program;

  explicit Parsed(std::string text) {
    unsigned file = files.add("t.tx", std::move(text));
    program = parse(files, file, diags);
  }
  bool ok() const { return !diags.hasErrors(); }
  unsigned errors() const { return diags.errorCount(); }
  size_t sortedCount() const { return diags.sorted().size(); }
  std::string messages() const {
    std::string s;
    llvm::raw_string_ostream os(s);
    diags.print(os, files);
    return s;
  }
  /// "line:column: message" of each error.
  std::string brief() const {
    std::string s;
    for (const Diagnostic *d : diags.sorted()) {
      SourceFiles::Place p = files.place(d->range->file, d->range->begin);
      s += std::to_string(p.line) + ":" + std::to_string(p.column) + ": " + d->message + "\n";
    }
    return s;
  }
};

/// The programs of tests/source/syntax, one for every production of the grammar.
struct Sample {
  std::string name, text;
};
const std::vector<Sample> &samples();

} // namespace texpr::test

// Any bytes through the front half: lexer, parser, diagnostics, printer.
//
// In: the fuzzer's bytes as a source file. What must hold: no crash, and a program that is accepted reads back from what the
// printer makes of it, as the same tree; else the run aborts.
#include "compiler/source/Parser.h"
#include "compiler/source/Printer.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdio>
#include <cstdlib>

using namespace texpr;

/// The text of the tree of `text`, with all parentheses; nothing where it is refused.
static std::optional<std::string> tree(const std::string &text, std::string *canonical) {
  SourceFiles files;
  Diagnostics diags;
  std::unique_ptr<Program> program = parse(files, files.add("fuzz.tx", text), diags);
  diags.print(llvm::nulls(), files);
  if (diags.hasErrors())
    return std::nullopt;
  if (canonical)
    *canonical = print(*program);
  return print(*program, {.allParens = true});
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size), canonical;
  std::optional<std::string> first = tree(text, &canonical);
  if (first && tree(canonical, nullptr) != first) {
    std::fprintf(stderr, "what is printed reads back as another tree:\n%s\n", canonical.c_str());
    std::abort();
  }
  return 0;
}

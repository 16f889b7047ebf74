// Any bytes through the front end: lexer, parser, diagnostics, printer, checker.
//
// In: the fuzzer's bytes as a source file. What must hold: no crash and no hang; a program that the
// parser accepts reads back from what the printer makes of it, as the same tree; the checker takes
// whatever was parsed, whole or not, and says what is wrong with it.
#include "compiler/source/Check.h"
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

static void checkIt(const std::string &text) {
  SourceFiles files;
  Diagnostics diags;
  std::unique_ptr<Program> program = parse(files, files.add("fuzz.tx", text), diags);
  CheckedProgram checked;
  bool ok = check(std::move(program), files, diags, checked);
  diags.print(llvm::nulls(), files);
  if (!ok && !diags.hasErrors()) {
    std::fprintf(stderr, "refused without an error\n");
    std::abort();
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size), canonical;
  std::optional<std::string> first = tree(text, &canonical);
  if (first && tree(canonical, nullptr) != first) {
    std::fprintf(stderr, "what is printed reads back as another tree:\n%s\n", canonical.c_str());
    std::abort();
  }
  checkIt(text);
  return 0;
}

// Says for each file named on standard input whether the parser takes it: the parser's side of
// check_grammar.py.
//
// In: file names, one a line. Out: `ok` or `bad`, one a line, in the same order.
#include "compiler/source/Parser.h"
#include <iostream>

int main() {
  std::string path;
  while (std::getline(std::cin, path)) {
    texpr::SourceFiles files;
    texpr::Diagnostics diags;
    if (std::optional<unsigned> file = files.open(path, diags))
      texpr::parse(files, *file, diags);
    std::cout << (diags.hasErrors() ? "bad\n" : "ok\n");
  }
}

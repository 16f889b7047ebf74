// Reads the sample programs once.
#include "tests/unit/source/Text.h"
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace texpr::test;

const std::vector<Sample> &texpr::test::samples() {
  static const std::vector<Sample> all = [] {
    std::vector<Sample> all;
    for (const auto &entry : std::filesystem::directory_iterator(TEXPR_SYNTAX_TESTS)) {
      if (entry.path().extension() != ".tx")
        continue;
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      all.push_back({entry.path().filename(), text.str()});
    }
    std::sort(all.begin(), all.end(), [](auto &a, auto &b) { return a.name < b.name; });
    return all;
  }();
  return all;
}

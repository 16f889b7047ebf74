// The programs under tests/source, whole and one function at a time.
#pragma once
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace texpr {

inline std::vector<std::filesystem::path> programs(const char *folder) {
  std::vector<std::filesystem::path> all;
  for (const auto &entry :
       std::filesystem::directory_iterator(std::filesystem::path(TEXPR_TESTS) / folder))
    if (entry.path().extension() == ".tx")
      all.push_back(entry.path());
  std::sort(all.begin(), all.end());
  return all;
}

/// Each exported function of a file, with all ops and local functions of that file before it.
inline std::vector<std::string> functionsOf(const std::filesystem::path &path) {
  std::ifstream in(path);
  std::string line, part, shared;
  std::vector<std::string> own;
  auto close = [&] {
    if (part.rfind("fn ", 0) == 0)
      own.push_back(part);
    else if (part.rfind("op ", 0) == 0 || part.rfind("local fn ", 0) == 0 ||
             part.rfind("struct ", 0) == 0)
      shared += part;
    part.clear();
  };
  while (std::getline(in, line)) {
    if (line.rfind("fn ", 0) == 0 || line.rfind("op ", 0) == 0 || line.rfind("local fn ", 0) == 0 ||
        line.rfind("struct ", 0) == 0 || line.rfind("//", 0) == 0)
      close();
    if (!line.empty() && line.rfind("//", 0) != 0)
      part += line + "\n";
  }
  close();
  for (std::string &fn : own)
    fn = shared + fn;
  return own;
}

} // namespace texpr

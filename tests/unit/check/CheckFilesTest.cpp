// Every .tx file under tests/source/check gives exactly the errors that its comments expect, and every one under
// tests/source/accept gives none.
//
//   // expected-error@+1 {{part of the message}}     on the line after; @-2, or nothing for this line
//   // expected-note {{…}} is not asked for: notes may change freely
#include "compiler/source/Check.h"
#include "compiler/source/Modules.h"
#include "tests/unit/check/Programs.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

using namespace texpr;
namespace fs = std::filesystem;

namespace {

struct Expected {
  unsigned line;
  std::string text;
  bool found = false;
};

std::vector<Expected> expectations(const SourceFiles &files, unsigned file) {
  static const std::regex form(R"re(expected-error(?:@([+-]\d+))?\s*\{\{(.*?)\}\})re");
  std::vector<Expected> all;
  unsigned line = 1;
  std::string text = files.text(file).str();
  for (size_t begin = 0; begin < text.size(); ++line) {
    size_t end = std::min(text.find('\n', begin), text.size());
    std::string row = text.substr(begin, end - begin);
    for (std::sregex_iterator m(row.begin(), row.end(), form), none; m != none; ++m)
      all.push_back({line + ((*m)[1].matched ? std::stoi((*m)[1]) : 0), (*m)[2]});
    begin = end + 1;
  }
  return all;
}

std::string name(const testing::TestParamInfo<fs::path> &info) {
  std::string s = info.param.stem().string();
  std::replace_if(s.begin(), s.end(), [](char c) { return !isalnum(c); }, '_');
  return s;
}

struct Checked {
  SourceFiles files;
  Diagnostics diags;
  CheckedProgram program;
  unsigned file = 0;
  bool isRight = false;

  explicit Checked(const fs::path &path) {
    if (auto opened = files.open(path.string(), diags)) {
      file = *opened;
      isRight = check(parseProgram(files, {file}, diags), files, diags, program);
    }
  }
  std::string printed() const {
    std::string s;
    llvm::raw_string_ostream os(s);
    diags.print(os, files);
    return s;
  }
};

class Refused : public testing::TestWithParam<fs::path> {};
class Accepted : public testing::TestWithParam<fs::path> {};

} // namespace

TEST_P(Refused, exactlyTheExpectedErrors) {
  Checked c(GetParam());
  std::vector<Expected> expected = expectations(c.files, c.file);
  EXPECT_FALSE(expected.empty()) << "no error is expected in " << GetParam();
  for (const Diagnostic *d : c.diags.sorted()) {
    if (d->severity != Severity::Error)
      continue;
    unsigned line = d->range ? c.files.place(d->range->file, d->range->begin).line : 0;
    auto match = std::find_if(expected.begin(), expected.end(), [&](const Expected &e) {
      return !e.found && e.line == line && d->message.find(e.text) != std::string::npos;
    });
    if (match != expected.end())
      match->found = true;
    else
      ADD_FAILURE() << GetParam().string() << ":" << line << ": not expected: " << d->message;
  }
  for (const Expected &e : expected)
    EXPECT_TRUE(e.found) << GetParam().string() << ":" << e.line
                         << ": expected, but not given: " << e.text;
}

TEST_P(Accepted, noErrors) {
  Checked c(GetParam());
  EXPECT_TRUE(c.isRight) << c.printed();
}

INSTANTIATE_TEST_SUITE_P(Files, Refused, testing::ValuesIn(programs("check")), name);
INSTANTIATE_TEST_SUITE_P(Files, Accepted, testing::ValuesIn(programs("accept")), name);

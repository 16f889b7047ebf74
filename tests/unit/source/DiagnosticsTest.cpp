// How errors look, and reading files that are none.
#include "tests/unit/source/Text.h"
#include "llvm/Support/JSON.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

using namespace texpr;

namespace {

struct Sink : testing::Test {
  SourceFiles files;
  Diagnostics diags;
  std::string text(bool colour = false) const {
    std::string s;
    llvm::raw_string_ostream os(s);
    diags.print(os, files, colour);
    return s;
  }
};

TEST_F(Sink, Shape) {
  unsigned f = files.add("a.tx", "let x = 1\nlet y = x +\n");
  diags.error({f, 20, 21}, "no right side").note({f, 4, 5}, "`x` is here").note("see the manual");
  diags.error({f, 9, 9}, "expected `;`").fix({f, 9, 9}, ";", "add `;`");
  EXPECT_EQ(text(), "a.tx:1:10: error: expected `;`\n"
                    "  let x = 1\n"
                    "           ^\n"
                    "help: add `;`\n"
                    "  let x = 1;\n"
                    "           +\n"
                    "a.tx:2:11: error: no right side\n"
                    "  let y = x +\n"
                    "            ^\n"
                    "a.tx:1:5: note: `x` is here\n"
                    "  let x = 1\n"
                    "      ^\n"
                    "note: see the manual\n");
}

TEST_F(Sink, Ranges) {
  unsigned f = files.add("a.tx", "abc def\n  ghi\n");
  diags.error({f, 4, 7}, "one word");
  diags.error({f, 4, 13}, "two lines");
  diags.error({f, 14, 14}, "the end");
  EXPECT_EQ(text(), "a.tx:1:5: error: one word\n  abc def\n      ^~~\n"
                    "a.tx:1:5: error: two lines\n  abc def\n      ^~~\n"
                    "a.tx:3:1: error: the end\n  \n  ^\n");
}

TEST_F(Sink, TabsAndWideCharacters) {
  unsigned f = files.add("a.tx", "\tx\t\xE5\xAD\x97y // z\n");
  diags.error({f, 6, 7}, "at y");
  EXPECT_EQ(text(), "a.tx:1:7: error: at y\n      x   \xE5\xAD\x97y // z\n            ^\n");
}

TEST_F(Sink, UnprintableText) {
  unsigned f = files.add("a\n.tx", "a\xE2\x80\xAE\x01\xFFz\n");
  diags.error({f, 6, 7}, "at z");
  EXPECT_EQ(text(),
            "a<U+000A>.tx:1:7: error: at z\n  a<U+202E><U+0001><FF>z\n                       ^\n");
}

TEST_F(Sink, LongLine) {
  unsigned f = files.add("a.tx", std::string(1 << 20, 'a') + "$" + std::string(1 << 20, 'b'));
  diags.error({f, 1 << 20, (1 << 20) + 1}, "here");
  std::string t = text();
  EXPECT_LT(t.size(), 500u);
  size_t dollar = t.find('$'), lines = t.find('\n');
  size_t caret = t.find('^');
  EXPECT_EQ(caret - t.rfind('\n', caret), dollar - lines - 2)
      << t; // `…` is three bytes and one column
}

TEST_F(Sink, Limits) {
  unsigned f = files.add("a.tx", std::string(1000, 'x'));
  for (uint32_t i = 0; i < 500; ++i) {
    diags.error({f, i, i + 1}, "e" + std::to_string(i)).note({f, 0, 1}, "n");
    diags.error({f, i, i + 1}, "again");
  }
  EXPECT_TRUE(diags.isFull());
  EXPECT_EQ(diags.sorted().size(), Diagnostics::maxErrors);
  EXPECT_EQ(text().find("again"), std::string::npos);
  EXPECT_NE(text().find("too many errors"), std::string::npos);
}

TEST_F(Sink, WarningsAreNoErrors) {
  unsigned f = files.add("a.tx", "x");
  diags.warning({f, 0, 1}, "w");
  EXPECT_FALSE(diags.hasErrors());
  EXPECT_NE(text().find("a.tx:1:1: warning: w"), std::string::npos);
}

TEST_F(Sink, Colour) {
  unsigned f = files.add("a.tx", "x");
  diags.error({f, 0, 1}, "e");
  EXPECT_NE(text(true).find("\033[1;31merror: "), std::string::npos);
  EXPECT_EQ(text(false).find('\033'), std::string::npos);
}

TEST_F(Sink, Json) {
  unsigned f = files.add("a\xFF.tx", "ab\ncd\n");
  diags.error({f, 3, 5}, "e \"q\"").note({f, 0, 1}, "n").fix({f, 3, 4}, "z", "t");
  diags.fileError("b.tx", "gone");
  std::string s;
  llvm::raw_string_ostream os(s);
  diags.printJson(os, files);
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(s).trim().split(lines, '\n');
  ASSERT_EQ(lines.size(), 2u);
  llvm::Expected<llvm::json::Value> first = llvm::json::parse(lines[0]),
                                    second = llvm::json::parse(lines[1]);
  ASSERT_TRUE(bool(first) && bool(second)) << s;
  EXPECT_EQ(first->getAsObject()->getString("file"), "b.tx");
  const llvm::json::Object &o = *second->getAsObject();
  EXPECT_EQ(o.getString("message"), "e \"q\"");
  EXPECT_EQ(o.getInteger("line"), 2);
  EXPECT_EQ(o.getInteger("endColumn"), 3);
  EXPECT_EQ((*o.getArray("notes"))[0].getAsObject()->getString("message"), "n");
  EXPECT_EQ((*o.getArray("fixes"))[0].getAsObject()->getString("replacement"), "z");
}

TEST_F(Sink, Places) {
  unsigned f = files.add("a.tx", "a\r\nb\rc\nd");
  for (auto [offset, line, column] :
       {std::tuple(0u, 1u, 1u), {3u, 2u, 1u}, {5u, 3u, 1u}, {7u, 4u, 1u}, {8u, 4u, 2u}}) {
    EXPECT_EQ(files.place(f, offset).line, line);
    EXPECT_EQ(files.place(f, offset).column, column);
  }
  EXPECT_EQ(files.line(f, 1), "a");
  EXPECT_EQ(files.line(f, 2), "b");
  EXPECT_EQ(files.line(f, 4), "d");
}

TEST_F(Sink, FilesThatCannotBeRead) {
  namespace fs = std::filesystem;
  fs::path folder = fs::path(testing::TempDir()) / ("texpr-read-" + std::to_string(getpid()));
  fs::create_directory(folder);
  std::string pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::string sparse = folder / "sparse.tx";
  std::ofstream(sparse).put('x');
  fs::resize_file(sparse, uintmax_t(1) << 30);
  const std::pair<std::string, const char *> table[] = {
      {folder / "missing.tx", "No such file or directory"},
      {folder, "Is a directory"},
      {pipe, "is a pipe"},
      {"/dev/zero", "larger than 16 MiB"},
      {sparse, "larger than 16 MiB"},
  };
  for (auto &[path, reason] : table) {
    Diagnostics diags;
    EXPECT_FALSE(files.open(path, diags));
    std::string s;
    llvm::raw_string_ostream os(s);
    diags.print(os, files);
    EXPECT_NE(s.find(path + ": error: "), std::string::npos) << s;
    EXPECT_NE(s.find(reason), std::string::npos) << s;
  }
  std::string good = folder / "good.tx";
  std::ofstream(good) << "\xEF\xBB\xBF" << "fn";
  std::optional<unsigned> file = files.open(good, diags);
  ASSERT_TRUE(file);
  EXPECT_EQ(files.text(*file), "fn");
  fs::remove_all(folder);
}

} // namespace

// The generated header: the order and names of parameters, and that the text compiles without a
// warning by the system's compilers in every standard that it promises, whatever the program's
// names are.
#include "compiler/emit/Header.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace texpr::emit;

namespace {

std::string names(const std::vector<CParameter> &parameters) {
  std::string out;
  for (const CParameter &p : parameters)
    out += p.type + p.name + "; ";
  return out;
}

AbiFunction softmax() {
  return {.name = "softmax",
          .signature = "fn softmax(x: f32[m, n]) -> (y: f32[m, n])",
          .dims = {"m", "n"},
          .params = {{.name = "x", .scalar = "f32"}},
          .results = {{.name = "y", .scalar = "f32"}},
          .foundDims = {}};
}

AbiFunction hostile() {
  return {.name = "hostile",
          .signature = "fn hostile(int: f16[class]) /* not */ -> …",
          .dims = {"class", "n"},
          .params = {{.name = "int", .scalar = "f16"},
                     {.name = "y", .scalar = "bool"},
                     {.name = "NULL", .scalar = "i32", .isTensor = false, .isDim = true},
                     {.name = "call", .scalar = "u64", .isTensor = false},
                     {.name = "y_out", .scalar = "bf16"},
                     {.name = "_Bool", .scalar = "f8e4m3"},
                     {.name = "I", .scalar = "f64"}},
          .results = {{.name = "y", .scalar = "i8"},
                      {.name = "n", .scalar = "f32", .isTensor = false},
                      {.name = "bytes", .scalar = "u16"}},
          .foundDims = {"k"}};
}

TEST(Header, OrderOfParameters) {
  EXPECT_EQ(names(entryParameters(softmax())),
            "int64_t m; int64_t n; const float *x; float *y; const tx_call *call; ");
  EXPECT_EQ(names(workspaceParameters(softmax())),
            "int64_t m; int64_t n; const tx_call *call; size_t *bytes; ");
}

TEST(Header, ClashesAreRenamed) {
  EXPECT_EQ(names(entryParameters(hostile())),
            "int64_t class_; int64_t n; const tx_f16 *int_; const uint8_t *y; int32_t NULL_; "
            "uint64_t call; "
            "const tx_bf16 *y_out; const tx_f8e4m3 *p_Bool; const double *I_; int8_t *y_out_; "
            "float *n_out; "
            "uint16_t *bytes; int64_t *k; const tx_call *call_; ");
  EXPECT_EQ(names(workspaceParameters(hostile())),
            "int64_t class_; int64_t n; int32_t NULL_; const tx_call *call_; size_t *bytes_; ");
}

TEST(Header, ReservedEntryNames) {
  for (const char *name : {"int", "class", "restrict", "NULL", "errno", "main", "linux", "_Bool",
                           "__x", "_X", "tx_call"})
    EXPECT_TRUE(isReservedInC(name)) << name;
  for (const char *name : {"softmax", "_x", "integer", "x_", "Main"})
    EXPECT_FALSE(isReservedInC(name)) << name;
}

TEST(Header, SoftmaxReadsLikeTheDesign) {
  std::string text = headerText({"softmax.h", "softmax.tx", "softmax.o", "0.1", {softmax()}});
  EXPECT_EQ(text.substr(0, text.find('\n')), "/* softmax.h: written by texprc 0.1 from softmax.tx; "
                                             "needs softmax.o and a C99 or C++ compiler */");
  EXPECT_NE(text.find("#ifndef TEXPR_SOFTMAX_H\n#define TEXPR_SOFTMAX_H\n#ifndef TEXPR_ABI_1"),
            std::string::npos);
  EXPECT_NE(text.find("tx_status softmax(int64_t m, int64_t n, const float *x, float *y, const "
                      "tx_call *call);\n"
                      "tx_status softmax_workspace(int64_t m, int64_t n, const tx_call *call, "
                      "size_t *bytes);\n"),
            std::string::npos);
  EXPECT_NE(text.find("y may not overlap x"), std::string::npos);
}

TEST(Header, GuardsOfDifferentFilesDiffer) {
  std::vector<std::string> seen;
  for (const char *name : {"a_b.h", "a-b.h", "a b.h", "A_b.h", "a\"*/b.h", "a\nb.h"}) {
    std::string text = headerText({name, "x.tx", "x.o", "0.1", {softmax()}});
    size_t begin = text.find("#ifndef ") + 8;
    seen.push_back(text.substr(begin, text.find('\n', begin) - begin));
    EXPECT_EQ(seen.back().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"),
              std::string::npos)
        << name;
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

/// The user's side: both headers, twice, with macros that careless headers trip over, in every
/// standard.
TEST(Header, CompilesInEveryStandard) {
  namespace fs = std::filesystem;
  fs::path dir = fs::temp_directory_path() / ("texpr-header-" + std::to_string(getpid()));
  fs::create_directories(dir);
  std::ofstream(dir / "softmax.h")
      << headerText({"softmax.h", "softmax.tx", "softmax.o", "0.1", {softmax()}});
  std::ofstream(dir / "hostile.h")
      << headerText({"hostile.h", "*/ #error", "a\n#error", "0.1", {hostile(), softmax()}});
  std::string user =
      "#define min(a, b) ((a) < (b) ? (a) : (b))\n#define max(a, b) ((a) < (b) ? (b) : (a))\n"
      "#include \"softmax.h\"\n#include \"softmax.h\"\n#include \"hostile.h\"\n"
      "#ifdef __cplusplus\nextern \"C\" {\n#include \"hostile.h\"\n}\n#endif\n"
      "int check(const float *x, float *y);\n"
      "int check(const float *x, float *y) {\n  tx_call call = {sizeof(tx_call), TEXPR_ABI_1, "
      "TX_CPU, 1, "
      "NULL, NULL, 0, NULL, NULL, NULL, NULL, 0};\n  return softmax(1, 1, x, y, &call) == "
      "TX_OK;\n}\n";
  std::ofstream(dir / "user.c") << user;
  std::ofstream(dir / "user.cpp") << user;
  std::string flags = " -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I" + dir.string() + " ";
  for (const char *standard : {"c99", "c11", "c17"})
    EXPECT_EQ(std::system(
                  ("cc -std=" + std::string(standard) + flags + (dir / "user.c").string()).c_str()),
              0)
        << standard;
  for (const char *standard : {"c++11", "c++17", "c++20", "c++23"})
    EXPECT_EQ(
        std::system(
            ("c++ -std=" + std::string(standard) + flags + (dir / "user.cpp").string()).c_str()),
        0)
        << standard;
  fs::remove_all(dir);
}

} // namespace

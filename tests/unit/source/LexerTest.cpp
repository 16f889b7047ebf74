// Tokens, and what is said about bytes that are none.
#include "compiler/source/Lexer.h"
#include "tests/unit/source/Text.h"
#include <gtest/gtest.h>

using namespace texpr;
using test::Parsed;

namespace {

/// The tokens of `text`, as `kind` or `kind:text`, and `!` where there is an error.
std::string tokens(const std::string &text) {
  SourceFiles files;
  Diagnostics diags;
  unsigned file = files.add("t.tx", text);
  std::string out;
  for (const Token &t : lex(files, file, diags)) {
    if (t.kind == Tok::End)
      break;
    out += out.empty() ? "" : " ";
    std::string word = files.text({file, t.begin, t.end}).str();
    switch (t.kind) {
    case Tok::Int:
      out += "int:" + word;
      break;
    case Tok::Float:
      out += "float:" + word;
      break;
    case Tok::Quantity:
      out += "quantity:" + word;
      break;
    case Tok::Ident:
      out += "id:" + word;
      break;
    case Tok::Scalar:
      out += "scalar:" + word;
      break;
    case Tok::Bad:
      out += "bad";
      break;
    default:
      out += word;
    }
  }
  return out + (diags.hasErrors() ? " !" : "");
}

std::string messages(const std::string &text) { return Parsed(text).messages(); }

TEST(Lexer, Tokens) {
  const std::pair<const char *, const char *> table[] = {
      {"", ""},
      {"a _b c9 _", "id:a id:_b id:c9 _"},
      {"fn fnx f32 f32x bool true", "fn id:fnx scalar:f32 id:f32x scalar:bool true"},
      {"0..n", "int:0 .. id:n"},
      {"1..2", "int:1 .. int:2"},
      {"0..=n", "int:0 ..= id:n"},
      {"a.0.1", "id:a . int:0 . int:1"},
      {"a.0.1.5", "id:a . int:0 . int:1 . int:5"},
      {"1.5 1e3 1.5e-3 1E+3 1_0.2_5", "float:1.5 float:1e3 float:1.5e-3 float:1E+3 float:1_0.2_5"},
      {"0x1F 0b101 1_000 08", "int:0x1F int:0b101 int:1_000 int:08"},
      {"48KiB 40us 3s 1B", "quantity:48KiB quantity:40us quantity:3s quantity:1B"},
      {"a max= 3", "id:a id:max = int:3"},
      {"a<<=b>>c", "id:a << = id:b >> id:c"},
      {"..=.. . -> - > <- <= == != = !", "..= .. . -> - > < - <= == != = !"},
      {"+= -= *= /= &= |= ^= && || & |", "+= -= *= /= &= |= ^= && || & |"},
      {"a // b\nc//d\re", "id:a id:c id:e"},
      {R"("a // \" b" c)", R"("a // \" b" id:c)"},
      {"~x^y%z@w", "~ id:x ^ id:y % id:z @ id:w"},
  };
  for (auto [text, expected] : table)
    EXPECT_EQ(tokens(text), expected) << text;
}

TEST(Lexer, BadNumbers) {
  for (const char *text : {"0x1p2000", "0b2", "1__0", "1_", "123abc", "0x", "0b", "0X1F", "1.5f",
                           "1e", "1.e", "1.", "1.5e+", "0x_1", "1u32", "40usx", "0x1_"})
    EXPECT_TRUE(llvm::StringRef(tokens(text)).ends_with("!")) << text << ": " << tokens(text);
  EXPECT_NE(messages("fn f() -> i64 { 123abc }").find("`123abc` is not a number"),
            std::string::npos);
  Parsed half("fn f() -> f32 { .5 }");
  EXPECT_NE(half.messages().find("help: a float has digits on both sides"), std::string::npos);
  Parsed point("fn f() -> f32 { 1. + 2.0 }");
  EXPECT_EQ(point.brief(), "1:17: a float has digits on both sides of its point\n");
}

TEST(Lexer, IntegerLimits) {
  EXPECT_TRUE(Parsed("fn f() -> u64 { 18446744073709551615 }").ok());
  EXPECT_TRUE(Parsed("fn f() -> i64 { -9223372036854775808 }").ok());
  EXPECT_TRUE(Parsed("fn f() -> i64 { -0 }").ok());
  EXPECT_EQ(Parsed("fn f() -> u64 { 18446744073709551616 }").errors(), 1u);
  EXPECT_EQ(Parsed("fn f() -> u64 { -9223372036854775809 }").errors(), 1u);
  EXPECT_EQ(Parsed("fn f() -> u64 { 0xFFFFFFFFFFFFFFFF0 }").errors(), 1u);
  EXPECT_NE(messages("fn f() -> i64 { " + std::string(1000000, '7') + " }").find("too large"),
            std::string::npos);
  EXPECT_EQ(Parsed("fn f() -> i64 { " + std::string(1000000, '7') + " }").errors(), 1u);
}

TEST(Lexer, NameLimit) {
  EXPECT_TRUE(Parsed("fn " + std::string(1024, 'a') + "() -> i64 { 1 }").ok());
  Parsed longer("fn " + std::string(1 << 20, 'a') + "() -> i64 { 1 }");
  EXPECT_EQ(longer.brief(),
            "1:4: the name that begins here is longer than 1024 bytes, the limit\n");
  EXPECT_LT(longer.messages().size(), 2000u);
}

TEST(Lexer, EmptyFiles) {
  for (const char *text : {"", " \n\t\r\n", "// nothing\n", "\xEF\xBB\xBF"})
    EXPECT_EQ(Parsed(text).brief().substr(3), ": the file defines no function\n") << text;
}

TEST(Lexer, ByteOrderMark) {
  Parsed p("\xEF\xBB\xBF"
           "fn f() -> i64 { $ }");
  EXPECT_EQ(p.brief(), "1:17: the character `$` has no meaning in .tx\n");
}

TEST(Lexer, OtherEncodings) {
  std::string wide;
  for (char c : std::string("fn f() -> i64 { 1 }\n"))
    wide += {c, '\0'};
  for (const std::string &text :
       {wide, "\xFF\xFE" + wide, std::string("\xFE\xFF\0f\0n", 6), std::string("\0f\0n", 4)}) {
    Parsed p(text);
    EXPECT_EQ(p.errors(), 1u);
    EXPECT_NE(p.messages().find("UTF-16"), std::string::npos);
  }
}

TEST(Lexer, NotUtf8) {
  EXPECT_EQ(Parsed("// a\xFF"
                   "b\nfn f() -> i64 { 1 }")
                .brief(),
            "1:5: the file is not UTF-8: byte 0xFF here\n");
  EXPECT_EQ(Parsed("fn f\xC0\xAF() -> i64 { 1 }").errors(), 1u);
  EXPECT_TRUE(Parsed("// \xC3\xA4 \xF0\x9F\x98\x80\nfn f() -> i64 { 1 }").ok());
}

TEST(Lexer, ControlCharacters) {
  std::string nul = "fn f() -> i64 { 1 }\n?fn g( -> i64 { 1 }";
  nul[20] = '\0';
  Parsed p(nul);
  EXPECT_EQ(p.errors(), 2u) << p.messages(); // what follows is not ignored
  EXPECT_NE(p.messages().find("U+0000"), std::string::npos);
  EXPECT_EQ(p.messages().find('\0'), std::string::npos);
  EXPECT_NE(Parsed("// \x1B[31m\nfn f() -> i64 { 1 }").messages().find("U+001B"),
            std::string::npos);
}

TEST(Lexer, LineEnds) {
  for (const char *end : {"\n", "\r\n", "\r"}) {
    std::string e = end;
    EXPECT_EQ(
        Parsed("// a" + e + e + "fn f() -> i64 {" + e + "  $1" + e + "}").brief().substr(0, 4),
        "4:3:");
  }
  EXPECT_EQ(Parsed("\r\n\n\r\n\r$").brief().substr(0, 4), "5:1:");
  EXPECT_TRUE(Parsed("fn f() -> i64 { 1 } // no newline").ok());
}

TEST(Lexer, Strings) {
  EXPECT_EQ(Parsed("use \"abc\nfn f() -> i64 { 1 }").brief(),
            "1:5: the string that begins here is not closed\n");
  EXPECT_EQ(Parsed("use \"abc").brief(), "1:5: the string that begins here is not closed\n");
  EXPECT_EQ(Parsed("use \"a\\qc\";").brief(), "1:7: an unknown escape\n");
  EXPECT_EQ(Parsed("/* a").brief().substr(0, 5), "1:1: ");
  Parsed use("use \"a\\n\\t\\\"\\\\\";");
  EXPECT_EQ(use.program->uses.at(0).path, "a\n\t\"\\");
}

TEST(Lexer, LookAlikes) {
  const std::pair<const char *, const char *> table[] = {
      {"fn f\xD0\xB0() -> i64 { 1 }", "U+0430"},         // Cyrillic a
      {"fn f() -> i64 { \xEF\xBC\x91 }", "U+FF11"},      // full-width 1
      {"fn f() -> i64 {\xC2\xA0 1 }", "U+00A0"},         // no-break space
      {"fn f() -> i64 { 1 }\xE2\x80\x8D", "U+200D"},     // zero-width joiner
      {"fn f() -> i64 { \xE2\x80\xAE 1 }", "U+202E"},    // right-to-left override
      {"fn f() -> i64 { 1 } // \xE2\x80\xAE", "U+202E"}, // in a comment too
      {"fn f() -> i64 { 2 \xE2\x88\x92 1 }", "U+2212"},  // minus
      {"fn f() -> bool { 2 \xE2\x89\xA4 1 }", "U+2264"}, // less or equal
      {"fn na\xC3\xAFve() -> i64 { 1 }", "U+00EF"},      // no look-alike known
      {"fn f() \xEF\xBC\x8D> i64 { 1 }", "U+FF0D"},
  };
  for (auto [text, point] : table) {
    Parsed p(text);
    EXPECT_NE(p.messages().find(point), std::string::npos) << text << p.messages();
    EXPECT_LE(p.errors(), 2u) << p.messages();
  }
  EXPECT_EQ(Parsed("fn f() -> bool { 2 \xE2\x89\xA4 1 }").errors(),
            1u); // read as the token that was meant
  EXPECT_EQ(Parsed("fn f\xD0\xB0() -> i64 { f\xD0\xB0\xD0\xB5(1) }").errors(), 2u);
}

TEST(Lexer, Limits) {
  EXPECT_EQ(Parsed(std::string(1 << 20, ' ') + "fn f() -> i64 { 1 }").errors(), 0u);
  EXPECT_EQ(Parsed("fn f() -> i64 { " + std::string(1 << 20, '#') + " }").errors(), 1u);
  EXPECT_LE(Parsed(std::string(5 << 20, ';')).errors(), Diagnostics::maxErrors + 1);
}

} // namespace

// No text crashes the front half, makes it slow, or makes it chatter; what it prints reads back.
#include "compiler/source/Lexer.h"
#include "tests/unit/source/Text.h"
#include <chrono>
#include <gtest/gtest.h>

using namespace texpr;
using test::Parsed;
using test::Sample;
using test::samples;

namespace {

std::string all(const Program &p) { return print(p, {.allParens = true}); }

TEST(Samples, AllParse) {
  ASSERT_GE(samples().size(), 20u);
  for (const Sample &s : samples())
    EXPECT_TRUE(Parsed(s.text).ok()) << s.name << "\n" << Parsed(s.text).messages();
}

/// Every kind of expression and statement is in one of the samples.
TEST(Samples, CoverTheTree) {
  std::string text;
  for (const Sample &s : samples())
    text += s.text;
  for (const char *word :
       {"compute", "reduce(", "scan(",    "exclusive", "scatter(",    "scatter [", "or skip",
        "filter",  "argsort", "top(",     "for ",      "while",       "keep",      "struct",
        "use",     "asm(",    "means",    "fully par", "inout",       "ensure",    "assume",
        "barrier", "wait g",  "atomic",   "let old",   "reg ",        "shared ",   "perm",
        "..=",     " or ",    "all z",    "identity",  "commutative", "local fn",  "else fail",
        "rev",     "from",    "bitcast<", "f32.max",   "48KiB"})
    EXPECT_NE(text.find(word), std::string::npos) << word;
}

TEST(Samples, PrintAndParse) {
  for (const Sample &s : samples()) {
    Parsed first(s.text);
    std::string text = print(*first.program);
    Parsed second(text);
    ASSERT_TRUE(second.ok()) << s.name << "\n" << text << second.messages();
    EXPECT_EQ(all(*first.program), all(*second.program)) << s.name;
    EXPECT_EQ(text, print(*second.program)) << s.name;
    Parsed third(all(*first.program));
    ASSERT_TRUE(third.ok()) << s.name << "\n" << all(*first.program) << third.messages();
    EXPECT_EQ(text, print(*third.program)) << s.name;
  }
}

/// Parses and prints; where it is accepted, what is printed must read back.
void survives(const std::string &text, unsigned mostErrors) {
  Parsed p(text);
  EXPECT_LE(p.errors(), mostErrors) << text << "\n" << p.messages();
  EXPECT_FALSE(p.errors() && p.messages().empty());
  if (!p.ok())
    return;
  Parsed again(print(*p.program));
  EXPECT_TRUE(again.ok()) << text << "\n" << print(*p.program) << again.messages();
  EXPECT_EQ(all(*p.program), all(*again.program)) << text;
}

TEST(Mutations, TruncatedAtEveryByte) {
  for (const Sample &s : samples())
    for (size_t n = 0; n < s.text.size(); ++n)
      survives(s.text.substr(0, n), 2);
}

TEST(Mutations, EveryTokenDeletedDoubledSwapped) {
  for (const Sample &s : samples()) {
    SourceFiles files;
    Diagnostics diags;
    std::vector<Token> tokens = lex(files, files.add("t.tx", s.text), diags);
    for (size_t i = 0; i + 2 < tokens.size(); ++i) {
      auto piece = [&](size_t from, size_t to) { return s.text.substr(from, to - from); };
      const Token &a = tokens[i], &b = tokens[i + 1];
      std::string before = piece(0, a.begin), between = piece(a.end, b.begin),
                  after = piece(b.end, s.text.size());
      std::string wordA = piece(a.begin, a.end), wordB = piece(b.begin, b.end);
      survives(before + between + wordB + after, 6);
      survives(before + wordA + " " + wordA + between + wordB + after, 6);
      survives(before + wordB + " " + between + wordA + after, 6);
    }
  }
}

TEST(Mutations, EveryByteReplaced) {
  for (const Sample &s : samples())
    for (size_t i = 0; i < s.text.size(); i += 3)
      for (char c : {'\0', '"', '{', ')', ' ', '\xFF', '|'}) {
        std::string text = s.text;
        text[i] = c;
        Parsed p(text);
        EXPECT_FALSE(p.errors() && p.messages().empty());
      }
}

std::string repeat(const std::string &s, size_t n) {
  std::string out;
  for (size_t i = 0; i < n; ++i)
    out += s;
  return out;
}

TEST(Limits, Nesting) {
  constexpr size_t n = 100000;
  for (auto [open, close] : {std::pair("(", ")"),
                             {"[", "]"},
                             {"-", ""},
                             {"!", ""},
                             {"{ ", " }"},
                             {"if c { ", " } else { 0 }"},

                             {"f(", ")"},
                             {"x[", "]"},
                             {"x else ", ""},
                             {"compute n |i| { ", " }"},
                             {"{ let a = ", "; a }"},
                             {"for i in n with (a = ", ") { a }"},
                             {"(a, ", ")"},
                             {"s { x: ", " }"},
                             {"while c with (a = a) max (", ") { a }"},
                             {"top(", ") n |i| { 0 }"}}) {
    Parsed p("fn f() -> i64 { " + repeat(open, n) + "1" + repeat(close, n) + " }");
    EXPECT_EQ(p.errors(), 1u) << open;
    EXPECT_NE(p.brief().find("nested more than 256"), std::string::npos) << open << p.brief();
    Parsed few("fn f() -> i64 { " + repeat(open, 100) + "1" + repeat(close, 100) + " }");
    EXPECT_TRUE(few.ok()) << open << few.messages();
    EXPECT_TRUE(Parsed(print(*few.program)).ok()) << open;
  }
  for (auto [open, close] : {std::pair("par n |i| { ", " }"),
                             {"if c { ", " }"},
                             {"if c { } else ", "{ }"},
                             {"seq n |i| { ", " }"}}) {
    Parsed p("fn f() { " + repeat(open, n) + repeat(close, n) + " }");
    EXPECT_EQ(p.errors(), 1u) << open;
  }
  EXPECT_EQ(Parsed("fn f() -> i64 { " + repeat("if c { 0 } else ", n) + "{ 0 } }").errors(), 1u);
  EXPECT_TRUE(Parsed("fn f() -> i64 { " + repeat("if c { 0 } else ", 200) + "{ 0 } }").ok());
  EXPECT_EQ(Parsed("fn f(x: " + repeat("(", n) + "f32").errors(), 1u);
  EXPECT_EQ(Parsed("fn f() { let " + repeat("(", n) + "a").errors(), 1u);
  EXPECT_EQ(Parsed(repeat("(", n)).errors(), 1u);
  EXPECT_EQ(Parsed("fn f() { asm(\"a\")" + repeat(" else asm(\"b\")", n) + "; }").errors(), 1u);
}

TEST(Limits, TreeHeight) {
  for (const char *term : {" + 1", " * a", " && b", "[0]", ".0", " - -1", " | 1", ".f(1)"}) {
    Parsed p("fn f() -> i64 { a" + repeat(term, 100000) + " }");
    EXPECT_EQ(p.errors(), 1u) << term;
    EXPECT_NE(p.brief().find("1000 operations in one another"), std::string::npos) << p.brief();
    Parsed few("fn f() -> i64 { a" + repeat(term, 900) + " }");
    EXPECT_TRUE(few.ok()) << term << few.messages();
    EXPECT_TRUE(Parsed(print(*few.program)).ok()) << term;
  }
  // chains inside chains do not multiply
  std::string nested = "a";
  for (int i = 0; i < 100; ++i)
    nested = "(" + nested + repeat(" + 1", 100) + ")";
  EXPECT_EQ(Parsed("fn f() -> i64 { " + nested + " }").errors(), 1u);
  EXPECT_TRUE(Parsed("fn f() -> i64 { f(a" + repeat(", a", 100000) + ") }").ok());
  EXPECT_TRUE(
      Parsed("fn f() -> i64 { (a" + repeat(" + 1", 900) + ") * (a" + repeat(" + 1", 900) + ") }")
          .ok());
}

TEST(Limits, ManyThings) {
  auto start = std::chrono::steady_clock::now();
  std::string fns, params = "a0: f32", stmts;
  for (int i = 0; i < 100000; ++i)
    fns += "fn g" + std::to_string(i) + "() -> i64 { 1 }\n";
  for (int i = 1; i < 10000; ++i)
    params += ", a" + std::to_string(i) + ": f32";
  EXPECT_TRUE(Parsed(fns).ok());
  EXPECT_TRUE(Parsed("fn f(" + params + ") -> (" + params + ") { a0 }").ok());
  EXPECT_TRUE(Parsed("fn f(x: f32[1" + repeat(", n", 999) + "]) -> i64 { 1 }").ok());
  EXPECT_TRUE(Parsed("fn f() -> i64 { " + repeat("let x = 1;\n", 100000) + "1 }").ok());
  EXPECT_LE(Parsed(repeat("fn f( ", 100000)).sortedCount(), Diagnostics::maxErrors);
  EXPECT_LE(Parsed("fn f() { " + repeat("x y; ", 100000)).sortedCount(), Diagnostics::maxErrors);
  EXPECT_LE(Parsed(repeat("top(", 100000)).sortedCount(), Diagnostics::maxErrors);
  EXPECT_LE(Parsed("fn f() -> i64 where " + repeat("all n, ", 100000)).sortedCount(),
            Diagnostics::maxErrors);
  EXPECT_LE(Parsed("fn f() where " + repeat("all(a), ", 500000)).sortedCount(),
            Diagnostics::maxErrors);
  EXPECT_LE(Parsed("fn f() { " + repeat("top(a) ", 100000)).sortedCount(), Diagnostics::maxErrors);
  EXPECT_LE(Parsed("fn f() { g(" + repeat("top(a) a, ", 100000)).sortedCount(),
            Diagnostics::maxErrors);
  EXPECT_LT(std::chrono::steady_clock::now() - start,
            std::chrono::seconds(60)); // linear, not a benchmark
}

} // namespace

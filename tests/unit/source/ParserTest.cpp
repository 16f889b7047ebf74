// What the tree is made of, and what is said where the text is wrong.
#include "tests/unit/source/Text.h"
#include <gtest/gtest.h>

using namespace texpr;
using test::Parsed;

namespace {

/// `e` as the value of a function, printed with all parentheses.
std::string tree(const std::string &e) {
  Parsed p("fn f() -> i64 { " + e + " }");
  if (!p.ok())
    return p.messages();
  return print(*p.program->fns.at(0)->body->value, {.allParens = true});
}

TEST(Parser, Precedence) {
  const std::pair<const char *, const char *> table[] = {
      {"a + b * c", "(a + (b * c))"},
      {"a - b - c", "((a - b) - c)"},
      {"a | b ^ c & d << e + f * g", "(a | (b ^ (c & (d << (e + (f * g))))))"},
      {"a || b && c == d | e", "(a || (b && (c == (d | e))))"},
      {"a & 1 == 0", "((a & 1) == 0)"},
      {"-a * b", "((-a) * b)"},
      {"-a[0].x", "(-a[0].x)"},
      {"!a && ~b == c", "((!a) && ((~b) == c))"},
      {"a else 0 + 1", "((a else 0) + 1)"},
      {"-x[i] else -1", "(-(x[i] else (-1)))"},
      {"x[i] else y[i] else fail", "(x[i] else (y[i] else fail))"},
      {"x[i] else fail", "(x[i] else fail)"},
      {"- 1 - 1", "((-1) - 1)"},
      {"-1.5e3", "(-1.5e3)"},
      {"-(1)", "(-(1))"},
      {"bitcast<u32>(x) < 3", "(bitcast<u32>(x) < 3)"},
      {"a < b && b > (c)", "((a < b) && (b > c))"},
      {"reduce(+) n |i| { x[i] } / f32(n)", "(reduce(+) n |i| { x[i] } / f32(n))"},
      {"if a { b } else { c } + d", "(if a { b } else { c } + d)"},
      {"top(k) - 1 | b | c", "(((top(k) - 1) | b) | c)"},
      {"top(k) n |i| { 0 }", "top(k) n |i| { 0 }"},
  };
  for (auto [text, expected] : table)
    EXPECT_EQ(tree(text), expected);
}

TEST(Parser, Literals) {
  Parsed p("fn f() -> i64 { g(-5, 0x10, -2.5e3, 1_0.5, true) }");
  auto &args = llvm::cast<CallExpr>(*p.program->fns[0]->body->value).args;
  EXPECT_EQ(llvm::cast<IntLitExpr>(*args[0]).magnitude, 5u);
  EXPECT_TRUE(llvm::cast<IntLitExpr>(*args[0]).negative);
  EXPECT_EQ(llvm::cast<IntLitExpr>(*args[1]).magnitude, 16u);
  EXPECT_EQ(llvm::cast<FloatLitExpr>(*args[2]).text, "-2.5e3");
  EXPECT_TRUE(llvm::cast<FloatLitExpr>(*args[2]).negative);
  EXPECT_EQ(llvm::cast<FloatLitExpr>(*args[3]).text, "10.5");
  EXPECT_TRUE(llvm::cast<BoolLitExpr>(*args[4]).value);
}

TEST(Parser, Ranges) {
  Parsed p("fn f(x: f32[n]) -> f32 {\n  (x[0] + 1.0) * g(x)\n}\n");
  auto &mul = llvm::cast<BinaryExpr>(*p.program->fns[0]->body->value);
  EXPECT_EQ(p.files.text(mul.range), "(x[0] + 1.0) * g(x)");
  EXPECT_EQ(p.files.text(mul.lhs->range), "(x[0] + 1.0)");
  EXPECT_EQ(p.files.text(llvm::cast<BinaryExpr>(*mul.lhs).lhs->range), "x[0]");
  EXPECT_EQ(p.files.text(mul.opRange), "*");
  EXPECT_EQ(p.files.text(p.program->fns[0]->params[0].declared.type.range), "f32[n]");
}

TEST(Parser, LastIf) {
  Parsed p("fn f(c: bool, inout y: f32) {\n"
           "  if c { y = 1; } else { y = 2; }\n"
           "  if c { y = 1; }\n"
           "  if c { y = 1; } else { y = 2; }\n"
           "}\n"
           "fn g(c: bool) -> i64 { if c { 1 } else { 2 } }\n"
           "fn h(c: bool) -> i64 { if c { 1 } }\n");
  ASSERT_TRUE(p.ok()) << p.messages();
  EXPECT_EQ(p.program->fns[0]->body->stmts.size(), 3u);
  EXPECT_FALSE(p.program->fns[0]->body->value);
  EXPECT_TRUE(llvm::isa<IfExpr>(*p.program->fns[1]->body->value));
  EXPECT_FALSE(p.program->fns[2]->body->value);
}

TEST(Parser, Statements) {
  Parsed p("fn f(inout x: i64[n]) { let old = atomic x[0] max= 3 @a; x[1] xor= 2; x = x; shared t: "
           "i64; g(x); barrier; wait q, "
           "0x10; }");
  ASSERT_TRUE(p.ok()) << p.messages();
  auto &stmts = p.program->fns[0]->body->stmts;
  auto &first = llvm::cast<AssignStmt>(*stmts[0]);
  EXPECT_TRUE(first.atomic && first.old && first.op == AssignOp::Max && first.attrs.size() == 1);
  EXPECT_EQ(llvm::cast<AssignStmt>(*stmts[1]).op, AssignOp::Xor);
  EXPECT_EQ(llvm::cast<AssignStmt>(*stmts[2]).op, AssignOp::Set);
  EXPECT_EQ(llvm::cast<BufferStmt>(*stmts[3]).placement, Placement::Shared);
  EXPECT_EQ(llvm::cast<CallStmt>(*stmts[4]).call->callee.text, "g");
  EXPECT_EQ(llvm::cast<WaitStmt>(*stmts[6]).pending, 16u);
}

/// A text, the messages that it must give (all of them), as "line:column: message".
struct Wrong {
  const char *text, *messages;
};

TEST(Parser, Messages) {
  const Wrong table[] = {
      {"fn f() -> i64 { let x = 1 x }",
       "1:26: expected `;` after the value of the `let`, found `x`\n"},
      {"fn f() -> i64 {\n  let x = 1\n  x\n}", "2:12: expected `;` after the value of the `let`\n"},
      {"fn f(inout y: f32) { y = 1 }", "1:27: expected `;` after the assignment\n"},
      {"fn f(a: i64) -> i64 { if a = 1 { 2 } else { 3 } }",
       "1:28: `=` has no meaning in a condition\n"},
      {"fn f(a: i64) -> i64 { if a and a { 2 } else { 3 } }",
       "1:28: `and` has no meaning in a condition\n"},
      {"fn f(a: i64) -> bool { 0 < a < 3 }", "1:30: comparisons do not chain here\n"},
      {"fn f(a: i64) -> i64 { a +* 2 }", "1:26: expected an expression, found `*`\n"},
      {"fn f(a: i64) -> bool { a <=> 2 }", "1:28: expected an expression, found `>`\n"},
      {"fn f() -> i64 { let for = 3; 1 }", "1:21: the keyword `for` cannot be a name\n"},
      {"fn reduce() -> i64 { 1 }", "1:4: the keyword `reduce` cannot be a name\n"},
      {"fn f(x: f32, f32: i64) -> i64 { 1 }", "1:14: the keyword `f32` cannot be a name\n"},
      {"fn f(x) -> i64 { 1 }", "1:7: expected `:` and the parameter's type, found `)`\n"},
      {"fn f(x: f32,) -> i64 { 1 }",
       "1:12: a `,` stands between two things; nothing follows this one\n"},
      {"fn f(x: f32 y: f32) -> i64 { 1 }", "1:13: expected `,` or `)`, found `y`\n"},
      {"fn f() f32 { 1 }", "1:8: expected `{` and the body of the function, found `f32`\n"},
      {"fn f() -> i64 { 1 } }", "1:21: this `}` closes nothing\n"},
      {"fn f() -> i64 { 1", "1:18: expected `}`, found the end of the file\n"},
      {"fn f() -> i64 { { { 1", "1:22: expected `}`, found the end of the file\n"},
      {"fn f() -> i64 { (1 + 2 }", "1:24: expected `,` or `)`, found `}`\n"},
      {"fn f() -> i64 { { 1 }\nfn g() -> i64 { 2 }", "2:1: expected `}`, found the keyword `fn`\n"},
      {"fn f(n: i64) -> f32[n] { compute n { 1 } }",
       "1:36: expected `|` and the names of the indices, found `{`\n"},
      {"fn f(n: i64) -> f32 { reduce n |i| { 1 } }",
       "1:30: expected `(` and the operator, as in `reduce(+)`, found `n`\n"},
      {"fn f(n: i64) -> f32 { for i in 0..n { 1 } }",
       "1:37: expected `with` and the state that the loop carries, found `{`\n"},
      {"fn f(n: i64) -> f32 { for i in 0..n with (u = 0) { let x = 1; } }",
       "1:63: the block of a `for` ends with the next state\n"},
      {"fn f(n: i64) -> i64 { scatter(+) [n] over n |i| { i } }",
       "1:51: the block of a `scatter` ends with `at … put …`\n"},
      {"fn f(n: i64) -> i64 { n + 1; }", "1:23: the value of this expression is not used\n"},
      {"fn f(n: i64) -> i64 { return n; }",
       "1:23: there is no `return`: the last expression of a block, without `;`, is its value\n"},
      {"fn f(n: i64) -> i64 { n + 1 = 2; n }", "1:23: this cannot be assigned to\n"},
      {"fn f(n: i64) -> i64 { let x = if n > 0 { 1 }; x }",
       "1:31: an `if` that is a value needs an `else`\n"},
      {"fn f(n: i64) -> i64 { let x: i64; x }", "1:33: a `let` needs a value\n"},
      {"fn f(n: i64) -> i64 { let mut x = 1; x }", "1:27: a `let` never changes\n"},
      {"fn f(n: i64) -> i64 { f32 }", "1:23: `f32` is a type, not a value\n"},
      {"fn f(n: i64) -> i64 { 40us }", "1:23: a quantity such as `40us` stands in `ensure` only\n"},
      {"fn f(n: i64) -> i64 where n = 3 { n }", "1:29: a relation is written `==`\n"},
      {"fn f(n: i64) -> i64 where n > 3 && n < 4 { n }", "1:33: facts are separated by `,`\n"},
      {"fn f(x: f32[n]) -> f32 { x[0..=2] }", "1:29: a slice does not include its end\n"},
      {"fn f(x: f32[n]) -> f32 { compute 0..=2 |i| { 1 } }",
       "1:35: a domain does not include its end\n"},
      {"fn f(x: (f32)) -> f32 { x }", "1:9: a tuple has at least two parts\n"},
      {"fn f(n: i64) -> i64 { par n |i| { }; n }", "1:36: this `;` ends nothing\n"},
      {"hello", "1:1: expected `fn`, `op`, `struct` or `use`, found `hello`\n"},
      {"fn f(c: bool) -> i64 { if c { 1 } else 2 }",
       "1:40: expected `if` or a block after `else`, found `2`\n"},
      {"fn f(c: bool) -> i64 { x y }", "1:24: expected a statement, found the name `x`\n"},
      {"fn f(n: i64) -> i64 { while n > 0 with (n = n) { n } }",
       "1:48: expected `max` and the greatest number of iterations, found `{`\n"},
      {"op o(a: f32) -> f32 { a }",
       "1:12: expected `,` and the second operand: an op takes two, found `)`\n"},
      {"struct s { }", "1:12: expected a field's name, found `}`\n"},
      {"use std;", "1:5: expected a path in quotes after `use`, found `std`\n"},
      {"fn f(x: f32[n]) -> f32 { x[] }", "1:28: expected an expression, found `]`\n"},
      {"fn f(x: f32[]) -> f32 { 1 }", "1:13: expected an expression, found `]`\n"},
      {"fn f() -> i64 { () }", "1:18: expected an expression, found `)`\n"},
      {"fn f() -> i64 { compute 3 |1| { 1 } }", "1:28: expected an index's name, found `1`\n"},
  };
  for (const Wrong &w : table)
    EXPECT_EQ(Parsed(w.text).brief(), w.messages) << w.text;
}

TEST(Parser, SeveralErrors) {
  Parsed p("fn f(x: f32[n]) -> (y: f32[n]) {\n"
           "  let a = x[;\n"
           "  let b = (1 + ;\n"
           "  par n |i| {\n"
           "    y[i] = ;\n"
           "    y[i] = * 2;\n"
           "  }\n"
           "  let c 3;\n"
           "  compute n |i| { x[i }\n"
           "}\n"
           "fn g(x f32) -> f32 {\n"
           "  let d = ;\n"
           "  x\n"
           "}\n"
           "fn h(x: f32) -> f32 { x }\n");
  EXPECT_EQ(p.brief(), "2:13: expected an expression, found `;`\n"
                       "3:16: expected an expression, found `;`\n"
                       "5:12: expected an expression, found `;`\n"
                       "6:12: expected an expression, found `*`\n"
                       "8:9: expected `=` and the value of the `let`, found `3`\n"
                       "9:23: expected `,` or `]`, found `}`\n"
                       "11:8: expected `:` and the parameter's type, found `f32`\n"
                       "12:11: expected an expression, found `;`\n");
  EXPECT_EQ(p.program->fns.size(), 2u);
}

TEST(Parser, GoesOnAtTheNextLet) {
  Parsed p("fn f(x: f32[n]) -> bool {\n  let a = x[1\n  let b = 0 < a < 3;\n  b\n}\n");
  EXPECT_EQ(p.brief(), "3:3: expected `,` or `]`, found the keyword `let`\n"
                       "3:17: comparisons do not chain here\n");
}

TEST(Parser, Fixes) {
  const std::pair<const char *, const char *> table[] = {
      {"fn f() -> i64 {\n  let x = 1\n  x\n}", "  let x = 1;\n"},
      {"fn f(a: i64) -> i64 { if a = 1 { 2 } else { 3 } }", "if a == 1 {"},
      {"fn f(a: i64) -> bool { 0 < a < 3 }", "0 < a && a < 3"},
      {"fn f() f32 { 1 }", "fn f() -> f32 { 1 }"},
      {"fn f(n: i64) -> i64 { n + 1; }", "{ n + 1 }"},
      {"fn f() -> i64 { let for = 3; 1 }", "let for_ = 3"},
      {"fn f(x: f32,) -> i64 { 1 }", "fn f(x: f32) ->"},
      {"fn f(n: i64) -> i64 { let x: i64; x }", "{  x: i64; x }"},
  };
  for (auto [text, line] : table)
    EXPECT_NE(Parsed(text).messages().find(line), std::string::npos) << Parsed(text).messages();
}

// What is written as in another language is told how it is written here.
TEST(Parser, Habits) {
  auto in = [](std::string body) { return "fn f(x: f32[n]) -> (y: f32[n]) { " + body + " }\n"; };
  const std::pair<std::string, const char *> programs[] = {
      {in("compute n |i| { x[i] ** 2 }"), "a power is `pow(x, y)`"},
      {in("compute n |i| { i++; x[i] }"), "there is no `++`"},
      {in("let k = n >>> 1; x"), "`>>` shifts in zeros where the type is unsigned"},
      {in("compute 0...n |i| { x[i] }"), "a range is `lo..hi`, without `hi`"},
      {in("compute n |i| { if i == 0: x[i] }"), "a block stands in braces"},
      {in("compute n |i| { if not c { x[i] } else { 0 } }"), "write `!(…)`"},
      {in("let a = x[0] if n > 0 else 0; x"), "a choice is `if c { a } else { b }`"},
      {in("y := x; y"), "a name gets its value by `let x = e;`"},
      {in("let a, b = (1, 2); x"), "stand in parentheses: `let (a, b) = …`"},
      {in("let a = topk(2) n |i| { x[i] }; x"), "a form is a word, a domain and its indices"},
      {in("float s = 0; x"), "a value is named by `let x = e;`"},
      {in("0.5 x"), "a product is written with `*`"},
      {in("compute n |i| -> x[i]"), "stands in braces: `compute n |i| { e }`"},
      {in("if n > 0 { x } elif n > 1 { x } else { x }"), "write `else if`"},
      {in("seq n |i| { break; } x"), "nothing breaks off a loop"},
      {in("let s = x.sum(); x"), "there are no methods"},
      {in("x[:, 0]"), "an axis that is left whole is `..`"},
      {in("(n > 0) ? x : x"), "a choice is `if c { a } else { b }`"},
      {"import \"a.tx\";", "files are named by `use \"file.tx\";`"},
      {"def f(x: f32[n]) { x }", "a function is `fn name("},
      {"fn f(x: f32[n]) -> y: f32[n] { x }", "results that have names stand in parentheses"},
      {"fn f(x: f32[n]) -> f32 requires n > 0 { 0.0 }", "stands behind `where`"},
      {"fn f(x: f32[n]) -> f32 where n > 0 and n < 9 { 0.0 }", "facts are separated by `,`"},
      {"fn f(x: [f32; n]) -> f32 { 0.0 }", "the type of a tensor is `f32[n]`"}};
  for (const auto &[text, note] : programs)
    EXPECT_NE(Parsed(text).messages().find(note), std::string::npos)
        << text << Parsed(text).messages();
}

TEST(Parser, StructValuesBeforeBlocks) {
  EXPECT_TRUE(
      Parsed("fn f() -> i64 { let a = s { x: 1 }; if (s { x: 1 }).x > 0 { 1 } else { 2 } }").ok());
  EXPECT_FALSE(Parsed("fn f() -> i64 { if s { x: 1 }.x > 0 { 1 } else { 2 } }").ok());
  EXPECT_TRUE(Parsed("fn f(c: bool) -> i64 { if c { x: i64 = 1; x } else { 2 } }").ok());
}

} // namespace

// scatter, argsort and top with results computed by hand.
#include "compiler/reference/Interpreter.h"
#include "compiler/source/Check.h"
#include "compiler/source/Parser.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace texpr;
using namespace texpr::reference;
using K = ScalarKind;

namespace {

Result<std::vector<Value>> run(const std::string &text, std::vector<Value> params) {
  SourceFiles files;
  Diagnostics diags;
  CheckedProgram checked;
  const unsigned file = files.add("test.tx", text);
  if (!check(parse(files, file, diags), files, diags, checked)) {
    std::string errors;
    llvm::raw_string_ostream os(errors);
    diags.print(os, files);
    return {std::nullopt, {Failure::Kind::Internal, {}, errors, -1}};
  }
  Inputs inputs;
  inputs.params = std::move(params);
  return interpret(*checked.program, *checked.program->fns.back(), inputs, {});
}

template <typename T> Value tensor(K k, Shape shape, std::vector<T> values) {
  Array a(k, std::move(shape));
  for (size_t i = 0; i < values.size(); ++i)
    a.set(i, isFloat(k) ? rounded(k, values[i])
                        : integer(k, static_cast<uint64_t>(static_cast<int64_t>(values[i]))));
  return a;
}
Value f32s(Shape s, std::vector<double> v) { return tensor(K::F32, std::move(s), std::move(v)); }
Value i32s(Shape s, std::vector<int64_t> v) { return tensor(K::I32, std::move(s), std::move(v)); }
Value i64s(Shape s, std::vector<int64_t> v) { return tensor(K::I64, std::move(s), std::move(v)); }

void expect(const std::string &text, std::vector<Value> params, std::vector<Value> expected) {
  auto got = run(text, std::move(params));
  ASSERT_TRUE(got) << got.failure.message;
  ASSERT_EQ(got->size(), expected.size());
  for (size_t r = 0; r < expected.size(); ++r)
    EXPECT_TRUE((*got)[r].sameAs(expected[r]))
        << "got " << describe((*got)[r]) << "\nexpected " << describe(expected[r]);
}

TEST(Scatter, BoundsOfEarlierIndices) {
  expect("fn f(row: i64[m + 1], x: i64[z]) -> (h: i64[4])\n"
         "where row[0] == 0, row[m] == z, sorted(row) {\n"
         "  scatter(+) [4] over m, row[i]..row[i + 1] |i, p| { at i or skip put x[p] }\n}\n",
         {i64s({4}, {0, 2, 2, 5}), i64s({5}, {1, 2, 4, 8, 16})}, {i64s({4}, {3, 0, 28, 0})});
  expect("fn f(x: i64[n]) -> (h: i64[n * n]) {\n"
         "  scatter [n * n] over n, 0..i |i, j| {\n"
         "    t: i64 = 0;\n"
         "    seq j + 1 |k| { t += x[k]; }\n"
         "    at i * n + j or skip put t\n"
         "  }\n}\n",
         {i64s({3}, {1, 2, 4})}, {i64s({9}, {0, 0, 0, 1, 0, 0, 1, 3, 0})});
}

TEST(Scatter, Operators) {
  expect("fn f(bin: i32[n], w: f32[n]) -> (h: f32[3], c: i64[3]) {\n"
         "  scatter(+) [3] over n |i| { at bin[i] or skip put (w[i], 1) }\n}\n",
         {i32s({5}, {2, 0, -1, 2, 3}), f32s({5}, {1, 2, 4, 8, 16})},
         {f32s({3}, {2, 0, 9}), i64s({3}, {1, 0, 2})});
  expect("fn f(bin: i32[n], w: i32[n]) -> (h: i32[2]) {\n"
         "  scatter(min) [2] over n |i| where w[i] != 5 { at bin[i] or skip put w[i] }\n}\n",
         {i32s({4}, {0, 0, 0, 7}), i32s({4}, {9, 5, 7, 1})}, {i32s({2}, {7, INT32_MAX})});
}

TEST(Scatter, ByUserOpInIndexOrder) {
  const std::string last = "op last(a: i32, b: i32) -> i32 identity (-1) { a * 10 + b }\n"
                           "fn f(p: i32[n], w: i32[n]) -> (h: i32[3]) {\n"
                           "  scatter(last) [3] over n |i| { at p[i] or skip put w[i] }\n}\n";
  expect(last, {i32s({4}, {2, 0, 2, 2}), i32s({4}, {1, 2, 3, 4})}, {i32s({3}, {2, -1, 134})});
}

TEST(Scatter, RowsFromABase) {
  expect("fn f(base: i32[3, 2], p: i64[n], row: i32[n, 2]) -> (y: i32[3, 2]) {\n"
         "  scatter(+) [3] from base over n |i| { at p[i] or skip put row[i] }\n}\n",
         {i32s({3, 2}, {1, 2, 3, 4, 5, 6}), i64s({3}, {1, 5, 1}),
          i32s({3, 2}, {10, 20, 0, 0, 100, 200})},
         {i32s({3, 2}, {1, 2, 113, 224, 5, 6})});
}

TEST(Scatter, DistinctPlaces) {
  const std::string inverse = "fn f(p: i64[n] in 0..n) -> (q: i64[n]) {\n"
                              "  scatter [n] over n |i| { at p[i] put i }\n}\n";
  expect(inverse, {i64s({3}, {2, 0, 1})}, {i64s({3}, {1, 2, 0})});
  auto twice = run(inverse, {i64s({3}, {2, 0, 2})});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.failure.kind, Failure::Kind::Data) << twice.failure.message;
  expect("fn f(x: i32[m, n]) -> (y: i32[n, m]) {\n"
         "  scatter [n, m] over m, n |i, j| { at j, i put x[i, j] }\n}\n",
         {i32s({2, 2}, {1, 2, 3, 4})}, {i32s({2, 2}, {1, 3, 2, 4})});
  expect("fn f(x: i32[n]) -> (y: i32[2 * n + 1]) {\n"
         "  scatter [2 * n + 1] over n |i| { at i * 2 put x[i] }\n}\n",
         {i32s({2}, {1, 2})}, {i32s({5}, {1, 0, 2, 0, 0})});
}

TEST(Sort, FloatOrder) {
  const double nan = NAN, inf = INFINITY;
  const Value x = f32s({7}, {0.0, nan, -0.0, inf, -inf, 1, nan});
  expect("fn f(x: f32[n]) -> (p: i64[n]) { argsort n |i| { x[i] } }\n", {x},
         {i64s({7}, {4, 2, 0, 5, 3, 1, 6})});
  expect("fn f(x: f32[n]) -> (p: i64[n]) { argsort n |i| { desc(x[i]) } }\n", {x},
         {i64s({7}, {1, 6, 3, 5, 0, 2, 4})});
}

TEST(Sort, TuplesAndTies) {
  expect("fn f(g: i32[n], x: i32[n]) -> (p: i64[n]) {\n"
         "  argsort n |i| { let big = x[i] > 1; (g[i], desc(big)) }\n}\n",
         {i32s({5}, {1, 0, 1, 0, 1}), i32s({5}, {0, 0, 2, 5, 3})}, {i64s({5}, {3, 1, 2, 4, 0})});
}

TEST(Sort, Top) {
  const std::string top = "fn f(x: i32[n], k: i64) -> (p: i64[k], v: i32[k]) {\n"
                          "  let p = top(k) 0..n |i| { desc(x[i]) };\n"
                          "  (p, compute k |j| { x[p[j]] })\n}\n";
  expect(top, {i32s({4}, {3, 9, 1, 9}), Value(indexScalar(3))},
         {i64s({3}, {1, 3, 0}), i32s({3}, {9, 9, 3})});
  expect(top, {i32s({2}, {3, 9}), Value(indexScalar(0))}, {i64s({0}, {}), i32s({0}, {})});
  auto tooMany = run(top, {i32s({2}, {3, 9}), Value(indexScalar(3))});
  ASSERT_FALSE(tooMany);
  EXPECT_EQ(tooMany.failure.kind, Failure::Kind::Contract) << tooMany.failure.message;
}

TEST(Sort, GivesAPermutation) {
  expect("fn f(x: i32[n]) -> (r: i64[n], y: i32[n]) {\n"
         "  let p = argsort n |i| { x[i] };\n"
         "  (scatter [n] over n |i| { at p[i] put i }, compute n |i| { x[p[i]] })\n}\n",
         {i32s({3}, {30, 10, 20})}, {i64s({3}, {2, 0, 1}), i32s({3}, {10, 20, 30})});
}

} // namespace

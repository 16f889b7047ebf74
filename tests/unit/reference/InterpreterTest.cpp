// Small programs with results computed by hand: one or two a form.
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

/// A checked program; a test fails where it has errors.
struct Source {
  SourceFiles files;
  Diagnostics diags;
  CheckedProgram checked;
  explicit Source(const std::string &text) {
    const unsigned file = files.add("test.tx", text);
    const bool ok = check(parse(files, file, diags), files, diags, checked);
    std::string errors;
    llvm::raw_string_ostream os(errors);
    diags.print(os, files);
    EXPECT_TRUE(ok) << errors;
  }
  Result<std::vector<Value>> run(std::vector<Value> params, Options options = {}) {
    if (diags.hasErrors())
      return {std::nullopt, {Failure::Kind::Internal, {}, "not checked", -1}};
    Inputs inputs;
    inputs.params = std::move(params);
    const FnDecl &fn = *checked.program->fns.back();
    return interpret(*checked.program, fn, inputs, options);
  }
};

template <typename T> Value tensor(K k, Shape shape, std::vector<T> values) {
  Array a(k, std::move(shape));
  EXPECT_EQ(a.count(), static_cast<int64_t>(values.size()));
  for (size_t i = 0; i < values.size(); ++i)
    a.set(i, isFloat(k) ? rounded(k, values[i])
                        : integer(k, static_cast<uint64_t>(static_cast<int64_t>(values[i]))));
  return a;
}
Value f32s(Shape shape, std::vector<double> v) { return tensor(K::F32, std::move(shape), v); }
Value i32s(Shape shape, std::vector<int64_t> v) { return tensor(K::I32, std::move(shape), v); }
Value i64s(Shape shape, std::vector<int64_t> v) { return tensor(K::I64, std::move(shape), v); }
Value f32(double x) { return rounded(K::F32, x); }
Value i64(int64_t x) { return indexScalar(x); }

void expect(const std::string &text, std::vector<Value> params, std::vector<Value> expected) {
  auto got = Source(text).run(std::move(params));
  ASSERT_TRUE(got) << got.failure.message;
  ASSERT_EQ(got->size(), expected.size());
  for (size_t r = 0; r < expected.size(); ++r)
    EXPECT_TRUE((*got)[r].sameAs(expected[r]))
        << "got " << describe((*got)[r]) << "\nexpected " << describe(expected[r]);
}

void expectFailure(const std::string &text, std::vector<Value> params, Failure::Kind kind) {
  auto got = Source(text).run(std::move(params));
  ASSERT_FALSE(got);
  EXPECT_EQ(spelling(got.failure.kind), std::string(spelling(kind))) << got.failure.message;
}

TEST(Forms, ComputeAndReduce) {
  const std::string matmul = "fn mm(a: f32[m, k], b: f32[k, n]) -> (c: f32[m, n]) {\n"
                             "  compute m, n |i, j| { reduce(+) k |p| { a[i, p] * b[p, j] } }\n"
                             "}\n";
  expect(matmul, {f32s({2, 2}, {1, 2, 3, 4}), f32s({2, 1}, {5, 6})}, {f32s({2, 1}, {17, 39})});
  expect(matmul, {f32s({2, 0}, {}), f32s({0, 2}, {})}, {f32s({2, 2}, {0, 0, 0, 0})});
  expect(matmul, {f32s({0, 3}, {}), f32s({3, 2}, {0, 0, 0, 0, 0, 0})}, {f32s({0, 2}, {})});
}

TEST(Forms, Scan) {
  expect("fn f(x: i32[n]) -> (a: i32[n], b: i32[n], c: i32[n], d: i32[n]) {\n"
         "  (scan(+) n |i| { x[i] }, scan(+, exclusive) n |i| { x[i] },\n"
         "   scan(max, rev) n |i| { x[i] }, scan(*, exclusive, rev) n |i| { x[i] })\n}\n",
         {i32s({4}, {2, -1, 3, 5})},
         {i32s({4}, {2, 1, 4, 9}), i32s({4}, {0, 2, 1, 4}), i32s({4}, {5, 5, 5, 5}),
          i32s({4}, {-15, 15, 5, 1})});
  // A user's op keeps the order of the indices; its identity is the first value of an exclusive one.
  const std::string op = "op put(a: i32, b: i32) -> i32 identity -7 { 10 * a + b }\n";
  expect(op + "fn f(x: i32[n]) -> (a: i32[n], b: i32[n], c: i32[n]) {\n"
              "  (scan(put) n |i| { x[i] }, scan(put, exclusive) n |i| { x[i] },\n"
              "   scan(put, exclusive, rev) n |i| { x[i] })\n}\n",
         {i32s({3}, {1, 2, 3})},
         {i32s({3}, {1, 12, 123}), i32s({3}, {-7, 1, 12}), i32s({3}, {23, 3, -7})});
  const std::string rows = "fn f(x: i32[m, n]) -> (a: i32[m, n], b: i32[m, n], c: i32[m, n]) {\n"
                           "  (compute m |i| { scan(+) n |j| { x[i, j] } },\n"
                           "   scan(+) m |i| { compute n |j| { x[i, j] } },\n"
                           "   scan(+) m, n |i, j| { x[i, j] })\n}\n";
  expect(rows, {i32s({2, 2}, {1, 2, 3, 4})},
         {i32s({2, 2}, {1, 3, 3, 7}), i32s({2, 2}, {1, 2, 4, 6}), i32s({2, 2}, {1, 3, 6, 10})});
  expect(rows, {i32s({0, 2}, {})}, {i32s({0, 2}, {}), i32s({0, 2}, {}), i32s({0, 2}, {})});
}

TEST(Forms, Filter) {
  const std::string keep = "fn f(x: i32[n]) -> (u: i32[k], at: i64[k], s: i32, c: i64)\n"
                           "where k <= n {\n"
                           "  let (u, at): (i32[k], i64[k]) = filter n |i| where x[i] > 0 "
                           "{ (x[i], i) };\n"
                           "  (u, at, reduce(+) k |i| { u[i] }, k)\n}\n";
  expect(keep, {i32s({4}, {2, -1, 3, 0})},
         {i32s({2}, {2, 3}), i64s({2}, {0, 2}), integer(K::I32, 5), i64(2)});
  expect(keep, {i32s({1}, {-1})}, {i32s({0}, {}), i64s({0}, {}), integer(K::I32, 0), i64(0)});
  expect("fn g(x: i32[n]) -> (u: i32[k]) { filter n |i| where x[i] > 0 { x[i] } }\n"
         "fn f(x: i32[n]) -> (v: i32[j, j]) {\n"
         "  let u: i32[k] = g(x);\n"
         "  compute k, k |i, j| { u[i] * u[j] }\n}\n",
         {i32s({3}, {2, -1, 3})}, {i32s({2, 2}, {4, 6, 6, 9})});
  expect("fn f(x: i32[n]) -> (y: i32[n]) {\n"
         "  compute n |i| {\n"
         "    let u: i32[k] = filter i + 1 |j| where x[j] < x[i] { x[j] };\n"
         "    if k > 0 { u[k - 1] } else { 0 }\n  }\n}\n",
         {i32s({4}, {2, 1, 3, 5})}, {i32s({4}, {0, 0, 1, 3})});
}

TEST(Forms, RaggedFilter) {
  const std::string rows =
      "fn f(row: i64[m + 1], x: i32[z]) -> (u: i32[k], r: i64[k])\n"
      "where row[0] == 0, row[m] == z, sorted(row), k <= z {\n"
      "  filter m, row[i]..row[i + 1] |i, p| where x[p] > 0 { (x[p], i) }\n}\n";
  expect(rows, {i64s({5}, {0, 2, 2, 3, 6}), i32s({6}, {5, -1, 2, 0, 7, 1})},
         {i32s({4}, {5, 2, 7, 1}), i64s({4}, {0, 2, 3, 3})});
  expect(rows, {i64s({1}, {0}), i32s({0}, {})}, {i32s({0}, {}), i64s({0}, {})});
  // Empty where hi <= lo.
  expect(
      "fn f(x: i32[n]) -> (u: i64[k]) { filter 1..n, i..3 |i, j| where x[i] > 0 { 10 * i + j } }\n",
      {i32s({5}, {1, 1, 1, 1, 1})}, {i64s({3}, {11, 12, 22})});
}

TEST(Forms, ReduceOperators) {
  expect("fn f(x: i32[n]) -> (a: i32, b: i32, c: i32, d: i32, e: i32) {\n"
         "  (reduce(*) n |i| { x[i] }, reduce(min) n |i| { x[i] }, reduce(max) n |i| { x[i] },\n"
         "   reduce(xor) n |i| { x[i] }, reduce(and) n |i| { x[i] })\n}\n",
         {i32s({3}, {3, -2, 5})},
         {integer(K::I32, -30), integer(K::I32, -2), integer(K::I32, 5),
          integer(K::I32, 3 ^ -2 ^ 5), integer(K::I32, 3 & -2 & 5)});
  const std::string empty = "fn f(x: f32[n]) -> (a: f32, b: f32, c: f32) {\n"
                            "  (reduce(+) n |i| { x[i] }, reduce(*) n |i| { x[i] },\n"
                            "   reduce(max) n |i| { x[i] })\n}\n";
  expect(empty, {f32s({0}, {})}, {f32(0), f32(1), f32(-INFINITY)});
  // A sum starts from +0, so that of one -0 is +0.
  expect(empty, {f32s({1}, {-0.0})}, {f32(0), f32(-0.0), f32(-0.0)});
}

TEST(Forms, ReduceWhereTupleAndTensor) {
  expect("fn f(x: f32[n]) -> (s: f32, c: i64) {\n"
         "  reduce(+) n |i| where x[i] > 0 { (x[i], 1) }\n}\n",
         {f32s({4}, {1, -2, 3, 0})}, {f32(4), i64(2)});
  expect("fn f(x: f32[m, n]) -> (s: f32[n]) { reduce(max) m |i| { x[i] } }\n",
         {f32s({2, 2}, {1, 5, 3, 2})}, {f32s({2}, {3, 5})});
  expect("fn f(x: f32[m, n]) -> (s: f32[n]) { reduce(+) m |i| { x[i] } }\n", {f32s({0, 2}, {})},
         {f32s({2}, {0, 0})});
}

TEST(Forms, UserOp) {
  const std::string argmax =
      "op argmax(a: (f32, i64), b: (f32, i64)) -> (f32, i64) identity (-inf, i64.max) {\n"
      "  if b.0 > a.0 || (b.0 == a.0 && b.1 < a.1) { b } else { a }\n}\n"
      "fn f(x: f32[n]) -> (v: f32, at: i64) { reduce(argmax) n |i| { (x[i], i) } }\n";
  expect(argmax, {f32s({4}, {1, 7, 3, 7})}, {f32(7), i64(1)});
  expect(argmax, {f32s({0}, {})}, {f32(-INFINITY), i64(INT64_MAX)});
}

TEST(Forms, UserOpOnTensors) {
  const std::string columns =
      "op argmax(a: (f32, i64), b: (f32, i64)) -> (f32, i64) identity (-inf, -1) {\n"
      "  if b.0 > a.0 || (b.0 == a.0 && b.1 < a.1) { b } else { a }\n}\n"
      "fn f(x: f32[m, n]) -> (v: f32[n], at: i64[n]) {\n"
      "  reduce(argmax) m |i| { (x[i], compute n |_| { i }) }\n}\n";
  expect(columns, {f32s({2, 3}, {1, 7, 3, 4, 5, 3})}, {f32s({3}, {4, 7, 3}), i64s({3}, {1, 0, 0})});
  expect(columns, {f32s({0, 2}, {})}, {f32s({2}, {-INFINITY, -INFINITY}), i64s({2}, {-1, -1})});
  expect(columns, {f32s({2, 0}, {})}, {f32s({0}, {}), i64s({0}, {})});
  expect("op last(a: i32, b: i32) -> i32 { b }\n"
         "fn f(x: i32[m, n]) -> (y: i32[n]) where m > 0 { reduce(last) m |i| { x[i] } }\n",
         {i32s({2, 2}, {1, 2, 3, 4})}, {i32s({2}, {3, 4})});
}

TEST(Forms, ForWith) {
  expect("fn fib(n: i64) -> (a: i64) {\n"
         "  let (a, _) = for t in 0..n with (a: i64 = 0, b: i64 = 1) { (b, a + b) };\n  a\n}\n",
         {i64(10)}, {i64(55)});
  expect("fn f(x: f32[n], t: i64) -> (y: f32[n]) {\n"
         "  for s in 0..t with (u = x) { compute n |i| { u[i] + (u[i - 1] else 0) } }\n}\n",
         {f32s({3}, {1, 0, 0}), i64(2)}, {f32s({3}, {1, 2, 1})});
}

TEST(Forms, DataDependentRanges) {
  expect("fn f(row: i64[m + 1], val: f32[z]) -> (y: f32[m])\n{\n"
         "  compute m |i| { reduce(+) row[i]..row[i + 1] |p| { val[p] else 0 } }\n}\n",
         {i64s({4}, {0, 2, 2, 3}), f32s({3}, {1, 2, 4})}, {f32s({3}, {3, 0, 4})});
}

TEST(Access, ElseSlicesAndSubTensors) {
  expect(
      "fn f(x: f32[n]) -> (y: f32[n]) { compute n |i| { (x[i - 1] else -1) + (x[i + 1] else 0) } }",
      {f32s({3}, {1, 2, 4})}, {f32s({3}, {1, 5, 2})});
  expect("fn f(x: f32[n + 2]) -> (y: f32[n]) { x[1..n + 1] }", {f32s({4}, {1, 2, 3, 4})},
         {f32s({2}, {2, 3})});
  expect("fn f(x: f32[2, n]) -> (y: f32[n]) { x[0] - x[1] }", {f32s({2, 2}, {5, 6, 1, 2})},
         {f32s({2}, {4, 4})});
  expect("fn f(x: f32[m, n + 1]) -> (y: f32[m]) { x[0..m, 0] * 2 }", {f32s({2, 2}, {5, 6, 1, 2})},
         {f32s({2}, {10, 2})});
}

TEST(Access, GuardedSlicesAndSubTensors) {
  expect("fn f(x: f32[n]) -> (y: f32[n + 2]) { x[-1..n + 1] else -5 }", {f32s({2}, {1, 2})},
         {f32s({4}, {-5, 1, 2, -5})});
  const std::string row = "fn f(x: f32[m, n], i: i64, o: f32[n]) -> (y: f32[n]) { x[i] else o }";
  const Value x = f32s({2, 2}, {1, 2, 3, 4}), other = f32s({2}, {8, 9});
  expect(row, {x, i64(1), other}, {f32s({2}, {3, 4})});
  expect(row, {x, i64(2), other}, {f32s({2}, {8, 9})});
  expect(row, {x, i64(INT64_MIN), other}, {f32s({2}, {8, 9})});
  expect("fn f(x: f32[m, n], j: i64) -> (y: f32[m]) { x[0..m, j] else 7 }", {x, i64(1)},
         {f32s({2}, {2, 4})});
  expect("fn f(x: f32[n], k: i64) -> (y: f32[k]) where 0 <= k { x[n..n + k] else 1 }",
         {f32s({1}, {3}), i64(2)}, {f32s({2}, {1, 1})});
  expect("fn f(x: f32[n]) -> (y: f32[n]) { x[1..n + 1] else (2 * x) }", {f32s({3}, {1, 2, 3})},
         {f32s({3}, {2, 3, 6})});
  expect("fn f(x: f32[n]) -> (a: f32[n], b: i64[n]) {\n"
         "  let t = compute n |i| { (x[i], i) };\n  t[-1..n - 1] else (0.5, -1)\n}",
         {f32s({2}, {3, 4})}, {f32s({2}, {0.5, 3}), i64s({2}, {-1, 0})});
}

TEST(Access, Reshape) {
  expect("fn f(x: f32[m, n]) -> (y: f32[m * n]) { reshape(x, [m * n]) }",
         {f32s({2, 3}, {1, 2, 3, 4, 5, 6})}, {f32s({6}, {1, 2, 3, 4, 5, 6})});
  expect("fn f(x: f32[2 * n, 3]) -> (y: f32[3, n, 2]) { reshape(x, [3, n, 2]) }",
         {f32s({2, 3}, {1, 2, 3, 4, 5, 6})}, {f32s({3, 1, 2}, {1, 2, 3, 4, 5, 6})});
  expect("fn f(x: f32[m, n]) -> (y: f32[m * n]) { reshape(x, [m * n]) }", {f32s({2, 0}, {})},
         {f32s({0}, {})});
}

TEST(Access, Gather) {
  const std::string gather = "fn f(ids: i32[n] in 0..v, t: f32[v, d]) -> (y: f32[n, d]) {\n"
                             "  compute n, d |i, j| { t[ids[i], j] }\n}\n";
  expect(gather, {i32s({3}, {1, 0, 1}), f32s({2, 1}, {10, 20})}, {f32s({3, 1}, {20, 10, 20})});
  expectFailure(gather, {i32s({1}, {2}), f32s({2, 1}, {10, 20})}, Failure::Kind::Data);
  expectFailure(gather, {i32s({1}, {-1}), f32s({2, 1}, {10, 20})}, Failure::Kind::Data);
}

TEST(Dims, RelationsAndScalars) {
  const std::string f = "fn f(x: f32[2 * n], k: i64) -> (y: f32[k])\nwhere k <= n {\n"
                        "  compute k |i| { x[2 * i] }\n}\n";
  expect(f, {f32s({4}, {1, 2, 3, 4}), i64(2)}, {f32s({2}, {1, 3})});
  expectFailure(f, {f32s({4}, {1, 2, 3, 4}), i64(3)}, Failure::Kind::Contract);
  expectFailure(f, {f32s({3}, {1, 2, 3}), i64(1)}, Failure::Kind::Contract);
  expectFailure("fn f(x: f32[n], y: f32[n]) -> (z: f32[n]) { x + y }",
                {f32s({1}, {1}), f32s({2}, {1, 2})}, Failure::Kind::Contract);
  expectFailure("fn f(x: f32[n]) -> (z: f32[n]) { x + x }", {i32s({1}, {1})},
                Failure::Kind::Argument);
  expect("fn f(x: f32[h], k: i64, s: i64) -> (y: f32[o])\n"
         "where k > 0, s > 0, h >= k, o == (h - k) / s + 1 {\n"
         "  compute o |i| { reduce(max) k |r| { x[i * s + r] else -inf } }\n}\n",
         {f32s({5}, {1, 4, 2, 3, 0}), i64(2), i64(2)}, {f32s({2}, {4, 3})});
}

TEST(Scalars, NarrowFloatsRoundEachTime) {
  // 2048 + 1 is no f16: 2048 stays 2048 however often 1 is added.
  auto h = [](std::vector<double> v) {
    return tensor(K::F16, {static_cast<int64_t>(v.size())}, v);
  };
  expect("fn f(x: f16[n]) -> (y: f16[n]) { x + 1 + 1 }", {h({2048, 1})}, {h({2048, 3})});
  expect("fn f(x: f16[n]) -> (y: f16[n]) { compute n |i| { f16(f32(x[i]) + 1 + 1) } }",
         {h({2048, 1})}, {h({2050, 3})});
}

TEST(Calls, AndShadowing) {
  expect("local fn twice(x: f32[k]) -> (y: f32[k]) { x + x }\n"
         "fn f(x: f32[n, m]) -> (y: f32[n, m]) {\n"
         "  let x = compute n |i| { twice(x[i]) };\n  compute n |i| { twice(x[i]) }\n}\n",
         {f32s({2, 2}, {1, 2, 3, 4})}, {f32s({2, 2}, {4, 8, 12, 16})});
}

TEST(Calls, ScalarFunctionsElementByElement) {
  const std::string split =
      "local fn split(x: f32, b: i64) -> (a: i64, r: f32) { (b + i64(floor(x)), x - floor(x)) }\n";
  expect(split +
             "fn f(x: f32[m, n], b: i64[m, n]) -> (a: i64[m, n], r: f32[m, n]) { split(x, b) }\n",
         {f32s({2, 2}, {1.5, -0.25, 2, 0}), i64s({2, 2}, {0, 1, 10, -7})},
         {i64s({2, 2}, {1, 0, 12, -7}), f32s({2, 2}, {0.5, 0.75, 0, 0})});
  const std::string spread =
      split + "fn f(x: f32[n], b: i64) -> (a: i64[n], r: f32[n]) { split(x, b) }\n";
  expect(spread, {f32s({2}, {1.5, -0.25}), i64(5)}, {i64s({2}, {6, 4}), f32s({2}, {0.5, 0.75})});
  expect(spread, {f32s({0}, {}), i64(5)}, {i64s({0}, {}), f32s({0}, {})});
  expect("local fn times(a: (f32, f32), b: (f32, f32)) -> (f32, f32) {\n"
         "  (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)\n}\n"
         "fn f(x: f32[n], y: f32) -> (re: f32[n], im: f32[n]) { times((x, y), (0, 1)) }\n",
         {f32s({2}, {3, 4}), f32(2)}, {f32s({2}, {-2, -2}), f32s({2}, {3, 4})});
}

TEST(Parallel, SaxpyTransposeCholesky) {
  expect("fn t(x: f32[m, n]) -> (y: f32[n, m]) {\n  y: f32[n, m];\n"
         "  par m, n |i, j| { y[j, i] = x[i, j]; }\n  y\n}\n",
         {f32s({2, 3}, {1, 2, 3, 4, 5, 6})}, {f32s({3, 2}, {1, 4, 2, 5, 3, 6})});
  expect("fn cholesky(A: f32[n, n]) -> (L: f32[n, n]) {\n  L: f32[n, n] = 0;\n  seq n |j| {\n"
         "    L[j, j] = sqrt(A[j, j] - reduce(+) 0..j |k| { L[j, k] * L[j, k] });\n"
         "    par j + 1..n |i| {\n"
         "      L[i, j] = (A[i, j] - reduce(+) 0..j |k| { L[i, k] * L[j, k] }) / L[j, j];\n    }\n"
         "  }\n  L\n}\n",
         {f32s({2, 2}, {4, 2, 2, 5})}, {f32s({2, 2}, {2, 0, 1, 2})});
}

TEST(Parallel, Atomics) {
  expect("fn f(x: i32[n]) -> (s: i32[6], old: i32[n]) @nondeterministic {\n"
         "  s: i32[6] = 6;\n  old: i32[n];\n  par n |i| {\n    let o = atomic s[0] += x[i];\n"
         "    old[i] = o;\n    atomic s[1] max= x[i];\n    atomic s[2] min= x[i];\n"
         "    atomic s[3] ^= x[i];\n    atomic s[4] *= x[i];\n    atomic s[5] = x[i];\n  }\n"
         "  (s, old)\n}\n",
         {i32s({3}, {1, 9, -4})},
         {i32s({6}, {12, 9, -4, 6 ^ 1 ^ 9 ^ -4, -216, -4}), i32s({3}, {6, 7, 16})});
}
TEST(Parallel, LanesInStep) {
  std::vector<int64_t> x(32), y(32), z(32);
  for (int64_t l = 0; l < 32; ++l) {
    x[l] = l * l % 7;
    z[l] = 31 * 32 / 2 + 0 * l;
  }
  for (int64_t l = 0; l < 32; ++l)
    y[l] = x[(l + 33) % 32];
  const std::string text =
      "fn f(x: i64[32]) -> (y: i64[32], z: i64[32], b: u32, any_: bool, all_: bool) {\n"
      "  y: i64[32];\n  z: i64[32];\n  t: i64[32];\n  b: u32[1];\n  c: bool[2];\n"
      "  fully par 32 |lane| @lane {\n    y[lane] = shuffle(x[lane], lane + 33);\n"
      "    sum: i64 = lane;\n    seq 5 |s| {\n      t[lane] = sum;\n      barrier;\n"
      "      sum += t[(lane + (16 >> s)) % 32];\n      barrier;\n    }\n"
      "    z[lane] = sum;\n    let votes = ballot(x[lane] == 0) | match(lane / 32);\n"
      "    let one = any(lane == 40);\n    let every = all(lanes_below() >> lane == 0);\n"
      "    if lane == 0 { b[0] = votes; c[0] = one; c[1] = every; }\n  }\n"
      "  (y, z, b[0], c[0], c[1])\n}\n";
  std::vector<Value> expected = {i64s({32}, y), i64s({32}, z), integer(K::U32, 0xffffffff),
                                 boolean(false), boolean(true)};
  expect(text, {i64s({32}, x)}, expected);
  Options shuffled;
  shuffled.shuffleParallel = 3;
  auto got = Source(text).run({i64s({32}, x)}, shuffled);
  ASSERT_TRUE(got) << got.failure.message;
  for (size_t r = 0; r < expected.size(); ++r)
    EXPECT_TRUE((*got)[r].sameAs(expected[r])) << describe((*got)[r]);
}
TEST(Parallel, AsmMeans) {
  expect("fn f(x: i64[2]) -> (y: i64[2]) {\n  y: i64[2] = 0;\n"
         "  asm(\"a\", out y[0], x[0]) means { y[0] = x[0] + 1; };\n"
         "  asm @sm_90a(\"a\", out y[1]) else asm @sm_80(\"b\", out y[1]) else { y[1] = 2; };\n  "
         "y\n}\n",
         {i64s({2}, {4, 5})}, {i64s({2}, {5, 2})});
  expectFailure("fn f(x: i64) -> (y: i64) {\n  y: i64 = 0;\n  asm(\"a\", out y, x);\n  y\n}\n",
                {i64(1)}, Failure::Kind::Contract);
}
TEST(Parallel, SnapshotsAndUpdates) {
  expect("fn f(n: i64) -> (a: i64[n], b: i64[n]) {\n  t: i64[n] = 1;\n  let z = t;\n"
         "  par n |i| { t[i] += i; t[i] *= 2; }\n  (z, t)\n}\n",
         {i64(3)}, {i64s({3}, {1, 1, 1}), i64s({3}, {2, 4, 6})});
}

TEST(Iteration, BackwardsWithWhatIsKept) {
  expect("fn f(x: i64[n]) -> (s: i64, all: i64[n]) {\n"
         "  for i in 0..n rev with (s = 0) { let t = 10 * s + x[i]; t keep t }\n}\n",
         {i64s({3}, {1, 2, 3})}, {i64(321), i64s({3}, {321, 32, 3})});
  expect("fn f(n: i64) -> (s: i64, all: i64[n - n, 2]) {\n"
         "  for i in n..n with (s = 7) { s + 1 keep [s, i] }\n}\n",
         {i64(3)}, {i64(7), i64s({0, 2}, {})});
}

TEST(Iteration, While) {
  const std::string halves =
      "fn f(x: i64, most: i64) -> (path: i64[k], last: i64) where most >= 0 {\n"
      "  let (y, p) = while u > 1 with (u = x) max most { u / 2 keep u };\n"
      "  (p, y)\n}\n";
  expect(halves, {i64(9), i64(10)}, {i64s({3}, {9, 4, 2}), i64(1)});
  expect(halves, {i64(9), i64(2)}, {i64s({2}, {9, 4}), i64(2)});
  expect(halves, {i64(9), i64(0)}, {i64s({0}, {}), i64(9)});
  const std::string fails = "fn f(x: i64) -> (y: i64) {\n"
                            "  while u != 0 with (u = x) max 3 else fail { u - 1 }\n}\n";
  expect(fails, {i64(3)}, {i64(0)});
  expectFailure(fails, {i64(4)}, Failure::Kind::Data);
}

TEST(Iteration, Lent) {
  expect("local fn twice(inout a: i64[n], k: i64) { par n |i| { a[i] = k * a[i]; } }\n"
         "fn f(inout a: i64[m, n]) -> (old: i64[m, n]) where m > 0 {\n"
         "  let before = a;\n  twice(a[0], 2);\n  par 1..m |i| { twice(a[i], i); }\n  before\n}\n",
         {i64s({2, 2}, {1, 2, 3, 4})}, {i64s({2, 2}, {1, 2, 3, 4}), i64s({2, 2}, {2, 4, 3, 4})});
}

TEST(Iteration, LentForValues) {
  const std::string take = "local fn take(inout a: i64[n]) -> (u: i64[k], s: i64) {\n"
                           "  let u: i64[k] = filter n |i| where a[i] > 1 { a[i] };\n"
                           "  par n |i| { a[i] = a[i] - 1; }\n  (u, reduce(+) n |i| { a[i] })\n}\n";
  // The second call sees what the first one left; what it gives is stored after that.
  expect(take + "fn f(inout a: i64[n]) -> (u: i64[k], s: i64, c: i64) where n > 0 {\n"
                "  let (v, s) = take(a);\n  let (u, t): (i64[k], i64) = take(a);\n"
                "  a[0] += s;\n  (u, t, reduce(+) n |i| { v[i] else 100 })\n}\n",
         {i64s({3}, {1, 3, 2})}, {i64s({1}, {2}), i64(0), i64(105), i64s({3}, {2, 1, 0})});
  // A block that ends with a call; what is lent last is what the call changed.
  expect("local fn step(inout a: i64[n], x: i64) -> (s: i64) { let s = reduce(+) n |i| { a[i] };"
         " par n |i| { a[i] += x; } s }\n"
         "fn f(x: i64[m, n]) -> (s: i64[m], t: i64[m]) {\n"
         "  let s = compute m |i| { t: i64[n] = x[i]; step(t, 1); step(t, i) };\n"
         "  b: i64[m] = s;\n  b[0..m] += step(b, 10);\n  (s, b)\n}\n",
         {i64s({2, 2}, {1, 2, 3, 4})}, {i64s({2}, {5, 9}), i64s({2}, {29, 33})});
}

TEST(Iteration, LentRanges) {
  const std::string source =
      "fn f(inout p: i64[n] in 0..n or -1, x: i64[n]) -> (y: i64[n]) {\n"
      "  y: i64[n];\n  par n |i| { let v = p[i]; y[i] = if v >= 0 { x[v] } else { 9 };"
      " p[i] = n - 1 - i; }\n  y\n}\n";
  expect(source, {i64s({3}, {2, -1, 0}), i64s({3}, {5, 6, 7})},
         {i64s({3}, {7, 9, 5}), i64s({3}, {2, 1, 0})});
  expectFailure(source, {i64s({3}, {2, 3, 0}), i64s({3}, {5, 6, 7})}, Failure::Kind::Data);
}

TEST(Access, TotalViews) {
  expect("fn f(x: i64[n], k: i64) -> (a: i64, b: i64[3], c: i64[n]) {\n"
         "  let xp = x else 9;\n  (xp[k], xp[-1..2], xp + 1)\n}\n",
         {i64s({2}, {5, 6}), i64(7)}, {i64(9), i64s({3}, {9, 5, 6}), i64s({2}, {6, 7})});
  const std::string fails = "fn f(x: i64[n], k: i64) -> (a: i64) { x[k] else fail }";
  expect(fails, {i64s({2}, {5, 6}), i64(1)}, {i64(6)});
  expectFailure(fails, {i64s({2}, {5, 6}), i64(2)}, Failure::Kind::Data);
}

TEST(Limits, Fuel) {
  Options options;
  options.fuel = 1000;
  auto got = Source("fn f(n: i64) -> (a: i64) { for t in 0..n with (a: i64 = 0) { a + t } }")
                 .run({i64(1000000)}, options);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.failure.kind, Failure::Kind::Fuel);
}

TEST(Exactness, OfSums) {
  const std::string sum = "fn f(x: f32[n]) -> (y: f32) { reduce(+) n |i| { x[i] } }";
  for (bool exact : {true, false}) {
    Exactness seen;
    Options options;
    options.exactness = &seen;
    ASSERT_TRUE(Source(sum).run({f32s({3}, {1.5, exact ? 2.25 : 0x1p-30, -8})}, options));
    EXPECT_EQ(seen.isExact, exact);
  }
}

} // namespace

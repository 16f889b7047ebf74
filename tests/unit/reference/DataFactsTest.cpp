// Facts on data, permutations and assumptions: what holds, and what is reported.
#include "compiler/reference/Interpreter.h"
#include "compiler/source/Check.h"
#include "compiler/source/Parser.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

using namespace texpr;
using namespace texpr::reference;
using K = ScalarKind;

namespace {

template <typename T> Value tensor(K k, Shape shape, std::vector<T> values) {
  Array a(k, std::move(shape));
  EXPECT_EQ(a.count(), static_cast<int64_t>(values.size()));
  for (size_t i = 0; i < values.size(); ++i)
    a.set(i, isFloat(k) ? rounded(k, values[i])
                        : integer(k, static_cast<uint64_t>(static_cast<int64_t>(values[i]))));
  return a;
}
Value f32s(std::vector<double> v) {
  Shape shape = {int64_t(v.size())};
  return tensor(K::F32, shape, v);
}
Value i64s(std::vector<int64_t> v) {
  Shape shape = {int64_t(v.size())};
  return tensor(K::I64, shape, v);
}

/// The result of the last function, or the kind of its failure.
std::string run(const std::string &text, std::vector<Value> params) {
  SourceFiles files;
  Diagnostics diags;
  CheckedProgram checked;
  const unsigned file = files.add("test.tx", text);
  if (!check(parse(files, file, diags), files, diags, checked)) {
    std::string errors;
    llvm::raw_string_ostream os(errors);
    diags.print(os, files);
    return errors;
  }
  Inputs inputs;
  inputs.params = std::move(params);
  auto got = interpret(*checked.program, *checked.program->fns.back(), inputs);
  return got ? describe((*got)[0]) : spelling(got.failure.kind);
}

const std::string data = spelling(Failure::Kind::Data);

TEST(DataFacts, RelationsAndOrder) {
  const std::string rows = "fn f(row: i64[m + 1], x: f32[z]) -> (y: f32[m])\n"
                           "where row[0] == 0, row[m] == z, sorted(row) {\n"
                           "  compute m |i| { reduce(+) row[i]..row[i + 1] |p| { x[p] } }\n}\n";
  const Value x = f32s({1, 2, 4});
  EXPECT_EQ(run(rows, {i64s({0, 2, 2, 3}), x}), describe(f32s({3, 0, 4})));
  EXPECT_EQ(run(rows, {i64s({0}), f32s({})}), describe(f32s({})));
  EXPECT_EQ(run(rows, {i64s({1, 2, 2, 3}), x}), data);
  EXPECT_EQ(run(rows, {i64s({0, 2, 2, 4}), x}), data);
  EXPECT_EQ(run(rows, {i64s({0, 2, 1, 3}), x}), data);
  EXPECT_EQ(run(rows, {i64s({0, INT64_MAX, 2, 3}), x}), data);
}

TEST(DataFacts, AllFromLeftToRight) {
  const std::string f = "fn f(p: i64[z], x: i64[n]) -> (y: i64[z])\n"
                        "where all z |i| { p[i] in 0..n && x[p[i]] > 0 } {\n"
                        "  compute z |i| { x[p[i]] }\n}\n";
  EXPECT_EQ(run(f, {i64s({1, 0}), i64s({5, 6})}), describe(i64s({6, 5})));
  EXPECT_EQ(run(f, {i64s({1, 2}), i64s({5, 6})}), data); // and reads nothing outside
  EXPECT_EQ(run(f, {i64s({1, 0}), i64s({0, 6})}), data);
  EXPECT_EQ(run(f, {i64s({}), i64s({})}), describe(i64s({})));
}

TEST(DataFacts, Permutations) {
  const std::string f = "fn f(p: i64[n] perm, x: f32[n]) -> (y: f32[n]) {\n"
                        "  y: f32[n];\n  par n |i| { y[p[i]] = x[i]; }\n  y\n}\n";
  const Value x = f32s({1, 2, 3});
  EXPECT_EQ(run(f, {i64s({2, 0, 1}), x}), describe(f32s({2, 3, 1})));
  EXPECT_EQ(run(f, {i64s({2, 0, 2}), x}), data);
  EXPECT_EQ(run(f, {i64s({2, 0, 3}), x}), data);
  EXPECT_EQ(run(f, {i64s({2, 0, -1}), x}), data);
}

TEST(DataFacts, RangesWithAMarker) {
  const std::string f = "fn f(t: i64[n] in 0..c or -100, w: f32[c]) -> (y: f32[n]) {\n"
                        "  compute n |i| { if t[i] != -100 { w[t[i]] } else { 0 } }\n}\n";
  EXPECT_EQ(run(f, {i64s({1, -100, 0}), f32s({5, 6})}), describe(f32s({6, 0, 5})));
  EXPECT_EQ(run(f, {i64s({1, -1, 0}), f32s({5, 6})}), data);
  EXPECT_EQ(run(f, {i64s({2}), f32s({5, 6})}), data);
}

TEST(DataFacts, AssumptionsAreTested) {
  const std::string f = "fn f(k: i64[n], x: f32[m]) -> (y: f32[n]) {\n"
                        "  assume all n |i| { k[i] in 0..m };\n  compute n |i| { x[k[i]] }\n}\n";
  EXPECT_EQ(run(f, {i64s({1, 0}), f32s({5, 6})}), describe(f32s({6, 5})));
  EXPECT_EQ(run(f, {i64s({1, 2}), f32s({5, 6})}), data);
  EXPECT_EQ(run("fn f(x: f32[n]) -> (y: f32[n]) {\n  y: f32[n];\n  par n / 2 |i| { y[i] = x[i]; }\n"
                "  assume written(y);\n  y\n}\n",
                {f32s({7, 8, 9})}),
            describe(f32s({7, 0, 0})));
}

} // namespace

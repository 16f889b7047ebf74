// The executable meaning: what programs of tx, par and mapped compute, and what the interpreter refuses.
#include "dialects/par/Interpreter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using namespace texpr;
using namespace texpr::par;

namespace {
struct Program {
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  InterpreterOptions options;
  std::map<unsigned, std::vector<double>> inputs;

  explicit Program(StringRef text) {
    context.loadDialect<tx::TxDialect, ParDialect, func::FuncDialect, arith::ArithDialect,
                        math::MathDialect, scf::SCFDialect>();
    module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    options.input = [this](unsigned argument, Type element, ArrayRef<int64_t> extents) {
      Datum array = Datum::ofArray(element, extents);
      std::vector<double> &values = inputs[argument];
      for (int64_t i = 0; i < array.count(); ++i) {
        double v = i < int64_t(values.size()) ? values[i] : 0;
        array.set(i, isa<FloatType>(element) ? Datum::ofReal(v) : Datum::ofInteger(int64_t(v)));
      }
      return array;
    };
  }
  InterpreterResult run(std::vector<int64_t> dims) {
    std::vector<Datum> scalars;
    for (int64_t d : dims)
      scalars.push_back(Datum::ofInteger(d));
    return interpret(*module->getOps<func::FuncOp>().begin(), scalars, options);
  }
};

std::vector<double> reals(const Datum &d) {
  std::vector<double> out;
  for (int64_t i = 0; i < d.count(); ++i)
    out.push_back(d.get(i) ? d.get(i)->real : NAN);
  return out;
}

constexpr const char *values = R"(
  func.func @f(%m: index, %n: index, %xa: tensor<?x?xf32>) -> (tensor<?x?xf32>, f32, i32) {
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %x = tx.bind %xa [%m, %n] : tensor<?x?xf32>
    %y = tx.compute (%i) = (%c0) to (%m) axes ["i"] {
      %s = tx.reduce add (%j) = (%c0) to (%n) axes ["j"] {
        %a = tx.read %x[%i, %j] : tensor<?x?xf32>
        tx.yield %a : f32
      } : f32
      %r = tx.compute (%j) = (%c0) to (%n) axes ["j"] {
        %c1 = arith.constant 1 : index
        %next = arith.addi %j, %c1 : index
        %a = tx.read %x[%i, %next] else { tx.yield %s : f32 } : tensor<?x?xf32>
        tx.yield %a : f32
      } : tensor<?xf32>
      tx.yield %r : tensor<?xf32>
    } : tensor<?x?xf32>
    %mx = tx.reduce max (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] {
      %a = tx.read %x[%i, %j] : tensor<?x?xf32>
      tx.yield %a : f32
    } : f32
    %q = arith.constant -7 : i32
    %three = arith.constant 3 : i32
    %d = tx.scalar floordiv %q, %three : i32, i32 -> i32
    return %y, %mx, %d : tensor<?x?xf32>, f32, i32
  })";

TEST(Interpreter, Values) {
  Program p(values);
  p.inputs[2] = {1, 2, 3, 4, 5, 6};
  auto r = p.run({2, 3});
  ASSERT_FALSE(r.error) << *r.error;
  EXPECT_EQ(reals(r.results[0]), (std::vector<double>{2, 3, 6, 5, 6, 15}));
  EXPECT_EQ(r.results[1].real, 6);
  EXPECT_EQ(r.results[2].integer, -3);
}

TEST(Interpreter, EmptyDomains) {
  Program p(values);
  auto r = p.run({0, 3});
  ASSERT_FALSE(r.error) << *r.error;
  EXPECT_EQ(r.results[0].extents, (SmallVector<int64_t>{0, 3}));
  EXPECT_EQ(r.results[1].real, -INFINITY);
}

TEST(Interpreter, TheFirstTermIsAddedToPlusZero) {
  Program p(R"(func.func @f(%n: index) -> f32 {
    %c0 = arith.constant 0 : index
    %z = arith.constant -0.0 : f32
    %s = tx.reduce add (%i) = (%c0) to (%n) axes ["i"] { tx.yield %z : f32 } : f32
    return %s : f32 })");
  EXPECT_FALSE(std::signbit(p.run({2}).results[0].real));
}

TEST(Interpreter, UserCombinersKeepOrder) {
  Program p(R"(tx.combiner @last (%a: i32), (%b: i32) { tx.yield %b : i32 } identity {
      %z = arith.constant -1 : i32
      tx.yield %z : i32
    }
    func.func @f(%n: index) -> i32 {
      %c0 = arith.constant 0 : index
      %c2 = arith.constant 2 : index
      %s = par.reduce user @last (%i) = (%c0) to (%n) axes ["i"] where (%k) {
        %r = tx.scalar mod %k, %c2 : index, index -> index
        %even = arith.cmpi eq, %r, %c0 : index
        par.yield %even : i1
      } {
        %v = arith.index_cast %i : index to i32
        par.yield %v : i32
      } : i32
      return %s : i32 })");
  EXPECT_EQ(p.run({6}).results[0].integer, 4);
  EXPECT_EQ(p.run({0}).results[0].integer, -1);
}

constexpr const char *nest = R"(
  func.func @f(%n: index, %xa: !par.buf<?xf32>, %ya: !par.buf<?xf32> {tx.out}) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.0 : f32
    %x = par.bind %xa [%n] : !par.buf<?xf32>
    %y = par.bind %ya [%n] : !par.buf<?xf32>
    par.kernel {
      %t = par.alloc [%n] : !par.buf<?xf32>
      par.forall (%i) = (%c0) to (%n) axes ["i"] {
        %k = arith.addi %i, %c1 : index
        %in = arith.cmpi slt, %k, %n : index
        %v = par.load %x[%k] mask %in other %zero : f32 : !par.buf<?xf32> -> f32
        par.store %v, %t[%i] : f32, !par.buf<?xf32>
      }
      par.forall (%i) = (%c0) to (%n) axes ["i"] level "simd" {
        %v = par.load %t[%i] : !par.buf<?xf32> -> f32
        %w = arith.addf %v, %v : f32
        par.store %w, %y[%i] : f32, !par.buf<?xf32>
      }
    }
    return
  })";

TEST(Interpreter, NestsInAnyOrder) {
  for (bool shuffle : {false, true}) {
    Program p(nest);
    p.options.shuffle = shuffle;
    p.inputs[1] = {1, 2, 3, 4};
    auto r = p.run({4});
    ASSERT_FALSE(r.error) << *r.error;
    EXPECT_EQ(reals(r.results[0]), (std::vector<double>{4, 6, 8, 0}));
  }
}

TEST(Interpreter, ARaceShowsWhenShuffled) {
  Program p(R"(func.func @f(%n: index, %ya: !par.buf<f32> {tx.out}) {
    %c0 = arith.constant 0 : index
    %y = par.bind %ya [] : !par.buf<f32>
    par.forall (%i) = (%c0) to (%n) axes ["i"] disjoint {
      %k = arith.index_cast %i : index to i64
      %v = arith.sitofp %k : i64 to f32
      par.store %v, %y[] : f32, !par.buf<f32>
    }
    return })");
  EXPECT_EQ(reals(p.run({100}).results[0])[0], 99);
  p.options.shuffle = true;
  EXPECT_NE(reals(p.run({100}).results[0])[0], 99);
}

TEST(Interpreter, RefusesOutsideAndUnwritten) {
  Program outside(R"(func.func @f(%n: index, %xa: !par.buf<?xf32>) {
    %x = par.bind %xa [%n] : !par.buf<?xf32>
    %v = par.load %x[%n] : !par.buf<?xf32> -> f32
    return })");
  auto r = outside.run({3});
  ASSERT_TRUE(r.error);
  EXPECT_NE(r.error->find("index 3 of axis 0 is outside of 0 to 3"), std::string::npos) << *r.error;
  Program unwritten(R"(func.func @f(%n: index) {
    %c0 = arith.constant 0 : index
    %x = par.alloc [%n] : !par.buf<?xf32>
    %v = par.load %x[%c0] : !par.buf<?xf32> -> f32
    return })");
  r = unwritten.run({3});
  ASSERT_TRUE(r.error);
  EXPECT_NE(r.error->find("reads what was never written"), std::string::npos) << *r.error;
}

TEST(Interpreter, ContractByDefinition) {
  Program p(
      R"(func.func @f(%m: index, %n: index, %k: index, %xa: !par.buf<?x?xf16>, %wa: !par.buf<?x?xf16>, %ya: !par.buf<?x?xf32> {tx.out}) {
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %x = par.bind %xa [%m, %k] : !par.buf<?x?xf16>
    %w = par.bind %wa [%k, %n] : !par.buf<?x?xf16>
    %y = par.bind %ya [%m, %n] : !par.buf<?x?xf32>
    par.forall (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] { par.store %zero, %y[%i, %j] : f32, !par.buf<?x?xf32> }
    par.contract %y at affine_map<(d0, d1, d2) -> (d0, d1)> += %x at affine_map<(d0, d1, d2) -> (d0, d2)> * %w at affine_map<(d0, d1, d2) -> (d2, d1)>
      (%m, %n, %k) [] kinds ["m", "n", "k"] : !par.buf<?x?xf32>, !par.buf<?x?xf16>, !par.buf<?x?xf16>
    return })");
  p.inputs[3] = {1, 2, 3, 4, 5, 6};
  p.inputs[4] = {1, 0, 0, 1, 2, 2};
  auto r = p.run({2, 2, 3});
  ASSERT_FALSE(r.error) << *r.error;
  EXPECT_EQ(reals(r.results[0]), (std::vector<double>{7, 8, 16, 17}));
}

constexpr const char *slots =
    R"(func.func @f(%n: index {tx.dim = "n"}, %ya: !par.buf<?xi8> {tx.out}) {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %one = arith.constant 1 : i8
    %two = arith.constant 2 : i8
    %y = par.bind %ya [%n] : !par.buf<?xi8>
    %a = par.slot at %c0 [%n] : !par.buf<?xi8>
    %b = par.slot at OFFSET [%n] : !par.buf<?xi8>
    par.forall (%i) = (%c0) to (%n) axes ["i"] { par.store %one, %a[%i] : i8, !par.buf<?xi8> }
    par.forall (%i) = (%c0) to (%n) axes ["i"] { par.store %two, %b[%i] : i8, !par.buf<?xi8> }
    par.forall (%i) = (%c0) to (%n) axes ["i"] {
      %v = par.load %a[%i] : !par.buf<?xi8> -> i8
      par.store %v, %y[%i] : i8, !par.buf<?xi8>
    }
    return
  }
  func.func @f.workspace(%n: index) -> index attributes {tx.workspace_of = @f} {
    %c128 = arith.constant 128 : index
    return %c128 : index
  })";

TEST(Interpreter, SlotsShareTheWorkspace) {
  std::string text = slots;
  size_t at = text.find("OFFSET");
  Program apart(text.replace(at, 6, "%c64"));
  EXPECT_EQ(apart.run({8}).results[0].get(0)->integer, 1);
  EXPECT_TRUE(apart.run({65}).error) << "65 bytes do not fit behind 64 of 128";
  text = slots;
  Program overlap(text.replace(at, 6, "%c0"));
  EXPECT_EQ(overlap.run({8}).results[0].get(0)->integer, 2) << "the overlap must show";
}

TEST(Interpreter, FailuresFactsAndVerifiedRanges) {
  Program p(R"(func.func @f(%n: index, %ia: tensor<?xi64>) -> i64 {
    %c0 = arith.constant 0 : index
    tx.fact affine_set<()[s0] : (s0 - 2 >= 0)>[%n] entry "n >= 2"
    %i0 = tx.bind %ia [%n] : tensor<?xi64>
    %i = tx.verify %i0 in [%c0 to %n] site 5 : tensor<?xi64>
    %v = tx.read %i[%n] fail 6 : tensor<?xi64>
    return %v : i64 })");
  p.inputs[1] = {0, 9};
  auto r = p.run({2});
  ASSERT_FALSE(r.error) << *r.error;
  EXPECT_EQ(r.failures, (std::vector<int64_t>{5, 6}));
  EXPECT_EQ(r.results[0].integer, 0);
  r = p.run({1});
  ASSERT_TRUE(r.error);
  EXPECT_NE(r.error->find("does not hold: n >= 2"), std::string::npos);
}

TEST(Interpreter, SmallFloatsRoundAfterEveryOperation) {
  Program p(R"(func.func @f(%n: index) -> f16 {
    %big = arith.constant 2048.0 : f16
    %one = arith.constant 1.0 : f16
    %a = arith.addf %big, %one : f16
    %b = arith.addf %a, %one : f16
    return %b : f16 })");
  EXPECT_EQ(p.run({0}).results[0].real, 2048) << "2049 is no f16, and ties go to even";
}
} // namespace

// What a point of a program knows: dims, facts, domains, conditions, verified ranges; and what it must not claim.
#include "dialects/tx/FactsAt.h"
#include "Module.h"

using namespace mlir;
using namespace texpr;
using test::Module;

namespace {
constexpr const char *program =
    R"(func.func @f(%m: index {tx.dim = "m"}, %n: index {tx.dim = "n"}, %s: index, %xa: tensor<?xf32>, %ia: tensor<?xi64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  tx.fact affine_set<()[s0, s1] : (s0 - 2 * s1 == 0)>[%m, %n]
  %x = tx.bind %xa [%n] : tensor<?xf32>
  %i0 = tx.bind %ia [%m] : tensor<?xi64>
  %ix = tx.verify %i0 in [%c0 to %n] site 0 : tensor<?xi64>
  %t = tx.compute (%i) = (%c0) to (%m) axes ["i"] {
    %h = tx.scalar floordiv %i, %c2 {at = "half"} : index, index -> index
    %e = arith.addi %i, %c1 {at = "next"} : index
    %wrap = arith.addi %s, %c1 {at = "wrap"} : index
    %g0 = tx.read %ix[%i] : tensor<?xi64>
    %g = arith.index_cast %g0 {at = "index"} : i64 to index
    %c = arith.cmpi sgt, %i, %c0 : index
    %v = scf.if %c -> f32 {
      %p = arith.subi %i, %c1 {at = "previous"} : index
      %r = tx.read %x[%c0] attributes {at = "then"} : tensor<?xf32>
      scf.yield %r : f32
    } else {
      %r = tx.read %x[%c0] attributes {at = "else"} : tensor<?xf32>
      scf.yield %r : f32
    }
    tx.yield %v : f32
  } : tensor<?xf32>
  return })";

struct Points : testing::Test {
  Module m{program};
  Value dimM = m.argument(0), dimN = m.argument(1);
  Value axis = m.first<tx::ComputeOp>().getArgs()[0];
  Value zero = m.first<tx::ComputeOp>().getLower()[0];
};

TEST_F(Points, Domains) {
  EXPECT_TRUE(tx::proveInRange(axis, zero, dimM, m.op("then")));
  EXPECT_FALSE(tx::proveInRange(axis, zero, dimN, m.op("then")));
  EXPECT_TRUE(tx::proveInRange(m.value("half"), zero, dimN, m.op("then"))) << "m = 2 n";
  EXPECT_FALSE(tx::proveInRange(m.value("next"), zero, dimM, m.op("then")));
}

TEST_F(Points, Conditions) {
  EXPECT_TRUE(tx::proveInRange(m.value("previous"), zero, dimM, m.op("then")));
  tx::FactsAt inThen(m.op("then")), inElse(m.op("else"));
  EXPECT_TRUE(inThen.proves(axis, facts::Rel::GT, zero));
  EXPECT_TRUE(inElse.proves(axis, facts::Rel::EQ, zero));
}

TEST_F(Points, VerifiedRangesAndWrapping) {
  tx::FactsAt at(m.op("then"));
  EXPECT_TRUE(at.provesInRange(m.value("index"), zero, dimN));
  EXPECT_FALSE(at.proves(m.value("wrap"), facts::Rel::GT, m.argument(2))) << "s + 1 may wrap";
  EXPECT_EQ(at.range(m.value("next")).lo, 2) << "i > 0 here";
}
TEST(FormsOfPlaces, SortedIndicesAndConditions) {
  Module m(R"(func.func @f(%n: index {tx.dim = "n"}, %k: index {tx.dim = "k"}, %xa: tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %x = tx.bind %xa [%n] : tensor<?xf32>
  %p = tx.sort (%i) = %c0 to %n top %k axis "i" {
    %v = tx.read %x[%i] : tensor<?xf32>
    tx.yield %v : f32
  } : tensor<?xi64>
  %h = tx.scatter [%n] by add over (%j) = (%c0) to (%k) axes ["j"] attributes {in_bounds} where (%w) {
    %c = arith.cmpi sgt, %w, %c0 : index
    tx.yield %c : i1
  } {
    %g0 = tx.read %p[%j] : tensor<?xi64>
    %g = arith.index_cast %g0 {at = "place"} : i64 to index
    %v = tx.read %x[%j] attributes {at = "put"} : tensor<?xf32>
    tx.yield %g, %v : index, f32
  } : tensor<?xf32>
  return })");
  Value n = m.argument(0), zero = m.first<tx::SortOp>().getLower();
  EXPECT_TRUE(tx::proveInRange(m.value("place"), zero, n, m.op("put")));
  tx::FactsAt at(m.op("put"));
  EXPECT_TRUE(at.proves(m.first<tx::ScatterOp>().getArgs()[0], facts::Rel::GT, zero));
}

} // namespace

// Indices over axes, offsets of stencils, the axes of contractions.
#include "Module.h"
#include "dialects/par/Contraction.h"
#include "dialects/tx/AccessMap.h"

using namespace mlir;
using namespace texpr;
using test::Module;
using test::str;

namespace {
constexpr const char *stencil =
    R"(func.func @f(%n: index, %w: index, %xa: tensor<?xf32>, %ia: tensor<?xi64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %x = tx.bind %xa [%n] : tensor<?xf32>
  %ix = tx.bind %ia [%n] : tensor<?xi64>
  %t = tx.compute (%i, %j) = (%c0, %c0) to (%n, %n) axes ["i", "j"] {
    %a = arith.addi %i, %w : index
    %b = arith.subi %a, %c1 : index
    %v0 = tx.read %x[%b] attributes {at = "offset"} : tensor<?xf32>
    %p = arith.muli %i, %w : index
    %q = arith.addi %p, %j : index
    %v1 = tx.read %x[%q] attributes {at = "strided"} : tensor<?xf32>
    %d = tx.scalar floordiv %i, %c32 : index, index -> index
    %r = tx.scalar mod %i, %c32 : index, index -> index
    %s = arith.muli %d, %c32 : index
    %u = arith.addi %s, %r : index
    %v2 = tx.read %x[%u] attributes {at = "cancels"} : tensor<?xf32>
    %g0 = tx.read %ix[%j] attributes {at = "plain"} : tensor<?xi64>
    %g = arith.index_cast %g0 : i64 to index
    %v3 = tx.read %x[%g] attributes {at = "gathered"} : tensor<?xf32>
    tx.yield %v0 : f32
  } : tensor<?x?xf32>
  return })";

tx::AccessMap mapOf(Module &m, const char *name) {
  auto read = cast<tx::ReadOp>(m.op(name));
  return tx::accessMap(read.getIndices(), m.first<tx::ComputeOp>().getArgs());
}

TEST(AccessMap, OffsetsOverSymbols) {
  Module m(stencil);
  tx::AccessMap map = mapOf(m, "offset");
  EXPECT_EQ(str(map.getAffineMap()), "(d0, d1)[s0] -> (d0 + s0 - 1)");
  EXPECT_EQ(map.symbols[0], m.argument(1));
  EXPECT_TRUE(map.isFreeOf(1));
  EXPECT_FALSE(map.isFreeOf(0));
  auto rest = tx::matchOffset(map, 0, 0);
  ASSERT_TRUE(rest);
  EXPECT_EQ(str(*rest), "s0 - 1");
  EXPECT_FALSE(tx::matchOffset(map, 0, 1));
}

TEST(AccessMap, KindsOfIndices) {
  Module m(stencil);
  EXPECT_EQ(mapOf(m, "strided").indices[0].kind, tx::IndexMap::Kind::strided);
  EXPECT_EQ(mapOf(m, "gathered").indices[0].kind, tx::IndexMap::Kind::gathered);
  EXPECT_FALSE(mapOf(m, "gathered").isFreeOf(0)) << "gathered: unknown";
  EXPECT_EQ(str(mapOf(m, "cancels").getAffineMap()), "(d0, d1) -> (d0)");
}

constexpr const char *matmul =
    R"(func.func @f(%m: index, %n: index, %k: index, %xa: !par.buf<?x?xbf16>, %wa: !par.buf<?x?xbf16>, %ya: !par.buf<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa [%m, %k] : !par.buf<?x?xbf16>
  %w = par.bind %wa [%k, %n] : !par.buf<?x?xbf16>
  %y = par.bind %ya [%m, %n] : !par.buf<?x?xf32>
  par.forall (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] {
    %s = par.reduce add (%l) = (%c0) to (%k) axes ["l"] {
      %a = par.load %x[%i, %l] : !par.buf<?x?xbf16> -> bf16
      %b = par.load %w[%l, %j] : !par.buf<?x?xbf16> -> bf16
      %a1 = arith.extf %a : bf16 to f32
      %b1 = arith.extf %b : bf16 to f32
      %p = arith.mulf %b1, %a1 : f32
      par.yield %p : f32
    } : f32
    par.store %s, %y[%i, %j] : f32, !par.buf<?x?xf32>
  }
  return })";

TEST(Contraction, Matmul) {
  Module m(matmul);
  auto c = par::Contraction::match(m.first<par::ForallOp>());
  ASSERT_TRUE(c);
  EXPECT_EQ(c->m, (SmallVector<unsigned>{0}));
  EXPECT_EQ(c->n, (SmallVector<unsigned>{1}));
  EXPECT_EQ(c->k, (SmallVector<unsigned>{2}));
  EXPECT_TRUE(c->batch.empty());
  EXPECT_TRUE(c->a.isPlain() && c->b.isPlain());
  EXPECT_EQ(str(c->a.map.getAffineMap()), "(d0, d1, d2) -> (d0, d2)")
      << "the factor of M comes first";
  EXPECT_EQ(c->getAxisName(2), "l");
  EXPECT_TRUE(c->isRectangular());
  EXPECT_TRUE(c->getAccumulatorType().isF32());
}

TEST(Contraction, ASumOfOneFactorIsNone) {
  std::string text = matmul;
  size_t at = text.find("arith.mulf %b1, %a1");
  text.replace(at, 19, "arith.addf %b1, %a1");
  Module m(text);
  EXPECT_FALSE(par::Contraction::match(m.first<par::ForallOp>()));
}

TEST(Contraction, AGuardedFactorIsStaged) {
  std::string text = matmul;
  size_t at = text.find("par.load %x[%i, %l] :");
  text.replace(at, 21, "par.load %x[%i, %l] mask %t other %z : bf16 :");
  at = text.find("%x = par.bind");
  text.insert(at, "%t = arith.constant true\n %z = arith.constant 0.0 : bf16\n");
  Module m(text);
  auto c = par::Contraction::match(m.first<par::ForallOp>());
  ASSERT_TRUE(c);
  EXPECT_FALSE(c->a.isPlain());
  EXPECT_TRUE(c->b.isPlain());
  EXPECT_EQ(c->m, (SmallVector<unsigned>{0}));
}
} // namespace

// Extents are values of the program where it named them, and arithmetic only where it did not.
#include "dialects/par/Extents.h"
#include "Module.h"
#include "dialects/tx/Extents.h"

using namespace mlir;
using namespace texpr;
using test::Module;

namespace {
SmallVector<Value> extentsOf(Value v) {
  OpBuilder b(v.getContext());
  b.setInsertionPointAfterValue(v);
  return tx::getExtents(b, v);
}

TEST(Extents, ComputeFromZeroHasTheDimItself) {
  Module m(R"(func.func @f(%m: index, %n: index, %z: f32) {
    %c0 = arith.constant 0 : index
    %row = tx.compute (%j) = (%c0) to (%n) axes ["j"] attributes {at = "row"} { tx.yield %z : f32 } : tensor<?xf32>
    %t = tx.compute (%i) = (%c0) to (%m) axes ["i"] attributes {at = "t"} { tx.yield %row : tensor<?xf32> } : tensor<?x?xf32>
    return })");
  auto extents = extentsOf(m.value("t"));
  ASSERT_EQ(extents.size(), 2u);
  EXPECT_EQ(extents[0], m.argument(0));
  EXPECT_EQ(extents[1], m.argument(1));
}

TEST(Extents, DifferenceOfBoundsIsBuilt) {
  Module m(R"(func.func @f(%m: index, %n: index, %z: f32) {
    %t = tx.compute (%i) = (%m) to (%n) axes ["i"] attributes {at = "t"} { tx.yield %z : f32 } : tensor<?xf32>
    return })");
  auto extents = extentsOf(m.value("t"));
  auto max = extents[0].getDefiningOp<arith::MaxSIOp>();
  ASSERT_TRUE(max);
  auto sub = max.getLhs().getDefiningOp<arith::SubIOp>();
  EXPECT_EQ(sub.getLhs(), m.argument(1));
  EXPECT_EQ(sub.getRhs(), m.argument(0));
}

TEST(Extents, GoThroughCarriedBranchesKernelsAndLists) {
  Module m(R"(func.func @f(%n: index, %c: i1, %xa: tensor<?xf32>) {
    %c0 = arith.constant 0 : index
    %x = tx.bind %xa [%n] : tensor<?xf32>
    %u = tx.for (%t) = %c0 to %n with (%v = %x : tensor<?xf32>) attributes {at = "u"} { tx.yield %v : tensor<?xf32> }
    %w = scf.if %c -> (tensor<?xf32>) { scf.yield %u : tensor<?xf32> } else { scf.yield %x : tensor<?xf32> } {at = "w"}
    %k = tx.kernel attributes {at = "k"} { tx.yield %w : tensor<?xf32> } -> tensor<?xf32>
    %l = tx.list %k, %k {at = "l"} : tensor<?xf32>, tensor<?xf32> -> tensor<?x?xf32>
    return })");
  for (const char *name : {"u", "w", "k"})
    EXPECT_EQ(extentsOf(m.value(name))[0], m.argument(0)) << name;
  auto extents = extentsOf(m.value("l"));
  EXPECT_EQ(extents[0].getDefiningOp<arith::ConstantIndexOp>().value(), 2);
  EXPECT_EQ(extents[1], m.argument(0));
}

TEST(Extents, ADimComputedInsideAKernelIsComputedAgainOutside) {
  Module m(R"(func.func @f(%n: index, %z: f32) {
    %c0 = arith.constant 0 : index
    %k = tx.kernel attributes {at = "k"} {
      %d = arith.addi %n, %n : index
      %t = tx.compute (%i) = (%c0) to (%d) axes ["i"] { tx.yield %z : f32 } : tensor<?xf32>
      tx.yield %t : tensor<?xf32>
    } -> tensor<?xf32>
    return })");
  auto extents = extentsOf(m.value("k"));
  Operation *def = extents[0].getDefiningOp();
  EXPECT_TRUE(isa<arith::AddIOp>(def));
  EXPECT_EQ(def->getBlock(), m.op("k")->getBlock());
}

TEST(Extents, OfBuffersInAnIsland) {
  Module m(R"(func.func @f(%m: index, %n: index, %xa: tensor<?xf32>) {
    %x = tx.bind %xa [%m] : tensor<?xf32>
    %y, %z = par.do ins(%x as %bx : tensor<?xf32>) outs[%m, %n] (%by : tensor<?xf32>, %bz : tensor<?xf32>) {
    }
    return })");
  auto island = m.first<par::DoOp>();
  OpBuilder b(island.getBody());
  EXPECT_EQ(par::getExtents(b, island.getInputBuffers()[0])[0], m.argument(0));
  EXPECT_EQ(par::getExtents(b, island.getResultBuffers()[1])[0], m.argument(1));
  EXPECT_EQ(extentsOf(island.getResult(1))[0], m.argument(1));
}
} // namespace

// The plan attributes' typed access: what is written is read.
#include "Module.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace texpr;

namespace {
TEST(Plan, WhatIsWrittenIsRead) {
  test::Module m("tx.kernel { tx.yield }");
  Operation *op = m.first<tx::KernelOp>();
  EXPECT_FALSE(plan::getStore(op));
  plan::setStore(op, plan::Store::tile);
  plan::setDepth(op, 2);
  plan::setWhy(op, "reads a row twice");
  plan::setTile(op, {{"i", 6}, {"j", 64}});
  plan::setCount(op, plan::vectorName, 16);
  plan::setPlace(op, "stack");
  plan::pin(op, plan::storeName);
  plan::pin(op, plan::storeName);
  EXPECT_EQ(plan::getStore(op), plan::Store::tile);
  EXPECT_EQ(plan::getDepth(op), 2);
  EXPECT_EQ(plan::getWhy(op), "reads a row twice");
  EXPECT_EQ(plan::getTile(op, "j"), 64);
  EXPECT_FALSE(plan::getTile(op, "k"));
  EXPECT_EQ(plan::getCount(op, plan::vectorName), 16);
  EXPECT_EQ(plan::getPlace(op), "stack");
  EXPECT_TRUE(plan::isPinned(op, plan::storeName));
  EXPECT_FALSE(plan::isPinned(op, plan::placeName));
  EXPECT_EQ(op->getAttrOfType<ArrayAttr>(plan::pinnedName).size(), 1u);
  EXPECT_TRUE(succeeded(mlir::verify(op)));
}

TEST(Plan, CopiesDecisionsAlone) {
  test::Module m(
      "tx.kernel attributes {plan.depth = 1, other} { tx.yield }\n tx.kernel { tx.yield }");
  auto ops = llvm::to_vector(m.module->getOps<tx::KernelOp>());
  plan::copyPlan(ops[0], ops[1]);
  EXPECT_EQ(plan::getDepth(ops[1]), 1);
  EXPECT_FALSE(ops[1]->hasAttr("other"));
}
} // namespace

// The algebra of layouts: against enumeration of all elements, and on the fragments of matrix instructions.
#include "dialects/par/ParOps.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"
#include <map>
#include <random>
#include <set>

using namespace texpr::par;

namespace {
/// All elements that a layout reaches, with how often.
std::map<std::vector<int64_t>, int> elementsOf(const Layout &layout) {
  std::map<std::vector<int64_t>, int> seen;
  llvm::SmallVector<int64_t> values(layout.getUnits().size(), 0);
  while (true) {
    Layout::Basis at = layout.apply(values);
    ++seen[std::vector<int64_t>(at.begin(), at.end())];
    size_t u = 0;
    for (; u < values.size(); ++u) {
      if (++values[u] < layout.getWidth(layout.getUnits()[u].name))
        break;
      values[u] = 0;
    }
    if (u == values.size())
      return seen;
  }
}

Layout parse(llvm::StringRef text) {
  mlir::MLIRContext context;
  context.loadDialect<ParDialect>();
  auto attr = llvm::dyn_cast_or_null<LayoutAttr>(mlir::parseAttribute(text, &context));
  EXPECT_TRUE(attr) << text.str();
  std::string printed;
  llvm::raw_string_ostream(printed) << mlir::Attribute(attr);
  EXPECT_EQ(printed, text.str());
  Layout layout = attr.getLayout();
  EXPECT_TRUE(LayoutAttr::get(&context, layout) == attr);
  return layout;
}

constexpr llvm::StringLiteral mmaC =
    "#par.layout<[i:16, j:8] reg=[(0, 1), (8, 0)] lane=[(0, 2), (0, 4), (1, 0), (2, 0), (4, 0)]>";

TEST(Layout, FragmentOfAMatrixInstruction) {
  Layout c = parse(mmaC);
  EXPECT_TRUE(c.isSurjective());
  EXPECT_TRUE(c.isInjective());
  EXPECT_EQ(c.getWidth("lane"), 32);
  EXPECT_EQ(c.getWidth("warp"), 1);
  // Register 2 of lane 5 holds row 8 + 5 / 4, column 2 * (5 % 4).
  EXPECT_EQ(c.apply({2, 5}), (Layout::Basis{9, 2}));
  Layout tile =
      c.repeated(0, 4, "reg").repeated(1, 4, "reg").repeated(1, 4, "warp").repeated(0, 2, "warp");
  EXPECT_EQ(tile.getAxes()[0].size, 128);
  EXPECT_EQ(tile.getAxes()[1].size, 128);
  EXPECT_EQ(tile.getWidth("warp"), 8);
  EXPECT_TRUE(tile.isSurjective());
  EXPECT_TRUE(tile.isInjective());
  auto elements = elementsOf(tile);
  EXPECT_EQ(elements.size(), 128u * 128u);
  for (auto &[element, times] : elements)
    EXPECT_EQ(times, 1);
}

// The accumulator of one product is the left factor of the next without any exchange: two C fragments
// side by side are one A fragment.
TEST(Layout, AccumulatorIsTheNextFactor) {
  Layout twoC = parse(mmaC).repeated(1, 2, "reg");
  Layout a = parse("#par.layout<[i:16, j:16] reg=[(0, 1), (8, 0), (0, 8)] lane=[(0, 2), (0, 4), "
                   "(1, 0), (2, 0), (4, 0)]>");
  EXPECT_EQ(*twoC.quotient(a), BitMatrix::identity(8));
  EXPECT_TRUE(twoC.staysWithin(a, "reg"));
  Layout rows = Layout::spread({{"i", 16}, {"j", 16}}, 1, {{"lane", 32}});
  EXPECT_FALSE(twoC.staysWithin(rows, "reg"));
}

TEST(Layout, OrderOfRegistersIsNoExchange) {
  Layout one = parse("#par.layout<[j:16] reg=[1, 2] lane=[4, 8]>");
  Layout other = parse("#par.layout<[j:16] reg=[2, 1] lane=[4, 8]>");
  Layout lanes = parse("#par.layout<[j:16] reg=[4, 8] lane=[1, 2]>");
  EXPECT_TRUE(one.staysWithin(other, "reg"));
  EXPECT_FALSE(one.staysWithin(lanes, "reg"));
  EXPECT_TRUE(one.staysWithin(one, "warp"));
}

TEST(Layout, SpreadsRows) {
  Layout row = Layout::spread({{"j", 4096}}, 4, {{"lane", 32}, {"warp", 8}});
  EXPECT_EQ(row, parse("#par.layout<[j:4096] reg=[1, 2, 1024, 2048] lane=[4, 8, 16, 32, 64] "
                       "warp=[128, 256, 512]>"));
  // More lanes than elements: copies.
  Layout tiny = Layout::spread({{"j", 8}}, 4, {{"lane", 32}});
  EXPECT_TRUE(tiny.isSurjective());
  EXPECT_FALSE(tiny.isInjective());
  EXPECT_EQ(elementsOf(tiny).at({7}), 16);
  Layout one = Layout::spread({{"j", 1}}, 4, {{"lane", 32}});
  EXPECT_TRUE(one.isSurjective());
  EXPECT_EQ(one.getUnit("reg"), nullptr);
}

TEST(Layout, RulesRefuse) {
  mlir::MLIRContext context;
  context.loadDialect<ParDialect>();
  std::string said;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) { said = d.str(); });
  auto refused = [&](llvm::StringRef text) {
    said.clear();
    EXPECT_FALSE(mlir::parseAttribute(text, &context)) << text.str();
    return said;
  };
  EXPECT_NE(refused("#par.layout<[j:6] reg=[1, 2]>").find("no power of two"), std::string::npos);
  EXPECT_NE(refused("#par.layout<[j:8] reg=[1, 2]>").find("every element"), std::string::npos);
  EXPECT_NE(refused("#par.layout<[j:8] reg=[1, 2, 8]>").find("leaves an axis"), std::string::npos);
  EXPECT_NE(refused("#par.layout<[j:4] reg=[1] reg=[2]>").find("twice"), std::string::npos);
  EXPECT_NE(refused("#par.layout<[i:2, j:2] reg=[(1, 0), (1)]>").find("one number an axis"),
            std::string::npos);
}

TEST(BitMatrix, InverseAndProductAgreeWithApplication) {
  std::mt19937_64 random(1);
  unsigned inverted = 0;
  for (int round = 0; round < 2000; ++round) {
    unsigned rows = random() % 7, columns = random() % 9;
    BitMatrix m(rows), n(columns);
    for (unsigned c = 0; c < columns; ++c)
      m.add(random() & ((1u << rows) - 1));
    for (unsigned c = 0; c < 5; ++c)
      n.add(random() & ((1u << columns) - 1));
    for (uint64_t x = 0; x < 32; ++x)
      EXPECT_EQ((m * n).apply(x), m.apply(n.apply(x)));
    std::set<uint64_t> image;
    for (uint64_t x = 0; x < uint64_t(1) << columns; ++x)
      image.insert(m.apply(x));
    EXPECT_EQ(image.size(), uint64_t(1) << m.rank());
    auto inverse = m.rightInverse();
    EXPECT_EQ(bool(inverse), image.size() == uint64_t(1) << rows);
    if (inverse) {
      ++inverted;
      EXPECT_EQ(m * *inverse, BitMatrix::identity(rows));
    }
  }
  EXPECT_GT(inverted, 100u);
}
} // namespace

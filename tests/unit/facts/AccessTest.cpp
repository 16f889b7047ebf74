// Accesses as programs make them: each index is proved inside its extent, or shown to leave it.
#include "World.h"

using namespace texpr::facts;

namespace {

Expr div(Expr a, Expr b) { return Expr::floorDiv(a, b); }
Expr mod(Expr a, Expr b) { return Expr::mod(a, b); }

// Loops and slices

TEST(Access, Identity) {
  World w;
  Expr n = w.dim("n"), i = w.in("i", 0, n);
  w.inBounds(i, n);
  w.inBounds(n - 1 - i, n); // reversed
  w.refutes(i + 1, Rel::LT, n);
  w.refutes(i - 1, Rel::GE, 0);
}

TEST(Access, StencilHalo) {
  World w;
  Expr n = w.dim("n"), i = w.in("i", 1, n - 1);
  w.inBounds(i - 1, n);
  w.inBounds(i + 1, n);
  w.refutes(i + 2, Rel::LT, n);
}

TEST(Access, StencilOnAPaddedInput) {
  World w;
  Expr n = w.dim("n"), r = w.dim("r"), i = w.in("i", 0, n), u = w.in("u", -r, r + 1);
  w.inBounds(i + u + r, n + 2 * r);
}

TEST(Access, TriangularLoops) {
  World w;
  Expr n = w.dim("n"), i = w.in("i", 0, n), j = w.in("j", 0, i + 1);
  w.inBounds(j, n);
  w.inBounds(i - j, n);
  w.inBounds(i * n + j, n * n);
  w.inBounds(j * n + i, n * n);
}

TEST(Access, StrictlyLowerTriangle) {
  World w;
  Expr n = w.dim("n"), j = w.in("j", 0, n), i = w.in("i", j + 1, n), k = w.in("k", 0, j);
  w.inBounds(i, n);
  w.inBounds(k, n);
  w.proves(i - 1, Rel::GE, 0);
  w.proves(k, Rel::LT, i);
  w.proves(i, Rel::NE, j);
}

TEST(Access, Band) {
  World w;
  Expr n = w.dim("n"), b = w.dim("b"), i = w.in("i", 0, n);
  Expr j = w.in("j", Expr::max(0, i - b), Expr::min(n, i + b + 1));
  w.inBounds(j, n);
  w.inBounds(j - i + b, 2 * b + 1);
}

TEST(Access, Slice) {
  World w;
  Expr n = w.dim("n"), lo = w.dim("lo"), hi = w.dim("hi");
  w.is(lo, Rel::LE, hi);
  w.is(hi, Rel::LE, n);
  Expr i = w.in("i", 0, hi - lo);
  w.inBounds(lo + i, n);
  w.refutes(lo + i + 1, Rel::LT, n);
}

TEST(Access, SliceOfASlice) {
  World w;
  Expr n = w.dim("n"), a = w.dim("a"), b = w.dim("b"), c = w.dim("c");
  w.is(a + b, Rel::LE, n);
  w.is(c, Rel::LE, b);
  w.inBounds(a + (b - c) + w.in("i", 0, c), n);
}

TEST(Access, RowPointers) {
  World w;
  Expr m = w.dim("m"), z = w.dim("z"), i = w.in("i", 0, m);
  w.inBounds(i, m + 1);
  w.inBounds(i + 1, m + 1);
  Expr lo = w.any("row[i]"), hi = w.any("row[i + 1]");
  w.is(lo, Rel::GE, 0);
  w.is(lo, Rel::LE, hi);
  w.is(hi, Rel::LE, z);
  w.inBounds(w.in("p", lo, hi), z);
  w.proves(hi - lo, Rel::LE, z);
}

TEST(Access, Concatenation) {
  World w;
  Expr m = w.dim("m"), n = w.dim("n"), i = w.in("i", 0, m + n);
  w.push();
  w.is(i, Rel::LT, m);
  w.inBounds(i, m);
  w.pop();
  w.push();
  w.is(i, Rel::GE, m);
  w.inBounds(i - m, n);
  w.pop();
}

TEST(Access, EmptyLoopBodyIsUnreachable) {
  World w;
  Expr n = w.dim("n");
  w.is(n, Rel::EQ, 0);
  w.push();
  Expr i = w.in("i", 0, n);
  EXPECT_TRUE(w.isUnreachable());
  w.inBounds(i + 100, n);
  w.pop();
  EXPECT_FALSE(w.isUnreachable());
}

TEST(Access, ExistenceOfAnIterationMakesDimsPositive) {
  World w;
  Expr m = w.dim("m"), n = w.dim("n");
  w.in("i", 0, m * n);
  w.proves(m, Rel::GE, 1);
  w.proves(n - 1, Rel::GE, 0);
}

// Guards

TEST(Access, ConvolutionWithGuards) {
  World w;
  Expr h = w.dim("h"), r = w.dim("r"), p = w.in("p", 0, h), u = w.in("u", 0, r);
  Expr y = p + u - div(r, 2);
  w.refutes(y, Rel::GE, 0);
  w.refutes(y, Rel::LT, h);
  w.is(y, Rel::GE, 0);
  w.is(y, Rel::LT, h);
  w.inBounds(y, h);
}

TEST(Access, PaddedCopyOfAConvolutionInput) {
  World w;
  Expr h = w.dim("h"), r = w.dim("r"), p = w.in("p", 0, h), u = w.in("u", 0, r);
  w.inBounds(p + u, h + r - 1);
}

TEST(Access, OddWindowIsSymmetric) {
  World w;
  Expr r = w.dim("r"), u = w.in("u", 0, r);
  w.is(mod(r, 2), Rel::EQ, 1);
  w.proves(u - div(r, 2), Rel::LE, div(r, 2));
  w.proves(-div(r, 2), Rel::LE, u - div(r, 2));
  w.proves(r - 1 - div(r, 2), Rel::EQ, div(r, 2));
}

TEST(Access, StridedConvolution) {
  World w;
  Expr h = w.dim("h"), k = w.dim("k"), s = w.dim("s"), p = w.dim("p"), oh = w.dim("oh");
  w.is(s, Rel::GE, 1);
  w.is(k, Rel::LE, h + 2 * p);
  w.is(oh, Rel::EQ, div(h + 2 * p - k, s) + 1);
  Expr oy = w.in("oy", 0, oh), ky = w.in("ky", 0, k);
  w.inBounds(oy * s + ky, h + 2 * p);
  w.refutes(oy * s + ky - p, Rel::GE, 0);
  w.proves(oh, Rel::GE, 1);
  Expr y = oy * s + ky - p;
  w.is(y, Rel::GE, 0);
  w.is(y, Rel::LT, h);
  w.inBounds(y, h);
}

TEST(Access, PoolingByConstants) {
  World w;
  Expr h = w.dim("h"), oh = w.dim("oh");
  w.is(oh, Rel::EQ, div(h - 3, 2) + 1);
  w.inBounds(w.in("y", 0, oh) * 2 + w.in("k", 0, 3), h);
}

TEST(Access, PoolingWindowTooLargeIsRefuted) {
  World w;
  Expr h = w.dim("h"), oh = w.dim("oh");
  w.is(oh, Rel::EQ, div(h - 3, 2) + 1);
  w.refutes(w.in("y", 0, oh) * 2 + w.in("k", 0, 4), Rel::LT, h);
}

TEST(Access, PoolingByHalves) {
  World w;
  Expr h = w.dim("h"), y = w.in("y", 0, div(h, 2));
  w.inBounds(2 * y + 1, h);
  w.refutes(2 * y + 2, Rel::LT, h);
}

TEST(Access, DilatedConvolution) {
  World w;
  Expr h = w.dim("h"), k = w.dim("k"), d = w.dim("d"), oh = w.dim("oh");
  w.is(k, Rel::GE, 1);
  w.is(oh, Rel::EQ, h - d * (k - 1));
  w.inBounds(w.in("y", 0, oh) + w.in("u", 0, k) * d, h);
}

TEST(Access, StridedAndDilatedConvolution) {
  World w;
  Expr h = w.dim("h"), k = w.dim("k"), s = w.dim("s"), d = w.dim("d"), oh = w.dim("oh");
  w.is(s, Rel::GE, 1);
  w.is(d, Rel::GE, 1);
  w.is(k, Rel::GE, 1);
  w.is(d * (k - 1) + 1, Rel::LE, h);
  w.is(oh, Rel::EQ, div(h - d * (k - 1) - 1, s) + 1);
  w.inBounds(w.in("y", 0, oh) * s + w.in("u", 0, k) * d, h);
}

TEST(Access, TransposedConvolution) {
  World w;
  Expr h = w.dim("h"), s = w.dim("s"), k = w.dim("k");
  w.is(s, Rel::GE, 1);
  Expr y = w.in("y", 0, h), u = w.in("u", 0, k);
  w.inBounds(y * s + u, (h - 1) * s + k);
  Expr o = w.in("o", 0, h * s);
  w.inBounds(div(o, s), h);
}

TEST(Access, Upsampling) {
  World w;
  Expr h = w.dim("h"), o = w.in("o", 0, 2 * h);
  w.inBounds(div(o, 2), h);
  w.refutes(div(o, 2) + 1, Rel::LT, h);
}

// Reshapes

TEST(Access, Flatten2) {
  World w;
  Expr h = w.dim("h"), v = w.dim("w");
  Expr i = w.in("i", 0, h), j = w.in("j", 0, v);
  w.inBounds(i * v + j, h * v);
  w.proves(div(i * v + j, v), Rel::EQ, i);
  w.proves(mod(i * v + j, v), Rel::EQ, j);
  w.refutes(i * h + j, Rel::LT, h * v);
}

TEST(Access, Unflatten2) {
  World w;
  Expr h = w.dim("h"), v = w.dim("w"), p = w.in("p", 0, h * v);
  w.inBounds(div(p, v), h);
  w.inBounds(mod(p, v), v);
  w.inBounds(div(p, v) * v + mod(p, v), h * v);
  w.refutes(div(p, v) + 1, Rel::LT, h);
}

TEST(Access, TransposeOfAFlatMatrix) {
  World w;
  Expr h = w.dim("h"), v = w.dim("w"), p = w.in("p", 0, h * v);
  w.inBounds(mod(p, v) * h + div(p, v), h * v);
}

TEST(Access, Flatten3) {
  World w;
  Expr c = w.dim("c"), h = w.dim("h"), v = w.dim("w");
  Expr x = w.in("x", 0, c), y = w.in("y", 0, h), z = w.in("z", 0, v);
  w.inBounds((x * h + y) * v + z, c * h * v);
  w.inBounds(x * h + y, c * h);
  w.proves(div((x * h + y) * v + z, v), Rel::EQ, x * h + y);
}

TEST(Access, Unflatten3) {
  World w;
  Expr c = w.dim("c"), h = w.dim("h"), v = w.dim("w"), p = w.in("p", 0, c * h * v);
  w.inBounds(div(p, h * v), c);
  w.inBounds(mod(div(p, v), h), h);
  w.inBounds(mod(p, v), v);
  w.inBounds(div(p, v), c * h);
  w.inBounds(mod(p, h * v), h * v);
}

TEST(Access, Unflatten4) {
  World w;
  Expr b = w.dim("b"), c = w.dim("c"), h = w.dim("h"), v = w.dim("w");
  Expr p = w.in("p", 0, b * c * h * v);
  w.inBounds(mod(p, v), v);
  w.inBounds(mod(div(p, v), h), h);
  w.inBounds(div(p, c * h * v), b);
}

TEST(Access, Flatten4) {
  World w;
  Expr b = w.dim("b"), c = w.dim("c"), h = w.dim("h"), v = w.dim("w");
  Expr n = w.in("n", 0, b), f = w.in("f", 0, c), y = w.in("y", 0, h), x = w.in("x", 0, v);
  w.inBounds(((n * c + f) * h + y) * v + x, b * c * h * v);
}

TEST(Access, ReshapeToAGivenDim) {
  World w;
  Expr m = w.dim("m"), h = w.dim("h"), v = w.dim("w");
  w.is(m, Rel::EQ, h * v);
  Expr p = w.in("p", 0, m);
  w.inBounds(div(p, v), h);
  w.inBounds(w.in("i", 0, h) * v + w.in("j", 0, v), m);
}

TEST(Access, ReshapeBetweenTwoFactorings) {
  World w;
  Expr a = w.dim("a"), b = w.dim("b"), c = w.dim("c"), d = w.dim("d");
  w.is(a * b, Rel::EQ, c * d);
  Expr i = w.in("i", 0, a), j = w.in("j", 0, b);
  w.inBounds(div(i * b + j, d), c);
  w.inBounds(mod(i * b + j, d), d);
}

TEST(Access, ReshapeByAConstantRow) {
  World w;
  Expr n = w.dim("n"), p = w.in("p", 0, 4 * n);
  w.inBounds(div(p, 4), n);
  w.inBounds(mod(p, 4), 4);
  w.inBounds(div(p, n), 4);
  w.inBounds(mod(p, n), n);
}

TEST(Access, RowStrideOfNPlusOne) {
  World w;
  Expr m = w.dim("m"), n = w.dim("n"), i = w.in("i", 0, m), j = w.in("j", 0, n + 1);
  w.inBounds(i * (n + 1) + j, m * (n + 1));
  Expr p = w.in("p", 0, m * (n + 1));
  w.inBounds(div(p, n + 1), m);
  w.inBounds(mod(p, n + 1), n + 1);
}

TEST(Access, HeadsOfAttention) {
  World w;
  Expr n = w.dim("n"), hd = w.dim("hd"), heads = w.dim("heads"), d = w.dim("d");
  w.is(d, Rel::EQ, heads * hd);
  w.inBounds(w.in("x", 0, heads) * hd + w.in("e", 0, hd), d);
  w.inBounds(w.in("i", 0, n) * d + w.in("j", 0, d), n * d);
}

TEST(Access, GroupedConvolution) {
  World w;
  Expr c = w.dim("c"), g = w.dim("g"), o = w.dim("o"), f = w.in("f", 0, o);
  w.is(g, Rel::GE, 1);
  w.is(mod(c, g), Rel::EQ, 0);
  w.is(mod(o, g), Rel::EQ, 0);
  Expr cg = div(c, g), og = div(o, g), i = w.in("i", 0, cg);
  w.inBounds(w.in("group", 0, g) * cg + i, c);
  w.inBounds(div(f, og), g);
  w.inBounds(div(f, og) * cg + i, c);
  w.proves(g * cg, Rel::EQ, c);
}

TEST(Access, GroupedQueryAttention) {
  World w;
  Expr q = w.dim("q"), kv = w.dim("kv"), x = w.in("x", 0, q);
  w.is(kv, Rel::GE, 1);
  w.is(mod(q, kv), Rel::EQ, 0);
  w.inBounds(div(x, div(q, kv)), kv);
}

TEST(Access, PixelShuffle) {
  World w;
  Expr c = w.dim("c"), r = w.dim("r"), h = w.dim("h"), y = w.in("y", 0, h * r);
  w.is(r, Rel::GE, 1);
  w.inBounds(div(y, r), h);
  Expr f = w.in("f", 0, c);
  w.inBounds(f * r + mod(y, r), c * r);
}

// Tiles

TEST(Access, TilesThatDivide) {
  World w;
  Expr m = w.dim("m"), bi = w.in("bi", 0, div(m, 32)), i = w.in("i", 0, 32);
  w.push();
  w.is(mod(m, 32), Rel::EQ, 0);
  w.inBounds(bi * 32 + i, m);
  w.proves(div(m, 32) * 32, Rel::EQ, m);
  w.pop();
  w.inBounds(bi * 32 + i, m); // floor division already stays inside
  w.refutes(div(m, 32) * 32, Rel::EQ, m);
}

TEST(Access, TilesOfTheTranspose) {
  World w;
  Expr m = w.dim("m"), n = w.dim("n");
  w.is(mod(m, 32), Rel::EQ, 0);
  w.is(mod(n, 32), Rel::EQ, 0);
  Expr bi = w.in("bi", 0, div(m, 32)), bj = w.in("bj", 0, div(n, 32));
  Expr i = w.in("i", 0, 32), j = w.in("j", 0, 32);
  w.inBounds(bi * 32 + i, m);
  w.inBounds(bj * 32 + j, n);
  w.inBounds((bi * 32 + i) * n + bj * 32 + j, m * n);
}

TEST(Access, LastTileByMin) {
  World w;
  Expr n = w.dim("n"), t = w.in("t", 0, div(n + 31, 32));
  Expr i = w.in("i", 32 * t, Expr::min(32 * t + 32, n));
  w.inBounds(i, n);
  w.inBounds(i - 32 * t, 32);
  w.proves(Expr::min(32 * t + 32, n) - 32 * t, Rel::GE, 1);
  w.proves(Expr::min(32 * t + 32, n) - 32 * t, Rel::LE, 32);
}

TEST(Access, LastTileByGuard) {
  World w;
  Expr n = w.dim("n"), t = w.in("t", 0, div(n + 31, 32)), i = w.in("i", 0, 32);
  w.refutes(32 * t + i, Rel::LT, n);
  w.is(32 * t + i, Rel::LT, n);
  w.inBounds(32 * t + i, n);
}

TEST(Access, SymbolicTile) {
  World w;
  Expr n = w.dim("n"), s = w.dim("s");
  w.is(s, Rel::GE, 1);
  Expr t = w.in("t", 0, div(n + s - 1, s));
  Expr i = w.in("i", t * s, Expr::min((t + 1) * s, n));
  w.inBounds(i, n);
  w.inBounds(i - t * s, s);
  w.proves(t * s, Rel::LT, n);
}

TEST(Access, SymbolicTileThatDivides) {
  World w;
  Expr n = w.dim("n"), s = w.dim("s");
  w.is(s, Rel::GE, 1);
  w.is(mod(n, s), Rel::EQ, 0);
  w.inBounds(w.in("t", 0, div(n, s)) * s + w.in("i", 0, s), n);
}

TEST(Access, TwoLevelsOfTiles) {
  World w;
  Expr m = w.dim("m"), b = w.in("b", 0, div(m, 128)), v = w.in("v", 0, 4), l = w.in("l", 0, 32);
  w.inBounds(b * 128 + v * 32 + l, m);
  w.proves(div(v * 32 + l, 32), Rel::EQ, v);
  w.proves(mod(v * 32 + l, 32), Rel::EQ, l);
}

TEST(Access, DivisibilityIsInherited) {
  World w;
  Expr m = w.dim("m");
  w.is(mod(m, 128), Rel::EQ, 0);
  w.proves(mod(m, 32), Rel::EQ, 0);
  w.proves(mod(m + 64, 64), Rel::EQ, 0);
  w.proves(mod(3 * m, 128), Rel::EQ, 0);
  w.refutes(mod(m, 256), Rel::EQ, 0);
}

TEST(Access, RemainderFacts) {
  World w;
  Expr m = w.dim("m");
  w.is(mod(m, 4), Rel::EQ, 2);
  w.proves(mod(m, 2), Rel::EQ, 0);
  w.proves(m, Rel::GE, 2);
  w.proves(m, Rel::NE, 5);
  w.refutes(m, Rel::NE, 6);
}

TEST(Access, SplitK) {
  World w;
  Expr k = w.dim("k"), s = w.dim("s");
  w.is(s, Rel::GE, 1);
  Expr part = div(k + s - 1, s), z = w.in("z", 0, s);
  Expr i = w.in("i", z * part, Expr::min((z + 1) * part, k));
  w.inBounds(i, k);
  w.proves(part * s, Rel::GE, k); // all of k is covered
}

TEST(Access, Swizzle) {
  World w;
  Expr i = w.in("i", 0, 32), j = w.in("j", 0, 8);
  w.inBounds(i * 8 + mod(j + i, 8), 256);
  w.inBounds(div(i, 4) * 4 + mod(i + j, 4), 32);
}

TEST(Access, GroupedBlockOrder) {
  World w;
  Expr m = w.dim("m"), n = w.dim("n"), p = w.in("p", 0, m * n);
  Expr group = div(p, 8 * n), first = 8 * group, size = Expr::min(m - first, 8);
  w.proves(first, Rel::LT, m);
  w.proves(size, Rel::GE, 1);
  w.inBounds(first + mod(mod(p, 8 * n), size), m);
}

TEST(Access, RingBuffer) {
  World w;
  Expr t = w.dim("t"), s = w.dim("s");
  w.is(s, Rel::GE, 1);
  w.inBounds(mod(t, s), s);
  w.inBounds(mod(t + 1, s), s);
  w.inBounds(mod(t, 3), 3);
}

TEST(Access, Bits) {
  World w;
  Expr i = w.in("i", 0, 1024);
  w.inBounds(div(i, 32), 32);
  w.inBounds(mod(i, 32), 32);
  w.inBounds(mod(div(i, 8), 4) * 8 + mod(i, 8), 32);
  w.proves(div(i, 32) * 32 + mod(div(i, 8), 4) * 8 + mod(i, 8), Rel::EQ, i);
}

// min, max, clamp

TEST(Access, Clamp) {
  World w;
  Expr n = w.dim("n"), x = w.any("x");
  w.is(n, Rel::GE, 1);
  w.inBounds(Expr::max(0, Expr::min(x, n - 1)), n);
  w.inBounds(Expr::min(Expr::max(x, 0), n - 1), n);
}

TEST(Access, ClampOfAnEmptyRangeIsRefuted) {
  World w;
  Expr n = w.dim("n"), x = w.any("x");
  w.refutes(Expr::max(0, Expr::min(x, n - 1)), Rel::LT, n);
}

TEST(Access, MinOfTwoExtents) {
  World w;
  Expr m = w.dim("m"), n = w.dim("n"), i = w.in("i", 0, Expr::min(m, n));
  w.inBounds(i, m);
  w.inBounds(i, n);
  w.refutes(w.in("j", 0, Expr::max(m, n)), Rel::LT, m);
}

TEST(Access, WindowAroundAnIndex) {
  World w;
  Expr n = w.dim("n"), r = w.dim("r"), i = w.in("i", 0, n);
  Expr j = w.in("j", Expr::max(i - r, 0), Expr::min(i + r + 1, n));
  w.inBounds(j, n);
  w.proves(j - i, Rel::LE, r);
  w.proves(i - j, Rel::LE, r);
}

// Conditions

TEST(Access, NotEqual) {
  World w;
  Expr n = w.dim("n"), i = w.in("i", 0, n);
  w.is(i, Rel::NE, n - 1);
  w.inBounds(i + 1, n);
  w.push();
  w.is(i, Rel::NE, 0);
  w.inBounds(i - 1, n);
  w.pop();
}

TEST(Access, Disjunction) {
  World w;
  Expr n = w.dim("n"), i = w.any("i"), a = w.in("a", 0, n);
  w.assumeAny({{{i, Rel::EQ, a}}, {{i, Rel::EQ, n - 1}}});
  w.inBounds(i, n);
  w.refutes(i, Rel::EQ, a);
}

TEST(Access, RangeOrSentinel) {
  World w;
  Expr c = w.dim("c"), label = w.any("label"); // in 0..c or -100
  w.assumeAny({{{label, Rel::GE, 0}, {label, Rel::LT, c}}, {{label, Rel::EQ, -100}}});
  w.refutes(label, Rel::GE, 0);
  w.is(label, Rel::NE, -100);
  w.inBounds(label, c);
}

TEST(Access, BinarySearch) {
  World w;
  Expr n = w.dim("n"), lo = w.any("lo"), hi = w.any("hi");
  w.is(lo, Rel::GE, 0);
  w.is(hi, Rel::LE, n);
  w.is(lo, Rel::LT, hi);
  Expr mid = div(lo + hi, 2);
  w.inBounds(mid, n);
  w.proves(mid + 1, Rel::LE, n);
  w.proves(mid, Rel::GE, lo);
  w.proves(mid, Rel::LT, hi);
}

TEST(Access, HeapChildren) {
  World w;
  Expr n = w.dim("n"), i = w.in("i", 0, div(n, 2));
  w.inBounds(2 * i + 1, n);
  w.refutes(2 * i + 2, Rel::LT, n);
  Expr c = w.in("c", 1, n);
  w.inBounds(div(c - 1, 2), n);
}

TEST(Access, Butterfly) {
  World w;
  Expr n = w.dim("n"), s = w.dim("s");
  w.is(s, Rel::GE, 1);
  w.is(mod(n, 2 * s), Rel::EQ, 0);
  Expr b = w.in("b", 0, div(n, 2 * s)), j = w.in("j", 0, s);
  w.inBounds(b * 2 * s + j, n);
  w.inBounds(b * 2 * s + j + s, n);
}

TEST(Access, EqualDimsWrittenDifferently) {
  World w;
  Expr h = w.dim("h"), v = w.dim("w"), n = w.dim("n");
  w.proves(h * v, Rel::EQ, v * h);
  w.proves((h + 1) * v, Rel::EQ, h * v + v);
  w.is(n, Rel::EQ, 2 * h);
  w.proves(div(n, 2), Rel::EQ, h);
  w.proves(n - h, Rel::EQ, h);
}

TEST(Access, Monotonicity) {
  World w;
  Expr x = w.any("x"), y = w.any("y"), z = w.dim("z"), d = w.dim("d");
  w.is(x, Rel::LE, y);
  w.is(d, Rel::GE, 1);
  w.proves(x * z, Rel::LE, y * z);
  w.proves(div(x, d), Rel::LE, div(y, d));
  w.proves(div(x, 7), Rel::LE, div(y, 7));
}

TEST(Access, NestedQuotients) {
  World w;
  Expr a = w.dim("a"), b = w.dim("b"), p = w.dim("p");
  w.is(a, Rel::GE, 1);
  w.is(b, Rel::GE, 1);
  w.proves(div(p, a), Rel::LE, p);
  w.proves(mod(p, a), Rel::LE, p);
  w.proves(div(p, a) * a, Rel::LE, p);
  w.proves(div(div(p, a), b), Rel::GE, 0);
}

TEST(Access, CeilingDivision) {
  World w;
  Expr n = w.dim("n"), s = w.dim("s");
  w.is(s, Rel::GE, 1);
  Expr tiles = div(n + s - 1, s);
  w.proves(tiles * s, Rel::GE, n);
  w.proves((tiles - 1) * s, Rel::LT, n);
  w.proves(tiles, Rel::LE, n);
  w.proves(div(n + 31, 32) * 32, Rel::GE, n);
}

TEST(Access, PackedTriangle) {
  World w;
  Expr n = w.dim("n"), i = w.in("i", 0, n), j = w.in("j", 0, i + 1);
  w.proves(i * (i + 1) + 2 * j, Rel::LT, n * (n + 1));
  w.inBounds(div(i * (i + 1), 2) + j, div(n * (n + 1), 2));
}

TEST(Access, GroupedStridedConvolutionInFull) {
  World w;
  Expr b = w.dim("b"), c = w.dim("c"), h = w.dim("h"), v = w.dim("w"), o = w.dim("o");
  Expr r = w.dim("r"), t = w.dim("t"), s = w.dim("s"), pad = w.dim("pad"), g = w.dim("g");
  Expr oh = w.dim("oh"), ow = w.dim("ow");
  w.is(s, Rel::GE, 1);
  w.is(g, Rel::GE, 1);
  w.is(mod(c, g), Rel::EQ, 0);
  w.is(mod(o, g), Rel::EQ, 0);
  w.is(r, Rel::LE, h + 2 * pad);
  w.is(t, Rel::LE, v + 2 * pad);
  w.is(oh, Rel::EQ, div(h + 2 * pad - r, s) + 1);
  w.is(ow, Rel::EQ, div(v + 2 * pad - t, s) + 1);
  Expr n = w.in("n", 0, b), f = w.in("f", 0, o), p = w.in("p", 0, oh), q = w.in("q", 0, ow);
  Expr i = w.in("i", 0, div(c, g)), y = w.in("y", 0, r), x = w.in("x", 0, t);
  w.inBounds(div(f, div(o, g)) * div(c, g) + i, c);
  w.inBounds(p * s + y, h + 2 * pad);
  w.inBounds(q * s + x, v + 2 * pad);
  w.refutes(p * s + y - pad, Rel::GE, 0);
  w.inBounds(((n * o + f) * oh + p) * ow + q, b * o * oh * ow);
  EXPECT_EQ(w.range(((n * o + f) * oh + p) * ow + q).lo, 0);
  EXPECT_EQ(w.range(q * s + x).lo, 0);
  EXPECT_LT(w.range(q * s + x).hi.value_or(INT64_MAX), 3 * maxDim);
}

// Two iterations never meet

TEST(Access, RowsAreDisjoint) {
  World w;
  Expr m = w.dim("m"), n = w.dim("n");
  Expr i = w.in("i", 0, m), j = w.in("j", 0, n), k = w.in("k", 0, m), l = w.in("l", 0, n);
  w.is(i, Rel::NE, k);
  w.proves(i * n + j, Rel::NE, k * n + l);
}

TEST(Access, FlatIndexIsInjective) {
  World w;
  Expr h = w.dim("h"), v = w.dim("w"), c = w.dim("c");
  Expr x = w.in("x", 0, c), y = w.in("y", 0, h), z = w.in("z", 0, v);
  Expr p = w.in("p", 0, c), q = w.in("q", 0, h), r = w.in("r", 0, v);
  w.is((x * h + y) * v + z, Rel::EQ, (p * h + q) * v + r);
  w.proves(z, Rel::EQ, r);
  w.proves(y, Rel::EQ, q);
  w.proves(x, Rel::EQ, p);
}

TEST(Access, TilesAreDisjoint) {
  World w;
  Expr m = w.dim("m"), t = div(m, 32);
  Expr b = w.in("b", 0, t), i = w.in("i", 0, 32), c = w.in("c", 0, t), j = w.in("j", 0, 32);
  w.assumeAny({{{b, Rel::NE, c}}, {{i, Rel::NE, j}}});
  w.proves(b * 32 + i, Rel::NE, c * 32 + j);
  w.is(b * 32 + i, Rel::EQ, c * 32 + j);
  EXPECT_TRUE(w.isUnreachable());
}

TEST(Access, SymbolicTilesAreDisjoint) {
  World w;
  Expr s = w.dim("s"), n = w.dim("n"), b = w.in("b", 0, n), c = w.in("c", 0, n);
  Expr i = w.in("i", b * s, (b + 1) * s), j = w.in("j", c * s, (c + 1) * s);
  w.is(b, Rel::NE, c);
  w.proves(i, Rel::NE, j);
}

TEST(Access, OverlappingWindowsMeet) {
  World w;
  Expr n = w.dim("n"), i = w.in("i", 0, n), j = w.in("j", 0, n);
  w.is(i, Rel::NE, j);
  w.refutes(i + w.in("u", 0, 2), Rel::NE, j + w.in("v", 0, 2));
}

TEST(Access, TransposeIsInjective) {
  World w;
  Expr m = w.dim("m"), n = w.dim("n");
  Expr p = w.in("p", 0, m * n), q = w.in("q", 0, m * n);
  w.is(p, Rel::NE, q);
  w.is(div(p, n), Rel::EQ, div(q, n));
  w.proves(mod(p, n), Rel::NE, mod(q, n));
}

TEST(Access, TensorSizesBoundTheirIndices) {
  World w;
  Expr b = w.dim("b"), h = w.dim("h"), v = w.dim("w");
  w.is(4 * b * h * v, Rel::LE, maxDim);
  Expr n = w.in("n", 0, b), y = w.in("y", 0, h), x = w.in("x", 0, v);
  Range r = w.range((n * h + y) * v + x);
  EXPECT_EQ(r.lo, 0);
  EXPECT_EQ(r.hi, maxDim / 4 - 1);
  EXPECT_EQ(w.range(n * h + y).lo, 0);
  EXPECT_EQ(w.range(b * h * v).hi, maxDim / 4);
  w.proves((n * h + y) * v + x, Rel::LT, maxDim / 4);
  EXPECT_TRUE(w.range(b * h).hi);
}

TEST(Access, WrongExtentShowsSmallValues) {
  World w;
  Expr n = w.dim("n"), i = w.in("i", 0, n);
  Answer a = w.prove({i + 1, Rel::LT, n});
  ASSERT_EQ(a.kind, Answer::Kind::Refuted);
  EXPECT_EQ(w.describe(a), "refuted: n = 1 i = 0");
}

TEST(Access, LargeConstantsAreFound) {
  World w;
  Expr n = w.dim("n"), i = w.in("i", 4096, n);
  w.refutes(i, Rel::LT, 100000);
  w.refutes(i - 5000, Rel::GE, 0);
  w.is(mod(n, 4096), Rel::EQ, 0);
  w.refutes(i, Rel::LT, n - 1);
}

} // namespace

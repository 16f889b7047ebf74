// Hand-written mapped nests against plain C++ loops, on every machine that this CPU can run.
#include "tests/unit/cpu_target/Harness.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

namespace {
class Nests : public testing::TestWithParam<std::string> {};
std::string caseName(const testing::TestParamInfo<std::string> &info) {
  std::string name = info.param;
  for (char &c : name)
    if (!isalnum(c))
      c = '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(Machines, Nests, testing::ValuesIn(runnableMachines()), caseName);

const int64_t sizes[] = {0, 1, 3, 15, 16, 17, 31, 33, 64, 100, 1000};

std::vector<float> ramp(int64_t n, int seed = 1) {
  std::vector<float> v(n);
  for (int64_t i = 0; i < n; ++i)
    v[i] = float((i * 37 + seed * 11) % 64 - 32) / 8;
  return v;
}

TEST_P(Nests, Saxpy) {
  Library lib(R"(
    func.func @saxpy(%n: index {tx.dim = "n"}, %a: f32, %xa: !par.buf<?xf32>, %ya: !par.buf<?xf32>, %oa: !par.buf<?xf32> {tx.out}) {
      %c0 = arith.constant 0 : index
      %c64 = arith.constant 64 : index
      %c63 = arith.constant 63 : index
      %x = par.bind %xa [%n] : !par.buf<?xf32>
      %y = par.bind %ya [%n] : !par.buf<?xf32>
      %o = par.bind %oa [%n] : !par.buf<?xf32>
      %up = arith.addi %n, %c63 : index
      %t = arith.divsi %up, %c64 : index
      par.kernel {
        par.forall (%b) = (%c0) to (%t) axes ["b"] level "thread" attributes {plan.grain = 2 : i64} {
          %lo = arith.muli %b, %c64 : index
          %e = arith.addi %lo, %c64 : index
          %hi = arith.minsi %e, %n : index
          par.forall (%i) = (%lo) to (%hi) axes ["i"] level "simd" attributes {plan.vector = 16 : i64} {
            %xv = par.load %x[%i] : !par.buf<?xf32> -> f32
            %yv = par.load %y[%i] : !par.buf<?xf32> -> f32
            %p = arith.mulf %a, %xv : f32
            %s = arith.addf %p, %yv : f32
            par.store %s, %o[%i] : f32, !par.buf<?xf32>
          }
        }
      }
      return
    })",
              GetParam());
  for (int64_t n : sizes) {
    std::vector<float> x = ramp(n), y = ramp(n, 2), o(n + 1, 7.0f);
    EXPECT_EQ(lib("saxpy", n, 1.5f, x.data(), y.data(), o.data()), 0);
    for (int64_t i = 0; i < n; ++i)
      ASSERT_EQ(o[i], 1.5f * x[i] + y[i]) << i << " of " << n;
    EXPECT_EQ(o[n], 7.0f);
  }
}

TEST_P(Nests, Softmax) {
  Library lib(softmaxText(), GetParam());
  for (int64_t n : sizes) {
    int64_t m = 7;
    std::vector<float> x = ramp(m * n), y(m * n + 1, 7.0f);
    EXPECT_EQ(lib("softmax", m, n, x.data(), y.data()), 0);
    for (int64_t i = 0; i < m; ++i) {
      double mx = -INFINITY, s = 0;
      for (int64_t j = 0; j < n; ++j)
        mx = std::max<double>(mx, x[i * n + j]);
      for (int64_t j = 0; j < n; ++j)
        s += std::exp(x[i * n + j] - mx);
      for (int64_t j = 0; j < n; ++j)
        ASSERT_NEAR(y[i * n + j], std::exp(x[i * n + j] - mx) / s, 1e-6)
            << i << "," << j << " of " << n;
    }
    EXPECT_EQ(y[m * n], 7.0f);
  }
}

TEST_P(Nests, LayerNormTuple) {
  Library lib(rows("layernorm", "f32", R"(
        %sq, %s = par.reduce add (%j) = (%c0) to (%n) axes ["j"] level "simd" attributes {plan.vector = 16 : i64, plan.unroll = 2 : i64} {
          %v = par.load %x[%i, %j] : !par.buf<?x?xf32> -> f32
          %v2 = arith.mulf %v, %v : f32
          par.yield %v2, %v : f32, f32
        } : f32, f32
        %ni = arith.index_cast %n : index to i64
        %nf = arith.sitofp %ni : i64 to f32
        %mean = arith.divf %s, %nf : f32
        %ms = arith.divf %sq, %nf : f32
        %mm = arith.mulf %mean, %mean : f32
        %var = arith.subf %ms, %mm : f32
        par.forall (%j) = (%c0) to (%n) axes ["j"] level "simd" attributes {plan.vector = 16 : i64} {
          %v = par.load %x[%i, %j] : !par.buf<?x?xf32> -> f32
          %d = arith.subf %v, %mean : f32
          %e = arith.divf %d, %var : f32
          par.store %e, %y[%i, %j] : f32, !par.buf<?x?xf32>
        })"),
              GetParam());
  for (int64_t n : {1, 5, 64, 130}) {
    int64_t m = 4;
    std::vector<float> x = ramp(m * n), y(m * n);
    EXPECT_EQ(lib("layernorm", m, n, x.data(), y.data()), 0);
    for (int64_t i = 0; i < m; ++i) {
      float s = 0, sq = 0; // the values are dyadic: sums are exact
      for (int64_t j = 0; j < n; ++j) {
        s += x[i * n + j];
        sq += x[i * n + j] * x[i * n + j];
      }
      float mean = s / n, var = sq / n - mean * mean;
      for (int64_t j = 0; j < n; ++j) {
        float want = (x[i * n + j] - mean) / var, got = y[i * n + j];
        ASSERT_TRUE(got == want || (std::isnan(got) && std::isnan(want)))
            << i << "," << j << " of " << n;
      }
    }
  }
}

// NaN of either sign stays, -0 is below +0, wherever in the row they stand; of nothing, the infinity.
TEST_P(Nests, LargestAndSmallest) {
  auto reduce = [](const char *op) {
    return "%" + std::string(op) + " = par.reduce " + op +
           R"( (%j) = (%c0) to (%n) axes ["j"] level "simd" attributes {plan.vector = 8 : i64, plan.unroll = 2 : i64} {
          %v = par.load %x[%i, %j] : !par.buf<?x?xf32> -> f32
          par.yield %v : f32
        } : f32
        )";
  };
  Library lib(rows("extremes", "f32", reduce("max") + reduce("min") + R"(
        par.store %max, %y[%i, %c0] : f32, !par.buf<?x?xf32>
        par.store %min, %y[%i, %c1] : f32, !par.buf<?x?xf32>)"),
              GetParam());
  const float nan = NAN, inf = INFINITY;
  const std::vector<float> sets[] = {{1, -2, 3},
                                     {-1, -2, -3},
                                     {0.0f, -0.0f},
                                     {-0.0f},
                                     {-1, -0.0f},
                                     {1, 0.0f},
                                     {inf, -inf},
                                     {nan, 1},
                                     {std::copysign(nan, -1.0f), 1},
                                     {-inf, nan},
                                     {-inf},
                                     {inf},
                                     {1e-45f, -1e-45f},
                                     {-3, std::copysign(nan, -1.0f)}};
  auto same = [](float a, float b) {
    return (std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, sizeof a) == 0;
  };
  for (int64_t n : {2, 7, 8, 9, 16, 40, 41})
    for (const std::vector<float> &set : sets)
      for (int64_t place = 0; place < n; ++place) {
        // The row is set[0], but for the others somewhere.
        std::vector<float> x(n, set[0]), y(n, 7.0f);
        for (size_t k = 1; k < set.size(); ++k)
          x[(place + k) % n] = set[k];
        float largest = -inf, smallest = inf;
        for (float v : x) {
          bool isNan = std::isnan(largest) || std::isnan(v);
          largest = isNan ? nan : v > largest || (v == largest && !std::signbit(v)) ? v : largest;
          smallest = isNan                                                ? nan
                     : v < smallest || (v == smallest && std::signbit(v)) ? v
                                                                          : smallest;
        }
        EXPECT_EQ(lib("extremes", int64_t(1), n, x.data(), y.data()), 0);
        ASSERT_TRUE(same(y[0], largest)) << y[0] << ", not " << largest << ", n " << n;
        ASSERT_TRUE(same(y[1], smallest)) << y[1] << ", not " << smallest << ", n " << n;
      }
}

// Guards, an affine shift, a varying choice, a division in it, a strided read and a gather by computed index.
TEST_P(Nests, StencilGuardsAndChoices) {
  Library lib(rows("stencil", "f32", R"(
        %z = arith.constant 0.0 : f32
        par.forall (%j) = (%c0) to (%n) axes ["j"] level "simd" attributes {plan.vector = 16 : i64} {
          %jm = arith.subi %j, %c1 : index
          %jp = arith.addi %j, %c1 : index
          %ge = arith.cmpi sge, %jm, %c0 : index
          %lt = arith.cmpi slt, %jp, %n : index
          %l = par.load %x[%i, %jm] mask %ge other %z : f32 : !par.buf<?x?xf32> -> f32
          %r = scf.if %lt -> f32 {
            %q = par.load %x[%i, %jp] : !par.buf<?x?xf32> -> f32
            scf.yield %q : f32
          } else {
            scf.yield %z : f32
          }
          %n1 = arith.subi %n, %c1 : index
          %rev = arith.subi %n1, %j : index
          %b = par.load %x[%i, %rev] : !par.buf<?x?xf32> -> f32
          %s0 = arith.addf %l, %r : f32
          %s = arith.addf %s0, %b : f32
          %nz = arith.cmpi ne, %j, %c0 : index
          scf.if %nz {
            %k = arith.divsi %n, %j : index
            %kk = arith.remsi %k, %n : index
            %g = par.load %x[%i, %kk] : !par.buf<?x?xf32> -> f32
            %t = arith.addf %s, %g : f32
            par.store %t, %y[%i, %j] : f32, !par.buf<?x?xf32>
          } else {
            par.store %s, %y[%i, %j] : f32, !par.buf<?x?xf32>
          }
        })"),
              GetParam());
  for (int64_t n : sizes) {
    int64_t m = 3;
    std::vector<float> x = ramp(m * n), y(m * n + 1, 7.0f);
    EXPECT_EQ(lib("stencil", m, n, x.data(), y.data()), 0);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        const float *row = &x[i * n];
        float want = (j ? row[j - 1] : 0) + (j + 1 < n ? row[j + 1] : 0) + row[n - 1 - j];
        if (j)
          want += row[(n / j) % n];
        ASSERT_EQ(y[i * n + j], want) << i << "," << j << " of " << n;
      }
    EXPECT_EQ(y[m * n], 7.0f);
  }
}

// A column sum inside lanes (serial reduction around vectors), a transposed read, and a where that differs between lanes.
TEST_P(Nests, InnerReductionInLanes) {
  Library lib(R"(
    func.func @columns(%m: index, %n: index, %xa: !par.buf<?x?xf32>, %ya: !par.buf<?xf32> {tx.out}, %za: !par.buf<?xf32> {tx.out}) {
      %c0 = arith.constant 0 : index
      %x = par.bind %xa [%m, %n] : !par.buf<?x?xf32>
      %y = par.bind %ya [%n] : !par.buf<?xf32>
      %z = par.bind %za [%m] : !par.buf<?xf32>
      par.kernel {
        par.forall (%j) = (%c0) to (%n) axes ["j"] level "simd" attributes {plan.vector = 16 : i64} {
          %s = par.reduce add (%i) = (%c0) to (%m) axes ["i"] level "step" where (%i) {
            %k = arith.cmpi sle, %i, %j : index
            par.yield %k : i1
          } {
            %v = par.load %x[%i, %j] : !par.buf<?x?xf32> -> f32
            par.yield %v : f32
          } : f32
          par.store %s, %y[%j] : f32, !par.buf<?xf32>
        }
        par.forall (%i) = (%c0) to (%m) axes ["i"] level "simd" attributes {plan.vector = 16 : i64} {
          %s = par.reduce max (%j) = (%c0) to (%n) axes ["j"] level "step" {
            %v = par.load %x[%i, %j] : !par.buf<?x?xf32> -> f32
            par.yield %v : f32
          } : f32
          par.store %s, %z[%i] : f32, !par.buf<?xf32>
        }
      }
      return
    })",
              GetParam());
  for (int64_t n : {1, 7, 40})
    for (int64_t m : {0, 1, 33}) {
      std::vector<float> x = ramp(m * n), y(n), z(m);
      EXPECT_EQ(lib("columns", m, n, x.data(), y.data(), z.data()), 0);
      for (int64_t j = 0; j < n; ++j) {
        float s = 0;
        for (int64_t i = 0; i < m && i <= j; ++i)
          s += x[i * n + j];
        ASSERT_EQ(y[j], s);
      }
      for (int64_t i = 0; i < m; ++i) {
        float s = -INFINITY;
        for (int64_t j = 0; j < n; ++j)
          s = std::max(s, x[i * n + j]);
        ASSERT_EQ(z[i], s);
      }
    }
}

// Bytes to floats, a bool result, a bool input as a mask, counts in i32 and a min with its unsigned order.
TEST_P(Nests, MixedWidths) {
  Library lib(R"(
    func.func @mixed(%n: index, %ua: !par.buf<?xi8>, %ba: !par.buf<?xi1>, %fa: !par.buf<?xf32> {tx.out}, %oa: !par.buf<?xi1> {tx.out},
                     %ca: !par.buf<i32> {tx.out}, %ma: !par.buf<i8> {tx.out}, %flag: i1) {
      %c0 = arith.constant 0 : index
      %half = arith.constant 0.5 : f32
      %big = arith.constant 20.0 : f32
      %u = par.bind %ua [%n] : !par.buf<?xi8>
      %bb = par.bind %ba [%n] : !par.buf<?xi1>
      %f = par.bind %fa [%n] : !par.buf<?xf32>
      %o = par.bind %oa [%n] : !par.buf<?xi1>
      %c = par.bind %ca [] : !par.buf<i32>
      %mm = par.bind %ma [] : !par.buf<i8>
      par.kernel {
        par.forall (%i) = (%c0) to (%n) axes ["i"] level "simd" attributes {plan.vector = 16 : i64} {
          %v = par.load %u[%i] : !par.buf<?xi8> -> i8
          %x = arith.uitofp %v : i8 to f32
          %y = arith.mulf %x, %half : f32
          par.store %y, %f[%i] : f32, !par.buf<?xf32>
          %t = par.load %bb[%i] : !par.buf<?xi1> -> i1
          %g = arith.cmpf ogt, %y, %big : f32
          %a = arith.andi %t, %g : i1
          %w = arith.xori %a, %flag : i1
          par.store %w, %o[%i] : i1, !par.buf<?xi1>
        }
        %count = par.reduce add (%i) = (%c0) to (%n) axes ["i"] level "simd" attributes {plan.vector = 16 : i64, plan.unroll = 2 : i64} {
          %t = par.load %bb[%i] : !par.buf<?xi1> -> i1
          %e = arith.extui %t : i1 to i32
          par.yield %e : i32
        } : i32
        par.store %count, %c[] : i32, !par.buf<i32>
        %least = par.reduce min unsigned (%i) = (%c0) to (%n) axes ["i"] level "simd" attributes {plan.vector = 32 : i64} where (%i) {
          %t = par.load %bb[%i] : !par.buf<?xi1> -> i1
          par.yield %t : i1
        } {
          %v = par.load %u[%i] : !par.buf<?xi8> -> i8
          par.yield %v : i8
        } : i8
        par.store %least, %mm[] : i8, !par.buf<i8>
      }
      return
    })",
              GetParam());
  for (int64_t n : sizes) {
    std::vector<uint8_t> u(n), bools(n), o(n + 1, 9);
    std::vector<float> f(n);
    for (int64_t i = 0; i < n; ++i) {
      u[i] = uint8_t(i * 91 + 17);
      bools[i] = i % 3 == 1;
    }
    int32_t count = -1, want = 0;
    uint8_t least = 1, wantLeast = 255;
    EXPECT_EQ(
        lib("mixed", n, u.data(), bools.data(), f.data(), o.data(), &count, &least, uint8_t(n & 1)),
        0);
    for (int64_t i = 0; i < n; ++i) {
      ASSERT_EQ(f[i], u[i] * 0.5f);
      ASSERT_EQ(o[i], uint8_t((bools[i] && f[i] > 20) ^ (n & 1)));
      want += bools[i];
      if (bools[i])
        wantLeast = std::min(wantLeast, u[i]);
    }
    EXPECT_EQ(o[n], 9);
    EXPECT_EQ(count, want);
    EXPECT_EQ(least, wantLeast);
  }
}

TEST_P(Nests, ArgmaxAndFailures) {
  Library lib(R"(
    tx.combiner @argmax (%av: f32, %ai: index), (%bv: f32, %bi: index) {
      %g = arith.cmpf ogt, %bv, %av : f32
      %v = arith.select %g, %bv, %av : f32
      %i = arith.select %g, %bi, %ai : index
      tx.yield %v, %i : f32, index
    } identity {
      %mi = arith.constant 0xFF800000 : f32
      %k = arith.constant -1 : index
      tx.yield %mi, %k : f32, index
    }
    func.func @best(%n: index, %xa: !par.buf<?xf32>, %ia: !par.buf<?xi32>, %oa: !par.buf<i64> {tx.out}, %sa: !par.buf<f32> {tx.out}) {
      %c0 = arith.constant 0 : index
      %z = arith.constant 0.0 : f32
      %x = par.bind %xa [%n] : !par.buf<?xf32>
      %ix = par.bind %ia [%n] : !par.buf<?xi32>
      %o = par.bind %oa [] : !par.buf<i64>
      %so = par.bind %sa [] : !par.buf<f32>
      par.kernel {
        %v, %k = par.reduce user @argmax (%i) = (%c0) to (%n) axes ["i"] level "simd" {
          %e = par.load %x[%i] : !par.buf<?xf32> -> f32
          par.yield %e, %i : f32, index
        } : f32, index
        %k64 = arith.index_cast %k : index to i64
        par.store %k64, %o[] : i64, !par.buf<i64>
        %s = par.reduce add (%i) = (%c0) to (%n) axes ["i"] level "simd" attributes {plan.vector = 16 : i64, plan.unroll = 2 : i64} {
          %p = par.load %ix[%i] : !par.buf<?xi32> -> i32
          %q = arith.index_cast %p : i32 to index
          %ok = arith.cmpi ult, %q, %n : index
          %true = arith.constant true
          %bad = arith.xori %ok, %true : i1
          par.fail 5 if %bad at %i
          %e = par.load %x[%q] mask %ok other %z : f32 : !par.buf<?xf32> -> f32
          par.yield %e : f32
        } : f32
        par.store %s, %so[] : f32, !par.buf<f32>
      }
      return
    })",
              GetParam());
  for (int64_t n : sizes) {
    std::vector<float> x = ramp(n);
    std::vector<int32_t> index(n);
    float sum = 0, got = -1;
    int64_t best = -7, want = -1;
    for (int64_t i = 0; i < n; ++i) {
      index[i] = int32_t((i * 13) % n);
      if (want < 0 || x[i] > x[want])
        want = i;
      sum += x[index[i]];
    }
    EXPECT_EQ(lib("best", n, x.data(), index.data(), &best, &got), 0);
    EXPECT_EQ(best, want);
    EXPECT_EQ(got, sum);
    if (n) {
      index[n - 1] = INT32_MIN;
      EXPECT_EQ(lib("best", n, x.data(), index.data(), &best, &got), 4);
      EXPECT_EQ(lib.report.site, 5);
      EXPECT_EQ(lib.report.index, n - 1);
    }
  }
}

/// c = a * b by tiles of `rows` x `columns`; `wide` is the accumulator's type.
std::string matmul(const std::string &narrow, const std::string &wide, int64_t rows,
                   int64_t columns) {
  std::string r = std::to_string(rows), n = std::to_string(columns);
  std::string in = "!par.buf<?x?x" + narrow + ">", out = "!par.buf<?x?x" + wide + ">";
  std::string zero = wide[0] == 'f' ? "0.0" : "0";
  return "func.func @matmul(%m: index, %n: index, %l: index, %aa: " + in + ", %ba: " + in +
         ", %ca: " + out +
         R"( {tx.out}) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %mr = arith.constant )" +
         r + R"( : index
    %nr = arith.constant )" +
         n + R"( : index
    %z = arith.constant )" +
         zero + " : " + wide + R"(
    %a = par.bind %aa [%m, %l] : )" +
         in + R"(
    %b = par.bind %ba [%l, %n] : )" +
         in + R"(
    %c = par.bind %ca [%m, %n] : )" +
         out + R"(
    %tm = arith.ceildivui %m, %mr : index
    %tn = arith.ceildivui %n, %nr : index
    par.kernel {
      par.forall (%jb, %ib) = (%c0, %c0) to (%tn, %tm) axes ["j.0", "i.0"] level "thread" {
        %acc = par.alloc [%mr, %nr] {place = "reg"} : )" +
         out + R"(
        %i0 = arith.muli %ib, %mr : index
        %j0 = arith.muli %jb, %nr : index
        %i1 = arith.addi %i0, %mr : index
        %j1 = arith.addi %j0, %nr : index
        %i2 = arith.minsi %i1, %m : index
        %j2 = arith.minsi %j1, %n : index
        %rows = arith.subi %i2, %i0 : index
        %cols = arith.subi %j2, %j0 : index
        par.forall (%i, %j) = (%c0, %c0) to (%rows, %cols) axes ["i", "j"] level "simd" attributes {plan.vector = 16 : i64} {
          par.store %z, %acc[%i, %j] : )" +
         wide + ", " + out + R"(
        }
        par.contract %acc at affine_map<(i, j, k)[s, t] -> (i, j)> += %a at affine_map<(i, j, k)[s, t] -> (s + i, k)>
          * %b at affine_map<(i, j, k)[s, t] -> (k, t + j)> (%rows, %cols, %l) [%i0, %j0] kinds ["m", "n", "k"]
          instr {name = "fma", m = )" +
         r + " : i64, n = " + n + " : i64} : " + out + ", " + in + ", " + in + R"(
        par.forall (%i, %j) = (%i0, %j0) to (%i2, %j2) axes ["i", "j"] level "simd" attributes {plan.vector = 16 : i64} {
          %di = arith.subi %i, %i0 : index
          %dj = arith.subi %j, %j0 : index
          %s = par.load %acc[%di, %dj] : )" +
         out + " -> " + wide + R"(
          par.store %s, %c[%i, %j] : )" +
         wide + ", " + out + R"(
        }
      }
    }
    return
  })";
}

template <typename In, typename Out>
void checkMatmul(Library &lib, int64_t m, int64_t n, int64_t k, Out (*widen)(In), In (*make)(int)) {
  std::vector<In> a(m * k), b(k * n);
  std::vector<Out> c(m * n + 1, Out(7));
  for (size_t i = 0; i < a.size(); ++i)
    a[i] = make(int(i * 7 % 13) - 6);
  for (size_t i = 0; i < b.size(); ++i)
    b[i] = make(int(i * 5 % 11) - 5);
  EXPECT_EQ(lib("matmul", m, n, k, a.data(), b.data(), c.data()), 0);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      Out s = 0;
      for (int64_t l = 0; l < k; ++l)
        s += widen(a[i * k + l]) * widen(b[l * n + j]);
      ASSERT_EQ(c[i * n + j], s) << i << "," << j << " of " << m << "x" << n << "x" << k;
    }
  EXPECT_EQ(c[m * n], Out(7));
}

const int64_t shapes[][3] = {{0, 3, 2},     {1, 1, 1},  {6, 64, 10}, {7, 65, 3},
                             {13, 130, 17}, {5, 20, 0}, {4, 12, 9},  {23, 100, 31}};

TEST_P(Nests, MatmulTiles) {
  const texpr::Target *target = texpr::lookupTarget(GetParam());
  auto tile = [&](const char *t) { return texpr::findInstr(*target, t, t, t); };
  Library f32(matmul("f32", "f32", tile("f32")->m, tile("f32")->n), GetParam());
  Library f64(matmul("f64", "f64", tile("f64")->m, tile("f64")->n), GetParam());
  Library i8(matmul("i8", "i32", tile("i32")->m, tile("i32")->n), GetParam());
  Library plain(matmul("f32", "f32", 3, 5), GetParam());
  Library f16(matmul("f16", "f32", tile("f32")->m, tile("f32")->n), GetParam());
  for (auto [m, n, k] : shapes) {
    checkMatmul<float, float>(
        f32, m, n, k, [](float v) { return v; }, [](int v) { return v * 0.5f; });
    checkMatmul<double, double>(
        f64, m, n, k, [](double v) { return v; }, [](int v) { return v * 0.5; });
    checkMatmul<int8_t, int32_t>(
        i8, m, n, k, [](int8_t v) { return int32_t(v); }, [](int v) { return int8_t(v * 9); });
    checkMatmul<float, float>(
        plain, m, n, k, [](float v) { return v; }, [](int v) { return v * 0.5f; });
    checkMatmul<_Float16, float>(
        f16, m, n, k, [](_Float16 v) { return float(v); },
        [](int v) { return _Float16(v * 0.25f); });
  }
}

// Sums and quotients of halves round after every operation; conversions of every pattern.
uint16_t bitsOf(auto v) {
  uint16_t bits;
  memcpy(&bits, &v, 2);
  return bits;
}

std::string halfText(const std::string &type, const std::string &level) {
  std::string text =
      R"(func.func @half(%n: index, %xa: !par.buf<?xTYPE>, %ya: !par.buf<?xTYPE>, %fa: !par.buf<?xf32>, %da: !par.buf<?xf64>,
      %ga: !par.buf<?xf32> {tx.out}, %sa: !par.buf<?xTYPE> {tx.out}, %ta: !par.buf<?xTYPE> {tx.out}, %ua: !par.buf<?xTYPE> {tx.out}) {
    %c0 = arith.constant 0 : index
    %x = par.bind %xa [%n] : !par.buf<?xTYPE>
    %y = par.bind %ya [%n] : !par.buf<?xTYPE>
    %f = par.bind %fa [%n] : !par.buf<?xf32>
    %d = par.bind %da [%n] : !par.buf<?xf64>
    %g = par.bind %ga [%n] : !par.buf<?xf32>
    %s = par.bind %sa [%n] : !par.buf<?xTYPE>
    %t = par.bind %ta [%n] : !par.buf<?xTYPE>
    %u = par.bind %ua [%n] : !par.buf<?xTYPE>
    par.kernel {
      par.forall (%i) = (%c0) to (%n) axes ["i"] level "LEVEL" attributes {plan.vector = 16 : i64} {
        %xv = par.load %x[%i] : !par.buf<?xTYPE> -> TYPE
        %yv = par.load %y[%i] : !par.buf<?xTYPE> -> TYPE
        %fv = par.load %f[%i] : !par.buf<?xf32> -> f32
        %dv = par.load %d[%i] : !par.buf<?xf64> -> f64
        %wide = arith.extf %xv : TYPE to f32
        par.store %wide, %g[%i] : f32, !par.buf<?xf32>
        %sum = arith.addf %xv, %yv : TYPE
        %q = arith.divf %sum, %yv : TYPE
        par.store %q, %s[%i] : TYPE, !par.buf<?xTYPE>
        %narrow = arith.truncf %fv : f32 to TYPE
        par.store %narrow, %t[%i] : TYPE, !par.buf<?xTYPE>
        %narrow2 = arith.truncf %dv : f64 to TYPE
        par.store %narrow2, %u[%i] : TYPE, !par.buf<?xTYPE>
      }
    }
    return
  })";
  for (auto [from, to] : {std::pair<std::string, std::string>{"TYPE", type}, {"LEVEL", level}})
    for (size_t at; (at = text.find(from)) != std::string::npos;)
      text.replace(at, 4 + (from == "LEVEL"), to);
  return text;
}

TEST_P(Nests, HalvesRoundAfterEveryOperation) {
  for (const char *level : {"simd", "step"}) {
    Library lib(halfText("f16", level), GetParam());
    int64_t n = 1 << 16;
    std::vector<_Float16> x(n), y(n), s(n), t(n), u(n);
    std::vector<float> f(n), g(n);
    std::vector<double> d(n);
    for (int64_t i = 0; i < n; ++i) {
      uint16_t bits = uint16_t(i), other = uint16_t(i * 40503 + 7);
      memcpy(&x[i], &bits, 2);
      memcpy(&y[i], &other, 2);
      uint32_t wide = uint32_t(i * 2654435761u + (i << 16));
      memcpy(&f[i], &wide, 4);
      if (i % 2) // near the middle of two halves
        f[i] = float(x[i]) * (1 + ((i >> 1) % 3 - 1.0f) * 0x1p-11f);
      d[i] = double(float(x[i])) * (1 + 0x1p-11) + (i % 3 - 1) * 0x1p-60;
    }
    EXPECT_EQ(lib("half", n, x.data(), y.data(), f.data(), d.data(), g.data(), s.data(), t.data(),
                  u.data()),
              0);
    auto same = [](_Float16 p, _Float16 q) { return bitsOf(p) == bitsOf(q) || (p != p && q != q); };
    for (int64_t i = 0; i < n; ++i) {
      ASSERT_TRUE(g[i] == float(x[i]) || x[i] != x[i]) << i;
      _Float16 sum = _Float16(float(x[i]) + float(y[i]));
      ASSERT_TRUE(same(s[i], _Float16(float(sum) / float(y[i])))) << i;
      ASSERT_TRUE(same(t[i], _Float16(f[i]))) << f[i] << " gives " << float(t[i]);
      ASSERT_TRUE(same(u[i], _Float16(d[i]))) << d[i] << " gives " << float(u[i]);
    }
  }
}

// Division by one divisor for all lanes gives the bits of IEEE division, for all kinds of numbers.
template <typename T, typename Bits>
void checkQuotients(const std::string &type, const std::string &machine) {
  Library lib(rows("quotient", type.c_str(),
                   "%d = par.load %x[%i, %c0] : !par.buf<?x?x" + type + "> -> " + type + R"(
        par.forall (%j) = (%c0) to (%n) axes ["j"] level "simd" attributes {plan.vector = 16 : i64} {
          %v = par.load %x[%i, %j] : !par.buf<?x?x)" +
                       type + "> -> " + type + R"(
          %q = arith.divf %v, %d : )" +
                       type + R"(
          par.store %q, %y[%i, %j] : )" +
                       type + ", !par.buf<?x?x" + type + R"(>
        })"),
              machine);
  int64_t m = 2000, n = 259;
  std::vector<T> x(m * n), y(m * n);
  uint64_t state = 7;
  auto random = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    uint64_t high = state >> 32;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (high << 32) | (state >> 32);
  };
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      Bits bits = Bits(random());
      T value;
      memcpy(&value, &bits, sizeof value);
      // Most rows are of moderate numbers, where the short way is taken; their mantissas are often near all zeros or ones.
      if (i % 8) {
        value = T(1) + T(bits >> (sizeof(T) * 4)) / T(Bits(1) << (sizeof(T) * 4));
        if (bits % 3 == 0)
          value = std::nextafter(T(bits % 7 + 1), T(bits & 8 ? 100 : 0));
        value *= (bits & 1 ? -1 : 1);
      }
      x[i * n + j] = value;
    }
  EXPECT_EQ(lib("quotient", m, n, x.data(), y.data()), 0);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      T want = x[i * n + j] / x[i * n], got = y[i * n + j];
      ASSERT_TRUE((got == want && std::signbit(got) == std::signbit(want)) ||
                  (got != got && want != want))
          << x[i * n + j] << " / " << x[i * n] << ": " << got << ", not " << want;
    }
}

TEST_P(Nests, QuotientsByOneDivisor) {
  checkQuotients<float, uint32_t>("f32", GetParam());
  checkQuotients<double, uint64_t>("f64", GetParam());
}
} // namespace

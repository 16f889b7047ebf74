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
} // namespace

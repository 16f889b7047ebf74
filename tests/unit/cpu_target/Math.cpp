// The functions of cpu-math against the C library in double precision, in ulps, over a sweep of all f32 bit patterns.
// TEXPR_MATH_STRIDE=1 takes every pattern; the default takes one in 257, all exponents with varying mantissas.
#include "tests/unit/cpu_target/Harness.h"
#include <cmath>
#include <cstring>
#include <functional>
#include <gtest/gtest.h>

namespace {
float fromBits(uint32_t bits) {
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

/// The distance of `got` from the exact value in units of the last place of f32 there.
double ulps(float got, double exact) {
  if (std::isnan(exact))
    return std::isnan(got) ? 0 : INFINITY;
  if (std::isnan(got))
    return INFINITY;
  if (std::isinf(got) || std::isinf(exact)) {
    if (double(got) == exact || (std::isinf(got) && float(exact) == got))
      return 0;
    exact = std::max(-0x1p128, std::min(0x1p128, exact));
    if (std::isinf(got))
      return std::fabs(std::copysign(0x1p128, got) - exact) / 0x1p104;
  }
  if (exact == 0 && got == 0)
    return std::signbit(exact) == std::signbit(got) ? 0 : INFINITY;
  int exponent = exact == 0 ? -149 : std::max(std::ilogb(exact) - 23, -149);
  return std::fabs(double(got) - exact) / std::ldexp(1.0, std::min(exponent, 104));
}

std::string module(const std::string &op, bool binary, int lanes) {
  std::string type = lanes > 1 ? "vector<" + std::to_string(lanes) + "xf32>" : "f32";
  std::string second =
      binary ? "%w = llvm.load %b {alignment = 4 : i64} : !llvm.ptr -> " + type + "\n" : "";
  return "llvm.func @apply(%a: !llvm.ptr, %b: !llvm.ptr, %o: !llvm.ptr) {\n"
         "%v = llvm.load %a {alignment = 4 : i64} : !llvm.ptr -> " +
         type + "\n" + second + "%r = math." + op + " %v" + (binary ? ", %w" : "") + " : " + type +
         "\nllvm.store %r, %o {alignment = 4 : i64} : " + type + ", !llvm.ptr\nllvm.return\n}";
}

struct Function {
  const char *name;
  double bound; // ulps
  double (*exact)(double);
};
const Function functions[] = {
    {"exp", 2, std::exp},     {"log", 2, std::log},
    {"tanh", 2, std::tanh},   {"erf", 2, std::erf},
    {"exp2", 4, std::exp2},   {"expm1", 4, std::expm1},
    {"log2", 4, std::log2},   {"log1p", 4, std::log1p},
    {"sin", 4, std::sin},     {"cos", 4, std::cos},
    {"tan", 4, std::tan},     {"erfc", 4, std::erfc},
    {"sqrt", 0.5, std::sqrt}, {"rsqrt", 4, [](double x) { return 1 / std::sqrt(x); }},
};

class Math : public testing::TestWithParam<std::tuple<std::string, Function>> {};
INSTANTIATE_TEST_SUITE_P(All, Math,
                         testing::Combine(testing::ValuesIn(runnableMachines()),
                                          testing::ValuesIn(functions)),
                         [](const auto &info) {
                           return std::string(std::get<1>(info.param).name) + "_" +
                                  std::get<0>(info.param).substr(7);
                         });

TEST_P(Math, Sweep) {
  auto [machine, function] = GetParam();
  Library lib(module(function.name, false, 16), machine);
  auto apply = reinterpret_cast<void (*)(float *, float *, float *)>(lib.symbol("apply"));
  ASSERT_TRUE(apply);
  const char *setting = getenv("TEXPR_MATH_STRIDE");
  uint64_t stride = setting ? strtoull(setting, nullptr, 10) : 257;
  double worst = 0;
  float worstAt = 0, worstGot = 0;
  for (uint64_t start = 0; start < uint64_t(1) << 32; start += 16 * stride) {
    float in[16], out[16];
    for (int l = 0; l < 16; ++l)
      in[l] = fromBits(uint32_t(start + l * stride));
    apply(in, nullptr, out);
    for (int l = 0; l < 16; ++l) {
      double error = ulps(out[l], function.exact(in[l]));
      if (!(error <= worst)) {
        worst = error;
        worstAt = in[l];
        worstGot = out[l];
      }
    }
  }
  printf("  %s: %.3f ulp at %a (%a)\n", function.name, worst, worstAt, worstGot);
  EXPECT_LE(worst, function.bound);
}

const float corners[] = {0.0f,     -0.0f,      1.0f,       -1.0f,      0.5f,         -0.5f,
                         2.0f,     3.0f,       -2.0f,      -3.0f,      2.5f,         -2.5f,
                         INFINITY, -INFINITY,  NAN,        1e-45f,     -1e-45f,      3e38f,
                         -3e38f,   1e-38f,     16777215.f, 16777216.f, -16777215.0f, 0x1.fffffep0f,
                         0x1p127f, 0x1.8p127f, 1.0000001f, 0.99999994f};

class Math2 : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, Math2, testing::ValuesIn(runnableMachines()),
                         [](const auto &info) { return info.param.substr(7); });

TEST_P(Math2, PowAndAtan2) {
  for (const char *name : {"powf", "atan2"}) {
    Library lib(module(name, true, 16), GetParam());
    auto apply = reinterpret_cast<void (*)(float *, float *, float *)>(lib.symbol("apply"));
    ASSERT_TRUE(apply);
    auto exact = [&](double x, double y) {
      return name[0] == 'p' ? std::pow(x, y) : std::atan2(x, y);
    };
    double worst = 0;
    auto check = [&](float (&x)[16], float (&y)[16]) {
      float out[16];
      apply(x, y, out);
      for (int l = 0; l < 16; ++l) {
        double error = ulps(out[l], exact(x[l], y[l]));
        EXPECT_LE(error, 4) << name << " of " << x[l] << ", " << y[l] << ": " << out[l];
        worst = std::max(worst, error);
      }
    };
    float x[16], y[16];
    int l = 0;
    for (float a : corners)
      for (float b : corners) {
        x[l] = a;
        y[l] = b;
        if (++l == 16) {
          check(x, y);
          l = 0;
        }
      }
    uint64_t state = 1;
    auto random = [&] {
      return uint32_t((state = state * 6364136223846793005u + 1442695040888963407u) >> 32);
    };
    for (int round = 0; round < 50000 && !testing::Test::HasFailure(); ++round) {
      for (l = 0; l < 16; ++l) {
        x[l] = round % 2 ? fromBits(random()) : std::ldexp(float(random()), -30);
        y[l] = round % 4 < 2 ? fromBits(random()) : std::ldexp(float(int32_t(random())), -26);
      }
      check(x, y);
    }
    printf("  %s: %.3f ulp\n", name, worst);
  }
}
} // namespace

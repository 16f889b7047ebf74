// Every elementwise operation in lanes gives the bits that it gives alone: one nest, once at level simd and once at level
// step, over random and special values; on the machine's own vectors and on lanes of another width.
#include "tests/unit/cpu_target/Harness.h"
#include <cstring>
#include <gtest/gtest.h>

namespace {
struct Operation {
  const char *type, *text; // %x and %y are of `type`; %r of `result`
  const char *result;
};

const Operation operations[] = {
    {"f32", "%r = arith.addf %x, %y : f32", "f32"},
    {"f32", "%r = arith.divf %x, %y : f32", "f32"},
    {"f32", "%r = arith.minimumf %x, %y : f32", "f32"},
    {"f32", "%r = arith.maximumf %x, %y : f32", "f32"},
    {"f32", "%r = math.fma %x, %y, %x : f32", "f32"},
    {"f32", "%r = math.copysign %x, %y : f32", "f32"},
    {"f32", "%r = math.absf %x : f32", "f32"},
    {"f32", "%r = math.roundeven %x : f32", "f32"},
    {"f32", "%r = math.floor %x : f32", "f32"},
    {"f32", "%r = math.ceil %x : f32", "f32"},
    {"f32", "%r = math.trunc %x : f32", "f32"},
    {"f32", "%r = math.isnan %x : f32", "i1"},
    {"f32", "%r = math.isinf %x : f32", "i1"},
    {"f32", "%r = math.isfinite %x : f32", "i1"},
    {"f32", "%r = math.sin %x : f32", "f32"},
    {"f32", "%r = math.tanh %x : f32", "f32"},
    {"f32", "%r = math.powf %x, %y : f32", "f32"},
    {"f32", "%r = arith.cmpf une, %x, %y : f32", "i1"},
    {"f32", "%r = arith.truncf %x : f32 to bf16", "bf16"},
    {"f32", "%r = arith.truncf %x : f32 to f16", "f16"},
    {"f32", "%r = arith.extf %x : f32 to f64", "f64"},
    {"f32", "%r = tx.scalar fptosi %x : f32 -> i8", "i8"},
    {"f32", "%r = tx.scalar fptosi %x : f32 -> i32", "i32"},
    {"f32", "%r = tx.scalar fptoui %x : f32 -> i64", "i64"},
    {"f32", "%i = tx.scalar fptosi %x : f32 -> index\n%r = arith.index_cast %i : index to i64",
     "i64"},
    {"f64", "%r = arith.maximumf %x, %y : f64", "f64"},
    {"f64", "%r = math.exp %x : f64", "f64"},
    {"f64", "%r = math.erf %x : f64", "f64"},
    {"f64", "%r = math.rsqrt %x : f64", "f64"},
    {"f64", "%r = arith.truncf %x : f64 to bf16", "bf16"},
    {"f64", "%r = tx.scalar fptosi %x : f64 -> i64", "i64"},
    {"f16", "%r = arith.mulf %x, %y : f16", "f16"},
    {"f16", "%r = math.fma %x, %y, %x : f16", "f16"},
    {"f16", "%r = math.exp %x : f16", "f16"},
    {"f16", "%r = arith.minimumf %x, %y : f16", "f16"},
    {"f16", "%r = arith.cmpf olt, %x, %y : f16", "i1"},
    {"f16", "%r = tx.scalar fptosi %x : f16 -> i16", "i16"},
    {"bf16", "%r = arith.subf %x, %y : bf16", "bf16"},
    {"bf16", "%r = arith.negf %x : bf16", "bf16"},
    {"bf16", "%r = math.sqrt %x : bf16", "bf16"},
    {"bf16", "%c = arith.cmpf ogt, %x, %y : bf16\n%r = arith.select %c, %x, %y : bf16", "bf16"},
    {"bf16", "%r = arith.extf %x : bf16 to f64", "f64"},
    {"i8", "%r = tx.scalar floordiv %x, %y : i8, i8 -> i8", "i8"},
    {"i8", "%r = tx.scalar remu %x, %y : i8, i8 -> i8", "i8"},
    {"i8", "%r = math.ctlz %x : i8", "i8"},
    {"i8", "%r = arith.minui %x, %y : i8", "i8"},
    {"i8", "%e = arith.extsi %x : i8 to i64\n%r = arith.sitofp %e : i64 to bf16", "bf16"},
    {"i16", "%r = tx.scalar mod %x, %y : i16, i16 -> i16", "i16"},
    {"i16", "%r = tx.scalar shl %x, %y : i16, i16 -> i16", "i16"},
    {"i16", "%r = arith.muli %x, %y : i16", "i16"},
    {"i32", "%r = tx.scalar quot %x, %y : i32, i32 -> i32", "i32"},
    {"i32", "%r = tx.scalar divu %x, %y : i32, i32 -> i32", "i32"},
    {"i32", "%r = tx.scalar shrs %x, %y : i32, i32 -> i32", "i32"},
    {"i32", "%r = math.absi %x : i32", "i32"},
    {"i32", "%r = math.ctpop %x : i32", "i32"},
    {"i32", "%r = arith.uitofp %x : i32 to f32", "f32"},
    {"i32", "%r = arith.sitofp %x : i32 to bf16", "bf16"},
    {"i32", "%r = arith.bitcast %x : i32 to f32", "f32"},
    {"i64", "%r = tx.scalar rem %x, %y : i64, i64 -> i64", "i64"},
    {"i64", "%r = tx.scalar shru %x, %y : i64, i64 -> i64", "i64"},
    {"i64", "%r = math.cttz %x : i64", "i64"},
    {"i64", "%r = arith.maxsi %x, %y : i64", "i64"},
    {"i64", "%r = arith.muli %x, %y : i64", "i64"},
    {"i64", "%r = arith.sitofp %x : i64 to bf16", "bf16"},
    {"i64", "%r = arith.uitofp %x : i64 to f16", "f16"},
    {"i64", "%r = arith.uitofp %x : i64 to f32", "f32"},
    {"i64",
     "%a = arith.index_cast %x : i64 to index\n%b = arith.index_cast %y : i64 to index\n"
     "%q = tx.scalar floordiv %a, %b : index, index -> index\n%z = math.absi %q : index\n%w = "
     "math.ctlz %z : index\n"
     "%v = math.ctpop %a : index\n%s = arith.addi %w, %v : index\n%u = arith.xori %s, %q : index\n"
     "%r = arith.index_cast %u : index to i64",
     "i64"},
    {"i64",
     "%a = arith.index_cast %x : i64 to index\n%b = arith.addi %a, %i0 : index\n%c = arith.cmpi "
     "ult, %b, %n : index\n"
     "%d = arith.cmpi sge, %i0, %n : index\n%r = arith.xori %c, %d : i1",
     "i1"},
    {"i32",
     "%b = arith.constant 100 : index\n%d = arith.subi %i0, %b : index\n%e = arith.cmpi ult, %d, "
     "%n : "
     "index\n%m = arith.subi %b, %n : index\n%f = arith.cmpi ult, %d, %m : index\n%g = arith.cmpi "
     "ugt, %n, %d : index\n%h = arith.cmpi sle, %b, %d : index\n%p = arith.cmpi eq, %d, %b : "
     "index\n"
     "%q = arith.xori %e, %f : i1\n%s = arith.xori %g, %h : i1\n%u = arith.xori %q, %s : i1\n"
     "%r = arith.xori %u, %p : i1",
     "i1"},
    {"i1", "%r = arith.xori %x, %y : i1", "i1"},
};

int bytesOf(const std::string &type) {
  if (type == "i1" || type == "i8")
    return 1;
  return type == "bf16" ? 2 : atoi(type.c_str() + 1) / 8;
}

/// One function an operation, f0, f1, …
std::string text(const std::string &level, int lanes) {
  std::string all;
  for (size_t k = 0; k < std::size(operations); ++k) {
    const Operation &op = operations[k];
    std::string in = std::string("!par.buf<?x") + op.type + ">",
                out = std::string("!par.buf<?x") + op.result + ">";
    all += "func.func @f" + std::to_string(k) + "(%n: index, %xa: " + in + ", %ya: " + in +
           ", %ra: " + out +
           " {tx.out}) {\n%c0 = arith.constant 0 : index\n%xb = par.bind %xa [%n] : " + in +
           "\n%yb = par.bind %ya [%n] : " + in + "\n%rb = par.bind %ra [%n] : " + out +
           "\npar.kernel {\npar.forall (%i0) = (%c0) to (%n) axes [\"i\"] level \"" + level +
           "\" attributes {plan.vector = " + std::to_string(lanes) +
           " : i64} {\n%x = par.load %xb[%i0] : " + in + " -> " + op.type +
           "\n%y = par.load %yb[%i0] : " + in + " -> " + op.type + "\n" + op.text +
           "\npar.store %r, %rb[%i0] : " + op.result + ", " + out + "\n}\n}\nreturn\n}\n";
  }
  return all;
}

class Elementwise : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Machines, Elementwise, testing::ValuesIn(runnableMachines()),
                         [](const auto &info) { return info.param.substr(7); });

TEST_P(Elementwise, LanesAgreeWithScalars) {
  Library scalar(text("step", 1), GetParam()), lanes16(text("simd", 16), GetParam()),
      lanes4(text("simd", 4), GetParam());
  int64_t n = 3 * 997;
  uint64_t state = 3;
  for (size_t k = 0; k < std::size(operations); ++k) {
    const Operation &op = operations[k];
    int in = bytesOf(op.type), out = bytesOf(op.result);
    std::vector<uint8_t> x(n * in), y(n * in), r[3];
    for (std::vector<uint8_t> *data : {&x, &y})
      for (int64_t i = 0; i < n; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint64_t bits = state ^ (state >> 31);
        if (i % 3 == 0) // few bits: small integers, zeros, infinities, powers of two
          bits = (bits & 1 ? ~uint64_t(0) : 0) << (bits >> 8) % 64 >>
                 ((bits >> 1) & 1 ? 8 * (8 - in) : 0);
        if (op.type == std::string("i1"))
          bits &= 1;
        memcpy(&(*data)[i * in], &bits, in);
      }
    Library *libraries[] = {&scalar, &lanes16, &lanes4};
    std::string name = "f" + std::to_string(k);
    for (int v = 0; v < 3; ++v) {
      r[v].assign(n * out, 0xab);
      EXPECT_EQ((*libraries[v])(name.c_str(), n, x.data(), y.data(), r[v].data()), 0);
    }
    bool isFloat = op.result[0] == 'f' || op.result[0] == 'b';
    for (int v = 1; v < 3; ++v)
      for (int64_t i = 0; i < n; ++i) {
        if (!memcmp(&r[0][i * out], &r[v][i * out], out))
          continue;
        // NaN's bits are unspecified: both must be NaN.
        auto isNan = [&](const uint8_t *p) {
          uint64_t bits = 0;
          memcpy(&bits, p, out);
          int mantissa = op.result == std::string("bf16") ? 7 : out == 2 ? 10 : out == 4 ? 23 : 52;
          uint64_t magnitude = bits & ~(uint64_t(1) << (out * 8 - 1)) &
                               (out == 8 ? ~uint64_t(0) : (uint64_t(1) << (out * 8)) - 1);
          return magnitude > ((~uint64_t(0) << mantissa) & ((uint64_t(1) << (out * 8 - 1)) - 1));
        };
        ASSERT_TRUE(isFloat && isNan(&r[0][i * out]) && isNan(&r[v][i * out]))
            << op.text << " at " << i << " with " << (v == 1 ? 16 : 4) << " lanes";
      }
  }
}
} // namespace

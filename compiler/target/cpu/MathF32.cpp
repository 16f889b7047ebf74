// exp, exp2, log, tanh and erf of f32 in single precision, for machines with fma: what softmax and gelu spend their time on.
//
//   exp     x = n ln2 + r, |r| <= ln2 / 2; e^r by a polynomial; times 2^n in two exact steps, so denormals are rounded once
//   log     x = 2^e m, m in [sqrt(1/2), sqrt(2)); log m by a polynomial in m - 1
//   tanh    odd polynomial below 0.625, else 1 - 2 / (e^2x + 1)
//   erf     odd polynomial below 0.92, else 1 - e^-Q(x)
// NaN, infinities, zeros and denormals are as C has them. The coefficients are near-minimax fits at Chebyshev nodes, made by
// tests/unit/cpu_target/fit.py; the bounds (2 ulp) are tested over all inputs in tests/unit/cpu_target/Math.cpp.
#include "compiler/target/cpu/MathBuilder.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace texpr::cpu {

namespace {
constexpr double log2e = 1.4426950408889634;
constexpr double ln2High = 0.693145752, ln2Low = 1.42860677e-06; // 15 bits: n * ln2High is exact
// 1.5 * 2^23: adding it rounds to an integer, n. The 254 on top make two biased exponents of the low bits, see `scale`.
constexpr double roundMagic = 12582912.0 + 254;

constexpr double expPolynomial[] = {
    1, 1, 0.5, 0.166665182, 0.041666206, 0.0083688898, 0.00139504892};
constexpr double exp2Tail[] = {0.693147182,   0.240226507,  0.055503279,
                               0.00961800572, 0.0013400286, 0.000154759007};
constexpr double logTail[] = {0.333333135, -0.250000089, 0.200021207, -0.166679963, 0.14219518,
                              -0.12405546, 0.118883908,  -0.11676041, 0.0674659684};
constexpr double tanhTail[] = {-0.333332777, 0.133313283, -0.0537292287, 0.020601999,
                               -0.00566078071};
constexpr double erfTail[] = {0.128379166,   -0.376126349,   0.112836942,   -0.0268592704,
                              0.00520063424, -0.00081374374, 8.34522507e-05};
constexpr double erfLarge[] = {0.000188106977, 1.127707,     0.637129366,    0.103978097,
                               -0.0222493783,  0.0030488614, -0.000196513603};

/// p * 2^n; `shifted` is n + roundMagic.
Value scale(MathBuilder &m, Value p, Value n, Value shifted) {
  auto vector = dyn_cast<VectorType>(p.getType());
  if (m.target.masks && vector && vector.getNumElements() == 16) {
    // AVX-512 has the operation, denormals and overflow included.
    Value all =
        arith::ConstantOp::create(m.b, m.loc, m.b.getIntegerAttr(m.b.getIntegerType(16), -1));
    Value currentRounding = arith::ConstantOp::create(m.b, m.loc, m.b.getI32IntegerAttr(4));
    return LLVM::CallIntrinsicOp::create(m.b, m.loc, p.getType(),
                                         m.b.getStringAttr("llvm.x86.avx512.mask.scalef.ps.512"),
                                         ValueRange{p, n, p, all, currentRounding})
        .getResult(0);
  }
  // The low bits of `shifted` are n + 254 = half + rest, two exponents with their bias; what is above is shifted out.
  Value sum = m.bits(shifted), half = m.shr(sum, uint64_t(1)), rest = m.subI(sum, half);
  auto power = [&](Value e) { return m.bitcast(m.shl(e, uint64_t(23)), m.f32()); };
  return m.mul(m.mul(p, power(half)), power(rest));
}

/// e^x for x that is NaN or within [-104, 89].
Value expCore(MathBuilder &m, Value x) {
  Value shifted = m.mad(x, m.real(x, log2e), m.real(x, roundMagic));
  Value n = m.sub(shifted, roundMagic);
  Value r = m.mad(n, m.real(x, -ln2High), x);
  r = m.mad(n, m.real(x, -ln2Low), r);
  return scale(m, m.horner(r, expPolynomial), n, shifted);
}
} // namespace

Value expF32(MathBuilder &m, Value x) { return expCore(m, m.clamp(x, -104.0, 89.0)); }

Value exp2F32(MathBuilder &m, Value x) {
  x = m.clamp(x, -151.0, 129.0);
  Value shifted = m.add(x, roundMagic);
  Value n = m.sub(shifted, roundMagic);
  Value r = m.sub(x, n);
  Value p = m.mad(m.horner(r, exp2Tail), r, m.real(r, 1.0));
  return scale(m, p, n, shifted);
}

Value logF32(MathBuilder &m, Value x) {
  Value tiny = m.less(x, 0x1p-126);
  Value scaled = m.select(tiny, m.mul(x, 0x1p23), x);
  Value word = m.bits(scaled);
  Value steps = m.sar(m.subI(word, uint64_t(0x3f3504f3)), 23); // 0x3f3504f3: sqrt(1/2)
  Value mantissa = m.bitcast(m.subI(word, m.shl(steps, uint64_t(23))), m.f32());
  Value e = m.toReal(steps, m.f32());
  e = m.select(tiny, m.sub(e, 23.0), e);
  Value f = m.sub(mantissa, 1.0), square = m.mul(f, f);
  Value tail = m.mul(m.horner(f, logTail), m.mul(square, f));
  tail = m.mad(e, m.real(e, ln2Low), tail);
  tail = m.mad(square, m.real(f, -0.5), tail);
  Value result = m.mad(e, m.real(e, ln2High), m.add(f, tail));
  result = m.select(m.equal(x, INFINITY), x, result);
  Value notPositive = m.select(m.equal(x, 0.0), m.real(x, -INFINITY), m.real(x, NAN));
  return m.select(m.greater(x, 0.0), result, notPositive);
}

Value tanhF32(MathBuilder &m, Value x) {
  Value a = m.abs(x), square = m.mul(x, x);
  Value small = m.mad(m.horner(square, tanhTail), m.mul(square, x), x);
  Value limited = m.select(m.greater(a, 10.0), m.real(a, 10.0), a);
  Value e = expCore(m, m.add(limited, limited));
  Value large = m.sub(m.real(x, 1.0), m.div(m.real(x, 2.0), m.add(e, 1.0)));
  // The small branch adds +0 to -0.
  return m.copySign(m.select(m.less(a, 0.625), small, large), x);
}

Value erfF32(MathBuilder &m, Value x) {
  Value a = m.abs(x), square = m.mul(x, x);
  Value small = m.mad(m.horner(square, erfTail), x, x);
  Value limited = m.select(m.greater(a, 4.0), m.real(a, 4.0), a);
  Value large = m.sub(m.real(x, 1.0), expCore(m, m.neg(m.horner(limited, erfLarge))));
  return m.select(m.less(a, 0.921875), small, m.copySign(large, x));
}

} // namespace texpr::cpu

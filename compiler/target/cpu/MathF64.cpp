// Functions of f32 by way of double precision: the argument is exact there, the function good to 2^-35 or better, and one
// rounding ends it. Slower than single precision by two to three, and right on any machine, with fma or without.
//
//   exp, log    as in MathF32.cpp, with more terms; log m = 2 atanh((m - 1) / (m + 1)), so it is exact near 1
//   sin cos tan x = n pi/2 + r: in two steps below 2^27, by integers above (Payne and Hanek, "Radian reduction for
//               trigonometric functions", 1983); the integers run only if some lane needs them
//   pow         exp(y log |x|), then IEEE's special cases
//   erfc        e^(-x^2) G(1 / (1 + x/2))
#include "compiler/target/cpu/MathBuilder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace texpr::cpu {

namespace {
using V = Value;
constexpr double log2e = 1.4426950408889634, ln2 = 0.69314718055994531;
constexpr double ln2High = 0.69314718055920821,
                 ln2Low = 7.3710025651677989e-13; // 40 bits and the rest
constexpr double halfPi = 1.5707963267948966, pi = 3.1415926535897931;
constexpr double halfPiHigh = 1.5707963109016418,
                 halfPiLow = 1.5893254773528196e-08; // 25 bits and the rest
constexpr double roundMagic = 0x1.8p52;
constexpr uint64_t roundMagicBits = 0x4338000000000000;
constexpr uint64_t twoOverPi[] = {0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041,
                                  0xfe5163abdebbc561};

constexpr double expTail[] = {
    0.50000000000000022,   0.16666666666611502,    0.0416666666665714,
    0.0083333333708954637, 0.0013888888942917578,  0.00019841185140823968,
    2.480148644088867e-05, 2.7635064216396409e-06, 2.7634307759451256e-07};
constexpr double atanhTail[] = {0.33333333333334009, 0.19999999999501775,  0.14285714415592776,
                                0.11111094702036625, 0.090920255454624302, 0.076506398417146224,
                                0.074634356741375182};
constexpr double sinTail[] = {-0.16666666666631291, 0.0083333333252189664, -0.00019841263793356865,
                              2.7555351249734866e-06, -2.4761165439609407e-08};
constexpr double cosTail[] = {0.041666666666598587, -0.0013888888877886996, 2.4801580829457602e-05,
                              -2.7555545010089192e-07, 2.0646488269070619e-09};
constexpr double atanTail[] = {-0.33333333326487213,   0.19999999345776723,   -0.14285692321350102,
                               0.11110736497720923,    -0.0908709123603057,   0.076668325558432421,
                               -0.065487346872883892,  0.05488208645555194,   -0.042832362742693121,
                               0.029015852243216598,   -0.015728955394108141, 0.0062031245101949774,
                               -0.0015511762507937725, 0.00018242629446082719};
constexpr double erfTail[] = {0.12837916709552347,    -0.37612638903246098,
                              0.11283791670890143,    -0.026866170441984145,
                              0.0052239751654972709,  -0.00085481920157396362,
                              0.00012051193023567183, -1.4850011395944042e-05,
                              1.5637223584479779e-06, -1.1299158877692728e-07};
constexpr double erfcScaled[] = {
    8.1535355855866243e-08, 0.2820912269854034,   0.28216595637309594,  0.245972619981528,
    0.18335038463998496,    0.042452207000916474, 0.17461372580903356,  -0.63927383134213156,
    1.3732944115732235,     -2.607378983082711,   3.4922801774294703,   -3.0586974294807319,
    1.7026402028551837,     -0.54890976752372345, 0.065929959522937412, 0.01346508296739944,
    -0.0039960252447071489};

//===- exp and log --------------------------------------------------------===//

struct Exp {
  V tail, scale; // e^x = scale * (1 + tail)
};

/// For x that is NaN or within +-700.
Exp splitExp(MathBuilder &m, V x) {
  V shifted = m.add(m.mul(x, log2e), roundMagic);
  V n = m.sub(shifted, roundMagic);
  V r = m.sub(x, m.mul(n, ln2High));
  r = m.sub(r, m.mul(n, ln2Low));
  V tail = m.add(r, m.mul(m.horner(r, expTail), m.mul(r, r)));
  V exponent = m.addI(m.subI(m.bits(shifted), roundMagicBits), uint64_t(1023));
  return {tail, m.bitcast(m.shl(exponent, uint64_t(52)), m.f64())};
}

V exp64(MathBuilder &m, V x) {
  Exp e = splitExp(m, m.clamp(x, -700.0, 700.0));
  return m.mad(e.scale, e.tail, e.scale);
}

/// Exact to the sign of zero: e^x - 1.
V expm164(MathBuilder &m, V x) {
  Exp e = splitExp(m, m.clamp(x, -700.0, 700.0));
  return m.select(m.equal(x, 0.0), x, m.mad(e.scale, e.tail, m.sub(e.scale, 1.0)));
}

struct Log {
  V exponent, mantissa; // log2 x = exponent + mantissa / ln2
};

/// For finite x > 0.
Log splitLog(MathBuilder &m, V x) {
  V word = m.bits(x);
  V steps = m.sar(m.subI(word, uint64_t(0x3fe6a09e667f3bcd)), 52); // sqrt(1/2)
  V mantissa = m.bitcast(m.subI(word, m.shl(steps, uint64_t(52))), m.f64());
  V exponent = m.sub(m.bitcast(m.addI(steps, roundMagicBits), m.f64()), roundMagic);
  V s = m.div(m.sub(mantissa, 1.0), m.add(mantissa, 1.0)), z = m.mul(s, s);
  V twice = m.add(s, s);
  return {exponent, m.mad(m.mul(m.horner(z, atanhTail), z), twice, twice)};
}

V logSpecial(MathBuilder &m, V x, V result) {
  result = m.select(m.equal(x, INFINITY), x, result);
  V notPositive = m.select(m.equal(x, 0.0), m.real(x, -INFINITY), m.real(x, NAN));
  return m.select(m.greater(x, 0.0), result, notPositive);
}

V log64(MathBuilder &m, V x) {
  Log l = splitLog(m, x);
  return logSpecial(m, x, m.mad(l.exponent, m.real(x, ln2), l.mantissa));
}

V log264(MathBuilder &m, V x) {
  Log l = splitLog(m, x);
  return logSpecial(m, x, m.mad(l.mantissa, m.real(x, log2e), l.exponent));
}

V log1p64(MathBuilder &m, V x) {
  V u = m.add(x, 1.0);
  V lost = m.div(m.sub(x, m.sub(u, 1.0)), u); // what 1 + x rounded away
  V result = m.add(log64(m, u), lost);
  result = m.select(m.equal(u, 0.0), m.real(x, -INFINITY), result);
  V keeps = m.either(m.equal(x, 0.0), m.equal(x, INFINITY));
  return m.select(keeps, x, result);
}

V pow64(MathBuilder &m, V x, V y) {
  V a = m.abs(x);
  V result = exp64(m, m.mul(y, log64(m, a)));
  V truncated = math::TruncOp::create(m.b, m.loc, y);
  V isInteger = m.compare(MathBuilder::FP::OEQ, truncated, y);
  V half = m.mul(y, 0.5);
  V isOdd = m.both(isInteger,
                   m.compare(MathBuilder::FP::ONE, math::TruncOp::create(m.b, m.loc, half), half));
  V negative = m.less(x, 0.0);
  V finite = m.less(a, INFINITY);
  V noRoot = m.both(m.both(negative, finite), m.flip(isInteger));
  // A NaN exponent is no integer, and stays NaN by the product.
  result = m.select(noRoot, m.real(x, NAN), result);
  V signed_ = m.copySign(result, x);
  result = m.select(isOdd, signed_, result);
  V unit = m.both(m.equal(a, 1.0), m.equal(m.abs(y), INFINITY));
  V one = m.either(m.either(m.equal(y, 0.0), m.equal(x, 1.0)), unit);
  return m.select(one, m.real(x, 1.0), result);
}

//===- trigonometry -------------------------------------------------------===//

struct Angle {
  V quadrant; // i64, only its last two bits count
  V rest;     // f64, |rest| <= pi/4 and a little
};

/// The argument as bits of 2/pi times an integer, modulo 4 quadrants; for finite |x| >= 2^27.
Angle reduceBig(MathBuilder &m, V x32) {
  V word = m.zeroExtend(m.bits(x32), 64);
  V mantissa = m.orI(m.andI(word, uint64_t(0x7fffff)), uint64_t(0x800000));
  V exponent = m.andI(m.shr(word, uint64_t(23)), uint64_t(255));
  V offset =
      m.andI(m.subI(exponent, uint64_t(152)), uint64_t(127)); // x = mantissa * 2^(exponent - 150)
  V far = m.compare(MathBuilder::IP::uge, offset, uint64_t(64));
  V shift = m.andI(offset, uint64_t(63)), back = m.subI(m.number(shift, 63), shift);
  auto window = [&](unsigned k) { // 64 bits of 2/pi from `offset` + 64 k
    V high = m.select(far, m.number(word, twoOverPi[k + 1]), m.number(word, twoOverPi[k]));
    V low = m.select(far, m.number(word, twoOverPi[k + 2]), m.number(word, twoOverPi[k + 1]));
    return m.orI(m.shl(high, shift), m.shr(m.shr(low, uint64_t(1)), back));
  };
  V product = m.mulI(mantissa, window(0));
  V carry = m.shr(m.mulI(mantissa, m.shr(window(1), uint64_t(32))), uint64_t(32));
  product = m.addI(product, carry);
  V quadrant = m.shr(m.addI(product, uint64_t(1) << 61), uint64_t(62));
  V fraction = m.subI(product, m.shl(quadrant, uint64_t(62)));
  V rest = m.mul(m.toReal(fraction, m.f64()), halfPi * 0x1p-62);
  V negative = m.compare(MathBuilder::IP::ne, m.andI(word, uint64_t(0x80000000)), uint64_t(0));
  quadrant = m.select(negative, m.subI(m.number(word, 0), quadrant), quadrant);
  return {quadrant, m.select(negative, m.neg(rest), rest)};
}

Angle reduce(MathBuilder &m, V x32) {
  V x = m.widen(x32);
  V shifted = m.add(m.mul(x, 2 / pi), roundMagic);
  V n = m.sub(shifted, roundMagic);
  V rest = m.sub(x, m.mul(n, halfPiHigh));
  rest = m.sub(rest, m.mul(n, halfPiLow));
  V quadrant = m.bits(shifted);
  V big = m.compare(MathBuilder::FP::OGE, m.abs(x32), 0x1p27);
  auto choice = scf::IfOp::create(m.b, m.loc, TypeRange{quadrant.getType(), rest.getType()},
                                  m.any(big), true);
  OpBuilder::InsertionGuard guard(m.b);
  m.b.setInsertionPointToStart(&choice.getThenRegion().front());
  Angle far = reduceBig(m, x32);
  V infinite = m.equal(m.abs(x), INFINITY);
  far.rest = m.select(infinite, m.real(x, NAN), far.rest);
  scf::YieldOp::create(
      m.b, m.loc, ValueRange{m.select(big, far.quadrant, quadrant), m.select(big, far.rest, rest)});
  m.b.setInsertionPointToStart(&choice.getElseRegion().front());
  scf::YieldOp::create(m.b, m.loc, ValueRange{quadrant, rest});
  return {choice.getResult(0), choice.getResult(1)};
}

V sinCore(MathBuilder &m, V r) {
  V z = m.mul(r, r);
  return m.mad(m.horner(z, sinTail), m.mul(z, r), r);
}

/// An odd function of a zero is that zero.
V ofZero(MathBuilder &m, V x, V value) { return m.select(m.equal(x, 0.0), x, value); }

V cosCore(MathBuilder &m, V r) {
  V z = m.mul(r, r);
  return m.mad(m.horner(z, cosTail), m.mul(z, z), m.mad(z, m.real(z, -0.5), m.real(z, 1.0)));
}

V isSet(MathBuilder &m, V word, uint64_t bit) {
  return m.compare(MathBuilder::IP::ne, m.andI(word, bit), uint64_t(0));
}

/// sin(x + shift * pi/2).
V sine(MathBuilder &m, V x32, uint64_t shift) {
  Angle angle = reduce(m, x32);
  V quadrant = shift ? m.addI(angle.quadrant, shift) : angle.quadrant;
  V value = m.select(isSet(m, quadrant, 1), cosCore(m, angle.rest), sinCore(m, angle.rest));
  return m.select(isSet(m, quadrant, 2), m.neg(value), value);
}

V tangent(MathBuilder &m, V x32) {
  Angle angle = reduce(m, x32);
  V s = sinCore(m, angle.rest), c = cosCore(m, angle.rest);
  V odd = isSet(m, angle.quadrant, 1);
  return m.div(m.select(odd, m.neg(c), s), m.select(odd, s, c));
}

V atan264(MathBuilder &m, V y, V x) {
  V ay = m.abs(y), ax = m.abs(x);
  V steep = m.compare(MathBuilder::FP::OGT, ay, ax);
  V most = m.select(steep, ay, ax), least = m.select(steep, ax, ay);
  V ratio = m.div(least, most);
  ratio = m.select(m.equal(most, 0.0), m.real(x, 0.0), ratio);
  ratio = m.select(m.equal(least, INFINITY), m.real(x, 1.0), ratio);
  V z = m.mul(ratio, ratio);
  V angle = m.mad(m.horner(z, atanTail), m.mul(z, ratio), ratio);
  angle = m.select(steep, m.sub(m.real(x, halfPi), angle), angle);
  V left = m.compare(MathBuilder::IP::slt, m.bits(x), uint64_t(0));
  angle = m.select(left, m.sub(m.real(x, pi), angle), angle);
  V nan = m.compare(MathBuilder::FP::UNO, x, y);
  return m.select(nan, m.add(x, y), m.copySign(angle, y));
}

//===- error function, tanh -----------------------------------------------===//

V erfc64(MathBuilder &m, V x) {
  V a = m.abs(x);
  a = m.select(m.greater(a, 10.3), m.real(a, 10.3), a);
  V t = m.div(m.real(a, 1.0), m.mad(a, m.real(a, 0.5), m.real(a, 1.0)));
  V value = m.mul(m.horner(t, erfcScaled), exp64(m, m.neg(m.mul(a, a))));
  return m.select(m.less(x, 0.0), m.sub(m.real(x, 2.0), value), value);
}

V erf64(MathBuilder &m, V x) {
  V a = m.abs(x);
  V small = m.mad(m.horner(m.mul(x, x), erfTail), x, x);
  V large = m.copySign(m.sub(m.real(x, 1.0), erfc64(m, a)), x);
  return m.select(m.less(a, 0.92), small, large);
}

V tanh64(MathBuilder &m, V x) {
  V a = m.abs(x);
  a = m.select(m.greater(a, 20.0), m.real(a, 20.0), a);
  V e = expm164(m, m.add(a, a));
  return m.copySign(m.div(e, m.add(e, 2.0)), x);
}
} // namespace

Value viaF64(MathBuilder &m, StringRef function, ValueRange arguments) {
  V x32 = arguments[0];
  if (function == "cos")
    return m.narrow(sine(m, x32, 1));
  if (function == "sin")
    return ofZero(m, x32, m.narrow(sine(m, x32, 0)));
  if (function == "tan")
    return ofZero(m, x32, m.narrow(tangent(m, x32)));
  V x = m.widen(x32);
  if (function == "powf")
    return m.narrow(pow64(m, x, m.widen(arguments[1])));
  if (function == "atan2")
    return m.narrow(atan264(m, x, m.widen(arguments[1])));
  using Function = V (*)(MathBuilder &, V);
  auto of = llvm::StringSwitch<Function>(function)
                .Case("exp", exp64)
                .Case("exp2", [](MathBuilder &m, V x) { return exp64(m, m.mul(x, ln2)); })
                .Case("expm1", expm164)
                .Case("log", log64)
                .Case("log2", log264)
                .Case("log1p", log1p64)
                .Case("tanh", tanh64)
                .Case("erf", erf64)
                .Case("erfc", erfc64)
                .Default(nullptr);
  return of ? m.narrow(of(m, x)) : V();
}

} // namespace texpr::cpu

"""What each example must compute, by numpy and without the compiler: cases() of every example.

A case is a function, its arguments by name (dims too), the shapes of its outputs, and a check. Most inputs are small
dyadic values, for which sums and products are exact in f32 in any order, so that results are compared bit for bit; where
a math function or a division enters, the bound follows its stated ulps through the formula, element by element, in f64.
There is no global tolerance.
"""
import math
from dataclasses import dataclass, field

import numpy as np

from entry import ARGUMENT, CONTRACT, DATA, OK

F = np.float32
ULP = 2.0**-23  # one unit in the last place, at most, relative
U = 2.0**-24    # one rounding
TINY = 2.0**-126
MATH = 4        # ulps of a math function in f32; exp, log, tanh and erf are stated as 2


@dataclass
class Case:
    fn: str
    values: dict
    outputs: dict = field(default_factory=dict)
    check: object = None
    status: int = OK
    says: str = ""  # part of the error's text


def exact(**expected):
    """Bit for bit, but for the sign and payload of a NaN."""
    def check(results):
        for name, want in expected.items():
            got = results[name]
            same = (got == want) & (np.signbit(got) == np.signbit(want)) if got.dtype.kind == "f" else got == want
            if got.dtype.kind == "f":
                same |= np.isnan(got) & np.isnan(want)
            if not same.all():
                at = tuple(np.argwhere(~same)[0])
                return f"{name}{list(at)} is {got[at]!r}, expected {want[at]!r} ({(~same).sum()} of {same.size} differ)"
        return None
    return check


def within(**expected):
    """name = (the value in f64, the bound of its error in f64)."""
    def check(results):
        for name, (want, bound) in expected.items():
            got = results[name].astype(np.float64)
            with np.errstate(invalid="ignore"):
                good = (np.abs(got - want) <= bound + TINY) | (got == want) | (np.isnan(got) & np.isnan(want))
            if not good.all():
                at = tuple(np.argwhere(~good)[0])
                return f"{name}{list(at)} is {got[at]!r}, expected {want[at]!r} within {bound[at]:.3g}"
        return None
    return check


def dyadic(rng, *shape, top=4, step=0.25):
    """Multiples of `step` in -top..top: sums of products of a few thousand of them are exact in f32."""
    count = int(top / step)
    return (rng.integers(-count, count + 1, shape) * step).astype(F)


def wide(rng, *shape):
    return (rng.standard_normal(shape) * np.exp2(rng.integers(-6, 7, shape))).astype(F)


def out(**shapes):
    return {name: (shape, F) for name, shape in shapes.items()}


def saxpy(rng):
    for n in (0, 1, 7, 16, 1000, 100003):
        x, y, a = wide(rng, n), wide(rng, n), F(1.7)
        if n == 7:
            x[:] = [np.nan, np.inf, -np.inf, 0, -0.0, 1e-45, 3e38]
        with np.errstate(all="ignore"):
            yield Case("saxpy", dict(n=n, a=a, x=x, y=y), out(z=(n,)), exact(z=a * x + y))
    x = np.zeros(1, F)
    yield Case("saxpy", dict(n=-1, a=F(1), x=x, y=x), out(z=(1,)), status=ARGUMENT, says="n")


def softmax_parts(x):
    """Softmax in f64, and the bound of each exponential's relative error."""
    x = x.astype(np.float64)
    with np.errstate(all="ignore"):
        d = x - x.max(-1, initial=-np.inf, keepdims=True)
        e = np.exp(d)
        relative = U * np.where(np.isfinite(d), np.abs(d), 0) + 2 * ULP + 2.0**-149 / np.maximum(e, 1e-300)
    return e, relative


def softmax(rng):
    for m, n in ((0, 5), (3, 0), (1, 1), (5, 7), (17, 33), (4, 1024), (3, 5001)):
        x = wide(rng, m, n)
        if (m, n) == (5, 7):
            x[0], x[1, 2], x[2, 3] = -np.inf, np.nan, np.inf
            x[3] = [-np.inf, 1, 2, 3e38, -3e38, 0, 3e38]
        e, relative = softmax_parts(x)
        with np.errstate(all="ignore"):
            total = e.sum(-1, keepdims=True)
            y = e / total
            of_sum = (e * relative).sum(-1, keepdims=True) / total + n * U
            yield Case("softmax", dict(m=m, n=n, x=x), out(y=(m, n)), within(y=(y, np.nan_to_num(y * (relative + of_sum + ULP)))))


def logsumexp(rng):
    for m, n in ((0, 3), (4, 0), (1, 1), (6, 9), (33, 257), (2, 4096)):
        x = wide(rng, m, n)
        if (m, n) == (6, 9):
            x[0], x[1, 1], x[2, 5], x[3, 0] = -np.inf, np.nan, np.inf, -np.inf
            x[4] = 3e38
        wanted, bound = np.zeros(m), np.zeros(m)
        for i, row in enumerate(x.astype(np.float64)):
            with np.errstate(all="ignore"):
                top = row.max(initial=-np.inf)
                shift = 0.0 if np.isinf(top) else top
                d = row - shift
                e = np.exp(d)
                log = np.log(e.sum())
                wanted[i] = shift + log
                of_sum = (e * (U * np.where(np.isfinite(d), np.abs(d), 0) + 2 * ULP)).sum() / e.sum() + n * U
                bound[i] = np.nan_to_num(of_sum + 2 * ULP * np.abs(log) + U * np.abs(wanted[i]))
        yield Case("logsumexp", dict(m=m, n=n, x=x), out(y=(m,)), within(y=(wanted, bound)))


def layernorm(rng):
    eps = F(1e-5)
    for b, n in ((0, 8), (3, 0), (1, 1), (7, 33), (4, 1024), (129, 65)):
        x, gamma, beta = dyadic(rng, b, n), dyadic(rng, n), dyadic(rng, n)
        with np.errstate(all="ignore"):
            count = F(n)
            s, sq = x.sum(-1, dtype=F, keepdims=True), (x * x).sum(-1, dtype=F, keepdims=True)  # exact: dyadic
            mean = s / count
            spread = sq / count - mean * mean + eps  # f32, as in the source
            rstd = 1 / np.sqrt(spread.astype(np.float64))
            scaled = (x - mean).astype(np.float64) * rstd * gamma
            y = scaled + beta
            bound = np.abs(scaled) * ((MATH + 2) * ULP) + U * np.abs(y)
        yield Case("layernorm", dict(b=b, n=n, x=x, gamma=gamma, beta=beta, eps=eps), out(y=(b, n)), within(y=(y, bound)))


def welford(rng):
    for m, n in ((0, 4), (2, 0), (3, 1), (5, 7), (9, 100), (2, 4097)):
        x = (rng.standard_normal((m, n)) * 3 + 100).astype(F)
        wide_x = x.astype(np.float64)
        with np.errstate(all="ignore"):
            mean = wide_x.mean(-1) if n else np.zeros(m)
            variance = wide_x.var(-1) if n else np.full(m, np.nan)
            top = np.abs(wide_x).max(-1, initial=0)
            # Chan et al.: relative error of order n u kappa, kappa² = 1 + mean² / variance
            error = 8 * max(n, 1) * U * np.sqrt(variance * variance + mean * mean * variance)
        yield Case("welford", dict(m=m, n=n, x=x), out(mean=(m,), variance=(m,)),
                   within(mean=(mean, 4 * max(n, 1) * U * top), variance=(variance, np.nan_to_num(error))))


def argmax(rng):
    for m, n in ((0, 3), (3, 0), (1, 1), (8, 13), (5, 1000), (2, 40001)):
        x = rng.integers(-9, 10, (m, n)).astype(F)  # many ties
        if (m, n) == (8, 13):
            x[0], x[1] = -np.inf, 3
        value = x.max(-1, initial=-np.inf)
        place = x.argmax(-1).astype(np.int64) if n else np.full(m, np.iinfo(np.int64).max)
        yield Case("row_argmax", dict(m=m, n=n, x=x), {"value": ((m,), F), "place": ((m,), np.int64)},
                   exact(value=value, place=place))


ERF = np.vectorize(math.erf, otypes=[np.float64])
ERFC = np.vectorize(math.erfc, otypes=[np.float64])
ROOT = float(F(0.70710678))


def gelu(s, error):
    """GELU in f64 of a value known to `error`, and the bound of the result's error."""
    erf = ERF(s * ROOT)
    y = 0.5 * s * (1 + erf)
    slope = 0.5 * np.abs(1 + erf) + np.abs(s) * 0.4
    of_erf = np.abs(s) * 0.4 * np.abs(s) * U + 0.5 * np.abs(s) * (2 * ULP * np.abs(erf) + U * np.abs(1 + erf) + U)
    return y, slope * error + of_erf + 3 * U * np.abs(y)


def matmul_bias_gelu(rng):
    for m, k, n in ((0, 3, 2), (3, 0, 5), (2, 3, 0), (1, 1, 1), (7, 13, 5), (33, 65, 129), (64, 128, 96)):
        for make in (dyadic, wide):
            x, w, b = make(rng, m, k), make(rng, k, n), make(rng, n)
            terms = np.abs(x.astype(np.float64)) @ np.abs(w.astype(np.float64))
            s = x.astype(np.float64) @ w.astype(np.float64) + b
            error = np.zeros((m, n)) if make is dyadic else (k + 1) * U * terms + U * np.abs(s)
            yield Case("matmul_bias_gelu", dict(m=m, k=k, n=n, x=x, w=w, b=b), out(y=(m, n)), within(y=gelu(s, error)))


def einsum(rng):
    for b, s, t, h, d in ((0, 2, 2, 2, 2), (1, 3, 5, 2, 0), (1, 1, 1, 1, 1), (2, 7, 9, 3, 5), (2, 33, 17, 4, 64)):
        q, k = dyadic(rng, b, s, h, d), dyadic(rng, b, t, h, d)
        yield Case("scores", dict(b=b, s=s, t=t, h=h, d=d, q=q, k=k), out(y=(b, h, s, t)),
                   exact(y=np.einsum("bqhd,bkhd->bhqk", q, k) + F(0)))


def windows(x, pad, fill, r, s, oh, ow, stride):
    """[b, c, oh, ow, r, s], from a padded copy."""
    b, c, h, w = x.shape
    wide_x = np.full((b, c, h + 2 * pad, w + 2 * pad), fill, x.dtype)
    wide_x[:, :, pad:pad + h, pad:pad + w] = x
    out = np.full((b, c, oh, ow, r, s), fill, x.dtype)
    for p in range(oh):
        for q in range(ow):
            out[:, :, p, q] = wide_x[:, :, p * stride:p * stride + r, q * stride:q * stride + s]
    return out


def conv2d(rng):
    for b, c, h, w, o, r, s, stride, pad in ((1, 1, 1, 1, 1, 1, 1, 1, 0), (2, 3, 7, 9, 4, 3, 3, 1, 1), (1, 2, 11, 8, 3, 5, 3, 2, 2),
                                             (0, 2, 5, 5, 2, 3, 3, 1, 1), (1, 0, 5, 5, 2, 3, 3, 1, 1), (1, 2, 4, 4, 1, 5, 5, 3, 0),
                                             (1, 2, 16, 17, 8, 3, 3, 1, 1)):
        x, k = dyadic(rng, b, c, h, w), dyadic(rng, o, c, r, s)
        oh, ow = (h + 2 * pad - r) // stride + 1, (w + 2 * pad - s) // stride + 1
        y = np.einsum("bchwrs,ocrs->bohw", windows(x, pad, 0, r, s, oh, ow, stride), k) + F(0)
        values = dict(b=b, c=c, h=h, w=w, o=o, r=r, s=s, x=x, k=k, stride=stride, pad=pad)
        yield Case("conv2d", values, out(y=y.shape), exact(y=y))
    yield Case("conv2d", {**values, "stride": 0}, out(y=y.shape), status=CONTRACT, says="stride")
    yield Case("conv2d", {**values, "pad": -1}, out(y=y.shape), status=CONTRACT, says="pad")


def maxpool(rng):
    for b, c, h, w, size, stride, pad in ((1, 1, 1, 1, 1, 1, 0), (2, 3, 7, 9, 3, 2, 1), (1, 2, 11, 8, 2, 2, 0), (1, 0, 5, 5, 3, 1, 1),
                                          (1, 2, 2, 2, 3, 1, 0), (1, 1, 3, 3, 2, 1, 3), (2, 4, 32, 33, 3, 1, 1)):
        x = wide(rng, b, c, h, w)
        if h == 7:
            x[0, 0, 3, 4] = np.nan
        oh, ow = (h + 2 * pad - size) // stride + 1, (w + 2 * pad - size) // stride + 1
        y = windows(x, pad, -np.inf, size, size, oh, ow, stride).max((-1, -2))
        yield Case("maxpool", dict(b=b, c=c, h=h, w=w, x=x, size=size, stride=stride, pad=pad), out(y=y.shape), exact(y=y))
    for b, c, oh, ow in ((1, 1, 1, 1), (2, 3, 5, 7), (1, 0, 2, 2), (2, 1, 16, 31)):
        x = wide(rng, b, c, 2 * oh, 2 * ow)
        y = windows(x, 0, -np.inf, 2, 2, oh, ow, 2).max((-1, -2))
        yield Case("maxpool2x2", dict(b=b, c=c, oh=oh, ow=ow, x=x), out(y=y.shape), exact(y=y))


def attention(rng):
    scale = F(0.25)
    for h, s, d in ((0, 3, 4), (2, 0, 4), (1, 1, 1), (2, 5, 0), (3, 7, 5), (2, 65, 16), (1, 130, 64)):
        q, k, v = (dyadic(rng, h, s, d, top=2) for _ in range(3))
        o, bound = np.zeros((h, s, d)), np.zeros((h, s, d))
        for a in range(h):
            for i in range(s):
                score = (k[a, :i + 1] @ q[a, i] * scale).astype(np.float64)  # exact: dyadic
                e, relative = softmax_parts(score)
                values = v[a, :i + 1].astype(np.float64)
                o[a, i] = e @ values / e.sum()
                # each weight twice (in the sum and in the product), by at most one rescaling each; both sums; the quotient
                spread = 4 * (e * relative) @ np.abs(values) / e.sum()
                of_sum = (2 * (e * relative).sum() / e.sum() + (i + 2) * U + ULP) * np.abs(o[a, i])
                bound[a, i] = spread + of_sum + (i + 2) * U * (e @ np.abs(values)) / e.sum()
        yield Case("attention", dict(h=h, s=s, d=d, q=q, k=k, v=v, scale=scale), out(o=(h, s, d)), within(o=(o, bound)))


def embedding(rng):
    for v, d, n in ((1, 1, 1), (5, 0, 3), (5, 3, 0), (0, 4, 0), (7, 5, 11), (100, 65, 333)):
        table, ids = wide(rng, v, d), rng.integers(0, max(v, 1), n).astype(np.int32)
        yield Case("embedding", dict(v=v, d=d, n=n, table=table, ids=ids), out(y=(n, d)), exact(y=table[ids]))
    for wrong in (-1, 100, np.iinfo(np.int32).max, np.iinfo(np.int32).min):
        bad = ids.copy()
        bad[200] = wrong
        yield Case("embedding", dict(v=v, d=d, n=n, table=table, ids=bad), out(y=(n, d)), status=DATA, says="ids")
    yield Case("embedding", dict(v=0, d=3, n=1, table=np.zeros((0, 3), F), ids=np.zeros(1, np.int32)), out(y=(1, 3)), status=DATA)


def heat(rng):
    alpha = F(0.2)
    for h, w, steps in ((1, 1, 3), (0, 4, 2), (5, 0, 2), (5, 7, 0), (5, 7, -3), (5, 7, 1), (33, 65, 6), (64, 64, 3)):
        u = start = wide(rng, h, w)
        for _ in range(steps):
            up, down, left, right = u.copy(), u.copy(), u.copy(), u.copy()
            up[1:], down[:-1], left[:, 1:], right[:, :-1] = u[:-1], u[1:], u[:, :-1], u[:, 1:]
            u = u + alpha * ((up + down + left + right) - F(4) * u)
        yield Case("heat", dict(h=h, w=w, start=start, alpha=alpha, steps=steps), out(end=(h, w)), exact(end=u))


def black_scholes(rng):
    rate, sigma = F(0.05), F(0.25)
    for n in (0, 1, 7, 1000, 10007):
        spot, strike = (rng.uniform(50, 150, n).astype(F) for _ in range(2))
        years = rng.uniform(0.1, 3, n).astype(F)
        s, k, t, r, v = (np.asarray(a, np.float64) for a in (spot, strike, years, rate, sigma))
        spread, log = v * np.sqrt(t), np.log(s / k)
        drift = (r + 0.5 * v * v) * t
        d1 = (log + drift) / spread
        d2 = d1 - spread
        present = k * np.exp(-r * t)
        # the error of s / k moves the logarithm by as much as a rounding; then a sum, a quotient, a difference
        e1 = (U + MATH * ULP * np.abs(log) + 4 * U * np.abs(drift) + U * np.abs(log + drift)) / spread + 4 * ULP * np.abs(d1)
        e2 = e1 + 2 * ULP * spread + U * np.abs(d2)
        cdf = lambda d: 0.5 * ERFC(-d * ROOT)
        cdf_error = lambda d, e: 0.4 * (e + U * np.abs(d)) + (MATH + 1) * ULP * cdf(d)
        price = {}
        for name, sign in (("call_price", 1), ("put_price", -1)):
            first, second = s * cdf(sign * d1), present * cdf(sign * d2)
            of_present = (MATH + 1) * ULP + 2 * U * np.abs(r * t)
            error = s * cdf_error(sign * d1, e1) + present * cdf_error(sign * d2, e2) + second * of_present
            price[name] = (sign * (first - second), error + 2 * U * (first + second))
        yield Case("black_scholes", dict(n=n, spot=spot, strike=strike, years=years, rate=rate, sigma=sigma),
                   out(call_price=(n,), put_price=(n,)), within(**price))


def transpose(rng):
    for m, n in ((32, 32), (0, 64), (64, 0), (96, 160), (32, 224)):
        x = wide(rng, m, n)
        yield Case("transpose", dict(m=m, n=n, x=x), out(y=(n, m)), exact(y=np.ascontiguousarray(x.T)))
    yield Case("transpose", dict(m=33, n=32, x=np.zeros((33, 32), F)), out(y=(32, 33)), status=CONTRACT, says="m")


def tiled_matmul(rng):
    for m, k, n in ((32, 32, 32), (0, 32, 32), (32, 0, 64), (96, 32, 160), (64, 96, 32)):
        a, b = dyadic(rng, m, k), dyadic(rng, k, n)
        yield Case("tiled_matmul", dict(m=m, k=k, n=n, a=a, b=b), out(c=(m, n)), exact(c=a @ b + F(0)))
    yield Case("tiled_matmul", dict(m=32, k=8, n=32, a=np.zeros((32, 8), F), b=np.zeros((8, 32), F)), out(c=(32, 32)),
               status=CONTRACT, says="k")


def warp_softmax(rng):
    for m, n in ((0, 5), (3, 0), (1, 1), (5, 7), (17, 33), (4, 1024), (3, 997)):
        x = wide(rng, m, n)
        e, relative = softmax_parts(x)
        total = np.maximum(e.sum(-1, keepdims=True), TINY)
        y = e / total
        of_sum = (e * relative).sum(-1, keepdims=True) / total + n * U
        yield Case("warp_softmax", dict(m=m, n=n, x=x), out(y=(m, n)), within(y=(y, y * (relative + of_sum + ULP))))
    for n in (0, 1, 31, 32, 33, 1000):
        x = rng.integers(-3, 4, n).astype(np.int32)
        kept = x[x > 0]
        y = np.concatenate([kept, np.zeros(n - len(kept), np.int32)]).astype(np.int32)
        yield Case("positive", dict(n=n, x=x), {"y": ((n,), np.int32), "count": ((), np.int64)},
                   exact(y=y, count=np.array(len(kept), np.int64)))


def lane_matmul(rng):
    for m, k, n in ((8, 32, 32), (0, 32, 32), (8, 0, 64), (96, 32, 160), (64, 96, 32)):
        a, b = dyadic(rng, m, k), dyadic(rng, k, n)
        yield Case("lane_matmul", dict(m=m, k=k, n=n, a=a, b=b), out(c=(m, n)), exact(c=a @ b + F(0)))
    for m in (0, 1, 7, 100):
        a, b = dyadic(rng, m, 32), dyadic(rng, m, 32)
        yield Case("dots", dict(m=m, a=a, b=b), out(c=(m,)), exact(c=(a * b).sum(-1) + F(0)))
    yield Case("lane_matmul", dict(m=12, k=32, n=32, a=np.zeros((12, 32), F), b=np.zeros((32, 32), F)), out(c=(12, 32)),
               status=CONTRACT, says="m")


def counts(rng):
    for n in (0, 1, 100, 1000003):
        text = rng.integers(0, 256, n).astype(np.uint8)
        yield Case("counts", dict(n=n, text=text), {"count": ((256,), np.int64)},
                   exact(count=np.bincount(text, minlength=256).astype(np.int64)))
    for n, k in ((0, 3), (0, 0), (5, 1), (300000, 17)):
        key = rng.integers(0, max(k, 1), n).astype(np.int32)
        weight = rng.integers(-9, 9, n).astype(np.int32)
        most, total = np.full(k, np.iinfo(np.int32).min, np.int32), np.zeros(k, np.int32)
        np.maximum.at(most, key, weight)
        np.add.at(total, key, weight)
        yield Case("largest", dict(n=n, k=k, key=key, weight=weight), {"most": ((k,), np.int32), "sum": ((k,), np.int32)},
                   exact(most=most, sum=total))
    yield Case("largest", dict(n=2, k=2, key=np.array([0, 2], np.int32), weight=np.zeros(2, np.int32)),
               {"most": ((2,), np.int32), "sum": ((2,), np.int32)}, status=DATA, says="key")
    for n in (0, 1, 9, 200000):
        x = rng.integers(-1, 2, n).astype(F)
        yield Case("tickets", dict(n=n, x=x), {"taken": ((), np.int64), "total": ((), F)},
                   exact(taken=np.array((x > 0).sum(), np.int64), total=np.array((x > 0).sum(), F)))


def cholesky(rng):
    for n in (0, 1, 2, 7, 33, 100):
        g = rng.standard_normal((n, n))
        A = (g @ g.T + n * np.eye(n)).astype(F)

        def check(results, A=A, n=n):
            L = results["L"].astype(np.float64)
            if (L != np.tril(L)).any():
                return "L is not lower triangular"
            error, bound = np.abs(L @ L.T - np.tril(A) - np.tril(A, -1).T), 2 * (n + 2) * U * (np.abs(L) @ np.abs(L).T)
            return None if (error <= bound).all() else f"|A - L Lᵀ| is {(error - bound).max():.3g} above its bound"
        yield Case("cholesky", dict(n=n, A=A), out(L=(n, n)), check)


def edges_reference(rgb, threshold):
    h, w, _ = rgb.shape
    grey = ((rgb.astype(np.int32) @ np.array([77, 150, 29], np.int32) + 128) >> 8).astype(F)

    def moved(image, di, dj, outside):
        """image[i + di, j + dj], `outside` where there is none."""
        out = outside.copy()
        i, j = slice(max(0, -di), h - max(0, di)), slice(max(0, -dj), w - max(0, dj))
        if i.start < i.stop and j.start < j.stop:
            out[i, j] = image[i.start + di:i.stop + di, j.start + dj:j.stop + dj]
        return out

    weights = [1, 4, 6, 4, 1]
    blur = sum(moved(grey, u - 2, v - 2, grey) * F(weights[u] * weights[v]) for u in range(5) for v in range(5)) / F(256)
    nw, n, ne = (moved(blur, -1, d, blur) for d in (-1, 0, 1))
    west, east = moved(blur, 0, -1, blur), moved(blur, 0, 1, blur)
    sw, s, se = (moved(blur, 1, d, blur) for d in (-1, 0, 1))
    x, y = (ne - nw) + F(2) * (east - west) + (se - sw), (sw - nw) + F(2) * (s - n) + (se - ne)
    strength, zero = np.sqrt(x * x + y * y), np.zeros((h, w), F)
    ax, ay, tangent = np.abs(x), np.abs(y), F(0.41421356)
    sector = [ay <= ax * tangent, ax <= ay * tangent, x * y > 0]
    pick = lambda sign: np.select(sector, [moved(strength, 0, sign, zero), moved(strength, sign, 0, zero),
                                           moved(strength, sign, sign, zero)], moved(strength, sign, -sign, zero))
    before, after = pick(-1), pick(1)
    thin = np.where((strength > before) & (strength >= after), strength, 0)
    return np.where(thin >= threshold, 255, 0).astype(np.uint8)


def edges(rng):
    for h, w in ((1, 1), (0, 5), (6, 0), (2, 3), (5, 4), (37, 53), (130, 257)):
        rgb = rng.integers(0, 256, (h, w, 3), dtype=np.uint8)
        if h > 30:  # a disk on a slope, so that there are edges and not noise alone
            i, j = np.mgrid[:h, :w]
            rgb = (rgb // 8 + (i + j)[..., None] // 4 % 60 + 120 * ((i - h // 2)**2 + (j - w // 2)**2 < 200)[..., None]).astype(np.uint8)
        threshold = F(60)
        yield Case("edges", dict(h=h, w=w, rgb=rgb, threshold=threshold), {"edge": ((h, w), np.uint8)},
                   exact(edge=edges_reference(rgb, threshold)))


def histogram(rng):
    for h, w, c in ((0, 3, 2), (3, 0, 1), (1, 1, 1), (5, 7, 3), (33, 65, 4), (300, 200, 1)):
        image = rng.integers(0, 256, (h, w, c)).astype(np.uint8)
        count = np.array([np.bincount(image[..., k].ravel(), minlength=256) for k in range(c)], np.int32)
        yield Case("histogram", dict(h=h, w=w, c=c, image=image), {"count": ((c, 256), np.int32)}, exact(count=count))
    for n, bins in ((0, 3), (5, 0), (1, 1), (100, 7), (20000, 13), (20000, 40000)):
        x, weight = dyadic(rng, n), dyadic(rng, n)
        at = np.floor((x - F(-1)) / F(0.25)).astype(np.int64)
        inside = (at >= 0) & (at < bins)
        total, count = np.zeros(bins, F), np.zeros(bins, np.int64)
        np.add.at(total, at[inside], weight[inside])
        np.add.at(count, at[inside], 1)
        yield Case("binned", dict(n=n, bins=bins, x=x, weight=weight, lo=F(-1), step=F(0.25)),
                   {"total": ((bins,), F), "count": ((bins,), np.int64)}, exact(total=total, count=count))


def sort_by_key(rng):
    for n, d in ((0, 2), (1, 0), (1, 1), (7, 3), (16, 1), (17, 2), (1000, 5), (5000, 2)):
        group, score = rng.integers(-2, 3, n).astype(np.int32), rng.integers(-4, 5, n).astype(F)
        if n > 10:
            score[3], score[5], score[7], score[8] = np.nan, -0.0, -np.inf, np.inf
        row = dyadic(rng, n, d)
        # NaN is the largest, -0 below +0
        key = np.where(np.isnan(score), np.inf, score) + 0.0
        order = sorted(range(n), key=lambda i: (group[i], not np.isnan(score[i]), -key[i], bool(np.signbit(score[i]))))
        order = np.array(order, np.int64)
        rank = np.empty(n, np.int64)
        rank[order] = np.arange(n)
        yield Case("sort_rows", dict(n=n, d=d, group=group, score=score, row=row),
                   {"sorted": ((n, d), F), "rank": ((n,), np.int64)}, exact(sorted=row[order], rank=rank))


def top_k(rng):
    for m, n, k in ((0, 3, 2), (3, 0, 0), (1, 1, 1), (5, 7, 0), (5, 7, 7), (33, 100, 3), (2, 5000, 40), (3, 5000, 4000)):
        x = rng.integers(-99, 100, (m, n)).astype(F)
        place = np.argsort(-x, -1, kind="stable")[:, :k]
        yield Case("top_k", dict(m=m, n=n, k=k, x=x), {"value": ((m, k), F), "place": ((m, k), np.int64)},
                   exact(value=np.take_along_axis(x, place, -1), place=place))
    yield Case("top_k", dict(m=3, n=4, k=5, x=np.zeros((3, 4), F)), {"value": ((3, 5), F), "place": ((3, 5), np.int64)},
               status=CONTRACT, says="k <= n")


def knn(rng):
    for m, n, d, k in ((0, 3, 2, 2), (3, 0, 2, 0), (2, 3, 0, 3), (1, 1, 1, 1), (7, 100, 3, 5), (20, 1000, 4, 8)):
        query, point = dyadic(rng, m, d), dyadic(rng, n, d)
        far = ((query[:, None] - point) ** 2).sum(-1, dtype=F)
        place = np.argsort(far, -1, kind="stable")[:, :k]
        yield Case("nearest", dict(m=m, n=n, d=d, k=k, query=query, point=point),
                   {"place": ((m, k), np.int64), "distance": ((m, k), F)},
                   exact(place=place, distance=np.take_along_axis(far, place, -1)))


def kmeans(rng):
    for n, d, k in ((0, 2, 3), (5, 0, 2), (5, 2, 0), (1, 1, 1), (50, 3, 7), (2000, 4, 5)):
        point, center = dyadic(rng, n, d), dyadic(rng, k, d)
        far = ((point[:, None] - center) ** 2).sum(-1, dtype=F)
        cluster = far.argmin(-1).astype(np.int64) if k else np.full(n, np.iinfo(np.int64).max)
        count = np.bincount(cluster, minlength=k).astype(np.int64) if k else np.zeros(0, np.int64)
        total = np.zeros((k, d), F)
        if k:
            np.add.at(total, cluster, point)
        mean = total / np.maximum(count, 1)[:, None].astype(F)
        yield Case("kmeans_step", dict(n=n, d=d, k=k, point=point, center=center),
                   {"next": ((k, d), F), "cluster": ((n,), np.int64), "count": ((k,), np.int64)},
                   exact(next=np.where(count[:, None] > 0, mean, center), cluster=cluster, count=count))


def moe(rng):
    for t, d, e, f in ((0, 2, 3, 2), (3, 0, 2, 2), (3, 2, 4, 0), (1, 1, 2, 1), (7, 5, 8, 9), (65, 16, 6, 33)):
        x, gate, w = dyadic(rng, t, d), dyadic(rng, d, e), dyadic(rng, e, d, f)
        logit = x.astype(np.float64) @ gate  # exact, as are the products below
        expert = np.argsort(-logit, -1, kind="stable")[:, :2]
        best = np.take_along_axis(logit, expert, -1)
        second = np.exp(best[:, 1] - best[:, 0])[:, None]
        of = np.einsum("td,tsdf->tsf", x.astype(np.float64), w[expert])
        share = 1 / (1 + second)
        y = share * of[:, 0] + second * share * of[:, 1]
        bound = (np.abs(of[:, 0]) + np.abs(of[:, 1])) * (4 * ULP + 6 * U)
        check = within(y=(y, bound))
        places = exact(expert=expert)
        yield Case("moe", dict(t=t, d=d, e=e, f=f, x=x, gate=gate, w=w), {"y": ((t, f), F), "expert": ((t, 2), np.int64)},
                   lambda results, check=check, places=places: check(results) or places(results))
    yield Case("moe", dict(t=1, d=1, e=1, f=1, x=np.zeros((1, 1), F), gate=np.zeros((1, 1), F), w=np.zeros((1, 1, 1), F)),
               {"y": ((1, 1), F), "expert": ((1, 2), np.int64)}, status=CONTRACT, says="e >= 2")


def csr_of(rng, m, n, density):
    """A matrix with small entries, and its rows: pointers, columns, values."""
    a = (rng.random((m, n)) < density) * dyadic(rng, m, n)
    row = np.concatenate([[0], np.cumsum((a != 0).sum(1))]).astype(np.int64)
    r, c = np.nonzero(a)
    return a, row, c.astype(np.int32), a[r, c]


def csr(rng):
    for m, n, k, density in ((0, 0, 0, 0), (0, 3, 2, 1), (3, 0, 1, 1), (1, 1, 1, 1), (5, 7, 0, 0.5), (7, 5, 3, 0.5), (100, 33, 17, 0.1), (1001, 300, 1, 0.02)):
        a, row, col, val = csr_of(rng, m, n, density)
        x, dense = dyadic(rng, n), dyadic(rng, n, k)
        entries = dict(m=m, z=len(val), row=row, val=val)
        yield Case("spmv", dict(entries, n=n, col=col, x=x), out(y=(m,)), exact(y=a @ x))
        yield Case("spmm", dict(entries, n=n, k=k, col=col, x=dense), out(y=(m, k)), exact(y=a @ dense))
        longest = np.array(np.diff(row).max(initial=0))
        yield Case("row_sums", dict(entries, row=row.astype(np.int32)), dict(total=((m,), F), longest=((), np.int64)),
                   exact(total=a.sum(1), longest=longest))
    for at, value, says in ((0, 1, "row[0] == 0"), (0, -1, "row[0] == 0"), (m, len(val) + 1, "row[m] == z"), (m, 2**62, "row[m] == z"),
                            (m // 2, len(val) + 1, "sorted(row)"), (m // 2, -5, "sorted(row)"), (1, np.iinfo(np.int64).min, "sorted(row)")):
        wrong = row.copy()
        wrong[at] = value
        yield Case("spmv", dict(entries, row=wrong, n=n, col=col, x=x), out(y=(m,)), status=DATA, says=says)
    bad = col.copy()
    bad[len(val) // 3] = n
    yield Case("spmv", dict(entries, n=n, col=bad, x=x), out(y=(m,)), status=DATA, says="col")
    yield Case("spmm", dict(entries, n=n, k=k, col=bad, x=dense), out(y=(m, k)), status=DATA, says="col")
    yield Case("spmv", dict(entries, row=row[:-1], m=m - 1, n=n, col=col, x=x), out(y=(m - 1,)), status=DATA if row[-2] != len(val) else OK,
               says="row[m] == z" if row[-2] != len(val) else "")


def ragged_softmax(rng):
    for lengths in ((), (0,), (1,), (0, 0, 3, 0), (2, 5, 0, 1, 17), tuple(rng.integers(0, 40, 333)), (5001, 3)):
        first = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        m, z = len(lengths), int(first[-1])
        x = wide(rng, z)
        y, bound = np.zeros(z), np.zeros(z)
        for lo, hi in zip(first, first[1:]):
            if lo == hi:
                continue
            e, relative = softmax_parts(x[lo:hi])
            y[lo:hi] = e / e.sum()
            bound[lo:hi] = y[lo:hi] * (relative + (e * relative).sum() / e.sum() + (hi - lo) * U + ULP)
        yield Case("ragged_softmax", dict(m=m, z=z, first=first, x=x), out(y=(z,)), within(y=(y, bound)))
    wrong = first.copy()
    wrong[1] = z + 1
    yield Case("ragged_softmax", dict(m=m, z=z, first=wrong, x=x), out(y=(z,)), status=DATA, says="sorted(first)")


def attend(score, values):
    """Softmax of exact scores times values, and the bound of its error; 0 for no scores."""
    if len(score) == 0:
        return np.zeros(values.shape[1]), np.zeros(values.shape[1])
    e, relative = softmax_parts(score)
    values = values.astype(np.float64)
    o = e @ values / e.sum()
    spread = (e * relative) @ np.abs(values) / e.sum()
    of_sum = ((e * relative).sum() / e.sum() + len(score) * U + ULP) * np.abs(o)
    return o, 2 * (spread + of_sum + len(score) * U * (e @ np.abs(values)) / e.sum())


def paged_attention(rng):
    scale = F(0.25)
    for b, h, g, d, s, pages, most in ((0, 2, 1, 4, 2, 3, 2), (2, 2, 1, 4, 2, 3, 0), (1, 1, 1, 1, 1, 1, 1), (2, 4, 2, 0, 3, 7, 4), (3, 8, 2, 5, 16, 40, 5), (4, 6, 6, 16, 7, 9, 11)):
        q, keys, values = dyadic(rng, b, h, d, top=2), dyadic(rng, pages, s, g, d, top=2), dyadic(rng, pages, s, g, d, top=2)
        table, length = rng.integers(0, pages, (b, most)).astype(np.int32), rng.integers(0, most * s + 1, b).astype(np.int32)
        y, bound = np.zeros((b, h, d)), np.zeros((b, h, d))
        for i in range(b):
            t = np.arange(length[i])
            for j in range(h):
                at = table[i, t // s], t % s, j // (h // g)
                y[i, j], bound[i, j] = attend((keys[at] @ q[i, j] * scale).astype(np.float64), values[at])
        call = dict(b=b, h=h, d=d, pages=pages, s=s, g=g, most=most, q=q, keys=keys, values=values, table=table, length=length, scale=scale)
        yield Case("paged_attention", call, out(y=(b, h, d)), within(y=(y, bound)))
    wrong = length.copy()
    wrong[2] = most * s + 1
    yield Case("paged_attention", dict(call, length=wrong), out(y=(b, h, d)), status=DATA, says="length")
    wrong = table.copy()
    wrong[:, 0] = pages
    yield Case("paged_attention", dict(call, table=wrong, length=np.full(b, s, np.int32)), out(y=(b, h, d)), status=DATA, says="table")
    yield Case("paged_attention", dict(call, h=h - 1, q=q[:, 1:].copy()), out(y=(b, h - 1, d)), status=CONTRACT, says="h % g == 0")


def grouped_attention(rng):
    scale = F(0.5)
    for b, h, g, s, t, d in ((0, 1, 1, 2, 3, 4), (2, 2, 2, 0, 3, 4), (1, 1, 1, 1, 1, 1), (2, 4, 2, 5, 9, 0), (2, 4, 2, 5, 9, 8), (1, 8, 1, 33, 33, 16)):
        q, k, v = dyadic(rng, b, h, s, d, top=2), dyadic(rng, b, g, t, d, top=2), dyadic(rng, b, g, t, d, top=2)
        y, bound = np.zeros((b, h, s, d)), np.zeros((b, h, s, d))
        for n, j, i in np.ndindex(b, h, s):
            seen, head = t - s + i + 1, j // (h // g)
            y[n, j, i], bound[n, j, i] = attend((k[n, head, :seen] @ q[n, j, i] * scale).astype(np.float64), v[n, head, :seen])
        call = dict(b=b, h=h, s=s, d=d, g=g, t=t, q=q, k=k, v=v, scale=scale)
        yield Case("grouped_attention", call, out(y=(b, h, s, d)), within(y=(y, bound)))
    yield Case("grouped_attention", dict(call, t=s - 1, k=k[:, :, 1:].copy(), v=v[:, :, 1:].copy()), out(y=(b, h, s, d)), status=CONTRACT, says="s <= t")


def scan(rng):
    for m in (0, 1, 5, 1000, 70001):
        count = rng.integers(0, 9, m)
        row = np.concatenate([np.zeros(1, np.int64), np.cumsum(count)])
        yield Case("offsets", dict(m=m, count=count), {"row": ((m + 1,), np.int64)}, exact(row=row))
    for n, every in ((0, 2), (1, 1), (7, 3), (1000, 1), (1000, 2000), (200003, 50)):
        flag, x = (rng.integers(0, every, n) == 0).astype(np.uint8), dyadic(rng, n)
        total = np.cumsum(x, dtype=np.float64)
        start = np.maximum.accumulate(np.where(flag, np.arange(n), -1)) if n else np.zeros(0, int)
        before = np.where(start > 0, total[np.maximum(start, 1) - 1], 0) if n else total
        yield Case("segment_sums", dict(n=n, flag=flag, x=x), out(y=(n,)), exact(y=(total - before).astype(F)))


def compact(rng):
    for n, limit in ((0, 0), (1, 9), (6, 0), (1000, -9), (1000, 9), (200003, 1)):
        x = dyadic(rng, n)
        place = np.flatnonzero(x > limit)
        k, kept = len(place), x[place]
        mean = F(kept.sum(dtype=np.float64)) / F(max(k, 1))

        def check(results, k=k, kept=kept, place=place, mean=mean):
            if results["k"][0] != k:
                return f"k is {results['k'][0]}, expected {k}"
            cut = dict(results, kept=results["kept"][:k], place=results["place"][:k])
            return exact(kept=kept, place=place, mean=np.array([mean], F))(cut)
        yield Case("compact", dict(n=n, x=x, limit=F(limit)),
                   {"kept": ((n,), F), "place": ((n,), np.int64), "mean": ((1,), F), "k": ((1,), np.int64)}, check)
    yield Case("compact", dict(n=-1, x=np.zeros(1, F), limit=F(0)),
               {"kept": ((1,), F), "place": ((1,), np.int64), "mean": ((1,), F), "k": ((1,), np.int64)},
               status=ARGUMENT, says="n")


EXAMPLES = [saxpy, softmax, logsumexp, layernorm, welford, argmax, matmul_bias_gelu, einsum, conv2d, maxpool, attention,
            embedding, heat, black_scholes, edges, transpose, tiled_matmul, warp_softmax, lane_matmul, counts, cholesky,
            histogram, sort_by_key, top_k, knn, kmeans, moe, csr, ragged_softmax, paged_attention, grouped_attention,
            scan, compact]

from type_references import TYPE_EXAMPLES  # noqa: E402  (it needs what is above)

EXAMPLES += TYPE_EXAMPLES

from iteration_references import ITERATION_EXAMPLES  # noqa: E402

EXAMPLES += ITERATION_EXAMPLES

from sparse_references import SPARSE_EXAMPLES  # noqa: E402

EXAMPLES += SPARSE_EXAMPLES

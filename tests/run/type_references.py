"""What the examples of structs, narrow types and the standard library must compute: see references.py."""
import numpy as np

from check_conversions import BF16, E4M3
from references import CONTRACT, ERF, F, MATH, U, ULP, Case, dyadic, exact, out, within


def fft(rng):
    for h in (1, 2, 4, 32, 512, 8192):
        n = 2 * h
        re, im = rng.standard_normal(n).astype(F), rng.standard_normal(n).astype(F)
        y = np.fft.fft(re.astype(np.float64) + 1j * im.astype(np.float64))
        # Each of log2 n steps: a root, whose angle is rounded and whose functions have ulps, and a butterfly.
        norm = np.sqrt((re.astype(np.float64) ** 2 + im.astype(np.float64) ** 2).sum())
        bound = np.full(n, np.log2(n) * (2 * MATH + 12) * ULP * norm * np.sqrt(2))
        yield Case("fft", dict(h=h, x_re=re, x_im=im), out(y_re=(n,), y_im=(n,)),
                   within(y_re=(y.real, bound), y_im=(y.imag, bound)))
    one = np.ones(1, F)
    yield Case("fft", dict(h=0, x_re=one, x_im=one), out(y_re=(1,), y_im=(1,)), status=CONTRACT, says="h > 0")


def mixed_matmul(rng):
    for m, k, n in ((0, 3, 2), (2, 0, 3), (1, 1, 1), (3, 5, 7), (17, 33, 65), (64, 128, 96), (130, 70, 200)):
        a, b = dyadic(rng, m, k), dyadic(rng, k, n)
        bits = [BF16.encode(v.astype(np.float64)).astype(np.uint16) for v in (a, b)]
        yield Case("bf16_matmul", dict(m=m, k=k, n=n, a=bits[0], b=bits[1]), out(c=(m, n)), exact(c=a @ b + F(0)))
        p, q = rng.integers(-128, 128, (m, k)).astype(np.int8), rng.integers(-128, 128, (k, n)).astype(np.int8)
        yield Case("i8_matmul", dict(m=m, k=k, n=n, a=p, b=q), {"c": ((m, n), np.int32)},
                   exact(c=p.astype(np.int32) @ q.astype(np.int32)))


def block_scaled(rng):
    for m, g, n in ((0, 1, 2), (2, 0, 3), (1, 1, 1), (3, 2, 5), (17, 5, 33), (64, 8, 48)):
        x = (rng.standard_normal((m, 32 * g)) * np.exp(rng.standard_normal((m, 1)) * 4)).astype(F)
        x[:1, :32] = 0
        top = np.abs(x.reshape(m, g, 32)).max(-1, initial=0)
        scale = np.where(top == 0, F(1), top / F(448)).astype(F)
        q = E4M3.encode((x / np.repeat(scale, 32, -1)).astype(np.float64)).astype(np.uint8)
        yield Case("quantize", dict(m=m, g=g, x=x), {"q": ((m, 32 * g), np.uint8), "scale": ((m, g), F)},
                   exact(q=q, scale=scale))
        # Values of few bits: every sum is exact, whatever its order.
        narrow = [rng.choice([0x00, 0x30, 0x38, 0x3c, 0x40, 0xb8, 0xbc, 0xc0], (r, 32 * g)).astype(np.uint8) for r in (m, n)]
        whole = [rng.integers(-8, 9, (r, 32 * g)).astype(np.int8) for r in (m, n)]
        scales = [2.0 ** rng.integers(-2, 3, (r, g)).astype(F) for r in (m, n)]
        scales = [s.astype(F) for s in scales]
        for fn, pair, values in (("scaled_matmul", narrow, [E4M3.decode(v.astype(np.int64)) for v in narrow]),
                                 ("scaled_matmul_i8", whole, [v.astype(np.float64) for v in whole])):
            a, b = [v.reshape(len(v), g, 32) for v in values]
            c = np.einsum("ig,jg,ige,jge->ij", scales[0], scales[1], a, b).astype(F) + F(0)
            yield Case(fn, dict(m=m, g=g, n=n, a=pair[0], sa=scales[0], b=pair[1], sb=scales[1]), out(c=(m, n)), exact(c=c))


def transformer(rng):
    for n, d, e in ((0, 2, 3), (1, 1, 1), (3, 8, 5), (17, 32, 64), (40, 24, 96)):
        x, gamma = rng.standard_normal((n, d)).astype(F), rng.standard_normal((2, d)).astype(F)
        wq, wk, wv = (rng.standard_normal((d, d)).astype(F) / F(np.sqrt(d)) for _ in range(3))
        up, down = rng.standard_normal((e, d)).astype(F) / F(np.sqrt(d)), rng.standard_normal((d, e)).astype(F) / F(np.sqrt(e))
        bias, zero = rng.standard_normal(e).astype(F), np.zeros(d, F)
        w = np.float64

        def norm(v, scale):
            return v / np.sqrt((v * v).mean(-1, keepdims=True) + 1e-6) * scale.astype(w)

        def layer():
            h = norm(x.astype(w), gamma[0])
            q, k, v = (h @ m.astype(w).T for m in (wq, wk, wv))
            score = np.where(np.tri(n, dtype=bool), q @ k.T / np.sqrt(d), -np.inf)
            weight = np.exp(score - score.max(-1, keepdims=True, initial=-np.inf))
            a = x + weight / weight.sum(-1, keepdims=True) @ v
            u = norm(a, gamma[1]) @ up.astype(w).T + bias
            return a + (0.5 * u * (1 + ERF(u / np.sqrt(2)))) @ down.astype(w).T
        y = layer() if n else np.zeros((0, d))
        # Some tens of roundings a value, on sums of d and e terms of size about 1; scores enter exp.
        bound = np.full(y.shape, (d + e + n + 200) * 8 * U * max(1.0, float(np.abs(y).max(initial=0))))
        call = dict(n=n, d=d, e=e, x=x, gamma=gamma, wq=wq, wk=wk, wv=wv, zero=zero, up=up, bias=bias, down=down)
        yield Case("transformer", call, out(y=(n, d)), within(y=(y, bound)))


TYPE_EXAMPLES = [fft, mixed_matmul, block_scaled, transformer]

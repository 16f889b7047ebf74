#!/usr/bin/env python3
"""Compares the standard library with numpy in f64, at several shapes, by the interpreter and at -O0 and -O2.

usage: check_library.py --texprc PATH

A result may be off by a relative error that its formula and length allow, stated beside each reference as a number of
roundings of its type; integers, choices and what only moves are exact.
Prints a line a failure, then `N passed, M failed`.
"""
import argparse
import math
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np

SOURCE = pathlib.Path(__file__).with_name("library.tx")
ERF = np.vectorize(math.erf, otypes=[np.float64])
EPS = {np.dtype(np.float16): 2.0**-11, np.dtype(np.float32): 2.0**-24, np.dtype(np.float64): 2.0**-53}


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True, initial=-np.inf))
    return e / e.sum(-1, keepdims=True)


def elementary(x, y):
    return dict(sigmoid=1 / (1 + np.exp(-x)), softplus=np.logaddexp(0, x), logaddexp=np.logaddexp(x, y), lerp=x + 0.25 * (y - x),
                hypot=np.hypot(x, y), sinh=np.sinh(x), cosh=np.cosh(x),
                smoothstep=(lambda t: t * t * (3 - 2 * t))(np.clip((x + 1) / 3, 0, 1)))


def rows(x, g, b, eps):
    mu, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    top = x.max(-1, keepdims=True)
    return dict(softmax=softmax(x), log_softmax=x - top - np.log(np.exp(x - top).sum(-1, keepdims=True)),
                layernorm=(x - mu) / np.sqrt(var + eps) * g + b, rmsnorm=x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * g)


def attention(q, k, v, causal):
    score = q @ k.T / math.sqrt(q.shape[1])
    return softmax(np.where(np.tri(len(q), dtype=bool), score, -np.inf) if causal else score) @ v


def conv(x, k):
    o, c, r, s = k.shape
    _, h, w = x.shape
    padded = np.pad(x, ((0, 0), (r // 2, r), (s // 2, s)))
    return sum(np.einsum("chw,oc->ohw", padded[:, u:u + h, v:v + w], k[:, :, u, v]) for u in range(r) for v in range(s))


def pool(x):
    c, h, w = x.shape
    return x[:, :h // 2 * 2, :w // 2 * 2].reshape(c, h // 2, 2, w // 2, 2)


def pictures(x, rgb):
    h, w = x.shape
    p = np.pad(x, 2, mode="edge")
    k = np.array([1, 4, 6, 4, 1.0])
    blur = sum(k[u] * k[v] * p[u:u + h, v:v + w] for u in range(5) for v in range(5)) / 256
    e = np.pad(x, 1, mode="edge")
    at = {(u, v): e[u:u + h, v:v + w] for u in range(3) for v in range(3)}
    dx = at[0, 2] - at[0, 0] + 2 * (at[1, 2] - at[1, 0]) + at[2, 2] - at[2, 0]
    dy = at[2, 0] - at[0, 0] + 2 * (at[2, 1] - at[0, 1]) + at[2, 2] - at[0, 2]
    half = pool(x[None])[0].mean(axis=(1, 3))
    fy = np.clip((np.arange(9) + 0.5) * h / 9 - 0.5, 0, h - 1)
    fx = np.clip((np.arange(14) + 0.5) * w / 14 - 0.5, 0, w - 1)
    a, b = fy.astype(int), fx.astype(int)
    c, d = np.minimum(a + 1, h - 1), np.minimum(b + 1, w - 1)
    ty, tx = (fy - a)[:, None], (fx - b)[None]
    top = x[np.ix_(a, b)] * (1 - tx) + x[np.ix_(a, d)] * tx
    low = x[np.ix_(c, b)] * (1 - tx) + x[np.ix_(c, d)] * tx
    return dict(grey=rgb @ np.array([0.299, 0.587, 0.114]), blur=blur, dx=dx, dy=dy, half=half, resized=top * (1 - ty) + low * ty)


def cases(rng):
    """(function, arguments, {result: (reference, roundings)})."""
    def real(*shape, dtype=np.float32):
        return rng.standard_normal(shape).astype(dtype)

    def each(results, roundings):
        return {name: (value, roundings) for name, value in results.items()}

    for n in (0, 1, 37, 1000):
        for fn, dtype in (("math32", np.float32), ("math64", np.float64)):
            x, y = real(n, dtype=dtype) * 3, real(n, dtype=dtype) * 3
            yield fn, dict(x=x, y=y), each(elementary(x.astype(np.float64), y.astype(np.float64)), 64)
        x, y = rng.integers(-40, 70, n).astype(np.int32), rng.integers(1, 9, n).astype(np.int32)
        yield "integers", dict(x=x, y=y), dict(q=(-(-x // y), 0), p=((x > 0) & (x & (x - 1) == 0), 0), s=(x * x, 0))
        x = real(n) * 3
        w = x.astype(np.float64)
        tanh = 0.5 * w * (1 + np.tanh(0.7978845608028654 * (w + 0.044715 * w**3)))
        gelu, silu = 0.5 * w * (1 + ERF(w / math.sqrt(2))), w / (1 + np.exp(-w))
        yield "activations", dict(x=x), each(dict(relu=np.maximum(w, 0), leaky=np.where(w > 0, w, w / 8), elu=np.where(w > 0, w, 1.5 * np.expm1(w)),
                                                  silu=silu, gelu=gelu, gelu_tanh=tanh), 64)
        h = x.astype(np.float16)
        w = h.astype(np.float64)
        yield "activations16", dict(x=h), dict(silu=(w / (1 + np.exp(-w)), 2), gelu=(0.5 * w * (1 + ERF(w / math.sqrt(2))), 2))
    for m, n in ((1, 1), (3, 5), (7, 100), (2, 1025)):
        for fn, dtype, eps in (("rows32", np.float32, 1e-5), ("rows16", np.float16, 1e-3)):
            x, g, b = real(m, n, dtype=dtype), real(n, dtype=dtype), real(n, dtype=dtype)
            yield fn, dict(x=x, g=g, b=b), each(rows(*(v.astype(np.float64) for v in (x, g, b)), eps), 64 + n if fn == "rows32" else 16)
    for m, k, n, t, d in ((1, 1, 1, 1, 1), (3, 5, 7, 4, 6), (33, 65, 17, 40, 16)):
        x, w, b = real(m, k), real(n, k), real(n)
        q, kk, v = real(t, d), real(t, d), real(t, d)
        wide = [z.astype(np.float64) for z in (q, kk, v)]
        yield "products", dict(x=x, w=w, b=b, q=q, kk=kk, v=v), dict(linear=(x.astype(np.float64) @ w.T + b, 16 + 4 * k),
                                                                      attention=(attention(*wide, False), 64 + 8 * (d + t)), causal=(attention(*wide, True), 64 + 8 * (d + t)))
        s = 2
        a, c = real(s, m, k), real(s, k, n)
        yield "batches", dict(a=a, b=c), dict(c=(a.astype(np.float64) @ c, 16 + 4 * k))
        p, q = rng.integers(-128, 128, (m, k)).astype(np.int8), rng.integers(-128, 128, (k, n)).astype(np.int8)
        yield "eight", dict(a=p, b=q), dict(c=(p.astype(np.int32) @ q.astype(np.int32), 0))
    for c, h, w, o, r, s in ((1, 1, 1, 1, 1, 1), (3, 8, 11, 4, 3, 3), (2, 17, 9, 3, 5, 2)):
        x, k = real(c, h, w), real(o, c, r, s)
        yield "images", dict(x=x, k=k), dict(conv=(conv(x.astype(np.float64), k), 16 + 4 * c * r * s), top=(pool(x).max(axis=(2, 4)), 0), mean=(pool(x.astype(np.float64)).mean(axis=(2, 4)), 8))
    for m, n in ((1, 1), (5, 7), (40, 100)):
        x, p, q, label = real(m, n), real(n), real(n), rng.integers(0, n, m).astype(np.int32)
        entropy = -np.log(softmax(x.astype(np.float64))[np.arange(m), label]).mean()
        yield "losses", dict(x=x, label=label, p=p, q=q), dict(entropy=(entropy, 64 + 4 * (m + n)), mse=(((p.astype(np.float64) - q) ** 2).mean(), 64 + n))
    for n, m in ((1, 1), (4, 3), (24, 7)):
        a, x, y = real(n, n, dtype=np.float64) + 4 * np.eye(n), real(n, dtype=np.float64), real(m, dtype=np.float64)
        spd = a @ a.T
        yield "algebra", dict(a=a, x=x, y=y), dict(dot=(x @ x, 64), norm=(np.sqrt(x @ x), 64), outer=(np.outer(x, y), 0), matvec=(a @ x, 256), product=(spd, 256),
                                                   trace=(np.trace(a), 64), factor=(np.linalg.cholesky(spd), 1 << 14), solved=(np.linalg.solve(spd, x), 1 << 16))
    for h, w in ((1, 1), (2, 3), (9, 14), (31, 40)):
        x, rgb = real(h, w), real(h, w, 3)
        yield "pictures", dict(x=x, rgb=rgb), each(pictures(x.astype(np.float64), rgb.astype(np.float64)), 512)
    for n, d in ((2, 1), (33, 5)):
        x, t = real(n, dtype=np.float64), real(n, d, dtype=np.float64)
        yield "numbers", dict(x=x, t=t), dict(mean=(x.mean(), 64), variance=(x.var(ddof=1), 64), low=(x.min(), 0), high=(x.max(), 0), at=(np.int64(x.argmax()), 0),
                                              cov=(np.cov(t.T).reshape(d, d), 256), std=((x - x.mean()) / x.std(), 256), rows=(t.mean(-1), 64))
    for m, n, k, w in ((1, 1, 1, 1), (7, 5, 3, 2), (50, 40, 4, 3)):
        dense = np.where(rng.random((m, n)) < 0.3, rng.integers(-8, 9, (m, n)) / 4, 0)
        r, col = np.nonzero(dense)
        row = np.concatenate([[0], np.cumsum(np.bincount(r, minlength=m))]).astype(np.int64)
        x, b = rng.integers(-8, 9, n).astype(np.float32) / 2, rng.integers(-8, 9, (n, k)).astype(np.float32) / 2
        ecol, ev = rng.integers(0, n, (m, w)).astype(np.int32), rng.integers(-8, 9, (m, w)).astype(np.float32)
        yield "sparse", dict(row=row, col=col.astype(np.int32), val=dense[r, col].astype(np.float32), x=x, b=b, ecol=ecol, eval=ev), dict(
            y=(dense @ x, 0), e=((ev * x[ecol]).sum(-1), 0), c=(dense @ b, 0))


def alone(fn):
    """The program with this function only."""
    head, *functions = re.split(r"\n(?=fn )", SOURCE.read_text())
    return head + "\n" + next(text for text in functions if text.startswith(f"fn {fn}("))


def call(texprc, mode, fn, values, results):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "alone.tx")
        source.write_text(alone(fn))
        command = [texprc, "run", *mode, source]
        for name, value in values.items():
            np.save(f"{folder}/{name}.npy", value)
            command.append(f"{name}={folder}/{name}.npy")
        for name in results:
            command += ["-o", f"{name}={folder}/out_{name}.npy"]
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300)
        if done.returncode:
            return f"exit {done.returncode}: {done.stderr.strip()[:500]}"
        for name, (want, roundings) in results.items():
            got, want = np.load(f"{folder}/out_{name}.npy"), np.asarray(want)
            if got.shape != want.shape:
                return f"{name} has shape {got.shape}, expected {want.shape}"
            if roundings == 0:
                bad = got != want
            else:  # relative to the largest: sums cancel
                scale = np.maximum(np.abs(want), np.abs(want).max(initial=0) if want.size else 0) + 1
                bad = ~(np.abs(got.astype(np.float64) - want) <= roundings * EPS[got.dtype] * scale)
            if bad.any():
                at = tuple(np.argwhere(bad)[0])
                return f"{name}{list(map(int, at))} is {got[at]!r}, expected {want[at]!r} ({bad.sum()} of {bad.size} differ)"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--texprc", required=True)
    texprc = parser.parse_args().texprc
    passed = failed = 0
    for fn, values, results in cases(np.random.default_rng(3)):
        for mode in (["--interpret"], ["-O0"], ["-O2"]):
            wrong = call(texprc, mode, fn, values, results)
            passed, failed = passed + (not wrong), failed + bool(wrong)
            if wrong:
                print(f"FAILED {fn} {[v.shape for v in values.values()]} {' '.join(mode)}: {wrong}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())

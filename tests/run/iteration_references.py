"""What the examples of iteration must compute, by numpy: loops that carry a state, end by a condition, or work in place."""
import numpy as np

from entry import CONTRACT
from references import MATH, Case, F, U, exact, out, wide


def mandelbrot(rng):
    for h, w, most in ((1, 1, 5), (10, 25, 50), (33, 17, 20), (5, 7, 0), (5, 7, -1)):
        re, im = F(3) * np.arange(w, dtype=F) / F(w) - F(2), F(2) * np.arange(h, dtype=F) / F(h) - F(1)
        x, y, k = np.zeros((h, w), F), np.zeros((h, w), F), np.zeros((h, w), np.int32)
        for _ in range(most):
            goes = x * x + y * y <= 4
            x, y = (np.where(goes, x * x - y * y + re, x),
                    np.where(goes, F(2) * x * y + im[:, None], y))
            k += goes
        yield Case("mandelbrot", dict(h=h, w=w, most=most), dict(steps=((h, w), np.int32)), exact(steps=k))
    yield Case("mandelbrot", dict(h=0, w=4, most=5), dict(steps=((0, 4), np.int32)), status=CONTRACT, says="h > 0")


def lstm(rng):
    for t, d, n in ((0, 3, 4), (1, 1, 1), (5, 3, 4), (9, 8, 17), (4, 0, 3), (4, 3, 0)):
        x, w, u, b = (wide(rng, *shape) / F(64) for shape in ((t, d), (4 * n, d), (4 * n, n), (4 * n,)))
        h, c, y = np.zeros(n), np.zeros(n), np.zeros((t, n))
        for s in range(t):
            g = b.astype(np.float64) + w.astype(np.float64) @ x[s] + u.astype(np.float64) @ h
            i, f, o = (1 / (1 + np.exp(-g[k * n:(k + 1) * n])) for k in (0, 1, 3))
            c = f * c + i * np.tanh(g[2 * n:3 * n])
            h = y[s] = o * np.tanh(c)

        def check(results, t=t, d=d, n=n, u=u, w=w, x=x, b=b, y=y, c=c):
            # A gate's sum has a rounding a term, of terms that add up to `size`; what follows it has slopes of at most 1
            # and a handful of functions. An error of h comes back through a row of u, one of the cell as it is.
            rows = np.abs(u).sum(1).max(initial=0)
            size = 1 + rows + (np.abs(b) + (np.abs(w) @ np.abs(x).T).max(axis=1, initial=0)).max(initial=0)
            step = U * ((d + n + 4) * size + 8 * MATH)
            bound = step * sum((2 + rows)**k for k in range(t))
            for name, want in (("y", y), ("cell", c)):
                error = np.abs(results[name] - want).max(initial=0)
                if error > bound:
                    return f"{name} is off by {error:.3g}, more than {bound:.3g}"
            return None
        yield Case("lstm", dict(t=t, d=d, n=n, x=x, w=w, u=u, b=b), out(y=(t, n), cell=(n,)), check)


def floyd_warshall(rng):
    for n in (0, 1, 2, 7, 33, 64):
        w = np.where(rng.random((n, n)) < 0.5, rng.integers(1, 99, (n, n)), np.inf).astype(F)
        np.fill_diagonal(w, 0)
        d = w
        for k in range(n):
            d = np.minimum(d, d[:, k:k + 1] + d[k:k + 1])
        yield Case("floyd_warshall", dict(n=n, w=w), out(d=(n, n)), exact(d=d))


def lu(rng):
    for n in (0, 1, 2, 7, 33, 100):
        a = (rng.standard_normal((n, n)) + 2 * n * np.eye(n)).astype(F)
        b = wide(rng, n)

        def factors(results, a=a, n=n):
            f = results["a"].astype(np.float64)
            low, up = np.tril(f, -1) + np.eye(n), np.triu(f)
            error, bound = np.abs(low @ up - a), 2 * (n + 2) * U * (np.abs(low) @ np.abs(up))
            return None if (error <= bound).all() else f"|A - L U| is {(error - bound).max():.3g} above its bound"

        def solved(results, a=a, b=b, n=n):
            # The diagonal dominates, so the factors are about as large as the matrix.
            x = results["x"].astype(np.float64)
            error, bound = np.abs(a.astype(np.float64) @ x - b), 8 * (n + 2) * U * (np.abs(a) @ np.abs(x) + np.abs(b))
            return None if (error <= bound).all() else f"|A x - b| is {(error - bound).max():.3g} above its bound"
        yield Case("lu", dict(n=n, a=a), out(a=(n, n)), factors)
        yield Case("solve", dict(n=n, a=a, b=b), out(x=(n,)), solved)


def smith_waterman(rng):
    for m, n in ((0, 0), (0, 3), (3, 0), (1, 1), (8, 9), (40, 33), (7, 70)):
        a, b = rng.integers(0, 4, m).astype(np.uint8), rng.integers(0, 4, n).astype(np.uint8)
        score = np.zeros((m + 1, n + 1), np.int32)
        for i in range(m):
            for j in range(n):
                along = score[i, j] + (3 if a[i] == b[j] else -3)
                score[i + 1, j + 1] = max(0, along, score[i, j + 1] - 2, score[i + 1, j] - 2)
        yield Case("smith_waterman", dict(m=m, n=n, a=a, b=b, same=3, differs=-3, gap=2),
                   dict(best=((1,), np.int32), score=((m + 1, n + 1), np.int32)),
                   exact(best=np.array([score.max()], np.int32), score=score))


def nussinov(rng):
    for n in (0, 1, 2, 5, 24, 40):
        base = rng.integers(0, 4, n).astype(np.uint8)
        best = np.zeros((n, n), np.int32)
        for d in range(1, n):
            for i in range(n - d):
                j = i + d
                ends = (best[i + 1, j - 1] if d > 1 else 0) + int(base[i] + base[j] == 3)
                best[i, j] = max([ends] + [best[i, k] + best[k + 1, j] for k in range(i, j)])
        yield Case("nussinov", dict(n=n, base=base, pair=3), dict(best=((n, n), np.int32)), exact(best=best))


ITERATION_EXAMPLES = [mandelbrot, lstm, floyd_warshall, lu, smith_waterman, nussinov]

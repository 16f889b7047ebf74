"""What the examples of graphs and sparse matrices must compute, by numpy and plain loops."""
import numpy as np

from entry import CONTRACT, DATA
from references import Case, F, dyadic, exact


def offsets(rng, rows, entries):
    """Row pointers of `rows` rows that share `entries`; some are empty."""
    inner = np.sort(rng.integers(0, entries + 1, max(rows - 1, 0)))
    return np.concatenate([[0], inner, [entries] if rows else []]).astype(np.int64)


def first(results, k, **expected):
    """The first `k` of each are what is expected, and `k` is what was found."""
    if results["k"][0] != k:
        return f"k is {results['k'][0]}, expected {k}"
    return exact(**expected)({name: results[name][:len(want)] for name, want in expected.items()})


def bfs(rng):
    def outputs(n):
        return dict(distance=((n,), np.int64), parent=((n,), np.int64))
    for n, z in ((1, 0), (1, 3), (6, 5), (40, 60), (300, 900)):
        row, to, start = offsets(rng, n, z), rng.integers(0, n, z).astype(np.int32), n // 2
        distance, parent = np.full(n, -1), np.full(n, -1)
        distance[start], front = 0, [start]
        while front:
            reached = {}
            for i in front:
                for j in to[row[i]:row[i + 1]]:
                    if distance[j] < 0:
                        reached[j] = max(reached.get(j, -1), i)
            for j, i in reached.items():
                distance[j], parent[j] = distance[i] + 1, i
            front = list(reached)
        call = dict(n=n, z=z, row=row, to=to, start=start)
        yield Case("bfs", call, outputs(n), exact(distance=distance, parent=parent))
    yield Case("bfs", dict(call, start=n), outputs(n), status=CONTRACT, says="start < n")
    wrong = row.copy()
    wrong[1] = z + 1
    yield Case("bfs", dict(call, row=wrong), outputs(n), status=DATA, says="sorted(row)")


def spgemm(rng):
    for m, z, n, t, w in ((0, 0, 0, 0, 0), (1, 0, 1, 0, 1), (3, 5, 1, 4, 2), (5, 7, 4, 9, 6), (40, 160, 30, 120, 25)):
        arow, acol, aval = offsets(rng, m, z), rng.integers(0, max(n, 1), z), dyadic(rng, z, top=2)
        brow, bcol, bval = offsets(rng, n, t), rng.integers(0, max(w, 1), t), dyadic(rng, t, top=2)
        most = int(np.diff(brow).max(initial=0))
        sums = {}
        for i in range(m):
            for p in range(arow[i], arow[i + 1]):
                for q in range(brow[acol[p]], brow[acol[p] + 1]):
                    sums[i, bcol[q]] = sums.get((i, bcol[q]), F(0)) + aval[p] * bval[q]
        places = sorted(sums)
        rows = np.bincount([i for i, _ in places], minlength=m) if m else np.zeros(0, int)
        row = np.concatenate([[0], np.cumsum(rows)]).astype(np.int64)
        col, val = np.array([j for _, j in places], np.int64), np.array([sums[at] for at in places], F)
        call = dict(m=m, z=z, n=n, t=t, w=w, most=most, arow=arow, acol=acol, aval=aval, brow=brow, bcol=bcol, bval=bval)
        outputs = dict(row=((m + 1,), np.int64), col=((z * most,), np.int64), val=((z * most,), F), k=((1,), np.int64))
        yield Case("spgemm", call, outputs,
                   lambda results, k=len(places), row=row, col=col, val=val: first(results, k, row=row, col=col, val=val))
    yield Case("spgemm", dict(call, most=most - 1), outputs, status=DATA, says="<= most")


SPARSE_EXAMPLES = [bfs, spgemm]

#!/usr/bin/env python3
"""Calls of functions with facts on data in places where a failing test cannot end the call: call_facts.tx.

usage: check_call_facts.py --texprc PATH

Good data against numpy and broken data at every fact, at -O0, -O2 and checked, on 1 and 2 threads with guarded memory; the
interpreter finds the same fact broken. Prints a line a failure, then `N passed, M failed`.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import entry
from check_examples import Checker, run
from references import DATA, OK, Case, F, exact

SOURCE = pathlib.Path(__file__).with_name("call_facts.tx")


def L(*values):
    return np.array(values, dtype=np.int64)


def sums(row, x):
    return np.array([x[lo:hi].sum(dtype=F) for lo, hi in zip(row, row[1:])], dtype=F)


GOOD = L(0, 2, 2, 5)
BROKEN = ((L(0, 3, 2, 5), "sorted(row)"), (L(1, 2, 2, 5), "row[0] == 0"), (L(0, 2, 2, 4), "row[m] == z"), (L(0, 9, 9, 5), "sorted(row)"),
          (L(0, -5, 2, 5), "sorted(row)"), (L(0, 2, 2**62, 5), "sorted(row)"), (L(-2**63, 0, 2**62, 5), "row[0] == 0"))


def of_rows(rng):
    """One row of offsets, whole and broken, in each function."""
    x = (rng.integers(-32, 32, (4, 5)) / 8).astype(F)
    square = (rng.integers(-32, 32, 3) / 8).astype(F)
    for row, says in ((GOOD, ""), *BROKEN):
        bad = DATA if says else OK
        want = np.stack([sums(GOOD, v) for v in x])
        one = dict(m=3, z=5, row=row, x=x[0])
        three = np.stack([GOOD, row, GOOD])
        yield Case("once", dict(m=3, z=5, b=4, row=row, x=x), dict(y=((4, 3), F)), exact(y=want), bad, says)
        yield Case("once", dict(m=3, z=5, b=0, row=row, x=x[:0]), dict(y=((0, 3), F)), exact(y=want[:0]))
        yield Case("each", dict(m=3, z=5, b=3, row=three, x=x[0]), dict(y=((3, 3), F)), exact(y=want[[0, 0, 0]]), bad, says)
        yield Case("nested", dict(m=3, z=5, b=3, c=4, row=three, x=x), dict(y=((3, 4, 3), F)), exact(y=np.stack([want] * 3)), bad, says)
        yield Case("nested", dict(m=3, z=5, b=3, c=0, row=three, x=x[:0]), dict(y=((3, 0, 3), F)), exact(y=np.zeros((3, 0, 3), F)))
        yield Case("known", dict(m=3, z=5, b=4, row=row, x=x), dict(y=((4, 3), F)), exact(y=want), bad, says)
        for fn in ("branch", "choice"):
            yield Case(fn, dict(one, c=2), dict(y=((3,), F)), exact(y=np.ones(3, F)))
            yield Case(fn, dict(one, c=3), dict(y=((3,), F)), exact(y=want[0]), bad, says)
        some = np.array([1, 0, 1], np.int32)
        yield Case("choices", dict(m=3, z=5, b=3, row=three, x=x[0], wanted=some), dict(y=((3, 3), F)), exact(y=np.stack([want[0], np.ones(3, F), want[0]])))
        yield Case("choices", dict(m=3, z=5, b=3, row=three, x=x[0], wanted=1 - some), dict(y=((3, 3), F)),
                   exact(y=np.stack([np.ones(3, F), want[0], np.ones(3, F)])), bad, says)
        yield Case("pars", dict(m=3, z=5, b=3, row=three, x=x[0]), dict(y=((3, 3), F)), exact(y=want[[0, 0, 0]]), bad, says)
        yield Case("rows", dict(m=3, z=5, b=4, row=row, x=x), dict(y=((4, 3), F)), exact(y=want + F(1)), bad, says)
        yield Case("rows_each", dict(m=3, z=5, b=3, row=three, x=x[:3]), dict(y=((3, 3), F)), exact(y=want[:3] + F(1)), bad, says)
        # Offsets into 3 elements: the last one is 3.
        short = np.where(row == 5, 3, row) if says != "row[m] == z" else row
        whole = sums(np.minimum(GOOD, 3), square)
        yield Case("steps", dict(m=3, t=0, row=short, x=square), dict(y=((3,), F)), exact(y=square))
        yield Case("steps", dict(m=3, t=1, row=short, x=square), dict(y=((3,), F)), exact(y=whole), bad, says)
        yield Case("steps_each", dict(m=3, t=2, row=np.stack([L(0, 1, 2, 3), short]), x=square), dict(y=((3,), F)), exact(y=whole), bad, says)
        high = square + F(200)
        yield Case("whiles", dict(m=3, row=short, x=high), dict(y=((3,), F)), exact(y=high))
        low = square.copy()
        low[0] = -50
        yield Case("whiles", dict(m=3, row=short if says else L(0, 1, 2, 3), x=low), dict(y=((3,), F)), None if says else exact(y=low + F(150)), bad, says)
        yield Case("stored", dict(m=3, n=5, x=x[0], at=row), dict(y=((3,), F)), exact(y=want[0] + F(1)), bad, says) if abs(row).max() < 99 else None


def of_lent(rng):
    x = (rng.integers(-32, 32, (3, 5)) / 8).astype(F)
    for row, says in ((L(1, 2, 2, 4), ""), (L(1, 3, 2, 4), "sorted(row)"), (L(-1, 2, 2, 4), "row[0] >= 0"), (L(0, 2, 2, 6), "row[m] <= n")):
        want = x.copy()
        want[:, 1], want[:, 2:4] = 1, 3
        bad = DATA if says else OK
        yield Case("lent", dict(m=3, n=5, row=row, x=x[0]), dict(y=((5,), F)), exact(y=want[0]), bad, says)
        yield Case("lent_rows", dict(m=3, n=5, b=3, row=np.stack([L(1, 2, 2, 4), L(1, 2, 2, 4), row]), x=x), dict(y=((3, 5), F)), exact(y=want), bad, says)


def of_permutations(rng):
    x = (rng.integers(-32, 32, (4, 5)) / 8).astype(F)
    same = L(0, 1, 2, 3, 4)
    for p in (L(2, 0, 1, 4, 3), L(2, 0, 1, 4, 4), L(0, 0, 0, 0, 0), L(9, 0, 1, 2, 3), L(-1, 0, 1, 2, 3), L(2**62, 0, 1, 2, 3)):
        is_one = sorted(p) == list(same)
        bad, says = (OK, "") if is_one else (DATA, "p")
        to = p if is_one else same
        want = np.zeros_like(x)
        want[:, to] = x
        yield Case("all_moved", dict(n=5, b=4, p=p, x=x), dict(y=((4, 5), F)), exact(y=want), bad, says)
        yield Case("all_moved", dict(n=5, b=0, p=p, x=x[:0]), dict(y=((0, 5), F)), exact(y=want[:0]))
        want = want.copy()
        want[[0, 3]] = x[[0, 3]]
        for fn in ("each_moved", "orders"):
            yield Case(fn, dict(n=5, b=4, p=np.stack([same, p, p, same]), x=x), dict(y=((4, 5), F)), exact(y=want), bad, says)
    for fn in ("each_moved", "orders"):
        yield Case(fn, dict(n=0, b=4, p=np.zeros((4, 0), np.int64), x=x[:, :0]), dict(y=((4, 0), F)), exact(y=x[:, :0]))


def of_parts(rng):
    first, p = L(0, 3, 3, 4, 8), L(2, 0, 1, 0, 3, 1, 0, 2)
    x = (rng.integers(-32, 32, 8) / 8).astype(F)
    want = np.array([sum(p[k] * x[k] for k in range(lo, hi)) for lo, hi in zip(first, first[1:])], F)
    values = dict(b=4, z=8, first=first, x=x)
    yield Case("parts", dict(values, p=p), dict(y=((4,), F)), exact(y=want))
    for at, wrong in ((0, 3), (3, 1), (7, 3), (5, -1), (4, 2**62)):
        broken = p.copy()
        broken[at] = wrong
        yield Case("parts", dict(values, p=broken), dict(y=((4,), F)), None, DATA, "p")


def of_others(rng):
    a = np.array([0, 1, 3, 2], F)
    yield Case("by_element", dict(n=4, x=a), dict(y=((4,), F)), exact(y=np.array([3 + 0, 1 + 2, 0, 2], F)))
    yield Case("by_element", dict(n=4, x=a + F(1)), dict(y=((4,), F)), None, DATA, "sorted(row)")
    x = np.sort(rng.integers(-50, 50, (5, 7))).astype(np.int64)
    v = x[:, 0] + rng.integers(0, 30, 5)
    want = np.array([max(r[r <= w]) for r, w in zip(x, v)])
    yield Case("finds", dict(b=5, n=7, x=x, v=v), dict(y=((5,), np.int64)), exact(y=want))
    low = v.copy()
    low[3] = x[3, 0] - 1
    yield Case("finds", dict(b=5, n=7, x=x, v=low), dict(y=((5,), np.int64)), None, DATA, "x[0] <= v")
    mixed = x.copy()
    mixed[2, 3] = 80
    yield Case("finds", dict(b=5, n=7, x=mixed, v=v), dict(y=((5,), np.int64)), None, DATA, "sorted(x)")
    for n in (4, 6):
        k, w = rng.integers(0, n, (3, n)), rng.integers(-9, 9, n).astype(np.int32)
        values = dict(b=3, n=n, k=k, x=w.astype(F), w=w)
        outputs = dict(y=((3, n), F), v=((3, n), np.int32))
        yield Case("picked", values, outputs, exact(y=w.astype(F)[k], v=w[k]))
        for wrong in (n, -1, 2**60):
            broken = k.copy()
            broken[1, 2] = wrong
            yield Case("picked", dict(values, k=broken), outputs, None, DATA, "all n")


def interpret(options, folder, case):
    """The meaning of the language: the same status, and the same fact."""
    arguments = []
    for name, value in case.values.items():
        if isinstance(value, np.ndarray):
            np.save(folder / f"{name}.npy", value)
            arguments.append(f"{name}={folder / name}.npy")
        else:
            arguments.append(f"{name}={value}")
    outputs = [text for name in case.outputs for text in ("-o", f"{name}={folder / name}.out.npy")]
    done = subprocess.run([str(options.texprc), "run", "--interpret", str(SOURCE), case.fn, *arguments, *outputs],
                          capture_output=True, text=True, timeout=300)
    if (done.returncode != 0) != (case.status != OK):
        raise entry.Broken(f"the interpreter: exit {done.returncode}: {done.stderr.strip()[:300]}")
    if case.status:
        place = re.match(r".*?:(\d+):(\d+): error", done.stderr)
        found = SOURCE.read_text().splitlines()[int(place[1]) - 1][int(place[2]) - 1:] if place else ""
        if not found.startswith(case.says):
            raise entry.Broken(f"the interpreter does not find {case.says!r}: {done.stderr.strip()[:300]}")
    elif wrong := case.check({name: np.load(folder / f"{name}.out.npy") for name in case.outputs}):
        raise entry.Broken(f"the interpreter: {wrong}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--texprc", required=True, type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        checker = Checker(options, folder)
        cases = [case for group in (of_rows, of_lent, of_permutations, of_parts, of_others) for case in group(np.random.default_rng(1)) if case]
        for number, case in enumerate(cases):
            checker.attempt(f"interpreter, case {number} {case.fn}", lambda: interpret(options, folder, case))
        for flags in (["-O0"], ["-O2"], ["--checked"]):
            stem = folder / f"call_facts{flags[0]}"
            run([options.texprc, SOURCE, *flags, "--emit=so", "-o", f"{stem}.so"])
            library = entry.Library(f"{stem}.so", stem.with_suffix(".h").read_text())
            for number, case in enumerate(cases):
                checker.attempt(f"{flags[0]}, case {number} {case.fn} {case.says}", lambda: checker.case(library, case))
    print(f"{checker.passed} passed, {checker.failed} failed")
    return checker.failed != 0


if __name__ == "__main__":
    sys.exit(main())

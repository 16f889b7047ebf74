#!/usr/bin/env python3
"""Failures while running: the same index and words from the interpreter, at -O0, -O1 and -O2, on 1, 2 and 4 workers.

usage: check_failures.py --texprc PATH [--only NAME…]

Each function meets bad data at several places; the index that is expected is the lowest one, as docs/abi.md counts it.
`texprc run` says it too, at its place in the source. Prints a line a failure, then `N passed, M failed`.
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

OPT_LEVELS, WORKERS = ("-O0", "-O1", "-O2"), (1, 2, 4)


def ones(*shape):
    return np.ones(shape, np.float32)


def wrong(shape, *places, value=99, dtype=np.int64):
    """Zeros, but for these."""
    array = np.zeros(shape, dtype)
    for place in places:
        array[place] = value
    return array


X = {"x": ones(4)}
LARGE = wrong((3000,), 2500, 1999, 2998)
# name: (the function, arguments, the index, what is said)
CASES = {
    "range1": ("(x: f32[n], p: i64[m] in 0..n) -> (y: f32[m]) { compute m |i| { x[p[i]] } }", {**X, "p": wrong(8, 5, 6)}, 5, "p: every element is in 0..n"),
    "range1_large": ("(x: f32[n], p: i64[m] in 0..n) -> (y: f32[m]) { compute m |i| { x[p[i]] } }", {**X, "p": LARGE}, 1999, "p: every"),
    "range2": ("(x: f32[n], p: i64[m, k] in 0..n) -> (y: f32[m, k]) { compute m, k |i, j| { x[p[i, j]] } }", {**X, "p": wrong((6, 5), (2, 3), (4, 1))}, 13, "p: every"),
    "range2_turned": ("(x: f32[n], p: i64[m, k] in 0..n) -> (y: f32[k, m]) { compute k, m |j, i| { x[p[i, j]] } }", {**X, "p": wrong((6, 5), (2, 3), (4, 1))}, 13, "p: every"),
    "range3": ("(x: f32[n], p: i64[m, k, l] in 0..n) -> (y: f32[m]) { compute m |i| { reduce(+) k, l |a, b| { x[p[i, a, b]] } } }",
               {**X, "p": wrong((4, 5, 6), (1, 2, 3), (3, 0, 1))}, 45, "p: every"),
    "range_short_rows": ("(x: f32[n], p: i64[m, 3] in 0..n) -> (y: f32[m]) { compute m |i| { reduce(+) 3 |j| { x[p[i, j]] } } }", {**X, "p": wrong((40, 3), (21, 1), (30, 0))}, 64, "p: every"),
    "range_small_ints": ("(x: f32[n], p: u8[m] in 0..n) -> (y: f32[m]) { compute m |i| { x[p[i]] } }", {**X, "p": wrong(300, 211, 250, value=255, dtype=np.uint8)}, 211, "p: every"),
    "range_u32": ("(x: f32[n], p: u32[m] in 0..n) -> (y: f32[m]) { compute m |i| { x[p[i]] } }", {**X, "p": wrong(30, 7, value=2**32 - 1, dtype=np.uint32)}, 7, "p: every"),
    "range_not_from_0": ("(x: f32[n], p: i32[m] in 1..=n) -> (y: f32[m]) { compute m |i| { x[p[i] - 1] } }", {**X, "p": 1 + wrong(30, 7, value=4, dtype=np.int32)}, 7, "p: every"),
    "range_by_way_of_a_tensor": ("(x: f32[n], p: i64[m] in 0..n) -> (y: f32[m]) { let q: i64[m] in 0..n = compute m |i| { p[m - 1 - i] }; compute m |i| { x[q[i]] + x[q[m - 1 - i]] } }",
                                 {**X, "p": wrong(8, 5, 6)}, 5, "p: every"),
    "range_of_two": ("(x: f32[n, n], p: i64[m] in 0..n, q: i64[m] in 0..n) -> (y: f32[m]) { compute m |i| { x[p[i], q[i]] } }", {"x": ones(4, 4), "p": wrong(8), "q": wrong(8, 3)}, 3, "q: every"),
    "range_as_bound": ("(x: f32[n], p: i64[m] in 0..=n) -> (y: f32[m]) { compute m |i| { reduce(+) p[i] |j| { x[j] } } }", {**X, "p": wrong(8, 5, 6)}, 5, "p: every"),
    "range_as_bound2": ("(x: f32[n], p: i64[m, k] in 0..=n) -> (y: f32[m]) { compute m |i| { reduce(+) k |j| { reduce(+) p[i, j] |t| { x[t] } } } }",
                        {**X, "p": wrong((6, 5), (2, 3), (4, 1))}, 13, "p: every"),
    "range_of_guarded": ("(x: f32[n], p: i64[m] in 0..n) -> (y: f32[m]) { compute m |i| { if (p[i + 2] else 7) == 7 { 0 } else { x[p[i + 2] else 0] } } }",
                         {"x": ones(4), "p": wrong(8, 5)}, 5, "p: every"),
    "range_as_condition": ("(x: f32[n], p: i64[m] in 0..n) -> (y: f32[m]) { compute m |i| { if p[i] >= 1 { x[p[i] - 1] } else { 0 } } }", {**X, "p": wrong(8, 5)}, 5, "p: every"),
    "range_in_scatter": ("(x: f32[m], p: i64[m] in 0..n, z: f32[n]) -> (y: f32[n]) { scatter(+) [n] from z over m |i| { at p[i] put x[i] } }",
                         {"x": ones(3000), "p": LARGE, "z": ones(4)}, 1999, "p: every"),
    "range_in_scatter2": ("(x: f32[m, k], p: i64[m, k] in 0..n, z: f32[n]) -> (y: f32[n]) { scatter(+) [n] from z over m, k |i, j| { at p[i, j] put x[i, j] } }",
                          {"x": ones(6, 5), "p": wrong((6, 5), (2, 3), (4, 1)), "z": ones(4)}, 13, "p: every"),
    "range_in_par": ("(x: f32[n], p: i64[m, k] in 0..n) -> (y: f32[m, k]) { y: f32[m, k]; par m, k |i, j| { y[i, j] = x[p[i, j]]; } y }", {**X, "p": wrong((6, 5), (2, 3), (4, 1))}, 13, "p: every"),
    "range_in_store": ("(p: i64[m] in 0..n, x: f32[n]) -> (y: f32[n]) { y: f32[n] = 0; seq m |i| { y[p[i]] = 1; } y }", {**X, "p": wrong(8, 6, 7)}, 6, "p: every"),
    "range_with_marker": ("(p: i64[m] in 0..n or -1, x: f32[n]) -> (y: f32[m]) { compute m |i| { if p[i] == -1 { 0 } else { x[p[i]] } } }", {**X, "p": wrong(8, 6, 7)}, 6, "p: every"),
    "range_of_callee": ("(x: f32[n], p: i64[m, k] in 0..n) -> (y: f32[m, k]) { compute m |i| { looked_up(x, p[i]) } }", {**X, "p": wrong((6, 5), (2, 3), (4, 4))}, None, "every element is in 0..n"),
    "else_fail1": ("(x: f32[n], p: i64[m]) -> (y: f32[m]) { compute m |i| { x[p[i]] else fail } }", {**X, "p": LARGE}, 1999, "the index of `x[p[i]]` is inside"),
    "else_fail2": ("(x: f32[n], p: i64[m, k]) -> (y: f32[m, k]) { compute m, k |i, j| { x[p[i, j]] else fail } }", {**X, "p": wrong((60, 50), (20, 30), (40, 1))}, 1030, "is inside"),
    "else_fail_in_short_sum": ("(x: f32[n], p: i64[m, 3]) -> (y: f32[m]) { compute m |i| { reduce(+) 3 |j| { x[p[i, j]] else fail } } }", {**X, "p": wrong((6, 3), (2, 1), (4, 2))}, 1, "is inside"),
    "else_fail_from_5": ("(x: f32[n], p: i64[m]) -> (y: f32[m - 5]) where m >= 5 { compute 5..m |i| { x[p[i]] else fail } }", {**X, "p": wrong(20, 1, 7, 12)}, 2, "is inside"),
    "else_fail_in_rows": ("(x: f32[n], row: i64[m + 1] in 0..=z, p: i64[z]) -> (y: f32[m]) { compute m |i| { reduce(+) row[i]..row[i + 1] |e| { x[p[e]] else fail } } }",
                          {**X, "row": np.array([0, 3, 5, 9]), "p": wrong(9, 7, 4, 8)}, 4, "is inside"),
    "else_fail_in_scan": ("(x: f32[n], p: i64[m]) -> (y: f32[m]) { scan(+) m |i| { x[p[i]] else fail } }", {**X, "p": LARGE}, 1999, "is inside"),
    "else_fail_in_filter": ("(x: f32[n], p: i64[m]) -> (y: f32[k]) where k <= m { filter m |i| where x[p[i]] else fail > 0 { x[0] else 1 } }", {**X, "p": LARGE}, 1999, "is inside"),
    "else_fail_in_sort": ("(x: f32[n], p: i64[m]) -> (y: i64[m]) { argsort m |i| { x[p[i]] else fail } }", {**X, "p": wrong(20, 7, 12)}, 7, "is inside"),
    "else_fail_in_for": ("(x: f32[n], p: i64[m]) -> f32 { for t in 0..m with (s = 0.0) { s + (x[p[t]] else fail) } }", {**X, "p": wrong(20, 7, 12)}, 7, "is inside"),
    "else_fail_of_slice": ("(x: f32[n], k: i64 in 0..=n) -> (y: f32[3]) { x[k..k + 3] else fail }", {**X, "k": 2}, 2, "is inside"),
    "else_fail_outside": ("(x: f32[n], k: i64) -> f32 { x[k] else fail }", {**X, "k": 4}, 0, "is inside"),
    "else_fail_in_par": ("(x: f32[n], p: i64[m, k]) -> (y: f32[m, k]) { y: f32[m, k]; par m, k |i, j| { y[i, j] = x[p[i, j]] else fail; } y }", {**X, "p": wrong((6, 5), (2, 3), (4, 1))}, 13, "is inside"),
    "else_fail_unused_in_par": ("(x: f32[n], p: i64[m]) -> (y: f32[m]) { y: f32[m]; par m |i| { let v = x[p[i]] else fail; y[i] = 1; } y }", {**X, "p": wrong(8, 5, 6)}, 5, "is inside"),
    "else_fail_of_view": ("(x: f32[n], p: i64[m]) -> (y: f32[m]) { let v = x else fail; compute m |i| { v[p[i]] } }", {**X, "p": wrong(8, 5, 6)}, 5, "inside"),
    "max_else_fail": ("(x: f32[n]) -> (y: f32[n]) { compute n |i| { while u > 1 with (u = x[i]) max 3 else fail { u * 0.5 } } }", {"x": np.array([1, 1, 99, 1, 99], np.float32)}, 2, "ends within 3 steps"),
    "sorted": ("(p: i64[m], x: f32[n]) -> (y: f32[n]) where sorted(p) { x }", {**X, "p": np.array([0, 1, 2, -1, 4, 0])}, 2, "sorted(p)"),
    "perm_twice": ("(p: i64[n] perm, x: f32[n]) -> (y: f32[n]) { compute n |i| { x[p[i]] } }", {**X, "p": np.array([0, 1, 1, 3])}, 1, "a permutation of 0..n"),
    "perm_outside": ("(p: i64[n] perm, x: f32[n]) -> (y: f32[n]) { compute n |i| { x[p[i]] } }", {**X, "p": np.array([0, 1, 2, 4])}, 3, "a permutation of 0..n"),
    "all2": ("(p: i64[m, k], x: f32[n]) -> (y: f32[n]) where all m, k |i, j| { p[i, j] in 0..n } { x }", {**X, "p": wrong((60, 50), (20, 30), (40, 1))}, 1030, "does not hold"),
    "relation": ("(row: i64[m + 1], x: f32[n]) -> (y: f32[n]) where row[0] == 0 { x }", {**X, "row": np.array([1, 2])}, 0, "row[0] == 0"),
    "two_puts": ("(x: f32[m], p: i64[m] in 0..n, z: f32[n]) -> (y: f32[n]) { scatter [n] from z over m |i| { at p[i] put x[i] } }",
                 {"x": ones(4), "p": np.array([0, 3, 1, 3]), "z": ones(4)}, 3, ""),
}
HELPERS = "local fn looked_up(x: f32[n], q: i64[m] in 0..n) -> (y: f32[m]) { compute m |i| { x[q[i]] } }\n"


class Checker:
    def __init__(self, texprc, folder, names):
        self.texprc, self.folder, self.names, self.passed, self.failed = texprc, folder, names, 0, 0
        self.source = folder / "failures.tx"
        self.source.write_text(HELPERS + "".join(f"fn {name}{CASES[name][0]}\n" for name in names))

    def hold(self, title, message, index, said):
        found = re.search(r"\(index (-?\d+)\)", message)
        if said not in message or not found or (index is not None and int(found[1]) != index):
            self.failed += 1
            print(f"FAILED {title}: {message!r}, expected {said!r} and {index}", flush=True)
        else:
            self.passed += 1

    def objects(self, level):
        out = self.folder / f"failures{level}.so"
        target = "cpu" if level == "-O2" else "native"
        command = [self.texprc, self.source, level, "--target", target, "--emit=so", "-o", out]
        built = subprocess.run(command, capture_output=True, text=True, timeout=400)
        if built.returncode:
            self.failed += 1
            return print(f"FAILED {level}: exit {built.returncode}: {built.stderr[:800]}", flush=True)
        library = entry.Library(out, out.with_suffix(".h").read_text())
        for name in self.names:
            program, values, index, said = CASES[name]
            values = dict(values)
            for array, dims in re.findall(r"(\w+): \w+\[([^\]]*)\]", program[:program.index("->")]):
                for dim, extent in zip(dims.split(", "), values[array].shape):
                    known = re.fullmatch(r"([a-z]\w*)( \+ 1)?", dim)
                    if known:
                        values[known[1]] = extent - bool(known[2])
            outputs = {p: ((4096,), entry.C_TYPES[t]) for t, is_pointer, p in library.prototypes[name] if is_pointer and p not in values and t != "tx_call"}
            for workers in WORKERS:
                status, message, _ = library.call(name, values, outputs, workers=workers)
                self.hold(f"{name} {level} on {workers}", message if status == entry.DATA else f"status {status}: {message}", index, said)

    def runs(self, name):
        """By the interpreter, and by `texprc run`: both say the place."""
        program, values, index, said = CASES[name]
        arguments = []
        for key, value in values.items():
            if isinstance(value, np.ndarray):
                np.save(self.folder / f"{name}_{key}.npy", value)
                value = self.folder / f"{name}_{key}.npy"
            arguments.append(f"{key}={value}")
        source = self.folder / f"{name}.tx"
        source.write_text(f"{HELPERS}fn {name}{program}\n")
        lines = {f"{name}.tx:{line}:" for line in (1, 2)}
        for flags in (["--interpret"], ["-O1"]):
            done = subprocess.run([self.texprc, "run", source, name, *arguments, *flags], capture_output=True, text=True, timeout=120)
            message = done.stderr
            isOne = done.returncode == 1 and any(line in message for line in lines)
            self.hold(f"{name} {flags[0]}", message if isOne else f"exit {done.returncode}, no place: {message}", index, "" if "--interpret" in flags else said)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--texprc", required=True, type=pathlib.Path)
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    names = options.only or list(CASES)
    with tempfile.TemporaryDirectory() as folder:
        checker = Checker(options.texprc, pathlib.Path(folder), names)
        for level in OPT_LEVELS:
            checker.objects(level)
        for name in names:
            checker.runs(name)
    print(f"{checker.passed} passed, {checker.failed} failed")
    return checker.failed != 0


if __name__ == "__main__":
    sys.exit(main())

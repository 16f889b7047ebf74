#!/usr/bin/env python3
"""Checked builds (`--checked`): each kind of violation is reported at its place, with indices; correct programs are as before.

usage: check_checked.py --texprc PATH [--only NAME…]

The violations come through what the language lets an author answer for: `assume`, `@disjoint`, a bad op, bad data; an access
that no check guards is had by importing a program as if it were not checked. Every example runs all its cases of
references.py checked, with the same results. Prints a line a failure, then `N passed, M failed`.
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
import references

F, I = (lambda *v: np.array(v, np.float32)), (lambda *v: np.array(v, np.int32))
L = lambda *v: np.array(v, np.int64)

# name: (program, [(arguments, what is said; None: nothing is)]). `@` in the program stands before the place, and goes.
CASES = {
    "assume": ("fn f(x: f32[n], k: i64) -> f32 { @assume 0 <= k < n; x[k] }", [
        ({"x": F(1, 2), "k": 1}, None), ({"x": F(1, 2), "k": 2}, "`assume 0 <= k < n` does not hold"),
        ({"x": F(1, 2), "k": -1}, "`assume 0 <= k < n` does not hold")]),
    "assumed_inside": ("fn f(x: f32[n], p: i64[m]) -> (y: f32[m]) { y: f32[m]; par m |i| { let k = p[i]; @assume 0 <= k < n; y[i] = x[k]; } y }", [
        ({"x": F(1, 2), "p": L(1, 0, 1)}, None), ({"x": F(1, 2), "p": L(1, 0, 2)}, "does not hold, at i = 2")]),
    "assumed_in_form": ("fn f(x: f32[n], p: i64[m]) -> (y: f32[m]) { compute m |i| { let k = p[i]; @assume 0 <= k < n; x[k] } }", [
        ({"x": F(1, 2), "p": L(1, 0, 1)}, None), ({"x": F(1, 2), "p": L(1, 0, 2)}, "`assume 0 <= k < n` does not hold, at i = 2")]),
    "assumed_of_rows": ("fn f(x: f32[n], row: i64[m, k]) -> (y: f32[m]) { compute m |t| { let r = row[t]; @assume sorted(r); reduce(+) n |p| { x[p] } } }", [
        ({"x": F(1, 2), "row": np.array([[0, 1, 1], [3, 4, 5]])}, None),
        ({"x": F(1, 2), "row": np.array([[0, 1, 1], [3, 4, 2]])}, "`assume sorted(r)` does not hold, at t = 1, i = 1")]),
    "range": ("fn f(x: f32[n], @p: i64[m] in 0..n) -> (y: f32[m]) { compute m |i| { x[p[i]] } }", [
        ({"x": F(1, 2), "p": L(1, 0)}, None), ({"x": F(1, 2), "p": L(0, 1, 2, 0)}, "`p in 0..n` does not hold, at element = 2")]),
    "range_unused": ("fn f(x: f32[n], @p: i64[m] in 0..n or -1) -> (y: f32[n]) where m > 0 { x }", [
        ({"x": F(1, 2), "p": L(1, -1)}, None), ({"x": F(1, 2), "p": L(-2)}, "does not hold, at element = 0")]),
    "fact": ("fn f(row: i64[n + 1], x: f32[z]) -> (y: f32[n]) where row[0] == 0, row[n] == z, @sorted(row) { "
             "compute n |i| { reduce(+) row[i]..row[i + 1] |p| { x[p] } } }", [
        ({"row": L(0, 1, 2), "x": F(1, 2)}, None), ({"row": L(0, 3, 2), "x": F(1, 2)}, "sorted(row) does not hold, at i = 1")]),
    "race": ("fn f(x: f32[n], p: i64[n] in 0..n) -> (y: f32[n]) { y: f32[n] = 0; par n |i| @disjoint { @y[p[i]] = x[i]; } y }", [
        ({"x": F(1, 2, 3), "p": L(2, 0, 1)}, None),
        ({"x": F(1, 2, 3), "p": L(2, 0, 2)}, "a race: writes `y`[2], which another iteration of the `par` (i = 0) wrote, at i = 2")]),
    "race_read": ("fn f(p: i64[n] in 0..n) -> (y: i64[n]) { y: i64[n] = 7; par n |i| @disjoint { y[i] = @y[p[i]] + 1; } y }", [
        ({"p": L(0, 1, 2)}, None),
        ({"p": L(0, 0, 2)}, "a race: reads `y`[0], which another iteration of the `par` (i = 0) wrote, at i = 1")]),
    "race_after_reads": ("fn f(p: i64[n] in 0..n) -> (y: i64[n]) where n == 4 { y: i64[n] = 7; z: i64[n] = 0; "
                         "par n |i| @disjoint { if i < 3 { z[i] = y[p[i]]; } else { @y[p[i]] = 1; } } y }", [
        ({"p": L(0, 1, 2, 3)}, None), ({"p": L(1, 1, 2, 1)}, "a race: writes `y`[1], which another iteration of the `par` (i = 0) read, at i = 3")]),
    "race_nested": ("fn f(p: i64[m, n] in 0..n) -> (y: i64[m, n]) { y: i64[m, n] = 0; par m |i| { par n |j| @disjoint { @y[i, p[i, j]] = j; } } y }", [
        ({"p": np.array([[1, 0], [0, 1]])}, None),
        ({"p": np.array([[1, 0], [1, 1]])}, "a race: writes `y`[1, 1], which another iteration of the `par` (j = 0) wrote, at i = 1, j = 1")]),
    "race_outer": ("fn f(x: f32[n], p: i64[m] in 0..m) -> (y: i64[m, n]) { y: i64[m, n] = 0; par m |i| @disjoint { par n |j| { @y[p[i], j] = j; } } y }", [
        ({"x": F(1, 2), "p": L(1, 0)}, None),
        ({"x": F(1, 2), "p": L(1, 1)}, "which another iteration of the `par` (i = 0) wrote, at i = 1, j = 0")]),
    "race_two_axes": ("fn f(p: i64[m, n] in 0..z, x: f32[z]) -> (y: f32[z]) { y: f32[z] = 0; par m, n |i, j| @disjoint { @y[p[i, j]] = 1; } y }", [
        ({"p": np.array([[0, 1, 2], [3, 4, 5]]), "x": F(*range(6))}, None),
        ({"p": np.array([[0, 1, 2], [3, 4, 2]]), "x": F(*range(6))}, "writes `y`[2], which another iteration of the `par` (i = 0, j = 2) wrote, at i = 1, j = 2")]),
    "race_atomic": ("fn f(p: i64[n] in 0..n) -> (y: i32[n]) { y: i32[n] = 0; par n |i| @disjoint { atomic y[p[i]] += 1; if i == n - 1 { @y[0] = 5; } } y }", [
        ({"p": L(1, 1, 1)}, None),
        ({"p": L(0, 1, 1)}, "a race: writes `y`[0], which another iteration of the `par` (i = 0) changed by an atomic, at i = 2")]),
    "no_race_in_seq": ("fn f(x: f32[n]) -> (y: f32[n]) where n > 1 { y: f32[n] = 0; z: f32[n] = x; "
                       "seq 5 |t| { par n |i| { y[i] = z[i] + z[(i + 1) % n]; } par n |i| { z[i] = y[(i + 1) % n]; } } z }", [
        ({"x": F(1, 2, 3, 4)}, None)]),
    "unwritten": ("fn f(x: f32[n]) -> f32 where n > 0 { y: f32[n]; par n |i| { if x[i] > 0 { y[i] = x[i]; } } assume written(y); reduce(+) n |i| { @y[i] } }", [
        ({"x": F(1, 2)}, None), ({"x": F(1, -2)}, "reads element [1] of a value, which was never written, at i = 1")]),
    "unwritten_result": ("fn f(x: f32[n]) -> (y: f32[n]) { t: f32[n]; par n |i| { if x[i] > 0 { t[i] = x[i]; } } assume written(t); t }", [
        ({"x": F(1, 2)}, None), ({"x": F(1, 2, -2)}, "[2] is returned and was never written")]),
    "division": ("fn f(a: i32[n], b: i32[n]) -> (q: i32[n]) { compute n |i| { if a[i] > 0 { @a[i] / b[i] } else { 0 } } }", [
        ({"a": I(1, 0), "b": I(1, 0)}, None), ({"a": I(1, 0, 5), "b": I(1, 0, 0)}, "a division by zero, at i = 2")]),
    "remainder": ("fn f(a: u8, b: u8) -> u8 { @rem(a, b) }", [({"a": 7, "b": 4}, None), ({"a": 7, "b": 0}, "a division by zero")]),
    "associative": ("@op avg(a: i32, b: i32) -> i32 { (a + b) / 2 }\nfn f(a: i32[n]) -> i32 where n > 0 { reduce(avg) n |i| { a[i] } }", [
        ({"a": I(4, 4)}, None), ({"a": I(1, 0, 3)}, "op `avg` is not associative")]),
    "identity": ("@op most(a: i32, b: i32) -> i32 identity 0 { max(a, b) }\nfn f(a: i32[n]) -> i32 { reduce(most) n |i| { a[i] } }", [
        ({"a": I(1, 5)}, None), ({"a": I(1, -5)}, "op `most` has an identity that is none")]),
    "scanned_op": ("@op last(a: i32, b: i32) -> i32 identity 0 { a - b }\nfn f(a: i32[n]) -> (y: i32[n]) { scan(last) n |i| { a[i] } }", [
        ({"a": I(0, 0)}, None), ({"a": I(1, 2)}, "op `last` is not associative")]),
    "projecting_op": ("op last(a: i32, b: i32) -> i32 identity 0 { b }\nfn f(x: i32[n]) -> i32 { reduce(last) n |i| { x[i] } }", [
        ({"x": I(3, 1)}, None)]),
    "choosing_op": ("op argmax(a: (f32, i64), b: (f32, i64)) -> (f32, i64) identity (-inf, i64.max) "
                    "{ if b.0 > a.0 || (b.0 == a.0 && b.1 < a.1) { b } else { a } }\n"
                    "fn f(x: f32[n]) -> (v: f32, p: i64) { reduce(argmax) n |i| { (x[i], i) } }", [
        ({"x": F(3, 1, 3, 2)}, None), ({"x": F(3, np.nan, -np.inf)}, None), ({"x": F(-np.inf, -np.inf)}, None)]),
    "rounding_op": ("op plus(a: f32, b: f32) -> f32 identity 0 { a + b }\nfn f(x: f32[n]) -> f32 { reduce(plus) n |i| { x[i] } }", [
        ({"x": F(0.1, 1e8, 3)}, None)]),
    "promises_of_speed": ("fn f(x: f32[n]) -> (y: f32[n]) ensure kernels <= 1 { let a = compute n |i| { x[i] * 2 }; compute n |i| { a[i] + a[n - 1 - i] } }", [
        ({"x": F(3, 1)}, None)]),
    "scatter": ("fn f(p: i64[n], x: f32[n]) -> (y: f32[4]) { scatter(+) [4] over n |i| { at p[i] or skip put x[i] } }", [
        ({"p": L(3, 3, 9), "x": F(1, 2, 3)}, None)]),
    "filter": ("fn f(x: f32[n]) -> (y: f32[k]) { filter n |i| where x[i] > 0 { x[i] } }", [({"x": F(1, -2, 3)}, None)]),
}
NAN = ("fn f(a: f32[m, n]) -> (y: f32[m]) { compute m |i| { reduce(+) n |j| { @sqrt(a[i, j]) } } }", [
    ({"a": np.array([[4, np.nan], [9, 1]], np.float32)}, None),
    ({"a": np.array([[4, np.nan], [9, -2]], np.float32)}, "a NaN is made of operands that are none, at i = 1, j = 1")])
NAN_SUM = ("fn f(a: f32[m, n]) -> (y: f32[m]) { compute m |i| { @reduce(+) n |j| { a[i, j] } } }", [
    ({"a": np.array([[4, np.inf], [-0.0, -0.0]], np.float32)}, None),
    ({"a": np.array([[4, 5], [np.inf, -np.inf]], np.float32)}, "a NaN is made of terms that are none")])
# An access that nothing guards: imported as if it were not checked.
UNGUARDED = {
    "read": ("fn f(x: f32[m, n], k: i64) -> f32 where m > 0 { assume 0 <= k < n; @x[0, k] }", [
        ({"x": np.ones((2, 3), np.float32), "k": 2}, None),
        ({"x": np.ones((2, 3), np.float32), "k": 3}, "reads `x`[0, 3], which has 2 x 3 elements"),
        ({"x": np.ones((2, 3), np.float32), "k": -1}, "reads `x`[0, -1], which has 2 x 3 elements")]),
    "write": ("fn f(x: f32[n], p: i64[n]) -> (y: f32[n]) { y: f32[n] = 0; seq n |i| { let k = p[i]; assume 0 <= k < n; @y[k] = x[i]; } y }", [
        ({"x": F(1, 2), "p": L(1, 0)}, None), ({"x": F(1, 2), "p": L(1, 1 << 40)}, f"writes `y`[{1 << 40}], which has 2 elements, at i = 1")]),
}


def run(command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300)


class Checker:
    def __init__(self, texprc, folder):
        self.texprc, self.folder, self.passed, self.failed = texprc, folder, 0, 0

    def fail(self, title, what):
        self.failed += 1
        print(f"FAILED {title}: {what}", flush=True)

    def build(self, name, program, flag, isUnguarded):
        source = self.folder / f"{name}.tx"
        source.write_text(program)
        out = source.with_suffix(".so")
        made = source
        if isUnguarded:
            made = source.with_suffix(".mlir")
            run([self.texprc, source, "--stop-after=import", "-o", made])
        built = run([self.texprc, made, flag, "--emit=so", "-o", out])
        if built.returncode:
            raise entry.Broken(f"exit {built.returncode}: {built.stderr[:800]}")
        return entry.Library(out, out.with_suffix(".h").read_text())

    def violation(self, name, case, flag="--checked", isUnguarded=False):
        text, calls = case
        marks = [m.start() for m in re.finditer(r"@(?!disjoint)", text)]
        line = text[:marks[0] if marks else 0].count("\n") + 1
        program = re.sub(r"@(?!disjoint)", "", text)
        column = marks[0] - text.rfind("\n", 0, marks[0]) if marks else 0
        try:
            library = self.build(name, program, flag, isUnguarded)
        except (entry.Broken, subprocess.TimeoutExpired) as error:
            return self.fail(name, error)
        for values, said in calls:
            values = dict(values)
            try:
                status, message = self.call(library, program, values)
            except entry.Broken as error:
                self.fail(name, error)
                continue
            if said is None:
                problem = None if status == entry.OK else f"status {status} ({message!r}) for {values}"
            elif status != entry.DATA or said not in message:
                problem = f"status {status}, {message!r}; expected {said!r} for {values}"
            elif marks and not isUnguarded and f":{line}:{column}: " not in message:
                problem = f"{message!r} is not at {line}:{column}"
            else:
                problem = None
            if problem:
                self.fail(name, problem)
            else:
                self.passed += 1

    @staticmethod
    def call(library, program, values):
        """Every pointer that is no argument is an output, with room for all."""
        outputs = {}
        for c_type, pointer, parameter in library.prototypes["f"]:
            if c_type == "tx_call":
                continue
            if pointer and parameter not in values:
                outputs[parameter] = ((64,), entry.C_TYPES[c_type])
            elif not pointer and parameter not in values:
                values[parameter] = 0  # a dim, found below
        arrays = {k: v for k, v in values.items() if isinstance(v, np.ndarray)}
        for name, array in arrays.items():
            for dim, extent in zip(re.search(rf"\b{name}: \w+\[([^\]]*)\]", program)[1].split(", "), array.shape):
                known = re.fullmatch(r"(\w+)( \+ 1)?", dim)
                if known and known[1] in values:
                    values[known[1]] = extent - bool(known[2])
        status, message, _ = library.call("f", values, outputs)
        return status, message

    def example(self, reference):
        name = reference.__name__
        source = pathlib.Path(__file__).parents[2] / "examples" / name / f"{name}.tx"
        out = self.folder / f"{name}.so"
        built = run([self.texprc, source, "--checked", "--emit=so", "-o", out])
        if built.returncode:
            return self.fail(name, f"exit {built.returncode}: {built.stderr[:800]}")
        library = entry.Library(out, out.with_suffix(".h").read_text())
        for number, case in enumerate(reference(np.random.default_rng(1))):
            try:
                status, text, results = library.call(case.fn, case.values, case.outputs, workers=2)
                wrong = f"status {status} ({text!r}), expected {case.status}" if status != case.status else None
                if not wrong and not status:
                    wrong = case.check(results)
            except entry.Broken as error:
                wrong = error
            if wrong:
                self.fail(f"{name} case {number} {case.fn}", wrong)
            else:
                self.passed += 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--texprc", required=True, type=pathlib.Path)
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    wanted = lambda name: not options.only or name in options.only
    with tempfile.TemporaryDirectory() as folder:
        checker = Checker(options.texprc, pathlib.Path(folder))
        for name, case in CASES.items():
            if wanted(name):
                checker.violation(name, case)
        for name, case in UNGUARDED.items():
            if wanted(name):
                checker.violation(name, case, isUnguarded=True)
        for name, case in (("nan", NAN), ("nan_sum", NAN_SUM)):
            if wanted(name):
                checker.violation(name, case, "--checked=nan")
        for reference in references.EXAMPLES:
            if wanted(reference.__name__):
                checker.example(reference)
    print(f"{checker.passed} passed, {checker.failed} failed")
    return checker.failed != 0


if __name__ == "__main__":
    sys.exit(main())

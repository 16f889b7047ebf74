#!/usr/bin/env python3
"""Every operator, function and conversion on tables of special values: texprc against the reference interpreter.

usage: check_numerics.py --texprc PATH [--only TYPE…] [--all] [--keep DIR]

The programs are made from the rows of numerics_table.py: for each scalar type one file, in which every row stands in a
loop that becomes vectors (`compute`, all pairs of the table, an odd tail) and in a serial loop (`seq`), and one with
literals for operands, which passes fold. They are compiled at -O2 for every x86-64 level that this machine runs and at
-O0 for the highest; -O3 must give the bytes of -O2. To be quick, literals go with some types and the highest level only;
--all takes all of both. Exact rows must agree with the interpreter to the bit, NaN's sign and payload aside; functions
within their stated ulps, and exactly where the interpreter gives NaN, infinity or zero. Prints a line a difference, then
`N comparisons, M differ`.
"""
import argparse
import concurrent.futures
import ctypes
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import entry
import numerics_table as table

WIDEST = 12  # results of one function
WITH_LITERALS = ("f32", "f16", "i32", "i64", "bool")
TAILS = (1, 7, 29)  # short axes, beside all pairs


def run(command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise entry.Broken(f"{' '.join(map(str, command[1:4]))}: exit {done.returncode}: {(done.stderr or done.stdout).strip()[:900]}")


def machines():
    flags = set(pathlib.Path("/proc/cpuinfo").read_text().split())
    levels = ["x86-64-v2"]
    if {"avx2", "fma", "f16c", "bmi2"} <= flags:
        levels.append("x86-64-v3")
        if {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"} <= flags:
            levels.append("x86-64-v4")
    return levels


class Function:
    """A function of a file: its rows, its operands by name, and its form: vector, serial, or (a row an operator) reduce."""

    def __init__(self, name, types, rows, form):
        self.name, self.types, self.rows, self.form = name, types, rows, form
        self.names = "abc"[:len(types)]

    def source(self):
        if self.form == "reduce":
            results = ", ".join(f"r{k}: {row.result}[m]" for k, row in enumerate(self.rows))
            values = ", ".join(f"reduce({row.text}) n |j| {{ a[i, j] }}" for row in self.rows)
            every = ", ".join(f"t.{k}" for k in range(len(self.rows)))
            return f"fn {self.name}(a: {self.types[0]}[m, n]) -> ({results}) {{\n  let t = compute m |i| {{ ({values}) }};\n  ({every})\n}}\n"
        parameters = ", ".join(f"{n}: {t}[n]" for n, t in zip(self.names, self.types))
        results = ", ".join(f"r{k}: {row.result}[n]" for k, row in enumerate(self.rows))
        values = [row.text.format(**{n: f"{n}[i]" for n in self.names}) for row in self.rows]
        every = "(" + ", ".join(f"r{k}" for k in range(len(values))) + ")"
        if len(values) == 1:
            every = "r0"
        if self.form == "serial":
            body = "".join(f"  r{k}: {row.result}[n];\n" for k, row in enumerate(self.rows))
            body += "  seq n |i| {\n" + "".join(f"    r{k}[i] = {v};\n" for k, v in enumerate(values)) + "  }\n"
        else:
            body = "".join(f"  let r{k} = compute n |i| {{ {v} }};\n" for k, v in enumerate(values))
        return f"fn {self.name}({parameters}) -> ({results}) {{\n{body}  {every}\n}}\n"

    def inputs(self):
        """All combinations of the operands' values; the count is odd, so a tail is left at every vector length."""
        if self.form == "reduce":
            return [table.terms(self.types[0])]
        every = not self.rows[0].isLiteral
        tables = [table.values(t, len(self.types), every) for t in self.types]
        grids = [g.ravel() for g in np.meshgrid(*tables, indexing="ij")]
        count = len(grids[0]) - (len(grids[0]) % 2 == 0)
        return [np.ascontiguousarray(g[:count]) for g in grids]


class File:
    def __init__(self, scalar, isLiteral, folder):
        self.name, self.folder, self.functions = scalar + "-literals" * isLiteral, folder, []
        self.path = folder / f"{self.name}.tx"
        groups = {}
        for row in table.rows(scalar):
            if row.isLiteral == isLiteral:
                groups.setdefault(row.types, []).append(row)
        for types, rows in groups.items():
            for at in range(0, len(rows), WIDEST):
                chunk = rows[at:at + WIDEST]
                for form in ("vector",) if isLiteral else ("vector", "serial"):
                    self.functions.append(Function(f"t{len(self.functions)}", types, chunk, form))
        if not isLiteral:
            self.functions.append(Function(f"t{len(self.functions)}", (scalar,), table.combiners(scalar), "reduce"))
        self.path.write_text("".join(f.source() for f in self.functions))

    def expected(self, texprc, function):
        """By the interpreter: one array a row, as bits."""
        arguments, outputs = [], []
        for name, t, values in zip(function.names, function.types, function.inputs()):
            path = self.folder / f"{self.name}-{function.name}-{name}.npy"
            np.save(path, values.view(table.npyType(t)))
            arguments.append(f"{name}={path}")
        paths = [self.folder / f"{self.name}-{function.name}-r{k}.npy" for k in range(len(function.rows))]
        for k, path in enumerate(paths):
            outputs += ["-o", f"r{k}={path}"]
        run([texprc, "run", "--interpret", self.path, function.name, *arguments, *outputs])
        return [np.load(path).view(table.bitsType(row.result)) for path, row in zip(paths, function.rows)]

    def build(self, texprc, target, level):
        out = self.folder / f"{self.name}-{target}-O{level}.so"
        run([texprc, self.path, f"--target={target}", f"-O{level}", "--emit=so", "-o", out])
        return out


def call(library, function, inputs, count):
    outputs = [np.full(count, 0x5A, table.bitsType(row.result)) for row in function.rows]
    pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in [*(a[:count] for a in inputs), *outputs]]
    dims = inputs[0].shape if inputs[0].ndim > 1 else (count,)
    status = library[function.name](*map(ctypes.c_int64, dims), *pointers, None)
    if status:
        raise entry.Broken(f"{function.name}: status {status}")
    return outputs


def differing(row, got, want):
    """Which elements are not as the row promises."""
    if not table.isFloat(row.result):
        return got != want
    gotNan, wantNan = table.isNan(row.result, got), table.isNan(row.result, want)
    wrong = (got != want) & ~(gotNan & wantNan)
    if row.ulps == 0:
        return wrong
    distance = np.abs(table.ordered(row.result, got) - table.ordered(row.result, want))
    special = gotNan | wantNan | table.isSpecial(row.result, want)
    return wrong & (special | (distance > row.ulps))


class Comparison:
    def __init__(self, texprc, folder):
        self.texprc, self.folder, self.compared, self.failures = texprc, folder, 0, []
        self.known = {}  # of a row that differs: in how many builds and forms

    def compare(self, title, function, inputs, got, want):
        for row, g, w in zip(function.rows, got, want):
            self.compared += len(g)
            wrong = np.flatnonzero(differing(row, g, w[:len(g)]))
            if not len(wrong):
                continue
            key = function.types, row.text
            self.known[key] = self.known.get(key, 0) + 1
            if self.known[key] > 1:
                continue
            at = wrong[0]
            operands = ", ".join(f"{n} = {table.show(t, a[at]) if a.ndim == 1 else [table.show(t, v) for v in a[at]]}"
                                 for n, t, a in zip(function.names, function.types, inputs))
            self.failures.append(f"{title} {function.form}: {row.text} at {operands} is {table.show(row.result, g[at])}, "
                                 f"the interpreter has {table.show(row.result, w[at])} ({len(wrong)} of {len(g)} differ)")

    def file(self, file, targets, levels):
        inputs = [f.inputs() for f in file.functions]
        want = {}
        for f in file.functions:  # the interpreter knows one kind of loop
            if f.form != "serial":
                want[f.types, tuple(f.rows)] = file.expected(self.texprc, f)
        for target in targets:
            for level in levels if target == targets[-1] else (2,):
                library = ctypes.CDLL(str(file.build(self.texprc, target, level)))
                for f, ins in zip(file.functions, inputs):
                    expected = want[f.types, tuple(f.rows)]
                    for count in (len(ins[0]), *TAILS) if f.form != "reduce" else (len(ins[0]),):
                        if count <= len(ins[0]):
                            self.compare(f"{file.name} {target} -O{level}", f, ins, call(library, f, ins, count), expected)

    def highestLevel(self, file, target):
        """-O3 is -O2 today (docs/command.md)."""
        if file.build(self.texprc, target, 2).read_bytes() != file.build(self.texprc, target, 3).read_bytes():
            self.failures.append(f"{file.name} {target}: -O3 has other bytes than -O2")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--texprc", required=True, type=pathlib.Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        comparison = Comparison(options.texprc, folder)

        targets = machines()

        def one(job):
            scalar, isLiteral = job
            try:
                file = File(scalar, isLiteral, folder)
                comparison.file(file, targets[-1:] if isLiteral and not options.all else targets, (0, 2))
                if scalar == "f32":
                    comparison.highestLevel(file, targets[-1])
            except (entry.Broken, subprocess.TimeoutExpired) as error:
                comparison.failures.append(f"{scalar}: {error}")

        jobs = [(scalar, isLiteral) for scalar in options.only or table.TYPES for isLiteral in (False, True)
                if not isLiteral or options.all or options.only or scalar in WITH_LITERALS]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(one, jobs))
    for failure in comparison.failures:
        print("FAILED", failure)
    for (types, text), times in comparison.known.items():
        if times > 1:
            print(f"  {text} of {', '.join(types)}: {times} times")
    print(f"{comparison.compared} comparisons, {len(comparison.failures)} differ")
    return len(comparison.failures) != 0


if __name__ == "__main__":
    sys.exit(main())

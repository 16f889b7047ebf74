#!/usr/bin/env python3
"""Measures the figures of docs/performance.md side by side in one run, and prints them as a Markdown table.

usage: bench.py --texprc PATH [--rounds N] [--only NAME…]

Results are compared before anything is timed. The contenders of a figure take turns, round by round, and each keeps its
shortest time, so that a busy moment of the machine hurts one round and not one contender. The exit status is 1 where results
differ, never because of a time: figures are read by people.
"""
import argparse
import ctypes
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import time

import numpy as np

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent / "run"))
import entry
import references

F = np.float32

# Run by a small Python of its own: what a child inherits of the caller's memory counts as the child's peak. texprc has one
# thread, so on a quiet machine its processor time is the time that passes.
SPAWN = """
import os, sys
seconds, kilobytes = [], []
for _ in range(20):
    child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(sys.argv[1] + " failed")
    seconds.append(usage.ru_utime + usage.ru_stime)
    kilobytes.append(usage.ru_maxrss)
print(min(seconds), max(kilobytes))
"""


def shell(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[0]}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def cpu():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*: (.*)", text)
    flags = (re.search(r"flags\s*: (.*)", text) or [None, ""])[1].split()
    return name[1] if name else platform.machine(), "avx512vl" in flags and "avx512bw" in flags


def shortest(contenders, rounds):
    """{name: seconds} of callables that take turns."""
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(rounds):
        for name, call in contenders.items():
            start = time.perf_counter()
            call()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder, self.rows = options, folder, []
        self.examples = here.parents[1] / "examples"
        self.libc = ctypes.CDLL(None)
        self.libc.memcpy.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]

    def row(self, figure, measured, goal, met):
        self.rows.append((figure, measured, goal, "yes" if met else "**no**"))
        print(f"  {figure}: {measured}", file=sys.stderr)

    def library(self, source, target):
        out = self.folder / f"{source.stem}-{target}.so"
        shell(self.options.texprc, source, "--emit=so", "--target", target, "-o", out)
        return entry.Library(out, out.with_suffix(".h").read_text())

    def timed_call(self, library, fn, values, outputs):
        """A callable on one thread with everything allocated; checked once by the caller."""
        call = entry.Call(ctypes.sizeof(entry.Call), 1, -1, 1)
        _, size = library.workspace_bytes(fn, values, call)
        _, block, _ = keep = entry.aligned_block(size)
        if size:
            call.workspace, call.workspace_bytes = block.ctypes.data, size
        results = {key: entry.Guarded(*spec, is_timed=True) for key, spec in outputs.items()}
        arguments = library.arguments(fn, values, results, call)
        function = library.functions[fn]

        def go(alive=(keep, results, values)):
            if function(*arguments):
                sys.exit(f"{fn}: an error while it was timed")
        return go

    def against_copy(self, example, goals):
        """A row-wise program on 4096 x 1024 f32 against memcpy of the same bytes."""
        rng = np.random.default_rng(1)
        m, n = 4096, 1024
        x = rng.standard_normal((m, n)).astype(F)
        values = {"m": m, "b": m, "n": n, "x": x, "gamma": np.ones(n, F), "beta": np.zeros(n, F), "eps": F(1e-5)}
        source = self.examples / example / f"{example}.tx"
        targets = [t for t in goals if t != "x86-64-v4" or cpu()[1]]
        contenders = {}
        for target in targets:
            library = self.library(source, target)
            status, text, results = library.call(example, values, {"y": ((m, n), F)})
            y = results["y"].astype(np.float64)
            wide = x.astype(np.float64)
            e = np.exp(wide - wide.max(-1, keepdims=True))
            want = e / e.sum(-1, keepdims=True) if example == "softmax" else \
                (wide - wide.mean(-1, keepdims=True)) / np.sqrt(wide.var(-1, keepdims=True) + 1e-5)
            if status or np.abs(y - want).max() > 2e-5:
                sys.exit(f"{example} {target}: wrong results, status {status} {text}")
            contenders[target] = self.timed_call(library, example, values, {"y": ((m, n), F)})
        copy = np.zeros_like(x)
        contenders["copy"] = lambda: self.libc.memcpy(copy.ctypes.data, x.ctypes.data, x.nbytes)
        best = shortest(contenders, self.options.rounds)
        for target in targets:
            ratio = best[target] / best["copy"]
            self.row(f"{example} 4096x1024 f32, {target}", f"{best[target] * 1e3:.2f} ms, {ratio:.2f} x a copy ({best['copy'] * 1e3:.2f} ms)",
                     f"≤ {goals[target]} x", ratio <= goals[target])

    def softmax(self):
        self.against_copy("softmax", {"x86-64-v4": 1.9, "x86-64-v3": 2.6})

    def layernorm(self):
        self.against_copy("layernorm", {"x86-64-v4": 1.3, "x86-64-v3": 1.6})

    def edges(self):
        source = self.examples / "edges"
        shell(self.options.texprc, source / "edges.tx", "-o", self.folder / "edges.o")
        program = self.folder / "edges"
        shell("cc", "-O3", "-march=native", "-fno-math-errno", "-ffp-contract=off", f"-I{self.folder}", source / "main.c",
              source / "plain.c", self.folder / "edges.o", "-lpng", "-lm", "-o", program)
        times = {}
        for _ in range(max(1, self.options.rounds // 10)):
            printed = shell(program, self.examples / "data" / "camera.png", self.folder / "edges.png")
            for what, ms in re.findall(r"^(\S+ (?:\S+ )?\d thread).*?([\d.]+) ms", printed.replace(", ", " "), re.M):
                times[what] = min(times.get(what, 1e9), float(ms))
        ours, plain = times["edges.tx 1 thread"], times["plain C 1 thread"]
        self.row("edges 512x512, 1 thread", f"{ours:.3f} ms, {plain / ours:.2f} x as fast as plain C ({plain:.3f} ms)", "≥ 3 x", plain / ours >= 3)

    def matmul(self):
        n = 1024
        rng = np.random.default_rng(1)
        a, b = references.dyadic(rng, n, n), references.dyadic(rng, n, n)
        plain_so = self.folder / "plain_matmul.so"
        shell("cc", "-O3", "-march=native", "-shared", "-fPIC", here / "matmul.c", "-o", plain_so)
        plain = ctypes.CDLL(str(plain_so))
        library = self.library(here / "matmul.tx", "cpu")
        values, outputs = {"m": n, "k": n, "n": n, "a": a, "b": b}, {"c": ((n, n), F)}
        status, text, results = library.call("matmul", values, outputs)
        if status or (results["c"] != a @ b).any():
            sys.exit(f"matmul: wrong results, status {status} {text}")
        c = np.zeros((n, n), F)
        pointers = [ctypes.c_size_t(n), *(ctypes.c_void_p(t.ctypes.data) for t in (a, b, c))]
        best = {}
        for name in ("ikj", "ijk"):
            start = time.perf_counter()
            plain[f"matmul_{name}"](*pointers)
            best[name] = time.perf_counter() - start
            if (c != results["c"]).any():
                sys.exit(f"matmul: the plain loop {name} differs")
        contenders = {"ours": self.timed_call(library, "matmul", values, outputs), "ikj": lambda: plain.matmul_ikj(*pointers)}
        best.update(shortest(contenders, max(3, self.options.rounds // 10)))  # the other order takes seconds: once
        rate = 2 * n**3 / best["ours"] / 1e9
        for order, note in (("ijk", "as the formula reads"), ("ikj", "rows innermost, vectorized by cc")):
            ratio = best[order] / best["ours"]
            self.row(f"matmul 1024³ f32, 1 thread, against a triple loop, {note}",
                     f"{best['ours'] * 1e3:.1f} ms ({rate:.0f} GFLOP/s), {ratio:.2f} x as fast ({best[order] * 1e3:.1f} ms)", "≥ 4 x", ratio >= 4)

    def copies(self):
        """Products whose b is copied by panels, against the same nest without a copy: the tile pinned alone."""
        rng = np.random.default_rng(1)
        ours = self.library(here / "matmul.tx", "cpu")
        plain = self.library(here / "matmul_direct.tx", "native")
        for m, k, n in ((64, 64, 64), (256, 256, 256), (512, 512, 512), (1000, 1000, 1000), (1024, 1024, 1024), (2048, 2048, 2048),
                        (1, 1024, 1024), (64, 1024, 1024), (1024, 16, 1024)):
            a, b = references.dyadic(rng, m, k), references.dyadic(rng, k, n)
            values, outputs = {"m": m, "k": k, "n": n, "a": a, "b": b}, {"c": ((m, n), F)}
            results = [library.call("matmul", values, outputs)[2]["c"] for library in (ours, plain)]
            if (results[0] != results[1]).any():
                sys.exit("matmul: a copy changes the result")
            contenders = {name: self.timed_call(library, "matmul", values, outputs) for name, library in (("ours", ours), ("plain", plain))}
            best = shortest(contenders, max(5, self.options.rounds // (1 + m * k * n // 2**26)))
            ratio, rate = best["plain"] / best["ours"], 2 * m * k * n / best["ours"] / 1e9
            self.row(f"matmul {m} x {k} x {n} f32, 1 thread, against no copy of b", f"{rate:.0f} GFLOP/s, {ratio:.2f} x as fast", "≥ 0.9 x", ratio >= 0.9)

    def compiler(self):
        source = self.examples / "softmax" / "softmax.tx"
        printed = shell(sys.executable, "-S", "-c", SPAWN, self.options.texprc, source, "-o", self.folder / "softmax.o").split()
        seconds, kilobytes = float(printed[0]), int(printed[1])
        self.row("texprc softmax.tx, three CPU variants", f"{seconds * 1e3:.0f} ms of processor time", "≤ 120 ms", seconds <= 0.12)
        self.row("its peak memory", f"{kilobytes / 1024:.0f} MB", "≤ 200 MB", kilobytes <= 200 * 1024)
        size = (self.folder / "softmax.o").stat().st_size
        self.row("softmax.o, three CPU variants", f"{size / 1024:.1f} KB", "≤ 60 KB", size <= 60 * 1024)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--texprc", required=True, type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--only", nargs="*", default=["softmax", "layernorm", "edges", "matmul", "copies", "compiler"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, pathlib.Path(folder))
        for name in options.only:
            getattr(bench, name)()
    print(f"On {cpu()[0]}; shortest of {options.rounds} rounds, contenders in turns, results compared first.\n")
    print("| figure | measured | goal | met |\n|---|---|---|---|")
    for row in bench.rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Copies change no bit: programs with `@stage`, without, and at -O0, at odd and empty sizes, on one thread and on two.

    check_stages.py --texprc build/bin/texprc [--targets x86-64-v4;x86-64-v3]

The elements are small integers, so that every order of a sum gives the same; that of a copied product is that of a plain one.
"""
import argparse
import itertools
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np

import entry

PROGRAM = """
fn halo(x: f32[m, n]) -> (y: f32[m, n]) {
  compute m, n |i, j| @tile(i = 16, j = 64) @stage(x) {
    x[i, j] * 0.5 + (x[i - 1, j] else 1.0) + (x[i + 1, j] else 2.0) + (x[i, j - 1] else 3.0) + (x[i, j + 2] else 4.0)
  }
}
fn turned(x: f32[m, n]) -> (y: f32[n, m]) {
  compute n, m |j, i| @tile(j = 32, i = 32) @stage(x, stack) { x[i, j] * 2.0 }
}
fn backwards(x: f32[n]) -> (y: f32[n]) { compute n |i| @tile(i = 32) @stage(x, workspace) { x[n - 1 - i] } }
fn taps(x: f32[n], w: f32[5]) -> (y: f32[n]) {
  compute n |i| @tile(i = 64) @stage(x) @stage(w) { reduce(+) 5 |k| { w[k] * (x[i + k - 2] else 0.0) } }
}
fn windows(x: f32[4, h, w], f: f32[o, 4, 3, 3]) -> (y: f32[o, h, w]) {
  compute o, h, w |z, p, q| @tile(p = 4, q = 32) @stage(x, stack) {
    reduce(+) 4, 3, 3 |s, u, v| { (x[s, p + u - 1, q + v - 1] else 0.0) * f[z, s, u, v] }
  }
}
fn both(a: f32[m, k], b: f32[k, n]) -> (c: f32[m, n]) {
  compute m, n |i, j| @stage(a, workspace) @stage(b) { reduce(+) k |l| { a[i, l] * b[l, j] } }
}
fn narrow(a: f32[m, k], b: f32[k, n], v: f32[n]) -> (c: f16[m, n]) {
  compute m, n |i, j| @tile(i = 4, j = 16) @tile(thread, i = 12) @stage(b) { f16(reduce(+) k |l| { a[i, l] * b[l, j] } + v[j]) }
}
fn sides(a: f32[m, k], b: f32[n, k]) -> (c: f32[m, n]) {
  compute m, n |i, j| @order(i, j) @stage(b, stack) { reduce(+) k |l| { a[i, l] * b[j, l] } }
}
fn batched(a: f32[z, m, k], b: f32[z, k, n]) -> (c: f32[z, m, n]) {
  compute z, m, n |s, i, j| @stage(b) { max(reduce(+) k |l| { a[s, i, l] * b[s, l, j] }, 0.0) }
}
"""
F = np.float32
PRODUCTS = [dict(zip("mkn", sizes)) for sizes in
            itertools.product((0, 1, 7, 13, 257), (0, 1, 255, 257, 600), (0, 1, 17, 48, 100))]
# By function: inputs, outputs, sizes.
CASES = {
    "halo": ({"x": "mn"}, {"y": ("mn", F)}, [dict(m=m, n=n) for m in (0, 1, 16, 33) for n in (0, 1, 63, 64, 130)]),
    "turned": ({"x": "mn"}, {"y": ("nm", F)}, [dict(m=m, n=n) for m in (0, 1, 31, 70) for n in (0, 1, 32, 65)]),
    "backwards": ({"x": "n"}, {"y": ("n", F)}, [dict(n=n) for n in (0, 1, 31, 32, 33, 1000)]),
    "taps": ({"x": "n", "w": (5,)}, {"y": ("n", F)}, [dict(n=n) for n in (0, 1, 2, 63, 64, 65, 1000)]),
    "windows": ({"x": (4, "h", "w"), "f": ("o", 4, 3, 3)}, {"y": ("ohw", F)},
                [dict(o=o, h=h, w=w) for o in (0, 1, 3) for h in (0, 1, 4, 9) for w in (0, 1, 33, 70)]),
    "both": ({"a": "mk", "b": "kn"}, {"c": ("mn", F)}, PRODUCTS),
    "narrow": ({"a": "mk", "b": "kn", "v": "n"}, {"c": ("mn", np.uint16)}, PRODUCTS),
    "sides": ({"a": "mk", "b": "nk"}, {"c": ("mn", F)}, PRODUCTS),
    "batched": ({"a": "zmk", "b": "zkn"}, {"c": ("zmn", F)}, [{**sizes, "z": 3} for sizes in PRODUCTS[::3]]),
}


def shape(axes, sizes):
    return tuple(sizes[a] if isinstance(a, str) else a for a in axes)


def libraries(texprc, folder, target):
    """With copies, without, and at -O0."""
    plain = re.sub(r"@stage\([^)]*\) ?", "", PROGRAM)
    out = []
    for name, text, level in (("staged", PROGRAM, "-O2"), ("plain", plain, "-O2"), ("simple", plain, "-O0")):
        source, made = folder / f"{name}.tx", folder / f"{name}-{target}.so"
        source.write_text(text)
        subprocess.run([texprc, source, "--emit=so", level, "--target", target, "-o", made], check=True)
        out.append(entry.Library(made, made.with_suffix(".h").read_text()))
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--texprc", required=True, type=pathlib.Path)
    parser.add_argument("--targets", default="")
    options = parser.parse_args()
    flags = pathlib.Path("/proc/cpuinfo").read_text() if pathlib.Path("/proc/cpuinfo").exists() else ""
    targets = options.targets.split(";") if options.targets else ["x86-64-v4"] * ("avx512vl" in flags) + ["x86-64-v3"] * ("avx2" in flags) + ["native"]
    rng, calls, failures = np.random.default_rng(1), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for target in targets:
            built = libraries(options.texprc.resolve(), pathlib.Path(folder), target)
            for name, (inputs, outputs, all_sizes) in CASES.items():
                for sizes in all_sizes:
                    values = {**sizes, **{key: rng.integers(-8, 9, shape(axes, sizes)).astype(F) for key, axes in inputs.items()}}
                    results = {key: (shape(axes, sizes), kind) for key, (axes, kind) in outputs.items()}
                    for workers in (1, 2):
                        got = [lib.call(name, values, results, workers=workers) for lib in built]
                        calls += 1
                        if any(g[0] or any(g[2][k].tobytes() != got[0][2][k].tobytes() for k in results) for g in got):
                            failures += 1
                            print(f"FAIL {name} for {target} with {sizes} on {workers} threads")
    print(f"{calls} calls, {failures} failures")
    return 1 if failures or not calls else 0


if __name__ == "__main__":
    sys.exit(main())

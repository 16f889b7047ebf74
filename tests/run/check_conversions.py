#!/usr/bin/env python3
"""Compares every conversion between float types bit for bit with a reference of this file's own.

usage: check_conversions.py --texprc PATH

The reference knows a format as its list of values: it rounds to the nearest one by searching the list, ties to the even
pattern, and saturates (f8) or overflows to infinity at the midpoint that the next value would have (f16, bf16). So it
shares nothing with the arithmetic of the compiler. Tried are all patterns of f8 and f16 and every 7th of bf16 as sources;
as values to round, for each neighbouring pair of each target format both, the midpoint, and what lies just beside it, in
f32 and f64. The interpreter, -O0 and -O2 must agree with it on all. NaN is any NaN.
Prints a line a failure, then `N passed, M failed`.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

SOURCE = pathlib.Path(__file__).with_name("conversions.tx")


class Format:
    """exponent and fraction bits; e4m3 has no infinities, and one NaN a sign."""

    def __init__(self, exponent, fraction, finite=False):
        self.bits = 1 + exponent + fraction
        self.saturates = self.bits == 8
        self.dtype = np.uint8 if self.bits == 8 else np.uint16
        bias = 2 ** (exponent - 1) - 1
        patterns = np.arange(2 ** (self.bits - 1))
        e, f = patterns >> fraction, patterns & (2**fraction - 1)
        values = np.where(e == 0, f * 2.0 ** (1 - bias - fraction), (1 + f / 2**fraction) * 2.0 ** (e - float(bias)))
        top = 2**exponent - 1
        if finite:
            values[-1] = np.nan
        else:
            values[e == top] = np.where(f[e == top] == 0, np.inf, np.nan)
        self.values = values
        self.grid = values[np.isfinite(values)]  # ascending, its index is the pattern
        step = self.grid[-1] - self.grid[-2]
        self.overflow = self.grid[-1] + step / 2
        self.infinity = None if finite else top << fraction

    def decode(self, patterns):
        sign = np.where(patterns >> (self.bits - 1), -1.0, 1.0)
        return sign * self.values[patterns & (2 ** (self.bits - 1) - 1)]

    def encode(self, x):
        """The pattern of the nearest value; -1 for NaN."""
        a = np.abs(x)
        finite = np.where(np.isfinite(a), a, 0)
        high = np.clip(np.searchsorted(self.grid, finite), 1, len(self.grid) - 1)
        low = high - 1
        # Differences of a float with a neighbour within a factor of 2 are exact; elsewhere the sides are far from a tie.
        below, above = finite - self.grid[low], self.grid[high] - finite
        nearest = np.where(below < above, low, np.where(above < below, high, np.where(low % 2 == 0, low, high)))
        nearest = np.where(finite >= self.grid[-1], len(self.grid) - 1, nearest)
        if self.saturates:
            nearest = np.where(np.isinf(a), len(self.grid) - 1, nearest)
        else:
            nearest = np.where(a >= self.overflow, self.infinity, nearest)
        pattern = nearest | (np.signbit(x).astype(np.int64) << (self.bits - 1))
        return np.where(np.isnan(x), -1, pattern)

    def isNan(self, patterns):
        return np.isnan(self.decode(patterns.astype(np.int64)))


E4M3, E5M2, F16, BF16 = Format(4, 3, finite=True), Format(5, 2), Format(5, 10), Format(8, 7)


def awkward(formats, dtype):
    """Values of each grid, midpoints, and the neighbours of both in `dtype`."""
    parts = [np.array([0.0, np.inf, np.nan, 1e-45, 1e-30, 3e38, 1e30, 65519.99, 65520.0, 479.9, 464.0, 449.0])]
    for f in formats:
        grid = f.grid[:: 1 if f.bits == 8 or f is F16 else 7]
        mid = np.concatenate([(grid[:-1] + grid[1:]) / 2, [f.overflow, f.grid[-1]]])
        for base in (grid, mid):
            base = base.astype(dtype).astype(np.float64)
            parts += [base, np.nextafter(base.astype(dtype), dtype(np.inf)), np.nextafter(base.astype(dtype), dtype(0))]
    with np.errstate(over="ignore"):
        x = np.concatenate([np.asarray(p, dtype=dtype) for p in parts])
    return np.concatenate([x, -x])


def differs(got, want, nan):
    return np.flatnonzero(~((got == want) | (nan(got) & (want == -1))))


class Runner:
    def __init__(self, texprc):
        self.texprc = texprc
        self.passed = self.failed = 0

    def call(self, fn, mode, values, outputs):
        with tempfile.TemporaryDirectory() as folder:
            command = [self.texprc, "run", *mode, SOURCE, fn]
            for name, value in values.items():
                if isinstance(value, np.ndarray):
                    np.save(f"{folder}/{name}.npy", value)
                    value = f"{folder}/{name}.npy"
                command.append(f"{name}={value}")
            for name in outputs:
                command += ["-o", f"{name}={folder}/out_{name}.npy"]
            done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300)
            if done.returncode:
                raise RuntimeError(f"{fn} {' '.join(mode)}: exit {done.returncode}: {done.stderr.strip()[:500]}")
            return {name: np.load(f"{folder}/out_{name}.npy") for name in outputs}

    def check(self, title, got, want, nan):
        bad = differs(got, want, nan)
        if not len(bad):
            self.passed += 1
            return
        self.failed += 1
        at = bad[0]
        print(f"FAILED {title}: element {at} is {got[at]!r}, expected {want[at]!r} ({len(bad)} of {len(want)} differ)")

    def target(self, title, got, f, x):
        self.check(title, got.astype(np.int64), f.encode(x), f.isNan)

    def real(self, title, got, x):
        """A float type that holds x exactly."""
        with np.errstate(invalid="ignore"):
            same = (got.astype(np.float64) == x) & (np.signbit(got) == np.signbit(x)) | (np.isnan(got) & np.isnan(x))
        self.check(title, same.astype(np.int64), np.ones(len(x), np.int64), lambda v: v != v)

    def mode(self, mode):
        tag = " ".join(mode)
        for fn, f, other in (("e4m3_to", E4M3, E5M2), ("e5m2_to", E5M2, E4M3)):
            bits = np.arange(256, dtype=np.uint8)
            x = f.decode(bits.astype(np.int64))
            r = self.call(fn, mode, {"x": bits}, "fdhbeiu")
            self.real(f"{fn} f32 {tag}", r["f"], x)
            self.real(f"{fn} f64 {tag}", r["d"], x)
            self.real(f"{fn} f16 {tag}", r["h"], x)
            self.target(f"{fn} bf16 {tag}", r["b"], BF16, x)
            self.target(f"{fn} f8 {tag}", r["e"], other, x)
            whole = np.trunc(np.nan_to_num(x, nan=0.0, posinf=2.0**31 - 1, neginf=-(2.0**31))).astype(np.int64)
            self.check(f"{fn} i32 {tag}", r["i"].astype(np.int64), whole, lambda v: v != v)
            self.check(f"{fn} bits {tag}", r["u"], bits, lambda v: v != v)
        for fn, dtype in (("f32_to", np.float32), ("f64_to", np.float64)):
            x = awkward((E4M3, E5M2, F16, BF16), dtype)
            r = self.call(fn, mode, {"x": x}, "abhc")
            wide = x.astype(np.float64)
            for name, f in (("a", E4M3), ("b", E5M2), ("h", F16), ("c", BF16)):
                self.target(f"{fn} {name} {tag}", r[name].view(f.dtype), f, wide)
        for fn, f, bits in (("f16_to", F16, np.arange(65536, dtype=np.uint16)),
                            ("bf16_to", BF16, np.arange(0, 65536, 7, dtype=np.uint16))):
            x = f.decode(bits.astype(np.int64))
            given = bits.view(np.float16) if f is F16 else bits
            last, g = ("c", BF16) if f is F16 else ("h", F16)
            r = self.call(fn, mode, {"x": given}, "abf" + last)
            self.target(f"{fn} e4m3 {tag}", r["a"], E4M3, x)
            self.target(f"{fn} e5m2 {tag}", r["b"], E5M2, x)
            self.real(f"{fn} f32 {tag}", r["f"], x)
            self.target(f"{fn} half {tag}", r[last].view(np.uint16), g, x)
        for fn, x in (("i64_to", np.array([0, 1, -1, 17, 25, 449, -500, 2**40, -(2**62), 57344, 61440, 57343])),
                      ("u8_to", np.arange(256, dtype=np.uint8))):
            r = self.call(fn, mode, {"x": x}, "ab")
            self.target(f"{fn} e4m3 {tag}", r["a"], E4M3, x.astype(np.float64))
            self.target(f"{fn} e5m2 {tag}", r["b"], E5M2, x.astype(np.float64))
        self.moved(mode, tag)

    def moved(self, mode, tag):
        rng = np.random.RandomState(7)
        bits = rng.randint(0, 0x70, (5, 19)).astype(np.uint8)
        r = self.call("moved", mode, {"x": bits, "c": 0.5, "k": 11}, ["y", "z", "s", "top"])
        want = np.full((5, 19), E4M3.encode(np.array([0.5]))[0])
        want[:, :11] = bits[::-1, :11]
        self.check(f"moved y {tag}", r["y"].ravel().astype(np.int64), want.ravel(), E4M3.isNan)
        total = (E4M3.decode(bits.astype(np.int64)) * 0.125).sum(axis=0)
        self.target(f"moved z {tag}", r["z"], E5M2, total)
        u = 0.5
        for _ in range(5):
            u = E4M3.decode(E4M3.encode(np.array([u * 1.5])))[0] if u < 2 else u
        self.target(f"moved s {tag}", r["s"].reshape(1), E4M3, np.array([u]))
        self.target(f"moved top {tag}", r["top"].reshape(1), E4M3, np.array([448.0]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--texprc", required=True)
    runner = Runner(parser.parse_args().texprc)
    for mode in (["--interpret"], ["-O0"], ["-O2"], ["-O2", "--target", "x86-64-v2"]):
        try:
            runner.mode(mode)
        except RuntimeError as error:
            runner.failed += 1
            print(f"FAILED {error}")
    print(f"{runner.passed} passed, {runner.failed} failed")
    return runner.failed != 0


if __name__ == "__main__":
    sys.exit(main())

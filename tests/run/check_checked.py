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
    "lanes_warps": ("fn f(x: f32[n, 256]) -> (y: f32[n, 256]) { y: f32[n, 256]; par n |b| @block { shared t: f32[256] = 0; fully par 8 |w| @warp @disjoint {\n"
                    "par 32 |l| @lane { @t[w * 32 + l] = x[b, w * 32 + l]; }\npar 32 |l| @lane { y[b, w * 32 + l] = t[255 - w * 32 - l]; } } } y }", [
        ({"x": np.ones((2, 256), np.float32)}, "a race: writes `t`[128], which another iteration of the `fully par` (w = 3) read with no `barrier` between, at b = 0, w = 4, l = 0")]),
    "lanes_with_barrier": ("fn f(x: f32[n, 256]) -> (y: f32[n, 256]) { y: f32[n, 256]; par n |b| @block { shared t: f32[256] = 0; fully par 8 |w| @warp {\n"
                           "par 32 |l| @lane { t[w * 32 + l] = x[b, w * 32 + l]; }\nbarrier;\npar 32 |l| @lane { y[b, w * 32 + l] = t[255 - w * 32 - l]; } } } y }", [
        ({"x": np.ones((2, 256), np.float32)}, None)]),
    "lanes_shuffle": ("fn f(x: f32[32]) -> (y: f32[32]) { y: f32[32]; t: f32[32] = 0; fully par 32 |lane| @lane @disjoint {\n"
                      "t[lane] = x[lane]; s: f32 = shuffle(x[lane], 0); y[lane] = @t[31 - lane] + s; } y }", [
        ({"x": F(*range(32))}, "a race: reads `t`[31], which another iteration of the `fully par` (lane = 31) wrote with no `barrier` between, at lane = 0")]),
    "lanes_shuffle_only": ("fn f(x: f32[32]) -> (y: f32[32]) { y: f32[32]; fully par 32 |lane| @lane @disjoint { s: f32 = x[lane]; "
                           "seq 5 |b| { s += shuffle(s, lane ^ (16 >> b)); } y[lane] = s; } y }", [({"x": F(*range(32))}, None)]),
    "lanes_at_data": ("fn f(x: f32[32], p: i64[32] in 0..32) -> (y: f32[32]) { y: f32[32] = 0; fully par 32 |lane| @lane @disjoint { @y[p[lane]] = x[lane]; } y }", [
        ({"x": F(*range(32)), "p": np.arange(32)[::-1].copy()}, None),
        ({"x": F(*range(32)), "p": np.array([*range(31), 4])}, "writes `y`[4], which another iteration of the `fully par` (lane = 4) wrote with no `barrier` between, at lane = 31")]),
    "lanes_in_steps": ("fn f(x: f32[32], k: i64) -> (y: f32[32]) { y: f32[32]; t: f32[32] = 0; fully par 32 |lane| @lane @disjoint { s: f32 = 0;\n"
                       "seq k |i| { @t[lane] = x[lane]; barrier; s += t[31 - lane]; } y[lane] = s; } y }", [
        ({"x": F(*range(32)), "k": 1}, None),
        ({"x": F(*range(32)), "k": 2}, "writes `t`[0], which another iteration of the `fully par` (lane = 31) read with no `barrier` between, at i = 1, lane = 0")]),
    "lanes_in_steps_apart": ("fn f(x: f32[32], k: i64) -> (y: f32[32]) { y: f32[32]; t: f32[32] = 0; fully par 32 |lane| @lane @disjoint { s: f32 = 0;\n"
                             "seq k |i| { t[lane] = x[lane]; barrier; s += t[31 - lane]; barrier; } y[lane] = s; } y }", [({"x": F(*range(32)), "k": 3}, None)]),
    "lanes_atomic": ("fn f(p: i64[32] in 0..4) -> (h: i32[4]) { h: i32[4] = 0; fully par 32 |lane| @lane @disjoint { atomic h[p[lane]] += 1; if lane == 31 { @h[3] = 7; } } h }", [
        ({"p": np.zeros(32, np.int64)}, None), ({"p": np.full(32, 3)}, "which another iteration of the `fully par` (lane = 0) changed by an atomic")]),
    "lanes_in_warps": ("fn f(x: f32[64]) -> (y: f32[64]) { y: f32[64]; t: f32[64] = 0; fully par 2 |w| @warp @disjoint { fully par 32 |lane| @lane @disjoint {\n"
                       "@t[w * 32 + lane] = x[w * 32 + lane]; barrier; y[w * 32 + lane] = t[63 - w * 32 - lane]; } } y }", [
        ({"x": F(*range(64))}, "with no `barrier` between")]),
    "uniform": ("fn f(x: f32[32]) -> (y: f32[32]) { y: f32[32]; fully par 32 |lane| @lane { s: f32 = @uniform(x[lane]); y[lane] = s; } y }", [
        ({"x": F(*[1] * 32)}, None), ({"x": F(*range(32))}, "`uniform(x[lane])` does not hold, at lane = 1")]),
    "unwritten_found": ("fn f(x: f32[n]) -> (y: f32[k], z: f32[k]) where k <= n { let u: f32[k] = filter n |i| where x[i] > 0 { x[i] }; z: f32[k]; "
                        "par k |i| { if u[i] > 1 { z[i] = u[i]; } } assume written(z); (u, z) }", [
        ({"x": F(2, -1, 3)}, None), ({"x": F(2, -1, 3, 1)}, "`z`[2] is returned and was never written")]),
    "asm": ("fn f(x: i32[n], z: i32[n]) -> (y: i32[n]) { y: i32[n]; par n |i| { r: i32; asm(\"div %0, %1, %2;\", out r, x[i], z[i]) means { r = @x[i] / z[i]; }; y[i] = r; } y }", [
        ({"x": I(2, 3), "z": I(1, 1)}, None), ({"x": I(2, 3), "z": I(1, 0)}, "a division by zero, at i = 1")]),
    "shift": ("fn f(a: i32, k: i32) -> i32 { a << k }", [({"a": 1, "k": 40}, None)]),
    "unused_else_fail": ("fn f(x: f32[n], p: i64[m]) -> (y: f32[m]) { y: f32[m]; par m |i| { let v = @x[p[i]] else fail; y[i] = 1; } y }", [
        ({"x": F(1, 2), "p": L(1, 0)}, None), ({"x": F(1, 2), "p": L(1, 5)}, "is inside does not hold, at i = 1")]),
    "division": ("fn f(a: i32[n], b: i32[n]) -> (q: i32[n]) { compute n |i| { if a[i] > 0 { @a[i] / b[i] } else { 0 } } }", [
        ({"a": I(1, 0), "b": I(1, 0)}, None), ({"a": I(1, 0, 5), "b": I(1, 0, 0)}, "a division by zero, at i = 2")]),
    "remainder": ("fn f(a: u8, b: u8) -> u8 { @rem(a, b) }", [({"a": 7, "b": 4}, None), ({"a": 7, "b": 0}, "a division by zero")]),
    "associative": ("@op avg(a: i32, b: i32) -> i32 { (a + b) / 2 }\nfn f(a: i32[n]) -> i32 where n > 0 { reduce(avg) n |i| { a[i] } }", [
        ({"a": I(4, 4)}, None), ({"a": I(1, 0, 3)}, "op `avg` is not associative")]),
    "identity": ("@op most(a: i32, b: i32) -> i32 identity 0 { max(a, b) }\nfn f(a: i32[n]) -> i32 { reduce(most) n |i| { a[i] } }", [
        ({"a": I(1, 5)}, None), ({"a": I(1, -5)}, "op `most` has an identity that is none")]),
    "scanned_op": ("@op last(a: i32, b: i32) -> i32 identity 0 { a - b }\nfn f(a: i32[n]) -> (y: i32[n]) { scan(last) n |i| { a[i] } }", [
        ({"a": I(0, 0)}, None), ({"a": I(1, 2)}, "op `last` is not associative")]),
    "op_of_tuples": ("@op less(a: (i32, i32), b: (i32, i32)) -> (i32, i32) identity (0, 0) { (a.0 - b.0, a.1 + b.1) }\n"
                     "fn f(a: i32[n]) -> (x: i32, y: i32) { reduce(less) n |i| { (a[i], a[i]) } }", [
        ({"a": I(0, 0)}, None), ({"a": I(1, 2)}, "op `less` is not associative")]),
    "op_of_structs": ("struct pair { u: i32, v: i32 }\n@op less(a: pair, b: pair) -> pair identity (pair { u: 0, v: 0 }) { pair { u: a.u - b.u, v: a.v + b.v } }\n"
                      "fn f(a: i32[n]) -> (x: i32, y: i32) { let s = reduce(less) n |i| { pair { u: a[i], v: a[i] } }; (s.u, s.v) }", [
        ({"a": I(0, 0)}, None), ({"a": I(1, 2)}, "op `less` is not associative")]),
    "op_on_rows": ("@op less(a: i32, b: i32) -> i32 identity 0 { a - b }\nfn f(a: i32[n, m]) -> (y: i32[m]) { reduce(less) n |i| { a[i] } }", [
        ({"a": np.array([[0, 0], [0, 2]], np.int32)}, "op `less` is not associative")]),
    "op_scanning_rows": ("@op less(a: i32, b: i32) -> i32 identity 0 { a - b }\nfn f(a: i32[n, m]) -> (y: i32[n, m]) { scan(less) n |i| { a[i] } }", [
        ({"a": np.array([[0, 0], [0, 2]], np.int32)}, "op `less` is not associative")]),
    "op_scattering": ("@op less(a: i32, b: i32) -> i32 identity 0 { a - b }\nfn f(a: i32[n], p: i64[n] in 0..4) -> (y: i32[4]) { scatter(less) [4] over n |i| { at p[i] put a[i] } }", [
        ({"a": I(0, 0), "p": L(1, 1)}, None), ({"a": I(1, 2), "p": L(1, 1)}, "op `less` is not associative")]),
    "commutative": ("@op last(a: i32, b: i32) -> i32 identity 0 commutative { b }\nfn f(a: i32[n]) -> i32 { reduce(last) n |i| { a[i] } }", [
        ({"a": I(0, 0)}, None), ({"a": I(1, 2)}, "op `last` is not commutative: a b is not b a")]),
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
NANS = {
    "nan": NAN,
    "nan_sum": NAN_SUM,
    "nan_bf16": ("fn f(a: f32[n]) -> (y: bf16[n]) { compute n |i| { let b = bf16(a[i]); @b - b } }", [({"a": F(1, 2)}, None), ({"a": F(1, np.inf)}, "at i = 1")]),
    "nan_f16": ("fn f(a: f32[n]) -> (y: f16[n]) { compute n |i| { @sqrt(f16(a[i])) } }", [({"a": F(1, np.nan)}, None), ({"a": F(1, -1)}, "at i = 1")]),
    "nan_f8": ("fn f(a: f32[n]) -> (y: f8e4m3[n]) { compute n |i| { f8e4m3(@(f32(f8e4m3(a[i])) - f32(f8e4m3(a[i])))) } }", [({"a": F(1, np.inf, np.nan)}, None)]),
    "nan_stored": ("fn f(a: f32[n]) -> (y: f32[n]) { y: f32[n] = 0; par n |i| { @y[i] /= a[i]; } y }", [({"a": F(1, 2)}, None), ({"a": F(1, 0)}, "at i = 1")]),
    "nan_carried": ("fn f(a: f32) -> f32 { for t in 0..3 with (u = a) { @(u - 1) / (a - 1) } }", [({"a": 2}, None), ({"a": 1}, "at t = 0")]),
    "nan_scan": ("fn f(a: f32[n]) -> (y: f32[n]) { @scan(+) n |i| { a[i] } }", [({"a": F(1, 2)}, None), ({"a": F(np.inf, -np.inf)}, "a NaN is made")]),
    "nan_scatter": ("fn f(a: f32[n], p: i64[n] in 0..4) -> (y: f32[4]) { @scatter(+) [4] over n |i| { at p[i] put a[i] } }", [
        ({"a": F(1, 2), "p": L(1, 1)}, None), ({"a": F(np.inf, -np.inf), "p": L(1, 1)}, "a NaN is made")]),
    "nan_rows": ("fn f(a: f32[n, m]) -> (y: f32[m]) { @reduce(+) n |i| { a[i] } }", [({"a": np.array([[1, np.inf], [2, -np.inf]], np.float32)}, "a NaN is made")]),
}
# An access that nothing guards: imported as if it were not checked.
UNGUARDED = {
    "read": ("fn f(x: f32[m, n], k: i64) -> f32 where m > 0 { assume 0 <= k < n; @x[0, k] }", [
        ({"x": np.ones((2, 3), np.float32), "k": 2}, None),
        ({"x": np.ones((2, 3), np.float32), "k": 3}, "reads `x`[0, 3], which has 2 x 3 elements"),
        ({"x": np.ones((2, 3), np.float32), "k": -1}, "reads `x`[0, -1], which has 2 x 3 elements")]),
    "write": ("fn f(x: f32[n], p: i64[n]) -> (y: f32[n]) { y: f32[n] = 0; seq n |i| { let k = p[i]; assume 0 <= k < n; @y[k] = x[i]; } y }", [
        ({"x": F(1, 2), "p": L(1, 0)}, None), ({"x": F(1, 2), "p": L(1, 1 << 40)}, f"writes `y`[{1 << 40}], which has 2 elements, at i = 1")]),
}


PLACE = r"@(?!disjoint|block|warp|lane)" # where the violation is


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
        marks = [m.start() for m in re.finditer(PLACE, text)]
        line = text[:marks[0] if marks else 0].count("\n") + 1
        program = re.sub(PLACE, "", text)
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
                outputs[parameter] = ((1024,), entry.C_TYPES[c_type])
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
        for name, case in NANS.items():
            if wanted(name):
                checker.violation(name, case, "--checked=nan")
        for reference in references.EXAMPLES:
            if wanted(reference.__name__):
                checker.example(reference)
    print(f"{checker.passed} passed, {checker.failed} failed")
    return checker.failed != 0


if __name__ == "__main__":
    sys.exit(main())

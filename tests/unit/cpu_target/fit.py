#!/usr/bin/env python3
"""The coefficients of compiler/target/cpu/MathF32.cpp and MathF64.cpp: near-minimax polynomials, lowest degree first.

usage: fit.py            prints them as C++ initialisers with the weighted error of each fit

A fit is weighted least squares in Chebyshev's basis, reweighted towards its largest errors (Lawson, 1961). Each function is
first freed of its leading terms, so that what is fitted is smooth and small, and computed in 80-bit floats.
"""
import math

import numpy as np

WIDE = np.longdouble
LN2 = math.log(2)


def fit(function, low, high, degree, weight, points=4000, rounds=60):
    nodes = np.cos(np.pi * (np.arange(points) + 0.5) / points)
    x = (high + low) / 2 + (high - low) / 2 * nodes
    y = np.array([float(function(WIDE(v))) for v in x])
    w = np.array([float(weight(v)) for v in x])
    lawson = np.ones(points)
    best = (math.inf, None)
    for _ in range(rounds):
        series = np.polynomial.chebyshev.Chebyshev.fit(x, y, degree, w=w * np.sqrt(lawson), domain=[low, high])
        error = np.abs(series(x) - y) * w
        if error.max() < best[0]:
            best = (error.max(), series)
        lawson *= error / error.max() + 1e-6
        lawson /= lawson.mean()
    polynomial = best[1].convert(kind=np.polynomial.Polynomial, domain=[-1, 1], window=[-1, 1])
    return polynomial.coef, best[0]


def exp_tail(r):  # (e^r - 1 - r) / r^2
    if abs(r) < 1e-3:
        return WIDE(1) / 2 + r / 6 + r * r / 24 + r**3 / 120
    return (np.expm1(r) - r) / (r * r)


def exp2_tail(r):  # (2^r - 1) / r
    ln2 = np.log(WIDE(2))
    return ln2 + ln2 * ln2 * r / 2 if abs(r) < 1e-5 else np.expm1(r * ln2) / r


def log_tail(f):  # (log(1 + f) - f + f^2 / 2) / f^3
    if abs(f) < 1e-3:
        return WIDE(1) / 3 - f / 4 + f * f / 5 - f**3 / 6
    return (np.log1p(f) - f + f * f / 2) / f**3


def odd_tail(function, series):
    """(function(x) / x - 1) / x^2 as a function of z = x^2; `series` for small z."""
    return lambda z: series(z) if z < 1e-4 else (function(np.sqrt(z)) / np.sqrt(z) - 1) / z


def cos_tail(z):  # (cos x - 1 + z / 2) / z^2
    if z < 1e-3:
        return WIDE(1) / 24 - z / 720 + z * z / 40320
    return (np.cos(np.sqrt(z)) - 1 + z / 2) / (z * z)


def erf_tail(z):  # erf(x) / x - 1
    z = float(z)
    if z < 1e-4:
        return 2 / math.sqrt(math.pi) * (1 - z / 3 + z * z / 10) - 1
    return math.erf(math.sqrt(z)) / math.sqrt(z) - 1


def erfc_scaled(t):  # erfc(x) e^(x^2), t = 1 / (1 + x / 2)
    x = float((1 / t - 1) * 2)
    return math.erfc(x) * math.exp(x * x)


tanh_tail = odd_tail(np.tanh, lambda z: -WIDE(1) / 3 + z * 2 / 15 - z * z * 17 / 315)
atanh_tail = odd_tail(np.arctanh, lambda z: WIDE(1) / 3 + z / 5 + z * z / 7)
atan_tail = odd_tail(np.arctan, lambda z: -WIDE(1) / 3 + z / 5 - z * z / 7)
sin_tail = odd_tail(np.sin, lambda z: -WIDE(1) / 6 + z / 120 - z * z / 5040)

half = LN2 / 2 * 1.0001
quarter = 0.618  # (pi / 4)^2 and a little
low, high = math.sqrt(0.5) - 1, math.sqrt(2) - 1
single = [
    ("expPolynomial, from r^2", exp_tail, -half, half, 4, lambda r: r * r),
    ("exp2Tail", exp2_tail, -0.50001, 0.50001, 5, abs),
    ("logTail", log_tail, low * 1.0001, high * 1.0001, 8, lambda f: abs(f**3 / math.log1p(f)) if f else 0),
    ("tanhTail", tanh_tail, 0, 0.4, 4, lambda z: z),
    ("erfTail", erf_tail, 0, 0.93**2, 6, lambda z: 1),
    ("erfLarge", lambda a: -math.log(math.erfc(float(a))), 0.915, 4, 6, lambda a: math.erfc(a) / math.erf(a)),
]
double = [
    ("expTail", exp_tail, -half, half, 8, lambda r: r * r),
    ("atanhTail", atanh_tail, 0, 0.02945, 6, lambda z: z),
    ("sinTail", sin_tail, 0, quarter, 4, lambda z: z),
    ("cosTail", cos_tail, 0, quarter, 4, lambda z: z * z),
    ("atanTail", atan_tail, 0, 1, 13, lambda z: z),
    ("erfTail", erf_tail, 0, 0.93**2, 9, lambda z: 1),
    ("erfcScaled", erfc_scaled, 1 / (1 + 10.3 / 2), 1, 16, lambda t: 1 / erfc_scaled(t)),
]
for file, digits, fits in (("MathF32.cpp", 9, single), ("MathF64.cpp", 17, double)):
    print(f"// {file}")
    for name, *how in fits:
        coefficients, error = fit(*how)
        if digits == 9:
            coefficients = [np.float32(c) for c in coefficients]
        print(f"// error 2^{math.log2(error):.1f}")
        print(f"constexpr double {name}[] = {{" + ", ".join(f"{c:.{digits}g}" for c in coefficients) + "};")

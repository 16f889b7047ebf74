"""The rows that check_numerics.py tests: what can be written over scalars of each type, and on which values.

A row is an expression over a, b, c with the types of these operands and of the result; `ulps` is 0 where it is exact.
Values are bit patterns throughout, so bf16 needs no help and NaN stays what it is. A new operator or function of the
language is a line here (docs/adding.md).
"""
from dataclasses import dataclass

import numpy as np

SIGNED, UNSIGNED = ("i8", "i16", "i32", "i64"), ("u8", "u16", "u32", "u64")
INTS = SIGNED + UNSIGNED
FLOATS = ("f64", "f32", "f16", "bf16")
TYPES = FLOATS + INTS + ("bool",)
FORMATS = {"f64": (53, 1023), "f32": (24, 127), "f16": (11, 15), "bf16": (8, 127)}  # bits of the significand, largest exponent

F32_ULPS = {"exp": 2, "log": 2, "tanh": 2, "erf": 2, "exp2": 4, "expm1": 4, "log2": 4, "log1p": 4, "sin": 4, "cos": 4,
            "tan": 4, "erfc": 4, "rsqrt": 4, "atan2": 4, "pow": 4}


@dataclass(frozen=True)
class Row:
    text: str
    types: tuple
    result: str
    ulps: int = 0
    isLiteral: bool = False


# ---- types and their bits

def isFloat(t):
    return t in FLOATS


def width(t):
    return 8 if t == "bool" else int(t.lstrip("biuf"))


def bitsType(t):
    return np.dtype(f"u{width(t) // 8}")


def npyType(t):
    """What a .npy file of `t` holds."""
    if t == "bool":
        return np.dtype(np.bool_)
    return np.dtype(f"{'u' if t == 'bf16' else t[0]}{width(t) // 8}")


def isNan(t, bits):
    precision = FORMATS[t][0]
    magnitude = bits & bitsType(t).type((1 << (width(t) - 1)) - 1)
    return magnitude > bitsType(t).type(((1 << (width(t) - precision)) - 1) << (precision - 1))


def isSpecial(t, bits):
    """Zero or infinite."""
    precision = FORMATS[t][0]
    magnitude = bits & bitsType(t).type((1 << (width(t) - 1)) - 1)
    return (magnitude == 0) | (magnitude == bitsType(t).type(((1 << (width(t) - precision)) - 1) << (precision - 1)))


def ordered(t, bits):
    """Integers in the order of the floats, so that a difference counts the floats between (in f64: enough for small ones)."""
    magnitude = (bits & bitsType(t).type((1 << (width(t) - 1)) - 1)).astype(np.int64)
    return np.where(bits >> bitsType(t).type(width(t) - 1) != 0, -magnitude - 1, magnitude).astype(np.float64 if t != "f64" else np.int64)


def show(t, bits):
    bits = int(bits)
    if t == "bf16":
        return f"{np.uint32(bits << 16).view(np.float32)!s} (0x{bits:04x})"
    if isFloat(t):
        return f"{bitsType(t).type(bits).view(npyType(t))!s} (0x{bits:x})"
    return str(bitsType(t).type(bits).view(npyType(t)))


# ---- values

def floatBits(t, x):
    """`x`, a double, in `t`; NaN where it does not fit."""
    precision, largest = FORMATS[t]
    if t == "f64":
        return int(np.float64(x).view(np.uint64))
    sign = int(np.signbit(x)) << (width(t) - 1)
    x = abs(float(x))
    if np.isinf(x):
        return sign | ((2 * largest + 1) << (precision - 1))
    if x == 0:
        return sign
    exponent = max(int(np.floor(np.log2(x))), 1 - largest)
    significand = round(x * 2.0**(precision - 1 - exponent))  # to even
    if significand >> (precision - 1) == 0:
        return sign | significand
    if significand >> precision:
        significand, exponent = significand >> 1, exponent + 1
    if exponent > largest:
        return sign | ((2 * largest + 1) << (precision - 1))
    return sign | (exponent + largest) << (precision - 1) | (significand - (1 << (precision - 1)))


def floatValues(t, operands, every):
    precision, largest = FORMATS[t]
    one = largest << (precision - 1)
    top = ((2 * largest + 1) << (precision - 1))  # infinity
    half = one - (1 << (precision - 1))
    bits = [0, 1, (1 << (precision - 1)) - 1, 1 << (precision - 1), one - 1, one, one + 1, half, top - 1, top, top | 1 << (precision - 2)]
    bits += [floatBits(t, x) for x in (1.5, 2.0, 2.5, 3.0, 0.7, 100.3)]
    if operands < 3:
        bits += [2, half - 1, half + 1, (1 << (precision - 1)) + 1, top - (1 << (precision - 1)), one - (precision - 1 << (precision - 1)),
                 one - (precision << (precision - 1)), one + (precision - 1 << (precision - 1)), floatBits(t, 2.0**precision - 1)]
    if operands == 1:
        bits += [floatBits(t, x) for w in (8, 16, 32, 64) for e in (w - 1, w) for x in
                 (2.0**e, 2.0**e - 1, 2.0**e - 0.5, 2.0**e - 1.5, 2.0**e + 0.5, 2.0**e + 1, np.nextafter(2.0**e, 0), np.nextafter(2.0**e, np.inf))]
        bits += [floatBits(t, x) for x in (0.25, 0.49999997, 3.5, 4.5, 5.5, 0.99999994, 1e-3, 12.0, 17.3, 88.5, 88.8, 89.5, 103.9, 104.1, 127.9, 128.1,
                                           149.5, 151.0, 700.0, 709.7, 709.9, 745.5, 1075.0, 1e5, 1e10, 3.14159265358979, 1.5707963267948966, 1e-20, 0.3333)]
        bits += [int(x) for x in np.random.default_rng(7).integers(0, top, 300, dtype=np.uint64)]
        if width(t) == 16 and every:
            bits = range(1 << 15)
    sign = 1 << (width(t) - 1)
    return np.array([b | s for b in dict.fromkeys(bits) for s in (0, sign)], bitsType(t))


def intValues(t, operands, every):
    w = width(t)
    mask = (1 << w) - 1
    values = [0, 1, 2, 3, 7, 8, -1, -2, -3, -8, 1 << (w - 1), (1 << (w - 1)) - 1, (1 << (w - 1)) + 1, (1 << (w - 2)), 0x55, w - 1, w, w + 1]
    if operands < 3:
        values += [5, 10, 63, 64, 65, 100, -5, -7, -10, -64, (1 << (w - 1)) - 2, 0x5555555555555555, -w]
    if operands == 1:
        values += [x for e in (7, 8, 11, 15, 16, 24, 25, 31, 32, 53, 54, 62, 63) for s in (1, -1) for x in
                   (s << e, (s << e) - 1, (s << e) + 1, (s << e) + (s << max(e - 12, 0)), (s << e) + (s << max(e - 25, 0)) + s)]
        values += [int(x) for x in np.random.default_rng(8).integers(0, 1 << 63, 200)]
        if w <= 16 and every:
            values = range(1 << w)
    return np.array(list(dict.fromkeys(v & mask for v in values)), bitsType(t))


def values(t, operands, every):
    """The table of `t` for one of so many operands; `every` value of a narrow type that is the only one."""
    if t == "bool":
        return np.array([0, 1], np.uint8)
    return (floatValues if isFloat(t) else intValues)(t, operands, every)


def terms(t):
    """Rows of 37 to reduce: of floats half of them without NaN and infinities, and sums of them are exact in any order."""
    random = np.random.default_rng(9)
    if not isFloat(t):
        return random.choice(values(t, 2, False), (64, 37))
    zeros = [floatBits(t, x) for x in (0.0, -0.0)]
    tame = [floatBits(t, x) for x in (1.0, -1.0, 2.0, -0.5)]
    wild = [floatBits(t, np.inf), floatBits(t, -np.inf), int(floatValues(t, 3, False)[20])]
    tables = [zeros[1:], zeros, zeros + tame, zeros + tame, zeros * 8 + wild[:1], zeros * 8 + wild[:2], zeros * 20 + wild, tame * 8 + wild]
    return np.concatenate([random.choice(np.array(table, bitsType(t)), (8, 37)) for table in tables])


# ---- rows

def combiners(t):
    names = ("and", "or", "xor") if t == "bool" else ("+", "min", "max") if isFloat(t) else ("+", "*", "min", "max", "and", "or", "xor")
    return [Row(name, (t,), t) for name in names]


def ulps(t, function):
    return {"f32": F32_ULPS[function], "f64": 4}.get(t, 1)


def floatRows(t):
    one, two, three = (t,), (t, t), (t, t, t)
    for f in ("exp", "exp2", "expm1", "log", "log2", "log1p", "sin", "cos", "tan", "tanh", "erf", "erfc", "rsqrt"):
        yield Row(f"{f}({{a}})", one, t, ulps(t, f))
    for f in ("sqrt", "floor", "ceil", "round", "trunc"):
        yield Row(f"{f}({{a}})", one, t)
    for f in ("isnan", "isinf", "isfinite"):
        yield Row(f"{f}({{a}})", one, "bool")
    for f in ("atan2", "pow"):
        yield Row(f"{f}({{a}}, {{b}})", two, t, ulps(t, f))
    yield Row("copysign({a}, {b})", two, t)
    yield Row("fma({a}, {b}, {c})", three, t)
    yield Row("{a} * {b} + {c}", three, t)
    yield Row("{c} - {a} * {b}", three, t)
    yield Row("{a} * {b} - {a} * {b}", two, t)
    yield Row("{a} / {b} * {b}", two, t)
    yield Row("0 - {a}", one, t)
    yield Row("-({a} - {b})", two, t)
    yield Row("1 / (1 / {a})", one, t)
    yield Row("select({a} < {b}, {a}, {b})", two, t)
    yield Row("select({a} > {b}, {b}, {a})", two, t)
    yield Row("select({a} <= 0, -{a}, {a})", one, t)
    yield Row("sqrt({a}) * sqrt({a})", one, t)
    yield Row("abs(-{a})", one, t)
    yield Row("{a} + {b} + {a} - {b}", two, t)
    yield Row("{a} * 3 + {b} * 3", two, t)
    yield Row("isnan({a}) || {a} != {a}", one, "bool")
    yield Row("!({a} < {b}) && !({a} > {b})", two, "bool")
    literals = ["0.0", "-0.0", "1.0", "-1.0", "2.0", "0.5", "3.0", "inf", "-inf", "nan", f"{t}.max", f"{t}.eps"]
    for c in literals:
        for op in "+-*/":
            yield Row(f"{{a}} {op} {c}", one, t, 0, True)
            yield Row(f"{c} {op} {{a}}", one, t, 0, True)
        for f in ("min", "max", "copysign"):
            yield Row(f"{f}({{a}}, {c})", one, t, 0, True)
            yield Row(f"{f}({c}, {{a}})", one, t, 0, True)
        for f in ("pow", "atan2"):
            yield Row(f"{f}({{a}}, {c})", one, t, ulps(t, f), True)
            yield Row(f"{f}({c}, {{a}})", one, t, ulps(t, f), True)
        for op in ("<", "==", "!=", ">="):
            yield Row(f"{{a}} {op} {c}", one, "bool", 0, True)
        for f in ("exp", "log", "sin", "tanh", "erf", "expm1", "rsqrt", "exp2", "erfc"):
            yield Row(f"{{a}} * 0 + {f}({t}({c}))", one, t, ulps(t, f), True)
        for f in ("sqrt", "floor", "round", "sign", "abs"):
            yield Row(f"select(isnan({{a}}), {{a}}, {f}({t}({c})))", one, t, 0, True)
        yield Row(f"fma({{a}}, {c}, -0.0)", one, t, 0, True)
        yield Row(f"fma({c}, 2, {{a}})", one, t, 0, True)
        yield Row(f"clamp({{a}}, {c}, 2)", one, t, 0, True)


def intRows(t):
    one, two = (t,), (t, t)
    for op in "&|^":
        yield Row(f"{{a}} {op} {{b}}", two, t)
    yield Row("~{a}", one, t)
    for f in ("quot", "rem"):
        yield Row(f"{f}({{a}}, {{b}})", two, t)
    yield Row("{a} % {b}", two, t)
    for f in ("popcount", "clz", "ctz"):
        yield Row(f"{f}({{a}})", one, t)
    amounts = [t] + [u for u in ("i8", "u8", "i16", "i32", "i64", "u64") if u != t]
    for u in amounts:
        yield Row("{a} << {b}", (t, u), t)
        yield Row("{a} >> {b}", (t, u), t)
        yield Row("rotl({a}, {b})", (t, u), t)
        yield Row("rotr({a}, {b})", (t, u), t)
    yield Row("{a} / {b} * {b} + {a} % {b}", two, t)
    yield Row("{a} - {a} / {b} * {b}", two, t)
    yield Row("-{a} / {b}", two, t)
    yield Row("{a} << {b} >> {b}", two, t)
    yield Row("~{a} + 1", one, t)
    yield Row("({a} + {b}) / 2", two, t)
    yield Row("({a} - {b}) % 8", two, t)
    yield Row("select({a} == 0, clz({a}), ctz({a}))", one, t)
    w = width(t)
    literals = ["0", "1", "2", "3", "7", "8", "10", "100", str(w - 1), f"{t}.max", f"{t}.min"]
    if t in SIGNED:
        literals += ["-1", "-2", "-3", "-8"]
    for c in literals:
        for op in ("+", "-", "*", "/", "%", "&", "|", "^"):
            yield Row(f"{{a}} {op} {c}", one, t, 0, True)
            yield Row(f"{c} {op} {{a}}", one, t, 0, True)
        for f in ("quot", "rem", "min", "max"):
            yield Row(f"{f}({{a}}, {c})", one, t, 0, True)
            yield Row(f"{f}({c}, {{a}})", one, t, 0, True)
        for op in ("<", "==", ">="):
            yield Row(f"{{a}} {op} {c}", one, "bool", 0, True)
        for f in ("popcount", "clz", "ctz"):
            yield Row(f"{{a}} + {f}({t}({c}))", one, t, 0, True)
        yield Row(f"{t}({c}) << {{a}}", one, t, 0, True)
        yield Row(f"{t}({c}) >> {{a}}", one, t, 0, True)
    for k in (0, 1, w // 2, w - 1, w, w + 1, 63, 64, 100, -1):
        for u in ("i64", "i32", "i8"):
            for text in (f"{{a}} << {u}({k})", f"{{a}} >> {u}({k})", f"rotl({{a}}, {u}({k}))", f"rotr({{a}}, {u}({k}))"):
                yield Row(text, one, t, 0, True)


def rows(t):
    """Every row whose first operand is of type `t`."""
    one, two = (t,), (t, t)
    for op in ("==", "!="):
        yield Row(f"{{a}} {op} {{b}}", two, "bool")
    yield Row("select({a} == {b}, {b}, {a})", two, t)
    if t == "bool":
        for op in ("&&", "||", "&", "|", "^"):
            yield Row(f"{{a}} {op} {{b}}", two, "bool")
        yield Row("!{a}", one, "bool")
        for c in ("true", "false"):
            for op in ("&&", "||", "==", "!="):
                yield Row(f"{{a}} {op} {c}", one, "bool", 0, True)
    else:
        for op in "+-*/":
            yield Row(f"{{a}} {op} {{b}}", two, t)
        for op in ("<", "<=", ">", ">="):
            yield Row(f"{{a}} {op} {{b}}", two, "bool")
        for f in ("min", "max"):
            yield Row(f"{f}({{a}}, {{b}})", two, t)
        for f in ("abs", "sign"):
            yield Row(f"{f}({{a}})", one, t)
        yield Row("-{a}", one, t)
        yield Row("clamp({a}, {b}, {c})", (t, t, t), t)
        yield Row("min({a}, {b}, {c})", (t, t, t), t)
        yield Row("max({a}, {b}, {c})", (t, t, t), t)
        yield Row("select({a} < {b}, {b}, {c})", (t, t, t), t)
        yield from (floatRows(t) if isFloat(t) else intRows(t))
        for u in TYPES:
            if u != t and u != "bool" and width(u) == width(t):
                yield Row(f"bitcast<{u}>({{a}})", one, u)
    for u in TYPES:
        if u != t and (u != "bool"):
            yield Row(f"{u}({{a}})", one, u)
    if isFloat(t):
        for u in FLOATS:
            if u != t:
                yield Row(f"{t}({u}({{a}}))", one, t)
                yield Row(f"{t}({u}({{a}}) * {u}({{b}}))", two, t)

#!/usr/bin/env python3
"""Every pin on every form is obeyed, or refused with a reason at the pin; promises gate the build.

    check_pin_forms.py --texprc build/bin/texprc [--table]     --table prints what became of each pair

Obeyed: the program compiles, and `explain --pins`, which reads the plan and not the source, prints the pin again. Refused: exit
code 1 with an error whose place is that of the pin, or of one of its arguments. Anything else is a failure: a pin that changes
nothing in silence, an error elsewhere, a crash.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

# A form with a place for the pin, and its axes, outermost first.
FORMS = {
    "compute": (["i", "j"], "fn f(x: f32[m, n]) -> (y: f32[m, n]) {\n  compute m, n |i, j| PIN { x[i, j] * 2.0 }\n}"),
    "let": (["i", "j"], "fn f(x: f32[m, n]) -> (y: f32[m, n]) {\n  let t = compute m, n |i, j| PIN { exp(x[i, j]) };\n"
                        "  compute m, n |i, j| { t[i, j] + t[i, n - 1 - j] }\n}"),
    "product": (["i", "j"], "fn f(a: f32[m, k], b: f32[k, n]) -> (y: f32[m, n]) {\n"
                            "  compute m, n |i, j| PIN { reduce(+) k |l| { a[i, l] * b[l, j] } }\n}"),
    "inner": (["j"], "fn f(x: f32[m, n]) -> (y: f32[m, n]) {\n  compute m |i| {\n    let e = compute n |j| PIN { exp(x[i, j]) };\n"
                     "    let s = reduce(+) n |j| { e[j] };\n    compute n |j| { e[j] / s }\n  }\n}"),
    "reduce": (["j"], "fn f(x: f32[m, n]) -> (y: f32[m]) {\n  compute m |i| { reduce(+) n |j| PIN { x[i, j] } }\n}"),
    "taps": (["k"], "fn f(x: f32[n]) -> (y: f32[n]) {\n  compute n |i| { reduce(+) 3 |k| PIN { x[i] * f32(k) } }\n}"),
    "user op": (["j"], "op first(a: f32, b: f32) -> f32 identity (0.0) { if a != 0.0 { a } else { b } }\n"
                       "fn f(x: f32[m, n]) -> (y: f32[m]) {\n  compute m |i| { reduce(first) n |j| PIN { x[i, j] } }\n}"),
    "for": ([], "fn f(x: f32[n], s: i64) -> (y: f32[n]) {\n"
                "  for t in 0..s with (u = x) PIN { compute n |i| { u[i] * 0.5 } }\n}"),
    "while": ([], "fn f(x: f32) -> (y: f32) {\n  while u > 1.0 with (u = x) max 9 PIN { u * 0.5 }\n}"),
    "par": (["i", "j"], "fn f(x: f32[m, n]) -> (y: f32[m, n]) {\n  y: f32[m, n];\n"
                        "  par m, n |i, j| PIN { y[i, j] = x[i, j] * 2.0; }\n  y\n}"),
    "seq": (["i"], "fn f(x: f32[n]) -> (y: f32[n]) {\n  y: f32[n] = 0.0;\n  seq n |i| PIN { y[i] = x[i]; }\n  y\n}"),
    "scan": (["i"], "fn f(x: f32[n]) -> (y: f32[n]) {\n  scan(+) n |i| PIN { x[i] }\n}"),
    "scatter": (["i"], "fn f(p: i32[n] in 0..b, x: f32[b]) -> (y: f32[b]) {\n"
                       "  scatter(+) [b] from x over n |i| PIN { at p[i] put 1.0 }\n}"),
    "filter": (["i"], "fn f(x: f32[n]) -> (y: f32[k]) {\n  let u: f32[k] = filter n |i| where x[i] > 0.0 PIN { x[i] };\n  u\n}"),
    "ragged filter": (["i", "j"], "fn f(x: f32[n, n]) -> (y: f32[k]) {\n"
                                  "  filter n, 0..i |i, j| where x[i, j] > 0.0 PIN { x[i, j] }\n}"),
    "ragged scatter": (["i", "j"], "fn f(x: f32[n, n]) -> (y: f32[n]) {\n"
                                   "  scatter(+) [n] over n, 0..i |i, j| PIN { at j put x[i, j] }\n}"),
    "rows": (["i"], "fn f(x: f32[n, d]) -> (y: f32[n, d]) {\n  scan(max) n |i| PIN { x[i] }\n}"),
    "counts": (["i"], "fn f(p: i32[n] in 0..b, b: i64) -> (y: i32[b]) {\n  scatter(+) [b] over n |i| PIN { at p[i] put 1 }\n}"),
    "top": (["i"], "fn f(x: f32[n]) -> (y: i64[3]) where n >= 3 {\n  top(3) n |i| PIN { x[i] }\n}"),
    "argsort": (["i"], "fn f(x: f32[n]) -> (y: i64[n]) {\n  argsort n |i| PIN { x[i] }\n}"),
}
# FIRST and LAST stand for the form's axes.
PINS = ["@inline", "@materialize", "@keep(FIRST)", "@vector(4)", "@vector(1)", "@unroll", "@unroll(2)", "@grain(8)",
        "@grain(work = 100, tasks = 4)", "@tile(FIRST = 4)", "@tile(FIRST = 4, LAST = 32)", "@tile(thread, LAST = 64)",
        "@order(LAST, FIRST)", "@instr(fma)", "@instr(none)", "@class(n <= 512)", "@algo(serial)", "@algo(radix)",
        "@algo(chunks, least = 64, tasks = 8)", "@algo(columns)", "@algo(owners, block = 8, far = 9, least = 1, miss = 4, tasks = 3, walk = 1, work = 2)",
        "@algo(copies, least = 5, tasks = 7)", "@algo(merge, piece = 64, run = 4)",
        "@algo(list, each = 1, least = 9, longest = 5, piece = 32, run = 2, tasks = 2)", "@unroll(none)", "@stage(a, shared, 3)",
        "@stage(x, shared, 3)", "@stage(x)", "@stage(b)", "@stage(2)", "@stage(a, workspace)", "@stage(b, stack, least = 8)", "@stage(b, stack, 2)",
        "@tile(FIRST = 4, LAST = 32) @instr(none) @stage(x)", "@tile(FIRST = 4, LAST = 32) @instr(none) @stage(1, workspace)",
        "@map(FIRST = block.y)", "@split_k(4)"]
# What has to be obeyed, so that a regression to refusals is seen.
OBEYED = {
    "compute": ["@materialize", "@vector(4)", "@vector(1)", "@unroll(2)", "@grain(8)", "@grain(work = 100, tasks = 4)",
                "@tile(i = 4)", "@tile(i = 4, j = 32)", "@tile(thread, j = 64)", "@order(j, i)", "@class(n <= 512)",
                "@tile(i = 4, j = 32) @instr(none) @stage(x)", "@tile(i = 4, j = 32) @instr(none) @stage(1, workspace)"],
    "let": ["@inline", "@materialize", "@keep(i)", "@vector(4)", "@grain(8)", "@tile(i = 4, j = 32)", "@order(j, i)",
            "@class(n <= 512)"],
    "product": ["@tile(i = 4, j = 32)", "@instr(fma)", "@instr(none)", "@grain(8)", "@stage(b)", "@stage(2)", "@stage(a, workspace)",
                "@stage(b, stack, least = 8)"],
    "inner": ["@inline", "@materialize", "@vector(4)", "@vector(1)"],
    "reduce": ["@vector(4)", "@vector(1)", "@unroll(2)"],
    "taps": ["@unroll", "@unroll(none)"],
    "user op": ["@vector(1)"],
    "scan": ["@algo(serial)", "@algo(chunks, least = 64, tasks = 8)"],
    "rows": ["@algo(serial)", "@algo(columns)"],
    "filter": ["@algo(serial)", "@algo(chunks, least = 64, tasks = 8)"],
    "scatter": ["@algo(serial)", "@algo(owners, block = 8, far = 9, least = 1, miss = 4, tasks = 3, walk = 1, work = 2)"],
    "counts": ["@algo(serial)", "@algo(owners, block = 8, far = 9, least = 1, miss = 4, tasks = 3, walk = 1, work = 2)", "@algo(copies, least = 5, tasks = 7)"],
    "argsort": ["@algo(merge, piece = 64, run = 4)"],
    "top": ["@algo(merge, piece = 64, run = 4)",
            "@algo(list, each = 1, least = 9, longest = 5, piece = 32, run = 2, tasks = 2)"],
    "par": ["@vector(4)", "@vector(1)", "@grain(8)", "@tile(i = 4, j = 32)", "@order(j, i)"],
}
PROMISES = [  # promise, the rest of the program, None or what the error says
    ("kernels == 1", "{ compute m |i| { let s = reduce(+) n |j| { x[i, j] }; compute n |j| { x[i, j] / s } } }", None),
    ("1 <= kernels <= 2, workspace == 0, fused", "{ compute m, n |i, j| { x[i, j] } }", None),
    ("kernels == 1", "{ let t = compute m, n |i, j| @materialize { exp(x[i, j]) };\n"
                     "  compute m, n |i, j| { t[i, n - 1 - j] } }", "`kernels == 1` is not kept"),
    ("fused", "{ let t = compute m, n |i, j| @materialize { exp(x[i, j]) };\n"
              "  compute m, n |i, j| { t[i, n - 1 - j] } }", "this goes to memory"),
    ("workspace <= 64KiB", "{ let t = compute m, n |i, j| @materialize { exp(x[i, j]) };\n"
                           "  compute m, n |i, j| { t[i, n - 1 - j] } }", "grows with its dims"),
    ("workspace <= 64KiB at (m = 128, n = 128)", "{ let t = compute m, n |i, j| @materialize { exp(x[i, j]) };\n"
                                                 "  compute m, n |i, j| { t[i, n - 1 - j] } }", None),
    ("workspace <= 64KiB at (m = 128, n = 129)", "{ let t = compute m, n |i, j| @materialize { exp(x[i, j]) };\n"
                                                 "  compute m, n |i, j| { t[i, n - 1 - j] } }", "a call needs"),
    ("kernels <= 12 at (s = 5)", "LOOP", None),
    ("kernels <= 2 at (s = 5)", "LOOP", "a call runs"),
    ("kernels <= 2", "LOOP", "depends on its dims"),
    ("no_spill", "{ compute m, n |i, j| { x[i, j] } }", "is a CPU"),
    ("smem <= 48KiB", "{ compute m, n |i, j| { x[i, j] } }", "is a CPU"),
    ("registers <= 128", "{ compute m, n |i, j| { x[i, j] } }", "is a CPU"),
    ("time(h200) <= 40us at (m = 4096, n = 4096)", "{ compute m, n |i, j| { x[i, j] } }", "is a CPU"),
    ("kernels", "{ compute m, n |i, j| { x[i, j] } }", "no promise that the compiler knows"),
    ("workspace <= 3ms", "{ compute m, n |i, j| { x[i, j] } }", "no promise that the compiler knows"),
    ("kernels == 1 at (q = 3)", "{ compute m, n |i, j| { x[i, j] } }", "has no dim named `q`"),
]


def texprc(tool, folder, text, *options):
    (folder / "f.tx").write_text(text)
    done = subprocess.run([str(tool), *options], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def outcome(tool, folder, form, pin):
    """obeyed, refused, or what is wrong."""
    axes, text = FORMS[form]
    pin = pin.replace("FIRST", axes[0] if axes else "t").replace("LAST", axes[-1] if axes else "t")
    if re.search(r"(\w+) = 4, \1 = 32", pin) or re.search(r"\((\w+), \1\)", pin):
        return "skipped", pin
    line = text[:text.index("PIN")].count("\n") + 1
    column = text.index("PIN") - (text.rfind("\n", 0, text.index("PIN")) + 1) + 1
    text = text.replace("PIN", pin)
    flags = ["--target=x86-64-v3"]
    code, _, errors = texprc(tool, folder, text, "f.tx", "-o", "f.o", *flags)
    if code == 1:
        places = re.findall(r"^f\.tx:(\d+):(\d+): error: (.*)", errors, re.M)
        isThere = places and all(int(l) == line and column <= int(c) < column + len(pin) for l, c, _ in places)
        return ("refused", pin) if isThere else (f"error elsewhere:\n{errors}", pin)
    if code:
        return f"exit code {code}:\n{errors}", pin
    code, out, errors = texprc(tool, folder, text, "explain", "--pins", "f.tx", *flags)
    if code:
        return f"explain --pins ends with {code}:\n{errors}", pin
    isPrinted = pin in out or (pin.startswith("@class") and "@class(all)" in out)
    return ("obeyed", pin) if isPrinted else (f"ignored:\n{out}", pin)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--texprc", required=True, type=pathlib.Path)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    tool, failures, count = options.texprc.resolve(), 0, {"obeyed": 0, "refused": 0}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for form in FORMS:
            row = []
            for pin in PINS:
                what, pin = outcome(tool, folder, form, pin)
                row.append(f"{pin} {what.split(chr(10))[0]}")
                if what in count:
                    count[what] += 1
                expected = pin in OBEYED.get(form, [])
                if what != "skipped" and what not in count or (expected and what != "obeyed"):
                    failures += 1
                    print(f"FAIL {pin} on {form}: {what}")
            if options.table:
                print(f"{form}: " + "; ".join(row))
        for promise, body, expected in PROMISES:
            head = "fn f(x: f32[m, n]) -> (y: f32[m, n])"
            if body == "LOOP":
                head = "fn f(x: f32[n], s: i64) -> (y: f32[n])"
                body = "{ for t in 0..s with (u = x) { compute n |i| { u[n - 1 - i] } } }"
            code, _, errors = texprc(tool, folder, f"{head} ensure {promise} {body}\n", "f.tx", "-o", "f.o")
            isRight = code == (1 if expected else 0) and (not expected or expected in errors)
            if not isRight:
                failures += 1
                print(f"FAIL promise {promise}: exit code {code}\n{errors}")
    print(f"{count['obeyed']} obeyed, {count['refused']} refused, {len(PROMISES)} promises, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

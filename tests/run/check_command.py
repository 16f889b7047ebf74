#!/usr/bin/env python3
"""The command texprc as a user meets it: exit codes, messages, files, `run`, `check`, `explain`.

usage: check_command.py --texprc PATH [--only GROUP…]

Each group is a method of `Command`; each line in it is one call and what must come of it. Exit codes: 0 done, 1 the program
is wrong, 2 the command line is wrong, 3 the environment failed; a crash or a 4 is never right.
"""
import argparse
import os
import pathlib
import stat
import subprocess
import sys
import tempfile

import numpy as np

root = pathlib.Path(__file__).resolve().parents[2]
examples = root / "examples"

SOFTMAX = (examples / "softmax/softmax.tx").read_text()
SCALE = "fn scale(x: f32[n], a: f32) -> (y: f32[n]) { compute n |i| { x[i] * a } }\n"
SEVERAL = """fn twice(x: f32[n]) -> (y: f32[n]) { compute n |i| { x[i] + x[i] } }
fn triple(x: f32[n]) -> (y: f32[n]) { compute n |i| { x[i] * 3 } }
"""
SCALARS = """fn scalars(a: i8, b: u64, c: f16, d: bool, e: i64) -> (p: i8, q: u64, r: f16, s: bool, t: f64) {
  (a, b, c, !d, f64(e) / 3)
}
"""
PICK = "fn pick(table: f32[v], ids: i32[n] in 0..v) -> (y: f32[n]) { compute n |i| { table[ids[i]] } }\n"
FACT = "fn halves(x: f32[n]) -> (y: f32[n / 2]) where n % 2 == 0 { compute n / 2 |i| { x[2 * i] } }\n"
SAME = "fn add(x: f32[n], y: f32[n]) -> (z: f32[n]) { x + y }\n"
TAIL = "fn tail(x: f32[n + 1]) -> (y: f32[n]) { compute n |i| { x[i + 1] } }\n"
TABLE = "fn table(n: i64) -> (y: i64[n]) { compute n |i| { i * i } }\n"
WRONG = "fn wrong(x: f32[n]) -> (y: f32[n]) { compute n |i| { x[i + 1] } }\n"


class Failed(Exception):
    pass


class Command:
    def __init__(self, texprc, folder):
        self.texprc = texprc
        self.folder = folder

    # ---- calling and looking ----

    def call(self, *args, code=0, says=(), silent=False, **more):
        """Calls texprc in the test's folder: exit code, fragments of what it says, standard output."""
        command = [str(self.texprc), *[a if isinstance(a, bytes) else str(a) for a in args]]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, timeout=120, **more)
        out, err = (b or b"" for b in (done.stdout, done.stderr))
        text = (out + err).decode("utf8", "replace")
        shown = " ".join(map(str, args)) + f"\nended with {done.returncode} and said:\n{text}"
        if done.returncode != code:
            raise Failed(f"exit code {code} expected: {shown}")
        if code and not err:
            raise Failed(f"silent failure: {shown}")
        if silent and (out or err):
            raise Failed(f"silence expected: {shown}")
        for fragment in [says] if isinstance(says, str) else says:
            if fragment not in text:
                raise Failed(f"{fragment!r} expected: {shown}")
        return out.decode("utf8", "replace")

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def save(self, name, array):
        np.save(self.folder / name, array)
        return name

    def expect(self, what, text):
        if not what:
            raise Failed(text)

    def names(self):
        return sorted(p.name for p in self.folder.iterdir())

    # ---- the command line ----

    def words(self):
        self.write("s.tx", SOFTMAX)
        self.call("--version", says="texprc 0.")
        self.call("--help", says=["Examples:", "Exit codes:", "run", "explain", "check"])
        for command in ("run", "check", "explain"):
            self.call(command, "--help", says="Examples:")
        self.call(code=2, says="no input")
        self.call("run", code=2, says="FILE")
        self.call("check", code=2, says="FILE")
        self.call("explain", code=2, says="FILE")
        self.call("--nonsense", code=2, says="--nonsense")
        self.call("s.tx", "--nonsense=3", code=2, says="nonsense")
        self.call("s.tx", "-o", code=2, says="-o")
        self.call("s.tx", "-o", "a.o", "-o", "b.o", code=2, says="-o")
        self.call("s.tx", "-O7", code=2, says="-O")
        self.call("s.tx", "--emit=exe", code=2, says="no kind 'exe'; kinds are obj")
        for word in ("fmt", "tune", "lsp", "new"):
            self.call(word, "s.tx", code=2, says=f"'{word}' is neither a file nor a command")
        self.call("s.tx", "--target=i386", code=2, says=["unknown target 'i386'", "x86-64-v3"])
        self.call("s.tx", "--target=sm_90a,cpu", code=2, says="sm_90a")
        self.call("s.tx", "--target=x86-64-v3,aarch64", code=2, says="two architectures")
        self.call("s.tx", "--target=", code=2, says="target")
        self.call("s.tx", "--stop-after=nowhere", code=2, says="no such stage or pass")
        self.call("s.tx", "--diagnostics=xml", code=2, says="xml")
        self.call("-o", "a.o", "check", "s.tx", code=2, says="before the command")
        self.call("s.tx", "--", "-strange.tx", code=3, says="-strange.tx")
        self.expect(self.names() == ["s.tx"], f"files were written: {self.names()}")

    def inputs(self):
        self.write("s.tx", SOFTMAX)
        self.write("d.tx", SCALE)
        (self.folder / "dir.tx").mkdir()
        self.call("none.tx", code=3, says=["none.tx", "No such file"])
        self.call("dir.tx", code=3, says=["dir.tx", "s a directory"])
        self.call("s.tx", "none.tx", code=3, says="none.tx")
        self.call("s.tx", "d.tx", "-o", "both.o")
        header = (self.folder / "both.h").read_text()
        self.expect("softmax(" in header and "scale(" in header, "both.h declares both functions")
        self.call("-", "-o", "stdin.o", input=SOFTMAX.encode())
        self.expect((self.folder / "stdin.o").exists(), "stdin.o is written")
        self.call("check", "-", input=WRONG.encode(), code=1, says="<stdin>:1:")
        self.call("-", "-o", "empty.o", input=b"\xff\xfe\x00", code=1)
        self.write("one.mlir", "module {}\n")
        self.call("one.mlir", code=1, says="stage")
        self.call("one.mlir", "one.mlir", code=2)
        self.write("bad.mlir", "module {\n")
        self.call("bad.mlir", code=1)

    def outputs(self):
        self.write("s.tx", SOFTMAX)
        before = self.names()
        self.call("s.tx", "-o", "none/s.o", code=3, says=["none/s.o", "No such file"])
        (self.folder / "dir").mkdir()
        self.call("s.tx", "-o", "dir", code=3, says=["dir", "s a directory"])
        self.call("s.tx", "-o", "s.tx", code=2, says="is an input")
        self.expect((self.folder / "s.tx").read_text() == SOFTMAX, "the input is as it was")
        self.write("lib.tx", SCALE)
        self.write("uses.tx", 'use "lib.tx";\nfn f(x: f32[n]) -> (y: f32[n]) { scale(x, 2) }\n')
        self.write("in.h", SOFTMAX)
        lost = {n: (self.folder / n).read_text() for n in ("s.tx", "lib.tx", "in.h")}
        for args in (["s.tx", "--emit=so", "-o", "./s.tx"], ["s.tx", "--depfile", "s.tx"], ["s.tx", "--emit=par", "-o", "s.tx"],
                     ["uses.tx", "-o", "lib.tx"], ["in.h", "-o", "in.o"]):
            self.call(*args, code=2, says="is an input")
        self.expect(lost == {n: (self.folder / n).read_text() for n in lost}, "what is read is as it was")
        for args in (["-o", "s.h"], ["-o", "q.o", "--depfile", "q.o"], ["-o", "q.o", "--depfile", "./q.h"]):
            self.call("s.tx", *args, code=2, says="two outputs would be one file")
        self.call("s.tx", "--emit=so", "-o", "/dev/null", code=3, says="linked into a file")  # a rename would replace the device
        self.call("s.tx", "--emit=so", "-o", "-", code=2, says="name it by -o")
        self.call("-", code=2, input=SOFTMAX.encode(), says="name the output by -o")
        self.call("s.tx", "-o", "", code=2, says="a path is empty")
        self.expect(self.names() == sorted([*before, "dir", "in.h", "lib.tx", "uses.tx"]), f"nothing was written: {self.names()}")
        self.call("s.tx", "-o", "/dev/full", code=3, says="No space left")
        self.call("s.tx", "--emit=llvm", "-o", "-", says="define")
        self.call("s.tx", "--emit=llvm", "-o", "/dev/null")
        for args in (["s.tx", "--emit=llvm", "-o", "-"], ["s.tx", "--stop-after=tx"], ["explain", "s.tx"], ["check", "-v", "s.tx"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([self.texprc, *args], cwd=self.folder, stdout=full, stderr=subprocess.PIPE, text=True)
            self.expect(done.returncode == 3 and "No space left" in done.stderr, f"{args}: {done.returncode}, {done.stderr}")
        os.symlink("loop", self.folder / "loop")
        self.call("s.tx", "-o", "loop", "--emit=asm")  # replaces the link, which led nowhere
        os.symlink("gone.o", self.folder / "dangling.o")
        self.call("s.tx", "-o", "dangling.o")
        old = self.write("old.o", "old")
        old.chmod(0o444)
        self.call("s.tx", "-o", "old.o")  # by rename: the folder decides
        self.expect(old.read_bytes()[:4] == b"\x7fELF", "old.o is replaced")
        left = [n for n in self.names() if "tmp" in n]
        self.expect(not left, f"temporary files are left: {left}")
        self.expect(set(before) < set(self.names()), "outputs stand beside the input")
        if os.geteuid() != 0:
            (self.folder / "dir").chmod(stat.S_IRUSR | stat.S_IXUSR)
            self.call("s.tx", "-o", "dir/s.o", code=3, says="Permission denied")
        self.call("s.tx", "-o", "/proc/s.o", code=3)
        self.call("s.tx", "--save-stages=s.tx", code=3, says="s.tx")

    def limits(self):
        """A file system that is full: no half file, and the old one stays."""
        self.write("s.tx", SOFTMAX)
        old = self.write("s.o", "old")
        limit = lambda: __import__("resource").setrlimit(__import__("resource").RLIMIT_FSIZE, (4096, 4096))
        ignore = lambda: (__import__("signal").signal(__import__("signal").SIGXFSZ, __import__("signal").SIG_IGN), limit())
        self.call("s.tx", "-o", "s.o", code=3, says="too large", preexec_fn=ignore)
        self.expect(old.read_text() == "old", "the old s.o stays")
        self.expect(self.names() == ["s.o", "s.tx"], f"only the old files: {self.names()}")

    def strange_names(self):
        for name in ["with space", "quote'\"s", "$(touch pwned)", "a;b", "-dash", "new\nline", "perc%ent", "ü", "l" * 240]:
            source = self.write(name + ".tx", SOFTMAX)
            self.call("./" + name + ".tx", "-o", "./" + name + ".o")
            header = "./" + name + ".h"
            main = self.write("include.c", f'#include "{name}.h"\nint main(void) {{ return 0; }}\n')
            if "\n" not in name and '"' not in name:
                done = subprocess.run(["cc", "-std=c99", "-Wall", "-Werror", "-pedantic", "-fsyntax-only", str(main)],
                                      cwd=self.folder, capture_output=True, text=True)
                self.expect(done.returncode == 0, f"{header!r} does not compile: {done.stderr}")
            source.unlink()
        self.call("./" + "l" * 256 + ".tx", code=3, says="name too long")
        raw = os.path.join(os.fsencode(self.folder), b"\xff\xfe.tx")
        with open(raw, "w") as f:
            f.write(SOFTMAX)
        self.call(raw, "-o", "raw.o")
        self.expect("pwned" not in self.names(), "a shell was involved")

    def depfiles(self):
        self.write("s p.tx", SOFTMAX)
        self.write("d$.tx", SCALE)
        self.call("s p.tx", "d$.tx", "-o", "out.o", "--depfile", "out.d")
        rule = (self.folder / "out.d").read_text()
        self.expect(rule == "out.o out.h: s\\ p.tx d$$.tx\n", f"the rule is {rule!r}")
        self.call("s p.tx", "-o", "out.o", "--depfile", "none/out.d", code=3, says="none/out.d")

    def uses(self):
        (self.folder / "lib").mkdir()
        self.write("lib/util.tx", 'use "std/math.tx";\nfn act<T: float>(x: T) -> (y: T) { sigmoid(x) * x }\n'
                                  "fn plain(x: f32) -> (y: f32) { hidden(x) }\nlocal fn hidden(x: f32) -> (y: f32) { x }\n")
        self.write("u.tx", 'use "lib/util.tx";\nfn one(x: f32[n]) -> (y: f32[n]) { act(plain(x)) }\n')
        self.call("u.tx", "-o", "u.o", "--depfile", "u.d")
        rule = (self.folder / "u.d").read_text()
        self.expect(rule == "u.o u.h: u.tx lib/util.tx\n", f"the rule is {rule!r}")
        header = (self.folder / "u.h").read_text()
        self.expect("tx_status one(" in header and "plain" not in header, "what is used is exported")
        self.call("check", "u.tx")
        self.call("explain", "u.tx")
        self.write("bad.tx", 'use "lib/none.tx";\nfn one(x: f32) -> (y: f32) { x }\n')
        self.call("check", "bad.tx", code=1, says="lib/none.tx")

    # ---- check ----

    def check(self):
        self.write("s.tx", SOFTMAX)
        self.write("w.tx", WRONG)
        self.call("check", "s.tx", silent=True)
        self.call("check", "-v", "s.tx", says="no errors")
        self.call("check", "w.tx", code=1, says=["w.tx:1:56: error", "^"])
        self.call("check", "--diagnostics=json", "w.tx", code=1, says='"line":1')
        self.call("--diagnostics=json", "w.tx", code=1, says='"line":1')
        self.call("check", "s.tx", "none.tx", code=3, says="none.tx")
        self.expect(self.names() == ["s.tx", "w.tx"], "check writes nothing")

    # ---- run ----

    def run(self):
        x = np.linspace(-2, 2, 21, dtype=np.float32).reshape(3, 7)
        want = np.exp(x - x.max(1, keepdims=True))
        want /= want.sum(1, keepdims=True)
        self.write("s.tx", SOFTMAX)
        self.save("x.npy", x)
        for more in ([], ["--interpret"], ["--threads", "1"], ["-O0"], ["--target", "x86-64-v2"]):
            self.call("run", "s.tx", "x=x.npy", "-o", "y=y.npy", *more, silent=True)
            got = np.load(self.folder / "y.npy")
            self.expect(got.dtype == np.float32 and np.allclose(got, want, rtol=1e-6, atol=0), f"softmax {more}: {got}")
        self.call("run", "s.tx", "softmax", "x=x.npy", "-o", "y.npy", silent=True)
        self.call("run", "s.tx", "x=x.npy", says=["y: f32[3, 7]\n[[", "]]"])
        self.call("run", "-", "x=x.npy", input=SOFTMAX.encode(), says="y: f32[3, 7]")
        self.call("run", "s.tx", "x=x.npy", "--time", says=["softmax: minimum ", "median ", "m = 3, n = 7"])
        self.save("empty.npy", np.zeros((0, 7), np.float32))
        self.call("run", "s.tx", "x=empty.npy", says="y: f32[0, 7]\n[]")
        self.write("t.tx", TABLE)
        self.call("run", "t.tx", "n=5", says="y: i64[5]\n[ 0  1  4  9 16]")
        self.call("run", "t.tx", "n=2000", says="[      0       1       4 ... 3988009 3992004 3996001]")
        self.write("tail.tx", TAIL)
        self.save("five.npy", np.arange(5, dtype=np.float32))
        self.call("run", "tail.tx", "x=five.npy", says="y: f32[4]\n[1.0 2.0 3.0 4.0]")
        self.call("run", "tail.tx", "x=five.npy", "n=4", says="y: f32[4]")
        self.call("run", "tail.tx", "x=five.npy", "n=5", code=2, says="[6] expected: x: f32[n + 1] with n = 5")

    def run_files(self):
        self.write("p.tx", "fn two(x: f32[n]) -> (y: f32[n], z: f32[n]) { (x, x + 1) }\n")
        np.save(self.folder / "x.npy", np.ones(3, np.float32))
        self.call("run", "p.tx", "x=/dev/zero", code=2, says="is a device")
        self.call("run", "p.tx", "x=x.npy", "-o", "y=./p.tx", code=2, says="is an input")
        self.call("run", "p.tx", "x=x.npy", "-o", "y=q.npy", "-o", "z=./q.npy", code=2, says="two outputs would be one file")
        self.call("run", "p.tx", "x=x.npy", "-o", "z=x.npy", "-o", "y=/dev/null")
        self.expect((np.load(self.folder / "x.npy") == 2).all(), "an array is written in the place of another")
        (self.folder / "o.npy").write_bytes((self.folder / "x.npy").read_bytes().replace(b"'<f4'", b"'|O' "))
        self.call("run", "p.tx", "x=o.npy", code=2, says="no type of the language")

    def run_scalars(self):
        self.write("v.tx", SCALARS)
        good = ["a=-128", "b=18446744073709551615", "c=0.1", "d=false", "e=1"]
        for more in ([], ["--interpret"]):
            self.call("run", "v.tx", *good, *more, says=["p: i8 = -128", "q: u64 = 18446744073709551615", "r: f16 = 0.1\n",
                                                         "s: bool = true", "t: f64 = 0.3333333333333333"])
        for bad, says in [("a=128", "-128 to 127"), ("a=-129", "-128 to 127"), ("a=1.5", "is no integer"), ("b=-1", "0 to 1844"),
                          ("b=18446744073709551616", "is too large"), ("c=1e9", "65504"), ("c=x", "is no number"),
                          ("c=", "is no number"), ("d=2", "true, false"), ("e=", "is no integer")]:
            self.call("run", "v.tx", *[bad if g[0] == bad[0] else g for g in good], code=2, says=[says, bad])

    def run_refusals(self):
        self.write("s.tx", SOFTMAX)
        self.write("several.tx", SEVERAL)
        x = self.save("x.npy", np.ones((2, 3), np.float32))
        self.call("run", "s.tx", "xs=" + x, code=2, says=["'xs' is no parameter", "did you mean 'x'?"])
        self.call("run", "s.tx", code=2, says="no value for x: f32[m, n]")
        self.call("run", "s.tx", "x=" + x, "x=" + x, code=2, says="given twice")
        self.call("run", "s.tx", "x=" + self.save("d.npy", np.ones((2, 3))), code=2, says="elements are f64, f32 expected")
        self.call("run", "s.tx", "x=" + self.save("r.npy", np.ones(3, np.float32)), code=2, says=["2 axes expected", "f32[m, n]"])
        self.call("run", "s.tx", "x=" + self.save("f.npy", np.ones((2, 3), np.float32, order="F")), code=2, says="Fortran order")
        self.call("run", "s.tx", "x=none.npy", code=3, says="No such file")
        self.call("run", "s.tx", "x=.", code=3, says="s a directory")
        self.write("no.npy", "text")
        self.call("run", "s.tx", "x=no.npy", code=2, says="not a .npy file")
        self.call("run", "s.tx", "softmx", "x=" + x, code=2, says="did you mean 'softmax'?")
        self.call("run", "s.tx", "softmax", "more", "x=" + x, code=2, says="neither")
        self.call("run", "several.tx", "x=" + x, code=2, says="twice, triple")
        self.call("run", "several.tx", "triple", "x=" + self.save("v.npy", np.ones(2, np.float32)), says="[3.0 3.0]")
        self.call("run", "s.tx", "x=" + x, "-o", "z=z.npy", code=2, says="'z' is no result")
        self.call("run", "s.tx", "x=" + x, "-o", "y=none/y.npy", code=3, says="none/y.npy")
        self.call("run", "s.tx", "x=" + x, "-o", "y=/dev/full", code=3, says="No space left")
        self.call("run", "s.tx", "x=" + x, "--threads", "0", code=2, says="threads")
        self.call("run", "none.tx", code=3, says="none.tx")
        self.call("run", "s.tx", "x=" + x, "--target=i386", code=2, says="unknown target")
        other = "x86-64-v3" if os.uname().machine == "aarch64" else "aarch64"
        self.call("run", "s.tx", "x=" + x, "--target", other, code=2, says="is for another")
        self.write("one.mlir", "module {}\n")
        self.call("run", "one.mlir", code=2, says=".tx")
        self.write("w.tx", WRONG)
        self.call("run", "w.tx", "x=" + x, code=1, says="w.tx:1:")
        path = dict(os.environ, PATH="/nowhere")
        self.call("run", "s.tx", "x=" + x, code=3, says="--interpret", env=path)
        self.call("run", "s.tx", "x=" + x, "--interpret", says="y: f32[2, 3]", env=path)

    def run_contracts(self):
        """What the function itself refuses, compiled and interpreted."""
        self.write("fact.tx", FACT)
        self.write("pick.tx", PICK)
        self.write("same.tx", SAME)
        self.save("odd.npy", np.ones(3, np.float32))
        self.save("even.npy", np.ones(4, np.float32))
        self.save("ids.npy", np.array([0, 2, 3, 1], np.int32))
        for more in ([], ["--interpret"]):
            self.call("run", "fact.tx", "x=even.npy", *more, says="y: f32[2]")
            self.call("run", "fact.tx", "x=odd.npy", *more, code=1, says="n % 2 == 0")
            self.call("run", "pick.tx", "table=even.npy", "ids=ids.npy", *more, says="y: f32[4]")
            self.call("run", "pick.tx", "table=odd.npy", "ids=ids.npy", *more, code=1, says="ids")
            self.call("run", "same.tx", "x=odd.npy", "y=even.npy", *more, code=2,
                      says="y=even.npy: shape [4], [3] expected: y: f32[n] with n = 3")

    # ---- explain ----

    def explain(self):
        def report(name, *more):
            return self.call("explain", examples / name / f"{name}.tx", *more)

        def holds(text, *fragments):
            for fragment in fragments:
                self.expect(fragment in text, f"{fragment!r} is not in\n{text}")

        softmax = report("softmax")
        holds(softmax, "fn softmax(x: f32[m, n]) -> (y: f32[m, n])", "m: axis 0 of x", "6 in bounds by proof",
              "e (line 5) fused: ", "kernels    1\n", "flops    4*m*n\n", "calls    exp m*n\n", "reads    x 4*m*n bytes",
              "writes   y 4*m*n bytes", "max over j: 16 lanes, 4 accumulators", "workspace  0 bytes")
        self.expect(softmax == report("softmax"), "the same report twice")
        holds(report("softmax", "-v"), "softmax.tx:4: 0 <= j < n")
        holds(report("softmax", "--target=x86-64-v3"), "for x86-64-v3", "max over j: 8 lanes")
        holds(report("softmax", "-O0"), "at -O0", "max over j: in order", "up64(4*n) bytes")
        edges = report("edges")
        holds(edges, "kernels    1\n", "grey (line 7) fused: a window of rows [-2, 2]", "kept in a ring", "a ring of 16",
              "thin (line 28) inlined: every element is read once", "17 covered by else", "calls    sqrt h*w\n",
              "reads    rgb 3*h*w bytes", "writes   edge h*w bytes", "up64(64*w)")
        holds(report("matmul_bias_gelu"), "kernels    1\n", "flops    2*k*m*n + 5*m*n\n", "calls    erf m*n\n",
              "tiles of 8 x 48 in registers", "workspace  0 bytes")
        holds(report("attention"), "calls    exp h*s*s/2 + h*s/2\n")
        holds(report("cholesky"), "flops    n*n*n/3 + n*n - n/3\n", "4 pairs free of races by proof")
        holds(report("conv2d"), "oh: = (2 * pad + h - r) / stride + 1", "stride >= 1", "flops    2*b*c*o*oh*ow*r*s\n")
        holds(report("embedding"), "ids: every element is in 0..v", "tests    n of facts on data")
        holds(report("heat"), "runs     steps times")
        holds(report("welford"), "in order, as a user's operator is")
        self.write("several.tx", SEVERAL)
        one = self.call("explain", "several.tx", "triple")
        self.expect("fn triple" in one and "fn twice" not in one, one)
        self.call("explain", "several.tx", "nobody", code=2, says="nobody")
        self.write("w.tx", WRONG)
        self.call("explain", "w.tx", code=1, says="w.tx:1:")
        self.write("one.mlir", "module {}\n")
        self.call("explain", "one.mlir", code=2, says=".tx")
        self.call("explain", "several.tx", "--target=sm_90a", code=2, says="sm_90a")
        for source in sorted(examples.glob("*/*.tx")):
            self.call("explain", "-v", source)


    def explain_workspace(self):
        """The formula that is shown gives what NAME_workspace gives."""
        import ctypes
        import math

        def up64(n):
            return (int(n) + 63) // 64 * 64

        functions = {"ceil": math.ceil, "floor": math.floor, "min": min, "max": max, "up64": up64}
        for name, sizes in [("edges", [(1, 1), (7, 9), (1080, 1920), (5000, 33)]), ("heat", [(3, 5), (100, 100)]),
                            ("attention", [(1, 1, 1), (2, 77, 16), (8, 512, 64)]), ("softmax", [(5, 7)])]:
            source = examples / name / f"{name}.tx"
            shown = self.call("explain", source, "--target=x86-64-v2")
            lines = [line.split(None, 1)[1] if line.startswith("  workspace") else line.strip()
                     for line in shown.split("\n  workspace", 1)[1].splitlines()]
            formula = lines[0].strip().removesuffix(" bytes")
            self.call(source, "--emit=so", "-o", name + ".so", "--target=x86-64-v2")
            library = ctypes.CDLL(str(self.folder / (name + ".so")))
            dims = [line.split(":")[0].split()[-1] for line in shown.splitlines() if ": axis " in line]
            for size in sizes:
                known = dict(zip(dims, size), **functions)
                for line in lines[1:]:
                    if line.startswith("where "):
                        new, text = line[6:].split(" = ", 1)
                        known[new] = eval(text, known)
                got = ctypes.c_size_t(0)
                status = getattr(library, name + "_workspace")(*[ctypes.c_int64(n) for n in size], None, ctypes.byref(got))
                want = eval(formula, known)
                self.expect(status == 0 and got.value == want, f"{name}{size}: {got.value} bytes, but {formula} is {want}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--texprc", required=True, type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--only", nargs="*",
                        default=["words", "inputs", "outputs", "limits", "strange_names", "depfiles", "uses", "check", "run", "run_files", "run_scalars",
                                 "run_refusals", "run_contracts", "explain", "explain_workspace"])
    options = parser.parse_args()
    passed = failed = 0
    for name in options.only:
        with tempfile.TemporaryDirectory() as folder:
            try:
                getattr(Command(options.texprc, pathlib.Path(folder)), name)()
                passed += 1
            except (Failed, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"FAILED {name}: {error}")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Compiles every example at -O0 and -O2, calls it through the C ABI on 1 and 2 threads, and compares with numpy.

usage: check_examples.py --texprc PATH [--examples DIR] [--only NAME…]

For each example: every case of references.py, with the same bits on 1 and 2 threads and with its own and the caller's
workspace; then its main.c, compiled without a warning as C11, whose output is the text block of its README.
Prints a line a failure, then `N passed, M failed`.
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


def run(command, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300, **options)
    if done.returncode:
        raise entry.Broken(f"{pathlib.Path(command[0]).name}: exit {done.returncode}: {(done.stderr or done.stdout).strip()[:600]}")
    return done.stdout


class Checker:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.passed = self.failed = 0

    def attempt(self, title, action):
        try:
            action()
            self.passed += 1
        except (entry.Broken, subprocess.TimeoutExpired) as error:
            self.failed += 1
            print(f"FAILED {title}: {error}", flush=True)

    def build(self, source, level):
        stem = self.folder / f"{source.stem}{level}"
        run([self.options.texprc, source, f"-O{level}", "--emit=so", "-o", f"{stem}.so"])
        return entry.Library(f"{stem}.so", stem.with_suffix(".h").read_text())

    def case(self, library, case):
        """All four ways to call; they must agree to the bit, and the first with the reference."""
        first = None
        for workers in (1, 2):
            for own in (False, True):
                status, text, results = library.call(case.fn, case.values, case.outputs, workers, own)
                if status != case.status:
                    raise entry.Broken(f"status {status} ({text!r}), expected {case.status}")
                if case.says not in text or (status and not text):
                    raise entry.Broken(f"the text {text!r} does not name {case.says!r}")
                if status:
                    continue
                bits = {name: array.tobytes() for name, array in results.items()}
                if first is None:
                    first = bits
                    wrong = case.check(results)
                    if wrong:
                        raise entry.Broken(wrong)
                elif first != bits:
                    raise entry.Broken(f"{workers} threads, own workspace {own}: other bits than the first call")

    def example(self, reference):
        name = reference.__name__
        source = self.options.examples / name / f"{name}.tx"
        for level in (0, 2):
            try:
                library = self.build(source, level)
            except (entry.Broken, subprocess.TimeoutExpired) as error:
                self.failed += 1
                print(f"FAILED {name} -O{level}: {error}", flush=True)
                continue
            for number, case in enumerate(reference(np.random.default_rng(1))):
                sizes = {key: int(v) for key, v in case.values.items() if not isinstance(v, np.ndarray) and isinstance(v, int)}
                self.attempt(f"{name} -O{level} case {number} {case.fn} {sizes}", lambda: self.case(library, case))
        self.attempt(f"{name} main.c", lambda: self.main(name, source))

    def main(self, name, source):
        build = self.folder / name
        build.mkdir()
        run([self.options.texprc, source, "-o", build / f"{name}.o"])
        c_files = sorted(source.parent.glob("*.c"))
        flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-ffp-contract=off", f"-I{build}"]
        libraries = ["-lpng", "-lm"] if name == "edges" else ["-lm"]
        run(["cc", *flags, *c_files, build / f"{name}.o", *libraries, "-o", build / name])
        photograph = self.options.examples / "data" / "camera.png"
        arguments = [photograph, build / "edges.png"] if name == "edges" else []
        printed = run([build / name, *arguments])
        if name == "edges":
            if "equal, byte for byte" not in printed:
                raise entry.Broken(printed)
            return
        documented = re.search(r"```text\n(.*?)```", (source.parent / "README.md").read_text(), re.S)
        if not documented or documented.group(1) != printed:
            raise entry.Broken(f"prints {printed!r}, which is not the text block of its README")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--texprc", required=True, type=pathlib.Path)
    parser.add_argument("--examples", type=pathlib.Path, default=pathlib.Path(__file__).parents[2] / "examples")
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        checker = Checker(options, pathlib.Path(folder))
        for name in set(options.only) - {reference.__name__ for reference in references.EXAMPLES}:
            checker.failed += 1
            print(f"FAILED {name}: no reference in references.py")
        for reference in references.EXAMPLES:
            if not options.only or reference.__name__ in options.only:
                checker.example(reference)
    print(f"{checker.passed} passed, {checker.failed} failed")
    return checker.failed != 0


if __name__ == "__main__":
    sys.exit(main())

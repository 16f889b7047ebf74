#!/usr/bin/env python3
"""What the checker's proofs cost: processor time of `texprc check` for each example, less that of an empty function.

usage: proofs.py --texprc PATH [--examples DIR] [--rounds N] [FILE…]

Prints a line a program, the dearest last: the least time of N rounds. The goal is 50 ms each.
"""
import argparse
import pathlib
import resource
import subprocess
import sys
import tempfile

GOAL = 50.0


def milliseconds(texprc, path, rounds):
    best = None
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([texprc, "check", path], check=True, stdout=subprocess.DEVNULL, timeout=60)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = 1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        best = spent if best is None else min(best, spent)
    return best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--texprc", required=True)
    parser.add_argument("--examples", type=pathlib.Path, default=pathlib.Path(__file__).parents[2] / "examples")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.NamedTemporaryFile("w", suffix=".tx") as empty:
        empty.write("fn nothing(x: f32) -> f32 { x }\n")
        empty.flush()
        start = milliseconds(options.texprc, empty.name, options.rounds)
    files = options.files or sorted(options.examples.glob("*/*.tx"))
    rows = sorted((max(0.0, milliseconds(options.texprc, f, options.rounds) - start), f.stem) for f in files)
    for spent, name in rows:
        print(f"{name:24} {spent:6.1f} ms")
    over = [name for spent, name in rows if spent > GOAL]
    print(f"{len(rows)} programs, start {start:.1f} ms, dearest {rows[-1][0]:.1f} ms" + (f"; over {GOAL:g} ms: {', '.join(over)}" if over else ""))
    return bool(over)


if __name__ == "__main__":
    sys.exit(main())

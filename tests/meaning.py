#!/usr/bin/env python3
"""Every pass of the middle road keeps the meaning of the examples, of accepted programs and of random ones.

    tests/meaning.py --bin BUILD/bin [--random 100 --random-programs BUILD/tests/random/random-programs]

Imports each program and lets texpr-bisect interpret it after every pass. Prints the first pass that changes a result.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parents[1]


def run(command, **options):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300, **options)


def check(arguments, source, folder):
    """Nothing where the program keeps its meaning, else what is wrong."""
    module = folder / (source.stem + ".mlir")
    imported = run([arguments.bin / "texprc", source, "--stop-after=import"])
    if imported.returncode:
        return "import: " + imported.stderr.strip()[:300]
    module.write_text(imported.stdout)
    command = [arguments.bin / "texpr-bisect", module, f"--runs={arguments.runs}", f"--seed={arguments.seed}", f"--steps={arguments.steps}"]
    done = run(command + ["--tolerance=1e-4", f"--target={arguments.target}", f"-O{arguments.optimize}"])
    if done.returncode == 0:
        return None
    return (done.stdout.strip().splitlines() or ["crashed: " + done.stderr.strip()[-300:]])[-1]


def random_sources(arguments, folder):
    for k in range(arguments.random):
        shown = run([arguments.random_programs, "--seed", arguments.seed, "--show", k])
        file = folder / f"random{k}.tx"
        file.write_text(shown.stdout.split("// run 0")[0])
        yield file


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--random-programs", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--steps", type=int, default=60000, help="of the interpreter, in one call")
    parser.add_argument("--target", default="x86-64-v3")
    parser.add_argument("--optimize", default="2")
    arguments = parser.parse_args()
    failures = count = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        sources = sorted((root / "examples").glob("*/*.tx")) + sorted((root / "tests/source/accept").glob("*.tx"))
        for source in sources + list(random_sources(arguments, folder)):
            count += 1
            wrong = check(arguments, source, folder)
            if wrong:
                failures += 1
                print(f"{source.name}: {wrong}")
    print(f"{count} programs, {failures} change their meaning on the road")
    return bool(failures)


sys.exit(main())

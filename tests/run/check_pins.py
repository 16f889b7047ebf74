#!/usr/bin/env python3
"""Round trip of `explain --pins`: its output compiles to the same object, byte for byte, and explains to itself.

    check_pins.py --texprc build/bin/texprc [FILE.tx …]            the examples, or the files
    check_pins.py --texprc … --random build/bin/random-programs --count 40 --seed 1

Each program is compiled under its own name in a folder of its own, with the same flags: for the default machines and for
single ones, at each level of --levels. With pins in it, a second `explain --pins` must print the same text: every decision
is pinned then, and policy has nothing to add. Exit code 1 where one differs.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parents[2]


def run(*command, cwd):
    done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def check(texprc, name, text, target, level):
    """What is wrong, or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        flags = [f"--target={target}", f"-O{level}"]
        objects, texts = [], [text]
        for part in ("plain", "pinned"):
            (folder / part).mkdir()
            (folder / part / name).write_text(texts[-1])
            code, _, errors = run(texprc, name, "-o", "out.o", *flags, cwd=folder / part)
            if code:
                return f"{part}: does not compile\n{errors}" + (texts[-1] if part == "pinned" else "")
            objects.append((folder / part / "out.o").read_bytes())
            objects.append((folder / part / "out.h").read_bytes())
            code, out, errors = run(texprc, "explain", "--pins", name, *flags, cwd=folder / part)
            if code:
                return f"{part}: explain --pins fails\n{errors}"
            texts.append(out)
        if objects[0] != objects[2]:
            return "the object differs\n" + texts[1]
        if objects[1] != objects[3]:
            return "the header differs\n" + texts[1]
        if texts[1] != texts[2]:
            return f"policy has decided more\n{texts[1]}\n---- again:\n{texts[2]}"
    return None


def random_programs(tool, count, seed):
    for number in range(count):
        code, out, _ = run(tool, "--show", number, "--seed", seed, cwd=root)
        text = out.split("\n// run ")[0]
        if code == 0 and text.strip():
            yield f"p{number}.tx", text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--texprc", required=True, type=pathlib.Path)
    parser.add_argument("--random", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--levels", default="2")
    parser.add_argument("--targets", default="cpu;x86-64-v3")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    texprc = options.texprc.resolve()
    if options.random:
        programs = list(random_programs(options.random.resolve(), options.count, options.seed))
    else:
        files = options.files or sorted(root.glob("examples/*/*.tx"))
        programs = [(f.name, f.read_text()) for f in files]
    failures = 0
    for name, text in programs:
        for target in options.targets.split(";"):
            for level in options.levels.split(","):
                wrong = check(texprc, name, text, target, level)
                if wrong:
                    failures += 1
                    print(f"FAIL {name} for {target} at -O{level}: {wrong}")
    print(f"{len(programs)} programs, {failures} failures")
    return 1 if failures or not programs else 0


if __name__ == "__main__":
    sys.exit(main())

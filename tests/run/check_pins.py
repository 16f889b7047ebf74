#!/usr/bin/env python3
"""Round trip of `explain --pins`: its output compiles to the same object, byte for byte, and explains to itself.

    check_pins.py --texprc build/bin/texprc [FILE.tx …]            the examples, or the files
    check_pins.py --texprc … --random build/bin/random-programs --count 40 --seed 1

Each program is compiled under its own name in a folder of its own, with the same flags: for the default machines and for
single ones, at each level of --levels. With pins in it, a second `explain --pins` must print the same text: every decision
is pinned then, and policy has nothing to add. --contrary asks that of another policy: `texpr.contrary` on the module turns
around whatever is not pinned (compiler/plan/Policy.h), so the object of the pinned program must stay what it is, and those of
the plain ones must change but for a few. Exit code 1 where one differs.
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


def contrary_object(texprc, folder, name, flags):
    """The object of the program of a folder by the contrary policy; or an error's text."""
    code, module, errors = run(texprc, name, "--stop-after=import", *flags, cwd=folder)
    if code:
        return f"--stop-after=import fails\n{errors}"
    module = module.replace("module attributes {", "module attributes {texpr.contrary, ", 1)
    (folder / "contrary.mlir").write_text(module)
    code, _, errors = run(texprc, "contrary.mlir", "-o", "contrary.o", *flags, cwd=folder)
    return errors if code else (folder / "contrary.o").read_bytes()


def check_contrary(texprc, name, text, target, level, tally):
    """What is wrong, or nothing; counts how many plain objects differ."""
    flags = [f"--target={target}", f"-O{level}"]
    with tempfile.TemporaryDirectory() as folder:
        plain, pinned = pathlib.Path(folder) / "plain", pathlib.Path(folder) / "pinned"
        plain.mkdir()
        pinned.mkdir()
        (plain / name).write_text(text)
        code, _, errors = run(texprc, name, "-o", "out.o", *flags, cwd=plain)
        if code:
            return f"does not compile\n{errors}"
        code, pins, errors = run(texprc, "explain", "--pins", name, *flags, cwd=plain)
        if code:
            return f"explain --pins fails\n{errors}"
        (pinned / name).write_text(pins)
        own = (plain / "out.o").read_bytes()
        other, same = (contrary_object(texprc, at, name, flags) for at in (plain, pinned))
        if isinstance(other, str) or isinstance(same, str):
            return f"the contrary policy fails: {other if isinstance(other, str) else ''}{same if isinstance(same, str) else ''}"
        tally["objects"] += 1
        tally["changed"] += other != own
        return None if same == own else "a decision has no pin: the contrary policy makes another object\n" + pins


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
    parser.add_argument("--contrary", action="store_true")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    texprc = options.texprc.resolve()
    if options.random:
        programs = list(random_programs(options.random.resolve(), options.count, options.seed))
    else:
        files = options.files or sorted(root.glob("examples/*/*.tx"))
        programs = [(f.name, f.read_text()) for f in files]
    failures, tally = 0, {"objects": 0, "changed": 0}
    for name, text in programs:
        for target in options.targets.split(";"):
            for level in options.levels.split(","):
                if options.contrary:
                    wrong = check_contrary(texprc, name, text, target, level, tally)
                else:
                    wrong = check(texprc, name, text, target, level)
                if wrong:
                    failures += 1
                    print(f"FAIL {name} for {target} at -O{level}: {wrong}")
    print(f"{len(programs)} programs, {failures} failures")
    if options.contrary:
        print(f"the contrary policy changes {tally['changed']} of {tally['objects']} objects without pins")
        failures += tally["changed"] * 2 < tally["objects"]
    return 1 if failures or not programs else 0


if __name__ == "__main__":
    sys.exit(main())

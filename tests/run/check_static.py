#!/usr/bin/env python3
"""A static texprc stands alone: no shared library of LLVM or MLIR is needed, and what it compiles links and runs.

usage: check_static.py --texprc PATH
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).parents[2]
SYSTEM = re.compile(r"(libc|libm|libz|libzstd|libpthread|libdl|librt|ld-linux-[a-z0-9-]+)\.so")


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[0]}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texprc", required=True, type=pathlib.Path)
    texprc = parser.parse_args().texprc
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", texprc))
    foreign = [name for name in needed if not SYSTEM.match(name)]
    if foreign:
        sys.exit(f"{texprc} needs {' '.join(foreign)}")
    with tempfile.TemporaryDirectory() as name:
        folder, source = pathlib.Path(name), root / "examples" / "saxpy"
        run(texprc, source / "saxpy.tx", "-o", folder / "saxpy.o")
        run("cc", "-O2", f"-I{folder}", source / "main.c", folder / "saxpy.o", "-lm", "-o", folder / "saxpy")
        print(run(folder / "saxpy"), end="")
    print(f"{texprc.stat().st_size / 2**20:.0f} MiB, needs {' '.join(needed)}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Fails where a tracked C or C++ file is not as clang-format leaves it (the .clang-format of the repository).

usage: format.py [--fix]
"""
import shutil
import subprocess
import sys

tool = shutil.which("clang-format-22") or shutil.which("clang-format", path="/usr/lib/llvm-22/bin")
if not tool:
    sys.exit("clang-format 22 not found; install it (Debian: clang-format-22)")
files = subprocess.run(["git", "ls-files", "*.cpp", "*.h", "*.c"], capture_output=True, text=True, check=True).stdout.split()
if "--fix" in sys.argv:
    sys.exit(subprocess.run([tool, "-i", *files]).returncode)
done = subprocess.run([tool, "--dry-run", "-Werror", *files], capture_output=True, text=True)
wrong = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "[-Wclang-format-violations]" in line})
print("\n".join(wrong), f"{len(files)} files, {len(wrong)} not formatted; tests/format.py --fix mends them", sep="\n")
sys.exit(bool(wrong))

#!/usr/bin/env python3
"""Which folder may include which: the arrows of the tree, checked.

    tests/layering.py           every #include "…" of our sources against the table; each violation by file and line
    tests/layering.py --table   the table in words

A file may include its own folder's headers, what its folder's row names, and the libraries of its kind. The dialects are the only
language between stages, so stages never include each other; the driver, the pipeline and the tools see all. New arrows are
drawn here first.
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[1]

DIALECTS = ["dialects"]
MLIR, LLVM, PLAIN = ("mlir", "llvm"), ("llvm",), ()
# folder: (what of ours it may include, which libraries). The longest row that holds a file is its row. An entry that names a
# file allows that file alone.
TABLE = {
    "runtime/include": ([], PLAIN),
    "runtime/src": (["runtime/include"], PLAIN),
    "runtime": ([], LLVM),  # RuntimeBitcode.h: how the compiler gets at the bitcode
    "dialects/facts": ([], MLIR),
    "dialects/plan": ([], MLIR),
    "dialects/tx": (["dialects/facts", "dialects/plan"], MLIR),
    "dialects/par": (["dialects/facts", "dialects/plan", "dialects/tx"], MLIR),
    "dialects": ([], MLIR),  # Pch.h
    "compiler/source": (["dialects/facts"], LLVM),
    "compiler/reference": (["compiler/source"], LLVM),
    "compiler/import": (["compiler/source"] + DIALECTS, MLIR),
    "compiler/plan": (["compiler/target/Target.h"] + DIALECTS, MLIR),
    "compiler/transform": (DIALECTS, MLIR),
    "compiler/target": ([], LLVM),
    "compiler/target/cpu": (["compiler/target/Target.h", "runtime/RuntimeBitcode.h"] + DIALECTS, MLIR),
    "compiler/target/cuda": (["compiler/target/Target.h", "runtime/RuntimeBitcode.h"] + DIALECTS, MLIR),
    "compiler/emit": (["compiler/target/Target.h", "runtime/RuntimeBitcode.h", "runtime/include/texpr/abi.h"] + DIALECTS, MLIR),
    "compiler/report": (["compiler/plan", "compiler/target/Target.h", "compiler/source"] + DIALECTS, MLIR),
    "compiler/tools": (["compiler", "runtime"] + DIALECTS, MLIR),
    "compiler": (["compiler", "runtime"] + DIALECTS, MLIR),  # Driver, Pipeline, Register, Stage
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<((?:mlir|llvm)[^>]*)>)')


def row_of(path):
    """The longest folder of the table that holds `path`."""
    return max((folder for folder in TABLE if path.startswith(folder + "/")), key=len, default=None)


def resolve(file, name):
    """What `name` stands for, relative to the root; libraries keep their name; generated files stand where their .td does."""
    if name.startswith("texpr/"):
        return "runtime/include/" + name
    if "/" not in name or name.startswith("src/"):
        return f"{file.parent.relative_to(root).as_posix()}/{name}"
    return name


def violation(path, target):
    """Why `path` may not include `target`; None where it may."""
    folder = row_of(path)
    ours, libraries = TABLE[folder]
    if target.split("/")[0] not in ("compiler", "dialects", "runtime", "tests"):
        library = target.split("/")[0]
        if library in ("mlir", "llvm", "mlir-c", "llvm-c") and library.split("-")[0] not in libraries:
            # Proofs and their users rely on MLIR's Presburger library, which needs nothing else of MLIR.
            if not target.startswith("mlir/Analysis/Presburger"):
                return f"{folder} is built without {library}"
        return None
    home = row_of(target)
    if home == folder or any(target == allowed or target.startswith(allowed + "/") for allowed in ours):
        return None
    return f"{folder} may not include {target}"


def main():
    if "--table" in sys.argv:
        for folder, (ours, libraries) in TABLE.items():
            print(f"{folder:20} {', '.join(list(ours) + list(libraries)) or 'nothing'}")
        return
    files, bad = 0, []
    for top in ("compiler", "dialects", "runtime"):
        for file in sorted((root / top).rglob("*")):
            if file.suffix not in (".h", ".c", ".cpp"):
                continue
            path = file.relative_to(root).as_posix()
            if row_of(path) is None:
                bad.append(f"{path}: its folder has no row in tests/layering.py")
                continue
            files += 1
            for number, line in enumerate(file.read_text().splitlines(), 1):
                if match := INCLUDE.match(line):
                    if why := violation(path, resolve(file, match[1] or match[2])):
                        bad.append(f"{path}:{number}: {why}")
    print("\n".join(bad + [f"{files} files, {len(bad)} violations"]))
    sys.exit(bool(bad))


main()

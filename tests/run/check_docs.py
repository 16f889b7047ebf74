#!/usr/bin/env python3
"""What the documentation says is true: its programs compile, its wrong programs are refused as it says, its links lead somewhere.

usage: check_docs.py --texprc PATH [FILE.md…]

Blocks of the pages, by what stands behind the opening fence:
    ```tx         a whole program; `texprc check` accepts it without a message
    ```tx run     the same, and it compiles to an object; each line `// f a=1 b=2 gives 3, 4` holds, by the object and by the interpreter
    ```tx error   `texprc check` refuses it, with a message that contains the text behind each `// error: `
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*)[ \t]*(\w*)\n(.*?)^```$", re.M | re.S)
GIVES = re.compile(r"^// (\w+)((?: \w+=\S+)*) gives (.*)$", re.M)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def pages():
    yield from sorted(root.glob("*.md"))
    for folder in ("docs", "compiler", "dialects", "examples", "runtime", "tests"):
        yield from sorted((root / folder).rglob("*.md"))


def blocks(text):
    """(line, kind, program) of every .tx block."""
    for match in FENCE.finditer(text):
        if match[1] == "tx":
            yield text.count("\n", 0, match.start()) + 2, match[2], match[3]


class Texprc:
    def __init__(self, path):
        self.path = path
        self.folder = tempfile.TemporaryDirectory()
        self.file = pathlib.Path(self.folder.name) / "block.tx"

    def call(self, *arguments):
        done = subprocess.run([str(self.path), *arguments], capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def objection(self, kind, program):
        """What is wrong with a block; None where it does as it should."""
        self.file.write_text(program)
        code, said = self.call("check", str(self.file))
        if kind == "error":
            wanted = re.findall(r"// error: (.*)", program)
            missing = [w for w in wanted if w.strip() not in said]
            if code != 1 or not wanted:
                return f"is not refused (exit {code})" if wanted else "says no `// error: …`"
            return f"is refused with other words than {missing[0]!r}:\n{said}" if missing else None
        if kind not in ("", "run"):
            return f"is of no known kind: {kind!r}"
        if code or said:
            return f"exit {code}:\n{said}"
        return self.compiles(program) if kind == "run" else None

    def compiles(self, program):
        code, said = self.call(str(self.file), "-o", str(self.file.with_suffix(".o")))
        if code:
            return f"does not compile, exit {code}:\n{said}"
        for function, values, wanted in GIVES.findall(program):
            for how in ([], ["--interpret"]):
                code, said = self.call("run", str(self.file), function, *values.split(), *how)
                got = ", ".join(line.split(" = ", 1)[-1] for line in said.splitlines())
                if code or got != wanted:
                    return f"says that {function}{values} gives {wanted}, but {' '.join(how)} it gives {got} (exit {code})"
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texprc", type=pathlib.Path, required=True)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    texprc, bad, count = Texprc(arguments.texprc.resolve()), 0, 0
    for page in [f.resolve() for f in arguments.files] or pages():
        name, text = page.relative_to(root), page.read_text()
        for line, kind, program in blocks(text):
            count += 1
            if why := texprc.objection(kind, program):
                bad += 1
                print(f"{name}:{line}: this block {why}")
        for match in LINK.finditer(FENCE.sub("", text)):
            if "://" not in match[1] and not (page.parent / match[1]).exists():
                bad += 1
                print(f"{name}: a link leads nowhere: {match[1]}")
    print(f"{count} blocks, {bad} failures")
    sys.exit(bool(bad))


main()

#!/usr/bin/env python3
"""Every rule of the dialects is refused by a test: counts the numbered rules of *Verify.cpp against *-errors.mlir.

A rule is a comment `// T7 …` before one `emitOpError` (or `emitError`); its test is a comment `// T7` before one refused program.
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
rules, tests, failures = {}, {}, []
for file in sorted((root / "dialects").glob("*/*Verify.cpp")):
    text = file.read_text()
    names = re.findall(r"^\s*// ([A-Z]\d+) ", text, re.M)
    errors = len(re.findall(r"\bemit(?:Op)?Error\(", text))
    if len(names) != errors:
        failures.append(f"{file.relative_to(root)}: {len(names)} numbered rules, {errors} errors")
    for name in names:
        if name in rules:
            failures.append(f"rule {name} stands twice: {rules[name]}, {file.name}")
        rules[name] = file.name
for file in sorted((root / "tests" / "dialects").glob("**/*-errors.mlir")):
    for part in file.read_text().split("// -----"):
        names = re.findall(r"^// ([A-Z]\d+)$", part, re.M)
        refused = len(re.findall(r"expected-error", part))
        if len(names) != 1 or refused != 1:
            failures.append(f"{file.name}: a part with rules {names} and {refused} refusals")
        for name in names:
            tests[name] = file.name
failures += [f"rule {name} of {rules[name]} has no refusal test" for name in rules if name not in tests]
failures += [f"{tests[name]} tests {name}, which no verifier has" for name in tests if name not in rules]
print("\n".join(failures) or f"{len(rules)} rules, each refused once")
sys.exit(bool(failures))

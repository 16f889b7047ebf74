#!/usr/bin/env python3
"""Every rule of the language is refused by a test: docs/language/rules.md against tests/source/check.

A rule is a row `| T4 | …` of the page. Its test is an expected error that ends with the rule's number:
    // expected-error@+1 {{`+` takes tensors of one shape}} T4
A row whose message column is empty states a meaning, which refuses nothing of its own.
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
rules, stated, tested, failures = {}, set(), {}, []
for line in (root / "docs" / "language" / "rules.md").read_text().splitlines():
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]
    if len(cells) > 4 and re.fullmatch(r"[A-Z]\d+", cells[1]):
        if cells[1] in rules:
            failures.append(f"rule {cells[1]} stands twice")
        rules[cells[1]] = cells[3]
for file in sorted((root / "tests" / "source" / "check").glob("*.tx")):
    for tag in re.findall(r"expected-error\S*\s*\{\{.*?\}\} ([A-Z]\d+)\b", file.read_text()):
        tested[tag] = file.name
cited = set()
for file in (root / "compiler" / "source").glob("*.cpp"):
    cited |= set(re.findall(r"\b([A-Z]\d+)\b", file.read_text()))
failures += [f"rule {name} has no refusal test" for name, message in rules.items() if message and name not in tested]
failures += [f"{file} tests {name}, which is no rule" for name, file in tested.items() if name not in rules]
failures += [f"no file of compiler/source cites rule {name}" for name in rules if name not in cited]
print("\n".join(failures) or f"{len(rules)} rules, each cited where it is tested and refused once")
sys.exit(bool(failures))

#!/usr/bin/env python3
"""The last line of a test run: how many passed, failed and were skipped, and why.

usage: summary.py [--strict] JUNIT.xml…     --strict: a skip for another reason than a missing GPU fails
"""
import re
import sys
import xml.etree.ElementTree as xml

strict = "--strict" in sys.argv
passed, failed, skipped = 0, [], []
for path in (a for a in sys.argv[1:] if not a.startswith("-")):
    for case in xml.parse(path).iter("testcase"):
        name, status, text = case.get("name"), case.get("status"), "".join(case.itertext())
        if status == "fail":
            failed.append(name)
        elif status in ("notrun", "disabled") or case.find("skipped") is not None:
            reason = re.search(r"SKIPPED?: *(.*)", text)
            skipped.append((name, reason[1].strip() if reason else "not run"))
        else:
            passed += 1
for name in failed:
    print(f"failed: {name}")
for name, why in skipped:
    print(f"skipped: {name}: {why}")
unexcused = [name for name, why in skipped if "GPU" not in why]
print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
sys.exit(bool(failed) or passed == 0 or (strict and bool(unexcused)))

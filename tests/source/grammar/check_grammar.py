#!/usr/bin/env python3
"""Holds the parser against docs/grammar.ebnf: an oracle that reads the grammar itself.

The grammar's rules become a recognizer: for a rule and a token it finds every token where the rule may end, so it never
has to choose, and has no idea of how the parser chooses. Slow on purpose. Checks that
  1. every .tx file of the repository derives, unless its folder or name says that its syntax is wrong;
  2. the parser accepts and refuses what the oracle does: those files and seeded mutations of their tokens.

usage: check_grammar.py --parser EXE [--mutations N] [--seed S]      EXE reads file names, one a line, and answers ok or bad
       check_grammar.py FILE…                                        the oracle alone
"""
import argparse
import pathlib
import random
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
GRAMMAR = ROOT / "docs" / "grammar.ebnf"
SYNTAX = ROOT / "tests" / "source" / "syntax"
KINDS = ("ID", "INT", "FLOAT", "STRING", "QUANTITY")
SCALARS = "f64 f32 f16 bf16 f8e4m3 f8e5m2 i8 i16 i32 i64 u8 u16 u32 u64 bool".split()
RESERVED = set("fn op struct use let if else compute reduce scan scatter filter argsort for while par seq where ensure "
               "true false".split()) | set(SCALARS)
WORD_OPS = {"max", "min", "and", "or", "xor"}

# ---- tokens --------------------------------------------------------------------------------------------------------

DIGITS = r"\d(?:_?\d)*"
TOKEN = re.compile(rf"""
    (?P<SKIP>[ \t\r\n\f\v]+|//[^\r\n]*)
  | (?P<FLOAT>{DIGITS}\.{DIGITS}(?:[eE][+-]?\d+)?(?!\w)|{DIGITS}[eE][+-]?\d+(?!\w))
  | (?P<QUANTITY>{DIGITS}(?:B|KiB|MiB|GiB|ns|us|ms|s)(?!\w))
  | (?P<INT>0x[0-9a-fA-F](?:_?[0-9a-fA-F])*(?!\w)|0b[01](?:_?[01])*(?!\w)|{DIGITS}(?!\w|\.(?!\.)))
  | (?P<ID>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<STRING>"(?:[^"\\\r\n]|\\[nt"\\])*")
  | (?P<OP>\.\.=|\.\.|->|<<|>>|<=|>=|==|!=|&&|\|\||\+=|-=|\*=|/=|&=|\|=|\^=|[-{{}}()\[\]<>,;:.=+*/%&|^~!@])
""", re.X)


def lex(text):
    """[(kind, text)], or None where something is no token. A word operator (`max=`) is one token here."""
    tokens, i = [], 0
    while i < len(text):
        if tokens and tokens[-1][1] == "." and text[i].isdigit():
            m = re.compile(r"\d+(?!\w)").match(text, i)
            kind = "INT"
        else:
            m = TOKEN.match(text, i)
            kind = m and m.lastgroup
        if not m or (kind == "OP" and text.startswith("/*", i)):
            return None
        word, i = m.group(), m.end()
        if kind == "SKIP":
            continue
        previous = tokens[-1] if tokens else ("", "")
        after_place = (previous[0] in ("ID", "INT") and previous[1] not in RESERVED) or previous[1] == "]"
        if word in WORD_OPS and after_place and re.compile(r"=(?!=)").match(text, i):
            kind, word, i = "OP", word + "=", i + 1
        tokens.append((kind, word))
    return tokens


# ---- the grammar ---------------------------------------------------------------------------------------------------

class Grammar:
    """rules: name -> node; node = (kind, …) with kinds choice, sequence, many, maybe, list, text, rule."""

    def __init__(self, source):
        source = re.sub(r"\(\*.*?\*\)", " ", source, flags=re.S)
        self.tokens = re.findall(r'"[^"]*"|[A-Za-z]+|[{}()\[\]|;=%]', source)
        self.at, self.rules = 0, {}
        while self.at < len(self.tokens):
            name, equals = self.tokens[self.at:self.at + 2]
            assert equals == "=", name
            self.at += 2
            self.rules[name] = self.choice()
            assert self.take() == ";", name

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def choice(self):
        options = [self.sequence()]
        while self.tokens[self.at] == "|":
            self.at += 1
            options.append(self.sequence())
        return options[0] if len(options) == 1 else ("choice", options)

    def sequence(self):
        """Each part with its depth in brackets of the program's text, and whether braces are among them."""
        parts, depth = [], 0
        while self.tokens[self.at] not in "|;)]}":
            part = self.item()
            if self.tokens[self.at] == "%":
                self.at += 1
                part = ("list", part, self.take()[1:-1])
            if part[0] == "text" and part[1] in "([{":
                depth += 1
            if part[0] == "text" and part[1] in ")]}":
                depth -= 1
            inside = bool(parts) and parts[-1][2] and depth > 0
            parts.append((part, depth, part == ("text", "{") or inside))
        return ("sequence", parts)

    def item(self):
        t = self.take()
        if t in "{[(":
            inner = self.choice()
            assert self.take() == {"{": "}", "[": "]", "(": ")"}[t]
            return inner if t == "(" else ("many" if t == "{" else "maybe", inner)
        return ("text", t[1:-1]) if t[0] == '"' else ("rule", t)


# ---- the recognizer ------------------------------------------------------------------------------------------------

class Recognizer:
    """ends(rule, i): the tokens where the rule may end. `plain`: no struct value here; `promise`: quantities may stand."""

    def __init__(self, grammar, tokens):
        self.rules, self.tokens, self.memo, self.furthest = grammar.rules, tokens, {}, 0

    def rule(self, name, i, plain, promise):
        if name in KINDS:
            kind, word = self.tokens[i] if i < len(self.tokens) else ("", "")
            self.furthest = max(self.furthest, i)
            good = kind == name and not (name == "ID" and (word in RESERVED or word == "_"))
            return {i + 1} if good and (name != "QUANTITY" or promise) else set()
        plain = (plain or name in ("cond", "head")) and name != "domain"
        promise = promise or name == "promises"
        key = (name, i, plain, promise)
        if key not in self.memo:
            self.memo[key] = set()  # no rule is left-recursive
            self.memo[key] = self.ends(self.rules[name], i, plain, promise)
        return self.memo[key]

    def text(self, word, i):
        self.furthest = max(self.furthest, i)
        return {i + 1} if i < len(self.tokens) and self.tokens[i] != ("STRING", word) and self.tokens[i][1] == word else set()

    def ends(self, node, i, plain, promise):
        kind = node[0]
        if kind == "rule":
            return self.rule(node[1], i, plain, promise)
        if kind == "text":
            return self.text(node[1], i)
        if kind == "choice":
            return set().union(*(self.ends(n, i, plain, promise) for n in node[1]))
        if kind == "maybe":
            return {i} | self.ends(node[1], i, plain, promise)
        if kind == "sequence":
            return self.sequence(node[1], i, plain, promise)
        separator = node[2] if kind == "list" else None
        found, new = ({i}, {i}) if kind == "many" else (set(), self.ends(node[1], i, plain, promise))
        while new:
            found = found | new
            starts = new if separator is None else set().union(*(self.text(separator, j) for j in new))
            new = set().union(*(self.ends(node[1], j, plain, promise) for j in starts)) - found
        return found

    def sequence(self, parts, i, plain, promise):
        if parts and parts[0][0] == ("rule", "ID") and len(parts) > 1 and parts[1][0] == ("text", "{") and plain:
            return set()  # a struct value
        ends = {i}
        for part, depth, braces in parts:
            ends = set().union(*(self.ends(part, j, plain and depth == 0, promise and not braces) for j in ends))
        return ends


def derives(grammar, text):
    """(whether the text is a program, the furthest token that was tried)"""
    tokens = lex(text.removeprefix("\ufeff"))
    if not tokens:
        return False, 0
    r = Recognizer(grammar, tokens)
    return len(tokens) in r.rule("program", 0, False, False), r.furthest


# ---- mutations -----------------------------------------------------------------------------------------------------

WORDS = ("x n 1 2.5 -1 (x) x[i] f(x) x.0 in with at put over max min rev keep from or fail reg shared all top local inout assume "
         "wait barrier atomic fully perm asm means i64 pi").split()
OPERATORS = "+ - * / % & | ^ << >> == <= < && || = += max= .. ..= , ; : .".split()
PIECES = "( ) [ ] { } , ; | .. = == - ! else let x 1 @ f32 if < > : . n rev 40us _ -> or top all at \"s\" else{0}".split()


def mutate(rng, tokens):
    """One or two tokens deleted, doubled, swapped, inserted, or replaced, by their like or by anything."""
    words = [t[1] for t in tokens]
    for _ in range(rng.choice((1, 1, 2))):
        i, what = rng.randrange(len(words) - 1), rng.randrange(8)
        like = OPERATORS if words[i] in OPERATORS else WORDS if re.match(r"\w", words[i]) else PIECES
        if what == 0 and len(words) > 2:
            del words[i]
        elif what == 1:
            words.insert(i, words[i])
        elif what == 2:
            words[i], words[i + 1] = words[i + 1], words[i]
        elif what == 3:
            words[i] = rng.choice(PIECES)
        elif what == 4:
            words.insert(i, rng.choice(PIECES))
        else:
            words[i] = rng.choice(like)
    return " ".join(words) + "\n"


def ask(parser, files):
    out = subprocess.run([parser], input="".join(f"{f}\n" for f in files), capture_output=True, text=True, check=True)
    answers = out.stdout.split()
    assert len(answers) == len(files), out.stderr
    return [a == "ok" for a in answers]


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--parser")
    args.add_argument("--mutations", type=int, default=600)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("files", nargs="*", type=pathlib.Path)
    a = args.parse_args()
    sys.setrecursionlimit(100_000)
    grammar = Grammar(GRAMMAR.read_text())
    files = a.files or sorted(f for d in ("tests", "examples", "docs") for f in (ROOT / d).rglob("*.tx"))
    wrong = [f for f in files if "bad-syntax" in str(f)]
    failures = 0
    verdicts = []
    for f in files:
        text = f.read_text()
        good, furthest = derives(grammar, text)
        verdicts.append((str(f), good))
        if good == (f in wrong):
            failures += 1
            near = " ".join(t[1] for t in (lex(text) or [])[furthest:furthest + 8])
            print(f"{f}: {'derives' if good else 'does not derive'}, near: {near}")
    if a.parser:
        failures += compare(grammar, a, verdicts)
    good = sum(good for _, good in verdicts)
    print(f"{len(verdicts)} texts of {len(files)} files, {good} of them programs; {failures} failures")
    sys.exit(failures != 0)


def compare(grammar, a, verdicts):
    rng, failures = random.Random(a.seed), 0
    sources = [lex(part) for f in sorted(SYNTAX.glob("*.tx"))
               for part in re.split(r"\n(?=(?:local fn|fn|op) )", f.read_text())]
    sources = [s for s in sources if s]
    with tempfile.TemporaryDirectory() as folder:
        for i in range(a.mutations):
            text = mutate(rng, rng.choice(sources))
            path = pathlib.Path(folder) / f"{i}.tx"
            path.write_text(text)
            verdicts.append((str(path), derives(grammar, text)[0]))
        for (path, good), answer in zip(verdicts, ask(a.parser, [p for p, _ in verdicts])):
            if answer != good:
                failures += 1
                print(f"the grammar {'accepts' if good else 'refuses'} and the parser does not:\n{open(path).read()}")
    return failures


if __name__ == "__main__":
    main()

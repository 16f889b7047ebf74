// What writers of other languages type: the note behind "expected …, found …".
//
// In: the token at hand, which fits nowhere, and its neighbours. Out: a note that says how the thing is written here, where
// they tell what was meant: `i++`, `x ** 2`, `k >>> 1`, `lo...hi`, `else:`, `not x`, `a if c else b`, `:=`, `import`, `def`.
#include "compiler/source/ParserState.h"

using namespace texpr;

const char *texpr::habitOf(llvm::StringRef word) {
  struct Habit {
    const char *word, *note;
  };
  static constexpr Habit habits[] = {
      {"import", "files are named by `use \"file.tx\";`"},
      {"include", "files are named by `use \"file.tx\";`"},
      {"from", "files are named by `use \"file.tx\";`"},
      {"def", "a function is `fn name(x: f32[n]) -> (y: f32[n]) { … }`"},
      {"func", "a function is `fn name(x: f32[n]) -> (y: f32[n]) { … }`"},
      {"function", "a function is `fn name(x: f32[n]) -> (y: f32[n]) { … }`"},
      {"pub", "a function is exported unless `local fn` begins it"},
      {"export", "a function is exported unless `local fn` begins it"},
      {"static", "`local fn` begins a function that is not exported"},
      {"requires", "what callers promise stands behind `where`, in front of the body"},
      {"assert", "what callers promise stands behind `where`, in front of the body"},
      {"given", "what callers promise stands behind `where`, in front of the body"},
      {"const", "a constant is a `let` in a function, or a `local fn` without parameters"},
      {"elif", "write `else if`"},
      {"elsif", "write `else if`"},
      {"elseif", "write `else if`"},
      {"then", "write `if c { a } else { b }`"},
      {"keep", "the block of a step is `{ next keep h }`: the next state stands first"},
      {"and", "facts are separated by `,`, conditions joined by `&&`"},
      {"or", "conditions are joined by `||`"},
      {"mod", "the remainder is `a % b`"},
      {"div", "on integers `a / b` is floor division"},
      {"xor", "write `a ^ b`"},
      {"shl", "write `a << b`"},
      {"shr", "write `a >> b`"},
      {"in", "an axis and its index are `n |i|`: the domain first"},
      {"break",
       "nothing breaks off a loop: `while c with (…) max n { … }` ends where its condition fails"},
      {"continue", "no step is skipped: write `if c { … }` around it, or `where c`"},
  };
  for (const Habit &h : habits)
    if (word == h.word)
      return h.note;
  return nullptr;
}

static bool isForm(llvm::StringRef word) {
  for (const char *w :
       {"sum", "prod", "product", "mean", "any", "all", "map", "forall", "foreach", "parfor",
        "topk", "sort", "cumsum", "maximum", "minimum", "argmax", "argmin", "fold", "accumulate"})
    if (word == w)
      return true;
  return false;
}

/// The note for what stands at `pos`; null where nothing is known of it.
const char *Parser::habit() const {
  auto before = [&](size_t n) { return pos >= n ? tokens[pos - n].kind : Tok::End; };
  auto touches = [&] { return previousEnd == begin(); };
  auto wordBefore = [&] {
    return before(1) == Tok::Ident ? text(tokens[pos - 1]) : llvm::StringRef();
  };
  switch (peek().kind) {
  case Tok::Plus:
    return before(1) == Tok::Plus && touches()
               ? "there is no `++`: a buffer's element changes by `x[i] += 1`"
               : nullptr;
  case Tok::Semi:
    return before(1) == Tok::Minus && before(2) == Tok::Minus
               ? "there is no `--`: a buffer's element changes by `x[i] -= 1`"
               : nullptr;
  case Tok::Star:
    return before(1) == Tok::Star && touches() ? "a power is `pow(x, y)`, a square `x * x`"
                                               : nullptr;
  case Tok::Gt:
    if (before(1) == Tok::Shr && touches())
      return "`>>` shifts in zeros where the type is unsigned, else the sign: write `u32(x) >> k`";
    return before(1) == Tok::Lt && touches() ? "write `a != b`" : nullptr;
  case Tok::Dot:
    return before(1) == Tok::DotDot ? "a range is `lo..hi`, without `hi`" : nullptr;
  case Tok::Eq:
    if (before(1) == Tok::Colon)
      return "a name gets its value by `let x = e;`, a buffer's element by `x[i] = e;`";
    return before(1) == Tok::EqEq ? "write `a == b`" : nullptr;
  case Tok::RParen:
    return before(1) == Tok::LParen && before(2) == Tok::Ident && before(3) == Tok::Dot
               ? "there are no methods: a function takes what it works on, as in `f(x)`"
               : nullptr;
  case Tok::LBracket:
    return before(1) == Tok::Colon ? "the type of a tensor is `f32[n]`" : nullptr;
  case Tok::Colon:
    if (at(Tok::Eq, 1))
      return "a name gets its value by `let x = e;`, a buffer's element by `x[i] = e;`";
    if (before(1) == Tok::Ident && before(2) == Tok::Arrow)
      return "results that have names stand in parentheses: `-> (y: f32[n])`";
    if (before(1) == Tok::LBracket || before(1) == Tok::Comma)
      return "an axis that is left whole is `..`, as in `x[.., 0]`";
    return "a block stands in braces: `if c { a } else { b }`";
  case Tok::Comma:
    if (before(1) == Tok::Ident && before(2) == Tok::KwLet)
      return "the names of a tuple's parts stand in parentheses: `let (a, b) = …`";
    return before(1) == Tok::Ident && before(2) == Tok::Or
               ? "a form is a word, a domain and its indices: `reduce(+) m, n |i, j| { e }`"
               : nullptr;
  case Tok::KwIf:
    return "a choice is `if c { a } else { b }`, with the condition first";
  case Tok::KwFor:
    return "a tensor is `compute n |i| { e }`";
  case Tok::Arrow:
    if (before(1) != Tok::Or)
      return nullptr;
    return "what a form makes of its indices stands in braces: `compute n |i| { e }`";
  case Tok::LParen:
    if (before(1) == Tok::KwFor || before(1) == Tok::KwWhile)
      return "a loop over buffers is `seq n |i| { … }`; one with a state `for i in 0..n with (u = "
             "u0) { next }`";
    return nullptr;
  case Tok::Ident:
  case Tok::Scalar:
  case Tok::Int:
  case Tok::Float: {
    if (wordBefore() == "not")
      return "write `!(…)`";
    if (before(1) == Tok::RParen && isForm(callBefore()))
      return "a form is a word, a domain and its indices: `reduce(+) n |i| { e }`, `top(k) n |i| { "
             "key }`";
    if (const char *note = habitOf(text(peek())))
      return note;
    const Tok p = before(1);
    bool operand = p == Tok::Int || p == Tok::Float || p == Tok::RParen || p == Tok::RBracket;
    return operand && !onNewLine() ? "a product is written with `*`" : habitOf(wordBefore());
  }
  case Tok::LBrace:
    return before(1) == Tok::Or ? nullptr : habitOf(wordBefore());
  default:
    return nullptr;
  }
}

/// The name of the call that ends in front of the token at hand.
llvm::StringRef Parser::callBefore() const {
  for (size_t open = pos; open-- > 1;)
    if (tokens[open].kind == Tok::LParen && closes[open] + 1 == pos)
      return tokens[open - 1].kind == Tok::Ident ? text(tokens[open - 1]) : llvm::StringRef();
  return {};
}

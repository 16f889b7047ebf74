// Cuts a source text into tokens.
//
// In: any bytes. Out: tokens, `End` last, and an error for whatever is no token; such text becomes
// `Bad`, or the token that was meant, so that the parser does not report it again. Names are ASCII;
// a character that only looks like an ASCII one is named by its code point, with the fix. Linear in
// the text; the number of tokens, the length of a name and of a number are limited.
#include "compiler/source/Lexer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FormatVariadic.h"

using namespace texpr;
using llvm::StringRef;

static constexpr size_t maxTokens = size_t(1) << 22, maxNameBytes = 1024, maxNumberBytes = 1024;

StringRef texpr::spelling(Tok kind) {
  switch (kind) {
  case Tok::End:
    return "the end of the file";
  case Tok::Bad:
    return "an invalid token";
  case Tok::Ident:
    return "a name";
  case Tok::Underscore:
    return "_";
  case Tok::Scalar:
    return "a scalar type";
  case Tok::Int:
    return "an integer";
  case Tok::Float:
    return "a float";
  case Tok::Quantity:
    return "a quantity";
  case Tok::String:
    return "a string";
#define X(name, text)                                                                              \
  case Tok::Kw##name:                                                                              \
    return text;
    TEXPR_KEYWORDS(X)
#undef X
#define X(name, text)                                                                              \
  case Tok::name:                                                                                  \
    return text;
    TEXPR_PUNCTUATION(X)
#undef X
  }
  llvm_unreachable("a kind of token");
}

std::string texpr::stringValue(StringRef token) {
  std::string value;
  StringRef body = token.size() >= 2 ? token.drop_front().drop_back() : StringRef();
  for (size_t i = 0; i < body.size(); ++i) {
    char c = body[i];
    if (c == '\\' && i + 1 < body.size()) {
      c = body[++i];
      c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
    }
    value += c;
  }
  return value;
}

// ---- characters
// ------------------------------------------------------------------------------------

static bool isNameStart(char c) { return llvm::isAlpha(c) || c == '_'; }
static bool isNameChar(char c) { return llvm::isAlnum(c) || c == '_'; }
static bool isAscii(char c) { return uint8_t(c) < 0x80; }

/// Characters that change the order in which a line is shown.
static bool isBidiControl(uint32_t c) {
  return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E ||
         c == 0x200F || c == 0x061C;
}

/// What a character is easily taken for; null: nothing known.
static const char *lookAlike(uint32_t c) {
  struct Pair {
    uint32_t point;
    const char *ascii;
  };
  static constexpr Pair pairs[] = {
      {0x00A0, " "},  {0x00AD, " "},  {0x1680, " "},  {0x2028, " "},  {0x2029, " "},
      {0x202F, " "},  {0x205F, " "},  {0x2060, " "},  {0x3000, " "},  {0xFEFF, " "},
      {0x00D7, "*"},  {0x00F7, "/"},  {0x2212, "-"},  {0x2010, "-"},  {0x2011, "-"},
      {0x2013, "-"},  {0x2014, "-"},  {0x2264, "<="}, {0x2265, ">="}, {0x2260, "!="},
      {0x2192, "->"}, {0x2026, ".."}, {0x2227, "&&"}, {0x2228, "||"}, {0x00AC, "!"},
      {0x201C, "\""}, {0x201D, "\""}, {0x2018, "'"},  {0x2019, "'"},  {0x22C5, "*"},
      {0x2215, "/"},  {0x0430, "a"},  {0x0435, "e"},  {0x043E, "o"},  {0x0440, "p"},
      {0x0441, "c"},  {0x0443, "y"},  {0x0445, "x"},  {0x0456, "i"},  {0x0458, "j"},
      {0x0455, "s"},  {0x0410, "A"},  {0x0412, "B"},  {0x0415, "E"},  {0x041A, "K"},
      {0x041C, "M"},  {0x041D, "H"},  {0x041E, "O"},  {0x0420, "P"},  {0x0421, "C"},
      {0x0422, "T"},  {0x0425, "X"},  {0x03BF, "o"},  {0x0391, "A"},  {0x0392, "B"},
      {0x0395, "E"},  {0x0397, "H"},  {0x0399, "I"},  {0x039A, "K"},  {0x039C, "M"},
      {0x039D, "N"},  {0x039F, "O"},  {0x03A1, "P"},  {0x03A4, "T"},  {0x03A7, "X"},
      {0x0131, "i"},  {0x017F, "s"},  {0x212A, "K"}};
  static const char fullWidth[] = // U+FF01 … U+FF5E, a string of one character each
      "!\0\"\0#\0$\0%\0&\0'\0(\0)\0*\0+\0,\0-\0.\0/"
      "\0000\0001\0002\0003\0004\0005\0006\0007\0008\0009\0"
      ":\0;\0<\0=\0>\0?\0@"
      "\0A\0B\0C\0D\0E\0F\0G\0H\0I\0J\0K\0L\0M\0N\0O\0P\0Q\0R\0S\0T\0U\0V\0W\0X\0Y\0"
      "Z\0[\0\\\0]\0^\0_\0`"
      "\0a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0k\0l\0m\0n\0o\0p\0q\0r\0s\0t\0u\0v\0w\0x\0"
      "y\0z\0{\0|\0}\0~";
  if (c >= 0xFF01 && c <= 0xFF5E)
    return fullWidth + 2 * (c - 0xFF01);
  if ((c >= 0x2000 && c <= 0x200F) || isBidiControl(c))
    return " ";
  for (const Pair &p : pairs)
    if (p.point == c)
      return p.ascii;
  return nullptr;
}

// ---- the lexer
// -------------------------------------------------------------------------------------

namespace {
class Lexer {
public:
  Lexer(const SourceFiles &files, unsigned file, Diagnostics &diags)
      : text(files.text(file)), file(file), diags(diags) {}

  std::vector<Token> run() {
    if (isUtf8())
      while (pos < text.size() && tokens.size() < maxTokens && !diags.isFull())
        next();
    if (tokens.size() >= maxTokens && pos < text.size())
      diags.error(range(pos, pos), "the file has more than 4194304 tokens, the limit");
    uint32_t end = uint32_t(text.size());
    tokens.push_back({Tok::End, {}, end, end});
    return std::move(tokens);
  }

private:
  SourceRange range(size_t begin, size_t end) const {
    return {file, uint32_t(begin), uint32_t(end)};
  }
  char at(size_t i) const { return i < text.size() ? text[i] : '\0'; }
  void put(Tok kind, size_t begin, ScalarKind scalar = {}) {
    tokens.push_back({kind, scalar, uint32_t(begin), uint32_t(pos)});
  }

  bool isUtf8();
  uint32_t decode(size_t i, unsigned &bytes) const;
  void next();
  void comment(size_t begin);
  void checkText(size_t begin, size_t end);
  void stringLiteral();
  void name();
  void number();
  bool digits(bool (*isDigit)(char));
  void finishNumber(Tok kind, size_t begin, bool wellFormed);
  void nonAscii();
  void punctuation();

  StringRef text;
  unsigned file;
  Diagnostics &diags;
  size_t pos = 0;
  std::vector<Token> tokens;
};
} // namespace

/// One error for a whole file in another encoding, rather than one a character.
bool Lexer::isUtf8() {
  bool wide = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
              (text.size() >= 2 && (text[0] == '\0') != (text[1] == '\0'));
  if (wide) {
    diags.error(range(0, 0), "the file is not UTF-8; it looks like UTF-16 or UTF-32")
        .note("save it as UTF-8");
    return false;
  }
  const auto *begin = reinterpret_cast<const llvm::UTF8 *>(text.data());
  const llvm::UTF8 *bad = begin;
  if (llvm::isLegalUTF8String(&bad, begin + text.size()))
    return true;
  size_t at = size_t(bad - begin);
  diags.error(range(at, at + 1),
              llvm::formatv("the file is not UTF-8: byte 0x{0:X-2} here", unsigned(*bad)).str());
  return false;
}

uint32_t Lexer::decode(size_t i, unsigned &bytes) const {
  bytes = llvm::getNumBytesForUTF8(llvm::UTF8(text[i]));
  const auto *b = reinterpret_cast<const llvm::UTF8 *>(text.data()) + i;
  llvm::UTF32 point = 0;
  llvm::convertUTF8Sequence(&b, b + bytes, &point, llvm::strictConversion);
  return point;
}

void Lexer::next() {
  char c = text[pos];
  if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v')
    ++pos;
  else if (c == '/' && (at(pos + 1) == '/' || at(pos + 1) == '*'))
    comment(pos);
  else if (isNameStart(c))
    name();
  else if (llvm::isDigit(c))
    number();
  else if (c == '"')
    stringLiteral();
  else if (isAscii(c))
    punctuation();
  else
    nonAscii();
}

void Lexer::comment(size_t begin) {
  if (at(pos + 1) == '/') {
    pos = std::min(text.find_first_of("\r\n", pos), text.size());
    checkText(begin, pos);
    return;
  }
  size_t close = text.find("*/", pos + 2);
  pos = close == StringRef::npos ? text.size() : close + 2;
  diags.error(range(begin, begin + 2), close == StringRef::npos
                                           ? "a comment begins with `//`; this one is never closed"
                                           : "a comment begins with `//` and ends with its line");
}

/// Inside comments and strings every character may stand but the control characters, which could
/// hide what is there.
void Lexer::checkText(size_t begin, size_t end) {
  for (size_t i = begin; i < end;) {
    unsigned bytes = 1;
    uint32_t point = uint8_t(text[i]);
    if (!isAscii(text[i]))
      point = decode(i, bytes);
    if ((point < 0x20 && point != '\t') || point == 0x7F || isBidiControl(point))
      diags.error(range(i, i + bytes),
                  llvm::formatv("the control character U+{0:X-4} may not stand here", point).str());
    i += bytes;
  }
}

void Lexer::stringLiteral() {
  size_t begin = pos++;
  while (pos < text.size() && text[pos] != '"' && text[pos] != '\n' && text[pos] != '\r') {
    if (text[pos] == '\\' && pos + 1 < text.size() && text[pos + 1] != '\n' &&
        text[pos + 1] != '\r') {
      if (!StringRef("nt\"\\").contains(text[pos + 1]))
        diags.error(range(pos, pos + 2), "an unknown escape")
            .note("a string knows `\\n`, `\\t`, `\\\"` and `\\\\`");
      ++pos;
    }
    ++pos;
  }
  pos = std::min(pos, text.size());
  checkText(begin, pos);
  if (at(pos) == '"') {
    ++pos;
    return put(Tok::String, begin);
  }
  diags.error(range(begin, begin + 1), "the string that begins here is not closed")
      .note("a string ends on its line");
  put(Tok::Bad, begin);
}

void Lexer::name() {
  size_t begin = pos, bad = StringRef::npos;
  while (pos < text.size()) {
    if (isNameChar(text[pos])) {
      ++pos;
      continue;
    }
    if (isAscii(text[pos]))
      break;
    unsigned bytes;
    const char *ascii = lookAlike(decode(pos, bytes));
    if (ascii && !isNameChar(*ascii))
      break;
    if (bad == StringRef::npos)
      bad = pos;
    pos += bytes;
  }
  StringRef word = text.slice(begin, pos);
  if (bad != StringRef::npos) {
    unsigned bytes;
    uint32_t point = decode(bad, bytes);
    const char *ascii = lookAlike(point);
    auto e =
        diags.error(range(bad, bad + bytes),
                    llvm::formatv("the character U+{0:X-4} may not stand in a name{1}", point,
                                  ascii ? std::string(" (it only looks like `") + ascii + "`)" : "")
                        .str());
    e.note("a name is made of the ASCII letters, digits and `_`");
    if (ascii)
      e.fix(range(bad, bad + bytes), ascii, "write the ASCII character");
  } else if (word.size() > maxNameBytes) {
    diags.error(range(begin, pos),
                "the name that begins here is longer than 1024 bytes, the limit");
  }
  int scalar = llvm::StringSwitch<int>(word)
                   .Case("f64", int(ScalarKind::F64))
                   .Case("f32", int(ScalarKind::F32))
                   .Case("f16", int(ScalarKind::F16))
                   .Case("bf16", int(ScalarKind::BF16))
                   .Case("f8e4m3", int(ScalarKind::F8E4M3))
                   .Case("f8e5m2", int(ScalarKind::F8E5M2))
                   .Case("i8", int(ScalarKind::I8))
                   .Case("i16", int(ScalarKind::I16))
                   .Case("i32", int(ScalarKind::I32))
                   .Case("i64", int(ScalarKind::I64))
                   .Case("u8", int(ScalarKind::U8))
                   .Case("u16", int(ScalarKind::U16))
                   .Case("u32", int(ScalarKind::U32))
                   .Case("u64", int(ScalarKind::U64))
                   .Case("bool", int(ScalarKind::Bool))
                   .Default(-1);
  if (scalar >= 0)
    return put(Tok::Scalar, begin, ScalarKind(scalar));
  put(llvm::StringSwitch<Tok>(word)
#define X(name, spelling) .Case(spelling, Tok::Kw##name)
          TEXPR_KEYWORDS(X)
#undef X
              .Case("_", Tok::Underscore)
              .Default(Tok::Ident),
      begin);
}

/// Digits with single `_` between them; false: a `_` elsewhere, or no digit.
bool Lexer::digits(bool (*isDigit)(char)) {
  bool good = isDigit(at(pos));
  while (isDigit(at(pos)) || at(pos) == '_') {
    if (at(pos) == '_' && !(isDigit(at(pos - 1)) && isDigit(at(pos + 1))))
      good = false;
    ++pos;
  }
  return good;
}

void Lexer::number() {
  size_t begin = pos;
  auto isDecimal = [](char c) { return llvm::isDigit(c); };
  if (!tokens.empty() && tokens.back().kind == Tok::Dot) { // `a.0.1`: no float there
    while (llvm::isDigit(at(pos)))
      ++pos;
    return finishNumber(Tok::Int, begin, true);
  }
  if (at(pos) == '0' && (at(pos + 1) == 'x' || at(pos + 1) == 'b')) {
    bool hex = at(pos + 1) == 'x';
    pos += 2;
    bool good = hex ? digits([](char c) { return llvm::isHexDigit(c); })
                    : digits([](char c) { return c == '0' || c == '1'; });
    return finishNumber(Tok::Int, begin, good);
  }
  bool good = digits(isDecimal);
  Tok kind = Tok::Int;
  if (at(pos) == '.' && at(pos + 1) != '.') {
    kind = Tok::Float;
    ++pos;
    if (!llvm::isDigit(at(pos)) && !isNameStart(at(pos))) {
      diags.error(range(begin, pos), "a float has digits on both sides of its point")
          .fix(range(pos, pos), "0", "write a digit after the point");
      return put(Tok::Bad, begin);
    }
    good &= digits(isDecimal);
  }
  size_t sign = at(pos + 1) == '+' || at(pos + 1) == '-';
  if ((at(pos) == 'e' || at(pos) == 'E') && llvm::isDigit(at(pos + 1 + sign))) {
    kind = Tok::Float;
    pos += 1 + sign;
    while (llvm::isDigit(at(pos)))
      ++pos;
  }
  if (kind == Tok::Int) {
    size_t unit = pos;
    while (isNameChar(at(unit)))
      ++unit;
    StringRef word = text.slice(pos, unit);
    if (word == "B" || word == "KiB" || word == "MiB" || word == "GiB" || word == "ns" ||
        word == "us" || word == "ms" || word == "s") {
      pos = unit;
      kind = Tok::Quantity;
    }
  }
  finishNumber(kind, begin, good);
}

/// A number ends where a name could not go on.
void Lexer::finishNumber(Tok kind, size_t begin, bool wellFormed) {
  bool clean = !isNameChar(at(pos));
  while (isNameChar(at(pos)))
    ++pos;
  StringRef all = text.slice(begin, pos);
  if (all.size() > maxNumberBytes) {
    diags.error(range(begin, pos), "the literal that begins here is too large: it has " +
                                       std::to_string(all.size()) + " digits");
    kind = Tok::Bad;
  } else if (!clean || !wellFormed) {
    kind = Tok::Bad;
    auto e = diags.error(range(begin, pos), "`" + all.str() + "` is not a number");
    if (all.starts_with("0b"))
      e.note("a binary number is `0b` and the digits 0 and 1");
    else if (all.starts_with("0x"))
      e.note(
          "a hexadecimal number is `0x` and the digits 0-9, a-f; there are no hexadecimal floats");
    else if (all.starts_with("0X") || all.starts_with("0B"))
      e.note("write `0x` and `0b` small");
    else if (clean)
      e.note("a `_` stands between two digits");
    else
      e.note("a name does not begin with a digit, and a number has no suffix: it takes the type of "
             "its place");
  }
  put(kind, begin);
}

/// A character outside ASCII, not in a name: an error, and the token that was meant, where that is
/// known.
void Lexer::nonAscii() {
  unsigned bytes;
  uint32_t point = decode(pos, bytes);
  const char *ascii = lookAlike(point);
  if (!ascii || isNameStart(*ascii) || llvm::isDigit(*ascii))
    return name();
  SourceRange r = range(pos, pos + bytes);
  std::string code = llvm::formatv("U+{0:X-4}", point).str();
  size_t begin = pos;
  pos += bytes;
  if (*ascii == ' ') {
    diags.error(r, "the invisible character " + code + " may not stand here")
        .fix(r, " ", "write a blank");
    return;
  }
  diags
      .error(r, "the character " + code + " may not stand here (it only looks like `" +
                    std::string(ascii) + "`)")
      .fix(r, ascii, "write it in ASCII");
  Tok kind = Tok::Bad;
#define X(name, text)                                                                              \
  if (StringRef(ascii) == text)                                                                    \
    kind = Tok::name;
  TEXPR_PUNCTUATION(X)
#undef X
  put(kind, begin);
}

void Lexer::punctuation() {
  StringRef rest = text.substr(pos);
  size_t begin = pos;
#define X(name, text)                                                                              \
  if (rest.starts_with(text)) {                                                                    \
    pos += sizeof(text) - 1;                                                                       \
    return put(Tok::name, begin);                                                                  \
  }
  TEXPR_PUNCTUATION(X)
#undef X
  unsigned c = uint8_t(text[pos++]);
  while (pos < text.size() && uint8_t(text[pos]) == c) // one error a run
    ++pos;
  if (c < 0x20 || c == 0x7F) {
    diags.error(range(begin, begin + 1),
                llvm::formatv("the control character U+{0:X-4} may not stand here", c).str());
    return;
  }
  auto e = diags.error(range(begin, pos),
                       std::string("the character `") + char(c) + "` has no meaning in .tx");
  if (c == '#')
    e.note("a comment begins with `//`");
  if (c == '\'')
    e.note("a character is its number, as 65 for A; a string, of `use` and `asm`, stands in double "
           "quotes");
  if (c == '?')
    e.note("a choice is `if c { a } else { b }`");
  put(Tok::Bad, begin);
}

std::vector<Token> texpr::lex(const SourceFiles &files, unsigned file, Diagnostics &diags) {
  return Lexer(files, file, diags).run();
}

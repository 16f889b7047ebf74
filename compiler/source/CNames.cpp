// Exported functions keep their names in C, so some names cannot be taken. The lists hold what a
// program in C11 to C++23 on Linux meets through the headers that every program includes, and what
// the linker would resolve in libc or libm instead.
#include "compiler/source/CNames.h"
#include "llvm/ADT/StringSet.h"

namespace texpr {

static const llvm::StringSet<> &keywords() {
  static const llvm::StringSet<> set = {
      "auto",      "break",         "case",        "char",
      "const",     "continue",      "default",     "do",
      "double",    "else",          "enum",        "extern",
      "float",     "for",           "goto",        "if",
      "inline",    "int",           "long",        "register",
      "restrict",  "return",        "short",       "signed",
      "sizeof",    "static",        "struct",      "switch",
      "typedef",   "union",         "unsigned",    "void",
      "volatile",  "while",         "alignas",     "alignof",
      "asm",       "bool",          "catch",       "char8_t",
      "char16_t",  "char32_t",      "class",       "concept",
      "consteval", "constexpr",     "constinit",   "const_cast",
      "co_await",  "co_return",     "co_yield",    "decltype",
      "delete",    "dynamic_cast",  "explicit",    "export",
      "false",     "friend",        "mutable",     "namespace",
      "new",       "noexcept",      "nullptr",     "operator",
      "private",   "protected",     "public",      "reinterpret_cast",
      "requires",  "static_assert", "static_cast", "template",
      "this",      "thread_local",  "throw",       "true",
      "try",       "typeid",        "typename",    "typeof",
      "using",     "virtual",       "wchar_t",     "and",
      "and_eq",    "bitand",        "bitor",       "compl",
      "not",       "not_eq",        "or",          "or_eq",
      "xor",       "xor_eq",        "import",      "module"};
  return set;
}

static const llvm::StringSet<> &macros() {
  static const llvm::StringSet<> set = {
      "NULL",     "errno",    "assert",     "linux",  "unix",   "i386",     "stdin",     "stdout",
      "stderr",   "EOF",      "INFINITY",   "NAN",    "I",      "complex",  "imaginary", "noreturn",
      "offsetof", "min",      "max",        "major",  "minor",  "signbit",  "isnan",     "isinf",
      "isfinite", "isnormal", "fpclassify", "setjmp", "va_arg", "va_start", "va_end",    "va_copy",
      "BUFSIZ",   "RAND_MAX", "TRUE",       "FALSE"};
  return set;
}

static const llvm::StringSet<> &libc() {
  static const llvm::StringSet<> set = {
      "main",      "abort",    "abs",       "labs",     "llabs",   "atexit",  "exit",
      "malloc",    "calloc",   "realloc",   "free",     "printf",  "fprintf", "sprintf",
      "snprintf",  "scanf",    "sscanf",    "puts",     "putchar", "getchar", "fopen",
      "fclose",    "fread",    "fwrite",    "fseek",    "ftell",   "rewind",  "remove",
      "rename",    "memcpy",   "memmove",   "memset",   "memcmp",  "memchr",  "strlen",
      "strcpy",    "strncpy",  "strcmp",    "strncmp",  "strcat",  "strchr",  "strstr",
      "strdup",    "strtok",   "strerror",  "atoi",     "atol",    "atof",    "strtol",
      "strtod",    "qsort",    "bsearch",   "rand",     "srand",   "time",    "clock",
      "getenv",    "system",   "signal",    "raise",    "read",    "write",   "open",
      "close",     "lseek",    "stat",      "fork",     "exec",    "wait",    "pipe",
      "dup",       "link",     "unlink",    "select",   "poll",    "send",    "recv",
      "bind",      "listen",   "accept",    "connect",  "socket",  "sleep",   "usleep",
      "index",     "rindex",   "kill",      "div",      "ldiv",    "perror",  "sin",
      "cos",       "tan",      "asin",      "acos",     "atan",    "atan2",   "sinh",
      "cosh",      "tanh",     "asinh",     "acosh",    "atanh",   "exp",     "exp2",
      "exp10",     "expm1",    "log",       "log2",     "log10",   "log1p",   "logb",
      "pow",       "sqrt",     "cbrt",      "hypot",    "erf",     "erfc",    "gamma",
      "lgamma",    "tgamma",   "floor",     "ceil",     "round",   "trunc",   "rint",
      "nearbyint", "fmod",     "remainder", "fma",      "fmin",    "fmax",    "fabs",
      "fdim",      "copysign", "nan",       "ldexp",    "frexp",   "modf",    "scalb",
      "j0",        "j1",       "jn",        "y0",       "y1",      "yn",      "sincos",
      "pause",     "alarm",    "nice",      "sync",     "chmod",   "mount",   "access",
      "mkdir",     "rmdir",    "chdir",     "truncate", "random",  "isalpha", "isdigit",
      "isspace",   "toupper",  "tolower",   "ffs",      "environ", "drem",    "significand",
      "swab",      "dlopen",   "dlsym",     "dlclose",  "daemon",  "reboot",  "tee",
      "splice"};
  return set;
}

const char *whyNoCName(llvm::StringRef name) {
  if (keywords().contains(name))
    return "a keyword of C or C++";
  if (macros().contains(name))
    return "a macro of C's headers";
  if (libc().contains(name))
    return "a function of the C library";
  if (name.starts_with("__") ||
      (name.size() > 1 && name[0] == '_' && name[1] >= 'A' && name[1] <= 'Z'))
    return "reserved for the C compiler";
  if (name.starts_with("_"))
    return "reserved for the C library";
  if (name.starts_with("tx_") || name.starts_with("TX_") || name.starts_with("TEXPR_"))
    return "reserved for texpr's own names";
  return nullptr;
}

} // namespace texpr

// Writes the header that stands alone: the ABI block that all headers share, the typedefs of the
// 16- and 8-bit floats that are used, and two prototypes a function with the .tx signature as their
// comment.
//
// In: entry points as plain structs. Out: text that compiles without a warning as C99 to C23 and
// C++11 to C++23, alone, twice, beside other generated headers, and inside extern "C". Names and
// file names come from the user, so every one is made harmless here: parameters are renamed,
// comments cannot be ended early, and the include guard is injective (two files that differ in case
// or punctuation must not share one, or the second would vanish silently).
#include "compiler/emit/Header.h"
#include "runtime/RuntimeBitcode.h"
#include <algorithm>
#include <array>
#include <cstdint>
#include <set>

namespace texpr::emit {
namespace {

constexpr std::string_view reservedWords[] = {
    // C
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum",
    "extern", "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict",
    "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef", "typeof",
    "typeof_unqual", "union", "unsigned", "void", "volatile", "while",
    // C++
    "alignas", "alignof", "and", "and_eq", "asm", "bitand", "bitor", "bool", "catch", "char16_t",
    "char32_t", "char8_t", "class", "co_await", "co_return", "co_yield", "compl", "concept",
    "const_cast", "consteval", "constexpr", "constinit", "decltype", "delete", "dynamic_cast",
    "explicit", "export", "false", "friend", "mutable", "namespace", "new", "noexcept", "not",
    "not_eq", "nullptr", "operator", "or", "or_eq", "private", "protected", "public",
    "reinterpret_cast", "requires", "static_assert", "static_cast", "template", "this",
    "thread_local", "throw", "true", "try", "typeid", "typename", "using", "virtual", "wchar_t",
    "xor", "xor_eq",
    // macros of common headers and compilers, and the program's own entry
    "EOF", "I", "NULL", "assert", "complex", "errno", "fortran", "imaginary", "linux", "main",
    "near", "far", "offsetof", "signal", "stderr", "stdin", "stdout", "unix",
    // types of this header
    "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t",
    "size_t", "ptrdiff_t", "tx_call", "tx_report", "tx_status", "tx_f16", "tx_bf16", "tx_f8e4m3",
    "tx_f8e5m2"};

bool isKeyword(std::string_view name) {
  return std::find(std::begin(reservedWords), std::end(reservedWords), name) !=
         std::end(reservedWords);
}

/// `__x` and `_X` belong to the C implementation.
bool hasReservedPrefix(std::string_view name) {
  return name.size() > 1 && name[0] == '_' &&
         (name[1] == '_' || (name[1] >= 'A' && name[1] <= 'Z'));
}

/// Hands out names that are unique in one prototype.
class Names {
public:
  std::string take(std::string name, std::string_view onClash = "") {
    if (taken.count(name))
      name += onClash;
    if (hasReservedPrefix(name))
      name = "p" + name;
    while (isKeyword(name) || !taken.insert(name).second)
      name += '_';
    return name;
  }

private:
  std::set<std::string> taken;
};

struct Prototype {
  std::vector<CParameter> entry, workspace;
};

Prototype prototype(const AbiFunction &fn) {
  Prototype out;
  Names names;
  for (const std::string &dim : fn.dims) {
    out.entry.push_back({"int64_t ", names.take(dim)});
    out.workspace.push_back(out.entry.back());
  }
  for (const AbiLeaf &leaf : fn.params) {
    std::string type(cType(leaf.scalar));
    out.entry.push_back({leaf.isTensor ? (leaf.isInout ? "" : "const ") + type + " *" : type + " ",
                         names.take(leaf.name)});
    if (leaf.isDim)
      out.workspace.push_back(out.entry.back());
  }
  for (const AbiLeaf &leaf : fn.results)
    out.entry.push_back({std::string(cType(leaf.scalar)) + " *", names.take(leaf.name, "_out")});
  for (const std::string &dim : fn.foundDims)
    out.entry.push_back({"int64_t *", names.take(dim, "_out")});
  out.entry.push_back({"const tx_call *", names.take("call")});
  out.workspace.push_back(out.entry.back());
  out.workspace.push_back({"size_t *", names.take("bytes")});
  return out;
}

/// Text that may stand in a comment: no way to end or nest it, no control characters but newlines.
std::string commentText(std::string_view text) {
  std::string out;
  for (char c : text) {
    bool closes =
        !out.empty() && ((out.back() == '*' && c == '/') || (out.back() == '/' && c == '*'));
    if (closes)
      out += ' ';
    out += (static_cast<unsigned char>(c) < ' ' && c != '\n') || c == 127 ? '?' : c;
  }
  return out;
}

std::string oneLine(std::string_view text) {
  std::string out = commentText(text);
  std::replace(out.begin(), out.end(), '\n', '?');
  return out;
}

std::string guard(std::string_view fileName) {
  std::string_view stem = fileName.substr(0, fileName.rfind(".h"));
  std::string out = "TEXPR_";
  bool exact = true;
  uint32_t hash = 2166136261u; // FNV-1a
  for (unsigned char c : stem) {
    bool lower = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9', upper = c >= 'A' && c <= 'Z';
    exact &= lower || digit || c == '_';
    out += lower ? static_cast<char>(c - 'a' + 'A') : digit || upper ? static_cast<char>(c) : '_';
    hash = (hash ^ c) * 16777619u;
  }
  if (!exact) {
    out += '_';
    for (int shift = 28; shift >= 0; shift -= 4)
      out += "0123456789ABCDEF"[hash >> shift & 15];
  }
  return out + "_H";
}

/// `tx_status name(…);`, broken before 100 columns.
std::string declaration(const std::string &name, const std::vector<CParameter> &parameters) {
  std::string out = "tx_status " + name + "(", indent(std::min<size_t>(out.size(), 40), ' ');
  size_t column = out.size();
  for (size_t i = 0; i < parameters.size(); ++i) {
    std::string piece =
        parameters[i].type + parameters[i].name + (i + 1 < parameters.size() ? "," : ");");
    if (i && column + piece.size() + 1 > 100) {
      out += "\n" + indent;
      column = indent.size();
    } else if (i) {
      out += ' ';
      ++column;
    }
    out += piece;
    column += piece.size();
  }
  return out + "\n";
}

/// "y may not overlap x, gamma" where there is anything to overlap.
std::string aliasRule(const AbiFunction &fn, const std::vector<CParameter> &entry) {
  std::string outputs, inputs;
  size_t next = fn.dims.size();
  auto list = [&](std::string &text) { text += (text.empty() ? "" : ", ") + entry[next].name; };
  for (const AbiLeaf &leaf : fn.params) {
    if (leaf.isTensor)
      list(leaf.isInout ? outputs : inputs);
    ++next;
  }
  for (size_t end = next + fn.results.size() + fn.foundDims.size(); next < end; ++next)
    list(outputs);
  if (outputs.find(',') != std::string::npos)
    return "\n   none of " + outputs + " may overlap another" +
           (inputs.empty() ? "" : " or " + inputs);
  return inputs.empty() || outputs.empty() ? "" : "\n   " + outputs + " may not overlap " + inputs;
}

/// "k is found by the call: results of that extent have room for n".
std::string foundRule(const AbiFunction &fn) {
  std::string text;
  for (size_t i = 0; i < fn.foundMost.size(); ++i)
    if (!fn.foundMost[i].empty())
      text += "\n   " + fn.foundDims[i] +
              " is found by the call: results of that extent have room for " + fn.foundMost[i];
  return text;
}

/// `typedef uint16_t tx_f16;` and its like for the storage types that occur, each under its own
/// guard.
std::string storageTypedefs(const std::vector<AbiFunction> &functions) {
  std::string out;
  for (std::string_view scalar : {"f16", "bf16", "f8e4m3", "f8e5m2"}) {
    auto uses = [&](const AbiLeaf &leaf) { return leaf.scalar == scalar; };
    bool used = std::any_of(functions.begin(), functions.end(), [&](const AbiFunction &fn) {
      return std::any_of(fn.params.begin(), fn.params.end(), uses) ||
             std::any_of(fn.results.begin(), fn.results.end(), uses);
    });
    if (!used)
      continue;
    std::string type(cType(scalar)), macro = "TEXPR_HAS_" + type;
    std::string bits = scalar.substr(0, 2) == "f8" ? "uint8_t" : "uint16_t";
    out += "#ifndef " + macro + "\n#define " + macro + " 1\ntypedef " + bits + " " + type +
           "; /* the bits */\n#endif\n";
  }
  return out;
}

} // namespace

std::string_view cType(std::string_view scalar) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 15> table = {
      {{"f64", "double"},
       {"f32", "float"},
       {"f16", "tx_f16"},
       {"bf16", "tx_bf16"},
       {"f8e4m3", "tx_f8e4m3"},
       {"f8e5m2", "tx_f8e5m2"},
       {"i8", "int8_t"},
       {"i16", "int16_t"},
       {"i32", "int32_t"},
       {"i64", "int64_t"},
       {"u8", "uint8_t"},
       {"u16", "uint16_t"},
       {"u32", "uint32_t"},
       {"u64", "uint64_t"},
       {"bool", "uint8_t"}}};
  for (auto [spelling, type] : table)
    if (spelling == scalar)
      return type;
  return "void";
}

bool isReservedInC(std::string_view name) { return hasReservedPrefix(name) || isKeyword(name); }

std::vector<CParameter> entryParameters(const AbiFunction &fn) { return prototype(fn).entry; }

std::vector<CParameter> workspaceParameters(const AbiFunction &fn) {
  return prototype(fn).workspace;
}

std::string headerText(const HeaderFile &file) {
  std::string macro = guard(file.name);
  std::string out = "/* " + oneLine(file.name) + ": written by texprc " + file.version + " from " +
                    oneLine(file.source) + "; needs " + oneLine(file.object) +
                    " and a C99 or C++ compiler */\n";
  out += "#ifndef " + macro + "\n#define " + macro + "\n";
  out += runtime::abiText();
  out += storageTypedefs(file.functions);
  out += "#ifdef __cplusplus\nextern \"C\" {\n#endif\n";
  for (const AbiFunction &fn : file.functions) {
    Prototype c = prototype(fn);
    out += "\n/* " + commentText(fn.signature) + foundRule(fn) + aliasRule(fn, c.entry) + " */\n";
    out += declaration(fn.name, c.entry) + declaration(fn.name + "_workspace", c.workspace);
  }
  out += "\n#ifdef __cplusplus\n}\n#endif\n#endif\n";
  return out;
}

} // namespace texpr::emit

// Reads the arguments of a run: arrays from .npy, scalars as text, dims from the arrays' lengths.
//
// In: the checked signature and `name=value` pairs. Out: one value a leaf, every dim, zeroed arrays for the results.
// Extents are the checker's own expressions over dims; a dim that an axis binds is linear in that axis's extent, so two
// values of the line give it. The relations of dims (`where`) are left to the entry of the object, or to the interpreter:
// here only what must be known to read and to allocate is tested.
#include "compiler/tools/RunArguments.h"
#include "compiler/reference/Npy.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <cstdio>
#include <set>

namespace texpr {

using reference::Array;
using reference::Scalar;
using reference::Shape;
using reference::Value;

ExitCode refuse(ExitCode code, const std::string &message) {
  llvm::errs() << "texprc: error: " << message << "\n";
  return code;
}

std::string nearName(llvm::StringRef name, const std::vector<std::string> &known) {
  unsigned best = unsigned(std::min(name.size(), std::max<size_t>(2, name.size() / 3) + 1));
  std::string found;
  for (const std::string &candidate : known) {
    unsigned distance = name.edit_distance(candidate, true, best);
    if (distance < best) {
      best = distance;
      found = candidate;
    }
  }
  return found.empty() ? "" : "; did you mean '" + found + "'?";
}

std::vector<CallLeaf> leavesOf(const std::string &name, const Type &type) {
  if (!type.isTuple())
    return {{name, &type}};
  std::vector<CallLeaf> out;
  for (size_t i = 0; i < type.parts.size(); ++i)
    for (CallLeaf &leaf : leavesOf(name + "_" + type.partName(i), type.parts[i]))
      out.push_back(std::move(leaf));
  return out;
}

std::vector<CallLeaf> resultLeaves(const FnDecl &fn) {
  std::vector<CallLeaf> out;
  for (size_t r = 0; r < fn.results.size(); ++r) {
    const ResultDecl &result = fn.results[r];
    std::string name = result.name              ? result.name->text
                       : fn.results.size() == 1 ? "result"
                                                : "result_" + std::to_string(r);
    for (CallLeaf &leaf : leavesOf(name, result.type))
      out.push_back(std::move(leaf));
  }
  return out;
}

std::vector<CallLeaf> outputLeaves(const FnDecl &fn) {
  std::vector<CallLeaf> out = resultLeaves(fn);
  for (const Param &param : fn.params)
    if (param.isInout)
      for (CallLeaf &leaf : leavesOf(param.decl->name.text, param.decl->type))
        out.push_back(std::move(leaf));
  return out;
}

void CallValues::takeLent(const FnDecl &fn) {
  size_t leaf = 0, result = resultLeaves(fn).size();
  for (const Param &param : fn.params)
    for (size_t k = leavesOf("", param.decl->type).size(); k > 0; --k, ++leaf)
      if (param.isInout)
        results[result++] = leaves[leaf].tensor();
}

static Value assemble(const Type &type, const std::vector<Value> &leaves, size_t &next) {
  if (!type.isTuple())
    return leaves[next++];
  std::vector<Value> parts;
  for (const Type &part : type.parts)
    parts.push_back(assemble(part, leaves, next));
  return Value::tuple(std::move(parts));
}

std::vector<Value> CallValues::params(const FnDecl &fn) const {
  std::vector<Value> out;
  size_t next = 0;
  for (const Param &param : fn.params)
    out.push_back(assemble(param.decl->type, leaves, next));
  return out;
}

void CallValues::shrink(const FnDecl &fn) {
  size_t next = 0;
  for (size_t d = 0; d < fn.dims.size(); ++d)
    if (fn.dims[d].how == DimBinding::How::Found) {
      dims[d].second = std::clamp<int64_t>(found[next++], 0, dims[d].second);
      symbols[*fn.dims[d].decl->value->asSymbol()] = dims[d].second;
    }
  if (next == 0)
    return;
  auto leaves = resultLeaves(fn);
  for (size_t r = 0; r < leaves.size(); ++r) {
    for (size_t axis = 0; axis < results[r].shape.size(); ++axis)
      if (auto length =
              leaves[r].type->shape[axis].evaluate([&](facts::Symbol s) { return symbols.at(s); }))
        results[r].shape[axis] = std::max<int64_t>(*length, 0);
    results[r].bytes.resize(reference::elementCount(results[r].shape).value_or(0) *
                            reference::byteSize(results[r].kind));
  }
}

namespace {

/// An integer that fits `kind`, in base 10, 16, 8 or 2 by its prefix.
std::optional<Scalar> parseInteger(llvm::StringRef text, ScalarKind kind, std::string &why) {
  bool negative = text.consume_front("-");
  uint64_t magnitude;
  if (text.empty() || text.getAsInteger(0, magnitude)) {
    why = llvm::all_of(text, llvm::isDigit) && !text.empty() ? "is too large" : "is no integer";
    return std::nullopt;
  }
  unsigned bits = bitWidth(kind) - (isSigned(kind) ? 1 : 0);
  uint64_t largest = bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
  uint64_t limit = !negative ? largest : isSigned(kind) ? largest + 1 : 0;
  if (magnitude > limit) {
    auto signedMin = isSigned(kind) ? "-" + std::to_string(largest + 1) : std::string("0");
    why = std::string("does not fit ") + spelling(kind) + ": " + signedMin + " to " +
          std::to_string(largest);
    return std::nullopt;
  }
  return reference::literal(kind, magnitude, negative);
}

std::string largestText(ScalarKind kind) {
  char text[32];
  std::snprintf(text, sizeof text, "%g",
                static_cast<double>(reference::real(reference::constant(kind, "max"))));
  return text;
}

std::optional<Scalar> parseFloat(llvm::StringRef text, ScalarKind kind, std::string &why) {
  std::string lower = text.lower();
  llvm::StringRef body(lower);
  bool negative = body.consume_front("-");
  if (body == "inf" && kind == ScalarKind::F8E4M3) {
    why = "is no f8e4m3, whose largest value is 448";
    return std::nullopt;
  }
  if (body == "inf" || body == "nan") {
    Scalar s = reference::predeclared(kind, body == "inf" ? Predeclared::Inf : Predeclared::Nan);
    return negative ? reference::unary(UnaryOp::Neg, s) : s;
  }
  bool isNumber = llvm::all_of(
      body, [](char c) { return llvm::isDigit(c) || llvm::StringRef(".e+-").contains(c); });
  auto value = isNumber && !body.empty() ? reference::literal(kind, lower) : std::nullopt;
  if (!value) {
    why = "is no number";
    return std::nullopt;
  }
  if (std::isinf(static_cast<double>(reference::real(*value)))) {
    why = std::string("does not fit ") + spelling(kind) + ", whose largest value is " +
          largestText(kind);
    return std::nullopt;
  }
  return value;
}

std::optional<Scalar> parseScalar(llvm::StringRef text, ScalarKind kind, std::string &why) {
  if (isFloat(kind))
    return parseFloat(text, kind, why);
  if (kind != ScalarKind::Bool)
    return parseInteger(text, kind, why);
  if (text == "true" || text == "1" || text == "false" || text == "0")
    return reference::boolean(text == "true" || text == "1");
  why = "is no bool: true, false, 1 or 0";
  return std::nullopt;
}

class Reader {
public:
  Reader(const FnDecl &fn, const facts::Facts &facts, CallValues &out)
      : fn(fn), facts(facts), out(out) {}

  ExitCode read(const std::vector<std::string> &assignments) {
    for (const Param &param : fn.params)
      for (CallLeaf &leaf : leavesOf(param.decl->name.text, param.decl->type))
        leaves.push_back(std::move(leaf));
    if (ExitCode code = split(assignments))
      return code;
    for (const CallLeaf &leaf : leaves)
      if (ExitCode code = readLeaf(leaf))
        return code;
    if (ExitCode code = solve())
      return code;
    if (ExitCode code = checkShapes())
      return code;
    return makeResults();
  }

private:
  std::string describe(const CallLeaf &leaf) const {
    return leaf.name + ": " + str(*leaf.type, facts);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const CallLeaf &leaf : leaves)
      names.push_back(leaf.name);
    for (const DimBinding &dim : fn.dims)
      if (!llvm::is_contained(names, dim.decl->name.text))
        names.push_back(dim.decl->name.text);
    return names;
  }

  ExitCode split(const std::vector<std::string> &assignments) {
    std::vector<std::string> known = names();
    for (const std::string &text : assignments) {
      auto [name, value] = llvm::StringRef(text).split('=');
      if (!llvm::is_contained(known, name))
        return refuse(exitUsage, "'" + name.str() + "' is no parameter of " + fn.name.text +
                                     nearName(name, known) + signature());
      if (!given.emplace(name.str(), value.str()).second)
        return refuse(exitUsage, "'" + name.str() + "' is given twice");
    }
    std::string missing;
    for (const CallLeaf &leaf : leaves)
      if (!given.count(leaf.name))
        missing += (missing.empty() ? "" : ", ") + describe(leaf);
    return missing.empty() ? exitDone : refuse(exitUsage, "no value for " + missing + signature());
  }

  std::string signature() const {
    std::string text = "\n  " + fn.name.text + "(";
    for (const CallLeaf &leaf : leaves)
      text += (text.back() == '(' ? "" : ", ") + describe(leaf);
    return text + ")";
  }

  ExitCode readLeaf(const CallLeaf &leaf) {
    const std::string &text = given[leaf.name];
    if (leaf.type->isTensor())
      return readArray(leaf, text);
    std::string why;
    auto scalar = parseScalar(text, leaf.type->scalar, why);
    if (!scalar)
      return refuse(exitUsage, leaf.name + "=" + text + ": '" + text + "' " + why + " (" +
                                   describe(leaf) + ")");
    out.leaves.push_back(*scalar);
    return exitDone;
  }

  ExitCode readArray(const CallLeaf &leaf, const std::string &path) {
    llvm::sys::fs::file_status status;
    if (!llvm::sys::fs::status(path, status) &&
        status.type() == llvm::sys::fs::file_type::character_file)
      return refuse(exitUsage, leaf.name + "=" + path + ": is a device, which may have no end (" +
                                   describe(leaf) + ")");
    auto file =
        llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (!file)
      return refuse(exitEnvironment, leaf.name + "=" + path + ": " + file.getError().message() +
                                         " (" + describe(leaf) + " is read from a .npy file)");
    reference::NpyArray npy = reference::parseNpy((*file)->getBuffer(), leaf.type->scalar);
    if (!npy.array)
      return refuse(exitUsage,
                    leaf.name + "=" + path + ": " + npy.error + " (" + describe(leaf) + ")");
    size_t rank = leaf.type->shape.size();
    if (npy.array->shape.size() != rank)
      return refuse(exitUsage, leaf.name + "=" + path + ": shape " +
                                   reference::describe(npy.array->shape) + ", " +
                                   std::to_string(rank) + (rank == 1 ? " axis" : " axes") +
                                   " expected (" + describe(leaf) + ")");
    out.leaves.push_back(std::move(*npy.array));
    return exitDone;
  }

  // ---- dims ----

  std::optional<int64_t> evaluate(const facts::Expr &e) const {
    std::vector<facts::Symbol> used;
    e.symbols(used);
    for (facts::Symbol s : used)
      if (!values.count(s))
        return std::nullopt;
    return e.evaluate([&](facts::Symbol s) { return values.at(s); });
  }

  void setSymbol(const Decl &decl, int64_t v) {
    if (auto symbol = decl.value ? decl.value->asSymbol() : std::nullopt)
      values[*symbol] = v;
  }

  const CallLeaf &leafOf(const DimBinding &dim, size_t &index) const {
    index = dim.leaf;
    for (unsigned p = 0; p < dim.param; ++p)
      index += leavesOf("", fn.params[p].decl->type).size();
    return leaves[index];
  }

  /// The value of `dim`, or nothing where another must be known first; `code` where there is none.
  std::optional<int64_t> valueOf(const DimBinding &dim, ExitCode &code) {
    size_t index = 0;
    if (dim.how == DimBinding::How::Defined)
      return evaluate(*dim.decl->value);
    const CallLeaf &leaf = leafOf(dim, index);
    if (dim.how == DimBinding::How::ScalarParam)
      return reference::toInt(out.leaves[index].scalar());
    if (auto it = given.find(dim.decl->name.text); it != given.end()) {
      std::string why;
      auto scalar = parseScalar(it->second, ScalarKind::I64, why);
      if (!scalar)
        code = refuse(exitUsage,
                      it->first + "=" + it->second + ": '" + it->second + "' " + why + " (a dim)");
      return scalar ? std::optional(reference::toInt(*scalar)) : 0;
    }
    const facts::Expr &extent = leaf.type->shape[dim.axis];
    facts::Symbol symbol = *dim.decl->value->asSymbol();
    values[symbol] = 0;
    auto atZero = evaluate(extent);
    values[symbol] = 1;
    auto atOne = evaluate(extent);
    values.erase(symbol);
    if (!atZero || !atOne)
      return std::nullopt;
    int64_t length = out.leaves[index].shape()[dim.axis], slope = *atOne - *atZero;
    if (slope == 0 && length == *atZero)
      return 0;
    if (slope != 0 && (length - *atZero) % slope == 0)
      return (length - *atZero) / slope;
    code = refuse(exitProgram, "no " + dim.decl->name.text + " gives axis " +
                                   std::to_string(dim.axis) + " of " + leaf.name + " its length " +
                                   std::to_string(length) + " (" + describe(leaf) + ")");
    return 0;
  }

  ExitCode solve() {
    std::vector<const DimBinding *> open;
    for (const DimBinding &dim : fn.dims)
      if (dim.how != DimBinding::How::Found)
        open.push_back(&dim);
    std::map<const DimBinding *, int64_t> found;
    for (bool changed = true; changed && !open.empty();) {
      changed = false;
      for (const DimBinding *dim : llvm::to_vector(open)) {
        ExitCode code = exitDone;
        auto value = valueOf(*dim, code);
        if (code)
          return code;
        if (!value)
          continue;
        found[dim] = *value;
        setSymbol(*dim->decl, *value);
        if (dim->how == DimBinding::How::ScalarParam)
          setSymbol(*fn.params[dim->param].decl, *value);
        llvm::erase(open, dim);
        changed = true;
      }
    }
    if (!open.empty())
      return refuse(exitUsage, "the arrays do not tell " + open.front()->decl->name.text +
                                   "; give it as " + open.front()->decl->name.text + "=…");
    for (const DimBinding &dim : fn.dims) {
      if (dim.how == DimBinding::How::Found) {
        found[&dim] = std::max<int64_t>(evaluate(*dim.foundBound).value_or(0), 0);
        setSymbol(*dim.decl, found[&dim]);
        foundSymbols.insert(*dim.decl->value->asSymbol());
        out.found.push_back(0);
      }
      out.dims.emplace_back(dim.decl->name.text, found[&dim]);
    }
    out.symbols = values;
    return exitDone;
  }

  /// "with m = 3, n = 4"
  std::string dimsText() const {
    std::string text;
    for (auto &[name, value] : out.dims)
      text += (text.empty() ? " with " : ", ") + name + " = " + std::to_string(value);
    return text;
  }

  std::optional<Shape> shapeOf(const Type &type) const {
    Shape shape;
    for (const facts::Expr &extent : type.shape) {
      auto length = evaluate(extent);
      if (!length)
        return std::nullopt;
      shape.push_back(*length);
    }
    return shape;
  }

  ExitCode checkShapes() {
    for (size_t i = 0; i < leaves.size(); ++i) {
      auto expected = shapeOf(*leaves[i].type);
      if (!expected || out.leaves[i].shape() == *expected)
        continue;
      return refuse(exitUsage, leaves[i].name + "=" + given[leaves[i].name] + ": shape " +
                                   reference::describe(out.leaves[i].shape()) + ", " +
                                   reference::describe(*expected) +
                                   " expected: " + describe(leaves[i]) + dimsText());
    }
    return exitDone;
  }

  /// The values that an extent may have: a dim that is found while running is in 0 to its bound.
  std::pair<__int128, __int128> interval(const facts::Expr &e) const {
    using K = facts::Expr::Kind;
    constexpr __int128 most = INT64_MAX;
    if (auto c = e.constant())
      return {*c, *c};
    if (auto s = e.asSymbol()) {
      __int128 value = values.count(*s) ? values.at(*s) : 0;
      return {foundSymbols.count(*s) ? 0 : value, value};
    }
    auto parts = e.operands();
    auto r = interval(parts[0]);
    for (size_t i = 1; i < parts.size(); ++i) {
      auto [lo, hi] = interval(parts[i]);
      switch (e.kind()) {
      case K::Sum:
        r = {r.first + lo, r.second + hi};
        break;
      case K::Product: {
        __int128 p[] = {r.first * lo, r.first * hi, r.second * lo, r.second * hi};
        r = {*std::min_element(p, p + 4), *std::max_element(p, p + 4)};
        break;
      }
      case K::Min:
        r = {std::min(r.first, lo), std::min(r.second, hi)};
        break;
      case K::Max:
        r = {std::max(r.first, lo), std::max(r.second, hi)};
        break;
      default: // a quotient by what is at least 1
        r = {std::min<__int128>(r.first, 0), std::max<__int128>(r.second, 0)};
      }
      r = {std::clamp(r.first, -most, most), std::clamp(r.second, -most, most)};
    }
    return r;
  }

  /// Room for whatever is found.
  std::optional<Shape> roomFor(const Type &type) const {
    if (foundSymbols.empty())
      return shapeOf(type);
    Shape shape;
    for (const facts::Expr &extent : type.shape)
      shape.push_back(int64_t(interval(extent).second));
    return shape;
  }

  ExitCode makeResults() {
    for (const CallLeaf &leaf : outputLeaves(fn)) {
      // A negative extent is refused by the entry, which says why; it needs no memory.
      Shape shape = roomFor(*leaf.type).value_or(Shape{0});
      for (int64_t &length : shape)
        length = std::max<int64_t>(length, 0);
      auto count = reference::elementCount(shape);
      if (!count)
        return refuse(exitProgram, "the result " + describe(leaf) + dimsText() + " is too large");
      out.results.emplace_back(leaf.type->scalar, shape);
    }
    return exitDone;
  }

  const FnDecl &fn;
  const facts::Facts &facts;
  CallValues &out;
  std::vector<CallLeaf> leaves;
  std::map<std::string, std::string> given;
  std::map<facts::Symbol, int64_t> values;
  std::set<facts::Symbol> foundSymbols;
};

} // namespace

ExitCode readArguments(const FnDecl &fn, const facts::Facts &facts,
                       const std::vector<std::string> &assignments, CallValues &out) {
  return Reader(fn, facts, out).read(assignments);
}

} // namespace texpr

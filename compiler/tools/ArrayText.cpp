// Prints an array as NumPy does: brackets by axis, columns of one width, an ellipsis where it is long.
//
//   [[0.09003057 0.24472848  0.6652409]
//    [       1.0        2.0        3.0]]
//
// Floats have the fewest digits that read back as the same value, at most 8 in an array of f64. A float always shows
// that it is one (`1.0`, `1e+20`).
#include "compiler/tools/ArrayText.h"
#include "llvm/ADT/StringRef.h"
#include <charconv>
#include <cmath>
#include <cstdio>

namespace texpr {

using reference::Array;
using reference::Scalar;

namespace {
constexpr int64_t kLong = 1000, kEdge = 3;
constexpr size_t kColumns = 78;

/// The fewest digits that read back as the same value.
std::string roundTrip(Scalar s) {
  char text[64];
  auto x = static_cast<double>(reference::real(s));
  if (s.kind == ScalarKind::F64)
    return std::string(text, std::to_chars(text, text + sizeof text, x).ptr);
  if (s.kind == ScalarKind::F32 || !std::isfinite(x))
    return std::string(text, std::to_chars(text, text + sizeof text, static_cast<float>(x)).ptr);
  for (int digits = 1;; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, x);
    if (digits == 9 || reference::literal(s.kind, text) == s)
      return text;
  }
}

std::string floatText(Scalar s, bool isAlone) {
  std::string out = roundTrip(s);
  if (s.kind == ScalarKind::F64 && !isAlone) {
    char text[64];
    std::snprintf(text, sizeof text, "%.8g", static_cast<double>(reference::real(s)));
    if (std::string_view(text).size() < out.size())
      out = text;
  }
  return out.find_first_of(".en") == std::string::npos ? out + ".0" : out;
}

std::string elementText(Scalar s, bool isAlone) {
  if (s.kind == ScalarKind::Bool)
    return reference::truth(s) ? "true" : "false";
  if (isFloat(s.kind))
    return std::isnan(static_cast<double>(reference::real(s))) ? "nan" : floatText(s, isAlone);
  return isSigned(s.kind) ? std::to_string(reference::toInt(s))
                          : std::to_string(reference::toUnsigned(s));
}

class Printer {
public:
  explicit Printer(const Array &a) : a(a), isShort(a.count() <= kLong) {}

  std::string print() {
    visit(0, 0, [&](int64_t i) { width = std::max(width, elementText(a.get(i), false).size()); });
    nest(0, 0);
    return std::move(out);
  }

private:
  /// The first index after the gap of an axis, where it has one.
  std::pair<int64_t, int64_t> gap(size_t axis) const {
    int64_t n = a.shape[axis];
    return isShort || n <= 2 * kEdge ? std::pair<int64_t, int64_t>(n, n)
                                     : std::pair<int64_t, int64_t>(kEdge, n - kEdge);
  }

  template <typename F> void visit(size_t axis, int64_t base, F &&f) {
    if (axis == a.shape.size())
      return f(base);
    auto [from, to] = gap(axis);
    for (int64_t i = 0; i < a.shape[axis]; i = i + 1 == from ? std::max(to, i + 1) : i + 1)
      visit(axis + 1, base * a.shape[axis] + i, f);
  }

  void nest(size_t axis, int64_t base) {
    out += '[';
    size_t column = axis + 1;
    bool isRow = axis + 1 == a.shape.size();
    auto separate = [&](size_t next) {
      bool breaks = !isRow || column + 1 + next > kColumns;
      out += breaks ? "\n" + std::string(axis + 1, ' ') : " ";
      column = breaks ? axis + 1 : column + 1;
    };
    auto [from, to] = gap(axis);
    for (int64_t i = 0; i < a.shape[axis]; ++i) {
      if (i)
        separate(width);
      if (i == from && from < to) {
        out += "...";
        column += 3;
        i = to - 1;
        continue;
      }
      if (!isRow) {
        nest(axis + 1, base * a.shape[axis] + i);
        continue;
      }
      std::string text = elementText(a.get(base * a.shape[axis] + i), false);
      out += std::string(width - text.size(), ' ') + text;
      column += width;
    }
    out += ']';
  }

  const Array &a;
  bool isShort;
  size_t width = 0;
  std::string out;
};
} // namespace

std::string typeText(const Array &a) {
  return spelling(a.kind) + (a.shape.empty() ? std::string() : reference::describe(a.shape));
}

std::string arrayText(const Array &a) {
  if (a.shape.empty())
    return elementText(a.get(0), true);
  return a.count() == 0 ? "[]" : Printer(a).print();
}

} // namespace texpr

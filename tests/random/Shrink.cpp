// Shrinking works on the text: the checker throws out what is no program any more, so no tree is
// needed.
//
// In: a text and a test. Out: a smaller text for which the test holds. Candidates, largest first:
// whole statements, ops and functions without their text, a bracketed part replaced by a part of
// it, by a literal or by nothing, a number by 0 or 1.
#include "tests/random/Shrink.h"
#include <algorithm>
#include <chrono>
#include <vector>

namespace texpr::random {

namespace {

struct Span {
  size_t begin, end;
};

char closing(char c) { return c == '(' ? ')' : c == '[' ? ']' : '}'; }

/// Every bracketed part, brackets included.
std::vector<Span> brackets(const std::string &text) {
  std::vector<Span> spans;
  std::vector<size_t> open;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(' || text[i] == '[' || text[i] == '{')
      open.push_back(i);
    else if (!open.empty() && text[i] == closing(text[open.back()])) {
      spans.push_back({open.back(), i + 1});
      open.pop_back();
    }
  }
  return spans;
}

/// From the start of a line, or from after `{` or `;`, to the end of a statement or declaration.
std::vector<Span> statements(const std::string &text) {
  std::vector<Span> spans;
  for (size_t begin = 0; begin < text.size(); ++begin) {
    if (begin != 0 && text[begin - 1] != '\n' && text[begin - 1] != '{' && text[begin - 1] != ';')
      continue;
    int depth = 0;
    for (size_t i = begin; i < text.size() && depth >= 0; ++i) {
      depth += text[i] == '(' || text[i] == '[' || text[i] == '{';
      depth -= text[i] == ')' || text[i] == ']' || text[i] == '}';
      if (depth == 0 && (text[i] == ';' || text[i] == '}'))
        spans.push_back({begin, i + 1});
      if (depth == 0 && text[i] == ';')
        break;
    }
  }
  return spans;
}

/// The parts of a comma list inside brackets, with the comma before or after.
std::vector<Span> listParts(const std::string &text, Span bracket) {
  std::vector<Span> parts;
  size_t begin = bracket.begin + 1;
  int depth = 0;
  for (size_t i = bracket.begin + 1; i < bracket.end; ++i) {
    if (depth == 0 && (text[i] == ',' || i + 1 == bracket.end)) {
      parts.push_back({begin, i});
      begin = i + 1;
    }
    depth += text[i] == '(' || text[i] == '[' || text[i] == '{';
    depth -= text[i] == ')' || text[i] == ']' || text[i] == '}';
  }
  return parts;
}

std::string replaced(const std::string &text, Span s, const std::string &by) {
  return text.substr(0, s.begin) + by + text.substr(s.end);
}

std::vector<std::string> candidates(const std::string &text) {
  std::vector<std::string> out;
  for (Span s : statements(text))
    out.push_back(replaced(text, s, ""));
  const std::vector<Span> all = brackets(text);
  for (Span s : all) {
    const std::vector<Span> parts = listParts(text, s);
    for (size_t p = 0; p < parts.size() && parts.size() > 1; ++p)
      out.push_back(replaced(
          text, p ? Span{parts[p].begin - 1, parts[p].end} : Span{parts[p].begin, parts[p].end + 1},
          ""));
    if (text[s.begin] == '[')
      continue;
    // The name before a call goes with its arguments; a `{` stays where it is.
    size_t head = s.begin;
    while (text[s.begin] == '(' && head > 0 && (isalnum(text[head - 1]) || text[head - 1] == '_'))
      --head;
    for (const char *by : {"0", "1.0", "true", "f16(1.0)", "f64(1.0)", "bf16(1.0)"})
      out.push_back(
          replaced(text, {head, s.end}, text[s.begin] == '{' ? "{ " + std::string(by) + " }" : by));
    for (Span inner : all)
      if (inner.begin > s.begin && inner.end < s.end && text[inner.begin] == text[s.begin])
        out.push_back(
            replaced(text, {head, s.end}, text.substr(inner.begin, inner.end - inner.begin)));
    for (Span part : parts)
      out.push_back(replaced(text, {head, s.end},
                             "(" + text.substr(part.begin, part.end - part.begin) + ")"));
    for (const char *op : {" + ", " - ", " * ", " / ", " && ", " || ", " < ", " == "})
      for (size_t at = text.find(op, s.begin); at < s.end; at = text.find(op, at + 1)) {
        out.push_back(replaced(text, {at, s.end - 1}, ""));
        out.push_back(replaced(text, {s.begin + 1, at + std::string(op).size()}, ""));
      }
  }
  // Shortest first: a big step that works saves many small ones.
  std::sort(out.begin(), out.end(),
            [](auto &a, auto &b) { return a.size() != b.size() ? a.size() < b.size() : a < b; });
  return out;
}

} // namespace

std::string shrink(std::string text, const std::function<bool(const std::string &)> &fails,
                   unsigned seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  for (bool changed = true; changed;) {
    changed = false;
    for (const std::string &candidate : candidates(text)) {
      if (std::chrono::steady_clock::now() > end)
        return text;
      if (candidate.size() < text.size() && fails(candidate)) {
        text = candidate;
        changed = true;
        break;
      }
    }
  }
  return text;
}

} // namespace texpr::random

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

/// A result goes from the declaration and from the tuple that ends the body.
std::vector<std::string> withoutResults(const std::string &text) {
  std::vector<std::string> out;
  const size_t arrow = text.rfind("-> (r0:");
  const size_t end = text.find_last_of(')');
  if (arrow == std::string::npos || end == std::string::npos)
    return out;
  Span declared{}, values{};
  for (Span s : brackets(text)) {
    if (s.begin == arrow + 3)
      declared = s;
    if (s.end == end + 1)
      values = s;
  }
  const std::vector<Span> d = listParts(text, declared), v = listParts(text, values);
  for (size_t r = 0; d.size() > 1 && d.size() == v.size() && r < d.size(); ++r) {
    const size_t comma = r ? 1 : 0; // before it, or after the first
    std::string t = replaced(text, {v[r].begin - comma, v[r].end + 1 - comma}, "");
    t = replaced(t, {d[r].begin - comma, d[r].end + 1 - comma}, "");
    // The first result is found by its name.
    if (r == 0)
      t.replace(t.find(text.substr(d[1].begin + 1, 3), arrow), 3, "r0:");
    out.push_back(t);
  }
  return out;
}

std::vector<std::string> withoutStatements(const std::string &text) {
  std::vector<std::string> out;
  for (Span s : statements(text))
    out.push_back(replaced(text, s, ""));
  return out;
}

/// Parts of lists: parameters, facts, axes with their binders.
std::vector<std::string> withoutListParts(const std::string &text) {
  std::vector<std::string> out;
  for (Span s : brackets(text)) {
    const std::vector<Span> parts = listParts(text, s);
    for (size_t p = 0; p < parts.size() && parts.size() > 1; ++p)
      out.push_back(replaced(
          text, p ? Span{parts[p].begin - 1, parts[p].end} : Span{parts[p].begin, parts[p].end + 1},
          ""));
  }
  return out;
}

/// A bracketed part, with the name of what is called before it, becomes a part of itself or a literal.
std::vector<std::string> simplified(const std::string &text) {
  std::vector<std::string> out;
  const std::vector<Span> all = brackets(text);
  for (Span s : all) {
    if (text[s.begin] == '[')
      continue;
    size_t head = s.begin;
    while (text[s.begin] == '(' && head > 0 && (isalnum(text[head - 1]) || text[head - 1] == '_'))
      --head;
    const bool isBlock = text[s.begin] == '{'; // stays one
    for (const char *by :
         {"0", "1.0", "true", "i8(1)", "i32(1)", "f64(1.0)", "f16(1.0)", "bf16(1.0)"})
      out.push_back(replaced(text, {head, s.end}, isBlock ? "{ " + std::string(by) + " }" : by));
    for (Span inner : all)
      if (inner.begin > s.begin && inner.end < s.end && text[inner.begin] == text[s.begin])
        out.push_back(
            replaced(text, {head, s.end}, text.substr(inner.begin, inner.end - inner.begin)));
    for (Span part : listParts(text, s))
      if (!isBlock)
        out.push_back(replaced(text, {head, s.end},
                               "(" + text.substr(part.begin, part.end - part.begin) + ")"));
    for (const char *op :
         {" + ", " - ", " * ", " / ", " % ", " && ", " || ", " < ", " == ", " else "})
      for (size_t at = text.find(op, s.begin); at < s.end; at = text.find(op, at + 1)) {
        out.push_back(replaced(text, {at, s.end - 1}, ""));
        out.push_back(replaced(text, {s.begin + 1, at + std::string(op).size()}, ""));
      }
  }
  return out;
}

} // namespace

std::string shrink(std::string text, const std::function<bool(const std::string &)> &fails,
                   unsigned seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  using Step = std::vector<std::string> (*)(const std::string &);
  for (bool changed = true; changed;) {
    changed = false;
    for (Step step : {withoutResults, withoutStatements, withoutListParts, simplified}) {
      std::vector<std::string> candidates = step(text);
      // What came before the place of a success has failed: go on from there.
      for (size_t at = 0; at < candidates.size();) {
        if (std::chrono::steady_clock::now() > end)
          return text;
        if (candidates[at].size() >= text.size() || !fails(candidates[at])) {
          ++at;
          continue;
        }
        text = candidates[at];
        changed = true;
        candidates = step(text);
      }
    }
  }
  return text;
}

} // namespace texpr::random

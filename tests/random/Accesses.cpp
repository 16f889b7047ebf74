// Elements of tensors by indices that the checker can prove, or under a guard.
//
// In: a tensor and the indices in scope with their bounds. Out: `x[i, 2 * j + 1]`, `t[ids[i], j]`,
// `(x[i - 1] else 0.0)`,
// `(if i + 3 < n { x[i + 3] } else { 0.0 })`.
#include "tests/random/Writer.h"

namespace texpr::random {

using Kind = Extent::Kind;

/// An index that some tensor of checked indices provides for an axis of length `axis`.
std::optional<std::string> Writer::gatherIndex(const Extent &axis) {
  for (const Tensor &t : tensorsInScope) {
    if (!t.range || t.isSwitch || !(*t.range == axis))
      continue;
    for (const Index &i : indicesInScope)
      if (i.bound == t.shape[0])
        return t.name + "[" + i.name + "]";
  }
  return std::nullopt;
}

std::optional<std::string> Writer::safeIndex(const Extent &axis) {
  if (axis.kind == Kind::Constant)
    return std::to_string(dice.below(axis.constant));
  std::vector<std::string> found;
  if (auto gathered = gatherIndex(axis))
    found.push_back(*gathered);
  for (const Index &i : indicesInScope) {
    if (i.bound == axis) {
      found.insert(found.end(), 3, i.name);
      found.push_back(axis.text() + " - 1 - " + i.name);
      found.push_back("min(" + i.name + " + 1, " + axis.text() + " - 1)");
      found.push_back("max(" + i.name + " - 1, 0)");
      if (axis.kind == Kind::Name)
        found.push_back("(" + i.name + " + " + std::to_string(1 + dice.below(3)) + ") % " + axis.a);
      found.push_back(i.name + " / 2");
    }
    if (i.bound.kind != Kind::Name || i.bound.a != axis.a)
      continue;
    if (axis.kind == Kind::PlusOne)
      found.insert(found.end(), {i.name, i.name + " + 1"});
    if (axis.kind == Kind::PlusTwo)
      found.insert(found.end(), {i.name, i.name + " + 1", i.name + " + 2"});
    if (axis.kind == Kind::Twice)
      found.insert(found.end(), {"2 * " + i.name, "2 * " + i.name + " + 1", i.name});
    if (axis.kind == Kind::Product)
      for (const Index &j : indicesInScope)
        if (j.bound.kind == Kind::Name && j.bound.a == axis.b)
          found.push_back(i.name + " * " + axis.b + " + " + j.name);
  }
  if (axis.kind == Kind::PlusOne || axis.kind == Kind::PlusTwo)
    found.push_back(dice.percent(50) ? "0" : axis.a);
  if (found.empty())
    return std::nullopt;
  return dice.pick(found);
}

/// An index of which nothing is known.
std::string Writer::anyIndex() {
  std::string base =
      indicesInScope.empty() || dice.percent(10) ? dice.pick(dims) : dice.pick(indicesInScope).name;
  static const std::vector<std::string> around = {" - 1", " + 1", " - 2", " * 2", " / 2", ""};
  return base + dice.pick(around);
}

/// Any index, with an alternative.
std::string Writer::wildAccess(const Tensor &t) {
  std::string text = t.name + "[";
  for (size_t axis = 0; axis < t.shape.size(); ++axis) {
    auto safe = dice.percent(60) ? safeIndex(t.shape[axis]) : std::nullopt;
    text += (axis ? ", " : "") + (safe ? *safe : anyIndex());
  }
  return "(" + text + "] else " + literal(t.kind).text + ")";
}

std::string Writer::access(const Tensor &t) {
  if (t.shape.empty())
    return t.name;
  std::string text = t.name + "[";
  for (size_t axis = 0; axis < t.shape.size(); ++axis) {
    auto safe = safeIndex(t.shape[axis]);
    if (!safe)
      return wildAccess(t);
    text += (axis ? ", " : "") + *safe;
  }
  return dice.percent(8) ? wildAccess(t) : text + "]";
}

/// An access of a vector under an `if` that keeps it inside.
std::optional<Piece> Writer::guardedAccess(ScalarKind k) {
  for (const Tensor &t : tensorsInScope) {
    if (t.kind != k || t.shape.size() != 1)
      continue;
    for (const Index &i : indicesInScope) {
      const std::string at = i.name + " + " + std::to_string(1 + dice.below(3));
      const std::string other = literal(k).text;
      return Piece{"(if " + at + " < " + t.shape[0].text() + " { " + t.name + "[" + at +
                       "] } else { " + other + " })",
                   t.bits};
    }
  }
  return std::nullopt;
}

} // namespace texpr::random

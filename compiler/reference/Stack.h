// How the forms put values together: behind each other as tensors, and whether their order can matter.
//
// Stack: values of one structure become the elements of tensors of shape `outer ++ shape(value)`.
// OrderCheck: whether a sum or product has the same bits in every order.
#pragma once
#include "compiler/reference/Math.h"
#include "compiler/reference/Value.h"
#include <bit>
#include <cmath>

namespace texpr::reference {

/// Puts values of one structure behind each other as the elements of tensors of shape `outer ++
/// shape(value)`.
class Stack {
public:
  explicit Stack(Shape outer) : outer(std::move(outer)) {}
  /// False where `v` is not of the structure of the first value.
  bool push(const Value &v) {
    if (count++ == 0)
      open(v);
    size_t leaf = 0;
    return append(v, leaf) && leaf == arrays.size();
  }
  /// The tensors, with the tuples of `like`.
  Value take(const Value &like) {
    size_t leaf = 0;
    return build(like, leaf);
  }

private:
  void open(const Value &v) {
    std::vector<const Value *> leaves;
    v.leaves(leaves);
    for (const Value *leaf : leaves) {
      Array a;
      a.kind = leaf->scalarKind();
      a.shape = outer;
      a.shape.insert(a.shape.end(), leaf->shape().begin(), leaf->shape().end());
      arrays.push_back(std::move(a));
      inner.push_back(leaf->shape());
    }
  }
  bool append(const Value &v, size_t &leaf) {
    if (v.isTuple()) {
      for (const Value &part : v.parts())
        if (!append(part, leaf))
          return false;
      return true;
    }
    if (leaf == arrays.size() || v.scalarKind() != arrays[leaf].kind || v.shape() != inner[leaf])
      return false;
    std::vector<uint8_t> &bytes = arrays[leaf++].bytes;
    if (v.isTensor()) {
      bytes.insert(bytes.end(), v.tensor().bytes.begin(), v.tensor().bytes.end());
      return true;
    }
    for (size_t b = 0; b < byteSize(v.scalarKind()); ++b)
      bytes.push_back(static_cast<uint8_t>(v.scalar().bits >> (8 * b)));
    return true;
  }
  Value build(const Value &like, size_t &leaf) {
    if (!like.isTuple())
      return std::move(arrays[leaf++]);
    std::vector<Value> parts;
    for (const Value &part : like.parts())
      parts.push_back(build(part, leaf));
    return Value::tuple(std::move(parts));
  }

  Shape outer;
  size_t count = 0;
  std::vector<Array> arrays;
  std::vector<Shape> inner;
};

/// Whether a sum or product has the same bits in every order: for each scalar of the terms, all
/// partial results must fit the significand.
class OrderCheck {
public:
  explicit OrderCheck(Combiner c) : combiner(c) {}
  void add(const Value &term) {
    size_t at = 0;
    add(term, at);
  }
  bool isExact() const {
    for (const Track &t : tracks)
      if (!isExact(t))
        return false;
    return true;
  }

private:
  struct Track {
    ScalarKind kind;
    long double sum = 0;          // of magnitudes
    int lowest = 100000;          // exponent of the lowest bit of any term
    int width = 0, magnitude = 0; // of a product: bits of significands, exponents
  };
  void add(const Value &v, size_t &at) {
    if (v.isTuple())
      for (const Value &part : v.parts())
        add(part, at);
    else if (v.isScalar())
      add(v.scalar(), at++);
    else
      for (int64_t i = 0; i < v.tensor().count(); ++i)
        add(v.tensor().get(i), at++);
  }
  void add(Scalar s, size_t at) {
    if (at == tracks.size())
      tracks.push_back({s.kind});
    const long double x = isFloat(s.kind) ? std::fabs(real(s)) : 0;
    if (x == 0 || !std::isfinite(x))
      return;
    int exponent;
    auto significand = static_cast<uint64_t>(std::ldexp(std::frexp(x, &exponent), 64));
    const int width = 64 - std::countr_zero(significand);
    Track &t = tracks[at];
    t.sum += x;
    t.lowest = std::min(t.lowest, exponent - width);
    t.width += width;
    t.magnitude += std::abs(exponent) + 1;
  }
  bool isExact(const Track &t) const {
    if (!isFloat(t.kind))
      return true;
    const int precision = 1 - std::ilogb(real(constant(t.kind, "eps")));
    const int range = std::ilogb(real(constant(t.kind, "max")));
    if (combiner == Combiner::Mul)
      return t.width <= precision && t.magnitude < range - 2;
    return t.sum == 0 || (std::ilogb(t.sum) < std::min(t.lowest + precision, range));
  }

  Combiner combiner;
  std::vector<Track> tracks;
};

} // namespace texpr::reference

// A run-time value: a tree of tuples whose leaves are scalars or dense row-major tensors.
//
// A tensor of tuples is a tuple of tensors, as in Type.h. Values have value semantics: copies share
// their elements until one is written (`own`), so that `let z = t` is a snapshot and costs nothing.
#pragma once
#include "compiler/reference/Scalar.h"
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace texpr::reference {

using Shape = std::vector<int64_t>;
/// Number of elements; nothing where it or the bytes of any kind would not fit in 2^47.
std::optional<int64_t> elementCount(const Shape &shape);
std::string describe(const Shape &shape);

/// The elements of a tensor (or of a scalar buffer: an empty shape), as bytes in memory.
struct Array {
  ScalarKind kind = ScalarKind::F32;
  Shape shape;
  std::vector<uint8_t> bytes;
  /// For buffers: which elements were ever written. Empty: all.
  std::vector<bool> written;
  int64_t unwritten = 0;

  Array() = default;
  /// All zero.
  Array(ScalarKind kind, Shape shape);
  int64_t count() const { return static_cast<int64_t>(bytes.size() / byteSize(kind)); }
  Scalar get(int64_t i) const;
  void set(int64_t i, Scalar s);
  bool isWritten(int64_t i) const { return written.empty() || written[i]; }
  void markUnwritten();
  void markWritten() { written.clear(), unwritten = 0; }
};

class Value {
public:
  Value() = default; // an empty tuple
  Value(Scalar s) : kind(Kind::Scalar), single(s) {}
  Value(Array a) : kind(Kind::Tensor), array(std::make_shared<Array>(std::move(a))) {}
  static Value tuple(std::vector<Value> parts);

  bool isScalar() const { return kind == Kind::Scalar; }
  bool isTensor() const { return kind == Kind::Tensor; }
  bool isTuple() const { return kind == Kind::Tuple; }
  Scalar scalar() const { return single; }
  const Array &tensor() const { return *array; }
  /// The elements, for writing: copied first where another value shares them.
  Array &own();
  const std::vector<Value> &parts() const { return members; }
  std::vector<Value> &parts() { return members; }
  /// The scalars and tensors, left to right.
  void leaves(std::vector<const Value *> &out) const;
  /// Of a leaf.
  ScalarKind scalarKind() const { return isScalar() ? single.kind : array->kind; }
  const Shape &shape() const; // empty for a scalar
  bool isFullyWritten() const;
  /// Same structure, kinds, shapes and bits, but that any two NaNs are equal.
  bool sameAs(const Value &o) const;

  /// A total view: what stands outside of each leaf, a scalar; an empty tuple: a failure.
  const Value *outside() const { return beyond.get(); }
  void setOutside(const Value &v);
  void clearOutside();

private:
  enum class Kind : uint8_t { Scalar, Tensor, Tuple } kind = Kind::Tuple;
  Scalar single;
  std::shared_ptr<Array> array;
  std::vector<Value> members;
  std::shared_ptr<const Value> beyond;
};

/// `f` on every scalar of values of one structure; scalars spread over tensors. Tensors that differ
/// in shape: nothing.
std::optional<Value> mapScalars(const std::vector<Value> &args,
                                const std::function<Scalar(llvm::ArrayRef<Scalar>)> &f);

/// Calls `f(linear index)` for each element of the box of `shape`, in row-major order, with `at`
/// its coordinates.
void forEachElement(const Shape &shape, const std::function<void(const Shape &at)> &f);

/// Short text of a value, for messages: at most `limit` elements a leaf.
std::string describe(const Value &v, size_t limit = 16);

} // namespace texpr::reference

// Values: storage, sharing, and mapping a function of scalars over them.
//
// In and out: plain data. What must hold: `bytes` has exactly the elements of `shape`; an array
// that more than one value shares is never written (`own` copies it first).
#include "compiler/reference/Value.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

namespace texpr::reference {

std::optional<int64_t> elementCount(const Shape &shape) {
  constexpr int64_t limit = int64_t(1) << 44; // of the widest elements: 2^47 bytes
  int64_t count = 1;
  bool isEmpty = false;
  for (int64_t extent : shape) {
    if (extent < 0)
      return std::nullopt;
    isEmpty |= extent == 0;
    if (extent != 0 && count > limit / extent)
      count = limit + 1;
    else if (extent != 0)
      count *= extent;
  }
  if (isEmpty)
    return 0;
  return count > limit ? std::nullopt : std::optional(count);
}

std::string describe(const Shape &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

Array::Array(ScalarKind kind, Shape s) : kind(kind), shape(std::move(s)) {
  bytes.resize(elementCount(shape).value_or(0) * byteSize(kind));
}

Scalar Array::get(int64_t i) const {
  Scalar s{kind, 0};
  std::memcpy(&s.bits, &bytes[i * byteSize(kind)],
              byteSize(kind)); // little endian, as all our hosts
  return s;
}

void Array::set(int64_t i, Scalar s) {
  std::memcpy(&bytes[i * byteSize(kind)], &s.bits, byteSize(kind));
  if (!written.empty() && !written[i]) {
    written[i] = true;
    --unwritten;
  }
}

void Array::markUnwritten() {
  written.assign(count(), false);
  unwritten = count();
}

Value Value::tuple(std::vector<Value> parts) {
  Value v;
  v.members = std::move(parts);
  return v;
}

Array &Value::own() {
  if (array.use_count() > 1)
    array = std::make_shared<Array>(*array);
  return *array;
}

void Value::leaves(std::vector<const Value *> &out) const {
  if (!isTuple())
    return out.push_back(this);
  for (const Value &part : members)
    part.leaves(out);
}

void Value::setOutside(const Value &v) {
  const bool isFailure = v.isTuple() && v.parts().empty();
  beyond = isTuple() ? nullptr : std::make_shared<Value>(v);
  for (size_t p = 0; p < members.size(); ++p)
    members[p].setOutside(isFailure ? v : v.parts()[p]);
}

void Value::clearOutside() {
  beyond = nullptr;
  for (Value &part : members)
    part.clearOutside();
}

const Shape &Value::shape() const {
  static const Shape none;
  return isTensor() ? array->shape : none;
}

bool Value::isFullyWritten() const {
  std::vector<const Value *> all;
  leaves(all);
  for (const Value *leaf : all)
    if (leaf->isTensor() && leaf->tensor().unwritten != 0)
      return false;
  return true;
}

static bool sameScalar(Scalar a, Scalar b) { return a == b || (isNan(a) && isNan(b)); }

bool Value::sameAs(const Value &o) const {
  std::vector<const Value *> mine, theirs;
  leaves(mine);
  o.leaves(theirs);
  if (mine.size() != theirs.size())
    return false;
  for (size_t l = 0; l < mine.size(); ++l) {
    const Value &a = *mine[l], &b = *theirs[l];
    if (a.isScalar() != b.isScalar() || a.scalarKind() != b.scalarKind() || a.shape() != b.shape())
      return false;
    if (a.isScalar() && !sameScalar(a.scalar(), b.scalar()))
      return false;
    for (int64_t i = 0; a.isTensor() && i < a.tensor().count(); ++i)
      if (!sameScalar(a.tensor().get(i), b.tensor().get(i)))
        return false;
  }
  return true;
}

/// `mapScalars` on leaves: scalars, or tensors of one shape.
static std::optional<Value> mapLeaves(const std::vector<Value> &args,
                                      const std::function<Scalar(llvm::ArrayRef<Scalar>)> &f) {
  std::vector<Scalar> at(args.size());
  const Value *tensor = nullptr;
  for (size_t a = 0; a < args.size(); ++a) {
    if (args[a].isScalar())
      at[a] = args[a].scalar();
    else if (!tensor)
      tensor = &args[a];
    else if (tensor->shape() != args[a].shape())
      return std::nullopt;
  }
  if (!tensor)
    return Value(f(at));
  const int64_t count = tensor->tensor().count();
  Array result;
  result.shape = tensor->shape();
  for (int64_t i = 0; i < count; ++i) {
    for (size_t a = 0; a < args.size(); ++a)
      if (args[a].isTensor())
        at[a] = args[a].tensor().get(i);
    const Scalar s = f(at);
    if (i == 0) {
      result.kind = s.kind;
      result.bytes.resize(count * byteSize(s.kind));
    }
    result.set(i, s);
  }
  if (count == 0) { // the kind of the result is that of f on any operands
    for (size_t a = 0; a < args.size(); ++a)
      at[a] = Scalar{args[a].scalarKind(), 0};
    result.kind = f(at).kind;
  }
  return Value(std::move(result));
}

std::optional<Value> mapScalars(const std::vector<Value> &args,
                                const std::function<Scalar(llvm::ArrayRef<Scalar>)> &f) {
  const Value *tuple = nullptr;
  for (const Value &arg : args)
    if (arg.isTuple())
      tuple = &arg;
  if (!tuple)
    return mapLeaves(args, f);
  std::vector<Value> results;
  for (size_t p = 0; p < tuple->parts().size(); ++p) {
    std::vector<Value> part;
    for (const Value &arg : args) {
      if (arg.isTuple() && arg.parts().size() != tuple->parts().size())
        return std::nullopt;
      part.push_back(arg.isTuple() ? arg.parts()[p] : arg);
    }
    auto result = mapScalars(part, f);
    if (!result)
      return std::nullopt;
    results.push_back(std::move(*result));
  }
  return Value::tuple(std::move(results));
}

void forEachElement(const Shape &shape, const std::function<void(const Shape &at)> &f) {
  for (int64_t extent : shape)
    if (extent <= 0)
      return;
  Shape at(shape.size(), 0);
  while (true) {
    f(at);
    size_t axis = shape.size();
    while (axis > 0 && ++at[axis - 1] == shape[axis - 1])
      at[--axis] = 0;
    if (axis == 0)
      return;
  }
}

std::string describe(const Value &v, size_t limit) {
  if (v.isScalar())
    return describe(v.scalar());
  std::string text;
  if (v.isTuple()) {
    for (const Value &part : v.parts())
      text += (text.empty() ? "(" : ", ") + describe(part, limit);
    return text + ")";
  }
  const Array &a = v.tensor();
  text = std::string(spelling(a.kind)) + describe(a.shape) + " {";
  for (int64_t i = 0; i < a.count() && i < static_cast<int64_t>(limit); ++i)
    text += (i ? ", " : "") + describe(a.get(i)).substr(std::strlen(spelling(a.kind)) + 1);
  return text + (a.count() > static_cast<int64_t>(limit) ? ", …}" : "}");
}

} // namespace texpr::reference

// Elements, sub-tensors and slices, read and written.
//
// In: a value and evaluated indices. Out: the box of elements that they select, read (each, where
// an `else` covers the access and it lies outside, replaced by the alternative) or written. What
// must hold: an access that no `else` covers is inside its tensor, and an element of a buffer is
// written before it is read; the checker has proved both, so a violation is its bug, never
// undefined behaviour here.
#include "compiler/reference/Machine.h"

namespace texpr::reference {

Shape Region::shape() const {
  Shape shape;
  for (const Axis &axis : axes)
    if (axis.isKept)
      shape.push_back(axis.length);
  return shape;
}

static Region wholeRegion(const Shape &shape) {
  Region r;
  for (int64_t extent : shape)
    r.axes.push_back({0, extent, true});
  return r;
}

/// Calls `f` with the linear index of each element of `r` in a tensor of `shape`, or with nothing
/// where it lies outside.
static void forEachOf(const Region &r, const Shape &shape,
                      const std::function<void(std::optional<int64_t>)> &f) {
  Shape lengths;
  for (const Region::Axis &axis : r.axes)
    lengths.push_back(axis.length);
  forEachElement(lengths, [&](const Shape &at) {
    int64_t linear = 0;
    bool isInside = true;
    for (size_t a = 0; a < at.size(); ++a) {
      // The begin of an access under `else` is any i64: compared before it is added to.
      const int64_t begin = r.axes[a].begin;
      isInside &= begin > -(int64_t(1) << 60) && begin < int64_t(1) << 60 && begin + at[a] >= 0 &&
                  begin + at[a] < shape[a];
      linear = isInside ? linear * shape[a] + begin + at[a] : 0;
    }
    f(isInside ? std::optional(linear) : std::nullopt);
  });
}

/// The value of a name or a part of one without reading its elements: what is not written yet is no
/// fault so far.
Value Machine::operand(const Expr &e) {
  if (auto *field = llvm::dyn_cast<FieldExpr>(&e)) {
    Value base = operand(*field->base);
    if (!base.isTuple() || field->index >= base.parts().size())
      internal(e.range, "a part that its tuple does not have");
    return base.parts()[field->index];
  }
  auto *name = llvm::dyn_cast<NameExpr>(&e);
  if (!name || !name->decl)
    return eval(e);
  const Value *found = frame->find(*name->decl);
  if (!found)
    internal(e.range, "a name without a value: " + name->text);
  return *found;
}

/// `v` as a value to compute with: all of it is written, and a scalar buffer is its one element.
Value Machine::settled(const Value &v, SourceRange site) {
  if (!v.isFullyWritten())
    internal(site, "a read of a buffer that is not fully written");
  if (v.isTensor() && v.shape().empty())
    return v.tensor().get(0);
  if (!v.isTuple())
    return v;
  std::vector<Value> parts;
  for (const Value &part : v.parts())
    parts.push_back(settled(part, site));
  return Value::tuple(std::move(parts));
}

std::vector<Selection> Machine::selections(const IndexExpr &e) {
  std::vector<Selection> out;
  for (const IndexArg &arg : e.indices) {
    if (!arg.isSlice) {
      out.push_back({false, evalInt(*arg.index), std::nullopt, &arg});
      continue;
    }
    const int64_t begin = arg.lo ? evalInt(*arg.lo) : 0;
    out.push_back({true, begin, arg.hi ? std::optional(evalInt(*arg.hi)) : std::nullopt, &arg});
  }
  return out;
}

/// `by` applied to the kept axes of `r`. What nothing covers must lie inside.
Region Machine::narrowed(Region r, const std::vector<Selection> &by, bool isCovered) {
  size_t axis = 0;
  for (const Selection &s : by) {
    while (axis < r.axes.size() && !r.axes[axis].isKept)
      ++axis;
    if (axis == r.axes.size())
      internal(s.source->range, "more indices than axes");
    Region::Axis &a = r.axes[axis++];
    const int64_t end = s.isSlice ? s.end.value_or(a.length) : s.begin;
    const bool isInside = s.isSlice ? 0 <= s.begin && s.begin <= end && end <= a.length
                                    : 0 <= s.begin && s.begin < a.length;
    if (!isInside && !isCovered) {
      const bool isVerified =
          s.source->bounds == Bounds::Verified || s.source->bounds == Bounds::Fail;
      fail(isVerified ? Failure::Kind::Data : Failure::Kind::Internal, s.source->range,
           std::string(isVerified ? "" : "the checker let through ") + "index " +
               std::to_string(s.begin) + (s.isSlice ? ".." + std::to_string(end) : "") +
               " of an axis of length " + std::to_string(a.length));
    }
    const int64_t length = !s.isSlice ? 1 : s.begin < end ? end - s.begin : 0;
    a = {s.begin + a.begin, length, s.isSlice};
  }
  return r;
}

/// `outside` gives what an element is that lies outside; where it is empty, a total view knows.
Value Machine::readLeaf(const Value &leaf, const std::vector<Selection> &by, SourceRange site,
                        const std::function<Value()> &outside) {
  if (!leaf.isTensor())
    internal(site, "an index of a scalar");
  const Array &from = leaf.tensor();
  const Region r = narrowed(wholeRegion(from.shape), by, outside || leaf.outside());
  Array result(from.kind, r.shape());
  int64_t at = 0;
  forEachOf(r, from.shape, [&](std::optional<int64_t> i) {
    if (i && !from.isWritten(*i))
      internal(site, "a read of an element that is not written");
    if (i)
      return result.set(at++, from.get(*i));
    const Value other = outside ? outside() : *leaf.outside();
    if (other.isTuple()) {
      report(site, "an index is outside", r.shape().empty() ? frame->iteration : at);
      result.set(at++, Scalar{from.kind, 0});
      return;
    }
    result.set(at, other.isScalar() ? other.scalar() : other.tensor().get(at));
    ++at;
  });
  if (result.shape.empty())
    return result.get(0);
  return result;
}

Value Machine::indexParts(const Value &v, const std::vector<Selection> &by, SourceRange site,
                          const std::function<Value()> &outside) {
  if (!v.isTuple())
    return readLeaf(v, by, site, outside);
  std::vector<Value> parts;
  for (size_t p = 0; p < v.parts().size(); ++p) {
    std::function<Value()> part;
    if (outside)
      part = [&] {
        const Value other = outside();
        return other.isTuple() && !other.parts().empty() ? other.parts()[p] : other;
      };
    parts.push_back(indexParts(v.parts()[p], by, site, part));
  }
  return Value::tuple(std::move(parts));
}

Value Machine::index(const IndexExpr &e) {
  return indexParts(operand(*e.base), selections(e), e.range, nullptr);
}

/// `x[…] else v`, where v is evaluated only if it is needed; `x[…] else fail`; or a total view.
Value Machine::otherwise(const ElseExpr &e) {
  auto *access = llvm::dyn_cast<IndexExpr>(e.access.get());
  if (!access) {
    Value view = eval(*e.access);
    view.setOutside(e.alternative ? eval(*e.alternative) : Value());
    return view;
  }
  std::optional<Value> other;
  return indexParts(operand(*access->base), selections(*access), access->range, [&] {
    if (!other)
      other = e.alternative ? eval(*e.alternative) : Value();
    return *other;
  });
}

/// The buffer or part of one that `e` stores to, and the indices on the way to it.
Value *Machine::place(const Expr &e, std::vector<std::vector<Selection>> &path) {
  if (auto *access = llvm::dyn_cast<IndexExpr>(&e)) {
    Value *base = place(*access->base, path);
    path.push_back(selections(*access));
    return base;
  }
  if (auto *field = llvm::dyn_cast<FieldExpr>(&e))
    return &place(*field->base, path)->parts()[field->index];
  auto *name = llvm::dyn_cast<NameExpr>(&e);
  Value *found = name && name->decl ? frame->find(*name->decl) : nullptr;
  if (!found)
    internal(e.range, "a store to what is no buffer");
  return found;
}

static Scalar assigned(AssignOp op, Scalar old, Scalar v) {
  switch (op) {
  case AssignOp::Set:
    return v;
  case AssignOp::Add:
    return binary(BinaryOp::Add, old, v);
  case AssignOp::Sub:
    return binary(BinaryOp::Sub, old, v);
  case AssignOp::Mul:
    return binary(BinaryOp::Mul, old, v);
  case AssignOp::Div:
    return binary(BinaryOp::Div, old, v);
  case AssignOp::BitAnd:
  case AssignOp::And:
    return binary(BinaryOp::BitAnd, old, v);
  case AssignOp::BitOr:
  case AssignOp::Or:
    return binary(BinaryOp::BitOr, old, v);
  case AssignOp::BitXor:
  case AssignOp::Xor:
    return binary(BinaryOp::BitXor, old, v);
  case AssignOp::Max:
    return combine(Combiner::Max, old, v);
  case AssignOp::Min:
    return combine(Combiner::Min, old, v);
  }
  return v;
}

/// Stores `v` into the elements that `path` selects of each leaf of `into`; a scalar spreads.
void Machine::store(Value &into, const std::vector<std::vector<Selection>> &path, AssignOp op,
                    const Value &v, SourceRange site) {
  if (into.isTuple()) {
    for (size_t p = 0; p < into.parts().size(); ++p)
      store(into.parts()[p], path, op, v.isTuple() ? v.parts()[p] : v, site);
    return;
  }
  Region r = wholeRegion(into.shape());
  for (const std::vector<Selection> &by : path)
    r = narrowed(r, by, false);
  if (v.isTuple() || v.scalarKind() != into.scalarKind() ||
      (!v.isScalar() && v.shape() != r.shape()))
    internal(site, "a store of a value that does not fit its place");
  Array &to = into.own();
  int64_t at = 0;
  forEachOf(r, to.shape, [&](std::optional<int64_t> i) {
    const Scalar s = v.isScalar() ? v.scalar() : v.tensor().get(at++);
    if (op != AssignOp::Set && !to.isWritten(*i))
      internal(site, "an update of an element that is not written");
    to.set(*i, op == AssignOp::Set ? s : assigned(op, to.get(*i), s));
  });
}

} // namespace texpr::reference

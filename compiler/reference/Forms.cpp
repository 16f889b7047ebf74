// The forms: compute, reduce, for, and a list as the tensor that it writes out.
//
// In: a domain, binders and a body. Out: the body's values stacked (compute, list) or combined
// (reduce, in index order). A form that runs zero times takes its inner shape from the checker's
// type; every other shape is that of the values.
#include "compiler/reference/Machine.h"
#include "compiler/reference/Stack.h"
#include "compiler/source/Walk.h"

namespace texpr::reference {

/// Whether the bounds of an axis use one of the binders.
static bool uses(const texpr::Axis &axis, llvm::ArrayRef<std::unique_ptr<Decl>> binders) {
  bool found = false;
  Walker walker{[&](Expr &e) {
                  if (auto *name = llvm::dyn_cast<NameExpr>(&e))
                    found |=
                        llvm::any_of(binders, [&](const auto &d) { return d.get() == name->decl; });
                },
                nullptr};
  for (Expr *end : {axis.lo.get(), axis.hi.get()})
    if (end)
      walker.expr(end);
  return found;
}

/// Runs `body` for each point of the domain, in order. Bounds may depend on earlier binders. The number of an
/// iteration is its place, row-major, in the box of the last axes whose bounds do not depend on each other: the box
/// of their upper bounds, or, of a form whose value is a tensor over its domain, of their lengths.
void Machine::forDomain(const std::vector<texpr::Axis> &domain, const Binders &binders,
                        const std::function<void()> &body, bool isBox) {
  size_t first = 0; // of the last axes
  for (size_t axis = 1; axis < domain.size(); ++axis)
    if (uses(domain[axis], llvm::ArrayRef(binders).slice(first, axis - first)))
      first = axis;
  const int64_t around = frame->iteration;
  std::function<void(size_t, int64_t)> run = [&](size_t axis, int64_t place) {
    if (axis == domain.size()) {
      frame->iteration = place;
      return body();
    }
    const int64_t lo = lowerBound(domain[axis]), hi = evalInt(*domain[axis].hi);
    const int64_t from = isBox ? lo : 0;
    for (int64_t i = lo; i < hi; ++i) {
      spend(domain[axis].range);
      bind(*binders[axis], indexScalar(i));
      run(axis + 1, (axis > first ? place * (hi - from) : 0) + i - from);
    }
  };
  run(0, 0);
  frame->iteration = around;
}

Value Machine::filled(const Type &t, SourceRange site, const std::function<Scalar(ScalarKind)> &f) {
  if (t.isTuple()) {
    std::vector<Value> parts;
    for (const Type &part : t.parts)
      parts.push_back(filled(part, site, f));
    return Value::tuple(std::move(parts));
  }
  if (t.isScalar())
    return f(t.scalar);
  Shape shape;
  for (const facts::Expr &extent : t.shape) {
    const auto length = evaluate(extent);
    if (!length)
      internal(site, "a shape that is not known outside of its form");
    shape.push_back(std::max<int64_t>(*length, 0));
  }
  Array a(t.scalar, std::move(shape));
  for (int64_t i = 0; i < a.count(); ++i)
    a.set(i, f(t.scalar));
  return a;
}

Value Machine::list(const ListExpr &e) {
  Stack stack({static_cast<int64_t>(e.elements.size())});
  Value first;
  for (const ExprPtr &element : e.elements) {
    const Value v = eval(*element);
    if (&element == &e.elements.front())
      first = v;
    if (!stack.push(v))
      internal(e.range, "a list of unlike elements");
  }
  return stack.take(first);
}

Value Machine::compute(const ComputeExpr &e) {
  Shape extents;
  for (const texpr::Axis &axis : e.domain)
    extents.push_back(std::max<int64_t>(evalInt(*axis.hi) - lowerBound(axis), 0));
  if (!elementCount(extents))
    internal(e.range, "a compute of more than 2^47 bytes");
  if (*elementCount(extents) == 0)
    return filled(e.type, e.range, [](ScalarKind k) { return Scalar{k, 0}; });
  Stack stack(extents);
  std::optional<Value> first;
  forDomain(
      e.domain, e.binders,
      [&] {
        const Value v = block(*e.body);
        if (!first)
          first = v;
        if (!stack.push(v))
          internal(e.range, "a compute whose elements differ in shape");
      },
      /*isBox=*/true);
  return stack.take(*first);
}

/// The `i`-th elements of the tensors among the leaves of `v`; its scalars as they are.
static Value elementOf(const Value &v, int64_t i) {
  if (v.isScalar())
    return v;
  if (v.isTensor())
    return v.tensor().get(i);
  std::vector<Value> parts;
  for (const Value &part : v.parts())
    parts.push_back(elementOf(part, i));
  return Value::tuple(std::move(parts));
}

static Value zeros(const Type &t, const Shape &shape) {
  if (t.isLeaf())
    return Array(t.scalar, shape);
  std::vector<Value> parts;
  for (const Type &part : t.parts)
    parts.push_back(zeros(part, shape));
  return Value::tuple(std::move(parts));
}

/// `f` on values whose leaves are scalars or tensors of one shape: element by element, where there
/// is a tensor.
Value Machine::eachElement(const std::vector<Value> &args, const Type &result, SourceRange site,
                           const std::function<Value(std::vector<Value>)> &f) {
  std::vector<const Value *> leaves;
  for (const Value &arg : args)
    arg.leaves(leaves);
  const Value *tensor = nullptr;
  for (const Value *leaf : leaves) {
    if (leaf->isTensor() && !tensor)
      tensor = leaf;
    if (leaf->isTensor() && leaf->shape() != tensor->shape())
      internal(site, "operands of different shapes");
  }
  if (!tensor)
    return f(args);
  const int64_t count = tensor->tensor().count();
  if (count == 0)
    return zeros(result, tensor->shape());
  Stack stack(tensor->shape());
  Value first;
  for (int64_t i = 0; i < count; ++i) {
    std::vector<Value> at;
    for (const Value &arg : args)
      at.push_back(elementOf(arg, i));
    const Value v = f(std::move(at));
    if (i == 0)
      first = v;
    if (!stack.push(v))
      internal(site, "elements that differ in structure");
  }
  return stack.take(first);
}

/// `a op b`, values of type `t`: element by element where they are tensors.
Value Machine::combineValues(const CombineOp &op, const Type &t, SourceRange site, const Value &a,
                             const Value &b) {
  if (op.op)
    return eachElement({a, b}, t, site,
                       [&](std::vector<Value> at) { return applyOp(*op.op, at[0], at[1]); });
  const Combiner c = *findCombiner(op.name.text);
  return map({a, b}, site, [&](llvm::ArrayRef<Scalar> s) { return combine(c, s[0], s[1]); });
}

/// The scalars of `v` in every element of a value of type `t`.
Value Machine::spread(const Value &v, const Type &t, SourceRange site) {
  if (t.isLeaf())
    return filled(t, site, [&](ScalarKind) { return v.scalar(); });
  std::vector<Value> parts;
  for (size_t p = 0; p < t.parts.size(); ++p)
    parts.push_back(spread(v.parts()[p], t.parts[p], site));
  return Value::tuple(std::move(parts));
}

/// A builtin operator starts from its identity (so a sum of -0 is +0); a user's identity is for the
/// empty domain only.
Value Machine::reduce(const ReduceExpr &e) {
  const auto builtin = e.op.op ? std::nullopt : findCombiner(e.op.name.text);
  const bool isSum = builtin == Combiner::Add;
  std::optional<OrderCheck> order;
  if (options.exactness && (isSum || builtin == Combiner::Mul))
    order.emplace(*builtin);
  std::optional<Value> total;
  forDomain(e.domain, e.binders, [&] {
    if (e.where && !evalBool(*e.where))
      return;
    sumDepth += isSum;
    Value term = block(*e.body);
    sumDepth -= isSum;
    if (order)
      order->add(term);
    if (!total && builtin)
      total = map({term}, e.range,
                  [&](llvm::ArrayRef<Scalar> s) { return identity(*builtin, s[0].kind); });
    total = total ? combineValues(e.op, e.type, e.range, *total, term) : std::move(term);
  });
  if (order && !order->isExact())
    noteInexact("a sum or product depends on its order");
  if (total)
    return std::move(*total);
  if (builtin)
    return filled(e.type, e.range, [&](ScalarKind k) { return identity(*builtin, k); });
  if (!e.op.op->identity)
    internal(e.range, "an empty reduction by an op without identity");
  return spread(eval(*e.op.op->identity), e.type, e.range);
}

} // namespace texpr::reference

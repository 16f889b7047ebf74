// scatter: values put at places that are computed.
//
// In: extents, perhaps a start, a domain, and for each index a place and a value. Out: the start
// (else the operator's identity, a user's only where nothing is put, else zero) with every value
// combined in, in the order of the indices. A place outside is passed over by `or skip`; two puts
// at one place without an operator are an error of the data.
#include "compiler/reference/Machine.h"

namespace texpr::reference {

/// What stands at `at` of tensors whose first `outer` axes are places.
static Value rowAt(const Value &whole, int64_t at, size_t outer) {
  if (whole.isTuple()) {
    std::vector<Value> parts;
    for (const Value &part : whole.parts())
      parts.push_back(rowAt(part, at, outer));
    return Value::tuple(std::move(parts));
  }
  const Array &from = whole.tensor();
  if (from.shape.size() == outer)
    return from.get(at);
  Array row(from.kind, Shape(from.shape.begin() + outer, from.shape.end()));
  const int64_t count = row.count();
  for (int64_t i = 0; i < count; ++i)
    row.set(i, from.get(at * count + i));
  return row;
}

static void putRow(Value &whole, int64_t at, const Value &row) {
  if (whole.isTuple()) {
    for (size_t p = 0; p < whole.parts().size(); ++p)
      putRow(whole.parts()[p], at, row.parts()[p]);
    return;
  }
  Array &to = whole.own();
  if (row.isScalar())
    return to.set(at, row.scalar());
  const int64_t count = row.tensor().count();
  for (int64_t i = 0; i < count; ++i)
    to.set(at * count + i, row.tensor().get(i));
}

Value Machine::scatter(const ScatterExpr &e) {
  const bool isUser = e.op && e.op->op;
  const auto builtin = e.op && !isUser ? findCombiner(e.op->name.text) : std::nullopt;
  Shape extents;
  for (const ExprPtr &extent : e.extents)
    extents.push_back(evalInt(*extent));
  if (!elementCount(extents))
    internal(e.range, "a scatter into more than 2^47 bytes");
  Value result;
  if (e.from)
    result = eval(*e.from);
  else if (isUser)
    result = spread(eval(*e.op->op->identity), e.type, e.range);
  else
    result = filled(e.type, e.range,
                    [&](ScalarKind k) { return builtin ? identity(*builtin, k) : Scalar{k, 0}; });
  std::vector<bool> isPut(*elementCount(extents));
  const Type element = e.put->type;
  forDomain(e.domain, e.binders, [&] {
    if (e.where && !evalBool(*e.where))
      return;
    for (const StmtPtr &s : e.stmts)
      run(*s);
    int64_t at = 0;
    bool isInside = true;
    for (size_t axis = 0; axis < extents.size(); ++axis) {
      const int64_t index = evalInt(*e.at[axis]);
      isInside &= 0 <= index && index < extents[axis];
      at = at * extents[axis] + (isInside ? index : 0);
    }
    const bool isSum = builtin == Combiner::Add;
    sumDepth += isSum;
    Value v = eval(*e.put);
    sumDepth -= isSum;
    if (!isInside && e.orSkip)
      return;
    if (!isInside)
      fail(Failure::Kind::Data, e.at[0]->range, "a place outside of the result", frame->iteration);
    if (!e.op && isPut[at])
      fail(Failure::Kind::Data, e.range, "two values are put at one place", frame->iteration);
    if (e.op && (!isUser || isPut[at] || e.from))
      v = combineValues(*e.op, element, e.range, rowAt(result, at, extents.size()), v);
    isPut[at] = true;
    putRow(result, at, v);
  });
  return result;
}

} // namespace texpr::reference

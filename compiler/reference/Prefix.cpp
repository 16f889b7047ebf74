// scan and filter, and the dims that filters find.
//
// In: a domain, binders and a body. Out: the running combination of the body's values, in row-major
// order or from the end; the values whose condition holds, as many as they are. A scan by a builtin
// operator starts from its identity, as a reduction does (so a first term -0 gives +0); a user's op
// combines in the order of the indices from either end, and its identity is the first value of an
// exclusive scan only.
#include "compiler/reference/Machine.h"
#include "compiler/reference/Stack.h"
#include <algorithm>

namespace texpr::reference {

Value Machine::scan(const ScanExpr &e) {
  const auto builtin = e.op.op ? std::nullopt : findCombiner(e.op.name.text);
  const bool isSum = builtin == Combiner::Add;
  Shape extents;
  for (const texpr::Axis &axis : e.domain)
    extents.push_back(std::max<int64_t>(evalInt(*axis.hi) - lowerBound(axis), 0));
  if (!elementCount(extents))
    internal(e.range, "a scan of more than 2^47 bytes");
  if (*elementCount(extents) == 0)
    return filled(e.type, e.range, [](ScalarKind k) { return Scalar{k, 0}; });
  std::optional<OrderCheck> order;
  if (options.exactness && (isSum || builtin == Combiner::Mul))
    order.emplace(*builtin);
  std::vector<Value> values;
  forDomain(
      e.domain, e.binders,
      [&] {
        sumDepth += isSum;
        values.push_back(block(*e.body));
        sumDepth -= isSum;
        if (order)
          order->add(values.back());
      },
      /*isBox=*/true);
  if (order && !order->isExact())
    noteInexact("a sum or product depends on its order");
  std::optional<Value> total;
  Value start;
  if (builtin)
    total = start = map({values[0]}, e.range,
                        [&](llvm::ArrayRef<Scalar> s) { return identity(*builtin, s[0].kind); });
  else if (e.exclusive)
    start = eachElement({values[0]}, e.type, e.range,
                        [&](std::vector<Value>) { return eval(*e.op.op->identity); });
  for (size_t step = 0; step < values.size(); ++step) {
    Value &at = values[e.reverse ? values.size() - 1 - step : step];
    Value next = !total      ? at
                 : e.reverse ? combineValues(e.op, e.type, e.range, at, *total)
                             : combineValues(e.op, e.type, e.range, *total, at);
    at = e.exclusive ? total.value_or(start) : next;
    total = std::move(next);
  }
  Stack stack(extents);
  for (const Value &v : values)
    if (!stack.push(v))
      internal(e.range, "a scan whose values differ in shape");
  return stack.take(values[0]);
}

Value Machine::filter(const FilterExpr &e) {
  std::vector<Value> kept;
  forDomain(
      e.domain, e.binders,
      [&] {
        if (evalBool(*e.where))
          kept.push_back(block(*e.body));
      },
      /*isBox=*/true);
  const auto count = static_cast<int64_t>(kept.size());
  frame->symbols[*e.count->asSymbol()] = count;
  if (kept.empty())
    return filled(e.type, e.range, [](ScalarKind k) { return Scalar{k, 0}; });
  Stack stack({count});
  for (const Value &v : kept)
    if (!stack.push(v))
      internal(e.range, "a filter whose elements differ in shape");
  return stack.take(kept[0]);
}

/// The dims of the signature that the results show.
void Machine::bindFoundDims(const FnDecl &fn, const Value &result) {
  for (const DimBinding &dim : fn.dims) {
    if (dim.how != DimBinding::How::Found)
      continue;
    const Value &part = fn.results.size() == 1 ? result : result.parts()[dim.param];
    std::vector<const Value *> leaves;
    part.leaves(leaves);
    bind(*dim.decl, indexScalar(leaves[dim.leaf]->shape()[dim.axis]));
  }
  for (const Fact &fact : fn.where)
    if (speaksOfFound(fn, fact) && broken(fact))
      internal(fact.range, "a fact of a result");
}

/// For a caller who has to allocate: the dims that are found, as large as they may be.
void Machine::bindMostFound(const FnDecl &fn) {
  for (const DimBinding &dim : fn.dims)
    if (dim.how == DimBinding::How::Found)
      bind(*dim.decl, indexScalar(evaluate(*dim.foundBound).value_or(0)));
}

bool Machine::speaksOfFound(const FnDecl &fn, const Fact &fact) const {
  for (const DimBinding &dim : fn.dims)
    if (dim.how == DimBinding::How::Found)
      for (const ExprPtr &e : fact.chain) {
        std::vector<facts::Symbol> used;
        if (e && e->value)
          e->value->symbols(used);
        if (llvm::is_contained(used, *dim.decl->value->asSymbol()))
          return true;
      }
  return false;
}

} // namespace texpr::reference

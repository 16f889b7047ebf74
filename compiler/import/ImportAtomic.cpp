// Updates: what `x[i] op= e` leaves, and `atomic`, which does it as one.
//
// In: the element before, the value on the right. Out: the element after; for an atomic, a par.atomic whose
// region computes it, and a name for the value before.
//   let o = atomic h[i] += e   →  %o = par.atomic %h[%i] (%x) { par.yield %x + e }
#include "compiler/import/Importer.h"

using namespace mlir;

namespace texpr::importer {

Value FnImporter::updated(AssignOp op, ScalarKind k, Value old, Value v) {
  auto binary = [&](BinaryOp with) { return scalars().binary(with, k, old, v, k); };
  switch (op) {
  case AssignOp::Set:
    return v;
  case AssignOp::Add:
    return binary(BinaryOp::Add);
  case AssignOp::Sub:
    return binary(BinaryOp::Sub);
  case AssignOp::Mul:
    return binary(BinaryOp::Mul);
  case AssignOp::Div:
    return binary(BinaryOp::Div);
  case AssignOp::BitAnd:
  case AssignOp::And:
    return binary(BinaryOp::BitAnd);
  case AssignOp::BitOr:
  case AssignOp::Or:
    return binary(BinaryOp::BitOr);
  case AssignOp::BitXor:
  case AssignOp::Xor:
    return binary(BinaryOp::BitXor);
  case AssignOp::Max:
    return scalars().builtin(Builtin::Max, {k, k}, {old, v}, k);
  case AssignOp::Min:
    return scalars().builtin(Builtin::Min, {k, k}, {old, v}, k);
  }
  return v;
}

/// One element of an atomic; the value before, as a scalar.
Value FnImporter::atomicElement(const Leaf &buffer, ValueRange indices, Value value, AssignOp op) {
  mlir::Type type = elementType(context, buffer.kind);
  auto atomic = par::AtomicOp::create(b, loc, type, buffer.value, indices);
  {
    Body inside(*this, atomic.getBody(), {type}, /*staysInPlace=*/true);
    Value old = scalars().fromElement(buffer.kind, inside.args[0]);
    Value next = updated(op, buffer.kind, old, value);
    par::YieldOp::create(b, loc, ValueRange{scalars().toElement(buffer.kind, next)});
  }
  return scalars().fromElement(buffer.kind, atomic.getOld());
}

/// `let old = atomic …`
void FnImporter::bindOld(const Decl &old, Value value, ScalarKind kind) {
  bindSymbolOnce(old.value, value, kind);
  env[&old] = {{{value, kind}}};
  if (auto found = resultBuffers.find(&old); found != resultBuffers.end())
    store(Leaf(found->second[0]), {}, {value, kind}, AssignOp::Set);
}

} // namespace texpr::importer

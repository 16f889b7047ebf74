// Index expressions of the checker as SSA values of type index, and facts at entry as tx.fact.
//
// In: facts::Expr over symbols that are bound to SSA values. Out: one SSA value an expression,
// built just behind the innermost of its symbols: an expression of dims stands once, in the entry
// block, so that equality of extents is identity of values.
//   f32[2 * n + 1], outside every form   →  %c = arith.addi (arith.muli %n, 2), 1   behind the
//   arguments
// What must hold: the checker has shown that an expression does not wrap where it is evaluated; a
// quotient is tx.scalar, so that building it further out than the source has it is harmless.
#include "compiler/import/Importer.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/IntegerSet.h"

using namespace mlir;

namespace texpr::importer {

void FnImporter::bindSymbol(const std::optional<facts::Expr> &value, Value v, ScalarKind k) {
  if (!value || !(isInt(k) || k == ScalarKind::Bool))
    return;
  auto s = value->asSymbol();
  if (!s)
    return;
  if (auto found = symbols.find(*s); found != symbols.end()) {
    if (found->second.value == v)
      return;
    llvm::SmallVector<size_t> stale;
    for (auto &[hash, entry] : extents)
      if (entry.first.uses(*s))
        stale.push_back(hash);
    for (size_t hash : stale)
      extents.erase(hash);
  }
  symbols[*s] = {v, k};
  entrySymbols.erase(*s);
}

bool FnImporter::isOfEntry(const facts::Expr &e) const {
  std::vector<facts::Symbol> used;
  e.symbols(used);
  return !used.empty() &&
         llvm::all_of(used, [&](facts::Symbol s) { return entrySymbols.contains(s); });
}

/// True where the value may be used at the insertion point.
bool FnImporter::isVisible(Value v) const {
  Region *region = v.getParentRegion();
  return region->isAncestor(b.getInsertionBlock()->getParent());
}

/// An element read twice is one symbol: the first value serves as long as it is in sight.
void FnImporter::bindSymbolOnce(const std::optional<facts::Expr> &value, Value v, ScalarKind k) {
  auto s = value ? value->asSymbol() : std::nullopt;
  if (!s || entrySymbols.contains(*s))
    return;
  auto found = symbols.find(*s);
  if (found == symbols.end() || !isVisible(found->second.value))
    bindSymbol(value, v, k);
}

/// False where a symbol stands for nothing that is at hand, which is an error of ours.
bool FnImporter::resolveSymbols(const facts::Expr &e) {
  std::vector<facts::Symbol> used;
  e.symbols(used);
  for (facts::Symbol s : used) {
    if (auto found = symbols.find(s); found != symbols.end() && isVisible(found->second.value))
      continue;
    auto source = program.checked.symbolSource.find(s);
    if (source == program.checked.symbolSource.end())
      return false;
    bindSymbolOnce(facts::Expr::symbol(s), scalar(*source->second), source->second->type.scalar);
  }
  return true;
}

static unsigned depthOf(mlir::Block *block) {
  unsigned depth = 0;
  for (Operation *op = block->getParentOp(); op; op = op->getParentOp())
    ++depth;
  return depth;
}

/// Moves the insertion point behind the innermost, last of the symbols' values; behind the entry's
/// arithmetic where there is none.
void FnImporter::placeAfterSymbols(const facts::Expr &e) {
  std::vector<facts::Symbol> used;
  e.symbols(used);
  Value last;
  for (facts::Symbol s : used) {
    Value v = symbols[s].value;
    if (entrySymbols.contains(s))
      continue;
    if (!last) {
      last = v;
      continue;
    }
    mlir::Block *have = last.getParentBlock(), *block = v.getParentBlock();
    if (have == block) {
      Operation *a = last.getDefiningOp(), *c = v.getDefiningOp();
      if (c && (!a || a->isBeforeInBlock(c)))
        last = v;
    } else if (depthOf(block) > depthOf(have)) {
      last = v;
    }
  }
  if (last)
    b.setInsertionPointAfterValue(last);
  else if (lastEntryOp)
    b.setInsertionPointAfter(lastEntryOp);
  else
    b.setInsertionPointToStart(entryBlock);
}

Value FnImporter::extent(const facts::Expr &e) {
  auto found = extents.find(e.hash());
  if (found != extents.end() && isVisible(found->second.second))
    return found->second.second;
  if (!resolveSymbols(e)) {
    mlir::emitError(loc) << "internal: no value for the index expression "
                         << program.checked.facts->str(e);
    program.failed = true;
    return arith::ConstantIndexOp::create(b, loc, 0);
  }
  OpBuilder::InsertionGuard guard(b);
  placeAfterSymbols(e);
  bool atEntry = isOfEntry(e) || e.constant();
  mlir::Block *block = b.getInsertionBlock();
  Operation *next = b.getInsertionPoint() == block->end() ? nullptr : &*b.getInsertionPoint();
  Value v = build(e);
  if (auto limit = program.checked.dataLimit.find(e.hash());
      limit != program.checked.dataLimit.end())
    v = b.createOrFold<arith::MinSIOp>(loc, v, extent(limit->second));
  if (atEntry) {
    Operation *made = next ? next->getPrevNode() : (block->empty() ? nullptr : &block->back());
    if (made)
      lastEntryOp = made;
  }
  extents[e.hash()] = {e, v};
  return v;
}

SmallVector<Value> FnImporter::extentsOf(const std::vector<facts::Expr> &shape) {
  SmallVector<Value> values;
  for (const facts::Expr &e : shape)
    values.push_back(extent(e));
  return values;
}

Value FnImporter::symbolIndex(facts::Symbol s) {
  SymbolValue &v = symbols[s];
  if (v.value.getType().isIndex())
    return v.value;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfterValue(v.value);
  bool isEntryArgument = isa<BlockArgument>(v.value) && v.value.getParentBlock() == entryBlock;
  v.value = scalars().toIndex(v.kind, v.value);
  v.kind = ScalarKind::I64;
  if (isEntryArgument && !lastEntryOp)
    lastEntryOp = v.value.getDefiningOp();
  return v.value;
}

Value FnImporter::build(const facts::Expr &e) {
  using K = facts::Expr::Kind;
  if (auto c = e.constant())
    return arith::ConstantIndexOp::create(b, loc, *c);
  if (auto s = e.asSymbol())
    return symbolIndex(*s);
  auto parts = e.operands();
  Value v = build(parts[0]);
  for (size_t i = 1; i < parts.size(); ++i) {
    Value w = build(parts[i]);
    switch (e.kind()) {
    case K::Sum:
      v = b.createOrFold<arith::AddIOp>(loc, v, w);
      break;
    case K::Product:
      v = b.createOrFold<arith::MulIOp>(loc, v, w);
      break;
    case K::FloorDiv:
      v = tx::ScalarOp::create(b, loc, v.getType(), tx::ScalarKind::floordiv, ValueRange{v, w});
      break;
    case K::Mod:
      v = tx::ScalarOp::create(b, loc, v.getType(), tx::ScalarKind::mod, ValueRange{v, w});
      break;
    case K::Min:
      v = b.createOrFold<arith::MinSIOp>(loc, v, w);
      break;
    case K::Max:
      v = b.createOrFold<arith::MaxSIOp>(loc, v, w);
      break;
    default:
      break;
    }
  }
  return v;
}

// ---- facts ----

/// The affine view: products of unknowns, quotients by unknowns, minima and maxima are operands of
/// their own.
AffineExpr FnImporter::affine(const facts::Expr &e, SmallVectorImpl<Value> &operands) {
  using K = facts::Expr::Kind;
  auto opaque = [&]() -> AffineExpr {
    Value v = extent(e);
    auto *at = llvm::find(operands, v);
    if (at == operands.end()) {
      operands.push_back(v);
      at = operands.end() - 1;
    }
    return getAffineSymbolExpr(at - operands.begin(), context);
  };
  if (auto c = e.constant())
    return getAffineConstantExpr(*c, context);
  auto parts = e.operands();
  switch (e.kind()) {
  case K::Sum: {
    AffineExpr sum = affine(parts[0], operands);
    for (size_t i = 1; i < parts.size(); ++i)
      sum = sum + affine(parts[i], operands);
    return sum;
  }
  case K::Product:
    if (parts.size() == 2 && parts[0].constant())
      return affine(parts[1], operands) * *parts[0].constant();
    return opaque();
  case K::FloorDiv:
  case K::Mod: {
    auto divisor = parts[1].constant();
    if (!divisor || *divisor <= 0)
      return opaque();
    AffineExpr a = affine(parts[0], operands);
    return e.kind() == K::Mod ? a % *divisor : a.floorDiv(*divisor);
  }
  default:
    return opaque();
  }
}

void FnImporter::emitFact(const facts::Constraint &c, StringRef text, bool isEntry) {
  using R = facts::Rel;
  SmallVector<Value> operands;
  AffineExpr expr;
  if (c.rel == R::NE) { // no convex set: the truth of it is an operand
    Value differs =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, extent(c.lhs), extent(c.rhs));
    operands.push_back(arith::IndexCastUIOp::create(b, loc, b.getIndexType(), differs));
    expr = getAffineSymbolExpr(0, context) - 1;
  } else {
    AffineExpr lhs = affine(c.lhs, operands), rhs = affine(c.rhs, operands);
    bool isBelow = c.rel == R::LT || c.rel == R::LE;
    expr = isBelow ? rhs - lhs : lhs - rhs;
    if (c.rel == R::LT || c.rel == R::GT)
      expr = expr - 1;
  }
  bool isEquality = c.rel == R::EQ || c.rel == R::NE;
  auto set = IntegerSet::get(0, operands.size(), {expr}, {isEquality});
  auto fact = tx::FactOp::create(b, loc, operands, IntegerSetAttr::get(set),
                                 isEntry ? b.getUnitAttr() : UnitAttr(),
                                 text.empty() ? StringAttr() : b.getStringAttr(text));
  (void)fact;
}

} // namespace texpr::importer

// Iteration: for and while are tx.for; its results are the last state, then the stack of what the
// steps kept.
//
//   for t in lo..hi rev with (u = u0) { next keep h }
//     →  %u, %s = tx.for (%i) = lo to hi with (%u = %u0) { t = lo + hi - 1 - i; yield next, h }
//        the stack by t is a view of %s, from its end
//   while c with (u = u0) max n else fail { next }
//     →  %u, %steps = tx.for (%i) = 0 to n with (…) {site = 0} while { yield c } { yield next }
// A step is a block: statements of the parallel level in it are an island of their own.
#include "compiler/import/Importer.h"
#include "dialects/par/Iteration.h"

using namespace mlir;

namespace texpr::importer {

static const Type stateType(const std::vector<Carried> &carried) {
  std::vector<Type> types;
  for (const Carried &c : carried)
    types.push_back(c.decl->type);
  return Type::tuple(types);
}

SmallVector<Value> FnImporter::startValues(const std::vector<Carried> &carried) {
  SmallVector<Value> inits;
  for (const Carried &c : carried)
    llvm::append_range(inits, frozenWith(expr(*c.init), c.decl->type));
  return inits;
}

/// The carried names as arguments of a region, behind the induction variable.
void FnImporter::bindCarried(const std::vector<Carried> &carried, ValueRange args) {
  size_t next = 1;
  for (const Carried &c : carried) {
    Val v;
    for (const Type *t : leavesOf(c.decl->type))
      v.leaves.push_back({args[next++], t->scalar});
    if (v.leaves.size() == 1 && v.leaves[0].isScalar())
      bindSymbol(c.decl->value, v.leaves[0].value, v.leaves[0].kind);
    env[c.decl.get()] = v;
  }
}

void FnImporter::importStep(const Step &step, const std::vector<Carried> &carried) {
  statements(step.stmts, {step.next.get(), step.keep.get()});
  SmallVector<Value> values = frozenWith(expr(*step.next), stateType(carried));
  if (step.keep)
    llvm::append_range(values, elementsOf(expr(*step.keep), step.keep->type));
  tx::YieldOp::create(b, loc, values);
}

/// The types of the form's results, of which the extents stand before it.
SmallVector<mlir::Type> FnImporter::iterationTypes(const Expr &e, ValueRange inits,
                                                   const Step &step) {
  SmallVector<mlir::Type> types(inits.getTypes());
  if (!step.keep)
    return types;
  for (const Type *t : leavesOf(e.type.parts.back())) {
    for (const facts::Expr &extent : llvm::drop_begin(t->shape))
      this->extent(extent);
    types.push_back(valueType(*t));
  }
  return types;
}

Val FnImporter::loop(const ForExpr &e) {
  Value lower = e.axis.lo ? bound(e.axis.lo.get(), e.axis.loValue)
                          : arith::ConstantIndexOp::create(b, loc, 0).getResult();
  Value upper = bound(e.axis.hi.get(), e.axis.hiValue);
  SmallVector<Value> inits = startValues(e.carried);
  SmallVector<mlir::Type> types = iterationTypes(e, inits, e.step);
  Value last; // of a loop that runs backwards: t = last - i
  if (e.reverse) {
    last = b.createOrFold<arith::AddIOp>(loc, lower, upper);
    last = b.createOrFold<arith::SubIOp>(loc, last, arith::ConstantIndexOp::create(b, loc, 1));
  }
  auto form = tx::ForOp::create(b, loc, types, lower, upper, inits, Value(), IntegerAttr());
  form->setAttr("axis", b.getStringAttr(e.binder->name.text));
  SmallVector<mlir::Type> arguments = {b.getIndexType()};
  llvm::append_range(arguments, ValueRange(inits).getTypes());
  {
    Body body(*this, form.getBody(), arguments);
    Value t = body.args[0];
    bindBinder(*e.binder, last ? b.createOrFold<arith::SubIOp>(loc, last, t) : t);
    bindCarried(e.carried, body.args);
    importStep(e.step, e.carried);
  }
  Val result;
  for (auto [k, t] : llvm::enumerate(leavesOf(e.type))) {
    Leaf l{form.getResult(k), t->scalar};
    bool isStack = k >= inits.size();
    result.leaves.push_back(isStack && e.reverse ? fromEnd(l, extentsOf(t->shape))
                            : isStack            ? withExtents(l, t->shape)
                                                 : l);
  }
  return result;
}

/// A view of a tensor with its first axis from the end.
Leaf FnImporter::fromEnd(const Leaf &l, ValueRange extents) {
  auto form =
      makeCompute({tensorType(l.kind, extents.size())}, extents, axisLabels('v', extents.size()));
  form->setAttr("plan.store", b.getStringAttr("inline"));
  Body body(*this, form.getBody(), form.getLower().getTypes());
  SmallVector<Value> at(body.args);
  Value last =
      b.createOrFold<arith::SubIOp>(loc, extents[0], arith::ConstantIndexOp::create(b, loc, 1));
  at[0] = b.createOrFold<arith::SubIOp>(loc, last, at[0]);
  tx::YieldOp::create(b, loc, scalars().toElement(l.kind, readElement(l, at)));
  return {form.getResult(0), l.kind};
}

Val FnImporter::whileLoop(const WhileExpr &e) {
  SmallVector<Value> inits = startValues(e.carried);
  Value upper = bound(e.bound.get(), e.bound->value);
  SmallVector<mlir::Type> types = iterationTypes(e, inits, e.step);
  types.push_back(b.getIndexType());
  auto site = program.site(e);
  auto form = tx::ForOp::create(b, loc, types, arith::ConstantIndexOp::create(b, loc, 0), upper,
                                inits, site ? par::iterationAt(b, loc) : Value(),
                                site ? b.getI64IntegerAttr(*site) : IntegerAttr());
  form->setAttr("axis", b.getStringAttr("step"));
  SmallVector<mlir::Type> arguments = {b.getIndexType()};
  llvm::append_range(arguments, ValueRange(inits).getTypes());
  {
    Body condition(*this, form.getWhileRegion(), arguments);
    bindCarried(e.carried, condition.args);
    tx::YieldOp::create(b, loc, scalar(*e.cond));
  }
  {
    Body body(*this, form.getBody(), arguments);
    bindCarried(e.carried, body.args);
    importStep(e.step, e.carried);
  }
  bindSymbol(e.count, form.getSteps(), ScalarKind::I64);
  Val result;
  for (auto [k, t] : llvm::enumerate(leavesOf(e.type)))
    result.leaves.push_back({form.getResult(k), t->scalar});
  return result;
}

} // namespace texpr::importer

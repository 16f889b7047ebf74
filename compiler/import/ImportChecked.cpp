// Checked builds: what the checker took as known becomes tests, before what relies on it.
//
// In: `assume`, ranges of values on parameters. Out: a tx.check each; of other builds nothing, for
// there a range is tested at the accesses that rely on it, and `assume` is the author's word.
//   assume k <= n;          →  tx.check () { k <= n } site 4
//   p: i32[m] in 0..n       →  tx.check (%i) = 0 to m { 0 <= p[i] < n } site 5
// What `instrument-checks` must know of the source, it finds as attributes: `checked.div` on divisions,
// `checked.par` on loops whose iterations may race, `checked.optional` on combiners.
#include "compiler/import/Importer.h"
#include "dialects/par/Iteration.h"

using namespace mlir;

namespace texpr::importer {

int64_t ProgramImporter::addSite(SourceRange r, const Twine &text) {
  Builder b(&context);
  auto place = files.place(r.file, r.begin);
  auto before = module->getAttrOfType<ArrayAttr>("texpr.sites");
  SmallVector<Attribute> sites(before.begin(), before.end());
  sites.push_back(b.getDictionaryAttr({b.getNamedAttr("text", b.getStringAttr(text)),
                                       b.getNamedAttr("file", b.getStringAttr(files.name(r.file))),
                                       b.getNamedAttr("line", b.getI64IntegerAttr(place.line)),
                                       b.getNamedAttr("col", b.getI64IntegerAttr(place.column))}));
  module->setAttr("texpr.sites", b.getArrayAttr(sites));
  return sites.size() - 1;
}

/// `written(x)` says nothing of values: each read of a checked build is tested.
void FnImporter::testAssumed(const AssumeStmt &s) {
  auto isWritten = [&] {
    auto *call = s.fact.chain.empty() ? nullptr : llvm::dyn_cast<CallExpr>(s.fact.chain[0].get());
    return call && call->callee.text == "written";
  };
  if (!program.isChecked || (!s.fact.isAll && s.fact.rels.empty() && isWritten()))
    return;
  verifyFact(s.fact, program.addSite(s.range, "`assume " + program.files.text(s.fact.range) + "`"));
}

/// Inside a form or among parallel statements: a loop of tests, each of which ends the call.
void FnImporter::testInPlace(ValueRange lower, ValueRange upper, ArrayAttr axes, int64_t site,
                             llvm::function_ref<Value(ValueRange)> holds) {
  auto test = [&](ValueRange at) {
    Value bad = scalars().unary(UnaryOp::Not, ScalarKind::Bool, holds(at));
    par::FailOp::create(b, loc, bad, b.getI64IntegerAttr(site), par::iterationAt(b, loc));
  };
  if (lower.empty())
    return test({});
  std::optional<Body> island;
  if (!inPlace) {
    auto op = par::DoOp::create(b, loc, TypeRange(), ValueRange(), ValueRange());
    island.emplace(*this, op.getBody(), TypeRange());
    inPlace = true;
  }
  auto loop =
      par::ForallOp::create(b, loc, lower, upper, axes, StringAttr(), UnitAttr(), UnitAttr());
  {
    Body body(*this, loop.getBody(), lower.getTypes(), /*staysInPlace=*/true);
    test(body.args);
    par::YieldOp::create(b, loc);
  }
  if (island)
    par::YieldOp::create(b, loc);
}

/// `uniform(e)`: this lane's value is the first one's, or both are NaN.
void FnImporter::testUniform(const CallExpr &e, Value mine, Value first) {
  Value x = mine, y = first, bad;
  mlir::Type type = mine.getType();
  if (isa<FloatType>(type)) {
    mlir::Type bits = b.getIntegerType(type.getIntOrFloatBitWidth());
    x = arith::BitcastOp::create(b, loc, bits, mine);
    y = arith::BitcastOp::create(b, loc, bits, first);
  }
  bad = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, y);
  if (isa<FloatType>(type)) {
    auto isNumber = [&](Value v) {
      return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, v, v).getResult();
    };
    bad = both(bad, arith::OrIOp::create(b, loc, isNumber(mine), isNumber(first)));
  }
  int64_t site = program.addSite(e.range, "`" + program.files.text(e.range) + "`");
  par::FailOp::create(b, loc, bad, b.getI64IntegerAttr(site), par::iterationAt(b, loc));
}

/// Every element of each parameter that has a range, whether it is used or not.
void FnImporter::testRanges(const FnDecl &fn) {
  if (!program.isChecked)
    return;
  for (const Param &param : fn.params) {
    const auto &set = param.declared.set;
    if (set.empty() || param.isInout || param.decl->type.isTuple() ||
        param.decl->type.shape.empty() || !isInt(param.decl->type.scalar))
      continue;
    At at(*this, param.decl->name.range);
    const Span &first = set.front(), &last = set.back();
    const Expr &end = last.hi ? *last.hi : *last.lo;
    SourceRange range{first.lo->range.file, first.lo->range.begin, end.range.end};
    int64_t site = program.addSite(param.decl->name.range, "`" + param.decl->name.text + " in " +
                                                               program.files.text(range) + "`");
    verifyRange(param, site);
  }
}

/// The binders' names; in a checked build, which prints indices, `i - (1)` for `compute 1..n |i|`,
/// whose axis starts at 0.
ArrayAttr FnImporter::shiftedAxes(const ComputeExpr &e) {
  ArrayAttr plain = axisNames(e.binders, 0, e.domain.size());
  if (!program.isChecked)
    return plain;
  SmallVector<Attribute> names(plain.begin(), plain.end());
  for (auto [name, axis] : llvm::zip_equal(names, e.domain))
    if (axis.lo)
      name = b.getStringAttr(cast<StringAttr>(name).getValue() + " - (" +
                             program.files.text(axis.lo->range) + ")");
  return b.getArrayAttr(names);
}

} // namespace texpr::importer

// What the lanes of a `fully par` do together.
//
// In: a call of `shuffle`, `ballot`, … of a checked tree. Out: par.lane. `uniform(e)` is the value of the
// first lane, in all of them.
//   shuffle(v, src)   →  %r = par.lane "shuffle" %v, %src : f32, index -> f32
#include "compiler/import/Importer.h"

using namespace mlir;

namespace texpr::importer {

Val FnImporter::laneOp(const CallExpr &e) {
  if (e.laneOp == LaneOp::Below) { // needs no meeting: (1 << lane) - 1
    mlir::Type word = b.getI32Type();
    Value one = arith::ConstantIntOp::create(b, loc, 1, 32);
    Value lane = arith::IndexCastOp::create(b, loc, word, laneIndex);
    Value bit = arith::ShLIOp::create(b, loc, one, lane);
    return {{{arith::SubIOp::create(b, loc, bit, one), ScalarKind::U32}}};
  }
  SmallVector<Value> operands;
  for (const ExprPtr &arg : e.args)
    operands.push_back(operands.empty() ? scalar(*arg) : index(*arg));
  StringRef kind;
  switch (e.laneOp) {
  case LaneOp::Shuffle:
    kind = "shuffle";
    break;
  case LaneOp::Uniform:
    kind = "shuffle";
    operands.push_back(arith::ConstantIndexOp::create(b, loc, 0));
    break;
  case LaneOp::Ballot:
    kind = "ballot";
    break;
  case LaneOp::Match:
    kind = "match";
    break;
  case LaneOp::Any:
    kind = "any";
    break;
  case LaneOp::All:
    kind = "all";
    break;
  case LaneOp::Below:
  case LaneOp::None:
    error(e.range, "a call that is no operation of lanes");
    break;
  }
  auto op = par::LaneOp::create(b, loc, scalarType(context, e.type.scalar), kind, operands);
  if (program.isChecked && e.laneOp == LaneOp::Uniform)
    testUniform(e, operands[0], op.getResult());
  return {{{op.getResult(), e.type.scalar}}};
}

} // namespace texpr::importer

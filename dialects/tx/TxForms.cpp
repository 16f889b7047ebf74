// Assembly and iteration domains of the forms whose iterations depend on each other or on data: for,
// scan, scatter, filter, sort, and of check. Their rules are in TxFormsVerify.cpp, their extents in
// Extents.cpp.
//
//   %y = tx.scan add (%i) = (%c0) to (%n) axes ["i"] attributes {exclusive} { … } : tensor<?xf32>
//   %k, %u = tx.filter (%i) = (%c0) to (%n) axes ["i"] where (%j) { … } { … } : index, tensor<?xf32>
#include "dialects/tx/Syntax.h"

using namespace mlir;
using namespace texpr::tx;

namespace {
YieldOp yieldOf(Region &body) { return cast<YieldOp>(body.front().getTerminator()); }
} // namespace

//===- tx.for -------------------------------------------------------------===//

void ForOp::build(OpBuilder &b, OperationState &state, Value lower, Value upper, ValueRange inits,
                  BodyBuilder body) {
  state.addOperands({lower, upper});
  state.addOperands(inits);
  addSegments(b, state, {1, 1, int32_t(inits.size()), 0});
  SmallVector<Type> arguments = {b.getIndexType()};
  llvm::append_range(arguments, inits.getTypes());
  buildRegion(b, state.location, *state.addRegion(), arguments, body);
  state.addRegion();
  state.addTypes(inits.getTypes());
}

ParseResult ForOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::Argument> args(1);
  OpAsmParser::UnresolvedOperand lower, upper, at;
  Region *body = result.addRegion(), *condition = result.addRegion();
  Type index = args[0].type = parser.getBuilder().getIndexType();
  if (parser.parseLParen() || parser.parseArgument(args[0]) || parser.parseRParen() ||
      parser.parseEqual() || parser.parseOperand(lower) || parser.parseKeyword("to") ||
      parser.parseOperand(upper) || parser.resolveOperand(lower, index, result.operands) ||
      parser.resolveOperand(upper, index, result.operands) || parseCarried(parser, result, args))
    return failure();
  bool hasAt = succeeded(parser.parseOptionalKeyword("at"));
  addSegments(parser.getBuilder(), result, {1, 1, int32_t(args.size() - 1), hasAt});
  if (hasAt && (parser.parseOperand(at) || parser.resolveOperand(at, index, result.operands)))
    return failure();
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
      parseWhile(parser, *condition, args) || parser.parseRegion(*body, args) ||
      parser.parseOptionalColonTypeList(result.types))
    return failure();
  // Without stacks and a condition the results are the carried values.
  if (result.types.empty())
    for (const OpAsmParser::Argument &arg : ArrayRef(args).drop_front())
      result.addTypes(arg.type);
  return success();
}

void ForOp::print(OpAsmPrinter &p) {
  p << " (" << getInductionVar() << ") = " << getLower() << " to " << getUpper();
  printCarried(p, getCarried(), getInits());
  if (getAt())
    p << " at " << getAt();
  printAttributes(p, *this, {});
  printWhile(p, getWhileRegion());
  printBody(p, getBody());
  if (getNumResults() != getInits().size())
    printTypes(p, getResultTypes());
}

void ForOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  auto axis = (*this)->getAttrOfType<StringAttr>("axis");
  if (axis && !region.args_empty()) // a `while` region may be absent
    setName(region.getArgument(0), axis);
}

YieldOp ForOp::getYield() { return yieldOf(getBody()); }
SmallVector<AxisRange> ForOp::getAxisRanges(Region &region) {
  return zipBounds(region, getLower(), getUpper());
}

//===- tx.scan ------------------------------------------------------------===//

ParseResult ScanOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::Argument> args;
  SmallVector<int32_t> segments;
  if (parseCombine(parser, result) || parseDomain(parser, result, args, segments) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
      parser.parseRegion(*result.addRegion(), args) ||
      parser.parseOptionalColonTypeList(result.types))
    return failure();
  addSegments(parser.getBuilder(), result, segments);
  return success();
}

void ScanOp::print(OpAsmPrinter &p) {
  printCombine(p, getOp(), getCombinerAttr(), getIsUnsigned());
  printDomain(p, getArgs(), getLower(), getUpper(), getAxes());
  printAttributes(p, *this, {"axes", "op", "combiner", "is_unsigned"});
  printBody(p, getBody());
  printTypes(p, getResultTypes());
}

void ScanOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameArguments(region, getAxes(), setName);
}

YieldOp ScanOp::getYield() { return yieldOf(getBody()); }
SmallVector<AxisRange> ScanOp::getAxisRanges(Region &region) {
  return zipBounds(region, getLower(), getUpper());
}

//===- tx.scatter ---------------------------------------------------------===//

ParseResult ScatterOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::UnresolvedOperand> extents, base;
  SmallVector<Type> baseTypes;
  SmallVector<OpAsmParser::Argument> args;
  SmallVector<int32_t> segments;
  Region *body = result.addRegion(), *where = result.addRegion();
  Type index = parser.getBuilder().getIndexType();
  if (parser.parseOperandList(extents, OpAsmParser::Delimiter::Square) ||
      parser.resolveOperands(extents, index, result.operands))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("from")) &&
      (parser.parseLParen() || parser.parseOperandList(base) ||
       parser.parseColonTypeList(baseTypes) || parser.parseRParen() ||
       parser.resolveOperands(base, baseTypes, parser.getCurrentLocation(), result.operands)))
    return failure();
  segments = {int32_t(extents.size()), int32_t(base.size())};
  if (succeeded(parser.parseOptionalKeyword("by")) && parseCombine(parser, result))
    return failure();
  if (parser.parseKeyword("over") || parseDomain(parser, result, args, segments) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes) || parseWhere(parser, *where) ||
      parser.parseRegion(*body, args) || parser.parseOptionalColonTypeList(result.types))
    return failure();
  addSegments(parser.getBuilder(), result, segments);
  return success();
}

void ScatterOp::print(OpAsmPrinter &p) {
  p << " [";
  p.printOperands(getExtents());
  p << ']';
  if (!getBase().empty()) {
    p << " from (";
    p.printOperands(getBase());
    p << " : ";
    llvm::interleaveComma(getBase().getTypes(), p);
    p << ')';
  }
  if (getOp()) {
    p << " by";
    printCombine(p, *getOp(), getCombinerAttr(), getIsUnsigned());
  }
  p << " over";
  printDomain(p, getArgs(), getLower(), getUpper(), getAxes());
  printAttributes(p, *this, {"axes", "op", "combiner", "is_unsigned"});
  printWhere(p, getWhereRegion());
  printBody(p, getBody());
  printTypes(p, getResultTypes());
}

void ScatterOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameArguments(region, getAxes(), setName);
}

YieldOp ScatterOp::getYield() { return yieldOf(getBody()); }
OperandRange ScatterOp::getPlace() {
  return getYield().getValues().take_front(getExtents().size());
}
OperandRange ScatterOp::getPutValues() {
  return getYield().getValues().drop_front(getExtents().size());
}
SmallVector<AxisRange> ScatterOp::getAxisRanges(Region &region) {
  return zipBounds(region, getLower(), getUpper());
}

//===- tx.filter ----------------------------------------------------------===//

ParseResult FilterOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::Argument> args;
  SmallVector<int32_t> segments;
  Region *body = result.addRegion(), *where = result.addRegion();
  if (parseDomain(parser, result, args, segments) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes) || parseWhere(parser, *where) ||
      parser.parseRegion(*body, args) || parser.parseOptionalColonTypeList(result.types))
    return failure();
  addSegments(parser.getBuilder(), result, segments);
  return success();
}

void FilterOp::print(OpAsmPrinter &p) {
  printDomain(p, getArgs(), getLower(), getUpper(), getAxes());
  printAttributes(p, *this, {"axes"});
  printWhere(p, getWhereRegion());
  printBody(p, getBody());
  printTypes(p, getResultTypes());
}

void FilterOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameArguments(region, getAxes(), setName);
}

YieldOp FilterOp::getYield() { return yieldOf(getBody()); }
SmallVector<AxisRange> FilterOp::getAxisRanges(Region &region) {
  return zipBounds(region, getLower(), getUpper());
}

//===- tx.sort ------------------------------------------------------------===//

ParseResult SortOp::parse(OpAsmParser &parser, OperationState &result) {
  OpAsmParser::Argument arg;
  OpAsmParser::UnresolvedOperand lower, upper, top;
  StringAttr axis;
  Type index = arg.type = parser.getBuilder().getIndexType();
  if (parser.parseLParen() || parser.parseArgument(arg) || parser.parseRParen() ||
      parser.parseEqual() || parser.parseOperand(lower) || parser.parseKeyword("to") ||
      parser.parseOperand(upper) || parser.resolveOperand(lower, index, result.operands) ||
      parser.resolveOperand(upper, index, result.operands))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("top")) &&
      (parser.parseOperand(top) || parser.resolveOperand(top, index, result.operands)))
    return failure();
  return failure(
      parser.parseKeyword("axis") || parser.parseAttribute(axis, "axis", result.attributes) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
      parser.parseRegion(*result.addRegion(), arg) || parser.parseColonTypeList(result.types));
}

void SortOp::print(OpAsmPrinter &p) {
  p << " (" << getArgs()[0] << ") = " << getLower() << " to " << getUpper();
  if (getTop())
    p << " top " << getTop();
  p << " axis " << getAxisAttr();
  printAttributes(p, *this, {"axis"});
  printBody(p, getBody());
  printTypes(p, (*this)->getResultTypes());
}

void SortOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  setName(region.getArgument(0), getAxis());
}

YieldOp SortOp::getYield() { return yieldOf(getBody()); }
SmallVector<AxisRange> SortOp::getAxisRanges(Region &region) {
  return zipBounds(region, getLower(), getUpper());
}

//===- tx.check -----------------------------------------------------------===//

ParseResult CheckOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::Argument> args;
  SmallVector<int32_t> segments;
  IntegerAttr site;
  if (parseDomain(parser, result, args, segments) || parser.parseKeyword("site") ||
      parser.parseAttribute(site, parser.getBuilder().getI64Type(), "site", result.attributes) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
      parser.parseRegion(*result.addRegion(), args))
    return failure();
  addSegments(parser.getBuilder(), result, segments);
  return success();
}

void CheckOp::print(OpAsmPrinter &p) {
  printDomain(p, getArgs(), getLower(), getUpper(), getAxes());
  p << " site " << getSite();
  printAttributes(p, *this, {"axes", "site"});
  printBody(p, getBody());
}

void CheckOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameArguments(region, getAxes(), setName);
}

YieldOp CheckOp::getYield() { return yieldOf(getBody()); }
SmallVector<AxisRange> CheckOp::getAxisRanges(Region &region) {
  return zipBounds(region, getLower(), getUpper());
}

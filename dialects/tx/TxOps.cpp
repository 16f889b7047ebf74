// Builders, assembly, effects and extents' interface of the ops of tx. Rules are checked in
// TxVerify.cpp, folds are in TxFold.cpp.
//
// A builder takes a callback that fills the body and derives the result types from what the body
// yields, so that whoever makes a nest writes it in one expression.
#include "dialects/tx/TxOps.h"
#include "dialects/tx/Extents.h"
#include "dialects/tx/Syntax.h"

using namespace mlir;
using namespace texpr::tx;

#include "dialects/tx/TxEnums.cpp.inc"
#include "dialects/tx/TxInterfaces.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/tx/TxOps.cpp.inc"

namespace {
/// The tensor of `axes` new leading axes over a yielded value.
Type stackedType(Type yielded, size_t axes) {
  size_t rank = axes;
  if (auto tensor = dyn_cast<RankedTensorType>(yielded))
    rank += tensor.getRank();
  return RankedTensorType::get(SmallVector<int64_t>(rank, ShapedType::kDynamic),
                               getElementTypeOrSelf(yielded));
}

ParseResult parseRegionWith(OpAsmParser &parser, OperationState &result,
                            ArrayRef<OpAsmParser::Argument> args) {
  return failure(parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
                 parser.parseRegion(*result.addRegion(), args));
}

/// A combiner's argument group: `(%a: f32, %i: index)`.
void printLeaves(OpAsmPrinter &p, ArrayRef<BlockArgument> args) {
  p << '(';
  llvm::interleaveComma(args, p, [&](BlockArgument a) { p.printRegionArgument(a); });
  p << ')';
}
} // namespace

//===- tx.read ------------------------------------------------------------===//

void ReadOp::build(OpBuilder &b, OperationState &state, Value source, ValueRange indices) {
  state.addOperands(source);
  state.addOperands(indices);
  addSegments(b, state, {1, int32_t(indices.size()), 0});
  state.addRegion();
  state.addTypes(getElementTypeOrSelf(source.getType()));
}

void ReadOp::build(OpBuilder &b, OperationState &state, Value source, ValueRange indices,
                   int64_t site, Value at) {
  state.addOperands(source);
  state.addOperands(indices);
  state.addOperands(at);
  addSegments(b, state, {1, int32_t(indices.size()), 1});
  state.addRegion();
  state.addTypes(getElementTypeOrSelf(source.getType()));
  state.addAttribute("site", b.getI64IntegerAttr(site));
}

void ReadOp::build(OpBuilder &b, OperationState &state, Value source, ValueRange indices,
                   BodyBuilder orElse) {
  build(b, state, source, indices);
  if (orElse)
    buildRegion(b, state.location, *state.regions.front(), {}, orElse);
}

ParseResult ReadOp::parse(OpAsmParser &parser, OperationState &result) {
  OpAsmParser::UnresolvedOperand source;
  SmallVector<OpAsmParser::UnresolvedOperand> indices, at;
  Region *orElse = result.addRegion();
  RankedTensorType type;
  if (parser.parseOperand(source) ||
      parser.parseOperandList(indices, OpAsmParser::Delimiter::Square))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("else"))) {
    if (parser.parseRegion(*orElse))
      return failure();
  } else if (succeeded(parser.parseOptionalKeyword("fail"))) {
    IntegerAttr site;
    if (parser.parseAttribute(site, parser.getBuilder().getI64Type(), "site", result.attributes))
      return failure();
    if (succeeded(parser.parseOptionalKeyword("at")) && parser.parseOperand(at.emplace_back()))
      return failure();
  }
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes) || parser.parseColonType(type))
    return failure();
  result.addTypes(type.getElementType());
  addSegments(parser.getBuilder(), result, {1, int32_t(indices.size()), int32_t(at.size())});
  Type index = parser.getBuilder().getIndexType();
  return failure(parser.resolveOperand(source, type, result.operands) ||
                 parser.resolveOperands(indices, index, result.operands) ||
                 parser.resolveOperands(at, index, result.operands));
}

void ReadOp::print(OpAsmPrinter &p) {
  p << ' ' << getSource() << '[';
  p.printOperands(getIndices());
  p << ']';
  if (hasElse()) {
    p << " else ";
    p.printRegion(getElseRegion());
  } else if (getSite()) {
    p << " fail " << *getSite();
    if (getAt())
      p << " at " << getAt();
  }
  printAttributes(p, *this, {"site"});
  p << " : " << getSource().getType();
}

Speculation::Speculatability ReadOp::getSpeculatability() {
  if (getSite())
    return Speculation::Speculatable;
  return hasElse() ? Speculation::RecursivelySpeculatable : Speculation::NotSpeculatable;
}

//===- tx.compute ---------------------------------------------------------===//

void ComputeOp::build(OpBuilder &b, OperationState &state, ValueRange lower, ValueRange upper,
                      ArrayAttr axes, BodyBuilder body) {
  state.addOperands(lower);
  state.addOperands(upper);
  addSegments(b, state, {int32_t(lower.size()), int32_t(upper.size())});
  state.addAttribute("axes", axes);
  auto yielded =
      buildRegion(b, state.location, *state.addRegion(), indexTypes(b, upper.size()), body);
  for (Value v : yielded)
    state.addTypes(stackedType(v.getType(), upper.size()));
}

void ComputeOp::build(OpBuilder &b, OperationState &state, ValueRange extents, ArrayAttr axes,
                      BodyBuilder body) {
  SmallVector<Value> lower;
  if (!extents.empty())
    lower.assign(extents.size(), arith::ConstantIndexOp::create(b, state.location, 0));
  build(b, state, lower, extents, axes, body);
}

ParseResult ComputeOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::Argument> args;
  SmallVector<int32_t> segments;
  if (parseDomain(parser, result, args, segments) || parseRegionWith(parser, result, args) ||
      parser.parseOptionalColonTypeList(result.types))
    return failure();
  addSegments(parser.getBuilder(), result, segments);
  return success();
}

void ComputeOp::print(OpAsmPrinter &p) {
  printDomain(p, getArgs(), getLower(), getUpper(), getAxes());
  printAttributes(p, *this, {"axes"});
  printBody(p, getBody());
  printTypes(p, getResultTypes());
}

void ComputeOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameArguments(region, getAxes(), setName);
}

//===- tx.reduce ----------------------------------------------------------===//

void ReduceOp::build(OpBuilder &b, OperationState &state, Combine op, ValueRange lower,
                     ValueRange upper, ArrayAttr axes, BodyBuilder body, BodyBuilder where,
                     FlatSymbolRefAttr combiner, bool isUnsigned) {
  state.addOperands(lower);
  state.addOperands(upper);
  addSegments(b, state, {int32_t(lower.size()), int32_t(upper.size())});
  state.addAttribute("axes", axes);
  state.addAttribute("op", CombineAttr::get(b.getContext(), op));
  if (combiner)
    state.addAttribute("combiner", combiner);
  if (isUnsigned)
    state.addAttribute("is_unsigned", b.getUnitAttr());
  auto arguments = indexTypes(b, upper.size());
  for (Value v : buildRegion(b, state.location, *state.addRegion(), arguments, body))
    state.addTypes(v.getType());
  Region *whereRegion = state.addRegion();
  if (where)
    buildRegion(b, state.location, *whereRegion, arguments, where);
}

ParseResult ReduceOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::Argument> args;
  SmallVector<int32_t> segments;
  Region *body = result.addRegion();
  Region *where = result.addRegion();
  if (parseCombine(parser, result) || parseDomain(parser, result, args, segments) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes) || parseWhere(parser, *where) ||
      parser.parseRegion(*body, args) || parser.parseOptionalColonTypeList(result.types))
    return failure();
  addSegments(parser.getBuilder(), result, segments);
  return success();
}

void ReduceOp::print(OpAsmPrinter &p) {
  printCombine(p, getOp(), getCombinerAttr(), getIsUnsigned());
  printDomain(p, getArgs(), getLower(), getUpper(), getAxes());
  printAttributes(p, *this, {"axes", "op", "combiner", "is_unsigned"});
  printWhere(p, getWhereRegion());
  printBody(p, getBody());
  printTypes(p, getResultTypes());
}

void ReduceOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameArguments(region, getAxes(), setName);
}

//===- tx.combiner --------------------------------------------------------===//

void CombinerOp::build(OpBuilder &b, OperationState &state, StringRef name, TypeRange leaves,
                       bool commutative, BodyBuilder body, BodyBuilder identity) {
  state.addAttribute("sym_name", b.getStringAttr(name));
  if (commutative)
    state.addAttribute("commutative", b.getUnitAttr());
  SmallVector<Type> arguments(leaves);
  llvm::append_range(arguments, leaves);
  buildRegion(b, state.location, *state.addRegion(), arguments, body);
  Region *identityRegion = state.addRegion();
  if (identity)
    buildRegion(b, state.location, *identityRegion, {}, identity);
}

ParseResult CombinerOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> args;
  Region *body = result.addRegion();
  Region *identity = result.addRegion();
  if (parser.parseSymbolName(name, "sym_name", result.attributes) ||
      parser.parseArgumentList(args, OpAsmParser::Delimiter::Paren, /*allowType=*/true) ||
      parser.parseComma() ||
      parser.parseArgumentList(args, OpAsmParser::Delimiter::Paren, /*allowType=*/true))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("commutative")))
    result.addAttribute("commutative", parser.getBuilder().getUnitAttr());
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes) || parser.parseRegion(*body, args))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("identity")))
    return parser.parseRegion(*identity);
  return success();
}

void CombinerOp::print(OpAsmPrinter &p) {
  p << ' ';
  p.printSymbolName(getSymName());
  p << ' ';
  printLeaves(p, getBody().getArguments().take_front(getNumLeaves()));
  p << ", ";
  printLeaves(p, getBody().getArguments().drop_front(getNumLeaves()));
  if (getCommutative())
    p << " commutative";
  printAttributes(p, *this, {"sym_name", "commutative"});
  printBody(p, getBody());
  if (!hasIdentity())
    return;
  p << " identity ";
  p.printRegion(getIdentity());
}

//===- tx.kernel ----------------------------------------------------------===//

void KernelOp::build(OpBuilder &b, OperationState &state, BodyBuilder body) {
  for (Value v : buildRegion(b, state.location, *state.addRegion(), {}, body))
    state.addTypes(v.getType());
}

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  return failure(parseRegionWith(parser, result, {}) ||
                 parser.parseOptionalArrowTypeList(result.types));
}

void KernelOp::print(OpAsmPrinter &p) {
  printAttributes(p, *this, {});
  printBody(p, getBody());
  p.printOptionalArrowTypeList(getResultTypes());
}

YieldOp ComputeOp::getYield() { return cast<YieldOp>(getBlock()->getTerminator()); }
YieldOp ReduceOp::getYield() { return cast<YieldOp>(getBlock()->getTerminator()); }
YieldOp KernelOp::getYield() { return cast<YieldOp>(getBlock()->getTerminator()); }

SmallVector<AxisRange> ComputeOp::getAxisRanges(Region &region) {
  return zipBounds(region, getLower(), getUpper());
}
SmallVector<AxisRange> ReduceOp::getAxisRanges(Region &region) {
  return zipBounds(region, getLower(), getUpper());
}

// Builders, assembly and effects of the ops of par. Rules are checked in ParVerify.cpp.
//
// Reads and writes name the buffer that they touch, so that upstream's CSE and dead-code passes
// stay usable.
#include "dialects/par/ParOps.h"
#include "dialects/tx/Syntax.h"

using namespace mlir;
using namespace texpr;
using namespace texpr::par;

#define GET_OP_CLASSES
#include "dialects/par/ParOps.cpp.inc"

using Effects = SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>;

namespace {
/// Builds a region whose empty terminator may be left to us.
void buildRegionWithYield(OpBuilder &b, Location loc, Region &region, TypeRange arguments,
                          tx::BodyBuilder body) {
  tx::buildRegion(b, loc, region, arguments, [&](OpBuilder &b, Location loc, ValueRange args) {
    body(b, loc, args);
    Block *block = b.getInsertionBlock();
    if (!block->mightHaveTerminator())
      YieldOp::create(b, loc);
  });
}

/// Adds the terminator that the assembly leaves out.
void ensureYield(OpAsmParser &parser, Region &region, Location loc) {
  if (region.empty())
    region.emplaceBlock();
  Block &block = region.front();
  if (block.mightHaveTerminator())
    return;
  OpBuilder b(parser.getContext());
  b.setInsertionPointToEnd(&block);
  YieldOp::create(b, loc);
}

void printBody(OpAsmPrinter &p, Region &body, bool terminator) {
  p << ' ';
  p.printRegion(body, /*printEntryBlockArgs=*/false, terminator);
}
} // namespace

//===- par.do -------------------------------------------------------------===//

void DoOp::build(OpBuilder &b, OperationState &state, TypeRange results, ValueRange inputs,
                 ValueRange extents, tx::BodyBuilder body) {
  state.addOperands(inputs);
  state.addOperands(extents);
  tx::addSegments(b, state, {int32_t(inputs.size()), int32_t(extents.size())});
  state.addTypes(results);
  SmallVector<Type> arguments;
  for (Type type :
       llvm::concat<const Type>(SmallVector<Type>(inputs.getTypes()), SmallVector<Type>(results)))
    arguments.push_back(bufferOf(type));
  buildRegionWithYield(b, state.location, *state.addRegion(), arguments, body);
}

OperandRange DoOp::getExtentsOf(unsigned result) {
  unsigned begin = 0;
  for (unsigned i = 0; i < result; ++i)
    begin += cast<RankedTensorType>(getResult(i).getType()).getRank();
  return getExtents().slice(begin, cast<RankedTensorType>(getResult(result).getType()).getRank());
}

tx::Extents DoOp::getKnownExtents(unsigned result) {
  SmallVector<tx::Extent> extents;
  for (Value v : getExtentsOf(result))
    extents.push_back({Value(), v, std::nullopt});
  return extents;
}

/// `(%x as %b : tensor<…>, …)`: operands and the buffers that stand for them inside.
static ParseResult parseInputs(OpAsmParser &parser, OperationState &result,
                               SmallVectorImpl<OpAsmParser::Argument> &args) {
  return parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, [&]() -> ParseResult {
    OpAsmParser::UnresolvedOperand input;
    RankedTensorType type;
    OpAsmParser::Argument &arg = args.emplace_back();
    if (parser.parseOperand(input) || parser.parseKeyword("as") || parser.parseArgument(arg) ||
        parser.parseColonType(type))
      return failure();
    arg.type = bufferOf(type);
    return parser.resolveOperand(input, type, result.operands);
  });
}

static ParseResult parseOutputs(OpAsmParser &parser, OperationState &result,
                                SmallVectorImpl<OpAsmParser::Argument> &args) {
  return parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, [&]() -> ParseResult {
    RankedTensorType type;
    OpAsmParser::Argument &arg = args.emplace_back();
    if (parser.parseArgument(arg) || parser.parseColonType(type))
      return failure();
    arg.type = bufferOf(type);
    result.addTypes(type);
    return success();
  });
}

ParseResult DoOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::Argument> args;
  SmallVector<OpAsmParser::UnresolvedOperand> extents;
  if (parser.parseKeyword("ins") || parseInputs(parser, result, args) ||
      parser.parseKeyword("outs") ||
      parser.parseOperandList(extents, OpAsmParser::Delimiter::Square))
    return failure();
  int32_t inputs = result.operands.size();
  if (parser.resolveOperands(extents, parser.getBuilder().getIndexType(), result.operands) ||
      parseOutputs(parser, result, args) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
      parser.parseRegion(*result.addRegion(), args))
    return failure();
  tx::addSegments(parser.getBuilder(), result, {inputs, int32_t(extents.size())});
  ensureYield(parser, *result.regions.back(), result.location);
  return success();
}

void DoOp::print(OpAsmPrinter &p) {
  p << " ins(";
  llvm::interleaveComma(llvm::zip_equal(getInputs(), getInputBuffers()), p, [&](auto pair) {
    p << std::get<0>(pair) << " as " << std::get<1>(pair) << " : " << std::get<0>(pair).getType();
  });
  p << ") outs[";
  p.printOperands(getExtents());
  p << "] (";
  llvm::interleaveComma(llvm::zip_equal(getResults(), getResultBuffers()), p, [&](auto pair) {
    p << std::get<1>(pair) << " : " << std::get<0>(pair).getType();
  });
  p << ')';
  tx::printAttributes(p, *this, {});
  printBody(p, getBody(), /*terminator=*/false);
}

//===- par.kernel ---------------------------------------------------------===//

void KernelOp::build(OpBuilder &b, OperationState &state, tx::BodyBuilder body) {
  tx::buildRegion(b, state.location, *state.addRegion(), {}, body);
}

//===- par.forall ---------------------------------------------------------===//

void ForallOp::build(OpBuilder &b, OperationState &state, ValueRange lower, ValueRange upper,
                     ArrayAttr axes, tx::BodyBuilder body, StringRef level, bool full,
                     bool disjoint) {
  state.addOperands(lower);
  state.addOperands(upper);
  tx::addSegments(b, state, {int32_t(lower.size()), int32_t(upper.size())});
  state.addAttribute("axes", axes);
  if (!level.empty())
    state.addAttribute("level", b.getStringAttr(level));
  if (full)
    state.addAttribute("full", b.getUnitAttr());
  if (disjoint)
    state.addAttribute("disjoint", b.getUnitAttr());
  buildRegionWithYield(b, state.location, *state.addRegion(), tx::indexTypes(b, upper.size()),
                       body);
}

static ParseResult parseLevel(OpAsmParser &parser, OperationState &result) {
  StringAttr level;
  if (failed(parser.parseOptionalKeyword("level")))
    return success();
  return parser.parseAttribute(level, "level", result.attributes);
}

static void printLevel(OpAsmPrinter &p, StringAttr level) {
  if (level)
    p << " level " << level;
}

ParseResult ForallOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::Argument> args;
  SmallVector<int32_t> segments;
  if (tx::parseDomain(parser, result, args, segments) || parseLevel(parser, result))
    return failure();
  for (StringRef flag : {"full", "disjoint"})
    if (succeeded(parser.parseOptionalKeyword(flag)))
      result.addAttribute(flag, parser.getBuilder().getUnitAttr());
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
      parser.parseRegion(*result.addRegion(), args))
    return failure();
  tx::addSegments(parser.getBuilder(), result, segments);
  ensureYield(parser, *result.regions.back(), result.location);
  return success();
}

void ForallOp::print(OpAsmPrinter &p) {
  tx::printDomain(p, getArgs(), getLower(), getUpper(), getAxes());
  printLevel(p, getLevelAttr());
  if (getFull())
    p << " full";
  if (getDisjoint())
    p << " disjoint";
  tx::printAttributes(p, *this, {"axes", "level", "full", "disjoint"});
  printBody(p, getBody(), /*terminator=*/false);
}

void ForallOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  tx::nameArguments(region, getAxes(), setName);
}

//===- par.seq ------------------------------------------------------------===//

void SeqOp::build(OpBuilder &b, OperationState &state, Value lower, Value upper, ValueRange inits,
                  StringRef axis, tx::BodyBuilder body, tx::BodyBuilder whileBody) {
  state.addOperands({lower, upper});
  state.addOperands(inits);
  state.addAttribute("axis", b.getStringAttr(axis));
  SmallVector<Type> arguments = {b.getIndexType()};
  llvm::append_range(arguments, inits.getTypes());
  buildRegionWithYield(b, state.location, *state.addRegion(), arguments, body);
  Region *condition = state.addRegion();
  if (whileBody)
    tx::buildRegion(b, state.location, *condition, arguments, whileBody);
  state.addTypes(inits.getTypes());
}

ParseResult SeqOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::Argument> args(1);
  OpAsmParser::UnresolvedOperand lower, upper;
  StringAttr axis;
  Region *body = result.addRegion(), *condition = result.addRegion();
  Type index = args[0].type = parser.getBuilder().getIndexType();
  if (parser.parseLParen() || parser.parseArgument(args[0]) || parser.parseRParen() ||
      parser.parseEqual() || parser.parseOperand(lower) || parser.parseKeyword("to") ||
      parser.parseOperand(upper) || parser.resolveOperand(lower, index, result.operands) ||
      parser.resolveOperand(upper, index, result.operands) || parser.parseKeyword("axis") ||
      parser.parseAttribute(axis, "axis", result.attributes) ||
      tx::parseCarried(parser, result, args))
    return failure();
  for (const OpAsmParser::Argument &arg : ArrayRef(args).drop_front())
    result.addTypes(arg.type);
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
      tx::parseWhile(parser, *condition, args) || parser.parseRegion(*body, args))
    return failure();
  ensureYield(parser, *body, result.location);
  return success();
}

void SeqOp::print(OpAsmPrinter &p) {
  p << " (" << getInductionVar() << ") = " << getLower() << " to " << getUpper() << " axis "
    << getAxisAttr();
  tx::printCarried(p, getCarried(), getInits());
  tx::printAttributes(p, *this, {"axis"});
  tx::printWhile(p, getWhileRegion());
  printBody(p, getBody(), /*terminator=*/!getInits().empty());
}

void SeqOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  if (!region.args_empty())
    setName(region.getArgument(0), getAxis());
}

//===- par.reduce ---------------------------------------------------------===//

void ReduceOp::build(OpBuilder &b, OperationState &state, tx::Combine op, ValueRange lower,
                     ValueRange upper, ArrayAttr axes, tx::BodyBuilder body, tx::BodyBuilder where,
                     FlatSymbolRefAttr combiner, bool isUnsigned) {
  state.addOperands(lower);
  state.addOperands(upper);
  tx::addSegments(b, state, {int32_t(lower.size()), int32_t(upper.size())});
  state.addAttribute("axes", axes);
  state.addAttribute("op", tx::CombineAttr::get(b.getContext(), op));
  if (combiner)
    state.addAttribute("combiner", combiner);
  if (isUnsigned)
    state.addAttribute("is_unsigned", b.getUnitAttr());
  auto arguments = tx::indexTypes(b, upper.size());
  for (Value v : tx::buildRegion(b, state.location, *state.addRegion(), arguments, body))
    state.addTypes(v.getType());
  Region *whereRegion = state.addRegion();
  if (where)
    tx::buildRegion(b, state.location, *whereRegion, arguments, where);
}

ParseResult ReduceOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::Argument> args;
  SmallVector<int32_t> segments;
  Region *body = result.addRegion();
  Region *where = result.addRegion();
  if (tx::parseCombine(parser, result) || tx::parseDomain(parser, result, args, segments) ||
      parseLevel(parser, result) || parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
      tx::parseWhere(parser, *where) || parser.parseRegion(*body, args) ||
      parser.parseOptionalColonTypeList(result.types))
    return failure();
  tx::addSegments(parser.getBuilder(), result, segments);
  return success();
}

void ReduceOp::print(OpAsmPrinter &p) {
  tx::printCombine(p, getOp(), getCombinerAttr(), getIsUnsigned());
  tx::printDomain(p, getArgs(), getLower(), getUpper(), getAxes());
  printLevel(p, getLevelAttr());
  tx::printAttributes(p, *this, {"axes", "op", "combiner", "is_unsigned", "level"});
  tx::printWhere(p, getWhereRegion());
  printBody(p, getBody(), /*terminator=*/true);
  if (getResultTypes().empty())
    return;
  p << " : ";
  llvm::interleaveComma(getResultTypes(), p);
}

void ReduceOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  tx::nameArguments(region, getAxes(), setName);
}

//===- buffers ------------------------------------------------------------===//

void AllocOp::build(OpBuilder &b, OperationState &state, Type elementType, ValueRange extents,
                    StringRef name) {
  state.addOperands(extents);
  if (!name.empty())
    state.addAttribute("name", b.getStringAttr(name));
  state.addTypes(BufType::get(b.getContext(), extents.size(), elementType));
}

void AllocOp::getEffects(Effects &effects) {
  effects.emplace_back(MemoryEffects::Allocate::get(), getOperation()->getOpResult(0),
                       SideEffects::DefaultResource::get());
}

void LoadOp::build(OpBuilder &b, OperationState &state, Value source, ValueRange indices,
                   Value mask, Value other) {
  build(b, state, getBufType(source).getElementType(), source, indices, mask, other);
}

void LoadOp::getEffects(Effects &effects) {
  effects.emplace_back(MemoryEffects::Read::get(), &getSourceMutable(),
                       SideEffects::DefaultResource::get());
}

void StoreOp::build(OpBuilder &b, OperationState &state, Value value, Value dest,
                    ValueRange indices) {
  build(b, state, value, dest, indices, /*mask=*/Value());
}

void StoreOp::getEffects(Effects &effects) {
  effects.emplace_back(MemoryEffects::Write::get(), &getDestMutable(),
                       SideEffects::DefaultResource::get());
}

void ContractOp::getEffects(Effects &effects) {
  for (OpOperand *read : {&getAMutable(), &getBMutable(), &getCMutable()})
    effects.emplace_back(MemoryEffects::Read::get(), read, SideEffects::DefaultResource::get());
  effects.emplace_back(MemoryEffects::Write::get(), &getCMutable(),
                       SideEffects::DefaultResource::get());
}

//===- par.atomic ---------------------------------------------------------===//

void AtomicOp::build(OpBuilder &b, OperationState &state, Value dest, ValueRange indices,
                     tx::BodyBuilder body) {
  Type element = cast<BufType>(dest.getType()).getElementType();
  state.addOperands(dest);
  state.addOperands(indices);
  tx::buildRegion(b, state.location, *state.addRegion(), element, body);
  state.addTypes(element);
}

ParseResult AtomicOp::parse(OpAsmParser &parser, OperationState &result) {
  OpAsmParser::UnresolvedOperand dest;
  SmallVector<OpAsmParser::UnresolvedOperand> indices;
  SmallVector<OpAsmParser::Argument> args(1);
  OpAsmParser::Argument &old = args[0];
  Region *body = result.addRegion();
  // The element's type is the buffer's, which stands at the end: the argument says its own.
  if (parser.parseOperand(dest) ||
      parser.parseOperandList(indices, OpAsmParser::Delimiter::Square) || parser.parseLParen() ||
      parser.parseArgument(old, /*allowType=*/true) || parser.parseRParen() ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes) || parser.parseRegion(*body, args))
    return failure();
  BufType type;
  if (parser.parseColonType(type) || parser.resolveOperand(dest, type, result.operands) ||
      parser.resolveOperands(indices, parser.getBuilder().getIndexType(), result.operands))
    return failure();
  result.addTypes(type.getElementType());
  return success();
}

void AtomicOp::print(OpAsmPrinter &p) {
  p << ' ' << getDest() << '[';
  p.printOperands(getIndices());
  p << "] (";
  p.printRegionArgument(getBody().getArgument(0));
  p << ')';
  tx::printAttributes(p, *this, {});
  printBody(p, getBody(), /*terminator=*/true);
  p << " : " << getDest().getType();
}

void AtomicOp::getEffects(Effects &effects) {
  effects.emplace_back(MemoryEffects::Read::get(), &getDestMutable());
  effects.emplace_back(MemoryEffects::Write::get(), &getDestMutable());
}

YieldOp AtomicOp::getYield() { return cast<YieldOp>(getBlock()->getTerminator()); }

YieldOp SeqOp::getYield() { return cast<YieldOp>(getBlock()->getTerminator()); }
YieldOp ReduceOp::getYield() { return cast<YieldOp>(getBlock()->getTerminator()); }

SmallVector<tx::AxisRange> ForallOp::getAxisRanges(Region &region) {
  return tx::zipBounds(region, getLower(), getUpper());
}
SmallVector<tx::AxisRange> SeqOp::getAxisRanges(Region &region) {
  return tx::zipBounds(region, getLower(), getUpper());
}
SmallVector<tx::AxisRange> ReduceOp::getAxisRanges(Region &region) {
  return tx::zipBounds(region, getLower(), getUpper());
}

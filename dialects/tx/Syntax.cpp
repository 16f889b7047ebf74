// Shared assembly of iteration domains: one parser and one printer for compute, reduce, forall and
// their kin.
//
// Arguments are printed with their domain, before the region, so regions are printed without a
// block header. An attribute dictionary stands before the region, after the word `attributes`:
// decisions are read before the body.
#include "dialects/tx/Syntax.h"

using namespace mlir;

namespace texpr::tx {

static ParseResult parseIndexOperands(OpAsmParser &parser, OperationState &result, int32_t &count) {
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  if (parser.parseOperandList(operands, OpAsmParser::Delimiter::Paren))
    return failure();
  count = operands.size();
  return parser.resolveOperands(operands, parser.getBuilder().getIndexType(), result.operands);
}

ParseResult parseDomain(OpAsmParser &parser, OperationState &result,
                        SmallVectorImpl<OpAsmParser::Argument> &args,
                        SmallVectorImpl<int32_t> &segments) {
  int32_t lower, upper;
  ArrayAttr axes;
  if (parser.parseArgumentList(args, OpAsmParser::Delimiter::Paren) || parser.parseEqual() ||
      parseIndexOperands(parser, result, lower) || parser.parseKeyword("to") ||
      parseIndexOperands(parser, result, upper) || parser.parseKeyword("axes") ||
      parser.parseAttribute(axes, "axes", result.attributes))
    return failure();
  segments.append({lower, upper});
  for (OpAsmParser::Argument &arg : args)
    arg.type = parser.getBuilder().getIndexType();
  return success();
}

static void printOperandsIn(OpAsmPrinter &p, ValueRange values) {
  p << '(';
  p.printOperands(values);
  p << ')';
}

void printDomain(OpAsmPrinter &p, ValueRange arguments, ValueRange lower, ValueRange upper,
                 ArrayAttr axes) {
  p << ' ';
  printOperandsIn(p, arguments);
  p << " = ";
  printOperandsIn(p, lower);
  p << " to ";
  printOperandsIn(p, upper);
  p << " axes " << axes;
}

void printAttributes(OpAsmPrinter &p, Operation *op, ArrayRef<StringRef> elided) {
  SmallVector<StringRef> names(elided);
  names.push_back("operandSegmentSizes");
  p.printOptionalAttrDictWithKeyword(op->getAttrs(), names);
}

ParseResult parseCarried(OpAsmParser &parser, OperationState &result,
                         SmallVectorImpl<OpAsmParser::Argument> &args) {
  if (failed(parser.parseOptionalKeyword("with")))
    return success();
  return parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, [&]() -> ParseResult {
    OpAsmParser::UnresolvedOperand init;
    OpAsmParser::Argument &arg = args.emplace_back();
    return failure(parser.parseArgument(arg) || parser.parseEqual() || parser.parseOperand(init) ||
                   parser.parseColonType(arg.type) ||
                   parser.resolveOperand(init, arg.type, result.operands));
  });
}

void printCarried(OpAsmPrinter &p, ValueRange arguments, ValueRange inits) {
  if (inits.empty())
    return;
  p << " with (";
  llvm::interleaveComma(llvm::zip_equal(arguments, inits), p, [&](auto pair) {
    p << std::get<0>(pair) << " = " << std::get<1>(pair) << " : " << std::get<1>(pair).getType();
  });
  p << ')';
}

ParseResult parseWhere(OpAsmParser &parser, Region &where) {
  if (failed(parser.parseOptionalKeyword("where")))
    return success();
  SmallVector<OpAsmParser::Argument> args;
  if (parser.parseArgumentList(args, OpAsmParser::Delimiter::Paren))
    return failure();
  for (OpAsmParser::Argument &arg : args)
    arg.type = parser.getBuilder().getIndexType();
  return parser.parseRegion(where, args);
}

void printWhere(OpAsmPrinter &p, Region &where) {
  if (where.empty())
    return;
  p << " where ";
  printOperandsIn(p, where.getArguments());
  p << ' ';
  p.printRegion(where, /*printEntryBlockArgs=*/false);
}

void addSegments(Builder b, OperationState &state, ArrayRef<int32_t> counts) {
  state.addAttribute("operandSegmentSizes", b.getDenseI32ArrayAttr(counts));
}

void printBody(OpAsmPrinter &p, Region &body) {
  p << ' ';
  p.printRegion(body, /*printEntryBlockArgs=*/false);
}

void printTypes(OpAsmPrinter &p, TypeRange types) {
  if (types.empty())
    return;
  p << " : ";
  llvm::interleaveComma(types, p);
}

ParseResult parseWhile(OpAsmParser &parser, Region &region, ArrayRef<OpAsmParser::Argument> like) {
  if (failed(parser.parseOptionalKeyword("while")))
    return success();
  SmallVector<OpAsmParser::Argument> args;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseArgumentList(args, OpAsmParser::Delimiter::Paren))
    return failure();
  if (args.size() != like.size())
    return parser.emitError(loc, "expected ") << like.size() << " arguments of `while`";
  for (auto [arg, same] : llvm::zip_equal(args, like))
    arg.type = same.type;
  return parser.parseRegion(region, args);
}

void printWhile(OpAsmPrinter &p, Region &region) {
  if (region.empty())
    return;
  p << " while ";
  printOperandsIn(p, region.getArguments());
  p << ' ';
  p.printRegion(region, /*printEntryBlockArgs=*/false);
}

ParseResult parseCombine(OpAsmParser &parser, OperationState &result) {
  StringRef word;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&word))
    return failure();
  std::optional<Combine> op = symbolizeCombine(word);
  if (!op)
    return parser.emitError(loc, "expected a combining operator, found '") << word << "'";
  result.addAttribute("op", CombineAttr::get(parser.getContext(), *op));
  if (*op == Combine::user) {
    FlatSymbolRefAttr combiner;
    return parser.parseAttribute(combiner, "combiner", result.attributes);
  }
  if (succeeded(parser.parseOptionalKeyword("unsigned")))
    result.addAttribute("is_unsigned", parser.getBuilder().getUnitAttr());
  return success();
}

void printCombine(OpAsmPrinter &p, Combine op, FlatSymbolRefAttr combiner, bool isUnsigned) {
  p << ' ' << stringifyCombine(op);
  if (combiner)
    p << ' ' << combiner;
  if (isUnsigned)
    p << " unsigned";
}

SmallVector<Value> buildRegion(OpBuilder &b, Location loc, Region &region, TypeRange arguments,
                               BodyBuilder body) {
  OpBuilder::InsertionGuard guard(b);
  Block *block =
      b.createBlock(&region, region.end(), arguments, SmallVector<Location>(arguments.size(), loc));
  body(b, loc, block->getArguments());
  if (!block->mightHaveTerminator())
    return {};
  return SmallVector<Value>(block->getTerminator()->getOperands());
}

SmallVector<Type> indexTypes(OpBuilder &b, size_t n) {
  return SmallVector<Type>(n, b.getIndexType());
}

SmallVector<AxisRange> zipBounds(Region &region, ValueRange lower, ValueRange upper) {
  SmallVector<AxisRange> bounds;
  for (auto [arg, lo, hi] : llvm::zip(region.getArguments(), lower, upper))
    bounds.push_back({arg, lo, hi});
  return bounds;
}

void nameArguments(Region &region, ArrayAttr axes, OpAsmSetValueNameFn setName) {
  for (auto [arg, axis] : llvm::zip(region.getArguments(), axes))
    if (auto name = dyn_cast<StringAttr>(axis))
      setName(arg, name.getValue());
}

} // namespace texpr::tx

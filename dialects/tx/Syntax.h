// The parts of the assembly that tx and par share: iteration domains with named arguments, and
// reductions.
//
//   (%i, %j) = (%c0, %lo) to (%m, %n) axes ["i", "j"] attributes {…} { … }
#pragma once
#include "dialects/tx/TxOps.h"

namespace texpr::tx {

/// The arguments, bounds, axes and attribute dictionary; bounds are resolved. `segments` takes the
/// two operand counts.
mlir::ParseResult parseDomain(mlir::OpAsmParser &parser, mlir::OperationState &result,
                              llvm::SmallVectorImpl<mlir::OpAsmParser::Argument> &args,
                              llvm::SmallVectorImpl<int32_t> &segments);
/// `arguments`: the region's; axes follow where `axes` is given.
void printDomain(mlir::OpAsmPrinter &p, mlir::ValueRange arguments, mlir::ValueRange lower,
                 mlir::ValueRange upper, mlir::ArrayAttr axes);

/// ` attributes {…}` without the named ones and the operand segments.
void printAttributes(mlir::OpAsmPrinter &p, mlir::Operation *op,
                     llvm::ArrayRef<llvm::StringRef> elided);

/// `with (%a = %init : type, …)`: carried arguments and their inits; nothing where absent.
mlir::ParseResult parseCarried(mlir::OpAsmParser &parser, mlir::OperationState &result,
                               llvm::SmallVectorImpl<mlir::OpAsmParser::Argument> &args);
void printCarried(mlir::OpAsmPrinter &p, mlir::ValueRange arguments, mlir::ValueRange inits);

/// The numbers of operands of each group.
void addSegments(mlir::Builder b, mlir::OperationState &state, llvm::ArrayRef<int32_t> counts);

/// The region without its arguments, which stand with the domain.
void printBody(mlir::OpAsmPrinter &p, mlir::Region &body);
/// ` : types`; nothing where there are none.
void printTypes(mlir::OpAsmPrinter &p, mlir::TypeRange types);

/// `while (%k, %u) { … }`, absent or not: arguments of these types.
mlir::ParseResult parseWhile(mlir::OpAsmParser &parser, mlir::Region &region,
                             llvm::ArrayRef<mlir::OpAsmParser::Argument> like);
void printWhile(mlir::OpAsmPrinter &p, mlir::Region &region);

/// `where (%k) { … }`, absent or not; one index argument an axis.
mlir::ParseResult parseWhere(mlir::OpAsmParser &parser, mlir::Region &where);
void printWhere(mlir::OpAsmPrinter &p, mlir::Region &where);

/// `add`, `min unsigned`, `user @argmax`: the attributes op, combiner and is_unsigned.
mlir::ParseResult parseCombine(mlir::OpAsmParser &parser, mlir::OperationState &result);
void printCombine(mlir::OpAsmPrinter &p, Combine op, mlir::FlatSymbolRefAttr combiner,
                  bool isUnsigned);

/// A region of one block with these argument types, filled by `body`; returns the operands of its
/// terminator.
mlir::SmallVector<mlir::Value> buildRegion(mlir::OpBuilder &b, mlir::Location loc,
                                           mlir::Region &region, mlir::TypeRange arguments,
                                           BodyBuilder body);
/// `n` index types.
mlir::SmallVector<mlir::Type> indexTypes(mlir::OpBuilder &b, size_t n);
/// The bounds of the first arguments of `region`.
mlir::SmallVector<AxisRange> zipBounds(mlir::Region &region, mlir::ValueRange lower,
                                       mlir::ValueRange upper);
/// Suggests the axes' names for the arguments of a region.
void nameArguments(mlir::Region &region, mlir::ArrayAttr axes, mlir::OpAsmSetValueNameFn setName);

} // namespace texpr::tx

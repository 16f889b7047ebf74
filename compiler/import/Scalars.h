// Scalars of the language as SSA values: types, literals, operators, functions, conversions.
//
// A scalar i64 is `index`, everywhere; an element of a tensor of i64 is `i64`. Total operations of
// the language that are partial in `arith` become tx.scalar.
#pragma once
#include "compiler/source/Ast.h"
#include "compiler/source/Builtins.h"
#include "dialects/tx/TxOps.h"
#include "mlir/IR/Builders.h"

namespace texpr::importer {

mlir::Type scalarType(mlir::MLIRContext *context, ScalarKind k);
mlir::Type elementType(mlir::MLIRContext *context, ScalarKind k);

/// Builds scalar operations at the insertion point of a builder.
class ScalarBuilder {
public:
  ScalarBuilder(mlir::OpBuilder &b, mlir::Location loc, bool isChecked = false)
      : b(b), loc(loc), isChecked(isChecked) {}

  mlir::Value integer(ScalarKind k, uint64_t bits);
  mlir::Value real(ScalarKind k, llvm::StringRef text);
  mlir::Value literal(const IntLitExpr &e);
  mlir::Value constant(ScalarKind k, llvm::StringRef member);
  mlir::Value predeclared(ScalarKind k, Predeclared which);

  mlir::Value unary(UnaryOp op, ScalarKind k, mlir::Value a);
  /// `rhsKind` differs from `k` for shifts only.
  mlir::Value binary(BinaryOp op, ScalarKind k, mlir::Value a, mlir::Value b, ScalarKind rhsKind);
  mlir::Value convert(ScalarKind from, ScalarKind to, mlir::Value a);
  mlir::Value toF8(ScalarKind from, ScalarKind to, mlir::Value a);
  /// `kinds` are those of the operands; `to` is the type argument of `bitcast`.
  mlir::Value builtin(Builtin f, llvm::ArrayRef<ScalarKind> kinds, llvm::ArrayRef<mlir::Value> args,
                      ScalarKind to);

  /// index ↔ i64 for scalars of i64; nothing for others.
  mlir::Value toElement(ScalarKind k, mlir::Value scalar);
  mlir::Value fromElement(ScalarKind k, mlir::Value element);
  /// Any integer as an index.
  mlir::Value toIndex(ScalarKind k, mlir::Value scalar);

private:
  /// A division of the source, marked in a checked build.
  mlir::Value division(tx::ScalarKind kind, mlir::Value a, mlir::Value b);
  mlir::OpBuilder &b;
  mlir::Location loc;
  bool isChecked;
  mlir::Value compare(BinaryOp op, ScalarKind k, mlir::Value x, mlir::Value y);
  mlir::Value floatBinary(BinaryOp op, mlir::Value x, mlir::Value y);
  mlir::Value shift(BinaryOp op, ScalarKind k, mlir::Value x, mlir::Value amount,
                    ScalarKind amountKind);
  mlir::Value rotate(ScalarKind k, mlir::Value x, mlir::Value amount, ScalarKind amountKind,
                     bool left);
  mlir::Value extremum(bool isMax, ScalarKind k, mlir::Value x, mlir::Value y);
  mlir::Value sign(ScalarKind k, mlir::Value x);
  mlir::Value floatFunction(Builtin f, llvm::ArrayRef<mlir::Value> args);
  mlir::Value bitCast(ScalarKind from, ScalarKind to, mlir::Value x);
  /// A count of bits on the raw integer.
  template <typename Op> mlir::Value count(ScalarKind k, mlir::Value x);
};

} // namespace texpr::importer

// The functions that every program may call, one row each: the checker, the reference interpreter
// and `import/` read the same table.
//
// On tensors every one of them works element by element: shapes equal, scalars spread. All operands
// have one scalar type (after literals adapt), except where `Builtin` says otherwise, and every one
// rounds or wraps in that type.
#pragma once
#include "compiler/source/Type.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>
#include <vector>

namespace texpr {

enum class Builtin : uint8_t {
  // of floats
  Exp,
  Exp2,
  Expm1,
  Log,
  Log2,
  Log1p,
  Sin,
  Cos,
  Tan,
  Atan2,
  Tanh,
  Erf,
  Erfc,
  Sqrt,
  Rsqrt,
  Pow,
  Floor,
  Ceil,
  Round,
  Trunc,
  Fma,
  Copysign,
  IsNan,
  IsInf,
  IsFinite, // result: bool
  // of numbers: floats and integers
  Abs,
  Sign,
  Min,
  Max,
  Clamp,
  // select(c: bool, a, b): c is bool, a and b of any one scalar type
  Select,
  // of integers
  Quot,
  Rem,
  Popcount,
  Clz,
  Ctz,
  Rotl,
  Rotr, // (x, amount): the amount is of any integer type, taken modulo the width
  // bitcast<u32>(x): the result is the type argument, of the operand's width
  Bitcast,
};

/// What the scalar type of the operands may be.
enum class OperandClass : uint8_t { Float, Int, Number, Any };
/// The scalar type of the result.
enum class ResultKind : uint8_t { SameAsOperand, Bool, TypeArgument };

struct BuiltinInfo {
  Builtin id;
  const char *name;
  unsigned minArgs;
  unsigned maxArgs; // ~0u: variadic (min, max)
  OperandClass operands;
  ResultKind result;
};

/// The row of `name`, or null.
const BuiltinInfo *findBuiltin(llvm::StringRef name);
const BuiltinInfo &builtinInfo(Builtin b);
/// All names, for near-name hints and for documentation.
const std::vector<BuiltinInfo> &allBuiltins();

/// The names that stand for a value without a declaration: a NameExpr with `decl == nullptr` is one
/// of these, of the float type in `Expr::type`.
enum class Predeclared : uint8_t { Pi, Inf, Nan };
std::optional<Predeclared> findPredeclared(llvm::StringRef name);

/// The members of `T.member` (ScalarConstExpr): `max` and `min` are the largest and the lowest
/// finite value of T, for floats `min == -max`; `eps` (floats) is the distance from 1 to the next
/// value; `inf`, `nan` (floats).
bool hasScalarConst(ScalarKind k, llvm::StringRef member);

/// The operators that reduce, and later scan and scatter, know without an `op`.
enum class Combiner : uint8_t { Add, Mul, Min, Max, And, Or, Xor };
std::optional<Combiner> findCombiner(llvm::StringRef name);
/// True where `c` combines values of `k`: `+ * min max` numbers, `and or xor` integers (bit by bit)
/// and bool.
bool combinerTakes(Combiner c, ScalarKind k);

} // namespace texpr

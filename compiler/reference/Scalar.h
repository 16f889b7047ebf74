// One scalar of the language and what every exact operation does to it.
//
// A scalar is its kind and its bits as in memory, so that nothing is rounded by accident: f16 and
// bf16 are patterns, never a wider float that was left unrounded. The functions here define the
// language (docs/language.md); functions whose value is only approximated (exp, sin, …) are in Math.h.
#pragma once
#include "compiler/source/Ast.h"
#include "compiler/source/Builtins.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>

namespace texpr::reference {

struct Scalar {
  ScalarKind kind = ScalarKind::I64;
  uint64_t bits = 0; // the low `byteSize(kind)` bytes, the rest 0; bool: 0 or 1
  bool operator==(const Scalar &o) const { return kind == o.kind && bits == o.bits; }
};

size_t byteSize(ScalarKind k);

// ---- making and reading

Scalar boolean(bool b);
/// The low bits of `v`: wraps.
Scalar integer(ScalarKind k, uint64_t v);
inline Scalar indexScalar(int64_t v) { return integer(ScalarKind::I64, static_cast<uint64_t>(v)); }
/// The float of kind `k` that is nearest to `x`, ties to even: one rounding.
Scalar rounded(ScalarKind k, long double x);
/// An integer literal of any numeric kind.
Scalar literal(ScalarKind k, uint64_t magnitude, bool negative);
/// A decimal literal, rounded once, directly to `k`. Nothing where `text` is no number.
std::optional<Scalar> literal(ScalarKind k, llvm::StringRef text);
/// `f32.max`, `i64.min`, `f16.eps`, …
Scalar constant(ScalarKind k, llvm::StringRef member);
Scalar predeclared(ScalarKind k, Predeclared which);

bool truth(Scalar s);
/// The value of an integer or bool; `u64` above i64.max wraps.
int64_t toInt(Scalar s);
uint64_t toUnsigned(Scalar s);
/// The exact value of any kind: a long double has 64 bits of mantissa and holds every one of them.
long double real(Scalar s);
bool isNan(Scalar s);

// ---- operators

/// Any binary operator. Operands of one kind, but for the amount of a shift, which is of any
/// integer kind and read as unsigned. `And` and `Or` are strict here.
Scalar binary(BinaryOp op, Scalar a, Scalar b);
Scalar unary(UnaryOp op, Scalar a);
/// `T(x)`: float to integer saturates (NaN gives 0), integer to narrower wraps, everything else
/// rounds once.
Scalar convert(ScalarKind to, Scalar a);
Scalar bitcast(ScalarKind to, Scalar a);
/// The combining operators of reduce and of `max=` and its like, and the value that starts them.
Scalar combine(Combiner c, Scalar a, Scalar b);
Scalar identity(Combiner c, ScalarKind k);

/// A builtin function that is exact or correctly rounded: all but those of `isApproximate`
/// (Math.h). `to` is the type argument of bitcast.
Scalar exactBuiltin(Builtin f, llvm::ArrayRef<Scalar> args, std::optional<ScalarKind> to = {});

/// For messages and tests: `f32 0.1 (0x3dcccccd)`.
std::string describe(Scalar s);

} // namespace texpr::reference

// The functions whose results are approximated (exp, sin, …), in higher precision.
//
// The language states for each how many units in the last place (ulps) an implementation may be
// off. So the reference gives the value in long double (64 bits of mantissa), rounds it once, and
// measures the distance of other results from the unrounded value.
#pragma once
#include "compiler/reference/Scalar.h"

namespace texpr::reference {

/// True for the functions of this file; all others are in `exactBuiltin`.
bool isApproximate(Builtin f);

/// The value, within about one ulp of a long double.
long double mathValue(Builtin f, llvm::ArrayRef<long double> args);

/// `mathValue`, rounded once to the operands' kind.
Scalar mathFunction(Builtin f, llvm::ArrayRef<Scalar> args);

/// How far `got` is from `exact`, in units of the last place of `got.kind` at `exact`: 0.5 at most
/// where correctly rounded. NaN for NaN and the same infinity is 0; infinity stands for a
/// difference that no number of ulps covers. A result at or beyond the largest finite value counts
/// infinity as the next float.
double ulpDistance(Scalar got, long double exact);

} // namespace texpr::reference

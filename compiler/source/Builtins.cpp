// The table of Builtins.h and the look-ups in it. A new function is a row here, a case in the
// interpreter and one in the importer; nothing else of the checker knows a function by its name,
// except for the facts that `min`, `max`, `clamp`, `quot` and `rem` give to index expressions.
#include "compiler/source/Builtins.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"

namespace texpr {

static constexpr unsigned variadic = ~0u;

const std::vector<BuiltinInfo> &allBuiltins() {
  using B = Builtin;
  using O = OperandClass;
  using R = ResultKind;
  static const std::vector<BuiltinInfo> table = {
      {B::Exp, "exp", 1, 1, O::Float, R::SameAsOperand},
      {B::Exp2, "exp2", 1, 1, O::Float, R::SameAsOperand},
      {B::Expm1, "expm1", 1, 1, O::Float, R::SameAsOperand},
      {B::Log, "log", 1, 1, O::Float, R::SameAsOperand},
      {B::Log2, "log2", 1, 1, O::Float, R::SameAsOperand},
      {B::Log1p, "log1p", 1, 1, O::Float, R::SameAsOperand},
      {B::Sin, "sin", 1, 1, O::Float, R::SameAsOperand},
      {B::Cos, "cos", 1, 1, O::Float, R::SameAsOperand},
      {B::Tan, "tan", 1, 1, O::Float, R::SameAsOperand},
      {B::Atan2, "atan2", 2, 2, O::Float, R::SameAsOperand},
      {B::Tanh, "tanh", 1, 1, O::Float, R::SameAsOperand},
      {B::Erf, "erf", 1, 1, O::Float, R::SameAsOperand},
      {B::Erfc, "erfc", 1, 1, O::Float, R::SameAsOperand},
      {B::Sqrt, "sqrt", 1, 1, O::Float, R::SameAsOperand},
      {B::Rsqrt, "rsqrt", 1, 1, O::Float, R::SameAsOperand},
      {B::Pow, "pow", 2, 2, O::Float, R::SameAsOperand},
      {B::Floor, "floor", 1, 1, O::Float, R::SameAsOperand},
      {B::Ceil, "ceil", 1, 1, O::Float, R::SameAsOperand},
      {B::Round, "round", 1, 1, O::Float, R::SameAsOperand},
      {B::Trunc, "trunc", 1, 1, O::Float, R::SameAsOperand},
      {B::Fma, "fma", 3, 3, O::Float, R::SameAsOperand},
      {B::Copysign, "copysign", 2, 2, O::Float, R::SameAsOperand},
      {B::IsNan, "isnan", 1, 1, O::Float, R::Bool},
      {B::IsInf, "isinf", 1, 1, O::Float, R::Bool},
      {B::IsFinite, "isfinite", 1, 1, O::Float, R::Bool},
      {B::Abs, "abs", 1, 1, O::Number, R::SameAsOperand},
      {B::Sign, "sign", 1, 1, O::Number, R::SameAsOperand},
      {B::Min, "min", 2, variadic, O::Number, R::SameAsOperand},
      {B::Max, "max", 2, variadic, O::Number, R::SameAsOperand},
      {B::Clamp, "clamp", 3, 3, O::Number, R::SameAsOperand},
      {B::Select, "select", 3, 3, O::Any, R::SameAsOperand},
      {B::Quot, "quot", 2, 2, O::Int, R::SameAsOperand},
      {B::Rem, "rem", 2, 2, O::Int, R::SameAsOperand},
      {B::Popcount, "popcount", 1, 1, O::Int, R::SameAsOperand},
      {B::Clz, "clz", 1, 1, O::Int, R::SameAsOperand},
      {B::Ctz, "ctz", 1, 1, O::Int, R::SameAsOperand},
      {B::Rotl, "rotl", 2, 2, O::Int, R::SameAsOperand},
      {B::Rotr, "rotr", 2, 2, O::Int, R::SameAsOperand},
      {B::Bitcast, "bitcast", 1, 1, O::Number, R::TypeArgument},
  };
  return table;
}

const BuiltinInfo *findBuiltin(llvm::StringRef name) {
  static const llvm::StringMap<const BuiltinInfo *> index = [] {
    llvm::StringMap<const BuiltinInfo *> map;
    for (const BuiltinInfo &info : allBuiltins())
      map[info.name] = &info;
    return map;
  }();
  return index.lookup(name);
}

const BuiltinInfo &builtinInfo(Builtin b) { return allBuiltins()[static_cast<unsigned>(b)]; }

std::optional<Predeclared> findPredeclared(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<Predeclared>>(name)
      .Case("pi", Predeclared::Pi)
      .Case("inf", Predeclared::Inf)
      .Case("nan", Predeclared::Nan)
      .Default(std::nullopt);
}

bool hasScalarConst(ScalarKind k, llvm::StringRef member) {
  if (member == "max" || member == "min")
    return isInt(k) || isFloat(k);
  if (member == "inf" && k == ScalarKind::F8E4M3) // the format has none
    return false;
  return isFloat(k) && (member == "eps" || member == "inf" || member == "nan");
}

std::optional<Combiner> findCombiner(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<Combiner>>(name)
      .Case("+", Combiner::Add)
      .Case("*", Combiner::Mul)
      .Case("min", Combiner::Min)
      .Case("max", Combiner::Max)
      .Case("and", Combiner::And)
      .Case("or", Combiner::Or)
      .Case("xor", Combiner::Xor)
      .Default(std::nullopt);
}

bool combinerTakes(Combiner c, ScalarKind k) {
  bool bitwise = c == Combiner::And || c == Combiner::Or || c == Combiner::Xor;
  return bitwise ? (isInt(k) || k == ScalarKind::Bool) : (isInt(k) || (isFloat(k) && !isF8(k)));
}

} // namespace texpr

// What the value of a shift or a bit operation is known to be.
//
// B1 for `& | ^ << >>`. A shift by `s` is a product or a quotient with 2^s: a number where `s` is one, else one unknown for
// each value of `s`, whose range follows from that of `s`; so `1 << s` and `2 << s` are known to be one half of the other.
// `& (2^k - 1)` is a remainder. Of the others the range of the result follows from those of the operands, where these are not
// negative. In: two integer values and their intervals, which hold wherever the symbols do; so what comes out does, too.
#include "compiler/source/Checker.h"
#include <algorithm>
#include <bit>

namespace texpr {

using facts::Range;

static constexpr int64_t maxShift = 62;   // 1 << 62 is the largest power of two in an i64
static constexpr unsigned powerKey = ~1u; // a key of `unknowns` beside the operators

/// All ones up to the highest bit of either.
static int64_t onesOver(int64_t a, int64_t b) {
  return int64_t((uint64_t(1) << std::bit_width(uint64_t(a | b))) - 1);
}

/// The result of an operation on values that are not negative, of a type with the range `type`.
static Range rangeOfBits(BinaryOp op, Range a, Range b, Range type) {
  switch (op) {
  case BinaryOp::BitAnd:
    return {0, a.hi && b.hi ? std::min(*a.hi, *b.hi) : a.hi ? a.hi : b.hi};
  case BinaryOp::BitOr:
  case BinaryOp::BitXor:
    return {op == BinaryOp::BitOr ? std::max(*a.lo, *b.lo) : 0,
            a.hi && b.hi ? std::optional(onesOver(*a.hi, *b.hi)) : type.hi};
  default:
    return type;
  }
}

/// 2^by, where that is an i64 for all that `by` may be.
std::optional<facts::Expr> Checker::powerOfTwo(const FExpr &by) {
  Range range = interval(by);
  if (range.lo.value_or(-1) < 0 || range.hi.value_or(INT64_MAX) > maxShift)
    return std::nullopt;
  if (auto c = by.constant())
    return FExpr(int64_t(1) << *c);
  auto [found, isNew] = unknowns.try_emplace({powerKey, ScalarKind::I64, 0, by.hash()});
  if (isNew)
    found->second =
        newSymbol("1 << " + facts.str(by), {int64_t(1) << *range.lo, int64_t(1) << *range.hi},
                  SymbolInfo::Kind::Fresh);
  return found->second;
}

facts::Expr Checker::valueOfBits(BinaryExpr &e, const FExpr &a, const FExpr &b, ScalarKind k) {
  if (e.op == BinaryOp::Shl || e.op == BinaryOp::Shr) {
    auto power = powerOfTwo(b);
    if (power && e.op == BinaryOp::Shr)
      return FExpr::floorDiv(a, *power);
    if (power && interval(b).hi < bitWidth(k))
      return fitOrFresh(a * *power, k, e);
    return unknownOf(e, unsigned(e.op), a, b, rangeOf(k));
  }
  Range type = rangeOf(k), left = interval(a), right = interval(b);
  if (e.op == BinaryOp::BitAnd) {
    auto mask = b.constant() ? b.constant() : a.constant();
    if (mask && *mask >= 0 && *mask < INT64_MAX && (*mask & (*mask + 1)) == 0)
      return FExpr::mod(b.constant() ? a : b, FExpr(*mask + 1));
    for (auto [mine, other] : {std::pair{&left, &right}, std::pair{&right, &left}})
      if (mine->lo.value_or(-1) < 0 && other->lo.value_or(-1) >= 0)
        *mine = {0, std::nullopt}; // at most the other one, whatever its sign
  }
  const bool isKnown = left.lo.value_or(-1) >= 0 && right.lo.value_or(-1) >= 0;
  return unknownOf(e, unsigned(e.op), a, b, isKnown ? rangeOfBits(e.op, left, right, type) : type);
}

} // namespace texpr

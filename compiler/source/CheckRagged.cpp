// How many points a domain has whose bounds use earlier indices of the list, at most.
//
// D10: memory is planned for what a filter may keep. The points are summed from the last axis to the first:
// what does not depend on an axis is there as often as the axis is long; what grows with its index by a fixed step
// is an arithmetic series; what lies between neighbours of a sorted vector is disjoint; of all else the largest counts.
//
//   m, row[i]..row[i + 1]     sorted(row), row[0] == 0, row[m] == z      row[m] - row[0], so z
//   f, row[p[i]]..row[p[i] + 1]     the elements of p are different       the same
//   n, 0..i                                                              n * (n - 1) / 2
//   m, row[i]..row[i + 1], 0..len[p]      len[p] in 0..=d                z * d
// In: a checked domain with the lengths of its axes, each known where the earlier binders are. Out: a bound over dims.
#include "compiler/source/Checker.h"
#include <algorithm>

namespace texpr {

using facts::Rel;
using facts::Symbol;

/// True where a bound uses an earlier binder of the list.
bool Checker::isRagged(const std::vector<Axis> &domain, const Binders &binders) const {
  bool uses = false;
  size_t axis = 0;
  auto visit = [&](Expr &e) {
    auto *name = llvm::dyn_cast<NameExpr>(&e);
    for (size_t i = 0; name && i < std::min(axis, binders.size()); ++i)
      uses |= binders[i] && name->decl == binders[i].get();
  };
  Walker walker{visit, nullptr};
  for (; axis < domain.size(); ++axis) {
    walker.expr(domain[axis].lo.get());
    walker.expr(domain[axis].hi.get());
  }
  return uses;
}

/// True where `e` may be another one for another index of the loop over `index`: it uses that, an element at such a place,
/// or what was first seen inside.
bool Checker::varies(const FExpr &e, Symbol index) const {
  std::vector<Symbol> used;
  e.symbols(used);
  return std::any_of(used.begin(), used.end(), [&](Symbol s) {
    auto element = elementOf.find(s);
    if (element == elementOf.end())
      return s >= index && symbols[s].kind != SymbolInfo::Kind::Dim;
    const auto &at = element->second->at;
    return std::any_of(at.begin(), at.end(), [&](const FExpr &i) { return varies(i, index); });
  });
}

/// What a filter keeps of its first index comes in order; of its only one, no two are the same.
std::optional<TensorFacts> Checker::keptFacts(const FilterExpr &e, size_t leaf,
                                              std::optional<TensorFacts> known) const {
  auto v = leafValue(*e.body->value, leaf);
  const Decl *first = e.binders.empty() ? nullptr : e.binders[0].get();
  if (!v || !first || !first->value || !(*v - *first->value).constant())
    return known;
  if (!known)
    known.emplace();
  known->isSorted = true;
  known->isDistinct = e.domain.size() == 1;
  return known;
}

/// `terms` = c * (row[r + 1] - row[r]), where r is a place for each index of the loop: what c * (row[hi] - row[lo]) is
/// at least, as r goes through lo..hi in order, or through different places between them of a sorted vector.
std::optional<facts::Expr> Checker::sumOfRows(const Loop &loop, const FExpr &terms) {
  std::vector<Symbol> used, varying;
  terms.symbols(used);
  std::copy_if(used.begin(), used.end(), std::back_inserter(varying),
               [&](Symbol s) { return varies(FExpr::symbol(s), loop.symbol); });
  if (varying.size() != 2 || !elementOf.count(varying[0]) || !elementOf.count(varying[1]))
    return std::nullopt;
  const ElementSymbol *from = elementOf[varying[0]], *to = elementOf[varying[1]];
  if (from->at.size() == 1 && to->at.size() == 1 && from->at[0] - to->at[0] == FExpr(1))
    std::swap(from, to);
  if (from->decl != to->decl || from->path != to->path || from->at.size() != 1 ||
      to->at.size() != 1 || to->at[0] - from->at[0] != FExpr(1))
    return std::nullopt;
  const FExpr factor = terms.substitute([&](Symbol s) {
    return s == *to->value.asSymbol()     ? std::optional(FExpr(1))
           : s == *from->value.asSymbol() ? std::optional(FExpr(0))
                                          : std::nullopt;
  });
  auto places = placesOf(loop, *from);
  if (!places || varies(factor, loop.symbol) ||
      terms != factor * to->value - factor * from->value ||
      (!places->inOrder && interval(factor).lo.value_or(-1) < 0))
    return std::nullopt;
  const FExpr begin = places->lo, end = places->hi;
  const Type *leaf = &from->decl->type;
  for (unsigned part : from->path)
    leaf = &leaf->parts[part];
  if (!isProved(
          {{FExpr(0), Rel::LE, begin}, {begin, Rel::LE, end}, {end, Rel::LT, leaf->shape[0]}}))
    return std::nullopt;
  auto at = [&](const FExpr &i) {
    ElementSymbol &e = elementAt(*from->decl, from->path, {i}, leaf->scalar,
                                 from->decl->name.text + "[" + str(i) + "]", nullptr);
    assumeElement(e);
    return e.equalTo.value_or(e.value);
  };
  return factor * (at(end) - at(begin));
}

/// The places of `row[i + a]` over a loop over i, or of `row[p[i + a] + b]` for a p whose elements are different.
std::optional<Checker::RowPlaces> Checker::placesOf(const Loop &loop,
                                                    const ElementSymbol &row) const {
  const FExpr offset = row.at[0] - FExpr::symbol(loop.symbol);
  if (!varies(offset, loop.symbol))
    return RowPlaces{loop.lo + offset, loop.hi + offset, true};
  std::vector<Symbol> used;
  row.at[0].symbols(used);
  auto sorted = tensorFacts.find(row.decl);
  for (Symbol s : used) {
    auto element = elementOf.find(s);
    const FExpr behind = row.at[0] - FExpr::symbol(s);
    if (element == elementOf.end() || varies(behind, loop.symbol))
      continue;
    const ElementSymbol &place = *element->second;
    auto known = tensorFacts.find(place.decl);
    if (known == tensorFacts.end() || !place.path.empty() || place.at.size() != 1 ||
        varies(place.at[0] - FExpr::symbol(loop.symbol), loop.symbol) ||
        !(known->second.isDistinct || known->second.isPerm) || known->second.spans.size() != 1 ||
        !known->second.spans[0].end || sorted == tensorFacts.end() || !sorted->second.isSorted)
      return std::nullopt;
    const TensorFacts::Span &span = known->second.spans[0];
    return RowPlaces{span.lo + behind, *span.end + behind, false};
  }
  return std::nullopt;
}

/// `terms` = a + b * i: length * a + b * (the sum of the indices).
std::optional<facts::Expr> Checker::series(const Loop &loop, const FExpr &terms) {
  auto at = [&](int64_t i) {
    return terms.substitute(
        [&](Symbol s) { return s == loop.symbol ? std::optional(FExpr(i)) : std::nullopt; });
  };
  const FExpr first = at(0), step = at(1) - first;
  if (varies(first, loop.symbol) || varies(step, loop.symbol) ||
      terms != first + step * FExpr::symbol(loop.symbol))
    return std::nullopt;
  auto twice = [](const FExpr &n) { return n * (n - FExpr(1)); };
  return FExpr::floorDiv(
      FExpr(2) * first * (loop.hi - loop.lo) + step * (twice(loop.hi) - twice(loop.lo)), FExpr(2));
}

/// A dim of the signature that is proved to be at least the length of an axis, which its ends do not show, as where a fact
/// says `all m |i| { row[i + 1] - row[i] <= w }`.
std::optional<facts::Expr> Checker::statedLength(const FExpr &length) {
  auto most = dimBound(length, true);
  if (!currentFn || isDimExpr(length))
    return std::nullopt;
  for (const DimBinding &dim : currentFn->dims) {
    const auto &d = dim.decl->value;
    if (d && isDimExpr(*d) && isProved({length, Rel::LE, *d}) &&
        (!most || !isProved({*most, Rel::LE, *d})))
      return d;
  }
  return std::nullopt;
}

/// The points from an axis on, where those behind it are `inner` for each of its indices, at most `stated`.
std::optional<facts::Expr> Checker::pointsFrom(const Loop &loop, const FExpr &length,
                                               const FExpr &inner,
                                               const std::optional<FExpr> &stated) {
  if (!varies(inner, loop.symbol))
    return inner * length;
  if (length == loop.hi - loop.lo) { // else an empty loop would count as less than none
    if (auto sum = sumOfRows(loop, inner))
      return sum;
    if (auto sum = series(loop, inner))
      return sum;
  }
  auto most = stated ? stated : dimBound(inner, true);
  if (!most)
    return std::nullopt;
  return (interval(*most).lo.value_or(-1) < 0 ? FExpr::max(*most, FExpr(0)) : *most) * length;
}

/// A bound over dims of the number of points, below 0 only where there are none; nothing, with an error, where none is known.
/// `ofAxis` gets those of the axes whose lengths are data.
std::optional<facts::Expr> Checker::mostPoints(const std::vector<Axis> &domain, const Frame &frame,
                                               std::vector<std::optional<FExpr>> &ofAxis) {
  auto unknown = [&](size_t axis) {
    const std::string hi = domain[axis].hi ? text(domain[axis].hi->range) : "";
    diags
        .error(domain[axis].range,
               "no upper bound of how many indices this axis has is known: of `" +
                   str(frame.lengths[axis]) + "`")
        .note("memory is planned for the most that may be kept: state a fact that bounds it, as "
              "`sorted(row)` with `row[0] == 0` and `row[m] == z`, or a range of the data, as "
              "`len: i64[m] in 0..=n`; or cover `min(" +
              hi + ", n)`");
    return std::nullopt;
  };
  FExpr total(1), longest(1);
  bool isStated = false; // that what stands behind the axis is at most `longest`
  ofAxis.assign(domain.size(), std::nullopt);
  for (size_t axis = domain.size(); axis-- > 0;) {
    const FExpr &length = frame.lengths[axis];
    auto stated = statedLength(length), most = stated ? stated : dimBound(length, true);
    if (!most)
      return unknown(axis);
    auto points = pointsFrom(frame.loops[axis], length, total,
                             isStated ? std::optional(longest) : std::nullopt);
    if (!points)
      return unknown(axis);
    total = *points;
    const FExpr atMost = FExpr::max(*most, FExpr(0));
    if (!isRunningDim(length))
      ofAxis[axis] = atMost;
    longest = longest * atMost;
    isStated |= stated.has_value();
  }
  auto most = dimBound(total, true);
  if (!most)
    return unknown(0);
  FExpr limit(int64_t(1) << 47);
  if (currentFn && !isProved({*most, Rel::LE, limit}))
    require(const_cast<FnDecl &>(*currentFn), {*most, Rel::LE, limit},
            spanning(domain.front().range, domain.back().range), str(*most) + " <= 2^47");
  return most;
}

} // namespace texpr

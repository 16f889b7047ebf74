// The algebra of linear layouts: Gaussian elimination over bits.
//
//   reg=[1, 2] lane=[4, 8] over [j:16]: register r of lane l holds j = r + 4 l
//   quotient of two layouts of one tile: Q = inverse(to) * this; a value moves between lanes exactly
//   where a lane bit of one is no lane bit of the other
//
// Everything here is sizes and words; no IR.
#include "dialects/par/Layout.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace texpr::par {

BitMatrix BitMatrix::identity(unsigned size) {
  BitMatrix m(size);
  for (unsigned i = 0; i < size; ++i)
    m.add(uint64_t(1) << i);
  return m;
}

uint64_t BitMatrix::apply(uint64_t x) const {
  uint64_t y = 0;
  for (auto [c, column] : enumerate(columns))
    if (x >> c & 1)
      y ^= column;
  return y;
}

BitMatrix BitMatrix::operator*(const BitMatrix &o) const {
  assert(getNumColumns() == o.rows && "the inner sizes agree");
  BitMatrix product(rows);
  for (uint64_t column : o.columns)
    product.add(apply(column));
  return product;
}

namespace {
/// Columns in echelon form, each with the combination of the old ones that makes it.
struct Pivot {
  uint64_t column, made;
};
SmallVector<Pivot> eliminate(ArrayRef<uint64_t> columns) {
  SmallVector<Pivot> pivots;
  for (auto [c, column] : enumerate(columns)) {
    Pivot next{column, uint64_t(1) << c};
    for (const Pivot &p : pivots)
      if (next.column >> Log2_64(p.column) & 1) {
        next.column ^= p.column;
        next.made ^= p.made;
      }
    if (next.column != 0)
      pivots.push_back(next);
  }
  return pivots;
}
} // namespace

unsigned BitMatrix::rank() const { return eliminate(columns).size(); }

std::optional<BitMatrix> BitMatrix::rightInverse() const {
  assert(columns.size() <= 64 && "the bits of a machine are few");
  SmallVector<Pivot> pivots = eliminate(columns);
  if (pivots.size() != rows)
    return std::nullopt;
  BitMatrix inverse(columns.size());
  for (unsigned r = 0; r < rows; ++r) {
    uint64_t rest = uint64_t(1) << r, made = 0;
    // Each pivot's leading bit is in no later pivot, so one pass in order clears all.
    for (const Pivot &p : pivots)
      if (rest >> Log2_64(p.column) & 1) {
        rest ^= p.column;
        made ^= p.made;
      }
    assert(rest == 0 && "the columns span");
    inverse.add(made);
  }
  return inverse;
}

Layout Layout::spread(ArrayRef<Axis> axes, int64_t vector,
                      ArrayRef<std::pair<StringRef, int64_t>> widths) {
  SmallVector<Basis> free; // the bits of the tile, least first
  for (size_t a = axes.size(); a-- > 0;)
    for (int64_t step = 1; step < axes[a].size; step *= 2) {
      Basis b(axes.size(), 0);
      b[a] = step;
      free.push_back(b);
    }
  SmallVector<Unit> units = {{"reg", {}}};
  size_t next = 0;
  for (int64_t v = 1; v < vector && next < free.size(); v *= 2)
    units[0].bits.push_back(free[next++]);
  for (auto [name, width] : widths) {
    Unit unit{name.str(), {}};
    for (int64_t v = 1; v < width; v *= 2)
      unit.bits.push_back(next < free.size() ? free[next++] : Basis(axes.size(), 0));
    units.push_back(unit);
  }
  while (next < free.size())
    units[0].bits.push_back(free[next++]);
  if (units[0].bits.empty())
    units.erase(units.begin());
  return Layout(axes, units);
}

const Layout::Unit *Layout::getUnit(StringRef name) const {
  auto at = find_if(units, [&](const Unit &u) { return u.name == name; });
  return at == units.end() ? nullptr : &*at;
}

int64_t Layout::getWidth(StringRef unit) const {
  const Unit *u = getUnit(unit);
  return u ? int64_t(1) << u->bits.size() : 1;
}

Layout::Basis Layout::apply(ArrayRef<int64_t> values) const {
  assert(values.size() == units.size() && "one value a unit");
  Basis at(axes.size(), 0);
  for (auto [unit, value] : zip_equal(units, values))
    for (auto [b, bit] : enumerate(unit.bits))
      if (value >> b & 1)
        for (auto [to, part] : zip_equal(at, bit))
          to ^= part;
  return at;
}

BitMatrix Layout::getMatrix() const {
  unsigned rows = 0;
  for (const Axis &a : axes)
    rows += Log2_64(a.size);
  BitMatrix m(rows);
  for (const Unit &unit : units)
    for (const Basis &bit : unit.bits) {
      uint64_t column = 0;
      for (auto [axis, part] : zip_equal(axes, bit))
        column = column << Log2_64(axis.size) | uint64_t(part);
      m.add(column);
    }
  return m;
}

bool Layout::isSurjective() const {
  BitMatrix m = getMatrix();
  return m.rank() == m.getNumRows();
}

bool Layout::isInjective() const {
  BitMatrix m = getMatrix();
  return m.rank() == m.getNumColumns();
}

Layout Layout::renamed(ArrayRef<StringRef> names) const {
  Layout out = *this;
  for (auto [axis, name] : zip_equal(out.axes, names))
    axis.name = name.str();
  return out;
}

Layout Layout::repeated(unsigned axis, int64_t times, StringRef unit) const {
  Layout out = *this;
  auto at = find_if(out.units, [&](const Unit &u) { return u.name == unit; });
  if (at == out.units.end() && times > 1) {
    out.units.push_back({unit.str(), {}});
    at = std::prev(out.units.end());
  }
  for (int64_t t = 1; t < times; t *= 2) {
    Basis bit(axes.size(), 0);
    bit[axis] = out.axes[axis].size;
    at->bits.push_back(bit);
    out.axes[axis].size *= 2;
  }
  return out;
}

std::optional<BitMatrix> Layout::quotient(const Layout &to) const {
  assert(axes.size() == to.axes.size() && "two layouts of one tile");
  auto inverse = to.getMatrix().rightInverse();
  if (!inverse)
    return std::nullopt;
  return *inverse * getMatrix();
}

bool Layout::staysWithin(const Layout &to, StringRef within) const {
  for (const Layout *l : {this, &to})
    for (const Unit &unit : l->units)
      if (unit.name != within && getWidth(unit.name) != to.getWidth(unit.name))
        return false;
  auto q = quotient(to);
  if (!q)
    return false;
  unsigned from = 0;
  for (const Unit &unit : units)
    for (size_t b = 0; b < unit.bits.size(); ++b, ++from) {
      uint64_t column = q->getColumns()[from];
      unsigned at = 0;
      for (const Unit &target : to.units)
        for (size_t t = 0; t < target.bits.size(); ++t, ++at) {
          if (target.name == within)
            continue;
          bool same = target.name == unit.name && t == b;
          if ((column >> at & 1) != same)
            return false;
        }
    }
  return true;
}

} // namespace texpr::par

// Linear layouts: which hardware unit holds which element of a tile, as a matrix over bits.
//
// A tile's sizes are powers of two, so an element is a string of coordinate bits; a unit (`reg`, `lane`, `warp`) has
// a number of bits, and each bit adds (xor) its basis vector to the coordinates. Composition, inverse and quotient are
// products of bit matrices; they answer what vector width, coalescing and data exchange ask.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>

namespace texpr::par {

/// A matrix over GF(2) of at most 64 rows; bit r of column c is entry (r, c).
class BitMatrix {
public:
  explicit BitMatrix(unsigned rows) : rows(rows) {}
  BitMatrix(unsigned rows, llvm::ArrayRef<uint64_t> columns)
      : rows(rows), columns(columns.begin(), columns.end()) {}
  static BitMatrix identity(unsigned size);

  unsigned getNumRows() const { return rows; }
  unsigned getNumColumns() const { return columns.size(); }
  llvm::ArrayRef<uint64_t> getColumns() const { return columns; }
  void add(uint64_t column) { columns.push_back(column); }
  bool operator==(const BitMatrix &o) const { return rows == o.rows && columns == o.columns; }

  uint64_t apply(uint64_t x) const;
  unsigned rank() const;
  /// `*this` after `o`.
  BitMatrix operator*(const BitMatrix &o) const;
  /// R with *this * R = 1, zero where there is a choice; nothing where the columns do not span.
  std::optional<BitMatrix> rightInverse() const;

private:
  unsigned rows;
  llvm::SmallVector<uint64_t> columns;
};

class Layout {
public:
  struct Axis {
    std::string name;
    int64_t size; // a power of two
    bool operator==(const Axis &o) const { return name == o.name && size == o.size; }
  };
  using Basis = llvm::SmallVector<int64_t>; // one coordinate an axis
  struct Unit {
    std::string name;
    llvm::SmallVector<Basis>
        bits; // least first; all zero: the bit's two values hold the same element
    bool operator==(const Unit &o) const { return name == o.name && bits == o.bits; }
  };

  Layout(llvm::ArrayRef<Axis> axes, llvm::ArrayRef<Unit> units)
      : axes(axes.begin(), axes.end()), units(units.begin(), units.end()) {}
  /// The identity of rows: bits of the elements in row-major order, from the last axis on, go to `vector` registers, the
  /// lanes, the warps, and registers again. Units with more bits than elements are left hold copies.
  static Layout spread(llvm::ArrayRef<Axis> axes, int64_t vector,
                       llvm::ArrayRef<std::pair<llvm::StringRef, int64_t>> widths);

  llvm::ArrayRef<Axis> getAxes() const { return axes; }
  llvm::ArrayRef<Unit> getUnits() const { return units; }
  const Unit *getUnit(llvm::StringRef name) const;
  /// The number of values of a unit; 1 where it has no part.
  int64_t getWidth(llvm::StringRef unit) const;
  bool operator==(const Layout &o) const { return axes == o.axes && units == o.units; }

  /// The element that the units with these values hold, in the order of the units.
  Basis apply(llvm::ArrayRef<int64_t> values) const;
  /// Every element is held by someone.
  bool isSurjective() const;
  /// No element is held twice.
  bool isInjective() const;
  /// Columns: the bits of the units in order; rows: the bits of the axes, the last axis least.
  BitMatrix getMatrix() const;

  /// The same layout over axes of other names, in the same order.
  Layout renamed(llvm::ArrayRef<llvm::StringRef> names) const;
  /// Repeats the tile `times` along an axis, the copies told apart by new bits of `unit`.
  Layout repeated(unsigned axis, int64_t times, llvm::StringRef unit) const;

  /// What must move where a value in this layout is wanted in `to`, one layout of the same axes: the bits of this
  /// layout's units to those of `to`'s units that hold the same element. Nothing where `to` is not surjective.
  std::optional<BitMatrix> quotient(const Layout &to) const;
  /// True where no unit but the first named has to give an element away: the units of the two have the same names and widths
  /// and differ in the order of `within` alone.
  bool staysWithin(const Layout &to, llvm::StringRef within) const;

private:
  llvm::SmallVector<Axis> axes;
  llvm::SmallVector<Unit> units;
};

} // namespace texpr::par

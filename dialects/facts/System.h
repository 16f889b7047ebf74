// The linear view of a conjunction, for the files of this folder only.
//
// A column is a monomial of the normal form: a symbol, a quotient, a minimum, a product. Rows are
// integer linear inequalities and equalities over columns, kept in one simplex tableau of MLIR's
// Presburger library. What a column means beyond its name comes in as further rows: exact ones for
// a quotient by a constant, lemmas for the rest (Lemmas.cpp). Effort is counted, not timed, so that
// answers are the same on every machine.
#pragma once
#include "dialects/facts/Node.h"
#include <map>
#include <memory>
#include <set>
#include <unordered_map>

namespace texpr::facts {

class Tableau;

/// Work that one question may spend, in tableau cells touched.
struct Effort {
  int64_t left;
  bool spent() const { return left <= 0; }
};

/// constant + Σ coefficient * column; sorted by column, no coefficient 0.
struct Row {
  std::vector<std::pair<int, int64_t>> terms;
  int64_t constant = 0;
  auto operator<=>(const Row &) const = default;
};

class System {
public:
  explicit System(Effort &effort);
  ~System();

  struct Column {
    const Node *node;
    std::vector<int> factors; // of a product: the columns of its atoms, sorted; of an atom: itself
  };
  static constexpr size_t maxColumns = 56, maxRows = 160;

  /// e >= 0, or e == 0. Dropped where a limit is reached, which loses proofs, never soundness.
  void require(const Node *e, bool equality);
  void require(const Row &row, bool equality);
  /// True where the rows have no rational solution.
  bool isEmpty() const { return empty; }
  /// row >= 0 holds in every integer solution.
  bool entails(const Row &row);
  /// Whether the rows together with these have no solution.
  bool excludes(const std::vector<std::pair<Row, bool>> &rows);
  /// Bounds of a row's value over the rational solutions, rounded inwards to integers.
  std::optional<int64_t> minimum(const Row &row);
  std::optional<int64_t> maximum(const Row &row);
  /// Branch and bound with a bounded number of nodes: Empty, or an integer point of the columns, or
  /// neither.
  struct Integer {
    bool empty = false;
    std::vector<int64_t> point;
  };
  Integer solveIntegers(int nodes);

  std::optional<Row> linearize(const Node *e);
  /// The column of a monomial; -1 where there is no room.
  int column(const Node *monomial);
  /// The column of a product of columns, or with these factors; -1 where there is none.
  int product(int a, int b);
  int find(const std::vector<int> &factors) const;

  std::vector<Column> columns;
  std::vector<std::pair<Row, bool>> rows; // with: is an equality
  std::vector<int> quotients;             // columns of quotients by what is no constant
  std::vector<int> extrema;               // columns of min and max
  bool hasProducts = false;

private:
  static constexpr int unknown = -2;
  int findProduct(int a, int b) const;
  void define(int c);
  void append(const Row &row, bool equality);
  bool feasible(int nodes, bool &exact, std::vector<int64_t> *point);
  bool charge();

  Effort &effort;
  std::unique_ptr<Tableau> simplex;
  std::unordered_map<const Node *, int> columnOf;
  std::map<std::vector<int>, int> productOf;
  std::vector<int> products; // what `product` found, while no column is added
  std::set<std::pair<Row, bool>> known;
  bool empty = false;
};

/// Sums of rows; nothing on overflow.
std::optional<Row> addRows(const Row &a, int64_t k, const Row &b);

/// Adds what the lemmas say of the products and symbolic quotients that occur, in rounds, until the
/// system is empty or nothing new is found.
void applyLemmas(System &system, const Effort &effort);

} // namespace texpr::facts

// Counts as formulas in the dims of a function: sums of products, printed as the source would write them.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace texpr::report {

/// A polynomial whose variables are texts: dims, or what is no polynomial of them ("min(h, 9)").
class Formula {
public:
  Formula(double constant = 0);
  static Formula atom(std::string text);
  Formula operator+(const Formula &o) const;
  Formula operator-(const Formula &o) const;
  Formula operator*(const Formula &o) const;
  Formula &operator+=(const Formula &o) { return *this = *this + o; }
  bool operator==(const Formula &o) const { return terms == o.terms; }

  bool isZero() const { return terms.empty(); }
  bool isConstant() const;
  double constant() const; // the term without variables
  /// The sum over lower <= variable < upper; exact for polynomials of degree 3 in it. Texts that mention the variable
  /// stand for one value of it, called `name` in them.
  Formula sumOver(const std::string &variable, const Formula &lower, const Formula &upper,
                  const std::string &name) const;
  /// Every variable `size`: to compare two formulas by their growth.
  double at(double size) const;
  /// No term is negative; variables are taken to be at least 0.
  bool isNonNegative() const;
  bool isSum() const { return terms.size() > 1; }
  /// "4*m*n + n*n/2": highest degree first.
  std::string str() const;

private:
  std::map<std::vector<std::string>, double> terms; // sorted factors → coefficient, never 0
};

} // namespace texpr::report

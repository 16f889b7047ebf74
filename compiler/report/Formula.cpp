// Polynomials over texts.
//
// In: constants and names. Out: text. Coefficients are doubles because a triangular loop has halves: the sum of i + 1 over
// 0..n is 0.5*n*n + 0.5*n. Counts stay far below 2^53, where doubles are exact.
#include "compiler/report/Formula.h"
#include <algorithm>
#include <cmath>
#include <cstdio>

namespace texpr::report {

Formula::Formula(double constant) {
  if (constant != 0)
    terms[{}] = constant;
}

Formula Formula::atom(std::string text) {
  Formula f;
  f.terms[{std::move(text)}] = 1;
  return f;
}

Formula Formula::operator+(const Formula &o) const {
  Formula sum = *this;
  for (auto &[factors, coefficient] : o.terms)
    if ((sum.terms[factors] += coefficient) == 0)
      sum.terms.erase(factors);
  return sum;
}

Formula Formula::operator-(const Formula &o) const { return *this + o * Formula(-1); }

Formula Formula::operator*(const Formula &o) const {
  Formula product;
  for (auto &[a, x] : terms)
    for (auto &[b, y] : o.terms) {
      Formula term;
      std::vector<std::string> factors = a;
      factors.insert(factors.end(), b.begin(), b.end());
      std::sort(factors.begin(), factors.end());
      term.terms[factors] = x * y;
      product = product + term;
    }
  return product;
}

bool Formula::isConstant() const {
  return terms.empty() || (terms.size() == 1 && terms.begin()->first.empty());
}

double Formula::constant() const {
  auto it = terms.find({});
  return it == terms.end() ? 0 : it->second;
}

double Formula::at(double size) const {
  double sum = 0;
  for (auto &[factors, coefficient] : terms)
    sum += coefficient * std::pow(size, double(factors.size()));
  return sum;
}

bool Formula::isNonNegative() const {
  return std::all_of(terms.begin(), terms.end(), [](auto &term) { return term.second >= 0; });
}

static std::string numberText(double v) {
  char text[64];
  std::snprintf(text, sizeof text, v == std::floor(v) ? "%.0f" : "%.3g", v);
  return text;
}

std::string Formula::str() const {
  std::vector<std::pair<std::vector<std::string>, double>> sorted(terms.begin(), terms.end());
  std::sort(sorted.begin(), sorted.end(), [](auto &a, auto &b) {
    return a.first.size() != b.first.size() ? a.first.size() > b.first.size() : a.first < b.first;
  });
  std::string out;
  for (auto &[factors, coefficient] : sorted) {
    double size = std::abs(coefficient);
    out += out.empty() ? (coefficient < 0 ? "-" : "") : coefficient < 0 ? " - " : " + ";
    std::string term = size == 1 && !factors.empty() ? "" : numberText(size);
    for (const std::string &factor : factors)
      term += (term.empty() ? "" : "*") + factor;
    out += term;
  }
  return out.empty() ? "0" : out;
}

} // namespace texpr::report

// Polynomials over texts.
//
// In: constants and names. Out: text. A triangular loop has halves and thirds: the sum of i + 1 over
// 0..n is n*n/2 + n/2, so coefficients are doubles, taken to be fractions of a small divisor. What
// must hold: none comes near 2^53.
#include "compiler/report/Formula.h"
#include <algorithm>
#include <cmath>
#include <cstdio>

namespace texpr::report {

static bool isNothing(double coefficient) { return std::abs(coefficient) < 1e-9; }

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
    if (isNothing(sum.terms[factors] += coefficient))
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

/// The sum of i^power over 0 <= i < n.
static Formula powerSum(size_t power, const Formula &n) {
  Formula before = n - 1;
  switch (power) {
  case 0:
    return n;
  case 1:
    return n * before * Formula(1.0 / 2);
  case 2:
    return n * before * (n + before) * Formula(1.0 / 6);
  case 3:
    return n * n * before * before * Formula(1.0 / 4);
  }
  Formula sum(1.0 / double(power + 1)); // the leading term
  for (size_t p = 0; p <= power; ++p)
    sum = sum * n;
  return sum;
}

Formula Formula::sumOver(const std::string &variable, const Formula &lower, const Formula &upper,
                         const std::string &name) const {
  Formula sum;
  for (auto &[factors, coefficient] : terms) {
    Formula rest;
    std::vector<std::string> others;
    size_t power = 0;
    for (const std::string &factor : factors) {
      if (factor == variable) {
        ++power;
        continue;
      }
      std::string text = factor;
      for (size_t at; (at = text.find(variable)) != std::string::npos;)
        text.replace(at, variable.size(), name);
      others.push_back(text);
    }
    std::sort(others.begin(), others.end());
    rest.terms[others] = coefficient;
    sum += rest * (powerSum(power, upper) - powerSum(power, lower));
  }
  return sum;
}

/// A whole number, or a fraction with its divisor.
static std::pair<double, int> fraction(double v) {
  for (int divisor = 1; divisor <= 24; ++divisor)
    if (isNothing(v * divisor - std::round(v * divisor)))
      return {std::round(v * divisor), divisor};
  return {v, 1};
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
    auto [size, divisor] = fraction(std::abs(coefficient));
    out += out.empty() ? (coefficient < 0 ? "-" : "") : coefficient < 0 ? " - " : " + ";
    std::string term = size == 1 && !factors.empty() ? "" : numberText(size);
    for (const std::string &factor : factors)
      term += (term.empty() ? "" : "*") + factor;
    out += divisor == 1 ? term : term + "/" + std::to_string(divisor);
  }
  return out.empty() ? "0" : out;
}

} // namespace texpr::report

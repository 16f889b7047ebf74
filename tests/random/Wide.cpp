// Sums of wide data, which are not the same in every order.
//
//   fn f(…) -> (w: f32[m]) { compute m |i| { reduce(+) n |j| { T } } }
//   fn f(…) -> (c: f64[m], s: f64[m]) { compute m |i| { reduce(+) n |j| { (1.0, f64(abs(T))) } } }      its companion
//
// The companion, which only the interpreter runs, gives the number of terms and the sum of their magnitudes: a result may be off by
// n · eps · Σ|terms|, and by no more (Higham, Accuracy and Stability of Numerical Algorithms, 4.2). T itself is of single
// operations, whose bits every back end must give.
#include "tests/random/Writer.h"

namespace texpr::random {

using K = ScalarKind;

GeneratedFunction Writer::writeWide() {
  static const std::vector<K> kinds = {K::F32, K::F32, K::F32, K::F64, K::F16, K::BF16};
  const K k = dice.pick(kinds);
  const std::string t = spelling(k);
  dims = {"m", "n"};
  tensorsInScope = {{"x",
                     k,
                     {{Extent::Kind::Name, "m", "", 0}, {Extent::Kind::Name, "n", "", 0}},
                     anyBits,
                     {},
                     false},
                    {"y", k, {{Extent::Kind::Name, "n", "", 0}}, anyBits, {}, false},
                    {"a", k, {}, anyBits, {}, false}};
  indicesInScope = {{"i", {Extent::Kind::Name, "m", "", 0}},
                    {"j", {Extent::Kind::Name, "n", "", 0}}};
  loops = 3; // no forms inside of a term
  budget = 12;
  const std::string plain = dice.percent(50) ? "x[i, j] * y[j]" : "x[i, j]";
  const std::string term = dice.percent(40) ? plain : scalar(k, 3).text;
  const std::string filter = dice.percent(20) ? " where y[j] > x[i, n - 1 - j]" : "";
  const std::string head =
      "fn " + function + "(x: " + t + "[m, n], y: " + t + "[n], a: " + t + ") -> ";
  const std::string axes = "  compute m |i| { reduce(+) n |j|" + filter;
  GeneratedFunction f;
  f.name = function;
  f.text = head + "(w: " + t + "[m]) {\n" + axes + " { " + term + " } }\n}\n";
  f.companion = head + "(c: f64[m], s: f64[m]) {\n" + axes + " { (" +
                (k == K::F64 ? "1.0, abs(" + term + ")" : "f64(1.0), f64(abs(" + term + "))") +
                ") } }\n}\n";
  return f;
}

} // namespace texpr::random

// Idioms of what is lent: calls that change buffers and give values, ranges that stores keep, lengths found among stores.
//
// Each brings its own parameters, dims and local function, and leaves tensors in scope and results of its own.
#include "tests/random/Writer.h"

namespace texpr::random {

using K = ScalarKind;

static Extent dim(const std::string &name) { return {Extent::Kind::Name, name, "", 0}; }

/// A function that changes what it is lent, and gives what it was, what is largest, or what it keeps of it.
std::string Writer::lending() {
  static const std::vector<K> kinds = {K::F32, K::F64, K::I32, K::U8, K::I64};
  const K k = dice.pick(kinds);
  const std::string t = spelling(k), g = function + "_l";
  static const std::vector<std::string> changes = {"max(a[i], x)", "x - a[i]",
                                                   "if a[i] > x { x } else { a[i] }"};
  const std::string change = "  par d |i| { a[i] = " + dice.pick(changes) + "; }\n";
  parameter("lb: " + t + "[lm, ln]");
  const std::string x = literal(k).text, y = literal(k).text;
  std::string text = "  lt: " + t + "[lm, ln] = lb;\n";
  tensorsInScope.push_back({"lt", k, {dim("lm"), dim("ln")}, inputBits(k) + 4, {}, false});
  switch (dice.below(4)) {
  case 0: // a scalar, stored or carried on
    declarations += "local fn " + g + "(inout a: " + t + "[d], x: " + t + ") -> (s: " + t +
                    ") {\n  let s = reduce(max) d |i| { a[i] };\n" + change + "  s\n}\n";
    tensorsInScope.push_back({"ls", k, {dim("lm")}, anyBits, {}, false});
    if (dice.percent(50))
      return text + "  ls: " + t + "[lm];\n  par lm |r| { ls[r] = " + g + "(lt[r], " + x + "); }\n";
    return text + "  ls: " + t + "[lm] = " + y + ";\n  seq lm |r| { let v = " + g + "(lt[r], " + x +
           "); ls[r] max= v; if v > " + y + " { " + g + "(lt[r], " + y + "); } }\n";
  case 1: // what it was, and a tuple
    declarations += "local fn " + g + "(inout a: " + t + "[d, e], x: " + t + ") -> (o: " + t +
                    "[e], c: i64) {\n  let o = compute e |j| { reduce(max) d |i| { a[i, j] } };\n" +
                    "  par d, e |i, j| { a[i, j] = max(a[i, j], x); }\n  (o, d)\n}\n";
    extraResults.push_back({"i64", "lc"});
    tensorsInScope.push_back({"lo", k, {dim("ln")}, anyBits, {}, false});
    return text + "  let (lo, lc) = " + g + "(lt, " + x + ");\n" +
           (dice.percent(50) ? "  let lw = " + g + "(lt[0..lm], lo[0] else " + y + ");\n" : "");
  case 2: // its last buffer, by a function around it
    declarations += "local fn " + g + "_i(inout a: " + t + "[d], x: " + t + ") -> (o: " + t +
                    "[d]) {\n  let o = a;\n" + change + "  o\n}\nlocal fn " + g + "(inout a: " + t +
                    "[d], x: " + t + ") -> (o: " + t + "[d]) { " + g + "_i(a, x) }\n";
    tensorsInScope.push_back({"lo", k, {dim("lm"), dim("ln")}, inputBits(k) + 4, {}, false});
    return text + "  lo: " + t + "[lm, ln];\n  par lm |r| { lo[r] = " + g + "(lt[r], " + x +
           "); }\n  par lm |r| { lo[lm - 1 - r] = " + g + "(lt[r], " + y + "); }\n";
  default: // as many as it finds
    declarations += "local fn " + g + "(inout a: " + t + "[d], x: " + t + ") -> (u: " + t +
                    "[k]) {\n  let u: " + t + "[k] = filter d |i| where a[i] > x { a[i] };\n" +
                    change + "  u\n}\n";
    extraResults.push_back({t + "[lk]", "lu"});
    extraResults.push_back({"i64", "lc"});
    return text + "  lf: " + t + "[ln] = " + y + ";\n  par lm |r| { let u = " + g + "(lt[r], " + x +
           "); if r == 0 { par ln |i| { lf[i] = u[i] else " + x + "; } } }\n" + "  let lu: " + t +
           "[lk] = " + g + "(lf, " + y + ");\n  let lc = " +
           (dice.percent(50) ? "lk"
                             : "reduce(+) ln |i| { if lf[i] > " + x + " { 1 } else { 0 } }") +
           ";\n";
  }
}

/// Indices that are lent: stores keep their range, here and in what is called.
std::string Writer::lentIndices() {
  static const std::vector<K> kinds = {K::I64, K::I32, K::U16};
  const K k = drawKind();
  const std::string t = spelling(k), p = spelling(dice.pick(kinds)), g = function + "_p";
  const std::string marker = p == "u16" ? "" : " or -1";
  const std::string other = p == "u16" ? "0" : "-1";
  const bool isMarked = dice.percent(40);
  const std::string range = "0.." + std::string("lm") + (isMarked ? marker : "");
  parameter("inout lp: " + p + "[ln] in " + range);
  parameter("lx: " + t + "[lm]");
  facts.push_back("lm > 0");
  facts.push_back("lm <= 100");
  std::string text;
  static const std::vector<std::string> stores = {
      "  par ln |i| { lp[i] = P(i % lm); }\n", "  par ln |i| { lp[i] = 0; }\n",
      "  par ln |i| { lp[i] max= P(i % lm); }\n", "  seq ln |i| { lp[i] = lp[ln - 1 - i]; }\n",
      "  par ln |i| { let v = lp[i]; if v >= 0 { lp[i] = v / 2; } }\n"};
  std::string store = dice.pick(stores);
  for (size_t at; (at = store.find("P(")) != std::string::npos;)
    store.replace(at, 2, p + "( ");
  text += store;
  if (dice.percent(60)) {
    declarations += "local fn " + g + "(inout q: " + p + "[d] in 0..m" + (isMarked ? marker : "") +
                    ", m: i64) -> (c: i64) where m > 0, m <= 100 {\n  let c = reduce(max) d |i| { "
                    "i64(q[i]) };\n  par d |i| { let v = q[i]; q[i] = if v > 0 { v - 1 } else { " +
                    (isMarked ? other : "0") + " }; }\n  c\n}\n";
    extraResults.push_back({"i64", "lg"});
    text += "  let lg = " + g + "(lp, lm);\n";
  }
  tensorsInScope.push_back({"lr", k, {dim("ln")}, inputBits(k), {}, false});
  return text + "  lr: " + t + "[ln];\n  par ln |i| { let v = lp[i]; lr[i] = " +
         (isMarked ? "if v >= 0 { lx[v] } else { lx[0] }" : "lx[v]") + "; }\n";
}

/// Kept among stores, and used behind them.
std::string Writer::keptAmongStores() {
  static const std::vector<K> kinds = {K::F32, K::F64, K::I32, K::I16};
  const K k = dice.pick(kinds);
  const std::string t = spelling(k);
  parameter("fx: " + t + "[fm]");
  extraResults.push_back({t + "[fk]", "fu"});
  tensorsInScope.push_back({"fy", k, {dim("fm")}, inputBits(k) + 4, {}, false});
  std::string text = "  fy: " + t + "[fm] = fx;\n  par fm |i| { fy[i] = max(fy[i], " +
                     literal(k).text + "); }\n  let fu: " + t +
                     "[fk] = filter fm |i| where fy[i] > " + literal(k).text + " { fy[i] };\n";
  if (dice.percent(50)) {
    extraResults.push_back({t + "[fk]", "fw"});
    text += "  fw: " + t + "[fk];\n  par fk |i| { fw[i] = max(fu[fk - 1 - i], fy[i]); }\n";
  }
  if (dice.percent(50)) {
    extraResults.push_back({"i64[fj]", "fv"});
    text += "  let fv: i64[fj] = filter fk |i| where fu[i] > " + literal(k).text + " { i };\n";
  }
  return text + "  par fm |i| { fy[i] = min(fy[i], " + literal(k).text + "); }\n";
}

} // namespace texpr::random

// Programs as people write them, with random types and shapes: convolution, pooling with stride, tiles, mixed-precision
// products, tensors of tuples. Each brings its own parameters and dims, and leaves a tensor in scope.
#include "tests/random/Writer.h"

namespace texpr::random {

using K = ScalarKind;

void Writer::parameter(const std::string &text) {
  signature += (signature.empty() ? "" : ", ") + text;
}

static Extent dim(const std::string &name) { return {Extent::Kind::Name, name, "", 0}; }

/// A window with padding around each element.
std::string Writer::convolution() {
  static const std::vector<K> kinds = {K::F32, K::F32, K::F64, K::I32, K::U8};
  const K k = dice.pick(kinds);
  const std::string t = spelling(k), zero = isFloat(k) ? "0.0" : "0";
  if (dice.percent(50)) {
    parameter("cx: " + t + "[ch]");
    parameter("ck: " + t + "[cr]");
    tensorsInScope.push_back({"conv", k, {dim("ch")}, anyBits, {}, false});
    return "  let conv = compute ch |i| {\n    reduce(+) cr |r| { (cx[i + r - cr / 2] else " +
           zero + ") * ck[r] }\n  };\n";
  }
  parameter("cx: " + t + "[ch, cw]");
  parameter("ck: " + t + "[cr, cs]");
  tensorsInScope.push_back({"conv", k, {dim("ch"), dim("cw")}, anyBits, {}, false});
  return "  let conv = compute ch, cw |p, q| {\n    reduce(+) cr, cs |u, v| { (cx[p + u - cr / 2, "
         "q + v - "
         "cs / 2] else " +
         zero + ") * ck[u, v] }\n  };\n";
}

/// A window that moves by a stride; its number of places is a dim that `where` defines.
std::string Writer::pooling() {
  static const std::vector<K> kinds = {K::F32, K::F16, K::I16, K::F64};
  const K k = dice.pick(kinds);
  const std::string t = spelling(k);
  parameter("px: " + t + "[ph]");
  parameter("pk: i64");
  parameter("ps: i64");
  facts.push_back("pk > 0");
  facts.push_back("ps > 0");
  facts.push_back("ph >= pk");
  facts.push_back("po == (ph - pk) / ps + 1");
  const bool isMax = dice.percent(60);
  const std::string other = isFloat(k) ? (isMax ? "-inf" : "0.0") : (isMax ? t + ".min" : "0");
  tensorsInScope.push_back({"pool", k, {dim("po")}, anyBits, {}, false});
  return "  let pool = compute po |i| {\n    reduce(" + std::string(isMax ? "max" : "+") +
         ") pk |r| { px[i * ps + r] else " + other + " }\n  };\n";
}

/// A transposition by tiles.
std::string Writer::tiles() {
  const K k = drawKind();
  const std::string t = spelling(k);
  parameter("tx: " + t + "[tm, tn]");
  facts.push_back("tm % 4 == 0");
  facts.push_back("tn % 2 == 0");
  tensorsInScope.push_back({"turned", k, {dim("tn"), dim("tm")}, inputBits(k), {}, false});
  return "  turned: " + t +
         "[tn, tm];\n"
         "  par tm / 4, tn / 2 |bi, bj| {\n"
         "    tile: " +
         t +
         "[4, 2];\n"
         "    par 4, 2 |i, j| { tile[i, j] = tx[bi * 4 + i, bj * 2 + j]; }\n"
         "    par 2, 4 |j, i| { turned[bj * 2 + j, bi * 4 + i] = tile[i, j]; }\n  }\n";
}

/// A product of matrices of narrow elements, summed wide, with an epilogue.
std::string Writer::product() {
  static const std::vector<std::pair<K, K>> kinds = {
      {K::F32, K::F32}, {K::F16, K::F32}, {K::BF16, K::F32}, {K::F32, K::F64},
      {K::I8, K::I32},  {K::U8, K::I32},  {K::F64, K::F64}};
  const auto [narrow, wide] = dice.pick(kinds);
  const std::string n = spelling(narrow), w = spelling(wide);
  const bool isTransposed = dice.percent(40);
  parameter("ga: " + n + "[gm, gk]");
  parameter(std::string("gb: ") + n + (isTransposed ? "[gn, gk]" : "[gk, gn]"));
  parameter("gc: " + w + "[gn]");
  const std::string a = narrow == wide ? "ga[i, p]" : w + "(ga[i, p])";
  std::string b = isTransposed ? "gb[j, p]" : "gb[p, j]";
  b = narrow == wide ? b : w + "(" + b + ")";
  const std::string sum = "(reduce(+) gk |p| { " + a + " * " + b + " }) + gc[j]";
  const std::string zero = isFloat(wide) ? "0.0" : "0";
  tensorsInScope.push_back({"gemm", wide, {dim("gm"), dim("gn")}, anyBits, {}, false});
  return "  let gemm = compute gm, gn |i, j| { " +
         (dice.percent(50) ? "max(" + sum + ", " + zero + ")" : sum) + " };\n";
}

/// A tensor of tuples, element by element and part by part.
std::string Writer::tupleTensor() {
  K a = drawKind(), b = drawKind();
  a = a == K::Bool ? K::F32 : a;
  b = b == K::Bool ? K::I64 : b;
  const std::string type = "(" + std::string(spelling(a)) + ", " + spelling(b) + ")[zn]";
  parameter("z: " + type);
  extraResults.push_back({type, "zz"});
  const std::string first = dice.percent(50) ? "z[i].0" : "z.0[i]";
  return "  let zz = compute zn |i| {\n    let (_, q) = z[zn - 1 - i];\n    (" + first + " + " +
         literal(a, false).text + ", q - z[i].1)\n  };\n";
}

/// Stores of whole slices.
std::string Writer::slices() {
  const K k = drawKind();
  const std::string t = spelling(k);
  parameter("sx: " + t + "[sn]");
  tensorsInScope.push_back(
      {"padded", k, {{Extent::Kind::PlusTwo, "sn", "", 0}}, inputBits(k), {}, false});
  return "  padded: " + t + "[sn + 2] = " + literal(k, false).text +
         ";\n  padded[1..sn + 1] = sx;\n" + (dice.percent(50) ? "  padded[0] = padded[sn];\n" : "");
}

/// A state of two tensors, stepped.
std::string Writer::wave() {
  static const std::vector<K> kinds = {K::F32, K::F64, K::I32};
  const K k = dice.pick(kinds);
  const std::string t = spelling(k), zero = isFloat(k) ? "0.0" : "0";
  parameter("wx: " + t + "[wn]");
  parameter("ws: i64");
  facts.push_back("0 <= ws");
  facts.push_back("ws <= 5");
  tensorsInScope.push_back({"wave", k, {dim("wn")}, anyBits, {}, false});
  return "  let (wave, _) = for t in 0..ws with (u = wx, v = wx) {\n"
         "    let next = compute wn |i| { (u[i - 1] else " +
         zero + ") + (u[i + 1] else " + zero + ") - v[i] };\n    (next, u)\n  };\n";
}

std::string Writer::pattern() {
  switch (dice.below(7)) {
  case 0:
    return convolution();
  case 1:
    return pooling();
  case 2:
    return tiles();
  case 3:
    return product();
  case 4:
    return tupleTensor();
  case 5:
    return slices();
  default:
    return wave();
  }
}

} // namespace texpr::random

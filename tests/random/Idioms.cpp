// Idioms of the wider language, with random types: sparse rows, structs with operators, generic functions, atomics, lanes in lock-step,
// what a caller lends, loops that run backwards, 8-bit floats, checked accesses, inline assembly by its meaning.
//
// Each brings its own parameters and dims, and leaves a tensor in scope or a result of its own.
#include "tests/random/Writer.h"

namespace texpr::random {

using K = ScalarKind;

static Extent dim(const std::string &name) { return {Extent::Kind::Name, name, "", 0}; }

static std::string zeroOf(K k) { return isFloat(k) ? "0.0" : k == K::Bool ? "false" : "0"; }

/// A sparse matrix by rows, with facts on its data; half of the time over a row's own terms.
std::string Writer::sparse() {
  static const std::vector<K> kinds = {K::F32, K::F64, K::I32, K::F16};
  const K k = dice.pick(kinds);
  const std::string t = spelling(k);
  parameter(std::string("rr: ") + (dice.percent(50) ? "i64" : "i32") + "[rm + 1] in 0..=rz");
  parameter("rc: i32[rz] in 0..rn");
  parameter("rv: " + t + "[rz]");
  parameter("rx: " + t + "[rn]");
  facts.insert(facts.end(), {"sorted(rr)", "rr[0] == 0", "rr[rm] == rz"});
  tensorsInScope.push_back({"rows", k, {dim("rm")}, anyBits, {}, false});
  const std::string op = k == K::F16 ? "max" : "+";
  std::string kept;
  if (dice.percent(40)) {
    extraResults.push_back({t + "[rk]", "kv"});
    extraResults.push_back({"i64[rk]", "kr"});
    kept = "  let (kv, kr): (" + t +
           "[rk], i64[rk]) = filter rm, i64(rr[i])..i64(rr[i + 1]) |i, p| where " +
           std::string(dice.percent(50) ? "rv[p] > 0" : "rc[p] != i") + " { (rv[p], i) };\n";
  }
  if (dice.percent(50))
    return kept + "  let rows = compute rm |i| { reduce(" + op +
           ") i64(rr[i])..i64(rr[i + 1]) |p| { rv[p] * rx[rc[p]] } };\n";
  return kept +
         "  let rows = compute rm |i| {\n    let first = i64(rr[i]);\n    let count = i64(rr[i + "
         "1]) - first;\n"
         "    let term = compute count |p| { rv[first + p] * rx[rc[first + p]] };\n    reduce(" +
         op + ") count |p| { term[p] }\n  };\n";
}

/// A struct with operators, as a parameter, a result, in scans and reductions.
std::string Writer::structs() {
  static const std::vector<K> kinds = {K::F32, K::F64, K::I32, K::I64, K::U8};
  const std::string t = spelling(dice.pick(kinds)), s = function + "_s";
  declarations += "struct " + s + " { re: " + t + ", im: " + t + " }\nop +(a: " + s + ", b: " + s +
                  ") -> " + s + " identity (" + s + " { re: 0, im: 0 }) { " + s +
                  " { re: a.re + b.re, im: a.im + b.im } }\nop *(a: " + s + ", b: " + s + ") -> " +
                  s + " { " + s +
                  " { re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re } }\n";
  parameter("sz: " + s + "[sn]");
  extraResults.push_back({s + "[sn]", "squares"});
  std::string text = "  let squares = compute sn |i| { sz[i] * sz[sn - 1 - i] + sz[i] };\n";
  if (dice.percent(50)) {
    extraResults.push_back({s + "[sn]", "sums"});
    text += "  let sums = scan(+" + std::string(dice.percent(50) ? "" : ", exclusive") +
            ") sn |i| { sz[i] };\n";
  } else {
    extraResults.push_back({s, "total"});
    text += "  let total = reduce(+) sn |i| { sz[i] };\n";
  }
  return text;
}

/// A function and an op of any number, for two types.
std::string Writer::generic() {
  static const std::vector<K> kinds = {K::F32, K::F64, K::F16, K::I32, K::I64, K::U16};
  const K a = dice.pick(kinds), b = dice.pick(kinds);
  const std::string g = function + "_g";
  declarations +=
      "local fn " + g +
      "<T: number>(x: T[d], a: T) -> (y: T[d]) {\n  compute d |i| { max(x[i], T(2)) * a }\n}\n";
  unsigned count = 0;
  std::string text;
  for (const K k : {a, b}) {
    const std::string x = "gx" + std::to_string(count), y = "gy" + std::to_string(count);
    ++count;
    parameter(x + ": " + spelling(k) + "[gn]");
    tensorsInScope.push_back({y, k, {dim("gn")}, inputBits(k) + 4, {}, false});
    text += "  let " + y + " = " + g +
            (dice.percent(30) ? "<" + std::string(spelling(k)) + ">" : "") + "(" + x + ", " +
            literal(k).text + ");\n";
  }
  return text;
}

/// Places that data chooses, changed at once.
std::string Writer::atomics() {
  static const std::vector<K> kinds = {K::I32, K::I64, K::U8,  K::U32,
                                       K::I16, K::I8,  K::U64, K::Bool};
  static const std::vector<std::string> numbers = {"+=", "max=", "min=", "&=", "|=", "^=", "-="};
  static const std::vector<std::string> truths = {"and=", "or=", "xor="};
  const K k = dice.pick(kinds);
  const std::string t = spelling(k), op = k == K::Bool ? dice.pick(truths) : dice.pick(numbers);
  parameter("ak: i64");
  facts.push_back("ak >= 0");
  parameter("ai: i32[an] in 0..ak");
  parameter("av: " + t + "[an]");
  tensorsInScope.push_back({"counts", k, {dim("ak")}, anyBits, {}, false});
  return "  counts: " + t + "[ak] = " + zeroOf(k) + ";\n  par an |i| { atomic counts[ai[i]] " + op +
         " av[i]; }\n";
}

/// Rows of 32 lanes in lock-step.
std::string Writer::lanes() {
  static const std::vector<K> kinds = {K::F32, K::F64, K::I32, K::U8, K::I64};
  const K k = dice.pick(kinds);
  const std::string t = spelling(k);
  parameter("lx: " + t + "[lm, 32]");
  tensorsInScope.push_back(
      {"lanes", k, {dim("lm"), {Extent::Kind::Constant, "", "", 32}}, anyBits, {}, false});
  static const std::vector<std::string> sources = {"lane ^ 16", "31 - lane", "(lane + 1) % 32",
                                                   "lane / 2", "5"};
  std::string body =
      "      let v = lx[r, lane];\n      let w = shuffle(v, " + dice.pick(sources) + ");\n";
  switch (dice.below(5)) {
  case 0:
    body += "      let n = popcount(ballot(v > w) & lanes_below());\n      lanes[r, lane] = " + t +
            "(n);\n";
    break;
  case 1:
    body += "      lanes[r, lane] = if any(v > w) { w } else { v };\n";
    break;
  case 2: // another lane's store, after a barrier
    return "  lanes: " + t + "[lm, 32];\n  par lm |r| @warp {\n    t: " + t +
           "[32];\n    fully par 32 |lane| @lane {\n" + body +
           "      t[lane] = max(v, w);\n      barrier;\n      lanes[r, lane] = t[31 - lane];\n    "
           "}\n  }\n";
  case 3:
    body += "      m: " + t +
            " = max(v, w);\n      seq 5 |s| { m = max(m, shuffle(m, lane ^ (1 << s))); }\n"
            "      lanes[r, lane] = m;\n";
    break;
  default:
    body += "      lanes[r, lane] = if all(v == w) { v } else { max(v, w) };\n";
  }
  return "  lanes: " + t + "[lm, 32];\n  par lm |r| @warp {\n    fully par 32 |lane| @lane {\n" +
         body + "    }\n  }\n";
}

/// A buffer of the caller's, changed in place.
std::string Writer::lent() {
  static const std::vector<K> kinds = {K::F32, K::F64, K::I32, K::U8};
  const K k = dice.pick(kinds);
  const std::string t = spelling(k);
  parameter("inout io: " + t + "[ion]");
  if (dice.percent(50))
    return "  par ion |i| { io[i] = io[i] * " + literal(k, false).text + " + " +
           literal(k, false).text + "; }\n";
  return "  seq ion |i| { io[i] = max(io[i], if i > 0 { io[i - 1] } else { io[ion - 1] }); }\n";
}

/// Later elements first.
std::string Writer::backwards() {
  static const std::vector<K> kinds = {K::F32, K::F64, K::I32, K::I8};
  const K k = dice.pick(kinds);
  const std::string t = spelling(k);
  parameter("bx: " + t + "[bn]");
  tensorsInScope.push_back({"back", k, {dim("bn")}, anyBits, {}, false});
  return "  back: " + t +
         "[bn];\n  seq bn |i| rev { back[i] = bx[i] + (if i + 1 < bn { back[i + 1] } else { " +
         zeroOf(k) + " }); }\n";
}

/// 8-bit floats: stored, loaded, converted.
std::string Writer::narrow() {
  const std::string q = dice.percent(50) ? "f8e4m3" : "f8e5m2";
  static const std::vector<K> kinds = {K::F32, K::F64, K::F16, K::BF16};
  const K k = dice.pick(kinds);
  const std::string t = spelling(k);
  parameter("qx: " + q + "[qn]");
  parameter("qy: " + t + "[qn]");
  extraResults.push_back({q + "[qn]", "packed"});
  tensorsInScope.push_back({"wide", k, {dim("qn")}, 8, {}, false});
  return "  let wide = compute qn |i| { " + t +
         "(qx[i]) + qy[i] };\n  let packed = compute qn |i| { " + q + "(wide[i] * " +
         literal(k).text + ") };\n";
}

/// An index that is tested while running.
std::string Writer::tested() {
  const K k = drawKind();
  const std::string t = spelling(k);
  parameter("ti: i64[tn] in 0..tm");
  parameter("tv: " + t + "[tm]");
  tensorsInScope.push_back({"tested", k, {dim("tn")}, inputBits(k), {}, false});
  return "  let tested = compute tn |i| { tv[(ti[i] * 3 + 1) % tm] else fail };\n";
}

/// Inline assembly, by what it means.
std::string Writer::assembly() {
  static const std::vector<K> kinds = {K::F32, K::I32, K::U32};
  const K k = dice.pick(kinds);
  const std::string t = spelling(k);
  parameter("mx: " + t + "[mm, 32]");
  tensorsInScope.push_back(
      {"meant", k, {dim("mm"), {Extent::Kind::Constant, "", "", 32}}, anyBits, {}, false});
  return "  meant: " + t +
         "[mm, 32];\n  par mm |r| @warp {\n    fully par 32 |lane| @lane {\n      v: " + t +
         ";\n      asm(\"op %0, %1, %2;\", out v, mx[r, lane], mx[r, 31 - lane]) means { v = "
         "max(mx[r, lane], mx[r, 31 - lane]); };\n"
         "      meant[r, lane] = v;\n    }\n  }\n";
}

/// The elements of a matrix in other shapes.
std::string Writer::reshaped() {
  const K k = drawKind();
  parameter("hx: " + std::string(spelling(k)) + "[hm, hn]");
  const Extent flat{Extent::Kind::Product, "hm", "hn", 0};
  tensorsInScope.push_back({"flat", k, {flat}, inputBits(k), {}, false});
  tensorsInScope.push_back({"turned_back", k, {dim("hn"), dim("hm")}, inputBits(k), {}, false});
  return "  let flat = reshape(hx, [hm * hn]);\n  let turned_back = reshape(" +
         std::string(dice.percent(50) ? "flat" : "compute hm, hn |i, j| { hx[hm - 1 - i, j] }") +
         ", [hn, hm]);\n";
}

std::string Writer::idiom() {
  switch (dice.below(15)) {
  case 12:
    return lending();
  case 13:
    return lentIndices();
  case 14:
    return keptAmongStores();
  case 10:
    return reshaped();
  case 0:
    return sparse();
  case 1:
    return structs();
  case 2:
    return generic();
  case 3:
    return atomics();
  case 4:
  case 11:
    return lanes();
  case 5:
    return lent();
  case 6:
    return backwards();
  case 7:
    return narrow();
  case 8:
    return tested();
  default:
    return assembly();
  }
}

} // namespace texpr::random

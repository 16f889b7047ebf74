// The texts of nests that more than one test uses.
#include "tests/unit/cpu_target/Harness.h"

std::string rows(const char *name, const char *type, const std::string &body) {
  std::string t = type;
  return "func.func @" + std::string(name) + "(%m: index, %n: index, %xa: !par.buf<?x?x" + t +
         ">, %ya: !par.buf<?x?x" + t +
         R"(> {tx.out}) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = par.bind %xa [%m, %n] : !par.buf<?x?x)" +
         t + R"(>
    %y = par.bind %ya [%m, %n] : !par.buf<?x?x)" +
         t + R"(>
    par.kernel {
      par.forall (%i) = (%c0) to (%m) axes ["i"] level "thread" attributes {plan.grain = 3 : i64} {
)" + body +
         R"(
      }
    }
    return
  })";
}

std::string softmaxText() {
  return rows("softmax", "f32", R"(
        %mx = par.reduce max (%j) = (%c0) to (%n) axes ["j"] level "simd" attributes {plan.vector = 16 : i64, plan.unroll = 4 : i64} {
          %v = par.load %x[%i, %j] : !par.buf<?x?xf32> -> f32
          par.yield %v : f32
        } : f32
        par.forall (%j) = (%c0) to (%n) axes ["j"] level "simd" attributes {plan.vector = 16 : i64} {
          %v = par.load %x[%i, %j] : !par.buf<?x?xf32> -> f32
          %d = arith.subf %v, %mx : f32
          %e = math.exp %d : f32
          par.store %e, %y[%i, %j] : f32, !par.buf<?x?xf32>
        }
        %s = par.reduce add (%j) = (%c0) to (%n) axes ["j"] level "simd" attributes {plan.vector = 16 : i64, plan.unroll = 4 : i64} {
          %v = par.load %y[%i, %j] : !par.buf<?x?xf32> -> f32
          par.yield %v : f32
        } : f32
        par.forall (%j) = (%c0) to (%n) axes ["j"] level "simd" attributes {plan.vector = 16 : i64} {
          %v = par.load %y[%i, %j] : !par.buf<?x?xf32> -> f32
          %d = arith.divf %v, %s : f32
          par.store %d, %y[%i, %j] : f32, !par.buf<?x?xf32>
        })");
}

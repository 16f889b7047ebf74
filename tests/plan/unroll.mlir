// RUN: texpr-opt --plan-unroll %s | FileCheck %s

// Few constant steps are written out, inner loops first; many are not.
// CHECK-LABEL: func.func @taps(
// CHECK: par.reduce {{.*}} axes ["u"] attributes {plan.straight}
// CHECK: par.reduce {{.*}} axes ["v"] attributes {plan.straight}
// CHECK: par.reduce {{.*}} axes ["w"] {
func.func @taps(%n: index, %xa: !par.buf<?xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c65 = arith.constant 65 : index
  %x = par.bind %xa[%n] : !par.buf<?xf32>
  %s = par.reduce add (%u) = (%c0) to (%c3) axes ["u"] {
    %t = par.reduce add (%v) = (%c0) to (%c3) axes ["v"] {
      %i = arith.addi %u, %v : index
      %e = par.load %x[%i] : !par.buf<?xf32> -> f32
      par.yield %e : f32
    } : f32
    par.yield %t : f32
  } : f32
  %l = par.reduce add (%w) = (%c0) to (%c65) axes ["w"] {
    %e = par.load %x[%w] : !par.buf<?xf32> -> f32
    par.yield %e : f32
  } : f32
  %r = arith.addf %s, %l : f32
  return %r : f32
}

// RUN: texpr-opt --cpu-store-f8 %s | FileCheck %s

// A byte in memory; the exponent is moved to its place and NaN, the only special value of this format, is chosen apart.
// CHECK-LABEL: func.func @decode
// CHECK-SAME: !par.buf<?xi8>
// CHECK: par.load {{.*}} -> i8
// CHECK: arith.extui {{.*}} : i8 to i32
// CHECK-NOT: f8E4M3FN
// CHECK-LABEL: func.func @encode
// CHECK: arith.trunci {{.*}} : i32 to i8
// CHECK: par.store {{.*}} : i8, !par.buf<?xi8>
// CHECK-NOT: f8E
func.func @decode(%n: index {tx.dim = "n"}, %x: !par.buf<?xf8E4M3FN> {tx.name = "x"}, %y: !par.buf<?xf32> {tx.name = "y", tx.out}) {
  %c0 = arith.constant 0 : index
  %b = par.bind %x[%n] : !par.buf<?xf8E4M3FN>
  %o = par.bind %y[%n] : !par.buf<?xf32>
  par.kernel {
    par.forall (%i) = (%c0) to (%n) axes ["i"] {
      %v = par.load %b[%i] : !par.buf<?xf8E4M3FN> -> f8E4M3FN
      %f = arith.extf %v : f8E4M3FN to f32
      par.store %f, %o[%i] : f32, !par.buf<?xf32>
    }
  }
  return
}
func.func @encode(%n: index {tx.dim = "n"}, %x: !par.buf<?xf64> {tx.name = "x"}, %y: !par.buf<?xf8E5M2> {tx.name = "y", tx.out}) {
  %c0 = arith.constant 0 : index
  %b = par.bind %x[%n] : !par.buf<?xf64>
  %o = par.bind %y[%n] : !par.buf<?xf8E5M2>
  par.kernel {
    par.forall (%i) = (%c0) to (%n) axes ["i"] {
      %v = par.load %b[%i] : !par.buf<?xf64> -> f64
      %f = arith.truncf %v : f64 to f8E5M2
      par.store %f, %o[%i] : f8E5M2, !par.buf<?xf8E5M2>
    }
  }
  return
}

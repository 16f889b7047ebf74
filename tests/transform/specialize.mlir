// RUN: texpr-opt --specialize --canonicalize %s | FileCheck %s

// A copy for each value, in order; index arithmetic on the dim is made again, so that it folds.
// CHECK-LABEL: func.func @rows
// CHECK: %[[IS8:.*]] = arith.cmpi eq, %{{.*}}, %c8
// CHECK: scf.if %[[IS8]]
// CHECK: par.kernel
// CHECK: to (%c7)
// CHECK: else
// CHECK: %[[IS64:.*]] = arith.cmpi eq, %{{.*}}, %c64
// CHECK: scf.if %[[IS64]]
// CHECK: to (%c63)
// CHECK: else
// CHECK: to (%[[LAST:.*]])
func.func @rows(%m: index {tx.dim = "m"}, %k: index {tx.dim = "k"}, %xa: !par.buf<?xf32> {tx.name = "x"}, %ya: !par.buf<?xf32> {tx.name = "y", tx.out})
    attributes {tx.export, tx.specialize = {dim = "k", values = array<i64: 8, 64>}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %x = par.bind %xa[%k] : !par.buf<?xf32>
  %y = par.bind %ya[%k] : !par.buf<?xf32>
  %last = arith.subi %k, %c1 : index
  par.kernel {
    par.forall (%i) = (%c0) to (%last) axes ["i"] {
      %v = par.load %x[%i] : !par.buf<?xf32> -> f32
      par.store %v, %y[%i] : f32, !par.buf<?xf32>
    }
  }
  return
}

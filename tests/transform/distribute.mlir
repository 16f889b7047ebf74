// RUN: texpr-opt --distribute %s | FileCheck %s

// CHECK-LABEL: func.func @matmul(
// CHECK: %[[ACC:.*]] = par.alloc[%{{.*}}, %{{.*}}] {place = "reg"} : !par.buf<?x?xf32>
// CHECK: par.store %{{.*}}, %[[ACC]]
// CHECK: par.contract %[[ACC]]
// CHECK-SAME: kinds ["m", "n", "k"] instr {{.*}}name = "fma"
// CHECK: par.forall
// CHECK-NOT: par.reduce
// CHECK: par.load %[[ACC]]
// CHECK: arith.addf
func.func @matmul(%m: index, %n: index, %k: index, %i0: index, %i1: index, %j0: index, %j1: index,
                  %xa: !par.buf<?x?xf32>, %wa: !par.buf<?x?xf32>, %ba: !par.buf<?xf32>, %ya: !par.buf<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa[%m, %k] : !par.buf<?x?xf32>
  %w = par.bind %wa[%k, %n] : !par.buf<?x?xf32>
  %b = par.bind %ba[%n] : !par.buf<?xf32>
  %y = par.bind %ya[%m, %n] : !par.buf<?x?xf32>
  par.kernel {
    par.forall (%i, %j) = (%i0, %j0) to (%i1, %j1) axes ["i", "j"] attributes {plan.instr = {name = "fma", m = 6 : i64, n = 16 : i64}} {
      %s = par.reduce add (%l) = (%c0) to (%k) axes ["l"] {
        %p = par.load %x[%i, %l] : !par.buf<?x?xf32> -> f32
        %q = par.load %w[%l, %j] : !par.buf<?x?xf32> -> f32
        %r = arith.mulf %p, %q : f32
        par.yield %r : f32
      } : f32
      %e = par.load %b[%j] : !par.buf<?xf32> -> f32
      %f = arith.addf %s, %e : f32
      par.store %f, %y[%i, %j] : f32, !par.buf<?x?xf32>
    }
  }
  return
}

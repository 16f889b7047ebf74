// RUN: texpr-opt --tile --stage-boxes %s | FileCheck %s

// Two rows of a halo: only what lies in the tensor is copied, and the masks stay.
// CHECK-LABEL: func.func @halo(
// CHECK-SAME: %[[M:[a-z0-9]*]]: index, %[[N:[a-z0-9]*]]: index
// CHECK: %[[X:.*]] = par.bind
// CHECK: par.forall (%{{.*}}, %{{.*}}) = {{.*}} axes ["i.0", "j.0"]
// CHECK: %[[FROM:.*]] = arith.maxsi
// CHECK: arith.minsi %{{.*}}, %[[M]]
// CHECK: %[[C:.*]] = par.alloc[%c18{{.*}}, %c32{{.*}}] {name = "copy of x"}
// CHECK: par.forall (%[[R:.*]], %{{.*}}) = (%[[FROM]], {{.*}} axes ["x.0", "x.1"]
// CHECK: par.load %[[X]]
// CHECK: par.store %{{.*}}, %[[C]]
// CHECK: par.forall {{.*}} axes ["i", "j"]
// CHECK-NOT: plan.stage
// CHECK: par.load %[[C]]{{.*}} mask
// CHECK: par.load %[[C]]{{.*}} mask
// CHECK-NOT: par.load %[[X]]
// CHECK: return
func.func @halo(%m: index, %n: index, %xa: !par.buf<?x?xf32> {tx.name = "x"}, %ya: !par.buf<?x?xf32> {tx.name = "y", tx.out}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %x = par.bind %xa[%m, %n] : !par.buf<?x?xf32>
  %y = par.bind %ya[%m, %n] : !par.buf<?x?xf32>
  par.kernel {
    par.forall (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] attributes {plan.tile = {i = 16 : i64, j = 32 : i64}, plan.stage = {x = {}}} {
      %up = arith.subi %i, %c1 : index
      %down = arith.addi %i, %c1 : index
      %a = arith.cmpi sge, %up, %c0 : index
      %b = arith.cmpi slt, %down, %m : index
      %p = par.load %x[%up, %j] mask %a other %zero : f32 : !par.buf<?x?xf32> -> f32
      %q = par.load %x[%down, %j] mask %b other %zero : f32 : !par.buf<?x?xf32> -> f32
      %s = arith.addf %p, %q : f32
      par.store %s, %y[%i, %j] : f32, !par.buf<?x?xf32>
    }
  }
  return
}

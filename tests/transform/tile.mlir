// RUN: texpr-opt --tile %s | FileCheck %s

// Grid axes outside in the given order; the tile keeps absolute indices, its bounds are the ragged edge.
// CHECK-LABEL: func.func @copy(
// CHECK-SAME: %[[M:[a-z0-9]*]]: index, %[[N:[a-z0-9]*]]: index,
// CHECK: par.forall (%[[JB:.*]], %[[IB:.*]]) = {{.*}} axes ["j.0", "i.0"]
// CHECK-DAG: %[[I0:.*]] = arith.muli %[[IB]], %{{.*}} : index
// CHECK-DAG: arith.minsi %{{.*}}, %[[M]]
// CHECK-DAG: arith.minsi %{{.*}}, %[[N]]
// CHECK: par.forall (%[[I:.*]], %[[J:.*]]) = (%[[I0]],
// CHECK-SAME: axes ["i", "j"]
// CHECK-NOT: plan.tile
// CHECK: par.store {{.*}}[%[[J]], %[[I]]]
func.func @copy(%m: index, %n: index, %xa: !par.buf<?x?xf32>, %ya: !par.buf<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa[%m, %n] : !par.buf<?x?xf32>
  %y = par.bind %ya[%n, %m] : !par.buf<?x?xf32>
  par.kernel {
    par.forall (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] attributes {plan.tile = {i = 16 : i64, j = 32 : i64}, plan.order = ["j", "i"]} {
      %v = par.load %x[%i, %j] : !par.buf<?x?xf32> -> f32
      par.store %v, %y[%j, %i] : f32, !par.buf<?x?xf32>
    }
  }
  return
}

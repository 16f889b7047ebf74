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

// Tiles of tasks go around the others; an axis without a size is walked over inside.
// CHECK-LABEL: func.func @blocks(
// CHECK: par.forall (%{{.*}}) = {{.*}} axes ["j.0"] {
// CHECK: par.forall (%{{.*}}, %{{.*}}) = {{.*}} axes ["i.0", "j.0"] {
// CHECK: par.forall (%{{.*}}, %{{.*}}) = {{.*}} axes ["i", "j"] {
func.func @blocks(%m: index, %n: index, %ya: !par.buf<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  %y = par.bind %ya[%m, %n] : !par.buf<?x?xf32>
  par.kernel {
    par.forall (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] attributes {plan.blocks = {j = 64 : i64}, plan.tile = {i = 4 : i64, j = 8 : i64}} {
      par.store %one, %y[%i, %j] : f32, !par.buf<?x?xf32>
    }
  }
  return
}

// An order without sizes changes the loops' order alone.
// CHECK-LABEL: func.func @order(
// CHECK: par.forall (%[[J:.*]], %[[I:.*]]) = {{.*}} axes ["j", "i"] {
// CHECK: par.store %{{.*}}, %{{.*}}[%[[I]], %[[J]]]
func.func @order(%m: index, %n: index, %ya: !par.buf<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  %y = par.bind %ya[%m, %n] : !par.buf<?x?xf32>
  par.kernel {
    par.forall (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] attributes {plan.order = ["j", "i"]} {
      par.store %one, %y[%i, %j] : f32, !par.buf<?x?xf32>
    }
  }
  return
}

// RUN: texpr-opt --split-classes %s | FileCheck %s
// A clone a class, told apart by the dims; the class is a fact inside.

// CHECK-LABEL: func.func @f
// CHECK: %[[Y:.*]] = scf.if
// CHECK: tx.fact #[[SMALL:.*]][%{{.*}}]
// CHECK: tx.compute
// CHECK-NOT: plan.class
// CHECK: else
// CHECK: scf.if
// CHECK: tx.compute
// CHECK: else
// CHECK: tx.compute
// CHECK: return %[[Y]]
func.func @f(%n: index {tx.dim = "n"}) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %f = arith.constant 0.0 : f32
  %y = tx.compute (%i) = (%c0) to (%n) axes ["i"] attributes {plan.class = [affine_set<()[s0] : (-s0 + 512 >= 0)>, affine_set<()[s0] : (-s0 + 4096 >= 0)>]} {
    tx.yield %f : f32
  } : tensor<?xf32>
  return %y : tensor<?xf32>
}

// RUN: texpr-opt --instrument-laws %s | FileCheck %s

// Two forms of associativity and one of the identity; then the result as before.
// CHECK: op `most` is not associative
// CHECK-SAME: op `most` has an identity that is none
// CHECK-LABEL: tx.combiner @most.op
// CHECK: %[[R:.*]] = arith.maxsi %[[A:.*]], %[[B:.*]] : i32
// CHECK-COUNT-3: par.fail
// CHECK: tx.yield %[[R]]
tx.combiner @most.op (%a: i32), (%b: i32) {
  %r = arith.maxsi %a, %b : i32
  tx.yield %r : i32
} identity {
  %z = arith.constant 0 : i32
  tx.yield %z : i32
}

// A float is compared where it is one of the operands.
// CHECK-LABEL: tx.combiner @plus.op
// CHECK: arith.cmpf oeq
// CHECK: arith.cmpf one
// CHECK-COUNT-2: par.fail
// CHECK-NOT: par.fail
tx.combiner @plus.op (%a: f32), (%b: f32) {
  %r = arith.addf %a, %b : f32
  tx.yield %r : f32
}

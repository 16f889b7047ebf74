// RUN: texpr-opt --tx-nest %s | FileCheck %s

// What shares the axis i stands under one compute over i; what shares all axes is a scalar there.
// CHECK-LABEL: func.func @rows
// CHECK: %[[Y:.*]] = tx.compute (%[[I:.*]]) = (%{{.*}}) to (%{{.*}}) axes ["i"]
// CHECK: %[[T:.*]] = tx.compute (%{{.*}}) = {{.*}} axes ["j"]
// CHECK: %[[S:.*]] = tx.reduce add
// CHECK: tx.read %[[T]][%{{[a-z0-9]+}}] : tensor<?xf32>
// CHECK: %[[R:.*]] = tx.compute (%{{.*}}) = {{.*}} axes ["j"]
// CHECK: arith.divf %{{.*}}, %[[S]]
// CHECK: tx.yield %[[R]] : tensor<?xf32>
// CHECK: return %[[Y]]
func.func @rows(%m: index, %n: index, %x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %t = tx.compute (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] attributes {plan.store = "tile", plan.depth = 1 : i64} {
    %v = tx.read %x[%i, %j] : tensor<?x?xf32>
    %e = math.exp %v : f32
    tx.yield %e : f32
  } : tensor<?x?xf32>
  %s = tx.compute (%i) = (%c0) to (%m) axes ["i"] attributes {plan.store = "tile", plan.depth = 1 : i64} {
    %a = tx.reduce add (%j) = (%c0) to (%n) axes ["j"] {
      %v = tx.read %t[%i, %j] : tensor<?x?xf32>
      tx.yield %v : f32
    } : f32
    tx.yield %a : f32
  } : tensor<?xf32>
  %y = tx.compute (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] attributes {plan.store = "memory"} {
    %v = tx.read %t[%i, %j] : tensor<?x?xf32>
    %a = tx.read %s[%i] : tensor<?xf32>
    %q = arith.divf %v, %a : f32
    tx.yield %q : f32
  } : tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// A stencil's rows: a window in absolute indices, from which readers subtract its begin. The guard stays right.
// CHECK-LABEL: func.func @window
// CHECK-SAME: %[[H:[a-z0-9]+]]: index
// CHECK: tx.compute (%[[R:.*]]) =
// CHECK: %[[BEFORE:.*]] = arith.addi %[[R]], %{{.*}}
// CHECK: %[[BEGIN:.*]] = arith.maxsi %[[BEFORE]]
// CHECK: %[[BEHIND:.*]] = arith.addi %[[R]]
// CHECK: %[[END:.*]] = arith.minsi %[[BEHIND]], %[[H]]
// CHECK: %[[T:.*]] = tx.compute (%{{.*}}, %{{.*}}) = (%[[BEGIN]], %{{.*}}) to (%[[END]], %{{.*}})
// CHECK: arith.subi %{{.*}}, %[[BEGIN]]
// CHECK: tx.read %[[T]][%{{.*}}, %{{.*}}] else
func.func @window(%h: index, %w: index, %x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f = arith.constant 0.0 : f32
  %t = tx.compute (%r, %c) = (%c0, %c0) to (%h, %w) axes ["r", "c"] attributes {plan.store = "tile", plan.depth = 1 : i64} {
    %v = tx.read %x[%r, %c] : tensor<?x?xf32>
    tx.yield %v : f32
  } : tensor<?x?xf32>
  %y = tx.compute (%r, %c) = (%c0, %c0) to (%h, %w) axes ["r", "c"] {
    %u = arith.subi %r, %c1 : index
    %d = arith.addi %r, %c1 : index
    %a = tx.read %t[%u, %c] else { tx.yield %f : f32 } : tensor<?x?xf32>
    %b = tx.read %t[%d, %c] else { tx.yield %f : f32 } : tensor<?x?xf32>
    %s = arith.addf %a, %b : f32
    tx.yield %s : f32
  } : tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// Something between that depends on one and feeds the other: they cannot be one op, and the value is stored.
// CHECK-LABEL: func.func @between
// CHECK: tx.compute {{.*}}plan.store = "memory"
// CHECK: tx.compute
// CHECK: tx.reduce
// CHECK: tx.compute
func.func @between(%n: index, %x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %t = tx.compute (%i) = (%c0) to (%n) axes ["i"] attributes {plan.store = "tile", plan.depth = 1 : i64} {
    %v = tx.read %x[%i] : tensor<?xf32>
    tx.yield %v : f32
  } : tensor<?xf32>
  %u = tx.compute (%i) = (%c0) to (%n) axes ["i"] {
    %v = tx.read %t[%i] : tensor<?xf32>
    tx.yield %v : f32
  } : tensor<?xf32>
  %s = tx.reduce add (%i) = (%c0) to (%n) axes ["i"] {
    %v = tx.read %u[%i] : tensor<?xf32>
    tx.yield %v : f32
  } : f32
  %y = tx.compute (%i) = (%c0) to (%n) axes ["i"] {
    %v = tx.read %t[%i] : tensor<?xf32>
    %q = arith.divf %v, %s : f32
    tx.yield %q : f32
  } : tensor<?xf32>
  return %u, %y : tensor<?xf32>, tensor<?xf32>
}

// A value that leaves as well is yielded beside the other.
// CHECK-LABEL: func.func @leaves
// CHECK: %[[BOTH:.*]]:2 = tx.compute
// CHECK: return %[[BOTH]]#0, %[[BOTH]]#1
func.func @leaves(%m: index, %n: index, %x: tensor<?x?xf32>) -> (tensor<?xf32>, tensor<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %s = tx.compute (%i) = (%c0) to (%m) axes ["i"] attributes {plan.store = "tile", plan.depth = 1 : i64} {
    %v = tx.read %x[%i, %c0] : tensor<?x?xf32>
    tx.yield %v : f32
  } : tensor<?xf32>
  %y = tx.compute (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] {
    %v = tx.read %x[%i, %j] : tensor<?x?xf32>
    %a = tx.read %s[%i] : tensor<?xf32>
    %q = arith.subf %v, %a : f32
    tx.yield %q : f32
  } : tensor<?x?xf32>
  return %s, %y : tensor<?xf32>, tensor<?x?xf32>
}

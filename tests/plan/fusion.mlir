// RUN: texpr-opt --plan-inline --plan-fusion %s | FileCheck %s
// Decisions and their reasons, one a function.

// CHECK-LABEL: func.func @once
// CHECK: tx.compute {{.*}}plan.store = "inline", plan.why = "every element is read once"
func.func @once(%n: index, %x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %t = tx.compute (%i) = (%c0) to (%n) axes ["i"] {
    %v = tx.read %x[%i] : tensor<?xf32>
    %e = math.exp %v : f32
    tx.yield %e : f32
  } : tensor<?xf32>
  %y = tx.compute (%i) = (%c0) to (%n) axes ["i"] {
    %v = tx.read %t[%i] : tensor<?xf32>
    tx.yield %v : f32
  } : tensor<?xf32>
  return %y : tensor<?xf32>
}

// An exponential that is read for every column is not computed for every column.
// CHECK-LABEL: func.func @spread
// CHECK: tx.compute {{.*}} attributes {plan.depth = 1 : i64, plan.store = "tile", plan.why = "every read is at the same point"}
func.func @spread(%m: index, %n: index, %x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %t = tx.compute (%i) = (%c0) to (%m) axes ["i"] {
    %v = tx.read %x[%i, %c0] : tensor<?x?xf32>
    %e = math.exp %v : f32
    tx.yield %e : f32
  } : tensor<?xf32>
  %y = tx.compute (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] {
    %v = tx.read %t[%i] : tensor<?xf32>
    %a = tx.read %x[%i, %j] : tensor<?x?xf32>
    %p = arith.mulf %v, %a : f32
    tx.yield %p : f32
  } : tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// The axes of a transposed read do not match; reading twice what costs 16 is more than memory.
// CHECK-LABEL: func.func @transposed
// CHECK: tx.compute {{.*}} attributes {plan.store = "memory", plan.why = "the axes of a reader do not match"}
func.func @transposed(%n: index, %x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %t = tx.compute (%i, %j) = (%c0, %c0) to (%n, %n) axes ["i", "j"] {
    %v = tx.read %x[%i, %j] : tensor<?x?xf32>
    %e = math.exp %v : f32
    tx.yield %e : f32
  } : tensor<?x?xf32>
  %y = tx.compute (%i, %j) = (%c0, %c0) to (%n, %n) axes ["i", "j"] {
    %v = tx.read %t[%i, %j] : tensor<?x?xf32>
    %a = tx.read %t[%j, %i] : tensor<?x?xf32>
    %p = arith.mulf %v, %a : f32
    tx.yield %p : f32
  } : tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// A pin stays.
// CHECK-LABEL: func.func @pinned
// CHECK: tx.compute {{.*}}plan.store = "memory"
func.func @pinned(%n: index, %x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %t = tx.compute (%i) = (%c0) to (%n) axes ["i"] attributes {plan.store = "memory", plan.pinned = ["store"]} {
    %v = tx.read %x[%i] : tensor<?xf32>
    tx.yield %v : f32
  } : tensor<?xf32>
  %y = tx.compute (%i) = (%c0) to (%n) axes ["i"] {
    %v = tx.read %t[%i] : tensor<?xf32>
    tx.yield %v : f32
  } : tensor<?xf32>
  return %y : tensor<?xf32>
}

// The term of a sum of rows is combined as it is made. One that is read too is not.
// CHECK-LABEL: func.func @term
// CHECK: tx.compute {{.*}}plan.store = "inline", plan.why = "a term: each element is combined as it is made"
func.func @term(%m: index, %n: index, %x: tensor<?x?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %y = tx.reduce add (%p) = (%c0) to (%m) axes ["p"] {
    %r = tx.compute (%j) = (%c0) to (%n) axes ["j"] {
      %v = tx.read %x[%p, %j] : tensor<?x?xf32>
      tx.yield %v : f32
    } : tensor<?xf32>
    tx.yield %r : tensor<?xf32>
  } : tensor<?xf32>
  return %y : tensor<?xf32>
}
// CHECK-LABEL: func.func @term_that_is_read
// CHECK-NOT: plan.store = "inline"
func.func @term_that_is_read(%m: index, %n: index, %x: tensor<?x?xf32>) -> (tensor<?xf32>, f32) {
  %c0 = arith.constant 0 : index
  %y, %z = tx.reduce max (%p) = (%c0) to (%m) axes ["p"] {
    %r = tx.compute (%j) = (%c0) to (%n) axes ["j"] {
      %v = tx.read %x[%p, %j] : tensor<?x?xf32>
      %e = math.exp %v : f32
      tx.yield %e : f32
    } : tensor<?xf32>
    %s = tx.reduce add (%k) = (%c0) to (%n) axes ["k"] {
      %v = tx.read %r[%k] : tensor<?xf32>
      tx.yield %v : f32
    } : f32
    tx.yield %r, %s : tensor<?xf32>, f32
  } : tensor<?xf32>, f32
  return %y, %z : tensor<?xf32>, f32
}

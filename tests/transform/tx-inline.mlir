// RUN: texpr-opt --tx-inline %s | FileCheck %s

// The body stands at the read, its axis replaced by the index.
// CHECK-LABEL: func.func @plain
// CHECK: tx.compute (%[[J:.*]]) =
// CHECK: %[[AT:.*]] = arith.addi %[[J]]
// CHECK: tx.read %{{.*}}[%[[AT]]]
// CHECK: math.exp
// CHECK-NOT: tx.compute
func.func @plain(%n: index, %x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = arith.subi %n, %c1 : index
  %t = tx.compute (%i) = (%c0) to (%n) axes ["i"] attributes {plan.store = "inline"} {
    %v = tx.read %x[%i] : tensor<?xf32>
    %e = math.exp %v : f32
    tx.yield %e : f32
  } : tensor<?xf32>
  %y = tx.compute (%j) = (%c0) to (%m) axes ["j"] {
    %k = arith.addi %j, %c1 : index
    %v = tx.read %t[%k] : tensor<?xf32>
    tx.yield %v : f32
  } : tensor<?xf32>
  return %y : tensor<?xf32>
}

// A guarded read is a choice: the body runs inside only.
// CHECK-LABEL: func.func @guarded
// CHECK: %[[IN:.*]] = arith.cmpi ult
// CHECK: scf.if %[[IN]]
// CHECK: tx.read
// CHECK: } else {
// CHECK-NEXT: scf.yield
func.func @guarded(%n: index, %x: tensor<?xf32>, %a: f32) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %t = tx.compute (%i) = (%c0) to (%n) axes ["i"] attributes {plan.store = "inline"} {
    %v = tx.read %x[%i] : tensor<?xf32>
    tx.yield %v : f32
  } : tensor<?xf32>
  %y = tx.compute (%j) = (%c0) to (%n) axes ["j"] {
    %k = arith.addi %j, %c1 : index
    %v = tx.read %t[%k] else { tx.yield %a : f32 } : tensor<?xf32>
    tx.yield %v : f32
  } : tensor<?xf32>
  return %y : tensor<?xf32>
}

// A row of rows: the outer axis is replaced, the inner tensor is read on.
// CHECK-LABEL: func.func @rows
// CHECK: tx.compute (%[[R:.*]], %[[C:.*]]) =
// CHECK: tx.read %{{.*}}[%[[R]], %[[C]]]
// CHECK-NOT: tx.compute
func.func @rows(%m: index, %n: index, %x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %t = tx.compute (%i) = (%c0) to (%m) axes ["i"] attributes {plan.store = "inline"} {
    %r = tx.compute (%j) = (%c0) to (%n) axes ["j"] attributes {plan.store = "inline"} {
      %v = tx.read %x[%i, %j] : tensor<?x?xf32>
      tx.yield %v : f32
    } : tensor<?xf32>
    tx.yield %r : tensor<?xf32>
  } : tensor<?x?xf32>
  %y = tx.compute (%r, %c) = (%c0, %c0) to (%m, %n) axes ["r", "c"] {
    %v = tx.read %t[%r, %c] : tensor<?x?xf32>
    tx.yield %v : f32
  } : tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// A short list is read by choice; what nobody reads is dropped.
// CHECK-LABEL: func.func @list
// CHECK-NOT: tx.read
// CHECK: arith.select
// CHECK: arith.select
// CHECK-NOT: arith.select
// CHECK: tx.yield %{{.*}} : f32
func.func @list(%n: index, %a: f32, %b: f32, %c: f32) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %l = tx.list %a, %b, %c : f32, f32, f32 -> tensor<?xf32>
  %y:2 = tx.compute (%i) = (%c0) to (%c3) axes ["i"] {
    %v = tx.read %l[%i] : tensor<?xf32>
    tx.yield %v, %a : f32, f32
  } : tensor<?xf32>, tensor<?xf32>
  return %y#0 : tensor<?xf32>
}

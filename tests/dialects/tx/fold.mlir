// Folds of tx: constants by the exact total meaning, identities, lists, binds; what must stay.
// RUN: texpr-opt %s -canonicalize | FileCheck %s

// CHECK-LABEL: @constants
func.func @constants() -> (index, index, index, index, index, i8, i8, i8, i8, i8, i8) {
  %m7 = arith.constant -7 : index
  %c3 = arith.constant 3 : index
  %c0 = arith.constant 0 : index
  %a = tx.scalar floordiv %m7, %c3 : index, index -> index
  %b = tx.scalar mod %m7, %c3 : index, index -> index
  %c = tx.scalar quot %m7, %c3 : index, index -> index
  %d = tx.scalar rem %m7, %c3 : index, index -> index
  %e = tx.scalar floordiv %m7, %c0 : index, index -> index
  %min = arith.constant -128 : i8
  %m1 = arith.constant -1 : i8
  %c9 = arith.constant 9 : i8
  %f = tx.scalar floordiv %min, %m1 : i8, i8 -> i8
  %g = tx.scalar divu %min, %c9 : i8, i8 -> i8
  %h = tx.scalar shl %m1, %c9 : i8, i8 -> i8
  %i = tx.scalar shrs %min, %c9 : i8, i8 -> i8
  %big = arith.constant 1.0e10 : f32
  %nan = arith.constant 0x7FC00000 : f32
  %j = tx.scalar fptosi %big : f32 -> i8
  %k = tx.scalar fptosi %nan : f32 -> i8
  // CHECK-DAG: %[[M3:.*]] = arith.constant -3 : index
  // CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
  // CHECK-DAG: %[[M2:.*]] = arith.constant -2 : index
  // CHECK-DAG: %[[M1:.*]] = arith.constant -1 : index
  // CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
  // CHECK-DAG: %[[MIN:.*]] = arith.constant -128 : i8
  // CHECK-DAG: %[[C14:.*]] = arith.constant 14 : i8
  // CHECK-DAG: %[[Z:.*]] = arith.constant 0 : i8
  // CHECK-DAG: %[[B1:.*]] = arith.constant -1 : i8
  // CHECK-DAG: %[[MAX:.*]] = arith.constant 127 : i8
  // CHECK: return %[[M3]], %[[C2]], %[[M2]], %[[M1]], %[[C0]], %[[MIN]], %[[C14]], %[[Z]], %[[B1]], %[[MAX]], %[[Z]]
  return %a, %b, %c, %d, %e, %f, %g, %h, %i, %j, %k : index, index, index, index, index, i8, i8, i8, i8, i8, i8
}

// CHECK-LABEL: @identities(
// CHECK-SAME: %[[X:.*]]: index
func.func @identities(%x: index) -> (index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  // CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
  // CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
  %a = tx.scalar floordiv %x, %c1 : index, index -> index
  %b = tx.scalar mod %x, %c1 : index, index -> index
  %c = tx.scalar floordiv %c0, %x : index, index -> index
  %d = tx.scalar floordiv %x, %c0 : index, index -> index
  // CHECK: %[[E:.*]] = tx.scalar floordiv %[[X]], %[[C2]]
  %e = tx.scalar floordiv %x, %c2 : index, index -> index
  // CHECK: return %[[X]], %[[C0]], %[[C0]], %[[C0]], %[[E]]
  return %a, %b, %c, %d, %e : index, index, index, index, index
}

// CHECK-LABEL: @lists(
// CHECK-SAME: %[[A:.*]]: f32, %[[B:.*]]: f32, %[[I:.*]]: index
func.func @lists(%a: f32, %b: f32, %i: index) -> (f32, f32, f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %l = tx.list %a, %b : f32, f32 -> tensor<?xf32>
  %m = tx.list %l, %l : tensor<?xf32>, tensor<?xf32> -> tensor<?x?xf32>
  %x = tx.read %l[%c1] : tensor<?xf32>
  // CHECK: %[[Y:.*]] = tx.read %{{.*}}[%[[I]]] fail 3 : tensor<?xf32>
  %y = tx.read %m[%c1, %i] fail 3 : tensor<?x?xf32>
  // CHECK: %[[Z:.*]] = tx.read %{{.*}} fail 4
  %z = tx.read %l[%c2] fail 4 : tensor<?xf32>
  // CHECK: return %[[B]], %[[Y]], %[[Z]]
  return %x, %y, %z : f32, f32, f32
}

// A callee's bind after inlining.
// CHECK-LABEL: @binds
func.func @binds(%n: index, %xa: tensor<?xf32>) -> f32 {
  %x = tx.bind %xa [%n] : tensor<?xf32>
  %y = tx.bind %x [%n] : tensor<?xf32>
  // CHECK: %[[X:.*]] = tx.bind
  // CHECK-NOT: tx.bind
  // CHECK: tx.read %[[X]]
  %v = tx.read %y[%n] fail 0 : tensor<?xf32>
  return %v : f32
}

// Facts stay; pure forms that nobody reads go.
// CHECK-LABEL: @dead
func.func @dead(%n: index, %z: f32) {
  // CHECK: tx.fact
  tx.fact affine_set<()[s0] : (s0 >= 0)>[%n]
  // CHECK-NOT: tx.compute
  %t = tx.compute (%i) = (%n) to (%n) axes ["i"] {
    tx.yield %z : f32
  } : tensor<?xf32>
  return
}

// A choice of tensors is made element by element.
// CHECK-LABEL: @choice(
// CHECK-SAME: %[[N:.*]]: index, %[[C:.*]]: i1
func.func @choice(%n: index, %c: i1, %xa: tensor<?xf32>, %ya: tensor<?xf32>) -> tensor<?xf32> {
  %x = tx.bind %xa [%n] : tensor<?xf32>
  %y = tx.bind %ya [%n] : tensor<?xf32>
  // CHECK: tx.compute (%[[I:.*]]) = (%{{.*}}) to (%[[N]]) axes ["i"]
  // CHECK-DAG: %[[A:.*]] = tx.read %{{.*}}[%[[I]]]
  // CHECK-DAG: %[[B:.*]] = tx.read %{{.*}}[%[[I]]]
  // CHECK: arith.select %[[C]], %[[A]], %[[B]] : f32
  %z = scf.if %c -> (tensor<?xf32>) {
    scf.yield %x : tensor<?xf32>
  } else {
    scf.yield %y : tensor<?xf32>
  }
  return %z : tensor<?xf32>
}

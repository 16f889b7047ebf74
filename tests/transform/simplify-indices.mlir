// RUN: texpr-opt --simplify-indices --canonicalize %s | FileCheck %s

// What cancels goes.
// CHECK-LABEL: func.func @sums
// CHECK-SAME: %[[X:[a-z0-9]+]]: index, %[[Y:[a-z0-9]+]]: index
// CHECK: return %[[Y]]
func.func @sums(%x: index, %y: index) -> index {
  %c3 = arith.constant 3 : index
  %a = arith.addi %x, %c3 : index
  %b = arith.addi %a, %y : index
  %c = arith.subi %b, %x : index
  %d = arith.subi %c, %c3 : index
  return %d : index
}

// A quotient by a constant is divided out where the leaves are dims and axes, which cannot wrap.
// CHECK-LABEL: func.func @quotients
// CHECK: tx.compute (%[[I:.*]]) =
// CHECK: tx.read %{{.*}}[%[[I]], %{{.*}}]
// CHECK-NOT: tx.scalar
func.func @quotients(%n: index {tx.dim = "n"}, %xa: tensor<?x?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %x = tx.bind %xa[%n, %c4] : tensor<?x?xf32>
  %y = tx.compute (%i) = (%c0) to (%n) axes ["i"] {
    %p = arith.muli %i, %c4 : index
    %q = arith.addi %p, %c3 : index
    %r = tx.scalar floordiv %q, %c4 : index, index -> index
    %s = tx.scalar mod %q, %c4 : index, index -> index
    %v = tx.read %x[%r, %s] : tensor<?x?xf32>
    tx.yield %v : f32
  } : tensor<?xf32>
  return %y : tensor<?xf32>
}

// Any value may be as large as an index: the product may have wrapped.
// CHECK-LABEL: func.func @wraps
// CHECK: tx.scalar floordiv
func.func @wraps(%x: index) -> index {
  %c4 = arith.constant 4 : index
  %p = arith.muli %x, %c4 : index
  %r = tx.scalar floordiv %p, %c4 : index, index -> index
  return %r : index
}

// Dims that are equal get one name.
// CHECK-LABEL: func.func @equal
// CHECK-SAME: %[[M:[a-z0-9]+]]: index {tx.dim = "m"}, %[[N:[a-z0-9]+]]: index {tx.dim = "n"}
// CHECK: tx.fact #{{.*}}[%[[M]], %[[N]]] entry
// CHECK: tx.compute (%{{.*}}) = (%{{.*}}) to (%[[M]])
func.func @equal(%m: index {tx.dim = "m"}, %n: index {tx.dim = "n"}) -> tensor<?xf32> {
  tx.fact affine_set<()[s0, s1] : (s0 - s1 == 0)>[%m, %n] entry "m == n"
  %c0 = arith.constant 0 : index
  %f = arith.constant 0.0 : f32
  %y = tx.compute (%i) = (%c0) to (%n) axes ["i"] {
    tx.yield %f : f32
  } : tensor<?xf32>
  return %y : tensor<?xf32>
}

// A guard that always holds goes; one that may not stays. A quotient of what is not negative by what is positive is arith's.
// CHECK-LABEL: func.func @facts
// CHECK: arith.remui
// CHECK: tx.read %{{.*}}[%{{.*}}] : tensor<?xf32>
// CHECK: tx.read %{{.*}}[%{{.*}}] else
func.func @facts(%n: index {tx.dim = "n"}, %d: index {tx.dim = "d"}, %xa: tensor<?xf32>, %f: f32) -> tensor<?xf32> {
  tx.fact affine_set<()[s0] : (s0 - 1 >= 0)>[%d] entry "d >= 1"
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n1 = arith.addi %n, %c1 : index
  %x = tx.bind %xa[%n1] : tensor<?xf32>
  %y = tx.compute (%i) = (%c0) to (%n1) axes ["i"] {
    %r = tx.scalar mod %i, %d : index, index -> index
    %k = arith.subi %i, %r : index
    %a = tx.read %x[%i] else { tx.yield %f : f32 } : tensor<?xf32>
    %p = arith.addi %k, %c1 : index
    %b = tx.read %x[%p] else { tx.yield %f : f32 } : tensor<?xf32>
    %s = arith.addf %a, %b : f32
    tx.yield %s : f32
  } : tensor<?xf32>
  return %y : tensor<?xf32>
}

// So does one of a list, whose extent is a number.
// CHECK-LABEL: func.func @list
// CHECK: tx.read %{{.*}}[%{{.*}}] : tensor<?xf32>
func.func @list(%f: f32) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %x = tx.list %f, %f, %f : f32, f32, f32 -> tensor<?xf32>
  %y = tx.compute (%i) = (%c0) to (%c3) axes ["i"] {
    %a = tx.read %x[%i] else { tx.yield %f : f32 } : tensor<?xf32>
    tx.yield %a : f32
  } : tensor<?xf32>
  return %y : tensor<?xf32>
}

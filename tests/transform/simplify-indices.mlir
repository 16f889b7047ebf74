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

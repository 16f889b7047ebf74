// Every op of tx: what is printed is read again and printed the same, in the readable and in the generic form.
// RUN: texpr-opt %s | texpr-opt | FileCheck %s
// RUN: texpr-opt %s --mlir-print-op-generic | texpr-opt | FileCheck %s

// CHECK-LABEL: tx.combiner @argmax
// CHECK-SAME: (%{{.*}}: f32, %{{.*}}: index), (%{{.*}}: f32, %{{.*}}: index) commutative {
// CHECK: } identity {
// CHECK: tx.yield %{{.*}}, %{{.*}} : f32, index
tx.combiner @argmax (%a: f32, %i: index), (%b: f32, %j: index) commutative {
  %c = arith.cmpf ogt, %a, %b : f32
  %v = arith.select %c, %a, %b : f32
  %p = arith.select %c, %i, %j : index
  tx.yield %v, %p : f32, index
} identity {
  %v = arith.constant 0xFF800000 : f32
  %p = arith.constant 0 : index
  tx.yield %v, %p : f32, index
}
// CHECK: tx.combiner @keep (%{{.*}}: i32), (%{{.*}}: i32) {
tx.combiner @keep (%a: i32), (%b: i32) {
  tx.yield %a : i32
}

// CHECK-LABEL: func.func @softmax
func.func @softmax(%m: index {tx.dim = "m"}, %n: index {tx.dim = "n"}, %xa: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  // CHECK: tx.fact #{{.*}}[%{{.*}}, %{{.*}}] entry "n > 0"
  tx.fact affine_set<()[s0, s1] : (s0 >= 0, s1 - 1 >= 0)>[%m, %n] entry "n > 0"
  // CHECK: tx.bind %{{.*}}[%{{.*}}, %{{.*}}] : tensor<?x?xf32>
  %x = tx.bind %xa [%m, %n] : tensor<?x?xf32>
  // CHECK: tx.compute (%[[I:.*]]) = (%[[C0:.*]]) to (%[[M:.*]]) axes ["i"] attributes {plan.store = "memory"} {
  %y = tx.compute (%i) = (%c0) to (%m) axes ["i"] attributes {plan.store = "memory"} {
    // CHECK: tx.reduce max (%[[J:.*]]) = (%[[C0]]) to (%[[N:.*]]) axes ["j"] {
    // CHECK-NEXT: tx.read %{{.*}}[%[[I]], %[[J]]] : tensor<?x?xf32>
    %mx = tx.reduce max (%j) = (%c0) to (%n) axes ["j"] {
      %a = tx.read %x[%i, %j] : tensor<?x?xf32>
      tx.yield %a : f32
    } : f32
    %e = tx.compute (%j) = (%c0) to (%n) axes ["j"] {
      %a = tx.read %x[%i, %j] : tensor<?x?xf32>
      %d = arith.subf %a, %mx : f32
      %v = math.exp %d : f32
      tx.yield %v : f32
    } : tensor<?xf32>
    // CHECK: tx.reduce add (%{{.*}}) = (%[[C0]]) to (%[[N]]) axes ["j"] where (%[[K:.*]]) {
    // CHECK-NEXT: arith.cmpi slt, %[[K]], %[[N]]
    %s = tx.reduce add (%j) = (%c0) to (%n) axes ["j"] where (%k) {
      %in = arith.cmpi slt, %k, %n : index
      tx.yield %in : i1
    } {
      %a = tx.read %e[%j] : tensor<?xf32>
      tx.yield %a : f32
    } : f32
    %r = tx.compute (%j) = (%c0) to (%n) axes ["j"] {
      %a = tx.read %e[%j] : tensor<?xf32>
      %v = arith.divf %a, %s : f32
      tx.yield %v : f32
    } : tensor<?xf32>
    tx.yield %r : tensor<?xf32>
  // CHECK: } : tensor<?x?xf32>
  } : tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @rest
func.func @rest(%n: index, %c: i1, %xa: tensor<?xf32>, %ia: tensor<?xi64>) -> (tensor<?xf32>, tensor<?xf32>, index, f32) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %x = tx.bind %xa [%n] : tensor<?xf32>
  %i0 = tx.bind %ia [%n] : tensor<?xi64>
  // CHECK: tx.verify %{{.*}} in[%{{.*}} to %{{.*}}] site 3 : tensor<?xi64>
  %idx = tx.verify %i0 in [%c0 to %n] site 3 : tensor<?xi64>
  // CHECK: tx.read %{{.*}}[%{{.*}}] else {
  // CHECK-NEXT: tx.yield %{{.*}} : f32
  // CHECK-NEXT: } : tensor<?xf32>
  %a = tx.read %x[%n] else {
    tx.yield %zero : f32
  } : tensor<?xf32>
  // CHECK: tx.read %{{.*}}[%{{.*}}] fail 7 : tensor<?xf32>
  %b = tx.read %x[%n] fail 7 : tensor<?xf32>
  // CHECK: tx.list %{{.*}}, %{{.*}} : f32, f32 -> tensor<?xf32>
  %l = tx.list %a, %b : f32, f32 -> tensor<?xf32>
  // CHECK: tx.scalar floordiv %{{.*}}, %{{.*}} : index, index -> index
  %q = tx.scalar floordiv %n, %c0 : index, index -> index
  // CHECK: tx.scalar fptosi %{{.*}} : f32 -> i32
  %f = tx.scalar fptosi %a : f32 -> i32
  // CHECK: %{{.*}}:2 = tx.for (%{{.*}}) = %{{.*}} to %{{.*}} with (%{{.*}} = %{{.*}} : tensor<?xf32>, %{{.*}} = %{{.*}} : f32) {
  %u, %w = tx.for (%t) = %c0 to %n with (%v = %x : tensor<?xf32>, %z = %zero : f32) {
    tx.yield %v, %z : tensor<?xf32>, f32
  }
  // CHECK: tx.reduce user @argmax (%{{.*}}) = (%{{.*}}) to (%{{.*}}) axes ["p"] {
  // CHECK: } : f32, index
  %best:2 = tx.reduce user @argmax (%p) = (%c0) to (%n) axes ["p"] {
    %e = tx.read %x[%p] : tensor<?xf32>
    tx.yield %e, %p : f32, index
  } : f32, index
  // CHECK: tx.reduce min unsigned (
  %least = tx.reduce min unsigned (%p) = (%c0) to (%n) axes ["p"] {
    tx.yield %p : index
  } : index
  // CHECK: tx.compute () = () to () axes [] {
  %scalar = tx.compute () = () to () axes [] {
    tx.yield %zero : f32
  } : tensor<f32>
  // CHECK: tx.kernel attributes {plan.why = "x"} {
  // CHECK: } -> tensor<?xf32>
  %k = tx.kernel attributes {plan.why = "x"} {
    %o = tx.compute (%i) = (%c0) to (%n) axes ["i"] {
      %e = tx.read %x[%i] : tensor<?xf32>
      tx.yield %e : f32
    } : tensor<?xf32>
    tx.yield %o : tensor<?xf32>
  } -> tensor<?xf32>
  return %k, %l, %best#1, %w : tensor<?xf32>, tensor<?xf32>, index, f32
}

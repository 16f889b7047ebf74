// RUN: texpr-opt --lower-to-par %s | FileCheck %s

// The row of the result is the destination of the inner compute: nothing is copied.
// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %[[YA:[a-z0-9]*]]: !par.buf<?x?xf32> {tx.name = "y", tx.out})
// CHECK: %[[Y:.*]] = par.bind %[[YA]]
// CHECK: par.kernel
// CHECK: par.forall (%[[I:.*]]) =
// CHECK: %[[S:.*]] = par.reduce add
// CHECK: par.forall (%[[J:.*]]) =
// CHECK: par.store {{.*}}, %[[Y]][%[[I]], %[[J]]]
// CHECK-NOT: par.alloc
// CHECK-NOT: tensor<
func.func @rows(%m: index {tx.dim = "m"}, %n: index {tx.dim = "n"}, %xa: tensor<?x?xf32> {tx.name = "x"}) -> (tensor<?x?xf32> {tx.name = "y"}) {
  %c0 = arith.constant 0 : index
  %x = tx.bind %xa [%m, %n] : tensor<?x?xf32>
  %y = tx.kernel {
    %t = tx.compute (%i) = (%c0) to (%m) axes ["i"] {
      %s = tx.reduce add (%j) = (%c0) to (%n) axes ["j"] {
        %v = tx.read %x[%i, %j] : tensor<?x?xf32>
        tx.yield %v : f32
      } : f32
      %r = tx.compute (%j) = (%c0) to (%n) axes ["j"] {
        %v = tx.read %x[%i, %j] : tensor<?x?xf32>
        %d = arith.divf %v, %s : f32
        tx.yield %d : f32
      } : tensor<?xf32>
      tx.yield %r : tensor<?xf32>
    } : tensor<?x?xf32>
    tx.yield %t : tensor<?x?xf32>
  } -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// A tensor-valued reduction accumulates element by element; a guard with a constant alternative is a masked load; a failing
// access records its site.
// CHECK-LABEL: func.func @columns(
// CHECK: par.forall
// CHECK: par.store %{{.*}}, %[[ACC:.*]][%{{.*}}]
// CHECK: par.seq (%[[K:.*]]) =
// CHECK: arith.cmpi ult
// CHECK: par.load {{.*}} mask
// CHECK: par.fail 3 if
// CHECK: arith.addf
func.func @columns(%m: index {tx.dim = "m"}, %n: index {tx.dim = "n"}, %xa: tensor<?x?xf32> {tx.name = "x"}, %wa: tensor<?xf32> {tx.name = "w"}) -> (tensor<?xf32> {tx.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %x = tx.bind %xa [%m, %n] : tensor<?x?xf32>
  %w = tx.bind %wa [%m] : tensor<?xf32>
  %y = tx.kernel {
    %t = tx.reduce add (%k) = (%c0) to (%m) axes ["k"] {
      %e = tx.compute (%j) = (%c0) to (%n) axes ["j"] {
        %p = arith.addi %j, %c1 : index
        %v = tx.read %x[%k, %p] else {
          %z = arith.constant 0.0 : f32
          tx.yield %z : f32
        } : tensor<?x?xf32>
        %u = tx.read %w[%k] fail 3 : tensor<?xf32>
        %q = arith.mulf %v, %u : f32
        tx.yield %q : f32
      } : tensor<?xf32>
      tx.yield %e : tensor<?xf32>
    } : tensor<?xf32>
    tx.yield %t : tensor<?xf32>
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// A carried tensor whose next state needs each element alone is stored over (lower-to-par-iterate.mlir).
// CHECK-LABEL: func.func @steps(
// CHECK: par.seq
// CHECK-NOT: par.alloc
// CHECK: %[[V:.*]] = par.load %[[U:.*]][%[[J:.*]]]
// CHECK: %[[D:.*]] = arith.addf %[[V]], %[[V]]
// CHECK: par.store %[[D]], %[[U]][%[[J]]]
func.func @steps(%n: index {tx.dim = "n"}, %t: index {tx.dim = "t"}, %xa: tensor<?xf32> {tx.name = "x"}) -> (tensor<?xf32> {tx.name = "y"}) {
  %c0 = arith.constant 0 : index
  %x = tx.bind %xa [%n] : tensor<?xf32>
  %y = tx.for (%s) = %c0 to %t with (%u = %x : tensor<?xf32>) {
    %e = tx.compute (%j) = (%c0) to (%n) axes ["j"] {
      %v = tx.read %u[%j] : tensor<?xf32>
      %d = arith.addf %v, %v : f32
      tx.yield %d : f32
    } : tensor<?xf32>
    tx.yield %e : tensor<?xf32>
  }
  return %y : tensor<?xf32>
}

// Rows of which a condition leaves some out: the loop over the elements stands under it.
// CHECK-LABEL: func.func @some_rows(
// CHECK: par.seq (%[[I:.*]]) =
// CHECK:   scf.if
// CHECK:     par.forall
// CHECK:       arith.maximumf
func.func @some_rows(%m: index {tx.dim = "m"}, %n: index {tx.dim = "n"}, %xa: tensor<?x?xf32> {tx.name = "x"}) -> (tensor<?xf32> {tx.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %x = tx.bind %xa[%m, %n] : tensor<?x?xf32>
  %y = tx.kernel {
    %t = tx.reduce max (%i) = (%c0) to (%m) axes ["i"] where (%w) {
      %r = tx.scalar mod %w, %c2 : index, index -> index
      %c = arith.cmpi eq, %r, %c0 : index
      tx.yield %c : i1
    } {
      %row = tx.compute (%e) = (%c0) to (%n) axes ["e"] {
        %v = tx.read %x[%i, %e] : tensor<?x?xf32>
        tx.yield %v : f32
      } : tensor<?xf32>
      tx.yield %row : tensor<?xf32>
    } : tensor<?xf32>
    tx.yield %t : tensor<?xf32>
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// A term that is marked `inline` has no buffer: its loop combines each element as it is made, by the licence of a reduction.
// CHECK-LABEL: func.func @term(
// CHECK-NOT: par.alloc
// CHECK: par.seq (%[[P:.*]]) =
// CHECK-NEXT: par.forall (%[[J:.*]]) = {{.*}} axes ["j"]
// CHECK: %[[PRODUCT:.*]] = arith.mulf
// CHECK: %[[OLD:.*]] = par.load %[[Y:.*]][%[[J]]]
// CHECK: %[[SUM:.*]] = arith.addf %[[OLD]], %[[PRODUCT]] {par.fuse}
// CHECK: par.store %[[SUM]], %[[Y]][%[[J]]]
func.func @term(%m: index {tx.dim = "m"}, %n: index {tx.dim = "n"}, %xa: tensor<?x?xf32> {tx.name = "x"}) -> (tensor<?xf32> {tx.name = "y"}) {
  %c0 = arith.constant 0 : index
  %x = tx.bind %xa [%m, %n] : tensor<?x?xf32>
  %y = tx.kernel {
    %t = tx.reduce add (%p) = (%c0) to (%m) axes ["p"] {
      %r = tx.compute (%j) = (%c0) to (%n) axes ["j"] attributes {plan.store = "inline", plan.why = "a term"} {
        %v = tx.read %x[%p, %j] : tensor<?x?xf32>
        %s = arith.mulf %v, %v : f32
        tx.yield %s : f32
      } : tensor<?xf32>
      tx.yield %r : tensor<?xf32>
    } : tensor<?xf32>
    tx.yield %t : tensor<?xf32>
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// RUN: texpr-opt %s --split-input-file --lower-to-par | FileCheck %s
// tx.for as par.seq: where the carried tensors live, what is stacked, and conditions.

module attributes {texpr.stage = "tx"} {
// A next state that reads others than its own element goes to the other half of the buffer: nothing is copied in a step.
// CHECK-LABEL: func.func @shift(
// CHECK: %[[OUT:.*]] = par.bind %{{.*}} : !par.buf<?xf32>
// CHECK: %[[D:.*]] = par.alloc[%{{.*}}, %{{.*}}] : !par.buf<?x?xf32>
// CHECK: par.store %{{.*}}, %[[D]][%{{.*}}, %{{.*}}]
// CHECK: par.seq (%[[T:.*]]) =
// CHECK: %[[HALF:.*]] = arith.andi %[[T]], %{{.*}}
// CHECK: %[[OTHER:.*]] = arith.subi %{{.*}}, %[[HALF]]
// CHECK: %[[V:.*]] = par.load %[[D]][%[[HALF]], %{{.*}}] mask
// CHECK-NOT: par.alloc
// CHECK: par.store %[[V]], %[[D]][%[[OTHER]], %{{.*}}]
// CHECK: arith.maxsi
// CHECK: %[[LAST:.*]] = arith.andi
// CHECK: %[[E:.*]] = par.load %[[D]][%[[LAST]], %{{.*}}]
// CHECK: par.store %[[E]], %[[OUT]]
func.func @shift(%n: index {tx.dim = "n"}, %t: index {tx.dim = "t"}, %xa: tensor<?xf32> {tx.name = "x"}) -> (tensor<?xf32> {tx.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %x = tx.bind %xa [%n] : tensor<?xf32>
  %y = tx.for (%s) = %c0 to %t with (%u = %x : tensor<?xf32>) {
    %k = tx.kernel {
      %e = tx.compute (%j) = (%c0) to (%n) axes ["j"] {
        %before = arith.subi %j, %c1 : index
        %v = tx.read %u[%before] else { tx.yield %zero : f32 } : tensor<?xf32>
        tx.yield %v : f32
      } : tensor<?xf32>
      tx.yield %e : tensor<?xf32>
    } -> tensor<?xf32>
    tx.yield %k : tensor<?xf32>
  }
  return %y : tensor<?xf32>
}
}

// -----

module attributes {texpr.stage = "tx"} {
// All that reads the state stands before the next one is made: it is stored over the state.
// CHECK-LABEL: func.func @centre(
// CHECK: par.seq
// CHECK: %[[S:.*]] = par.reduce add
// CHECK: par.load %[[U:.*]][
// CHECK: par.store %{{.*}}, %[[U]][%{{.*}}]
// CHECK-NOT: par.store
// CHECK: return
func.func @centre(%n: index {tx.dim = "n"}, %t: index {tx.dim = "t"}, %xa: tensor<?xf32> {tx.name = "x"}) -> (tensor<?xf32> {tx.name = "y"}) {
  %c0 = arith.constant 0 : index
  %x = tx.bind %xa [%n] : tensor<?xf32>
  %y = tx.for (%s) = %c0 to %t with (%u = %x : tensor<?xf32>) {
    %k = tx.kernel {
      %sum = tx.reduce add (%j) = (%c0) to (%n) axes ["j"] {
        %v = tx.read %u[%j] : tensor<?xf32>
        tx.yield %v : f32
      } : f32
      %e = tx.compute (%j) = (%c0) to (%n) axes ["j"] {
        tx.yield %sum : f32
      } : tensor<?xf32>
      tx.yield %e : tensor<?xf32>
    } -> tensor<?xf32>
    tx.yield %k : tensor<?xf32>
  }
  return %y : tensor<?xf32>
}
}

// -----

module attributes {texpr.stage = "tx", texpr.sites = [{col = 1 : i64, file = "f", line = 1 : i64, text = "ends"}]} {
// What is kept has room for every step; the number of steps is carried, and the condition is asked once more at the end.
// CHECK-LABEL: func.func @keeps(
// CHECK: par.kernel
// CHECK: %[[R:.*]]:2 = par.seq (%[[T:.*]]) = %{{.*}} to %[[MOST:.*]] axis "t" with (%[[V:.*]] = %{{.*}} : f32, %[[N:.*]] = %{{.*}} : index)
// CHECK-SAME: while (%[[L:.*]], %[[W:.*]], %{{.*}}) {
// CHECK: %[[C:.*]] = arith.cmpf olt, %[[W]]
// CHECK: par.yield %[[C]] : i1
// CHECK: %[[NEXT:.*]] = arith.addf %[[V]], %[[V]]
// CHECK: par.store %[[NEXT]], %{{.*}}[%[[T]]]
// CHECK: %[[MORE:.*]] = arith.addi %[[N]]
// CHECK: par.yield %[[NEXT]], %[[MORE]]
// CHECK: arith.cmpi sge
// CHECK: scf.if
// CHECK: %[[STILL:.*]] = arith.cmpf olt, %[[R]]#0
// CHECK: par.fail 0 if %[[STILL]]
func.func @keeps(%most: index {tx.dim = "most"}, %x: f32 {tx.name = "x"}) -> (tensor<?xf32> {tx.name = "y"}, index {tx.name = "k", tx.found}) {
  %c0 = arith.constant 0 : index
  %limit = arith.constant 100.0 : f32
  %y, %k = tx.kernel {
    %v, %all, %steps = tx.for (%t) = %c0 to %most with (%v = %x : f32) attributes {axis = "t", site = 0} while (%s, %w) {
      %c = arith.cmpf olt, %w, %limit : f32
      tx.yield %c : i1
    } {
      %next = arith.addf %v, %v : f32
      tx.yield %next, %next : f32, f32
    } : f32, tensor<?xf32>, index
    tx.yield %all, %steps : tensor<?xf32>, index
  } -> (tensor<?xf32>, index)
  return %y, %k : tensor<?xf32>, index
}
}

// -----

module attributes {texpr.stage = "tx"} {
// What is lent is its parameter's buffer: the copy into the island is nothing.
// CHECK-LABEL: func.func @lent(%arg0: index {tx.dim = "n"}, %arg1: !par.buf<?xf32> {tx.inout, tx.name = "a"})
// CHECK: %[[A:.*]] = par.bind %arg1
// CHECK: par.kernel {
// CHECK-NEXT: par.forall (%[[I:.*]]) =
// CHECK-NEXT: %[[V:.*]] = par.load %[[A]][%[[I]]]
// CHECK-NEXT: %[[W:.*]] = arith.addf %[[V]], %[[V]]
// CHECK-NEXT: par.store %[[W]], %[[A]][%[[I]]]
// CHECK-NOT: par.forall
// CHECK: return
func.func @lent(%n: index {tx.dim = "n"}, %aa: tensor<?xf32> {tx.name = "a"}) -> (tensor<?xf32> {tx.name = "a", tx.tied = 1 : i64}) {
  %c0 = arith.constant 0 : index
  %a = tx.bind %aa [%n] : tensor<?xf32>
  %r = tx.kernel {
    %o = par.do ins() outs[%n] (%b : tensor<?xf32>) {
      par.forall (%i) = (%c0) to (%n) axes ["i"] {
        %v = tx.read %a[%i] : tensor<?xf32>
        par.store %v, %b[%i] : f32, !par.buf<?xf32>
      }
      par.forall (%i) = (%c0) to (%n) axes ["i"] {
        %v = par.load %b[%i] : !par.buf<?xf32> -> f32
        %w = arith.addf %v, %v : f32
        par.store %w, %b[%i] : f32, !par.buf<?xf32>
      }
    }
    tx.yield %o : tensor<?xf32>
  } -> tensor<?xf32>
  return %r : tensor<?xf32>
}
}

// RUN: texpr-opt --split-lanes %s | FileCheck %s
// A full forall is cut at each meeting; a shuffle reads what every lane kept.

// CHECK-LABEL: func.func @shuffle
// CHECK: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK: par.forall (%{{.*}}) = (%{{.*}}) to (%{{.*}}) axes ["r"]
// CHECK-NOT: full
// CHECK: %[[KEPT:.*]] = par.alloc[%{{.*}}] : !par.buf<?xf32>
// CHECK: par.forall (%[[L:.*]]) =
// CHECK-NEXT: %[[V:.*]] = par.load
// CHECK-NEXT: par.store %[[V]], %[[KEPT]][%[[L]]]
// CHECK: par.forall (%[[M:.*]]) =
// CHECK: %[[AT:.*]] = arith.andi
// CHECK: par.load %[[KEPT]][%[[AT]]]
// CHECK-NOT: par.lane
func.func @shuffle(%m: index, %xa: !par.buf<?x?xf32>, %ya: !par.buf<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %x = par.bind %xa [%m, %c32] : !par.buf<?x?xf32>
  %y = par.bind %ya [%m, %c32] : !par.buf<?x?xf32>
  par.kernel {
    par.forall (%r) = (%c0) to (%m) axes ["r"] {
      par.forall (%l) = (%c0) to (%c32) axes ["l"] level "lane" full {
        %v = par.load %x[%r, %l] : !par.buf<?x?xf32> -> f32
        %next = arith.addi %l, %c1 : index
        %s = par.lane "shuffle" %v, %next : f32, index -> f32
        %t = arith.addf %v, %s : f32
        par.store %t, %y[%r, %l] : f32, !par.buf<?x?xf32>
      }
    }
  }
  return
}

// A loop with a barrier inside stays around; what it carries is kept by lane. Alone in its kernel, the nest is one task.
// CHECK-LABEL: func.func @loop
// CHECK: par.forall (%{{.*}}) = (%{{.*}}) to (%{{.*}}) axes ["all"]
// CHECK: par.seq (%{{.*}}) = %{{.*}} to %{{.*}} axis "k" {
// CHECK-COUNT-2: par.forall
// CHECK-NOT: par.barrier
func.func @loop(%k: index, %xa: !par.buf<?xi32>, %ya: !par.buf<?xi32>) {
  %c0 = arith.constant 0 : index
  %c0_i32 = arith.constant 0 : i32
  %c32 = arith.constant 32 : index
  %x = par.bind %xa [%c32] : !par.buf<?xi32>
  %y = par.bind %ya [%c32] : !par.buf<?xi32>
  par.kernel {
    par.forall (%l) = (%c0) to (%c32) axes ["l"] level "lane" full {
      %s = par.seq (%i) = %c0 to %k axis "k" with (%u = %c0_i32 : i32) {
        par.store %u, %y[%l] : i32, !par.buf<?xi32>
        par.barrier
        %v = par.load %x[%l] : !par.buf<?xi32> -> i32
        %n = arith.addi %u, %v : i32
        par.yield %n : i32
      }
      par.store %s, %y[%l] : i32, !par.buf<?xi32>
    }
  }
  return
}

// Votes are reductions over the lanes.
// CHECK-LABEL: func.func @votes
// CHECK: par.reduce or
// CHECK: par.reduce and
// CHECK: scf.if
func.func @votes(%xa: !par.buf<?xi1>, %ya: !par.buf<?xi32>) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %x = par.bind %xa [%c32] : !par.buf<?xi1>
  %y = par.bind %ya [%c32] : !par.buf<?xi32>
  par.kernel {
    par.forall (%l) = (%c0) to (%c32) axes ["l"] level "lane" full {
      %v = par.load %x[%l] : !par.buf<?xi1> -> i1
      %b = par.lane "ballot" %v : i1 -> i32
      %all = par.lane "all" %v : i1 -> i1
      scf.if %all {
        %e = par.lane "match" %b : i32 -> i32
        par.store %e, %y[%l] : i32, !par.buf<?xi32>
      }
      par.store %b, %y[%l] : i32, !par.buf<?xi32>
    }
  }
  return
}

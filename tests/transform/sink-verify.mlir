// RUN: texpr-opt --sink-verify %s | FileCheck %s

// An index that is promised data: the element is tested, and reported by its place; the access is guarded. An access by
// axes over the very extents needs nothing.
// CHECK-LABEL: func.func @gather
// CHECK-NOT: tx.verify
// CHECK: tx.compute (%[[I:.*]], %{{.*}}) =
// CHECK-NEXT: %[[E:.*]] = tx.read %{{.*}}[%[[I]]] : tensor<?xi32>
// CHECK-NEXT: %[[AT:.*]] = arith.index_cast %[[E]]
// CHECK-NEXT: %[[IN:.*]] = arith.cmpi ult, %[[AT]], %{{.*}}
// CHECK: par.fail 4 if %{{.*}} at %[[I]]
// CHECK: tx.read %{{.*}}[%{{.*}}, %{{.*}}] else
func.func @gather(%n: index, %d: index, %v: index, %xa: tensor<?x?xf32>, %ia: tensor<?xi32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %x = tx.bind %xa[%v, %d] : tensor<?x?xf32>
  %i0 = tx.bind %ia[%n] : tensor<?xi32>
  %ids = tx.verify %i0 in[%c0 to %v] site 4 : tensor<?xi32>
  %y = tx.compute (%i, %j) = (%c0, %c0) to (%n, %d) axes ["i", "j"] {
    %e = tx.read %ids[%i] : tensor<?xi32>
    %at = arith.index_cast %e : i32 to index
    %r = tx.read %x[%at, %j] : tensor<?x?xf32>
    tx.yield %r : f32
  } : tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// A bound that is promised data is replaced where it fails.
// CHECK-LABEL: func.func @rows
// CHECK: %[[LO:.*]] = tx.read
// CHECK: par.fail 0 if %{{.*}} at
// CHECK: arith.select
// CHECK: tx.reduce add
// CHECK: tx.read %{{.*}} else
func.func @rows(%m: index, %z: index, %va: tensor<?xf32>, %ra: tensor<?xi64>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z1 = arith.addi %z, %c1 : index
  %val = tx.bind %va[%z] : tensor<?xf32>
  %r0 = tx.bind %ra[%m] : tensor<?xi64>
  %row = tx.verify %r0 in[%c0 to %z1] site 0 : tensor<?xi64>
  %y = tx.compute (%i) = (%c0) to (%m) axes ["i"] {
    %e = tx.read %row[%i] : tensor<?xi64>
    %hi = arith.index_cast %e : i64 to index
    %s = tx.reduce add (%p) = (%c0) to (%hi) axes ["p"] {
      %v = tx.read %val[%p] : tensor<?xf32>
      tx.yield %v : f32
    } : f32
    tx.yield %s : f32
  } : tensor<?xf32>
  return %y : tensor<?xf32>
}

// What passes through a buffer is still data; a store by it is masked.
// CHECK-LABEL: func.func @scatter
// CHECK: par.do
// CHECK: tx.read
// CHECK: par.fail 1 if %{{.*}} at
// CHECK: par.load
// CHECK-NOT: par.fail
// CHECK: par.store %{{.*}} mask
func.func @scatter(%n: index, %m: index, %ia: tensor<?xi64>, %f: f32) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %i0 = tx.bind %ia[%n] : tensor<?xi64>
  %ids = tx.verify %i0 in[%c0 to %m] site 1 : tensor<?xi64>
  %y = par.do ins() outs[%m] (%out : tensor<?xf32>) {
    %copy = par.alloc[%n] : !par.buf<?xi64>
    par.forall (%i) = (%c0) to (%n) axes ["i"] {
      %e = tx.read %ids[%i] : tensor<?xi64>
      par.store %e, %copy[%i] : i64, !par.buf<?xi64>
    }
    par.seq (%i) = %c0 to %n axis "i" {
      %e = par.load %copy[%i] : !par.buf<?xi64> -> i64
      %at = arith.index_cast %e : i64 to index
      par.store %f, %out[%at] : f32, !par.buf<?xf32>
    }
  }
  return %y : tensor<?xf32>
}

// A place that rests on promised data is tested after all, and left out; the element reports.
// CHECK-LABEL: func.func @histogram
// CHECK: tx.scatter [%{{.*}}] by add over
// CHECK-NOT: in_bounds
// CHECK-SAME: skip
// CHECK: par.fail 3 if
func.func @histogram(%n: index, %k: index, %ba: tensor<?xi64>) -> tensor<?xi32> {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1 : i32
  %b0 = tx.bind %ba[%n] : tensor<?xi64>
  %b = tx.verify %b0 in[%c0 to %k] site 3 : tensor<?xi64>
  %h = tx.scatter [%k] by add over (%i) = (%c0) to (%n) axes ["i"] attributes {in_bounds} {
    %p = tx.read %b[%i] : tensor<?xi64>
    %at = arith.index_cast %p : i64 to index
    tx.yield %at, %one : index, i32
  } : tensor<?xi32>
  return %h : tensor<?xi32>
}

// A range with a marker is more than its hull: the access reports what it needs, by the element that it relies on.
// CHECK-LABEL: func.func @marked
// CHECK: tx.compute (%[[I:.*]], %[[J:.*]]) =
// CHECK: %[[ROW:.*]] = arith.muli %[[I]], %{{.*}}
// CHECK: %[[PLACE:.*]] = arith.addi %[[ROW]], %[[J]]
// CHECK: tx.read %{{.*}} fail 2 at %[[PLACE]]
func.func @marked(%n: index, %d: index, %v: index, %xa: tensor<?xf32>, %ia: tensor<?x?xi32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %x = tx.bind %xa[%v] : tensor<?xf32>
  %i0 = tx.bind %ia[%n, %d] : tensor<?x?xi32>
  %ids = tx.verify %i0 in[%c0 to %v] site 2 {tx.hull} : tensor<?x?xi32>
  %y = tx.compute (%i, %j) = (%c0, %c0) to (%n, %d) axes ["i", "j"] {
    %e = tx.read %ids[%i, %j] : tensor<?x?xi32>
    %at = arith.index_cast %e : i32 to index
    %r = tx.read %x[%at] : tensor<?xf32>
    tx.yield %r : f32
  } : tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

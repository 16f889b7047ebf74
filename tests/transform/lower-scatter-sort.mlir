// RUN: texpr-opt --lower-to-par %s | FileCheck %s

// A sum of floats goes in the order of the indices; the place is tested, as it may be passed over.
// CHECK-LABEL: func.func @sums(
// CHECK: par.forall
// CHECK: par.store %{{.*}}, %[[H:.*]][%{{.*}}]
// CHECK: par.seq (%[[I:.*]]) = {{.*}} axis "i"
// CHECK: %[[IN:.*]] = arith.cmpi ult
// CHECK: scf.if %[[IN]]
// CHECK: par.load %[[H]]
// CHECK: arith.addf
// CHECK: par.store %{{.*}}, %[[H]]
// CHECK-NOT: tx.scatter
func.func @sums(%n: index {tx.dim = "n"}, %k: index {tx.dim = "k"}, %ba: tensor<?xi64> {tx.name = "b"}, %wa: tensor<?xf32> {tx.name = "w"}) -> (tensor<?xf32> {tx.name = "h"}) {
  %c0 = arith.constant 0 : index
  %b = tx.bind %ba [%n] : tensor<?xi64>
  %w = tx.bind %wa [%n] : tensor<?xf32>
  %h = tx.kernel {
    %r = tx.scatter [%k] by add over (%i) = (%c0) to (%n) axes ["i"] attributes {skip} {
      %p = tx.read %b[%i] : tensor<?xi64>
      %at = arith.index_cast %p : i64 to index
      %v = tx.read %w[%i] : tensor<?xf32>
      tx.yield %at, %v : index, f32
    } : tensor<?xf32>
    tx.yield %r : tensor<?xf32>
  } -> tensor<?xf32>
  return %h : tensor<?xf32>
}

// Integers may be counted in copies, where there are many more than places; else in order.
// CHECK-LABEL: func.func @counts(
// CHECK: scf.if
// CHECK: par.alloc{{.*}}name = "copies"
// CHECK: par.forall (%[[C:.*]]) = {{.*}} axes ["copy"] {{.*}}plan.grain = 1
// CHECK: par.seq (%{{.*}}) = {{.*}} axis "i"
// CHECK: par.reduce add (%{{.*}}) = {{.*}} axes ["copy"]
// CHECK: } else {
// CHECK: par.seq (%{{.*}}) = {{.*}} axis "i"
func.func @counts(%n: index {tx.dim = "n"}, %k: index {tx.dim = "k"}, %ba: tensor<?xi64> {tx.name = "b"}) -> (tensor<?xi32> {tx.name = "h"}) {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1 : i32
  %b = tx.bind %ba [%n] : tensor<?xi64>
  %h = tx.kernel {
    %r = tx.scatter [%k] by add over (%i) = (%c0) to (%n) axes ["i"] attributes {skip, plan.algo = {name = "copies", least = 8192 : i64, tasks = 16 : i64}} {
      %p = tx.read %b[%i] : tensor<?xi64>
      %at = arith.index_cast %p : i64 to index
      tx.yield %at, %one : index, i32
    } : tensor<?xi32>
    tx.yield %r : tensor<?xi32>
  } -> tensor<?xi32>
  return %h : tensor<?xi32>
}

// Owners note which indices are theirs; the value is read for those alone. Few terms go in order.
// CHECK-LABEL: func.func @owned(
// CHECK: scf.if
// CHECK: par.forall (%[[O:.*]]) = {{.*}} axes ["owner"] {{.*}}plan.grain = 1
// CHECK: %[[MINE:.*]] = par.alloc{{.*}}name = "mine"
// CHECK: par.seq {{.*}} axis "block"
// CHECK: %[[N:.*]] = par.seq (%[[I:[a-z0-9]*]]) = {{.*}} axis "i" with (%[[C:[a-z0-9]*]] =
// CHECK: par.store %{{.*}}, %[[MINE]][%[[C]]]
// CHECK: %[[P:.*]] = arith.index_cast
// CHECK: %[[IN:.*]] = arith.cmpi ult, %[[P]], %{{.*}}
// CHECK: %[[FROM:.*]] = arith.subi %[[P]]
// CHECK: %[[OWN:.*]] = arith.cmpi ult, %[[FROM]]
// CHECK: arith.andi %[[IN]], %[[OWN]]
// CHECK: par.seq (%[[E:.*]]) = {{.*}} to %[[N]] axis "own"
// CHECK: par.load %[[MINE]][%[[E]]]
// CHECK: arith.addf
// CHECK: } else {
// CHECK: par.seq {{.*}} axis "i"
func.func @owned(%n: index {tx.dim = "n"}, %k: index {tx.dim = "k"}, %ba: tensor<?xi64> {tx.name = "b"}, %wa: tensor<?xf32> {tx.name = "w"}) -> (tensor<?xf32> {tx.name = "h"}) {
  %c0 = arith.constant 0 : index
  %b = tx.bind %ba [%n] : tensor<?xi64>
  %w = tx.bind %wa [%n] : tensor<?xf32>
  %h = tx.kernel {
    %r = tx.scatter [%k] by add over (%i) = (%c0) to (%n) axes ["i"] attributes {skip, plan.algo = {name = "owners", block = 256 : i64, far = 1048576 : i64, least = 4096 : i64, miss = 32 : i64, tasks = 16 : i64, walk = 8 : i64, work = 16 : i64}} {
      %p = tx.read %b[%i] : tensor<?xi64>
      %at = arith.index_cast %p : i64 to index
      %v = tx.read %w[%i] : tensor<?xf32>
      tx.yield %at, %v : index, f32
    } : tensor<?xf32>
    tx.yield %r : tensor<?xf32>
  } -> tensor<?xf32>
  return %h : tensor<?xf32>
}

// Places that are known to differ need no order and no flag; others have one, and fail at the second put.
// CHECK-LABEL: func.func @places(
// CHECK-NOT: par.seq
// CHECK: par.forall (%[[I:.*]]) = {{.*}} axes ["i"] disjoint
// CHECK: par.alloc{{.*}}name = "put"
// CHECK: par.seq (%{{.*}}) = {{.*}} axis "j"
// CHECK: %[[SEEN:.*]] = par.load %{{.*}} !par.buf<?xi1>
// CHECK: par.fail 0 if %[[SEEN]]
func.func @places(%n: index {tx.dim = "n"}, %ba: tensor<?xi64> {tx.name = "b"}, %wa: tensor<?xf32> {tx.name = "w"}) -> (tensor<?xf32> {tx.name = "u"}, tensor<?xf32> {tx.name = "v"}) {
  %c0 = arith.constant 0 : index
  %b = tx.bind %ba [%n] : tensor<?xi64>
  %w = tx.bind %wa [%n] : tensor<?xf32>
  %u = tx.kernel {
    %r = tx.scatter [%n] over (%i) = (%c0) to (%n) axes ["i"] attributes {distinct, in_bounds} {
      %v = tx.read %w[%i] : tensor<?xf32>
      tx.yield %i, %v : index, f32
    } : tensor<?xf32>
    tx.yield %r : tensor<?xf32>
  } -> tensor<?xf32>
  %v = tx.kernel {
    %r = tx.scatter [%n] over (%j) = (%c0) to (%n) axes ["j"] attributes {skip, site = 0 : i64} {
      %p = tx.read %b[%j] : tensor<?xi64>
      %at = arith.index_cast %p : i64 to index
      %v = tx.read %w[%j] : tensor<?xf32>
      tx.yield %at, %v : index, f32
    } : tensor<?xf32>
    tx.yield %r : tensor<?xf32>
  } -> tensor<?xf32>
  return %u, %v : tensor<?xf32>, tensor<?xf32>
}

// Keys as integers, runs by rank, levels of merges; the top few by a list of the dims' choice.
// CHECK-LABEL: func.func @orders(
// CHECK: par.alloc{{.*}}name = "key"
// CHECK: arith.cmpf uno
// CHECK: par.reduce add
// CHECK: math.ctlz
// CHECK: par.seq (%{{.*}}) = {{.*}} axis "level"
// CHECK: par.forall (%{{.*}}) = {{.*}} axes ["c"]
// CHECK: scf.if
// CHECK: par.alloc{{.*}}name = "list"
// CHECK: } else {
// CHECK: par.seq (%{{.*}}) = {{.*}} axis "level"
func.func @orders(%n: index {tx.dim = "n"}, %k: index {tx.dim = "k"}, %xa: tensor<?xf32> {tx.name = "x"}) -> (tensor<?xi64> {tx.name = "p"}, tensor<?xi64> {tx.name = "q"}) {
  %c0 = arith.constant 0 : index
  %x = tx.bind %xa [%n] : tensor<?xf32>
  %p = tx.kernel {
    %r = tx.sort (%i) = %c0 to %n axis "i" {
      %v = tx.read %x[%i] : tensor<?xf32>
      tx.yield %v : f32
    } : tensor<?xi64>
    tx.yield %r : tensor<?xi64>
  } -> tensor<?xi64>
  %q = tx.kernel {
    %r = tx.sort (%i) = %c0 to %n top %k axis "i" attributes {descending = array<i1: true>, plan.algo = {name = "list", each = 4 : i64, least = 16384 : i64, longest = 32 : i64, piece = 2048 : i64, run = 16 : i64, tasks = 16 : i64}} {
      %v = tx.read %x[%i] : tensor<?xf32>
      tx.yield %v : f32
    } : tensor<?xi64>
    tx.yield %r : tensor<?xi64>
  } -> tensor<?xi64>
  return %p, %q : tensor<?xi64>, tensor<?xi64>
}

// RUN: texpr-opt --roll-windows %s | FileCheck %s

// Three rows around each: a ring of four, one new row an iteration, all three at the first of a chunk.
// CHECK-LABEL: func.func @blur(
// CHECK: %[[SLOTS:.*]] = arith.constant 4 : index
// CHECK: %[[RING:.*]] = par.alloc[%[[SLOTS]], %{{.*}}] : !par.buf<?x?xf32>
// CHECK: par.seq (%[[R:.*]]) = %[[BEGIN:.*]] to
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[R]], %[[BEGIN]]
// CHECK: %[[FROM:.*]] = arith.select %[[FIRST]]
// CHECK: par.forall (%[[YY:.*]], %{{.*}}) = (%[[FROM]],
// CHECK: %[[SLOT:.*]] = arith.andi %[[YY]]
// CHECK: par.store %{{.*}}, %[[RING]][%[[SLOT]],
func.func @blur(%h: index, %w: index, %begin: index, %end: index, %xa: !par.buf<?x?xf32>, %ya: !par.buf<?x?xf32> {tx.out}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %cm1 = arith.constant -1 : index
  %zero = arith.constant 0.0 : f32
  %x = par.bind %xa[%h, %w] : !par.buf<?x?xf32>
  %y = par.bind %ya[%h, %w] : !par.buf<?x?xf32>
  par.forall (%c) = (%c0) to (%c1) axes ["chunk"] level "thread" {
    par.seq (%r) = %begin to %end axis "r" {
      %a = arith.addi %r, %cm1 : index
      %lo = arith.maxsi %a, %c0 : index
      %b = arith.addi %r, %c2 : index
      %hi = arith.minsi %b, %h : index
      %rows = arith.subi %hi, %lo : index
      %t = par.alloc[%rows, %w] : !par.buf<?x?xf32>
      par.forall (%q, %p) = (%lo, %c0) to (%hi, %w) axes ["q", "p"] level "simd" {
        %v = par.load %x[%q, %p] : !par.buf<?x?xf32> -> f32
        %d = arith.addf %v, %v : f32
        %at = arith.subi %q, %lo : index
        par.store %d, %t[%at, %p] : f32, !par.buf<?x?xf32>
      }
      par.forall (%p) = (%c0) to (%w) axes ["p"] level "simd" {
        %up = arith.subi %a, %lo : index
        %ok = arith.cmpi ult, %up, %rows : index
        %v = par.load %t[%up, %p] mask %ok other %zero : f32 : !par.buf<?x?xf32> -> f32
        par.store %v, %y[%r, %p] : f32, !par.buf<?x?xf32>
      }
    }
  }
  return
}

// What the producer stores depends on the iteration that asks: every row is made again.
// CHECK-LABEL: func.func @moving(
// CHECK: par.seq
// CHECK: par.alloc
// CHECK-NOT: arith.andi
func.func @moving(%h: index, %w: index, %begin: index, %end: index, %xa: !par.buf<?x?xf32>, %ya: !par.buf<?x?xf32> {tx.out}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %cm1 = arith.constant -1 : index
  %y = par.bind %ya[%h, %w] : !par.buf<?x?xf32>
  par.forall (%c) = (%c0) to (%c1) axes ["chunk"] level "thread" {
    par.seq (%r) = %begin to %end axis "r" {
      %a = arith.addi %r, %cm1 : index
      %lo = arith.maxsi %a, %c0 : index
      %b = arith.addi %r, %c2 : index
      %hi = arith.minsi %b, %h : index
      %rows = arith.subi %hi, %lo : index
      %t = par.alloc[%rows, %w] : !par.buf<?x?xf32>
      par.forall (%q, %p) = (%lo, %c0) to (%hi, %w) axes ["q", "p"] level "simd" {
        %i = arith.index_cast %r : index to i64
        %d = arith.sitofp %i : i64 to f32
        %at = arith.subi %q, %lo : index
        par.store %d, %t[%at, %p] : f32, !par.buf<?x?xf32>
      }
      par.forall (%p) = (%c0) to (%w) axes ["p"] level "simd" {
        %up = arith.subi %r, %lo : index
        %v = par.load %t[%up, %p] : !par.buf<?x?xf32> -> f32
        par.store %v, %y[%r, %p] : f32, !par.buf<?x?xf32>
      }
    }
  }
  return
}

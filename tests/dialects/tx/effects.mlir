// Equal pure forms are merged; an unguarded read is never hoisted out of a loop that may not run.
// RUN: texpr-opt %s -cse -loop-invariant-code-motion | FileCheck %s

// CHECK-LABEL: @merge
func.func @merge(%n: index, %xa: tensor<?xf32>) -> (f32, f32) {
  %c0 = arith.constant 0 : index
  %x = tx.bind %xa [%n] : tensor<?xf32>
  // CHECK: %[[S:.*]] = tx.reduce add
  %s = tx.reduce add (%i) = (%c0) to (%n) axes ["i"] {
    %v = tx.read %x[%i] : tensor<?xf32>
    tx.yield %v : f32
  } : f32
  // CHECK-NOT: tx.reduce
  %t = tx.reduce add (%i) = (%c0) to (%n) axes ["i"] {
    %v = tx.read %x[%i] : tensor<?xf32>
    tx.yield %v : f32
  } : f32
  // CHECK: return %[[S]], %[[S]]
  return %s, %t : f32, f32
}

// CHECK-LABEL: @hoist
func.func @hoist(%n: index, %z: f32, %xa: tensor<?xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %x = tx.bind %xa [%n] : tensor<?xf32>
  // CHECK: tx.read %{{.*}}[%{{.*}}] else
  // CHECK: scf.for
  %s = scf.for %i = %c0 to %n step %c1 iter_args(%a = %z) -> f32 {
    // CHECK: tx.read
    // CHECK-NOT: else
    %u = tx.read %x[%c0] : tensor<?xf32>
    %g = tx.read %x[%c0] else {
      tx.yield %z : f32
    } : tensor<?xf32>
    // CHECK: scf.yield
    %v = arith.addf %u, %g : f32
    %w = arith.addf %a, %v : f32
    scf.yield %w : f32
  }
  return %s : f32
}

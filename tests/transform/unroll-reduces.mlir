// RUN: texpr-opt --plan-unroll --unroll-reduces %s | FileCheck %s

// CHECK-LABEL: func.func @taps(
// CHECK-COUNT-3: arith.addf {{.*}}par.fuse
// CHECK-NOT: par.reduce
func.func @taps(%n: index, %i: index, %xa: !par.buf<?xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %w = arith.constant 2.0 : f32
  %x = par.bind %xa[%n] : !par.buf<?xf32>
  %s = par.reduce add (%k) = (%c0) to (%c3) axes ["k"] {
    %p = arith.addi %i, %k : index
    %v = par.load %x[%p] : !par.buf<?xf32> -> f32
    %q = arith.mulf %v, %w : f32
    par.yield %q : f32
  } : f32
  return %s : f32
}

// CHECK-LABEL: func.func @long(
// CHECK: par.reduce
func.func @long(%n: index, %xa: !par.buf<?xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %c65 = arith.constant 65 : index
  %x = par.bind %xa[%n] : !par.buf<?xf32>
  %s = par.reduce add (%k) = (%c0) to (%c65) axes ["k"] {
    %v = par.load %x[%k] : !par.buf<?xf32> -> f32
    par.yield %v : f32
  } : f32
  return %s : f32
}

// Total operations as arith that never meets an undefined case.
// RUN: texpr-opt --cpu-expand-scalars %s | FileCheck %s

// CHECK-LABEL: @by_power_of_two
func.func @by_power_of_two(%a: index) -> (index, index) {
  %c8 = arith.constant 8 : index
  // CHECK: arith.shrsi %arg0
  %q = tx.scalar floordiv %a, %c8 : index, index -> index
  // CHECK: arith.andi %arg0
  %r = tx.scalar mod %a, %c8 : index, index -> index
  // CHECK-NOT: arith.divsi
  return %q, %r : index, index
}

// CHECK-LABEL: @by_anything
func.func @by_anything(%a: i32, %b: i32) -> i32 {
  // The divisor is never 0 nor -1.
  // CHECK: %[[SAFE:.*]] = arith.select %{{.*}}, %{{.*}}, %arg1 : i32
  // CHECK: arith.divsi %arg0, %[[SAFE]]
  %q = tx.scalar floordiv %a, %b : i32, i32 -> i32
  return %q : i32
}

// CHECK-LABEL: @saturating
func.func @saturating(%x: f32) -> i8 {
  // CHECK: %[[IN:.*]] = arith.andi
  // CHECK: %[[SAFE:.*]] = arith.select %[[IN]], %arg0
  // CHECK: arith.fptosi %[[SAFE]] : f32 to i8
  %r = tx.scalar fptosi %x : f32 -> i8
  return %r : i8
}

// CHECK-LABEL: @shift
func.func @shift(%x: i32, %s: i32) -> i32 {
  // CHECK: arith.cmpi ule, %arg1
  // CHECK: arith.shli
  %r = tx.scalar shl %x, %s : i32, i32 -> i32
  return %r : i32
}

// CHECK-LABEL: @fact
// CHECK-NOT: tx.fact
func.func @fact(%n: index) {
  tx.fact affine_set<()[s0] : (s0 - 1 >= 0)>[%n] "n >= 1"
  return
}

// f32 by our own expansions, f64 by the C library lane by lane, halves by f32.
// RUN: texpr-opt --cpu-math=machine=x86-64-v4 %s | FileCheck %s
// RUN: texpr-opt --cpu-math=machine=x86-64-v2 %s | FileCheck %s --check-prefix=V2

// CHECK-DAG: llvm.func @exp(f64) -> f64
// CHECK-LABEL: @f32
// CHECK-NOT: math.exp
// CHECK: math.fma
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"
// CHECK-NOT: f64
// CHECK: return
// Without fma: in double precision.
// V2-LABEL: @f32
// V2: arith.extf {{.*}} : vector<16xf32> to vector<16xf64>
// V2-NOT: math.fma
// V2: arith.truncf
func.func @f32(%x: vector<16xf32>) -> vector<16xf32> {
  %r = math.exp %x : vector<16xf32>
  return %r : vector<16xf32>
}
// CHECK-LABEL: @f64
// CHECK-COUNT-2: llvm.call @exp
func.func @f64(%x: vector<2xf64>) -> vector<2xf64> {
  %r = math.exp %x : vector<2xf64>
  return %r : vector<2xf64>
}
// CHECK-LABEL: @f16
// CHECK: arith.extf %{{.*}} : f16 to f32
// CHECK: math.sqrt %{{.*}} : f32
// CHECK: arith.truncf %{{.*}} : f32 to f16
func.func @f16(%x: f16) -> f16 {
  %r = math.sqrt %x : f16
  return %r : f16
}
// Big arguments of sin take the long way only if some lane is big.
// CHECK-LABEL: @sin
// CHECK: vector.reduction <or>
// CHECK: scf.if
// CHECK: arith.muli {{.*}} : vector<8xi64>
func.func @sin(%x: vector<8xf32>) -> vector<8xf32> {
  %r = math.sin %x : vector<8xf32>
  return %r : vector<8xf32>
}

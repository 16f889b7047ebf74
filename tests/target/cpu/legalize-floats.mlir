// Halves are storage; each operation rounds.
// RUN: texpr-opt --cpu-legalize-floats=machine=x86-64-v3 %s | FileCheck %s
// RUN: texpr-opt --cpu-legalize-floats=machine=x86-64-v2 %s | FileCheck %s --check-prefix=V2

// CHECK-LABEL: @f16
// CHECK-COUNT-2: arith.extf {{.*}} : f16 to f32
// CHECK: arith.addf {{.*}} : f32
// CHECK: arith.truncf {{.*}} : f32 to f16
// No conversion instruction, and no library call either.
// V2-LABEL: @f16
// V2-NOT: extf
// V2: arith.addf {{.*}} : f32
// V2-NOT: truncf
// V2: arith.bitcast {{.*}} : i16 to f16
func.func @f16(%x: f16, %y: f16) -> f16 {
  %r = arith.addf %x, %y : f16
  return %r : f16
}
// CHECK-LABEL: @bf16
// CHECK-NOT: bf16 to f32
// CHECK: arith.shli {{.*}} : vector<8xi32>
// CHECK: arith.mulf {{.*}} : vector<8xf32>
// CHECK: arith.trunci {{.*}} : vector<8xi32> to vector<8xi16>
// CHECK: arith.select {{.*}} : vector<8xi16>
// CHECK-NOT: bf16
// CHECK: return
func.func @bf16(%p: vector<8xi16>, %g: i1) -> vector<8xi16> {
  %x = arith.bitcast %p : vector<8xi16> to vector<8xbf16>
  %c = arith.constant dense<1.5> : vector<8xbf16>
  %m = arith.mulf %x, %c : vector<8xbf16>
  %s = arith.select %g, %m, %x : vector<8xbf16>
  %r = arith.bitcast %s : vector<8xbf16> to vector<8xi16>
  return %r : vector<8xi16>
}
// f64 to half by way of an f32 that is rounded to odd.
// CHECK-LABEL: @from_double
// CHECK: arith.truncf {{.*}} : f64 to f32
// CHECK: arith.ori
// CHECK: arith.truncf {{.*}} : f32 to f16
func.func @from_double(%x: f64) -> f16 {
  %r = arith.truncf %x : f64 to f16
  return %r : f16
}

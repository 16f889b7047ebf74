// RUN: texpr-opt --promote %s | FileCheck %s

// CHECK-LABEL: func.func @places(
// CHECK: par.alloc[%{{.*}}] {place = "workspace"}
// CHECK: par.alloc[%{{.*}}] {place = "stack"}
// CHECK: par.alloc[%{{.*}}] {place = "workspace"}
module attributes {par.machine = {stack_bytes = 4096 : i64}} {
func.func @places(%n: index, %ya: !par.buf<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c4096 = arith.constant 4096 : index
  %one = arith.constant 1.0 : f32
  %y = par.bind %ya[%n] : !par.buf<?xf32>
  %a = par.alloc[%n] : !par.buf<?xf32>
  par.store %one, %a[%c0] : f32, !par.buf<?xf32>
  par.forall (%i) = (%c0) to (%n) axes ["i"] level "thread" {
    %b = par.alloc[%c8] : !par.buf<?xf32>
    %c = par.alloc[%c4096] : !par.buf<?xf32>
    par.store %one, %b[%c1] : f32, !par.buf<?xf32>
    par.store %one, %c[%c1] : f32, !par.buf<?xf32>
    %v = par.load %b[%c1] : !par.buf<?xf32> -> f32
    par.store %v, %y[%i] : f32, !par.buf<?xf32>
  }
  return
}
}

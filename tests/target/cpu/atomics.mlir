// RUN: texpr-opt --cpu-memory=machine=x86-64-v3 %s | FileCheck %s
// An element that several tasks see is changed by one instruction, or by a loop around cmpxchg; one task's own by a load and a store.

// CHECK-LABEL: func.func @f.v3
// CHECK: llvm.atomicrmw add %{{.*}}, %{{.*}} monotonic : !llvm.ptr, i32
// CHECK: scf.while
// CHECK: arith.maximumf
// CHECK: llvm.cmpxchg %{{.*}}, %{{.*}}, %{{.*}} monotonic monotonic : !llvm.ptr, i32
// CHECK-NOT: atomicrmw
// CHECK: llvm.load
// CHECK: arith.addi
// CHECK: llvm.store
func.func @f(%n: index {tx.dim = "n"}, %ha: !par.buf<?xi32> {tx.name = "h", tx.out}, %ma: !par.buf<?xf32> {tx.name = "m", tx.out}) {
  %c0 = arith.constant 0 : index
  %c1_i32 = arith.constant 1 : i32
  %one = arith.constant 1.0 : f32
  %h = par.bind %ha [%n] : !par.buf<?xi32>
  %m = par.bind %ma [%n] : !par.buf<?xf32>
  par.kernel {
    par.forall (%i) = (%c0) to (%n) axes ["i"] level "thread" attributes {plan.grain = 1 : i64} {
      %a = par.atomic %h[%c0] (%o: i32) {
        %s = arith.addi %o, %c1_i32 : i32
        par.yield %s : i32
      } : !par.buf<?xi32>
      %b = par.atomic %m[%c0] (%o: f32) {
        %s = arith.maximumf %o, %one : f32
        par.yield %s : f32
      } : !par.buf<?xf32>
      %t = par.alloc [] {place = "stack"} : !par.buf<i32>
      %c = par.atomic %t[] (%o: i32) {
        %s = arith.addi %o, %c1_i32 : i32
        par.yield %s : i32
      } : !par.buf<i32>
    }
  }
  return
}

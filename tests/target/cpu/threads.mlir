// A forall at level thread: a body, a task around it, and a call that is made only for more than one task.
// RUN: texpr-opt --cpu-memory=machine=x86-64-v3 --cpu-threads %s | FileCheck %s

// CHECK: func.func private @f.v3.task0.body({{.*}}: !llvm.ptr {llvm.noalias}{{.*}}index, %[[LO:[a-z0-9_]+]]: index, %[[HI:[a-z0-9_]+]]: index)
// CHECK: scf.for %{{.*}} = %[[LO]] to %[[HI]]
// Two axes out of one index.
// CHECK: arith.remui
// CHECK: arith.divui
// CHECK: llvm.func internal @f.v3.task0(%arg0: !llvm.ptr, %arg1: i64)
// CHECK: call @f.v3.task0.body
// CHECK: func.func @f.v3
// CHECK: arith.ceildivui
// CHECK: scf.if
// CHECK: call @f.v3.task0.body
// CHECK: else
// CHECK: llvm.mlir.addressof @f.v3.task0
// CHECK: %[[STATUS:[a-z0-9_]+]] = llvm.call @{{.*}}_parallel_for
// CHECK: scf.if
// CHECK: llvm.store %[[STATUS]]
func.func @f(%m: index, %n: index, %ya: !par.buf<?x?xf32> {tx.out}) {
  %c0 = arith.constant 0 : index
  %z = arith.constant 0.0 : f32
  %y = par.bind %ya [%m, %n] : !par.buf<?x?xf32>
  par.kernel {
    par.forall (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] level "thread" attributes {plan.grain = 4 : i64} {
      par.store %z, %y[%i, %j] : f32, !par.buf<?x?xf32>
    }
  }
  return
}

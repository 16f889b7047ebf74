// The function's final signature; buffers as pointers; a failure as a call on a cold path.
// RUN: texpr-opt --cpu-memory=machine=x86-64-v3 %s | FileCheck %s

// CHECK: llvm.func @[[REPORT:tx_rt_.*_report]](!llvm.ptr, i32, i64) attributes {passthrough = ["cold"]}
// CHECK: func.func @f.v3(%[[N:[a-z0-9_]+]]: index, %[[X:[a-z0-9_]+]]: !llvm.ptr {llvm.noalias, llvm.readonly}, %{{.*}}: i8, %[[Y:[a-z0-9_]+]]: !llvm.ptr {llvm.noalias},
// CHECK-SAME: %[[WORKSPACE:[a-z0-9_]+]]: !llvm.ptr {llvm.noalias}, %{{.*}}: !llvm.ptr, %[[SLOT:[a-z0-9_]+]]: !llvm.ptr) -> i32
func.func @f(%n: index, %xa: !par.buf<?x?xf32>, %flag: i1, %ya: !par.buf<?xi1> {tx.out}) {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c64 = arith.constant 64 : index
  // CHECK: llvm.alloca %{{.*}} x f64 {alignment = 64 : i64}
  %x = par.bind %xa [%n, %n] : !par.buf<?x?xf32>
  %y = par.bind %ya [%n] : !par.buf<?xi1>
  %t = par.alloc [%c4] {place = "stack"} : !par.buf<?xf64>
  // CHECK: llvm.getelementptr %[[WORKSPACE]]
  %w = par.slot at %c64 [%n] : !par.buf<?xf32>
  // CHECK: arith.muli %{{.*}}, %[[N]] overflow<nsw>
  // CHECK: llvm.getelementptr %[[X]]
  // CHECK: llvm.load {{.*}} -> f32
  %v = par.load %x[%c4, %c0] : !par.buf<?x?xf32> -> f32
  par.store %v, %w[%c0] : f32, !par.buf<?xf32>
  // A bool is a byte; a masked store is guarded.
  // CHECK: scf.if
  // CHECK: arith.extui {{.*}} : i1 to i8
  // CHECK: llvm.store {{.*}} : i8
  par.store %flag, %y[%c0] mask %flag : i1, !par.buf<?xi1>
  // CHECK: scf.if
  // CHECK: llvm.call @[[REPORT]](%[[SLOT]],
  par.fail 3 if %flag
  // CHECK: llvm.load %[[SLOT]] {{.*}} -> i32
  return
}
// CHECK: func.func @f.workspace.v3
func.func @f.workspace(%n: index) -> index attributes {tx.workspace_of = @f} {
  return %n : index
}

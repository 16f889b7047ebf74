// RUN: texpr-opt --workspace --canonicalize %s | FileCheck %s

// One formula over the dims: the buffer between kernels, then a part a chunk; an extent that follows the loop has the
// loop's end for a bound.
// CHECK-LABEL: func.func @f.workspace(
// CHECK-SAME: %[[M:.*]]: index, %[[N:.*]]: index) -> index attributes {tx.workspace_of = @f}
// CHECK: return
// CHECK-LABEL: func.func @f(
// CHECK: par.slot at
// CHECK: par.forall (%[[C:.*]]) =
// CHECK: arith.muli %[[C]]
// CHECK: par.slot at
// CHECK-NOT: par.alloc
func.func @f(%m: index {tx.dim = "m"}, %n: index {tx.dim = "n"}, %ya: !par.buf<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = arith.constant 1.0 : f32
  %y = par.bind %ya[%m] : !par.buf<?xf32>
  %a = par.alloc[%n] {place = "workspace"} : !par.buf<?xf32>
  par.store %one, %a[%c0] : f32, !par.buf<?xf32>
  par.forall (%c) = (%c0) to (%m) axes ["c"] level "thread" {
    %e = arith.addi %c, %c1 : index
    %b = par.alloc[%e] {place = "workspace"} : !par.buf<?xf32>
    par.store %one, %b[%c] : f32, !par.buf<?xf32>
    %v = par.load %b[%c] : !par.buf<?xf32> -> f32
    par.store %v, %y[%c] : f32, !par.buf<?xf32>
  }
  return
}

// RUN: texpr-opt --hoist-checks %s | FileCheck %s

// A test that was inlined into an island goes before it, with what it is computed from.
// CHECK-LABEL: func.func @island
// CHECK: %[[LAST:.*]] = arith.subi
// CHECK: tx.check (%{{.*}}) = (%{{.*}}) to (%[[LAST]])
// CHECK: par.do
// CHECK-NOT: tx.check
func.func @island(%m: index, %ra: tensor<?xi64>) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %row = tx.bind %ra[%m] : tensor<?xi64>
  %y = par.do ins() outs[%m] (%b : tensor<?xi64>) {
    %last = arith.subi %m, %c1 : index
    tx.check (%i) = (%c0) to (%last) axes ["i"] site 0 {
      %next = arith.addi %i, %c1 : index
      %v = tx.read %row[%i] : tensor<?xi64>
      %w = tx.read %row[%next] : tensor<?xi64>
      %ok = arith.cmpi sle, %v, %w : i64
      tx.yield %ok : i1
    }
    par.forall (%i) = (%c0) to (%m) axes ["i"] {
      %v = tx.read %row[%i] : tensor<?xi64>
      par.store %v, %b[%i] : i64, !par.buf<?xi64>
    }
  }
  return %y : tensor<?xi64>
}

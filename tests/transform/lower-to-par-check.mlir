// RUN: texpr-opt --group-kernels --lower-to-par %s | FileCheck %s

// A test is a kernel, and the call ends behind it where it fails; one without axes has no loop.
// CHECK-LABEL: func.func @sorted
// CHECK: par.kernel {
// CHECK-NEXT: par.forall (%[[I:.*]]) =
// CHECK: %[[OK:.*]] = arith.cmpi sle
// CHECK: %[[BAD:.*]] = arith.xori %[[OK]]
// CHECK: par.fail 1 if %[[BAD]]
// CHECK: par.stop
// CHECK: par.kernel {
// CHECK-NOT: par.forall
// CHECK: par.fail 2 if
// CHECK: par.stop
// CHECK: par.kernel {
// CHECK-NOT: par.stop
func.func @sorted(%m: index, %m1: index, %ra: tensor<?xi64>) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i64
  %row = tx.bind %ra[%m1] : tensor<?xi64>
  tx.check (%i) = (%c0) to (%m) axes ["i"] site 1 {
    %next = arith.addi %i, %c1 : index
    %v = tx.read %row[%i] : tensor<?xi64>
    %w = tx.read %row[%next] : tensor<?xi64>
    %ok = arith.cmpi sle, %v, %w : i64
    tx.yield %ok : i1
  }
  tx.check () = () to () axes [] site 2 {
    %v = tx.read %row[%c0] : tensor<?xi64>
    %ok = arith.cmpi eq, %v, %zero : i64
    tx.yield %ok : i1
  }
  %y = tx.compute (%i) = (%c0) to (%m1) axes ["i"] {
    %v = tx.read %row[%i] : tensor<?xi64>
    tx.yield %v : i64
  } : tensor<?xi64>
  return %y : tensor<?xi64>
}

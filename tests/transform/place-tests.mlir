// RUN: texpr-opt --place-tests --canonicalize %s | FileCheck %s

// What does not change over the rows is tested once, where there is a row; behind it the fact holds.
// CHECK-LABEL: func.func @once
// CHECK-SAME: texpr.tests = [{axes = [], before = true, line = 0 : i64, site = 0 : i64}]
// CHECK: %[[SOME:.*]] = arith.cmpi sgt, %{{.*}}, %{{.*}} : index
// CHECK-NEXT: scf.if %[[SOME]] {
// CHECK: tx.check (%{{.*}}) = (%{{.*}}) to (%{{.*}}) axes ["p"] site 0 {
// CHECK-NOT: par.fail
// CHECK: tx.compute
// CHECK-NOT: scf.if
// CHECK: return
func.func @once(%b: index, %m: index, %ra: tensor<?xi64>) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %c7 = arith.constant 7 : i64
  %row = tx.bind %ra[%m] : tensor<?xi64>
  %y = tx.compute (%i) = (%c0) to (%b) axes ["i"] {
    %ok = tx.reduce and (%p) = (%c0) to (%m) axes ["p"] attributes {tx.test} {
      %v = tx.read %row[%p] : tensor<?xi64>
      %holds = arith.cmpi slt, %v, %c7 : i64
      %bad = arith.cmpi sge, %v, %c7 : i64
      par.fail 0 if %bad at %p
      tx.yield %holds : i1
    } : i1
    %s = scf.if %ok -> (i64) {
      %v = tx.read %row[%i] : tensor<?xi64>
      scf.yield %v : i64
    } else {
      scf.yield %c7 : i64
    }
    tx.yield %s : i64
  } : tensor<?xi64>
  return %y : tensor<?xi64>
}

// What changes is tested where the call stands.
// CHECK-LABEL: func.func @each
// CHECK-SAME: texpr.tests = [{axes = ["i"], before = false, line = 0 : i64, site = 0 : i64}]
// CHECK-NOT: tx.check
// CHECK: tx.compute
// CHECK: %[[OK:.*]] = tx.reduce and
// CHECK: par.fail 0 if %{{.*}} at
// CHECK: scf.if %[[OK]]
func.func @each(%b: index, %m: index, %ra: tensor<?x?xi64>) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %c7 = arith.constant 7 : i64
  %row = tx.bind %ra[%b, %m] : tensor<?x?xi64>
  %y = tx.compute (%i) = (%c0) to (%b) axes ["i"] {
    %ok = tx.reduce and (%p) = (%c0) to (%m) axes ["p"] attributes {tx.test} {
      %v = tx.read %row[%i, %p] : tensor<?x?xi64>
      %holds = arith.cmpi slt, %v, %c7 : i64
      %bad = arith.cmpi sge, %v, %c7 : i64
      par.fail 0 if %bad at %p
      tx.yield %holds : i1
    } : i1
    %s = scf.if %ok -> (i64) {
      %sum = tx.reduce add (%p) = (%c0) to (%m) axes ["p"] {
        %v = tx.read %row[%i, %p] : tensor<?x?xi64>
        tx.yield %v : i64
      } : i64
      scf.yield %sum : i64
    } else {
      scf.yield %c7 : i64
    }
    tx.yield %s : i64
  } : tensor<?xi64>
  return %y : tensor<?xi64>
}

// In a choice of the host the test ends the call there, and only if it is chosen.
// CHECK-LABEL: func.func @chosen
// CHECK: scf.if
// CHECK: tx.check
// CHECK: tx.compute
func.func @chosen(%c: i1, %m: index, %ra: tensor<?xi64>) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %c7 = arith.constant 7 : i64
  %row = tx.bind %ra[%m] : tensor<?xi64>
  %y = scf.if %c -> (tensor<?xi64>) {
    %ok = tx.reduce and (%p) = (%c0) to (%m) axes ["p"] attributes {tx.test} {
      %v = tx.read %row[%p] : tensor<?xi64>
      %holds = arith.cmpi slt, %v, %c7 : i64
      %bad = arith.cmpi sge, %v, %c7 : i64
      par.fail 0 if %bad at %p
      tx.yield %holds : i1
    } : i1
    %w = scf.if %ok -> (i64) {
      %v = tx.read %row[%c0] : tensor<?xi64>
      scf.yield %v : i64
    } else {
      scf.yield %c7 : i64
    }
    %t = tx.compute (%i) = (%c0) to (%m) axes ["i"] {
      tx.yield %w : i64
    } : tensor<?xi64>
    scf.yield %t : tensor<?xi64>
  } else {
    scf.yield %row : tensor<?xi64>
  }
  return %y : tensor<?xi64>
}

// RUN: texpr-opt --instrument-checks %s | FileCheck %s
// RUN: texpr-opt --instrument-checks=nan %s | FileCheck %s --check-prefix=NAN

// Every loop is serial; a read of an input is tested against its extents, an element of a result before it is returned.
// CHECK: reads `x`[{}], which has {} elements, at i = {}
// CHECK-SAME: values = 3
// CHECK-SAME: writes `y`[{}], which has {} elements, at i = {}
// CHECK-SAME: `y`[{}] is returned and was never written
// CHECK-LABEL: func.func @copy
// CHECK: par.forall (%[[I:i]]) =
// CHECK-SAME: disjoint
// CHECK-SAME: plan.map = ["step"]
// CHECK: %[[BAD:.*]] = arith.cmpi uge, %[[I]], %{{.*}} : index
// CHECK: scf.if %[[BAD]]
// CHECK: par.fail {{[0-9]+}} if %{{.*}} values[%[[I]], %{{.*}}, %[[I]]]
// CHECK-NEXT: par.stop
// CHECK: par.load
// CHECK: par.store %true{{.*}} : i1
// NAN-LABEL: func.func @copy
func.func @copy(%n: index {tx.dim = "n"}, %xa: !par.buf<?xf32> {tx.name = "x"}, %ya: !par.buf<?xf32> {tx.name = "y", tx.out}) attributes {tx.export, tx.signature = "fn copy"} {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa[%n] : !par.buf<?xf32>
  %y = par.bind %ya[%n] : !par.buf<?xf32>
  par.kernel {
    par.forall (%i) = (%c0) to (%n) axes ["i"] {
      %v = par.load %x[%i] : !par.buf<?xf32> -> f32
      par.store %v, %y[%i] : f32, !par.buf<?xf32>
    }
  }
  return
}

// Iterations of a marked loop get numbers; what they share, owners.
// CHECK-LABEL: func.func @shared
// CHECK: %[[CLOCK:.*]] = par.alloc[] : !par.buf<i64>
// CHECK: par.load %[[CLOCK]][]
// CHECK: par.store {{.*}}, %[[CLOCK]][]
func.func @shared(%n: index {tx.dim = "n"}, %pa: !par.buf<?xi64> {tx.name = "p"}, %ya: !par.buf<?xf32> {tx.name = "y", tx.out}) attributes {tx.export, tx.signature = "fn shared"} {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  %p = par.bind %pa[%n] : !par.buf<?xi64>
  %y = par.bind %ya[%n] : !par.buf<?xf32>
  par.kernel {
    par.forall (%i) = (%c0) to (%n) axes ["i"] disjoint attributes {checked.par} {
      %v = par.load %p[%i] : !par.buf<?xi64> -> i64
      %k = arith.index_cast %v : i64 to index
      par.store %one, %y[%k] : f32, !par.buf<?xf32>
    }
  }
  return
}

// A division that the source has, and, where it is asked for, what makes a NaN.
// CHECK-LABEL: func.func @numbers
// CHECK: arith.cmpi eq, %{{.*}}, %c0_i32
// CHECK: tx.scalar floordiv
// CHECK-NOT: arith.cmpf
// NAN-LABEL: func.func @numbers
// NAN: %[[R:.*]] = math.sqrt %[[V:.*]] :
// NAN: arith.cmpf uno, %[[R]], %[[R]]
// NAN: arith.cmpf ord, %[[V]], %[[V]]
func.func @numbers(%a: i32 {tx.name = "a"}, %v: f32 {tx.name = "v"}, %qa: !par.buf<i32> {tx.name = "q", tx.out}, %ra: !par.buf<f32> {tx.name = "r", tx.out}) attributes {tx.export, tx.signature = "fn numbers"} {
  %q = par.bind %qa[] : !par.buf<i32>
  %r = par.bind %ra[] : !par.buf<f32>
  par.kernel {
    %d = tx.scalar floordiv %a, %a {checked.div} : i32, i32 -> i32
    %s = math.sqrt %v : f32
    par.store %d, %q[] : i32, !par.buf<i32>
    par.store %s, %r[] : f32, !par.buf<f32>
  }
  return
}

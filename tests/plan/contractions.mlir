// RUN: texpr-opt --plan-tiling %s | FileCheck %s

module attributes {par.machine = {vector_bytes = 64 : i64, instrs = [{name = "fma", a = "f32", b = "f32", c = "f32", m = 8 : i64, n = 48 : i64, k = 1 : i64}, {name = "fma", a = "i32", b = "i32", c = "i32", m = 8 : i64, n = 48 : i64, k = 1 : i64}]}} {
// The iteration changes an element that its own sum then reads: taking the sum out would read the old one.
// CHECK-LABEL: func.func @stored_before(
// CHECK-NOT: plan.instr
// CHECK: return
func.func @stored_before(%m: index, %n: index, %k: index, %xa: !par.buf<?x?xf32>, %wa: !par.buf<?x?xf32>, %ya: !par.buf<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  %x = par.bind %xa[%m, %k] : !par.buf<?x?xf32>
  %w = par.bind %wa[%k, %n] : !par.buf<?x?xf32>
  %y = par.bind %ya[%m, %n] : !par.buf<?x?xf32>
  par.kernel {
    par.forall (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] disjoint {
      par.store %one, %x[%i, %j] : f32, !par.buf<?x?xf32>
      %s = par.reduce add (%l) = (%c0) to (%k) axes ["l"] {
        %a = par.load %x[%i, %l] : !par.buf<?x?xf32> -> f32
        %b = par.load %w[%l, %j] : !par.buf<?x?xf32> -> f32
        %c = arith.mulf %a, %b : f32
        par.yield %c : f32
      } : f32
      par.store %s, %y[%i, %j] : f32, !par.buf<?x?xf32>
    }
  }
  return
}

// A contraction widens with the sign: zero extension is none of it.
// CHECK-LABEL: func.func @bytes(
// CHECK-NOT: plan.instr
// CHECK: return
func.func @bytes(%m: index, %n: index, %k: index, %xa: !par.buf<?x?xi8>, %wa: !par.buf<?x?xi8>, %ya: !par.buf<?x?xi32>) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa[%m, %k] : !par.buf<?x?xi8>
  %w = par.bind %wa[%k, %n] : !par.buf<?x?xi8>
  %y = par.bind %ya[%m, %n] : !par.buf<?x?xi32>
  par.kernel {
    par.forall (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] {
      %s = par.reduce add (%l) = (%c0) to (%k) axes ["l"] {
        %a = par.load %x[%i, %l] : !par.buf<?x?xi8> -> i8
        %b = par.load %w[%l, %j] : !par.buf<?x?xi8> -> i8
        %p = arith.extui %a : i8 to i32
        %q = arith.extui %b : i8 to i32
        %c = arith.muli %p, %q : i32
        par.yield %c : i32
      } : i32
      par.store %s, %y[%i, %j] : i32, !par.buf<?x?xi32>
    }
  }
  return
}
}

// RUN: texpr-opt --plan-tiling --plan-mapping %s | FileCheck %s

module attributes {par.machine = {vector_bytes = 64 : i64, instrs = [{name = "fma", a = "f32", b = "f32", c = "f32", m = 6 : i64, n = 64 : i64, k = 1 : i64}]}} {
// Both contiguous along the reduction's axis: the lanes go there, the rows to threads.
// CHECK-LABEL: func.func @dot_rows(
// CHECK: par.forall {{.*}} axes ["p", "q"] attributes {plan.map = ["thread", "thread"], plan.tasks = 64 : i64, plan.work = 65536 : i64}
// CHECK: par.reduce add {{.*}} level "simd" attributes {plan.unroll = 4 : i64, plan.vector = 16 : i64}
func.func @dot_rows(%m: index, %n: index, %k: index, %xa: !par.buf<?x?xf32>, %wa: !par.buf<?x?xf32>, %ya: !par.buf<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa[%m, %k] : !par.buf<?x?xf32>
  %w = par.bind %wa[%n, %k] : !par.buf<?x?xf32>
  %y = par.bind %ya[%m, %n] : !par.buf<?x?xf32>
  par.kernel {
    par.forall (%i, %j) = (%c0, %c0) to (%m, %n) axes ["p", "q"] {
      %s = par.reduce add (%l) = (%c0) to (%k) axes ["l"] {
        %a = par.load %x[%i, %l] : !par.buf<?x?xf32> -> f32
        %b = par.load %w[%j, %l] : !par.buf<?x?xf32> -> f32
        %c = arith.mulf %a, %b : f32
        par.yield %c : f32
      } : f32
      par.store %s, %y[%i, %j] : f32, !par.buf<?x?xf32>
    }
  }
  return
}

// A contraction by its accesses, whatever its axes are called: rows and columns get the machine's tile.
// CHECK-LABEL: func.func @product(
// CHECK: par.forall {{.*}} axes ["zeile", "spalte"] attributes {
// CHECK-SAME: plan.instr = {{.*}}name = "fma"
// CHECK-SAME: plan.order = ["spalte", "zeile"]
// CHECK-SAME: plan.tile = {spalte = 64 : i64, zeile = 6 : i64}
func.func @product(%m: index, %n: index, %k: index, %xa: !par.buf<?x?xf32>, %wa: !par.buf<?x?xf32>, %ya: !par.buf<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa[%m, %k] : !par.buf<?x?xf32>
  %w = par.bind %wa[%k, %n] : !par.buf<?x?xf32>
  %y = par.bind %ya[%m, %n] : !par.buf<?x?xf32>
  par.kernel {
    par.forall (%i, %j) = (%c0, %c0) to (%m, %n) axes ["zeile", "spalte"] {
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

// The widest element decides the lanes: f64 gets eight.
// CHECK-LABEL: func.func @widen(
// CHECK: plan.map = ["simd"], plan.tasks = 64 : i64, plan.vector = 8 : i64
func.func @widen(%n: index, %xa: !par.buf<?xf32>, %ya: !par.buf<?xf64>) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa[%n] : !par.buf<?xf32>
  %y = par.bind %ya[%n] : !par.buf<?xf64>
  par.kernel {
    par.forall (%i) = (%c0) to (%n) axes ["i"] {
      %v = par.load %x[%i] : !par.buf<?xf32> -> f32
      %d = arith.extf %v : f32 to f64
      par.store %d, %y[%i] : f64, !par.buf<?xf64>
    }
  }
  return
}
}

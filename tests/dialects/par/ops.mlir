// Every op of par: what is printed is read again and printed the same, in the readable and in the generic form.
// RUN: texpr-opt %s | texpr-opt | FileCheck %s
// RUN: texpr-opt %s --mlir-print-op-generic | texpr-opt | FileCheck %s

// CHECK-LABEL: func.func @island
func.func @island(%m: index, %n: index, %xa: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %x = tx.bind %xa [%m, %n] : tensor<?x?xf32>
  // CHECK: par.do ins(%{{.*}} as %[[BX:.*]] : tensor<?x?xf32>) outs[%{{.*}}, %{{.*}}] (%[[BY:.*]] : tensor<?x?xf32>) {
  %y = par.do ins(%x as %bx : tensor<?x?xf32>) outs[%m, %n] (%by : tensor<?x?xf32>) {
    // CHECK: par.forall (%[[I:.*]], %[[J:.*]]) = (%{{.*}}, %{{.*}}) to (%{{.*}}, %{{.*}}) axes ["i", "j"] level "block" full disjoint attributes {plan.grain = 4 : i64} {
    par.forall (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] level "block" full disjoint attributes {plan.grain = 4 : i64} {
      // CHECK: par.load %[[BX]][%[[I]], %[[J]]] : !par.buf<?x?xf32> -> f32
      %v = par.load %bx[%i, %j] : !par.buf<?x?xf32> -> f32
      // CHECK: par.store %{{.*}}, %[[BY]][%[[I]], %[[J]]] : f32, !par.buf<?x?xf32>
      par.store %v, %by[%i, %j] : f32, !par.buf<?x?xf32>
    // CHECK-NEXT: }
    }
  }
  return %y : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @kernel
func.func @kernel(%n: index, %xa: !par.buf<?xf32>, %ya: !par.buf<f32>, %aa: !par.buf<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %true = arith.constant true
  // CHECK: par.bind %{{.*}}[%{{.*}}] : !par.buf<?xf32>
  %x = par.bind %xa [%n] : !par.buf<?xf32>
  // CHECK: par.bind %{{.*}}[] : !par.buf<f32>
  %y = par.bind %ya [] : !par.buf<f32>
  %a = par.bind %aa [%n, %n] : !par.buf<?x?xf32>
  // CHECK: par.alloc[%{{.*}}] {name = "t", pinned, place = "stack"} : !par.buf<?xf32>
  %t = par.alloc [%n] {name = "t", place = "stack", pinned} : !par.buf<?xf32>
  // CHECK: par.slot at %{{.*}}[%{{.*}}, %{{.*}}] : !par.buf<?x?xf32>
  %s = par.slot at %c0 [%n, %n] : !par.buf<?x?xf32>
  // CHECK: par.kernel {
  par.kernel {
    // CHECK: par.reduce add (%[[P:.*]]) = (%{{.*}}) to (%{{.*}}) axes ["p"] level "simd" attributes {plan.unroll = 4 : i64} where (%{{.*}}) {
    %sum = par.reduce add (%p) = (%c0) to (%n) axes ["p"] level "simd" attributes {plan.unroll = 4 : i64} where (%q) {
      %in = arith.cmpi slt, %q, %n : index
      par.yield %in : i1
    } {
      // CHECK: par.load %{{.*}}[%[[P]]] mask %{{.*}} other %{{.*}} : f32 : !par.buf<?xf32> -> f32
      %v = par.load %x[%p] mask %true other %zero : f32 : !par.buf<?xf32> -> f32
      par.yield %v : f32
    } : f32
    // CHECK: par.store %{{.*}}, %{{.*}}[] mask %{{.*}} : f32, !par.buf<f32>
    par.store %sum, %y[] mask %true : f32, !par.buf<f32>
    // CHECK: par.seq (%[[T:.*]]) = %{{.*}} to %{{.*}} axis "t" with (%{{.*}} = %{{.*}} : f32) {
    // CHECK: par.yield %{{.*}} : f32
    %last = par.seq (%k) = %c0 to %n axis "t" with (%u = %zero : f32) {
      %w = arith.addf %u, %u : f32
      par.yield %w : f32
    }
    // CHECK: par.seq (%[[T:.*]]) = %{{.*}} to %{{.*}} axis "k" {
    // CHECK-NEXT: par.contract %{{.*}} at #[[C:.*]] += %{{.*}} at #[[A:.*]] * %{{.*}} at #[[B:.*]](%{{.*}}, %{{.*}}, %{{.*}}) [%{{.*}}] kinds ["m", "n", "k"] instr {mr = 6 : i64, name = "fma"} : !par.buf<?x?xf32>, !par.buf<?x?xf32>, !par.buf<?x?xf32>
    par.seq (%k) = %c0 to %n axis "k" {
      par.contract %s at affine_map<(d0, d1, d2)[s0] -> (d0, d1)> += %a at affine_map<(d0, d1, d2)[s0] -> (d0 + s0, d2)>
        * %a at affine_map<(d0, d1, d2)[s0] -> (d2, d1)> (%n, %n, %n)[%k] kinds ["m", "n", "k"] instr {name = "fma", mr = 6 : i64}
        : !par.buf<?x?xf32>, !par.buf<?x?xf32>, !par.buf<?x?xf32>
    }
    // CHECK: par.seq (%{{.*}}) = %{{.*}} to %{{.*}} axis "w" with (%{{.*}} = %{{.*}} : f32) while (%{{.*}}, %{{.*}}) {
    // CHECK: par.yield %{{.*}} : i1
    %ends = par.seq (%k) = %c0 to %n axis "w" with (%u = %zero : f32) while (%l, %v) {
      %more = arith.cmpf olt, %v, %last : f32
      par.yield %more : i1
    } {
      par.yield %u : f32
    }
    // CHECK: par.atomic %{{.*}}[%{{.*}}] (%{{.*}}: f32) {
    %old = par.atomic %x[%c0] (%e: f32) {
      par.yield %e : f32
    } : !par.buf<?xf32>
    // CHECK: par.lane "shuffle" %{{.*}}, %{{.*}} : f32, index -> f32
    %other = par.lane "shuffle" %old, %c0 : f32, index -> f32
    // CHECK: par.barrier
    par.barrier
    // CHECK: par.stop
    par.stop
    // CHECK: par.fail 3 if %{{.*}}
    par.fail 3 if %true
  }
  return
}

// RUN: texpr-opt --stage-panels %s | FileCheck %s

// The sums rest in the result, which the body stores as it is: nothing is left of the body.
// CHECK-LABEL: func.func @rests(
// CHECK-COUNT-2: par.bind
// CHECK: %[[Y:.*]] = par.bind
// CHECK: par.forall (%{{.*}}, %{{.*}}) = {{.*}} axes ["i.0", "j.0"]
// CHECK: %[[P:.*]] = par.alloc[%c256{{.*}}, %c48{{.*}}] {name = "copy of b", place = "stack"}
// CHECK: par.forall {{.*}} axes ["i", "j"]
// CHECK: par.store %{{.*}}, %[[Y]]
// CHECK: par.seq {{.*}} axis "l.0"
// CHECK: par.forall {{.*}} axes ["l", "j"]
// CHECK: par.store %{{.*}}, %[[P]]
// CHECK: par.seq {{.*}} axis "j.1"
// CHECK: par.seq {{.*}} axis "i.1"
// CHECK: par.contract %[[Y]] {{.*}} * %[[P]] at
// CHECK-NOT: par.load %[[Y]]
// CHECK: return
func.func @rests(%m: index, %n: index, %k: index, %aa: !par.buf<?x?xf32> {tx.name = "a"}, %ba: !par.buf<?x?xf32> {tx.name = "b"},
                 %ya: !par.buf<?x?xf32> {tx.name = "y", tx.out}) {
  %c0 = arith.constant 0 : index
  %a = par.bind %aa[%m, %k] : !par.buf<?x?xf32>
  %b = par.bind %ba[%k, %n] : !par.buf<?x?xf32>
  %y = par.bind %ya[%m, %n] : !par.buf<?x?xf32>
  par.kernel {
    par.forall (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] attributes {plan.stage = {b = {place = "stack"}},
        plan.instr = {name = "fma", m = 8 : i64, n = 48 : i64}, plan.blocks = {i = 256 : i64, j = 48 : i64},
        plan.tile = {i = 8 : i64, j = 48 : i64, l = 256 : i64}, plan.order = ["j", "i"]} {
      %s = par.reduce add (%l) = (%c0) to (%k) axes ["l"] {
        %p = par.load %a[%i, %l] : !par.buf<?x?xf32> -> f32
        %q = par.load %b[%l, %j] : !par.buf<?x?xf32> -> f32
        %r = arith.mulf %p, %q : f32
        par.yield %r : f32
      } : f32
      par.store %s, %y[%i, %j] : f32, !par.buf<?x?xf32>
    }
  }
  return
}

// The result is of another type: the sums have a buffer, which the body reads. b lies the other way, its copy does not;
// below `least` the nest stays as it was, without a tile.
// CHECK-LABEL: func.func @turned(
// CHECK: scf.if
// CHECK: %[[S:.*]] = par.alloc[%c64{{.*}}, %c16{{.*}}] {name = "sums"}
// CHECK: %[[P:.*]] = par.alloc[%c32{{.*}}, %c16{{.*}}] {name = "copy of b"}
// CHECK: par.forall (%[[J:.*]], %[[L:.*]]) = {{.*}} axes ["j", "l"]
// CHECK-DAG: %[[JP:.*]] = arith.subi %[[J]]
// CHECK-DAG: %[[LP:.*]] = arith.subi %[[L]]
// CHECK: par.store %{{.*}}, %[[P]][%[[LP]], %[[JP]]]
// CHECK: par.contract %[[S]] {{.*}} * %[[P]] at
// CHECK: par.load %[[S]]
// CHECK: arith.truncf
// CHECK: } else {
// CHECK: par.forall (%{{.*}}, %{{.*}}) = {{.*}} axes ["i", "j"] {
// CHECK-NEXT: par.reduce
func.func @turned(%m: index, %n: index, %k: index, %aa: !par.buf<?x?xf32> {tx.name = "a"}, %ba: !par.buf<?x?xf32> {tx.name = "b"},
                  %ya: !par.buf<?x?xf16> {tx.name = "y", tx.out}) {
  %c0 = arith.constant 0 : index
  %a = par.bind %aa[%m, %k] : !par.buf<?x?xf32>
  %b = par.bind %ba[%n, %k] : !par.buf<?x?xf32>
  %y = par.bind %ya[%m, %n] : !par.buf<?x?xf16>
  par.kernel {
    par.forall (%i, %j) = (%c0, %c0) to (%m, %n) axes ["i", "j"] attributes {plan.stage = {b = {least = 64 : i64}},
        plan.instr = {name = "fma", m = 8 : i64, n = 16 : i64}, plan.blocks = {i = 64 : i64, j = 16 : i64},
        plan.tile = {i = 8 : i64, j = 16 : i64, l = 32 : i64}} {
      %s = par.reduce add (%l) = (%c0) to (%k) axes ["l"] {
        %p = par.load %a[%i, %l] : !par.buf<?x?xf32> -> f32
        %q = par.load %b[%j, %l] : !par.buf<?x?xf32> -> f32
        %r = arith.mulf %p, %q : f32
        par.yield %r : f32
      } : f32
      %t = arith.truncf %s : f32 to f16
      par.store %t, %y[%i, %j] : f16, !par.buf<?x?xf16>
    }
  }
  return
}

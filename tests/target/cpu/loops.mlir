// Serial nests as scf loops; a user's operator has its identity for the empty domain alone.
// RUN: texpr-opt --cpu-loops=machine=x86-64-v3 %s | FileCheck %s
// RUN: texpr-opt --cpu-loops=machine=x86-64-v2 %s | FileCheck %s --check-prefix=V2

tx.combiner @last (%a: i32), (%b: i32) {
  tx.yield %b : i32
} identity {
  %m = arith.constant -1 : i32
  tx.yield %m : i32
}

// CHECK-LABEL: @sum
func.func @sum(%n: index, %xa: !par.buf<?xf32>, %ya: !par.buf<f32> {tx.out}) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa [%n] : !par.buf<?xf32>
  %y = par.bind %ya [] : !par.buf<f32>
  // CHECK: scf.for {{.*}} iter_args(%[[ACC:.*]] = %{{.*}}) -> (f32)
  // CHECK: math.fma %{{.*}}, %{{.*}}, %[[ACC]]
  // V2-NOT: math.fma
  %s = par.reduce add (%i) = (%c0) to (%n) axes ["i"] {
    %v = par.load %x[%i] : !par.buf<?xf32> -> f32
    %p = arith.mulf %v, %v : f32
    par.yield %p : f32
  } : f32
  par.store %s, %y[] : f32, !par.buf<f32>
  return
}

// CHECK-LABEL: @user
func.func @user(%n: index, %xa: !par.buf<?xi32>, %ya: !par.buf<i32> {tx.out}) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa [%n] : !par.buf<?xi32>
  %y = par.bind %ya [] : !par.buf<i32>
  // CHECK: scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}, %[[SEEN:.*]] = %false
  // CHECK: scf.if %[[SEEN]]
  %s = par.reduce user @last (%i) = (%c0) to (%n) axes ["i"] {
    %v = par.load %x[%i] : !par.buf<?xi32> -> i32
    par.yield %v : i32
  } : i32
  par.store %s, %y[] : i32, !par.buf<i32>
  return
}

// CHECK-LABEL: @where
func.func @where(%n: index, %xa: !par.buf<?xi32>, %ya: !par.buf<i32> {tx.out}) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa [%n] : !par.buf<?xi32>
  %y = par.bind %ya [] : !par.buf<i32>
  // The load is evaluated only where the condition holds.
  // CHECK: scf.for
  // CHECK: arith.cmpi
  // CHECK-NEXT: scf.if
  // CHECK-NEXT: par.load
  %s = par.reduce max (%i) = (%c0) to (%n) axes ["i"] where (%i) {
    %g = arith.cmpi sgt, %i, %c0 : index
    par.yield %g : i1
  } {
    %v = par.load %x[%i] : !par.buf<?xi32> -> i32
    par.yield %v : i32
  } : i32
  par.store %s, %y[] : i32, !par.buf<i32>
  return
}

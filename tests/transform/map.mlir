// RUN: texpr-opt --map %s | FileCheck %s

// Chunks of whole vectors for a single axis in lanes; the number of chunks is no function of the machine's threads.
// CHECK-LABEL: func.func @scale(
// CHECK: %[[MOST:.*]] = arith.constant 64 : index
// CHECK: arith.minsi %{{.*}}, %[[MOST]]
// CHECK: par.forall (%{{.*}}) = {{.*}} axes ["chunk"] level "thread"
// CHECK: par.forall (%{{.*}}) = {{.*}} axes ["i"] level "simd"
func.func @scale(%n: index, %xa: !par.buf<?xf32>) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa[%n] : !par.buf<?xf32>
  par.kernel {
    par.forall (%i) = (%c0) to (%n) axes ["i"] attributes {plan.map = ["simd"], plan.vector = 16 : i64, plan.work = 65536 : i64, plan.tasks = 64 : i64} {
      %v = par.load %x[%i] : !par.buf<?xf32> -> f32
      %d = arith.addf %v, %v : f32
      par.store %d, %x[%i] : f32, !par.buf<?xf32>
    }
  }
  return
}

// Thread axes are walked as one, row-major; @grain fixes the size of a task.
// CHECK-LABEL: func.func @planes(
// CHECK: par.forall (%{{.*}}) = {{.*}} level "thread"
// CHECK: par.seq
// CHECK: arith.remui
// CHECK: par.forall (%{{.*}}) = {{.*}} axes ["k"] level "simd"
func.func @planes(%a: index, %b: index, %n: index, %xa: !par.buf<?x?x?xf32>) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa[%a, %b, %n] : !par.buf<?x?x?xf32>
  par.kernel {
    par.forall (%i, %j, %k) = (%c0, %c0, %c0) to (%a, %b, %n) axes ["i", "j", "k"] attributes {plan.map = ["thread", "thread", "simd"], plan.vector = 16 : i64, plan.grain = 4 : i64} {
      %v = par.load %x[%i, %j, %k] : !par.buf<?x?x?xf32> -> f32
      par.store %v, %x[%i, %j, %k] : f32, !par.buf<?x?x?xf32>
    }
  }
  return
}

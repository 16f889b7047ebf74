// A loop with a condition of its own in each lane: it goes on while any lane does, and a lane that has stopped keeps what it carries.
// RUN: texpr-opt --cpu-vectorize=machine=x86-64-v4 %s | FileCheck %s

// CHECK-LABEL: @until
func.func @until(%n: index, %most: index, %xa: !par.buf<?xf32>, %ya: !par.buf<?xf32> {tx.out}) {
  %c0 = arith.constant 0 : index
  %limit = arith.constant 4.0 : f32
  %x = par.bind %xa [%n] : !par.buf<?xf32>
  %y = par.bind %ya [%n] : !par.buf<?xf32>
  par.kernel {
    // CHECK: scf.while (%{{.*}} = %{{.*}}, %[[GOES:.*]] = %{{.*}}, %[[V:.*]] = %{{.*}}) : (index, vector<16xi1>, vector<16xf32>)
    // The bound first: beyond it the condition is not asked.
    // CHECK: %[[IN:.*]] = arith.cmpi slt
    // CHECK: %[[STILL:.*]] = scf.if %[[IN]] -> (vector<16xi1>) {
    // CHECK: arith.cmpf olt, {{.*}} : vector<16xf32>
    // CHECK: arith.andi %[[GOES]]
    // CHECK: vector.reduction <or>, %[[STILL]]
    // CHECK: scf.condition
    // CHECK: } do {
    // CHECK: arith.addf {{.*}} : vector<16xf32>
    // CHECK: arith.select %{{.*}}, %{{.*}}, %{{.*}} : vector<16xi1>, vector<16xf32>
    // CHECK: scf.yield
    par.forall (%j) = (%c0) to (%n) axes ["j"] level "simd" attributes {plan.vector = 16 : i64} {
      %a = par.load %x[%j] : !par.buf<?xf32> -> f32
      %v = par.seq (%k) = %c0 to %most axis "k" with (%u = %a : f32) while (%l, %w) {
        %more = arith.cmpf olt, %w, %limit : f32
        par.yield %more : i1
      } {
        %next = arith.addf %u, %u : f32
        par.yield %next : f32
      }
      par.store %v, %y[%j] : f32, !par.buf<?xf32>
    }
  }
  return
}

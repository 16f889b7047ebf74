// Nests at level simd in lanes: an unmasked loop and one masked iteration; how addresses move decides the access.
// RUN: texpr-opt --cpu-vectorize=machine=x86-64-v4 %s | FileCheck %s

// CHECK-LABEL: @accesses
func.func @accesses(%n: index, %m: index, %xa: !par.buf<?x?xf32>, %ka: !par.buf<?xi32>, %ya: !par.buf<?xf32> {tx.out}) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa [%n, %m] : !par.buf<?x?xf32>
  %k = par.bind %ka [%m] : !par.buf<?xi32>
  %y = par.bind %ya [%m] : !par.buf<?xf32>
  par.kernel {
    // CHECK: scf.for
    // Unit stride: a vector; invariant: a scalar; by data: a gather.
    // CHECK: llvm.load {{.*}} -> vector<16xf32>
    // CHECK: llvm.load {{.*}} -> f32
    // CHECK: llvm.load {{.*}} -> vector<16xi32>
    // CHECK: llvm.intr.masked.gather
    // CHECK: llvm.store {{.*}} : vector<16xf32>
    // CHECK: scf.if
    // CHECK: arith.cmpi slt, {{.*}} : vector<16xi32>
    // CHECK: llvm.intr.masked.load
    // CHECK: llvm.intr.masked.store
    par.forall (%j) = (%c0) to (%m) axes ["j"] level "simd" attributes {plan.vector = 16 : i64} {
      %a = par.load %x[%c0, %j] : !par.buf<?x?xf32> -> f32
      %b = par.load %x[%c0, %c0] : !par.buf<?x?xf32> -> f32
      %i = par.load %k[%j] : !par.buf<?xi32> -> i32
      %ii = arith.index_cast %i : i32 to index
      %c = par.load %x[%c0, %ii] : !par.buf<?x?xf32> -> f32
      %s = arith.addf %a, %b : f32
      %t = arith.addf %s, %c : f32
      par.store %t, %y[%j] : f32, !par.buf<?xf32>
    }
  }
  return
}

// CHECK-LABEL: @sum
func.func @sum(%n: index, %xa: !par.buf<?xf32>, %ya: !par.buf<f32> {tx.out}) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa [%n] : !par.buf<?xf32>
  %y = par.bind %ya [] : !par.buf<f32>
  par.kernel {
    // Two vectors of accumulators; the square is fused into the sum; what is left is masked; then trees.
    // CHECK: scf.for {{.*}} iter_args({{.*}}, {{.*}}) -> (vector<16xf32>, vector<16xf32>)
    // CHECK-COUNT-2: math.fma
    // CHECK: scf.for
    // CHECK: llvm.intr.masked.load
    // CHECK: arith.select
    // CHECK-COUNT-4: vector.shuffle {{.*}} : vector
    // CHECK: vector.extract
    %s = par.reduce add (%i) = (%c0) to (%n) axes ["i"] level "simd" attributes {plan.unroll = 2 : i64, plan.vector = 16 : i64} {
      %v = par.load %x[%i] : !par.buf<?xf32> -> f32
      %p = arith.mulf %v, %v : f32
      par.yield %p : f32
    } : f32
    par.store %s, %y[] : f32, !par.buf<f32>
  }
  return
}

// CHECK-LABEL: @largest
func.func @largest(%n: index, %xa: !par.buf<?xf32>, %ya: !par.buf<f32> {tx.out}) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa [%n] : !par.buf<?xf32>
  %y = par.bind %ya [] : !par.buf<f32>
  par.kernel {
    // Three extremes of the bits; the float that they stand for is picked once.
    // CHECK: arith.maxsi {{.*}} : vector<16xi32>
    // CHECK: arith.minui {{.*}} : vector<16xi32>
    // CHECK: arith.maxui {{.*}} : vector<16xi32>
    // CHECK: arith.bitcast {{.*}} to vector<16xf32>
    // CHECK: arith.maximumf
    // CHECK: vector.extract
    %s = par.reduce max (%i) = (%c0) to (%n) axes ["i"] level "simd" attributes {plan.vector = 16 : i64} {
      %v = par.load %x[%i] : !par.buf<?xf32> -> f32
      par.yield %v : f32
    } : f32
    par.store %s, %y[] : f32, !par.buf<f32>
  }
  return
}

// CHECK-LABEL: @choice
func.func @choice(%n: index, %xa: !par.buf<?xf32>, %ya: !par.buf<?xf32> {tx.out}) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa [%n] : !par.buf<?xf32>
  %y = par.bind %ya [%n] : !par.buf<?xf32>
  par.kernel {
    // Both branches under their masks, results by select.
    // CHECK: arith.cmpf ogt
    // CHECK-NOT: scf.if
    // CHECK: math.sqrt {{.*}} : vector<8xf32>
    // CHECK: arith.negf {{.*}} : vector<8xf32>
    // CHECK: arith.select {{.*}} : vector<8xi1>, vector<8xf32>
    par.forall (%i) = (%c0) to (%n) axes ["i"] level "simd" attributes {plan.vector = 8 : i64} {
      %z = arith.constant 0.0 : f32
      %v = par.load %x[%i] : !par.buf<?xf32> -> f32
      %g = arith.cmpf ogt, %v, %z : f32
      %r = scf.if %g -> f32 {
        %s = math.sqrt %v : f32
        scf.yield %s : f32
      } else {
        %s = arith.negf %v : f32
        scf.yield %s : f32
      }
      par.store %r, %y[%i] : f32, !par.buf<?xf32>
    }
  }
  return
}

// CHECK-LABEL: @declined
func.func @declined(%n: index, %xa: !par.buf<?xf32>, %ya: !par.buf<?xf32> {tx.out}) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa [%n] : !par.buf<?xf32>
  %y = par.bind %ya [%n] : !par.buf<?xf32>
  par.kernel {
    // CHECK: par.forall {{.*}} level "step" {{.*}}plan.why = "not in lanes: the bounds of an inner reduction differ between lanes"
    par.forall (%i) = (%c0) to (%n) axes ["i"] level "simd" attributes {plan.vector = 8 : i64} {
      %s = par.reduce add (%j) = (%c0) to (%i) axes ["j"] level "step" {
        %v = par.load %x[%j] : !par.buf<?xf32> -> f32
        par.yield %v : f32
      } : f32
      par.store %s, %y[%i] : f32, !par.buf<?xf32>
    }
  }
  return
}

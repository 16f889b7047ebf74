// RUN: texpr-opt --reuse-results %s | FileCheck %s

// CHECK-LABEL: func.func @softmax_tail(
// CHECK-NOT: par.alloc
// CHECK: par.store %{{.*}}, %[[Y:.*]][%[[I:.*]], %[[J:.*]]]
func.func @softmax_tail(%m: index, %n: index, %xa: !par.buf<?x?xf32>, %ya: !par.buf<?x?xf32> {tx.out}) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa[%m, %n] : !par.buf<?x?xf32>
  %y = par.bind %ya[%m, %n] : !par.buf<?x?xf32>
  par.kernel {
    par.forall (%i) = (%c0) to (%m) axes ["i"] {
      %e = par.alloc[%n] : !par.buf<?xf32>
      par.forall (%j) = (%c0) to (%n) axes ["j"] {
        %v = par.load %x[%i, %j] : !par.buf<?x?xf32> -> f32
        par.store %v, %e[%j] : f32, !par.buf<?xf32>
      }
      %s = par.reduce add (%j) = (%c0) to (%n) axes ["j"] {
        %v = par.load %e[%j] : !par.buf<?xf32> -> f32
        par.yield %v : f32
      } : f32
      par.forall (%j) = (%c0) to (%n) axes ["j"] {
        %v = par.load %e[%j] : !par.buf<?xf32> -> f32
        %d = arith.divf %v, %s : f32
        par.store %d, %y[%i, %j] : f32, !par.buf<?x?xf32>
      }
    }
  }
  return
}

// The last loop reads its neighbour's element, which it may have overwritten already: the buffer stays.
// CHECK-LABEL: func.func @neighbour(
// CHECK: par.alloc
func.func @neighbour(%n: index, %xa: !par.buf<?xf32>, %ya: !par.buf<?xf32> {tx.out}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %x = par.bind %xa[%n] : !par.buf<?xf32>
  %y = par.bind %ya[%n] : !par.buf<?xf32>
  par.kernel {
    %e = par.alloc[%n] : !par.buf<?xf32>
    par.forall (%j) = (%c0) to (%n) axes ["j"] {
      %v = par.load %x[%j] : !par.buf<?xf32> -> f32
      par.store %v, %e[%j] : f32, !par.buf<?xf32>
    }
    par.forall (%j) = (%c0) to (%n) axes ["j"] {
      %p = arith.addi %j, %c1 : index
      %ok = arith.cmpi ult, %p, %n : index
      %z = arith.constant 0.0 : f32
      %v = par.load %e[%p] mask %ok other %z : f32 : !par.buf<?xf32> -> f32
      par.store %v, %y[%j] : f32, !par.buf<?xf32>
    }
  }
  return
}

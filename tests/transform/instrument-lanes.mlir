// RUN: texpr-opt --instrument-lanes %s | FileCheck %s --check-prefix=COUNT
// RUN: texpr-opt --instrument-lanes --split-lanes %s | FileCheck %s

// A full forall has a clock, advanced where it begins and behind each of its barriers. What split-lanes makes of it has its
// number, the advance stands between, once for all lanes, and the lanes' own values are marked.
// COUNT-LABEL: func.func @turned
// COUNT: %[[CLOCK:.*]] = par.alloc[] {checked.epoch = 0 : i64} : !par.buf<i64>
// COUNT: par.store %{{.*}}, %[[CLOCK]][]
// COUNT: par.forall (%{{.*}}) = {{.*}} axes ["r"]
// COUNT: par.atomic %[[CLOCK]][]
// COUNT: par.forall {{.*}} full
// COUNT-SAME: checked.lanes = 0
// COUNT: par.barrier
// COUNT-NEXT: par.atomic %[[CLOCK]][]
// COUNT-NOT: par.atomic
// CHECK-LABEL: func.func @turned
// CHECK: par.atomic %[[CLOCK:.*]][]
// CHECK: par.alloc[%{{.*}}] {checked.own = [0]} : !par.buf<?xf32>
// CHECK: par.forall
// CHECK-SAME: checked.lanes = 0
// CHECK: }
// CHECK: par.atomic %[[CLOCK]][]
// CHECK: par.forall
// CHECK-SAME: checked.lanes = 0
func.func @turned(%m: index, %xa: !par.buf<?x?xf32>, %ya: !par.buf<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c31 = arith.constant 31 : index
  %c32 = arith.constant 32 : index
  %x = par.bind %xa [%m, %c32] : !par.buf<?x?xf32>
  %y = par.bind %ya [%m, %c32] : !par.buf<?x?xf32>
  par.kernel {
    par.forall (%r) = (%c0) to (%m) axes ["r"] {
      %t = par.alloc[%c32] : !par.buf<?xf32>
      par.forall (%l) = (%c0) to (%c32) axes ["l"] level "lane" full {
        %v = par.load %x[%r, %l] : !par.buf<?x?xf32> -> f32
        par.store %v, %t[%l] : f32, !par.buf<?xf32>
        par.barrier
        %other = arith.subi %c31, %l : index
        %w = par.load %t[%other] : !par.buf<?xf32> -> f32
        %s = arith.addf %v, %w : f32
        par.store %s, %y[%r, %l] : f32, !par.buf<?x?xf32>
      }
    }
  }
  return
}


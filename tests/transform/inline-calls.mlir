// RUN: texpr-opt --inline-calls %s | FileCheck %s
// Calls give way to bodies: the callee's dims are the operands, a bind becomes the caller's tensor, and entry facts stay facts.

// CHECK-LABEL: func.func @caller
// CHECK-SAME: %[[N:[a-z0-9]+]]: index {tx.dim = "n"}
// CHECK: %[[X:.*]] = tx.bind
// CHECK-NOT: func.call
// CHECK: tx.fact #{{.*}}[%[[N]]]
// CHECK-NOT: entry
// CHECK: tx.compute
// CHECK: tx.read %[[X]]
// CHECK-NOT: @helper
// CHECK-LABEL: func.func @exported
// CHECK: tx.fact #{{.*}} entry
// CHECK-NOT: func.func
module attributes {texpr.stage = "tx"} {
  func.func @caller(%n: index {tx.dim = "n"}, %xa: tensor<?xf32> {tx.name = "x"}) -> (tensor<?xf32> {tx.name = "y"}) attributes {tx.export} {
    %x = tx.bind %xa[%n] : tensor<?xf32>
    %r = func.call @helper(%n, %x) : (index, tensor<?xf32>) -> tensor<?xf32>
    return %r : tensor<?xf32>
  }
  func.func private @helper(%d: index {tx.dim = "d"}, %ta: tensor<?xf32> {tx.name = "t"}) -> (tensor<?xf32> {tx.name = "y"}) {
    %t = tx.bind %ta[%d] : tensor<?xf32>
    %r = func.call @exported(%d, %t) : (index, tensor<?xf32>) -> tensor<?xf32>
    return %r : tensor<?xf32>
  }
  func.func @exported(%k: index {tx.dim = "k"}, %ua: tensor<?xf32> {tx.name = "u"}) -> (tensor<?xf32> {tx.name = "y"}) attributes {tx.export} {
    %u = tx.bind %ua[%k] : tensor<?xf32>
    tx.fact affine_set<()[s0] : (s0 - 1 >= 0)>[%k] entry "k >= 1"
    %c0 = arith.constant 0 : index
    %y = tx.compute (%i) = (%c0) to (%k) axes ["i"] {
      %v = tx.read %u[%i] : tensor<?xf32>
      %e = math.exp %v : f32
      tx.yield %e : f32
    } : tensor<?xf32>
    return %y : tensor<?xf32>
  }
  // An operator that calls: it is no function, and calls nothing afterwards.
  // CHECK-LABEL: tx.combiner @plus
  // CHECK-NOT: func.call
  // CHECK: arith.mulf
  // CHECK-NOT: @square
  tx.combiner @plus (%a: f32), (%b: f32) {
    %s = func.call @square(%b) : (f32) -> f32
    %r = arith.addf %a, %s : f32
    tx.yield %r : f32
  }
  func.func private @square(%v: f32 {tx.name = "v"}) -> (f32 {tx.name = "y"}) {
    %s = arith.mulf %v, %v : f32
    return %s : f32
  }
}

// RUN: texpr-opt --tx-nest --verify-diagnostics %s
func.func @pinned(%n: index, %x: tensor<?xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{pin: @keep cannot be obeyed here: a reader is no compute beside it}}
  %t = tx.compute (%i) = (%c0) to (%n) axes ["i"] attributes {plan.store = "tile", plan.depth = 1 : i64, plan.pinned = ["store"]} {
    %v = tx.read %x[%i] : tensor<?xf32>
    tx.yield %v : f32
  } : tensor<?xf32>
  %s = tx.reduce add (%i) = (%c0) to (%n) axes ["i"] {
    %v = tx.read %t[%i] : tensor<?xf32>
    tx.yield %v : f32
  } : f32
  return %s : f32
}

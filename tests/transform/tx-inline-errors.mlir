// RUN: texpr-opt --tx-inline --verify-diagnostics %s
func.func @whole(%n: index, %x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{pin: @inline cannot be obeyed here: the value is used as a whole}}
  %t = tx.compute (%i) = (%c0) to (%n) axes ["i"] attributes {plan.store = "inline", plan.pinned = ["store"]} {
    %v = tx.read %x[%i] : tensor<?xf32>
    tx.yield %v : f32
  } : tensor<?xf32>
  return %t : tensor<?xf32>
}

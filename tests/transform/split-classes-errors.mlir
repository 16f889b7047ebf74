// RUN: texpr-opt --split-classes --verify-diagnostics %s
func.func @f(%n: index {tx.dim = "n"}) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %f = arith.constant 0.0 : f32
  // expected-error@+1 {{a class is a set over the function's 1 dims}}
  %y = tx.compute (%i) = (%c0) to (%n) axes ["i"] attributes {plan.class = [affine_set<()[s0, s1] : (-s0 + s1 >= 0)>]} {
    tx.yield %f : f32
  } : tensor<?xf32>
  return %y : tensor<?xf32>
}

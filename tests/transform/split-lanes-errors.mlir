// RUN: texpr-opt --split-lanes --verify-diagnostics %s
// A meeting stands in no reduction, whose terms come in no fixed order.
func.func @reduce(%ya: !par.buf<?xf32>) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %y = par.bind %ya [%c32] : !par.buf<?xf32>
  par.forall (%l) = (%c0) to (%c32) axes ["l"] level "lane" full {
    %v = par.load %y[%l] : !par.buf<?xf32> -> f32
    // expected-error@+1 {{holds a meeting of the lanes around it}}
    %s = par.reduce add (%k) = (%c0) to (%c32) axes ["k"] {
      %t = par.lane "shuffle" %v, %k : f32, index -> f32
      par.yield %t : f32
    } : f32
    par.store %s, %y[%l] : f32, !par.buf<?xf32>
  }
  return
}

// RUN: texpr-opt --plan-mapping --check-pins -split-input-file -verify-diagnostics %s

module attributes {par.machine = {vector_bytes = 64 : i64}} {
func.func @lanes_with_loops(%n: index, %ca: !par.buf<?xi64>, %ya: !par.buf<?xf32>) {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  %c = par.bind %ca[%n] : !par.buf<?xi64>
  %y = par.bind %ya[%n] : !par.buf<?xf32>
  par.kernel {
    // expected-error@+1 {{pin: @vector cannot be obeyed here}}
    par.forall (%i) = (%c0) to (%n) axes ["i"] attributes {plan.vector = 8 : i64, plan.pinned = ["vector"]} {
      %t = par.load %c[%i] : !par.buf<?xi64> -> i64
      %e = arith.index_cast %t : i64 to index
      par.seq (%k) = %c0 to %e axis "k" {
        par.store %one, %y[%i] : f32, !par.buf<?xf32>
      }
    }
  }
  return
}
}

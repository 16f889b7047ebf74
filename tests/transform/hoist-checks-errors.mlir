// RUN: texpr-opt --hoist-checks --split-input-file --verify-diagnostics %s

// What the island itself stores cannot be tested before it.
func.func @own(%m: index) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %y = par.do ins() outs[%m] (%b : tensor<?xi64>) {
    par.forall (%i) = (%c0) to (%m) axes ["i"] {
      %v = arith.index_cast %i : index to i64
      par.store %v, %b[%i] : i64, !par.buf<?xi64>
    }
    // expected-error@+1 {{the facts on data of a function that is called among parallel statements cannot be verified here}}
    tx.check (%i) = (%c0) to (%m) axes ["i"] site 0 {
      %v = par.load %b[%i] : !par.buf<?xi64> -> i64
      %ok = arith.cmpi sge, %v, %v : i64
      tx.yield %ok : i1
    }
  }
  return %y : tensor<?xi64>
}

// -----

// Nor may what runs only where a condition holds.
func.func @chosen(%m: index, %c: i1, %ra: tensor<?xi64>) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %row = tx.bind %ra[%m] : tensor<?xi64>
  %y = par.do ins() outs[%m] (%b : tensor<?xi64>) {
    scf.if %c {
      // expected-error@+1 {{cannot be verified here}}
      tx.check (%i) = (%c0) to (%m) axes ["i"] site 0 {
        %v = tx.read %row[%i] : tensor<?xi64>
        %ok = arith.cmpi sge, %v, %v : i64
        tx.yield %ok : i1
      }
    }
  }
  return %y : tensor<?xi64>
}

// RUN: texpr-opt --tile --stage-boxes --verify-diagnostics --split-input-file %s

func.func @not_tiled(%n: index, %xa: !par.buf<?xf32> {tx.name = "x"}, %ya: !par.buf<?xf32> {tx.name = "y", tx.out}) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa[%n] : !par.buf<?xf32>
  %y = par.bind %ya[%n] : !par.buf<?xf32>
  par.kernel {
    // expected-error@+1 {{a loop around the read has none: `@tile` gives it}}
    par.forall (%i) = (%c0) to (%n) axes ["i"] attributes {plan.stage = {x = {}}} {
      %v = par.load %x[%i] : !par.buf<?xf32> -> f32
      par.store %v, %y[%i] : f32, !par.buf<?xf32>
    }
  }
  return
}

// -----

func.func @two_windows(%n: index, %xa: !par.buf<?x?xf32> {tx.name = "x"}, %ya: !par.buf<?x?xf32> {tx.name = "y", tx.out}) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa[%n, %n] : !par.buf<?x?xf32>
  %y = par.bind %ya[%n, %n] : !par.buf<?x?xf32>
  par.kernel {
    // expected-error@+1 {{its reads of the tensor are not one window that moves with the tile}}
    par.forall (%i, %j) = (%c0, %c0) to (%n, %n) axes ["i", "j"] attributes {plan.tile = {i = 8 : i64, j = 8 : i64}, plan.stage = {x = {}}} {
      %v = par.load %x[%i, %j] : !par.buf<?x?xf32> -> f32
      %w = par.load %x[%j, %i] : !par.buf<?x?xf32> -> f32
      %s = arith.addf %v, %w : f32
      par.store %s, %y[%i, %j] : f32, !par.buf<?x?xf32>
    }
  }
  return
}

// -----

func.func @written(%n: index, %xa: !par.buf<?xf32> {tx.name = "x"}) {
  %c0 = arith.constant 0 : index
  %x = par.bind %xa[%n] : !par.buf<?xf32>
  par.kernel {
    // expected-error@+1 {{the loop writes what it reads here, or hands it on}}
    par.forall (%i) = (%c0) to (%n) axes ["i"] attributes {plan.tile = {i = 8 : i64}, plan.stage = {x = {}}} {
      %v = par.load %x[%i] : !par.buf<?xf32> -> f32
      %w = arith.addf %v, %v : f32
      par.store %w, %x[%i] : f32, !par.buf<?xf32>
    }
  }
  return
}

// -----

func.func @gathered(%n: index, %pa: !par.buf<?xindex> {tx.name = "p"}, %xa: !par.buf<?xf32> {tx.name = "x"}, %ya: !par.buf<?xf32> {tx.name = "y", tx.out}) {
  %c0 = arith.constant 0 : index
  %p = par.bind %pa[%n] : !par.buf<?xindex>
  %x = par.bind %xa[%n] : !par.buf<?xf32>
  %y = par.bind %ya[%n] : !par.buf<?xf32>
  par.kernel {
    // expected-error@+1 {{an index of the tensor does not move by constant steps}}
    par.forall (%i) = (%c0) to (%n) axes ["i"] attributes {plan.tile = {i = 8 : i64}, plan.stage = {x = {}}} {
      %q = par.load %p[%i] : !par.buf<?xindex> -> index
      %v = par.load %x[%q] : !par.buf<?xf32> -> f32
      par.store %v, %y[%i] : f32, !par.buf<?xf32>
    }
  }
  return
}

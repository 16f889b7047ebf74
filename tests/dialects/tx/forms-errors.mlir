// One refused program a rule of TxFormsVerify.cpp.
// RUN: texpr-opt %s -split-input-file -verify-diagnostics

// T13
func.func @f(%n: index, %v: f32) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{carries ('f32'), yields ('f32', 'f32') and results in ('f32')}}
  %u = tx.for (%t) = %c0 to %n with (%w = %v : f32) {
    tx.yield %w, %w : f32, f32
  }
  return
}

// -----
// T23
func.func @f(%n: index, %v: f32) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{has a failure site and no `while`}}
  %u = tx.for (%t) = %c0 to %n with (%w = %v : f32) attributes {site = 0 : i64} {
    tx.yield %w : f32
  }
  return
}

// -----
// T24
func.func @f(%n: index, %v: f32) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{yields ('f32') over 1 axes for the results ('tensor<?x?xf32>')}}
  %u = tx.scan add (%i) = (%c0) to (%n) axes ["i"] {
    tx.yield %v : f32
  } : tensor<?x?xf32>
  return
}

// -----
// T25
func.func @f(%n: index, %v: f32) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{puts at ('f32') in a tensor of 1 extents}}
  %u = tx.scatter [%n] by add over (%i) = (%c0) to (%n) axes ["i"] attributes {skip} {
    tx.yield %v : f32
  } : tensor<?xf32>
  return
}

// -----
// T26
func.func @f(%n: index, %v: f32) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{puts ('f32') into ('tensor<?xi32>')}}
  %u = tx.scatter [%n] by add over (%i) = (%c0) to (%n) axes ["i"] attributes {skip} {
    tx.yield %i, %v : index, f32
  } : tensor<?xi32>
  return
}

// -----
// T27
func.func @f(%n: index, %a: tensor<?xi32>, %v: f32) {
  %c0 = arith.constant 0 : index
  %x = tx.bind %a [%n] : tensor<?xi32>
  // expected-error@+1 {{starts from ('tensor<?xi32>') and makes ('tensor<?xf32>')}}
  %u = tx.scatter [%n] from (%x : tensor<?xi32>) by add over (%i) = (%c0) to (%n) axes ["i"] attributes {skip} {
    tx.yield %i, %v : index, f32
  } : tensor<?xf32>
  return
}

// -----
// T28
func.func @f(%n: index, %v: f32) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{tests its places and has no failure site}}
  %u = tx.scatter [%n] by add over (%i) = (%c0) to (%n) axes ["i"] {
    tx.yield %i, %v : index, f32
  } : tensor<?xf32>
  return
}

// -----
// T29
func.func @f(%n: index, %v: f32, %c: i1) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{keeps ('f32') as ('tensor<?x?xf32>')}}
  %k, %u = tx.filter (%i) = (%c0) to (%n) axes ["i"] where (%j) {
    tx.yield %c : i1
  } {
    tx.yield %v : f32
  } : index, tensor<?x?xf32>
  return
}

// -----
// T30
func.func @f(%n: index) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{sorts by (), expected scalars}}
  %u = tx.sort (%i) = %c0 to %n axis "i" {
    tx.yield
  } : tensor<?xi64>
  return
}

// -----
// T31
func.func @f(%n: index, %v: f32) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{orders other than its 1 keys}}
  %u = tx.sort (%i) = %c0 to %n axis "i" attributes {descending = array<i1: true, false>} {
    tx.yield %v : f32
  } : tensor<?xi64>
  return
}

// -----
// T32
func.func @f(%n: index, %v: f32) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{makes 'tensor<?xf32>', expected tensor<?xi64>}}
  %u = tx.sort (%i) = %c0 to %n axis "i" {
    tx.yield %v : f32
  } : tensor<?xf32>
  return
}

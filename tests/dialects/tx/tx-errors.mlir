// One refused program a rule of TxVerify.cpp.
// RUN: texpr-opt %s -split-input-file -verify-diagnostics

// T1
func.func @f(%n: index, %a: tensor<?x?xf32>) {
  // expected-error@+1 {{gives 1 extents to a tensor of rank 2}}
  %x = tx.bind %a [%n] : tensor<?x?xf32>
  return
}

// -----
// T2
func.func @f(%n: index, %a: tensor<?xf32>) {
  // expected-error@+1 {{is not the only use of its argument}}
  %x = tx.bind %a [%n] : tensor<?xf32>
  %v = tx.read %a[%n] : tensor<?xf32>
  return
}

// -----
// T3
func.func @f(%n: index) {
  // expected-error@+1 {{has 1 operands for a set of 0 dims and 2 symbols}}
  tx.fact affine_set<()[s0, s1] : (s0 - s1 >= 0)>[%n]
  return
}

// -----
// T4
func.func @f(%n: index) {
  // expected-error@+1 {{is tested at entry and has no text}}
  tx.fact affine_set<()[s0] : (s0 >= 0)>[%n] entry
  return
}

// -----
// T5
func.func @f(%n: index, %a: tensor<?xf32>) {
  %x = tx.bind %a [%n] : tensor<?xf32>
  // expected-error@+1 {{gives a range to 'tensor<?xf32>'}}
  %y = tx.verify %x in [%n to %n] site 0 : tensor<?xf32>
  return
}

// -----
// T6
func.func @f(%n: index, %a: tensor<?xf32>) {
  %x = tx.bind %a [%n] : tensor<?xf32>
  // expected-error@+1 {{has 2 indices for rank 1}}
  %y = tx.read %x[%n, %n] : tensor<?xf32>
  return
}

// -----
// T7
func.func @f(%n: index, %a: tensor<?xf32>) {
  %x = tx.bind %a [%n] : tensor<?xf32>
  // expected-error@+1 {{reads 'f64' from 'tensor<?xf32>'}}
  %y = "tx.read"(%x, %n) <{operandSegmentSizes = array<i32: 1, 1, 0>}> ({}) : (tensor<?xf32>, index) -> f64
  return
}

// -----
// T8
func.func @f(%n: index, %z: f32, %a: tensor<?xf32>) {
  %x = tx.bind %a [%n] : tensor<?xf32>
  // expected-error@+1 {{has both `else` and `fail`}}
  %y = "tx.read"(%x, %n) <{operandSegmentSizes = array<i32: 1, 1, 0>, site = 1 : i64}> ({ "tx.yield"(%z) : (f32) -> () }) : (tensor<?xf32>, index) -> f32
  return
}

// -----
// T9
func.func @f(%n: index, %a: tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{yields a tensor whose extents are not known}}
  %y = tx.compute (%i) = (%c0) to (%n) axes ["i"] {
    tx.yield %a : tensor<?xf32>
  } : tensor<?x?xf32>
  return
}

// -----
// T10
func.func @f(%n: index, %z: f32) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{yields a tensor whose extents are defined inside}}
  %y = tx.compute (%i) = (%c0) to (%n) axes ["i"] {
    %t = tx.compute (%j) = (%c0) to (%i) axes ["j"] {
      tx.yield %z : f32
    } : tensor<?xf32>
    tx.yield %t : tensor<?xf32>
  } : tensor<?x?xf32>
  return
}

// -----
// T11
func.func @f(%n: index, %z: f32) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{yields 2 values for 1 results}}
  %y = tx.compute (%i) = (%c0) to (%n) axes ["i"] {
    tx.yield %z, %z : f32, f32
  } : tensor<?xf32>
  return
}

// -----
// T12
func.func @f(%n: index, %z: f32) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{yields 'f32' over 1 axes for the result 'tensor<?x?xf32>'}}
  %y = tx.compute (%i) = (%c0) to (%n) axes ["i"] {
    tx.yield %z : f32
  } : tensor<?x?xf32>
  return
}

// -----
// T14
func.func @f() {
  // expected-error@+1 {{lists nothing}}
  %y = "tx.list"() : () -> tensor<?xf32>
  return
}

// -----
// T15
func.func @f(%a: f32, %b: f64) {
  // expected-error@+1 {{lists different types}}
  %y = tx.list %a, %b : f32, f64 -> tensor<?xf32>
  return
}

// -----
// T16
func.func @f(%a: f32) {
  // expected-error@+1 {{lists 'f32' as 'tensor<?x?xf32>'}}
  %y = tx.list %a, %a : f32, f32 -> tensor<?x?xf32>
  return
}

// -----
// T17
func.func @f(%a: index) {
  // expected-error@+1 {{has 1 operands, expected 2}}
  %y = tx.scalar mod %a : index -> index
  return
}

// -----
// T18
func.func @f(%a: f32) {
  // expected-error@+1 {{results in 'f32'}}
  %y = tx.scalar fptosi %a : f32 -> f32
  return
}

// -----
// T19
func.func @f(%a: index, %b: i32) {
  // expected-error@+1 {{does not take ('index', 'i32') to 'i32'}}
  %y = tx.scalar shl %a, %b : index, i32 -> i32
  return
}

// -----
// T20
// expected-error@+1 {{takes ('f32', 'f64'), which are not two equal halves}}
tx.combiner @c (%a: f32), (%b: f64) {
  tx.yield %a : f32
}

// -----
// T21
// expected-error@+1 {{combines 'tensor<?xf32>'}}
tx.combiner @c (%a: tensor<?xf32>), (%b: tensor<?xf32>) {
  tx.yield %a : tensor<?xf32>
}

// -----
// T22
func.func @f() {
  tx.kernel {
    // expected-error@+1 {{stands inside another kernel}}
    tx.kernel {
      tx.yield
    }
    tx.yield
  }
  return
}
